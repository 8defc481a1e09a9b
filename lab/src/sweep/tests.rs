//! Scores of candidates against hand-worked examples.

use defender::detect::alarm::ViolationEventType;
use defender::detect::wire;
use defender::time::Millis;
use proptest::prelude::*;
use sim::outcome::DeviceId;
use sim::scenario::Scenario;
use sim::world::RunOptions;
use sim::world::trial::{Elsewhere, Episode, Trial};

use super::*;
use crate::fixture::{Fixture, at};

const SENT: &str = "aws:num-messages-sent";

fn base() -> wire::Behavior {
    let criteria = serde_json::json!({"comparisonOperator": "less-than-equals", "value": {"count": 60},
        "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 2});
    let behavior = serde_json::json!({"name": "sent", "metric": SENT, "criteria": criteria});
    serde_json::from_value(behavior).expect("a behavior")
}

/// A plan with these thresholds.
fn planned(thresholds: &[u64]) -> Planned {
    let base = base();
    let of = |threshold: &u64| Setting { threshold: Threshold::Count(*threshold), ..Setting::of(&base) };
    let settings: Vec<Setting> = thresholds.iter().map(of).collect();
    let judged = judged(&base, &settings, defender::error::Compatibility::Strict).expect("valid settings");
    Planned { profile: 0, profile_name: "profile".into(), behavior: 0, base, settings, judged }
}

/// Alarms as (device, minute), each ten minutes long, and (alarms, devices) elsewhere.
fn trial(episodes: &[(u32, i64)], elsewhere: (u64, u64)) -> Trial {
    let episode = |&(device, minute): &(u32, i64)| Episode {
        raised: at(minute),
        device: DeviceId(device),
        ended: Some((at(minute + 10), ViolationEventType::AlarmCleared)),
    };
    let mut episodes: Vec<Episode> = episodes.iter().map(episode).collect();
    episodes.sort_unstable();
    Trial { episodes, elsewhere: vec![Elsewhere { alarms: elsewhere.0, devices: elsewhere.1 }] }
}

/// Ten devices for two days; 0, 1 and 2 leak from minute 60 to 120, 3 takes part in a rollout, 4 is attacked otherwise.
fn fixture() -> Fixture {
    let mut fixture = Fixture::new(10, 2);
    fixture.behavior("sent", SENT);
    fixture.attack("leak", &[SENT], &[(0, 60, 120), (1, 60, 120), (2, 60, 120)]);
    fixture.act(ActKind::Confounder, "rollout", &[], &[(3, 60, 120)]);
    fixture.attack("probe", &["aws:num-authorization-failures"], &[(4, 60, 120)]);
    fixture
}

#[test]
fn a_candidate_by_hand() {
    // Device 0 rings twice in time, device 1 ten minutes late, which is still its grace (5 min × 2); device 2 never.
    // Device 3 rings twice during the rollout, device 4 during another attack, device 0 once the next day. Elsewhere
    // two of the five devices ring three times.
    let trial = trial(&[(0, 70), (0, 90), (1, 130), (3, 70), (3, 100), (4, 80), (0, 1_600)], (3, 2));
    let sweep = score(&fixture().outcome, &[planned(&[60])], &[trial]);
    let row = &sweep.behaviors[0];
    assert_eq!(
        (row.profile.as_str(), row.name.as_str(), row.operator.as_str()),
        ("profile", "sent", "less-than-equals")
    );
    let candidate = &row.candidates[0];
    assert_eq!((candidate.right, candidate.inside, candidate.wrong), (3, 1, 6));
    let parts = |p: Option<Proportion>| p.map(|p| (p.successes, p.trials));
    assert_eq!(parts(candidate.quality.precision), Some((3, 9)));
    assert_eq!(parts(candidate.quality.recall), Some((2, 3)));
    // Six devices are healthy: all but 0, 1, 2 and 4. Device 3 and two of the others rang.
    assert_eq!(parts(candidate.false_positive_rate), Some((3, 6)));
    let latency = candidate.latency.as_ref().expect("two were detected");
    assert_eq!((latency.count, latency.min, latency.max), (2, Millis::minutes(10), Millis::minutes(70)));
    // Six false alarms in two days on ten devices.
    let rates = &candidate.false_alarms;
    assert_eq!(rates.per_day.map(|rate| rate.value), Some(3.0));
    assert_eq!(rates.per_1000_device_days.map(|rate| rate.value), Some(300.0));
    assert_eq!((candidate.classes[0].wrong, parts(candidate.classes[0].recall)), (6, Some((2, 3))));
    let attacks: Vec<_> = candidate.attacks.iter().map(|row| (row.attack.as_str(), parts(row.recall))).collect();
    assert_eq!(attacks, [("leak", Some((2, 3)))]);
}

#[test]
fn who_is_not_watched_counts_neither_way() {
    let mut fixture = fixture();
    fixture.outcome.behaviors[0].covers = std::iter::once(1..10).collect();
    let sweep = score(&fixture.outcome, &[planned(&[60])], &[trial(&[(1, 70)], (0, 0))]);
    let candidate = &sweep.behaviors[0].candidates[0];
    let parts = |p: Option<Proportion>| p.map(|p| (p.successes, p.trials));
    assert_eq!(parts(candidate.quality.recall), Some((1, 2)));
    assert_eq!(parts(candidate.false_positive_rate), Some((0, 6)));
}

#[test]
fn over_no_attack_there_is_no_recall() {
    let mut fixture = Fixture::new(10, 1);
    fixture.behavior("sent", SENT);
    let sweep = score(&fixture.outcome, &[planned(&[60])], &[trial(&[], (0, 0))]);
    let candidate = &sweep.behaviors[0].candidates[0];
    assert_eq!((candidate.quality.recall, candidate.quality.precision), (None, None));
    assert!(candidate.latency.is_none() && candidate.on_front);
}

#[test]
fn the_front_by_hand() {
    // 40: sees all, 4 false alarms. 60: sees two, 1 false alarm. 80: sees two, 2 false alarms: beaten by 60. 99: sees
    // nobody, rings never: nothing has fewer false alarms.
    let trials = [
        trial(&[(0, 70), (1, 70), (2, 70)], (4, 4)),
        trial(&[(0, 70), (1, 70)], (1, 1)),
        trial(&[(0, 70), (1, 70)], (2, 1)),
        trial(&[], (0, 0)),
    ];
    let sweep = score(&fixture().outcome, &[planned(&[40, 60, 80, 99])], &trials);
    let front: Vec<bool> = sweep.behaviors[0].candidates.iter().map(|candidate| candidate.on_front).collect();
    assert_eq!(front, [true, true, false, true]);
    // 40: precision 3/7, recall 1, F1 0.6. 60: precision 2/3, recall 2/3, F1 2/3. 99: no F1.
    assert_eq!(sweep.behaviors[0].best(2), [1, 0]);
    assert_eq!(sweep.behaviors[0].best(9), [1, 0, 3]);
}

#[test]
fn a_behavior_is_found_by_its_place_in_its_profile() {
    let mut fixture = fixture();
    fixture.behavior("other", "aws:all-bytes-out").behavior("sent", SENT);
    fixture.outcome.behaviors[2].profile = "second".into();
    fixture.outcome.behaviors[2].covers = std::iter::once(0..1).collect();
    let plan = Planned { profile: 1, profile_name: "second".into(), ..planned(&[60]) };
    let sweep = score(&fixture.outcome, &[plan], &[trial(&[(0, 70)], (0, 0))]);
    assert_eq!(sweep.behaviors[0].profile, "second");
    assert_eq!(sweep.behaviors[0].candidates[0].quality.recall.map(|recall| recall.trials), Some(1));
}

#[test]
fn a_detection_limit_by_hand() {
    let swept = |episodes: &[(u32, i64)], loose: &[(u32, i64)]| {
        score(&fixture().outcome, &[planned(&[60, 10])], &[trial(episodes, (0, 0)), trial(loose, (0, 0))])
    };
    let all = [(0, 70), (1, 70), (2, 70)];
    // 60 sees everything from the third intensity on; that it also did at the first is luck. 10 always does.
    let sweeps = [swept(&all, &all), swept(&all[..2], &all), swept(&all, &all), swept(&all, &all)];
    let intensities = [0.25, 0.5, 1.0, 2.0].map(|factor| Intensity { factor, text: format!("{factor} B/s") });
    let limits = detection_limits(&sweeps[2], "leak", "rate", intensities.to_vec(), &sweeps);
    assert_eq!(limits.rows.iter().map(|row| row.limit).collect::<Vec<_>>(), [Some(2), Some(0)]);
    assert_eq!(limits.rows[0].recalls[1].map(|p| (p.successes, p.trials)), Some((2, 3)));
    let missed = [swept(&all[..1], &all)];
    let limits = detection_limits(&missed[0], "leak", "rate", intensities[..1].to_vec(), &missed);
    assert_eq!(limits.rows[0].limit, None);
    assert!(detection_limits(&missed[0], "probe", "rate", intensities[..1].to_vec(), &missed).rows.is_empty());
}

proptest! {
    /// The front is never empty, nobody on it is beaten by anybody, and whoever is off it is beaten by somebody on it.
    #[test]
    fn the_front_is_what_nobody_beats(
        worlds in prop::collection::vec((prop::collection::vec((0u32..3, 60i64..200), 0..4), 0u64..4), 1..12),
    ) {
        let thresholds: Vec<u64> = (0..worlds.len() as u64).collect();
        let trials: Vec<Trial> = worlds.iter().map(|(episodes, elsewhere)| trial(episodes, (*elsewhere, 0))).collect();
        let sweep = score(&fixture().outcome, &[planned(&thresholds)], &trials);
        let candidates = &sweep.behaviors[0].candidates;
        let beats = |a: &CandidateScore, b: &CandidateScore| {
            let pairs = a.merits().into_iter().zip(b.merits());
            pairs.clone().all(|(a, b)| a >= b) && pairs.into_iter().any(|(a, b)| a > b)
        };
        prop_assert!(candidates.iter().any(|candidate| candidate.on_front));
        for candidate in candidates {
            let mut beaten = candidates.iter().filter(|other| beats(other, candidate));
            let fair = if candidate.on_front { beaten.next().is_none() } else { beaten.any(|other| other.on_front) };
            prop_assert!(fair);
        }
    }
}

fn of_the_gallery(name: &str) -> Scenario {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
    let loaded = sim::scenario::load(&path, &[], &sim::scenario::LoadOptions::default());
    loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario
}

/// What a candidate's blocks make of the scenario.
fn named(scenario: &Scenario, blocks: &[(&str, [Option<&str>; 2])]) -> Result<Vec<Loop>, Vec<String>> {
    let block = |(name, [threshold, datapoints]): &(&str, [Option<&str>; 2])| Block {
        behavior: (*name).to_owned(),
        threshold: threshold.map(str::to_owned),
        datapoints: datapoints.map(str::to_owned),
        ..Block::default()
    };
    let behavior = blocks.iter().map(block).collect();
    Loop::named(scenario, &[Named { name: "tight".to_owned(), behavior }])
}

#[test]
fn a_named_candidate_changes_what_it_says_and_nothing_else() {
    let scenario = of_the_gallery("first-light.toml");
    let blocks = [("QuietDevices/MessagesSent", [Some("21"), Some("3")]), ("Cameras/MessagesSent", [Some("99"), None])];
    let loops = named(&scenario, &blocks);
    let [tight] = &loops.expect("it is right")[..] else { panic!("one candidate") };
    let behaviors = |of: &Scenario| -> Vec<(String, wire::Behavior)> {
        let profiles = of.profiles.iter().map(|profile| profile.request.clone());
        let named = profiles.map(|request| (request.security_profile_name, request.behaviors.expect("behaviors")));
        named.flat_map(|(name, rows)| rows.into_iter().map(move |row| (name.clone(), row))).collect()
    };
    let mut expected = behaviors(&scenario);
    for (profile, row) in expected.iter_mut().filter(|(_, row)| row.name == "MessagesSent") {
        let criteria = row.criteria.as_mut().expect("criteria");
        let value = criteria.value.as_mut().expect("a value");
        if profile == "QuietDevices" {
            value.count = Some(21.into());
            criteria.consecutive_datapoints_to_alarm = Some(3);
        } else {
            value.count = Some(99.into());
        }
    }
    assert_ne!(expected, behaviors(&scenario));
    assert_eq!(behaviors(&tight.in_place(&scenario)), expected);
    assert_eq!(behaviors(&Loop::as_it_is().in_place(&scenario)), behaviors(&scenario));
}

#[test]
fn a_named_candidate_says_one_value_of_each() {
    let scenario = of_the_gallery("first-light.toml");
    let told = |blocks: &[(&str, [Option<&str>; 2])]| named(&scenario, blocks).expect_err("it is wrong").join("\n");
    assert!(told(&[("QuietDevices/MessagesSent", [Some("21,30"), None])]).contains("found 2 settings"));
    assert!(
        told(&[("QuietDevices/MessageSent", [Some("21"), None])]).contains("did you mean `QuietDevices/MessagesSent`?")
    );
    let twice = [("QuietDevices/MessagesSent", [Some("21"), None]), ("QuietDevices/MessagesSent", [Some("22"), None])];
    assert!(told(&twice).contains("changed twice"));
    assert!(told(&[]).contains("changes nothing"));
}

#[test]
fn a_candidate_is_found_by_what_it_says() {
    let plans = [planned(&[60, 40])];
    let said = |words: &str| Loop::saying(&plans, words).map(|loops| loops.len());
    assert_eq!(said("40 per 5m, 2 to clear"), Ok(1));
    assert_eq!(said("sent: 60 per 5m, 2 to clear"), Ok(1));
    assert!(
        said("40 per 5m, 3 to clear").expect_err("there is none").contains("did you mean `40 per 5m, 2 to clear`?")
    );
}

/// An intruder who listens for alarms would make the telemetry depend on thresholds.
#[test]
fn in_the_open_loop_no_stage_waits_for_an_alarm() {
    let scenario = of_the_gallery("heist.toml");
    let began = |scenario: &Scenario| {
        let run = sim::world::run(scenario, RunOptions::default(), &mut sim::world::Unobserved).expect("it runs");
        run.outcome.campaigns[0].stages.iter().map(|stage| stage.began.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(began(&scenario), [true, true, true, true]);
    assert_eq!(began(&open_loop(&scenario)), [true, true, true, false]);
}
