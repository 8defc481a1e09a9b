//! Archetypes: what a kind of device does on an ordinary day. The built-in ones are the files of `sim/archetypes/`,
//! read like any file that a user writes; a class's overrides are laid over the file before it is read.

use std::sync::Arc;

use defender::time::Millis;
use ipnet::IpNet;

use super::fields::Fields;
use super::modes;
use super::plan::{Archetype, Size, Traffic};
use super::problem::Problems;
use super::quantity::{Bytes, PerMinute, Probability};
use super::source::{Place, Source};
use super::tree::{Node, Table, Value, parse_toml};
use crate::shard::TOPICS;

/// A built-in archetype.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        &[$(Builtin { name: $name, text: include_str!(concat!("../../archetypes/", $name, ".toml")) }),*]
    };
}

/// The built-in archetypes.
pub const BUILTIN: &[Builtin] = builtin![
    "asset-tracker",
    "camera",
    "gateway",
    "industrial-controller",
    "lock",
    "medical-pump",
    "smart-meter",
    "street-light",
    "thermostat",
    "vehicle-telematics",
];

/// A built-in archetype by name, as the source that it is read from.
pub fn builtin(name: &str) -> Option<Arc<Source>> {
    let builtin = BUILTIN.iter().find(|builtin| builtin.name == name)?;
    Some(Source::new(format!("sim/archetypes/{name}.toml"), builtin.text))
}

/// Reads an archetype from its file, with a class's overrides laid over it; `place` is where the class asks for it.
pub(crate) fn load(
    name: &str,
    source: &Arc<Source>,
    overrides: Option<&Node>,
    problems: &mut Problems,
) -> Option<Archetype> {
    let (mut tree, syntax) = parse_toml(source);
    if !syntax.is_empty() {
        problems.extend(syntax);
        return None;
    }
    if let (Value::Table(table), Some(Value::Table(over))) = (&mut tree.value, overrides.map(|node| &node.value)) {
        lay_over(table, over);
    }
    let table = tree.as_table()?;
    let archetype = Fields::read(table, &tree.place, problems, archetype);
    Some(Archetype { name: name.to_owned(), ..archetype })
}

/// Replaces what `over` gives; tables are merged key by key.
fn lay_over(table: &mut Table, over: &Table) {
    for entry in &over.entries {
        match (table.get_mut(&entry.key).map(|node| &mut node.value), &entry.node.value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            _ => {
                table.set(&entry.key, entry.node.clone());
                if let Some(changed) = table.entries.iter_mut().find(|known| known.key == entry.key) {
                    changed.key_place = entry.key_place.clone();
                }
            }
        }
    }
}

/// Reads an archetype file.
pub(crate) fn archetype(fields: &mut Fields<'_>) -> Archetype {
    let _summary: String = fields.or("summary", String::new(), "one line about the kind of device");
    let _sources = fields.texts("sources", "where the values come from, by group of keys; for readers only");
    let day = Day {
        hours: fields.or("hours", vec![1.0; 24], "relative activity of each local hour, from midnight"),
        weekend: fields.or_in("weekend", 1.0, 0.0..=100.0, "activity on Saturday and Sunday against weekdays"),
        place: fields.place("hours"),
    };
    let agent = fields.or("agent", true, "whether a device agent reports metrics");
    let interval = fields.or_in(
        "report-interval",
        Millis::minutes(5),
        Millis::minutes(5)..=Millis::DAY,
        "interval of the agent's metric reports; the service takes at most one per 300 s (R-04)",
    );
    Archetype {
        name: String::new(),
        sent: fields
            .required_table("sent", "messages that it publishes", "{ rate = \"0.2/min\" }", |f| traffic(f, &day))
            .unwrap_or_else(|| day.quiet()),
        received: fields
            .table("received", "messages that it receives", |f| traffic(f, &day))
            .unwrap_or_else(|| day.quiet()),
        message_size: fields
            .required_table("message-size", "payload of a message", "{ median = \"200 B\" }", size)
            .unwrap_or(Size { median: 200.0, spread: 0.0, maximum: 200.0 }),
        packets_out: fields
            .table("packets-out", "packets out beside those that carry messages", |f| traffic(f, &day))
            .unwrap_or_else(|| day.quiet()),
        packets_in: fields
            .table("packets-in", "packets in beside those that carry messages", |f| traffic(f, &day))
            .unwrap_or_else(|| day.quiet()),
        packet_size_out: fields.table("packet-size-out", "size of an outgoing packet", size).unwrap_or(Size {
            median: 90.0,
            spread: 0.3,
            maximum: 1_500.0,
        }),
        packet_size_in: fields.table("packet-size-in", "size of an incoming packet", size).unwrap_or(Size {
            median: 90.0,
            spread: 0.3,
            maximum: 1_500.0,
        }),
        heterogeneity: fields.or_in(
            "heterogeneity",
            0.3,
            0.0..=3.0,
            "spread between devices: standard deviation of the logarithm of a device's own factor",
        ),
        reconnects_per_day: per_day(fields, "reconnects", "0/d", "disconnects with immediate reconnect"),
        authorization_failures_per_day: per_day(
            fields,
            "authorization-failures",
            "0/d",
            "requests refused on an ordinary day, for example of a client that retries an old topic",
        ),
        duty: fields.or_in("duty", 1.0, 0.001..=1.0, "share of the time in which it is connected at all"),
        tcp_ports: fields.or("tcp-ports", Vec::new(), "TCP ports it listens on"),
        udp_ports: fields.or("udp-ports", Vec::new(), "UDP ports it listens on"),
        extra_connections: fields.or_in(
            "extra-connections",
            0.0,
            0.0..=1_000.0,
            "established TCP connections beside the one to the broker, on average",
        ),
        destinations: fields.or(
            "destinations",
            vec!["192.0.2.0/24".parse::<IpNet>().expect("a network for documentation")],
            "networks that its connections lead to",
        ),
        publish_topic: fields.or(
            "publish-topic",
            "devices/{thing}/telemetry".to_owned(),
            "topic it publishes to; `{thing}` is the thing name",
        ),
        subscribe_topic: fields.or(
            "subscribe-topic",
            "devices/{thing}/commands".to_owned(),
            "topic filter it subscribes to; `{thing}` is the thing name",
        ),
        publish_shares: shares(
            fields,
            "publish-shares",
            "other topics that it publishes to, each with its share of the messages",
        ),
        receive_shares: shares(fields, "receive-shares", "other topics that it receives on, each with its share"),
        report_interval: agent.then_some(interval),
        modes: modes::read(fields),
    }
}

/// Topics with their shares; what they leave belongs to the own topic.
fn shares(fields: &mut Fields<'_>, key: &'static str, doc: &'static str) -> Vec<(String, f64)> {
    let shares: Vec<(String, f64)> =
        fields.named::<Probability>(key, doc).into_iter().map(|(topic, share)| (topic.value, share.as_f64())).collect();
    if shares.len() >= TOPICS {
        let help = "give what is rare to the own topic";
        fields.complain(key, format!("{key} has at most {} topics, found {}", TOPICS - 1, shares.len()), help);
    }
    if shares.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
        fields.complain(key, format!("{key} add up to more than 1"), "the rest belongs to the own topic");
    }
    shares
}

/// The shape of the day and of the week that traffic has unless it says otherwise.
struct Day {
    hours: Vec<f64>,
    weekend: f64,
    place: Place,
}

impl Day {
    fn quiet(&self) -> Traffic {
        Traffic { mean: 0.0, dispersion: f64::INFINITY, hours: [1.0; 24], weekend: 1.0 }
    }
}

fn traffic(fields: &mut Fields<'_>, day: &Day) -> Traffic {
    let rate: PerMinute = fields.required("rate", "mean over the whole week");
    let dispersion = fields.optional_in(
        "dispersion",
        0.01..=1e6,
        "size parameter k of the negative binomial: variance = mean + mean²/k per 300 s; Poisson unless given",
    );
    let own: Option<Vec<f64>> = fields.optional("hours", "relative rate of each local hour, if not the archetype's");
    let place = if own.is_some() { fields.place("hours") } else { day.place.clone() };
    let hours = own.unwrap_or_else(|| day.hours.clone());
    let weekend = fields.optional_in("weekend", 0.0..=100.0, "rate on Saturday and Sunday, if not the archetype's");
    Traffic {
        mean: rate.over(Millis::minutes(5)),
        dispersion: dispersion.unwrap_or(f64::INFINITY),
        hours: normalized(fields, &hours, &place),
        weekend: weekend.unwrap_or(day.weekend),
    }
}

/// Twenty-four relative rates with mean 1.
pub(super) fn normalized(fields: &mut Fields<'_>, hours: &[f64], place: &Place) -> [f64; 24] {
    use super::problem::Problem;
    let mut day = [1.0; 24];
    let total: f64 = hours.iter().sum();
    if hours.len() != 24 {
        let found = hours.len();
        fields.note(Problem::error(place.clone(), format!("hours must have 24 numbers, found {found}")));
    } else if hours.iter().any(|hour| *hour < 0.0) || total <= 0.0 {
        fields.note(Problem::error(place.clone(), "hours must be 0 or more, and not all of them 0"));
    } else {
        for (slot, hour) in day.iter_mut().zip(hours) {
            *slot = hour * 24.0 / total;
        }
    }
    day
}

fn size(fields: &mut Fields<'_>) -> Size {
    let median: Bytes = fields.required("median", "median");
    let spread = fields.or_in("spread", 0.0, 0.0..=3.0, "standard deviation of the logarithm");
    let maximum = fields.or("maximum", Bytes(128 * 1024), "never larger; the broker takes at most 128 KiB");
    if maximum < median {
        fields.refuse("maximum", maximum, format!("be at least the median {median}"));
    }
    Size { median: median.0 as f64, spread, maximum: maximum.0 as f64 }
}

fn per_day(fields: &mut Fields<'_>, key: &'static str, default: &str, doc: &'static str) -> f64 {
    let default: PerMinute = default.parse().expect("a default is valid");
    fields.or(key, default, doc).over(Millis::DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::is_current;

    #[test]
    fn the_built_in_archetypes_are_valid_and_say_what_they_are() {
        for built_in in BUILTIN {
            let source = builtin(built_in.name).expect("it is built in");
            let mut problems = Problems::new();
            let archetype = load(built_in.name, &source, None, &mut problems);
            assert_eq!(problems.to_string(), "", "{}", built_in.name);
            let archetype = archetype.expect("no problems");
            for traffic in [&archetype.sent, &archetype.received, &archetype.packets_out, &archetype.packets_in] {
                let mean: f64 = traffic.hours.iter().sum::<f64>() / 24.0;
                assert!((mean - 1.0).abs() < 1e-9, "{}: the hours have mean 1", built_in.name);
            }
            assert!(archetype.sent.mean > 0.0, "{} says something", built_in.name);
            assert!(built_in.text.starts_with("# "), "{} says what it is", built_in.name);
            assert!(built_in.text.contains("summary = "), "{} has a summary", built_in.name);
        }
    }

    /// The keys of an archetype, by the group that its `[sources]` speak of.
    const GROUPS: [(&str, &[&str]); 8] = [
        ("day", &["hours", "weekend"]),
        ("messages", &["sent", "received", "message-size"]),
        ("packets", &["packets-out", "packets-in", "packet-size-out", "packet-size-in"]),
        ("sessions", &["reconnects", "authorization-failures", "duty"]),
        ("modes", &["bursts", "updates", "boot"]),
        ("agent", &["agent", "report-interval"]),
        ("network", &["tcp-ports", "udp-ports", "extra-connections", "destinations"]),
        ("devices", &["heterogeneity"]),
    ];

    /// `docs/archetypes.md` is made from the files: every value that one gives, and where it comes from.
    #[test]
    fn reference_is_current() {
        let mut page = "# Archetypes\n\nWhat kinds of device do on an ordinary day. Each is a file of \
                        `sim/archetypes/`, written as a class's `overrides` are: copy one, change it, and name its path \
                        as a class's `archetype`. Rates are means over the week; `hours` and `weekend` shape them in \
                        the time zone of the class. `bursts`, `updates` and `boot` come on top of them, and `duty` is the share \
                        of the time that is not slept through. Where a source is given, it is for what the text says; **every \
                        number that is called our estimate is one**, of the right size and no measurement.\n\n\
                        This page is generated from the files: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib \
                        reference`.\n"
            .to_owned();
        for built_in in BUILTIN {
            let source = builtin(built_in.name).expect("it is built in");
            let tree = parse_toml(&source).0;
            let table = tree.as_table().expect("a file is a table");
            let text = |node: &Node| node.as_text().expect("a text").to_owned();
            let sources = table.get("sources").and_then(Node::as_table).expect("it has sources");
            page += &format!("\n## `{}`\n\n{}.\n\n", built_in.name, text(table.get("summary").expect("a summary")));
            page += "| | values | source |\n| --- | --- | --- |\n";
            let mut told = vec!["summary", "sources"];
            for (group, keys) in GROUPS {
                let given: Vec<String> = keys
                    .iter()
                    .filter_map(|key| {
                        let written = &built_in.text[table.get(key)?.place.span.clone()];
                        told.push(key);
                        Some(format!("`{key} = {written}`"))
                    })
                    .collect();
                let source = sources.get(group).map(text);
                let source = source.unwrap_or_else(|| panic!("{} has no source for {group}", built_in.name));
                page += &format!("| {group} | {} | {source} |\n", given.join("<br>"));
            }
            for entry in &table.entries {
                assert!(told.contains(&entry.key.as_str()), "{}: `{}` belongs to no group", built_in.name, entry.key);
            }
            assert_eq!(sources.entries.len(), GROUPS.len(), "{}", built_in.name);
        }
        is_current("archetypes.md", &page);
    }

    #[test]
    fn overrides_are_laid_over_key_by_key_and_keep_their_place() {
        let source = builtin("camera").expect("it is built in");
        let text = "report-interval = \"15m\"\nsent = { rate = \"9/min\" }\ntcp-prots = [22]\nduty = 7\n";
        let over = parse_toml(&Source::new("mine.toml", text)).0;
        let mut problems = Problems::new();
        let changed = load("camera", &source, Some(&over), &mut problems).expect("it is read");
        let plain = load("camera", &source, None, &mut Problems::new()).expect("it is read");
        assert_eq!(changed.report_interval, Some(Millis::minutes(15)));
        assert_eq!(changed.sent.mean, 45.0);
        assert_eq!(changed.sent.dispersion, plain.sent.dispersion, "what is not overridden stays");
        problems.sort();
        insta::assert_snapshot!(problems, @r"
        mine.toml:3:1  unknown key `tcp-prots`
        help: did you mean `tcp-ports`?
        mine.toml:4:8  duty must lie in 0.001..=1.0, found `7`
        ");
    }
}
