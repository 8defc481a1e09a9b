//! What the defence costs: alarms on devices that nobody attacked.
//!
//! A *false alarm* is an alarm episode raised on a device outside every attack window. An episode counts once, from
//! in-alarm to cleared or invalidated. Exposure is all devices × the whole run; the time under attack is not taken out,
//! since it is small and two people should compute the same number without knowing it.

use defender::time::Millis;
use serde::{Deserialize, Serialize};
use sim::outcome::{Header, Outcome};

use crate::interval::Rate;
use crate::matching::{Cause, Matching, Verdict};

/// Days of a device-year.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// False alarms of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarmScore {
    /// False alarms, whatever the cause.
    pub total: Rates,
    /// False alarms of behaviors whose alerts are not suppressed: those that somebody has to look at.
    pub alerted: u64,
    /// By cause, in order of precedence; all four, also where none occurred.
    pub causes: Vec<CauseScore>,
    /// By behavior, in profile order; all of them.
    pub behaviors: Vec<BehaviorFalseAlarms>,
    /// By device class; all of them.
    pub classes: Vec<ClassFalseAlarms>,
    /// By day since the start, behavior and cause; days and pairs without any are left out.
    pub days: Vec<DayCell>,
    /// Alarms raised inside an attack window on a metric that the attack does not disturb: neither true nor false.
    pub inside: u64,
    /// How many of those our own mitigation explains (a quarantined device whose messages are refused).
    pub inside_self_inflicted: u64,
}

/// A number of alarms as the three rates that people use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Alarm episodes.
    pub count: u64,
    /// Per day of the run, over the whole fleet.
    pub per_day: Option<Rate>,
    /// Per 1,000 devices and day.
    pub per_1000_device_days: Option<Rate>,
    /// Per device and year of 365.25 days.
    pub per_device_year: Option<Rate>,
}

impl Rates {
    /// `count` alarms of `devices` devices over `duration`.
    pub fn of(count: u64, devices: u64, duration: Millis) -> Rates {
        Rates::over(count, duration, in_days(duration) * devices as f64)
    }

    pub(crate) fn of_run(count: u64, header: &Header) -> Rates {
        Rates::over(count, header.end - header.start, header.device_days())
    }

    fn over(count: u64, duration: Millis, device_days: f64) -> Rates {
        Rates {
            count,
            per_day: Rate::of(count, in_days(duration)),
            per_1000_device_days: Rate::of(count, device_days / 1_000.0),
            per_device_year: Rate::of(count, device_days / DAYS_PER_YEAR),
        }
    }
}

fn in_days(time: Millis) -> f64 {
    time.0 as f64 / Millis::DAY.0 as f64
}

/// False alarms with one cause.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CauseScore {
    /// The cause.
    pub cause: Cause,
    /// How many.
    pub rates: Rates,
}

/// False alarms of one behavior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviorFalseAlarms {
    /// Position among the behaviors of the run.
    pub behavior: u32,
    /// How many.
    pub rates: Rates,
    /// Counts by cause, in the order of [`Cause::ALL`].
    pub by_cause: [u64; 4],
    /// Statistical thresholds only: the share of device-windows that lies outside by construction.
    pub built_in_share: Option<f64>,
    /// Share of the datapoints judged that violated, over all devices.
    pub violating_share: Option<f64>,
}

/// False alarms on one device class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFalseAlarms {
    /// The class.
    pub class: String,
    /// How many, over the devices of the class.
    pub rates: Rates,
}

/// False alarms of one day, behavior and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DayCell {
    /// Whole days since the start of the run.
    pub day: u32,
    /// Position among the behaviors of the run.
    pub behavior: u32,
    /// The cause.
    pub cause: Cause,
    /// How many were raised.
    pub count: u64,
}

/// Scores false alarms.
pub fn score(outcome: &Outcome, matching: &Matching) -> FalseAlarmScore {
    let header = &outcome.header;
    let mut cells: Vec<(u32, u32, Cause)> = Vec::new();
    let mut by_class = vec![0; outcome.classes.len()];
    let (mut alerted, mut inside, mut inside_self_inflicted) = (0, 0, 0);
    for (alarm, verdict) in outcome.alarms.iter().zip(&matching.verdicts) {
        match verdict {
            Verdict::True { .. } => {}
            Verdict::Inside { cause, .. } => {
                inside += 1;
                inside_self_inflicted += u64::from(*cause == Cause::SelfInflicted);
            }
            Verdict::False { cause, .. } => {
                let day = ((alarm.raised - header.start).0 / Millis::DAY.0) as u32;
                cells.push((day, alarm.behavior, *cause));
                by_class[outcome.class_of(alarm.device)] += 1;
                alerted += u64::from(!outcome.behaviors[alarm.behavior as usize].suppressed);
            }
        }
    }
    cells.sort_unstable();
    let days: Vec<DayCell> = cells
        .chunk_by(|a, b| a == b)
        .map(|same| DayCell { day: same[0].0, behavior: same[0].1, cause: same[0].2, count: same.len() as u64 })
        .collect();
    let sum = |keep: &dyn Fn(&DayCell) -> bool| days.iter().filter(|cell| keep(cell)).map(|cell| cell.count).sum();
    FalseAlarmScore {
        total: Rates::of_run(cells.len() as u64, header),
        alerted,
        causes: Cause::ALL
            .map(|cause| CauseScore { cause, rates: Rates::of_run(sum(&|cell| cell.cause == cause), header) })
            .to_vec(),
        behaviors: (0..outcome.behaviors.len() as u32)
            .map(|behavior| {
                let row = &outcome.behaviors[behavior as usize];
                BehaviorFalseAlarms {
                    behavior,
                    rates: Rates::of_run(sum(&|cell| cell.behavior == behavior), header),
                    by_cause: Cause::ALL.map(|cause| sum(&|cell| cell.behavior == behavior && cell.cause == cause)),
                    built_in_share: row.built_in_share,
                    violating_share: (row.datapoints > 0).then(|| row.violating as f64 / row.datapoints as f64),
                }
            })
            .collect(),
        classes: outcome
            .classes
            .iter()
            .zip(by_class)
            .map(|(class, count)| {
                let device_days = in_days(outcome.device_time(class.devices.clone()));
                ClassFalseAlarms {
                    class: class.name.clone(),
                    rates: Rates::over(count, header.end - header.start, device_days),
                }
            })
            .collect(),
        days,
        inside,
        inside_self_inflicted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::matching::match_alarms;
    use crate::options::Options;
    use sim::outcome::ActKind;

    #[test]
    fn three_rates_of_one_count() {
        // 14 alarms of 2,000 devices in 7 days: 2 a day, 1 per 1,000 device-days, 14 / (14,000 / 365.25) a device-year.
        let rates = Rates::of(14, 2_000, Millis::days(7));
        let value = |rate: Option<Rate>| rate.expect("exposure").value;
        assert_eq!(value(rates.per_day), 2.0);
        assert_eq!(value(rates.per_1000_device_days), 1.0);
        assert!((value(rates.per_device_year) - 0.365_25).abs() < 1e-12);
    }

    #[test]
    fn split_by_cause_behavior_class_and_day() {
        let mut fixture = Fixture::new(10, 2);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120)]);
        fixture.act(ActKind::Confounder, "rollout", &["aws:num-messages-sent"], &[(1, 0, 600)]);
        fixture.act(ActKind::SelfInflicted, "quarantine", &["aws:num-authorization-failures"], &[(0, 90, 2_000)]);
        fixture.alarm(0, 0, 70, 5); // true
        fixture.alarm(1, 0, 100, 5); // inside, self-inflicted
        fixture.alarm(1, 0, 500, 5); // false, self-inflicted
        fixture.alarm(0, 1, 100, 5).alarm(0, 1, 200, 5); // false, confounder, day 0
        fixture.alarm(0, 2, 1_500, 5); // false, plain, day 1
        fixture.outcome.behaviors[1].suppressed = true;
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let score = score(&fixture.outcome, &matching);
        assert_eq!((score.total.count, score.alerted), (4, 3));
        assert_eq!((score.inside, score.inside_self_inflicted), (1, 1));
        let by_cause: Vec<_> = score.causes.iter().map(|row| (row.cause, row.rates.count)).collect();
        assert_eq!(by_cause, [(Cause::SelfInflicted, 1), (Cause::Fault, 0), (Cause::Confounder, 2), (Cause::Plain, 1)]);
        assert_eq!(score.behaviors[0].by_cause, [0, 0, 2, 1]);
        assert_eq!(score.behaviors[1].by_cause, [1, 0, 0, 0]);
        assert_eq!(score.classes[0].rates.count, 4);
        assert_eq!(
            score.days,
            [
                DayCell { day: 0, behavior: 0, cause: Cause::Confounder, count: 2 },
                DayCell { day: 0, behavior: 1, cause: Cause::SelfInflicted, count: 1 },
                DayCell { day: 1, behavior: 0, cause: Cause::Plain, count: 1 },
            ]
        );
    }

    #[test]
    fn no_false_alarm_is_a_rate_of_zero_with_an_upper_bound() {
        let rates = Rates::of(0, 1_000, Millis::days(10));
        let rate = rates.per_day.expect("ten days");
        assert_eq!((rate.value, rate.low), (0.0, 0.0));
        assert!((rate.high - 0.368_888).abs() < 1e-5);
    }

    #[test]
    fn a_run_of_no_length_has_no_rate() {
        assert_eq!(Rates::of(0, 1_000, Millis(0)).per_day, None);
    }
}
