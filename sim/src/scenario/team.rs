//! Teams of people: when they work, how long they take to judge an alert, and how often they judge wrongly.

use defender::time::Millis;

use super::fields::{Field, Fields, Mismatch, OneOrMore, Shape};
use super::plan::Delay;
use super::quantity::Probability;
use super::source::Placed;
use super::tree::Node;

/// A team as resolved: names of other teams are positions.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamPlan {
    /// Name.
    pub name: String,
    /// IANA time zone of its shifts.
    pub time_zone: String,
    /// When how many work; empty: `analysts` around the clock.
    pub shifts: Vec<Shift>,
    /// How many work around the clock where there are no shifts.
    pub analysts: u32,
    /// How long one alert takes one analyst.
    pub triage: Delay,
    /// Share of alerts about attacks that a rested analyst dismisses.
    pub dismisses: f64,
    /// Share of false alarms that a rested analyst confirms.
    pub confirms: f64,
    /// Number of waiting alerts at which both shares have doubled; they grow in a straight line, up to one half.
    pub fatigue_at: Option<u32>,
    /// An alert that nobody has taken after this time goes to another team.
    pub escalation: Option<(Millis, usize)>,
}

/// A span of the week in which some analysts work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The days on which it begins, Monday first.
    pub days: [bool; 7],
    /// Time of day at which it begins.
    pub from: Millis,
    /// Time of day at which it ends; on the next day if it is not after `from`.
    pub to: Millis,
    /// How many work.
    pub analysts: u32,
}

/// A team as written.
#[derive(Debug)]
pub(crate) struct TeamDraft {
    pub name: Placed<String>,
    pub time_zone: Placed<String>,
    pub shifts: Vec<Shift>,
    pub analysts: u32,
    pub triage: Delay,
    pub dismisses: f64,
    pub confirms: f64,
    pub fatigue_at: Option<u32>,
    pub escalation: Option<(Millis, Placed<String>)>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day(usize);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Field for Day {
    fn read(node: &Node) -> Result<Day, Mismatch> {
        let day = node.as_text().and_then(|text| DAYS.iter().position(|day| *day == text));
        day.map(Day)
            .ok_or_else(|| Mismatch::new(node, "be a day of the week").help(format!("write {}", DAYS.join(", "))))
    }

    fn placeholder() -> Day {
        Day(0)
    }

    fn shape() -> Shape {
        Shape {
            noun: "a day of the week".into(),
            example: "\"mon\"".into(),
            schema: serde_json::json!({ "enum": DAYS }),
        }
    }

    fn written(&self) -> serde_json::Value {
        serde_json::json!(DAYS[self.0])
    }
}

/// Reads a `[[team]]`.
pub(crate) fn team(fields: &mut Fields<'_>) -> TeamDraft {
    let name: Placed<String> = fields.required("name", "name, for responders and reports");
    let median = fields.or("triage", Millis::minutes(8), "how long an alert takes an analyst, as a median");
    let p95_ratio = fields.or_in("triage-p95-ratio", 3.0, 1.0..=100.0, "95th percentile of that over the median");
    let time_zone = fields.or(
        "time-zone",
        Placed { value: "UTC".to_owned(), place: fields.table_place() },
        "IANA time zone of its shifts",
    );
    let analysts = fields.or_in("analysts", 1, 1.., "how many work around the clock, if there are no shifts");
    TeamDraft {
        name,
        time_zone,
        analysts,
        triage: Delay::new(median, p95_ratio),
        dismisses: fields
            .or("dismisses", Probability::ZERO, "share of alerts about attacks that a rested analyst dismisses")
            .as_f64(),
        confirms: fields
            .or("confirms", Probability::ZERO, "share of false alarms that a rested analyst confirms")
            .as_f64(),
        fatigue_at: fields.optional_in(
            "fatigue-at",
            1..,
            "number of waiting alerts at which both shares have doubled; without it nobody tires",
        ),
        escalation: fields.table("escalate", "where alerts go that nobody takes in time", |fields| {
            (
                fields.or_in("after", Millis::minutes(30), Millis::MINUTE.., "how long they wait"),
                fields.required("to", "the other team, by name"),
            )
        }),
        shifts: fields.tables("shift", "when the team works, if not around the clock", shift),
    }
}

fn shift(fields: &mut Fields<'_>) -> Shift {
    let every: Vec<Day> = (0..7).map(Day).collect();
    let days: OneOrMore<Day> = fields.or("days", OneOrMore(every), "the days on which it begins; all unless given");
    let within = Millis(0)..=Millis::DAY;
    Shift {
        days: std::array::from_fn(|day| days.0.contains(&Day(day))),
        from: fields.required_in("from", within.clone(), "time of day at which it begins: `8h`"),
        to: fields.required_in("to", within, "time of day at which it ends; on the next day if not after `from`"),
        analysts: fields.or_in("analysts", 1, 1.., "how many work"),
    }
}
