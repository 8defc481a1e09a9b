//! ARNs in requests.

use super::text::Text;
use crate::arn::Arn;
use crate::error::{Compatibility, ServiceError, Warning};

/// Checks that a member is an ARN of the right length that, if it names an account, names one of 12 digits (G-11);
/// lenient mode accepts other accounts with a warning. `pointer` is where the member stands.
///
/// # Errors
/// `InvalidRequestException`.
pub(crate) fn checked_arn(
    shape: Text,
    text: &str,
    pointer: &str,
    mode: Compatibility,
) -> Result<Option<Warning>, ServiceError> {
    let member = pointer.rsplit('/').next().unwrap_or(pointer);
    shape.check(member, text)?;
    let arn: Arn = text.parse().map_err(|error| ServiceError::invalid(format!("{member}: {error}")))?;
    if arn.has_valid_account() {
        return Ok(None);
    }
    let message = format!("the account id in `{text}` must have 12 digits, found `{}`", arn.account);
    match mode {
        Compatibility::Strict => Err(ServiceError::invalid(format!("{member}: {message}"))),
        Compatibility::Lenient => {
            Ok(Some(Warning { code: "ACCOUNT_ID_NOT_12_DIGITS", path: pointer.to_owned(), message, canonical: None }))
        }
    }
}
