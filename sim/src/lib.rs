//! The world around the engine: fleet, attacks, confounders, faults, responders, clock.
pub mod attack;
pub mod confounder;
pub mod dice;
pub mod disturbance;
pub mod outcome;
pub mod sampler;
pub mod scenario;
