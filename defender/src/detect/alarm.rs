//! The alarm state machine (5.11): one per security profile, behavior and device.

use serde::{Deserialize, Serialize};

/// What a violation event says happened (D-70, D-71, 5.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationEventType {
    /// The N-th consecutive violating datapoint arrived.
    InAlarm,
    /// The M-th consecutive conforming datapoint arrived while in alarm.
    AlarmCleared,
    /// The alarm ended without a conforming datapoint: silence, detachment, removal, a change (5.12).
    AlarmInvalidated,
}

/// How many consecutive datapoints it takes to raise and to clear an alarm; each 1–10 (D-V19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consecutive {
    /// `consecutiveDatapointsToAlarm`.
    pub to_alarm: u8,
    /// `consecutiveDatapointsToClear`.
    pub to_clear: u8,
}

impl Default for Consecutive {
    fn default() -> Self {
        Consecutive { to_alarm: 1, to_clear: 1 }
    }
}

/// The machine's whole state in one byte: idle is zero, so that a word of idle machines can be skipped at a glance.
///
/// In OK the low bits count consecutive violating datapoints; in ALARM, consecutive conforming ones. A missing
/// datapoint does not touch the machine (D-45, CH-74).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Machine(u8);

const IN_ALARM: u8 = 0x80;

impl Machine {
    /// OK with no violating datapoint behind it.
    pub const IDLE: Machine = Machine(0);

    /// Whether an episode is running.
    pub const fn in_alarm(self) -> bool {
        self.0 & IN_ALARM != 0
    }

    /// Whether the machine would change nothing on a conforming datapoint.
    pub const fn is_idle(self) -> bool {
        self.0 == 0
    }

    /// Consecutive violating datapoints so far; in alarm, as many as it took.
    pub const fn violating_run(self, counts: Consecutive) -> u8 {
        if self.in_alarm() { counts.to_alarm } else { self.0 }
    }

    /// The state as a byte, for checkpoints and columns.
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// The inverse of [`Machine::to_byte`].
    pub const fn from_byte(byte: u8) -> Machine {
        Machine(byte)
    }

    /// Takes one present datapoint (D-63, D-65, CH-82).
    #[inline]
    pub fn step(&mut self, conforms: bool, counts: Consecutive) -> Option<ViolationEventType> {
        let run = self.0 & !IN_ALARM;
        if !self.in_alarm() {
            if conforms {
                self.0 = 0;
                return None;
            }
            if run + 1 < counts.to_alarm {
                self.0 = run + 1;
                return None;
            }
            self.0 = IN_ALARM;
            Some(ViolationEventType::InAlarm)
        } else {
            if !conforms {
                self.0 = IN_ALARM;
                return None;
            }
            if run + 1 < counts.to_clear {
                self.0 = IN_ALARM | (run + 1);
                return None;
            }
            self.0 = 0;
            Some(ViolationEventType::AlarmCleared)
        }
    }

    /// Ends monitoring: an episode, if one runs, is invalidated, and all counters are reset.
    pub fn invalidate(&mut self) -> Option<ViolationEventType> {
        let was_in_alarm = self.in_alarm();
        self.0 = 0;
        was_in_alarm.then_some(ViolationEventType::AlarmInvalidated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationEventType::{AlarmCleared, InAlarm};

    /// Runs `o` (conforming), `x` (violating) and `-` (no datapoint) and lists (position from 1, event).
    fn run(to_alarm: u8, to_clear: u8, series: &str) -> (Vec<(usize, ViolationEventType)>, bool) {
        let counts = Consecutive { to_alarm, to_clear };
        let mut machine = Machine::IDLE;
        let mut events = Vec::new();
        for (i, c) in series.chars().enumerate() {
            if c != '-' {
                events.extend(machine.step(c == 'o', counts).map(|event| (i + 1, event)));
            }
        }
        (events, machine.in_alarm())
    }

    #[test]
    fn t_d01_one_to_alarm_one_to_clear() {
        assert_eq!(run(1, 1, "ooxo"), (vec![(3, InAlarm), (4, AlarmCleared)], false));
    }

    #[test]
    fn t_d02_d64_d65_ch83_three_to_alarm_two_to_clear() {
        assert_eq!(run(3, 2, "xxoxxxoxoo"), (vec![(6, InAlarm), (10, AlarmCleared)], false));
    }

    #[test]
    fn t_d03_d45_ch74_a_missing_datapoint_does_not_break_a_run() {
        assert_eq!(run(2, 1, "x-xo"), (vec![(3, InAlarm), (4, AlarmCleared)], false));
    }

    #[test]
    fn t_d07_an_unfinished_clear_leaves_the_alarm() {
        assert_eq!(run(2, 3, "xoxoxx"), (vec![(6, InAlarm)], true));
    }

    #[test]
    fn t_d08_a_violation_resets_the_clearing_run() {
        assert_eq!(run(3, 3, "xxxooxooo"), (vec![(3, InAlarm), (9, AlarmCleared)], false));
    }

    #[test]
    fn a_run_is_counted_until_it_is_an_alarm_and_then_is_whole() {
        let counts = Consecutive { to_alarm: 3, to_clear: 2 };
        let mut machine = Machine::IDLE;
        let runs = [false, false, true, false, false, false, true, false, true, true].map(|conforms| {
            machine.step(conforms, counts);
            machine.violating_run(counts)
        });
        assert_eq!(runs, [1, 2, 0, 1, 2, 3, 3, 3, 3, 0]);
    }

    #[test]
    fn invalidation_ends_an_episode_and_resets_counters() {
        let counts = Consecutive { to_alarm: 2, to_clear: 2 };
        let mut machine = Machine::IDLE;
        machine.step(false, counts);
        assert_eq!(machine.invalidate(), None);
        assert!(machine.is_idle());
        machine.step(false, counts);
        machine.step(false, counts);
        assert_eq!(machine.invalidate(), Some(ViolationEventType::AlarmInvalidated));
    }
}
