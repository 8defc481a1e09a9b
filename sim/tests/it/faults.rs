//! Faults of the defence: exactly off at nothing, nobody else's business, and what follows from them emerges.

use std::collections::BTreeSet;

use defender::time::{Millis, Timestamp};
use sim::event::{Event, EventKind, first_difference};
use sim::fault::{REGISTRY, Stage};
use sim::outcome::{ActKind, Outcome};
use sim::scenario::lock::Lock;
use sim::scenario::{FaultPlan, Scenario, Selector, load_text};
use sim::world::checkpoint::Saved;
use sim::world::{Run, RunOptions, Unobserved, resume, run};

use crate::attacks::{QUARANTINE, WORLD, attack, scenario_in};
use crate::checkpoint::{Keeper, assert_same, kept};

/// Everything that a fault can strike: attacks on messages and on bytes, a team, a responder, audits by schedule and by
/// hand.
fn world(added: &str) -> (Scenario, Lock) {
    let small = WORLD.replace("count = 500", "count = 60");
    let probing = attack("probing", 10, "3h", "authorization-probing = { rate = \"6/min\" }");
    let leak = attack("leak", 10, "3h", "exfiltration = { rate = \"2 KiB/s\", address = \"203.0.113.9\" }");
    let rest = r#"
[[team]]
name = "soc"
analysts = 4
triage = "5m"

[[responder]]
name = "quarantine"
when = { violation = { profile = "Watch", behaviors = ["Failures"] } }
team = "soc"
delay = "1m"
then = { mitigation = { action = "Quarantine" } }

[[responder]]
name = "function"
when = { violation = { profile = "Watch", behaviors = ["BytesOut"] } }
delay = "1m"
then = { mitigation = { action = "Quarantine" } }

[audit]
configuration = "audit.json"
on-demand = [{ at = "4h", checks = ["LOGGING_DISABLED_CHECK"] }]
"#;
    let audit = r#"
"audit.json" = '''
{ "roleArn": "arn:aws:iam::123456789012:role/audit",
  "auditCheckConfigurations": { "LOGGING_DISABLED_CHECK": { "enabled": true } } }
'''
"#;
    let text = small.replace("duration = \"1d\"", "duration = \"12h\"") + audit + &probing + &leak + rest + added;
    let loaded = load_text("world", &text).unwrap_or_else(|problems| panic!("{problems}"));
    (loaded.scenario, loaded.lock)
}

/// A fault with parameters as written, on all devices from two to six hours after the start.
fn fault(name: &str, parameters: &str, intensity: f64) -> FaultPlan {
    let text = format!(
        "[[fault]]\nname = \"{name}\"\nstart = \"2h\"\nduration = \"4h\"\nintensity = {intensity}\n{name} = {parameters}\n"
    );
    world(&text).0.faults.remove(0)
}

fn with(scenario: &Scenario, faults: Vec<FaultPlan>) -> Scenario {
    Scenario { faults, ..scenario.clone() }
}

fn play(scenario: &Scenario) -> Run {
    let options = RunOptions { threads: Some(1), telemetry: true, events: true, ..RunOptions::default() };
    run(scenario, options, &mut Unobserved).expect("it runs")
}

/// All events but those that say that an act began or ended.
fn events(run: &Run) -> Vec<Event> {
    let apart = |event: &&Event| !matches!(event.kind, EventKind::ActBegan | EventKind::ActEnded);
    kept(run).iter().filter(apart).copied().collect()
}

/// Every fault of the registry, for the same hours.
fn all(intensity: impl Fn(f64) -> f64) -> Vec<FaultPlan> {
    let (start, duration) = (Millis::hours(2), Millis::hours(4));
    REGISTRY.iter().map(|entry| entry.plan(start, duration, intensity(entry.intensity))).collect()
}

#[test]
fn at_intensity_zero_every_fault_is_exactly_off() {
    let (scenario, _) = world("");
    let without = play(&scenario);
    assert!(without.outcome.alarms.len() > 20 && !without.outcome.findings.is_empty(), "a quiet run proves little");
    for plan in all(|_| 0.0) {
        let name = plan.name.clone();
        let off = play(&with(&scenario, vec![plan]));
        assert_eq!(first_difference(kept(&without), kept(&off)), None, "{name}");
        assert_eq!(without.telemetry, off.telemetry, "{name}");
    }
}

/// The roads that reports, alerts, audits and responses take past a fault change nothing by themselves.
#[test]
fn a_fault_that_never_strikes_changes_nothing() {
    let (scenario, _) = world("");
    let (without, idle) = (play(&scenario), play(&with(&scenario, all(|_| 1e-15))));
    assert_eq!(events(&without), events(&idle));
    assert_eq!(without.telemetry, idle.telemetry);
    assert_eq!(without.outcome.cases, idle.outcome.cases);
}

/// Every fault does something somewhere, or its place in the registry is a lie.
#[test]
fn every_fault_strikes_and_those_of_reports_leave_cloud_side_metrics_alone() {
    let (scenario, _) = world("");
    let mut scenario = with(&scenario, Vec::new());
    let responders = std::mem::take(&mut scenario.responders);
    let cloud_side = |outcome: &Outcome| {
        let device_side = ["BytesOut", "Destinations"];
        let watched = |behavior: u32| !device_side.contains(&outcome.behaviors[behavior as usize].name.as_str());
        let alarms = outcome.alarms.iter().filter(|alarm| watched(alarm.behavior));
        alarms.map(|alarm| (alarm.behavior, alarm.device, alarm.raised, alarm.ended)).collect::<Vec<_>>()
    };
    let without = play(&scenario);
    for plan in all(|_| 1.0).into_iter().filter(|plan| plan.entry.stage <= Stage::Ingestion) {
        let name = plan.name.clone();
        let struck = play(&with(&scenario, vec![plan]));
        assert_eq!(cloud_side(&without.outcome), cloud_side(&struck.outcome), "{name}");
        let act = struck.outcome.truth.iter().find(|act| act.category == ActKind::Fault).expect("in the ledger");
        let noticed = act.devices.iter().filter(|row| row.first_observable.is_some()).count();
        // Some strike a device once a day only.
        assert!(noticed >= 5, "{name}: {noticed} of 60");
        // A second delivery at once is refused, and shows nowhere (R-04).
        assert_eq!(without.telemetry == struck.telemetry, name == "report-duplication", "{name}");
    }
    scenario.responders = responders;
    let without = events(&play(&scenario));
    let elsewhere = ["job-stalled", "stale-fleet-index"];
    for plan in all(|_| 1.0).into_iter().filter(|plan| plan.entry.stage > Stage::Ingestion) {
        let name = plan.name.clone();
        if !elsewhere.contains(&&*name) {
            assert_ne!(without, events(&play(&with(&scenario, vec![plan]))), "{name}");
        }
    }
}

#[test]
fn a_fault_on_some_devices_leaves_all_others_as_they_were() {
    let (scenario, _) = world("");
    let without = play(&scenario);
    let mut plan = fault("report-loss", "{}", 0.5);
    plan.targets = Selector { count: Some(7), ..Selector::default() };
    let with = play(&with(&scenario, vec![plan]));
    let act = with.outcome.truth.iter().find(|act| act.name == "report-loss").expect("it is in the ledger");
    let (before, after) = (without.telemetry.expect("asked for"), with.telemetry.expect("asked for"));
    let changed: Vec<u32> = (0..60).filter(|device| before[*device as usize] != after[*device as usize]).collect();
    assert_eq!(changed, act.devices.iter().map(|row| row.device.0).collect::<Vec<_>>());
}

/// All faults at once; reports are in flight, channels in their bad state, responses held back at each checkpoint.
#[test]
fn a_run_with_faults_in_pieces_is_the_run_in_one_piece() {
    let table = |entry: &sim::fault::Entry| {
        let (name, parameters, half) = (entry.name, entry.examples[0], entry.intensity / 2.0);
        format!(
            "[[fault]]\nname = \"{name}\"\nstart = \"2h\"\nduration = \"4h\"\nintensity = {half}\n{name} = {parameters}\n"
        )
    };
    let faults: String = REGISTRY.iter().map(table).collect();
    let (scenario, lock) = world(&faults);
    let options =
        |threads| RunOptions { threads: Some(threads), telemetry: true, events: true, ..RunOptions::default() };
    let whole = run(&scenario, options(1), &mut Unobserved).expect("it runs");
    let mut keeper = Keeper::new(&lock, usize::MAX);
    let often = RunOptions { checkpoint_every: Some(Millis::hours(3)), ..options(3) };
    let other = run(&scenario, often, &mut keeper).expect("it runs");
    assert_eq!(first_difference(kept(&whole), kept(&other)), None);
    assert_eq!(keeper.files.len(), 3);
    for file in &keeper.files {
        let saved = Saved::read(file).expect("it was just written");
        let own = load_text("checkpoint", saved.lock()).expect("the lock is a scenario").scenario;
        assert_same(&whole, &resume(&own, saved, options(2), &mut Unobserved).expect("it goes on"));
    }
}

/// Runs the world with one fault at full strength.
fn under(name: &str, parameters: &str) -> Outcome {
    play(&with(&world("").0, vec![fault(name, parameters, 1.0)])).outcome
}

fn quiet() -> Outcome {
    play(&world("").0).outcome
}

fn hours_in(outcome: &Outcome, time: Timestamp) -> f64 {
    (time - outcome.header.start).as_seconds_f64() / 3_600.0
}

/// R-04, CH-93: a report less than 300 s after the last accepted one is refused. 60 devices, 48 intervals of 4 hours.
#[test]
fn a_fast_clock_costs_every_other_report() {
    let reports = |outcome: &Outcome| outcome.tally.reports;
    let all = reports(&quiet());
    let lost = all - reports(&under("clock-drift", "{ ppm = 1000 }"));
    assert!(lost.abs_diff(60 * 24) <= 120, "{lost}");
    let lost = all - reports(&under("clock-drift", "{ ppm = 1000, direction = \"slow\" }"));
    assert!(lost <= 60, "{lost}");
    // A second delivery at once is refused; six minutes later it counts, and the report after it is refused.
    assert_eq!(reports(&under("report-duplication", "{}")), all);
}

/// R-15, D-44: a report without amounts is no datapoint of them.
#[test]
fn after_an_upgrade_the_first_report_has_no_amounts() {
    let datapoints = |outcome: &Outcome, behavior: &str| {
        outcome.behaviors.iter().find(|row| row.name == behavior).expect("there is such a behavior").datapoints
    };
    let (without, upgraded) = (quiet(), under("agent-upgrade", "{ pause = \"10m\" }"));
    let missing = |behavior| datapoints(&without, behavior) - datapoints(&upgraded, behavior);
    assert_eq!(missing("BytesOut") - missing("Destinations"), 60);
}

#[test]
fn alarms_that_a_fault_raises_are_on_metrics_it_says_it_disturbs() {
    let long = FaultPlan { duration: Millis::hours(9), ..fault("cumulative-counters", "{}", 1.0) };
    let outcome = play(&with(&world("").0, vec![long])).outcome;
    let act = outcome.truth.iter().find(|act| act.category == ActKind::Fault).expect("it is in the ledger");
    let raised = outcome.alarms.iter().filter(|alarm| (2.0..11.0).contains(&hours_in(&outcome, alarm.raised)));
    let wrong = raised.filter(|alarm| outcome.behaviors[alarm.behavior as usize].name == "BytesOut");
    let wrong: BTreeSet<_> = wrong.map(|alarm| alarm.device).collect();
    assert!(wrong.len() > 40, "counters of nine hours exceed the limit of five minutes: {}", wrong.len());
    assert!(act.disturbs.contains(&"aws:all-bytes-out".to_owned()));
}

#[test]
fn lost_alerts_are_told_to_nobody_and_late_ones_later() {
    let lost = under("notification-lost", "{}");
    let during = |outcome: &Outcome, alarm: &sim::outcome::Alarm| (2.0..5.9).contains(&hours_in(outcome, alarm.raised));
    assert!(lost.alarms.iter().any(|alarm| during(&lost, alarm)));
    assert!(lost.alarms.iter().filter(|alarm| during(&lost, alarm)).all(|alarm| alarm.notified.is_none()));
    assert!(lost.mitigations.is_empty() && !quiet().mitigations.is_empty());
    let late = under("notification-late", "{ delay = \"1h\" }");
    let delays = late.alarms.iter().filter(|alarm| during(&late, alarm)).filter_map(|a| Some(a.notified? - a.raised));
    assert!(delays.into_iter().all(|delay| delay == Millis::HOUR + Millis::seconds(36)));
}

#[test]
fn audits_come_late_or_not_at_all() {
    let looked = |outcome: &Outcome| outcome.findings.first().map(|finding| hours_in(outcome, finding.time));
    assert_eq!(looked(&quiet()), Some(4.0));
    assert_eq!(looked(&under("audit-late", "{ delay = \"90m\" }")), Some(5.5));
    let canceled = under("audit-canceled", "{}");
    assert_eq!((canceled.audits.len(), canceled.audits[0].checks.len(), looked(&canceled)), (1, 0, None));
    assert!(canceled.timeline.iter().any(|row| row.text == "on-demand audit: canceled"));
}

#[test]
fn while_nobody_is_there_alerts_wait_and_afterwards_the_queue_is_worked_off() {
    let outcome = under("responders-absent", "{}");
    assert!(!outcome.cases.is_empty());
    for case in outcome.cases.iter().filter(|case| (2.0..6.0).contains(&hours_in(&outcome, case.arrived))) {
        assert!(case.taken.is_some_and(|taken| hours_in(&outcome, taken) >= 6.0), "{case:?}");
        assert!(case.decided.is_some());
    }
    assert!(outcome.mitigations.iter().all(|row| hours_in(&outcome, row.started) >= 6.0));
}

#[test]
fn a_throttled_or_failing_api_leaves_devices_unremediated() {
    for (name, error) in [("mitigation-throttled", "ThrottlingException"), ("mitigation-failing", "InternalFailure")] {
        let outcome = under(name, "{}");
        let early = outcome.mitigations.iter().filter(|row| hours_in(&outcome, row.started) < 6.0);
        let early: Vec<_> = early.collect();
        assert!(early.len() >= 20, "{name}: {}", early.len());
        for row in early {
            assert_eq!(row.status, "FAILED");
            assert!(row.error.as_ref().is_some_and(|text| text.starts_with(error)), "{row:?}");
        }
    }
}

/// The account has the change at once, the broker when the fault ends; then all of it has taken hold.
#[test]
fn what_the_broker_held_back_takes_hold_when_the_fault_ends() {
    for name in ["enforcement-lag", "mitigation-partial"] {
        let outcome = under(name, "{}");
        let rows: Vec<_> = outcome.mitigations.iter().filter(|row| row.status == "SUCCESSFUL").collect();
        assert!(rows.len() >= 20, "{name}: {}", rows.len());
        for row in rows.iter().filter(|row| row.effective.is_some()) {
            assert!(row.effective.is_some_and(|at| hours_in(&outcome, at) >= 6.0), "{name}: {row:?}");
        }
        // A device that two responders put away has one effect.
        assert!(rows.iter().filter(|row| row.effective.is_some()).count() >= 15, "{name}");
    }
}

/// A profile for whoever is in quarantine covers a device as soon as the index knows that it is there.
#[test]
fn a_stale_index_keeps_devices_out_of_the_profiles_of_their_new_groups() {
    let profile = r#"
"locked-up.json" = '''
{ "securityProfileName": "LockedUp", "behaviors": [
  { "name": "Refused", "metric": "aws:num-authorization-failures", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 0 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } } ] }
'''
"#;
    let attach = "[[profile]]\ndocument = \"locked-up.json\"\ntargets = \"thinggroup/quarantine\"\n";
    let probing = attack("probing", 10, "8h", "authorization-probing = { rate = \"6/min\" }");
    let scenario = scenario_in(WORLD, &format!("{profile}{attach}{probing}{QUARANTINE}"));
    let first = |faults: Vec<FaultPlan>| {
        let outcome = play(&with(&scenario, faults)).outcome;
        let refused = outcome.behaviors.iter().position(|row| row.name == "Refused").expect("it is watched");
        let of_it = outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == refused);
        let hours: Vec<f64> = of_it.map(|alarm| hours_in(&outcome, alarm.raised)).collect();
        assert!(hours.len() >= 10, "{hours:?}");
        hours.into_iter().fold(f64::INFINITY, f64::min)
    };
    assert!(first(Vec::new()) < 2.5, "at once");
    let stale = first(vec![fault("stale-fleet-index", "{}", 1.0)]);
    assert!((6.0..6.5).contains(&stale), "when the index is fresh again: {stale}");
}

const SWARM: &str = "[chaos.swarm]\nat-least = 3\nat-most = 6\nweakest = 0.2\nstrongest = 0.6\nfrom = \"1h\"\nuntil = \"8h\"\nshortest = \"30m\"\nlongest = \"2h\"\n";

#[test]
fn a_swarm_is_drawn_by_the_seed_within_its_bounds() {
    let text =
        |seed: u64| WORLD.replace("seed = 11", &format!("seed = {seed}")).replace("count = 500", "count = 20") + SWARM;
    let mut mixes = BTreeSet::new();
    for seed in 0..40 {
        let loaded = load_text("swarm", &text(seed)).unwrap_or_else(|problems| panic!("{problems}"));
        let faults = &loaded.scenario.faults;
        assert!((3..=6).contains(&faults.len()), "seed {seed}: {}", faults.len());
        assert_eq!(loaded.drawn.len(), faults.len());
        for fault in faults {
            let end = fault.start + fault.duration;
            assert!(fault.start >= Millis::HOUR && end <= Millis::hours(8), "{fault:?}");
            assert!((Millis::minutes(30)..=Millis::hours(2)).contains(&fault.duration), "{fault:?}");
            assert!((0.2..=0.6).contains(&fault.intensity), "{fault:?}");
        }
        mixes.insert(faults.iter().map(|fault| fault.entry.name).collect::<Vec<_>>());
    }
    assert!(mixes.len() > 30, "forty seeds draw {} mixes", mixes.len());
}

#[test]
fn the_lock_of_a_swarm_repeats_what_was_drawn() {
    let text = WORLD.replace("count = 500", "count = 60").replace("duration = \"1d\"", "duration = \"12h\"") + SWARM;
    let loaded = load_text("swarm", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let lock = loaded.lock.to_toml("0", None);
    assert!(!lock.contains("swarm]") && lock.contains("[[fault]]"), "{lock}");
    let again = load_text("lock", &lock).unwrap_or_else(|problems| panic!("{problems}\n{lock}"));
    assert!(again.drawn.is_empty(), "nothing is drawn twice");
    let (first, second) = (play(&loaded.scenario), play(&again.scenario));
    assert_eq!(first_difference(kept(&first), kept(&second)), None);
    assert_eq!(first.telemetry, second.telemetry);
}

#[test]
fn what_is_wrong_with_a_swarm_or_a_fault_is_told_with_its_place() {
    let told = |added: &str| {
        let text = format!("{WORLD}{added}");
        let problems = load_text("bad.toml", &text).map(|loaded| loaded.drawn).expect_err("it cannot be read");
        problems.to_string()
    };
    let swarm = told("[chaos.swarm]\nat-least = 4\nat-most = 2\nkinds = [\"report-lost\"]\nweakest = 2\n");
    assert!(swarm.contains("at-least must not exceed at-most"), "{swarm}");
    assert!(swarm.contains("no fault is named `report-lost`\nhelp: did you mean `report-loss`?"), "{swarm}");
    assert!(swarm.contains("weakest must"), "{swarm}");
    let late = told("[chaos.swarm]\nuntil = \"3d\"\n");
    assert!(late.contains("a swarm must lie between the run's start and its end"), "{late}");
    let fault = told("[[fault]]\nname = \"f\"\nstart = \"1h\"\nduration = \"2d\"\nintensity = 1.5\nreport-los = {}\n");
    assert!(fault.contains("no fault is named `report-los`\nhelp: did you mean `report-loss`?"), "{fault}");
    assert!(fault.contains("intensity must") && fault.contains("the run lasts"), "{fault}");
}
