//! How many alarms when: the background against which attacks are drawn.

use defender::time::Millis;
use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;

use crate::matching::{Matching, Verdict};

/// Alarms raised per bucket of time, by what they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Density {
    /// Length of a bucket.
    pub bucket: Millis,
    /// True alarms.
    pub right: Vec<u32>,
    /// Alarms inside an attack window on an undisturbed metric.
    pub inside: Vec<u32>,
    /// False alarms.
    pub wrong: Vec<u32>,
}

impl Density {
    /// Most buckets of a run.
    pub const BUCKETS_MAX: i64 = 336;

    /// Bucket lengths to choose from \[min\]: the shortest that fits.
    const MINUTES: [i64; 12] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 10_080, 43_200];
}

/// Counts alarms per bucket.
pub fn density(outcome: &Outcome, matching: &Matching) -> Density {
    let run = (outcome.header.end - outcome.header.start).0.max(1);
    let buckets = |bucket: Millis| run / bucket.0 + i64::from(run % bucket.0 != 0);
    let bucket = Density::MINUTES
        .map(Millis::minutes)
        .into_iter()
        .find(|bucket| buckets(*bucket) <= Density::BUCKETS_MAX)
        .unwrap_or(Millis(run / Density::BUCKETS_MAX + 1));
    let mut counts = vec![[0_u32; 3]; buckets(bucket) as usize];
    let last = counts.len() - 1;
    for (alarm, verdict) in outcome.alarms.iter().zip(&matching.verdicts) {
        let kind = match verdict {
            Verdict::True { .. } => 0,
            Verdict::Inside { .. } => 1,
            Verdict::False { .. } => 2,
        };
        let place = ((alarm.raised - outcome.header.start).0.max(0) / bucket.0) as usize;
        counts[place.min(last)][kind] += 1;
    }
    let [right, inside, wrong] = [0, 1, 2].map(|kind| counts.iter().map(|count| count[kind]).collect());
    Density { bucket, right, inside, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::matching::match_alarms;
    use crate::options::Options;

    #[test]
    fn a_week_is_counted_by_half_hours() {
        let mut fixture = Fixture::new(10, 7);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120)]);
        fixture.alarm(0, 0, 70, 5).alarm(0, 1, 70, 5).alarm(0, 2, 89, 5).alarm(0, 3, 90, 5);
        fixture.alarm(0, 3, 7 * 1_440, 5);
        let density = density(&fixture.outcome, &match_alarms(&fixture.outcome, &Options::default()));
        assert_eq!((density.bucket, density.right.len()), (Millis::minutes(30), 336));
        assert_eq!((density.right[2], density.wrong[2], density.wrong[3]), (1, 2, 1));
        // A datapoint that completes exactly at the end belongs to the last bucket.
        assert_eq!(density.wrong[335], 1);
    }
}
