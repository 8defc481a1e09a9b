//! When scheduled audits are due (A-28 … A-30).

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::time::{Millis, Timestamp};

use super::wire::DayOfWeek;

/// Past the end of the calendar.
const NEVER: Timestamp = Timestamp(i64::MAX / 2);

/// A rule for due instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recurrence {
    /// Each day.
    Daily,
    /// Each week on a day.
    Weekly(DayOfWeek),
    /// Every second week on a day.
    Biweekly(DayOfWeek),
    /// Each month, on a day, or the last one where the month is shorter.
    Monthly(i8),
}

/// The day of month that stands for the last one.
pub(super) const LAST_DAY: i8 = 31;

impl Recurrence {
    /// The first due instant strictly after an instant; `offset` is the time of day (CH-40, CH-41).
    pub(super) fn first_after(self, instant: Timestamp, offset: Millis) -> Timestamp {
        let mut date = date_of(instant);
        loop {
            if date == Date::MAX {
                return NEVER;
            }
            let due = midnight(date) + offset;
            if due > instant && self.falls_on(date) {
                return due;
            }
            date = next_day(date);
        }
    }

    /// The due instant after one that was due.
    pub(super) fn next(self, due: Timestamp, offset: Millis) -> Timestamp {
        match self {
            // Not the next matching day, but the one after that (CH-41).
            Recurrence::Biweekly(_) => due + Millis::days(14),
            _ => self.first_after(due, offset),
        }
    }

    fn falls_on(self, date: Date) -> bool {
        match self {
            Recurrence::Daily => true,
            Recurrence::Weekly(day) | Recurrence::Biweekly(day) => date.weekday() == weekday(day),
            Recurrence::Monthly(day) => date.day() == day.min(date.days_in_month()),
        }
    }
}

fn weekday(day: DayOfWeek) -> Weekday {
    match day {
        DayOfWeek::Sunday => Weekday::Sunday,
        DayOfWeek::Monday => Weekday::Monday,
        DayOfWeek::Tuesday => Weekday::Tuesday,
        DayOfWeek::Wednesday => Weekday::Wednesday,
        DayOfWeek::Thursday => Weekday::Thursday,
        DayOfWeek::Friday => Weekday::Friday,
        DayOfWeek::Saturday => Weekday::Saturday,
    }
}

/// The UTC day of an instant; beyond jiff's calendar (9999), its last day.
fn date_of(instant: Timestamp) -> Date {
    match jiff::Timestamp::from_millisecond(instant.millis()) {
        Ok(instant) => TimeZone::UTC.to_datetime(instant).date(),
        Err(_) if instant.millis() < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

fn next_day(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(Date::MAX)
}

fn midnight(date: Date) -> Timestamp {
    let midnight = TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
    midnight.map_or(NEVER, |instant| Timestamp(instant.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond())
    }

    fn due(recurrence: Recurrence, created: &str, count: usize) -> Vec<String> {
        let first = recurrence.first_after(at(created), Millis(0));
        let all = std::iter::successors(Some(first), |due| Some(recurrence.next(*due, Millis(0))));
        all.take(count).map(|due| due.to_string()).collect()
    }

    #[test]
    fn a28_months_that_are_too_short_use_their_last_day() {
        let leap = due(Recurrence::Monthly(30), "2024-01-30T00:00:00Z", 3);
        assert_eq!(leap, ["2024-02-29T00:00:00Z", "2024-03-30T00:00:00Z", "2024-04-30T00:00:00Z"]);
    }

    #[test]
    fn a30_due_means_strictly_after_creation_and_the_offset_is_the_time_of_day() {
        assert_eq!(due(Recurrence::Daily, "2025-06-01T00:00:00Z", 1), ["2025-06-02T00:00:00Z"]);
        let offset = Millis::hours(6);
        let first = |created: &str| Recurrence::Daily.first_after(at(created), offset).to_string();
        assert_eq!(first("2025-06-01T05:59:59Z"), "2025-06-01T06:00:00Z");
        assert_eq!(first("2025-06-01T06:00:00Z"), "2025-06-02T06:00:00Z");
        assert_eq!(due(Recurrence::Weekly(DayOfWeek::Sunday), "2025-06-01T00:00:00Z", 1), ["2025-06-08T00:00:00Z"]);
    }

    proptest! {
        #[test]
        fn due_instants_move_on_and_fall_on_their_day(start in 0i64..4_000_000_000, day in 1i8..=31) {
            let start = Timestamp::from_seconds(start);
            let recurrence = Recurrence::Monthly(day);
            let first = recurrence.first_after(start, Millis(0));
            let second = recurrence.next(first, Millis(0));
            prop_assert!(start < first && first < second);
            prop_assert!(second - first <= Millis::days(31));
            let date = date_of(first);
            prop_assert_eq!(date.day(), day.min(date.days_in_month()));
        }
    }
}
