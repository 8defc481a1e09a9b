//! Source addresses that change: carriers hand out another one with each connection or now and then, providers cut the
//! line once a day. The new one is of the network that the device has been in; the broker goes on deciding by the first.

use std::net::IpAddr;
use std::ops::Range;

use defender::detect::columns::{Column, has_lane, set_lane};
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};
use ipnet::IpNet;

use super::tables::word_below;
use super::{Common, Run, Shard, address_in};
use crate::dice::{Purpose, draw, mix, salt};
use crate::scenario::AddressChurn;

/// How often devices of a class get another address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    networks: Vec<IpNet>,
    on_reconnect: bool,
    /// An address ends in a tick with this probability, as a word.
    ends_below: u32,
    renewal: Option<Millis>,
    changing: bool,
}

impl Addresses {
    /// Of a class whose devices connect from these networks.
    pub fn new(networks: &[IpNet], churn: &AddressChurn, tick: Millis) -> Addresses {
        let ends = churn.lifetime.map_or(0.0, |mean| 1.0 - libm::exp(-(tick.0 as f64) / mean.0 as f64));
        Addresses {
            networks: networks.to_vec(),
            on_reconnect: churn.on_reconnect,
            ends_below: word_below(ends),
            renewal: churn.renewal,
            changing: churn.is_any(),
        }
    }

    /// Where a device connects from since the tick of this number; 0: from the beginning.
    pub fn source(&self, key: u64, since: u64) -> Option<IpAddr> {
        // The network stays: it is picked by the upper half.
        let first = draw(key, salt(Purpose::SourceAddress, 0));
        let word = match since {
            0 => first,
            since => first >> 32 << 32 | draw(key, salt(Purpose::SourceAddress, since)) & u64::from(u32::MAX),
        };
        address_in(&self.networks, word)
    }

    /// Whether a device's address ends in a tick by itself, which costs it its connection.
    fn ends(&self, key: u64, number: u64, tick: &Range<Timestamp>) -> bool {
        let by_chance =
            self.ends_below > 0 && (draw(key, salt(Purpose::AddressLifetime, number)) as u32) < self.ends_below;
        let renewed = self.renewal.is_some_and(|every| {
            let own = (mix(key ^ Purpose::AddressRenewal as u64) % every.0 as u64) as i64;
            let round = |time: Timestamp| (time.0 - own).div_euclid(every.0);
            round(tick.end) != round(tick.start)
        });
        by_chance || renewed
    }
}

impl Shard {
    /// Gives other addresses to devices whose time has come, after all that happens in the tick to their connections.
    pub(super) fn change_addresses(&mut self, common: &Common, number: u64) {
        let tick = self.tick.start..self.tick.end;
        for index in 0..self.runs.len() {
            let Run { class, ref lanes, .. } = self.runs[index];
            let addresses = &common.classes[class].addresses;
            if !addresses.changing || common.replay.is_some() {
                continue;
            }
            for lane in lanes.clone() {
                if !has_lane(&self.tick.active, lane) || !self.access[lane].connected() {
                    continue;
                }
                let ends = addresses.ends(self.keys[lane], number, &tick);
                if ends {
                    self.add(Column::Disconnects, lane, 1);
                    self.add(Column::ConnectionAttempts, lane, 1);
                }
                let connects = self.tick.numbers[Column::ConnectionAttempts.index()][lane] > 0;
                if ends || (addresses.on_reconnect && connects) {
                    self.change_address(common, lane, number);
                }
            }
        }
    }

    /// A device is seen under its old and its new address in this tick, and under the new one from then on.
    fn change_address(&mut self, common: &Common, lane: usize, number: u64) {
        let old = self.source(common, lane);
        self.address_since[lane] = number;
        let of_sources = |metric: &MetricRef| *metric == MetricRef::Aws(Metric::SourceIpAddress);
        let rules = common.program.set_rules().enumerate();
        let mut rules = rules.filter(|(_, (_, metric, _))| of_sources(metric)).peekable();
        if rules.peek().is_none() {
            return;
        }
        self.extras.entry(lane as u32).or_default().sources.extend(old);
        self.judge_address(common, lane);
        for (position, (_, metric, rule)) in rules {
            let seen = self.observed(common, metric, lane, self.extras.get(&(lane as u32)));
            set_lane(&mut self.tick.set_violations[position], lane, !rule.conforms(&seen));
        }
    }

    /// Whether a device's address conforms, from now on.
    pub(super) fn judge_address(&mut self, common: &Common, lane: usize) {
        for (position, (_, metric, rule)) in common.program.set_rules().enumerate() {
            if *metric == MetricRef::Aws(Metric::SourceIpAddress) {
                let observed = self.observed(common, metric, lane, None);
                set_lane(&mut self.base_violations[position], lane, !rule.conforms(&observed));
            }
        }
    }

    /// Since which tick a device has its address, by number; 0: from the beginning.
    pub fn address_since(&self, lane: usize) -> u64 {
        self.address_since[lane]
    }

    /// Where a device connects from.
    pub(super) fn source(&self, common: &Common, lane: usize) -> Option<IpAddr> {
        let run = self.runs.iter().find(|run| run.lanes.contains(&lane)).expect("every lane belongs to a run");
        common.classes[run.class].addresses.source(self.keys[lane], self.address_since[lane])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::device_key;

    const TICK: Millis = Millis::minutes(5);
    const DEVICES: u32 = 400;
    const TICKS: u64 = 288 * 14;

    fn networks() -> Vec<IpNet> {
        ["100.72.0.0/15", "2001:db8:7::/48"].map(|network| network.parse().expect("a network")).to_vec()
    }

    /// By device, the ticks in which its address ends.
    fn ends(churn: AddressChurn) -> Vec<Vec<u64>> {
        let addresses = Addresses::new(&networks(), &churn, TICK);
        let of = |device| {
            let key = device_key(5, 9, device);
            let time = |number: u64| Timestamp(number as i64 * TICK.0);
            let first = 6_000_000;
            (first..first + TICKS)
                .filter(|number| addresses.ends(key, *number, &(time(*number)..time(number + 1))))
                .collect()
        };
        (0..DEVICES).map(of).collect()
    }

    /// Lifetimes are geometric in ticks with the mean of the exponential: counts are binomial, gaps have mean, variance
    /// and tail of their law and are not correlated, all within 4.4 standard errors of the sample.
    #[test]
    fn lifetimes_are_exponential() {
        let ends = ends(AddressChurn { lifetime: Some(Millis::hours(4)), ..AddressChurn::default() });
        let p = 1.0 - libm::exp(-1.0 / 48.0);
        let windows = f64::from(DEVICES) * TICKS as f64;
        let count: usize = ends.iter().map(Vec::len).sum();
        assert!((count as f64 - windows * p).abs() < 4.4 * (windows * p * (1.0 - p)).sqrt(), "{count}");
        // Only the first gaps of each device, so that none is cut by the end of the run.
        let gaps: Vec<Vec<f64>> =
            ends.iter().map(|ends| ends.windows(2).take(20).map(|pair| (pair[1] - pair[0]) as f64).collect()).collect();
        let all: Vec<f64> = gaps.iter().flatten().copied().collect();
        let n = all.len() as f64;
        let (mean, variance) = (1.0 / p, (1.0 - p) / (p * p));
        let found = all.iter().sum::<f64>() / n;
        assert!((found - mean).abs() < 4.4 * (variance / n).sqrt(), "{found}, not {mean}");
        let spread = all.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n;
        // The fourth central moment of an exponential is 9 σ⁴.
        assert!((spread / variance - 1.0).abs() < 4.4 * (8.0 / n).sqrt(), "{spread}, not {variance}");
        let tail = libm::pow(1.0 - p, 144.0);
        let long = all.iter().filter(|gap| **gap > 144.0).count() as f64;
        assert!((long - n * tail).abs() < 4.4 * (n * tail * (1.0 - tail)).sqrt(), "{long}, not {}", n * tail);
        let pairs: Vec<f64> =
            gaps.iter().flat_map(|gaps| gaps.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean))).collect();
        let lagged = pairs.iter().sum::<f64>() / pairs.len() as f64 / variance;
        assert!(lagged.abs() < 4.4 / (pairs.len() as f64).sqrt(), "{lagged}");
    }

    /// Each device is renewed exactly once a day, at a time of its own that is spread evenly: a quarter of them in each
    /// quarter of the day, binomially.
    #[test]
    fn renewals_are_punctual() {
        let ends = ends(AddressChurn { renewal: Some(Millis::DAY), ..AddressChurn::default() });
        let mut quarters = [0.0; 4];
        for ends in &ends {
            assert_eq!(ends.len() as u64, TICKS / 288);
            assert!(ends.windows(2).all(|pair| pair[1] - pair[0] == 288));
            quarters[(ends[0] % 288 / 72) as usize] += 1.0;
        }
        let n = f64::from(DEVICES);
        assert!(quarters.iter().all(|count| (count - n / 4.0).abs() < 4.4 * (n * 3.0 / 16.0).sqrt()), "{quarters:?}");
    }

    #[test]
    fn a_new_address_is_of_the_same_network() {
        let addresses = Addresses::new(&networks(), &AddressChurn::default(), TICK);
        for device in 0..50 {
            let key = device_key(5, 9, device);
            let at = |since| addresses.source(key, since).expect("it has one");
            assert_eq!(Some(at(0)), super::super::source_address(&networks(), key));
            let network = networks().into_iter().find(|network| network.contains(&at(0))).expect("it is in one");
            assert!(network.contains(&at(77)) && network.contains(&at(78)));
            assert!(at(77) != at(78) && at(77) != at(0), "a collision is unlikely in 65,536");
        }
    }
}
