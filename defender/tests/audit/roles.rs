//! The checks of role aliases and Cognito roles (12.4), and the extension X-03.

use std::collections::BTreeMap;

use defender::account::{CognitoPoolIndex, IamRole, Principal, RolePolicy, Session, ThingPrincipalType};
use defender::audit::wire::{AuditCheckRunStatus, AuditFindingSeverity, ResourceType};
use defender::audit::{AuditCheck, Evidence};
use defender::error::Exception;
use defender::policy::Repair;
use defender::time::{Millis, Timestamp};

use crate::{Bench, T, configuration, refused};

const DEVICES: &str = "arn:aws:iam::123456789012:role/devices";

fn document(statements: &[(&str, &str)]) -> String {
    let statements: Vec<String> = statements
        .iter()
        .map(|(action, resource)| format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#))
        .collect();
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn role(statements: &[(&str, &str)], used: &[(&str, Timestamp)]) -> IamRole {
    role_of(&document(statements), used)
}

fn role_of(document: &str, used: &[(&str, Timestamp)]) -> IamRole {
    IamRole {
        inline_policies: vec![RolePolicy::new("inline", document).expect("well-formed")],
        last_authenticated: used.iter().map(|(service, at)| ((*service).to_owned(), *at)).collect::<BTreeMap<_, _>>(),
        ..IamRole::default()
    }
}

/// A bench with one role alias.
fn alias(statements: &[(&str, &str)], used: &[(&str, Timestamp)]) -> Bench {
    alias_of(&document(statements), used)
}

fn alias_of(document: &str, used: &[(&str, Timestamp)]) -> Bench {
    let mut bench = Bench::new();
    bench.account.put_iam_role(T, DEVICES, role_of(document, used));
    bench.account.create_role_alias(T, "devices", DEVICES, None).expect("new");
    bench
}

fn days_ago(days: i64) -> Timestamp {
    T - Millis::days(days)
}

const THING: &str = "arn:aws:iot:us-east-1:123456789012:thing";

#[test]
fn t_c01_everything_iot_on_everything_is_five_findings() {
    let mut bench = alias(&[("iot:*", "*")], &[("iot", days_ago(10))]);
    let outcome = bench.run(AuditCheck::IotRoleAliasOverlyPermissive);
    let mut reasons = outcome.reasons();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS",
            "ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS",
            "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS",
            "ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS",
            "ALLOWS_BROAD_ACCESS_TO_USED_SERVICES",
        ]
    );
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0));
    let finding = &outcome.findings[0];
    let identifier = &finding.non_compliant_resource.resource_identifier;
    assert_eq!(identifier.role_alias_arn.as_deref(), Some("arn:aws:iot:us-east-1:123456789012:rolealias/devices"));
    assert_eq!(finding.related_resources.len(), 1);
    assert_eq!(finding.related_resources[0].resource_type, ResourceType::IamRole);
    assert_eq!(finding.related_resources[0].resource_identifier.iam_role_arn.as_deref(), Some(DEVICES));
    for finding in &outcome.findings {
        let evidence = evidence(&bench, &finding.finding_id);
        assert!(!evidence.faults.is_empty() && evidence.faults.iter().all(|fault| fault.witness.is_some()));
        assert!(evidence.faults.iter().all(|fault| fault.document == "inline" && fault.resource == "*"));
        assert_eq!(evidence.repairs.len(), 1);
        let proposed = evidence.proposals().next().expect("a document").document.text().to_owned();
        let mut better = alias_of(&proposed, &[("iot", days_ago(10))]);
        better.run(AuditCheck::IotRoleAliasOverlyPermissive).is_compliant();
    }
}

fn evidence(bench: &Bench, finding_id: &str) -> Evidence {
    bench.audit.evidence(&bench.account, finding_id, &[]).expect("a role in the inventory")
}

#[test]
fn a_role_finding_carries_statement_witness_and_a_proposal_that_the_checks_accept() {
    let topic = "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/${credentials-iot:ThingName}/shadow/update";
    let mut bench = alias(&[("iam:GetRole", "*"), ("iot:Publish", topic)], &[("iot", days_ago(1))]);
    for check in [AuditCheck::IotRoleAliasOverlyPermissive, AuditCheck::IotRoleAliasAllowsAccessToUnusedServices] {
        let outcome = bench.run(check);
        let evidence = evidence(&bench, &outcome.findings[0].finding_id);
        let fault = &evidence.faults[0];
        assert_eq!((evidence.faults.len(), fault.statement.index, &*fault.action), (1, 0, "iam:GetRole"));
        assert_eq!(fault.witness.as_ref().expect("one").sentence, "may call iam:GetRole on `*`");
        let proposed = evidence.proposals().next().expect("a document").document.text().to_owned();
        alias_of(&proposed, &[("iot", days_ago(1))]).run(check).is_compliant();
        assert!(proposed.contains("iot:Publish"), "what nobody complains about stays: {proposed}");
    }
}

#[test]
fn t_c02_one_action_on_one_bucket_is_fine() {
    let mut bench = alias(&[("s3:PutObject", "arn:aws:s3:::bucket/*")], &[("s3", days_ago(10))]);
    bench.run(AuditCheck::IotRoleAliasOverlyPermissive).is_compliant();
    bench.run(AuditCheck::IotRoleAliasAllowsAccessToUnusedServices).is_compliant();
}

#[test]
fn t_c03_a_security_auditing_service_that_is_not_used() {
    let topic = "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/${credentials-iot:ThingName}/shadow/update";
    let mut bench = alias(&[("iam:GetRole", "*"), ("iot:Publish", topic)], &[("iot", days_ago(1))]);
    let overly = bench.run(AuditCheck::IotRoleAliasOverlyPermissive);
    assert_eq!(overly.reasons(), ["ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES"]);
    let unused = bench.run(AuditCheck::IotRoleAliasAllowsAccessToUnusedServices);
    assert_eq!(unused.reasons(), ["ALLOWS_ACCESS_TO_UNUSED_SERVICES"]);
    assert!(unused.findings[0].reason_for_non_compliance.contains("[iam]"));
}

#[test]
fn t_c04_ch26_a_use_exactly_a_year_ago_still_counts() {
    let mut bench = alias(&[("dynamodb:PutItem", "*")], &[("dynamodb", days_ago(365))]);
    bench.run(AuditCheck::IotRoleAliasAllowsAccessToUnusedServices).is_compliant();
}

#[test]
fn t_c05_a_day_more_does_not() {
    let mut bench = alias(&[("dynamodb:PutItem", "*")], &[("dynamodb", days_ago(366))]);
    let outcome = bench.run(AuditCheck::IotRoleAliasAllowsAccessToUnusedServices);
    assert_eq!(outcome.reasons(), ["ALLOWS_ACCESS_TO_UNUSED_SERVICES"]);
}

#[test]
fn c11_every_service_is_more_than_any_role_uses() {
    let mut bench = alias(&[("*", "*")], &[("iot", days_ago(1))]);
    let outcome = bench.run(AuditCheck::IotRoleAliasAllowsAccessToUnusedServices);
    assert_eq!(outcome.reasons(), ["ALLOWS_ACCESS_TO_UNUSED_SERVICES"]);
    let evidence = evidence(&bench, &outcome.findings[0].finding_id);
    assert!(matches!(evidence.repairs[0].repair, Repair::NotDerivable(_)) && evidence.faults[0].action == "*");
}

#[test]
fn ch25_administrative_access_counts_for_used_services_only() {
    let mut bench = alias(&[("s3:*", "*"), ("sqs:*", "*")], &[("S3", days_ago(1))]);
    let outcome = bench.run(AuditCheck::IotRoleAliasOverlyPermissive);
    assert_eq!(outcome.reasons(), ["ALLOWS_BROAD_ACCESS_TO_USED_SERVICES"]);
    assert!(outcome.findings[0].reason_for_non_compliance.ends_with("[s3]."));
}

const USERS: &str = "arn:aws:iam::123456789012:role/users";
const GUESTS: &str = "arn:aws:iam::123456789012:role/guests";

/// A bench with one pool, both of whose roles have the same statement, connected to some days ago.
fn pool(action: &str, resource: &str, connected_days_ago: i64) -> (Bench, CognitoPoolIndex) {
    let mut bench = Bench::new();
    for arn in [USERS, GUESTS] {
        bench.account.put_iam_role(T, arn, role(&[(action, resource)], &[]));
    }
    let pool = bench.account.put_cognito_pool(T, "us-east-1:pool", Some(USERS), Some(GUESTS));
    bench.account.note_cognito_connection(T, pool, days_ago(connected_days_ago));
    (bench, pool)
}

#[test]
fn t_c06_guests_may_not_even_describe_one_thing() {
    let (mut bench, _) = pool("iot:DescribeThing", &format!("{THING}/One"), 1);
    let outcome = bench.run(AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.reasons(), ["ALLOWS_ACCESS_TO_IOT_ADMIN_ACTIONS"]);
    let finding = &outcome.findings[0];
    let identifier = &finding.non_compliant_resource.resource_identifier;
    assert_eq!(identifier.cognito_identity_pool_id.as_deref(), Some("us-east-1:pool"));
    assert_eq!(finding.related_resources[0].resource_identifier.iam_role_arn.as_deref(), Some(GUESTS));
    assert_eq!(finding.reason_for_non_compliance, "Policy allows access to IoT admin actions: [iot:DescribeThing].");
}

#[test]
fn t_c07_users_may_describe_one_thing() {
    let (mut bench, _) = pool("iot:DescribeThing", &format!("{THING}/One"), 1);
    bench.run(AuditCheck::AuthenticatedCognitoRoleOverlyPermissive).is_compliant();
}

#[test]
fn t_c08_p33_users_may_not_describe_every_thing() {
    let (mut bench, _) = pool("iot:DescribeThing", &format!("{THING}/*"), 1);
    let outcome = bench.run(AuditCheck::AuthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.reasons(), ["ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS"]);
}

#[test]
fn t_c09_p33_a_literal_prefix_limits_the_things() {
    let (mut bench, _) = pool("iot:DescribeThing", &format!("{THING}/Pump*"), 1);
    bench.run(AuditCheck::AuthenticatedCognitoRoleOverlyPermissive).is_compliant();
}

#[test]
fn t_c10_users_may_not_change_even_one_thing() {
    let (mut bench, _) = pool("iot:UpdateThing", &format!("{THING}/One"), 1);
    let outcome = bench.run(AuditCheck::AuthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.reasons(), ["ALLOWS_ACCESS_TO_IOT_THING_ADMIN_WRITE_ACTIONS"]);
}

#[test]
fn t_c11_a_pool_that_nobody_used_for_a_month_is_not_inspected() {
    let (mut bench, _) = pool("iot:*", "*", 32);
    let outcome = bench.run(AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 0, 0, 0));
    let (mut bench, _) = pool("iot:*", "*", 31);
    assert_eq!(bench.run(AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive).counts().1, 1);
}

#[test]
fn ch21_a_pool_without_the_role_is_inspected_and_compliant() {
    let mut bench = Bench::new();
    let pool = bench.account.put_cognito_pool(T, "us-east-1:pool", None, None);
    bench.account.note_cognito_connection(T, pool, days_ago(1));
    let outcome = bench.run(AuditCheck::UnauthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedCompliant, 1, 0, 0));
}

#[test]
fn ch22_broad_data_plane_access_of_users_is_reported() {
    let (mut bench, _) = pool("iot:Publish", "*", 1);
    let outcome = bench.run(AuditCheck::AuthenticatedCognitoRoleOverlyPermissive);
    assert_eq!(outcome.reasons(), ["ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS"]);
}

#[test]
fn x03_the_extension_does_not_exist_in_strict_mode() {
    let mut bench = Bench::new();
    let request = configuration(None, [("SHARED_COGNITO_IDENTITY_CHECK", true)]);
    let update = bench.audit.update_account_audit_configuration(T, &bench.account, &request);
    refused(update, Exception::InvalidRequest);
}

#[test]
fn x03_an_identity_of_several_things_or_clients_is_shared() {
    let mut bench = Bench::lenient();
    let pool = bench.account.put_cognito_pool(T, "us-east-1:pool", None, None);
    let identities: Vec<_> = ["things", "clients", "sound"]
        .map(|id| bench.account.put_cognito_identity(T, id, pool, true).expect("known pool"))
        .into_iter()
        .map(Principal::CognitoIdentity)
        .collect();
    for name in ["T1", "T2"] {
        let thing = bench.account.create_thing(T, name, None, &[]).expect("new");
        bench
            .account
            .attach_thing_principal(T, thing, identities[0], ThingPrincipalType::default())
            .expect("not exclusive");
    }
    for (client, principal, hours) in [("c1", 1, 4), ("c2", 1, 3), ("c3", 2, 4)] {
        let client = bench.account.client(client);
        let (connect_time, disconnect_time) = (T - Millis::hours(hours), Some(T - Millis::HOUR));
        let session = Session { client, connect_time, disconnect_time };
        bench.account.load_session(T, session, identities[principal], None);
    }
    let outcome = bench.run(AuditCheck::SharedCognitoIdentity);
    let ids: Vec<_> = outcome
        .findings
        .iter()
        .map(|finding| {
            finding.non_compliant_resource.additional_info.as_ref().expect("an id")["COGNITO_IDENTITY_ID"].as_str()
        })
        .collect();
    assert_eq!(ids, ["things", "clients"]);
    assert!(outcome.reasons().iter().all(|reason| *reason == "X_COGNITO_IDENTITY_SHARED"));
    assert_eq!(outcome.findings[0].severity, AuditFindingSeverity::High);
    assert_eq!(outcome.counts(), (AuditCheckRunStatus::CompletedNonCompliant, 1, 1, 0), "one pool");
}
