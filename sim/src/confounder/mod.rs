//! Confounders: innocent events that look guilty. One file each, one line in [`REGISTRY`]. They are what false
//! alarms are made of.

mod carrier_renumbering;
mod clock_change;
mod diagnostic_upload;
mod firmware_rollout;
mod holiday;
mod mass_provisioning;
mod message_storm;
mod provider_disconnect;
mod radio_flapping;
mod regional_outage;
mod seasonal_load;

use std::sync::Arc;

use defender::metric::Metric;

use crate::disturbance::Disturb;
use crate::scenario::fields::Fields;

/// An innocent event with its parameters.
pub trait Confounder: Disturb {
    /// The registry name.
    fn kind(&self) -> &'static str;

    /// Metrics it disturbs.
    fn disturbs(&self) -> &'static [Metric];
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Parameters as a scenario would write them, one inline table each.
    pub examples: &'static [&'static str],
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Confounder>,
}

/// All confounders, by name.
pub const REGISTRY: &[Entry] = &[
    carrier_renumbering::ENTRY,
    clock_change::ENTRY,
    diagnostic_upload::ENTRY,
    firmware_rollout::ENTRY,
    holiday::ENTRY,
    mass_provisioning::ENTRY,
    message_storm::ENTRY,
    provider_disconnect::ENTRY,
    radio_flapping::ENTRY,
    regional_outage::ENTRY,
    seasonal_load::ENTRY,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disturbance::testing::{adds_up, is_current, metrics, read_inline, section};

    /// Every confounder of the registry, in every variant that its page shows.
    fn variants() -> impl Iterator<Item = (String, Arc<dyn Confounder>)> {
        REGISTRY.iter().flat_map(|entry| {
            let variant = |&example| (format!("{} {example}", entry.name), read_inline(example, entry.read));
            entry.examples.iter().map(variant)
        })
    }

    #[test]
    fn the_registry_is_sorted_and_every_entry_says_what_it_disturbs() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.name < b.name));
        for entry in REGISTRY {
            assert!(!entry.examples.is_empty(), "{}", entry.name);
        }
        for (context, confounder) in variants() {
            assert!(!confounder.disturbs().is_empty(), "{context}");
        }
    }

    /// `docs/confounders.md` is made from the registry.
    #[test]
    fn reference_is_current() {
        let mut page = "# Confounders\n\nInnocent events that look guilty. Each is a table in a `[[confounder]]` of a \
                        scenario, beside `name`, `start`, `duration`, `stagger` and `targets`. Alarms that they cause \
                        are false, with a known cause.\n\n\
                        This page is generated from the registry: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib \
                        reference`.\n"
            .to_owned();
        for entry in REGISTRY {
            let disturbs = [("disturbs", metrics(read_inline(entry.examples[0], entry.read).disturbs()))];
            let keys = Fields::describe(entry.read);
            page += &section(entry.name, entry.summary, &disturbs, entry.examples, keys);
        }
        is_current("confounders.md", &page);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_confounder_adds_up_over_adjacent_spans(mut cuts in prop::collection::vec(0i64..100_000_000, 2..9)) {
            cuts.sort_unstable();
            cuts.dedup();
            prop_assume!(cuts.len() > 1);
            for (context, confounder) in variants() {
                adds_up(&*confounder, &cuts, &context);
            }
        }
    }
}
