//! The outbox: messages in the order of sending, and what became of them.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexSet;
use serde::Serialize;

use super::alert::{Alert, BehaviorHandle, KeptBehavior, Record};
use super::audit::AuditNotification;
use super::metrics::{MetricSeries, Metrics};
use crate::detect::alarm::ViolationEventType;
use crate::detect::wire::Behavior;
use crate::time::Timestamp;

/// Texts that are kept once and known by their number.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(IndexSet<Box<str>>);

impl Texts {
    pub(super) fn keep(&mut self, text: &str) -> u32 {
        let position = match self.0.get_index_of(text) {
            Some(position) => position,
            None => self.0.insert_full(text.into()).0,
        };
        u32::try_from(position).expect("fewer texts than 2^32")
    }

    pub(super) fn get(&self, text: u32) -> &str {
        &self.0[text as usize]
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum MessageKind {
    /// A Detect alert (D-88).
    ViolationAlert,
    /// An audit has ended (A-52).
    AuditResult,
    /// A finding, published by a mitigation action (A-53).
    PublishedFinding,
}

/// Why a message did not arrive (CH-120). It is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Failure {
    /// The topic does not exist.
    TopicNotFound,
    /// The role may not publish there.
    NotPermitted,
    /// Lost on the way.
    Lost,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::TopicNotFound => "the topic does not exist",
            Failure::NotPermitted => "the role may not publish to the topic",
            Failure::Lost => "the message was lost",
        })
    }
}

#[derive(Clone, Debug)]
enum Content {
    Alert(Record),
    Audit(Box<str>),
    Finding(Box<str>),
}

#[derive(Clone, Debug)]
struct Sent {
    at: Timestamp,
    topic: u32,
    failure: Option<Failure>,
    content: Content,
}

/// Everything that was sent, or would have been.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    texts: Texts,
    behaviors: IndexSet<KeptBehavior>,
    messages: Vec<Sent>,
    /// The sequence number of the first message still held.
    first: u64,
    missing_topics: BTreeSet<Box<str>>,
    failures: u64,
    metrics: Metrics,
}

impl Outbox {
    /// An empty outbox.
    pub fn new() -> Outbox {
        Outbox::default()
    }

    /// Makes a behavior known, so that alerts can refer to it.
    pub fn behavior(&mut self, profile: &str, behavior: &Behavior) -> BehaviorHandle {
        let kept = KeptBehavior::new(&mut self.texts, profile, behavior);
        let position = self.behaviors.insert_full(kept).0;
        BehaviorHandle(u32::try_from(position).expect("fewer behaviors than 2^32"))
    }

    /// Counts a violation event for CloudWatch: all of them, suppressed or not (D-87, D-89).
    pub fn count_violation(&mut self, at: Timestamp, behavior: BehaviorHandle, event: ViolationEventType) {
        self.metrics.violation(at, &self.behaviors[behavior.0 as usize], event);
    }

    /// Counts what a check of an audit found, for CloudWatch; without a schedule the audit is `OnDemand` (A-54).
    pub fn count_check(
        &mut self,
        at: Timestamp,
        scheduled_audit_name: Option<&str>,
        check_name: &str,
        resources_evaluated: u64,
        non_compliant_resources: u64,
    ) {
        let audit = self.texts.keep(scheduled_audit_name.unwrap_or("OnDemand"));
        let check = self.texts.keep(check_name);
        self.metrics.check(at, audit, check, resources_evaluated, non_compliant_resources);
    }

    /// Sends an alert (D-88) and gives its sequence number.
    pub fn alert(&mut self, now: Timestamp, topic_arn: &str, alert: &Alert<'_>) -> u64 {
        let record = Record::new(&mut self.texts, alert);
        self.send(now, topic_arn, Content::Alert(record))
    }

    /// Sends the notification of an audit's end (A-52).
    pub fn audit_result(&mut self, now: Timestamp, topic_arn: &str, notification: &AuditNotification) -> u64 {
        let body = serde_json::to_string(notification).expect("the payload has a JSON text");
        self.send(now, topic_arn, Content::Audit(body.into()))
    }

    /// Sends a finding (A-53); `body` is its payload.
    pub(crate) fn published_finding(&mut self, now: Timestamp, topic_arn: &str, body: String) -> u64 {
        self.send(now, topic_arn, Content::Finding(body.into()))
    }

    fn send(&mut self, at: Timestamp, topic_arn: &str, content: Content) -> u64 {
        let topic = self.texts.keep(topic_arn);
        self.messages.push(Sent { at, topic, failure: None, content });
        let sequence = self.end() - 1;
        if self.missing_topics.contains(topic_arn) {
            self.fail(sequence, Failure::TopicNotFound);
        }
        sequence
    }

    /// Takes note that a message did not arrive (CH-120). The first cause stays.
    pub fn fail(&mut self, sequence: u64, failure: Failure) {
        let position = sequence.checked_sub(self.first).and_then(|offset| usize::try_from(offset).ok());
        if let Some(sent) = position.and_then(|position| self.messages.get_mut(position))
            && sent.failure.is_none()
        {
            sent.failure = Some(failure);
            self.failures += 1;
        }
    }

    /// Deletes a topic, or makes it exist again. Topics that nobody mentions are presumed to exist (CH-102).
    pub fn set_topic_exists(&mut self, topic_arn: &str, exists: bool) {
        if exists {
            self.missing_topics.remove(topic_arn);
        } else {
            self.missing_topics.insert(topic_arn.into());
        }
    }

    /// Whether a topic exists.
    pub fn topic_exists(&self, topic_arn: &str) -> bool {
        !self.missing_topics.contains(topic_arn)
    }

    /// The sequence number that the next message will get.
    pub fn end(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    /// Messages that did not arrive, over all time.
    pub const fn failed_deliveries(&self) -> u64 {
        self.failures
    }

    /// The messages held, from a sequence number on, in the order of sending.
    pub fn since(&self, sequence: u64) -> impl ExactSizeIterator<Item = Message<'_>> {
        let skip = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.messages.len());
        let first = self.first + skip as u64;
        self.messages[skip..].iter().enumerate().map(move |(i, sent)| Message {
            sequence: first + i as u64,
            sent,
            outbox: self,
        })
    }

    /// Lets go of the messages before a sequence number; metrics and counts stay.
    pub fn forget_before(&mut self, sequence: u64) {
        let gone = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.messages.len());
        self.messages.drain(..gone);
        self.first += gone as u64;
    }

    /// The CloudWatch metrics of namespace `AWS/IoT` (A-54, D-89), by name and dimensions.
    pub fn metrics(&self) -> impl Iterator<Item = MetricSeries<'_>> {
        self.metrics.iter(&self.texts)
    }
}

/// A message in the outbox.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    sequence: u64,
    sent: &'a Sent,
    outbox: &'a Outbox,
}

impl<'a> Message<'a> {
    /// Its place in the order of sending, from 0.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When it was sent; an alert's own time may be earlier (D-67).
    pub const fn sent_at(&self) -> Timestamp {
        self.sent.at
    }

    /// Where it went.
    pub fn topic_arn(&self) -> &'a str {
        self.outbox.texts.get(self.sent.topic)
    }

    /// What it is about.
    pub const fn kind(&self) -> MessageKind {
        match self.sent.content {
            Content::Alert(_) => MessageKind::ViolationAlert,
            Content::Audit(_) => MessageKind::AuditResult,
            Content::Finding(_) => MessageKind::PublishedFinding,
        }
    }

    /// Why it did not arrive, if it did not.
    pub const fn failure(&self) -> Option<Failure> {
        self.sent.failure
    }

    /// Of an alert: the device, the behavior and what happened.
    pub fn as_alert(&self) -> Option<(&'a str, BehaviorHandle, ViolationEventType)> {
        match &self.sent.content {
            Content::Alert(record) => Some((record.thing(&self.outbox.texts), record.behavior(), record.event())),
            Content::Audit(_) | Content::Finding(_) => None,
        }
    }

    /// The payload: compact JSON, as it would arrive. SNS messages of the service have no subject.
    pub fn body(&self) -> String {
        match &self.sent.content {
            Content::Alert(record) => {
                let behavior = &self.outbox.behaviors[record.behavior().0 as usize];
                record.body(&self.outbox.texts, behavior)
            }
            Content::Audit(body) | Content::Finding(body) => body.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{AuditCheckResult, MetricName};
    use super::*;
    use crate::detect::wire::{ConfidenceLevel, MetricValue, VerificationState, ViolationAlert};

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alarms";
    const NOW: Timestamp = Timestamp(1_748_736_936_000);

    fn sent_behavior() -> Behavior {
        serde_json::from_value(json!({"name": "Sent", "metric": "aws:num-messages-sent",
            "criteria": {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300,
                "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1},
            "exportMetric": true}))
        .expect("a behavior")
    }

    fn alert(behavior: BehaviorHandle, value: Option<&MetricValue>) -> Alert<'_> {
        Alert {
            event_time: Timestamp(1_748_736_900_000),
            thing_name: "pump-7",
            behavior,
            event: ViolationEventType::InAlarm,
            value,
            violation_id: "9d0c7f4e2a1b4c3d8e5f60718293a4b5",
            verification_state: VerificationState::Unknown,
            confidence: None,
        }
    }

    fn count(n: i64) -> MetricValue {
        MetricValue { count: Some(n.into()), ..MetricValue::default() }
    }

    #[test]
    fn d88_the_alert_of_the_example_byte_for_byte() {
        let mut outbox = Outbox::new();
        let behavior = outbox.behavior("P", &sent_behavior());
        outbox.alert(NOW, TOPIC, &alert(behavior, Some(&count(51))));
        let body = outbox.since(0).next().map(|message| message.body());
        assert_eq!(
            body.as_deref(),
            Some(concat!(
                r#"{"violationEventTime":1748736900000,"thingName":"pump-7","#,
                r#""behavior":{"name":"Sent","metric":"aws:num-messages-sent","#,
                r#""criteria":{"comparisonOperator":"less-than-equals","value":{"count":50},"durationSeconds":300,"#,
                r#""consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}},"#,
                r#""violationEventType":"in-alarm","metricValue":{"count":51},"#,
                r#""violationId":"9d0c7f4e2a1b4c3d8e5f60718293a4b5","securityProfileName":"P","#,
                r#""verificationState":"UNKNOWN"}"#
            ))
        );
    }

    #[test]
    fn d88_compact_records_render_as_the_wire_shape_does() {
        let mut outbox = Outbox::new();
        let handle = outbox.behavior("P", &sent_behavior());
        let values = [
            None,
            Some(count(i64::MAX)),
            Some(MetricValue { number: Some(0.1), ..MetricValue::default() }),
            Some(MetricValue { ports: Some(vec![22, 8080]), ..MetricValue::default() }),
            Some(MetricValue { strings: Some(vec!["a\"b\\ü\n".into()]), ..MetricValue::default() }),
        ];
        for value in &values {
            for id in ["0d0c7f4e2a1b4c3d8e5f60718293a4b5", "0D0c7f4e2a1b4c3d8e5f60718293a4b5", "+abc", "x\"y"] {
                let kept = Alert {
                    thing_name: "d\"evice",
                    violation_id: id,
                    confidence: Some(ConfidenceLevel::High),
                    ..alert(handle, value.as_ref())
                };
                let sequence = outbox.alert(NOW, TOPIC, &kept);
                let body = outbox.since(sequence).next().expect("just sent").body();
                let read: ViolationAlert = serde_json::from_str(&body).expect("the wire shape");
                assert_eq!(serde_json::to_string(&read).expect("JSON"), body);
                assert_eq!((read.metric_value.as_ref(), read.violation_id.as_str()), (value.as_ref(), id));
                assert_eq!(read.behavior, Behavior { export_metric: None, ..sent_behavior() });
            }
        }
    }

    #[test]
    fn a52_the_audit_notification_of_the_example() {
        let example = concat!(
            r#"{"accountId":"123456789012","taskId":"0f3c5a1de7b84c0f9a6d2b1c4e5f6a70","#,
            r#""taskStatus":"COMPLETED","taskType":"SCHEDULED_AUDIT_TASK","scheduledAuditName":"daily","#,
            r#""scheduledAuditArn":"arn:aws:iot:us-east-1:123456789012:scheduledaudit/daily","#,
            r#""taskStartTime":1748736000000,"taskEndTime":1748736004000,"failedChecksCount":0,"#,
            r#""canceledChecksCount":0,"nonCompliantChecksCount":1,"compliantChecksCount":1,"totalChecksCount":2,"#,
            r#""auditDetails":[{"checkName":"DEVICE_CERTIFICATE_EXPIRING_CHECK","#,
            r#""checkRunStatus":"COMPLETED_NON_COMPLIANT","checkCompliant":false,"totalResourcesCount":195,"#,
            r#""nonCompliantResourcesCount":2,"suppressedNonCompliantResourcesCount":1}]}"#
        );
        let detail = AuditCheckResult {
            check_name: "DEVICE_CERTIFICATE_EXPIRING_CHECK".into(),
            check_run_status: "COMPLETED_NON_COMPLIANT".into(),
            check_compliant: Some(false),
            total_resources_count: Some(195),
            non_compliant_resources_count: Some(2),
            suppressed_non_compliant_resources_count: Some(1),
            ..AuditCheckResult::default()
        };
        let notification = AuditNotification {
            account_id: "123456789012".into(),
            task_id: "0f3c5a1de7b84c0f9a6d2b1c4e5f6a70".into(),
            task_status: "COMPLETED".into(),
            task_type: "SCHEDULED_AUDIT_TASK".into(),
            scheduled_audit_name: Some("daily".into()),
            scheduled_audit_arn: Some("arn:aws:iot:us-east-1:123456789012:scheduledaudit/daily".into()),
            task_start_time: Timestamp(1_748_736_000_000),
            task_end_time: Timestamp(1_748_736_004_000),
            failed_checks_count: 0,
            canceled_checks_count: 0,
            non_compliant_checks_count: 1,
            compliant_checks_count: 1,
            total_checks_count: 2,
            audit_details: vec![detail],
        };
        let mut outbox = Outbox::new();
        outbox.audit_result(NOW, TOPIC, &notification);
        let message = outbox.since(0).next().expect("just sent");
        assert_eq!((message.kind(), message.body().as_str()), (MessageKind::AuditResult, example));
    }

    #[test]
    fn ch120_failed_deliveries_are_recorded_once_and_change_nothing_else() {
        let mut outbox = Outbox::new();
        let behavior = outbox.behavior("P", &sent_behavior());
        outbox.set_topic_exists(TOPIC, false);
        let first = outbox.alert(NOW, TOPIC, &alert(behavior, None));
        outbox.fail(first, Failure::Lost);
        outbox.set_topic_exists(TOPIC, true);
        let second = outbox.alert(NOW, TOPIC, &alert(behavior, None));
        outbox.fail(second, Failure::Lost);
        outbox.alert(NOW, TOPIC, &alert(behavior, None));
        let failures: Vec<_> = outbox.since(0).map(|message| message.failure()).collect();
        assert_eq!(failures, [Some(Failure::TopicNotFound), Some(Failure::Lost), None]);
        assert_eq!(outbox.failed_deliveries(), 2);
    }

    #[test]
    fn d89_violations_are_counted_at_three_levels_and_in_five_minutes() {
        let mut outbox = Outbox::new();
        let (a, b) = (outbox.behavior("P", &sent_behavior()), outbox.behavior("Q", &sent_behavior()));
        for (seconds, behavior) in [(0, a), (299, a), (300, a), (300, b)] {
            outbox.count_violation(Timestamp::from_seconds(seconds), behavior, ViolationEventType::InAlarm);
        }
        outbox.count_violation(Timestamp::from_seconds(600), b, ViolationEventType::AlarmInvalidated);
        let total = |name: MetricName, dimensions: &[(&str, &str)]| {
            outbox.metrics().find(|series| series.name == name && series.dimensions == dimensions).map(|s| s.total())
        };
        assert_eq!(total(MetricName::Violations, &[]), Some(4));
        assert_eq!(total(MetricName::Violations, &[("SecurityProfileName", "P")]), Some(3));
        let both = [("SecurityProfileName", "Q"), ("BehaviorName", "Sent")];
        assert_eq!(total(MetricName::Violations, &both), Some(1));
        assert_eq!(total(MetricName::ViolationsInvalidated, &[]), Some(1));
        let account = outbox.metrics().next().expect("at account level");
        assert_eq!(account.points.values().copied().collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn a54_checks_are_counted_by_schedule_and_name() {
        let mut outbox = Outbox::new();
        outbox.count_check(NOW, None, "LOGGING_DISABLED_CHECK", 1, 0);
        outbox.count_check(NOW, Some("daily"), "LOGGING_DISABLED_CHECK", 1, 1);
        let seen: Vec<_> = outbox.metrics().map(|s| (s.name.name(), s.dimensions[0].1, s.total())).collect();
        assert_eq!(
            seen,
            [
                ("NonCompliantResources", "OnDemand", 0),
                ("NonCompliantResources", "daily", 1),
                ("ResourcesEvaluated", "OnDemand", 1),
                ("ResourcesEvaluated", "daily", 1),
            ]
        );
    }

    #[test]
    fn a_million_alerts_are_held_in_small_records() {
        let mut outbox = Outbox::new();
        let behavior = outbox.behavior("P", &sent_behavior());
        let value = count(51);
        for i in 0..1_000_000u32 {
            let (thing, id) = (format!("device-{}", i % 1_000), format!("{i:032x}"));
            let sent = Alert { thing_name: &thing, violation_id: &id, ..alert(behavior, Some(&value)) };
            outbox.alert(NOW, TOPIC, &sent);
        }
        assert!(size_of::<Sent>() <= 88, "{}", size_of::<Sent>());
        assert_eq!(outbox.texts.0.len(), 1_000 + 3, "names, profile, behavior and topic once");
        outbox.forget_before(999_999);
        let last = outbox.since(0).next().expect("one is left");
        assert_eq!((last.sequence(), last.as_alert().map(|(thing, ..)| thing)), (999_999, Some("device-999")));
        assert!(last.body().contains(r#""violationId":"000000000000000000000000000f423f""#));
        assert_eq!(outbox.end(), 1_000_000);
    }
}
