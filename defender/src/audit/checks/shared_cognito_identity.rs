//! X-03, no check of the service: one Cognito identity serves several devices.

use crate::account::Principal;
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Extra, Inspected, LOOK_BACK, Scene};
use crate::audit::resource::Resource;

use super::permissions;

pub(super) struct SharedCognitoIdentity;

impl Check for SharedCognitoIdentity {
    fn check(&self) -> AuditCheck {
        AuditCheck::SharedCognitoIdentity
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::NONE
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        let account = scene.account;
        inspected.total = account.cognito_pools().len() as u64;
        for identity in account.cognito_identities() {
            let principal = Principal::CognitoIdentity(identity);
            let things = account.things_of_principal(principal).count();
            let sessions = account.shared_sessions(principal, scene.at - LOOK_BACK, scene.at).len();
            let text = match (things >= 2, sessions > 0) {
                (true, _) => format!("Cognito identity is attached to {things} things."),
                (false, true) => {
                    format!("Cognito identity was used by {sessions} overlapping sessions of several clients.")
                }
                (false, false) => continue,
            };
            let Some(pool) = account.pool_of_cognito_identity(identity) else { continue };
            inspected
                .find(Resource::CognitoIdentityPool(pool.id.as_str().into()), ReasonCode::XCognitoIdentityShared, text)
                .extra = Extra::CognitoIdentity(account.principal_id(principal).into());
        }
        inspected
    }
}
