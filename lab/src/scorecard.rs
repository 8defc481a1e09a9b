//! All scores of a run, in one piece of plain data.

use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;

use crate::audit::{self, AuditScore, Seeded};
use crate::campaign::{self, CampaignScore};
use crate::coverage::{self, Coverage};
use crate::density::{self, Density};
use crate::detection::{self, DetectionScore};
use crate::false_alarm::{self, FalseAlarmScore};
use crate::gaps::{self, Gap};
use crate::load::{self, LoadScore};
use crate::matching::{self, Matching};
use crate::measures::{self, Measures, ResponseTimes};
use crate::options::Options;
use crate::quality::{self, QualityScore};
use crate::remediation::{self, RemediationScore};
use crate::waterfall::{self, Waterfall};

/// Every score of a run. A score over no events is `None`, shown as "n/a": never 100 %. There is no composite score.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scorecard {
    /// [`Scorecard::SCHEMA`]: changes when the meaning of a field does.
    pub schema: String,
    /// The options it was made with.
    pub options: Options,
    /// The six measures.
    pub measures: Measures,
    /// MTTD, MTTA, MTTR and dwell time.
    pub response: ResponseTimes,
    /// Recall and latency.
    pub detection: DetectionScore,
    /// Precision, recall and F1.
    pub quality: QualityScore,
    /// False alarms.
    pub false_alarms: FalseAlarmScore,
    /// Where the time goes: all attacks together, then each.
    pub waterfalls: Vec<Waterfall>,
    /// Audits.
    pub audit: AuditScore,
    /// Containment, harm, collateral, rotation.
    pub remediation: RemediationScore,
    /// Campaigns, in the order of the scenario.
    #[serde(default)]
    pub campaigns: Vec<CampaignScore>,
    /// Operator load.
    pub load: LoadScore,
    /// Act × control.
    pub coverage: Coverage,
    /// Alarms over time.
    pub density: Density,
    /// What the run cannot answer.
    pub gaps: Vec<Gap>,
    /// Alarm by alarm and device by device, for tables; not part of the serialized scorecard.
    #[serde(skip)]
    pub matching: Matching,
    /// Seeded defect by seeded defect, for tables; not part of the serialized scorecard.
    #[serde(skip)]
    pub seeded: Vec<Seeded>,
}

impl Scorecard {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.scorecard/1";
}

/// Scores a run with the default options.
pub fn score(outcome: &Outcome) -> Scorecard {
    score_with(outcome, Options::default())
}

/// Scores a run.
pub fn score_with(outcome: &Outcome, options: Options) -> Scorecard {
    let matching = matching::match_alarms(outcome, &options);
    let seeded = audit::seeded(outcome);
    let incidents = load::incidents(outcome, &matching, &options);
    let detection = detection::score(outcome, &matching);
    let quality = quality::score(outcome, &matching, &incidents);
    let false_alarms = false_alarm::score(outcome, &matching);
    let audit = audit::score(outcome, &seeded);
    let remediation = remediation::score(outcome, &matching);
    let coverage = coverage::matrix(outcome, &matching, &seeded);
    Scorecard {
        schema: Scorecard::SCHEMA.to_owned(),
        options,
        measures: measures::measures(outcome, &matching, quality.device.precision, false_alarms.total.count),
        response: measures::response_times(outcome, &matching),
        waterfalls: waterfall::score(outcome, &matching),
        campaigns: campaign::score(outcome, &detection, &remediation),
        load: load::score(outcome, &incidents, &options),
        density: density::density(outcome, &matching),
        gaps: gaps::gaps(outcome, &detection, &audit, &coverage, &options),
        detection,
        remediation,
        quality,
        false_alarms,
        audit,
        coverage,
        matching,
        seeded,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use sim::outcome::ActKind;

    use super::*;
    use crate::fixture::Fixture;

    #[test]
    fn a_quiet_run_scores_nothing_as_perfect() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        let card = score(&fixture.outcome);
        assert_eq!((card.measures.precision, card.measures.recall), (None, None));
        assert_eq!((card.quality.device.f1, card.quality.incident.f1), (None, None));
        assert_eq!((card.remediation.coverage, card.audit.recall), (None, None));
        assert_eq!(card.measures.false_alarms.count, 0);
    }

    #[test]
    fn the_serialized_card_reads_back() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(0, 60, 120)]).alarm(0, 0, 70, 5).alarm(0, 4, 75, 5);
        let card = score(&fixture.outcome);
        let json = serde_json::to_string(&card).expect("plain data serializes");
        let back: Scorecard = serde_json::from_str(&json).expect("what was written reads back");
        assert!(serde_json::to_string(&back).expect("plain data serializes") == json, "a card survives its file");
        assert_eq!(back.schema, "fleetrange.scorecard/1");
        assert!(!json.contains("verdicts"));
    }

    /// Worlds of up to 20 devices over two days, with attacks, confounders and alarms anywhere.
    fn worlds() -> impl Strategy<Value = Fixture> {
        let act = (0_u32..20, 0_i64..2_000, 1_i64..800, 0_usize..3);
        let alarm = (0_u32..2, 0_u32..20, 10_i64..2_800, 1_i64..600);
        (vec(act, 0..12), vec(alarm, 0..40)).prop_map(|(acts, alarms)| {
            let mut fixture = Fixture::new(20, 2);
            fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
            for (device, onset, length, kind) in acts {
                let kind = [ActKind::Attack, ActKind::Confounder, ActKind::SelfInflicted][kind];
                fixture.act(kind, "act", &["aws:num-messages-sent"], &[(device, onset, onset + length)]);
            }
            for (behavior, device, minute, length) in alarms {
                fixture.alarm(behavior, device, minute, length);
            }
            fixture
        })
    }

    proptest! {
        #[test]
        fn every_alarm_is_exactly_one_thing(fixture in worlds()) {
            let card = score(&fixture.outcome);
            let alarms = fixture.outcome.alarms.len() as u64;
            let parts = |of: fn(&quality::BehaviorQuality) -> u64| card.quality.behaviors.iter().map(of).sum::<u64>();
            prop_assert_eq!(parts(|b| b.right) + parts(|b| b.inside) + parts(|b| b.wrong), alarms);
            prop_assert_eq!(parts(|b| b.wrong), card.false_alarms.total.count);
            prop_assert_eq!(parts(|b| b.inside), card.false_alarms.inside);
            let causes: u64 = card.false_alarms.causes.iter().map(|row| row.rates.count).sum();
            let days: u64 = card.false_alarms.days.iter().map(|cell| cell.count).sum();
            let classes: u64 = card.false_alarms.classes.iter().map(|row| row.rates.count).sum();
            prop_assert_eq!([causes, days, classes], [card.false_alarms.total.count; 3]);
            let buckets: u32 = [&card.density.right, &card.density.inside, &card.density.wrong].into_iter().flatten().sum();
            prop_assert_eq!(u64::from(buckets), alarms);
            prop_assert_eq!(card.load.alarms, alarms);
        }

        #[test]
        fn whoever_is_lenient_sees_at_least_as_much(fixture in worlds()) {
            let card = score(&fixture.outcome);
            for detection in &card.matching.detections {
                prop_assert!(detection.strict.is_none() || detection.lenient.is_some());
            }
            if let (Some(strict), Some(lenient)) = (card.detection.devices, card.detection.devices_lenient) {
                prop_assert!(strict.successes <= lenient.successes && strict.trials == lenient.trials);
                prop_assert!(strict.low <= strict.value && strict.value <= strict.high);
            }
        }

        #[test]
        fn the_waterfall_adds_up_to_the_latency(fixture in worlds()) {
            let card = score(&fixture.outcome);
            if let (Some(all), Some(latency)) = (card.waterfalls.first(), &card.detection.latency) {
                let until_alarm: i64 = all.stages[..4].iter().filter_map(|stage| stage.time.as_ref()).map(|time| time.sum).sum();
                prop_assert_eq!(until_alarm, latency.sum);
            }
        }

        #[test]
        fn a_survival_curve_only_falls(fixture in worlds()) {
            let card = score(&fixture.outcome);
            if let Some(curve) = &card.detection.survival {
                let values: Vec<f64> = curve.steps.iter().map(|step| step.undetected).collect();
                prop_assert!(values.windows(2).all(|pair| pair[1] < pair[0]));
                prop_assert!(curve.steps.iter().all(|step| step.low <= step.undetected && step.undetected <= step.high));
                prop_assert_eq!(Some(curve.detected), card.detection.devices.map(|devices| devices.successes));
            }
        }
    }
}
