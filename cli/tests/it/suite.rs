//! `fleetrange test` as a user meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;

use super::{edit, fleetrange, starter, stderr, stdout};

const RULES: &str = r#"
profile = '''
{"securityProfileName": "P", "behaviors": [
    {"name": "Sent", "metric": "aws:num-messages-sent", "criteria": {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300}}]}
'''

[[test]]
name = "sixty are too many"
values = "60, 10"
events = ["5m in-alarm = 60", "10m alarm-cleared = 10"]

[[test]]
name = "fifty are not"
values = "50"
must-not-fire = "Sent"
"#;

/// A folder `tests` with the starter scenario, which expects these statements of a run, and two rule tests.
fn suite(statements: &str) -> (TempDir, PathBuf) {
    let (dir, scenario) = starter();
    let tests = dir.path().join("tests");
    fs::create_dir(&tests).expect("writable");
    for name in ["fleet.toml", "fleet"] {
        fs::rename(dir.path().join(name), tests.join(name)).expect("ours");
    }
    let text = fs::read_to_string(tests.join("fleet.toml")).expect("readable");
    fs::write(tests.join("fleet.toml"), format!("{text}\n[expect]\nrun = [{statements}]\n")).expect("writable");
    fs::write(tests.join("rules.toml"), RULES).expect("writable");
    drop(scenario);
    (dir, tests)
}

fn test(dir: &Path, arguments: &[&str]) -> Output {
    fleetrange().arg("test").args(arguments).current_dir(dir).output().expect("it starts")
}

#[test]
fn the_folder_tests_is_searched_and_passes() {
    let (dir, _tests) = suite("\"alarms > 0\", \"recall == 1\"");
    let output = test(dir.path(), &[]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{}", stdout(&output));
    let told = "passed        tests/fleet.toml (2 expectations)\npassed        tests/rules.toml (2 rule tests)\n3 tests: 3 passed\n";
    assert_eq!(stdout(&output), told);
    for threads in ["1", "3"] {
        assert_eq!(stdout(&test(dir.path(), &["--threads", threads])), told);
    }
}

#[test]
fn failures_exit_with_1_and_the_line_told_shows_them_again() {
    let (dir, tests) = suite("\"recall < 0.5\"");
    edit(&tests.join("rules.toml"), "5m in-alarm = 60", "5m in-alarm = 61");
    let output = test(dir.path(), &[]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("found 1 (20 of 20), allowed < 0.5"), "{told}");
    assert!(told.contains("- 5m in-alarm of Sent on device = 61"), "{told}");
    let lines: Vec<&str> = told.lines().filter_map(|line| line.trim().strip_prefix("again: fleetrange ")).collect();
    assert_eq!(lines.len(), 2, "{told}");
    for line in lines {
        let script = format!("\"$0\" {line}");
        let again = std::process::Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_fleetrange")])
            .current_dir(dir.path())
            .output()
            .expect("a shell");
        assert_eq!(again.status.code(), Some(1), "{line}\n{}", stderr(&again));
        assert!(stdout(&again).ends_with("1 test: 1 failed\n"), "{}", stdout(&again));
    }
    let fast = test(dir.path(), &["--fail-fast"]);
    assert!(stdout(&fast).ends_with("3 tests: 1 failed, 2 not run\n"), "{}", stdout(&fast));
    assert_eq!(fast.status.code(), Some(1));
}

#[test]
fn what_the_evidence_does_not_decide_exits_with_3() {
    let (dir, _tests) = suite("\"time_to_finding.max < 1h\"");
    let output = test(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(stdout(&output).contains("n/a"), "{}", stdout(&output));
    // Two seeds are too few for a mean, six enough.
    let (dir, _tests) = suite("\"false_alarms_per_day < 100\"");
    assert_eq!(test(dir.path(), &["--filter", "fleet", "--runs", "2"]).status.code(), Some(3));
    let six = test(dir.path(), &["--filter", "fleet", "--runs", "6"]);
    assert_eq!(six.status.code(), Some(0), "{}", stdout(&six));
}

#[test]
fn mistakes_in_several_files_are_told_at_once_and_exit_with_2() {
    let (dir, tests) = suite("\"recal == 1\"");
    edit(&tests.join("rules.toml"), "must-not-fire = \"Sent\"", "must-not-fire = \"Snt\"");
    fs::write(tests.join("broken.toml"), "[[test]\n").expect("writable");
    let output = test(dir.path(), &["--list"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    let told = stderr(&output);
    for part in ["recal", "Snt", "broken.toml"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(test(dir.path(), &["nowhere"]).status.code(), Some(2));
    assert_eq!(test(dir.path(), &["tests/rules.toml", "--runs", "0"]).status.code(), Some(2));
}

#[test]
fn tests_are_listed_and_chosen_by_name() {
    let (dir, _tests) = suite("\"recall == 1\"");
    let list = test(dir.path(), &["--list"]);
    let told = "tests/fleet.toml: fleet\ntests/rules.toml: sixty are too many\ntests/rules.toml: fifty are not\n";
    assert_eq!((list.status.code(), stdout(&list).as_str()), (Some(0), told));
    let one = test(dir.path(), &["--filter", "fifty"]);
    assert!(stdout(&one).ends_with("1 test: 1 passed\n"), "{}", stdout(&one));
    let none = test(dir.path(), &["--filter", "seventy"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("none of 3 tests is named `seventy`"), "{}", stderr(&none));
}

#[test]
fn check_knows_rule_tests() {
    let (dir, tests) = suite("\"recall == 1\"");
    let check =
        || fleetrange().args(["check", "tests/rules.toml"]).current_dir(dir.path()).output().expect("it starts");
    assert_eq!(stdout(&check()), "tests/rules.toml: rule tests: ok\n");
    edit(&tests.join("rules.toml"), "\"50\"", "\"50 y\"");
    assert_eq!(check().status.code(), Some(2));
}

/// Every attack loud and hidden, every innocent event, every check, the responders; and the rule tests.
#[test]
fn the_golden_pack_holds() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let output = fleetrange().arg("test").arg(golden).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

/// What the headers of the gallery claim.
#[test]
fn the_gallery_holds_what_it_claims() {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let output = fleetrange().arg("test").arg(gallery).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

/// The pack or the gallery has a scenario for each attack and each innocent event that there is.
#[test]
fn every_attack_and_confounder_has_a_scenario_that_is_tested() {
    let texts = |folder: &str| -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
        let files = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
        files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).expect("readable")).collect()
    };
    let mut all = texts("tests/golden/scenarios");
    assert!(all.len() >= 40, "{} scenarios", all.len());
    all.extend(texts("scenarios").into_iter().filter(|text| text.contains("\n[expect]\n")));
    let names = sim::attack::REGISTRY.iter().map(|entry| entry.name);
    for name in names.chain(sim::confounder::REGISTRY.iter().map(|entry| entry.name)) {
        let key = format!("\n{name} = ");
        assert!(all.iter().any(|text| text.contains(&key)), "no scenario has `{name}`");
    }
}

#[test]
fn reports_are_written_whole_for_build_servers_pull_requests_and_programs() {
    let (dir, tests) = suite("\"recall < 0.5\", \"alarms > 0\"");
    edit(&tests.join("rules.toml"), "5m in-alarm = 60", "5m in-alarm = 61");
    let files = ["--junit", "junit.xml", "--markdown", "comment.md", "--json", "tests.json"];
    assert_eq!(test(dir.path(), &files).status.code(), Some(1));
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("written");
    let junit = read("junit.xml");
    assert_eq!(junit.matches("<testcase ").count(), 4, "{junit}");
    assert_eq!(junit.matches("<failure ").count(), 2, "{junit}");
    assert!(junit.contains("again: fleetrange test tests/fleet.toml --seed 1"), "{junit}");
    let year: String = junit.split("timestamp=\"").nth(1).expect("a timestamp").chars().take(4).collect();
    assert!(year.parse::<u32>().is_ok_and(|year| year >= 2024), "{year}");
    let comment = read("comment.md");
    assert!(comment.starts_with("### Fleetrange: failed\n\n3 tests: 1 passed, 2 failed\n"), "{comment}");
    let json: serde_json::Value = serde_json::from_str(&read("tests.json")).expect("JSON");
    assert_eq!((&json["schema"], &json["verdict"]), (&"fleetrange.test/1".into(), &"failed".into()));
    assert_eq!(json["tests"][0]["cases"][0]["value"], 1.0);
    assert_eq!(json["tests"][0]["again"], "fleetrange test tests/fleet.toml --seed 1");
    // Nothing else is left behind, and a place that cannot be written is told before anything runs.
    let mut names: Vec<_> =
        fs::read_dir(dir.path()).expect("readable").map(|entry| entry.expect("readable").file_name()).collect();
    names.sort();
    assert_eq!(names, ["comment.md", "junit.xml", "tests", "tests.json"]);
    let output = test(dir.path(), &["--json", "nowhere/tests.json"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
}

#[test]
fn what_no_test_exercises_is_listed_and_fails_where_coverage_is_required() {
    let (dir, tests) = suite("\"recall == 1\"");
    let output = test(dir.path(), &["--require-coverage"]);
    let told = stdout(&output);
    let unexercised =
        told.lines().filter(|line| line.ends_with("(tests/fleet.toml)") && line.starts_with("    ")).count();
    assert_eq!(output.status.code(), Some(i32::from(unexercised > 0)), "{told}");
    edit(&tests.join("rules.toml"), "must-not-fire = \"Sent\"", "events = []");
    edit(&tests.join("rules.toml"), "\"60, 10\"", "\"6, 10\"");
    edit(&tests.join("rules.toml"), "[\"5m in-alarm = 60\", \"10m alarm-cleared = 10\"]", "[]");
    let rules = test(dir.path(), &["tests/rules.toml"]);
    assert_eq!(rules.status.code(), Some(0));
    assert!(
        stdout(&rules).contains("1 of 1 behavior exercised by no test:\n    P/Sent  (tests/rules.toml)\n"),
        "{}",
        stdout(&rules)
    );
    let required = test(dir.path(), &["tests/rules.toml", "--require-coverage", "--junit", "junit.xml"]);
    assert_eq!(required.status.code(), Some(1));
    let junit = fs::read_to_string(dir.path().join("junit.xml")).expect("written");
    assert!(junit.contains("no test exercises P/Sent"), "{junit}");
}

/// A baseline is written, holds, tells a worse profile from a better one, and is brought up to date.
#[test]
fn a_baseline_is_kept_held_against_and_updated() {
    let (dir, tests) = suite("\"alarms >= 1\"");
    let baseline = |arguments: &[&str]| {
        fleetrange().args(["baseline", "update"]).args(arguments).current_dir(dir.path()).output().expect("it starts")
    };
    let first = baseline(&["tests/baseline.json", "tests"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert_eq!(stdout(&first), "tests/baseline.json: 1 scenarios: 1 measured, 0 kept (0 before)\n");
    let text = fs::read_to_string(tests.join("baseline.json")).expect("written");
    assert!(text.contains("\"file\": \"fleet.toml\""), "{text}");
    let hold = || test(dir.path(), &["tests", "--baseline", "tests/baseline.json", "--markdown", "comment.md"]);
    let same = hold();
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    assert!(stdout(&same).contains("against the baseline: 1 same\n"), "{}", stdout(&same));

    // Two alerts a day are worth nothing if the leak is not seen: the expectation still holds, the baseline does not.
    edit(&tests.join("fleet.toml"), "count = 20 ", "count = 19 ");
    let changed = hold();
    assert!(stdout(&changed).contains("the scenario is another than it was"), "{}", stdout(&changed));
    blind(&tests.join("fleet/security-profile.json"));
    edit(&tests.join("fleet.toml"), "run = [\"alarms >= 1\"]", "run = [\"alarms <= 100000\"]");
    let worse = hold();
    assert_eq!(worse.status.code(), Some(1), "{}", stdout(&worse));
    assert!(stdout(&worse).contains("worse         fleet.toml"), "{}", stdout(&worse));
    let comment = fs::read_to_string(dir.path().join("comment.md")).expect("written");
    assert!(comment.contains("`run recall` | 100 % \u{2192} 0 % |"), "{comment}");

    let accepted = baseline(&["tests/baseline.json", "tests"]);
    assert_eq!(accepted.status.code(), Some(0));
    assert!(stdout(&accepted).contains("run recall: 100 % \u{2192} 0 %"), "{}", stdout(&accepted));
    assert_eq!(hold().status.code(), Some(0), "{}", stdout(&hold()));

    fs::write(tests.join("baseline.json"), "{}").expect("writable");
    let broken = hold();
    assert_eq!((broken.status.code(), stdout(&broken).as_str()), (Some(2), ""));
    assert!(stderr(&broken).contains("a baseline must have schema"), "{}", stderr(&broken));
    assert_eq!(baseline(&["tests/baseline.json"]).status.code(), Some(2), "it is not overwritten");
    assert_eq!(fs::read_to_string(tests.join("baseline.json")).expect("readable"), "{}");
}

/// Sets every threshold of a security profile out of reach.
fn blind(profile: &Path) {
    let text = fs::read_to_string(profile).expect("readable");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for behavior in value["behaviors"].as_array_mut().expect("behaviors") {
        let count = behavior.pointer_mut("/criteria/value/count").expect("a static threshold on a count");
        *count = 1_000_000_000_000_u64.into();
    }
    fs::write(profile, value.to_string()).expect("writable");
}
