//! Issuers above the device certificates, and what their revocation lists say (V-24, V-25).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::ServiceError;
use crate::time::Timestamp;

use super::facts::SerialNumber;
use super::{Account, IssuerIndex};

/// A certificate in the chain above device certificates; it need not be registered in the account (V-24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFacts {
    /// Distinguished name, at most 1000 characters.
    pub subject: String,
    /// Hexadecimal certificate id, at most 64 digits; empty if unknown.
    pub id: String,
    /// The subject key identifier, hexadecimal, if it has one: how revocation lists may name it.
    pub key_id: Option<String>,
    /// Its serial number.
    pub serial: SerialNumber,
    /// Who signed it. `None` for a root and where nobody knows: such an issuer is not an *intermediate* CA.
    pub issuer: Option<IssuerIndex>,
}

/// How a revocation entry names the issuer of the revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RevokingIssuer {
    /// `issuerSubject`: its distinguished name.
    #[serde(rename = "issuerSubject")]
    Subject(String),
    /// `issuerKeyId`: its subject key identifier, hexadecimal.
    #[serde(rename = "issuerKeyId")]
    KeyId(String),
}

/// Why a certificate was revoked (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the reasons of RFC 5280 by their own names")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    #[serde(rename = "cACompromise")]
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    /// Takes an entry of an earlier list back: no revocation (V-25).
    #[serde(rename = "removeFromCRL")]
    RemoveFromCrl,
    PrivilegeWithdrawn,
    #[serde(rename = "aACompromise")]
    AaCompromise,
}

/// One entry of a revocation list (V-25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlEntry {
    /// Whose list it stands in.
    pub issuer: RevokingIssuer,
    /// The revoked certificate's serial number.
    pub serial: SerialNumber,
    /// In force from then on; from ever if absent.
    pub revocation_date: Option<Timestamp>,
    /// Why.
    pub reason: Option<RevocationReason>,
}

/// What the revocation lists say about a certificate at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// An entry in force names it.
    Revoked {
        /// The date of that entry.
        since: Option<Timestamp>,
        /// The reason of that entry.
        reason: Option<RevocationReason>,
    },
    /// The issuer's list is known and does not name it.
    NotRevoked,
    /// No list of its issuer is known: compliant, with a diagnostic (CH-06).
    NoData,
}

type DateAndReason = (Option<Timestamp>, Option<RevocationReason>);

/// All issuers, and all revocation entries by (issuer name, serial number).
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuers {
    rows: Vec<IssuerFacts>,
    by_subject: BTreeMap<String, Vec<IssuerIndex>>,
    entries: BTreeMap<(u32, SerialNumber), Vec<DateAndReason>>,
    list_names: BTreeMap<RevokingIssuer, u32>,
    listed: BTreeSet<u32>,
}

impl Issuers {
    /// The numbers of the names by which lists may call an issuer.
    fn names_of(&self, issuer: &IssuerFacts) -> impl Iterator<Item = u32> {
        let by_subject = self.list_names.get(&RevokingIssuer::Subject(issuer.subject.clone())).copied();
        let key_id = issuer.key_id.as_ref().map(|key_id| RevokingIssuer::KeyId(canonical_hex(key_id)));
        let by_key_id = key_id.and_then(|key_id| self.list_names.get(&key_id).copied());
        by_subject.into_iter().chain(by_key_id)
    }

    fn number_of(&mut self, name: RevokingIssuer) -> u32 {
        let name = match name {
            RevokingIssuer::KeyId(key_id) => RevokingIssuer::KeyId(canonical_hex(&key_id)),
            subject => subject,
        };
        let next = self.list_names.len() as u32;
        *self.list_names.entry(name).or_insert(next)
    }
}

/// Lower-case hexadecimal without colons.
fn canonical_hex(text: &str) -> String {
    text.chars().filter(|&c| c != ':').map(|c| c.to_ascii_lowercase()).collect()
}

impl Account {
    /// Makes an issuer known. One with the same subject, id, key id and serial number is the one that is there; if its
    /// own issuer was unknown, it is learned.
    ///
    /// # Errors
    /// `InvalidRequestException` for a subject beyond 1000 characters, an id or key id that is not hexadecimal, or an
    /// unknown issuer.
    pub fn register_issuer(&mut self, _now: Timestamp, facts: IssuerFacts) -> Result<IssuerIndex, ServiceError> {
        let length = facts.subject.chars().count();
        if length > 1000 {
            return Err(ServiceError::invalid(format!("issuer subject may have 1000 characters, found {length}")));
        }
        for text in [Some(&facts.id), facts.key_id.as_ref()].into_iter().flatten() {
            let digits = canonical_hex(text);
            if digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(ServiceError::invalid(format!(
                    "issuer id must be up to 64 hexadecimal digits, found `{text}`"
                )));
            }
        }
        if let Some(parent) = facts.issuer.filter(|parent| parent.index() >= self.issuers.rows.len()) {
            return Err(ServiceError::invalid(format!("issuer {} does not exist", parent.0)));
        }
        let twins = self.issuers.by_subject.get(&facts.subject).map_or(&[][..], |twins| twins);
        let existing = twins.iter().copied().find(|twin| {
            let row = &self.issuers.rows[twin.index()];
            (row.id == facts.id, &row.key_id, row.serial) == (true, &facts.key_id, facts.serial)
        });
        if let Some(existing) = existing {
            let row = &mut self.issuers.rows[existing.index()];
            row.issuer = row.issuer.or(facts.issuer.filter(|&parent| parent != existing));
            return Ok(existing);
        }
        let issuer = IssuerIndex(u32::try_from(self.issuers.rows.len()).expect("fewer than 2^32 issuers"));
        self.issuers.by_subject.entry(facts.subject.clone()).or_default().push(issuer);
        self.issuers.rows.push(facts);
        Ok(issuer)
    }

    /// Fills in what a certificate of an issuer says that was known by name only.
    pub(crate) fn complete_issuer(&mut self, issuer: IssuerIndex, facts: IssuerFacts) {
        let parent = facts.issuer.filter(|&parent| parent != issuer);
        self.issuers.rows[issuer.index()] = IssuerFacts { issuer: parent, ..facts };
    }

    /// A known issuer.
    pub fn issuer(&self, issuer: IssuerIndex) -> Option<&IssuerFacts> {
        self.issuers.rows.get(issuer.index())
    }

    /// All known issuers in the order in which they became known.
    pub fn issuers(&self) -> impl Iterator<Item = IssuerIndex> + use<> {
        (0..self.issuers.rows.len() as u32).map(IssuerIndex)
    }

    /// The issuers of a subject.
    pub fn issuers_of_subject(&self, subject: &str) -> &[IssuerIndex] {
        self.issuers.by_subject.get(subject).map_or(&[], |issuers| issuers)
    }

    /// Adds entries of revocation lists (V-25). Signatures and `nextUpdate` are not checked (CH-06).
    pub fn add_crl_entries(&mut self, _now: Timestamp, entries: impl IntoIterator<Item = CrlEntry>) {
        for CrlEntry { issuer, serial, revocation_date, reason } in entries {
            let number = self.issuers.number_of(issuer);
            self.issuers.listed.insert(number);
            self.issuers.entries.entry((number, serial)).or_default().push((revocation_date, reason));
        }
    }

    /// Notes that an issuer's revocation list was read, even if it is empty: then its certificates have data.
    pub fn add_empty_crl(&mut self, _now: Timestamp, issuer: RevokingIssuer) {
        let number = self.issuers.number_of(issuer);
        self.issuers.listed.insert(number);
    }

    /// What the lists say at `at` about a certificate of an issuer (V-25): revoked iff an entry of its issuer names its
    /// serial number, is dated at or before `at`, and is not `removeFromCRL`.
    pub fn revocation(&self, issuer: Option<IssuerIndex>, serial: SerialNumber, at: Timestamp) -> Revocation {
        let Some(facts) = issuer.and_then(|issuer| self.issuer(issuer)) else { return Revocation::NoData };
        let mut answer = Revocation::NoData;
        for name in self.issuers.names_of(facts) {
            let entries = self.issuers.entries.get(&(name, serial)).map_or(&[][..], |entries| entries);
            let in_force = entries.iter().find(|(date, reason)| {
                date.is_none_or(|date| date <= at) && *reason != Some(RevocationReason::RemoveFromCrl)
            });
            if let Some(&(since, reason)) = in_force {
                return Revocation::Revoked { since, reason };
            }
            if self.issuers.listed.contains(&name) {
                answer = Revocation::NotRevoked;
            }
        }
        answer
    }

    /// Whether any revocation list is known at all.
    pub fn has_revocation_data(&self) -> bool {
        !self.issuers.listed.is_empty()
    }
}
