//! What acts do to the account, step by step.

use defender::error::ServiceError;
use defender::time::Timestamp;

use super::World;
use super::ledger::{Alteration, Ledger};
use crate::alteration::Scene;
use crate::fleet::Fleet;
use crate::scenario::Scenario;
use crate::shard::{LANES, Overlay};

/// What a step left behind beside the account itself.
#[derive(Default)]
struct Left {
    told: Vec<String>,
    renewed: Vec<(u32, Timestamp)>,
    begins: Vec<u32>,
}

/// Takes the steps that were taken before the run began: the account is found like that. Gives the parts of acts that
/// have begun by then.
///
/// # Errors
/// What the account refuses.
pub(super) fn seed(
    scenario: &Scenario,
    fleet: &mut Fleet,
    ledger: &mut Ledger,
) -> Result<Vec<(u32, Overlay)>, ServiceError> {
    let mut begun = Vec::new();
    fleet.account.pause_changes(true);
    for (act, alteration) in ledger.alterations() {
        on_scene(scenario, fleet, ledger, (act, &alteration), scenario.start, |scene| {
            alteration.what().prepare(scene)
        })?;
    }
    let steps: Vec<_> = ledger.steps().filter(|(.., time)| *time <= scenario.start).collect();
    for (act, number, time) in steps {
        let left = take(scenario, fleet, ledger, act, number, time)?;
        begun.extend(left.begins.into_iter().map(|device| (device, ledger.begin(scenario, fleet, act, device, time))));
    }
    fleet.account.pause_changes(false);
    Ok(begun)
}

fn take(
    scenario: &Scenario,
    fleet: &mut Fleet,
    ledger: &mut Ledger,
    act: usize,
    number: usize,
    now: Timestamp,
) -> Result<Left, ServiceError> {
    let Some(alteration) = ledger.alteration(act).cloned() else { return Ok(Left::default()) };
    on_scene(scenario, fleet, ledger, (act, &alteration), now, |scene| alteration.what().step(number, scene))
}

/// Lets an act do something to the account, and writes down what became of it.
fn on_scene(
    scenario: &Scenario,
    fleet: &mut Fleet,
    ledger: &mut Ledger,
    (act, alteration): (usize, &Alteration),
    now: Timestamp,
    what: impl FnOnce(&mut Scene<'_>) -> Result<(), ServiceError>,
) -> Result<Left, ServiceError> {
    let row = ledger.act(act);
    let name = row.name.clone();
    let mut scene = Scene {
        scenario,
        fleet,
        name: &name,
        key: alteration.key,
        now,
        devices: &alteration.devices,
        onsets: &alteration.onsets,
        begun: row.devices.iter().map(|row| row.device.0).collect(),
        begins: Vec::new(),
        marks: Vec::new(),
        undone: Vec::new(),
        told: Vec::new(),
        renewed: Vec::new(),
    };
    let done = what(&mut scene);
    let Scene { marks, undone, told, renewed, begins, .. } = scene;
    ledger.mark(act, marks, scenario.end());
    ledger.undone(&undone, now);
    done.map(|()| Left { told, renewed, begins })
}

impl World<'_> {
    /// An act takes a step in the account; the broker hears of it when changes take hold.
    pub(super) fn alter(&mut self, now: Timestamp, time: Timestamp, act: usize, number: usize) {
        let lane = self.ledger.act(act).category.lane();
        match take(self.scenario, &mut self.fleet, &mut self.ledger, act, number, time) {
            Ok(left) => {
                left.told.into_iter().for_each(|text| self.record.tell(time, lane, text));
                for (device, until) in left.renewed {
                    self.shards[device as usize / LANES].renew(time, device as usize % LANES, until);
                }
                left.begins.into_iter().for_each(|device| self.begin_on(now, act, device));
                self.stage_altered(act, time);
            }
            Err(error) => {
                let name = self.ledger.act(act).name.clone();
                self.record.tell(time, lane, format!("{name} was refused: {error}"));
            }
        }
    }

    /// An act begins on one more device.
    fn begin_on(&mut self, now: Timestamp, act: usize, device: u32) {
        let known = self.ledger.act(act).devices.len();
        let overlay = self.ledger.begin(self.scenario, &self.fleet, act, device, now);
        self.lay_on(now, device, overlay);
        self.stage_begins(act, known);
    }
}
