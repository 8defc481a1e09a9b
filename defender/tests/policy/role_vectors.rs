//! T-C01 to T-C10, the part that is about documents: what a role grants (3.7, C-06, C-07, C-10, C-11).

use defender::policy::{Document, administrative, broad_data_plane, services};

use crate::{allow, deny, text};

fn role(statements: &[String]) -> Document {
    Document::parse_iam(&text(statements)).expect("a well-formed document")
}

#[test]
fn t_c01_all_of_iot() {
    let role = role(&[allow("iot:*", "*")]);
    let services = services([&role]);
    assert!(services.is_administrative("iot"), "used, so a finding");
    assert!(services.security_auditing().is_empty());
    let grants = administrative([&role]);
    assert_eq!(grants.thing_admin_write.len(), 11);
    assert_eq!(grants.broad_thing_admin_read().count(), 4);
    assert!(grants.non_thing_admin.len() > 240);
    assert_eq!(broad_data_plane([&role]).len(), 12);
}

#[test]
fn t_c02_one_bucket() {
    let role = role(&[allow("s3:PutObject", "arn:aws:s3:::one/*")]);
    let services = services([&role]);
    assert!(services.grants("s3") && !services.is_administrative("s3"));
    assert!(services.security_auditing().is_empty());
    assert!(services.unused(|service| service == "s3").is_empty());
    assert!(administrative([&role]).is_empty());
    assert!(broad_data_plane([&role]).is_empty());
}

#[test]
fn t_c03_a_watching_service() {
    let role = role(&[
        allow("iam:GetRole", "*"),
        allow("iot:Publish", "topic/$aws/things/${credentials-iot:ThingName}/shadow/update"),
    ]);
    let services = services([&role]);
    assert_eq!(services.security_auditing(), ["iam"]);
    assert_eq!(services.unused(|service| service == "iot"), ["iam"]);
    assert!(!services.is_administrative("iot"));
    assert!(administrative([&role]).is_empty() && broad_data_plane([&role]).is_empty());
}

#[test]
fn t_c04_t_c05_a_service_is_unused_when_the_caller_says_so() {
    let role = role(&[allow("dynamodb:PutItem", "*")]);
    assert!(services([&role]).unused(|_| true).is_empty());
    assert_eq!(services([&role]).unused(|_| false), ["dynamodb"]);
}

#[test]
fn t_c06_t_c07_reading_one_thing() {
    let grants = administrative([&role(&[allow("iot:DescribeThing", "thing/One")])]);
    assert_eq!(grants.thing_admin_read.len(), 1, "a finding for unauthenticated roles");
    assert_eq!(grants.broad_thing_admin_read().count(), 0, "none for authenticated ones");
    assert_eq!(grants.iter().count(), 1);
}

#[test]
fn t_c08_reading_all_things() {
    assert_eq!(administrative([&role(&[allow("iot:DescribeThing", "thing/*")])]).broad_thing_admin_read().count(), 1);
}

#[test]
fn t_c09_reading_things_behind_a_prefix() {
    assert_eq!(
        administrative([&role(&[allow("iot:DescribeThing", "thing/Pump*")])]).broad_thing_admin_read().count(),
        0
    );
}

#[test]
fn t_c10_writing_one_thing() {
    let grants = administrative([&role(&[allow("iot:UpdateThing", "thing/One")])]);
    assert_eq!(grants.thing_admin_write.len(), 1);
    assert_eq!(grants.thing_admin_write[0].operation, "UpdateThing");
    assert!(grants.thing_admin_read.is_empty() && grants.non_thing_admin.is_empty());
}

#[test]
fn p34_patterns_reach_every_class_they_match() {
    let describe = administrative([&role(&[allow("iot:Describe*", "*")])]);
    assert!(describe.thing_admin_write.is_empty());
    assert_eq!(describe.thing_admin_read.len(), 1);
    assert!(describe.non_thing_admin.iter().any(|grant| grant.operation == "DescribeCertificate"));
    assert!(!describe.non_thing_admin.iter().any(|grant| grant.operation == "DescribeJobExecution"));
    let list = administrative([&role(&[allow("iot:ListThings", "*")])]);
    assert_eq!((list.thing_admin_write.len(), list.iter().count()), (1, 1));
    assert!(administrative([&role(&[allow("iot:Frobnicate", "*")])]).is_empty());
}

#[test]
fn p35_denies_cancel_grants() {
    assert!(administrative([&role(&[allow("iot:UpdateThing", "thing/One"), deny("iot:*", "*")])]).is_empty());
    assert!(administrative([&role(&[allow("iot:UpdateThing", "thing/One"), deny("iot:*", "thing/*")])]).is_empty());
    assert!(administrative([&role(&[allow("iot:UpdateThing", "thing/One"), deny("iot:*", "thing/One")])]).is_empty());
    assert!(!administrative([&role(&[allow("iot:UpdateThing", "thing/*"), deny("iot:*", "thing/One")])]).is_empty());
    let elsewhere = [role(&[allow("iot:UpdateThing", "thing/One")]), role(&[deny("iot:*", "*")])];
    assert!(!administrative(&elsewhere).is_empty());
}

#[test]
fn p32_not_resource_grants_the_rest() {
    let grants = administrative([&role(&[allow("iot:DescribeThing iot:UpdateThing", "!thing/One")])]);
    assert_eq!((grants.thing_admin_write.len(), grants.broad_thing_admin_read().count()), (1, 1));
    let but_things = administrative([&role(&[allow("iot:DescribeThing", "!thing/*")])]);
    assert_eq!(but_things.broad_thing_admin_read().count(), 0);
}
