//! What a request is judged in: who asks, from where, when; and what each policy variable therefore stands for.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::net::IpAddr;

use indexmap::IndexMap;

use super::action::ResourceType;
use super::variable::{AlternativeName, Holder, NameAttribute, Variable, Which};
use crate::ids::CertificateId;
use crate::time::Timestamp;

/// The region and account of a request, with the ARN prefixes that its resources share. Made once per account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    region: String,
    account: String,
    /// `arn:aws:iot:REGION:ACCOUNT:TYPE/` for each resource type.
    heads: [String; 5],
}

impl Scope {
    /// Requests in a region of an account, in the partition `aws`.
    pub fn new(region: &str, account: &str) -> Scope {
        Scope::in_partition("aws", region, account)
    }

    /// Requests in another partition: `aws-cn`, `aws-us-gov`.
    pub fn in_partition(partition: &str, region: &str, account: &str) -> Scope {
        let heads = ResourceType::ALL.map(|kind| format!("arn:{partition}:iot:{region}:{account}:{kind}/"));
        Scope { region: region.to_owned(), account: account.to_owned(), heads }
    }

    /// The region, for example `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The 12-digit account id.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What stands before the name in the ARN of a resource, for example `arn:aws:iot:R:A:topic/`.
    pub fn head(&self, kind: ResourceType) -> &str {
        &self.heads[kind as usize]
    }
}

/// A source of a thing's attributes, so that callers keep whatever map they have.
pub trait Attributes: fmt::Debug {
    /// The value of the attribute with exactly this name.
    fn attribute(&self, name: &str) -> Option<&str>;
}

impl Attributes for BTreeMap<String, String> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

impl Attributes for IndexMap<String, String> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

impl Attributes for Vec<(String, String)> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<const N: usize> Attributes for [(&str, &str); N] {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// The thing behind a connection. Only for a connection whose client id is the thing's name and whose principal is
/// attached to that thing (P-13).
#[derive(Clone, Copy, Debug)]
pub struct AttachedThing<'a> {
    /// The thing's name.
    pub name: &'a str,
    /// Its type's name, if it has a type.
    pub thing_type: Option<&'a str>,
    /// Its attributes.
    pub attributes: Option<&'a dyn Attributes>,
}

/// The certificate that a connection presented (P-14).
#[derive(Clone, Copy, Debug)]
pub struct PresentedCertificate<'a> {
    /// Its id.
    pub id: CertificateId,
    /// Its serial number, as text.
    pub serial_number: Option<&'a str>,
    /// The attributes of subject and issuer, in the order of the certificate.
    pub names: &'a [(Holder, NameAttribute, &'a str)],
    /// The alternative names of subject and issuer, in the order of the certificate.
    pub alternative_names: &'a [(Holder, AlternativeName, &'a str)],
    /// What `iot:Certificate.AvailableKeys` lists.
    pub available_keys: &'a [&'a str],
}

impl PresentedCertificate<'_> {
    /// A certificate of which nothing but the id is known.
    pub const fn with_id(id: CertificateId) -> PresentedCertificate<'static> {
        PresentedCertificate { id, serial_number: None, names: &[], alternative_names: &[], available_keys: &[] }
    }
}

/// Everything that policy variables and conditions can ask about one request. Borrowed: making one allocates
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The instant of the request.
    pub now: Timestamp,
    /// Region and account.
    pub scope: &'a Scope,
    /// The MQTT client id; none over HTTPS.
    pub client_id: Option<&'a str>,
    /// The attached thing, under the terms of [`AttachedThing`].
    pub thing: Option<AttachedThing<'a>>,
    /// The presented certificate; none for Cognito identities.
    pub certificate: Option<PresentedCertificate<'a>>,
    /// Where the connection comes from.
    pub source_ip: Option<IpAddr>,
    /// The Cognito identity id.
    pub cognito_identity: Option<&'a str>,
    /// Further condition keys with their values; a repeated key has several values.
    pub extra: &'a [(&'a str, &'a str)],
}

impl<'a> Context<'a> {
    /// A context in which nothing is known but time and account.
    pub const fn new(now: Timestamp, scope: &'a Scope) -> Context<'a> {
        Context {
            now,
            scope,
            client_id: None,
            thing: None,
            certificate: None,
            source_ip: None,
            cognito_identity: None,
            extra: &[],
        }
    }

    /// The context of a registered device that connects under its thing's name.
    pub const fn of_thing(now: Timestamp, scope: &'a Scope, name: &'a str) -> Context<'a> {
        let thing = AttachedThing { name, thing_type: None, attributes: None };
        Context { client_id: Some(name), thing: Some(thing), ..Context::new(now, scope) }
    }

    /// The text that replaces `${variable}`; none if the variable cannot be resolved (P-16, P-17).
    pub(crate) fn resolve(&self, variable: &Variable) -> Option<Text<'a>> {
        let thing = self.thing.as_ref();
        match variable {
            Variable::ClientId => self.client_id.map(Text::Borrowed),
            Variable::SourceIp => self.source_ip.map(Text::inline),
            Variable::ThingName | Variable::CredentialsThingName => thing.map(|thing| Text::Borrowed(thing.name)),
            Variable::ThingTypeName | Variable::CredentialsThingTypeName => thing?.thing_type.map(Text::Borrowed),
            Variable::IsAttached => Some(Text::Borrowed(if thing.is_some() { "true" } else { "false" })),
            Variable::ThingAttribute(name) => thing?.attributes?.attribute(name).map(Text::Borrowed),
            Variable::CertificateId | Variable::CredentialsCertificateId => {
                self.certificate.as_ref().map(|certificate| Text::inline(certificate.id))
            }
            Variable::CertificateSerialNumber => self.certificate.as_ref()?.serial_number.map(Text::Borrowed),
            Variable::CognitoSub => self.cognito_identity.map(Text::Borrowed),
            Variable::CurrentTime => Some(Text::inline(self.now)),
            Variable::EpochTime => Some(Text::inline(self.now.millis().div_euclid(1_000))),
            Variable::Foreign(_) => None,
            Variable::NameAttribute(..)
            | Variable::AlternativeName(..)
            | Variable::AvailableKeys
            | Variable::Other(_) => self.resolve_listed(variable),
        }
    }

    /// A listed variable without a place stands for its only value; a repeated one without place for its first.
    fn resolve_listed(&self, variable: &Variable) -> Option<Text<'a>> {
        let mut count = 0;
        let mut found = None;
        self.each_listed(variable, |value| {
            count += 1;
            found = found.or(Some(value));
        });
        let single = match variable {
            Variable::NameAttribute(_, _, Which::Nth(_)) | Variable::AlternativeName(_, _, Which::Nth(_)) => true,
            _ => count == 1,
        };
        found.filter(|_| single).map(Text::Borrowed)
    }

    /// Visits every value that a condition key has; none visited means that the key is absent.
    pub(crate) fn each_value(&self, variable: &Variable, mut visit: impl FnMut(&str)) {
        match variable {
            Variable::NameAttribute(..)
            | Variable::AlternativeName(..)
            | Variable::AvailableKeys
            | Variable::Other(_) => {
                self.each_listed(variable, visit);
            }
            _ => {
                if let Some(text) = self.resolve(variable) {
                    visit(text.as_str());
                }
            }
        }
    }

    fn each_listed(&self, variable: &Variable, mut visit: impl FnMut(&'a str)) {
        let certificate = self.certificate.as_ref();
        match variable {
            Variable::NameAttribute(holder, attribute, which) => {
                let names = certificate.map_or(&[][..], |certificate| certificate.names);
                let values = names.iter().filter(|(h, a, _)| h == holder && a == attribute).map(|&(_, _, value)| value);
                each_substitutable(values, *which, visit);
            }
            Variable::AlternativeName(holder, kind, which) => {
                let names = certificate.map_or(&[][..], |certificate| certificate.alternative_names);
                let values = names.iter().filter(|(h, k, _)| h == holder && k == kind).map(|&(_, _, value)| value);
                each_substitutable(values, *which, visit);
            }
            Variable::AvailableKeys => {
                certificate.map_or(&[][..], |certificate| certificate.available_keys).iter().for_each(|key| visit(key));
            }
            Variable::Other(name) => {
                let values = self.extra.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
                values.for_each(|&(_, value)| visit(value));
            }
            _ => {}
        }
    }
}

/// How many values of a repeated certificate attribute are seen (P-16).
const REPEATED_ATTRIBUTE_LIMIT: usize = 5;

/// The longest certificate attribute value that is substituted \[characters\] (P-16).
const SUBSTITUTED_VALUE_LIMIT: usize = 1_024;

/// Visits the values of a certificate attribute that may be substituted (P-16).
fn each_substitutable<'a>(values: impl Iterator<Item = &'a str>, which: Which, mut visit: impl FnMut(&'a str)) {
    for (place, value) in values.take(REPEATED_ATTRIBUTE_LIMIT).enumerate() {
        let wanted = match which {
            Which::Nth(nth) => place == usize::from(nth),
            Which::List => true,
        };
        let substitutable =
            !value.contains(['*', '$', '+', '?', '#']) && value.chars().count() <= SUBSTITUTED_VALUE_LIMIT;
        if wanted && substitutable {
            visit(value);
        }
    }
}

/// A resolved value: borrowed, or short and held in place, so that resolving never allocates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Inline(Inline),
}

/// Up to 64 bytes of text: a certificate id, an address, an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inline {
    bytes: [u8; 64],
    length: u8,
}

impl Text<'_> {
    fn inline(value: impl fmt::Display) -> Self {
        let mut text = Inline { bytes: [0; 64], length: 0 };
        write!(text, "{value}").expect("ids, addresses and instants fit into 64 bytes");
        Text::Inline(text)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Inline(text) => {
                std::str::from_utf8(&text.bytes[..usize::from(text.length)]).expect("written from whole strings")
            }
        }
    }
}

impl Write for Inline {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let start = usize::from(self.length);
        let end = start + text.len();
        self.bytes.get_mut(start..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::variable::Dialect;

    fn resolved(context: &Context<'_>, name: &str) -> Option<String> {
        context.resolve(&Variable::parse(name, Dialect::Iam)).map(|text| text.as_str().to_owned())
    }

    #[test]
    fn p12_p13_connection_and_thing_variables() {
        let scope = Scope::new("us-east-1", "123456789012");
        let attributes = [("Site", "north")];
        let thing = AttachedThing { name: "T1", thing_type: Some("pump"), attributes: Some(&attributes) };
        let attached = Context {
            client_id: Some("T1"),
            thing: Some(thing),
            source_ip: Some("10.1.2.3".parse().expect("an address")),
            certificate: Some(PresentedCertificate::with_id(CertificateId([0xab; 32]))),
            ..Context::new(Timestamp::from_seconds(1_748_736_300), &scope)
        };
        for (name, expected) in [
            ("iot:ClientId", "T1"),
            ("aws:SourceIp", "10.1.2.3"),
            ("iot:Connection.Thing.ThingName", "T1"),
            ("iot:Connection.Thing.ThingTypeName", "pump"),
            ("iot:Connection.Thing.Attributes[Site]", "north"),
            ("iot:Connection.Thing.IsAttached", "true"),
            ("iot:CertificateId", &"ab".repeat(32)),
            ("aws:CurrentTime", "2025-06-01T00:05:00Z"),
            ("aws:EpochTime", "1748736300"),
        ] {
            assert_eq!(resolved(&attached, name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(resolved(&attached, "iot:Connection.Thing.Attributes[site]"), None);
        let stranger = Context { thing: None, ..attached };
        assert_eq!(resolved(&stranger, "iot:Connection.Thing.ThingName"), None);
        assert_eq!(resolved(&stranger, "iot:Connection.Thing.IsAttached").as_deref(), Some("false"));
    }

    #[test]
    fn p14_p16_certificate_attributes_repeat_and_may_be_unsubstitutable() {
        let scope = Scope::new("us-east-1", "123456789012");
        let long = "x".repeat(1_025);
        let organization = |value| (Holder::Subject, NameAttribute::Organization, value);
        let names = [
            organization("one"),
            (Holder::Issuer, NameAttribute::Organization, "authority"),
            organization("two"),
            organization("a*b"),
            organization("four"),
            organization("five"),
            organization("six"),
            (Holder::Subject, NameAttribute::CommonName, &long),
        ];
        let certificate =
            PresentedCertificate { names: &names, ..PresentedCertificate::with_id(CertificateId([0; 32])) };
        let context = Context { certificate: Some(certificate), ..Context::new(Timestamp(0), &scope) };
        for (name, expected) in [
            ("iot:Certificate.Subject.Organization", Some("one")),
            ("iot:Certificate.Subject.Organization.2", Some("two")),
            ("iot:Certificate.Subject.Organization.3", None),
            ("iot:Certificate.Subject.Organization.5", Some("five")),
            ("iot:Certificate.Subject.Organization.6", None),
            ("iot:Certificate.Issuer.Organization", Some("authority")),
            ("iot:Certificate.Subject.CommonName", None),
            ("iot:Certificate.Subject.Organization.List", None),
        ] {
            assert_eq!(resolved(&context, name).as_deref(), expected, "{name}");
        }
        let mut listed = Vec::new();
        let list = Variable::parse("iot:Certificate.Subject.Organization.List", Dialect::Iot);
        context.each_value(&list, |value| listed.push(value.to_owned()));
        assert_eq!(listed, ["one", "two", "four", "five"]);
    }
}
