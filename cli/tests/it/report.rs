//! `fleetrange report`.

use std::fs;

use crate::{fleetrange, starter, stderr, stdout};

#[test]
fn a_run_is_told_again_from_its_directory_word_for_word() {
    let (dir, path) = starter();
    let [run, again] = ["run", "again"].map(|name| dir.path().join(name));
    let first = fleetrange().args(["run", "--quiet"]).arg(&path).arg("--out").arg(&run).output().expect("it starts");
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let told = fleetrange().args(["report", "--quiet"]).arg(&run).arg("--out").arg(&again).output().expect("it starts");
    assert_eq!((told.status.code(), stdout(&told)), (Some(0), stdout(&first)), "{}", stderr(&told));
    for file in ["report.html", "summary.json", "scores.csv", "scenario.lock.toml", "notifications.jsonl"] {
        assert_eq!(fs::read(run.join(file)).expect("one"), fs::read(again.join(file)).expect("other"), "{file}");
    }
    // In its own place, too.
    let told = fleetrange().args(["report", "--quiet"]).arg(&again).output().expect("it starts");
    assert_eq!((told.status.code(), stdout(&told)), (Some(0), stdout(&first)));
}

#[test]
fn a_directory_without_a_run_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = fleetrange().args(["report", "--quiet"]).arg(dir.path()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("outcome.json.gz"), "{}", stderr(&output));
}
