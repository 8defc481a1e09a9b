//! Two clients with one client id (C-13): a second copy of the device's software runs somewhere, with its key.

use std::sync::Arc;

use defender::account::Principal;
use defender::error::ServiceError;
use defender::ids::ThingId;
use defender::time::Millis;

use super::{Defect, Entry, Targets};
use crate::alteration::{Alter, Scene, Wrong, repeatedly};
use crate::disturbance::{Disturb, Disturbance, Span};

pub(super) const ENTRY: Entry = Entry {
    name: "conflicting-client-ids",
    summary: "A forgotten twin (a spare part, a restored image) connects under the device's client id now and then, \
              and the two throw each other out.",
    examples: &["{ count = 5 }", r#"{ count = 5, every = "6h" }"#],
    read: |fields| {
        let every = fields.or("every", Millis::HOUR, "how often the twin comes, on average");
        if every < Millis::MINUTE {
            fields.refuse("every", every, "be at least 1m");
        }
        Arc::new(ConflictingClientIds { every: every.max(Millis::MINUTE), targets: Targets::or(fields, 5) })
    },
};

#[derive(Debug)]
struct ConflictingClientIds {
    every: Millis,
    targets: Targets,
}

impl Alter for ConflictingClientIds {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        repeatedly(Millis::HOUR, duration)
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        let devices = scene.devices;
        for device in devices {
            let wrong = Wrong::Client(*device);
            if number == 0 {
                scene.wrong_on(*device, self.checks()[0], wrong);
            }
            // The twin comes less often than we look, or more often: in either case once per look is enough to know.
            let share = Millis::HOUR.0 as f64 / self.every.0 as f64;
            let comes = number == 0 || scene.dice(u64::from(*device) << 32 | number as u64).unit() < share;
            if comes && wrong.stands(scene.fleet, scene.now) {
                let client = scene.fleet.account.thing_name(ThingId(*device)).to_owned();
                let principal = Principal::Certificate(scene.certificate(*device));
                scene.displace(&client, principal);
            }
        }
        Ok(())
    }
}

impl Defect for ConflictingClientIds {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn checks(&self) -> &'static [&'static str] {
        &["CONFLICTING_CLIENT_IDS_CHECK"]
    }

    fn targets(&self) -> Option<&Targets> {
        Some(&self.targets)
    }

    fn disturbance(&self) -> Option<Arc<dyn Disturb>> {
        Some(Arc::new(Twin { every: self.every }))
    }
}

/// What the twin makes of the connection metrics.
#[derive(Debug)]
struct Twin {
    every: Millis,
}

impl Disturb for Twin {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        // It connects and the device falls; the device comes back and the twin falls.
        let visits = span.occasions(self.every, 1.0).count() as u64;
        to.connection_attempts += 2 * visits;
        to.disconnects += 2 * visits;
    }
}
