//! `fleetrange import`

use std::path::Path;

use super::{fleetrange, stderr, stdout};

#[test]
fn a_description_becomes_a_scenario_that_runs_and_overwrites_nothing() {
    let lamp = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/tests/data/desk-lamp.json");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("lamp.toml");
    let import = |resolve: &str| {
        let mut command = fleetrange();
        command.args(["import", "mud"]).arg(&lamp).args(["--resolve", resolve]).arg("--out").arg(&path);
        command.output().expect("it starts")
    };
    let output = import("cloud.bulbs.example=here");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("such as 192.0.2.0/24, found `here`"), "{}", stderr(&output));
    let output = import("cloud.bulbs.example=198.51.100.0/28");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut output = fleetrange();
    let output = output.args(["run", "--devices", "100", "--format", "json"]).arg(&path).arg("--out");
    let output = output.arg(dir.path().join("run")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("\"recall\""));
    let output = import("cloud.bulbs.example=198.51.100.0/28");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("exists already"), "{}", stderr(&output));
}

#[test]
fn what_is_no_description_is_told_with_its_place_and_nothing_is_written() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("list.json");
    std::fs::write(&file, "[1]\n").expect("writable");
    let output = fleetrange().args(["import", "mud"]).arg(&file).arg("--out").arg(dir.path().join("x.toml")).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`ietf-mud:mud` is required here, found a list"), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1);
}
