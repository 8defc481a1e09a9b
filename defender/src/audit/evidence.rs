//! Why a policy or role is non-compliant, and what could stand in its place: beside the finding, not in its JSON.

use crate::account::{Account, IamRole};
use crate::policy::witness::{self, Witness};
use crate::policy::{
    Document, Identity, Proposal, Repair, Situation, StatementRef, Usage, administrative, broad_data_plane,
    misconfigurations, repair, repair_denies,
};

use super::Audit;
use super::catalog::{AuditCheck, ReasonCode};
use super::inspection::{Extra, Related};

/// The reasons behind a finding about a policy or a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What is wrong, in the order of documents and statements.
    pub faults: Vec<Fault>,
    /// For a policy: what could stand in its place. Role documents are not rewritten here.
    pub repair: Option<Repair>,
}

/// One pattern of one statement that makes a document non-compliant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The policy's name; of a role, that of its inline or managed policy.
    pub document: String,
    /// The statement, with its line.
    pub statement: StatementRef,
    /// The action, for example `iot:Publish`; of a Deny, empty.
    pub action: String,
    /// The resource pattern as written.
    pub resource: String,
    /// A request that the document allows although it should not, if there is one.
    pub witness: Option<Witness>,
}

impl Evidence {
    /// The proposed document, if there is one.
    pub fn proposal(&self) -> Option<&Proposal> {
        match &self.repair {
            Some(Repair::Proposed(proposal)) => Some(proposal),
            _ => None,
        }
    }
}

impl Audit {
    /// The evidence of a finding about a policy (C-08, C-09) or a role (C-06, C-07, C-10); `None` for other checks,
    /// and for a finding that is not retained. A policy is read as it was judged, a role as it is now.
    ///
    /// `usage` is what devices with the policy are known to do: the proposed document keeps it allowed.
    pub fn evidence(&self, account: &Account, finding_id: &str, usage: &[Usage<'_>]) -> Option<Evidence> {
        let key = self.findings.key_of(finding_id)?;
        let (finding, batch) = self.findings.get(key)?;
        let name = match &finding.resource {
            super::Resource::PolicyVersion { policy, .. } => policy,
            _ => "",
        };
        match (&finding.extra, self.findings.related(key), batch.check) {
            (Extra::Document(document), _, AuditCheck::IotPolicyOverlyPermissive) => {
                Some(broad_access(account, name, &account.parse_document(*document), usage))
            }
            (Extra::Document(document), _, AuditCheck::IotPolicyPotentialMisconfiguration) => {
                Some(suspicious_denies(account, name, &account.parse_document(*document), finding.reason, usage))
            }
            (_, Related::Role(role_arn), _) => {
                account.iam_role(role_arn).map(|role| role_faults(account, role, finding.reason))
            }
            _ => None,
        }
    }
}

fn situation<'a>(account: &'a Account, usage: &'a [Usage<'a>]) -> Situation<'a> {
    Situation { scope: account.scope(), identity: Identity::Device, usage }
}

fn broad_access(account: &Account, name: &str, document: &Document, usage: &[Usage<'_>]) -> Evidence {
    Evidence {
        faults: broad_faults(account, name, document),
        repair: Some(repair(document, &situation(account, usage))),
    }
}

fn broad_faults(account: &Account, name: &str, document: &Document) -> Vec<Fault> {
    let grants = broad_data_plane([document]).into_iter().map(|grant| Fault {
        document: name.to_owned(),
        witness: witness::of_broad_grant(document, &grant, account.scope()),
        action: grant.action.as_str().to_owned(),
        statement: grant.statement,
        resource: grant.resource,
    });
    grants.collect()
}

fn suspicious_denies(
    account: &Account,
    name: &str,
    document: &Document,
    reason: ReasonCode,
    usage: &[Usage<'_>],
) -> Evidence {
    let of_this_finding = misconfigurations(document).into_iter().filter(|found| found.reason.code() == reason.code());
    let faults = of_this_finding.map(|found| Fault {
        document: name.to_owned(),
        witness: witness::of_misconfiguration(document, &found, account.scope()),
        action: String::new(),
        statement: found.statement,
        resource: found.resource,
    });
    Evidence { faults: faults.collect(), repair: Some(repair_denies(document, &situation(account, usage))) }
}

/// The grants of a role that a reason is about. Reasons about services have none: services are judged as a whole.
fn role_faults(account: &Account, role: &IamRole, reason: ReasonCode) -> Evidence {
    let mut faults = Vec::new();
    for policy in role.policies() {
        let grants = administrative([policy]);
        let wanted: Vec<_> = match reason {
            ReasonCode::AllowsBroadAccessToIotDataPlaneActions => {
                faults.extend(broad_faults(account, &policy.name, &policy.document));
                continue;
            }
            ReasonCode::AllowsAccessToIotAdminActions => grants.iter().collect(),
            ReasonCode::AllowsBroadAccessToIotThingAdminReadActions => grants.broad_thing_admin_read().collect(),
            ReasonCode::AllowsAccessToIotThingAdminWriteActions => grants.thing_admin_write.iter().collect(),
            ReasonCode::AllowsAccessToIotNonThingAdminActions => grants.non_thing_admin.iter().collect(),
            _ => continue,
        };
        faults.extend(wanted.into_iter().map(|grant| Fault {
            document: policy.name.clone(),
            statement: grant.statement.clone(),
            action: format!("iot:{}", grant.operation),
            resource: grant.resource.clone(),
            witness: Some(witness::of_administrative_grant(grant)),
        }));
    }
    Evidence { faults, repair: None }
}
