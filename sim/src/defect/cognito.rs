//! Cognito identity pools whose roles grant too much.

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::{Defect, role};
use crate::alteration::{Alter, Scene, Wrong, repeatedly};
use crate::scenario::fields::Fields;

/// Which of a pool's roles grants too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Users,
    Guests,
}

/// The identity pool of an act.
pub(super) fn id(scene: &Scene<'_>) -> String {
    format!("{}:{}", scene.scenario.account.region, scene.label())
}

/// A pool with a role that may do too much.
#[derive(Debug)]
struct BroadRole {
    kind: &'static str,
    whose: Whose,
    checks: &'static [&'static str],
    actions: Vec<String>,
}

/// Reads the defect of this name.
pub(super) fn broad_role(
    fields: &mut Fields<'_>,
    kind: &'static str,
    whose: Whose,
    checks: &'static [&'static str],
) -> Arc<dyn Defect> {
    let actions = fields.or("actions", vec!["iot:*".to_owned()], "what the role may do, on every resource");
    Arc::new(BroadRole { kind, whose, checks, actions })
}

impl Alter for BroadRole {
    /// The audit looks at pools that were used within 31 days (C-06), so users come back now and then.
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        repeatedly(Millis::days(10), duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, id) = (scene.now, id(scene));
        if number > 0 {
            if let Some(pool) = scene.fleet.account.cognito_pool(&id) {
                scene.account().note_cognito_connection(now, pool, now);
            }
            return Ok(());
        }
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        let arn = role::put(scene, &actions, &[])?;
        let (users, guests) = match self.whose {
            Whose::Users => (Some(arn.as_str()), None),
            Whose::Guests => (None, Some(arn.as_str())),
        };
        let pool = scene.account().put_cognito_pool(now, &id, users, guests);
        scene.account().note_cognito_connection(now, pool, now);
        scene.wrong_with(&id, self.checks[0], Wrong::CognitoPool(pool));
        Ok(())
    }
}

impl Defect for BroadRole {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn checks(&self) -> &'static [&'static str] {
        self.checks
    }
}
