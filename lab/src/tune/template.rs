//! Security profiles as a CloudFormation template.

use defender::detect::wire::{CreateSecurityProfileRequest, UpdateSecurityProfileRequest};
use serde_json::{Map, Value, json};
use sim::scenario::{ProfilePlan, Scenario};

/// A template with an `AWS::IoT::SecurityProfile` for each of the profiles, complete with targets, alert targets and
/// what else the scenario's document says; behaviors are those given.
pub fn cloud_formation(scenario: &Scenario, updates: &[UpdateSecurityProfileRequest]) -> Value {
    let profiles = updates.iter().filter_map(|update| {
        let named = |plan: &&ProfilePlan| plan.request.security_profile_name == update.security_profile_name;
        scenario.profiles.iter().find(named).map(|plan| (&plan.request, &plan.targets[..], update))
    });
    of_profiles(&scenario.name, &profiles.collect::<Vec<_>>())
}

/// The template of (document, target ARNs, what replaces the document's behaviors).
pub(super) fn of_profiles(
    scenario: &str,
    profiles: &[(&CreateSecurityProfileRequest, &[String], &UpdateSecurityProfileRequest)],
) -> Value {
    let resources = profiles.iter().enumerate().map(|(number, (request, targets, update))| {
        let mut request = (*request).clone();
        request.behaviors.clone_from(&update.behaviors);
        // The deprecated list has no place in a template; its newer form has, and takes the same metrics.
        let old = request.additional_metrics_to_retain.take().unwrap_or_default();
        let mut properties = serde_json::to_value(&request).expect("wire shapes have text keys and finite numbers");
        if !old.is_empty() && request.additional_metrics_to_retain_v2.is_none() {
            properties["additionalMetricsToRetainV2"] = old.iter().map(|metric| json!({ "metric": metric })).collect();
        }
        properties["targetArns"] = targets.iter().cloned().collect();
        let resource = json!({ "Type": "AWS::IoT::SecurityProfile", "Properties": pascal(properties) });
        (logical_id(number, &update.security_profile_name), resource)
    });
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Security profiles tuned on the scenario {scenario}"),
        "Resources": resources.collect::<Map<String, Value>>(),
    })
}

/// Member names in the case of CloudFormation. Names that are data (the keys of alert targets) stay as they are, and
/// a count is a string there.
fn pascal(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("count", Value::Number(count)) => Value::String(count.to_string()),
                    (_, value) => pascal(value),
                };
                (capitalized(&name), value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(pascal).collect(),
        other => other,
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Letters and digits only; the number keeps apart what is the same without the rest.
fn logical_id(number: usize, name: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("SecurityProfile{}{plain}", number + 1)
}
