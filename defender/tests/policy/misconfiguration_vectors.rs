//! T-P40 to T-P48: IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK (3.8).

use defender::policy::MisconfigurationReason::{
    PolicyContainsMqttWildcardsInDenyStatement as R1, TopicFiltersIntendedToDenyAllowedUsingWildcards as R2,
};
use defender::policy::{MisconfigurationReason, broad, broad_data_plane, misconfigurations};

use crate::{allow, deny, policy};

fn base() -> Vec<String> {
    vec![allow("iot:Subscribe", "topicfilter/building/*"), allow("iot:Receive", "topic/building/*")]
}

fn base_and(more: &[String]) -> Vec<String> {
    [base(), more.to_vec()].concat()
}

/// The distinct reasons: one finding each.
fn reasons(statements: &[String]) -> Vec<MisconfigurationReason> {
    let mut reasons: Vec<_> = misconfigurations(&policy(statements)).into_iter().map(|found| found.reason).collect();
    reasons.dedup();
    reasons
}

fn control_room() -> String {
    deny("iot:Subscribe", "topicfilter/building/control_room/*")
}

#[test]
fn t_p40_mqtt_wildcard_in_a_deny() {
    assert_eq!(reasons(&base_and(&[deny("iot:Subscribe", "topicfilter/building/control_room/#")])), [R1]);
}

#[test]
fn t_p41_bypassed_from_above() {
    let document = policy(&base_and(&[control_room()]));
    let found = misconfigurations(&document);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].reason, found[0].statement.index), (R2, 2));
    assert_eq!(found[0].bypass.as_deref(), Some("building/#"));
    assert_eq!(found[0].reason.code(), "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS");
}

#[test]
fn t_p42_receive_denied_as_well() {
    assert_eq!(reasons(&base_and(&[control_room(), deny("iot:Receive", "topic/building/control_room/*")])), []);
}

#[test]
fn t_p43_receive_granted_around_the_sub_tree() {
    let statements = [
        allow("iot:Subscribe", "topicfilter/building/*"),
        allow("iot:Receive", "!topic/building/control_room/*"),
        control_room(),
    ];
    assert_eq!(reasons(&statements), []);
}

#[test]
fn t_p44_no_allow_is_needed() {
    assert_eq!(reasons(&[deny("iot:Publish", "topic/a/+/b")]), [R1]);
}

#[test]
fn t_p45_nothing_is_received() {
    assert_eq!(reasons(&[allow("iot:Subscribe", "topicfilter/building/*"), control_room()]), []);
}

#[test]
fn t_p46_both_reasons() {
    let both = deny("iot:Subscribe", "topicfilter/building/# topicfilter/building/control_room/*");
    assert_eq!(reasons(&base_and(&[both])), [R1, R2]);
}

#[test]
fn t_p47_everything_allowed() {
    let statements = [allow("iot:Subscribe iot:Receive", "*"), deny("iot:Subscribe", "topicfilter/a/restricted/*")];
    assert_eq!(reasons(&statements), [R2]);
    let grants = broad_data_plane([&policy(&statements)]);
    assert_eq!(broad::message(&grants), "Policy allows broad access to IoT data plane actions: [iot:Subscribe].");
}

#[test]
fn t_p48_no_wildcard_no_sub_tree() {
    assert_eq!(reasons(&base_and(&[deny("iot:Subscribe", "topicfilter/building/control_room/door1")])), []);
}

#[test]
fn p36_levels_not_characters_and_not_resource_too() {
    assert_eq!(reasons(&[deny("iot:Publish", "topic/a+b/c")]), []);
    assert_eq!(reasons(&[deny("iot:Publish", "topic/a/#/c")]), []);
    assert_eq!(reasons(&[deny("iot:Receive", "!topic/a/#")]), [R1]);
    assert_eq!(reasons(&[deny("iot:Connect", "client/+")]), []);
    assert_eq!(reasons(&[allow("iot:Subscribe", "topicfilter/a/+")]), []);
}

#[test]
fn p37_a_wider_deny_on_receive_covers_the_sub_tree() {
    for covering in ["*", "topic/building/*", "topic/building/control_room/*"] {
        assert_eq!(reasons(&base_and(&[control_room(), deny("iot:Receive", covering)])), [], "{covering}");
    }
    for partial in ["topic/building/control_room/door1", "topic/building/control_room/*/x", "topic/garage/*"] {
        assert_eq!(reasons(&base_and(&[control_room(), deny("iot:Receive", partial)])), [R2], "{partial}");
    }
}
