//! What devices do now and then beside their steady state: they burst, update, lose their power, boot.
//!
//! Occasions are drawn for a device and a day at a time, so that what a tick costs follows the number of devices that
//! are in such a mode. They are a function of seed, device, kind and day: a run that goes on from a checkpoint draws
//! them again.

use std::ops::Range;

use defender::detect::columns::{Column, Mask, bits, has_lane, set_lane};
use defender::time::{Millis, Timestamp};

use super::tables::{ACKNOWLEDGEMENT, ClassTables, word_below};
use super::transit::AMOUNTS;
use super::{Access, Common, Run, Shard};
use crate::dice::{Dice, Purpose, draw, mix, salt};
use crate::disturbance::SEGMENT;
use crate::scenario::{Boot, Bursts, Modes, Updates};

/// The modes of a class.
#[derive(Debug)]
pub(crate) struct ModeTables {
    bursts: Option<(Often, Bursts)>,
    updates: Option<(Often, Updates)>,
    losses: Often,
    boot: Boot,
}

/// How many occasions begin in a day: Poisson. The word is below the n-th of these with the probability that there are
/// at least n.
#[derive(Debug)]
struct Often(Vec<u32>);

impl Often {
    fn new(mean: f64) -> Often {
        let (mut probability, mut left) = (libm::exp(-mean), 1.0);
        let mut words = Vec::new();
        for n in 1.. {
            left -= probability;
            match word_below(left) {
                0 => break,
                word => words.push(word),
            }
            probability *= mean / f64::from(n);
        }
        Often(words)
    }

    fn count(&self, word: u64) -> usize {
        self.0.iter().take_while(|below| ((word >> 32) as u32) < **below).count()
    }
}

/// A mode of a device, from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Occasion {
    from: Timestamp,
    lane: u16,
    kind: Kind,
    to: Timestamp,
    class: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Burst,
    Update,
    Boot,
}

impl ModeTables {
    /// The tables of what an archetype says; `None` if its devices are always steady.
    pub fn new(modes: &Modes) -> Option<ModeTables> {
        (*modes != Modes::default()).then(|| {
            let boot = modes.boot.unwrap_or_default();
            ModeTables {
                bursts: modes.bursts.map(|bursts| (Often::new(bursts.per_day), bursts)),
                updates: modes.updates.map(|updates| (Often::new(updates.per_day), updates)),
                losses: Often::new(boot.losses_per_day),
                boot,
            }
        })
    }

    /// What begins on a device on a day.
    fn draw_day(&self, key: u64, day: i64, mut begins: impl FnMut(Kind, Timestamp, Timestamp)) {
        let occasions = |often: &Often, purpose, each: &mut dyn FnMut(&mut Dice, Timestamp)| {
            let mut dice = Dice::new(key, purpose, day as u64);
            for _ in 0..often.count(dice.word()) {
                let from = Timestamp(day * Millis::DAY.0 + dice.below(Millis::DAY.0 as u64) as i64);
                each(&mut dice, from);
            }
        };
        let instant = Millis(1);
        if let Some((often, bursts)) = &self.bursts {
            occasions(often, Purpose::Burst, &mut |dice, from| {
                let length = Millis((-libm::log(dice.unit()) * bursts.length.0 as f64) as i64);
                begins(Kind::Burst, from, from + length.clamp(instant, Millis::DAY));
            });
        }
        if let Some((often, updates)) = &self.updates {
            occasions(often, Purpose::Update, &mut |_, from| {
                let to = from + updates.length;
                begins(Kind::Update, from, to);
                begins(Kind::Boot, to, to + instant);
            });
        }
        occasions(&self.losses, Purpose::PowerLoss, &mut |_, from| begins(Kind::Boot, from, from + instant));
    }
}

/// The modes of a shard's devices.
#[derive(Debug, Default)]
pub(super) struct Occasions {
    /// Whether any device here is ever anything but steady.
    any: bool,
    /// End of the last tick; none before the first, and after a gap.
    at: Option<Timestamp>,
    /// The first day since the epoch for which nothing is drawn yet.
    day: i64,
    /// What is yet to begin, latest first.
    upcoming: Vec<Occasion>,
    /// What goes on.
    open: Vec<Occasion>,
    /// By lane: how much of the tick is spent in bursts \[ms\].
    bursting: Vec<u64>,
    /// Lanes that do not sleep in this tick.
    awake: Mask,
}

impl Occasions {
    /// Of devices in these runs.
    pub fn new(common: &Common, runs: &[Run], lanes: usize) -> Occasions {
        // What is played back has its modes in it.
        let simulated = common.replay.is_none();
        let any = simulated && runs.iter().any(|run| common.classes[run.class].tables.modes.is_some());
        Occasions { any, bursting: vec![0; lanes], awake: vec![0; lanes.div_ceil(64)], ..Occasions::default() }
    }

    /// Whether what a lane does keeps it awake in this tick.
    pub fn keep_awake(&self, lane: usize) -> bool {
        has_lane(&self.awake, lane)
    }

    /// What goes on in a tick.
    fn move_to(&mut self, tick: Range<Timestamp>, common: &Common, runs: &[Run], keys: &[u64]) {
        let of_day = |time: Timestamp| time.0.div_euclid(Millis::DAY.0);
        if self.at != Some(tick.start) {
            self.upcoming.clear();
            self.open.clear();
            // Nothing lasts longer than a day.
            self.day = of_day(tick.start) - 1;
        }
        self.at = Some(tick.end);
        while self.day <= of_day(tick.end - Millis(1)) {
            for Run { class, lanes, .. } in runs {
                let Some(tables) = &common.classes[*class].tables.modes else { continue };
                for lane in lanes.clone() {
                    tables.draw_day(keys[lane], self.day, |kind, from, to| {
                        self.upcoming.push(Occasion { from, lane: lane as u16, kind, to, class: *class as u16 });
                    });
                }
            }
            self.upcoming.sort_unstable_by(|a, b| b.cmp(a));
            self.day += 1;
        }
        self.open.retain(|occasion| occasion.to > tick.start);
        while let Some(occasion) = self.upcoming.pop_if(|occasion| occasion.from < tick.end) {
            if occasion.to > tick.start {
                self.open.push(occasion);
            }
        }
    }
}

impl Shard {
    /// What devices do in this tick beside what they always do.
    pub(super) fn change_modes(&mut self, common: &Common, number: u64) {
        if !self.occasions.any {
            return;
        }
        let mut occasions = std::mem::take(&mut self.occasions);
        let tick = self.tick.start..self.tick.end;
        occasions.move_to(tick.clone(), common, &self.runs, &self.keys);
        occasions.awake.fill(0);
        // Bursts multiply what is steady, so they come before what adds to it.
        for occasion in occasions.open.iter().filter(|occasion| occasion.kind == Kind::Burst) {
            let within = occasion.to.min(tick.end) - occasion.from.max(tick.start);
            occasions.bursting[usize::from(occasion.lane)] += within.0 as u64;
        }
        for at in 0..occasions.open.len() {
            let Occasion { lane, class, kind, .. } = occasions.open[at];
            let length = std::mem::take(&mut occasions.bursting[usize::from(lane)]);
            if kind == Kind::Burst && length > 0 {
                self.burst(common, &common.classes[usize::from(class)].tables, usize::from(lane), number, length);
            }
        }
        for occasion in &occasions.open {
            let (lane, tables) = (usize::from(occasion.lane), &common.classes[usize::from(occasion.class)].tables);
            match occasion.kind {
                Kind::Burst => continue,
                Kind::Update => self.update(common, tables, occasion, lane),
                Kind::Boot => {
                    self.add(Column::Disconnects, lane, 1);
                    self.add(Column::ConnectionAttempts, lane, 1);
                    self.boot(common, tables, lane, number);
                }
            }
            set_lane(&mut occasions.awake, lane, true);
        }
        self.occasions = occasions;
    }

    /// A device is in a burst for so long \[ms\].
    fn burst(&mut self, common: &Common, tables: &ClassTables, lane: usize, number: u64, length: u64) {
        let Some((_, bursts)) = tables.modes.as_ref().and_then(|modes| modes.bursts.as_ref()) else { return };
        let thousandths = u128::from(length) * u128::from(libm::round((bursts.factor - 1.0) * 1_000.0) as u64);
        let whole = common.tick.0 as u128 * 1_000;
        let word = draw(self.keys[lane], salt(Purpose::ModeRounding, number));
        // What is left over is rounded by chance, so that small counts keep their mean.
        let more = |value: u32, column: Column| {
            let chance = (u128::from(mix(word ^ column.index() as u64)) * whole) >> 64;
            ((u128::from(value) * thousandths + chance) / whole).min(u128::from(u32::MAX)) as u64
        };
        let messages = more(self.tick.numbers[Column::Sent.index()][lane], Column::Sent);
        self.publish_more(common, tables, lane, number, messages);
        for column in [Column::Received].into_iter().chain(AMOUNTS.into_iter().filter(|_| reports(common, tables))) {
            let amount = more(self.tick.numbers[column.index()][lane], column);
            self.add(column, lane, amount);
        }
    }

    /// A device publishes more messages of its usual sizes.
    fn publish_more(&mut self, common: &Common, tables: &ClassTables, lane: usize, number: u64, messages: u64) {
        if messages == 0 {
            return;
        }
        self.add(Column::Sent, lane, messages);
        let sent = self.tick.numbers[Column::Sent.index()][lane];
        let word = draw(self.keys[lane], salt(Purpose::MessageSize, number));
        if common.needs.largest {
            self.tick.numbers[Column::LargestMessage.index()][lane] = tables.sizes.largest(sent, word as u32);
        }
        if common.needs.smallest {
            self.tick.numbers[Column::SmallestMessage.index()][lane] = tables.sizes.smallest(sent, (word >> 32) as u32);
        }
        if common.needs.message_bytes {
            self.add(Column::MessageBytes, lane, messages * libm::round(tables.sizes.mean()) as u64);
        }
    }

    /// A device downloads a new version: at an even pace, in packets of full size of which every other one is
    /// acknowledged.
    fn update(&mut self, common: &Common, tables: &ClassTables, occasion: &Occasion, lane: usize) {
        let Some((_, updates)) = tables.modes.as_ref().and_then(|modes| modes.updates.as_ref()) else { return };
        if !reports(common, tables) {
            return;
        }
        // Differences of what is done by then add up to the whole, whatever the ticks.
        let done = |time: Timestamp| {
            let elapsed = (time.clamp(occasion.from, occasion.to) - occasion.from).0 as u128;
            let bytes = (u128::from(updates.size) * elapsed / updates.length.0 as u128) as u64;
            let packets = bytes.div_ceil(SEGMENT);
            [packets / 2 * ACKNOWLEDGEMENT, bytes + packets * ACKNOWLEDGEMENT, packets / 2, packets]
        };
        let (before, after) = (done(self.tick.start), done(self.tick.end));
        for ((column, before), after) in AMOUNTS.into_iter().zip(before).zip(after) {
            self.add(column, lane, after - before);
        }
        let arrival = self.tick.start + Millis(i64::from(self.tick.arrival[lane]));
        self.add(Column::EstablishedConnections, lane, u64::from(occasion.from <= arrival && arrival < occasion.to));
    }

    /// A device starts, before its report is made.
    fn boot(&mut self, common: &Common, tables: &ClassTables, lane: usize, number: u64) {
        let Some(boot) = tables.modes.as_ref().map(|modes| modes.boot) else { return };
        self.add(Column::ConnectionAttempts, lane, u64::from(boot.retries));
        self.publish_more(common, tables, lane, number, u64::from(boot.messages));
        if reports(common, tables) {
            for (column, amount) in AMOUNTS.into_iter().zip(boot_traffic(tables, &boot, u64::from(boot.messages))) {
                self.add(column, lane, amount);
            }
        }
    }

    /// Devices that acts kept off the network for at least a whole tick, and no longer do, start anew. Their session
    /// ended when the network went, and their first attempt is the act's.
    pub(super) fn come_back(&mut self, common: &Common, number: u64) {
        for word in 0..if self.occasions.any { self.dark.len() } else { 0 } {
            for bit in bits(self.was_dark[word] & !self.dark[word]) {
                self.comes_back(common, word * 64 + bit, number);
            }
        }
    }

    /// A device starts anew.
    pub(super) fn comes_back(&mut self, common: &Common, lane: usize, number: u64) {
        let access = self.access[lane];
        let run = self.runs.iter().find(|run| run.lanes.contains(&lane)).expect("every lane belongs to a run");
        let tables = &common.classes[run.class].tables;
        let Some(modes) = tables.modes.as_ref().filter(|_| access.connected() && has_lane(&self.tick.active, lane))
        else {
            return;
        };
        let messages = if access.has(Access::PUBLISH) { u64::from(modes.boot.messages) } else { 0 };
        self.add(Column::ConnectionAttempts, lane, u64::from(modes.boot.retries));
        self.publish_more(common, tables, lane, number, messages);
        if !reports(common, tables) {
            return;
        }
        // A report of this tick is made up already, and this came before it; others wait.
        let traffic = boot_traffic(tables, &modes.boot, messages);
        if has_lane(&self.tick.reported, lane) {
            AMOUNTS.into_iter().zip(traffic).for_each(|(column, amount)| self.add(column, lane, amount));
        } else {
            let held = self.pending.iter_mut().zip(traffic);
            held.for_each(|(held, amount)| held[lane] = held[lane].saturating_add(amount as u32));
            self.held = true;
        }
    }
}

/// Whether devices of a class report amounts that somebody reads.
fn reports(common: &Common, tables: &ClassTables) -> bool {
    common.needs.traffic && tables.report_every.is_some()
}

/// What a start adds to a report, in the order of [`AMOUNTS`].
fn boot_traffic(tables: &ClassTables, boot: &Boot, messages: u64) -> [u64; 4] {
    let packets = u64::from(boot.packets);
    let out = messages * tables.message_out + packets * tables.packet_out;
    let inward = messages * tables.acknowledgement + packets * tables.packet_in;
    [out, inward, messages + packets, messages + packets]
}

#[cfg(test)]
mod statistics;
