//! Quantities with their units, as scenarios write them. Each parses from text (`FromStr`), and `Display` gives the
//! same value back.
//!
//! | quantity | written | |
//! | --- | --- | --- |
//! | duration | `90s`, `5m`, `1d 10h` | whole numbers of d, h, m, s, ms; large units first, each once |
//! | instant | `2026-06-01T00:00:00Z` | RFC 3339 with its offset |
//! | bytes | `512 B`, `64 KiB`, `3 MB` | KiB and MiB count in 1,024, kB and MB in 1,000 |
//! | byte rate | `2 KiB/s`, `100 MB/d` | bytes per s, min, h or d |
//! | rate | `6/min`, `0.5/s`, `3/d` | events per s, min, h or d |
//! | probability | `0.02`, `1/50`, `2 %` | kept as an exact ratio |

use std::fmt;
use std::str::FromStr;

use defender::time::{Millis, Timestamp};

/// A text that is no quantity of its kind: what it must be, or what is wrong with it, after the word "must".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must {must}")]
pub struct NotAQuantity {
    /// For example `be a duration`.
    pub must: &'static str,
    /// The remedy.
    pub help: &'static str,
}

const NO_DURATION: NotAQuantity = NotAQuantity {
    must: "be a duration",
    help: "write whole numbers with their units d, h, m, s or ms, large ones first, for example `90s`, `5m` or `1d 10h`",
};

/// The units of a duration, large ones first.
const DURATION_UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: whole numbers with their units, large units first and each at most once.
///
/// # Errors
/// If the text has another form, or is longer than 100 years.
pub fn parse_duration(text: &str) -> Result<Millis, NotAQuantity> {
    let mut rest = text.trim();
    let mut units = DURATION_UNITS.iter();
    let mut total: i64 = 0;
    if rest.is_empty() {
        return Err(NO_DURATION);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(NO_DURATION)?;
        let number: i64 = rest[..digits].parse().map_err(|_| NO_DURATION)?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        let (_, length) = units.by_ref().find(|(name, _)| *name == unit).ok_or(NO_DURATION)?;
        total = number.checked_mul(*length).and_then(|part| total.checked_add(part)).ok_or(NO_DURATION)?;
        rest = rest[letters..].trim_start();
    }
    if total > 36_525 * 86_400_000 {
        return Err(NotAQuantity { must: "be at most 100 years", help: NO_DURATION.help });
    }
    Ok(Millis(total))
}

/// A duration written so that it reads back exactly, unlike [`Millis`]'s own `Display`, which rounds for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exactly(pub Millis);

impl fmt::Display for Exactly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.0;
        if rest < 0 {
            f.write_str("-")?;
            rest = -rest;
        }
        let mut first = true;
        for (unit, length) in DURATION_UNITS {
            let number = rest / length;
            rest %= length;
            if number > 0 {
                write!(f, "{}{number}{unit}", if first { "" } else { " " })?;
                first = false;
            }
        }
        if first { f.write_str("0s") } else { Ok(()) }
    }
}

/// Reads an instant in RFC 3339 with its offset.
///
/// # Errors
/// If the text has another form or the date does not exist.
pub fn parse_instant(text: &str) -> Result<Timestamp, NotAQuantity> {
    const HELP: &str = "write the date, the time and the offset, for example `2026-06-01T00:00:00Z`";
    let shape = |text: &str| -> String { text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() };
    let dated = text.get(..10).is_some_and(|date| shape(date) == "0000-00-00");
    let timed = text.get(11..19).is_some_and(|time| shape(time) == "00:00:00");
    if !dated {
        return Err(NotAQuantity { must: "be an instant", help: HELP });
    }
    if text[..10].parse::<jiff::civil::Date>().is_err() {
        return Err(NotAQuantity { must: "be a date that exists", help: HELP });
    }
    if timed && !text.ends_with(['Z', 'z']) && !text[19..].contains(['+', '-']) {
        return Err(NotAQuantity { must: "state its offset from UTC", help: HELP });
    }
    if timed && text[11..19].parse::<jiff::civil::Time>().is_err() {
        return Err(NotAQuantity { must: "be a time of day that exists", help: HELP });
    }
    text.parse::<jiff::Timestamp>()
        .map(|instant| Timestamp(instant.as_millisecond()))
        .map_err(|_| NotAQuantity { must: "be an instant", help: HELP })
}

/// Splits `12.5 KiB/s` into its number and what follows.
fn number_and_unit(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = &text[..end];
    (!number.is_empty() && number.parse::<f64>().is_ok()).then(|| (number, text[end..].trim()))
}

/// A decimal number as an exact fraction: `0.02` is 2 / 100.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 18 || exponent.abs() > 18 {
        return None;
    }
    let digits: String = [whole, fraction].concat().chars().filter(|c| *c != '_').collect();
    let number: u128 = digits.parse().ok()?;
    let scale = fraction.len() as i32 - exponent;
    let ten = |power: i32| 10u128.checked_pow(power.unsigned_abs());
    Some(if scale >= 0 { (number, ten(scale)?) } else { (number.checked_mul(ten(scale)?)?, 1) })
}

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Bytes of a unit; `KB` is accepted for `kB`.
fn byte_unit(name: &str) -> Option<u64> {
    let name = if name == "KB" { "kB" } else { name };
    BYTE_UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, bytes)| *bytes)
}

/// An amount of data \[bytes\].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Bytes, NotAQuantity> {
        const NOT: NotAQuantity = NotAQuantity {
            must: "be an amount of data",
            help: "write a number with its unit B, kB, MB, GB, KiB, MiB or GiB, for example `64 KiB`",
        };
        let (number, unit) = number_and_unit(text).ok_or(NOT)?;
        let bytes = u128::from(byte_unit(unit).ok_or(NOT)?);
        let (numerator, denominator) = decimal(number).ok_or(NOT)?;
        let total = numerator.checked_mul(bytes).ok_or(NOT)?;
        if total % denominator != 0 {
            return Err(NotAQuantity { must: "be a whole number of bytes", help: NOT.help });
        }
        u64::try_from(total / denominator).map(Bytes).map_err(|_| NOT)
    }
}

impl fmt::Display for Bytes {
    /// In the largest unit that leaves a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, size): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*size);
        match BYTE_UNITS.iter().filter(fits).max_by_key(|(_, size)| *size) {
            Some((unit, size)) => write!(f, "{} {unit}", self.0 / size),
            None => write!(f, "{} B", self.0),
        }
    }
}

/// The units that rates are counted per, with their seconds.
const PER: [(&str, f64); 4] = [("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

fn seconds_per(unit: &str) -> Option<f64> {
    PER.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds)
}

/// A data rate \[bytes per second\].
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct BytesPerSecond(pub f64);

impl BytesPerSecond {
    /// Bytes within a span.
    pub fn over(self, span: Millis) -> f64 {
        self.0 * span.as_seconds_f64()
    }
}

impl FromStr for BytesPerSecond {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<BytesPerSecond, NotAQuantity> {
        const NOT: NotAQuantity = NotAQuantity {
            must: "be a data rate",
            help: "write bytes per s, min, h or d, for example `2 KiB/s` or `100 MB/d`",
        };
        let (number, unit) = number_and_unit(text).ok_or(NOT)?;
        let (bytes, per) = unit.split_once('/').ok_or(NOT)?;
        let bytes = byte_unit(bytes.trim()).ok_or(NOT)? as f64;
        let seconds = seconds_per(per.trim()).ok_or(NOT)?;
        let number: f64 = number.parse().map_err(|_| NOT)?;
        let rate = number * bytes / seconds;
        if rate.is_finite() { Ok(BytesPerSecond(rate)) } else { Err(NOT) }
    }
}

impl fmt::Display for BytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in [("MiB", 1_048_576.0), ("KiB", 1_024.0)] {
            if self.0 >= size && (self.0 / size * 1_000.0).fract() == 0.0 {
                return write!(f, "{} {unit}/s", self.0 / size);
            }
        }
        write!(f, "{} B/s", self.0)
    }
}

/// How often something happens \[events per minute\].
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct PerMinute(pub f64);

impl PerMinute {
    /// Expected number of events within a span.
    pub fn over(self, span: Millis) -> f64 {
        self.0 * span.as_seconds_f64() / 60.0
    }
}

impl FromStr for PerMinute {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<PerMinute, NotAQuantity> {
        const NOT: NotAQuantity = NotAQuantity {
            must: "be a rate",
            help: "write a number per s, min, h or d, for example `6/min` or `0.5/s`",
        };
        let (number, unit) = number_and_unit(text).ok_or(NOT)?;
        let seconds = seconds_per(unit.strip_prefix('/').ok_or(NOT)?.trim()).ok_or(NOT)?;
        let number: f64 = number.parse().map_err(|_| NOT)?;
        let rate = number * (60.0 / seconds);
        if rate.is_finite() { Ok(PerMinute(rate)) } else { Err(NOT) }
    }
}

impl fmt::Display for PerMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/min", self.0)
    }
}

/// A probability as an exact ratio, so that a draw with it is exact too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability {
    numerator: u32,
    denominator: u32,
}

impl Probability {
    /// Never.
    pub const ZERO: Probability = Probability { numerator: 0, denominator: 1 };
    /// Always.
    pub const ONE: Probability = Probability { numerator: 1, denominator: 1 };

    /// The ratio in lowest terms; `None` unless it lies in 0..=1.
    pub fn ratio(numerator: u64, denominator: u64) -> Option<Probability> {
        let (mut a, mut b) = (numerator, denominator);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.max(1);
        let numerator = u32::try_from(numerator / divisor).ok()?;
        let denominator = u32::try_from(denominator / divisor).ok()?;
        (denominator > 0 && numerator <= denominator).then_some(Probability { numerator, denominator })
    }

    /// Numerator of the ratio in lowest terms.
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// Denominator of the ratio in lowest terms.
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// As a number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl FromStr for Probability {
    type Err = NotAQuantity;

    /// Reads `0.02`, `1/50` or `2 %`, at most nine decimals.
    fn from_str(text: &str) -> Result<Probability, NotAQuantity> {
        const HELP: &str = "write a fraction or a ratio, for example `0.02`, \"1/50\" or \"2 %\"";
        const NOT: NotAQuantity = NotAQuantity { must: "be a probability", help: HELP };
        const OUTSIDE: NotAQuantity = NotAQuantity { must: "lie in 0..=1", help: HELP };
        let text = text.trim();
        if text.strip_prefix('-').is_some_and(|rest| rest.parse::<f64>().is_ok()) {
            return Err(OUTSIDE);
        }
        let (numerator, denominator) = if let Some((above, below)) = text.split_once('/') {
            (above.trim().parse().map_err(|_| NOT)?, below.trim().parse().map_err(|_| NOT)?)
        } else if let Some(percent) = text.strip_suffix('%') {
            let (numerator, denominator) = decimal(percent.trim()).ok_or(NOT)?;
            (numerator, denominator.checked_mul(100).ok_or(NOT)?)
        } else {
            decimal(text).ok_or(NOT)?
        };
        if denominator == 0 {
            return Err(NOT);
        }
        if numerator > denominator {
            return Err(OUTSIDE);
        }
        let narrow = |n: u128| u64::try_from(n).map_err(|_| NOT);
        Probability::ratio(narrow(numerator)?, narrow(denominator)?)
            .ok_or(NotAQuantity { must: "have at most nine decimals", help: HELP })
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            _ => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

/// By how much something is multiplied: finite, not negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Factor(pub f64);

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_have_one_grammar() {
        for (text, millis) in [
            ("90s", 90_000),
            ("5m", 300_000),
            ("1d 10h", 122_400_000),
            ("2d1h30m", 178_200_000),
            ("1 d 500 ms", 86_400_500),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Millis(millis)), "{text}");
        }
        for text in ["", "90", "5 min", "1.5h", "-5m", "10h 1d", "5m 5m", "d", "9999999999999999999d", "5M"] {
            assert_eq!(parse_duration(text), Err(NO_DURATION), "{text}");
        }
        assert_eq!(parse_duration("40000d").map_err(|e| e.must), Err("be at most 100 years"));
    }

    #[test]
    fn instants_say_what_is_wrong_with_them() {
        let must = |text: &str| parse_instant(text).map_err(|e| e.must);
        assert_eq!(must("2026-06-01T00:00:00Z"), Ok(Timestamp::from_seconds(1_780_272_000)));
        assert_eq!(must("2026-06-01T02:00:00+02:00"), must("2026-06-01T00:00:00Z"));
        assert_eq!(must("2026-02-30T00:00:00Z"), Err("be a date that exists"));
        assert_eq!(must("2026-13-01T00:00:00Z"), Err("be a date that exists"));
        assert_eq!(must("2026-06-01T25:00:00Z"), Err("be a time of day that exists"));
        assert_eq!(must("2026-06-01T00:00:00"), Err("state its offset from UTC"));
        assert_eq!(must("2026-06-01"), Err("be an instant"));
        assert_eq!(must("June 1st"), Err("be an instant"));
    }

    #[test]
    fn data_and_rates_carry_their_unit() {
        assert_eq!("64 KiB".parse(), Ok(Bytes(65_536)));
        assert_eq!("3MB".parse(), Ok(Bytes(3_000_000)));
        assert_eq!("1.5 KiB".parse(), Ok(Bytes(1_536)));
        assert_eq!("0.3 B".parse::<Bytes>().map_err(|e| e.must), Err("be a whole number of bytes"));
        assert_eq!("64".parse::<Bytes>().map_err(|e| e.must), Err("be an amount of data"));
        assert_eq!("2 KiB/s".parse(), Ok(BytesPerSecond(2_048.0)));
        assert_eq!("60 B/min".parse(), Ok(BytesPerSecond(1.0)));
        assert!("2 KiB".parse::<BytesPerSecond>().is_err());
        assert_eq!("6/min".parse(), Ok(PerMinute(6.0)));
        assert_eq!("0.5/s".parse(), Ok(PerMinute(30.0)));
        assert_eq!("30 / h".parse(), Ok(PerMinute(0.5)));
        for text in ["6", "6/week", "/min", "-1/min", "1e3/min"] {
            assert!(text.parse::<PerMinute>().is_err(), "{text}");
        }
    }

    #[test]
    fn probabilities_are_exact_ratios() {
        let ratio = |text: &str| text.parse::<Probability>().map(|p| (p.numerator(), p.denominator()));
        assert_eq!(ratio("0.02"), Ok((1, 50)));
        assert_eq!(ratio("1/50"), Ok((1, 50)));
        assert_eq!(ratio("2 %"), Ok((1, 50)));
        assert_eq!(ratio("1e-3"), Ok((1, 1_000)));
        assert_eq!(ratio("0"), Ok((0, 1)));
        assert_eq!(ratio("1"), Ok((1, 1)));
        for (text, must) in [
            ("1.5", "lie in 0..=1"),
            ("-0.1", "lie in 0..=1"),
            ("3/2", "lie in 0..=1"),
            ("101%", "lie in 0..=1"),
            ("1/0", "be a probability"),
            ("often", "be a probability"),
            ("0.00000000001", "have at most nine decimals"),
        ] {
            assert_eq!(text.parse::<Probability>().map_err(|e| e.must), Err(must), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_reads_back(ms in 0i64..36_525 * 86_400_000) {
            prop_assert_eq!(parse_duration(&Exactly(Millis(ms)).to_string()), Ok(Millis(ms)));
        }

        #[test]
        fn every_amount_and_rate_reads_back(bytes: u64, rate in 0.0f64..1e12) {
            prop_assert_eq!(Bytes(bytes).to_string().parse(), Ok(Bytes(bytes)));
            prop_assert_eq!(BytesPerSecond(rate).to_string().parse(), Ok(BytesPerSecond(rate)));
            prop_assert_eq!(PerMinute(rate).to_string().parse(), Ok(PerMinute(rate)));
        }

        #[test]
        fn every_probability_reads_back(a in 0u64..1_000_000_000, b in 1u64..1_000_000_000) {
            let p = Probability::ratio(a.min(b), b).expect("at most one");
            prop_assert_eq!(p.to_string().parse(), Ok(p));
        }

        #[test]
        fn nothing_typed_makes_a_quantity_panic(text: String) {
            let _ = (parse_duration(&text), parse_instant(&text), text.parse::<Bytes>());
            let _ = (text.parse::<BytesPerSecond>(), text.parse::<PerMinute>(), text.parse::<Probability>());
        }
    }
}
