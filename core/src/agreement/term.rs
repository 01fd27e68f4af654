//! Periods, clocks and delays: how an agreement and a rule set speak of time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use crate::error::{Error, InvalidInput};

/// From a date to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day; without one, from ever.
    pub from: Option<Date>,
    /// The first day after it; without one, until further notice.
    pub until: Option<Date>,
}

impl Period {
    /// Whether the day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Whether a day lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let before =
            |a: &Self, b: &Self| matches!((a.until, b.from), (Some(until), Some(from)) if until <= from);
        !before(self, other) && !before(other, self)
    }
}

/// How long a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Days of the calendar.
    Days(u32),
    /// Mondays to Fridays; holidays are ignored.
    BusinessDays(u32),
    /// Months.
    Months(u32),
}

/// The day from which a clock counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CountsFrom {
    /// The day after is the first that counts.
    #[default]
    DayAfter,
    /// The same day is the first that counts.
    SameDay,
    /// Like `DayAfter`, from the first day of the next month.
    NextMonth,
}

/// A clock: from the day of an event to the day by which something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// How long it runs.
    pub length: Length,
    /// From which day it counts.
    pub counts_from: CountsFrom,
}

impl Clock {
    /// So many business days, from the day after.
    pub(crate) const fn days(days: u32) -> Self {
        Self { length: Length::Days(days), counts_from: CountsFrom::DayAfter }
    }

    pub(crate) const fn business_days(days: u32) -> Self {
        Self { length: Length::BusinessDays(days), counts_from: CountsFrom::DayAfter }
    }

    /// The last day on which it is still in time, for an event of this day. Beyond the calendar's end, the calendar's end.
    pub fn due_date(&self, event: Date) -> Date {
        let (start, same_day) = match self.counts_from {
            CountsFrom::DayAfter => (event, 0),
            CountsFrom::SameDay => (event, 1),
            CountsFrom::NextMonth => (event.first_of_month().saturating_add(1.month()), 0),
        };
        match self.length {
            Length::Days(days) => start.saturating_add(days_span(days.saturating_sub(same_day))),
            Length::Months(months) => start
                .saturating_add(Span::new().months(i64::from(months.min(MOST_MONTHS))))
                .saturating_sub(days_span(same_day)),
            Length::BusinessDays(days) => business_days(start, days, same_day == 1),
        }
    }

    /// The instant from which it is overdue, for an event of this instant: the end of the due date in the zone.
    pub fn due(&self, event: Timestamp, zone: &TimeZone) -> Timestamp {
        let day = self.due_date(event.to_zoned(zone.clone()).date());
        end_of_day(day, zone)
    }

    /// The instant from which it is overdue, for something that is to be there so long before this day.
    pub(crate) fn due_before(&self, day: Date, zone: &TimeZone) -> Timestamp {
        let last = match self.length {
            Length::Days(days) => day.saturating_sub(days_span(days)),
            Length::Months(months) => {
                day.saturating_sub(Span::new().months(i64::from(months.min(MOST_MONTHS))))
            }
            Length::BusinessDays(days) => business_days_before(day, days),
        };
        end_of_day(last, zone)
    }

    /// The instant from which it is overdue, for an event of this day.
    pub(crate) fn due_on(&self, event: Date, zone: &TimeZone) -> Timestamp {
        end_of_day(self.due_date(event), zone)
    }
}

// jiff's calendar spans 19,999 years; spans are capped so that no sum can fail.
const MOST_DAYS: u32 = 7_304_484;
const MOST_MONTHS: u32 = 239_976;

fn days_span(days: u32) -> Span {
    Span::new().days(i64::from(days.min(MOST_DAYS)))
}

fn end_of_day(day: Date, zone: &TimeZone) -> Timestamp {
    day.saturating_add(1.day()).to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

fn is_business(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The last of `days` business days, which are counted from the day after `start`, or from `start` itself.
fn business_days(start: Date, days: u32, count_start: bool) -> Date {
    let mut left = days;
    let mut day = start;
    if count_start && is_business(day) {
        left = left.saturating_sub(1);
    }
    // Five in every seven days: whole weeks at once, so that a large number costs nothing.
    if left > 5 {
        let weeks = (left - 1) / 5;
        day = day.saturating_add(days_span(weeks.saturating_mul(7)));
        left -= weeks * 5;
    }
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return Date::MAX };
        day = next;
        if is_business(day) {
            left -= 1;
        }
    }
    day
}

/// The day that lies so many business days before another.
fn business_days_before(end: Date, days: u32) -> Date {
    // Whole weeks at once, so that a large number costs nothing.
    let weeks = days / 5;
    let mut day = end.saturating_sub(days_span(weeks.saturating_mul(7)));
    let mut left = days % 5;
    while left > 0 || !is_business(day) {
        let Ok(before) = day.yesterday() else { return Date::MIN };
        day = before;
        left -= u32::from(left > 0 && is_business(day));
    }
    day
}

/// A span of time as an agreement writes it: a whole number and a unit, `14 d`, `36 h` or `30 min`.
///
/// A day is a day of the calendar in the agreement's zone: `1 d` after noon is the next noon, also when the clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// Minutes.
    Minutes(u32),
    /// Hours.
    Hours(u32),
    /// Days.
    Days(u32),
}

impl Delay {
    /// The instant so much later. Beyond the end of time, the end of time.
    pub fn after(self, instant: Timestamp, zone: &TimeZone) -> Timestamp {
        let later = match self {
            Self::Minutes(minutes) => instant.checked_add(jiff::SignedDuration::from_mins(minutes.into())),
            Self::Hours(hours) => instant.checked_add(jiff::SignedDuration::from_hours(hours.into())),
            Self::Days(days) => {
                instant.to_zoned(zone.clone()).checked_add(days_span(days)).map(|zoned| zoned.timestamp())
            }
        };
        later.unwrap_or(Timestamp::MAX)
    }
}

impl Delay {
    /// Whether it ends earlier, where a day has 24 hours.
    pub(super) fn is_shorter_than(self, other: Self) -> bool {
        let minutes = |delay| match delay {
            Self::Minutes(n) => u64::from(n),
            Self::Hours(n) => u64::from(n) * 60,
            Self::Days(n) => u64::from(n) * 60 * 24,
        };
        minutes(self) < minutes(other)
    }
}

impl FromStr for Delay {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            InvalidInput::new(
                "invalid-delay",
                "a span of time is a whole number and a unit: `14 d`, `36 h` or `30 min`",
            )
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        match unit.trim_start() {
            "min" => Ok(Self::Minutes(number)),
            "h" => Ok(Self::Hours(number)),
            "d" => Ok(Self::Days(number)),
            _ => Err(wrong().into()),
        }
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) => write!(f, "{n} min"),
            Self::Hours(n) => write!(f, "{n} h"),
            Self::Days(n) => write!(f, "{n} d"),
        }
    }
}
