//! The program as a user meets it: exit codes, messages, and nothing half-written.

mod chaos;
mod compare;
mod import;
mod report;
mod runs;
mod suite;
mod sweep;
mod tune;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn fleetrange() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetrange"));
    command.stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with the starter scenario, made by `new`.
fn starter() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("fleet.toml");
    let output = fleetrange().arg("new").arg(&path).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    (dir, path)
}

/// Replaces text in a file; the text must be there.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("readable");
    assert!(text.contains(from), "`{from}` stands in {}", path.display());
    fs::write(path, text.replace(from, to)).expect("writable");
}

/// Runs the starter after an edit, expects exit code 2, no run directory, and gives the messages.
fn refused(file: &str, from: &str, to: &str) -> String {
    let (dir, path) = starter();
    edit(&dir.path().join(file), from, to);
    let out = dir.path().join("out");
    let output = fleetrange()
        .args(["--error-format", "plain", "run"])
        .arg(&path)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(!out.exists(), "nothing is written");
    assert_eq!(stdout(&output), "");
    stderr(&output)
}

#[test]
fn the_starter_runs_checks_clean_and_its_lock_gives_the_same_run() {
    let (dir, path) = starter();
    let output = fleetrange().arg("check").arg(&path).output().expect("it starts");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let digest = |scenario: &Path, out: &str| {
        let out = dir.path().join(out);
        let output = fleetrange()
            .args(["run", "--format", "json", "--quiet"])
            .arg(scenario)
            .arg("--out")
            .arg(&out)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
        let summary: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(summary["schema"], "fleetrange.summary/1");
        for file in
            ["report.html", "summary.json", "alarms.csv", "truth.csv", "notifications.jsonl", "scenario.lock.toml"]
        {
            assert!(out.join(file).is_file(), "{file}");
        }
        summary["run"]["digest"].as_str().expect("a digest").to_owned()
    };
    let first = digest(&path, "first");
    assert_eq!(digest(&dir.path().join("first/scenario.lock.toml"), "second"), first);
    // A result may be replaced by a result.
    assert_eq!(digest(&path, "first"), first);
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_nearest_name() {
    let message = refused("fleet.toml", "seed = 1", "sede = 1");
    assert!(message.contains("fleet.toml:6:1"), "{message}");
    assert!(message.contains("`sede`") && message.contains("`seed`"), "{message}");
}

#[test]
fn wrong_units_impossible_dates_and_negative_counts_are_told() {
    let unit = refused("fleet.toml", "duration = \"4h\"", "duration = \"4 parsecs\"");
    assert!(unit.contains("4 parsecs"), "{unit}");
    let date = refused("fleet.toml", "start = 2026-06-01T00:00:00Z", "start = \"2026-02-30T00:00:00Z\"");
    assert!(date.contains("2026-02-30"), "{date}");
    let count = refused("fleet.toml", "count = 20 ", "count = -20 ");
    assert!(count.contains("-20"), "{count}");
}

#[test]
fn problems_inside_documents_are_told_with_the_documents_line() {
    let operator = refused("fleet/security-profile.json", "less-than-equals", "at-most");
    assert!(operator.contains("security-profile.json:") && operator.contains("at-most"), "{operator}");
    let arn = refused("fleet/security-profile.json", "arn:aws:sns:us-east-1:123456789012:fleet-alerts", "fleet-alerts");
    assert!(arn.contains("security-profile.json:") && arn.contains("fleet-alerts"), "{arn}");
    let missing = refused("fleet.toml", "fleet/security-profile.json", "fleet/nowhere.json");
    assert!(missing.contains("nowhere.json"), "{missing}");
}

#[test]
fn an_attack_that_targets_no_device_is_told() {
    let message = refused("fleet.toml", "class = \"meter\", count = 20", "class = \"metre\", count = 20");
    assert!(message.contains("metre") && message.contains("meter"), "{message}");
}

#[test]
fn several_mistakes_are_told_in_one_run() {
    let (dir, path) = starter();
    edit(&path, "seed = 1", "seed = -1");
    edit(&path, "rate = \"1 KiB/s\"", "rate = \"fast\"");
    edit(&path, "archetype = \"smart-meter\"", "archetype = \"smart-metre\"");
    let output = fleetrange().args(["--error-format", "json", "check"]).arg(&path).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    let problems: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    assert!(problems.len() >= 3, "{told}");
    assert!(problems.iter().all(|problem| problem["line"].is_u64() && problem["column"].is_u64()), "{told}");
    drop(dir);
}

#[test]
fn a_missing_scenario_and_bad_usage_exit_with_2() {
    let output = fleetrange().args(["run", "no-such-file.toml"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no-such-file.toml"));
    let output = fleetrange().args(["run"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let output = fleetrange().args(["--version"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let (dir, path) = starter();
    let out = dir.path().join("precious");
    fs::create_dir(&out).expect("writable");
    fs::write(out.join("thesis.txt"), "years of work").expect("writable");
    let output = fleetrange().arg("run").arg(&path).arg("--out").arg(&out).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_dir(&out).expect("readable").count(), 1);
    let blocked = dir.path().join("fleet.toml/below-a-file");
    let output = fleetrange().arg("run").arg(&path).arg("--out").arg(&blocked).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("below-a-file"), "{}", stderr(&output));
}

#[test]
fn new_overwrites_nothing() {
    let (_dir, path) = starter();
    let before = fs::read_to_string(&path).expect("readable");
    let output = fleetrange().arg("new").arg(&path).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&path).expect("readable"), before);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_with_130() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let out = dir.path().join("run");
    let child = fleetrange()
        .arg("run")
        .arg(scenarios().join("first-light.toml"))
        .arg("--out")
        .arg(&out)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(!out.exists());
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0, "nothing half-written stays behind");
}

/// Ctrl-C leaves a checkpoint, and what `resume` makes of it is what an uninterrupted run makes.
#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_from_its_checkpoint() {
    let (dir, path) = starter();
    let file = dir.path().join("run.checkpoint");
    let run = |out: &str| {
        let mut command = fleetrange();
        command.args(["run", "--format", "json", "--set", "duration=40d", "--devices", "3000"]).arg(&path);
        command.arg("--out").arg(dir.path().join(out));
        command
    };
    let mut interrupted = run("whole");
    interrupted.args(["--checkpoint-every", "1h", "--checkpoint"]).arg(&file);
    let child = interrupted.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    while !file.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("resume"), "{}", stderr(&output));
    assert!(!dir.path().join("whole").exists());

    let resume = |file: &Path| {
        let mut command = fleetrange();
        command.args(["resume", "--format", "json", "--threads", "1"]).arg(file);
        command.arg("--out").arg(dir.path().join("resumed")).output().expect("it starts")
    };
    let (whole, resumed) = (run("whole").output().expect("it starts"), resume(&file));
    assert_eq!((whole.status.code(), resumed.status.code()), (Some(0), Some(0)), "{}", stderr(&resumed));
    assert_eq!(stdout(&whole), stdout(&resumed));
    for name in ["report.html", "alarms.csv", "truth.csv", "notifications.jsonl"] {
        let read = |out: &str| fs::read(dir.path().join(out).join(name)).expect("written");
        assert!(read("whole") == read("resumed"), "{name}");
    }

    fs::remove_dir_all(dir.path().join("resumed")).expect("ours");
    let mut bytes = fs::read(&file).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).expect("writable");
    let damaged = resume(&file);
    assert_eq!(damaged.status.code(), Some(2));
    assert!(stderr(&damaged).contains("the checkpoint is damaged"), "{}", stderr(&damaged));
    let other = resume(&path);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("this is not a checkpoint"), "{}", stderr(&other));
    assert!(!dir.path().join("resumed").exists());
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut child = fleetrange()
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn the_source_documents_examples_run_with_their_warnings() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = fleetrange()
        .args(["--error-format", "plain", "run"])
        .arg(scenarios().join("source-document.toml"))
        .arg("--out")
        .arg(dir.path().join("run"))
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stderr(&output);
    for code in ["NON_STANDARD_DURATION", "AUDIT_ROLE_DEFAULTED"] {
        assert!(told.contains(code), "{code} is told:\n{told}");
    }
}
