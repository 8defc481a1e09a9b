//! Campaigns: stages that wait for another to get somewhere, and begin when it does.
//!
//! What a stage does on devices is seen when its shard's findings are taken in. So while anybody waits for that, shards
//! run no further alone than the shortest delay that follows, and no stage begins later than at the next tick.

use std::collections::BTreeMap;

use defender::time::{Millis, Timestamp};

use super::calendar::Task;
use super::ledger::Ledger;
use super::{World, counted_topics, topics};
use crate::outcome::{CampaignRow, StageRow, WaitRow};
use crate::scenario::{After, Milestone, Onset, Scenario};
use crate::shard::{LANES, Overlay};

/// The stages of all campaigns. An attack has the same position in the scenario and in the ledger.
#[derive(Debug, Default)]
pub(super) struct Campaigns {
    waiting: Vec<Waiting>,
    /// By attack: when it did its first harm, or changed the account.
    succeeded: BTreeMap<usize, Timestamp>,
}

/// A stage that waits.
#[derive(Debug)]
struct Waiting {
    act: usize,
    after: After,
    /// Whether it has been set off; one that goes from device to device waits on.
    set_off: bool,
}

impl Campaigns {
    pub fn new(scenario: &Scenario) -> Campaigns {
        let waiting = scenario.attacks.iter().enumerate().filter_map(|(act, plan)| match plan.start {
            Onset::At(_) | Onset::Never => None,
            Onset::After(after) => Some(Waiting { act, after, set_off: false }),
        });
        Campaigns { waiting: waiting.collect(), succeeded: BTreeMap::new() }
    }

    /// The shortest time from what a stage does on a device to what follows from it; `None` if nothing can follow now.
    pub fn lookahead(&self, ledger: &Ledger, now: Timestamp) -> Option<Millis> {
        let seen = |after: &After| matches!(after.milestone, Milestone::Succeeded | Milestone::Detected);
        let waiting = self.waiting.iter().filter(|waiting| !waiting.set_off && seen(&waiting.after));
        waiting.filter(|waiting| ledger.act(waiting.after.stage).onset <= now).map(|waiting| waiting.after.delay).min()
    }

    /// The stages that somebody waits for to be seen.
    fn hunted(&self) -> Vec<usize> {
        let waiting = self.waiting.iter().filter(|waiting| waiting.after.milestone == Milestone::Detected);
        waiting.filter(|waiting| !waiting.set_off).map(|waiting| waiting.after.stage).collect()
    }

    /// The campaigns as they went.
    pub fn rows(&self, scenario: &Scenario, ledger: &Ledger) -> Vec<CampaignRow> {
        let stage = |act: &usize| StageRow {
            act: *act as u32,
            waits: match scenario.attacks[*act].start {
                Onset::At(_) | Onset::Never => None,
                Onset::After(after) => Some(WaitRow {
                    act: after.stage as u32,
                    milestone: after.milestone.name().to_owned(),
                    delay: after.delay,
                    each: after.each,
                }),
            },
            began: Some(ledger.act(*act).onset).filter(|onset| *onset < scenario.end()),
            succeeded: self.succeeded.get(act).copied(),
        };
        let campaigns = scenario.campaigns.iter().map(|campaign| CampaignRow {
            name: campaign.name.clone(),
            stages: campaign.stages.iter().map(stage).collect(),
        });
        campaigns.collect()
    }
}

impl World<'_> {
    /// A stage got somewhere, on a device if one is concerned: what waits for that will begin.
    fn stage_reached(&mut self, act: usize, milestone: Milestone, device: Option<u32>, at: Timestamp) {
        for waiting in &mut self.campaigns.waiting {
            let After { stage, milestone: wanted, delay, each } = waiting.after;
            if stage != act || wanted != milestone || (each && device.is_none()) || waiting.set_off {
                continue;
            }
            waiting.set_off = !each;
            let begins = at + delay;
            if begins < self.scenario.end() {
                let only = device.filter(|_| each);
                self.calendar.add(begins, Task::Stage { act: waiting.act, only });
            }
        }
    }

    /// An act begins, or begins on further devices than the first `known`: when it ends is known as well.
    pub(super) fn stage_begins(&mut self, act: usize, known: usize) {
        if self.campaigns.waiting.iter().all(|waiting| waiting.after.stage != act) {
            return;
        }
        let row = self.ledger.act(act);
        let (onset, end) = (row.onset, row.end);
        let parts: Vec<_> = row.devices[known..].iter().map(|part| (part.device.0, part.onset, part.end)).collect();
        self.stage_reached(act, Milestone::Begun, None, onset);
        self.stage_reached(act, Milestone::Ended, None, end);
        for (device, onset, end) in parts {
            self.stage_reached(act, Milestone::Begun, Some(device), onset);
            self.stage_reached(act, Milestone::Ended, Some(device), end);
        }
    }

    /// Takes in where stages did their first harm.
    pub(super) fn stages_harmed(&mut self, mut harmed: Vec<(Timestamp, u32, u32)>) {
        harmed.sort_unstable();
        for (when, act, position) in harmed {
            let act = act as usize;
            let Some(device) = self.ledger.act(act).devices.get(position as usize).map(|part| part.device.0) else {
                continue;
            };
            self.campaigns.succeeded.entry(act).or_insert(when);
            self.stage_reached(act, Milestone::Succeeded, Some(device), when);
        }
    }

    /// An attack changed the account; if it does nothing else, that was its purpose.
    pub(super) fn stage_altered(&mut self, act: usize, when: Timestamp) {
        let plan = self.scenario.attacks.get(act);
        if plan.is_some_and(|plan| !plan.attack.acts_on_devices()) {
            self.campaigns.succeeded.entry(act).or_insert(when);
            self.stage_reached(act, Milestone::Succeeded, None, when);
        }
    }

    /// An alarm was raised: perhaps a stage was seen.
    pub(super) fn stages_detected(&mut self, rule: u32, device: u32, at: Timestamp) {
        for act in self.campaigns.hunted() {
            if self.ledger.shows(act, device, &self.record.metric(rule), at, self.record.grace(rule)) {
                self.stage_reached(act, Milestone::Detected, Some(device), at);
            }
        }
    }

    /// A stage begins, at the tick that begins now.
    pub(super) fn begin_stage(&mut self, now: Timestamp, act: usize, only: Option<u32>) {
        if now >= self.scenario.end() {
            return;
        }
        let known = self.ledger.act(act).devices.len();
        let overlays = self.ledger.begin_attack(self.scenario, &self.fleet, act, only, now);
        for (device, overlay) in overlays {
            self.lay_on(now, device, overlay);
        }
        if only.is_none() {
            for (step, time) in self.ledger.steps_of(act) {
                self.calendar.add(time, Task::Alter { act, step });
            }
        }
        if known == 0 {
            self.act_begins(now, act);
        } else {
            self.stage_begins(act, known);
        }
    }

    /// An act's part begins on a device that has not been simulated so far.
    pub(super) fn lay_on(&mut self, now: Timestamp, device: u32, mut overlay: Overlay) {
        overlay.allowed = topics(self.scenario, &self.fleet, device, &overlay, now);
        overlay.counted = counted_topics(self.scenario, &self.common.program, &self.fleet, device, &overlay);
        overlay.lane = device % LANES as u32;
        self.shards[device as usize / LANES].begin(overlay);
    }
}
