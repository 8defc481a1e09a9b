//! Authorization probing: with a device's credentials, somebody tries which topics of other devices are open.

use std::sync::Arc;

use defender::metric::Metric;

use super::{Attack, Entry, Facts};
use crate::disturbance::{Disturb, Disturbance, Publishing, Span};
use crate::outcome::Channel;
use crate::scenario::quantity::PerMinute;
use crate::tempo::Tempo;

pub(super) const ENTRY: Entry = Entry {
    name: "authorization-probing",
    summary: "With a device's credentials, somebody tries the topics of other devices.",
    examples: &[r#"{ rate = "6/min" }"#, r#"{ rate = "4/h", ramp = "6h" }"#],
    read: |fields| {
        Arc::new(AuthorizationProbing {
            rate: fields.required::<PerMinute>("rate", "requests tried per device").0,
            topics: fields.or(
                "topics",
                vec!["$aws/things/{other}/shadow/update".to_owned(), "fleet/{other}/command".to_owned()],
                "topics tried in turn; `{other}` is another device of the class",
            ),
            tempo: Tempo::read(fields),
        })
    },
};

#[derive(Debug)]
struct AuthorizationProbing {
    rate: f64,
    topics: Vec<String>,
    tempo: Tempo,
}

impl Disturb for AuthorizationProbing {
    fn topics(&self) -> Vec<Option<String>> {
        self.topics.iter().cloned().map(Some).collect()
    }

    fn disturb(&self, span: &mut Span, to: &mut Disturbance) {
        // Topics take turns, so each gets its share without rounding loss; a topic that turns out to be open is
        // harm, a closed one an authorization failure.
        let share = self.rate / 60.0 / self.topics.len().max(1) as f64;
        for topic in 0..self.topics.len() {
            let messages = self.tempo.events(span, share);
            to.publishing.push(Publishing { topic, messages, size: 64, harm: 1, replies: 0 });
        }
    }
}

impl Attack for AuthorizationProbing {
    fn kind(&self) -> &'static str {
        ENTRY.name
    }

    fn facts(&self) -> Facts {
        Facts {
            channel: Channel::Broker,
            techniques: &["T1087", "T1526", "T1110"],
            disturbs: &[Metric::NumAuthorizationFailures, Metric::NumConnectionAttempts, Metric::NumDisconnects],
            checks: &[],
            harm_unit: "topics reached",
            blind_spots: "a probe slower than a device's ordinary refused requests; topics that a policy leaves open",
        }
    }
}
