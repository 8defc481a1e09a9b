//! Alerts get lost between the service and their subscribers: nobody is told.

use std::sync::Arc;

use super::{Breakdown, Entry, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "notification-lost",
    summary: "Alerts get lost between the service and their subscribers: nobody is told.",
    stage: Stage::Notification,
    intensity_of: "probability, for each alert",
    intensity: 0.5,
    disturbs: &[],
    examples: &["{}"],
    read: |_| Arc::new(Breakdown::NotificationLost),
};
