//! A scorecard as a flat list of named numbers, so that two cards, or twenty, can be laid side by side.
//!
//! The numbers are those of the catalog ([`Measure`]), each of every subject of the run that has it; of distributions the
//! mean and the 95 % quantile. Only *harm done* stands beside the catalog: its unit is what the scenario says.

use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Outcome};

use crate::expect::{Basis, Better, Measure, Rank, Statistic, Subject, Unit, measure};
use crate::remediation::Harm;
use crate::scorecard::Scorecard;

/// What stands behind a value, for the question whether there is enough of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Trials of a share, or spans of a mean: each side needs enough of them.
    Trials(u64),
    /// Events of a rate: both sides together need enough of them.
    Events(u64),
    /// An amount that is simply there.
    Whole,
}

impl Evidence {
    fn of(basis: Basis) -> Evidence {
        match basis {
            Basis::Share { trials, .. } => Evidence::Trials(trials),
            Basis::Times(times) => Evidence::Trials(times),
            Basis::Rate { events, .. } => Evidence::Events(events),
            Basis::Exact => Evidence::Whole,
        }
    }

    /// What stands behind a value that is not there.
    fn lacking(unit: &Unit) -> Evidence {
        match unit {
            Unit::Share | Unit::Seconds => Evidence::Trials(0),
            Unit::PerDay | Unit::Per1000DeviceDays | Unit::PerDeviceYear => Evidence::Events(0),
            Unit::DeviceHours | Unit::Amount(_) => Evidence::Whole,
        }
    }
}

/// One score of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreValue {
    /// Whose, as [`Subject`] is written: `run`, `attack NAME`, `behavior PROFILE/NAME`.
    pub subject: String,
    /// Which, as [`Measure::quantity`] writes it, or `harm_done`.
    pub score: String,
    /// Its unit.
    pub unit: Unit,
    /// Which way it improves.
    pub better: Better,
    /// Whether a verdict looks at it.
    pub is_headline: bool,
    /// The value; `None` is "n/a".
    pub value: Option<f64>,
    /// What stands behind it.
    pub evidence: Evidence,
}

/// Every score of a run that has one number, in a fixed order.
pub fn values(outcome: &Outcome, card: &Scorecard) -> Vec<ScoreValue> {
    let mut values = Vec::new();
    for subject in subjects(outcome, card) {
        let kind = subject.kind();
        let told = Measure::ALL.iter().filter(|of| of.subjects().contains(&kind) && of.rank() != Rank::Restated);
        for of in told {
            let statistics: &[Option<Statistic>] =
                if of.is_distribution() { &[Some(Statistic::Mean), Some(Statistic::P95)] } else { &[None] };
            for statistic in statistics {
                values.push(value(&subject, *of, *statistic, outcome, card));
            }
        }
        match &subject {
            Subject::Run => values.extend(card.remediation.harm.iter().map(|harm| done(&subject, harm))),
            Subject::Attack(name) => {
                let attack = card.remediation.attacks.iter().find(|attack| attack.name == *name);
                values.extend(attack.map(|attack| done(&subject, &attack.harm)));
            }
            _ => {}
        }
    }
    values
}

/// Everything in a run that has scores.
fn subjects(outcome: &Outcome, card: &Scorecard) -> Vec<Subject> {
    let acts = |kind: ActKind| outcome.truth.iter().filter(move |act| act.category == kind).map(|act| act.name.clone());
    let mut subjects = vec![Subject::Run];
    subjects.extend(acts(ActKind::Attack).map(Subject::Attack));
    subjects.extend(acts(ActKind::Defect).map(Subject::Defect));
    subjects.extend(
        outcome
            .behaviors
            .iter()
            .map(|row| Subject::Behavior { profile: row.profile.clone(), behavior: row.name.clone() }),
    );
    subjects.extend(outcome.classes.iter().map(|class| Subject::Class(class.name.clone())));
    subjects.extend(card.audit.checks.iter().map(|check| Subject::Check(check.name.clone())));
    subjects.extend(card.remediation.actions.iter().map(|action| Subject::Action(action.action.clone())));
    subjects
}

fn value(
    subject: &Subject,
    of: Measure,
    statistic: Option<Statistic>,
    outcome: &Outcome,
    card: &Scorecard,
) -> ScoreValue {
    let reading = measure(subject, of, statistic, outcome, card).ok();
    let unit = of.unit();
    ScoreValue {
        subject: subject.to_string(),
        score: of.quantity(statistic),
        better: of.better(),
        is_headline: *subject == Subject::Run
            && of.rank() == Rank::Headline
            && matches!(statistic, None | Some(Statistic::Mean)),
        value: reading.map(|reading| reading.value),
        evidence: reading.map_or(Evidence::lacking(&unit), |reading| Evidence::of(reading.basis)),
        unit,
    }
}

/// Harm done, in its own unit; of a run, there may be several of it.
fn done(subject: &Subject, harm: &Harm) -> ScoreValue {
    let unit = if harm.unit.is_empty() { "harm" } else { &harm.unit };
    let is_headline = *subject == Subject::Run;
    ScoreValue {
        subject: subject.to_string(),
        score: if is_headline { format!("harm_done {unit}") } else { "harm_done".to_owned() },
        unit: Unit::Amount(unit.to_owned().into()),
        better: Better::Lower,
        is_headline,
        value: Some(harm.done as f64),
        evidence: Evidence::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::score;

    fn of<'a>(values: &'a [ScoreValue], subject: &str, score: &str) -> &'a ScoreValue {
        let found = values.iter().find(|value| value.subject == subject && value.score == score);
        found.unwrap_or_else(|| panic!("no {score} of {subject}"))
    }

    #[test]
    fn values_are_those_of_the_card() {
        let mut fixture = Fixture::new(1_000, 2);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120)]);
        fixture.alarm(0, 1, 80, 5).alarm(0, 500, 300, 5).alarm(0, 501, 300, 5);
        let values = values(&fixture.outcome, &score(&fixture.outcome));
        let recall = of(&values, "run", "recall");
        assert_eq!((recall.value, recall.evidence, recall.is_headline), (Some(0.5), Evidence::Trials(2), true));
        assert_eq!(of(&values, "run", "precision").value, Some(1.0 / 3.0));
        // Two false alarms on 2,000 device-days.
        let wrong = of(&values, "run", "false_alarms_per_1000_device_days");
        assert_eq!((wrong.value, wrong.evidence), (Some(1.0), Evidence::Events(2)));
        assert_eq!(of(&values, "run", "harm_done bytes").value, Some(200.0));
        assert_eq!(of(&values, "attack leak", "latency.mean").value, Some(1_200.0));
        assert_eq!(of(&values, "run", "audit_recall").value, None);
    }

    #[test]
    fn undetected_devices_count_until_watching_ended() {
        // Device 1 after 20 minutes; device 2 never: 60 minutes of attack and 10 of grace.
        let mut fixture = Fixture::new(1_000, 2);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120)]);
        fixture.alarm(0, 1, 80, 5);
        let values = values(&fixture.outcome, &score(&fixture.outcome));
        assert_eq!(of(&values, "run", "time_undetected.mean").value, Some((20.0 + 70.0) / 2.0 * 60.0));
    }

    #[test]
    fn names_are_unique() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.check("LOGGING_DISABLED_CHECK").attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120)]);
        let values = values(&fixture.outcome, &score(&fixture.outcome));
        let mut names: Vec<_> = values.iter().map(|value| (&value.subject, &value.score)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), values.len());
    }
}
