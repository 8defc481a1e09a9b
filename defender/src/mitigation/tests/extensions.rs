//! Lints, lenient mode, and the rules that this engine adds (7.7, X-05, X-11).

use super::*;

#[test]
fn m40_x17_a_quarantine_without_deny_is_pointed_out() {
    let mut bench = Bench::new();
    let quarantine = bench.group("quarantine");
    let codes = |bench: &mut Bench| {
        bench.mitigation.take_warnings().into_iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    let mut bench = bench.with_actions();
    assert_eq!(codes(&mut bench), ["QUARANTINE_WITHOUT_DENY"], "no policy at all");
    let allow = bench.account.create_policy(T, "allow", BROAD).expect("new");
    bench.account.attach_policy(T, allow, PolicyTarget::ThingGroup(quarantine)).expect("room");
    bench.expiring("pump");
    bench.mitigate("t", json!({C14: ["add"]}));
    let warnings = bench.mitigation.take_warnings();
    assert_eq!(warnings.len(), 1, "allowing little restricts nothing");
    assert_eq!(warnings[0].path, "/actionParams/addThingsToThingGroupParams/thingGroupNames/0");
    assert_eq!(bench.mitigation.lint(&bench.account).len(), 1);
    let deny = bench.account.create_policy(T, "deny", DENY).expect("new");
    bench.account.attach_policy(T, deny, PolicyTarget::ThingGroup(quarantine)).expect("room");
    assert!(bench.mitigation.lint(&bench.account).is_empty());
}

#[test]
fn m40_a_deny_on_an_ancestor_counts() {
    let mut bench = Bench::new();
    let root = bench.group("isolation");
    let child = bench.account.create_thing_group(T, "quarantine", Some("isolation")).expect("new");
    assert!(!quarantine_denies(&bench.account, child));
    let deny = bench.account.create_policy(T, "deny", DENY).expect("new");
    bench.account.attach_policy(T, deny, PolicyTarget::ThingGroup(root)).expect("room");
    assert!(quarantine_denies(&bench.account, child));
}

#[test]
fn x05_short_account_ids_are_tolerated_in_lenient_mode_only() {
    let mut bench = Bench::new();
    bench.mitigation = Mitigation::new(7, Compatibility::Lenient);
    let params = json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sns:us-east-1:123456789:t"}});
    bench.action("a", params).expect("tolerated");
    let warnings = bench.mitigation.take_warnings();
    assert_eq!((warnings.len(), warnings[0].code), (1, "ACCOUNT_ID_NOT_12_DIGITS"));
    assert_eq!(warnings[0].path, "/actionParams/publishFindingToSnsParams/topicArn");
}

#[test]
fn x11_nothing_is_automatic_unless_rules_are_set() {
    let mut bench = Bench::new().with_actions();
    let (thing, certificate) = bench.expiring("pump");
    let quarantine = bench.group("quarantine");
    let violations = StatedViolations::of(&[("v1", "pump")]);
    let raised = [RaisedViolation { id: "v1", security_profile_name: "P", behavior_name: "Sent" }];
    let react = |bench: &mut Bench| {
        let Bench { account, outbox, mitigation, stated, .. } = bench;
        let audit = mitigation.audit_completed(T, account, outbox, stated, AUDIT).expect("valid");
        let detect = mitigation.violations_raised(T, account, outbox, &violations, &raised).expect("valid");
        (audit.is_some(), detect.len())
    };
    assert_eq!(react(&mut bench), (false, 0));
    let rule = |body| serde_json::from_value::<AutoMitigationRule>(body).expect("a rule");
    let rules = vec![
        rule(json!({"checkName": C14, "actions": ["device"]})),
        rule(json!({"securityProfileName": "P", "behaviorName": "Other", "actions": ["device"]})),
        rule(json!({"securityProfileName": "P", "actions": ["add"]})),
    ];
    bench.mitigation.set_auto_mitigation(rules).expect("well-formed");
    bench.mitigation.take_warnings();
    assert_eq!(react(&mut bench), (true, 1));
    assert_eq!(bench.status(certificate), CertificateStatus::Inactive);
    assert!(bench.account.is_thing_in_group(thing, quarantine, false));
    let codes: Vec<_> = bench.mitigation.take_warnings().into_iter().map(|warning| warning.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "EXTENSION_AUTO_MITIGATION").count(), 2);
    let both = rule(json!({"checkName": C14, "securityProfileName": "P", "actions": ["add"]}));
    assert!(bench.mitigation.set_auto_mitigation(vec![both]).is_err());
}

#[test]
fn x01_check_aliases_are_tolerated_in_lenient_mode_only() {
    let mapping = json!({"REVOKED_DEVICE_CERTIFICATE_CHECK": ["device"]});
    let mut strict = Bench::new().with_actions();
    let outcome = strict.start("t", json!({"auditTaskId": AUDIT}), mapping.clone());
    let message = outcome.expect_err("refused").message;
    assert!(message.contains("REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"), "{message}");
    let mut lenient = Bench::new();
    lenient.mitigation = Mitigation::new(7, Compatibility::Lenient);
    let mut lenient = lenient.with_actions();
    let described = lenient.mitigate("t", mapping.clone());
    let checks: Vec<_> = described.audit_check_to_actions_mapping.into_keys().collect();
    assert_eq!(checks, ["REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK"], "the canonical name in all output");
    let codes: Vec<_> = lenient.mitigation.take_warnings().into_iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["CHECK_NAME_ALIAS"]);
    lenient.start("t", json!({"auditTaskId": AUDIT}), mapping).expect("the same again (G-07)");
}
