//! Addressed randomness: a draw is a function of (seed, device, purpose, tick), never of what was drawn before.
//!
//! So results do not depend on threads or order; adding an attack, a fault or a behavior moves nobody else's dice;
//! and two profiles compared on one seed see the same fleet. The mixing function is the 64-bit finalizer known as
//! *moremur* (Pelle Evensen's refinement of MurmurHash3's), applied to the address.

use std::convert::Infallible;

use rand::TryRng;

/// What a draw is for. The numbers are part of every result: append, never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[expect(missing_docs, reason = "each names the quantity that is drawn")]
pub enum Purpose {
    DeviceFactor = 1,
    ReportPhase = 2,
    SourceAddress = 3,
    Destination = 4,
    Certificate = 5,
    Messages = 10,
    Packets = 11,
    Sessions = 12,
    Noise = 13,
    MessageSize = 14,
    Duty = 15,
    CustomFactor = 16,
    CustomMetric = 17,
    Topics = 18,
    AttackTargets = 20,
    AttackStagger = 21,
    Attack = 22,
    ConfounderTargets = 30,
    ConfounderStagger = 31,
    Confounder = 32,
    ResponseDelay = 40,
    JobExecution = 41,
    Triage = 42,
    Verdict = 43,
    FunctionRun = 44,
    Occasion = 50,
    Alteration = 60,
    DefectTargets = 61,
    Spread = 62,
    FaultTargets = 70,
    FaultStagger = 71,
    Fault = 72,
    FaultDevice = 73,
    FaultOccasion = 74,
    Swarm = 75,
    Replay = 80,
    Burst = 84,
    Update = 85,
    PowerLoss = 86,
    ModeRounding = 87,
    Joining = 90,
    Retirement = 91,
    Renaming = 92,
    AddressLifetime = 93,
    AddressRenewal = 94,
}

/// Scrambles 64 bits; a bijection.
#[inline]
pub const fn mix(mut x: u64) -> u64 {
    x ^= x >> 27;
    x = x.wrapping_mul(0x3C79_AC49_2BA7_B653);
    x ^= x >> 33;
    x = x.wrapping_mul(0x1C69_B3F7_4AC4_AE35);
    x ^ (x >> 27)
}

/// Hashes a name into an address, so that reordering sections of a scenario moves no dice.
pub fn name_key(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| mix(hash ^ u64::from(byte)))
}

/// The key of a device: from the seed, its class's name and its position in the class. Devices added at the end of a
/// class leave the others as they were.
pub fn device_key(seed: u64, class: u64, index: u32) -> u64 {
    mix(mix(seed ^ class.rotate_left(17)).wrapping_add(u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// The part of the address that all devices share.
#[inline]
pub const fn salt(purpose: Purpose, tick: u64) -> u64 {
    mix(((purpose as u64) << 48) ^ tick ^ 0xA5A5_5A5A_0F0F_F0F0)
}

/// 64 bits for a device key under a salt.
#[inline]
pub const fn draw(key: u64, salt: u64) -> u64 {
    mix(key ^ salt)
}

/// A generator that starts at an address, for draws that need several words. Implements `rand`'s traits.
#[derive(Clone, Debug)]
pub struct Dice {
    key: u64,
    word: u64,
}

impl Dice {
    /// Dice for a key (of a device, or a name) and purpose at a tick.
    pub fn new(key: u64, purpose: Purpose, tick: u64) -> Dice {
        Dice { key: draw(key, salt(purpose, tick)), word: 0 }
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.word += 1;
        mix(self.key ^ mix(self.word.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// Uniform in `0..n` (multiply-shift; the bias is below n/2⁶⁴); 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in the open interval (0, 1), on a grid of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        ((self.word() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Standard normal, by the quantile function.
    pub fn normal(&mut self) -> f64 {
        crate::sampler::normal_quantile(self.unit())
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.word() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first values are written down: a change of the mixing function changes every digest, and must be seen.
    #[test]
    fn value_stability() {
        let key = device_key(42, name_key("meter"), 7);
        let words: Vec<u64> = (0..3).map(|tick| draw(key, salt(Purpose::Messages, tick))).collect();
        assert_eq!(words, STABLE_DRAWS);
        let mut dice = Dice::new(key, Purpose::Attack, 3);
        assert_eq!([dice.word(), dice.below(1000), dice.below(1000)], STABLE_DICE);
    }
    const STABLE_DRAWS: [u64; 3] = [8_843_156_229_899_222_747, 3_231_180_304_598_938_330, 17_197_936_593_212_674_622];
    const STABLE_DICE: [u64; 3] = [14_126_867_086_822_269_468, 236, 447];

    /// Each of the 64 bits is one half of the time, within 5 standard deviations of 100,000 draws.
    #[test]
    fn bits_are_fair_across_devices_and_ticks() {
        let n = 100_000u32;
        for by_device in [true, false] {
            let mut ones = [0u32; 64];
            for i in 0..n {
                let (index, tick) = if by_device { (i, 5) } else { (5, u64::from(i)) };
                let word = draw(device_key(1, 2, index), salt(Purpose::Noise, tick));
                ones.iter_mut().enumerate().for_each(|(bit, count)| *count += (word >> bit & 1) as u32);
            }
            let bound = 5.0 * (f64::from(n) / 4.0).sqrt();
            for count in ones {
                assert!((f64::from(count) - f64::from(n) / 2.0).abs() < bound, "{count}");
            }
        }
    }

    /// Neighbouring devices at the same tick are uncorrelated: |r| < 5/√n.
    #[test]
    fn neighbours_are_uncorrelated() {
        let n = 100_000u32;
        let unit = |i: u32| draw(device_key(9, 9, i), salt(Purpose::Messages, 77)) as f64 / u64::MAX as f64 - 0.5;
        let r: f64 = (0..n).map(|i| unit(i) * unit(i + 1)).sum::<f64>() / f64::from(n) * 12.0;
        assert!(r.abs() < 5.0 / f64::from(n).sqrt(), "{r}");
    }
}
