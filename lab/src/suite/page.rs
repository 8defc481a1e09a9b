//! `docs/tests.md` says what is so: its tables are those of the registries, its examples run.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sim::scenario::load_text;

use crate::expect::{Measure, Unit, Verdict, definition};
use crate::rule_test;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tests.md")
}

fn page() -> String {
    std::fs::read_to_string(path()).expect("the page is there")
}

/// The TOML block behind a mark.
fn example(name: &str) -> String {
    let page = page();
    let (_, rest) = page.split_once(&format!("<!-- example: {name} -->\n```toml\n")).expect("it is marked");
    rest.split_once("```\n").expect("it ends").0.to_owned()
}

/// The page with `text` between the marks `<!-- NAME -->` and `<!-- /NAME -->`.
fn with(page: &str, name: &str, text: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name} -->\n")).expect("the section begins");
    let (_, after) = rest.split_once(&format!("<!-- /{name} -->\n")).expect("the section ends");
    format!("{before}<!-- {name} -->\n{text}<!-- /{name} -->\n{after}")
}

fn measures() -> String {
    let mut table = "| measure | of | compared with | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for measure in Measure::ALL {
        let subjects: Vec<&str> = measure.subjects().iter().map(|kind| kind.name()).collect();
        let name =
            if measure.is_distribution() { format!("{}.…", measure.name()) } else { measure.name().to_owned() };
        let unit = match measure.unit() {
            Unit::Share => "a share",
            Unit::Amount(_) => "a whole number",
            Unit::Seconds => "a duration",
            Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear | Unit::DeviceHours => "a number",
        };
        let _ = writeln!(table, "| `{name}` | {} | {unit} | {} |", subjects.join(", "), definition(*measure));
    }
    table
}

#[test]
fn the_tables_are_those_of_the_registries() {
    let keys = rule_test::reference().to_markdown("", 2);
    let (_, keys) = keys.split_once("\n\n").expect("a title, then the keys");
    let current = with(&with(&page(), "measures", &measures()), "keys", keys);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(), &current).expect("the repository can be written");
    }
    let remedy = "UPDATE_DOCS=1 cargo test -p fleetrange-lab --lib page";
    assert!(page() == current, "docs/tests.md is not what the registries say; refresh it with:\n    {remedy}");
}

#[test]
fn the_rule_tests_shown_hold() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("rules.toml");
    std::fs::write(&file, example("rules")).expect("writable");
    let (tests, _) = rule_test::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(tests.len(), 3);
    for test in &tests {
        let judgment = rule_test::run(test);
        assert_eq!(judgment.verdict, Verdict::Passed, "{}: {:?}", test.name, judgment.wrong);
    }
}

#[test]
fn the_expectations_shown_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/first-light.toml");
    let text = std::fs::read_to_string(&path).expect("readable");
    let text = format!("{text}\n{}", example("expect"));
    let loaded = load_text(&path.display().to_string(), &text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.scenario.expectations.len(), 9);
}
