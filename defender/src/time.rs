//! Time as the engine sees it: handed in, integral, UTC. Nothing in this crate reads a clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A span of time \[ms\]; may be negative as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// One second.
    pub const SECOND: Millis = Millis(1_000);
    /// One minute.
    pub const MINUTE: Millis = Millis(60_000);
    /// One hour.
    pub const HOUR: Millis = Millis(3_600_000);
    /// One day: exactly 86,400 s (0.4 of the specification).
    pub const DAY: Millis = Millis(86_400_000);

    /// `n` whole seconds. As the others: the longest span there is, if that many do not fit, so that no number that
    /// somebody wrote overflows before it was checked.
    pub const fn seconds(n: i64) -> Millis {
        Millis(n.saturating_mul(1_000))
    }

    /// `n` whole minutes.
    pub const fn minutes(n: i64) -> Millis {
        Millis(n.saturating_mul(60_000))
    }

    /// `n` whole hours.
    pub const fn hours(n: i64) -> Millis {
        Millis(n.saturating_mul(3_600_000))
    }

    /// `n` whole days of 86,400 s.
    pub const fn days(n: i64) -> Millis {
        Millis(n.saturating_mul(86_400_000))
    }

    /// The span in seconds, fractions kept.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Add for Millis {
    type Output = Millis;
    fn add(self, other: Millis) -> Millis {
        Millis(self.0 + other.0)
    }
}

impl Sub for Millis {
    type Output = Millis;
    fn sub(self, other: Millis) -> Millis {
        Millis(self.0 - other.0)
    }
}

impl fmt::Display for Millis {
    /// The two largest units, for people: `2d 3h`, `5m`, `1.250s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negative = if self.0 < 0 { "-" } else { "" };
        let ms = self.0.unsigned_abs();
        let (days, hours, minutes, rest) = (ms / 86_400_000, ms / 3_600_000 % 24, ms / 60_000 % 60, ms % 60_000);
        match (days, hours, minutes, rest) {
            (0, 0, 0, r) if r % 1_000 == 0 => write!(f, "{negative}{}s", r / 1_000),
            (0, 0, 0, r) => write!(f, "{negative}{}.{:03}s", r / 1_000, r % 1_000),
            (0, 0, m, r) if r < 1_000 => write!(f, "{negative}{m}m"),
            (0, 0, m, r) => write!(f, "{negative}{m}m {}s", r / 1_000),
            (0, h, 0, _) => write!(f, "{negative}{h}h"),
            (0, h, m, _) => write!(f, "{negative}{h}h {m}m"),
            (d, 0, _, _) => write!(f, "{negative}{d}d"),
            (d, h, _, _) => write!(f, "{negative}{d}d {h}h"),
        }
    }
}

/// An instant: milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1_000))
    }

    /// Milliseconds since the epoch: the form of SNS payloads (G-02).
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, fraction kept: the form of API bodies (G-01).
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// The largest multiple of `step` that is not after this instant.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn floor_to(self, step: Millis) -> Timestamp {
        assert!(step.0 > 0, "a grid needs a positive step");
        Timestamp(self.0.div_euclid(step.0) * step.0)
    }

    /// The smallest multiple of `step` that is not before this instant.
    ///
    /// # Panics
    /// If `step` is not positive.
    pub fn ceil_to(self, step: Millis) -> Timestamp {
        let floor = self.floor_to(step);
        if floor == self { floor } else { floor + step }
    }
}

impl Add<Millis> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Millis) -> Timestamp {
        Timestamp(self.0 + span.0)
    }
}

impl AddAssign<Millis> for Timestamp {
    fn add_assign(&mut self, span: Millis) {
        self.0 += span.0;
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Millis) -> Timestamp {
        Timestamp(self.0 - span.0)
    }
}

impl Sub for Timestamp {
    type Output = Millis;
    fn sub(self, earlier: Timestamp) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// ISO-8601 in UTC, to the millisecond where it matters: `2026-06-01T00:05:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// Seconds since the epoch as a JSON number, fraction allowed (G-01). For `#[serde(with = "epoch_seconds")]`.
pub mod epoch_seconds {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Timestamp;

    /// Writes whole seconds as an integer and others with their fraction.
    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        if time.0 % 1_000 == 0 { to.serialize_i64(time.0 / 1_000) } else { to.serialize_f64(time.as_seconds_f64()) }
    }

    /// Reads a number of seconds, rounding to the millisecond.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let seconds = f64::deserialize(from)?;
        Ok(Timestamp((seconds * 1_000.0).round() as i64))
    }

    /// The same for optional members; pair with `#[serde(default, skip_serializing_if = "Option::is_none")]`.
    pub mod option {
        use super::{Deserialize, Deserializer, Serializer, Timestamp};

        /// Writes the inner value, or null.
        pub fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => super::serialize(time, to),
                None => to.serialize_none(),
            }
        }

        /// Reads a number or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
            Ok(Option::<f64>::deserialize(from)?.map(|seconds| Timestamp((seconds * 1_000.0).round() as i64)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_rounding_holds_on_both_sides_of_the_epoch() {
        let step = Millis::minutes(5);
        assert_eq!(Timestamp::from_seconds(301).floor_to(step), Timestamp::from_seconds(300));
        assert_eq!(Timestamp::from_seconds(301).ceil_to(step), Timestamp::from_seconds(600));
        assert_eq!(Timestamp::from_seconds(300).ceil_to(step), Timestamp::from_seconds(300));
        assert_eq!(Timestamp::from_seconds(-1).floor_to(step), Timestamp::from_seconds(-300));
    }

    #[test]
    fn what_does_not_fit_is_the_longest_there_is() {
        for n in [i64::MAX, i64::MIN] {
            let longest = [Millis::seconds(n), Millis::minutes(n), Millis::hours(n), Millis::days(n)];
            assert_eq!((longest, Timestamp::from_seconds(n)), ([Millis(n); 4], Timestamp(n)));
        }
    }

    #[test]
    fn spans_and_instants_read_well() {
        assert_eq!(Millis::hours(51).to_string(), "2d 3h");
        assert_eq!(Millis(90_500).to_string(), "1m 30s");
        assert_eq!(Millis(1_250).to_string(), "1.250s");
        assert_eq!(Timestamp::from_seconds(1_748_736_300).to_string(), "2025-06-01T00:05:00Z");
    }
}
