//! The checks, one file each (4.3).

mod authenticated_cognito_role_overly_permissive;
mod ca_certificate_expiring;
mod ca_certificate_key_quality;
mod cognito;
mod conflicting_client_ids;
mod device_certificate_age;
mod device_certificate_expiring;
mod device_certificate_key_quality;
mod device_certificate_shared;
mod expiration;
mod intermediate_ca_revoked;
mod iot_policy_overly_permissive;
mod iot_policy_potential_misconfiguration;
mod iot_role_alias_overly_permissive;
mod iot_role_alias_unused_services;
mod key_quality;
mod logging_disabled;
mod permissions;
mod revoked_ca_certificate;
mod revoked_device_certificate;
mod role;
mod shared_cognito_identity;
mod unauthenticated_cognito_role_overly_permissive;

pub(super) use iot_role_alias_overly_permissive::is_used;

use super::catalog::AuditCheck;
use super::inspection::Check;

/// Every check, in the order of the catalog.
static REGISTRY: [&dyn Check; 18] = [
    &intermediate_ca_revoked::IntermediateCaRevoked,
    &revoked_ca_certificate::RevokedCaCertificate,
    &device_certificate_shared::DeviceCertificateShared,
    &device_certificate_key_quality::DeviceCertificateKeyQuality,
    &ca_certificate_key_quality::CaCertificateKeyQuality,
    &unauthenticated_cognito_role_overly_permissive::UnauthenticatedCognitoRoleOverlyPermissive,
    &authenticated_cognito_role_overly_permissive::AuthenticatedCognitoRoleOverlyPermissive,
    &iot_policy_overly_permissive::IotPolicyOverlyPermissive,
    &iot_policy_potential_misconfiguration::IotPolicyPotentialMisconfiguration,
    &iot_role_alias_overly_permissive::IotRoleAliasOverlyPermissive,
    &iot_role_alias_unused_services::IotRoleAliasUnusedServices,
    &ca_certificate_expiring::CaCertificateExpiring,
    &conflicting_client_ids::ConflictingClientIds,
    &device_certificate_expiring::DeviceCertificateExpiring,
    &device_certificate_age::DeviceCertificateAge,
    &revoked_device_certificate::RevokedDeviceCertificate,
    &logging_disabled::LoggingDisabled,
    &shared_cognito_identity::SharedCognitoIdentity,
];

/// How a check looks.
pub(crate) fn implementation(check: AuditCheck) -> &'static dyn Check {
    REGISTRY[check as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_stands_in_its_place_of_the_registry() {
        for (place, implementation) in REGISTRY.iter().enumerate() {
            assert_eq!(implementation.check() as usize, place, "{}", implementation.check());
        }
    }
}
