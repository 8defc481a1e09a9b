//! The notation of events: `AT KIND [of BEHAVIOR] [on DEVICE] [= VALUE]`, for example `1h 5m in-alarm of Sent on d1 = 51`.
//!
//! `AT` is the time since the test's start; `KIND` is `in-alarm`, `alarm-cleared` or `alarm-invalidated`. The behavior
//! may be left out where there is only one, the device likewise. A value that is given must be the datapoint's.

use std::fmt;

use defender::detect::alarm::ViolationEventType;
use defender::detect::wire::MetricValue;
use defender::time::Millis;
use sim::scenario::problem::suggestion;
use sim::scenario::quantity::{Exactly, parse_duration};

use super::series::{Datum, parse_value};

/// An event, as expected or as it happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Since the test's start.
    pub at: Millis,
    /// What happened.
    pub kind: Kind,
    /// The behavior.
    pub behavior: String,
    /// The device.
    pub device: String,
    /// The datapoint's value, as [`Datum`] writes it; `None` if nobody says, and of an invalidation.
    pub value: Option<String>,
}

/// What happened, in the order in which events of one time are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as the service's event types")]
pub enum Kind {
    AlarmInvalidated,
    AlarmCleared,
    InAlarm,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::InAlarm, Kind::AlarmCleared, Kind::AlarmInvalidated];

    /// The service's word.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::InAlarm => "in-alarm",
            Kind::AlarmCleared => "alarm-cleared",
            Kind::AlarmInvalidated => "alarm-invalidated",
        }
    }
}

impl From<ViolationEventType> for Kind {
    fn from(kind: ViolationEventType) -> Kind {
        match kind {
            ViolationEventType::InAlarm => Kind::InAlarm,
            ViolationEventType::AlarmCleared => Kind::AlarmCleared,
            ViolationEventType::AlarmInvalidated => Kind::AlarmInvalidated,
        }
    }
}

impl Event {
    /// Whether this event is that one; a value that either leaves open is not compared.
    pub fn is(&self, other: &Event) -> bool {
        let same = |event: &Event| (event.at, event.kind, event.behavior.clone(), event.device.clone());
        same(self) == same(other) && self.value.as_ref().zip(other.value.as_ref()).is_none_or(|(a, b)| a == b)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {} on {}", Exactly(self.at), self.kind.name(), self.behavior, self.device)?;
        match &self.value {
            Some(value) => write!(f, " = {value}"),
            None => Ok(()),
        }
    }
}

/// What may be named in an event.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Behaviors of the profiles.
    pub behaviors: &'a [String],
    /// Devices of the series.
    pub devices: &'a [String],
}

/// What is wrong with a text, and the remedy.
pub type Wrong = (String, Option<String>);

const FORM: &str = "write `AT KIND of BEHAVIOR on DEVICE = VALUE`, for example `15m in-alarm of Sent on d1 = 51`";

/// Reads an event.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, names: Names<'_>) -> Result<Event, Wrong> {
    let (head, value) = match text.split_once('=') {
        Some((head, value)) => (head, Some(value.trim())),
        None => (text, None),
    };
    let words: Vec<&str> = head.split_whitespace().collect();
    let Some(place) = words.iter().position(|word| Kind::ALL.iter().any(|kind| kind.name() == *word)) else {
        let help = words
            .iter()
            .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
            .find_map(|word| suggestion(word, Kind::ALL.iter().map(|kind| kind.name())));
        return Err((format!("an event must name its kind, found `{text}`"), help.or_else(|| Some(FORM.to_owned()))));
    };
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == words[place]).expect("it was just found");
    let time = words[..place].join(" ");
    let Ok(at) = parse_duration(&time) else {
        return Err((format!("an event must begin with a duration, found `{time}`"), Some(FORM.to_owned())));
    };
    let subject = Subject::parse(&words[place + 1..], names)?;
    let value = match (kind, value) {
        (Kind::AlarmInvalidated, Some(value)) => {
            return Err((format!("an invalidation has no value, found `{value}`"), None));
        }
        (_, Some(value)) => match parse_value(value) {
            Ok(datum @ (Datum::Number(_) | Datum::Set(_))) => Some(sorted(datum).to_string()),
            _ => return Err((format!("a value must be a number or a set, found `{value}`"), None)),
        },
        (_, None) => None,
    };
    Ok(Event { at, kind, behavior: subject.behavior, device: subject.device, value })
}

/// A behavior on a device, as `must-fire` and `must-not-fire` name them: `BEHAVIOR on DEVICE`, either left out where
/// there is only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The behavior.
    pub behavior: String,
    /// The device.
    pub device: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.behavior, self.device)
    }
}

/// Reads `[BEHAVIOR] [on DEVICE]`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_subject(text: &str, names: Names<'_>) -> Result<Subject, Wrong> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.first() {
        Some(&"of" | &"on") | None => Subject::parse(&words, names),
        Some(_) => Subject::parse(&[&["of"], words.as_slice()].concat(), names),
    }
}

impl Subject {
    /// Reads `[of BEHAVIOR] [on DEVICE]`.
    fn parse(words: &[&str], names: Names<'_>) -> Result<Subject, Wrong> {
        let (mut behavior, mut device) = (None, None);
        let mut rest = words;
        while let [word, name, more @ ..] = rest {
            match *word {
                "of" if behavior.is_none() => behavior = Some(*name),
                "on" if device.is_none() => device = Some(*name),
                _ => {
                    return Err((
                        format!("`of BEHAVIOR` or `on DEVICE` must follow, found `{word}`"),
                        Some(FORM.into()),
                    ));
                }
            }
            rest = more;
        }
        if let [word] = rest {
            return Err((format!("`of BEHAVIOR` or `on DEVICE` must follow, found `{word}`"), Some(FORM.into())));
        }
        Ok(Subject {
            behavior: choose("behavior", "of", behavior, names.behaviors)?,
            device: choose("device", "on", device, names.devices)?,
        })
    }
}

fn choose(noun: &str, word: &str, name: Option<&str>, names: &[String]) -> Result<String, Wrong> {
    match (name, names) {
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            let message = format!("there are several {noun}s, and none is named");
            Err((
                message,
                suggestion("", names.iter().map(String::as_str)).map(|help| format!("add `{word} NAME`: {help}")),
            ))
        }
        (Some(name), names) if names.iter().any(|known| known == name) => Ok(name.to_owned()),
        (Some(name), names) => {
            Err((format!("no {noun} is named `{name}`"), suggestion(name, names.iter().map(String::as_str))))
        }
    }
}

/// A set in a fixed order, so that two are the same text if they are the same set.
fn sorted(datum: Datum) -> Datum {
    match datum {
        Datum::Set(mut elements) => {
            let number = |text: &str| text.parse::<f64>().ok();
            elements.sort_by(|a, b| match (number(a), number(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.cmp(b),
            });
            Datum::Set(elements)
        }
        other => other,
    }
}

/// A value as an event carries it, in the notation of series.
pub fn written(value: &MetricValue) -> Option<String> {
    let set = |elements: Vec<String>| sorted(Datum::Set(elements)).to_string();
    if let Some(count) = &value.count {
        return Some(count.to_string());
    }
    if let Some(number) = value.number {
        return Some(Datum::Number(number).to_string());
    }
    let texts = |list: &Vec<String>| set(list.clone());
    value
        .cidrs
        .as_ref()
        .or(value.strings.as_ref())
        .map(texts)
        .or_else(|| value.ports.as_ref().map(|ports| set(ports.iter().map(i64::to_string).collect())))
        .or_else(|| value.numbers.as_ref().map(|list| set(list.iter().map(f64::to_string).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, behaviors: &[&str], devices: &[&str]) -> Result<String, String> {
        let own = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (behaviors, devices) = (own(behaviors), own(devices));
        parse(text, Names { behaviors: &behaviors, devices: &devices })
            .map(|event| event.to_string())
            .map_err(|(message, help)| format!("{message} ({})", help.unwrap_or_default()))
    }

    #[test]
    fn events_in_full_and_with_what_is_clear_left_out() {
        let only = |text: &str| read(text, &["Sent"], &["d1"]);
        assert_eq!(only("15m in-alarm").as_deref(), Ok("15m in-alarm of Sent on d1"));
        assert_eq!(
            only("1h 5m alarm-cleared of Sent on d1 = 51").as_deref(),
            Ok("1h 5m alarm-cleared of Sent on d1 = 51")
        );
        assert_eq!(only("0s in-alarm on d1 = {443 22}").as_deref(), Ok("0s in-alarm of Sent on d1 = {22 443}"));
        assert_eq!(only("5m alarm-invalidated of Sent").as_deref(), Ok("5m alarm-invalidated of Sent on d1"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, wrong) in [
            ("15m in-alrm", "an event must name its kind, found `15m in-alrm` (did you mean `in-alarm`?)"),
            ("in-alarm", "an event must begin with a duration, found ``"),
            ("5m in-alarm of Snt on d1", "no behavior is named `Snt` (did you mean `Sent`?)"),
            ("5m in-alarm of Sent", "there are several devices, and none is named"),
            ("5m in-alarm of Sent on d1 = on", "a value must be a number or a set, found `on`"),
            ("5m alarm-invalidated of Sent on d1 = 5", "an invalidation has no value, found `5`"),
            ("5m in-alarm Sent", "`of BEHAVIOR` or `on DEVICE` must follow, found `Sent`"),
        ] {
            let found = read(text, &["Sent", "Failed"], &["d1", "d2"]).expect_err(text);
            assert!(found.starts_with(wrong), "{text}: {found}");
        }
    }
}
