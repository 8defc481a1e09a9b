//! Every test vector of the specification (section 12, and the table of 3.3) has a test that bears its id: `T-D14` is
//! held by `t_d14_…`. Here the list of vectors is compared with the names of all tests, so that none goes missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The vectors of each series, first and last.
const VECTORS: [(char, u32, u32); 15] = [
    ('w', 1, 20),
    ('p', 1, 36),
    ('p', 40, 48),
    ('z', 1, 8),
    ('c', 1, 11),
    ('c', 20, 51),
    ('a', 1, 12),
    ('s', 1, 10),
    ('d', 1, 21),
    ('d', 30, 44),
    ('d', 50, 62),
    ('v', 1, 15),
    ('r', 1, 13),
    ('m', 1, 28),
    ('j', 1, 6),
];

/// The name of a test that a line declares: a function, or the head of a row of a macro of tests.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let name = line.strip_prefix("fn ").unwrap_or(line).split([':', '(']).next()?;
    (name.len() < line.len() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

/// The vector that a test is named after.
fn vector(name: &str) -> Option<&str> {
    let id = name.get(..5)?;
    let shape = id.strip_prefix("t_")?.as_bytes();
    let is_id = shape[0].is_ascii_lowercase() && shape[1..].iter().all(u8::is_ascii_digit);
    (is_id && name[5..].starts_with('_')).then_some(id)
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            found.extend(text.lines().filter_map(declared).filter_map(vector).map(str::to_owned));
        }
    }
}

#[test]
fn every_vector_has_a_test_that_bears_its_id() {
    let vectors: BTreeSet<String> = VECTORS
        .iter()
        .flat_map(|&(series, first, last)| (first..=last).map(move |number| format!("t_{series}{number:02}")))
        .collect();
    assert_eq!(vectors.len(), 249);
    let mut found = BTreeSet::new();
    for folder in ["src", "tests"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let missing: Vec<_> = vectors.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&vectors).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "without a test: {missing:?}; no vectors: {unknown:?}");
}
