//! A made-to-measure attack: any numeric metric, any shape. What the others cannot express, and what detection limits
//! are measured with.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "custom",
    summary: "A made-to-measure disturbance of one numeric metric: a step, a ramp, a pulse, or periodic pulses.",
    examples: &[
        r#"{ metric = "aws:num-messages-sent", amount = 40 }"#,
        r#"{ metric = "aws:all-bytes-out", amount = 90_000, shape = "ramp", length = "8h" }"#,
        r#"{ metric = "aws:num-established-tcp-connections", amount = 6, shape = "pulse", length = "20m" }"#,
        r#"{ metric = "aws:num-authorization-failures", amount = 12, shape = "periodic", length = "10m", every = "3h" }"#,
        r#"{ metric = "aws:message-byte-size", amount = 20_000 }"#,
        r#"{ metric = "aws:disconnect-duration", amount = 1, shape = "periodic", length = "15m", every = "2h" }"#,
    ],
    read: |fields| {
        let metric = fields.keyword("metric", None, &NUMERIC, "the metric that is disturbed");
        let amount = fields.required(
            "amount",
            "counts and bytes: how much is added in 300 s; ports and connections: how many more there are; message \
             size: bytes of the one message in 300 s; disconnect duration: not used",
        );
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
        Arc::new(Custom { metric, amount, tempo })
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
    metric: Metric,
    amount: u32,
    tempo: Tempo,
}

impl Disturb for Custom {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let added = self.tempo.events(span, f64::from(self.amount) / WINDOW);
        let level = self.tempo.level(span.onset, Millis(span.to.0 - 1)) * f64::from(self.amount);
        let ports = (0..level as u16).map(|port| FIRST_PORT.saturating_add(port));
        match self.metric {
            Metric::NumMessagesSent => {
                to.publishing.push(Publishing { messages: added, size: 128, harm: 1, ..Publishing::default() });
            }
            Metric::MessageByteSize => {
                let messages = self.tempo.events(span, 1.0 / WINDOW);
                let size = u64::from(self.amount);
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
        self.metric == Metric::DisconnectDuration
    }

    fn needs_receiving(&self) -> bool {
        self.metric == Metric::NumMessagesReceived
    }
}

impl Attack for Custom {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        static ALL: [Metric; 18] = Metric::ALL;
        let at = ALL.iter().position(|metric| *metric == self.metric).expect("every metric is listed");
        Facts {
            channel: match self.metric {
                metric if metric.is_cloud_side() && metric != Metric::DisconnectDuration => Channel::Broker,
                Metric::AllBytesOut | Metric::AllBytesIn | Metric::AllPacketsOut | Metric::AllPacketsIn => {
                    Channel::Network
                }
                _ => Channel::Device,
            },
            techniques: &[],
            disturbs: &ALL[at..=at],
            checks: &[],
            harm_unit: match self.metric {
                metric if metric.is_cloud_side() && metric != Metric::DisconnectDuration => "units let through",
                Metric::AllBytesOut | Metric::AllBytesIn => "bytes",
                Metric::AllPacketsOut | Metric::AllPacketsIn => "packets",
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
        assert_eq!((act(4, 0, 5).publishing[0].messages, act(4, 0, 5).publishing[0].size), (1, 20_000));
        assert_eq!((act(5, 10, 10).offline, act(5, 120, 5).offline), (Millis::minutes(5), Millis::minutes(5)));
    }
}
