//! Audits that are due look later; what changed meanwhile they see as it is then.

use std::sync::Arc;

use defender::time::Millis;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "audit-late",
    summary: "Audits that are due look later; what changed meanwhile they see as it is then.",
    stage: Stage::Audit,
    intensity_of: "probability, for each audit",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}", r#"{ delay = "12h" }"#],
    read: |fields| Arc::new(Breakdown::AuditLate(fields.or("delay", Millis::hours(6), "how much later"))),
};
