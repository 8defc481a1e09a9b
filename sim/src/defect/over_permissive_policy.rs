//! A policy that grants far more than a device needs (C-08).

use std::sync::Arc;

use defender::error::ServiceError;
use defender::policy::{Document, broad_data_plane};

use super::{Declared, Defect, Entry, Targets};
use crate::alteration::{Alter, Name, Noun, Scene, Wrong};
use crate::scenario::Scenario;

pub(super) const ENTRY: Entry = Entry {
    name: "over-permissive-policy",
    summary: "A policy grants far more than a device needs: one of the scenario, or one more that some devices have.",
    examples: &["{ count = 20 }", r#"{ policy = "legacy-gateway" }"#],
    read: |fields| {
        let policy = fields.optional(
            "policy",
            "a policy of the scenario: too broad as it is, or with a `start` from then on, by a new version. One more \
             policy unless given",
        );
        let targets = Targets::or(fields, 1);
        Arc::new(OverPermissivePolicy { targets: policy.is_none().then_some(targets), policy })
    },
};

/// What everybody writes once.
pub(crate) const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

#[derive(Debug)]
struct OverPermissivePolicy {
    policy: Option<Name>,
    targets: Option<Targets>,
}

impl Alter for OverPermissivePolicy {
    fn names(&self) -> Vec<(Noun, &Name)> {
        self.policy.iter().map(|name| (Noun::Policy, name)).collect()
    }

    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, label) = (scene.now, scene.label());
        let (name, policy) = match &self.policy {
            Some(name) => {
                let account = scene.account();
                let policy = account.policy(name.as_str());
                let policy = policy.ok_or_else(|| ServiceError::not_found("policy", name.as_str()))?;
                if now > scene.scenario.start && !Wrong::BroadPolicy(policy).stands(scene.fleet, now) {
                    scene.account().create_policy_version(now, policy, EVERYTHING, true)?;
                }
                (name.as_str().to_owned(), policy)
            }
            None => {
                let policy = scene.give_policy(&label, EVERYTHING)?;
                (label, policy)
            }
        };
        scene.wrong_with(&name, self.checks()[0], Wrong::BroadPolicy(policy));
        Ok(())
    }
}

impl Defect for OverPermissivePolicy {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["IOT_POLICY_OVERLY_PERMISSIVE_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        self.targets.as_ref()
    }

    fn declares(&self) -> Option<Declared<'_>> {
        self.policy.as_ref().map(|name| Declared::Policy(name.as_str()))
    }

    fn is_void(&self, scenario: &Scenario, seeded: bool) -> Option<String> {
        let name = self.policy.as_ref().filter(|_| seeded)?;
        let plan = scenario.policies.iter().find(|plan| plan.name == name.as_str())?;
        let document = Document::parse_iot(&plan.document).ok()?;
        broad_data_plane([&document])
            .is_empty()
            .then(|| format!("policy `{}` grants nothing too broadly (3.6)", plan.name))
    }
}
