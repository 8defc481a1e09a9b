//! A role alias whose role may use services that it never uses (C-11).

use std::sync::Arc;

use defender::error::ServiceError;

use super::{Defect, Entry, role};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "unused-services-role-alias",
    summary: "Devices get credentials, through a role alias, for services that they have no use for.",
    examples: &["{}"],
    read: |_| Arc::new(UnusedServicesRoleAlias),
};

#[derive(Debug)]
struct UnusedServicesRoleAlias;

impl Alter for UnusedServicesRoleAlias {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, scene.label());
        let arn = role::put(scene, "", &["s3:PutObject", "dynamodb:PutItem"], &["s3"])?;
        let alias = scene.account().create_role_alias(now, &name, &arn, None)?;
        scene.wrong_with(&name, self.checks()[0], Wrong::RoleAlias(alias));
        Ok(())
    }
}

impl Defect for UnusedServicesRoleAlias {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK"]
    }
}
