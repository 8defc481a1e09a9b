//! `fleetrange new`

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::arguments::New;
use crate::exit::Code;
use crate::tell::Tell;

/// The starter scenario; `{docs}` is the folder of its documents.
const SCENARIO: &str = include_str!("starter/scenario.toml");
/// What devices of a starter may do.
pub(super) const DEVICE_POLICY: (&str, &str) = ("device-policy.json", include_str!("starter/device-policy.json"));
/// Its documents.
const DOCUMENTS: [(&str, &str); 4] = [
    ("security-profile.json", include_str!("starter/security-profile.json")),
    DEVICE_POLICY,
    ("quarantine-policy.json", include_str!("starter/quarantine-policy.json")),
    ("quarantine-action.json", include_str!("starter/quarantine-action.json")),
];

/// Writes a starter scenario with its documents; refuses to overwrite anything.
pub fn run(arguments: &New, tell: &Tell) -> Code {
    create(&arguments.scenario, SCENARIO, &DOCUMENTS, tell)
}

/// Writes a scenario, in which `{docs}` stands for the folder of its documents, and those; refuses to overwrite
/// anything.
pub(super) fn create(path: &Path, scenario: &str, documents: &[(&str, &str)], tell: &Tell) -> Code {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_toml(path)) else {
        tell.failure(&format!(
            "a scenario is a TOML file: expected a name like `my-fleet.toml`, found `{}`",
            path.display()
        ));
        return Code::CannotStart;
    };
    let folder = path.with_extension("");
    for taken in [path, folder.as_path()] {
        if taken.exists() {
            tell.failure(&format!("`{}` exists already; nothing was written", taken.display()));
            return Code::CannotStart;
        }
    }
    match write(path, &folder, &scenario.replace("{docs}", stem), documents) {
        Ok(()) => {
            tell.answer(&format!("{}\n", path.display()));
            tell.remark(&format!("run it: fleetrange run {}", path.display()));
            Code::Yes
        }
        Err(error) => {
            tell.failure(&format!("`{}` cannot be written: {error}", path.display()));
            Code::CannotStart
        }
    }
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

/// Writes into a temporary folder beside the target, then renames: whole or not at all.
fn write(path: &Path, folder: &Path, text: &str, documents: &[(&str, &str)]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let staging = tempfile::tempdir_in(parent)?;
    for (name, content) in documents {
        fs::write(staging.path().join(name), content)?;
    }
    let mut scenario = tempfile::NamedTempFile::new_in(parent)?;
    scenario.write_all(text.as_bytes())?;
    let staged = staging.keep();
    if let Err(error) = fs::rename(&staged, folder) {
        let _ = fs::remove_dir_all(&staged);
        return Err(error);
    }
    if let Err(error) = scenario.persist_noclobber(path) {
        let _ = fs::remove_dir_all(folder);
        return Err(error.error);
    }
    Ok(())
}
