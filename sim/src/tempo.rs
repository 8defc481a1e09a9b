//! How the rate of an act goes over time: steadily, or as somebody would choose who wants to stay unseen.
//!
//! A tempo says how much time *at the full rate* an act has had until any moment. Counts are differences of that, so
//! that the windows of cloud-side metrics and the intervals of device reports, which lie differently, add up to the
//! same whole.

use std::f64::consts::TAU;

use defender::time::{Millis, Timestamp};

use crate::disturbance::Span;
use crate::scenario::fields::Fields;

/// How a rate goes over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tempo {
    /// Always the full rate.
    #[default]
    Steady,
    /// From nothing to the full rate, in a straight line.
    Ramp {
        /// How long the growth takes.
        over: Millis,
    },
    /// The full rate for a while, then nothing, again and again.
    Pulse {
        /// Length of a pulse.
        length: Millis,
        /// From the beginning of one pulse to that of the next.
        every: Millis,
    },
    /// With the day: twice the rate at the peak, nothing half a day later, the full rate on average.
    Daily {
        /// Time of day of the peak, in UTC.
        peak: Millis,
    },
}

impl Tempo {
    /// Reads the evasive options of an act: `ramp`, `pulse` with `every`, or `peak`; steady without any.
    pub fn read(fields: &mut Fields<'_>) -> Tempo {
        let ramp: Option<Millis> =
            fields.optional("ramp", "evasive: grow from nothing to the full rate over this time");
        let pulse: Option<Millis> = fields.optional("pulse", "evasive: act only this long, once in each `every`");
        let every = fields.or("every", Millis::HOUR, "from the beginning of one pulse to that of the next");
        let peak: Option<Millis> = fields.optional(
            "peak",
            "evasive: copy the daily cycle, twice the rate at this time of day (UTC) and nothing half a day later",
        );
        if [ramp, pulse, peak].iter().flatten().count() > 1 {
            let key = if pulse.is_some() { "pulse" } else { "peak" };
            fields.complain(key, "only one of `ramp`, `pulse` and `peak` can be given", "keep one of them");
        }
        if every <= Millis(0) {
            fields.refuse("every", every, "be longer than nothing");
        }
        if let Some(pulse) = pulse.filter(|pulse| *pulse > every) {
            fields.refuse("pulse", pulse, format!("be at most `every`, which is {every}"));
        }
        match (ramp, pulse, peak) {
            (Some(over), ..) => Tempo::Ramp { over },
            (_, Some(length), _) => Tempo::Pulse { length, every },
            (_, _, Some(peak)) => Tempo::Daily { peak },
            _ => Tempo::Steady,
        }
    }

    /// The time at the full rate until `elapsed` after the onset \[ms\].
    pub fn full_time(&self, onset: Timestamp, elapsed: Millis) -> f64 {
        let time = elapsed.0 as f64;
        match *self {
            Tempo::Steady => time,
            Tempo::Ramp { over } => {
                let over = over.0 as f64;
                if time < over { time * time / (2.0 * over) } else { time - over / 2.0 }
            }
            Tempo::Pulse { length, every } => {
                (elapsed.0 / every.0 * length.0 + (elapsed.0 % every.0).min(length.0)) as f64
            }
            Tempo::Daily { peak } => {
                let day = Millis::DAY.0 as f64;
                let phase = phase_of_day(onset, peak);
                time + day / TAU * (libm::sin(phase + TAU * time / day) - libm::sin(phase))
            }
        }
    }

    /// The rate at an instant, as a share of the full one (a daily tempo has up to 2).
    pub fn level(&self, onset: Timestamp, elapsed: Millis) -> f64 {
        match *self {
            Tempo::Steady => 1.0,
            Tempo::Ramp { over } => (elapsed.0 as f64 / over.0.max(1) as f64).min(1.0),
            Tempo::Pulse { length, every } => f64::from(u8::from(elapsed.0 % every.0 < length.0)),
            Tempo::Daily { peak } => {
                1.0 + libm::cos(phase_of_day(onset, peak) + TAU * elapsed.0 as f64 / Millis::DAY.0 as f64)
            }
        }
    }

    /// How many events fall into a span, at `per_second` when at the full rate. Adjacent spans add up exactly.
    pub fn events(&self, span: &Span, per_second: f64) -> u64 {
        let count = |elapsed| (per_second * self.full_time(span.onset, elapsed) / 1_000.0).floor() as u64;
        count(span.to).saturating_sub(count(span.from))
    }

    /// Whether anything happens within a span.
    pub fn acts_in(&self, span: &Span) -> bool {
        self.full_time(span.onset, span.to) > self.full_time(span.onset, span.from)
    }

    /// Whether something goes on at the end of a span: what a report sent then would show of a level.
    pub fn acts_at_the_end_of(&self, span: &Span) -> bool {
        self.level(span.onset, Millis(span.to.0 - 1)) > 0.0
    }
}

/// Where in its day an act begins, as an angle from the peak.
fn phase_of_day(onset: Timestamp, peak: Millis) -> f64 {
    TAU * (onset.0 - peak.0).rem_euclid(Millis::DAY.0) as f64 / Millis::DAY.0 as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disturbance::testing::span;

    const TEMPOS: [Tempo; 4] = [
        Tempo::Steady,
        Tempo::Ramp { over: Millis::hours(5) },
        Tempo::Pulse { length: Millis::minutes(3), every: Millis::minutes(50) },
        Tempo::Daily { peak: Millis::hours(14) },
    ];

    #[test]
    fn totals_are_those_of_the_closed_forms() {
        let day = span(0, Millis::DAY.0);
        let totals = TEMPOS.map(|tempo| tempo.events(&day, 1.0));
        // A day has 86,400 s; half of the ramp is missing; 29 pulses of 180 s begin; a whole day averages out.
        assert_eq!(totals[..3], [86_400, 86_400 - 9_000, 29 * 180]);
        assert!(totals[3].abs_diff(86_400) <= 1, "{}", totals[3]);
    }

    #[test]
    fn a_daily_tempo_peaks_at_its_peak() {
        let tempo = TEMPOS[3];
        let at = |hour| tempo.level(Timestamp(0), Millis::hours(hour));
        assert!((at(14) - 2.0).abs() < 1e-9 && at(2).abs() < 1e-9 && (at(8) - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn adjacent_spans_add_up(a in 0i64..400_000_000, b in 0i64..400_000_000, c in 0i64..400_000_000, rate in 0.0f64..50.0) {
            let mut cuts = [a, b, c];
            cuts.sort_unstable();
            for tempo in TEMPOS {
                let events = |from, to| tempo.events(&span(from, to), rate);
                prop_assert_eq!(events(cuts[0], cuts[1]) + events(cuts[1], cuts[2]), events(cuts[0], cuts[2]));
            }
        }
    }
}
