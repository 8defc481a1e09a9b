//! What acts do to the account, step by step.

use defender::error::ServiceError;
use defender::time::Timestamp;

use super::World;
use super::ledger::Ledger;
use crate::alteration::Scene;
use crate::fleet::Fleet;
use crate::scenario::Scenario;
use crate::shard::LANES;

/// What a step left behind beside the account itself.
struct Left {
    told: Vec<String>,
    renewed: Vec<(u32, Timestamp)>,
}

/// Takes the steps that were taken before the run began: the account is found like that.
///
/// # Errors
/// What the account refuses.
pub(super) fn seed(scenario: &Scenario, fleet: &mut Fleet, ledger: &mut Ledger) -> Result<(), ServiceError> {
    let steps: Vec<_> = ledger.steps().filter(|(.., time)| *time <= scenario.start).collect();
    fleet.account.pause_changes(true);
    for (act, number, time) in steps {
        take(scenario, fleet, ledger, act, number, time)?;
    }
    fleet.account.pause_changes(false);
    Ok(())
}

fn take(
    scenario: &Scenario,
    fleet: &mut Fleet,
    ledger: &mut Ledger,
    act: usize,
    number: usize,
    now: Timestamp,
) -> Result<Left, ServiceError> {
    let Some(alteration) = ledger.alteration(act).cloned() else { return Ok(Left { told: vec![], renewed: vec![] }) };
    let name = ledger.act(act).name.clone();
    let (devices, key) = (&*alteration.devices, alteration.key);
    let (marks, undone, told, renewed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut scene = Scene { scenario, fleet, name: &name, key, now, devices, marks, undone, told, renewed };
    let taken = alteration.what().step(number, &mut scene);
    let Scene { marks, undone, told, renewed, .. } = scene;
    ledger.mark(act, marks, scenario.end());
    ledger.undone(&undone, now);
    taken.map(|()| Left { told, renewed })
}

impl World<'_> {
    /// An act takes a step in the account; the broker hears of it when changes take hold.
    pub(super) fn alter(&mut self, time: Timestamp, act: usize, number: usize) {
        let lane = self.ledger.act(act).category.lane();
        match take(self.scenario, &mut self.fleet, &mut self.ledger, act, number, time) {
            Ok(left) => {
                left.told.into_iter().for_each(|text| self.record.tell(time, lane, text));
                for (device, until) in left.renewed {
                    self.shards[device as usize / LANES].renew(device as usize % LANES, until);
                }
            }
            Err(error) => {
                let name = self.ledger.act(act).name.clone();
                self.record.tell(time, lane, format!("{name} was refused: {error}"));
            }
        }
    }
}
