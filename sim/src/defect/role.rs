//! IAM roles that grant too much, for role aliases and Cognito pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use defender::account::{IamRole, RolePolicy};
use defender::error::ServiceError;
use defender::time::Millis;

use super::Defect;
use crate::alteration::{Alter, Scene, Wrong};

/// Makes a role known that may do `actions` on everything and was last used for `used` the day before.
pub(super) fn put(scene: &mut Scene<'_>, actions: &[&str], used: &[&str]) -> Result<String, ServiceError> {
    let arn = format!("arn:aws:iam::{}:role/{}", scene.scenario.account.id, scene.label());
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

/// A role alias whose role may do too much.
#[derive(Debug)]
struct BroadAlias {
    kind: &'static str,
    checks: &'static [&'static str],
    actions: &'static [&'static str],
}

/// The defect of this name: devices get credentials for `actions`, and use S3.
pub(super) fn broad_alias(
    kind: &'static str,
    checks: &'static [&'static str],
    actions: &'static [&'static str],
) -> Arc<dyn Defect> {
    Arc::new(BroadAlias { kind, checks, actions })
}

impl Alter for BroadAlias {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, scene.label());
        let arn = put(scene, self.actions, &["s3"])?;
        let alias = scene.account().create_role_alias(now, &name, &arn, None)?;
        scene.wrong_with(&name, self.checks[0], Wrong::RoleAlias(alias));
        Ok(())
    }
}

impl Defect for BroadAlias {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn checks(&self) -> &'static [&'static str] {
        self.checks
    }
}
