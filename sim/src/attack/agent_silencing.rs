//! Agent silencing: whoever owns the device stops the agent that reports on it. Best laid over another attack.

use std::sync::Arc;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Span};
use crate::outcome::Channel;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "agent-silencing",
    summary: "The agent on the device is stopped, so that its reports no longer come.",
    examples: &["{}", r#"{ pulse = "40m", every = "1h" }"#],
    read: |fields| Arc::new(AgentSilencing { tempo: Tempo::read(fields) }),
};

#[derive(Debug)]
struct AgentSilencing {
    tempo: Tempo,
}

impl Disturb for AgentSilencing {
    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        to.silence_reports = self.tempo.acts_at_the_end_of(span);
        to.harm += self.tempo.events(span, 1.0);
    }

    fn governs(&self) -> bool {
        true
    }
}

impl Attack for AgentSilencing {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Device,
            techniques: &["T1562.001", "T1562.006", "T0804"],
            disturbs: &[],
            checks: &[],
            harm_unit: "seconds blind",
            blind_spots: "everything: no metric counts reports that do not come, and a behavior without datapoints \
                          neither alarms nor clears",
        }
    }
}

#[cfg(test)]
mod tests {
    use defender::time::Millis;

    use super::*;
    use crate::disturbance::testing::{done, read_inline};

    #[test]
    fn a_pulse_lets_some_reports_through() {
        let attack = read_inline(ENTRY.examples[1], ENTRY.read);
        let silent = |minute: i64| done(&*attack, Millis::minutes(minute), Millis::minutes(minute + 1)).silence_reports;
        assert_eq!([0, 39, 40, 59, 60].map(silent), [true, true, false, false, true]);
    }
}
