//! Policy widening: an insider with the right to edit policies makes a new default version that grants everything, and
//! perhaps uses it later, from devices that hold it.

use std::sync::Arc;

use defender::error::ServiceError;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Name, Noun, Scene, Wrong};
use crate::defect::EVERYTHING;
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "policy-widening",
    summary: "An insider makes a policy's default version grant everything, and may later command other devices from \
              those that hold it.",
    examples: &[
        r#"{ policy = "device" }"#,
        r#"{ policy = "device", rate = "1/min", exploit-after = "6h" }"#,
        r#"{ policy = "device", restored = true }"#,
    ],
    read: |fields| {
        let rate: Option<PerMinute> =
            fields.optional("rate", "commands that each target then sends to others; none unless given");
        Arc::new(PolicyWidening {
            policy: fields.required("policy", "the policy, by name"),
            restored: fields.or("restored", false, "evasive: the insider restores the old version at the end"),
            exploit: rate.map(|rate| rate.0 / 60.0),
            after: fields.or("exploit-after", Millis::HOUR, "how long after the change the first command goes out"),
            topic: fields.or(
                "topic",
                "devices/{other}/command".to_owned(),
                "topic they go to; the broker lets them only where a policy does",
            ),
            size: fields.or("message-size", Bytes(128), "payload of each command").0,
        })
    },
};

#[derive(Debug)]
struct PolicyWidening {
    policy: Name,
    restored: bool,
    /// Commands per second.
    exploit: Option<f64>,
    after: Millis,
    topic: String,
    size: u64,
}

impl Alter for PolicyWidening {
    fn names(&self) -> Vec<(Noun, &Name)> {
        vec![(Noun::Policy, &self.policy)]
    }

    fn steps(&self, duration: Millis) -> Vec<Millis> {
        if self.restored { vec![Millis(0), duration] } else { vec![Millis(0)] }
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let (now, name) = (scene.now, self.policy.as_str());
        let account = scene.account();
        let policy = account.policy(name).ok_or_else(|| ServiceError::not_found("policy", name))?;
        if number == 0 {
            account.create_policy_version(now, policy, EVERYTHING, true)?;
            scene.wrong_with(name, CHECK, Wrong::BroadPolicy(policy));
            return Ok(());
        }
        // Whoever mended it meanwhile did so with a version of their own.
        let ours = account.default_policy_version(policy).filter(|v| account.document_text(v.document) == EVERYTHING);
        let older = ours.and_then(|ours| {
            let versions = account.policy_versions(policy);
            versions.iter().map(|version| version.number).filter(|number| *number < ours.number).max()
        });
        if let Some(older) = older {
            account.set_default_policy_version(now, policy, older)?;
            scene.undone(Wrong::BroadPolicy(policy));
        }
        Ok(())
    }
}

/// The audit check that finds it.
const CHECK: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";

impl Disturb for PolicyWidening {
    fn topics(&self) -> Vec<Option<String>> {
        vec![Some(self.topic.clone())]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let Some(rate) = self.exploit else { return };
        if let Some(span) = span.phase(self.after, Millis(i64::MAX)) {
            let messages = Tempo::Steady.events(&span, rate);
            to.publishing.push(Publishing { messages, size: self.size, harm: 1, ..Publishing::default() });
        }
    }
}

impl Attack for PolicyWidening {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: if self.exploit.is_some() { Channel::Broker } else { Channel::Account },
            techniques: &["T1078.004", "T1098", "T1484", "T0855"],
            disturbs: &[Metric::NumMessagesSent],
            checks: &[CHECK],
            harm_unit: "commands to other devices",
            blind_spots: "the change itself disturbs no metric; a version that is restored before the next audit; \
                          commands at an ordinary rate",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }

    fn acts_on_devices(&self) -> bool {
        self.exploit.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn commands_follow_the_change_after_a_while() {
        let attack = read_inline(ENTRY.examples[1], ENTRY.read);
        assert_eq!(done(&*attack, Millis(0), Millis::hours(6)).planned_harm(), 0);
        assert_eq!(done(&*attack, Millis::hours(6), Millis::hours(7)).planned_harm(), 60);
        let steps = |example: usize| {
            let attack = read_inline(ENTRY.examples[example], ENTRY.read);
            attack.alteration().expect("it changes a policy").steps(Millis::hours(8))
        };
        assert_eq!(steps(1), [Millis(0)]);
        assert_eq!(steps(2), [Millis(0), Millis::hours(8)]);
    }
}
