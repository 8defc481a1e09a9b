//! Running tests: beside each other, each by itself.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sim::scenario::Loaded;
use sim::world::{self, Observer, RunOptions, Stopped};

use super::baseline::Measured;
use super::coverage::Exercise;
use super::find::{Test, What};
use super::report::TestReport;
use crate::expect::Verdict;
use crate::rule_test;
use crate::scorecard::score;
use crate::seeds::Repeats;

/// How tests are run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The first seed of every scenario; `None`: its own.
    pub seed: Option<u64>,
    /// Seeds per scenario: the first and those that follow it.
    pub runs: u32,
    /// Whether tests after the first that fails are left out.
    pub fail_fast: bool,
    /// Threads in all; never changes a result.
    pub threads: NonZeroUsize,
}

/// Who watches.
pub trait Watch: Sync {
    /// A test begins; `position` is its place among all.
    fn begun(&self, _position: usize) {}

    /// A test ended.
    fn ended(&self, _position: usize, _report: &TestReport) {}

    /// Whether to stop as soon as possible.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Why tests were not run to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// Whoever watches asked for it.
    Cancelled,
    /// Scenarios whose world cannot be built: each file with a reason.
    Setup(Vec<(String, String)>),
}

/// Runs tests and reports them in their order.
///
/// With [`Options::fail_fast`] everything up to the first failure (in the order of the tests, not of the clock) is
/// reported, and the rest as not run: the same report for any number of threads.
///
/// # Errors
/// See [`NotRun`].
pub fn run(tests: &[Test], options: &Options, watch: &dyn Watch) -> Result<Vec<TestReport>, NotRun> {
    let workers = options.threads.get().min(tests.len().max(1));
    let inside = (options.threads.get() / workers).max(1);
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let work = || {
        let mut done = Vec::new();
        loop {
            // Taken in order: whatever stands before a failure was begun before it, and is brought to its end.
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(position) else { return done };
            if watch.is_cancelled() || (options.fail_fast && failed.load(Ordering::Relaxed) < position) {
                return done;
            }
            watch.begun(position);
            let result = one(test, options, inside, watch);
            if let Ok(report) = &result {
                watch.ended(position, report);
                if report.verdict == Some(Verdict::Failed) {
                    failed.fetch_min(position, Ordering::Relaxed);
                }
            }
            done.push((position, result));
        }
    };
    let mut results = Vec::with_capacity(tests.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    if watch.is_cancelled() {
        return Err(NotRun::Cancelled);
    }
    collect(tests, results, options.fail_fast.then(|| failed.into_inner()))
}

/// Reports in order; those behind `failed` do not count.
fn collect(
    tests: &[Test],
    mut results: Vec<(usize, Result<TestReport, Stopped>)>,
    failed: Option<usize>,
) -> Result<Vec<TestReport>, NotRun> {
    results.sort_by_key(|(position, _)| *position);
    results.retain(|(position, _)| failed.is_none_or(|failed| *position <= failed));
    let mut reports: Vec<TestReport> = tests.iter().map(blank).collect();
    let mut broken = Vec::new();
    for (position, result) in results {
        match result {
            Ok(report) => reports[position] = report,
            Err(Stopped::Cancelled) => return Err(NotRun::Cancelled),
            Err(Stopped::Setup(reasons)) => {
                broken.extend(reasons.into_iter().map(|reason| (tests[position].file.clone(), reason)));
            }
            Err(stopped @ Stopped::Checkpoint(_)) => broken.push((tests[position].file.clone(), stopped.to_string())),
        }
    }
    if broken.is_empty() { Ok(reports) } else { Err(NotRun::Setup(broken)) }
}

/// The report of a test that was not run.
fn blank(test: &Test) -> TestReport {
    TestReport {
        file: test.file.clone(),
        line: test.line,
        name: test.name.clone(),
        kind: test.kind(),
        verdict: None,
        seeds: Vec::new(),
        digests: Vec::new(),
        cases: Vec::new(),
        wrong: Vec::new(),
        notes: Vec::new(),
        exercise: Exercise::default(),
        measured: None,
    }
}

fn one(test: &Test, options: &Options, threads: usize, watch: &dyn Watch) -> Result<TestReport, Stopped> {
    let mut report = blank(test);
    match &test.what {
        What::Rule(rule) => report.settle_rule(rule, rule_test::run(rule)),
        What::Scenario(loaded) => scenario(loaded, options, threads, watch, &mut report)?,
    }
    Ok(report)
}

fn scenario(
    loaded: &Loaded,
    options: &Options,
    threads: usize,
    watch: &dyn Watch,
    report: &mut TestReport,
) -> Result<(), Stopped> {
    let mut scenario = loaded.scenario.clone();
    let first = options.seed.unwrap_or(scenario.seed);
    let mut repeats = Repeats::new(&loaded.scenario.expectations);
    let mut measured = Measured {
        file: report.file.clone(),
        scenario: loaded.lock.digest(),
        devices: scenario.devices(),
        duration: scenario.duration,
        ..Measured::default()
    };
    for more in 0..u64::from(options.runs.max(1)) {
        scenario.seed = first.wrapping_add(more);
        let play = RunOptions { threads: Some(threads), ..RunOptions::default() };
        let outcome = world::run(&scenario, play, &mut Asked(watch))?.outcome;
        measured.add(scenario.seed, repeats.add(&outcome, &score(&outcome)).to_vec());
        report.exercise.add(&scenario.expectations, &outcome);
        report.seeds.push(scenario.seed);
        report.digests.push(outcome.header.digest);
    }
    measured.finish();
    report.measured = Some(measured);
    report.cases = repeats.cases();
    report.verdict = Verdict::worst(report.cases.iter().map(|case| case.verdict));
    Ok(())
}

/// Passes the question whether to stop on.
struct Asked<'a>(&'a dyn Watch);

impl Observer for Asked<'_> {
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::suite::{Totals, find};

    fn rules(body: &str) -> (tempfile::TempDir, Vec<Test>) {
        const HEAD: &str = r#"profile = '''{"securityProfileName": "P", "behaviors": [{"name": "Sent", "metric": "aws:num-messages-sent",
    "criteria": {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300}}]}'''"#;
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("rules.toml"), format!("{HEAD}\n{body}")).expect("writable");
        let (tests, _) = find(&[dir.path().to_path_buf()]).unwrap_or_else(|wrong| panic!("{wrong}"));
        (dir, tests)
    }

    fn options(threads: usize, fail_fast: bool) -> Options {
        let threads = NonZeroUsize::new(threads).expect("at least one");
        Options { seed: None, runs: 1, fail_fast, threads }
    }

    /// Twenty tests, of which the eighth and the twelfth fail.
    fn twenty() -> (tempfile::TempDir, Vec<Test>) {
        let one = |i: u32| {
            let values = if i == 7 || i == 11 { "\"60\"" } else { "\"1\"" };
            format!("[[test]]\nname = \"t{i}\"\nvalues = {values}\nevents = []\n")
        };
        rules(&(0..20).map(one).collect::<String>())
    }

    #[test]
    fn reports_stand_in_order_for_any_number_of_threads() {
        let (_dir, tests) = twenty();
        let one = run(&tests, &options(1, false), &Unwatched).expect("they run");
        let names: Vec<&str> = one.iter().map(|report| report.name.as_str()).collect();
        assert_eq!(names[..3], ["t0", "t1", "t2"]);
        assert_eq!(Totals::of(&one), Totals { tests: 20, passed: 18, failed: 2, ..Totals::default() });
        assert!(one[7].wrong[0].contains("in-alarm"), "{:?}", one[7].wrong);
        assert_eq!(run(&tests, &options(5, false), &Unwatched).expect("they run"), one);
    }

    #[test]
    fn failing_fast_reports_the_same_for_any_number_of_threads() {
        let (_dir, tests) = twenty();
        for threads in [1, 2, 7] {
            let reports = run(&tests, &options(threads, true), &Unwatched).expect("they run");
            assert_eq!(Totals::of(&reports), Totals { tests: 20, passed: 7, failed: 1, inconclusive: 0, not_run: 12 });
        }
    }

    #[test]
    fn whoever_watches_may_stop_it() {
        struct Impatient;
        impl Watch for Impatient {
            fn is_cancelled(&self) -> bool {
                true
            }
        }
        let (_dir, tests) = twenty();
        assert_eq!(run(&tests, &options(2, false), &Impatient), Err(NotRun::Cancelled));
    }

    #[test]
    fn a_scenario_is_judged_by_each_expectation_and_over_seeds() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/src/command/starter/scenario.toml");
        let dir = tempfile::tempdir().expect("a temporary folder");
        let text = std::fs::read_to_string(&path).expect("readable").replace("{docs}", "docs");
        let expect = "\n[expect]\nrun = [\"alarms > 1000000\", \"findings == 0\", \"false_alarms_per_day < 1000\"]\n";
        std::fs::write(dir.path().join("fleet.toml"), text + expect).expect("writable");
        let docs = dir.path().join("docs");
        std::fs::create_dir(&docs).expect("writable");
        for entry in std::fs::read_dir(path.parent().expect("a folder")).expect("readable") {
            let entry = entry.expect("readable").path();
            std::fs::copy(&entry, docs.join(entry.file_name().expect("a name"))).expect("writable");
        }
        let (tests, _) = find(&[dir.path().join("fleet.toml")]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let reports =
            run(&tests, &Options { seed: Some(5), runs: 2, ..options(2, false) }, &Unwatched).expect("it runs");
        let report = &reports[0];
        assert_eq!((report.seeds.as_slice(), report.digests.len()), ([5, 6].as_slice(), 2));
        assert_ne!(report.digests[0], report.digests[1]);
        let verdicts: Vec<Verdict> = report.cases.iter().map(|case| case.verdict).collect();
        // No audit runs there; and two seeds are too few for a mean.
        assert_eq!(verdicts, [Verdict::Failed, Verdict::Inconclusive, Verdict::Inconclusive]);
        assert_eq!(report.verdict, Some(Verdict::Failed));
        assert!(report.cases[0].found.contains("seed"), "{:?}", report.cases[0]);
    }
}
