//! The texts that a scenario refers to: files beside it, or the ones that it carries inside (`[documents]`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{Problem, Problems, nearest};
use super::source::{Place, Placed, Source};

/// Where documents come from. Remembers each one that was asked for, so that a lock file can carry them all.
#[derive(Debug)]
pub struct Library {
    directory: PathBuf,
    inlined: BTreeMap<String, Arc<Source>>,
    unused: BTreeMap<String, Place>,
    opened: BTreeMap<String, Arc<Source>>,
}

impl Library {
    /// A library beside a scenario file, with the documents that the scenario carries inside.
    pub fn beside(scenario: &Path, inlined: Vec<(String, String, Place)>) -> Library {
        let directory = scenario.parent().unwrap_or_else(|| Path::new("")).to_owned();
        let mut library =
            Library { directory, inlined: BTreeMap::new(), unused: BTreeMap::new(), opened: BTreeMap::new() };
        for (path, text, place) in inlined {
            let name = format!("{}[{path}]", place.source.name);
            library.unused.insert(path.clone(), place);
            library.inlined.insert(path, Source::new(name, text));
        }
        library
    }

    /// The text behind a path; a problem is noted at the place of the path if there is none.
    pub fn open(&mut self, path: &Placed<String>, problems: &mut Problems) -> Option<Arc<Source>> {
        if let Some(source) = self.opened.get(&path.value) {
            return Some(Arc::clone(source));
        }
        let source = match self.inlined.get(&path.value) {
            Some(source) => {
                self.unused.remove(&path.value);
                Arc::clone(source)
            }
            None => match read(&self.directory.join(&path.value)) {
                Ok(source) => source,
                Err(problem) => {
                    problems.push(Problem { place: Some(path.place.clone()), ..problem });
                    return None;
                }
            },
        };
        self.opened.insert(path.value.clone(), Arc::clone(&source));
        Some(source)
    }

    /// Carried documents that nobody asked for.
    pub fn unused(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.unused.iter().map(|(path, place)| (path.as_str(), place))
    }

    /// Every document that was asked for, by the path that the scenario uses.
    pub fn opened(&self) -> impl Iterator<Item = (&str, &str)> {
        self.opened.iter().map(|(path, source)| (path.as_str(), source.text.as_str()))
    }
}

/// Reads a text file.
///
/// # Errors
/// A problem without a place: the file does not exist (with the name probably meant), cannot be read, or is not UTF-8.
pub fn read(path: &Path) -> Result<Arc<Source>, Problem> {
    let shown = path.display();
    let error = match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(Source::new(shown.to_string(), text)),
            Err(_) => return Err(Problem::error(None, format!("`{shown}` is not UTF-8 text"))),
        },
        Err(error) => error,
    };
    if error.kind() != std::io::ErrorKind::NotFound {
        return Err(Problem::error(None, format!("`{shown}` cannot be read: {}", error_text(&error))));
    }
    let problem = Problem::error(None, format!("there is no file `{shown}`"));
    Err(match neighbor(path) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    })
}

/// An operating system's error in our style: lowercase, without its number.
pub fn error_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The file of the same directory whose name is nearest.
fn neighbor(path: &Path) -> Option<String> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut names: Vec<String> =
        std::fs::read_dir(directory).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let meant = nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(path.with_file_name(meant).display().to_string())
}
