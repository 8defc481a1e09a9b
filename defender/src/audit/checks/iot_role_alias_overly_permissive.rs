//! C-10: devices that assume a role through an alias may do too much.

use crate::account::IamRole;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Related, Scene};
use crate::audit::resource::Resource;
use crate::policy::services;
use crate::time::{Millis, Timestamp};

use super::permissions;
use super::role::{Reason, iot_reasons};

/// How long a service counts as used; its last use exactly that long ago still does (CH-26).
const USED_WITHIN: Millis = Millis::days(365);

pub(super) struct IotRoleAliasOverlyPermissive;

impl Check for IotRoleAliasOverlyPermissive {
    fn check(&self) -> AuditCheck {
        AuditCheck::IotRoleAliasOverlyPermissive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::ROLE_ALIASES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let at = scene.at;
        inspect_aliases(scene, &mut inspected, |role| {
            service_reasons(role, at).into_iter().chain(iot_reasons(role)).collect()
        });
        inspected
    }
}

/// Judges the role behind each alias.
pub(super) fn inspect_aliases(
    scene: &Scene<'_>,
    inspected: &mut Inspected,
    reasons_of: impl Fn(&IamRole) -> Vec<Reason>,
) {
    let account = scene.account;
    for alias in account.role_aliases().filter_map(|alias| account.describe_role_alias(alias)) {
        inspected.total += 1;
        let Some(role) = scene.role(&alias.role_arn, inspected) else { continue };
        for (reason, text) in reasons_of(role) {
            let arn = account.arn(format!("rolealias/{}", alias.name));
            let found = inspected.find(Resource::RoleAlias(arn.into()), reason, text);
            found.related = Related::Role(alias.role_arn.as_str().into());
        }
    }
}

/// Whether a role used a service in the year before the audit. No data means not used (CH-25).
pub(in crate::audit) fn is_used(role: &IamRole, service: &str, at: Timestamp) -> bool {
    let last = role.last_authenticated.iter().find(|(name, _)| name.eq_ignore_ascii_case(service));
    last.is_some_and(|(_, last)| at - *last <= USED_WITHIN)
}

fn service_reasons(role: &IamRole, at: Timestamp) -> Vec<Reason> {
    let granted = services(role.policies());
    let used = role.last_authenticated.keys().map(|service| service.to_ascii_lowercase());
    let administrative: Vec<String> =
        used.filter(|service| is_used(role, service, at) && granted.is_administrative(service)).collect();
    let auditing = granted.security_auditing();
    let mut reasons = Vec::new();
    if !administrative.is_empty() {
        let text =
            format!("Role allows administrative access to services that it uses: [{}].", administrative.join(", "));
        reasons.push((ReasonCode::AllowsBroadAccessToUsedServices, text));
    }
    if !auditing.is_empty() {
        let text = format!("Role allows access to security auditing services: [{}].", auditing.join(", "));
        reasons.push((ReasonCode::AllowsAccessToSecurityAuditingServices, text));
    }
    reasons
}
