//! Files that are written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file about to be written: beside its place, until it is whole.
pub struct Output {
    path: PathBuf,
    file: NamedTempFile,
}

impl Output {
    /// Makes sure, before anything long is done, that the file can be written.
    ///
    /// # Errors
    /// What is in the way, for people.
    pub fn open(path: &Path) -> Result<Output, String> {
        if path.is_dir() {
            return Err(format!("`{}` is a folder, not a file", path.display()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fleetrange.");
        // Readable by whoever may read files of this user: a build server often is another one.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        match builder.tempfile_in(folder) {
            Ok(file) => Ok(Output { path: path.to_owned(), file }),
            Err(error) => Err(cannot(path, &error)),
        }
    }

    /// Writes the text and puts the file into its place.
    ///
    /// # Errors
    /// What is in the way, for people.
    pub fn write(mut self, text: &str) -> Result<(), String> {
        let path = self.path;
        self.file.write_all(text.as_bytes()).map_err(|error| cannot(&path, &error))?;
        self.file.persist(&path).map_err(|error| cannot(&path, &error.error))?;
        Ok(())
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be written: {error}", path.display())
}
