//! What holds for any stream.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::bench::{Bench, bound, sent, until};
use crate::detect::reference::BrokerAction;
use crate::detect::violation::ViolationFilter;
use crate::detect::wire::ViolationEvent;
use crate::time::Timestamp;

/// Something that happens: when, to which of four devices, what.
type Step = (i64, usize, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0i64..7200, 0usize..4, 0usize..5), 0..150).prop_map(|mut steps| {
        steps.sort();
        steps
    })
}

fn watched() -> Bench {
    let mut long = sent("less-than", 3, 2, 2);
    long["name"] = json!("Long");
    long["criteria"]["durationSeconds"] = json!(600);
    let mut refused = bound("aws:num-authorization-failures", "less-than", 1, 1, 1);
    refused["name"] = json!("Refused");
    let statistical = json!({"name": "Crowd", "metric": "aws:num-messages-sent", "criteria": {
        "comparisonOperator": "less-than-equals", "statisticalThreshold": {"statistic": "p50"}, "durationSeconds": 900}});
    let mut bench = Bench::watching(json!([sent("less-than-equals", 1, 1, 2), long, refused]));
    bench.watch(0, "Q", json!([statistical]), "all/things");
    bench
}

fn take(bench: &mut Bench, (second, device, action): Step) {
    let client = format!("d{device}");
    match action {
        0 => bench.connect(second, &client, "10.0.0.1"),
        1 => bench.disconnect(second, &client),
        2 | 3 => bench.publish(second, &client, "t", 10),
        _ => bench.happens(second, &client, BrokerAction::Refuse { topic: None }),
    }
}

fn run(steps: &[Step]) -> Bench {
    let mut bench = watched();
    steps.iter().for_each(|step| take(&mut bench, *step));
    bench.run_to(9000);
    bench
}

fn recorded(bench: &Bench) -> Vec<ViolationEvent> {
    let range = (Timestamp(0), until());
    let mut events: Vec<_> = bench.world.detect.violation_events(until(), range, ViolationFilter::default()).collect();
    events.sort_by_key(|event| event.violation_event_time);
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn looking_more_often_changes_nothing(steps in steps(), looks in prop::collection::vec(0i64..9000, 0..20)) {
        let once = run(&steps);
        let mut often = watched();
        let mut looks = looks;
        looks.sort();
        let mut looks = looks.into_iter().peekable();
        for step in &steps {
            while looks.peek().is_some_and(|look| *look <= step.0) {
                often.run_to(looks.next().unwrap_or_default());
            }
            take(&mut often, *step);
        }
        looks.for_each(|look| often.run_to(look));
        often.run_to(9000);
        prop_assert_eq!(recorded(&once), recorded(&often));
    }

    #[test]
    fn an_episode_rings_once_and_ends_at_most_once(steps in steps()) {
        let mut episodes: BTreeMap<String, Vec<ViolationEvent>> = BTreeMap::new();
        for event in recorded(&run(&steps)) {
            episodes.entry(event.violation_id.clone()).or_default().push(event);
        }
        for events in episodes.values() {
            let kinds: Vec<_> = events.iter().map(|event| event.violation_event_type as u8).collect();
            prop_assert!(matches!(kinds.as_slice(), [0] | [0, 1]), "{kinds:?}");
            prop_assert!(events.windows(2).all(|pair| pair[0].violation_event_time < pair[1].violation_event_time));
            prop_assert!(events.iter().all(|event| event.thing_name == events[0].thing_name));
        }
    }

    #[test]
    fn d68_static_rules_judge_each_device_by_itself(steps in steps()) {
        let of_device = |bench: &Bench| -> Vec<_> {
            let events = recorded(bench).into_iter();
            let own = events.filter(|event| event.thing_name == "d0" && event.security_profile_name == "P");
            own.map(|e| (e.violation_event_time, e.behavior.name, e.violation_event_type, e.metric_value)).collect()
        };
        let alone: Vec<Step> = steps.iter().copied().filter(|(_, device, _)| *device == 0).collect();
        prop_assert_eq!(of_device(&run(&steps)), of_device(&run(&alone)));
    }
}
