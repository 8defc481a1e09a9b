//! `fleetrange sweep`.

use std::fs;

use serde_json::Value;

use crate::{fleetrange, starter, stderr, stdout};

/// Runs `sweep` on the starter with the arguments given; (exit code, stdout, stderr).
fn sweep(arguments: &[&str]) -> (Option<i32>, String, String) {
    let (_dir, path) = starter();
    let output = fleetrange()
        .args(["--error-format", "plain", "sweep", "--quiet"])
        .arg(&path)
        .args(arguments)
        .output()
        .expect("it starts");
    (output.status.code(), stdout(&output), stderr(&output))
}

fn candidates(json: &str) -> Vec<Value> {
    let sweep: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(sweep["schema"], "fleetrange.sweep/1");
    sweep["behaviors"][0]["candidates"].as_array().expect("candidates").clone()
}

#[test]
fn the_higher_the_threshold_the_fewer_are_seen_and_the_front_is_marked() {
    let arguments = ["--behavior", "MessagesSent", "--threshold", "12..5000", "log", "8", "--format", "json"];
    let (code, told, errors) = sweep(&arguments);
    assert_eq!(code, Some(0), "{errors}");
    let candidates = candidates(&told);
    assert_eq!(candidates.len(), 9, "eight thresholds and the one that the profile has");
    assert_eq!(candidates[0]["setting"]["threshold"]["count"], 30);
    let number =
        |candidate: &Value, pointer: &str| candidate.pointer(pointer).and_then(Value::as_f64).expect("a number");
    let recalls: Vec<f64> = candidates[1..].iter().map(|row| number(row, "/quality/recall/value")).collect();
    assert!(recalls.windows(2).all(|pair| pair[0] >= pair[1]), "{recalls:?}");
    assert_eq!(
        (recalls[0], recalls[7]),
        (1.0, 0.0),
        "a leak of 75 messages a window is more than 12 and less than 5000"
    );
    let wrong: Vec<f64> = candidates[1..].iter().map(|row| number(row, "/wrong")).collect();
    assert!(wrong[0] > wrong[7], "{wrong:?}");
    assert!(
        candidates.iter().any(|row| row["on_front"] == true) && candidates.iter().any(|row| row["on_front"] == false)
    );
}

#[test]
fn what_the_sweep_says_of_the_current_setting_is_what_a_run_says() {
    let (dir, path) = starter();
    let out = dir.path().join("run");
    // Without its responder the run is an open loop, as the sweep is.
    let text = fs::read_to_string(&path).expect("readable");
    let (before, after) = text.split_once("[[responder]]").expect("the starter responds");
    let (_, after) = after.split_once("# ----").expect("the attack comes next");
    fs::write(&path, format!("{before}# ----{after}")).expect("writable");
    let output = fleetrange().args(["run", "--quiet"]).arg(&path).arg("--out").arg(&out).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("written")).expect("JSON");
    let quality = summary.pointer("/scores/quality/behaviors/0").expect("the first behavior is scored");
    let output = fleetrange()
        .args(["sweep", "--quiet", "--behavior", "MessagesSent", "--format", "json"])
        .arg(&path)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let current = &candidates(&stdout(&output))[0];
    for member in ["right", "inside", "wrong"] {
        assert_eq!(current[member], quality[member], "{member}");
    }
    assert_eq!(current["quality"], quality["quality"]);
    assert!(current["right"].as_u64().expect("a count") > 0);
}

#[test]
fn every_form_tells_the_same_settings_and_the_best_is_confirmed() {
    let (dir, path) = starter();
    let out = dir.path().join("out");
    let plan = dir.path().join("plan.toml");
    let blocks = "[[behavior]]\nname = \"MessagesSent\"\nthreshold = \"20,60\"\npercentile = \"99\"\nduration = \"5m,10m\"\n\
                  datapoints = \"1..2\"\n[[behavior]]\nname = \"Meters/AuthorizationFailures\"\nthreshold = \"1\"\n";
    fs::write(&plan, blocks).expect("writable");
    let swept = |format: &str| {
        let output = fleetrange()
            .args(["sweep", "--quiet", "--confirm", "--format", format, "--plan"])
            .arg(&plan)
            .arg("--out")
            .arg(&out)
            .arg(&path)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let text = swept("human");
    for said in
        ["fleet: 15 settings of 2 behaviors", "p99 per 10m, 2 in a row to alarm", "●", "Closed loops", "as it is"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(fs::read_to_string(out.join("sweep.json")).expect("written"), swept("json"));
    assert_eq!(fs::read_to_string(out.join("sweep.md")).expect("written"), swept("markdown"));
    let csv = fs::read_to_string(out.join("sweep.csv")).expect("written");
    assert_eq!(csv.lines().count(), 16, "a heading and a line per setting");
    let page = fs::read_to_string(out.join("sweep.html")).expect("written");
    assert!(page.contains("id=\"settings\"") && page.contains("Recall against false-positive devices"));
    for figure in ["roc.svg", "precision-recall.svg", "cost.csv"] {
        assert!(out.join("plots").join(figure).exists(), "{figure}");
    }
}

#[test]
fn the_higher_the_threshold_the_stronger_an_attack_must_be_to_be_caught() {
    let limits = ["--behavior", "MessagesSent", "--threshold", "20,200", "--limit", "leak"];
    let (code, told, errors) = sweep(&[&limits[..], &["--devices", "500", "--format", "json"][..]].concat());
    assert_eq!(code, Some(0), "{errors}");
    let swept: Value = serde_json::from_str(&told).expect("JSON");
    let limits = &swept["limits"];
    assert_eq!(
        (&limits["intensities"][6]["factor"], &limits["intensities"][6]["text"]),
        (&1.0.into(), &"1 KiB/s".into())
    );
    let limit = |threshold: u64| {
        let rows = limits["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["setting"]["threshold"]["count"] == threshold).expect("it was tried");
        row["limit"].as_u64().expect("it is caught at last")
    };
    // 75 messages a window at its own rate: twenty are reached from a half, two hundred from four times that.
    assert!(limit(20) <= 6 && limit(200) == 8, "{} {}", limit(20), limit(200));
}

#[test]
fn a_named_candidate_is_what_a_run_with_that_profile_says() {
    let (dir, path) = starter();
    let plan = dir.path().join("plan.toml");
    let candidate =
        "[[candidate]]\nname = \"tight\"\n[[candidate.behavior]]\nname = \"MessagesSent\"\nthreshold = \"12\"\n";
    fs::write(&plan, candidate).expect("writable");
    let output = fleetrange()
        .args(["sweep", "--quiet", "--format", "json", "--devices", "500", "--plan"])
        .args([&plan, &path])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let swept: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let profile = path.with_extension("").join("security-profile.json");
    for (place, name, threshold) in [(0, "as it is", 30), (1, "tight", 12)] {
        let text = fs::read_to_string(&profile).expect("readable");
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        let behaviors = document["behaviors"].as_array_mut().expect("behaviors");
        let sent = behaviors.iter_mut().find(|row| row["name"] == "MessagesSent").expect("it is there");
        sent["criteria"]["value"]["count"] = threshold.into();
        fs::write(&profile, document.to_string()).expect("writable");
        let out = dir.path().join("run");
        let ran = fleetrange()
            .args(["run", "--quiet", "--devices", "500"])
            .arg(&path)
            .arg("--out")
            .arg(&out)
            .output()
            .expect("it starts");
        assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
        let summary: Value =
            serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("written")).expect("JSON");
        let closed = &swept["closed_loops"][place];
        assert_eq!(closed["name"], name);
        for (member, pointer) in [
            ("recall", "/scores/detection/devices"),
            ("latency", "/scores/detection/latency"),
            ("false_alarms", "/scores/false_alarms/total"),
            ("contained", "/scores/remediation/coverage"),
            ("collateral", "/scores/remediation/collateral/devices_touched"),
        ] {
            assert_eq!(Some(&closed[member]), summary.pointer(pointer), "{name}: {member}");
        }
    }
    let loops = swept["closed_loops"].as_array().expect("loops");
    assert_ne!(loops[0]["false_alarms"], loops[1]["false_alarms"]);
}

#[test]
fn what_cannot_be_swept_is_told_and_nothing_runs() {
    for (arguments, told) in [
        (&["--behavior", "MessagesSend", "--threshold", "5"][..], "did you mean `MessagesSent`?"),
        (&["--behavior", "MessagesSent", "--threshold", "5..1"], "ends before it begins"),
        (&["--behavior", "MessagesSent", "--percentile", "95"], "the service knows p0, p0.1"),
        (&["--behavior", "MessagesSent", "--level", "HIGH"], "only an ML behavior has one"),
        (&["--behavior", "MessagesSent", "--level", "TALL"], "the service knows LOW, MEDIUM, HIGH, found `TALL`"),
        (&["--behavior", "MessagesSent", "--duration", "7m"], "durationSeconds"),
        (&["--behavior", "MessagesSent", "--datapoints", "0..3"], "1..=10"),
        (&["--behavior", "MessagesSent", "--duration", "soon"], "expected a duration such as `5m`, found `soon`"),
        (&["--behavior", "MessagesSent", "--limit", "leek"], "did you mean `leak`?"),
        (&["--threshold", "5"], "--behavior"),
        (&["--plan", "nowhere.toml"], "nowhere.toml"),
        (&["--behavior", "MessagesSent", "--confirm", "0"], "1 or more"),
        (&["--behavior", "MessagesSent", "--confirm", "30 per 6m"], "there is `30 per 5m, 2 to clear`"),
    ] {
        let (code, answer, errors) = sweep(arguments);
        assert_eq!((code, answer.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
}
