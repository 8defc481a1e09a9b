//! Settings for a budget: of every numeric behavior, the one that meets the constraints with the fewest false alarms.
//!
//! The telemetry of a few seeds is swept ([`crate::sweep`]) over a grid around each behavior's own setting. Recall and
//! latency must be met by every behavior that an attack exercises; the false alarms of all behaviors together share the
//! budget. Of settings that do equally well the middle one is taken, which lies farthest from where it gets worse.
//! What was chosen is then held against seeds and traffic that it was not chosen on.

mod per_part;
mod replay;
mod template;

use defender::detect::behavior::Criteria;
use defender::detect::criteria::Rule;
use defender::detect::wire::UpdateSecurityProfileRequest;
use defender::time::Millis;
use serde::{Deserialize, Serialize};
use sim::scenario::Scenario;

use crate::interval::{Proportion, Rate};
use crate::sweep::{Block, CandidateScore, Planned, Setting, Sweep, SweptBehavior, Threshold};
pub use per_part::{Part, PartKind, classes, groups, part_of, per_part, profiles_of_part};
pub use replay::{Replayed, parts};
pub use template::cloud_formation;

/// What a profile must keep to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// False alarms a day over the whole fleet, of all behaviors together.
    pub max_alarms_per_day: Option<f64>,
    /// Attacked devices detected, by each behavior that an attack exercises.
    pub min_recall: Option<f64>,
    /// 95 % of the detected devices are detected this soon, by each such behavior.
    pub max_p95_latency: Option<Millis>,
}

/// A constraint by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// [`Constraints::max_alarms_per_day`].
    AlarmsPerDay,
    /// [`Constraints::min_recall`].
    Recall,
    /// [`Constraints::max_p95_latency`].
    P95Latency,
}

/// What tuning recommends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// [`Tuning::SCHEMA`]: changes when the meaning of a field does.
    pub schema: String,
    /// The scenario's name.
    pub scenario: String,
    /// The part of the fleet that it is for, where each has a setting of its own; `None`: the whole fleet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Seeds that it was tuned on.
    pub seeds: Vec<u64>,
    /// The recording that it was tuned on; `None`: simulated telemetry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// What had to be kept to.
    pub constraints: Constraints,
    /// Behavior by behavior.
    pub behaviors: Vec<Tuned>,
    /// False alarms a day of all behaviors in the table together.
    pub false_alarms_per_day: Option<Rate>,
    /// Whether every constraint is met on the seeds that it was tuned on.
    pub fits: bool,
    /// Constraints without which there would be fewer false alarms, or that are not met.
    pub binding: Vec<Constraint>,
    /// Where not everything can be met: what would have to give, all else kept.
    pub relaxations: Relaxations,
    /// What was chosen, on telemetry that it was not chosen on.
    pub checks: Vec<Check>,
    /// Where it was asked for: class by class or group by group, what is recommended if each has a profile of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Tuning>,
}

impl Tuning {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.tuning/1";

    /// Whether the recommendation holds everywhere it was tried.
    pub fn holds(&self) -> bool {
        self.fits && self.checks.iter().all(|check| check.holds)
    }

    /// What was asked for: the recommendation for each part of the fleet, or else the one for the whole.
    pub fn asked(&self) -> &[Tuning] {
        if self.each.is_empty() { std::slice::from_ref(self) } else { &self.each }
    }
}

/// A behavior with its recommended setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// Its security profile.
    pub profile: String,
    /// Its name.
    pub name: String,
    /// The relation that is normal, by its API name.
    pub operator: String,
    /// Position of the recommended candidate in the sweep; 0 is the setting that it has.
    pub chosen: usize,
    /// Why that one.
    pub reason: Reason,
    /// Its scores with the setting that it has.
    pub before: Brief,
    /// Its scores with the recommended setting.
    pub after: Brief,
    /// Device classes that would be better off with a profile of their own.
    pub splits: Vec<Split>,
}

/// Why a setting is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It meets recall and latency with the fewest false alarms.
    Fits,
    /// Nothing meets recall and latency: it comes nearest.
    Nearest,
    /// No attack of the scenario exercises it: it stays as it is.
    NotExercised,
}

/// The scores that tuning looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The setting.
    pub setting: Setting,
    /// Attacked devices detected.
    pub recall: Option<Proportion>,
    /// Time by which 95 % of the detected devices were detected.
    pub p95: Option<Millis>,
    /// False alarms a day over the whole fleet.
    pub false_alarms_per_day: Option<Rate>,
}

impl Brief {
    fn of(candidate: &CandidateScore) -> Brief {
        Brief {
            setting: candidate.setting.clone(),
            recall: candidate.quality.recall,
            p95: candidate.latency.as_ref().map(|latency| latency.p95),
            false_alarms_per_day: candidate.false_alarms.per_day,
        }
    }
}

/// A class that would be better off with a profile of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The class.
    pub class: String,
    /// The setting for it.
    pub setting: Setting,
    /// False alarms a day on the class with the shared setting.
    pub shared_per_day: f64,
    /// The same with its own.
    pub own_per_day: f64,
}

/// What would have to give where not everything can be met; `None` where even that does not help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relaxations {
    /// False alarms a day that recall and latency cost.
    pub alarms_per_day: Option<f64>,
    /// The highest recall within budget and latency.
    pub recall: Option<f64>,
    /// The shortest 95 % latency within budget and recall.
    pub p95_latency: Option<Millis>,
}

/// The recommendation on other telemetry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What was different: `seeds 11 to 12`, `traffic +25 %`.
    pub what: String,
    /// False alarms a day, all behaviors together.
    pub false_alarms_per_day: Option<Rate>,
    /// Behavior by behavior, in the order of the tuning.
    pub behaviors: Vec<Brief>,
    /// Whether every constraint is met.
    pub holds: bool,
}

/// The grids that tuning tries: around the threshold of every behavior that has a numeric upper bound, static or
/// statistical, and all levels of one that has learned it. Lower bounds are left alone: most of them are inverted, see the
/// linter's `INVERTED_POLARITY_SUSPECTED`.
/// So are behaviors on a metric that was not recorded, where telemetry is.
pub fn blocks(scenario: &Scenario) -> Vec<Block> {
    grids(scenario).filter(|(_, recorded)| *recorded).map(|(block, _)| block).collect()
}

/// The grid of every behavior that has one, and whether there is telemetry to try it on.
fn grids(scenario: &Scenario) -> impl Iterator<Item = (Block, bool)> + '_ {
    let behaviors = scenario.profiles.iter().flat_map(|plan| {
        let behaviors = plan.request.behaviors.iter().flatten();
        behaviors.map(|behavior| (&plan.request.security_profile_name, behavior))
    });
    behaviors.filter_map(|(profile, behavior)| {
        let setting = Setting::of(behavior);
        let same = std::slice::from_ref(&setting);
        let judged = crate::sweep::judged(behavior, same, scenario.compatibility).ok()?;
        let block = Block {
            behavior: format!("{profile}/{}", behavior.name),
            datapoints: Some("1..3".to_owned()),
            ..Block::default()
        };
        let block = match (&judged[0].criteria, &setting.threshold) {
            (Criteria::Static(Rule::Number { relation, .. }), Threshold::Count(count))
                if relation.bounds_from_above() =>
            {
                let (from, to) = ((count / 16).max(1), count.saturating_mul(16).clamp(64, 1 << 53));
                Block { threshold: Some(format!("{from}..{to} log 21")), ..block }
            }
            (Criteria::Statistical { relation, .. }, Threshold::Percentile(_)) if relation.bounds_from_above() => {
                Block { percentile: Some("90,99,99.9,99.99,100".to_owned()), ..block }
            }
            (Criteria::MachineLearning { .. }, Threshold::Level(_)) => {
                Block { level: Some("LOW,MEDIUM,HIGH".to_owned()), ..block }
            }
            _ => return None,
        };
        Some((block, scenario.replay.as_ref().is_none_or(|replay| replay.recording.has(behavior))))
    })
}

/// The scenario with the ordinary traffic of every device multiplied; attacks stay as they are.
pub fn with_traffic(scenario: &Scenario, factor: f64) -> Scenario {
    let mut scaled = scenario.clone();
    scaled.replay.iter_mut().for_each(|replay| replay.traffic *= factor);
    for class in &mut scaled.classes {
        let archetype = &mut class.archetype;
        for traffic in
            [&mut archetype.sent, &mut archetype.received, &mut archetype.packets_out, &mut archetype.packets_in]
        {
            traffic.mean *= factor;
        }
    }
    scaled
}

/// The scenario with this share of the device agents' reports lost, each by itself.
pub fn with_report_loss(scenario: &Scenario, share: f64) -> Scenario {
    let mut lossy = scenario.clone();
    let loss = sim::fault::entry("report-loss").map(|entry| entry.plan(Millis(0), scenario.duration, share));
    lossy.faults.extend(loss);
    lossy
}

/// What must hold of one behavior.
#[derive(Clone, Copy)]
struct Bar {
    recall: f64,
    latency: Option<Millis>,
}

impl Bar {
    fn of(constraints: &Constraints) -> Bar {
        Bar { recall: constraints.min_recall.unwrap_or(0.0), latency: constraints.max_p95_latency }
    }

    fn is_met(self, recall: Option<Proportion>, p95: Option<Millis>) -> bool {
        recall.is_some_and(|recall| recall.value >= self.recall)
            && self.latency.is_none_or(|most| p95.map_or(self.recall == 0.0, |p95| p95 <= most))
    }
}

fn p95(candidate: &CandidateScore) -> Option<Millis> {
    candidate.latency.as_ref().map(|latency| latency.p95)
}

/// Chooses a setting for each behavior of a (pooled) sweep.
pub fn tune(sweep: &Sweep, seeds: &[u64], constraints: Constraints) -> Tuning {
    let bar = Bar::of(&constraints);
    let mut behaviors: Vec<Tuned> = sweep.behaviors.iter().map(|behavior| choose(behavior, bar)).collect();
    for (tuned, behavior) in behaviors.iter_mut().zip(&sweep.behaviors) {
        tuned.splits = splits(behavior, tuned, bar, sweep.days);
    }
    let wrong = |bar: Bar| total(sweep, |behavior| cheapest(behavior, bar));
    let chosen: u64 = behaviors.iter().zip(&sweep.behaviors).map(|(t, b)| b.candidates[t.chosen].wrong).sum();
    let within = |wrong: u64| constraints.max_alarms_per_day.is_none_or(|most| wrong as f64 / sweep.days <= most);
    let met = behaviors.iter().all(|tuned| tuned.reason != Reason::Nearest);
    let fits = met && within(chosen);
    let mut binding = Vec::new();
    if !within(chosen) {
        binding.push(Constraint::AlarmsPerDay);
    }
    let cheaper = |without: Bar| wrong(without).is_some_and(|less| less < chosen) || (!met && wrong(without).is_some());
    if constraints.min_recall.is_some() && cheaper(Bar { recall: 0.0, ..bar }) {
        binding.push(Constraint::Recall);
    }
    if constraints.max_p95_latency.is_some() && cheaper(Bar { latency: None, ..bar }) {
        binding.push(Constraint::P95Latency);
    }
    let relaxations = if fits { Relaxations::default() } else { relaxations(sweep, bar, &wrong, &within) };
    Tuning {
        schema: Tuning::SCHEMA.to_owned(),
        scenario: sweep.scenario.clone(),
        part: None,
        seeds: seeds.to_vec(),
        replayed: None,
        constraints,
        behaviors,
        false_alarms_per_day: Rate::of(chosen, sweep.days),
        fits,
        binding,
        relaxations,
        checks: Vec::new(),
        each: Vec::new(),
    }
}

/// Whether an attack exercises a behavior.
fn is_exercised(behavior: &SweptBehavior) -> bool {
    behavior.candidates[0].quality.recall.is_some()
}

/// The fewest false alarms with which a behavior meets its bar; as it is where no attack exercises it.
fn cheapest(behavior: &SweptBehavior, bar: Bar) -> Option<u64> {
    if !is_exercised(behavior) {
        return Some(behavior.candidates[0].wrong);
    }
    let meeting = behavior.candidates.iter().filter(|candidate| bar.is_met(candidate.quality.recall, p95(candidate)));
    meeting.map(|candidate| candidate.wrong).min()
}

/// A sum over all behaviors, if each has one.
fn total(sweep: &Sweep, of: impl Fn(&SweptBehavior) -> Option<u64>) -> Option<u64> {
    sweep.behaviors.iter().map(of).sum()
}

fn choose(behavior: &SweptBehavior, bar: Bar) -> Tuned {
    let candidates = &behavior.candidates;
    let meeting: Vec<usize> =
        (0..candidates.len()).filter(|i| bar.is_met(candidates[*i].quality.recall, p95(&candidates[*i]))).collect();
    let recall = |i: &usize| candidates[*i].quality.recall.map_or(0.0, |recall| recall.value);
    let (chosen, reason) = if !is_exercised(behavior) {
        (0, Reason::NotExercised)
    } else if meeting.is_empty() {
        // Nearest: most devices detected, then soonest, then fewest false alarms.
        let nearest = (0..candidates.len()).min_by(|a, b| {
            let time = |i: &usize| p95(&candidates[*i]).unwrap_or(Millis(i64::MAX));
            let wrong = |i: &usize| candidates[*i].wrong;
            recall(b).total_cmp(&recall(a)).then(time(a).cmp(&time(b))).then(wrong(a).cmp(&wrong(b)))
        });
        (nearest.unwrap_or(0), Reason::Nearest)
    } else {
        let fewest = meeting.iter().map(|i| candidates[*i].wrong).min().unwrap_or(0);
        let best: Vec<usize> = meeting.into_iter().filter(|i| candidates[*i].wrong == fewest).collect();
        let most = best.iter().map(recall).fold(0.0, f64::max);
        let best: Vec<usize> = best.into_iter().filter(|i| recall(i) == most).collect();
        let soonest = best.iter().map(|i| p95(&candidates[*i])).min().flatten();
        let mut best: Vec<usize> = best.into_iter().filter(|i| p95(&candidates[*i]) == soonest).collect();
        best.sort_by(|a, b| candidates[*a].setting.cmp(&candidates[*b].setting));
        (best[(best.len() - 1) / 2], Reason::Fits)
    };
    Tuned {
        profile: behavior.profile.clone(),
        name: behavior.name.clone(),
        operator: behavior.operator.clone(),
        chosen,
        reason,
        before: Brief::of(&candidates[0]),
        after: Brief::of(&candidates[chosen]),
        splits: Vec::new(),
    }
}

/// Share of a behavior's false alarms that splitting off classes must save.
const SAVED_SHARE: f64 = 0.5;

/// Classes that would be better off alone: together they save at least half of the behavior's false alarms. Only for
/// static thresholds (a percentile is another one in another population), and only classes that an attack exercises: of
/// the others nobody knows what a setting would miss.
fn splits(behavior: &SweptBehavior, tuned: &Tuned, bar: Bar, days: f64) -> Vec<Split> {
    let shared = &behavior.candidates[tuned.chosen];
    if tuned.reason == Reason::NotExercised || !matches!(shared.setting.threshold, Threshold::Count(_)) {
        return Vec::new();
    }
    let own = shared.classes.iter().enumerate().filter_map(|(class, row)| {
        let meeting = behavior.candidates.iter().filter(|candidate| {
            let row = &candidate.classes[class];
            bar.is_met(row.recall, row.latency.as_ref().map(|latency| latency.p95))
        });
        let best = meeting.min_by_key(|candidate| candidate.classes[class].wrong)?;
        let fewer = best.classes[class].wrong < row.wrong;
        fewer.then(|| {
            (
                row.wrong - best.classes[class].wrong,
                Split {
                    class: row.class.clone(),
                    setting: best.setting.clone(),
                    shared_per_day: row.wrong as f64 / days,
                    own_per_day: best.classes[class].wrong as f64 / days,
                },
            )
        })
    });
    let own: Vec<(u64, Split)> = own.collect();
    let saved: u64 = own.iter().map(|(saved, _)| saved).sum();
    let classes = shared.classes.iter().filter(|class| class.wrong > 0 || class.recall.is_some()).count();
    if classes < 2 || (saved as f64) < SAVED_SHARE * shared.wrong as f64 {
        return Vec::new();
    }
    own.into_iter().map(|(_, split)| split).collect()
}

fn relaxations(
    sweep: &Sweep,
    bar: Bar,
    wrong: &impl Fn(Bar) -> Option<u64>,
    within: &impl Fn(u64) -> bool,
) -> Relaxations {
    let candidates = || sweep.behaviors.iter().filter(|b| is_exercised(b)).flat_map(|behavior| &behavior.candidates);
    let fits = |bar: Bar| wrong(bar).is_some_and(within);
    let mut recalls: Vec<f64> = candidates().filter_map(|c| Some(c.quality.recall?.value)).collect();
    recalls.sort_by(|a, b| b.total_cmp(a));
    let mut latencies: Vec<Millis> = candidates().filter_map(p95).collect();
    latencies.sort_unstable();
    Relaxations {
        alarms_per_day: wrong(bar).map(|wrong| wrong as f64 / sweep.days),
        recall: recalls.into_iter().find(|recall| *recall < bar.recall && fits(Bar { recall: *recall, ..bar })),
        p95_latency: latencies.into_iter().find(|latency| {
            bar.latency.is_some_and(|most| *latency > most) && fits(Bar { latency: Some(*latency), ..bar })
        }),
    }
}

/// The recommended settings as a plan of their own, to be held against other telemetry.
pub fn chosen(planned: &[Planned], tuning: &Tuning) -> Vec<Planned> {
    let only = |(plan, tuned): (&Planned, &Tuned)| Planned {
        settings: vec![plan.settings[tuned.chosen].clone()],
        judged: vec![plan.judged[tuned.chosen].clone()],
        ..plan.clone()
    };
    planned.iter().zip(&tuning.behaviors).map(only).collect()
}

/// Holds the recommended settings, swept on other telemetry, against the constraints.
pub fn check(what: String, tuning: &Tuning, sweep: &Sweep) -> Check {
    let bar = Bar::of(&tuning.constraints);
    let only = sweep.behaviors.iter().map(|behavior| &behavior.candidates[0]);
    let wrong: u64 = only.clone().map(|candidate| candidate.wrong).sum();
    let rate = Rate::of(wrong, sweep.days);
    let within = tuning.constraints.max_alarms_per_day.is_none_or(|most| wrong as f64 / sweep.days <= most);
    let met = sweep.behaviors.iter().filter(|b| is_exercised(b)).map(|behavior| &behavior.candidates[0]);
    let met = met.into_iter().all(|candidate| bar.is_met(candidate.quality.recall, p95(candidate)));
    Check { what, false_alarms_per_day: rate, behaviors: only.map(Brief::of).collect(), holds: within && met }
}

/// The profiles with the recommended settings, as `update-security-profile` takes them: name and behaviors of each
/// profile that has a behavior in the tuning.
pub fn updates(scenario: &Scenario, planned: &[Planned], tuning: &Tuning) -> Vec<UpdateSecurityProfileRequest> {
    let requests = scenario.profiles.iter().enumerate().filter_map(|(position, profile)| {
        let own: Vec<_> = planned.iter().zip(&tuning.behaviors).filter(|(plan, _)| plan.profile == position).collect();
        if own.is_empty() {
            return None;
        }
        let mut behaviors = profile.request.behaviors.clone()?;
        for (plan, tuned) in own.into_iter().filter(|(_, tuned)| tuned.chosen != 0) {
            behaviors[plan.behavior] = plan.settings[tuned.chosen].apply(&plan.base);
        }
        Some(UpdateSecurityProfileRequest {
            security_profile_name: profile.request.security_profile_name.clone(),
            behaviors: Some(behaviors),
            ..UpdateSecurityProfileRequest::default()
        })
    });
    requests.collect()
}

#[cfg(test)]
mod tests;
