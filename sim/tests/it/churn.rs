//! Devices come and go, and their addresses change, in the whole world: registry, audits, Detect, checkpoints.

use std::collections::BTreeMap;

use defender::time::Millis;
use sim::event::EventKind;
use sim::outcome::{DeviceId, LifeRow, Outcome};
use sim::scenario::{AddressChurn, LoadOptions, Loaded, Scenario, load, load_text};
use sim::world::checkpoint::Saved;
use sim::world::{Run, RunOptions, Unobserved, resume, run};

use crate::attacks::{WORLD, attack};
use crate::checkpoint::{Keeper, assert_same};

const CHURN: &str = r#"
[class.churn]
joins = "0.05/d"
retirements = "0.05/d"
renames = "0.05/d"
certificate-left-active = "1/4"

[class.addresses]
on-reconnect = true
lifetime = "8h"
renewal = "1d"
"#;

const LOCKS: &str = r#"
[[class]]
name = "lock"
archetype = "lock"
count = 20
policies = ["device"]

[[class.cohort]]
name = "locks"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"
"#;

/// So many thermostats for four days, with something added to their class and after it.
fn text(count: u32, added: &str) -> String {
    let text =
        WORLD.replace("count = 500", &format!("count = {count}")).replace("duration = \"1d\"", "duration = \"4d\"");
    text.replace("\n[[profile]]", &format!("{added}\n[[profile]]"))
}

fn world_of(count: u32, added: &str) -> Loaded {
    load_text("world", &text(count, added)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Three hundred that come and go, and beside them twenty locks that nothing happens to.
fn world() -> Loaded {
    world_of(300, &format!("{CHURN}{LOCKS}"))
}

fn options(threads: usize) -> RunOptions {
    RunOptions { threads: Some(threads), telemetry: true, events: true, checkpoint_every: None }
}

fn play(scenario: &Scenario) -> Run {
    run(scenario, options(2), &mut Unobserved).expect("it runs")
}

fn by_name(run: &Run) -> BTreeMap<String, u64> {
    let names = (0..run.outcome.header.devices).map(|device| run.outcome.device_name(DeviceId(device)));
    names.zip(run.telemetry.clone().expect("asked for")).collect()
}

/// Whoever does not come or go does what it always did, whether others come and go or not; nor do addresses matter to
/// anything but connections.
#[test]
fn churn_moves_nobody_elses_dice() {
    let churned = world().scenario;
    let mut quiet = churned.clone();
    quiet.classes[0].churn = None;
    let mut still = quiet.clone();
    still.classes[0].addresses = AddressChurn::default();
    let (churned, quiet, still) = (play(&churned), play(&quiet), play(&still));
    let (before, after) = (by_name(&quiet), by_name(&churned));
    let concerned: Vec<String> =
        churned.outcome.lives.iter().map(|life| churned.outcome.device_name(life.device)).collect();
    let mut same = 0;
    for (name, hash) in &before {
        assert_eq!(after[name] == *hash, !concerned.contains(name), "{name}");
        same += usize::from(after[name] == *hash);
    }
    assert!(same > 150 && concerned.len() > 150, "{same} stay, {} come or go", concerned.len());
    let (before, after) = (by_name(&still), by_name(&quiet));
    let moved = before.iter().filter(|(name, hash)| after[*name] != **hash).count();
    assert_eq!(moved, 300, "addresses of thermostats change, of locks they do not");
    assert_eq!(still.outcome.tally.messages_sent, quiet.outcome.tally.messages_sent);
    assert!(quiet.outcome.lives.is_empty() && quiet.outcome.header.absent == Millis(0));
}

/// Every life begins and ends when it was drawn to, and what is not there says nothing.
#[test]
fn the_registry_follows_the_lives() {
    let run = play(&world().scenario);
    let Outcome { lives, header, .. } = &run.outcome;
    let events = |kind| run.events.iter().flatten().filter(move |event| event.kind == kind);
    let joined: Vec<_> = events(EventKind::Joined).map(|event| (event.subject, event.time)).collect();
    let left: Vec<_> = events(EventKind::Left).map(|event| (event.subject, event.time)).collect();
    let of = |time: fn(&LifeRow) -> Option<defender::time::Timestamp>| {
        let mut all: Vec<_> = lives.iter().filter_map(|life| Some((life.device.0, time(life)?))).collect();
        all.sort_by_key(|(_, time)| *time);
        all
    };
    assert_eq!(joined, of(|life| life.joined));
    assert_eq!(left, of(|life| life.left));
    let renamed = lives.iter().filter(|life| life.succeeds.is_some()).count();
    assert!(renamed > 30 && joined.len() > renamed + 30 && left.len() > renamed + 30);
    let names: Vec<String> = (0..header.devices).map(|device| run.outcome.device_name(DeviceId(device))).collect();
    for life in lives.iter().filter(|life| life.succeeds.is_some()) {
        let before = life.succeeds.expect("filtered");
        let (old, new) = (&names[before.0 as usize], &names[life.device.0 as usize]);
        assert!(new.starts_with(old.get(..17).expect("a name")), "{old} goes on as {new}");
    }
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    let absent: i64 = lives.iter().map(|life| life.absent(header.start, header.end).0).sum();
    assert_eq!(
        (header.absent, run.outcome.device_time(0..header.devices).0),
        (Millis(absent), { i64::from(header.devices) * (header.end - header.start).0 - absent })
    );
    // As many are active as are there, but for those that are asleep or cut off.
    let hour = 90;
    let at = header.start + Millis::hours(hour) + Millis::minutes(30);
    let there = |life: &&LifeRow| life.joined.is_none_or(|time| time <= at) && life.left.is_none_or(|time| time > at);
    let expected = header.devices - lives.len() as u32 + lives.iter().filter(there).count() as u32;
    let active = run.outcome.tally.active_by_hour[hour as usize];
    assert!(active.abs_diff(expected) <= 3, "{active} of {expected}");
}

/// An audit counts the certificates that there are: those of the beginning and of everybody who joined, whether they
/// are there or not, but of those retired only the ones that somebody forgot are active.
#[test]
fn audits_and_detect_see_who_is_there() {
    let audit = r#"
[audit]
configuration = "audit.json"

[[audit.on-demand]]
at = "95h"
checks = ["DEVICE_CERTIFICATE_EXPIRING_CHECK"]
"#;
    let document = r#"{ "roleArn": "arn:aws:iam::123456789012:role/audit", "auditCheckConfigurations": {
  "DEVICE_CERTIFICATE_EXPIRING_CHECK": { "enabled": true } } }"#;
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("audit.json"), document).expect("it can be written");
    let path = directory.path().join("world.toml");
    std::fs::write(&path, text(300, &format!("{CHURN}{audit}"))).expect("it can be written");
    let loaded = load(&path, &[], &LoadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = loaded.scenario;
    let run = play(&scenario);
    let at = run.outcome.header.start + Millis::hours(95);
    let lives = &run.outcome.lives;
    let joined = lives.iter().filter(|life| life.succeeds.is_none() && life.joined.is_some_and(|time| time < at));
    let retired = lives.iter().filter(|life| {
        let renamed = lives.iter().any(|other| other.succeeds == Some(life.device));
        !renamed && !life.certificate_left_active && life.left.is_some_and(|time| time < at)
    });
    let (joined, retired) = (joined.count() as u64, retired.count() as u64);
    assert!(joined > 30 && retired > 20, "{joined} joined, {retired} retired");
    let (_, total, bad, _) = &run.outcome.audits[0].checks[0];
    assert_eq!((*total, *bad), (300 + joined - retired, 0));
    // Nobody who has been retired, and nobody who is yet to come, is missed.
    let position = run.outcome.behaviors.iter().position(|row| row.name == "Silence").expect("there is one");
    assert_eq!(run.outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).count(), 0);
    let row = &run.outcome.behaviors[position];
    let windows = run.outcome.device_time(0..run.outcome.header.devices).0 as f64 / run.outcome.header.window.0 as f64;
    let ratio = row.datapoints as f64 / windows;
    assert!((0.98..1.02).contains(&ratio), "datapoints of those who are there only: {ratio}");
    let covered: u32 = row.covers.iter().map(|range| range.end - range.start).sum();
    assert_eq!(covered, run.outcome.header.devices);
}

/// Alarms belong to a name: they end with it, and the new one begins without.
#[test]
fn an_alarm_ends_with_the_name() {
    let churn = CHURN.split("[class.addresses]").next().expect("it has a first part");
    let churn = churn.replace("renames = \"0.05/d\"", "renames = \"0.5/d\"");
    let storm = "[[confounder]]\nname = \"storm\"\nstart = \"2h\"\nduration = \"92h\"\ntargets = {}\nmessage-storm = { rate = \"500/min\" }\n";
    let scenario = world_of(60, &format!("{churn}{storm}")).scenario;
    let run = play(&scenario);
    let mut ended = 0;
    for life in run.outcome.lives.iter() {
        let alarms = run.outcome.alarms.iter().filter(|alarm| alarm.device == life.device);
        for alarm in alarms {
            assert!(life.joined.is_none_or(|joined| alarm.raised > joined));
            let Some(left) = life.left else { continue };
            assert!(alarm.raised <= left + Millis::minutes(5));
            let (end, _) = alarm.ended.expect("nobody is there any more");
            assert!(end <= left + Millis::minutes(5), "{end} after {left}");
            ended += usize::from(end > left - Millis::minutes(5));
        }
    }
    assert!(ended > 40, "{ended}");
}

/// Attacks and defects are laid on who is there throughout, so that truth speaks of the living.
#[test]
fn attacks_pick_devices_that_stay() {
    let added = attack("probing", 25, "6h", r#"authorization-probing = { rate = "6/min" }"#);
    let churn = CHURN.replace("0.05/d", "0.3/d");
    let scenario = world_of(300, &format!("{churn}{added}")).scenario;
    let run = play(&scenario);
    let act = run.outcome.truth.iter().find(|act| act.name == "probing").expect("it is in the ledger");
    assert_eq!(act.devices.len(), 25);
    let comes_or_goes = |device: DeviceId| run.outcome.lives.iter().any(|life| life.device == device);
    assert!(act.devices.iter().all(|row| !comes_or_goes(row.device)));
    assert!(run.outcome.lives.len() > 300);
}

/// On any number of threads, and in pieces, it is the same run.
#[test]
fn a_run_in_pieces_is_the_run_in_one_piece() {
    let Loaded { scenario, lock, .. } = world();
    let whole = play(&scenario);
    assert_same(&whole, &run(&scenario, options(1), &mut Unobserved).expect("it runs"));
    let mut keeper = Keeper::new(&lock, usize::MAX);
    let every = RunOptions { checkpoint_every: Some(Millis::hours(31)), ..options(2) };
    assert_same(&whole, &run(&scenario, every, &mut keeper).expect("it runs"));
    assert_eq!(keeper.files.len(), 3);
    for file in &keeper.files {
        let saved = Saved::read(file).expect("it was just written");
        let own = load_text("checkpoint", saved.lock()).expect("the lock is a scenario").scenario;
        assert_same(&whole, &resume(&own, saved, options(2), &mut Unobserved).expect("it goes on"));
    }
}
