//! Cryptomining: the device computes for somebody else, and little of that shows on the network.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "cryptomining",
    summary: "The device mines for somebody else, connected to a pool.",
    examples: &[r#"{ pool = "203.0.113.33" }"#, r#"{ pool = "203.0.113.33", pulse = "20m", every = "2h" }"#],
    read: |fields| {
        Arc::new(Cryptomining {
            pool: fields.required("pool", "address of the pool"),
            share: positive(fields.or("share", Millis::seconds(90), "from one result handed in to the next")),
            job: positive(fields.or("job", Millis::seconds(45), "from one task handed out to the next")),
            tempo: Tempo::read(fields),
        })
    },
};

fn positive(time: Millis) -> Millis {
    time.max(Millis::SECOND)
}

/// Payloads of the usual mining protocol, which is lines of JSON \[bytes\].
const SHARE: u64 = 230;
const JOB: u64 = 420;

#[derive(Debug)]
struct Cryptomining {
    pool: IpAddr,
    share: Millis,
    job: Millis,
    tempo: Tempo,
}

impl Disturb for Cryptomining {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let shares = self.tempo.events(span, 1_000.0 / self.share.0 as f64);
        let jobs = self.tempo.events(span, 1_000.0 / self.job.0 as f64);
        to.bytes_out += shares * SHARE + jobs * 40;
        to.packets_out += shares + jobs;
        to.bytes_in += jobs * JOB + shares * 40;
        to.packets_in += shares + jobs;
        if self.tempo.acts_at_the_end_of(span) {
            to.connections += 1;
            to.destinations.push(self.pool);
        }
        to.network_harm += self.tempo.events(span, 1.0);
    }
}

impl Attack for Cryptomining {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Network,
            techniques: &["T1496.001"],
            disturbs: &[Metric::NumEstablishedTcpConnections, Metric::DestinationIpAddresses],
            checks: &[],
            harm_unit: "seconds of computing",
            blind_spots: "its volume is that of a keep-alive, and load is no metric of the service: without a custom \
                          metric only the connection gives it away",
        }
    }
}
