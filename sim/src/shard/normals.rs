//! What models take for normal, hour by hour, as the shards read it.

use defender::detect::columns::Tick;
use defender::detect::ml::{Normal, end_of_hour};
use defender::time::{Millis, Timestamp};

/// Normal ranges of all models for a day and the hour before it. Empty before the first build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normals {
    /// The end of the first hour.
    first: Timestamp,
    /// By hour and model.
    hours: Vec<Vec<Option<Normal>>>,
}

impl Normals {
    /// Takes over what is normal after a daily build: by the end of each hour of the coming day. A report that arrives
    /// at the very midnight is judged after the build, as a datapoint of the hour that ends then.
    pub fn renew(&mut self, midnight: Timestamp, of: impl Fn(Timestamp) -> Vec<Option<Normal>>) {
        self.first = midnight;
        self.hours = (0..=24).map(|hour| of(midnight + Millis::hours(hour))).collect();
    }

    fn at(&self, time: Timestamp) -> &[Option<Normal>] {
        let hour = (end_of_hour(time) - self.first).0 / Millis::HOUR.0;
        usize::try_from(hour).ok().and_then(|hour| self.hours.get(hour)).map_or(&[], Vec::as_slice)
    }

    /// Tells a tick what is normal in it.
    pub fn fill(&self, tick: &mut Tick) {
        let (first, later) = (self.at(tick.start), self.at(tick.end));
        for (model, normal) in tick.normals.iter_mut().enumerate() {
            *normal = [first, later].map(|hour| hour.get(model).copied().flatten());
        }
    }
}
