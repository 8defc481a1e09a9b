//! Radio flapping: a bad signal drops the connection again and again. Bad times come in bursts (Gilbert and Elliott's
//! two states): most of the day is quiet, and then everything falls at once.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::scenario::quantity::Probability;

pub(super) const ENTRY: Entry = Entry {
    name: "radio-flapping",
    summary: "A bad signal drops the connection again and again, in bursts.",
    examples: &["{}", r#"{ every = "20s", spell = "5m", bad = "5 %" }"#],
    read: |fields| {
        let third = Probability::ratio(1, 3).expect("a third is a probability");
        Arc::new(RadioFlapping {
            every: fields.or("every", Millis::seconds(90), "in a bad spell: from one drop to the next, on average"),
            spell: fields.or("spell", Millis::minutes(15), "how long the signal stays as it is").max(Millis::SECOND),
            bad: fields.or("bad", third, "share of the spells that are bad").as_f64(),
            retries: fields.or("retries", 1, "attempts that fail before one gets through"),
        })
    },
};

/// Address of the spells' dice, apart from those of the drops.
const SPELLS: u64 = 1 << 48;

#[derive(Debug)]
struct RadioFlapping {
    every: Millis,
    spell: Millis,
    bad: f64,
    retries: u32,
}

impl Disturb for RadioFlapping {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let every = self.every.max(Millis::SECOND);
        let is_bad = |drop: u64| {
            let spell = drop * every.0 as u64 / self.spell.0 as u64;
            span.occasion(SPELLS + spell).unit() < self.bad
        };
        let drops = span.occasions(every, 1.0).filter(|drop| is_bad(*drop)).count() as u64;
        to.disconnects += drops;
        to.connection_attempts += drops * (1 + u64::from(self.retries));
        // Each reconnect is a TLS handshake: some six kilobytes of certificates and keys.
        to.bytes_out += drops * 2_600;
        to.packets_out += drops * 8;
        to.bytes_in += drops * 4_100;
        to.packets_in += drops * 8;
    }
}

impl Confounder for RadioFlapping {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumDisconnects,
            Metric::NumConnectionAttempts,
            Metric::AllBytesIn,
            Metric::AllBytesOut,
            Metric::AllPacketsIn,
            Metric::AllPacketsOut,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    /// Drops of neighbouring windows go together: that is what a burst is. Of independent windows with the same mean,
    /// the quiet ones would be rare.
    #[test]
    fn drops_come_in_bursts() {
        let confounder = read_inline(ENTRY.examples[0], ENTRY.read);
        let drops: Vec<u64> = (0..288)
            .map(|n: i64| done(&*confounder, Millis::minutes(5 * n), Millis::minutes(5 * (n + 1))).disconnects)
            .collect();
        let quiet = drops.iter().filter(|drops| **drops == 0).count();
        let busy = drops.iter().filter(|drops| **drops >= 2).count();
        assert!(quiet > 100 && busy > 40 && quiet + busy > 250, "{quiet} quiet, {busy} busy");
    }
}
