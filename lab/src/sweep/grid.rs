//! The notation of grids: what to try, in a few characters.
//!
//! | written | means |
//! | --- | --- |
//! | `100` | one value |
//! | `100,200,500` | each of them |
//! | `1..4` | 1, 2, 3, 4 |
//! | `100..500 step 50` | 100, 150, …, 500 |
//! | `100..5000 log 20` | 20 values from 100 to 5000, each the same factor above the one before, rounded |
//! | `100..5000 lin 20` | 20 values, the same distance apart, rounded |
//!
//! Parts may be mixed, with commas between them. Values that come out twice are tried once.

/// Values that one grid may hold.
pub const VALUES_MAX: usize = 1_000;

/// Why a grid cannot be read: what was found, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAGrid(String);

/// The values of a grid of whole numbers, ascending, each once.
///
/// # Errors
/// Says which part cannot be read, and why.
pub fn numbers(text: &str) -> Result<Vec<u64>, NotAGrid> {
    let mut values = Vec::new();
    for part in text.split(',') {
        values.extend(part_of(part.trim())?);
    }
    values.sort_unstable();
    values.dedup();
    if values.len() > VALUES_MAX {
        return Err(NotAGrid(format!("`{text}` holds {} values; at most {VALUES_MAX} are tried", values.len())));
    }
    Ok(values)
}

fn part_of(part: &str) -> Result<Vec<u64>, NotAGrid> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let Some((from, to)) = words.first().and_then(|range| range.split_once("..")) else {
        return match words[..] {
            [one] => Ok(vec![whole(one, part)?]),
            _ => Err(NotAGrid(format!("expected a number or a range such as `100..5000 log 20`, found `{part}`"))),
        };
    };
    let (from, to) = (whole(from, part)?, whole(to, part)?);
    if to < from {
        return Err(NotAGrid(format!("`{part}` ends before it begins")));
    }
    match words[1..] {
        [] => stepped(from, to, 1, part),
        ["step", by] => match whole(by, part)? {
            0 => Err(NotAGrid(format!("a step of `{part}` must lead somewhere: at least 1"))),
            by => stepped(from, to, by, part),
        },
        ["lin", count] => {
            let count = counted(count, part)?;
            let place = |i: usize| from as f64 + (to - from) as f64 * i as f64 / (count - 1) as f64;
            Ok((0..count).map(|i| place(i).round() as u64).collect())
        }
        ["log", count] => {
            let count = counted(count, part)?;
            if from == 0 {
                return Err(NotAGrid(format!("`{part}`: no factor leads away from 0; begin at 1, or use `lin`")));
            }
            let factor = libm::log(to as f64 / from as f64);
            let place = |i: usize| from as f64 * libm::exp(factor * i as f64 / (count - 1) as f64);
            Ok((0..count).map(|i| place(i).round() as u64).collect())
        }
        _ => {
            Err(NotAGrid(format!("after a range comes `step N`, `lin N` or `log N`, found `{}`", words[1..].join(" "))))
        }
    }
}

fn stepped(from: u64, to: u64, by: u64, part: &str) -> Result<Vec<u64>, NotAGrid> {
    let count = (to - from) / by;
    if count >= VALUES_MAX as u64 {
        return Err(NotAGrid(format!(
            "`{part}` holds {} values; at most {VALUES_MAX} are tried: use `step N`, `lin N` or `log N`",
            count.saturating_add(1)
        )));
    }
    Ok((0..=count).map(|i| from + i * by).collect())
}

fn counted(text: &str, part: &str) -> Result<usize, NotAGrid> {
    match text.parse() {
        Ok(count @ 2..=VALUES_MAX) => Ok(count),
        _ => Err(NotAGrid(format!("`{part}`: the number of values must lie in 2..={VALUES_MAX}, found `{text}`"))),
    }
}

fn whole(text: &str, part: &str) -> Result<u64, NotAGrid> {
    // Beyond 2^53 a threshold in JSON is not the number that was written.
    match text.trim().replace('_', "").parse() {
        Ok(number @ 0..=9_007_199_254_740_992) => Ok(number),
        _ => Err(NotAGrid(format!("expected a whole number in `{part}`, found `{}`", text.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_its_values() {
        let read = |text| numbers(text).expect("a grid");
        assert_eq!(read("100"), [100]);
        assert_eq!(read("500, 100,100"), [100, 500]);
        assert_eq!(read("1..4"), [1, 2, 3, 4]);
        assert_eq!(read("100..250 step 60"), [100, 160, 220]);
        assert_eq!(read("0..10 lin 3,7"), [0, 5, 7, 10]);
        // Each is √10 above the one before.
        assert_eq!(read("10..1_000 log 5"), [10, 32, 100, 316, 1_000]);
        assert_eq!(read("1..4 log 20"), [1, 2, 3, 4], "what comes out twice is tried once");
        let twenty = read("100..5000 log 20");
        assert_eq!((twenty.len(), twenty[0], twenty[19]), (20, 100, 5_000));
    }

    #[test]
    fn what_is_no_grid_is_told_with_what_would_be() {
        for (text, told) in [
            ("", "expected a number or a range"),
            ("ten", "expected a whole number in `ten`, found `ten`"),
            ("5..1", "ends before it begins"),
            ("1..5 steps 2", "`step N`, `lin N` or `log N`, found `steps 2`"),
            ("1..5 step 0", "at least 1"),
            ("0..5 log 3", "begin at 1"),
            ("1..5 log 1", "2..=1000, found `1`"),
            ("0..100000", "100001 values; at most 1000"),
            ("1..2..3", "expected a whole number"),
            ("-5", "expected a whole number"),
        ] {
            let error = numbers(text).expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
