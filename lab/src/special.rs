//! The incomplete gamma function and its inverse: what exact Poisson intervals need. Computed with `libm` by name, so
//! that a score prints the same digits on every machine.

/// The regularized lower incomplete gamma function P(a, x): the probability that a gamma variable of shape `a` and
/// scale 1 is at most `x`.
///
/// For whole `a` it equals 1 − e^−x · Σ_{i<a} x^i/i!, the chance that a Poisson variable of mean `x` is at least `a`.
pub(crate) fn gamma_p(a: f64, x: f64) -> f64 {
    debug_assert!(a > 0.0 && x >= 0.0, "defined for a > 0 and x ≥ 0");
    if x == 0.0 {
        0.0
    } else if x < a + 1.0 {
        lower_by_series(a, x)
    } else {
        1.0 - upper_by_fraction(a, x)
    }
}

/// The `x` with P(a, x) = `p`: the `p`-quantile of a gamma variable of shape `a` and scale 1.
pub(crate) fn gamma_quantile(a: f64, p: f64) -> f64 {
    debug_assert!(a > 0.0 && (0.0..1.0).contains(&p), "defined for a > 0 and 0 ≤ p < 1");
    if p == 0.0 {
        return 0.0;
    }
    // A bracket that certainly contains the root: twelve standard deviations above the mean, plus room for small `a`.
    let (mut low, mut high) = (0.0, a + 12.0 * libm::sqrt(a) + 40.0);
    // Bisection to the last bit: at most the 64 steps of a double, and no derivative that could lead astray.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high || high - low <= 1e-12 * high {
            return middle;
        }
        if gamma_p(a, middle) < p { low = middle } else { high = middle }
    }
}

/// x^a e^−x / Γ(a), the factor that both expansions share.
fn front(a: f64, x: f64) -> f64 {
    libm::exp(a * libm::log(x) - x - libm::lgamma(a))
}

/// Good for x < a + 1, where the terms shrink at once.
fn lower_by_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * 1e-17 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    (sum * front(a, x)).min(1.0)
}

/// Good for x ≥ a + 1: the continued fraction of the upper function by Lentz's method.
fn upper_by_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..1_000_000_u32 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + an / c;
        c = if c.abs() < TINY { TINY } else { c };
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (h * front(a, x)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 − e^−x Σ_{i<a} x^i/i!, written out.
    fn closed_form(a: u32, x: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 0.0);
        for i in 0..a {
            sum += term;
            term *= x / f64::from(i + 1);
        }
        1.0 - libm::exp(-x) * sum
    }

    #[test]
    fn whole_shapes_agree_with_the_closed_form() {
        for a in [1_u32, 2, 3, 7, 20, 100] {
            for x in [0.01, 0.5, 1.0, 3.0, 9.9, 25.0, 110.0] {
                let (ours, exact) = (gamma_p(f64::from(a), x), closed_form(a, x));
                assert!((ours - exact).abs() < 1e-12, "P({a}, {x}): {ours} instead of {exact}");
            }
        }
    }

    #[test]
    fn shape_one_is_the_exponential_distribution() {
        for p in [0.025, 0.5, 0.975] {
            assert!((gamma_quantile(1.0, p) + libm::log(1.0 - p)).abs() < 1e-10);
        }
    }

    #[test]
    fn the_quantile_inverts_the_function_far_out_too() {
        for a in [1.0, 10.0, 1_000.0, 250_000.0] {
            for p in [0.025, 0.975] {
                assert!((gamma_p(a, gamma_quantile(a, p)) - p).abs() < 1e-8, "a = {a}, p = {p}");
            }
        }
    }
}
