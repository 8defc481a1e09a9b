//! The reports of invented runs, as a reader or a program finds them.

#[path = "../specimen/mod.rs"]
mod specimen;

mod html;
mod run_dir;
mod snapshots;
mod tables;

use std::path::PathBuf;

/// A written run, kept while the guard lives.
struct Written {
    dir: PathBuf,
    _guard: tempfile::TempDir,
}

fn write(outcome: &lab::outcome::Outcome) -> Written {
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("run");
    reports::write_run(&dir, outcome, &lab::score(outcome), "seed = 42\n").expect("a fresh directory is written");
    Written { dir, _guard: guard }
}

impl Written {
    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}
