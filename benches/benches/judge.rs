//! How much does it cost to judge a device-window, by rule, on a quiet and on a noisy fleet?

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use defender::detect::alarm::Consecutive;
use defender::detect::behavior::{Behavior, Criteria};
use defender::detect::columns::{Column, Columns, Judge, Plain, Program, Tick};
use defender::detect::criteria::{Relation, Rule};
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

const LANES: usize = 1_024;

fn behavior(metric: Metric, seconds: i64) -> Behavior {
    Behavior {
        name: "limit".to_owned(),
        metric: MetricRef::Aws(metric),
        value_kind: metric.value_kind(),
        dimension: None,
        criteria: Criteria::Static(Rule::Number { relation: Relation::LessThanEquals, threshold: 100.0 }),
        duration: Some(Millis::seconds(seconds)),
        consecutive: Consecutive { to_alarm: 2, to_clear: 2 },
        suppress_alerts: false,
        export: false,
    }
}

/// A tick in which every n-th device is over the limit.
fn tick(program: &Program, every: usize) -> Tick {
    let mut tick = Tick::new(LANES, program);
    tick.start = Timestamp::from_seconds(1_780_272_000);
    tick.end = tick.start + program.tick();
    tick.active.fill(u64::MAX);
    tick.reported.fill(u64::MAX);
    for column in [Column::Sent, Column::BytesOut] {
        for (lane, value) in tick.column_mut(column).iter_mut().enumerate() {
            *value = if lane % every == 0 { 200 } else { 7 };
        }
    }
    tick
}

fn judge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one_device_window_and_rule_ns");
    group.throughput(Throughput::Elements(LANES as u64));
    let cases = [
        ("cloud_300s", behavior(Metric::NumMessagesSent, 300)),
        ("cloud_3600s", behavior(Metric::NumMessagesSent, 3_600)),
        ("device_300s", behavior(Metric::AllBytesOut, 300)),
        ("device_3600s", behavior(Metric::AllBytesOut, 3_600)),
    ];
    for (name, behavior) in cases {
        let program = Program::compile([&[behavior][..]]).expect("columnar");
        for (mood, every) in [("quiet", 100_000), ("noisy", 10)] {
            let tick = tick(&program, every);
            let judges: [(&str, Box<dyn Judge>); 2] = [
                ("columns", Box::new(Columns::new(&program, LANES))),
                ("plain", Box::new(Plain::new(&program, LANES))),
            ];
            for (kind, mut judge) in judges {
                let mut out = Vec::new();
                (0..LANES as u32).for_each(|lane| judge.cover(tick.start, 0, lane, true, &mut out));
                group.bench_function(BenchmarkId::new(format!("{name}_{mood}"), kind), |bench| {
                    bench.iter(|| {
                        out.clear();
                        judge.judge(&tick, &mut out);
                        out.len()
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, judge);
criterion_main!(benches);
