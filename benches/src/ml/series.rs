//! Public hourly series, one number a line after the second it was measured at.

use std::path::Path;

use defender::detect::ml::{AnomalyModel, Sample, TRAINING_SPAN};
use defender::detect::wire::ConfidenceLevel;
use defender::time::{Millis, Timestamp};

use super::Candidate;

/// A series with its name.
#[derive(Clone, Debug)]
pub struct Series {
    /// The file's stem.
    pub name: String,
    /// Times and values, in order.
    pub points: Vec<(Timestamp, f64)>,
}

/// What a candidate made of a series that it learned day by day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Datapoints judged.
    pub judged: u64,
    /// Of these anomalous as they are, by level, `LOW` first.
    pub flagged: [u64; 3],
    /// Anomalous if tripled, by level.
    pub tripled: [u64; 3],
}

impl Series {
    /// Reads `seconds,value` lines; a first line that is no number is a heading.
    ///
    /// # Errors
    /// What the file system says, or the line that is not two numbers.
    pub fn read(path: &Path) -> Result<Series, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let parse = |line: &str| {
            let (seconds, value) = line.split_once(',')?;
            Some((Timestamp::from_seconds(seconds.trim().parse().ok()?), value.trim().parse().ok()?))
        };
        let mut points = Vec::new();
        for (number, line) in text.lines().enumerate() {
            match parse(line) {
                Some(point) => points.push(point),
                None if number == 0 => {}
                None => return Err(format!("{}:{}: expected `seconds,value`", path.display(), number + 1)),
            }
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Series { name, points })
    }

    /// Lets a candidate learn, with a build each midnight, and judge each day by the build before, from the third week
    /// on.
    pub fn run(&self, candidate: Candidate) -> Outcome {
        let mut model: Box<dyn AnomalyModel> = candidate.model();
        let mut outcome = Outcome::default();
        let Some((first, _)) = self.points.first() else { return outcome };
        let ready = first.ceil_to(Millis::DAY) + TRAINING_SPAN;
        let mut midnight = ready;
        for (time, value) in &self.points {
            while *time > midnight {
                model.refresh(midnight);
                midnight += Millis::DAY;
            }
            if *time > ready {
                outcome.judged += 1;
                let levels = [ConfidenceLevel::Low, ConfidenceLevel::Medium, ConfidenceLevel::High];
                for (index, level) in levels.into_iter().enumerate() {
                    let anomalous = |value: f64| {
                        let sample = Sample { time: *time, device: "series", value };
                        model.judge(sample, level).is_some_and(|judgment| judgment.anomalous)
                    };
                    outcome.flagged[index] += u64::from(anomalous(*value));
                    outcome.tripled[index] += u64::from(anomalous(3.0 * value));
                }
            }
            model.learn(Sample { time: *time, device: "series", value: *value });
        }
        outcome
    }
}
