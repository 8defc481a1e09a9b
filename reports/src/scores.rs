//! `scores.csv`: every score as one row, so that a spreadsheet or a script can pick what it needs.

use std::io::Write;

use lab::Scorecard;
use lab::false_alarm::Rates;
use lab::interval::{Proportion, Rate};
use lab::latency::Latency;

use crate::tables::TableNote;

/// The rows under construction.
struct Rows<W: Write> {
    out: csv::Writer<W>,
    rows: u64,
}

impl<W: Write> Rows<W> {
    /// One score. `value` is empty where the score is n/a.
    fn row(&mut self, subject: &str, score: &str, value: [String; 5], unit: &str) -> csv::Result<()> {
        self.rows += 1;
        let [value, low, high, events, of] = value;
        self.out.write_record([subject, score, &value, &low, &high, &events, &of, unit])
    }

    fn proportion(&mut self, subject: &str, score: &str, p: Option<Proportion>) -> csv::Result<()> {
        let cells = p.map_or_else(Default::default, |p| {
            [p.value.to_string(), p.low.to_string(), p.high.to_string(), p.successes.to_string(), p.trials.to_string()]
        });
        self.row(subject, score, cells, "share")
    }

    fn rate(&mut self, subject: &str, score: &str, rate: Option<Rate>, unit: &str) -> csv::Result<()> {
        let cells = rate.map_or_else(Default::default, |rate| {
            [
                rate.value.to_string(),
                rate.low.to_string(),
                rate.high.to_string(),
                rate.events.to_string(),
                rate.exposure.to_string(),
            ]
        });
        self.row(subject, score, cells, unit)
    }

    fn rates(&mut self, subject: &str, score: &str, rates: &Rates) -> csv::Result<()> {
        self.rate(subject, &format!("{score}_per_day"), rates.per_day, "per day")?;
        let per_1000 = rates.per_1000_device_days;
        self.rate(subject, &format!("{score}_per_1000_device_days"), per_1000, "per 1,000 device-days")?;
        self.rate(subject, &format!("{score}_per_device_year"), rates.per_device_year, "per device-year")
    }

    fn latency(&mut self, subject: &str, score: &str, latency: Option<&Latency>) -> csv::Result<()> {
        let Some(latency) = latency else { return self.row(subject, score, Default::default(), "s") };
        for (quantile, span) in [
            ("mean", latency.mean),
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p95", latency.p95),
            ("p99", latency.p99),
            ("max", latency.max),
        ] {
            let value = span.as_seconds_f64().to_string();
            let cells = [value, String::new(), String::new(), latency.count.to_string(), String::new()];
            self.row(subject, &format!("{score}_{quantile}"), cells, "s")?;
        }
        Ok(())
    }

    fn plain(&mut self, subject: &str, score: &str, value: Option<f64>, unit: &str) -> csv::Result<()> {
        let value = value.map_or_else(String::new, |value| value.to_string());
        let cells = [value, String::new(), String::new(), String::new(), String::new()];
        self.row(subject, score, cells, unit)
    }
}

/// Writes all scores.
pub(crate) fn scores(card: &Scorecard, to: impl Write) -> csv::Result<TableNote> {
    let mut out = csv::Writer::from_writer(to);
    out.write_record(["subject", "score", "value", "low", "high", "events", "of", "unit"])?;
    let mut rows = Rows { out, rows: 0 };
    run(&mut rows, card)?;
    attacks(&mut rows, card)?;
    behaviors(&mut rows, card)?;
    classes(&mut rows, card)?;
    checks(&mut rows, card)?;
    rows.out.flush()?;
    Ok(TableNote { file: "scores.csv", rows: rows.rows, left_out: 0, rule: "all scores" })
}

fn run<W: Write>(rows: &mut Rows<W>, card: &Scorecard) -> csv::Result<()> {
    let measures = &card.measures;
    rows.proportion("run", "precision", measures.precision)?;
    rows.proportion("run", "recall", measures.recall)?;
    rows.plain("run", "f1", card.quality.device.f1, "")?;
    rows.latency("run", "detection_time", measures.detection_time.as_ref())?;
    rows.latency("run", "detection_time_from_observable", card.detection.latency_from_observable.as_ref())?;
    rows.latency("run", "reset_time", measures.reset_time.as_ref())?;
    rows.plain("run", "not_reset", Some(measures.not_reset as f64), "alarms")?;
    rows.rate("run", "alarms_per_day", measures.alarms_per_day, "per day")?;
    rows.rates("run", "false_alarms", &measures.false_alarms)?;
    for cause in &card.false_alarms.causes {
        rows.rates("run", &format!("false_alarms_{}", cause.cause.name()), &cause.rates)?;
    }
    rows.proportion("run", "precision_lenient", card.quality.device_lenient.precision)?;
    rows.proportion("run", "recall_lenient", card.quality.device_lenient.recall)?;
    rows.proportion("run", "incident_precision", card.quality.incident.precision)?;
    rows.proportion("run", "incident_recall", card.quality.incident.recall)?;
    rows.latency("run", "time_to_acknowledge", card.response.acknowledge.as_ref())?;
    rows.latency("run", "time_to_respond", card.response.respond.as_ref())?;
    rows.latency("run", "dwell_time", card.response.dwell.as_ref())?;
    rows.proportion("run", "audit_precision", card.audit.precision)?;
    rows.proportion("run", "audit_recall", card.audit.recall)?;
    rows.latency("run", "time_to_finding", card.audit.time_to_finding.as_ref())?;
    rows.proportion("run", "remediation_coverage", card.remediation.coverage)?;
    rows.latency("run", "time_to_contain", card.remediation.time_to_contain.as_ref())?;
    for harm in &card.remediation.harm {
        rows.plain("run", "harm_done", Some(harm.done as f64), &harm.unit)?;
        rows.plain("run", "harm_averted", Some(harm.averted as f64), &harm.unit)?;
    }
    let collateral = &card.remediation.collateral;
    rows.plain("run", "collateral_devices", Some(collateral.devices_touched as f64), "devices")?;
    rows.plain("run", "collateral_device_hours", Some(collateral.device_hours_lost), "device-hours")?;
    for rotation in &card.remediation.rotations {
        rows.proportion(&format!("job {}", rotation.job_id), "rotated_in_time", rotation.in_time)?;
        let hours = Some(rotation.outage_device_hours);
        rows.plain(&format!("job {}", rotation.job_id), "outage", hours, "device-hours")?;
    }
    rows.plain("run", "incidents_per_day", card.load.incidents_per_day, "per day")?;
    rows.plain("run", "worst_hour", card.load.worst_hour.map(|worst| worst.alarms as f64), "alarms")?;
    for queue in &card.load.queues {
        rows.latency("run", &format!("wait_{}_analysts", queue.analysts), queue.wait.as_ref())?;
    }
    Ok(())
}

fn attacks<W: Write>(rows: &mut Rows<W>, card: &Scorecard) -> csv::Result<()> {
    for (seen, done) in card.detection.attacks.iter().zip(&card.remediation.attacks) {
        let subject = format!("attack {}", seen.name);
        rows.proportion(&subject, "recall", seen.recall)?;
        rows.proportion(&subject, "recall_lenient", seen.recall_lenient)?;
        rows.latency(&subject, "detection_time", seen.latency.as_ref())?;
        rows.plain(&subject, "first_device", seen.first_device.map(|span| span.as_seconds_f64()), "s")?;
        rows.plain(&subject, "half_of_devices", seen.half_of_devices.map(|span| span.as_seconds_f64()), "s")?;
        rows.proportion(&subject, "remediation_coverage", done.coverage)?;
        rows.latency(&subject, "time_to_contain", done.time_to_contain.as_ref())?;
        rows.plain(&subject, "harm_done", Some(done.harm.done as f64), &done.harm.unit)?;
        rows.plain(&subject, "harm_averted", Some(done.harm.averted as f64), &done.harm.unit)?;
    }
    for waterfall in &card.waterfalls {
        let subject = waterfall.attack.as_ref().map_or_else(|| "run".to_owned(), |name| format!("attack {name}"));
        for stage in &waterfall.stages {
            let mean = stage.time.as_ref().map(|time| time.mean.as_seconds_f64());
            rows.plain(&subject, &format!("stage_{}", stage.stage.name()), mean, "s")?;
        }
        rows.plain(&subject, "floor", Some(waterfall.floor.as_seconds_f64()), "s")?;
    }
    Ok(())
}

fn behaviors<W: Write>(rows: &mut Rows<W>, card: &Scorecard) -> csv::Result<()> {
    for (quality, cost) in card.quality.behaviors.iter().zip(&card.false_alarms.behaviors) {
        let subject = format!("behavior {}/{}", quality.profile, quality.name);
        rows.proportion(&subject, "precision", quality.quality.precision)?;
        rows.proportion(&subject, "recall", quality.quality.recall)?;
        rows.plain(&subject, "f1", quality.quality.f1, "")?;
        rows.rates(&subject, "false_alarms", &cost.rates)?;
    }
    Ok(())
}

fn classes<W: Write>(rows: &mut Rows<W>, card: &Scorecard) -> csv::Result<()> {
    for class in &card.detection.classes {
        let subject = format!("class {}", class.class);
        rows.proportion(&subject, "recall", class.recall)?;
        rows.latency(&subject, "detection_time", class.latency.as_ref())?;
    }
    for class in &card.false_alarms.classes {
        rows.rates(&format!("class {}", class.class), "false_alarms", &class.rates)?;
    }
    Ok(())
}

fn checks<W: Write>(rows: &mut Rows<W>, card: &Scorecard) -> csv::Result<()> {
    for check in &card.audit.checks {
        let subject = format!("check {}", check.name);
        rows.proportion(&subject, "precision", check.precision)?;
        rows.proportion(&subject, "recall", check.recall)?;
        rows.latency(&subject, "time_to_finding", check.time_to_finding.as_ref())?;
    }
    Ok(())
}
