//! Attacks: what somebody hostile makes a device do, with ground truth. One file each, one line in [`REGISTRY`].

mod agent_silencing;
mod authorization_probing;
mod baseline_poisoning;
mod botnet;
mod certificate_expiry;
mod cloned_credentials;
mod command_and_control;
mod command_flood;
mod cryptomining;
mod custom;
mod exfiltration;
mod forged_reports;
mod issuer_revocation;
mod logging_off;
mod policy_widening;
mod port_opening;
mod reverse_shell;
mod rogue_provisioning;
mod shadow_reading;
mod worm;

use std::sync::Arc;

use defender::metric::Metric;

use crate::alteration::Alter;
use crate::disturbance::Disturb;
use crate::outcome::Channel;
use crate::scenario::fields::Fields;
use crate::scenario::source::Placed;

/// What an attack is, for the ledger of truth and the reference page.
#[derive(Clone, Debug)]
pub struct Facts {
    /// By which road it acts.
    pub channel: Channel,
    /// MITRE ATT&CK technique ids.
    pub techniques: &'static [&'static str],
    /// Metrics it should disturb.
    pub disturbs: &'static [Metric],
    /// Audit checks that should find it, by AWS name.
    pub checks: &'static [&'static str],
    /// Unit of its harm, for example `bytes`.
    pub harm_unit: &'static str,
    /// What no threshold on these metrics can see.
    pub blind_spots: &'static str,
}

/// An attack with its parameters.
pub trait Attack: Disturb {
    /// The registry name.
    fn kind(&self) -> &'static str;

    /// What it is.
    fn facts(&self) -> Facts;

    /// The custom metric that it disturbs, if it does.
    fn own_metric(&self) -> Option<&OwnMetric> {
        None
    }

    /// What it does to the account, if anything.
    fn alteration(&self) -> Option<&dyn Alter> {
        None
    }

    /// Whether it makes devices do something, and not only changes the account.
    fn acts_on_devices(&self) -> bool {
        true
    }

    /// Whether its steps say on which of its targets it begins, and when. Otherwise it begins on all of them.
    fn picks_devices(&self) -> bool {
        false
    }
}

/// A custom metric that an attack disturbs.
#[derive(Clone, Debug)]
pub struct OwnMetric {
    /// Its name, as the scenario writes it.
    pub name: Placed<String>,
    /// What is added to its list; empty for numbers.
    pub values: Vec<String>,
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files: `[attack.NAME]`.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Parameters as a scenario would write them, one inline table each: the plain variant first, then evasive ones.
    pub examples: &'static [&'static str],
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Attack>,
}

/// All attacks, by name.
pub const REGISTRY: &[Entry] = &[
    agent_silencing::ENTRY,
    authorization_probing::ENTRY,
    baseline_poisoning::ENTRY,
    botnet::ENTRY,
    certificate_expiry::ENTRY,
    cloned_credentials::ENTRY,
    command_and_control::ENTRY,
    command_flood::ENTRY,
    cryptomining::ENTRY,
    custom::ENTRY,
    exfiltration::ENTRY,
    forged_reports::ENTRY,
    issuer_revocation::ENTRY,
    logging_off::ENTRY,
    policy_widening::ENTRY,
    port_opening::ENTRY,
    reverse_shell::ENTRY,
    rogue_provisioning::ENTRY,
    shadow_reading::ENTRY,
    worm::ENTRY,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disturbance::testing::{adds_up, is_current, metrics, read_inline, section};

    /// Every attack of the registry, in every variant that its page shows.
    fn variants() -> impl Iterator<Item = (String, Arc<dyn Attack>)> {
        REGISTRY.iter().flat_map(|entry| {
            let variant = |&example| (format!("{} {example}", entry.name), read_inline(example, entry.read));
            entry.examples.iter().map(variant)
        })
    }

    #[test]
    fn the_registry_is_sorted_and_every_entry_has_an_example() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.name < b.name));
        for entry in REGISTRY {
            assert!(!entry.examples.is_empty(), "{}", entry.name);
        }
    }

    /// ATT&CK ids are `T` with four digits, and possibly a sub-technique of three (ICS ids are `T0` with three).
    #[test]
    fn facts_are_complete() {
        for (context, attack) in variants() {
            let facts = attack.facts();
            assert!(!facts.harm_unit.is_empty() && !facts.blind_spots.is_empty(), "{context}");
            for id in facts.techniques {
                let (technique, sub) = id.strip_prefix('T').unwrap_or("").split_once('.').unwrap_or((&id[1..], "000"));
                let digits = |text: &str, n| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
                assert!(digits(technique, 4) && digits(sub, 3), "{context}: {id}");
            }
        }
    }

    /// `docs/attacks.md` is made from the registry.
    #[test]
    fn reference_is_current() {
        let mut page = "# Attacks\n\nWhat somebody hostile makes devices do. Each is a table in an `[[attack]]` of a \
                        scenario, beside `name`, `start`, `duration`, `stagger` and `targets`; several acts may overlap \
                        on one device. Attacks say what a device *attempts*: whether the broker lets it is decided by \
                        the certificates and policies in force. Facts are those of the first example. Technique ids \
                        are those of MITRE ATT&CK (`T0…` are from its matrix for industrial control systems).\n\n\
                        This page is generated from the registry: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib \
                        reference`.\n"
            .to_owned();
        for entry in REGISTRY {
            let facts = read_inline(entry.examples[0], entry.read).facts();
            let facts = [
                ("acts through", serde_json::json!(facts.channel).as_str().unwrap_or_default().to_owned()),
                ("techniques", facts.techniques.join(", ")),
                ("disturbs", metrics(facts.disturbs)),
                ("should fail", facts.checks.join(", ")),
                ("harm", facts.harm_unit.to_owned()),
                ("blind spots", facts.blind_spots.to_owned()),
            ];
            let keys = Fields::describe(entry.read);
            page += &section(entry.name, entry.summary, &facts, entry.examples, keys);
        }
        is_current("attacks.md", &page);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_attack_adds_up_over_adjacent_spans(mut cuts in prop::collection::vec(0i64..260_000_000, 2..9)) {
            cuts.sort_unstable();
            cuts.dedup();
            prop_assume!(cuts.len() > 1);
            for (context, attack) in variants() {
                adds_up(&*attack, &cuts, &context);
            }
        }
    }
}
