//! Reports are delivered twice. A second delivery within 300 s is refused (R-04); a later one counts once more (R-09).

use std::sync::Arc;

use defender::time::Millis;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "report-duplication",
    summary: "Reports are delivered twice. A second delivery within 300 s is refused (R-04); a later one counts once more (R-09).",
    stage: Stage::Network,
    intensity_of: "probability, for each report",
    intensity: 0.3,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ after = "6m" }"#],
    read: |fields| {
        Arc::new(ReportDuplication {
            after: fields.or("after", Millis::SECOND, "how much later the second delivery comes"),
        })
    },
};

#[derive(Debug)]
struct ReportDuplication {
    after: Millis,
}

impl OnReports for ReportDuplication {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let mut dice = passage.dice();
        if passage.strikes(&mut dice) {
            passage.copies.push(self.after);
        }
        Fate::Goes
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    #[test]
    fn a_copy_comes_after_the_original() {
        for (made, arrivals, _) in past("report-duplication", "{ after = \"6m\" }", 1.0, 1) {
            assert_eq!(arrivals, [made, made + 360]);
        }
    }
}
