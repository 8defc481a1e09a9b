//! Pages of list operations (G-03).

use sha2::{Digest, Sha256};

use crate::error::ServiceError;

/// How much of a list one call may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageLimits {
    /// Without `maxResults`.
    pub default: usize,
    /// The largest `maxResults`.
    pub max: usize,
}

impl PageLimits {
    /// Of most operations.
    pub(crate) const USUAL: PageLimits = PageLimits { default: 25, max: 250 };
    /// Of `GetBehaviorModelTrainingSummaries`.
    pub(crate) const SUMMARIES: PageLimits = PageLimits { default: 10, max: 10 };
}

/// Cuts one page out of a whole list and says how to go on.
///
/// `query` identifies the operation and its filters: a token only continues the list that it was issued for.
///
/// # Errors
/// `InvalidRequestException` for `maxResults` out of range and for a token that is malformed or of another list.
pub(crate) fn page<I: Iterator>(
    items: I,
    limits: PageLimits,
    max_results: Option<i64>,
    next_token: Option<&str>,
    query: &str,
) -> Result<(Vec<I::Item>, Option<String>), ServiceError> {
    let size = match max_results {
        None => limits.default,
        Some(n) => usize::try_from(n).ok().filter(|n| (1..=limits.max).contains(n)).ok_or_else(|| {
            ServiceError::invalid(format!("`maxResults` must lie in 1..={}, found `{n}`", limits.max))
        })?,
    };
    let fingerprint = fingerprint(query);
    let start = match next_token {
        None => 0,
        Some(token) => token
            .strip_prefix(fingerprint.as_str())
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|offset| offset.parse::<usize>().ok())
            .ok_or_else(|| ServiceError::invalid(format!("`nextToken` does not belong to this list: `{token}`")))?,
    };
    let mut items = items.skip(start);
    let page: Vec<_> = items.by_ref().take(size).collect();
    let next = items.next().map(|_| format!("{fingerprint}-{}", start + page.len()));
    Ok((page, next))
}

/// Eight hex digits of the query.
fn fingerprint(query: &str) -> String {
    Sha256::digest(query.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g03_pages_follow_one_another_to_the_end() {
        let mut token = None;
        let mut seen = Vec::new();
        let mut sizes = Vec::new();
        loop {
            let (items, next) =
                page(0..60, PageLimits::USUAL, None, token.as_deref(), "list").expect("a page of the list");
            sizes.push(items.len());
            seen.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [25, 25, 10]);
        assert!(seen.into_iter().eq(0..60));
    }

    #[test]
    fn g03_bad_sizes_and_tokens_are_refused() {
        let ask = |max_results, token| {
            page(0..60, PageLimits::USUAL, max_results, token, "list").map(|(items, _)| items.len())
        };
        assert_eq!(ask(Some(250), None), Ok(60));
        assert!(ask(Some(0), None).is_err());
        assert!(ask(Some(251), None).is_err());
        assert!(ask(None, Some("garbage")).is_err());
        let (_, token) = page(0..60, PageLimits::USUAL, None, None, "another list").expect("a page");
        assert!(ask(None, token.as_deref()).is_err());
    }
}
