//! Which actions apply to which findings (7.2): one table.

use super::super::wire::ActionType::{self, *};

/// The actions of each check beside `PUBLISH_FINDING_TO_SNS`, which applies to all of them.
const APPLICABILITY: [(&str, &[ActionType]); 17] = [
    ("INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", DEVICE_CERTIFICATE),
    ("REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", CA_CERTIFICATE),
    ("DEVICE_CERTIFICATE_SHARED_CHECK", DEVICE_CERTIFICATE),
    ("DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", DEVICE_CERTIFICATE),
    ("CA_CERTIFICATE_KEY_QUALITY_CHECK", CA_CERTIFICATE),
    ("UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", &[]),
    ("AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", &[]),
    ("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", POLICY),
    ("IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", POLICY),
    ("IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", &[]),
    ("IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", &[]),
    ("CA_CERTIFICATE_EXPIRING_CHECK", CA_CERTIFICATE),
    ("CONFLICTING_CLIENT_IDS_CHECK", &[]),
    ("DEVICE_CERTIFICATE_EXPIRING_CHECK", DEVICE_CERTIFICATE),
    // Undocumented; as the other device-certificate checks (CH-15).
    ("DEVICE_CERTIFICATE_AGE_CHECK", DEVICE_CERTIFICATE),
    ("REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", DEVICE_CERTIFICATE),
    ("LOGGING_DISABLED_CHECK", &[EnableIotLogging]),
];

/// A check that only this engine has, in lenient mode.
const EXTENSION: &str = "SHARED_COGNITO_IDENTITY_CHECK";

const DEVICE_CERTIFICATE: &[ActionType] = &[UpdateDeviceCertificate, AddThingsToThingGroup];
const CA_CERTIFICATE: &[ActionType] = &[UpdateCaCertificate];
const POLICY: &[ActionType] = &[ReplaceDefaultPolicyVersion];

/// Whether an action can be mapped to a check (M-08).
pub fn applies_to_check(action: ActionType, check: &str) -> bool {
    let row = APPLICABILITY.iter().find(|(name, _)| *name == check);
    match action {
        PublishFindingToSns => is_check(check),
        action => row.is_some_and(|(_, actions)| actions.contains(&action)),
    }
}

/// Whether an action can be applied to a Detect violation: one can (M-08).
pub(in crate::mitigation) const fn applies_to_violation(action: ActionType) -> bool {
    matches!(action, AddThingsToThingGroup)
}

/// Whether a check of this name exists, extension included.
pub fn is_check(name: &str) -> bool {
    name == EXTENSION || checks().any(|check| check == name)
}

/// The checks' names, in the order of the catalogue.
pub fn checks() -> impl Iterator<Item = &'static str> {
    APPLICABILITY.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_7_2_column_by_column() {
        let ticks = |action| checks().filter(|check| applies_to_check(action, check)).count();
        assert_eq!(ActionType::ALL.iter().map(|action| ticks(*action)).collect::<Vec<_>>(), [6, 3, 6, 2, 1, 17]);
        assert!(applies_to_check(EnableIotLogging, "LOGGING_DISABLED_CHECK"));
        assert!(!applies_to_check(UpdateDeviceCertificate, "CONFLICTING_CLIENT_IDS_CHECK"));
        assert!(!applies_to_check(PublishFindingToSns, "NO_SUCH_CHECK"));
    }

    #[test]
    fn m08_one_action_applies_to_violations() {
        let applicable: Vec<_> = ActionType::ALL.iter().filter(|action| applies_to_violation(**action)).collect();
        assert_eq!(applicable, [&AddThingsToThingGroup]);
    }

    #[test]
    fn x03_the_extension_check_can_only_be_published() {
        let applicable: Vec<_> =
            ActionType::ALL.iter().filter(|action| applies_to_check(**action, EXTENSION)).collect();
        assert_eq!(applicable, [&PublishFindingToSns]);
    }
}
