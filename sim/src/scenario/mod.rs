//! A scenario, resolved: counts instead of shares, parsed documents instead of paths, everything checked.
pub mod field;
pub mod fields;
pub mod json;
mod plan;
pub mod problem;
pub mod quantity;
pub mod reference;
pub mod source;
pub mod tree;
pub use plan::*;
