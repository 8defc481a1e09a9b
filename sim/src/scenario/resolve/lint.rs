//! What is allowed and yet probably not meant. Lints look at a scenario that has no errors.

use defender::policy::{Context, Document, Effect, Request, Scope, broad_data_plane, decide};
use defender::time::Millis;

use super::super::document::mitigation::Action;
use super::super::plan::{ClassPlan, PolicyPlan, Response, Scenario, Trigger};
use super::super::problem::{Problem, in_words};
use super::Resolver;
use crate::defect::{Declared, EXPIRY_NOTICE};
use crate::operation::Operation;

type Policies = [(PolicyPlan, Document)];

/// Notes every lint.
pub(super) fn lint(
    resolver: &mut Resolver<'_>,
    scenario: &Scenario,
    policies: &Policies,
    enabled: &[&'static str],
    actions: &[Action],
) {
    quarantine_without_deny(resolver, scenario, policies, actions);
    ordinary_traffic_denied(resolver, scenario, policies);
    defects_without_effect(resolver, scenario);
    undeclared_defects(resolver, scenario, policies, enabled);
}

/// `QUARANTINE_WITHOUT_DENY`: a group that violating things are added to, and whose policies only allow, takes
/// nothing from them, since allows add up (M-40, X-17).
fn quarantine_without_deny(resolver: &mut Resolver<'_>, scenario: &Scenario, policies: &Policies, actions: &[Action]) {
    let used = |action: &&Action| {
        scenario.responders.iter().any(|responder| {
            matches!(&responder.trigger, Trigger::Violation { .. })
                && responder
                    .steps
                    .iter()
                    .any(|step| matches!(step, Response::Mitigation { action: name } if *name == action.name.value))
        })
    };
    let sounds = |name: &str| ["quarantine", "isolat"].iter().any(|word| name.to_lowercase().contains(word));
    let by_actions = actions.iter().filter(|action| used(action) || sounds(&action.name.value));
    let steps = scenario.responders.iter().flat_map(|responder| &responder.steps);
    let by_functions = steps.filter_map(|step| match step {
        Response::Operation(Operation::AddThingToThingGroup { group }) => Some(group.placed()),
        _ => None,
    });
    for group in by_actions.flat_map(|action| &action.groups).chain(by_functions) {
        let line = resolver.ancestors(&group.value);
        let attached = scenario.groups.iter().filter(|plan| line.contains(&plan.name)).flat_map(|plan| &plan.policies);
        let denies = attached
            .filter_map(|name| policies.iter().find(|(plan, _)| plan.name == *name))
            .any(|(_, document)| document.statements().iter().any(|statement| statement.effect() == Effect::Deny));
        if !denies {
            let message = format!(
                "group `{}` has no policy that denies anything, so adding a thing to it takes no permission away",
                group.value
            );
            let problem = Problem::warning("QUARANTINE_WITHOUT_DENY", group.place.clone(), message);
            resolver.reading.problems.push(problem.help(
                "attach a policy with `\"Effect\": \"Deny\", \"Action\": \"iot:*\"` and the narrow exception as `NotResource` (M-40)",
            ));
        }
    }
}

/// `ORDINARY_TRAFFIC_DENIED`: what a class does on an ordinary day is not allowed by its policies.
fn ordinary_traffic_denied(resolver: &mut Resolver<'_>, scenario: &Scenario, policies: &Policies) {
    let draft = resolver.draft;
    for (class, written) in scenario.classes.iter().zip(&draft.classes) {
        let denied = denied_requests(resolver, scenario, class, policies);
        if !denied.is_empty() {
            let message = format!("devices of class `{}` may not {}", class.name, in_words(&denied));
            let problem = Problem::warning("ORDINARY_TRAFFIC_DENIED", written.name.place.clone(), message);
            resolver.reading.problems.push(problem.help("their ordinary requests will be authorization failures"));
        }
    }
}

fn denied_requests(
    resolver: &Resolver<'_>,
    scenario: &Scenario,
    class: &ClassPlan,
    policies: &Policies,
) -> Vec<String> {
    let lines: Vec<String> = class.groups.iter().flat_map(|group| resolver.ancestors(group)).collect();
    let by_group = scenario.groups.iter().filter(|group| lines.contains(&group.name)).flat_map(|group| &group.policies);
    let attached: Vec<&Document> = class
        .policies
        .iter()
        .chain(by_group)
        .filter_map(|name| policies.iter().find(|(plan, _)| plan.name == *name))
        .map(|(_, document)| document)
        .collect();
    let thing = format!("{}-000000", class.name);
    let scope = Scope::new(&scenario.account.region, &scenario.account.id);
    let context = Context::of_thing(scenario.start, &scope, &thing);
    let allowed = |request: Request<'_>| decide(&attached, &request, &context).is_allowed();
    let fill = |topic: &str| topic.replace("{thing}", &thing);
    let (publish, subscribe) = (fill(&class.archetype.publish_topic), fill(&class.archetype.subscribe_topic));
    let reports = format!("$aws/things/{thing}/defender/metrics/json");
    let mut denied = Vec::new();
    if !allowed(Request::connect(&thing)) {
        denied.push("connect".to_owned());
    }
    if class.archetype.sent.mean > 0.0 && !allowed(Request::publish(&publish)) {
        denied.push(format!("publish to `{publish}`"));
    }
    if class.archetype.received.mean > 0.0 {
        if !allowed(Request::subscribe(&subscribe)) {
            denied.push(format!("subscribe to `{subscribe}`"));
        }
        if !subscribe.contains(['+', '#']) && !allowed(Request::receive(&subscribe)) {
            denied.push(format!("receive on `{subscribe}`"));
        }
    }
    if class.archetype.report_interval.is_some() && !allowed(Request::publish(&reports)) {
        denied.push(format!("publish metric reports to `{reports}`"));
    }
    denied
}

/// `DEFECT_WITHOUT_EFFECT`: the truth says that something is wrong, and it is not.
fn defects_without_effect(resolver: &mut Resolver<'_>, scenario: &Scenario) {
    let draft = resolver.draft;
    for (defect, written) in scenario.defects.iter().zip(&draft.defects) {
        let missing = defect.defect.is_void(scenario, defect.start == Millis(0));
        if let Some(reason) = missing {
            let message = format!("defect `{}` is none: {reason}", defect.name);
            let problem = Problem::warning("DEFECT_WITHOUT_EFFECT", written.name.place.clone(), message);
            resolver.reading.problems.push(problem.help("a finding on it cannot come, and will be missed"));
        }
    }
}

/// `UNDECLARED_DEFECT`: something is wrong that the truth does not know, so that true findings would count as false.
fn undeclared_defects(resolver: &mut Resolver<'_>, scenario: &Scenario, policies: &Policies, enabled: &[&'static str]) {
    let draft = resolver.draft;
    let mut notes: Vec<(super::super::source::Place, String)> = Vec::new();
    let is_declared = |wanted: Declared<'_>| scenario.defects.iter().any(|plan| plan.defect.declares() == Some(wanted));
    if enabled.contains(&"IOT_POLICY_OVERLY_PERMISSIVE_CHECK") {
        for (plan, document) in policies {
            let declared = is_declared(Declared::Policy(&plan.name));
            let written = draft.policies.iter().find(|policy| policy.name.value == plan.name);
            if let (false, Some(written), false) = (declared, written, broad_data_plane([document]).is_empty()) {
                notes.push((written.name.place.clone(), format!("policy `{}` is overly permissive (C-08)", plan.name)));
            }
        }
    }
    if enabled.contains(&"LOGGING_DISABLED_CHECK")
        && scenario.account.logging.is_none()
        && !is_declared(Declared::Logging)
    {
        notes.push((draft.account.id.place.clone(), "the account's logging is off (C-17)".to_owned()));
    }
    if enabled.contains(&"DEVICE_CERTIFICATE_EXPIRING_CHECK") {
        for cohort in scenario.classes.iter().flat_map(|class| &class.cohorts) {
            let declared = is_declared(Declared::Cohort(&cohort.name));
            let written =
                draft.classes.iter().flat_map(|class| &class.cohorts).find(|written| written.name.value == cohort.name);
            let ends_soon = cohort.not_before + cohort.lifetime <= scenario.end() + EXPIRY_NOTICE;
            if let (false, true, Some(written)) = (declared, ends_soon, written) {
                let message = format!("certificates of cohort `{}` expire soon (C-14)", cohort.name);
                notes.push((written.name.place.clone(), message));
            }
        }
    }
    for (place, message) in notes {
        let problem = Problem::warning("UNDECLARED_DEFECT", place, format!("{message}, and no `[[defect]]` says so"));
        resolver.reading.problems.push(problem.help("findings on it will count as false"));
    }
}
