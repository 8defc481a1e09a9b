//! When devices come and go. All of it is drawn before the run: a device that joins has its lane from the beginning and
//! is silent until then, and a device that gets another name goes on in a lane of its own, with the same dice.
//!
//! Lives are a function of seed, device and what may happen to it: a device more in a class, or a retirement more
//! often, moves nobody else's.

use defender::time::{Millis, Timestamp};

use crate::dice::{Dice, Purpose, draw, mix, salt};
use crate::scenario::Churn;

/// A device under one name, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub key: u64,
    /// When it comes; `None`: it is there from the start.
    pub from: Option<Timestamp>,
    /// When and how it goes; `None`: it does not.
    pub to: Option<(Timestamp, Leave)>,
    /// Whom it goes on from under another name, by position in its class.
    pub succeeds: Option<u32>,
}

/// How a device leaves the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It is put out of service.
    Retired {
        /// Whether its certificate stays active.
        certificate_left_active: bool,
    },
    /// It goes on under another name.
    Renamed,
}

/// The lives of a class that begins with the devices of these keys: theirs, of those that join in the order in which
/// they do, and of those that others go on as.
pub(super) fn lives(keys: &[u64], churn: Option<&Churn>, start: Timestamp, end: Timestamp) -> Vec<Life> {
    let life = |key: &u64| Life { key: *key, from: None, to: None, succeeds: None };
    let mut lives: Vec<Life> = keys.iter().map(life).collect();
    let Some(churn) = churn else { return lives };
    let mut joining: Vec<(Timestamp, u64)> = Vec::new();
    for Life { key, .. } in &lives {
        let own = |(number, time)| (time, mix(draw(*key, salt(Purpose::Joining, number))));
        joining.extend((1..).zip(poisson(*key, Purpose::Joining, churn.joins_per_day, start, end)).map(own));
    }
    joining.sort_unstable();
    lives.extend(joining.into_iter().map(|(time, key)| Life { key, from: Some(time), to: None, succeeds: None }));
    let mut renamed: Vec<(Timestamp, u32)> = Vec::new();
    for (position, life) in (0..).zip(&mut lives) {
        let born = life.from.unwrap_or(start);
        let mut dice = Dice::new(life.key, Purpose::Retirement, 0);
        let retired = after(born, churn.retirements_per_day, &mut dice).filter(|time| *time < end);
        let forgotten = dice.unit() < churn.certificate_left_active;
        life.to = retired.map(|time| (time, Leave::Retired { certificate_left_active: forgotten }));
        let until = retired.unwrap_or(end);
        renamed.extend(
            poisson(life.key, Purpose::Renaming, churn.renames_per_day, born, until).map(|time| (time, position)),
        );
    }
    renamed.sort_by_key(|(time, position)| (*time, lives[*position as usize].key));
    // By device: the position of its present name.
    let mut present: Vec<u32> = (0..lives.len() as u32).collect();
    for (time, device) in renamed {
        let successor = lives.len() as u32;
        let predecessor = std::mem::replace(&mut present[device as usize], successor);
        let old = &mut lives[predecessor as usize];
        let to = old.to.replace((time, Leave::Renamed));
        let life = Life { key: old.key, from: Some(time), to, succeeds: Some(predecessor) };
        lives.push(life);
    }
    lives
}

/// Times of a Poisson process of so many per day.
fn poisson(
    key: u64,
    purpose: Purpose,
    per_day: f64,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let mut dice = Dice::new(key, purpose, 0);
    let mut next = move |time: &Timestamp| after(*time, per_day, &mut dice).filter(|time| *time < to);
    let first = next(&from);
    std::iter::successors(first, next)
}

/// A time later than another one by an exponential length; `None` if it never comes.
fn after(time: Timestamp, per_day: f64, dice: &mut Dice) -> Option<Timestamp> {
    let days = -libm::log(dice.unit()) / per_day;
    // Beyond a century nobody asks.
    (days < 36_525.0).then(|| time + Millis((days * Millis::DAY.0 as f64) as i64).max(Millis(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::device_key;

    const DEVICES: u32 = 20_000;
    const START: Timestamp = Timestamp::from_seconds(1_780_272_000);
    const CHURN: Churn =
        Churn { joins_per_day: 0.01, retirements_per_day: 0.02, renames_per_day: 0.015, certificate_left_active: 0.25 };

    fn drawn(devices: u32, days: i64, churn: Churn) -> Vec<Life> {
        let keys: Vec<u64> = (0..devices).map(|index| device_key(3, 1, index)).collect();
        lives(&keys, Some(&churn), START, START + Millis::days(days))
    }

    /// Whether a count lies within 4.4 standard deviations of its mean: a wrong alarm in 100,000 seeds, and this is one.
    fn near(found: usize, mean: f64, variance: f64) {
        assert!((found as f64 - mean).abs() < 4.4 * variance.sqrt(), "{found}, not {mean} ± {}", variance.sqrt());
    }

    /// Joins are Poisson with rate × devices × days; retirement is exponential from when a device was there, so that of
    /// those of the beginning 1 − e^−λt are gone, binomially, and of those that joined 1 − (1 − e^−λt)/λt.
    #[test]
    fn joins_and_retirements_are_those_of_their_rates() {
        let days = 30.0;
        let found = drawn(DEVICES, 30, Churn { renames_per_day: 0.0, ..CHURN });
        let (first, joined) = found.split_at(DEVICES as usize);
        let mean = f64::from(DEVICES) * CHURN.joins_per_day * days;
        near(joined.len(), mean, mean);
        assert!(joined.is_sorted_by_key(|life| life.from));
        let retired = |lives: &[Life]| lives.iter().filter(|life| life.to.is_some()).count();
        let gone = 1.0 - libm::exp(-CHURN.retirements_per_day * days);
        near(retired(first), f64::from(DEVICES) * gone, f64::from(DEVICES) * gone * (1.0 - gone));
        let share = 1.0 - gone / (CHURN.retirements_per_day * days);
        let n = joined.len() as f64;
        near(retired(joined), n * share, n * share * (1.0 - share));
        let left = |life: &&Life| matches!(life.to, Some((_, Leave::Retired { certificate_left_active: true })));
        let (all, kept) = (retired(&found) as f64, found.iter().filter(left).count());
        near(kept, all * 0.25, all * 0.25 * 0.75);
    }

    /// Joins in two weeks that follow each other are independent, and of the same distribution: the counts of days have
    /// the variance of their mean, and the correlation of neighbors is 0.
    #[test]
    fn joins_are_poisson_in_time() {
        let days = 2_000;
        let churn = Churn { joins_per_day: 0.2, retirements_per_day: 0.0, renames_per_day: 0.0, ..CHURN };
        let mut counts = vec![0.0; days];
        for life in drawn(100, days as i64, churn) {
            if let Some(from) = life.from {
                counts[((from - START).0 / Millis::DAY.0) as usize] += 1.0;
            }
        }
        let n = days as f64;
        let mean: f64 = counts.iter().sum::<f64>() / n;
        let around: Vec<f64> = counts.iter().map(|count| count - mean).collect();
        let variance = around.iter().map(|d| d * d).sum::<f64>() / n;
        let lagged = around.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / n / variance;
        assert!((mean - 20.0).abs() < 4.4 * (20.0 / n).sqrt(), "{mean}");
        // The variance of a sample variance of Poisson counts: (μ + 2μ²)/n.
        assert!((variance - 20.0).abs() < 4.4 * ((20.0 + 2.0 * 400.0) / n).sqrt(), "{variance}");
        assert!(lagged.abs() < 4.4 / n.sqrt(), "{lagged}");
    }

    /// Renames are Poisson while a device is there: λr × the time that all are there. Each begins where another ends.
    #[test]
    fn a_renamed_device_goes_on_under_another_name() {
        let found = drawn(DEVICES, 30, CHURN);
        let span = |life: &Life| {
            let to = life.to.map_or(START + Millis::days(30), |(to, _)| to);
            (to - life.from.unwrap_or(START)).0 as f64 / Millis::DAY.0 as f64
        };
        let there: f64 = found.iter().map(span).sum();
        let renamed: Vec<&Life> = found.iter().filter(|life| life.succeeds.is_some()).collect();
        let mean = there * CHURN.renames_per_day;
        near(renamed.len(), mean, mean);
        for life in &renamed {
            let before = &found[life.succeeds.expect("filtered") as usize];
            assert_eq!((before.key, before.to), (life.key, Some((life.from.expect("it comes"), Leave::Renamed))));
        }
        let ends = found.iter().filter(|life| matches!(life.to, Some((_, Leave::Renamed)))).count();
        assert_eq!(ends, renamed.len());
        assert!(found.iter().all(|life| life.to.is_none_or(|(to, _)| life.from.is_none_or(|from| from < to))));
    }

    /// A device more leaves the others' lives as they were, and so does a churn of another kind.
    #[test]
    fn lives_are_addressed() {
        // Positions move with the number of devices; what happens to each does not.
        let lives_of = |found: Vec<Life>, keys: &[u64]| -> Vec<Life> {
            let of = found.into_iter().filter(|life| keys.contains(&life.key));
            let mut of: Vec<Life> = of.map(|life| Life { succeeds: None, ..life }).collect();
            of.sort_by_key(|life| (life.key, life.from));
            of
        };
        let keys: Vec<u64> = (0..50).map(|index| device_key(3, 1, index)).collect();
        let few = drawn(50, 60, CHURN);
        assert_eq!(lives_of(few.clone(), &keys), lives_of(drawn(51, 60, CHURN), &keys));
        let quiet = drawn(50, 60, Churn { joins_per_day: 0.0, ..CHURN });
        assert_eq!(lives_of(few, &keys), lives_of(quiet, &keys));
    }
}
