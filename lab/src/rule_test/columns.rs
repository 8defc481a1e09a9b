//! The same test through the fleet simulator's columns, tick by tick, for the behaviors that these can judge.

use std::collections::BTreeSet;
use std::net::IpAddr;

use defender::detect::alarm::ViolationEventType;
use defender::detect::behavior::Behavior;
use defender::detect::columns::{
    Column, Columns, Extra, Judge, Program, RuleKind, Tick, Transition, code, number, set_lane,
};
use defender::detect::criteria::Observed;
use defender::detect::evaluation::EvaluationId;
use defender::detect::ml::Gathering;
use defender::detect::reference::BrokerAction;
use defender::detect::report::ReportValues;
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

use super::event::{Event, Kind};
use super::file::{ChangeKind, RuleTest};
use super::reference::World;
use super::world::{Happening, What};

/// What the columns say of a test.
#[derive(Clone, Debug, Default)]
pub(super) struct Columnar {
    /// Their events, in order.
    pub(super) events: Vec<Event>,
    /// The behaviors judged, with the number of datapoints.
    pub(super) judged: Vec<(String, u64)>,
    /// Behaviors left out, and why.
    pub(super) left_out: Vec<(String, &'static str)>,
    /// Events from then on are not compared: the behaviors changed.
    pub(super) until: Option<Millis>,
}

/// Runs a test.
///
/// # Errors
/// As the reference; and a change that is not on the grid of ticks.
pub(super) fn run(test: &RuleTest, timeline: &[Happening]) -> Result<Columnar, String> {
    let mut world = World::new(test)?;
    world.attach_all(test)?;
    let profile = world.detect.profiles().next().ok_or("there is no profile")?.id();
    let ids = world.detect.profile(profile).evaluations().to_vec();
    let mut columnar = Columnar::default();
    let mut behaviors: Vec<Behavior> = Vec::new();
    for id in ids {
        let behavior = world.detect.evaluation(id).behavior().clone();
        match Program::compile([std::slice::from_ref(&behavior)]) {
            Ok(_) if behavior.dimension.is_some() => {
                columnar.left_out.push((behavior.name, "a topic-filter dimension"));
            }
            Ok(_) => behaviors.push(behavior),
            Err(errors) => {
                columnar.left_out.extend(errors.into_iter().map(|error| (error.behavior, error.what)));
            }
        }
    }
    if behaviors.is_empty() {
        return Ok(columnar);
    }
    let program = Program::compile([behaviors.as_slice()]).map_err(|errors| format!("{errors:?}"))?;
    let learned = learned(&world, &program, &behaviors);
    let step = program.tick();
    let devices = test.devices();
    let mut lanes: Vec<Lane> = vec![Lane::default(); devices.len()];
    let mut judge = Columns::new(&program, devices.len());
    let mut out: Vec<Transition> = Vec::new();
    let mut covered = vec![false; devices.len()];
    let mut changes = test.changes.iter().peekable();
    let mut happenings = timeline.iter().peekable();
    let end = test.end().ceil_to(step);
    let mut start = test.start;
    // What happened before the start is known, and in no window.
    while let Some(happening) = happenings.next_if(|next| next.time < start) {
        lanes[happening.device].take(happening);
    }
    while start < end {
        while let Some(change) = changes.next_if(|change| test.start + change.at < start + step) {
            let now = test.start + change.at;
            if matches!(change.kind, ChangeKind::Profile(_) | ChangeKind::DeleteProfile) || now != start {
                columnar.until.get_or_insert(change.at);
            }
            if columnar.until.is_none() {
                world.apply(test, now, &change.kind)?;
                world.detect.reconcile(now, &world.account);
            }
        }
        if columnar.until.is_none() {
            for (lane, name) in devices.iter().enumerate() {
                let device = world.detect.device(name, &world.account);
                // A thing that was deleted is another device from then on, to which the lane does not belong.
                let is_thing = world.account.thing(name).is_some();
                let same = is_thing || test.unregistered.contains(name);
                let covers = same && world.detect.covers(profile, device, &world.account);
                if covers != covered[lane] {
                    judge.cover(start, 0, lane as u32, covers, &mut out);
                    covered[lane] = covers;
                }
            }
        }
        let mut tick = Tick::new(devices.len(), &program);
        (tick.start, tick.end) = (start, start + step);
        lanes.iter_mut().for_each(Lane::begin);
        while let Some(happening) = happenings.next_if(|next| next.time < tick.end) {
            lanes[happening.device].take(happening);
        }
        for (position, lane) in lanes.iter().enumerate() {
            lane.fill(&mut tick, position, &program);
        }
        for (position, population) in program.populations().iter().enumerate() {
            let mut values = Vec::new();
            judge.contribute(&tick, position, &mut values);
            tick.thresholds[position] = population.statistic.threshold(&mut values);
        }
        for (normals, (_, evaluation)) in tick.normals.iter_mut().zip(&learned) {
            *normals = [tick.start, tick.end].map(|time| world.detect.normal(*evaluation, time));
        }
        judge.judge(&tick, &mut out);
        for ((_, evaluation), readings) in learned.iter().zip(judge.take_readings()) {
            let mut gathering = Gathering::default();
            gathering.take(&readings);
            world.detect.learn_data(*evaluation, &gathering.finish());
        }
        start = tick.end;
        if !learned.is_empty() && start.floor_to(Millis::DAY) == start {
            let expired = world.detect.refresh_models(start);
            for (rule, _) in learned.iter().filter(|(_, evaluation)| expired.contains(evaluation)) {
                judge.discontinue(start, *rule, &mut out);
            }
        }
    }
    columnar.judged =
        behaviors.iter().zip(judge.counts()).map(|(behavior, count)| (behavior.name.clone(), count.judged)).collect();
    columnar.events = out.iter().map(|transition| event(test, transition, &behaviors, &program, &devices)).collect();
    columnar.events.sort();
    Ok(columnar)
}

/// The ML rules with their evaluations.
fn learned(world: &World, program: &Program, behaviors: &[Behavior]) -> Vec<(u32, EvaluationId)> {
    let evaluation = |name: &str| {
        let mut all = world.detect.evaluations();
        all.find(|(_, row)| row.behavior().name == name).map(|(id, _)| id)
    };
    let rules = program.learned().iter().map(|learned| learned.rule);
    let named = rules.filter_map(|rule| {
        let behavior = program.rules()[rule as usize].behavior as usize;
        Some((rule, evaluation(&behaviors[behavior].name)?))
    });
    named.collect()
}

fn event(
    test: &RuleTest,
    transition: &Transition,
    behaviors: &[Behavior],
    program: &Program,
    devices: &[String],
) -> Event {
    let rule = &program.rules()[transition.rule as usize];
    let is_set = matches!(rule.kind, RuleKind::Set { .. });
    let has_value = !is_set && transition.kind != ViolationEventType::AlarmInvalidated;
    let behavior = &behaviors[rule.behavior as usize];
    let value = match behavior.metric {
        MetricRef::Custom(_) => number(transition.value as u32).to_string(),
        MetricRef::Aws(_) => transition.value.to_string(),
    };
    Event {
        at: transition.time - test.start,
        kind: Kind::from(transition.kind),
        behavior: behavior.name.clone(),
        device: devices[transition.lane as usize].clone(),
        value: has_value.then_some(value),
    }
}

/// What is known of a device, and what it did in the tick.
#[derive(Clone, Debug, Default)]
struct Lane {
    open: Option<IpAddr>,
    /// When the last session ended.
    ended: Option<Timestamp>,
    acted: bool,
    addresses: BTreeSet<IpAddr>,
    sizes: Vec<u64>,
    received: u32,
    refused: u32,
    attempts: u32,
    disconnects: u32,
    report: Option<(Timestamp, ReportValues)>,
}

impl Lane {
    /// Begins a tick: a session that is open goes on.
    fn begin(&mut self) {
        *self = Lane {
            open: self.open,
            ended: self.ended,
            addresses: self.open.into_iter().collect(),
            acted: self.open.is_some(),
            ..Lane::default()
        };
    }

    fn take(&mut self, happening: &Happening) {
        let action = match &happening.what {
            What::Report(values) => {
                self.report = Some((happening.time, (**values).clone()));
                return;
            }
            What::Broker(action) => action,
        };
        let at_start = !self.acted_by_itself();
        self.acted = true;
        match action {
            BrokerAction::Connect { source_ip, success } => {
                self.attempts += 1;
                if *success {
                    // A connect at the very beginning of a tick ends the old session before the tick.
                    if at_start && happening.time == happening.time.floor_to(Millis::minutes(5)) {
                        self.addresses.clear();
                    }
                    self.open = Some(*source_ip);
                    self.addresses.insert(*source_ip);
                }
            }
            BrokerAction::Disconnect => {
                self.disconnects += 1;
                self.open = None;
                self.ended = Some(happening.time);
            }
            BrokerAction::Publish { bytes, .. } => self.sizes.push(*bytes),
            BrokerAction::Deliver { .. } => self.received += 1,
            BrokerAction::Refuse { .. } => self.refused += 1,
        }
    }

    fn acted_by_itself(&self) -> bool {
        self.attempts + self.disconnects + self.received + self.refused > 0 || !self.sizes.is_empty()
    }

    /// What its report says of a custom metric.
    fn custom(&self, name: &str) -> Option<Observed> {
        self.report.as_ref()?.1.custom.get(name).map(|value| value.observed())
    }

    fn fill(&self, tick: &mut Tick, lane: usize, program: &Program) {
        set_lane(&mut tick.active, lane, self.acted);
        set_lane(&mut tick.known, lane, self.open.is_some() || self.ended.is_some());
        let bytes = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
        let silent = self.ended.filter(|_| self.open.is_none()).map_or(Millis(0), |ended| tick.end - ended);
        for (column, value) in [
            (Column::Sent, self.sizes.len() as u32),
            (Column::LargestMessage, bytes(self.sizes.iter().copied().max().unwrap_or(0))),
            (Column::SmallestMessage, bytes(self.sizes.iter().copied().min().unwrap_or(0))),
            (Column::MessageBytes, bytes(self.sizes.iter().sum())),
            (Column::Received, self.received),
            (Column::AuthorizationFailures, self.refused),
            (Column::ConnectionAttempts, self.attempts),
            (Column::Disconnects, self.disconnects),
            (Column::DisconnectMinutes, (silent.0 / Millis::MINUTE.0) as u32),
        ] {
            tick.column_mut(column)[lane] = value;
        }
        if let Some((time, values)) = &self.report {
            set_lane(&mut tick.reported, lane, true);
            tick.arrival[lane] = (*time - tick.start).0 as u32;
            for (column, metric) in [
                (Column::BytesOut, Metric::AllBytesOut),
                (Column::BytesIn, Metric::AllBytesIn),
                (Column::PacketsOut, Metric::AllPacketsOut),
                (Column::PacketsIn, Metric::AllPacketsIn),
                (Column::ListeningTcpPorts, Metric::NumListeningTcpPorts),
                (Column::ListeningUdpPorts, Metric::NumListeningUdpPorts),
                (Column::EstablishedConnections, Metric::NumEstablishedTcpConnections),
            ] {
                tick.column_mut(column)[lane] = bytes(values.count(metric).unwrap_or(0));
            }
            for (slot, extra) in program.extras().iter().enumerate() {
                if let Extra::Custom(name) = extra
                    && let Some(Observed::Number(value)) = self.custom(name)
                {
                    tick.column_mut(Column::Custom { slot: slot as u16 })[lane] = code(value);
                }
            }
        }
        for (position, (_, metric, rule)) in program.set_rules().enumerate() {
            let observed = match metric {
                MetricRef::Aws(Metric::SourceIpAddress) => Some(Observed::Cidrs(self.addresses.clone())),
                MetricRef::Aws(metric) => self.report.as_ref().and_then(|(_, values)| values.observed(*metric)),
                MetricRef::Custom(name) => self.custom(name),
            };
            set_lane(&mut tick.set_violations[position], lane, observed.is_some_and(|seen| !rule.conforms(&seen)));
        }
    }
}
