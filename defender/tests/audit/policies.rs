//! 12.1 where the audit matters: which versions of which policies are inspected, and the finding's form.

use serde_json::json;

use super::{T, World, codes};

const BROAD: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;
const OWN_CLIENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect",
  "Resource":"arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}",
  "Condition":{"Bool":{"iot:Connection.Thing.IsAttached":"true"}}}]}"#;
const TOPICS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:Publish","iot:Subscribe"],
  "Resource":"arn:aws:iot:us-east-1:123456789012:topic/*"}]}"#;

#[test]
fn t_p29_only_the_default_version_counts() {
    let mut world = World::with(&[BROAD]);
    let policy = world.account.create_policy(T, "P", EVERYTHING).expect("a valid document");
    world.account.create_policy_version(T, policy, OWN_CLIENT, true).expect("a second version");
    let (details, findings) = world.audit(BROAD);
    assert_eq!((codes(&findings), details["totalResourcesCount"].as_u64()), (vec![], Some(1)));
}

#[test]
fn t_p22_the_finding_names_policy_version_and_actions() {
    let mut world = World::with(&[BROAD]);
    let policy = world.account.create_policy(T, "P", EVERYTHING).expect("a valid document");
    world.account.create_policy_version(T, policy, OWN_CLIENT, true).expect("a second version");
    world.account.create_policy_version(T, policy, TOPICS, true).expect("a third version");
    let (details, findings) = world.audit(BROAD);
    assert_eq!(details["checkRunStatus"], "COMPLETED_NON_COMPLIANT");
    let finding = &findings[0];
    assert_eq!(finding["severity"], "CRITICAL");
    assert_eq!(
        finding["nonCompliantResource"]["resourceIdentifier"],
        json!({"policyVersionIdentifier": {"policyName": "P", "policyVersionId": "3"}})
    );
    assert_eq!(finding["reasonForNonComplianceCode"], "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS");
    assert_eq!(
        finding["reasonForNonCompliance"],
        "Policy allows broad access to IoT data plane actions: [iot:Publish]."
    );
    assert_eq!(finding["isSuppressed"], false);
}
