//! Reports between the agent and the engine, on devices that a fault may strike: lost, late, twice, or wrong. At the end
//! of the way the service takes at most one report per device in 300 s (R-04, CH-93).

use std::ops::Range;
use std::sync::Arc;

use defender::detect::columns::{Column, has_lane, set_lane};
use defender::detect::report::ReportLimits;
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Common, Shard};
use crate::fault::{Fate, Fault, Mechanism, Memory, More, Passage, Report, Sets, Stage};

/// What a report tells since the one before.
pub(super) const AMOUNTS: [Column; 4] = [Column::BytesOut, Column::BytesIn, Column::PacketsOut, Column::PacketsIn];
/// What it tells of the moment.
pub(super) const LEVELS: [Column; 3] =
    [Column::ListeningTcpPorts, Column::ListeningUdpPorts, Column::EstablishedConnections];

/// A fault of the reports of one device.
#[derive(Clone, Debug)]
pub(crate) struct ReportFault {
    /// Position of the act in the ledger of truth.
    pub act: u32,
    /// Position of the device in the act.
    pub position: u32,
    /// The device, by lane.
    pub lane: u32,
    pub stage: Stage,
    pub onset: Timestamp,
    pub end: Timestamp,
    pub intensity: f64,
    /// Address of its dice on the device, and on all devices together.
    pub key: u64,
    pub shared: u64,
    pub effect: Arc<dyn Fault>,
    pub memory: Memory,
    /// When it first changed anything.
    pub first_struck: Option<Timestamp>,
}

impl ReportFault {
    /// Lets a report pass; further deliveries of it go to `copies`, as how much later they arrive.
    fn pass(&mut self, report: &mut Report, interval: Millis, copies: &mut Vec<Millis>) -> Fate {
        let Mechanism::Reports(effect) = self.effect.mechanism() else { return Fate::Goes };
        let made = report.made;
        if !(self.onset..self.end).contains(&made) {
            return Fate::Goes;
        }
        // Once it has struck, nobody asks any more.
        let before = self.first_struck.is_none().then(|| Before::new(report));
        let fate = effect.pass(&mut Passage {
            elapsed: made - self.onset,
            duration: self.end - self.onset,
            interval,
            intensity: self.intensity,
            key: self.key,
            shared: self.shared,
            report,
            copies,
            memory: &mut self.memory,
        });
        if before.is_some_and(|before| fate == Fate::Lost || before.differs(report) || !copies.is_empty()) {
            self.first_struck = Some(made);
        }
        fate
    }
}

/// A report before it passes.
enum Before {
    /// A plain one: amounts, levels, and when it arrives.
    Plain(Option<[u32; 4]>, [u32; 3], Timestamp),
    /// Any other.
    Other(Box<Report>),
}

impl Before {
    fn new(report: &Report) -> Before {
        if report.more.is_none() {
            Before::Plain(report.amounts, report.levels, report.arrives)
        } else {
            Before::Other(Box::new(report.clone()))
        }
    }

    fn differs(&self, report: &Report) -> bool {
        match self {
            Before::Plain(amounts, levels, arrives) => {
                (report.amounts, report.levels, report.arrives) != (*amounts, *levels, *arrives)
                    || report.more.is_some()
            }
            Before::Other(before) => **before != *report,
        }
    }
}

/// A device whose reports may be struck.
#[derive(Clone, Debug)]
struct Road {
    lane: u32,
    /// When its reports are made \[ms after the start of a tick\].
    phase: u32,
    /// Its faults, upstream first.
    faults: Range<u32>,
    /// From when until when some of them may strike.
    dangerous: Range<Timestamp>,
    /// Reports on their way, in the order of arrival, then of their making.
    flying: Vec<Report>,
    /// When the last report that the service took arrived.
    taken: Option<Timestamp>,
}

/// The reports of a shard on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Transit {
    faults: Vec<ReportFault>,
    roads: Vec<Road>,
    /// Roads that nothing can have happened on yet, the next to become dangerous last.
    ahead: Vec<u32>,
    /// Roads to look after. On all others reports stay where they are: they arrive as they are made, and far enough from
    /// each other. Most faults strike for a few hours of a run, so this is most of them.
    open: Vec<u32>,
    /// Roads on which a report came at another time than it was made, since the last rewinding.
    moved: Vec<u32>,
    scratch: Scratch,
}

/// What a shard remembers of its reports on their way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TransitMemory {
    faults: Vec<(Memory, Option<Timestamp>)>,
    roads: Vec<(Vec<Report>, Option<Timestamp>)>,
}

impl Transit {
    /// The way of the reports of a shard whose lanes report at these times of a tick; `regular` tells whether a lane's
    /// reports, as they are made, are never too close to each other for the service.
    pub fn new(mut faults: Vec<ReportFault>, arrival: &[u32], regular: impl Fn(usize) -> bool) -> Transit {
        faults.sort_by_key(|fault| (fault.lane, fault.stage, fault.key));
        let mut roads: Vec<Road> = Vec::new();
        for (index, fault) in faults.iter().enumerate() {
            let (lane, index) = (fault.lane, index as u32);
            match roads.last_mut() {
                Some(road) if road.lane == lane => {
                    road.faults.end = index + 1;
                    road.dangerous.start = road.dangerous.start.min(fault.onset);
                    road.dangerous.end = road.dangerous.end.max(fault.end);
                }
                _ => roads.push(Road {
                    lane,
                    phase: arrival[lane as usize],
                    faults: index..index + 1,
                    dangerous: fault.onset..fault.end,
                    flying: Vec::new(),
                    taken: None,
                }),
            }
        }
        for road in roads.iter_mut().filter(|road| !regular(road.lane as usize)) {
            road.dangerous = Timestamp(i64::MIN)..Timestamp(i64::MAX);
        }
        let mut ahead: Vec<u32> = (0..roads.len() as u32).collect();
        ahead.sort_by_key(|road| std::cmp::Reverse(roads[*road as usize].dangerous.start));
        Transit { faults, roads, ahead, ..Transit::default() }
    }

    /// Every lane reports at its own time again.
    pub fn rewind(&mut self, arrival: &mut [u32]) {
        for road in self.moved.drain(..).map(|road| &self.roads[road as usize]) {
            arrival[road.lane as usize] = road.phase;
        }
    }

    pub fn faults(&self) -> &[ReportFault] {
        &self.faults
    }

    pub fn memory(&self) -> TransitMemory {
        TransitMemory {
            faults: self.faults.iter().map(|fault| (fault.memory.clone(), fault.first_struck)).collect(),
            roads: self.roads.iter().map(|road| (road.flying.clone(), road.taken)).collect(),
        }
    }

    /// Whether a memory is one of the same faults.
    pub fn fits(&self, memory: &TransitMemory) -> bool {
        memory.faults.len() == self.faults.len() && memory.roads.len() == self.roads.len()
    }

    pub fn remember(&mut self, memory: TransitMemory) {
        for (fault, (memory, first_struck)) in self.faults.iter_mut().zip(memory.faults) {
            (fault.memory, fault.first_struck) = (memory, first_struck);
        }
        for (road, (flying, taken)) in self.roads.iter_mut().zip(memory.roads) {
            (road.flying, road.taken) = (flying, taken);
        }
    }
}

/// What sending a report needs for a moment: empty before and after.
#[derive(Clone, Debug, Default)]
struct Scratch {
    sent: Vec<Report>,
    copies: Vec<Millis>,
}

impl Road {
    /// Sends a report on its way, past the device's faults. Whether it passed as it was, and alone: then it is not on its
    /// way, but has arrived.
    fn send(&mut self, report: Report, faults: &mut [ReportFault], interval: Millis, scratch: &mut Scratch) -> bool {
        let Scratch { sent, copies } = scratch;
        let before = (self.flying.is_empty() && report.more.is_none()).then(|| Before::new(&report));
        sent.push(report);
        for fault in &mut faults[self.faults.start as usize..self.faults.end as usize] {
            let mut position = 0;
            while let Some(report) = sent.get_mut(position) {
                if fault.pass(report, interval, copies) == Fate::Lost {
                    copies.clear();
                    sent.remove(position);
                    continue;
                }
                let original = position;
                for later in copies.drain(..) {
                    let copy = Report { arrives: sent[original].arrives + later, ..sent[original].clone() };
                    position += 1;
                    sent.insert(position, copy);
                }
                position += 1;
            }
        }
        if let ([report], Some(before)) = (&sent[..], before)
            && !before.differs(report)
        {
            sent.clear();
            return true;
        }
        self.flying.append(sent);
        self.flying.sort_by_key(|report| (report.arrives, report.made));
        false
    }

    /// The report that the service takes before `end`; others that arrive by then have no effect.
    fn take(&mut self, end: Timestamp) -> Option<Report> {
        let arrived = self.flying.partition_point(|report| report.arrives < end);
        let reports = self.flying.drain(..arrived);
        reports.filter(|report| is_taken(&mut self.taken, report.arrives)).last()
    }
}

/// Whether the service takes a report that arrives now, which it does at most once in 300 s (R-04, CH-93).
fn is_taken(last: &mut Option<Timestamp>, arrives: Timestamp) -> bool {
    let taken = last.is_none_or(|last| arrives - last >= ReportLimits::default().min_interval);
    if taken {
        *last = Some(arrives);
    }
    taken
}

impl Shard {
    /// Puts the reports of this tick on their way, and what arrives in it in their place.
    pub(super) fn carry_reports(&mut self, common: &Common) {
        let Transit { mut faults, mut roads, mut ahead, mut open, mut moved, mut scratch } =
            std::mem::take(&mut self.transit);
        let known = open.len();
        while let Some(next) = ahead.last().filter(|next| roads[**next as usize].dangerous.start < self.tick.end) {
            open.push(*next);
            ahead.pop();
        }
        // One after the other in memory, too.
        if open.len() > known {
            open.sort_unstable();
        }
        open.retain(|index| {
            let road = &mut roads[*index as usize];
            let lane = road.lane as usize;
            set_lane(&mut self.tick.without_amounts, lane, false);
            let reported = has_lane(&self.tick.reported, lane);
            let made = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
            if road.flying.is_empty() && !road.dangerous.contains(&made) {
                let taken = reported && is_taken(&mut road.taken, made);
                if reported && !taken {
                    self.drop_report(lane);
                }
                // The danger is over, and with a report that was taken as it was made, all is as if it had never been.
                return !(taken && road.dangerous.end <= made);
            }
            if reported {
                let report = self.pick_up(lane);
                if road.send(report, &mut faults, self.reach[lane], &mut scratch) {
                    if !is_taken(&mut road.taken, made) {
                        self.drop_report(lane);
                    }
                    return true;
                }
            }
            match road.take(self.tick.end) {
                Some(report) => {
                    self.hand_over(common, lane, report);
                    if self.tick.arrival[lane] != road.phase {
                        moved.push(*index);
                    }
                }
                None => self.drop_report(lane),
            }
            true
        });
        self.transit = Transit { faults, roads, ahead, open, moved, scratch };
    }

    /// A lane's report of this tick, taken out of it.
    fn pick_up(&mut self, lane: usize) -> Report {
        let made = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
        let numbers = &self.tick.numbers;
        let mut report = Report {
            amounts: Some(AMOUNTS.map(|column| numbers[column.index()][lane])),
            levels: LEVELS.map(|column| numbers[column.index()][lane]),
            more: None,
            made,
            arrives: made,
        };
        let sets = match self.extras.get_mut(&(lane as u32)) {
            Some(extras) => Sets {
                tcp_ports: std::mem::take(&mut extras.tcp_ports),
                udp_ports: std::mem::take(&mut extras.udp_ports),
                destinations: std::mem::take(&mut extras.destinations),
                lists: std::mem::take(&mut extras.lists),
            },
            None => Sets::default(),
        };
        if !self.custom.is_empty() || !sets.are_usual() {
            let custom = self.custom.iter().map(|column| self.tick.numbers[*column][lane]).collect();
            report.more = Some(Box::new(More { custom, sets }));
        }
        report
    }

    /// A report is this tick's for its lane.
    fn hand_over(&mut self, common: &Common, lane: usize, report: Report) {
        set_lane(&mut self.tick.reported, lane, true);
        set_lane(&mut self.tick.without_amounts, lane, report.amounts.is_none());
        self.tick.arrival[lane] = (report.arrives - self.tick.start).0 as u32;
        let amounts = report.amounts.unwrap_or_default();
        for (column, value) in AMOUNTS.into_iter().zip(amounts).chain(LEVELS.into_iter().zip(report.levels)) {
            self.tick.numbers[column.index()][lane] = value;
        }
        let More { custom, sets } = report.more.map(|more| *more).unwrap_or_default();
        for (column, value) in self.custom.iter().zip(&custom) {
            self.tick.numbers[*column][lane] = *value;
        }
        let usual = sets.are_usual();
        if !usual {
            let Sets { tcp_ports, udp_ports, destinations, lists } = sets;
            let extras = self.extras.entry(lane as u32).or_default();
            (extras.tcp_ports, extras.udp_ports, extras.destinations) = (tcp_ports, udp_ports, destinations);
            extras.lists = lists;
        }
        for (position, (_, metric, rule)) in common.program.set_rules().enumerate() {
            if metric.is_cloud_side() {
                continue;
            }
            let violating = if usual {
                has_lane(&self.base_violations[position], lane)
            } else {
                !rule.conforms(&self.observed(common, metric, lane, self.extras.get(&(lane as u32))))
            };
            set_lane(&mut self.tick.set_violations[position], lane, violating);
        }
    }
}
