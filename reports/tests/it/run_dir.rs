use std::fs;
use std::path::Path;

use lab::Scorecard;
use lab::outcome::{Outcome, RepairRow};
use reports::{Destination, WriteError, saved, write_run};

use crate::specimen;

fn run() -> (Outcome, Scorecard) {
    let outcome = specimen::small();
    let card = lab::score(&outcome);
    (outcome, card)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_run_leaves_all_its_files_and_nothing_beside_them() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("deep/er/run");
    write_run(&dir, &outcome, &card, "seed = 42\n").expect("parents are created");
    assert_eq!(
        names(&dir),
        [
            "alarms.csv",
            "documents.csv",
            "findings.csv",
            "mitigations.csv",
            "navigator.json",
            "notifications.jsonl",
            "outcome.json.gz",
            "plots",
            "repairs",
            "report.html",
            "scenario.lock.toml",
            "scores.csv",
            "summary.json",
            "timeline.csv",
            "truth.csv",
        ]
    );
    assert_eq!(names(dir.parent().expect("a parent")), ["run"], "no temporary file stays");
    assert_eq!(fs::read_to_string(dir.join("scenario.lock.toml")).expect("the lock"), "seed = 42\n");
}

#[test]
fn a_proposed_document_is_a_file_that_table_and_report_name() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("run");
    write_run(&dir, &outcome, &card, "").expect("written");
    let text = fs::read_to_string(dir.join("repairs/camera-policy.json")).expect("the name is fit for a file");
    let RepairRow::Proposed { text: proposed, .. } = &outcome.documents[0].repair else { panic!("a proposal") };
    assert_eq!(text.trim_end(), proposed);
    for file in ["documents.csv", "report.html"] {
        let text = fs::read_to_string(dir.join(file)).expect(file);
        assert!(text.contains("repairs/camera-policy.json"), "{file}");
        assert!(text.contains("may update the shadow of thing other-device"), "{file}");
    }
}

#[test]
fn an_outcome_reads_back_as_it_was_and_tells_the_same() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let [first, again] = ["first", "again"].map(|name| guard.path().join(name));
    write_run(&first, &outcome, &card, "seed = 1\n").expect("written");
    let read = saved::read(&first).expect("it reads back");
    write_run(&again, &read, &lab::score(&read), "seed = 1\n").expect("written");
    for name in names(&first).into_iter().filter(|name| name.contains('.')) {
        assert!(fs::read(first.join(&name)).expect("one") == fs::read(again.join(&name)).expect("other"), "{name}");
    }
}

#[test]
fn a_damaged_or_foreign_outcome_is_refused_with_a_reason() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("run");
    let error = |dir: &Path| saved::read(dir).expect_err("refused").to_string();
    assert!(error(&dir).starts_with("cannot read"), "{}", error(&dir));
    write_run(&dir, &outcome, &card, "").expect("written");
    let file = dir.join(saved::FILE);
    let whole = fs::read(&file).expect("readable");
    fs::write(&file, &whole[..whole.len() / 2]).expect("writable");
    assert!(error(&dir).contains("is not a run's outcome"), "{}", error(&dir));
}

#[test]
fn every_figure_is_a_drawing_a_picture_and_data() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("run");
    write_run(&dir, &outcome, &card, "").expect("written");
    let plots = names(&dir.join("plots"));
    let drawings: Vec<_> = plots.iter().filter_map(|name| name.strip_suffix(".svg")).collect();
    assert!(!drawings.is_empty());
    for name in drawings {
        let picture = fs::read(dir.join(format!("plots/{name}.png"))).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
        assert!(plots.contains(&format!("{name}.csv")), "{name}");
    }
}

#[test]
fn the_same_run_is_written_to_the_same_bytes() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let [a, b] = ["a", "b"].map(|name| guard.path().join(name));
    write_run(&a, &outcome, &card, "").expect("written");
    write_run(&b, &outcome, &card, "").expect("written");
    for name in names(&a).into_iter().filter(|name| name.contains('.')) {
        assert!(fs::read(a.join(&name)).expect("a") == fs::read(b.join(&name)).expect("b"), "{name} differs");
    }
}

#[test]
fn an_earlier_result_and_an_empty_directory_are_replaced() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("run");
    fs::create_dir(&dir).expect("an empty directory");
    write_run(&dir, &outcome, &card, "first").expect("an empty directory is taken");
    fs::write(dir.join("leftover.txt"), "from the first run").expect("written");
    write_run(&dir, &outcome, &card, "second").expect("an earlier result is replaced");
    assert_eq!(fs::read_to_string(dir.join("scenario.lock.toml")).expect("the lock"), "second");
    assert!(!dir.join("leftover.txt").exists());
    assert_eq!(names(guard.path()), ["run"]);
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let dir = guard.path().join("thesis");
    fs::create_dir(&dir).expect("a directory");
    fs::write(dir.join("chapter1.txt"), "years of work").expect("written");
    fs::write(dir.join("summary.json"), "{\"schema\":\"somebody.else/1\"}").expect("written");
    let error = write_run(&dir, &outcome, &card, "").expect_err("somebody else's directory");
    assert!(matches!(error, WriteError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains("thesis") && error.to_string().contains("choose another"), "{error}");
    assert_eq!(names(&dir), ["chapter1.txt", "summary.json"]);
    assert_eq!(names(guard.path()), ["thesis"]);
}

#[test]
fn a_file_in_the_place_is_named() {
    let (outcome, card) = run();
    let guard = tempfile::tempdir().expect("a temporary directory");
    let file = guard.path().join("result");
    fs::write(&file, "a file").expect("written");
    for path in [file.clone(), file.join("inside")] {
        let error = write_run(&path, &outcome, &card, "").expect_err("a file is in the way");
        assert!(matches!(error, WriteError::NotDirectory { .. } | WriteError::Io { .. }), "{error:?}");
    }
    assert_eq!(fs::read_to_string(&file).expect("still there"), "a file");
}

#[test]
fn a_place_without_a_name_is_refused() {
    let error = Destination::open(Path::new("/")).expect_err("the root is no result");
    assert!(matches!(error, WriteError::NotOurs { .. } | WriteError::NoName { .. }), "{error:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_an_error_of_its_own() {
    // Even the superuser cannot create entries there.
    let error = Destination::open(Path::new("/proc/fleetrange-test/run")).expect_err("/proc takes no directories");
    assert!(matches!(error, WriteError::Unwritable { .. } | WriteError::Io { .. }), "{error:?}");
}

/// A file system of 64 KiB, mounted where the test may; skipped where it may not.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    use std::process::Command;
    let guard = tempfile::tempdir().expect("a temporary directory");
    let disk = guard.path().join("disk");
    fs::create_dir(&disk).expect("a mount point");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let outcome = specimen::rich();
    let result = write_run(&disk.join("run"), &outcome, &lab::score(&outcome), "");
    let left = names(&disk);
    let unmounted = Command::new("umount").arg(&disk).status();
    let error = result.expect_err("64 KiB do not hold a rich run");
    assert!(matches!(error, WriteError::Full { .. }), "{error:?}");
    assert!(left.is_empty(), "left behind: {left:?}");
    assert!(unmounted.is_ok_and(|status| status.success()));
}

#[test]
fn a_reserved_place_that_is_given_up_leaves_nothing() {
    let guard = tempfile::tempdir().expect("a temporary directory");
    let destination = Destination::open(&guard.path().join("run")).expect("a fresh place");
    assert_eq!(destination.path(), guard.path().join("run"));
    assert_eq!(names(guard.path()).len(), 1, "the temporary sibling");
    drop(destination);
    assert!(names(guard.path()).is_empty());
}
