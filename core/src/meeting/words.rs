//! Days and names, as a person says them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How days are told on an agenda: by its zone, without the year where that is the meeting's own.
pub(super) struct Days<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) now: Timestamp,
    pub(super) year: i16,
}

impl Days<'_> {
    pub(super) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// `4 March`.
    pub(super) fn day(&self, at: Timestamp) -> String {
        let date = self.date(at);
        let form = if date.year() == self.year { "%-d %B" } else { "%-d %B %Y" };
        date.strftime(form).to_string()
    }

    /// The last day on which what is due by this instant is in time.
    pub(super) fn last_day(&self, due: Timestamp) -> String {
        self.day(due.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due))
    }

    /// `5 March at 15:00`.
    pub(super) fn hour(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        format!("{} at {}", self.day(at), zoned.strftime("%H:%M"))
    }

    /// `4 March, 3 days ago`.
    pub(super) fn since(&self, at: Timestamp) -> String {
        match days(self.date(at), self.date(self.now)) {
            0 => format!("{}, today", self.day(at)),
            1 => format!("{}, yesterday", self.day(at)),
            n if n > 0 => format!("{}, {n} days ago", self.day(at)),
            _ => self.day(at),
        }
    }

    /// `3 days`, from then until now.
    pub(super) fn long(&self, at: Timestamp) -> String {
        many(days(self.date(at), self.date(self.now)).max(0), "day")
    }

    /// How long what was due by this instant is overdue.
    pub(super) fn over(&self, due: Timestamp) -> String {
        let last = due.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due);
        match days(self.date(last), self.date(self.now)) {
            n if n <= 0 => "since today".to_owned(),
            n => format!("{} over", many(n, "day")),
        }
    }
}

fn days(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// `1 day`, `2 days`.
pub(super) fn many(n: i64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A few words as a sentence: with an end.
pub(super) fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '?', '!', '\u{2026}']) { text.to_owned() } else { format!("{text}.") }
}

/// A length of time as one says it: `6 days`, `5 hours`.
pub(crate) fn length(of: SignedDuration) -> String {
    let hours = of.as_hours();
    if hours >= 48 {
        many((hours + 12) / 24, "day")
    } else if hours >= 1 {
        many(hours, "hour")
    } else {
        many(of.as_mins().max(1), "minute")
    }
}
