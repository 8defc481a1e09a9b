//! The wire types against the service's own model, as the real client ships it.
//!
//! `data/aws/cases.jsonl` is written by `conformance/botocore_check.py` from the API model in botocore: for each
//! operation a document with every member, requests that the service takes, and for each such request what can be
//! wrong with one member of it. Here each document must survive the type that the engine has for it, and each wrong
//! request must be refused. `conformance/run` makes a fresh file, points `FLEETRANGE_AWS_CASES` to it, and has what
//! is written to `FLEETRANGE_AWS_WRITTEN` read by the client's own serializer and parser.
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use defender::detect::wire as detect;
use defender::jobs::wire as jobs;
use defender::mitigation::wire as mitigation;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    In,
    Out,
}

/// A line of the file.
#[derive(Debug, Deserialize)]
struct Case {
    operation: String,
    direction: Direction,
    case: String,
    /// A right document; or else the last right one is changed:
    #[serde(default)]
    document: Option<Value>,
    /// there,
    #[serde(default)]
    pointer: String,
    /// to this, or to nothing.
    #[serde(default, deserialize_with = "given")]
    value: Option<Value>,
}

/// Tells a `null` from nothing.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

#[derive(Serialize)]
struct Written<'a> {
    operation: &'a str,
    direction: Direction,
    case: &'a str,
    document: Value,
}

/// All cases with their documents; `None` beside the document of a right one, else what is wrong with it.
fn cases() -> Vec<(Case, Value)> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aws/cases.jsonl");
    let path = std::env::var_os("FLEETRANGE_AWS_CASES").map_or(committed, PathBuf::from);
    let text = std::fs::read_to_string(path).expect("the file of cases is there");
    let mut last = Value::Null;
    let read = |line: &str| {
        let case: Case = serde_json::from_str(line).expect(line);
        let document = match &case.document {
            Some(document) => {
                last = document.clone();
                document.clone()
            }
            None => changed(&last, &case.pointer, case.value.clone()),
        };
        (case, document)
    };
    text.lines().map(read).collect()
}

fn changed(document: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    match value {
        Some(value) => *document.pointer_mut(pointer).expect(pointer) = value,
        None => {
            let (parent, member) = pointer.rsplit_once('/').expect("a member is removed");
            let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).expect(pointer);
            parent.shift_remove(member).expect(pointer);
        }
    }
    document
}

/// Reads a document as the engine does, and writes it again.
type Rewrite = fn(&Value) -> Result<Value, String>;

fn rewrite<T: DeserializeOwned + Serialize>(document: &Value) -> Result<Value, String> {
    let read = detect::read::<T>(document).map_err(|error| error.to_string())?;
    match &read.unknown[..] {
        [] => serde_json::to_value(&read.value).map_err(|error| error.to_string()),
        unknown => Err(format!("does not know {}", unknown.join(", "))),
    }
}

/// The type of each input and output, where the engine has one.
fn types() -> BTreeMap<(&'static str, Direction), Rewrite> {
    let mut types: BTreeMap<(&'static str, Direction), Rewrite> = BTreeMap::new();
    macro_rules! shapes {
        ($($operation:ident: $($input:ty)? => $($output:ty)?;)*) => {$(
            $(types.insert((stringify!($operation), Direction::In), rewrite::<$input>);)?
            $(types.insert((stringify!($operation), Direction::Out), rewrite::<$output>);)?
        )*};
    }
    shapes! {
        // Detect.
        CreateSecurityProfile: detect::CreateSecurityProfileRequest => detect::CreateSecurityProfileResponse;
        UpdateSecurityProfile: detect::UpdateSecurityProfileRequest => detect::SecurityProfileDescription;
        DescribeSecurityProfile: detect::DescribeSecurityProfileRequest => detect::SecurityProfileDescription;
        DeleteSecurityProfile: detect::DeleteSecurityProfileRequest => ;
        ListSecurityProfiles: detect::ListSecurityProfilesRequest => detect::ListSecurityProfilesResponse;
        ValidateSecurityProfileBehaviors:
            detect::ValidateSecurityProfileBehaviorsRequest => detect::ValidateSecurityProfileBehaviorsResponse;
        AttachSecurityProfile: detect::AttachSecurityProfileRequest => ;
        DetachSecurityProfile: detect::DetachSecurityProfileRequest => ;
        ListSecurityProfilesForTarget:
            detect::ListSecurityProfilesForTargetRequest => detect::ListSecurityProfilesForTargetResponse;
        ListTargetsForSecurityProfile:
            detect::ListTargetsForSecurityProfileRequest => detect::ListTargetsForSecurityProfileResponse;
        CreateCustomMetric: detect::CreateCustomMetricRequest => detect::CustomMetricIdentifier;
        UpdateCustomMetric: detect::UpdateCustomMetricRequest => detect::CustomMetricDescription;
        DescribeCustomMetric: detect::DescribeCustomMetricRequest => detect::CustomMetricDescription;
        DeleteCustomMetric: detect::DescribeCustomMetricRequest => ;
        ListCustomMetrics: detect::ListCustomMetricsRequest => detect::ListCustomMetricsResponse;
        CreateDimension: detect::CreateDimensionRequest => detect::DimensionIdentifier;
        UpdateDimension: detect::UpdateDimensionRequest => detect::DimensionDescription;
        DescribeDimension: detect::DescribeDimensionRequest => detect::DimensionDescription;
        DeleteDimension: detect::DescribeDimensionRequest => ;
        ListDimensions: detect::ListDimensionsRequest => detect::ListDimensionsResponse;
        ListActiveViolations: detect::ListActiveViolationsRequest => detect::ListActiveViolationsResponse;
        ListViolationEvents: detect::ListViolationEventsRequest => detect::ListViolationEventsResponse;
        ListMetricValues: detect::ListMetricValuesRequest => detect::ListMetricValuesResponse;
        PutVerificationStateOnViolation: detect::PutVerificationStateOnViolationRequest => ;
        GetBehaviorModelTrainingSummaries:
            detect::GetBehaviorModelTrainingSummariesRequest => detect::GetBehaviorModelTrainingSummariesResponse;

        // Mitigation.
        CreateMitigationAction: mitigation::CreateMitigationActionRequest => mitigation::MitigationActionIds;
        UpdateMitigationAction: mitigation::UpdateMitigationActionRequest => mitigation::MitigationActionIds;
        DescribeMitigationAction: => mitigation::DescribeMitigationActionResponse;
        ListMitigationActions: mitigation::ListMitigationActionsRequest => mitigation::ListMitigationActionsResponse;
        StartAuditMitigationActionsTask:
            mitigation::StartAuditMitigationActionsTaskRequest => mitigation::StartMitigationActionsTaskResponse;
        DescribeAuditMitigationActionsTask: => mitigation::DescribeAuditMitigationActionsTaskResponse;
        ListAuditMitigationActionsTasks:
            mitigation::ListAuditMitigationActionsTasksRequest => mitigation::ListAuditMitigationActionsTasksResponse;
        ListAuditMitigationActionsExecutions: mitigation::ListAuditMitigationActionsExecutionsRequest
            => mitigation::ListAuditMitigationActionsExecutionsResponse;
        StartDetectMitigationActionsTask:
            mitigation::StartDetectMitigationActionsTaskRequest => mitigation::StartMitigationActionsTaskResponse;
        DescribeDetectMitigationActionsTask: => mitigation::DescribeDetectMitigationActionsTaskResponse;
        ListDetectMitigationActionsTasks:
            mitigation::ListDetectMitigationActionsTasksRequest => mitigation::ListDetectMitigationActionsTasksResponse;
        ListDetectMitigationActionsExecutions: mitigation::ListDetectMitigationActionsExecutionsRequest
            => mitigation::ListDetectMitigationActionsExecutionsResponse;

        // Jobs.
        CreateJob: jobs::CreateJobRequest => jobs::JobIdentification;
        UpdateJob: jobs::UpdateJobRequest => ;
        CancelJob: jobs::CancelJobRequest => jobs::JobIdentification;
        AssociateTargetsWithJob: jobs::AssociateTargetsWithJobRequest => jobs::JobIdentification;
        DescribeJob: => jobs::DescribeJobResponse;
        ListJobs: jobs::ListJobsRequest => jobs::ListJobsResponse;
        DescribeJobExecution: => DescribeJobExecutionResponse;
        CancelJobExecution: jobs::CancelJobExecutionRequest => ;
        ListJobExecutionsForJob: jobs::ListJobExecutionsForJobRequest => jobs::ListJobExecutionsResponse;
        ListJobExecutionsForThing: jobs::ListJobExecutionsForThingRequest => jobs::ListJobExecutionsResponse;
    }
    types
}

/// The answer's one member.
#[derive(Serialize, Deserialize)]
struct DescribeJobExecutionResponse {
    execution: jobs::JobExecution,
}

#[test]
fn every_member_of_the_model_survives_reading_and_writing() {
    let mut out = std::env::var_os("FLEETRANGE_AWS_WRITTEN").map(|path| std::fs::File::create(path).expect("writable"));
    let (types, mut lost, mut seen) = (types(), Vec::new(), BTreeMap::new());
    for (case, document) in cases().into_iter().filter(|(case, _)| case.document.is_some()) {
        let Some(rewrite) = types.get(&(case.operation.as_str(), case.direction)) else { continue };
        *seen.entry((case.operation.clone(), case.direction)).or_insert(0) += 1;
        match rewrite(&document) {
            Ok(written) if written == document => {
                if let Some(out) = &mut out {
                    let (operation, direction) = (&case.operation, case.direction);
                    let line = Written { operation, direction, case: &case.case, document: written };
                    writeln!(out, "{}", serde_json::to_string(&line).expect("JSON")).expect("writable");
                }
            }
            Ok(written) => lost.push(format!("{}: {}: {document} became {written}", case.operation, case.case)),
            Err(error) => lost.push(format!("{} {:?}: {}: {error}", case.operation, case.direction, case.case)),
        }
    }
    assert!(lost.is_empty(), "{} documents suffer:\n{}", lost.len(), lost.join("\n"));
    let missing: Vec<_> = types.keys().filter(|(name, way)| !seen.contains_key(&((*name).to_owned(), *way))).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn what_is_wrong_with_a_request_is_refused() {
    let (types, mut taken) = (types(), Vec::new());
    for (case, document) in cases().into_iter().filter(|(case, _)| case.document.is_none()) {
        let Some(rewrite) = types.get(&(case.operation.as_str(), case.direction)) else { continue };
        if rewrite(&document).is_ok() {
            taken.push(format!("{}: {}", case.operation, case.case));
        }
    }
    assert!(taken.is_empty(), "{} wrong requests are taken:\n{}", taken.len(), taken.join("\n"));
}
