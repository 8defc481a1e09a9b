//! A local, deterministic engine of **AWS IoT Device Defender**: Audit, Detect and Mitigation, plus the slice of
//! AWS IoT Core (registry, certificates, policies, logging, presence, jobs) that those three look at or change.
//!
//! The engine is a function of what it knows ([`account`]), when it is ([`time::Timestamp`], always handed in) and
//! what arrived (operations, broker events, device reports). It has never heard of simulations, files or clocks.
//!
//! Semantics follow the behavioral specification whose rule ids (`D-45`, `A-13`, `CH-66`…) are cited throughout;
//! a `CH-` id marks a choice of this engine where the service is undocumented. The engine never throttles its callers
//! (CH-118).
pub mod account;
pub mod arn;
pub mod audit;
pub mod detect;
pub mod error;
pub mod ids;
pub mod jobs;
pub mod metric;
pub mod mitigation;
pub mod notification;
pub mod policy;
pub mod request;
mod shape;
pub mod time;
