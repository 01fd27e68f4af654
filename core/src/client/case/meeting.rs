//! The meetings of a pair, as the host works with them in the pair's room.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::case::life::Opening;
use crate::case::state::CaseState;
use crate::client::Case;
use crate::commands::Command;
use crate::contact::Contact;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{CaseId, ContactId, EventId, OrganizationId};
use crate::meeting::{
    self, Agenda, AgendaConcern, AgendaEntry, AgendaOrder, Frame, Meeting, MeetingAnswer, MeetingAnswered,
    MeetingBrought, MeetingCancelled, MeetingHeld, MeetingMoved, MeetingPrepared, MeetingSet, MeetingState,
    MeetingStatus, Point,
};
use crate::panel::{NamedPair, Pair};

/// The longest reason for which a meeting is called off, in bytes.
const REASON_LIMIT: usize = 1024;
/// The longest title of a point, in bytes.
const TITLE_LIMIT: usize = 512;
/// The longest text of a point, in bytes: it travels twice, in the block and in what any client shows.
const TEXT_LIMIT: usize = 4 * 1024;

/// A meeting to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetMeeting {
    date: Date,
    time: Time,
    minutes: u32,
    people: Vec<ContactId>,
    agenda: bool,
}

impl SetMeeting {
    /// A meeting on this day at this time, by the agreement's zone, that takes so many minutes: the leads of both sides are asked.
    pub fn new(date: Date, time: Time, minutes: u32) -> Self {
        Self { date, time, minutes, people: Vec::new(), agenda: false }
    }

    /// The same, to which these are asked; they have a seat in the room.
    #[must_use]
    pub fn people(mut self, people: impl IntoIterator<Item = ContactId>) -> Self {
        self.people = people.into_iter().collect();
        self
    }

    /// The same with its agenda, made from what this device knows now: else it is owed, see [`Case::prepare_meeting`].
    #[must_use]
    pub fn with_agenda(mut self) -> Self {
        self.agenda = true;
        self
    }
}

/// A point to bring to a meeting. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct BringPoint {
    title: String,
    text: String,
    concern: Option<EventKey>,
    names_confirmed: bool,
}

impl std::fmt::Debug for BringPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BringPoint(\u{2026})")
    }
}

impl BringPoint {
    /// A point: what it is, in a few words for both sides, without member data.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), text: String::new(), concern: None, names_confirmed: false }
    }

    /// The same, with more about it.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same, of a concern of one's own organisation, by the key of its `concern.raised`: it then is a point and no longer a concern on
    /// one's own agenda. Nothing of the concern goes along but what is said here.
    #[must_use]
    pub fn concern(mut self, concern: EventKey) -> Self {
        self.concern = Some(concern);
        self
    }

    /// The same, once a person has said that no member is meant by a name in it.
    #[must_use]
    pub fn names_confirmed(mut self, confirmed: bool) -> Self {
        self.names_confirmed = confirmed;
        self
    }
}

/// The agenda of a meeting in the pair's room, with the words of one's own cases.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RoomAgenda {
    /// The agenda. Before anybody made one, as this device would make it now.
    pub agenda: Agenda,
    /// Whether somebody made it.
    pub prepared: bool,
    /// The cases on it of which there is nothing to say any more.
    pub settled: Vec<CaseId>,
    /// The cases on it that are not here: another person of one's own organisation may know them.
    pub unknown: Vec<CaseId>,
}

impl Case {
    /// The meetings of a pair's room, in the order in which they were set.
    pub fn meetings(&self) -> Result<Vec<MeetingState>> {
        Ok(self.state()?.meetings.all().iter().map(|one| MeetingState::clone(one)).collect())
    }

    /// Sets a meeting of the two organisations of this room. Repeated under its id, it is answered as it was first.
    ///
    /// # Errors
    /// `NotFound` (`seat`: somebody who is asked has none here; `shared-cases`, where its agenda is to be made);
    /// `NotAllowed` (`meeting-date`, `meeting-minutes`, `meeting-too-many`, `room-kind` in a room of another kind), besides the errors of every command.
    pub fn set_meeting(&self, id: Option<EventId>, meeting: SetMeeting) -> Result<EventKey> {
        let SetMeeting { date, time, minutes, people, agenda: with_agenda } = meeting;
        let state = self.expected()?;
        let opening = of(&state)?;
        let key = id.map(|id| EventKey { sender: self.caseline().user(), id });
        let begins = instant(opening, date, time)?;
        // What is looked at now may be other than what was then.
        let first = state.meetings.all().iter().find(|one| key.as_ref() == Some(&one.key));
        if let Some(first) = first
            && with_agenda
        {
            return Ok(first.key.clone());
        }
        let whom = |contact: ContactId| {
            let named = state.roster().active().find(|one| one.contact.id == contact);
            let organization = named.map(|one| one.contact.organization.clone());
            let organization = organization.ok_or(Error::NotFound { what: "seat" })?;
            Ok(Whom { contact, organization })
        };
        let people: Vec<Whom> = people.into_iter().map(whom).collect::<Result<_>>()?;
        let mut agenda = Vec::new();
        if with_agenda {
            agenda = self.entries(Meeting::of(pair(opening), date), time, minutes, None)?;
        }
        self.command(&Command::new(id, MeetingSet { begins, minutes, people, agenda }))
    }

    /// Makes the agenda of a meeting from what this device knows of the cases that the two share, and tells it: by opaque ids, and in
    /// codes why. Repeated under its id, it is answered as it was first.
    ///
    /// # Errors
    /// `NotFound` (`meeting`, `shared-cases`); `NotAllowed` (`meeting-over`, `meeting-cancelled`), besides the errors of every command.
    pub fn prepare_meeting(&self, id: Option<EventId>, meeting: EventId) -> Result<EventKey> {
        let state = self.expected()?;
        let opening = of(&state)?;
        let known = found(&state, meeting)?;
        let me = self.caseline().user();
        if let Some(by) = &known.prepared
            && by.event.sender == me
            && Some(by.event.id) == id
        {
            return Ok(by.event.clone());
        }
        let begins = known.begins.to_zoned(opening.agreement.zone.clone());
        let named = known.meeting(pair(opening), &opening.agreement.zone);
        let agenda = self.entries(named, begins.time(), known.minutes, Some((&state, known)))?;
        self.command(&Command::new(id, MeetingPrepared { meeting, agenda }))
    }

    /// Brings a point to a meeting that is to come: both sides have it on their agenda, and everybody of the room reads it. A concern is
    /// brought so, too ([`BringPoint::concern`]): until then the other side does not have it. Repeated under its id, or of the same
    /// concern, it is answered as it was first.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-title`, `invalid-text`; `concern-member-data` and `concern-name` as in
    /// [`raise_concern`](Case::raise_concern). `NotFound` (`meeting`). `NotAllowed` (`meeting-over`, `meeting-cancelled`,
    /// `meeting-points-too-many`), besides the errors of every command.
    pub fn bring_to_meeting(
        &self,
        id: Option<EventId>,
        meeting: EventId,
        point: BringPoint,
    ) -> Result<EventKey> {
        let BringPoint { title, text, concern, names_confirmed } = point;
        if title.trim().is_empty() || title.len() > TITLE_LIMIT {
            let detail = "say what it is in a few words, in 512 bytes at most";
            return Err(InvalidInput::new("invalid-title", detail).field("title").into());
        }
        if text.len() > TEXT_LIMIT {
            let detail = "say what it is, in 4 KiB at most";
            return Err(InvalidInput::new("invalid-text", detail).field("text").into());
        }
        let state = self.expected()?;
        let known = found(&state, meeting)?;
        let of_concern = concern.map(|concern| meeting::brought_id(&known.key, &concern));
        // Whoever of one's own side was first: it is one point.
        let own = self.own_organization();
        let there = known.points.iter().find(|point| Some(point.key.id) == of_concern);
        if let Some(there) = there.filter(|point| Some(&point.by.organization) == own.as_ref()) {
            return Ok(there.key.clone());
        }
        self.speak(
            of_concern.or(id),
            MeetingBrought { meeting, title, text, member_data: false },
            names_confirmed,
        )
    }

    /// Answers whether one comes to a meeting, at the time that it has now.
    ///
    /// # Errors
    /// `NotFound` (`meeting`); `NotAllowed` (`meeting-not-invited`, `meeting-over`, `meeting-cancelled`, `meeting-moved`), besides the
    /// errors of every command.
    pub fn answer_meeting(
        &self,
        id: Option<EventId>,
        meeting: EventId,
        answer: MeetingAnswer,
    ) -> Result<EventKey> {
        let begins = found(&self.expected()?, meeting)?.begins;
        self.command(&Command::new(id, MeetingAnswered { meeting, begins, answer }))
    }

    /// Moves a meeting to another day and time, by the agreement's zone: everybody is asked anew. It takes as long as before where no
    /// minutes are named.
    ///
    /// # Errors
    /// `NotFound` (`meeting`); `NotAllowed` (`meeting-date`, `meeting-over`, `meeting-cancelled`), besides the errors of every command.
    pub fn move_meeting(
        &self,
        id: Option<EventId>,
        meeting: EventId,
        (date, time): (Date, Time),
        minutes: Option<u32>,
    ) -> Result<EventKey> {
        let state = self.expected()?;
        let minutes = minutes.unwrap_or(found(&state, meeting)?.minutes);
        let begins = instant(of(&state)?, date, time)?;
        self.command(&Command::new(id, MeetingMoved { meeting, begins, minutes }))
    }

    /// Calls a meeting off.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-text` (field `reason`); `concern-member-data` and `concern-name` as in
    /// [`raise_concern`](Case::raise_concern). `NotAllowed` (`meeting-over`, `meeting-cancelled`, `meeting-unknown`), besides the errors
    /// of every command.
    pub fn cancel_meeting(
        &self,
        id: Option<EventId>,
        meeting: EventId,
        reason: &str,
        names_confirmed: bool,
    ) -> Result<EventKey> {
        if reason.trim().is_empty() || reason.len() > REASON_LIMIT {
            let detail = "say why it is called off, in 1 KiB at most";
            return Err(InvalidInput::new("invalid-text", detail).field("reason").into());
        }
        let cancelled = MeetingCancelled { meeting, reason: reason.to_owned(), member_data: false };
        self.speak(id, cancelled, names_confirmed)
    }

    /// Says that a meeting took place, of which cases of its agenda nothing was decided, and which were not reached. What was decided of
    /// the others is recorded by [`Case::decide`]: until then it is owed.
    ///
    /// # Errors
    /// `NotAllowed` (`meeting-not-begun`, `meeting-case-unknown`, `meeting-cancelled`, `meeting-unknown`), besides the errors of every
    /// command.
    pub fn hold_meeting(
        &self,
        id: Option<EventId>,
        meeting: EventId,
        nothing: Vec<CaseId>,
        not_reached: Vec<CaseId>,
    ) -> Result<EventKey> {
        self.command(&Command::new(id, MeetingHeld { meeting, nothing, not_reached }))
    }

    /// The agenda of a meeting of this room, with the words of the cases that this device knows; before anybody has made one, as this
    /// device would make it now. What happened since the last meeting that was held is looked at.
    ///
    /// # Errors
    /// `NotFound` (`meeting`; `shared-cases`).
    pub fn meeting_agenda(&self, meeting: EventId) -> Result<RoomAgenda> {
        let state = self.state()?;
        let opening = of(&state)?;
        let known = found(&state, meeting)?;
        let caseline = self.caseline();
        let pair = pair(opening);
        let zone = opening.agreement.zone.clone();
        let mut order = AgendaOrder::new(known.meeting(pair.clone(), &zone), known.minutes);
        order.time = known.begins.to_zoned(zone.clone()).time();
        order.since = caseline.last_meeting(&pair, known.begins)?;
        let (mut settled, mut unknown) = (Vec::new(), Vec::new());
        let points = points(&state, known);
        let brought = |concern: &AgendaConcern| is_brought(known, concern);
        let mut agenda = if known.prepared.is_none() {
            caseline.agenda_with(order, points, brought)?
        } else {
            let of = NamedPair {
                pair: pair.clone(),
                plan_name: opening.plan_side.name.clone(),
                community_name: opening.community_side.name.clone(),
            };
            let turn_rounds = caseline.turn_rounds(&pair)?;
            let own = caseline.own_side(&pair);
            let at = caseline.engine.now();
            let mut frame = Frame { order, of, zone, at, turn_rounds, points, concerns: Vec::new(), own };
            frame.concerns = caseline.concerns_for(&frame)?;
            frame.concerns.retain(|one| !brought(one));
            let come_up = self.come_up(&frame, known)?;
            let mut items = Vec::new();
            for entry in &known.agenda {
                match self.words(entry, &pair, &frame)? {
                    Words::Said(item) => items.push(*item),
                    Words::Settled => settled.push(entry.case),
                    Words::Unknown => unknown.push(entry.case),
                }
            }
            meeting::as_set(frame, &known.agenda, items, come_up)
        };
        let people = known.people.iter().map(|one| &one.whom);
        let people = people.filter_map(|whom| state.roster().contact(&whom.contact, &whom.organization));
        agenda.people = people.map(|seat| seat.contact.clone()).collect();
        // As every agenda: the plan side first, each by name.
        let side = |contact: &Contact| contact.organization != pair.plan_side;
        agenda.people.sort_by(|a, b| (side(a), &a.name, &a.id).cmp(&(side(b), &b.name, &b.id)));
        agenda.standing = Some(known.status([&pair.plan_side, &pair.community_side]));
        Ok(RoomAgenda { agenda, prepared: known.prepared.is_some(), settled, unknown })
    }

    /// What there is to talk about in the cases that the room's agenda of a meeting does not name, what matters first.
    fn come_up(&self, frame: &Frame, known: &MeetingState) -> Result<Vec<meeting::Item>> {
        let status = known.status([&frame.of.pair.plan_side, &frame.of.pair.community_side]);
        let over = matches!(status, MeetingStatus::Held | MeetingStatus::Recorded | MeetingStatus::Cancelled);
        let Some(made_at) = known.prepared.as_ref().map(|by| by.at).filter(|_| !over) else {
            return Ok(Vec::new());
        };
        let made = match self.caseline().agenda_with(frame.order.clone(), Vec::new(), |_| false) {
            // None of their cases is here.
            Err(Error::NotFound { .. }) => return Ok(Vec::new()),
            made => made?,
        };
        let of_others = |item: &meeting::Item| {
            !known.agenda.iter().any(|entry| entry.case == item.case)
                && item.matters.iter().any(|matter| matter.since >= made_at)
        };
        Ok(made.items.into_iter().chain(made.not_reached).filter(of_others).collect())
    }

    /// What there is to say of a case on an agenda. One that the two do not share is none of theirs, whoever names it.
    fn words(&self, entry: &AgendaEntry, pair: &Pair, frame: &Frame) -> Result<Words> {
        let engine = &self.caseline().engine;
        if engine.db.case_row(entry.case)?.is_none() {
            return Ok(Words::Unknown);
        }
        let state = engine.state(entry.case)?;
        let shared =
            state.opening().is_some_and(|opening| opening.member.is_some() && self::pair(opening) == *pair);
        if !shared {
            return Ok(Words::Unknown);
        }
        Ok(meeting::look(&state, frame).map_or(Words::Settled, |item| Words::Said(Box::new(item))))
    }

    fn own_organization(&self) -> Option<OrganizationId> {
        let engine = &self.caseline().engine;
        engine.directory().organization_of_user(&engine.user()).map(|organization| organization.id.clone())
    }

    fn entries(
        &self,
        meeting: Meeting,
        time: Time,
        minutes: u32,
        known: Option<(&CaseState, &MeetingState)>,
    ) -> Result<Vec<AgendaEntry>> {
        let mut order = AgendaOrder::new(meeting, minutes);
        order.time = time;
        let points = known.map_or(Vec::new(), |(state, known)| points(state, known));
        let brought = |concern: &AgendaConcern| known.is_some_and(|(_, known)| is_brought(known, concern));
        Ok(Vec::from(&self.caseline().agenda_with(order, points, brought)?))
    }
}

enum Words {
    Said(Box<meeting::Item>),
    Settled,

    Unknown,
}

fn points(state: &CaseState, known: &MeetingState) -> Vec<Point> {
    known.points.iter().map(|point| Point::of(point, named(state, &point.by))).collect()
}

/// Whether a concern was brought to a meeting as a point: it is on the agenda once.
fn is_brought(known: &MeetingState, concern: &AgendaConcern) -> bool {
    let id = meeting::brought_id(&known.key, &concern.key);
    known.points.iter().any(|point| point.key.id == id)
}

/// Somebody by name, with their organisation's.
fn named(state: &CaseState, by: &StepTaken) -> String {
    let mut places = state.roster().all().iter().rev().map(|place| &place.seat.contact);
    let of = |contact: &&Contact| contact.id == by.contact && contact.organization == by.organization;
    let name = places.find(of).map_or_else(|| by.contact.to_string(), |contact| contact.name.clone());
    let mut organizations = state.opening().into_iter().flat_map(Opening::organizations);
    let of = organizations.find(|organization| organization.id == by.organization);
    of.map_or(name.clone(), |of| format!("{name} ({})", of.name))
}

pub(super) fn of(state: &CaseState) -> Result<&Opening> {
    state.opening().ok_or(Error::NotFound { what: "case" })
}

pub(super) fn found(state: &CaseState, meeting: EventId) -> Result<&MeetingState> {
    state.meetings.get(meeting).ok_or(Error::NotFound { what: "meeting" })
}

pub(super) fn pair(opening: &Opening) -> Pair {
    Pair { plan_side: opening.plan_side.id.clone(), community_side: opening.community_side.id.clone() }
}

fn instant(opening: &Opening, date: Date, time: Time) -> Result<Timestamp> {
    let zoned = date.to_datetime(time).to_zoned(opening.agreement.zone.clone());
    let zoned = zoned
        .map_err(|_| InvalidInput::new("invalid-date", "this day is beyond the calendar").field("date"))?;
    Ok(zoned.timestamp())
}
