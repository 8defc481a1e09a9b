//! The checkpoint file of a run: always whole, replaced in one step.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use defender::time::Timestamp;
use sim::scenario::lock::Lock;
use sim::world::Observer;
use sim::world::checkpoint::Checkpoint;
use tempfile::NamedTempFile;

use crate::progress::Watch;
use crate::tell::Tell;

/// Where checkpoints of a run go.
pub struct CheckpointFile {
    path: PathBuf,
    lock: String,
}

impl CheckpointFile {
    /// Makes sure, before a long run, that the file can be written.
    ///
    /// # Errors
    /// What is in the way, for people.
    pub fn open(path: &Path, lock: &Lock) -> Result<CheckpointFile, String> {
        let file = CheckpointFile { path: path.to_owned(), lock: lock.to_toml(env!("CARGO_PKG_VERSION"), None) };
        if path.is_dir() {
            return Err(format!("`{}` is a folder, not a checkpoint file", path.display()));
        }
        match file.temporary() {
            Ok(_) => Ok(file),
            Err(error) => Err(format!("`{}` cannot be written: {error}", path.display())),
        }
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        tempfile::Builder::new().prefix(".checkpoint.").tempfile_in(folder.unwrap_or(Path::new(".")))
    }

    /// Writes beside the file, then replaces it.
    fn write(&self, checkpoint: &Checkpoint<'_>) -> io::Result<()> {
        let mut to = BufWriter::with_capacity(1 << 20, self.temporary()?);
        checkpoint.write(&self.lock, &mut to)?;
        let temporary = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        temporary.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Watches a run and keeps its checkpoint file.
pub struct Keeper {
    pub watch: Watch,
    pub file: Option<CheckpointFile>,
    pub tell: Tell,
    /// The simulated time of the checkpoint in the file, if this run has written one.
    pub last: Option<Timestamp>,
}

impl Observer for Keeper {
    fn progress(&mut self, done: u64, total: u64, now: Timestamp) {
        self.watch.progress(done, total, now);
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint<'_>) {
        let Some(file) = &self.file else { return };
        match file.write(checkpoint) {
            Ok(()) => self.last = Some(checkpoint.time()),
            // The run itself is unharmed, and the checkpoint before is still there.
            Err(error) => self.tell.remark(&format!("warning: `{}` was not written: {error}", file.path.display())),
        }
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}
