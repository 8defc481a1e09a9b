//! Security profiles: what they hold, and how a request becomes one (5.5).

mod attach;
mod operations;

use std::collections::BTreeMap;

use super::behavior::{Behavior, Catalog, Dimension};
use super::evaluation::EvaluationId;
use super::target::Attachment;
use super::validate::{Surroundings, validate_within};
use super::wire::{self, AlertTarget, DimensionOperator, MetricToRetain, MetricsExportConfig, Tag};
use crate::error::{Compatibility, ServiceError, Warning};
use crate::ids::ProfileId;
use crate::metric::{MetricRef, ValueKind};
use crate::request::{checked_arn, text};
use crate::time::Timestamp;

/// A security profile on record.
#[derive(Clone, Debug)]
pub struct Profile {
    id: ProfileId,
    name: String,
    settings: Settings,
    tags: Vec<Tag>,
    version: i64,
    created: Timestamp,
    modified: Timestamp,
    /// In the order of the behaviors.
    evaluations: Vec<EvaluationId>,
    retained: Vec<RetainedMetric>,
    attachments: Vec<Attachment>,
    deleted: bool,
}

impl Profile {
    /// Its id: profiles are numbered in the order of creation.
    pub const fn id(&self) -> ProfileId {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 1 at creation, one more at each update (D-16).
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// How its behaviors are being evaluated, in their order.
    pub fn evaluations(&self) -> &[EvaluationId] {
        &self.evaluations
    }

    /// Metrics whose data is kept without a behavior (D-20).
    pub fn retained_metrics(&self) -> &[RetainedMetric] {
        &self.retained
    }

    /// What it is attached to, oldest attachment first.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Where exported values go (D-93).
    pub const fn metrics_export_config(&self) -> Option<&MetricsExportConfig> {
        self.settings.metrics_export_config.as_ref()
    }

    /// Its tags: kept, without effect.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The SNS topic of its alerts.
    pub(crate) fn alert_topic(&self) -> Option<&str> {
        let targets = self.settings.alert_targets.as_ref()?;
        targets.get("SNS").map(|target| target.alert_target_arn.as_str())
    }

    /// Whether a behavior or a retained metric uses a metric.
    pub(crate) fn uses_metric(&self, name: &str) -> bool {
        self.settings.metrics().any(|(metric, _)| metric == name)
    }

    /// Whether a behavior or a retained metric uses a dimension.
    pub(crate) fn uses_dimension(&self, name: &str) -> bool {
        self.settings.metrics().any(|(_, dimension)| dimension.is_some_and(|used| used.dimension_name == name))
    }
}

/// A metric that is kept without a behavior.
#[derive(Clone, Debug, PartialEq)]
pub struct RetainedMetric {
    /// The metric.
    pub metric: MetricRef,
    /// The shape of its values.
    pub value_kind: ValueKind,
    /// Which topics count, where not all do.
    pub dimension: Option<Dimension>,
    /// Whether its values are exported (D-93).
    pub export: bool,
}

/// What Create gives and Update replaces: the members of a profile as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    description: Option<String>,
    behaviors: Option<Vec<wire::Behavior>>,
    alert_targets: Option<BTreeMap<String, AlertTarget>>,
    additional_metrics_to_retain: Option<Vec<String>>,
    additional_metrics_to_retain_v2: Option<Vec<MetricToRetain>>,
    metrics_export_config: Option<MetricsExportConfig>,
}

/// What checking settings yields.
struct Checked {
    behaviors: Vec<Behavior>,
    retained: Vec<RetainedMetric>,
    warnings: Vec<Warning>,
}

impl Settings {
    /// The metrics it names, with their dimensions.
    fn metrics(&self) -> impl Iterator<Item = (&str, Option<&wire::MetricDimension>)> {
        let behaviors = self.behaviors.iter().flatten();
        let of_behaviors = behaviors.filter_map(|b| Some((b.metric.as_deref()?, b.metric_dimension.as_ref())));
        let plain = self.additional_metrics_to_retain.iter().flatten().map(|metric| (metric.as_str(), None));
        let retained = self.additional_metrics_to_retain_v2.iter().flatten();
        of_behaviors.chain(plain).chain(retained.map(|kept| (kept.metric.as_str(), kept.metric_dimension.as_ref())))
    }

    /// Checks everything, in the order of the members.
    fn check(&self, catalog: &Catalog, compatibility: Compatibility) -> Result<Checked, ServiceError> {
        text::DESCRIPTION.check_if_given("securityProfileDescription", self.description.as_deref())?;
        let surroundings = Surroundings {
            description: self.description.as_deref(),
            has_export_config: Some(self.metrics_export_config.is_some()),
        };
        let given = self.behaviors.as_deref().unwrap_or_default();
        let (behaviors, mut warnings) = validate_within(given, catalog, compatibility, surroundings).into_result()?;
        for (kind, target) in self.alert_targets.iter().flatten() {
            if kind != "SNS" {
                return Err(ServiceError::invalid(format!("alertTargets may have the key `SNS`, found `{kind}`")));
            }
            for (shape, arn, pointer) in [
                (text::ARN, &target.alert_target_arn, "/alertTargets/SNS/alertTargetArn"),
                (text::ROLE_ARN, &target.role_arn, "/alertTargets/SNS/roleArn"),
            ] {
                warnings.extend(checked_arn(shape, arn, pointer, compatibility)?);
            }
        }
        if let Some(config) = &self.metrics_export_config {
            text::EXPORT_TOPIC.check("mqttTopic", &config.mqtt_topic)?;
            let pointer = "/metricsExportConfig/roleArn";
            warnings.extend(checked_arn(text::ROLE_ARN, &config.role_arn, pointer, compatibility)?);
        }
        let retained = self.retained(catalog)?;
        Ok(Checked { behaviors, retained, warnings })
    }

    fn retained(&self, catalog: &Catalog) -> Result<Vec<RetainedMetric>, ServiceError> {
        let plain = self
            .additional_metrics_to_retain
            .iter()
            .flatten()
            .map(|metric| MetricToRetain { metric: metric.clone(), ..MetricToRetain::default() });
        let listed = self.additional_metrics_to_retain_v2.iter().flatten().cloned();
        let mut retained: Vec<RetainedMetric> = Vec::new();
        for entry in plain.chain(listed) {
            let kept = self.retained_metric(&entry, catalog)?;
            if !retained.contains(&kept) {
                retained.push(kept);
            }
        }
        Ok(retained)
    }

    fn retained_metric(&self, entry: &MetricToRetain, catalog: &Catalog) -> Result<RetainedMetric, ServiceError> {
        let name = &entry.metric;
        let (metric, value_kind) = catalog
            .metric(name)
            .ok_or_else(|| ServiceError::invalid(format!("metric to retain `{name}` does not exist")))?;
        let dimension = match &entry.metric_dimension {
            None => None,
            Some(_) if !metric.allows_dimension() => {
                return Err(ServiceError::invalid(format!("metricDimension is not valid for metric `{name}`")));
            }
            Some(given) if !catalog.dimensions.contains(&given.dimension_name) => {
                return Err(ServiceError::invalid(format!("dimension `{}` does not exist", given.dimension_name)));
            }
            Some(given) => Some(Dimension {
                name: given.dimension_name.clone(),
                operator: given.operator.unwrap_or(DimensionOperator::In),
            }),
        };
        let export = entry.export_metric.unwrap_or(false);
        if export && self.metrics_export_config.is_none() {
            return Err(ServiceError::invalid(format!("exportMetric of `{name}` requires metricsExportConfig")));
        }
        Ok(RetainedMetric { metric, value_kind, dimension, export })
    }
}
