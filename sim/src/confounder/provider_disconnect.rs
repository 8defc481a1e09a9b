//! The provider disconnects everybody at once: a broker node is replaced, or a region fails over. Tens of thousands of
//! sessions end in the same second, and a herd comes back that the connection limit does not let in all at once.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::scenario::quantity::Probability;

pub(super) const ENTRY: Entry = Entry {
    name: "provider-disconnect",
    summary: "The provider drops all sessions at once; devices come back with back-off, and are often turned away.",
    examples: &["{}", r#"{ admitted = "5 %", first-back-off = "5s", longest-back-off = "2m" }"#],
    read: |fields| {
        let admitted = Probability::ratio(1, 4).expect("a quarter is a probability");
        let admitted = fields.or("admitted", admitted, "chance that an attempt is let in while the herd is there");
        if admitted == Probability::ZERO {
            fields.refuse("admitted", admitted, "be more than 0, or nobody would ever come back");
        }
        let first = fields.or("first-back-off", Millis::seconds(2), "longest wait before the first attempt");
        if first < Millis::SECOND {
            fields.refuse("first-back-off", first, "be at least a second");
        }
        Arc::new(ProviderDisconnect {
            admitted: admitted.as_f64(),
            first: first.max(Millis::SECOND),
            longest: fields.or("longest-back-off", Millis::minutes(5), "waits double until this"),
            drops: fields.or("drops", 1, "how often in a row the sessions are dropped"),
            apart: fields.or("apart", Millis::minutes(20), "time from one drop to the next"),
        })
    },
};

/// Nobody is turned away more often than this.
const ATTEMPTS: u32 = 64;

#[derive(Debug)]
struct ProviderDisconnect {
    admitted: f64,
    first: Millis,
    longest: Millis,
    drops: u32,
    apart: Millis,
}

impl Disturb for ProviderDisconnect {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        for drop in 0..self.drops {
            let dropped = Millis(self.apart.0 * i64::from(drop));
            to.disconnects += u64::from(span.contains(dropped));
            let mut dice = span.occasion(u64::from(drop));
            let (mut now, mut back_off) = (dropped, self.first);
            for _ in 0..ATTEMPTS {
                // Full jitter: anywhere up to the back-off.
                now = now + Millis(1 + dice.below(back_off.0 as u64) as i64);
                to.connection_attempts += u64::from(span.contains(now));
                if now >= span.to || dice.unit() < self.admitted {
                    break;
                }
                back_off = Millis(back_off.0 * 2).min(self.longest.max(self.first));
            }
        }
    }
}

impl Confounder for ProviderDisconnect {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[Metric::NumConnectionAttempts, Metric::NumDisconnects]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{read_inline, span};

    /// The number of attempts until one is admitted is geometric: mean 1/p, variance (1 − p)/p². Over 4,000 devices,
    /// the mean lies within 5 standard errors.
    #[test]
    fn attempts_are_geometric() {
        let confounder = read_inline(ENTRY.examples[0], ENTRY.read);
        let devices = 4_000;
        let attempts: u64 = (0..devices)
            .map(|key| {
                let mut to = Disturbance::default();
                confounder.disturb(&mut Span { key, ..span(0, 86_400_000) }, &mut to);
                assert_eq!(to.disconnects, 1);
                to.connection_attempts
            })
            .sum();
        let error = (0.75f64 / 0.0625 / devices as f64).sqrt();
        assert!((attempts as f64 / devices as f64 - 4.0).abs() < 5.0 * error, "{attempts}");
    }
}
