//! The due list: what each life cycle says is owed, whose turn it is, and which reminders a keeper posts.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::agreement::Agreement;
use crate::case::life::RungPosted;
use crate::case::step::{Owed, Rung};
use crate::id::{CaseId, OrganizationId};

#[cfg(test)]
mod tests;

/// How far an author's clock may be from the homeserver's before it is no longer believed.
pub const BELIEVED: SignedDuration = SignedDuration::from_mins(5);

/// When something happened, alike on every device: the author's time, as long as it is within [`BELIEVED`] of the
/// homeserver's; else the homeserver's. In a story, whose agreement says so, the author's.
pub fn believed(at: Timestamp, server_at: Timestamp, story_clock: bool) -> Timestamp {
    if story_clock || at.duration_since(server_at).abs() <= BELIEVED { at } else { server_at }
}

/// Whether a record can hold a day and a person can have meant it.
pub(crate) fn is_a_date(day: Date) -> bool {
    (1900..2200).contains(&day.year())
}

/// The last day on which something can have happened that is told now: somewhere it is tomorrow already, and nowhere the day
/// after.
pub(crate) fn latest_day(now: Timestamp) -> Date {
    // Nowhere is a clock further ahead of UTC.
    let ahead = now.checked_add(jiff::SignedDuration::from_hours(14)).unwrap_or(now);
    ahead.to_zoned(TimeZone::UTC).date()
}

/// An instant as a person reads it: to the minute, in a time zone and with the zone's name.
pub(crate) fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// One entry of the due list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DueItem {
    /// In which case.
    pub case: CaseId,
    /// What is owed, by whom, until when, and its ladder.
    pub owed: Owed,
    /// Whether the due time has passed.
    pub overdue: bool,
    /// The rung whose turn it is: the last whose time has come. None before the first.
    pub current: Option<usize>,
    /// The rung after it. None once the last one's time has come.
    pub next: Option<usize>,
}

impl DueItem {
    /// The person whose turn it is.
    pub fn current_rung(&self) -> Option<&Rung> {
        self.current.and_then(|n| self.owed.ladder.get(n))
    }

    /// The person whose turn comes next.
    pub fn next_rung(&self) -> Option<&Rung> {
        self.next.and_then(|n| self.owed.ladder.get(n))
    }
}

/// From when on something is shown that is owed a year ahead: thirty days of the calendar before it is due.
pub(crate) fn a_month_before(due: Timestamp, zone: &TimeZone) -> Timestamp {
    let day = due.to_zoned(zone.clone()).checked_sub(30.days());
    day.map_or(Timestamp::MIN, |day| day.timestamp())
}

/// The due list: what is due first comes first; of equals, the older case. What begins later is left out, and what was asked for
/// something that is past.
pub fn list(owed: impl IntoIterator<Item = (CaseId, Owed)>, now: Timestamp) -> Vec<DueItem> {
    let mut items: Vec<DueItem> = owed
        .into_iter()
        .filter(|(_, owed)| owed.is_shown(now))
        .map(|(case, owed)| {
            let current = owed.ladder.iter().rposition(|rung| rung.at <= now);
            let next = current.map_or(0, |n| n + 1);
            let next = (next < owed.ladder.len()).then_some(next);
            DueItem { case, overdue: owed.due <= now, current, next, owed }
        })
        .collect();
    items.sort_by_key(|item| (item.owed.due, item.case, item.owed.since));
    items
}

/// The reminders that the keeper of one side posts now: of each rung that nobody has posted, once its time has come; where
/// the person stands for the other side, once the agreement's grace has passed too.
pub fn rungs_to_post(
    owed: &Owed,
    own: &OrganizationId,
    agreement: &Agreement,
    now: Timestamp,
) -> Vec<RungPosted> {
    if agreement.side_of(own).is_none() || owed.is_past(now) {
        return Vec::new();
    }
    let turn = |rung: &Rung| {
        if rung.organization == *own { rung.at } else { agreement.grace.after(rung.at, &agreement.zone) }
    };
    (0u32..)
        .zip(&owed.ladder)
        .filter(|(_, rung)| rung.posted.is_none() && turn(rung) <= now)
        .map(|(n, rung)| RungPosted {
            owed: owed.since,
            clock: owed.clock.clone(),
            rung: n,
            contact: rung.contact.clone(),
            organization: rung.organization.clone(),
            due: rung.at,
            left: false,
        })
        .collect()
}

/// The last day on which it is in time.
pub fn due_date(owed: &Owed, zone: &TimeZone) -> Date {
    last_day(owed.due, zone)
}

/// The last day before an instant.
pub(crate) fn last_day(due: Timestamp, zone: &TimeZone) -> Date {
    let last = due.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due);
    last.to_zoned(zone.clone()).date()
}

/// That somebody on a ladder has left, as a person reads it in any Matrix client: nobody is reminded by it, and somebody has to put
/// another in their place.
pub fn tell_left(owed: &Owed, rung: &Rung, next: Option<&Rung>, zone: &TimeZone) -> String {
    let then = match next {
        Some(next) => format!("It is the turn of {}.", next.name),
        None => "Nobody else is on this ladder: call their organisation, and settle who takes their place."
            .to_owned(),
    };
    format!(
        "{} has left, and is not reminded: {}. It was due by {}. {then}",
        rung.name,
        owed.what,
        due_date(owed, zone)
    )
}

/// A reminder as a person reads it in any Matrix client.
pub fn tell(owed: &Owed, rung: &Rung, zone: &TimeZone) -> String {
    let phone = rung.phone.as_ref().map_or(String::new(), |phone| format!(" ({phone})"));
    format!("Reminder for {}{phone}: {}. It was due by {}.", rung.name, owed.what, due_date(owed, zone))
}
