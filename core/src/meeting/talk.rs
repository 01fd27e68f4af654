//! What a meeting talks about beside its cases: the points that were brought to it, and one's own concerns about the other side.
//!
//! A concern is between its organisation and the programme office. It is on the agendas of its own organisation's people, and on no other;
//! whoever wants to talk about it brings it to the meeting as a point, in words for both sides.

use std::fmt;

use jiff::Timestamp;

use super::words::{Days, ended};
use super::{Agenda, Call, Frame};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::state::CaseState;
use crate::case::step::Owed;
use crate::communication::Priority;
use crate::concern::{ConcernState, ConcernStatus, ConcernTopic};
use crate::id::{CaseId, EventId, OrganizationId};

/// Of a meeting that is at least this long, minutes are kept for what is no case: at most a quarter of it.
const KEPT_FROM: u32 = 30;
/// What is given less than this is better talked about at another time.
const LEAST: u32 = 2;
/// How long one talks about a point.
#[cfg(any(feature = "store", test))]
const POINT: u32 = 3;
/// How much of a concern's text an agenda shows, in characters.
const SHOWN: usize = 240;
/// How many people one is told to call.
const MOST_CALLS: usize = 2;

/// A point that was brought to a meeting: both sides have it on their agenda. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Point {
    /// Its event.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// More about it.
    pub text: String,
    /// Who brought it, by name, with their organisation's.
    pub by: String,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({}, {})", self.key.id, self.minutes)
    }
}

impl Point {
    /// The point, by whoever brought it.
    #[cfg(any(feature = "store", test))]
    pub(crate) fn of(point: &super::PointBrought, by: String) -> Self {
        let (title, text) = (point.title.clone(), point.text.clone());
        Self { key: point.key.clone(), title, text, by, minutes: POINT }
    }
}

/// A concern of one's own organisation about the other side. `Debug` does not show what it says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgendaConcern {
    /// The programme room that it stands in.
    pub room: CaseId,
    /// Its `concern.raised`.
    pub key: EventKey,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// What it is about.
    pub topic: ConcernTopic,
    /// How urgent it is.
    pub priority: Priority,
    /// Where it stands.
    pub status: ConcernStatus,
    /// Whether what is owed of it is overdue.
    pub overdue: bool,
    /// When it was raised, or opened again.
    pub since: Timestamp,
    /// Where it stands, in sentences.
    pub detail: Vec<String>,
    /// What is to be decided.
    pub decide: String,
    /// Whom to call about it, with their telephone numbers.
    pub call: Vec<Call>,
    /// The minutes that it is given; of one that is not reached, those that it would need.
    pub minutes: u32,
}

impl fmt::Debug for AgendaConcern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgendaConcern")
            .field("key", &self.key)
            .field("status", &self.status)
            .field("minutes", &self.minutes)
            .finish_non_exhaustive()
    }
}

impl AgendaConcern {
    /// What matters comes first: what is urgent or overdue, both before one of them; then what is open, answered, closed.
    fn rank(&self) -> (u8, Timestamp, EventKey) {
        let urgent = self.priority != Priority::Routine && self.status != ConcernStatus::Closed;
        let rank = match (self.status, urgent, self.overdue) {
            (_, true, true) => 0,
            (_, true, false) => 1,
            (_, false, true) => 2,
            (ConcernStatus::Raised | ConcernStatus::Heard, ..) => 3,
            (ConcernStatus::Answered, ..) => 4,
            (ConcernStatus::Closed, ..) => 5,
        };
        (rank, self.since, self.key.clone())
    }
}

/// The concerns of one programme room that are about an organisation: those that are open, and those that were answered since the
/// last meeting.
pub fn concerns(state: &CaseState, about: &OrganizationId, frame: &Frame) -> Vec<AgendaConcern> {
    let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Programme) else {
        return Vec::new();
    };
    let owed = state.owed();
    let days = Days { zone: &frame.zone, now: frame.at, year: frame.order.meeting.date.year() };
    let since = frame.since_instant();
    let seen = state.concerns.all().iter().filter(|one| one.about.contains(about));
    seen.filter(|one| {
        let new = one.answers().next_back().is_some_and(|answer| answer.by.at >= since);
        one.status != ConcernStatus::Closed || new
    })
    .map(|one| item(one, opening.case, &opening.agreement.plan_side.name, &owed, &days))
    .collect()
}

fn item(one: &ConcernState, room: CaseId, office: &str, owed: &[Owed], days: &Days<'_>) -> AgendaConcern {
    let answer = one.answers().next_back();
    let since: &[EventId] = &[one.since, answer.map_or(one.since, |answer| answer.by.event.owed())];
    let owed = owed.iter().find(|owed| since.contains(&owed.since));
    let overdue = owed.is_some_and(|owed| owed.due <= days.now);
    let again = one.since_at != one.raised_by.at;
    let mut first = format!("Raised on {}", days.since(one.raised_by.at));
    if again {
        first = format!("{first}; opened again on {}", days.since(one.since_at));
    }
    let mut detail = vec![format!("{first}.")];
    if one.status == ConcernStatus::Raised || one.status == ConcernStatus::Heard {
        detail.extend(Some(short(&one.text)).filter(|text| !text.is_empty()).map(|text| ended(&text)));
    }
    let answered = answer.map(|answer| match answer.text.as_deref().map(short) {
        Some(said) => ended(&format!("{office} answered on {}: {said}", days.since(answer.by.at))),
        None => format!("{office} answered on {}.", days.since(answer.by.at)),
    });
    let by = |does: &str| match owed {
        Some(owed) if overdue => {
            format!("{office} was to {does} by {} ({}).", days.last_day(owed.due), days.over(owed.due))
        }
        Some(owed) => format!("{office} is to {does} by {}.", days.last_day(owed.due)),
        None => format!("{office} has not answered."),
    };
    let decide = match one.status {
        ConcernStatus::Raised | ConcernStatus::Heard if overdue => {
            "Who calls the office? Can the two settle it here?"
        }
        ConcernStatus::Raised | ConcernStatus::Heard => {
            "Can the two settle it here, or does it wait for the office?"
        }
        ConcernStatus::Answered => "Does the answer settle it? Close it, or open it again.",
        ConcernStatus::Closed => "",
    };
    match one.status {
        ConcernStatus::Raised => detail.push(by("say that it was heard")),
        ConcernStatus::Heard => detail.push(by("answer")),
        ConcernStatus::Answered => detail.extend(answered),
        ConcernStatus::Closed => {
            detail.extend(answered);
            detail.push("It is closed.".to_owned());
        }
    }
    let waits = matches!(one.status, ConcernStatus::Raised | ConcernStatus::Heard);
    let ladder = owed.filter(|_| waits).map(|owed| owed.ladder.as_slice()).unwrap_or_default();
    let call = ladder.iter().rev().filter_map(|rung| {
        let phone = rung.phone.clone()?;
        Some(Call { name: rung.name.clone(), organization: office.to_owned(), phone })
    });
    AgendaConcern {
        room,
        key: one.key.clone(),
        title: one.title.clone(),
        topic: one.topic,
        priority: one.priority,
        status: one.status,
        overdue,
        since: one.since_at,
        detail,
        decide: decide.to_owned(),
        call: call.take(MOST_CALLS).collect(),
        minutes: if overdue || one.priority != Priority::Routine { 3 } else { LEAST },
    }
}

/// The beginning of a text, on one line, cut between words.
fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    let cut: String = text.chars().take(SHOWN).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{cut} \u{2026}")
}

/// The minutes that are kept for what is no case.
pub(super) fn kept(frame: &Frame) -> u32 {
    let minutes = frame.order.minutes;
    let points = frame.points.iter().map(|one| one.minutes);
    let wanted = points.chain(frame.concerns.iter().map(|one| one.minutes)).fold(0, u32::saturating_add);
    if minutes < KEPT_FROM { 0 } else { wanted.min(minutes / 4) }
}

/// Gives the points, and then the concerns, what is left of the time, in order. What does not fit is not reached.
pub(super) fn sized(
    agenda: &mut Agenda,
    points: Vec<Point>,
    mut concerns: Vec<AgendaConcern>,
    mut left: u32,
) {
    for mut point in points {
        if agenda.points_not_reached.is_empty() && left >= LEAST {
            point.minutes = point.minutes.min(left);
            left -= point.minutes;
            agenda.points.push(point);
        } else {
            agenda.points_not_reached.push(point);
        }
    }
    concerns.sort_by_cached_key(AgendaConcern::rank);
    for mut concern in concerns {
        if agenda.concerns_not_reached.is_empty() && left >= LEAST {
            concern.minutes = concern.minutes.min(left);
            left -= concern.minutes;
            agenda.concerns.push(concern);
        } else {
            agenda.concerns_not_reached.push(concern);
        }
    }
}

/// The id under which a concern is brought to a meeting: whoever of its organisation does it, it is one point. Nobody else can tell
/// from it which concern that is.
#[cfg(feature = "store")]
pub(crate) fn brought_id(meeting: &EventKey, concern: &EventKey) -> EventId {
    let parts = [
        "brought",
        meeting.sender.as_str(),
        &meeting.id.to_string(),
        concern.sender.as_str(),
        &concern.id.to_string(),
    ];
    EventId::derived(&parts)
}

impl Agenda {
    /// The same for both sides: without one's own concerns. For a page that the other side sees, too.
    #[must_use]
    pub fn for_both(&self) -> Self {
        Self { concerns: Vec::new(), concerns_not_reached: Vec::new(), ..self.clone() }
    }

    /// The side that one's own concerns are about, by name.
    pub(super) fn other_name(&self) -> &str {
        if self.own.as_ref() == Some(&self.of.pair.plan_side) {
            &self.of.community_name
        } else {
            &self.of.plan_name
        }
    }

    /// One's own side, by name.
    pub(super) fn own_name(&self) -> &str {
        if self.own.as_ref() == Some(&self.of.pair.plan_side) {
            &self.of.plan_name
        } else {
            &self.of.community_name
        }
    }

    /// The minutes that are given to what is no case, of points and of concerns.
    pub(super) fn talk_minutes(&self) -> (u32, u32) {
        let points = self.points.iter().map(|one| one.minutes).fold(0, u32::saturating_add);
        (points, self.concerns.iter().map(|one| one.minutes).fold(0, u32::saturating_add))
    }
}
