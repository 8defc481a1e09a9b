//! Certificate rotation by an IoT job (J-17): the job tells the device, the device gets a new certificate and
//! connects with it, and the old one is made inactive.

use std::collections::BTreeMap;

use defender::account::{CertificateStatus, PolicyTarget, Principal, ThingPrincipalType};
use defender::ids::ThingId;
use defender::jobs::wire::{
    AbortAction, AbortConfig, AbortCriteria, CreateJobRequest, ExponentialRolloutRate, JobExecutionFailureType,
    JobExecutionsRolloutConfig, RateIncreaseCriteria, TimeoutConfig,
};
use defender::jobs::wire::{ExecutionStatus, JobStatus};
use defender::jobs::{JobEvent, JobIndex, Jobs, StepTimer};
use defender::time::{Millis, Timestamp};

use super::World;
use super::calendar::Task;
use crate::dice::{Dice, Purpose, mix, name_key};
use crate::event::{Event, EventKind};
use crate::fleet::issue_certificate;
use crate::outcome::{JobRow, MitigationRow};
use crate::scenario::RotationPlan;
use crate::shard::{Access, LANES};

/// How a device got on with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeviceOutcome {
    Succeeded,
    Failed,
}

/// Rotation jobs, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    jobs: BTreeMap<JobIndex, RotationJob>,
    /// Devices that some job already has.
    taken: std::collections::BTreeSet<u32>,
}

#[derive(Debug)]
struct RotationJob {
    plan: RotationPlan,
    created: Timestamp,
    ended: Option<Timestamp>,
    targets: u64,
    /// Targets still without a new certificate, with the end of their old one.
    waiting: BTreeMap<u32, Timestamp>,
    in_time: u64,
    late: u64,
    /// Time that those rotated late spent without a valid certificate.
    outage: Millis,
    /// (minute, succeeded by then).
    progress: Vec<(u32, u64)>,
}

impl Rotation {
    /// The jobs, as the outcome tells them at the end of the run.
    pub fn rows(&self, jobs: &Jobs, end: Timestamp) -> Vec<JobRow> {
        self.jobs
            .iter()
            .map(|(index, job)| {
                let counts = jobs.counts(*index).unwrap_or_default();
                let count = |status: ExecutionStatus| u64::from(counts[status as usize]);
                JobRow {
                    job_id: jobs.job_id(*index).unwrap_or_default().to_owned(),
                    created: job.created,
                    ended: job.ended,
                    targets: job.targets,
                    succeeded: count(ExecutionStatus::Succeeded),
                    failed: count(ExecutionStatus::Failed),
                    timed_out: count(ExecutionStatus::TimedOut),
                    rotated_in_time: job.in_time,
                    rotated_late: job.late,
                    outage: job.waiting.values().fold(job.outage, |sum, expiry| sum + (end - *expiry).max(Millis(0))),
                    progress: thinned(&job.progress, 500),
                }
            })
            .collect()
    }
}

/// At most `limit` points of a series, evenly spread, the last one among them.
fn thinned(points: &[(u32, u64)], limit: usize) -> Vec<(u32, u64)> {
    let step = points.len().div_ceil(limit).max(1);
    let mut kept: Vec<_> = points.iter().rev().step_by(step).copied().collect();
    kept.reverse();
    kept
}

impl World<'_> {
    /// Starts a job for the devices of an audit's expiry findings that no job has yet; whether it was not refused.
    pub(super) fn start_rotation(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        responder: &str,
        triggered: Timestamp,
        audit: usize,
        plan: &RotationPlan,
    ) -> bool {
        let devices: Vec<u32> =
            self.expiring_devices(audit).into_iter().filter(|d| self.rotation.taken.insert(*d)).collect();
        if devices.is_empty() {
            return true;
        }
        let job_id = format!("rotate-{:04}", self.rotation.jobs.len() + 1);
        let arns = devices.iter().map(|device| {
            let name = self.fleet.account.thing_name(ThingId(*device));
            self.fleet.account.arn(format!("thing/{name}"))
        });
        let exponential = plan.increment_factor.map(|increment_factor| ExponentialRolloutRate {
            base_rate_per_minute: plan.base_rate_per_minute,
            increment_factor,
            rate_increase_criteria: RateIncreaseCriteria {
                number_of_succeeded_things: Some(plan.increase_every),
                number_of_notified_things: None,
            },
        });
        let request = CreateJobRequest {
            job_id: job_id.clone(),
            targets: arns.collect(),
            document: Some(r#"{"operation":"rotate-certificate"}"#.to_owned()),
            job_executions_rollout_config: Some(JobExecutionsRolloutConfig {
                maximum_per_minute: Some(if exponential.is_some() {
                    plan.maximum_per_minute
                } else {
                    plan.base_rate_per_minute
                }),
                exponential_rate: exponential,
            }),
            abort_config: Some(AbortConfig {
                criteria_list: vec![AbortCriteria {
                    failure_type: JobExecutionFailureType::Failed,
                    action: AbortAction::Cancel,
                    threshold_percentage: plan.abort_share * 100.0,
                    min_number_of_executed_things: plan.abort_minimum,
                }],
            }),
            timeout_config: Some(TimeoutConfig { in_progress_timeout_in_minutes: Some(plan.timeout.0 / 60_000) }),
            ..CreateJobRequest::default()
        };
        let created = self.jobs.create_job(time, &self.fleet.account, request);
        let targets = devices.len() as u64;
        let row = MitigationRow {
            responder: responder.to_owned(),
            action: format!("job {job_id}"),
            action_type: "CREATE_JOB".to_owned(),
            trigger: "finding DEVICE_CERTIFICATE_EXPIRING_CHECK".to_owned(),
            target: format!("{targets} things"),
            device: None,
            triggered,
            started: time,
            effective: created.is_ok().then_some(now),
            status: if created.is_ok() { "SUCCESSFUL" } else { "FAILED" }.to_owned(),
            error: created.as_ref().err().map(ToString::to_string),
        };
        self.responders.add_row(row);
        if created.is_err() {
            return false;
        }
        let index = self.jobs.index(&job_id).expect("it was just created");
        self.record.tell(time, "job", format!("{job_id}: certificates of {targets} devices are to be rotated"));
        let job = RotationJob {
            plan: plan.clone(),
            created: time,
            ended: None,
            targets,
            waiting: devices.iter().map(|device| (*device, self.fleet.devices[*device as usize].valid_until)).collect(),
            in_time: 0,
            late: 0,
            outage: Millis(0),
            progress: Vec::new(),
        };
        self.rotation.jobs.insert(index, job);
        // A job that fits into its first wave has nothing due later that would bring its devices the news.
        self.advance_jobs(now, time);
        true
    }

    /// Lets jobs go on to `due`.
    pub(super) fn advance_jobs(&mut self, _now: Timestamp, due: Timestamp) {
        for event in self.jobs.advance(due) {
            match event {
                JobEvent::Execution { at, job, thing, number, status } => {
                    if status == ExecutionStatus::Queued {
                        self.notified(at, job, thing, number);
                    }
                    if !matches!(status, ExecutionStatus::Queued | ExecutionStatus::InProgress) {
                        self.job_event(at, job, thing.0, status);
                    }
                }
                JobEvent::Job { at, job, status } => self.job_changed(at, job, status),
            }
        }
    }

    /// A job has another status.
    fn job_changed(&mut self, at: Timestamp, job: JobIndex, status: JobStatus) {
        if matches!(status, JobStatus::Completed | JobStatus::Canceled) {
            if let Some(row) = self.rotation.jobs.get_mut(&job) {
                row.ended = Some(at);
            }
            let id = self.jobs.job_id(job).unwrap_or_default().to_owned();
            self.record.tell(at, "job", format!("{id}: {}", format!("{status:?}").to_lowercase()));
        }
    }

    /// A device is told of its job; if it is online, it begins.
    pub(super) fn notified(&mut self, at: Timestamp, job: JobIndex, thing: ThingId, number: u8) {
        let Some(rotation) = self.rotation.jobs.get(&job) else { return };
        let device = thing.0;
        if let Some(until) = self.disruptions.job_stalls(device, at) {
            self.calendar.add(until, Task::Begin { job, thing, number });
            return;
        }
        let shard = &self.shards[device as usize / LANES];
        if !shard.access(device as usize % LANES).has(Access::VALID) {
            return;
        }
        let begun = self.jobs.update_job_execution(at, job, thing, ExecutionStatus::InProgress, StepTimer::Keep);
        if begun.is_err() {
            return;
        }
        let key = mix(self.fleet.devices[device as usize].key ^ name_key(self.jobs.job_id(job).unwrap_or_default()));
        let mut dice = Dice::new(key, Purpose::JobExecution, u64::from(number));
        let outcome =
            if dice.unit() < rotation.plan.failure { DeviceOutcome::Failed } else { DeviceOutcome::Succeeded };
        let takes = libm::round(rotation.plan.device_time.0 as f64 * libm::exp(0.5 * dice.normal())) as i64;
        self.calendar.add(at + Millis(takes.max(1)), Task::Execute { job, device, outcome });
    }

    /// A device is done with its part of a job.
    pub(super) fn execute(
        &mut self,
        now: Timestamp,
        time: Timestamp,
        job: JobIndex,
        device: u32,
        outcome: DeviceOutcome,
    ) {
        let thing = ThingId(device);
        let status = match outcome {
            DeviceOutcome::Succeeded => ExecutionStatus::Succeeded,
            DeviceOutcome::Failed => ExecutionStatus::Failed,
        };
        // A device that lost its standing meanwhile, or whose execution timed out, cannot report.
        let online = self.shards[device as usize / LANES].access(device as usize % LANES).has(Access::VALID);
        let running = matches!(self.jobs.execution(job, thing), Some((_, ExecutionStatus::InProgress)));
        if !online || !running {
            return;
        }
        if outcome == DeviceOutcome::Succeeded && !self.rotate(now, time, job, device) {
            return;
        }
        if self.jobs.update_job_execution(time, job, thing, status, StepTimer::Keep).is_ok() {
            self.job_event(time, job, device, status);
            if self.jobs.next_due().is_none() {
                // Nothing is due that would bring the news of the job's end; of executions they are no news.
                for event in self.jobs.advance(time) {
                    if let JobEvent::Job { at, job, status } = event {
                        self.job_changed(at, job, status);
                    }
                }
            }
        }
    }

    fn job_event(&mut self, at: Timestamp, job: JobIndex, device: u32, status: ExecutionStatus) {
        self.log.push(Event {
            time: at,
            kind: EventKind::JobExecution,
            subject: device,
            object: self.rotation.jobs.keys().position(|index| *index == job).unwrap_or(0) as u32,
            value: status as u64,
        });
    }

    /// Gives a device a new certificate in place of the old one.
    fn rotate(&mut self, now: Timestamp, time: Timestamp, job: JobIndex, device: u32) -> bool {
        let Some(rotation) = self.rotation.jobs.get_mut(&job) else { return false };
        let row = &mut self.fleet.devices[device as usize];
        let account = &mut self.fleet.account;
        let thing = ThingId(device);
        let name = account.thing_name(thing).to_owned();
        let class = &self.scenario.classes[usize::from(row.class)];
        let authority = class.cohorts.first().map_or("", |cohort| cohort.authority.as_str());
        let valid_until = time + rotation.plan.lifetime;
        let old = row.certificate;
        let policies: Vec<_> = account.attached_policies(PolicyTarget::Certificate(old)).collect();
        let renewed = issue_certificate(account, time, authority, &name, time, valid_until).and_then(|new| {
            account.attach_thing_principal(
                time,
                thing,
                Principal::Certificate(new),
                ThingPrincipalType::NonExclusiveThing,
            )?;
            for policy in policies {
                account.attach_policy(time, policy, PolicyTarget::Certificate(new))?;
            }
            account.update_certificate(time, old, CertificateStatus::Inactive)?;
            Ok(new)
        });
        let Ok(new) = renewed else { return false };
        rotation.waiting.remove(&device);
        let late = row.valid_until <= time;
        if late {
            rotation.late += 1;
            rotation.outage = rotation.outage + (time - row.valid_until);
        } else {
            rotation.in_time += 1;
        }
        let minute = ((time - rotation.created).0 / 60_000) as u32;
        let done = rotation.in_time + rotation.late;
        match rotation.progress.last_mut() {
            Some(last) if last.0 == minute => last.1 = done,
            _ => rotation.progress.push((minute, done)),
        }
        row.certificate = new;
        row.valid_until = valid_until;
        self.shards[device as usize / LANES].renew(now, device as usize % LANES, valid_until);
        self.ledger.renewed(device, now);
        self.log.push(Event { time, kind: EventKind::CertificateRotated, subject: device, object: 0, value: 0 });
        true
    }
}
