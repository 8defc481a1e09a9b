//! What a certificate says about itself, whether read from X.509 or stated outright (V-13, V-21, V-24).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{CaCertificateIndex, CertificateId};
use crate::policy::variable::{AlternativeName, Holder, NameAttribute};
use crate::time::Timestamp;

use super::IssuerIndex;
use super::key::{DebianFingerprint, KeyFacts};

/// `status` of a device certificate (V-14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateStatus {
    /// Authenticates.
    #[default]
    Active,
    /// Does not authenticate; can be activated again.
    Inactive,
    /// Does not authenticate, for good (V-16).
    Revoked,
    /// On its way to another account (V-17).
    PendingTransfer,
    /// Deprecated by the service.
    RegisterInactive,
    /// Registered just in time, waiting for activation.
    PendingActivation,
}

impl CertificateStatus {
    /// The API's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            CertificateStatus::Active => "ACTIVE",
            CertificateStatus::Inactive => "INACTIVE",
            CertificateStatus::Revoked => "REVOKED",
            CertificateStatus::PendingTransfer => "PENDING_TRANSFER",
            CertificateStatus::RegisterInactive => "REGISTER_INACTIVE",
            CertificateStatus::PendingActivation => "PENDING_ACTIVATION",
        }
    }

    /// Whether the device-certificate checks look at it (V-20).
    pub const fn is_in_scope(self) -> bool {
        matches!(self, CertificateStatus::Active | CertificateStatus::PendingTransfer)
    }
}

impl fmt::Display for CertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `certificateMode` (V-13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateMode {
    /// Registered through a CA, or presented on its own.
    #[default]
    Default,
    /// Registered without CA; clients must send SNI.
    SniOnly,
}

/// A serial number as a number: sign byte and leading zeros dropped, so that `0A:1B` and `a1b` are one (V-25).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber {
    length: u8,
    bytes: [u8; SerialNumber::BYTES_MAX],
}

impl SerialNumber {
    /// X.509 allows twenty octets.
    pub const BYTES_MAX: usize = 20;
    /// Zero: of a certificate whose serial number nobody asks for.
    pub const ZERO: SerialNumber = SerialNumber { length: 0, bytes: [0; SerialNumber::BYTES_MAX] };

    /// From big-endian bytes. `None` if more than twenty remain without the leading zeros.
    pub fn from_be_bytes(bytes: &[u8]) -> Option<SerialNumber> {
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let significant = &bytes[zeros..];
        if significant.len() > SerialNumber::BYTES_MAX {
            return None;
        }
        let mut serial = SerialNumber::ZERO;
        serial.length = significant.len() as u8;
        serial.bytes[..significant.len()].copy_from_slice(significant);
        Some(serial)
    }

    /// The significant bytes, big-endian; empty for zero.
    pub fn as_be_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl From<u64> for SerialNumber {
    fn from(number: u64) -> SerialNumber {
        SerialNumber::from_be_bytes(&number.to_be_bytes()).expect("eight bytes fit")
    }
}

impl FromStr for SerialNumber {
    type Err = String;

    /// Hexadecimal digits of either case, with or without colons and leading zeros (V-25).
    fn from_str(text: &str) -> Result<SerialNumber, String> {
        let refuse = || format!("serial number must be up to 40 hexadecimal digits, colons allowed, found `{text}`");
        let digits: Option<Vec<u8>> =
            text.chars().filter(|&c| c != ':').map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = digits.filter(|digits| !digits.is_empty()).ok_or_else(refuse)?;
        let bytes: Vec<u8> =
            digits.rchunks(2).rev().map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        SerialNumber::from_be_bytes(&bytes).ok_or_else(refuse)
    }
}

impl fmt::Display for SerialNumber {
    /// Lower-case hexadecimal without leading zeros or colons; `0` for zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.as_be_bytes().split_first() else { return f.write_str("0") };
        write!(f, "{first:x}")?;
        rest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is known of an X.509 certificate beside the columns that every certificate has; kept only where given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateText {
    /// The PEM, as `certificatePem` (V-13).
    pub pem: Option<String>,
    /// The subject as a distinguished name.
    pub subject: Option<String>,
    /// The attributes of subject and issuer that policy variables can ask for (P-14), in the order of the certificate.
    pub names: Vec<(Holder, NameAttribute, String)>,
    /// The alternative names of the subject likewise.
    pub alternative_names: Vec<(Holder, AlternativeName, String)>,
    /// What Debian's block list would call the RSA modulus.
    pub debian_fingerprint: Option<DebianFingerprint>,
}

/// A device certificate as it is registered. Build one with [`CertificateFacts::new`] and set what matters, or read
/// one from PEM or DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER (V-13), or any distinct 32 bytes where there is no DER.
    pub id: CertificateId,
    /// The status that registration gives it.
    pub status: CertificateStatus,
    /// Whether a CA stands behind it in the account, and so its mode.
    pub mode: CertificateMode,
    /// The registered CA it was registered through, if any.
    pub ca: Option<CaCertificateIndex>,
    /// Who signed it (V-24), if that matters to anybody.
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
    /// When it was activated, if that is known apart from its registration (CH-31).
    pub activation_date: Option<Timestamp>,
    /// The rest; `None` costs nothing.
    pub text: Option<Box<CertificateText>>,
}

impl CertificateFacts {
    /// An active P-256 certificate without CA, serial number 0.
    pub fn new(id: CertificateId, not_before: Timestamp, not_after: Timestamp) -> CertificateFacts {
        CertificateFacts {
            id,
            status: CertificateStatus::Active,
            mode: CertificateMode::Default,
            ca: None,
            issuer: None,
            serial: SerialNumber::ZERO,
            not_before,
            not_after,
            key: KeyFacts::P256,
            creation_date: None,
            activation_date: None,
            text: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v25_serial_numbers_compare_as_numbers() {
        let serial = |text: &str| text.parse::<SerialNumber>().expect("hexadecimal");
        assert_eq!(serial("0A:1B"), serial("a1b"));
        assert_eq!(serial("00:00:a1b"), SerialNumber::from(0xa1b));
        assert_eq!(serial("00"), SerialNumber::ZERO);
        assert_eq!(serial("00a1b").to_string(), "a1b");
        assert_eq!(SerialNumber::ZERO.to_string(), "0");
        for bad in ["", ":", "xyz", &"1".repeat(41)] {
            assert!(bad.parse::<SerialNumber>().is_err(), "{bad}");
        }
    }
}
