//! JUnit XML, for build servers. There is no one standard; this is valid by both schemas in use: that of Ant (Windy
//! Road's), which asks for many attributes and a fixed order, and that of Jenkins' xunit plugin, which knows fewer.
//!
//! A file is a suite, each expectation or rule test a case. What is inconclusive is an `error`: the test could not say.

use std::fmt::Write as _;
use std::io;

use lab::expect::Verdict;
use lab::suite::{Kind, Report, ScenarioChange, ScoreChange, Standing, TestReport};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::again;
use super::regression::{SCORES, change as words, noise};

/// When tests began, and how long each took: the only numbers in a report that another run does not repeat.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// When the first began, in UTC: `2026-06-01T12:00:00`.
    pub began: String,
    /// Test by test: seconds that it took.
    pub seconds: Vec<f64>,
}

/// One `testcase`.
struct Case {
    name: String,
    seconds: f64,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    NotRun,
    Failure { message: String, text: String },
    Error { message: String, text: String },
}

impl Outcome {
    fn of(verdict: Verdict, message: String, text: String) -> Outcome {
        match verdict {
            Verdict::Passed => Outcome::Passed,
            Verdict::Failed => Outcome::Failure { message, text },
            Verdict::Inconclusive => Outcome::Error { message, text },
        }
    }
}

/// The report as JUnit XML.
///
/// # Panics
/// Never: writing into memory does not fail.
pub fn junit(report: &Report, clock: &Clock) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, report, clock).expect("memory takes everything");
    let mut xml = String::from_utf8(writer.into_inner()).expect("XML made of text is text");
    xml.push('\n');
    xml
}

fn write(writer: &mut Writer<Vec<u8>>, report: &Report, clock: &Clock) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element("testsuites").write_inner_content(|writer| {
        let mut suites = 0;
        let mut position = 0;
        for file in report.tests.chunk_by(|a, b| a.file == b.file) {
            let mut cases = Vec::new();
            for test in file {
                let seconds = clock.seconds.get(position).copied().unwrap_or(0.0);
                cases.extend(cases_of(test, seconds));
                position += 1;
            }
            suite(writer, &file[0].file, suites, &clock.began, &cases)?;
            suites += 1;
        }
        for (name, cases) in gates(report) {
            suite(writer, name, suites, &clock.began, &cases)?;
            suites += 1;
        }
        Ok(())
    })?;
    Ok(())
}

/// What is asked of all tests together: suites of their own.
fn gates(report: &Report) -> Vec<(&'static str, Vec<Case>)> {
    let mut gates = Vec::new();
    if report.is_coverage_required {
        let parts = [("behavior", &report.coverage.behaviors), ("check", &report.coverage.checks)];
        let case = |(kind, part): (&str, &lab::suite::Part)| {
            let names: Vec<&str> = part.unexercised.iter().map(|one| one.name.as_str()).collect();
            let outcome = if names.is_empty() {
                Outcome::Passed
            } else {
                Outcome::Failure { message: format!("no test exercises {}", names.join(", ")), text: names.join("\n") }
            };
            Case { name: format!("every {kind} is exercised"), seconds: 0.0, outcome }
        };
        gates.push(("coverage", parts.into_iter().map(case).collect()));
    }
    if let Some(regression) = &report.regression {
        let case = |change: &ScenarioChange| {
            let line = |score: &ScoreChange| {
                let (standing, noise) = (score.standing.name(), noise(score));
                let text = format!("{standing} {} {}: {}  {noise}", score.subject, score.score, words(score));
                text.trim_end().to_owned()
            };
            let lines: Vec<String> = change.scores.iter().take(SCORES).map(line).collect();
            let verdict = match change.standing {
                Standing::Worse => Verdict::Failed,
                Standing::Inconclusive => Verdict::Inconclusive,
                Standing::Same | Standing::Better | Standing::New => Verdict::Passed,
            };
            let message = format!("{} against the baseline", change.standing.name());
            Case { name: change.file.clone(), seconds: 0.0, outcome: Outcome::of(verdict, message, lines.join("\n")) }
        };
        gates.push(("baseline", regression.scenarios.iter().map(case).collect()));
    }
    gates
}

/// A scenario is simulated once for all its expectations: each is given the same part of the time.
fn cases_of(test: &TestReport, seconds: f64) -> Vec<Case> {
    let repeat = format!("again: {}", again(test));
    let Some(verdict) = test.verdict else {
        return vec![Case { name: test.name.clone(), seconds: 0.0, outcome: Outcome::NotRun }];
    };
    if test.kind == Kind::Rule {
        let first = test.wrong.first().cloned().unwrap_or_default();
        let text = format!("{}:{}\n{}\n{repeat}", test.file, test.line, test.wrong.join("\n"));
        return vec![Case { name: test.name.clone(), seconds, outcome: Outcome::of(verdict, first, text) }];
    }
    let case = |case: &lab::expect::Case| {
        let mut message = format!("found {}, allowed {}", case.found, case.allowed);
        if !case.reason.is_empty() {
            let _ = write!(message, " ({})", case.reason);
        }
        let text = format!("{}:{}: {}\n{message}\n{repeat}", test.file, case.line, case.expected);
        let seconds = seconds / test.cases.len() as f64;
        Case { name: case.expected.clone(), seconds, outcome: Outcome::of(case.verdict, message, text) }
    };
    test.cases.iter().map(case).collect()
}

fn suite(writer: &mut Writer<Vec<u8>>, name: &str, id: usize, began: &str, cases: &[Case]) -> io::Result<()> {
    let number = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count().to_string();
    let failures = number(|outcome| matches!(outcome, Outcome::Failure { .. }));
    let errors = number(|outcome| matches!(outcome, Outcome::Error { .. }));
    let skipped = number(|outcome| matches!(outcome, Outcome::NotRun));
    let time = seconds(cases.iter().map(|case| case.seconds).sum());
    let (id, tests, name) = (id.to_string(), cases.len().to_string(), clean(name));
    let attributes = [
        ("id", id.as_str()),
        ("package", "fleetrange"),
        ("name", name.as_str()),
        ("timestamp", began),
        ("hostname", "localhost"),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", errors.as_str()),
        ("skipped", skipped.as_str()),
        ("time", time.as_str()),
    ];
    writer.create_element("testsuite").with_attributes(attributes).write_inner_content(|writer| {
        writer.create_element("properties").write_empty()?;
        for case in cases {
            one(writer, &name, case)?;
        }
        writer.create_element("system-out").write_empty()?;
        writer.create_element("system-err").write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn one(writer: &mut Writer<Vec<u8>>, suite: &str, case: &Case) -> io::Result<()> {
    let (name, time) = (clean(&case.name), seconds(case.seconds));
    let attributes = [("classname", suite), ("name", name.as_str()), ("time", time.as_str())];
    let element = writer.create_element("testcase").with_attributes(attributes);
    let (tag, kind, message, text) = match &case.outcome {
        Outcome::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Outcome::NotRun => {
            element.write_inner_content(|writer| writer.create_element("skipped").write_empty().map(|_| ()))?;
            return Ok(());
        }
        Outcome::Failure { message, text } => ("failure", "failed", clean(message), clean(text)),
        Outcome::Error { message, text } => ("error", "inconclusive", clean(message), clean(text)),
    };
    element.write_inner_content(|writer| {
        let attributes = [("message", message.as_str()), ("type", kind)];
        writer.create_element(tag).with_attributes(attributes).write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// Without the characters that XML 1.0 cannot hold, however they are written.
fn clean(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use quick_xml::Reader;

    use super::*;
    use crate::suite::tests::with_regression;

    fn xml() -> String {
        let clock = Clock { began: "2026-06-01T12:00:00".into(), seconds: vec![0.9, 0.001, 0.002, 0.0] };
        junit(&with_regression(), &clock)
    }

    #[test]
    fn the_specimen_as_xml() {
        insta::assert_snapshot!(xml());
    }

    /// What both schemas ask: which element may stand where and in which order, which attributes each must and may have,
    /// and that counts are counts of what is there.
    #[test]
    fn it_is_valid_by_the_rules_of_both_schemas() {
        let mut report = with_regression();
        report.is_coverage_required = true;
        report.tests[2].name = "a bell \u{7} and <tags>".into();
        let xml = junit(&report, &Clock { began: "2026-06-01T12:00:00".into(), seconds: Vec::new() });
        assert_eq!(check(&xml), Ok(()));
        // And the check can fail.
        assert!(check(&xml.replace(" hostname=\"localhost\"", "")).is_err());
        assert!(check(&xml.replace("failures=\"1\"", "failures=\"2\"")).is_err());
        assert!(check(&xml.replacen("<properties/>", "", 1)).is_err());
    }

    type Attributes = BTreeMap<String, String>;

    fn check(xml: &str) -> Result<(), String> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().trim_text(true);
        let mut stack: Vec<(String, Vec<String>)> = vec![("document".into(), Vec::new())];
        let mut counts: Vec<(Attributes, BTreeMap<String, u64>)> = Vec::new();
        loop {
            let (start, is_empty) = match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => (start, false),
                Event::Empty(start) => (start, true),
                Event::End(_) => {
                    let (name, children) = stack.pop().ok_or("too many ends")?;
                    content(&name, &children)?;
                    continue;
                }
                Event::Text(_) | Event::GeneralRef(_) => {
                    let inside = &stack.last().ok_or("no element")?.0;
                    if !["failure", "error"].contains(&inside.as_str()) {
                        return Err(format!("text inside {inside}"));
                    }
                    continue;
                }
                Event::Decl(_) => continue,
                Event::Eof => break,
                other => return Err(format!("{other:?}")),
            };
            let name = start.name().as_ref().to_owned();
            let attributes: Attributes = start
                .attributes()
                .map(|attribute| {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    Ok((attribute.key.as_ref().to_owned(), attribute.value.into_owned()))
                })
                .collect::<Result<_, String>>()?;
            required(&name, &attributes)?;
            match name.as_str() {
                "testsuite" => counts.push((attributes, BTreeMap::new())),
                "testcase" | "failure" | "error" | "skipped" => {
                    *counts.last_mut().ok_or("outside a suite")?.1.entry(name.clone()).or_default() += 1;
                }
                _ => {}
            }
            stack.last_mut().ok_or("no parent")?.1.push(name.clone());
            if is_empty {
                content(&name, &[])?;
            } else {
                stack.push((name, Vec::new()));
            }
        }
        for (position, (attributes, found)) in counts.iter().enumerate() {
            let pairs = [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")];
            for (attribute, element) in pairs {
                let counted = found.get(element).copied().unwrap_or(0).to_string();
                if attributes[attribute] != counted {
                    return Err(format!("{attribute} of {} are {counted}", attributes["name"]));
                }
            }
            if attributes["id"] != position.to_string() {
                return Err("ids do not count up".to_owned());
            }
        }
        Ok(())
    }

    /// Exactly the attributes that one schema requires and the other allows.
    fn required(element: &str, attributes: &Attributes) -> Result<(), String> {
        let expected: &[&str] = match element {
            "testsuite" => {
                &["errors", "failures", "hostname", "id", "name", "package", "skipped", "tests", "time", "timestamp"]
            }
            "testcase" => &["classname", "name", "time"],
            "failure" | "error" => &["message", "type"],
            _ => &[],
        };
        let found: Vec<&str> = attributes.keys().map(String::as_str).collect();
        if found != expected {
            return Err(format!("{element} has {found:?}"));
        }
        let is_decimal = |text: &str| text.parse::<f64>().is_ok_and(|number| number >= 0.0);
        match attributes.get("time") {
            Some(time) if !is_decimal(time) => Err(format!("time {time}")),
            _ => Ok(()),
        }
    }

    fn content(element: &str, children: &[String]) -> Result<(), String> {
        let is = |name: &str| children.iter().all(|child| child == name);
        let holds = match element {
            "document" => children == ["testsuites"],
            "testsuites" => is("testsuite"),
            "testsuite" => match children {
                [properties, cases @ .., out, err] => {
                    properties == "properties"
                        && cases.iter().all(|case| case == "testcase")
                        && (out.as_str(), err.as_str()) == ("system-out", "system-err")
                }
                _ => false,
            },
            "testcase" => children.len() <= 1 && (is("failure") || is("error") || is("skipped")),
            _ => children.is_empty(),
        };
        if holds { Ok(()) } else { Err(format!("{element} holds {children:?}")) }
    }
}
