//! Detect: datapoints in, alarms out.
//!
//! [`criteria`] says when a datapoint conforms; [`alarm`] is the state machine that turns runs of datapoints into
//! episodes. Both are the one semantic core that the columnar fast path and the obvious reference model share.
pub mod alarm;
pub mod behavior;
pub mod criteria;
pub mod lint;
pub mod ml;
mod page;
pub mod percentile;
pub mod report;
pub mod validate;
pub mod wire;
