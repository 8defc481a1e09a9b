//! The same sweep on several seeds, as one.

use defender::time::Millis;

use super::{CandidateAttack, CandidateClass, CandidateScore, Sweep, SweptBehavior, mark_front};
use crate::false_alarm::Rates;
use crate::interval::Proportion;
use crate::latency::Latency;
use crate::quality::Quality;

impl Sweep {
    /// Sweeps of one plan on several seeds together: counts add up, latencies are merged, exposure is the sum of the
    /// runs. `None` of none; the seed is the first one's.
    ///
    /// # Panics
    /// If the sweeps are not of one plan and fleet.
    pub fn pool(sweeps: &[Sweep]) -> Option<Sweep> {
        let first = sweeps.first()?;
        let days: f64 = sweeps.iter().map(|sweep| sweep.days).sum();
        let behaviors = first.behaviors.iter().enumerate().map(|(position, behavior)| {
            let parts: Vec<&SweptBehavior> = sweeps.iter().map(|sweep| &sweep.behaviors[position]).collect();
            let candidates = (0..behavior.candidates.len()).map(|candidate| {
                let parts: Vec<&CandidateScore> = parts.iter().map(|part| &part.candidates[candidate]).collect();
                pooled(&parts, first.devices, days)
            });
            let mut candidates: Vec<CandidateScore> = candidates.collect();
            mark_front(&mut candidates);
            SweptBehavior { candidates, ..behavior.clone() }
        });
        Some(Sweep { behaviors: behaviors.collect(), days, ..first.clone() })
    }

    /// As [`Sweep::pool`], of runs on one recording: their seeds differ in who is attacked, and in nothing else. So
    /// attacked devices add up, but the false alarms of all runs are the same ones: they count once, as the mean of the
    /// runs, over the time of one run.
    ///
    /// # Panics
    /// As [`Sweep::pool`].
    pub fn pool_replayed(sweeps: &[Sweep]) -> Option<Sweep> {
        let mut pooled = Sweep::pool(sweeps)?;
        let runs = sweeps.len() as u64;
        let mean = |sum: u64| (sum + runs / 2) / runs;
        pooled.days = sweeps[0].days;
        for behavior in &mut pooled.behaviors {
            for candidate in &mut behavior.candidates {
                let row = &mut *candidate;
                (row.right, row.inside, row.wrong) = (mean(row.right), mean(row.inside), mean(row.wrong));
                let (found, tried) = row.quality.recall.map_or((0, 0), |recall| (recall.successes, recall.trials));
                row.quality = Quality::of(row.right, row.right + row.wrong, found, tried);
                let share = row.false_positive_rate;
                row.false_positive_rate =
                    share.and_then(|share| Proportion::of(mean(share.successes), mean(share.trials)));
                row.false_alarms = Rates::of(row.wrong, u64::from(pooled.devices), duration(pooled.days));
                row.classes.iter_mut().for_each(|class| class.wrong = mean(class.wrong));
            }
            mark_front(&mut behavior.candidates);
        }
        Some(pooled)
    }
}

fn duration(days: f64) -> Millis {
    Millis((days * Millis::DAY.0 as f64).round() as i64)
}

fn pooled(parts: &[&CandidateScore], devices: u32, days: f64) -> CandidateScore {
    let first = parts[0];
    assert!(parts.iter().all(|part| part.setting == first.setting), "one plan");
    let sum = |of: fn(&CandidateScore) -> u64| parts.iter().map(|part| of(part)).sum::<u64>();
    let (right, inside, wrong) = (sum(|part| part.right), sum(|part| part.inside), sum(|part| part.wrong));
    let recall = together(parts.iter().map(|part| part.quality.recall));
    let (found, tried) = recall.map_or((0, 0), |recall| (recall.successes, recall.trials));
    let classes = first.classes.iter().enumerate().map(|(position, class)| {
        let parts = || parts.iter().map(move |part| &part.classes[position]);
        CandidateClass {
            class: class.class.clone(),
            wrong: parts().map(|part| part.wrong).sum(),
            recall: together(parts().map(|part| part.recall)),
            latency: Latency::merge(parts().filter_map(|part| part.latency.as_ref())),
        }
    });
    // An attack draws its devices by seed: on some it may hit nobody who is watched.
    let mut attacks: Vec<CandidateAttack> = Vec::new();
    for row in parts.iter().flat_map(|part| &part.attacks) {
        match attacks.iter_mut().find(|known| known.attack == row.attack) {
            Some(known) => known.recall = together([known.recall, row.recall].into_iter()),
            None => attacks.push(row.clone()),
        }
    }
    CandidateScore {
        setting: first.setting.clone(),
        right,
        inside,
        wrong,
        quality: Quality::of(right, right + wrong, found, tried),
        false_positive_rate: together(parts.iter().map(|part| part.false_positive_rate)),
        latency: Latency::merge(parts.iter().filter_map(|part| part.latency.as_ref())),
        false_alarms: Rates::of(wrong, u64::from(devices), duration(days)),
        classes: classes.collect(),
        attacks,
        on_front: false,
    }
}

/// Shares of several runs as one; those that do not exist add nothing.
pub(crate) fn together(parts: impl Iterator<Item = Option<Proportion>>) -> Option<Proportion> {
    let (successes, trials) = parts.flatten().fold((0, 0), |(s, t), part| (s + part.successes, t + part.trials));
    Proportion::of(successes, trials)
}
