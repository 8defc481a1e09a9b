//! The ledger of truth: what the world did, and to whom. Written here, scored by the laboratory, never shown to the
//! engine.

use std::sync::Arc;

use defender::time::{Millis, Timestamp};

use crate::dice::{Dice, Purpose, mix, name_key};
use crate::disturbance::Disturb;
use crate::fleet::Fleet;
use crate::outcome::{Act, ActKind, Channel, DeviceAct, DeviceId};
use crate::scenario::{Defect, Scenario, Selector};
use crate::shard::Overlay;

/// How long before its end a certificate's coming expiry is a defect (the default of C-14).
const EXPIRY_NOTICE: Millis = Millis::days(30);

/// Acts, as they go.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    acts: Vec<Act>,
    /// By device: when its certificate expired for good, when it was renewed.
    lapses: Vec<(u32, Timestamp)>,
    renewals: Vec<(u32, Timestamp)>,
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
        let names = |metrics: &[defender::metric::Metric]| metrics.iter().map(ToString::to_string).collect();
        for plan in &scenario.attacks {
            let facts = plan.attack.facts();
            let onset = scenario.start + plan.start;
            let act = Act {
                techniques: facts.techniques.iter().map(ToString::to_string).collect(),
                disturbs: names(facts.disturbs),
                checks: facts.checks.iter().map(ToString::to_string).collect(),
                harm_unit: facts.harm_unit.to_owned(),
                ..Act::new(&plan.name, plan.attack.kind(), ActKind::Attack, facts.channel, onset)
            };
            ledger.plan(
                scenario,
                fleet,
                Planned {
                    duration: plan.duration,
                    stagger: plan.stagger,
                    targets: &plan.targets,
                    effect: plan.attack.clone(),
                    act,
                    purposes: [Purpose::AttackTargets, Purpose::AttackStagger, Purpose::Attack],
                },
                &mut overlays,
            );
        }
        for plan in &scenario.confounders {
            let onset = scenario.start + plan.start;
            let act = Act {
                disturbs: names(plan.confounder.disturbs()),
                ..Act::new(&plan.name, plan.confounder.kind(), ActKind::Confounder, Channel::Device, onset)
            };
            ledger.plan(
                scenario,
                fleet,
                Planned {
                    duration: plan.duration,
                    stagger: plan.stagger,
                    targets: &plan.targets,
                    effect: plan.confounder.clone(),
                    act,
                    purposes: [Purpose::ConfounderTargets, Purpose::ConfounderStagger, Purpose::Confounder],
                },
                &mut overlays,
            );
        }
        for plan in &scenario.defects {
            ledger.defect(scenario, fleet, &plan.name, scenario.start + plan.start, &plan.defect);
        }
        (ledger, overlays)
    }

    fn plan(&mut self, scenario: &Scenario, fleet: &Fleet, plan: Planned<'_>, overlays: &mut Vec<(u32, Overlay)>) {
        let key = mix(scenario.seed ^ name_key(&plan.act.name));
        let [targets, stagger, own] = plan.purposes;
        let devices = fleet.select(scenario, plan.targets, &mut Dice::new(key, targets, 0));
        let index = self.acts.len() as u32;
        let mut act = plan.act;
        for (position, device) in devices.into_iter().enumerate() {
            let device_key = fleet.devices[device as usize].key;
            let delay = Dice::new(key ^ device_key, stagger, 0).below(plan.stagger.0.max(1) as u64) as i64;
            let onset = act.onset + Millis(delay);
            let end = onset + plan.duration;
            act.devices.push(DeviceAct {
                device: DeviceId(device),
                onset,
                first_observable: None,
                end: end.min(scenario.end()),
                contained: None,
                harm: 0,
                harm_planned: 0,
            });
            let overlay = Overlay {
                act: index,
                position: position as u32,
                lane: 0,
                onset,
                end,
                effect: plan.effect.clone(),
                key: key ^ device_key,
                purpose: own,
                through_broker: act.category == ActKind::Attack && act.channel == Channel::Broker,
                allowed: Vec::new(),
                first_observable: None,
                contained: None,
                harm: 0,
                harm_planned: 0,
            };
            overlays.push((device, overlay));
        }
        act.end = act.devices.iter().map(|device| device.end).max().unwrap_or(act.onset);
        self.acts.push(act);
    }

    fn defect(&mut self, scenario: &Scenario, fleet: &Fleet, name: &str, start: Timestamp, defect: &Defect) {
        let (kind, check, resource) = match defect {
            Defect::OverPermissivePolicy { policy } => {
                ("over-permissive-policy", "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", Some(policy.clone()))
            }
            Defect::LoggingDisabled => ("logging-disabled", "LOGGING_DISABLED_CHECK", Some("account".to_owned())),
            Defect::ExpiringCertificates { .. } => ("expiring-certificates", "DEVICE_CERTIFICATE_EXPIRING_CHECK", None),
            Defect::ExpiringAuthority { authority } => {
                ("expiring-authority", "CA_CERTIFICATE_EXPIRING_CHECK", Some(authority.clone()))
            }
        };
        let mut act = Act {
            checks: vec![check.to_owned()],
            resource,
            end: scenario.end(),
            ..Act::new(name, kind, ActKind::Defect, Channel::Account, start)
        };
        if let Defect::ExpiringCertificates { cohort } = defect {
            act.harm_unit = "outage seconds".to_owned();
            let ranges = fleet.cohorts.iter().filter(|(_, name, _)| name == cohort);
            for device in ranges.flat_map(|(_, _, range)| range.clone()) {
                let expiry = fleet.devices[device as usize].valid_until;
                let onset = (expiry - EXPIRY_NOTICE).max(start);
                if onset >= scenario.end() {
                    continue;
                }
                act.devices.push(DeviceAct {
                    device: DeviceId(device),
                    onset,
                    first_observable: None,
                    end: scenario.end(),
                    contained: None,
                    harm: 0,
                    harm_planned: ((scenario.end() - expiry).0.max(0) / 1_000) as u64,
                });
            }
        }
        self.acts.push(act);
    }

    /// Acts with their onsets, for the calendar.
    pub fn onsets(&self) -> Vec<(usize, Timestamp)> {
        self.acts.iter().enumerate().map(|(index, act)| (index, act.onset)).collect()
    }

    /// An act.
    pub fn act(&self, index: usize) -> &Act {
        &self.acts[index]
    }

    /// Whether a device was under attack at a time, or had been until at most `grace` before.
    pub fn attacked(&self, device: u32, at: Timestamp, grace: Millis) -> bool {
        let attacks = self.acts.iter().filter(|act| act.category == ActKind::Attack);
        attacks
            .flat_map(|act| {
                let from = act.devices.partition_point(|row| row.device.0 < device);
                act.devices[from..].iter().take_while(move |row| row.device.0 == device)
            })
            .any(|row| row.onset <= at && at <= row.end + grace)
    }

    /// A certificate expired.
    pub fn expired(&mut self, device: u32, when: Timestamp) {
        self.lapses.push((device, when));
    }

    /// A device got a new certificate.
    pub fn renewed(&mut self, device: u32, when: Timestamp) {
        self.renewals.push((device, when));
    }

    /// A defect that is not tied to devices was removed.
    pub fn resolve(&mut self, kind: &str, resource: &str, when: Timestamp) {
        for act in &mut self.acts {
            if act.kind == kind && act.resource.as_deref() == Some(resource) && act.resolved.is_none() {
                act.resolved = Some(when);
            }
        }
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
        for act in acts.iter_mut().filter(|act| act.kind == "expiring-certificates") {
            for row in &mut act.devices {
                let renewed = first_of(&self.renewals, row.device.0);
                row.contained = renewed.filter(|when| *when <= end);
                let lapsed = first_of(&self.lapses, row.device.0);
                row.harm = lapsed.map_or(0, |lapsed| ((renewed.unwrap_or(end).max(lapsed) - lapsed).0 / 1_000) as u64);
            }
        }
        debug_assert!(acts.iter().all(|act| act.onset >= scenario.start));
        acts.extend(self_inflicted);
        acts
    }
}

fn first_of(sorted: &[(u32, Timestamp)], device: u32) -> Option<Timestamp> {
    let at = sorted.partition_point(|(d, _)| *d < device);
    sorted.get(at).filter(|(d, _)| *d == device).map(|(_, when)| *when)
}
