//! `fleetrange run --runs`.

use std::fs;

use crate::{fleetrange, starter, stderr, stdout};

#[test]
fn over_seeds_every_score_has_an_interval_and_what_is_expected_is_judged() {
    let (dir, path) = starter();
    let text = fs::read_to_string(&path).expect("readable");
    let with = |expect: &str| fs::write(&path, format!("{text}\n[expect]\nrun = [{expect}]\n")).expect("writable");
    let run = |runs: &str, out: &str| {
        let out = dir.path().join(out);
        fleetrange()
            .args(["run", "--quiet", "--format", "json", "--runs", runs])
            .arg(&path)
            .arg("--out")
            .arg(out)
            .output()
            .expect("it starts")
    };
    with("\"alarms <= 1000000\", \"false_alarms_per_day < 1000\"");
    let output = run("5", "five");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let over = &summary["over_seeds"];
    assert_eq!(over["seeds"], serde_json::json!([1, 2, 3, 4, 5]));
    let recall = over["scores"].as_array().expect("scores").iter().find(|row| row["score"] == "recall");
    assert!(recall.expect("recall")["spread"]["interval"].is_array(), "{recall:?}");
    assert_eq!(over["expectations"][1]["verdict"], "passed");
    let page = fs::read_to_string(dir.path().join("five/report.html")).expect("written");
    assert!(page.contains("id=\"over-the-seeds\"") && page.contains("everything expected holds"));

    // Told again from its directory it is the same, and so is the answer.
    let again = fleetrange()
        .args(["report", "--quiet", "--format", "json"])
        .arg(dir.path().join("five"))
        .arg("--out")
        .arg(dir.path().join("again"))
        .output()
        .expect("it starts");
    assert_eq!((again.status.code(), stdout(&again)), (Some(0), stdout(&output)));

    // Two seeds say nothing of a mean; and a count that no run keeps to fails.
    assert_eq!(run("2", "two").status.code(), Some(3));
    with("\"alarms > 1000000\"");
    assert_eq!(run("2", "two").status.code(), Some(1));
}
