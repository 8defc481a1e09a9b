//! What a scenario's author expects of a run: `[expect]`, statements about scores that a test holds a run against.
//!
//! ```toml
//! [expect]
//! run = ["recall >= 0.95", "latency.p95 <= 15m", "alarms_per_day <= 2"]
//! attack.night-exfiltration = "recall >= 9/10"
//! behavior.MessageSize = "alarms == 0"
//! class.camera = "false_alarms == 0"
//! check.LOGGING_DISABLED_CHECK = "findings == 1"
//! ```
//!
//! A statement is `MEASURE OPERATOR VALUE`. Operators are `<`, `<=`, `>`, `>=`, `==` and `!=`. A value is a whole number,
//! a number, a share (`0.95`, `95 %`, `19/20`) or a duration (`15m`), as the measure asks. This module knows the words;
//! the laboratory owns what they mean. The world never reads any of it.

use std::fmt;
use std::ops::Range;

pub use super::catalog::{Better, Measure, Rank, Statistic, Unit};
use defender::time::Millis;

use super::field::{Field, Mismatch, Shape};
use super::problem::suggestion;
use super::quantity::{Exactly, parse_duration};
use super::source::Place;
use super::tree::Node;

/// One thing expected, its names looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// About what.
    pub subject: Subject,
    /// What is said about it.
    pub statement: Statement,
    /// Where it was written.
    pub place: Place,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Run => write!(f, "{}", self.statement),
            subject => write!(f, "{subject}: {}", self.statement),
        }
    }
}

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The whole run.
    Run,
    /// An attack, by name.
    Attack(String),
    /// A posture defect, by name.
    Defect(String),
    /// A behavior of a security profile.
    Behavior {
        /// The security profile.
        profile: String,
        /// The behavior.
        behavior: String,
    },
    /// A device class.
    Class(String),
    /// An audit check, by its canonical name.
    Check(String),
    /// A mitigation action, by name.
    Action(String),
}

impl Subject {
    /// The kind of subject it is.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Subject::Run => SubjectKind::Run,
            Subject::Attack(_) => SubjectKind::Attack,
            Subject::Defect(_) => SubjectKind::Defect,
            Subject::Behavior { .. } => SubjectKind::Behavior,
            Subject::Class(_) => SubjectKind::Class,
            Subject::Check(_) => SubjectKind::Check,
            Subject::Action(_) => SubjectKind::Action,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().name();
        match self {
            Subject::Run => f.write_str(kind),
            Subject::Behavior { profile, behavior } => write!(f, "{kind} {profile}/{behavior}"),
            Subject::Attack(name)
            | Subject::Defect(name)
            | Subject::Class(name)
            | Subject::Check(name)
            | Subject::Action(name) => write!(f, "{kind} {name}"),
        }
    }
}

/// The kinds of subject, named as the keys of `[expect]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is explained at Subject")]
pub enum SubjectKind {
    Run,
    Attack,
    Defect,
    Behavior,
    Class,
    Check,
    Action,
}

impl SubjectKind {
    /// The key.
    pub const fn name(self) -> &'static str {
        match self {
            SubjectKind::Run => "run",
            SubjectKind::Attack => "attack",
            SubjectKind::Defect => "defect",
            SubjectKind::Behavior => "behavior",
            SubjectKind::Class => "class",
            SubjectKind::Check => "check",
            SubjectKind::Action => "action",
        }
    }
}

/// `MEASURE OPERATOR VALUE`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statement {
    /// What is measured.
    pub measure: Measure,
    /// Which number of a distribution of times; `None` for everything else.
    pub statistic: Option<Statistic>,
    /// How it must relate.
    pub comparison: Comparison,
    /// To what, in the measure's [unit](Measure::unit).
    pub bound: f64,
}

impl Statement {
    /// The measure with its statistic: `latency.p95`.
    pub fn quantity(&self) -> String {
        self.measure.quantity(self.statistic)
    }

    /// What is allowed: the operator and the value, `<= 15m`.
    pub fn allowed(&self) -> String {
        let symbol = self.comparison.symbol();
        match self.measure.unit() {
            Unit::Seconds => format!("{symbol} {}", Exactly(Millis((self.bound * 1_000.0).round() as i64))),
            _ => format!("{symbol} {}", self.bound),
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.quantity(), self.allowed())
    }
}

/// How a measure must relate to its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its symbol")]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

impl Comparison {
    /// All; of two that begin alike the longer comes first.
    const ALL: [Comparison; 6] = [
        Comparison::AtMost,
        Comparison::AtLeast,
        Comparison::Equal,
        Comparison::Unequal,
        Comparison::Less,
        Comparison::More,
    ];

    /// `<=`, `==`…
    pub const fn symbol(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "==",
            Comparison::Unequal => "!=",
        }
    }

    /// Whether `value` relates so to `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Less => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::More => value > bound,
            Comparison::AtLeast => value >= bound,
            Comparison::Equal => value == bound,
            Comparison::Unequal => value != bound,
        }
    }

    /// Whether it bounds from one side, so that an interval can lie wholly on it.
    pub const fn is_one_sided(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::Unequal)
    }
}

/// A text that is no statement: where in it, what is wrong, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAStatement {
    /// The part of the text that is wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
}

const FORM: &str = "write a measure, an operator and a value, for example `recall >= 0.95`";

impl Statement {
    /// Reads `MEASURE OPERATOR VALUE`, where the measure is one of those that this kind of subject has.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str, kind: SubjectKind) -> Result<Statement, NotAStatement> {
        let wrong = |span: Range<usize>, message: String, help: Option<String>| NotAStatement { span, message, help };
        let Some(at) = text.find(['<', '>', '=', '!']) else {
            let message = format!("an expectation must have an operator, found `{text}`");
            return Err(wrong(0..text.len(), message, Some(FORM.to_owned())));
        };
        let length = text[at..].find(|c: char| !"<>=!".contains(c)).unwrap_or(text.len() - at);
        let symbol = &text[at..at + length];
        let Some(comparison) = Comparison::ALL.into_iter().find(|comparison| comparison.symbol() == symbol) else {
            let message = format!("an operator must be one of `<`, `<=`, `>`, `>=`, `==` and `!=`, found `{symbol}`");
            let help = (symbol == "=").then(|| "did you mean `==`?".to_owned());
            return Err(wrong(at..at + length, message, help));
        };
        let left = trimmed(text, 0..at);
        let (measure, statistic) = quantity(text, left.clone(), kind)?;
        let right = trimmed(text, at + length..text.len());
        let written = &text[right.clone()];
        let bound = match value(written, measure.unit()) {
            Ok(bound) => bound,
            Err(must) => {
                let message = format!("{} must be compared with {must}, found `{written}`", &text[left]);
                let help = (written.is_empty()).then(|| FORM.to_owned());
                return Err(wrong(right, message, help));
            }
        };
        let statement = Statement { measure, statistic, comparison, bound };
        if let Some(always) = statement.foregone() {
            let message =
                format!("an expectation must be able to hold and to fail, found `{statement}`, which {always}");
            return Err(wrong(trimmed(text, 0..text.len()), message, None));
        }
        Ok(statement)
    }

    /// Whether it holds of every value that the measure can have, or of none.
    fn foregone(&self) -> Option<&'static str> {
        let highest = if self.measure.unit() == Unit::Share { 1.0 } else { f64::INFINITY };
        let (holds_low, holds_high) = match self.comparison {
            Comparison::Less => (self.bound > 0.0, self.bound > highest),
            Comparison::AtMost => (true, self.bound >= highest),
            Comparison::More => (false, self.bound < highest),
            Comparison::AtLeast => (self.bound <= 0.0, true),
            Comparison::Equal | Comparison::Unequal => (true, false),
        };
        match (holds_low, holds_high) {
            (true, true) => Some("always holds"),
            (false, false) => Some("never holds"),
            _ => None,
        }
    }
}

fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let part = &text[span.clone()];
    let start = span.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

fn quantity(text: &str, span: Range<usize>, kind: SubjectKind) -> Result<(Measure, Option<Statistic>), NotAStatement> {
    let written = &text[span.clone()];
    let (name, point) = written.split_once('.').map_or((written, None), |(name, rest)| (name, Some(rest)));
    let name_span = span.start..span.start + name.len();
    let noun = if kind == SubjectKind::Run { "a run".to_owned() } else { format!("a subject `{}`", kind.name()) };
    let Some(measure) = Measure::ALL.iter().copied().find(|measure| measure.name() == name) else {
        let message = format!("no measure is named `{name}`");
        let of_kind = Measure::ALL.iter().filter(|measure| measure.subjects().contains(&kind));
        return Err(NotAStatement { span: name_span, message, help: suggestion(name, of_kind.map(|m| m.name())) });
    };
    if !measure.subjects().contains(&kind) {
        let keys: Vec<String> = measure.subjects().iter().map(|kind| format!("`{}`", kind.name())).collect();
        let message = format!("{noun} has no measure `{name}`");
        let help = Some(format!("it belongs under {}", super::problem::either(&keys)));
        return Err(NotAStatement { span: name_span, message, help });
    }
    let words = || Statistic::ALL.iter().map(|statistic| statistic.name());
    match (measure.is_distribution(), point) {
        (false, None) => Ok((measure, None)),
        (true, Some(word)) => match Statistic::ALL.into_iter().find(|statistic| statistic.name() == word) {
            Some(statistic) => Ok((measure, Some(statistic))),
            None => Err(NotAStatement {
                span: span.end - word.len()..span.end,
                message: format!("no statistic is named `{word}`"),
                help: suggestion(word, words()),
            }),
        },
        (true, None) => Err(NotAStatement {
            span,
            message: format!("{name} is a distribution, found no statistic of it"),
            help: Some(format!("write for example `{name}.p95`")),
        }),
        (false, Some(word)) => Err(NotAStatement {
            span: span.end - word.len()..span.end,
            message: format!("{name} is one number and has no statistic, found `{word}`"),
            help: Some(format!("write `{name}` alone")),
        }),
    }
}

fn value(text: &str, unit: Unit) -> Result<f64, &'static str> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    match unit {
        Unit::Seconds => parse_duration(text).map(Millis::as_seconds_f64).map_err(|_| "a duration such as `15m`"),
        Unit::Amount(_) => text.parse::<u32>().map(f64::from).map_err(|_| "a whole number"),
        Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear | Unit::DeviceHours => {
            number(text).ok_or("a number, 0 or more")
        }
        Unit::Share => {
            let share = match (text.strip_suffix('%'), text.split_once('/')) {
                (Some(percent), _) => number(percent).map(|percent| percent / 100.0),
                (None, Some((part, whole))) => number(part).zip(number(whole)).map(|(part, whole)| part / whole),
                (None, None) => number(text),
            };
            share
                .filter(|share| (0.0..=1.0).contains(share))
                .ok_or("a share in 0..=1 such as `0.95`, `95 %` or `19/20`")
        }
    }
}

/// A statement or several about one subject, as written; the kind of subject is known to the loader.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statements(pub Vec<(String, Place)>);

impl Field for Statements {
    fn read(node: &Node) -> Result<Statements, Mismatch> {
        let one = |node: &Node| match node.as_text() {
            Some(text) => Ok((text.to_owned(), node.place.unquoted(text))),
            None => Err(Mismatch::new(node, "be a statement in quotes, or a list of them").help(FORM)),
        };
        match node.as_list() {
            Some(list) => list.iter().map(one).collect::<Result<_, _>>().map(Statements),
            None => one(node).map(|one| Statements(vec![one])),
        }
    }

    fn placeholder() -> Statements {
        Statements::default()
    }

    fn shape() -> Shape {
        let text = serde_json::json!({ "type": "string", "pattern": "^[^<>=!]+(<|<=|>|>=|==|!=)[^<>=!]+$" });
        Shape {
            noun: "a statement, or a list of such".to_owned(),
            example: "\"recall >= 0.95\"".to_owned(),
            schema: serde_json::json!({ "anyOf": [text, { "type": "array", "items": text }] }),
        }
    }

    fn written(&self) -> serde_json::Value {
        self.0.iter().map(|(text, _)| text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        Statement::parse(text, SubjectKind::Run)
            .map(|statement| statement.to_string())
            .map_err(|wrong| format!("{}|{}|{}", &text[wrong.span], wrong.message, wrong.help.unwrap_or_default()))
    }

    #[test]
    fn statements_read_back_as_they_were_meant() {
        for (text, shown) in [
            ("recall >= 0.95", "recall >= 0.95"),
            ("recall>=95 %", "recall >= 0.95"),
            ("precision == 3/4", "precision == 0.75"),
            (" latency.p95 <= 15m ", "latency.p95 <= 15m"),
            ("dwell_time.max < 1d 2h", "dwell_time.max < 1d 2h"),
            ("alarms_per_day <= 2.5", "alarms_per_day <= 2.5"),
            ("alarms == 0", "alarms == 0"),
            ("findings != 3", "findings != 3"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place_with_the_nearest_name() {
        for (text, found) in [
            ("recal >= 0.95", "recal|no measure is named `recal`|did you mean `recall`?"),
            ("latency.p59 <= 1m", "p59|no statistic is named `p59`|did you mean `p50`?"),
            (
                "latency <= 1m",
                "latency|latency is a distribution, found no statistic of it|write for example `latency.p95`",
            ),
            ("recall.p95 > 0", "p95|recall is one number and has no statistic, found `p95`|write `recall` alone"),
            ("started >= 1", "started|a run has no measure `started`|it belongs under `action`"),
            (
                "alarms = 0",
                "=|an operator must be one of `<`, `<=`, `>`, `>=`, `==` and `!=`, found `=`|did you mean `==`?",
            ),
            ("alarms >= 1.5", "1.5|alarms must be compared with a whole number, found `1.5`|"),
            ("latency.p95 <= 15", "15|latency.p95 must be compared with a duration such as `15m`, found `15`|"),
            (
                "recall >= 95",
                "95|recall must be compared with a share in 0..=1 such as `0.95`, `95 %` or `19/20`, found `95`|",
            ),
        ] {
            assert_eq!(parse(text), Err(found.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_fail_or_cannot_hold_is_refused() {
        for (text, why) in [
            ("recall >= 0", "always holds"),
            ("recall <= 1", "always holds"),
            ("recall > 1", "never holds"),
            ("alarms >= 0", "always holds"),
            ("alarms < 0", "never holds"),
            ("latency.max < 0s", "never holds"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(why), "{message}");
        }
        for text in ["recall > 0", "recall < 1", "recall >= 1", "alarms <= 0", "alarms > 0", "recall == 1"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_measure_has_a_name_of_its_own_and_a_subject() {
        let mut names: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Measure::ALL.len());
        assert!(Measure::ALL.iter().all(|measure| !measure.subjects().is_empty()));
        assert!(Measure::ALL.iter().all(|measure| !measure.is_distribution() || measure.unit() == Unit::Seconds));
    }
}
