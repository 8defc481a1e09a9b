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

/// The pack has a scenario for each attack and each innocent event that there is.
#[test]
fn the_golden_pack_knows_every_attack_and_confounder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/scenarios");
    let files = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let all: Vec<String> =
        files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).expect("readable")).collect();
    assert!(all.len() >= 40, "{} scenarios", all.len());
    let names = sim::attack::REGISTRY.iter().map(|entry| entry.name);
    for name in names.chain(sim::confounder::REGISTRY.iter().map(|entry| entry.name)) {
        let key = format!("\n{name} = ");
        assert!(all.iter().any(|text| text.contains(&key)), "no scenario has `{name}`");
    }
}
