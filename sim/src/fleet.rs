//! The fleet: things, certificates, groups and policies in the account, and what the simulator knows of each device.

mod lives;
mod service;

use std::ops::Range;

use defender::account::{
    Account, CaCertificateFacts, CertificateFacts, IssuerFacts, PolicyTarget, SerialNumber, ThingGroupProperties,
};
use defender::error::ServiceError;
use defender::ids::{CaCertificateIndex, CertificateId, CertificateIndex, ThingId};
use defender::time::{Millis, Timestamp};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::dice::{Dice, Purpose, device_key, draw, name_key};
use crate::outcome::LifeRow;
use crate::scenario::{ClassPlan, CohortPlan, Scenario, Selector};

pub(crate) use service::Turn;

/// A device beside its row in the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    pub class: u16,
    pub key: u64,
    /// What it authenticates with; before it joins, [`NO_CERTIFICATE`].
    pub certificate: CertificateIndex,
    pub valid_until: Timestamp,
    /// Whether it is in the registry, and switched on.
    pub in_service: bool,
}

/// The certificate of a device that is yet to come.
const NO_CERTIFICATE: CertificateIndex = CertificateIndex(u32::MAX);

/// The fleet of a scenario. Device `i` is the thing with id `i`.
pub(crate) struct Fleet {
    pub account: Account,
    pub devices: Vec<Device>,
    /// By class: its devices.
    pub classes: Vec<Range<u32>>,
    /// By cohort of each class, in order: (class, cohort name, devices).
    pub cohorts: Vec<(usize, String, Range<u32>)>,
    /// Devices that are not there from start to end, ascending.
    pub lives: Vec<LifeRow>,
    /// What happens to devices in the registry, when, class by class.
    pub turns: Vec<(Timestamp, u32, Turn)>,
    authorities: Vec<(CertificateId, String)>,
}

impl Fleet {
    /// Registers everything that a scenario names.
    ///
    /// # Errors
    /// What the account refuses: the loader checks names and limits before, so this is rare.
    pub fn new(scenario: &Scenario) -> Result<Fleet, ServiceError> {
        let now = scenario.start;
        let mut account = Account::with_any_id(&scenario.account.id, &scenario.account.region)?;
        account.pause_changes(true);
        account.reserve_devices(scenario.devices() as usize, 20);
        for policy in &scenario.policies {
            account.create_policy(now, &policy.name, &policy.document)?;
        }
        for group in scenario.groups.iter().filter(|group| group.query.is_none()) {
            let id = account.create_thing_group(now, &group.name, group.parent.as_deref())?;
            for policy in &group.policies {
                let policy = account.policy(policy).ok_or_else(|| ServiceError::not_found("policy", policy))?;
                account.attach_policy(now, policy, PolicyTarget::ThingGroup(id))?;
            }
        }
        let mut fleet = Fleet {
            account,
            devices: Vec::new(),
            classes: Vec::new(),
            cohorts: Vec::new(),
            lives: Vec::new(),
            turns: Vec::new(),
            authorities: Vec::new(),
        };
        for authority in &scenario.authorities {
            fleet.add_authority(now, &authority.name, authority.not_before, authority.not_after, |_| {})?;
        }
        for (index, class) in scenario.classes.iter().enumerate() {
            fleet.add_class(scenario, index, class)?;
        }
        for group in &scenario.groups {
            if let Some(query) = &group.query {
                fleet.account.create_dynamic_thing_group(now, &group.name, query, ThingGroupProperties::default())?;
            }
        }
        fleet.account.pause_changes(false);
        Ok(fleet)
    }

    fn add_class(&mut self, scenario: &Scenario, index: usize, class: &ClassPlan) -> Result<(), ServiceError> {
        let now = scenario.start;
        let first = self.devices.len() as u32;
        let class_key = name_key(&class.name);
        let equipment = self.equipment(class)?;
        let signers: Vec<Signer> =
            class.cohorts.iter().map(|cohort| Signer::of(&self.account, &cohort.authority)).collect();
        let cohorts: Vec<usize> = cohort_of_each(&class.cohorts).take(class.count as usize).collect();
        // What a device is follows from its place alone; registering it is a matter of order.
        let identity = |position: u32| {
            let cohort = &class.cohorts[cohorts[position as usize]];
            let name = match &scenario.replay {
                Some(replay) => replay.recording.name(first + position).to_owned(),
                None => format!("{}-{position:06}", class.name),
            };
            let key = device_key(scenario.seed, class_key, position);
            let not_before = begin_of_validity(cohort, key);
            let certificate = device_certificate_id(&name, not_before);
            Identity { name, key, not_before, valid_until: not_before + cohort.lifetime, certificate }
        };
        let identities: Vec<Identity> = (0..class.count).into_par_iter().map(identity).collect();
        self.devices.reserve(identities.len());
        for (identity, cohort) in identities.into_iter().zip(&cohorts) {
            let Identity { name, key, not_before, valid_until, certificate } = identity;
            let thing = self.account.create_thing(now, &name, None, &[])?;
            debug_assert_eq!(thing, ThingId(self.devices.len() as u32), "things are numbered as devices are");
            let facts = signers[*cohort].sign(certificate, not_before, valid_until);
            let certificate = self.account.load_certificate(now, facts)?;
            self.equip(now, thing, certificate, &equipment)?;
            self.devices.push(Device { class: index as u16, key, certificate, valid_until, in_service: true });
        }
        self.add_lives(scenario, index, first)?;
        self.classes.push(first..self.devices.len() as u32);
        let mut from = first;
        for cohort in &class.cohorts {
            let to = (from + cohort.count).min(first + class.count);
            self.cohorts.push((index, cohort.name.clone(), from..to));
            from = to;
        }
        Ok(())
    }

    /// Registers a certificate authority, with its record as an issuer; `change` has the last word on its facts.
    pub fn add_authority(
        &mut self,
        now: Timestamp,
        name: &str,
        not_before: Timestamp,
        not_after: Timestamp,
        change: impl FnOnce(&mut CaCertificateFacts),
    ) -> Result<CaCertificateIndex, ServiceError> {
        let id = certificate_id(&[b"ca", name.as_bytes()]);
        let serial = serial(&id);
        let issuer = IssuerFacts { subject: subject(name), id: id.to_string(), key_id: None, serial, issuer: None };
        let as_issuer = Some(self.account.register_issuer(now, issuer)?);
        let mut facts = CaCertificateFacts { as_issuer, serial, ..CaCertificateFacts::new(id, not_before, not_after) };
        change(&mut facts);
        self.authorities.push((id, name.to_owned()));
        self.account.load_ca_certificate(now, facts)
    }

    /// An authority by its name.
    pub fn authority(&self, name: &str) -> Option<CaCertificateIndex> {
        self.account.ca_certificate_of_id(&certificate_id(&[b"ca", name.as_bytes()]))
    }

    /// The device that a thing is; things that came later are none.
    pub fn device(&self, thing: ThingId) -> Option<u32> {
        ((thing.0 as usize) < self.devices.len()).then_some(thing.0)
    }

    /// Whether a device is or was registered.
    pub fn has_come(&self, device: u32) -> bool {
        self.devices[device as usize].certificate != NO_CERTIFICATE
    }

    /// The name of an authority by the id of its certificate.
    pub fn authority_of(&self, id: &CertificateId) -> Option<String> {
        self.authorities.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone())
    }

    /// The devices that a selector picks, in id order. Which ones is drawn by the act's own dice. A number of devices is
    /// drawn from those that are there from start to end; if all are meant, then so are those that come and go, unless
    /// `lasting`.
    pub fn select(&self, scenario: &Scenario, selector: &Selector, lasting: bool, dice: &mut Dice) -> Vec<u32> {
        let in_class =
            |class: usize| selector.classes.is_empty() || selector.classes.contains(&scenario.classes[class].name);
        let mut candidates: Vec<u32> = if selector.cohorts.is_empty() {
            let ranges = self.classes.iter().enumerate().filter(|(class, _)| in_class(*class));
            ranges.flat_map(|(_, range)| range.clone()).collect()
        } else {
            let cohorts =
                self.cohorts.iter().filter(|(class, name, _)| in_class(*class) && selector.cohorts.contains(name));
            cohorts.flat_map(|(_, _, range)| range.clone()).collect()
        };
        if lasting || selector.count.is_some() {
            candidates.retain(|device| self.lasts(*device));
        }
        if !selector.networks.is_empty() {
            candidates.retain(|device| {
                let Device { class, key, .. } = self.devices[*device as usize];
                selector.connects_from(&scenario.classes[usize::from(class)].source_networks, key)
            });
        }
        if let Some(count) = selector.count.map(|count| count as usize).filter(|count| *count < candidates.len()) {
            // Each has a number of its own, and the lowest are picked: a uniform sample, which does not depend on how
            // devices are numbered, and of which a device more takes away at most one.
            let salt = dice.word();
            candidates
                .select_nth_unstable_by_key(count, |device| (draw(self.devices[*device as usize].key, salt), *device));
            candidates.truncate(count);
            candidates.sort_unstable();
        }
        candidates
    }
}

/// A device before it is registered.
struct Identity {
    name: String,
    key: u64,
    not_before: Timestamp,
    valid_until: Timestamp,
    certificate: CertificateId,
}

/// The position of each device's cohort, in order; the last one takes what is left.
fn cohort_of_each(cohorts: &[CohortPlan]) -> impl Iterator<Item = usize> {
    let each = cohorts.iter().enumerate().flat_map(|(index, cohort)| std::iter::repeat_n(index, cohort.count as usize));
    each.chain(std::iter::repeat(cohorts.len() - 1))
}

fn begin_of_validity(cohort: &CohortPlan, key: u64) -> Timestamp {
    let offset = Dice::new(key, Purpose::Certificate, 0).below(cohort.spread.0.max(1) as u64);
    // Certificates are dated to the second.
    cohort.not_before + Millis(offset as i64 / 1_000 * 1_000)
}

/// Who signs device certificates.
struct Signer {
    authority: Option<CaCertificateIndex>,
    issuer: Option<defender::account::IssuerIndex>,
}

impl Signer {
    fn of(account: &Account, authority: &str) -> Signer {
        let authority = account.ca_certificate_of_id(&certificate_id(&[b"ca", authority.as_bytes()]));
        let issuer = authority.and_then(|ca| account.ca_certificate(ca)).and_then(|ca| ca.facts().as_issuer);
        Signer { authority, issuer }
    }

    fn sign(&self, id: CertificateId, not_before: Timestamp, not_after: Timestamp) -> CertificateFacts {
        let (ca, issuer, serial) = (self.authority, self.issuer, serial(&id));
        CertificateFacts { ca, issuer, serial, ..CertificateFacts::new(id, not_before, not_after) }
    }
}

fn device_certificate_id(thing: &str, not_before: Timestamp) -> CertificateId {
    certificate_id(&[b"device", thing.as_bytes(), &not_before.0.to_be_bytes()])
}

/// Registers a device certificate signed by an authority.
pub(crate) fn issue_certificate(
    account: &mut Account,
    now: Timestamp,
    authority: &str,
    thing: &str,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Result<CertificateIndex, ServiceError> {
    let signer = Signer::of(account, authority);
    account.load_certificate(now, signer.sign(device_certificate_id(thing, not_before), not_before, not_after))
}

/// The serial number of a certificate: what its id begins with.
pub(crate) fn serial(id: &CertificateId) -> SerialNumber {
    SerialNumber::from_be_bytes(&id.0[..16]).expect("16 bytes fit")
}

/// The distinguished name of an authority.
pub(crate) fn subject(authority: &str) -> String {
    format!("CN={authority}")
}

/// Simulated certificates have no DER to hash; their ids are hashes of what makes them unique.
pub(crate) fn certificate_id(parts: &[&[u8]]) -> CertificateId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    CertificateId(hash.finalize().into())
}
