//! C-07: users of a Cognito pool may do too much.

use crate::audit::catalog::AuditCheck;
use crate::audit::inspection::{Check, Inspected, Scene};

use super::cognito::inspect_pools;
use super::permissions;
use super::role::iot_reasons;

pub(super) struct AuthenticatedCognitoRoleOverlyPermissive;

impl Check for AuthenticatedCognitoRoleOverlyPermissive {
    fn check(&self) -> AuditCheck {
        AuditCheck::AuthenticatedCognitoRoleOverlyPermissive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::COGNITO_ROLES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        inspect_pools(scene, &mut inspected, |pool| pool.authenticated_role_arn.as_deref(), iot_reasons);
        inspected
    }
}
