//! Same scenario and seed, same bits: for any number of threads, and whatever happens to other devices.

use std::path::Path;

use sim::event::EventLog;
use sim::scenario::{AttackPlan, LoadOptions, Scenario, Selector, load};
use sim::world::{Run, RunOptions, Unobserved, run};

/// First light in small: every road of the world is taken.
fn first_light(devices: u32) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/first-light.toml");
    let options = LoadOptions { devices: Some(devices), ..LoadOptions::default() };
    load(&path, &[], &options).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

fn play(scenario: &Scenario, threads: usize) -> Run {
    let options = RunOptions { threads: Some(threads), telemetry: true, ..RunOptions::default() };
    run(scenario, options, &mut Unobserved).expect("a scenario that loads runs")
}

/// On a difference, names the first diverging event with its simulated time.
fn assert_same(left: &EventLog, right: &EventLog) {
    if let Some((position, left, right)) = left.first_difference(right) {
        let show = |event: Option<sim::event::Event>| event.map_or("nothing".to_owned(), |event| event.to_string());
        panic!("event {position} differs: {} against {}", show(left), show(right));
    }
    assert_eq!(left.digest(), right.digest());
}

/// The devices whose telemetry differs.
fn changed(left: &Run, right: &Run) -> Vec<usize> {
    let (left, right) = (left.telemetry.as_ref().expect("asked for"), right.telemetry.as_ref().expect("asked for"));
    (0..left.len().min(right.len())).filter(|device| left[*device] != right[*device]).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let scenario = first_light(3_000);
    let reference = play(&scenario, 1);
    assert!(reference.outcome.alarms.len() > 50, "a run without alarms proves little");
    assert!(!reference.outcome.jobs.is_empty() && !reference.outcome.findings.is_empty());
    for threads in [1, 2, 3, 8] {
        let other = play(&scenario, threads);
        assert_same(&reference.log, &other.log);
        assert_eq!(changed(&reference, &other), [0usize; 0]);
        assert_eq!(
            serde_json::to_string(&reference.outcome).expect("plain data"),
            serde_json::to_string(&other.outcome).expect("plain data")
        );
    }
}

#[test]
fn an_attack_on_one_device_leaves_all_others_as_they_were() {
    let scenario = first_light(3_000);
    let mut attacked = scenario.clone();
    attacked.attacks.push(AttackPlan {
        name: "one more".to_owned(),
        targets: Selector { classes: vec!["gateway".to_owned()], count: Some(1), ..Selector::default() },
        ..scenario.attacks[0].clone()
    });
    let (before, after) = (play(&scenario, 2), play(&attacked, 2));
    let act = after.outcome.truth.iter().find(|act| act.name == "one more").expect("it is in the ledger");
    assert_eq!(changed(&before, &after), [act.devices[0].device.0 as usize]);
}

#[test]
fn another_behavior_leaves_all_telemetry_as_it_was() {
    let scenario = first_light(3_000);
    let mut observed = scenario.clone();
    let behaviors = observed.profiles[0].request.behaviors.as_mut().expect("it has behaviors");
    let mut more = behaviors[0].clone();
    more.name = "OneMore".to_owned();
    behaviors.push(more);
    let (before, after) = (play(&scenario, 2), play(&observed, 2));
    assert_eq!(after.outcome.behaviors.len(), before.outcome.behaviors.len() + 1);
    assert_eq!(changed(&before, &after), [0usize; 0]);
}

#[test]
fn devices_added_at_the_end_of_a_class_leave_all_others_as_they_were() {
    let mut scenario = first_light(2_000);
    scenario.attacks.clear();
    scenario.confounders.clear();
    let mut larger = scenario.clone();
    let last = larger.classes.last_mut().expect("there are classes");
    last.count += 100;
    last.cohorts.last_mut().expect("a class has a cohort").count += 100;
    let (before, after) = (play(&scenario, 2), play(&larger, 2));
    assert_eq!(changed(&before, &after), [0usize; 0]);
    assert_eq!(after.telemetry.as_ref().map(Vec::len), before.telemetry.as_ref().map(|all| all.len() + 100));
}

/// What devices did, by their names: class and number.
fn by_name<'a>(scenario: &'a Scenario, run: &'a Run) -> std::collections::BTreeMap<(&'a str, u32), u64> {
    let names = scenario.classes.iter().flat_map(|class| (0..class.count).map(|number| (class.name.as_str(), number)));
    names.zip(run.telemetry.as_ref().expect("asked for").iter().copied()).collect()
}

#[test]
fn classes_in_another_order_do_the_same() {
    let mut scenario = first_light(2_000);
    scenario.attacks.clear();
    scenario.campaigns.clear();
    scenario.confounders.clear();
    let mut turned = scenario.clone();
    turned.classes.reverse();
    // Where a responder reaches a device decides which devices are told first, and that may be another one.
    scenario.responders.clear();
    turned.responders.clear();
    let (before, after) = (play(&scenario, 2), play(&turned, 2));
    assert_eq!(by_name(&scenario, &before), by_name(&turned, &after));
    assert_eq!(before.outcome.alarms.len(), after.outcome.alarms.len());
}

#[test]
fn sections_in_another_order_leave_telemetry_as_it_was() {
    let scenario = first_light(2_000);
    let mut turned = scenario.clone();
    turned.policies.reverse();
    turned.authorities.reverse();
    turned.confounders.reverse();
    turned.attacks.reverse();
    turned.mitigation_actions.reverse();
    let (before, after) = (play(&scenario, 2), play(&turned, 2));
    assert!(scenario.attacks.len() > 1 && scenario.policies.len() > 1, "one section alone has no order");
    assert_eq!(changed(&before, &after), [0usize; 0]);
}

#[test]
fn another_seed_is_another_world() {
    let scenario = first_light(1_000);
    let other = Scenario { seed: scenario.seed + 1, ..scenario.clone() };
    assert_ne!(play(&scenario, 2).outcome.header.digest, play(&other, 2).outcome.header.digest);
}

/// A change of this digest means that the world is different: say why in the commit message.
#[test]
fn golden_digest() {
    let run = play(&first_light(1_000), 2);
    assert_eq!(run.outcome.header.digest, "997bbd10557bbfafc3ecc280a6278d62f0e338c4de122402168ff8f29b280c31");
}
