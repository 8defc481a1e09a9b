//! IoT policies with their versions, and what they are attached to (V-26, V-27, V-29).

use crate::error::{Exception, ServiceError};
use crate::ids::{CertificateIndex, PolicyIndex, ThingGroupId, ThingId};
use crate::policy::Document;
use crate::time::Timestamp;

use super::document::{DocumentId, Documents};
use super::id_set::{IdList, IdSet};
use super::names::{NameId, NameTable};
use super::{Account, Change, CognitoIdentityIndex, Principal};
use crate::request::text;

/// Stored versions of one policy.
pub const POLICY_VERSIONS_MAX: usize = 5;
/// Policies attached to one certificate or Cognito identity.
const POLICIES_PER_PRINCIPAL_MAX: usize = 10;
/// Policies attached to one thing group.
const POLICIES_PER_GROUP_MAX: usize = 2;

/// What a policy can be attached to (V-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyTarget {
    /// A device certificate.
    Certificate(CertificateIndex),
    /// A static thing group.
    ThingGroup(ThingGroupId),
    /// A Cognito identity.
    CognitoIdentity(CognitoIdentityIndex),
}

/// One stored version of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// `policyVersionId`: 1, 2…, never used twice.
    pub number: u32,
    /// Its document.
    pub document: DocumentId,
    /// When it was created.
    pub creation_date: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct PolicyRow {
    name: NameId,
    deleted: bool,
    default_number: u32,
    next_number: u32,
    created: Timestamp,
    modified: Timestamp,
    versions: Vec<PolicyVersion>,
    pub(crate) certificates: IdSet,
    pub(crate) groups: IdList,
    pub(crate) identities: IdList,
}

/// The policies of an account. A deleted policy's index is not given out again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) rows: Vec<PolicyRow>,
    names: NameTable,
    /// By name: the living policy of that name, or `u32::MAX`.
    of_name: Vec<u32>,
    pub(crate) documents: Documents,
}

impl Policies {
    pub(crate) fn get(&self, policy: PolicyIndex) -> Option<&PolicyRow> {
        self.rows.get(policy.index()).filter(|row| !row.deleted)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let row = |row: &PolicyRow| {
            row.versions.capacity() * size_of::<PolicyVersion>()
                + row.certificates.heap_bytes()
                + row.groups.heap_bytes()
                + row.identities.heap_bytes()
        };
        self.rows.capacity() * size_of::<PolicyRow>()
            + self.rows.iter().map(row).sum::<usize>()
            + self.names.heap_bytes()
            + self.of_name.capacity() * size_of::<u32>()
            + self.documents.heap_bytes()
    }
}

impl PolicyRow {
    fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl Account {
    /// Creates a policy; its document is version 1 and the default (V-26).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, `ResourceAlreadyExistsException`, `MalformedPolicyException`.
    pub fn create_policy(&mut self, now: Timestamp, name: &str, document: &str) -> Result<PolicyIndex, ServiceError> {
        text::POLICY_NAME.check("policy name", name)?;
        if self.policy(name).is_some() {
            return Err(ServiceError::already_exists("policy", name, self.arn(format!("policy/{name}"))));
        }
        let document = self.policies.documents.intern(document)?;
        let name_id = self.policies.names.intern(name);
        let policy = PolicyIndex(u32::try_from(self.policies.rows.len()).expect("fewer than 2^32 policies"));
        let versions = vec![PolicyVersion { number: 1, document, creation_date: now }];
        self.policies.rows.push(PolicyRow {
            name: name_id,
            deleted: false,
            default_number: 1,
            next_number: 2,
            created: now,
            modified: now,
            versions,
            certificates: IdSet::default(),
            groups: IdList::default(),
            identities: IdList::default(),
        });
        let at = name_id.0 as usize;
        if at >= self.policies.of_name.len() {
            self.policies.of_name.resize(at + 1, u32::MAX);
        }
        self.policies.of_name[at] = policy.0;
        self.journal.note(Change::PolicyDefault(policy));
        Ok(policy)
    }

    /// Stores a further version and, if asked, makes it the default. Answers with its number.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, `MalformedPolicyException`, `VersionsLimitExceededException` beyond five.
    pub fn create_policy_version(
        &mut self,
        now: Timestamp,
        policy: PolicyIndex,
        document: &str,
        set_as_default: bool,
    ) -> Result<u32, ServiceError> {
        let row = self.policy_row(policy)?;
        if row.versions.len() >= POLICY_VERSIONS_MAX {
            let text =
                format!("policy `{}` has {POLICY_VERSIONS_MAX} versions; delete one first", self.policy_name(policy));
            return Err(ServiceError::new(Exception::VersionsLimitExceeded, text));
        }
        let document = self.policies.documents.intern(document)?;
        let row = &mut self.policies.rows[policy.index()];
        let number = row.next_number;
        row.next_number += 1;
        row.modified = now;
        row.versions.push(PolicyVersion { number, document, creation_date: now });
        if set_as_default {
            row.default_number = number;
            self.journal.note(Change::PolicyDefault(policy));
        }
        Ok(number)
    }

    /// Makes a stored version the one in force.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown policy or version.
    pub fn set_default_policy_version(
        &mut self,
        now: Timestamp,
        policy: PolicyIndex,
        version: u32,
    ) -> Result<(), ServiceError> {
        self.check_version(policy, version)?;
        let row = &mut self.policies.rows[policy.index()];
        if row.default_number != version {
            row.default_number = version;
            row.modified = now;
            self.journal.note(Change::PolicyDefault(policy));
        }
        Ok(())
    }

    /// Deletes a version that is not the default.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `DeleteConflictException` for the default version (V-26).
    pub fn delete_policy_version(
        &mut self,
        now: Timestamp,
        policy: PolicyIndex,
        version: u32,
    ) -> Result<(), ServiceError> {
        self.check_version(policy, version)?;
        let row = &mut self.policies.rows[policy.index()];
        if row.default_number == version {
            let text = format!("version {version} of policy `{}` is the default", self.policy_name(policy));
            return Err(ServiceError::new(Exception::DeleteConflict, text));
        }
        row.versions.retain(|other| other.number != version);
        row.modified = now;
        Ok(())
    }

    /// Deletes a policy with its one version.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `DeleteConflictException` while it is attached or has other versions.
    pub fn delete_policy(&mut self, _now: Timestamp, policy: PolicyIndex) -> Result<(), ServiceError> {
        let row = self.policy_row(policy)?;
        let conflict = |what: String| {
            let text = format!("policy `{}` {what}", self.policy_name(policy));
            Err(ServiceError::new(Exception::DeleteConflict, text))
        };
        let targets = row.certificates.len() + row.groups.len() + row.identities.len();
        if targets > 0 {
            return conflict(format!("is attached to {targets} targets"));
        }
        if row.versions.len() > 1 {
            return conflict(format!("has {} versions that are not the default", row.versions.len() - 1));
        }
        let row = &mut self.policies.rows[policy.index()];
        row.deleted = true;
        self.policies.of_name[row.name.0 as usize] = u32::MAX;
        self.journal.note(Change::PolicyDefault(policy));
        Ok(())
    }

    /// Attaches a policy to a target; again is success (V-27).
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown policy or target; `LimitExceededException` beyond ten per principal
    /// or two per group; `InvalidRequestException` for a dynamic group (V-09).
    pub fn attach_policy(
        &mut self,
        _now: Timestamp,
        policy: PolicyIndex,
        target: PolicyTarget,
    ) -> Result<(), ServiceError> {
        self.policy_row(policy)?;
        if let PolicyTarget::ThingGroup(group) = target
            && self.group_row(group)?.is_dynamic()
        {
            let name = self.thing_group_name(group);
            return Err(ServiceError::invalid(format!("thing group `{name}` is dynamic and cannot have policies")));
        }
        let most = match target {
            PolicyTarget::ThingGroup(_) => POLICIES_PER_GROUP_MAX,
            _ => POLICIES_PER_PRINCIPAL_MAX,
        };
        let attached = self.policy_list_mut(target)?;
        if attached.as_slice().contains(&policy.0) {
            return Ok(());
        }
        if attached.len() >= most {
            return Err(ServiceError::limit(format!("the target has {most} policies, the most allowed")));
        }
        attached.push(policy.0);
        let row = &mut self.policies.rows[policy.index()];
        match target {
            PolicyTarget::Certificate(certificate) => row.certificates.insert(certificate.0),
            PolicyTarget::ThingGroup(group) => row.groups.insert_sorted(group.0),
            PolicyTarget::CognitoIdentity(identity) => row.identities.insert_sorted(identity.0),
        };
        self.journal.note(Change::PolicyAttachment(target));
        Ok(())
    }

    /// Detaches a policy from a target; success if it is not attached.
    ///
    /// # Errors
    /// `ResourceNotFoundException` for an unknown policy or target.
    pub fn detach_policy(
        &mut self,
        _now: Timestamp,
        policy: PolicyIndex,
        target: PolicyTarget,
    ) -> Result<(), ServiceError> {
        self.policy_row(policy)?;
        if !self.policy_list_mut(target)?.remove(policy.0) {
            return Ok(());
        }
        let row = &mut self.policies.rows[policy.index()];
        match target {
            PolicyTarget::Certificate(certificate) => row.certificates.remove(certificate.0),
            PolicyTarget::ThingGroup(group) => row.groups.remove(group.0),
            PolicyTarget::CognitoIdentity(identity) => row.identities.remove(identity.0),
        };
        self.journal.note(Change::PolicyAttachment(target));
        Ok(())
    }

    /// The policies attached to a target, in the order of attachment.
    pub fn attached_policies(&self, target: PolicyTarget) -> impl Iterator<Item = PolicyIndex> + '_ {
        let list = match target {
            PolicyTarget::Certificate(certificate) => self.certificates.get(certificate).map(|row| &row.policies),
            PolicyTarget::ThingGroup(group) => self.groups.get(group).map(|row| &row.policies),
            PolicyTarget::CognitoIdentity(identity) => self.cognito.identity_row(identity).map(|row| &row.policies),
        };
        list.map_or(&[][..], IdList::as_slice).iter().map(|&policy| PolicyIndex(policy))
    }

    /// The targets of a policy: certificates, then groups, then Cognito identities, each ascending.
    pub fn targets_of_policy(&self, policy: PolicyIndex) -> Vec<PolicyTarget> {
        let Some(row) = self.policies.get(policy) else { return Vec::new() };
        let certificates = row.certificates.iter().map(|at| PolicyTarget::Certificate(CertificateIndex(at)));
        let groups = row.groups.as_slice().iter().map(|&at| PolicyTarget::ThingGroup(ThingGroupId(at)));
        let identities =
            row.identities.as_slice().iter().map(|&at| PolicyTarget::CognitoIdentity(CognitoIdentityIndex(at)));
        certificates.chain(groups).chain(identities).collect()
    }

    /// The policies whose default versions decide for a device (V-29): those of its certificate, then those of each
    /// static group that contains the thing (oldest group first) and of that group's ancestors (parent first). Each once.
    pub fn effective_policies(
        &self,
        thing: Option<ThingId>,
        certificate: Option<CertificateIndex>,
    ) -> Vec<PolicyIndex> {
        self.effective_policies_of_principal(thing, certificate.map(Principal::Certificate))
    }

    /// As [`Account::effective_policies`], for a principal of any kind.
    pub fn effective_policies_of_principal(
        &self,
        thing: Option<ThingId>,
        principal: Option<Principal>,
    ) -> Vec<PolicyIndex> {
        let own = principal.map(|principal| match principal {
            Principal::Certificate(certificate) => PolicyTarget::Certificate(certificate),
            Principal::CognitoIdentity(identity) => PolicyTarget::CognitoIdentity(identity),
        });
        let mut effective: Vec<PolicyIndex> = Vec::new();
        let mut add = |target: PolicyTarget| {
            for policy in self.attached_policies(target) {
                if !effective.contains(&policy) {
                    effective.push(policy);
                }
            }
        };
        own.into_iter().for_each(&mut add);
        for group in thing.into_iter().flat_map(|thing| self.groups_of_thing(thing)) {
            add(PolicyTarget::ThingGroup(group));
            self.ancestors(group).for_each(|ancestor| add(PolicyTarget::ThingGroup(ancestor)));
        }
        effective
    }

    /// The living policy of a name.
    pub fn policy(&self, name: &str) -> Option<PolicyIndex> {
        let name = self.policies.names.get(name)?;
        self.policies.of_name.get(name.0 as usize).filter(|&&row| row != u32::MAX).map(|&row| PolicyIndex(row))
    }

    /// The name of a policy; a deleted policy keeps answering to it.
    ///
    /// # Panics
    /// If the index was not handed out by this account.
    pub fn policy_name(&self, policy: PolicyIndex) -> &str {
        self.policies.names.text(self.policies.rows[policy.index()].name)
    }

    /// The living policies in the order of creation.
    pub fn policies(&self) -> impl Iterator<Item = PolicyIndex> + '_ {
        let rows = self.policies.rows.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| PolicyIndex(at as u32))
    }

    /// The stored versions of a policy, oldest first.
    pub fn policy_versions(&self, policy: PolicyIndex) -> &[PolicyVersion] {
        self.policies.get(policy).map_or(&[], |row| &row.versions)
    }

    /// The version in force.
    pub fn default_policy_version(&self, policy: PolicyIndex) -> Option<PolicyVersion> {
        self.policies.get(policy).and_then(|row| row.version(row.default_number)).copied()
    }

    /// When a policy was created and when it last changed.
    pub fn policy_dates(&self, policy: PolicyIndex) -> Option<(Timestamp, Timestamp)> {
        self.policies.get(policy).map(|row| (row.created, row.modified))
    }

    /// The text of a document.
    ///
    /// # Panics
    /// If the id was not handed out by this account.
    pub fn document_text(&self, document: DocumentId) -> &str {
        self.policies.documents.text(document)
    }

    /// A hash of a document's text, the same in every run.
    pub(crate) fn document_hash(&self, document: DocumentId) -> u64 {
        self.policies.documents.hash(document)
    }

    /// A document, parsed. It stays parsed: for the broker, which asks again and again.
    ///
    /// # Panics
    /// If the id was not handed out by this account.
    pub fn document(&self, document: DocumentId) -> &Document {
        self.policies.documents.parsed(document)
    }

    /// A document, parsed for this one look unless it is kept parsed anyway: for going through very many.
    ///
    /// # Panics
    /// If the id was not handed out by this account.
    pub fn parse_document(&self, document: DocumentId) -> Document {
        self.policies.documents.parse_once(document)
    }

    /// The document in force, parsed.
    pub fn default_document(&self, policy: PolicyIndex) -> Option<&Document> {
        self.default_policy_version(policy).map(|version| self.document(version.document))
    }

    /// How many distinct documents there are: the length of a column by document.
    pub fn document_count(&self) -> usize {
        self.policies.documents.len()
    }

    pub(crate) fn policy_row(&self, policy: PolicyIndex) -> Result<&PolicyRow, ServiceError> {
        self.policies.get(policy).ok_or_else(|| match self.policies.rows.get(policy.index()) {
            Some(row) => ServiceError::not_found("policy", self.policies.names.text(row.name)),
            None => ServiceError::not_found("policy", &policy.0.to_string()),
        })
    }

    fn check_version(&self, policy: PolicyIndex, version: u32) -> Result<(), ServiceError> {
        match self.policy_row(policy)?.version(version) {
            Some(_) => Ok(()),
            None => {
                let name = format!("{}:{version}", self.policy_name(policy));
                Err(ServiceError::not_found("policy version", &name))
            }
        }
    }

    fn policy_list_mut(&mut self, target: PolicyTarget) -> Result<&mut IdList, ServiceError> {
        match target {
            PolicyTarget::Certificate(certificate) => {
                self.certificate_row(certificate)?;
                Ok(&mut self.certificates.rows[certificate.index()].policies)
            }
            PolicyTarget::ThingGroup(group) => {
                self.group_row(group)?;
                Ok(&mut self.groups.rows[group.index()].policies)
            }
            PolicyTarget::CognitoIdentity(identity) => match self.cognito.identities.get_mut(identity.index()) {
                Some(row) => Ok(&mut row.policies),
                None => Err(ServiceError::not_found("Cognito identity", &identity.0.to_string())),
            },
        }
    }
}
