//! Which control saw which act: the matrix attack × behavior and check, and the same as ATT&CK Navigator layers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sim::outcome::{ActKind, Outcome};

use crate::audit::Seeded;
use crate::detection::AttackScore;
use crate::matching::{Matching, covered, expects, label};

/// The coverage matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// What could see: every behavior in profile order, then every enabled check in catalog order.
    pub columns: Vec<Column>,
    /// What there was to see: attacks and defects, in ledger order.
    pub rows: Vec<Row>,
}

/// Something that can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name of the check, or of the behavior as [`crate::matching::label`] gives it.
    pub name: String,
    /// Whether it is an audit check.
    pub is_check: bool,
}

/// An act, and who saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Position in the ledger of truth.
    pub act: u32,
    /// Its name.
    pub name: String,
    /// `attack` or `defect`.
    pub category: String,
    /// One cell per column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// Whether anything that was expected to see the act saw some of it.
    pub fn is_seen(&self) -> bool {
        self.cells.iter().any(|cell| cell.expected && cell.hits > 0)
    }

    /// Whether anything was expected to see it.
    pub fn has_expectation(&self) -> bool {
        self.cells.iter().any(|cell| cell.expected)
    }
}

/// One control against one act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Whether the act disturbs the behavior's metric on a device that it watches, or names the check.
    pub expected: bool,
    /// Devices (or the one resource) on which it saw the act; without expectation: on which it happened to alarm
    /// while the act went on.
    pub hits: u64,
    /// Devices (or the one resource) of the act; where a behavior is expected to see it, those that it watches.
    pub of: u64,
}

/// Builds the matrix.
pub fn matrix(outcome: &Outcome, matching: &Matching, seeded: &[Seeded]) -> Coverage {
    let mut alarm_hits: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for &(act, behavior, _) in matching.hits.iter().chain(&matching.other_hits) {
        *alarm_hits.entry((act, behavior)).or_default() += 1;
    }
    let mut found: BTreeMap<(u32, &str), u64> = BTreeMap::new();
    for unit in seeded.iter().filter(|unit| unit.found.is_some()) {
        *found.entry((unit.act, &unit.check)).or_default() += 1;
    }
    let labels = (0..outcome.behaviors.len()).map(|position| label(outcome, position));
    let behaviors = labels.map(|name| Column { name, is_check: false });
    let checks = outcome.checks.iter().map(|row| Column { name: row.name.clone(), is_check: true });
    let rows = outcome
        .truth
        .iter()
        .enumerate()
        .filter(|(_, act)| matches!(act.category, ActKind::Attack | ActKind::Defect))
        .map(|(position, act)| {
            let position = position as u32;
            let is_attack = act.category == ActKind::Attack;
            let units = if act.resource.is_some() { 1 } else { act.devices.len() as u64 };
            let by_behavior = outcome.behaviors.iter().enumerate().map(|(number, behavior)| {
                let watched = covered(behavior, act);
                let hits = alarm_hits.get(&(position, number as u32)).copied().unwrap_or(0);
                match is_attack && expects(act, behavior) && watched > 0 {
                    true => Cell { expected: true, hits: hits.min(watched), of: watched },
                    false => Cell { expected: false, hits, of: act.devices.len() as u64 },
                }
            });
            let by_check = outcome.checks.iter().map(|check| Cell {
                expected: act.checks.contains(&check.name),
                hits: found.get(&(position, check.name.as_str())).copied().unwrap_or(0),
                of: units,
            });
            Row {
                act: position,
                name: act.name.clone(),
                category: if is_attack { "attack" } else { "defect" }.to_owned(),
                cells: by_behavior.chain(by_check).collect(),
            }
        })
        .collect();
    Coverage { columns: behaviors.chain(checks).collect(), rows }
}

/// ATT&CK Navigator layers (format 4.5): a list of one layer per domain that the attacks' techniques belong to. A
/// technique's score is the share \[%\] of attacked devices detected, over all attacks that use it; without attacked
/// devices it has none.
pub fn navigator(outcome: &Outcome, attacks: &[AttackScore]) -> serde_json::Value {
    let mut domains: BTreeMap<&str, BTreeMap<&str, Technique<'_>>> = BTreeMap::new();
    for attack in attacks {
        for technique in &attack.techniques {
            let entry = domains.entry(domain(technique)).or_default().entry(technique).or_default();
            entry.names.push(&attack.name);
            if let Some(recall) = attack.recall {
                entry.detected += recall.successes;
                entry.devices += recall.trials;
            }
        }
    }
    let layers = domains.into_iter().map(|(domain, techniques)| {
        let techniques: Vec<_> = techniques.iter().map(|(id, technique)| technique.to_json(id)).collect();
        json!({
            "name": format!("{}: detection by technique", outcome.header.scenario),
            "versions": { "layer": "4.5", "navigator": "5.1.0" },
            "domain": domain,
            "description": "Share of attacked devices detected, by technique of the simulated attacks",
            "techniques": techniques,
            "gradient": { "colors": ["#e5604d", "#f2c14e", "#4fae7b"], "minValue": 0, "maxValue": 100 },
            "hideDisabled": false
        })
    });
    serde_json::Value::Array(layers.collect())
}

#[derive(Default)]
struct Technique<'a> {
    names: Vec<&'a str>,
    detected: u64,
    devices: u64,
}

impl Technique<'_> {
    fn to_json(&self, id: &str) -> serde_json::Value {
        let comment = format!("{}: {} of {} devices detected", self.names.join(", "), self.detected, self.devices);
        let mut technique = json!({ "techniqueID": id, "comment": comment, "enabled": true });
        if self.devices > 0 {
            technique["score"] = json!(libm::round(100.0 * self.detected as f64 / self.devices as f64));
        }
        technique
    }
}

/// ICS techniques are numbered `T0…`, those of the enterprise matrix `T1…`.
fn domain(technique: &str) -> &'static str {
    if technique.starts_with("T0") { "ics-attack" } else { "enterprise-attack" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit;
    use crate::detection;
    use crate::fixture::Fixture;
    use crate::matching::match_alarms;
    use crate::options::Options;

    fn fixture() -> Fixture {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.check("LOGGING_DISABLED_CHECK");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120), (1, 60, 120)]);
        fixture.attack("beacon", &["aws:all-bytes-out"], &[(2, 60, 120)]);
        fixture.act(ActKind::Defect, "logging", &[], &[]);
        fixture.outcome.truth[1].techniques = vec!["T0869".into(), "T1041".into()];
        fixture.outcome.truth[2].checks = vec!["LOGGING_DISABLED_CHECK".into()];
        fixture.outcome.truth[2].resource = Some("account".into());
        fixture.alarm(0, 0, 70, 5).alarm(0, 0, 90, 5).alarm(1, 1, 70, 5);
        fixture
    }

    #[test]
    fn cells_tell_expectation_from_hit() {
        let outcome = fixture().outcome;
        let matching = match_alarms(&outcome, &Options::default());
        let matrix = matrix(&outcome, &matching, &audit::seeded(&outcome));
        let cell = |expected, hits, of| Cell { expected, hits, of };
        assert_eq!(matrix.columns.len(), 3);
        assert_eq!(matrix.rows[0].cells, [cell(true, 1, 2), cell(false, 1, 2), cell(false, 0, 2)]);
        assert_eq!(matrix.rows[2].cells, [cell(false, 0, 0), cell(false, 0, 0), cell(true, 0, 1)]);
        assert!(matrix.rows[0].is_seen() && !matrix.rows[1].has_expectation());
        assert!(matrix.rows[2].has_expectation() && !matrix.rows[2].is_seen());
    }

    #[test]
    fn techniques_are_scored_over_all_attacks_that_use_them() {
        let outcome = fixture().outcome;
        let matching = match_alarms(&outcome, &Options::default());
        let layers = navigator(&outcome, &detection::score(&outcome, &matching).attacks);
        assert_eq!(layers[0]["domain"], "enterprise-attack");
        assert_eq!(layers[0]["techniques"][0]["techniqueID"], "T1041");
        // One of three devices of both attacks.
        assert_eq!(layers[0]["techniques"][0]["score"], 33.0);
        assert_eq!((&layers[1]["domain"], &layers[1]["techniques"][0]["score"]), (&json!("ics-attack"), &json!(0.0)));
    }
}
