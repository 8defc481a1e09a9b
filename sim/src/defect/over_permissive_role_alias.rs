//! A role alias whose role may do too much (C-10).

use std::sync::Arc;

use defender::error::ServiceError;

use super::{Defect, Entry, role};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "over-permissive-role-alias",
    summary: "Devices get credentials, through a role alias, that may do everything in the services that they use.",
    examples: &["{}"],
    read: |_| Arc::new(OverPermissiveRoleAlias),
};

#[derive(Debug)]
struct OverPermissiveRoleAlias;

impl Alter for OverPermissiveRoleAlias {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, scene.label());
        let arn = role::put(scene, "", &["s3:*"], &["s3"])?;
        let alias = scene.account().create_role_alias(now, &name, &arn, None)?;
        scene.wrong_with(&name, self.checks()[0], Wrong::RoleAlias(alias));
        Ok(())
    }
}

impl Defect for OverPermissiveRoleAlias {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK"]
    }
}
