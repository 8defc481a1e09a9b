//! What an act (attack or confounder) changes about a device in one window.
//!
//! Acts say what the device *attempts*; whether the broker lets it is decided by the policies in force. So a
//! quarantined device's exfiltration turns into authorization failures by itself.

use std::fmt;
use std::net::IpAddr;

use defender::time::{Millis, Timestamp};

use crate::dice::{Dice, Purpose};
use crate::tempo::Tempo;

/// Bytes of a full-size TCP segment, to turn volumes into packets.
pub const SEGMENT: u64 = 1_400;
/// Bytes of a bare TCP acknowledgement.
const ACKNOWLEDGEMENT: u64 = 40;

/// The part of a window during which an act is active, as time elapsed since its onset on the device.
#[derive(Clone, Debug)]
pub struct Span {
    /// Elapsed at the beginning.
    pub from: Millis,
    /// Elapsed at the end; after `from`.
    pub to: Millis,
    /// When the act began on the device.
    pub onset: Timestamp,
    /// Dice of this act, device and window.
    pub dice: Dice,
    /// Address of this act and device, the same in every window.
    pub key: u64,
}

impl Span {
    /// Its length.
    pub fn length(&self) -> Millis {
        self.to - self.from
    }

    /// How many events of a steady rate fall into the span, so that adjacent spans add up without rounding loss.
    pub fn events(&self, per_second: f64) -> u64 {
        Tempo::Steady.events(self, per_second)
    }

    /// Whether an instant (elapsed since the onset) lies in the span.
    pub fn contains(&self, elapsed: Millis) -> bool {
        self.from <= elapsed && elapsed < self.to
    }

    /// The part of the span that lies in a phase of the act, counted from the beginning of the phase; `None` if that
    /// is empty.
    pub fn phase(&self, from: Millis, to: Millis) -> Option<Span> {
        let (begin, end) = (self.from.max(from), self.to.min(to));
        (begin < end).then(|| Span { from: begin - from, to: end - from, onset: self.onset + from, ..self.clone() })
    }

    /// Dice of an occasion within the act, by number: the same in every window that looks at it.
    pub fn occasion(&self, number: u64) -> Dice {
        Dice::new(self.key, Purpose::Occasion, number)
    }

    /// The numbers of the occasions in the span. The `k`-th of them comes once, after `k` times `every` and a delay
    /// drawn evenly up to `jitter` (a share, at most 1) of `every`.
    pub fn occasions(&self, every: Millis, jitter: f64) -> impl Iterator<Item = u64> {
        let every = every.0.max(1);
        let reach = (every as f64 * jitter.clamp(0.0, 1.0)) as u64;
        (self.from.0 / every..=(self.to.0 - 1).max(0) / every).filter_map(move |k| {
            let delay = self.occasion(k as u64).below(reach) as i64;
            self.contains(Millis(k * every + delay)).then_some(k as u64)
        })
    }
}

/// Messages that a device attempts to publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Publishing {
    /// Position in [`Disturb::topics`].
    pub topic: usize,
    /// How many.
    pub messages: u64,
    /// Payload of each \[bytes\].
    pub size: u64,
    /// Harm of each that gets through.
    pub harm: u64,
    /// Messages that come back for each that gets through.
    pub replies: u64,
}

/// What an act changes of a custom metric in the device's report.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnChange {
    /// The metric.
    pub metric: String,
    /// How much is added to it, if it is a number.
    pub amount: f64,
    /// What is added to its list.
    pub values: Vec<String>,
}

/// What reports claim instead of what is true. Whatever is not claimed is what the device would report if nobody
/// were acting on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Bytes out since the last report.
    pub bytes_out: Option<u32>,
    /// Bytes in since the last report.
    pub bytes_in: Option<u32>,
    /// Packets out since the last report.
    pub packets_out: Option<u32>,
    /// Packets in since the last report.
    pub packets_in: Option<u32>,
    /// Established TCP connections.
    pub connections: Option<u32>,
}

/// What an act does to a device in one window. The first part adds to what the device does anyway; the second changes
/// that itself, and counts only for acts that [govern](Disturb::governs).
#[derive(Clone, Debug, Default)]
pub struct Disturbance {
    /// Messages attempted.
    pub publishing: Vec<Publishing>,
    /// Messages delivered to the device, if it may receive.
    pub received: u64,
    /// Payload of each of those \[bytes\].
    pub received_size: u64,
    /// Harm of each of those that is delivered.
    pub received_harm: u64,
    /// Requests that the broker refuses under any policy; each costs the connection.
    pub refused: u64,
    /// Connections attempted beside the usual ones.
    pub connection_attempts: u64,
    /// Disconnects beside the usual ones.
    pub disconnects: u64,
    /// Bytes out beside those of messages.
    pub bytes_out: u64,
    /// Bytes in beside those of messages.
    pub bytes_in: u64,
    /// Packets out beside those of messages.
    pub packets_out: u64,
    /// Packets in beside those of messages.
    pub packets_in: u64,
    /// Established TCP connections beside the usual ones.
    pub connections: u64,
    /// Listening TCP ports beside the usual ones.
    pub tcp_ports: Vec<u16>,
    /// Listening UDP ports beside the usual ones.
    pub udp_ports: Vec<u16>,
    /// Remote addresses beside the usual ones.
    pub destinations: Vec<IpAddr>,
    /// Changes of custom metrics in the report.
    pub own: Vec<OwnChange>,
    /// Source addresses beside the usual one.
    pub sources: Vec<IpAddr>,
    /// Harm that depends on nothing but the device.
    pub harm: u64,
    /// Harm that needs the network, but not the broker.
    pub network_harm: u64,
    /// Harm that is done while the broker does not let the device in.
    pub absence_harm: u64,

    /// How much of the span the device has no network at all.
    pub offline: Millis,
    /// The agent sends no report.
    pub silence_reports: bool,
    /// Ordinary traffic, in thousandths of what it would be.
    pub ordinary: Option<u32>,
    /// Reports are made up.
    pub forged: Option<Claims>,
}

impl Disturbance {
    /// Empties it, keeping its allocations.
    pub fn clear(&mut self) {
        let Disturbance { publishing, tcp_ports, udp_ports, destinations, own, sources, .. } = std::mem::take(self);
        *self = Disturbance { publishing, tcp_ports, udp_ports, destinations, own, sources, ..Disturbance::default() };
        self.publishing.clear();
        self.tcp_ports.clear();
        self.udp_ports.clear();
        self.destinations.clear();
        self.own.clear();
        self.sources.clear();
    }

    /// All harm, if nothing hinders it.
    pub fn planned_harm(&self) -> u64 {
        let published: u64 = self.publishing.iter().map(|publishing| publishing.messages * publishing.harm).sum();
        self.harm + self.network_harm + self.absence_harm + published + self.received * self.received_harm
    }

    /// Adds data sent over TCP, with the acknowledgements that come back; returns its bytes.
    pub fn send(&mut self, span: &Span, tempo: &Tempo, bytes_per_second: f64) -> u64 {
        let (bytes, packets, answers) = volume(span, tempo, bytes_per_second);
        self.bytes_out += bytes;
        self.packets_out += packets;
        self.packets_in += answers;
        self.bytes_in += answers * ACKNOWLEDGEMENT;
        bytes
    }

    /// Adds data fetched over TCP, with the acknowledgements that go out; returns its bytes.
    pub fn fetch(&mut self, span: &Span, tempo: &Tempo, bytes_per_second: f64) -> u64 {
        let (bytes, packets, answers) = volume(span, tempo, bytes_per_second);
        self.bytes_in += bytes;
        self.packets_in += packets;
        self.packets_out += answers;
        self.bytes_out += answers * ACKNOWLEDGEMENT;
        bytes
    }

    /// Adds an exchange over TCP: one request and its answer, with the packets that open and close the connection.
    pub fn exchange(&mut self, request: u64, answer: u64) {
        const HANDSHAKE: u64 = 3;
        let (out, inward) = (request.div_ceil(SEGMENT) + HANDSHAKE, answer.div_ceil(SEGMENT) + HANDSHAKE);
        self.packets_out += out;
        self.packets_in += inward;
        self.bytes_out += request + out * ACKNOWLEDGEMENT;
        self.bytes_in += answer + inward * ACKNOWLEDGEMENT;
    }
}

/// Bytes, packets that carry them, and packets that acknowledge those.
fn volume(span: &Span, tempo: &Tempo, bytes_per_second: f64) -> (u64, u64, u64) {
    let events = |bytes: f64| tempo.events(span, bytes_per_second / bytes);
    (events(1.0), events(SEGMENT as f64), events(2.0 * SEGMENT as f64))
}

/// Something that changes what a device does: an attack or a confounder.
pub trait Disturb: fmt::Debug + Send + Sync {
    /// The topics it publishes to, as templates: `{thing}` is the device, `{other}` another device of its class.
    /// `None` is the device's own topic.
    fn topics(&self) -> Vec<Option<String>> {
        Vec::new()
    }

    /// Adds what it does to one device during `span`. Called for the window of cloud-side metrics and for the
    /// interval of device reports separately; must not depend on anything but `self` and `span`.
    fn disturb(&self, span: &mut Span, to: &mut Disturbance);

    /// Whether it changes what the device does anyway (its network, its reports), and not only adds to it.
    fn governs(&self) -> bool {
        false
    }

    /// Whether it works through messages that the device receives.
    fn needs_receiving(&self) -> bool {
        false
    }

    /// Whether it takes the device's access away, so that giving it back contains it.
    fn deprives(&self) -> bool {
        false
    }

    /// The client id of whoever publishes, `{thing}` being the device, if that is not the device itself: then none of
    /// it shows in the device's metrics.
    fn connects_as(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Acts from their TOML, and the property that all of them have.

    use std::collections::BTreeMap;

    use super::*;
    use crate::scenario::fields::Fields;
    use crate::scenario::problem::Problems;
    use crate::scenario::reference::TableDoc;
    use crate::scenario::source::Source;
    use crate::scenario::tree::parse_toml;

    /// A span of an act that began at the epoch.
    pub fn span(from: i64, to: i64) -> Span {
        let dice = Dice::new(7, Purpose::Attack, from as u64);
        Span { from: Millis(from), to: Millis(to), onset: Timestamp(0), dice, key: 7 }
    }

    /// Reads an act's inline table.
    pub fn read_inline<T>(table: &str, read: fn(&mut Fields<'_>) -> T) -> T {
        let (tree, syntax) = parse_toml(&Source::new("test", format!("act = {table}")));
        assert!(syntax.is_empty(), "{table}: {syntax:?}");
        let mut problems = Problems::new();
        let node = tree.as_table().and_then(|root| root.get("act")).expect("it was just written");
        let act = Fields::read(node.as_table().expect("a table"), &node.place, &mut problems, read);
        assert_eq!(problems.errors(), 0, "{table}: {problems}");
        act
    }

    /// Holds a reference page against the registry that it is made from; `UPDATE_DOCS=1` writes it.
    pub fn is_current(name: &str, page: &str) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("the repository can be written");
            std::fs::write(&path, page).expect("the repository can be written");
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == page,
            "docs/{name} is not what the registry says; refresh it with:\n    UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib reference"
        );
    }

    /// An entry's section: summary, facts, keys, examples.
    pub fn section(name: &str, summary: &str, facts: &[(&str, String)], examples: &[&str], keys: TableDoc) -> String {
        let mut page = format!("\n## `{name}`\n\n{summary}\n\n");
        for (fact, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            page += &format!("- {fact}: {value}\n");
        }
        let table = keys.to_markdown("", 2);
        let (_, table) = table.split_once("\n\n").expect("a title, then the keys");
        if table.is_empty() {
            page += "\nIt has no parameters.\n";
        } else {
            page += &format!("\n{table}");
        }
        page += "\n```toml\n";
        for example in examples {
            page += &format!("{name} = {example}\n");
        }
        page + "```\n"
    }

    /// Metrics as a page shows them.
    pub fn metrics(metrics: &[defender::metric::Metric]) -> String {
        metrics.iter().map(|metric| format!("`{metric}`")).collect::<Vec<_>>().join(", ")
    }

    /// What an act does in a span.
    pub fn done<T: Disturb + ?Sized>(act: &T, from: Millis, to: Millis) -> Disturbance {
        let mut to_device = Disturbance::default();
        act.disturb(&mut span(from.0, to.0), &mut to_device);
        to_device
    }

    /// Messages by topic, size and harm.
    type Messages = BTreeMap<(usize, u64, u64), u64>;

    /// The amounts in a disturbance, which have to add up: by topic and size the messages, then the rest.
    fn amounts(done: &Disturbance) -> (Messages, [i64; 12]) {
        let mut messages = Messages::new();
        for p in done.publishing.iter().filter(|p| p.messages > 0) {
            *messages.entry((p.topic, p.size, p.harm)).or_default() += p.messages;
        }
        let rest = [
            done.planned_harm(),
            done.received,
            done.refused,
            done.connection_attempts,
            done.disconnects,
            done.bytes_out,
            done.bytes_in,
            done.packets_out,
            done.packets_in,
            done.harm,
            done.network_harm,
        ];
        let mut all = [0; 12];
        all.iter_mut().zip(rest).for_each(|(to, from)| *to = from as i64);
        all[11] = done.offline.0;
        (messages, all)
    }

    /// Cuts a stretch of an act into pieces, and holds their sum against the whole.
    pub fn adds_up<T: Disturb + ?Sized>(act: &T, cuts: &[i64], context: &str) {
        let whole = amounts(&done(act, Millis(cuts[0]), Millis(cuts[cuts.len() - 1])));
        let mut sum = (Messages::new(), [0; 12]);
        for pair in cuts.windows(2).filter(|pair| pair[0] < pair[1]) {
            let (messages, rest) = amounts(&done(act, Millis(pair[0]), Millis(pair[1])));
            for (key, count) in messages {
                *sum.0.entry(key).or_default() += count;
            }
            sum.1.iter_mut().zip(rest).for_each(|(to, from)| *to += from);
        }
        assert_eq!(sum, whole, "{context}: {cuts:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::testing::span;
    use super::*;

    #[test]
    fn each_occasion_comes_once_whatever_the_windows() {
        let every = Millis::minutes(7);
        let whole: Vec<u64> = span(0, 86_400_000).occasions(every, 0.8).collect();
        assert_eq!(whole.len(), 206, "one in each 7 minutes of a day, the last of which is cut");
        let windows = (0..288).map(|window| span(window * 300_000, (window + 1) * 300_000));
        let pieces: Vec<u64> = windows.flat_map(|span| span.occasions(every, 0.8).collect::<Vec<_>>()).collect();
        assert_eq!(pieces, whole);
    }

    #[test]
    fn a_phase_counts_from_its_own_beginning() {
        let phase = span(0, 900_000).phase(Millis(300_000), Millis(600_000)).expect("it lies inside");
        assert_eq!((phase.from, phase.to, phase.onset), (Millis(0), Millis(300_000), Timestamp(300_000)));
        assert!(span(0, 300_000).phase(Millis(300_000), Millis(600_000)).is_none());
    }
}
