//! Creating, changing, reading and deleting security profiles.

use super::super::evaluation::Snapshot;
use super::super::violation::Cause;
use super::super::{Answer, Detect, validate};
use super::{Checked, Profile, Settings};
use crate::account::Account;
use crate::detect::behavior::Behavior;
use crate::detect::evaluation::EvaluationId;
use crate::detect::wire;
use crate::error::{Exception, ServiceError};
use crate::ids::ProfileId;
use crate::request::{Page, text};
use crate::time::Timestamp;

impl Detect {
    /// Creates a security profile, version 1 (D-16).
    ///
    /// # Errors
    /// `InvalidRequestException` for the first broken rule (5.5.1); `ResourceAlreadyExistsException`.
    pub fn create_security_profile(
        &mut self,
        now: Timestamp,
        request: &wire::CreateSecurityProfileRequest,
        account: &Account,
    ) -> Result<Answer<wire::CreateSecurityProfileResponse>, ServiceError> {
        let name = &request.security_profile_name;
        text::NAME.check("securityProfileName", name)?;
        wire::Tag::check_all(request.tags.as_deref())?;
        let settings = Settings {
            description: request.security_profile_description.clone(),
            behaviors: request.behaviors.clone(),
            alert_targets: request.alert_targets.clone(),
            additional_metrics_to_retain: request.additional_metrics_to_retain.clone(),
            additional_metrics_to_retain_v2: request.additional_metrics_to_retain_v2.clone(),
            metrics_export_config: request.metrics_export_config.clone(),
        };
        let Checked { behaviors, retained, warnings } = settings.check(&self.catalog, self.compatibility)?;
        let arn = profile_arn(name, account);
        if self.profiles_by_name.contains_key(name) {
            return Err(ServiceError::already_exists("security profile", name, arn));
        }
        let id = ProfileId(self.profiles.len() as u32);
        self.profiles.push(Profile {
            id,
            name: name.clone(),
            settings,
            tags: request.tags.clone().unwrap_or_default(),
            version: 1,
            created: now,
            modified: now,
            evaluations: Vec::new(),
            retained,
            attachments: Vec::new(),
            deleted: false,
        });
        self.profiles_by_name.insert(name.clone(), id);
        self.apply_behaviors(now, id, behaviors, account);
        let response =
            wire::CreateSecurityProfileResponse { security_profile_name: name.clone(), security_profile_arn: arn };
        Ok(Answer { response, warnings })
    }

    /// Changes a security profile: given members replace the stored ones, absent members stay (D-17). Alarms of
    /// behaviors that are removed, renamed or changed are invalidated (D-74 … D-77).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `VersionConflictException`; `InvalidRequestException` for the first broken rule
    /// and for a member given together with its deletion.
    pub fn update_security_profile(
        &mut self,
        now: Timestamp,
        request: &wire::UpdateSecurityProfileRequest,
        account: &Account,
    ) -> Result<Answer<wire::SecurityProfileDescription>, ServiceError> {
        let profile = self.profile_named(&request.security_profile_name)?;
        let id = profile.id;
        expect_version(profile, request.expected_version)?;
        refuse_contradictions(request)?;
        let settings = merged(&profile.settings, request);
        let Checked { behaviors, retained, warnings } = settings.check(&self.catalog, self.compatibility)?;
        let profile = &mut self.profiles[id.index()];
        profile.settings = settings;
        profile.retained = retained;
        profile.version += 1;
        profile.modified = now;
        self.apply_behaviors(now, id, behaviors, account);
        Ok(Answer { response: self.describe(id, account), warnings })
    }

    /// A security profile.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn describe_security_profile(
        &self,
        name: &str,
        account: &Account,
    ) -> Result<wire::SecurityProfileDescription, ServiceError> {
        Ok(self.describe(self.profile_named(name)?.id, account))
    }

    /// Deletes a security profile with its attachments (CH-58); success if there is none (G-08). Its alarms are
    /// invalidated without alerts (D-78).
    ///
    /// # Errors
    /// `VersionConflictException`; `InvalidRequestException` for a name that none can have.
    pub fn delete_security_profile(
        &mut self,
        now: Timestamp,
        request: &wire::DeleteSecurityProfileRequest,
    ) -> Result<(), ServiceError> {
        text::NAME.check("securityProfileName", &request.security_profile_name)?;
        let Some(id) = self.profiles_by_name.get(&request.security_profile_name).copied() else { return Ok(()) };
        expect_version(&self.profiles[id.index()], request.expected_version)?;
        let profile = &mut self.profiles[id.index()];
        profile.deleted = true;
        profile.attachments.clear();
        let ended: Vec<_> =
            std::mem::take(&mut profile.evaluations).into_iter().map(|id| (id, Cause::ProfileDeleted)).collect();
        self.profiles_by_name.remove(&request.security_profile_name);
        self.end_evaluations(now, &ended);
        self.models.retain(|(profile, _), _| *profile != id);
        self.generation += 1;
        Ok(())
    }

    /// Names and ARNs of all profiles, by creation (CH-02); or of those that use a dimension or a metric.
    ///
    /// # Errors
    /// `InvalidRequestException` for a bad page; `ResourceNotFoundException` for an unknown dimension or metric.
    pub fn list_security_profiles(
        &self,
        request: &wire::ListSecurityProfilesRequest,
        account: &Account,
    ) -> Result<wire::ListSecurityProfilesResponse, ServiceError> {
        text::NAME.check_if_given("dimensionName", request.dimension_name.as_deref())?;
        if let Some(name) = request.dimension_name.as_deref().filter(|name| !self.dimensions.contains_key(*name)) {
            return Err(ServiceError::not_found("dimension", name));
        }
        if let Some(name) = request.metric_name.as_deref().filter(|name| self.catalog.metric(name).is_none()) {
            return Err(ServiceError::not_found("metric", name));
        }
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let wanted = self.profiles().filter(|profile| {
            request.dimension_name.as_deref().is_none_or(|name| profile.uses_dimension(name))
                && request.metric_name.as_deref().is_none_or(|name| profile.uses_metric(name))
        });
        let (security_profile_identifiers, next_token) = page.of(wanted.map(|p| identifier(p, account)))?;
        Ok(wire::ListSecurityProfilesResponse { security_profile_identifiers, next_token })
    }

    /// Checks behaviors without a profile; what is wrong with them is the answer, not an error (5.5.1).
    ///
    /// # Errors
    /// `InvalidRequestException` for more than 100 behaviors (D-V27).
    pub fn validate_security_profile_behaviors(
        &self,
        request: &wire::ValidateSecurityProfileBehaviorsRequest,
    ) -> Result<Answer<wire::ValidateSecurityProfileBehaviorsResponse>, ServiceError> {
        let validated = validate::validate(&request.behaviors, &self.catalog, self.compatibility);
        if let Some(error) = validated.errors.iter().find(|error| error.behavior.is_none()) {
            return Err(ServiceError::invalid(&error.message));
        }
        let errors = validated.errors.into_iter();
        let validation_errors: Vec<_> =
            errors.map(|error| wire::ValidationErrorMessage { error_message: error.message }).collect();
        let response =
            wire::ValidateSecurityProfileBehaviorsResponse { valid: validation_errors.is_empty(), validation_errors };
        Ok(Answer { response, warnings: validated.warnings })
    }

    /// The profile of a name.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a name that none can have.
    pub fn profile_named(&self, name: &str) -> Result<&Profile, ServiceError> {
        text::NAME.check("securityProfileName", name)?;
        let id = self.profiles_by_name.get(name);
        id.map(|id| &self.profiles[id.index()]).ok_or_else(|| ServiceError::not_found("security profile", name))
    }

    fn describe(&self, id: ProfileId, account: &Account) -> wire::SecurityProfileDescription {
        let profile = &self.profiles[id.index()];
        let settings = profile.settings.clone();
        wire::SecurityProfileDescription {
            security_profile_name: profile.name.clone(),
            security_profile_arn: profile_arn(&profile.name, account),
            security_profile_description: settings.description,
            behaviors: settings.behaviors,
            alert_targets: settings.alert_targets,
            additional_metrics_to_retain: settings.additional_metrics_to_retain,
            additional_metrics_to_retain_v2: settings.additional_metrics_to_retain_v2,
            version: profile.version,
            creation_date: profile.created,
            last_modified_date: profile.modified,
            metrics_export_config: settings.metrics_export_config,
        }
    }

    /// Starts, keeps and ends evaluations, so that they are those of the new behaviors (D-74 … D-77).
    fn apply_behaviors(&mut self, now: Timestamp, id: ProfileId, behaviors: Vec<Behavior>, account: &Account) {
        let given = self.profiles[id.index()].settings.behaviors.clone().unwrap_or_default();
        let before = std::mem::take(&mut self.profiles[id.index()].evaluations);
        let profile_name = self.profiles[id.index()].name.clone();
        let mut after = Vec::with_capacity(behaviors.len());
        let mut ended: Vec<(EvaluationId, Cause)> = Vec::new();
        for (given, behavior) in given.into_iter().zip(behaviors) {
            let old = before.iter().copied().find(|old| self.evaluations.behavior_name(*old) == behavior.name);
            let snapshot = Snapshot { given, behavior };
            match old {
                Some(old) if self.evaluations.get(old).behavior.evaluates_like(&snapshot.behavior) => {
                    self.evaluations.keep(old, snapshot);
                    after.push(old);
                }
                _ => {
                    ended.extend(old.map(|old| (old, Cause::BehaviorChanged)));
                    after.push(self.evaluations.start(now, id, &profile_name, snapshot));
                }
            }
        }
        let gone = before.into_iter().filter(|old| !after.contains(old) && !ended.iter().any(|(e, _)| e == old));
        let gone: Vec<_> = gone.map(|old| (old, Cause::BehaviorRemoved)).collect();
        ended.extend(gone);
        self.profiles[id.index()].evaluations = after;
        self.end_evaluations(now, &ended);
        self.apply_models(now, id, account);
        self.generation += 1;
    }
}

pub(super) fn profile_arn(name: &str, account: &Account) -> String {
    account.arn(format!("securityprofile/{name}"))
}

pub(super) fn identifier(profile: &Profile, account: &Account) -> wire::SecurityProfileIdentifier {
    wire::SecurityProfileIdentifier { name: profile.name.clone(), arn: profile_arn(&profile.name, account) }
}

fn expect_version(profile: &Profile, expected: Option<i64>) -> Result<(), ServiceError> {
    match expected {
        Some(version) if version != profile.version => Err(ServiceError::new(
            Exception::VersionConflict,
            format!("security profile `{}` has version {}, expected `{version}`", profile.name, profile.version),
        )),
        _ => Ok(()),
    }
}

/// A member may not be given and deleted in one request (D-17).
fn refuse_contradictions(request: &wire::UpdateSecurityProfileRequest) -> Result<(), ServiceError> {
    let retained = request.additional_metrics_to_retain.is_some() || request.additional_metrics_to_retain_v2.is_some();
    let export = request.metrics_export_config.is_some();
    for (given, deleted, flag) in [
        (request.behaviors.is_some(), request.delete_behaviors, "deleteBehaviors"),
        (request.alert_targets.is_some(), request.delete_alert_targets, "deleteAlertTargets"),
        (retained, request.delete_additional_metrics_to_retain, "deleteAdditionalMetricsToRetain"),
        (export, request.delete_metrics_export_config, "deleteMetricsExportConfig"),
    ] {
        if given && deleted == Some(true) {
            return Err(ServiceError::invalid(format!("`{flag}` is not allowed together with what it deletes")));
        }
    }
    Ok(())
}

fn merged(stored: &Settings, request: &wire::UpdateSecurityProfileRequest) -> Settings {
    fn member<T: Clone>(given: &Option<T>, deleted: Option<bool>, stored: &Option<T>) -> Option<T> {
        if deleted == Some(true) { None } else { given.clone().or_else(|| stored.clone()) }
    }
    let delete_retained = request.delete_additional_metrics_to_retain;
    Settings {
        description: member(&request.security_profile_description, None, &stored.description),
        behaviors: member(&request.behaviors, request.delete_behaviors, &stored.behaviors),
        alert_targets: member(&request.alert_targets, request.delete_alert_targets, &stored.alert_targets),
        additional_metrics_to_retain: member(
            &request.additional_metrics_to_retain,
            delete_retained,
            &stored.additional_metrics_to_retain,
        ),
        additional_metrics_to_retain_v2: member(
            &request.additional_metrics_to_retain_v2,
            delete_retained,
            &stored.additional_metrics_to_retain_v2,
        ),
        metrics_export_config: member(
            &request.metrics_export_config,
            request.delete_metrics_export_config,
            &stored.metrics_export_config,
        ),
    }
}
