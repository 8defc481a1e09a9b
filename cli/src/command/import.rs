//! `fleetrange import`

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use sim::scenario::mud::{Mud, read};
use sim::scenario::source::Source;

use super::counted;
use super::new::{DEVICE_POLICY, create};
use crate::arguments::ImportMud;
use crate::exit::Code;
use crate::tell::Tell;

/// The scenario around an imported class; `{docs}` is the folder of its documents.
const SCENARIO: &str = include_str!("starter/imported.toml");

/// Writes a scenario with a class and a profile made from a description.
pub fn run(arguments: &ImportMud, tell: &Tell) -> Code {
    let path = &arguments.file;
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            tell.failure(&format!("`{}` cannot be read: {error}", path.display()));
            return Code::CannotStart;
        }
    };
    let mut networks: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (name, network) in &arguments.resolve {
        networks.entry(name.clone()).or_default().push(*network);
    }
    let mud = match read(&Source::new(path.display().to_string(), text), &networks) {
        Ok((mud, warnings)) => {
            tell.problems(&warnings);
            mud
        }
        Err(problems) => {
            tell.problems(&problems);
            tell.failure(&counted(problems.errors()));
            return Code::CannotStart;
        }
    };
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", mud.name)));
    let profile = serde_json::to_string_pretty(&mud.profile()).expect("a profile has text keys") + "\n";
    let documents = [DEVICE_POLICY, ("security-profile.json", profile.as_str())];
    create(&out, &scenario(&mud, &arguments.archetype), &documents, tell)
}

fn scenario(mud: &Mud, archetype: &str) -> String {
    // The maker's own words come last, in comments of one line: nothing in them is taken for a place to fill.
    let system = if mud.system.is_empty() { mud.name.clone() } else { mud.system.clone() };
    let overrides = mud.overrides();
    let values = [
        ("{overrides}", overrides.as_str()),
        ("{name}", &mud.name),
        ("{archetype}", archetype),
        ("{url}", &mud.url),
        ("{system}", &system),
    ];
    values.into_iter().fold(SCENARIO.to_owned(), |text, (key, value)| text.replace(key, value))
}
