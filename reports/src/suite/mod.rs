//! Tells what became of tests: for a terminal, for a pull request, for build servers and other programs.

mod junit;
mod markdown;
mod regression;
mod text;

use lab::suite::{Kind, Report, TestReport};

use crate::part;

pub use junit::{Clock, junit};
pub use markdown::markdown;
pub use text::{accepted, text};

/// The report as JSON, [`Report::SCHEMA`]: the verdict, and with each test the command line that runs it again.
///
/// # Panics
/// Never: plain data serializes.
pub fn json(report: &Report) -> String {
    let mut value = serde_json::to_value(report).expect("plain data serializes");
    value["verdict"] = report.verdict().name().into();
    for (test, row) in report.tests.iter().zip(value["tests"].as_array_mut().into_iter().flatten()) {
        row["again"] = again(test).into();
    }
    part::json(&value)
}

/// The command line that runs one test again, as it ran: its file, its name, its seeds.
pub fn again(test: &TestReport) -> String {
    let mut line = format!("fleetrange test {}", quoted(&test.file));
    match test.kind {
        Kind::Rule => line += &format!(" --filter {}", quoted(&test.name)),
        Kind::Scenario => {
            if let Some(first) = test.seeds.first() {
                line += &format!(" --seed {first}");
            }
            if test.seeds.len() > 1 {
                line += &format!(" --runs {}", test.seeds.len());
            }
        }
    }
    line
}

/// A word for a POSIX shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    // A path that begins with a dash would be taken for an option.
    let safe = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    format!("'{}'", safe.replace('\'', r"'\''"))
}

#[cfg(test)]
pub(crate) mod tests {
    use lab::expect::Case;
    use lab::expect::{Unit, Verdict};
    use lab::suite::{Exercise, Noise, Regression, ScenarioChange, ScoreChange, Standing};

    use super::*;

    /// A scenario that fails in one expectation and cannot say of another, a rule test that fails, one that passes, and
    /// one that was not run.
    pub(crate) fn specimen() -> Report {
        let case = |expected: &str, verdict, found: &str, allowed: &str, reason: &str| Case {
            expected: expected.into(),
            line: 41,
            verdict,
            found: found.into(),
            value: None,
            allowed: allowed.into(),
            reason: reason.into(),
        };
        let blank = |file: &str, name: &str, kind, verdict| TestReport {
            file: file.into(),
            line: 7,
            name: name.into(),
            kind,
            verdict,
            seeds: Vec::new(),
            digests: Vec::new(),
            cases: Vec::new(),
            wrong: Vec::new(),
            notes: Vec::new(),
            exercise: Exercise::default(),
            measured: None,
        };
        let mut scenario = blank("tests/leak.toml", "leak", Kind::Scenario, Some(Verdict::Failed));
        scenario.seeds = vec![3];
        scenario.digests = vec!["ab".repeat(32)];
        scenario.cases = vec![
            case("attack leak: recall == 1", Verdict::Failed, "0.95 (19 of 20)", "== 1", ""),
            case("behavior P/Sent: alarms <= 30", Verdict::Passed, "24", "<= 30", ""),
            case("check X: findings == 1", Verdict::Inconclusive, "n/a", "== 1", "n/a: no audit ran it"),
        ];
        scenario.exercise.behaviors = [("P/Sent".to_owned(), true), ("P/Left".to_owned(), false)].into();
        scenario.exercise.checks = [("X".to_owned(), false)].into();
        let mut rule = blank("tests/rules.toml", "sixty <are> too many & 'more'", Kind::Rule, Some(Verdict::Failed));
        rule.wrong = vec!["- 5m in-alarm of Sent on d = 60".into(), "+ 10m in-alarm of Sent on d = 60".into()];
        let tests = vec![
            scenario,
            rule,
            blank("tests/rules.toml", "one is enough", Kind::Rule, Some(Verdict::Passed)),
            blank("tests/rules.toml", "never run", Kind::Rule, None),
        ];
        Report::new("0.1.0", tests)
    }

    /// The same, held against a baseline: recall is clearly worse, a time moved, and more alarms may be chance.
    pub(crate) fn with_regression() -> Report {
        let score = |score: &str, unit, before, now, noise, standing| ScoreChange {
            subject: "run".into(),
            score: score.into(),
            unit,
            is_headline: true,
            before,
            now,
            noise,
            standing,
        };
        let scores = vec![
            score(
                "recall",
                Unit::Share,
                Some(0.95),
                Some(0.4),
                Noise::Difference { low: -0.7, high: -0.37 },
                Standing::Worse,
            ),
            score("dwell_time.mean", Unit::Seconds, Some(600.0), Some(7_200.0), Noise::Unknown, Standing::Inconclusive),
            score("precision", Unit::Share, Some(1.0), None, Noise::Unknown, Standing::Inconclusive),
            score(
                "false_alarms_per_1000_device_days",
                Unit::Per1000DeviceDays,
                Some(1.5),
                Some(2.5),
                Noise::Ratio { low: 0.8, high: Some(3.4) },
                Standing::Same,
            ),
        ];
        let scenario = |file: &str, standing, is_changed, scores| ScenarioChange {
            file: file.into(),
            standing,
            is_changed,
            scores,
        };
        let mut report = specimen();
        report.regression = Some(Regression {
            scenarios: vec![
                scenario("leak.toml", Standing::Worse, true, scores),
                scenario("other.toml", Standing::Same, false, Vec::new()),
                scenario("third.toml", Standing::New, false, Vec::new()),
            ],
            not_run: vec!["gone.toml".into()],
        });
        report
    }

    #[test]
    fn the_specimen_as_json() {
        insta::assert_snapshot!(json(&specimen()));
    }

    #[test]
    fn the_line_runs_the_test_again_in_a_shell() {
        let mut tests = specimen().tests;
        assert_eq!(again(&tests[0]), "fleetrange test tests/leak.toml --seed 3");
        tests[0].seeds = vec![3, 4, 5];
        assert_eq!(again(&tests[0]), "fleetrange test tests/leak.toml --seed 3 --runs 3");
        let rule = r"fleetrange test tests/rules.toml --filter 'sixty <are> too many & '\''more'\'''";
        assert_eq!(again(&tests[1]), rule);
        tests[0].file = "-odd name.toml".into();
        assert!(again(&tests[0]).starts_with("fleetrange test './-odd name.toml'"));
    }
}
