//! C-11: devices that assume a role through an alias may use services that the role has no use for.

use crate::account::IamRole;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::policy::services;
use crate::time::Timestamp;

use super::iot_role_alias_overly_permissive::{inspect_aliases, is_used};
use super::permissions;
use super::role::Reason;

pub(super) struct IotRoleAliasUnusedServices;

impl Check for IotRoleAliasUnusedServices {
    fn check(&self) -> AuditCheck {
        AuditCheck::IotRoleAliasAllowsAccessToUnusedServices
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::ROLE_ALIASES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let at = scene.at;
        inspect_aliases(scene, &mut inspected, |role| reason(role, at).into_iter().collect());
        inspected
    }
}

fn reason(role: &IamRole, at: Timestamp) -> Option<Reason> {
    let granted = services(role.policies());
    let mut unused = granted.unused(|service| is_used(role, service, at));
    if granted.grants_every_service() {
        unused.push("*".to_owned());
    }
    let text = || {
        format!("Role allows access to services that it has not used in the last 365 days: [{}].", unused.join(", "))
    };
    (!unused.is_empty()).then(|| (ReasonCode::AllowsAccessToUnusedServices, text()))
}
