//! C-09: a Deny in the default version of a policy probably misses its purpose (3.8).

use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Extra, Inspected, Scene};

use super::iot_policy_overly_permissive::resource;
use super::permissions;

pub(super) struct IotPolicyPotentialMisconfiguration;

impl Check for IotPolicyPotentialMisconfiguration {
    fn check(&self) -> AuditCheck {
        AuditCheck::IotPolicyPotentialMisconfiguration
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::POLICIES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        for policy in scene.account.policies() {
            inspected.total += 1;
            let Some(version) = scene.account.default_policy_version(policy) else { continue };
            let verdict = scene.verdicts.of(scene.account, version.document);
            // Both may apply, and are two findings (P-38).
            let reasons = [
                (
                    verdict.mqtt_wildcard_in_deny,
                    ReasonCode::PolicyContainsMqttWildcardsInDenyStatement,
                    "Policy contains MQTT wildcards in a Deny statement, where they are literal text.",
                ),
                (
                    verdict.bypassed_deny,
                    ReasonCode::TopicFiltersIntendedToDenyAllowedUsingWildcards,
                    "Topic filters intended to be denied are allowed by subscribing with wildcards.",
                ),
            ];
            for (_, reason, text) in reasons.into_iter().filter(|(applies, ..)| *applies) {
                inspected.find(resource(scene, policy, version), reason, text).extra =
                    Extra::Document(version.document);
            }
        }
        inspected
    }
}
