//! What the comparison with the service's model found, operation by operation, for the conformance page.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cases::{Direction, cases};
use crate::{operations, types};

/// One operation of the service's model.
#[derive(Default, Serialize)]
struct Operation {
    operation: String,
    /// Whether the engine has a type for its input and its output.
    input: bool,
    output: bool,
    /// Right requests that the engine's operation took, of how many.
    taken: usize,
    right: usize,
    /// Wrong requests that it refused, of how many.
    refused: usize,
    wrong: usize,
}

#[test]
fn each_operation_is_tallied_for_the_conformance_page() {
    let types = types::types();
    let mut tally: BTreeMap<String, Operation> = BTreeMap::new();
    for case in cases() {
        let row = tally.entry(case.operation.clone()).or_default();
        row.operation.clone_from(&case.operation);
        if case.direction == Direction::Out || case.name == "every member" {
            continue;
        }
        let Some(outcome) = operations::call(&case.operation, &case.document) else { continue };
        if case.right {
            row.right += 1;
            row.taken += usize::from(outcome.is_ok());
        } else {
            row.wrong += 1;
            row.refused += usize::from(outcome.is_err());
        }
    }
    for (name, row) in &mut tally {
        row.input = types.contains_key(&(name.as_str(), Direction::In));
        row.output = types.contains_key(&(name.as_str(), Direction::Out));
    }
    assert!(tally.values().any(|row| row.right > 0 && row.wrong > 0), "no operation was called");
    if let Some(folder) = std::env::var_os("FLEETRANGE_AWS_WRITTEN") {
        let rows: Vec<_> = tally.into_values().collect();
        let path = std::path::Path::new(&folder).join("operations.json");
        std::fs::write(path, serde_json::to_vec(&rows).expect("JSON")).expect("writable");
    }
}
