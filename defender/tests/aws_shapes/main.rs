//! The wire types and operations against the service's own model, as the real client ships it.
//!
//! `data/aws/cases.jsonl` is written by `conformance/botocore_check.py` from the API model in botocore: for each
//! operation a document with every member, requests that the service takes, and for each such request what can be
//! wrong with one member of it. Here each document must survive the type that the engine has for it, each request must
//! be taken by the engine's operation, and each wrong one refused. `conformance/run` makes the file anew, and has what
//! the types write and what the operations answer, put into the folder `FLEETRANGE_AWS_WRITTEN`, read by the client's
//! own serializer and parser.

mod cases;
mod operations;
mod tally;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use defender::error::Exception;
use serde::Serialize;
use serde_json::{Map, Value};

use cases::{Case, Direction, cases};

/// A line for the client to read.
#[derive(Serialize)]
struct Written<'a> {
    operation: &'a str,
    direction: Direction,
    case: &'a str,
    document: Value,
}

/// Where documents go that the client is to read, if anywhere.
struct Client(Option<File>);

impl Client {
    /// Each test has its own file.
    fn new(test: &str) -> Client {
        let folder = std::env::var_os("FLEETRANGE_AWS_WRITTEN").map(PathBuf::from);
        Client(folder.map(|folder| File::create(folder.join(format!("{test}.jsonl"))).expect("writable")))
    }

    fn write(&mut self, case: &Case, direction: Direction, document: Value) {
        if let Some(file) = &mut self.0 {
            let line = Written { operation: &case.operation, direction, case: &case.name, document };
            writeln!(file, "{}", serde_json::to_string(&line).expect("JSON")).expect("writable");
        }
    }
}

#[test]
fn every_member_of_the_model_survives_reading_and_writing() {
    let mut client = Client::new("written");
    let (types, mut lost, mut seen) = (types::types(), Vec::new(), BTreeSet::new());
    for case in cases().iter().filter(|case| case.right) {
        let Some(rewrite) = types.get(&(case.operation.as_str(), case.direction)) else { continue };
        seen.insert((case.operation.clone(), case.direction));
        let Case { operation, direction, name, document, .. } = case;
        match rewrite(document) {
            Err(error) => lost.push(format!("{operation} {direction:?}, {name}: {error}")),
            Ok(written) if written != *document => {
                lost.push(format!("{operation} {direction:?}, {name}: {document} became {written}"));
            }
            Ok(written) => client.write(case, *direction, written),
        }
    }
    assert!(lost.is_empty(), "{} documents suffer:\n{}", lost.len(), lost.join("\n"));
    let missing: Vec<_> = types.keys().filter(|(name, way)| !seen.contains(&((*name).to_owned(), *way))).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn every_operation_of_device_defender_can_be_called() {
    let operations = include_str!("../../../conformance/operations.csv").lines().skip(1);
    let ours: Vec<_> = operations.filter_map(|line| line.strip_suffix(",defender")?.split(',').next()).collect();
    assert_eq!(ours.len(), 60);
    let missing: Vec<_> =
        ours.into_iter().filter(|name| operations::call(name, &Value::Object(Map::new())).is_none()).collect();
    assert!(missing.is_empty(), "no operation {missing:?}");
}

#[test]
fn g05_requests_that_the_service_takes_are_taken() {
    let (mut client, mut refused) = (Client::new("answered"), Vec::new());
    for case in cases().iter().filter(|case| case.right && case.name.starts_with("request")) {
        match operations::call(&case.operation, &case.document) {
            None | Some(Ok(Value::Null)) => {}
            Some(Ok(answer)) => client.write(case, Direction::Out, answer),
            Some(Err(error)) => refused.push(format!("{}, {}: {error}", case.operation, case.name)),
        }
    }
    assert!(refused.is_empty(), "{} right requests are refused:\n{}", refused.len(), refused.join("\n"));
}

/// Which exceptions an operation declares, by name, with their HTTP status.
fn declared() -> BTreeMap<(String, String), u16> {
    let lines = include_str!("../data/aws/errors.csv").lines().skip(1);
    let read = |line: &str| {
        let [operation, exception, status] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        ((operation.to_owned(), exception.to_owned()), status.parse().expect("a status"))
    };
    lines.map(read).collect()
}

#[test]
fn exceptions_have_the_status_of_the_model() {
    use Exception::*;
    let ours = [
        InvalidRequest,
        Throttling,
        TaskAlreadyExists,
        MalformedPolicy,
        CertificateValidation,
        RegistrationCodeValidation,
        InvalidQuery,
        IndexNotReady,
        Unauthorized,
        ResourceNotFound,
        NotConfigured,
        CertificateState,
        ResourceAlreadyExists,
        VersionConflict,
        DeleteConflict,
        CertificateConflict,
        VersionsLimitExceeded,
        InvalidStateTransition,
        TransferConflict,
        ConflictingResourceUpdate,
        LimitExceeded,
        TransferAlreadyCompleted,
        InternalFailure,
        Internal,
        ServiceUnavailable,
    ];
    let ours: BTreeMap<_, _> = ours.map(|exception| (exception.to_string(), exception.http_status())).into();
    for ((operation, exception), status) in declared() {
        assert_eq!(ours.get(&exception), Some(&status), "{exception} of {operation}");
    }
}

#[test]
fn g05_what_is_wrong_with_a_request_is_refused() {
    let (declared, mut taken, mut called) = (declared(), Vec::new(), 0);
    for case in cases().iter().filter(|case| !case.right) {
        let Some(outcome) = operations::call(&case.operation, &case.document) else { continue };
        called += 1;
        match outcome {
            Ok(_) => taken.push(format!("{}, {}", case.operation, case.name)),
            Err(error) => {
                let exception = (case.operation.clone(), error.exception.to_string());
                assert!(
                    declared.contains_key(&exception),
                    "{}, {}: {error} is not declared",
                    case.operation,
                    case.name
                );
            }
        }
    }
    assert!(called > 0, "no wrong request has an operation");
    assert!(taken.is_empty(), "{} of {called} wrong requests are taken:\n{}", taken.len(), taken.join("\n"));
}
