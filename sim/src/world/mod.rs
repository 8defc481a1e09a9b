//! The world: fleet, engine, acts and responders on one calendar, from start to end.
//!
//! ```text
//!            ┌── shards advance alone, in parallel, to the next synchronization point ──┐
//!   calendar ┤                                                                          ├ merge, in one total order
//!            └── audits, responses, jobs: one at a time, in calendar order ─────────────┘
//! ```
//!
//! Synchronization points lie on the tick grid. Whatever crosses devices (a response, a policy change, a job wave)
//! takes hold at the first one at or after its time: the delay this adds is at most one tick.

mod alterations;
mod audits;
mod calendar;
mod campaign;
pub mod checkpoint;
mod churn;
mod desk;
mod disruption;
mod evidence;
mod learning;
mod ledger;
mod record;
mod respond;
mod rotation;
pub mod trial;

use rayon::prelude::*;

use defender::account::{Change, DisconnectReason, PolicyTarget};
use defender::audit::{Audit, AuditSettings};
use defender::detect::Detect;
use defender::detect::columns::{Extra, Program, Slate};
use defender::ids::ThingId;
use defender::jobs::Jobs;
use defender::mitigation::Mitigation;
use defender::notification::Outbox;
use defender::time::{Millis, Timestamp};

use crate::broker::Client;
use crate::event::{Event, EventKind, EventLog};
use crate::fleet::Fleet;
use crate::outcome::{ClassRow, Header, Outcome, Tally};
use crate::scenario::Scenario;
use crate::shard::{
    self, Access, Addresses, Class, ClassTables, Common, Counted, LANES, Needs, Newcomer, Normals, Numbers, Replay,
    Shard, TopicShares,
};
use calendar::{Calendar, Task};
use campaign::Campaigns;
use checkpoint::{Checkpoint, CheckpointError, Harvest, Journal, Saved};
use disruption::Disruptions;
use learning::Learning;
use ledger::Ledger;
use trial::{Candidate, Trial};

/// How to run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Number of threads; `None`: as many as there are cores. Never changes a result.
    pub threads: Option<usize>,
    /// Keep a hash of every device's telemetry in [`Run::telemetry`]. Slows the run down.
    pub telemetry: bool,
    /// Keep every event in [`Run::events`]: 32 bytes each, so memory grows with simulated time.
    pub events: bool,
    /// Hand the observer a checkpoint after this much simulated time, again and again, and when it stops the run.
    pub checkpoint_every: Option<Millis>,
}

/// Who watches a run.
pub trait Observer {
    /// Called now and then with the device-windows done and in all, and the simulated time.
    fn progress(&mut self, _done: u64, _total: u64, _now: Timestamp) {}

    /// Called with each checkpoint that [`RunOptions::checkpoint_every`] asks for.
    fn checkpoint(&mut self, _checkpoint: &Checkpoint<'_>) {}

    /// Whether to stop as soon as possible.
    fn cancelled(&self) -> bool {
        false
    }
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Why a run did not finish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The observer asked for it.
    #[error("the run was stopped")]
    Cancelled,
    /// The world could not be built.
    #[error("the scenario cannot be built: {}", .0.join("; "))]
    Setup(Vec<String>),
    /// It could not go on from its checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it left behind.
    pub outcome: Outcome,
    /// Its events, if asked for; the digest in the outcome's header is theirs.
    pub events: Option<Vec<Event>>,
    /// By device: a hash of all its telemetry, if asked for.
    pub telemetry: Option<Vec<u64>>,
}

/// Runs a scenario.
///
/// # Errors
/// [`Stopped::Cancelled`] if the observer says so, [`Stopped::Setup`] if the engine refuses what the scenario holds.
pub fn run(scenario: &Scenario, options: RunOptions, observer: &mut (dyn Observer + Send)) -> Result<Run, Stopped> {
    play(scenario, &[], None, options, observer).map(|(run, _)| run)
}

/// Goes on with a run from a checkpoint; `scenario` is the one of its [lock](Saved::lock). The result is what the run
/// would have given without the interruption, bit for bit.
///
/// # Errors
/// As for [`run`], and [`Stopped::Checkpoint`] if the checkpoint does not fit the scenario, the options or the program.
pub fn resume(
    scenario: &Scenario,
    saved: Saved,
    options: RunOptions,
    observer: &mut (dyn Observer + Send),
) -> Result<Run, Stopped> {
    play(scenario, &[], Some(saved), options, observer).map(|(run, _)| run)
}

fn play(
    scenario: &Scenario,
    candidates: &[Candidate],
    saved: Option<Saved>,
    options: RunOptions,
    observer: &mut (dyn Observer + Send),
) -> Result<(Run, Vec<Trial>), Stopped> {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = options.threads {
        pool = pool.num_threads(threads.max(1));
    }
    let pool = pool.build().map_err(|error| Stopped::Setup(vec![format!("cannot start threads: {error}")]))?;
    pool.install(|| World::new(scenario, candidates, options)?.run(saved, observer))
}

/// Everything there is.
struct World<'a> {
    scenario: &'a Scenario,
    common: Common,
    fleet: Fleet,
    shards: Vec<Shard>,
    audit: Audit,
    detect: Detect,
    mitigation: Mitigation,
    jobs: Jobs,
    outbox: Outbox,
    ledger: Ledger,
    campaigns: Campaigns,
    learning: Learning,
    calendar: Calendar,
    record: record::Record,
    responders: respond::Responders,
    desks: desk::Desks,
    rotation: rotation::Rotation,
    disruptions: Disruptions,
    /// Devices whose changes were held back by a fault and may take hold now.
    released: Vec<u32>,
    log: EventLog,
    tally: Tally,
    ticks: u64,
    /// Ticks whose findings have been taken in.
    merged: u64,
    /// What was taken in, for checkpoints; stays empty if nobody asked for them.
    journal: Journal,
    options: RunOptions,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, candidates: &[Candidate], options: RunOptions) -> Result<World<'a>, Stopped> {
        let setup = |error: defender::error::ServiceError| Stopped::Setup(vec![error.to_string()]);
        let mut fleet = Fleet::new(scenario).map_err(setup)?;
        let mut detect = learning::engine(scenario);
        record::create_metrics(scenario, &fleet.account, &mut detect)?;
        let profiles = record::create_profiles(scenario, &fleet.account, &mut detect)?;
        let program = Program::compile(profiles.iter().map(|profile| &profile.behaviors[..]))
            .map_err(|errors| Stopped::Setup(errors.iter().map(ToString::to_string).collect()))?;
        let slate = trial::slate(&program, candidates)?;
        let tick = program.tick();
        let ticks = (scenario.duration.0 / tick.0) as u64;
        let classes = classes(scenario, &program, scenario.start, ticks)?;
        let needs =
            if options.telemetry { Needs::ALL } else { Needs::of(slate.iter().map(Slate::program).chain([&program])) };
        let normals = Normals::default();
        let replay = Replay::of(scenario, &program, ticks);
        let common = Common { program, slate, classes, needs, start: scenario.start, tick, normals, replay };
        let (mut ledger, mut overlays) = Ledger::new(scenario, &fleet);
        let (disruptions, report_faults) = disruption::plan(scenario, &fleet, &mut ledger);
        audits::set_up_logging(scenario, &mut fleet.account).map_err(setup)?;
        overlays.extend(alterations::seed(scenario, &mut fleet, &mut ledger).map_err(setup)?);
        let grants: Vec<Access> = (0..fleet.devices.len() as u32)
            .into_par_iter()
            .map(|device| Client::of(scenario, &fleet, device).access(&fleet.account, scenario.start))
            .collect();
        for (device, overlay) in &mut overlays {
            overlay.allowed = topics(scenario, &fleet, *device, overlay, scenario.start);
            overlay.counted = counted_topics(scenario, &common.program, &fleet, *device, overlay);
        }
        let mut by_shard: Vec<Vec<_>> = (0..fleet.devices.len().div_ceil(LANES)).map(|_| Vec::new()).collect();
        for (device, mut overlay) in overlays {
            overlay.lane = device % LANES as u32;
            by_shard[device as usize / LANES].push(overlay);
        }
        let mut faults_of: Vec<Vec<_>> = by_shard.iter().map(|_| Vec::new()).collect();
        for (device, fault) in report_faults {
            faults_of[device as usize / LANES].push(fault);
        }
        let by_shard = by_shard.into_par_iter().zip(faults_of).enumerate();
        let shards = by_shard.map(|(index, (overlays, faults))| {
            let range = index * LANES..((index + 1) * LANES).min(fleet.devices.len());
            let devices: Vec<Newcomer> = range
                .map(|i| {
                    let device = &fleet.devices[i];
                    let class = usize::from(device.class);
                    let valid_until = device.in_service.then_some(device.valid_until);
                    Newcomer { class, key: device.key, access: grants[i], valid_until }
                })
                .collect();
            let first = (index * LANES) as u32;
            let counted = counted(scenario, &common.program, &fleet, first, devices.len());
            Shard::new(&common, first, &devices, &counted, overlays, faults, options.telemetry)
        });
        let shards = shards.collect();
        let record = record::Record::new(scenario, &common.program, profiles);
        let mut world = World {
            learning: Learning::new(&common.program, |rule| record.evaluation(rule)),
            record,
            responders: respond::Responders::new(scenario),
            desks: desk::Desks::new(scenario)?,
            campaigns: Campaigns::new(scenario),
            rotation: rotation::Rotation::default(),
            disruptions,
            released: Vec::new(),
            audit: Audit::new(AuditSettings {
                seed: scenario.seed,
                compatibility: scenario.compatibility,
                ..AuditSettings::default()
            }),
            mitigation: Mitigation::new(scenario.seed, scenario.compatibility),
            jobs: Jobs::new(),
            outbox: Outbox::new(),
            calendar: Calendar::default(),
            log: EventLog::new(options.events),
            tally: Tally::default(),
            ticks,
            merged: 0,
            journal: Journal::new(),
            options,
            scenario,
            common,
            fleet,
            shards,
            detect,
            ledger,
        };
        world.set_up()?;
        Ok(world)
    }

    /// What is there before time begins: coverage by profiles, audits, actions, and the acts' entries in the calendar.
    fn set_up(&mut self) -> Result<(), Stopped> {
        let mut shards = std::mem::take(&mut self.shards);
        self.cover_all(self.scenario.start, &mut shards);
        self.shards = shards;
        self.schedule_builds();
        self.set_up_audits()?;
        self.set_up_actions()?;
        for (act, onset) in self.ledger.onsets(self.scenario) {
            self.calendar.add(onset, Task::ActBegins(act));
        }
        for (time, device, turn) in &self.fleet.turns {
            self.calendar.add(*time, Task::Turn { device: *device, turn: *turn });
        }
        for (act, step, time) in self.ledger.steps().filter(|(.., time)| *time > self.scenario.start) {
            self.calendar.add(time, Task::Alter { act, step });
        }
        Ok(())
    }

    /// Starts monitoring whatever the profiles cover.
    fn cover_all(&self, now: Timestamp, shards: &mut [Shard]) {
        let devices = 0..self.fleet.devices.len() as u32;
        let covered: Vec<Vec<bool>> = devices.into_par_iter().map(|device| self.coverage(device)).collect();
        let common = &self.common;
        shards.par_iter_mut().for_each(|shard| {
            for lane in 0..shard.lanes() {
                for (profile, covered) in covered[shard.first as usize + lane].iter().enumerate() {
                    shard.cover(common, now, profile as u32, lane as u32, *covered);
                }
            }
        });
    }

    fn run(mut self, saved: Option<Saved>, observer: &mut (dyn Observer + Send)) -> Result<(Run, Vec<Trial>), Stopped> {
        let total = self.ticks * self.fleet.devices.len() as u64;
        match &saved {
            Some(saved) => saved.history.iter().for_each(|(until, training)| self.recall(*until, training.clone())),
            None => self.simulate_history(|| observer.cancelled())?,
        }
        self.synchronize(self.scenario.start);
        let mut index = match saved {
            Some(saved) => self.catch_up(saved)?,
            None => 0,
        };
        let every = self.options.checkpoint_every.map(|every| (every.0 / self.common.tick.0).max(1) as u64);
        while index < self.ticks {
            if observer.cancelled() && every.is_none() {
                return Err(Stopped::Cancelled);
            }
            let until = self.next_synchronization(index);
            self.advance(index..until);
            let now = self.time_of(until);
            let harvest = self.harvest();
            if every.is_some() {
                self.journal.push((until, harvest.clone()));
            }
            self.take_in(now, harvest);
            if let Some(every) = every {
                let cancelled = observer.cancelled();
                if cancelled || (until / every > index / every && until < self.ticks) {
                    observer.checkpoint(&self.checkpoint(until));
                }
                if cancelled {
                    return Err(Stopped::Cancelled);
                }
            }
            index = until;
            self.synchronize(now);
            observer.progress(index * self.fleet.devices.len() as u64, total, now);
        }
        let trials = self.trials();
        Ok((self.finish(), trials))
    }

    /// The run as it is after taking in, and before doing what is due.
    fn checkpoint(&self, ticks: u64) -> Checkpoint<'_> {
        let (history, journal, shards) = (&self.learning.history, &self.journal, &self.shards[..]);
        Checkpoint { ticks, now: self.time_of(ticks), digest: self.log.digest(), history, journal, shards }
    }

    /// Brings a world that has just begun to where a checkpoint was made; the number of ticks done by then.
    fn catch_up(&mut self, mut saved: Saved) -> Result<u64, Stopped> {
        let journal = std::mem::take(&mut saved.journal);
        let ticks: Vec<u64> = journal.iter().map(|(until, _)| *until).collect();
        let devices = self.fleet.devices.len() as u32;
        let fits = saved.shards.len() == self.shards.len()
            && ticks.is_sorted()
            && ticks.last() == Some(&saved.ticks())
            && saved.ticks() <= self.ticks
            && journal.iter().all(|(_, harvest)| harvest.devices().all(|device| device < devices));
        if !fits {
            return Err(CheckpointError::Misfit.into());
        }
        for (until, harvest) in &journal {
            let now = self.time_of(*until);
            for (when, device) in &harvest.expired {
                self.shards[*device as usize / LANES].certificate_expired(*when, device % LANES as u32);
            }
            self.take_in(now, harvest.clone());
            if *until < saved.ticks() {
                self.synchronize(now);
            }
        }
        let (now, found) = (self.time_of(saved.ticks()), self.log.digest());
        if found != saved.digest() {
            return Err(CheckpointError::Diverged { now, expected: saved.digest().to_owned(), found }.into());
        }
        for (shard, memory) in self.shards.iter_mut().zip(std::mem::take(&mut saved.shards)) {
            shard.remember(&self.common, memory).ok_or(CheckpointError::Misfit)?;
        }
        if self.options.checkpoint_every.is_some() {
            self.journal = journal;
        }
        self.synchronize(now);
        Ok(saved.ticks())
    }

    fn time_of(&self, index: u64) -> Timestamp {
        self.scenario.start + Millis(self.common.tick.0 * index as i64)
    }

    /// How far shards may run alone: to the next entry of the calendar, at most an hour, and not past the earliest
    /// moment at which a response to something that happens meanwhile could take hold.
    fn next_synchronization(&self, index: u64) -> u64 {
        let per_hour = (Millis::HOUR.0 / self.common.tick.0) as u64;
        let now = self.time_of(index);
        let index_watched = self.fleet.account.indexes_violations().then_some(self.common.tick);
        let shortest = [self.responders.lookahead(), self.campaigns.lookahead(&self.ledger, now), index_watched];
        let shortest = shortest.into_iter().flatten().min();
        let lookahead = shortest.map_or(per_hour, |delay| (delay.0 / self.common.tick.0) as u64);
        let mut until = (index + lookahead.clamp(1, per_hour)).min(self.ticks);
        // Audits and jobs look at the world at full hours at the latest.
        until = until.min((index / per_hour + 1) * per_hour);
        if let Some(next) = self.next_due() {
            let ahead = (next - now).0;
            let tick = self.common.tick.0;
            until = until.min(index + (ahead.max(1) as u64).div_ceil(tick as u64).max(1));
        }
        until
    }

    fn next_due(&self) -> Option<Timestamp> {
        [self.calendar.next(), self.audit_due(), self.jobs.next_due()].into_iter().flatten().min()
    }

    fn advance(&mut self, range: std::ops::Range<u64>) {
        let common = &self.common;
        let own = common.program.populations();
        let candidates = common.slate.as_ref().map_or(0, Slate::populations);
        if own.is_empty() && candidates == 0 {
            self.shards.par_iter_mut().for_each(|shard| shard.advance(common, range.clone()));
            return;
        }
        // Thresholds are those of the whole fleet, so all wait for all once in every tick. What a shard does between two
        // such moments, it does in one go, while it is in the cache: judge a tick and sample the next.
        let mut gathered = vec![Vec::new(); own.len() + candidates];
        self.shards.par_iter_mut().for_each(|shard| shard.survey(common, range.start));
        for next in range.start + 1..=range.end {
            let shards = &self.shards;
            gathered.par_iter_mut().enumerate().for_each(|(population, values)| {
                values.clear();
                shards.iter().for_each(|shard| values.extend_from_slice(shard.share(population)));
            });
            let (own_values, values) = gathered.split_at_mut(own.len());
            let (thresholds, limits): (Vec<_>, Vec<_>) = rayon::join(
                || own.par_iter().zip(own_values).map(|(own, values)| own.statistic.threshold(values)).collect(),
                || {
                    let limits = |(population, values): (usize, &mut Vec<u64>)| {
                        common.slate.as_ref().and_then(|slate| slate.limits(population, values))
                    };
                    values.par_iter_mut().enumerate().map(limits).collect()
                },
            );
            self.shards.par_iter_mut().for_each(|shard| {
                shard.set_thresholds(&thresholds);
                shard.judge_tick(common, &limits);
                if next < range.end {
                    shard.survey(common, next);
                }
            });
        }
    }

    /// Collects what the shards found.
    fn harvest(&mut self) -> Harvest {
        let training = learning::gather(&mut self.shards, self.common.program.learned().len());
        let mut harvest = Harvest { training, ..Harvest::default() };
        for shard in &mut self.shards {
            let first = shard.first;
            let findings = &mut shard.findings;
            let transitions = findings.transitions.drain(..);
            harvest.transitions.extend(transitions.map(|(found, detail)| (found, first + found.lane, detail)));
            harvest.expired.extend(findings.expired.drain(..).map(|(when, lane)| (when, first + lane)));
            harvest.harmed.append(&mut findings.harmed);
            harvest.tally(&findings.tallies);
            findings.tallies.clear();
        }
        harvest
    }

    /// Takes in what the shards found, in one total order.
    fn take_in(&mut self, now: Timestamp, harvest: Harvest) {
        for (when, device) in harvest.expired {
            self.ledger.expired(device, when);
            self.log.push(Event {
                time: when,
                kind: EventKind::CertificateExpired,
                subject: device,
                object: 0,
                value: 0,
            });
        }
        record::tally(&mut self.tally, &harvest.tallies, self.merged, self.common.tick);
        self.merged = ((now - self.scenario.start).0 / self.common.tick.0) as u64;
        self.log.push(Event {
            time: now,
            kind: EventKind::Telemetry,
            subject: 0,
            object: self.merged as u32,
            value: self.tally.messages_sent,
        });
        self.stages_harmed(harvest.harmed);
        self.record_transitions(now, harvest.transitions);
        self.learn(&harvest.training);
        self.record.take_messages(&mut self.outbox);
    }

    /// Does what is due by `now`, in calendar order, and lets changes of the account take hold.
    fn synchronize(&mut self, now: Timestamp) {
        loop {
            let due = self.next_due().filter(|due| *due <= now);
            let Some(due) = due else { break };
            if self.calendar.next() == Some(due) {
                let (time, task) = self.calendar.pop().expect("there is a next entry");
                self.perform(now, time, task);
            } else if self.audit_due() == Some(due) {
                self.advance_audits(due);
            } else {
                self.advance_jobs(now, due);
            }
        }
        self.take_hold(now);
    }

    fn act_begins(&mut self, time: Timestamp, act: usize) {
        let row = self.ledger.act(act);
        let (count, lane) = (row.devices.len() as u32, row.category.lane());
        let text = match count {
            0 => row.name.clone(),
            1 => format!("{} begins on 1 device", row.name),
            n => format!("{} begins on {n} devices", row.name),
        };
        self.record.tell(time, lane, text);
        self.log.push(Event { time, kind: EventKind::ActBegan, subject: count, object: act as u32, value: 0 });
        self.stage_begins(act, 0);
    }

    fn perform(&mut self, now: Timestamp, time: Timestamp, task: Task) {
        match task {
            Task::ActBegins(act) => self.act_begins(time, act),
            Task::Stage { act, only } => self.begin_stage(now, act, only),
            Task::Alter { act, step } => self.alter(now, time, act, step),
            Task::Respond(response) => self.respond(now, time, response),
            Task::Desk(event) => self.at_the_desk(time, event),
            Task::BuildModels => self.build_models(now, time),
            Task::Turn { device, turn } => self.turn(now, time, device, turn),
            Task::StartAudit(checks) => self.start_audit(time, checks),
            Task::Release(device) => self.released.push(device),
            Task::Begin { job, thing, number } => self.notified(time, job, thing, number),
            Task::Execute { job, device, outcome } => self.execute(now, time, job, device, outcome),
        }
    }

    /// Re-decides what the broker allows, for the devices that changes of the account concern.
    fn take_hold(&mut self, now: Timestamp) {
        let changes = self.fleet.account.take_changes();
        if changes.is_empty() && self.released.is_empty() {
            return;
        }
        let mut devices = std::mem::take(&mut self.released);
        for change in &changes {
            match *change {
                Change::ThingGroups(thing) | Change::ThingPrincipals(thing) | Change::ThingUpdated(thing) => {
                    devices.push(thing.0);
                }
                Change::Certificate(certificate) => {
                    self.devices_of(PolicyTarget::Certificate(certificate), &mut devices)
                }
                Change::PolicyAttachment(target) => self.devices_of(target, &mut devices),
                Change::PolicyDefault(policy) => {
                    for target in self.fleet.account.targets_of_policy(policy) {
                        self.devices_of(target, &mut devices);
                    }
                }
                _ => {}
            }
        }
        self.ledger.review(&self.fleet, &changes, now);
        devices.sort_unstable();
        devices.dedup();
        // Things that came later are not simulated.
        devices.retain(|device| (*device as usize) < self.fleet.devices.len() && !self.held_back(*device, now));
        let (scenario, fleet) = (self.scenario, &self.fleet);
        let grants: Vec<Access> =
            devices.par_iter().map(|device| Client::of(scenario, fleet, *device).access(&fleet.account, now)).collect();
        let mut lost = Vec::new();
        for (device, access) in devices.into_iter().zip(grants) {
            let covered = self.coverage(device);
            let shard = &mut self.shards[device as usize / LANES];
            let lane = device as usize % LANES;
            let before = shard.access(lane);
            shard.grant(now, lane, access, |overlay| topics(scenario, fleet, device, overlay, now));
            if before != access {
                self.log.push(Event {
                    time: now,
                    kind: EventKind::Access,
                    subject: device,
                    object: 0,
                    value: u64::from(access.bits()),
                });
                if fleet.devices[device as usize].in_service {
                    self.responders.access_changed(now, device, before, access);
                }
                if before.connected() && !access.connected() {
                    lost.push(device);
                }
            } else {
                self.responders.access_kept(device);
            }
            if let Some(until) = self.disruptions.index_is_stale(device, now) {
                self.calendar.add(until, Task::Release(device));
                continue;
            }
            for (profile, covered) in covered.into_iter().enumerate() {
                shard.cover(&self.common, now, profile as u32, lane as u32, covered);
                if covered {
                    self.record.covers(profile, device);
                }
            }
        }
        self.review_models(now);
        // Sessions that the account knows of end with the right to them.
        let account = &mut self.fleet.account;
        for device in lost {
            let client = account.thing_name(ThingId(device)).to_owned();
            if let Some(client) = account.known_client(&client) {
                account.disconnect(now, client, DisconnectReason::AuthError);
            }
        }
    }

    /// Whether the broker goes on with what it had decided for a device; it is asked again when the fault ends.
    fn held_back(&mut self, device: u32, now: Timestamp) -> bool {
        if !self.fleet.devices[device as usize].in_service {
            return false;
        }
        let mitigated = self.responders.is_awaited(device);
        let until = self.disruptions.enforcement_lags(device, now, mitigated);
        if let Some(until) = until {
            self.calendar.add(until, Task::Release(device));
        }
        until.is_some()
    }

    /// The devices whose effective policies a target is part of (V-29).
    fn devices_of(&self, target: PolicyTarget, devices: &mut Vec<u32>) {
        let account = &self.fleet.account;
        match target {
            PolicyTarget::Certificate(certificate) => {
                devices.extend(account.things_of_certificate(certificate).map(|thing| thing.0));
            }
            PolicyTarget::ThingGroup(group) => {
                devices.extend(account.things_in_group(group, true).into_iter().map(|thing| thing.0));
            }
            PolicyTarget::CognitoIdentity(_) => {}
        }
    }

    fn finish(mut self) -> Run {
        let end = self.time_of(self.ticks);
        let harvest = self.harvest();
        self.take_in(end, harvest);
        for fault in self.shards.iter().flat_map(Shard::report_faults) {
            self.ledger.struck(fault.act, fault.position, fault.first_struck);
        }
        let overlays = self.shards.iter().flat_map(Shard::overlays);
        let campaigns = self.campaigns.rows(self.scenario, &self.ledger);
        let truth = self.ledger.finish(self.scenario, end, overlays, self.responders.self_inflicted(end));
        for (act, row) in truth.iter().enumerate() {
            let harm = row.devices.iter().map(|device| device.harm).sum();
            self.log.push(Event {
                time: end,
                kind: EventKind::ActEnded,
                subject: u32::MAX,
                object: act as u32,
                value: harm,
            });
        }
        let telemetry = self
            .options
            .telemetry
            .then(|| self.shards.iter().flat_map(|shard| shard.probe().unwrap_or_default().iter().copied()).collect());
        let scenario = self.scenario;
        self.tally.device_windows = self.ticks * self.fleet.devices.len() as u64;
        let header = Header {
            scenario: scenario.name.clone(),
            title: scenario.title.clone(),
            seed: scenario.seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            start: scenario.start,
            end,
            devices: self.fleet.devices.len() as u32,
            absent: self.fleet.absent(scenario),
            window: self.common.tick,
            windows: self.ticks,
            digest: self.log.digest(),
            events: self.log.count(),
            compatibility: format!("{:?}", scenario.compatibility).to_lowercase(),
            criteria: format!("{:?}", scenario.criteria).to_lowercase(),
        };
        let cases = self.case_rows();
        let models = self.model_rows(end);
        let classes = scenario.classes.iter().zip(&self.fleet.classes).map(|(class, devices)| ClassRow {
            name: class.name.clone(),
            archetype: class.archetype.name.clone(),
            devices: devices.clone(),
            report_interval: class.archetype.report_interval,
        });
        let outcome = self.record.outcome(
            header,
            classes.collect(),
            self.fleet.lives,
            truth,
            campaigns,
            &self.shards,
            self.tally,
            self.responders.rows(),
            cases,
            models,
            self.rotation.rows(&self.jobs, end),
            self.outbox.end(),
        );
        Run { outcome, events: self.log.into_events(), telemetry }
    }
}

/// The device classes, as shards know them, for so many ticks from `start`.
fn classes(scenario: &Scenario, program: &Program, start: Timestamp, ticks: u64) -> Result<Vec<Class>, Stopped> {
    let classes = scenario.classes.iter().enumerate().map(|(index, class)| {
        let zone = jiff::tz::TimeZone::get(&class.time_zone)
            .map_err(|error| Stopped::Setup(vec![format!("class `{}`: {error}", class.name)]))?;
        Ok(Class {
            tables: ClassTables::new(&class.archetype, &zone, start, ticks, program.tick()),
            tcp_ports: class.archetype.tcp_ports.clone(),
            udp_ports: class.archetype.udp_ports.clone(),
            addresses: Addresses::new(&class.source_networks, &class.addresses, program.tick()),
            destinations: class.archetype.destinations.clone(),
            topics: TopicShares::new(&class.archetype),
            numbers: if class.archetype.report_interval.is_some() {
                Numbers::new(program, &scenario.custom_metrics, index)
            } else {
                Numbers::default()
            },
            lists: scenario.custom_metrics.iter().filter_map(|metric| metric.list_of(index)).collect(),
        })
    });
    classes.collect()
}

/// By device of a shard: which of its topics count under the dimensions in use. Empty if there are none.
fn counted(scenario: &Scenario, program: &Program, fleet: &Fleet, first: u32, lanes: usize) -> Vec<Counted> {
    if !program.extras().iter().any(|extra| matches!(extra, Extra::Part { .. })) {
        return Vec::new();
    }
    let of = |device: u32| {
        let archetype = &scenario.classes[usize::from(fleet.devices[device as usize].class)].archetype;
        shard::counted(program, &scenario.dimensions, archetype, fleet.account.thing_name(ThingId(device)))
    };
    (first..first + lanes as u32).map(of).collect()
}

/// Another device of the same class, if there is one, of those that it begins with.
fn neighbour(scenario: &Scenario, fleet: &Fleet, device: u32) -> ThingId {
    let class = usize::from(fleet.devices[device as usize].class);
    let first = fleet.classes[class].start;
    ThingId(first + (device - first + 1) % scenario.classes[class].count)
}

/// By column that the program has beside the usual ones: which of an act's topics count.
fn counted_topics(
    scenario: &Scenario,
    program: &Program,
    fleet: &Fleet,
    device: u32,
    overlay: &shard::Overlay,
) -> Vec<Vec<bool>> {
    let own = &scenario.classes[usize::from(fleet.devices[device as usize].class)].archetype.publish_topic;
    let (name, other) =
        (fleet.account.thing_name(ThingId(device)), fleet.account.thing_name(neighbour(scenario, fleet, device)));
    let topics: Vec<String> = overlay
        .effect
        .topics()
        .iter()
        .map(|topic| topic.as_ref().unwrap_or(own).replace("{thing}", name).replace("{other}", other))
        .collect();
    let of = |extra: &Extra| match extra {
        Extra::Custom(_) => Vec::new(),
        Extra::Part { dimension, .. } => {
            let counts = |topic: &String| {
                shard::counts(&scenario.dimensions, &dimension.name, dimension.operator, name, Some(topic))
            };
            topics.iter().map(counts).collect()
        }
    };
    program.extras().iter().map(of).collect()
}

/// Which of an act's topics the broker lets a device publish to.
fn topics(scenario: &Scenario, fleet: &Fleet, device: u32, overlay: &shard::Overlay, now: Timestamp) -> Vec<bool> {
    let (topics, copy) = (overlay.effect.topics(), overlay.effect.connects_as());
    Client::of(scenario, fleet, device).topics(&fleet.account, now, &topics, neighbour(scenario, fleet, device), copy)
}

#[cfg(test)]
mod replay_tests;
