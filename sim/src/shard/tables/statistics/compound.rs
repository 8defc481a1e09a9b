//! Packets and bytes are compound: packets are those of messages sent and received and those beside them; bytes are the
//! sum of all these times their sizes, times a log-normal factor of mean 1 that stands for what sizes leave open. So
//! their moments follow from the counts' cumulants, which add up, and the factor's moments, which multiply.

use super::*;
use crate::shard::tables::{ACKNOWLEDGEMENT, MESSAGE_OVERHEAD};

/// The first four cumulants. Those of independent parts add up.
#[derive(Clone, Copy)]
struct Cumulants([f64; 4]);

impl Cumulants {
    /// Of a count: so many times a negative binomial variable, and evenly what lies between two multiples.
    fn of_count(hourly: &Hourly, hour: usize, step: i16, dispersion: f64) -> Cumulants {
        let step = i32::from(hourly.steps[hour]) + i32::from(step);
        let (reduced, scale) = reduced(hourly, step);
        let ratio = reduced / dispersion;
        let spread = reduced * (1.0 + ratio);
        let third = spread * (1.0 + 2.0 * ratio);
        let fourth = spread * (1.0 + 6.0 * ratio * (1.0 + ratio));
        let even = [(scale - 1.0) / 2.0, (scale.powi(2) - 1.0) / 12.0, 0.0, -(scale.powi(4) - 1.0) / 120.0];
        Cumulants([reduced, spread, third, fourth]).times(scale).plus(Cumulants(even))
    }

    fn times(self, factor: f64) -> Cumulants {
        let mut power = 1.0;
        Cumulants(self.0.map(|cumulant| {
            power *= factor;
            cumulant * power
        }))
    }

    fn plus(self, other: Cumulants) -> Cumulants {
        Cumulants(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    /// Mean, variance and fourth central moment of the product with a log-normal factor of mean 1.
    fn with_noise(self, sigma: f64) -> [f64; 3] {
        let [first, second, third, fourth] = self.0;
        let raw = [
            first,
            second + first.powi(2),
            third + 3.0 * second * first + first.powi(3),
            fourth + 4.0 * third * first + 3.0 * second.powi(2) + 6.0 * second * first.powi(2) + first.powi(4),
        ];
        // E Fᵏ = exp(k(k − 1)σ²/2).
        let [m1, m2, m3, m4] = std::array::from_fn(|i| raw[i] * ((i * (i + 1)) as f64 * sigma * sigma / 2.0).exp());
        let (square, cube) = (m1 * m1, m1 * m1 * m1);
        [m1, m2 - square, m4 - 4.0 * m3 * m1 + 6.0 * m2 * square - 3.0 * cube * m1]
    }
}

/// The mean of what a ladder's table counts, and in multiples of what.
fn reduced(hourly: &Hourly, step: i32) -> (f64, f64) {
    let scale = f64::from(hourly.ladder.rung(step).scale());
    (((hourly.ladder.mean(step) - (scale - 1.0) / 2.0) / scale).max(0.0), scale)
}

/// One of the four amounts: what it is a sum of, times what, and how noisy.
struct Amount<'a> {
    name: &'static str,
    column: Column,
    parts: [(&'a Hourly, f64, f64); 3],
    /// Standard deviation of the factor's logarithm; `None`: a whole number of whole things.
    noise: Option<f64>,
}

/// The four amounts, from what the archetype says rather than from its tables.
fn amounts<'a>(archetype: &'a Archetype, tables: &'a ClassTables) -> [Amount<'a>; 4] {
    let mean =
        |size: crate::scenario::Size| (size.median * (size.spread * size.spread / 2.0).exp()).min(size.maximum).round();
    let payload = (archetype.message_size.median * (archetype.message_size.spread.powi(2) / 2.0).exp())
        .min(archetype.message_size.maximum);
    let (overhead, acknowledgement) = (MESSAGE_OVERHEAD as f64, ACKNOWLEDGEMENT as f64);
    let sigma = |spread: f64, packets: f64| Some((spread / packets.max(1.0).sqrt()).max(0.02));
    let (sent, received) = (&archetype.sent, &archetype.received);
    let (out, inward) = (&archetype.packets_out, &archetype.packets_in);
    let parts = |packets: &'a Hourly, beside: &Traffic, sizes: [f64; 3]| {
        [
            (&tables.sent, sent.dispersion, sizes[0]),
            (&tables.received, received.dispersion, sizes[1]),
            (packets, beside.dispersion, sizes[2]),
        ]
    };
    let sizes_out = [(payload + overhead).round(), acknowledgement, mean(archetype.packet_size_out)];
    let sizes_in = [acknowledgement, (payload / 2.0 + overhead).round(), mean(archetype.packet_size_in)];
    let (packets_out, packets_in) = (&tables.packets_out, &tables.packets_in);
    let amount = |name, column, parts, noise| Amount { name, column, parts, noise };
    [
        amount("packets out", Column::PacketsOut, parts(packets_out, out, [1.0; 3]), None),
        amount("packets in", Column::PacketsIn, parts(packets_in, inward, [1.0; 3]), None),
        amount(
            "bytes out",
            Column::BytesOut,
            parts(packets_out, out, sizes_out),
            sigma(archetype.packet_size_out.spread, out.mean + sent.mean),
        ),
        amount(
            "bytes in",
            Column::BytesIn,
            parts(packets_in, inward, sizes_in),
            sigma(archetype.packet_size_in.spread, inward.mean + received.mean),
        ),
    ]
}

impl Amount<'_> {
    /// Mean, variance and fourth central moment at an hour, of a device's step.
    fn law(&self, hour: usize, step: i16) -> [f64; 3] {
        let sum = self
            .parts
            .iter()
            .map(|(hourly, dispersion, size)| Cumulants::of_count(hourly, hour, step, *dispersion).times(*size));
        let sum = sum.reduce(Cumulants::plus).expect("three parts");
        match self.noise {
            None => sum.with_noise(0.0),
            Some(sigma) => {
                let [mean, variance, fourth] = sum.with_noise(sigma);
                // Bytes are cut to whole ones, where there are any.
                let none: f64 = self.parts.iter().map(|part| pmf(part.0, hour, step, part.1)[0].1).product();
                [mean - (1.0 - none) / 2.0, variance + (1.0 - none) / 12.0, fourth]
            }
        }
    }

    /// The probability of at least so much at an hour, of a device's step: over all that the three counts can be.
    fn tail(&self, hour: usize, step: i16, at: f64) -> f64 {
        let [a, b, c] = [0, 1, 2].map(|part| {
            let (hourly, dispersion, size) = self.parts[part];
            let values = pmf(hourly, hour, step, dispersion).into_iter();
            values.map(|(value, p)| (value * size, p)).collect::<Vec<_>>()
        });
        let mut above = 0.0;
        for (x, p) in &a {
            for (y, q) in &b {
                let pair = p * q;
                if pair < 1e-10 {
                    continue;
                }
                for (z, r) in &c {
                    let sum = x + y + z;
                    above += pair
                        * r
                        * match self.noise {
                            None => f64::from(u8::from(sum >= at)),
                            _ if sum == 0.0 => 0.0,
                            // P(F ≥ t) = Φ(−(ln t + σ²/2)/σ).
                            Some(sigma) => {
                                let z = ((at / sum).ln() + sigma * sigma / 2.0) / sigma;
                                if z < -6.0 { 1.0 } else { libm::erfc(z / std::f64::consts::SQRT_2) / 2.0 }
                            }
                        };
                }
            }
        }
        above
    }
}

/// The values of a count with their probabilities, up to one in 10⁹. What lies between two multiples is told apart only
/// where there are few.
fn pmf(hourly: &Hourly, hour: usize, step: i16, dispersion: f64) -> Vec<(f64, f64)> {
    let step = i32::from(hourly.steps[hour]) + i32::from(step);
    let (reduced, scale) = reduced(hourly, step);
    let poisson = dispersion.is_infinite();
    let mut p = if poisson { (-reduced).exp() } else { (-dispersion * (reduced / dispersion).ln_1p()).exp() };
    let (mut value, mut above, mut values) = (0.0, 1.0, Vec::new());
    let between = if scale <= 4.0 { scale as u32 } else { 1 };
    while above > 1e-9 || value < reduced {
        above -= p;
        for part in 0..between {
            let middle = if between == 1 { (scale - 1.0) / 2.0 } else { f64::from(part) };
            values.push((value * scale + middle, p / f64::from(between)));
        }
        p *= if poisson {
            reduced / (value + 1.0)
        } else {
            reduced / (dispersion + reduced) * (dispersion + value) / (value + 1.0)
        };
        value += 1.0;
    }
    values
}

/// The archetypes; what one without an agent would report is tested too.
fn reporting() -> impl Iterator<Item = Archetype> {
    archetypes().map(|archetype| Archetype { report_interval: Some(Millis::minutes(5)), ..archetype })
}

/// Lags of which the autocorrelation is tested: a window, an hour, a day.
const LAGS: [usize; 3] = [1, 12, 288];

#[test]
fn amounts_have_the_mean_variance_and_independence_of_their_compounds() {
    for archetype in reporting() {
        let tables = tables(&archetype);
        for amount in amounts(&archetype, &tables) {
            let mut laws: BTreeMap<(usize, i16), [f64; 3]> = BTreeMap::new();
            let (mut deviation, mut spread, mut squares, mut squares_error) = (0.0, 0.0, 0.0, 0.0);
            let mut residuals: Vec<[f64; LANES]> = Vec::new();
            week(&archetype, &tables, |index, tick, steps| {
                let hour = tables.hour(index);
                residuals.push(std::array::from_fn(|lane| {
                    let [mean, variance, fourth] =
                        *laws.entry((hour, steps[lane])).or_insert_with(|| amount.law(hour, steps[lane]));
                    let residual = (f64::from(tick.column(amount.column)[lane]) - mean) / variance.sqrt();
                    deviation += residual * variance.sqrt();
                    spread += variance;
                    squares += residual * residual - 1.0;
                    squares_error += fourth / (variance * variance) - 1.0;
                    residual
                }));
            });
            let within = |what: &str, found: f64, variance: f64| {
                let error = variance.sqrt();
                let (archetype, name) = (&archetype.name, amount.name);
                assert!(found.abs() < 5.0 * error, "{archetype} {name}: {what} is off by {found} ± {error}");
            };
            within("the mean", deviation, spread);
            within("the variance", squares, squares_error);
            for lag in LAGS {
                let pairs = residuals.iter().zip(&residuals[lag..]);
                let products: f64 = pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()).sum();
                within(
                    &format!("the autocorrelation at lag {lag}"),
                    products,
                    ((residuals.len() - lag) * LANES) as f64,
                );
            }
        }
    }
}

/// Of devices that are all alike at every hour, so that a week is a sample of one law. The value is the one at two and
/// a half standard deviations.
#[test]
fn amounts_have_the_tail_of_their_compounds() {
    for archetype in reporting() {
        let mut even = Archetype { heterogeneity: 0.0, ..archetype };
        for traffic in [&mut even.sent, &mut even.received, &mut even.packets_out, &mut even.packets_in] {
            (traffic.hours, traffic.weekend) = ([1.0; 24], 1.0);
        }
        let tables = tables(&even);
        let amounts = amounts(&even, &tables);
        let values = amounts.each_ref().map(|amount| {
            let [mean, variance, _] = amount.law(0, 0);
            (mean + 2.5 * variance.sqrt()).ceil()
        });
        let mut above = [0.0; 4];
        week(&even, &tables, |_, tick, steps| {
            assert!(steps.iter().all(|step| *step == 0));
            for ((amount, value), above) in amounts.iter().zip(values).zip(&mut above) {
                let reached = tick.column(amount.column)[..LANES].iter().filter(|found| f64::from(**found) >= value);
                *above += reached.count() as f64;
            }
        });
        let n = (WEEK as usize * LANES) as f64;
        for ((amount, value), found) in amounts.iter().zip(values).zip(above) {
            let p = amount.tail(0, 0, value);
            assert!((0.001..0.1).contains(&p), "{} {}: {p} is no tail", even.name, amount.name);
            let error = (n * p * (1.0 - p)).sqrt();
            let (name, expected) = (amount.name, n * p);
            assert!((found - expected).abs() < 5.0 * error, "{} {name}: {found}, not {expected} ± {error}", even.name);
        }
    }
}
