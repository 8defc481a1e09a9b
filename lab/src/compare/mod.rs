//! Two settings on the same fleet and the same seeds.
//!
//! Randomness is addressed, so two profiles, playbooks or scenarios that share fleet and seed see the very same devices
//! do the very same things. What is compared is therefore each seed with itself ([`differences`]), and each attacked
//! device with itself ([`ActComparison`]): who was caught by one setting and not by the other, and why ([`Miss`]).
//!
//! ```text
//!   seed 1: Outcome A, Outcome B ─┐
//!   seed 2: Outcome A, Outcome B ─┼─► Pairs::add ─► Pairs::finish ─► Comparison
//!   …                            ─┘
//! ```
//!
//! The verdict is refused where the evidence is thin. It weighs nothing against nothing: clearly better in one score
//! and clearly worse in another is a trade-off, and stays one.

mod difference;
mod fate;
mod score;

use std::collections::BTreeMap;

use defender::time::Millis;
use serde::{Deserialize, Serialize};
use sim::outcome::{DeviceId, Outcome};

pub use difference::{Direction, EVENTS_MIN, ScoreDifference, ScoreSpread, Spread, differences, spreads};
pub use fate::{Fate, Miss};
pub use score::{Evidence, ScoreValue, values};

use crate::interval::{Difference, paired_bootstrap};
use crate::scorecard::Scorecard;

/// Two settings, compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`Comparison::SCHEMA`].
    pub schema: String,
    /// The program's version.
    pub version: String,
    /// The first setting.
    pub first: Setting,
    /// The second setting.
    pub second: Setting,
    /// Devices of the fleet.
    pub devices: u32,
    /// Simulated time.
    pub duration: Millis,
    /// The seeds on which both ran.
    pub seeds: Vec<u64>,
    /// What it comes to.
    pub verdict: Verdict,
    /// The scores that the verdict rests on, each as its position in `scores`, by what they say.
    pub grounds: Grounds,
    /// Every score.
    pub scores: Vec<ScoreDifference>,
    /// Who was caught by one and not by the other: attack by attack.
    pub acts: Vec<ActComparison>,
    /// Attacked devices on which the settings disagree, seed by seed; at most [`Comparison::DEVICES_MAX`].
    pub disagreements: Vec<Disagreement>,
    /// How many more there are.
    pub disagreements_left_out: u64,
}

impl Comparison {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.comparison/1";
    /// Disagreements kept device by device; the rest is counted only.
    pub const DEVICES_MAX: usize = 2_000;
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What to call it.
    pub label: String,
    /// The scenario.
    pub scenario: String,
    /// What was laid over it: `PATH=VALUE`, `profile FILE`.
    pub changes: Vec<String>,
    /// Digest of the event log, seed by seed.
    pub digests: Vec<String>,
}

/// What a comparison comes to, seen from the second setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Clearly better in at least one headline score, clearly worse in none.
    Better,
    /// Clearly worse in at least one, clearly better in none.
    Worse,
    /// Clearly better in some, clearly worse in others.
    TradeOff,
    /// Every headline score is equal on every seed.
    Same,
    /// None of it: too few seeds or events, or differences that may be chance.
    Inconclusive,
}

/// Headline scores by what they say, as positions in [`Comparison::scores`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// Clearly better in the second.
    pub better: Vec<u32>,
    /// Clearly worse in the second.
    pub worse: Vec<u32>,
    /// The seeds do not tell.
    pub unclear: Vec<u32>,
    /// Too little to tell.
    pub thin: Vec<u32>,
    /// Equal on every seed.
    pub same: Vec<u32>,
}

/// One attack under both settings, over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActComparison {
    /// Its name.
    pub act: String,
    /// Devices that it reached in both settings, summed over the seeds.
    pub devices: u64,
    /// Of those, caught by both.
    pub both: u64,
    /// Caught by the first only.
    pub only_first: u64,
    /// Caught by the second only.
    pub only_second: u64,
    /// Caught by neither.
    pub neither: u64,
    /// Devices that it reached in one of the settings only.
    pub in_one_setting: u64,
    /// Why the second missed those that only the first caught.
    pub why_second_missed: Vec<(Miss, u64)>,
    /// Why the first missed those that only the second caught.
    pub why_first_missed: Vec<(Miss, u64)>,
    /// Why the second missed those that neither caught.
    pub why_neither: Vec<(Miss, u64)>,
    /// On devices caught by both: mean over a seed of the second's time − the first's \[s\], over the seeds.
    pub later: Option<Difference>,
    /// The same, however few seeds there are.
    pub later_mean: Option<f64>,
}

/// An attacked device that one setting caught and the other did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The seed.
    pub seed: u64,
    /// The attack.
    pub act: String,
    /// The thing's name.
    pub device: String,
    /// Its class.
    pub class: String,
    /// When the attack began on it, after the start of the run.
    pub onset: Millis,
    /// What became of it under the first setting.
    pub first: Fate,
    /// Under the second.
    pub second: Fate,
}

/// Why two runs cannot be compared device by device: each sentence names what differs.
///
/// They must share seed, start, duration, window and fleet; attacks, profiles and playbooks may differ.
pub fn differences_of_worlds(first: &Outcome, second: &Outcome) -> Vec<String> {
    let (a, b) = (&first.header, &second.header);
    let mut differ = Vec::new();
    let mut check = |what: &str, a: String, b: String| {
        if a != b {
            differ.push(format!("{what} differs: `{a}` and `{b}`"));
        }
    };
    check("the seed", a.seed.to_string(), b.seed.to_string());
    check("the start", a.start.to_string(), b.start.to_string());
    check("the duration", (a.end - a.start).to_string(), (b.end - b.start).to_string());
    check("the number of devices", a.devices.to_string(), b.devices.to_string());
    let classes = |outcome: &Outcome| {
        let class = |class: &sim::outcome::ClassRow| format!("{} {:?}", class.name, class.devices);
        outcome.classes.iter().map(class).collect::<Vec<_>>().join(", ")
    };
    check("the fleet", classes(first), classes(second));
    differ
}

/// A comparison under construction: one pair of runs after the other.
#[derive(Clone, Debug)]
pub struct Pairs {
    first: Setting,
    second: Setting,
    version: String,
    devices: u32,
    duration: Millis,
    seeds: Vec<u64>,
    scores: [Vec<Vec<ScoreValue>>; 2],
    acts: Vec<Tally>,
    disagreements: Vec<Disagreement>,
    left_out: u64,
}

/// Counts of one attack.
#[derive(Clone, Debug, Default)]
struct Tally {
    act: String,
    both: u64,
    only_first: u64,
    only_second: u64,
    neither: u64,
    in_one_setting: u64,
    why_second: BTreeMap<Miss, u64>,
    why_first: BTreeMap<Miss, u64>,
    why_neither: BTreeMap<Miss, u64>,
    /// By seed: (first, second) mean time to catch, of devices caught by both \[s\].
    times: Vec<(Option<f64>, Option<f64>)>,
    /// Of the seed at hand: devices, sum of the first's and of the second's times.
    here: (u64, f64, f64),
}

impl Pairs {
    /// Nothing compared yet. Digests of the settings are filled in as runs come.
    pub fn new(first: Setting, second: Setting) -> Pairs {
        Pairs {
            first,
            second,
            version: String::new(),
            devices: 0,
            duration: Millis(0),
            seeds: Vec::new(),
            scores: [Vec::new(), Vec::new()],
            acts: Vec::new(),
            disagreements: Vec::new(),
            left_out: 0,
        }
    }

    /// Adds one seed: an outcome and its scorecard of each setting. The worlds must agree
    /// ([`differences_of_worlds`]).
    pub fn add(&mut self, first: (&Outcome, &Scorecard), second: (&Outcome, &Scorecard)) {
        let header = &first.0.header;
        self.version.clone_from(&header.version);
        self.devices = header.devices;
        self.duration = header.end - header.start;
        self.seeds.push(header.seed);
        self.first.digests.push(header.digest.clone());
        self.second.digests.push(second.0.header.digest.clone());
        self.scores[0].push(values(first.0, first.1));
        self.scores[1].push(values(second.0, second.1));
        self.devices_of(first, second);
    }

    fn devices_of(&mut self, first: (&Outcome, &Scorecard), second: (&Outcome, &Scorecard)) {
        type Key = (String, DeviceId, u32);
        let mut sides: BTreeMap<Key, (Millis, [Option<Fate>; 2])> = BTreeMap::new();
        for (side, (outcome, card)) in [first, second].into_iter().enumerate() {
            for attacked in fate::fates(outcome, card) {
                let key = (attacked.act, attacked.device, attacked.part);
                sides.entry(key).or_insert((attacked.onset, [None, None])).1[side] = Some(attacked.fate);
            }
        }
        // Attacks stand in the order of the ledger, those of the second setting alone at the end.
        for act in first.0.truth.iter().chain(&second.0.truth) {
            if act.category == sim::outcome::ActKind::Attack && self.acts.iter().all(|tally| tally.act != act.name) {
                self.acts.push(Tally { act: act.name.clone(), ..Tally::default() });
            }
        }
        for ((act, device, _), (onset, fates)) in sides {
            let tally = self.acts.iter_mut().find(|tally| tally.act == act).expect("every attack has its tally");
            let [a, b] = fates.map(|fate| fate.unwrap_or(Fate::NotAttacked));
            if !tally.add(&a, &b) {
                continue;
            }
            if self.disagreements.len() >= Comparison::DEVICES_MAX {
                self.left_out += 1;
                continue;
            }
            self.disagreements.push(Disagreement {
                seed: first.0.header.seed,
                act,
                device: first.0.device_name(device),
                class: first.0.classes[first.0.class_of(device)].name.clone(),
                onset,
                first: a,
                second: b,
            });
        }
        self.acts.iter_mut().for_each(Tally::close_seed);
    }

    /// The comparison. `seed` addresses the bootstrap.
    pub fn finish(self, seed: u64) -> Comparison {
        let scores = differences(seed, &self.scores[0], &self.scores[1]);
        let grounds = Grounds::of(&scores);
        Comparison {
            schema: Comparison::SCHEMA.to_owned(),
            version: self.version,
            first: self.first,
            second: self.second,
            devices: self.devices,
            duration: self.duration,
            verdict: grounds.verdict(),
            grounds,
            scores,
            acts: self.acts.into_iter().map(|tally| tally.finish(seed, self.seeds.len())).collect(),
            seeds: self.seeds,
            disagreements: self.disagreements,
            disagreements_left_out: self.left_out,
        }
    }
}

impl Tally {
    /// Counts one device; whether one setting caught it and the other missed it.
    fn add(&mut self, first: &Fate, second: &Fate) -> bool {
        match (first, second) {
            (Fate::NotAttacked, _) | (_, Fate::NotAttacked) => self.in_one_setting += 1,
            (Fate::Caught { after: a, .. }, Fate::Caught { after: b, .. }) => {
                self.both += 1;
                self.here.0 += 1;
                self.here.1 += a.as_seconds_f64();
                self.here.2 += b.as_seconds_f64();
            }
            (Fate::Caught { .. }, Fate::Missed { why, .. }) => {
                self.only_first += 1;
                *self.why_second.entry(*why).or_default() += 1;
                return true;
            }
            (Fate::Missed { why, .. }, Fate::Caught { .. }) => {
                self.only_second += 1;
                *self.why_first.entry(*why).or_default() += 1;
                return true;
            }
            (Fate::Missed { .. }, Fate::Missed { why, .. }) => {
                self.neither += 1;
                *self.why_neither.entry(*why).or_default() += 1;
            }
        }
        false
    }

    fn close_seed(&mut self) {
        let (devices, first, second) = std::mem::take(&mut self.here);
        let mean = |sum: f64| (devices > 0).then(|| sum / devices as f64);
        self.times.push((mean(first), mean(second)));
    }

    fn finish(mut self, seed: u64, seeds: usize) -> ActComparison {
        // An attack that appeared only on a later seed has no times before.
        while self.times.len() < seeds {
            self.times.insert(0, (None, None));
        }
        let (first, second): (Vec<_>, Vec<_>) = self.times.into_iter().unzip();
        let later: Vec<f64> = first.iter().zip(&second).filter_map(|(a, b)| Some((*b)? - (*a)?)).collect();
        ActComparison {
            devices: self.both + self.only_first + self.only_second + self.neither,
            act: self.act,
            both: self.both,
            only_first: self.only_first,
            only_second: self.only_second,
            neither: self.neither,
            in_one_setting: self.in_one_setting,
            why_second_missed: most_first(self.why_second),
            why_first_missed: most_first(self.why_first),
            why_neither: most_first(self.why_neither),
            later: paired_bootstrap(seed, &first, &second),
            later_mean: (!later.is_empty()).then(|| later.iter().sum::<f64>() / later.len() as f64),
        }
    }
}

fn most_first(counts: BTreeMap<Miss, u64>) -> Vec<(Miss, u64)> {
    let mut counts: Vec<(Miss, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(why, count)| (std::cmp::Reverse(*count), *why));
    counts
}

impl Grounds {
    /// Headline scores that either setting has, by what they say.
    pub fn of(scores: &[ScoreDifference]) -> Grounds {
        let mut grounds = Grounds::default();
        for (position, score) in scores.iter().enumerate() {
            if !score.is_headline || (score.first.is_none() && score.second.is_none()) {
                continue;
            }
            let list = match score.direction {
                Direction::Better => &mut grounds.better,
                Direction::Worse => &mut grounds.worse,
                Direction::Unclear | Direction::Different => &mut grounds.unclear,
                Direction::Thin => &mut grounds.thin,
                Direction::Same => &mut grounds.same,
            };
            list.push(position as u32);
        }
        grounds
    }

    /// What they come to.
    pub fn verdict(&self) -> Verdict {
        match (self.better.is_empty(), self.worse.is_empty()) {
            (false, true) => Verdict::Better,
            (true, false) => Verdict::Worse,
            (false, false) => Verdict::TradeOff,
            (true, true) if self.unclear.is_empty() && self.thin.is_empty() && !self.same.is_empty() => Verdict::Same,
            (true, true) => Verdict::Inconclusive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::score;

    const SENT: &str = "aws:num-messages-sent";

    fn setting(label: &str) -> Setting {
        Setting { label: label.into(), scenario: "fixture".into(), changes: Vec::new(), digests: Vec::new() }
    }

    /// Ten devices attacked from minute 60 to 120; the first `caught` are seen at `minute`.
    fn world(seed: u64, caught: u32, minute: i64) -> Fixture {
        let mut fixture = Fixture::new(100, 7);
        fixture.outcome.header.seed = seed;
        let devices: Vec<_> = (0..10).map(|device| (device, 60, 120)).collect();
        fixture.behavior("sent", SENT).attack("leak", &[SENT], &devices);
        for device in 0..caught {
            fixture.alarm(0, device, minute, 5);
        }
        fixture
    }

    fn compared(seeds: u64, first: impl Fn(u64) -> Fixture, second: impl Fn(u64) -> Fixture) -> Comparison {
        let mut pairs = Pairs::new(setting("a"), setting("b"));
        for seed in 0..seeds {
            let (a, b) = (first(seed).outcome, second(seed).outcome);
            assert_eq!(differences_of_worlds(&a, &b), Vec::<String>::new());
            pairs.add((&a, &score(&a)), (&b, &score(&b)));
        }
        pairs.finish(1)
    }

    #[test]
    fn more_caught_earlier_is_better_and_says_who_and_why() {
        let comparison = compared(5, |seed| world(seed, 4, 80), |seed| world(seed, 6 + (seed % 2) as u32, 70));
        assert_eq!(comparison.verdict, Verdict::Better);
        let act = &comparison.acts[0];
        // Seeds 0, 2 and 4 catch two more each, 1 and 3 three more.
        assert_eq!((act.devices, act.both, act.only_first, act.only_second, act.neither), (50, 20, 0, 12, 18));
        assert_eq!(act.why_first_missed, [(Miss::NeverCrossed, 12)]);
        assert_eq!(act.later.map(|later| (later.mean, later.pairs)), Some((-600.0, 5)));
        assert_eq!(comparison.disagreements.len(), 12);
        let first = &comparison.disagreements[0];
        assert_eq!((first.device.as_str(), first.class.as_str(), first.seed), ("meter-000004", "meter", 0));
        assert_eq!(first.second, Fate::Caught { after: Millis::minutes(10), behavior: "sent".into() });
    }

    #[test]
    fn a_setting_compared_with_itself_is_the_same() {
        let comparison = compared(5, |seed| world(seed, 4, 80), |seed| world(seed, 4, 80));
        assert_eq!(comparison.verdict, Verdict::Same);
        assert!(comparison.disagreements.is_empty());
    }

    #[test]
    fn better_in_one_and_worse_in_another_stays_a_trade_off() {
        let noisy = |seed| {
            let mut fixture = world(seed, 8, 80);
            for device in 50..60 {
                fixture.alarm(0, device, 300, 5);
            }
            fixture
        };
        let comparison = compared(5, |seed| world(seed, 4, 80), noisy);
        assert_eq!(comparison.verdict, Verdict::TradeOff);
        let names = |list: &[u32]| -> Vec<_> {
            list.iter().map(|place| comparison.scores[*place as usize].score.as_str()).collect()
        };
        assert_eq!(names(&comparison.grounds.better), ["recall", "time_undetected.mean"]);
        assert_eq!(names(&comparison.grounds.worse), ["precision", "false_alarms_per_1000_device_days"]);
    }

    #[test]
    fn few_seeds_are_inconclusive_however_clear_they_look() {
        assert_eq!(compared(4, |seed| world(seed, 0, 80), |seed| world(seed, 9, 80)).verdict, Verdict::Inconclusive);
        assert_eq!(compared(1, |seed| world(seed, 4, 80), |seed| world(seed, 4, 80)).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn devices_attacked_in_one_setting_only_are_counted_apart() {
        let more = |seed| {
            let mut fixture = world(seed, 4, 80);
            fixture.attack("beacon", &["aws:all-bytes-out"], &[(50, 60, 120)]);
            fixture
        };
        let comparison = compared(5, |seed| world(seed, 4, 80), more);
        let beacon = &comparison.acts[1];
        assert_eq!((beacon.act.as_str(), beacon.devices, beacon.in_one_setting), ("beacon", 0, 5));
    }

    #[test]
    fn worlds_that_differ_are_named() {
        let (a, mut b) = (world(1, 4, 80).outcome, world(2, 4, 80).outcome);
        b.classes[0].devices = 0..99;
        let differ = differences_of_worlds(&a, &b);
        assert_eq!(differ[0], "the seed differs: `1` and `2`");
        assert_eq!(differ[1], "the fleet differs: `meter 0..100` and `meter 0..99`");
    }

    #[test]
    fn a_comparison_survives_its_file() {
        let comparison = compared(5, |seed| world(seed, 4, 80), |seed| world(seed, 6, 70));
        let json = serde_json::to_string(&comparison).expect("plain data serializes");
        let back: Comparison = serde_json::from_str(&json).expect("what was written reads back");
        assert!(back == comparison);
    }
}
