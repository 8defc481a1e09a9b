//! Certificates and revocation lists as X.509: read from PEM or DER, never verified (V-13, V-21, V-25).
//!
//! Who signed a certificate is taken from names and key identifiers; signatures are not checked (compare CH-06).

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate, X509Extension, X509Name};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::ReasonCode;

use crate::error::{Exception, ServiceError};
use crate::ids::{CaCertificateIndex, CertificateId, CertificateIndex};
use crate::policy::variable::{AlternativeName, Holder, NameAttribute};
use crate::time::Timestamp;

use super::facts::{CertificateFacts, CertificateMode, CertificateStatus, CertificateText, SerialNumber};
use super::key::{DebianFingerprint, KeyAlgorithm, KeyFacts};
use super::{Account, CaCertificateFacts, CrlEntry, IssuerFacts, IssuerIndex, RevocationReason, RevokingIssuer};

/// Attributes of a distinguished name by the names of P-14.
const NAME_ATTRIBUTES: [(&str, NameAttribute); 13] = [
    ("2.5.4.46", NameAttribute::DistinguishedNameQualifier),
    ("2.5.4.6", NameAttribute::Country),
    ("2.5.4.10", NameAttribute::Organization),
    ("2.5.4.11", NameAttribute::OrganizationalUnit),
    ("2.5.4.8", NameAttribute::State),
    ("2.5.4.3", NameAttribute::CommonName),
    ("2.5.4.5", NameAttribute::SerialNumber),
    ("2.5.4.12", NameAttribute::Title),
    ("2.5.4.4", NameAttribute::Surname),
    ("2.5.4.42", NameAttribute::GivenName),
    ("2.5.4.43", NameAttribute::Initials),
    ("2.5.4.65", NameAttribute::Pseudonym),
    ("2.5.4.44", NameAttribute::GenerationQualifier),
];

/// What an X.509 certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCertificate {
    /// SHA-256 of the DER (V-13).
    pub id: CertificateId,
    /// Serial number.
    pub serial: SerialNumber,
    /// Distinguished name of the holder.
    pub subject: String,
    /// Distinguished name of the signer.
    pub issuer: String,
    /// The holder's key identifier, hexadecimal.
    pub subject_key_id: Option<String>,
    /// The signer's key identifier, hexadecimal.
    pub authority_key_id: Option<String>,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Public key.
    pub key: KeyFacts,
    /// Whether it may sign certificates.
    pub is_ca: bool,
    /// PEM (if it was read from PEM), names and fingerprints.
    pub text: CertificateText,
}

impl ParsedCertificate {
    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// `CertificateValidationException` for text that is not the PEM of a certificate.
    pub fn from_pem(pem: &str) -> Result<ParsedCertificate, ServiceError> {
        let block = pem_block(pem, "CERTIFICATE")?;
        let mut parsed = ParsedCertificate::from_der(&block.contents)?;
        parsed.text.pem = Some(pem.to_owned());
        Ok(parsed)
    }

    /// Reads a certificate from DER.
    ///
    /// # Errors
    /// `CertificateValidationException` for bytes that are not a certificate, or a serial number beyond 20 octets.
    pub fn from_der(der: &[u8]) -> Result<ParsedCertificate, ServiceError> {
        use sha2::{Digest, Sha256};
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|error| refuse(format!("not an X.509 certificate: {error}")))?;
        if !rest.is_empty() {
            return Err(refuse(format!("{} bytes follow the certificate", rest.len())));
        }
        let serial = SerialNumber::from_be_bytes(certificate.raw_serial())
            .ok_or_else(|| refuse("serial number has more than 20 octets"))?;
        let (key, debian_fingerprint) = key_facts(&certificate);
        let key_ids =
            |wanted: fn(&X509Extension<'_>) -> Option<String>| certificate.extensions().iter().find_map(wanted);
        Ok(ParsedCertificate {
            id: CertificateId(Sha256::digest(der).into()),
            serial,
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            subject_key_id: key_ids(subject_key_id),
            authority_key_id: key_ids(authority_key_id),
            not_before: Timestamp::from_seconds(certificate.validity().not_before.timestamp()),
            not_after: Timestamp::from_seconds(certificate.validity().not_after.timestamp()),
            key,
            is_ca: certificate.is_ca(),
            text: CertificateText {
                pem: None,
                subject: Some(certificate.subject().to_string()),
                names: [(Holder::Subject, certificate.subject()), (Holder::Issuer, certificate.issuer())]
                    .into_iter()
                    .flat_map(|(holder, name)| name_attributes(holder, name))
                    .collect(),
                alternative_names: alternative_names(&certificate),
                debian_fingerprint,
            },
        })
    }

    /// Whether it signed itself, by its names and key identifiers.
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer && (self.authority_key_id.is_none() || self.authority_key_id == self.subject_key_id)
    }

    fn facts(self, ca: Option<CaCertificateIndex>, issuer: Option<IssuerIndex>) -> CertificateFacts {
        CertificateFacts {
            ca,
            issuer,
            mode: if ca.is_some() { CertificateMode::Default } else { CertificateMode::SniOnly },
            serial: self.serial,
            key: self.key,
            text: Some(Box::new(self.text)),
            ..CertificateFacts::new(self.id, self.not_before, self.not_after)
        }
    }
}

/// Reads a revocation list from PEM or DER, as entries that name the issuer by subject (V-25).
///
/// # Errors
/// `CertificateValidationException` for what is not a revocation list.
pub fn parse_crl(bytes: &[u8]) -> Result<(RevokingIssuer, Vec<CrlEntry>), ServiceError> {
    let block = match bytes.starts_with(b"-----") {
        true => Some(pem_block(&String::from_utf8_lossy(bytes), "X509 CRL")?),
        false => None,
    };
    let der = block.as_ref().map_or(bytes, |block| &block.contents);
    let (_, list) = CertificateRevocationList::from_der(der)
        .map_err(|error| refuse(format!("not a certificate revocation list: {error}")))?;
    let issuer = RevokingIssuer::Subject(list.issuer().to_string());
    let entries = list.iter_revoked_certificates().map(|entry| {
        Ok(CrlEntry {
            issuer: issuer.clone(),
            serial: SerialNumber::from_be_bytes(entry.raw_serial())
                .ok_or_else(|| refuse("a serial number in the revocation list has more than 20 octets"))?,
            revocation_date: Some(Timestamp::from_seconds(entry.revocation_date.timestamp())),
            reason: entry.reason_code().map(|(_, code)| reason(code)),
        })
    });
    let entries = entries.collect::<Result<Vec<CrlEntry>, ServiceError>>()?;
    Ok((issuer, entries))
}

impl Account {
    /// Registers a device certificate that a registered CA signed (`RegisterCertificate`).
    ///
    /// # Errors
    /// `CertificateValidationException` if it cannot be read, no registered CA is its signer, or as
    /// [`Account::register_certificate`]; `CertificateConflictException` if several registered CAs are.
    pub fn register_certificate_pem(
        &mut self,
        now: Timestamp,
        pem: &str,
        status: CertificateStatus,
    ) -> Result<CertificateIndex, ServiceError> {
        let parsed = ParsedCertificate::from_pem(pem)?;
        let signers: Vec<CaCertificateIndex> = self.cas_that_signed(&parsed);
        let ca = match *signers {
            [ca] => ca,
            [] => return Err(refuse(format!("no registered CA has the subject `{}`", parsed.issuer))),
            _ => {
                let text = format!("{} registered CAs have the subject `{}`", signers.len(), parsed.issuer);
                return Err(ServiceError::new(Exception::CertificateConflict, text));
            }
        };
        let issuer = self.issuer_of(now, &parsed)?;
        self.register_certificate(now, CertificateFacts { status, ..parsed.facts(Some(ca), Some(issuer)) })
    }

    /// Registers a device certificate on its own (`RegisterCertificateWithoutCA`).
    ///
    /// # Errors
    /// `CertificateValidationException` if it cannot be read, or as [`Account::register_certificate`].
    pub fn register_certificate_without_ca_pem(
        &mut self,
        now: Timestamp,
        pem: &str,
        status: CertificateStatus,
    ) -> Result<CertificateIndex, ServiceError> {
        let parsed = ParsedCertificate::from_pem(pem)?;
        let issuer = self.issuer_of(now, &parsed)?;
        self.register_certificate(now, CertificateFacts { status, ..parsed.facts(None, Some(issuer)) })
    }

    /// Adds a device certificate as an inventory shows it, whatever its validity.
    ///
    /// # Errors
    /// `CertificateValidationException` if it cannot be read, `ResourceAlreadyExistsException`.
    pub fn load_certificate_pem(
        &mut self,
        now: Timestamp,
        pem: &str,
        status: CertificateStatus,
    ) -> Result<CertificateIndex, ServiceError> {
        let parsed = ParsedCertificate::from_pem(pem)?;
        let ca = self.cas_that_signed(&parsed).first().copied();
        let issuer = self.issuer_of(now, &parsed)?;
        self.load_certificate(now, CertificateFacts { status, ..parsed.facts(ca, Some(issuer)) })
    }

    /// Registers a CA certificate.
    ///
    /// # Errors
    /// `CertificateValidationException` if it cannot be read or is not a CA's, or as
    /// [`Account::register_ca_certificate`].
    pub fn register_ca_certificate_pem(
        &mut self,
        now: Timestamp,
        pem: &str,
        auto_registration: bool,
    ) -> Result<CaCertificateIndex, ServiceError> {
        let facts = self.ca_facts(now, pem)?;
        self.register_ca_certificate(now, CaCertificateFacts { auto_registration, ..facts })
    }

    /// Adds a CA certificate as an inventory shows it, whatever its validity; change `facts` before if need be.
    ///
    /// # Errors
    /// `CertificateValidationException` if it cannot be read or is not a CA's.
    pub fn ca_facts(&mut self, now: Timestamp, pem: &str) -> Result<CaCertificateFacts, ServiceError> {
        let parsed = ParsedCertificate::from_pem(pem)?;
        if !parsed.is_ca {
            return Err(refuse(format!("`{}` is not the certificate of a CA", parsed.subject)));
        }
        let as_issuer = self.add_issuer_certificate(now, &parsed)?;
        let issuer = self.issuer(as_issuer).and_then(|facts| facts.issuer);
        Ok(CaCertificateFacts {
            as_issuer: Some(as_issuer),
            issuer,
            serial: parsed.serial,
            key: parsed.key,
            text: Some(Box::new(parsed.text)),
            ..CaCertificateFacts::new(parsed.id, parsed.not_before, parsed.not_after)
        })
    }

    /// Makes an intermediate or root CA known that need not be registered (V-24): its own id, serial number and signer.
    ///
    /// # Errors
    /// As [`Account::register_issuer`].
    pub fn add_issuer_certificate(
        &mut self,
        now: Timestamp,
        certificate: &ParsedCertificate,
    ) -> Result<IssuerIndex, ServiceError> {
        let issuer = match certificate.is_self_signed() {
            true => None,
            false => Some(self.issuer_of(now, certificate)?),
        };
        let facts = IssuerFacts {
            subject: certificate.subject.clone(),
            id: certificate.id.to_string(),
            key_id: certificate.subject_key_id.clone(),
            serial: certificate.serial,
            issuer,
        };
        // Certificates that named it before it was known made a record with its names only: fill that in.
        match self.issuer_named(&certificate.subject, certificate.subject_key_id.as_deref()) {
            Some(known) if self.issuer(known).is_some_and(|row| row.id.is_empty()) => {
                self.complete_issuer(known, facts);
                Ok(known)
            }
            _ => self.register_issuer(now, facts),
        }
    }

    /// The record of a certificate's signer, made from its names if the signer's certificate is not known yet.
    fn issuer_of(&mut self, now: Timestamp, certificate: &ParsedCertificate) -> Result<IssuerIndex, ServiceError> {
        let key_id = certificate.authority_key_id.clone();
        if let Some(known) = self.issuer_named(&certificate.issuer, key_id.as_deref()) {
            return Ok(known);
        }
        let facts = IssuerFacts {
            subject: certificate.issuer.clone(),
            id: String::new(),
            key_id,
            serial: SerialNumber::ZERO,
            issuer: None,
        };
        self.register_issuer(now, facts)
    }

    /// An issuer of that subject whose key identifier, where both are known, is the same.
    fn issuer_named(&self, subject: &str, key_id: Option<&str>) -> Option<IssuerIndex> {
        self.issuers_of_subject(subject).iter().copied().find(|&issuer| {
            let known = self.issuer(issuer).and_then(|row| row.key_id.as_deref());
            known.is_none() || key_id.is_none() || known == key_id
        })
    }

    fn cas_that_signed(&self, certificate: &ParsedCertificate) -> Vec<CaCertificateIndex> {
        self.ca_certificates()
            .filter(|&ca| {
                let facts = self.ca_certificate(ca).map(|row| row.facts());
                let as_issuer = facts.and_then(|facts| facts.as_issuer).and_then(|issuer| self.issuer(issuer));
                as_issuer.is_some_and(|issuer| {
                    let (own, wanted) = (&issuer.key_id, &certificate.authority_key_id);
                    issuer.subject == certificate.issuer && (own.is_none() || wanted.is_none() || own == wanted)
                })
            })
            .collect()
    }
}

fn refuse(text: impl Into<String>) -> ServiceError {
    ServiceError::new(Exception::CertificateValidation, text)
}

fn pem_block(text: &str, label: &str) -> Result<Pem, ServiceError> {
    let mut blocks = Pem::iter_from_buffer(text.as_bytes());
    let found = blocks.find_map(|block| block.ok().filter(|block| block.label == label));
    found.ok_or_else(|| refuse(format!("no PEM block labeled `{label}` was found")))
}

fn key_facts(certificate: &X509Certificate<'_>) -> (KeyFacts, Option<DebianFingerprint>) {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            (KeyFacts::of_rsa_modulus(rsa.modulus), Some(DebianFingerprint::of_rsa_modulus(rsa.modulus)))
        }
        Ok(PublicKey::EC(point)) => {
            let algorithm = KeyAlgorithm::EllipticCurve(point.key_size().min(65_535) as u16);
            (KeyFacts { algorithm, roca: false, debian: false }, None)
        }
        _ => (KeyFacts { algorithm: KeyAlgorithm::Other, roca: false, debian: false }, None),
    }
}

fn name_attributes(holder: Holder, name: &X509Name<'_>) -> Vec<(Holder, NameAttribute, String)> {
    let attributes = name.iter_attributes().filter_map(|attribute| {
        let oid = attribute.attr_type().to_id_string();
        let known = NAME_ATTRIBUTES.iter().find(|(known, _)| *known == oid)?;
        Some((holder, known.1, attribute.as_str().ok()?.to_owned()))
    });
    attributes.collect()
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<(Holder, AlternativeName, String)> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let known = names.value.general_names.iter().filter_map(|name| {
        let (kind, text) = match name {
            GeneralName::RFC822Name(name) => (AlternativeName::Rfc822Name, (*name).to_owned()),
            GeneralName::DNSName(name) => (AlternativeName::DnsName, (*name).to_owned()),
            GeneralName::DirectoryName(name) => (AlternativeName::DirectoryName, name.to_string()),
            GeneralName::URI(name) => (AlternativeName::UniformResourceIdentifier, (*name).to_owned()),
            GeneralName::IPAddress(bytes) => (AlternativeName::IpAddress, address(bytes)?),
            _ => return None,
        };
        Some((Holder::Subject, kind, text))
    });
    known.collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    v4.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok()).map(|address| address.to_string())
}

fn subject_key_id(extension: &X509Extension<'_>) -> Option<String> {
    match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(hex(id.0)),
        _ => None,
    }
}

fn authority_key_id(extension: &X509Extension<'_>) -> Option<String> {
    match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => authority.key_identifier.as_ref().map(|id| hex(id.0)),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn reason(code: ReasonCode) -> RevocationReason {
    match code {
        ReasonCode::KeyCompromise => RevocationReason::KeyCompromise,
        ReasonCode::CACompromise => RevocationReason::CaCompromise,
        ReasonCode::AffiliationChanged => RevocationReason::AffiliationChanged,
        ReasonCode::Superseded => RevocationReason::Superseded,
        ReasonCode::CessationOfOperation => RevocationReason::CessationOfOperation,
        ReasonCode::CertificateHold => RevocationReason::CertificateHold,
        ReasonCode::RemoveFromCRL => RevocationReason::RemoveFromCrl,
        ReasonCode::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        ReasonCode::AACompromise => RevocationReason::AaCompromise,
        _ => RevocationReason::Unspecified,
    }
}
