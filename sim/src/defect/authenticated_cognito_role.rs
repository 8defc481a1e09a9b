//! A Cognito pool whose users may do too much (C-07).

use super::Entry;
use super::cognito::{Whose, broad_role};

const NAME: &str = "authenticated-cognito-role";

pub(super) const ENTRY: Entry = Entry {
    name: NAME,
    summary: "An app's Cognito identity pool gives people who sign in a role that may do too much.",
    examples: &["{}", r#"{ actions = ["iot:Publish"] }"#],
    read: |fields| broad_role(fields, NAME, Whose::Users, &["AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK"]),
};
