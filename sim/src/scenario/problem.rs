//! What is wrong with a scenario or a document: every problem, each with its place and its remedy.

use std::fmt;

use super::source::Place;

/// Whether a problem stops the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It stops the run.
    Error,
    /// It is told, and the run goes on.
    Warning,
}

/// One thing that is wrong or odd.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Whether it stops the run.
    pub severity: Severity,
    /// The `UPPER_SNAKE` code of a tolerated deviation or lint, or the service's exception.
    pub code: Option<String>,
    /// What was found and what is allowed: lowercase, no final period.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
    /// Where; `None` where there is no text to point into (a file that cannot be read).
    pub place: Option<Place>,
}

impl Problem {
    /// An error at a place.
    pub fn error(place: impl Into<Option<Place>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Error, code: None, message: message.into(), help: None, place: place.into() }
    }

    /// A warning with its code.
    pub fn warning(code: &str, place: impl Into<Option<Place>>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, code: Some(code.into()), ..Problem::error(place, message) }
    }

    /// The same with a remedy.
    pub fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }

    /// The same with a code.
    pub fn code(self, code: impl Into<String>) -> Problem {
        Problem { code: Some(code.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl miette::Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.place.as_ref().map(|place| place.source.as_ref() as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        Some(Box::new(std::iter::once(miette::LabeledSpan::underline(place.span.clone()))))
    }
}

/// Every problem that was found, in the order of files and places.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// No problem yet.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// Notes a problem; the same one twice is noted once.
    pub fn push(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Notes all of these.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Every problem, in the order in which they were noted.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Number of problems, warnings included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of problems that stop the run.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Brings them into the order of files (as first mentioned) and places.
    pub fn sort(&mut self) {
        let mut files: Vec<String> = Vec::new();
        for place in self.list.iter().filter_map(|problem| problem.place.as_ref()) {
            if !files.contains(&place.source.name) {
                files.push(place.source.name.clone());
            }
        }
        self.list.sort_by_key(|problem| {
            problem.place.as_ref().map(|place| {
                (files.iter().position(|name| *name == place.source.name), place.span.start, place.span.end)
            })
        });
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Problems {
    /// The plain form, one block per problem: `PATH:LINE:COLUMN  message`, then `help: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            if let Some(place) = &problem.place {
                write!(f, "{place}  ")?;
            }
            if problem.severity == Severity::Warning {
                write!(f, "warning")?;
                if let Some(code) = &problem.code {
                    write!(f, " {code}")?;
                }
                write!(f, ": ")?;
            }
            write!(f, "{}", problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, "\nhelp: {help}")?;
            }
        }
        Ok(())
    }
}

/// The name among `names` that was probably meant: few edits away in proportion to its length.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    names
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(lower.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to say about a name that does not exist: the one probably meant, else what there is.
pub fn suggestion<'a>(name: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(meant) = nearest(name, names.clone()) {
        return Some(format!("did you mean `{meant}`?"));
    }
    let mut all: Vec<String> = Vec::new();
    for name in names.into_iter().map(|name| format!("`{name}`")) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    match all.len() {
        0 => None,
        1..=40 => Some(format!("there is {}", in_words(&all))),
        n => Some(format!("there are {n}, for example {}", in_words(&all[..3]))),
    }
}

/// `a`, `b` and `c`.
pub(crate) fn in_words(items: &[String]) -> String {
    joined(items, "and")
}

/// `a`, `b` or `c`.
pub(crate) fn either(items: &[String]) -> String {
    joined(items, "or")
}

fn joined(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["duration", "start", "stagger", "targets"];
        assert_eq!(nearest("durration", names), Some("duration"));
        assert_eq!(nearest("Start", names), Some("start"));
        assert_eq!(nearest("tagrets", names), Some("targets"));
        assert_eq!(nearest("zebra", names), None);
    }

    #[test]
    fn problems_come_in_the_order_of_their_places() {
        let source = Source::new("a.toml", "one\ntwo\n");
        let mut problems = Problems::new();
        problems.push(Problem::error(Place::new(&source, 4..7), "second").help("do this"));
        problems.push(Problem::error(Place::new(&source, 0..3), "first"));
        problems.push(Problem::error(Place::new(&source, 0..3), "first"));
        problems.push(Problem::warning("ODD", None, "odd"));
        problems.sort();
        assert_eq!(problems.to_string(), "warning ODD: odd\na.toml:1:1  first\na.toml:2:1  second\nhelp: do this");
        assert_eq!((problems.len(), problems.errors()), (3, 2));
    }
}
