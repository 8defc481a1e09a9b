//! How much does a draw cost? Tables against `rand_distr`, at the rates that devices have.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Gamma, Poisson};
use sim::dice::{Purpose, draw, salt};
use sim::sampler::{AliasTables, Ladder};

const DRAWS: u64 = 4_096;
const DISPERSION: f64 = 4.0;

fn counts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one_count_ns");
    group.throughput(Throughput::Elements(DRAWS));
    for mean in [0.02, 3.0, 30.0, 300.0] {
        let mut tables = AliasTables::default();
        let ladder = Ladder::new(mean, DISPERSION, -16, 16, &mut tables);
        group.bench_with_input(BenchmarkId::new("table", mean), &mean, |bench, _| {
            bench.iter(|| {
                let salt = salt(Purpose::Messages, black_box(7));
                (0..DRAWS)
                    .map(|i| tables.sample(ladder.rung((i % 9) as i32 - 4), (draw(i, salt) >> 32) as u32))
                    .sum::<u32>()
            });
        });
        group.bench_with_input(BenchmarkId::new("rand_distr", mean), &mean, |bench, mean| {
            let mut dice = Xoshiro256PlusPlus::seed_from_u64(1);
            let gamma = Gamma::new(DISPERSION, mean / DISPERSION).expect("positive");
            bench.iter(|| {
                (0..DRAWS)
                    .map(|_| {
                        Poisson::new(gamma.sample(&mut dice).max(1e-12)).expect("positive").sample(&mut dice) as u32
                    })
                    .sum::<u32>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, counts);
criterion_main!(benches);
