//! What a job's configuration means, once checked: rollout, abort, timeout, retry, schedule (8.2–8.4, Q-35).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use num_bigint::BigUint;

use super::wire::{
    AbortConfig, ExecutionStatus, JobEndBehavior, JobExecutionFailureType, JobExecutionsRetryConfig,
    JobExecutionsRolloutConfig, RetryableFailureType, SchedulingConfig, TimeoutConfig,
};
use crate::error::ServiceError;
use crate::time::{Millis, Timestamp};

/// Things notified per minute when nothing else is asked for: about as fast as the service goes (J-06, CH-116).
const FASTEST_PER_MINUTE: u32 = 1_000;

/// What the k of an exponential rate counts (J-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    Notified,
    Succeeded,
}

/// How many things are notified per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rollout {
    Constant { per_minute: u32 },
    Exponential { base: u32, factor_tenths: u32, counter: Counter, criterion: u32, cap: u32 },
}

impl Rollout {
    pub(super) fn new(config: Option<&JobExecutionsRolloutConfig>) -> Result<Rollout, ServiceError> {
        let Some(config) = config else { return Ok(Rollout::Constant { per_minute: FASTEST_PER_MINUTE }) };
        if config.maximum_per_minute == Some(0) {
            return Err(ServiceError::invalid("maximumPerMinute must be at least 1, found `0`"));
        }
        let Some(rate) = &config.exponential_rate else {
            return Ok(Rollout::Constant { per_minute: config.maximum_per_minute.unwrap_or(FASTEST_PER_MINUTE) });
        };
        if !(1..=1_000).contains(&rate.base_rate_per_minute) {
            return Err(ServiceError::invalid(format!(
                "baseRatePerMinute must lie in 1..=1000, found `{}`",
                rate.base_rate_per_minute
            )));
        }
        let factor_tenths = decimal(rate.increment_factor, 10.0).filter(|tenths| (11..=50).contains(tenths));
        let factor_tenths = factor_tenths.ok_or_else(|| {
            ServiceError::invalid(format!(
                "incrementFactor must lie in 1.1..=5 with one decimal, found `{}`",
                rate.increment_factor
            ))
        })?;
        let criteria = &rate.rate_increase_criteria;
        let (counter, criterion) = match (criteria.number_of_notified_things, criteria.number_of_succeeded_things) {
            (Some(n), None) => (Counter::Notified, n),
            (None, Some(n)) => (Counter::Succeeded, n),
            _ => {
                return Err(ServiceError::invalid(
                    "rateIncreaseCriteria needs exactly one of `numberOfNotifiedThings` and `numberOfSucceededThings`",
                ));
            }
        };
        if criterion == 0 {
            return Err(ServiceError::invalid("a rate increase criterion must be at least 1, found `0`"));
        }
        let cap = config.maximum_per_minute.unwrap_or(FASTEST_PER_MINUTE);
        Ok(Rollout::Exponential { base: rate.base_rate_per_minute, factor_tenths, counter, criterion, cap })
    }

    /// Things to notify in the minute that begins now: `min(cap, floor(base · factor^k))` with
    /// k = floor(counter / criterion), in exact arithmetic (J-08, CH-116).
    pub(super) fn rate(&self, notified: u32, succeeded: u32) -> u32 {
        match *self {
            Rollout::Constant { per_minute } => per_minute,
            Rollout::Exponential { base, factor_tenths, counter, criterion, cap } => {
                let counted = match counter {
                    Counter::Notified => notified,
                    Counter::Succeeded => succeeded,
                };
                let (mut rate, mut scale) = (BigUint::from(base), BigUint::from(1u32));
                for _ in 0..counted / criterion {
                    if rate >= &scale * cap {
                        return cap;
                    }
                    rate *= factor_tenths;
                    scale *= 10u32;
                }
                u32::try_from(rate / scale).map_or(cap, |rate| rate.min(cap))
            }
        }
    }
}

/// A criterion that ends a job early (J-10, J-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AbortRule {
    failure: JobExecutionFailureType,
    threshold_hundredths: u32,
    executed_min: u32,
}

impl AbortRule {
    pub(super) fn list(config: Option<&AbortConfig>) -> Result<Vec<AbortRule>, ServiceError> {
        let Some(config) = config else { return Ok(Vec::new()) };
        if config.criteria_list.is_empty() {
            return Err(ServiceError::invalid("abortConfig needs at least one criterion, found none"));
        }
        let rule = |criterion: &super::wire::AbortCriteria| {
            let found = criterion.threshold_percentage;
            let threshold = decimal(found, 100.0).filter(|hundredths| *hundredths <= 10_000);
            let threshold_hundredths = threshold.ok_or_else(|| {
                ServiceError::invalid(format!(
                    "thresholdPercentage must lie in 0..=100 with at most two decimals, found `{found}`"
                ))
            })?;
            if criterion.min_number_of_executed_things == 0 {
                return Err(ServiceError::invalid("minNumberOfExecutedThings must be at least 1, found `0`"));
            }
            let executed_min = criterion.min_number_of_executed_things;
            Ok(AbortRule { failure: criterion.failure_type, threshold_hundredths, executed_min })
        };
        config.criteria_list.iter().map(rule).collect()
    }

    /// Whether the criterion is met by the numbers of things per execution status (CH-117).
    pub(super) fn is_met(&self, counts: &[u32; 8]) -> bool {
        use ExecutionStatus::{Failed, Rejected, Succeeded, TimedOut};
        let count = |status: ExecutionStatus| u64::from(counts[status.index()]);
        let failures = count(Failed) + count(Rejected) + count(TimedOut);
        let executed = count(Succeeded) + failures;
        let matching = match self.failure {
            JobExecutionFailureType::Failed => count(Failed),
            JobExecutionFailureType::Rejected => count(Rejected),
            JobExecutionFailureType::TimedOut => count(TimedOut),
            JobExecutionFailureType::All => failures,
        };
        executed >= u64::from(self.executed_min) && matching * 10_000 >= u64::from(self.threshold_hundredths) * executed
    }
}

/// The bound on the time in progress (J-14).
pub(super) fn in_progress_timeout(config: Option<&TimeoutConfig>) -> Result<Option<Millis>, ServiceError> {
    let Some(minutes) = config.and_then(|config| config.in_progress_timeout_in_minutes) else { return Ok(None) };
    if !(1..=10_080).contains(&minutes) {
        return Err(ServiceError::invalid(format!(
            "inProgressTimeoutInMinutes must lie in 1..=10080, found `{minutes}`"
        )));
    }
    Ok(Some(Millis::minutes(minutes)))
}

/// How often a thing may try again (J-16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retries {
    failed: u8,
    timed_out: u8,
    all: u8,
}

impl Retries {
    pub(super) fn new(config: Option<&JobExecutionsRetryConfig>) -> Result<Retries, ServiceError> {
        let mut retries = Retries::default();
        let Some(config) = config else { return Ok(retries) };
        let criteria = &config.criteria_list;
        if !(1..=2).contains(&criteria.len()) {
            return Err(ServiceError::invalid(format!(
                "jobExecutionsRetryConfig takes 1 or 2 criteria, found `{}`",
                criteria.len()
            )));
        }
        let total: u64 = criteria.iter().map(|criterion| u64::from(criterion.number_of_retries)).sum();
        if total > 10 {
            return Err(ServiceError::invalid(format!("a thing may retry at most 10 times in all, found `{total}`")));
        }
        let kinds = (criteria[0].failure_type, criteria.last().map(|last| last.failure_type));
        let overlap = kinds.1 == Some(kinds.0) || kinds.0 == RetryableFailureType::All;
        if criteria.len() == 2 && (overlap || kinds.1 == Some(RetryableFailureType::All)) {
            return Err(ServiceError::invalid("two retry criteria must be for `FAILED` and for `TIMED_OUT`"));
        }
        for criterion in criteria {
            let allowed = u8::try_from(criterion.number_of_retries).expect("at most 10, checked above");
            match criterion.failure_type {
                RetryableFailureType::Failed => retries.failed = allowed,
                RetryableFailureType::TimedOut => retries.timed_out = allowed,
                RetryableFailureType::All => retries.all = allowed,
            }
        }
        Ok(retries)
    }

    /// Whether an execution that just failed so, after `used` retries (of FAILED, of TIMED_OUT), gets another.
    pub(super) fn allow(&self, failure: ExecutionStatus, used: [u8; 2]) -> bool {
        let together = used[0] + used[1] < self.all;
        match failure {
            ExecutionStatus::Failed => together || used[0] < self.failed,
            ExecutionStatus::TimedOut => together || used[1] < self.timed_out,
            _ => false,
        }
    }
}

/// When the rollout begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Schedule {
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<(Timestamp, JobEndBehavior)>,
}

impl Schedule {
    /// The service wants half an hour's notice, a start within a year, and half an hour to two years of rollout.
    pub(super) fn new(now: Timestamp, config: Option<&SchedulingConfig>) -> Result<Schedule, ServiceError> {
        let Some(config) = config else { return Ok(Schedule::default()) };
        if config.maintenance_windows.as_ref().is_some_and(|windows| !windows.is_empty()) {
            return Err(ServiceError::invalid("maintenanceWindows are not part of this engine; use startTime"));
        }
        let start = config.start_time.as_deref().map(to_the_minute).transpose()?;
        let end = config.end_time.as_deref().map(to_the_minute).transpose()?;
        if let Some(start) = start
            && !(Millis::minutes(30)..=Millis::days(365)).contains(&(start - now))
        {
            return Err(ServiceError::invalid(format!(
                "startTime must lie 30 minutes to 365 days ahead, found `{start}` at `{now}`"
            )));
        }
        if let Some(end) = end
            && !(Millis::minutes(30)..=Millis::days(730)).contains(&(end - start.unwrap_or(now)))
        {
            return Err(ServiceError::invalid(format!(
                "endTime must lie 30 minutes to 730 days after the start, found `{end}`"
            )));
        }
        match (end, config.end_behavior) {
            (None, Some(_)) => Err(ServiceError::invalid("endBehavior needs an endTime, found none")),
            (end, behavior) => Ok(Schedule { start, end: end.map(|end| (end, behavior.unwrap_or_default())) }),
        }
    }
}

fn to_the_minute(text: &str) -> Result<Timestamp, ServiceError> {
    let parsed = DateTime::strptime("%Y-%m-%d %H:%M", text).and_then(|civil| TimeZone::UTC.to_timestamp(civil));
    parsed.map(|instant| Timestamp(instant.as_millisecond())).map_err(|_| {
        ServiceError::invalid(format!("a schedule's time has the form `YYYY-MM-DD HH:MM`, found `{text}`"))
    })
}

/// `value · scale` where that is a whole number, up to the noise of writing it in decimal.
fn decimal(value: f64, scale: f64) -> Option<u32> {
    let scaled = value * scale;
    let whole = scaled.round();
    ((scaled - whole).abs() < 1e-6 && (0.0..=1e9).contains(&whole)).then_some(whole as u32)
}

#[cfg(test)]
mod tests {
    use super::super::wire::{ExponentialRolloutRate, RateIncreaseCriteria, RetryCriteria};
    use super::*;

    fn exponential(base: u32, factor: f64, notified: u32, cap: Option<u32>) -> Result<Rollout, ServiceError> {
        Rollout::new(Some(&JobExecutionsRolloutConfig {
            maximum_per_minute: cap,
            exponential_rate: Some(ExponentialRolloutRate {
                base_rate_per_minute: base,
                increment_factor: factor,
                rate_increase_criteria: RateIncreaseCriteria {
                    number_of_notified_things: Some(notified),
                    number_of_succeeded_things: None,
                },
            }),
        }))
    }

    #[test]
    fn j08_the_rate_doubles_with_each_criterion_and_stops_at_the_cap() {
        let rollout = exponential(50, 2.0, 1000, None).expect("valid");
        let rates = [0, 999, 1000, 2000, 3000, 4200, 5000].map(|notified| rollout.rate(notified, 0));
        assert_eq!(rates, [50, 50, 100, 200, 400, 800, 1000]);
        let capped = exponential(50, 2.0, 1000, Some(300)).expect("valid");
        assert_eq!(capped.rate(5000, 0), 300);
    }

    #[test]
    fn ch116_rates_are_floored_in_exact_arithmetic() {
        let rollout = exponential(10, 1.1, 1, Some(1_000_000)).expect("valid");
        // 10 · 1.1^k, written out in decimal: 11, 12.1, 13.31, 14.641, 16.1051.
        assert_eq!([1, 2, 3, 4, 5].map(|k| rollout.rate(k, 0)), [11, 12, 13, 14, 16]);
        assert_eq!(rollout.rate(u32::MAX, 0), 1_000_000);
    }

    #[test]
    fn q35_rollout_bounds() {
        for (base, factor, criterion) in
            [(0, 2.0, 1), (1001, 2.0, 1), (1, 1.0, 1), (1, 5.1, 1), (1, 1.25, 1), (1, 2.0, 0)]
        {
            assert!(exponential(base, factor, criterion, None).is_err(), "{base} {factor} {criterion}");
        }
        assert!(exponential(1000, 5.0, 1, None).is_ok() && exponential(1, 1.1, 1, None).is_ok());
    }

    #[test]
    fn j16_retry_criteria_are_bounded_and_disjoint() {
        use RetryableFailureType::{All, Failed, TimedOut};
        let retries = |criteria: &[(RetryableFailureType, u32)]| {
            let criteria = criteria
                .iter()
                .map(|&(failure_type, number_of_retries)| RetryCriteria { failure_type, number_of_retries });
            Retries::new(Some(&JobExecutionsRetryConfig { criteria_list: criteria.collect() }))
        };
        assert!(retries(&[]).is_err() && retries(&[(Failed, 6), (TimedOut, 5)]).is_err());
        assert!(retries(&[(Failed, 1), (Failed, 1)]).is_err() && retries(&[(All, 1), (Failed, 1)]).is_err());
        assert!(retries(&[(Failed, 1), (All, 1)]).is_err() && retries(&[(All, 11)]).is_err());
        let separate = retries(&[(Failed, 1), (TimedOut, 2)]).expect("valid");
        assert!(separate.allow(ExecutionStatus::TimedOut, [1, 1]) && !separate.allow(ExecutionStatus::Failed, [1, 1]));
        let shared = retries(&[(All, 2)]).expect("valid");
        assert!(!shared.allow(ExecutionStatus::TimedOut, [1, 1]) && !shared.allow(ExecutionStatus::Rejected, [0, 0]));
    }
}
