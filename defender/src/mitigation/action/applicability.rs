//! Which actions apply to which findings (7.2): one table.

use super::super::wire::ActionType::{self, *};
use crate::audit::AuditCheck;

const DEVICE_CERTIFICATE: &[ActionType] = &[UpdateDeviceCertificate, AddThingsToThingGroup];
const CA_CERTIFICATE: &[ActionType] = &[UpdateCaCertificate];
const POLICY: &[ActionType] = &[ReplaceDefaultPolicyVersion];
const LOGGING: &[ActionType] = &[EnableIotLogging];

/// The actions of a check beside `PUBLISH_FINDING_TO_SNS`, which applies to all of them.
const fn more_actions(check: AuditCheck) -> &'static [ActionType] {
    match check {
        AuditCheck::IntermediateCaRevokedForActiveDeviceCertificates => DEVICE_CERTIFICATE,
        AuditCheck::RevokedCaCertificateStillActive => CA_CERTIFICATE,
        AuditCheck::DeviceCertificateShared => DEVICE_CERTIFICATE,
        AuditCheck::DeviceCertificateKeyQuality => DEVICE_CERTIFICATE,
        AuditCheck::CaCertificateKeyQuality => CA_CERTIFICATE,
        AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive => &[],
        AuditCheck::AuthenticatedCognitoRoleOverlyPermissive => &[],
        AuditCheck::IotPolicyOverlyPermissive => POLICY,
        AuditCheck::IotPolicyPotentialMisconfiguration => POLICY,
        AuditCheck::IotRoleAliasOverlyPermissive => &[],
        AuditCheck::IotRoleAliasAllowsAccessToUnusedServices => &[],
        AuditCheck::CaCertificateExpiring => CA_CERTIFICATE,
        AuditCheck::ConflictingClientIds => &[],
        AuditCheck::DeviceCertificateExpiring => DEVICE_CERTIFICATE,
        // Undocumented; as the other device-certificate checks (CH-15).
        AuditCheck::DeviceCertificateAge => DEVICE_CERTIFICATE,
        AuditCheck::RevokedDeviceCertificateStillActive => DEVICE_CERTIFICATE,
        AuditCheck::LoggingDisabled => LOGGING,
        // The engine's own check: its findings can only be published.
        AuditCheck::SharedCognitoIdentity => &[],
    }
}

/// Whether an action can be mapped to a check (M-08).
pub fn applies_to_check(action: ActionType, check: AuditCheck) -> bool {
    matches!(action, PublishFindingToSns) || more_actions(check).contains(&action)
}

/// Whether an action can be applied to a Detect violation: one can (M-08).
pub(in crate::mitigation) const fn applies_to_violation(action: ActionType) -> bool {
    matches!(action, AddThingsToThingGroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_7_2_column_by_column() {
        let ticks = |action| AuditCheck::SERVICE.iter().filter(|check| applies_to_check(action, **check)).count();
        assert_eq!(ActionType::ALL.iter().map(|action| ticks(*action)).collect::<Vec<_>>(), [6, 3, 6, 2, 1, 17]);
        assert!(applies_to_check(EnableIotLogging, AuditCheck::LoggingDisabled));
        assert!(!applies_to_check(UpdateDeviceCertificate, AuditCheck::ConflictingClientIds));
    }

    #[test]
    fn m08_one_action_applies_to_violations() {
        let applicable: Vec<_> = ActionType::ALL.iter().filter(|action| applies_to_violation(**action)).collect();
        assert_eq!(applicable, [&AddThingsToThingGroup]);
    }

    #[test]
    fn x03_the_extension_check_can_only_be_published() {
        let check = AuditCheck::SharedCognitoIdentity;
        let applicable: Vec<_> = ActionType::ALL.iter().filter(|action| applies_to_check(**action, check)).collect();
        assert_eq!(applicable, [&PublishFindingToSns]);
    }
}
