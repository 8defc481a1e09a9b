//! Lints: behaviors that are valid and probably do not mean what their author thinks.

use super::behavior::{Behavior, Criteria, complement, to_json};
use super::criteria::{Relation, Rule};
use super::wire;
use crate::error::Warning;
use crate::metric::{Metric, ValueKind};

/// Words that suggest an upper bound was meant (D-03).
const UPPER_BOUND_WORDS: [&str; 9] =
    ["low", "max", "limit", "fail", "excess", "spike", "too many", "toomany", "too-many"];

/// `INVERTED_POLARITY_SUSPECTED`: a lower bound where an upper bound looks intended (D-03, X-04). Nothing is flipped;
/// the warning's `canonical` member is the complement, ready to be used instead.
///
/// `description` is the profile's, which may say what the behaviors are for; `pointer` is the behavior's place.
pub fn inverted_polarity(
    behavior: &Behavior,
    given: &wire::Behavior,
    description: Option<&str>,
    pointer: &str,
) -> Option<Warning> {
    let (relation, threshold) = match &behavior.criteria {
        Criteria::Static(Rule::Number { relation, threshold }) => (*relation, Some(*threshold)),
        Criteria::Statistical { relation, .. } => (*relation, None),
        _ => return None,
    };
    if !matches!(relation, Relation::GreaterThan | Relation::GreaterThanEquals) {
        return None;
    }
    let upper_bound_by_nature = matches!(
        behavior.aws_metric(),
        Some(Metric::NumAuthorizationFailures | Metric::NumConnectionAttempts | Metric::NumDisconnects)
    );
    let named_like_one = behavior.value_kind == ValueKind::Count
        && threshold.is_some_and(|threshold| threshold >= 1.0)
        && [Some(behavior.name.as_str()), description].into_iter().flatten().any(sounds_like_an_upper_bound);
    if !upper_bound_by_nature && !named_like_one {
        return None;
    }
    let operator = given.criteria.as_ref().and_then(|criteria| criteria.comparison_operator.as_deref())?;
    let bound = if relation == Relation::GreaterThan { "at or below" } else { "below" };
    Some(Warning {
        code: "INVERTED_POLARITY_SUSPECTED",
        path: format!("{pointer}/criteria/comparisonOperator"),
        message: format!(
            "`{operator}` states what is normal, so `{}` alarms {bound} its threshold; to alarm on large values, use \
             the complement",
            behavior.name
        ),
        canonical: Some(to_json(&complement(given))),
    })
}

fn sounds_like_an_upper_bound(text: &str) -> bool {
    let text = text.to_lowercase();
    UPPER_BOUND_WORDS.iter().any(|word| text.contains(word))
}
