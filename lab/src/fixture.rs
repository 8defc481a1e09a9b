//! Small worlds for tests: minutes since the start, one class of devices, alarms by hand.

use defender::detect::alarm::ViolationEventType;
use defender::time::{Millis, Timestamp};
use sim::outcome::{
    Act, ActKind, Alarm, BehaviorRow, Channel, CheckRow, ClassRow, DeviceAct, DeviceId, Header, MitigationRow, Outcome,
    Tally, Value,
};

/// 2026-06-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_780_272_000);

/// The instant this many minutes after the start.
pub(crate) fn at(minute: i64) -> Timestamp {
    START + Millis::minutes(minute)
}

/// An outcome under construction; alarms stay in their order.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) outcome: Outcome,
}

impl Fixture {
    /// A quiet run of `devices` devices over `days` days.
    pub(crate) fn new(devices: u32, days: i64) -> Fixture {
        let header = Header {
            scenario: "fixture".into(),
            title: "A world for tests".into(),
            seed: 1,
            version: "0.0.0".into(),
            start: START,
            end: START + Millis::days(days),
            devices,
            absent: Millis(0),
            window: Millis::minutes(5),
            windows: days as u64 * 288,
            digest: "0".repeat(64),
            events: 0,
            compatibility: "strict".into(),
            criteria: "normal".into(),
        };
        let class = ClassRow {
            name: "meter".into(),
            archetype: "smart-meter".into(),
            devices: 0..devices,
            report_interval: Some(Millis::minutes(10)),
        };
        let outcome = Outcome {
            header,
            classes: vec![class],
            lives: Vec::new(),
            behaviors: Vec::new(),
            checks: Vec::new(),
            truth: Vec::new(),
            campaigns: Vec::new(),
            alarms: Vec::new(),
            crossings: Vec::new(),
            audits: Vec::new(),
            findings: Vec::new(),
            documents: Vec::new(),
            mitigations: Vec::new(),
            cases: Vec::new(),
            models: Vec::new(),
            jobs: Vec::new(),
            timeline: Vec::new(),
            notifications: Vec::new(),
            tally: Tally::default(),
            warnings: Vec::new(),
        };
        Fixture { outcome }
    }

    /// A behavior over 300 s, two datapoints to alarm and two to clear.
    pub(crate) fn behavior(&mut self, name: &str, metric: &str) -> &mut Fixture {
        self.outcome.behaviors.push(BehaviorRow {
            profile: "profile".into(),
            name: name.into(),
            metric: metric.into(),
            criteria: "≤ 60 per 300 s".into(),
            duration: Millis::minutes(5),
            to_alarm: 2,
            to_clear: 2,
            suppressed: false,
            built_in_share: None,
            covers: std::iter::once(0..self.outcome.header.devices).collect(),
            datapoints: 1_000,
            violating: 10,
        });
        self
    }

    /// An enabled check.
    pub(crate) fn check(&mut self, name: &str) -> &mut Fixture {
        self.outcome.checks.push(CheckRow { name: name.into(), severity: "CRITICAL".into() });
        self
    }

    /// An act on devices given as (device, onset, end) in minutes; each is observable at the next 5-minute boundary,
    /// does 100 units of harm of 100 planned, and is not contained.
    pub(crate) fn act(
        &mut self,
        category: ActKind,
        name: &str,
        disturbs: &[&str],
        devices: &[(u32, i64, i64)],
    ) -> &mut Fixture {
        let parts: Vec<DeviceAct> = devices
            .iter()
            .map(|&(device, onset, end)| DeviceAct {
                device: DeviceId(device),
                onset: at(onset),
                first_observable: Some(at(onset).floor_to(Millis::minutes(5)) + Millis::minutes(5)),
                end: at(end),
                contained: None,
                harm: 100,
                harm_planned: 100,
            })
            .collect();
        self.outcome.truth.push(Act {
            name: name.into(),
            kind: "exfiltration".into(),
            category,
            channel: Channel::Broker,
            techniques: vec!["T1041".into()],
            disturbs: disturbs.iter().map(|&metric| metric.into()).collect(),
            checks: Vec::new(),
            resource: None,
            onset: parts.iter().map(|part| part.onset).min().unwrap_or(START),
            end: parts.iter().map(|part| part.end).max().unwrap_or(self.outcome.header.end),
            resolved: None,
            harm_unit: "bytes".into(),
            devices: parts,
        });
        self
    }

    /// An attack on devices given as (device, onset, end).
    pub(crate) fn attack(&mut self, name: &str, disturbs: &[&str], devices: &[(u32, i64, i64)]) -> &mut Fixture {
        self.act(ActKind::Attack, name, disturbs, devices)
    }

    /// An alarm raised at `minute` (its first violation 5 minutes before, notified a minute after) that clears
    /// `length` minutes later.
    pub(crate) fn alarm(&mut self, behavior: u32, device: u32, minute: i64, length: i64) -> &mut Fixture {
        let alarm = Alarm {
            behavior,
            device: DeviceId(device),
            raised: at(minute),
            value: Value::Count(61),
            first_violation: at(minute - 5),
            notified: Some(at(minute + 1)),
            ended: Some((at(minute + length), ViolationEventType::AlarmCleared)),
            violation_id: format!("{behavior}-{device}-{minute}"),
        };
        self.outcome.alarms.push(alarm);
        self.outcome.alarms.sort_by_key(|alarm| (alarm.raised, alarm.behavior, alarm.device));
        self
    }

    /// A quarantine of a device: triggered, started a minute later, effective at `effective`.
    pub(crate) fn quarantine(&mut self, device: u32, triggered: i64, effective: i64) -> &mut Fixture {
        self.outcome.mitigations.push(MitigationRow {
            responder: "quarantine".into(),
            action: "Quarantine".into(),
            action_type: "ADD_THINGS_TO_THING_GROUP".into(),
            trigger: "violation sent".into(),
            target: format!("meter-{device:06}"),
            device: Some(DeviceId(device)),
            triggered: at(triggered),
            started: at(triggered + 1),
            effective: Some(at(effective)),
            status: "COMPLETED".into(),
            error: None,
        });
        self
    }
}
