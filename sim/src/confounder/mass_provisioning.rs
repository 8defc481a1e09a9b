//! Mass provisioning: a delivery of devices is switched on. Each connects with its claim, gets its own certificate,
//! connects anew, and fetches all that it has to know.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::scenario::quantity::Bytes;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "mass-provisioning",
    summary: "New devices are switched on: each connects several times, fetches its settings and reports itself.",
    examples: &["{}", r#"{ connections = 6, messages = 80, settings = "40 MiB", set-up = "1h" }"#],
    read: |fields| {
        Arc::new(MassProvisioning {
            set_up: fields.or("set-up", Millis::minutes(10), "how long a device needs").max(Millis::SECOND),
            connections: fields.or("connections", 3, "how often it connects anew"),
            messages: fields.or("messages", 25, "messages it publishes"),
            received: fields.or("received", 25, "messages it is answered with"),
            settings: fields.or("settings", Bytes(3 << 20), "what it fetches").0,
        })
    },
};

#[derive(Debug)]
struct MassProvisioning {
    set_up: Millis,
    connections: u32,
    messages: u32,
    received: u32,
    settings: u64,
}

impl Disturb for MassProvisioning {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        let Some(set_up) = span.phase(Millis(0), self.set_up) else { return };
        let per_second = |amount: f64| amount / self.set_up.as_seconds_f64();
        let events = |amount: u32| set_up.events(per_second(f64::from(amount)));
        to.connection_attempts += events(self.connections);
        to.disconnects += events(self.connections);
        let (messages, received) = (events(self.messages), events(self.received));
        to.publishing.push(Publishing { messages, size: 900, ..Publishing::default() });
        (to.received, to.received_size) = (received, 1_500);
        to.fetch(&set_up, &Tempo::Steady, per_second(self.settings as f64));
        to.connections += u64::from(span.to <= self.set_up);
    }
}

impl Confounder for MassProvisioning {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumConnectionAttempts,
            Metric::NumDisconnects,
            Metric::NumMessagesSent,
            Metric::NumMessagesReceived,
            Metric::AllBytesIn,
            Metric::AllPacketsIn,
            Metric::AllPacketsOut,
            Metric::NumEstablishedTcpConnections,
        ]
    }
}
