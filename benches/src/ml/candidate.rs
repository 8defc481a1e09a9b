//! The candidates by name.

use defender::detect::ml::{AnomalyModel, StandIn, Surrogate};

use super::extreme_values::ExtremeValues;
use super::forest::Forest;
use super::seasonal_quantiles::SeasonalQuantiles;

/// A model that could judge ML behaviors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// Median and median deviation, fixed factors (CH-81).
    StandIn,
    /// A random cut forest over value and time of day and week (crate krcf).
    Forest,
    /// Empirical quantiles by hour of the week, shrunk towards those of all hours.
    SeasonalQuantiles,
    /// Peaks over threshold of what the hour's median leaves.
    ExtremeValues,
    /// Seasonal levels with grouped, calibrated tails: what the engine ships.
    Surrogate,
}

impl Candidate {
    /// All, in the order of the tables.
    pub const ALL: [Candidate; 5] = [
        Candidate::StandIn,
        Candidate::Forest,
        Candidate::SeasonalQuantiles,
        Candidate::ExtremeValues,
        Candidate::Surrogate,
    ];

    /// Its name in tables and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Candidate::StandIn => "stand-in",
            Candidate::Forest => "forest",
            Candidate::SeasonalQuantiles => "quantiles",
            Candidate::ExtremeValues => "extremes",
            Candidate::Surrogate => "surrogate",
        }
    }

    /// The candidate of a name.
    pub fn from_name(name: &str) -> Option<Candidate> {
        Candidate::ALL.into_iter().find(|candidate| candidate.name() == name)
    }

    /// An untrained model.
    pub fn model(self) -> Box<dyn AnomalyModel> {
        match self {
            Candidate::StandIn => Box::new(StandIn::default()),
            Candidate::Forest => Box::new(Forest::default()),
            Candidate::SeasonalQuantiles => Box::new(SeasonalQuantiles::default()),
            Candidate::ExtremeValues => Box::new(ExtremeValues::default()),
            Candidate::Surrogate => Box::new(Surrogate::default()),
        }
    }
}
