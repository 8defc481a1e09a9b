//! Agents are replaced by a new version: they pause, and the first report after the start has no amounts (R-15). `stagger` rolls it out.

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "agent-upgrade",
    summary: "Agents are replaced by a new version: they pause, and the first report after the start has no amounts (R-15). `stagger` rolls it out.",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ pause = "2h" }"#],
    read: |fields| {
        Arc::new(AgentUpgrade { pause: fields.or("pause", Millis::minutes(15), "how long an agent is stopped") })
    },
};

#[derive(Debug)]
struct AgentUpgrade {
    pause: Millis,
}

impl OnReports for AgentUpgrade {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if !passage.afflicts() {
            return Fate::Goes;
        }
        if passage.elapsed < self.pause {
            return Fate::Lost;
        }
        if passage.is_first_since(self.pause) {
            passage.report.amounts = None;
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_pause_and_then_one_report_without_amounts() {
        let reports = past("agent-upgrade", "{ pause = \"12m\" }", 1.0, 1);
        assert!(reports[..3].iter().all(|(_, arrivals, _)| arrivals.is_empty()));
        assert_eq!((reports[3].1.as_slice(), reports[3].2), (&[900][..], None));
        assert!(reports[4..].iter().all(|(_, arrivals, amounts)| arrivals.len() == 1 && amounts.is_some()));
    }
}
