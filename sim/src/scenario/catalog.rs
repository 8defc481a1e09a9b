//! The catalog of measures: every score that has one number, with its name, its unit, which way it improves and whose it
//! is. `[expect]` holds runs against them, and the laboratory lays them side by side. What each means, and where it
//! stands in a scorecard, is said by the laboratory.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::expect::SubjectKind;

/// What a score is measured in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A share of something, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Per day of the run, over the whole fleet.
    PerDay,
    /// Per 1,000 devices and day.
    Per1000DeviceDays,
    /// Per device and year of 365.25 days.
    PerDeviceYear,
    /// Hours of single devices.
    DeviceHours,
    /// A whole number of these, for example `alarms`.
    Amount(Cow<'static, str>),
}

/// A number of things.
const fn amount(what: &'static str) -> Unit {
    Unit::Amount(Cow::Borrowed(what))
}

/// Which way a score improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes, and a change is told without being a regression.
    Neither,
}

impl Better {
    /// By how much a change is for the worse, negative if it is for the better; `None` where neither side is.
    pub fn loss(self, change: f64) -> Option<f64> {
        match self {
            Better::Higher => Some(-change),
            Better::Lower => Some(change),
            Better::Neither => None,
        }
    }
}

/// What place a measure has among all where runs are laid side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// A verdict looks at it, where it is of the whole run.
    Headline,
    /// It is told.
    Plain,
    /// It says what another says, in another unit: it can be expected, and is not told twice.
    Restated,
}

/// One number of a distribution of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as in every table of quantiles")]
pub enum Statistic {
    Min,
    Mean,
    P50,
    P90,
    P95,
    P99,
    Max,
}

impl Statistic {
    /// All, in ascending order of what they show.
    pub const ALL: [Statistic; 7] = [
        Statistic::Min,
        Statistic::Mean,
        Statistic::P50,
        Statistic::P90,
        Statistic::P95,
        Statistic::P99,
        Statistic::Max,
    ];

    /// The word after the point.
    pub const fn name(self) -> &'static str {
        match self {
            Statistic::Min => "min",
            Statistic::Mean => "mean",
            Statistic::P50 => "p50",
            Statistic::P90 => "p90",
            Statistic::P95 => "p95",
            Statistic::P99 => "p99",
            Statistic::Max => "max",
        }
    }
}

macro_rules! measures {
    ($($variant:ident, $name:literal, $unit:expr, $form:ident, $better:ident, $rank:ident, [$($subject:ident),*];)*) => {
        /// A score with one number, or with a distribution of times of which a [`Statistic`] is one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "defined at lab::expect::definition, one sentence each")]
        pub enum Measure { $($variant,)* }

        impl Measure {
            /// All measures.
            pub const ALL: &[Measure] = &[$(Measure::$variant,)*];

            /// The word.
            pub const fn name(self) -> &'static str {
                match self { $(Measure::$variant => $name,)* }
            }

            /// What it is counted in.
            pub const fn unit(self) -> Unit {
                match self { $(Measure::$variant => $unit,)* }
            }

            /// Whether it is a distribution, of which a [`Statistic`] is asked for.
            pub const fn is_distribution(self) -> bool {
                match self { $(Measure::$variant => matches!(Form::$form, Form::Times),)* }
            }

            /// Which way is better.
            pub const fn better(self) -> Better {
                match self { $(Measure::$variant => Better::$better,)* }
            }

            /// Its place among all.
            pub const fn rank(self) -> Rank {
                match self { $(Measure::$variant => Rank::$rank,)* }
            }

            /// The subjects that have it.
            pub const fn subjects(self) -> &'static [SubjectKind] {
                match self { $(Measure::$variant => &[$(SubjectKind::$subject,)*],)* }
            }
        }
    };
}

/// How many numbers a measure has.
enum Form {
    /// One.
    One,
    /// A distribution of times.
    Times,
}

use Unit::{DeviceHours, Per1000DeviceDays, PerDay, PerDeviceYear, Seconds, Share};

measures! {
    Recall, "recall", Share, One, Higher, Headline, [Run, Attack, Defect, Behavior, Class, Check];
    RecallLenient, "recall_lenient", Share, One, Higher, Plain, [Run, Attack];
    IncidentRecall, "incident_recall", Share, One, Higher, Plain, [Run];
    Precision, "precision", Share, One, Higher, Headline, [Run, Behavior, Check];
    F1, "f1", Share, One, Higher, Plain, [Run, Behavior];
    TimeUndetected, "time_undetected", Seconds, Times, Lower, Headline, [Run, Attack];
    Latency, "latency", Seconds, Times, Lower, Plain, [Run, Attack, Class];
    LatencyFromObservable, "latency_from_observable", Seconds, Times, Lower, Plain, [Run, Attack];
    FirstDetection, "first_detection", Seconds, One, Lower, Plain, [Attack];
    HalfDetected, "half_detected", Seconds, One, Lower, Plain, [Attack];
    ResetTime, "reset_time", Seconds, Times, Lower, Plain, [Run];
    NotReset, "not_reset", amount("alarms"), One, Lower, Plain, [Run];
    TimeToAcknowledge, "time_to_acknowledge", Seconds, Times, Lower, Plain, [Run];
    TimeToRespond, "time_to_respond", Seconds, Times, Lower, Plain, [Run];
    DwellTime, "dwell_time", Seconds, Times, Lower, Headline, [Run];
    Alarms, "alarms", amount("alarms"), One, Neither, Restated, [Run, Behavior, Class];
    TrueAlarms, "true_alarms", amount("alarms"), One, Neither, Plain, [Run, Behavior];
    FalseAlarms, "false_alarms", amount("alarms"), One, Lower, Restated, [Run, Behavior, Class];
    AlarmsPerDay, "alarms_per_day", PerDay, One, Neither, Plain, [Run, Behavior, Class];
    FalseAlarmsPerDay, "false_alarms_per_day", PerDay, One, Lower, Restated, [Run, Behavior, Class];
    FalseAlarmsPer1000DeviceDays, "false_alarms_per_1000_device_days", Per1000DeviceDays, One, Lower, Headline, [Run, Behavior, Class];
    FalseAlarmsPerDeviceYear, "false_alarms_per_device_year", PerDeviceYear, One, Lower, Restated, [Run, Behavior, Class];
    FalseAlarmsSelfInflicted, "false_alarms_self_inflicted", Per1000DeviceDays, One, Lower, Plain, [Run];
    FalseAlarmsFault, "false_alarms_fault", Per1000DeviceDays, One, Lower, Plain, [Run];
    FalseAlarmsConfounder, "false_alarms_confounder", Per1000DeviceDays, One, Lower, Plain, [Run];
    FalseAlarmsPlain, "false_alarms_plain", Per1000DeviceDays, One, Lower, Plain, [Run];
    IncidentsPerDay, "incidents_per_day", PerDay, One, Neither, Plain, [Run];
    WorstHour, "worst_hour", amount("alarms"), One, Lower, Plain, [Run];
    WaitForOneAnalyst, "wait_for_one_analyst", Seconds, Times, Lower, Plain, [Run];
    Notifications, "notifications", amount("messages"), One, Neither, Plain, [Run];
    Audits, "audits", amount("audits"), One, Neither, Plain, [Run];
    AuditRecall, "audit_recall", Share, One, Higher, Headline, [Run];
    AuditPrecision, "audit_precision", Share, One, Higher, Headline, [Run];
    Findings, "findings", amount("findings"), One, Neither, Plain, [Run, Check];
    NonCompliant, "non_compliant", amount("results"), One, Neither, Plain, [Check];
    SuppressedFindings, "suppressed_findings", amount("results"), One, Neither, Plain, [Check];
    TimeToFinding, "time_to_finding", Seconds, Times, Lower, Plain, [Run, Check];
    RemediationCoverage, "remediation_coverage", Share, One, Higher, Headline, [Run, Attack];
    TimeToContain, "time_to_contain", Seconds, Times, Lower, Plain, [Run, Attack];
    HarmAverted, "harm_averted", Share, One, Higher, Plain, [Attack, Defect];
    Removed, "removed", Share, One, Higher, Plain, [Defect];
    TimeToRemove, "time_to_remove", Seconds, Times, Lower, Plain, [Defect];
    CollateralDevices, "collateral_devices", amount("devices"), One, Lower, Plain, [Run];
    CollateralDeviceHours, "collateral_device_hours", DeviceHours, One, Lower, Headline, [Run];
    RotatedInTime, "rotated_in_time", Share, One, Higher, Plain, [Run];
    OutageDeviceHours, "outage_device_hours", DeviceHours, One, Lower, Plain, [Run];
    Started, "started", amount("times"), One, Neither, Plain, [Action];
    Effective, "effective", amount("times"), One, Neither, Plain, [Action];
    Failed, "failed", amount("times"), One, Lower, Plain, [Action];
    TimeToEffect, "time_to_effect", Seconds, Times, Lower, Plain, [Action];
}

impl Measure {
    /// The measure of that name.
    pub fn named(name: &str) -> Option<Measure> {
        Measure::ALL.iter().copied().find(|measure| measure.name() == name)
    }

    /// Its name, with the statistic of a distribution: `latency.p95`.
    pub fn quantity(self, statistic: Option<Statistic>) -> String {
        match statistic {
            Some(statistic) => format!("{}.{}", self.name(), statistic.name()),
            None => self.name().to_owned(),
        }
    }
}
