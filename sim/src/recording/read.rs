//! From files to a recording: every value with its thing, metric and time, and every problem with its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use defender::detect::wire::CustomMetricType;
use defender::metric::{Metric, MetricRef};
use defender::time::{Millis, Timestamp};

use super::{Point, Recording, Thing, is_number, json, table, window};
use crate::scenario::library;
use crate::scenario::problem::suggestion;
use crate::scenario::quantity::parse_instant;
use crate::scenario::source::{Place, Source};
use crate::scenario::{Problem, Problems, Scenario};

/// Problems that are told one by one; of the others only their number is.
const TOLD: usize = 50;
/// The shortest recording.
const SHORTEST: Millis = Millis::HOUR;
/// Numbers from here on are milliseconds since the epoch, below they are seconds.
const MILLISECONDS_FROM: f64 = 1e11;

/// A recording, with what is left out of it.
#[derive(Debug)]
pub struct Recorded {
    /// The recording.
    pub recording: Recording,
    /// What was in the files and cannot be replayed, a line each.
    pub remarks: Vec<String>,
}

/// Reads recorded metrics of devices of the scenario's classes: CSV, what `list-metric-values` answers, and what the
/// service's metrics export sends; of a directory every file with such an ending.
///
/// # Errors
/// Every problem that was found, in the order of files and places.
pub fn read(paths: &[PathBuf], scenario: &Scenario) -> Result<Recorded, Problems> {
    let mut reader = Reader::new(scenario);
    for path in paths {
        if path.is_dir() {
            reader.directory(path);
        } else {
            reader.file(path);
        }
    }
    reader.finish()
}

/// Endings of files that are read out of a directory.
const ENDINGS: [&str; 4] = ["csv", "json", "jsonl", "ndjson"];

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A value as it was read.
struct Row {
    point: Point,
    /// Of two values for one time, the one with the higher version counts (D-94).
    version: u64,
    place: Place,
}

/// What a value is of; the numbers are the reader's.
#[derive(Clone, Copy)]
pub(super) struct Series {
    thing: u32,
    metric: u32,
}

/// Collects values and problems.
pub(super) struct Reader<'a> {
    scenario: &'a Scenario,
    problems: Problems,
    untold: usize,
    things: BTreeMap<String, u32>,
    metrics: Vec<(MetricRef, bool)>,
    /// By thing: its first place, and the class that it was given, with the place of that.
    facts: Vec<(Place, Option<(usize, Place)>)>,
    rows: Vec<Row>,
    /// What is not replayed: (what, why) and number of values.
    left_out: BTreeMap<(String, &'static str), u64>,
    pub(super) remarks: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(scenario: &'a Scenario) -> Reader<'a> {
        Reader {
            scenario,
            problems: Problems::new(),
            untold: 0,
            things: BTreeMap::new(),
            metrics: Vec::new(),
            facts: Vec::new(),
            rows: Vec::new(),
            left_out: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        } else {
            self.untold += 1;
        }
    }

    fn directory(&mut self, path: &Path) {
        let entries = std::fs::read_dir(path).map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())));
        let mut files: Vec<PathBuf> = match entries {
            Ok(entries) => entries.filter(|file| file.is_file() && ENDINGS.contains(&&*ending(file))).collect(),
            Err(error) => {
                let message = format!("`{}` cannot be read: {}", path.display(), library::error_text(&error));
                return self.problem(Problem::error(None, message));
            }
        };
        files.sort();
        if files.is_empty() {
            let message = format!("directory `{}` holds no recorded metrics", path.display());
            self.problem(Problem::error(None, message).help("they end in .csv, .json, .jsonl or .ndjson"));
        }
        files.iter().for_each(|file| self.file(file));
    }

    fn file(&mut self, path: &Path) {
        let source = match library::read(path) {
            Ok(source) => source,
            Err(problem) => return self.problem(problem),
        };
        match ending(path).as_str() {
            "csv" => table::read(&source, self),
            "json" | "jsonl" | "ndjson" => json::read(&source, path, self),
            _ => {
                let message = format!("`{}` is neither a table nor JSON by its name", path.display());
                self.problem(Problem::error(None, message).help("name it .csv, .json or .jsonl"));
            }
        }
    }

    /// The series of a thing and a metric. `None`: a problem was noted, or the metric is not replayed.
    pub(super) fn series(&mut self, thing: (&str, &Place), metric: (&str, &Place)) -> Option<Series> {
        let (thing, metric) = (self.thing(thing.0, thing.1), self.metric(metric.0, metric.1));
        let series = Series { thing: thing?, metric: metric? };
        match self.metrics[series.metric as usize].1 {
            true => Some(series),
            false => {
                let name = self.metrics[series.metric as usize].0.to_string();
                self.leave_out(name, "is no number");
                None
            }
        }
    }

    /// A value that is not replayed.
    pub(super) fn leave_out(&mut self, what: String, why: &'static str) {
        *self.left_out.entry((what, why)).or_default() += 1;
    }

    pub(super) fn thing(&mut self, name: &str, place: &Place) -> Option<u32> {
        if let Some(known) = self.things.get(name) {
            return Some(*known);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || ":_-".contains(c);
        if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
            let message = format!("a thing's name must be 1 to 128 letters, digits and `:_-`, found `{name}`");
            self.problem(Problem::error(place.unquoted(name), message));
            return None;
        }
        let number = self.facts.len() as u32;
        self.things.insert(name.to_owned(), number);
        self.facts.push((place.clone(), None));
        Some(number)
    }

    /// Says which class a thing belongs to.
    pub(super) fn classify(&mut self, thing: u32, class: &str, place: &Place) {
        let names = self.scenario.classes.iter().map(|class| class.name.as_str());
        let Some(position) = names.clone().position(|name| name == class) else {
            let problem = Problem::error(place.unquoted(class), format!("no class is named `{class}`"));
            return self.problem(match suggestion(class, names) {
                Some(help) => problem.help(help),
                None => problem,
            });
        };
        match &self.facts[thing as usize].1 {
            Some((known, before)) if *known != position => {
                let message = format!(
                    "class `{class}` of a thing that is of class `{}` at {before}",
                    self.scenario.classes[*known].name
                );
                self.problem(Problem::error(place.unquoted(class), message));
            }
            Some(_) => {}
            None => self.facts[thing as usize].1 = Some((position, place.clone())),
        }
    }

    fn metric(&mut self, name: &str, place: &Place) -> Option<u32> {
        let known = self.metrics.iter().position(|(metric, _)| match metric {
            MetricRef::Aws(metric) => metric.name() == name,
            MetricRef::Custom(custom) => custom == name,
        });
        if let Some(known) = known {
            return Some(known as u32);
        }
        let custom = self.scenario.custom_metrics.iter().find(|metric| metric.name == name);
        let metric = match (name.parse::<Metric>(), custom) {
            (Ok(metric), _) => (MetricRef::Aws(metric), is_number(metric)),
            (_, Some(custom)) => (MetricRef::Custom(name.into()), custom.metric_type == CustomMetricType::Number),
            _ => {
                let customs = self.scenario.custom_metrics.iter().map(|metric| metric.name.as_str());
                let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).chain(customs).collect();
                let message = format!("neither the service nor the scenario has a metric `{name}`");
                let problem = Problem::error(place.unquoted(name), message);
                self.problem(match suggestion(name, names) {
                    Some(help) => problem.help(help),
                    None => problem,
                });
                return None;
            }
        };
        self.metrics.push(metric);
        Some(self.metrics.len() as u32 - 1)
    }

    /// A time: RFC 3339, or a number since the epoch.
    pub(super) fn time(&mut self, text: &str, place: &Place) -> Option<Timestamp> {
        let read = match text.parse::<f64>() {
            Ok(number) if (0.0..1e14).contains(&number) => {
                let scale = if number < MILLISECONDS_FROM { 1e3 } else { 1.0 };
                Ok(Timestamp(libm::round(number * scale) as i64))
            }
            _ => parse_instant(text).map_err(|error| (error.must, error.help)),
        };
        read.map_err(|(must, help)| {
            let message = format!("a timestamp must {must}, or a number of seconds since the epoch, found `{text}`");
            self.problem(Problem::error(place.unquoted(text), message).help(help));
        })
        .ok()
    }

    /// A value of a series; `version` 0 where there is none.
    pub(super) fn value(&mut self, series: Series, time: Timestamp, text: &str, version: u64, place: &Place) {
        let metric = &self.metrics[series.metric as usize].0;
        let is_count = matches!(metric, MetricRef::Aws(_));
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && !(is_count && (value < 0.0 || value.fract() != 0.0)) => {
                let point = Point { thing: series.thing, metric: series.metric, time, value };
                self.rows.push(Row { point, version, place: place.clone() });
            }
            _ => {
                let must = if is_count { "a whole number, 0 or more" } else { "a number" };
                let message = format!("a value of `{metric}` must be {must}, found `{text}`");
                self.problem(Problem::error(place.unquoted(text), message));
            }
        }
    }

    fn finish(mut self) -> Result<Recorded, Problems> {
        let order = self.order();
        let mut points = self.unique();
        if self.rows.is_empty() && self.problems.is_empty() {
            self.problem(Problem::error(None, "the files hold no value that can be replayed"));
        }
        points.iter_mut().for_each(|point| point.thing = order[point.thing as usize]);
        points.sort_by_key(|point| (point.thing, point.metric, point.time));
        let windows = points.iter().map(|point| window(&self.metrics[point.metric as usize].0, point.time));
        let covered = windows.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let (start, end) = covered.unwrap_or((Timestamp(0), Timestamp(0)));
        if covered.is_some() && !(SHORTEST..=Millis::days(366)).contains(&(end - start)) {
            let message = format!(
                "a recording must cover an hour to 366 days, found {} from {start} to {end}",
                crate::scenario::quantity::Exactly(end - start)
            );
            self.problem(Problem::error(None, message));
        }
        if self.problems.errors() > 0 {
            self.problems.sort();
            if self.untold > 0 {
                self.problems.push(Problem::error(None, format!("{} more problems", self.untold)));
            }
            return Err(self.problems);
        }
        let mut things: Vec<(u32, Thing)> = Vec::new();
        for (name, number) in &self.things {
            let class = self.facts[*number as usize].1.as_ref().expect("every thing has a class").0;
            things.push((order[*number as usize], Thing { name: name.clone(), class }));
        }
        things.sort_by_key(|(position, _)| *position);
        let mut remarks = self.remarks;
        for ((what, why), count) in &self.left_out {
            remarks.push(format!("{what} {why}: {count} values are not replayed"));
        }
        let metrics = self.metrics.into_iter().map(|(metric, _)| metric).collect();
        let things = things.into_iter().map(|(_, thing)| thing).collect();
        Ok(Recorded { recording: Recording { things, metrics, points, start, end }, remarks })
    }

    /// Gives every thing a class, and its position in the fleet: by class and name.
    fn order(&mut self) -> Vec<u32> {
        let classes = &self.scenario.classes;
        let mut unknown = Vec::new();
        for (name, number) in &self.things {
            let (place, class) = &mut self.facts[*number as usize];
            if class.is_some() {
                continue;
            }
            // As simulated things are called; of several such classes the one with the longest name.
            let called = |class: &str| name.strip_prefix(class).is_some_and(|rest| rest.starts_with('-'));
            let by_name = (0..classes.len()).filter(|i| called(&classes[*i].name));
            let found = match classes.len() {
                1 => Some(0),
                _ => by_name.max_by_key(|i| classes[*i].name.len()),
            };
            match found {
                Some(found) => *class = Some((found, place.clone())),
                None => unknown.push((name.clone(), place.clone())),
            }
        }
        for (name, place) in unknown {
            let all: Vec<String> = self.scenario.classes.iter().map(|class| format!("`{}`", class.name)).collect();
            let message = format!("the scenario has {} classes, and nothing says of which `{name}` is", all.len());
            let help = format!(
                "add a column `class`, or a table of `thing` and `class`; there is {}",
                crate::scenario::problem::in_words(&all)
            );
            self.problem(Problem::error(place.unquoted(&name), message).help(help));
        }
        let mut by_class: Vec<(usize, u32)> = Vec::new();
        for number in self.things.values() {
            by_class.push((self.facts[*number as usize].1.as_ref().map_or(0, |(class, _)| *class), *number));
        }
        // Names were in order before, and stay so within a class.
        by_class.sort_by_key(|(class, _)| *class);
        let mut order = vec![0; by_class.len()];
        by_class.iter().enumerate().for_each(|(position, (_, number))| order[*number as usize] = position as u32);
        order
    }

    /// The values, one at a time: of several the one with the highest version. Notes two that contradict each other.
    fn unique(&mut self) -> Vec<Point> {
        let key = |row: &Row| (row.point.thing, row.point.metric, row.point.time);
        self.rows.sort_by_key(|row| (key(row), row.version));
        let mut contradictions = Vec::new();
        let mut points = Vec::with_capacity(self.rows.len());
        for same in self.rows.chunk_by(|a, b| key(a) == key(b)) {
            let last = &same[same.len() - 1];
            points.push(last.point);
            let rival = same.iter().find(|row| row.version == last.version && row.point.value != last.point.value);
            if let Some(rival) = rival {
                let message = format!(
                    "another value, `{}`, of the same thing, metric and time as `{}` at {}",
                    last.point.value, rival.point.value, rival.place
                );
                contradictions.push(Problem::error(last.place.clone(), message));
            }
        }
        contradictions.into_iter().for_each(|problem| self.problem(problem));
        points
    }
}

/// The place of a line of a source.
pub(super) fn line_at(source: &Arc<Source>, offset: usize) -> Place {
    let text = &source.text;
    let start = offset.min(text.len());
    let end = text[start..].find(['\r', '\n']).map_or(text.len(), |length| start + length);
    Place::new(source, start..end)
}
