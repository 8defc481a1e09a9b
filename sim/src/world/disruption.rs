//! Faults in force: of reports, handed to the shards; and behind the intake, asked for wherever the service or its users
//! act. Whether a fault strikes is drawn from what happens (device, rule, time), never from how much happened before.

use defender::time::{Millis, Timestamp};

use super::ledger::Ledger;
use crate::dice::{Dice, Purpose, mix, name_key};
use crate::fault::{Breakdown, Mechanism};
use crate::fleet::Fleet;
use crate::outcome::{Act, ActKind, Channel, DeviceAct};
use crate::scenario::Scenario;
use crate::shard::{LANES, ReportFault};

/// A fault behind the intake.
#[derive(Clone, Debug)]
struct Disruption {
    what: Breakdown,
    /// The devices concerned, with when it begins and ends on them; in id order.
    devices: Vec<(u32, Timestamp, Timestamp)>,
    onset: Timestamp,
    end: Timestamp,
    /// Address of its dice.
    key: u64,
    intensity: f64,
}

/// The faults behind the intake.
#[derive(Clone, Debug, Default)]
pub(super) struct Disruptions {
    all: Vec<Disruption>,
}

/// Enters faults in the ledger, and draws whom they concern. One of intensity 0 is not there at all.
pub(super) fn plan(scenario: &Scenario, fleet: &Fleet, ledger: &mut Ledger) -> (Disruptions, Vec<(u32, ReportFault)>) {
    let (mut disruptions, mut of_reports) = (Disruptions::default(), Vec::new());
    for plan in scenario.faults.iter().filter(|plan| plan.intensity > 0.0) {
        let key = mix(scenario.seed ^ name_key(&plan.name));
        let onset = scenario.start + plan.start;
        let selected = fleet.select(scenario, &plan.targets, false, &mut Dice::new(key, Purpose::FaultTargets, 0));
        let devices: Vec<(u32, Timestamp, Timestamp)> = selected
            .into_iter()
            .map(|device| {
                let own = key ^ fleet.devices[device as usize].key;
                let delay = Dice::new(own, Purpose::FaultStagger, 0).below(plan.stagger.0.max(1) as u64) as i64;
                let begins = onset + Millis(delay);
                (device, begins, begins + plan.duration)
            })
            .collect();
        let mut act = Act {
            disturbs: plan.entry.disturbs.iter().map(ToString::to_string).collect(),
            end: (onset + plan.duration + plan.stagger).min(scenario.end()),
            ..Act::new(&plan.name, plan.entry.name, ActKind::Fault, Channel::Account, onset)
        };
        match plan.fault.mechanism() {
            Mechanism::Reports(_) => {
                act.channel = Channel::Device;
                let parts = devices
                    .iter()
                    .map(|(device, onset, end)| DeviceAct::new(*device, *onset, (*end).min(scenario.end())));
                act.devices = parts.collect();
                let position = ledger.enter(act);
                of_reports.extend(devices.into_iter().enumerate().map(|(number, (device, onset, end))| {
                    let fault = ReportFault {
                        act: position,
                        position: number as u32,
                        lane: device % LANES as u32,
                        stage: plan.entry.stage,
                        onset,
                        end,
                        intensity: plan.intensity,
                        key: key ^ fleet.devices[device as usize].key,
                        shared: key,
                        effect: plan.fault.clone(),
                        memory: crate::fault::Memory::default(),
                        first_struck: None,
                    };
                    (device, fault)
                }));
            }
            Mechanism::Breakdown(what) => {
                let end = act.end;
                ledger.enter(act);
                let intensity = plan.intensity;
                disruptions.all.push(Disruption { what, devices, onset, end, key, intensity });
            }
        }
    }
    (disruptions, of_reports)
}

impl Disruption {
    /// When it ends, if it goes on at a time; on a device, if one is concerned.
    fn in_force(&self, device: Option<u32>, time: Timestamp) -> Option<Timestamp> {
        let (onset, end) = match device {
            None => (self.onset, self.end),
            Some(device) => {
                let at = self.devices.binary_search_by_key(&device, |(device, ..)| *device).ok()?;
                (self.devices[at].1, self.devices[at].2)
            }
        };
        (onset <= time && time < end).then_some(end)
    }

    /// Dice of an occasion, on a device if one is concerned.
    fn dice(&self, device: Option<u32>, occasion: u64) -> Dice {
        let device = device.map_or(0, |device| mix(u64::from(device) + 1));
        Dice::new(self.key ^ device, Purpose::Fault, occasion)
    }
}

impl Disruptions {
    /// The faults of a kind that go on at a time and strike an occasion: when each ends, with its dice.
    fn striking<'a>(
        &'a self,
        is_meant: impl Fn(Breakdown) -> bool + 'a,
        device: Option<u32>,
        time: Timestamp,
        occasion: u64,
    ) -> impl Iterator<Item = (&'a Disruption, Timestamp, Dice)> {
        self.all.iter().filter(move |fault| is_meant(fault.what)).filter_map(move |fault| {
            let end = fault.in_force(device, time)?;
            let mut dice = fault.dice(device, occasion);
            (dice.unit() < fault.intensity).then_some((fault, end, dice))
        })
    }

    /// When the last fault of one kind that strikes an occasion ends.
    fn until(&self, what: Breakdown, device: Option<u32>, time: Timestamp, occasion: u64) -> Option<Timestamp> {
        self.striking(move |other| other == what, device, time, occasion).map(|(_, end, _)| end).max()
    }

    /// When an audit that is due looks.
    pub fn audit_due(&self, due: Timestamp) -> Timestamp {
        let is_late = |what| matches!(what, Breakdown::AuditLate(_));
        let late = self.striking(is_late, None, due, due.0 as u64);
        late.fold(due, |at, (fault, ..)| match fault.what {
            Breakdown::AuditLate(delay) => at + delay,
            _ => at,
        })
    }

    /// Whether an audit that starts is canceled.
    pub fn cancels_audit(&self, time: Timestamp) -> bool {
        self.until(Breakdown::AuditCanceled, None, time, time.0 as u64).is_some()
    }

    /// When an alert that leaves at a time reaches its subscribers; `None`: never.
    pub fn delivered(&self, device: u32, rule: u32, sent: Timestamp) -> Option<Timestamp> {
        let occasion = mix(sent.0 as u64 ^ u64::from(rule) << 48);
        if self.until(Breakdown::NotificationLost, Some(device), sent, occasion).is_some() {
            return None;
        }
        let is_late = |what| matches!(what, Breakdown::NotificationLate(_));
        let late = self.striking(is_late, Some(device), sent, occasion);
        Some(late.fold(sent, |at, (fault, _, dice)| match fault.what {
            Breakdown::NotificationLate(delay) => at + delay.draw(dice),
            _ => at,
        }))
    }

    /// When somebody is there again to respond, if nobody is.
    pub fn absent_until(&self, key: u64, occasion: u64, time: Timestamp) -> Option<Timestamp> {
        self.until(Breakdown::RespondersAbsent, None, time, mix(key ^ occasion))
    }

    /// How many of a team's people are there.
    pub fn left_of(&self, people: u32, time: Timestamp) -> u32 {
        let absences = self.all.iter().filter(|fault| fault.what == Breakdown::RespondersAbsent);
        let present = absences.filter(|fault| fault.in_force(None, time).is_some()).map(|fault| 1.0 - fault.intensity);
        (f64::from(people) * present.product::<f64>()).round() as u32
    }

    /// When people who are absent at a time come back.
    pub fn people_return(&self, time: Timestamp) -> Option<Timestamp> {
        let absences = self.all.iter().filter(|fault| fault.what == Breakdown::RespondersAbsent);
        absences.filter_map(|fault| fault.in_force(None, time)).min()
    }

    /// What a mitigation task fails with, if it does; about a device, or about findings.
    pub fn mitigation_breaks(&self, device: Option<u32>, occasion: u64, time: Timestamp) -> Option<&'static str> {
        let fails = |what| self.until(what, device, time, occasion).is_some();
        if fails(Breakdown::MitigationThrottled) {
            Some("ThrottlingException: the rate of calls is exceeded")
        } else if fails(Breakdown::MitigationFailing) {
            Some("InternalFailureException: the task ended in an internal error")
        } else {
            None
        }
    }

    /// Until when the broker goes on with what it had decided for a device, if it does; `mitigated` if a mitigation of
    /// the device has yet to show.
    pub fn enforcement_lags(&self, device: u32, now: Timestamp, mitigated: bool) -> Option<Timestamp> {
        let any = self.until(Breakdown::EnforcementLag, Some(device), now, now.0 as u64);
        let partial = mitigated.then(|| self.until(Breakdown::MitigationPartial, Some(device), now, 0)).flatten();
        any.max(partial)
    }

    /// Until when profiles go on covering a device as they did, if they do.
    pub fn index_is_stale(&self, device: u32, now: Timestamp) -> Option<Timestamp> {
        self.until(Breakdown::StaleIndex, Some(device), now, now.0 as u64)
    }

    /// Until when a device does not begin with its job, if it does not.
    pub fn job_stalls(&self, device: u32, time: Timestamp) -> Option<Timestamp> {
        self.until(Breakdown::JobStalled, Some(device), time, 0)
    }
}
