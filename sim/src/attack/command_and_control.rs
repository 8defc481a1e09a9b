//! Command-and-control beaconing: an implant asks its master for orders, again and again.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, Probability};

pub(super) const ENTRY: Entry = Entry {
    name: "command-and-control",
    summary: "An implant calls home at intervals for orders.",
    examples: &[
        r#"{ address = "203.0.113.20", keep-open = true, jitter = 0 }"#,
        r#"{ address = "203.0.113.20", period = "4h", jitter = 0.9, request = "200 B", answer = "80 B" }"#,
    ],
    read: |fields| {
        let period = fields.or("period", Millis::minutes(5), "from one call to the next");
        if period < Millis::SECOND {
            fields.refuse("period", period, "be at least a second");
        }
        let half = Probability::ratio(1, 2).expect("a half is a probability");
        Arc::new(CommandAndControl {
            address: fields.required("address", "who is called"),
            period: period.max(Millis::SECOND),
            jitter: fields.or("jitter", half, "evasive: share of the period over which a call moves").as_f64(),
            request: fields.or("request", Bytes(600), "what a call sends").0,
            answer: fields.or("answer", Bytes(1_200), "what comes back").0,
            keep_open: fields.or("keep-open", false, "whether the connection stays open between calls"),
        })
    },
};

#[derive(Debug)]
struct CommandAndControl {
    address: IpAddr,
    period: Millis,
    jitter: f64,
    request: u64,
    answer: u64,
    keep_open: bool,
}

impl Disturb for CommandAndControl {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let calls = span.occasions(self.period, self.jitter).count() as u64;
        for _ in 0..calls {
            to.exchange(self.request, self.answer);
        }
        to.network_harm += calls;
        to.connections += u64::from(self.keep_open);
        if calls > 0 || self.keep_open {
            to.destinations.push(self.address);
        }
    }
}

impl Attack for CommandAndControl {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        const OPEN: &[Metric] = &[Metric::DestinationIpAddresses, Metric::NumEstablishedTcpConnections];
        Facts {
            channel: Channel::Network,
            techniques: &["T1071.001", "T1573", "T1105"],
            disturbs: if self.keep_open { OPEN } else { &[Metric::DestinationIpAddresses] },
            checks: &[],
            harm_unit: "calls answered",
            blind_spots: "a master behind an address that the device may talk to; calls between two reports of an agent \
                          that lists open connections only; volumes far below the device's own",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn a_call_comes_once_in_each_period() {
        let steady = done(&*read_inline(ENTRY.examples[0], ENTRY.read), Millis(0), Millis::hours(1));
        assert_eq!(steady.planned_harm(), 12);
        let slow = read_inline(ENTRY.examples[1], ENTRY.read);
        let quiet: Vec<u64> =
            (0..24).map(|h| done(&*slow, Millis::hours(h), Millis::hours(h + 1)).network_harm).collect();
        assert_eq!(quiet.iter().sum::<u64>(), 6);
        assert!(
            quiet.iter().enumerate().any(|(hour, calls)| *calls > 0 && hour % 4 != 0),
            "jitter moves them: {quiet:?}"
        );
    }
}
