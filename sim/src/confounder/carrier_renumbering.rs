//! Carrier renumbering: the provider of the devices' access moves them to other addresses.

use std::net::IpAddr;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;
use ipnet::IpNet;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};

pub(super) const ENTRY: Entry = Entry {
    name: "carrier-renumbering",
    summary: "The devices' carrier moves them to addresses of another network, one reconnect each.",
    examples: &[r#"{ network = "100.96.0.0/16" }"#, r#"{ network = "2001:db8:40::/48", lease = "12h" }"#],
    read: |fields| {
        Arc::new(CarrierRenumbering {
            network: fields.required("network", "where the new addresses lie"),
            lease: fields.optional("lease", "a device gets yet another address, and reconnects, this often"),
        })
    },
};

#[derive(Debug)]
struct CarrierRenumbering {
    network: IpNet,
    lease: Option<Millis>,
}

impl CarrierRenumbering {
    fn address(&self, word: u64) -> IpAddr {
        let below = |bits: u8| u128::from(word) & ((1u128 << bits.min(64)) - 1);
        match self.network {
            IpNet::V4(net) => (u32::from(net.network()) | below(32 - net.prefix_len()) as u32).to_be_bytes().into(),
            IpNet::V6(net) => (u128::from(net.network()) | below(128 - net.prefix_len())).to_be_bytes().into(),
        }
    }
}

impl Disturb for CarrierRenumbering {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        // Without leases, the one lease never ends.
        let lease = self.lease.unwrap_or(Millis(i64::MAX / 2)).max(Millis::MINUTE);
        let (first, last) = (span.from.0 / lease.0, (span.to.0 - 1) / lease.0);
        for number in first..=last {
            let renewed = u64::from(span.contains(Millis(number * lease.0)));
            to.disconnects += renewed;
            to.connection_attempts += renewed;
            to.sources.push(self.address(span.occasion(number as u64).word()));
        }
    }
}

impl Confounder for CarrierRenumbering {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[Metric::SourceIpAddress, Metric::NumDisconnects, Metric::NumConnectionAttempts]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn a_device_keeps_its_new_address_until_the_lease_ends() {
        for (example, differ) in [(0, false), (1, true)] {
            let confounder = read_inline(ENTRY.examples[example], ENTRY.read);
            let at = |hour: i64| done(&*confounder, Millis::hours(hour), Millis::hours(hour + 1));
            assert_eq!((at(0).disconnects, at(1).disconnects), (1, 0));
            assert_eq!(at(0).sources, at(11).sources);
            assert_eq!(at(0).sources != at(12).sources, differ);
            let network: IpNet = ["100.96.0.0/16", "2001:db8:40::/48"][example].parse().expect("a network");
            assert!(network.contains(&at(0).sources[0]));
        }
    }
}
