//! Whole numbers in proportion: shares become counts, and a fleet is scaled, without losing or inventing a device.

/// Splits `total` in proportion to `weights`: each part is its exact share rounded down, and what is left goes to the
/// largest remainders, earlier parts first. Parts add up to `total` if any weight is positive.
pub(crate) fn apportion(weights: &[u64], total: u64) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(weight) * u128::from(total);
    let mut parts: Vec<u64> = weights.iter().map(|weight| (exact(*weight) / sum) as u64).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|i| std::cmp::Reverse(exact(weights[*i]) % sum));
    let left = total - parts.iter().sum::<u64>();
    for i in by_remainder.into_iter().take(left as usize) {
        parts[i] += 1;
    }
    parts
}

/// As [`apportion`], but a part whose weight is positive gets at least one, if there is enough.
pub(crate) fn apportion_at_least_one(weights: &[u64], total: u64) -> Vec<u64> {
    let mut parts = apportion(weights, total);
    if (weights.iter().filter(|weight| **weight > 0).count() as u64) > total {
        return parts;
    }
    while let Some(empty) = (0..parts.len()).find(|i| weights[*i] > 0 && parts[*i] == 0) {
        let largest = (0..parts.len()).max_by_key(|i| parts[*i]).expect("there is a part");
        parts[largest] -= 1;
        parts[empty] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remainders_go_to_the_largest_first() {
        assert_eq!(apportion(&[1, 1, 1], 100), [34, 33, 33]);
        assert_eq!(apportion(&[60, 25, 10, 5], 100_000), [60_000, 25_000, 10_000, 5_000]);
        assert_eq!(apportion(&[0, 0], 5), [0, 0]);
        assert_eq!(apportion_at_least_one(&[60_000, 1, 0], 10), [9, 1, 0]);
        assert_eq!(apportion_at_least_one(&[5, 5, 5], 2), [1, 1, 0]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(weights in prop::collection::vec(0u64..1_000_000, 1..9), total in 0u64..10_000_000) {
            let parts = apportion_at_least_one(&weights, total);
            let expected = if weights.iter().any(|weight| *weight > 0) { total } else { 0 };
            prop_assert_eq!(parts.iter().sum::<u64>(), expected);
        }
    }
}
