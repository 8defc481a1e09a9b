//! A role alias whose role may do too much (C-10).

use super::Entry;
use super::role::broad_alias;

const NAME: &str = "over-permissive-role-alias";

pub(super) const ENTRY: Entry = Entry {
    name: NAME,
    summary: "Devices get credentials, through a role alias, that may do everything in the services that they use.",
    examples: &["{}"],
    read: |_| broad_alias(NAME, &["IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK"], &["s3:*"]),
};
