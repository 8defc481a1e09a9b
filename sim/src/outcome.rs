//! What a run leaves behind: plain data (ids, integers, names) with no engine and no format in it.
//!
//! The world fills an [`Outcome`]; the laboratory scores it; reports render both. A saved outcome can be scored and
//! rendered again next year. Times are absolute ([`Timestamp`]); device ids are positions in [`Outcome::devices`]
//! order (class by class).

mod document;

use std::ops::Range;

use defender::detect::alarm::ViolationEventType;
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

pub use document::{DocumentRow, FaultRow, RepairRow};

/// A device of the fleet: classes one after the other, in scenario order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub u32);

/// Everything a run left behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Which run this was.
    pub header: Header,
    /// The device classes, in order; their ranges cover all devices.
    pub classes: Vec<ClassRow>,
    /// Devices that were not there from start to end, ascending: they joined, were retired or got another name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lives: Vec<LifeRow>,
    /// The behaviors judged, profile by profile; [`Alarm::behavior`] is a position here.
    pub behaviors: Vec<BehaviorRow>,
    /// The audit checks that were enabled, in catalog order.
    pub checks: Vec<CheckRow>,
    /// Ground truth: what the world did, and to whom. The engine never saw it.
    pub truth: Vec<Act>,
    /// Which attacks hang together, and how far each campaign got.
    #[serde(default)]
    pub campaigns: Vec<CampaignRow>,
    /// Alarm episodes in the order (raised, behavior, device).
    pub alarms: Vec<Alarm>,
    /// How near behaviors came to an alarm on attacked devices, in the order (act, device, onset, behavior); where not
    /// one datapoint violated there is no row.
    pub crossings: Vec<Crossing>,
    /// Audit tasks in the order of their start.
    pub audits: Vec<AuditRow>,
    /// Findings, audit by audit. At most [`Outcome::FINDINGS_CAP`] are kept; `audits` has the full counts.
    pub findings: Vec<FindingRow>,
    /// Policies and roles at fault, in the order found, with what could stand in their place. At most
    /// [`Outcome::DOCUMENTS_CAP`] are kept.
    pub documents: Vec<DocumentRow>,
    /// What responders did, in time order.
    pub mitigations: Vec<MitigationRow>,
    /// Alerts that people judged, in the order of their arrival.
    pub cases: Vec<CaseRow>,
    /// The models of ML behaviors as they were at the end, in the order of their behaviors. They are surrogates: the
    /// service's own model is not public.
    #[serde(default)]
    pub models: Vec<ModelRow>,
    /// Jobs (certificate rotation) with their outcome.
    pub jobs: Vec<JobRow>,
    /// One line for each thing worth telling, in time order.
    pub timeline: Vec<TimelineRow>,
    /// Messages that would have gone to SNS, in time order, as compact JSON. At most [`Outcome::NOTIFICATIONS_CAP`]
    /// are kept; [`Tally::notifications`] counts them all.
    pub notifications: Vec<String>,
    /// Totals and daily series.
    pub tally: Tally,
    /// Lints and tolerated deviations, as `CODE: message`.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Findings kept in full; the rest are counted only.
    pub const FINDINGS_CAP: usize = 200_000;
    /// Documents at fault that are looked into; later ones are findings only.
    pub const DOCUMENTS_CAP: usize = 200;
    /// Notifications kept in full; the rest are counted only.
    pub const NOTIFICATIONS_CAP: usize = 200_000;

    /// The class of a device, as a position in [`Outcome::classes`].
    ///
    /// # Panics
    /// If there is no such device.
    pub fn class_of(&self, device: DeviceId) -> usize {
        self.classes.iter().position(|class| class.devices.contains(&device.0)).expect("a device belongs to a class")
    }

    /// The thing name of a device, which is also its MQTT client id.
    pub fn device_name(&self, device: DeviceId) -> String {
        successor_name(&self.lives, device, |device| {
            let class = &self.classes[self.class_of(device)];
            format!("{}-{:06}", class.name, device.0 - class.devices.start)
        })
    }

    /// Device-time in which devices of a range were there.
    pub fn device_time(&self, devices: Range<u32>) -> Millis {
        let (start, end) = (self.header.start, self.header.end);
        let lives = self.lives.iter().filter(|life| devices.contains(&life.device.0));
        let absent = lives.fold(0, |sum, life| sum + life.absent(start, end).0);
        Millis((end - start).0 * i64::from(devices.end - devices.start) - absent)
    }

    /// Number of devices.
    pub fn devices(&self) -> u32 {
        self.classes.last().map_or(0, |class| class.devices.end)
    }

    /// What makes this outcome unusable, if anything does: a position that points at nothing, or an order that does not
    /// hold. An outcome that a run left behind has none of it; one that was read from a file may.
    pub fn inconsistency(&self) -> Option<String> {
        let header = &self.header;
        if header.end < header.start {
            return Some("the run ends before it starts".to_owned());
        }
        let mut next = 0;
        for class in &self.classes {
            if class.devices.start != next || class.devices.end < next {
                return Some(format!("the devices of class `{}` do not follow the class before", class.name));
            }
            next = class.devices.end;
        }
        if next != header.devices {
            return Some(format!("the classes hold {next} devices, the header says {}", header.devices));
        }
        let known = |device: DeviceId| device.0 < next;
        let follows = |life: &LifeRow| life.succeeds.is_none_or(|before| before < life.device);
        if !self.lives.is_sorted_by_key(|life| life.device)
            || !self.lives.iter().all(|life| known(life.device) && follows(life))
        {
            return Some("the devices that came and went are out of order".to_owned());
        }
        let devices = |mut all: Box<dyn Iterator<Item = DeviceId> + '_>| all.all(|device| device.0 < next);
        let parts = self.truth.iter().flat_map(|act| act.devices.iter().map(|part| part.device));
        let rows = self.mitigations.iter().filter_map(|row| row.device);
        let named = parts.chain(rows).chain(self.findings.iter().filter_map(|row| row.device));
        let named = named.chain(self.alarms.iter().map(|row| row.device));
        if !devices(Box::new(named.chain(self.crossings.iter().map(|row| row.device)))) {
            return Some("a row names a device that the fleet does not have".to_owned());
        }
        let behaviors = self.behaviors.len() as u32;
        let watched = self.alarms.iter().map(|alarm| alarm.behavior);
        if watched.chain(self.crossings.iter().map(|row| row.behavior)).any(|behavior| behavior >= behaviors) {
            return Some("a row names a behavior that no profile has".to_owned());
        }
        if self.models.iter().any(|model| model.behavior >= behaviors) {
            return Some("a model belongs to a behavior that no profile has".to_owned());
        }
        let (audits, checks, acts) = (self.audits.len() as u32, self.checks.len() as u32, self.truth.len() as u32);
        if self.findings.iter().any(|finding| finding.audit >= audits || finding.check >= checks) {
            return Some("a finding names an audit or a check that there is not".to_owned());
        }
        if self.documents.iter().any(|document| document.audit >= audits || document.check >= checks) {
            return Some("a document at fault names an audit or a check that there is not".to_owned());
        }
        if self.crossings.iter().any(|row| row.act >= acts) {
            return Some("a row names an act that the ledger does not have".to_owned());
        }
        if self.truth.iter().any(|act| !act.devices.is_sorted_by_key(|part| part.device)) {
            return Some("the devices of an act are out of order".to_owned());
        }
        if !self.alarms.is_sorted_by_key(|alarm| alarm.raised) {
            return Some("the alarms are out of order".to_owned());
        }
        let outside = |time: Timestamp| time < header.start;
        if self.alarms.iter().any(|alarm| outside(alarm.raised)) {
            return Some("an alarm was raised before the run began".to_owned());
        }
        let jobs = self.jobs.iter().map(|job| (job.rotated_in_time, job.targets));
        if jobs.into_iter().any(|(in_time, targets)| in_time > targets) {
            return Some("a job has more successes than targets".to_owned());
        }
        None
    }
}

/// Which run this was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's one-line title.
    pub title: String,
    /// The seed that decides everything random.
    pub seed: u64,
    /// The program's version.
    pub version: String,
    /// When the simulated time began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// Number of devices.
    pub devices: u32,
    /// Device-time in which some of them were not there yet, or not any more.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub absent: Millis,
    /// Length of a window.
    pub window: Millis,
    /// Number of windows per device.
    pub windows: u64,
    /// SHA-256 over the canonical bytes of the event log, in hex: same scenario and seed, same digest.
    pub digest: String,
    /// Number of events in that log.
    pub events: u64,
    /// `strict` or `lenient`.
    pub compatibility: String,
    /// How the profile's criteria were read: `normal` (AWS) or `alarm` (translated to the complement).
    pub criteria: String,
}

impl Header {
    /// Days of the run, over all devices, in which they were there.
    pub fn device_days(&self) -> f64 {
        let day = Millis::DAY.0 as f64;
        (self.end - self.start).0 as f64 / day * f64::from(self.devices) - self.absent.0 as f64 / day
    }
}

fn is_nothing(time: &Millis) -> bool {
    time.0 == 0
}

/// A device that was not there from start to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeRow {
    /// The device.
    pub device: DeviceId,
    /// When it joined, if it was not there from the start.
    pub joined: Option<Timestamp>,
    /// When it left, if it did not stay until the end.
    pub left: Option<Timestamp>,
    /// Whom it went on from under another name: a thing cannot be renamed, so it is another one.
    pub succeeds: Option<DeviceId>,
    /// Whether it was retired and its certificate forgotten.
    pub certificate_left_active: bool,
}

impl LifeRow {
    /// How much of a run it was not there.
    pub fn absent(&self, start: Timestamp, end: Timestamp) -> Millis {
        (self.joined.unwrap_or(start) - start) + (end - self.left.unwrap_or(end))
    }
}

/// The name of a device among those that come and go: one that succeeds another is called as the first of them, and
/// numbered.
pub(crate) fn successor_name(lives: &[LifeRow], device: DeviceId, name: impl Fn(DeviceId) -> String) -> String {
    let predecessor = |device: &DeviceId| {
        let at = lives.binary_search_by_key(device, |life| life.device).ok()?;
        lives[at].succeeds
    };
    let (root, number) =
        std::iter::successors(Some(device), predecessor).fold((device, 0), |(_, n), root| (root, n + 1));
    if number > 1 { format!("{}-{number}", name(root)) } else { name(root) }
}

/// The model of an ML behavior (5.10): its life is the service's, what it thinks is a surrogate's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// Position in [`Outcome::behaviors`].
    pub behavior: u32,
    /// Name of the model, as in diagnostics: `engine-surrogate-seasonal-tails`.
    pub model: String,
    /// Always true.
    pub surrogate: bool,
    /// `PENDING_BUILD`, `ACTIVE` or `EXPIRED` at the end.
    pub status: String,
    /// `LOW`, `MEDIUM` or `HIGH`.
    pub confidence: String,
    /// Since when it collects datapoints.
    pub collecting_since: Option<Timestamp>,
    /// When it was last built.
    pub refreshed: Option<Timestamp>,
    /// How often it was built.
    pub builds: u32,
    /// Datapoints of the trailing 14 days at the end.
    pub datapoints: u64,
}

/// A device class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClassRow {
    /// Its name; thing names are `NAME-000000`….
    pub name: String,
    /// The archetype it was made from.
    pub archetype: String,
    /// Its devices.
    pub devices: Range<u32>,
    /// Interval of the device agent's metric reports; `None` without an agent.
    pub report_interval: Option<Millis>,
}

/// A behavior of a security profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BehaviorRow {
    /// The security profile.
    pub profile: String,
    /// The behavior.
    pub name: String,
    /// Its metric, for example `aws:num-messages-sent`.
    pub metric: String,
    /// What is normal, in words: `≤ 60 per 300 s`.
    pub criteria: String,
    /// Window over which the metric is taken.
    pub duration: Millis,
    /// Consecutive datapoints to alarm.
    pub to_alarm: u8,
    /// Consecutive datapoints to clear.
    pub to_clear: u8,
    /// Whether its alerts are suppressed.
    pub suppressed: bool,
    /// For statistical thresholds: the share of device-windows that lies outside by construction.
    pub built_in_share: Option<f64>,
    /// Devices that its profile covered at some time, as ascending ranges.
    pub covers: Vec<Range<u32>>,
    /// Datapoints judged.
    pub datapoints: u64,
    /// Datapoints that violated.
    pub violating: u64,
}

/// An enabled audit check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckRow {
    /// The service's name.
    pub name: String,
    /// `CRITICAL` … `LOW`.
    pub severity: String,
}

/// What kind of act the ledger records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// Somebody hostile did something: alarms on its metrics are true.
    Attack,
    /// A posture defect: audit findings on it are true.
    Defect,
    /// Innocent, but looks guilty: alarms are false, with this cause.
    Confounder,
    /// The defence itself broke: alarms are false, with this cause.
    Fault,
    /// Our own mitigation changed what the device can do: alarms are false, with this cause.
    SelfInflicted,
}

impl ActKind {
    /// Its lane in the timeline.
    pub const fn lane(self) -> &'static str {
        match self {
            ActKind::Attack => "attack",
            ActKind::Defect => "defect",
            ActKind::Confounder => "confounder",
            ActKind::Fault => "fault",
            ActKind::SelfInflicted => "response",
        }
    }
}

/// By which road an attack acts; decides which mitigation is effective against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Through the broker: cut by policies, certificate state, quarantine.
    Broker,
    /// Straight from the device to an address: no broker-side action stops it.
    Network,
    /// On the device only (a listener, a process).
    Device,
    /// The account's own configuration.
    Account,
}

/// An entry of the ledger of truth.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Act {
    /// The name given in the scenario.
    pub name: String,
    /// The registry name, for example `exfiltration`.
    pub kind: String,
    /// What kind of act it is.
    pub category: ActKind,
    /// By which road it acts.
    pub channel: Channel,
    /// MITRE ATT&CK technique ids.
    pub techniques: Vec<String>,
    /// Metrics it should disturb, by AWS name: the strict definition of detection looks only at behaviors on these.
    pub disturbs: Vec<String>,
    /// Audit checks that should find it, by AWS name.
    pub checks: Vec<String>,
    /// For defects not tied to devices: the resource (policy name, `account`, CA name), as [`FindingRow::resource`]
    /// spells it.
    pub resource: Option<String>,
    /// When the act as a whole began.
    pub onset: Timestamp,
    /// When it was planned to end (or the run's end).
    pub end: Timestamp,
    /// For defects not tied to devices: when a measure removed it.
    pub resolved: Option<Timestamp>,
    /// Unit of [`DeviceAct::harm`], for example `bytes`.
    pub harm_unit: String,
    /// The devices it concerns, in id order.
    pub devices: Vec<DeviceAct>,
}

impl Act {
    /// An act that disturbs nothing and concerns nobody yet; it ends as it begins.
    pub fn new(name: &str, kind: &str, category: ActKind, channel: Channel, onset: Timestamp) -> Act {
        Act {
            name: name.to_owned(),
            kind: kind.to_owned(),
            category,
            channel,
            techniques: Vec::new(),
            disturbs: Vec::new(),
            checks: Vec::new(),
            resource: None,
            onset,
            end: onset,
            resolved: None,
            harm_unit: String::new(),
            devices: Vec::new(),
        }
    }
}

/// An act's part on one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceAct {
    /// The device.
    pub device: DeviceId,
    /// When the act began on it.
    pub onset: Timestamp,
    /// When the first datapoint that it disturbs is complete: no detector could know earlier. `None` if no datapoint
    /// shows it.
    pub first_observable: Option<Timestamp>,
    /// When it ended on this device (by plan; containment is separate).
    pub end: Timestamp,
    /// When an action effective against its channel took hold, if it was not taken back while the act lasted.
    pub contained: Option<Timestamp>,
    /// Harm actually done, in [`Act::harm_unit`].
    pub harm: u64,
    /// Harm it would have done unhindered.
    pub harm_planned: u64,
}

impl DeviceAct {
    /// A part before anybody knows what becomes of it.
    pub fn new(device: u32, onset: Timestamp, end: Timestamp) -> DeviceAct {
        DeviceAct {
            device: DeviceId(device),
            onset,
            first_observable: None,
            end,
            contained: None,
            harm: 0,
            harm_planned: 0,
        }
    }
}

/// Attacks that hang together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRow {
    /// The name given in the scenario.
    pub name: String,
    /// Its stages, in the order of the scenario.
    pub stages: Vec<StageRow>,
}

/// A stage of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRow {
    /// Its attack, as a position in [`Outcome::truth`].
    pub act: u32,
    /// What it waited for; `None` if it began by the clock.
    pub waits: Option<WaitRow>,
    /// When it began; `None`: never.
    pub began: Option<Timestamp>,
    /// When it did its first harm, or changed the account if it does nothing else; `None`: never.
    pub succeeded: Option<Timestamp>,
}

/// What a stage waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitRow {
    /// The other stage, as a position in [`Outcome::truth`].
    pub act: u32,
    /// How far it has to get: `begun`, `succeeded`, `detected`, `ended`.
    pub milestone: String,
    /// How much later this one begins.
    pub delay: Millis,
    /// Whether it begins device by device, where the other one gets there.
    pub each: bool,
}

/// A datapoint's value, for tables and messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// A count.
    Count(u64),
    /// A custom number.
    Number(f64),
    /// Ports, sorted.
    Ports(Vec<u16>),
    /// Addresses, sorted.
    Cidrs(Vec<String>),
    /// Numbers of a custom list.
    Numbers(Vec<f64>),
    /// Texts of a custom list, sorted.
    Strings(Vec<String>),
}

/// An alarm episode: from in-alarm to cleared or invalidated; counts once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// Position in [`Outcome::behaviors`].
    pub behavior: u32,
    /// The device.
    pub device: DeviceId,
    /// Time of the datapoint that completed the run (D-64).
    pub raised: Timestamp,
    /// The value of that datapoint.
    pub value: Value,
    /// When the first datapoint of that run was complete.
    pub first_violation: Timestamp,
    /// When the alert left: `None` if suppressed or lost.
    pub notified: Option<Timestamp>,
    /// How and when it ended; `None` if it stood at the end of the run.
    pub ended: Option<(Timestamp, ViolationEventType)>,
    /// The service's violation id.
    pub violation_id: String,
}

/// How near a behavior came to an alarm while an attack went on: its longest run of violating datapoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Crossing {
    /// Position in [`Outcome::truth`].
    pub act: u32,
    /// The device.
    pub device: DeviceId,
    /// When the act began on it: a device may take part in an act more than once.
    pub onset: Timestamp,
    /// Position in [`Outcome::behaviors`].
    pub behavior: u32,
    /// Most consecutive violating datapoints between the onset and the end plus the time to clear; at least 1, at most
    /// [`BehaviorRow::to_alarm`], which means that an alarm was raised or stood.
    pub longest: u8,
}

/// An audit task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditRow {
    /// The service's task id.
    pub task_id: String,
    /// The schedule's name; `None` on demand.
    pub schedule: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Per check: (name, resources inspected, non-compliant, suppressed).
    pub checks: Vec<(String, u64, u64, u64)>,
}

/// An audit finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindingRow {
    /// Position in [`Outcome::audits`].
    pub audit: u32,
    /// The service's finding id.
    pub finding_id: String,
    /// Position in [`Outcome::checks`].
    pub check: u32,
    /// Reason code.
    pub reason: String,
    /// The resource: a device certificate is shown as `certificate of THING`, a policy by name, the account as
    /// `account`, a CA by name.
    pub resource: String,
    /// The device, where the resource belongs to one.
    pub device: Option<DeviceId>,
    /// When it was found.
    pub time: Timestamp,
    /// Whether a suppression covered it.
    pub suppressed: bool,
}

/// One action of a responder on one target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MitigationRow {
    /// The responder of the scenario.
    pub responder: String,
    /// Name of the mitigation action (or `job NAME`, or the registry operation).
    pub action: String,
    /// The action's type, for example `ADD_THINGS_TO_THING_GROUP`.
    pub action_type: String,
    /// What set it off: `violation BEHAVIOR`, `cleared BEHAVIOR`, `invalidated BEHAVIOR` or `finding CHECK`.
    pub trigger: String,
    /// The target: a thing, policy, certificate or `account`.
    pub target: String,
    /// The device, where the target is one.
    pub device: Option<DeviceId>,
    /// When the trigger was raised (the alarm's or finding's time).
    pub triggered: Timestamp,
    /// When the action was started.
    pub started: Timestamp,
    /// When its effect took hold in the world.
    pub effective: Option<Timestamp>,
    /// The service's status: `SUCCESSFUL`, `COMPLETED`, `FAILED`, `SKIPPED`…
    pub status: String,
    /// The error code of a failure.
    pub error: Option<String>,
}

/// An alert at a team's desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// The team.
    pub team: String,
    /// The responder that waits for its verdict.
    pub responder: String,
    /// The device, unless it is about an audit's findings.
    pub device: Option<DeviceId>,
    /// When it arrived.
    pub arrived: Timestamp,
    /// When an analyst took it; `None` if nobody had by the end of the run.
    pub taken: Option<Timestamp>,
    /// When the verdict fell.
    pub decided: Option<Timestamp>,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether there was an attack on the device, or a finding: what a right verdict confirms.
    pub real: bool,
}

/// What became of an alert at a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody has judged yet.
    Open,
    /// Handed on to another team.
    Escalated,
    /// Something is to be done about it.
    Confirmed,
    /// A false alarm, they say.
    Dismissed,
}

/// A job with its outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobRow {
    /// Job id.
    pub job_id: String,
    /// When it was created.
    pub created: Timestamp,
    /// When its last execution ended.
    pub ended: Option<Timestamp>,
    /// Number of targets.
    pub targets: u64,
    /// Executions that succeeded.
    pub succeeded: u64,
    /// Executions that failed.
    pub failed: u64,
    /// Executions that timed out.
    pub timed_out: u64,
    /// For certificate rotation: certificates replaced before the old one expired.
    pub rotated_in_time: u64,
    /// For certificate rotation: certificates replaced only after the old one had expired.
    pub rotated_late: u64,
    /// Device-time without a valid certificate: of targets rotated late until they were, of targets never rotated until
    /// the end of the run.
    pub outage: Millis,
    /// (minute after creation, executions succeeded by then), at most 500 points.
    pub progress: Vec<(u32, u64)>,
}

/// A line of the timeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimelineRow {
    /// When.
    pub time: Timestamp,
    /// `attack`, `defect`, `confounder`, `fault`, `alarm`, `audit`, `finding`, `response`, `job`, `system`.
    pub lane: String,
    /// What happened, in a sentence.
    pub text: String,
}

/// Totals and daily series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Device-windows simulated.
    pub device_windows: u64,
    /// Messages devices published.
    pub messages_sent: u64,
    /// Requests that the broker refused.
    pub authorization_failures: u64,
    /// Metric reports accepted.
    pub reports: u64,
    /// Notifications that would have gone to SNS.
    pub notifications: u64,
    /// Events that came after their window had been judged (D-36).
    pub late_events: u64,
    /// Per day since the start: messages published.
    pub messages_by_day: Vec<u64>,
    /// Per day since the start: requests refused.
    pub authorization_failures_by_day: Vec<u64>,
    /// Per hour since the start: devices that had a datapoint (mean over the hour's windows).
    pub active_by_hour: Vec<u32>,
}
