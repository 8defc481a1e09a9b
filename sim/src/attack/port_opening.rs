//! Port opening: malware leaves a backdoor listener behind.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;

pub(super) const ENTRY: Entry = Entry {
    name: "port-opening",
    summary: "Malware opens a backdoor listener on the device.",
    read: |fields| {
        let tcp: Vec<u16> = fields.or("tcp", Vec::new(), "TCP ports it listens on");
        let udp: Vec<u16> = fields.or("udp", Vec::new(), "UDP ports it listens on");
        if tcp.is_empty() && udp.is_empty() {
            fields.refuse("tcp", "no port", "name at least one TCP or UDP port");
        }
        Arc::new(PortOpening { tcp, udp })
    },
};

#[derive(Debug)]
struct PortOpening {
    tcp: Vec<u16>,
    udp: Vec<u16>,
}

impl Disturb for PortOpening {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.tcp_ports.extend_from_slice(&self.tcp);
        to.udp_ports.extend_from_slice(&self.udp);
        // Harm: seconds during which the door stood open.
        to.harm += span.events(1.0);
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
