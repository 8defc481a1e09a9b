//! A run that is interrupted and taken up again is the run that was never interrupted.

use std::path::Path;

use defender::time::Millis;
use sim::event::{Event, first_difference};
use sim::scenario::lock::Lock;
use sim::scenario::{LoadOptions, Scenario, load, load_text};
use sim::world::checkpoint::{Checkpoint, CheckpointError, Saved};
use sim::world::{Observer, Run, RunOptions, Stopped, Unobserved, resume, run};

fn first_light(devices: u32) -> (Scenario, Lock) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/first-light.toml");
    let options = LoadOptions { devices: Some(devices), ..LoadOptions::default() };
    let loaded = load(&path, &[], &options).unwrap_or_else(|problems| panic!("{problems}"));
    (loaded.scenario, loaded.lock)
}

/// Keeps every checkpoint, and pulls the plug after a number of them.
pub struct Keeper {
    lock: String,
    pub files: Vec<Vec<u8>>,
    stop_after: usize,
}

impl Keeper {
    pub fn new(lock: &Lock, stop_after: usize) -> Keeper {
        Keeper { lock: lock.to_toml("0", None), files: Vec::new(), stop_after }
    }
}

impl Observer for Keeper {
    fn checkpoint(&mut self, checkpoint: &Checkpoint<'_>) {
        let mut file = Vec::new();
        checkpoint.write(&self.lock, &mut file).expect("memory takes it");
        self.files.push(file);
    }

    fn cancelled(&self) -> bool {
        self.files.len() >= self.stop_after
    }
}

fn options(threads: usize) -> RunOptions {
    let checkpoint_every = Some(Millis::hours(36));
    RunOptions { threads: Some(threads), telemetry: true, events: true, checkpoint_every }
}

/// The events of a run that was asked to keep them.
pub fn kept(run: &Run) -> &[Event] {
    run.events.as_deref().expect("asked for")
}

/// The same events, telemetry and outcome (the digest is part of that).
pub fn assert_same(left: &Run, right: &Run) {
    if let (Some(left), Some(right)) = (&left.events, &right.events) {
        assert_eq!(first_difference(left, right), None);
    }
    assert_eq!(left.telemetry, right.telemetry);
    let json = |run: &Run| serde_json::to_string(&run.outcome).expect("plain data");
    assert!(json(left) == json(right), "the outcomes differ");
}

/// Through everything that first light has: alarms, responses, audits, jobs, expiries, population thresholds. Once
/// with the checkpoint's own scenario, on other thread counts, and in three stages.
#[test]
fn a_run_in_pieces_is_the_run_in_one_piece() {
    let (scenario, lock) = first_light(1_500);
    let whole = run(&scenario, RunOptions { checkpoint_every: None, ..options(2) }, &mut Unobserved).expect("it runs");
    assert!(whole.outcome.alarms.len() > 50 && !whole.outcome.jobs.is_empty(), "a quiet run proves little");

    let mut keeper = Keeper::new(&lock, usize::MAX);
    assert_same(&whole, &run(&scenario, options(1), &mut keeper).expect("it runs"));
    assert_eq!(keeper.files.len(), 4, "7 days, every 36 hours, not at the end");
    for (file, threads) in keeper.files.iter().zip([1, 2, 3, 8]) {
        let saved = Saved::read(file).expect("it was just written");
        let own = load_text("checkpoint", saved.lock()).expect("the lock is a scenario").scenario;
        assert_same(&whole, &resume(&own, saved, options(threads), &mut Unobserved).expect("it goes on"));
    }

    let mut keeper = Keeper::new(&lock, 1);
    let first = run(&scenario, options(2), &mut keeper);
    assert_eq!(first.expect_err("it was stopped"), Stopped::Cancelled);
    keeper.stop_after = 3;
    let saved = Saved::read(keeper.files.last().expect("one was asked for")).expect("it was just written");
    let second = resume(&scenario, saved, options(2), &mut keeper);
    assert_eq!(second.expect_err("it was stopped"), Stopped::Cancelled);
    let saved = Saved::read(keeper.files.last().expect("one was asked for")).expect("it was just written");
    assert_same(&whole, &resume(&scenario, saved, options(2), &mut Unobserved).expect("it goes on"));
}

#[test]
fn a_file_that_is_not_what_it_should_be_says_so() {
    let (scenario, lock) = first_light(300);
    let mut keeper = Keeper::new(&lock, 1);
    run(&scenario, options(2), &mut keeper).expect_err("it was stopped");
    let file = &keeper.files[0];
    assert!(Saved::read(file).is_ok());

    for bytes in [&b""[..], b"title = \"x\"", b"FLEETRANGE CHECKPOINT", &[0xFF; 100]] {
        assert_eq!(Saved::read(bytes).expect_err("not one"), CheckpointError::NotACheckpoint);
    }
    let other = [&b"FLEETRANGE CHECKPOINT 7"[..], &file[23..]].concat();
    let found = Saved::read(&other).expect_err("another layout");
    assert_eq!(found.to_string(), "the checkpoint has layout `7`, this version reads `6`");
    for place in [24, 30, 200, file.len() / 3, file.len() - 40, file.len() - 1] {
        let mut damaged = file.clone();
        damaged[place] ^= 0x10;
        let found = Saved::read(&damaged).expect_err("damaged");
        assert_eq!(found, CheckpointError::Damaged("its checksum is wrong"), "byte {place}");
    }
    for length in [24, 40, 500, file.len() - 1] {
        assert!(matches!(Saved::read(&file[..length]), Err(CheckpointError::Damaged(_))), "{length} bytes");
    }

    let refused = |scenario: &Scenario, options: RunOptions| {
        let saved = Saved::read(file).expect("readable");
        resume(scenario, saved, options, &mut Unobserved).map(|_| ()).expect_err("it does not fit")
    };
    let (larger, _) = first_light(3_000);
    assert_eq!(refused(&larger, options(1)), Stopped::Checkpoint(CheckpointError::Misfit));
    let blind = RunOptions { telemetry: false, ..options(1) };
    assert_eq!(refused(&scenario, blind), Stopped::Checkpoint(CheckpointError::Misfit));
    let mut elsewhere = scenario.clone();
    elsewhere.attacks.clear();
    elsewhere.confounders.clear();
    let stopped = refused(&elsewhere, options(1));
    assert!(matches!(stopped, Stopped::Checkpoint(_)), "{stopped}");
}
