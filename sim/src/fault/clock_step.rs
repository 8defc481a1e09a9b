//! Devices' clocks are set back once, and their agents wait until the time they had planned for comes again; the next report has the amounts of the whole wait.

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "clock-step",
    summary: "Devices' clocks are set back once, and their agents wait until the time they had planned for comes again; the next report has the amounts of the whole wait.",
    stage: Stage::Agent,
    intensity_of: "share of the devices",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ by = "3h" }"#],
    read: |fields| Arc::new(ClockStep { by: fields.or("by", Millis::HOUR, "by how much the clock is set back") }),
};

#[derive(Debug)]
struct ClockStep {
    by: Millis,
}

impl OnReports for ClockStep {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        if !passage.afflicts() {
            return Fate::Goes;
        }
        let Some(amounts) = &mut passage.report.amounts else { return Fate::Goes };
        for (held, amount) in passage.memory.amounts.iter_mut().zip(amounts) {
            *held += u64::from(*amount);
            *amount = u32::try_from(*held).unwrap_or(u32::MAX);
        }
        if passage.elapsed < self.by {
            return Fate::Lost;
        }
        passage.memory.amounts = [0; 4];
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn after_the_wait_one_report_has_it_all() {
        let reports = past("clock-step", "{ by = \"10m\" }", 1.0, 1);
        assert_eq!(lost(&reports), 2);
        assert_eq!((reports[2].2, reports[3].2), (Some([30, 60, 90, 120]), Some([10, 20, 30, 40])));
    }
}
