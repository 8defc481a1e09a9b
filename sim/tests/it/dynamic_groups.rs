//! Dynamic thing groups: a query decides who is in them, and so which profiles watch whom (V-09, D-28, D-73, D-90).

use defender::detect::alarm::ViolationEventType;
use sim::outcome::{Alarm, Outcome};
use sim::scenario::load_text;

use crate::attacks::{WORLD, attack, outcome, truth};

/// A group with a query, and a profile for whoever is in it: more than nothing sent is an alarm.
fn watched(query: &str) -> String {
    format!(
        "[[group]]\nname = \"chosen\"\nquery = '{query}'\n\
         [[profile]]\ndocument = \"closer.json\"\ntargets = \"thinggroup/chosen\"\n"
    )
}

const CLOSER: &str = r#"
"closer.json" = '''
{ "securityProfileName": "Closer", "behaviors": [
  { "name": "AnySent", "metric": "aws:num-messages-sent", "criteria": { "comparisonOperator": "less-than-equals",
    "value": { "count": 0 }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } } ] }
'''
"#;

/// The world with what is added, [`CLOSER`] among its documents.
fn play(added: &str) -> Outcome {
    outcome(&format!("{CLOSER}{added}"))
}

fn alarms<'a>(outcome: &'a Outcome, behavior: &str) -> Vec<&'a Alarm> {
    let position = outcome.behaviors.iter().position(|row| row.name == behavior).expect("it is watched");
    outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == position).collect()
}

#[test]
fn v09_a_query_chooses_by_name() {
    let outcome = play(&watched("thingName:thermostat-00000?"));
    let mut devices: Vec<u32> = alarms(&outcome, "AnySent").iter().map(|alarm| alarm.device.0).collect();
    devices.sort_unstable();
    devices.dedup();
    assert_eq!(
        devices,
        (0..10).collect::<Vec<u32>>(),
        "each of the ten sends something in a day, and nobody else is in"
    );
    let row = outcome.behaviors.iter().find(|row| row.name == "AnySent").expect("it is watched");
    assert_eq!(row.covers.iter().cloned().flatten().collect::<Vec<u32>>(), devices);
}

#[test]
fn d90_a_suspect_is_watched_more_closely_for_as_long_as_it_is_one() {
    let probing = attack("probing", 10, "2h", "authorization-probing = { rate = \"6/min\" }");
    let outcome = play(&format!("{}{probing}", watched("deviceDefender.Watch.Failures.inViolation:true")));
    let suspected = alarms(&outcome, "Failures");
    assert_eq!(suspected.len(), truth(&outcome, "probing").devices.len());
    let row = outcome.behaviors.iter().find(|row| row.name == "AnySent").expect("it is watched");
    let watched: Vec<u32> = row.covers.iter().cloned().flatten().collect();
    assert_eq!(watched, truth(&outcome, "probing").devices.iter().map(|row| row.device.0).collect::<Vec<_>>());
    let closer = alarms(&outcome, "AnySent");
    assert!(closer.len() >= 10, "an agent that sends its metrics does not stay unnoticed: {}", closer.len());
    for alarm in &closer {
        let suspicion = suspected.iter().find(|other| other.device == alarm.device).expect("only suspects are watched");
        let (ended, _) = suspicion.ended.expect("the probing ends");
        assert!(alarm.raised > suspicion.raised && alarm.raised <= ended, "{alarm:?} {suspicion:?}");
        // Whoever leaves the group is no longer watched: what stands then is invalidated (D-73).
        let (time, kind) = alarm.ended.expect("nobody is watched any longer");
        assert!(time <= ended, "{alarm:?} {suspicion:?}");
        assert!(kind != ViolationEventType::AlarmInvalidated || time == ended, "{alarm:?} {suspicion:?}");
    }
    assert!(
        closer.iter().any(|alarm| alarm.ended.is_some_and(|(_, kind)| kind == ViolationEventType::AlarmInvalidated))
    );
}

#[test]
fn what_is_wrong_with_a_dynamic_group_is_told_with_its_place() {
    let told = |added: &str| {
        let loaded = load_text("world", &format!("{WORLD}{added}"));
        loaded.err().map(|problems| problems.to_string()).unwrap_or_default()
    };
    let group = |rest: &str| format!("[[group]]\nname = \"chosen\"\nquery = \"thingName:*\"\n{rest}");
    assert_eq!(told(&group("")), "");
    let refused = |added: &str, said: &str| {
        let told = told(added);
        assert!(told.contains(said), "{told}");
    };
    refused(&group("").replace("thingName:*", "connectivity.connected:true"), "outside the subset");
    refused(&group("parent = \"quarantine\""), "a dynamic group has no `parent` (V-09)");
    refused(&group("policies = [\"device\"]"), "a dynamic group has no `policies` (V-09)");
    refused(&group("[[group]]\nname = \"below\"\nparent = \"chosen\""), "group `chosen` is dynamic");
    let probing = attack("probing", 10, "2h", "authorization-probing = { rate = \"6/min\" }");
    refused(
        &group(&probing.replace("{ count = 10 }", "{ group = \"chosen\", count = 10 }")),
        "group `chosen` is dynamic",
    );
}
