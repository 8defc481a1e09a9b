//! From a draft to a scenario: names are looked up, shares become counts, documents are read, and everything that
//! must agree is compared. Goes on after a problem, so that one run tells them all.

mod calendar;
mod campaign;
mod defence;
mod expect;
mod fleet;
mod lint;
mod measures;
mod people;

use std::path::Path;

use defender::time::Millis;

use super::document::Reading;
use super::document::shape::account_id;
use super::format::Draft;
use super::library::Library;
use super::plan::{AccountPlan, AuthorityPlan, MlPlan, PolicyPlan, ProfilePlan, Scenario};
use super::problem::{Problem, Problems, suggestion};
use super::quantity::Exactly;
use super::source::Placed;
use super::tree::{Node, Value};

/// What resolving has at hand.
pub(super) struct Resolver<'a> {
    pub draft: &'a Draft,
    pub library: &'a mut Library,
    pub reading: Reading<'a>,
    /// Number of devices asked for on the command line.
    pub scale_to: Option<u32>,
    /// Number of devices as written, before scaling.
    pub written_devices: u64,
    /// Whether the classes add up, so that what depends on their size can be judged.
    pub sizes_known: bool,
    /// Whether every security profile could be read, so that names can be looked up among them.
    pub profiles_known: bool,
    /// Whether every mitigation action could be read.
    pub actions_known: bool,
}

/// Makes a scenario of a draft. Whether it may be used is for the caller to see from the problems.
pub(super) fn resolve(
    path: &Path,
    draft: &Draft,
    library: &mut Library,
    scale_to: Option<u32>,
    problems: &mut Problems,
) -> Scenario {
    let mut warnings = Vec::new();
    let reading = Reading {
        compatibility: draft.compatibility,
        account: &draft.account.id.value,
        problems,
        warnings: &mut warnings,
    };
    let mut resolver = Resolver {
        draft,
        library,
        reading,
        scale_to,
        written_devices: 0,
        sizes_known: true,
        profiles_known: true,
        actions_known: true,
    };
    resolver.account();
    resolver.clock();
    let authorities = resolver.authorities();
    let policies = resolver.policies();
    let groups = resolver.groups();
    let classes = resolver.classes(&authorities);
    let custom_metrics = resolver.custom_metrics(&classes);
    let dimensions = resolver.dimensions();
    let (profiles, behaviors) = resolver.profiles();
    let (audit, enabled) = resolver.audit();
    let actions = resolver.mitigation_actions();
    let scenario = Scenario {
        name: draft.name.as_ref().map_or_else(|| stem(path), |name| name.value.clone()),
        title: draft.title.clone(),
        seed: draft.seed,
        start: draft.start.value,
        duration: draft.duration.value,
        compatibility: draft.compatibility,
        criteria: draft.criteria,
        account: AccountPlan {
            id: draft.account.id.value.clone(),
            region: draft.account.region.clone(),
            logging: draft.account.logging.map(str::to_owned),
        },
        attacks: resolver.attacks(&classes),
        campaigns: resolver.campaigns(),
        confounders: resolver.confounders(&classes),
        defects: resolver.defects(&classes),
        faults: resolver.faults(&classes),
        teams: resolver.teams(),
        responders: resolver.responders(&behaviors, &enabled, &actions, &classes),
        expectations: resolver.expectations(&classes, &behaviors, &actions),
        ml: resolver.ml(&profiles),
        classes,
        authorities,
        groups,
        policies: policies.iter().map(|(plan, _)| plan.clone()).collect(),
        custom_metrics,
        dimensions,
        profiles,
        audit,
        mitigation_actions: actions.iter().map(|action| action.request.clone()).collect(),
        replay: None,
        warnings: Vec::new(),
    };
    if resolver.reading.problems.errors() == 0 {
        lint::lint(&mut resolver, &scenario, &policies, &enabled, &actions);
    }
    for (path, place) in resolver.library.unused() {
        let problem =
            Problem::warning("UNUSED_DOCUMENT", place.clone(), format!("nothing refers to document `{path}`"));
        resolver.reading.problems.push(problem);
    }
    Scenario { warnings, ..scenario }
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
    // `first-light.lock.toml` is first-light again.
    stem.strip_suffix(".lock").map(str::to_owned).unwrap_or(stem)
}

impl Resolver<'_> {
    fn error(&mut self, problem: Problem) {
        self.reading.problems.push(problem);
    }

    /// Notes a name that nothing has; whether it exists.
    fn exists<'n>(
        &mut self,
        noun: &str,
        name: &Placed<String>,
        names: impl IntoIterator<Item = &'n str> + Clone,
    ) -> bool {
        if names.clone().into_iter().any(|known| known == name.value) {
            return true;
        }
        let problem = Problem::error(name.place.clone(), format!("no {noun} is named `{}`", name.value));
        let problem = match suggestion(&name.value, names) {
            Some(help) => problem.help(help),
            None => problem.help(format!("the scenario has no {noun} at all")),
        };
        self.error(problem);
        false
    }

    /// Notes names that are given twice.
    fn unique<'n>(&mut self, noun: &str, names: impl IntoIterator<Item = &'n Placed<String>>) {
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if seen.contains(&name.value.as_str()) {
                self.error(Problem::error(
                    name.place.clone(),
                    format!("there is already a {noun} named `{}`", name.value),
                ));
            }
            seen.push(&name.value);
        }
    }

    /// Notes a name that the service would not take: 1 to `longest` characters, alphanumeric or of `extra`.
    fn well_formed(&mut self, noun: &str, name: &Placed<String>, longest: usize, extra: &str) {
        let fits = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
        if name.value.is_empty() || name.value.len() > longest || !name.value.chars().all(fits) {
            let message = format!(
                "the name of a {noun} must be 1 to {longest} letters, digits and `{extra}`, found `{}`",
                name.value
            );
            self.error(Problem::error(name.place.clone(), message));
        }
    }

    fn account(&mut self) {
        let id = &self.draft.account.id;
        let node = Node { value: Value::Text(id.value.clone()), place: id.place.clone() };
        account_id(&mut self.reading, &node, "/account/id", "id", &id.value);
    }

    /// The run lies on the five-minute grid, on which everything is windowed (D-35).
    fn clock(&mut self) {
        let grid = Millis::minutes(5);
        let (start, duration) = (&self.draft.start, &self.draft.duration);
        if start.value.floor_to(grid) != start.value {
            let message = format!("start must lie on a five-minute boundary, found `{}`", start.value);
            self.error(Problem::error(start.place.clone(), message));
        }
        if duration.value <= Millis(0) {
            self.error(Problem::error(duration.place.clone(), "duration must be longer than nothing"));
        } else if duration.value.0 % grid.0 != 0 {
            let message = format!("duration must be a multiple of five minutes, found `{}`", Exactly(duration.value));
            self.error(Problem::error(duration.place.clone(), message));
        } else if duration.value > Millis::days(366) {
            let message = format!("duration must be at most 366 days, found `{}`", duration.value);
            self.error(Problem::error(duration.place.clone(), message));
        }
    }

    /// How ML behaviors learn.
    fn ml(&mut self, profiles: &[ProfilePlan]) -> MlPlan {
        let (history, model) = (&self.draft.ml.history, self.draft.ml.model);
        let mut behaviors = profiles.iter().flat_map(|profile| profile.request.behaviors.iter().flatten());
        let learns = behaviors
            .any(|behavior| behavior.criteria.as_ref().is_some_and(|criteria| criteria.ml_detection_config.is_some()));
        let grid = Millis::minutes(5);
        if history.value.0 % grid.0 != 0 {
            let message = format!("history must be a multiple of five minutes, found `{}`", Exactly(history.value));
            self.error(Problem::error(history.place.clone(), message));
        } else if history.value > Millis::days(60) {
            let message = format!("history must be at most 60 days, found `{}`", history.value);
            self.error(Problem::error(history.place.clone(), message));
        } else if history.value > Millis(0) && !learns && self.profiles_known {
            let problem =
                Problem::error(history.place.clone(), "there is history, and no ML behavior to learn from it");
            self.error(problem.help("leave `history` out, or give a behavior an `mlDetectionConfig`"));
        }
        MlPlan { history: history.value, model }
    }

    fn authorities(&mut self) -> Vec<AuthorityPlan> {
        let draft = self.draft;
        self.unique("authority", draft.authorities.iter().map(|authority| &authority.name));
        for authority in &draft.authorities {
            if authority.not_after.value <= authority.not_before.value {
                let message = format!(
                    "not-after must lie after not-before `{}`, found `{}`",
                    authority.not_before.value, authority.not_after.value
                );
                self.error(Problem::error(authority.not_after.place.clone(), message));
            }
        }
        if draft.authorities.is_empty() {
            // A scenario that is not about certificates need not speak of them.
            return vec![AuthorityPlan {
                name: "factory".into(),
                not_before: draft.start.value - Millis::days(5 * 365),
                not_after: draft.start.value + Millis::days(20 * 365),
            }];
        }
        draft
            .authorities
            .iter()
            .map(|authority| AuthorityPlan {
                name: authority.name.value.clone(),
                not_before: authority.not_before.value,
                not_after: authority.not_after.value,
            })
            .collect()
    }

    fn policies(&mut self) -> Vec<(PolicyPlan, defender::policy::Document)> {
        let draft = self.draft;
        self.unique("policy", draft.policies.iter().map(|policy| &policy.name));
        let mut policies = Vec::new();
        for policy in &draft.policies {
            self.well_formed("policy", &policy.name, 128, "_+=,.@-");
            let Some(source) = self.library.open(&policy.document, self.reading.problems) else { continue };
            let Some(document) = super::document::policy::read(&source, &mut self.reading) else { continue };
            let plan = PolicyPlan {
                name: policy.name.value.clone(),
                document: source.text.clone(),
                file: source.name.clone(),
            };
            policies.push((plan, document));
        }
        policies
    }
}
