//! Candidates in one pass against the plain judge, one candidate at a time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::detect::alarm::Consecutive;
use crate::detect::behavior::{Behavior, Criteria};
use crate::detect::criteria::{Membership, PortSet, Relation, Rule, Statistic};
use crate::metric::{Metric, MetricRef};

const PROFILES: u32 = 2;

fn behavior(metric: Metric, criteria: Criteria, seconds: Option<i64>, to_alarm: u8, to_clear: u8) -> Behavior {
    Behavior {
        name: "b".into(),
        metric: MetricRef::Aws(metric),
        value_kind: metric.value_kind(),
        dimension: None,
        criteria,
        duration: seconds.map(Millis::seconds),
        consecutive: Consecutive { to_alarm, to_clear },
        suppress_alerts: false,
        export: false,
    }
}

fn ports() -> Rule {
    Rule::Ports { membership: Membership::In, set: PortSet::new([22]) }
}

/// Any variant of a behavior that a sweep could try.
fn candidates() -> impl Strategy<Value = (u32, Behavior)> {
    let relation = prop::sample::select(vec![
        Relation::LessThan,
        Relation::LessThanEquals,
        Relation::GreaterThan,
        Relation::GreaterThanEquals,
    ]);
    let metric = prop::sample::select(vec![
        Metric::NumMessagesSent,
        Metric::AllBytesOut,
        Metric::MessageByteSize,
        Metric::DisconnectDuration,
        Metric::NumEstablishedTcpConnections,
        Metric::ListeningTcpPorts,
    ]);
    let statistic = prop::sample::select(vec!["p10", "p50", "p90", "p99"]);
    let seconds = prop::sample::select(vec![300, 600, 900]);
    let runs = (1u8..=10, 1u8..=4);
    (0..PROFILES, metric, relation, 0u64..8, (any::<bool>(), statistic), seconds, runs).prop_map(
        |(profile, metric, relation, threshold, (statistical, statistic), seconds, (to_alarm, to_clear))| {
            let gauge = matches!(metric, Metric::NumEstablishedTcpConnections | Metric::DisconnectDuration);
            let statistic = Statistic::from_name(statistic).expect("a statistic");
            let (criteria, seconds) = match metric {
                Metric::ListeningTcpPorts => (Criteria::Static(ports()), None),
                _ if statistical && metric.allows_statistics() => {
                    (Criteria::Statistical { relation, statistic }, Some(seconds))
                }
                _ => {
                    let threshold = threshold as f64;
                    (Criteria::Static(Rule::Number { relation, threshold }), (!gauge).then_some(seconds))
                }
            };
            (profile, behavior(metric, criteria, seconds, to_alarm, to_clear))
        },
    )
}

/// What the plain judge says of a candidate, when it judges nothing else; the fast one beside it agrees.
struct Alone {
    program: Program,
    judge: Plain,
    out: Vec<Transition>,
    fast: Columns,
    fast_out: Vec<Transition>,
}

impl Alone {
    fn new((profile, behavior): &(u32, Behavior), lanes: usize) -> Alone {
        let profiles: Vec<Vec<Behavior>> =
            (0..PROFILES).map(|p| if p == *profile { vec![behavior.clone()] } else { Vec::new() }).collect();
        let program = Program::compile(profiles.iter().map(|profile| &profile[..])).expect("columnar");
        let (judge, fast) = (Plain::new(&program, lanes), Columns::new(&program, lanes));
        Alone { judge, program, out: Vec::new(), fast, fast_out: Vec::new() }
    }

    fn cover(&mut self, now: Timestamp, profile: u32, lane: u32, covered: bool) {
        self.judge.cover(now, profile, lane, covered, &mut self.out);
        self.fast.cover(now, profile, lane, covered, &mut self.fast_out);
    }

    fn judge(&mut self, tick: &Tick) {
        let mut tick = tick.clone();
        tick.thresholds = vec![None; self.program.populations().len()];
        for population in 0..tick.thresholds.len() {
            let mut values = Vec::new();
            self.judge.contribute(&tick, population, &mut values);
            tick.thresholds[population] = self.program.populations()[population].statistic.threshold(&mut values);
        }
        self.judge.judge(&tick, &mut self.out);
        self.fast.judge(&tick, &mut self.fast_out);
        self.out.sort_unstable();
        self.fast_out.sort_unstable();
        assert_eq!(self.out, self.fast_out);
    }
}

/// A shard of lanes with candidates on it.
struct Together {
    slate: Slate,
    judge: Candidates,
}

impl Together {
    fn judge(&mut self, tick: &Tick) {
        let limits: Vec<Option<Limits>> = (0..self.slate.populations())
            .map(|population| {
                let mut values = Vec::new();
                self.judge.contribute(&self.slate, tick, population, &mut values);
                self.slate.limits(population, &mut values)
            })
            .collect();
        self.judge.judge(&self.slate, tick, &limits);
    }
}

/// The program whose profiles the candidates vary: it judges the ports, so that their verdicts come with the tick.
fn base() -> Program {
    let profile = [behavior(Metric::ListeningTcpPorts, Criteria::Static(ports()), None, 1, 1)];
    Program::compile([&profile[..], &profile[..]]).expect("columnar")
}

/// A world of random ticks, told to whoever listens.
struct World {
    dice: u64,
    lanes: usize,
    base: Program,
}

impl World {
    fn roll(&mut self, n: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 33) % n
    }

    fn tick(&mut self, start: Timestamp, quiet: bool) -> Tick {
        let mut tick = Tick::new(self.lanes, &self.base);
        (tick.start, tick.end) = (start, start + GRID);
        for lane in 0..self.lanes {
            if quiet {
                continue;
            }
            if self.roll(5) != 0 {
                set_lane(&mut tick.active, lane, true);
                for column in 0..Column::BytesOut.index() {
                    tick.numbers[column][lane] = self.roll(8) as u32;
                }
            }
            let known = self.roll(4) != 0;
            set_lane(&mut tick.known, lane, known);
            if self.roll(3) != 0 {
                set_lane(&mut tick.reported, lane, true);
                tick.arrival[lane] = self.roll(300_000) as u32;
                let bare = self.roll(4) == 0;
                set_lane(&mut tick.without_amounts, lane, bare);
                let first = if bare { Column::ListeningTcpPorts } else { Column::BytesOut };
                for column in first.index()..Column::COUNT {
                    tick.numbers[column][lane] = self.roll(8) as u32;
                }
            }
            let violating = self.roll(3) == 0;
            // Both profiles have the same rule, so the verdicts are the same.
            tick.set_violations.iter_mut().for_each(|mask| set_lane(mask, lane, violating));
        }
        tick
    }
}

/// Plays a world to candidates together and alone; `gap`: ticks in which nobody shows anything, in the middle.
fn play(
    candidates: &[(u32, Behavior)],
    lanes: usize,
    watched: bool,
    ticks: i64,
    gap: i64,
    seed: u64,
) -> (Together, Vec<Alone>, Vec<Change>) {
    let base = base();
    let slate = Slate::new(&base, candidates).expect("candidates on the grid");
    let mut mask = vec![0; lanes.div_ceil(64)];
    (0..lanes).for_each(|lane| set_lane(&mut mask, lane, watched));
    let strata: Vec<u16> = (0..lanes).map(|lane| (lane % 3) as u16).collect();
    let mut together = Together { judge: Candidates::new(&slate, &strata, mask), slate };
    let mut alone: Vec<Alone> = candidates.iter().map(|candidate| Alone::new(candidate, lanes)).collect();
    let mut world = World { dice: seed | 1, lanes, base };
    for i in 0..2 * ticks + gap {
        let start = Timestamp::from_seconds(1_748_736_000) + Millis(GRID.0 * i);
        let quiet = (ticks..ticks + gap).contains(&i);
        for lane in 0..lanes as u32 {
            if i == 0 || (!quiet && world.roll(16) == 0) {
                let (profile, covered) = (world.roll(u64::from(PROFILES)) as u32, world.roll(4) != 0);
                together.judge.cover(&together.slate, start, profile, lane, covered);
                alone.iter_mut().for_each(|a| a.cover(start, profile, lane, covered));
            }
        }
        let tick = world.tick(start, quiet);
        together.judge(&tick);
        alone.iter_mut().for_each(|a| a.judge(&tick));
    }
    let mut changes = together.judge.take_changes();
    changes.sort_unstable();
    (together, alone, changes)
}

fn expected(alone: &[Alone]) -> Vec<Change> {
    let of = |(candidate, alone): (usize, &Alone)| {
        let change =
            move |t: &Transition| Change { time: t.time, candidate: candidate as u8, lane: t.lane, kind: t.kind };
        alone.out.iter().map(change).collect::<Vec<_>>()
    };
    let mut changes: Vec<Change> = alone.iter().enumerate().flat_map(of).collect();
    changes.sort_unstable();
    changes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Thresholds, percentiles, durations, datapoints to alarm and to clear, gaps, coverage that comes and goes: each
    /// candidate rings and clears when it would by itself.
    #[test]
    fn candidates_ring_together_as_they_would_alone(
        candidates in prop::collection::vec(candidates(), 1..=12),
        lanes in 1usize..70,
        ticks in 1i64..14,
        seed in any::<u64>(),
    ) {
        let (_, alone, changes) = play(&candidates, lanes, true, ticks, 0, seed);
        prop_assert_eq!(changes, expected(&alone));
    }

    /// D-60, D-62: after more than two days of silence the alarms end, and only those that may.
    #[test]
    fn d60_d62_silence_ends_alarms_of_candidates_as_of_behaviors(
        candidates in prop::collection::vec(candidates(), 1..=4),
        gap in 574i64..582,
        seed in any::<u64>(),
    ) {
        let (_, alone, changes) = play(&candidates, 5, true, 8, gap, seed);
        prop_assert_eq!(changes, expected(&alone));
    }

    /// On lanes that nobody watches, alarms are counted by stratum and candidate.
    #[test]
    fn unwatched_lanes_count_their_alarms(
        candidates in prop::collection::vec(candidates(), 1..=8),
        lanes in 3usize..70,
        seed in any::<u64>(),
    ) {
        let (together, alone, changes) = play(&candidates, lanes, false, 8, 0, seed);
        prop_assert!(changes.is_empty());
        for (candidate, alone) in alone.iter().enumerate() {
            for stratum in 0..3 {
                let raised = |t: &&Transition| t.kind == ViolationEventType::InAlarm && t.lane % 3 == stratum;
                let count = alone.out.iter().filter(raised).count() as u64;
                prop_assert_eq!(together.judge.raised()[stratum as usize][candidate], count);
                let lanes: BTreeSet<u32> = alone.out.iter().filter(raised).map(|t| t.lane).collect();
                prop_assert_eq!(together.judge.rang()[stratum as usize][candidate], lanes.len() as u64);
            }
        }
    }
}

#[test]
fn sixty_four_thresholds_ring_each_at_its_own_height() {
    let sent = |threshold| {
        let rule = Rule::Number { relation: Relation::LessThanEquals, threshold: f64::from(threshold) };
        (0, behavior(Metric::NumMessagesSent, Criteria::Static(rule), Some(300), 1, 1))
    };
    let candidates: Vec<_> = (0..64).map(sent).collect();
    let slate = Slate::new(&base(), &candidates).expect("candidates on the grid");
    let mut judge = Candidates::new(&slate, &[0], vec![1]);
    judge.cover(&slate, Timestamp(0), 0, 0, true);
    let mut tick = Tick::new(1, &base());
    tick.end = Timestamp(0) + GRID;
    tick.active[0] = 1;
    tick.column_mut(Column::Sent)[0] = 40;
    judge.judge(&slate, &tick, &[]);
    let rang: Vec<u8> = judge.take_changes().iter().map(|change| change.candidate).collect();
    assert_eq!(rang, (0..40).collect::<Vec<u8>>(), "forty messages are more than 0 to 39 and no more than 40");
}

#[test]
fn a_candidate_off_the_ticks_is_refused() {
    let rule = Rule::Number { relation: Relation::LessThan, threshold: 5.0 };
    let minute = behavior(Metric::NumMessagesSent, Criteria::Static(rule), Some(60), 1, 1);
    let refused = Slate::new(&base(), &[(0, minute)]).expect_err("60 s is no multiple of 300 s");
    assert_eq!(refused.len(), 1);
    assert!(refused[0].to_string().contains("no multiple"), "{}", refused[0]);
}
