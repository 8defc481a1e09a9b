//! Two invented runs to show and test reports with: [`small`], in which every number can be checked by eye, and [`rich`],
//! which has something in every figure and table. No randomness: offsets come from small arithmetic.
#![allow(dead_code, reason = "each program that includes this file uses a part of it")]

use lab::outcome::{
    Act, ActKind, Alarm, AuditRow, BehaviorRow, Channel, CheckRow, ClassRow, DeviceAct, DeviceId, DocumentRow,
    FaultRow, FindingRow, Header, JobRow, MitigationRow, Outcome, RepairRow, Tally, TimelineRow, Value,
};
use lab::{Millis, Timestamp, ViolationEventType};

/// 2026-06-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_seconds(1_780_272_000);

const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const POLICY: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
const LOGGING: &str = "LOGGING_DISABLED_CHECK";
const CA: &str = "CA_CERTIFICATE_EXPIRING_CHECK";
const REVOKED: &str = "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK";

/// The instant this many minutes after the start.
pub fn at(minute: i64) -> Timestamp {
    START + Millis::minutes(minute)
}

fn header(name: &str, title: &str, devices: u32, days: i64) -> Header {
    Header {
        scenario: name.into(),
        title: title.into(),
        seed: 42,
        version: "0.1.0".into(),
        start: START,
        end: START + Millis::days(days),
        devices,
        absent: Millis(0),
        window: Millis::minutes(5),
        windows: days as u64 * 288,
        digest: "9f2c4e7a1b3d5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd".into(),
        events: 18_423,
        compatibility: "strict".into(),
        criteria: "normal".into(),
    }
}

fn empty(header: Header) -> Outcome {
    Outcome {
        header,
        classes: Vec::new(),
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
    }
}

fn class(name: &str, archetype: &str, from: u32, to: u32, report: Option<i64>) -> ClassRow {
    ClassRow {
        name: name.into(),
        archetype: archetype.into(),
        devices: from..to,
        report_interval: report.map(Millis::minutes),
    }
}

fn behavior(name: &str, metric: &str, criteria: &str, minutes: i64, to_alarm: u8, to_clear: u8) -> BehaviorRow {
    BehaviorRow {
        profile: "FleetBaseline".into(),
        name: name.into(),
        metric: metric.into(),
        criteria: criteria.into(),
        duration: Millis::minutes(minutes),
        to_alarm,
        to_clear,
        suppressed: false,
        built_in_share: None,
        covers: std::iter::once(0..100_000).collect(),
        datapoints: 201_600_000,
        violating: 12_345,
    }
}

fn check(name: &str, severity: &str) -> CheckRow {
    CheckRow { name: name.into(), severity: severity.into() }
}

struct Plan<'a> {
    name: &'a str,
    kind: &'a str,
    category: ActKind,
    channel: Channel,
    techniques: &'a [&'a str],
    disturbs: &'a [&'a str],
    checks: &'a [&'a str],
    harm_unit: &'a str,
}

fn act(plan: Plan<'_>, devices: Vec<DeviceAct>) -> Act {
    let strings = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    Act {
        name: plan.name.into(),
        kind: plan.kind.into(),
        category: plan.category,
        channel: plan.channel,
        techniques: strings(plan.techniques),
        disturbs: strings(plan.disturbs),
        checks: strings(plan.checks),
        resource: None,
        onset: devices.iter().map(|part| part.onset).min().unwrap_or(START),
        end: devices.iter().map(|part| part.end).max().unwrap_or(START),
        resolved: None,
        harm_unit: plan.harm_unit.into(),
        devices,
    }
}

/// Parts on `count` devices, every `step`-th from `first`, each `stagger` minutes later, for `length` minutes.
fn parts(first: u32, step: u32, count: u32, onset: i64, stagger: f64, length: i64, harm: u64) -> Vec<DeviceAct> {
    (0..count)
        .map(|i| {
            let onset =
                at(onset) + Millis((f64::from(i) * stagger * 60_000.0) as i64 + i64::from(i * 7_919 % 240) * 1_000);
            DeviceAct {
                device: DeviceId(first + i * step),
                onset,
                first_observable: Some(onset.floor_to(Millis::minutes(5)) + Millis::minutes(5)),
                end: onset + Millis::minutes(length),
                contained: None,
                harm,
                harm_planned: harm,
            }
        })
        .collect()
}

fn alarm(behavior: u32, device: u32, raised: Timestamp, first: Timestamp, minutes: i64, value: u64) -> Alarm {
    Alarm {
        behavior,
        device: DeviceId(device),
        raised,
        value: Value::Count(value),
        first_violation: first,
        notified: Some(raised + Millis::seconds(36)),
        ended: Some((raised + Millis::minutes(minutes), ViolationEventType::AlarmCleared)),
        violation_id: format!("{:032x}", u128::from(device) << 64 | raised.0 as u128 | u128::from(behavior) << 96),
    }
}

fn quarantine(outcome: &Outcome, alarm: &Alarm, effective: Option<Timestamp>) -> MitigationRow {
    MitigationRow {
        responder: "quarantine".into(),
        action: "QuarantineDevices".into(),
        action_type: "ADD_THINGS_TO_THING_GROUP".into(),
        trigger: format!("violation {}", outcome.behaviors[alarm.behavior as usize].name),
        target: outcome.device_name(alarm.device),
        device: Some(alarm.device),
        triggered: alarm.raised,
        started: alarm.raised + Millis::seconds(66),
        effective,
        status: if effective.is_some() { "COMPLETED" } else { "FAILED" }.into(),
        error: effective.is_none().then(|| "ThrottlingException".into()),
    }
}

/// Ten meters over a day; two leak, one of them is seen and contained; one false alarm; logging off, found by an audit.
pub fn small() -> Outcome {
    let mut outcome = empty(header("small", "Two meters leak, one is seen", 10, 1));
    outcome.classes = vec![class("meter", "smart-meter", 0, 10, Some(10))];
    outcome.behaviors = vec![behavior("MessagesSent", "aws:num-messages-sent", "≤ 60 per 300 s", 5, 2, 2)];
    outcome.behaviors[0].covers = std::iter::once(0..10).collect();
    outcome.behaviors[0].datapoints = 2_880;
    outcome.behaviors[0].violating = 9;
    outcome.checks = vec![check(LOGGING, "LOW")];
    let mut leak = act(
        Plan {
            name: "leak",
            kind: "exfiltration",
            category: ActKind::Attack,
            channel: Channel::Broker,
            techniques: &["T1041"],
            disturbs: &["aws:num-messages-sent"],
            checks: &[],
            harm_unit: "bytes",
        },
        parts(2, 1, 2, 600, 0.0, 120, 5_000_000),
    );
    leak.devices[0].contained = Some(at(613));
    leak.devices[0].harm = 550_000;
    let mut logging = act(
        Plan {
            name: "logging-off",
            kind: "logging-disabled",
            category: ActKind::Defect,
            channel: Channel::Account,
            techniques: &[],
            disturbs: &[],
            checks: &[LOGGING],
            harm_unit: "",
        },
        Vec::new(),
    );
    logging.resource = Some("account".into());
    logging.end = outcome.header.end;
    outcome.truth = vec![leak, logging];
    outcome.alarms = vec![alarm(0, 7, at(200), at(195), 15, 71), alarm(0, 2, at(610), at(605), 25, 480)];
    let row = quarantine(&outcome, &outcome.alarms[1], Some(at(613)));
    outcome.mitigations = vec![row];
    outcome.audits = vec![AuditRow {
        task_id: "audit-1".into(),
        schedule: Some("daily".into()),
        started: at(120),
        ended: at(121),
        checks: vec![(LOGGING.into(), 1, 1, 0)],
    }];
    outcome.findings = vec![FindingRow {
        audit: 0,
        finding_id: "finding-1".into(),
        check: 0,
        reason: "LOGGING_DISABLED".into(),
        resource: "account".into(),
        device: None,
        time: at(121),
        suppressed: false,
    }];
    outcome.documents = vec![DocumentRow {
        audit: 0,
        check: 0,
        reason: "POLICY_ALLOWS_BROAD_ACCESS_TO_DATA_PLANE_ACTIONS".into(),
        resource: "camera policy".into(),
        document: "camera policy".into(),
        alike: 2,
        faults: vec![FaultRow {
            path: "/Statement/0".into(),
            line: 4,
            action: "iot:Publish".into(),
            resource: "*".into(),
            witness: Some("may update the shadow of thing other-device".into()),
        }],
        repair: RepairRow::Proposed {
            text: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}".into(),
            changes: vec!["iot:Publish on `*` becomes `topic/data`".into()],
            notes: Vec::new(),
        },
    }];
    outcome.timeline =
        vec![TimelineRow { time: at(600), lane: "attack".into(), text: "leak begins on 2 devices".into() }];
    outcome.notifications = vec!["{\"violationEventType\":\"in-alarm\"}".into()];
    outcome.tally = Tally { device_windows: 2_880, messages_sent: 31_000, notifications: 3, ..Tally::default() };
    outcome
}

/// 100,000 devices over a week: five attacks (one unseen by design), three defects, a rollout, a fault, and everything
/// that follows from them.
pub fn rich() -> Outcome {
    let title = "Four behaviors of a mission, one that nobody watches for, and a rollout in between";
    let mut outcome = empty(header("first-light", title, 100_000, 7));
    outcome.classes = vec![
        class("thermostat", "thermostat", 0, 40_000, Some(10)),
        class("meter", "smart-meter", 40_000, 75_000, None),
        class("camera", "camera", 75_000, 95_000, Some(5)),
        class("controller", "industrial-controller", 95_000, 100_000, Some(5)),
    ];
    outcome.behaviors = behaviors();
    outcome.checks = vec![
        check(CA, "MEDIUM"),
        check(EXPIRING, "MEDIUM"),
        check(POLICY, "CRITICAL"),
        check(REVOKED, "MEDIUM"),
        check(LOGGING, "LOW"),
    ];
    outcome.truth = truth();
    detect(&mut outcome);
    false_alarms(&mut outcome);
    outcome.alarms.sort_by_key(|alarm| (alarm.raised, alarm.behavior, alarm.device));
    respond(&mut outcome);
    audits(&mut outcome);
    rotation(&mut outcome);
    timeline(&mut outcome);
    outcome.tally = Tally {
        device_windows: 201_600_000,
        messages_sent: 1_234_567_890,
        authorization_failures: 40_321,
        reports: 92_000_000,
        notifications: outcome.alarms.len() as u64 * 2,
        late_events: 17,
        messages_by_day: vec![176_366_841; 7],
        authorization_failures_by_day: vec![5_760; 7],
        active_by_hour: vec![97_000; 168],
    };
    outcome.notifications =
        outcome.alarms.iter().map(|alarm| format!("{{\"violationId\":\"{}\"}}", alarm.violation_id)).collect();
    outcome.warnings = vec![
        "X-06: behavior `ListeningPorts` has a durationSeconds, which the service ignores here".into(),
        "L-02: 3.1 % of healthy device-windows violate `Disconnects`; the threshold is close to ordinary life".into(),
    ];
    outcome
}

fn behaviors() -> Vec<BehaviorRow> {
    let mut rows = vec![
        behavior("MessagesSent", "aws:num-messages-sent", "≤ 120 per 300 s", 5, 2, 2),
        behavior("BytesOut", "aws:all-bytes-out", "≤ 2,000,000 per 900 s", 15, 1, 1),
        behavior("MessageSize", "aws:message-byte-size", "≤ 8,192 bytes", 5, 1, 1),
        behavior("AuthorizationFailures", "aws:num-authorization-failures", "≤ 5 per 300 s", 5, 1, 2),
        behavior("ListeningPorts", "aws:listening-tcp-ports", "in {22, 443, 8883}", 5, 1, 1),
        behavior("Disconnects", "aws:num-disconnects", "≤ p99 per 300 s", 5, 3, 3),
        behavior("DestinationAddresses", "aws:destination-ip-addresses", "in {10.0.0.0/8, 52.94.0.0/16}", 5, 1, 1),
        behavior("ConnectionAttempts", "aws:num-connection-attempts", "≤ 20 per 300 s", 5, 1, 1),
    ];
    rows[5].built_in_share = Some(0.01);
    rows[5].violating = 2_201_600;
    rows[7].suppressed = true;
    rows[4].covers = vec![0..90_000, 94_000..100_000];
    rows
}

fn truth() -> Vec<Act> {
    let mut leak = act(
        Plan {
            name: "exfiltration-through-broker",
            kind: "exfiltration",
            category: ActKind::Attack,
            channel: Channel::Broker,
            techniques: &["T1041", "T1020"],
            disturbs: &["aws:num-messages-sent", "aws:message-byte-size"],
            checks: &[],
            harm_unit: "bytes",
        },
        parts(1_000, 97, 300, 1_500, 0.4, 720, 180_000_000),
    );
    leak.devices.truncate(300);
    let mut backdoor = act(
        Plan {
            name: "backdoor-listener",
            kind: "port-opening",
            category: ActKind::Attack,
            channel: Channel::Device,
            techniques: &["T1571"],
            disturbs: &["aws:listening-tcp-ports", "aws:num-listening-tcp-ports"],
            checks: &[],
            harm_unit: "sessions",
        },
        parts(75_010, 331, 60, 4_320, 6.0, 2_880, 12),
    );
    for part in backdoor.devices.iter_mut().skip(52) {
        part.first_observable = None;
    }
    let probe = act(
        Plan {
            name: "authorization-probing",
            kind: "authorization-probing",
            category: ActKind::Attack,
            channel: Channel::Broker,
            techniques: &["T1110", "T1078"],
            disturbs: &["aws:num-authorization-failures"],
            checks: &[],
            harm_unit: "topics",
        },
        parts(42_000, 613, 50, 5_765, 0.0, 90, 40),
    );
    let slow = act(
        Plan {
            name: "low-and-slow-to-an-address",
            kind: "exfiltration",
            category: ActKind::Attack,
            channel: Channel::Network,
            techniques: &["T1048"],
            disturbs: &["aws:all-bytes-out", "aws:destination-ip-addresses"],
            checks: &[],
            harm_unit: "bytes",
        },
        parts(3_003, 211, 40, 2_880, 20.0, 5_000, 60_000_000),
    );
    let beacon = act(
        Plan {
            name: "beacon",
            kind: "beaconing",
            category: ActKind::Attack,
            channel: Channel::Network,
            techniques: &["T0869"],
            disturbs: &["aws:all-packets-out"],
            checks: &[],
            harm_unit: "beacons",
        },
        parts(95_100, 401, 12, 2_000, 30.0, 6_000, 1_000),
    );
    let rollout = act(
        Plan {
            name: "firmware-rollout",
            kind: "firmware-rollout",
            category: ActKind::Confounder,
            channel: Channel::Broker,
            techniques: &[],
            disturbs: &["aws:num-messages-sent", "aws:num-disconnects", "aws:all-bytes-out"],
            checks: &[],
            harm_unit: "",
        },
        parts(0, 4, 9_000, 7_200, 0.02, 240, 0),
    );
    let mut loss = act(
        Plan {
            name: "report-loss",
            kind: "report-loss",
            category: ActKind::Fault,
            channel: Channel::Network,
            techniques: &[],
            disturbs: &["aws:listening-tcp-ports"],
            checks: &[],
            harm_unit: "",
        },
        Vec::new(),
    );
    (loss.onset, loss.end) = (at(8_000), at(8_600));
    let mut defects = vec![
        act(
            Plan {
                name: "cohort-2024-06",
                kind: "expiring-certificates",
                category: ActKind::Defect,
                channel: Channel::Account,
                techniques: &[],
                disturbs: &[],
                checks: &[EXPIRING],
                harm_unit: "",
            },
            parts(50_000, 1, 4_000, 0, 0.0, 10_080, 0),
        ),
        act(
            Plan {
                name: "wide-open-policy",
                kind: "over-permissive-policy",
                category: ActKind::Defect,
                channel: Channel::Account,
                techniques: &[],
                disturbs: &[],
                checks: &[POLICY],
                harm_unit: "",
            },
            Vec::new(),
        ),
        act(
            Plan {
                name: "logging-off",
                kind: "logging-disabled",
                category: ActKind::Defect,
                channel: Channel::Account,
                techniques: &[],
                disturbs: &[],
                checks: &[LOGGING],
                harm_unit: "",
            },
            Vec::new(),
        ),
    ];
    for (defect, resource) in defects[1..].iter_mut().zip(["CameraPolicy", "account"]) {
        defect.resource = Some(resource.into());
        defect.end = START + Millis::days(7);
        defect.resolved = Some(at(if resource == "account" { 131 } else { 1_580 }));
    }
    let mut acts = vec![leak, backdoor, probe, slow, beacon, rollout, loss];
    acts.extend(defects);
    acts
}

/// Alarms on attacked devices, with misses and slow ones.
fn detect(outcome: &mut Outcome) {
    let window = Millis::minutes(5);
    let mut alarms = Vec::new();
    for (i, part) in outcome.truth[0].devices.iter().enumerate() {
        let first = part.onset.floor_to(window) + window + Millis::minutes(5 * (i as i64 % 11 / 8 * (i as i64 % 9)));
        if i % 17 != 3 {
            alarms.push(alarm(0, part.device.0, first + window, first, 30 + (i as i64 % 5) * 5, 300 + i as u64));
        }
        if i % 3 == 0 {
            alarms.push(alarm(2, part.device.0, first, first, 15, 16_384));
        }
    }
    for (i, part) in outcome.truth[1].devices.iter().enumerate().take(50) {
        let first = part.onset + Millis::minutes(2 + (i as i64 * 37) % 9);
        let mut row = alarm(4, part.device.0, first, first, 2_000, 0);
        row.value = Value::Ports(vec![22, 443, 4_444]);
        alarms.push(row);
    }
    for (i, part) in outcome.truth[2].devices.iter().enumerate() {
        let first = part.onset.floor_to(window) + window;
        if i % 12 != 5 {
            alarms.push(alarm(3, part.device.0, first, first, 100, 40 + i as u64));
        }
    }
    for (i, part) in outcome.truth[3].devices.iter().enumerate() {
        if i % 4 == 0 {
            let first = part.onset + Millis::hours(3 + i as i64);
            alarms.push(alarm(6, part.device.0, first, first, 60, 0));
        }
    }
    outcome.alarms = alarms;
}

/// Ordinary ones, those of the rollout, of the fault, and those that quarantine causes.
fn false_alarms(outcome: &mut Outcome) {
    for i in 0..21_u32 {
        let raised = at(i64::from(i) * 470 + 35).ceil_to(Millis::minutes(5));
        outcome.alarms.push(alarm([0, 5, 1, 5, 3][i as usize % 5], 60_001 + i * 113, raised, raised, 15, 130));
    }
    let rollout = outcome.truth[5].devices.clone();
    for (i, part) in rollout.iter().enumerate().filter(|(i, _)| i % 61 == 0) {
        let raised = part.onset.ceil_to(Millis::minutes(5)) + Millis::minutes(10);
        outcome.alarms.push(alarm(if i % 2 == 0 { 5 } else { 1 }, part.device.0, raised, raised, 20, 9));
    }
    for i in 0..9_u32 {
        let raised = at(8_050 + i64::from(i) * 55).ceil_to(Millis::minutes(5));
        outcome.alarms.push(alarm(4, 90_000 + i * 31, raised, raised, 10, 0));
    }
}

/// Quarantine of every device that rings, containing what goes through the broker.
fn respond(outcome: &mut Outcome) {
    let mut seen = std::collections::BTreeSet::new();
    let mut rows = Vec::new();
    let mut parts = Vec::new();
    let mut refused = Vec::new();
    for (i, alarm_row) in outcome.alarms.clone().iter().enumerate() {
        if alarm_row.behavior == 7 || !seen.insert(alarm_row.device) || (alarm_row.behavior == 5 && i % 3 != 0) {
            continue;
        }
        let effective = (i % 41 != 7).then(|| alarm_row.raised + Millis::seconds(110 + (i as i64 * 53) % 400));
        rows.push(quarantine(outcome, alarm_row, effective));
        let Some(effective) = effective else { continue };
        let mut part = DeviceAct {
            device: alarm_row.device,
            onset: effective,
            first_observable: None,
            end: outcome.header.end,
            contained: None,
            harm: 0,
            harm_planned: 0,
        };
        for position in [0, 1, 2] {
            let act = &mut outcome.truth[position];
            for part in act.devices.iter_mut().filter(|part| part.device == alarm_row.device) {
                if act.channel == Channel::Broker && effective <= part.end {
                    part.contained = Some(effective);
                    let share = (effective - part.onset).0 as f64 / (part.end - part.onset).0 as f64;
                    part.harm = (part.harm_planned as f64 * share.clamp(0.0, 1.0)) as u64;
                }
            }
        }
        if alarm_row.behavior == 5 {
            part.end = part.end.min(effective + Millis::hours(20));
            refused.push(alarm(
                3,
                part.device.0,
                (effective + Millis::minutes(5)).ceil_to(Millis::minutes(5)),
                effective,
                600,
                14,
            ));
        }
        parts.push(part);
    }
    parts.sort_by_key(|part| part.device);
    outcome.truth.push(act(
        Plan {
            name: "quarantine",
            kind: "mitigation",
            category: ActKind::SelfInflicted,
            channel: Channel::Broker,
            techniques: &[],
            disturbs: &["aws:num-authorization-failures"],
            checks: &[],
            harm_unit: "",
        },
        parts,
    ));
    outcome.mitigations = rows;
    outcome.alarms.extend(refused.into_iter().filter(|alarm| alarm.raised < outcome.header.end));
    outcome.alarms.sort_by_key(|alarm| (alarm.raised, alarm.behavior, alarm.device));
}

/// A daily audit that finds the cohort (all but a few), the policy from the second day, and logging at once.
fn audits(outcome: &mut Outcome) {
    for day in 0..7_u32 {
        let started = at(i64::from(day) * 1_440 + 120);
        let found: u64 = if day == 0 { 3_100 } else { 3_988 };
        outcome.audits.push(AuditRow {
            task_id: format!("{day:032x}"),
            schedule: Some("DailySecurityAudit".into()),
            started,
            ended: started + Millis::minutes(9),
            checks: vec![
                (CA.into(), 2, 0, 0),
                (EXPIRING.into(), 100_000, found, 12),
                (POLICY.into(), 14, u64::from(day > 0) + u64::from(day > 2), 0),
                (REVOKED.into(), 100_000, 0, 0),
                (LOGGING.into(), 1, u64::from(day == 0), 0),
            ],
        });
        let mut finding = |check: u32, reason: &str, resource: String, device: Option<u32>, suppressed: bool| {
            outcome.findings.push(FindingRow {
                audit: day,
                finding_id: format!("{:08x}", outcome.findings.len()),
                check,
                reason: reason.into(),
                resource,
                device: device.map(DeviceId),
                time: started + Millis::minutes(9),
                suppressed,
            });
        };
        for i in 0..4_000_u32 {
            if u64::from(i) < found || i >= 3_988 {
                let resource = format!("certificate of meter-{:06}", 10_000 + i);
                finding(1, "CERTIFICATE_APPROACHING_EXPIRATION", resource, Some(50_000 + i), i >= 3_988);
            }
        }
        if day > 0 {
            finding(2, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", "CameraPolicy".into(), None, false);
        }
        if day > 2 {
            finding(2, "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", "InstallerPolicy".into(), None, false);
        }
        if day == 0 {
            finding(4, "LOGGING_DISABLED", "account".into(), None, false);
        }
    }
    for (action, action_type, target, minute) in [
        ("EnableLogging", "ENABLE_IOT_LOGGING", "account", 131),
        ("BlankPolicy", "REPLACE_DEFAULT_POLICY_VERSION", "CameraPolicy", 1_580),
    ] {
        outcome.mitigations.push(MitigationRow {
            responder: action.into(),
            action: action.into(),
            action_type: action_type.into(),
            trigger: "finding".into(),
            target: target.into(),
            device: None,
            triggered: at(minute - 2),
            started: at(minute - 1),
            effective: Some(at(minute)),
            status: "COMPLETED".into(),
            error: None,
        });
    }
    outcome.mitigations.sort_by_key(|row| row.started);
}

fn rotation(outcome: &mut Outcome) {
    let progress = (0..120_u32)
        .map(|i| {
            let done = 3_940.0 * (1.0 - (-f64::from(i) / 26.0).exp()) * (f64::from(i) / 30.0).min(1.0);
            (i * 12, done as u64)
        })
        .collect();
    outcome.jobs.push(JobRow {
        job_id: "rotate-cohort-2024-06".into(),
        created: at(140),
        ended: Some(at(1_640)),
        targets: 4_000,
        succeeded: 3_902,
        failed: 41,
        timed_out: 57,
        rotated_in_time: 3_611,
        rotated_late: 291,
        outage: Millis::hours(1_846),
        progress,
    });
}

fn timeline(outcome: &mut Outcome) {
    for act in &outcome.truth {
        outcome.timeline.push(TimelineRow {
            time: act.onset,
            lane: "act".into(),
            text: format!("{} begins on {} devices", act.name, act.devices.len()),
        });
    }
    outcome.timeline.sort_by_key(|row| row.time);
}
