//! When a datapoint conforms (5.8, 5.9): criteria state what is *normal* (D-01); anything else violates.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::metric::ValueKind;

/// The ten comparison operators, in AWS spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "named as in the API")]
pub enum ComparisonOperator {
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
    InCidrSet,
    NotInCidrSet,
    InPortSet,
    NotInPortSet,
    InSet,
    NotInSet,
}

impl ComparisonOperator {
    /// All ten, in the order of the API.
    pub const ALL: [ComparisonOperator; 10] = [
        ComparisonOperator::LessThan,
        ComparisonOperator::LessThanEquals,
        ComparisonOperator::GreaterThan,
        ComparisonOperator::GreaterThanEquals,
        ComparisonOperator::InCidrSet,
        ComparisonOperator::NotInCidrSet,
        ComparisonOperator::InPortSet,
        ComparisonOperator::NotInPortSet,
        ComparisonOperator::InSet,
        ComparisonOperator::NotInSet,
    ];

    /// The name on the wire, for example `less-than-equals`.
    pub const fn name(self) -> &'static str {
        match self {
            ComparisonOperator::LessThan => "less-than",
            ComparisonOperator::LessThanEquals => "less-than-equals",
            ComparisonOperator::GreaterThan => "greater-than",
            ComparisonOperator::GreaterThanEquals => "greater-than-equals",
            ComparisonOperator::InCidrSet => "in-cidr-set",
            ComparisonOperator::NotInCidrSet => "not-in-cidr-set",
            ComparisonOperator::InPortSet => "in-port-set",
            ComparisonOperator::NotInPortSet => "not-in-port-set",
            ComparisonOperator::InSet => "in-set",
            ComparisonOperator::NotInSet => "not-in-set",
        }
    }

    /// By its name on the wire.
    pub fn from_name(name: &str) -> Option<ComparisonOperator> {
        ComparisonOperator::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// The operator that holds exactly when this one does not, for a measurement of one element or a number.
    pub const fn complement(self) -> ComparisonOperator {
        match self {
            ComparisonOperator::LessThan => ComparisonOperator::GreaterThanEquals,
            ComparisonOperator::LessThanEquals => ComparisonOperator::GreaterThan,
            ComparisonOperator::GreaterThan => ComparisonOperator::LessThanEquals,
            ComparisonOperator::GreaterThanEquals => ComparisonOperator::LessThan,
            ComparisonOperator::InCidrSet => ComparisonOperator::NotInCidrSet,
            ComparisonOperator::NotInCidrSet => ComparisonOperator::InCidrSet,
            ComparisonOperator::InPortSet => ComparisonOperator::NotInPortSet,
            ComparisonOperator::NotInPortSet => ComparisonOperator::InPortSet,
            ComparisonOperator::InSet => ComparisonOperator::NotInSet,
            ComparisonOperator::NotInSet => ComparisonOperator::InSet,
        }
    }

    /// The relation of a numeric operator.
    pub const fn relation(self) -> Option<Relation> {
        match self {
            ComparisonOperator::LessThan => Some(Relation::LessThan),
            ComparisonOperator::LessThanEquals => Some(Relation::LessThanEquals),
            ComparisonOperator::GreaterThan => Some(Relation::GreaterThan),
            ComparisonOperator::GreaterThanEquals => Some(Relation::GreaterThanEquals),
            _ => None,
        }
    }

    /// The side of a set operator.
    pub const fn membership(self) -> Option<Membership> {
        match self {
            ComparisonOperator::InCidrSet | ComparisonOperator::InPortSet | ComparisonOperator::InSet => {
                Some(Membership::In)
            }
            ComparisonOperator::NotInCidrSet | ComparisonOperator::NotInPortSet | ComparisonOperator::NotInSet => {
                Some(Membership::NotIn)
            }
            _ => None,
        }
    }

    /// Whether it may stand on a metric whose datapoints have this shape (the columns N, C, Pt and S of 5.2).
    pub const fn suits(self, kind: ValueKind) -> bool {
        match self {
            ComparisonOperator::LessThan
            | ComparisonOperator::LessThanEquals
            | ComparisonOperator::GreaterThan
            | ComparisonOperator::GreaterThanEquals => matches!(kind, ValueKind::Count | ValueKind::Number),
            ComparisonOperator::InCidrSet | ComparisonOperator::NotInCidrSet => matches!(kind, ValueKind::Cidrs),
            ComparisonOperator::InPortSet | ComparisonOperator::NotInPortSet => matches!(kind, ValueKind::Ports),
            ComparisonOperator::InSet | ComparisonOperator::NotInSet => {
                matches!(kind, ValueKind::Numbers | ValueKind::Strings)
            }
        }
    }
}

/// How a number must relate to its threshold to conform (D-47 … D-50).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `v < c`
    LessThan,
    /// `v ≤ c`
    LessThanEquals,
    /// `v > c`
    GreaterThan,
    /// `v ≥ c`
    GreaterThanEquals,
}

impl Relation {
    /// Whether `value` conforms to `threshold` (D-47 … D-50).
    #[inline]
    pub fn holds<T: PartialOrd>(self, value: T, threshold: T) -> bool {
        match self {
            Relation::LessThan => value < threshold,
            Relation::LessThanEquals => value <= threshold,
            Relation::GreaterThan => value > threshold,
            Relation::GreaterThanEquals => value >= threshold,
        }
    }

    /// Whether large values violate, so that the worst of several is the largest (D-40).
    pub const fn bounds_from_above(self) -> bool {
        matches!(self, Relation::LessThan | Relation::LessThanEquals)
    }
}

/// Whether observed elements must lie inside the set or outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Every observed element is in the set (D-51, D-53).
    In,
    /// No observed element is in the set (D-52, D-54).
    NotIn,
}

/// A set of addresses given as CIDRs. Host bits need not be zero; an IPv4-mapped IPv6 address is compared as IPv4
/// (D-24).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CidrSet(Vec<IpNet>);

impl CidrSet {
    /// A set of networks.
    pub fn new(nets: impl IntoIterator<Item = IpNet>) -> CidrSet {
        CidrSet(nets.into_iter().map(|net| unmapped(net).trunc()).collect())
    }

    /// Whether the address lies in one of the networks.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// A network of IPv4-mapped addresses as the IPv4 network it stands for.
fn unmapped(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net) {
        (IpAddr::V4(address), IpNet::V6(six)) if six.prefix_len() >= 96 => {
            Ipv4Net::new(address, six.prefix_len() - 96).map_or(net, IpNet::V4)
        }
        _ => net,
    }
}

/// A set of ports as a bit per port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSet(Box<[u64; 1024]>);

impl PortSet {
    /// A set of ports.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> PortSet {
        let mut bits = Box::new([0u64; 1024]);
        for port in ports {
            bits[usize::from(port) / 64] |= 1 << (port % 64);
        }
        PortSet(bits)
    }

    /// Whether the port is in the set.
    #[inline]
    pub fn contains(&self, port: u16) -> bool {
        self.0[usize::from(port) / 64] >> (port % 64) & 1 == 1
    }
}

/// A static rule: what is normal.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the relation and what it relates to")]
pub enum Rule {
    Number { relation: Relation, threshold: f64 },
    Cidrs { membership: Membership, set: CidrSet },
    Ports { membership: Membership, set: PortSet },
    Numbers { membership: Membership, set: Vec<f64> },
    Strings { membership: Membership, set: BTreeSet<String> },
}

/// What a device was observed to do: one datapoint's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the members of the API's MetricValue")]
pub enum Observed {
    Number(f64),
    Cidrs(BTreeSet<IpAddr>),
    Ports(BTreeSet<u16>),
    Numbers(Vec<f64>),
    Strings(BTreeSet<String>),
}

impl Membership {
    fn holds<T>(self, observed: impl IntoIterator<Item = T>, contains: impl Fn(T) -> bool) -> bool {
        let wanted = self == Membership::In;
        observed.into_iter().all(|element| contains(element) == wanted)
    }
}

impl Rule {
    /// Whether a datapoint conforms (D-47 … D-54). An empty set always does (D-46, CH-62, CH-75). Kinds that do not
    /// belong together cannot meet after validation (D-V11, D-V12) and do not conform.
    pub fn conforms(&self, observed: &Observed) -> bool {
        match (self, observed) {
            (Rule::Number { relation, threshold }, Observed::Number(value)) => relation.holds(*value, *threshold),
            (Rule::Cidrs { membership, set }, Observed::Cidrs(seen)) => {
                membership.holds(seen, |address| set.contains(*address))
            }
            (Rule::Ports { membership, set }, Observed::Ports(seen)) => {
                membership.holds(seen, |port| set.contains(*port))
            }
            (Rule::Numbers { membership, set }, Observed::Numbers(seen)) => {
                membership.holds(seen, |number| set.contains(number))
            }
            (Rule::Strings { membership, set }, Observed::Strings(seen)) => {
                membership.holds(seen, |text| set.contains(text))
            }
            _ => false,
        }
    }
}

/// The eleven statistics (D-55), as hundredths of a percent so that ranks are computed in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statistic {
    /// 99.99 → 9999.
    pub hundredths: u16,
}

impl Statistic {
    /// The names of the API with their values in hundredths of a percent.
    pub const NAMES: [(&'static str, u16); 11] = [
        ("p0", 0),
        ("p0.1", 10),
        ("p0.01", 1),
        ("p1", 100),
        ("p10", 1000),
        ("p50", 5000),
        ("p90", 9000),
        ("p99", 9900),
        ("p99.9", 9990),
        ("p99.99", 9999),
        ("p100", 10000),
    ];

    /// By its API name.
    pub fn from_name(name: &str) -> Option<Statistic> {
        Statistic::NAMES.iter().find(|(n, _)| *n == name).map(|(_, hundredths)| Statistic { hundredths: *hundredths })
    }

    /// The 1-based nearest rank among `n` values: `ceil(P·n / 10000)`, at least 1 (D-58, CH-79).
    pub const fn rank(self, n: u64) -> u64 {
        let rank = (self.hundredths as u64 * n).div_ceil(10_000);
        if rank == 0 { 1 } else { rank }
    }

    /// The value at the nearest rank, which is the threshold; fewer than two values make no population (D-58). Leaves
    /// the values in another order.
    pub fn threshold(self, values: &mut [u64]) -> Option<u64> {
        let rank = self.rank(values.len() as u64) as usize;
        (values.len() >= 2).then(|| *values.select_nth_unstable(rank - 1).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d47_to_d50_relations_at_equality() {
        assert!(!Relation::LessThan.holds(5, 5));
        assert!(Relation::LessThanEquals.holds(5, 5));
        assert!(!Relation::GreaterThan.holds(5, 5));
        assert!(Relation::GreaterThanEquals.holds(5, 5));
    }

    #[test]
    fn d46_ch62_ch75_the_empty_set_conforms_whatever_the_operator() {
        for membership in [Membership::In, Membership::NotIn] {
            let rule = Rule::Ports { membership, set: PortSet::new([22]) };
            assert!(rule.conforms(&Observed::Ports(BTreeSet::new())));
        }
    }

    #[test]
    fn d24_cidrs_ignore_host_bits_and_unmap_ipv4() {
        let set = CidrSet::new(["10.0.0.5/8".parse().expect("cidr")]);
        assert!(set.contains("10.9.9.9".parse().expect("ip")));
        assert!(set.contains("::ffff:10.1.2.3".parse().expect("ip")));
        assert!(!set.contains("11.0.0.1".parse().expect("ip")));
        let mapped = CidrSet::new(["::ffff:10.0.0.5/104".parse().expect("cidr")]);
        assert!(mapped.contains("10.9.9.9".parse().expect("ip")));
    }

    #[test]
    fn d58_ch79_nearest_ranks_in_integers() {
        let rank = |name, n| Statistic::from_name(name).map(|s| s.rank(n));
        assert_eq!(rank("p90", 10), Some(9)); // T-D30
        assert_eq!(rank("p50", 4), Some(2)); // T-D32
        assert_eq!(rank("p0", 10), Some(1)); // T-D33
        assert_eq!(rank("p99", 10), Some(10)); // T-D35
        assert_eq!(rank("p99.9", 1000), Some(999)); // T-D36
        assert_eq!(rank("p10", 10), Some(1)); // T-D39
        assert_eq!(rank("p95", 10), None);
    }

    #[test]
    fn t_d32_t_d37_the_threshold_is_the_value_at_the_rank() {
        let p50 = Statistic::from_name("p50").expect("a statistic");
        assert_eq!(p50.threshold(&mut [20, 3, 8, 3]), Some(3));
        assert_eq!(p50.threshold(&mut [7]), None);
        assert_eq!(p50.threshold(&mut []), None);
    }
}
