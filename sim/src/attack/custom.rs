//! A made-to-measure attack: any numeric or custom metric, any shape. What the others cannot express, and what detection limits
//! are measured with.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts, OwnMetric};
use crate::disturbance::{Disturb, Disturbance, OwnChange, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::Element;
use crate::scenario::fields::Fields;
use crate::scenario::problem::nearest;
use crate::scenario::source::Placed;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "custom",
    summary: "A made-to-measure disturbance of one numeric or custom metric: a step, a ramp, a pulse, or periodic pulses.",
    examples: &[
        r#"{ metric = "aws:num-messages-sent", amount = 40 }"#,
        r#"{ metric = "aws:all-bytes-out", amount = 90_000, shape = "ramp", length = "8h" }"#,
        r#"{ metric = "aws:num-established-tcp-connections", amount = 6, shape = "pulse", length = "20m" }"#,
        r#"{ metric = "aws:num-authorization-failures", amount = 12, shape = "periodic", length = "10m", every = "3h" }"#,
        r#"{ metric = "aws:message-byte-size", amount = 20_000 }"#,
        r#"{ metric = "aws:disconnect-duration", amount = 1, shape = "periodic", length = "15m", every = "2h" }"#,
        r#"{ metric = "cpu-temperature", amount = 12.5, shape = "ramp", length = "4h" }"#,
        r#"{ metric = "running-processes", values = ["miner"] }"#,
    ],
    read: |fields| {
        let metric = fields.required("metric", "the metric that is disturbed: a numeric `aws:` one, or a custom one");
        let amount = fields.or(
            "amount",
            0.0,
            "counts and bytes: how much is added in 300 s; ports and connections: how many more there are; message \
             size: bytes of the one message in 300 s; a custom number: how much is added to it; disconnect duration: \
             not used",
        );
        let values = fields.or("values", Vec::<Element>::new(), "a custom list: what is added to it");
        let metric = disturbed(fields, metric, amount, values.into_iter().map(|element| element.0).collect());
        let length = fields.or("length", Millis::hours(1), "ramp: how long it grows; pulses: how long each is");
        let every = fields.or("every", Millis::hours(6), "periodic: from the beginning of one pulse to the next");
        let shape = fields.keyword(
            "shape",
            Some("step"),
            &[("step", Shape::Step), ("ramp", Shape::Ramp), ("pulse", Shape::Pulse), ("periodic", Shape::Periodic)],
            "how the disturbance goes over time",
        );
        if length <= Millis(0) {
            fields.refuse("length", length, "be longer than nothing");
        }
        if matches!(shape, Shape::Periodic) && every < length {
            fields.refuse("every", every, format!("be at least `length`, which is {length}"));
        }
        let tempo = match shape {
            Shape::Step => Tempo::Steady,
            Shape::Ramp => Tempo::Ramp { over: length },
            // One pulse is the first of pulses that are a thousand years apart.
            Shape::Pulse => Tempo::Pulse { length, every: Millis::days(365_000) },
            Shape::Periodic => Tempo::Pulse { length, every: every.max(Millis(1)) },
        };
        let topic =
            fields.optional("topic", "messages sent and their size: topic; `{thing}` is the device; default: its own");
        Arc::new(Custom { metric, amount, topic, tempo })
    },
};

#[derive(Clone, Copy)]
enum Shape {
    Step,
    Ramp,
    Pulse,
    Periodic,
}

/// The metrics with numbers; sets have attacks of their own.
const NUMERIC: [(&str, Metric); 14] = {
    const fn named(metric: Metric) -> (&'static str, Metric) {
        (metric.name(), metric)
    }
    [
        named(Metric::NumMessagesSent),
        named(Metric::MessageByteSize),
        named(Metric::NumMessagesReceived),
        named(Metric::NumAuthorizationFailures),
        named(Metric::NumConnectionAttempts),
        named(Metric::NumDisconnects),
        named(Metric::DisconnectDuration),
        named(Metric::AllBytesOut),
        named(Metric::AllBytesIn),
        named(Metric::AllPacketsOut),
        named(Metric::AllPacketsIn),
        named(Metric::NumListeningTcpPorts),
        named(Metric::NumListeningUdpPorts),
        named(Metric::NumEstablishedTcpConnections),
    ]
};

/// What amounts are counted in \[s\].
const WINDOW: f64 = 300.0;
/// The first of the ports that are opened where only their number matters.
const FIRST_PORT: u16 = 50_000;

#[derive(Debug)]
struct Custom {
    metric: Disturbed,
    amount: f64,
    topic: Option<String>,
    tempo: Tempo,
}

#[derive(Debug)]
enum Disturbed {
    Service(Metric),
    Own(OwnMetric),
}

/// Which metric is meant. Whether a custom one exists, only the scenario knows.
fn disturbed(fields: &mut Fields<'_>, name: Placed<String>, amount: f64, values: Vec<String>) -> Disturbed {
    if !name.value.starts_with("aws:") {
        return Disturbed::Own(OwnMetric { name, values });
    }
    let metric = NUMERIC.iter().find(|(known, _)| *known == name.value).map(|(_, metric)| *metric);
    if metric.is_none() {
        let help = match nearest(&name.value, NUMERIC.iter().map(|(known, _)| *known)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "sets have attacks of their own".to_owned(),
        };
        fields.complain("metric", format!("no numeric metric is named `{}`", name.value), help);
    }
    let unused = metric == Some(Metric::DisconnectDuration);
    if metric.is_some() && !unused && !(amount >= 1.0 && amount.fract() == 0.0 && amount <= f64::from(u32::MAX)) {
        fields.complain(
            "amount",
            "amount must be a whole number from 1 on",
            "write how much is added, as in `amount = 40`",
        );
    }
    Disturbed::Service(metric.unwrap_or(Metric::NumMessagesSent))
}

impl Custom {
    /// The service's metric, if it is one.
    fn service_metric(&self) -> Option<Metric> {
        match self.metric {
            Disturbed::Service(metric) => Some(metric),
            Disturbed::Own(_) => None,
        }
    }
}

impl Disturb for Custom {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let share = self.tempo.level(span.onset, Millis(span.to.0 - 1));
        let metric = match &self.metric {
            Disturbed::Service(metric) => *metric,
            Disturbed::Own(own) => {
                if share > 0.0 {
                    to.own.push(OwnChange {
                        metric: own.name.value.clone(),
                        amount: share * self.amount,
                        values: own.values.clone(),
                    });
                }
                to.harm += self.tempo.events(span, 1.0);
                return;
            }
        };
        let added = self.tempo.events(span, self.amount / WINDOW);
        let level = share * self.amount;
        let ports = (0..level as u16).map(|port| FIRST_PORT.saturating_add(port));
        match metric {
            Metric::NumMessagesSent => {
                to.publishing.push(Publishing { messages: added, size: 128, harm: 1, ..Publishing::default() });
            }
            Metric::MessageByteSize => {
                let messages = self.tempo.events(span, 1.0 / WINDOW);
                let size = self.amount as u64;
                to.publishing.push(Publishing { messages, size, harm: 1, ..Publishing::default() });
            }
            Metric::NumMessagesReceived => (to.received, to.received_size, to.received_harm) = (added, 128, 1),
            Metric::NumAuthorizationFailures => to.refused += added,
            Metric::NumConnectionAttempts => to.connection_attempts += added,
            Metric::NumDisconnects => to.disconnects += added,
            Metric::DisconnectDuration => {
                let time = |elapsed| self.tempo.full_time(span.onset, elapsed) as i64;
                to.offline = Millis(time(span.to) - time(span.from));
            }
            Metric::AllBytesOut => to.bytes_out += added,
            Metric::AllBytesIn => to.bytes_in += added,
            Metric::AllPacketsOut => to.packets_out += added,
            Metric::AllPacketsIn => to.packets_in += added,
            Metric::NumListeningTcpPorts => to.tcp_ports.extend(ports),
            Metric::NumListeningUdpPorts => to.udp_ports.extend(ports),
            Metric::NumEstablishedTcpConnections => to.connections += level as u64,
            Metric::SourceIpAddress
            | Metric::ListeningTcpPorts
            | Metric::ListeningUdpPorts
            | Metric::DestinationIpAddresses => {}
        }
        match self.facts().channel {
            Channel::Network => to.network_harm += added,
            Channel::Device => to.harm += self.tempo.events(span, 1.0),
            Channel::Broker | Channel::Account => {}
        }
    }

    fn governs(&self) -> bool {
        self.service_metric() == Some(Metric::DisconnectDuration)
    }

    fn needs_receiving(&self) -> bool {
        self.service_metric() == Some(Metric::NumMessagesReceived)
    }
}

impl Attack for Custom {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn own_metric(&self) -> Option<&OwnMetric> {
        match &self.metric {
            Disturbed::Service(_) => None,
            Disturbed::Own(own) => Some(own),
        }
    }

    fn facts(&self) -> Facts {
        static ALL: [Metric; 18] = Metric::ALL;
        let metric = self.service_metric();
        let at = ALL.iter().position(|known| Some(*known) == metric);
        Facts {
            channel: match metric {
                Some(metric) if metric.is_cloud_side() && metric != Metric::DisconnectDuration => Channel::Broker,
                Some(Metric::AllBytesOut | Metric::AllBytesIn | Metric::AllPacketsOut | Metric::AllPacketsIn) => {
                    Channel::Network
                }
                _ => Channel::Device,
            },
            techniques: &[],
            disturbs: at.map_or(&[], |at| &ALL[at..=at]),
            checks: &[],
            harm_unit: match metric {
                Some(metric) if metric.is_cloud_side() && metric != Metric::DisconnectDuration => "units let through",
                Some(Metric::AllBytesOut | Metric::AllBytesIn) => "bytes",
                Some(Metric::AllPacketsOut | Metric::AllPacketsIn) => "packets",
                _ => "seconds disturbed",
            },
            blind_spots: "whatever its numbers leave below the threshold",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn each_shape_disturbs_when_it_should() {
        let act = |example: usize, from: i64, minutes: i64| {
            let attack = read_inline(ENTRY.examples[example], ENTRY.read);
            done(&*attack, Millis::minutes(from), Millis::minutes(from + minutes))
        };
        assert_eq!(act(0, 35, 5).publishing[0].messages, 40);
        // After half of the ramp, half of the amount (plus half of a window's growth).
        assert_eq!(act(1, 240, 5).bytes_out, 45_000 + 468);
        assert_eq!((act(2, 15, 5).connections, act(2, 20, 5).connections, act(2, 5_000, 5).connections), (6, 0, 0));
        assert_eq!((act(3, 5, 5).refused, act(3, 10, 5).refused, act(3, 180, 5).refused), (12, 0, 12));
        let own = |from| act(6, from, 5).own.first().map(|change| (change.metric.clone(), change.amount));
        // After half of the ramp, half of the amount.
        assert_eq!(
            own(115).map(|(name, amount)| (name, (amount * 1e3).round())),
            Some(("cpu-temperature".to_owned(), 6_250.0))
        );
        assert_eq!(act(7, 0, 5).own[0].values, ["miner"]);
        assert_eq!((act(4, 0, 5).publishing[0].messages, act(4, 0, 5).publishing[0].size), (1, 20_000));
        assert_eq!((act(5, 10, 10).offline, act(5, 120, 5).offline), (Millis::minutes(5), Millis::minutes(5)));
    }
}
