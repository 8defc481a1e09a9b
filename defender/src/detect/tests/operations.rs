//! Profiles, targets, custom metrics and dimensions.

use serde_json::json;

use super::fixture::{World, at, exception, learned, sent_at_most, shape};
use crate::detect::wire::{self, ModelStatus};
use crate::error::Exception;

#[test]
fn t_v12_a_member_and_its_deletion() {
    let mut world = World::new();
    world.create(at(0), "P", json!([sent_at_most("Sent", 50)])).expect("valid");
    for members in [
        json!({"behaviors": [], "deleteBehaviors": true}),
        json!({"alertTargets": {}, "deleteAlertTargets": true}),
        json!({"additionalMetricsToRetain": [], "deleteAdditionalMetricsToRetain": true}),
        json!({"additionalMetricsToRetainV2": [], "deleteAdditionalMetricsToRetain": true}),
    ] {
        assert_eq!(exception(world.update(at(1), "P", members)), Exception::InvalidRequest);
    }
}

#[test]
fn t_v13_an_outdated_version() {
    let mut world = World::new();
    world.create(at(0), "P", json!([])).expect("valid");
    let updated = world.update(at(1), "P", json!({"expectedVersion": 1})).expect("the current version");
    assert_eq!(updated.version, 2);
    let outdated = world.update(at(2), "P", json!({"expectedVersion": 1}));
    assert_eq!(exception(outdated), Exception::VersionConflict);
    let request = shape(json!({"securityProfileName": "P", "expectedVersion": 1}));
    assert_eq!(exception(world.detect.delete_security_profile(at(3), &request)), Exception::VersionConflict);
}

#[test]
fn t_v14_a_sixth_profile() {
    let mut world = World::new();
    for name in ["A", "B", "C", "D", "E", "F"] {
        world.create(at(0), name, json!([])).expect("valid");
    }
    for name in ["A", "B", "C", "D", "E", "A"] {
        world.attach(at(0), name, "all/things").expect("one of five, or again");
    }
    assert_eq!(exception(world.attach(at(0), "F", "all/things")), Exception::LimitExceeded);
    world.attach(at(0), "F", "all/registered-things").expect("another target");
    world.detach(at(1), "A", "all/things").expect("attached");
    world.attach(at(1), "F", "all/things").expect("there is room again");
}

#[test]
fn t_v15_a_dimension_in_use() {
    let mut world = World::new();
    let dimension = shape(json!({"name": "auth", "type": "TOPIC_FILTER", "stringValues": ["device/+/auth"]}));
    world.detect.create_dimension(at(0), &dimension, &world.account).expect("valid");
    let mut behavior = sent_at_most("Sent", 50);
    behavior["metricDimension"] = json!({"dimensionName": "auth"});
    world.create(at(0), "P", json!([behavior])).expect("valid");
    assert_eq!(exception(world.detect.delete_dimension(at(1), "auth")), Exception::InvalidRequest);
    world.update(at(2), "P", json!({"deleteBehaviors": true})).expect("valid");
    world.detect.delete_dimension(at(3), "auth").expect("not in use any more");
    world.detect.delete_dimension(at(4), "auth").expect("absent is fine (G-08)");
}

#[test]
fn d16_d17_given_members_replace_and_absent_ones_stay() {
    let mut world = World::new();
    world.create(at(0), "P", json!([sent_at_most("Sent", 50)])).expect("valid");
    let updated = world.update(at(5), "P", json!({"securityProfileDescription": "night shift"})).expect("valid");
    assert_eq!(updated.version, 2);
    assert_eq!((updated.creation_date, updated.last_modified_date), (at(0), at(5)));
    assert_eq!(updated.behaviors.as_ref().map(Vec::len), Some(1));
    let updated = world.update(at(6), "P", json!({"behaviors": [sent_at_most("A", 1), sent_at_most("B", 2)]}));
    assert_eq!(updated.expect("valid").behaviors.map(|behaviors| behaviors.len()), Some(2));
    let updated = world.update(at(7), "P", json!({"deleteBehaviors": true, "deleteAlertTargets": true}));
    let updated = updated.expect("valid");
    assert_eq!((updated.behaviors, updated.alert_targets), (None, None));
    assert_eq!(updated.security_profile_description.as_deref(), Some("night shift"));
}

#[test]
fn create_refuses_with_the_first_message_and_keeps_nothing() {
    let mut world = World::new();
    let mut broken = sent_at_most("Sent", 50);
    broken["criteria"]["durationSeconds"] = json!(60);
    let error = world.create(at(0), "P", json!([sent_at_most("Fine", 1), broken])).expect_err("D-V17");
    assert_eq!(
        error.message,
        "Behavior Sent is malformed. durationSeconds 60 should be one of [300,600,900,1800,3600]"
    );
    assert_eq!(exception(world.detect.describe_security_profile("P", &world.account)), Exception::ResourceNotFound);
    world.create(at(0), "P", json!([])).expect("valid");
    let again = world.create(at(1), "P", json!([])).expect_err("exists");
    assert_eq!(again.resource.map(|(_, arn)| arn), Some(world.arn("securityprofile/P")));
}

#[test]
fn validate_answers_instead_of_refusing() {
    let world = World::new();
    let request = shape(json!({"behaviors": [{"name": "a b", "metric": "nonesuch"}]}));
    let answer = world.detect.validate_security_profile_behaviors(&request).expect("an answer").response;
    let texts: Vec<_> = answer.validation_errors.iter().map(|error| error.error_message.as_str()).collect();
    assert!(!answer.valid);
    assert_eq!(
        texts,
        [
            "Behavior a b is malformed. name must match [a-zA-Z0-9:_-]{1,128}",
            "Behavior a b is malformed. custom metric nonesuch does not exist",
            "Behavior a b is malformed. criteria is required",
        ]
    );
    let many: Vec<_> = (0..101).map(|i| sent_at_most(&format!("B{i}"), 1)).collect();
    let refused = world.detect.validate_security_profile_behaviors(&shape(json!({"behaviors": many})));
    assert_eq!(exception(refused), Exception::InvalidRequest);
}

#[test]
fn g11_x05_account_ids_of_other_lengths() {
    let request: wire::CreateSecurityProfileRequest =
        shape(json!({"securityProfileName": "P", "alertTargets": {"SNS": {
        "alertTargetArn": "arn:aws:sns:us-east-1:123456789:alarms",
        "roleArn": "arn:aws:iam::123456789012:role/alerts"}}}));
    let mut world = World::new();
    let strict = world.detect.create_security_profile(at(0), &request, &world.account);
    assert_eq!(exception(strict), Exception::InvalidRequest);
    let mut lenient = crate::detect::Detect::new(1, crate::error::Compatibility::Lenient);
    let answer = lenient.create_security_profile(at(0), &request, &world.account).expect("tolerated");
    let warnings: Vec<_> = answer.warnings.iter().map(|warning| (warning.code, warning.path.as_str())).collect();
    assert_eq!(warnings, [("ACCOUNT_ID_NOT_12_DIGITS", "/alertTargets/SNS/alertTargetArn")]);
}

#[test]
fn d20_metrics_to_retain_in_both_forms() {
    let mut world = World::new();
    let create = |world: &mut World, name: &str, members: serde_json::Value| {
        let mut request = members;
        request["securityProfileName"] = json!(name);
        world.detect.create_security_profile(at(0), &shape(request), &world.account)
    };
    create(
        &mut world,
        "P",
        json!({"additionalMetricsToRetain": ["aws:all-bytes-in"],
            "additionalMetricsToRetainV2": [{"metric": "aws:all-bytes-in"}, {"metric": "aws:all-bytes-out"}]}),
    )
    .expect("valid");
    let kept: Vec<_> = world.detect.profile_named("P").expect("exists").retained_metrics().to_vec();
    let names: Vec<_> = kept.iter().map(|kept| kept.metric.to_string()).collect();
    assert_eq!(names, ["aws:all-bytes-in", "aws:all-bytes-out"]);
    for broken in [
        json!({"additionalMetricsToRetain": ["nonesuch"]}),
        json!({"additionalMetricsToRetainV2": [
            {"metric": "aws:num-disconnects", "metricDimension": {"dimensionName": "d"}}]}),
        json!({"additionalMetricsToRetainV2": [
            {"metric": "aws:num-messages-sent", "metricDimension": {"dimensionName": "d"}}]}),
        json!({"additionalMetricsToRetainV2": [{"metric": "aws:all-bytes-in", "exportMetric": true}]}),
    ] {
        assert_eq!(exception(create(&mut world, "Q", broken)), Exception::InvalidRequest);
    }
}

#[test]
fn d26_targets_have_four_forms() {
    let mut world = World::new();
    world.create(at(0), "P", json!([])).expect("valid");
    world.account.create_thing_group(at(0), "pumps", None).expect("valid");
    for target in ["all/things", "all/registered-things", "all/unregistered-things", "thinggroup/pumps"] {
        world.attach(at(0), "P", target).expect("a target");
    }
    let listed =
        world.detect.list_targets_for_security_profile(&shape(json!({"securityProfileName": "P"})), &world.account);
    assert_eq!(listed.expect("a list").security_profile_targets.len(), 4);
    world.thing(at(0), "pump");
    assert_eq!(exception(world.attach(at(0), "P", "thing/pump")), Exception::InvalidRequest);
    assert_eq!(exception(world.attach(at(0), "P", "thinggroup/valves")), Exception::ResourceNotFound);
    assert_eq!(exception(world.attach(at(0), "Q", "all/things")), Exception::ResourceNotFound);
    for arn in
        ["pumps", "arn:aws:iot:us-east-1:999999999999:all/things", "arn:aws:iot:eu-west-1:123456789012:all/things"]
    {
        let request = shape(json!({"securityProfileName": "P", "securityProfileTargetArn": arn}));
        let refused = world.detect.attach_security_profile(at(0), &request, &world.account);
        assert_eq!(exception(refused), Exception::InvalidRequest, "{arn}");
    }
}

#[test]
fn d28_ch63_a_group_covers_its_descendants() {
    let mut world = World::new();
    let root = world.account.create_thing_group(at(0), "root", None).expect("valid");
    let leaf = world.account.create_thing_group(at(0), "leaf", Some("root")).expect("valid");
    let [inner, outer, other] = ["inner", "outer", "other"].map(|name| world.thing(at(0), name));
    world.account.add_thing_to_thing_group(at(0), inner, leaf, false).expect("valid");
    world.account.add_thing_to_thing_group(at(0), outer, root, false).expect("valid");
    world.watch(at(0), "P", json!([]), "thinggroup/root");
    world.watch(at(0), "Q", json!([]), "thinggroup/leaf");
    let covered = |profile: &str| {
        let profile = world.detect.profile_named(profile).expect("exists");
        [inner, outer, other].map(|thing| profile.covers_thing(thing, &world.account))
    };
    assert_eq!((covered("P"), covered("Q")), ([true, true, false], [true, false, false]));
    let list = |recursive: bool| {
        let request = json!({"securityProfileTargetArn": world.arn("thinggroup/root"), "recursive": recursive});
        let list = world.detect.list_security_profiles_for_target(&shape(request), &world.account).expect("a list");
        list.security_profile_target_mappings.len()
    };
    assert_eq!((list(false), list(true)), (1, 2));
}

#[test]
fn d33_d34_ch64_ch65_detaching_and_deleted_groups() {
    let mut world = World::new();
    world.create(at(0), "P", json!([])).expect("valid");
    world.detach(at(0), "P", "all/things").expect("CH-64: not attached is fine");
    world.detach(at(0), "P", "thinggroup/nonesuch").expect("neither is a group that is not there");
    assert_eq!(exception(world.detach(at(0), "Q", "all/things")), Exception::ResourceNotFound);
    let group = world.account.create_thing_group(at(0), "pumps", None).expect("valid");
    world.attach(at(0), "P", "thinggroup/pumps").expect("valid");
    world.account.delete_thing_group(at(1), "pumps", None).expect("empty");
    assert_eq!(world.account.describe_thing_group(group).map(|group| group.name()), None);
    world.detect.reconcile(at(1), &world.account);
    assert_eq!(world.detect.profile_named("P").expect("exists").attachments(), []);
}

#[test]
fn d08_d09_custom_metrics() {
    let mut world = World::new();
    let request = |name: &str, token: &str| {
        shape(json!({"metricName": name, "metricType": "number", "clientRequestToken": token}))
    };
    let World { account, detect, .. } = &mut world;
    let made = detect.create_custom_metric(at(0), &request("battery", "t1"), account).expect("valid");
    assert_eq!(made.metric_arn, "arn:aws:iot:us-east-1:123456789012:custommetric/battery");
    // G-07: the same again, another token, the same token for something else.
    assert_eq!(detect.create_custom_metric(at(1), &request("battery", "t1"), account), Ok(made));
    let other_token = detect.create_custom_metric(at(1), &request("battery", "t2"), account);
    assert_eq!(exception(other_token), Exception::ResourceAlreadyExists);
    let other_request = detect.create_custom_metric(at(1), &request("charge", "t1"), account);
    assert_eq!(exception(other_request), Exception::InvalidRequest);
    for bad in ["aws:battery", "a b", ""] {
        assert_eq!(
            exception(detect.create_custom_metric(at(1), &request(bad, "t3"), account)),
            Exception::InvalidRequest
        );
    }
    let update = shape(json!({"metricName": "battery", "displayName": "Battery level"}));
    let updated = detect.update_custom_metric(at(2), &update, account).expect("valid");
    assert_eq!((updated.display_name.as_deref(), updated.last_modified_date), (Some("Battery level"), at(2)));

    let behavior = json!({"name": "B", "metric": "battery",
        "criteria": {"comparisonOperator": "greater-than", "value": {"number": 20.0}}});
    world.create(at(3), "P", json!([behavior])).expect("valid");
    assert_eq!(exception(world.detect.delete_custom_metric(at(4), "battery")), Exception::InvalidRequest);
    world.delete(at(5), "P").expect("version not asked for");
    world.detect.delete_custom_metric(at(6), "battery").expect("unused now");
    assert_eq!(exception(world.detect.describe_custom_metric("battery", &world.account)), Exception::ResourceNotFound);
}

#[test]
fn q15_q16_quotas_of_custom_metrics_and_dimensions() {
    let mut world = World::new();
    for i in 0..100 {
        let request = shape(json!({"metricName": format!("m{i}"), "metricType": "number"}));
        world.detect.create_custom_metric(at(i), &request, &world.account).expect("within the quota");
    }
    let request = shape(json!({"metricName": "m100", "metricType": "number"}));
    let over = world.detect.create_custom_metric(at(100), &request, &world.account);
    assert_eq!(exception(over), Exception::LimitExceeded);
    let first = world.detect.list_custom_metrics(&shape(json!({"maxResults": 3}))).expect("a page");
    assert_eq!(first.metric_names, ["m0", "m1", "m2"]); // CH-02: by creation, so m10 is far away

    let dimension = |i: i64| shape(json!({"name": format!("d{i}"), "type": "TOPIC_FILTER", "stringValues": ["a/#"]}));
    for i in 0..10 {
        world.detect.create_dimension(at(i), &dimension(i), &world.account).expect("within the quota");
    }
    let over = world.detect.create_dimension(at(10), &dimension(10), &world.account);
    assert_eq!(exception(over), Exception::LimitExceeded);
}

#[test]
fn d11_dimensions_hold_topic_filters() {
    let mut world = World::new();
    let mut create = |values: serde_json::Value| {
        let request = shape(json!({"name": "d", "type": "TOPIC_FILTER", "stringValues": values}));
        world.detect.create_dimension(at(0), &request, &world.account)
    };
    for bad in [json!([]), json!([""]), json!(["a/#/b"]), json!(["x".repeat(257)]), json!(vec!["a"; 101])] {
        assert_eq!(exception(create(bad)), Exception::InvalidRequest);
    }
    create(json!(["device/${iot:ClientId}/#"])).expect("valid");
    let update = shape(json!({"name": "d", "stringValues": ["b"]}));
    let updated = world.detect.update_dimension(at(700), &update, &world.account).expect("valid");
    assert_eq!((updated.string_values, updated.last_modified_date), (vec!["b".to_owned()], at(700)));
}

#[test]
fn profiles_are_listed_by_creation_and_by_what_they_use() {
    let mut world = World::new();
    for (name, behaviors) in [("Z", json!([sent_at_most("Sent", 1)])), ("A", json!([]))] {
        world.create(at(0), name, behaviors).expect("valid");
    }
    let list = |members: serde_json::Value| {
        let list = world.detect.list_security_profiles(&shape(members), &world.account);
        list.map(|list| list.security_profile_identifiers.into_iter().map(|id| id.name).collect::<Vec<_>>())
    };
    assert_eq!(list(json!({})), Ok(vec!["Z".to_owned(), "A".to_owned()]));
    assert_eq!(list(json!({"metricName": "aws:num-messages-sent"})), Ok(vec!["Z".to_owned()]));
    assert_eq!(exception(list(json!({"metricName": "nonesuch"}))), Exception::ResourceNotFound);
    assert_eq!(exception(list(json!({"dimensionName": "nonesuch"}))), Exception::ResourceNotFound);
}

#[test]
fn d_ml7_d_ml8_training_summaries_follow_the_profile() {
    let mut world = World::new();
    world.create(at(0), "P", json!([learned("Learned"), sent_at_most("Sent", 5)])).expect("valid");
    let summary = |world: &World| {
        let request = shape(json!({"securityProfileName": "P"}));
        let answer = world.detect.get_behavior_model_training_summaries(at(100), &request).expect("known");
        answer.summaries
    };
    let fresh = summary(&world);
    assert_eq!((fresh.len(), fresh[0].behavior_name.as_str()), (1, "Learned"));
    assert_eq!(
        (fresh[0].training_data_collection_start_date, fresh[0].model_status),
        (None, ModelStatus::PendingBuild)
    );
    world.attach(at(10), "P", "all/things").expect("valid");
    assert_eq!(summary(&world)[0].training_data_collection_start_date, Some(at(10)));
    // A change of confidence keeps the training, a change of metric restarts it (CH-80).
    let mut changed = learned("Learned");
    changed["criteria"]["mlDetectionConfig"]["confidenceLevel"] = json!("LOW");
    world.update(at(20), "P", json!({"behaviors": [changed]})).expect("valid");
    assert_eq!(summary(&world)[0].training_data_collection_start_date, Some(at(10)));
    let mut changed = learned("Learned");
    changed["metric"] = json!("aws:num-messages-received");
    world.update(at(30), "P", json!({"behaviors": [changed]})).expect("valid");
    assert_eq!(summary(&world)[0].training_data_collection_start_date, Some(at(30)));
    let unknown =
        world.detect.get_behavior_model_training_summaries(at(40), &shape(json!({"securityProfileName": "Q"})));
    assert_eq!(exception(unknown), Exception::ResourceNotFound);
    let too_many = world.detect.get_behavior_model_training_summaries(at(40), &shape(json!({"maxResults": 11})));
    assert_eq!(exception(too_many), Exception::InvalidRequest);
}
