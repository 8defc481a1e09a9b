//! Device certificates: registration, status, transfer, deletion (V-13 … V-20).

use std::collections::BTreeMap;

use crate::error::{Exception, ServiceError};
use crate::ids::{CaCertificateIndex, CertificateId, CertificateIndex, ThingId};
use crate::request::text;
use crate::time::Timestamp;

use super::facts::{CertificateFacts, CertificateMode, CertificateStatus, CertificateText, SerialNumber};
use super::id_set::IdList;
use super::key::{KeyAlgorithm, KeyFacts};
use super::names::RowIndex;
use super::{Account, Change, IssuerIndex, PolicyTarget};

const NONE: u32 = u32::MAX;
const NEVER: Timestamp = Timestamp(i64::MIN);

/// Smallest RSA modulus that registration admits (V-19).
const RSA_BITS_MIN: u16 = 2048;

/// A certificate's row.
#[derive(Clone, Debug)]
pub(crate) struct CertificateRow {
    id: CertificateId,
    serial: SerialNumber,
    status: CertificateStatus,
    mode: CertificateMode,
    key: KeyFacts,
    deleted: bool,
    /// Attached with `EXCLUSIVE_THING` (V-28).
    pub(crate) exclusive: bool,
    customer_version: u32,
    ca: u32,
    issuer: u32,
    not_before: Timestamp,
    not_after: Timestamp,
    created: Timestamp,
    modified: Timestamp,
    activated: Timestamp,
    /// Things it is attached to, ascending.
    pub(crate) things: IdList,
    /// Attached policies in the order of attachment.
    pub(crate) policies: IdList,
}

/// The certificates of an account. A deleted certificate's index is not given out again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) rows: Vec<CertificateRow>,
    index: RowIndex,
    texts: BTreeMap<CertificateIndex, Box<CertificateText>>,
    transfers: BTreeMap<CertificateIndex, Transfer>,
}

/// A certificate on its way between accounts (V-17, `transferData`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The account that may accept it.
    pub target_account: String,
    /// At most 128 characters.
    pub message: Option<String>,
    /// When the transfer began.
    pub transfer_date: Timestamp,
    /// When the receiver turned it down.
    pub reject_date: Option<Timestamp>,
    /// Why, at most 128 characters.
    pub reject_reason: Option<String>,
}

/// A certificate as [`Account::certificate`] shows it.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    row: &'a CertificateRow,
    text: Option<&'a CertificateText>,
}

impl<'a> Certificate<'a> {
    /// `certificateId`.
    pub fn id(&self) -> CertificateId {
        self.row.id
    }

    /// Status (V-14).
    pub fn status(&self) -> CertificateStatus {
        self.row.status
    }

    /// Whether a client that presents it at `now` is let in: status and validity (V-15).
    pub fn authenticates(&self, now: Timestamp) -> bool {
        self.row.status == CertificateStatus::Active && self.row.not_before <= now && now < self.row.not_after
    }

    /// `certificateMode`.
    pub fn mode(&self) -> CertificateMode {
        self.row.mode
    }

    /// The registered CA it came through.
    pub fn ca(&self) -> Option<CaCertificateIndex> {
        (self.row.ca != NONE).then_some(CaCertificateIndex(self.row.ca))
    }

    /// Who signed it.
    pub fn issuer(&self) -> Option<IssuerIndex> {
        (self.row.issuer != NONE).then_some(IssuerIndex(self.row.issuer))
    }

    /// Serial number.
    pub fn serial(&self) -> SerialNumber {
        self.row.serial
    }

    /// Valid from.
    pub fn not_before(&self) -> Timestamp {
        self.row.not_before
    }

    /// Valid until.
    pub fn not_after(&self) -> Timestamp {
        self.row.not_after
    }

    /// Public key.
    pub fn key(&self) -> KeyFacts {
        self.row.key
    }

    /// When it was registered.
    pub fn creation_date(&self) -> Timestamp {
        self.row.created
    }

    /// When it last changed.
    pub fn last_modified_date(&self) -> Timestamp {
        self.row.modified
    }

    /// When it was activated, where that is known (CH-31).
    pub fn activation_date(&self) -> Option<Timestamp> {
        (self.row.activated != NEVER).then_some(self.row.activated)
    }

    /// `customerVersion`: 1 at registration, one more with each update.
    pub fn customer_version(&self) -> u32 {
        self.row.customer_version
    }

    /// PEM, names and fingerprints, where they were given.
    pub fn text(&self) -> Option<&'a CertificateText> {
        self.text
    }
}

impl CertificateRow {
    pub(crate) fn id(&self) -> CertificateId {
        self.id
    }
}

impl Certificates {
    pub(crate) fn get(&self, certificate: CertificateIndex) -> Option<&CertificateRow> {
        self.rows.get(certificate.index()).filter(|row| !row.deleted)
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.rows.reserve(more);
        let rows = &self.rows;
        self.index.reserve(rows.len() + more, |row| hash_id(&rows[row as usize].id));
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<CertificateRow>()
            + self.index.heap_bytes()
            + self.rows.iter().map(|row| row.things.heap_bytes() + row.policies.heap_bytes()).sum::<usize>()
            + self.texts.len() * (size_of::<CertificateText>() + 512)
    }

    fn find(&self, id: &CertificateId) -> Option<CertificateIndex> {
        self.index.find(hash_id(id), |row| self.rows[row as usize].id == *id).map(CertificateIndex)
    }

    fn touch(&mut self, now: Timestamp, certificate: CertificateIndex) -> &mut CertificateRow {
        let row = &mut self.rows[certificate.index()];
        row.modified = now;
        row.customer_version += 1;
        row
    }
}

/// An id is a SHA-256 already, except where a fixture counts: mix all of it.
fn hash_id(id: &CertificateId) -> u64 {
    super::names::hash_bytes(&id.0)
}

impl Account {
    /// Registers a device certificate.
    ///
    /// # Errors
    /// `ResourceAlreadyExistsException` if it is registered, `CertificateStateException` for a status that registration
    /// cannot give or an inactive CA (V-23), `CertificateValidationException` outside its validity or for an RSA key
    /// below 2048 bits (V-19), `ResourceNotFoundException` for an unknown CA.
    pub fn register_certificate(
        &mut self,
        now: Timestamp,
        facts: CertificateFacts,
    ) -> Result<CertificateIndex, ServiceError> {
        let refuse = |text: String| Err(ServiceError::new(Exception::CertificateValidation, text));
        if now < facts.not_before || facts.not_after <= now {
            let (from, to) = (facts.not_before, facts.not_after);
            return refuse(format!("certificate is valid from {from} to {to}, it is {now}"));
        }
        if let KeyAlgorithm::Rsa(bits @ 0..RSA_BITS_MIN) = facts.key.algorithm {
            return refuse(format!("RSA key must have {RSA_BITS_MIN} bits or more, found {bits}"));
        }
        if matches!(facts.status, CertificateStatus::Revoked | CertificateStatus::PendingTransfer) {
            let status = facts.status;
            return Err(state_error(format!("a certificate cannot be registered as `{status}`")));
        }
        if let Some(ca) = facts.ca {
            let row = self.ca_row(ca)?;
            if !row.is_active() {
                return Err(state_error(format!("CA certificate `{}` is not active", row.id())));
            }
        }
        self.load_certificate(now, facts)
    }

    /// Adds a certificate as an inventory shows it: any status, expired or not, inactive CA or not. What a snapshot or
    /// a simulated fleet with a past needs and registration refuses.
    ///
    /// # Errors
    /// `ResourceAlreadyExistsException` if it is registered.
    pub fn load_certificate(
        &mut self,
        now: Timestamp,
        facts: CertificateFacts,
    ) -> Result<CertificateIndex, ServiceError> {
        let hash = hash_id(&facts.id);
        if self.certificates.find(&facts.id).is_some() {
            let id = facts.id.to_string();
            let arn = self.arn(format!("cert/{id}"));
            return Err(ServiceError::already_exists("certificate", id, arn));
        }
        let certificate =
            CertificateIndex(u32::try_from(self.certificates.rows.len()).expect("fewer than 2^32 certificates"));
        let created = facts.creation_date.unwrap_or(now);
        self.certificates.rows.push(CertificateRow {
            id: facts.id,
            serial: facts.serial,
            status: facts.status,
            mode: facts.mode,
            key: facts.key,
            deleted: false,
            exclusive: false,
            customer_version: 1,
            ca: facts.ca.map_or(NONE, |ca| ca.0),
            issuer: facts.issuer.map_or(NONE, |issuer| issuer.0),
            not_before: facts.not_before,
            not_after: facts.not_after,
            created,
            modified: created,
            activated: facts.activation_date.unwrap_or(NEVER),
            things: IdList::default(),
            policies: IdList::default(),
        });
        let rows = &self.certificates.rows;
        self.certificates.index.insert(hash, certificate.0, |row| hash_id(&rows[row as usize].id));
        if let Some(text) = facts.text {
            self.certificates.texts.insert(certificate, text);
        }
        self.journal.note(Change::Certificate(certificate));
        Ok(certificate)
    }

    /// Sets the status of a certificate; the same status again is success (V-16).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `InvalidRequestException` for a status that is not set by hand;
    /// `CertificateStateException` while it is in transfer, or once it is revoked.
    pub fn update_certificate(
        &mut self,
        now: Timestamp,
        certificate: CertificateIndex,
        new_status: CertificateStatus,
    ) -> Result<(), ServiceError> {
        use CertificateStatus::*;
        let row = self.certificate_row(certificate)?;
        if matches!(new_status, PendingTransfer | PendingActivation | RegisterInactive) {
            return Err(ServiceError::invalid(format!(
                "status `{new_status}` is not set by hand; `ACTIVE`, `INACTIVE` and `REVOKED` are"
            )));
        }
        match row.status {
            PendingTransfer => return Err(state_error(format!("certificate `{}` is in transfer", row.id))),
            old if old == new_status => return Ok(()),
            Revoked => return Err(state_error(format!("certificate `{}` is revoked, which is final", row.id))),
            _ => {}
        }
        let row = self.certificates.touch(now, certificate);
        row.status = new_status;
        if new_status == Active && row.activated == NEVER && row.created < now {
            row.activated = now;
        }
        self.journal.note(Change::Certificate(certificate));
        Ok(())
    }

    /// Deletes a certificate (V-18). `force` waives attached policies, which are then detached.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `CertificateStateException` while active or in transfer;
    /// `DeleteConflictException` while attached to things or, without `force`, while policies are attached.
    pub fn delete_certificate(
        &mut self,
        _now: Timestamp,
        certificate: CertificateIndex,
        force: bool,
    ) -> Result<(), ServiceError> {
        let row = self.certificate_row(certificate)?;
        if matches!(row.status, CertificateStatus::Active | CertificateStatus::PendingTransfer) {
            return Err(state_error(format!("certificate `{}` is `{}`; deactivate it first", row.id, row.status)));
        }
        let conflict = |what: &str| {
            let text = format!("certificate `{}` has {what}; detach them first", row.id);
            Err(ServiceError::new(Exception::DeleteConflict, text))
        };
        if !row.things.is_empty() {
            return conflict("attached things");
        }
        if !row.policies.is_empty() && !force {
            return conflict("attached policies");
        }
        let id = row.id;
        for policy in row.policies.as_slice().to_vec() {
            self.policies.rows[policy as usize].certificates.remove(certificate.0);
        }
        let row = &mut self.certificates.rows[certificate.index()];
        let had_policies = !row.policies.is_empty();
        row.deleted = true;
        row.policies = IdList::default();
        self.certificates.index.remove(hash_id(&id), |row| row == certificate.0);
        self.certificates.texts.remove(&certificate);
        self.certificates.transfers.remove(&certificate);
        if had_policies {
            self.journal.note(Change::PolicyAttachment(PolicyTarget::Certificate(certificate)));
        }
        self.journal.note(Change::Certificate(certificate));
        Ok(())
    }

    /// Offers a certificate to another account: `PENDING_TRANSFER` until accepted, rejected or cancelled (V-17).
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `CertificateStateException` unless inactive; `TransferConflictException` while
    /// policies are attached; `InvalidRequestException` for a bad account id or message.
    pub fn transfer_certificate(
        &mut self,
        now: Timestamp,
        certificate: CertificateIndex,
        target_account: &str,
        message: Option<&str>,
    ) -> Result<(), ServiceError> {
        if target_account.len() != 12 || !target_account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ServiceError::invalid(format!("account id must have 12 digits, found `{target_account}`")));
        }
        text::TRANSFER_TEXT.check_if_given("transfer message", message)?;
        let row = self.certificate_row(certificate)?;
        if row.status != CertificateStatus::Inactive {
            return Err(state_error(format!(
                "certificate `{}` is `{}`, a transfer needs `INACTIVE`",
                row.id, row.status
            )));
        }
        if !row.policies.is_empty() {
            let text = format!("certificate `{}` has attached policies; detach them first", row.id);
            return Err(ServiceError::new(Exception::TransferConflict, text));
        }
        self.certificates.touch(now, certificate).status = CertificateStatus::PendingTransfer;
        let transfer = Transfer {
            target_account: target_account.to_owned(),
            message: message.map(str::to_owned),
            transfer_date: now,
            reject_date: None,
            reject_reason: None,
        };
        self.certificates.transfers.insert(certificate, transfer);
        self.journal.note(Change::Certificate(certificate));
        Ok(())
    }

    /// The receiving account takes the certificate: it leaves this account, its things behind.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `TransferAlreadyCompletedException` if it is not in transfer.
    pub fn accept_certificate_transfer(
        &mut self,
        now: Timestamp,
        certificate: CertificateIndex,
    ) -> Result<(), ServiceError> {
        self.end_transfer(now, certificate)?;
        for thing in self.things_of_certificate(certificate).collect::<Vec<ThingId>>() {
            self.detach_thing_principal(now, thing, super::Principal::Certificate(certificate))?;
        }
        self.delete_certificate(now, certificate, true)
    }

    /// The receiving account turns the certificate down: it is `INACTIVE` here again.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `TransferAlreadyCompletedException` if it is not in transfer;
    /// `InvalidRequestException` for a reason beyond 128 characters.
    pub fn reject_certificate_transfer(
        &mut self,
        now: Timestamp,
        certificate: CertificateIndex,
        reason: Option<&str>,
    ) -> Result<(), ServiceError> {
        text::TRANSFER_TEXT.check_if_given("reject reason", reason)?;
        let transfer = self.end_transfer(now, certificate)?;
        let rejected = Transfer { reject_date: Some(now), reject_reason: reason.map(str::to_owned), ..transfer };
        self.certificates.transfers.insert(certificate, rejected);
        Ok(())
    }

    /// This account calls the transfer off: the certificate is `INACTIVE` again.
    ///
    /// # Errors
    /// `ResourceNotFoundException`; `TransferAlreadyCompletedException` if it is not in transfer.
    pub fn cancel_certificate_transfer(
        &mut self,
        now: Timestamp,
        certificate: CertificateIndex,
    ) -> Result<(), ServiceError> {
        self.end_transfer(now, certificate).map(|_| ())
    }

    /// A living certificate.
    pub fn certificate(&self, certificate: CertificateIndex) -> Option<Certificate<'_>> {
        let row = self.certificates.get(certificate)?;
        Some(Certificate { row, text: self.certificates.texts.get(&certificate).map(|text| &**text) })
    }

    /// The living certificate of an id.
    pub fn certificate_of_id(&self, id: &CertificateId) -> Option<CertificateIndex> {
        self.certificates.find(id)
    }

    /// The living certificates in the order of registration.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateIndex> + '_ {
        let rows = self.certificates.rows.iter().enumerate();
        rows.filter(|(_, row)| !row.deleted).map(|(at, _)| CertificateIndex(at as u32))
    }

    /// One more than the largest certificate index ever handed out: the length of a column by certificate.
    pub fn certificate_index_end(&self) -> usize {
        self.certificates.rows.len()
    }

    /// The transfer that a certificate is in, or that was last rejected.
    pub fn certificate_transfer(&self, certificate: CertificateIndex) -> Option<&Transfer> {
        self.certificates.transfers.get(&certificate)
    }

    /// The ARN of a certificate.
    ///
    /// # Panics
    /// If the index was not handed out by this account.
    pub fn certificate_arn(&self, certificate: CertificateIndex) -> String {
        self.arn(format!("cert/{}", self.certificates.rows[certificate.index()].id))
    }

    pub(crate) fn certificate_row(&self, certificate: CertificateIndex) -> Result<&CertificateRow, ServiceError> {
        self.certificates.get(certificate).ok_or_else(|| match self.certificates.rows.get(certificate.index()) {
            Some(row) => ServiceError::not_found("certificate", &row.id.to_string()),
            None => ServiceError::not_found("certificate", &certificate.0.to_string()),
        })
    }

    fn end_transfer(&mut self, now: Timestamp, certificate: CertificateIndex) -> Result<Transfer, ServiceError> {
        let row = self.certificate_row(certificate)?;
        if row.status != CertificateStatus::PendingTransfer {
            let text = format!("certificate `{}` is not in transfer", row.id);
            return Err(ServiceError::new(Exception::TransferAlreadyCompleted, text));
        }
        self.certificates.touch(now, certificate).status = CertificateStatus::Inactive;
        self.journal.note(Change::Certificate(certificate));
        // A snapshot may show a certificate in transfer without saying where to.
        Ok(self.certificates.transfers.remove(&certificate).unwrap_or(Transfer {
            target_account: String::new(),
            message: None,
            transfer_date: now,
            reject_date: None,
            reject_reason: None,
        }))
    }
}

fn state_error(text: String) -> ServiceError {
    ServiceError::new(Exception::CertificateState, text)
}
