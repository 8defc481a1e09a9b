//! Cognito identity pools whose roles grant too much.

use defender::error::ServiceError;
use defender::time::Millis;

use super::role;
use crate::alteration::{Scene, Wrong};

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

/// Seeds a pool with a role that may do `actions`. The audit looks at pools that were used within 31 days (C-06), so
/// its users come back now and then.
pub(super) fn seed(
    scene: &mut Scene<'_>,
    step: usize,
    whose: Whose,
    actions: &[&str],
    check: &'static str,
) -> Result<(), ServiceError> {
    let (now, id) = (scene.now, id(scene));
    if step > 0 {
        if let Some(pool) = scene.fleet.account.cognito_pool(&id) {
            scene.account().note_cognito_connection(now, pool, now);
        }
        return Ok(());
    }
    let arn = role::put(scene, "", actions, &[])?;
    let (users, guests) = match whose {
        Whose::Users => (Some(arn.as_str()), None),
        Whose::Guests => (None, Some(arn.as_str())),
    };
    let pool = scene.account().put_cognito_pool(now, &id, users, guests);
    scene.account().note_cognito_connection(now, pool, now);
    scene.wrong_with(&id, check, Wrong::CognitoPool(pool));
    Ok(())
}

/// Every ten days of an act.
pub(super) fn steps(duration: Millis) -> Vec<Millis> {
    (0..=duration.0.saturating_sub(1) / Millis::days(10).0).map(|n| Millis::days(10 * n)).collect()
}
