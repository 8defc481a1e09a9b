//! What does an event cost while others wait, in the calendar and in a binary heap? The hold model: the next event is
//! taken out and another one entered, so that as many wait as before.
//!
//! `cargo bench -p fleetrange-benches --bench calendar`

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use defender::time::{Millis, Timestamp};
use sim::calendar::Calendar;
use sim::dice::mix;

/// As large as what the world enters.
type Payload = [u64; 8];

/// Events taken out and entered again in each sample.
const HOLDS: u64 = 10_000;

/// A week: events lie this far ahead at most, and any delay is as likely as another.
fn delay(number: u64) -> Millis {
    Millis((mix(number) % Millis::days(7).0 as u64) as i64)
}

trait Queue: Default {
    fn enter(&mut self, time: Timestamp, payload: Payload);
    fn take(&mut self) -> (Timestamp, Payload);
}

impl Queue for Calendar<Payload> {
    fn enter(&mut self, time: Timestamp, payload: Payload) {
        self.add(time, payload);
    }

    fn take(&mut self) -> (Timestamp, Payload) {
        self.pop().expect("others wait")
    }
}

/// The same order by the same key.
#[derive(Default)]
struct Heap {
    entries: BinaryHeap<Reverse<(Timestamp, u64, Payload)>>,
    serial: u64,
}

impl Queue for Heap {
    fn enter(&mut self, time: Timestamp, payload: Payload) {
        self.entries.push(Reverse((time, self.serial, payload)));
        self.serial += 1;
    }

    fn take(&mut self) -> (Timestamp, Payload) {
        let Reverse((time, _, payload)) = self.entries.pop().expect("others wait");
        (time, payload)
    }
}

fn hold<Q: Queue>(queue: &mut Q, number: &mut u64) -> u64 {
    let mut sum = 0;
    for _ in 0..HOLDS {
        let (now, payload) = queue.take();
        sum ^= payload[0];
        *number += 1;
        queue.enter(now + delay(*number), [*number; 8]);
    }
    sum
}

/// A queue in which so many wait, after a week of holding: then it looks as it always will.
fn waiting<Q: Queue>(pending: u64) -> (Q, u64) {
    let mut queue = Q::default();
    let mut number = 0;
    while number < pending {
        number += 1;
        queue.enter(Timestamp(0) + delay(number), [number; 8]);
    }
    for _ in 0..pending.div_ceil(HOLDS) {
        hold(&mut queue, &mut number);
    }
    (queue, number)
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event");
    group.throughput(Throughput::Elements(HOLDS)).sample_size(20);
    for pending in [1_000, 100_000, 1_000_000] {
        fn measured<Q: Queue>(bencher: &mut criterion::Bencher<'_>, pending: &u64) {
            let (mut queue, mut number) = waiting::<Q>(*pending);
            bencher.iter(|| black_box(hold(&mut queue, &mut number)));
        }
        let id = |name| BenchmarkId::new(name, format!("{pending} pending"));
        group.bench_with_input(id("calendar"), &pending, measured::<Calendar<Payload>>);
        group.bench_with_input(id("binary heap"), &pending, measured::<Heap>);
    }
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
