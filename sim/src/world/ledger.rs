//! The ledger of truth: what the world did, and to whom. Written here, scored by the laboratory, never shown to the
//! engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use defender::account::Change;
use defender::time::{Millis, Timestamp};

use crate::alteration::{Alter, Mark, Place, Wrong};
use crate::attack::Attack;
use crate::defect::{Defect, OUTAGE};
use crate::dice::{Dice, Purpose, mix, name_key};
use crate::disturbance::Disturb;
use crate::fleet::Fleet;
use crate::outcome::{Act, ActKind, Channel, DeviceAct};
use crate::scenario::{DefectPlan, Onset, Scenario, Selector};
use crate::shard::Overlay;

/// Acts, as they go.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    acts: Vec<Act>,
    /// By act: what it does to the account.
    alterations: BTreeMap<usize, Alteration>,
    /// What is wrong and not mended yet.
    standing: Vec<Standing>,
    /// Acts whose marks say where they are: nothing in them was planned.
    marked: BTreeMap<(usize, &'static str, Option<String>), usize>,
    /// By device: when its certificate expired for good, when it was renewed.
    lapses: Vec<(u32, Timestamp)>,
    renewals: Vec<(u32, Timestamp)>,
    /// Attacks that are stages of a campaign: their first harm is noted.
    watched: BTreeSet<usize>,
}

/// What an act does to the account, and on whose behalf.
#[derive(Clone, Debug)]
pub(super) struct Alteration {
    who: Who,
    pub devices: Arc<[u32]>,
    /// Address of its dice.
    pub key: u64,
    /// When its steps are taken.
    pub steps: Vec<Timestamp>,
    /// When it begins on each device, where that is known beforehand.
    pub onsets: Arc<[Timestamp]>,
    /// When it ends, where it picks its devices by itself.
    end: Timestamp,
}

#[derive(Clone, Debug)]
enum Who {
    Attack(Arc<dyn Attack>),
    Defect(Arc<dyn Defect>),
}

impl Alteration {
    /// What it does.
    pub fn what(&self) -> &dyn Alter {
        match &self.who {
            Who::Attack(attack) => attack.alteration().expect("only attacks with one are planned"),
            Who::Defect(defect) => &**defect,
        }
    }
}

/// A mark, and its row in the ledger.
#[derive(Clone, Debug)]
struct Standing {
    wrong: Wrong,
    act: usize,
    device: Option<u32>,
}

/// An act on the calendar, whatever its kind.
struct Planned<'a> {
    duration: Millis,
    stagger: Millis,
    targets: &'a Selector,
    effect: Arc<dyn Disturb>,
    act: Act,
    purposes: [Purpose; 3],
}

impl Ledger {
    /// Draws who is concerned and when, and gives the acts' parts on each device.
    pub fn new(scenario: &Scenario, fleet: &Fleet) -> (Ledger, Vec<(u32, Overlay)>) {
        let mut ledger = Ledger::default();
        let mut overlays = Vec::new();
        let names =
            |metrics: &[defender::metric::Metric]| -> Vec<String> { metrics.iter().map(ToString::to_string).collect() };
        ledger.watched = scenario.campaigns.iter().flat_map(|campaign| &campaign.stages).copied().collect();
        for (index, plan) in scenario.attacks.iter().enumerate() {
            let facts = plan.attack.facts();
            // One that waits for another may never begin.
            let onset = match plan.start {
                Onset::At(start) => scenario.start + start,
                Onset::After(_) | Onset::Never => scenario.end(),
            };
            let alter = plan.attack.alteration();
            // Where an audit finds what was done to the account is said when that is done.
            let said_later = alter.is_some() && plan.attack.acts_on_devices();
            let checks = if said_later { &[] } else { facts.checks };
            ledger.acts.push(Act {
                techniques: facts.techniques.iter().map(ToString::to_string).collect(),
                disturbs: names(facts.disturbs)
                    .into_iter()
                    .chain(plan.attack.own_metric().map(|own| own.name.value.clone()))
                    .collect(),
                checks: checks.iter().map(ToString::to_string).collect(),
                harm_unit: facts.harm_unit.to_owned(),
                ..Act::new(&plan.name, plan.attack.kind(), ActKind::Attack, facts.channel, onset)
            });
            if alter.is_some() {
                let key = mix(scenario.seed ^ name_key(&plan.name));
                let devices =
                    fleet.select(scenario, &plan.targets, true, &mut Dice::new(key, Purpose::AttackTargets, 0));
                let (devices, onsets, who) = (devices.into(), Arc::from([]), Who::Attack(plan.attack.clone()));
                ledger
                    .alterations
                    .insert(index, Alteration { who, devices, onsets, key, steps: Vec::new(), end: onset });
            }
            if matches!(plan.start, Onset::At(_)) {
                overlays.extend(ledger.begin_attack(scenario, fleet, index, None, onset));
            }
        }
        for plan in &scenario.confounders {
            let onset = scenario.start + plan.start;
            let act = Act {
                disturbs: names(plan.confounder.disturbs()),
                ..Act::new(&plan.name, plan.confounder.kind(), ActKind::Confounder, Channel::Device, onset)
            };
            let planned = Planned {
                duration: plan.duration,
                stagger: plan.stagger,
                targets: &plan.targets,
                effect: plan.confounder.clone(),
                act,
                purposes: [Purpose::ConfounderTargets, Purpose::ConfounderStagger, Purpose::Confounder],
            };
            let key = mix(scenario.seed ^ name_key(&plan.name));
            ledger.plan(scenario, fleet, planned, key, &mut overlays);
        }
        for plan in &scenario.defects {
            ledger.defect(scenario, fleet, plan, &mut overlays);
        }
        (ledger, overlays)
    }

    /// An attack begins: on its targets, or on one device that another stage of its campaign got to. Gives its parts on
    /// devices: none where it picks its devices, or only changes the account, or has begun there already.
    pub fn begin_attack(
        &mut self,
        scenario: &Scenario,
        fleet: &Fleet,
        act: usize,
        only: Option<u32>,
        onset: Timestamp,
    ) -> Vec<(u32, Overlay)> {
        let plan = &scenario.attacks[act];
        let (attack, key) = (&plan.attack, mix(scenario.seed ^ name_key(&plan.name)));
        let end = onset + plan.duration;
        let row = &mut self.acts[act];
        let mut overlays = Vec::new();
        if only.is_some_and(|only| row.devices.iter().any(|row| row.device.0 == only)) {
            return overlays;
        }
        if row.devices.is_empty() {
            (row.onset, row.end) = (onset, end.min(scenario.end()));
        }
        let by_plan = attack.acts_on_devices() && !attack.picks_devices();
        if by_plan {
            let devices = match only {
                Some(device) => vec![device],
                None => fleet.select(scenario, &plan.targets, true, &mut Dice::new(key, Purpose::AttackTargets, 0)),
            };
            let times = (onset, plan.duration, plan.stagger);
            let purposes = [Purpose::AttackStagger, Purpose::Attack];
            overlays = self.lay_on(
                (scenario, fleet),
                act,
                devices,
                times,
                &(attack.clone() as Arc<dyn Disturb>),
                key,
                purposes,
            );
        }
        if let Some(alteration) = self.alterations.get_mut(&act) {
            let steps = alteration.what().steps(plan.duration).into_iter().map(|after| onset + after);
            alteration.steps = steps.filter(|step| *step < scenario.end()).collect();
            alteration.end = end;
            if by_plan {
                alteration.onsets = self.acts[act].devices.iter().map(|row| row.onset).collect();
            }
        }
        overlays
    }

    fn plan(
        &mut self,
        scenario: &Scenario,
        fleet: &Fleet,
        plan: Planned<'_>,
        key: u64,
        overlays: &mut Vec<(u32, Overlay)>,
    ) {
        let [targets, purposes @ ..] = plan.purposes;
        let devices = fleet.select(scenario, plan.targets, false, &mut Dice::new(key, targets, 0));
        let (act, times) = (self.acts.len(), (plan.act.onset, plan.duration, plan.stagger));
        self.acts.push(plan.act);
        overlays.extend(self.lay_on((scenario, fleet), act, devices, times, &plan.effect, key, purposes));
    }

    /// Lays an act on devices: each has its own onset, later than the act's by a draw.
    #[expect(clippy::too_many_arguments, reason = "an act's plan, taken apart")]
    fn lay_on(
        &mut self,
        (scenario, fleet): (&Scenario, &Fleet),
        act: usize,
        devices: Vec<u32>,
        (begins, duration, stagger): (Timestamp, Millis, Millis),
        effect: &Arc<dyn Disturb>,
        key: u64,
        [purpose_of_onset, purpose]: [Purpose; 2],
    ) -> Vec<(u32, Overlay)> {
        let mut overlays = Vec::new();
        let row = &mut self.acts[act];
        for device in devices {
            let own = key ^ fleet.devices[device as usize].key;
            let delay = Dice::new(own, purpose_of_onset, 0).below(stagger.0.max(1) as u64) as i64;
            let onset = begins + Millis(delay);
            let end = onset + duration;
            let place = (act as u32, row.devices.len() as u32);
            row.devices.push(DeviceAct::new(device, onset, end.min(scenario.end())));
            let overlay = overlay(row, place, (onset, end), effect.clone(), own, purpose);
            overlays.push((device, Overlay { watched: self.watched.contains(&act), ..overlay }));
        }
        row.end = row.devices.iter().map(|device| device.end).max().unwrap_or(row.onset);
        overlays
    }

    /// An act that picks its devices begins on one of them.
    pub fn begin(&mut self, scenario: &Scenario, fleet: &Fleet, act: usize, device: u32, onset: Timestamp) -> Overlay {
        let Alteration { who: Who::Attack(attack), key, end, .. } = &self.alterations[&act] else {
            unreachable!("defects have their devices from the beginning")
        };
        let row = &mut self.acts[act];
        let key = key ^ fleet.devices[device as usize].key;
        let place = (act as u32, row.devices.len() as u32);
        row.devices.push(DeviceAct::new(device, onset, (*end).min(scenario.end())));
        let overlay = overlay(row, place, (onset, *end), attack.clone(), key, Purpose::Attack);
        Overlay { watched: self.watched.contains(&act), ..overlay }
    }

    fn defect(&mut self, scenario: &Scenario, fleet: &Fleet, plan: &DefectPlan, overlays: &mut Vec<(u32, Overlay)>) {
        let (onset, index) = (scenario.start + plan.start, self.acts.len());
        let key = mix(scenario.seed ^ name_key(&plan.name));
        let devices = match &plan.targets {
            Some(targets) => fleet.select(scenario, targets, true, &mut Dice::new(key, Purpose::DefectTargets, 0)),
            None => Vec::new(),
        };
        self.acts.push(Act {
            checks: plan.defect.checks().iter().map(ToString::to_string).collect(),
            harm_unit: plan.defect.harm_unit().to_owned(),
            end: scenario.end(),
            ..Act::new(&plan.name, plan.defect.kind(), ActKind::Defect, Channel::Account, onset)
        });
        let duration = scenario.duration - plan.start;
        let steps = plan.defect.steps(duration).into_iter().map(|after| onset + after).collect();
        let who = Who::Defect(plan.defect.clone());
        let (devices, onsets, end) = (devices.into(), Arc::from([]), scenario.end());
        self.alterations.insert(index, Alteration { who, devices, onsets, key, steps, end });
        if let Some(effect) = plan.defect.disturbance() {
            // What the defect makes of the metrics is innocent.
            let name = format!("{}: on the devices", plan.name);
            let act = Act::new(&name, plan.defect.kind(), ActKind::Confounder, Channel::Device, onset);
            let targets = plan.targets.clone().unwrap_or_default();
            let purposes = [Purpose::DefectTargets, Purpose::ConfounderStagger, Purpose::Confounder];
            let planned = Planned { duration, stagger: Millis(0), targets: &targets, effect, act, purposes };
            self.plan(scenario, fleet, planned, key, overlays);
        }
    }

    /// Enters an act that neither disturbs devices nor changes the account; its position.
    pub fn enter(&mut self, act: Act) -> u32 {
        self.acts.push(act);
        self.acts.len() as u32 - 1
    }

    /// Notes when an act first changed anything on a device, by its position among the act's devices.
    pub fn struck(&mut self, act: u32, position: u32, first: Option<Timestamp>) {
        self.acts[act as usize].devices[position as usize].first_observable = first;
    }

    /// What acts do to the account, as (act, step, time): in the order of time, then of their names, so that it does not
    /// matter where in a file they stand.
    pub fn steps(&self) -> impl Iterator<Item = (usize, usize, Timestamp)> + use<> {
        let all = self.alterations.iter();
        let mut steps: Vec<_> = all
            .flat_map(|(act, alteration)| {
                alteration.steps.iter().enumerate().map(move |(number, time)| (*act, number, *time))
            })
            .collect();
        steps.sort_by_key(|(act, number, time)| (*time, &self.acts[*act].name, *act, *number));
        steps.into_iter()
    }

    /// What one act does to the account, as (step, time).
    pub fn steps_of(&self, act: usize) -> Vec<(usize, Timestamp)> {
        self.alterations.get(&act).map_or_else(Vec::new, |of| of.steps.iter().copied().enumerate().collect())
    }

    /// Everything that acts do to the account, in the order of their names.
    pub fn alterations(&self) -> Vec<(usize, Alteration)> {
        let mut all: Vec<_> = self.alterations.iter().map(|(act, alteration)| (*act, alteration.clone())).collect();
        all.sort_by_key(|(act, _)| (&self.acts[*act].name, *act));
        all
    }

    /// What an act does to the account.
    pub fn alteration(&self, act: usize) -> Option<&Alteration> {
        self.alterations.get(&act)
    }

    /// Writes down what an act left wrong. The first place is the act's own; others become acts beside it.
    pub fn mark(&mut self, act: usize, marks: Vec<Mark>, end: Timestamp) {
        for mark in marks {
            let (device, resource) = match mark.place {
                Place::Device(device) => (Some(device), None),
                Place::Resource(resource) => (None, Some(resource)),
            };
            let key = (act, mark.check, resource.clone());
            let row = match self.marked.get(&key) {
                Some(row) => *row,
                None => self.row_for(act, mark.check, resource.clone(), device.is_some(), end),
            };
            self.marked.insert(key, row);
            let part = device
                .map(|device| DeviceAct { harm_planned: mark.harm_planned, ..DeviceAct::new(device, mark.since, end) });
            self.acts[row].devices.extend(part);
            self.standing.push(Standing { wrong: mark.wrong, act: row, device });
        }
    }

    /// The act that a check's marks go to: the act itself if it has no place yet, or one beside it.
    fn row_for(
        &mut self,
        act: usize,
        check: &'static str,
        resource: Option<String>,
        on_devices: bool,
        end: Timestamp,
    ) -> usize {
        let taken = self.marked.range((act, "", None)..(act + 1, "", None)).next().is_some();
        let main = &mut self.acts[act];
        // Devices of an attack are those that it acts on; a posture is a defect.
        let apart = main.category == ActKind::Attack && (on_devices || !main.devices.is_empty());
        if !taken && !apart {
            main.resource = resource;
            main.checks = vec![check.to_owned()];
            // What was done to the account lasts, however long whoever did it stays.
            main.end = end;
            return act;
        }
        let name = format!("{}: {}", main.name, resource.as_deref().unwrap_or(check));
        let act = Act {
            checks: vec![check.to_owned()],
            resource,
            end,
            ..Act::new(&name, &main.kind.clone(), ActKind::Defect, Channel::Account, main.onset)
        };
        self.acts.push(act);
        self.acts.len() - 1
    }

    /// Looks at what was wrong after the account changed: what is mended is resolved.
    pub fn review(&mut self, fleet: &Fleet, changes: &[Change], now: Timestamp) {
        if self.standing.is_empty() {
            return;
        }
        let changes: BTreeSet<Change> = changes.iter().copied().collect();
        let acts = &mut self.acts;
        self.standing.retain(|standing| {
            let stands = !standing.wrong.may_be_mended_by(&changes) || standing.wrong.stands(fleet, now);
            let act = &mut acts[standing.act];
            match (stands, standing.device) {
                (true, _) => {}
                (false, None) => act.resolved = act.resolved.or(Some(now)),
                (false, Some(device)) => {
                    for row in act.devices.iter_mut().filter(|row| row.device.0 == device) {
                        row.contained = row.contained.or(Some(now.max(row.onset)));
                    }
                }
            }
            stands
        });
    }

    /// What whoever did it has undone ends, and counts as mended by nobody.
    pub fn undone(&mut self, undone: &[Wrong], now: Timestamp) {
        let acts = &mut self.acts;
        self.standing.retain(|standing| {
            let ends = undone.contains(&standing.wrong);
            let act = &mut acts[standing.act];
            match (ends, standing.device) {
                (false, _) => {}
                (true, None) => act.end = now,
                (true, Some(device)) => {
                    act.devices.iter_mut().filter(|row| row.device.0 == device).for_each(|row| row.end = now);
                }
            }
            !ends
        });
    }

    /// Acts that will begin by plan, with their onsets, for the calendar.
    pub fn onsets(&self, scenario: &Scenario) -> Vec<(usize, Timestamp)> {
        let acts = self.acts.iter().enumerate().map(|(index, act)| (index, act.onset));
        acts.filter(|(_, onset)| *onset < scenario.end()).collect()
    }

    /// An act.
    pub fn act(&self, index: usize) -> &Act {
        &self.acts[index]
    }

    /// Whether an attack was going on on a device at a time, or had been until at most `grace` before, and disturbs a
    /// metric.
    pub fn shows(&self, attack: usize, device: u32, metric: &str, at: Timestamp, grace: Millis) -> bool {
        let act = &self.acts[attack];
        let on = |row: &DeviceAct| row.device.0 == device && row.onset <= at && at <= row.end + grace;
        act.disturbs.iter().any(|disturbed| disturbed == metric) && act.devices.iter().any(on)
    }

    /// Whether a device was under attack at a time, or had been until at most `grace` before.
    pub fn attacked(&self, device: u32, at: Timestamp, grace: Millis) -> bool {
        let attacks = self.acts.iter().filter(|act| act.category == ActKind::Attack);
        // Acts that pick their devices have them in the order in which they did.
        attacks
            .flat_map(|act| &act.devices)
            .any(|row| row.device.0 == device && row.onset <= at && at <= row.end + grace)
    }

    /// A certificate expired.
    pub fn expired(&mut self, device: u32, when: Timestamp) {
        self.lapses.push((device, when));
    }

    /// A device got a new certificate.
    pub fn renewed(&mut self, device: u32, when: Timestamp) {
        self.renewals.push((device, when));
    }

    /// Closes the book: acts with what became of them on each device, and what our own measures inflicted.
    pub fn finish<'a>(
        &mut self,
        scenario: &Scenario,
        end: Timestamp,
        overlays: impl Iterator<Item = &'a Overlay>,
        self_inflicted: Vec<Act>,
    ) -> Vec<Act> {
        let mut acts = std::mem::take(&mut self.acts);
        for overlay in overlays {
            let device = &mut acts[overlay.act as usize].devices[overlay.position as usize];
            device.first_observable = overlay.first_observable;
            device.contained = overlay.contained;
            device.harm = overlay.harm;
            device.harm_planned = overlay.harm_planned;
        }
        self.renewals.sort_unstable();
        self.lapses.sort_unstable();
        let lapsing = |act: &&mut Act| act.category == ActKind::Defect && act.harm_unit == OUTAGE;
        for act in acts.iter_mut().filter(lapsing) {
            for row in &mut act.devices {
                let renewed = first_of(&self.renewals, row.device.0);
                let lapsed = first_of(&self.lapses, row.device.0);
                row.harm = lapsed.map_or(0, |lapsed| ((renewed.unwrap_or(end).max(lapsed) - lapsed).0 / 1_000) as u64);
            }
        }
        for act in &mut acts {
            act.devices.sort_by_key(|row| (row.device, row.onset));
        }
        debug_assert!(acts.iter().all(|act| act.onset >= scenario.start));
        acts.extend(self_inflicted);
        acts
    }
}

/// An act's part on a device as its shard has it; on which lane, and what the broker allows, is said by whoever hands it over.
fn overlay(
    act: &Act,
    (number, position): (u32, u32),
    (onset, end): (Timestamp, Timestamp),
    effect: Arc<dyn Disturb>,
    key: u64,
    purpose: Purpose,
) -> Overlay {
    Overlay {
        act: number,
        position,
        lane: 0,
        onset,
        end,
        apart: effect.connects_as().is_some(),
        effect,
        key,
        purpose,
        through_broker: act.category == ActKind::Attack && act.channel == Channel::Broker,
        allowed: Vec::new(),
        counted: Vec::new(),
        first_observable: None,
        contained: None,
        harm: 0,
        harm_planned: 0,
        longest_runs: Vec::new(),
        watched: false,
    }
}

fn first_of(sorted: &[(u32, Timestamp)], device: u32) -> Option<Timestamp> {
    let at = sorted.partition_point(|(d, _)| *d < device);
    sorted.get(at).filter(|(d, _)| *d == device).map(|(_, when)| *when)
}
