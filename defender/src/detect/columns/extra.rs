//! Columns that a program has of its own.

use serde::{Deserialize, Serialize};

use crate::detect::behavior::Dimension;
use crate::detect::columns::Column;
use crate::detect::criteria::Relation;

/// What a column beside the usual ones holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// The part of a column that a dimension leaves (D-12).
    Part {
        /// What it is a part of.
        of: Topical,
        /// Which topics count.
        dimension: Dimension,
    },
    /// A custom metric of type `number`, by name (5.3), as [`code`]s.
    Custom(String),
}

/// The columns whose events have topics (D-05, D-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub enum Topical {
    Sent,
    Received,
    LargestMessage,
    SmallestMessage,
    MessageBytes,
    AuthorizationFailures,
}

impl Topical {
    /// The column as a whole.
    pub const fn column(self) -> Column {
        match self {
            Topical::Sent => Column::Sent,
            Topical::Received => Column::Received,
            Topical::LargestMessage => Column::LargestMessage,
            Topical::SmallestMessage => Column::SmallestMessage,
            Topical::MessageBytes => Column::MessageBytes,
            Topical::AuthorizationFailures => Column::AuthorizationFailures,
        }
    }

    /// The one that is this column.
    pub(super) fn of(column: Column) -> Option<Topical> {
        const ALL: [Topical; 6] = [
            Topical::Sent,
            Topical::Received,
            Topical::LargestMessage,
            Topical::SmallestMessage,
            Topical::MessageBytes,
            Topical::AuthorizationFailures,
        ];
        ALL.into_iter().find(|topical| topical.column() == column)
    }
}

/// A custom metric's number as a column holds it: in single precision, as a code that grows with it. NaN has none that
/// means anything.
pub fn code(number: f64) -> u32 {
    // Zero has two forms as a float, and one as a number.
    let bits = (number as f32 + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The number that a [`code`] stands for.
pub fn number(code: u32) -> f32 {
    f32::from_bits(if code >> 31 == 1 { code & !(1 << 31) } else { !code })
}

/// The codes of the numbers that conform to a threshold, both in single precision.
pub(super) fn normal_codes(relation: Relation, threshold: f64) -> (u64, u64) {
    relation.normal_integers(u64::from(code(threshold)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [f64; 13] =
        [f64::MIN, -3e9, -48.25, -1.0, -1e-30, 0.0, 1e-45, 0.1, 48.0, 48.000_004, 1e9, 3.4e38, f64::MAX];

    #[test]
    fn codes_grow_with_their_numbers_and_give_them_back_in_single_precision() {
        assert!(NUMBERS.is_sorted_by(|a, b| code(*a) < code(*b) || *a as f32 == *b as f32));
        for value in NUMBERS {
            assert_eq!(number(code(value)), value as f32, "{value}");
        }
        assert_eq!(code(-0.0), code(0.0));
    }

    #[test]
    fn d47_to_d50_ranges_of_codes_agree_with_the_relations() {
        for relation in
            [Relation::LessThan, Relation::LessThanEquals, Relation::GreaterThan, Relation::GreaterThanEquals]
        {
            for threshold in NUMBERS {
                let (low, high) = normal_codes(relation, threshold);
                for seen in NUMBERS {
                    let conforms = relation.holds(seen as f32, threshold as f32);
                    let within = (low..=high).contains(&u64::from(code(seen)));
                    assert_eq!(within, conforms, "{seen} {relation:?} {threshold}");
                }
            }
        }
    }
}
