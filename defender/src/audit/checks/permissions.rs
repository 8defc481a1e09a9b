//! What the audit role must be allowed, by what a check reads.

/// Device certificates.
pub(super) const CERTIFICATES: &[&str] = &["iot:ListCertificates", "iot:DescribeCertificate"];
/// CA certificates.
pub(super) const CA_CERTIFICATES: &[&str] = &["iot:ListCACertificates", "iot:DescribeCACertificate"];
/// Policies and what is in force.
pub(super) const POLICIES: &[&str] = &["iot:ListPolicies", "iot:GetPolicy", "iot:GetEffectivePolicies"];
/// Pools, their roles, and the roles' documents.
pub(super) const COGNITO_ROLES: &[&str] = &[
    "cognito-identity:GetIdentityPoolRoles",
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
];
/// Role aliases, the roles' documents, and what they used.
pub(super) const ROLE_ALIASES: &[&str] = &[
    "iot:ListRoleAliases",
    "iot:DescribeRoleAlias",
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GenerateServiceLastAccessedDetails",
    "iam:GetServiceLastAccessedDetails",
];
/// Logging options.
pub(super) const LOGGING: &[&str] = &["iot:GetLoggingOptions", "iot:GetV2LoggingOptions"];
/// The service's own records.
pub(super) const NONE: &[&str] = &[];
