//! What the run cannot answer: said aloud, so that silence is not read as success.

use serde::{Deserialize, Serialize};
use sim::outcome::{ActKind, Outcome};

use crate::audit::AuditScore;
use crate::coverage::Coverage;
use crate::detection::DetectionScore;
use crate::matching::{covered, expects, label};
use crate::options::Options;

/// Why something has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// A control that nothing in the scenario called for.
    NotExercised,
    /// An attack or defect that no configured control is meant to see.
    NoExpectation,
    /// Something that could have been judged, had there been data.
    NotJudged,
    /// A number that rests on fewer events than [`Options::events_min`].
    ThinEvidence,
}

impl GapKind {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            GapKind::NotExercised => "not-exercised",
            GapKind::NoExpectation => "no-expectation",
            GapKind::NotJudged => "not-judged",
            GapKind::ThinEvidence => "thin-evidence",
        }
    }
}

/// One thing without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Which kind.
    pub kind: GapKind,
    /// What it concerns, for example `behavior MessagesSent`.
    pub subject: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// Lists the gaps, kind by kind.
pub fn gaps(
    outcome: &Outcome,
    detection: &DetectionScore,
    audit: &AuditScore,
    coverage: &Coverage,
    options: &Options,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut add = |kind, subject: String, reason: String| gaps.push(Gap { kind, subject, reason });
    let attacks = || outcome.truth.iter().filter(|act| act.category == ActKind::Attack);
    for (position, behavior) in outcome.behaviors.iter().enumerate() {
        let subject = format!("behavior {}", label(outcome, position));
        if behavior.datapoints == 0 {
            add(GapKind::NotJudged, subject.clone(), format!("no datapoint of {} was judged", behavior.metric));
        }
        if !attacks().any(|act| expects(act, behavior) && covered(behavior, act) > 0) {
            let reason = format!("no attack disturbs {} where it watches", behavior.metric);
            add(GapKind::NotExercised, subject, reason);
        }
    }
    for check in &audit.checks {
        let subject = format!("check {}", check.name);
        if check.enabled && check.seeded == 0 {
            add(GapKind::NotExercised, subject.clone(), "no seeded defect calls for it".to_owned());
        }
        if check.enabled && check.runs == 0 {
            add(GapKind::NotJudged, subject.clone(), "no audit ran it".to_owned());
        }
        if !check.enabled {
            add(GapKind::NoExpectation, subject, format!("it is off, and {} seeded defects call for it", check.seeded));
        } else if check.unaudited > 0 && check.runs > 0 {
            let reason = format!("{} seeded defects began after its last audit", check.unaudited);
            add(GapKind::NotJudged, subject, reason);
        }
    }
    for row in coverage.rows.iter().filter(|row| !row.has_expectation()) {
        let act = &outcome.truth[row.act as usize];
        let reason = match (act.disturbs.is_empty(), act.checks.is_empty()) {
            (true, true) => "it disturbs no metric and fails no check".to_owned(),
            (false, _) => format!("no behavior watches {} on its devices", act.disturbs.join(", ")),
            (true, false) => format!("these checks are off: {}", act.checks.join(", ")),
        };
        add(GapKind::NoExpectation, format!("{} {}", row.category, row.name), reason);
    }
    for attack in &detection.attacks {
        let subject = format!("attack {}", attack.name);
        match attack.recall {
            None => add(GapKind::NotJudged, subject, "it reached no device".to_owned()),
            Some(recall) => {
                if (1..recall.trials).contains(&attack.uncovered) {
                    let reason =
                        format!("no behavior watches for it on {} of {} devices", attack.uncovered, recall.trials);
                    add(GapKind::NoExpectation, subject.clone(), reason);
                }
                if attack.unobservable > 0 {
                    let reason =
                        format!("no datapoint shows it on {} of {} devices", attack.unobservable, recall.trials);
                    add(GapKind::NotJudged, subject.clone(), reason);
                }
                if attack.masked > 0 {
                    let reason = format!("an alarm already stood at its onset on {} devices", attack.masked);
                    add(GapKind::NotJudged, subject.clone(), reason);
                }
                if recall.trials < options.events_min {
                    let reason = format!("recall rests on {} devices", recall.trials);
                    add(GapKind::ThinEvidence, subject, reason);
                }
            }
        }
    }
    gaps.sort_by_key(|gap| gap.kind);
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::score;

    #[test]
    fn every_kind_of_gap_is_named() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.outcome.behaviors[1].datapoints = 0;
        fixture.check("LOGGING_DISABLED_CHECK");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120), (1, 60, 120)]);
        fixture.outcome.truth[0].devices[1].first_observable = None;
        fixture.attack("beacon", &["aws:all-bytes-out"], &[(2, 60, 120)]);
        fixture.attack("ghost", &["aws:num-messages-sent"], &[]);
        fixture.act(ActKind::Defect, "ca", &[], &[]);
        fixture.outcome.truth[3].checks = vec!["CA_CERTIFICATE_EXPIRING_CHECK".into()];
        fixture.outcome.truth[3].resource = Some("root".into());
        let lines: Vec<String> = score(&fixture.outcome)
            .gaps
            .iter()
            .map(|gap| format!("{}: {}: {}", gap.kind.name(), gap.subject, gap.reason))
            .collect();
        assert_eq!(
            lines,
            [
                "not-exercised: behavior auth: no attack disturbs aws:num-authorization-failures where it watches",
                "not-exercised: check LOGGING_DISABLED_CHECK: no seeded defect calls for it",
                "no-expectation: check CA_CERTIFICATE_EXPIRING_CHECK: it is off, and 1 seeded defects call for it",
                "no-expectation: attack beacon: no behavior watches aws:all-bytes-out on its devices",
                "no-expectation: attack ghost: no behavior watches aws:num-messages-sent on its devices",
                "no-expectation: defect ca: these checks are off: CA_CERTIFICATE_EXPIRING_CHECK",
                "not-judged: behavior auth: no datapoint of aws:num-authorization-failures was judged",
                "not-judged: check LOGGING_DISABLED_CHECK: no audit ran it",
                "not-judged: attack leak: no datapoint shows it on 1 of 2 devices",
                "not-judged: attack ghost: it reached no device",
                "thin-evidence: attack leak: recall rests on 2 devices",
                "thin-evidence: attack beacon: recall rests on 1 devices",
            ]
        );
    }
}
