//! Recorded metrics are read from what users have, and everything that is wrong is told at once, with its place.

use std::path::PathBuf;

use sim::recording::{Recorded, read};
use sim::scenario::{Problems, Scenario};

use crate::attacks::{WORLD, scenario_in};

/// Reads files of these names and contents; `scenario` decides the classes.
fn recorded(scenario: &Scenario, files: &[(&str, &str)]) -> Result<Recorded, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("it can be written");
            path
        })
        .collect();
    let without = |problems: Problems| problems.to_string().replace(&format!("{}/", directory.path().display()), "");
    read(&paths, scenario).map_err(without)
}

fn one_class() -> Scenario {
    scenario_in(WORLD, "")
}

fn two_classes() -> Scenario {
    let second = "[[class]]\nname = \"meter\"\narchetype = \"smart-meter\"\ncount = 5\npolicies = [\"device\"]\n";
    scenario_in(WORLD, second)
}

#[test]
fn tables_answers_and_exports_say_the_same() {
    let scenario = one_class();
    let table = "thing,metric,timestamp,value\n\
                 a,aws:num-messages-sent,2026-06-01T00:05:00Z,3\n\
                 a,aws:num-messages-sent,2026-06-01T02:05:00+00:00,4\n";
    let answer = r#"{ "metricDatumList": [
        { "timestamp": 1780272300, "value": { "count": 3 } },
        { "timestamp": "2026-06-01T04:05:00+02:00", "value": { "count": 4 } } ] }"#;
    let named = format!("{{ \"thingName\": \"a\", \"metricName\": \"aws:num-messages-sent\", {}", &answer[1..]);
    // Duplicates of exports: the highest version wins (D-94).
    let export = r#"{ "version": "1.0", "metrics": [
        { "name": "aws:num-messages-sent", "thing": "a", "value": { "count": 9 }, "version": 1, "timestamp": 1780272300000 },
        { "name": "aws:num-messages-sent", "thing": "a", "value": { "count": 3 }, "version": 2, "timestamp": 1780272300000 } ] }
        { "version": "1.0", "metrics": [
        { "name": "aws:num-messages-sent", "thing": "a", "value": { "count": 4 }, "version": 1, "timestamp": 1780279500000 } ] }"#;
    let read = |name: &str, text: &str| {
        recorded(&scenario, &[(name, text)]).unwrap_or_else(|problems| panic!("{problems}")).recording
    };
    let expected = read("metrics.csv", table);
    assert_eq!((expected.things(), expected.values()), (1, 2));
    assert_eq!(read("a.aws:num-messages-sent.json", answer), expected);
    assert_eq!(read("metrics.json", &named), expected);
    assert_eq!(read("metrics.json", &format!("[{named}]")), expected);
    assert_eq!(read("metrics.jsonl", export), expected);
}

#[test]
fn d35_d43_a_value_is_of_the_window_that_ends_with_it_or_in_which_its_report_arrived() {
    let scenario = one_class();
    let span = |metric: &str| {
        let table = format!(
            "thing,metric,timestamp,value\na,{metric},2026-06-01T00:05:00Z,3\na,{metric},2026-06-01T02:05:01Z,4\n"
        );
        let recording = recorded(&scenario, &[("m.csv", &table)]).unwrap_or_else(|p| panic!("{p}")).recording;
        (recording.start().to_string(), recording.duration().0 / 60_000)
    };
    assert_eq!(span("aws:num-messages-sent"), ("2026-06-01T00:00:00Z".to_owned(), 130));
    assert_eq!(span("aws:all-bytes-out"), ("2026-06-01T00:05:00Z".to_owned(), 125));
}

#[test]
fn every_mistake_is_told_with_file_and_line() {
    let table = "thing,metric,timestamp,value,class\n\
                 a,aws:num-message-sent,2026-06-01T00:05:00Z,3,thermostat\n\
                 a,aws:num-messages-sent,yesterday,3,\n\
                 a,aws:num-messages-sent,2026-06-01T00:05:00Z,-3,\n\
                 a,aws:num-messages-sent,2026-06-01T00:05:00Z,3.5,\n\
                 a b,aws:num-messages-sent,2026-06-01T00:05:00Z,3,\n\
                 c,aws:num-messages-sent,2026-06-01T00:05:00Z,3,termostat\n\
                 c,aws:num-messages-sent,2026-06-01T00:05:00Z\n\
                 d,aws:num-messages-sent,2026-06-01T00:05:00Z,3,\n\
                 d,aws:num-messages-sent,2026-06-01T00:05:00Z,4,\n";
    let told = recorded(&one_class(), &[("m.csv", table)]).expect_err("nothing but mistakes");
    for expected in [
        "m.csv:2:3  neither the service nor the scenario has a metric `aws:num-message-sent`\nhelp: did you mean `aws:num-messages-sent`?",
        "m.csv:3:25  a timestamp must be an instant",
        "m.csv:4:46  a value of `aws:num-messages-sent` must be a whole number, 0 or more, found `-3`",
        "m.csv:5:46  a value of `aws:num-messages-sent` must be a whole number, 0 or more, found `3.5`",
        "m.csv:6:1  a thing's name must be 1 to 128 letters, digits and `:_-`, found `a b`",
        "m.csv:7:48  no class is named `termostat`\nhelp: did you mean `thermostat`?",
        "m.csv:8:1  a line must have 5 fields, as the first has, found 3",
        "m.csv:10:1  another value, `4`, of the same thing, metric and time as `3` at m.csv:9:1",
    ] {
        assert!(told.contains(expected), "{expected}\nin\n{told}");
    }
    let told = recorded(&one_class(), &[("m.csv", "thing,metrik,timestamp,value,value\n")]).expect_err("columns");
    assert!(told.contains("m.csv:1:7  there is no column `metrik`\nhelp: did you mean `metric`?"), "{told}");
    assert!(told.contains("column `value` is there twice") && told.contains("column `metric` is missing"), "{told}");
    let json =
        r#"[{ "metricDatumList": [ { "timestamp": 1 } ] }, { "metric": [] }, { "metrics": [ { "thing": "a" } ] }]"#;
    let told = recorded(&one_class(), &[("m.json", json)]).expect_err("members are missing");
    for expected in ["`thingName` is missing", "neither an answer of list-metric-values nor", "`name` is missing"] {
        assert!(told.contains(expected), "{expected}\nin\n{told}");
    }
    let told = recorded(&one_class(), &[("m.txt", "")]).expect_err("no such format");
    assert!(told.contains("neither a table nor JSON by its name"), "{told}");
    let short = "thing,metric,timestamp,value\na,aws:num-messages-sent,2026-06-01T00:05:00Z,3\n";
    let told = recorded(&one_class(), &[("m.csv", short)]).expect_err("too short");
    assert!(told.contains("must cover an hour to 366 days, found 5m"), "{told}");
}

#[test]
fn only_so_many_problems_are_told_one_by_one() {
    let lines: String = (0..80).map(|n| format!("a,aws:num-messages-sent,never{n},1\n")).collect();
    let table = format!("thing,metric,timestamp,value\n{lines}");
    let told = recorded(&one_class(), &[("m.csv", &table)]).expect_err("no time is right");
    assert!(told.contains("never49") && !told.contains("never50") && told.ends_with("30 more problems"), "{told}");
}

#[test]
fn things_are_of_the_class_that_a_table_says_or_their_name_begins_with() {
    let scenario = two_classes();
    let hours = |thing: &str| {
        let row = |hour| format!("{thing},aws:num-messages-sent,2026-06-01T0{hour}:00:00Z,1\n");
        row(1) + &row(3)
    };
    let table = format!("thing,metric,timestamp,value\n{}{}{}", hours("meter-7"), hours("thermostat-1"), hours("pump"));
    let told = recorded(&scenario, &[("m.csv", &table)]).expect_err("nothing says what the pump is");
    assert!(told.contains("m.csv:6:1  the scenario has 2 classes, and nothing says of which `pump` is"), "{told}");
    let classes = ("classes.csv", "thing,class\npump,meter\n");
    let recording =
        recorded(&scenario, &[("m.csv", &table), classes]).unwrap_or_else(|problems| panic!("{problems}")).recording;
    let replaying = scenario.replaying(std::sync::Arc::new(recording));
    let counts: Vec<(&str, u32)> = replaying.classes.iter().map(|class| (class.name.as_str(), class.count)).collect();
    assert_eq!(counts, [("thermostat", 1), ("meter", 2)]);
    let twice = ("more.csv", "thing,class\npump,meter\npump,thermostat\n");
    let told = recorded(&scenario, &[("m.csv", &table), twice]).expect_err("one or the other");
    assert!(
        told.contains("more.csv:3:6  class `thermostat` of a thing that is of class `meter` at more.csv:2:1"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let table = "thing,metric,timestamp,value\n\
                 a,aws:num-messages-sent,2026-06-01T00:05:00Z,3\n\
                 a,aws:num-messages-sent,2026-06-01T02:05:00Z,3\n\
                 a,aws:listening-tcp-ports,2026-06-01T00:05:00Z,22\n";
    let pages = r#"{ "thingName": "a", "metricName": "aws:num-messages-received", "dimensionName": "D", "nextToken": "x",
        "metricDatumList": [ { "timestamp": 1780272300, "value": { "count": 3 } } ] }"#;
    let found = recorded(&one_class(), &[("m.csv", table), ("pages.json", pages)]).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(found.recording.values(), 2);
    let told = found.remarks.join("\n");
    for expected in [
        "there is a nextToken, so there is more than this page",
        "aws:listening-tcp-ports is no number: 1 values are not replayed",
        "aws:num-messages-received with a dimension: 1 values are not replayed",
    ] {
        assert!(told.contains(expected), "{expected}\nin\n{told}");
    }
}
