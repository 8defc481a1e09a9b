//! Scenarios are loaded with every problem at its place; those of the repository are valid and their schema current.

use std::path::{Path, PathBuf};

use defender::time::Millis;
use sim::scenario::{CriteriaReading, LoadOptions, Loaded, Problems, load};

/// The repository's scenarios.
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn load_named(name: &str) -> Result<Loaded, Problems> {
    load(&scenarios().join(name), &[], &LoadOptions::default())
}

/// Paths as a person in the repository would see them.
fn shown(problems: &Problems) -> String {
    problems.to_string().replace(&format!("{}/", scenarios().display()), "scenarios/")
}

#[test]
fn first_light_is_valid_without_a_warning() {
    let loaded = load_named("first-light.toml").unwrap_or_else(|problems| panic!("{}", shown(&problems)));
    assert_eq!(shown(&loaded.warnings), "");
    let scenario = loaded.scenario;
    assert_eq!(scenario.devices(), 100_000);
    assert_eq!(scenario.duration, Millis::days(7));
    assert_eq!(
        scenario.classes.iter().map(|class| class.count).collect::<Vec<_>>(),
        [60_000, 16_000, 14_000, 7_000, 2_500, 500]
    );
    for class in &scenario.classes {
        assert_eq!(class.cohorts.iter().map(|cohort| cohort.count).sum::<u32>(), class.count, "{}", class.name);
    }
}

#[test]
fn the_source_document_runs_with_the_warnings_of_section_11() {
    let loaded = load_named("source-document.toml").unwrap_or_else(|problems| panic!("{}", shown(&problems)));
    insta::assert_snapshot!(shown(&loaded.warnings));
    assert_eq!(loaded.scenario.criteria, CriteriaReading::Alarm);
}

#[test]
fn the_source_document_is_refused_in_strict_mode() {
    let strict = [("compatibility".to_owned(), "strict".to_owned()), ("criteria".to_owned(), "normal".to_owned())];
    let problems = load(&scenarios().join("source-document.toml"), &strict, &LoadOptions::default())
        .map(|loaded| loaded.scenario.name)
        .expect_err("the service would refuse it");
    insta::assert_snapshot!(shown(&problems));
}

#[test]
fn the_schema_is_current() {
    let path = scenarios().join("schema.json");
    let now = serde_json::to_string_pretty(&sim::scenario::schema()).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).expect("the repository can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "scenarios/schema.json is not what the format says; refresh it with:\n    UPDATE_SCHEMA=1 cargo test -p fleetrange-sim the_schema_is_current"
    );
}
