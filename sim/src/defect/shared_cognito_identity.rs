//! One Cognito identity on several clients (X-03, the engine's own check).

use std::sync::Arc;

use defender::account::Principal;
use defender::error::ServiceError;
use defender::time::Millis;

use super::{Defect, Entry, cognito};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "shared-cognito-identity",
    summary: "Several clients connect with one Cognito identity. Found in lenient mode only, by the engine's own check.",
    examples: &["{}", "{ clients = 5 }"],
    read: |fields| {
        Arc::new(SharedCognitoIdentity {
            clients: fields.or_in("clients", 2, 2..=1_000, "how many clients use the identity at a time"),
        })
    },
};

#[derive(Debug)]
struct SharedCognitoIdentity {
    clients: u32,
}

impl Alter for SharedCognitoIdentity {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, id, label) = (scene.now, cognito::id(scene), scene.label());
        let role = format!("arn:aws:iam::{}:role/app-users", scene.scenario.account.id);
        let pool = scene.account().put_cognito_pool(now, &id, Some(&role), None);
        let identity = scene.account().put_cognito_identity(now, &format!("{id}/shared"), pool, true)?;
        for client in 0..self.clients {
            let client = format!("{label}-{client}");
            scene.open_session(&client, Principal::CognitoIdentity(identity), now - Millis::hours(3));
        }
        scene.wrong_with(&id, self.checks()[0], Wrong::CognitoPool(pool));
        Ok(())
    }
}

impl Defect for SharedCognitoIdentity {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["SHARED_COGNITO_IDENTITY_CHECK"]
    }
}
