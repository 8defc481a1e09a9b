//! A Cognito pool whose guests may do too much (C-06).

use super::Entry;
use super::cognito::{Whose, broad_role};

const NAME: &str = "guest-cognito-role";

pub(super) const ENTRY: Entry = Entry {
    name: NAME,
    summary: "An app's Cognito identity pool gives people who do not even sign in a role that may do too much.",
    examples: &["{}", r#"{ actions = ["iot:Publish"] }"#],
    read: |fields| broad_role(fields, NAME, Whose::Guests, &["UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"]),
};
