//! The steps of a meeting in the pair's room.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::care_plan::StepTaken;
use crate::care_team::Whom;
use crate::case::event::{EventData, EventKey};
use crate::case::step::Step;
use crate::concern::holds_member_data;
use crate::id::{CaseId, EventId};
use crate::meeting::event::is_code;
use crate::meeting::{
    AgendaEntry, DecisionTaken, Invited, MOST_MINUTES, MeetingAnswer, MeetingBrought, MeetingCancelled,
    MeetingDecided, MeetingDropped, MeetingEvent, MeetingHeld, MeetingSet, MeetingState, MeetingUndone,
    Meetings, PointBrought, Settled, Undone,
};
use crate::policy::Reason;

/// How many meetings of one room are open at once at most.
pub const MOST_OPEN: usize = 50;
/// How many meetings are set in one room at most, those that are over among them.
pub const MOST_MEETINGS: usize = 2000;
/// How many people are asked to a meeting at most.
pub const MOST_PEOPLE: usize = 50;
/// How many cases are on an agenda at most.
pub const MOST_CASES: usize = 200;
/// How many points are brought to one meeting at most.
pub const MOST_POINTS: usize = 50;
/// How many steps of one meeting are kept before it can only be held or called off.
pub const MOST_STEPS: usize = 500;
/// For how many reasons one case is on an agenda at most.
const MOST_REASONS: usize = 16;
/// How far ahead a meeting is set at most.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `meeting`: `meeting-by-keeper`, `meeting-id-taken`, `meeting-too-many`, `meeting-minutes`, `meeting-date`
/// (it lies behind, or more than a year ahead), `meeting-people-too-many`, `meeting-agenda` (too many cases, one of them twice, or a
/// reason that is no code), `meeting-unknown`, `meeting-cancelled`, `meeting-over`, `meeting-not-begun`, `meeting-not-invited`,
/// `meeting-moved` (another time is answered than the one it has), `meeting-case-unknown` (no case of its agenda),
/// `meeting-decision-known`, `meeting-decision-unknown`, `meeting-decision-settled`, `meeting-not-decider`,
/// `meeting-undone-known`, `meeting-undone-why`, `meeting-point-known`, `meeting-points-too-many`, `meeting-member-data`, `meeting-steps-too-many`.
pub fn step(meetings: &Meetings, event: MeetingEvent<'_>, step: &Step<'_>) -> Result<Meetings, Reason> {
    if step.seat.is_keeper() {
        return Err(refused("meeting-by-keeper", "a person takes the steps of a meeting, never a keeper"));
    }
    let mut next = meetings.clone();
    match event {
        MeetingEvent::Set(event) => set(&mut next, event, step)?,
        MeetingEvent::Prepared(event) => {
            let meeting = coming(&mut next, event.meeting)?;
            of_form(&event.agenda)?;
            meeting.agenda.clone_from(&event.agenda);
            meeting.prepared = Some(StepTaken::of(step));
        }
        MeetingEvent::Brought(event) => brought(&mut next, event, step)?,
        MeetingEvent::Answered(event) => {
            let meeting = coming(&mut next, event.meeting)?;
            if event.begins != meeting.begins {
                let text = "the meeting is at another time now: answer to that one";
                return Err(refused("meeting-moved", text));
            }
            answered(meeting, event.answer, step)?;
        }
        MeetingEvent::Moved(event) => {
            let meeting = coming(&mut next, event.meeting)?;
            timed(event.begins, event.minutes, step)?;
            meeting.begins = event.begins;
            meeting.minutes = event.minutes;
            meeting.timed_by = StepTaken::of(step);
            for one in &mut meeting.people {
                one.answer = None;
            }
            accepts(meeting, step);
        }
        MeetingEvent::Cancelled(event) => cancelled(&mut next, event, step)?,
        MeetingEvent::Held(event) => held(&mut next, event, step)?,
        MeetingEvent::Decided(event) => decided(&mut next, event, step)?,
        MeetingEvent::Undone(event) => undone(&mut next, event, step)?,
        MeetingEvent::Dropped(event) => dropped(&mut next, event, step)?,
    }
    Ok(next)
}

fn set(meetings: &mut Meetings, event: &MeetingSet, step: &Step<'_>) -> Result<(), Reason> {
    if meetings.get(step.key.id).is_some() {
        return Err(refused("meeting-id-taken", "another meeting of this room has this id"));
    }
    if meetings.open().count() >= MOST_OPEN || meetings.all().len() >= MOST_MEETINGS {
        let text = "very many meetings are open in this room: record or call off some first";
        return Err(refused("meeting-too-many", text));
    }
    timed(event.begins, event.minutes, step)?;
    of_form(&event.agenda)?;
    if event.people.len() > MOST_PEOPLE {
        let text = "very many people are asked to this meeting: ask fifty at most";
        return Err(refused("meeting-people-too-many", text));
    }
    let by = StepTaken::of(step);
    let mut meeting = MeetingState {
        key: step.key.clone(),
        begins: event.begins,
        minutes: event.minutes,
        set_by: by.clone(),
        timed_by: by.clone(),
        people: invited(event, step),
        agenda: event.agenda.clone(),
        prepared: (!event.agenda.is_empty()).then_some(by),
        cancelled: None,
        points: Vec::new(),
        held: None,
        nothing: Vec::new(),
        not_reached: Vec::new(),
        decisions: Vec::new(),
        steps: 0,
    };
    accepts(&mut meeting, step);
    meetings.meetings.push(Arc::new(meeting));
    Ok(())
}

/// Those who have a seat here, of the two sides; the leads of both where nobody is named.
fn invited(event: &MeetingSet, step: &Step<'_>) -> Vec<Invited> {
    let sides = [step.plan_side, step.community_side];
    let seats = step.roster.active().filter(|seat| {
        let named =
            |whom: &Whom| whom.contact == seat.contact.id && whom.organization == seat.contact.organization;
        let asked = if event.people.is_empty() { seat.lead } else { event.people.iter().any(named) };
        asked && !seat.is_keeper() && sides.contains(&&seat.contact.organization)
    });
    let mut people: Vec<Invited> = seats.take(MOST_PEOPLE).map(|seat| asked(&seat.contact)).collect();
    people.sort_by(|a, b| a.whom.cmp(&b.whom));
    people
}

fn asked(contact: &crate::contact::Contact) -> Invited {
    let whom = Whom { contact: contact.id.clone(), organization: contact.organization.clone() };
    Invited { whom, answer: None }
}

/// Whoever settles the time comes.
fn accepts(meeting: &mut MeetingState, step: &Step<'_>) {
    let contact = &step.seat.contact;
    if let Some(one) = place(meeting, step) {
        one.answer = Some((MeetingAnswer::Accept, StepTaken::of(step)));
    } else if meeting.people.len() < MOST_PEOPLE {
        let answer = Some((MeetingAnswer::Accept, StepTaken::of(step)));
        meeting.people.push(Invited { answer, ..asked(contact) });
    }
}

fn place<'m>(meeting: &'m mut MeetingState, step: &Step<'_>) -> Option<&'m mut Invited> {
    let contact = &step.seat.contact;
    let is =
        |one: &&mut Invited| one.whom.contact == contact.id && one.whom.organization == contact.organization;
    meeting.people.iter_mut().find(is)
}

/// A lead of a side who was not asked answers for it, and is asked from then on.
fn answered(meeting: &mut MeetingState, answer: MeetingAnswer, step: &Step<'_>) -> Result<(), Reason> {
    let given = Some((answer, StepTaken::of(step)));
    let full = meeting.people.len() >= MOST_PEOPLE;
    if let Some(one) = place(meeting, step) {
        one.answer = given;
    } else if step.seat.lead && !full {
        meeting.people.push(Invited { answer: given, ..asked(&step.seat.contact) });
    } else {
        let text = "whoever is asked to the meeting answers, or a lead of their organization";
        return Err(refused("meeting-not-invited", text));
    }
    Ok(())
}

fn cancelled(meetings: &mut Meetings, event: &MeetingCancelled, step: &Step<'_>) -> Result<(), Reason> {
    without_member_data(&MeetingCancelled::clone(event).into(), step)?;
    let meeting = find(meetings, event.meeting)?;
    if meeting.held.is_some() {
        return Err(over());
    }
    meeting.cancelled = Some((StepTaken::of(step), event.reason.clone()));
    Ok(())
}

fn brought(meetings: &mut Meetings, event: &MeetingBrought, step: &Step<'_>) -> Result<(), Reason> {
    without_member_data(&MeetingBrought::clone(event).into(), step)?;
    let meeting = coming(meetings, event.meeting)?;
    // Two of one side who bring the same concern, each without having heard of the other, bring one point.
    let organization = &step.seat.contact.organization;
    let same = |point: &PointBrought| {
        point.key == *step.key || (point.key.id == step.key.id && point.by.organization == *organization)
    };
    if meeting.points.iter().any(same) {
        return Err(refused("meeting-point-known", "this point is brought to the meeting already"));
    }
    if meeting.points.len() >= MOST_POINTS {
        let text = "very many points are brought to this meeting: bring it to the next one";
        return Err(refused("meeting-points-too-many", text));
    }
    let (title, text) = (event.title.clone(), event.text.clone());
    meeting.points.push(PointBrought { key: step.key.clone(), title, text, by: StepTaken::of(step) });
    Ok(())
}

/// By the author's own time, which a stub carries too: its own word about itself was made with it.
fn without_member_data(data: &EventData, step: &Step<'_>) -> Result<(), Reason> {
    if !holds_member_data(data, step.at) {
        return Ok(());
    }
    let text = "the pair's room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates";
    Err(refused("meeting-member-data", text))
}

fn held(meetings: &mut Meetings, event: &MeetingHeld, step: &Step<'_>) -> Result<(), Reason> {
    let meeting = find(meetings, event.meeting)?;
    if step.when() < meeting.begins {
        return Err(refused("meeting-not-begun", "the meeting has not begun: move it where it was earlier"));
    }
    let known = |case: &CaseId| meeting.agenda.iter().any(|entry| entry.case == *case);
    if !event.nothing.iter().chain(&event.not_reached).all(known) {
        let text = "that case is not on the agenda of the meeting";
        return Err(refused("meeting-case-unknown", text));
    }
    if meeting.held.is_some() {
        room_for_more(meeting)?;
    }
    meeting.held.get_or_insert_with(|| StepTaken::of(step));
    for (to, of) in [(&mut meeting.nothing, &event.nothing), (&mut meeting.not_reached, &event.not_reached)] {
        for case in of {
            if !to.contains(case) {
                to.push(*case);
            }
        }
    }
    Ok(())
}

fn decided(meetings: &mut Meetings, event: &MeetingDecided, step: &Step<'_>) -> Result<(), Reason> {
    // What was decided and not carried out is decided anew also where the meeting was called off since.
    let meeting = match event.instead {
        Some(_) => known(meetings, event.meeting)?,
        None => find(meetings, event.meeting)?,
    };
    room_for_more(meeting)?;
    if meeting.decisions.iter().any(|one| one.case == event.case && one.event == event.event) {
        return Err(refused("meeting-decision-known", "this decision is recorded already"));
    }
    let MeetingDecided { case, kind, .. } = *event;
    if let Some(instead) = &event.instead {
        settle(meeting, instead, Some(case), Settled::Instead(event.event.clone()), step)?;
    }
    let by = StepTaken::of(step);
    meeting.decisions.push(DecisionTaken { case, kind, event: event.event.clone(), by, undone: None });
    Ok(())
}

/// Only the device that was to send it knows that it did not.
fn undone(meetings: &mut Meetings, event: &MeetingUndone, step: &Step<'_>) -> Result<(), Reason> {
    if event.event.sender != step.key.sender {
        let text = "whoever recorded a decision says that it was not carried out";
        return Err(refused("meeting-not-decider", text));
    }
    if event.why.len() > MOST_REASONS || !event.why.iter().all(|code| is_code(code)) {
        let text = "why something was not carried out is said in codes";
        return Err(refused("meeting-undone-why", text));
    }
    let meeting = known(meetings, event.meeting)?;
    let mut decisions = meeting.decisions.iter_mut();
    let decision = decisions.find(|one| one.case == event.case && one.event == event.event);
    let decision = decision.ok_or_else(no_decision)?;
    if decision.undone.is_some() {
        let text = "that it was not carried out is known already";
        return Err(refused("meeting-undone-known", text));
    }
    let why = event.why.clone();
    decision.undone = Some(Undone { by: StepTaken::of(step), why, settled: None });
    Ok(())
}

fn dropped(meetings: &mut Meetings, event: &MeetingDropped, step: &Step<'_>) -> Result<(), Reason> {
    let meeting = known(meetings, event.meeting)?;
    settle(meeting, &event.event, None, Settled::Dropped, step)
}

/// Settles what was not carried out, once: whoever decides anew has their own event in the case, and the decider's own side drops it.
fn settle(
    meeting: &mut MeetingState,
    event: &EventKey,
    case: Option<CaseId>,
    how: Settled,
    step: &Step<'_>,
) -> Result<(), Reason> {
    let mut decisions = meeting.decisions.iter_mut();
    let decision = decisions.find(|one| one.event == *event && case.is_none_or(|case| one.case == case));
    let decision = decision.ok_or_else(no_decision)?;
    let waiting = decision.undone.as_mut().filter(|undone| undone.settled.is_none());
    let undone = waiting.ok_or_else(settled_already)?;
    match &how {
        Settled::Instead(anew) if anew.sender != step.key.sender => {
            let text = "whoever decides anew names their own event of the case";
            return Err(refused("meeting-not-decider", text));
        }
        Settled::Dropped if decision.by.organization != step.seat.contact.organization => {
            let text = "the side that decided it drops it: the other one can decide it anew";
            return Err(refused("meeting-not-decider", text));
        }
        _ => {}
    }
    undone.settled = Some((StepTaken::of(step), how));
    Ok(())
}

/// Why a decision is neither decided anew nor dropped.
pub(crate) fn settled_already() -> Reason {
    let text = "that decision does not wait: it was carried out, decided anew, or dropped";
    refused("meeting-decision-settled", text)
}

fn no_decision() -> Reason {
    refused("meeting-decision-unknown", "the meeting has no such decision")
}

/// The meeting, where it was not called off.
fn find(meetings: &mut Meetings, id: EventId) -> Result<&mut MeetingState, Reason> {
    let meeting = known(meetings, id)?;
    if meeting.cancelled.is_some() {
        return Err(refused("meeting-cancelled", "that meeting was called off: set a new one"));
    }
    Ok(meeting)
}

fn known(meetings: &mut Meetings, id: EventId) -> Result<&mut MeetingState, Reason> {
    let found = meetings.meetings.iter_mut().find(|meeting| meeting.key.id == id);
    let meeting = found.ok_or_else(|| refused("meeting-unknown", "this room has no such meeting"))?;
    let meeting = Arc::make_mut(meeting);
    meeting.steps += 1;
    Ok(meeting)
}

/// The meeting, where it is still to come.
fn coming(meetings: &mut Meetings, id: EventId) -> Result<&mut MeetingState, Reason> {
    let meeting = find(meetings, id)?;
    if meeting.held.is_some() {
        return Err(over());
    }
    room_for_more(meeting)?;
    Ok(meeting)
}

fn room_for_more(meeting: &MeetingState) -> Result<(), Reason> {
    if meeting.steps <= MOST_STEPS {
        return Ok(());
    }
    let text = "that meeting went back and forth very often: call it off, and set a new one";
    Err(refused("meeting-steps-too-many", text))
}

fn timed(begins: Timestamp, minutes: u32, step: &Step<'_>) -> Result<(), Reason> {
    if !(1..=MOST_MINUTES).contains(&minutes) {
        return Err(refused("meeting-minutes", "a meeting takes from one minute to eight hours"));
    }
    let now = step.when();
    let latest = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    if begins <= now || begins > latest {
        let text = "a meeting lies ahead, and at most a year";
        return Err(refused("meeting-date", text));
    }
    Ok(())
}

/// Codes and ids are what an agenda can hold here: no words.
fn of_form(agenda: &[AgendaEntry]) -> Result<(), Reason> {
    let mut cases: Vec<_> = agenda.iter().map(|entry| entry.case).collect();
    cases.sort();
    cases.dedup();
    let fits = cases.len() == agenda.len()
        && agenda.len() <= MOST_CASES
        && agenda.iter().all(|entry| {
            entry.minutes <= MOST_MINUTES
                && entry.why.len() <= MOST_REASONS
                && entry.why.iter().all(|code| is_code(code))
        });
    if fits {
        return Ok(());
    }
    let text = "an agenda names each case once, two hundred at most, and says in codes why";
    Err(refused("meeting-agenda", text))
}

fn over() -> Reason {
    refused("meeting-over", "that meeting took place: record what was decided")
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "meeting")
}
