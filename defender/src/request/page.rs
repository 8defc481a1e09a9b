//! Pages of a listing (G-03).

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
}
