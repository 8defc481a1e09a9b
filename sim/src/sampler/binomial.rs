//! Binomial counts, exactly: sixty-four coins to a handful of words, compared bit by bit with the probability.

use crate::dice::Dice;

/// How many of `n` coins fall on a side whose probability is `share`/2³². Costs about n/8 words.
pub fn binomial(n: u32, share: u32, dice: &mut Dice) -> u32 {
    let whole = (0..n / 64).map(|_| coins(share, dice).count_ones()).sum::<u32>();
    let rest = n % 64;
    whole + if rest > 0 { (coins(share, dice) & ((1 << rest) - 1)).count_ones() } else { 0 }
}

/// Sixty-four coins. Each compares its own random bits with those of the share, highest first, until they differ: the
/// side is decided by which of the two is smaller.
fn coins(share: u32, dice: &mut Dice) -> u64 {
    let (mut undecided, mut below) = (u64::MAX, 0);
    for bit in (0..32).rev() {
        let word = dice.word();
        if share >> bit & 1 == 1 {
            below |= undecided & !word;
            undecided &= word;
        } else {
            undecided &= !word;
        }
        if undecided == 0 {
            break;
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Purpose;

    /// Mean, variance and autocorrelation against the closed forms, within five standard errors of 20,000 draws.
    #[test]
    fn counts_have_the_mean_and_the_variance_of_a_binomial_and_are_independent() {
        let draws = 20_000u32;
        for (n, p) in [(1, 0.5), (7, 0.1), (64, 0.9), (65, 0.25), (1_000, 0.003), (1_000, 0.6)] {
            let share = (p * 4_294_967_296.0) as u32;
            let values: Vec<f64> = (0..draws)
                .map(|i| f64::from(binomial(n, share, &mut Dice::new(5, Purpose::Topics, u64::from(i)))))
                .collect();
            let (count, size) = (f64::from(draws), f64::from(n));
            let mean = values.iter().sum::<f64>() / count;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            let expected = size * p * (1.0 - p);
            assert!((mean - size * p).abs() < 5.0 * (expected / count).sqrt(), "{n} {p}: mean {mean}");
            // The fourth central moment of a binomial says how far a sample's variance may lie from the true one.
            let fourth = expected * (1.0 + 3.0 * (size - 2.0) * p * (1.0 - p));
            let error = ((fourth - expected * expected + 2.0 * expected * expected / count) / count).sqrt();
            assert!((variance - expected).abs() < 5.0 * error, "{n} {p}: variance {variance} against {expected}");
            let products = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
            let correlation = products / count / expected;
            assert!(correlation.abs() < 5.0 / count.sqrt(), "{n} {p}: autocorrelation {correlation}");
        }
    }

    #[test]
    fn nothing_and_all_but_nothing_are_exact() {
        let mut dice = Dice::new(1, Purpose::Topics, 1);
        assert_eq!((binomial(0, 1 << 31, &mut dice), binomial(500, 0, &mut dice)), (0, 0));
        assert!((495..=500).contains(&binomial(500, u32::MAX, &mut dice)));
    }
}
