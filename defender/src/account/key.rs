//! Public keys and the two weaknesses that the key-quality checks look for (C-04, C-05).

use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

/// The kind and size of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA, by the bits of the modulus.
    Rsa(u16),
    /// An elliptic curve, by the bits of its field.
    EllipticCurve(u16),
    /// Anything else.
    Other,
}

/// A weakness that the key-quality checks know (C-04), stated for a certificate outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyVulnerability {
    /// ROCA: made by an Infineon library.
    #[serde(rename = "CVE-2017-15361")]
    Roca,
    /// Made by OpenSSL on Debian between 2006 and 2008.
    #[serde(rename = "CVE-2008-0166")]
    DebianOpenssl,
}

/// What the checks need of a public key. The modulus itself is not kept: its two fingerprints are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Kind and size.
    pub algorithm: KeyAlgorithm,
    /// Whether the key shows the ROCA fingerprint (C-04).
    pub roca: bool,
    /// Whether the key is known to stem from the weak Debian generator, list or no list (CH-20).
    pub debian: bool,
}

impl KeyFacts {
    /// An elliptic-curve key on P-256: what devices usually have.
    pub const P256: KeyFacts = KeyFacts { algorithm: KeyAlgorithm::EllipticCurve(256), roca: false, debian: false };
    /// A sound RSA key of 2048 bits.
    pub const RSA_2048: KeyFacts = KeyFacts { algorithm: KeyAlgorithm::Rsa(2048), roca: false, debian: false };

    /// Of an RSA modulus, big-endian.
    pub fn of_rsa_modulus(modulus: &[u8]) -> KeyFacts {
        let bytes = significant(modulus);
        let bits = bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize);
        KeyFacts {
            algorithm: KeyAlgorithm::Rsa(bits.min(65_535) as u16),
            roca: has_roca_fingerprint(bytes),
            debian: false,
        }
    }

    /// The same key with a weakness.
    pub const fn with(mut self, vulnerability: KeyVulnerability) -> KeyFacts {
        match vulnerability {
            KeyVulnerability::Roca => self.roca = true,
            KeyVulnerability::DebianOpenssl => self.debian = true,
        }
        self
    }
}

/// The last 20 hex digits of the SHA-1 by which Debian's block list names a modulus (C-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DebianFingerprint(pub [u8; 10]);

impl DebianFingerprint {
    /// Of an RSA modulus, big-endian: SHA-1 over `Modulus=`, the modulus in upper-case hex, and a line feed.
    pub fn of_rsa_modulus(modulus: &[u8]) -> DebianFingerprint {
        let mut line = String::from("Modulus=");
        for byte in significant(modulus) {
            write!(line, "{byte:02X}").expect("a string takes all text");
        }
        line.push('\n');
        let digest = Sha1::digest(line.as_bytes());
        let mut last = [0; 10];
        last.copy_from_slice(&digest[10..]);
        DebianFingerprint(last)
    }
}

impl FromStr for DebianFingerprint {
    type Err = String;

    /// Twenty hexadecimal digits: a line of a block list.
    fn from_str(text: &str) -> Result<DebianFingerprint, String> {
        let refuse = || format!("a line of a key block list has 20 hexadecimal digits, found `{text}`");
        if text.len() != 20 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let mut bytes = [0; 10];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| refuse())?;
        }
        Ok(DebianFingerprint(bytes))
    }
}

/// The primes of the ROCA test (C-04).
const ROCA_PRIMES: [u8; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// For each prime, bit `n` says whether `n` belongs to the subgroup that 65537 generates modulo the prime.
const ROCA_SUBGROUPS: [[u64; 3]; 17] = {
    let mut subgroups = [[0; 3]; 17];
    let mut at = 0;
    while at < 17 {
        let prime = ROCA_PRIMES[at] as u32;
        let mut power = 1;
        loop {
            subgroups[at][power as usize / 64] |= 1 << (power % 64);
            power = power * (65_537 % prime) % prime;
            if power == 1 {
                break;
            }
        }
        at += 1;
    }
    subgroups
};

/// Whether a modulus has the form that the Infineon library gives all its keys: modulo every prime of the list it is a
/// power of 65537. A random modulus has it with a chance of about 2⁻²⁸.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    !modulus.is_empty()
        && ROCA_PRIMES.iter().zip(&ROCA_SUBGROUPS).all(|(&prime, subgroup)| {
            let residue = modulus.iter().fold(0u32, |rest, &byte| (rest << 8 | u32::from(byte)) % u32::from(prime));
            subgroup[residue as usize / 64] >> (residue % 64) & 1 == 1
        })
}

fn significant(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..]
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;

    #[test]
    fn c04_subgroup_orders_are_those_of_the_specification() {
        let orders: Vec<u32> =
            ROCA_SUBGROUPS.iter().map(|subgroup| subgroup.iter().map(|word| word.count_ones()).sum()).collect();
        assert_eq!(orders, [2, 6, 8, 9, 3, 26, 20, 35, 24, 13, 6, 51, 53, 54, 42, 50, 78]);
    }

    /// A modulus of the vulnerable form: every prime factor is k·M + 65537^a mod M, so the product is a power of 65537
    /// modulo every prime of the list, whatever k and a are.
    #[test]
    fn c04_a_modulus_of_the_infineon_form_is_recognized_and_its_neighbor_is_not() {
        let primorial = ROCA_PRIMES.iter().fold(BigUint::from(1u8), |product, &prime| product * prime);
        let factor =
            |k: u64, a: u32| &primorial * BigUint::from(k) + BigUint::from(65_537u32).modpow(&a.into(), &primorial);
        let modulus = factor(0x9e37_79b9_7f4a_7c15, 4_711) * factor(0xc2b2_ae3d_27d4_eb4f, 815);
        assert!(KeyFacts::of_rsa_modulus(&modulus.to_bytes_be()).roca);
        assert!(!KeyFacts::of_rsa_modulus(&(modulus + 2u8).to_bytes_be()).roca);
    }

    #[test]
    fn c04_the_debian_fingerprint_hashes_the_printed_modulus() {
        // By sha1sum over the line `Modulus=C0FFEE`.
        let fingerprint = DebianFingerprint::of_rsa_modulus(&[0, 0xc0, 0xff, 0xee]);
        assert_eq!(Ok(fingerprint), "6149ed99475722f13e18".parse());
    }

    #[test]
    fn rsa_bits_do_not_count_leading_zeros() {
        assert_eq!(KeyFacts::of_rsa_modulus(&[0, 0, 0x7f, 0xff]).algorithm, KeyAlgorithm::Rsa(15));
    }
}
