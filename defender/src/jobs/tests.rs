//! The vectors of 12.14 and the rules of section 8.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::wire::*;
use super::*;
use crate::error::Exception;
use crate::time::Millis;

const NOON: Timestamp = Timestamp::from_seconds(1_748_779_200);

/// `n` things `t0`, `t1`…, all in group `fleet`, the even ones in `even` too.
struct Registry {
    names: Vec<String>,
    groups: BTreeMap<String, Vec<ThingId>>,
}

impl Registry {
    fn new(n: u32) -> Registry {
        let things = |step| (0..n).step_by(step).map(ThingId).collect();
        let groups = BTreeMap::from([("fleet".to_owned(), things(1)), ("even".to_owned(), things(2))]);
        Registry { names: (0..n).map(|i| format!("t{i}")).collect(), groups }
    }
}

impl JobTargets for Registry {
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:iot:us-east-1:123456789012:{resource}")
    }
    fn thing(&self, name: &str) -> Option<ThingId> {
        self.names.iter().position(|known| known == name).map(|i| ThingId(i as u32))
    }
    fn thing_name(&self, thing: ThingId) -> &str {
        &self.names[thing.index()]
    }
    fn group(&self, name: &str) -> Option<ThingGroupId> {
        self.groups.keys().position(|known| known == name).map(|i| ThingGroupId(i as u32))
    }
    fn things_in(&self, group: ThingGroupId) -> Vec<ThingId> {
        self.groups.values().nth(group.index()).cloned().unwrap_or_default()
    }
    fn contains(&self, group: ThingGroupId, thing: ThingId) -> bool {
        self.things_in(group).contains(&thing)
    }
}

/// A job request on group `fleet`, with more members.
fn request(more: Value) -> CreateJobRequest {
    let mut body = json!({
        "jobId": "rotate",
        "targets": ["arn:aws:iot:us-east-1:123456789012:thinggroup/fleet"],
        "document": "{\"operation\":\"rotate\"}",
    });
    for (member, value) in more.as_object().expect("members") {
        body[member] = value.clone();
    }
    serde_json::from_value(body).expect("a well-formed request")
}

fn start(n: u32, more: Value) -> (Registry, Jobs, JobIndex) {
    let (registry, mut jobs) = (Registry::new(n), Jobs::new());
    jobs.create_job(NOON, &registry, request(more)).expect("a valid job");
    (registry, jobs, JobIndex(0))
}

fn at(minutes: i64) -> Timestamp {
    NOON + Millis::minutes(minutes)
}

fn report(jobs: &mut Jobs, now: Timestamp, thing: u32, status: ExecutionStatus) -> Result<(), ServiceError> {
    jobs.update_job_execution(now, JobIndex(0), ThingId(thing), status, StepTimer::Keep)
}

fn of(jobs: &Jobs, status: ExecutionStatus) -> u32 {
    jobs.counts(JobIndex(0)).expect("the job exists")[status.index()]
}

fn exponential(base: u32, factor: f64, notified: u32) -> Value {
    json!({"jobExecutionsRolloutConfig": {"exponentialRate": {
        "baseRatePerMinute": base, "incrementFactor": factor,
        "rateIncreaseCriteria": {"numberOfNotifiedThings": notified}}}})
}

/// Things notified in each minute until nothing is due.
fn waves(jobs: &mut Jobs) -> Vec<usize> {
    let queued = |event: &JobEvent| matches!(event, JobEvent::Execution { status: ExecutionStatus::Queued, .. });
    let mut waves = vec![jobs.advance(NOON).iter().filter(|event| queued(event)).count()];
    while let Some(due) = jobs.next_due() {
        assert_eq!(due, at(waves.len() as i64));
        waves.push(jobs.advance(due).iter().filter(|event| queued(event)).count());
    }
    waves
}

#[test]
fn t_j01_j07_j09_ch116_exponential_rollout_of_6000_targets() {
    let (_, mut jobs, _) = start(6_000, exponential(50, 2.0, 1_000));
    let mut expected = vec![50; 20];
    expected.extend([100; 10]);
    expected.extend([200; 5]);
    expected.extend([400, 400, 400, 800, 1000]);
    assert_eq!(waves(&mut jobs), expected);
}

fn abort(more: Value) -> Value {
    let mut body = json!({"abortConfig": {"criteriaList": [
        {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 10, "minNumberOfExecutedThings": 10}]}});
    for (member, value) in more.as_object().expect("members") {
        body[member] = value.clone();
    }
    body
}

#[test]
fn t_j02_j11_no_abort_before_the_minimum_is_executed() {
    let (_, mut jobs, job) = start(50, abort(json!({})));
    for thing in 0..9 {
        let status = if thing < 2 { ExecutionStatus::Failed } else { ExecutionStatus::Succeeded };
        report(&mut jobs, at(1), thing, status).expect("queued");
    }
    assert_eq!(jobs.status(job), Some(JobStatus::InProgress));
}

#[test]
fn t_j03_j10_j11_ch117_abort_when_the_threshold_is_reached_exactly() {
    let (_, mut jobs, job) = start(50, abort(json!({})));
    for thing in 0..10 {
        assert_eq!(jobs.status(job), Some(JobStatus::InProgress), "before thing {thing}");
        let status = if thing == 0 { ExecutionStatus::Failed } else { ExecutionStatus::Succeeded };
        report(&mut jobs, at(1), thing, status).expect("queued");
    }
    assert_eq!(jobs.status(job), Some(JobStatus::Canceled));
}

#[test]
fn t_j04_an_abort_takes_back_what_is_queued_and_leaves_what_runs() {
    let (_, mut jobs, job) = start(55, abort(json!({})));
    for thing in 0..5 {
        report(&mut jobs, at(1), thing, ExecutionStatus::InProgress).expect("queued");
    }
    for thing in 5..15 {
        report(&mut jobs, at(2), thing, ExecutionStatus::Failed).expect("queued");
    }
    assert_eq!(jobs.status(job), Some(JobStatus::Canceled));
    assert_eq!((of(&jobs, ExecutionStatus::Canceled), of(&jobs, ExecutionStatus::InProgress)), (40, 5));
    report(&mut jobs, at(3), 0, ExecutionStatus::Succeeded).expect("what runs may end");
    assert_eq!(of(&jobs, ExecutionStatus::Succeeded), 1);
    assert_eq!(jobs.status(job), Some(JobStatus::Canceled));
}

#[test]
fn t_j05_the_step_timer_never_outlives_the_in_progress_bound() {
    let timeout = json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 20}});
    for (steps, deadline) in
        [(&[(5, 7)][..], 12), (&[(5, 7), (10, 5)], 15), (&[(5, 7), (10, 5), (13, 9)], 20), (&[], 20)]
    {
        let (_, mut jobs, job) = start(1, timeout.clone());
        report(&mut jobs, NOON, 0, ExecutionStatus::InProgress).expect("queued");
        for &(minute, minutes) in steps {
            let step = StepTimer::Set { minutes };
            jobs.update_job_execution(at(minute), job, ThingId(0), ExecutionStatus::InProgress, step).expect("running");
        }
        jobs.advance(at(deadline) - Millis(1));
        assert_eq!(jobs.next_due(), Some(at(deadline)));
        assert_eq!(of(&jobs, ExecutionStatus::InProgress), 1);
        let late = report(&mut jobs, at(deadline), 0, ExecutionStatus::Succeeded);
        assert_eq!(late.map_err(|e| e.exception), Err(Exception::InvalidStateTransition));
        assert_eq!(of(&jobs, ExecutionStatus::TimedOut), 1);
    }
}

#[test]
fn t_j06_two_retries_make_three_executions() {
    let (registry, mut jobs, job) = start(
        1,
        json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 10}, "jobExecutionsRetryConfig": {
            "criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 2}]}}),
    );
    let mut numbers = Vec::new();
    for k in 0..3 {
        numbers.push(jobs.execution(job, ThingId(0)).map(|(number, _)| number));
        report(&mut jobs, at(10 * k), 0, ExecutionStatus::InProgress).expect("queued");
        jobs.advance(at(10 * (k + 1)));
    }
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    assert_eq!(jobs.execution(job, ThingId(0)), Some((3, ExecutionStatus::TimedOut)));
    assert_eq!(jobs.status(job), Some(JobStatus::Completed));
    let first = jobs.describe_job_execution(at(40), &registry, "rotate", "t0", Some(1)).expect("kept");
    assert_eq!((first.status, first.started_at), (ExecutionStatus::TimedOut, Some(NOON)));
}

#[test]
fn j02_j03_statuses_are_those_of_the_api() {
    let names = |statuses: &[Value]| statuses.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let of_jobs = [
        JobStatus::Scheduled,
        JobStatus::InProgress,
        JobStatus::Completed,
        JobStatus::Canceled,
        JobStatus::DeletionInProgress,
    ];
    let expected = ["SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELED", "DELETION_IN_PROGRESS"];
    assert_eq!(names(&of_jobs.map(|status| json!(status))), expected.map(|name| Some(name.to_owned())));
    let expected = ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"];
    let of_executions = ExecutionStatus::ALL;
    assert_eq!(names(&of_executions.map(|status| json!(status))), expected.map(|name| Some(name.to_owned())));
    let open: Vec<_> = of_executions.into_iter().filter(|status| !status.is_terminal()).collect();
    assert_eq!(open, [ExecutionStatus::Queued, ExecutionStatus::InProgress]);
}

#[test]
fn j01_a_job_id_is_used_once() {
    let (registry, mut jobs, _) = start(1, json!({}));
    let again = jobs.create_job(NOON, &registry, request(json!({}))).expect_err("used");
    assert_eq!(again.exception, Exception::ResourceAlreadyExists);
    assert_eq!(again.resource.map(|(id, _)| id).as_deref(), Some("rotate"));
}

#[test]
fn j01_q35_malformed_requests_are_refused() {
    let long = "x".repeat(32_769);
    for bad in [
        json!({"jobId": ""}),
        json!({"jobId": "a b"}),
        json!({"jobId": "x".repeat(65)}),
        json!({"targets": []}),
        json!({"targets": ["arn:aws:iot:us-east-1:123456789012:policy/p"]}),
        json!({"document": long}),
        json!({"documentSource": "s3://bucket/rotate.json"}),
        json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}),
        json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}),
        json!({"abortConfig": {"criteriaList": []}}),
        json!({"schedulingConfig": {"startTime": "2025-06-01 12:10"}}),
        json!({"schedulingConfig": {"startTime": "tomorrow"}}),
        json!({"schedulingConfig": {"endBehavior": "CANCEL"}}),
        json!({"jobExecutionsRolloutConfig": {"maximumPerMinute": 0}}),
    ] {
        let refused = Jobs::new().create_job(NOON, &Registry::new(1), request(bad.clone())).expect_err("malformed");
        assert_eq!(refused.exception, Exception::InvalidRequest, "{bad}");
    }
    let unknown = json!({"targets": ["arn:aws:iot:us-east-1:123456789012:thing/nobody"]});
    let refused = Jobs::new().create_job(NOON, &Registry::new(1), request(unknown)).expect_err("unknown");
    assert_eq!(refused.exception, Exception::ResourceNotFound);
}

#[test]
fn j04_a_thing_named_twice_is_one_target_and_an_empty_snapshot_completes() {
    let group = "arn:aws:iot:us-east-1:123456789012:thinggroup/";
    let twice = json!({"targets": [format!("{group}even"), format!("{group}fleet")]});
    let (_, jobs, _) = start(4, twice);
    assert_eq!(of(&jobs, ExecutionStatus::Queued), 4);
    let (_, jobs, job) = start(0, json!({}));
    assert_eq!(jobs.status(job), Some(JobStatus::Completed));
}

#[test]
fn j04_j05_a_continuous_job_follows_its_groups() {
    let (mut registry, mut jobs, job) = start(
        3,
        json!({"targetSelection": "CONTINUOUS",
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 1}}),
    );
    registry.names.push("t3".into());
    registry.groups.get_mut("fleet").expect("fleet").push(ThingId(3));
    jobs.advance(NOON);
    jobs.thing_moved(NOON + Millis(5), &registry, ThingId(3));
    let queued = JobEvent::Execution {
        at: NOON + Millis(5),
        job,
        thing: ThingId(3),
        number: 1,
        status: ExecutionStatus::Queued,
    };
    assert_eq!(jobs.advance(NOON + Millis(5)), [queued], "at once, outside the rate");
    registry.groups.get_mut("fleet").expect("fleet").retain(|thing| thing.0 != 0);
    jobs.thing_moved(at(1), &registry, ThingId(0));
    assert_eq!(jobs.execution(job, ThingId(0)), Some((1, ExecutionStatus::Removed)));
    for thing in 1..4 {
        report(&mut jobs, at(3), thing, ExecutionStatus::Succeeded).expect("queued");
    }
    assert_eq!(jobs.status(job), Some(JobStatus::InProgress), "a continuous job does not complete by itself");
    registry.groups.get_mut("fleet").expect("fleet").push(ThingId(0));
    jobs.thing_moved(at(4), &registry, ThingId(0));
    assert_eq!(jobs.execution(job, ThingId(0)), Some((2, ExecutionStatus::Queued)), "back again");
}

#[test]
fn j05_a_deleted_thing_leaves_and_the_snapshot_completes_without_it() {
    let (_, mut jobs, job) = start(2, json!({}));
    report(&mut jobs, NOON, 0, ExecutionStatus::Succeeded).expect("queued");
    jobs.thing_deleted(at(1), ThingId(1));
    assert_eq!(of(&jobs, ExecutionStatus::Removed), 1);
    assert_eq!(jobs.status(job), Some(JobStatus::Completed));
}

#[test]
fn j06_constant_rates_and_the_service_pace() {
    let (_, mut jobs, _) = start(25, json!({"jobExecutionsRolloutConfig": {"maximumPerMinute": 10}}));
    assert_eq!(waves(&mut jobs), [10, 10, 5]);
    let (_, mut jobs, _) = start(2_500, json!({}));
    assert_eq!(waves(&mut jobs), [1000, 1000, 500]);
}

#[test]
fn j08_the_rate_can_grow_with_successes() {
    let (_, mut jobs, _) = start(
        100,
        json!({"jobExecutionsRolloutConfig": {"exponentialRate": {
        "baseRatePerMinute": 2, "incrementFactor": 5, "rateIncreaseCriteria": {"numberOfSucceededThings": 2}}}}),
    );
    report(&mut jobs, NOON, 0, ExecutionStatus::Succeeded).expect("queued");
    jobs.advance(at(1));
    assert_eq!(of(&jobs, ExecutionStatus::Queued), 3, "one success is not enough");
    report(&mut jobs, at(1), 1, ExecutionStatus::Succeeded).expect("queued");
    jobs.advance(at(2));
    assert_eq!(of(&jobs, ExecutionStatus::Queued), 2 + 10);
}

#[test]
fn j12_an_abort_withdraws_waiting_targets_and_stops_retries() {
    let (_, mut jobs, job) = start(
        30,
        abort(json!({"jobExecutionsRolloutConfig": {"maximumPerMinute": 20},
            "timeoutConfig": {"inProgressTimeoutInMinutes": 5},
            "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]}})),
    );
    report(&mut jobs, NOON, 19, ExecutionStatus::InProgress).expect("queued");
    for thing in 0..10 {
        report(&mut jobs, NOON, thing, ExecutionStatus::Failed).expect("queued");
    }
    assert_eq!(jobs.status(job), Some(JobStatus::Canceled));
    assert_eq!(jobs.execution(job, ThingId(25)), None, "never notified");
    jobs.advance(at(60));
    assert_eq!(jobs.execution(job, ThingId(19)), Some((1, ExecutionStatus::TimedOut)), "no retry after the abort");
    assert_eq!(jobs.next_due(), None);
}

#[test]
fn j13_cancel_with_force_reaches_what_runs() {
    let (registry, mut jobs, job) = start(2, json!({}));
    report(&mut jobs, NOON, 0, ExecutionStatus::InProgress).expect("queued");
    let cancel = |force| CancelJobRequest {
        job_id: "rotate".into(),
        reason_code: Some("BAD_FIRMWARE_2".into()),
        comment: None,
        force: Some(force),
    };
    jobs.cancel_job(at(1), &registry, cancel(false)).expect("in progress");
    assert_eq!(jobs.execution(job, ThingId(0)), Some((1, ExecutionStatus::InProgress)));
    jobs.cancel_job(at(2), &registry, cancel(true)).expect("again, by force");
    assert_eq!(of(&jobs, ExecutionStatus::Canceled), 2);
    let described = jobs.describe_job(&registry, "rotate").expect("kept").job.expect("present");
    assert_eq!((described.force_canceled, described.reason_code.as_deref()), (true, Some("BAD_FIRMWARE_2")));
    let lower = CancelJobRequest { reason_code: Some("bad".into()), ..cancel(true) };
    assert!(jobs.cancel_job(at(3), &registry, lower).is_err());
}

#[test]
fn j14_a_changed_timeout_holds_for_executions_that_begin_later() {
    let (_, mut jobs, _) = start(2, json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 10}}));
    report(&mut jobs, NOON, 0, ExecutionStatus::InProgress).expect("queued");
    let timeout_config = Some(TimeoutConfig { in_progress_timeout_in_minutes: Some(60) });
    jobs.update_job(NOON, UpdateJobRequest { job_id: "rotate".into(), timeout_config, ..Default::default() })
        .expect("in progress");
    report(&mut jobs, NOON, 1, ExecutionStatus::InProgress).expect("queued");
    jobs.advance(at(10));
    assert_eq!((of(&jobs, ExecutionStatus::TimedOut), of(&jobs, ExecutionStatus::InProgress)), (1, 1));
    assert_eq!(jobs.next_due(), Some(at(60)));
}

#[test]
fn j15_a_step_timer_can_be_discarded() {
    let (_, mut jobs, job) = start(1, json!({}));
    let mut step =
        |minute, step| jobs.update_job_execution(at(minute), job, ThingId(0), ExecutionStatus::InProgress, step);
    step(0, StepTimer::Set { minutes: 5 }).expect("queued");
    step(1, StepTimer::Discard).expect("running");
    assert!(step(2, StepTimer::Set { minutes: 0 }).is_err());
    assert_eq!(jobs.next_due(), None);
}

#[test]
fn a_schedule_delays_the_start_and_can_end_the_rollout() {
    let (_, mut jobs, job) = start(
        30,
        json!({"jobExecutionsRolloutConfig": {"maximumPerMinute": 1}, "schedulingConfig": {
            "startTime": "2025-06-01 13:00", "endTime": "2025-06-01 13:30", "endBehavior": "FORCE_CANCEL"}}),
    );
    assert_eq!((jobs.status(job), jobs.next_due()), (Some(JobStatus::Scheduled), Some(at(60))));
    jobs.advance(at(69));
    report(&mut jobs, at(69), 0, ExecutionStatus::InProgress).expect("queued");
    assert_eq!(of(&jobs, ExecutionStatus::Queued), 9);
    let config = json!({"schedulingConfig": {"endTime": "2025-06-01 12:30"}});
    let (_, mut stopping, _) = start(50_000, config);
    stopping.advance(at(30));
    assert_eq!(of(&stopping, ExecutionStatus::Queued), 30_000, "the wave at the end is not sent");
    assert_eq!(stopping.next_due(), None);
    jobs.advance(at(90));
    assert_eq!((jobs.status(job), of(&jobs, ExecutionStatus::Canceled)), (Some(JobStatus::Canceled), 30));
}

#[test]
fn single_executions_can_be_canceled_and_deleted() {
    let (registry, mut jobs, job) = start(2, json!({}));
    report(&mut jobs, NOON, 0, ExecutionStatus::InProgress).expect("queued");
    let cancel = |force, expected_version| CancelJobExecutionRequest {
        job_id: "rotate".into(),
        thing_name: "t0".into(),
        force: Some(force),
        expected_version,
        status_details: None,
    };
    let mut refusal = |request| jobs.cancel_job_execution(NOON, &registry, request).map_err(|e| e.exception);
    assert_eq!(refusal(cancel(false, None)), Err(Exception::InvalidStateTransition));
    assert_eq!(refusal(cancel(true, Some(1))), Err(Exception::VersionConflict));
    assert_eq!(refusal(cancel(true, Some(2))), Ok(()));
    let running = jobs.delete_job_execution(NOON, &registry, "rotate", "t1", 1, false);
    assert_eq!(running.map_err(|e| e.exception), Err(Exception::InvalidStateTransition));
    jobs.delete_job_execution(NOON, &registry, "rotate", "t1", 1, true).expect("forced");
    assert_eq!(jobs.execution(job, ThingId(1)), None);
    assert_eq!(jobs.status(job), Some(JobStatus::Completed));
    jobs.delete_job(NOON, "rotate", false).expect("over");
    assert_eq!((jobs.status(job), jobs.index("rotate")), (None, None));
}

#[test]
fn listings_page_and_filter() {
    let (registry, mut jobs, _) = start(30, json!({}));
    report(&mut jobs, NOON, 7, ExecutionStatus::Succeeded).expect("queued");
    let mut wanted = ListJobExecutionsForJobRequest { job_id: "rotate".into(), ..Default::default() };
    let first = jobs.list_job_executions_for_job(&registry, &wanted).expect("valid");
    assert_eq!(first.execution_summaries.len(), 25);
    wanted.next_token = first.next_token;
    let second = jobs.list_job_executions_for_job(&registry, &wanted).expect("valid");
    assert_eq!((second.execution_summaries.len(), second.next_token), (5, None));
    let mine = ListJobExecutionsForThingRequest { thing_name: "t7".into(), ..Default::default() };
    let mine = jobs.list_job_executions_for_thing(&registry, &mine).expect("valid");
    assert_eq!(
        serde_json::to_value(mine).expect("JSON"),
        json!({"executionSummaries": [{"jobId": "rotate", "jobExecutionSummary": {"status": "SUCCEEDED",
            "queuedAt": 1748779200, "lastUpdatedAt": 1748779200, "executionNumber": 1, "retryAttempt": 0}}]})
    );
}

#[test]
fn describe_job_speaks_the_service_json() {
    let (registry, jobs, _) = start(2, json!({"timeoutConfig": {"inProgressTimeoutInMinutes": 10}}));
    let described = serde_json::to_value(jobs.describe_job(&registry, "rotate").expect("known")).expect("JSON");
    assert_eq!(
        described,
        json!({"job": {
            "jobArn": "arn:aws:iot:us-east-1:123456789012:job/rotate", "jobId": "rotate",
            "targetSelection": "SNAPSHOT", "status": "IN_PROGRESS",
            "targets": ["arn:aws:iot:us-east-1:123456789012:thinggroup/fleet"],
            "createdAt": 1748779200, "lastUpdatedAt": 1748779200,
            "jobProcessDetails": {
                "processingTargets": ["arn:aws:iot:us-east-1:123456789012:thinggroup/fleet"],
                "numberOfCanceledThings": 0, "numberOfSucceededThings": 0, "numberOfFailedThings": 0,
                "numberOfRejectedThings": 0, "numberOfQueuedThings": 2, "numberOfInProgressThings": 0,
                "numberOfRemovedThings": 0, "numberOfTimedOutThings": 0},
            "timeoutConfig": {"inProgressTimeoutInMinutes": 10}, "isConcurrent": false}})
    );
}

#[test]
fn status_details_belong_to_one_execution() {
    let (registry, mut jobs, _) =
        start(1, json!({"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 1}]}}));
    let say = |status, execution_number| UpdateJobExecutionRequest {
        job_id: "rotate".into(),
        thing_name: "t0".into(),
        status: Some(status),
        status_details: Some(BTreeMap::from([("step".into(), "csr".into())])),
        execution_number,
        ..Default::default()
    };
    jobs.report_job_execution(NOON, &registry, say(ExecutionStatus::InProgress, None)).expect("queued");
    let details =
        |jobs: &Jobs| jobs.describe_job_execution(NOON, &registry, "rotate", "t0", None).expect("known").status_details;
    assert!(details(&jobs).is_some());
    jobs.report_job_execution(NOON, &registry, say(ExecutionStatus::Failed, Some(1))).expect("running");
    assert!(details(&jobs).is_none());
    let stale = jobs.report_job_execution(NOON, &registry, say(ExecutionStatus::Succeeded, Some(1)));
    assert_eq!(stale.map_err(|e| e.exception), Err(Exception::InvalidStateTransition));
}

#[test]
fn j18_rotation_of_100_000_things_is_cheap_and_counts_add_up() {
    let n = 100_000;
    let (_, mut jobs, job) = start(
        n,
        json!({"jobExecutionsRolloutConfig": {"maximumPerMinute": 5000},
            "timeoutConfig": {"inProgressTimeoutInMinutes": 30},
            "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]}}),
    );
    let mut now = NOON;
    let mut inbox = jobs.advance(now);
    let mut attempts = 0u32;
    while jobs.status(job) == Some(JobStatus::InProgress) {
        for event in std::mem::take(&mut inbox) {
            let JobEvent::Execution { thing, number, status: ExecutionStatus::Queued, .. } = event else { continue };
            attempts += 1;
            report(&mut jobs, now, thing.0, ExecutionStatus::InProgress).expect("queued");
            // One in ten is silent the first time, one in a hundred for good.
            let silent = thing.0 % 100 == 0 || (thing.0 % 10 == 0 && number == 1);
            if !silent {
                report(&mut jobs, now, thing.0, ExecutionStatus::Succeeded).expect("running");
            }
        }
        let Some(due) = jobs.next_due() else { break };
        now = due;
        inbox = jobs.advance(now);
    }
    assert_eq!(jobs.status(job), Some(JobStatus::Completed));
    assert_eq!((of(&jobs, ExecutionStatus::Succeeded), of(&jobs, ExecutionStatus::TimedOut)), (99_000, 1_000));
    assert_eq!(attempts, n + n / 10);
    assert_eq!(now, at(19 + 60));
}

#[test]
fn j01_j04_a_job_on_an_account_reaches_nested_groups_and_follows_them() {
    let mut account = Account::new("123456789012", "us-east-1").expect("valid");
    account.create_thing_group(NOON, "fleet", None).expect("new");
    let inner = account.create_thing_group(NOON, "pumps", Some("fleet")).expect("new");
    let pump = account.create_thing(NOON, "pump", None, &[]).expect("new");
    account.add_thing_to_thing_group(NOON, pump, inner, false).expect("room");
    let mut jobs = Jobs::new();
    let made = jobs.create_job(NOON, &account, request(json!({"targetSelection": "CONTINUOUS"}))).expect("valid");
    assert_eq!(made.job_arn, "arn:aws:iot:us-east-1:123456789012:job/rotate");
    assert_eq!(jobs.execution(JobIndex(0), pump), Some((1, ExecutionStatus::Queued)));
    account.remove_thing_from_thing_group(at(1), pump, inner).expect("a member");
    jobs.thing_moved(at(1), &account, pump);
    assert_eq!(jobs.execution(JobIndex(0), pump), Some((1, ExecutionStatus::Removed)));
}

#[test]
fn ch02_jobs_are_listed_by_creation_then_id() {
    let (registry, mut jobs, _) = start(1, json!({}));
    jobs.create_job(NOON, &registry, request(json!({"jobId": "alpha"}))).expect("valid");
    jobs.create_job(at(1), &registry, request(json!({"jobId": "aardvark"}))).expect("valid");
    let listed = jobs.list_jobs(&registry, &ListJobsRequest::default()).expect("valid");
    let ids: Vec<_> = listed.jobs.into_iter().map(|job| job.job_id).collect();
    assert_eq!(ids, ["alpha", "rotate", "aardvark"]);
}

#[test]
fn jobs_are_listed_by_thing_group_and_namespace() {
    let (registry, mut jobs, _) = start(4, json!({}));
    let other = json!({"jobId": "other", "document": "{}", "namespaceId": "fleet-b",
        "targets": ["arn:aws:iot:us-east-1:123456789012:thing/t1"]});
    jobs.create_job(NOON, &registry, serde_json::from_value(other).expect("a request")).expect("valid");
    let listed = |request: ListJobsRequest| {
        let jobs = jobs.list_jobs(&registry, &request).map(|answer| answer.jobs);
        jobs.map(|jobs| jobs.into_iter().map(|job| (job.job_id, job.thing_group_id)).collect::<Vec<_>>())
    };
    let of_group = ListJobsRequest { thing_group_name: Some("fleet".into()), ..Default::default() };
    let by_name = listed(of_group).expect("a group");
    let [(job, Some(group))] = &by_name[..] else { panic!("{by_name:?}") };
    assert_eq!(job, "rotate");
    let of_id = ListJobsRequest { thing_group_id: Some(group.clone()), ..Default::default() };
    assert_eq!(listed(of_id), Ok(by_name.clone()));
    let of_namespace = ListJobsRequest { namespace_id: Some("fleet-b".into()), ..Default::default() };
    assert_eq!(listed(of_namespace), Ok(vec![("other".to_owned(), None)]));
    let of_nobody = ListJobsRequest { thing_group_name: Some("nobody".into()), ..Default::default() };
    assert_eq!(listed(of_nobody).expect_err("no such group").exception, Exception::ResourceNotFound);
}
