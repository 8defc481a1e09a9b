//! Firmware rollout: each device downloads an image, restarts, and talks more than usual for a while.

use std::sync::Arc;

use defender::metric::Metric;
use defender::time::Millis;

use super::{Confounder, Entry};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::scenario::quantity::Bytes;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "firmware-rollout",
    summary: "Each device downloads an image, restarts, and talks more than usual for a while.",
    examples: &[r#"{ image = "24 MiB" }"#, r#"{ image = "2 MiB", download = "1h", restarts = 1 }"#],
    read: |fields| {
        Arc::new(FirmwareRollout {
            image: fields.required::<Bytes>("image", "size of the image").0,
            download: fields.or("download", Millis::minutes(10), "how long the download takes"),
            restarts: fields.or("restarts", 2, "how often the device reconnects afterwards"),
            messages: fields.or(
                "messages",
                30,
                "status messages published in the quarter of an hour after the restart",
            ),
        })
    },
};

#[derive(Debug)]
struct FirmwareRollout {
    image: u64,
    download: Millis,
    restarts: u32,
    messages: u32,
}

const AFTERMATH: Millis = Millis::minutes(15);

impl Disturb for FirmwareRollout {
    fn topics(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        if let Some(download) = span.phase(Millis(0), self.download) {
            to.fetch(&download, &Tempo::Steady, self.image as f64 * 1_000.0 / self.download.0.max(1) as f64);
            to.connections += u64::from(span.to <= self.download);
        }
        if span.contains(self.download) {
            to.disconnects += u64::from(self.restarts);
            to.connection_attempts += u64::from(self.restarts);
        }
        if let Some(after) = span.phase(self.download, self.download + AFTERMATH) {
            let messages = after.events(f64::from(self.messages) / AFTERMATH.as_seconds_f64());
            to.publishing.push(Publishing { messages, size: 256, ..Publishing::default() });
        }
    }
}

impl Confounder for FirmwareRollout {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn disturbs(&self) -> &'static [Metric] {
        &[
            Metric::NumMessagesSent,
            Metric::NumConnectionAttempts,
            Metric::NumDisconnects,
            Metric::AllBytesIn,
            Metric::AllPacketsIn,
            Metric::AllPacketsOut,
            Metric::AllBytesOut,
            Metric::NumEstablishedTcpConnections,
        ]
    }
}
