//! `fleetrange compare`.

use std::fs;
use std::path::PathBuf;

use crate::{fleetrange, starter, stderr, stdout};

#[test]
fn a_profile_that_sees_less_is_worse_and_the_comparison_is_written_in_every_form() {
    let (dir, path) = starter();
    let profile = dir.path().join("deaf.json");
    fs::copy(dir.path().join("fleet/security-profile.json"), &profile).expect("copied");
    let text = fs::read_to_string(&profile).expect("readable");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for behavior in json["behaviors"].as_array_mut().expect("behaviors") {
        behavior["criteria"]["consecutiveDatapointsToAlarm"] = 10.into();
    }
    fs::write(&profile, json.to_string()).expect("writable");
    let out = dir.path().join("out");
    let output = fleetrange()
        .args(["compare", "--quiet", "--runs", "5", "--format", "json", "--profile-b"])
        .arg(&profile)
        .arg("--out")
        .arg(&out)
        .arg(&path)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let comparison: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(comparison["schema"], "fleetrange.comparison/1");
    assert_ne!(comparison["verdict"], "better");
    assert_ne!(comparison["verdict"], "same", "ten datapoints in a row are not one");
    assert_eq!(comparison["seeds"].as_array().expect("seeds").len(), 5);
    assert_eq!(fs::read_to_string(out.join("comparison.json")).expect("written"), stdout(&output));
    let page = fs::read_to_string(out.join("comparison.html")).expect("written");
    let markdown = fs::read_to_string(out.join("comparison.md")).expect("written");
    for said in ["time undetected", "only first"] {
        assert!(page.contains(said) && markdown.contains(said), "{said}");
    }
    for figure in ["differences.svg", "differences.csv", "fates.svg", "fates.csv"] {
        assert!(out.join("plots").join(figure).exists(), "{figure}");
    }
}

#[test]
fn a_playbook_comes_from_a_file_of_its_own_and_an_empty_one_is_nobody_who_responds() {
    let (dir, path) = starter();
    let elsewhere = dir.path().join("playbooks");
    fs::create_dir(&elsewhere).expect("a folder");
    let (slow, nobody, wrong) = (elsewhere.join("slow.toml"), elsewhere.join("nobody.toml"), elsewhere.join("x.toml"));
    fs::copy(dir.path().join("fleet/quarantine-action.json"), elsewhere.join("action.json")).expect("copied");
    let responder = "mitigation-actions = [\"action.json\"]\n[[responder]]\nname = \"slow\"\ndelay = \"2h\"\n\
                     when = { violation = { profile = \"Meters\", behaviors = [\"MessagesSent\"] } }\n\
                     then = { mitigation = { action = \"Quarantine\" } }\n";
    fs::write(&slow, responder).expect("writable");
    fs::write(&nobody, "").expect("writable");
    fs::write(&wrong, "respnder = 1\n").expect("writable");
    let compared = |playbook: &PathBuf| {
        fleetrange()
            .args(["--error-format", "plain", "compare", "--quiet", "--runs", "5", "--format", "json"])
            .args(["--devices", "1000", "--playbook-b"])
            .args([playbook, &path])
            .output()
            .expect("it starts")
    };
    let means = |playbook: &PathBuf, score: &str| {
        let output = compared(playbook);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let comparison: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let scores = comparison["scores"].as_array().expect("scores");
        let row = scores.iter().find(|row| row["subject"] == "run" && row["score"] == score).expect(score);
        ["first", "second"].map(|side| row[side]["mean"].as_f64().expect("a mean"))
    };
    assert_eq!(means(&nobody, "remediation_coverage"), [1.0, 0.0]);
    // An alarm after five minutes, a change at the next tick, and the delays: two minutes, and two hours.
    assert_eq!(means(&slow, "time_to_contain.mean"), [600.0, 7_800.0]);
    let refused = compared(&wrong);
    assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(2), ""));
    let told = stderr(&refused);
    assert!(told.contains("x.toml:1:1") && told.contains("did you mean `responder`?"), "{told}");
}

#[test]
fn a_setting_is_the_same_as_itself_and_one_seed_tells_nothing() {
    let (_dir, path) = starter();
    let compared = |runs: &str| {
        let output = fleetrange()
            .args(["compare", "--quiet", "--runs", runs, "--set-b", "title=the same"])
            .arg(&path)
            .output()
            .expect("it starts");
        (output.status.code(), stdout(&output))
    };
    let (code, told) = compared("5");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.starts_with("B and A score the same on every seed"), "{told}");
    let (code, told) = compared("1");
    assert_eq!(code, Some(3), "{told}");
    assert!(told.starts_with("Inconclusive: too little evidence"), "{told}");
}

#[test]
fn what_cannot_be_compared_is_said_and_nothing_is_written() {
    let (dir, path) = starter();
    let out = dir.path().join("out");
    let refused = |arguments: &[&str]| {
        let output = fleetrange()
            .args(["--error-format", "plain", "compare", "--quiet", "--runs", "1", "--out"])
            .arg(&out)
            .arg(&path)
            .args(arguments)
            .output()
            .expect("it starts");
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!out.exists());
        stderr(&output)
    };
    assert!(refused(&[]).contains("nothing to compare"));
    assert!(
        refused(&["--set-b", "class.meter.count=1999"]).contains("the number of devices differs: `2000` and `1999`")
    );
    assert!(refused(&["--profile-b", "nowhere.json"]).contains("nowhere.json"));
    assert!(refused(&["--set-b", "titel=x"]).contains("titel"));
}
