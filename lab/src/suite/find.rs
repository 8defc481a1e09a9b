//! Which tests there are: files named, and all below the folders named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sim::scenario::library::{error_text, read};
use sim::scenario::tree::parse_toml;
use sim::scenario::{LoadOptions, Loaded, Problem, Problems, load};

use super::report::Kind;
use crate::rule_test::{self, RuleTest};

/// A test, ready to run.
#[derive(Debug)]
pub struct Test {
    /// Its file, as it was named or found.
    pub file: String,
    /// Where in it, as a line.
    pub line: usize,
    /// Its name: of a scenario its own, of a rule test the one that it was given.
    pub name: String,
    /// What is tested.
    pub what: What,
}

/// What is tested.
#[derive(Debug)]
pub enum What {
    /// A scenario, with what it expects.
    Scenario(Box<Loaded>),
    /// A security profile, by series of datapoints.
    Rule(Box<RuleTest>),
}

impl Test {
    /// Whether a part of its file's path or of its name reads so.
    pub fn is_named(&self, part: &str) -> bool {
        format!("{}: {}", self.file, self.name).contains(part)
    }

    /// The kind of test it is.
    pub fn kind(&self) -> Kind {
        match self.what {
            What::Scenario(_) => Kind::Scenario,
            What::Rule(_) => Kind::Rule,
        }
    }
}

/// What a TOML file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Scenario,
    Rules,
    /// No test: a scenario that expects nothing, a lock, or something else altogether.
    Other,
}

/// The tests of these files and of all TOML files below these folders, in the order of their paths, with what is odd
/// about them. In folders, files that are no tests are passed over; a file that is named must be one.
///
/// # Errors
/// Every problem of every file.
pub fn find(paths: &[PathBuf]) -> Result<(Vec<Test>, Problems), Problems> {
    let mut problems = Problems::new();
    let mut files: BTreeSet<(PathBuf, bool)> = BTreeSet::new();
    for path in paths {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => walk(path, &mut files, &mut problems),
            Ok(_) => {
                // A file that is named and below a folder that is named too is one file.
                files.remove(&(path.clone(), false));
                files.insert((path.clone(), true));
            }
            Err(error) => problems.push(unreadable(path, &error)),
        }
    }
    let named: BTreeSet<PathBuf> = files.iter().filter(|(_, named)| *named).map(|(path, _)| path.clone()).collect();
    files.retain(|(path, is_named)| *is_named || !named.contains(path));
    let mut tests = Vec::new();
    for (path, is_named) in &files {
        file(path, *is_named, &mut tests, &mut problems);
    }
    if tests.is_empty() && problems.errors() == 0 {
        let written: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        problems.push(
            Problem::error(None, format!("there is no test in {}", written.join(", ")))
                .help("a test is a scenario with `[expect]`, or a file with `[[test]]`; see docs/tests.md"),
        );
    }
    if problems.errors() > 0 { Err(problems) } else { Ok((tests, problems)) }
}

/// Whether a file holds rule tests, as far as can be told without reading all of it.
pub fn is_rule_tests(path: &Path) -> bool {
    read(path).is_ok_and(|source| {
        let (tree, _) = parse_toml(&source);
        tree.as_table().is_some_and(|table| table.get("test").is_some())
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::error(None, format!("`{}` cannot be read: {}", path.display(), error_text(error)))
}

/// All TOML files below a folder; hidden ones and links to folders are passed over.
fn walk(folder: &Path, files: &mut BTreeSet<(PathBuf, bool)>, problems: &mut Problems) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return problems.push(unreadable(folder, &error)),
    };
    for entry in entries {
        let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
            Ok(found) => found,
            Err(error) => {
                problems.push(unreadable(folder, &error));
                continue;
            }
        };
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        if kind.is_dir() {
            walk(&path, files, problems);
        } else if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            files.insert((path, false));
        }
    }
}

/// The tests of one file.
fn file(path: &Path, is_named: bool, tests: &mut Vec<Test>, problems: &mut Problems) {
    let source = match read(path) {
        Ok(source) => source,
        Err(problem) => return problems.push(problem),
    };
    let (tree, syntax) = parse_toml(&source);
    if !syntax.is_empty() {
        return problems.extend(syntax);
    }
    let has = |key: &str| tree.as_table().is_some_and(|table| table.get(key).is_some());
    let nature = match (has("test"), has("expect")) {
        (true, _) => Nature::Rules,
        (false, true) => Nature::Scenario,
        (false, false) => Nature::Other,
    };
    let name = path.display().to_string();
    match nature {
        Nature::Rules => match rule_test::load(path) {
            Ok((found, odd)) => {
                problems.extend(odd);
                tests.extend(found.into_iter().map(|test| Test {
                    file: name.clone(),
                    line: test.place.line_and_column().0,
                    name: test.name.clone(),
                    what: What::Rule(Box::new(test)),
                }));
            }
            Err(wrong) => problems.extend(wrong),
        },
        Nature::Scenario => match load(path, &[], &LoadOptions::default()) {
            Ok(mut loaded) => {
                problems.extend(std::mem::take(&mut loaded.warnings));
                if loaded.scenario.expectations.is_empty() {
                    problems.push(nothing_expected(&name));
                    return;
                }
                tests.push(Test {
                    file: name,
                    line: loaded.scenario.expectations[0].place.line_and_column().0,
                    name: loaded.scenario.name.clone(),
                    what: What::Scenario(Box::new(loaded)),
                });
            }
            Err(wrong) => problems.extend(wrong),
        },
        Nature::Other if is_named => problems.push(nothing_expected(&name)),
        Nature::Other => {}
    }
}

fn nothing_expected(name: &str) -> Problem {
    Problem::error(None, format!("`{name}` expects nothing"))
        .help("a test is a scenario with `[expect]`, or a file with `[[test]]`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(folder: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(folder)
    }

    #[test]
    fn files_are_found_once_and_in_the_order_of_their_paths() {
        let rules = golden("rules");
        let (all, _) = find(&[rules.join("sets.toml"), rules.clone(), rules]).unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut files: Vec<&str> = all.iter().map(|test| test.file.as_str()).collect();
        files.dedup();
        assert!(files.is_sorted() && files.len() >= 10, "{files:?}");
        let mut names: Vec<(&str, &str)> = all.iter().map(|test| (test.file.as_str(), test.name.as_str())).collect();
        let before = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), before, "no test is there twice");
    }

    #[test]
    fn what_is_no_test_is_passed_over_in_folders_and_told_where_it_is_named() {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let told = find(&[scenarios.join("source-document.toml")]).map(|_| ()).expect_err("it expects nothing");
        assert!(told.to_string().contains("expects nothing"), "{told}");
        let told = find(&[scenarios.join("first-light")]).map(|_| ()).expect_err("documents only");
        assert!(told.to_string().contains("there is no test in"), "{told}");
        let missing = find(&[golden("nowhere")]).map(|_| ()).expect_err("no such folder");
        assert!(missing.to_string().contains("nowhere"), "{missing}");
    }
}
