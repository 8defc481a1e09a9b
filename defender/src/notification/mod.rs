//! What would have gone to SNS and CloudWatch, in the service's own JSON.
//!
//! The [`Outbox`] is where the engine's messages end. A simulator reads them as they come ([`Outbox::since`]), hands
//! them to whoever listens, and forgets them ([`Outbox::forget_before`]); a report writer renders them to JSON. A
//! million alerts are held as a million small records: names, behaviors and topics are kept once, and the text of a
//! message is made when somebody asks for it.
//!
//! ```
//! use defender::detect::alarm::ViolationEventType;
//! use defender::detect::wire::{Behavior, VerificationState};
//! use defender::notification::{Alert, Outbox};
//! use defender::time::Timestamp;
//!
//! let mut outbox = Outbox::new();
//! let behavior = outbox.behavior("Factory", &Behavior { name: "Sent".into(), ..Behavior::default() });
//! let now = Timestamp::from_seconds(1_748_736_900);
//! outbox.alert(now, "arn:aws:sns:us-east-1:123456789012:alarms", &Alert {
//!     event_time: now,
//!     thing_name: "pump-7",
//!     behavior,
//!     event: ViolationEventType::InAlarm,
//!     value: None,
//!     violation_id: "9d0c7f4e2a1b4c3d8e5f60718293a4b5",
//!     verification_state: VerificationState::Unknown,
//!     confidence: None,
//! });
//! let message = outbox.since(0).next().expect("one alert");
//! assert!(message.body().starts_with(r#"{"violationEventTime":1748736900000,"thingName":"pump-7","#));
//! ```

mod alert;
mod audit;
mod metrics;
mod outbox;

pub use alert::{Alert, BehaviorHandle};
pub use audit::{AuditCheckResult, AuditNotification};
pub use metrics::{MetricName, MetricSeries};
pub use outbox::{Failure, Message, MessageKind, Outbox};
