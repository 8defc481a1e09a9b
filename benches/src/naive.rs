//! The straightforward fleet: one struct per device, `rand_distr` for every draw, one state struct per behavior. What
//! one would write first; the baseline that the columns are measured against.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Gamma, LogNormal, Poisson};
use rayon::prelude::*;

/// A device with its own generator and rates.
struct Device {
    dice: Xoshiro256PlusPlus,
    factor: f64,
    alarms: [Alarm; 9],
}

/// A behavior's state.
#[derive(Clone, Copy, Default)]
struct Alarm {
    bad: u8,
    good: u8,
    on: bool,
}

/// Mean counts per 300 s: sent, received, packets out, packets in.
const MEANS: [f64; 4] = [8.0, 2.0, 120.0, 110.0];
const DISPERSION: f64 = 4.0;
const LIMITS: [u64; 9] = [60, 60, 5, 10, 10, 1_000_000, 3_000, 9, 3];

impl Device {
    fn count(&mut self, mean: f64) -> u64 {
        let rate = Gamma::new(DISPERSION, mean * self.factor / DISPERSION).expect("positive").sample(&mut self.dice);
        if rate <= 0.0 { 0 } else { Poisson::new(rate).expect("positive").sample(&mut self.dice) as u64 }
    }

    /// One 300-second window: ten metrics sampled, nine behaviors judged; the number of alarms raised.
    fn window(&mut self, shape: f64) -> u64 {
        let [sent, received, out, inward] = MEANS.map(|mean| self.count(mean * shape));
        let rare = |dice: &mut Xoshiro256PlusPlus, mean: f64| Poisson::new(mean).expect("positive").sample(dice) as u64;
        let reconnects = rare(&mut self.dice, 0.007);
        let failures = rare(&mut self.dice, 0.0007);
        let connections = 1 + rare(&mut self.dice, 0.5);
        let noise = LogNormal::new(0.0, 0.05).expect("positive");
        let bytes_out = ((sent * 400 + out * 300) as f64 * noise.sample(&mut self.dice)) as u64;
        let bytes_in = ((received * 400 + inward * 300) as f64 * noise.sample(&mut self.dice)) as u64;
        std::hint::black_box(bytes_in);
        let values = [sent, received, failures, reconnects, reconnects, bytes_out, out, connections, 2];
        let mut raised = 0;
        for ((alarm, value), limit) in self.alarms.iter_mut().zip(values).zip(LIMITS) {
            if value <= limit {
                alarm.bad = 0;
                alarm.good = alarm.good.saturating_add(1);
                alarm.on &= alarm.good < 2;
            } else {
                alarm.good = 0;
                alarm.bad = alarm.bad.saturating_add(1);
                raised += u64::from(!alarm.on && alarm.bad >= 2);
                alarm.on |= alarm.bad >= 2;
            }
        }
        raised
    }
}

/// Runs `devices` for `windows` in the current thread pool, and returns how many alarms were raised.
pub fn run(devices: u32, windows: u32) -> u64 {
    let mut fleet: Vec<Device> = (0..devices)
        .map(|i| {
            let mut dice = Xoshiro256PlusPlus::seed_from_u64(u64::from(i));
            let factor = LogNormal::new(-0.08, 0.4).expect("positive").sample(&mut dice);
            Device { dice, factor, alarms: [Alarm::default(); 9] }
        })
        .collect();
    fleet
        .par_chunks_mut(1_024)
        .map(|chunk| {
            let mut raised = 0;
            for device in chunk {
                for window in 0..windows {
                    let hour = f64::from(window / 12 % 24);
                    raised += device.window(1.0 + 0.6 * (hour - 12.0) / 12.0);
                }
            }
            raised
        })
        .sum()
}
