//! Scores as people read them: by what they are called, in their unit, with the definition behind them.

use lab::Millis;
use lab::expect::{Measure, Unit};

use crate::wording::{amount, number, percent, span};

/// A score's name for people: `recall`, `mean dwell time`, `p95 latency`, `false alarms`, `harm done`. The unit says per
/// what, and of what.
pub(crate) fn spoken(score: &str) -> String {
    let name = score.split_once(' ').map_or(score, |(name, _)| name);
    let name = name.strip_suffix("_per_1000_device_days").unwrap_or(name);
    match name.split_once('.') {
        Some((name, statistic)) => format!("{statistic} {}", name.replace('_', " ")),
        None => name.replace('_', " "),
    }
}

/// The anchor of the definition behind a score, or nothing: `report.html#def-ID`.
pub(crate) fn term(score: &str) -> &'static str {
    let name = score.split(['.', ' ']).next().unwrap_or(score);
    let Some(measure) = Measure::named(name) else { return if name == "harm_done" { "harm" } else { "" } };
    match measure {
        Measure::Recall | Measure::RecallLenient | Measure::IncidentRecall => "recall",
        Measure::Precision => "precision",
        Measure::F1 => "f1",
        Measure::Latency
        | Measure::LatencyFromObservable
        | Measure::FirstDetection
        | Measure::HalfDetected
        | Measure::TimeUndetected => "detection-time",
        Measure::ResetTime | Measure::NotReset => "reset-time",
        Measure::Alarms | Measure::TrueAlarms | Measure::AlarmsPerDay | Measure::WorstHour => "alarms-per-day",
        Measure::FalseAlarms
        | Measure::FalseAlarmsPerDay
        | Measure::FalseAlarmsPer1000DeviceDays
        | Measure::FalseAlarmsPerDeviceYear => "false-alarm",
        Measure::FalseAlarmsSelfInflicted
        | Measure::FalseAlarmsFault
        | Measure::FalseAlarmsConfounder
        | Measure::FalseAlarmsPlain => "cause",
        Measure::IncidentsPerDay | Measure::WaitForOneAnalyst => "incident",
        Measure::HarmAverted => "harm",
        Measure::AuditRecall => "audit-recall",
        Measure::AuditPrecision => "audit-precision",
        Measure::RemediationCoverage => "coverage",
        Measure::TimeToContain => "time-to-contain",
        Measure::Removed | Measure::TimeToRemove => "removed",
        Measure::DwellTime | Measure::TimeToAcknowledge | Measure::TimeToRespond => "dwell",
        Measure::CollateralDevices | Measure::CollateralDeviceHours => "collateral",
        Measure::RotatedInTime | Measure::OutageDeviceHours => "rotation",
        Measure::Notifications
        | Measure::Audits
        | Measure::Findings
        | Measure::NonCompliant
        | Measure::SuppressedFindings
        | Measure::TimeToFinding
        | Measure::Started
        | Measure::Effective
        | Measure::Failed
        | Measure::TimeToEffect => "",
    }
}

/// A value in its unit. Of a difference, `signed` shows which way.
pub(crate) fn shown(value: f64, unit: &Unit, signed: bool) -> String {
    if signed && value == 0.0 {
        return "0".to_owned();
    }
    let sign = if signed && value > 0.0 { "+" } else { "" };
    let magnitude = match unit {
        Unit::Share if signed => format!("{} points", number(value * 100.0)),
        Unit::Share => percent(value),
        Unit::Seconds => span(Millis((value * 1_000.0).round() as i64)),
        Unit::PerDay => format!("{} a day", number(value)),
        Unit::Per1000DeviceDays => format!("{} per 1,000 device-days", number(value)),
        Unit::PerDeviceYear => format!("{} per device-year", number(value)),
        Unit::DeviceHours => format!("{} device-hours", number(value)),
        // A mean over seeds need not be whole.
        Unit::Amount(what) if value.fract() != 0.0 && value.abs() < 100.0 => format!("{} {what}", number(value)),
        Unit::Amount(what) if value >= 0.0 => amount(value.round() as u64, what),
        Unit::Amount(what) => format!("-{}", amount((-value).round() as u64, what)),
    };
    format!("{sign}{magnitude}")
}

/// A change from one value to another, `0.95 → 1.20 alarms a day`: the unit of rates stands once. What is not there is
/// `n/a`.
pub(crate) fn change(from: Option<f64>, to: Option<f64>, unit: &Unit) -> String {
    let whole = |x: f64| shown(x, unit, false);
    let brief = |x: f64| match unit {
        Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear | Unit::DeviceHours => number(x),
        Unit::Share | Unit::Seconds | Unit::Amount(_) => whole(x),
    };
    let told = |x: Option<f64>, words: &dyn Fn(f64) -> String| x.map_or_else(|| "n/a".to_owned(), words);
    match to {
        Some(_) => format!("{} → {}", told(from, &brief), told(to, &whole)),
        None => format!("{} → n/a", told(from, &whole)),
    }
}

/// The interval of a difference, `-0.61 to +0.25`: the unit stands with the value before it.
pub(crate) fn interval(low: f64, high: f64, unit: &Unit) -> String {
    if low == 0.0 && high == 0.0 {
        return String::new();
    }
    let end = |x: f64| match unit {
        Unit::Seconds | Unit::Amount(_) => shown(x, unit, true),
        Unit::Share => bare(x * 100.0),
        Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear | Unit::DeviceHours => bare(x),
    };
    format!("{} to {}", end(low), end(high))
}

/// The ends of a value's interval, `91.2 % to 95.1 %`: as [`shown`], the unit of rates standing with the value only.
pub(crate) fn ends(low: f64, high: f64, unit: &Unit) -> String {
    let end = |x: f64| match unit {
        Unit::Share | Unit::Seconds => shown(x, unit, false),
        Unit::Amount(what) if what.contains("bytes") || what.contains("seconds") => shown(x, unit, false),
        _ => number(x),
    };
    format!("{} to {}", end(low), end(high))
}

fn bare(x: f64) -> String {
    format!("{}{}", if x > 0.0 { "+" } else { "" }, number(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glossary::TERMS;

    #[test]
    fn scores_are_called_by_their_names() {
        let names =
            ["recall", "dwell_time.mean", "latency.p95", "false_alarms_per_1000_device_days", "harm_done bytes"];
        let told = ["recall", "mean dwell time", "p95 latency", "false alarms", "harm done"];
        assert_eq!(names.map(spoken), told);
    }

    #[test]
    fn values_carry_their_unit_and_intervals_do_not_repeat_it() {
        assert_eq!(shown(0.95, &Unit::Share, false), "95.0 %");
        assert_eq!(shown(-0.125, &Unit::Share, true), "-12.5 points");
        assert_eq!(shown(90.0, &Unit::Seconds, true), "+1m 30s");
        assert_eq!(shown(1.5, &Unit::Amount("alarms".into()), false), "1.50 alarms");
        assert_eq!(change(Some(0.95), Some(1.2), &Unit::PerDay), "0.950 → 1.20 a day");
        assert_eq!(change(Some(0.95), None, &Unit::PerDay), "0.950 a day → n/a");
        assert_eq!(change(None, Some(0.5), &Unit::Share), "n/a → 50.0 %");
        assert_eq!(interval(-0.61, 0.25, &Unit::PerDay), "-0.610 to +0.250");
        assert_eq!(ends(0.9, 1.0, &Unit::Share), "90.0 % to 100 %");
        assert_eq!(ends(1.5, 2.5, &Unit::Per1000DeviceDays), "1.50 to 2.50");
        assert_eq!(ends(3_600.0, 7_200.0, &Unit::Amount("seconds open".into())), "1 h open to 2 h open");
    }

    #[test]
    fn every_definition_linked_is_there() {
        for measure in Measure::ALL {
            let term = term(measure.name());
            assert!(term.is_empty() || TERMS.iter().any(|known| known.id == term), "{}: {term}", measure.name());
        }
        assert!(TERMS.iter().any(|known| known.id == term("harm_done bytes")));
    }
}
