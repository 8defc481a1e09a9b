//! The gallery: `scenarios/` can be read, loads without a warning, and stays small. What each scenario claims is in its
//! `[expect]`, for `fleetrange test scenarios`.

use std::path::PathBuf;

use defender::detect::alarm::ViolationEventType;
use defender::time::Millis;
use sim::outcome::{Act, ActKind, Alarm, Outcome};
use sim::scenario::{LoadOptions, load};
use sim::world::{RunOptions, Unobserved, run};

use crate::loading::scenarios;

fn gallery() -> Vec<PathBuf> {
    let files = std::fs::read_dir(scenarios()).expect("it is there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_loads_tells_what_it_shows_and_is_small() {
    let files = gallery();
    assert!(files.len() >= 24, "{}", files.len());
    for path in files {
        let shown = path.display();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let header = text.lines().skip(1).take_while(|line| line.starts_with('#')).count();
        assert!(header >= 3, "{shown} does not tell what it shows");
        let loaded = load(&path, &[], &LoadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
        // Some are of another kind: everything at full size, a broken defence, documents that need leniency, models
        // that learn for weeks.
        let others =
            ["first-light.toml", "bad-week.toml", "source-document.toml", "ml-levels.toml", "ml-poisoning.toml"];
        if !others.iter().any(|name| path.ends_with(name)) {
            assert_eq!(loaded.warnings.to_string(), "", "{shown}");
            assert!(loaded.scenario.devices() <= 3_000 && loaded.scenario.duration <= Millis::days(7), "{shown}");
            assert!(!loaded.scenario.expectations.is_empty() && text.contains("# Look for:"), "{shown}");
        }
    }
}

fn outcome(name: &str) -> Outcome {
    let loaded =
        load(&scenarios().join(name), &[], &LoadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    run(&loaded.scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome
}

fn alarms<'a>(outcome: &'a Outcome, behavior: &str) -> Vec<&'a Alarm> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("there is such a behavior");
    outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).collect()
}

fn self_inflicted(outcome: &Outcome) -> &Act {
    outcome.truth.iter().find(|act| act.category == ActKind::SelfInflicted).expect("we did something ourselves")
}

#[test]
fn a_blank_policy_raises_authorization_failures_that_we_inflicted_ourselves() {
    let outcome = outcome("blank-policy.toml");
    let (alarms, ours) = (alarms(&outcome, "AuthorizationFailures"), self_inflicted(&outcome));
    assert!(alarms.len() > 900, "{}", alarms.len());
    let inflicted = |alarm: &&&Alarm| {
        ours.devices
            .iter()
            .any(|row| row.device == alarm.device && row.onset <= alarm.raised && alarm.raised <= row.end)
    };
    let explained = alarms.iter().filter(inflicted).count();
    assert!(explained * 100 >= alarms.len() * 99, "{explained} of {}", alarms.len());
}

/// D-60: an alarm of a device without a datapoint for more than two days is invalidated.
#[test]
fn an_expired_certificate_silences_a_device_and_its_alarm_is_invalidated_after_two_days() {
    let outcome = outcome("stale-alarm.toml");
    let leak = outcome.truth.iter().find(|act| act.name == "leak").expect("it is in the ledger");
    let alarms = alarms(&outcome, "Sent");
    assert_eq!(leak.devices.len(), 20);
    for row in &leak.devices {
        let silent = row.contained.expect("the end of the certificate stops what goes through the broker");
        let alarm = alarms.iter().rfind(|alarm| alarm.device == row.device).expect("each of them is seen");
        let (ended, how) = alarm.ended.expect("the run lasts long enough");
        assert_eq!(how, ViolationEventType::AlarmInvalidated);
        assert!(ended - silent > Millis::days(2) && ended - silent <= Millis::days(2) + Millis::minutes(10));
    }
}

#[test]
fn deactivating_a_shared_certificate_cuts_off_its_innocent_sharers() {
    let outcome = outcome("shared-certificate.toml");
    let named: std::collections::BTreeSet<_> = outcome.findings.iter().filter_map(|finding| finding.device).collect();
    let cut: std::collections::BTreeSet<_> = self_inflicted(&outcome).devices.iter().map(|row| row.device).collect();
    assert_eq!((named.len(), cut.len()), (10, 40), "a finding names one of four");
    assert!(named.is_subset(&cut));
}

/// Devices that a fault keeps from their jobs rotate their certificates when it ends, unless they have fallen silent.
#[test]
fn a_stalled_job_goes_on_when_the_fault_ends_and_costs_those_who_fell_silent_before() {
    let loaded = load(&scenarios().join("certificate-rotation.toml"), &[], &LoadOptions::default());
    let scenario = loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let stalled_for = |hours: i64| {
        let entry = sim::fault::entry("job-stalled").expect("it is registered");
        let faults = vec![entry.plan(Millis(0), Millis::hours(hours), 1.0)];
        let scenario = sim::scenario::Scenario { faults, ..scenario.clone() };
        let outcome = run(&scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome;
        let job = outcome.jobs.first().expect("one is started").clone();
        let (minute, _) = *job.progress.first().expect("in the end they rotate");
        (job.created - outcome.header.start + Millis::minutes(i64::from(minute)), job)
    };
    let (first, job) = stalled_for(60);
    assert!(job.ended.is_some(), "the end of a job is told, though nothing is due after it");
    assert!(first >= Millis::hours(60) && first < Millis::hours(61), "{first}");
    assert_eq!((job.rotated_in_time, job.rotated_late), (job.targets, 0), "the first certificate ends after 78 hours");
    let (first, job) = stalled_for(84);
    assert!(first >= Millis::hours(84), "{first}");
    // Whoever's certificate has ended by then is not told of its job.
    assert!((1..job.targets).contains(&job.rotated_in_time) && job.outage > Millis(0), "{job:?}");
}

#[test]
fn a_function_that_runs_once_at_a_time_leaves_a_part_unremediated() {
    let path = scenarios().join("broker-exfiltration.toml");
    let text = std::fs::read_to_string(&path).expect("it can be read");
    let slow = text.replace("delay = \"2m\"", "delay = \"2m\"\nfunction = { runtime = \"2h\", concurrency = 1 }");
    let throttled = scenarios().join("broker-exfiltration-throttled.tmp");
    std::fs::write(&throttled, slow).expect("it can be written");
    let loaded = load(&throttled, &[], &LoadOptions::default());
    std::fs::remove_file(&throttled).expect("it was just written");
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    let outcome = run(&loaded.scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome;
    let leak = outcome.truth.iter().find(|act| act.name == "leak").expect("it is in the ledger");
    let contained = leak.devices.iter().filter(|row| row.contained.is_some()).count();
    // One every two hours of a day, of twenty.
    assert!((10..=12).contains(&contained), "{contained} of {}", leak.devices.len());
}
