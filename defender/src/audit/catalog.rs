//! The checks by name: severity, resource type, reason codes, aliases (4.2).

use std::fmt;

use crate::error::{Compatibility, ServiceError, Warning};

use super::wire::{AuditFindingSeverity, ResourceType};

/// A check of the service (C-01 … C-17), or the engine's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditCheck {
    /// C-01.
    IntermediateCaRevokedForActiveDeviceCertificates,
    /// C-02.
    RevokedCaCertificateStillActive,
    /// C-03.
    DeviceCertificateShared,
    /// C-04.
    DeviceCertificateKeyQuality,
    /// C-05.
    CaCertificateKeyQuality,
    /// C-06.
    UnauthenticatedCognitoRoleOverlyPermissive,
    /// C-07.
    AuthenticatedCognitoRoleOverlyPermissive,
    /// C-08.
    IotPolicyOverlyPermissive,
    /// C-09.
    IotPolicyPotentialMisconfiguration,
    /// C-10.
    IotRoleAliasOverlyPermissive,
    /// C-11.
    IotRoleAliasAllowsAccessToUnusedServices,
    /// C-12.
    CaCertificateExpiring,
    /// C-13.
    ConflictingClientIds,
    /// C-14.
    DeviceCertificateExpiring,
    /// C-15.
    DeviceCertificateAge,
    /// C-16.
    RevokedDeviceCertificateStillActive,
    /// C-17.
    LoggingDisabled,
    /// no check of the service; in lenient mode only.
    SharedCognitoIdentity,
}

impl AuditCheck {
    /// The checks of the service, in the order of the catalog.
    pub const SERVICE: [AuditCheck; 17] = [
        AuditCheck::IntermediateCaRevokedForActiveDeviceCertificates,
        AuditCheck::RevokedCaCertificateStillActive,
        AuditCheck::DeviceCertificateShared,
        AuditCheck::DeviceCertificateKeyQuality,
        AuditCheck::CaCertificateKeyQuality,
        AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive,
        AuditCheck::AuthenticatedCognitoRoleOverlyPermissive,
        AuditCheck::IotPolicyOverlyPermissive,
        AuditCheck::IotPolicyPotentialMisconfiguration,
        AuditCheck::IotRoleAliasOverlyPermissive,
        AuditCheck::IotRoleAliasAllowsAccessToUnusedServices,
        AuditCheck::CaCertificateExpiring,
        AuditCheck::ConflictingClientIds,
        AuditCheck::DeviceCertificateExpiring,
        AuditCheck::DeviceCertificateAge,
        AuditCheck::RevokedDeviceCertificateStillActive,
        AuditCheck::LoggingDisabled,
    ];

    /// The checks that exist in a mode: the extension in lenient mode only.
    pub fn known(mode: Compatibility) -> impl Iterator<Item = AuditCheck> {
        let extension = (mode == Compatibility::Lenient).then_some(AuditCheck::SharedCognitoIdentity);
        AuditCheck::SERVICE.into_iter().chain(extension)
    }

    /// `checkName`.
    pub const fn name(self) -> &'static str {
        use AuditCheck::*;
        match self {
            IntermediateCaRevokedForActiveDeviceCertificates => {
                "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK"
            }
            RevokedCaCertificateStillActive => "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK",
            DeviceCertificateShared => "DEVICE_CERTIFICATE_SHARED_CHECK",
            DeviceCertificateKeyQuality => "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
            CaCertificateKeyQuality => "CA_CERTIFICATE_KEY_QUALITY_CHECK",
            UnauthenticatedCognitoRoleOverlyPermissive => "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
            AuthenticatedCognitoRoleOverlyPermissive => "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
            IotPolicyOverlyPermissive => "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
            IotPolicyPotentialMisconfiguration => "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK",
            IotRoleAliasOverlyPermissive => "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
            IotRoleAliasAllowsAccessToUnusedServices => "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK",
            CaCertificateExpiring => "CA_CERTIFICATE_EXPIRING_CHECK",
            ConflictingClientIds => "CONFLICTING_CLIENT_IDS_CHECK",
            DeviceCertificateExpiring => "DEVICE_CERTIFICATE_EXPIRING_CHECK",
            DeviceCertificateAge => "DEVICE_CERTIFICATE_AGE_CHECK",
            RevokedDeviceCertificateStillActive => "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK",
            LoggingDisabled => "LOGGING_DISABLED_CHECK",
            SharedCognitoIdentity => "SHARED_COGNITO_IDENTITY_CHECK",
        }
    }

    /// Severity of its findings (4.2, A-09).
    pub const fn severity(self) -> AuditFindingSeverity {
        use AuditCheck::*;
        match self {
            IntermediateCaRevokedForActiveDeviceCertificates
            | RevokedCaCertificateStillActive
            | DeviceCertificateShared
            | DeviceCertificateKeyQuality
            | CaCertificateKeyQuality
            | UnauthenticatedCognitoRoleOverlyPermissive
            | AuthenticatedCognitoRoleOverlyPermissive
            | IotPolicyOverlyPermissive
            | IotRoleAliasOverlyPermissive => AuditFindingSeverity::Critical,
            ConflictingClientIds | SharedCognitoIdentity => AuditFindingSeverity::High,
            IotPolicyPotentialMisconfiguration
            | IotRoleAliasAllowsAccessToUnusedServices
            | CaCertificateExpiring
            | DeviceCertificateExpiring
            | RevokedDeviceCertificateStillActive => AuditFindingSeverity::Medium,
            DeviceCertificateAge | LoggingDisabled => AuditFindingSeverity::Low,
        }
    }

    /// What its findings are about (4.2).
    pub const fn resource_type(self) -> ResourceType {
        use AuditCheck::*;
        match self {
            IntermediateCaRevokedForActiveDeviceCertificates => ResourceType::IssuerCertificate,
            RevokedCaCertificateStillActive | CaCertificateKeyQuality | CaCertificateExpiring => {
                ResourceType::CaCertificate
            }
            DeviceCertificateShared
            | DeviceCertificateKeyQuality
            | DeviceCertificateExpiring
            | DeviceCertificateAge
            | RevokedDeviceCertificateStillActive => ResourceType::DeviceCertificate,
            UnauthenticatedCognitoRoleOverlyPermissive
            | AuthenticatedCognitoRoleOverlyPermissive
            | SharedCognitoIdentity => ResourceType::CognitoIdentityPool,
            IotPolicyOverlyPermissive | IotPolicyPotentialMisconfiguration => ResourceType::IotPolicy,
            IotRoleAliasOverlyPermissive | IotRoleAliasAllowsAccessToUnusedServices => ResourceType::RoleAlias,
            ConflictingClientIds => ResourceType::ClientId,
            LoggingDisabled => ResourceType::AccountSettings,
        }
    }

    /// The reason codes that its findings can have (4.2).
    pub const fn reason_codes(self) -> &'static [ReasonCode] {
        use AuditCheck as C;
        use ReasonCode::*;
        match self {
            C::IntermediateCaRevokedForActiveDeviceCertificates => &[IntermediateCaRevokedByIssuer],
            C::RevokedCaCertificateStillActive | C::RevokedDeviceCertificateStillActive => {
                &[CertificateRevokedByIssuer]
            }
            C::DeviceCertificateShared => &[CertificateSharedByMultipleDevices],
            C::DeviceCertificateKeyQuality | C::CaCertificateKeyQuality => {
                &[CertificateKeyVulnerabilityCve201715361, CertificateKeyVulnerabilityCve20080166]
            }
            C::UnauthenticatedCognitoRoleOverlyPermissive => {
                &[AllowsAccessToIotAdminActions, AllowsBroadAccessToIotDataPlaneActions]
            }
            C::AuthenticatedCognitoRoleOverlyPermissive => &[
                AllowsBroadAccessToIotThingAdminReadActions,
                AllowsAccessToIotNonThingAdminActions,
                AllowsAccessToIotThingAdminWriteActions,
                AllowsBroadAccessToIotDataPlaneActions,
            ],
            C::IotPolicyOverlyPermissive => &[AllowsBroadAccessToIotDataPlaneActions],
            C::IotPolicyPotentialMisconfiguration => {
                &[PolicyContainsMqttWildcardsInDenyStatement, TopicFiltersIntendedToDenyAllowedUsingWildcards]
            }
            C::IotRoleAliasOverlyPermissive => &[
                AllowsBroadAccessToUsedServices,
                AllowsAccessToSecurityAuditingServices,
                AllowsBroadAccessToIotThingAdminReadActions,
                AllowsAccessToIotNonThingAdminActions,
                AllowsAccessToIotThingAdminWriteActions,
                AllowsBroadAccessToIotDataPlaneActions,
            ],
            C::IotRoleAliasAllowsAccessToUnusedServices => &[AllowsAccessToUnusedServices],
            C::CaCertificateExpiring | C::DeviceCertificateExpiring => {
                &[CertificateApproachingExpiration, CertificatePastExpiration]
            }
            C::ConflictingClientIds => &[DuplicateClientIdAcrossConnections],
            C::DeviceCertificateAge => &[CertificatePastAgeThreshold],
            C::LoggingDisabled => &[LoggingDisabled],
            C::SharedCognitoIdentity => &[XCognitoIdentityShared],
        }
    }

    /// Whether it is the engine's own and not the service's.
    pub const fn is_extension(self) -> bool {
        matches!(self, AuditCheck::SharedCognitoIdentity)
    }

    /// Reads a check name as a mode admits it; `path` is where it stands in the request.
    ///
    /// # Errors
    /// `InvalidRequestException` for an unknown name; in strict mode for an alias too, naming the check that is
    /// meant. In lenient mode an alias is taken, with the warning `CHECK_NAME_ALIAS`.
    pub fn read(
        name: &str,
        mode: Compatibility,
        path: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<AuditCheck, ServiceError> {
        if let Some(check) = AuditCheck::known(mode).find(|check| check.name() == name) {
            return Ok(check);
        }
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, check)| *check);
        match (alias, mode) {
            (Some(check), Compatibility::Lenient) => {
                warnings.push(Warning {
                    code: "CHECK_NAME_ALIAS",
                    path: path.to_owned(),
                    message: format!("`{name}` is not a check of the service, `{check}` is meant"),
                    canonical: Some(check.name().into()),
                });
                Ok(check)
            }
            (Some(check), Compatibility::Strict) => {
                Err(ServiceError::invalid(format!("unknown check `{name}`; the check is called `{check}`")))
            }
            (None, _) => {
                let near =
                    AuditCheck::SERVICE.into_iter().map(|check| (strsim::jaro_winkler(name, check.name()), check));
                let best = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.9);
                let hint = best.map(|(_, check)| format!("; did you mean `{check}`?")).unwrap_or_default();
                Err(ServiceError::invalid(format!("unknown check `{name}`{hint}")))
            }
        }
    }
}

impl fmt::Display for AuditCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Other spellings: of older documentation, and of the article that this project started from.
const ALIASES: [(&str, AuditCheck); 7] = [
    ("REVOKED_CA_CERT_CHECK", AuditCheck::RevokedCaCertificateStillActive),
    ("REVOKED_DEVICE_CERT_CHECK", AuditCheck::RevokedDeviceCertificateStillActive),
    ("CA_CERT_APPROACHING_EXPIRATION_CHECK", AuditCheck::CaCertificateExpiring),
    ("DEVICE_CERT_APPROACHING_EXPIRATION_CHECK", AuditCheck::DeviceCertificateExpiring),
    ("AUTHENTICATE_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", AuditCheck::AuthenticatedCognitoRoleOverlyPermissive),
    ("REVOKED_DEVICE_CERTIFICATE_CHECK", AuditCheck::RevokedDeviceCertificateStillActive),
    ("ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", AuditCheck::IotRoleAliasOverlyPermissive),
];

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// `reasonForNonComplianceCode` (4.2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the service's own codes")]
        pub enum ReasonCode { $($(#[$doc])* $name,)+ }

        impl ReasonCode {
            /// The code on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(ReasonCode::$name => $text,)+ }
            }
        }
    };
}

reason_codes! {
    IntermediateCaRevokedByIssuer = "INTERMEDIATE_CA_REVOKED_BY_ISSUER",
    CertificateRevokedByIssuer = "CERTIFICATE_REVOKED_BY_ISSUER",
    CertificateSharedByMultipleDevices = "CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES",
    CertificateKeyVulnerabilityCve201715361 = "CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361",
    CertificateKeyVulnerabilityCve20080166 = "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166",
    AllowsAccessToIotAdminActions = "ALLOWS_ACCESS_TO_IOT_ADMIN_ACTIONS",
    AllowsBroadAccessToUsedServices = "ALLOWS_BROAD_ACCESS_TO_USED_SERVICES",
    AllowsAccessToSecurityAuditingServices = "ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES",
    AllowsBroadAccessToIotThingAdminReadActions = "ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS",
    AllowsAccessToIotNonThingAdminActions = "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS",
    AllowsAccessToIotThingAdminWriteActions = "ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS",
    AllowsBroadAccessToIotDataPlaneActions = "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS",
    PolicyContainsMqttWildcardsInDenyStatement = "POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT",
    TopicFiltersIntendedToDenyAllowedUsingWildcards = "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS",
    AllowsAccessToUnusedServices = "ALLOWS_ACCESS_TO_UNUSED_SERVICES",
    CertificateApproachingExpiration = "CERTIFICATE_APPROACHING_EXPIRATION",
    CertificatePastExpiration = "CERTIFICATE_PAST_EXPIRATION",
    DuplicateClientIdAcrossConnections = "DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS",
    CertificatePastAgeThreshold = "CERTIFICATE_PAST_AGE_THRESHOLD",
    LoggingDisabled = "LOGGING_DISABLED",
    ///
    XCognitoIdentityShared = "X_COGNITO_IDENTITY_SHARED",
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
