//! A worm: from a patient zero on, infected devices look for others along the groups or policies that they have in
//! common, and infect those that they reach. An SI epidemic (Kermack and McKendrick 1927, without recovery) on the
//! fleet's own edges, in which every contact has to pass the broker: whoever may not publish does not spread it, and
//! whoever may not receive does not catch it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use defender::account::PolicyTarget;
use defender::error::ServiceError;
use defender::ids::ThingId;
use defender::metric::Metric;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Scene, repeatedly};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};

pub(super) const ENTRY: Entry = Entry {
    name: "worm",
    summary: "From one device on, it spreads by messages along common thing groups or common policies. The targets are \
              those that can catch it.",
    examples: &[
        r#"{ rate = "6/h" }"#,
        r#"{ rate = "6/h", edges = "policy", topic = "devices/{other}/command" }"#,
        r#"{ rate = "1/h", message-size = "512 B" }"#,
    ],
    read: |fields| {
        let topic: Option<String> = fields.optional(
            "topic",
            "topic through which it reaches `{other}`: a device spreads it only where its policy lets it publish \
             there; without one, through whatever the devices publish anyway",
        );
        Arc::new(Worm {
            rate: fields.required::<PerMinute>("rate", "others that an infected device tries").0 / 60.0,
            edges: fields.keyword(
                "edges",
                Some("group"),
                &[("group", Edges::Group), ("policy", Edges::Policy)],
                "what a device has in common with those that it tries",
            ),
            patients: fields.or_in("patients", 1, 1.., "how many have it at first"),
            topic,
            size: fields.or("message-size", Bytes(4_096), "payload of each try; evasive: small").0,
        })
    },
};

/// How often the epidemic is looked at: a device that catches it spreads it from the next look on.
const EVERY: Millis = Millis::minutes(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edges {
    Group,
    Policy,
}

#[derive(Debug)]
struct Worm {
    /// Tries per second.
    rate: f64,
    edges: Edges,
    patients: u32,
    topic: Option<String>,
    size: u64,
}

impl Worm {
    /// What a device has in common with others.
    fn edges(&self, scene: &Scene<'_>, device: u32) -> Vec<u32> {
        let account = &scene.fleet.account;
        match self.edges {
            Edges::Group => account.groups_of_thing(ThingId(device)).map(|group| group.0).collect(),
            Edges::Policy => {
                let certificate = PolicyTarget::Certificate(scene.certificate(device));
                account.attached_policies(certificate).map(|policy| policy.0).collect()
            }
        }
    }
}

impl Alter for Worm {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        repeatedly(EVERY, duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let population = scene.devices;
        if number == 0 {
            let mut dice = scene.dice(u64::MAX);
            let mut well: Vec<u32> = population.to_vec();
            for _ in 0..self.patients.min(population.len() as u32) {
                let patient = well.swap_remove(dice.below(well.len() as u64) as usize);
                scene.begins_on(patient);
            }
            return Ok(());
        }
        let mut neighbors: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for device in population {
            for edge in self.edges(scene, *device) {
                neighbors.entry(edge).or_default().push(*device);
            }
        }
        let infected: BTreeSet<u32> = scene.begun().collect();
        let mut caught = BTreeSet::new();
        let expected = self.rate * EVERY.0 as f64 / 1_000.0;
        for device in &infected {
            let mut dice = scene.dice(u64::from(*device) << 32 | number as u64);
            let tries = expected as u64 + u64::from(dice.unit() < expected.fract());
            let edges = if tries > 0 { self.edges(scene, *device) } else { Vec::new() };
            for _ in 0..if edges.is_empty() { 0 } else { tries } {
                let near = &neighbors[&edges[dice.below(edges.len() as u64) as usize]];
                let other = near[dice.below(near.len() as u64) as usize];
                let fresh = !infected.contains(&other) && !caught.contains(&other);
                if fresh
                    && scene.may_publish(*device)
                    && scene.may_send(*device, self.topic.as_deref(), other)
                    && scene.may_receive(other)
                {
                    caught.insert(other);
                }
            }
        }
        caught.into_iter().for_each(|device| scene.begins_on(device));
        Ok(())
    }
}

impl Disturb for Worm {
    fn topics(&self) -> Vec<Option<String>> {
        vec![self.topic.clone()]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let messages = span.events(self.rate);
        to.publishing.push(Publishing { messages, size: self.size, harm: 1, ..Publishing::default() });
    }
}

impl Attack for Worm {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1210", "T1570", "T0866", "T0867"],
            disturbs: &[Metric::NumMessagesSent, Metric::MessageByteSize],
            checks: &[],
            harm_unit: "tries to infect that got through",
            blind_spots: "a few tries an hour of an ordinary size; roads between devices that do not pass the broker",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }

    fn picks_devices(&self) -> bool {
        true
    }
}
