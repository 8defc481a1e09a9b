//! Faults: what breaks in the defence itself. One file each, one line in [`REGISTRY`].
//!
//! ```text
//!   agent ─▶ network ─▶ ingestion ─▶ notification ─▶ people ─▶ mitigation ─▶ enforcement
//!                                      audit ──────▶ people ─▶ jobs
//! ```
//!
//! A fault of the first three stages works on device reports as they travel, and so touches nothing but device-side
//! metrics ([`OnReports`]). A fault further down works where the service or its users act ([`Breakdown`]). Every fault
//! has one *intensity* from 0 to 1 beside its parameters: a probability or a share of devices, as its entry says. At 0
//! it is exactly off.

mod agent_crash;
mod agent_upgrade;
mod audit_canceled;
mod audit_late;
mod clock_drift;
mod clock_skew;
mod clock_step;
mod counter_reset;
mod cumulative_counters;
mod enforcement_lag;
mod frozen_report;
mod ingestion_throttle;
mod job_stalled;
mod malformed_report;
mod mitigation_failing;
mod mitigation_partial;
mod mitigation_throttled;
mod notification_late;
mod notification_lost;
mod region_partition;
mod report;
mod report_delay;
mod report_duplication;
mod report_loss;
mod report_loss_burst;
mod report_reordering;
mod responders_absent;
mod stale_index;

use std::fmt;
use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

pub use report::{Fate, Memory, More, OnReports, Passage, Report, Sets};

use crate::scenario::fields::Fields;
use crate::scenario::source::Source;
use crate::scenario::tree::parse_toml;
use crate::scenario::{Delay, FaultPlan, Problems, Selector};

/// Where in the defence a fault sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The agent that makes device reports.
    Agent,
    /// The way of a report to the service.
    Network,
    /// Where the service takes reports in.
    Ingestion,
    /// Audits.
    Audit,
    /// Alerts on their way to their subscribers.
    Notification,
    /// Those who respond.
    People,
    /// The API that mitigation tasks are started by, and the registry called.
    Mitigation,
    /// The broker and the index, where changes of the account take hold.
    Enforcement,
    /// Jobs on devices.
    Jobs,
}

impl Stage {
    /// What reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Agent => "agent",
            Stage::Network => "network",
            Stage::Ingestion => "ingestion",
            Stage::Audit => "audit",
            Stage::Notification => "notification",
            Stage::People => "people",
            Stage::Mitigation => "mitigation",
            Stage::Enforcement => "enforcement",
            Stage::Jobs => "jobs",
        }
    }

    /// The stages that work on what this one hands on.
    const fn feeds(self) -> &'static [Stage] {
        match self {
            Stage::Agent => &[Stage::Network],
            Stage::Network => &[Stage::Ingestion],
            Stage::Ingestion => &[Stage::Notification],
            Stage::Audit | Stage::Notification => &[Stage::People],
            Stage::People => &[Stage::Mitigation, Stage::Jobs],
            Stage::Mitigation => &[Stage::Enforcement],
            Stage::Enforcement | Stage::Jobs => &[],
        }
    }

    /// Whether faults of two stages can meet: at one stage, or where one hands on to the other.
    pub fn interacts_with(self, other: Stage) -> bool {
        self == other || self.feeds().contains(&other) || other.feeds().contains(&self)
    }
}

/// What breaks behind the intake of reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Breakdown {
    /// Audits that are due look this much later.
    AuditLate(Millis),
    /// Audits are canceled as they start.
    AuditCanceled,
    /// Alerts do not reach their subscribers.
    NotificationLost,
    /// Alerts reach their subscribers later.
    NotificationLate(Delay),
    /// Nobody is there to respond.
    RespondersAbsent,
    /// Starting a mitigation task is refused, as if the quota were used up.
    MitigationThrottled,
    /// A mitigation task ends in an internal error.
    MitigationFailing,
    /// A mitigation reaches only some of the devices that it names.
    MitigationPartial,
    /// The broker goes on with what it had decided.
    EnforcementLag,
    /// Membership of dynamic targets is not brought up to date.
    StaleIndex,
    /// Devices do not begin with their jobs.
    JobStalled,
}

/// How a fault works.
#[derive(Clone, Copy, Debug)]
pub enum Mechanism<'a> {
    /// On reports, one after the other.
    Reports(&'a dyn OnReports),
    /// Where the service or its users act.
    Breakdown(Breakdown),
}

/// A fault with its parameters.
pub trait Fault: fmt::Debug + Send + Sync {
    /// How it works.
    fn mechanism(&self) -> Mechanism<'_>;
}

/// A breakdown is a fault without further parameters.
impl Fault for Breakdown {
    fn mechanism(&self) -> Mechanism<'_> {
        Mechanism::Breakdown(*self)
    }
}

impl<T: OnReports> Fault for T {
    fn mechanism(&self) -> Mechanism<'_> {
        Mechanism::Reports(self)
    }
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Entry {
    /// The name in scenario files.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// Where it sits.
    pub stage: Stage,
    /// What its intensity is a share or probability of.
    pub intensity_of: &'static str,
    /// Its intensity where none is given.
    pub intensity: f64,
    /// Metrics of which it can raise false alarms.
    pub disturbs: &'static [Metric],
    /// Parameters as a scenario would write them, one inline table each.
    pub examples: &'static [&'static str],
    /// Reads the parameters; problems go to `fields`, which then make the loader fail.
    pub read: fn(&mut Fields<'_>) -> Arc<dyn Fault>,
}

impl Entry {
    /// The fault with the parameters of its first example.
    pub fn plain(&self) -> Arc<dyn Fault> {
        let text = format!("fault = {}", self.examples.first().unwrap_or(&"{}"));
        let (tree, _) = parse_toml(&Source::new(self.name, text));
        let node = tree.as_table().and_then(|table| table.get("fault")).unwrap_or(&tree);
        let table = node.as_table().cloned().unwrap_or_default();
        Fields::read(&table, &node.place, &mut Problems::new(), self.read)
    }

    /// The plain fault on all devices, as an act that is named after it.
    pub fn plan(&'static self, start: Millis, duration: Millis, intensity: f64) -> FaultPlan {
        FaultPlan {
            name: self.name.to_owned(),
            entry: self,
            start,
            duration,
            stagger: Millis(0),
            targets: Selector::default(),
            intensity,
            fault: self.plain(),
        }
    }
}

/// The metrics that travel in reports.
const DEVICE_SIDE: &[Metric] = &[
    Metric::AllBytesOut,
    Metric::AllBytesIn,
    Metric::AllPacketsOut,
    Metric::AllPacketsIn,
    Metric::NumListeningTcpPorts,
    Metric::NumListeningUdpPorts,
    Metric::NumEstablishedTcpConnections,
    Metric::ListeningTcpPorts,
    Metric::ListeningUdpPorts,
    Metric::DestinationIpAddresses,
];
/// Those of them that count what happened since the report before.
const AMOUNTS: &[Metric] = &[Metric::AllBytesOut, Metric::AllBytesIn, Metric::AllPacketsOut, Metric::AllPacketsIn];

/// All faults, by name.
pub const REGISTRY: &[Entry] = &[
    agent_crash::ENTRY,
    agent_upgrade::ENTRY,
    audit_canceled::ENTRY,
    audit_late::ENTRY,
    clock_drift::ENTRY,
    clock_skew::ENTRY,
    clock_step::ENTRY,
    counter_reset::ENTRY,
    cumulative_counters::ENTRY,
    enforcement_lag::ENTRY,
    frozen_report::ENTRY,
    ingestion_throttle::ENTRY,
    job_stalled::ENTRY,
    malformed_report::ENTRY,
    mitigation_failing::ENTRY,
    mitigation_partial::ENTRY,
    mitigation_throttled::ENTRY,
    notification_late::ENTRY,
    notification_lost::ENTRY,
    region_partition::ENTRY,
    report_delay::ENTRY,
    report_duplication::ENTRY,
    report_loss::ENTRY,
    report_loss_burst::ENTRY,
    report_reordering::ENTRY,
    responders_absent::ENTRY,
    stale_index::ENTRY,
];

/// The entry of a name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disturbance::testing::{is_current, metrics, read_inline, section};

    #[test]
    fn the_registry_is_sorted_and_complete() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.name < b.name));
        for entry in REGISTRY {
            assert!(!entry.examples.is_empty() && !entry.intensity_of.is_empty(), "{}", entry.name);
            assert!(entry.intensity > 0.0 && entry.intensity <= 1.0, "{}", entry.name);
            for example in entry.examples {
                let on_reports = matches!(read_inline(example, entry.read).mechanism(), Mechanism::Reports(_));
                assert_eq!(on_reports, entry.stage <= Stage::Ingestion, "{} {example}", entry.name);
            }
        }
    }

    /// What is told by the broker and not by reports is not theirs to touch.
    #[test]
    fn faults_of_reports_disturb_only_what_reports_carry() {
        for entry in REGISTRY {
            assert_eq!(entry.disturbs.is_empty(), entry.stage > Stage::Ingestion, "{}", entry.name);
            assert!(entry.disturbs.iter().all(|metric| !metric.is_cloud_side()), "{}", entry.name);
        }
    }

    #[test]
    fn stages_interact_with_themselves_and_their_neighbours() {
        assert!(Stage::Agent.interacts_with(Stage::Agent) && Stage::Agent.interacts_with(Stage::Network));
        assert!(Stage::Network.interacts_with(Stage::Agent) && Stage::Jobs.interacts_with(Stage::People));
        assert!(!Stage::Agent.interacts_with(Stage::People) && !Stage::Audit.interacts_with(Stage::Notification));
    }

    /// `docs/faults.md` is made from the registry.
    #[test]
    fn reference_is_current() {
        let mut page =
            "# Faults\n\nWhat breaks in the defence itself. Each is a table in a `[[fault]]` of a scenario, \
                        beside `name`, `start`, `duration`, `stagger`, `targets` and `intensity`. The intensity lies \
                        between 0, at which a fault is exactly off, and 1. Faults of device reports touch nothing but \
                        device-side metrics: what the broker counts itself does not travel in reports. Alarms that \
                        they cause are false, with a known cause.\n\n\
                        `fleetrange chaos` plays every fault alone, in pairs that can meet, and all together. \
                        Faults can meet at one stage, or where one stage hands on to the other: agent, network, \
                        ingestion, notification, people, mitigation, enforcement; audits hand on to people, and \
                        people to jobs.\n\n\
                        `[chaos.swarm]` lets the seed draw faults within bounds; the lock of the run has what it \
                        drew.\n\n\
                        This page is generated from the registry: `UPDATE_DOCS=1 cargo test -p fleetrange-sim --lib \
                        reference`.\n"
                .to_owned();
        for entry in REGISTRY {
            let facts = [
                ("stage", entry.stage.name().to_owned()),
                ("intensity", format!("{}; {} unless given", entry.intensity_of, entry.intensity)),
                ("disturbs", metrics(entry.disturbs)),
            ];
            page += &section(entry.name, entry.summary, &facts, entry.examples, Fields::describe(entry.read));
        }
        is_current("faults.md", &page);
    }
}
