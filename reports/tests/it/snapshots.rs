use reports::text::{COLUMNS, Color, LINES, summary, summary_in};

use crate::specimen;

#[test]
fn the_terminal_summary_of_a_small_run() {
    let outcome = specimen::small();
    insta::assert_snapshot!(summary(&outcome, &lab::score(&outcome)));
}

#[test]
fn the_terminal_summary_of_a_rich_run() {
    let outcome = specimen::rich();
    insta::assert_snapshot!(summary(&outcome, &lab::score(&outcome)));
}

#[test]
fn the_terminal_summary_fits_a_screen_whatever_the_run() {
    let mut crowded = specimen::rich();
    for i in 0..200 {
        let mut act = crowded.truth[i % 5].clone();
        act.name = format!("{}-with-a-name-that-goes-on-and-on-and-never-seems-to-find-its-end-{i}", act.name);
        crowded.truth.push(act);
        crowded.warnings.push("X-01: something long that was tolerated ".repeat(9));
    }
    for outcome in [crowded, specimen::rich(), specimen::small()] {
        let text = summary(&outcome, &lab::score(&outcome));
        assert!(text.lines().count() <= LINES, "{} lines:\n{text}", text.lines().count());
        for line in text.lines() {
            assert!(line.chars().count() <= COLUMNS, "{} columns: {line}", line.chars().count());
            assert_eq!(line.trim_end(), line, "no blanks at the end");
        }
        assert!(text.trim_end().ends_with(&outcome.header.digest), "the digest closes the summary");
    }
}

#[test]
fn color_is_only_there_when_asked_for_and_changes_no_word() {
    let outcome = specimen::small();
    let card = lab::score(&outcome);
    let plain = summary(&outcome, &card);
    assert!(!plain.contains('\u{1b}'));
    let colored = summary_in(&outcome, &card, Color::Always);
    assert!(colored.contains("\u{1b}[1m"));
    let stripped = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"].iter().fold(colored, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
}

#[test]
fn summary_json_of_a_small_run() {
    let outcome = specimen::small();
    insta::assert_snapshot!(crate::write(&outcome).text("summary.json"));
}

#[test]
fn scores_csv_of_a_small_run() {
    let outcome = specimen::small();
    insta::assert_snapshot!(crate::write(&outcome).text("scores.csv"));
}
