//! What the broker lets a device do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A device's standing with the broker, as a few bits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access(u8);

impl Access {
    /// Holds a certificate that authenticates: active, and within its validity.
    pub const VALID: Access = Access(1);
    /// May connect.
    pub const CONNECT: Access = Access(2);
    /// May publish to its own topic.
    pub const PUBLISH: Access = Access(4);
    /// May subscribe to, and receive from, its own topics.
    pub const RECEIVE: Access = Access(8);
    /// May publish its metric reports.
    pub const REPORT: Access = Access(16);
    /// All of it.
    pub const FULL: Access = Access(31);
    /// None of it.
    pub const NONE: Access = Access(0);

    pub const fn has(self, part: Access) -> bool {
        self.0 & part.0 == part.0
    }

    pub const fn with(self, part: Access, on: bool) -> Access {
        if on { Access(self.0 | part.0) } else { Access(self.0 & !part.0) }
    }

    /// As a number, for the event log.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it has a connection at all.
    pub const fn connected(self) -> bool {
        self.has(Access::VALID) && self.has(Access::CONNECT)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (Access::VALID, 'v'),
            (Access::CONNECT, 'c'),
            (Access::PUBLISH, 'p'),
            (Access::RECEIVE, 'r'),
            (Access::REPORT, 'm'),
        ];
        parts.iter().try_for_each(|(part, letter)| write!(f, "{}", if self.has(*part) { *letter } else { '-' }))
    }
}
