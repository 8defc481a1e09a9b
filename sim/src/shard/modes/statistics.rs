//! Modes against closed forms: how many, how long, how much. Seeds are fixed, and every bound is five standard errors of
//! the sample at hand.

use std::collections::{BTreeMap, BTreeSet};

use defender::detect::columns::Program;

use super::super::Addresses;
use super::*;
use crate::dice::{device_key, name_key};
use crate::scenario::problem::Problems;
use crate::scenario::{Archetype, archetype};
use crate::shard::{Class, Needs, Newcomer, Normals, Numbers, TopicShares};

const LANES: usize = 200;
const DAYS: u64 = 10;
/// 2026-06-01, midnight.
const MONDAY: Timestamp = Timestamp(1_780_272_000_000);

fn key(device: usize) -> u64 {
    device_key(4, name_key("modes"), device as u32)
}

/// A device that is the same at every hour as all others are, with Poisson counts.
fn even(modes: Modes) -> Archetype {
    let source = archetype::builtin("camera").expect("it is built in");
    let mut even = archetype::load("camera", &source, None, &mut Problems::new()).expect("it is valid");
    for traffic in [&mut even.sent, &mut even.received, &mut even.packets_out, &mut even.packets_in] {
        (traffic.hours, traffic.weekend, traffic.dispersion) = ([1.0; 24], 1.0, f64::INFINITY);
    }
    Archetype { heterogeneity: 0.0, modes, ..even }
}

fn common(archetype: &Archetype, tick: Millis) -> Common {
    let ticks = DAYS * (Millis::DAY.0 / tick.0) as u64;
    let class = Class {
        tables: ClassTables::new(archetype, &jiff::tz::TimeZone::UTC, MONDAY, ticks, tick),
        tcp_ports: Vec::new(),
        udp_ports: Vec::new(),
        addresses: Addresses::default(),
        destinations: Vec::new(),
        topics: TopicShares::default(),
        numbers: Numbers::default(),
        lists: BTreeMap::new(),
    };
    Common {
        program: Program::default(),
        slate: None,
        classes: vec![class],
        needs: Needs::ALL,
        start: MONDAY,
        tick,
        normals: Normals::default(),
        replay: None,
    }
}

fn shard(common: &Common) -> Shard {
    let device = |number| Newcomer { class: 0, key: key(number), access: Access::FULL, valid_until: None };
    let devices: Vec<Newcomer> = (0..LANES).map(device).collect();
    Shard::new(common, 0, &devices, &[], Vec::new(), Vec::new(), false)
}

/// What all devices did in all ticks, by column; with what agents have yet to report.
fn totals(archetype: &Archetype, tick: Millis) -> [u64; Column::COUNT] {
    let common = common(archetype, tick);
    let mut shard = shard(&common);
    let mut totals = [0; Column::COUNT];
    let sum = |column: &[u32]| column.iter().map(|value| u64::from(*value)).sum::<u64>();
    for index in 0..DAYS * (Millis::DAY.0 / tick.0) as u64 {
        shard.sample(&common, index);
        totals.iter_mut().zip(&shard.tick.numbers).for_each(|(total, column)| *total += sum(column));
    }
    AMOUNTS.into_iter().zip(&shard.pending).for_each(|(column, held)| totals[column.index()] += sum(held));
    totals
}

/// What modes add in all, by column.
fn added(modes: Modes, tick: Millis, change: impl Fn(&mut Archetype)) -> impl Fn(Column) -> f64 {
    let (mut with, mut without) = (even(modes), even(Modes::default()));
    change(&mut with);
    change(&mut without);
    let (with, without) = (totals(&with, tick), totals(&without, tick));
    move |column| with[column.index()] as f64 - without[column.index()] as f64
}

/// Everything that begins on so many devices in so many days.
fn drawn(modes: &Modes, devices: usize, days: i64) -> Vec<(usize, i64, Kind, Timestamp, Timestamp)> {
    let tables = ModeTables::new(modes).expect("there are modes");
    let mut all = Vec::new();
    for device in 0..devices {
        for day in 0..days {
            tables.draw_day(key(device), day, |kind, from, to| all.push((device, day, kind, from, to)));
        }
    }
    all
}

fn within(what: &str, found: f64, expected: f64, variance: f64) {
    let error = variance.sqrt();
    assert!((found - expected).abs() <= 5.0 * error, "{what}: {found} instead of {expected} ± {error}");
}

const BURSTS: Bursts = Bursts { per_day: 2.5, length: Millis::minutes(12), factor: 3.5 };
const UPDATES: Updates = Updates { per_day: 0.4, size: 5_000_000, length: Millis::minutes(47) };
const BOOT: Boot = Boot { losses_per_day: 0.3, retries: 2, messages: 3, packets: 40 };

#[test]
fn bursts_are_as_many_and_as_long_as_they_should_be() {
    let (devices, days) = (2_000, 20);
    let all = drawn(&Modes { bursts: Some(BURSTS), ..Modes::default() }, devices, days);
    let mut counts = BTreeMap::new();
    all.iter().for_each(|(device, day, ..)| *counts.entry((*device, *day)).or_insert(0.0) += 1.0);
    let (n, mean) = ((devices as i64 * days) as f64, BURSTS.per_day);
    within("number", all.len() as f64, n * mean, n * mean);
    let squares: f64 = counts.values().map(|count: &f64| (count - mean).powi(2)).sum();
    let none = n - counts.len() as f64;
    // The fourth central moment of a Poisson variable is m + 3m².
    within("variance of the number", squares + none * mean * mean, n * mean, n * (mean + 2.0 * mean * mean));
    within("days without", none, n * (-mean).exp(), n * (-mean).exp());
    let (n, m) = (all.len() as f64, BURSTS.length.0 as f64);
    let lengths = || all.iter().map(|(.., from, to)| (*to - *from).0 as f64);
    within("length", lengths().sum(), n * m, n * m * m);
    within("squared length", lengths().map(|l| l * l).sum(), n * 2.0 * m * m, n * 20.0 * m.powi(4));
    let times: f64 = all.iter().map(|(_, day, _, from, _)| (from.0 - day * Millis::DAY.0) as f64).sum();
    let day = Millis::DAY.0 as f64;
    within("time of the day", times, n * day / 2.0, n * day * day / 12.0);
    assert!(all.iter().all(|(_, day, _, from, _)| from.0.div_euclid(Millis::DAY.0) == *day));
}

#[test]
fn updates_and_power_losses_are_as_many_as_they_should_be_and_updates_end_in_a_boot() {
    let (devices, days) = (3_000, 20);
    let modes = Modes { bursts: None, updates: Some(UPDATES), boot: Some(BOOT) };
    let all = drawn(&modes, devices, days);
    let n = (devices as i64 * days) as f64;
    let updates: Vec<_> = all.iter().filter(|(_, _, kind, ..)| *kind == Kind::Update).collect();
    within("updates", updates.len() as f64, n * UPDATES.per_day, n * UPDATES.per_day);
    let boots = all.iter().filter(|(_, _, kind, ..)| *kind == Kind::Boot).count() - updates.len();
    within("power losses", boots as f64, n * BOOT.losses_per_day, n * BOOT.losses_per_day);
    let boots = all.iter().filter(|(_, _, kind, ..)| *kind == Kind::Boot);
    let boots: BTreeSet<(usize, Timestamp)> = boots.map(|(device, _, _, from, _)| (*device, *from)).collect();
    for (device, _, _, from, to) in updates {
        assert_eq!(*to - *from, UPDATES.length);
        assert!(boots.contains(&(*device, *to)));
    }
}

/// A burst of length L adds (f − 1) times what a Poisson process of rate λ does in it: in the mean (f − 1)λL, in the
/// mean square at most (f − 1)²(λ²L² + λL), and L is exponential.
#[test]
fn bursts_add_the_volume_of_their_closed_form_at_any_tick() {
    for tick in [5, 15, 60] {
        let tick = Millis::minutes(tick);
        let modes = Modes { bursts: Some(BURSTS), ..Modes::default() };
        let added = added(modes, tick, |_| {});
        let steady = even(modes);
        let occasions = LANES as f64 * DAYS as f64 * BURSTS.per_day;
        let (more, length) = (BURSTS.factor - 1.0, BURSTS.length.0 as f64 / 300_000.0);
        let whole = LANES as f64 * DAYS as f64 * (Millis::DAY.0 / tick.0) as f64;
        for (column, rate) in [
            (Column::Sent, steady.sent.mean),
            (Column::Received, steady.received.mean),
            (Column::PacketsOut, steady.packets_out.mean + steady.sent.mean + steady.received.mean),
        ] {
            let mean = more * rate * length;
            let square = more * more * (2.0 * rate * rate * length * length + rate * length);
            // Rounding by chance adds at most a quarter in each tick with a burst.
            within("volume", added(column), occasions * mean, occasions * square + whole.min(occasions * 4.0) / 4.0);
        }
        assert_eq!(added(Column::Disconnects), 0.0, "a burst is no session");
    }
}

/// Amounts of an update add up to its size, whatever the ticks and the reports; of one that the run cuts off, to its
/// part.
#[test]
fn updates_add_exactly_what_they_download() {
    let modes = Modes { updates: Some(UPDATES), ..Modes::default() };
    let (start, end) = (MONDAY, MONDAY + Millis(Millis::DAY.0 * DAYS as i64));
    let tables = ModeTables::new(&modes).expect("there are modes");
    let (mut bytes, mut packets, mut ends) = (0, 0, 0);
    for device in 0..LANES {
        for day in start.0 / Millis::DAY.0 - 1..end.0 / Millis::DAY.0 {
            tables.draw_day(key(device), day, |kind, from, to| match kind {
                Kind::Update => {
                    let done = |at: Timestamp| {
                        let elapsed = (at.clamp(from, to) - from).0;
                        5_000_000 * elapsed / UPDATES.length.0
                    };
                    bytes += done(end) - done(start);
                    let segments = |at| (done(at) as u64).div_ceil(SEGMENT) as i64;
                    packets += segments(end) - segments(start);
                }
                _ => ends += i64::from(start <= from && from < end),
            });
        }
    }
    assert!(ends > 500);
    for (tick, interval) in [(5, 5), (5, 30), (15, 15), (60, 60)] {
        let interval = Some(Millis::minutes(interval));
        let added = added(modes, Millis::minutes(tick), |archetype| archetype.report_interval = interval);
        assert_eq!(added(Column::PacketsIn), packets as f64, "ticks of {tick} min");
        assert_eq!(added(Column::BytesIn), (bytes + packets * ACKNOWLEDGEMENT as i64) as f64);
        assert_eq!(added(Column::Disconnects), ends as f64, "each ends in a reboot");
        assert_eq!(added(Column::ConnectionAttempts), ends as f64);
        assert_eq!(added(Column::Sent), 0.0);
    }
}

#[test]
fn boots_add_what_they_should() {
    let modes = Modes { boot: Some(BOOT), ..Modes::default() };
    let added = added(modes, Millis::minutes(5), |_| {});
    let boots = added(Column::Disconnects);
    let expected = LANES as f64 * DAYS as f64 * BOOT.losses_per_day;
    within("boots", boots, expected, expected);
    assert_eq!(added(Column::ConnectionAttempts), boots * 3.0);
    assert_eq!(added(Column::Sent), boots * 3.0);
    assert_eq!(added(Column::PacketsIn), boots * 43.0);
    let common = common(&even(modes), Millis::minutes(5));
    let tables = &common.classes[0].tables;
    assert_eq!(added(Column::BytesOut), boots * (3 * tables.message_out + 40 * tables.packet_out) as f64);
}

/// A device that sleeps most of the time stays awake for its update, and all of it is reported.
#[test]
fn an_update_keeps_a_device_awake() {
    let modes = Modes { updates: Some(UPDATES), ..Modes::default() };
    let silent = |archetype: &mut Archetype| {
        archetype.duty = 0.01;
        for traffic in [&mut archetype.sent, &mut archetype.received] {
            traffic.mean = 0.0;
        }
        (archetype.packets_out.mean, archetype.packets_in.mean) = (0.0, 0.0);
    };
    let (asleep, awake) = (added(modes, Millis::minutes(5), silent), added(modes, Millis::minutes(5), |_| {}));
    assert_eq!(asleep(Column::BytesIn), awake(Column::BytesIn));
    assert!(asleep(Column::BytesIn) > 1e9);
}

/// Nothing is remembered from tick to tick: whoever begins late sees what whoever was there all along sees.
#[test]
fn modes_are_a_function_of_their_address() {
    let modes = Modes { bursts: Some(BURSTS), updates: Some(UPDATES), boot: Some(BOOT) };
    let common = common(&even(modes), Millis::minutes(5));
    let (mut early, mut late) = (shard(&common), shard(&common));
    (0..500).for_each(|index| early.sample(&common, index));
    for index in 500..900 {
        early.sample(&common, index);
        late.sample(&common, index);
        assert_eq!(early.tick.numbers, late.tick.numbers, "tick {index}");
    }
}

/// A start that comes too late for the report of its window is told of in the next one, by agents that report in every
/// window as by others.
#[test]
fn what_a_start_took_is_reported_later_if_not_at_once() {
    let archetype = Archetype {
        report_interval: Some(Millis::minutes(5)),
        ..even(Modes { boot: Some(Boot { losses_per_day: 0.0, ..BOOT }), ..Modes::default() })
    };
    let common = common(&archetype, Millis::minutes(5));
    let [mut other, mut started] = [shard(&common), shard(&common)];
    other.sample(&common, 0);
    started.sample(&common, 0);
    set_lane(&mut started.tick.reported, 7, false);
    started.comes_back(&common, 7, 0);
    other.sample(&common, 1);
    started.sample(&common, 1);
    let tables = &common.classes[0].tables;
    for (column, amount) in AMOUNTS.into_iter().zip(boot_traffic(tables, &BOOT, u64::from(BOOT.messages))) {
        let more = started.tick.column(column).iter().zip(other.tick.column(column)).map(|(a, b)| u64::from(a - b));
        assert_eq!(more.enumerate().filter(|(_, more)| *more > 0).collect::<Vec<_>>(), [(7, amount)]);
    }
    assert!(!started.held && started.pending.iter().flatten().all(|held| *held == 0));
}
