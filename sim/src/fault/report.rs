//! A device's report on its way to the service, and what faults can do to it.

use std::fmt;
use std::net::IpAddr;

use defender::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dice::{Dice, Purpose, mix};

/// A report: the device-side part of a datapoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Bytes out and in, packets out and in since the report before; `None` in the first after the agent's start
    ///
    pub amounts: Option<[u32; 4]>,
    /// Listening TCP and UDP ports, established TCP connections.
    pub levels: [u32; 3],
    /// What else it tells; of most reports nothing, and those are small.
    pub more: Option<Box<More>>,
    /// When it was made.
    pub made: Timestamp,
    /// When it reaches the service; all that the service believes about its time.
    pub arrives: Timestamp,
}

/// What a report tells beside amounts and levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// Custom metrics that are numbers, as codes, in the order of the program's columns.
    pub custom: Vec<u32>,
    /// What its sets hold beside the usual.
    pub sets: Sets,
}

/// Elements of a report's sets beside the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sets {
    /// Listening TCP ports.
    pub tcp_ports: Vec<u16>,
    /// Listening UDP ports.
    pub udp_ports: Vec<u16>,
    /// Remote addresses.
    pub destinations: Vec<IpAddr>,
    /// Custom lists, by metric.
    pub lists: Vec<(String, Vec<String>)>,
}

impl Sets {
    /// Whether there is nothing beside the usual.
    pub fn are_usual(&self) -> bool {
        let Sets { tcp_ports, udp_ports, destinations, lists } = self;
        tcp_ports.is_empty() && udp_ports.is_empty() && destinations.is_empty() && lists.is_empty()
    }
}

/// What a fault remembers of a device from report to report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Counts.
    pub amounts: [u64; 4],
    /// A report to come back to.
    pub report: Option<Box<Report>>,
    /// In a bad state.
    pub bad: bool,
}

/// What becomes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Goes,
    /// It has no effect: it was never made, got lost, or is refused.
    Lost,
}

/// A report that passes a fault.
#[derive(Debug)]
pub struct Passage<'a> {
    /// From the fault's onset on the device to when the report was made.
    pub elapsed: Millis,
    /// From the fault's onset on the device to its end.
    pub duration: Millis,
    /// Time between two reports of the device.
    pub interval: Millis,
    /// The fault's intensity.
    pub intensity: f64,
    /// Address of the fault and the device.
    pub key: u64,
    /// Address of the fault, the same on all devices.
    pub shared: u64,
    /// The report.
    pub report: &'a mut Report,
    /// Further deliveries of the same report: by how much later than it.
    pub copies: &'a mut Vec<Millis>,
    /// What the fault remembers of the device.
    pub memory: &'a mut Memory,
}

impl Passage<'_> {
    /// Dice of this report.
    pub fn dice(&self) -> Dice {
        Dice::new(self.key, Purpose::Fault, self.report.made.0 as u64)
    }

    /// Whether a report of this one draw is struck, which is so with the fault's intensity.
    pub fn strikes(&self, dice: &mut Dice) -> bool {
        dice.unit() < self.intensity
    }

    /// Whether the device is one of those afflicted, whose share is the fault's intensity.
    pub fn afflicts(&self) -> bool {
        Dice::new(self.key, Purpose::FaultDevice, 0).unit() < self.intensity
    }

    /// Makes it arrive later.
    pub fn delay(&mut self, by: Millis) {
        self.report.arrives += by;
    }

    /// When something that happens once in each stretch of `every` last happened to the device by the time of the
    /// report, after the onset; each time it is struck with the fault's intensity.
    pub fn last_occasion(&self, every: Millis) -> Option<Millis> {
        let every = every.0.max(1);
        let newest = self.elapsed.0 / every;
        (0..=newest).rev().take(2).find_map(|number| {
            let mut dice = Dice::new(self.key, Purpose::FaultOccasion, number as u64);
            let at = number * every + dice.below(every as u64) as i64;
            (at <= self.elapsed.0 && dice.unit() < self.intensity).then_some(Millis(at))
        })
    }

    /// Whether the report is the first since a moment.
    pub fn is_first_since(&self, moment: Millis) -> bool {
        moment <= self.elapsed && self.elapsed < moment + self.interval
    }

    /// Dice of a stretch of time, the same on all devices.
    pub fn common_dice(&self, stretch: u64) -> Dice {
        Dice::new(mix(self.shared), Purpose::Fault, stretch)
    }
}

/// A fault that works on reports.
pub trait OnReports: fmt::Debug + Send + Sync {
    /// Does to a report what it does. Must not depend on anything but the passage.
    fn pass(&self, passage: &mut Passage<'_>) -> Fate;
}

#[cfg(test)]
pub(super) mod testing {
    //! A device's reports, one every five minutes, past one fault.

    use super::*;
    use crate::disturbance::testing::read_inline;
    use crate::fault::{Mechanism, entry};

    /// What became of a report: when it was made and when its copies arrive \[s after the onset\], and its amounts.
    pub type Outcome = (i64, Vec<i64>, Option<[u32; 4]>);

    /// A hundred reports, each with the amounts 10, 20, 30, 40, past a fault of a name with parameters as written.
    pub fn past(name: &str, parameters: &str, intensity: f64, device: u64) -> Vec<Outcome> {
        let fault = read_inline(parameters, entry(name).expect("it is registered").read);
        let Mechanism::Reports(fault) = fault.mechanism() else { panic!("{name} is no fault of reports") };
        let mut memory = Memory::default();
        let passed = (0..100).map(|number| {
            let made = Timestamp(number * 300_000);
            let mut report =
                Report { amounts: Some([10, 20, 30, 40]), levels: [1, 0, 2], more: None, made, arrives: made };
            let mut copies = Vec::new();
            let mut passage = Passage {
                elapsed: Millis(made.0),
                duration: Millis::hours(9),
                interval: Millis::minutes(5),
                intensity,
                key: mix(device),
                shared: 5,
                report: &mut report,
                copies: &mut copies,
                memory: &mut memory,
            };
            let arrivals = match fault.pass(&mut passage) {
                Fate::Lost => Vec::new(),
                Fate::Goes => std::iter::once(Millis(0)).chain(copies).collect(),
            };
            let arrives = report.arrives.0;
            let arrivals = arrivals.into_iter().map(|later| (arrives + later.0) / 1_000).collect();
            (made.0 / 1_000, arrivals, report.amounts)
        });
        passed.collect()
    }

    /// How many of the reports did not go on.
    pub fn lost(reports: &[Outcome]) -> usize {
        reports.iter().filter(|(_, arrivals, _)| arrivals.is_empty()).count()
    }

    #[test]
    fn at_intensity_zero_every_report_arrives_as_it_was_made() {
        for entry in crate::fault::REGISTRY.iter().filter(|entry| entry.stage <= crate::fault::Stage::Ingestion) {
            for example in entry.examples {
                for (made, arrivals, amounts) in past(entry.name, example, 0.0, 3) {
                    let found = (arrivals, amounts);
                    assert_eq!(found, (vec![made], Some([10, 20, 30, 40])), "{} {example}", entry.name);
                }
            }
        }
    }
}
