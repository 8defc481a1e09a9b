//! Random profiles: whatever two profiles ask for, whenever they are attached and detached, and however the fleet is cut
//! into shards, both judges over columns record what the reference records.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::bench::{Bench, until};
use super::columns::{Doing, LANES, Line, State, config, doing, threshold, told};
use crate::detect::alarm::ViolationEventType;
use crate::detect::behavior::Behavior;
use crate::detect::columns::{Column, Columns, Judge, Plain, Program, Tick, Transition, has_lane, set_lane};
use crate::detect::tests::fixture::at;
use crate::detect::violation::ViolationFilter;
use crate::time::{Millis, Timestamp};

const PROFILES: [&str; 2] = ["P", "Q"];

fn operator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["less-than", "less-than-equals", "greater-than", "greater-than-equals"])
}

fn duration() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![300u64, 600, 900, 1800, 3600])
}

/// A metric, the largest threshold that makes sense for it, and whether a static rule on it has a duration.
fn counted() -> impl Strategy<Value = (&'static str, u64, bool)> {
    prop::sample::select(vec![
        ("aws:num-messages-sent", 12, true),
        ("aws:num-authorization-failures", 5, true),
        ("aws:num-connection-attempts", 3, true),
        ("aws:num-disconnects", 3, true),
        ("aws:message-byte-size", 60, false),
        ("aws:all-bytes-out", 1200, true),
        ("aws:num-listening-tcp-ports", 3, false),
        ("aws:num-established-tcp-connections", 4, false),
    ])
}

fn set() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let addresses = || json!({"cidrs": ["10.0.0.1", "10.0.0.2/31"]});
    let peers = || json!({"cidrs": ["192.0.2.2", "192.0.2.0/31"]});
    let ports = || json!({"ports": [22, 443]});
    prop::sample::select(vec![
        ("aws:source-ip-address", "in-cidr-set", addresses()),
        ("aws:source-ip-address", "not-in-cidr-set", addresses()),
        ("aws:destination-ip-addresses", "in-cidr-set", peers()),
        ("aws:destination-ip-addresses", "not-in-cidr-set", peers()),
        ("aws:listening-tcp-ports", "in-port-set", ports()),
        ("aws:listening-tcp-ports", "not-in-port-set", ports()),
    ])
}

/// A behavior without a name.
fn behavior() -> impl Strategy<Value = Value> {
    let rule = |metric: &str, operator: &str, count: u64, seconds: Option<u64>| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "value": {"count": count},
            "durationSeconds": seconds}})
    };
    let bounds = (counted(), operator(), 0u64..1_000, duration())
        .prop_map(move |((metric, most, lasts), op, n, d)| rule(metric, op, n % (most + 1), lasts.then_some(d)));
    let silence = (prop::sample::select(vec!["less-than", "less-than-equals"]), 0u64..40)
        .prop_map(move |(operator, minutes)| rule("aws:disconnect-duration", operator, minutes, None));
    let all = vec!["p0", "p0.1", "p0.01", "p1", "p10", "p50", "p90", "p99", "p99.9", "p99.99", "p100"];
    let statistic = prop::sample::select(all);
    let crowds = (counted(), operator(), statistic, duration()).prop_map(|((metric, ..), operator, statistic, d)| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "durationSeconds": d,
            "statisticalThreshold": {"statistic": statistic}}})
    });
    let sets = set().prop_map(|(metric, operator, value)| {
        json!({"metric": metric, "criteria": {"comparisonOperator": operator, "value": value}})
    });
    let any = prop_oneof![4 => bounds, 1 => silence, 3 => crowds, 2 => sets];
    (any, 1u8..4, 1u8..4).prop_map(|(mut behavior, to_alarm, to_clear)| {
        behavior["criteria"]["consecutiveDatapointsToAlarm"] = json!(to_alarm);
        behavior["criteria"]["consecutiveDatapointsToClear"] = json!(to_clear);
        behavior
    })
}

/// Behaviors with names that follow their order.
fn behaviors() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(behavior(), 1..7).prop_map(|mut all| {
        all.iter_mut().enumerate().for_each(|(i, behavior)| behavior["name"] = json!(format!("R{i:02}")));
        all
    })
}

/// The lanes `from..to` of a tick, as the tick of a shard of its own.
fn part(tick: &Tick, program: &Program, from: usize, to: usize) -> Tick {
    let mut part = Tick::new(to - from, program);
    (part.start, part.end) = (tick.start, tick.end);
    part.thresholds.clone_from(&tick.thresholds);
    part.arrival.copy_from_slice(&tick.arrival[from..to]);
    for (own, whole) in part.numbers.iter_mut().zip(&tick.numbers) {
        own.copy_from_slice(&whole[from..to]);
    }
    let cut = |own: &mut [u64], whole: &[u64]| {
        (from..to).for_each(|lane| set_lane(own, lane - from, has_lane(whole, lane)));
    };
    cut(&mut part.active, &tick.active);
    cut(&mut part.reported, &tick.reported);
    cut(&mut part.known, &tick.known);
    for (own, whole) in part.set_violations.iter_mut().zip(&tick.set_violations) {
        cut(own, whole);
    }
    part
}

/// A fleet cut into shards, each with a judge of its own.
struct Fleet {
    shards: Vec<(usize, usize, Box<dyn Judge>)>,
    out: Vec<Transition>,
}

impl Fleet {
    fn new(cuts: &[usize], judge: impl Fn(usize) -> Box<dyn Judge>) -> Fleet {
        let shards = cuts.windows(2).map(|cut| (cut[0], cut[1], judge(cut[1] - cut[0]))).collect();
        Fleet { shards, out: Vec::new() }
    }

    fn each(&mut self, act: impl Fn(usize, usize, &mut dyn Judge, &mut Vec<Transition>)) {
        for (from, to, judge) in &mut self.shards {
            let mut out = Vec::new();
            act(*from, *to, judge.as_mut(), &mut out);
            let moved = out.into_iter().map(|found| Transition { lane: found.lane + *from as u32, ..found });
            self.out.extend(moved);
        }
    }

    fn judge(&mut self, tick: &Tick, program: &Program) {
        let mut tick = tick.clone();
        for (position, population) in program.populations().iter().enumerate() {
            let mut values = Vec::new();
            for (from, to, judge) in &self.shards {
                judge.contribute(&part(&tick, program, *from, *to), position, &mut values);
            }
            tick.thresholds[position] = threshold(values, population.statistic);
        }
        self.each(|from, to, judge, out| judge.judge(&part(&tick, program, from, to), out));
    }

    fn lines(&self, program: &Program, behaviors: &[&Vec<Behavior>]) -> Vec<(String, Line)> {
        let line = |found: &Transition| {
            let rule = &program.rules()[found.rule as usize];
            let behavior = &behaviors[rule.profile as usize][rule.behavior as usize];
            let is_set = program.set_rules().any(|(rule, _, _)| rule == found.rule as usize);
            let has_number = !is_set && found.kind != ViolationEventType::AlarmInvalidated;
            let line = (
                (found.time - at(0)).0 / 1_000,
                behavior.name.clone(),
                format!("d{}", found.lane),
                found.kind,
                has_number.then_some(found.value),
            );
            (PROFILES[rule.profile as usize].to_owned(), line)
        };
        let mut lines: Vec<_> = self.out.iter().map(line).collect();
        lines.sort();
        lines
    }
}

fn reference_lines(bench: &Bench) -> Vec<(String, Line)> {
    let range = (Timestamp(0), until());
    let recorded = bench.world.detect.violation_events(until(), range, ViolationFilter::default());
    let mut lines: Vec<_> = recorded
        .map(|event| {
            let number = event.metric_value.and_then(|value| value.count?.as_u64());
            let second = (event.violation_event_time - at(0)).0 / Millis::SECOND.0;
            let line = (second, event.behavior.name, event.thing_name, event.violation_event_type, number);
            (event.security_profile_name, line)
        })
        .collect();
    lines.sort();
    lines
}

/// Runs a world through the reference and through fleets, whole and cut at `cut`. `changes` are ticks at whose start a
/// profile is attached if it is not, or else detached.
fn run(
    profiles: &[Vec<Value>; 2],
    world: &[Vec<Doing>],
    changes: &[(usize, usize)],
    cut: usize,
) -> Vec<Vec<(String, Line)>> {
    let mut bench = Bench::new();
    for (name, behaviors) in PROFILES.iter().zip(profiles) {
        bench.watch(0, name, json!(behaviors), "all/things");
    }
    let of = |bench: &Bench, name: &str| -> Vec<Behavior> {
        let all = bench.world.detect.evaluations().filter(|(_, row)| row.profile_name() == name);
        all.map(|(_, row)| row.behavior().clone()).collect()
    };
    let judged = PROFILES.map(|name| of(&bench, name));
    let program = Program::compile(judged.iter().map(Vec::as_slice)).expect("all columnar");
    let mut fleets = [
        Fleet::new(&[0, LANES], |lanes| Box::new(Plain::new(&program, lanes))),
        Fleet::new(&[0, LANES], |lanes| Box::new(Columns::new(&program, lanes))),
        Fleet::new(&[0, cut, LANES], |lanes| Box::new(Columns::new(&program, lanes))),
    ];
    let cover = |fleets: &mut [Fleet], second: i64, profile: usize, covered: bool| {
        for fleet in fleets {
            fleet.each(|from, to, judge, out| {
                (0..(to - from) as u32).for_each(|lane| judge.cover(at(second), profile as u32, lane, covered, out));
            });
        }
    };
    let mut attached = [true, true];
    (0..PROFILES.len()).for_each(|profile| cover(&mut fleets, 0, profile, true));
    let mut states = vec![State::default(); LANES];
    for (k, doings) in world.iter().enumerate() {
        let second = k as i64 * 300;
        for &(_, profile) in changes.iter().filter(|(tick, _)| *tick == k && k > 0) {
            attached[profile] = !attached[profile];
            let covered = attached[profile];
            bench.change(second, |world, now| match covered {
                true => world.attach(now, PROFILES[profile], "all/things").expect("valid"),
                false => world.detach(now, PROFILES[profile], "all/things").expect("valid"),
            });
            cover(&mut fleets, second, profile, covered);
        }
        let tick = told(&mut bench, &program, second, doings, &mut states);
        debug_assert!(tick.column(Column::Received).iter().all(|count| *count == 0), "nobody is sent anything");
        fleets.iter_mut().for_each(|fleet| fleet.judge(&tick, &program));
        bench.run_to(second + 300);
    }
    let behaviors: Vec<&Vec<Behavior>> = judged.iter().collect();
    let mut lines = vec![reference_lines(&bench)];
    lines.extend(fleets.iter().map(|fleet| fleet.lines(&program, &behaviors)));
    lines
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_profiles_are_judged_alike(
        profiles in [behaviors(), behaviors()],
        world in prop::collection::vec(prop::collection::vec(doing(), LANES), 1..30),
        changes in prop::collection::vec((0usize..30, 0usize..2), 0..6),
        cut in 1..LANES,
    ) {
        let lines = run(&profiles, &world, &changes, cut);
        for (judge, found) in ["plain", "fast", "fast in two shards"].iter().zip(&lines[1..]) {
            prop_assert_eq!(&lines[0], found, "{}", judge);
        }
    }
}
