//! Both judges against the specification's series, and against each other on random worlds.

use proptest::prelude::*;

use super::*;
use crate::detect::alarm::Consecutive;
use crate::detect::alarm::ViolationEventType::{AlarmCleared, AlarmInvalidated, InAlarm};
use crate::detect::behavior::{Behavior, Criteria};
use crate::detect::criteria::{CidrSet, Membership, Observed, PortSet, Relation, Rule, Statistic};
use crate::detect::ml::{Gathering, Normal, Readings};
use crate::detect::wire::ConfidenceLevel;
use crate::metric::{Metric, MetricRef};

const B: i64 = 1_748_736_000;

fn number(metric: Metric, relation: Relation, threshold: f64, seconds: i64, to_alarm: u8, to_clear: u8) -> Behavior {
    Behavior {
        name: "b".into(),
        metric: MetricRef::Aws(metric),
        value_kind: metric.value_kind(),
        dimension: None,
        criteria: Criteria::Static(Rule::Number { relation, threshold }),
        duration: Some(Millis::seconds(seconds)),
        consecutive: Consecutive { to_alarm, to_clear },
        suppress_alerts: false,
        export: false,
    }
}

/// Both implementations, asked the same.
fn both(program: &Program, lanes: usize) -> [Box<dyn Judge>; 2] {
    [Box::new(Columns::new(program, lanes)), Box::new(Plain::new(program, lanes))]
}

/// Runs one lane through a series of optional values of one column, and lists (seconds after B, event, value).
fn series(behavior: Behavior, column: Column, values: &[Option<u32>]) -> Vec<(i64, ViolationEventType, u64)> {
    let program = Program::compile([&[behavior][..]]).expect("columnar");
    let runs = both(&program, 1).map(|mut judge| {
        let mut out = Vec::new();
        judge.cover(Timestamp::from_seconds(B), 0, 0, true, &mut out);
        for (i, value) in values.iter().enumerate() {
            let mut tick = Tick::new(1, &program);
            tick.start = Timestamp::from_seconds(B) + Millis(program.tick().0 * i as i64);
            tick.end = tick.start + program.tick();
            let present = u64::from(value.is_some());
            tick.active[0] = present;
            tick.known[0] = present;
            tick.reported[0] = present;
            tick.column_mut(column)[0] = value.unwrap_or(0);
            judge.judge(&tick, &mut out);
        }
        out.iter().map(|t| ((t.time - Timestamp::from_seconds(B)).0 / 1_000, t.kind, t.value)).collect::<Vec<_>>()
    });
    assert_eq!(runs[0], runs[1]);
    runs.into_iter().next().expect("two runs")
}

fn some(values: &[u32]) -> Vec<Option<u32>> {
    values.iter().copied().map(Some).collect()
}

const SENT: Metric = Metric::NumMessagesSent;

#[test]
fn t_d01_to_t_d08_static_series() {
    let sent = |n, m| number(SENT, Relation::LessThanEquals, 50.0, 300, n, m);
    assert_eq!(
        series(sent(1, 1), Column::Sent, &some(&[10, 50, 51, 49])),
        [(900, InAlarm, 51), (1200, AlarmCleared, 49)]
    );
    let failures = number(Metric::NumAuthorizationFailures, Relation::LessThan, 5.0, 300, 3, 2);
    assert_eq!(
        series(failures, Column::AuthorizationFailures, &some(&[5, 6, 2, 7, 8, 9, 1, 9, 0, 0])),
        [(1800, InAlarm, 9), (3000, AlarmCleared, 0)]
    );
    assert_eq!(
        series(sent(2, 1), Column::Sent, &[Some(60), None, Some(70), Some(40)]),
        [(900, InAlarm, 70), (1200, AlarmCleared, 40)]
    );
    let more = number(SENT, Relation::GreaterThan, 10.0, 300, 1, 1);
    assert_eq!(series(more, Column::Sent, &some(&[0, 11])), [(300, InAlarm, 0), (600, AlarmCleared, 11)]);
    let seed = number(SENT, Relation::GreaterThan, 1000.0, 300, 2, 2);
    assert_eq!(
        series(seed, Column::Sent, &some(&[1500, 1500, 20, 20, 1500, 1500])),
        [(1200, InAlarm, 20), (1800, AlarmCleared, 1500)]
    );
    let long = number(SENT, Relation::LessThanEquals, 50.0, 900, 1, 1);
    assert_eq!(
        series(long, Column::Sent, &some(&[20, 20, 20, 10, 10, 10])),
        [(900, InAlarm, 60), (1800, AlarmCleared, 30)]
    );
    assert_eq!(series(sent(2, 3), Column::Sent, &some(&[60, 40, 60, 40, 60, 60])), [(1800, InAlarm, 60)]);
    assert_eq!(
        series(sent(3, 3), Column::Sent, &some(&[60, 60, 60, 40, 40, 60, 40, 40, 40])),
        [(900, InAlarm, 60), (2700, AlarmCleared, 40)]
    );
}

#[test]
fn t_d09_t_d10_message_size_is_judged_by_the_worst_message() {
    let mut most = number(Metric::MessageByteSize, Relation::LessThanEquals, 1024.0, 300, 1, 1);
    most.duration = None;
    assert_eq!(
        series(most, Column::LargestMessage, &[Some(2000), None, Some(10)]),
        [(300, InAlarm, 2000), (900, AlarmCleared, 10)]
    );
    let mut least = number(Metric::MessageByteSize, Relation::GreaterThanEquals, 10.0, 300, 1, 1);
    least.duration = None;
    assert_eq!(series(least, Column::SmallestMessage, &some(&[5])), [(300, InAlarm, 5)]);
}

#[test]
fn t_d15_device_side_sums_slide() {
    let bytes = number(Metric::AllBytesOut, Relation::LessThanEquals, 500.0, 900, 1, 1);
    assert_eq!(series(bytes, Column::BytesOut, &some(&[100, 200, 300, 400])), [(600, InAlarm, 600)]);
}

#[test]
fn a_column_may_lack_a_datapoint_where_others_have_one() {
    let most = |metric| number(metric, Relation::GreaterThan, 10.0, 300, 1, 1);
    let ports = Behavior {
        metric: MetricRef::Aws(Metric::ListeningTcpPorts),
        value_kind: Metric::ListeningTcpPorts.value_kind(),
        criteria: Criteria::Static(Rule::Ports { membership: Membership::In, set: PortSet::new([22]) }),
        duration: None,
        ..most(SENT)
    };
    let program = Program::compile([&[most(SENT), most(Metric::NumMessagesReceived), ports][..]]).expect("columnar");
    for mut judge in both(&program, 1) {
        let mut out = Vec::new();
        judge.cover(Timestamp::from_seconds(B), 0, 0, true, &mut out);
        let mut tick = Tick::new(1, &program);
        (tick.start, tick.end) = (Timestamp::from_seconds(B), Timestamp::from_seconds(B + 300));
        (tick.active[0], tick.reported[0], tick.set_violations[0][0]) = (1, 1, 1);
        tick.missing = vec![vec![0]; tick.numbers.len() + 1];
        tick.missing[Column::Sent.index()][0] = 1;
        tick.missing[Column::COUNT][0] = 1;
        judge.judge(&tick, &mut out);
        assert_eq!(out.iter().map(|t| t.rule).collect::<Vec<_>>(), [1], "0 messages received are a datapoint");
    }
}

#[test]
fn t_d20_t_d21_silence_is_not_a_violation_but_zero_is_a_datapoint() {
    let sent = number(SENT, Relation::LessThanEquals, 50.0, 300, 1, 1);
    assert_eq!(series(sent, Column::Sent, &some(&[0, 0])), []);
    let heartbeat = number(SENT, Relation::GreaterThan, 0.0, 300, 1, 1);
    assert_eq!(series(heartbeat, Column::Sent, &[None, None]), []);
}

#[test]
fn t_d50_two_days_of_silence_invalidate() {
    let sent = number(SENT, Relation::LessThanEquals, 50.0, 300, 1, 1);
    let mut values = vec![Some(60)];
    values.resize(600, None);
    assert_eq!(series(sent, Column::Sent, &values), [(300, InAlarm, 60), (173_400, AlarmInvalidated, 0)]);
}

#[test]
fn x06_windows_of_60_seconds_shorten_the_tick() {
    let minute = number(Metric::NumAuthorizationFailures, Relation::LessThanEquals, 5.0, 60, 1, 1);
    let program = Program::compile([&[minute.clone()][..]]).expect("columnar");
    assert_eq!(program.tick(), Millis::seconds(60));
    assert_eq!(
        series(minute, Column::AuthorizationFailures, &some(&[6, 0])),
        [(60, InAlarm, 6), (120, AlarmCleared, 0)]
    );
    let sent = number(SENT, Relation::LessThanEquals, 50.0, 300, 1, 1);
    let mixed = [sent, number(Metric::NumDisconnects, Relation::LessThanEquals, 5.0, 60, 1, 1)];
    let program = Program::compile([&mixed[..]]).expect("columnar");
    let RuleKind::Number(rule) = &program.rules()[0].kind else { panic!("a number rule") };
    assert_eq!(rule.ticks, 5);
}

#[test]
fn t_d58_the_first_window_starts_at_or_after_the_attachment() {
    let long = number(SENT, Relation::LessThanEquals, 50.0, 900, 1, 1);
    let program = Program::compile([&[long][..]]).expect("columnar");
    for mut judge in both(&program, 1) {
        let mut out = Vec::new();
        for i in 0..6 {
            if i == 1 {
                judge.cover(Timestamp::from_seconds(B + 300), 0, 0, true, &mut out);
            }
            let mut tick = Tick::new(1, &program);
            tick.start = Timestamp::from_seconds(B + 300 * i);
            tick.end = Timestamp::from_seconds(B + 300 * i + 300);
            tick.active[0] = 1;
            tick.column_mut(Column::Sent)[0] = 100;
            judge.judge(&tick, &mut out);
        }
        assert_eq!(out.len(), 1, "only the window that starts at B+900 counts");
        assert_eq!(out[0].time, Timestamp::from_seconds(B + 1800));
    }
}

/// Runs a set rule through observed sets (`None`: no datapoint), and lists (seconds after B, event).
fn set_series(metric: Metric, rule: Rule, sets: &[Option<Observed>]) -> Vec<(i64, ViolationEventType)> {
    let behavior = Behavior {
        criteria: Criteria::Static(rule.clone()),
        duration: None,
        ..number(metric, Relation::LessThan, 0.0, 300, 1, 1)
    };
    let program = Program::compile([&[behavior][..]]).expect("columnar");
    let runs = both(&program, 1).map(|mut judge| {
        let mut out = Vec::new();
        judge.cover(Timestamp::from_seconds(B), 0, 0, true, &mut out);
        for (i, set) in sets.iter().enumerate() {
            let mut tick = Tick::new(1, &program);
            tick.start = Timestamp::from_seconds(B + 300 * i as i64);
            tick.end = tick.start + program.tick();
            tick.active[0] = u64::from(set.is_some());
            tick.reported[0] = u64::from(set.is_some());
            tick.set_violations[0][0] = u64::from(set.as_ref().is_some_and(|set| !rule.conforms(set)));
            judge.judge(&tick, &mut out);
        }
        out.iter().map(|t| ((t.time - Timestamp::from_seconds(B)).0 / 1_000, t.kind)).collect::<Vec<_>>()
    });
    assert_eq!(runs[0], runs[1]);
    runs.into_iter().next().expect("two runs")
}

fn addresses(texts: &[&str]) -> Option<Observed> {
    Some(Observed::Cidrs(texts.iter().map(|text| text.parse().expect("an address")).collect()))
}

#[test]
fn t_d11_t_d12_source_addresses() {
    let networks = |text: &str| CidrSet::new([text.parse().expect("a network")]);
    let outside = Rule::Cidrs { membership: Membership::NotIn, set: networks("12.8.0.0/16") };
    assert_eq!(
        set_series(Metric::SourceIpAddress, outside, &[addresses(&["12.8.5.6"]), addresses(&["10.0.0.1"])]),
        [(300, InAlarm), (600, AlarmCleared)]
    );
    let inside = Rule::Cidrs { membership: Membership::In, set: networks("10.0.0.0/8") };
    let mixed = addresses(&["10.1.1.1", "192.168.0.1"]);
    assert_eq!(set_series(Metric::SourceIpAddress, inside, &[mixed]), [(300, InAlarm)]);
}

#[test]
fn t_d13_the_empty_set_of_ports_clears() {
    let rule = Rule::Ports { membership: Membership::In, set: PortSet::new([22, 443]) };
    let ports = |ports: &[u16]| Some(Observed::Ports(ports.iter().copied().collect()));
    let reports = [ports(&[22, 443]), ports(&[22, 8080]), ports(&[])];
    // Device-side datapoints carry the time of the report's arrival: here the start of its window.
    assert_eq!(set_series(Metric::ListeningTcpPorts, rule, &reports), [(300, InAlarm), (600, AlarmCleared)]);
}

#[test]
fn t_d19_disconnect_duration_grows_until_the_device_is_back() {
    let mut behavior = number(Metric::DisconnectDuration, Relation::LessThanEquals, 30.0, 300, 1, 1);
    behavior.duration = None;
    assert_eq!(
        series(behavior, Column::DisconnectMinutes, &some(&[4, 9, 14, 19, 24, 29, 34, 0])),
        [(2100, InAlarm, 34), (2400, AlarmCleared, 0)]
    );
}

/// Lanes in alarm after one window over the limit.
fn ringing(judge: &mut dyn Judge, program: &Program, lanes: u32, out: &mut Vec<Transition>) {
    let mut tick = Tick::new(lanes as usize, program);
    tick.start = Timestamp::from_seconds(B);
    tick.end = tick.start + program.tick();
    for lane in 0..lanes as usize {
        tick.active[lane / 64] |= 1 << (lane % 64);
        tick.column_mut(Column::AuthorizationFailures)[lane] = 6;
    }
    judge.judge(&tick, out);
}

#[test]
fn t_d51_t_d56_the_end_of_coverage_invalidates() {
    let behavior = number(Metric::NumAuthorizationFailures, Relation::LessThanEquals, 5.0, 300, 1, 1);
    let program = Program::compile([&[behavior][..]]).expect("columnar");
    for mut judge in both(&program, 1) {
        let mut out = Vec::new();
        judge.cover(Timestamp::from_seconds(B), 0, 0, true, &mut out);
        ringing(judge.as_mut(), &program, 1, &mut out);
        judge.cover(Timestamp::from_seconds(B + 450), 0, 0, false, &mut out);
        judge.cover(Timestamp::from_seconds(B + 450), 0, 0, false, &mut out);
        let seen: Vec<_> = out.iter().map(|t| (t.time, t.kind, t.value)).collect();
        assert_eq!(
            seen,
            [(Timestamp::from_seconds(B + 300), InAlarm, 6), (Timestamp::from_seconds(B + 450), AlarmInvalidated, 0)]
        );
    }
}

#[test]
fn t_d62_fifty_devices_ring_at_once_each_for_itself() {
    let behavior = number(Metric::NumAuthorizationFailures, Relation::LessThanEquals, 5.0, 300, 1, 1);
    let program = Program::compile([&[behavior][..]]).expect("columnar");
    for mut judge in both(&program, 50) {
        let mut out = Vec::new();
        (0..50).for_each(|lane| judge.cover(Timestamp::from_seconds(B), 0, lane, true, &mut out));
        ringing(judge.as_mut(), &program, 50, &mut out);
        out.sort_unstable();
        assert_eq!(out.iter().map(|t| t.lane).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert!(out.iter().all(|t| (t.time, t.kind, t.value) == (Timestamp::from_seconds(B + 300), InAlarm, 6)));
    }
}

fn learned(metric: Metric, to_alarm: u8, to_clear: u8) -> Behavior {
    Behavior {
        criteria: Criteria::MachineLearning { confidence: ConfidenceLevel::Low },
        duration: None,
        ..number(metric, Relation::LessThan, 0.0, 300, to_alarm, to_clear)
    }
}

#[test]
fn d_ml5_without_a_normal_range_datapoints_are_learned_and_not_judged() {
    let program = Program::compile([&[learned(SENT, 1, 1), learned(Metric::AllBytesOut, 1, 1)][..]]).expect("columnar");
    for mut judge in both(&program, 1) {
        let mut out = Vec::new();
        judge.cover(Timestamp::from_seconds(B), 0, 0, true, &mut out);
        let normals = [None, Some(Normal { low: 5, high: 20 }), Some(Normal { low: 5, high: 20 }), None];
        for (i, normal) in normals.into_iter().enumerate() {
            let mut tick = Tick::new(1, &program);
            tick.start = Timestamp::from_seconds(B + 300 * i as i64);
            tick.end = tick.start + GRID;
            (tick.active[0], tick.reported[0]) = (1, 1);
            tick.arrival[0] = if i == 2 { 0 } else { 7_000 };
            tick.column_mut(Column::Sent)[0] = 30 + i as u32;
            tick.column_mut(Column::BytesOut)[0] = 10;
            // A report at the very start of a tick belongs to the hour before.
            tick.normals = vec![[normal; 2], [normal.map(|_| Normal { low: 11, high: 11 }), normal]];
            judge.judge(&tick, &mut out);
        }
        judge.discontinue(Timestamp::from_seconds(B + 1_200), 0, &mut out);
        judge.discontinue(Timestamp::from_seconds(B + 1_200), 0, &mut out);
        let seen: Vec<_> =
            out.iter().map(|t| ((t.time - Timestamp::from_seconds(B)).0 / 1_000, t.rule, t.kind, t.value)).collect();
        assert_eq!(seen, [(600, 0, InAlarm, 31), (600, 1, InAlarm, 10), (1_200, 0, AlarmInvalidated, 0)]);
        assert_eq!(judge.counts().iter().map(|count| count.judged).collect::<Vec<_>>(), [2, 2]);
        let mut sent = Readings::default();
        (0..4).for_each(|i| sent.add(Timestamp::from_seconds(B + 300 * (i + 1)), 30 + i as u64));
        assert_eq!(judge.take_readings()[0], sent);
        assert_eq!(judge.take_readings()[0], Readings::default());
    }
}

/// A program that uses every road through the judges; `minute` is the duration of its shortest window \[s\].
fn rich_program(minute: i64) -> Program {
    let statistical = |metric, p, relation, seconds| Behavior {
        criteria: Criteria::Statistical { relation, statistic: Statistic::from_name(p).expect("a statistic") },
        ..number(metric, relation, 0.0, seconds, 1, 2)
    };
    let ports = Behavior {
        criteria: Criteria::Static(Rule::Ports { membership: Membership::In, set: PortSet::new([22]) }),
        duration: None,
        ..number(Metric::ListeningTcpPorts, Relation::LessThan, 0.0, 300, 2, 1)
    };
    let first = [
        number(SENT, Relation::LessThanEquals, 5.0, 300, 2, 2),
        number(SENT, Relation::GreaterThan, 1.0, 900, 1, 3),
        number(Metric::AllBytesOut, Relation::LessThan, 12.0, 600, 3, 1),
        number(Metric::AllBytesOut, Relation::LessThan, 5.0, 300, 1, 1),
        ports,
        number(Metric::DisconnectDuration, Relation::LessThanEquals, 4.0, 300, 1, 1),
    ];
    let second = [
        number(Metric::MessageByteSize, Relation::LessThanEquals, 5.0, 300, 1, 1),
        statistical(SENT, "p90", Relation::LessThanEquals, 300),
        statistical(SENT, "p50", Relation::LessThan, 900),
        statistical(Metric::AllBytesOut, "p90", Relation::LessThanEquals, 600),
        statistical(Metric::NumEstablishedTcpConnections, "p10", Relation::GreaterThanEquals, 600),
        learned(SENT, 1, 2),
        learned(Metric::MessageByteSize, 2, 1),
        learned(Metric::AllBytesOut, 1, 1),
        learned(Metric::NumListeningTcpPorts, 2, 2),
        // Makes ticks of a minute, so that windows of 300 s have several.
        number(SENT, Relation::LessThanEquals, 6.0, minute, 1, 1),
    ];
    Program::compile([&first[..], &second[..]]).expect("columnar")
}

/// How many random worlds: a few in CI, `DEFENDER_CASES=100000` for a nightly run (each world is 70 lanes long and
/// up to 40 ticks, so that makes far more than a million datapoints).
fn cases() -> u32 {
    std::env::var("DEFENDER_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// Random series, gaps (also of single columns), coverage changes and start offsets: the fast judge says what the
    /// plain one says.
    #[test]
    fn fast_and_plain_judges_agree(
        lanes in 1usize..70,
        offset in 0i64..4,
        seed in any::<u64>(),
        ticks in 1usize..40,
        silent_from in 0usize..40,
        minute in prop::sample::select(vec![60i64, 300]),
        recorded in any::<bool>(),
    ) {
        let program = rich_program(minute);
        let step = program.tick();
        let mut judges = both(&program, lanes);
        let mut outs = [Vec::new(), Vec::new()];
        let mut dice = seed | 1;
        let mut roll = |n: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            (dice >> 33) % n
        };
        let start = Timestamp::from_seconds(B + 300 * offset);
        for i in 0..ticks {
            let mut tick = Tick::new(lanes, &program);
            tick.start = start + Millis(step.0 * i as i64);
            tick.end = tick.start + step;
            for lane in 0..lanes as u32 {
                if i == 0 || roll(12) == 0 {
                    let (profile, covered) = (roll(2) as u32, roll(4) != 0);
                    for (judge, out) in judges.iter_mut().zip(&mut outs) {
                        judge.cover(tick.start, profile, lane, covered, out);
                    }
                }
                let (word, bit) = (lane as usize / 64, 1u64 << (lane % 64));
                let quiet = i >= silent_from;
                if !quiet && roll(5) != 0 {
                    tick.active[word] |= bit;
                    for column in 0..Column::BytesOut.index() {
                        tick.numbers[column][lane as usize] = roll(8) as u32;
                    }
                }
                if roll(4) != 0 {
                    tick.known[word] |= bit;
                }
                if !quiet && roll(3) != 0 {
                    tick.reported[word] |= bit;
                    tick.arrival[lane as usize] = (roll(5) * roll(step.0 as u64 / 5)) as u32;
                    let bare = roll(6) == 0;
                    set_lane(&mut tick.without_amounts, lane as usize, bare);
                    let first = if bare { Column::ListeningTcpPorts } else { Column::BytesOut };
                    for column in first.index()..Column::COUNT {
                        tick.numbers[column][lane as usize] = roll(8) as u32;
                    }
                }
                if roll(3) == 0 {
                    tick.set_violations[0][word] |= bit;
                }
            }
            if recorded {
                let positions = tick.numbers.len() + tick.set_violations.len();
                tick.missing = vec![vec![0; lanes.div_ceil(64)]; positions];
                for (position, lane) in (0..positions).flat_map(|position| (0..lanes).map(move |lane| (position, lane))) {
                    if roll(4) == 0 {
                        set_lane(&mut tick.missing[position], lane, true);
                        tick.numbers.get_mut(position).into_iter().for_each(|column| column[lane] = 0);
                    }
                }
            }
            for population in 0..program.populations().len() {
                let contributions = [0, 1].map(|j: usize| {
                    let mut values = Vec::new();
                    judges[j].contribute(&tick, population, &mut values);
                    values.sort_unstable();
                    values
                });
                prop_assert_eq!(&contributions[0], &contributions[1]);
                let values = &contributions[0];
                let rank = program.populations()[population].statistic.rank(values.len() as u64) as usize;
                tick.thresholds[population] = (values.len() >= 2).then(|| values[rank - 1]);
            }
            for model in 0..program.learned().len() {
                let mut normal = || Some(Normal { low: roll(3), high: roll(12) }).filter(|_| roll(4) != 0);
                tick.normals[model] = [normal(), normal()];
            }
            let discontinued = roll(20) == 0;
            for (judge, out) in judges.iter_mut().zip(&mut outs) {
                judge.judge(&tick, out);
                if discontinued {
                    let rule = program.learned()[i % program.learned().len()].rule;
                    judge.discontinue(tick.end, rule, out);
                }
                out.sort_unstable();
            }
            prop_assert_eq!(&outs[0], &outs[1]);
            prop_assert_eq!(judges[0].counts(), judges[1].counts());
        }
        let training = [0, 1].map(|j: usize| {
            let summed = |readings: Readings| {
                let mut gathering = Gathering::default();
                gathering.take(&readings);
                gathering.finish()
            };
            judges[j].take_readings().into_iter().map(summed).collect::<Vec<_>>()
        });
        prop_assert_eq!(&training[0], &training[1]);
    }

    /// An alarm never clears before it rings, and rings once per episode.
    #[test]
    fn episodes_alternate(values in prop::collection::vec(prop::option::of(0u32..8), 1..60)) {
        let events = series(number(SENT, Relation::LessThanEquals, 4.0, 300, 2, 2), Column::Sent, &values);
        for (i, (_, kind, _)) in events.iter().enumerate() {
            prop_assert_eq!(*kind == InAlarm, i % 2 == 0);
        }
    }
}
