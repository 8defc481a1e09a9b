//! Audits are canceled as they start: no check looks.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "audit-canceled",
    summary: "Audits are canceled as they start: no check looks.",
    stage: Stage::Audit,
    intensity_of: "probability, for each audit",
    intensity: 1.0,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::AuditCanceled),
};
