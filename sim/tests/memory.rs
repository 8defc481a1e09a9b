//! A run's memory does not grow with simulated time, but for what it reports.

use peak_alloc::PeakAlloc;
use sim::event::Event;
use sim::scenario::load_text;
use sim::world::{Run, RunOptions, Unobserved, run};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Devices whose reports are late and lost all the time, judged by a percentile and a threshold.
const WORLD: &str = r##"
seed = 5
start = 2026-06-01T00:00:00Z
duration = "DURATION"

[[authority]]
name = "ca"
not-before = 2020-01-01T00:00:00Z
not-after = 2040-01-01T00:00:00Z

[[policy]]
name = "device"
document = "device.json"

[[class]]
name = "thermostat"
archetype = "thermostat"
count = 300
policies = ["device"]

[[class.cohort]]
name = "first"
authority = "ca"
not-before = 2025-06-01T00:00:00Z
lifetime = "3650d"

[[profile]]
document = "profile.json"

[[fault]]
name = "late"
start = "1h"
duration = "FAULTY"
intensity = 0.5
report-delay = {}

[[fault]]
name = "lossy"
start = "1h"
duration = "FAULTY"
intensity = 0.2
report-loss-burst = {}

[documents]
"device.json" = '''
{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "iot:*", "Resource": "*" }] }
'''
"profile.json" = '''
{ "securityProfileName": "Traffic",
  "alertTargets": { "SNS": { "alertTargetArn": "arn:aws:sns:us-east-1:123456789012:alarms", "roleArn": "arn:aws:iam::123456789012:role/sns" } },
  "behaviors": [
  { "name": "Sent", "metric": "aws:num-messages-sent", "criteria": {
    "comparisonOperator": "less-than-equals", "value": { "count": THRESHOLD }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } },
  { "name": "BytesOut", "metric": "aws:all-bytes-out", "criteria": {
    "comparisonOperator": "less-than-equals", "statisticalThreshold": { "statistic": "p100" }, "durationSeconds": 300, "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1 } } ] }
'''
"##;

/// A run, and how much more heap it held at its fullest than before it began \[bytes\].
fn play(days: u32, threshold: u32, events: bool) -> (Run, usize) {
    let text = WORLD.replace("DURATION", &format!("{days}d")).replace("FAULTY", &format!("{}h", days * 24 - 1));
    let text = text.replace("THRESHOLD", &threshold.to_string());
    let scenario = load_text("world", &text).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let options = RunOptions { threads: Some(1), events, ..RunOptions::default() };
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let run = run(&scenario, options, &mut Unobserved).expect("it runs");
    (run, HEAP.peak_usage() - before)
}

/// One test, so that nothing else is on the heap.
#[test]
fn memory_grows_with_what_is_reported_and_not_with_time() {
    let ((short, few), (long, many)) = (play(2, 1_000_000, false), play(22, 1_000_000, false));
    assert!(short.outcome.alarms.is_empty() && long.outcome.alarms.is_empty(), "alarms are reported");
    assert!(long.outcome.tally.device_windows == 11 * short.outcome.tally.device_windows);
    // Totals by hour are reported, for each of 480 hours more.
    assert!(many < few + 32 * 1_024, "{few} bytes in 2 days, {many} in 22");

    let ((quiet, without), (told, with)) = (play(2, 5, false), play(2, 5, true));
    assert!(quiet.events.is_none() && quiet.outcome.header.events > 10_000, "{}", quiet.outcome.header.events);
    assert_eq!(quiet.outcome.header.digest, told.outcome.header.digest);
    let events = told.events.as_ref().map_or(0, Vec::len);
    assert_eq!(events as u64, told.outcome.header.events);
    assert!(without + size_of::<Event>() * events <= with, "{without} bytes without {events} events, {with} with");
}
