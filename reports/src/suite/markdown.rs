//! Markdown, for a comment on a pull request (GitHub's and GitLab's dialects agree on what is used here).

use std::fmt::Write;

use lab::expect::Verdict;
use lab::suite::{Kind, Regression, Report, TestReport, Totals};

use super::regression::{SCORES, change as words, noise, told, totals};
use super::{again, text};
use crate::wording::count;

/// Failures told in full; the rest is counted.
const FAILURES: usize = 50;

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut page = format!("### Fleetrange: {}\n\n{}\n\n", headline(report), text::totals(&report.totals));
    table(&mut page, report);
    failures(&mut page, report);
    if let Some(regression) = &report.regression {
        against(&mut page, regression);
    }
    coverage(&mut page, report);
    page
}

fn headline(report: &Report) -> &'static str {
    match report.verdict() {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn table(page: &mut String, report: &Report) {
    *page += "| tests | passed | failed | inconclusive | not run |\n| --- | ---: | ---: | ---: | ---: |\n";
    for (kind, name) in [(Kind::Scenario, "scenarios"), (Kind::Rule, "rule tests")] {
        let sum = Totals::of(report.tests.iter().filter(|test| test.kind == kind));
        if sum.tests > 0 {
            let numbers = [sum.passed, sum.failed, sum.inconclusive, sum.not_run].map(count).join(" | ");
            let _ = writeln!(page, "| {name} | {numbers} |");
        }
    }
}

fn failures(page: &mut String, report: &Report) {
    let is_told = |test: &&TestReport| !matches!(test.verdict, None | Some(Verdict::Passed));
    let all: Vec<&TestReport> = report.tests.iter().filter(is_told).collect();
    if all.is_empty() {
        return;
    }
    *page += "\n#### What does not hold\n";
    for test in all.iter().take(FAILURES) {
        let verdict = test.verdict.map_or("not run", Verdict::name);
        let _ =
            write!(page, "\n{} {verdict} ({})\n\n", code(&test.name), code(&format!("{}:{}", test.file, test.line)));
        if !test.cases.is_empty() {
            *page += "| expected | found | |\n| --- | --- | --- |\n";
        }
        for case in test.cases.iter().filter(|case| case.verdict != Verdict::Passed) {
            let reason = if case.reason.is_empty() { String::new() } else { format!(": {}", cell(&case.reason)) };
            let (expected, found, name) = (cell(&code(&case.expected)), cell(&case.found), case.verdict.name());
            let _ = writeln!(page, "| {expected} | {found} | {name}{reason} |");
        }
        if !test.wrong.is_empty() {
            let _ = writeln!(page, "{}", block("diff", &test.wrong.join("\n")));
        }
        let _ = write!(page, "\n{}\n", block("", &again(test)));
    }
    if all.len() > FAILURES {
        let _ = write!(page, "\nand {} more.\n", count((all.len() - FAILURES) as u64));
    }
}

fn against(page: &mut String, regression: &Regression) {
    let _ = write!(page, "\n#### Against the baseline\n\n{}\n", totals(regression));
    if told(regression).next().is_none() {
        return;
    }
    *page += "\n| scenario | score | before → now | 95 % interval | |\n| --- | --- | --- | --- | --- |\n";
    for change in told(regression) {
        let file = cell(&code(&change.file));
        let note = if change.is_changed { ", the scenario is another than it was" } else { "" };
        let _ = writeln!(page, "| {file} | | | | **{}**{note} |", change.standing.name());
        for score in change.scores.iter().take(SCORES) {
            let name = cell(&code(&format!("{} {}", score.subject, score.score)));
            let (words, noise) = (cell(&words(score)), cell(&noise(score)));
            let _ = writeln!(page, "| | {name} | {words} | {noise} | {} |", score.standing.name());
        }
    }
}

fn coverage(page: &mut String, report: &Report) {
    if report.coverage.is_whole() {
        return;
    }
    *page += "\n#### Exercised by no test\n\n";
    for (kind, part) in [("behavior", &report.coverage.behaviors), ("check", &report.coverage.checks)] {
        for one in &part.unexercised {
            let _ = writeln!(page, "- {kind} {} ({})", code(&one.name), code(&one.file));
        }
    }
}

/// A code span; the fence is longer than any run of backticks inside.
fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    if fence.len() == 1 { format!("`{text}`") } else { format!("{fence} {text} {fence}") }
}

/// A fenced block.
fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text in a cell of a table, where a pipe would begin the next one.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::tests::with_regression;

    #[test]
    fn the_specimen_as_markdown() {
        insta::assert_snapshot!(markdown(&with_regression()));
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(block("", "x\n```\ny"), "````\nx\n```\ny\n````");
        assert_eq!(cell("a | b"), "a \\| b");
    }
}
