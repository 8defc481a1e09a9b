//! Detect.

use defender::account::Account;
use defender::detect::criteria::Observed;
use defender::detect::violation::{Outcome, Transition};
use defender::detect::{Detect, wire};
use defender::error::{Compatibility, ServiceError};
use serde_json::{Value, json};

use super::{Answer, NOW, account, read, with};

/// Stands in requests for the id of a violation that exists.
const SOME_VIOLATION: &str = "0123456789abcdef0123456789abcdef";

/// Meters with a profile, what it needs, and one violation.
fn account_and_detect() -> (Account, Detect, String) {
    let account = account();
    let mut detect = Detect::new(1, Compatibility::Strict);
    for (name, kind) in [("battery", "number"), ("modes", "string-list"), ("codes", "number-list")] {
        let request = read(&json!({"metricName": name, "metricType": kind})).expect("a request");
        detect.create_custom_metric(NOW, &request, &account).expect("a right request");
    }
    let request = json!({"name": "readings", "type": "TOPIC_FILTER", "stringValues": ["meters/+/reading"]});
    detect.create_dimension(NOW, &read(&request).expect("a request"), &account).expect("a right request");
    let request = json!({"securityProfileName": "meters", "behaviors": [{"name": "sent", "metric": "aws:num-messages-sent",
        "criteria": {"comparisonOperator": "less-than", "value": {"count": 50}, "durationSeconds": 300}}]});
    detect.create_security_profile(NOW, &read(&request).expect("a request"), &account).expect("a right request");
    let request = json!({"securityProfileName": "meters",
        "securityProfileTargetArn": "arn:aws:iot:us-east-1:123456789012:all/registered-things"});
    detect.attach_security_profile(NOW, &read(&request).expect("a request"), &account).expect("a right request");
    let device = detect.device("meter-1", &account);
    let evaluation = detect.profile_named("meters").expect("just created").evaluations()[0];
    let outcome = Outcome::Raised(Observed::Number(51.0));
    let violation = detect.record(NOW, Transition { evaluation, device, time: NOW, outcome });
    let violation = violation.to_string();
    (account, detect, violation)
}

pub fn call(operation: &str, document: &Value) -> Option<Answer> {
    let (account, mut detect, violation) = account_and_detect();
    let mut document = document.clone();
    if document.get("violationId").is_some_and(|id| id == SOME_VIOLATION) {
        document["violationId"] = violation.into();
    }
    let document = &document;
    Some(match operation {
        "CreateSecurityProfile" => with!(document, |request| detect
            .create_security_profile(NOW, &request, &account)
            .map(|answer| answer.response)),
        "UpdateSecurityProfile" => with!(document, |request| detect
            .update_security_profile(NOW, &request, &account)
            .map(|answer| answer.response)),
        "DescribeSecurityProfile" => with!(document, |request: wire::DescribeSecurityProfileRequest| {
            detect.describe_security_profile(&request.security_profile_name, &account)
        }),
        "DeleteSecurityProfile" => with!(document, |request| detect.delete_security_profile(NOW, &request)),
        "ListSecurityProfiles" => with!(document, |request| detect.list_security_profiles(&request, &account)),
        "ValidateSecurityProfileBehaviors" => with!(document, |request| {
            let answer = detect.validate_security_profile_behaviors(&request)?;
            match answer.response.validation_errors.first() {
                Some(error) => Err(ServiceError::invalid(error.error_message.clone())),
                None => Ok(answer.response),
            }
        }),
        "AttachSecurityProfile" => with!(document, |request| detect.attach_security_profile(NOW, &request, &account)),
        "DetachSecurityProfile" => with!(document, |request| detect.detach_security_profile(NOW, &request, &account)),
        "ListSecurityProfilesForTarget" => {
            with!(document, |request| detect.list_security_profiles_for_target(&request, &account))
        }
        "ListTargetsForSecurityProfile" => {
            with!(document, |request| detect.list_targets_for_security_profile(&request, &account))
        }
        "CreateCustomMetric" => with!(document, |request| detect.create_custom_metric(NOW, &request, &account)),
        "UpdateCustomMetric" => with!(document, |request| detect.update_custom_metric(NOW, &request, &account)),
        "DescribeCustomMetric" => with!(document, |request: wire::DescribeCustomMetricRequest| {
            detect.describe_custom_metric(&request.metric_name, &account)
        }),
        "DeleteCustomMetric" => with!(document, |request: wire::DescribeCustomMetricRequest| {
            detect.delete_custom_metric(NOW, &request.metric_name)
        }),
        "ListCustomMetrics" => with!(document, |request| detect.list_custom_metrics(&request)),
        "CreateDimension" => with!(document, |request| detect.create_dimension(NOW, &request, &account)),
        "UpdateDimension" => with!(document, |request| detect.update_dimension(NOW, &request, &account)),
        "DescribeDimension" => with!(document, |request: wire::DescribeDimensionRequest| {
            detect.describe_dimension(&request.name, &account)
        }),
        "DeleteDimension" => {
            with!(document, |request: wire::DescribeDimensionRequest| { detect.delete_dimension(NOW, &request.name) })
        }
        "ListDimensions" => with!(document, |request| detect.list_dimensions(&request)),
        "ListActiveViolations" => with!(document, |request| detect.list_active_violations(&request)),
        "ListViolationEvents" => with!(document, |request| detect.list_violation_events(NOW, &request)),
        "ListMetricValues" => with!(document, |request| detect.list_metric_values(NOW, &request, &account)),
        "PutVerificationStateOnViolation" => {
            with!(document, |request| detect.put_verification_state_on_violation(NOW, &request))
        }
        "GetBehaviorModelTrainingSummaries" => {
            with!(document, |request| detect.get_behavior_model_training_summaries(NOW, &request))
        }
        _ => return None,
    })
}
