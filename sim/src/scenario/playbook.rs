//! A playbook, who responds and how, from a file of its own, in the place of a scenario's.

use std::path::Path;

use super::library::read;
use super::problem::{Problem, Problems, suggestion};
use super::reference::TableDoc;
use super::tree::{Node, Value, parse_toml};

/// The sections of a scenario that are its playbook.
const SECTIONS: [&str; 3] = ["mitigation-actions", "responder", "team"];

/// Puts the playbook of another file, which may be a whole scenario, in the place of the one that `tree` has. Responders
/// and teams that the file lacks do not exist, so that an empty file is nobody who responds; mitigation actions stay
/// where it has none.
pub(crate) fn replace(tree: &mut Node, file: &Path, format: &TableDoc, problems: &mut Problems) {
    let source = match read(file) {
        Ok(source) => source,
        Err(problem) => return problems.push(problem),
    };
    let (playbook, syntax) = parse_toml(&source);
    let is_whole = syntax.is_empty();
    problems.extend(syntax);
    let (Value::Table(playbook), Value::Table(scenario), true) = (playbook.value, &mut tree.value, is_whole) else {
        return;
    };
    let known: Vec<&str> = format.keys.iter().map(|key| key.key).collect();
    scenario.entries.retain(|entry| entry.key == SECTIONS[0] || !SECTIONS.contains(&entry.key.as_str()));
    for mut entry in playbook.entries {
        if SECTIONS.contains(&entry.key.as_str()) {
            from_beside(&mut entry.node, file, entry.key == SECTIONS[0]);
            scenario.entries.retain(|other| other.key != entry.key);
            scenario.entries.push(entry);
        } else if !known.contains(&entry.key.as_str()) {
            let problem = Problem::error(entry.key_place, format!("a playbook has no `{}`", entry.key));
            problems.push(problem.help(suggestion(&entry.key, SECTIONS).unwrap_or_default()));
        }
    }
}

/// Paths are meant from where the playbook lies.
fn from_beside(node: &mut Node, file: &Path, is_path: bool) {
    match &mut node.value {
        Value::Text(path) if is_path => {
            let beside = file.parent().unwrap_or_else(|| Path::new("")).join(&*path);
            *path = std::path::absolute(&beside).unwrap_or(beside).display().to_string();
        }
        Value::List(list) => list.iter_mut().for_each(|item| from_beside(item, file, is_path)),
        Value::Table(table) => {
            table.entries.iter_mut().for_each(|entry| from_beside(&mut entry.node, file, entry.key == "document"));
        }
        _ => {}
    }
}
