//! C-08: the default version of a policy grants broad access to data-plane actions (3.6).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::account::{DocumentId, PolicyVersion};
use crate::audit::catalog::{AuditCheck, ReasonCode};
use crate::audit::inspection::{Check, Extra, Inspected, Scene};
use crate::audit::resource::Resource;
use crate::audit::verdict::broad_message;
use crate::error::Compatibility;
use crate::ids::PolicyIndex;
use crate::policy::{Effect, Statement};

use super::permissions;

pub(super) struct IotPolicyOverlyPermissive;

impl Check for IotPolicyOverlyPermissive {
    fn check(&self) -> AuditCheck {
        AuditCheck::IotPolicyOverlyPermissive
    }

    fn permissions(&self) -> &'static [&'static str] {
        permissions::POLICIES
    }

    fn inspect(&self, scene: &mut Scene<'_>) -> Inspected {
        let mut inspected = Inspected::of(self);
        // Every policy, attached or not, by its default version (CH-23).
        for policy in scene.account.policies() {
            inspected.total += 1;
            let Some(version) = scene.account.default_policy_version(policy) else { continue };
            let verdict = scene.verdicts.of(scene.account, version.document);
            if !verdict.broad.is_empty() {
                let text = Cow::Owned(broad_message(verdict.broad));
                let reason = ReasonCode::AllowsBroadAccessToIotDataPlaneActions;
                inspected.find(resource(scene, policy, version), reason, text).extra =
                    Extra::Document(version.document);
            }
        }
        if scene.mode == Compatibility::Lenient {
            lint_wildcards(scene, &mut inspected);
        }
        inspected
    }
}

/// How policy findings are named.
pub(super) fn resource(scene: &Scene<'_>, policy: PolicyIndex, version: PolicyVersion) -> Resource {
    Resource::PolicyVersion { policy: scene.account.policy_name(policy).into(), version: version.number }
}

/// each Allow statement with a `*` in an action or resource, once per distinct document.
fn lint_wildcards(scene: &Scene<'_>, inspected: &mut Inspected) {
    let account = scene.account;
    let mut first: BTreeMap<DocumentId, PolicyIndex> = BTreeMap::new();
    for policy in account.policies() {
        if let Some(version) = account.default_policy_version(policy) {
            first.entry(version.document).or_insert(policy);
        }
    }
    for (document, policy) in first {
        let parsed = account.parse_document(document);
        for statement in parsed.statements().iter().filter(|statement| has_star(statement)) {
            let (name, place) = (account.policy_name(policy), statement.reference(0));
            let message = format!("policy `{name}`, {place}: an Allow with `*` in an action or resource");
            inspected.diagnose("ANY_WILDCARD", message, None);
        }
    }
}

fn has_star(statement: &Statement) -> bool {
    let actions = statement.actions().listed().iter().map(|pattern| pattern.as_str());
    let resources = statement.resources().listed().iter().map(|pattern| pattern.as_str());
    statement.effect() == Effect::Allow && actions.chain(resources).any(|text| text.contains('*'))
}
