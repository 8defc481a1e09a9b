//! Campaigns: a stage begins when another gets somewhere, at its time and place, or never.

use std::collections::BTreeMap;

use defender::time::{Millis, Timestamp};
use sim::outcome::{Act, ActKind, DeviceId, Outcome, StageRow};
use sim::scenario::load_text;
use sim::world::checkpoint::Saved;
use sim::world::{RunOptions, Unobserved, resume, run};

use crate::attacks::{QUARANTINE, WORLD, attack, outcome, scenario_in, truth};
use crate::checkpoint::{Keeper, assert_same};

/// An attack that has no start of its own.
fn later(name: &str, targets: &str, duration: &str, what: &str) -> String {
    format!("[[attack]]\nname = \"{name}\"\nduration = \"{duration}\"\n{targets}{what}\n")
}

/// A campaign of a first stage and others that wait, each as (attack, after).
fn campaign(first: &str, others: &[(&str, &str)]) -> String {
    let stage =
        |(attack, after): &(&str, &str)| format!("[[campaign.stage]]\nattack = \"{attack}\"\nafter = {after}\n");
    let others: String = others.iter().map(stage).collect();
    format!("[[campaign]]\nname = \"heist\"\n[[campaign.stage]]\nattack = \"{first}\"\n{others}")
}

/// Ten devices leak through the broker, from two hours after the start, each at its own time within an hour.
fn foothold(more: &str) -> String {
    let leak = format!("exfiltration = {{ rate = \"2 KiB/s\", message-size = \"1 KiB\"{more} }}");
    attack("foothold", 10, "3h", &leak).replace("targets", "stagger = \"1h\"\ntargets")
}

const LEAK: &str = "exfiltration = { rate = \"2 KiB/s\", address = \"203.0.113.9\" }";
const TWENTY: &str = "targets = { count = 20 }\n";

fn stage<'a>(outcome: &'a Outcome, name: &str) -> &'a StageRow {
    let stages = outcome.campaigns.iter().flat_map(|campaign| &campaign.stages);
    stages.into_iter().find(|stage| outcome.truth[stage.act as usize].name == name).expect("it is a stage")
}

fn onsets(act: &Act) -> BTreeMap<DeviceId, Timestamp> {
    act.devices.iter().map(|row| (row.device, row.onset)).collect()
}

/// The tick at or after a time.
fn tick(time: Timestamp) -> Timestamp {
    (time + Millis::minutes(5) - Millis(1)).floor_to(Millis::minutes(5))
}

#[test]
fn a_stage_begins_when_another_has_begun_succeeded_been_seen_or_ended() {
    let all = [
        ("after begun", "{ stage = \"foothold\", has = \"begun\", delay = \"7m\" }"),
        ("after succeeded", "{ stage = \"foothold\", delay = \"30m\" }"),
        ("after detected", "{ stage = \"foothold\", has = \"detected\" }"),
        ("after ended", "{ stage = \"foothold\", has = \"ended\", delay = \"10m\" }"),
    ];
    let stages: String = all.iter().map(|(name, _)| later(name, TWENTY, "2h", LEAK)).collect();
    let outcome = outcome(&format!("{}{stages}{}", foothold(""), campaign("foothold", &all)));
    let foothold = truth(&outcome, "foothold");
    let succeeded = stage(&outcome, "foothold").succeeded.expect("a leak does harm at once");
    let first = foothold.devices.iter().filter_map(|row| row.first_observable).min().expect("it is seen");
    assert_eq!(succeeded, first, "what harms here is what shows");
    let on_it = |device| foothold.devices.iter().any(|row| row.device == device);
    let sent = outcome.behaviors.iter().position(|row| row.name == "Sent").expect("it is watched") as u32;
    let seen = outcome.alarms.iter().filter(|alarm| alarm.behavior == sent && on_it(alarm.device));
    let detected = seen.map(|alarm| alarm.raised).filter(|raised| *raised >= foothold.onset).min().expect("it is seen");
    for (name, due) in [
        ("after begun", foothold.onset + Millis::minutes(7)),
        ("after succeeded", succeeded + Millis::minutes(30)),
        ("after detected", detected),
        ("after ended", foothold.end + Millis::minutes(10)),
    ] {
        let act = truth(&outcome, name);
        assert_eq!(stage(&outcome, name).began, Some(tick(due)), "{name}");
        assert_eq!((act.onset, act.end), (tick(due), tick(due) + Millis::hours(2)), "{name}");
        assert_eq!(act.devices.len(), 20, "{name}");
        assert!(act.devices.iter().all(|row| row.onset == act.onset && row.harm > 0), "{name}");
        assert!(outcome.timeline.iter().any(|row| row.text == format!("{name} begins on 20 devices")), "{name}");
    }
}

#[test]
fn a_stage_whose_turn_never_comes_never_begins() {
    let next = later("theft", TWENTY, "2h", LEAK);
    let heist = campaign("foothold", &[("theft", "{ stage = \"foothold\" }")]);
    // The broker lets nobody publish there.
    let barred = outcome(&format!("{}{next}{heist}", foothold(", topic = \"others/{thing}\"")));
    let theft = truth(&barred, "theft");
    assert!(theft.devices.is_empty() && stage(&barred, "theft").began.is_none(), "{theft:?}");
    assert_eq!(stage(&barred, "foothold").succeeded, None);
    assert!(!barred.timeline.iter().any(|row| row.text.starts_with("theft")));
    // It would begin after the run's end.
    let late = campaign("foothold", &[("theft", "{ stage = \"foothold\", delay = \"23h\" }")]);
    let late = outcome(&format!("{}{next}{late}", foothold("")));
    assert!(stage(&late, "foothold").succeeded.is_some() && stage(&late, "theft").began.is_none());
}

#[test]
fn device_by_device_a_stage_goes_where_another_got_to() {
    let next = later("theft", "", "1h", LEAK);
    let follow = "{ stage = \"foothold\", delay = \"20m\", each = true }";
    let heist = campaign("foothold", &[("theft", follow)]);
    let free = outcome(&format!("{}{next}{heist}", foothold("")));
    let (before, after) = (onsets(truth(&free, "foothold")), onsets(truth(&free, "theft")));
    assert!(before.keys().eq(after.keys()), "{before:?} {after:?}");
    for (device, onset) in before {
        let waited = after[&device] - onset;
        // The harm shows at the end of its tick; then twenty minutes.
        assert!(waited > Millis::minutes(20) && waited <= Millis::minutes(30), "{waited}");
    }
    // Quarantine before the second stage does not stop a road that bypasses the broker, but it keeps devices that
    // were locked up before their first harm from being reached at all.
    let chain = [("theft", "{ stage = \"foothold\", has = \"ended\", each = true }")];
    let ended = outcome(&format!("{}{next}{}", foothold(""), campaign("foothold", &chain)));
    let ends: BTreeMap<_, _> =
        truth(&ended, "foothold").devices.iter().map(|row| (row.device, tick(row.end))).collect();
    assert_eq!(onsets(truth(&ended, "theft")), ends);
}

#[test]
fn stages_can_change_the_account_spread_and_wait_for_one_another() {
    let text = foothold("")
        + &later("cover", "", "4h", "logging-off = {}")
        + &later("spread", "targets = { count = 200 }\n", "4h", "worm = { rate = \"12/h\", edges = \"policy\" }")
        + &later("rush", TWENTY, "1h", LEAK)
        + &campaign(
            "foothold",
            &[
                ("cover", "{ stage = \"foothold\" }"),
                ("spread", "{ stage = \"cover\", delay = \"1h\" }"),
                ("rush", "{ stage = \"spread\", has = \"begun\", delay = \"2h\" }"),
            ],
        );
    let world = WORLD.replace("[account]\n", "[account]\nlogging = \"WARN\"\n");
    let options = |threads| RunOptions { threads: Some(threads), ..RunOptions::default() };
    let scenario = scenario_in(&world, &text);
    let outcome = run(&scenario, options(1), &mut Unobserved).expect("it runs").outcome;
    let began = |name: &str| stage(&outcome, name).began.expect("its turn comes");
    assert_eq!(began("cover"), tick(stage(&outcome, "foothold").succeeded.expect("at once")));
    assert_eq!(stage(&outcome, "cover").succeeded, Some(began("cover")));
    assert_eq!(truth(&outcome, "cover").resource.as_deref(), Some("account"));
    assert_eq!(began("spread"), began("cover") + Millis::HOUR);
    assert!(truth(&outcome, "spread").devices.len() > 1, "it spreads");
    assert_eq!(began("rush"), began("spread") + Millis::hours(2));
    let other = run(&scenario, options(3), &mut Unobserved).expect("it runs");
    assert_eq!(other.outcome.header.digest, outcome.header.digest);
}

/// What stages do not touch stays as it was: a campaign moves nobody else's dice.
#[test]
fn a_campaign_leaves_unrelated_devices_alone() {
    let options = RunOptions { threads: Some(2), telemetry: true, ..RunOptions::default() };
    let alone = run(&scenario_in(WORLD, &foothold("")), options, &mut Unobserved).expect("it runs");
    let heist = campaign("foothold", &[("theft", "{ stage = \"foothold\" }")]);
    let text = format!("{}{}{heist}", foothold(""), later("theft", TWENTY, "2h", LEAK));
    let both = run(&scenario_in(WORLD, &text), options, &mut Unobserved).expect("it runs");
    let (before, after) = (alone.telemetry.expect("asked for"), both.telemetry.expect("asked for"));
    let changed: Vec<u32> = (0..500).filter(|device| before[*device as usize] != after[*device as usize]).collect();
    let theft: Vec<u32> = truth(&both.outcome, "theft").devices.iter().map(|row| row.device.0).collect();
    assert_eq!(changed, theft);
}

/// Before, between and after the stages, with responders in the way.
#[test]
fn a_campaign_in_pieces_is_the_campaign_in_one_piece() {
    let heist = campaign(
        "foothold",
        &[
            ("theft", "{ stage = \"foothold\", each = true, delay = \"1h\" }"),
            ("rush", "{ stage = \"theft\", has = \"detected\" }"),
        ],
    );
    let stages = later("theft", "", "3h", LEAK) + &later("rush", TWENTY, "2h", LEAK);
    let text = format!("{WORLD}{}{stages}{heist}{QUARANTINE}", foothold(""));
    let loaded = load_text("heist", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let options =
        |threads, every| RunOptions { threads: Some(threads), telemetry: true, events: true, checkpoint_every: every };
    let whole = run(&loaded.scenario, options(1, None), &mut Unobserved).expect("it runs");
    assert!(whole.outcome.campaigns[0].stages.iter().all(|stage| stage.began.is_some()));
    let mut keeper = Keeper::new(&loaded.lock, usize::MAX);
    run(&loaded.scenario, options(2, Some(Millis::hours(2))), &mut keeper).expect("it runs");
    assert_eq!(keeper.files.len(), 11);
    for file in &keeper.files {
        let saved = Saved::read(file).expect("it was just written");
        let own = load_text("checkpoint", saved.lock()).expect("the lock is a scenario").scenario;
        assert_same(&whole, &resume(&own, saved, options(2, None), &mut Unobserved).expect("it goes on"));
    }
    assert!(whole.outcome.truth.iter().any(|act| act.category == ActKind::SelfInflicted));
}

#[test]
fn what_is_wrong_with_a_campaign_is_told_with_its_place() {
    let told = |added: &str| {
        let text = format!("{WORLD}{added}");
        load_text("bad.toml", &text).map(|loaded| loaded.scenario.name).expect_err("it cannot be read").to_string()
    };
    let unstarted = later("idle", "", "1h", LEAK);
    let circle =
        later("a", "", "1h", LEAK) + &later("b", TWENTY, "1h", LEAK) + &later("cover", "", "1h", "logging-off = {}");
    insta::assert_snapshot!(told(&format!(
        "{}{unstarted}{}",
        foothold(""),
        campaign("foothold", &[("theft", "{ stage = \"footholt\", has = \"seen\" }")])
    )));
    insta::assert_snapshot!(told(&format!(
        "{}{circle}{}",
        foothold(""),
        campaign(
            "foothold",
            &[
                ("a", "{ stage = \"b\" }"),
                ("b", "{ stage = \"a\", each = true }"),
                ("cover", "{ stage = \"foothold\", each = true }"),
                ("foothold", "{ stage = \"cover\", each = true }"),
            ]
        )
    )));
}
