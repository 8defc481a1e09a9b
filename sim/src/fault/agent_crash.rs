//! Agents crash now and then and stay down for a while; the first report after a start has no amounts (R-15).

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "agent-crash",
    summary: "Agents crash now and then and stay down for a while; the first report after a start has no amounts (R-15).",
    stage: Stage::Agent,
    intensity_of: "probability, for each occasion",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ every = "6h", down = "1h" }"#],
    read: |fields| {
        Arc::new(AgentCrash {
            every: fields.or_in(
                "every",
                Millis::DAY,
                Millis::MINUTE..,
                "one occasion to crash in each stretch of this length",
            ),
            down: fields.or("down", Millis::minutes(30), "how long until the agent is started again"),
        })
    },
};

#[derive(Debug)]
struct AgentCrash {
    every: Millis,
    down: Millis,
}

impl OnReports for AgentCrash {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let Some(crash) = passage.last_occasion(self.every) else { return Fate::Goes };
        let started = crash + self.down;
        if passage.elapsed < started {
            return Fate::Lost;
        }
        if passage.is_first_since(started) {
            passage.report.amounts = None;
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn an_agent_that_was_down_begins_without_amounts() {
        let reports = past("agent-crash", "{ every = \"4h\", down = \"1h\" }", 1.0, 9);
        assert!(lost(&reports) >= 12, "{}", lost(&reports));
        for pair in reports.windows(2).filter(|pair| !pair[1].1.is_empty()) {
            assert_eq!(pair[0].1.is_empty(), pair[1].2.is_none(), "{pair:?}");
        }
    }
}
