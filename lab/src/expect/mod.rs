//! What a scenario expects, held against what happened.
//!
//! [`measure`] looks one measure up in a scorecard: each has one [`definition`] and one place there. [`judge`] says
//! whether an expectation holds, over one run or several seeds. A measure over no events has no value, and what is
//! expected of it is not judged: never passed.

mod case;
mod judge;
mod value;

pub use case::Case;
pub use judge::{Claim, Judgment, Verdict, judge};
pub use sim::scenario::expect::{
    Better, Comparison, Expectation, Measure, Rank, Statement, Statistic, Subject, SubjectKind, Unit,
};
pub use value::{Basis, Reading, definition, measure};
