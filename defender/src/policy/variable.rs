//! Policy variables and condition keys: the names between `${` and `}` (P-12 to P-15).

use std::fmt;

/// Whose distinguished name a certificate variable reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// The certificate's own subject.
    Subject,
    /// The CA that issued it.
    Issuer,
}

/// An attribute of a distinguished name (P-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the attribute's own name in X.520")]
pub enum NameAttribute {
    DistinguishedNameQualifier,
    Country,
    Organization,
    OrganizationalUnit,
    State,
    CommonName,
    SerialNumber,
    Title,
    Surname,
    GivenName,
    Initials,
    Pseudonym,
    GenerationQualifier,
}

impl NameAttribute {
    const ALL: [(NameAttribute, &'static str); 13] = [
        (NameAttribute::DistinguishedNameQualifier, "DistinguishedNameQualifier"),
        (NameAttribute::Country, "Country"),
        (NameAttribute::Organization, "Organization"),
        (NameAttribute::OrganizationalUnit, "OrganizationalUnit"),
        (NameAttribute::State, "State"),
        (NameAttribute::CommonName, "CommonName"),
        (NameAttribute::SerialNumber, "SerialNumber"),
        (NameAttribute::Title, "Title"),
        (NameAttribute::Surname, "Surname"),
        (NameAttribute::GivenName, "GivenName"),
        (NameAttribute::Initials, "Initials"),
        (NameAttribute::Pseudonym, "Pseudonym"),
        (NameAttribute::GenerationQualifier, "GenerationQualifier"),
    ];
}

/// A kind of alternative name (P-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the name's own kind in RFC 5280")]
pub enum AlternativeName {
    Rfc822Name,
    DnsName,
    DirectoryName,
    UniformResourceIdentifier,
    IpAddress,
}

impl AlternativeName {
    const ALL: [(AlternativeName, &'static str); 5] = [
        (AlternativeName::Rfc822Name, "RFC822Name"),
        (AlternativeName::DnsName, "DNSName"),
        (AlternativeName::DirectoryName, "DirectoryName"),
        (AlternativeName::UniformResourceIdentifier, "UniformResourceIdentifier"),
        (AlternativeName::IpAddress, "IPAddress"),
    ];
}

/// Which of several values of a repeated attribute (P-14). Never more than five are seen (P-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The value at a place counted from 0; a name without suffix means the first.
    Nth(u8),
    /// All values (`.List`): for conditions.
    List,
}

/// A name that can stand in `${…}` or be a condition key. Names ignore case, as IAM's condition keys do; thing
/// attribute names do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `iot:ClientId` (P-12).
    ClientId,
    /// `aws:SourceIp` (P-12).
    SourceIp,
    /// `iot:Connection.Thing.ThingName` (P-13).
    ThingName,
    /// `iot:Connection.Thing.ThingTypeName` (P-13).
    ThingTypeName,
    /// `iot:Connection.Thing.IsAttached` (P-13).
    IsAttached,
    /// `iot:Connection.Thing.Attributes[NAME]` (P-13).
    ThingAttribute(Box<str>),
    /// `iot:CertificateId` (P-14).
    CertificateId,
    /// `iot:Certificate.SerialNumber` (P-14).
    CertificateSerialNumber,
    /// `iot:Certificate.AvailableKeys` (P-14).
    AvailableKeys,
    /// `iot:Certificate.Subject.ATTR` and `iot:Certificate.Issuer.ATTR` (P-14).
    NameAttribute(Holder, NameAttribute, Which),
    /// `iot:Certificate.Subject.AlternativeName.KIND` and the issuer's (P-14).
    AlternativeName(Holder, AlternativeName, Which),
    /// `credentials-iot:ThingName`, IAM documents only (P-15).
    CredentialsThingName,
    /// `credentials-iot:ThingTypeName`, IAM documents only (P-15).
    CredentialsThingTypeName,
    /// `credentials-iot:AwsCertificateId`, IAM documents only (P-15).
    CredentialsCertificateId,
    /// `cognito-identity.amazonaws.com:sub`, IAM documents only (P-15).
    CognitoSub,
    /// `aws:CurrentTime`: the instant of the request, ISO-8601.
    CurrentTime,
    /// `aws:EpochTime`: the instant of the request in seconds.
    EpochTime,
    /// Any other name, looked up among the context's further values.
    Other(Box<str>),
    /// A name that has no meaning in this kind of document and so never resolves (P-15).
    Foreign(Box<str>),
}

/// The kind of document a name stands in: it decides which names exist (P-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// An IoT policy.
    Iot,
    /// An IAM identity policy.
    Iam,
}

impl Variable {
    /// Reads a name without `${` and `}`. Every text is some variable; unknown ones are [`Variable::Other`].
    pub fn parse(name: &str, dialect: Dialect) -> Variable {
        let lower = name.to_ascii_lowercase();
        let simple = match lower.as_str() {
            "iot:clientid" => Some(Variable::ClientId),
            "aws:sourceip" => Some(Variable::SourceIp),
            "iot:connection.thing.thingname" => Some(Variable::ThingName),
            "iot:connection.thing.thingtypename" => Some(Variable::ThingTypeName),
            "iot:connection.thing.isattached" => Some(Variable::IsAttached),
            "iot:certificateid" => Some(Variable::CertificateId),
            "iot:certificate.serialnumber" => Some(Variable::CertificateSerialNumber),
            "iot:certificate.availablekeys" => Some(Variable::AvailableKeys),
            "aws:currenttime" => Some(Variable::CurrentTime),
            "aws:epochtime" => Some(Variable::EpochTime),
            "credentials-iot:thingname" => Some(Variable::CredentialsThingName),
            "credentials-iot:thingtypename" => Some(Variable::CredentialsThingTypeName),
            "credentials-iot:awscertificateid" => Some(Variable::CredentialsCertificateId),
            "cognito-identity.amazonaws.com:sub" => Some(Variable::CognitoSub),
            _ => None,
        };
        match simple {
            Some(
                Variable::CredentialsThingName
                | Variable::CredentialsThingTypeName
                | Variable::CredentialsCertificateId
                | Variable::CognitoSub,
            ) if dialect == Dialect::Iot => Variable::Foreign(name.into()),
            Some(variable) => variable,
            None => thing_attribute(name, &lower)
                .or_else(|| certificate_name(&lower))
                .unwrap_or_else(|| Variable::Other(name.into())),
        }
    }
}

impl fmt::Display for Variable {
    /// The name in its canonical spelling, without `${` and `}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variable::ClientId => f.write_str("iot:ClientId"),
            Variable::SourceIp => f.write_str("aws:SourceIp"),
            Variable::ThingName => f.write_str("iot:Connection.Thing.ThingName"),
            Variable::ThingTypeName => f.write_str("iot:Connection.Thing.ThingTypeName"),
            Variable::IsAttached => f.write_str("iot:Connection.Thing.IsAttached"),
            Variable::ThingAttribute(name) => write!(f, "iot:Connection.Thing.Attributes[{name}]"),
            Variable::CertificateId => f.write_str("iot:CertificateId"),
            Variable::CertificateSerialNumber => f.write_str("iot:Certificate.SerialNumber"),
            Variable::AvailableKeys => f.write_str("iot:Certificate.AvailableKeys"),
            Variable::NameAttribute(holder, attribute, which) => {
                write!(f, "iot:Certificate.{holder:?}.{attribute:?}{which}")
            }
            Variable::AlternativeName(holder, kind, which) => {
                let name = AlternativeName::ALL.iter().find(|(listed, _)| listed == kind).map_or("", |(_, name)| name);
                write!(f, "iot:Certificate.{holder:?}.AlternativeName.{name}{which}")
            }
            Variable::CredentialsThingName => f.write_str("credentials-iot:ThingName"),
            Variable::CredentialsThingTypeName => f.write_str("credentials-iot:ThingTypeName"),
            Variable::CredentialsCertificateId => f.write_str("credentials-iot:AwsCertificateId"),
            Variable::CognitoSub => f.write_str("cognito-identity.amazonaws.com:sub"),
            Variable::CurrentTime => f.write_str("aws:CurrentTime"),
            Variable::EpochTime => f.write_str("aws:EpochTime"),
            Variable::Other(name) | Variable::Foreign(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Which::Nth(0) => Ok(()),
            Which::Nth(place) => write!(f, ".{}", place + 1),
            Which::List => f.write_str(".List"),
        }
    }
}

fn thing_attribute(name: &str, lower: &str) -> Option<Variable> {
    const PREFIX: &str = "iot:connection.thing.attributes[";
    let inner = lower.strip_prefix(PREFIX)?.strip_suffix(']')?;
    Some(Variable::ThingAttribute(name[PREFIX.len()..PREFIX.len() + inner.len()].into()))
}

fn certificate_name(lower: &str) -> Option<Variable> {
    let rest = lower.strip_prefix("iot:certificate.")?;
    let (holder, rest) = match rest.split_once('.')? {
        ("subject", rest) => (Holder::Subject, rest),
        ("issuer", rest) => (Holder::Issuer, rest),
        _ => return None,
    };
    if let Some(rest) = rest.strip_prefix("alternativename.") {
        let (name, which) = with_suffix(rest)?;
        let (kind, _) = AlternativeName::ALL.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
        return Some(Variable::AlternativeName(holder, kind, which));
    }
    let (name, which) = with_suffix(rest)?;
    let (attribute, _) = NameAttribute::ALL.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
    Some(Variable::NameAttribute(holder, attribute, which))
}

/// Splits `organization.2` into the name and the place, which is written from 1.
fn with_suffix(text: &str) -> Option<(&str, Which)> {
    match text.split_once('.') {
        None => Some((text, Which::Nth(0))),
        Some((name, "list")) => Some((name, Which::List)),
        Some((name, place)) => {
            let place: u8 = place.parse().ok()?;
            Some((name, Which::Nth(place.checked_sub(1)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_to_p15_names_read_and_print_back() {
        for name in [
            "iot:ClientId",
            "aws:SourceIp",
            "iot:Connection.Thing.ThingName",
            "iot:Connection.Thing.ThingTypeName",
            "iot:Connection.Thing.Attributes[Site]",
            "iot:Connection.Thing.IsAttached",
            "iot:CertificateId",
            "iot:Certificate.Subject.CommonName",
            "iot:Certificate.Issuer.Organization.2",
            "iot:Certificate.Subject.OrganizationalUnit.List",
            "iot:Certificate.Subject.AlternativeName.DNSName",
            "iot:Certificate.Issuer.AlternativeName.RFC822Name.3",
            "iot:Certificate.SerialNumber",
            "iot:Certificate.AvailableKeys",
            "credentials-iot:ThingName",
            "cognito-identity.amazonaws.com:sub",
        ] {
            let variable = Variable::parse(name, Dialect::Iam);
            assert!(!matches!(variable, Variable::Other(_)), "{name}");
            assert_eq!(variable.to_string(), name);
            assert_eq!(Variable::parse(&name.to_uppercase(), Dialect::Iam) == variable, !name.contains('['), "{name}");
        }
        assert_eq!(Variable::parse("IOT:clientid", Dialect::Iot), Variable::ClientId);
    }

    #[test]
    fn p15_credential_names_mean_nothing_in_an_iot_policy() {
        assert!(matches!(Variable::parse("credentials-iot:ThingName", Dialect::Iot), Variable::Foreign(_)));
        assert!(matches!(Variable::parse("aws:username", Dialect::Iam), Variable::Other(_)));
    }

    #[test]
    fn p14_suffixes_count_from_one() {
        assert_eq!(
            Variable::parse("iot:Certificate.Subject.Organization.1", Dialect::Iot),
            Variable::parse("iot:Certificate.Subject.Organization", Dialect::Iot),
        );
        assert!(matches!(Variable::parse("iot:Certificate.Subject.Organization.0", Dialect::Iot), Variable::Other(_)));
    }
}
