//! Telling others about events: alerts and CloudWatch (D-88, D-89), and the fleet index (D-90).

use std::collections::BTreeMap;

use super::query::value_on_the_wire;
use super::{ViolationEventType, Violations};
use crate::detect::device::Devices;
use crate::detect::evaluation::Evaluations;
use crate::detect::wire;
use crate::ids::ThingId;
use crate::notification::{Alert, Outbox};
use crate::time::Timestamp;

/// One change that the fleet index should know (D-90).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexUpdate {
    /// The thing.
    pub thing: ThingId,
    /// The profile's name.
    pub profile: String,
    /// The behavior's name.
    pub behavior: String,
    /// Whether it is in violation now.
    pub in_violation: bool,
}

impl Violations {
    /// Counts the events recorded since the last call, suppressed or not, and sends the alerts that are due (D-87).
    pub(crate) fn publish(
        &mut self,
        now: Timestamp,
        evaluations: &Evaluations,
        devices: &Devices,
        outbox: &mut Outbox,
    ) {
        let start = self.published.saturating_sub(self.events_gone);
        self.published = self.events_gone + self.events.len();
        let mut handles = BTreeMap::new();
        for event in self.events.range(start..) {
            let episode = self.episode(event.episode);
            let snapshot = evaluations.snapshot(event.snapshot);
            let profile = evaluations.profile_name(episode.evaluation);
            let handle = *handles
                .entry(event.snapshot)
                .or_insert_with(|| outbox.behavior(profile, &with_default_counts(&snapshot.given)));
            outbox.count_violation(event.time, handle, event.kind);
            let Some(topic) = self.topics.get(event.topic as usize) else { continue };
            let value = value_on_the_wire(event.value.observed(), &snapshot.behavior);
            let alert = Alert {
                event_time: event.time,
                thing_name: devices.name(episode.device),
                behavior: handle,
                event: event.kind,
                value: value.as_ref(),
                violation_id: &episode.id.to_string(),
                verification_state: episode.verification,
                confidence: snapshot.behavior.confidence(),
            };
            outbox.alert(now, topic, &alert);
        }
    }

    /// What happened to the alarms of things since the last call, in the order of recording.
    pub(crate) fn take_index_updates(&mut self, evaluations: &Evaluations, devices: &Devices) -> Vec<IndexUpdate> {
        let start = self.indexed.saturating_sub(self.events_gone);
        self.indexed = self.events_gone + self.events.len();
        self.events
            .range(start..)
            .filter_map(|event| {
                let episode = self.episode(event.episode);
                Some(IndexUpdate {
                    thing: devices.thing(episode.device)?,
                    profile: evaluations.profile_name(episode.evaluation).to_owned(),
                    behavior: evaluations.behavior_name(episode.evaluation).to_owned(),
                    in_violation: event.kind == ViolationEventType::InAlarm,
                })
            })
            .collect()
    }
}

/// A behavior as alerts show it: with the default counts written out.
fn with_default_counts(given: &wire::Behavior) -> wire::Behavior {
    let mut shown = given.clone();
    if let Some(criteria) = &mut shown.criteria {
        criteria.consecutive_datapoints_to_alarm.get_or_insert(1);
        criteria.consecutive_datapoints_to_clear.get_or_insert(1);
    }
    shown
}
