//! Behaviors as Detect evaluates them: validated, every member resolved to a type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::alarm::Consecutive;
use super::criteria::{ComparisonOperator, Relation, Rule, Statistic};
use super::wire::{self, BehaviorCriteriaType, ConfidenceLevel, CustomMetricType, DimensionOperator};
use crate::metric::{DurationUse, Metric, MetricRef, ValueKind};
use crate::time::Millis;

/// The grid on which a metric without a duration is windowed, and on which silence is checked (D-35, D-60).
pub const BASE_WINDOW: Millis = Millis::seconds(300);

/// One behavior of a security profile, ready to be judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Behavior {
    /// Unique in its profile (D-V02).
    pub name: String,
    /// What is measured.
    pub metric: MetricRef,
    /// The shape of the metric's datapoints.
    pub value_kind: ValueKind,
    /// Which topics count, where not all do (D-12).
    pub dimension: Option<Dimension>,
    /// When a datapoint conforms.
    pub criteria: Criteria,
    /// The window or sliding sum \[ms\], if the behavior has one; a given duration that evaluation does not use
    /// (D-22, D-23) is `None` here.
    pub duration: Option<Millis>,
    /// How many datapoints raise and clear the alarm.
    pub consecutive: Consecutive,
    /// Whether alerts are left out; events are recorded all the same (D-87).
    pub suppress_alerts: bool,
    /// Whether the metric's values are exported (D-93).
    pub export: bool,
}

/// A dimension as a behavior refers to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dimension {
    /// The dimension's name.
    pub name: String,
    /// Which side of its filters counts.
    pub operator: DimensionOperator,
}

/// When a datapoint conforms (D-15).
#[derive(Clone, Debug, PartialEq)]
pub enum Criteria {
    /// A fixed threshold or set.
    Static(Rule),
    /// A percentile of the profile's devices in the same window (5.9).
    Statistical {
        /// How a value must relate to the threshold.
        relation: Relation,
        /// Which percentile it is.
        statistic: Statistic,
    },
    /// A learned threshold (5.10).
    MachineLearning {
        /// Which of the model's three thresholds.
        confidence: ConfidenceLevel,
    },
}

impl Criteria {
    /// The kind, as list operations filter by it (D-84).
    pub const fn kind(&self) -> BehaviorCriteriaType {
        match self {
            Criteria::Static(_) => BehaviorCriteriaType::Static,
            Criteria::Statistical { .. } => BehaviorCriteriaType::Statistical,
            Criteria::MachineLearning { .. } => BehaviorCriteriaType::MachineLearning,
        }
    }
}

impl Behavior {
    /// The window's length: the duration, or 300 s where there is none (D-35, D-43).
    pub fn window(&self) -> Millis {
        self.duration.unwrap_or(BASE_WINDOW)
    }

    /// The `aws:` metric, unless it is a custom one.
    pub fn aws_metric(&self) -> Option<Metric> {
        match self.metric {
            MetricRef::Aws(metric) => Some(metric),
            MetricRef::Custom(_) => None,
        }
    }

    /// Whether broker events rather than reports give its datapoints.
    pub fn is_cloud_side(&self) -> bool {
        self.aws_metric().is_some_and(Metric::is_cloud_side)
    }

    /// The confidence level that its violations carry (D-ML10).
    pub const fn confidence(&self) -> Option<ConfidenceLevel> {
        match self.criteria {
            Criteria::MachineLearning { confidence } => Some(confidence),
            _ => None,
        }
    }

    /// Whether going from `self` to `other` restarts evaluation: another metric, dimension or criteria (D-75). What
    /// only concerns alerts and export keeps the state (D-76).
    pub fn evaluates_like(&self, other: &Behavior) -> bool {
        self.metric == other.metric
            && self.dimension == other.dimension
            && self.criteria == other.criteria
            && self.duration == other.duration
            && self.consecutive == other.consecutive
    }
}

/// What behaviors may refer to: the account's custom metrics and dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Custom metrics by name (5.3).
    pub custom_metrics: BTreeMap<String, CustomMetricType>,
    /// Names of dimensions (5.4).
    pub dimensions: BTreeSet<String>,
}

impl Catalog {
    /// A metric by name, with the shape of its datapoints; `None` if there is none.
    pub fn metric(&self, name: &str) -> Option<(MetricRef, ValueKind)> {
        if let Ok(metric) = name.parse::<Metric>() {
            return Some((MetricRef::Aws(metric), metric.value_kind()));
        }
        let kind = self.custom_metrics.get(name)?.value_kind();
        Some((MetricRef::Custom(name.to_owned()), kind))
    }
}

impl MetricRef {
    /// What a static behavior says about the duration (5.2).
    pub(crate) fn duration_use(&self, kind: ValueKind) -> DurationUse {
        match self {
            MetricRef::Aws(metric) => metric.duration_use(),
            MetricRef::Custom(_) if kind == ValueKind::Number => DurationUse::Optional,
            MetricRef::Custom(_) => DurationUse::Forbidden,
        }
    }

    /// Whether a statistical or a learned threshold may stand on it (5.2, D-04: the same metrics).
    pub(crate) fn allows_statistics(&self, kind: ValueKind) -> bool {
        match self {
            MetricRef::Aws(metric) => metric.allows_statistics(),
            MetricRef::Custom(_) => kind == ValueKind::Number,
        }
    }

    /// Whether a behavior on it may carry a dimension (D-05).
    pub(crate) fn allows_dimension(&self) -> bool {
        match self {
            MetricRef::Aws(metric) => metric.allows_dimension(),
            MetricRef::Custom(_) => false,
        }
    }
}

/// The behavior that conforms where the given one violates: the operator turned around, all else kept. A
/// document that states alarm conditions instead of normal ones becomes an AWS document this way. Learned thresholds
/// and unknown operators have no complement and come back unchanged.
pub fn complement(behavior: &wire::Behavior) -> wire::Behavior {
    let mut turned = behavior.clone();
    if let Some(text) = turned.criteria.as_mut().and_then(|criteria| criteria.comparison_operator.as_mut())
        && let Some(operator) = ComparisonOperator::from_name(text)
    {
        *text = operator.complement().name().to_owned();
    }
    turned
}

/// A wire shape as a JSON value, for warnings that propose one.
pub(crate) fn to_json<T: serde::Serialize>(shape: &T) -> Value {
    serde_json::to_value(shape).expect("wire shapes have text keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wire_behavior(operator: &str) -> wire::Behavior {
        serde_json::from_value(json!({"name": "B", "metric": "aws:num-messages-sent",
            "criteria": {"comparisonOperator": operator, "value": {"count": 5}, "durationSeconds": 300}}))
        .expect("a behavior")
    }

    #[test]
    fn x04_the_complement_turns_the_operator_and_nothing_else() {
        for (given, turned) in [
            ("greater-than", "less-than-equals"),
            ("greater-than-equals", "less-than"),
            ("less-than", "greater-than-equals"),
            ("less-than-equals", "greater-than"),
            ("in-cidr-set", "not-in-cidr-set"),
            ("not-in-port-set", "in-port-set"),
            ("in-set", "not-in-set"),
            ("roughly", "roughly"),
        ] {
            assert_eq!(complement(&wire_behavior(given)), wire_behavior(turned));
        }
    }

    #[test]
    fn x04_the_complement_of_a_complement_is_the_behavior() {
        for operator in ComparisonOperator::ALL {
            let behavior = wire_behavior(operator.name());
            assert_eq!(complement(&complement(&behavior)), behavior);
            assert_ne!(complement(&behavior), behavior);
        }
    }
}
