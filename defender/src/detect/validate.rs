//! Validation of behaviors (5.5.1): from the wire's loose shape to [`Behavior`], reporting every broken rule.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::json;

use super::alarm::Consecutive;
use super::behavior::{Behavior, Catalog, Criteria, Dimension};
use super::criteria::{CidrSet, ComparisonOperator, PortSet, Rule, Statistic};
use super::lint::inverted_polarity;
use super::wire::{self, BehaviorCriteriaType, ConfidenceLevel, DimensionOperator};
use crate::error::{Compatibility, ServiceError, Warning};
use crate::metric::{DurationUse, Metric, MetricRef, ValueKind};
use crate::request::text;
use crate::time::Millis;

/// The durations of the service \[s\].
pub const DURATIONS: [i64; 5] = [300, 600, 900, 1800, 3600];
/// Behaviors per profile.
pub const BEHAVIORS_MAX: usize = 100;
/// Value elements per profile.
pub const VALUE_ELEMENTS_MAX: usize = 1000;

/// What validation made of a list of behaviors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validated {
    /// The behaviors without an error, in the order given.
    pub behaviors: Vec<Behavior>,
    /// Every broken rule: first of the request, then in behavior order, then in rule order.
    pub errors: Vec<ValidationError>,
    /// Ignored members, tolerated deviations and lints.
    pub warnings: Vec<Warning>,
}

impl Validated {
    /// The behaviors, if nothing is wrong.
    ///
    /// # Errors
    /// `InvalidRequestException` with the first message, as Create and Update answer.
    pub fn into_result(self) -> Result<(Vec<Behavior>, Vec<Warning>), ServiceError> {
        match self.errors.into_iter().next() {
            Some(error) => Err(ServiceError::invalid(error.message)),
            None => Ok((self.behaviors, self.warnings)),
        }
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValidationError {
    /// Position of the behavior in the list; `None` for the request as a whole (D-V27).
    pub behavior: Option<usize>,
    /// The rule, `D-V01` … `D-V28`.
    pub rule: &'static str,
    /// JSON pointer of the offending member, from the request down: `/behaviors/0/criteria/durationSeconds`.
    pub path: String,
    /// The service's sentence, prefix included (CH-59).
    pub message: String,
}

/// What stands around the behaviors and bears on them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The profile's description, which the polarity lint reads (D-03).
    pub description: Option<&'a str>,
    /// Whether the profile has a `metricsExportConfig`; `None` when only behaviors are validated, so that D-V28 does
    /// not apply.
    pub has_export_config: Option<bool>,
}

/// Validates behaviors alone, as `ValidateSecurityProfileBehaviors` does.
pub fn validate(behaviors: &[wire::Behavior], catalog: &Catalog, compatibility: Compatibility) -> Validated {
    validate_within(behaviors, catalog, compatibility, Surroundings::default())
}

/// Validates behaviors as members of a profile, as Create and Update do.
pub fn validate_within(
    behaviors: &[wire::Behavior],
    catalog: &Catalog,
    compatibility: Compatibility,
    surroundings: Surroundings<'_>,
) -> Validated {
    let mut validated = Validated::default();
    if behaviors.len() > BEHAVIORS_MAX {
        validated.errors.push(ValidationError {
            behavior: None,
            rule: "D-V27",
            path: "/behaviors".into(),
            message: format!("behaviors should have at most {BEHAVIORS_MAX} elements"),
        });
    }
    let mut names = BTreeSet::new();
    let mut elements = 0;
    for (index, given) in behaviors.iter().enumerate() {
        let mut check = Check { given, index, catalog, compatibility, errors: Vec::new(), warnings: Vec::new() };
        let behavior = check.behavior(&mut names, &mut elements, surroundings);
        if let (Some(behavior), true) = (behavior, check.errors.is_empty()) {
            let pointer = format!("/behaviors/{index}");
            check.warnings.extend(inverted_polarity(&behavior, given, surroundings.description, &pointer));
            validated.behaviors.push(behavior);
        }
        validated.errors.append(&mut check.errors);
        validated.warnings.append(&mut check.warnings);
    }
    validated.warnings.extend(mixed_thresholds(&validated.behaviors));
    validated
}

/// `MIXED_THRESHOLD_TYPES`: rules and ML in one profile, which the console refuses (D-19, CH-57).
fn mixed_thresholds(behaviors: &[Behavior]) -> Option<Warning> {
    let is_ml = |behavior: &&Behavior| behavior.criteria.kind() == BehaviorCriteriaType::MachineLearning;
    let learned = behaviors.iter().filter(is_ml).count();
    (learned > 0 && learned < behaviors.len()).then(|| Warning {
        code: "MIXED_THRESHOLD_TYPES",
        path: "/behaviors".into(),
        message: format!(
            "{learned} of {} behaviors use mlDetectionConfig; the console keeps rules and ML in separate profiles",
            behaviors.len()
        ),
        canonical: None,
    })
}

/// Validation of one behavior.
struct Check<'a> {
    given: &'a wire::Behavior,
    index: usize,
    catalog: &'a Catalog,
    compatibility: Compatibility,
    errors: Vec<ValidationError>,
    warnings: Vec<Warning>,
}

/// The metric of a behavior, once found.
type Found = (MetricRef, ValueKind);

impl Check<'_> {
    fn error(&mut self, rule: &'static str, member: &str, text: impl AsRef<str>) {
        let name = if self.given.name.is_empty() { "(unnamed)" } else { &self.given.name };
        self.errors.push(ValidationError {
            behavior: Some(self.index),
            rule,
            path: self.pointer(member),
            message: format!("Behavior {name} is malformed. {}", text.as_ref()),
        });
    }

    fn pointer(&self, member: &str) -> String {
        format!("/behaviors/{}{member}", self.index)
    }

    fn warn(&mut self, code: &'static str, member: &str, message: String, canonical: Option<serde_json::Value>) {
        let path = self.pointer(member);
        self.warnings.push(Warning { code, path, message, canonical });
    }

    /// All rules in table order. The result is only meaningful if no error was added.
    fn behavior(
        &mut self,
        names: &mut BTreeSet<String>,
        elements: &mut usize,
        surroundings: Surroundings<'_>,
    ) -> Option<Behavior> {
        let given = self.given;
        self.name(names);
        let metric = self.metric();
        let Some(criteria) = &given.criteria else {
            self.error("D-V06", "/criteria", "criteria is required");
            self.dimension(metric.as_ref(), None);
            self.export(surroundings);
            return None;
        };
        let kind = self.kind(criteria);
        let operator = self.operator(criteria, kind, metric.as_ref());
        let value = criteria.value.as_ref().map(|value| self.value(value, metric.as_ref()));
        let duration = self.duration(criteria, kind, metric.as_ref());
        let consecutive = Consecutive {
            to_alarm: self.consecutive("consecutiveDatapointsToAlarm", criteria.consecutive_datapoints_to_alarm),
            to_clear: self.consecutive("consecutiveDatapointsToClear", criteria.consecutive_datapoints_to_clear),
        };
        let statistic = self.statistic(criteria, metric.as_ref());
        let confidence = self.confidence(criteria, metric.as_ref());
        let dimension = self.dimension(metric.as_ref(), Some(criteria));
        self.elements(criteria, elements);
        self.export(surroundings);

        let (metric, value_kind) = metric?;
        let criteria = match kind? {
            BehaviorCriteriaType::Static => Criteria::Static(rule(operator?, value??)?),
            BehaviorCriteriaType::Statistical => {
                Criteria::Statistical { relation: operator?.relation()?, statistic: statistic? }
            }
            BehaviorCriteriaType::MachineLearning => Criteria::MachineLearning { confidence: confidence? },
        };
        Some(Behavior {
            name: given.name.clone(),
            metric,
            value_kind,
            dimension,
            criteria,
            duration,
            consecutive,
            suppress_alerts: given.suppress_alerts.unwrap_or(false),
            export: given.export_metric.unwrap_or(false),
        })
    }

    /// D-V01, D-V02.
    fn name(&mut self, names: &mut BTreeSet<String>) {
        let name = &self.given.name;
        if !text::NAME.allows(name) {
            self.error("D-V01", "/name", "name must match [a-zA-Z0-9:_-]{1,128}");
        }
        if !name.is_empty() && !names.insert(name.clone()) {
            self.error("D-V02", "/name", "name is not unique");
        }
    }

    /// D-V03 … D-V05.
    fn metric(&mut self) -> Option<Found> {
        let Some(name) = self.given.metric.as_deref().filter(|name| !name.is_empty()) else {
            self.error("D-V03", "/metric", "metric is required");
            return None;
        };
        let found = self.catalog.metric(name);
        if found.is_none() && name.starts_with("aws:") {
            self.error("D-V04", "/metric", format!("metric {name} is not supported"));
        } else if found.is_none() {
            self.error("D-V05", "/metric", format!("custom metric {name} does not exist"));
        }
        found
    }

    /// D-V07.
    fn kind(&mut self, criteria: &wire::BehaviorCriteria) -> Option<BehaviorCriteriaType> {
        match (&criteria.value, &criteria.statistical_threshold, &criteria.ml_detection_config) {
            (Some(_), None, None) => Some(BehaviorCriteriaType::Static),
            (None, Some(_), None) => Some(BehaviorCriteriaType::Statistical),
            (None, None, Some(_)) => Some(BehaviorCriteriaType::MachineLearning),
            _ => {
                let text = "exactly one of value, statisticalThreshold, mlDetectionConfig is required";
                self.error("D-V07", "/criteria", text);
                None
            }
        }
    }

    /// D-V08 … D-V11.
    fn operator(
        &mut self,
        criteria: &wire::BehaviorCriteria,
        kind: Option<BehaviorCriteriaType>,
        metric: Option<&Found>,
    ) -> Option<ComparisonOperator> {
        const MEMBER: &str = "/criteria/comparisonOperator";
        let learned = kind == Some(BehaviorCriteriaType::MachineLearning);
        let Some(text) = &criteria.comparison_operator else {
            if kind.is_some() && !learned {
                self.error("D-V08", MEMBER, "comparisonOperator is required");
            }
            return None;
        };
        if learned {
            self.error("D-V09", MEMBER, "comparisonOperator is not allowed with mlDetectionConfig");
        }
        let Some(operator) = ComparisonOperator::from_name(text) else {
            self.error("D-V10", MEMBER, format!("comparisonOperator {text} is not supported"));
            return None;
        };
        if let Some((metric, value_kind)) = metric
            && !learned
            && !(operator.suits(*value_kind) && suits_metric(operator, metric))
        {
            self.error("D-V11", MEMBER, format!("comparisonOperator {text} is not valid for metric {metric}"));
        }
        Some(operator)
    }

    /// D-V12 … D-V15.
    fn value(&mut self, value: &wire::MetricValue, metric: Option<&Found>) -> Option<Value> {
        const MEMBER: &str = "/criteria/value";
        let members = members(value);
        if let Some((_, kind)) = metric {
            let right = match (kind, members.as_slice()) {
                (ValueKind::Number, ["count"]) => true, // D-06: older documents
                (kind, [member]) => *member == member_name(*kind),
                _ => false,
            };
            if !right {
                self.error("D-V12", MEMBER, format!("value must contain exactly {}", member_name(*kind)));
            }
        }
        let count = value.count.as_ref().map(count);
        if count == Some(None) {
            self.error("D-V13", "/criteria/value/count", "count must be a non-negative integer");
        }
        let mut nets = Vec::new();
        for (i, text) in value.cidrs.iter().flatten().enumerate() {
            match cidr(text) {
                Some(net) => nets.push(net),
                None => self.error("D-V14", &format!("{MEMBER}/cidrs/{i}"), format!("cidr {text} is not valid")),
            }
        }
        let mut ports = Vec::new();
        for (i, given) in value.ports.iter().flatten().enumerate() {
            match u16::try_from(*given) {
                Ok(port) => ports.push(port),
                Err(_) => {
                    let text = format!("port {given} should be in range[0,65535]");
                    self.error("D-V15", &format!("{MEMBER}/ports/{i}"), text);
                }
            }
        }
        match members.first().copied()? {
            "count" => Some(Value::Number(count??)),
            "number" => Some(Value::Number(value.number?)),
            "cidrs" => Some(Value::Cidrs(CidrSet::new(nets))),
            "ports" => Some(Value::Ports(PortSet::new(ports))),
            "numbers" => Some(Value::Numbers(value.numbers.clone()?)),
            _ => Some(Value::Strings(value.strings.iter().flatten().cloned().collect())),
        }
    }

    /// D-V16 … D-V18, D-22, D-23, X-06. The duration that evaluation uses.
    fn duration(
        &mut self,
        criteria: &wire::BehaviorCriteria,
        kind: Option<BehaviorCriteriaType>,
        metric: Option<&Found>,
    ) -> Option<Millis> {
        use BehaviorCriteriaType::{MachineLearning, Static, Statistical};
        const MEMBER: &str = "/criteria/durationSeconds";
        let usage = match (kind, metric) {
            (Some(Static), Some((metric, value_kind))) => Some(metric.duration_use(*value_kind)),
            (Some(Statistical), Some(_)) => Some(DurationUse::Required),
            (Some(MachineLearning), Some(_)) => Some(DurationUse::Unused),
            _ => None,
        };
        let Some(seconds) = criteria.duration_seconds else {
            if let (Some(DurationUse::Required), Some((metric, _))) = (usage, metric) {
                self.error("D-V16", MEMBER, format!("durationSeconds is required for metric {metric}"));
            }
            return None;
        };
        self.duration_length(seconds);
        match (usage, metric) {
            (Some(DurationUse::Forbidden), Some((metric, _))) => {
                self.error("D-V18", MEMBER, format!("durationSeconds is not allowed for metric {metric}"));
                None
            }
            (Some(DurationUse::Unused | DurationUse::Optional), Some((metric, _))) => {
                let message = format!("`durationSeconds` has no effect on this behavior of {metric}");
                self.warn("IGNORED_FIELD", MEMBER, message, None);
                None
            }
            _ => Some(Millis::seconds(seconds)),
        }
    }

    /// D-V17, and in lenient mode X-06: any divisor of an hour from a minute up.
    fn duration_length(&mut self, seconds: i64) {
        const MEMBER: &str = "/criteria/durationSeconds";
        if DURATIONS.contains(&seconds) {
            return;
        }
        if self.compatibility == Compatibility::Lenient && seconds >= 60 && 3600 % seconds == 0 {
            let message = format!("the service has no windows of {seconds} s; windows of that length are used here");
            self.warn("NON_STANDARD_DURATION", MEMBER, message, Some(json!(seconds)));
        } else {
            let text = format!("durationSeconds {seconds} should be one of [300,600,900,1800,3600]");
            self.error("D-V17", MEMBER, text);
        }
    }

    /// D-V19.
    fn consecutive(&mut self, member: &str, given: Option<i64>) -> u8 {
        match given {
            None => 1,
            Some(n @ 1..=10) => n as u8,
            Some(n) => {
                let text = format!("{member} {n} should be in range[1,10]");
                self.error("D-V19", &format!("/criteria/{member}"), text);
                1
            }
        }
    }

    /// D-V20, D-V21.
    fn statistic(&mut self, criteria: &wire::BehaviorCriteria, metric: Option<&Found>) -> Option<Statistic> {
        const MEMBER: &str = "/criteria/statisticalThreshold";
        let threshold = criteria.statistical_threshold.as_ref()?;
        let text = threshold.statistic.as_deref().unwrap_or_default();
        let statistic = Statistic::from_name(text);
        if statistic.is_none() {
            self.error("D-V20", &format!("{MEMBER}/statistic"), format!("statistic {text} is not supported"));
        }
        if let Some((metric, kind)) = metric
            && !metric.allows_statistics(*kind)
        {
            self.error("D-V21", MEMBER, format!("statisticalThreshold is not valid for metric {metric}"));
        }
        statistic
    }

    /// D-V22, D-V23.
    fn confidence(&mut self, criteria: &wire::BehaviorCriteria, metric: Option<&Found>) -> Option<ConfidenceLevel> {
        const MEMBER: &str = "/criteria/mlDetectionConfig";
        let config = criteria.ml_detection_config.as_ref()?;
        if let Some((metric, kind)) = metric
            && !metric.allows_statistics(*kind)
        {
            self.error("D-V22", MEMBER, format!("mlDetectionConfig is not valid for metric {metric}"));
        }
        let confidence = config.confidence_level.as_deref().and_then(ConfidenceLevel::from_name);
        if confidence.is_none() {
            let text = "confidenceLevel should be one of [LOW,MEDIUM,HIGH]";
            self.error("D-V23", &format!("{MEMBER}/confidenceLevel"), text);
        }
        confidence
    }

    /// D-V24, D-V25.
    fn dimension(&mut self, metric: Option<&Found>, criteria: Option<&wire::BehaviorCriteria>) -> Option<Dimension> {
        let given = self.given.metric_dimension.as_ref()?;
        let learned = criteria.is_some_and(|criteria| criteria.ml_detection_config.is_some());
        if let Some((metric, _)) = metric
            && (!metric.allows_dimension() || (learned && *metric == MetricRef::Aws(Metric::SourceIpAddress)))
        {
            self.error("D-V24", "/metricDimension", format!("metricDimension is not valid for metric {metric}"));
        }
        let name = &given.dimension_name;
        if !self.catalog.dimensions.contains(name) {
            let text = format!("dimension {name} does not exist");
            self.error("D-V25", "/metricDimension/dimensionName", text);
        }
        Some(Dimension { name: name.clone(), operator: given.operator.unwrap_or(DimensionOperator::In) })
    }

    /// D-V26: said once, at the behavior whose elements go over the limit.
    fn elements(&mut self, criteria: &wire::BehaviorCriteria, elements: &mut usize) {
        let before = *elements;
        *elements += criteria.value.as_ref().map_or(0, element_count);
        if before <= VALUE_ELEMENTS_MAX && *elements > VALUE_ELEMENTS_MAX {
            self.error("D-V26", "/criteria/value", "too many value elements");
        }
    }

    /// D-V28 (CH-60).
    fn export(&mut self, surroundings: Surroundings<'_>) {
        if self.given.export_metric == Some(true) && surroundings.has_export_config == Some(false) {
            self.error("D-V28", "/exportMetric", "exportMetric requires metricsExportConfig");
        }
    }
}

/// A threshold or set, read.
enum Value {
    Number(f64),
    Cidrs(CidrSet),
    Ports(PortSet),
    Numbers(Vec<f64>),
    Strings(BTreeSet<String>),
}

/// The rule that an operator and a value make together; `None` if they do not fit, which was reported before.
fn rule(operator: ComparisonOperator, value: Value) -> Option<Rule> {
    Some(match value {
        Value::Number(threshold) => Rule::Number { relation: operator.relation()?, threshold },
        Value::Cidrs(set) => Rule::Cidrs { membership: operator.membership()?, set },
        Value::Ports(set) => Rule::Ports { membership: operator.membership()?, set },
        Value::Numbers(set) => Rule::Numbers { membership: operator.membership()?, set },
        Value::Strings(set) => Rule::Strings { membership: operator.membership()?, set },
    })
}

/// `aws:disconnect-duration` only takes upper bounds (5.2).
fn suits_metric(operator: ComparisonOperator, metric: &MetricRef) -> bool {
    *metric != MetricRef::Aws(Metric::DisconnectDuration)
        || matches!(operator, ComparisonOperator::LessThan | ComparisonOperator::LessThanEquals)
}

/// The members present in a value, in the order of the API.
fn members(value: &wire::MetricValue) -> Vec<&'static str> {
    [
        ("count", value.count.is_some()),
        ("cidrs", value.cidrs.is_some()),
        ("ports", value.ports.is_some()),
        ("number", value.number.is_some()),
        ("numbers", value.numbers.is_some()),
        ("strings", value.strings.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, present)| present.then_some(name))
    .collect()
}

/// The member of a value that a metric's datapoints use.
pub(crate) const fn member_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Count => "count",
        ValueKind::Number => "number",
        ValueKind::Ports => "ports",
        ValueKind::Cidrs => "cidrs",
        ValueKind::Numbers => "numbers",
        ValueKind::Strings => "strings",
    }
}

fn element_count(value: &wire::MetricValue) -> usize {
    value.cidrs.as_ref().map_or(0, Vec::len)
        + value.ports.as_ref().map_or(0, Vec::len)
        + value.strings.as_ref().map_or(0, Vec::len)
        + value.numbers.as_ref().map_or(0, Vec::len)
}

/// A non-negative integer; `5.0` is one.
fn count(number: &serde_json::Number) -> Option<f64> {
    if let Some(count) = number.as_u64() {
        return Some(count as f64);
    }
    number.as_f64().filter(|value| *value >= 0.0 && value.fract() == 0.0)
}

/// A network, or a single address where the prefix length is missing (D-24).
pub fn cidr(text: &str) -> Option<IpNet> {
    let plausible = (2..=43).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'/'));
    if !plausible {
        return None;
    }
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests;
