//! A policy that denies with an MQTT wildcard, which policies read as plain text (C-09).

use std::sync::Arc;

use defender::error::ServiceError;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong};

pub(super) const ENTRY: Entry = Entry {
    name: "misconfigured-policy",
    summary: "A policy is meant to deny a sub-tree of topics and does not: its Deny has an MQTT wildcard, or a \
              subscription above the sub-tree gets around it.",
    examples: &["{}", r#"{ flaw = "bypassed-deny", count = 20 }"#],
    read: |fields| {
        let flaw = fields.keyword(
            "flaw",
            Some("mqtt-wildcard"),
            &[("mqtt-wildcard", Flaw::MqttWildcard), ("bypassed-deny", Flaw::BypassedDeny)],
            "what is wrong with its Deny (P-36, P-37)",
        );
        Arc::new(MisconfiguredPolicy { flaw, targets: Targets::or(fields, 1) })
    },
};

#[derive(Clone, Copy, Debug)]
enum Flaw {
    MqttWildcard,
    BypassedDeny,
}

#[derive(Debug)]
struct MisconfiguredPolicy {
    flaw: Flaw,
    targets: Targets,
}

impl Alter for MisconfiguredPolicy {
    fn step(&self, _: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let name = scene.label();
        let arn = |resource: &str| scene.fleet.account.arn(resource);
        let statement = |effect: &str, action: &str, resource: String| serde_json::json!({ "Effect": effect, "Action": action, "Resource": resource });
        let statements = match self.flaw {
            Flaw::MqttWildcard => vec![
                statement("Allow", "iot:Subscribe", arn("topicfilter/building/*")),
                statement("Allow", "iot:Receive", arn("topic/building/*")),
                statement("Deny", "iot:Subscribe", arn("topicfilter/building/control_room/#")),
            ],
            Flaw::BypassedDeny => vec![
                statement("Allow", "iot:Subscribe", arn("topicfilter/building/*")),
                statement("Allow", "iot:Receive", arn("topic/building/*")),
                statement("Deny", "iot:Subscribe", arn("topicfilter/building/control_room/*")),
            ],
        };
        let document = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
        let policy = scene.give_policy(&name, &document.to_string())?;
        scene.wrong_with(&name, self.checks()[0], Wrong::MisconfiguredPolicy(policy));
        Ok(())
    }
}

impl Defect for MisconfiguredPolicy {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }
}
