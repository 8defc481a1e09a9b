//! The world around the engine: fleet, attacks, confounders, faults, responders, clock.
pub mod scenario;
