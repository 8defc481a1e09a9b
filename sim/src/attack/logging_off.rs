//! Logging off: an intruder in the account blinds those who would look into its logs.

use std::sync::Arc;

use defender::error::ServiceError;
use defender::time::Millis;

use super::{Attack, Entry, Facts};
use crate::alteration::{Alter, Scene, Wrong};
use crate::defect::switch_logging;
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;

pub(super) const ENTRY: Entry = Entry {
    name: "logging-off",
    summary: "An intruder in the account switches its logging off (`SetV2LoggingOptions`), for good or for a while.",
    examples: &["{}", "{ restored = true }"],
    read: |fields| {
        Arc::new(LoggingOff {
            restored: fields.or("restored", false, "evasive: the intruder switches it on again at the end"),
        })
    },
};

#[derive(Debug)]
struct LoggingOff {
    restored: bool,
}

impl Alter for LoggingOff {
    fn steps(&self, duration: Millis) -> Vec<Millis> {
        if self.restored { vec![Millis(0), duration] } else { vec![Millis(0)] }
    }

    fn step(&self, number: usize, scene: &mut Scene<'_>) -> Result<(), ServiceError> {
        switch_logging(scene, number > 0)?;
        if number == 0 {
            scene.wrong_with("account", "LOGGING_DISABLED_CHECK", Wrong::Logging);
        } else {
            scene.undone(Wrong::Logging);
        }
        Ok(())
    }
}

impl Disturb for LoggingOff {
    fn disturb(&self, _: &mut Span, _: &mut Disturbance) {}
}

impl Attack for LoggingOff {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Account,
            techniques: &["T1078.004", "T1562.008"],
            disturbs: &[],
            checks: &["LOGGING_DISABLED_CHECK"],
            harm_unit: "none by itself",
            blind_spots: "it disturbs no metric; logging that is on again before the next audit",
        }
    }

    fn alteration(&self) -> Option<&dyn Alter> {
        Some(self)
    }

    fn acts_on_devices(&self) -> bool {
        false
    }
}
