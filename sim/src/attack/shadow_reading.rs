//! Shadow reading: with one device's credentials, somebody asks for the state of the others.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::PerMinute;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "shadow-reading",
    summary: "With one device's credentials, somebody asks for the shadows of others.",
    examples: &[r#"{ rate = "2/min" }"#, r#"{ rate = "3/h", peak = "18h" }"#],
    read: |fields| {
        Arc::new(ShadowReading {
            rate: fields.required::<PerMinute>("rate", "shadows asked for per device").0 / 60.0,
            topic: fields.or(
                "topic",
                "$aws/things/{other}/shadow/get".to_owned(),
                "topic of the request; `{other}` is another device of the class",
            ),
            tempo: Tempo::read(fields),
        })
    },
};

#[derive(Debug)]
struct ShadowReading {
    rate: f64,
    topic: String,
    tempo: Tempo,
}

impl Disturb for ShadowReading {
    fn topics(&self) -> Vec<Option<String>> {
        vec![Some(self.topic.clone())]
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        // A shadow is asked for by an empty message, and comes back as another; where the policy is tight, the
        // request is an authorization failure.
        let messages = self.tempo.events(span, self.rate);
        to.publishing.push(Publishing { topic: 0, messages, size: 2, harm: 1, replies: 1 });
    }
}

impl Attack for ShadowReading {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1213", "T1119", "T1078.004"],
            disturbs: &[
                Metric::NumAuthorizationFailures,
                Metric::NumConnectionAttempts,
                Metric::NumDisconnects,
                Metric::NumMessagesReceived,
                Metric::MessageByteSize,
            ],
            checks: &[],
            harm_unit: "shadows read",
            blind_spots: "a policy that opens all shadows turns each request into one ordinary small message; only an \
                          audit of the policy tells",
        }
    }
}
