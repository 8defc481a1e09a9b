//! `[chaos.swarm]`: the seed draws which faults there are, when and how hard, within bounds. What it draws becomes
//! ordinary `[[fault]]` tables before the scenario is read, so that the lock of the run has them as if they had been
//! written there, and repeats them without drawing again.

use defender::time::Millis;

use super::fields::Fields;
use super::problem::{Problem, suggestion};
use super::quantity::{Exactly, Probability};
use super::source::{Place, Placed, Source};
use super::tree::{Node, Table, Value, parse_toml};
use crate::dice::{Dice, Purpose, name_key};
use crate::fault::{self, Entry};

/// `[chaos]` as written.
#[derive(Debug)]
pub(crate) struct ChaosDraft {
    pub swarm: Option<SwarmDraft>,
}

/// `[chaos.swarm]` as written.
#[derive(Debug)]
pub(crate) struct SwarmDraft {
    place: Place,
    least: u32,
    most: u32,
    weakest: f64,
    strongest: f64,
    kinds: Vec<Placed<String>>,
    from: Millis,
    until: Option<Placed<Millis>>,
    shortest: Millis,
    longest: Millis,
}

/// Reads `[chaos]`.
pub(crate) fn chaos(fields: &mut Fields<'_>) -> ChaosDraft {
    ChaosDraft { swarm: fields.table("swarm", "faults that the seed draws within bounds", swarm) }
}

fn swarm(fields: &mut Fields<'_>) -> SwarmDraft {
    let strength = |probability: Probability| probability.as_f64();
    let draft = SwarmDraft {
        place: fields.table_place(),
        least: fields.or("at-least", 2, "how many faults at least"),
        most: fields.or("at-most", 5, "how many at most"),
        weakest: strength(fields.or(
            "weakest",
            Probability::ratio(1, 10).unwrap_or(Probability::ZERO),
            "the least intensity",
        )),
        strongest: strength(fields.or("strongest", Probability::ONE, "the greatest intensity")),
        kinds: fields.or("kinds", Vec::new(), "the faults to draw from, by name, each at most once; all unless given"),
        from: fields.or("from", Millis(0), "when the first may begin, after the run's start"),
        until: fields.optional("until", "by when all have ended, after the run's start; its end unless given"),
        shortest: fields.or_in("shortest", Millis::HOUR, Millis::MINUTE.., "how long a fault lasts at least"),
        longest: fields.or_in("longest", Millis::hours(6), Millis::MINUTE.., "how long at most"),
    };
    for (low, high, is_wrong) in [
        ("at-least", "at-most", draft.least > draft.most),
        ("weakest", "strongest", draft.weakest > draft.strongest),
        ("shortest", "longest", draft.shortest > draft.longest),
    ] {
        if is_wrong {
            fields.complain(low, format!("{low} must not exceed {high}"), format!("write a smaller {low}"));
        }
    }
    for kind in &draft.kinds {
        if fault::entry(&kind.value).is_none() {
            let problem = Problem::error(kind.place.clone(), format!("no fault is named `{}`", kind.value));
            let help = suggestion(&kind.value, fault::REGISTRY.iter().map(|entry| entry.name));
            fields.note(Problem { help, ..problem });
        }
    }
    draft
}

/// A fault that was drawn.
#[derive(Debug)]
struct Drawn {
    entry: &'static Entry,
    example: &'static str,
    intensity: f64,
    start: Millis,
    duration: Millis,
}

impl SwarmDraft {
    /// What the seed draws for a run of a length. Times lie on the minute.
    fn draw(&self, seed: u64, run: Millis) -> Vec<Drawn> {
        let key = seed ^ name_key("chaos.swarm");
        let mut dice = Dice::new(key, Purpose::Swarm, 0);
        let is_meant = |entry: &&Entry| self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.value == entry.name);
        let mut kinds: Vec<&'static Entry> = fault::REGISTRY.iter().filter(is_meant).collect();
        let count = self.least as u64 + dice.below(u64::from(self.most.saturating_sub(self.least)) + 1);
        let count = (count as usize).min(kinds.len());
        for place in 0..count {
            let other = place + dice.below((kinds.len() - place) as u64) as usize;
            kinds.swap(place, other);
        }
        kinds.truncate(count);
        kinds.sort_by_key(|entry| entry.name);
        let until = self.until.as_ref().map_or(run, |until| until.value.min(run));
        let minutes = |span: Millis| (span.0 / Millis::MINUTE.0).max(0) as u64;
        let drawn = kinds.into_iter().map(|entry| {
            // Addressed by the fault: another bound on the number moves none of those that stay.
            let mut dice = Dice::new(key ^ name_key(entry.name), Purpose::Swarm, 1);
            let longest = minutes(self.longest).min(minutes(until - self.from));
            let shortest = minutes(self.shortest).min(longest);
            let duration = shortest + dice.below(longest - shortest + 1);
            let start = minutes(self.from) + dice.below(minutes(until - self.from) - duration + 1);
            let intensity = self.weakest + dice.unit() * (self.strongest - self.weakest);
            let minute = |count: u64| Millis(count as i64 * Millis::MINUTE.0);
            Drawn {
                entry,
                example: entry.examples[dice.below(entry.examples.len() as u64) as usize],
                intensity: (intensity * 1_000.0).round() / 1_000.0,
                start: minute(start),
                duration: minute(duration),
            }
        });
        drawn.filter(|drawn| drawn.duration > Millis(0)).collect()
    }

    /// Replaces `[chaos.swarm]` in the tree of a scenario by the faults that the seed draws; a line on each.
    ///
    /// # Errors
    /// If there is no time for them.
    pub fn expand(&self, tree: &mut Node, seed: u64, run: Millis) -> Result<Vec<String>, Problem> {
        let until = self.until.as_ref().map_or(run, |until| until.value);
        if until <= self.from || until > run {
            let message = format!("a swarm must lie between the run's start and its end after {run}");
            return Err(Problem::error(self.place.clone(), message).help("give it another `from` or `until`"));
        }
        let drawn = self.draw(seed, run);
        let tables = drawn.iter().enumerate().map(|(number, drawn)| {
            let Drawn { entry, example, intensity, start, duration } = drawn;
            format!(
                "[[fault]]\nname = \"swarm {} {}\"\nstart = \"{}\"\nduration = \"{}\"\nintensity = {intensity}\n{} = {example}\n",
                number + 1,
                entry.name,
                Exactly(*start),
                Exactly(*duration),
                entry.name,
            )
        });
        let text: String = tables.collect();
        let (faults, _) = parse_toml(&Source::new("chaos.swarm", text));
        let faults = faults.as_table().and_then(|table| table.get("fault")).cloned();
        if let Value::Table(table) = &mut tree.value {
            put(table, faults);
        }
        Ok(drawn.iter().map(Drawn::line).collect())
    }
}

/// Adds faults to those of a scenario, and takes `[chaos]` out of it.
fn put(table: &mut Table, faults: Option<Node>) {
    table.entries.retain(|entry| entry.key != "chaos");
    let Some(faults) = faults else { return };
    match (table.get_mut("fault").map(|node| &mut node.value), &faults.value) {
        (Some(Value::List(known)), Value::List(drawn)) => known.extend(drawn.iter().cloned()),
        _ => table.set("fault", faults),
    }
}

impl Drawn {
    fn line(&self) -> String {
        let Drawn { entry, example, intensity, start, duration } = self;
        let start = Exactly(*start);
        format!("drew {} = {example} at intensity {intensity}, from {start} for {}", entry.name, Exactly(*duration))
    }
}
