//! Loading a scenario: a TOML file, the documents beside it, and what the command line lays over them.
//!
//! Every problem is collected with its place; a scenario comes back only if none of them is an error.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use defender::error::{Compatibility, Warning};

use super::document::{self, Kind, Reading};
use super::fields::Fields;
use super::format;
use super::library::{Library, read};
use super::lock::Lock;
use super::overrides;
use super::plan::{CriteriaReading, Scenario};
use super::playbook;
use super::problem::{Problem, Problems};
use super::reference::TableDoc;
use super::resolve;
use super::source::Source;
use super::tree::{Node, parse_toml};

/// What the command line asks for beside single values.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Another seed than the file's.
    pub seed: Option<u64>,
    /// Another number of devices: classes, cohorts and targets are scaled in proportion.
    pub devices: Option<u32>,
    /// The playbook of this file (responders, teams, mitigation actions) in the place of the scenario's own.
    pub playbook: Option<PathBuf>,
}

/// A scenario that may run, with what is odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Tolerated deviations and lints, with their places; no errors.
    pub warnings: Problems,
    /// What the seed drew for `[chaos.swarm]`, a line each.
    pub drawn: Vec<String>,
    /// Everything needed to run it again.
    pub lock: Lock,
}

/// Loads a scenario file, with `overrides` as (path, value) laid over it.
///
/// # Errors
/// Every problem that was found, errors and warnings, in the order of their places.
pub fn load(path: &Path, overrides: &[(String, String)], options: &LoadOptions) -> Result<Loaded, Problems> {
    match read(path) {
        Ok(source) => load_source(&source, overrides, options),
        Err(problem) => {
            let mut problems = Problems::new();
            problems.push(problem);
            Err(problems)
        }
    }
}

/// Loads a scenario that is at hand as text, for example the lock inside a checkpoint. `name` stands for its path in
/// messages; documents that it does not carry inside are looked for beside that path.
///
/// # Errors
/// As for [`load`].
pub fn load_text(name: &str, text: &str) -> Result<Loaded, Problems> {
    load_source(&Source::new(name, text), &[], &LoadOptions::default())
}

fn load_source(
    source: &Arc<Source>,
    overrides: &[(String, String)],
    options: &LoadOptions,
) -> Result<Loaded, Problems> {
    let path = Path::new(&source.name);
    let mut problems = Problems::new();
    let (mut tree, syntax) = parse_toml(source);
    if !syntax.is_empty() {
        problems.extend(syntax);
        return Err(problems);
    }
    if let Some(file) = &options.playbook {
        playbook::replace(&mut tree, file, &reference(), &mut problems);
    }
    for (path, value) in overrides {
        overrides::apply(&mut tree, path, value, &mut problems);
    }
    if let Some(seed) = options.seed {
        overrides::apply(&mut tree, "seed", &seed.to_string(), &mut problems);
    }
    let Some(draft) = draft(&tree, &mut problems) else { return Err(problems) };
    let mut drawn = Vec::new();
    let mut draft = draft;
    if let Some(swarm) = draft.chaos.as_ref().and_then(|chaos| chaos.swarm.as_ref()).filter(|_| problems.errors() == 0)
    {
        match swarm.expand(&mut tree, draft.seed, draft.duration.value) {
            Ok(lines) => drawn = lines,
            Err(problem) => problems.push(problem),
        }
        draft = self::draft(&tree, &mut Problems::new()).unwrap_or(draft);
    }
    let mut library = Library::beside(path, draft.documents.clone());
    let devices = options.devices.filter(|devices| *devices > 0);
    if devices != options.devices {
        problems.push(Problem::error(None, "a fleet has at least one device, found `0` devices asked for"));
    }
    let scenario = resolve::resolve(path, &draft, &mut library, devices, &mut problems);
    problems.sort();
    if problems.errors() > 0 {
        return Err(problems);
    }
    let lock = Lock::new(tree, &scenario, devices.is_some(), &library);
    Ok(Loaded { scenario: with_lints(scenario, &problems), warnings: problems, drawn, lock })
}

fn draft(tree: &Node, problems: &mut Problems) -> Option<format::Draft> {
    Some(Fields::read(tree.as_table()?, &tree.place, problems, format::scenario))
}

/// Adds to a scenario's warnings those that only the loader knows.
fn with_lints(mut scenario: Scenario, problems: &Problems) -> Scenario {
    const LOADER_CODES: [&str; 6] = [
        "QUARANTINE_WITHOUT_DENY",
        "ORDINARY_TRAFFIC_DENIED",
        "DEFECT_WITHOUT_EFFECT",
        "UNDECLARED_DEFECT",
        "IDLE_RESPONDER",
        "UNUSED_DOCUMENT",
    ];
    for problem in problems.iter() {
        let code = LOADER_CODES.into_iter().find(|code| problem.code.as_deref() == Some(code));
        if let (Some(code), Some(place)) = (code, &problem.place) {
            let warning = Warning { code, path: place.to_string(), message: problem.message.clone(), canonical: None };
            scenario.warnings.push(warning);
        }
    }
    scenario
}

/// Checks a file that may be a scenario (TOML) or one of the service's documents (JSON): everything that is wrong or
/// odd about it, and what it was taken for.
pub fn check(path: &Path, compatibility: Compatibility, criteria: CriteriaReading) -> (&'static str, Problems) {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if !is_json {
        let problems = match load(path, &[], &LoadOptions::default()) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        return ("a scenario", problems);
    }
    let mut problems = Problems::new();
    let kind = check_document(path, compatibility, criteria, &mut problems);
    problems.sort();
    (kind.map_or("a document", Kind::noun), problems)
}

fn check_document(
    path: &Path,
    compatibility: Compatibility,
    criteria: CriteriaReading,
    problems: &mut Problems,
) -> Option<Kind> {
    let source = match read(path) {
        Ok(source) => source,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let tree = match super::json::parse_json(&source) {
        Ok(tree) => tree,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let Some(kind) = Kind::of(&tree) else {
        problems.push(
            Problem::error(tree.place.clone(), "this is none of the documents known here")
                .help("known are policies, security profiles, audit configurations, scheduled audits and mitigation actions, as the API takes them"),
        );
        return None;
    };
    let mut warnings = Vec::new();
    let mut reading = Reading { compatibility, account: "123456789012", problems, warnings: &mut warnings };
    match kind {
        Kind::SecurityProfile => {
            let catalog = defender::detect::behavior::Catalog::default();
            document::profile::read(&source, criteria, &catalog, &mut reading);
        }
        Kind::AuditConfiguration => {
            document::audit::configuration(&source, &mut reading);
        }
        Kind::ScheduledAudit => {
            document::audit::schedule(&source, &mut reading);
        }
        Kind::MitigationAction => {
            document::mitigation::read(&source, &mut reading);
        }
        Kind::Policy => {
            if let Some(policy) = document::policy::read(&source, &mut reading) {
                document::policy::broad(&source, &policy, &mut reading);
            }
        }
    }
    Some(kind)
}

/// The scenario format: what a scenario file may hold.
pub fn reference() -> TableDoc {
    Fields::describe(format::scenario)
}

/// The scenario format as JSON Schema, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = reference().to_schema();
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Fleetrange scenario".into();
    schema
}
