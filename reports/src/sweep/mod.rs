//! A sweep, told: for a terminal, in Markdown, as CSV, as a page, as a directory.

mod figure;

use std::fmt::Write;
use std::path::Path;

pub(crate) use figure::figures;
use lab::sweep::{CAUGHT, CandidateScore, Change, ClosedLoop, DetectionLimits, Sweep, SweptBehavior};

use crate::grid;
use crate::html::page::{Again, Answer, Page, Section};
use crate::html::table::{Cell, Column, Table, numbers, text as text_cell, value, words};
use crate::part;
use crate::plot::{Figure, csv_text};
use crate::run_dir::{Destination, WriteError, write_figures, write_text};
use crate::wording::{count, parts, percent, rate, rate_interval, share, share_interval, span, things};

/// Rows of a table in a terminal.
const ROWS: usize = 30;

/// For a terminal.
pub fn text(sweep: &Sweep) -> String {
    let mut out = format!("{}\n{}\n", headline(sweep), facts(sweep).join(", "));
    for behavior in &sweep.behaviors {
        let _ = writeln!(out, "\n{}\n  {}", title(behavior), lead_of(behavior));
        out.push_str(&grid::text(&told(behavior), ROWS));
    }
    if let Some(limits) = &sweep.limits {
        let _ = writeln!(out, "\n{}", limit_title(limits));
        out.push_str(&grid::text(&limit_table(limits), ROWS));
    }
    if !sweep.closed_loops.is_empty() {
        let _ = writeln!(out, "\n{CLOSED}");
        out.push_str(&grid::text(&loops(sweep), ROWS));
    }
    out
}

/// For a pull request.
pub fn markdown(sweep: &Sweep) -> String {
    let mut out = format!("## {}\n\n{}\n", grid::escaped(&headline(sweep)), facts(sweep).join(", "));
    for behavior in &sweep.behaviors {
        let _ = write!(out, "\n### {}\n\n{}\n\n", grid::escaped(&title(behavior)), grid::escaped(&lead_of(behavior)));
        out.push_str(&grid::markdown(&told(behavior)));
    }
    if let Some(limits) = &sweep.limits {
        let _ = write!(out, "\n### {}\n\n", grid::escaped(&limit_title(limits)));
        out.push_str(&grid::markdown(&limit_table(limits)));
    }
    if !sweep.closed_loops.is_empty() {
        let _ = write!(out, "\n### {CLOSED}\n\n");
        out.push_str(&grid::markdown(&loops(sweep)));
    }
    out
}

/// As its JSON document.
pub fn json(sweep: &Sweep) -> String {
    part::json(sweep)
}

/// Every candidate as a line of CSV; what is not available is empty.
pub fn csv(sweep: &Sweep) -> String {
    let or_empty = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    let rows = sweep.behaviors.iter().flat_map(|behavior| {
        behavior.candidates.iter().enumerate().map(move |(position, candidate)| {
            let (recall, precision) = (candidate.quality.recall, candidate.quality.precision);
            let false_alarms = candidate.false_alarms.per_day;
            let seconds = |of: fn(&lab::latency::Latency) -> lab::Millis| {
                or_empty(candidate.latency.as_ref().map(|latency| of(latency).as_seconds_f64()))
            };
            [
                behavior.profile.clone(),
                behavior.name.clone(),
                candidate.setting.words(),
                (position == 0).to_string(),
                candidate.on_front.to_string(),
                or_empty(recall.map(|p| p.value)),
                or_empty(recall.map(|p| p.low)),
                or_empty(recall.map(|p| p.high)),
                or_empty(precision.map(|p| p.value)),
                or_empty(precision.map(|p| p.low)),
                or_empty(precision.map(|p| p.high)),
                or_empty(candidate.quality.f1),
                or_empty(candidate.false_positive_rate.map(|p| p.value)),
                seconds(|latency| latency.p50),
                seconds(|latency| latency.p95),
                candidate.wrong.to_string(),
                or_empty(false_alarms.map(|rate| rate.value)),
                or_empty(false_alarms.map(|rate| rate.low)),
                or_empty(false_alarms.map(|rate| rate.high)),
                or_empty(candidate.false_alarms.per_1000_device_days.map(|rate| rate.value)),
            ]
        })
    });
    let heading = [
        "profile",
        "behavior",
        "setting",
        "current",
        "on_front",
        "recall",
        "recall_low",
        "recall_high",
        "precision",
        "precision_low",
        "precision_high",
        "f1",
        "false_positive_rate",
        "latency_p50_s",
        "latency_p95_s",
        "false_alarms",
        "false_alarms_per_day",
        "false_alarms_per_day_low",
        "false_alarms_per_day_high",
        "false_alarms_per_1000_device_days",
    ];
    csv_text(heading, rows)
}

/// Writes `sweep.html`, `sweep.json`, `sweep.md`, `sweep.csv` and the figures into a directory, whole or not at all.
///
/// # Errors
/// [`WriteError`]; then what was there is as before.
pub fn write(destination: Destination, sweep: &Sweep) -> Result<(), WriteError> {
    destination.fill(|dir: &Path| {
        let figures = figures(sweep, &[]);
        write_figures(&dir.join("plots"), &figures)?;
        write_text(&dir.join("sweep.md"), &markdown(sweep))?;
        write_text(&dir.join("sweep.csv"), &csv(sweep))?;
        write_text(&dir.join("sweep.html"), &page(sweep, &figures).render()?)?;
        write_text(&dir.join("sweep.json"), &json(sweep))
    })
}

const CLOSED: &str = "Closed loops: the same with everybody who responds, each in a run of its own";

fn headline(sweep: &Sweep) -> String {
    if sweep.behaviors.is_empty() {
        return format!("{}: {}", sweep.scenario, things(sweep.closed_loops.len() as u64, "closed loop"));
    }
    let candidates = sweep.behaviors.iter().map(|behavior| behavior.candidates.len() as u64).sum();
    let behaviors = things(sweep.behaviors.len() as u64, "behavior");
    format!("{}: {} of {behaviors}", sweep.scenario, things(candidates, "setting"))
}

fn facts(sweep: &Sweep) -> Vec<String> {
    let days = lab::Millis((sweep.days * lab::Millis::DAY.0 as f64) as i64);
    let mut facts = vec![things(u64::from(sweep.devices), "device"), span(days), format!("seed {}", sweep.seed)];
    if !sweep.behaviors.is_empty() {
        facts.push("nobody responds".to_owned());
    }
    facts
}

fn title(behavior: &SweptBehavior) -> String {
    let operator = if behavior.operator.is_empty() { "learned, at" } else { &behavior.operator };
    format!("{}/{}: {} {operator} …", behavior.profile, behavior.name, behavior.metric)
}

fn lead_of(behavior: &SweptBehavior) -> String {
    let attacked = behavior.candidates.first().and_then(|candidate| candidate.quality.recall);
    let front = behavior.candidates.iter().filter(|candidate| candidate.on_front).count() as u64;
    match attacked {
        None => {
            "No attack of the scenario disturbs this metric on a device that is watched: there is no recall.".to_owned()
        }
        Some(recall) => format!(
            "{} that it watches and that an attack on its metric hits; nothing beats the {} marked ●.",
            things(recall.trials, "device"),
            things(front, "setting")
        ),
    }
}

const COLUMNS: [Column; 9] = [
    words("setting"),
    words("front"),
    numbers("recall", "recall"),
    numbers("precision", "precision"),
    numbers("p50", "detection-time"),
    numbers("p95", "detection-time"),
    numbers("false/day", "alarms-per-day"),
    numbers("per 1,000 device-days", "false-alarm"),
    numbers("false-positive devices", "false-positive-rate"),
];

/// The candidates: those on the front first where a terminal cannot show all.
fn told(behavior: &SweptBehavior) -> Table {
    let mut order: Vec<usize> = (0..behavior.candidates.len()).collect();
    if order.len() > ROWS {
        order.sort_by_key(|i| (!behavior.candidates[*i].on_front, *i));
    }
    let rows = order.iter().map(|position| row(&behavior.candidates[*position], *position == 0));
    Table::new("Settings", &COLUMNS, rows.collect())
}

fn row(candidate: &CandidateScore, current: bool) -> Vec<Cell> {
    let latency = |of: fn(&lab::latency::Latency) -> lab::Millis| time(candidate.latency.as_ref().map(of));
    let per_rate = |r: Option<lab::interval::Rate>| value(rate(r), r.map(|r| r.value)).beside(rate_interval(r));
    let words = candidate.setting.words();
    vec![
        if current { text_cell(words).beside("now") } else { text_cell(words) },
        text_cell(if candidate.on_front { "●" } else { "" }),
        proportion(candidate.quality.recall),
        proportion(candidate.quality.precision),
        latency(|latency| latency.p50),
        latency(|latency| latency.p95),
        per_rate(candidate.false_alarms.per_day),
        per_rate(candidate.false_alarms.per_1000_device_days),
        value(
            candidate.false_positive_rate.map_or_else(|| "n/a".to_owned(), |p| percent(p.value)),
            candidate.false_positive_rate.map(|p| p.value),
        )
        .beside(parts(candidate.false_positive_rate)),
    ]
}

fn limit_title(limits: &DetectionLimits) -> String {
    let DetectionLimits { attack, parameter, .. } = limits;
    format!("Detection limit of {attack}: the smallest {parameter} from which on {} are caught", percent(CAUGHT))
}

/// The limits: those on the front first.
fn limit_table(limits: &DetectionLimits) -> Table {
    let columns = [
        words("behavior"),
        words("setting"),
        words("front"),
        numbers("limit", "detection-limit"),
        numbers("recall there", "recall"),
        numbers("recall at the weakest", "recall"),
    ];
    let mut rows: Vec<_> = limits.rows.iter().collect();
    rows.sort_by_key(|row| !row.on_front);
    let rows = rows.into_iter().map(|row| {
        let limit = row.limit.map(|position| &limits.intensities[position]);
        let there = row.limit.and_then(|position| row.recalls[position]);
        let weakest = row.recalls.first().copied().flatten();
        vec![
            text_cell(row.behavior.clone()),
            text_cell(row.setting.words()),
            text_cell(if row.on_front { "●" } else { "" }),
            value(limit.map_or_else(|| "none tried".to_owned(), |i| i.text.clone()), limit.map(|i| i.factor)),
            proportion(there),
            value(share(weakest), weakest.map(|p| p.value)),
        ]
    });
    Table::new("Detection limits", &columns, rows.collect())
}

fn loops(sweep: &Sweep) -> Table {
    let columns = [
        words("candidate"),
        numbers("recall, all behaviors", "recall"),
        numbers("p95", "detection-time"),
        numbers("false/day", "alarms-per-day"),
        numbers("of them self-inflicted", "cause"),
        numbers("contained", "coverage"),
        numbers("collateral", "collateral"),
    ];
    let rows = sweep.closed_loops.iter().map(|row| {
        let per_day = row.false_alarms.per_day;
        let inflicted = (row.false_alarms.count > 0).then(|| row.self_inflicted as f64 / row.false_alarms.count as f64);
        let name = text_cell(row.name.clone());
        let said = |change: &Change| format!("{}: {}", change.behavior, change.setting.words());
        let changes: Vec<String> = row.changes.iter().map(said).filter(|said| *said != row.name).collect();
        vec![
            if changes.is_empty() { name } else { name.beside(changes.join("; ")) },
            proportion(row.recall),
            time(row.latency.as_ref().map(|latency| latency.p95)),
            value(rate(per_day), per_day.map(|r| r.value)).beside(rate_interval(per_day)),
            value(inflicted.map_or_else(|| "n/a".to_owned(), percent), inflicted),
            proportion(row.contained),
            value(count(row.collateral), Some(row.collateral as f64)),
        ]
    });
    Table::new("Closed loops", &columns, rows.collect())
}

fn proportion(p: Option<lab::interval::Proportion>) -> Cell {
    value(share(p), p.map(|p| p.value)).beside(share_interval(p))
}

fn time(time: Option<lab::Millis>) -> Cell {
    value(time.map_or_else(|| "n/a".to_owned(), span), time.map(|time| time.0 as f64))
}

/// The settings of all behaviors.
fn settings(sweep: &Sweep) -> Table {
    let mut columns = vec![words("behavior")];
    columns.extend(COLUMNS);
    let rows = sweep.behaviors.iter().flat_map(|behavior| {
        behavior.candidates.iter().enumerate().map(move |(position, candidate)| {
            let mut cells = vec![text_cell(behavior.name.clone()).beside(behavior.profile.clone())];
            cells.extend(row(candidate, position == 0));
            cells
        })
    });
    Table::new("Settings", &columns, rows.collect())
}

fn page(sweep: &Sweep, figures: &[Figure]) -> Page {
    let mut sections = Vec::new();
    if !sweep.behaviors.is_empty() {
        let lead = "Each mark is a setting; ◆ is the one that the profile has.".to_owned();
        let section = Section::new("trade-off", "What is to be had", lead);
        sections.push(section.with_figures(figures, &["cost", "roc", "precision-recall"]));
        let leads: Vec<String> =
            sweep.behaviors.iter().map(|behavior| format!("{}: {}", behavior.name, lead_of(behavior))).collect();
        sections.push(Section::new("settings", "Settings", leads.join(" ")).with_tables(vec![settings(sweep)]));
    }
    if let Some(limits) = &sweep.limits {
        let section = Section::new("limits", "Detection limits", format!("{}.", limit_title(limits)));
        sections.push(section.with_figures(figures, &["limits"]).with_tables(vec![limit_table(limits)]));
    }
    if !sweep.closed_loops.is_empty() {
        let section = Section::new("closed-loops", "Closed loops", format!("{CLOSED}."));
        sections.push(section.with_tables(vec![loops(sweep)]));
    }
    let best = |behavior: &SweptBehavior| {
        let front: Vec<String> = behavior
            .candidates
            .iter()
            .filter(|candidate| candidate.on_front)
            .take(3)
            .map(|candidate| candidate.setting.words())
            .collect();
        format!("{}: {}", behavior.name, front.join("; "))
    };
    let mut answers = Vec::new();
    if !sweep.behaviors.is_empty() {
        let text = sweep.behaviors.iter().map(best).collect::<Vec<_>>().join(". ");
        answers.push(Answer { label: "On the front", anchor: "trade-off", text });
    }
    if !sweep.closed_loops.is_empty() {
        let said = |row: &ClosedLoop| {
            let per_day = row.false_alarms.per_day;
            format!("{}: {} caught, {} false alarms a day", row.name, share(row.recall), rate(per_day))
        };
        let text = sweep.closed_loops.iter().map(said).collect::<Vec<_>>().join(". ");
        answers.push(Answer { label: "With responders", anchor: "closed-loops", text });
    }
    Page {
        window: format!("{}: sweep", sweep.scenario),
        heading: headline(sweep),
        name: sweep.scenario.clone(),
        facts: facts(sweep),
        modes: Vec::new(),
        answers,
        measures: Vec::new(),
        sections,
        warnings: Vec::new(),
        again: Again {
            lead: "The same scenario, seed and grids give the same bits.".to_owned(),
            codes: Vec::new(),
            links: vec![
                ("sweep.json", "every number of this page"),
                ("sweep.csv", "a line per setting"),
                ("sweep.md", "the same for a pull request"),
            ],
            files: Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use lab::Millis;
    use lab::false_alarm::Rates;
    use lab::interval::Proportion;
    use lab::latency::Latency;
    use lab::quality::Quality;
    use lab::sweep::{Setting, Threshold};

    use super::*;

    fn candidate(threshold: u64, detected: u64, wrong: u64, on_front: bool) -> CandidateScore {
        CandidateScore {
            setting: Setting {
                threshold: Threshold::Count(threshold),
                duration: Some(Millis::minutes(5)),
                to_alarm: 1,
                to_clear: 1,
            },
            right: detected,
            inside: 0,
            wrong,
            quality: Quality::of(detected, detected + wrong, detected, 10),
            false_positive_rate: Proportion::of(wrong, 90),
            latency: Latency::of((0..detected).map(|_| Millis::minutes(5))),
            false_alarms: Rates::of(wrong, 100, Millis::days(2)),
            classes: Vec::new(),
            attacks: Vec::new(),
            on_front,
        }
    }

    fn sweep() -> Sweep {
        Sweep {
            schema: Sweep::SCHEMA.to_owned(),
            scenario: "fixture".into(),
            seed: 7,
            devices: 100,
            days: 2.0,
            behaviors: vec![SweptBehavior {
                profile: "P".into(),
                name: "A|B".into(),
                metric: "aws:num-messages-sent".into(),
                operator: "less-than-equals".into(),
                candidates: vec![candidate(30, 10, 4, true), candidate(60, 5, 4, false), candidate(99, 0, 0, true)],
            }],
            limits: None,
            closed_loops: Vec::new(),
        }
    }

    #[test]
    fn a_terminal_reads_settings_front_and_scores() {
        let text = text(&sweep());
        let line =
            |start: &str| text.lines().find(|line| line.trim_start().starts_with(start)).expect(start).to_owned();
        assert!(
            text.starts_with("fixture: 3 settings of 1 behavior\n100 devices, 2d, seed 7, nobody responds\n"),
            "{text}"
        );
        let current = line("30 per 5m (now)");
        assert!(current.contains('●') && current.contains("100 %") && current.contains(" 5m "), "{current}");
        assert!(!line("60 per 5m").contains('●'));
        let none = line("99 per 5m");
        assert!(none.contains("n/a"), "nothing rang, so there is no precision: {none}");
    }

    #[test]
    fn the_csv_has_a_line_per_setting_and_leaves_out_what_is_not_available() {
        let csv = csv(&sweep());
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("P,A|B,30 per 5m,true,true,1,"), "{}", lines[1]);
        assert!(lines[3].contains(",,,,"), "{}", lines[3]);
    }

    #[test]
    fn a_page_has_the_three_figures_and_a_name_breaks_nothing() {
        let figures = figures(&sweep(), &[]);
        let names: Vec<&str> = figures.iter().map(|figure| figure.name).collect();
        assert_eq!(names, ["roc", "precision-recall", "cost"]);
        for figure in &figures {
            assert!(
                !figure.standalone().split("</style>").nth(1).expect("shapes").contains("=\"#"),
                "no literal color"
            );
        }
        // What detects nobody has no latency to be drawn, and what never rings no precision.
        assert_eq!(figures[2].data.lines().count(), 3);
        assert_eq!(figures[1].data.lines().count(), 3);
        let page = page(&sweep(), &figures).render().expect("it renders");
        assert!(page.contains("id=\"trade-off\"") && page.contains("◆"));
        assert!(markdown(&sweep()).contains("A\\|B"));
    }
}
