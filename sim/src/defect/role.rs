//! IAM roles that grant too much, for role aliases and Cognito pools.

use std::collections::BTreeMap;

use defender::account::{IamRole, RolePolicy};
use defender::error::ServiceError;
use defender::time::Millis;

use crate::alteration::Scene;

/// Makes a role known that may do `actions` on everything and was last used for `used` the day before.
pub(super) fn put(
    scene: &mut Scene<'_>,
    suffix: &str,
    actions: &[&str],
    used: &[&str],
) -> Result<String, ServiceError> {
    let arn = format!("arn:aws:iam::{}:role/{}{suffix}", scene.scenario.account.id, scene.label());
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    });
    let yesterday = scene.now - Millis::DAY;
    let role = IamRole {
        inline_policies: vec![RolePolicy::new("inline", &document.to_string())?],
        last_authenticated: used.iter().map(|service| ((*service).to_owned(), yesterday)).collect::<BTreeMap<_, _>>(),
        ..IamRole::default()
    };
    let now = scene.now;
    scene.account().put_iam_role(now, &arn, role);
    Ok(arn)
}
