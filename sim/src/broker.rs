//! The broker: decides, from certificates and policies in force, what each device may do. Nothing here is scripted:
//! a blank policy, a quarantine group or an expired certificate take their effect through these decisions.

use std::net::IpAddr;

use defender::account::{Account, Connection, Principal};
use defender::ids::{CertificateIndex, ThingId};
use defender::policy::{Action, Decision, Request};
use defender::time::Timestamp;

use crate::scenario::Archetype;
use crate::shard::Access;

/// A device at the broker's door.
pub(crate) struct Client<'a> {
    pub thing: ThingId,
    pub certificate: CertificateIndex,
    pub archetype: &'a Archetype,
    pub source: Option<IpAddr>,
}

impl Client<'_> {
    /// What the broker lets it do at `now`.
    pub fn access(&self, account: &Account, now: Timestamp) -> Access {
        let valid = account.certificate(self.certificate).is_some_and(|certificate| certificate.authenticates(now));
        let name = account.thing_name(self.thing);
        let own = |template: &str| template.replace("{thing}", name);
        let allowed = |action, resource: &str| self.decide(account, now, action, resource);
        let subscribed = own(&self.archetype.subscribe_topic);
        // What is delivered on a filter: the filter with its wildcards filled in.
        let delivered = subscribed.replace(['+', '#'], "x");
        let reports = format!("$aws/things/{name}/defender/metrics/json");
        Access::NONE
            .with(Access::VALID, valid)
            .with(Access::CONNECT, allowed(Action::Connect, name))
            .with(Access::PUBLISH, allowed(Action::Publish, &own(&self.archetype.publish_topic)))
            .with(Access::RECEIVE, allowed(Action::Subscribe, &subscribed) && allowed(Action::Receive, &delivered))
            .with(Access::REPORT, allowed(Action::Publish, &reports))
    }

    /// For each topic template (`None`: the device's own), whether it may publish there. `other` is another device.
    pub fn topics(&self, account: &Account, now: Timestamp, templates: &[Option<String>], other: ThingId) -> Vec<bool> {
        let name = account.thing_name(self.thing);
        let other = account.thing_name(other);
        templates
            .iter()
            .map(|template| {
                let template = template.as_ref().unwrap_or(&self.archetype.publish_topic);
                let topic = template.replace("{thing}", name).replace("{other}", other);
                self.decide(account, now, Action::Publish, &topic)
            })
            .collect()
    }

    fn decide(&self, account: &Account, now: Timestamp, action: Action, resource: &str) -> bool {
        let connection = Connection {
            client_id: account.thing_name(self.thing),
            principal: Principal::Certificate(self.certificate),
            source_ip: self.source,
        };
        account.decide(now, &connection, &Request::new(action, resource)) == Decision::Allowed
    }
}
