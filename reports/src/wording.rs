//! Numbers as people read them: thousands apart, three digits, two units of time, intervals in brackets.

use lab::interval::{Proportion, Rate};
use lab::outcome::Outcome;
use lab::{Millis, Timestamp};

/// What stands where there is no number.
pub(crate) const NOT_AVAILABLE: &str = "n/a";

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 device`, `1,234 devices`.
pub(crate) fn things(n: u64, one: &str) -> String {
    things_of(n, one, &format!("{one}s"))
}

/// The same for nouns with a plural of their own.
pub(crate) fn things_of(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Three significant digits without an exponent: `0.0312`, `3.14`, `31.4`, `1,235`.
pub(crate) fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let magnitude = x.abs();
    if magnitude >= 999.5 {
        let sign = if x < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(magnitude.round() as u64));
    }
    if magnitude < 0.000_05 {
        return "<0.0001".to_owned();
    }
    let mut decimals = 2;
    let mut scale = 9.995;
    while magnitude >= scale {
        scale *= 10.0;
        decimals -= 1;
    }
    let mut bound = 0.9995;
    while magnitude < bound && decimals < 4 {
        bound /= 10.0;
        decimals += 1;
    }
    // What is whole needs no decimals; anything else keeps its digits, so that `34.0` says that it was rounded.
    if x.fract() == 0.0 { format!("{x:.0}") } else { format!("{x:.decimals$}") }
}

/// `93.4 %`. Only what is everything is 100 %, and only what is nothing is 0 %.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", percent_digits(share))
}

fn percent_digits(share: f64) -> String {
    match share * 100.0 {
        p if p <= 0.0 => "0".to_owned(),
        p if p >= 100.0 => "100".to_owned(),
        p if p < 0.05 => "<0.1".to_owned(),
        p if p >= 99.95 => ">99.9".to_owned(),
        p => format!("{p:.1}"),
    }
}

/// `93.4 %`, or `n/a`.
pub(crate) fn share(p: Option<Proportion>) -> String {
    p.map_or_else(|| NOT_AVAILABLE.to_owned(), |p| percent(p.value))
}

/// `91.2–95.1 %`, the 95 % interval, or nothing.
pub(crate) fn share_interval(p: Option<Proportion>) -> String {
    p.map_or_else(String::new, |p| format!("{}–{} %", percent_digits(p.low), percent_digits(p.high)))
}

/// `612 of 655`, or `n/a`.
pub(crate) fn parts(p: Option<Proportion>) -> String {
    p.map_or_else(|| NOT_AVAILABLE.to_owned(), |p| format!("{} of {}", count(p.successes), count(p.trials)))
}

/// `3.14`, or `n/a`.
pub(crate) fn rate(r: Option<Rate>) -> String {
    r.map_or_else(|| NOT_AVAILABLE.to_owned(), |r| number(r.value))
}

/// `2.1–4.8`, the 95 % interval, or nothing.
pub(crate) fn rate_interval(r: Option<Rate>) -> String {
    r.map_or_else(String::new, |r| format!("{}–{}", number(r.low), number(r.high)))
}

/// The two largest units, rounded: `2d 3h`, `1h 5m`, `12m 30s`, `36s`, `0.4s`.
pub(crate) fn span(span: Millis) -> String {
    let ms = span.0.unsigned_abs();
    let sign = if span.0 < 0 { "-" } else { "" };
    let two = |total: u64, per: u64, big: &str, small: &str| {
        let (whole, rest) = (total / per, total % per);
        if rest == 0 { format!("{sign}{whole}{big}") } else { format!("{sign}{whole}{big} {rest}{small}") }
    };
    let round = |unit: u64| (ms + unit / 2) / unit;
    if ms == 0 {
        "0s".to_owned()
    } else if ms < 9_950 {
        let tenths = round(100);
        if tenths % 10 == 0 {
            format!("{sign}{}s", tenths / 10)
        } else {
            format!("{sign}{}.{}s", tenths / 10, tenths % 10)
        }
    } else if ms < 59_500 {
        format!("{sign}{}s", round(1_000))
    } else if round(1_000) < 3_600 {
        two(round(1_000), 60, "m", "s")
    } else if round(60_000) < 1_440 {
        two(round(60_000), 60, "h", "m")
    } else {
        two(round(3_600_000), 24, "d", "h")
    }
}

/// A span, or `n/a`.
pub(crate) fn span_or(of: Option<Millis>) -> String {
    of.map_or_else(|| NOT_AVAILABLE.to_owned(), span)
}

/// `2026-06-03 14:05`, in UTC.
pub(crate) fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(date), Some(clock)) => format!("{date} {clock}"),
        _ => text,
    }
}

/// `2026-06-03`, in UTC.
pub(crate) fn date(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..10).map_or_else(|| text.clone(), str::to_owned)
}

/// An amount of harm with its unit: bytes by powers of ten, seconds as hours or minutes, anything else counted.
pub(crate) fn amount(n: u64, unit: &str) -> String {
    if unit.split(' ').any(|word| word == "seconds") {
        let (value, short) = if n >= 3_600 { (n as f64 / 3_600.0, "h") } else { (n as f64 / 60.0, "min") };
        let what = unit.split(' ').filter(|word| *word != "seconds").collect::<Vec<_>>().join(" ");
        return format!("{} {short} {what}", number(value)).trim_end().to_owned();
    }
    if unit != "bytes" {
        return format!("{} {unit}", count(n)).trim_end().to_owned();
    }
    let mut value = n as f64;
    for prefix in ["B", "kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            return format!("{} {prefix}", number(value));
        }
        value /= 1_000.0;
    }
    format!("{} PB", number(value))
}

/// Text cut to at most `width` characters, the last of them an ellipsis if something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// That ML behaviors were judged by a surrogate, and how far their models got; `None` without ML behaviors.
pub(crate) fn surrogates(outcome: &Outcome) -> Option<String> {
    let row = outcome.models.first()?;
    let active = outcome.models.iter().filter(|row| row.status == "ACTIVE").count();
    Some(format!(
        "ML is judged by a surrogate ({}); {active} of {} in use at the end",
        row.model,
        things(outcome.models.len() as u64, "model")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((things(1, "device"), things(2_000, "device")), ("1 device".into(), "2,000 devices".into()));
    }

    #[test]
    fn numbers_have_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.000_01, "<0.0001"),
            (0.031_24, "0.0312"),
            (0.999_9, "1.00"),
            (2.0, "2"),
            (2.5, "2.50"),
            (34.02, "34.0"),
            (3.149, "3.15"),
            (31.43, "31.4"),
            (314.2, "314"),
            (999.7, "1,000"),
            (31_415.9, "31,416"),
        ];
        for (x, text) in cases {
            assert_eq!(number(x), text, "{x}");
        }
    }

    #[test]
    fn rounding_never_claims_all_or_nothing() {
        let cases = [(0.0, "0 %"), (0.000_1, "<0.1 %"), (0.5, "50.0 %"), (0.999_9, ">99.9 %"), (1.0, "100 %")];
        for (share, text) in cases {
            assert_eq!(percent(share), text);
        }
        assert_eq!(share(None), "n/a");
    }

    #[test]
    fn spans_read_well() {
        let cases = [
            (0, "0s"),
            (400, "0.4s"),
            (36_000, "36s"),
            (59_700, "1m"),
            (90_000, "1m 30s"),
            (600_063, "10m"),
            (3_599_900, "1h"),
            (3_900_000, "1h 5m"),
            (86_399_000, "1d"),
            (183_600_000, "2d 3h"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(Millis(ms)), text, "{ms} ms");
        }
    }

    #[test]
    fn harm_is_told_in_its_unit() {
        assert_eq!(amount(1_234_567, "bytes"), "1.23 MB");
        assert_eq!(amount(12, "bytes"), "12 B");
        assert_eq!(amount(1_234, "topics"), "1,234 topics");
        assert_eq!(amount(1_036_800, "seconds open"), "288 h open");
        assert_eq!(amount(90, "outage seconds"), "1.50 min outage");
    }
}
