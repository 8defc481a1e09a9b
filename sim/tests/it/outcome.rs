//! What an outcome says about what nearly happened, and about who was never helped.

use defender::time::Millis;
use sim::outcome::{ActKind, DeviceId, Outcome};
use sim::scenario::{LoadOptions, load};
use sim::world::{RunOptions, Unobserved, run};

use crate::attacks::{WORLD, attack, outcome_in, truth};
use crate::loading::scenarios;

/// The small world with a behavior on messages that takes three datapoints to alarm.
fn patient_world() -> String {
    let eager = r#""value": { "count": 20 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1"#;
    WORLD.replacen(eager, &eager.replace("Alarm\": 1", "Alarm\": 3"), 1)
}

fn runs_of(outcome: &Outcome, behavior: &str) -> Vec<(DeviceId, u8)> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("there is such a behavior");
    let rows = outcome.crossings.iter().filter(|row| row.behavior as usize == position);
    rows.map(|row| (row.device, row.longest)).collect()
}

#[test]
fn an_attack_of_two_windows_is_two_datapoints_near_an_alarm() {
    for (duration, expected) in [("10m", 2), ("15m", 3), ("1h", 3)] {
        let custom = r#"custom = { metric = "aws:num-messages-sent", amount = 40 }"#;
        let outcome = outcome_in(&patient_world(), &attack("burst", 10, duration, custom));
        let devices = truth(&outcome, "burst").devices.iter().map(|part| (part.device, expected));
        assert_eq!(runs_of(&outcome, "Sent"), devices.collect::<Vec<_>>(), "{duration}");
        let alarms = outcome.alarms.iter().filter(|alarm| outcome.behaviors[alarm.behavior as usize].name == "Sent");
        assert_eq!(alarms.count(), if expected == 3 { 10 } else { 0 }, "{duration}");
    }
}

#[test]
fn an_attack_within_what_is_normal_leaves_no_crossing() {
    let custom = r#"custom = { metric = "aws:num-messages-sent", amount = 1 }"#;
    let outcome = outcome_in(&patient_world(), &attack("whisper", 10, "1h", custom));
    assert_eq!(runs_of(&outcome, "Sent"), []);
}

#[test]
fn certificates_that_are_never_rotated_count_as_outage_until_the_end() {
    let path = scenarios().join("first-light.toml");
    let failing = ("responder.rotate-certificates.then.rotate-certificates.failure".to_owned(), "100 %".to_owned());
    let options = LoadOptions { devices: Some(2_000), ..LoadOptions::default() };
    let loaded = load(&path, &[failing], &options).unwrap_or_else(|problems| panic!("{problems}"));
    let outcome = run(&loaded.scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome;
    let job = &outcome.jobs[0];
    assert_eq!((job.rotated_in_time, job.rotated_late), (0, 0));
    // The ledger counts the same in seconds, device by device.
    let defects = outcome.truth.iter().filter(|act| act.category == ActKind::Defect);
    let ledger: u64 = defects.flat_map(|act| act.devices.iter().map(|part| part.harm)).sum();
    let seconds = job.outage.0 / 1_000;
    assert!(job.outage > Millis::hours(24), "{seconds} s");
    assert!((seconds - ledger as i64).unsigned_abs() <= job.targets, "{seconds} s, the ledger says {ledger} s");
}

#[test]
fn an_outcome_survives_its_file_and_tells_when_it_was_tampered_with() {
    let custom = r#"custom = { metric = "aws:num-messages-sent", amount = 40 }"#;
    let outcome = outcome_in(WORLD, &attack("burst", 10, "1h", custom));
    assert_eq!(outcome.inconsistency(), None);
    let json = serde_json::to_value(&outcome).expect("plain data serializes");
    let back: Outcome = serde_json::from_value(json.clone()).expect("what was written reads back");
    assert_eq!(serde_json::to_value(&back).expect("plain data serializes"), json);
    let broken = |change: fn(&mut Outcome)| {
        let mut outcome = back.clone();
        change(&mut outcome);
        outcome.inconsistency().expect("it is told")
    };
    assert!(broken(|outcome| outcome.alarms[0].behavior = 99).contains("a behavior that no profile has"));
    assert!(broken(|outcome| outcome.alarms[0].device = DeviceId(500)).contains("a device that the fleet"));
    assert!(broken(|outcome| outcome.classes[0].devices = 0..499).contains("499 devices"));
    assert!(broken(|outcome| outcome.truth[0].devices.reverse()).contains("out of order"));
    assert!(broken(|outcome| outcome.crossings[0].act = 7).contains("an act that the ledger"));
    assert!(broken(|outcome| outcome.alarms[0].raised = outcome.header.end).contains("the alarms are out of order"));
}
