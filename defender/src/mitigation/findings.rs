//! What mitigation needs to know of audits and of Detect: two small traits.

use std::collections::BTreeSet;

use crate::account::SerialNumber;
use crate::detect::Detect;
use crate::detect::violation::{Violation, ViolationFilter};
use crate::ids::CertificateId;
use crate::time::Timestamp;

/// A finding's place in the store that holds it; ascending in the order of creation, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingKey(pub u64);

/// The resource that a finding is about, as far as actions can act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NonCompliant<'a> {
    /// `deviceCertificateId`.
    DeviceCertificate(CertificateId),
    /// `caCertificateId`.
    CaCertificate(CertificateId),
    /// `issuerCertificateIdentifier`, with the device certificates that were in scope (C-01).
    Issuer {
        /// `issuerCertificateSubject`.
        subject: &'a str,
        /// `issuerId`.
        id: &'a str,
        /// `issuerCertificateSerialNumber`.
        serial: SerialNumber,
        /// The finding's related resources.
        related: &'a [CertificateId],
    },
    /// `policyVersionIdentifier`.
    PolicyVersion {
        /// `policyName`.
        policy: &'a str,
        /// `policyVersionId`.
        version: u32,
    },
    /// `account`.
    Account,
    /// `roleAliasArn`; no action but publishing can act on it, nor on the following.
    RoleAlias(&'a str),
    /// `cognitoIdentityPoolId`.
    CognitoIdentityPool(&'a str),
    /// `clientId`.
    ClientId(&'a str),
}

/// A finding as mitigation sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingView<'a> {
    /// `findingId`.
    pub id: &'a str,
    /// `taskId` of the audit.
    pub audit_task_id: &'a str,
    /// `checkName`.
    pub check: &'a str,
    /// `findingTime`.
    pub time: Timestamp,
    /// `reasonForNonComplianceCode`.
    pub reason_code: &'a str,
    /// `isSuppressed`.
    pub is_suppressed: bool,
    /// `nonCompliantResource`.
    pub resource: NonCompliant<'a>,
}

/// The findings of audits.
pub trait Findings {
    /// Whether an audit is over; `None` for an unknown one.
    fn audit_is_over(&self, audit_task_id: &str) -> Option<bool>;
    /// The newest completed audit that ran a check (CH-109).
    fn newest_audit_of(&self, check: &str) -> Option<&str>;
    /// The findings of an audit.
    fn findings_of(&self, audit_task_id: &str) -> Vec<FindingKey>;
    /// A finding by its `findingId`.
    fn key_of(&self, finding_id: &str) -> Option<FindingKey>;
    /// A finding that is still retained.
    fn finding(&self, key: FindingKey) -> Option<FindingView<'_>>;
    /// The payload that publishes a finding: compact JSON.
    fn published(&self, key: FindingKey) -> Option<String>;
}

/// A violation as mitigation sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationView<'a> {
    /// `violationId`.
    pub id: String,
    /// The device.
    pub thing_name: &'a str,
    /// `violationStartTime`.
    pub start: Timestamp,
}

/// Which violations a detect mitigation task is about (M-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViolationQuery<'a> {
    /// When the question is asked: retention counts from here.
    pub now: Timestamp,
    /// Of this profile.
    pub security_profile_name: &'a str,
    /// Of this behavior, if one is named.
    pub behavior_name: Option<&'a str>,
    /// With at least one event between these times, both inclusive; `None` for all that are retained.
    pub range: Option<(Timestamp, Timestamp)>,
    /// Only those in alarm now.
    pub only_active: bool,
    /// Also those of behaviors with `suppressAlerts`.
    pub include_suppressed: bool,
}

/// The violations that Detect retains.
pub trait Violations {
    /// A violation by its id.
    fn violation(&self, id: &str) -> Option<ViolationView<'_>>;
    /// The violations that match, in any order.
    fn select<'a>(&'a self, query: &ViolationQuery<'a>) -> Vec<ViolationView<'a>>;
}

fn view(violation: Violation<'_>) -> ViolationView<'_> {
    ViolationView { id: violation.id().to_string(), thing_name: violation.thing_name(), start: violation.started() }
}

impl Violations for Detect {
    fn violation(&self, id: &str) -> Option<ViolationView<'_>> {
        Detect::violation(self, id.parse().ok()?).map(view)
    }

    /// A running violation is retained however long ago it began.
    fn select<'a>(&'a self, query: &ViolationQuery<'a>) -> Vec<ViolationView<'a>> {
        let filter = ViolationFilter {
            security_profile_name: Some(query.security_profile_name),
            behavior_name: query.behavior_name,
            suppressed: (!query.include_suppressed).then_some(false),
            ..ViolationFilter::default()
        };
        let runs = query.range.is_none();
        let eventful: BTreeSet<String> = if runs && query.only_active {
            BTreeSet::new()
        } else {
            let range = query.range.unwrap_or((Timestamp(i64::MIN), query.now));
            self.violation_events(query.now, range, filter).map(|event| event.violation_id).collect()
        };
        self.violations(filter)
            .filter(|violation| violation.is_active() || !query.only_active)
            .filter(|violation| (runs && violation.is_active()) || eventful.contains(&violation.id().to_string()))
            .map(view)
            .collect()
    }
}
