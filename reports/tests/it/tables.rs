use std::collections::BTreeMap;

use crate::{specimen, write};

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading = reader.headers().expect("a heading").clone();
    let row = |record: csv::StringRecord| {
        heading.iter().zip(record.iter()).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|record| row(record.expect("rows are as long as the heading"))).collect()
}

#[test]
fn alarms_carry_their_verdict() {
    let rows = rows(&write(&specimen::small()).text("alarms.csv"));
    assert_eq!(rows.len(), 2);
    let cell = |row: usize, name: &str| rows[row][name].as_str();
    assert_eq!((cell(0, "thing"), cell(0, "verdict"), cell(0, "cause")), ("meter-000007", "false", "plain"));
    assert_eq!((cell(1, "thing"), cell(1, "verdict"), cell(1, "act")), ("meter-000002", "true", "leak"));
    assert_eq!((cell(1, "latency_s"), cell(1, "raised")), ("600", "2026-06-01T10:10:00Z"));
    assert_eq!(cell(1, "ended_by"), "alarm-cleared");
}

#[test]
fn the_ledger_says_what_was_seen_of_each_attacked_device() {
    let rows = rows(&write(&specimen::small()).text("truth.csv"));
    let things: Vec<_> = rows.iter().map(|row| row["thing_or_resource"].as_str()).collect();
    assert_eq!(things, ["meter-000002", "meter-000003", "account"]);
    assert_eq!((rows[0]["latency_s"].as_str(), rows[0]["harm"].as_str()), ("600", "550000"));
    assert_eq!((rows[1]["detected"].as_str(), rows[1]["harm"].as_str()), ("", "5000000"));
}

#[test]
fn findings_and_mitigations_are_rows_too() {
    let run = write(&specimen::small());
    let findings = rows(&run.text("findings.csv"));
    assert_eq!(
        (findings[0]["check"].as_str(), findings[0]["resource"].as_str()),
        ("LOGGING_DISABLED_CHECK", "account")
    );
    let mitigations = rows(&run.text("mitigations.csv"));
    assert_eq!(mitigations[0]["seconds_to_effect"], "180");
    assert_eq!(run.text("notifications.jsonl").lines().count(), 1);
}

#[test]
fn a_name_with_commas_quotes_and_breaks_stays_one_cell() {
    let mut outcome = specimen::small();
    outcome.truth[0].name = "leak, \"the\nfirst\"".into();
    let rows = rows(&write(&outcome).text("truth.csv"));
    assert_eq!(rows[0]["act"], "leak, \"the\nfirst\"");
}

#[test]
fn what_is_left_out_is_counted() {
    let outcome = specimen::small();
    let json: serde_json::Value = serde_json::from_str(&write(&outcome).text("summary.json")).expect("valid JSON");
    let tables = json["tables"].as_array().expect("a list of tables");
    let of = |file: &str| tables.iter().find(|note| note["file"] == file).unwrap_or_else(|| panic!("{file} is listed"));
    assert_eq!((&of("alarms.csv")["rows"], &of("alarms.csv")["left_out"]), (&2.into(), &0.into()));
    // The run kept one of three notifications.
    assert_eq!((&of("notifications.jsonl")["rows"], &of("notifications.jsonl")["left_out"]), (&1.into(), &2.into()));
}

#[test]
fn every_figure_has_its_data_beside_it() {
    let run = write(&specimen::rich());
    let names = ["timeline", "waterfall", "survival", "false-alarms", "coverage", "remediation", "rotation"];
    for name in names {
        let data = rows(&run.text(&format!("plots/{name}.csv")));
        assert!(!data.is_empty(), "{name} has data");
        let svg = run.text(&format!("plots/{name}.svg"));
        assert!(svg.contains("<title") && svg.contains("<desc") && svg.contains("role=\"img\""), "{name}");
        assert!(svg.contains("prefers-color-scheme:dark"), "{name} follows the reader into the dark");
    }
    let files = std::fs::read_dir(run.dir.join("plots")).expect("the plots").count();
    assert_eq!(files, names.len() * 3, "a drawing, a picture and data of each");
}

#[test]
fn the_navigator_layers_name_the_techniques() {
    let json: serde_json::Value =
        serde_json::from_str(&write(&specimen::rich()).text("navigator.json")).expect("valid JSON");
    let domains: Vec<_> = json.as_array().expect("layers").iter().map(|layer| layer["domain"].clone()).collect();
    assert_eq!(domains, ["enterprise-attack", "ics-attack"]);
    let technique = &json[0]["techniques"][0];
    assert!(technique["techniqueID"].as_str().is_some_and(|id| id.starts_with('T')) && technique["score"].is_number());
}
