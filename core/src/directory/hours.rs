//! When somebody can be reached: hours of the week, absences with covers, languages, and when all that was last confirmed.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::id::ContactId;

/// When a contact can be reached. Read from PractitionerRole, and from the HealthcareService and the Location that it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Availability {
    /// Where the hours are read; nothing where the record does not say: then they are taken as the agreements' zone where that is
    /// left out, America/New_York.
    pub zone: Option<TimeZone>,
    /// The hours of the week. Empty: nobody knows. Those that overlap count as one.
    pub hours: Vec<Hours>,
    /// When they are not there.
    pub absences: Vec<Absence>,
    /// What they speak, as BCP 47 tags where the record has them, else its words.
    pub languages: Vec<String>,
    /// The day on which somebody last confirmed that this contact is right.
    pub confirmed: Option<Date>,
}

/// Hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The days; empty: every day.
    pub days: Vec<Weekday>,
    /// From when on; midnight where left out.
    pub from: Option<Time>,
    /// Until when; where it is not after `from`, on the next day. The day's end where left out.
    pub until: Option<Time>,
}

/// A time in which somebody is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// From when on; nothing: since ever.
    pub from: Option<Timestamp>,
    /// The instant at which they are back; nothing: nobody knows.
    pub until: Option<Timestamp>,
    /// Who stands in, of the same organisation.
    pub cover: Option<ContactId>,
}

/// Whether somebody can be reached at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// They are there now.
    Now,
    /// Nobody knows their hours.
    Unknown,
    /// Not at this hour.
    Later {
        /// When they are next there; nothing where that is more than a year away, or never.
        at: Option<Timestamp>,
    },
    /// They are away.
    Away {
        /// When they are back, at an hour that is theirs; nothing where nobody knows.
        back: Option<Timestamp>,
        /// Who stands in.
        cover: Option<ContactId>,
    },
}

/// How many absences in a row, or days, are looked through for the next hour: a year and a day.
const MOST_DAYS: usize = 366;

impl Availability {
    /// Where the hours are read.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or_else(crate::agreement::default_zone)
    }

    /// Whether they can be reached.
    pub fn at(&self, now: Timestamp) -> Reach {
        if let Some(absence) = self.absence(now) {
            return Reach::Away { back: self.back(now), cover: absence.cover.clone() };
        }
        if self.hours.is_empty() {
            return Reach::Unknown;
        }
        match self.next_hour(now) {
            Some(at) if at <= now => Reach::Now,
            at => Reach::Later { at: at.and_then(|at| self.present_from(at)) },
        }
    }

    /// The absence of an instant. Of several the one that ends last.
    fn absence(&self, now: Timestamp) -> Option<&Absence> {
        let away = |absence: &&Absence| {
            absence.from.is_none_or(|from| from <= now) && absence.until.is_none_or(|until| now < until)
        };
        self.absences.iter().filter(away).max_by_key(|absence| absence.until.unwrap_or(Timestamp::MAX))
    }

    /// Since when somebody is away, where that is known.
    #[cfg(feature = "store")]
    pub(crate) fn away_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.absence(now)?.from
    }

    /// When somebody who is away is there again.
    fn back(&self, now: Timestamp) -> Option<Timestamp> {
        self.present_from(self.absence(now)?.until?)
    }

    /// The first instant from this one on that is within their hours and in no absence.
    fn present_from(&self, from: Timestamp) -> Option<Timestamp> {
        let mut at = from;
        // Each turn passes one absence at least.
        for _ in 0..=self.absences.len() {
            if !self.hours.is_empty() {
                at = self.next_hour(at)?;
            }
            match self.absence(at) {
                None => return Some(at),
                Some(absence) => at = absence.until?,
            }
        }
        None
    }

    /// The first instant from this one on that is within the hours of the week.
    fn next_hour(&self, from: Timestamp) -> Option<Timestamp> {
        let zone = self.zone();
        // What began yesterday can go on past midnight.
        let mut day = from.to_zoned(zone.clone()).date().yesterday().ok()?;
        for _ in 0..MOST_DAYS {
            let spans = self.hours.iter().filter_map(|hours| hours.on(day, &zone));
            // None that was over before; of the others the first.
            let next = spans.filter(|(_, end)| from < *end).map(|(start, _)| start.max(from)).min();
            if next.is_some() {
                return next;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

impl Hours {
    /// The instants from and to which they last on a day, where they begin on it. Where the clocks change, as jiff reads a time
    /// of day that is not there, or there twice: the later one, and the earlier one.
    fn on(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if !self.days.is_empty() && !self.days.contains(&day.weekday()) {
            return None;
        }
        let from = self.from.unwrap_or(Time::midnight());
        let end = match self.until {
            Some(until) if until > from => day.to_datetime(until),
            Some(until) => day.checked_add(1.day()).ok()?.to_datetime(until),
            None => day.checked_add(1.day()).ok()?.to_datetime(Time::midnight()),
        };
        let at = |time: jiff::civil::DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp());
        Some((at(day.to_datetime(from))?, at(end)?))
    }
}
