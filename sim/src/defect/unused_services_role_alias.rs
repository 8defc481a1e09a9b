//! A role alias whose role may use services that it never uses (C-11).

use super::Entry;
use super::role::broad_alias;

const NAME: &str = "unused-services-role-alias";

pub(super) const ENTRY: Entry = Entry {
    name: NAME,
    summary: "Devices get credentials, through a role alias, for services that they have no use for.",
    examples: &["{}"],
    read: |_| {
        broad_alias(
            NAME,
            &["IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK"],
            &["s3:PutObject", "dynamodb:PutItem"],
        )
    },
};
