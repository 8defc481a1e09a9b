//! The repository's own rule tests hold, and what is wrong with a test is told.

use std::path::{Path, PathBuf};

use super::{RuleTest, load, run};
use crate::expect::Verdict;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/rules")
}

fn load_all() -> Vec<(String, RuleTest)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(golden())
        .expect("the pack is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let (tests, _) = load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let file = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        all.extend(tests.into_iter().map(|test| (file.clone(), test)));
    }
    all
}

#[test]
fn the_golden_pack_holds() {
    let all = load_all();
    assert!(all.len() >= 40, "{} rule tests", all.len());
    let mut wrong = Vec::new();
    for (file, test) in &all {
        let judgment = run(test);
        if judgment.verdict != Verdict::Passed {
            wrong.push(format!("{file}: {}: {:?}\n    {}", test.name, judgment.verdict, judgment.wrong.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test as a file, with one behavior `Sent`: at most 50 messages in five minutes.
fn written(body: &str) -> Result<RuleTest, String> {
    const PROFILE: &str = r#"{"securityProfileName": "P", "behaviors": [{"name": "Sent", "metric": "aws:num-messages-sent",
    "criteria": {"comparisonOperator": "less-than-equals", "value": {"count": 50}, "durationSeconds": 300}}]}"#;
    let text = format!("profile = '''\n{PROFILE}\n'''\n[[test]]\nname = \"t\"\n{body}\n");
    let source = sim::scenario::source::Source::new("t.toml", text);
    match super::file::load_source(Path::new("t.toml"), &source) {
        Ok((mut tests, _)) => Ok(tests.remove(0)),
        Err(problems) => Err(problems.to_string()),
    }
}

fn wrong(body: &str) -> (Verdict, Vec<String>) {
    let test = written(body).unwrap_or_else(|problems| panic!("{problems}"));
    let judgment = run(&test);
    (judgment.verdict, judgment.wrong)
}

#[test]
fn events_that_differ_are_told_line_by_line() {
    let (verdict, lines) = wrong("values = \"60, 10 x2\"\nevents = [\"5m in-alarm = 61\", \"15m alarm-cleared\"]");
    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(
        lines,
        [
            "+ 5m in-alarm of Sent on device = 60",
            "- 5m in-alarm of Sent on device = 61",
            "+ 10m alarm-cleared of Sent on device = 10",
            "- 15m alarm-cleared of Sent on device",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn must_fire_and_must_not_fire() {
    assert_eq!(wrong("values = \"60\"\nmust-fire = \"Sent\"").0, Verdict::Passed);
    assert_eq!(wrong("values = \"50\"\nmust-fire = \"Sent\"").1, ["! `Sent on device` must fire, and did not"]);
    assert_eq!(wrong("values = \"50\"\nmust-not-fire = \"Sent\"").0, Verdict::Passed);
    assert_eq!(
        wrong("values = \"60\"\nmust-not-fire = \"Sent\"").1,
        ["! it must not fire: 5m in-alarm of Sent on device = 60"]
    );
}

/// Seven devices for fourteen days, then one that leaves what was learned.
#[test]
fn d_ml3_what_was_learned_is_judged_alike_by_both_judges() {
    const PROFILE: &str = r#"{"securityProfileName": "P", "behaviors": [
      {"name": "Sent", "metric": "aws:num-messages-sent", "criteria": {"mlDetectionConfig": {"confidenceLevel": "HIGH"}}},
      {"name": "Out", "metric": "aws:all-bytes-out", "criteria": {"mlDetectionConfig": {"confidenceLevel": "LOW"}}}]}"#;
    let series = |metric: &str, device: usize, last: &str| {
        format!(
            "[[test.series]]\nmetric = \"{metric}\"\ndevice = \"d{device}\"\nvalues = \"10 x2016, 11 x2016, {last}\"\n"
        )
    };
    let all = (0..7).map(|device| {
        let last = if device == 3 { "500, 10" } else { "10, 10" };
        series("aws:num-messages-sent", device, last) + &series("aws:all-bytes-out", device, last)
    });
    let text = format!(
        "start = 2026-06-01T00:00:00Z\nprofile = '''\n{PROFILE}\n'''\n[[test]]\nname = \"t\"\nevents = [{}]\n{}",
        r#""20160m in-alarm of Out on d3 = 500", "20165m alarm-cleared of Out on d3 = 10",
           "20165m in-alarm of Sent on d3 = 500", "20170m alarm-cleared of Sent on d3 = 10""#,
        all.collect::<String>()
    );
    let source = sim::scenario::source::Source::new("t.toml", text);
    let (tests, _) =
        super::file::load_source(Path::new("t.toml"), &source).unwrap_or_else(|problems| panic!("{problems}"));
    let judgment = run(&tests[0]);
    assert_eq!((judgment.wrong, judgment.notes), (Vec::<String>::new(), Vec::<String>::new()));
    assert_eq!(judgment.verdict, Verdict::Passed);
}

#[test]
fn what_judged_nothing_has_not_passed() {
    let (verdict, lines) = wrong("values = \"_ x5\"\nevents = []");
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(lines[0].contains("no behavior judged a datapoint"), "{lines:?}");
    let (verdict, lines) = wrong("values = \"_ x5\"\nmust-not-fire = \"Sent\"");
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(lines[0].contains("judged no datapoint"), "{lines:?}");
}

#[test]
fn problems_are_told_at_their_place() {
    for (body, found) in [
        ("values = \"60, 6O\"\nevents = []", "t.toml:7:16  a part must end here, found `O`"),
        (
            "values = \"{60}\"\nevents = []",
            "t.toml:7:11  a value of `aws:num-messages-sent` must be a whole number, 0 or more",
        ),
        ("values = \"60\"", "t.toml:5:1  test `t` expects nothing"),
        ("values = \"60\"\nevents = [\"5m in-alrm\"]", "t.toml:8:12  an event must name its kind"),
        ("values = \"60\"\nevents = [\"10m in-alarm\"]", "the event lies beyond the end of the series at `5m`"),
        ("values = \"60\"\nmust-fire = \"Snt\"", "t.toml:8:14  no behavior is named `Snt`\nhelp: did you mean `Sent`?"),
        ("valeus = \"60\"\nevents = []", "unknown key `valeus`\nhelp: did you mean `values`?"),
        ("values = \"60\"\nstep = \"7m\"\nevents = []", "a step must be a multiple of five minutes, found `7m`"),
        (
            "values = \"60\"\ntargets = \"all/thing\"\nevents = []",
            "no target is named `all/thing`\nhelp: did you mean `all/things`?",
        ),
        (
            "events = []\n[[test.series]]\nmetric = \"aws:num-mesages-sent\"\nvalues = \"60\"",
            "t.toml:9:10  no metric is named `aws:num-mesages-sent`\nhelp: did you mean `aws:num-messages-sent`?",
        ),
    ] {
        let problems = written(body).map(|test| test.name).expect_err(body);
        assert!(problems.contains(found), "{body}\n{problems}");
    }
}

#[test]
fn problems_of_an_inline_profile_are_told_at_the_files_line() {
    let text = "profile = '''\n{\"securityProfileName\": \"P\", \"behaviors\": [\n  {\"name\": \"Sent\", \"metric\": \"aws:num-mesages-sent\",\n   \"criteria\": {\"comparisonOperator\": \"less-than\", \"value\": {\"count\": 1}}}]}\n'''\n[[test]]\nname = \"t\"\nvalues = \"1\"\nevents = []\n";
    let source = sim::scenario::source::Source::new("t.toml", text);
    let problems = super::file::load_source(Path::new("t.toml"), &source).map(|_| ()).expect_err("no such metric");
    assert!(problems.to_string().contains("t.toml:3:30"), "{problems}");
}
