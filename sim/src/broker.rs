//! The broker: decides, from certificates and policies in force, what each device may do. Nothing here is scripted:
//! a blank policy, a quarantine group or an expired certificate take their effect through these decisions.

use std::net::IpAddr;

use defender::account::{Account, Connection, Principal};
use defender::ids::{CertificateIndex, ThingId};
use defender::policy::{Action, Decision, Request};
use defender::time::Timestamp;

use crate::fleet::Fleet;
use crate::scenario::{Archetype, Scenario};
use crate::shard::{Access, source_address};

/// What a device of an archetype asks the broker for, day by day.
pub(crate) struct Usual {
    /// The topic it publishes to.
    pub publishes: String,
    /// Other topics it publishes to.
    pub other_publishes: Vec<String>,
    /// Other topics it receives on.
    pub other_receives: Vec<String>,
    /// The filter it subscribes to.
    pub subscribes: String,
    /// What is delivered on that filter: the filter with its wildcards filled in.
    pub receives: String,
}

impl Usual {
    /// Of the device with this name.
    pub fn of(archetype: &Archetype, name: &str) -> Usual {
        let own = |template: &str| template.replace("{thing}", name);
        let subscribes = own(&archetype.subscribe_topic);
        let all = |shares: &[(String, f64)]| shares.iter().map(|(topic, _)| own(topic)).collect();
        Usual {
            publishes: own(&archetype.publish_topic),
            other_publishes: all(&archetype.publish_shares),
            other_receives: all(&archetype.receive_shares),
            receives: subscribes.replace(['+', '#'], "x"),
            subscribes,
        }
    }
}

/// A device at the broker's door.
pub(crate) struct Client<'a> {
    pub thing: ThingId,
    pub certificate: CertificateIndex,
    pub archetype: &'a Archetype,
    /// Where it connected from first; what it gets later is of the same network.
    pub source: Option<IpAddr>,
    /// Whether it is in service.
    pub in_service: bool,
}

impl<'a> Client<'a> {
    /// A device of the fleet.
    pub fn of(scenario: &'a Scenario, fleet: &Fleet, device: u32) -> Client<'a> {
        let row = &fleet.devices[device as usize];
        let class = &scenario.classes[usize::from(row.class)];
        Client {
            thing: ThingId(device),
            certificate: row.certificate,
            archetype: &class.archetype,
            source: source_address(&class.source_networks, row.key),
            in_service: row.in_service,
        }
    }

    /// What the broker lets it do at `now`.
    pub fn access(&self, account: &Account, now: Timestamp) -> Access {
        if !self.in_service {
            return Access::NONE;
        }
        let name = account.thing_name(self.thing);
        let usual = Usual::of(self.archetype, name);
        let reports = format!("$aws/things/{name}/defender/metrics/json");
        let requests = [
            Request::new(Action::Connect, name),
            Request::new(Action::Publish, &usual.publishes),
            Request::new(Action::Subscribe, &usual.subscribes),
            Request::new(Action::Receive, &usual.receives),
            Request::new(Action::Publish, &reports),
        ];
        let decisions = account.decide_all(now, &self.connection(name), requests);
        let [connect, publish, subscribe, receive, report] = decisions.map(Decision::is_allowed);
        Access::NONE
            .with(Access::VALID, self.is_valid(account, now))
            .with(Access::CONNECT, connect)
            .with(Access::PUBLISH, publish)
            .with(Access::RECEIVE, subscribe && receive)
            .with(Access::REPORT, report)
    }

    /// For each topic template (`None`: the device's own), whether it may publish there. `other` is another device;
    /// `copy` is the client id of somebody else with its key, who has to be let in first.
    pub fn topics(
        &self,
        account: &Account,
        now: Timestamp,
        templates: &[Option<String>],
        other: ThingId,
        copy: Option<&str>,
    ) -> Vec<bool> {
        if !self.in_service {
            return vec![false; templates.len()];
        }
        let name = account.thing_name(self.thing);
        let other = account.thing_name(other);
        let copy = copy.map(|copy| copy.replace("{thing}", name));
        let client_id = copy.as_deref().unwrap_or(name);
        if copy.is_some() && !self.may_connect(account, now, client_id) {
            return vec![false; templates.len()];
        }
        templates
            .iter()
            .map(|template| {
                let template = template.as_ref().unwrap_or(&self.archetype.publish_topic);
                let topic = template.replace("{thing}", name).replace("{other}", other);
                self.decide(account, now, client_id, Action::Publish, &topic)
            })
            .collect()
    }

    /// Whether somebody with its key, from wherever, may connect under a client id.
    pub fn may_connect(&self, account: &Account, now: Timestamp, client_id: &str) -> bool {
        self.is_valid(account, now) && self.decide(account, now, client_id, Action::Connect, client_id)
    }

    fn is_valid(&self, account: &Account, now: Timestamp) -> bool {
        account.certificate(self.certificate).is_some_and(|certificate| certificate.authenticates(now))
    }

    fn decide(&self, account: &Account, now: Timestamp, client_id: &str, action: Action, resource: &str) -> bool {
        account.decide(now, &self.connection(client_id), &Request::new(action, resource)).is_allowed()
    }

    fn connection<'c>(&self, client_id: &'c str) -> Connection<'c> {
        Connection { client_id, principal: Principal::Certificate(self.certificate), source_ip: self.source }
    }
}
