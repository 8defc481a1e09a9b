//! Closed loops: settings in a run of their own, with everybody who responds.
//!
//! A sweep's telemetry is the same for all candidates, because nobody responds. What a setting's alarms set off, and
//! what that breaks, only such a run can tell.

use serde::{Deserialize, Serialize};
use sim::scenario::Scenario;
use sim::scenario::problem::suggestion;

use super::plan::{Block, Planned, one_setting};
use super::setting::Setting;
use crate::false_alarm::Rates;
use crate::interval::Proportion;
use crate::latency::Latency;
use crate::matching::Cause;
use crate::scorecard::Scorecard;

/// A candidate with a name, as it was written: one setting for each of some behaviors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it changes: one value in each grid.
    pub behavior: Vec<Block>,
}

/// Settings to be tried together in a closed loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// What it is called.
    pub name: String,
    /// The behaviors that it changes, each with one setting.
    changes: Vec<Planned>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedLoop {
    /// What the candidate is called.
    pub name: String,
    /// What it changes; nothing is the scenario as it is.
    pub changes: Vec<Change>,
    /// Attacked devices that were detected, by whatever watches them ([`crate::detection`]).
    pub recall: Option<Proportion>,
    /// Detection latency from onset, of those detected.
    pub latency: Option<Latency>,
    /// False alarms, of all behaviors together.
    pub false_alarms: Rates,
    /// Those of them that the response itself caused.
    pub self_inflicted: u64,
    /// Attacked devices that were contained before their attack's end ([`crate::remediation`]).
    pub contained: Option<Proportion>,
    /// Healthy devices that a response touched.
    pub collateral: u64,
}

/// A behavior and the setting that it is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its security profile.
    pub profile: String,
    /// Its name.
    pub behavior: String,
    /// The setting.
    pub setting: Setting,
}

impl Loop {
    /// The scenario as it is: what the others are held against.
    pub fn as_it_is() -> Loop {
        Loop { name: "as it is".to_owned(), changes: Vec::new() }
    }

    /// One setting of a swept behavior, called by what it says.
    ///
    /// # Panics
    /// If the behavior has no such candidate.
    pub fn of(plan: &Planned, candidate: usize) -> Loop {
        let (setting, judged) = (plan.settings[candidate].clone(), plan.judged[candidate].clone());
        let name = format!("{}: {}", plan.base.name, setting.words());
        Loop { name, changes: vec![Planned { settings: vec![setting], judged: vec![judged], ..plan.clone() }] }
    }

    /// Candidates as somebody wrote them down.
    ///
    /// # Errors
    /// Everything that is wrong with them, a sentence each.
    pub fn named(scenario: &Scenario, candidates: &[Named]) -> Result<Vec<Loop>, Vec<String>> {
        let mut errors = Vec::new();
        let mut loops: Vec<Loop> = Vec::new();
        for candidate in candidates {
            let name = &candidate.name;
            let told = |error: String| format!("candidate `{name}`: {error}");
            if loops.iter().any(|other| other.name == *name) {
                errors.push(told("there are two of this name".to_owned()));
            }
            if candidate.behavior.is_empty() {
                errors.push(told("it changes nothing; give it a `[[candidate.behavior]]`".to_owned()));
            }
            let mut changes: Vec<Planned> = Vec::new();
            for block in &candidate.behavior {
                match one_setting(scenario, block) {
                    Ok(plan) if changes.iter().any(|other| other.is_of_the_same_behavior(&plan)) => {
                        errors.push(told(format!("behavior `{}` is changed twice", plan.base.name)));
                    }
                    Ok(plan) => changes.push(plan),
                    Err(found) => errors.extend(found.into_iter().map(told)),
                }
            }
            loops.push(Loop { name: name.clone(), changes });
        }
        if errors.is_empty() { Ok(loops) } else { Err(errors) }
    }

    /// Candidates of a sweep by what they say: `60 per 5m, 2 in a row to alarm`, or `Behavior: …` where several
    /// behaviors were swept.
    ///
    /// # Errors
    /// If there is none that says so, with the nearest that there is.
    pub fn saying(planned: &[Planned], words: &str) -> Result<Vec<Loop>, String> {
        let all = planned.iter().flat_map(|plan| (0..plan.settings.len()).map(move |i| (plan, i)));
        let asked =
            |(plan, i): &(&Planned, usize)| plan.settings[*i].words() == words || Loop::of(plan, *i).name == words;
        let found: Vec<Loop> = all.clone().filter(asked).map(|(plan, i)| Loop::of(plan, i)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let said: Vec<String> = all.map(|(plan, i)| plan.settings[i].words()).collect();
        let meant = suggestion(words, said.iter().map(String::as_str)).unwrap_or_default();
        Err(format!("no setting of the sweep says `{words}`; {meant}"))
    }

    /// The scenario with this candidate in place of what its profiles say.
    pub fn in_place(&self, scenario: &Scenario) -> Scenario {
        let mut changed = scenario.clone();
        for plan in &self.changes {
            let request = &mut changed.profiles[plan.profile].request;
            let behaviors = request.behaviors.as_mut().expect("it was planned from there");
            behaviors[plan.behavior] = plan.settings[0].apply(&plan.base);
        }
        changed
    }

    /// What its run says.
    pub fn scored(&self, card: &Scorecard) -> ClosedLoop {
        let change = |plan: &Planned| Change {
            profile: plan.profile_name.clone(),
            behavior: plan.base.name.clone(),
            setting: plan.settings[0].clone(),
        };
        let causes = &card.false_alarms.causes;
        let inflicted = causes.iter().find(|row| row.cause == Cause::SelfInflicted);
        ClosedLoop {
            name: self.name.clone(),
            changes: self.changes.iter().map(change).collect(),
            recall: card.detection.devices,
            latency: card.detection.latency.clone(),
            false_alarms: card.false_alarms.total,
            self_inflicted: inflicted.map_or(0, |row| row.rates.count),
            contained: card.remediation.coverage,
            collateral: card.remediation.collateral.devices_touched,
        }
    }
}
