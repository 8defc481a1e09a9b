//! The directory that a run leaves behind: whole or not at all.
//!
//! Everything is written into a temporary sibling and renamed at the end, so that nobody ever sees half a result. A
//! directory that is already there is replaced only if a run of this program wrote it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lab::Scorecard;
use lab::chaos::Chaos;
use lab::compare::Comparison;
use lab::outcome::{Outcome, RepairRow};
use lab::seeds::OverSeeds;
use lab::sweep::Sweep;
use lab::tune::Tuning;
use tempfile::TempDir;

use crate::documents;
use crate::html;
use crate::part;
use crate::plot::{self, Figure};
use crate::raster::{self, RasterError};
use crate::saved;
use crate::scores;
use crate::seeds;
use crate::summary::{SCHEMA, Summary};
use crate::tables::{self, ROWS_MAX, TableNote};

/// Why a run directory could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Something that no run wrote is there.
    #[error("`{}` exists and is not a result of this program; choose another directory or move it away", path.display())]
    NotOurs {
        /// The destination.
        path: PathBuf,
    },
    /// The destination is a file.
    #[error("`{}` is a file, a directory is needed", path.display())]
    NotDirectory {
        /// The destination.
        path: PathBuf,
    },
    /// The destination has no name, like `/` or `..`.
    #[error("`{}` cannot be used as a result directory, give it a name of its own", path.display())]
    NoName {
        /// The destination.
        path: PathBuf,
    },
    /// The disk, or the quota on it, is full.
    #[error("no space left to write `{}`; nothing was kept", path.display())]
    Full {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder must not be written to.
    #[error("`{}` cannot be written to", path.display())]
    Unwritable {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else that the system refused.
    #[error("cannot write `{}`", path.display())]
    Io {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A figure could not become a picture: a mistake in this program.
    #[error("cannot draw a picture")]
    Picture(#[from] RasterError),
    /// The report could not be put together: a mistake in this program.
    #[error("cannot put the report together")]
    Report(#[from] minijinja::Error),
}

impl WriteError {
    fn io(path: &Path, source: io::Error) -> WriteError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::WriteZero => {
                WriteError::Full { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                WriteError::Unwritable { path, source }
            }
            _ => WriteError::Io { path, source },
        }
    }
}

/// Writes everything that a run leaves behind into `dir`, replacing an earlier result there.
///
/// # Errors
/// [`WriteError`]; then `dir` is as it was before.
pub fn write_run(dir: &Path, outcome: &Outcome, card: &Scorecard, lock_toml: &str) -> Result<(), WriteError> {
    Destination::open(dir)?.write(outcome, card, lock_toml, None)
}

/// A place that was checked and reserved: opened before a long run, so that a mistake shows early.
#[derive(Debug)]
pub struct Destination {
    dir: PathBuf,
    temporary: TempDir,
}

impl Destination {
    /// Checks that `dir` may be written, creates its parents and a temporary sibling.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn open(dir: &Path) -> Result<Destination, WriteError> {
        check_replaceable(dir)?;
        let name = dir.file_name().ok_or_else(|| WriteError::NoName { path: dir.to_owned() })?;
        let parent = parent(dir);
        fs::create_dir_all(parent).map_err(|error| WriteError::io(parent, error))?;
        let prefix = format!(".{}.", name.to_string_lossy());
        let temporary = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".part")
            .tempdir_in(parent)
            .map_err(|error| WriteError::io(parent, error))?;
        Ok(Destination { dir: dir.to_owned(), temporary })
    }

    /// The directory that will be there in the end.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Writes everything, then puts it into place. Of several seeds, `outcome` is the first.
    ///
    /// # Errors
    /// [`WriteError`]; then the destination is as it was before.
    pub fn write(
        self,
        outcome: &Outcome,
        card: &Scorecard,
        lock_toml: &str,
        over: Option<&OverSeeds>,
    ) -> Result<(), WriteError> {
        self.fill(|dir| write_files(dir, outcome, card, lock_toml, over))
    }

    /// Lets a directory be filled, then puts it into place.
    pub(crate) fn fill(self, fill: impl FnOnce(&Path) -> Result<(), WriteError>) -> Result<(), WriteError> {
        // A directory inside the temporary one, since that is made for its owner alone.
        let inside = self.temporary.path().join("run");
        create_dir(&inside)?;
        fill(&inside)?;
        check_replaceable(&self.dir)?;
        self.put_into_place(&inside)
    }

    fn put_into_place(self, inside: &Path) -> Result<(), WriteError> {
        let failed = |error| WriteError::io(&self.dir, error);
        if !self.dir.exists() {
            return fs::rename(inside, &self.dir).map_err(failed);
        }
        let old = self.temporary.path().join("old");
        fs::rename(&self.dir, &old).map_err(failed)?;
        let Err(error) = fs::rename(inside, &self.dir) else { return Ok(()) };
        let error = failed(error);
        if fs::rename(&old, &self.dir).is_err() {
            // The earlier result cannot go back either: leave it where it is rather than lose it.
            let _ = self.temporary.keep();
        }
        Err(error)
    }
}

fn parent(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Nothing there, an empty directory, or one of ours.
fn check_replaceable(dir: &Path) -> Result<(), WriteError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory || dir.is_file() => {
            return Err(WriteError::NotDirectory { path: dir.to_owned() });
        }
        Err(error) => return Err(WriteError::io(dir, error)),
    };
    if entries.count() == 0 || is_ours(dir) {
        return Ok(());
    }
    Err(WriteError::NotOurs { path: dir.to_owned() })
}

/// The documents by which a directory of this program is known, each with its schema.
const MARKS: [(&str, &str); 5] = [
    ("summary.json", SCHEMA),
    ("comparison.json", Comparison::SCHEMA),
    ("sweep.json", Sweep::SCHEMA),
    ("tuning.json", Tuning::SCHEMA),
    ("chaos.json", Chaos::SCHEMA),
];

/// Whether this program, of whatever version, wrote this directory.
fn is_ours(dir: &Path) -> bool {
    MARKS.iter().any(|(file, schema)| {
        let Ok(text) = fs::read_to_string(dir.join(file)) else { return false };
        let family = schema.split('/').next().unwrap_or(schema);
        let json = serde_json::from_str::<serde_json::Value>(&text).ok();
        json.and_then(|json| Some(json.get("schema")?.as_str()?.split('/').next()? == family)).unwrap_or(false)
    })
}

fn create_dir(path: &Path) -> Result<(), WriteError> {
    fs::create_dir(path).map_err(|error| WriteError::io(path, error))
}

fn write_files(
    dir: &Path,
    outcome: &Outcome,
    card: &Scorecard,
    lock_toml: &str,
    over: Option<&OverSeeds>,
) -> Result<(), WriteError> {
    type Writer = BufWriter<File>;
    let table = |file: &str, write: &dyn Fn(Writer) -> csv::Result<TableNote>| -> Result<TableNote, WriteError> {
        let path = dir.join(file);
        let out = BufWriter::new(File::create(&path).map_err(|error| WriteError::io(&path, error))?);
        write(out).map_err(|error| {
            let source = match error.into_kind() {
                csv::ErrorKind::Io(source) => source,
                other => io::Error::other(format!("{other:?}")),
            };
            WriteError::io(&path, source)
        })
    };
    let notes = [
        table("scores.csv", &|to| scores::scores(card, to))?,
        table("alarms.csv", &|to| tables::alarms(outcome, card, to, ROWS_MAX))?,
        table("findings.csv", &|to| tables::findings(outcome, to, ROWS_MAX))?,
        table("documents.csv", &|to| tables::documents(outcome, to, ROWS_MAX))?,
        table("mitigations.csv", &|to| tables::mitigations(outcome, to, ROWS_MAX))?,
        table("timeline.csv", &|to| tables::timeline(outcome, to, ROWS_MAX))?,
        table("truth.csv", &|to| tables::truth(outcome, card, to, ROWS_MAX))?,
        table("notifications.jsonl", &|to| tables::notifications(outcome, to, ROWS_MAX))?,
    ];
    let figures = plot::figures(outcome, card);
    write_figures(&dir.join("plots"), &figures)?;
    write_repairs(dir, outcome)?;
    write_text(&dir.join("scenario.lock.toml"), lock_toml)?;
    saved::write(dir, outcome).map_err(|error| WriteError::io(&dir.join(saved::FILE), error))?;
    let navigator = lab::coverage::navigator(outcome, &card.detection.attacks);
    let pretty = |value: &serde_json::Value| format!("{value:#}\n");
    write_text(&dir.join("navigator.json"), &pretty(&navigator))?;
    write_text(&dir.join("report.html"), &html::report(outcome, card, over, &figures, &notes)?)?;
    if let Some(over) = over {
        write_text(&dir.join(seeds::FILE), &part::json(over))?;
    }
    let path = dir.join("summary.json");
    let json =
        Summary::of(outcome, card, over, &notes).to_json().map_err(|error| WriteError::io(&path, error.into()))?;
    write_text(&path, &json)
}

/// The proposed documents, one file each; no folder if there is none.
fn write_repairs(dir: &Path, outcome: &Outcome) -> Result<(), WriteError> {
    for (document, file) in outcome.documents.iter().zip(documents::files(outcome)) {
        let (RepairRow::Proposed { text, .. }, Some(file)) = (&document.repair, file) else { continue };
        let folder = dir.join(documents::FOLDER);
        if !folder.exists() {
            create_dir(&folder)?;
        }
        write_text(&folder.join(file), &format!("{text}\n"))?;
    }
    Ok(())
}

pub(crate) fn write_figures(dir: &Path, figures: &[Figure]) -> Result<(), WriteError> {
    create_dir(dir)?;
    for figure in figures {
        let svg = figure.standalone();
        let picture = dir.join(format!("{}.png", figure.name));
        fs::write(&picture, raster::png(&svg)?).map_err(|error| WriteError::io(&picture, error))?;
        write_text(&dir.join(format!("{}.svg", figure.name)), &svg)?;
        write_text(&dir.join(format!("{}.csv", figure.name)), &figure.data)?;
    }
    Ok(())
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), WriteError> {
    let mut file = File::create(path).map_err(|error| WriteError::io(path, error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| WriteError::io(path, error))
}
