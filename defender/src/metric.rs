//! The metrics that Detect knows (section 5.2), by their exact names, with what may be asked of each.

use std::fmt;
use std::str::FromStr;

/// A metric of the service. Custom metrics are named by [`MetricRef::Custom`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the service's own metric name; `Metric::name` spells it")]
pub enum Metric {
    MessageByteSize,
    NumMessagesSent,
    NumMessagesReceived,
    NumAuthorizationFailures,
    NumConnectionAttempts,
    NumDisconnects,
    SourceIpAddress,
    /// In minutes (CH-53).
    DisconnectDuration,
    AllBytesOut,
    AllBytesIn,
    AllPacketsOut,
    AllPacketsIn,
    NumListeningTcpPorts,
    NumListeningUdpPorts,
    NumEstablishedTcpConnections,
    ListeningTcpPorts,
    ListeningUdpPorts,
    DestinationIpAddresses,
}

/// What shape a metric's datapoints have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A non-negative integer (`count`).
    Count,
    /// A double (`number`); custom metrics only.
    Number,
    /// A set of ports (`ports`).
    Ports,
    /// A set of addresses (`cidrs`).
    Cidrs,
    /// A set of doubles (`numbers`); custom metrics only.
    Numbers,
    /// A set of strings (`strings`); custom metrics only.
    Strings,
}

/// What a static behavior on a metric says about `durationSeconds` (5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationUse {
    /// Must be given.
    Required,
    /// May be given; checked, then ignored or used as documented.
    Optional,
    /// Not used: checked if given, then ignored with a warning (D-22, CH-61).
    Unused,
    /// Must not be given (D-V18).
    Forbidden,
}

impl Metric {
    /// All metrics, cloud-side first, in the order of the specification.
    pub const ALL: [Metric; 18] = [
        Metric::MessageByteSize,
        Metric::NumMessagesSent,
        Metric::NumMessagesReceived,
        Metric::NumAuthorizationFailures,
        Metric::NumConnectionAttempts,
        Metric::NumDisconnects,
        Metric::SourceIpAddress,
        Metric::DisconnectDuration,
        Metric::AllBytesOut,
        Metric::AllBytesIn,
        Metric::AllPacketsOut,
        Metric::AllPacketsIn,
        Metric::NumListeningTcpPorts,
        Metric::NumListeningUdpPorts,
        Metric::NumEstablishedTcpConnections,
        Metric::ListeningTcpPorts,
        Metric::ListeningUdpPorts,
        Metric::DestinationIpAddresses,
    ];

    /// The exact name, for example `aws:num-messages-sent` (D-07).
    pub const fn name(self) -> &'static str {
        match self {
            Metric::MessageByteSize => "aws:message-byte-size",
            Metric::NumMessagesSent => "aws:num-messages-sent",
            Metric::NumMessagesReceived => "aws:num-messages-received",
            Metric::NumAuthorizationFailures => "aws:num-authorization-failures",
            Metric::NumConnectionAttempts => "aws:num-connection-attempts",
            Metric::NumDisconnects => "aws:num-disconnects",
            Metric::SourceIpAddress => "aws:source-ip-address",
            Metric::DisconnectDuration => "aws:disconnect-duration",
            Metric::AllBytesOut => "aws:all-bytes-out",
            Metric::AllBytesIn => "aws:all-bytes-in",
            Metric::AllPacketsOut => "aws:all-packets-out",
            Metric::AllPacketsIn => "aws:all-packets-in",
            Metric::NumListeningTcpPorts => "aws:num-listening-tcp-ports",
            Metric::NumListeningUdpPorts => "aws:num-listening-udp-ports",
            Metric::NumEstablishedTcpConnections => "aws:num-established-tcp-connections",
            Metric::ListeningTcpPorts => "aws:listening-tcp-ports",
            Metric::ListeningUdpPorts => "aws:listening-udp-ports",
            Metric::DestinationIpAddresses => "aws:destination-ip-addresses",
        }
    }

    /// Whether the broker measures it (else the device reports it).
    pub const fn is_cloud_side(self) -> bool {
        (self as u8) <= Metric::DisconnectDuration as u8
    }

    /// The shape of its datapoints.
    pub const fn value_kind(self) -> ValueKind {
        match self {
            Metric::SourceIpAddress | Metric::DestinationIpAddresses => ValueKind::Cidrs,
            Metric::ListeningTcpPorts | Metric::ListeningUdpPorts => ValueKind::Ports,
            _ => ValueKind::Count,
        }
    }

    /// Whether it may carry a topic-filter dimension in a rule (D-05).
    pub const fn allows_dimension(self) -> bool {
        matches!(
            self,
            Metric::MessageByteSize
                | Metric::NumMessagesSent
                | Metric::NumMessagesReceived
                | Metric::NumAuthorizationFailures
                | Metric::SourceIpAddress
        )
    }

    /// Whether a statistical threshold may stand on it (5.2).
    pub const fn allows_statistics(self) -> bool {
        matches!(self.value_kind(), ValueKind::Count) && !matches!(self, Metric::DisconnectDuration)
    }

    /// Whether ML Detect covers it (D-04).
    pub const fn allows_ml(self) -> bool {
        self.allows_statistics()
    }

    /// What a static behavior says about the duration (5.2, D-22, D-23, CH-54).
    pub const fn duration_use(self) -> DurationUse {
        match self {
            Metric::MessageByteSize | Metric::NumEstablishedTcpConnections | Metric::DisconnectDuration => {
                DurationUse::Unused
            }
            Metric::SourceIpAddress
            | Metric::ListeningTcpPorts
            | Metric::ListeningUdpPorts
            | Metric::DestinationIpAddresses => DurationUse::Forbidden,
            Metric::NumListeningTcpPorts | Metric::NumListeningUdpPorts => DurationUse::Optional,
            _ => DurationUse::Required,
        }
    }

    /// Whether a report carries its growth since the report before, to be summed over a duration (D-43, R-15).
    pub const fn is_delta(self) -> bool {
        matches!(self, Metric::AllBytesOut | Metric::AllBytesIn | Metric::AllPacketsOut | Metric::AllPacketsIn)
    }

    /// Whether the datapoint is a level at an instant rather than an amount over a window (D-43, D-56).
    pub const fn is_gauge(self) -> bool {
        matches!(
            self,
            Metric::NumListeningTcpPorts
                | Metric::NumListeningUdpPorts
                | Metric::NumEstablishedTcpConnections
                | Metric::DisconnectDuration
        )
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == text).ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

/// No metric has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no metric is named `{0}`")]
pub struct UnknownMetric(pub String);

/// A metric as a behavior names it: one of the service's, or a custom one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricRef {
    /// One of [`Metric::ALL`].
    Aws(Metric),
    /// A custom metric of the account, by name.
    Custom(String),
}

impl MetricRef {
    /// Whether the broker measures it (else the device reports it).
    pub const fn is_cloud_side(&self) -> bool {
        matches!(self, MetricRef::Aws(metric) if metric.is_cloud_side())
    }
}

impl fmt::Display for MetricRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricRef::Aws(metric) => metric.fmt(f),
            MetricRef::Custom(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_ml_covers_six_cloud_side_and_seven_device_side_metrics() {
        let (cloud, device): (Vec<_>, Vec<_>) =
            Metric::ALL.into_iter().filter(|m| m.allows_ml()).partition(|m| m.is_cloud_side());
        assert_eq!((cloud.len(), device.len()), (6, 7));
    }

    #[test]
    fn d07_names_round_trip_and_upper_case_forms_are_refused() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
        }
        assert!("NUM_MESSAGES_SENT".parse::<Metric>().is_err());
    }
}
