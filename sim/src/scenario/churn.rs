//! What does not last in a class: its devices in the registry, and the addresses that they connect from.

use defender::time::Millis;

use super::fields::Fields;
use super::quantity::{PerMinute, Probability};

/// How things come and go. Rates are per device, so that a fleet that is scaled has its churn scaled with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Churn {
    /// How many join per day and device that the class begins with; Poisson.
    pub joins_per_day: f64,
    /// Retirements of a device per day: its time in the fleet is exponential.
    pub retirements_per_day: f64,
    /// How often a device gets another name per day; Poisson.
    pub renames_per_day: f64,
    /// Probability that whoever retires a device forgets to deactivate its certificate.
    pub certificate_left_active: f64,
}

/// How often devices get another address, of the network that they connect from. Nothing of it: never.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AddressChurn {
    /// With each connection, as carriers hand them out.
    pub on_reconnect: bool,
    /// After a time of this mean; exponential.
    pub lifetime: Option<Millis>,
    /// Once in this time, each device at its own: the line is cut, as some providers do once a day.
    pub renewal: Option<Millis>,
}

impl AddressChurn {
    /// Whether addresses ever change.
    pub fn is_any(&self) -> bool {
        *self != AddressChurn::default()
    }
}

/// Reads `[class.churn]`.
pub(super) fn churn(fields: &mut Fields<'_>) -> Churn {
    let mut rate = |key, doc| {
        let range = PerMinute(0.0)..=PerMinute(1.0 / 1_440.0);
        fields.or_in(key, PerMinute(0.0), range, doc).over(Millis::DAY)
    };
    Churn {
        joins_per_day: rate(
            "joins",
            "how many devices join, per device that the class begins with: `0.01/d` of 1,000 are ten a day",
        ),
        retirements_per_day: rate("retirements", "how often a device is retired: `0.001/d` is once in 1,000 days"),
        renames_per_day: rate(
            "renames",
            "how often a device gets another thing name: a new thing with the old certificate, since the service has no \
             renaming",
        ),
        certificate_left_active: fields
            .or(
                "certificate-left-active",
                Probability::ZERO,
                "probability that a retired device's certificate stays active, because somebody forgot",
            )
            .as_f64(),
    }
}

/// Reads `[class.addresses]`.
pub(super) fn addresses(fields: &mut Fields<'_>) -> AddressChurn {
    let lengths = Millis::hours(1)..=Millis::days(365);
    AddressChurn {
        on_reconnect: fields.or(
            "on-reconnect",
            false,
            "whether each connection comes from another address, as of mobile carriers",
        ),
        lifetime: fields.optional_in(
            "lifetime",
            lengths.clone(),
            "how long a device keeps an address, on average; exponential. Each change costs it its connection",
        ),
        renewal: fields.optional_in(
            "renewal",
            lengths,
            "how often a device is cut off and gets another address, each at its own time: `1d`, as of DSL providers",
        ),
    }
}
