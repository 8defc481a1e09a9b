//! `fleetrange compare`.

use std::fs;

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
