//! Attaching profiles to targets, and what follows when a device is no longer covered (5.6, D-72, D-73).

use super::super::Detect;
use super::super::target::{Attachment, Target};
use super::super::violation::Cause;
use super::Profile;
use super::operations::identifier;
use crate::account::Account;
use crate::detect::device::DeviceId;
use crate::detect::wire;
use crate::error::{Exception, ServiceError};
use crate::ids::{ProfileId, ThingId};
use crate::request::Page;
use crate::time::Timestamp;

/// Profiles per target.
const PROFILES_PER_TARGET_MAX: usize = 5;

impl Profile {
    /// Whether it covers a registered device now (D-27, D-28).
    pub fn covers_thing(&self, thing: ThingId, account: &Account) -> bool {
        self.attachments.iter().any(|attachment| attachment.target.covers_thing(thing, account))
    }

    /// Whether it covers unregistered devices.
    pub fn covers_unregistered(&self) -> bool {
        self.attachments.iter().any(|attachment| attachment.target.covers_unregistered())
    }

    fn covers_any(&self, account: &Account) -> bool {
        self.attachments.iter().any(|attachment| attachment.target.covers_any(account))
    }
}

impl Detect {
    /// Attaches a profile to a target; again is no error (D-26).
    ///
    /// # Errors
    /// `InvalidRequestException` for an ARN that is no target; `ResourceNotFoundException` for an unknown profile or
    /// group; `LimitExceededException` for a sixth profile.
    pub fn attach_security_profile(
        &mut self,
        now: Timestamp,
        request: &wire::AttachSecurityProfileRequest,
        account: &Account,
    ) -> Result<(), ServiceError> {
        let target = Target::from_arn(&request.security_profile_target_arn, account)?;
        let profile = self.profile_named(&request.security_profile_name)?;
        if profile.is_attached_to(target) {
            return Ok(());
        }
        if self.profiles().filter(|profile| profile.is_attached_to(target)).count() >= PROFILES_PER_TARGET_MAX {
            return Err(ServiceError::limit(format!(
                "`{}` has {PROFILES_PER_TARGET_MAX} security profiles, the most allowed",
                request.security_profile_target_arn
            )));
        }
        let id = profile.id;
        self.profiles[id.index()].attachments.push(Attachment { target, since: now });
        self.generation += 1;
        self.apply_models(now, id, account);
        Ok(())
    }

    /// Detaches a profile from a target; success if it was not attached (CH-64). Alarms of devices that no other
    /// target covers are invalidated (D-72).
    ///
    /// # Errors
    /// `InvalidRequestException` for an ARN that is no target; `ResourceNotFoundException` for an unknown profile.
    pub fn detach_security_profile(
        &mut self,
        now: Timestamp,
        request: &wire::DetachSecurityProfileRequest,
        account: &Account,
    ) -> Result<(), ServiceError> {
        let target = match Target::from_arn(&request.security_profile_target_arn, account) {
            Ok(target) => Some(target),
            Err(error) if error.exception == Exception::ResourceNotFound => None,
            Err(error) => return Err(error),
        };
        let id = self.profile_named(&request.security_profile_name)?.id;
        let attachments = &mut self.profiles[id.index()].attachments;
        let before = attachments.len();
        attachments.retain(|attachment| Some(attachment.target) != target);
        if attachments.len() < before {
            self.generation += 1;
            self.reconcile(now, account);
        }
        Ok(())
    }

    /// Which profiles are attached to a target; with `recursive`, or to a group below it (D-28).
    ///
    /// # Errors
    /// `InvalidRequestException` for an ARN that is no target or a bad page; `ResourceNotFoundException` for an
    /// unknown group.
    pub fn list_security_profiles_for_target(
        &self,
        request: &wire::ListSecurityProfilesForTargetRequest,
        account: &Account,
    ) -> Result<wire::ListSecurityProfilesForTargetResponse, ServiceError> {
        let target = Target::from_arn(&request.security_profile_target_arn, account)?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let mut targets = vec![target];
        if let (Target::ThingGroup(group), Some(true)) = (target, request.recursive) {
            targets.extend(account.descendants(group).into_iter().map(Target::ThingGroup));
        }
        let mappings = self.profiles().flat_map(|profile| {
            let attached = profile.attachments.iter().filter(|attachment| targets.contains(&attachment.target));
            attached.map(move |attachment| wire::SecurityProfileTargetMapping {
                security_profile_identifier: identifier(profile, account),
                target: wire::SecurityProfileTarget { arn: attachment.target.arn(account) },
            })
        });
        let (security_profile_target_mappings, next_token) = page.of(mappings)?;
        Ok(wire::ListSecurityProfilesForTargetResponse { security_profile_target_mappings, next_token })
    }

    /// What a profile is attached to, oldest attachment first (CH-02).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a bad page.
    pub fn list_targets_for_security_profile(
        &self,
        request: &wire::ListTargetsForSecurityProfileRequest,
        account: &Account,
    ) -> Result<wire::ListTargetsForSecurityProfileResponse, ServiceError> {
        let profile = self.profile_named(&request.security_profile_name)?;
        let page = Page::new(request.max_results, request.next_token.as_deref())?;
        let targets = profile.attachments.iter().filter(|attachment| attachment.target.exists(account));
        let (security_profile_targets, next_token) =
            page.of(targets.map(|attachment| wire::SecurityProfileTarget { arn: attachment.target.arn(account) }))?;
        Ok(wire::ListTargetsForSecurityProfileResponse { security_profile_targets, next_token })
    }

    /// Whether a profile covers a device now (D-27 … D-29).
    pub fn covers(&self, profile: ProfileId, device: DeviceId, account: &Account) -> bool {
        let profile = &self.profiles[profile.index()];
        match self.devices.thing(device) {
            Some(thing) => profile.covers_thing(thing, account),
            None => profile.covers_unregistered(),
        }
    }

    /// Brings Detect up to date with the registry: attachments to deleted groups go (D-34), alarms of devices that
    /// are no longer covered are invalidated (D-73), and models learn whether anyone is left (D-ML6).
    ///
    /// To be called after things or groups changed, at the time of the change.
    pub fn reconcile(&mut self, now: Timestamp, account: &Account) {
        for profile in &mut self.profiles {
            let before = profile.attachments.len();
            profile.attachments.retain(|attachment| attachment.target.exists(account));
            if profile.attachments.len() < before {
                self.generation += 1;
            }
        }
        let lost = self.violations.running(&self.evaluations, &self.devices, |evaluation, device| {
            !self.covers(self.evaluations.get(evaluation).profile, device, account)
        });
        for (evaluation, device) in lost {
            self.invalidate(now, evaluation, device, Cause::Unmonitored);
        }
        for id in self.profiles.iter().map(|profile| profile.id).collect::<Vec<_>>() {
            self.set_models_covered(now, id, account);
        }
    }

    /// Tells the models of a profile whether any device is covered.
    pub(in crate::detect) fn set_models_covered(&mut self, now: Timestamp, id: ProfileId, account: &Account) {
        let covered = self.profiles[id.index()].covers_any(account);
        for ((profile, _), model) in &mut self.models {
            if *profile == id {
                model.model.set_covered(now, covered);
            }
        }
    }
}

impl Profile {
    fn is_attached_to(&self, target: Target) -> bool {
        self.attachments.iter().any(|attachment| attachment.target == target)
    }
}
