//! What devices do beside their steady state, in the whole world: after outages, across checkpoints, and not at all.

use defender::time::Millis;
use sim::scenario::{Boot, Loaded, Modes, Scenario, load_text};
use sim::world::checkpoint::Saved;
use sim::world::{Run, RunOptions, Unobserved, resume, run};

use crate::attacks::{WORLD, act};
use crate::checkpoint::{Keeper, assert_same};

const BOOT: Boot = Boot { losses_per_day: 0.0, retries: 5, messages: 9, packets: 100 };

const MODES: &str = r#"archetype = "thermostat"
overrides.bursts = { rate = "20/d", length = "10m", factor = 3.0 }
overrides.updates = { rate = "2/d", size = "1 MiB", length = "50m" }
overrides.boot = { power-losses = "2/d", retries = 2, messages = 3, packets = 20 }"#;

/// Sixty thermostats, of which twenty have no network for an hour and a half.
fn outage() -> Loaded {
    let dark = act("confounder", "outage", 20, "4h", r#"regional-outage = { outage = "90m", return = "4m" }"#);
    let text = WORLD.replace("count = 500", "count = 60").replace("duration = \"1d\"", "duration = \"8h\"");
    let text = text.replace("archetype = \"thermostat\"", MODES) + &dark;
    load_text("world", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn with(scenario: &Scenario, modes: Modes) -> Scenario {
    let mut other = scenario.clone();
    other.classes.iter_mut().for_each(|class| class.archetype.modes = modes);
    other
}

fn options(checkpoint_every: Option<Millis>) -> RunOptions {
    RunOptions { threads: Some(1), telemetry: true, events: true, checkpoint_every }
}

fn play(scenario: &Scenario) -> Run {
    run(scenario, options(None), &mut Unobserved).expect("it runs")
}

/// Who has their network back after at least a window without it starts anew, and nobody else.
#[test]
fn devices_boot_when_an_outage_is_over() {
    let scenario = outage().scenario;
    let before = play(&with(&scenario, Modes::default()));
    let after = play(&with(&scenario, Modes { boot: Some(BOOT), ..Modes::default() }));
    let act = after.outcome.truth.iter().find(|act| act.name == "outage").expect("it is in the ledger");
    let concerned: Vec<usize> = act.devices.iter().map(|row| row.device.0 as usize).collect();
    let hashes = |run: &Run| run.telemetry.clone().expect("asked for");
    let (left, right) = (hashes(&before), hashes(&after));
    let changed: Vec<usize> = (0..60).filter(|device| left[*device] != right[*device]).collect();
    assert_eq!(changed, concerned);
    let sent = |run: &Run| run.outcome.tally.messages_sent;
    assert_eq!(sent(&after) - sent(&before), 20 * 9, "each says nine things, once");
    let alarms = |run: &Run| {
        let row = run.outcome.behaviors.iter().position(|row| row.name == "Attempts").expect("there is one");
        run.outcome.alarms.iter().filter(|alarm| alarm.behavior as usize == row).count()
    };
    assert_eq!((alarms(&before), alarms(&after)), (0, 20), "six attempts are more than two");
}

/// A checkpoint in the middle of the outage, with everything else that devices do now and then.
#[test]
fn a_checkpoint_knows_who_is_dark_and_draws_the_rest_again() {
    let Loaded { scenario, lock, .. } = outage();
    assert_ne!(scenario.classes[0].archetype.modes, Modes::default());
    let whole = play(&scenario);
    let mut keeper = Keeper::new(&lock, usize::MAX);
    assert_same(&whole, &run(&scenario, options(Some(Millis::hours(1))), &mut keeper).expect("it runs"));
    assert_eq!(keeper.files.len(), 7);
    for file in &keeper.files {
        let saved = Saved::read(file).expect("it was just written");
        assert_same(&whole, &resume(&scenario, saved, options(None), &mut Unobserved).expect("it goes on"));
    }
}
