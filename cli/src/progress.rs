//! Progress on stderr, for people who watch a terminal; and Ctrl-C. The only place that reads a clock, to show a
//! rate and to say how long tests took: nothing simulated depends on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use defender::time::Timestamp;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use lab::suite::TestReport;
use reports::suite::Clock;
use sim::world::Observer;

use crate::tell::Tell;

/// Watches a run.
pub struct Watch {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Watch {
    /// A watch that shows a bar if stderr is a terminal and nobody asked for quiet.
    pub fn new(tell: Tell, interrupted: Arc<AtomicBool>) -> Watch {
        let (bar, style) = bar(
            tell,
            None,
            "{msg:>20}  {wide_bar:.cyan/dim} {percent:>3} %  {human_pos} device-windows  {rate}  {eta} left",
        );
        bar.set_style(style.with_key("rate", |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            // A rate that cannot be shown is not worth an error.
            let _ = write!(to, "{}/s", HumanCount(state.per_sec() as u64));
        }));
        Watch { bar, interrupted }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// Counts tasks that are done, several at once.
pub struct Tasks {
    bar: ProgressBar,
}

impl Tasks {
    /// A bar if stderr is a terminal and nobody asked for quiet.
    pub fn new(tell: Tell, what: &'static str) -> Tasks {
        let (bar, style) = bar(tell, None, "{wide_bar:.cyan/dim} {percent:>3} %  {pos} of {len} {msg}  {eta} left");
        bar.set_style(style);
        bar.set_message(what);
        Tasks { bar }
    }

    /// So many of so many are done.
    pub fn show(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Watch {
    fn progress(&mut self, done: u64, total: u64, now: Timestamp) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        let time = now.to_string();
        self.bar.set_message(time.get(..16).unwrap_or(&time).replace('T', " "));
    }

    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Watches tests.
pub struct TestWatch {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
    began: String,
    /// Test by test: when it began and how many seconds it took.
    times: Mutex<Vec<(Option<Instant>, f64)>>,
}

impl TestWatch {
    /// A watch over so many tests; shows a bar as [`Watch::new`] does.
    pub fn new(tell: Tell, tests: usize, interrupted: Arc<AtomicBool>) -> TestWatch {
        let (bar, style) = bar(tell, Some(tests as u64), "{wide_bar:.cyan/dim} {pos} of {len} tests  {elapsed}  {msg}");
        bar.set_style(style);
        TestWatch { bar, interrupted, began: wall_clock(), times: Mutex::new(vec![(None, 0.0); tests]) }
    }

    /// When tests began, and how long each took.
    pub fn clock(&self) -> Clock {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        Clock { began: self.began.clone(), seconds: times.iter().map(|(_, seconds)| *seconds).collect() }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl lab::suite::Watch for TestWatch {
    fn begun(&self, position: usize) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)[position].0 = Some(stopwatch());
    }

    fn ended(&self, position: usize, report: &TestReport) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, seconds) = &mut times[position];
        *seconds = began.map_or(0.0, |began| stopwatch().duration_since(began).as_secs_f64());
        self.bar.inc(1);
        self.bar.set_message(report.name.clone());
    }

    fn is_cancelled(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

#[expect(clippy::disallowed_methods, reason = "JUnit reports say how long a test took; nothing else looks at it")]
fn stopwatch() -> Instant {
    Instant::now()
}

/// Now, in UTC, to the second.
#[expect(clippy::disallowed_methods, reason = "JUnit reports say when tests ran; nothing else looks at it")]
fn wall_clock() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let text = Timestamp::from_seconds(since.as_secs() as i64).to_string();
    text.trim_end_matches('Z').to_owned()
}

/// The flag that Ctrl-C raises, one for the whole program; the second Ctrl-C ends the program at once.
pub fn on_interrupt() -> Arc<AtomicBool> {
    static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let raised = Arc::clone(&flag);
        // If no handler can be set, Ctrl-C simply ends the program, as it would without us.
        let _ = ctrlc::set_handler(move || {
            if raised.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        flag
    });
    Arc::clone(&FLAG)
}

/// A bar that is shown if stderr is a terminal and nobody asked for quiet, and its style.
fn bar(tell: Tell, length: Option<u64>, template: &str) -> (ProgressBar, ProgressStyle) {
    let target = if tell.is_quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(4) };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    (ProgressBar::with_draw_target(length, target), style)
}
