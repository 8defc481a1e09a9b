//! The names of the audit checks (4.2), with the names under which they are known elsewhere.

/// What a check's name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The service's own name.
    Canonical(&'static str),
    /// Another name of this check.
    Alias(&'static str),
    /// Nobody's.
    Unknown,
}

/// The names of the 17 checks, in catalog order.
pub const NAMES: [&str; 17] = [
    "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK",
    "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK",
    "DEVICE_CERTIFICATE_SHARED_CHECK",
    "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
    "CA_CERTIFICATE_KEY_QUALITY_CHECK",
    "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
    "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
    "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
    "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK",
    "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
    "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK",
    "CA_CERTIFICATE_EXPIRING_CHECK",
    "CONFLICTING_CLIENT_IDS_CHECK",
    "DEVICE_CERTIFICATE_EXPIRING_CHECK",
    "DEVICE_CERTIFICATE_AGE_CHECK",
    "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK",
    "LOGGING_DISABLED_CHECK",
];

/// Old and mistaken names with the check that they mean.
const ALIASES: [(&str, &str); 7] = [
    ("REVOKED_DEVICE_CERTIFICATE_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"),
    ("ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK"),
    ("REVOKED_CA_CERT_CHECK", "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK"),
    ("REVOKED_DEVICE_CERT_CHECK", "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"),
    ("CA_CERT_APPROACHING_EXPIRATION_CHECK", "CA_CERTIFICATE_EXPIRING_CHECK"),
    ("DEVICE_CERT_APPROACHING_EXPIRATION_CHECK", "DEVICE_CERTIFICATE_EXPIRING_CHECK"),
    ("AUTHENTICATE_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"),
];

/// What a name means.
pub fn resolve(name: &str) -> Resolved {
    if let Some(canonical) = NAMES.iter().find(|known| **known == name) {
        return Resolved::Canonical(canonical);
    }
    match ALIASES.iter().find(|(alias, _)| *alias == name) {
        Some((_, canonical)) => Resolved::Alias(canonical),
        None => Resolved::Unknown,
    }
}
