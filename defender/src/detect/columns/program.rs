//! Behaviors flattened for the column judges: which column, which range is normal, over how many ticks.

use serde::{Deserialize, Serialize};

use crate::detect::alarm::Consecutive;
use crate::detect::behavior::{Behavior, Criteria};
use crate::detect::columns::extra::normal_codes;
use crate::detect::columns::{Column, Extra, GRID, Topical};
use crate::detect::criteria::{Relation, Rule, Statistic};
use crate::metric::{Metric, MetricRef, ValueKind};
use crate::time::Millis;

/// All behaviors of some security profiles as a flat list of rules.
#[derive(Clone, Debug, Default)]
pub struct Program {
    rules: Vec<ProgramRule>,
    populations: Vec<Population>,
    learned: Vec<Learned>,
    extras: Vec<Extra>,
    profiles: u32,
    tick: Millis,
}

/// How the ticks of a window make one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Aggregate {
    /// Amounts add up.
    Sum,
    /// The worst message under an upper bound is the largest (D-40).
    Largest,
    /// The worst message under a lower bound is the smallest (D-40).
    Smallest,
    /// Levels: the last one counts (D-42, CH-77).
    Last,
}

/// One behavior, ready to be judged.
#[derive(Clone, Debug)]
pub struct ProgramRule {
    /// Position of its profile among those compiled.
    pub profile: u32,
    /// Position of its behavior in the profile.
    pub behavior: u32,
    /// How often in a row.
    pub consecutive: Consecutive,
    /// What is compared with what.
    pub kind: RuleKind,
    /// Disconnect-duration alarms do not end by silence (D-62, CH-87).
    pub exempt_from_silence: bool,
}

/// What a rule compares.
#[derive(Clone, Debug)]
pub enum RuleKind {
    /// A number against a fixed range.
    Number(NumberRule),
    /// A number against a percentile of its population: position in [`Program::populations`].
    Statistical {
        /// Position in [`Program::populations`].
        population: u32,
        /// How a device's value must relate to the percentile.
        relation: Relation,
    },
    /// A number against the range that a model takes for normal, which comes with the tick.
    Learned {
        /// Position in [`Program::learned`].
        model: u32,
    },
    /// A set against a set; the verdict comes with the tick.
    Set {
        /// The metric.
        metric: MetricRef,
        /// The rule.
        rule: Rule,
    },
}

/// A number against the range `low..=high` of normal values; empty if `low > high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// What is measured.
    pub column: Column,
    /// How many ticks make a window: a tumbling one for cloud-side metrics (CH-66), a sliding one for device-side
    /// deltas (CH-73).
    pub ticks: u32,
    /// How they make one value.
    pub aggregate: Aggregate,
    /// Smallest normal value.
    pub low: u64,
    /// Largest normal value.
    pub high: u64,
}

/// A population of devices whose percentile is a threshold (D-57).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// The rule it serves.
    pub rule: u32,
    /// What is measured.
    pub column: Column,
    /// Length of the tumbling window in ticks (D-56).
    pub ticks: u32,
    /// How they make one value.
    pub aggregate: Aggregate,
    /// Which percentile.
    pub statistic: Statistic,
}

/// What the model of an ML behavior learns from and judges (5.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The rule it serves.
    pub rule: u32,
    /// What is measured.
    pub column: Column,
    /// How many ticks make a window: 300 s, tumbling or sliding as for static rules (D-39, D-43); a tick for levels
    /// in reports.
    pub ticks: u32,
    /// How they make one value.
    pub aggregate: Aggregate,
}

/// A behavior that the column judges cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("behavior `{behavior}` uses {what}, which the fleet simulator does not judge yet")]
pub struct NotColumnar {
    /// The behavior.
    pub behavior: String,
    /// What it uses: `a topic-filter dimension on source addresses`…
    pub what: &'static str,
}

impl Program {
    /// Compiles the behaviors of each profile, in order.
    ///
    /// # Errors
    /// One for each behavior with a dimension on source addresses, or an ML criterion on a custom metric.
    pub fn compile<'a>(
        profiles: impl IntoIterator<Item = &'a [Behavior], IntoIter: Clone>,
    ) -> Result<Program, Vec<NotColumnar>> {
        let profiles = profiles.into_iter();
        let durations = profiles.clone().flatten().filter_map(|behavior| behavior.duration);
        let tick = durations.fold(GRID.0, |step, duration| gcd(step, duration.0));
        let mut program = Program { tick: Millis(tick), ..Program::default() };
        let mut errors = Vec::new();
        for (profile, behaviors) in profiles.enumerate() {
            program.profiles += 1;
            for (index, behavior) in behaviors.iter().enumerate() {
                match program.rule(profile as u32, index as u32, behavior) {
                    Ok(rule) => program.rules.push(rule),
                    Err(what) => errors.push(NotColumnar { behavior: behavior.name.clone(), what }),
                }
            }
        }
        if errors.is_empty() { Ok(program) } else { Err(errors) }
    }

    /// Other behaviors for the same profiles, on the same ticks: (position of the profile, behavior). A rule's
    /// `behavior` is its position in the list.
    ///
    /// # Errors
    /// One for each behavior that [`Program::compile`] would refuse, whose duration is no multiple of the tick, or which
    /// reads a column that this program has not.
    pub fn variants(&self, behaviors: &[(u32, Behavior)]) -> Result<Program, Vec<NotColumnar>> {
        let extras = self.extras.clone();
        let mut program = Program { tick: self.tick, profiles: self.profiles, extras, ..Program::default() };
        let mut errors = Vec::new();
        for (index, (profile, behavior)) in behaviors.iter().enumerate() {
            let fits = behavior.duration.is_none_or(|duration| duration.0 % self.tick.0 == 0);
            let rule = if fits {
                program.rule(*profile, index as u32, behavior)
            } else {
                Err("a duration that is no multiple of the run's windows")
            };
            let rule = if program.extras.len() > self.extras.len() {
                program.extras.truncate(self.extras.len());
                Err("a custom metric or a dimension that no profile has")
            } else {
                rule
            };
            match rule {
                Ok(rule) => program.rules.push(rule),
                Err(what) => errors.push(NotColumnar { behavior: behavior.name.clone(), what }),
            }
        }
        if errors.is_empty() { Ok(program) } else { Err(errors) }
    }

    /// The rules, profile by profile.
    pub fn rules(&self) -> &[ProgramRule] {
        &self.rules
    }

    /// Length of a tick: 300 s, or the largest step that divides all windows.
    pub fn tick(&self) -> Millis {
        self.tick
    }

    /// Number of profiles compiled.
    pub fn profiles(&self) -> u32 {
        self.profiles
    }

    /// The populations of the statistical rules.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// The models of the ML rules.
    pub fn learned(&self) -> &[Learned] {
        &self.learned
    }

    /// The columns that it has beside the usual ones, by the slots of [`Column::Part`] and [`Column::Custom`].
    pub fn extras(&self) -> &[Extra] {
        &self.extras
    }

    /// The set rules: (position in [`Program::rules`], metric, rule), in order.
    pub fn set_rules(&self) -> impl Iterator<Item = (usize, &MetricRef, &Rule)> {
        self.rules.iter().enumerate().filter_map(|(i, rule)| match &rule.kind {
            RuleKind::Set { metric, rule } => Some((i, metric, rule)),
            _ => None,
        })
    }

    /// The number columns that some rule reads; nobody else needs to be filled.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self
            .rules
            .iter()
            .filter_map(|rule| match &rule.kind {
                RuleKind::Number(number) => Some(number.column),
                RuleKind::Statistical { population, .. } => Some(self.populations[*population as usize].column),
                RuleKind::Learned { model } => Some(self.learned[*model as usize].column),
                RuleKind::Set { .. } => None,
            })
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The span over which a rule takes its value; a tick for sets.
    pub fn window(&self, rule: &ProgramRule) -> Millis {
        let ticks = match &rule.kind {
            RuleKind::Number(number) => number.ticks,
            RuleKind::Statistical { population, .. } => self.populations[*population as usize].ticks,
            RuleKind::Learned { model } => self.learned[*model as usize].ticks,
            RuleKind::Set { .. } => 1,
        };
        Millis(self.tick.0 * i64::from(ticks))
    }

    fn ticks(&self, window: Millis) -> u32 {
        (window.0 / self.tick.0) as u32
    }

    fn rule(&mut self, profile: u32, index: u32, behavior: &Behavior) -> Result<ProgramRule, &'static str> {
        let metric = &behavior.metric;
        let kind = match &behavior.criteria {
            Criteria::MachineLearning { .. } => {
                if matches!(metric, MetricRef::Custom(_)) {
                    return Err("an ML criterion on a custom metric");
                }
                let column = self.column_of(behavior, None);
                let ticks = static_window(metric, None).map_or(1, |window| self.ticks(window));
                let rule = self.rules.len() as u32;
                self.learned.push(Learned { rule, column, ticks, aggregate: aggregate_of(column) });
                RuleKind::Learned { model: self.learned.len() as u32 - 1 }
            }
            Criteria::Static(Rule::Number { relation, threshold }) => {
                let (low, high) = match metric {
                    MetricRef::Aws(_) => normal_range(*relation, *threshold),
                    MetricRef::Custom(_) => normal_codes(*relation, *threshold),
                };
                let column = self.column_of(behavior, Some(*relation));
                let window = static_window(metric, behavior.duration);
                let ticks = window.map_or(1, |window| self.ticks(window));
                RuleKind::Number(NumberRule { column, ticks, aggregate: aggregate_of(column), low, high })
            }
            Criteria::Static(_) if behavior.dimension.is_some() => {
                return Err("a topic-filter dimension on source addresses");
            }
            Criteria::Static(rule) => RuleKind::Set { metric: metric.clone(), rule: rule.clone() },
            Criteria::Statistical { relation, statistic } => {
                let population = self.populations.len() as u32;
                let column = self.column_of(behavior, None);
                self.populations.push(Population {
                    rule: self.rules.len() as u32,
                    column,
                    ticks: self.ticks(behavior.duration.unwrap_or(GRID)),
                    aggregate: aggregate_of(column),
                    statistic: *statistic,
                });
                RuleKind::Statistical { population, relation: *relation }
            }
        };
        Ok(ProgramRule {
            profile,
            behavior: index,
            consecutive: behavior.consecutive,
            kind,
            exempt_from_silence: *metric == MetricRef::Aws(Metric::DisconnectDuration),
        })
    }

    /// The column that a behavior on a number reads; one of the program's own is added when it is first asked for.
    fn column_of(&mut self, behavior: &Behavior, relation: Option<Relation>) -> Column {
        match (&behavior.metric, &behavior.dimension) {
            (MetricRef::Custom(name), _) => Column::Custom { slot: self.slot(Extra::Custom(name.clone())) },
            (MetricRef::Aws(metric), None) => column_of(*metric, relation),
            (MetricRef::Aws(metric), Some(dimension)) => {
                let of =
                    Topical::of(column_of(*metric, relation)).expect("validation keeps dimensions to these (D-V24)");
                Column::Part { slot: self.slot(Extra::Part { of, dimension: dimension.clone() }), of }
            }
        }
    }

    fn slot(&mut self, extra: Extra) -> u16 {
        let known = self.extras.iter().position(|known| *known == extra);
        let slot = known.unwrap_or_else(|| {
            self.extras.push(extra);
            self.extras.len() - 1
        });
        slot as u16
    }
}

impl Relation {
    /// The integers that conform to a whole threshold.
    pub(super) fn normal_integers(self, threshold: u64) -> (u64, u64) {
        match self {
            Relation::LessThan if threshold == 0 => (1, 0),
            Relation::LessThan => (0, threshold - 1),
            Relation::LessThanEquals => (0, threshold),
            Relation::GreaterThan if threshold == u64::MAX => (1, 0),
            Relation::GreaterThan => (threshold + 1, u64::MAX),
            Relation::GreaterThanEquals => (threshold, u64::MAX),
        }
    }
}

/// The integers that conform: counts are whole, so `< c` means `≤ ceil(c) − 1` and `> c` means `≥ floor(c) + 1`.
fn normal_range(relation: Relation, threshold: f64) -> (u64, u64) {
    match relation {
        Relation::LessThan if threshold <= 0.0 => (1, 0),
        Relation::LessThan => (0, threshold.ceil() as u64 - 1),
        Relation::LessThanEquals if threshold < 0.0 => (1, 0),
        Relation::LessThanEquals => (0, threshold.floor() as u64),
        Relation::GreaterThan if threshold < 0.0 => (0, u64::MAX),
        Relation::GreaterThan => (threshold.floor() as u64 + 1, u64::MAX),
        Relation::GreaterThanEquals => (threshold.max(0.0).ceil() as u64, u64::MAX),
    }
}

/// The window of a static rule; `None` where each report is judged by itself (gauges, D-43).
fn static_window(metric: &MetricRef, duration: Option<Millis>) -> Option<Millis> {
    let MetricRef::Aws(metric) = metric else { return None };
    match metric {
        Metric::MessageByteSize | Metric::DisconnectDuration => Some(GRID),
        _ if metric.is_gauge() => None,
        _ => Some(duration.unwrap_or(GRID)),
    }
}

fn aggregate_of(column: Column) -> Aggregate {
    match column {
        Column::LargestMessage => Aggregate::Largest,
        Column::SmallestMessage => Aggregate::Smallest,
        Column::Part { of, .. } => aggregate_of(of.column()),
        _ if column.is_gauge() => Aggregate::Last,
        _ => Aggregate::Sum,
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn column_of(metric: Metric, relation: Option<Relation>) -> Column {
    debug_assert_eq!(metric.value_kind(), ValueKind::Count, "set metrics have no number column");
    match (metric, relation) {
        (Metric::MessageByteSize, None) => Column::MessageBytes,
        (Metric::MessageByteSize, Some(relation)) if relation.bounds_from_above() => Column::LargestMessage,
        (Metric::MessageByteSize, Some(_)) => Column::SmallestMessage,
        _ => Column::of(metric).expect("validation gives set metrics set rules (D-V12)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_agree_with_the_relations_for_every_small_count() {
        for relation in
            [Relation::LessThan, Relation::LessThanEquals, Relation::GreaterThan, Relation::GreaterThanEquals]
        {
            for threshold in [0.0, 0.5, 1.0, 2.0, 2.5, 7.0] {
                let (low, high) = normal_range(relation, threshold);
                for value in 0..10u64 {
                    assert_eq!(
                        (low..=high).contains(&value),
                        relation.holds(value as f64, threshold),
                        "{value} {relation:?} {threshold}"
                    );
                }
            }
        }
    }
}
