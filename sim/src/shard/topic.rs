//! Counts by topic, for behaviors with a topic-filter dimension (D-12): what a device publishes and receives in a tick is
//! split over its topics once, so that all dimensions agree, and what is in one and what is not add up to the total.
//! A run without such behaviors has no column for them, and pays nothing.

use defender::detect::columns::{Column, Extra, Program, Topical};
use defender::detect::dimension;
use defender::detect::wire::DimensionOperator;

use super::{Access, Common, Overlay, Run, Shard};
use crate::broker::Usual;
use crate::dice::{Dice, Purpose};
use crate::sampler::binomial;
use crate::scenario::{Archetype, DimensionPlan};

/// The most topics that a device publishes to, and receives on.
pub(crate) const TOPICS: usize = 8;
/// The bit of requests that have no topic: refused connections (CH-56).
const WITHOUT_TOPIC: u8 = 0;

/// How a class's messages spread over its topics.
#[derive(Clone, Debug, Default)]
pub(crate) struct TopicShares {
    publishes: Split,
    receives: Split,
}

/// By topic but the last: the share of it among what the topics before it left, of 2³².
#[derive(Clone, Debug, Default)]
struct Split(Vec<u32>);

impl Split {
    /// The own topic has what the shares of the others leave; it comes last.
    fn new(shares: &[(String, f64)]) -> Split {
        let mut left = 1.0;
        let conditional = shares.iter().map(|(_, share)| {
            let of_the_rest = if left > 0.0 { (share / left).clamp(0.0, 1.0) } else { 0.0 };
            left -= share;
            (of_the_rest * 4_294_967_295.0).round() as u32
        });
        Split(conditional.collect())
    }

    /// Splits a count.
    fn split(&self, total: u32, dice: &mut Dice) -> [u32; TOPICS] {
        let (mut parts, mut left) = ([0; TOPICS], total);
        for (part, share) in parts.iter_mut().zip(&self.0) {
            *part = binomial(left, *share, dice);
            left -= *part;
        }
        parts[self.0.len()] = left;
        parts
    }

    /// Position of the own topic.
    fn own(&self) -> usize {
        self.0.len()
    }
}

impl TopicShares {
    /// Of an archetype.
    pub fn new(archetype: &Archetype) -> TopicShares {
        TopicShares {
            publishes: Split::new(&archetype.publish_shares),
            receives: Split::new(&archetype.receive_shares),
        }
    }
}

/// By column that the program has beside the usual ones: which topics count, a bit each. Of custom metrics, none.
pub(crate) type Counted = Vec<u8>;

/// Which topics of a device count.
pub(crate) fn counted(program: &Program, dimensions: &[DimensionPlan], archetype: &Archetype, name: &str) -> Counted {
    let usual = Usual::of(archetype, name);
    let publishes: Vec<&str> = usual.other_publishes.iter().chain([&usual.publishes]).map(String::as_str).collect();
    let receives: Vec<&str> = usual.other_receives.iter().chain([&usual.receives]).map(String::as_str).collect();
    let own = |slot: &Extra| {
        let Extra::Part { of, dimension } = slot else { return 0 };
        let counts = |topic: Option<&str>| counts(dimensions, &dimension.name, dimension.operator, name, topic);
        let mask = |topics: &[&str]| {
            topics.iter().enumerate().fold(0u8, |mask, (bit, topic)| mask | u8::from(counts(Some(topic))) << bit)
        };
        match of {
            Topical::Received => mask(&receives),
            // Refused requests have the own topic, in the second bit, or none.
            Topical::AuthorizationFailures => {
                u8::from(counts(None)) << WITHOUT_TOPIC | u8::from(counts(Some(&usual.publishes))) << 1
            }
            _ => mask(&publishes),
        }
    };
    program.extras().iter().map(own).collect()
}

/// Whether a topic counts under the dimension of this name.
pub(crate) fn counts(
    dimensions: &[DimensionPlan],
    dimension: &str,
    operator: DimensionOperator,
    client_id: &str,
    topic: Option<&str>,
) -> bool {
    let filters = dimensions.iter().find(|known| known.name == dimension).map_or(&[][..], |known| &known.filters);
    dimension::counts(operator, filters, client_id, topic)
}

/// What the device did in a tick, by topic.
#[derive(Default)]
struct ByTopic {
    sent: [u32; TOPICS],
    received: [u32; TOPICS],
    largest: [u32; TOPICS],
    smallest: [u32; TOPICS],
    bytes: [u32; TOPICS],
}

impl ByTopic {
    fn sum(parts: &[u32; TOPICS], counted: u8) -> u32 {
        of(parts, counted).fold(0, u32::saturating_add)
    }
}

/// The parts whose topics count.
fn of(parts: &[u32; TOPICS], counted: u8) -> impl Iterator<Item = u32> {
    parts.iter().enumerate().filter(move |(topic, _)| counted >> topic & 1 == 1).map(|(_, part)| *part)
}

impl Shard {
    /// Splits what the devices do of their own accord over their topics.
    pub(super) fn divide(&mut self, common: &Common, number: u64) {
        let parts: Vec<(usize, Topical)> = parts(&common.program).collect();
        if parts.is_empty() {
            return;
        }
        let sized = |of: &Topical| matches!(of, Topical::LargestMessage | Topical::SmallestMessage);
        let sizes = parts.iter().any(|(_, of)| sized(of));
        for index in 0..self.runs.len() {
            let Run { class, ref lanes, .. } = self.runs[index];
            for lane in lanes.clone() {
                let by_topic = self.by_topic(common, class, lane, sizes, number);
                for (slot, of) in &parts {
                    let counted = self.counted[*slot][lane];
                    let value = match of {
                        Topical::Sent => ByTopic::sum(&by_topic.sent, counted),
                        Topical::Received => ByTopic::sum(&by_topic.received, counted),
                        Topical::MessageBytes => ByTopic::sum(&by_topic.bytes, counted),
                        Topical::LargestMessage => self::of(&by_topic.largest, counted).max().unwrap_or(0),
                        Topical::SmallestMessage => {
                            self::of(&by_topic.smallest, counted).filter(|size| *size > 0).min().unwrap_or(0)
                        }
                        Topical::AuthorizationFailures => {
                            let topicless = !self.access[lane].has(Access::CONNECT);
                            let bit = if topicless { WITHOUT_TOPIC } else { 1 };
                            let failures = self.tick.column(Column::AuthorizationFailures)[lane];
                            if counted >> bit & 1 == 1 { failures } else { 0 }
                        }
                    };
                    self.tick.numbers[Column::COUNT + slot][lane] = value;
                }
            }
        }
    }

    fn by_topic(&self, common: &Common, class: usize, lane: usize, sizes: bool, number: u64) -> ByTopic {
        let class = &common.classes[class];
        let value = |column: Column| self.tick.column(column)[lane];
        let mut dice = Dice::new(self.keys[lane], Purpose::Topics, number);
        let total = value(Column::Sent);
        let sent = class.topics.publishes.split(total, &mut dice);
        let received = class.topics.receives.split(value(Column::Received), &mut dice);
        let mut all = ByTopic { sent, received, ..ByTopic::default() };
        if total == 0 {
            return all;
        }
        // Cut where the messages are cut, so that the parts make the whole whatever was rounded.
        let (mut messages, mut cut) = (0u64, 0u64);
        let bytes = u64::from(value(Column::MessageBytes));
        for (part, sent) in all.bytes.iter_mut().zip(sent) {
            messages += u64::from(sent);
            let next = bytes * messages / u64::from(total);
            *part = (next - cut) as u32;
            cut = next;
        }
        if sizes {
            let sampler = &class.tables.sizes;
            all.largest = spread(
                &sent,
                value(Column::LargestMessage),
                &mut dice,
                |n, word| sampler.largest(n, word),
                |a, b| a <= b,
            );
            all.smallest = spread(
                &sent,
                value(Column::SmallestMessage),
                &mut dice,
                |n, word| sampler.smallest(n, word),
                |a, b| a >= b,
            );
        }
        all
    }

    /// An act publishes messages of one size on a topic of its own, or is refused there.
    pub(super) fn publish_on(&mut self, common: &Common, overlay: &Overlay, topic: usize, messages: u64, size: u64) {
        let messages = messages.min(u64::from(u32::MAX)) as u32;
        let size = size.min(u64::from(u32::MAX)) as u32;
        let allowed = overlay.allowed.get(topic) == Some(&true);
        for (slot, of) in parts(&common.program) {
            if overlay.counted.get(slot).and_then(|topics| topics.get(topic)) != Some(&true) {
                continue;
            }
            let value = &mut self.tick.numbers[Column::COUNT + slot][overlay.lane as usize];
            *value = match (of, allowed) {
                (Topical::Sent, true) | (Topical::AuthorizationFailures, false) => value.saturating_add(messages),
                (Topical::MessageBytes, true) => value.saturating_add(messages.saturating_mul(size)),
                (Topical::LargestMessage, true) => (*value).max(size),
                (Topical::SmallestMessage, true) if *value == 0 => size,
                (Topical::SmallestMessage, true) => (*value).min(size),
                _ => *value,
            };
        }
    }

    /// Messages come in on the own topic, and requests are refused there, beside those of the device itself.
    pub(super) fn on_own_topic(&mut self, common: &Common, lane: usize, received: u64, refused: u64) {
        let run = self.runs.iter().find(|run| run.lanes.contains(&lane)).expect("every lane belongs to a run");
        let own = common.classes[run.class].topics.receives.own();
        for (slot, of) in parts(&common.program) {
            let (bit, more) = match of {
                Topical::Received => (own, received),
                Topical::AuthorizationFailures => (1, refused),
                _ => continue,
            };
            if self.counted[slot][lane] >> bit & 1 == 1 {
                let value = &mut self.tick.numbers[Column::COUNT + slot][lane];
                *value = value.saturating_add(more.min(u64::from(u32::MAX)) as u32);
            }
        }
    }
}

/// The largest (or smallest) message by topic: that of all lies on the topic of a message drawn evenly, and those of
/// the others are drawn until they are no larger (no smaller).
fn spread(
    sent: &[u32; TOPICS],
    extreme: u32,
    dice: &mut Dice,
    draw: impl Fn(u32, u32) -> u32,
    fits: impl Fn(u32, u32) -> bool,
) -> [u32; TOPICS] {
    /// Tries, before the extreme itself is taken; more are hardly ever needed.
    const TRIES: u32 = 24;
    let total: u64 = sent.iter().map(|n| u64::from(*n)).sum();
    let mut chosen = dice.below(total);
    let mut found = false;
    sent.map(|n| {
        if n == 0 {
            return 0;
        }
        if !found && chosen < u64::from(n) {
            found = true;
            return extreme;
        }
        chosen = chosen.saturating_sub(u64::from(n));
        (0..TRIES).map(|_| draw(n, dice.word() as u32)).find(|size| fits(*size, extreme)).unwrap_or(extreme)
    })
}

/// The columns that are parts: slot, and of what.
fn parts(program: &Program) -> impl Iterator<Item = (usize, Topical)> {
    program.extras().iter().enumerate().filter_map(|(slot, extra)| match extra {
        Extra::Part { of, .. } => Some((slot, *of)),
        Extra::Custom(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts add up to the total in every draw, and have their shares on average: within five standard errors.
    #[test]
    fn d12_the_parts_add_up_to_the_total_and_have_their_shares() {
        let shares = [("a".to_owned(), 0.2), ("b".to_owned(), 0.5), ("c".to_owned(), 0.05)];
        let split = Split::new(&shares);
        let (ticks, total) = (20_000u64, 40u32);
        let mut sums = [0u64; TOPICS];
        for tick in 0..ticks {
            let parts = split.split(total, &mut Dice::new(3, Purpose::Topics, tick));
            assert_eq!(parts.iter().sum::<u32>(), total);
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += u64::from(part));
        }
        let all = (ticks * u64::from(total)) as f64;
        for (sum, share) in sums.into_iter().zip([0.2, 0.5, 0.05, 0.25, 0.0]) {
            let error = (all * share * (1.0 - share)).sqrt();
            assert!((sum as f64 - all * share).abs() <= 5.0 * error, "{sum} of {all} instead of {share}");
        }
    }

    #[test]
    fn d40_the_largest_message_lies_on_one_topic_and_no_other_has_a_larger_one() {
        for tick in 0..2_000 {
            let mut dice = Dice::new(3, Purpose::Topics, tick);
            let sent = [3, 0, 5, 1, 0, 0, 0, 0];
            let sizes = spread(&sent, 700, &mut dice, |_, word| word % 1_000, |a, b| a <= b);
            assert_eq!(sizes.iter().max(), Some(&700));
            assert_eq!((sizes[1], sizes[4]), (0, 0), "no message, no size");
        }
    }
}
