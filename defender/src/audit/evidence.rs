//! Why a policy or role is non-compliant, and what could stand in its place: beside the finding, not in its JSON.

use crate::account::{Account, IamRole, RolePolicy};
use crate::policy::services::{ServiceAction, security_auditing_names, service_actions};
use crate::policy::witness::{self, Witness};
use crate::policy::{
    AdministrativeGrant, Document, Identity, Proposal, Repair, RoleStandard, Situation, StatementRef, Usage,
    administrative, broad_data_plane, misconfigurations, repair, repair_denies, repair_role, services,
};
use crate::time::Timestamp;

use super::Audit;
use super::catalog::{AuditCheck, ReasonCode};
use super::checks::is_used;
use super::inspection::{Extra, Related};

/// The reasons behind a finding about a policy or a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What is wrong, in the order of documents and statements.
    pub faults: Vec<Fault>,
    /// What could stand in the place of each document at fault, or why nothing can be derived.
    pub repairs: Vec<DocumentRepair>,
}

/// What can be done about one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRepair {
    /// The policy's name; of a role, that of its inline or managed policy.
    pub document: String,
    /// A document to put in its place, or a plain statement that none can be derived.
    pub repair: Repair,
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
    /// The proposed documents, of a policy at most one.
    pub fn proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.repairs.iter().filter_map(|repaired| match &repaired.repair {
            Repair::Proposed(proposal) => Some(proposal),
            _ => None,
        })
    }
}

impl Audit {
    /// The evidence of a finding about a policy (C-08, C-09) or a role (C-06, C-07, C-10, C-11); `None` for other
    /// checks, and for a finding that is not retained. A policy is read as it was judged, a role as it is now.
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
            (_, Related::Role(role_arn), check) => {
                let role = account.iam_role(role_arn)?;
                let judgment = RoleJudgment { account, role, check, reason: finding.reason, at: batch.time, usage };
                Some(judgment.evidence())
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
        repairs: vec![DocumentRepair {
            document: name.to_owned(),
            repair: repair(document, &situation(account, usage)),
        }],
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
    let repair = repair_denies(document, &situation(account, usage));
    Evidence { faults: faults.collect(), repairs: vec![DocumentRepair { document: name.to_owned(), repair }] }
}

/// What a role finding rests on, document by document.
struct RoleJudgment<'a> {
    account: &'a Account,
    role: &'a IamRole,
    check: AuditCheck,
    reason: ReasonCode,
    /// When the audit looked.
    at: Timestamp,
    usage: &'a [Usage<'a>],
}

impl RoleJudgment<'_> {
    fn evidence(&self) -> Evidence {
        let mut evidence = Evidence { faults: Vec::new(), repairs: Vec::new() };
        let standard = self.standard();
        for policy in self.role.policies() {
            let faults = self.faults(policy);
            if !faults.is_empty() {
                evidence.faults.extend(faults);
                let repair = self.repair(&policy.document, &standard);
                evidence.repairs.push(DocumentRepair { document: policy.name.clone(), repair });
            }
        }
        evidence
    }

    /// The grants of one document that the reason is about.
    fn faults(&self, policy: &RolePolicy) -> Vec<Fault> {
        let grants = administrative([policy]);
        let wanted: Vec<_> = match self.reason {
            ReasonCode::AllowsBroadAccessToIotDataPlaneActions => {
                return broad_faults(self.account, &policy.name, &policy.document);
            }
            ReasonCode::AllowsAccessToIotAdminActions => grants.iter().collect(),
            ReasonCode::AllowsBroadAccessToIotThingAdminReadActions => grants.broad_thing_admin_read().collect(),
            ReasonCode::AllowsAccessToIotThingAdminWriteActions => grants.thing_admin_write.iter().collect(),
            ReasonCode::AllowsAccessToIotNonThingAdminActions => grants.non_thing_admin.iter().collect(),
            _ => return self.service_faults(policy),
        };
        let fault = |grant: &AdministrativeGrant| Fault {
            document: policy.name.clone(),
            statement: grant.statement.clone(),
            action: format!("iot:{}", grant.operation),
            resource: grant.resource.clone(),
            witness: Some(witness::of_administrative_grant(grant)),
        };
        wanted.into_iter().map(fault).collect()
    }

    /// The action patterns by which one document grants a service that the reason is about.
    fn service_faults(&self, policy: &RolePolicy) -> Vec<Fault> {
        let is_used = |service: &str| is_used(self.role, service, self.at);
        let at_fault = |grant: &ServiceAction<'_>| match self.reason {
            ReasonCode::AllowsAccessToUnusedServices => match grant.service() {
                Some(service) => !is_used(&service),
                None => true,
            },
            ReasonCode::AllowsAccessToSecurityAuditingServices => {
                security_auditing_names().any(|service| grant.reaches(service))
            }
            ReasonCode::AllowsBroadAccessToUsedServices => {
                self.used_services().any(|service| grant.is_administrative(service))
            }
            _ => false,
        };
        let fault = |grant: ServiceAction<'_>| Fault {
            document: policy.name.clone(),
            statement: grant.statement(),
            witness: Some(witness::of_service(&grant.action(), &grant.resource())),
            action: grant.action(),
            resource: grant.resource(),
        };
        service_actions(&policy.document).filter(at_fault).map(fault).collect()
    }

    fn used_services(&self) -> impl Iterator<Item = &str> {
        let services = self.role.last_authenticated.keys().map(String::as_str);
        services.filter(|service| is_used(self.role, service, self.at))
    }

    /// What the check asks of each document of the role.
    fn standard(&self) -> RoleStandard {
        let granted = services(self.role.policies());
        match self.check {
            AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive => {
                RoleStandard { forbids_reads: true, ..RoleStandard::default() }
            }
            AuditCheck::IotRoleAliasOverlyPermissive => {
                let forbidden_services = security_auditing_names().map(str::to_owned).collect();
                let limited_services = self.used_services().map(str::to_owned).collect();
                RoleStandard { forbids_reads: false, forbidden_services, limited_services }
            }
            AuditCheck::IotRoleAliasAllowsAccessToUnusedServices => {
                let forbidden_services = granted.unused(|service| is_used(self.role, service, self.at));
                RoleStandard { forbidden_services, ..RoleStandard::default() }
            }
            _ => RoleStandard::default(),
        }
    }

    fn repair(&self, document: &Document, standard: &RoleStandard) -> Repair {
        let identity = match self.check {
            AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive
            | AuditCheck::AuthenticatedCognitoRoleOverlyPermissive => Identity::Cognito,
            _ => Identity::CredentialProvider,
        };
        let situation = Situation { scope: self.account.scope(), identity, usage: self.usage };
        let repair = repair_role(document, standard, &situation);
        let of_services = self.reason == ReasonCode::AllowsAccessToUnusedServices;
        let remaining = repair.document().unwrap_or(document);
        if of_services && services([remaining]).grants_every_service() {
            let reason = "it grants every service, and which of their actions the role needs is not known";
            return Repair::NotDerivable(reason.to_owned());
        }
        repair
    }
}
