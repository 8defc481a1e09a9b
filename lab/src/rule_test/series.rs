//! The notation of datapoint series: what one device shows, step by step.
//!
//! ```text
//! 0 x12, 50, 60+10 x5, _ x3        twelve times 0, once 50, then 60 70 80 90 100, then three steps of nothing
//! (500, 0 x11) x24                 a burst once an hour, for a day
//! {22 443} x4, {}                  four times two ports, then no port
//! on x3, off                       a session that is open for three steps
//! ```
//!
//! | written | means |
//! | --- | --- |
//! | `7`, `2.5`, `-3` | a number |
//! | `{a b c}` | a set, or the sizes of several messages; `{}` is the empty one |
//! | `on`, `off` | a session, open or closed |
//! | `_` | a gap: no datapoint |
//! | `60+10 x5`, `60-10 x5` | five values, each that much more (less) than the one before |
//! | `… x12` | that value, set, gap or group twelve times |
//! | `(…, …) x3` | a group, three times over |
//!
//! Commas stand between the parts; spaces are free.

use std::fmt;
use std::ops::Range;

/// Steps of one series, at most: a guard against a slip of the pen.
pub const STEPS_MAX: usize = 100_000;

/// What a series shows in one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Nothing.
    Gap,
    /// A number.
    Number(f64),
    /// A set, or several values, as written.
    Set(Vec<String>),
    /// A session that is open or closed.
    Session(bool),
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Gap => f.write_str("_"),
            Datum::Number(number) => write!(f, "{number}"),
            Datum::Set(elements) => write!(f, "{{{}}}", elements.join(" ")),
            Datum::Session(open) => f.write_str(if *open { "on" } else { "off" }),
        }
    }
}

/// A text that is no series: where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASeries {
    /// The part of the text that is wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// Reads a series, and where each step's value was written.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(text: &str) -> Result<Vec<(Datum, Range<usize>)>, NotASeries> {
    let mut reader = Reader { text, at: 0 };
    let steps = reader.list(0)?;
    match reader.peek() {
        None => Ok(steps),
        Some(c) => Err(reader.wrong(reader.at..reader.at + c.len_utf8(), format!("a part must end here, found `{c}`"))),
    }
}

/// Reads a single value: a number or a set.
///
/// # Errors
/// As [`parse`].
pub fn parse_value(text: &str) -> Result<Datum, NotASeries> {
    let mut reader = Reader { text, at: 0 };
    let value = reader
        .value()?
        .ok_or_else(|| reader.wrong(0..text.len(), format!("a value must stand here, found `{text}`")))?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.wrong(0..text.len(), format!("a single value must stand here, found `{text}`"))),
    }
}

type Steps = Vec<(Datum, Range<usize>)>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, span: Range<usize>, message: String) -> NotASeries {
        NotASeries { span, message }
    }

    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Parts with commas between them.
    fn list(&mut self, depth: usize) -> Result<Steps, NotASeries> {
        let mut steps = Vec::new();
        loop {
            steps.extend(self.part(depth)?);
            if steps.len() > STEPS_MAX {
                return Err(self.wrong(0..self.text.len(), format!("a series has at most {STEPS_MAX} steps")));
            }
            if !self.take(',') {
                return Ok(steps);
            }
        }
    }

    fn part(&mut self, depth: usize) -> Result<Steps, NotASeries> {
        self.peek();
        let start = self.at;
        if self.take('(') {
            if depth >= 8 {
                return Err(self.wrong(start..start + 1, "groups nest at most 8 deep".to_owned()));
            }
            let inner = self.list(depth + 1)?;
            if !self.take(')') {
                return Err(self.wrong(start..self.text.len(), "a group that begins here has no `)`".to_owned()));
            }
            let count = self.count()?.unwrap_or(1);
            if inner.len().saturating_mul(count) > STEPS_MAX {
                return Err(self.wrong(start..self.at, format!("a series has at most {STEPS_MAX} steps")));
            }
            return Ok(std::iter::repeat_n(inner, count).flatten().collect());
        }
        let Some(value) = self.value()? else {
            let next = self.text[start..].chars().next();
            let found = next.map_or_else(|| "found the end".to_owned(), |c| format!("found `{c}`"));
            let span = start..start + next.map_or(0, char::len_utf8);
            return Err(
                self.wrong(span, format!("a number, a set, `_`, `on`, `off` or a group must stand here, {found}"))
            );
        };
        let step = match (&value, self.peek()) {
            (Datum::Number(first), Some(sign @ ('+' | '-'))) => {
                self.at += 1;
                let step = self
                    .number()
                    .ok_or_else(|| self.wrong(start..self.at, format!("a number must follow the `{sign}`")))?;
                Some((*first, if sign == '+' { step } else { -step }))
            }
            _ => None,
        };
        let end = self.at;
        let count = self.count()?;
        if step.is_some() && count.is_none() {
            let message = "a part that rises or falls must say how often, as in `60+10 x5`".to_owned();
            return Err(self.wrong(start..end, message));
        }
        let count = count.unwrap_or(1);
        Ok((0..count)
            .map(|i| match step {
                Some((first, step)) => (Datum::Number(first + step * i as f64), start..end),
                None => (value.clone(), start..end),
            })
            .collect())
    }

    fn value(&mut self) -> Result<Option<Datum>, NotASeries> {
        match self.peek() {
            Some('_') => {
                self.at += 1;
                Ok(Some(Datum::Gap))
            }
            Some('{') => {
                let start = self.at;
                let Some(length) = self.text[start..].find('}') else {
                    return Err(self.wrong(start..self.text.len(), "a set that begins here has no `}`".to_owned()));
                };
                let inner = &self.text[start + 1..start + length];
                self.at = start + length + 1;
                Ok(Some(Datum::Set(inner.split_whitespace().map(str::to_owned).collect())))
            }
            Some('o') => {
                let rest = &self.text[self.at..];
                let (open, length) = match (rest.strip_prefix("on"), rest.strip_prefix("off")) {
                    (_, Some(_)) => (false, 3),
                    (Some(_), None) => (true, 2),
                    (None, None) => return Ok(None),
                };
                self.at += length;
                Ok(Some(Datum::Session(open)))
            }
            Some(c) if c.is_ascii_digit() || c == '-' || c == '.' => Ok(self.number().map(Datum::Number)),
            _ => Ok(None),
        }
    }

    /// A decimal number, with its sign.
    fn number(&mut self) -> Option<f64> {
        self.peek();
        let rest = &self.text[self.at..];
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len() - sign);
        let number = rest[..sign + digits].parse().ok()?;
        self.at += sign + digits;
        Some(number)
    }

    /// `x12`, if it stands here.
    fn count(&mut self) -> Result<Option<usize>, NotASeries> {
        let start = {
            self.peek();
            self.at
        };
        if !self.take('x') {
            return Ok(None);
        }
        self.peek();
        let digits = self.text[self.at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(self.text.len() - self.at);
        let count = self.text[self.at..self.at + digits].parse().ok().filter(|count| (1..=STEPS_MAX).contains(count));
        self.at += digits;
        match count {
            Some(count) => Ok(Some(count)),
            None => Err(self.wrong(start..self.at, format!("a count in 1..={STEPS_MAX} must follow the `x`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(steps) => steps.iter().map(|(datum, _)| datum.to_string()).collect::<Vec<_>>().join(" "),
            Err(wrong) => format!("`{}`: {}", &text[wrong.span], wrong.message),
        }
    }

    #[test]
    fn every_form_of_the_table() {
        for (text, steps) in [
            ("7", "7"),
            ("0 x3, 50, 60+10 x5, _ x2", "0 0 0 50 60 70 80 90 100 _ _"),
            ("10-5 x3", "10 5 0"),
            ("-3, -3--1 x2", "-3 -3 -2"),
            ("0.5+0.25 x3", "0.5 0.75 1"),
            ("(500, 0 x2) x2, 9", "500 0 0 500 0 0 9"),
            ("((1,2)x2,_)x2", "1 2 1 2 _ 1 2 1 2 _"),
            ("{22 443} x2, {}", "{22 443} {22 443} {}"),
            ("on x2, off", "on on off"),
            ("  1 ,2  ", "1 2"),
        ] {
            assert_eq!(shown(text), steps, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (text, message) in [
            ("", "``: a number, a set, `_`, `on`, `off` or a group must stand here, found the end"),
            ("1, ,2", "`,`: a number, a set, `_`, `on`, `off` or a group must stand here, found `,`"),
            ("1 2", "`2`: a part must end here, found `2`"),
            ("60+10", "`60+10`: a part that rises or falls must say how often, as in `60+10 x5`"),
            ("5 x0", "`x0`: a count in 1..=100000 must follow the `x`"),
            ("5 x", "`x`: a count in 1..=100000 must follow the `x`"),
            ("(1, 2", "`(1, 2`: a group that begins here has no `)`"),
            ("{1 2", "`{1 2`: a set that begins here has no `}`"),
            ("(1 x1000) x1000", "`(1 x1000) x1000`: a series has at most 100000 steps"),
        ] {
            assert_eq!(shown(text), message, "{text}");
        }
    }

    #[test]
    fn single_values() {
        assert_eq!(parse_value("{22 8080}"), Ok(Datum::Set(vec!["22".into(), "8080".into()])));
        assert_eq!(parse_value("51"), Ok(Datum::Number(51.0)));
        assert!(parse_value("51, 52").is_err());
        assert!(parse_value("x").is_err());
    }
}
