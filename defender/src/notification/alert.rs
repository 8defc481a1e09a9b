//! Violation alerts (D-88): fifty-odd bytes each until somebody wants to read one.

use std::fmt::Write;

use serde::Serialize;

use super::outbox::Texts;
use crate::detect::alarm::ViolationEventType;
use crate::detect::wire::{Behavior, ConfidenceLevel, MetricValue, VerificationState};
use crate::time::Timestamp;

/// A behavior of a security profile as it was when alerts about it were sent (D-85); from
/// [`Outbox::behavior`](super::Outbox::behavior).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BehaviorHandle(pub(super) u32);

/// An alert to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    /// The datapoint's time (D-67).
    pub event_time: Timestamp,
    /// The device.
    pub thing_name: &'a str,
    /// The behavior, and through it the profile.
    pub behavior: BehaviorHandle,
    /// Raised, cleared or invalidated.
    pub event: ViolationEventType,
    /// The datapoint; absent when invalidated (D-61).
    pub value: Option<&'a MetricValue>,
    /// The episode (D-66).
    pub violation_id: &'a str,
    /// What the operators think of the episode.
    pub verification_state: VerificationState,
    /// Of an ML behavior (D-ML10).
    pub confidence: Option<ConfidenceLevel>,
}

/// An id of 32 hexadecimal digits in 16 bytes; any other as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Hex([u8; 16]),
    Text(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    None,
    Count(i64),
    Number(f64),
    Json(u32),
}

/// An alert as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Record {
    id: Id,
    event_time: Timestamp,
    value: Value,
    thing: u32,
    behavior: u32,
    event: ViolationEventType,
    verification_state: VerificationState,
    confidence: Option<ConfidenceLevel>,
}

/// A behavior as it is kept: of which profile, and its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeptBehavior {
    pub(super) profile: u32,
    pub(super) name: u32,
    json: String,
}

impl KeptBehavior {
    pub(super) fn new(texts: &mut Texts, profile: &str, behavior: &Behavior) -> KeptBehavior {
        // Alerts do not carry `exportMetric` (D-88).
        let shown = Behavior { export_metric: None, ..behavior.clone() };
        KeptBehavior { profile: texts.keep(profile), name: texts.keep(&behavior.name), json: json(&shown) }
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("strings and numbers have a JSON text")
}

impl Record {
    pub(super) fn new(texts: &mut Texts, alert: &Alert<'_>) -> Record {
        let hex = alert.violation_id.len() == 32
            && alert.violation_id.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
        let id = match u128::from_str_radix(alert.violation_id, 16) {
            Ok(id) if hex => Id::Hex(id.to_be_bytes()),
            _ => Id::Text(texts.keep(alert.violation_id)),
        };
        let value = match alert.value {
            None => Value::None,
            Some(value) => match (value.count.as_ref().and_then(serde_json::Number::as_i64), value.number) {
                (Some(count), None) => Value::Count(count),
                (None, Some(number)) if number.is_finite() => Value::Number(number),
                _ => Value::Json(texts.keep(&json(value))),
            },
        };
        Record {
            id,
            event_time: alert.event_time,
            value,
            thing: texts.keep(alert.thing_name),
            behavior: alert.behavior.0,
            event: alert.event,
            verification_state: alert.verification_state,
            confidence: alert.confidence,
        }
    }

    pub(super) const fn behavior(&self) -> BehaviorHandle {
        BehaviorHandle(self.behavior)
    }

    pub(super) const fn event(&self) -> ViolationEventType {
        self.event
    }

    pub(super) fn thing<'a>(&self, texts: &'a Texts) -> &'a str {
        texts.get(self.thing)
    }

    /// The payload: compact, members in the order of the published examples (5.14).
    pub(super) fn body(&self, texts: &Texts, behavior: &KeptBehavior) -> String {
        let mut body = format!(
            r#"{{"violationEventTime":{},"thingName":{},"behavior":{},"violationEventType":{}"#,
            self.event_time.millis(),
            json(texts.get(self.thing)),
            behavior.json,
            json(&self.event),
        );
        // Writing to a string cannot fail.
        let _ = match self.value {
            Value::None => Ok(()),
            Value::Count(count) => write!(body, r#","metricValue":{{"count":{count}}}"#),
            Value::Number(number) => write!(body, r#","metricValue":{{"number":{}}}"#, json(&number)),
            Value::Json(text) => write!(body, r#","metricValue":{}"#, texts.get(text)),
        };
        let id = match self.id {
            Id::Hex(id) => format!("\"{:032x}\"", u128::from_be_bytes(id)),
            Id::Text(text) => json(texts.get(text)),
        };
        let _ = write!(
            body,
            r#","violationId":{id},"securityProfileName":{},"verificationState":{}"#,
            json(texts.get(behavior.profile)),
            json(&self.verification_state),
        );
        if let Some(confidence) = self.confidence {
            let _ = write!(body, r#","violationEventAdditionalInfo":{{"confidenceLevel":{}}}"#, json(&confidence));
        }
        body.push('}');
        body
    }
}
