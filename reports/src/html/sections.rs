//! What the report says, section by section.

use lab::audit::CheckScore;
use lab::interval::{Proportion, Rate};
use lab::latency::Latency;
use lab::matching::label;
use lab::outcome::Outcome;
use lab::{Millis, Scorecard};

use super::documents;
use super::page::{Item, Measure, Section};
use super::story::stories;
use super::table::{Cell, Table, numbers, text, value, words};
use crate::plot::Figure;
use crate::tables::category;
use crate::wording::{
    amount, count, date, minute, number, parts, percent, rate, rate_interval, share, share_interval, span, span_or,
    things,
};

/// Rows of the folded table of attacked devices.
const DEVICES: usize = 250;

/// Rows of any other table that grows with the scenario.
const ROWS: usize = 100;

/// The six measures as cards.
pub(crate) fn measures(card: &Scorecard) -> Vec<Measure> {
    let measures = &card.measures;
    let scale = |p: Option<Proportion>| p.map(|p| [p.low, p.value, p.high].map(|share| share * 100.0));
    let proportion = |name, term, p: Option<Proportion>| Measure {
        name,
        term,
        value: share(p),
        beside: p.map_or_else(
            || "no event to judge by".to_owned(),
            |_| format!("{} · 95 % interval {}", parts(p), share_interval(p)),
        ),
        scale: scale(p),
    };
    let time = |name, term, latency: &Option<Latency>, more: String| Measure {
        name,
        term,
        value: span_or(latency.as_ref().map(|latency| latency.p50)),
        beside: latency.as_ref().map_or_else(
            || "no event to judge by".to_owned(),
            |latency| format!("median · p90 {} · p99 {}{more}", span(latency.p90), span(latency.p99)),
        ),
        scale: None,
    };
    let standing = match measures.not_reset {
        0 => String::new(),
        n => format!(" · {} standing", count(n)),
    };
    let false_alarms = &measures.false_alarms;
    vec![
        proportion("Precision", "precision", measures.precision),
        proportion("Recall", "recall", measures.recall),
        time("Detection time", "detection-time", &measures.detection_time, String::new()),
        time("Reset time", "reset-time", &measures.reset_time, standing),
        Measure {
            name: "Alarms per day",
            term: "alarms-per-day",
            value: rate(measures.alarms_per_day),
            beside: format!("{} in all", things(measures.alarms_per_day.map_or(0, |rate| rate.events), "episode")),
            scale: None,
        },
        Measure {
            name: "False alarms per 1,000 device-days",
            term: "false-alarm",
            value: rate(false_alarms.per_1000_device_days),
            beside: format!(
                "95 % interval {} · {} per device-year",
                rate_interval(false_alarms.per_1000_device_days),
                rate(false_alarms.per_device_year)
            ),
            scale: None,
        },
    ]
}

/// All sections that have something to say.
pub(crate) fn sections(outcome: &Outcome, card: &Scorecard, figures: &[Figure]) -> Vec<Section> {
    let section = |id, title, lead: String, names: &[&str], tables: Vec<Table>| {
        Section::new(id, title, lead).with_figures(figures, names).with_tables(tables)
    };
    let mut sections = vec![
        section(
            "what-happened",
            "What happened",
            happened(outcome),
            &["timeline"],
            vec![campaigns(card), ledger(outcome)],
        ),
        section(
            "what-was-seen",
            "What was seen",
            seen(card),
            &["coverage"],
            vec![attacks(outcome, card), checks(card)],
        ),
        section(
            "how-fast",
            "How fast",
            fast(card),
            &["waterfall", "survival"],
            vec![times(card), devices(outcome, card)],
        ),
        section(
            "at-what-cost",
            "At what cost",
            cost(card),
            &["false-alarms"],
            vec![behaviors(outcome, card), models(outcome), classes(outcome, card), queues(card)],
        ),
        section(
            "contained",
            "What was contained",
            contained(card),
            &["remediation", "rotation"],
            vec![containment(card), defects(card), actions(card), rotations(card)],
        ),
        section("not-answered", "What this run cannot answer", not_answered(card), &[], Vec::new()),
    ];
    if let Some(last) = sections.last_mut() {
        last.list = gaps(card);
    }
    let mut at_fault = section("at-fault", "Policies and roles at fault", documents::lead(outcome), &[], Vec::new());
    at_fault.documents = documents::faulty(outcome);
    sections.insert(2, at_fault);
    sections.retain(Section::says_something);
    sections
}

fn happened(outcome: &Outcome) -> String {
    format!("{}. Nothing of this was known to the engine.", crate::text::happened(outcome))
}

fn seen(card: &Scorecard) -> String {
    let blind = card.coverage.rows.iter().filter(|row| !row.has_expectation()).count() as u64;
    let sentence = match card.detection.incidents {
        None => "There was no attack to see.".to_owned(),
        Some(_) => format!(
            "{} attacks were seen on at least one device; {} attacked devices were named by an alarm.",
            parts(card.detection.incidents),
            parts(card.detection.devices)
        ),
    };
    if blind == 0 { sentence } else { format!("{sentence} No control watches for {}.", things(blind, "act")) }
}

fn fast(card: &Scorecard) -> String {
    match (&card.detection.latency, &card.detection.latency_from_observable) {
        (None, _) => "No attacked device was detected, so there is no detection time.".to_owned(),
        (Some(latency), None) => format!("The median detected device was named {} after onset.", span(latency.p50)),
        (Some(latency), Some(observable)) => format!(
            "The median detected device was named {} after onset, {} after the first datapoint that could show it.",
            span(latency.p50),
            span(observable.p50)
        ),
    }
}

fn cost(card: &Scorecard) -> String {
    let rates = &card.false_alarms.total;
    let mut sentence = format!(
        "{}: {} a day (95 % interval {}).",
        things(rates.count, "false alarm"),
        rate(rates.per_day),
        rate_interval(rates.per_day)
    );
    if let Some(worst) = card.load.worst_hour {
        sentence.push_str(&format!(" The worst hour brought {}.", things(worst.alarms, "alarm")));
    }
    if card.false_alarms.inside > 0 {
        sentence.push_str(&format!(
            " {} rang on attacked devices for another reason and count as neither true nor false.",
            things(card.false_alarms.inside, "alarm")
        ));
    }
    sentence
}

fn contained(card: &Scorecard) -> String {
    let remediation = &card.remediation;
    let mut sentence = match remediation.coverage {
        None => "There was nothing to contain.".to_owned(),
        Some(_) => format!("{} attacked devices were contained in time.", parts(remediation.coverage)),
    };
    let collateral = &remediation.collateral;
    if collateral.devices_touched > 0 {
        sentence.push_str(&format!(
            " The response also hit {}, for {} device-hours.",
            things(collateral.devices_touched, "healthy device"),
            number(collateral.device_hours_lost)
        ));
    }
    sentence
}

fn not_answered(_card: &Scorecard) -> String {
    "Silence is not success: what was not exercised, not expected or not judged is listed here.".to_owned()
}

fn share_cell(p: Option<Proportion>) -> Cell {
    value(share(p), p.map(|p| p.value)).beside(p.map_or_else(String::new, |_| parts(p)))
}

fn span_cell(of: Option<Millis>) -> Cell {
    value(span_or(of), of.map(|of| of.0 as f64))
}

fn quantile(latency: &Option<Latency>, of: fn(&Latency) -> Millis) -> Cell {
    span_cell(latency.as_ref().map(of))
}

fn count_cell(n: u64) -> Cell {
    value(count(n), Some(n as f64))
}

fn rate_cell(r: Option<Rate>) -> Cell {
    value(rate(r), r.map(|r| r.value)).beside(rate_interval(r))
}

/// A note on what a table leaves out.
fn left_out(all: usize, kept: usize, what: &str) -> String {
    if all <= kept {
        String::new()
    } else {
        format!("The first {} of {} {what}.", count(kept as u64), count(all as u64))
    }
}

fn campaigns(card: &Scorecard) -> Table {
    let stages = card.campaigns.iter().flat_map(|campaign| campaign.stages.iter().map(move |stage| (campaign, stage)));
    let rows = stages.take(ROWS).map(|(campaign, stage)| {
        vec![
            text(stage.name.clone()).beside(campaign.name.clone()),
            text(stage.waits_for.clone().unwrap_or_else(|| "the clock".to_owned())),
            text(stage.began.map_or_else(|| "never".to_owned(), |began| format!("after {}", span(began)))),
            count_cell(stage.devices),
            span_cell(stage.succeeded),
            span_cell(stage.detected).alert_if(stage.began.is_some() && stage.detected.is_none()),
            share_cell(stage.contained),
        ]
    });
    let columns = [
        words("stage"),
        words("waits for"),
        words("began"),
        numbers("devices", ""),
        numbers("first harm, since start", "harm"),
        numbers("first seen, since start", "detection-time"),
        numbers("contained in time", "coverage"),
    ];
    Table::new("Campaigns, stage by stage", &columns, rows.collect())
}

fn ledger(outcome: &Outcome) -> Table {
    let rows = outcome.truth.iter().take(ROWS).map(|act| {
        let whom = match (&act.resource, act.devices.len()) {
            (Some(resource), _) => text(resource.clone()),
            (None, 0) => text("whole fleet"),
            (None, n) => value(things(n as u64, "device"), Some(n as f64)),
        };
        vec![
            text(act.name.clone()).beside(act.kind.clone()),
            text(category(act.category)),
            whom,
            value(minute(act.onset), Some(act.onset.0 as f64)),
            span_cell(Some(act.end - act.onset)),
            text(act.techniques.join(", ")),
            text(act.disturbs.iter().chain(&act.checks).cloned().collect::<Vec<_>>().join(", ")),
        ]
    });
    let columns = [
        words("act"),
        words("kind"),
        words("whom"),
        numbers("onset (UTC)", "attack-window"),
        numbers("length", ""),
        words("ATT&CK"),
        words("should show in"),
    ];
    let note = left_out(outcome.truth.len(), ROWS, "acts");
    Table::new("Ledger of truth", &columns, rows.collect()).folded(note)
}

fn attacks(outcome: &Outcome, card: &Scorecard) -> Table {
    let rows = card.detection.attacks.iter().take(ROWS).map(|attack| {
        vec![
            text(attack.name.clone()).beside(attack.techniques.join(", ")),
            count_cell(outcome.truth[attack.act as usize].devices.len() as u64),
            share_cell(attack.recall).alert_if(attack.recall.is_some_and(|recall| recall.successes == 0)),
            share_cell(attack.recall_lenient),
            span_cell(attack.first_device),
            span_cell(attack.half_of_devices),
            count_cell(attack.uncovered).alert_if(attack.uncovered > 0),
            count_cell(attack.unobservable),
        ]
    });
    let columns = [
        words("attack"),
        numbers("devices", ""),
        numbers("detected", "recall"),
        numbers("lenient", "detected"),
        numbers("first device", "detection-time"),
        numbers("half of devices", "detection-time"),
        numbers("not watched", "watched"),
        numbers("unobservable", "first-observable"),
    ];
    Table::new("Attacks and their detection", &columns, rows.collect())
}

fn checks(card: &Scorecard) -> Table {
    let row = |check: &CheckScore| {
        vec![
            text(check.name.clone()).beside(if check.enabled { check.severity.clone() } else { "off".to_owned() }),
            count_cell(check.runs),
            count_cell(check.seeded),
            share_cell(check.recall).alert_if(check.recall.is_some_and(|recall| recall.successes < recall.trials)),
            share_cell(check.precision),
            quantile(&check.time_to_finding, |time| time.p50),
            quantile(&check.time_to_finding, |time| time.max),
            count_cell(check.suppressed),
        ]
    };
    let columns = [
        words("check"),
        numbers("runs", ""),
        numbers("seeded", "audit-recall"),
        numbers("found", "audit-recall"),
        numbers("precision", "audit-precision"),
        numbers("median to finding", "audit-recall"),
        numbers("longest", "audit-recall"),
        numbers("suppressed", ""),
    ];
    Table::new("Audit checks", &columns, card.audit.checks.iter().map(row).collect())
}

fn times(card: &Scorecard) -> Table {
    let row = |name: &str, term: &str, latency: &Option<Latency>| {
        latency.as_ref().map(|latency| {
            vec![
                text(name).beside(term),
                count_cell(latency.count),
                span_cell(Some(latency.mean)),
                span_cell(Some(latency.p50)),
                span_cell(Some(latency.p90)),
                span_cell(Some(latency.p99)),
                span_cell(Some(latency.max)),
            ]
        })
    };
    let response = &card.response;
    let general = [
        ("detect (MTTD)", "onset → first alarm", &response.detect),
        ("detect, from first-observable", "first datapoint → first alarm", &card.detection.latency_from_observable),
        ("acknowledge (MTTA)", "alarm → response starts", &response.acknowledge),
        ("respond (MTTR)", "alarm → contained", &response.respond),
        ("dwell", "onset → contained or over", &response.dwell),
        ("reset", "attack stopped → alarm ended", &card.measures.reset_time),
        ("contain", "onset → contained", &card.remediation.time_to_contain),
    ];
    let general = general.into_iter().filter_map(|(name, term, latency)| row(name, term, latency));
    let attacks = card.detection.attacks.iter().take(ROWS);
    let attacks = attacks.filter_map(|attack| row(&attack.name, "onset → first alarm", &attack.latency));
    let columns = [
        words("time to"),
        numbers("events", ""),
        numbers("mean", "detection-time"),
        numbers("p50", "detection-time"),
        numbers("p90", "detection-time"),
        numbers("p99", "detection-time"),
        numbers("max", "detection-time"),
    ];
    Table::new("Response times", &columns, general.chain(attacks).collect())
}

/// Attacked devices, the missed ones first.
fn devices(outcome: &Outcome, card: &Scorecard) -> Table {
    let mut detections: Vec<_> = card.matching.detections.iter().collect();
    detections.sort_by_key(|detection| detection.strict.is_some());
    let rows = detections.iter().take(DEVICES).map(|detection| {
        let act = &outcome.truth[detection.act as usize];
        let alarm = detection.strict.map(|alarm| &outcome.alarms[alarm as usize]);
        let behavior = alarm.map(|alarm| label(outcome, alarm.behavior as usize));
        let missed = match (detection.first_observable, detection.masked, detection.lenient) {
            _ if !detection.covered => "no behavior watches for it",
            (None, ..) => "no datapoint shows it",
            (_, true, _) => "an alarm already stood",
            (_, _, Some(_)) => "only another metric rang",
            _ => "below every threshold",
        };
        vec![
            text(outcome.device_name(detection.device)),
            text(act.name.clone()),
            value(minute(detection.onset), Some(detection.onset.0 as f64)),
            span_cell(alarm.map(|alarm| alarm.raised - detection.onset)).alert_if(alarm.is_none()),
            text(behavior.unwrap_or_else(|| missed.to_owned())),
            text(alarm.map_or_else(String::new, |alarm| crate::tables::value(&alarm.value))),
            span_cell(detection.contained.map(|contained| contained - detection.onset)),
        ]
    });
    let columns = [
        words("thing"),
        words("attack"),
        numbers("onset (UTC)", "attack-window"),
        numbers("detected after", "detection-time"),
        words("by behavior, or why not"),
        words("value"),
        numbers("contained after", "time-to-contain"),
    ];
    let note = left_out(detections.len(), DEVICES, "attacked devices, the missed ones first; truth.csv has more");
    let shown = || detections.iter().take(DEVICES).map(|detection| detection.device);
    let stories = stories(outcome, shown());
    let stories = shown().map(|device| stories[&device].clone()).collect();
    Table::new("Attacked devices", &columns, rows.collect()).with_stories(stories).folded(note)
}

fn behaviors(outcome: &Outcome, card: &Scorecard) -> Table {
    let rows = card.quality.behaviors.iter().zip(&card.false_alarms.behaviors).take(ROWS).map(|(quality, cost)| {
        let row = &outcome.behaviors[quality.behavior as usize];
        let suppressed = if row.suppressed { ", suppressed" } else { "" };
        let built_in = match (cost.violating_share, cost.built_in_share) {
            (violating, Some(share)) => value(violating.map_or_else(|| "n/a".to_owned(), percent), violating)
                .beside(format!("{} built in", percent(share))),
            (violating, None) => value(violating.map_or_else(|| "n/a".to_owned(), percent), violating),
        };
        vec![
            text(label(outcome, quality.behavior as usize)).beside(format!("{}{suppressed}", quality.metric)),
            text(row.criteria.clone()).beside(format!("{} to alarm, {} to clear", row.to_alarm, row.to_clear)),
            share_cell(quality.quality.precision),
            share_cell(quality.quality.recall),
            value(quality.quality.f1.map_or_else(|| "n/a".to_owned(), number), quality.quality.f1),
            count_cell(quality.wrong),
            rate_cell(cost.rates.per_day),
            rate_cell(cost.rates.per_1000_device_days),
            built_in,
        ]
    });
    let columns = [
        words("behavior"),
        words("normal is"),
        numbers("precision", "precision"),
        numbers("recall", "recall"),
        numbers("F1", "f1"),
        numbers("false alarms", "false-alarm"),
        numbers("per day", "false-alarm"),
        numbers("per 1,000 device-days", "false-alarm"),
        numbers("datapoints violating", "built-in-share"),
    ];
    Table::new("Behaviors", &columns, rows.collect())
}

/// What judged the ML behaviors.
fn models(outcome: &Outcome) -> Table {
    let rows = outcome.models.iter().take(ROWS).map(|row| {
        vec![
            text(label(outcome, row.behavior as usize)).beside(format!("{} confidence", row.confidence)),
            text(row.model.clone()).beside("surrogate: the service's model is not public"),
            text(row.status.clone()),
            text(row.refreshed.map_or_else(|| "never".to_owned(), date)),
            count_cell(u64::from(row.builds)),
            count_cell(row.datapoints),
        ]
    });
    let columns = [
        words("ML behavior"),
        words("model"),
        words("state at the end"),
        words("last built"),
        numbers("builds", ""),
        numbers("datapoints in 14 days", ""),
    ];
    Table::new("Models of ML behaviors (surrogates)", &columns, rows.collect())
}

fn classes(outcome: &Outcome, card: &Scorecard) -> Table {
    let rows = outcome.classes.iter().zip(&card.false_alarms.classes).take(ROWS).map(|(class, cost)| {
        let seen = card.detection.classes.iter().find(|seen| seen.class == class.name);
        vec![
            text(class.name.clone()).beside(class.archetype.clone()),
            count_cell(u64::from(class.devices.end - class.devices.start)),
            share_cell(seen.and_then(|seen| seen.recall)),
            quantile(&seen.and_then(|seen| seen.latency.clone()), |latency| latency.p50),
            count_cell(cost.rates.count),
            rate_cell(cost.rates.per_1000_device_days),
        ]
    });
    let columns = [
        words("class"),
        numbers("devices", ""),
        numbers("recall", "recall"),
        numbers("median detection", "detection-time"),
        numbers("false alarms", "false-alarm"),
        numbers("per 1,000 device-days", "false-alarm"),
    ];
    Table::new("Device classes", &columns, rows.collect())
}

fn queues(card: &Scorecard) -> Table {
    let rows = card.load.queues.iter().filter(|queue| queue.wait.is_some()).map(|queue| {
        vec![
            text(queue.analysts.to_string()),
            value(
                queue.utilization.map_or_else(|| "n/a".to_owned(), |share| format!("{:.1} %", share * 100.0)),
                queue.utilization,
            )
            .alert_if(queue.utilization.is_some_and(|share| share >= 1.0)),
            quantile(&queue.wait, |wait| wait.p50),
            quantile(&queue.wait, |wait| wait.p95),
            quantile(&queue.wait, |wait| wait.max),
            count_cell(queue.longest),
        ]
    });
    let columns = [
        words("analysts"),
        numbers("busy", "incident"),
        numbers("median wait", "incident"),
        numbers("p95", "incident"),
        numbers("longest", "incident"),
        numbers("most waiting", "incident"),
    ];
    Table::new("Operator load: incidents waiting for an analyst", &columns, rows.collect())
}

fn containment(card: &Scorecard) -> Table {
    let rows = card.remediation.attacks.iter().take(ROWS).map(|attack| {
        let harm = &attack.harm;
        vec![
            text(attack.name.clone()).beside(format!("{} channel", attack.channel)),
            share_cell(attack.coverage).alert_if(attack.coverage.is_some_and(|coverage| coverage.successes == 0)),
            quantile(&attack.time_to_contain, |time| time.p50),
            quantile(&attack.time_to_contain, |time| time.max),
            value(amount(harm.planned, &harm.unit), Some(harm.planned as f64)),
            value(amount(harm.done, &harm.unit), Some(harm.done as f64)),
            value(harm.averted_share.map_or_else(|| "n/a".to_owned(), percent), harm.averted_share),
        ]
    });
    let columns = [
        words("attack"),
        numbers("contained in time", "coverage"),
        numbers("median to contain", "time-to-contain"),
        numbers("longest", "time-to-contain"),
        numbers("harm planned", "harm"),
        numbers("harm done", "harm"),
        numbers("averted", "harm"),
    ];
    Table::new("Containment and harm", &columns, rows.collect())
}

fn defects(card: &Scorecard) -> Table {
    let rows = card.remediation.defects.iter().take(ROWS).map(|defect| {
        let harm = &defect.harm;
        let amount_of = |n: u64| {
            if harm.unit.is_empty() { value("n/a", None) } else { value(amount(n, &harm.unit), Some(n as f64)) }
        };
        vec![
            text(defect.name.clone()),
            share_cell(defect.removed).alert_if(defect.removed.is_some_and(|removed| removed.successes == 0)),
            quantile(&defect.time_to_remove, |time| time.p50),
            quantile(&defect.time_to_remove, |time| time.max),
            amount_of(harm.planned),
            amount_of(harm.done),
        ]
    });
    let columns = [
        words("defect"),
        numbers("removed", "removed"),
        numbers("median to removal", "removed"),
        numbers("longest", "removed"),
        numbers("harm if left", "harm"),
        numbers("harm done", "harm"),
    ];
    Table::new("Posture defects", &columns, rows.collect())
}

fn actions(card: &Scorecard) -> Table {
    let rows = card.remediation.actions.iter().take(ROWS).map(|action| {
        vec![
            text(action.action.clone()).beside(action.action_type.clone()),
            count_cell(action.started),
            count_cell(action.effective),
            count_cell(action.idle),
            count_cell(action.failed).alert_if(action.failed > 0),
            quantile(&action.time_to_effect, |time| time.p50),
            quantile(&action.time_to_effect, |time| time.max),
        ]
    });
    let columns = [
        words("action"),
        numbers("started", ""),
        numbers("took hold", ""),
        numbers("nothing to do", ""),
        numbers("failed", ""),
        numbers("median from trigger", "time-to-contain"),
        numbers("longest", "time-to-contain"),
    ];
    Table::new("Mitigation actions", &columns, rows.collect())
}

fn rotations(card: &Scorecard) -> Table {
    let rows = card.remediation.rotations.iter().take(ROWS).map(|rotation| {
        vec![
            text(rotation.job_id.clone()),
            share_cell(rotation.in_time),
            count_cell(rotation.late),
            count_cell(rotation.not_replaced).alert_if(rotation.not_replaced > 0),
            count_cell(rotation.failed),
            count_cell(rotation.timed_out),
            value(number(rotation.outage_device_hours), Some(rotation.outage_device_hours)),
        ]
    });
    let columns = [
        words("job"),
        numbers("rotated in time", "rotation"),
        numbers("late", "rotation"),
        numbers("not replaced", "rotation"),
        numbers("failed", ""),
        numbers("timed out", ""),
        numbers("outage, device-hours", "rotation"),
    ];
    Table::new("Certificate rotation", &columns, rows.collect())
}

fn gaps(card: &Scorecard) -> Vec<Item> {
    let mut items: Vec<Item> = card
        .gaps
        .iter()
        .take(ROWS)
        .map(|gap| Item { label: gap.kind.name().replace('-', " "), text: format!("{}: {}.", gap.subject, gap.reason) })
        .collect();
    if card.gaps.len() > ROWS {
        let text = left_out(card.gaps.len(), ROWS, "gaps; summary.json has all");
        items.push(Item { label: "more".to_owned(), text });
    }
    if card.audit.truncated {
        let text = "The run kept only part of its findings; audit precision speaks of that part.".to_owned();
        items.push(Item { label: "not judged".to_owned(), text });
    }
    items
}
