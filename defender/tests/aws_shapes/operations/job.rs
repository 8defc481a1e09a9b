//! Jobs.

use defender::error::ServiceError;
use defender::jobs::Jobs;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, NOW, account, read, with};

/// What stands in paths and queries, for operations without a body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Path {
    job_id: String,
    #[serde(default)]
    thing_name: String,
    #[serde(default)]
    execution_number: Option<u64>,
    #[serde(default)]
    force: bool,
}

pub fn call(operation: &str, document: &Value) -> Option<Answer> {
    let (account, mut jobs) = (account(), Jobs::new());
    for (id, selection) in [("rotate-0", "SNAPSHOT"), ("follow-0", "CONTINUOUS")] {
        let request = json!({"jobId": id, "document": "{}", "targetSelection": selection,
            "targets": ["arn:aws:iot:us-east-1:123456789012:thinggroup/meters"]});
        jobs.create_job(NOW, &account, read(&request).expect("a request")).expect("a right request");
    }
    Some(match operation {
        "CreateJob" => with!(document, |request| jobs.create_job(NOW, &account, request)),
        "UpdateJob" => with!(document, |request| jobs.update_job(NOW, request)),
        "CancelJob" => with!(document, |request| jobs.cancel_job(NOW, &account, request)),
        "AssociateTargetsWithJob" => {
            with!(document, |request| jobs.associate_targets_with_job(NOW, &account, request))
        }
        "DescribeJob" => with!(document, |path: Path| jobs.describe_job(&account, &path.job_id)),
        "GetJobDocument" => with!(document, |path: Path| jobs.get_job_document(&path.job_id)),
        "DeleteJob" => with!(document, |path: Path| jobs.delete_job(NOW, &path.job_id, path.force)),
        "DescribeJobExecution" => with!(document, |path: Path| {
            jobs.describe_job_execution(NOW, &account, &path.job_id, &path.thing_name, path.execution_number)
                .map(|execution| json!({ "execution": execution }))
        }),
        "DeleteJobExecution" => with!(document, |path: Path| {
            let number = path.execution_number.ok_or_else(|| ServiceError::invalid("executionNumber is required"))?;
            jobs.delete_job_execution(NOW, &account, &path.job_id, &path.thing_name, number, path.force)
        }),
        "ListJobs" => with!(document, |request| jobs.list_jobs(&account, &request)),
        "CancelJobExecution" => with!(document, |request| jobs.cancel_job_execution(NOW, &account, request)),
        "ListJobExecutionsForJob" => with!(document, |request| jobs.list_job_executions_for_job(&account, &request)),
        "ListJobExecutionsForThing" => {
            with!(document, |request| jobs.list_job_executions_for_thing(&account, &request))
        }
        _ => return None,
    })
}
