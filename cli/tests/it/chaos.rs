//! `fleetrange chaos`: the defence taken apart piece by piece.

use std::fs;
use std::process::Output;

use tempfile::TempDir;

use crate::{fleetrange, scenarios, stderr, stdout};

fn chaos(more: &[&str]) -> (TempDir, Output) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = fleetrange()
        .args(["--quiet", "--error-format", "plain", "chaos"])
        .arg(scenarios().join("bad-week.toml"))
        .args(["--devices", "80", "--runs", "1", "--out"])
        .arg(dir.path().join("out"))
        .args(more)
        .output()
        .expect("it starts");
    (dir, output)
}

#[test]
fn chaos_names_the_weakest_link_and_leaves_a_report() {
    let (dir, output) = chaos(&["--only", "region-partition,notification-lost", "--curve", "report-loss"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.contains("The weakest link is region-partition (network): it takes recall from"), "{told}");
    assert!(told.contains("After the faults were over everything healed in all 10 runs."), "{told}");
    assert!(told.contains("report-loss") && told.contains("0.75"), "{told}");
    for file in ["chaos.html", "chaos.md", "chaos.json", "plots/chaos.svg", "plots/recall-under-fault.csv"] {
        assert!(dir.path().join("out").join(file).exists(), "{file}");
    }
    let json = fs::read_to_string(dir.path().join("out/chaos.json")).expect("readable");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["schema"], &json["runs"]), (&"fleetrange.chaos/1".into(), &10.into()));
    let page = fs::read_to_string(dir.path().join("out/chaos.html")).expect("readable");
    assert!(page.contains("What each fault costs") && page.contains("f-part-tint"), "a map, in classes of color");
}

#[test]
fn chaos_answers_in_the_format_asked_for() {
    let (_dir, output) = chaos(&["--only", "report-loss", "--pairs", "off", "--format", "markdown"]);
    assert!(stdout(&output).starts_with("## Chaos: bad-week\n"), "{}", stdout(&output));
    let (_dir, output) = chaos(&["--only", "report-loss", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(json["trials"][0]["label"], "report-loss");
}

#[test]
fn chaos_refuses_what_is_no_fault_and_runs_that_are_too_short() {
    let (dir, output) = chaos(&["--only", "report-los"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("no fault is named `report-los`; did you mean `report-loss`?"),
        "{}",
        stderr(&output)
    );
    assert!(!dir.path().join("out").exists());
}
