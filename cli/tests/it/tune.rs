//! `fleetrange tune`.

use std::fs;

use serde_json::Value;

use crate::{fleetrange, starter, stderr, stdout};

fn tune(arguments: &[&str]) -> (Option<i32>, String, String) {
    let (_dir, path) = starter();
    let output = fleetrange()
        .args(["--error-format", "plain", "tune", "--quiet", "--devices", "500", "--runs", "1", "--holdout", "1"])
        .arg(&path)
        .args(arguments)
        .output()
        .expect("it starts");
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn a_budget_that_can_be_kept_gives_documents_that_the_service_takes() {
    let (dir, path) = starter();
    let out = dir.path().join("out");
    let asked = ["--max-alarms-per-day", "20", "--min-recall", "0.95", "--max-p95-latency", "15m", "--format", "json"];
    let output = fleetrange()
        .args(["tune", "--quiet", "--runs", "2", "--holdout", "1"])
        .args(asked)
        .arg("--out")
        .arg(&out)
        .arg(&path)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}{}", stderr(&output), stdout(&output));
    let tuning: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((&tuning["schema"], &tuning["fits"]), (&"fleetrange.tuning/1".into(), &true.into()));
    let sent = &tuning["behaviors"][0];
    assert_eq!((&sent["name"], &sent["reason"]), (&"MessagesSent".into(), &"fits".into()));
    assert_eq!(tuning["behaviors"][1]["reason"], "not-exercised");
    let checks: Vec<&str> =
        tuning["checks"].as_array().expect("checks").iter().filter_map(|check| check["what"].as_str()).collect();
    assert!(
        checks[0].starts_with("seed ") && checks[1..] == ["traffic −25 %", "traffic +25 %", "1 % of reports lost"],
        "{checks:?}"
    );
    // The update is a profile with another setting, which `check` finds no fault with.
    let update = fs::read_to_string(out.join("Meters.update.json")).expect("written");
    let json: Value = serde_json::from_str(&update).expect("JSON");
    let threshold = &json["behaviors"][0]["criteria"]["value"]["count"];
    assert_eq!(*threshold, sent["after"]["setting"]["threshold"]["count"]);
    let checked = fleetrange().arg("check").arg(out.join("Meters.update.json")).output().expect("it starts");
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let template: Value =
        serde_json::from_str(&fs::read_to_string(out.join("cloudformation.json")).expect("written")).expect("JSON");
    let properties = &template["Resources"]["SecurityProfile1Meters"]["Properties"];
    assert_eq!(properties["Behaviors"][0]["Criteria"]["Value"]["Count"], threshold.to_string());
    assert!(properties["TargetArns"][0].as_str().expect("a target").ends_with("thinggroup/fleet"));
    let page = fs::read_to_string(out.join("tune.html")).expect("written");
    assert!(page.contains("id=\"trade-off\"") && page.contains("id=\"checks\"") && page.contains("Meters.update.json"));
    assert!(out.join("plots/cost.svg").exists());
    let rationale = fs::read_to_string(out.join("rationale.md")).expect("written");
    assert!(rationale.contains("MessagesSent") && rationale.contains("traffic +25 %"), "{rationale}");
    assert_eq!(fs::read_to_string(out.join("tuning.json")).expect("written"), stdout(&output));
}

#[test]
fn what_nothing_meets_is_a_no_that_says_what_would_have_to_give() {
    let (code, told, errors) = tune(&["--min-recall", "1", "--max-p95-latency", "1m"]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(told.contains("no setting meets every constraint"), "{told}");
    assert!(told.contains("95 % latency of"), "a minute is less than a window: {told}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    for (arguments, told) in [
        (&[][..], "say what to keep to"),
        (&["--min-recall", "95"], "between 0 and 1"),
        (&["--max-alarms-per-day=-1"], "0 or more"),
        (&["--max-p95-latency", "soon"], "soon"),
    ] {
        let (code, answer, errors) = tune(arguments);
        assert_eq!((code, answer.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
}

#[test]
fn each_class_gets_a_profile_of_its_own_where_asked() {
    let (dir, path) = starter();
    let out = dir.path().join("out");
    let output = fleetrange()
        .args(["tune", "--quiet", "--devices", "500", "--runs", "1", "--holdout", "1", "--per", "class"])
        .args(["--min-recall", "0.5", "--format", "json", "--out"])
        .arg(&out)
        .arg(&path)
        .output()
        .expect("it starts");
    let tuning: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let classes = tuning["each"].as_array().expect("classes");
    assert!(!classes.is_empty());
    for own in classes {
        assert_eq!(own["part"]["kind"], "class");
        let name = format!("Meters-{}", own["part"]["name"].as_str().expect("a class"));
        assert_eq!(own["checks"].as_array().map(Vec::len), tuning["checks"].as_array().map(Vec::len));
        let file = out.join(format!("{name}.create.json"));
        let created: Value = serde_json::from_str(&fs::read_to_string(&file).expect("written")).expect("JSON");
        assert_eq!(created["securityProfileName"], name);
        let threshold = &created["behaviors"][0]["criteria"]["value"]["count"];
        assert_eq!(*threshold, own["behaviors"][0]["after"]["setting"]["threshold"]["count"]);
        let checked = fleetrange().arg("check").arg(&file).output().expect("it starts");
        assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    }
}

#[test]
fn each_group_with_those_below_it_gets_a_setting_of_its_own_where_asked() {
    let tune = |scenario: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(scenario);
        let arguments = ["tune", "--quiet", "--runs", "1", "--holdout", "0", "--per", "group", "--min-recall", "0.5"];
        let more = ["--format", "json", "--devices", "300"];
        fleetrange().args(arguments).args(more).arg(path).output().expect("it starts")
    };
    let output = tune("first-light.toml");
    let tuning: Value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let classes = |group: &str| {
        let each = tuning["each"].as_array().expect("groups");
        let own = each.iter().find(|own| own["part"]["name"] == group).expect("it holds devices");
        assert_eq!(own["part"]["kind"], "group");
        own["part"]["classes"].as_array().expect("classes").len()
    };
    assert_eq!((classes("fleet"), classes("homes"), classes("meters")), (6, 2, 1));
    let refused = tune("ml-levels.toml");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("no thing group of the scenario holds devices"), "{}", stderr(&refused));
}

/// Two days of 30 real meters: 4 to 13 messages a window, and one that sends 25 in a window each night.
fn recorded() -> String {
    let mut table = "thing,metric,timestamp,value\n".to_owned();
    for thing in 0..30u64 {
        for window in 1..=2 * 288u64 {
            let word = (thing * 7_919 + window * 104_729) % 1_000_003;
            let sent = if thing == 3 && window % 288 == 30 { 25 } else { 4 + word % 10 };
            let time = 1_767_225_600 + window * 300;
            table += &format!("unit_{thing},aws:num-messages-sent,{time},{sent}\n");
        }
    }
    table
}

#[test]
fn recorded_metrics_take_the_place_of_simulated_telemetry() {
    let (dir, path) = starter();
    let metrics = dir.path().join("metrics");
    fs::create_dir(&metrics).expect("a directory");
    fs::write(metrics.join("january.csv"), recorded()).expect("it can be written");
    let tuned = |format: &str| {
        fleetrange()
            .args(["tune", "--runs", "2", "--holdout", "1", "--max-alarms-per-day", "0.2", "--min-recall", "1"])
            .args(["--format", format])
            .arg(&path)
            .arg("--from-metrics")
            .arg(&metrics)
            .output()
            .expect("it starts")
    };
    let output = tuned("json");
    assert_eq!(output.status.code(), Some(0), "{}{}", stderr(&output), stdout(&output));
    assert!(stderr(&output).contains("recorded: 17280 values on 30 things"), "{}", stderr(&output));
    let tuning: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let replayed = &tuning["replayed"];
    assert_eq!((&replayed["things"], &replayed["unrecorded"][0]), (&30.into(), &"Meters/AuthorizationFailures".into()));
    // What was not recorded is not among what was tuned.
    let behaviors = tuning["behaviors"].as_array().expect("behaviors");
    assert_eq!(behaviors.len(), 1);
    // The starter's 30 is above everything recorded; the nights' 25 must not ring, and the leak's hundred must.
    let threshold = behaviors[0]["after"]["setting"]["threshold"]["count"].as_u64().expect("a count");
    assert!((25..75).contains(&threshold), "{threshold}");
    assert_eq!(behaviors[0]["after"]["recall"]["trials"], 2, "one of thirty, on each seed");
    let checks: Vec<&str> =
        tuning["checks"].as_array().expect("checks").iter().filter_map(|check| check["what"].as_str()).collect();
    assert!(checks[0].starts_with("the last third, seed "), "{checks:?}");
    let told = stdout(&tuned("human"));
    assert!(
        told.contains(
            "recorded, 30 things from 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z; tuned on what lies before \
                       2026-01-02T08:00:00Z and held against the rest; seeds move the attacks only"
        ),
        "{told}"
    );
    assert!(told.contains("not recorded, and left as they are: Meters/AuthorizationFailures"), "{told}");
}

#[test]
fn what_is_wrong_with_recorded_metrics_is_told_at_once() {
    let (dir, path) = starter();
    let file = dir.path().join("metrics.csv");
    let table = "thing,metric,timestamp,value\na,aws:num-messages-send,2026-01-01T00:05:00Z,1\n\
                 a,aws:num-messages-sent,2026-01-01T00:05:00Z,many\n";
    fs::write(&file, table).expect("it can be written");
    let output = fleetrange()
        .args(["--error-format", "plain", "tune", "--min-recall", "1"])
        .arg(&path)
        .arg("--from-metrics")
        .arg(&file)
        .output()
        .expect("it starts");
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for expected in [
        "metrics.csv:2:3  neither the service nor the scenario has a metric `aws:num-messages-send`",
        "did you mean `aws:num-messages-sent`?",
        "metrics.csv:3:46  a value of `aws:num-messages-sent` must be a whole number, 0 or more, found `many`",
        "2 problems, nothing was run",
    ] {
        assert!(told.contains(expected), "{expected}\nin\n{told}");
    }
}
