//! A run's outcome, kept in its directory so that it can be scored and told again.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use lab::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// The file's name in a run directory.
pub const FILE: &str = "outcome.json.gz";

/// Name and version of its form.
const SCHEMA: &str = "fleetrange.outcome/1";

#[derive(Serialize)]
struct Written<'a> {
    schema: &'a str,
    outcome: &'a Outcome,
}

#[derive(Deserialize)]
struct Read {
    schema: String,
    outcome: Outcome,
}

/// As much as every form has.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// Why a run directory cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file is not there or cannot be opened.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what a run writes, or it is damaged.
    #[error("`{}` is not a run's outcome: {reason}", path.display())]
    NotAnOutcome {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another version of this program wrote it.
    #[error("`{}` is of the form `{found}`, this program reads `{SCHEMA}`; run the scenario again", path.display())]
    OtherForm {
        /// The file.
        path: PathBuf,
        /// The form that it has.
        found: String,
    },
}

/// Writes the outcome, compressed; the same outcome gives the same bytes.
pub(crate) fn write(dir: &Path, outcome: &Outcome) -> io::Result<()> {
    let file = BufWriter::new(File::create(dir.join(FILE))?);
    let mut to = BufWriter::new(GzBuilder::new().mtime(0).write(file, Compression::fast()));
    serde_json::to_writer(&mut to, &Written { schema: SCHEMA, outcome })?;
    to.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()
}

/// Reads the outcome of a run directory.
///
/// # Errors
/// [`ReadError`].
pub fn read(dir: &Path) -> Result<Outcome, ReadError> {
    let path = dir.join(FILE);
    let file = File::open(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
    let not = |reason: String| ReadError::NotAnOutcome { path: path.clone(), reason };
    let text = io::read_to_string(GzDecoder::new(BufReader::new(file))).map_err(|error| not(error.to_string()))?;
    let read = serde_json::from_str::<Read>(&text);
    // Another form need not read as this one: then its head says which it is.
    let schema = match &read {
        Ok(read) => read.schema.clone(),
        Err(_) => serde_json::from_str::<Head>(&text).map_err(|error| not(error.to_string()))?.schema,
    };
    if schema != SCHEMA {
        return Err(ReadError::OtherForm { path, found: schema });
    }
    let read = read.map_err(|error| not(error.to_string()))?;
    match read.outcome.inconsistency() {
        Some(reason) => Err(not(reason)),
        None => Ok(read.outcome),
    }
}
