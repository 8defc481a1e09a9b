//! Reports between the agent and the engine, on devices that a fault may strike: lost, late, twice, or wrong. At the end
//! of the way the service takes at most one report per device in 300 s (R-04, CH-93).

use std::ops::Range;
use std::sync::Arc;

use defender::detect::columns::{Column, has_lane, set_lane};
use defender::detect::report::ReportLimits;
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Common, Shard};
use crate::fault::{Fate, Fault, Mechanism, Memory, Passage, Report, Stage};

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
    /// Lets a report pass; also the further deliveries of it that come of that. `None`: it has no effect.
    fn pass(&mut self, mut report: Report, interval: Millis) -> Option<(Report, Vec<Report>)> {
        let Mechanism::Reports(effect) = self.effect.mechanism() else { return Some((report, Vec::new())) };
        if report.made < self.onset || report.made >= self.end {
            return Some((report, Vec::new()));
        }
        let before = report.clone();
        let mut copies = Vec::new();
        let fate = effect.pass(&mut Passage {
            elapsed: report.made - self.onset,
            duration: self.end - self.onset,
            interval,
            intensity: self.intensity,
            key: self.key,
            shared: self.shared,
            report: &mut report,
            copies: &mut copies,
            memory: &mut self.memory,
        });
        if fate == Fate::Lost || report != before || !copies.is_empty() {
            self.first_struck.get_or_insert(before.made);
        }
        if fate == Fate::Lost {
            return None;
        }
        let copy = |later| Report { arrives: report.arrives + later, ..report.clone() };
        let copies = copies.into_iter().map(copy).collect();
        Some((report, copies))
    }
}

/// A device whose reports may be struck.
#[derive(Clone, Debug)]
struct Road {
    lane: usize,
    /// When its reports are made \[ms after the start of a tick\].
    phase: u32,
    /// Its faults, upstream first.
    faults: Range<usize>,
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
}

/// What a shard remembers of its reports on their way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TransitMemory {
    faults: Vec<(Memory, Option<Timestamp>)>,
    roads: Vec<(Vec<Report>, Option<Timestamp>)>,
}

impl Transit {
    /// The way of the reports of a shard whose lanes report at these times of a tick.
    pub fn new(mut faults: Vec<ReportFault>, arrival: &[u32]) -> Transit {
        faults.sort_by_key(|fault| (fault.lane, fault.stage, fault.act));
        let mut roads: Vec<Road> = Vec::new();
        for (index, fault) in faults.iter().enumerate() {
            let lane = fault.lane as usize;
            match roads.last_mut() {
                Some(road) if road.lane == lane => road.faults.end = index + 1,
                _ => roads.push(Road {
                    lane,
                    phase: arrival[lane],
                    faults: index..index + 1,
                    flying: Vec::new(),
                    taken: None,
                }),
            }
        }
        Transit { faults, roads }
    }

    /// Every lane reports at its own time again.
    pub fn rewind(&self, arrival: &mut [u32]) {
        self.roads.iter().for_each(|road| arrival[road.lane] = road.phase);
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

impl Road {
    /// Sends a report on its way, past the device's faults.
    fn send(&mut self, report: Report, faults: &mut [ReportFault], interval: Millis) {
        let mut sent = vec![report];
        for fault in &mut faults[self.faults.clone()] {
            let passed = sent.into_iter().filter_map(|report| fault.pass(report, interval));
            sent = passed.flat_map(|(report, copies)| std::iter::once(report).chain(copies)).collect();
        }
        self.flying.append(&mut sent);
        self.flying.sort_by_key(|report| (report.arrives, report.made));
    }

    /// The report that the service takes before `end`; others that arrive by then have no effect.
    fn take(&mut self, end: Timestamp) -> Option<Report> {
        let arrived = self.flying.partition_point(|report| report.arrives < end);
        let mut taken = None;
        for report in self.flying.drain(..arrived) {
            let least = ReportLimits::default().min_interval;
            if self.taken.is_none_or(|last| report.arrives - last >= least) {
                self.taken = Some(report.arrives);
                taken = Some(report);
            }
        }
        taken
    }
}

impl Shard {
    /// Puts the reports of this tick on their way, and what arrives in it in their place.
    pub(super) fn carry_reports(&mut self, common: &Common) {
        let Transit { mut faults, mut roads } = std::mem::take(&mut self.transit);
        for road in &mut roads {
            let lane = road.lane;
            set_lane(&mut self.tick.without_amounts, lane, false);
            if has_lane(&self.tick.reported, lane) {
                let run = self.runs.iter().find(|run| run.lanes.contains(&lane)).expect("every lane belongs to a run");
                let every = common.classes[run.class].tables.report_every.unwrap_or(1);
                let report = self.pick_up(lane);
                road.send(report, &mut faults, Millis(common.tick.0 * every as i64));
            }
            match road.take(self.tick.end) {
                Some(report) => self.hand_over(common, lane, report),
                None => self.drop_report(lane),
            }
        }
        self.transit = Transit { faults, roads };
    }

    /// A lane's report of this tick, taken out of it.
    fn pick_up(&mut self, lane: usize) -> Report {
        let made = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
        let numbers = &self.tick.numbers;
        let mut report = Report {
            amounts: Some(AMOUNTS.map(|column| numbers[column.index()][lane])),
            levels: LEVELS.map(|column| numbers[column.index()][lane]),
            tcp_ports: Vec::new(),
            udp_ports: Vec::new(),
            destinations: Vec::new(),
            custom: self.custom.iter().map(|column| numbers[*column][lane]).collect(),
            lists: Vec::new(),
            made,
            arrives: made,
        };
        if let Some(extras) = self.extras.get_mut(&(lane as u32)) {
            report.tcp_ports = std::mem::take(&mut extras.tcp_ports);
            report.udp_ports = std::mem::take(&mut extras.udp_ports);
            report.destinations = std::mem::take(&mut extras.destinations);
            report.lists = std::mem::take(&mut extras.lists);
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
        for (column, value) in self.custom.iter().zip(&report.custom) {
            self.tick.numbers[*column][lane] = *value;
        }
        let Report { tcp_ports, udp_ports, destinations, lists, .. } = report;
        if !(tcp_ports.is_empty() && udp_ports.is_empty() && destinations.is_empty() && lists.is_empty()) {
            let extras = self.extras.entry(lane as u32).or_default();
            (extras.tcp_ports, extras.udp_ports, extras.destinations) = (tcp_ports, udp_ports, destinations);
            extras.lists = lists;
        }
        for (position, (_, metric, rule)) in common.program.set_rules().enumerate() {
            if !metric.is_cloud_side() {
                let observed = self.observed(common, metric, lane, self.extras.get(&(lane as u32)));
                set_lane(&mut self.tick.set_violations[position], lane, !rule.conforms(&observed));
            }
        }
    }
}
