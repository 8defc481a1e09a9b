//! The CSV tables of a run, and the notifications. Times are ISO-8601 in UTC, spans in seconds.
//!
//! A table holds at most [`ROWS_MAX`] rows, the first in its stated order; what was left out is counted in a
//! [`TableNote`], which `summary.json` and the report repeat.

use std::io::Write;

use lab::matching::{Verdict, part_on};
use lab::outcome::{Act, ActKind, Outcome, RepairRow, Value};
use lab::{Millis, Scorecard, Timestamp};
use serde::Serialize;

use crate::documents;

/// Most rows of a table (and lines of `notifications.jsonl`).
pub const ROWS_MAX: usize = 100_000;

/// How much of a table is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableNote {
    /// The file.
    pub file: &'static str,
    /// Rows written, without the heading.
    pub rows: u64,
    /// Rows left out.
    pub left_out: u64,
    /// Which rows are kept if not all are.
    pub rule: &'static str,
}

/// A table under construction: counts all rows, writes the first of them.
struct Table<W: Write> {
    out: csv::Writer<W>,
    rows: u64,
    left_out: u64,
    limit: usize,
}

impl<W: Write> Table<W> {
    fn new(out: W, limit: usize, heading: &[&str]) -> csv::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(heading)?;
        Ok(Table { out, rows: 0, left_out: 0, limit })
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) -> csv::Result<()> {
        self.rows += 1;
        self.out.write_record(cells)
    }

    /// Whether there is room for one more; if not, it is counted as left out.
    fn has_room(&mut self) -> bool {
        let room = self.rows < self.limit as u64;
        self.left_out += u64::from(!room);
        room
    }

    fn finish(mut self, file: &'static str, rule: &'static str) -> csv::Result<TableNote> {
        self.out.flush()?;
        Ok(TableNote { file, rows: self.rows, left_out: self.left_out, rule })
    }
}

fn iso(time: Timestamp) -> String {
    time.to_string()
}

fn iso_or(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, iso)
}

fn seconds(span: Millis) -> String {
    let ms = span.0;
    if ms % 1_000 == 0 { (ms / 1_000).to_string() } else { format!("{:.3}", span.as_seconds_f64()) }
}

fn seconds_or(span: Option<Millis>) -> String {
    span.map_or_else(String::new, seconds)
}

/// A datapoint's value in one cell: a number, or members separated by spaces.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Count(n) => n.to_string(),
        Value::Number(x) => x.to_string(),
        Value::Ports(ports) => join(ports.iter().map(u16::to_string)),
        Value::Cidrs(members) | Value::Strings(members) => join(members.iter().cloned()),
        Value::Numbers(numbers) => join(numbers.iter().map(ToString::to_string)),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

/// The name of a kind of act in files.
pub(crate) const fn category(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Attack => "attack",
        ActKind::Defect => "defect",
        ActKind::Confounder => "confounder",
        ActKind::Fault => "fault",
        ActKind::SelfInflicted => "self-inflicted",
    }
}

/// `alarms.csv`: one row per alarm episode with its verdict, by time.
pub(crate) fn alarms(outcome: &Outcome, card: &Scorecard, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let heading = [
        "violation_id",
        "profile",
        "behavior",
        "thing",
        "class",
        "raised",
        "value",
        "first_violation",
        "notified",
        "ended",
        "ended_by",
        "verdict",
        "cause",
        "act",
        "latency_s",
    ];
    let mut table = Table::new(to, limit, &heading)?;
    for (alarm, verdict) in outcome.alarms.iter().zip(&card.matching.verdicts) {
        if !table.has_room() {
            continue;
        }
        let behavior = &outcome.behaviors[alarm.behavior as usize];
        let (kind, cause, act) = match *verdict {
            Verdict::True { act } => ("true", "", Some(act)),
            Verdict::Inside { act, cause } => ("inside", cause.name(), Some(act)),
            Verdict::False { cause, act } => ("false", cause.name(), act),
        };
        let act = act.map(|position| &outcome.truth[position as usize]);
        let onset = act.filter(|_| kind == "true").and_then(|act| part_on(act, alarm.device, alarm.raised));
        table.row([
            alarm.violation_id.clone(),
            behavior.profile.clone(),
            behavior.name.clone(),
            outcome.device_name(alarm.device),
            outcome.classes[outcome.class_of(alarm.device)].name.clone(),
            iso(alarm.raised),
            value(&alarm.value),
            iso(alarm.first_violation),
            iso_or(alarm.notified),
            iso_or(alarm.ended.map(|(time, _)| time)),
            alarm.ended.map_or_else(String::new, |(_, how)| event_name(how)),
            kind.to_owned(),
            cause.to_owned(),
            act.map_or_else(String::new, |act| act.name.clone()),
            seconds_or(onset.map(|part| alarm.raised - part.onset)),
        ])?;
    }
    table.finish("alarms.csv", "the earliest alarms")
}

/// The service's spelling of an event type.
pub(crate) fn event_name(event: impl Serialize) -> String {
    serde_json::to_value(event).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `findings.csv`: one row per finding, audit by audit.
pub(crate) fn findings(outcome: &Outcome, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let heading = ["finding_id", "task_id", "check", "severity", "reason", "resource", "thing", "time", "suppressed"];
    let mut table = Table::new(to, limit, &heading)?;
    for finding in &outcome.findings {
        if !table.has_room() {
            continue;
        }
        let check = &outcome.checks[finding.check as usize];
        table.row([
            finding.finding_id.clone(),
            outcome.audits[finding.audit as usize].task_id.clone(),
            check.name.clone(),
            check.severity.clone(),
            finding.reason.clone(),
            finding.resource.clone(),
            finding.device.map_or_else(String::new, |device| outcome.device_name(device)),
            iso(finding.time),
            finding.suppressed.to_string(),
        ])?;
    }
    table.finish("findings.csv", "the findings of the earliest audits")
}

/// `documents.csv`: one row per statement at fault of a policy or role, document by document.
pub(crate) fn documents(outcome: &Outcome, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let heading =
        ["check", "reason", "resource", "document", "alike", "path", "line", "action", "pattern", "witness", "repair"];
    let mut table = Table::new(to, limit, &heading)?;
    for (document, file) in outcome.documents.iter().zip(documents::files(outcome)) {
        let repair = match &document.repair {
            RepairRow::Proposed { .. } => file.map_or_else(String::new, |file| format!("{}/{file}", documents::FOLDER)),
            RepairRow::NotDerivable(why) => format!("none: {why}"),
            RepairRow::Compliant => "compliant by itself".to_owned(),
        };
        for fault in &document.faults {
            if !table.has_room() {
                continue;
            }
            table.row([
                outcome.checks[document.check as usize].name.clone(),
                document.reason.clone(),
                document.resource.clone(),
                document.document.clone(),
                document.alike.to_string(),
                fault.path.clone(),
                fault.line.to_string(),
                fault.action.clone(),
                fault.resource.clone(),
                fault.witness.clone().unwrap_or_default(),
                repair.clone(),
            ])?;
        }
    }
    table.finish("documents.csv", "the documents found first")
}

/// `mitigations.csv`: one row per action and target, by time.
pub(crate) fn mitigations(outcome: &Outcome, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let heading = [
        "responder",
        "action",
        "action_type",
        "trigger",
        "target",
        "triggered",
        "started",
        "effective",
        "seconds_to_effect",
        "status",
        "error",
    ];
    let mut table = Table::new(to, limit, &heading)?;
    for row in &outcome.mitigations {
        if !table.has_room() {
            continue;
        }
        table.row([
            row.responder.clone(),
            row.action.clone(),
            row.action_type.clone(),
            row.trigger.clone(),
            row.target.clone(),
            iso(row.triggered),
            iso(row.started),
            iso_or(row.effective),
            seconds_or(row.effective.map(|effective| effective - row.triggered)),
            row.status.clone(),
            row.error.clone().unwrap_or_default(),
        ])?;
    }
    table.finish("mitigations.csv", "the earliest actions")
}

/// `timeline.csv`: what is worth telling, by time.
pub(crate) fn timeline(outcome: &Outcome, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let mut table = Table::new(to, limit, &["time", "lane", "text"])?;
    for row in &outcome.timeline {
        if table.has_room() {
            table.row([iso(row.time), row.lane.clone(), row.text.clone()])?;
        }
    }
    table.finish("timeline.csv", "the earliest lines")
}

/// `truth.csv`: the ledger, one row per act and device (or resource), with what was seen of each attacked device.
pub(crate) fn truth(outcome: &Outcome, card: &Scorecard, to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let heading = [
        "act",
        "kind",
        "category",
        "channel",
        "techniques",
        "thing_or_resource",
        "onset",
        "first_observable",
        "end",
        "detected",
        "latency_s",
        "detected_lenient",
        "contained",
        "harm",
        "harm_planned",
        "harm_unit",
    ];
    let mut table = Table::new(to, limit, &heading)?;
    let mut detections = card.matching.detections.iter();
    let mut rest = Vec::new();
    for act in &outcome.truth {
        if act.category != ActKind::Attack {
            rest.push(act);
            continue;
        }
        for part in &act.devices {
            let detection = detections.next();
            if !table.has_room() {
                continue;
            }
            let raised = |alarm: Option<u32>| alarm.map(|alarm| outcome.alarms[alarm as usize].raised);
            let strict = detection.and_then(|detection| raised(detection.strict));
            let lenient = detection.and_then(|detection| raised(detection.lenient));
            table.row(truth_row(outcome, act, Some(part), strict, lenient))?;
        }
    }
    for act in rest {
        let parts: Vec<_> = if act.devices.is_empty() { vec![None] } else { act.devices.iter().map(Some).collect() };
        for part in parts {
            if table.has_room() {
                table.row(truth_row(outcome, act, part, None, None))?;
            }
        }
    }
    table.finish("truth.csv", "attacks first, then the other acts, in ledger order")
}

fn truth_row(
    outcome: &Outcome,
    act: &Act,
    part: Option<&lab::outcome::DeviceAct>,
    strict: Option<Timestamp>,
    lenient: Option<Timestamp>,
) -> [String; 16] {
    let onset = part.map_or(act.onset, |part| part.onset);
    [
        act.name.clone(),
        act.kind.clone(),
        category(act.category).to_owned(),
        lab::remediation::channel_name(act.channel).to_owned(),
        act.techniques.join(" "),
        part.map_or_else(|| act.resource.clone().unwrap_or_default(), |part| outcome.device_name(part.device)),
        iso(onset),
        iso_or(part.and_then(|part| part.first_observable)),
        iso(part.map_or(act.end, |part| part.end)),
        iso_or(strict),
        seconds_or(strict.map(|raised| raised - onset)),
        iso_or(lenient),
        iso_or(part.and_then(|part| part.contained)),
        part.map_or_else(String::new, |part| part.harm.to_string()),
        part.map_or_else(String::new, |part| part.harm_planned.to_string()),
        act.harm_unit.clone(),
    ]
}

/// `notifications.jsonl`: one message per line, in the service's shapes, by time.
pub(crate) fn notifications(outcome: &Outcome, mut to: impl Write, limit: usize) -> csv::Result<TableNote> {
    let kept = outcome.notifications.len().min(limit);
    for line in &outcome.notifications[..kept] {
        to.write_all(line.as_bytes())?;
        to.write_all(b"\n")?;
    }
    to.flush()?;
    let all = outcome.tally.notifications.max(outcome.notifications.len() as u64);
    Ok(TableNote {
        file: "notifications.jsonl",
        rows: kept as u64,
        left_out: all - kept as u64,
        rule: "the earliest messages",
    })
}
