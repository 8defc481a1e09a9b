//! An account with Detect, spoken to in JSON.

use serde_json::{Value, json};

use crate::account::Account;
use crate::detect::Detect;
use crate::detect::criteria::Observed;
use crate::detect::evaluation::EvaluationId;
use crate::detect::violation::{Outcome, Transition, ViolationFilter, ViolationId};
use crate::detect::wire;
use crate::error::{Compatibility, Exception, ServiceError};
use crate::notification::Outbox;
use crate::time::Timestamp;

/// The time origin of the specification's vectors, a multiple of 3600 s.
pub(crate) const B: i64 = 1_748_736_000;

/// `B` plus seconds.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(B + seconds)
}

pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) detect: Detect,
    pub(crate) outbox: Outbox,
}

pub(crate) fn shape<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a request of the right shape")
}

/// The exception of a refused operation.
pub(crate) fn exception<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Exception {
    result.expect_err("must be refused").exception
}

/// Messages sent at most `count` in 300 s.
pub(crate) fn sent_at_most(name: &str, count: u64) -> Value {
    json!({"name": name, "metric": "aws:num-messages-sent", "criteria":
        {"comparisonOperator": "less-than-equals", "value": {"count": count}, "durationSeconds": 300}})
}

pub(crate) fn learned(name: &str) -> Value {
    json!({"name": name, "metric": "aws:num-messages-sent", "criteria": {"mlDetectionConfig": {"confidenceLevel": "HIGH"}}})
}

impl World {
    pub(crate) fn new() -> World {
        World {
            account: Account::new("123456789012", "us-east-1").expect("a valid account"),
            detect: Detect::new(1, Compatibility::Strict),
            outbox: Outbox::new(),
        }
    }

    /// Creates a profile that alerts.
    pub(crate) fn create(&mut self, now: Timestamp, name: &str, behaviors: Value) -> Result<(), ServiceError> {
        let request = shape(json!({"securityProfileName": name, "behaviors": behaviors, "alertTargets": {"SNS": {
            "alertTargetArn": "arn:aws:sns:us-east-1:123456789012:alarms",
            "roleArn": "arn:aws:iam::123456789012:role/alerts"}}}));
        self.detect.create_security_profile(now, &request, &self.account).map(|_| ())
    }

    pub(crate) fn update(
        &mut self,
        now: Timestamp,
        name: &str,
        mut members: Value,
    ) -> Result<wire::SecurityProfileDescription, ServiceError> {
        members["securityProfileName"] = json!(name);
        self.detect.update_security_profile(now, &shape(members), &self.account).map(|answer| answer.response)
    }

    pub(crate) fn delete(&mut self, now: Timestamp, name: &str) -> Result<(), ServiceError> {
        self.detect.delete_security_profile(now, &shape(json!({"securityProfileName": name})))
    }

    /// The ARN of a target such as `all/things`.
    pub(crate) fn arn(&self, resource: &str) -> String {
        self.account.arn(resource)
    }

    pub(crate) fn attach(&mut self, now: Timestamp, name: &str, target: &str) -> Result<(), ServiceError> {
        let request = json!({"securityProfileName": name, "securityProfileTargetArn": self.arn(target)});
        self.detect.attach_security_profile(now, &shape(request), &self.account)
    }

    pub(crate) fn detach(&mut self, now: Timestamp, name: &str, target: &str) -> Result<(), ServiceError> {
        let request = json!({"securityProfileName": name, "securityProfileTargetArn": self.arn(target)});
        self.detect.detach_security_profile(now, &shape(request), &self.account)
    }

    /// Creates and attaches in one go.
    pub(crate) fn watch(&mut self, now: Timestamp, name: &str, behaviors: Value, target: &str) {
        self.create(now, name, behaviors).expect("a valid profile");
        self.attach(now, name, target).expect("a valid target");
    }

    pub(crate) fn thing(&mut self, now: Timestamp, name: &str) -> crate::ids::ThingId {
        self.account.create_thing(now, name, None, &[]).expect("a valid thing")
    }

    /// The evaluation of a behavior.
    pub(crate) fn evaluation(&self, profile: &str, behavior: &str) -> EvaluationId {
        let mut all = self.detect.evaluations();
        let found = all.find(|(_, row)| row.profile_name() == profile && row.behavior().name == behavior);
        found.expect("a behavior of the profile").0
    }

    pub(crate) fn raise(
        &mut self,
        now: Timestamp,
        profile: &str,
        behavior: &str,
        device: &str,
        value: f64,
    ) -> ViolationId {
        self.tell(now, profile, behavior, device, Outcome::Raised(Observed::Number(value)))
    }

    pub(crate) fn clear(
        &mut self,
        now: Timestamp,
        profile: &str,
        behavior: &str,
        device: &str,
        value: f64,
    ) -> ViolationId {
        self.tell(now, profile, behavior, device, Outcome::Cleared(Observed::Number(value)))
    }

    fn tell(&mut self, now: Timestamp, profile: &str, behavior: &str, device: &str, outcome: Outcome) -> ViolationId {
        let evaluation = self.evaluation(profile, behavior);
        let device = self.detect.device(device, &self.account);
        self.detect.record(now, Transition { evaluation, device, time: now, outcome })
    }

    /// All events on record, oldest first, as `time-B type thing value`.
    pub(crate) fn events(&self, now: Timestamp) -> Vec<String> {
        let range = (Timestamp(0), now);
        let mut events: Vec<_> = self.detect.violation_events(now, range, ViolationFilter::default()).collect();
        events.reverse();
        events.iter().map(event_line).collect()
    }

    /// The bodies of the alerts since the last call.
    pub(crate) fn alerts(&mut self, now: Timestamp) -> Vec<Value> {
        let start = self.outbox.end();
        self.detect.publish(now, &mut self.outbox);
        self.outbox.since(start).map(|message| shape(serde_json::from_str(&message.body()).expect("JSON"))).collect()
    }
}

fn event_line(event: &wire::ViolationEvent) -> String {
    let seconds = event.violation_event_time.as_seconds_f64() - B as f64;
    let kind = serde_json::to_value(event.violation_event_type).expect("a name");
    let value = event.metric_value.as_ref().map(|value| serde_json::to_string(value).expect("JSON"));
    let value = value.unwrap_or_else(|| "-".to_owned());
    format!("{seconds} {} {} {value}", kind.as_str().unwrap_or_default(), event.thing_name)
}
