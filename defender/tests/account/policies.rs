//! Policies, versions, attachments, and what is in force for a device (V-26, V-27, V-29, V-33).

use defender::account::{Connection, IamRole, PolicyTarget, Principal, RolePolicy, ThingPrincipalType};
use defender::error::Exception;
use defender::policy::{BLANK_POLICY, Decision, Request};

use crate::{NOW, account, attribute, facts, refused};

fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

fn deny(action: &str, resource: &str) -> String {
    allow(action, resource).replace("Allow", "Deny")
}

#[test]
fn v26_five_versions_never_numbered_twice_and_one_in_force() {
    let mut account = account();
    let policy = account.create_policy(NOW, "P", BLANK_POLICY).expect("new");
    refused(account.create_policy(NOW, "P", BLANK_POLICY), Exception::ResourceAlreadyExists);
    refused(account.create_policy(NOW, "no spaces", BLANK_POLICY), Exception::InvalidRequest);
    for expected in 2..=5 {
        let document = allow("iot:Publish", &format!("topic/{expected}"));
        assert_eq!(account.create_policy_version(NOW, policy, &document, expected == 3), Ok(expected));
    }
    refused(account.create_policy_version(NOW, policy, BLANK_POLICY, false), Exception::VersionsLimitExceeded);
    assert_eq!(account.default_policy_version(policy).map(|version| version.number), Some(3));
    refused(account.delete_policy_version(NOW, policy, 3), Exception::DeleteConflict);
    account.delete_policy_version(NOW, policy, 5).expect("not the default");
    refused(account.set_default_policy_version(NOW, policy, 5), Exception::ResourceNotFound);
    assert_eq!(account.create_policy_version(NOW, policy, BLANK_POLICY, true), Ok(6), "5 is not given out again");
    let numbers: Vec<u32> = account.policy_versions(policy).iter().map(|version| version.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 6]);
}

#[test]
fn v26_documents_are_checked_and_equal_ones_are_one() {
    let mut account = account();
    refused(account.create_policy(NOW, "P", "{"), Exception::MalformedPolicy);
    let long = allow("iot:Publish", &"x".repeat(2048));
    refused(account.create_policy(NOW, "P", &long), Exception::MalformedPolicy);
    for name in ["A", "B", "C"] {
        account.create_policy(NOW, name, &allow("iot:Publish", "*")).expect("well-formed");
    }
    assert_eq!(account.document_count(), 1);
}

#[test]
fn deleting_a_policy_waits_for_targets_and_versions() {
    let mut account = account();
    let policy = account.create_policy(NOW, "P", BLANK_POLICY).expect("new");
    let group = account.create_thing_group(NOW, "G", None).expect("new");
    account.attach_policy(NOW, policy, PolicyTarget::ThingGroup(group)).expect("room");
    refused(account.delete_policy(NOW, policy), Exception::DeleteConflict);
    account.delete_thing_group(NOW, "G", None).expect("no children");
    account.create_policy_version(NOW, policy, BLANK_POLICY, false).expect("room");
    refused(account.delete_policy(NOW, policy), Exception::DeleteConflict);
    account.delete_policy_version(NOW, policy, 2).expect("not the default");
    account.delete_policy(NOW, policy).expect("nothing left");
    assert_eq!(account.policy("P"), None);
    account.create_policy(NOW, "P", BLANK_POLICY).expect("the name is free");
}

#[test]
fn v27_ten_policies_per_certificate_and_two_per_group() {
    let mut account = account();
    let certificate = PolicyTarget::Certificate(account.register_certificate(NOW, facts(1)).expect("new"));
    let group = PolicyTarget::ThingGroup(account.create_thing_group(NOW, "G", None).expect("new"));
    let policies: Vec<_> =
        (0..11).map(|n| account.create_policy(NOW, &format!("P{n}"), BLANK_POLICY).expect("new")).collect();
    for &policy in &policies[..10] {
        account.attach_policy(NOW, policy, certificate).expect("up to ten");
    }
    account.attach_policy(NOW, policies[9], certificate).expect("again is success");
    refused(account.attach_policy(NOW, policies[10], certificate), Exception::LimitExceeded);
    for &policy in &policies[..2] {
        account.attach_policy(NOW, policy, group).expect("up to two");
    }
    refused(account.attach_policy(NOW, policies[2], group), Exception::LimitExceeded);
    assert_eq!(account.targets_of_policy(policies[0]), [certificate, group]);
    account.detach_policy(NOW, policies[0], group).expect("attached");
    account.detach_policy(NOW, policies[0], group).expect("again is success");
    assert_eq!(account.attached_policies(group).collect::<Vec<_>>(), [policies[1]]);
}

#[test]
fn v29_own_policies_then_groups_then_their_ancestors() {
    let mut account = account();
    let policies: Vec<_> = ["own", "parent", "child", "other"]
        .map(|name| account.create_policy(NOW, name, BLANK_POLICY).expect("new"))
        .to_vec();
    let parent = account.create_thing_group(NOW, "parent", None).expect("new");
    let child = account.create_thing_group(NOW, "child", Some("parent")).expect("new");
    let other = account.create_thing_group(NOW, "other", None).expect("new");
    let thing = account.create_thing(NOW, "T1", None, &[]).expect("new");
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    for (policy, target) in policies.iter().zip([
        PolicyTarget::Certificate(certificate),
        PolicyTarget::ThingGroup(parent),
        PolicyTarget::ThingGroup(child),
        PolicyTarget::ThingGroup(other),
    ]) {
        account.attach_policy(NOW, *policy, target).expect("room");
    }
    account.add_thing_to_thing_group(NOW, thing, other, false).expect("free");
    account.add_thing_to_thing_group(NOW, thing, child, false).expect("free");
    let effective = account.effective_policies(Some(thing), Some(certificate));
    assert_eq!(effective, [policies[0], policies[2], policies[1], policies[3]]);
    assert_eq!(account.effective_policies(None, Some(certificate)), [policies[0]]);
}

#[test]
fn v29_v08_a_quarantine_group_with_a_deny_binds_only_the_attached_device() {
    let mut account = account();
    let thing = account.create_thing(NOW, "T1", None, &[attribute("site", "north")]).expect("new");
    let certificate = account.register_certificate(NOW, facts(1)).expect("new");
    let principal = Principal::Certificate(certificate);
    account.attach_thing_principal(NOW, thing, principal, ThingPrincipalType::default()).expect("new");
    let site = "arn:aws:iot:us-east-1:123456789012:topic/${iot:Connection.Thing.Attributes[site]}/*";
    let own = account.create_policy(NOW, "own", &allow("iot:Publish", site)).expect("well-formed");
    let deny = account.create_policy(NOW, "deny", &deny("iot:*", "*")).expect("well-formed");
    let quarantine = account.create_thing_group(NOW, "quarantine", None).expect("new");
    account.attach_policy(NOW, own, PolicyTarget::Certificate(certificate)).expect("room");
    account.attach_policy(NOW, deny, PolicyTarget::ThingGroup(quarantine)).expect("room");
    let device = Connection { client_id: "T1", principal, source_ip: None };
    let stranger = Connection { client_id: "T9", ..device };
    let publish = Request::publish("north/flow");
    assert_eq!(account.decide(NOW, &device, &publish), Decision::Allowed);
    assert_eq!(account.decide(NOW, &stranger, &publish), Decision::ImplicitDeny, "no thing, no attribute (P-17)");
    account.add_thing_to_thing_group(NOW, thing, quarantine, false).expect("free");
    assert_eq!(account.decide(NOW, &device, &publish), Decision::ExplicitDeny);
    let answer = account.test_authorization(NOW, &device, &publish);
    assert_eq!((answer.decision, answer.reasons.len()), (Decision::ExplicitDeny, 1));
    assert_eq!(account.decide(NOW, &stranger, &publish), Decision::ImplicitDeny);
}

#[test]
fn v33_a_guest_is_bound_by_the_role_alone_and_a_user_by_both() {
    let mut account = account();
    let role = |text: &str| IamRole {
        inline_policies: vec![RolePolicy::new("inline", text).expect("well-formed")],
        ..IamRole::default()
    };
    let (users, guests) = ("arn:aws:iam::123456789012:role/users", "arn:aws:iam::123456789012:role/guests");
    account.put_iam_role(NOW, users, role(&allow("iot:*", "*")));
    account.put_iam_role(NOW, guests, role(&allow("iot:Connect", "*")));
    let pool = account.put_cognito_pool(NOW, "us-east-1:pool", Some(users), Some(guests));
    let user = account.put_cognito_identity(NOW, "us-east-1:user", pool, true).expect("known pool");
    let guest = account.put_cognito_identity(NOW, "us-east-1:guest", pool, false).expect("known pool");
    let policy = account.create_policy(NOW, "P", &allow("iot:Publish", "*")).expect("well-formed");
    let ask = |account: &defender::account::Account, identity, request: Request<'_>| {
        let principal = Principal::CognitoIdentity(identity);
        account.decide(NOW, &Connection { client_id: "app", principal, source_ip: None }, &request)
    };
    assert_eq!(ask(&account, guest, Request::connect("app")), Decision::Allowed);
    assert_eq!(ask(&account, guest, Request::publish("t")), Decision::ImplicitDeny);
    assert_eq!(ask(&account, user, Request::publish("t")), Decision::ImplicitDeny, "no IoT policy");
    account.attach_policy(NOW, policy, PolicyTarget::CognitoIdentity(user)).expect("room");
    assert_eq!(ask(&account, user, Request::publish("t")), Decision::Allowed);
    assert_eq!(ask(&account, user, Request::connect("app")), Decision::ImplicitDeny, "the IoT policy says nothing");
}
