//! What the two checks of Cognito roles have in common: which pools, and how a finding looks (C-06, C-07).

use crate::account::{CognitoPool, IamRole};
use crate::audit::inspection::{Inspected, LOOK_BACK, Related, Scene};
use crate::audit::resource::Resource;

use super::role::Reason;

/// Judges one role of each pool of which any identity connected in the last 31 days. A pool without that role is
/// inspected and compliant (CH-21).
pub(super) fn inspect_pools(
    scene: &Scene<'_>,
    inspected: &mut Inspected,
    role_of: impl Fn(&CognitoPool) -> Option<&str>,
    reasons_of: impl Fn(&IamRole) -> Vec<Reason>,
) {
    let since = scene.at - LOOK_BACK;
    for pool in scene.account.cognito_pools() {
        if pool.last_connection().is_none_or(|last| last < since) {
            continue;
        }
        inspected.total += 1;
        let Some(role_arn) = role_of(pool) else { continue };
        let Some(role) = scene.role(role_arn, inspected) else { continue };
        for (reason, text) in reasons_of(role) {
            let found = inspected.find(Resource::CognitoIdentityPool(pool.id.as_str().into()), reason, text);
            found.related = Related::Role(role_arn.into());
        }
    }
}
