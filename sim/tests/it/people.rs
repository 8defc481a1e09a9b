//! People between an alarm and the response: they take time, sleep, err, hand on, ask for approval.

use defender::time::Millis;
use sim::outcome::{CaseRow, MitigationRow, Outcome, Verdict};

use crate::attacks::{attack, outcome};

/// Probing on forty devices at two in the night: each goes into alarm within minutes.
fn night(added: &str) -> Outcome {
    let probing = attack("probing", 40, "1h", "authorization-probing = { rate = \"6/min\" }");
    outcome(&format!("{probing}\n{added}"))
}

fn responder(more: &str) -> String {
    format!(
        "[[responder]]\nname = \"quarantine\"\nwhen = {{ violation = {{ profile = \"Watch\", behaviors = [\"Failures\"] }} }}\n\
         delay = \"1m\"\nthen = {{ mitigation = {{ action = \"Quarantine\" }} }}\n{more}\n"
    )
}

fn successful(outcome: &Outcome) -> Vec<&MitigationRow> {
    outcome.mitigations.iter().filter(|row| row.status == "SUCCESSFUL").collect()
}

fn wait(case: &CaseRow) -> Millis {
    case.taken.expect("somebody took it") - case.arrived
}

#[test]
fn one_analyst_takes_one_alert_at_a_time_in_the_order_of_arrival() {
    let outcome = night(&format!(
        "[[team]]\nname = \"soc\"\nanalysts = 1\ntriage = \"5m\"\ntriage-p95-ratio = 1.0\n{}",
        responder("team = \"soc\"")
    ));
    let cases = &outcome.cases;
    assert_eq!(cases.len(), 40);
    assert!(cases.iter().all(|case| case.real && case.verdict == Verdict::Confirmed));
    let taken: Vec<_> = cases.iter().map(|case| case.taken.expect("a day is long enough")).collect();
    assert!(taken.windows(2).all(|pair| pair[1] - pair[0] >= Millis::minutes(5)), "{taken:?}");
    // The last waits for the 39 before, who all came within the first minutes.
    assert!(wait(&cases[39]) > Millis::minutes(5 * 39 - 30), "{}", wait(&cases[39]));
    let two = night(&format!(
        "[[team]]\nname = \"soc\"\nanalysts = 2\ntriage = \"5m\"\ntriage-p95-ratio = 1.0\n{}",
        responder("team = \"soc\"")
    ));
    assert!(wait(&two.cases[39]).0 * 10 < wait(&cases[39]).0 * 6, "two of them halve the wait");
}

#[test]
fn nobody_looks_at_night_and_what_waits_too_long_is_handed_on() {
    let day = "[[team]]\nname = \"day\"\ntriage = \"5m\"\n[[team.shift]]\nfrom = \"8h\"\nto = \"16h\"\nanalysts = 4\n";
    let outcome = night(&format!("{day}{}", responder("team = \"day\"")));
    let eight = outcome.header.start + Millis::hours(8);
    assert!(outcome.cases.iter().all(|case| case.taken.is_some_and(|taken| taken >= eight)));
    assert!(successful(&outcome).iter().all(|row| row.started > eight));

    let handing_on = day.replace("[[team.shift]]", "escalate = { after = \"30m\", to = \"standby\" }\n[[team.shift]]");
    let standby = "[[team]]\nname = \"standby\"\nanalysts = 2\ntriage = \"5m\"\n";
    let outcome = night(&format!("{handing_on}{standby}{}", responder("team = \"day\"")));
    let (first, second): (Vec<_>, Vec<_>) = outcome.cases.iter().partition(|case| case.team == "day");
    assert!(first.iter().all(|case| case.verdict == Verdict::Escalated && case.taken.is_none()));
    assert_eq!((first.len(), second.len()), (40, 40));
    assert!(second.iter().all(|case| case.verdict == Verdict::Confirmed));
    assert!(successful(&outcome).iter().all(|row| row.started < eight));
}

#[test]
fn who_errs_dismisses_attacks_and_tired_ones_more_often() {
    let share = |fatigue: &str| {
        let outcome = night(&format!(
            "[[team]]\nname = \"soc\"\nanalysts = 1\ntriage = \"1m\"\ndismisses = 0.2\n{fatigue}\n{}",
            responder("team = \"soc\"")
        ));
        let dismissed = outcome.cases.iter().filter(|case| case.verdict == Verdict::Dismissed).count();
        // Of a dismissed alert nothing comes, and the device's next alarm is a new case.
        assert!(dismissed > 0 && outcome.cases.len() >= 40);
        assert!(outcome.cases.iter().all(|case| case.real));
        dismissed as f64 / outcome.cases.len() as f64
    };
    let (rested, tired) = (share(""), share("fatigue-at = 10"));
    // 0.2 of at least 40 independent verdicts: five standard deviations are 0.32.
    assert!((rested - 0.2).abs() < 0.32 && rested < tired, "{rested} {tired}");
}

#[test]
fn a_second_team_has_to_agree() {
    let teams = "[[team]]\nname = \"soc\"\nanalysts = 9\ntriage = \"2m\"\n\
                 [[team]]\nname = \"owners\"\nanalysts = 9\ntriage = \"20m\"\ntriage-p95-ratio = 1.0\n";
    let outcome = night(&format!("{teams}{}", responder("team = \"soc\"\napproval = \"owners\"")));
    let (first, second): (Vec<_>, Vec<_>) = outcome.cases.iter().partition(|case| case.team == "soc");
    assert_eq!((first.len(), second.len()), (40, 40));
    let approved = second.iter().map(|case| case.decided.expect("decided")).min().expect("some");
    assert!(successful(&outcome).iter().all(|row| row.started >= approved));
}

#[test]
fn a_budget_and_a_cleared_alarm_hold_a_responder_back() {
    let outcome = night(&responder("only = { at-most = { count = 10, per = \"1d\" } }"));
    assert_eq!(successful(&outcome).len(), 10, "and not one more, however many alarms");
    assert!(outcome.mitigations.iter().any(|row| row.status == "SKIPPED"));

    let late = responder("only = { still-in-alarm = true }").replace("delay = \"1m\"", "delay = \"5h\"");
    assert_eq!(successful(&night(&late)).len(), 0, "all alarms have cleared after five hours");
    assert_eq!(successful(&night(&late.replace("true", "false"))).len(), 40);
}

#[test]
fn functions_fail_are_tried_again_and_wait_for_a_place() {
    let failing = night(&responder("function = { failure = 0.5 }"));
    let failed = failing.mitigations.iter().filter(|row| row.status == "FAILED").count();
    assert!(failed > 5, "{failed} of at least 40 runs fail");
    let retried = night(&responder("function = { failure = 0.5, retries = 10 }"));
    assert_eq!(successful(&retried).len(), 40, "eleven failures in a row are out of the question");

    // Whoever waited for a place has as many runs as anybody: one in four fails twice, not one in two once.
    let waited = night(&responder("function = { runtime = \"1m\", concurrency = 1, failure = 0.5, retries = 1 }"));
    let lost = waited.mitigations.iter().filter(|row| row.status == "FAILED").filter_map(|row| row.device);
    let lost = lost.collect::<std::collections::BTreeSet<_>>().len();
    assert!((2..=18).contains(&lost), "{lost} of 40");

    let queue = night(&responder("function = { runtime = \"10m\", concurrency = 1 }"));
    let started: Vec<_> = successful(&queue).iter().map(|row| row.started).collect();
    assert!(started.windows(2).all(|pair| pair[1] - pair[0] >= Millis::minutes(10)), "{started:?}");
}

#[test]
fn a_team_takes_over_when_the_function_fails_for_good() {
    let failing = "function = { failure = 1, retries = 1 }";
    let alone = night(&responder(failing));
    assert!(alone.cases.is_empty() && successful(&alone).is_empty());
    let team = "[[team]]\nname = \"owners\"\nanalysts = 40\ntriage = \"10m\"\ntriage-p95-ratio = 1.0\n";
    let helped = night(&format!("{team}{}", responder(&format!("{failing}\nescalate = \"owners\""))));
    assert_eq!((helped.cases.len(), successful(&helped).len()), (40, 40));
    for row in successful(&helped) {
        let case = helped.cases.iter().find(|case| case.device == row.device).expect("each was handed over");
        // The responder's delay, once more.
        assert_eq!(case.decided.map(|decided| decided + Millis::MINUTE), Some(row.started), "{case:?} {row:?}");
        let failed = helped.mitigations.iter().find(|other| other.device == row.device && other.status == "FAILED");
        assert_eq!(failed.map(|failed| failed.started), Some(case.arrived));
    }
}
