//! The numbers that people ask for first: the six measures, and the mean times of incident response.

use defender::time::Timestamp;
use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;

use crate::detection::detected_at;
use crate::false_alarm::Rates;
use crate::interval::{Proportion, Rate};
use crate::latency::Latency;
use crate::matching::{Detection, Matching, Verdict, part_on};

/// The six measures of a detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Precision: true alarm episodes among true and false ones (strict).
    pub precision: Option<Proportion>,
    /// Recall: attacked devices detected (strict).
    pub recall: Option<Proportion>,
    /// Detection time: first strict alarm − onset, per detected device.
    pub detection_time: Option<Latency>,
    /// Reset time: from the moment the attack stopped on the device (contained, or its end) until the true alarm ended.
    /// Alarms that ended before the attack stopped are left out.
    pub reset_time: Option<Latency>,
    /// True alarms that still stood at the end of the run although the attack had stopped: they have no reset time yet.
    pub not_reset: u64,
    /// All alarm episodes per day of the run, suppressed behaviors included.
    pub alarms_per_day: Option<Rate>,
    /// False alarms per day, per 1,000 device-days and per device-year.
    pub false_alarms: Rates,
}

/// Mean times of incident response, each with its distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseTimes {
    /// MTTD, time to detect: onset → first strict alarm, over detected devices. Its `mean` is what the name says.
    pub detect: Option<Latency>,
    /// MTTA, time to acknowledge: first strict alarm → a response to it starts on the device.
    pub acknowledge: Option<Latency>,
    /// MTTR, time to respond: first strict alarm → attack contained on the device.
    pub respond: Option<Latency>,
    /// Dwell time: onset → contained, or to the attack's own end (or the run's) if it was not. All attacked devices.
    pub dwell: Option<Latency>,
    /// Attacked devices whose dwell time ended by containment.
    pub dwell_ended_by_us: u64,
}

/// The six measures.
pub fn measures(outcome: &Outcome, matching: &Matching, precision: Option<Proportion>, wrong: u64) -> Measures {
    let header = &outcome.header;
    let (mut resets, mut not_reset) = (Vec::new(), 0);
    for (alarm, verdict) in outcome.alarms.iter().zip(&matching.verdicts) {
        let Verdict::True { act } = verdict else { continue };
        let act = &outcome.truth[*act as usize];
        let part = part_on(act, alarm.device, alarm.raised).expect("a true alarm has its attack");
        let stopped = stopped(part.contained, part.end);
        match alarm.ended {
            Some((ended, _)) if ended >= stopped => resets.push(ended - stopped),
            Some(_) => {}
            None => not_reset += u64::from(stopped < header.end),
        }
    }
    let detected = matching.detections.iter().filter(|detection| detection.strict.is_some()).count() as u64;
    let run = Rates::of_run(outcome.alarms.len() as u64, header);
    Measures {
        precision,
        recall: Proportion::of(detected, matching.detections.len() as u64),
        detection_time: detection_time(outcome, matching),
        reset_time: Latency::of(resets),
        not_reset,
        alarms_per_day: run.per_day,
        false_alarms: Rates::of_run(wrong, header),
    }
}

/// Mean times of incident response.
pub fn response_times(outcome: &Outcome, matching: &Matching) -> ResponseTimes {
    let mut starts: Vec<(u32, Timestamp)> =
        outcome.mitigations.iter().filter_map(|row| Some((row.device?.0, row.started))).collect();
    starts.sort_unstable();
    let acknowledged = |detection: &Detection| {
        let raised = detected_at(outcome, detection)?;
        let next = starts.get(starts.partition_point(|start| *start < (detection.device.0, raised)))?;
        (next.0 == detection.device.0).then(|| next.1 - raised)
    };
    let responded = |detection: &Detection| {
        let raised = detected_at(outcome, detection)?;
        detection.contained.filter(|time| *time >= raised && *time <= detection.end).map(|time| time - raised)
    };
    let detections = &matching.detections;
    ResponseTimes {
        detect: detection_time(outcome, matching),
        acknowledge: Latency::of(detections.iter().filter_map(acknowledged)),
        respond: Latency::of(detections.iter().filter_map(responded)),
        dwell: Latency::of(detections.iter().map(|detection| {
            stopped(detection.contained, detection.end).min(outcome.header.end).max(detection.onset) - detection.onset
        })),
        dwell_ended_by_us: detections
            .iter()
            .filter(|detection| detection.contained.is_some_and(|time| time <= detection.end))
            .count() as u64,
    }
}

fn detection_time(outcome: &Outcome, matching: &Matching) -> Option<Latency> {
    Latency::of(
        matching.detections.iter().filter_map(|detection| Some(detected_at(outcome, detection)? - detection.onset)),
    )
}

/// When an attack stopped on a device: contained, or over.
fn stopped(contained: Option<Timestamp>, end: Timestamp) -> Timestamp {
    contained.map_or(end, |contained| contained.min(end))
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;

    use super::*;
    use crate::fixture::{Fixture, at};
    use crate::matching::match_alarms;
    use crate::options::Options;

    /// Devices 1–3 are attacked from minute 60 to 180. Device 1: alarm at 70, response starts at 71, contained at 80,
    /// alarm clears at 95. Device 2: alarm at 90 that still stands at the end. Device 3: never seen.
    fn fixture() -> Fixture {
        let mut fixture = Fixture::new(1_000, 2);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 180), (2, 60, 180), (3, 60, 180)]);
        fixture.outcome.truth[0].devices[0].contained = Some(at(80));
        fixture.alarm(0, 1, 70, 25).alarm(0, 2, 90, 0).alarm(0, 500, 300, 5);
        fixture.outcome.alarms[1].ended = None;
        fixture.quarantine(1, 70, 80);
        fixture
    }

    #[test]
    fn the_six_measures_by_hand() {
        let fixture = fixture();
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let measures = measures(&fixture.outcome, &matching, Proportion::of(2, 3), 1);
        assert_eq!(measures.precision.map(|p| (p.successes, p.trials)), Some((2, 3)));
        assert_eq!(measures.recall.map(|p| (p.successes, p.trials)), Some((2, 3)));
        assert_eq!(measures.detection_time.map(|time| time.mean), Some(Millis::minutes(20)));
        // Contained at 80, cleared at 95.
        assert_eq!(measures.reset_time.map(|time| (time.count, time.max)), Some((1, Millis::minutes(15))));
        assert_eq!(measures.not_reset, 1);
        assert_eq!(measures.alarms_per_day.map(|rate| rate.value), Some(1.5));
        assert_eq!(measures.false_alarms.per_1000_device_days.map(|rate| rate.value), Some(0.5));
    }

    #[test]
    fn mean_times_by_hand() {
        let fixture = fixture();
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let times = response_times(&fixture.outcome, &matching);
        assert_eq!(times.detect.map(|time| (time.count, time.mean)), Some((2, Millis::minutes(20))));
        assert_eq!(times.acknowledge.map(|time| (time.count, time.mean)), Some((1, Millis::minutes(1))));
        assert_eq!(times.respond.map(|time| (time.count, time.mean)), Some((1, Millis::minutes(10))));
        // 20, 120 and 120 minutes.
        assert_eq!(times.dwell.map(|time| (time.count, time.sum)), Some((3, Millis::minutes(260).0)));
        assert_eq!(times.dwell_ended_by_us, 1);
    }

    #[test]
    fn an_alarm_that_ended_before_the_attack_did_has_no_reset_time() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 180)]);
        fixture.alarm(0, 1, 70, 25);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let measures = measures(&fixture.outcome, &matching, None, 0);
        assert_eq!((measures.reset_time, measures.not_reset), (None, 0));
    }
}
