//! 12.7: suppressions.

use defender::error::{Exception, ServiceError};
use defender::time::{Millis, Timestamp};
use serde_json::{Value, json};

use super::{T, World, days, exception};

const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const BROAD: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

fn create(world: &mut World, now: Timestamp, request: Value) -> Result<(), ServiceError> {
    let request = serde_json::from_value(request).expect("the shape of the API");
    world.audit.create_audit_suppression(now, &request).map(|_| ())
}

/// The id of the n-th certificate of a world.
fn id(n: u8) -> String {
    format!("{n:02x}").repeat(32)
}

fn of_certificate(n: u8, more: Value) -> Value {
    let mut request = json!({"checkName": EXPIRING, "resourceIdentifier": {"deviceCertificateId": id(n)},
        "clientRequestToken": "t1"});
    let members = request.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    request
}

#[test]
fn t_s01_t_s02_t_s03_suppressed_findings_are_made_and_counted_apart() {
    let before = days(-1);
    for (expires, suppressed) in [(T + Millis::SECOND, true), (T, false)] {
        let mut world = World::with(&[EXPIRING]);
        world.certificate(days(-5), |_| {});
        create(&mut world, before, of_certificate(1, json!({"expirationDate": expires.0 / 1_000}))).expect("valid");
        let (details, findings) = world.audit(EXPIRING);
        assert_eq!(findings[0]["isSuppressed"], suppressed);
        assert_eq!(details["checkCompliant"], suppressed);
        assert_eq!(details["nonCompliantResourcesCount"], u64::from(!suppressed));
        assert_eq!(details["suppressedNonCompliantResourcesCount"], u64::from(suppressed));
    }
    let mut world = World::with(&[EXPIRING]);
    world.certificate(days(-5), |_| {});
    world.certificate(days(-5), |_| {});
    create(&mut world, before, of_certificate(1, json!({"suppressIndefinitely": true}))).expect("valid");
    let (details, _) = world.audit(EXPIRING);
    assert_eq!(details["checkRunStatus"], "COMPLETED_NON_COMPLIANT");
    assert_eq!(
        (&details["nonCompliantResourcesCount"], &details["suppressedNonCompliantResourcesCount"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn t_s04_t_s05_t_s06_creating_again() {
    let mut world = World::with(&[EXPIRING]);
    let first = of_certificate(1, json!({"suppressIndefinitely": true}));
    create(&mut world, T, first.clone()).expect("valid");
    assert_eq!(create(&mut world, T, first), Ok(()));
    let other = of_certificate(1, json!({"suppressIndefinitely": true, "clientRequestToken": "t2"}));
    assert_eq!(exception(create(&mut world, T, other)), Exception::ResourceAlreadyExists);
    let neither = of_certificate(2, json!({"clientRequestToken": "t3"}));
    assert_eq!(exception(create(&mut world, T, neither)), Exception::InvalidRequest);
}

#[test]
fn t_s07_another_version_is_another_resource() {
    let mut world = World::with(&[BROAD]);
    let policy = world.account.create_policy(T, "P", EVERYTHING).expect("a valid document");
    let identifier = json!({"policyVersionIdentifier": {"policyName": "P", "policyVersionId": "1"}});
    let request = json!({"checkName": BROAD, "resourceIdentifier": identifier, "suppressIndefinitely": true,
        "clientRequestToken": "t1"});
    create(&mut world, T, request).expect("valid");
    assert_eq!(world.audit(BROAD).1[0]["isSuppressed"], true);
    world.account.create_policy_version(T, policy, EVERYTHING, true).expect("a second version");
    assert_eq!(world.audit(BROAD).1[0]["isSuppressed"], false);
}

#[test]
fn t_s08_t_s09_t_s10_afterwards() {
    let mut world = World::with(&[EXPIRING]);
    world.certificate(days(-5), |_| {});
    create(&mut world, T, of_certificate(1, json!({"suppressIndefinitely": true}))).expect("valid");
    world.audit(EXPIRING);
    let key = |n| {
        serde_json::from_value(json!({"checkName": EXPIRING,
        "resourceIdentifier": {"deviceCertificateId": id(n)}}))
        .expect("the shape of the API")
    };
    world.audit.delete_audit_suppression(T, &key(1)).expect("it is there");
    let all = json!({"startTime": T.0 / 1_000, "endTime": T.0 / 1_000});
    assert_eq!(world.findings(T, all)[0]["isSuppressed"], true);
    let wrong = json!({"checkName": EXPIRING, "resourceIdentifier": {"caCertificateId": id(1)},
        "suppressIndefinitely": true, "clientRequestToken": "t9"});
    assert_eq!(exception(create(&mut world, T, wrong)), Exception::InvalidRequest);
    let update = serde_json::from_value(json!({"checkName": EXPIRING,
        "resourceIdentifier": {"deviceCertificateId": id(9)}, "suppressIndefinitely": true}))
    .expect("the shape");
    assert_eq!(exception(world.audit.update_audit_suppression(T, &update)), Exception::ResourceNotFound);
    assert!(world.audit.delete_audit_suppression(T, &key(9)).is_ok());
}
