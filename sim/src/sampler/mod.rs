//! Samplers for the hot path: a 32-bit word in, a count or a factor out, by table.
//!
//! [`Ladder`] holds alias tables of a negative binomial (or Poisson) for a geometric ladder of rates: a device's
//! rate is *class base × hour step × device step*, and steps add up, so that all devices, hours and days share one
//! set of tables that stays in cache. [`Quantile`] holds a continuous distribution with fine tails. Tables are built
//! from basic arithmetic and a pinned math library, and are integers: the same bits everywhere.

mod alias;
mod binomial;
mod ladder;
mod quantile;

pub use alias::{AliasTables, Half, Table, TableId};
pub use binomial::binomial;
pub use ladder::{Ladder, STEPS_PER_OCTAVE, octave_steps};
pub use quantile::{MessageSizes, Quantile, normal_quantile};
