//! Jobs.

use defender::error::ServiceError;
use defender::ids::{ThingGroupId, ThingId};
use defender::jobs::{JobTargets, Jobs};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, NOW, read, with};

/// Two meters in one group.
struct Registry;

const THINGS: [&str; 2] = ["meter-1", "meter-2"];

impl JobTargets for Registry {
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:iot:us-east-1:123456789012:{resource}")
    }
    fn thing(&self, name: &str) -> Option<ThingId> {
        THINGS.iter().position(|known| *known == name).map(|i| ThingId(i as u32))
    }
    fn thing_name(&self, thing: ThingId) -> &str {
        THINGS[thing.index()]
    }
    fn group(&self, name: &str) -> Option<ThingGroupId> {
        (name == "meters").then_some(ThingGroupId(0))
    }
    fn things_in(&self, _group: ThingGroupId) -> Vec<ThingId> {
        vec![ThingId(0)]
    }
    fn contains(&self, _group: ThingGroupId, thing: ThingId) -> bool {
        thing == ThingId(0)
    }
}

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
    let mut jobs = Jobs::new();
    for (id, selection) in [("rotate-0", "SNAPSHOT"), ("follow-0", "CONTINUOUS")] {
        let request = json!({"jobId": id, "document": "{}", "targetSelection": selection,
            "targets": ["arn:aws:iot:us-east-1:123456789012:thinggroup/meters"]});
        jobs.create_job(NOW, &Registry, read(&request).expect("a request")).expect("a right request");
    }
    Some(match operation {
        "CreateJob" => with!(document, |request| jobs.create_job(NOW, &Registry, request)),
        "UpdateJob" => with!(document, |request| jobs.update_job(NOW, request)),
        "CancelJob" => with!(document, |request| jobs.cancel_job(NOW, &Registry, request)),
        "AssociateTargetsWithJob" => {
            with!(document, |request| jobs.associate_targets_with_job(NOW, &Registry, request))
        }
        "DescribeJob" => with!(document, |path: Path| jobs.describe_job(&Registry, &path.job_id)),
        "GetJobDocument" => with!(document, |path: Path| jobs.get_job_document(&path.job_id)),
        "DeleteJob" => with!(document, |path: Path| jobs.delete_job(NOW, &path.job_id, path.force)),
        "DescribeJobExecution" => with!(document, |path: Path| {
            jobs.describe_job_execution(NOW, &Registry, &path.job_id, &path.thing_name, path.execution_number)
                .map(|execution| json!({ "execution": execution }))
        }),
        "DeleteJobExecution" => with!(document, |path: Path| {
            let number = path.execution_number.ok_or_else(|| ServiceError::invalid("executionNumber is required"))?;
            jobs.delete_job_execution(NOW, &Registry, &path.job_id, &path.thing_name, number, path.force)
        }),
        "ListJobs" => with!(document, |request| jobs.list_jobs(&Registry, &request)),
        "CancelJobExecution" => with!(document, |request| jobs.cancel_job_execution(NOW, &Registry, request)),
        "ListJobExecutionsForJob" => with!(document, |request| jobs.list_job_executions_for_job(&Registry, &request)),
        "ListJobExecutionsForThing" => {
            with!(document, |request| jobs.list_job_executions_for_thing(&Registry, &request))
        }
        _ => return None,
    })
}
