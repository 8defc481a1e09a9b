//! The scenario's types: counts instead of shares, parsed documents instead of paths.
//!
//! These are the types that the world is built from. `load` makes them from a TOML file and the AWS-shaped JSON
//! documents beside it, collecting every problem with its place; nothing in here needs checking again.

use std::sync::Arc;

use defender::detect::alarm::ViolationEventType;
pub use defender::detect::wire::CreateSecurityProfileRequest;
use defender::error::{Compatibility, Warning};
use defender::time::{Millis, Timestamp};
use ipnet::IpNet;

use super::churn::{AddressChurn, Churn};
use super::expect::Expectation;
use super::measure::{CustomMetricPlan, DimensionPlan};
use super::modes::Modes;
use super::team::TeamPlan;
use crate::attack::Attack;
use crate::confounder::Confounder;
use crate::defect::Defect;
use crate::fault::{self, Fault};
use crate::operation::Operation;
use crate::recording::Replay;
use crate::shard::source_address;

/// As `update-account-audit-configuration` takes it.
pub use defender::audit::wire::AccountAuditConfiguration as UpdateAccountAuditConfigurationRequest;
/// As `create-scheduled-audit` takes it.
pub use defender::audit::wire::CreateScheduledAuditRequest;

/// As `create-mitigation-action` takes it.
pub use defender::mitigation::wire::CreateMitigationActionRequest;

/// A scenario, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: the file's stem unless given.
    pub name: String,
    /// One line.
    pub title: String,
    /// The seed that decides everything random.
    pub seed: u64,
    /// When simulated time begins; a multiple of 300 s since the epoch.
    pub start: Timestamp,
    /// How long it runs.
    pub duration: Millis,
    /// Whether the engine refuses or tolerates the deviations of section 11 of the specification.
    pub compatibility: Compatibility,
    /// How the profile's criteria were read. Profiles in here are always in the AWS reading.
    pub criteria: CriteriaReading,
    /// The account.
    pub account: AccountPlan,
    /// Device classes, in file order.
    pub classes: Vec<ClassPlan>,
    /// Certificate authorities.
    pub authorities: Vec<AuthorityPlan>,
    /// Thing groups, parents before children.
    pub groups: Vec<GroupPlan>,
    /// IoT policies.
    pub policies: Vec<PolicyPlan>,
    /// Custom metrics.
    pub custom_metrics: Vec<CustomMetricPlan>,
    /// Dimensions.
    pub dimensions: Vec<DimensionPlan>,
    /// Security profiles with their targets.
    pub profiles: Vec<ProfilePlan>,
    /// How ML behaviors learn.
    pub ml: MlPlan,
    /// Audit configuration, schedules and on-demand audits.
    pub audit: AuditPlan,
    /// Mitigation actions, as `create-mitigation-action` takes them.
    pub mitigation_actions: Vec<CreateMitigationActionRequest>,
    /// Attacks.
    pub attacks: Vec<AttackPlan>,
    /// Which of them are stages of what.
    pub campaigns: Vec<CampaignPlan>,
    /// Innocent events.
    pub confounders: Vec<ConfounderPlan>,
    /// Posture defects.
    pub defects: Vec<DefectPlan>,
    /// What breaks in the defence itself.
    pub faults: Vec<FaultPlan>,
    /// Teams of people who judge alerts.
    pub teams: Vec<TeamPlan>,
    /// Who responds to what.
    pub responders: Vec<ResponderPlan>,
    /// What its author expects of a run, in the order of the file; only a test reads it.
    pub expectations: Vec<Expectation>,
    /// Recorded telemetry in place of the simulated one; no file has it, see [`Scenario::replaying`].
    pub replay: Option<Replay>,
    /// What was tolerated or looks odd.
    pub warnings: Vec<Warning>,
}

impl Scenario {
    /// When simulated time ends.
    pub fn end(&self) -> Timestamp {
        self.start + self.duration
    }

    /// Number of devices of all classes.
    pub fn devices(&self) -> u32 {
        self.classes.iter().map(|class| class.count).sum()
    }
}

/// How the profile's criteria are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CriteriaReading {
    /// As in AWS: criteria state what is normal (D-01).
    #[default]
    Normal,
    /// As many first-time authors write them: criteria state when to alarm. The loader translates each behavior to
    /// its complement and says so.
    Alarm,
}

/// The account.
#[derive(Clone, Debug)]
pub struct AccountPlan {
    /// 12 digits.
    pub id: String,
    /// Region.
    pub region: String,
    /// Whether V2 logging is on at the start, and at which level (`None`: never configured).
    pub logging: Option<String>,
}

/// A device class.
#[derive(Clone, Debug)]
pub struct ClassPlan {
    /// Name; things are called `NAME-000000`….
    pub name: String,
    /// Number of devices.
    pub count: u32,
    /// What its devices do, with the scenario's overrides applied.
    pub archetype: Archetype,
    /// The policies attached to its certificates, by name.
    pub policies: Vec<String>,
    /// The thing groups that its things are in, by name.
    pub groups: Vec<String>,
    /// IANA time zone of its sites: decides when its days begin.
    pub time_zone: String,
    /// The certificate cohorts of the class; their counts add up to `count`.
    pub cohorts: Vec<CohortPlan>,
    /// The networks that its devices connect from.
    pub source_networks: Vec<IpNet>,
    /// How often they get other addresses of these.
    pub addresses: AddressChurn,
    /// How its devices come and go; `None`: all are there from start to end.
    pub churn: Option<Churn>,
}

/// A provisioning wave: certificates issued together.
#[derive(Clone, Debug)]
pub struct CohortPlan {
    /// Name, for the truth ledger.
    pub name: String,
    /// Number of certificates.
    pub count: u32,
    /// Issuing authority, by name.
    pub authority: String,
    /// First instant of validity of the wave's first certificate.
    pub not_before: Timestamp,
    /// Length of the validity.
    pub lifetime: Millis,
    /// The wave lasted this long: a device's certificate begins uniformly within it.
    pub spread: Millis,
}

/// A certificate authority.
#[derive(Clone, Debug)]
pub struct AuthorityPlan {
    /// Name.
    pub name: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
}

/// A thing group.
#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// Name.
    pub name: String,
    /// Parent group.
    pub parent: Option<String>,
    /// Policies attached to the group, by name.
    pub policies: Vec<String>,
    /// Who is in it, as a fleet-index query, if it is a dynamic group (V-09).
    pub query: Option<String>,
}

/// An IoT policy.
#[derive(Clone, Debug)]
pub struct PolicyPlan {
    /// Name.
    pub name: String,
    /// The JSON document.
    pub document: String,
    /// Where it came from, for messages.
    pub file: String,
}

/// A security profile with its targets.
#[derive(Clone, Debug)]
pub struct ProfilePlan {
    /// The request, in the AWS reading of criteria, validated.
    pub request: CreateSecurityProfileRequest,
    /// Target ARNs.
    pub targets: Vec<String>,
    /// Where it came from, for messages.
    pub file: String,
}

/// How ML behaviors learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MlPlan {
    /// How long before the start the profiles were attached: models have learned from what the fleet did meanwhile.
    pub history: Millis,
    /// Which surrogate stands in for the service's model, which is not public.
    pub model: ModelKind,
}

/// A surrogate for the service's model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelKind {
    /// Seasonal levels with tails of stated false-alarm rates (`docs/ml.md`).
    #[default]
    SeasonalTails,
    /// Distance from the median (CH-81).
    StandIn,
}

/// What is audited, and when.
#[derive(Clone, Debug, Default)]
pub struct AuditPlan {
    /// As `update-account-audit-configuration` takes it.
    pub configuration: Option<UpdateAccountAuditConfigurationRequest>,
    /// As `create-scheduled-audit` takes them.
    pub schedules: Vec<CreateScheduledAuditRequest>,
    /// On-demand audits: (after the start, check names).
    pub on_demand: Vec<(Millis, Vec<String>)>,
}

/// Which devices an act concerns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Classes by name; empty: all.
    pub classes: Vec<String>,
    /// Cohorts by name; empty: all.
    pub cohorts: Vec<String>,
    /// Networks that they connect from, such as a site's or a carrier's; empty: any.
    pub networks: Vec<IpNet>,
    /// How many of them; `None`: all that match. Drawn by the seed.
    pub count: Option<u32>,
}

impl Selector {
    /// Whether a device of a class with these source networks connects from one of the selector's networks.
    pub(crate) fn connects_from(&self, source_networks: &[IpNet], key: u64) -> bool {
        let address = source_address(source_networks, key);
        self.networks.is_empty()
            || address.is_some_and(|address| self.networks.iter().any(|network| network.contains(&address)))
    }
}

/// An attack on the calendar.
#[derive(Clone, Debug)]
pub struct AttackPlan {
    /// Name.
    pub name: String,
    /// When it begins.
    pub start: Onset,
    /// How long it lasts.
    pub duration: Millis,
    /// Each device's onset is later by a uniform draw from `0..stagger` (0: all at once).
    pub stagger: Millis,
    /// Whom it hits.
    pub targets: Selector,
    /// What is done, with its parameters.
    pub attack: Arc<dyn Attack>,
}

/// When an attack begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onset {
    /// So long after the run's start.
    At(Millis),
    /// When another stage of its campaign gets somewhere; if that never happens, never.
    After(After),
    /// Never: it waits for alarms in a world in which nobody hears them.
    Never,
}

impl Onset {
    /// Whether it depends on an alarm.
    pub const fn waits_for_an_alarm(self) -> bool {
        matches!(self, Onset::After(After { milestone: Milestone::Detected, .. }))
    }
}

/// What a stage of a campaign waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// The other stage, as a position in [`Scenario::attacks`].
    pub stage: usize,
    /// How far it has to get.
    pub milestone: Milestone,
    /// How much later this one begins.
    pub delay: Millis,
    /// Whether it begins device by device where the other one gets there, instead of on its own targets when the other
    /// one first gets there anywhere.
    pub each: bool,
}

/// How far an attack has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// It began.
    Begun,
    /// It did its first harm; one that only changes the account did so.
    Succeeded,
    /// An alarm was raised on one of its devices, by a behavior on a metric that it disturbs.
    Detected,
    /// It ended, by plan.
    Ended,
}

impl Milestone {
    /// As scenario files and reports spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Milestone::Begun => "begun",
            Milestone::Succeeded => "succeeded",
            Milestone::Detected => "detected",
            Milestone::Ended => "ended",
        }
    }
}

/// Attacks that hang together.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignPlan {
    /// Name.
    pub name: String,
    /// Its stages, as positions in [`Scenario::attacks`].
    pub stages: Vec<usize>,
}

/// An innocent event on the calendar.
#[derive(Clone, Debug)]
pub struct ConfounderPlan {
    /// Name.
    pub name: String,
    /// Onset after the start.
    pub start: Millis,
    /// How long it lasts.
    pub duration: Millis,
    /// Each device's onset is later by a uniform draw from `0..stagger`.
    pub stagger: Millis,
    /// Whom it concerns.
    pub targets: Selector,
    /// What happens, with its parameters.
    pub confounder: Arc<dyn Confounder>,
}

/// A fault on the calendar.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Name.
    pub name: String,
    /// Its entry in the registry.
    pub entry: &'static fault::Entry,
    /// Onset after the start.
    pub start: Millis,
    /// How long it lasts.
    pub duration: Millis,
    /// Each device's onset is later by a uniform draw from `0..stagger`.
    pub stagger: Millis,
    /// Whom it concerns.
    pub targets: Selector,
    /// How hard it strikes, 0 (exactly off) to 1: a probability or a share of devices, as the entry says.
    pub intensity: f64,
    /// What breaks, with its parameters.
    pub fault: Arc<dyn Fault>,
}

/// A posture defect.
#[derive(Clone, Debug)]
pub struct DefectPlan {
    /// Name.
    pub name: String,
    /// When it is introduced, after the start (0: there from the beginning).
    pub start: Millis,
    /// The devices that it is seeded on; `None` if it is not about devices.
    pub targets: Option<Selector>,
    /// What is wrong.
    pub defect: Arc<dyn Defect>,
}

/// Who responds to what, how fast, with what.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponderPlan {
    /// Name.
    pub name: String,
    /// What sets it off.
    pub trigger: Trigger,
    /// The team that judges each alert first, as a position in [`Scenario::teams`].
    pub team: Option<usize>,
    /// A second team that has to agree.
    pub approval: Option<usize>,
    /// The team that takes over if the function fails for good.
    pub escalation: Option<usize>,
    /// How long it takes from the notification, finding or verdict to the start of the response.
    pub delay: Delay,
    /// When it holds back.
    pub conditions: Conditions,
    /// How its function runs.
    pub function: FunctionPlan,
    /// What it does, step by step: after a step that fails nothing more is done.
    pub steps: Vec<Response>,
}

/// When a responder holds back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Devices of these classes only, as positions in [`Scenario::classes`]; empty: any.
    pub classes: Vec<usize>,
    /// Only while the alarm stands.
    pub standing: bool,
    /// At most so many responses within a time.
    pub budget: Option<(u32, Millis)>,
}

/// The function that carries a response out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionPlan {
    /// Share of runs that fail without doing anything.
    pub failure: f64,
    /// How often a failed run is tried again.
    pub retries: u32,
    /// How long a run takes before its effect.
    pub runtime: Millis,
    /// How many run at once; `None`: any number.
    pub concurrency: Option<u32>,
}

/// What sets a responder off.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// An alert about one of these behaviors (empty: any) of the profile.
    Violation {
        /// The event that it tells (D-88).
        event: ViolationEventType,
        /// Security profile.
        profile: String,
        /// Behaviors.
        behaviors: Vec<String>,
    },
    /// An unsuppressed finding of this check.
    Finding {
        /// Check name.
        check: String,
    },
}

/// A delay: fixed, or drawn for each response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// Always the same.
    Fixed(Millis),
    /// Log-normal with this median and this ratio of p95 to the median.
    LogNormal {
        /// Median.
        median: Millis,
        /// p95 / median, greater than 1.
        p95_ratio: f64,
    },
}

impl Delay {
    /// With this median, and this ratio of p95 to it; fixed if that is 1.
    pub(crate) fn new(median: Millis, p95_ratio: f64) -> Delay {
        if p95_ratio > 1.0 { Delay::LogNormal { median, p95_ratio } } else { Delay::Fixed(median) }
    }
}

/// What a responder does.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Start a mitigation task with this action (by name), within the applicability rules.
    Mitigation {
        /// Name of the mitigation action.
        action: String,
    },
    /// Start an IoT job that rotates the certificates of the findings' devices.
    RotateCertificates(RotationPlan),
    /// Call an operation of the registry directly.
    Operation(Operation),
}

impl Response {
    /// What reports call it.
    pub fn name(&self) -> &str {
        match self {
            Response::Mitigation { action } => action,
            Response::RotateCertificates(_) => "rotate-certificates",
            Response::Operation(operation) => operation.name(),
        }
    }
}

/// How a certificate rotation job is rolled out.
#[derive(Clone, Debug, PartialEq)]
pub struct RotationPlan {
    /// Things notified per minute at first.
    pub base_rate_per_minute: u32,
    /// Factor of each increase (1.1–5); `None`: constant rate.
    pub increment_factor: Option<f64>,
    /// Succeeded things per increase.
    pub increase_every: u32,
    /// Ceiling of the rate.
    pub maximum_per_minute: u32,
    /// In-progress timeout.
    pub timeout: Millis,
    /// Share of executions that fail, as a probability.
    pub failure: f64,
    /// Abort when at least this share failed.
    pub abort_share: f64,
    /// …of at least this many executed things.
    pub abort_minimum: u32,
    /// Median time from notification to success on a device that is online.
    pub device_time: Millis,
    /// Validity of the new certificates.
    pub lifetime: Millis,
}

/// What a kind of device does on an ordinary day. The built-in archetypes are the files of `sim/archetypes/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Archetype {
    /// Name, for example `smart-meter`.
    pub name: String,
    /// Messages published per 300 s.
    pub sent: Traffic,
    /// Messages received per 300 s.
    pub received: Traffic,
    /// Payload bytes of a published message.
    pub message_size: Size,
    /// Packets out per 300 s beside those that carry messages.
    pub packets_out: Traffic,
    /// Packets in per 300 s beside those that carry messages.
    pub packets_in: Traffic,
    /// Bytes of an outgoing packet.
    pub packet_size_out: Size,
    /// Bytes of an incoming packet.
    pub packet_size_in: Size,
    /// Device-to-device spread of the rates: standard deviation of the logarithm of a device's own factor.
    pub heterogeneity: f64,
    /// Disconnects with immediate reconnect, per day.
    pub reconnects_per_day: f64,
    /// Requests refused on an ordinary day (a client that retries an old topic…), per day.
    pub authorization_failures_per_day: f64,
    /// Share of windows in which the device is connected at all (1: always; a tracker sleeps).
    pub duty: f64,
    /// TCP ports it listens on.
    pub tcp_ports: Vec<u16>,
    /// UDP ports it listens on.
    pub udp_ports: Vec<u16>,
    /// Established TCP connections: at least 1 while connected; this many more on average.
    pub extra_connections: f64,
    /// Networks that its connections lead to.
    pub destinations: Vec<IpNet>,
    /// Topic it publishes to; `{thing}` stands for the thing name.
    pub publish_topic: String,
    /// Topic filter it subscribes to; `{thing}` stands for the thing name.
    pub subscribe_topic: String,
    /// Other topics that it publishes to, each with its share of the messages; it may publish there if it may on its own.
    pub publish_shares: Vec<(String, f64)>,
    /// Other topics that it receives on, each with its share.
    pub receive_shares: Vec<(String, f64)>,
    /// Interval of the device agent's metric reports, at least 300 s; `None`: no agent.
    pub report_interval: Option<Millis>,
    /// What it does now and then beside all this.
    pub modes: Modes,
}

/// A count per 300 s: over-dispersed, with the shape of the day and of the week.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Mean over the whole week.
    pub mean: f64,
    /// Size parameter k of the negative binomial: variance = mean + mean²/k. Infinite: Poisson.
    pub dispersion: f64,
    /// Relative rate of each local hour; mean 1.
    pub hours: [f64; 24],
    /// Relative rate on Saturday and Sunday against weekdays.
    pub weekend: f64,
}

/// A size in bytes: log-normal around a median, cut at a maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Median \[bytes\].
    pub median: f64,
    /// Standard deviation of the logarithm.
    pub spread: f64,
    /// Never larger \[bytes\].
    pub maximum: f64,
}
