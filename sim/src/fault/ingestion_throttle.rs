//! The service refuses reports by the slice of time in which they arrive, as if the account's quota (Q-19) were used up.

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "ingestion-throttle",
    summary: "The service refuses reports by the slice of time in which they arrive, as if the account's quota (Q-19) were used up.",
    stage: Stage::Ingestion,
    intensity_of: "share of the slices",
    intensity: 0.5,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ slice = "1m" }"#],
    read: |fields| {
        Arc::new(IngestionThrottle {
            slice: fields.or_in(
                "slice",
                Millis::seconds(10),
                Millis::SECOND..,
                "how long it refuses or accepts at a stretch",
            ),
        })
    },
};

#[derive(Debug)]
struct IngestionThrottle {
    slice: Millis,
}

impl OnReports for IngestionThrottle {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let slice = passage.report.arrives.0.div_euclid(self.slice.0) as u64;
        let mut dice = passage.common_dice(slice);
        if passage.strikes(&mut dice) { Fate::Lost } else { Fate::Goes }
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn devices_are_refused_together() {
        let of = |device| past("ingestion-throttle", "{}", 0.5, device);
        let first = of(1);
        assert!(lost(&first).abs_diff(50) < 25, "{}", lost(&first));
        assert_eq!(first, of(2));
    }
}
