//! Reading violations: the two list operations, verification, and plain iteration for other rooms.

use super::{Episode, Event, RETENTION, ViolationId, Violations};
use crate::detect::behavior::Behavior;
use crate::detect::criteria::Observed;
use crate::detect::device::{DeviceId, Devices};
use crate::detect::evaluation::{EvaluationId, Evaluations, SnapshotId};
use crate::detect::wire::{self, BehaviorCriteriaType, MetricValue, VerificationState, ViolationEventAdditionalInfo};
use crate::ids::ThingId;
use crate::time::Timestamp;

/// Which violations are meant; absent members do not restrict, present ones combine with AND (D-84).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViolationFilter<'a> {
    /// Only this device, whichever identity it has.
    pub thing_name: Option<&'a str>,
    /// Only this profile.
    pub security_profile_name: Option<&'a str>,
    /// Only this behavior.
    pub behavior_name: Option<&'a str>,
    /// Only behaviors of this kind.
    pub criteria_type: Option<BehaviorCriteriaType>,
    /// Only behaviors whose alerts are suppressed (true), or only others (false) (CH-89).
    pub suppressed: Option<bool>,
    /// Only violations in this state.
    pub verification: Option<VerificationState>,
}

/// One episode, for rooms that act on violations.
#[derive(Clone, Copy, Debug)]
pub struct Violation<'a> {
    episode: &'a Episode,
    evaluations: &'a Evaluations,
    devices: &'a Devices,
}

impl<'a> Violation<'a> {
    /// Its id.
    pub fn id(self) -> ViolationId {
        self.episode.id
    }

    /// The behavior that was violated, of which profile.
    pub fn evaluation(self) -> EvaluationId {
        self.episode.evaluation
    }

    /// The identity of the device.
    pub fn device(self) -> DeviceId {
        self.episode.device
    }

    /// The device's name.
    pub fn thing_name(self) -> &'a str {
        self.devices.name(self.episode.device)
    }

    /// The thing, if the device is registered; it may be deleted by now.
    pub fn thing(self) -> Option<ThingId> {
        self.devices.thing(self.episode.device)
    }

    /// The profile's name.
    pub fn security_profile_name(self) -> &'a str {
        self.evaluations.profile_name(self.episode.evaluation)
    }

    /// The behavior as it was when the alarm was raised.
    pub fn behavior(self) -> &'a Behavior {
        &self.evaluations.snapshot(self.episode.snapshot).behavior
    }

    /// Whether the episode still runs.
    pub fn is_active(self) -> bool {
        self.episode.active
    }

    /// When the alarm was raised (D-64, CH-83).
    pub fn started(self) -> Timestamp {
        self.episode.started
    }

    /// When it last violated.
    pub fn last_violation(self) -> Timestamp {
        self.episode.last
    }

    /// The last violating value.
    pub fn last_value(self) -> Option<Observed> {
        self.episode.last_value.observed()
    }

    /// What the operators think of it.
    pub fn verification(self) -> VerificationState {
        self.episode.verification
    }

    fn passes(self, filter: ViolationFilter<'_>, snapshot: SnapshotId) -> bool {
        let behavior = &self.evaluations.snapshot(snapshot).behavior;
        filter.thing_name.is_none_or(|name| name == self.thing_name())
            && filter.security_profile_name.is_none_or(|name| name == self.security_profile_name())
            && filter.behavior_name.is_none_or(|name| name == behavior.name)
            && filter.criteria_type.is_none_or(|kind| kind == behavior.criteria.kind())
            && filter.suppressed.is_none_or(|suppressed| suppressed == behavior.suppress_alerts)
            && filter.verification.is_none_or(|state| state == self.verification())
    }
}

impl Violations {
    /// All episodes on record, in the order in which they began.
    pub(crate) fn iter<'a>(
        &'a self,
        evaluations: &'a Evaluations,
        devices: &'a Devices,
        filter: ViolationFilter<'a>,
    ) -> impl Iterator<Item = Violation<'a>> + 'a {
        self.episodes
            .iter()
            .map(move |episode| Violation { episode, evaluations, devices })
            .filter(move |violation| violation.passes(filter, violation.episode.snapshot))
    }

    /// The running episodes: by start, then by id (CH-02).
    pub(crate) fn active<'a>(
        &'a self,
        evaluations: &'a Evaluations,
        devices: &'a Devices,
        filter: ViolationFilter<'a>,
    ) -> Vec<Violation<'a>> {
        let mut found: Vec<_> = self
            .active
            .values()
            .map(|position| Violation { episode: self.episode(*position), evaluations, devices })
            .filter(|violation| violation.passes(filter, violation.episode.snapshot))
            .collect();
        found.sort_by_key(|violation| (violation.started(), violation.id()));
        found
    }

    /// The events of a time range, newest first; those of one instant by profile, behavior and device (CH-88, D-69).
    pub(crate) fn events<'a>(
        &'a self,
        now: Timestamp,
        range: (Timestamp, Timestamp),
        evaluations: &'a Evaluations,
        devices: &'a Devices,
        filter: ViolationFilter<'a>,
    ) -> impl Iterator<Item = wire::ViolationEvent> + 'a {
        let horizon = now - RETENTION;
        self.newest_first(evaluations, devices)
            .iter()
            .map(|position| &self.events[*position as usize])
            .filter(move |event| event.time >= horizon && (range.0..=range.1).contains(&event.time))
            .filter_map(move |event| {
                let violation = Violation { episode: self.episode(event.episode), evaluations, devices };
                violation.passes(filter, event.snapshot).then(|| self.event_on_the_wire(event, violation))
            })
    }

    fn newest_first(&self, evaluations: &Evaluations, devices: &Devices) -> &[u32] {
        self.newest_first.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.events.len() as u32).rev().collect();
            order.sort_by(|a, b| {
                let [a, b] = [a, b].map(|position| &self.events[*position as usize]);
                let names = |event: &Event| {
                    let episode = self.episode(event.episode);
                    let evaluation = episode.evaluation;
                    let names = (evaluations.profile_name(evaluation), evaluations.behavior_name(evaluation));
                    (names, devices.name(episode.device))
                };
                b.time.cmp(&a.time).then_with(|| names(a).cmp(&names(b)))
            });
            order
        })
    }

    fn event_on_the_wire(&self, event: &Event, violation: Violation<'_>) -> wire::ViolationEvent {
        let snapshot = violation.evaluations.snapshot(event.snapshot);
        wire::ViolationEvent {
            violation_id: violation.id().to_string(),
            thing_name: violation.thing_name().to_owned(),
            security_profile_name: violation.security_profile_name().to_owned(),
            behavior: snapshot.given.clone(),
            metric_value: value_on_the_wire(event.value.observed(), &snapshot.behavior),
            violation_event_additional_info: additional_info(&snapshot.behavior),
            violation_event_type: event.kind,
            verification_state: violation.verification(),
            verification_state_description: self.descriptions.get(&event.episode).cloned(),
            violation_event_time: event.time,
        }
    }

    /// An episode in the shape of `ListActiveViolations`.
    pub(crate) fn active_on_the_wire(&self, violation: Violation<'_>) -> wire::ActiveViolation {
        let snapshot = violation.evaluations.snapshot(violation.episode.snapshot);
        let position = self.active.get(&(violation.evaluation(), violation.device()));
        wire::ActiveViolation {
            violation_id: violation.id().to_string(),
            thing_name: violation.thing_name().to_owned(),
            security_profile_name: violation.security_profile_name().to_owned(),
            behavior: snapshot.given.clone(),
            last_violation_value: value_on_the_wire(violation.last_value(), &snapshot.behavior),
            violation_event_additional_info: additional_info(&snapshot.behavior),
            verification_state: violation.verification(),
            verification_state_description: position.and_then(|position| self.descriptions.get(position).cloned()),
            last_violation_time: violation.last_violation(),
            violation_start_time: violation.started(),
        }
    }

    /// The episode of an id.
    pub(crate) fn find<'a>(
        &'a self,
        id: ViolationId,
        evaluations: &'a Evaluations,
        devices: &'a Devices,
    ) -> Option<Violation<'a>> {
        let episode = self.episodes.iter().find(|episode| episode.id == id)?;
        Some(Violation { episode, evaluations, devices })
    }

    /// Marks an episode (D-86). Returns whether there is one of that id.
    pub(crate) fn verify(&mut self, id: ViolationId, state: VerificationState, description: Option<String>) -> bool {
        let Some(at) = self.episodes.iter().position(|episode| episode.id == id) else { return false };
        self.episodes[at].verification = state;
        let position = self.episodes_gone + at as u32;
        match description {
            Some(text) => self.descriptions.insert(position, text),
            None => self.descriptions.remove(&position),
        };
        true
    }
}

pub(super) fn value_on_the_wire(value: Option<Observed>, behavior: &Behavior) -> Option<MetricValue> {
    value.map(|value| MetricValue::observed(&value, behavior.value_kind))
}

pub(super) fn additional_info(behavior: &Behavior) -> Option<ViolationEventAdditionalInfo> {
    let confidence_level = behavior.confidence()?;
    Some(ViolationEventAdditionalInfo { confidence_level: Some(confidence_level) })
}
