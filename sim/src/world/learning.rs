//! What ML behaviors learn: datapoints go from the shards to the engine's models, normal ranges come back.
//!
//! ```text
//!   shards ── readings ──▶ gathered in parallel, by hour ──▶ Detect (the life of each model) ── at 00:00 UTC ──▶ Normals
//!     ▲                                                                                                            │
//!     └───────────────────────── ranges of whole numbers, by hour of the coming day ──────────────────────────────┘
//! ```
//!
//! The daily build is a synchronization point. Whether a model may be built, is refreshed or expires is the engine's
//! business ([`defender::detect::ml`]); all that crosses devices is which numbers there were, and how often.

use rayon::prelude::*;

use defender::detect::Detect;
use defender::detect::columns::Program;
use defender::detect::evaluation::EvaluationId;
use defender::detect::ml::{Gathering, StandIn, Surrogate, TrainingData};
use defender::time::{Millis, Timestamp};

use super::calendar::Task;
use super::{Stopped, World};
use crate::event::{Event, EventKind};
use crate::outcome::ModelRow;
use crate::scenario::{ModelKind, Scenario};
use crate::shard::{Common, Findings, Needs, Newcomer, Normals, Shard};

/// An empty engine with the model that the scenario asks for.
pub(super) fn engine(scenario: &Scenario) -> Detect {
    match scenario.ml.model {
        ModelKind::SeasonalTails => {
            Detect::with_models(scenario.seed, scenario.compatibility, || Box::new(Surrogate::default()))
        }
        ModelKind::StandIn => {
            Detect::with_models(scenario.seed, scenario.compatibility, || Box::new(StandIn::default()))
        }
    }
}

/// The ML behaviors of a run.
#[derive(Debug, Default)]
pub(super) struct Learning {
    /// By model: its rule and its evaluation.
    models: Vec<(u32, EvaluationId)>,
    /// By model: how often it was built.
    builds: Vec<u32>,
    /// What was learned before the run began, with the builds' times; for checkpoints.
    pub history: History,
}

/// What models learned before the run began: up to when, and what since the last entry, by model.
pub(super) type History = Vec<(Timestamp, Vec<TrainingData>)>;

impl Learning {
    pub fn new(program: &Program, evaluations: impl Fn(u32) -> EvaluationId) -> Learning {
        let models: Vec<_> =
            program.learned().iter().map(|learned| (learned.rule, evaluations(learned.rule))).collect();
        Learning { builds: vec![0; models.len()], models, history: History::new() }
    }

    fn is_empty(&self) -> bool {
        self.models.is_empty()
    }
}

/// Collects what the models are to learn from the shards.
pub(super) fn gather(shards: &mut [Shard], models: usize) -> Vec<TrainingData> {
    if models == 0 {
        return Vec::new();
    }
    let nothing = || vec![Gathering::default(); models];
    let gathered = shards.par_iter_mut().fold(nothing, |mut gatherings, shard| {
        for (gathering, readings) in gatherings.iter_mut().zip(shard.take_readings()) {
            gathering.take(&readings);
        }
        gatherings
    });
    let gathered =
        gathered.reduce(nothing, |left, right| left.into_iter().zip(right).map(|(l, r)| l.merged(r)).collect());
    gathered.into_iter().map(Gathering::finish).collect()
}

impl World<'_> {
    /// Lets the models learn, in their order.
    pub(super) fn learn(&mut self, training: &[TrainingData]) {
        for ((_, evaluation), data) in self.learning.models.iter().zip(training) {
            self.detect.learn_data(*evaluation, data);
        }
    }

    /// Tells the engine whether anything is left that models could learn from (D-ML6).
    pub(super) fn review_models(&mut self, now: Timestamp) {
        if !self.learning.is_empty() {
            self.detect.review_models(now, &self.fleet.account);
        }
    }

    /// Enters the first daily build in the calendar.
    pub(super) fn schedule_builds(&mut self) {
        if !self.learning.is_empty() {
            self.calendar.add(self.scenario.start.ceil_to(Millis::DAY), Task::BuildModels);
        }
    }

    /// The daily build (D-ML3, D-ML4); `time` is a midnight.
    pub(super) fn build_models(&mut self, now: Timestamp, time: Timestamp) {
        self.calendar.add(time + Millis::DAY, Task::BuildModels);
        let (built, expired) = self.refresh_models(time);
        for (rule, builds, datapoints) in built {
            if builds == 1 {
                let (_, behavior) = self.record.names(rule);
                let text = format!("first model of {behavior} (a surrogate) built from {datapoints} datapoints");
                self.record.tell(time, "model", text);
            }
            let (kind, subject) = (EventKind::ModelBuilt, u32::MAX);
            self.log.push(Event { time, kind, subject, object: rule, value: datapoints });
        }
        for rule in expired {
            let (_, behavior) = self.record.names(rule);
            let text = format!("model of {behavior} discontinued: too little data for too long");
            self.record.tell(time, "model", text);
            let (kind, subject) = (EventKind::ModelExpired, u32::MAX);
            self.log.push(Event { time, kind, subject, object: rule, value: 0 });
            self.shards.par_iter_mut().for_each(|shard| shard.discontinue(now, rule));
        }
    }

    /// Refreshes the models at a midnight and works out what is normal on the coming day. Returns the rules whose model
    /// was built (with the number of builds so far, and of datapoints), and those whose model expired.
    fn refresh_models(&mut self, time: Timestamp) -> (Vec<(u32, u32, u64)>, Vec<u32>) {
        let expired = self.detect.refresh_models(time);
        let (detect, learning) = (&self.detect, &mut self.learning);
        let mut built = Vec::new();
        for ((rule, evaluation), builds) in learning.models.iter().zip(&mut learning.builds) {
            if let Some(model) = detect.model(*evaluation).filter(|model| model.refreshed() == Some(time)) {
                *builds += 1;
                built.push((*rule, *builds, model.datapoints(time)));
            }
        }
        let models = &learning.models;
        self.common
            .normals
            .renew(time, |time| models.iter().map(|(_, evaluation)| detect.normal(*evaluation, time)).collect());
        let expired = models.iter().filter(|(_, evaluation)| expired.contains(evaluation)).map(|(rule, _)| *rule);
        (built, expired.collect())
    }

    /// Lets the models learn what the fleet did before the run began: the same devices with the same dice, without acts,
    /// as the broker would have let them at the start. Nothing of it is recorded or scored.
    pub(super) fn simulate_history(&mut self, cancelled: impl Fn() -> bool) -> Result<(), Stopped> {
        let (scenario, tick) = (self.scenario, self.common.tick);
        let ticks = (scenario.ml.history.0 / tick.0) as u64;
        if ticks == 0 || self.learning.is_empty() {
            return Ok(());
        }
        let start = scenario.start - scenario.ml.history;
        let common = Common {
            program: self.common.program.clone(),
            slate: None,
            classes: super::classes(scenario, &self.common.program, start, ticks)?,
            needs: Needs::of([&self.common.program]),
            start,
            tick,
            normals: Normals::default(),
            replay: None,
        };
        let fleet = &self.fleet;
        let before = self.shards.par_iter().map(|shard| {
            let devices: Vec<Newcomer> = (0..shard.lanes())
                .map(|lane| {
                    let device = &fleet.devices[shard.first as usize + lane];
                    let class = usize::from(device.class);
                    // Nobody's certificate runs out meanwhile.
                    Newcomer { class, key: device.key, access: shard.access(lane), valid_until: None }
                })
                .collect();
            let counted = super::counted(scenario, &common.program, fleet, shard.first, devices.len());
            Shard::new(&common, shard.first, &devices, &counted, Vec::new(), Vec::new(), false)
        });
        let mut before: Vec<Shard> = before.collect();
        self.cover_all(start, &mut before);
        let mut index = 0;
        while index < ticks {
            if cancelled() {
                return Err(Stopped::Cancelled);
            }
            let now = start + Millis(tick.0 * index as i64);
            let left = (now + Millis(1)).ceil_to(Millis::HOUR) - now;
            let until = (index + (left.0 / tick.0) as u64).min(ticks);
            before.par_iter_mut().for_each(|shard| {
                shard.advance(&common, index..until);
                shard.findings = Findings::default();
            });
            let training = gather(&mut before, common.program.learned().len());
            self.recall(start + Millis(tick.0 * until as i64), training);
            index = until;
        }
        Ok(())
    }

    /// Takes in what was learned up to a time before the run, with the builds of its midnights.
    pub(super) fn recall(&mut self, until: Timestamp, training: Vec<TrainingData>) {
        self.learn(&training);
        if self.options.checkpoint_every.is_some() {
            self.learning.history.push((until, training));
        }
        // The build at the start itself is the calendar's.
        if until < self.scenario.start && until.floor_to(Millis::DAY) == until {
            self.refresh_models(until);
        }
    }

    /// How the models are doing at the end.
    pub(super) fn model_rows(&self, end: Timestamp) -> Vec<ModelRow> {
        let models = self.learning.models.iter().zip(&self.learning.builds);
        let rows = models.filter_map(|((rule, evaluation), builds)| {
            let model = self.detect.model(*evaluation)?;
            Some(ModelRow {
                behavior: *rule,
                model: model.name().to_owned(),
                surrogate: true,
                status: model.status(end).name().to_owned(),
                confidence: self.detect.evaluation(*evaluation).behavior().confidence()?.name().to_owned(),
                collecting_since: model.started(),
                refreshed: model.refreshed(),
                builds: *builds,
                datapoints: model.datapoints(end),
            })
        });
        rows.collect()
    }
}
