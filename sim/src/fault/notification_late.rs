//! Alerts reach their subscribers late.

use std::sync::Arc;

use defender::time::Millis;

use super::{Breakdown, Entry, Stage};
use crate::scenario::Delay;

pub(super) const ENTRY: Entry = Entry {
    name: "notification-late",
    summary: "Alerts reach their subscribers late.",
    stage: Stage::Notification,
    intensity_of: "probability, for each alert",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}", r#"{ delay = "30m", delay-p95-ratio = 4 }"#],
    read: |fields| {
        let median = fields.or("delay", Millis::HOUR, "how much later; the median where there is a spread");
        let spread = fields.or_in("delay-p95-ratio", 1.0, 1.0..=100.0, "95th percentile of the delay over its median");
        Arc::new(Breakdown::NotificationLate(Delay::new(median, spread)))
    },
};
