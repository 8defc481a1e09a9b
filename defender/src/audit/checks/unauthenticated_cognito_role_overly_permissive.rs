//! C-06: guests of a Cognito pool may do too much.

use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Inspected, Scene};
use crate::policy::administrative;

use super::cognito::inspect_pools;
use super::permissions;
use super::role::data_plane_reason;

pub(super) struct UnauthenticatedCognitoRoleOverlyPermissive;

impl Check for UnauthenticatedCognitoRoleOverlyPermissive {
    fn check(&self) -> AuditCheck {
        AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::COGNITO_ROLES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        inspect_pools(
            scene,
            &mut inspected,
            |pool| pool.unauthenticated_role_arn.as_deref(),
            |role| {
                let grants = administrative(role.policies());
                let mut operations: Vec<&str> = grants.iter().map(|grant| grant.operation).collect();
                operations.sort_unstable();
                operations.dedup();
                let admin = (!operations.is_empty()).then(|| {
                    let shown: Vec<String> = operations.iter().take(10).map(|name| format!("iot:{name}")).collect();
                    let more = match operations.len().saturating_sub(10) {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    };
                    let text = format!("Policy allows access to IoT admin actions: [{}{more}].", shown.join(", "));
                    (ReasonCode::AllowsAccessToIotAdminActions, text)
                });
                admin.into_iter().chain(data_plane_reason(role)).collect()
            },
        );
        inspected
    }
}
