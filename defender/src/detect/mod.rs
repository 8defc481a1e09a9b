//! Detect: datapoints in, alarms out (section 5).
//!
//! [`criteria`] says when a datapoint conforms; [`alarm`] is the state machine that turns runs of datapoints into
//! episodes. Both are the one semantic core that the columnar fast path and the obvious reference model share.
//!
//! ```text
//!  AWS JSON ──▶ wire ──▶ validate ──▶ Behavior ──▶ Evaluation ──▶ whoever judges ──▶ Transition ──▶ Detect::record
//!                          (lint)                 (Detect holds)   (columns, reference)               │
//!                                            Outbox ◀── Detect::publish ◀── violations, 30 days ◀─────┘
//! ```
//!
//! [`Detect`] is the service: profiles, custom metrics, dimensions, models, violations, and the operations on them.
//! [`reference::Reference`] judges events and reports one by one:
//!
//! ```
//! use defender::account::Account;
//! use defender::detect::Detect;
//! use defender::detect::reference::{BrokerAction, BrokerEvent, Reference, Scene};
//! use defender::error::Compatibility;
//! use defender::time::{Millis, Timestamp};
//! use serde_json::{from_value, json};
//!
//! let noon = Timestamp::from_seconds(1_748_779_200);
//! let account = Account::new("123456789012", "eu-west-1")?;
//! let mut detect = Detect::new(7, Compatibility::Strict);
//!
//! // A device normally sends at most one message in five minutes (D-01: criteria say what is normal).
//! let profile = from_value(json!({"securityProfileName": "Meters", "behaviors": [
//!     {"name": "Sent", "metric": "aws:num-messages-sent", "criteria": {
//!         "comparisonOperator": "less-than-equals", "value": {"count": 1}, "durationSeconds": 300}}]}))?;
//! detect.create_security_profile(noon, &profile, &account)?;
//! let target = from_value(json!({"securityProfileName": "Meters",
//!     "securityProfileTargetArn": "arn:aws:iot:eu-west-1:123456789012:all/things"}))?;
//! detect.attach_security_profile(noon, &target, &account)?;
//!
//! let mut reference = Reference::new(noon);
//! let mut scene = Scene { detect: &mut detect, account: &account };
//! reference.sync(noon, &mut scene);
//! for second in [10, 20] {
//!     let time = noon + Millis::seconds(second);
//!     let action = BrokerAction::Publish { topic: "power".into(), bytes: 40 };
//!     reference.observe(time, BrokerEvent { time, client_id: "meter-1".into(), action }, &mut scene);
//! }
//! reference.advance(noon + Millis::minutes(5), &mut scene);
//!
//! let active = detect.list_active_violations(&from_value(json!({}))?)?.active_violations;
//! assert_eq!((active.len(), active[0].thing_name.as_str()), (1, "meter-1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
pub mod alarm;
pub mod behavior;
pub mod columns;
pub mod criteria;
mod custom_metric;
pub mod device;
pub mod dimension;
pub mod evaluation;
pub mod lint;
pub mod ml;
pub mod percentile;
mod profile;
pub mod reference;
pub mod report;
mod retained;
mod service;
pub mod target;
#[cfg(test)]
mod tests;
mod training;
pub mod validate;
pub mod violation;
pub mod wire;

pub use profile::{Profile, RetainedMetric};
pub use retained::{DATA_RETENTION, ExportMessage, SeriesKey};
pub use service::{Answer, Detect, IndexingMode};
