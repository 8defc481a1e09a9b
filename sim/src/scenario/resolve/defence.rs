//! The defence: security profiles and their targets, audits, mitigation actions, responders.

use std::collections::BTreeMap;

use defender::arn::Arn;
use defender::audit::AuditCheck;
use defender::error::Compatibility;
use defender::mitigation::applies_to_check;
use defender::mitigation::wire::ActionType;
use defender::policy::BLANK_POLICY;
use defender::time::Millis;

use super::super::document::mitigation::Action;
use super::super::document::{audit, mitigation, policy, profile};
use super::super::plan::{AuditPlan, ClassPlan, ProfilePlan, ResponderPlan, Response, Trigger};
use super::super::problem::{Problem, suggestion};
use super::super::responder::{ResponseDraft, TriggerDraft};
use super::super::source::{Place, Placed};
use super::Resolver;
use crate::operation::Operation;

/// Behavior names by profile.
pub(super) type Behaviors = BTreeMap<String, Vec<String>>;

/// The targets that stand for all devices (D-27).
const EVERYBODY: [&str; 3] = ["all/things", "all/registered-things", "all/unregistered-things"];

impl Resolver<'_> {
    /// Security profiles with their target ARNs, and the names of their behaviors.
    pub(super) fn profiles(&mut self) -> (Vec<ProfilePlan>, Behaviors) {
        let mut profiles: Vec<ProfilePlan> = Vec::new();
        let mut behaviors = Behaviors::new();
        let mut attached: BTreeMap<String, usize> = BTreeMap::new();
        let catalog = self.catalog();
        for draft in &self.draft.profiles {
            let targets: Vec<String> = draft.targets.iter().filter_map(|target| self.target(target)).collect();
            for (target, written) in targets.iter().zip(&draft.targets) {
                let profiles = attached.entry(target.clone()).or_default();
                *profiles += 1;
                if *profiles == 6 {
                    let message =
                        format!("a target has at most 5 security profiles (D-26), found a sixth on `{target}`");
                    self.error(Problem::error(written.place.clone(), message));
                }
            }
            let source = self.library.open(&draft.document, self.reading.problems);
            let criteria = self.draft.criteria;
            let request =
                source.as_ref().and_then(|source| profile::read(source, criteria, &catalog, &mut self.reading));
            let (Some(source), Some(request)) = (source, request) else {
                self.profiles_known = false;
                continue;
            };
            let name = request.security_profile_name.clone();
            if behaviors.contains_key(&name) {
                let message = format!("there is already a security profile named `{name}`");
                self.error(Problem::error(draft.document.place.clone(), message));
            }
            let names = request.behaviors.iter().flatten().map(|behavior| behavior.name.clone()).collect();
            behaviors.insert(name, names);
            profiles.push(ProfilePlan { request, targets, file: source.name.clone() });
        }
        (profiles, behaviors)
    }

    /// A target as ARN: given as one, or as its last field.
    fn target(&mut self, target: &Placed<String>) -> Option<String> {
        let (account, region) = (&self.draft.account.id.value, &self.draft.account.region);
        let resource = if target.value.starts_with("arn:") {
            match target.value.parse::<Arn>() {
                Ok(arn) if arn.service == "iot" && arn.region == *region && arn.account == *account => arn.resource,
                Ok(arn) => {
                    let message = format!(
                        "target must lie in service iot, region {region} and account {account}, found `{}:{}:{}`",
                        arn.service, arn.region, arn.account
                    );
                    self.error(Problem::error(target.place.clone(), message));
                    return None;
                }
                Err(error) => {
                    self.error(Problem::error(target.place.clone(), error.to_string()));
                    return None;
                }
            }
        } else {
            target.value.clone()
        };
        if let Some(group) = resource.strip_prefix("thinggroup/") {
            let name = Placed { value: group.to_owned(), place: target.place.clone() };
            let draft = self.draft;
            if !self.exists("group", &name, draft.groups.iter().map(|group| group.name.value.as_str())) {
                return None;
            }
        } else if !EVERYBODY.contains(&resource.as_str()) {
            let message = format!("a profile is attached to a thing group or to all things, found `{}`", target.value);
            let problem = Problem::error(target.place.clone(), message);
            let names = EVERYBODY.into_iter().chain(["thinggroup/NAME"]);
            self.error(match suggestion(&resource, names) {
                Some(help) => problem.help(help),
                None => problem,
            });
            return None;
        }
        let region = self.draft.account.region.clone();
        Some(Arn::iot(&region, &self.draft.account.id.value, resource).to_string())
    }

    /// The audit configuration, schedules and on-demand audits, and the checks that are enabled.
    pub(super) fn audit(&mut self) -> (AuditPlan, Vec<&'static str>) {
        let draft = &self.draft.audit;
        let mut plan = AuditPlan::default();
        let mut enabled = Vec::new();
        let mut configured = false;
        if let Some(path) = &draft.configuration
            && let Some(source) = self.library.open(path, self.reading.problems)
        {
            if let Some(configuration) = audit::configuration(&source, &mut self.reading) {
                enabled = configuration.enabled;
                plan.configuration = Some(configuration.request);
                configured = true;
            }
        } else if draft.configuration.is_none()
            && let Some(place) =
                draft.schedules.first().map(|path| &path.place).or(draft.on_demand.first().map(|(at, _)| &at.place))
        {
            let problem = Problem::error(place.clone(), "an account without an audit configuration cannot be audited");
            self.error(problem.help("add `configuration = …` to `[audit]`"));
        }
        let mut names: Vec<Placed<String>> = Vec::new();
        for path in &draft.schedules {
            let Some(source) = self.library.open(path, self.reading.problems) else { continue };
            let Some(schedule) = audit::schedule(&source, &mut self.reading) else { continue };
            if configured {
                for check in &schedule.checks {
                    self.is_enabled(check, &enabled);
                }
            }
            names.push(schedule.name);
            plan.schedules.push(schedule.request);
        }
        self.unique("scheduled audit", &names);
        if let Some(sixth) = draft.schedules.get(5) {
            let message = format!("an account has at most 5 scheduled audits (A-27), found {}", draft.schedules.len());
            self.error(Problem::error(sixth.place.clone(), message));
        }
        for (at, checks) in &draft.on_demand {
            if at.value >= self.draft.duration.value {
                let message = format!("the audit at {} lies beyond the run's {}", at.value, self.draft.duration.value);
                self.error(Problem::error(at.place.clone(), message));
            }
            let mut canonical = Vec::new();
            for check in checks {
                let resolved = audit::resolve(&check.value, &check.place, "/audit/on-demand/checks", &mut self.reading);
                let Some(name) = resolved else { continue };
                if configured {
                    self.is_enabled(&Placed { value: name, place: check.place.clone() }, &enabled);
                }
                canonical.push(name.to_owned());
            }
            plan.on_demand.push((at.value, canonical));
        }
        (plan, enabled)
    }

    /// Only enabled checks can be run.
    fn is_enabled(&mut self, check: &Placed<&'static str>, enabled: &[&'static str]) {
        if !enabled.contains(&check.value) {
            let message = format!("check `{}` is not enabled in the audit configuration (A-27)", check.value);
            let problem = Problem::error(check.place.clone(), message);
            self.error(problem.help(format!("add `\"{}\": {{ \"enabled\": true }}` there", check.value)));
        }
    }

    /// Mitigation actions, their thing groups looked up.
    pub(super) fn mitigation_actions(&mut self) -> Vec<Action> {
        let draft = self.draft;
        let mut actions: Vec<Action> = Vec::new();
        for path in &draft.mitigation_actions {
            let source = self.library.open(path, self.reading.problems);
            let Some(action) = source.and_then(|source| mitigation::read(&source, &mut self.reading)) else {
                self.actions_known = false;
                continue;
            };
            for group in &action.groups {
                self.static_group(group);
            }
            actions.push(action);
        }
        let names: Vec<Placed<String>> = actions.iter().map(|action| action.name.clone()).collect();
        self.unique("mitigation action", &names);
        actions
    }

    /// Responders: what sets them off exists, and what they do may be done about it (7.2).
    pub(super) fn responders(
        &mut self,
        behaviors: &Behaviors,
        enabled: &[&'static str],
        actions: &[Action],
        classes: &[ClassPlan],
    ) -> Vec<ResponderPlan> {
        let draft = self.draft;
        self.unique("responder", draft.responders.iter().map(|responder| &responder.name));
        let mut responders = Vec::new();
        for responder in &draft.responders {
            let trigger = responder.when.as_ref().and_then(|when| self.trigger(when, behaviors, enabled));
            let steps: Vec<Response> =
                responder.then.iter().filter_map(|then| self.response(then, trigger.as_ref(), actions)).collect();
            let [team, approval, escalation] = self.judges(responder);
            let conditions = self.conditions(&responder.conditions, trigger.as_ref(), classes);
            if let (Some(trigger), true) = (trigger, steps.len() == responder.then.len()) {
                responders.push(ResponderPlan {
                    name: responder.name.value.clone(),
                    trigger,
                    team,
                    approval,
                    escalation,
                    delay: responder.delay,
                    conditions,
                    function: responder.function.clone(),
                    steps,
                });
            }
        }
        responders
    }

    fn trigger(&mut self, when: &TriggerDraft, behaviors: &Behaviors, enabled: &[&'static str]) -> Option<Trigger> {
        match when {
            TriggerDraft::Violation { event, profile, behaviors: wanted } => {
                let known = behaviors.get(&profile.value);
                if known.is_none() && self.profiles_known {
                    self.exists("security profile", profile, behaviors.keys().map(String::as_str));
                }
                let known = known?;
                for behavior in wanted {
                    let noun = format!("behavior of `{}`", profile.value);
                    self.exists(&noun, behavior, known.iter().map(String::as_str));
                }
                Some(Trigger::Violation {
                    event: *event,
                    profile: profile.value.clone(),
                    behaviors: wanted.iter().map(|behavior| behavior.value.clone()).collect(),
                })
            }
            TriggerDraft::Finding { check } => {
                let pointer = "/responder/when/finding/check";
                let name = audit::resolve(&check.value, &check.place, pointer, &mut self.reading)?;
                if !enabled.contains(&name) && !self.draft.audit.schedules.is_empty() {
                    let message = format!("check `{name}` is not enabled, so that this responder never has work");
                    self.reading.problems.push(Problem::warning("IDLE_RESPONDER", check.place.clone(), message));
                }
                Some(Trigger::Finding { check: name.to_owned() })
            }
        }
    }

    fn response(&mut self, then: &ResponseDraft, trigger: Option<&Trigger>, actions: &[Action]) -> Option<Response> {
        match then {
            ResponseDraft::Mitigation { action: name } => {
                let action = actions.iter().find(|action| action.name.value == name.value);
                if action.is_none() && self.actions_known {
                    self.exists("mitigation action", name, actions.iter().map(|action| action.name.value.as_str()));
                }
                let action = action?;
                if let Some(trigger) = trigger {
                    self.applies(action, trigger, name);
                }
                Some(Response::Mitigation { action: name.value.clone() })
            }
            ResponseDraft::Rotation { place, plan } => {
                let of_devices =
                    matches!(trigger, Some(Trigger::Finding { check }) if check.starts_with("DEVICE_CERTIFICATE_"));
                if trigger.is_some() && !of_devices {
                    let problem =
                        Problem::error(place.clone(), "certificates are rotated for findings on device certificates");
                    self.error(
                        problem.help("set it off with `finding = { check = \"DEVICE_CERTIFICATE_EXPIRING_CHECK\" }`"),
                    );
                }
                if plan.lifetime < Millis::DAY {
                    let message = format!("lifetime must be at least 1d, found `{}`", plan.lifetime);
                    self.error(Problem::error(place.clone(), message));
                }
                Some(Response::RotateCertificates(plan.clone()))
            }
            ResponseDraft::Operation { place, operation } => {
                self.names_exist(operation.names());
                self.names_a_device(operation, trigger, place);
                Some(Response::Operation(operation.clone()))
            }
            ResponseDraft::PolicyVersion { policy, document } => {
                let text = match document {
                    None => BLANK_POLICY.to_owned(),
                    Some(path) => {
                        let source = self.library.open(path, self.reading.problems)?;
                        policy::read(&source, &mut self.reading)?;
                        source.text.clone()
                    }
                };
                let operation = Operation::CreatePolicyVersion { policy: policy.clone(), document: text };
                self.names_exist(operation.names());
                Some(Response::Operation(operation))
            }
        }
    }

    /// An operation on devices needs findings that name one, by its certificate or its client id.
    fn names_a_device(&mut self, operation: &Operation, trigger: Option<&Trigger>, place: &Place) {
        let Some(Trigger::Finding { check }) = trigger else { return };
        let Some(known) = AuditCheck::known(Compatibility::Lenient).find(|known| known.name() == check.as_str()) else {
            return;
        };
        let of_device = applies_to_check(ActionType::AddThingsToThingGroup, known)
            || known == AuditCheck::ConflictingClientIds
            || operation.resource().is_some();
        if !of_device {
            let message = format!("`{}` needs a device, and findings of `{check}` name none", operation.name());
            self.error(Problem::error(place.clone(), message));
        }
    }

    /// An action can be applied to what set the responder off (7.2, M-08).
    fn applies(&mut self, action: &Action, trigger: &Trigger, name: &Placed<String>) {
        match trigger {
            Trigger::Violation { .. } if action.action_type != ActionType::AddThingsToThingGroup => {
                let message = format!(
                    "a Detect violation can start only ADD_THINGS_TO_THING_GROUP actions (M-08), found `{}`, which is {}",
                    name.value, action.action_type
                );
                self.error(Problem::error(name.place.clone(), message));
            }
            Trigger::Violation { .. } => {}
            Trigger::Finding { check } => {
                // An unknown check has been told already.
                let known = AuditCheck::known(Compatibility::Lenient).find(|known| known.name() == check.as_str());
                if known.is_some_and(|known| !applies_to_check(action.action_type, known)) {
                    let message = format!(
                        "action `{}` ({}) cannot be applied to findings of `{check}` (M-08)",
                        name.value, action.action_type
                    );
                    self.error(Problem::error(name.place.clone(), message));
                }
            }
        }
    }
}
