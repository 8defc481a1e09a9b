//! Scenarios are loaded with every problem at its place; those of the repository are valid and their schema current.

use std::path::{Path, PathBuf};

use defender::error::Compatibility;
use defender::time::Millis;
use sim::scenario::{CriteriaReading, LoadOptions, Loaded, Problems, load};
use sim::world::{RunOptions, Unobserved, run};

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

/// A small scenario that is right; tests make it wrong in one place.
const SMALL: &str = r#"seed = 7
start = 2026-06-01T00:00:00Z
duration = "1d"
mitigation-actions = ["quarantine.json"]

[[policy]]
name = "device"
document = "policy.json"

[[group]]
name = "fleet"

[[group]]
name = "quarantine"
policies = ["deny"]

[[policy]]
name = "deny"
document = "deny.json"

[[class]]
name = "meter"
archetype = "smart-meter"
count = 900
policies = ["device"]
groups = ["fleet"]

[[class]]
name = "cam"
archetype = "camera"
count = 100
policies = ["device"]
groups = ["fleet"]

[[class.cohort]]
name = "cams-old"
count = 40
not-before = 2025-06-15T00:00:00Z
lifetime = "1000d"

[[class.cohort]]
name = "cams-new"
not-before = 2026-01-01T00:00:00Z
lifetime = "1000d"

[[profile]]
document = "profile.json"
targets = "thinggroup/fleet"

[audit]
configuration = "audit.json"
schedules = ["daily.json"]

[[attack]]
name = "leak"
start = "2h"
duration = "4h"
targets = { class = "cam", count = 10 }
exfiltration = { rate = "2 KiB/s" }

[[responder]]
name = "isolate"
when = { violation = { profile = "Basic", behaviors = ["Sent"] } }
then = { mitigation = { action = "Quarantine" } }

[documents]
"policy.json" = '''{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive"],
    "Resource": [
      "arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}",
      "arn:aws:iot:us-east-1:123456789012:topic/devices/${iot:Connection.Thing.ThingName}/*",
      "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/${iot:Connection.Thing.ThingName}/defender/*",
      "arn:aws:iot:us-east-1:123456789012:topicfilter/devices/${iot:Connection.Thing.ThingName}/*"
    ]
  }]
}'''
"deny.json" = '''{
  "Version": "2012-10-17",
  "Statement": [{ "Effect": "Deny", "Action": "iot:*", "NotResource": "arn:aws:iot:us-east-1:123456789012:topic/q" }]
}'''
"profile.json" = '''{
  "securityProfileName": "Basic",
  "behaviors": [
    {
      "name": "Sent",
      "metric": "aws:num-messages-sent",
      "criteria": { "comparisonOperator": "less-than-equals", "value": { "count": 60 }, "durationSeconds": 300 }
    }
  ]
}'''
"audit.json" = '''{
  "roleArn": "arn:aws:iam::123456789012:role/audit",
  "auditCheckConfigurations": { "DEVICE_CERTIFICATE_EXPIRING_CHECK": { "enabled": true } }
}'''
"daily.json" = '''{
  "scheduledAuditName": "Daily",
  "frequency": "DAILY",
  "targetCheckNames": ["DEVICE_CERTIFICATE_EXPIRING_CHECK"]
}'''
"quarantine.json" = '''{
  "actionName": "Quarantine",
  "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "addThingsToThingGroupParams": { "thingGroupNames": ["quarantine"] } }
}'''
"#;

fn load_text(text: &str, options: &LoadOptions) -> Result<Loaded, Problems> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("small.toml");
    std::fs::write(&path, text).expect("it can be written");
    load(&path, &[], options)
}

/// What is said when `from` stands as `to` in the small scenario: errors and warnings, without the directory.
fn said(changes: &[(&str, &str)]) -> String {
    let mut text = SMALL.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in the small scenario");
        text = text.replace(from, to);
    }
    let problems = match load_text(&text, &LoadOptions::default()) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let directory = problems.iter().find_map(|problem| {
        let name = &problem.place.as_ref()?.source.name;
        Some(name[..name.find("small.toml")?].to_owned())
    });
    match directory {
        Some(directory) => problems.to_string().replace(&directory, ""),
        None => problems.to_string(),
    }
}

#[test]
fn the_small_scenario_is_right() {
    assert_eq!(said(&[]), "");
}

/// What is said about each of several mistakes, one after the other.
fn said_of(mistakes: &[&[(&str, &str)]]) -> String {
    mistakes
        .iter()
        .map(|changes| {
            let written: Vec<&str> = changes.iter().map(|(_, to)| to.trim()).collect();
            format!("--- {}\n{}\n", written.join(" | "), said(changes))
        })
        .collect()
}

#[test]
fn keys_units_dates_and_counts_are_checked_where_they_stand() {
    insta::assert_snapshot!(said_of(&[
        &[("duration = \"4h\"", "durration = \"4h\"")],
        &[("\"2 KiB/s\"", "\"2 KiB\"")],
        &[("start = 2026-06-01T00:00:00Z", "start = \"2026-02-30T00:00:00Z\"")],
        &[("start = 2026-06-01T00:00:00Z", "start = 2026-02-30T00:00:00Z")],
        &[("count = 900", "count = -900")],
        &[("start = 2026-06-01T00:00:00Z", "start = 2026-06-01T00:01:00Z")],
        &[("duration = \"1d\"", "duration = \"1d 1m\"")],
        &[("seed = 7", "seed = \"lucky\"")],
    ]));
}

#[test]
fn several_mistakes_are_told_in_one_run() {
    insta::assert_snapshot!(said(&[
        ("seed = 7", "sead = 7"),
        ("archetype = \"camera\"", "archetype = \"kamera\""),
        ("policies = [\"deny\"]", "policies = [\"denny\"]"),
        ("count = 40\n", "count = 140\n"),
        ("\"comparisonOperator\": \"less-than-equals\"", "\"comparisonOperator\": \"less-then-equals\""),
        ("\"roleArn\": \"arn:aws:iam::123456789012:role/audit\"", "\"roleArn\": \"arn:aws:iam:123456789012:audit\""),
        ("\"frequency\": \"DAILY\"", "\"frequency\": \"HOURLY\""),
        ("targets = { class = \"cam\", count = 10 }", "targets = { class = \"lock\", count = 10 }"),
    ]));
}

#[test]
fn names_that_nothing_has_are_told_with_the_one_probably_meant() {
    insta::assert_snapshot!(said_of(&[
        &[("targets = \"thinggroup/fleet\"", "targets = \"thinggroup/fleed\"")],
        &[("targets = \"thinggroup/fleet\"", "targets = \"all/thing\"")],
        &[("profile = \"Basic\"", "profile = \"Basik\"")],
        &[("behaviors = [\"Sent\"]", "behaviors = [\"Send\"]")],
        &[("action = \"Quarantine\"", "action = \"Quarantain\"")],
        &[("[\"DEVICE_CERTIFICATE_EXPIRING_CHECK\"]", "[\"DEVICE_CERTIFICATE_EXPIRED_CHECK\"]")],
        &[("document = \"profile.json\"", "document = \"profil.json\"")],
    ]));
}

#[test]
fn attacks_have_targets_and_lie_within_the_run() {
    insta::assert_snapshot!(said_of(&[
        &[("class = \"cam\", count = 10", "class = \"cam\", count = 0")],
        &[("class = \"cam\", count = 10", "class = \"cam\", count = 101")],
        &[("class = \"cam\", count = 10", "class = \"meter\", cohort = \"cams-old\"")],
        &[("start = \"2h\"", "start = \"22h\"")],
        &[("start = \"2h\"", "start = \"2d\"")],
        &[("exfiltration = { rate = \"2 KiB/s\" }", "exfiltraton = { rate = \"2 KiB/s\" }")],
    ]));
}

#[test]
fn counts_and_shares_add_up() {
    insta::assert_snapshot!(said_of(&[
        &[("seed = 7", "seed = 7\ndevices = 2000")],
        &[("seed = 7", "seed = 7\ndevices = 2000"), ("count = 900", "share = 0.9"), ("count = 100", "share = 0.2")],
        &[("count = 900", "share = 0.9")],
        &[("count = 40\n", "")],
        &[("archetype = \"smart-meter\"", "archetype = \"smart-meter\"\noverrides = { report-interval = \"2m\" }")],
    ]));
}

#[test]
fn m08_responses_are_applicable_to_what_sets_them_off() {
    let blank = r#""actionParams": { "replaceDefaultPolicyVersionParams": { "templateName": "BLANK_POLICY" } }"#;
    let adds = r#""actionParams": { "addThingsToThingGroupParams": { "thingGroupNames": ["quarantine"] } }"#;
    let finding = "finding = { check = \"LOGGING_DISABLED_CHECK\" }";
    let both = r#""actionParams": { "updateDeviceCertificateParams": { "action": "DEACTIVATE" }, "publishFindingToSnsParams": { "topicArn": "x" } }"#;
    insta::assert_snapshot!(said_of(&[
        &[(adds, blank)],
        &[("violation = { profile = \"Basic\", behaviors = [\"Sent\"] }", finding)],
        &[(adds, both)],
    ]));
}

#[test]
fn a27_only_enabled_checks_are_scheduled() {
    insta::assert_snapshot!(said_of(&[
        &[(
            "\"targetCheckNames\": [\"DEVICE_CERTIFICATE_EXPIRING_CHECK\"]",
            "\"targetCheckNames\": [\"LOGGING_DISABLED_CHECK\"], \"dayOfWeek\": \"MON\""
        )],
        &[("\"frequency\": \"DAILY\"", "\"frequency\": \"WEEKLY\"")],
        &[(
            "{ \"enabled\": true }",
            "{ \"enabled\": true, \"configuration\": { \"CERT_EXPIRATION_THRESHOLD_IN_DAYS\": \"7\" } }"
        )],
    ]));
}

#[test]
fn lints_tell_what_is_probably_not_meant() {
    insta::assert_snapshot!(said_of(&[
        &[(
            "\"Effect\": \"Deny\", \"Action\": \"iot:*\", \"NotResource\"",
            "\"Effect\": \"Allow\", \"Action\": \"iot:Publish\", \"Resource\""
        )],
        &[
            ("\"name\": \"Sent\"", "\"name\": \"MaxSent\""),
            ("less-than-equals", "greater-than"),
            ("[\"Sent\"]", "[\"MaxSent\"]")
        ],
        &[("topicfilter/devices", "topicfilter/device")],
        &[(
            "not-before = 2025-06-15T00:00:00Z\nlifetime = \"1000d\"",
            "not-before = 2025-06-15T00:00:00Z\nlifetime = \"360d\""
        )],
        &[("[documents]", "[[defect]]\nname = \"d\"\nover-permissive-policy = { policy = \"device\" }\n\n[documents]")],
    ]));
}

#[test]
fn policies_and_broken_json_are_told_by_line() {
    insta::assert_snapshot!(said_of(&[
        &[("\"Effect\": \"Allow\"", "\"Effekt\": \"Allow\"")],
        &[("\"securityProfileName\": \"Basic\",", "\"securityProfileName\": \"Basic\"")],
        &[("\"durationSeconds\": 300", "\"durationSeconds\": \"300\"")],
        &[("\"durationSeconds\": 300", "\"durationSecond\": 300")],
        &[("\"metric\": \"aws:num-messages-sent\"", "\"metric\": \"aws:num-message-sent\"")],
    ]));
}

#[test]
fn a_fleet_is_scaled_with_its_cohorts_and_targets() {
    let small =
        load_text(SMALL, &LoadOptions { devices: Some(100), ..LoadOptions::default() }).expect("valid").scenario;
    assert_eq!(small.classes.iter().map(|class| class.count).collect::<Vec<_>>(), [90, 10]);
    assert_eq!(small.classes[1].cohorts.iter().map(|cohort| cohort.count).collect::<Vec<_>>(), [4, 6]);
    assert_eq!(small.attacks[0].targets.count, Some(1));
    let tiny = load_text(SMALL, &LoadOptions { devices: Some(2), ..LoadOptions::default() }).expect("valid").scenario;
    assert_eq!(tiny.classes.iter().map(|class| class.count).collect::<Vec<_>>(), [1, 1]);
    let large =
        load_text(SMALL, &LoadOptions { devices: Some(50_000), ..LoadOptions::default() }).expect("valid").scenario;
    assert_eq!(large.attacks[0].targets.count, Some(500));
}

#[test]
fn a_lock_file_gives_the_same_scenario_from_one_file() {
    let options = LoadOptions { seed: Some(u64::from(u32::MAX)), devices: Some(250), ..LoadOptions::default() };
    for name in ["first-light.toml", "source-document.toml", "bad-week.toml"] {
        let set = [("attack.probing.duration".to_owned(), "30m".to_owned())];
        let loaded = load(&scenarios().join(name), &set, &options).unwrap_or_else(|problems| panic!("{problems}"));
        let lock = loaded.lock.to_toml("0.0.0", Some("abc"));
        assert!(lock.contains("# digest abc"));
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("scenario.lock.toml");
        std::fs::write(&path, &lock).expect("it can be written");
        let again = load(&path, &[], &LoadOptions::default()).unwrap_or_else(|problems| panic!("{problems}\n{lock}"));
        assert_eq!(again.lock.to_toml("0.0.0", Some("abc")), lock, "a lock of a lock is the same lock");
        let plain = |loaded: &Loaded| {
            let mut scenario = loaded.scenario.clone();
            // Documents have other places now.
            scenario.warnings.clear();
            scenario.policies.iter_mut().for_each(|policy| policy.file.clear());
            scenario.profiles.iter_mut().for_each(|profile| profile.file.clear());
            format!("{scenario:#?}")
        };
        assert_eq!(plain(&loaded), plain(&again), "{name}");
    }
}

#[test]
fn documents_are_checked_on_their_own() {
    let check = |name: &str| {
        let (kind, problems) =
            sim::scenario::check(&scenarios().join(name), Compatibility::Strict, CriteriaReading::Normal);
        format!("{name}: {kind}\n{}\n", shown(&problems))
    };
    let files = [
        "first-light/policies/legacy-gateway.json",
        "first-light/policies/quarantine.json",
        "first-light/profiles/cameras.json",
        "first-light/actions/quarantine.json",
        "first-light/daily-security-audit.json",
        "source-document/telemetry-policy.json",
        "source-document/audit-configuration.json",
        "first-light.toml",
        "schema.json",
    ];
    insta::assert_snapshot!(files.map(check).concat());
}

#[test]
fn x01_other_names_of_checks_are_known_in_lenient_mode_only() {
    let alias = [("\"DEVICE_CERTIFICATE_EXPIRING_CHECK\": {", "\"DEVICE_CERT_APPROACHING_EXPIRATION_CHECK\": {")];
    insta::assert_snapshot!(said_of(&[
        &alias,
        &[alias[0], ("seed = 7", "seed = 7\ncompatibility = \"lenient\"")],
        &[("\"DEVICE_CERTIFICATE_EXPIRING_CHECK\": {", "\"SHARED_COGNITO_IDENTITY_CHECK\": {")],
    ]));
}

/// Whatever is typed, the loader answers with problems or a scenario.
#[test]
fn a_scenario_cut_anywhere_never_panics() {
    for end in (0..SMALL.len()).step_by(37).filter(|end| SMALL.is_char_boundary(*end)) {
        let _ = load_text(&SMALL[..end], &LoadOptions::default());
    }
    for line in 0..SMALL.lines().count() {
        let without: Vec<&str> = SMALL.lines().enumerate().filter(|(i, _)| *i != line).map(|(_, text)| text).collect();
        let _ = load_text(&without.join("\n"), &LoadOptions::default());
    }
}

#[test]
fn authorities_groups_and_time_zones_are_checked() {
    let authority = |before: &str, after: &str| {
        format!("[[authority]]\nname = \"ca\"\nnot-before = {before}\nnot-after = {after}\n\n[[attack]]")
    };
    let backwards = authority("2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let two = format!(
        "[[authority]]\nname = \"ca2\"\nnot-before = 2020-01-01T00:00:00Z\nnot-after = 2040-01-01T00:00:00Z\n\n{}",
        authority("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
    );
    insta::assert_snapshot!(said_of(&[
        &[("[[attack]]", &backwards)],
        &[("[[attack]]", &two)],
        &[
            ("name = \"fleet\"\n", "name = \"fleet\"\nparent = \"quarantine\"\n"),
            ("name = \"quarantine\"\n", "name = \"quarantine\"\nparent = \"fleet\"\n")
        ],
        &[("archetype = \"camera\"", "archetype = \"camera\"\ntime-zone = \"Europe/Berln\"")],
        &[("name = \"cam\"", "name = \"meter\"")],
        &[("not-before = 2025-06-15T00:00:00Z", "not-before = 2026-06-15T00:00:00Z")],
    ]));
}

/// The small scenario with an `[expect]` before its documents.
fn expecting(expect: &str) -> String {
    said(&[("[documents]\n", &format!("[expect]\n{expect}\n\n[documents]\n"))])
}

#[test]
fn expectations_are_read_in_the_order_of_the_file() {
    let expect = "[expect]\nbehavior.Sent = \"alarms == 0\"\nrun = [\"recall >= 95 %\", \"latency.p95 <= 15m\"]\n\
        attack.leak = \"recall == 1\"\nclass.cam = \"false_alarms == 0\"\naction.Quarantine = \"failed == 0\"\n\
        check.DEVICE_CERTIFICATE_EXPIRING_CHECK = \"findings >= 1\"\n\n[documents]\n";
    let loaded = load_text(&SMALL.replace("[documents]\n", expect), &LoadOptions::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let shown: Vec<String> = loaded.scenario.expectations.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "behavior Basic/Sent: alarms == 0",
            "recall >= 0.95",
            "latency.p95 <= 15m",
            "attack leak: recall == 1",
            "class cam: false_alarms == 0",
            "action Quarantine: failed == 0",
            "check DEVICE_CERTIFICATE_EXPIRING_CHECK: findings >= 1",
        ]
    );
}

#[test]
fn unknown_measures_and_names_in_expectations_are_told_with_the_nearest() {
    for (expect, message) in [
        ("run = \"recal >= 0.9\"", "no measure is named `recal`\nhelp: did you mean `recall`?"),
        ("run = [\"recall >= 0.9\", \"latency.p59 < 1m\"]", "no statistic is named `p59`\nhelp: did you mean `p50`?"),
        ("attack.leek = \"recall >= 0.9\"", "no attack is named `leek`\nhelp: did you mean `leak`?"),
        ("behavior.Snt = \"alarms == 0\"", "no behavior is named `Snt`\nhelp: did you mean `Sent`?"),
        ("class.cams = \"alarms == 0\"", "no class is named `cams`\nhelp: did you mean `cam`?"),
        ("check.LOGGING_DISABLE_CHECK = \"findings == 0\"", "did you mean `LOGGING_DISABLED_CHECK`?"),
        (
            "action.Quarantin = \"failed == 0\"",
            "no mitigation action or operation is named `Quarantin`\nhelp: did you mean `Quarantine`?",
        ),
        ("atack.leak = \"recall >= 0.9\"", "unknown key `atack`\nhelp: did you mean `attack`?"),
        ("run = 7", "run must be a statement in quotes, or a list of them, found `7`"),
        ("attack.leek = \"recal >= 0.9\"", "no measure is named `recal`"),
    ] {
        let said = expecting(expect);
        assert!(said.contains(message), "{expect}\n{said}");
        assert!(said.starts_with("small.toml:"), "{said}");
    }
    // Line and column of the word that is wrong.
    let text = SMALL.split("[documents]").next().unwrap_or_default();
    let line = text.matches('\n').count() + 2;
    assert!(expecting("run = \"recal >= 0.9\"").starts_with(&format!("small.toml:{line}:8  ")));
}

/// Groups stand for the classes whose things are in them, nested ones too; networks for the devices that connect from
/// them.
#[test]
fn targets_can_be_a_group_or_a_site() {
    let with = |targets: &str| {
        let text = format!(
            "{SMALL}\n[[fault]]\nname = \"f\"\nstart = \"1h\"\nduration = \"2h\"\nreport-loss = {{}}\ntargets = {targets}\n"
        );
        let text =
            text.replace("name = \"fleet\"", "name = \"sites\"\n\n[[group]]\nname = \"fleet\"\nparent = \"sites\"");
        let two = "source-networks = [\"100.72.0.0/16\", \"100.73.0.0/16\"]\n";
        let text = text.replace("archetype = \"smart-meter\"", &format!("archetype = \"smart-meter\"\n{two}"));
        load_text(&text, &LoadOptions::default()).map(|loaded| loaded.scenario)
    };
    let targets = |targets: &str| {
        let scenario = with(targets).unwrap_or_else(|problems| panic!("{problems}"));
        let outcome = run(&scenario, RunOptions::default(), &mut Unobserved).expect("it runs").outcome;
        let act = outcome.truth.iter().find(|act| act.name == "f").expect("it is in the ledger");
        act.devices.iter().map(|row| outcome.device_name(row.device)).collect::<Vec<_>>()
    };
    assert_eq!(targets("{ group = \"sites\" }").len(), 1_000);
    let cameras = targets("{ group = \"fleet\", class = \"cam\" }");
    assert!(cameras.len() == 100 && cameras.iter().all(|name| name.starts_with("cam-")));
    let site = targets("{ network = \"100.73.0.0/16\" }");
    // Half of 900 meters; five standard deviations are 75.
    assert!((375..=525).contains(&site.len()) && site.iter().all(|name| name.starts_with("meter-")), "{}", site.len());
    assert_eq!(targets("{ network = \"100.73.0.0/16\", count = 30 }").len(), 30);
    let problems = with("{ group = \"quarantine\" }").map(|scenario| scenario.name).expect_err("nobody is in it");
    assert!(problems.to_string().contains("fault `f` targets no device\nhelp: no device is in these"), "{problems}");
    let problems = with("{ network = \"10.0.0.0/8\" }").map(|scenario| scenario.name).expect_err("nobody is there");
    assert!(problems.to_string().contains("fault `f` targets no device"), "{problems}");
    let problems = with("{ group = \"flet\" }").map(|scenario| scenario.name).expect_err("there is no such group");
    assert!(problems.to_string().contains("no group is named `flet`\nhelp: did you mean `fleet`?"), "{problems}");
}
