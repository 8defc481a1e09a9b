//! Security profiles as `create-security-profile` takes them.

use std::sync::Arc;

use defender::detect::behavior::{Behavior, Catalog, complement};
use defender::detect::columns::Program;
use defender::detect::criteria::ComparisonOperator;
use defender::detect::validate::{Surroundings, Validated, validate_within};
use defender::detect::wire::CreateSecurityProfileRequest;
use defender::error::Warning;
use defender::metric::Metric;

use super::super::plan::CriteriaReading;
use super::super::problem::{Problem, nearest};
use super::super::source::Source;
use super::super::tree::Node;
use super::{Reading, parse, request, shapes};

/// Reads and validates a security profile. With criteria that state when to alarm, each behavior is translated to its
/// complement, and the document now in use is printed with the warning.
pub fn read(
    source: &Arc<Source>,
    criteria: CriteriaReading,
    catalog: &Catalog,
    reading: &mut Reading<'_>,
) -> Option<CreateSecurityProfileRequest> {
    let errors = reading.problems.errors();
    let tree = parse(source, &shapes::SECURITY_PROFILE, reading)?;
    let mut profile: CreateSecurityProfileRequest = request(&tree, errors, reading)?;
    let as_written = validate(&profile, catalog, reading);
    refuse_what_is_not_judged(&tree, &profile, &as_written.behaviors, reading);
    report(&tree, as_written, reading);
    if criteria == CriteriaReading::Alarm && translate(&tree, &mut profile, reading) {
        // The complement of a valid behavior can still be one that the metric does not allow.
        let validated = validate(&profile, catalog, reading);
        report(&tree, Validated { warnings: Vec::new(), ..validated }, reading);
    }
    (reading.problems.errors() == errors).then_some(profile)
}

fn validate(profile: &CreateSecurityProfileRequest, catalog: &Catalog, reading: &Reading<'_>) -> Validated {
    let surroundings = Surroundings {
        description: profile.security_profile_description.as_deref(),
        has_export_config: Some(profile.metrics_export_config.is_some()),
    };
    validate_within(profile.behaviors.as_deref().unwrap_or_default(), catalog, reading.compatibility, surroundings)
}

fn report(tree: &Node, validated: Validated, reading: &mut Reading<'_>) {
    for error in validated.errors {
        let node = tree.nearest_to(&error.path);
        let problem = Problem::error(node.place.clone(), format!("{} ({})", error.message, error.rule));
        reading.problems.push(match remedy(&error.path, node) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
    for warning in validated.warnings {
        reading.warn(tree, warning);
    }
}

/// What the service takes, but a simulated fleet is not judged by.
fn refuse_what_is_not_judged(
    tree: &Node,
    profile: &CreateSecurityProfileRequest,
    behaviors: &[Behavior],
    reading: &mut Reading<'_>,
) {
    for error in Program::compile([behaviors]).err().into_iter().flatten() {
        let written = profile.behaviors.iter().flatten().position(|behavior| behavior.name == error.behavior);
        let node = tree.nearest_to(&format!("/behaviors/{}", written.unwrap_or_default()));
        reading.problems.push(Problem::error(node.place.clone(), error.to_string()));
    }
}

/// What to write instead, where the member has a known list of values.
fn remedy(pointer: &str, node: &Node) -> Option<String> {
    let written = node.as_text()?;
    let meant = if pointer.ends_with("/comparisonOperator") {
        nearest(written, ComparisonOperator::ALL.iter().map(|operator| operator.name()))
    } else if pointer.ends_with("/metric") {
        nearest(written, Metric::ALL.iter().map(|metric| metric.name()))
    } else {
        None
    };
    Some(format!("did you mean `{}`?", meant?))
}

/// Turns every behavior around; whether there was any.
fn translate(tree: &Node, profile: &mut CreateSecurityProfileRequest, reading: &mut Reading<'_>) -> bool {
    let Some(behaviors) = &mut profile.behaviors else { return false };
    let turned: Vec<_> = behaviors.iter().map(complement).collect();
    if turned == *behaviors {
        return false;
    }
    *behaviors = turned;
    let now = serde_json::to_value(&*behaviors).expect("wire shapes have text keys and finite numbers");
    let message = "criteria were read as when to alarm, and each behavior was translated to its complement";
    reading.warn(
        tree,
        Warning {
            code: "CRITERIA_TRANSLATED",
            path: "/behaviors".into(),
            message: message.into(),
            canonical: Some(now),
        },
    );
    true
}
