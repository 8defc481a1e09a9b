//! What a kind of device does now and then beside its steady state: bursts, updates, boots. (It sleeps by `duty`.)

use defender::time::Millis;

use super::fields::Fields;
use super::quantity::{Bytes, PerMinute};

/// The states of a device beside the steady one. Without any of them it is always steady.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Modes {
    /// Times of more activity.
    pub bursts: Option<Bursts>,
    /// Downloads of a new version.
    pub updates: Option<Updates>,
    /// What a device does when it starts.
    pub boot: Option<Boot>,
}

/// Times in which a device does more of what it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// How many begin per day, on average; Poisson.
    pub per_day: f64,
    /// Mean length; exponential, at most a day.
    pub length: Millis,
    /// What messages, packets and bytes are multiplied by; bursts that meet add up.
    pub factor: f64,
}

/// Updates of single devices, at any time of the day; one that is rolled out is a confounder (`firmware-rollout`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Updates {
    /// How many begin per day, on average; Poisson.
    pub per_day: f64,
    /// What is downloaded \[bytes\].
    pub size: u64,
    /// How long that takes; then the device reboots.
    pub length: Millis,
}

/// What a device does when it starts: after a power loss, after an update, and when it has its network back after at
/// least a whole window without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Boot {
    /// Power losses per day, on average; Poisson. Each ends the session.
    pub losses_per_day: f64,
    /// Connection attempts beside the one that succeeds.
    pub retries: u32,
    /// Messages: who it is, in which state.
    pub messages: u32,
    /// Packets out, and as many in, beside those that carry messages: addresses, names, the time, the handshake.
    pub packets: u32,
}

/// Reads the modes of an archetype.
pub(super) fn read(fields: &mut Fields<'_>) -> Modes {
    Modes {
        bursts: fields.table("bursts", "times of more activity, beside the rates above", |fields| Bursts {
            per_day: often(fields, "rate", "how many begin"),
            length: length(fields, "mean length; exponential"),
            factor: fields.required_in("factor", 1.0..=1_000.0, "what messages, packets and bytes are multiplied by"),
        }),
        updates: fields.table("updates", "downloads of a new version, each with a reboot at its end", |fields| {
            Updates {
                per_day: often(fields, "rate", "how many begin"),
                size: fields.required::<Bytes>("size", "what is downloaded").0,
                length: length(fields, "how long that takes"),
            }
        }),
        boot: fields.table("boot", "what it does when it starts", |fields| Boot {
            losses_per_day: {
                let rate = fields.or_in("power-losses", PerMinute(0.0), range(), "how often it loses its power");
                rate.over(Millis::DAY)
            },
            retries: fields.or_in("retries", 0, 0..=1_000, "connection attempts beside the one that succeeds"),
            messages: fields.or_in("messages", 0, 0..=10_000, "messages that say who it is, and in which state"),
            packets: fields.or_in(
                "packets",
                0,
                0..=1_000_000,
                "packets out, and as many in: addresses, names, the time, the handshake",
            ),
        }),
    }
}

/// At most 100 a day.
fn range() -> std::ops::RangeInclusive<PerMinute> {
    PerMinute(0.0)..=PerMinute(100.0 / 1_440.0)
}

fn often(fields: &mut Fields<'_>, key: &'static str, doc: &'static str) -> f64 {
    fields.required_in::<PerMinute>(key, range(), doc).over(Millis::DAY)
}

fn length(fields: &mut Fields<'_>, doc: &'static str) -> Millis {
    fields.required_in("length", Millis::MINUTE..=Millis::DAY, doc)
}
