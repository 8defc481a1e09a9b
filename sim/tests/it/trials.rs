//! Candidates that look on at a run raise what they would raise in runs of their own.

use std::collections::BTreeSet;

use defender::detect::behavior::{Behavior, Catalog};
use defender::detect::validate::{Surroundings, validate_within};
use defender::detect::wire;
use defender::error::Compatibility;
use sim::outcome::Outcome;
use sim::scenario::Scenario;
use sim::world::trial::{Candidate, Elsewhere, Episode, Trial, run_with};
use sim::world::{RunOptions, Unobserved, run};

use crate::attacks::{WORLD, act, attack, scenario_in};

/// Two attacks and an innocent event on three dozen devices.
fn scenario() -> Scenario {
    let leak = attack("leak", 20, "6h", "exfiltration = { rate = \"200 B/s\", message-size = \"1 KiB\" }");
    let probing = attack("probing", 10, "1h", "authorization-probing = { rate = \"6/min\" }");
    let storm = act("confounder", "storm", 15, "2h", "message-storm = { rate = \"2/s\" }");
    scenario_in(WORLD, &format!("{leak}\n{probing}\n{storm}"))
}

/// Variants of behaviors of the profile, each with its position there.
fn variants(scenario: &Scenario) -> Vec<(usize, wire::Behavior)> {
    let behaviors = scenario.profiles[0].request.behaviors.as_ref().expect("the profile has behaviors");
    let criteria = |behavior: usize, edit: &dyn Fn(&mut wire::BehaviorCriteria)| {
        let mut variant = behaviors[behavior].clone();
        edit(variant.criteria.as_mut().expect("criteria"));
        (behavior, variant)
    };
    let count = |count: u64| Some(wire::MetricValue { count: Some(count.into()), ..wire::MetricValue::default() });
    let mut variants: Vec<_> = [2, 5, 8, 20, 60].map(|n| criteria(0, &|criteria| criteria.value = count(n))).into();
    variants.push(criteria(0, &|criteria| criteria.duration_seconds = Some(1_800)));
    variants.push(criteria(0, &|criteria| {
        criteria.value = count(6);
        criteria.consecutive_datapoints_to_alarm = Some(3);
        criteria.consecutive_datapoints_to_clear = Some(2);
    }));
    variants.push(criteria(7, &|criteria| {
        criteria.value = count(40_000);
        criteria.duration_seconds = Some(900);
    }));
    for percentile in ["p50", "p99"] {
        variants.push(criteria(0, &|criteria| {
            criteria.value = None;
            criteria.statistical_threshold =
                Some(wire::StatisticalThreshold { statistic: Some(percentile.to_owned()) });
        }));
    }
    variants.push(criteria(6, &|criteria| criteria.consecutive_datapoints_to_alarm = Some(2)));
    variants
}

pub fn resolved(behavior: &wire::Behavior) -> Behavior {
    let given = std::slice::from_ref(behavior);
    let validated = validate_within(given, &Catalog::default(), Compatibility::Strict, Surroundings::default());
    assert!(validated.errors.is_empty(), "{:?}", validated.errors);
    validated.behaviors.into_iter().next().expect("one behavior")
}

/// What one behavior of an outcome raised, in the terms of a trial.
pub fn raised(outcome: &Outcome, behavior: u32) -> Trial {
    let concerned = |device| outcome.truth.iter().any(|act| act.devices.iter().any(|part| part.device == device));
    let mut trial = Trial { elsewhere: vec![Elsewhere::default(); outcome.classes.len()], ..Trial::default() };
    let mut rang = BTreeSet::new();
    for alarm in outcome.alarms.iter().filter(|alarm| alarm.behavior == behavior) {
        if concerned(alarm.device) {
            trial.episodes.push(Episode { raised: alarm.raised, device: alarm.device, ended: alarm.ended });
        } else {
            let elsewhere = &mut trial.elsewhere[outcome.class_of(alarm.device)];
            elsewhere.alarms += 1;
            elsewhere.devices += u64::from(rang.insert(alarm.device));
        }
    }
    trial.episodes.sort_unstable();
    trial
}

#[test]
fn a_candidate_raises_alarm_for_alarm_what_its_behavior_raises_in_a_run_of_its_own() {
    let scenario = scenario();
    let variants = variants(&scenario);
    let candidates: Vec<Candidate> =
        variants.iter().map(|(_, behavior)| Candidate { profile: 0, behavior: resolved(behavior) }).collect();
    let options = RunOptions::default();
    let (base, trials) = run_with(&scenario, &candidates, options, &mut Unobserved).expect("it runs");
    let alone = run(&scenario, options, &mut Unobserved).expect("it runs");
    assert_eq!(base.outcome.header.digest, alone.outcome.header.digest, "nobody notices who looks on");
    assert_eq!(trials.len(), variants.len());
    for ((behavior, variant), trial) in variants.into_iter().zip(&trials) {
        let mut scenario = scenario.clone();
        let behaviors = scenario.profiles[0].request.behaviors.as_mut().expect("the profile has behaviors");
        behaviors[behavior] = variant.clone();
        let own = run(&scenario, options, &mut Unobserved).expect("it runs");
        assert_eq!(*trial, raised(&own.outcome, behavior as u32), "{variant:?}");
    }
    assert!(trials.iter().any(|trial| !trial.episodes.is_empty()));
    assert!(trials.iter().any(|trial| trial.elsewhere[0].alarms > 0));
}

#[test]
fn more_than_sixty_four_candidates_and_any_number_of_threads_give_the_same() {
    let scenario = scenario();
    let behaviors = scenario.profiles[0].request.behaviors.as_ref().expect("the profile has behaviors");
    let candidates: Vec<Candidate> = (0..70_u64)
        .map(|threshold| {
            let mut variant = behaviors[0].clone();
            let value = wire::MetricValue { count: Some(threshold.into()), ..wire::MetricValue::default() };
            variant.criteria.as_mut().expect("criteria").value = Some(value);
            Candidate { profile: 0, behavior: resolved(&variant) }
        })
        .collect();
    let with = |threads| RunOptions { threads: Some(threads), ..RunOptions::default() };
    let (_, trials) = run_with(&scenario, &candidates, with(1), &mut Unobserved).expect("it runs");
    let (_, again) = run_with(&scenario, &candidates, with(3), &mut Unobserved).expect("it runs");
    assert_eq!(trials, again);
    let (_, last) = run_with(&scenario, &candidates[64..], with(2), &mut Unobserved).expect("it runs");
    assert_eq!(trials[64..], last);
    let raised = |trial: &Trial| trial.elsewhere[0].alarms;
    assert!(trials.windows(2).all(|pair| raised(&pair[0]) > 0 || raised(&pair[1]) == 0));
}

#[test]
fn a_candidate_for_a_profile_that_is_not_there_is_refused() {
    let scenario = scenario();
    let behavior = resolved(&variants(&scenario)[0].1);
    let candidate = Candidate { profile: 3, behavior };
    let refused = run_with(&scenario, &[candidate], RunOptions::default(), &mut Unobserved);
    assert!(refused.expect_err("there is one profile").to_string().contains("profile 3"));
}
