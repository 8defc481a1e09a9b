//! Where reports arrive: identity, payload, definitions, rate, ids; then an answer (R-06, CH-94).

use std::collections::BTreeMap;

use super::answer::{ReportAnswer, ReportStatus, StatusDetails};
use super::document::MetricReport;
use super::parse::{self, Malformed, ReportError, escaped, metric_type};
use super::topic::ReportTopic;
use crate::error::Warning;
use crate::metric::ValueKind;
use crate::time::{Millis, Timestamp};

/// How often reports may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportLimits {
    /// Least time between two accepted reports of one device.
    pub min_interval: Millis,
    /// Most accepted reports in one second of the clock, over the account; `None` for no limit.
    pub per_second: Option<u32>,
}

impl Default for ReportLimits {
    /// The service's defaults: 300 s, and 3,500 reports a second.
    fn default() -> ReportLimits {
        ReportLimits { min_interval: Millis::seconds(300), per_second: Some(3_500) }
    }
}

/// Receives the reports of one account and remembers, per device, the last one it accepted.
#[derive(Clone, Debug)]
pub struct ReportIntake {
    limits: ReportLimits,
    last: BTreeMap<String, LastAccepted>,
    /// The current second, as seconds since the epoch, and the reports accepted in it.
    second: (i64, u32),
}

#[derive(Clone, Copy, Debug)]
struct LastAccepted {
    at: Timestamp,
    report_id: u64,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It counts.
    Accepted(Accepted),
    /// It has no effect.
    Rejected(Rejected),
}

/// An accepted report.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The device it is about: the name in the topic.
    pub thing_name: String,
    /// When it arrived; its datapoints carry this time.
    pub at: Timestamp,
    /// The report, without custom metrics that the account does not define.
    pub report: MetricReport,
    /// `NON_MONOTONIC_REPORT_ID` (R-09, CH-96) and `UNKNOWN_CUSTOM_METRIC`.
    pub warnings: Vec<Warning>,
}

/// A rejected report.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// The device it was about.
    pub thing_name: String,
    /// When it arrived.
    pub at: Timestamp,
    /// Its id, if that could be read.
    pub report_id: Option<u64>,
    /// Why.
    pub refusal: Refusal,
}

/// Why a report is rejected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The device's name cannot be monitored (D-31).
    #[error("a device name of more than 128 bytes or with control characters is not monitored")]
    Identity,
    /// The payload is not a report.
    #[error(transparent)]
    Payload(#[from] ReportError),
    /// The device's last accepted report is not yet old enough (CH-93).
    #[error("the last accepted report of this device came {0} ago")]
    DeviceRate(Millis),
    /// The account has accepted as many as it may within this second.
    #[error("the account has already accepted {0} reports in this second")]
    AccountRate(u32),
}

impl Refusal {
    /// What the answer says: one code and one fixed sentence (R-03, CH-93). The service's code for an identity that
    /// is not monitored is unknown; it is answered as an invalid payload.
    pub fn status_details(&self) -> StatusDetails {
        let (code, message) = match self {
            Refusal::Identity | Refusal::Payload(_) => ("InvalidPayload", "Malformed metrics report"),
            Refusal::DeviceRate(_) | Refusal::AccountRate(_) => ("Throttled", "Metrics report rate exceeded"),
        };
        StatusDetails { error_code: code.to_owned(), error_message: message.to_owned() }
    }
}

impl Verdict {
    /// The answer to the device.
    pub fn answer(&self) -> ReportAnswer {
        match self {
            Verdict::Accepted(accepted) => ReportAnswer {
                thing_name: accepted.thing_name.clone(),
                report_id: Some(accepted.report.report_id),
                status: ReportStatus::Accepted,
                status_details: None,
                timestamp: accepted.at,
            },
            Verdict::Rejected(rejected) => ReportAnswer {
                thing_name: rejected.thing_name.clone(),
                report_id: rejected.report_id,
                status: ReportStatus::Rejected,
                status_details: Some(rejected.refusal.status_details()),
                timestamp: rejected.at,
            },
        }
    }
}

impl ReportIntake {
    /// An intake that has seen nothing yet.
    pub fn new(limits: ReportLimits) -> ReportIntake {
        ReportIntake { limits, last: BTreeMap::new(), second: (i64::MIN, 0) }
    }

    /// Takes one report, in the order of R-06: identity, syntax, structure, values, rate.
    ///
    /// `now` is the time of arrival: whatever the report says about time is not believed. `defined` tells a
    /// custom metric's type, or that the account has none of that name. Whether any profile watches the device is
    /// for the caller to ask: a report that nobody watches is accepted all the same, and then dropped (R-17, CH-100).
    pub fn receive(
        &mut self,
        now: Timestamp,
        topic: &ReportTopic,
        payload: &[u8],
        defined: &dyn Fn(&str) -> Option<ValueKind>,
    ) -> Verdict {
        let reject = |report_id, refusal| {
            Verdict::Rejected(Rejected { thing_name: topic.thing_name().to_owned(), at: now, report_id, refusal })
        };
        if !topic.is_monitorable() {
            return reject(None, Refusal::Identity);
        }
        let mut parsed = match parse::read(topic.format(), payload) {
            Ok(parsed) => parsed,
            Err(Malformed { report_id, error }) => return reject(report_id, error.into()),
        };
        let report_id = parsed.report.report_id;
        let mut warnings = match keep_defined_metrics(&mut parsed, defined) {
            Ok(warnings) => warnings,
            Err(error) => return reject(Some(report_id), error.into()),
        };
        if let Err(refusal) = self.check_rate(now, topic.thing_name()) {
            return reject(Some(report_id), refusal);
        }
        warnings.extend(self.check_report_id(topic.thing_name(), &parsed));
        self.remember(now, topic.thing_name(), report_id);
        Verdict::Accepted(Accepted {
            thing_name: topic.thing_name().to_owned(),
            at: now,
            report: parsed.report,
            warnings,
        })
    }

    /// Forgets a device, for example because its thing was deleted.
    pub fn forget(&mut self, thing_name: &str) {
        self.last.remove(thing_name);
    }

    fn check_rate(&self, now: Timestamp, thing_name: &str) -> Result<(), Refusal> {
        if let Some(last) = self.last.get(thing_name) {
            let age = now - last.at;
            if age < self.limits.min_interval {
                return Err(Refusal::DeviceRate(age));
            }
        }
        match self.limits.per_second {
            Some(limit) if self.second.0 == second_of(now) && self.second.1 >= limit => {
                Err(Refusal::AccountRate(limit))
            }
            Some(0) => Err(Refusal::AccountRate(0)),
            _ => Ok(()),
        }
    }

    fn check_report_id(&self, thing_name: &str, parsed: &parse::Parsed) -> Option<Warning> {
        let last = self.last.get(thing_name)?.report_id;
        let report_id = parsed.report.report_id;
        (report_id <= last).then(|| Warning {
            code: "NON_MONOTONIC_REPORT_ID",
            path: parsed.report_id_path.clone(),
            message: format!("report ids should rise: found `{report_id}` after `{last}`"),
            canonical: None,
        })
    }

    fn remember(&mut self, now: Timestamp, thing_name: &str, report_id: u64) {
        let accepted = LastAccepted { at: now, report_id };
        match self.last.get_mut(thing_name) {
            Some(last) => *last = accepted,
            None => {
                self.last.insert(thing_name.to_owned(), accepted);
            }
        }
        if self.second.0 == second_of(now) {
            self.second.1 += 1;
        } else {
            self.second = (second_of(now), 1);
        }
    }
}

fn second_of(now: Timestamp) -> i64 {
    now.floor_to(Millis::SECOND).millis() / 1_000
}

/// Drops custom metrics that the account does not define, with a warning each, and refuses those that it defines
/// with another type (R-13, CH-98).
fn keep_defined_metrics(
    parsed: &mut parse::Parsed,
    defined: &dyn Fn(&str) -> Option<ValueKind>,
) -> Result<Vec<Warning>, ReportError> {
    let mut unknown = Vec::new();
    for (name, value) in parsed.report.custom_metrics.iter().flatten() {
        let path = || format!("{}/{}", parsed.custom_path, escaped(name));
        match defined(name) {
            Some(kind) if kind == value.kind() => {}
            Some(kind) => {
                return Err(ReportError::CustomType {
                    path: path(),
                    defined: metric_type(kind),
                    found: metric_type(value.kind()),
                });
            }
            None => unknown.push((
                name.clone(),
                Warning {
                    code: "UNKNOWN_CUSTOM_METRIC",
                    path: path(),
                    message: format!("no custom metric is named `{name}`; its value is ignored"),
                    canonical: None,
                },
            )),
        }
    }
    let mut warnings = Vec::new();
    for (name, warning) in unknown {
        if let Some(custom) = &mut parsed.report.custom_metrics {
            custom.remove(&name);
        }
        warnings.push(warning);
    }
    Ok(warnings)
}
