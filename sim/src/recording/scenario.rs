//! A scenario whose fleet is what was recorded: its things, its time, and the scenario's attacks laid over it.

use std::sync::Arc;

use defender::detect::wire;
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

use super::Recording;
use crate::scenario::{AuditPlan, CohortPlan, MlPlan, Onset, Scenario, Selector};
use crate::scenario::{apportion, apportion_at_least_one};

/// Recorded telemetry in place of the simulated one.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// What was recorded. The run shows the part of it that lies between its start and its end.
    pub recording: Arc<Recording>,
    /// Factor on messages, bytes and packets.
    pub traffic: f64,
}

impl Recording {
    /// Whether it has the values that a behavior is judged by: of its metric, as a whole. Of messages the size is that of
    /// the largest, so only upper bounds of sizes can be judged.
    pub fn has(&self, behavior: &wire::Behavior) -> bool {
        let Some(name) = &behavior.metric else { return false };
        let recorded = self.metrics.iter().any(|metric| match metric {
            MetricRef::Aws(metric) => metric.name() == name,
            MetricRef::Custom(custom) => custom == name,
        });
        let criteria = behavior.criteria.as_ref();
        let of_all = criteria
            .is_some_and(|criteria| criteria.statistical_threshold.is_some() || criteria.ml_detection_config.is_some());
        recorded && behavior.metric_dimension.is_none() && !(of_all && name == Metric::MessageByteSize.name())
    }
}

impl Scenario {
    /// The scenario on a recorded fleet: a device for each thing, the recording's time, and ordinary telemetry as it was
    /// recorded. Attacks begin and are aimed as [`Scenario::during`] and proportion say; groups, policies and profiles are
    /// the scenario's. Innocent events, defects, faults and audits stay away: what happens ordinarily is in the recording.
    /// Certificates are valid all the time, and models learn from the recording only.
    pub fn replaying(&self, recording: Arc<Recording>) -> Scenario {
        let mut scenario = self.during(recording.start, recording.duration());
        let scenario_before = self;
        for attack in &mut scenario.attacks {
            scenario_before.rescale(&recording, &mut attack.targets);
        }
        let start = scenario.start;
        for (position, class) in scenario.classes.iter_mut().enumerate() {
            class.count = recording.things.iter().filter(|thing| thing.class == position).count() as u32;
            let weights: Vec<u64> = class.cohorts.iter().map(|cohort| u64::from(cohort.count)).collect();
            let counts = apportion_at_least_one(&weights, u64::from(class.count));
            let cohorts = class.cohorts.iter_mut().zip(counts);
            cohorts.for_each(|(cohort, count)| valid_throughout(cohort, count as u32, start));
        }
        for authority in &mut scenario.authorities {
            authority.not_before = start - Millis::days(2 * 365);
            authority.not_after = start + Millis::days(30 * 365);
        }
        scenario.replay = Some(Replay { recording, traffic: 1.0 });
        scenario.confounders.clear();
        scenario.defects.clear();
        scenario.faults.clear();
        scenario.audit = AuditPlan::default();
        scenario.ml = MlPlan { history: Millis(0), ..scenario.ml };
        scenario
    }

    /// The scenario in another time. Attacks begin at the same share of it; they last as long as before, or to the end if
    /// that is where they ended.
    pub fn during(&self, start: Timestamp, duration: Millis) -> Scenario {
        let mut scenario = Scenario { start, duration, ..self.clone() };
        let share = |time: Millis| {
            let exact = i128::from(time.0) * i128::from(duration.0) / i128::from(self.duration.0.max(1));
            Millis((exact / 1_000 * 1_000) as i64)
        };
        for attack in &mut scenario.attacks {
            if let Onset::At(onset) = attack.start {
                let begins = share(onset);
                if onset + attack.duration >= self.duration {
                    attack.duration = duration - begins;
                }
                attack.start = Onset::At(begins);
            }
            attack.stagger = share(attack.stagger).min(attack.duration);
        }
        scenario
    }

    /// Aims at the same share of the recorded devices as of the scenario's, at least one.
    fn rescale(&self, recording: &Recording, targets: &mut Selector) {
        let Some(count) = targets.count else { return };
        let concerned = |class: &str| targets.classes.is_empty() || targets.classes.iter().any(|name| name == class);
        let before: u64 =
            self.classes.iter().filter(|class| concerned(&class.name)).map(|class| u64::from(class.count)).sum();
        let now = recording.things.iter().filter(|thing| concerned(&self.classes[thing.class].name)).count() as u64;
        let others = before.saturating_sub(u64::from(count));
        let scaled = apportion(&[u64::from(count), others], now)[0].max(u64::from(count > 0));
        targets.count = Some(scaled as u32);
    }
}

/// A cohort whose certificates are valid from before the start to long after any end.
fn valid_throughout(cohort: &mut CohortPlan, count: u32, start: Timestamp) {
    cohort.count = count;
    cohort.not_before = start - Millis::days(365);
    cohort.spread = Millis::days(90).min(cohort.spread);
    cohort.lifetime = Millis::days(10 * 365);
}
