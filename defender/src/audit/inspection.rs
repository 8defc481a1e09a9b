//! What a check is given and what it gives back: a pure function from account, settings and time to findings.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::account::{Account, Certificate, DebianFingerprint, IamRole};
use crate::error::{Compatibility, Warning};
use crate::ids::{CertificateId, CertificateIndex};
use crate::time::{Millis, Timestamp};

use super::catalog::{AuditCheck, ReasonCode};
use super::resource::Resource;
use super::verdict::Verdicts;

/// One check of the catalog. Each is a file of [`super::checks`] and a line of its registry.
pub(crate) trait Check: Sync {
    /// Which one it is.
    fn check(&self) -> AuditCheck;

    /// What the audit role must be allowed, to read what the check needs.
    fn permissions(&self) -> &'static [&'static str];

    /// Looks.
    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected;
}

/// What a check looks at.
pub(crate) struct Scene<'a> {
    /// The account as it is.
    pub(crate) account: &'a Account,
    /// `taskStartTime` of the audit: `T` in the rules of 4.3.
    pub(crate) at: Timestamp,
    /// Start of the previous run of the same schedule, if there was one (CH-17).
    pub(crate) previous_start: Option<Timestamp>,
    /// `CERT_AGE_THRESHOLD_IN_DAYS`.
    pub(crate) age_threshold: Millis,
    /// `CERT_EXPIRATION_THRESHOLD_IN_DAYS`.
    pub(crate) expiration_threshold: Millis,
    /// The block list of Debian's weak keys, if one was given (CH-20).
    pub(crate) key_block_list: Option<&'a BTreeSet<DebianFingerprint>>,
    /// Lenient mode adds lints.
    pub(crate) mode: Compatibility,
    /// What is known of each policy document.
    pub(crate) verdicts: &'a mut Verdicts,
}

/// How far the connection-based checks and the Cognito checks look back.
pub(crate) const LOOK_BACK: Millis = Millis::days(31);

impl<'a> Scene<'a> {
    /// Where the window of a connection-based check begins: at the previous run of the schedule, else 31 days back.
    pub(crate) fn window_start(&self) -> Timestamp {
        self.previous_start.unwrap_or(self.at - LOOK_BACK)
    }

    /// The device certificates in scope (V-20).
    pub(crate) fn certificates_in_scope(&self) -> impl Iterator<Item = (CertificateIndex, Certificate<'a>)> + use<'a> {
        let account = self.account;
        let shown = account.certificates().filter_map(|index| account.certificate(index).map(|row| (index, row)));
        shown.filter(|(_, row)| row.status().is_in_scope())
    }

    /// A role's documents; `None`, with a diagnostic, if the inventory does not have the role.
    pub(crate) fn role(&self, role_arn: &str, inspected: &mut Inspected) -> Option<&'a IamRole> {
        let role = self.account.iam_role(role_arn);
        if role.is_none() {
            inspected.diagnose(
                "ROLE_NOT_IN_INVENTORY",
                format!("the role `{role_arn}` is not in the inventory and counts as granting nothing"),
                None,
            );
        }
        role
    }
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    /// `totalResourcesCount`.
    pub(crate) total: u64,
    /// In any order.
    pub(crate) findings: Vec<Found>,
    /// What is not a finding: data that was missing, lints of lenient mode.
    pub(crate) diagnostics: Vec<Warning>,
    check_name: &'static str,
}

/// At most so many diagnostics of one run are kept.
const DIAGNOSTICS_MAX: usize = 1_000;

impl Inspected {
    /// Nothing yet.
    pub(crate) fn of(check: &dyn Check) -> Inspected {
        Inspected { check_name: check.check().name(), ..Inspected::default() }
    }

    /// Adds a finding.
    pub(crate) fn find(
        &mut self,
        resource: Resource,
        reason: ReasonCode,
        text: impl Into<Cow<'static, str>>,
    ) -> &mut Found {
        self.findings.push(Found { resource, reason, text: text.into(), extra: Extra::None, related: Related::None });
        self.findings.last_mut().expect("just pushed")
    }

    /// Adds a diagnostic, up to a thousand.
    pub(crate) fn diagnose(&mut self, code: &'static str, message: String, count: Option<u64>) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            let path = format!("/auditDetails/{}", self.check_name);
            self.diagnostics.push(Warning { code, path, message, canonical: count.map(Into::into) });
        }
    }

    /// Notes how many resources had no revocation data, if any (CH-06).
    pub(crate) fn without_revocation_data(&mut self, resources: u64) {
        if resources > 0 {
            let total = self.total;
            let message = format!("{resources} of {total} resources have no revocation data and count as not revoked");
            self.diagnose("NO_REVOCATION_DATA", message, Some(resources));
        }
    }
}

/// One finding, before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) resource: Resource,
    pub(crate) reason: ReasonCode,
    /// `reasonForNonCompliance`.
    pub(crate) text: Cow<'static, str>,
    pub(crate) extra: Extra,
    pub(crate) related: Related,
}

/// `additionalInfo` of a finding, and what leads back to its evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Nothing.
    #[default]
    None,
    /// `EXPIRATION_TIME` (C-12, C-14).
    ExpirationTime(Timestamp),
    /// The document that was judged; not shown, for [`super::Audit::evidence`].
    Document(crate::account::DocumentId),
    /// `COGNITO_IDENTITY_ID`.
    CognitoIdentity(Box<str>),
}

/// Related resources of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Related {
    /// None.
    #[default]
    None,
    /// The IAM role that was judged.
    Role(Box<str>),
    /// Device certificates of an issuer; listed, not described (C-01).
    Certificates(Box<[CertificateId]>),
    /// Sessions that overlap, most recent first (C-03).
    Sessions(Box<[RelatedSession]>),
    /// Disconnects, most recent first (CH-30).
    Disconnects {
        /// Whose.
        client: Box<str>,
        /// Principal and time of each.
        each: Box<[(Box<str>, Timestamp)]>,
    },
}

/// A session that has to do with a finding (C-03).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelatedSession {
    pub(crate) client: Box<str>,
    pub(crate) connect_time: Timestamp,
    pub(crate) disconnect_time: Option<Timestamp>,
}
