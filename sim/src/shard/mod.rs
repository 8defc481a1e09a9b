//! A shard: 1,024 devices that advance together, alone, to the next synchronization point.
//!
//! ```text
//!   kernel (ordinary behavior, columns) ─▶ access (what the broker refuses) ─▶ overlays (acts)
//!     ─▶ transit (reports on their way, where faults strike) ─▶ judge (engine)
//! ```
//!
//! The size of a shard never depends on the number of threads. All it owns fits the second-level cache, so it runs
//! as many ticks in one go as the world allows.

mod access;
mod addresses;
mod custom;
mod kernel;
mod memory;
mod modes;
mod normals;
mod overlay;
mod replay;
mod tables;
mod topic;
mod transit;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use defender::detect::alarm::ViolationEventType;
use defender::detect::columns::{
    Candidates, Column, Columns, Extra, Judge, Limits, Mask, Program, RuleKind, Slate, Tick, Transition, bits, code,
    has_lane, number, set_lane,
};
use defender::detect::criteria::Observed;
use defender::detect::ml::Readings;
use defender::detect::report::ReportLimits;
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use access::Access;
pub(crate) use addresses::Addresses;
pub(crate) use custom::Numbers;
use kernel::Ranks;
pub(crate) use memory::Memory;
use modes::Occasions;
pub(crate) use normals::Normals;
pub(crate) use overlay::Overlay;
pub(crate) use replay::Replay;
use tables::{ACKNOWLEDGEMENT, MESSAGE_OVERHEAD};
pub(crate) use tables::{ClassTables, Needs};
pub(crate) use topic::{Counted, TOPICS, TopicShares, counted, counts};
pub(crate) use transit::ReportFault;
use transit::{AMOUNTS, LEVELS, Transit};

use crate::dice::{Dice, Purpose, draw, salt};
use crate::disturbance::{Disturbance, OwnChange, SEGMENT};

/// Devices per shard.
pub(crate) const LANES: usize = 1_024;
/// A client that was refused waits this long before it tries again.
const BACK_OFF: Millis = Millis::seconds(30);

/// What all shards share.
pub(crate) struct Common {
    pub program: Program,
    /// Candidates that look on.
    pub slate: Option<Slate>,
    pub classes: Vec<Class>,
    pub needs: Needs,
    pub start: Timestamp,
    pub tick: Millis,
    /// What models take for normal; renewed at each daily build.
    pub normals: Normals,
    /// Recorded telemetry, in place of the simulated one.
    pub replay: Option<Replay>,
}

/// A class, as its devices know it.
pub(crate) struct Class {
    pub tables: ClassTables,
    pub tcp_ports: Vec<u16>,
    pub udp_ports: Vec<u16>,
    /// Where its devices connect from.
    pub addresses: Addresses,
    pub destinations: Vec<ipnet::IpNet>,
    /// How its messages spread over topics.
    pub topics: TopicShares,
    /// Custom metrics that are numbers.
    pub numbers: Numbers,
    /// Custom lists by name; empty ones of those that it does not report.
    pub lists: BTreeMap<String, Observed>,
}

impl Class {
    /// Where its connections lead to.
    pub fn destination(&self, key: u64) -> Option<IpAddr> {
        address_in(&self.destinations, draw(key, salt(Purpose::Destination, 0)))
    }
}

/// Where a device connects from first, of these networks.
pub(crate) fn source_address(networks: &[ipnet::IpNet], key: u64) -> Option<IpAddr> {
    address_in(networks, draw(key, salt(Purpose::SourceAddress, 0)))
}

/// An address of one of the networks, by a 64-bit word.
fn address_in(networks: &[ipnet::IpNet], word: u64) -> Option<IpAddr> {
    let network = networks.get((word >> 32) as usize % networks.len().max(1))?;
    let host = u128::from(word as u32);
    Some(match network {
        ipnet::IpNet::V4(net) => {
            let size = 1u64 << (32 - net.prefix_len());
            let offset = if size > 2 { 1 + (host as u64 % (size - 2)) as u32 } else { (host as u64 % size) as u32 };
            IpAddr::from((u32::from(net.network()) + offset).to_be_bytes())
        }
        ipnet::IpNet::V6(net) => {
            let bits = 128 - u32::from(net.prefix_len());
            let mask = if bits >= 128 { u128::MAX } else { (1u128 << bits) - 1 };
            IpAddr::from((u128::from(net.network()) | (host & mask)).to_be_bytes())
        }
    })
}

/// The columns of custom metrics.
fn custom_columns(program: &Program) -> Vec<usize> {
    let extras = program.extras().iter().enumerate();
    extras.filter(|(_, extra)| matches!(extra, Extra::Custom(_))).map(|(slot, _)| Column::COUNT + slot).collect()
}

/// Adds elements to a list. What an element must be has been checked by the loader.
fn extend(list: &mut Observed, values: &[String]) {
    match list {
        Observed::Strings(strings) => strings.extend(values.iter().cloned()),
        Observed::Numbers(numbers) => numbers.extend(values.iter().filter_map(|value| value.parse::<f64>().ok())),
        Observed::Cidrs(addresses) => addresses.extend(values.iter().filter_map(|value| value.parse::<IpAddr>().ok())),
        Observed::Number(_) | Observed::Ports(_) => {}
    }
}

/// A stretch of lanes of one class.
#[derive(Debug)]
struct Run {
    class: usize,
    lanes: Range<usize>,
    ranks: Ranks,
}

/// A device as a shard is told about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Newcomer {
    pub class: usize,
    pub key: u64,
    pub access: Access,
    /// When its certificate expires, if it has one.
    pub valid_until: Option<Timestamp>,
}

/// What a shard did in one tick, in numbers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TickTally {
    pub active: u64,
    pub messages: u64,
    pub failures: u64,
    pub reports: u64,
}

/// What an alarm event's transition does not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Detail {
    /// A number was measured, or nothing was for too long.
    Plain,
    /// This set was observed.
    Set(Observed),
    /// The profile no longer covers the device.
    Unmonitored,
    /// The model was discontinued.
    Discontinued,
}

/// What came out of a shard since the last synchronization point.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Alarm events, with what their transitions do not say.
    pub transitions: Vec<(Transition, Detail)>,
    /// Certificates that expired: (when, lane).
    pub expired: Vec<(Timestamp, u32)>,
    /// First harm done by acts that somebody waits for: (when, act, position of the device in the act).
    pub harmed: Vec<(Timestamp, u32, u32)>,
    /// By tick.
    pub tallies: Vec<TickTally>,
}

/// A shard.
pub(crate) struct Shard {
    /// Global number of the first device.
    pub first: u32,
    pub keys: Vec<u64>,
    runs: Vec<Run>,
    /// Which ticks have a report of a lane's agent: the remainder of their number by the ticks between two.
    due: Vec<u32>,
    /// How far a lane's report reaches back.
    reach: Vec<Millis>,
    access: Vec<Access>,
    /// Lanes with less than full access.
    limited: Mask,
    /// Lanes whose agent reports in every tick.
    every_tick: Mask,
    /// Amounts since the last report, where reports are rarer than ticks; in the order of [`AMOUNTS`].
    pending: [Vec<u32>; 4],
    /// Whether a lane that reports in every tick has amounts that wait for the next report.
    held: bool,
    /// Columns of custom metrics.
    custom: Vec<usize>,
    /// By column beside the usual ones, and lane: which topics count. Empty if the program has none.
    counted: Vec<Vec<u8>>,
    down_since: Vec<Option<Timestamp>>,
    expiries: BTreeSet<(Timestamp, u32)>,
    overlays: Vec<Overlay>,
    upcoming: usize,
    active: Vec<usize>,
    /// Set violations without any act, by set rule.
    base_violations: Vec<Mask>,
    /// Sets that acts add in this tick, by lane.
    extras: BTreeMap<u32, Extras>,
    /// Lanes whose clients somebody disconnected since the last tick.
    disconnected: BTreeSet<u32>,
    /// Lanes whose devices joined since the last tick.
    joined: BTreeSet<u32>,
    /// Since which tick, by number, a lane has its address; 0: from the beginning.
    address_since: Vec<u64>,
    /// What devices do now and then beside what they always do.
    occasions: Occasions,
    /// Lanes that acts kept off the network in the whole of this tick, and of the last one.
    dark: Mask,
    was_dark: Mask,
    judge: Columns,
    /// Candidates that see the same ticks; nothing that happens depends on them.
    candidates: Option<Candidates>,
    tick: Tick,
    /// By population: its values of the tick here.
    shares: Vec<Vec<u64>>,
    scratch: Disturbance,
    /// Reports on their way, where a fault may strike them.
    transit: Transit,
    /// A running hash of every lane's telemetry, where somebody asked.
    probe: Option<Vec<u64>>,
    pub findings: Findings,
}

#[derive(Clone, Debug, Default)]
struct Extras {
    tcp_ports: Vec<u16>,
    udp_ports: Vec<u16>,
    destinations: Vec<IpAddr>,
    sources: Vec<IpAddr>,
    /// Elements of custom lists, by metric.
    lists: Vec<(String, Vec<String>)>,
    /// The device has no network in the whole tick.
    offline: bool,
    /// Its report tells nothing of what acts do.
    forged: bool,
}

impl Shard {
    /// A shard of the given devices, with the parts of acts on them.
    pub fn new(
        common: &Common,
        first: u32,
        devices: &[Newcomer],
        counted: &[Counted],
        mut overlays: Vec<Overlay>,
        faults: Vec<ReportFault>,
        probe: bool,
    ) -> Shard {
        overlays.sort_by_key(Overlay::order);
        let lanes = devices.len();
        let words = lanes.div_ceil(64);
        let tables = |device: &Newcomer| &common.classes[device.class].tables;
        let steps = devices.iter().map(|device| {
            let normal = Dice::new(device.key, Purpose::DeviceFactor, 0).normal();
            tables(device).device_step(normal)
        });
        let steps: Vec<i16> = steps.collect();
        let keys: Vec<u64> = devices.iter().map(|device| device.key).collect();
        let mut first_lane = 0;
        let runs = devices.chunk_by(|a, b| a.class == b.class).map(|run| {
            let lanes = first_lane..first_lane + run.len();
            first_lane = lanes.end;
            Run { class: run[0].class, ranks: Ranks::new(lanes.clone(), &keys, &steps), lanes }
        });
        let runs: Vec<Run> = runs.collect();
        let due = devices.iter().map(|device| {
            let every = tables(device).report_every.unwrap_or(1);
            ((every - (device.key >> 7) % every) % every) as u32
        });
        let reach = devices.iter().map(|device| {
            let every = tables(device).report_every.unwrap_or(1);
            Millis(common.tick.0 * every as i64)
        });
        let mut tick = Tick::new(lanes, &common.program);
        if common.replay.is_some() {
            tick.missing = vec![vec![u64::MAX; words]; tick.numbers.len() + tick.set_violations.len()];
        }
        let mut every_tick = vec![0; words];
        for (lane, device) in devices.iter().enumerate() {
            let phase = u64::from((draw(device.key, salt(Purpose::ReportPhase, 0)) >> 32) as u32);
            tick.arrival[lane] = ((phase * common.tick.0 as u64) >> 32) as u32;
            set_lane(&mut every_tick, lane, tables(device).report_every == Some(1));
            set_lane(&mut tick.known, lane, true);
        }
        let least = ReportLimits::default().min_interval;
        let reach: Vec<Millis> = reach.collect();
        let spaced: Vec<bool> = reach.iter().map(|reach| common.replay.is_none() && *reach >= least).collect();
        let mut shard = Shard {
            first,
            due: due.collect(),
            reach,
            keys,
            access: devices.iter().map(|device| device.access).collect(),
            limited: vec![0; words],
            every_tick,
            pending: std::array::from_fn(|_| vec![0; lanes]),
            held: false,
            custom: custom_columns(&common.program),
            counted: (0..counted.first().map_or(0, Vec::len))
                .map(|slot| counted.iter().map(|lane| lane[slot]).collect())
                .collect(),
            down_since: vec![None; lanes],
            expiries: (0..).zip(devices).filter_map(|(lane, device)| Some((device.valid_until?, lane))).collect(),
            upcoming: 0,
            active: Vec::new(),
            base_violations: Vec::new(),
            extras: BTreeMap::new(),
            disconnected: BTreeSet::new(),
            joined: BTreeSet::new(),
            address_since: vec![0; lanes],
            occasions: Occasions::new(common, &runs, lanes),
            dark: vec![0; words],
            was_dark: vec![0; words],
            judge: Columns::new(&common.program, lanes),
            transit: Transit::new(faults, &tick.arrival, |lane| spaced[lane]),
            candidates: common.slate.as_ref().map(|slate| {
                let mut watched = vec![0; words];
                overlays.iter().for_each(|overlay| set_lane(&mut watched, overlay.lane as usize, true));
                let strata: Vec<u16> = devices.iter().map(|device| device.class as u16).collect();
                Candidates::new(slate, &strata, watched)
            }),
            tick,
            shares: vec![
                Vec::new();
                common.program.populations().len() + common.slate.as_ref().map_or(0, Slate::populations)
            ],
            scratch: Disturbance::default(),
            probe: probe.then(|| vec![0; lanes]),
            findings: Findings::default(),
            overlays,
            runs,
        };
        for lane in 0..lanes {
            set_lane(&mut shard.limited, lane, shard.access[lane] != Access::FULL);
        }
        shard.base_violations = common
            .program
            .set_rules()
            .map(|(_, metric, rule)| {
                let mut mask = vec![0; words];
                for lane in 0..lanes {
                    set_lane(&mut mask, lane, !rule.conforms(&shard.observed(common, metric, lane, None)));
                }
                mask
            })
            .collect();
        shard
    }

    /// Number of devices.
    pub fn lanes(&self) -> usize {
        self.keys.len()
    }

    /// The running telemetry hashes, if they were asked for.
    pub fn probe(&self) -> Option<&[u64]> {
        self.probe.as_deref()
    }

    /// The acts on its devices, with what became of them.
    pub fn overlays(&self) -> &[Overlay] {
        &self.overlays
    }

    /// The faults of its devices' reports, with when they first struck.
    pub fn report_faults(&self) -> &[ReportFault] {
        self.transit.faults()
    }

    /// The engine's side.
    pub fn judge(&self) -> &Columns {
        &self.judge
    }

    /// The candidates, if there are any.
    pub fn candidates(&mut self) -> Option<&mut Candidates> {
        self.candidates.as_mut()
    }

    /// What the broker lets a device do.
    pub fn access(&self, lane: usize) -> Access {
        self.access[lane]
    }

    /// Changes what the broker lets a device do, from `now` on.
    pub fn grant(
        &mut self,
        now: Timestamp,
        lane: usize,
        access: Access,
        mut topics: impl FnMut(&Overlay) -> Vec<bool>,
    ) {
        let back = !self.access[lane].connected() && access.connected();
        self.access[lane] = access;
        set_lane(&mut self.limited, lane, access != Access::FULL);
        for overlay in self.overlays.iter_mut().filter(|overlay| overlay.lane as usize == lane) {
            let allowed = topics(overlay);
            let reached = !overlay.effect.needs_receiving() || access.has(Access::RECEIVE);
            overlay.restrict(now, access.connected() && reached, allowed);
            if back {
                overlay.restored(now);
            }
        }
    }

    /// A certificate's validity ended at `when`: it no longer authenticates.
    pub fn certificate_expired(&mut self, when: Timestamp, lane: u32) {
        self.expiries.remove(&(when, lane));
        self.access[lane as usize] = self.access[lane as usize].with(Access::VALID, false);
        set_lane(&mut self.limited, lane as usize, true);
    }

    /// Renews a device's certificate.
    pub fn renew(&mut self, now: Timestamp, lane: usize, valid_until: Timestamp) {
        self.expiries.retain(|(_, other)| *other as usize != lane);
        self.expiries.insert((valid_until, lane as u32));
        let lasting = |overlay: &&mut Overlay| overlay.lane as usize == lane && overlay.end <= valid_until;
        self.overlays.iter_mut().filter(lasting).for_each(|overlay| overlay.restored(now));
    }

    /// A device is there from `now` on; under its name, it has not talked before. It connects from an address that it
    /// has had since the tick of this number.
    pub fn join(&mut self, common: &Common, now: Timestamp, lane: usize, valid_until: Timestamp, address_since: u64) {
        self.renew(now, lane, valid_until);
        self.address_since[lane] = address_since;
        self.judge_address(common, lane);
        self.pending.iter_mut().for_each(|held| held[lane] = 0);
        self.down_since[lane] = None;
        self.joined.insert(lane as u32);
    }

    /// A device is not there any more.
    pub fn leave(&mut self, lane: usize) {
        self.expiries.retain(|(_, other)| *other as usize != lane);
    }

    /// Somebody disconnects a device, which is back at once if the broker lets it.
    pub fn disconnect(&mut self, lane: u32) {
        self.disconnected.insert(lane);
    }

    /// An act begins on a device, at `onset`, which has not been simulated yet.
    pub fn begin(&mut self, overlay: Overlay) {
        let place = self.overlays.partition_point(|other| other.order() <= overlay.order());
        debug_assert!(place >= self.upcoming, "acts that have begun come first");
        self.overlays.insert(place, overlay);
    }

    /// Starts or ends monitoring by a profile.
    pub fn cover(&mut self, common: &Common, now: Timestamp, profile: u32, lane: u32, covered: bool) {
        if let (Some(candidates), Some(slate)) = (&mut self.candidates, &common.slate) {
            candidates.cover(slate, now, profile, lane, covered);
        }
        let mut out = Vec::new();
        self.judge.cover(now, profile, lane, covered, &mut out);
        self.findings.transitions.extend(out.into_iter().map(|transition| (transition, Detail::Unmonitored)));
    }

    /// Ends the alarms of a rule whose model was discontinued.
    pub fn discontinue(&mut self, now: Timestamp, rule: u32) {
        let mut out = Vec::new();
        self.judge.discontinue(now, rule, &mut out);
        self.findings.transitions.extend(out.into_iter().map(|transition| (transition, Detail::Discontinued)));
    }

    /// What models are to learn, since the last call.
    pub fn take_readings(&mut self) -> Vec<Readings> {
        self.judge.take_readings()
    }

    /// Runs the ticks `range` (counted from the run's start): samples and judges. Only for programs without
    /// populations.
    pub fn advance(&mut self, common: &Common, range: Range<u64>) {
        for index in range {
            self.sample(common, index);
            self.judge_tick(common, &[]);
        }
    }

    /// Samples a tick, and what the shard contributes to the populations in it.
    pub fn survey(&mut self, common: &Common, tick_index: u64) {
        self.sample(common, tick_index);
        let (own, candidates) = self.shares.split_at_mut(common.program.populations().len());
        for (population, values) in own.iter_mut().enumerate() {
            values.clear();
            self.judge.contribute(&self.tick, population, values);
        }
        if let (Some(judge), Some(slate)) = (&self.candidates, &common.slate) {
            for (population, values) in candidates.iter_mut().enumerate() {
                values.clear();
                judge.contribute(slate, &self.tick, population, values);
            }
        }
    }

    /// What the shard contributes to a population of the surveyed tick: the program's, then the candidates'.
    pub fn share(&self, population: usize) -> &[u64] {
        &self.shares[population]
    }

    /// Tells the thresholds of the sampled tick.
    pub fn set_thresholds(&mut self, thresholds: &[Option<u64>]) {
        self.tick.thresholds.clone_from_slice(thresholds);
    }

    /// Judges the sampled tick; `limits` are those of the candidates' populations.
    pub fn judge_tick(&mut self, common: &Common, limits: &[Option<Limits>]) {
        let mut out = Vec::new();
        self.judge.judge(&self.tick, &mut out);
        if let (Some(candidates), Some(slate)) = (&mut self.candidates, &common.slate) {
            candidates.judge(slate, &self.tick, limits);
        }
        self.note_runs(common);
        for transition in out {
            let ended_by_datapoint = transition.kind != ViolationEventType::AlarmInvalidated;
            let metric = match &common.program.rules()[transition.rule as usize].kind {
                RuleKind::Set { metric, .. } if ended_by_datapoint => Some(metric),
                _ => None,
            };
            let detail = metric.map_or(Detail::Plain, |metric| {
                let extras = self.extras.get(&transition.lane);
                Detail::Set(self.observed(common, metric, transition.lane as usize, extras))
            });
            self.findings.transitions.push((transition, detail));
        }
    }

    /// Notes how near each rule is to an alarm on the devices that are under attack.
    fn note_runs(&mut self, common: &Common) {
        let (rules, now) = (common.program.rules(), self.tick.end);
        for index in &self.active {
            let overlay = &mut self.overlays[*index];
            if overlay.purpose != Purpose::Attack {
                continue;
            }
            for (number, rule) in rules.iter().enumerate() {
                let run = self.judge.violating_run(number, overlay.lane as usize);
                if run == 0 {
                    continue;
                }
                let grace = Millis(common.program.window(rule).0 * i64::from(rule.consecutive.to_clear));
                if now > overlay.end + grace {
                    continue;
                }
                overlay.longest_runs.resize(rules.len(), 0);
                overlay.longest_runs[number] = overlay.longest_runs[number].max(run);
            }
        }
    }

    /// Samples a tick.
    fn sample(&mut self, common: &Common, tick_index: u64) {
        let start = common.start + Millis(common.tick.0 * tick_index as i64);
        let number = (start.0 / common.tick.0) as u64;
        self.tick.start = start;
        self.tick.end = start + common.tick;
        self.transit.rewind(&mut self.tick.arrival);
        common.normals.fill(&mut self.tick);
        self.expire();
        self.tick.reported.copy_from_slice(&self.every_tick);
        self.tick.active.fill(u64::MAX);
        let spare = self.lanes() % 64;
        if spare != 0 {
            *self.tick.active.last_mut().expect("a shard is not empty") = (1 << spare) - 1;
        }
        let simulated = if common.replay.is_some() { 0 } else { self.runs.len() };
        for run in &self.runs[..simulated] {
            let tables = &common.classes[run.class].tables;
            kernel::ordinary(&self.keys, run, tables, common.needs, number, tick_index, &mut self.tick);
        }
        self.change_modes(common, number);
        let mut left = false;
        for index in 0..simulated {
            let Run { class, ref lanes, .. } = self.runs[index];
            let (class, lanes) = (&common.classes[class], lanes.clone());
            let tables = &class.tables;
            self.report_numbers(&class.numbers, lanes.clone(), number, tables.hour(tick_index));
            if let Some(below) = tables.awake_below {
                self.sleep(lanes.clone(), below, number);
            }
            match tables.report_every {
                Some(1) if self.held => left |= self.release(lanes),
                Some(every) if every > 1 => self.hold_reports(lanes, (number % every) as u32),
                _ => {}
            }
        }
        self.held = left;
        self.play_back(common, tick_index, number);
        self.limit(common);
        for (violations, base) in self.tick.set_violations.iter_mut().zip(&self.base_violations) {
            violations.copy_from_slice(base);
        }
        self.extras.clear();
        for lane in std::mem::take(&mut self.disconnected) {
            if has_lane(&self.tick.active, lane as usize) {
                self.add(Column::Disconnects, lane as usize, 1);
                self.add(Column::ConnectionAttempts, lane as usize, 1);
            }
        }
        for lane in std::mem::take(&mut self.joined) {
            if has_lane(&self.tick.active, lane as usize) {
                self.add(Column::ConnectionAttempts, lane as usize, 1);
                self.comes_back(common, lane as usize, number);
            }
        }
        self.lay_over(common, number);
        self.change_addresses(common, number);
        self.withhold();
        self.carry_reports(common);
        if common.needs.disconnect_minutes && common.replay.is_none() {
            self.count_disconnect_minutes();
        }
        self.tally();
        self.hash();
    }

    /// Certificates whose validity ended by now no longer authenticate.
    fn expire(&mut self) {
        while let Some((when, lane)) = self.expiries.first().copied().filter(|(when, _)| *when <= self.tick.start) {
            self.certificate_expired(when, lane);
            for overlay in self.overlays.iter_mut().filter(|overlay| overlay.lane == lane) {
                let allowed = vec![false; overlay.allowed.len()];
                overlay.restrict(self.tick.start, false, allowed);
            }
            self.findings.expired.push((when, lane));
        }
    }

    /// Devices that are awake only in some windows connect, talk and disconnect in those.
    fn sleep(&mut self, lanes: Range<usize>, awake_below: u32, number: u64) {
        let salt = salt(Purpose::Duty, number);
        for lane in lanes {
            if (draw(self.keys[lane], salt) as u32) < awake_below || self.occasions.keep_awake(lane) {
                self.tick.numbers[Column::ConnectionAttempts.index()][lane] += 1;
                self.tick.numbers[Column::Disconnects.index()][lane] += 1;
            } else {
                self.silence(lane);
            }
        }
    }

    /// Nothing of this lane reaches the broker in this tick.
    fn silence(&mut self, lane: usize) {
        for column in &mut self.tick.numbers {
            column[lane] = 0;
        }
        set_lane(&mut self.tick.active, lane, false);
        set_lane(&mut self.tick.reported, lane, false);
    }

    fn drop_report(&mut self, lane: usize) {
        for column in &mut self.tick.numbers[Column::BytesOut.index()..Column::COUNT] {
            column[lane] = 0;
        }
        for column in &self.custom {
            self.tick.numbers[*column][lane] = 0;
        }
        set_lane(&mut self.tick.reported, lane, false);
    }

    /// Agents that report more rarely than every tick hold their counts back until the tick in which they are due.
    fn hold_reports(&mut self, lanes: Range<usize>, due: u32) {
        let mut reports = [0; LANES];
        let reports = &mut reports[..lanes.len()];
        for word in lanes.start / 64..lanes.end.div_ceil(64) {
            let range = lanes.start.max(word * 64)..lanes.end.min(word * 64 + 64);
            let all = range.clone().fold(0, |mask, lane| mask | 1_u64 << (lane % 64));
            let due = range.clone().fold(0, |mask, lane| mask | u64::from(self.due[lane] == due) << (lane % 64));
            let now = due & self.tick.active[word];
            let reported = &mut self.tick.reported[word];
            *reported = *reported & !all | now;
            for lane in range {
                reports[lane - lanes.start] = 0_u32.wrapping_sub((now >> (lane % 64) & 1) as u32);
            }
        }
        for (held, column) in self.pending.iter_mut().zip(AMOUNTS) {
            let amounts = &mut self.tick.numbers[column.index()][lanes.clone()];
            for ((held, amount), reports) in held[lanes.clone()].iter_mut().zip(amounts).zip(&*reports) {
                let sum = held.saturating_add(*amount);
                *amount = sum & reports;
                *held = sum & !reports;
            }
        }
        for column in LEVELS.map(Column::index).iter().chain(&self.custom) {
            let levels = &mut self.tick.numbers[*column][lanes.clone()];
            levels.iter_mut().zip(&*reports).for_each(|(level, reports)| *level &= reports);
        }
    }

    /// Agents that report in every tick tell what waited for this report; those that are asleep keep it. Whether any does.
    fn release(&mut self, lanes: Range<usize>) -> bool {
        for (held, column) in self.pending.iter_mut().zip(AMOUNTS) {
            for lane in lanes.clone().filter(|lane| has_lane(&self.tick.reported, *lane)) {
                let amount = &mut self.tick.numbers[column.index()][lane];
                *amount = amount.saturating_add(std::mem::take(&mut held[lane]));
            }
        }
        self.pending.iter().any(|held| held[lanes.clone()].iter().any(|amount| *amount > 0))
    }

    /// What the broker refuses.
    fn limit(&mut self, common: &Common) {
        let tries = (common.tick.0 / BACK_OFF.0).max(1) as u32;
        for word in 0..self.limited.len() {
            for bit in bits(self.limited[word]) {
                self.limit_lane(word * 64 + bit, tries);
            }
        }
    }

    fn limit_lane(&mut self, lane: usize, tries: u32) {
        let access = self.access[lane];
        if !access.has(Access::VALID) {
            self.silence(lane);
            return;
        }
        let awake = has_lane(&self.tick.active, lane);
        if !access.has(Access::CONNECT) {
            self.silence(lane);
            if awake {
                self.tick.numbers[Column::ConnectionAttempts.index()][lane] = tries;
                self.tick.numbers[Column::AuthorizationFailures.index()][lane] = tries;
                set_lane(&mut self.tick.active, lane, true);
            }
            return;
        }
        if !access.has(Access::PUBLISH) {
            let attempts = self.tick.numbers[Column::Sent.index()][lane].min(tries);
            self.tick.numbers[Column::Sent.index()][lane] = 0;
            for column in [Column::LargestMessage, Column::SmallestMessage, Column::MessageBytes] {
                self.tick.numbers[column.index()][lane] = 0;
            }
            // A refused publish costs the connection; the client comes back after its back-off.
            self.refuse(lane, attempts);
        }
        if !access.has(Access::RECEIVE) {
            self.tick.numbers[Column::Received.index()][lane] = 0;
        }
        if !access.has(Access::REPORT) {
            self.drop_report(lane);
        }
    }

    fn refuse(&mut self, lane: usize, requests: u32) {
        for column in [Column::AuthorizationFailures, Column::ConnectionAttempts, Column::Disconnects] {
            let count = &mut self.tick.numbers[column.index()][lane];
            *count = count.saturating_add(requests);
        }
    }

    fn add(&mut self, column: Column, lane: usize, amount: u64) {
        let value = &mut self.tick.numbers[column.index()][lane];
        *value = value.saturating_add(amount.min(u64::from(u32::MAX)) as u32);
    }

    /// Acts.
    fn lay_over(&mut self, common: &Common, number: u64) {
        while self.upcoming < self.overlays.len() && self.overlays[self.upcoming].onset < self.tick.end {
            self.active.push(self.upcoming);
            self.upcoming += 1;
        }
        if self.active.is_empty() {
            self.divide(common, number);
            return;
        }
        self.was_dark.copy_from_slice(&self.dark);
        self.dark.fill(0);
        let mut overlays = std::mem::take(&mut self.overlays);
        let mut effect = std::mem::take(&mut self.scratch);
        // What changes ordinary behavior comes first, whatever began first.
        for index in 0..self.active.len() {
            let overlay = &mut overlays[self.active[index]];
            if overlay.effect.governs() {
                self.govern(overlay, number, &mut effect);
            }
        }
        self.come_back(common, number);
        self.divide(common, number);
        for index in 0..self.active.len() {
            let overlay = &mut overlays[self.active[index]];
            let harmless = overlay.watched && overlay.harm == 0;
            self.at_the_broker(common, overlay, number, &mut effect);
            if harmless && overlay.harm > 0 {
                self.findings.harmed.push((self.tick.end, overlay.act, overlay.position));
            }
            self.in_the_report(common, overlay, number, &mut effect);
        }
        self.judge_extras(common);
        // A report may still tell of an act that ended up to one report interval ago.
        let horizon = self.tick.start - Millis::days(1);
        self.active.retain(|index| overlays[*index].end > horizon);
        self.scratch = effect;
        self.overlays = overlays;
    }

    /// Whether the sets that acts have grown still conform.
    fn judge_extras(&mut self, common: &Common) {
        for (lane, extras) in &self.extras {
            for (position, (_, metric, rule)) in common.program.set_rules().enumerate() {
                if !rule.conforms(&self.observed(common, metric, *lane as usize, Some(extras))) {
                    set_lane(&mut self.tick.set_violations[position], *lane as usize, true);
                }
            }
        }
    }

    /// What an act changes of the device's ordinary behavior and of its report.
    fn govern(&mut self, overlay: &mut Overlay, number: u64, effect: &mut Disturbance) {
        const AT_THE_BROKER: [Column; 3] = [Column::Sent, Column::Received, Column::MessageBytes];
        let lane = overlay.lane as usize;
        if let Some(mut span) = overlay.span(self.tick.start, self.tick.end, number) {
            effect.clear();
            overlay.effect.disturb(&mut span, effect);
            let tick = self.tick.end - self.tick.start;
            let share = match effect.offline {
                Millis(0) => effect.ordinary,
                offline => Some(((tick - offline.min(tick)).0 * 1_000 / tick.0) as u32),
            };
            if let Some(share) = share {
                self.scale(lane, &AT_THE_BROKER, share, &mut span.dice);
                overlay.first_observable.get_or_insert(self.tick.end);
            }
            if effect.offline >= tick {
                // A session that ends or begins is an event of its own (D-38).
                let awake = has_lane(&self.tick.active, lane) && effect.disconnects + effect.connection_attempts > 0;
                self.silence(lane);
                set_lane(&mut self.tick.active, lane, awake);
                self.extras.entry(lane as u32).or_default().offline = true;
                set_lane(&mut self.dark, lane, true);
            }
        }
        if !has_lane(&self.tick.reported, lane) {
            return;
        }
        let arrival = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
        let Some(mut span) = overlay.span(arrival, arrival + Millis(1), number) else { return };
        effect.clear();
        overlay.effect.disturb(&mut span, effect);
        if effect.silence_reports || effect.offline > Millis(0) {
            self.drop_report(lane);
            return;
        }
        if let Some(share) = effect.ordinary {
            self.scale(lane, &AMOUNTS, share, &mut span.dice);
            overlay.first_observable.get_or_insert(arrival);
        }
        if let Some(claims) = effect.forged {
            self.extras.entry(lane as u32).or_default().forged = true;
            let claimed = [claims.bytes_out, claims.bytes_in, claims.packets_out, claims.packets_in];
            let columns = AMOUNTS.into_iter().chain([Column::EstablishedConnections]);
            for (column, claim) in columns.zip(claimed.into_iter().chain([claims.connections])) {
                if let Some(claim) = claim {
                    self.tick.numbers[column.index()][lane] = claim;
                    overlay.first_observable.get_or_insert(arrival);
                }
            }
        }
    }

    /// Multiplies counts by thousandths; what is left over is rounded by chance, so that small counts keep their mean.
    fn scale(&mut self, lane: usize, columns: &[Column], thousandths: u32, dice: &mut Dice) {
        for column in columns {
            let value = &mut self.tick.numbers[column.index()][lane];
            let exact = u64::from(*value) * u64::from(thousandths);
            *value = ((exact + dice.below(1_000)) / 1_000).min(u64::from(u32::MAX)) as u32;
        }
        if columns.contains(&Column::Sent) && self.tick.numbers[Column::Sent.index()][lane] == 0 {
            for column in [Column::LargestMessage, Column::SmallestMessage, Column::MessageBytes] {
                self.tick.numbers[column.index()][lane] = 0;
            }
        }
    }

    /// What the broker sees of an act in this tick.
    fn at_the_broker(&mut self, common: &Common, overlay: &mut Overlay, number: u64, effect: &mut Disturbance) {
        let Some(mut span) = overlay.span(self.tick.start, self.tick.end, number) else { return };
        let lane = overlay.lane as usize;
        let access = self.access[lane];
        effect.clear();
        overlay.effect.disturb(&mut span, effect);
        overlay.harm_planned += effect.planned_harm();
        overlay.harm += effect.harm;
        if effect.absence_harm > 0 && !access.connected() {
            overlay.harm += effect.absence_harm;
            overlay.first_observable.get_or_insert(self.tick.end);
        }
        if overlay.apart {
            let through = effect.publishing.iter().filter(|publishing| overlay.allowed[publishing.topic]);
            overlay.harm += through.map(|publishing| publishing.messages * publishing.harm).sum::<u64>();
            return;
        }
        if self.extras.get(&overlay.lane).is_some_and(|extras| extras.offline) {
            effect.publishing.clear();
            effect.sources.clear();
            (effect.received, effect.refused) = (0, 0);
        } else {
            overlay.harm += effect.network_harm;
        }
        if !access.connected() || !has_lane(&self.tick.active, lane) {
            return;
        }
        let mut seen = effect.received + effect.refused + effect.connection_attempts + effect.disconnects > 0;
        for publishing in effect.publishing.iter().filter(|publishing| publishing.messages > 0) {
            seen = true;
            self.publish_on(common, overlay, publishing.topic, publishing.messages, publishing.size);
            if overlay.allowed[publishing.topic] {
                self.add(Column::Sent, lane, publishing.messages);
                self.add(Column::MessageBytes, lane, publishing.messages * publishing.size);
                let size = publishing.size.min(u64::from(u32::MAX)) as u32;
                let largest = &mut self.tick.numbers[Column::LargestMessage.index()][lane];
                *largest = (*largest).max(size);
                let smallest = &mut self.tick.numbers[Column::SmallestMessage.index()][lane];
                *smallest = if *smallest == 0 { size } else { (*smallest).min(size) };
                overlay.harm += publishing.messages * publishing.harm;
                effect.received += publishing.messages * publishing.replies;
            } else {
                self.refuse(lane, publishing.messages.min(u64::from(u32::MAX)) as u32);
            }
        }
        let delivered = if access.has(Access::RECEIVE) { effect.received } else { 0 };
        if delivered + effect.refused > 0 {
            self.on_own_topic(common, lane, delivered, effect.refused);
        }
        if access.has(Access::RECEIVE) {
            self.add(Column::Received, lane, effect.received);
            overlay.harm += effect.received * effect.received_harm;
        }
        self.refuse(lane, effect.refused.min(u64::from(u32::MAX)) as u32);
        self.add(Column::ConnectionAttempts, lane, effect.connection_attempts);
        self.add(Column::Disconnects, lane, effect.disconnects);
        if !effect.sources.is_empty() {
            seen = true;
            self.extras.entry(lane as u32).or_default().sources.extend_from_slice(&effect.sources);
        }
        if seen {
            overlay.first_observable.get_or_insert(self.tick.end);
        }
    }

    /// What the device's report of this tick, if there is one, tells of an act.
    fn in_the_report(&mut self, common: &Common, overlay: &mut Overlay, number: u64, effect: &mut Disturbance) {
        let lane = overlay.lane as usize;
        if overlay.apart
            || !has_lane(&self.tick.reported, lane)
            || self.extras.get(&overlay.lane).is_some_and(|extras| extras.forged)
        {
            return;
        }
        let arrival = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
        let since = arrival - self.reach[lane];
        let Some(mut span) = overlay.span(since, arrival, number) else { return };
        effect.clear();
        overlay.effect.disturb(&mut span, effect);
        let published = effect.publishing.iter().filter(|p| overlay.allowed.get(p.topic) == Some(&true));
        let (messages, payload, replies) = published.fold((0, 0, 0), |(messages, bytes, replies), p| {
            (messages + p.messages, bytes + p.messages * (p.size + MESSAGE_OVERHEAD), replies + p.messages * p.replies)
        });
        let received = if self.access[lane].has(Access::RECEIVE) { effect.received + replies } else { 0 };
        let delivered = received * (effect.received_size + MESSAGE_OVERHEAD);
        self.add(Column::BytesOut, lane, effect.bytes_out + payload + received * ACKNOWLEDGEMENT);
        self.add(Column::BytesIn, lane, effect.bytes_in + delivered + messages * ACKNOWLEDGEMENT);
        self.add(Column::PacketsOut, lane, effect.packets_out + payload.div_ceil(SEGMENT).max(messages) + received);
        self.add(Column::PacketsIn, lane, effect.packets_in + delivered.div_ceil(SEGMENT).max(received) + messages);
        let present = overlay.onset <= arrival && arrival < overlay.end;
        if present {
            self.add(Column::EstablishedConnections, lane, effect.connections);
            self.add(Column::ListeningTcpPorts, lane, effect.tcp_ports.len() as u64);
            self.add(Column::ListeningUdpPorts, lane, effect.udp_ports.len() as u64);
        }
        let amounts = effect.bytes_out + effect.bytes_in + effect.packets_out + effect.packets_in + messages + received;
        let levels = !effect.own.is_empty()
            || !effect.tcp_ports.is_empty()
            || !effect.udp_ports.is_empty()
            || !effect.destinations.is_empty()
            || effect.connections > 0;
        if amounts > 0 || (present && levels) {
            overlay.first_observable.get_or_insert(arrival);
        }
        if present && (!effect.tcp_ports.is_empty() || !effect.udp_ports.is_empty() || !effect.destinations.is_empty())
        {
            let extras = self.extras.entry(lane as u32).or_default();
            extras.tcp_ports.extend_from_slice(&effect.tcp_ports);
            extras.udp_ports.extend_from_slice(&effect.udp_ports);
            extras.destinations.extend_from_slice(&effect.destinations);
        }
        if present {
            effect.own.drain(..).for_each(|change| self.change_own(common, lane, change));
        }
    }

    /// An act changes a custom metric in the report, if the device reports that.
    fn change_own(&mut self, common: &Common, lane: usize, change: OwnChange) {
        let of = |extra: &Extra| *extra == Extra::Custom(change.metric.clone());
        if let Some(slot) = common.program.extras().iter().position(of) {
            let value = &mut self.tick.numbers[Column::COUNT + slot][lane];
            if *value != 0 {
                *value = code(f64::from(number(*value)) + change.amount);
            }
        }
        if !change.values.is_empty() {
            self.extras.entry(lane as u32).or_default().lists.push((change.metric, change.values));
        }
    }

    /// A device's observed set.
    fn observed(&self, common: &Common, metric: &MetricRef, lane: usize, extras: Option<&Extras>) -> Observed {
        let run = self.runs.iter().find(|run| run.lanes.contains(&lane)).expect("every lane belongs to a run");
        let class = &common.classes[run.class];
        let key = self.keys[lane];
        fn more<T: Clone>(extras: Option<&Extras>, part: impl Fn(&Extras) -> &Vec<T>) -> Vec<T> {
            extras.map(|extras| part(extras).clone()).unwrap_or_default()
        }
        let metric = match metric {
            MetricRef::Aws(metric) => metric,
            MetricRef::Custom(name) => {
                let mut observed = class.lists.get(name).cloned().unwrap_or(Observed::Strings(BTreeSet::new()));
                let added = extras.into_iter().flat_map(|extras| &extras.lists).filter(|(list, _)| list == name);
                added.for_each(|(_, values)| extend(&mut observed, values));
                return observed;
            }
        };
        match metric {
            Metric::ListeningTcpPorts => {
                Observed::Ports(class.tcp_ports.iter().copied().chain(more(extras, |e| &e.tcp_ports)).collect())
            }
            Metric::ListeningUdpPorts => {
                Observed::Ports(class.udp_ports.iter().copied().chain(more(extras, |e| &e.udp_ports)).collect())
            }
            Metric::SourceIpAddress => {
                Observed::Cidrs(self.source(common, lane).into_iter().chain(more(extras, |e| &e.sources)).collect())
            }
            _ => Observed::Cidrs(class.destination(key).into_iter().chain(more(extras, |e| &e.destinations)).collect()),
        }
    }

    /// Whole minutes since the last disconnect, 0 while connected (D-42).
    fn count_disconnect_minutes(&mut self) {
        for lane in 0..self.lanes() {
            let down = &mut self.down_since[lane];
            let minutes = if has_lane(&self.tick.active, lane) {
                *down = None;
                0
            } else {
                let since = *down.get_or_insert(self.tick.start);
                (self.tick.end - since).0 / 60_000
            };
            self.tick.numbers[Column::DisconnectMinutes.index()][lane] = minutes.min(i64::from(u32::MAX)) as u32;
        }
    }

    fn tally(&mut self) {
        let sum = |column: &[u32]| column.iter().map(|value| u64::from(*value)).sum();
        let ones = |mask: &[u64]| mask.iter().map(|word| u64::from(word.count_ones())).sum();
        self.findings.tallies.push(TickTally {
            active: ones(&self.tick.active),
            messages: sum(self.tick.column(Column::Sent)),
            failures: sum(self.tick.column(Column::AuthorizationFailures)),
            reports: ones(&self.tick.reported),
        });
    }

    fn hash(&mut self) {
        let Some(hashes) = &mut self.probe else { return };
        for (lane, hash) in hashes.iter_mut().enumerate() {
            let masks = u64::from(has_lane(&self.tick.active, lane))
                | u64::from(has_lane(&self.tick.reported, lane)) << 1
                | u64::from(has_lane(&self.tick.without_amounts, lane)) << 2;
            // Columns that only some programs have are no part of it.
            let numbers = self.tick.numbers[..Column::COUNT].iter().map(|column| u64::from(column[lane]));
            *hash = numbers
                .fold(crate::dice::mix(*hash ^ masks), |hash, value| crate::dice::mix(hash.rotate_left(5) ^ value));
        }
    }
}
