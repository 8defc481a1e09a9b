//! A test through the engine itself, event by event.

use defender::account::Account;
use defender::detect::Detect;
use defender::detect::reference::{BrokerEvent, Reference, Scene};
use defender::detect::violation::ViolationFilter;
use defender::detect::wire::{
    AttachSecurityProfileRequest, DeleteSecurityProfileRequest, DetachSecurityProfileRequest,
    UpdateSecurityProfileRequest,
};
use defender::error::ServiceError;
use defender::time::{Millis, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::event::{Event, written};
use super::file::{ACCOUNT, ChangeKind, RuleTest};
use super::world::{Happening, What};

const REGION: &str = "us-east-1";

/// The account and the service as a test sets them up, the profile attached at its start.
pub(super) struct World {
    pub(super) account: Account,
    pub(super) detect: Detect,
}

fn shape<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn told(error: ServiceError) -> String {
    error.to_string()
}

impl World {
    /// The world before the test starts: things, groups, metrics, dimensions, the profile, not yet attached.
    pub(super) fn new(test: &RuleTest) -> Result<World, String> {
        let before = test.start - Millis::HOUR;
        let account = Account::new(ACCOUNT, REGION).map_err(told)?;
        let mut world = World { account, detect: Detect::new(1, test.compatibility) };
        let things = test.groups.iter().flat_map(|(_, things)| things).cloned();
        for name in test.devices().into_iter().chain(things) {
            if !test.unregistered.contains(&name) {
                world.account.create_thing(before, &name, None, &[]).map_err(told)?;
            }
        }
        for (name, things) in &test.groups {
            let group = world.account.create_thing_group(before, name, None).map_err(told)?;
            for thing in things {
                let thing = world.account.thing(thing).ok_or_else(|| format!("`{thing}` is no thing"))?;
                world.account.add_thing_to_thing_group(before, thing, group, false).map_err(told)?;
            }
        }
        for (name, kind) in &test.custom_metrics {
            let request = shape(json!({"metricName": name, "metricType": kind}))?;
            world.detect.create_custom_metric(before, &request, &world.account).map_err(told)?;
        }
        for (name, filters) in &test.dimensions {
            let request = shape(json!({"name": name, "type": "TOPIC_FILTER", "stringValues": filters}))?;
            world.detect.create_dimension(before, &request, &world.account).map_err(told)?;
        }
        world.detect.create_security_profile(before, &test.profile, &world.account).map_err(told)?;
        Ok(world)
    }

    /// Attaches the profile to the test's targets.
    pub(super) fn attach_all(&mut self, test: &RuleTest) -> Result<(), String> {
        test.targets.iter().try_for_each(|target| self.apply(test, test.start, &ChangeKind::Attach(target.clone())))
    }

    /// Makes a change.
    pub(super) fn apply(&mut self, test: &RuleTest, now: Timestamp, change: &ChangeKind) -> Result<(), String> {
        let name = &test.profile.security_profile_name;
        let arn = |target: &str| self.account.arn(target);
        match change {
            ChangeKind::Attach(target) => {
                let request = AttachSecurityProfileRequest {
                    security_profile_name: name.clone(),
                    security_profile_target_arn: arn(target),
                };
                self.detect.attach_security_profile(now, &request, &self.account).map_err(told)
            }
            ChangeKind::Detach(target) => {
                let request = DetachSecurityProfileRequest {
                    security_profile_name: name.clone(),
                    security_profile_target_arn: arn(target),
                };
                self.detect.detach_security_profile(now, &request, &self.account).map_err(told)
            }
            ChangeKind::Profile(profile) => {
                let request = UpdateSecurityProfileRequest {
                    security_profile_name: name.clone(),
                    behaviors: profile.behaviors.clone(),
                    ..UpdateSecurityProfileRequest::default()
                };
                self.detect.update_security_profile(now, &request, &self.account).map(|_| ()).map_err(told)
            }
            ChangeKind::DeleteProfile => {
                let request: DeleteSecurityProfileRequest = shape(json!({"securityProfileName": name}))?;
                self.detect.delete_security_profile(now, &request).map_err(told)
            }
            ChangeKind::DeleteThing(thing) => self.account.delete_thing(now, thing).map_err(told),
        }
    }
}

/// Runs a test; its events in order.
///
/// # Errors
/// What the service refuses of the test's set-up or of a change.
pub(super) fn run(test: &RuleTest, timeline: &[Happening]) -> Result<Vec<Event>, String> {
    let mut world = World::new(test)?;
    let mut reference = Reference::new(test.start - Millis::HOUR);
    let devices = test.devices();
    let end = test.end();
    let mut happenings = timeline.iter().peekable();
    // The profile is attached at the start: what happened before belongs to nobody's window.
    let changes = test.changes.iter().map(|change| (change.at, Some(&change.kind)));
    let changes = std::iter::once((Millis(0), None)).chain(changes);
    let mut observe = |until: Timestamp, inclusive: bool, world: &mut World, reference: &mut Reference| {
        while let Some(happening) = happenings.next_if(|next| next.time < until || inclusive && next.time == until) {
            let mut scene = Scene { detect: &mut world.detect, account: &world.account };
            let name = &devices[happening.device];
            match &happening.what {
                What::Broker(action) => {
                    let event = BrokerEvent { time: happening.time, client_id: name.clone(), action: action.clone() };
                    reference.observe(happening.time, event, &mut scene);
                }
                What::Report(values) => reference.report(happening.time, name, values, &mut scene),
            }
        }
    };
    reference.sync(test.start - Millis::HOUR, &mut Scene { detect: &mut world.detect, account: &world.account });
    for (at, change) in changes {
        let now = test.start + at;
        observe(now, false, &mut world, &mut reference);
        reference.advance(now, &mut Scene { detect: &mut world.detect, account: &world.account });
        match change {
            None => world.attach_all(test)?,
            Some(change) => {
                world.apply(test, now, change).map_err(|error| format!("the change at {at}: {error}"))?;
            }
        }
        reference.sync(now, &mut Scene { detect: &mut world.detect, account: &world.account });
    }
    observe(end, false, &mut world, &mut reference);
    reference.advance(end, &mut Scene { detect: &mut world.detect, account: &world.account });
    let range = (Timestamp(0), end + Millis::DAY);
    let mut events: Vec<Event> = world
        .detect
        .violation_events(end, range, ViolationFilter::default())
        .map(|event| Event {
            at: event.violation_event_time - test.start,
            kind: event.violation_event_type.into(),
            behavior: event.behavior.name.clone(),
            device: event.thing_name.clone(),
            value: event.metric_value.as_ref().and_then(written),
        })
        .collect();
    events.sort();
    Ok(events)
}
