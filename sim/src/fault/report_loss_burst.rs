//! Reports get lost in bursts: a channel with a good and a bad state (Gilbert 1960, Elliott 1963), of its own for each device.

use std::sync::Arc;

use crate::scenario::quantity::Probability;

use super::{DEVICE_SIDE, Entry, Fate, OnReports, Passage, Stage};

pub(super) const ENTRY: Entry = Entry {
    name: "report-loss-burst",
    summary: "Reports get lost in bursts: a channel with a good and a bad state (Gilbert 1960, Elliott 1963), of its own for each device.",
    stage: Stage::Network,
    intensity_of: "factor of `p` and of `loss-in-good`",
    intensity: 1.0,
    disturbs: DEVICE_SIDE,
    examples: &["{}", r#"{ p = 0.01, r = 0.1, loss-in-good = 0.001, loss-in-bad = 0.9 }"#],
    read: |fields| {
        Arc::new(ReportLossBurst {
            p: fields.or("p", probability(1, 50), "probability of turning bad, at each report").as_f64(),
            r: fields.or("r", probability(1, 4), "probability of turning good again, at each report").as_f64(),
            good: fields.or("loss-in-good", Probability::ZERO, "share of reports lost while good").as_f64(),
            bad: fields.or("loss-in-bad", Probability::ONE, "share of reports lost while bad").as_f64(),
        })
    },
};

fn probability(numerator: u64, denominator: u64) -> Probability {
    Probability::ratio(numerator, denominator).unwrap_or(Probability::ZERO)
}

#[derive(Debug)]
struct ReportLossBurst {
    p: f64,
    r: f64,
    good: f64,
    bad: f64,
}

impl OnReports for ReportLossBurst {
    fn pass(&self, passage: &mut Passage<'_>) -> Fate {
        let mut dice = passage.dice();
        let turns = dice.unit();
        let bad = &mut passage.memory.bad;
        *bad = if *bad { turns >= self.r } else { turns < self.p * passage.intensity };
        let loss = if *bad { self.bad } else { self.good * passage.intensity };
        if dice.unit() < loss { Fate::Lost } else { Fate::Goes }
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::report::testing::*;

    /// The channel is bad p / (p + r) = 1/5 of the time, in runs of 1 / r = 4 reports on average. Over 40,000 reports
    /// the share's standard deviation is below √(0.2 · 0.8 · (1 + 2 · 0.6875 / 0.3125) / 40,000) = 0.0047, by the
    /// autocorrelation 1 − p − r of the channel; five of them are allowed.
    #[test]
    fn bursts_have_their_share_and_their_length() {
        let table = "{ p = 0.0625, r = 0.25 }";
        let (mut gone, mut runs) = (0, 0);
        for device in 0..400 {
            let reports = past("report-loss-burst", table, 1.0, device);
            gone += lost(&reports);
            let is_lost = |position: usize| reports[position].1.is_empty();
            runs += (0..100).filter(|i| is_lost(*i) && (*i == 0 || !is_lost(i - 1))).count();
        }
        // A device begins in the good state, which takes 0.2 · 2.2 of the first hundred reports away.
        let share = gone as f64 / 40_000.0;
        assert!((share - 0.2 * (1.0 - 0.022)).abs() < 5.0 * 0.0047, "{share}");
        let length = gone as f64 / runs as f64;
        assert!((3.6..4.3).contains(&length), "{length}");
    }
}
