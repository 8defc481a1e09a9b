//! Where the time between an attack's onset and the response goes.
//!
//! For each detected device the span from onset to effect is cut into consecutive stages, so that the stages add up to
//! the whole without gap or overlap:
//!
//! | stage | from | to |
//! | --- | --- | --- |
//! | report | onset | the first datapoint it disturbs is complete (device-side metrics: a report has to come) |
//! | window | onset | the window that holds the onset closes (cloud-side metrics) |
//! | threshold | that moment | the first violating datapoint of the run that alarmed |
//! | consecutive | first violating datapoint | the alarm (`in-alarm`) |
//! | notification | alarm | the alert leaves |
//! | response | alert | the first mitigation on the device takes hold, or the attack is contained |

use defender::metric::Metric;
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{BehaviorRow, DeviceId, Outcome};

use crate::latency::Latency;
use crate::matching::{Detection, Matching};

/// A stage on the way from onset to effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Waiting for the device's report.
    Report,
    /// Waiting for the window to close.
    Window,
    /// Until a datapoint violates: the attack shows, but has not crossed the threshold.
    Threshold,
    /// Until enough consecutive datapoints violated.
    Consecutive,
    /// Until the alert left.
    Notification,
    /// Until a response took hold.
    Response,
}

impl Stage {
    /// All stages, in the order in which they happen.
    pub const ALL: [Stage; 6] =
        [Stage::Report, Stage::Window, Stage::Threshold, Stage::Consecutive, Stage::Notification, Stage::Response];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Report => "report",
            Stage::Window => "window",
            Stage::Threshold => "threshold",
            Stage::Consecutive => "consecutive",
            Stage::Notification => "notification",
            Stage::Response => "response",
        }
    }
}

/// A waterfall: the mean of each stage over detected devices, with the floor marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    /// Attack, by name; `None` for all attacks together.
    pub attack: Option<String>,
    /// Detected devices: the base of the stages up to the alarm.
    pub devices: u64,
    /// The stages, in order.
    pub stages: Vec<StageScore>,
    /// The floor that no threshold can beat: report interval (device-side metrics) + duration × datapoints to alarm, of
    /// the behavior that detected the device; mean over the devices. It is a bound for the worst moment to start.
    pub floor: Millis,
    /// The earliest alarm that was possible on these very devices: first-observable + (datapoints to alarm − 1) further
    /// datapoints, counted from onset; mean over the devices.
    pub earliest: Millis,
}

/// One stage of a waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageScore {
    /// Which.
    pub stage: Stage,
    /// Time spent in it; `None` if no device came this far. Devices that did not are not in it.
    pub time: Option<Latency>,
}

/// The waterfall of all attacks together, then of each attack of which something was detected.
pub fn score(outcome: &Outcome, matching: &Matching) -> Vec<Waterfall> {
    let effects = first_effects(outcome);
    let rows: Vec<Row> = matching.detections.iter().filter_map(|detection| row(outcome, &effects, detection)).collect();
    let mut waterfalls = Vec::new();
    waterfalls.extend(waterfall(None, &rows.iter().collect::<Vec<_>>()));
    for (position, act) in outcome.truth.iter().enumerate() {
        let of_act: Vec<&Row> = rows.iter().filter(|row| row.act as usize == position).collect();
        waterfalls.extend(waterfall(Some(act.name.clone()), &of_act));
    }
    waterfalls
}

/// Whether the broker measures this metric; custom metrics come from the device.
pub(crate) fn is_cloud_side(metric: &str) -> bool {
    metric.parse::<Metric>().is_ok_and(Metric::is_cloud_side)
}

/// Interval of the reports of a device's class, or zero without an agent.
pub(crate) fn report_interval(outcome: &Outcome, device: DeviceId) -> Millis {
    outcome.classes[outcome.class_of(device)].report_interval.unwrap_or_default()
}

/// The nominal floor of a behavior on a device: report interval (device-side) + duration × datapoints to alarm.
pub(crate) fn floor(behavior: &BehaviorRow, report_interval: Millis) -> Millis {
    let wait = if is_cloud_side(&behavior.metric) { Millis(0) } else { report_interval };
    wait + Millis(behavior.duration.0 * i64::from(behavior.to_alarm))
}

/// One detected device, cut into stages.
struct Row {
    act: u32,
    stages: [Option<Millis>; 6],
    floor: Millis,
    earliest: Millis,
}

fn row(outcome: &Outcome, effects: &[(u32, Timestamp)], detection: &Detection) -> Option<Row> {
    let alarm = &outcome.alarms[detection.strict? as usize];
    let behavior = &outcome.behaviors[alarm.behavior as usize];
    let cloud_side = is_cloud_side(&behavior.metric);
    let interval = report_interval(outcome, detection.device);
    // A run of violations may have begun by chance before the attack: then the attack waited for nothing.
    let violated = alarm.first_violation.max(detection.onset).min(alarm.raised);
    let observable = detection.first_observable.unwrap_or(violated).max(detection.onset);
    let closes = if cloud_side { detection.onset.floor_to(behavior.duration) + behavior.duration } else { observable };
    let closes = closes.min(violated);
    let wait = closes - detection.onset;
    let (report, window) = if cloud_side { (Millis(0), wait) } else { (wait, Millis(0)) };
    let notification = alarm.notified.map(|notified| notified - alarm.raised);
    let response = alarm.notified.and_then(|notified| {
        let contained = detection.contained.filter(|contained| *contained >= alarm.raised);
        let effect = effect_after(effects, detection.device.0, alarm.raised).into_iter().chain(contained).min()?;
        Some((effect - notified).max(Millis(0)))
    });
    let step = if cloud_side { behavior.duration } else { interval };
    Some(Row {
        act: detection.act,
        stages: [
            Some(report),
            Some(window),
            Some(violated - closes),
            Some(alarm.raised - violated),
            notification,
            response,
        ],
        floor: floor(behavior, interval),
        earliest: observable - detection.onset + Millis(step.0 * (i64::from(behavior.to_alarm) - 1)),
    })
}

/// (device, when a mitigation took hold), sorted.
fn first_effects(outcome: &Outcome) -> Vec<(u32, Timestamp)> {
    let mut effects: Vec<(u32, Timestamp)> =
        outcome.mitigations.iter().filter_map(|row| Some((row.device?.0, row.effective?))).collect();
    effects.sort_unstable();
    effects
}

fn effect_after(effects: &[(u32, Timestamp)], device: u32, after: Timestamp) -> Option<Timestamp> {
    let start = effects.partition_point(|effect| *effect < (device, after));
    effects.get(start).filter(|(of, _)| *of == device).map(|(_, time)| *time)
}

fn waterfall(attack: Option<String>, rows: &[&Row]) -> Option<Waterfall> {
    if rows.is_empty() {
        return None;
    }
    let count = rows.len() as i64;
    let mean = |of: fn(&Row) -> Millis| Millis(rows.iter().map(|row| of(row).0).sum::<i64>() / count);
    Some(Waterfall {
        attack,
        devices: rows.len() as u64,
        stages: Stage::ALL
            .into_iter()
            .enumerate()
            .map(|(i, stage)| StageScore { stage, time: Latency::of(rows.iter().filter_map(|row| row.stages[i])) })
            .collect(),
        floor: mean(|row| row.floor),
        earliest: mean(|row| row.earliest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, at};
    use crate::matching::match_alarms;
    use crate::options::Options;

    fn means(waterfall: &Waterfall) -> Vec<Option<i64>> {
        waterfall.stages.iter().map(|stage| stage.time.as_ref().map(|time| time.mean.0 / 1_000)).collect()
    }

    #[test]
    fn stages_of_a_cloud_side_metric_add_up() {
        // Onset at minute 62: the window closes at 65; first violation at 70, alarm at 75, alert at 76, effect at 80.
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 62, 300)]);
        fixture.alarm(0, 1, 75, 10).quarantine(1, 75, 80);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let waterfalls = score(&fixture.outcome, &matching);
        assert_eq!(waterfalls.len(), 2);
        assert_eq!((waterfalls[0].attack.as_deref(), waterfalls[1].attack.as_deref()), (None, Some("leak")));
        assert_eq!(means(&waterfalls[0]), [0, 180, 300, 300, 60, 240].map(Some));
        assert_eq!(waterfalls[0].floor, Millis::minutes(10));
        // Observable at 65, one further window: 70, eight minutes after onset.
        assert_eq!(waterfalls[0].earliest, Millis::minutes(8));
    }

    #[test]
    fn a_device_side_metric_waits_for_its_report() {
        // Reports every 10 minutes; first at 65. Floor: 10 + 2 × 5 minutes.
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("bytes", "aws:all-bytes-out");
        fixture.attack("leak", &["aws:all-bytes-out"], &[(1, 62, 300)]);
        fixture.alarm(0, 1, 75, 10);
        fixture.outcome.alarms[0].first_violation = at(65);
        fixture.outcome.alarms[0].notified = None;
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let waterfall = &score(&fixture.outcome, &matching)[0];
        assert_eq!(means(waterfall), [Some(180), Some(0), Some(0), Some(600), None, None]);
        assert_eq!(waterfall.floor, Millis::minutes(20));
        assert_eq!(waterfall.earliest, Millis::minutes(13));
    }

    #[test]
    fn a_run_that_began_before_the_onset_costs_no_wait() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 62, 300)]);
        fixture.alarm(0, 1, 65, 10);
        fixture.outcome.alarms[0].first_violation = at(60);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(means(&score(&fixture.outcome, &matching)[0])[..4], [0, 0, 0, 180].map(Some));
    }

    #[test]
    fn undetected_attacks_have_no_waterfall() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 62, 300)]);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert!(score(&fixture.outcome, &matching).is_empty());
    }
}
