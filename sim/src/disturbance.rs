//! What an act (attack or confounder) changes about a device in one window.
//!
//! Acts say what the device *attempts*; whether the broker lets it is decided by the policies in force. So a
//! quarantined device's exfiltration turns into authorization failures by itself.

use std::fmt;
use std::net::IpAddr;

use defender::time::Millis;

use crate::dice::Dice;

/// The part of a window during which an act is active, as time elapsed since its onset on the device.
#[derive(Clone, Debug)]
pub struct Span {
    /// Elapsed at the beginning.
    pub from: Millis,
    /// Elapsed at the end; after `from`.
    pub to: Millis,
    /// Dice of this act, device and window.
    pub dice: Dice,
}

impl Span {
    /// Its length.
    pub fn length(&self) -> Millis {
        self.to - self.from
    }

    /// How many events of a steady rate fall into the span, so that adjacent spans add up without rounding loss.
    pub fn events(&self, per_second: f64) -> u64 {
        let count = |elapsed: Millis| (per_second * elapsed.0 as f64 / 1_000.0).floor() as u64;
        count(self.to) - count(self.from)
    }

    /// Whether an instant (elapsed since the onset) lies in the span.
    pub fn contains(&self, elapsed: Millis) -> bool {
        self.from <= elapsed && elapsed < self.to
    }
}

/// Messages that a device attempts to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publishing {
    /// Position in [`Disturb::topics`].
    pub topic: usize,
    /// How many.
    pub messages: u64,
    /// Payload of each \[bytes\].
    pub size: u64,
    /// Harm of each that gets through.
    pub harm: u64,
}

/// What an act adds to a device in one window.
#[derive(Clone, Debug, Default)]
pub struct Disturbance {
    /// Messages attempted.
    pub publishing: Vec<Publishing>,
    /// Messages delivered to the device.
    pub received: u64,
    /// Connections attempted beside the usual ones.
    pub connection_attempts: u64,
    /// Disconnects beside the usual ones.
    pub disconnects: u64,
    /// Bytes out beside those of messages.
    pub bytes_out: u64,
    /// Bytes in.
    pub bytes_in: u64,
    /// Packets out beside those of messages.
    pub packets_out: u64,
    /// Packets in.
    pub packets_in: u64,
    /// Established TCP connections beside the usual ones.
    pub connections: u64,
    /// Listening TCP ports beside the usual ones.
    pub tcp_ports: Vec<u16>,
    /// Listening UDP ports beside the usual ones.
    pub udp_ports: Vec<u16>,
    /// Remote addresses beside the usual ones.
    pub destinations: Vec<IpAddr>,
    /// Source addresses beside the usual one.
    pub sources: Vec<IpAddr>,
    /// Harm that does not depend on the broker.
    pub harm: u64,
}

impl Disturbance {
    /// Empties it, keeping its allocations.
    pub fn clear(&mut self) {
        let Disturbance { publishing, tcp_ports, udp_ports, destinations, sources, .. } = std::mem::take(self);
        *self = Disturbance { publishing, tcp_ports, udp_ports, destinations, sources, ..Disturbance::default() };
        self.publishing.clear();
        self.tcp_ports.clear();
        self.udp_ports.clear();
        self.destinations.clear();
        self.sources.clear();
    }
}

/// Something that changes what a device does: an attack or a confounder.
pub trait Disturb: fmt::Debug + Send + Sync {
    /// The topics it publishes to, as templates: `{thing}` is the device, `{other}` another device of its class.
    /// `None` is the device's own topic.
    fn topics(&self) -> Vec<Option<String>> {
        Vec::new()
    }

    /// Adds what it does to one device during `span`. Called for the window of cloud-side metrics and for the
    /// interval of device reports separately; must not depend on anything but `self` and `span`.
    fn disturb(&self, span: &mut Span, to: &mut Disturbance);
}
