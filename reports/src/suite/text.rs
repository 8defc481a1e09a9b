//! For a terminal: a line for each file, then whatever is wrong.

use std::fmt::Write;

use lab::expect::Verdict;
use lab::suite::{Kind, Regression, Report, Standing, TestReport, Totals};

use super::again;
use super::regression::{SCORES, change as words, noise, told, totals as baseline_totals};
use crate::text::Color;
use crate::wording::{count, things};

/// The result of tests, as text.
pub fn text(report: &Report, color: Color) -> String {
    let mut page = String::new();
    for file in report.tests.chunk_by(|a, b| a.file == b.file) {
        line_of_file(&mut page, file, color);
        for test in file {
            match test.verdict {
                Some(verdict @ (Verdict::Failed | Verdict::Inconclusive)) => wrong(&mut page, test, verdict, color),
                Some(Verdict::Passed) | None => {}
            }
        }
    }
    if let Some(regression) = &report.regression {
        against(&mut page, regression, color);
    }
    coverage(&mut page, report);
    page += &format!("{}\n", painted(&totals(&report.totals), Some(report.verdict()), color));
    page
}

/// `94 tests: 92 passed, 1 failed, 1 inconclusive`.
pub(super) fn totals(totals: &Totals) -> String {
    let parts = [
        (totals.passed, "passed"),
        (totals.failed, "failed"),
        (totals.inconclusive, "inconclusive"),
        (totals.not_run, "not run"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect();
    format!("{}: {}", things(totals.tests, "test"), parts.join(", "))
}

/// What a new baseline changes against the one before; empty if there was none.
pub fn accepted(report: &Report) -> String {
    let mut page = String::new();
    if let Some(regression) = &report.regression {
        against(&mut page, regression, Color::Never);
    }
    page
}

fn against(page: &mut String, regression: &Regression, color: Color) {
    for change in told(regression) {
        let verdict = match change.standing {
            Standing::Worse => Some(Verdict::Failed),
            Standing::Inconclusive => Some(Verdict::Inconclusive),
            Standing::Better => Some(Verdict::Passed),
            Standing::Same | Standing::New => None,
        };
        let note = if change.is_changed { "  (the scenario is another than it was)" } else { "" };
        let word = painted(&format!("{:<12}", change.standing.name()), verdict, color);
        let _ = writeln!(page, "{word}  {}{note}", change.file);
        for score in change.scores.iter().take(SCORES) {
            let noise = noise(score);
            let noise = if noise.is_empty() { noise } else { format!("  ({noise})") };
            let standing = score.standing.name();
            let _ = writeln!(page, "    {standing:<12}  {} {}: {}{noise}", score.subject, score.score, words(score));
        }
        if change.scores.len() > SCORES {
            let _ = writeln!(page, "    and {} more", things((change.scores.len() - SCORES) as u64, "score"));
        }
    }
    let _ = writeln!(page, "against the baseline: {}", baseline_totals(regression));
}

fn coverage(page: &mut String, report: &Report) {
    for (kind, part) in [("behavior", &report.coverage.behaviors), ("check", &report.coverage.checks)] {
        if part.unexercised.is_empty() {
            continue;
        }
        let n = part.unexercised.len() as u64;
        let _ = writeln!(page, "{} of {} exercised by no test:", count(n), things(part.all, kind));
        for one in &part.unexercised {
            let _ = writeln!(page, "    {}  ({})", one.name, one.file);
        }
    }
}

fn line_of_file(page: &mut String, tests: &[TestReport], color: Color) {
    let sum = Totals::of(tests);
    let worst = Verdict::worst(tests.iter().filter_map(|test| test.verdict));
    let word = worst.map_or("not run", Verdict::name);
    let what = match tests[0].kind {
        Kind::Scenario => things(tests[0].cases.len() as u64, "expectation"),
        Kind::Rule if sum.passed == sum.tests => things(sum.tests, "rule test"),
        Kind::Rule => format!("{} of {}", count(sum.passed), things(sum.tests, "rule test")),
    };
    let _ = writeln!(page, "{}  {} ({what})", painted(&format!("{word:<12}"), worst, color), tests[0].file);
}

fn wrong(page: &mut String, test: &TestReport, verdict: Verdict, color: Color) {
    if test.kind == Kind::Rule {
        let head = format!("{}:{}: {}", test.file, test.line, test.name);
        let _ = writeln!(page, "    {}", painted(&head, Some(verdict), color));
    }
    for line in &test.wrong {
        let _ = writeln!(page, "        {line}");
    }
    for case in test.cases.iter().filter(|case| case.verdict != Verdict::Passed) {
        let head = format!("{}:{}: {}", test.file, case.line, case.expected);
        let _ = writeln!(page, "    {}", painted(&head, Some(case.verdict), color));
        let reason = if case.reason.is_empty() { String::new() } else { format!("  ({})", case.reason) };
        let _ = writeln!(page, "        found {}, allowed {}{reason}", case.found, case.allowed);
    }
    let _ = writeln!(page, "    again: {}", again(test));
}

fn painted(text: &str, verdict: Option<Verdict>, color: Color) -> String {
    let code = match (color, verdict) {
        (Color::Never, _) | (_, None) => return text.to_owned(),
        (_, Some(Verdict::Passed)) => 32,
        (_, Some(Verdict::Inconclusive)) => 33,
        (_, Some(Verdict::Failed)) => 31,
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::tests::{specimen, with_regression};

    #[test]
    fn failures_are_told_with_what_was_found_and_how_to_see_them_again() {
        insta::assert_snapshot!(text(&specimen(), Color::Never));
    }

    #[test]
    fn what_moved_against_the_baseline_is_told() {
        insta::assert_snapshot!(accepted(&with_regression()));
    }
}
