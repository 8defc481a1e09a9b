//! Devices enter and leave the registry.

use defender::account::{CertificateStatus, PolicyTarget, Principal, ThingPrincipalType};
use defender::error::ServiceError;
use defender::ids::{CertificateIndex, PolicyIndex, ThingGroupId, ThingId};
use defender::time::{Millis, Timestamp};

use super::lives::{Leave, Life, lives};
use super::{Device, Fleet, NO_CERTIFICATE, issue_certificate};
use crate::outcome::{DeviceId, LifeRow};
use crate::scenario::{ClassPlan, Scenario};

/// Something that happens to a device in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is registered.
    Joins,
    /// It is put out of service.
    Retires {
        /// Whether its certificate stays active.
        certificate_left_active: bool,
    },
    /// It goes on as another device, which is registered.
    Renamed {
        /// That one.
        to: u32,
    },
}

/// What all devices of a class get with their certificate.
pub(super) struct Equipment {
    policies: Vec<PolicyIndex>,
    groups: Vec<ThingGroupId>,
}

impl Fleet {
    pub(super) fn equipment(&self, class: &ClassPlan) -> Result<Equipment, ServiceError> {
        let policy = |name: &String| self.account.policy(name).ok_or_else(|| ServiceError::not_found("policy", name));
        let group =
            |name: &String| self.account.thing_group(name).ok_or_else(|| ServiceError::not_found("thing group", name));
        Ok(Equipment {
            policies: class.policies.iter().map(policy).collect::<Result<_, _>>()?,
            groups: class.groups.iter().map(group).collect::<Result<_, _>>()?,
        })
    }

    /// Attaches a new certificate and all that belongs to it.
    pub(super) fn equip(
        &mut self,
        now: Timestamp,
        thing: ThingId,
        certificate: CertificateIndex,
        with: &Equipment,
    ) -> Result<(), ServiceError> {
        let kind = ThingPrincipalType::NonExclusiveThing;
        self.account.attach_thing_principal(now, thing, Principal::Certificate(certificate), kind)?;
        for policy in &with.policies {
            self.account.attach_policy(now, *policy, PolicyTarget::Certificate(certificate))?;
        }
        for group in &with.groups {
            self.account.add_thing_to_thing_group(now, thing, *group, false)?;
        }
        Ok(())
    }

    /// Draws how the devices of a class come and go, and makes room for those that are yet to come.
    pub(super) fn add_lives(&mut self, scenario: &Scenario, index: usize, first: u32) -> Result<(), ServiceError> {
        let class = &scenario.classes[index];
        let churn = class.churn.as_ref().filter(|_| scenario.replay.is_none());
        let keys: Vec<u64> = self.devices[first as usize..].iter().map(|device| device.key).collect();
        let lives = lives(&keys, churn, scenario.start, scenario.end());
        for (device, life) in (first..).zip(lives) {
            let Life { key, from, to, succeeds } = life;
            let succeeds = succeeds.map(|position| first + position);
            let left = to.map(|(time, _)| time);
            let certificate_left_active = matches!(to, Some((_, Leave::Retired { certificate_left_active: true })));
            let row = LifeRow {
                device: DeviceId(device),
                joined: from,
                left,
                succeeds: succeeds.map(DeviceId),
                certificate_left_active,
            };
            if from.is_none() && left.is_none() {
                continue;
            }
            self.lives.push(row);
            if from.is_some() {
                let name = match succeeds {
                    None => format!("{}-{:06}", class.name, device - first),
                    Some(_) => crate::outcome::successor_name(&self.lives, DeviceId(device), |root| {
                        format!("{}-{:06}", class.name, root.0 - first)
                    }),
                };
                let thing = self.account.reserve_thing(scenario.start, &name)?;
                debug_assert_eq!(thing, ThingId(device), "things are numbered as devices are");
                let (certificate, valid_until) = (NO_CERTIFICATE, scenario.end());
                self.devices.push(Device { class: index as u16, key, certificate, valid_until, in_service: false });
            }
            match (from, succeeds) {
                (Some(time), None) => self.turns.push((time, device, Turn::Joins)),
                (Some(time), Some(old)) => self.turns.push((time, old, Turn::Renamed { to: device })),
                (None, _) => {}
            }
            if let Some((time, Leave::Retired { certificate_left_active })) = to {
                self.turns.push((time, device, Turn::Retires { certificate_left_active }));
            }
        }
        Ok(())
    }

    /// Whether a device is there from the start of the run to its end.
    pub fn lasts(&self, device: u32) -> bool {
        self.lives.binary_search_by_key(&device, |life| life.device.0).is_err()
    }

    /// Something happens to a device in the registry. Gives the device that is new there, if one is.
    ///
    /// # Errors
    /// What the account refuses.
    pub fn turn(
        &mut self,
        scenario: &Scenario,
        now: Timestamp,
        device: u32,
        turn: Turn,
    ) -> Result<Option<u32>, ServiceError> {
        match turn {
            Turn::Joins => self.join(scenario, now, device).map(|()| Some(device)),
            Turn::Retires { certificate_left_active } => {
                self.retire(now, device, certificate_left_active).map(|()| None)
            }
            Turn::Renamed { to } => self.rename(now, device, to).map(|()| Some(to)),
        }
    }

    /// A device is registered: thing, certificate, policies, groups.
    fn join(&mut self, scenario: &Scenario, now: Timestamp, device: u32) -> Result<(), ServiceError> {
        let class = &scenario.classes[usize::from(self.devices[device as usize].class)];
        let name = self.account.thing_name(ThingId(device)).to_owned();
        let thing = self.account.create_thing(now, &name, None, &[])?;
        let equipment = self.equipment(class)?;
        let cohort = class.cohorts.last().expect("a class has a cohort");
        // Certificates are dated to the second.
        let not_before = Timestamp(now.0 / 1_000 * 1_000);
        let valid_until = not_before + cohort.lifetime;
        let certificate = issue_certificate(&mut self.account, now, &cohort.authority, &name, not_before, valid_until)?;
        self.equip(now, thing, certificate, &equipment)?;
        let row = &mut self.devices[device as usize];
        (row.certificate, row.valid_until, row.in_service) = (certificate, valid_until, true);
        Ok(())
    }

    /// A device is put out of service. Its certificate stays in the account, inactive unless somebody forgot that.
    fn retire(&mut self, now: Timestamp, device: u32, left_active: bool) -> Result<(), ServiceError> {
        let certificate = self.unregister(now, device)?;
        let used = self.account.things_of_certificate(certificate).next().is_some();
        let is_active = |status| status == CertificateStatus::Active;
        let active = self.account.certificate(certificate).is_some_and(|certificate| is_active(certificate.status()));
        if active && !used && !left_active {
            self.account.update_certificate(now, certificate, CertificateStatus::Inactive)?;
        }
        Ok(())
    }

    /// A device goes on under another name: a new thing in the groups of the old one, with its certificate. The service
    /// has no other way.
    fn rename(&mut self, now: Timestamp, old: u32, new: u32) -> Result<(), ServiceError> {
        let name = self.account.thing_name(ThingId(new)).to_owned();
        let thing = self.account.create_thing(now, &name, None, &[])?;
        let groups = self.account.groups_of_thing(ThingId(old));
        let is_static =
            |group: &ThingGroupId| self.account.describe_thing_group(*group).is_some_and(|group| !group.is_dynamic());
        let equipment = Equipment { policies: Vec::new(), groups: groups.filter(is_static).collect() };
        self.equip(now, thing, self.devices[old as usize].certificate, &equipment)?;
        let certificate = self.unregister(now, old)?;
        let valid_until = self.devices[old as usize].valid_until;
        let row = &mut self.devices[new as usize];
        (row.certificate, row.valid_until, row.in_service) = (certificate, valid_until, true);
        Ok(())
    }

    fn unregister(&mut self, now: Timestamp, device: u32) -> Result<CertificateIndex, ServiceError> {
        let thing = ThingId(device);
        self.devices[device as usize].in_service = false;
        let principals: Vec<Principal> = self.account.principals_of_thing(thing).collect();
        for principal in principals {
            self.account.detach_thing_principal(now, thing, principal)?;
        }
        let name = self.account.thing_name(thing).to_owned();
        self.account.delete_thing(now, &name)?;
        Ok(self.devices[device as usize].certificate)
    }

    /// Device-time in which devices were not there.
    pub fn absent(&self, scenario: &Scenario) -> Millis {
        self.lives.iter().fold(Millis(0), |sum, life| sum + life.absent(scenario.start, scenario.end()))
    }
}
