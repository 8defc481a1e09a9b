//! What all requests have in common (section 1): paging, lengths, alphabets, idempotency tokens.

use std::ops::RangeInclusive;

use crate::error::ServiceError;

/// A page of a listing: how many, and from where (G-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    size: usize,
    start: usize,
}

impl Page {
    /// From `maxResults` (1–250, by default 25) and `nextToken`.
    ///
    /// # Errors
    /// `InvalidRequestException` for a size out of range or a token that this engine has not made.
    pub(crate) fn new(max_results: Option<i64>, next_token: Option<&str>) -> Result<Page, ServiceError> {
        let size = max_results.unwrap_or(25);
        if !(1..=250).contains(&size) {
            return Err(ServiceError::invalid(format!("maxResults must lie in 1..=250, found `{size}`")));
        }
        let start = match next_token {
            None => 0,
            Some(token) => parse_token(token)
                .ok_or_else(|| ServiceError::invalid(format!("nextToken is not one of this engine: `{token}`")))?,
        };
        Ok(Page { size: usize::try_from(size).expect("at most 250"), start })
    }

    /// The page's items, and the token of the page after it.
    ///
    /// # Errors
    /// `InvalidRequestException` where the listing has no such page.
    pub(crate) fn of<T>(self, items: impl IntoIterator<Item = T>) -> Result<(Vec<T>, Option<String>), ServiceError> {
        let mut items = items.into_iter();
        if self.start > 0 && items.nth(self.start - 1).is_none() {
            return Err(ServiceError::invalid("nextToken points behind the end of the listing"));
        }
        let page: Vec<T> = items.by_ref().take(self.size).collect();
        let token = items.next().map(|_| format!("p{:x}", self.start + page.len()));
        Ok((page, token))
    }
}

fn parse_token(token: &str) -> Option<usize> {
    let digits = token.strip_prefix('p')?;
    let canonical = !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| usize::from_str_radix(digits, 16).ok())?
}

/// Checks a member's length in characters (G-05).
pub(crate) fn length(member: &str, text: &str, allowed: RangeInclusive<usize>) -> Result<(), ServiceError> {
    let found = text.chars().count();
    if allowed.contains(&found) {
        return Ok(());
    }
    let (from, to) = allowed.into_inner();
    Err(ServiceError::invalid(format!("{member} must have {from}..={to} characters, found {found}")))
}

/// Checks a member's alphabet, the whole value (G-06).
pub(crate) fn all_of(
    member: &str,
    text: &str,
    alphabet: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), ServiceError> {
    match text.chars().find(|c| !allowed(*c)) {
        None => Ok(()),
        Some(c) => Err(ServiceError::invalid(format!("{member} may contain {alphabet}, found `{c}` in `{text}`"))),
    }
}

/// Checks a name or an id: 1–`longest` of `[a-zA-Z0-9_-]`.
pub(crate) fn plain_name(member: &str, text: &str, longest: usize) -> Result<(), ServiceError> {
    length(member, text, 1..=longest)?;
    all_of(member, text, "letters, digits, `_` and `-`", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Checks a `clientRequestToken` (G-07).
pub(crate) fn token_is_valid(token: Option<&str>) -> Result<(), ServiceError> {
    token.map_or(Ok(()), |token| plain_name("clientRequestToken", token, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g03_pages_follow_each_other_to_the_end() {
        let mut token = None;
        let mut sizes = Vec::new();
        loop {
            let (items, next) = Page::new(Some(4), token.as_deref()).and_then(|page| page.of(0..10)).expect("valid");
            sizes.push(items.len());
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [4, 4, 2]);
    }

    #[test]
    fn g03_sizes_and_tokens_out_of_range_are_refused() {
        assert!(
            Page::new(Some(-1), None).is_err()
                && Page::new(Some(0), None).is_err()
                && Page::new(Some(251), None).is_err()
        );
        for token in ["", "p", "7", "p+1", "pG"] {
            assert!(Page::new(None, Some(token)).is_err(), "{token}");
        }
        assert!(Page::new(None, Some("pff")).and_then(|page| page.of(0..10)).is_err());
    }

    #[test]
    fn g06_the_whole_value_must_match() {
        assert!(plain_name("taskId", "a_b-9", 128).is_ok());
        for bad in ["", "a b", "a\n", "é"] {
            assert!(plain_name("taskId", bad, 128).is_err(), "{bad:?}");
        }
        assert!(plain_name("taskId", &"x".repeat(129), 128).is_err());
    }
}
