//! Resources as checks find them and suppressions name them (4.4), apart from how they travel.

use crate::error::ServiceError;
use crate::ids::CertificateId;
use crate::request::text;

use super::catalog::AuditCheck;
use super::wire::{IssuerCertificateIdentifier, PolicyVersionIdentifier, ResourceIdentifier, ResourceType};

/// What a finding is about. The order is that of listings: certificate ids as numbers, names as text, policy versions
/// by name and then number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `deviceCertificateId`.
    DeviceCertificate(CertificateId),
    /// `caCertificateId`.
    CaCertificate(CertificateId),
    /// `cognitoIdentityPoolId`.
    CognitoIdentityPool(Box<str>),
    /// `clientId`.
    ClientId(Box<str>),
    /// `policyVersionIdentifier`.
    PolicyVersion {
        /// `policyName`.
        policy: Box<str>,
        /// `policyVersionId`.
        version: u32,
    },
    /// `account`.
    Account(Box<str>),
    /// `roleAliasArn`.
    RoleAlias(Box<str>),
    /// `issuerCertificateIdentifier`.
    Issuer(Box<IssuerName>),
}

/// The names of an issuer (V-24); empty where unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerName {
    /// `issuerCertificateSubject`.
    pub subject: String,
    /// `issuerId`: lower-case hexadecimal.
    pub id: String,
    /// `issuerCertificateSerialNumber`: lower-case hexadecimal without colons and leading zeros.
    pub serial: String,
}

impl Resource {
    /// `resourceType`.
    pub const fn resource_type(&self) -> ResourceType {
        match self {
            Resource::DeviceCertificate(_) => ResourceType::DeviceCertificate,
            Resource::CaCertificate(_) => ResourceType::CaCertificate,
            Resource::CognitoIdentityPool(_) => ResourceType::CognitoIdentityPool,
            Resource::ClientId(_) => ResourceType::ClientId,
            Resource::PolicyVersion { .. } => ResourceType::IotPolicy,
            Resource::Account(_) => ResourceType::AccountSettings,
            Resource::RoleAlias(_) => ResourceType::RoleAlias,
            Resource::Issuer(_) => ResourceType::IssuerCertificate,
        }
    }

    /// `resourceIdentifier`, with its one member.
    pub fn identifier(&self) -> ResourceIdentifier {
        let none = ResourceIdentifier::default();
        match self {
            Resource::DeviceCertificate(id) => {
                ResourceIdentifier { device_certificate_id: Some(id.to_string()), ..none }
            }
            Resource::CaCertificate(id) => ResourceIdentifier { ca_certificate_id: Some(id.to_string()), ..none },
            Resource::CognitoIdentityPool(id) => {
                ResourceIdentifier { cognito_identity_pool_id: Some(id.to_string()), ..none }
            }
            Resource::ClientId(id) => ResourceIdentifier { client_id: Some(id.to_string()), ..none },
            Resource::PolicyVersion { policy, version } => ResourceIdentifier {
                policy_version_identifier: Some(PolicyVersionIdentifier {
                    policy_name: Some(policy.to_string()),
                    policy_version_id: Some(version.to_string()),
                }),
                ..none
            },
            Resource::Account(id) => ResourceIdentifier { account: Some(id.to_string()), ..none },
            Resource::RoleAlias(arn) => ResourceIdentifier { role_alias_arn: Some(arn.to_string()), ..none },
            Resource::Issuer(name) => {
                let given = |text: &String| (!text.is_empty()).then(|| text.clone());
                ResourceIdentifier {
                    issuer_certificate_identifier: Some(IssuerCertificateIdentifier {
                        issuer_certificate_subject: given(&name.subject),
                        issuer_id: given(&name.id),
                        issuer_certificate_serial_number: given(&name.serial),
                    }),
                    ..none
                }
            }
        }
    }

    /// Whether a filter of a listing selects it: the same member with the same value; what a policy or issuer filter
    /// leaves out matches anything (A-37, CH-44).
    pub(crate) fn is_selected_by(&self, filter: &Filter) -> bool {
        match (self, filter) {
            (own, Filter::Exactly(resource)) => own == resource,
            (Resource::PolicyVersion { policy, .. }, Filter::AnyVersion(name)) => policy == name,
            (Resource::Issuer(own), Filter::Issuer(wanted)) => {
                let same = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
                same(&own.subject, &wanted.subject) && same(&own.id, &wanted.id) && same(&own.serial, &wanted.serial)
            }
            _ => false,
        }
    }
}

/// What a listing's `resourceIdentifier` selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// This resource.
    Exactly(Resource),
    /// All versions of a policy (CH-44).
    AnyVersion(Box<str>),
    /// Issuers with these names, as far as they are given.
    Issuer(IssuerName),
    /// A member that no finding has: selects nothing.
    Nothing,
}

/// Reads the key of a suppression: exactly one member, and the one that the check's findings have (CH-33).
///
/// # Errors
/// `InvalidRequestException`.
pub(crate) fn read_key(check: AuditCheck, identifier: &ResourceIdentifier) -> Result<Resource, ServiceError> {
    let resource = match read_filter(identifier)? {
        Filter::Exactly(resource) => resource,
        Filter::Issuer(name) => Resource::Issuer(Box::new(name)),
        Filter::AnyVersion(_) => {
            return Err(ServiceError::invalid(
                "policyVersionIdentifier needs policyVersionId to name one resource (A-48)",
            ));
        }
        Filter::Nothing => return Err(wrong_member(check, identifier)),
    };
    if resource.resource_type() != check.resource_type() {
        return Err(wrong_member(check, identifier));
    }
    Ok(resource)
}

fn wrong_member(check: AuditCheck, identifier: &ResourceIdentifier) -> ServiceError {
    let expected = member_of(check);
    let found = given_members(identifier).join(", ");
    ServiceError::invalid(format!("findings of `{check}` are named by `{expected}`, found `{found}`"))
}

/// The member by which a check's findings are named (4.4).
const fn member_of(check: AuditCheck) -> &'static str {
    match check.resource_type() {
        ResourceType::DeviceCertificate => "deviceCertificateId",
        ResourceType::CaCertificate => "caCertificateId",
        ResourceType::IotPolicy => "policyVersionIdentifier",
        ResourceType::CognitoIdentityPool => "cognitoIdentityPoolId",
        ResourceType::ClientId => "clientId",
        ResourceType::AccountSettings => "account",
        ResourceType::RoleAlias => "roleAliasArn",
        ResourceType::IamRole => "iamRoleArn",
        ResourceType::IssuerCertificate => "issuerCertificateIdentifier",
    }
}

fn given_members(identifier: &ResourceIdentifier) -> Vec<&'static str> {
    let members = [
        ("deviceCertificateId", identifier.device_certificate_id.is_some()),
        ("caCertificateId", identifier.ca_certificate_id.is_some()),
        ("cognitoIdentityPoolId", identifier.cognito_identity_pool_id.is_some()),
        ("clientId", identifier.client_id.is_some()),
        ("policyVersionIdentifier", identifier.policy_version_identifier.is_some()),
        ("account", identifier.account.is_some()),
        ("iamRoleArn", identifier.iam_role_arn.is_some()),
        ("roleAliasArn", identifier.role_alias_arn.is_some()),
        ("issuerCertificateIdentifier", identifier.issuer_certificate_identifier.is_some()),
        ("deviceCertificateArn", identifier.device_certificate_arn.is_some()),
    ];
    members.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

/// Reads the identifier of a request: exactly one member, well-formed (4.4).
///
/// # Errors
/// `InvalidRequestException`.
pub(crate) fn read_filter(identifier: &ResourceIdentifier) -> Result<Filter, ServiceError> {
    let given = given_members(identifier);
    if given.len() != 1 {
        let found = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
        return Err(ServiceError::invalid(format!("resourceIdentifier must have exactly one member, found {found}")));
    }
    let one = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(match given[0] {
        "deviceCertificateId" => Filter::Exactly(Resource::DeviceCertificate(certificate_id(
            given[0],
            &one(&identifier.device_certificate_id),
        )?)),
        "caCertificateId" => {
            Filter::Exactly(Resource::CaCertificate(certificate_id(given[0], &one(&identifier.ca_certificate_id))?))
        }
        "cognitoIdentityPoolId" => {
            Filter::Exactly(Resource::CognitoIdentityPool(one(&identifier.cognito_identity_pool_id).into()))
        }
        "clientId" => Filter::Exactly(Resource::ClientId(one(&identifier.client_id).into())),
        "account" => {
            let account = one(&identifier.account);
            text::ACCOUNT.check("account", &account)?;
            Filter::Exactly(Resource::Account(account.into()))
        }
        "roleAliasArn" => {
            let arn = one(&identifier.role_alias_arn);
            text::ROLE_ALIAS_ARN.check("roleAliasArn", &arn)?;
            Filter::Exactly(Resource::RoleAlias(arn.into()))
        }
        "iamRoleArn" => {
            text::ROLE_ARN.check("iamRoleArn", &one(&identifier.iam_role_arn))?;
            Filter::Nothing
        }
        "policyVersionIdentifier" => policy_filter(identifier.policy_version_identifier.as_ref())?,
        "issuerCertificateIdentifier" => issuer_filter(identifier.issuer_certificate_identifier.as_ref())?,
        _ => Filter::Nothing,
    })
}

fn policy_filter(identifier: Option<&PolicyVersionIdentifier>) -> Result<Filter, ServiceError> {
    let PolicyVersionIdentifier { policy_name, policy_version_id } = identifier.cloned().unwrap_or_default();
    let policy = policy_name.unwrap_or_default();
    text::POLICY_NAME.check("policyName", &policy)?;
    let Some(version) = policy_version_id else { return Ok(Filter::AnyVersion(policy.into())) };
    let number = version.parse::<u32>().ok().filter(|_| version.bytes().all(|byte| byte.is_ascii_digit()));
    match number {
        Some(version) => Ok(Filter::Exactly(Resource::PolicyVersion { policy: policy.into(), version })),
        None => Err(ServiceError::invalid(format!("policyVersionId must be a number, found `{version}`"))),
    }
}

fn issuer_filter(identifier: Option<&IssuerCertificateIdentifier>) -> Result<Filter, ServiceError> {
    let given = identifier.cloned().unwrap_or_default();
    let subject = given.issuer_certificate_subject.unwrap_or_default();
    text::ISSUER_SUBJECT.check("issuerCertificateSubject", &subject)?;
    let id = given.issuer_id.unwrap_or_default();
    let digits = id.strip_prefix("0x").unwrap_or(&id).to_ascii_lowercase();
    // The leading `0x` counts among the 64.
    text::ISSUER_ID.check("issuerId", &id.strip_prefix("0x").map_or_else(|| id.clone(), |rest| format!("00{rest}")))?;
    let serial = given.issuer_certificate_serial_number.unwrap_or_default();
    text::ISSUER_SERIAL.check("issuerCertificateSerialNumber", &serial)?;
    let number = serial.parse::<crate::account::SerialNumber>().map(|serial| serial.to_string());
    Ok(Filter::Issuer(IssuerName { subject, id: digits, serial: number.unwrap_or_default() }))
}

fn certificate_id(member: &str, text: &str) -> Result<CertificateId, ServiceError> {
    text.parse().map_err(|error| ServiceError::invalid(format!("{member}: {error}")))
}
