//! What became of each attacked device, and, where nothing was seen of it, why.

use std::collections::BTreeMap;

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{DeviceId, Outcome};

use crate::matching::{Detection, covers, expects, label};
use crate::scorecard::Scorecard;

/// What became of an attacked device.
///
/// *Caught* means: an alarm by the strict definition, of a behavior whose alerts are not suppressed. (Recall counts
/// alarms of suppressed behaviors too; here they are a reason for not having been caught.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fate")]
pub enum Fate {
    /// It was caught.
    Caught {
        /// From onset to the alarm.
        after: Millis,
        /// The behavior that caught it.
        behavior: String,
    },
    /// It was not.
    Missed {
        /// Why.
        why: Miss,
        /// The behavior that came nearest, where one did.
        behavior: Option<String>,
        /// Consecutive violating datapoints that it counted.
        longest: Option<u8>,
        /// Those that it takes to alarm.
        needed: Option<u8>,
    },
    /// The attack did not reach it in this setting.
    NotAttacked,
}

/// Why an attacked device was not caught; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// There was an alarm, but the behavior's alerts are suppressed: nobody was told.
    AlertSuppressed,
    /// No behavior is on a metric that the attack disturbs.
    NoBehavior,
    /// Behaviors are, but none of their profiles covers the device.
    NotCovered,
    /// No datapoint shows the attack.
    Unobservable,
    /// An alarm already stood at the onset, so none could be raised.
    Masked,
    /// The response cut the attack off before any behavior could see it.
    ContainedBefore,
    /// Datapoints violated, but not enough of them in a row.
    TooFewDatapoints,
    /// No datapoint violated: the attack stayed within what is normal.
    NeverCrossed,
}

impl Miss {
    /// All reasons, in the order in which they are tried.
    pub const ALL: [Miss; 8] = [
        Miss::AlertSuppressed,
        Miss::NoBehavior,
        Miss::NotCovered,
        Miss::Unobservable,
        Miss::Masked,
        Miss::ContainedBefore,
        Miss::TooFewDatapoints,
        Miss::NeverCrossed,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Miss::AlertSuppressed => "alert-suppressed",
            Miss::NoBehavior => "no-behavior",
            Miss::NotCovered => "not-covered",
            Miss::Unobservable => "unobservable",
            Miss::Masked => "masked",
            Miss::ContainedBefore => "contained-before",
            Miss::TooFewDatapoints => "too-few-datapoints",
            Miss::NeverCrossed => "never-crossed",
        }
    }
}

/// An attacked device of one run. Devices of two settings are the same if act, name and part agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attacked {
    pub act: String,
    pub device: DeviceId,
    /// Which of the act's parts on this device, from 0.
    pub part: u32,
    pub onset: Millis,
    pub fate: Fate,
}

/// Every attacked device of a run, in the order of the ledger.
pub(super) fn fates(outcome: &Outcome, card: &Scorecard) -> Vec<Attacked> {
    let nearest = nearest(outcome);
    let mut parts: BTreeMap<(u32, DeviceId), u32> = BTreeMap::new();
    let detections = card.matching.detections.iter();
    detections
        .map(|detection| {
            let part = parts.entry((detection.act, detection.device)).or_default();
            *part += 1;
            Attacked {
                act: outcome.truth[detection.act as usize].name.clone(),
                device: detection.device,
                part: *part - 1,
                onset: detection.onset - outcome.header.start,
                fate: fate(outcome, detection, &nearest),
            }
        })
        .collect()
}

type Nearest = BTreeMap<(u32, DeviceId, Timestamp), (u8, u32)>;

/// By act, device and onset: the longest run of violating datapoints that is no alarm, and the behavior that saw it.
fn nearest(outcome: &Outcome) -> Nearest {
    let mut nearest = Nearest::new();
    for crossing in &outcome.crossings {
        let act = &outcome.truth[crossing.act as usize];
        let behavior = &outcome.behaviors[crossing.behavior as usize];
        if expects(act, behavior) && crossing.longest < behavior.to_alarm {
            let best = nearest.entry((crossing.act, crossing.device, crossing.onset)).or_default();
            *best = (*best).max((crossing.longest, crossing.behavior));
        }
    }
    nearest
}

fn fate(outcome: &Outcome, detection: &Detection, nearest: &Nearest) -> Fate {
    if let Some(alarm) = detection.alerted {
        let alarm = &outcome.alarms[alarm as usize];
        let behavior = label(outcome, alarm.behavior as usize);
        return Fate::Caught { after: alarm.raised - detection.onset, behavior };
    }
    let missed = |why| Fate::Missed { why, behavior: None, longest: None, needed: None };
    if let Some(alarm) = detection.strict {
        let behavior = label(outcome, outcome.alarms[alarm as usize].behavior as usize);
        return Fate::Missed { why: Miss::AlertSuppressed, behavior: Some(behavior), longest: None, needed: None };
    }
    let act = &outcome.truth[detection.act as usize];
    let mut watching = outcome.behaviors.iter().filter(|behavior| expects(act, behavior)).peekable();
    if watching.peek().is_none() {
        return missed(Miss::NoBehavior);
    }
    if !watching.any(|behavior| covers(behavior, detection.device)) {
        return missed(Miss::NotCovered);
    }
    if detection.first_observable.is_none() && detection.contained.is_none() {
        return missed(Miss::Unobservable);
    }
    if detection.masked {
        return missed(Miss::Masked);
    }
    if detection.contained.is_some_and(|time| time < detection.end) {
        return missed(Miss::ContainedBefore);
    }
    match nearest.get(&(detection.act, detection.device, detection.onset)) {
        Some(&(longest, behavior)) => Fate::Missed {
            why: Miss::TooFewDatapoints,
            behavior: Some(label(outcome, behavior as usize)),
            longest: Some(longest),
            needed: Some(outcome.behaviors[behavior as usize].to_alarm),
        },
        None => missed(Miss::NeverCrossed),
    }
}

#[cfg(test)]
mod tests {
    use sim::outcome::Crossing;

    use super::*;
    use crate::fixture::{Fixture, at};
    use crate::score;

    const SENT: &str = "aws:num-messages-sent";

    fn whys(fixture: &Fixture) -> Vec<Option<Miss>> {
        let fates = fates(&fixture.outcome, &score(&fixture.outcome));
        let why = |attacked: &Attacked| match attacked.fate {
            Fate::Missed { why, .. } => Some(why),
            Fate::Caught { .. } | Fate::NotAttacked => None,
        };
        fates.iter().map(why).collect()
    }

    /// Eight devices attacked from minute 60 to 120, each with another end: caught, only a suppressed alarm, not
    /// covered, unobservable, masked, contained before, one datapoint of two, none.
    #[test]
    fn each_reason_by_hand() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", SENT).behavior("quiet", SENT);
        fixture.outcome.behaviors[1].suppressed = true;
        for behavior in &mut fixture.outcome.behaviors {
            behavior.covers = vec![0..2, 3..10];
        }
        let devices: Vec<_> = (0..8).map(|device| (device, 60, 120)).collect();
        fixture.attack("leak", &[SENT], &devices);
        fixture.alarm(0, 0, 70, 5).alarm(1, 1, 70, 5).alarm(0, 4, 40, 100);
        let parts = &mut fixture.outcome.truth[0].devices;
        parts[3].first_observable = None;
        parts[5].contained = Some(at(62));
        let crossing = |device: u32, behavior, longest| Crossing {
            act: 0,
            device: DeviceId(device),
            onset: at(60),
            behavior,
            longest,
        };
        fixture.outcome.crossings = vec![crossing(0, 0, 2), crossing(1, 1, 2), crossing(6, 0, 1)];
        let expected = [
            None,
            Some(Miss::AlertSuppressed),
            Some(Miss::NotCovered),
            Some(Miss::Unobservable),
            Some(Miss::Masked),
            Some(Miss::ContainedBefore),
            Some(Miss::TooFewDatapoints),
            Some(Miss::NeverCrossed),
        ];
        assert_eq!(whys(&fixture), expected);
        let fates = fates(&fixture.outcome, &score(&fixture.outcome));
        assert_eq!(fates[0].fate, Fate::Caught { after: Millis::minutes(10), behavior: "sent".into() });
        let near = Fate::Missed {
            why: Miss::TooFewDatapoints,
            behavior: Some("sent".into()),
            longest: Some(1),
            needed: Some(2),
        };
        assert_eq!(fates[6].fate, near);
    }

    #[test]
    fn a_metric_that_nobody_watches_is_its_own_reason() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", SENT).attack("beacon", &["aws:all-bytes-out"], &[(1, 60, 120)]);
        assert_eq!(whys(&fixture), [Some(Miss::NoBehavior)]);
    }

    #[test]
    fn a_run_of_a_behavior_on_another_metric_explains_nothing() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", SENT).behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &[SENT], &[(1, 60, 120)]);
        fixture.outcome.crossings =
            vec![Crossing { act: 0, device: DeviceId(1), onset: at(60), behavior: 1, longest: 1 }];
        assert_eq!(whys(&fixture), [Some(Miss::NeverCrossed)]);
    }
}
