//! The world around the engine: fleet, attacks, confounders, faults, responders, clock.
pub mod alteration;
pub mod attack;
mod broker;
pub mod confounder;
pub mod defect;
pub mod dice;
pub mod disturbance;
pub mod event;
pub mod fault;
mod fleet;
pub mod operation;
pub mod outcome;
pub mod recording;
pub mod sampler;
pub mod scenario;
mod shard;
pub mod tempo;
pub mod world;
