//! Typed, dense ids. An id is an index into the account's tables; names live there once.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! dense_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

dense_id! {
    /// A registry thing.
    ThingId;
    /// A static or dynamic thing group.
    ThingGroupId;
    /// A device certificate registered in the account.
    CertificateIndex;
    /// A CA certificate registered in the account.
    CaCertificateIndex;
    /// An IoT policy.
    PolicyIndex;
    /// A security profile, in the order of creation.
    ProfileId;
}

/// A 64-digit lower-case hexadecimal certificate id: the SHA-256 of the certificate's DER (V-13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateId(pub [u8; 32]);

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for CertificateId {
    type Err = String;

    /// Parses 64 hexadecimal digits of either case, with or without `0x`.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("certificate id must be 64 hexadecimal digits, found `{text}`"));
        }
        let mut bytes = [0u8; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|e| e.to_string())?;
        }
        Ok(CertificateId(bytes))
    }
}

/// Makes the engine's opaque ids: 32 lower-case hex digits, a SHA-256 of (run seed, kind, counter) cut short
/// (CH-03), so that a run repeated gives the same ids.
#[derive(Clone, Debug)]
pub struct IdMint {
    seed: u64,
    next: u64,
}

impl IdMint {
    /// A mint for one run.
    pub fn new(seed: u64) -> IdMint {
        IdMint { seed, next: 0 }
    }

    /// The next id of a kind (`audit`, `finding`, `violation`…).
    pub fn mint(&mut self, kind: &str) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.next.to_be_bytes());
        hash.update(kind.as_bytes());
        self.next += 1;
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
