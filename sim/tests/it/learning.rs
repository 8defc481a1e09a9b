//! ML behaviors in a simulated fleet: the life of a model, what it learns and when, and that it makes the same bits.

use defender::time::{Millis, Timestamp};
use sim::event::EventKind;
use sim::outcome::Alarm;
use sim::scenario::{Scenario, load_text};
use sim::world::checkpoint::Saved;
use sim::world::trial::{Candidate, run_with};
use sim::world::{Run, RunOptions, Unobserved, resume, run};

use crate::attacks::{WORLD, attack, scenario_in};
use crate::checkpoint::{Keeper, assert_same, kept};

/// Thermostats that are watched by three ML behaviors.
fn world(devices: u32, start: &str, duration: &str, history: &str) -> String {
    let (rest, _) = WORLD.split_once("\"profile.json\" = '''").expect("the world has a profile");
    let learned = |name: &str, metric: &str, level: &str| {
        format!(
            r#"{{ "name": "{name}", "metric": "{metric}", "criteria": {{ "mlDetectionConfig": {{ "confidenceLevel": "{level}" }} }} }}"#
        )
    };
    let behaviors = [
        learned("Sent", "aws:num-messages-sent", "LOW"),
        learned("Size", "aws:message-byte-size", "MEDIUM"),
        learned("BytesOut", "aws:all-bytes-out", "HIGH"),
    ];
    let rest = rest.replace("start = 2026-06-01T00:00:00Z", &format!("start = {start}"));
    let rest = rest.replace("duration = \"1d\"", &format!("duration = \"{duration}\""));
    let rest = rest.replace("count = 500", &format!("count = {devices}"));
    let rest = rest.replacen("[[class]]", &format!("[ml]\nhistory = \"{history}\"\n\n[[class]]"), 1);
    let profile = format!(r#"{{ "securityProfileName": "Learned", "behaviors": [{}] }}"#, behaviors.join(",\n"));
    format!("{rest}\"profile.json\" = '''\n{profile}\n'''\n")
}

fn scenario(text: &str) -> Scenario {
    load_text("world.toml", text).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

fn play(scenario: &Scenario, threads: usize) -> Run {
    let options = RunOptions { threads: Some(threads), telemetry: true, events: true, ..RunOptions::default() };
    run(scenario, options, &mut Unobserved).expect("it runs")
}

fn statuses(run: &Run) -> Vec<&str> {
    run.outcome.models.iter().map(|model| model.status.as_str()).collect()
}

/// The documentation's example: seven devices that are active all the time give 25,000 datapoints in fourteen days.
#[test]
fn d_ml3_d_ml5_seven_devices_are_enough_for_a_model_and_six_are_not() {
    for (devices, status, builds) in [(6, "PENDING_BUILD", 0), (7, "ACTIVE", 2)] {
        let run = play(&scenario(&world(devices, "2026-06-01T00:00:00Z", "1d", "14d")), 2);
        assert_eq!(statuses(&run)[0], status, "{devices} devices");
        let model = &run.outcome.models[0];
        assert_eq!((model.builds, model.datapoints), (builds, u64::from(devices) * 14 * 288));
        assert!(model.surrogate && model.model.contains("surrogate"), "{model:?}");
        assert_eq!(model.collecting_since, Some(run.outcome.header.start - Millis::days(14)));
        let judged = run.outcome.behaviors[0].datapoints;
        assert_eq!(judged, if builds == 0 { 0 } else { u64::from(devices) * 288 }, "{devices} devices");
        assert!(run.outcome.behaviors[0].criteria.contains("surrogate"));
    }
}

#[test]
fn d_ml4_d_ml8_without_enough_data_a_model_is_discontinued_after_thirty_days_of_retries() {
    let run = play(&scenario(&world(3, "2026-06-01T00:00:00Z", "45d", "0s")), 2);
    assert_eq!(statuses(&run), ["EXPIRED"; 3]);
    let expired: Vec<Timestamp> =
        kept(&run).iter().filter(|event| event.kind == EventKind::ModelExpired).map(|event| event.time).collect();
    assert_eq!(expired, [run.outcome.header.start + Millis::days(44); 3]);
    assert!(run.outcome.alarms.is_empty());
}

/// A fleet that was watched for fourteen days before the run is the fleet whose run began fourteen days earlier.
#[test]
fn history_is_what_the_fleet_would_have_done() {
    let long = play(&scenario(&world(40, "2026-06-01T00:00:00Z", "17d", "0s")), 2);
    let short = play(&scenario(&world(40, "2026-06-15T00:00:00Z", "3d", "14d")), 2);
    assert_eq!(statuses(&short), ["ACTIVE"; 3]);
    let since = short.outcome.header.start;
    assert!(long.outcome.alarms.iter().all(|alarm| alarm.raised > since), "no model is built before its time");
    let what = |alarms: &[Alarm]| alarms.iter().map(|a| (a.behavior, a.device, a.raised, a.ended)).collect::<Vec<_>>();
    assert!(short.outcome.alarms.len() > 5, "a quiet run proves little: {}", short.outcome.alarms.len());
    assert_eq!(what(&long.outcome.alarms), what(&short.outcome.alarms));
    let refreshed = |run: &Run| run.outcome.models.iter().map(|m| (m.refreshed, m.datapoints)).collect::<Vec<_>>();
    assert_eq!(refreshed(&long), refreshed(&short));
}

/// More than one shard, two threads and more, and in pieces: models are built alike.
#[test]
fn models_are_the_same_for_any_number_of_threads_and_after_a_checkpoint() {
    let attack = "[[attack]]\nname = \"more\"\nstart = \"20h\"\nduration = \"20h\"\ntargets = { count = 9 }\n\
                  custom = { metric = \"aws:num-messages-sent\", amount = 60 }\n";
    let text = world(1_300, "2026-06-01T00:00:00Z", "2d", "14d") + attack;
    let loaded = load_text("world.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = loaded.scenario;
    let whole = play(&scenario, 1);
    let seen = whole.outcome.alarms.iter().filter(|alarm| alarm.behavior == 0);
    let hit = &whole.outcome.truth[0].devices;
    let seen = seen.filter(|alarm| hit.iter().any(|part| part.device == alarm.device && alarm.raised > part.onset));
    assert!(seen.count() >= hit.len(), "all devices of the attack are seen");
    assert_same(&whole, &play(&scenario, 3));
    let mut keeper = Keeper::new(&loaded.lock, usize::MAX);
    let options =
        RunOptions { threads: Some(2), telemetry: true, events: true, checkpoint_every: Some(Millis::hours(30)) };
    assert_same(&whole, &run(&scenario, options, &mut keeper).expect("it runs"));
    assert_eq!(keeper.files.len(), 1);
    let saved = Saved::read(&keeper.files[0]).expect("it was just written");
    assert_same(&whole, &resume(&scenario, saved, options, &mut Unobserved).expect("it goes on"));
}

#[test]
fn history_needs_something_that_learns_from_it() {
    let text = WORLD.replacen("[[class]]", "[ml]\nhistory = \"14d\"\n\n[[class]]", 1);
    let problems = load_text("world.toml", &text).expect_err("nothing learns").to_string();
    assert!(problems.contains("history, and no ML behavior"), "{problems}");
}

#[test]
fn a_level_that_looks_on_raises_what_it_raises_in_a_run_of_its_own() {
    let leak = attack("leak", 3, "6h", "exfiltration = { rate = \"200 B/s\", message-size = \"1 KiB\" }");
    let scenario = scenario_in(&world(12, "2026-06-01T00:00:00Z", "1d", "14d"), &leak);
    let levels = ["LOW", "MEDIUM", "HIGH"];
    let with_level = |level: &str| {
        let mut scenario = scenario.clone();
        let behaviors = scenario.profiles[0].request.behaviors.as_mut().expect("behaviors");
        let config = behaviors[0].criteria.as_mut().expect("criteria").ml_detection_config.as_mut().expect("ML");
        config.confidence_level = Some(level.to_owned());
        scenario
    };
    let candidates = levels.map(|level| {
        let behaviors = with_level(level).profiles[0].request.behaviors.clone().expect("behaviors");
        let behavior = crate::trials::resolved(&behaviors[0]);
        Candidate { profile: 0, behavior }
    });
    let options = RunOptions { threads: Some(2), ..RunOptions::default() };
    let (base, trials) = run_with(&scenario, &candidates, options, &mut Unobserved).expect("it runs");
    assert_eq!(
        base.outcome.header.digest,
        run(&scenario, options, &mut Unobserved).expect("it runs").outcome.header.digest
    );
    for (level, trial) in levels.iter().zip(&trials) {
        let own = run(&with_level(level), options, &mut Unobserved).expect("it runs");
        assert_eq!(*trial, crate::trials::raised(&own.outcome, 0), "{level}");
    }
    assert!(!trials[2].episodes.is_empty(), "even the calmest sees the leak");
    assert_ne!(trials[0], trials[2], "levels differ");
}

#[test]
fn a_level_of_a_behavior_that_is_not_there_is_refused() {
    let mut scenario = scenario(&world(7, "2026-06-01T00:00:00Z", "1d", "14d"));
    let behaviors = scenario.profiles[0].request.behaviors.clone().expect("behaviors");
    let candidate = Candidate { profile: 0, behavior: crate::trials::resolved(&behaviors[0]) };
    scenario.profiles[0].request.behaviors.as_mut().expect("behaviors")[0].name = "Another".to_owned();
    let refused = run_with(&scenario, &[candidate], RunOptions::default(), &mut Unobserved).expect_err("no such name");
    assert!(refused.to_string().contains("`Learned` has no behavior `Sent`"), "{refused}");
}
