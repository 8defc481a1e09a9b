//! The Detect service of one account: what is configured, and what was violated.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::behavior::{Catalog, to_json};
use super::criteria::Observed;
use super::custom_metric::CustomMetric;
use super::device::{DeviceId, Devices};
use super::dimension::TopicFilters;
use super::evaluation::{Evaluation, EvaluationId, Evaluations};
use super::ml::{AnomalyModel, StandIn};
use super::profile::Profile;
use super::retained::{ExportMessage, Retained, check_range};
use super::training::ModelRow;
use super::violation::{Cause, IndexUpdate, Outcome, Transition, Violation, ViolationFilter, ViolationId, Violations};
use super::wire::{self, MetricValue};
use crate::account::Account;
use crate::error::{Compatibility, ServiceError, Warning};
use crate::ids::{IdMint, ProfileId, ThingId};
use crate::notification::Outbox;
use crate::request::{Page, text};
use crate::time::Timestamp;

/// The answer of an operation, with the warnings that belong to it (0.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// What the service answers.
    pub response: T,
    /// Lints, ignored members, tolerated deviations.
    pub warnings: Vec<Warning>,
}

/// Whether the fleet index holds violations (`deviceDefenderIndexingMode`, D-90).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexingMode {
    /// It does not.
    #[default]
    Off,
    /// It does.
    Violations,
}

/// Detect in one account and region.
///
/// It holds security profiles, custom metrics, dimensions, models and violations, and answers the operations of the
/// API. It judges nothing: whoever does (the columns, the reference) reads what is to be judged from
/// [`Detect::evaluations`], and tells each change of an alarm to [`Detect::record`]. What ends an alarm without a
/// datapoint and follows from configuration (D-72 … D-80) is recorded here.
pub struct Detect {
    pub(super) compatibility: Compatibility,
    pub(super) catalog: Catalog,
    pub(super) profiles: Vec<Profile>,
    pub(super) profiles_by_name: BTreeMap<String, ProfileId>,
    pub(super) custom_metrics: BTreeMap<String, CustomMetric>,
    pub(super) dimensions: BTreeMap<String, TopicFilters>,
    pub(super) evaluations: Evaluations,
    pub(super) models: BTreeMap<(ProfileId, String), ModelRow>,
    pub(super) new_model: fn() -> Box<dyn AnomalyModel>,
    pub(super) devices: Devices,
    pub(super) violations: Violations,
    pub(super) retained: Retained,
    pub(super) exports: Vec<ExportMessage>,
    pub(super) generation: u64,
    indexing: IndexingMode,
    created: u64,
}

impl fmt::Debug for Detect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detect")
            .field("profiles", &self.profiles_by_name.keys())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl Detect {
    /// Detect with nothing configured. `seed` makes the violation ids (CH-03).
    pub fn new(seed: u64, compatibility: Compatibility) -> Detect {
        Detect::with_models(seed, compatibility, || Box::new(StandIn::default()))
    }

    /// Detect whose ML behaviors are judged by another model.
    pub fn with_models(seed: u64, compatibility: Compatibility, new_model: fn() -> Box<dyn AnomalyModel>) -> Detect {
        Detect {
            compatibility,
            catalog: Catalog::default(),
            profiles: Vec::new(),
            profiles_by_name: BTreeMap::new(),
            custom_metrics: BTreeMap::new(),
            dimensions: BTreeMap::new(),
            evaluations: Evaluations::default(),
            models: BTreeMap::new(),
            new_model,
            devices: Devices::default(),
            violations: Violations::new(IdMint::new(seed)),
            retained: Retained::default(),
            exports: Vec::new(),
            generation: 0,
            indexing: IndexingMode::Off,
            created: 0,
        }
    }

    /// The custom metrics and dimensions that behaviors may refer to.
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Grows whenever something changes that evaluation depends on: behaviors, attachments, dimensions.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// The profiles that exist, by creation.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter().filter(|profile| self.profiles_by_name.get(profile.name()) == Some(&profile.id()))
    }

    /// A profile by id; deleted profiles are still there.
    ///
    /// # Panics
    /// If the id was not handed out here.
    pub fn profile(&self, id: ProfileId) -> &Profile {
        &self.profiles[id.index()]
    }

    /// What is being evaluated, by profile and behavior in their order.
    pub fn evaluations(&self) -> impl Iterator<Item = (EvaluationId, &Evaluation)> {
        let ids = self.profiles().flat_map(|profile| profile.evaluations().iter().copied());
        ids.map(|id| (id, self.evaluations.get(id)))
    }

    /// One evaluation, ended or not.
    ///
    /// # Panics
    /// If the id was not handed out here.
    pub fn evaluation(&self, id: EvaluationId) -> &Evaluation {
        self.evaluations.get(id)
    }

    /// The identities that Detect has met.
    pub const fn devices(&self) -> &Devices {
        &self.devices
    }

    /// The identity of a registered device.
    pub fn device_of_thing(&mut self, thing: ThingId, account: &Account) -> DeviceId {
        self.devices.of_thing(thing, account.thing_name(thing))
    }

    /// The identity of a name at evaluation time: of the thing of that name, or else unregistered (D-30).
    pub fn device(&mut self, name: &str, account: &Account) -> DeviceId {
        match account.thing(name) {
            Some(thing) => self.devices.of_thing(thing, name),
            None => self.devices.of_unregistered(name),
        }
    }

    /// Writes down what happened to one alarm, and returns the episode's id (D-66).
    ///
    /// # Panics
    /// If the alarm is raised while it rings, or ended while it does not: alarm machines cannot do that.
    pub fn record(&mut self, now: Timestamp, transition: Transition) -> ViolationId {
        debug_assert!(transition.time <= now, "datapoints are not from the future");
        let row = self.evaluations.get(transition.evaluation);
        let alerted = match &transition.outcome {
            Outcome::Invalidated(cause) => cause.sends_alert(),
            Outcome::Raised(_) | Outcome::Cleared(_) => true,
        };
        let alerted = alerted && !row.behavior.suppress_alerts;
        let topic = if alerted { self.profiles[row.profile.index()].alert_topic() } else { None };
        self.violations.record(transition, row.snapshot, topic)
    }

    /// A further violating datapoint of a ringing alarm: moves its last time and value (D-63). Nothing happens if the
    /// alarm does not ring.
    pub fn touch(&mut self, evaluation: EvaluationId, device: DeviceId, time: Timestamp, value: Observed) {
        self.violations.touch(evaluation, device, time, value);
    }

    /// Whether the alarm of a behavior rings for a device.
    pub fn is_in_alarm(&self, evaluation: EvaluationId, device: DeviceId) -> bool {
        self.violations.is_active(evaluation, device)
    }

    /// The ringing alarms of a device, in the order of simultaneous events (D-69).
    pub fn alarms_of(&self, device: DeviceId) -> Vec<EvaluationId> {
        let running = self.violations.running(&self.evaluations, &self.devices, |_, other| other == device);
        running.into_iter().map(|(evaluation, _)| evaluation).collect()
    }

    /// Ends a ringing alarm for a reason other than a datapoint.
    pub(super) fn invalidate(&mut self, now: Timestamp, evaluation: EvaluationId, device: DeviceId, cause: Cause) {
        self.record(now, Transition { evaluation, device, time: now, outcome: Outcome::Invalidated(cause) });
    }

    /// Ends evaluations, each for its reason, and the alarms that ring for them.
    pub(super) fn end_evaluations(&mut self, now: Timestamp, ended: &[(EvaluationId, Cause)]) {
        let cause_of = |wanted: EvaluationId| ended.iter().find(|(id, _)| *id == wanted).map(|(_, cause)| *cause);
        let running =
            self.violations.running(&self.evaluations, &self.devices, |evaluation, _| cause_of(evaluation).is_some());
        for (evaluation, device) in running {
            if let Some(cause) = cause_of(evaluation) {
                self.invalidate(now, evaluation, device, cause);
            }
        }
        for (evaluation, cause) in ended {
            self.evaluations.end(now, *evaluation, *cause);
        }
    }

    /// Counts and alerts the events since the last call (D-87 … D-89). Delivery changes nothing here (D-95).
    pub fn publish(&mut self, now: Timestamp, outbox: &mut Outbox) {
        self.violations.publish(now, &self.evaluations, &self.devices, outbox);
    }

    /// Forgets events older than 30 days. Lists leave them out anyway; this frees their memory.
    pub fn prune(&mut self, now: Timestamp) {
        self.violations.prune(now);
    }

    /// Running violations (D-82), by start, then by id (CH-02).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown profile; `InvalidRequestException` for a bad page.
    pub fn list_active_violations(
        &self,
        request: &wire::ListActiveViolationsRequest,
    ) -> Result<wire::ListActiveViolationsResponse, ServiceError> {
        text::DEVICE_NAME.check_if_given("thingName", request.thing_name.as_deref())?;
        if let Some(name) = &request.security_profile_name {
            self.profile_named(name)?;
        }
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let filter = ViolationFilter {
            thing_name: request.thing_name.as_deref(),
            security_profile_name: request.security_profile_name.as_deref(),
            behavior_name: None,
            criteria_type: request.behavior_criteria_type,
            suppressed: request.list_suppressed_alerts,
            verification: request.verification_state,
        };
        let active = self.violations.active(&self.evaluations, &self.devices, filter);
        let (page, next_token) = page.of(active)?;
        let active_violations = page.into_iter().map(|violation| self.violations.active_on_the_wire(violation));
        Ok(wire::ListActiveViolationsResponse { active_violations: active_violations.collect(), next_token })
    }

    /// Violation events of the last 30 days, newest first (D-83).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name or page, or a range that ends before it starts.
    pub fn list_violation_events(
        &self,
        now: Timestamp,
        request: &wire::ListViolationEventsRequest,
    ) -> Result<wire::ListViolationEventsResponse, ServiceError> {
        check_range(request.start_time, request.end_time)?;
        text::DEVICE_NAME.check_if_given("thingName", request.thing_name.as_deref())?;
        text::NAME.check_if_given("securityProfileName", request.security_profile_name.as_deref())?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let filter = ViolationFilter {
            thing_name: request.thing_name.as_deref(),
            security_profile_name: request.security_profile_name.as_deref(),
            behavior_name: None,
            criteria_type: request.behavior_criteria_type,
            suppressed: request.list_suppressed_alerts,
            verification: request.verification_state,
        };
        let (violation_events, next_token) =
            page.of(self.violation_events(now, (request.start_time, request.end_time), filter))?;
        Ok(wire::ListViolationEventsResponse { violation_events, next_token })
    }

    /// Violation events of a time range, both ends included, without pages: newest first, those of one instant by
    /// profile, behavior and device (CH-88, D-69).
    pub fn violation_events<'a>(
        &'a self,
        now: Timestamp,
        range: (Timestamp, Timestamp),
        filter: ViolationFilter<'a>,
    ) -> impl Iterator<Item = wire::ViolationEvent> + 'a {
        self.violations.events(now, range, &self.evaluations, &self.devices, filter)
    }

    /// Violations on record, running or ended, in the order in which they began.
    pub fn violations<'a>(&'a self, filter: ViolationFilter<'a>) -> impl Iterator<Item = Violation<'a>> + 'a {
        self.violations.iter(&self.evaluations, &self.devices, filter)
    }

    /// A violation on record.
    pub fn violation(&self, id: ViolationId) -> Option<Violation<'_>> {
        self.violations.find(id, &self.evaluations, &self.devices)
    }

    /// Notes what a violation turned out to be (D-86). Evaluation does not care (CH-90).
    ///
    /// # Errors
    /// `InvalidRequestException` for an unknown id or a bad description.
    pub fn put_verification_state_on_violation(
        &mut self,
        _now: Timestamp,
        request: &wire::PutVerificationStateOnViolationRequest,
    ) -> Result<(), ServiceError> {
        let description = request.verification_state_description.as_deref();
        text::VERIFICATION_DESCRIPTION.check_if_given("verificationStateDescription", description)?;
        let id = &request.violation_id;
        let unknown = || ServiceError::invalid(format!("violation `{id}` does not exist"));
        let parsed = id.parse().map_err(|_| unknown())?;
        let description = request.verification_state_description.clone();
        if self.violations.verify(parsed, request.verification_state, description) { Ok(()) } else { Err(unknown()) }
    }

    /// Switches the fleet index on or off (D-90).
    pub fn set_indexing_mode(&mut self, mode: IndexingMode) {
        self.indexing = mode;
    }

    /// What the fleet index should learn since the last call; nothing while it is off.
    pub fn take_index_updates(&mut self) -> Vec<IndexUpdate> {
        let updates = self.violations.take_index_updates(&self.evaluations, &self.devices);
        match self.indexing {
            IndexingMode::Off => Vec::new(),
            IndexingMode::Violations => updates,
        }
    }

    /// A thing's `deviceDefender` document in the fleet index (D-90); `None` while the index is off.
    pub fn fleet_index_document(&self, thing_name: &str) -> Option<Value> {
        if self.indexing == IndexingMode::Off {
            return None;
        }
        let filter = ViolationFilter { thing_name: Some(thing_name), ..ViolationFilter::default() };
        let mut document = Map::new();
        let of_thing = self.violations(filter).filter(|violation| violation.thing().is_some());
        let violations: Vec<_> = of_thing.collect();
        let count = violations.iter().filter(|violation| violation.is_active()).count();
        document.insert("violationCount".into(), json!(count));
        // Later episodes of a behavior replace earlier ones.
        for violation in violations {
            let behavior = violation.behavior();
            let value = violation.last_value().map(|value| MetricValue::observed(&value, behavior.value_kind));
            let entry = json!({
                "metricName": behavior.metric.to_string(),
                "lastViolationTime": violation.last_violation().millis(),
                "lastViolationValue": to_json(&value),
                "inViolation": violation.is_active(),
            });
            let profile = document.entry(violation.security_profile_name()).or_insert_with(|| json!({}));
            profile[behavior.name.as_str()] = entry;
        }
        Some(json!({ "deviceDefender": document }))
    }

    /// Memory held by violations and identities, without the allocator's own overhead \[bytes\].
    pub fn heap_bytes(&self) -> usize {
        self.violations.heap_bytes() + self.devices.heap_bytes()
    }

    pub(super) fn next_order(&mut self) -> u64 {
        self.created += 1;
        self.created
    }
}
