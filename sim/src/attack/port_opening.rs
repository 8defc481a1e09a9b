//! Port opening: malware leaves a backdoor listener behind.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "port-opening",
    summary: "Malware opens a backdoor listener on the device.",
    examples: &["{ tcp = [4444] }", r#"{ tcp = [2323], udp = [5555], pulse = "4m", every = "1h" }"#],
    read: |fields| {
        let tcp: Vec<u16> = fields.or("tcp", Vec::new(), "TCP ports it listens on");
        let udp: Vec<u16> = fields.or("udp", Vec::new(), "UDP ports it listens on");
        if tcp.is_empty() && udp.is_empty() {
            fields.refuse("tcp", "no port", "name at least one TCP or UDP port");
        }
        Arc::new(PortOpening { tcp, udp, tempo: Tempo::read(fields) })
    },
};

#[derive(Debug)]
struct PortOpening {
    tcp: Vec<u16>,
    udp: Vec<u16>,
    tempo: Tempo,
}

impl Disturb for PortOpening {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if self.tempo.acts_at_the_end_of(span) {
            to.tcp_ports.extend_from_slice(&self.tcp);
            to.udp_ports.extend_from_slice(&self.udp);
        }
        // Harm: seconds during which the door stood open.
        to.harm += self.tempo.events(span, 1.0);
    }
}

impl Attack for PortOpening {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        const TCP: &[Metric] = &[Metric::ListeningTcpPorts, Metric::NumListeningTcpPorts];
        const UDP: &[Metric] = &[Metric::ListeningUdpPorts, Metric::NumListeningUdpPorts];
        const BOTH: &[Metric] = &[
            Metric::ListeningTcpPorts,
            Metric::NumListeningTcpPorts,
            Metric::ListeningUdpPorts,
            Metric::NumListeningUdpPorts,
        ];
        Facts {
            channel: Channel::Device,
            techniques: &["T1205", "T1571"],
            disturbs: match (self.tcp.is_empty(), self.udp.is_empty()) {
                (false, true) => TCP,
                (true, false) => UDP,
                _ => BOTH,
            },
            checks: &[],
            harm_unit: "seconds open",
            blind_spots: "devices without an agent, ports on the allow list, doors open only between reports",
        }
    }
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;

    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn a_door_that_opens_between_reports_is_not_seen() {
        let attack = read_inline(ENTRY.examples[1], ENTRY.read);
        let window = |n: i64| done(&*attack, Millis::minutes(5 * n), Millis::minutes(5 * (n + 1)));
        assert_eq!((window(0).tcp_ports.len(), window(0).harm), (0, 240));
        assert_eq!(done(&*attack, Millis::minutes(1), Millis::minutes(2)).tcp_ports, [2323]);
    }
}
