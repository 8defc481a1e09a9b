//! The spellings that the registry admits: lengths and alphabets of names and values (G-05, G-06).

use crate::error::ServiceError;

/// Checks a name of 1–128 characters of an alphabet.
///
/// # Errors
/// `InvalidRequestException` naming the kind, the text and what is allowed.
fn check(kind: &str, text: &str, lengths: std::ops::RangeInclusive<usize>, extra: &str) -> Result<(), ServiceError> {
    let length = text.chars().count();
    if !lengths.contains(&length) {
        let (from, to) = (lengths.start(), lengths.end());
        return Err(ServiceError::invalid(format!(
            "{kind} must have {from}..{to} characters, found {length}: `{text}`"
        )));
    }
    match text.chars().find(|&c| !c.is_ascii_alphanumeric() && !extra.contains(c)) {
        Some(c) => Err(ServiceError::invalid(format!(
            "{kind} may contain letters, digits and `{extra}`, found `{c}` in `{text}`"
        ))),
        None => Ok(()),
    }
}

/// The name of a thing, thing type or thing group: 1–128 of `[a-zA-Z0-9:_-]` (V-01, V-05).
pub(crate) fn registry_name(kind: &str, text: &str) -> Result<(), ServiceError> {
    check(kind, text, 1..=128, ":_-")
}

/// A policy name: 1–128 of `[\w+=,.@-]` (V-26).
pub(crate) fn policy_name(text: &str) -> Result<(), ServiceError> {
    check("policy name", text, 1..=128, "_+=,.@-")
}

/// A role alias: 1–128 of `[\w=,@-]` (V-30).
pub(crate) fn role_alias(text: &str) -> Result<(), ServiceError> {
    check("role alias", text, 1..=128, "_=,@-")
}

/// A role ARN: 20–2048 characters (A-01, V-30).
pub(crate) fn role_arn(text: &str) -> Result<(), ServiceError> {
    match text.chars().count() {
        20..=2048 => Ok(()),
        length => {
            Err(ServiceError::invalid(format!("role ARN must have 20..2048 characters, found {length}: `{text}`")))
        }
    }
}

/// An attribute name and its value: ≤128 and ≤800 characters of their alphabets (9.5).
pub(crate) fn attribute(name: &str, value: &str) -> Result<(), ServiceError> {
    check("attribute name", name, 1..=128, "_.,@/:#-")?;
    check("attribute value", value, 0..=800, "_.,@/:#=[]-")
}

/// A description: at most `longest` characters, all visible or a space (9.5).
pub(crate) fn description(text: &str, longest: usize) -> Result<(), ServiceError> {
    let length = text.chars().count();
    if length > longest {
        return Err(ServiceError::invalid(format!("description may have {longest} characters, found {length}")));
    }
    match text.chars().find(|&c| c.is_control() || (c.is_whitespace() && c != ' ')) {
        Some(c) => Err(ServiceError::invalid(format!("description may not contain {c:?}"))),
        None => Ok(()),
    }
}
