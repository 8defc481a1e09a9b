//! A tuning to be told, made by hand.

use lab::Millis;
use lab::interval::{Proportion, Rate};
use lab::sweep::{Setting, Threshold};
use lab::tune::{Brief, Check, Constraint, Constraints, Part, PartKind, Reason, Relaxations, Split, Tuned, Tuning};

fn brief(threshold: u64, detected: u64, minutes: i64, wrong: u64) -> Brief {
    Brief {
        setting: Setting {
            threshold: Threshold::Count(threshold),
            duration: Some(Millis::minutes(5)),
            to_alarm: 1,
            to_clear: 1,
        },
        recall: Proportion::of(detected, 20),
        p95: Some(Millis::minutes(minutes)),
        false_alarms_per_day: Rate::of(wrong, 2.0),
    }
}

fn check(what: &str, wrong: u64, holds: bool) -> Check {
    let behaviors = vec![brief(80, 20, 10, wrong)];
    Check { what: what.into(), false_alarms_per_day: Rate::of(wrong, 2.0), behaviors, holds }
}

/// One behavior with a name that needs care, one check that fails, a class worth a profile, and a class by itself.
pub(super) fn tuning() -> Tuning {
    let split =
        Split { class: "meter".into(), setting: brief(60, 10, 5, 2).setting, shared_per_day: 6.0, own_per_day: 1.0 };
    let whole = Tuning {
        schema: Tuning::SCHEMA.to_owned(),
        scenario: "fixture".into(),
        part: None,
        seeds: vec![1, 2],
        replayed: None,
        constraints: Constraints { max_alarms_per_day: Some(2.0), min_recall: Some(0.95), max_p95_latency: None },
        behaviors: vec![Tuned {
            profile: "P".into(),
            name: "Sent<b>".into(),
            operator: "less-than-equals".into(),
            chosen: 3,
            reason: Reason::Fits,
            before: brief(30, 20, 5, 12),
            after: brief(80, 20, 10, 2),
            splits: vec![split],
        }],
        false_alarms_per_day: Rate::of(2, 2.0),
        fits: true,
        binding: vec![Constraint::P95Latency],
        relaxations: Relaxations::default(),
        checks: vec![check("seed 3", 2, true), check("traffic +25 %", 9, false)],
        each: Vec::new(),
    };
    let part = Part { kind: PartKind::Class, name: "meter".into(), classes: vec!["meter".into()] };
    let own = Tuning { part: Some(part), ..whole.clone() };
    Tuning { each: vec![own], ..whole }
}
