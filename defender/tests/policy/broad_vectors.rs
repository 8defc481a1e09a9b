//! T-P01 to T-P36: IOT_POLICY_OVERLY_PERMISSIVE_CHECK (3.6).

use defender::policy::broad::{actions, message};
use defender::policy::{Action, Document, broad_data_plane};

use crate::{IS_ATTACHED, TN, allow, deny, policy, statement};

/// The actions of the finding, without `iot:`; empty means compliant.
fn flagged(statements: &[String]) -> Vec<&'static str> {
    let grants = broad_data_plane([&policy(statements)]);
    actions(&grants).into_iter().map(|action| action.as_str().trim_start_matches("iot:")).collect()
}

const ALL_TWELVE: [&str; 12] = [
    "Connect",
    "Publish",
    "RetainPublish",
    "Subscribe",
    "GetRetainedMessage",
    "GetThingShadow",
    "UpdateThingShadow",
    "DeleteThingShadow",
    "DescribeJobExecution",
    "GetPendingJobExecutions",
    "StartNextPendingJobExecution",
    "UpdateJobExecution",
];

macro_rules! broad_vectors {
    ($($test:ident: [$($statement:expr),*] flags $expected:expr;)*) => {$(
        #[test]
        fn $test() {
            let expected: &[&str] = &$expected;
            assert_eq!(flagged(&[$($statement),*]), expected);
        }
    )*};
}

const CLIENT_ID: &str = "client/${iot:ClientId}";

fn guarded(actions: &str, targets: &str) -> String {
    statement("Allow", actions, targets, IS_ATTACHED)
}

broad_vectors! {
    t_p01_everything: [allow("iot:*", "*")] flags ALL_TWELVE;
    t_p02_any_client: [allow("iot:Connect", "client/*")] flags ["Connect"];
    t_p03_client_id_unguarded: [allow("iot:Connect", CLIENT_ID)] flags ["Connect"];
    t_p04_client_id_guarded: [guarded("iot:Connect", CLIENT_ID)] flags [];
    t_p05_thing_name_guarded: [guarded("iot:Connect", &format!("client/{TN}"))] flags [];
    t_p06_thing_name_unguarded: [allow("iot:Connect", &format!("client/{TN}"))] flags [];
    t_p07_the_guard_does_not_rescue_any_client: [guarded("iot:Connect", "client/*")] flags ["Connect"];
    t_p08_client_prefix: [allow("iot:Connect", "client/dev-*")] flags [];
    t_p09_shadows_of_all_things: [allow("iot:Publish", "topic/$aws/things/*/shadow/update")] flags ["Publish"];
    t_p10_own_shadow: [allow("iot:Publish", &format!("topic/$aws/things/{TN}/shadow/*"))] flags [];
    t_p11_any_topic: [allow("iot:Publish", "topic/*")] flags ["Publish"];
    t_p12_topic_prefix: [allow("iot:Publish", "topic/fleet/*")] flags [];
    t_p13_reserved_topics: [allow("iot:Publish", "topic/$aws/*")] flags ["Publish"];
    t_p14_things_with_a_prefix: [allow("iot:Publish", "topic/$aws/things/pump-*")] flags [];
    t_p15_filter_over_all_things: [allow("iot:Subscribe", "topicfilter/$aws/things/+/shadow/update")] flags ["Subscribe"];
    t_p16_filter_below_things: [allow("iot:Subscribe", "topicfilter/$aws/things/#")] flags ["Subscribe"];
    t_p17_filter_over_everything: [allow("iot:Subscribe", "topicfilter/#")] flags ["Subscribe"];
    t_p18_plus_behind_a_prefix: [allow("iot:Subscribe", "topicfilter/sensors/+/data")] flags [];
    t_p19_receive_is_never_broad: [allow("iot:Receive", "topic/$aws/things/*")] flags [];
    t_p20_any_shadow: [allow("iot:GetThingShadow", "thing/*")] flags ["GetThingShadow"];
    t_p21_listed_things: [allow("iot:UpdateThingShadow", "thing/Pump1 thing/Pump2")] flags [];
    t_p22_a_topic_grants_no_subscribe: [allow("iot:Publish iot:Subscribe", "topic/*")] flags ["Publish"];
    t_p23_cancelled_by_deny: [allow("iot:*", "*"), deny("iot:*", "*")] flags [];
    t_p24_narrower_deny_is_ignored: [allow("iot:Publish", "topic/*"), deny("iot:Publish", "topic/secret/*")] flags ["Publish"];
    t_p25_not_resource: [allow("iot:Publish", "!topic/secret/*")] flags ["Publish"];
    t_p26_not_action: [allow("!iot:Connect", "*")] flags ALL_TWELVE[1..];
    t_p27_action_wildcard: [allow("iot:Pub*", "topic/$aws/things/*")] flags ["Publish"];
    t_p28_deny_alone: [deny("iot:*", "*")] flags [];
    t_p30_case_of_actions: [allow("IOT:publish", "topic/*")] flags ["Publish"];
    t_p31_swallowed_type: [allow("iot:Publish", "arn:aws:iot:*")] flags ["Publish"];
    t_p32_p29_an_address_range_does_not_rescue: [statement(
        "Allow", "iot:Connect", "client/*", r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
    )] flags ["Connect"];
    t_p33_plus_at_the_front: [allow("iot:Subscribe", "topicfilter/+/status")] flags ["Subscribe"];
    t_p34_things_behind_a_prefix: [allow("iot:GetThingShadow", "thing/Pump*")] flags [];
    t_p35_client_id_with_suffix: [allow("iot:Connect", "client/${iot:ClientId}-x")] flags ["Connect"];
    t_p36_all_actions_on_topics: [allow("iot:*", "topic/*")] flags ["Publish", "RetainPublish", "GetRetainedMessage"];

    p21_leading_slash: [allow("iot:GetThingShadow", "/thing/*")] flags ["GetThingShadow"];
    p21_another_service: [allow("*", "arn:aws:s3:::*")] flags [];
    p23_guard_needs_a_single_true: [statement(
        "Allow", "iot:Connect", CLIENT_ID,
        r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":["true","false"]}}"#,
    )] flags ["Connect"];
    p23_if_exists_does_not_guard: [statement(
        "Allow", "iot:Connect", CLIENT_ID, r#","Condition":{"BoolIfExists":{"iot:Connection.Thing.IsAttached":"true"}}"#,
    )] flags ["Connect"];
    p19_guard_as_list_or_boolean: [
        statement("Allow", "iot:Connect", CLIENT_ID, r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":["true"]}}"#),
        statement("Allow", "iot:Connect", CLIENT_ID, r#","Condition":{"Bool":{"iot:Connection.Thing.IsAttached":true}}"#)
    ] flags [];
    p24_other_reserved_topics: [allow("iot:Publish", "topic/$aws/rules/*"), allow("iot:Publish", "topic/$*")] flags ["Publish"];
    p24_escaped_star_is_no_wildcard: [allow("iot:Publish", "topic/${*}")] flags [];
    p25_reserved_filters: [allow("iot:Subscribe", "topicfilter/$aws/#")] flags ["Subscribe"];
    p25_plus_below_aws: [allow("iot:Subscribe", "topicfilter/$aws/+/x")] flags ["Subscribe"];
    p25_own_filters: [allow("iot:Subscribe", &format!("topicfilter/$aws/things/{TN}/+ topicfilter/a/#"))] flags [];
    p28_catch_all_in_not_resource: [allow("iot:Publish iot:Connect", "!topic/*")] flags ["Connect"];
    p30_conditional_deny_does_not_cancel: [
        allow("iot:Publish", "topic/*"),
        statement("Deny", "iot:Publish", "*", r#","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#)
    ] flags ["Publish"];
    p30_same_text_or_catch_all_cancels: [
        allow("iot:Publish", "topic/$aws/things/*"), deny("iot:Publish", "topic/$aws/things/*"),
        allow("iot:Connect", "*"), deny("iot:Con*", "client/*")
    ] flags [];
    p30_not_resource_deny_does_not_cancel: [allow("iot:Publish", "*"), deny("iot:*", "!topic/x")] flags ["Publish"];
}

#[test]
fn t_p29_only_the_default_version_counts() {
    // The check reads one document per policy; the older, broad version is not among them.
    let broad = policy(&[allow("iot:*", "*")]);
    let default = policy(&[guarded("iot:Connect", &format!("client/{TN}"))]);
    assert!(!broad_data_plane([&broad]).is_empty());
    assert!(broad_data_plane([&default]).is_empty());
}

#[test]
fn p31_the_message_lists_distinct_actions_in_order() {
    let document =
        policy(&[allow("iot:Subscribe iot:Publish", "*"), allow("iot:Publish iot:Connect", "topic/* client/*")]);
    assert_eq!(
        message(&broad_data_plane([&document])),
        "Policy allows broad access to IoT data plane actions: [iot:Connect, iot:Publish, iot:Subscribe].",
    );
}

#[test]
fn p02_in_old_documents_variables_are_text_and_escapes_are_wild() {
    let old = |target: &str| {
        let text = format!(r#"{{"Version":"2008-10-17","Statement":{}}}"#, allow("iot:Connect", target));
        broad_data_plane([Document::parse_iot(&text).expect("well-formed")]).len()
    };
    assert_eq!(old(CLIENT_ID), 0);
    assert_eq!(old("client/*"), 1);
}

#[test]
fn p30_a_deny_in_another_document_does_not_cancel() {
    let grants = broad_data_plane([policy(&[deny("iot:*", "*")]), policy(&[allow("iot:Publish", "topic/*")])]);
    assert_eq!(grants.len(), 1);
    assert_eq!((grants[0].statement.document, grants[0].statement.index), (1, 0));
    assert_eq!(grants[0].action, Action::Publish);
}
