//! Registered CA certificates (V-21 … V-23).

use serde::{Deserialize, Serialize};

use crate::error::{Exception, ServiceError};
use crate::ids::{CaCertificateIndex, CertificateId, CertificateIndex};
use crate::time::Timestamp;

use super::facts::{CertificateMode, CertificateText, SerialNumber};
use super::key::KeyFacts;
use super::{Account, Change, IssuerIndex};

/// `status` of a CA certificate (V-21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaCertificateStatus {
    /// Certificates that it signed can be registered.
    #[default]
    Active,
    /// They cannot; those registered before keep working (V-23).
    Inactive,
    /// No status of the API; honored where an inventory carries it (CH-05).
    PendingTransfer,
}

impl CaCertificateStatus {
    /// Whether the CA checks look at it (V-22, CH-05).
    pub const fn is_in_scope(self) -> bool {
        matches!(self, CaCertificateStatus::Active | CaCertificateStatus::PendingTransfer)
    }
}

/// A CA certificate as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaCertificateFacts {
    /// SHA-256 of the DER, or any distinct 32 bytes.
    pub id: CertificateId,
    /// The status that registration gives it.
    pub status: CaCertificateStatus,
    /// Whether devices may register themselves through it (`ENABLE`).
    pub auto_registration: bool,
    /// `certificateMode`.
    pub mode: CertificateMode,
    /// The issuer record of this CA itself, when device certificates name it as theirs (V-24).
    pub as_issuer: Option<IssuerIndex>,
    /// Who signed it; `None` if it signed itself or nobody knows.
    pub issuer: Option<IssuerIndex>,
    /// Its serial number.
    pub serial: SerialNumber,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Its public key.
    pub key: KeyFacts,
    /// When it was registered, if not now.
    pub creation_date: Option<Timestamp>,
    /// PEM, names and fingerprints, where given.
    pub text: Option<Box<CertificateText>>,
}

impl CaCertificateFacts {
    /// An active, self-signed CA with a sound RSA key, auto-registration off.
    pub fn new(id: CertificateId, not_before: Timestamp, not_after: Timestamp) -> CaCertificateFacts {
        CaCertificateFacts {
            id,
            status: CaCertificateStatus::Active,
            auto_registration: false,
            mode: CertificateMode::Default,
            as_issuer: None,
            issuer: None,
            serial: SerialNumber::ZERO,
            not_before,
            not_after,
            key: KeyFacts::RSA_2048,
            creation_date: None,
            text: None,
        }
    }
}

/// A CA certificate registered in the account.
#[derive(Clone, Debug)]
pub struct CaCertificate {
    facts: CaCertificateFacts,
    created: Timestamp,
    modified: Timestamp,
    customer_version: u32,
    deleted: bool,
}

impl CaCertificate {
    /// `certificateId`.
    pub fn id(&self) -> CertificateId {
        self.facts.id
    }

    /// Everything that was registered, with the status it has now.
    pub fn facts(&self) -> &CaCertificateFacts {
        &self.facts
    }

    /// Status (V-21).
    pub fn status(&self) -> CaCertificateStatus {
        self.facts.status
    }

    /// Whether certificates can be registered through it (V-23).
    pub fn is_active(&self) -> bool {
        self.facts.status == CaCertificateStatus::Active
    }

    /// When it was registered.
    pub fn creation_date(&self) -> Timestamp {
        self.created
    }

    /// When it last changed.
    pub fn last_modified_date(&self) -> Timestamp {
        self.modified
    }

    /// `customerVersion`: 1 at registration, one more with each update.
    pub fn customer_version(&self) -> u32 {
        self.customer_version
    }
}

impl Account {
    /// Registers a CA certificate.
    ///
    /// # Errors
    /// `ResourceAlreadyExistsException`; `CertificateValidationException` outside its validity.
    pub fn register_ca_certificate(
        &mut self,
        now: Timestamp,
        facts: CaCertificateFacts,
    ) -> Result<CaCertificateIndex, ServiceError> {
        if now < facts.not_before || facts.not_after <= now {
            let (from, to) = (facts.not_before, facts.not_after);
            let text = format!("CA certificate is valid from {from} to {to}, it is {now}");
            return Err(ServiceError::new(Exception::CertificateValidation, text));
        }
        self.load_ca_certificate(now, facts)
    }

    /// Adds a CA certificate as an inventory shows it, expired or not.
    ///
    /// # Errors
    /// `ResourceAlreadyExistsException`.
    pub fn load_ca_certificate(
        &mut self,
        now: Timestamp,
        facts: CaCertificateFacts,
    ) -> Result<CaCertificateIndex, ServiceError> {
        if self.ca_certificate_of_id(&facts.id).is_some() {
            let id = facts.id.to_string();
            let arn = self.arn(format!("cacert/{id}"));
            return Err(ServiceError::already_exists("CA certificate", id, arn));
        }
        let ca = CaCertificateIndex(u32::try_from(self.ca_certificates.len()).expect("fewer than 2^32 CAs"));
        let created = facts.creation_date.unwrap_or(now);
        let row = CaCertificate { facts, created, modified: created, customer_version: 1, deleted: false };
        self.ca_certificates.push(row);
        self.journal.note(Change::CaCertificate(ca));
        Ok(ca)
    }

    /// Sets status, auto-registration, or both; members not given stay. Registered device certificates are not touched
    /// (V-23).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a status that the API does not have (CH-05).
    pub fn update_ca_certificate(
        &mut self,
        now: Timestamp,
        ca: CaCertificateIndex,
        new_status: Option<CaCertificateStatus>,
        auto_registration: Option<bool>,
    ) -> Result<(), ServiceError> {
        if new_status == Some(CaCertificateStatus::PendingTransfer) {
            return Err(ServiceError::invalid(
                "a CA certificate can be set `ACTIVE` or `INACTIVE`, found `PENDING_TRANSFER`",
            ));
        }
        self.ca_row(ca)?;
        let row = &mut self.ca_certificates[ca.index()];
        let before = (row.facts.status, row.facts.auto_registration);
        row.facts.status = new_status.unwrap_or(row.facts.status);
        row.facts.auto_registration = auto_registration.unwrap_or(row.facts.auto_registration);
        if before != (row.facts.status, row.facts.auto_registration) {
            row.modified = now;
            row.customer_version += 1;
            self.journal.note(Change::CaCertificate(ca));
        }
        Ok(())
    }

    /// Deletes an inactive CA certificate; device certificates that came through it stay.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `CertificateStateException` unless inactive.
    pub fn delete_ca_certificate(&mut self, _now: Timestamp, ca: CaCertificateIndex) -> Result<(), ServiceError> {
        let row = self.ca_row(ca)?;
        if row.status() != CaCertificateStatus::Inactive {
            let text = format!("CA certificate `{}` must be inactive before it is deleted", row.id());
            return Err(ServiceError::new(Exception::CertificateState, text));
        }
        self.ca_certificates[ca.index()].deleted = true;
        self.journal.note(Change::CaCertificate(ca));
        Ok(())
    }

    /// A living CA certificate.
    pub fn ca_certificate(&self, ca: CaCertificateIndex) -> Option<&CaCertificate> {
        self.ca_certificates.get(ca.index()).filter(|row| !row.deleted)
    }

    /// The living CA certificate of an id.
    pub fn ca_certificate_of_id(&self, id: &CertificateId) -> Option<CaCertificateIndex> {
        self.ca_certificates().find(|ca| self.ca_certificates[ca.index()].facts.id == *id)
    }

    /// The living CA certificates in the order of registration.
    pub fn ca_certificates(&self) -> impl Iterator<Item = CaCertificateIndex> + '_ {
        let rows = self.ca_certificates.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| CaCertificateIndex(at as u32))
    }

    /// The device certificates registered through a CA (`ListCertificatesByCA`).
    pub fn certificates_by_ca(&self, ca: CaCertificateIndex) -> impl Iterator<Item = CertificateIndex> + '_ {
        self.certificates()
            .filter(move |&own| self.certificate(own).is_some_and(|certificate| certificate.ca() == Some(ca)))
    }

    pub(crate) fn ca_row(&self, ca: CaCertificateIndex) -> Result<&CaCertificate, ServiceError> {
        self.ca_certificate(ca).ok_or_else(|| match self.ca_certificates.get(ca.index()) {
            Some(row) => ServiceError::not_found("CA certificate", &row.facts.id.to_string()),
            None => ServiceError::not_found("CA certificate", &ca.0.to_string()),
        })
    }
}
