//! Which alarm belongs to which act: the one question that every other score rests on.
//!
//! An act of truth has a *window* on each of its devices, \[onset, end + grace\]. An alarm episode is judged once, by the
//! time it was raised:
//!
//! 1. inside an attack window, on a metric that the attack disturbs → [`Verdict::True`] (the strict definition);
//! 2. inside an attack window, on another metric → [`Verdict::Inside`]: counts as true under the lenient definition and
//!    as nothing under the strict one, since the device *is* under attack;
//! 3. outside every attack window → [`Verdict::False`], with the [`Cause`] that explains it.
//!
//! Many alarms may belong to one attack on one device (it is still detected once), and one alarm to several attacks that
//! overlap (it detects each, and is one true alarm, credited to the attack that began last).

use std::collections::BTreeSet;

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sim::outcome::{Act, ActKind, Alarm, BehaviorRow, DeviceAct, DeviceId, Outcome};

use crate::options::Options;

/// Why an alarm was false. If several apply, the first in this order is taken: what we did ourselves explains more than
/// what broke, and that more than what merely looked guilty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Our own mitigation changed what the device can do.
    SelfInflicted,
    /// The defence itself was broken at the time.
    Fault,
    /// An innocent event that looks guilty.
    Confounder,
    /// None of these: ordinary variation crossed the threshold.
    Plain,
}

impl Cause {
    /// All causes, in order of precedence.
    pub const ALL: [Cause; 4] = [Cause::SelfInflicted, Cause::Fault, Cause::Confounder, Cause::Plain];

    /// The name in files: `self-inflicted`, `fault`, `confounder`, `plain`.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::SelfInflicted => "self-inflicted",
            Cause::Fault => "fault",
            Cause::Confounder => "confounder",
            Cause::Plain => "plain",
        }
    }

    const fn of(kind: ActKind) -> Option<Cause> {
        match kind {
            ActKind::SelfInflicted => Some(Cause::SelfInflicted),
            ActKind::Fault => Some(Cause::Fault),
            ActKind::Confounder => Some(Cause::Confounder),
            ActKind::Attack | ActKind::Defect => None,
        }
    }
}

/// What an alarm episode was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A detection of this act (position in [`Outcome::truth`]).
    True {
        /// The attack it is credited to.
        act: u32,
    },
    /// Raised during this attack, on a metric that it does not disturb.
    Inside {
        /// The attack that was going on.
        act: u32,
        /// What else explains it; [`Cause::Plain`] if nothing does.
        cause: Cause,
    },
    /// Outside every attack window.
    False {
        /// Why.
        cause: Cause,
        /// The act that explains it, if one does.
        act: Option<u32>,
    },
}

/// One attack's part on one device, and what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Position in [`Outcome::truth`].
    pub act: u32,
    /// The device.
    pub device: DeviceId,
    /// When the attack began on it.
    pub onset: Timestamp,
    /// When the first datapoint that it disturbs was complete.
    pub first_observable: Option<Timestamp>,
    /// When it ended on it, by plan.
    pub end: Timestamp,
    /// When an action effective against the attack's channel took hold on it.
    pub contained: Option<Timestamp>,
    /// When watching for it ended: the end of its longest window over the behaviors that should see it, or of the run.
    pub watched_until: Timestamp,
    /// The first alarm by the strict definition, as a position in [`Outcome::alarms`].
    pub strict: Option<u32>,
    /// The first alarm by the lenient definition.
    pub lenient: Option<u32>,
    /// The first alarm by the strict definition whose behavior's alerts are not suppressed: the first that somebody
    /// could have been told of.
    pub alerted: Option<u32>,
    /// Whether a behavior on a disturbed metric watches the device at all.
    pub covered: bool,
    /// An alarm on a disturbed metric already stood at the onset: no new in-alarm event could follow while it did.
    pub masked: bool,
}

/// Every alarm judged, every attacked device accounted for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// One verdict per alarm, in the order of [`Outcome::alarms`].
    pub verdicts: Vec<Verdict>,
    /// One entry per attack and device, in the order of the ledger.
    pub detections: Vec<Detection>,
    /// Distinct strict hits as (act, behavior, device), sorted.
    pub hits: Vec<(u32, u32, DeviceId)>,
    /// Distinct hits on other metrics as (act, behavior, device), sorted.
    pub other_hits: Vec<(u32, u32, DeviceId)>,
}

/// How long after an act's end an alarm of this behavior still belongs to it.
pub fn grace(behavior: &BehaviorRow, options: &Options) -> Millis {
    options.grace.unwrap_or(Millis(behavior.duration.0 * i64::from(behavior.to_clear)))
}

/// Whether this act disturbs what this behavior watches.
pub fn expects(act: &Act, behavior: &BehaviorRow) -> bool {
    act.disturbs.contains(&behavior.metric)
}

/// What to call a behavior: its name, with its profile's before it if another profile has one of that name.
pub fn label(outcome: &Outcome, behavior: usize) -> String {
    let row = &outcome.behaviors[behavior];
    match outcome.behaviors.iter().filter(|other| other.name == row.name).count() {
        1 => row.name.clone(),
        _ => format!("{}/{}", row.profile, row.name),
    }
}

/// Whether this behavior watches this device: whether the targets of its profile covered it at the start.
pub fn covers(behavior: &BehaviorRow, device: DeviceId) -> bool {
    let place = behavior.covers.partition_point(|range| range.end <= device.0);
    behavior.covers.get(place).is_some_and(|range| range.contains(&device.0))
}

/// How many of an act's devices this behavior watches.
pub fn covered(behavior: &BehaviorRow, act: &Act) -> u64 {
    act.devices.iter().filter(|part| covers(behavior, part.device)).count() as u64
}

/// An act's part on a device that had begun by `time`; the last of them if there are several.
pub fn part_on(act: &Act, device: DeviceId, time: Timestamp) -> Option<&DeviceAct> {
    let first = act.devices.partition_point(|part| part.device < device);
    let parts = act.devices[first..].iter().take_while(|part| part.device == device);
    parts.filter(|part| part.onset <= time).last()
}

/// Matches all alarms with all acts.
pub fn match_alarms(outcome: &Outcome, options: &Options) -> Matching {
    let ledger = Ledger::of(outcome);
    let mut matching = Matching { detections: detections(outcome, options), ..Matching::default() };
    let offsets = detection_offsets(outcome);
    let (mut hits, mut other_hits) = (BTreeSet::new(), BTreeSet::new());
    for (position, alarm) in outcome.alarms.iter().enumerate() {
        let behavior = &outcome.behaviors[alarm.behavior as usize];
        let grace = grace(behavior, options);
        let (mut strict, mut inside) = (None, None);
        for entry in ledger.on(alarm.device) {
            let act = &outcome.truth[entry.act as usize];
            let part = &act.devices[entry.part as usize];
            if act.category != ActKind::Attack {
                continue;
            }
            let detection = &mut matching.detections[offsets[entry.act as usize] + entry.part as usize];
            if masks(alarm, part.onset) && expects(act, behavior) {
                detection.masked = true;
            }
            if alarm.raised < part.onset || alarm.raised > part.end + grace {
                continue;
            }
            detection.lenient.get_or_insert(position as u32);
            let claim = (part.onset, entry.act);
            if expects(act, behavior) {
                detection.strict.get_or_insert(position as u32);
                if !behavior.suppressed {
                    detection.alerted.get_or_insert(position as u32);
                }
                hits.insert((entry.act, alarm.behavior, alarm.device));
                strict = strict.max(Some(claim));
            } else {
                other_hits.insert((entry.act, alarm.behavior, alarm.device));
                inside = inside.max(Some(claim));
            }
        }
        matching.verdicts.push(match (strict, inside) {
            (Some((_, act)), _) => Verdict::True { act },
            (None, Some((_, act))) => Verdict::Inside { act, cause: ledger.cause(outcome, alarm, grace).0 },
            (None, None) => {
                let (cause, act) = ledger.cause(outcome, alarm, grace);
                Verdict::False { cause, act }
            }
        });
    }
    matching.hits = hits.into_iter().collect();
    matching.other_hits = other_hits.into_iter().collect();
    matching
}

/// Whether an alarm raised before `onset` still stood then.
fn masks(alarm: &Alarm, onset: Timestamp) -> bool {
    alarm.raised < onset && alarm.ended.is_none_or(|(ended, _)| ended > onset)
}

/// One undecided detection per attack and device.
fn detections(outcome: &Outcome, options: &Options) -> Vec<Detection> {
    let mut all = Vec::new();
    for (position, act) in outcome.truth.iter().enumerate().filter(|(_, act)| act.category == ActKind::Attack) {
        let watching: Vec<&BehaviorRow> = outcome.behaviors.iter().filter(|behavior| expects(act, behavior)).collect();
        let longest = watching.iter().map(|behavior| grace(behavior, options)).max().unwrap_or_default();
        all.extend(act.devices.iter().map(|part| Detection {
            act: position as u32,
            device: part.device,
            onset: part.onset,
            first_observable: part.first_observable,
            end: part.end,
            contained: part.contained,
            watched_until: (part.end + longest).min(outcome.header.end).max(part.onset),
            strict: None,
            lenient: None,
            alerted: None,
            covered: watching.iter().any(|behavior| covers(behavior, part.device)),
            masked: false,
        }));
    }
    all
}

/// Where each act's detections begin; acts that are no attacks take no room.
fn detection_offsets(outcome: &Outcome) -> Vec<usize> {
    let mut next = 0;
    outcome
        .truth
        .iter()
        .map(|act| {
            let offset = next;
            if act.category == ActKind::Attack {
                next += act.devices.len();
            }
            offset
        })
        .collect()
}

/// The acts of truth by device.
struct Ledger {
    /// Sorted by (device, act, part).
    entries: Vec<Entry>,
    /// Acts that explain alarms on every device: confounders and faults that name no device.
    fleet_wide: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    device: DeviceId,
    act: u32,
    part: u32,
}

impl Ledger {
    fn of(outcome: &Outcome) -> Ledger {
        let mut ledger = Ledger { entries: Vec::new(), fleet_wide: Vec::new() };
        for (position, act) in outcome.truth.iter().enumerate() {
            if act.category == ActKind::Defect {
                continue;
            }
            let position = position as u32;
            if act.devices.is_empty() && Cause::of(act.category).is_some() {
                ledger.fleet_wide.push(position);
            }
            ledger.entries.extend(act.devices.iter().enumerate().map(|(part, row)| Entry {
                device: row.device,
                act: position,
                part: part as u32,
            }));
        }
        ledger.entries.sort_unstable();
        ledger
    }

    fn on(&self, device: DeviceId) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.device < device);
        let length = self.entries[start..].partition_point(|entry| entry.device == device);
        &self.entries[start..start + length]
    }

    /// What explains a false alarm, and which act.
    fn cause(&self, outcome: &Outcome, alarm: &Alarm, grace: Millis) -> (Cause, Option<u32>) {
        let metric = &outcome.behaviors[alarm.behavior as usize].metric;
        let on_device = self.on(alarm.device).iter().map(|entry| {
            let part = &outcome.truth[entry.act as usize].devices[entry.part as usize];
            (entry.act, part.onset, part.end)
        });
        let fleet_wide = self.fleet_wide.iter().map(|&position| {
            let act = &outcome.truth[position as usize];
            (position, act.onset, act.end)
        });
        on_device
            .chain(fleet_wide)
            .filter(|(_, onset, end)| alarm.raised >= *onset && alarm.raised <= *end + grace)
            .filter_map(|(position, ..)| {
                let act = &outcome.truth[position as usize];
                // An act that does not say what it disturbs may explain anything; but a fault that disturbs nothing (of
                // audits, alerts, responses) raises no alarm.
                let vague = act.disturbs.is_empty() && act.category != ActKind::Fault;
                let plausible = vague || act.disturbs.contains(metric);
                Cause::of(act.category).filter(|_| plausible).map(|cause| (cause, Some(position)))
            })
            .min()
            .unwrap_or((Cause::Plain, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, at};

    /// Attack on device 0 from minute 60 to 120; its behavior has 300 s × 2 to clear, so the window ends at 130.
    fn attacked() -> Fixture {
        let mut fixture = Fixture::new(10, 7);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120)]);
        fixture
    }

    #[test]
    fn the_window_is_closed_at_both_ends_and_extended_by_grace() {
        for (minute, inside) in [(59, false), (60, true), (120, true), (130, true), (131, false)] {
            let mut fixture = attacked();
            fixture.alarm(0, 0, minute, 5);
            let verdict = match_alarms(&fixture.outcome, &Options::default()).verdicts[0];
            let expected =
                if inside { Verdict::True { act: 0 } } else { Verdict::False { cause: Cause::Plain, act: None } };
            assert_eq!(verdict, expected, "raised at minute {minute}");
        }
    }

    #[test]
    fn strict_asks_for_a_disturbed_metric_and_lenient_does_not() {
        let mut fixture = attacked();
        fixture.alarm(1, 0, 70, 5).alarm(0, 0, 80, 5).alarm(0, 1, 80, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(
            matching.verdicts,
            [
                Verdict::Inside { act: 0, cause: Cause::Plain },
                Verdict::True { act: 0 },
                Verdict::False { cause: Cause::Plain, act: None }
            ]
        );
        assert_eq!((matching.detections[0].strict, matching.detections[0].lenient), (Some(1), Some(0)));
    }

    #[test]
    fn many_alarms_are_one_detection_by_the_first() {
        let mut fixture = attacked();
        fixture.alarm(0, 0, 70, 5).alarm(0, 0, 90, 5).alarm(0, 0, 110, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(matching.detections.len(), 1);
        assert_eq!(matching.detections[0].strict, Some(0));
        assert_eq!(matching.hits, [(0, 0, DeviceId(0))]);
    }

    #[test]
    fn one_alarm_detects_every_overlapping_attack_and_is_credited_to_the_latest() {
        let mut fixture = attacked();
        fixture.attack("second", &["aws:num-messages-sent"], &[(0, 65, 100)]);
        fixture.alarm(0, 0, 70, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(matching.verdicts, [Verdict::True { act: 1 }]);
        assert!(matching.detections.iter().all(|detection| detection.strict == Some(0)));
    }

    #[test]
    fn causes_are_told_apart_in_their_order() {
        let mut fixture = attacked();
        fixture.act(ActKind::Confounder, "rollout", &["aws:num-messages-sent"], &[(5, 0, 600)]);
        fixture.act(ActKind::Fault, "loss", &["aws:num-messages-sent"], &[(5, 200, 300)]);
        fixture.act(ActKind::SelfInflicted, "quarantine", &["aws:num-authorization-failures"], &[(5, 200, 600)]);
        fixture.alarm(0, 5, 100, 5).alarm(0, 5, 250, 5).alarm(1, 5, 250, 5).alarm(1, 5, 700, 5).alarm(1, 5, 100, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        let causes: Vec<_> = matching
            .verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::False { cause, act } => (*cause, *act),
                other => panic!("device 5 is healthy, found {other:?}"),
            })
            .collect();
        // In the order (raised, behavior): the confounder disturbs messages only, so minute 100 on behavior 1 is plain.
        assert_eq!(
            causes,
            [
                (Cause::Confounder, Some(1)),
                (Cause::Plain, None),
                (Cause::Fault, Some(2)),
                (Cause::SelfInflicted, Some(3)),
                (Cause::Plain, None),
            ]
        );
    }

    #[test]
    fn a_fault_without_devices_concerns_the_fleet() {
        let mut fixture = attacked();
        fixture.act(ActKind::Fault, "region", &["aws:num-messages-sent"], &[]);
        fixture.outcome.truth[1].onset = at(200);
        fixture.outcome.truth[1].end = at(300);
        fixture.alarm(0, 9, 250, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(matching.verdicts, [Verdict::False { cause: Cause::Fault, act: Some(1) }]);
    }

    #[test]
    fn a_fault_of_what_comes_after_detection_explains_no_alarm() {
        let mut fixture = attacked();
        fixture.act(ActKind::Fault, "alerts get lost", &[], &[(9, 200, 300)]);
        fixture.alarm(0, 9, 250, 5);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert_eq!(matching.verdicts, [Verdict::False { cause: Cause::Plain, act: None }]);
    }

    #[test]
    fn an_alarm_that_already_stood_masks_the_attack() {
        let mut fixture = attacked();
        fixture.alarm(0, 0, 30, 50);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert!(matching.detections[0].masked);
        assert_eq!(matching.detections[0].strict, None);
    }

    #[test]
    fn a_behavior_watches_what_its_profile_covers() {
        let mut fixture = attacked();
        fixture.outcome.behaviors[0].covers = vec![1..3, 5..6];
        let behavior = &fixture.outcome.behaviors[0];
        let watched: Vec<u32> = (0..8).filter(|device| covers(behavior, DeviceId(*device))).collect();
        assert_eq!(watched, [1, 2, 5]);
        let matching = match_alarms(&fixture.outcome, &Options::default());
        assert!(!matching.detections[0].covered);
    }

    #[test]
    fn grace_can_be_chosen() {
        let mut fixture = attacked();
        fixture.alarm(0, 0, 150, 5);
        let options = Options { grace: Some(Millis::HOUR), ..Options::default() };
        assert_eq!(match_alarms(&fixture.outcome, &options).verdicts, [Verdict::True { act: 0 }]);
    }
}
