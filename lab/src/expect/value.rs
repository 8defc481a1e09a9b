//! Where each measure stands in a scorecard, and what it means.

use defender::time::Millis;
use sim::outcome::Outcome;
use sim::scenario::expect::{Measure, Statistic, Subject};

use crate::audit::CheckScore;
use crate::detection::{AttackScore, ClassScore, detected_at};
use crate::false_alarm::Rates;
use crate::interval::{Proportion, Rate};
use crate::latency::Latency;
use crate::matching::{Cause, Detection};
use crate::quality::BehaviorQuality;
use crate::remediation::{ActionScore, AttackRemediation, DefectRemediation, Harm};
use crate::scorecard::Scorecard;

/// A measure's value in one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The value, in the measure's unit.
    pub value: f64,
    /// What it rests on.
    pub basis: Basis,
}

/// What a value rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// A count, or a quantity without a sample behind it.
    Exact,
    /// Successes of trials.
    Share {
        /// Trials with the property.
        successes: u64,
        /// All trials.
        trials: u64,
    },
    /// Events of an exposure, in the unit of the measure.
    Rate {
        /// Events counted.
        events: u64,
        /// Exposure.
        exposure: f64,
    },
    /// A statistic of so many times.
    Times(u64),
}

impl Reading {
    fn exact(value: f64) -> Reading {
        Reading { value, basis: Basis::Exact }
    }

    fn count(value: u64) -> Reading {
        Reading::exact(value as f64)
    }

    fn time(value: Millis) -> Reading {
        Reading::exact(value.as_seconds_f64())
    }
}

impl From<Proportion> for Reading {
    fn from(part: Proportion) -> Reading {
        Reading { value: part.value, basis: Basis::Share { successes: part.successes, trials: part.trials } }
    }
}

impl From<Rate> for Reading {
    fn from(rate: Rate) -> Reading {
        Reading { value: rate.value, basis: Basis::Rate { events: rate.events, exposure: rate.exposure } }
    }
}

/// What a measure means, in a sentence; the field of the scorecard that it is taken from says the rest.
pub const fn definition(measure: Measure) -> &'static str {
    match measure {
        Measure::Recall => {
            "attacked devices with an in-alarm event inside the attack window, of a behavior on a disturbed metric; of a \
             behavior, by its own alarms on devices that it watches; of a check or a defect, seeded units found"
        }
        Measure::RecallLenient => "as recall, by any behavior",
        Measure::IncidentRecall => "attacks detected on at least one device",
        Measure::Precision => "true alarms among true and false ones; of a check, findings that name a seeded defect",
        Measure::F1 => "harmonic mean of precision and recall",
        Measure::TimeUndetected => {
            "from onset to the first such event, of all attacked devices: of those never detected, until watching for \
             them ended"
        }
        Measure::Latency => "from onset to the first such event, of the devices detected",
        Measure::LatencyFromObservable => "the same from the first datapoint that could show it",
        Measure::FirstDetection => "from the attack's onset to the detection of its first device",
        Measure::HalfDetected => "from the attack's onset until half of its devices were detected",
        Measure::ResetTime => "from the moment an attack stopped on a device until its alarm ended",
        Measure::NotReset => "true alarms that stood at the end although the attack had stopped",
        Measure::TimeToAcknowledge => "from the first true alarm until a response starts on the device",
        Measure::TimeToRespond => "from the first true alarm until the attack is contained on the device",
        Measure::DwellTime => "from onset until contained, or over",
        Measure::Alarms => "alarm episodes, of suppressed behaviors too",
        Measure::TrueAlarms => "alarm episodes inside an attack window, on a disturbed metric",
        Measure::FalseAlarms => "alarm episodes outside every attack window",
        Measure::AlarmsPerDay => "alarm episodes per day of the run",
        Measure::FalseAlarmsPerDay => "false alarms per day of the run",
        Measure::FalseAlarmsPer1000DeviceDays => "false alarms per 1,000 devices and day",
        Measure::FalseAlarmsPerDeviceYear => "false alarms per device and year",
        Measure::FalseAlarmsSelfInflicted => "false alarms that our own mitigation explains, per 1,000 devices and day",
        Measure::FalseAlarmsFault => "false alarms while the defence was broken, per 1,000 devices and day",
        Measure::FalseAlarmsConfounder => "false alarms that an innocent event explains, per 1,000 devices and day",
        Measure::FalseAlarmsPlain => "false alarms of ordinary variation, per 1,000 devices and day",
        Measure::IncidentsPerDay => "chains of alerted alarms of one behavior, per day of the run",
        Measure::WorstHour => "alarms of the whole hour with the most of them, of behaviors that alert",
        Measure::WaitForOneAnalyst => {
            "from an incident's opening until the only analyst takes it, first come first served"
        }
        Measure::Notifications => "messages that would have gone to SNS",
        Measure::Audits => "audits that ended",
        Measure::AuditRecall => "seeded units of a defect that a check found",
        Measure::AuditPrecision => "findings that name a seeded defect",
        Measure::Findings => "distinct unsuppressed findings: one per check and resource, however often repeated",
        Measure::NonCompliant => "non-compliant results over all audits, repeated ones too",
        Measure::SuppressedFindings => "suppressed results over all audits",
        Measure::TimeToFinding => "from a defect's onset to its first finding",
        Measure::RemediationCoverage => {
            "attacked devices on which an action effective against the attack's channel took hold before its end"
        }
        Measure::TimeToContain => "from onset until such an action took hold",
        Measure::HarmAverted => "harm averted, as a share of what was planned",
        Measure::Removed => "devices (or the one resource) on which a measure removed the defect",
        Measure::TimeToRemove => "from the defect's onset until it was removed",
        Measure::CollateralDevices => "healthy devices on which an action took hold",
        Measure::CollateralDeviceHours => "hours that healthy devices spent restricted",
        Measure::RotatedInTime => "certificates replaced before the old one expired, over all rotation jobs",
        Measure::OutageDeviceHours => "device-hours without a valid certificate, over all rotation jobs",
        Measure::Started => "times the action was started",
        Measure::Effective => "times it took hold",
        Measure::Failed => "times it failed",
        Measure::TimeToEffect => "from the trigger until it took hold",
    }
}

/// The value of a measure of a subject in a run.
///
/// # Errors
/// Why it has none, in a sentence: a score over no events is n/a.
pub fn measure(
    subject: &Subject,
    measure: Measure,
    statistic: Option<Statistic>,
    outcome: &Outcome,
    card: &Scorecard,
) -> Result<Reading, String> {
    let book = Book { outcome, card, measure, statistic };
    match subject {
        Subject::Run => book.of_run(),
        Subject::Attack(name) => book.of_attack(name),
        Subject::Defect(name) => book.of_defect(name),
        Subject::Behavior { profile, behavior } => book.of_behavior(profile, behavior),
        Subject::Class(name) => book.of_class(name),
        Subject::Check(name) => book.of_check(name),
        Subject::Action(name) => book.of_action(name),
    }
}

/// A run and what is asked of it.
struct Book<'a> {
    outcome: &'a Outcome,
    card: &'a Scorecard,
    measure: Measure,
    statistic: Option<Statistic>,
}

impl Book<'_> {
    fn of_run(&self) -> Result<Reading, String> {
        let card = self.card;
        let (measures, response, remediation) = (&card.measures, &card.response, &card.remediation);
        let run = |count| Rates::of_run(count, &self.outcome.header);
        match self.measure {
            Measure::Recall => share(measures.recall, "no device was attacked"),
            Measure::RecallLenient => share(card.detection.devices_lenient, "no device was attacked"),
            Measure::IncidentRecall => share(card.detection.incidents, "no attack reached a device"),
            Measure::Precision => share(measures.precision, "there was no alarm to be right or wrong"),
            Measure::F1 => {
                card.quality.device.f1.map(Reading::exact).ok_or_else(|| "precision or recall is n/a".to_owned())
            }
            Measure::Latency => self.time(measures.detection_time.as_ref(), "nothing was detected"),
            Measure::LatencyFromObservable => {
                self.time(card.detection.latency_from_observable.as_ref(), "nothing was detected")
            }
            Measure::TimeUndetected => self.undetected(|_| true, "no device was attacked"),
            Measure::AuditRecall => share(card.audit.recall, "no seeded defect calls for a check"),
            Measure::AuditPrecision => share(card.audit.precision, "nothing was found"),
            Measure::ResetTime => self.time(measures.reset_time.as_ref(), "no alarm outlived its attack and ended"),
            Measure::NotReset => Ok(Reading::count(measures.not_reset)),
            Measure::TimeToAcknowledge => self.time(response.acknowledge.as_ref(), "no alarm was acknowledged"),
            Measure::TimeToRespond => self.time(response.respond.as_ref(), "no detected attack was contained"),
            Measure::DwellTime => self.time(response.dwell.as_ref(), "no device was attacked"),
            Measure::Findings => match card.audit.audits {
                0 => Err("no audit ran".to_owned()),
                _ => Ok(Reading::count(card.audit.checks.iter().map(findings).sum())),
            },
            Measure::Audits => Ok(Reading::count(card.audit.audits)),
            Measure::TimeToFinding => self.time(card.audit.time_to_finding.as_ref(), "no seeded defect was found"),
            Measure::RemediationCoverage => share(remediation.coverage, "no device was attacked"),
            Measure::TimeToContain => self.time(remediation.time_to_contain.as_ref(), "nothing was contained"),
            Measure::CollateralDevices => Ok(Reading::count(remediation.collateral.devices_touched)),
            Measure::CollateralDeviceHours => Ok(Reading::exact(remediation.collateral.device_hours_lost)),
            Measure::RotatedInTime => {
                let parts = || remediation.rotations.iter().filter_map(|rotation| rotation.in_time);
                let pooled = Proportion::of(parts().map(|p| p.successes).sum(), parts().map(|p| p.trials).sum());
                share(pooled, "no certificate was to be rotated")
            }
            Measure::OutageDeviceHours if remediation.rotations.is_empty() => Err("no rotation job ran".to_owned()),
            Measure::OutageDeviceHours => {
                Ok(Reading::exact(remediation.rotations.iter().map(|rotation| rotation.outage_device_hours).sum()))
            }
            // Silence is no answer where nobody listened.
            _ if self.outcome.behaviors.iter().all(|behavior| behavior.datapoints == 0) => {
                Err("no datapoint was judged".to_owned())
            }
            Measure::Alarms => Ok(Reading::count(self.outcome.alarms.len() as u64)),
            Measure::TrueAlarms => {
                Ok(Reading::count(card.quality.behaviors.iter().map(|behavior| behavior.right).sum()))
            }
            Measure::FalseAlarms => Ok(Reading::count(measures.false_alarms.count)),
            Measure::AlarmsPerDay => rate(measures.alarms_per_day),
            Measure::FalseAlarmsPerDay => rate(measures.false_alarms.per_day),
            Measure::FalseAlarmsPer1000DeviceDays => rate(measures.false_alarms.per_1000_device_days),
            Measure::FalseAlarmsPerDeviceYear => rate(measures.false_alarms.per_device_year),
            Measure::FalseAlarmsSelfInflicted => self.caused(Cause::SelfInflicted),
            Measure::FalseAlarmsFault => self.caused(Cause::Fault),
            Measure::FalseAlarmsConfounder => self.caused(Cause::Confounder),
            Measure::FalseAlarmsPlain => self.caused(Cause::Plain),
            Measure::WorstHour => Ok(Reading::count(card.load.worst_hour.map_or(0, |worst| worst.alarms))),
            Measure::WaitForOneAnalyst => {
                let alone = card.load.queues.iter().find(|queue| queue.analysts == 1);
                self.time(alone.and_then(|queue| queue.wait.as_ref()), "there was no incident")
            }
            Measure::IncidentsPerDay => rate(run(card.load.incidents).per_day),
            Measure::Notifications => Ok(Reading::count(self.outcome.tally.notifications)),
            _ => self.foreign(),
        }
    }

    fn of_attack(&self, name: &str) -> Result<Reading, String> {
        let unknown = || format!("the run has no attack `{name}`");
        let attack: &AttackScore =
            self.card.detection.attacks.iter().find(|attack| attack.name == name).ok_or_else(unknown)?;
        let remediation: &AttackRemediation =
            self.card.remediation.attacks.iter().find(|attack| attack.name == name).ok_or_else(unknown)?;
        let nobody = "it reached no device";
        let unseen = "none of its devices was detected";
        let time = |time: Option<Millis>| time.map(Reading::time);
        match self.measure {
            Measure::Recall => share(attack.recall, nobody),
            Measure::RecallLenient => share(attack.recall_lenient, nobody),
            Measure::Latency => self.time(attack.latency.as_ref(), unseen),
            Measure::LatencyFromObservable => self.time(attack.latency_from_observable.as_ref(), unseen),
            Measure::TimeUndetected => self.undetected(|part| part.act == attack.act, nobody),
            Measure::FirstDetection => time(attack.first_device).ok_or_else(|| unseen.to_owned()),
            Measure::HalfDetected => {
                time(attack.half_of_devices).ok_or_else(|| "less than half of its devices were detected".to_owned())
            }
            Measure::RemediationCoverage => share(remediation.coverage, nobody),
            Measure::TimeToContain => self.time(remediation.time_to_contain.as_ref(), "it was contained nowhere"),
            Measure::HarmAverted => averted(&remediation.harm),
            _ => self.foreign(),
        }
    }

    fn of_defect(&self, name: &str) -> Result<Reading, String> {
        let remediation: &DefectRemediation = self
            .card
            .remediation
            .defects
            .iter()
            .find(|defect| defect.name == name)
            .ok_or_else(|| format!("the run has no defect `{name}`"))?;
        match self.measure {
            Measure::Recall => {
                let units = || self.card.seeded.iter().filter(|unit| unit.act == remediation.act);
                let found = units().filter(|unit| unit.found.is_some()).count() as u64;
                share(Proportion::of(found, units().count() as u64), "no check should find it")
            }
            Measure::Removed => share(remediation.removed, "it reached no device"),
            Measure::TimeToRemove => self.time(remediation.time_to_remove.as_ref(), "it was removed nowhere"),
            Measure::HarmAverted => averted(&remediation.harm),
            _ => self.foreign(),
        }
    }

    fn of_behavior(&self, profile: &str, name: &str) -> Result<Reading, String> {
        let quality: &BehaviorQuality = self
            .card
            .quality
            .behaviors
            .iter()
            .find(|behavior| behavior.profile == profile && behavior.name == name)
            .ok_or_else(|| format!("the run has no behavior `{profile}/{name}`"))?;
        let alarms = quality.right + quality.inside + quality.wrong;
        let false_alarms = &self.card.false_alarms.behaviors[quality.behavior as usize].rates;
        match self.measure {
            Measure::Recall => {
                share(quality.quality.recall, "no attack disturbs its metric on a device that it watches")
            }
            Measure::Precision => share(quality.quality.precision, "it had no alarm to be right or wrong"),
            Measure::F1 => {
                quality.quality.f1.map(Reading::exact).ok_or_else(|| "precision or recall is n/a".to_owned())
            }
            _ if self.outcome.behaviors[quality.behavior as usize].datapoints == 0 => {
                Err("it judged no datapoint".to_owned())
            }
            Measure::Alarms => Ok(Reading::count(alarms)),
            Measure::TrueAlarms => Ok(Reading::count(quality.right)),
            Measure::AlarmsPerDay => rate(Rates::of_run(alarms, &self.outcome.header).per_day),
            _ => self.false_alarms(false_alarms),
        }
    }

    fn of_class(&self, name: &str) -> Result<Reading, String> {
        let classes = &self.outcome.classes;
        let unknown = || format!("the run has no class `{name}`");
        let position = classes.iter().position(|class| class.name == name).ok_or_else(unknown)?;
        let class = &classes[position];
        let attacked: Option<&ClassScore> = self.card.detection.classes.iter().find(|class| class.class == name);
        let watched = self.outcome.behaviors.iter().any(|behavior| {
            let covers = behavior.covers.iter();
            behavior.datapoints > 0
                && covers.clone().any(|range| range.start < class.devices.end && class.devices.start < range.end)
        });
        let alarms = || {
            let alarms = self.outcome.alarms.iter();
            alarms.filter(|alarm| class.devices.contains(&alarm.device.0)).count() as u64
        };
        match self.measure {
            Measure::Recall => share(attacked.and_then(|class| class.recall), "none of its devices was attacked"),
            Measure::Latency => {
                self.time(attacked.and_then(|class| class.latency.as_ref()), "none of its devices was detected")
            }
            _ if !watched => Err("no behavior watches it".to_owned()),
            Measure::Alarms => Ok(Reading::count(alarms())),
            Measure::AlarmsPerDay => rate(Rates::of_run(alarms(), &self.outcome.header).per_day),
            _ => self.false_alarms(&self.card.false_alarms.classes[position].rates),
        }
    }

    fn of_check(&self, name: &str) -> Result<Reading, String> {
        let check: &CheckScore = self
            .card
            .audit
            .checks
            .iter()
            .find(|check| check.name == name)
            .ok_or("it is off, and nothing calls for it")?;
        match self.measure {
            Measure::Recall => share(check.recall, "no seeded defect calls for it"),
            Measure::Precision => share(check.precision, "it found nothing"),
            Measure::TimeToFinding => self.time(check.time_to_finding.as_ref(), "it found no seeded defect"),
            _ if check.runs == 0 => Err("no audit ran it".to_owned()),
            Measure::Findings => Ok(Reading::count(findings(check))),
            Measure::NonCompliant => Ok(Reading::count(check.non_compliant)),
            Measure::SuppressedFindings => Ok(Reading::count(check.suppressed)),
            _ => self.foreign(),
        }
    }

    fn of_action(&self, name: &str) -> Result<Reading, String> {
        let action: Option<&ActionScore> = self.card.remediation.actions.iter().find(|action| action.action == name);
        let count = |of: fn(&ActionScore) -> u64| Ok(Reading::count(action.map_or(0, of)));
        match self.measure {
            Measure::Started => count(|action| action.started),
            Measure::Effective => count(|action| action.effective),
            Measure::Failed if action.is_none() => Err("it was never started".to_owned()),
            Measure::Failed => count(|action| action.failed),
            Measure::TimeToEffect => {
                self.time(action.and_then(|action| action.time_to_effect.as_ref()), "it never took hold")
            }
            _ => self.foreign(),
        }
    }

    fn false_alarms(&self, rates: &Rates) -> Result<Reading, String> {
        match self.measure {
            Measure::FalseAlarms => Ok(Reading::count(rates.count)),
            Measure::FalseAlarmsPerDay => rate(rates.per_day),
            Measure::FalseAlarmsPer1000DeviceDays => rate(rates.per_1000_device_days),
            Measure::FalseAlarmsPerDeviceYear => rate(rates.per_device_year),
            _ => self.foreign(),
        }
    }

    fn caused(&self, cause: Cause) -> Result<Reading, String> {
        let row = self.card.false_alarms.causes.iter().find(|row| row.cause == cause);
        rate(row.and_then(|row| row.rates.per_1000_device_days))
    }

    /// A distribution over all attacked devices, so that missing the slow ones does not flatter.
    fn undetected(&self, of: impl Fn(&Detection) -> bool, none: &str) -> Result<Reading, String> {
        let parts = self.card.matching.detections.iter().filter(|part| of(part));
        let spans = parts.map(|part| detected_at(self.outcome, part).unwrap_or(part.watched_until) - part.onset);
        self.time(Latency::of(spans).as_ref(), none)
    }

    fn time(&self, times: Option<&Latency>, none: &str) -> Result<Reading, String> {
        let (Some(times), Some(statistic)) = (times, self.statistic) else { return Err(none.to_owned()) };
        let value = match statistic {
            Statistic::Min => times.min,
            Statistic::Mean => times.mean,
            Statistic::P50 => times.p50,
            Statistic::P90 => times.p90,
            Statistic::P95 => times.p95,
            Statistic::P99 => times.p99,
            Statistic::Max => times.max,
        };
        Ok(Reading { value: value.as_seconds_f64(), basis: Basis::Times(times.count) })
    }

    /// The loader lets no measure through that its subject does not have.
    fn foreign(&self) -> Result<Reading, String> {
        Err(format!("this subject has no measure `{}`", self.measure.name()))
    }
}

fn share(part: Option<Proportion>, none: &str) -> Result<Reading, String> {
    part.map(Reading::from).ok_or_else(|| none.to_owned())
}

fn rate(rate: Option<Rate>) -> Result<Reading, String> {
    rate.map(Reading::from).ok_or_else(|| "the run has no length".to_owned())
}

fn averted(harm: &Harm) -> Result<Reading, String> {
    harm.averted_share.map(Reading::exact).ok_or_else(|| "no harm was planned".to_owned())
}

/// Distinct unsuppressed findings of a check: what its precision counts.
fn findings(check: &CheckScore) -> u64 {
    check.precision.map_or(0, |precision| precision.trials)
}

#[cfg(test)]
mod tests {
    use sim::outcome::ActKind;

    use super::*;
    use crate::fixture::{Fixture, START};
    use crate::scorecard::score;

    /// Four devices attacked, three seen after 10, 20 and 40 minutes; one false alarm on device 50; two days.
    fn fixture() -> Fixture {
        let mut fixture = Fixture::new(100, 2);
        fixture.behavior("sent", "aws:num-messages-sent").behavior("auth", "aws:num-authorization-failures");
        fixture.attack("leak", &["aws:num-messages-sent"], &[(1, 60, 120), (2, 60, 120), (3, 70, 120), (4, 80, 120)]);
        fixture.alarm(0, 1, 70, 10).alarm(0, 2, 80, 10).alarm(0, 3, 110, 10).alarm(1, 50, 300, 10);
        fixture
    }

    fn read(fixture: &Fixture, subject: &Subject, name: &str) -> Result<f64, String> {
        let (name, statistic) = name.split_once('.').map_or((name, None), |(name, word)| (name, Some(word)));
        let of = Measure::named(name).expect("a measure");
        let statistic = statistic
            .map(|word| Statistic::ALL.into_iter().find(|statistic| statistic.name() == word).expect("a statistic"));
        let card = score(&fixture.outcome);
        measure(subject, of, statistic, &fixture.outcome, &card).map(|reading| reading.value)
    }

    #[test]
    fn measures_of_a_run_an_attack_a_behavior_and_a_class_by_hand() {
        let fixture = fixture();
        let run = Subject::Run;
        let leak = Subject::Attack("leak".into());
        let of = |name: &str| Subject::Behavior { profile: "profile".into(), behavior: name.into() };
        let class = Subject::Class("meter".into());
        let minutes = |minutes: f64| minutes * 60.0;
        for (subject, name, value) in [
            (&run, "recall", 0.75),
            (&run, "precision", 0.75),
            (&run, "incident_recall", 1.0),
            // Of the fourth: until watching for it ended, 40 minutes of attack and ten of grace.
            (&run, "time_undetected.max", minutes(50.0)),
            (&run, "time_undetected.mean", minutes((10.0 + 20.0 + 40.0 + 50.0) / 4.0)),
            (&leak, "time_undetected.min", minutes(10.0)),
            // The three true ones, all in the second hour.
            (&run, "worst_hour", 3.0),
            (&run, "wait_for_one_analyst.min", 0.0),
            (&run, "false_alarms_plain", 5.0),
            (&run, "false_alarms_fault", 0.0),
            (&run, "latency.min", minutes(10.0)),
            (&run, "latency.max", minutes(40.0)),
            (&run, "alarms", 4.0),
            (&run, "true_alarms", 3.0),
            (&run, "alarms_per_day", 2.0),
            (&run, "false_alarms", 1.0),
            // 1 false alarm on 100 devices in 2 days.
            (&run, "false_alarms_per_1000_device_days", 5.0),
            (&leak, "recall", 0.75),
            (&leak, "first_detection", minutes(10.0)),
            (&leak, "half_detected", minutes(20.0)),
            (&leak, "remediation_coverage", 0.0),
            (&leak, "harm_averted", 0.0),
            (&of("sent"), "alarms", 3.0),
            (&of("sent"), "false_alarms", 0.0),
            (&of("auth"), "alarms", 1.0),
            (&of("auth"), "precision", 0.0),
            (&class, "recall", 0.75),
            (&class, "alarms", 4.0),
            (&class, "latency.max", minutes(40.0)),
        ] {
            assert_eq!(read(&fixture, subject, name), Ok(value), "{subject}: {name}");
        }
    }

    #[test]
    fn a_measure_over_no_events_has_no_value() {
        let mut fixture = Fixture::new(10, 1);
        fixture.behavior("sent", "aws:num-messages-sent").check("LOGGING_DISABLED_CHECK");
        let na = |fixture: &Fixture, subject: &Subject, name: &str| read(fixture, subject, name).expect_err(name);
        let sent = Subject::Behavior { profile: "profile".into(), behavior: "sent".into() };
        let check = Subject::Check("LOGGING_DISABLED_CHECK".into());
        assert_eq!(na(&fixture, &Subject::Run, "recall"), "no device was attacked");
        assert_eq!(na(&fixture, &Subject::Run, "precision"), "there was no alarm to be right or wrong");
        assert_eq!(na(&fixture, &Subject::Run, "latency.p95"), "nothing was detected");
        assert_eq!(na(&fixture, &sent, "recall"), "no attack disturbs its metric on a device that it watches");
        assert_eq!(na(&fixture, &check, "findings"), "no audit ran it");
        assert_eq!(read(&fixture, &sent, "alarms"), Ok(0.0));
        // Silence counts only where somebody listened.
        fixture.outcome.behaviors[0].datapoints = 0;
        assert_eq!(na(&fixture, &sent, "alarms"), "it judged no datapoint");
        assert_eq!(na(&fixture, &Subject::Run, "false_alarms"), "no datapoint was judged");
        assert_eq!(na(&fixture, &Subject::Class("meter".into()), "alarms"), "no behavior watches it");
    }

    #[test]
    fn a_defect_is_found_and_removed() {
        let mut fixture = Fixture::new(10, 1);
        fixture.act(ActKind::Defect, "off", &[], &[]);
        let act = &mut fixture.outcome.truth[0];
        (act.resource, act.checks) = (Some("account".into()), vec!["LOGGING_DISABLED_CHECK".into()]);
        (act.onset, act.resolved) = (START, Some(crate::fixture::at(90)));
        let off = Subject::Defect("off".into());
        assert_eq!(read(&fixture, &off, "recall"), Ok(0.0));
        assert_eq!(read(&fixture, &off, "removed"), Ok(1.0));
        assert_eq!(read(&fixture, &off, "time_to_remove.max"), Ok(90.0 * 60.0));
    }

    #[test]
    fn every_measure_is_read_from_every_subject_that_has_it() {
        use sim::scenario::expect::SubjectKind;
        let mut fixture = fixture();
        fixture.check("LOGGING_DISABLED_CHECK").quarantine(1, 70, 80);
        fixture.act(ActKind::Defect, "off", &[], &[(7, 0, 600)]);
        for of in Measure::ALL {
            for kind in of.subjects() {
                let subject = match kind {
                    SubjectKind::Run => Subject::Run,
                    SubjectKind::Attack => Subject::Attack("leak".into()),
                    SubjectKind::Defect => Subject::Defect("off".into()),
                    SubjectKind::Behavior => Subject::Behavior { profile: "profile".into(), behavior: "sent".into() },
                    SubjectKind::Class => Subject::Class("meter".into()),
                    SubjectKind::Check => Subject::Check("LOGGING_DISABLED_CHECK".into()),
                    SubjectKind::Action => Subject::Action("Quarantine".into()),
                };
                let name = if of.is_distribution() { format!("{}.max", of.name()) } else { of.name().to_owned() };
                let foreign = format!("this subject has no measure `{}`", of.name());
                assert_ne!(read(&fixture, &subject, &name), Err(foreign), "{subject}");
            }
        }
    }
}
