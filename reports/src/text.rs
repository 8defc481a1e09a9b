//! The summary for a terminal: what happened, what was seen, how fast, at what cost, what was contained.

use lab::Scorecard;
use lab::campaign::CampaignScore;
use lab::outcome::{ActKind, LifeRow, Outcome, RepairRow};

use crate::documents;
use crate::wording::{
    amount, count, cut, date, number, parts, percent, rate, rate_interval, share, share_interval, span, span_or, things,
};

/// Widest line.
pub const COLUMNS: usize = 100;

/// Most lines.
pub const LINES: usize = 60;

/// Rows of each table before the rest is only counted.
const ROWS: usize = 8;

/// Whether to color the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Plain text: for files, pipes and `NO_COLOR`.
    #[default]
    Never,
    /// ANSI escape codes.
    Always,
}

/// The summary in plain text: at most [`LINES`] lines of at most [`COLUMNS`] columns, ending with a line break.
pub fn summary(outcome: &Outcome, card: &Scorecard) -> String {
    summary_in(outcome, card, Color::Never)
}

/// The summary, colored if asked.
pub fn summary_in(outcome: &Outcome, card: &Scorecard, color: Color) -> String {
    let mut page = Page { lines: Vec::new(), color };
    head(&mut page, outcome);
    glance(&mut page, outcome, card);
    attacks(&mut page, outcome, card);
    checks(&mut page, card);
    at_fault(&mut page, outcome);
    measures(&mut page, card);
    notes(&mut page, outcome, card);
    foot(&mut page, outcome);
    page.finish()
}

/// Lines under construction.
struct Page {
    lines: Vec<String>,
    color: Color,
}

#[derive(Clone, Copy)]
enum Ink {
    Plain,
    Strong,
    Quiet,
}

impl Page {
    fn line(&mut self, ink: Ink, text: &str) {
        let text = cut(text.trim_end(), COLUMNS);
        self.lines.push(match (self.color, ink) {
            (Color::Always, Ink::Strong) => format!("\u{1b}[1m{text}\u{1b}[0m"),
            (Color::Always, Ink::Quiet) => format!("\u{1b}[2m{text}\u{1b}[0m"),
            _ => text,
        });
    }

    fn space(&mut self) {
        self.lines.push(String::new());
    }

    /// A label in the first 16 columns, then words, wrapped under themselves.
    fn labeled(&mut self, label: &str, text: &str) {
        for (i, line) in wrap(text, COLUMNS - 18).into_iter().enumerate() {
            self.line(Ink::Plain, &format!("  {:<16}{line}", if i == 0 { label } else { "" }));
        }
    }

    /// A heading row and rows; the first column is left-aligned and takes what the others leave.
    fn table(&mut self, heading: &[&str], rows: &[Vec<String>]) {
        let columns = heading.len();
        let widest = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.chain([heading[column].chars().count()]).max().unwrap_or(0)
        };
        let others: usize = (1..columns).map(|column| widest(column) + 2).sum();
        let first = widest(0).min(COLUMNS.saturating_sub(others + 2));
        let render = |cells: &[String]| {
            let mut line = format!("  {:<first$}", cut(&cells[0], first));
            for (column, cell) in cells.iter().enumerate().skip(1) {
                line.push_str(&format!("  {cell:>width$}", width = widest(column)));
            }
            line
        };
        let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
        self.line(Ink::Quiet, &render(&heading));
        for row in rows.iter().take(ROWS) {
            self.line(Ink::Plain, &render(row));
        }
        if rows.len() > ROWS {
            self.line(Ink::Quiet, &format!("  … and {} more in the report", rows.len() - ROWS));
        }
    }

    fn finish(mut self) -> String {
        // The tables are bounded, so this only guards against a page that grew by accident.
        if self.lines.len() > LINES {
            let foot = self.lines.split_off(self.lines.len() - 2);
            self.lines.truncate(LINES - foot.len());
            self.lines.extend(foot);
        }
        self.lines.join("\n") + "\n"
    }
}

/// Text in lines of at most `width` characters, broken between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn head(page: &mut Page, outcome: &Outcome) {
    let header = &outcome.header;
    for line in wrap(&format!("{}: {}", header.scenario, header.title), COLUMNS).into_iter().take(2) {
        page.line(Ink::Strong, &line);
    }
    let mut facts = format!(
        "{}, {} from {}, seed {}",
        fleet(outcome),
        span(header.end - header.start),
        date(header.start),
        header.seed
    );
    if header.compatibility != "strict" {
        facts.push_str(&format!(", {}", header.compatibility));
    }
    if header.criteria != "normal" {
        facts.push_str(", criteria read as alarm conditions");
    }
    page.line(Ink::Quiet, &facts);
    if let Some(churn) = churn(outcome) {
        page.line(Ink::Quiet, &churn);
    }
    page.space();
}

/// How many devices there were in the beginning.
pub(crate) fn fleet(outcome: &Outcome) -> String {
    let later = outcome.lives.iter().filter(|life| life.joined.is_some()).count() as u64;
    things(u64::from(outcome.header.devices) - later, "device")
}

/// How many devices came and went, if any did.
pub(crate) fn churn(outcome: &Outcome) -> Option<String> {
    let lives = &outcome.lives;
    let those = |which: fn(&LifeRow) -> bool| lives.iter().filter(|life| which(life)).count() as u64;
    let joined = those(|life| life.joined.is_some() && life.succeeds.is_none());
    let renamed = those(|life| life.succeeds.is_some());
    let retired = those(|life| life.left.is_some()) - renamed;
    let forgotten = match those(|life| life.certificate_left_active) {
        0 => String::new(),
        n => format!(" ({} left active)", things(n, "certificate")),
    };
    let (joined, retired, renamed) = (count(joined), count(retired), count(renamed));
    (!lives.is_empty()).then(|| format!("{joined} joined, {retired} retired{forgotten}, {renamed} renamed"))
}

/// The four sentences that answer the question the program exists for.
fn glance(page: &mut Page, outcome: &Outcome, card: &Scorecard) {
    page.labeled("What happened", &happened(outcome));
    page.labeled("What was seen", &seen(card));
    page.labeled("How fast", &fast(card));
    page.labeled("At what cost", &cost(card));
    page.labeled("Contained", &contained(card));
    for campaign in card.campaigns.iter().take(CAMPAIGNS) {
        page.labeled("Campaign", &self::campaign(campaign));
    }
    page.space();
}

/// Campaigns that are told; the report has the others.
const CAMPAIGNS: usize = 3;

/// `heist: 2 of 3 stages began; first seen 15m after its onset, in foothold; rush never began`.
fn campaign(campaign: &CampaignScore) -> String {
    let stages = &campaign.stages;
    let mut text = format!("{}: {} of {} stages began", campaign.name, count(campaign.begun), stages.len());
    let first = stages.iter().filter(|stage| stage.detected.is_some()).min_by_key(|stage| stage.detected);
    match (campaign.first_seen, first) {
        (Some(after), Some(stage)) => text.push_str(&format!("; first seen after {}, in {}", span(after), stage.name)),
        _ => text.push_str("; nothing of it was seen"),
    }
    let never: Vec<&str> = stages.iter().filter(|s| s.began.is_none()).map(|stage| stage.name.as_str()).collect();
    if !never.is_empty() {
        text.push_str(&format!("; {} never began", never.join(", ")));
    }
    text
}

/// `4 attacks on 655 devices, 3 defects, 1 confounder`.
pub(crate) fn happened(outcome: &Outcome) -> String {
    let of = |kind: ActKind| outcome.truth.iter().filter(move |act| act.category == kind);
    let attacked: u64 = of(ActKind::Attack).map(|act| act.devices.len() as u64).sum();
    let mut parts = vec![match of(ActKind::Attack).count() as u64 {
        0 => "no attack".to_owned(),
        n => format!("{} on {}", things(n, "attack"), things(attacked, "device")),
    }];
    for (kind, noun) in
        [(ActKind::Defect, "posture defect"), (ActKind::Confounder, "confounder"), (ActKind::Fault, "fault")]
    {
        let n = of(kind).count() as u64;
        if n > 0 {
            parts.push(things(n, noun));
        }
    }
    parts.join(", ")
}

/// `4 of 4 attacks, on 612 of 655 devices (93.4 %, 91.2–95.1 %); audits found 3,001 of 3,004 seeded defects`.
pub(crate) fn seen(card: &Scorecard) -> String {
    let mut text = match card.detection.devices {
        None => "nothing to see: no device was attacked".to_owned(),
        Some(_) => format!(
            "{} attacks, on {} devices ({}, 95 % interval {})",
            parts(card.detection.incidents),
            parts(card.detection.devices),
            share(card.detection.devices),
            share_interval(card.detection.devices)
        ),
    };
    if card.audit.recall.is_some() {
        text.push_str(&format!("; audits found {} seeded defects", parts(card.audit.recall)));
    }
    text
}

/// `half of the attacked devices within 10m; of those detected, 90 % within 25m, the last after 3h`.
pub(crate) fn fast(card: &Scorecard) -> String {
    let Some(latency) = &card.detection.latency else { return "no attacked device was detected".to_owned() };
    let half = match card.detection.survival.as_ref().and_then(|survival| survival.median) {
        Some(median) => format!("half of the attacked devices within {}", span(median)),
        None => "fewer than half of the attacked devices ever".to_owned(),
    };
    let floor = card.waterfalls.first().map_or_else(String::new, |all| format!("; floor {}", span(all.floor)));
    format!("{half}; of those detected, 90 % within {}, the last after {}{floor}", span(latency.p90), span(latency.max))
}

/// `3.1 false alarms a day (2.0–4.8), 0.031 per 1,000 device-days; worst hour 41 alarms`.
pub(crate) fn cost(card: &Scorecard) -> String {
    let rates = &card.false_alarms.total;
    let interval = rates.per_day.map_or_else(String::new, |rate| format!(" ({})", rate_interval(Some(rate))));
    let mut text = format!(
        "{} false alarms a day{interval}, {} per 1,000 device-days",
        rate(rates.per_day),
        rate(rates.per_1000_device_days)
    );
    let mut causes: Vec<_> = card.false_alarms.causes.iter().filter(|row| row.rates.count > 0).collect();
    causes.sort_by_key(|row| std::cmp::Reverse(row.rates.count));
    if rates.count > 0 && causes.len() > 1 {
        let list: Vec<_> =
            causes.iter().map(|row| format!("{} {}", count(row.rates.count), row.cause.name())).collect();
        text.push_str(&format!(": {}", list.join(", ")));
    }
    if let Some(worst) = card.load.worst_hour {
        text.push_str(&format!("; worst hour {}", things(worst.alarms, "alarm")));
    }
    text
}

/// `580 of 655 devices before the attack's end, half of them within 12m; 82.1 % of harm averted; 3 healthy touched`.
pub(crate) fn contained(card: &Scorecard) -> String {
    let remediation = &card.remediation;
    let mut text = match (&remediation.coverage, &remediation.time_to_contain) {
        (None, _) => "nothing to contain".to_owned(),
        (Some(_), None) => format!("{} attacked devices", parts(remediation.coverage)),
        (Some(_), Some(time)) => format!(
            "{} attacked devices ({}) before the attack's end, half of these within {}",
            parts(remediation.coverage),
            share(remediation.coverage),
            span(time.p50)
        ),
    };
    let averted: Vec<_> = remediation
        .harm
        .iter()
        .filter(|harm| harm.averted > 0)
        .filter_map(|harm| Some(format!("{} of {}", percent(harm.averted_share?), harm.unit)))
        .collect();
    if !averted.is_empty() {
        text.push_str(&format!("; averted {}", averted.join(", ")));
    }
    if remediation.collateral.devices_touched > 0 {
        text.push_str(&format!(
            "; {} touched, {} device-hours lost",
            things(remediation.collateral.devices_touched, "healthy device"),
            number(remediation.collateral.device_hours_lost)
        ));
    }
    for rotation in &remediation.rotations {
        text.push_str(&format!("; {} certificates rotated in time", parts(rotation.in_time)));
    }
    text
}

fn attacks(page: &mut Page, outcome: &Outcome, card: &Scorecard) {
    if card.detection.attacks.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = card
        .detection
        .attacks
        .iter()
        .zip(&card.remediation.attacks)
        .map(|(seen, done)| {
            let devices = outcome.truth[seen.act as usize].devices.len() as u64;
            vec![
                seen.name.clone(),
                count(devices),
                share(seen.recall),
                span_or(seen.first_device),
                span_or(seen.latency.as_ref().map(|latency| latency.p50)),
                span_or(seen.latency.as_ref().map(|latency| latency.p99)),
                share(done.coverage),
                amount(done.harm.done, &done.harm.unit),
            ]
        })
        .collect();
    page.table(&["attack", "devices", "seen", "first", "p50", "p99", "contained", "harm done"], &rows);
    page.space();
}

fn checks(page: &mut Page, card: &Scorecard) {
    let rows: Vec<Vec<String>> = card
        .audit
        .checks
        .iter()
        .filter(|check| check.seeded > 0 || check.precision.is_some())
        .map(|check| {
            vec![
                check.name.clone(),
                count(check.seeded),
                share(check.recall),
                share(check.precision),
                span_or(check.time_to_finding.as_ref().map(|time| time.p50)),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.table(&["audit check", "seeded", "found", "precision", "p50"], &rows);
        page.space();
    }
}

/// Most documents at fault that are told; the report has the others.
const AT_FAULT: usize = 3;

/// ``at fault  policy: line 7: `iot:Publish` on `*`: may …; a repair is proposed``.
fn at_fault(page: &mut Page, outcome: &Outcome) {
    for document in outcome.documents.iter().take(AT_FAULT) {
        let Some(fault) = document.faults.first() else { continue };
        let more = match document.faults.len() as u64 - 1 {
            0 => String::new(),
            n => format!(" (and {})", things(n, "more fault")),
        };
        let repair = match &document.repair {
            RepairRow::Proposed { .. } => "; a repair is proposed",
            RepairRow::NotDerivable(_) => "; no repair can be derived",
            RepairRow::Compliant => "",
        };
        page.labeled(
            "At fault",
            &format!("{}: {}{more}{repair}", documents::name_of(document), documents::sentence(fault)),
        );
    }
    if outcome.documents.len() > AT_FAULT {
        let more = things((outcome.documents.len() - AT_FAULT) as u64, "more document");
        page.labeled("", &format!("{more} at fault: documents.csv"));
    }
    if !outcome.documents.is_empty() {
        page.space();
    }
}

fn measures(page: &mut Page, card: &Scorecard) {
    let measures = &card.measures;
    let latency = |of: &Option<lab::latency::Latency>| {
        of.as_ref().map_or_else(
            || ["n/a".to_owned(), String::new()],
            |time| [format!("p50 {}", span(time.p50)), format!("p99 {}", span(time.p99))],
        )
    };
    let [detect, detect_tail] = latency(&measures.detection_time);
    let [reset, reset_tail] = latency(&measures.reset_time);
    let false_alarms = &measures.false_alarms;
    let cells = [
        ("precision", share(measures.precision), share_interval(measures.precision)),
        ("recall", share(measures.recall), share_interval(measures.recall)),
        ("detection time", detect, detect_tail),
        ("reset time", reset, reset_tail),
        ("alarms per day", rate(measures.alarms_per_day), rate_interval(measures.alarms_per_day)),
        (
            "false alarms",
            rate(false_alarms.per_1000_device_days),
            format!("per 1,000 device-days; {} per device-year", rate(false_alarms.per_device_year)),
        ),
    ];
    page.line(Ink::Quiet, "  six measures");
    for (name, value, beside) in cells {
        page.line(Ink::Plain, &format!("  {name:<16}{value:>12}  {beside}"));
    }
    page.space();
}

fn notes(page: &mut Page, outcome: &Outcome, card: &Scorecard) {
    let surrogates = crate::wording::surrogates(outcome);
    let lines: Vec<String> = card
        .gaps
        .iter()
        .map(|gap| format!("{}: {}: {}", gap.kind.name(), gap.subject, gap.reason))
        .chain(surrogates)
        .chain(outcome.warnings.iter().map(|warning| format!("warning: {warning}")))
        .collect();
    if lines.is_empty() {
        return;
    }
    page.line(Ink::Quiet, "  not answered");
    for line in lines.iter().take(ROWS) {
        page.line(Ink::Plain, &format!("  {line}"));
    }
    if lines.len() > ROWS {
        page.line(Ink::Quiet, &format!("  … and {} more in the report", lines.len() - ROWS));
    }
    page.space();
}

fn foot(page: &mut Page, outcome: &Outcome) {
    let header = &outcome.header;
    page.line(Ink::Plain, &format!("  seed {}, {}, digest", header.seed, things(header.events, "event")));
    page.line(Ink::Plain, &format!("  {}", header.digest));
}
