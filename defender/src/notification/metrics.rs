//! CloudWatch metrics, namespace `AWS/IoT` (A-54, D-89): sums per five minutes.

use std::collections::BTreeMap;
use std::fmt;

use super::alert::KeptBehavior;
use super::outbox::Texts;
use crate::detect::alarm::ViolationEventType;
use crate::time::{Millis, Timestamp};

/// A metric's name in CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricName {
    /// New violations.
    Violations,
    /// Violations that ended by conforming datapoints.
    ViolationsCleared,
    /// Violations that ended otherwise (5.12).
    ViolationsInvalidated,
    /// Non-compliant resources found by a check of an audit.
    NonCompliantResources,
    /// Resources that a check of an audit looked at.
    ResourcesEvaluated,
}

impl MetricName {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            MetricName::Violations => "Violations",
            MetricName::ViolationsCleared => "ViolationsCleared",
            MetricName::ViolationsInvalidated => "ViolationsInvalidated",
            MetricName::NonCompliantResources => "NonCompliantResources",
            MetricName::ResourcesEvaluated => "ResourcesEvaluated",
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<ViolationEventType> for MetricName {
    fn from(event: ViolationEventType) -> MetricName {
        match event {
            ViolationEventType::InAlarm => MetricName::Violations,
            ViolationEventType::AlarmCleared => MetricName::ViolationsCleared,
            ViolationEventType::AlarmInvalidated => MetricName::ViolationsInvalidated,
        }
    }
}

/// What a series is about; texts by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Account,
    Profile(u32),
    Behavior { profile: u32, name: u32 },
    Check { audit: u32, check: u32 },
}

/// One metric with its dimensions and its sums over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricSeries<'a> {
    /// The metric.
    pub name: MetricName,
    /// Dimension names and values; none at account level.
    pub dimensions: Vec<(&'static str, &'a str)>,
    /// Start of each five minutes in which something was counted, and the sum.
    pub points: &'a BTreeMap<Timestamp, u64>,
}

impl MetricSeries<'_> {
    /// The sum over all time.
    pub fn total(&self) -> u64 {
        self.points.values().sum()
    }
}

/// All series.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    series: BTreeMap<(MetricName, Scope), BTreeMap<Timestamp, u64>>,
}

impl Metrics {
    fn add(&mut self, at: Timestamp, name: MetricName, scope: Scope, count: u64) {
        let period = at.floor_to(Millis::minutes(5));
        *self.series.entry((name, scope)).or_default().entry(period).or_default() += count;
    }

    /// At account level, per profile, and per profile and behavior (D-89).
    pub(super) fn violation(&mut self, at: Timestamp, behavior: &KeptBehavior, event: ViolationEventType) {
        let (profile, name) = (behavior.profile, behavior.name);
        for scope in [Scope::Account, Scope::Profile(profile), Scope::Behavior { profile, name }] {
            self.add(at, event.into(), scope, 1);
        }
    }

    /// Per check and audit.
    pub(super) fn check(&mut self, at: Timestamp, audit: u32, check: u32, evaluated: u64, non_compliant: u64) {
        let scope = Scope::Check { audit, check };
        self.add(at, MetricName::NonCompliantResources, scope, non_compliant);
        self.add(at, MetricName::ResourcesEvaluated, scope, evaluated);
    }

    pub(super) fn iter<'a>(&'a self, texts: &'a Texts) -> impl Iterator<Item = MetricSeries<'a>> {
        self.series.iter().map(move |((name, scope), points)| {
            let text = |id: &u32| texts.get(*id);
            let dimensions = match scope {
                Scope::Account => vec![],
                Scope::Profile(profile) => vec![("SecurityProfileName", text(profile))],
                Scope::Behavior { profile, name } => {
                    vec![("SecurityProfileName", text(profile)), ("BehaviorName", text(name))]
                }
                Scope::Check { audit, check } => {
                    vec![("ScheduledAuditName", text(audit)), ("CheckName", text(check))]
                }
            };
            MetricSeries { name: *name, dimensions, points }
        })
    }
}
