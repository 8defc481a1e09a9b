//! Responders: who is told of an alarm or a finding, how long they take, and what they then do, by the road it would
//! really take: a mitigation task within the applicability rules, a job, or the registry's own operations.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use defender::detect::alarm::ViolationEventType;
use defender::ids::ThingId;
use defender::mitigation::wire::{
    AuditMitigationActionsTaskTarget, DetectMitigationActionsTaskTarget, StartAuditMitigationActionsTaskRequest,
    StartDetectMitigationActionsTaskRequest,
};
use defender::mitigation::{MitigationEvent, TaskRef};
use defender::time::{Millis, Timestamp};

use super::calendar::Task;
use super::{Stopped, World};
use crate::alteration::plain;
use crate::dice::{Dice, Purpose, mix, name_key};
use crate::event::{Event, EventKind};
use crate::operation::{Operation, Subject};
use crate::outcome::{Act, ActKind, Alarm, Channel, DeviceAct, DeviceId, MitigationRow};
use crate::scenario::{Delay, ResponderPlan, Response, Scenario, Trigger};
use crate::shard::{Access, LANES};

/// A response on its way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PendingResponse {
    pub responder: usize,
    pub cause: Cause,
    pub triggered: Timestamp,
    /// Address of whatever is drawn for it: what happened, not how much happened before.
    pub key: u64,
    pub occasion: u64,
    /// Whether it counts against its responder's budget already.
    counted: bool,
    /// Runs of its function so far.
    attempt: u32,
    /// Whether its function has run and the effect is due.
    ran: bool,
    /// Whether people carry it out, since the function failed for good.
    pub by_hand: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cause {
    /// Position of the alarm.
    Alarm(usize),
    /// Position of the audit.
    Audit(usize),
}

/// The responders, and what they did.
#[derive(Debug, Default)]
pub(super) struct Responders {
    lookahead: Option<Millis>,
    /// By responder: devices it has dealt with.
    handled: Vec<BTreeSet<u32>>,
    /// By responder: tasks started.
    tasks: Vec<u64>,
    /// By responder: ends of the function runs that are under way.
    runs: Vec<Vec<Timestamp>>,
    /// By responder with a budget: when it responded.
    spent: Vec<VecDeque<Timestamp>>,
    rows: Vec<MitigationRow>,
    /// Rows whose effect on a device has yet to show, by device.
    awaiting: BTreeMap<u32, Vec<usize>>,
    /// Devices that our own measures keep from publishing: since when.
    restricted: BTreeMap<u32, Timestamp>,
    /// …and were until.
    released: Vec<(u32, Timestamp, Timestamp)>,
}

impl Responders {
    pub fn new(scenario: &Scenario) -> Responders {
        let prompt =
            scenario.responders.iter().filter(|responder| matches!(responder.trigger, Trigger::Violation { .. }));
        let shortest = prompt.map(|responder| match responder.delay {
            Delay::Fixed(_) if responder.team.is_some() => super::record::NOTIFICATION_DELAY,
            Delay::Fixed(delay) => super::record::NOTIFICATION_DELAY + delay,
            Delay::LogNormal { .. } => super::record::NOTIFICATION_DELAY,
        });
        let count = scenario.responders.len();
        Responders {
            lookahead: shortest.min(),
            handled: vec![BTreeSet::new(); count],
            tasks: vec![0; count],
            runs: vec![Vec::new(); count],
            spent: vec![VecDeque::new(); count],
            ..Responders::default()
        }
    }

    /// The shortest time from a datapoint to a response to it; `None` if nobody responds to alarms.
    pub fn lookahead(&self) -> Option<Millis> {
        self.lookahead
    }

    /// Notes that a device's standing with the broker changed.
    pub fn access_changed(&mut self, now: Timestamp, device: u32, before: Access, after: Access) {
        let lost = |part: Access| before.has(part) && !after.has(part);
        let regained = |part: Access| !before.has(part) && after.has(part);
        if lost(Access::PUBLISH) || lost(Access::CONNECT) || lost(Access::VALID) || lost(Access::REPORT) {
            self.restricted.entry(device).or_insert(now);
        } else if (regained(Access::PUBLISH) || regained(Access::CONNECT) || regained(Access::VALID))
            && let Some(since) = self.restricted.remove(&device)
        {
            self.released.push((device, since, now));
        }
        for row in self.awaiting.remove(&device).unwrap_or_default() {
            self.rows[row].effective = Some(now);
        }
    }

    /// Notes that a device's standing with the broker was decided anew and is what it was.
    pub fn access_kept(&mut self, device: u32) {
        self.awaiting.remove(&device);
    }

    /// Whether a mitigation's effect on a device has yet to show.
    pub fn is_awaited(&self, device: u32) -> bool {
        self.awaiting.contains_key(&device)
    }

    /// Notes something done.
    pub fn add_row(&mut self, row: MitigationRow) {
        self.rows.push(row);
    }

    /// Notes something done that shows on a device when the broker next decides.
    fn add_awaiting(&mut self, device: u32, row: MitigationRow) {
        self.awaiting.entry(device).or_default().push(self.rows.len());
        self.rows.push(row);
    }

    /// What was done, in time order.
    pub fn rows(&mut self) -> Vec<MitigationRow> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by_key(|row| row.started);
        rows
    }

    /// The ledger's entry for what our own measures did to devices; none if they did nothing.
    pub fn self_inflicted(&mut self, end: Timestamp) -> Vec<Act> {
        let mut spans = std::mem::take(&mut self.released);
        spans.extend(std::mem::take(&mut self.restricted).into_iter().map(|(device, since)| (device, since, end)));
        spans.sort_unstable();
        let Some(onset) = spans.iter().map(|(_, since, _)| *since).min() else { return Vec::new() };
        let devices = spans.into_iter().map(|(device, since, until)| DeviceAct {
            harm: ((until - since).0 / 1_000) as u64,
            ..DeviceAct::new(device, since, until)
        });
        vec![Act {
            end,
            harm_unit: "seconds restricted".to_owned(),
            devices: devices.collect(),
            ..Act::new("our own measures", "self-inflicted", ActKind::SelfInflicted, Channel::Account, onset)
        }]
    }
}

impl World<'_> {
    /// Creates the scenario's mitigation actions.
    pub(super) fn set_up_actions(&mut self) -> Result<(), Stopped> {
        for request in &self.scenario.mitigation_actions {
            let name = request.action_name.clone();
            self.mitigation
                .create_mitigation_action(self.scenario.start, &self.fleet.account, request.clone())
                .map_err(|error| Stopped::Setup(vec![format!("mitigation action `{name}`: {error}")]))?;
        }
        self.record.warn(self.mitigation.take_warnings());
        Ok(())
    }

    /// An alert about an alarm reached its subscribers.
    pub(super) fn notify_responders(&mut self, notified: Timestamp, told: ViolationEventType, alarm: usize) {
        let Alarm { behavior: rule, device: DeviceId(device), raised, ended, .. } = self.record.alarms[alarm];
        for index in 0..self.scenario.responders.len() {
            let responder = &self.scenario.responders[index];
            let Trigger::Violation { event, profile, behaviors } = &responder.trigger else { continue };
            let (of_profile, behavior) = self.record.names(rule);
            let classes = &responder.conditions.classes;
            let class = usize::from(self.fleet.devices[device as usize].class);
            let concerned = *event == told
                && of_profile == profile
                && (behaviors.is_empty() || behaviors.iter().any(|b| b == behavior))
                && (classes.is_empty() || classes.contains(&class));
            if concerned && self.responders.handled[index].insert(device) {
                let response = PendingResponse {
                    responder: index,
                    cause: Cause::Alarm(alarm),
                    triggered: if told == ViolationEventType::InAlarm { raised } else { ended.map_or(raised, |e| e.0) },
                    key: self.fleet.devices[device as usize].key,
                    // Addressed by what happened, not by how many alarms came before: another behavior moves no delay.
                    occasion: mix(name_key(behavior) ^ notified.0 as u64),
                    counted: false,
                    attempt: 0,
                    ran: false,
                    by_hand: false,
                };
                self.send(notified, response);
            }
        }
    }

    /// An audit ended with unsuppressed findings of a check.
    pub(super) fn findings_reported(&mut self, now: Timestamp, audit: usize, check: &str) {
        for index in 0..self.scenario.responders.len() {
            let responder = &self.scenario.responders[index];
            if matches!(&responder.trigger, Trigger::Finding { check: wanted } if wanted == check) {
                let response = PendingResponse {
                    responder: index,
                    cause: Cause::Audit(audit),
                    triggered: now,
                    key: mix(self.scenario.seed ^ name_key(&responder.name)),
                    occasion: now.0 as u64,
                    counted: false,
                    attempt: 0,
                    ran: false,
                    by_hand: false,
                };
                self.send(now, response);
            }
        }
    }

    /// Sends a response on its way: to the team that judges first, or straight to its function.
    fn send(&mut self, time: Timestamp, response: PendingResponse) {
        match self.scenario.responders[response.responder].team {
            Some(team) => self.open_case(time, team, response),
            None => self.go_ahead(time, response),
        }
    }

    /// Nobody has to be asked any more.
    pub(super) fn go_ahead(&mut self, time: Timestamp, response: PendingResponse) {
        let plan = &self.scenario.responders[response.responder];
        let absent = plan.team.is_none().then(|| self.disruptions.absent_until(response.key, response.occasion, time));
        let begins = absent.flatten().unwrap_or(time);
        self.calendar.add(begins + delay(plan, response.key, response.occasion), Task::Respond(response));
    }

    /// Nothing is done about it; the next alarm of the device is a new matter.
    pub(super) fn drop_response(&mut self, response: &PendingResponse) {
        if let Some(device) = self.device_of(response) {
            self.responders.handled[response.responder].remove(&device);
        }
    }

    /// Whoever answers the end of an alarm closes the device's case: its next alarm is a new matter for everybody.
    fn close_case(&mut self, response: &PendingResponse) {
        let trigger = &self.scenario.responders[response.responder].trigger;
        if let Trigger::Violation { event, .. } = trigger
            && *event != ViolationEventType::InAlarm
            && let Some(device) = self.device_of(response)
        {
            self.responders.handled.iter_mut().for_each(|handled| {
                handled.remove(&device);
            });
        }
    }

    /// A responder acts; what it changes takes hold at `now`.
    pub(super) fn respond(&mut self, now: Timestamp, time: Timestamp, mut response: PendingResponse) {
        if response.ran || response.by_hand {
            self.take_effect(now, time, response);
        } else if let Some(reason) = self.holds_back(time, &mut response) {
            self.gave_up(time, &response, "SKIPPED", reason);
        } else if let Some(response) = self.run_function(time, response) {
            self.take_effect(now, time, response);
        }
    }

    /// Why a responder does nothing, if it does nothing.
    fn holds_back(&mut self, time: Timestamp, response: &mut PendingResponse) -> Option<String> {
        let conditions = &self.scenario.responders[response.responder].conditions;
        if let (true, Cause::Alarm(alarm)) = (conditions.standing, response.cause)
            && self.record.alarms[alarm].ended.is_some_and(|(ended, _)| ended <= time)
        {
            return Some("the alarm no longer stands".to_owned());
        }
        let (count, per) = conditions.budget?;
        // Waiting for a place and trying again are no second response.
        if std::mem::replace(&mut response.counted, true) {
            return None;
        }
        let spent = &mut self.responders.spent[response.responder];
        while spent.front().is_some_and(|first| *first + per <= time) {
            spent.pop_front();
        }
        if spent.len() >= count as usize {
            return Some(format!("{count} responses within {per} already"));
        }
        spent.push_back(time);
        None
    }

    /// Runs the responder's function; gives the response back if it takes effect at once.
    fn run_function(&mut self, time: Timestamp, mut response: PendingResponse) -> Option<PendingResponse> {
        let plan = &self.scenario.responders[response.responder];
        let function = &plan.function;
        let runs = &mut self.responders.runs[response.responder];
        runs.retain(|end| *end > time);
        if function.concurrency.is_some_and(|most| runs.len() >= most as usize) {
            let free = *runs.iter().min().expect("at least one run is under way");
            self.calendar.add(free, Task::Respond(response));
            return None;
        }
        let end = time + function.runtime;
        if function.runtime > Millis(0) {
            runs.push(end);
        }
        response.attempt += 1;
        let address = mix(response.occasion ^ u64::from(response.attempt));
        let mut dice = Dice::new(mix(response.key ^ name_key(&plan.name)), Purpose::FunctionRun, address);
        let failed = function.failure > 0.0 && dice.unit() < function.failure;
        let calls = |step: &Response| matches!(step, Response::Mitigation { .. } | Response::Operation(_));
        let broken = plan
            .steps
            .iter()
            .any(calls)
            .then(|| self.disruptions.mitigation_breaks(self.device_of(&response), address, time));
        let broken = broken.flatten();
        if failed || broken.is_some() {
            if response.attempt <= function.retries {
                self.calendar.add(end + Millis::MINUTE, Task::Respond(response));
            } else {
                let error = broken.filter(|_| !failed).unwrap_or("the function failed");
                match plan.escalation {
                    Some(team) => {
                        self.nothing_came_of(end, &response, "FAILED", error.to_owned());
                        self.open_case(end, team, PendingResponse { by_hand: true, ..response });
                    }
                    None => self.gave_up(end, &response, "FAILED", error.to_owned()),
                }
            }
            return None;
        }
        response.ran = true;
        if function.runtime > Millis(0) {
            self.calendar.add(end, Task::Respond(response));
            return None;
        }
        Some(response)
    }

    /// The device that a response is about, if it is about one.
    fn device_of(&self, response: &PendingResponse) -> Option<u32> {
        match response.cause {
            Cause::Alarm(alarm) => Some(self.record.alarms[alarm].device.0),
            Cause::Audit(_) => None,
        }
    }

    /// The row of a step of a response, before anybody knows what came of it.
    fn row(&self, time: Timestamp, response: &PendingResponse, step: &Response) -> MitigationRow {
        let plan = &self.scenario.responders[response.responder];
        let (trigger, device) = match (response.cause, &plan.trigger) {
            (Cause::Alarm(alarm), trigger) => {
                let alarm = &self.record.alarms[alarm];
                let behavior = self.record.names(alarm.behavior).1;
                let told = match trigger {
                    Trigger::Violation { event: ViolationEventType::AlarmCleared, .. } => "cleared",
                    Trigger::Violation { event: ViolationEventType::AlarmInvalidated, .. } => "invalidated",
                    _ => "violation",
                };
                (format!("{told} {behavior}"), Some(alarm.device))
            }
            (Cause::Audit(_), Trigger::Finding { check }) => (format!("finding {check}"), None),
            (Cause::Audit(_), Trigger::Violation { .. }) => (String::new(), None),
        };
        MitigationRow {
            responder: plan.name.clone(),
            action: step.name().to_owned(),
            action_type: match step {
                Response::Operation(operation) => operation.action_type(),
                Response::Mitigation { .. } | Response::RotateCertificates(_) => String::new(),
            },
            trigger,
            target: String::new(),
            device,
            triggered: response.triggered,
            started: time,
            effective: None,
            status: String::new(),
            error: None,
        }
    }

    /// A response is given up.
    fn gave_up(&mut self, time: Timestamp, response: &PendingResponse, status: &str, error: String) {
        self.nothing_came_of(time, response, status, error);
        self.drop_response(response);
    }

    /// Writes down that nothing came of a response.
    fn nothing_came_of(&mut self, time: Timestamp, response: &PendingResponse, status: &str, error: String) {
        let scenario = self.scenario;
        let Some(step) = scenario.responders[response.responder].steps.first() else { return };
        let row = self.row(time, response, step);
        let thing = row.device.map(|device| self.fleet.account.thing_name(ThingId(device.0)).to_owned());
        let (target, status) = (thing.unwrap_or_default(), status.to_owned());
        self.responders.add_row(MitigationRow { target, status, error: Some(error), ..row });
    }

    /// Takes the steps of a response in their order, up to the first that fails.
    fn take_effect(&mut self, now: Timestamp, time: Timestamp, response: PendingResponse) {
        let scenario = self.scenario;
        let plan = &scenario.responders[response.responder];
        // Looked up once: what a step detaches is still known to the next.
        let subjects = self.subjects(&response);
        for step in &plan.steps {
            let blank = self.row(time, &response, step);
            let went_through = match (step, response.cause) {
                (Response::Mitigation { action }, Cause::Alarm(alarm)) => {
                    self.mitigate_violation(now, time, &response, blank, alarm, action)
                }
                (Response::Mitigation { action }, Cause::Audit(audit)) => {
                    self.mitigate_findings(now, time, &response, blank, audit, action)
                }
                (Response::Operation(operation), _) => self.operate(now, time, &response, blank, operation, &subjects),
                (Response::RotateCertificates(rotation), Cause::Audit(audit)) => {
                    self.start_rotation(now, time, &plan.name, response.triggered, audit, rotation)
                }
                (Response::RotateCertificates(_), Cause::Alarm(_)) => true,
            };
            if !went_through {
                break;
            }
        }
        self.close_case(&response);
    }

    /// What operations are about: the alarm's device, or whatever the findings name.
    fn subjects(&self, response: &PendingResponse) -> Vec<(String, Option<u32>, Subject)> {
        match (response.cause, &self.scenario.responders[response.responder].trigger) {
            (Cause::Alarm(alarm), _) => {
                let DeviceId(device) = self.record.alarms[alarm].device;
                let (account, thing) = (&self.fleet.account, ThingId(device));
                vec![(account.thing_name(thing).to_owned(), Some(device), Subject::of_thing(account, thing))]
            }
            (Cause::Audit(audit), Trigger::Finding { check }) => self.subjects_of_findings(audit, check),
            (Cause::Audit(_), Trigger::Violation { .. }) => Vec::new(),
        }
    }

    /// Calls an operation of the registry, once for each subject, or once for what it names; whether any call went
    /// through.
    fn operate(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        response: &PendingResponse,
        blank: MitigationRow,
        operation: &Operation,
        subjects: &[(String, Option<u32>, Subject)],
    ) -> bool {
        let own = operation.resource().map(|resource| [(resource.to_owned(), None, Subject::default())]);
        let subjects = own.as_ref().map_or(subjects, |own| own);
        let mut went_through = subjects.is_empty();
        for (target, device, subject) in subjects {
            let clients: Vec<u32> = match operation {
                Operation::DeleteConnection => {
                    subject.things().iter().filter_map(|thing| self.fleet.device(*thing)).collect()
                }
                _ => Vec::new(),
            };
            let done = operation.perform(time, &mut self.fleet.account, subject);
            for client in clients.iter().filter(|_| done.is_ok()) {
                self.shards[*client as usize / LANES].disconnect(client % LANES as u32);
            }
            went_through |= done.is_ok();
            let took = match &done {
                Ok(true) if !clients.is_empty() => Took::Hold,
                Ok(true) => Took::ToTheAccount,
                Ok(false) => Took::Nothing,
                Err(_) => Took::Refused,
            };
            let row = MitigationRow {
                target: target.clone(),
                device: device.map(DeviceId),
                error: done.err().map(|error| error.to_string()),
                ..blank.clone()
            };
            self.write_down(now, time, response, row, took);
        }
        went_through
    }

    /// Writes down what one call did to its target.
    fn write_down(&mut self, now: Timestamp, time: Timestamp, by: &PendingResponse, row: MitigationRow, took: Took) {
        let succeeded = took != Took::Refused;
        let row = MitigationRow { status: if succeeded { "SUCCESSFUL" } else { "FAILED" }.to_owned(), ..row };
        self.log.push(Event {
            time,
            kind: EventKind::Response,
            subject: row.device.map_or(u32::MAX, |device| device.0),
            object: by.responder as u32,
            value: u64::from(succeeded),
        });
        if row.device.is_none() {
            let text = format!("{}: {} on {}: {}", row.responder, row.action, row.target, row.status.to_lowercase());
            self.record.tell(time, "response", text);
        }
        match (took, row.device) {
            (Took::ToTheAccount, Some(DeviceId(device))) => self.responders.add_awaiting(device, row),
            (Took::ToTheAccount | Took::Hold, _) => {
                self.responders.add_row(MitigationRow { effective: Some(now), ..row });
            }
            (Took::Nothing | Took::Refused, _) => self.responders.add_row(row),
        }
    }

    fn next_task_id(&mut self, responder: usize) -> String {
        self.responders.tasks[responder] += 1;
        let name = plain(&self.scenario.responders[responder].name);
        format!("{name}-{:06}", self.responders.tasks[responder])
    }

    fn mitigate_violation(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        response: &PendingResponse,
        blank: MitigationRow,
        alarm: usize,
        action: &str,
    ) -> bool {
        let request = StartDetectMitigationActionsTaskRequest {
            task_id: self.next_task_id(response.responder),
            target: DetectMitigationActionsTaskTarget {
                violation_ids: Some(vec![self.record.alarms[alarm].violation_id.clone()]),
                ..DetectMitigationActionsTaskTarget::default()
            },
            actions: vec![action.to_owned()],
            ..StartDetectMitigationActionsTaskRequest::default()
        };
        let started = self.mitigation.start_detect_mitigation_actions_task(
            time,
            &mut self.fleet.account,
            &mut self.outbox,
            &self.detect,
            request,
        );
        self.executed(now, time, response, blank, started.err().map(|error| error.to_string()))
    }

    fn mitigate_findings(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        response: &PendingResponse,
        blank: MitigationRow,
        audit: usize,
        action: &str,
    ) -> bool {
        let Trigger::Finding { check } = &self.scenario.responders[response.responder].trigger else { return true };
        let request = StartAuditMitigationActionsTaskRequest {
            task_id: self.next_task_id(response.responder),
            target: AuditMitigationActionsTaskTarget {
                audit_task_id: Some(self.record.audits[audit].task_id.clone()),
                ..AuditMitigationActionsTaskTarget::default()
            },
            audit_check_to_actions_mapping: [(check.clone(), vec![action.to_owned()])].into_iter().collect(),
            ..StartAuditMitigationActionsTaskRequest::default()
        };
        let started = self.mitigation.start_audit_mitigation_actions_task(
            time,
            &mut self.fleet.account,
            &mut self.outbox,
            &self.audit,
            request,
        );
        self.executed(now, time, response, blank, started.err().map(|error| error.to_string()))
    }

    /// Writes down what a task did; whether it was accepted.
    fn executed(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        response: &PendingResponse,
        blank: MitigationRow,
        refused: Option<String>,
    ) -> bool {
        if let Some(error) = refused {
            self.responders.add_row(MitigationRow { status: "FAILED".to_owned(), error: Some(error), ..blank });
            return false;
        }
        let events = self.mitigation.advance(time, &mut self.fleet.account, &mut self.outbox, &self.audit);
        for event in events {
            let MitigationEvent::ExecutionEnded { task, row: subject, action_type, error, .. } = event else {
                continue;
            };
            let (target, device) = match task {
                TaskRef::Detect(_) => {
                    let thing = self.mitigation.thing_name(task, subject).unwrap_or_default().to_owned();
                    let device = self.fleet.account.thing(&thing).and_then(|thing| self.fleet.device(thing));
                    (thing, device)
                }
                TaskRef::Audit(_) => self.target_of_finding(task, subject),
            };
            let took = if error.is_none() { Took::ToTheAccount } else { Took::Refused };
            let row = MitigationRow {
                target,
                device: device.map(DeviceId),
                action_type: action_type.to_string(),
                error: error.map(|error| error.to_string()),
                ..blank.clone()
            };
            self.write_down(now, time, response, row, took);
        }
        true
    }
}

/// How far a call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Took {
    /// It was refused.
    Refused,
    /// Nothing was left to do.
    Nothing,
    /// The account has it; for a device it takes hold when the broker next decides.
    ToTheAccount,
    /// It took hold at once.
    Hold,
}

/// A responder's delay for one occasion.
fn delay(responder: &ResponderPlan, key: u64, occasion: u64) -> Millis {
    let own = mix(key ^ name_key(&responder.name));
    responder.delay.draw(Dice::new(own, Purpose::ResponseDelay, occasion))
}

impl Delay {
    /// One of its values; the log-normal one has σ = ln(p95 / median) / z₀.₉₅.
    pub(crate) fn draw(self, mut dice: Dice) -> Millis {
        match self {
            Delay::Fixed(delay) => delay,
            Delay::LogNormal { median, p95_ratio } => {
                let sigma = libm::log(p95_ratio) / 1.644_853_626_951_472_7;
                Millis(libm::round(median.0 as f64 * libm::exp(sigma * dice.normal())) as i64)
            }
        }
    }
}
