//! Seasonal load: a cold spell, a sale, a harvest. Ordinary traffic grows and shrinks again; nothing else changes.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::scenario::quantity::Factor;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "seasonal-load",
    summary: "Ordinary traffic is multiplied, at once or growing slowly.",
    examples: &["{ factor = 1.8 }", r#"{ factor = 3, ramp = "12h" }"#],
    read: |fields| {
        Arc::new(SeasonalLoad {
            factor: fields.required::<Factor>("factor", "by how much traffic is multiplied, at the full load").0,
            tempo: Tempo::read(fields),
        })
    },
};

/// Ordinary traffic in thousandths, when it is multiplied by `factor` with a strength of `level`.
pub(super) fn thousandths(factor: f64, level: f64) -> u32 {
    libm::round((1.0 + (factor - 1.0) * level).max(0.0) * 1_000.0) as u32
}

#[derive(Debug)]
struct SeasonalLoad {
    factor: f64,
    tempo: Tempo,
}

impl Disturb for SeasonalLoad {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.ordinary = Some(thousandths(self.factor, self.tempo.level(span.onset, Millis(span.to.0 - 1))));
    }

    fn governs(&self) -> bool {
        true
    }
}

impl Confounder for SeasonalLoad {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumMessagesSent,
            Metric::NumMessagesReceived,
            Metric::AllBytesOut,
            Metric::AllBytesIn,
            Metric::AllPacketsOut,
            Metric::AllPacketsIn,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn load_grows_with_the_ramp() {
        let confounder = read_inline(ENTRY.examples[1], ENTRY.read);
        let at = |hour: i64| done(&*confounder, Millis(0), Millis::hours(hour)).ordinary;
        assert_eq!([0, 6, 12, 30].map(|hour| at(hour.max(0))), [Some(1_000), Some(2_000), Some(3_000), Some(3_000)]);
    }
}
