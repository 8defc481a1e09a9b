//! Role aliases and the IAM roles behind them (V-30, V-31).

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ServiceError;
use crate::policy::{Document, malformed};
use crate::time::Timestamp;

use super::{Account, Change, RoleAliasIndex};
use crate::request::text;

/// Role aliases of an account.
const ROLE_ALIASES_MAX: usize = 100;

/// A role alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAlias {
    /// `roleAlias`.
    pub name: String,
    /// The role that devices get credentials of.
    pub role_arn: String,
    /// How long the credentials last, 900–43200 \[s\].
    pub credential_duration_seconds: u32,
    /// When it was created.
    pub creation_date: Timestamp,
    /// When it last changed.
    pub last_modified_date: Timestamp,
    deleted: bool,
}

/// One of a role's policy documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePolicy {
    /// Its name or ARN, for people.
    pub name: String,
    /// The document; of a managed policy, that of its default version.
    pub document: Document,
}

impl RolePolicy {
    /// A policy of a role, by its text.
    ///
    /// # Errors
    /// `MalformedPolicyException` naming every defect (P-01).
    pub fn new(name: &str, text: &str) -> Result<RolePolicy, ServiceError> {
        let document = Document::parse_iam(text).map_err(|errors| malformed(&errors))?;
        Ok(RolePolicy { name: name.to_owned(), document })
    }
}

impl AsRef<Document> for RolePolicy {
    fn as_ref(&self) -> &Document {
        &self.document
    }
}

/// An IAM role as the engine needs it (V-31).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IamRole {
    /// Inline policies.
    pub inline_policies: Vec<RolePolicy>,
    /// Attached managed policies.
    pub managed_policies: Vec<RolePolicy>,
    /// When each service namespace was last authenticated with, lower case. Absent: not used, or no data (CH-25).
    pub last_authenticated: BTreeMap<String, Timestamp>,
    /// Actions, such as `iot:UpdateCertificate`, that a fixture says the role lacks (CH-102).
    pub missing_permissions: BTreeSet<String>,
}

impl IamRole {
    /// All its documents, inline ones first.
    pub fn policies(&self) -> impl Iterator<Item = &RolePolicy> {
        self.inline_policies.iter().chain(&self.managed_policies)
    }
}

impl Account {
    /// Makes an IAM role known, or replaces what is known of it.
    pub fn put_iam_role(&mut self, _now: Timestamp, role_arn: &str, role: IamRole) {
        self.iam_roles.insert(role_arn.to_owned(), role);
    }

    /// A known IAM role.
    pub fn iam_role(&self, role_arn: &str) -> Option<&IamRole> {
        self.iam_roles.get(role_arn)
    }

    /// Whether a role is known to lack an action. A role that is not in the inventory is presumed sufficient (CH-102).
    pub fn role_lacks(&self, role_arn: &str, action: &str) -> bool {
        self.iam_role(role_arn).is_some_and(|role| role.missing_permissions.contains(action))
    }

    /// Creates a role alias (V-30).
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad name, role ARN or duration; `ResourceAlreadyExistsException`;
    /// `LimitExceededException` beyond 100.
    pub fn create_role_alias(
        &mut self,
        now: Timestamp,
        name: &str,
        role_arn: &str,
        credential_duration_seconds: Option<u32>,
    ) -> Result<RoleAliasIndex, ServiceError> {
        text::ROLE_ALIAS.check("role alias", name)?;
        text::ROLE_ARN.check("role ARN", role_arn)?;
        let credential_duration_seconds = check_duration(credential_duration_seconds.unwrap_or(3600))?;
        if self.role_alias(name).is_some() {
            return Err(ServiceError::already_exists("role alias", name, self.arn(format!("rolealias/{name}"))));
        }
        if self.role_aliases().count() >= ROLE_ALIASES_MAX {
            return Err(ServiceError::limit(format!(
                "the account has {ROLE_ALIASES_MAX} role aliases, the most allowed"
            )));
        }
        self.role_aliases.push(RoleAlias {
            name: name.to_owned(),
            role_arn: role_arn.to_owned(),
            credential_duration_seconds,
            creation_date: now,
            last_modified_date: now,
            deleted: false,
        });
        let alias = RoleAliasIndex(self.role_aliases.len() as u32 - 1);
        self.journal.note(Change::RoleAlias(alias));
        Ok(alias)
    }

    /// Changes role or duration of an alias; members not given stay.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad role ARN or duration.
    pub fn update_role_alias(
        &mut self,
        now: Timestamp,
        alias: RoleAliasIndex,
        role_arn: Option<&str>,
        credential_duration_seconds: Option<u32>,
    ) -> Result<(), ServiceError> {
        text::ROLE_ARN.check_if_given("role ARN", role_arn)?;
        credential_duration_seconds.map_or(Ok(0), check_duration)?;
        let row = self.role_alias_row(alias)?;
        row.role_arn = role_arn.map_or_else(|| row.role_arn.clone(), str::to_owned);
        row.credential_duration_seconds = credential_duration_seconds.unwrap_or(row.credential_duration_seconds);
        row.last_modified_date = now;
        self.journal.note(Change::RoleAlias(alias));
        Ok(())
    }

    /// Deletes a role alias.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn delete_role_alias(&mut self, _now: Timestamp, alias: RoleAliasIndex) -> Result<(), ServiceError> {
        self.role_alias_row(alias)?.deleted = true;
        self.journal.note(Change::RoleAlias(alias));
        Ok(())
    }

    /// The living role alias of a name.
    pub fn role_alias(&self, name: &str) -> Option<RoleAliasIndex> {
        self.role_aliases().find(|alias| self.role_aliases[alias.index()].name == name)
    }

    /// The living role aliases in the order of creation.
    pub fn role_aliases(&self) -> impl Iterator<Item = RoleAliasIndex> + '_ {
        let rows = self.role_aliases.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| RoleAliasIndex(at as u32))
    }

    /// A living role alias.
    pub fn describe_role_alias(&self, alias: RoleAliasIndex) -> Option<&RoleAlias> {
        self.role_aliases.get(alias.index()).filter(|row| !row.deleted)
    }

    fn role_alias_row(&mut self, alias: RoleAliasIndex) -> Result<&mut RoleAlias, ServiceError> {
        let row = self.role_aliases.get_mut(alias.index()).filter(|row| !row.deleted);
        row.ok_or_else(|| ServiceError::not_found("role alias", &alias.0.to_string()))
    }
}

fn check_duration(seconds: u32) -> Result<u32, ServiceError> {
    match seconds {
        900..=43_200 => Ok(seconds),
        _ => Err(ServiceError::invalid(format!("credential duration must be 900..43200 seconds, found {seconds}"))),
    }
}
