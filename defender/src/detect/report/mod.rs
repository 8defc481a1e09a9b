//! Device metric reports (section 6): what a device's agent publishes about itself, and what it is answered.
//!
//! ```text
//! topic + bytes ──▶ ReportIntake ──▶ Verdict ──▶ ReportAnswer (JSON or CBOR, on …/accepted or …/rejected)
//!                     │ parse            └─ MetricReport ──▶ ReportValues ──▶ datapoints (D-43)
//!                     └ rate, report ids
//! ```
//!
//! A report is a small tree with long or short member names, in JSON or CBOR. [`MetricReport`] is that tree, read by
//! [`MetricReport::parse`] and written by [`MetricReport::encode`]; [`ReportValues`] is what the metrics of Detect
//! see of it (R-10). [`ReportIntake`] adds what needs memory: the rate (R-04) and the order of report ids (R-09).
//!
//! Where the vendor's own agent departs from the documented form, the agent is right: `null` stands for an absent
//! member (it sends `"local_interface":null`), an IPv6 peer may come without brackets (`::1:8883`), and long names may
//! stand inside short parents (its port entries always say `port` and `interface`).
mod answer;
mod document;
mod encode;
mod intake;
mod names;
mod parse;
mod topic;
mod tree;
mod values;

pub use answer::{ReportAnswer, ReportStatus, StatusDetails};
pub use document::{Connection, ConnectionList, CustomValue, ListeningPort, MetricReport, NetworkStats, PortList};
pub use intake::{Accepted, Refusal, Rejected, ReportIntake, ReportLimits, Verdict};
pub use names::Names;
pub use parse::{Malformed, ReportError};
pub use topic::{NotAReportTopic, ReportFormat, ReportTopic};
pub use values::ReportValues;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;
