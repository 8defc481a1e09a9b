//! placeholder tour
pub mod dice;
pub mod outcome;
pub mod sampler;
pub mod scenario { pub use size::*; mod size { /// s
 #[derive(Clone, Copy, Debug, PartialEq)] pub struct Size { /// m
 pub median: f64, /// s
 pub spread: f64, /// x
 pub maximum: f64 } } }
