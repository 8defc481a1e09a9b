//! The reference: Detect judged device by device and event by event, written for obviousness alone.
//!
//! It is what the columnar fast path is checked against, and it serves small fleets and replays as it is. It keeps
//! what arrived as it arrived, and forms every datapoint by looking through it.
//!
//! The protocol of whoever drives it: events and reports in the order of arrival ([`Reference::observe`],
//! [`Reference::report`]); time with [`Reference::advance`]; and around every change of profiles, targets,
//! dimensions, things or groups: advance to the time of the change, change, [`Reference::sync`].
//!
//! Choices that the rules leave open are made here, and marked *reading*.

mod datapoint;
mod log;
mod retention;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::alarm::{Machine, ViolationEventType};
use super::behavior::{BASE_WINDOW, Behavior, Criteria};
use super::criteria::{Observed, Relation, Statistic};
use super::device::{DeviceId, is_monitorable};
use super::dimension::counts;
use super::evaluation::EvaluationId;
use super::ml::Sample;
use super::report::ReportValues;
use super::violation::{Cause, Outcome, Transition};
use super::{Detect, Profile};
use crate::account::Account;
use crate::metric::{Metric, MetricRef};
use crate::time::{Millis, Timestamp};
use datapoint::Sizes;
use log::{DeviceLog, Window};

/// How long a device may be silent before its alarms are invalidated (D-60); strictly longer is too long.
pub const SILENCE_MAX: Millis = Millis::days(2);

/// Something that happened at the broker, under a client id (D-30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerEvent {
    /// When it happened; arrival may be later.
    pub time: Timestamp,
    /// The client id.
    pub client_id: String,
    /// What happened.
    pub action: BrokerAction,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerAction {
    /// A CONNECT; a successful one closes the session that was open, if any (V-37).
    Connect {
        /// Where from.
        source_ip: IpAddr,
        /// Whether it was let in.
        success: bool,
    },
    /// The session ended.
    Disconnect,
    /// The device published a message.
    Publish {
        /// The topic.
        topic: String,
        /// The size of the message \[bytes\].
        bytes: u64,
    },
    /// A message was delivered to the device.
    Deliver {
        /// The topic.
        topic: String,
    },
    /// A request of the device was denied.
    Refuse {
        /// The topic or filter that it was about; a refused CONNECT has none (CH-56).
        topic: Option<String>,
    },
}

/// The world that the reference judges in.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Profiles, and where violations are recorded.
    pub detect: &'a mut Detect,
    /// Things and groups.
    pub account: &'a Account,
}

/// One device under one evaluation.
#[derive(Clone, Copy, Debug)]
struct Watch {
    /// Only windows that start at or after this count (D-37, CH-68).
    since: Timestamp,
    machine: Machine,
}

/// A datapoint, judged.
struct Datapoint {
    evaluation: EvaluationId,
    device: DeviceId,
    value: Observed,
    conforms: bool,
}

/// An evaluation that is under way, copied out so that Detect can be written to meanwhile.
struct Task {
    evaluation: EvaluationId,
    behavior: Behavior,
}

/// The object-side evaluator.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Boundaries up to here have been evaluated.
    clock: Timestamp,
    /// Of Detect at the last sync.
    generation: u64,
    logs: BTreeMap<String, DeviceLog>,
    watches: BTreeMap<(EvaluationId, DeviceId), Watch>,
    /// Since when an evaluation covers unregistered devices, those included that were never heard of.
    strangers: BTreeMap<EvaluationId, Timestamp>,
    /// When a device last gave a datapoint of any kind (D-60).
    last_data: BTreeMap<DeviceId, Timestamp>,
    late_events: u64,
}

impl Reference {
    /// A reference that knows of nothing before `start`.
    pub fn new(start: Timestamp) -> Reference {
        Reference {
            clock: start,
            generation: 0,
            logs: BTreeMap::new(),
            watches: BTreeMap::new(),
            strangers: BTreeMap::new(),
            last_data: BTreeMap::new(),
            late_events: 0,
        }
    }

    /// How many events arrived after a 300-s window that they belong to had been evaluated (D-36, CH-67). They do not
    /// count in windows already evaluated. *Reading*: longer windows still open do count them.
    pub const fn late_events(&self) -> u64 {
        self.late_events
    }

    /// Takes notice of changed profiles, targets, dimensions, things or groups, at the time of the change.
    ///
    /// Newly covered devices are monitored from `now` on (D-37). Alarms of devices no longer covered are invalidated
    /// by Detect ([`Detect::reconcile`]).
    pub fn sync(&mut self, now: Timestamp, scene: &mut Scene<'_>) {
        let Scene { detect, account } = scene;
        detect.reconcile(now, account);
        self.generation = detect.generation();
        let identities = self.identities(detect, account);
        let profiles: Vec<Profile> = detect.profiles().cloned().collect();
        let evaluations: Vec<EvaluationId> = detect.evaluations().map(|(id, _)| id).collect();
        self.watches.retain(|(evaluation, _), _| evaluations.contains(evaluation));
        self.strangers.retain(|evaluation, _| evaluations.contains(evaluation));
        for profile in &profiles {
            for &evaluation in profile.evaluations() {
                if profile.covers_unregistered() {
                    self.strangers.entry(evaluation).or_insert(now);
                } else {
                    self.strangers.remove(&evaluation);
                }
                for &device in &identities {
                    let key = (evaluation, device);
                    if detect.covers(profile.id(), device, account) {
                        self.watches.entry(key).or_insert(Watch { since: now, machine: Machine::IDLE });
                    } else {
                        self.watches.remove(&key);
                    }
                }
            }
        }
        self.drop_invalidated(now, detect);
    }

    /// All identities that may give datapoints: things, names heard of that no thing has, and names of former things.
    fn identities(&self, detect: &mut Detect, account: &Account) -> Vec<DeviceId> {
        for thing in account.things().collect::<Vec<_>>() {
            detect.device_of_thing(thing, account);
        }
        for name in self.logs.keys() {
            detect.device(name, account);
        }
        let former: Vec<String> = self.watches.keys().map(|(_, d)| detect.devices().name(*d).to_owned()).collect();
        for name in former {
            detect.device(&name, account);
        }
        detect.devices().ids().collect()
    }

    /// Starts afresh where Detect invalidated an alarm that rings here.
    fn drop_invalidated(&mut self, now: Timestamp, detect: &Detect) {
        for ((evaluation, device), watch) in &mut self.watches {
            if watch.machine.in_alarm() && !detect.is_in_alarm(*evaluation, *device) {
                *watch = Watch { since: now, machine: Machine::IDLE };
            }
        }
    }

    /// Lets a name be monitored that nothing was heard of before. Those who cover unregistered devices covered it all
    /// along.
    fn admit(&mut self, name: &str, scene: &mut Scene<'_>) {
        if self.logs.contains_key(name) {
            return;
        }
        self.logs.insert(name.to_owned(), DeviceLog::default());
        if scene.account.thing(name).is_none() {
            let device = scene.detect.device(name, scene.account);
            for (&evaluation, &since) in &self.strangers {
                self.watches.entry((evaluation, device)).or_insert(Watch { since, machine: Machine::IDLE });
            }
        }
    }

    /// Takes in a broker event that arrives now. Names that are not monitorable are passed over (D-31).
    ///
    /// # Panics
    /// If profiles, targets or dimensions changed and [`Reference::sync`] was not called.
    pub fn observe(&mut self, now: Timestamp, event: BrokerEvent, scene: &mut Scene<'_>) {
        self.advance(now, scene);
        if !is_monitorable(&event.client_id) && scene.account.thing(&event.client_id).is_none() {
            return;
        }
        if event.time < now.floor_to(BASE_WINDOW) {
            self.late_events += 1;
        }
        self.admit(&event.client_id, scene);
        self.logs.entry(event.client_id).or_default().note(event.time, event.action);
    }

    /// Takes in an accepted report that arrives now, about a device by the name in its topic (D-30), and judges what
    /// it says (D-43).
    ///
    /// # Panics
    /// As [`Reference::observe`].
    pub fn report(&mut self, now: Timestamp, name: &str, values: &ReportValues, scene: &mut Scene<'_>) {
        self.advance(now, scene);
        self.admit(name, scene);
        let device = scene.detect.device(name, scene.account);
        self.last_data.insert(device, now);
        self.logs.entry(name.to_owned()).or_default().note_report(now, values.clone());
        let mut datapoints = Vec::new();
        for task in tasks(scene.detect) {
            let immediate = !matches!(task.behavior.criteria, Criteria::Statistical { .. });
            let Some(watch) = self.watches.get(&(task.evaluation, device)) else { continue };
            if task.behavior.is_cloud_side() || !immediate || now < watch.since {
                continue;
            }
            let log = &self.logs[name];
            if let Some(value) = datapoint::device_side(log, &task.behavior, now, values, watch.since) {
                datapoints.extend(judge(now, name, device, &task, value, scene.detect));
            }
        }
        self.apply(now, datapoints, scene.detect);
        retention::keep_reported(now, device, values, scene);
    }

    /// Lets time pass: evaluates every boundary up to and including `now`.
    ///
    /// # Panics
    /// As [`Reference::observe`].
    pub fn advance(&mut self, now: Timestamp, scene: &mut Scene<'_>) {
        let synced = self.generation == scene.detect.generation();
        assert!(synced, "a change of profiles, targets or dimensions is followed by `sync`");
        while let Some(boundary) = self.next_boundary(scene.detect).filter(|boundary| *boundary <= now) {
            self.clock = boundary;
            self.evaluate(boundary, scene);
        }
    }

    /// The earliest end of a window after the clock. All windows start on the Unix epoch (D-35).
    fn next_boundary(&self, detect: &Detect) -> Option<Timestamp> {
        let lengths = detect.evaluations().map(|(_, row)| row.behavior().window());
        lengths.chain([BASE_WINDOW]).map(|length| self.clock.floor_to(length) + length).min()
    }

    fn evaluate(&mut self, boundary: Timestamp, scene: &mut Scene<'_>) {
        let is_base = boundary.floor_to(BASE_WINDOW) == boundary;
        if is_base {
            self.note_activity(boundary, scene);
        }
        let mut datapoints = Vec::new();
        for task in tasks(scene.detect) {
            if boundary.floor_to(task.behavior.window()) == boundary {
                let window = Window::ending(boundary, task.behavior.window());
                datapoints.extend(match task.behavior.criteria {
                    Criteria::Statistical { relation, statistic } => {
                        self.statistical(&task, window, relation, statistic, scene)
                    }
                    _ if task.behavior.is_cloud_side() => self.cloud_side(&task, window, scene),
                    _ => Vec::new(),
                });
            }
        }
        self.apply(boundary, datapoints, scene.detect);
        if is_base {
            retention::keep_window(boundary, &self.logs, scene);
            self.invalidate_silent(boundary, scene.detect);
            if boundary.floor_to(Millis::DAY) == boundary {
                scene.detect.build_models(boundary);
                self.drop_invalidated(boundary, scene.detect);
            }
            for log in self.logs.values_mut() {
                log.forget_before(boundary - Millis::hours(3));
            }
        }
    }

    /// Notes who gave data in the 300 s that end. *Reading* of D-60: a device that was active has a datapoint in
    /// every count metric, so it is not silent, whatever its profiles look at. A datapoint of a longer window is data
    /// too, at the window's end; so is a report.
    fn note_activity(&mut self, boundary: Timestamp, scene: &mut Scene<'_>) {
        let window = Window::ending(boundary, BASE_WINDOW);
        for (name, log) in &self.logs {
            if log.is_active(window) {
                self.last_data.insert(scene.detect.device(name, scene.account), boundary);
            }
        }
    }

    /// The devices that an evaluation looks at in a window, with their logs: those monitored since its start (D-37),
    /// by the identity that their name has now (D-30).
    fn watched<'a>(
        &'a self,
        evaluation: EvaluationId,
        window: Window,
        scene: &mut Scene<'_>,
    ) -> Vec<(&'a str, DeviceId, &'a DeviceLog)> {
        let mut found = Vec::new();
        for (name, log) in &self.logs {
            let device = scene.detect.device(name, scene.account);
            let watch = self.watches.get(&(evaluation, device));
            if watch.is_some_and(|watch| watch.since <= window.start) {
                found.push((name.as_str(), device, log));
            }
        }
        found
    }

    /// Static and ML behaviors on cloud-side metrics.
    fn cloud_side(&self, task: &Task, window: Window, scene: &mut Scene<'_>) -> Vec<Datapoint> {
        let mut datapoints = Vec::new();
        for (name, device, log) in self.watched(task.evaluation, window, scene) {
            let value = cloud_value(name, log, &task.behavior, window, scene.detect);
            if let Some(value) = value {
                datapoints.extend(judge(window.end, name, device, task, value, scene.detect));
            }
        }
        datapoints
    }

    /// Statistical behaviors (5.9): one datapoint per device that has a value, judged by the percentile of all.
    fn statistical(
        &self,
        task: &Task,
        window: Window,
        relation: Relation,
        statistic: Statistic,
        scene: &mut Scene<'_>,
    ) -> Vec<Datapoint> {
        // The devices of the profile, the one under test among them (CH-78).
        let mut population: Vec<(DeviceId, f64)> = Vec::new();
        for (name, device, log) in self.watched(task.evaluation, window, scene) {
            let value = if task.behavior.is_cloud_side() {
                cloud_value(name, log, &task.behavior, window, scene.detect)
            } else {
                datapoint::device_side_window(log, &task.behavior.metric, window)
            };
            if let Some(Observed::Number(value)) = value {
                population.push((device, value));
            }
        }
        let mut sorted: Vec<f64> = population.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        if sorted.len() < 2 || sorted.iter().any(|value| *value < 0.0) {
            return Vec::new();
        }
        let threshold = sorted[statistic.rank(sorted.len() as u64) as usize - 1];
        let judged = population.into_iter().map(|(device, value)| Datapoint {
            evaluation: task.evaluation,
            device,
            value: Observed::Number(value),
            conforms: relation.holds(value, threshold),
        });
        judged.collect()
    }

    /// Lets the alarm machines take their datapoints, and records what happens in the order of D-69.
    fn apply(&mut self, time: Timestamp, mut datapoints: Vec<Datapoint>, detect: &mut Detect) {
        datapoints.sort_by(|a, b| {
            let key = |datapoint: &Datapoint| {
                let row = detect.evaluation(datapoint.evaluation);
                (row.profile_name(), row.behavior().name.as_str(), detect.devices().name(datapoint.device))
            };
            key(a).cmp(&key(b))
        });
        for Datapoint { evaluation, device, value, conforms } in datapoints {
            let behavior = detect.evaluation(evaluation).behavior();
            let counts = behavior.consecutive;
            if behavior.aws_metric() != Some(Metric::DisconnectDuration) {
                self.last_data.insert(device, time); // D-60, D-62; datapoints come in the order of their times
            }
            let watch = self.watches.get_mut(&(evaluation, device)).expect("only watched devices are judged");
            let outcome = match watch.machine.step(conforms, counts) {
                Some(ViolationEventType::InAlarm) => Outcome::Raised(value),
                Some(ViolationEventType::AlarmCleared) => Outcome::Cleared(value),
                Some(ViolationEventType::AlarmInvalidated) => unreachable!("a datapoint never invalidates"),
                None => {
                    if watch.machine.in_alarm() && !conforms {
                        detect.touch(evaluation, device, time, value);
                    }
                    continue;
                }
            };
            detect.record(time, Transition { evaluation, device, time, outcome });
        }
    }

    /// Invalidates the alarms of devices without data for more than two days (D-60), except those on
    /// `aws:disconnect-duration` (D-62).
    fn invalidate_silent(&mut self, boundary: Timestamp, detect: &mut Detect) {
        let silent = |device: &DeviceId| self.last_data.get(device).is_some_and(|last| boundary - *last > SILENCE_MAX);
        let mut ending: Vec<(EvaluationId, DeviceId)> = Vec::new();
        for ((evaluation, device), watch) in &self.watches {
            let metric = detect.evaluation(*evaluation).behavior().aws_metric();
            if watch.machine.in_alarm() && silent(device) && metric != Some(Metric::DisconnectDuration) {
                ending.push((*evaluation, *device));
            }
        }
        ending.sort_by_key(|(evaluation, device)| {
            let row = detect.evaluation(*evaluation);
            let names = (row.profile_name().to_owned(), row.behavior().name.clone());
            (names, detect.devices().name(*device).to_owned())
        });
        for (evaluation, device) in ending {
            let watch = self.watches.get_mut(&(evaluation, device)).expect("it was just found");
            watch.machine.invalidate();
            let outcome = Outcome::Invalidated(Cause::Silence);
            detect.record(boundary, Transition { evaluation, device, time: boundary, outcome });
        }
    }
}

fn tasks(detect: &Detect) -> Vec<Task> {
    let rows = detect.evaluations();
    rows.map(|(evaluation, row)| Task { evaluation, behavior: row.behavior().clone() }).collect()
}

/// A cloud-side metric under the filters that were in force at the start of the window (D-14).
fn cloud_value(name: &str, log: &DeviceLog, behavior: &Behavior, window: Window, detect: &Detect) -> Option<Observed> {
    let MetricRef::Aws(metric) = behavior.metric else { return None };
    let sizes = Sizes::of(behavior);
    match &behavior.dimension {
        None => datapoint::cloud_side(log, metric, window, sizes, None),
        Some(dimension) => {
            let filters = detect.topic_filters(&dimension.name, window.start);
            let topic_counts = |topic: Option<&str>| counts(dimension.operator, filters, name, topic);
            datapoint::cloud_side(log, metric, window, sizes, Some(&topic_counts))
        }
    }
}

/// Judges a value by a static or learned criterion. A model learns from every value, and while it is not in use there
/// is no datapoint (D-ML5).
fn judge(
    time: Timestamp,
    name: &str,
    device: DeviceId,
    task: &Task,
    value: Observed,
    detect: &mut Detect,
) -> Option<Datapoint> {
    let evaluation = task.evaluation;
    let conforms = match (&task.behavior.criteria, &value) {
        (Criteria::Static(rule), _) => rule.conforms(&value),
        (Criteria::MachineLearning { .. }, Observed::Number(number)) => {
            let sample = Sample { time, device: name, value: *number };
            let judgment = detect.judge(evaluation, sample);
            detect.learn(evaluation, sample);
            !judgment?.anomalous
        }
        _ => return None,
    };
    Some(Datapoint { evaluation, device, value, conforms })
}
