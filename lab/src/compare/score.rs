//! A scorecard as a flat list of named numbers, so that two cards, or twenty, can be laid side by side.

use defender::time::Millis;
use serde::{Deserialize, Serialize};
use sim::outcome::Outcome;

use crate::detection::detected_at;
use crate::interval::{Proportion, Rate};
use crate::latency::Latency;
use crate::matching::{Detection, label};
use crate::remediation::Harm;
use crate::scorecard::Scorecard;

/// What a score is measured in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A share of something, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Per day of the run, over the whole fleet.
    PerDay,
    /// Per 1,000 devices and day.
    Per1000DeviceDays,
    /// Hours of single devices.
    DeviceHours,
    /// A number of these, for example `bytes`.
    Amount(String),
}

/// Which way a score improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes.
    Neither,
}

impl Better {
    /// By how much a change is for the worse, negative if it is for the better; `None` where neither side is.
    pub fn loss(self, change: f64) -> Option<f64> {
        match self {
            Better::Higher => Some(-change),
            Better::Lower => Some(change),
            Better::Neither => None,
        }
    }
}

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

/// One score of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreValue {
    /// Whose: `run`, `attack NAME`, `behavior NAME`, `class NAME`, `check NAME`, `job NAME`.
    pub subject: String,
    /// Which, as `scores.csv` names it.
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
    let mut list = List { subject: "run".to_owned(), values: Vec::new() };
    detection(&mut list, outcome, card);
    cost(&mut list, card);
    audit(&mut list, card);
    response(&mut list, card);
    for (seen, done) in card.detection.attacks.iter().zip(&card.remediation.attacks) {
        list.subject = format!("attack {}", seen.name);
        let parts = card.matching.detections.iter().filter(|part| part.act == seen.act);
        list.share("recall", seen.recall, Better::Higher);
        list.mean("detection_time", seen.latency.as_ref(), Better::Lower);
        list.undetected(outcome, parts);
        list.share("remediation_coverage", done.coverage, Better::Higher);
        list.mean("time_to_contain", done.time_to_contain.as_ref(), Better::Lower);
        list.harm(&done.harm);
    }
    for (position, (quality, cost)) in card.quality.behaviors.iter().zip(&card.false_alarms.behaviors).enumerate() {
        list.subject = format!("behavior {}", label(outcome, position));
        list.share("precision", quality.quality.precision, Better::Higher);
        list.share("recall", quality.quality.recall, Better::Higher);
        list.rate("false_alarms", cost.rates.per_1000_device_days, Unit::Per1000DeviceDays, Better::Lower);
    }
    for class in &card.false_alarms.classes {
        list.subject = format!("class {}", class.class);
        if let Some(seen) = card.detection.classes.iter().find(|seen| seen.class == class.class) {
            list.share("recall", seen.recall, Better::Higher);
        }
        list.rate("false_alarms", class.rates.per_1000_device_days, Unit::Per1000DeviceDays, Better::Lower);
    }
    for check in &card.audit.checks {
        list.subject = format!("check {}", check.name);
        list.share("precision", check.precision, Better::Higher);
        list.share("recall", check.recall, Better::Higher);
        list.mean("time_to_finding", check.time_to_finding.as_ref(), Better::Lower);
    }
    for rotation in &card.remediation.rotations {
        list.subject = format!("job {}", rotation.job_id);
        list.share("rotated_in_time", rotation.in_time, Better::Higher);
        list.whole("outage", Some(rotation.outage_device_hours), Unit::DeviceHours, Better::Lower);
    }
    list.values
}

fn detection(list: &mut List, outcome: &Outcome, card: &Scorecard) {
    let measures = &card.measures;
    list.share("recall", measures.recall, Better::Higher).headline();
    list.share("precision", measures.precision, Better::Higher).headline();
    list.share("incident_recall", card.quality.incident.recall, Better::Higher);
    list.whole("f1", card.quality.device.f1, Unit::Share, Better::Higher);
    list.undetected(outcome, card.matching.detections.iter()).headline();
    list.mean("detection_time", measures.detection_time.as_ref(), Better::Lower);
    let late = measures.detection_time.as_ref().map(|time| (time.p95, time.count));
    list.span("detection_time_p95", late, Better::Lower);
    list.mean("reset_time", measures.reset_time.as_ref(), Better::Lower);
}

fn cost(list: &mut List, card: &Scorecard) {
    let wrong = &card.measures.false_alarms;
    list.rate("false_alarms", wrong.per_1000_device_days, Unit::Per1000DeviceDays, Better::Lower).headline();
    list.rate("false_alarms_per_day", wrong.per_day, Unit::PerDay, Better::Lower);
    for cause in &card.false_alarms.causes {
        let name = format!("false_alarms_{}", cause.cause.name());
        list.rate(&name, cause.rates.per_1000_device_days, Unit::Per1000DeviceDays, Better::Lower);
    }
    list.rate("alarms_per_day", card.measures.alarms_per_day, Unit::PerDay, Better::Neither);
    list.whole("incidents_per_day", card.load.incidents_per_day, Unit::PerDay, Better::Neither);
    let worst = card.load.worst_hour.map_or(0, |worst| worst.alarms);
    list.whole("worst_hour", Some(worst as f64), Unit::Amount("alarms".to_owned()), Better::Lower);
    for queue in card.load.queues.iter().take(1) {
        list.mean("wait_1_analyst", queue.wait.as_ref(), Better::Lower);
    }
}

fn audit(list: &mut List, card: &Scorecard) {
    list.share("audit_recall", card.audit.recall, Better::Higher).headline();
    list.share("audit_precision", card.audit.precision, Better::Higher).headline();
    list.mean("time_to_finding", card.audit.time_to_finding.as_ref(), Better::Lower);
}

fn response(list: &mut List, card: &Scorecard) {
    let remediation = &card.remediation;
    list.share("remediation_coverage", remediation.coverage, Better::Higher).headline();
    list.mean("time_to_contain", remediation.time_to_contain.as_ref(), Better::Lower);
    list.mean("time_to_acknowledge", card.response.acknowledge.as_ref(), Better::Lower);
    list.mean("time_to_respond", card.response.respond.as_ref(), Better::Lower);
    list.mean("dwell_time", card.response.dwell.as_ref(), Better::Lower).headline();
    for harm in &remediation.harm {
        list.harm(harm).headline();
    }
    let collateral = &remediation.collateral;
    let devices = Unit::Amount("devices".to_owned());
    list.whole("collateral_devices", Some(collateral.devices_touched as f64), devices, Better::Lower);
    let hours = Some(collateral.device_hours_lost);
    list.whole("collateral_device_hours", hours, Unit::DeviceHours, Better::Lower).headline();
}

/// Values under construction.
struct List {
    subject: String,
    values: Vec<ScoreValue>,
}

impl List {
    fn add(&mut self, score: &str, unit: Unit, better: Better, value: Option<f64>, evidence: Evidence) -> &mut Self {
        let (subject, score) = (self.subject.clone(), score.to_owned());
        self.values.push(ScoreValue { subject, score, unit, better, is_headline: false, value, evidence });
        self
    }

    fn headline(&mut self) {
        if let Some(last) = self.values.last_mut() {
            last.is_headline = true;
        }
    }

    fn share(&mut self, score: &str, share: Option<Proportion>, better: Better) -> &mut Self {
        let trials = Evidence::Trials(share.map_or(0, |share| share.trials));
        self.add(score, Unit::Share, better, share.map(|share| share.value), trials)
    }

    fn rate(&mut self, score: &str, rate: Option<Rate>, unit: Unit, better: Better) -> &mut Self {
        let events = Evidence::Events(rate.map_or(0, |rate| rate.events));
        self.add(score, unit, better, rate.map(|rate| rate.value), events)
    }

    fn span(&mut self, score: &str, span: Option<(Millis, u64)>, better: Better) -> &mut Self {
        let trials = Evidence::Trials(span.map_or(0, |(_, count)| count));
        self.add(score, Unit::Seconds, better, span.map(|(span, _)| span.as_seconds_f64()), trials)
    }

    fn mean(&mut self, score: &str, spans: Option<&Latency>, better: Better) -> &mut Self {
        self.span(score, spans.map(|spans| (spans.mean, spans.count)), better)
    }

    fn whole(&mut self, score: &str, value: Option<f64>, unit: Unit, better: Better) -> &mut Self {
        self.add(score, unit, better, value, Evidence::Whole)
    }

    fn harm(&mut self, harm: &Harm) -> &mut Self {
        let unit = if harm.unit.is_empty() { "harm" } else { &harm.unit };
        let name = if self.subject == "run" { format!("harm_done {unit}") } else { "harm_done".to_owned() };
        self.whole(&name, Some(harm.done as f64), Unit::Amount(unit.to_owned()), Better::Lower)
    }

    /// **Time undetected**: from onset to the first strict alarm; of devices never detected, until watching for them
    /// ended. A mean over all attacked devices, so that missing the slow ones does not flatter.
    fn undetected<'a>(&mut self, outcome: &Outcome, parts: impl Iterator<Item = &'a Detection>) -> &mut Self {
        let spans = parts.map(|part| detected_at(outcome, part).unwrap_or(part.watched_until) - part.onset);
        self.mean("time_undetected", Latency::of(spans).as_ref(), Better::Lower)
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
        let wrong = of(&values, "run", "false_alarms");
        assert_eq!((wrong.value, wrong.evidence), (Some(1.0), Evidence::Events(2)));
        assert_eq!(of(&values, "run", "harm_done bytes").value, Some(200.0));
        assert_eq!(of(&values, "attack leak", "detection_time").value, Some(1_200.0));
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
        assert_eq!(of(&values, "run", "time_undetected").value, Some((20.0 + 70.0) / 2.0 * 60.0));
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
