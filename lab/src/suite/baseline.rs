//! What scenarios measured when somebody last looked and said "good", kept in a file: every score, seed by seed, with
//! the counts behind it.

use std::fmt::Write as _;
use std::path::Path;

use defender::time::Millis;
use serde::{Deserialize, Serialize};

use crate::compare::{Evidence, ScoreValue};
use crate::expect::{Better, Unit};
use crate::interval::Proportion;

/// What scenarios measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// [`Baseline::SCHEMA`].
    pub schema: String,
    /// The program's version that wrote it.
    pub version: String,
    /// Scenario by scenario, in the order of their files.
    pub scenarios: Vec<Measured>,
}

/// What one scenario measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Its file, seen from the folder of the baseline.
    pub file: String,
    /// Its digest, documents included.
    pub scenario: String,
    /// Devices of the fleet.
    pub devices: u32,
    /// Simulated time.
    pub duration: Millis,
    /// The seeds it ran with.
    pub seeds: Vec<u64>,
    /// Every score that has a value with some seed.
    pub scores: Vec<Score>,
}

/// One score of a scenario, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Whose, as [`ScoreValue::subject`].
    pub subject: String,
    /// Which.
    pub score: String,
    /// Its unit.
    pub unit: Unit,
    /// Which way it improves.
    pub better: Better,
    /// Whether it decides.
    pub is_headline: bool,
    /// By seed; `None` is n/a.
    pub values: Vec<Option<f64>>,
    /// By seed: what stands behind it.
    pub evidence: Vec<Evidence>,
}

/// Why a baseline cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON, or not of this shape.
    #[error("this is not a baseline: {0}")]
    Shape(String),
    /// It is of another version of the format.
    #[error("a baseline must have schema `{expected}`, found `{0}`", expected = Baseline::SCHEMA)]
    Schema(String),
    /// Its lists do not fit each other.
    #[error("the baseline of `{0}` has another number of values than of seeds")]
    Lengths(String),
}

impl Baseline {
    /// Name and version of the serialized form.
    pub const SCHEMA: &'static str = "fleetrange.baseline/1";

    /// An empty one.
    pub fn new(version: &str) -> Baseline {
        Baseline { schema: Baseline::SCHEMA.to_owned(), version: version.to_owned(), scenarios: Vec::new() }
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn parse(text: &str) -> Result<Baseline, Unreadable> {
        let shape = |error: serde_json::Error| Unreadable::Shape(error.to_string());
        let value: serde_json::Value = serde_json::from_str(text).map_err(shape)?;
        let schema = value["schema"].as_str().unwrap_or_default();
        if schema != Baseline::SCHEMA {
            return Err(Unreadable::Schema(schema.to_owned()));
        }
        let baseline: Baseline = serde_json::from_value(value).map_err(shape)?;
        for measured in &baseline.scenarios {
            let seeds = measured.seeds.len();
            if measured.scores.iter().any(|score| score.values.len() != seeds || score.evidence.len() != seeds) {
                return Err(Unreadable::Lengths(measured.file.clone()));
            }
        }
        Ok(baseline)
    }

    /// The file's text: a line for each score, so that a change is a change of lines.
    ///
    /// # Panics
    /// Never: plain data serializes.
    pub fn to_text(&self) -> String {
        let mut text = format!("{{\n\"schema\": {},\n\"version\": {},\n", json(&self.schema), json(&self.version));
        text += "\"scenarios\": [";
        for (i, measured) in self.scenarios.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(
                text,
                "{comma}\n{{\"file\": {}, \"scenario\": {}, \"devices\": {}, \"duration\": {}, \"seeds\": {},\n\"scores\": [",
                json(&measured.file),
                json(&measured.scenario),
                measured.devices,
                json(&measured.duration),
                json(&measured.seeds)
            );
            for (i, score) in measured.scores.iter().enumerate() {
                let _ = write!(text, "{}\n  {}", if i == 0 { "" } else { "," }, json(score));
            }
            text += "\n]}";
        }
        text += "\n]\n}\n";
        text
    }

    /// What was measured of a file.
    pub fn of(&self, file: &str) -> Option<&Measured> {
        self.scenarios.iter().find(|measured| measured.file == file)
    }

    /// Takes these in, in place of what there was of the same files; of the others those stay that `keeps` says.
    pub fn update(&mut self, version: &str, new: Vec<Measured>, keeps: impl Fn(&str) -> bool) {
        self.version = version.to_owned();
        self.scenarios.retain(|old| new.iter().all(|measured| measured.file != old.file) && keeps(&old.file));
        self.scenarios.extend(new);
        self.scenarios.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("plain data serializes")
}

impl Measured {
    /// Adds a run.
    pub(super) fn add(&mut self, seed: u64, values: Vec<ScoreValue>) {
        let before = self.seeds.len();
        self.seeds.push(seed);
        for value in values {
            let same = |score: &&mut Score| score.subject == value.subject && score.score == value.score;
            match self.scores.iter_mut().find(same) {
                Some(score) => {
                    score.values.push(value.value);
                    score.evidence.push(value.evidence);
                }
                None => {
                    let mut values = vec![None; before];
                    values.push(value.value);
                    let mut evidence = vec![value.evidence.none(); before];
                    evidence.push(value.evidence);
                    self.scores.push(Score {
                        subject: value.subject,
                        score: value.score,
                        unit: value.unit,
                        better: value.better,
                        is_headline: value.is_headline,
                        values,
                        evidence,
                    });
                }
            }
        }
        let seeds = self.seeds.len();
        for score in self.scores.iter_mut().filter(|score| score.values.len() < seeds) {
            score.values.push(None);
            score.evidence.push(score.evidence[0].none());
        }
    }

    /// Leaves scores out that are n/a with every seed.
    pub(super) fn finish(&mut self) {
        self.scores.retain(|score| score.values.iter().any(Option::is_some));
    }

    /// Device-days over all seeds: what rates are counted over, up to a factor that is the same everywhere.
    pub(super) fn exposure(&self) -> f64 {
        f64::from(self.devices) * self.duration.as_seconds_f64() * self.seeds.len() as f64
    }

    pub(super) fn score(&self, like: &Score) -> Option<&Score> {
        self.scores.iter().find(|score| score.subject == like.subject && score.score == like.score)
    }

    /// Seed by seed, as [`differences`] takes it; only the seeds given.
    pub(super) fn runs(&self, seeds: &[u64]) -> Vec<Vec<ScoreValue>> {
        let run = |seed: &u64| {
            let place = self.seeds.iter().position(|own| own == seed);
            place.map_or_else(Vec::new, |place| self.scores.iter().map(|score| score.at(place)).collect())
        };
        seeds.iter().map(run).collect()
    }
}

impl Score {
    pub(super) fn at(&self, place: usize) -> ScoreValue {
        ScoreValue {
            subject: self.subject.clone(),
            score: self.score.clone(),
            unit: self.unit.clone(),
            better: self.better,
            is_headline: self.is_headline,
            value: self.values[place],
            evidence: self.evidence[place],
        }
    }

    /// Mean over the seeds with which it has a value.
    pub fn mean(&self) -> Option<f64> {
        let known: Vec<f64> = self.values.iter().copied().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// All seeds together as a share.
    pub(super) fn share(&self) -> Option<Proportion> {
        let (mut successes, mut trials) = (0, 0);
        for (value, evidence) in self.values.iter().zip(&self.evidence) {
            if let (Some(value), Evidence::Trials(n)) = (value, evidence) {
                successes += (libm::round(value * *n as f64) as u64).min(*n);
                trials += n;
            }
        }
        Proportion::of(successes, trials).filter(|_| self.unit == Unit::Share)
    }

    /// All seeds together as a count of events.
    pub(super) fn events(&self) -> Option<u64> {
        let events = self.evidence.iter().map(|evidence| match evidence {
            Evidence::Events(events) => Some(*events),
            Evidence::Trials(_) | Evidence::Whole => None,
        });
        events.sum()
    }
}

/// A file as seen from a folder, with `/` between the parts: what names a scenario in a baseline wherever it is run
/// from. Both must exist.
///
/// # Errors
/// What is in the way.
pub fn seen_from(folder: &Path, file: &Path) -> std::io::Result<String> {
    let (folder, file) = (folder.canonicalize()?, file.canonicalize()?);
    let (folder, file): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let common = folder.iter().zip(&file).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), folder.len() - common);
    let down = file[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;

    pub(crate) fn score(name: &str, unit: Unit, better: Better, values: &[f64], evidence: Evidence) -> Score {
        Score {
            subject: "run".into(),
            score: name.into(),
            unit,
            better,
            is_headline: true,
            values: values.iter().map(|value| Some(*value)).collect(),
            evidence: vec![evidence; values.len()],
        }
    }

    pub(crate) fn measured(scores: Vec<Score>) -> Measured {
        let seeds = (0..scores[0].values.len() as u64).collect();
        let scenario = "digest".to_owned();
        Measured { file: "a.toml".into(), scenario, devices: 100, duration: Millis::days(1), seeds, scores }
    }

    pub(crate) fn recall(values: &[f64], trials: u64) -> Score {
        score("recall", Unit::Share, Better::Higher, values, Evidence::Trials(trials))
    }

    pub(crate) fn alarms(events: u64) -> Score {
        let rate = events as f64 / 0.1;
        score("false_alarms", Unit::Per1000DeviceDays, Better::Lower, &[rate], Evidence::Events(events))
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{alarms, measured, recall, score};
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_what_is_wrong_is_told() {
        let mut baseline = Baseline::new("0.1.0");
        baseline.update("0.1.0", vec![measured(vec![recall(&[0.1, 1.0 / 3.0], 3), alarms(2)])], |_| true);
        // Alarms have one value and two seeds.
        assert_eq!(Baseline::parse(&baseline.to_text()), Err(Unreadable::Lengths("a.toml".into())));
        baseline.scenarios[0].scores.pop();
        let text = baseline.to_text();
        assert_eq!(Baseline::parse(&text).as_ref(), Ok(&baseline));
        assert_eq!(text.lines().filter(|line| line.contains("\"subject\"")).count(), 1);
        let other = text.replace("baseline/1", "baseline/9");
        assert_eq!(Baseline::parse(&other), Err(Unreadable::Schema("fleetrange.baseline/9".into())));
        assert!(matches!(Baseline::parse("[1"), Err(Unreadable::Shape(_))));
    }

    #[test]
    fn an_update_replaces_what_was_run_and_keeps_what_is_still_there() {
        let named = |file: &str, value| Measured { file: file.into(), ..measured(vec![recall(&[value], 10)]) };
        let mut baseline = Baseline::new("0");
        baseline.update("0", vec![named("b", 0.1), named("a", 0.1), named("gone", 0.1)], |_| true);
        baseline.update("1", vec![named("b", 0.9)], |file| file != "gone");
        let files: Vec<_> = baseline.scenarios.iter().map(|m| (m.file.as_str(), m.scores[0].values[0])).collect();
        assert_eq!(files, [("a", Some(0.1)), ("b", Some(0.9))]);
        assert_eq!(baseline.version, "1");
    }

    #[test]
    fn seeds_that_lack_a_score_have_none_of_it() {
        let value = |name: &str, value| score(name, Unit::Share, Better::Higher, &[value], Evidence::Trials(10)).at(0);
        let mut measured = Measured::default();
        measured.add(1, vec![value("a", 0.5)]);
        measured.add(2, vec![value("b", 0.5)]);
        measured.finish();
        let rows: Vec<_> = measured.scores.iter().map(|score| score.values.clone()).collect();
        assert_eq!(rows, [vec![Some(0.5), None], vec![None, Some(0.5)]]);
    }

    #[test]
    fn files_are_named_as_seen_from_the_baseline() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let deep = dir.path().join("tests/deep");
        std::fs::create_dir_all(&deep).expect("writable");
        std::fs::write(deep.join("a.toml"), "").expect("writable");
        let seen = |folder: &str| seen_from(&dir.path().join(folder), &deep.join("a.toml")).expect("both are there");
        assert_eq!(seen("tests"), "deep/a.toml");
        std::fs::create_dir(dir.path().join("other")).expect("writable");
        assert_eq!(seen("other"), "../tests/deep/a.toml");
    }
}
