//! Posture defects: every one of them is found by its check, at its place, and counts as mended when somebody mended it.

use std::collections::BTreeSet;

use defender::policy::{Document, broad_data_plane};
use sim::defect::REGISTRY;
use sim::outcome::{Act, ActKind, Outcome, RepairRow};

use crate::attacks::outcome_in;

/// Two hundred thermostats for three days, all checks on, an audit every day.
const WORLD: &str = r##"
seed = 5
start = 2026-06-01T00:00:00Z
duration = "3d"
compatibility = "lenient"
mitigation-actions = ["deactivate.json", "deactivate-ca.json", "blank.json", "log.json"]

[account]
logging = "WARN"

[[authority]]
name = "ca"
not-before = 2022-01-01T00:00:00Z
not-after = 2036-01-01T00:00:00Z

[[policy]]
name = "device"
document = "device.json"

[[class]]
name = "thermostat"
archetype = "thermostat"
count = 200
policies = ["device"]

[audit]
configuration = "audit.json"
schedules = ["daily.json"]

[documents]
"device.json" = '''
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": "iot:Connect", "Resource": "arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}",
    "Condition": { "Bool": { "iot:Connection.Thing.IsAttached": "true" } } },
  { "Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": [
    "arn:aws:iot:us-east-1:123456789012:topic/devices/${iot:Connection.Thing.ThingName}/*",
    "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/${iot:Connection.Thing.ThingName}/defender/metrics/*" ] },
  { "Effect": "Allow", "Action": "iot:Subscribe",
    "Resource": "arn:aws:iot:us-east-1:123456789012:topicfilter/devices/${iot:Connection.Thing.ThingName}/*" } ] }
'''
"daily.json" = '''
{ "scheduledAuditName": "daily", "frequency": "DAILY", "targetCheckNames": [CHECKS] }
'''
"audit.json" = '''
{ "roleArn": "arn:aws:iam::123456789012:role/audit", "auditCheckConfigurations": { ENABLED } }
'''
"deactivate.json" = '''
{ "actionName": "Deactivate", "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "updateDeviceCertificateParams": { "action": "DEACTIVATE" } } }
'''
"deactivate-ca.json" = '''
{ "actionName": "DeactivateCa", "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "updateCACertificateParams": { "action": "DEACTIVATE" } } }
'''
"blank.json" = '''
{ "actionName": "Blank", "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "replaceDefaultPolicyVersionParams": { "templateName": "BLANK_POLICY" } } }
'''
"log.json" = '''
{ "actionName": "Log", "roleArn": "arn:aws:iam::123456789012:role/mitigate",
  "actionParams": { "enableIoTLoggingParams": { "roleArnForLogging": "arn:aws:iam::123456789012:role/logs", "logLevel": "WARN" } } }
'''
"##;

/// Runs the world with what is added before its documents.
pub fn outcome(added: &str) -> Outcome {
    let checks: Vec<String> =
        REGISTRY_CHECKS.with(|checks| checks.iter().map(|check| format!("\"{check}\"")).collect());
    let enabled: Vec<String> = checks.iter().map(|check| format!("{check}: {{ \"enabled\": true }}")).collect();
    let world = WORLD.replace("CHECKS", &checks.join(", ")).replace("ENABLED", &enabled.join(", "));
    outcome_in(&world.replacen("[documents]", &format!("{added}\n[documents]"), 1), "")
}

thread_local! {
    static REGISTRY_CHECKS: Vec<&'static str> = defender::audit::AuditCheck::known(defender::error::Compatibility::Lenient)
        .map(defender::audit::AuditCheck::name)
        .collect();
}

/// The places where an act should be found: (check, place), as findings spell it.
fn places(outcome: &Outcome, acts: &[&Act]) -> BTreeSet<(String, String)> {
    let mut places = BTreeSet::new();
    for act in acts {
        for check in &act.checks {
            match &act.resource {
                Some(resource) => {
                    places.insert((check.clone(), resource.clone()));
                }
                None => places.extend(act.devices.iter().map(|row| (check.clone(), outcome.device_name(row.device)))),
            }
        }
    }
    places
}

/// Where audits found something.
fn found(outcome: &Outcome) -> BTreeSet<(String, String)> {
    let place = |finding: &sim::outcome::FindingRow| {
        let check = outcome.checks[finding.check as usize].name.clone();
        (check, finding.device.map_or_else(|| finding.resource.clone(), |device| outcome.device_name(device)))
    };
    outcome.findings.iter().map(place).collect()
}

fn defects(outcome: &Outcome) -> Vec<&Act> {
    outcome.truth.iter().filter(|act| act.category == ActKind::Defect).collect()
}

#[test]
fn a_sound_account_has_no_findings() {
    let outcome = outcome("");
    assert_eq!(outcome.audits.len(), 3);
    assert_eq!(found(&outcome), BTreeSet::new());
}

#[test]
fn every_defect_is_found_at_its_place_whether_seeded_or_introduced() {
    for start in ["0s", "30h"] {
        for entry in REGISTRY {
            // Examples that name something of another scenario are not for this one.
            for example in entry.examples.iter().filter(|example| !example.contains("device-ca-1")) {
                if ["legacy-gateway", "meters-2024"].iter().any(|name| example.contains(name)) {
                    continue;
                }
                let outcome =
                    outcome(&format!("[[defect]]\nname = \"it\"\nstart = \"{start}\"\n{} = {example}\n", entry.name));
                let wanted = places(&outcome, &defects(&outcome));
                assert!(!wanted.is_empty(), "{} {example}", entry.name);
                assert_eq!(found(&outcome), wanted, "{} {example} from {start}", entry.name);
                let first = outcome.findings.iter().map(|finding| finding.time).min().expect("there are some");
                let onset = defects(&outcome)[0].onset;
                assert!(first >= onset, "{}: found {first}, introduced {onset}", entry.name);
            }
        }
    }
}

#[test]
fn what_the_scenario_itself_holds_can_be_a_defect() {
    let outcome = outcome(
        "[[defect]]\nname = \"widened\"\nstart = \"30h\"\nover-permissive-policy = { policy = \"device\" }\n\
         [[defect]]\nname = \"revoked\"\nrevoked-authority = { authority = \"ca\" }\n",
    );
    assert_eq!(found(&outcome), places(&outcome, &defects(&outcome)));
    assert_eq!(found(&outcome).len(), 2);
}

#[test]
fn mitigation_mends_what_it_applies_to() {
    let cases = [
        ("revoked-device-certificate", "Deactivate"),
        ("weak-device-key", "Deactivate"),
        ("old-certificates", "Deactivate"),
        ("expiring-certificates", "Deactivate"),
        ("shared-certificate", "Deactivate"),
        ("intermediate-authority-revoked", "Deactivate"),
        ("revoked-authority", "DeactivateCa"),
        ("weak-authority-key", "DeactivateCa"),
        ("expiring-authority", "DeactivateCa"),
        ("over-permissive-policy", "Blank"),
        ("misconfigured-policy", "Blank"),
        ("logging-disabled", "Log"),
    ];
    for (defect, action) in cases {
        let entry = REGISTRY.iter().find(|entry| entry.name == defect).expect("it is registered");
        let check = {
            let probe = outcome(&format!("[[defect]]\nname = \"it\"\n{defect} = {}\n", entry.examples[0]));
            defects(&probe)[0].checks[0].clone()
        };
        let outcome = outcome(&format!(
            "[[defect]]\nname = \"it\"\n{defect} = {}\n[[responder]]\nname = \"mender\"\ndelay = \"1h\"\n\
             when = {{ finding = {{ check = \"{check}\" }} }}\nthen = {{ mitigation = {{ action = \"{action}\" }} }}\n",
            entry.examples[0]
        ));
        for act in defects(&outcome) {
            let mended = match act.resource {
                Some(_) => act.resolved.is_some(),
                None => !act.devices.is_empty() && act.devices.iter().all(|row| row.contained.is_some()),
            };
            assert!(mended, "{defect} by {action}: {act:?}");
        }
        assert!(
            outcome.mitigations.iter().all(|row| row.status == "SUCCESSFUL"),
            "{defect}: {:?}",
            outcome.mitigations
        );
    }
}

#[test]
fn a_policy_at_fault_comes_with_its_line_a_witness_and_a_repair_that_devices_can_live_with() {
    let outcome =
        outcome("[[defect]]\nname = \"widened\"\nstart = \"30h\"\nover-permissive-policy = { policy = \"device\" }\n");
    let [document] = &outcome.documents[..] else { panic!("one policy, once: {:?}", outcome.documents) };
    assert_eq!(outcome.checks[document.check as usize].name, "IOT_POLICY_OVERLY_PERMISSIVE_CHECK");
    assert_eq!((document.resource.as_str(), document.document.as_str()), ("device", "device"));
    assert!(document.faults.iter().all(|fault| fault.line > 0 && fault.path.starts_with("/Statement")));
    assert!(document.faults.iter().any(|fault| fault.witness.is_some()), "{:?}", document.faults);
    let RepairRow::Proposed { text, changes, .. } = &document.repair else { panic!("{:?}", document.repair) };
    assert!(!changes.is_empty());
    let proposed = Document::parse_iot(text).expect("a policy document");
    assert!(broad_data_plane([&proposed]).is_empty(), "{text}");
    // What the archetype does stays allowed.
    for used in ["client/", "topic/devices/{}/telemetry", "topicfilter/devices/{}/commands"] {
        let used = used.replace("{}", "${iot:Connection.Thing.ThingName}");
        assert!(text.contains(&used), "{used} is lost:\n{text}");
    }
}
