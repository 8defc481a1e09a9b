//! Command flood: somebody who may publish to the devices' topics sends them more than they can take, or orders that
//! nobody gave.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::{Bytes, PerMinute};
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "command-flood",
    summary: "The device is sent commands that nobody in charge gave.",
    examples: &[r#"{ rate = "20/min" }"#, r#"{ rate = "3/min", pulse = "2m", every = "30m" }"#],
    read: |fields| {
        Arc::new(CommandFlood {
            rate: fields.required::<PerMinute>("rate", "commands sent to each device").0 / 60.0,
            size: fields.or("message-size", Bytes(180), "payload of each command").0,
            tempo: Tempo::read(fields),
        })
    },
};

#[derive(Debug)]
struct CommandFlood {
    rate: f64,
    size: u64,
    tempo: Tempo,
}

impl Disturb for CommandFlood {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.received += self.tempo.events(span, self.rate);
        to.received_size = self.size;
        to.received_harm = 1;
    }

    fn needs_receiving(&self) -> bool {
        true
    }
}

impl Attack for CommandFlood {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T0855", "T0814", "T1499.002"],
            disturbs: &[Metric::NumMessagesReceived, Metric::AllBytesIn, Metric::AllPacketsIn],
            checks: &[],
            harm_unit: "commands delivered",
            blind_spots: "one forged command among ordinary ones: counts do not show what is said",
        }
    }
}
