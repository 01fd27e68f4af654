//! A referral in the member's case.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::step::Step;
use crate::communication::Priority;
use crate::consent::{ConsentStanding, Consents};
use crate::contact::Contact;
use crate::crossing::{CrossingCarried, Way};
use crate::id::{CaseId, EventId};
use crate::organization::Organization;
use crate::policy::Reason;
use crate::referral::course::MOST_STEPS;
use crate::referral::{Field, Hold, ReferralAsked, ReferralEvent, ReferralSent, ReferralTold, Service, Told};

/// How many referrals of one organisation are open at once in one case at most.
pub const MOST_WAITING: usize = 50;
/// How many referrals one organisation asks for in one case at most, those that are over among them.
pub const MOST_REFERRALS: usize = 500;

/// One referral of a case. `Debug` does not show what it says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ReferralState {
    /// Its `referral.asked`.
    pub key: EventKey,
    /// What is asked for.
    pub service: Service,
    /// The agency; nothing where a handover withheld it.
    pub organization: Option<Organization>,
    /// What the member needs. Empty where a handover withheld it.
    pub need: String,
    /// The consent that it rests on.
    pub consent: EventId,
    /// Which fields the agency is told.
    pub fields: BTreeSet<Field>,
    /// How urgent it is.
    pub priority: Priority,
    /// By when it is needed.
    pub due: Option<Date>,
    /// Who asked for it, and when.
    pub asked_by: StepTaken,
    /// Where it stands.
    pub status: ReferralStatus,
    /// The room in which it is, once it is with the agency.
    pub room: Option<CaseId>,
    /// Every step after it was asked, in order.
    pub steps: Vec<ToldStep>,
}

impl ReferralState {
    /// Whether its loop is not closed.
    pub fn is_open(&self) -> bool {
        matches!(self.status, ReferralStatus::Asked | ReferralStatus::Held(_) | ReferralStatus::Sent)
    }

    /// Whether the agency has it, and has not heard that it is over, nor said so.
    pub fn is_with_agency(&self) -> bool {
        let was_sent = self.room.is_some()
            || self.steps.iter().any(|step| step.told.is_none() && step.by_hand.is_some());
        was_sent && !self.steps.iter().any(|step| step.told.is_some_and(Told::ends))
    }

    /// What was told of the agency last.
    pub fn last(&self) -> Option<&ToldStep> {
        self.steps.iter().rev().find(|step| step.told.is_some())
    }

    /// Why it waits, as a reason to be shown.
    pub fn held(&self) -> Option<Reason> {
        let ReferralStatus::Held(hold) = self.status else { return None };
        let text = format!("the referral is kept, and waits: {}", hold.words());
        Some(Reason::new(hold.reason(), text, "referral"))
    }
}

impl fmt::Debug for ReferralState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferralState")
            .field("key", &self.key)
            .field("status", &self.status)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

/// Where a referral stands in the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferralStatus {
    /// Asked for: it is on its way to the agency.
    Asked,
    /// It cannot go to the agency yet.
    Held(Hold),
    /// It is with the agency.
    Sent,
    /// The outcome is here: the loop is closed.
    Closed,
    /// It is not asked for any more, or the agency was told to stop.
    Withdrawn,
}

impl ReferralStatus {
    /// A stable code: `asked`, `held`, `sent`, `closed` or `withdrawn`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Held(_) => "held",
            Self::Sent => "sent",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One step of a referral, as the case has it. `Debug` does not show what it says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ToldStep {
    /// Who took or told it, and when.
    pub by: StepTaken,
    /// What happened with the agency; nothing for its sending and its withdrawal.
    pub told: Option<Told>,
    /// When that was, where it is told later.
    pub at: Timestamp,
    /// The event of the referral's room that tells it.
    pub event: Option<EventKey>,
    /// How a person took it there, or learned it.
    pub by_hand: Option<Way>,
    /// The words. Empty where there are none, or a handover withheld them.
    pub text: String,
}

impl fmt::Debug for ToldStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToldStep").field("by", &self.by).field("told", &self.told).finish_non_exhaustive()
    }
}

/// A `referral.asked` that took no step: what a record says of it, if it was written while it counted.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SupersededReferral {
    /// The event.
    pub key: EventKey,
    /// What it asks.
    pub asked: ReferralAsked,
    /// Who sent it, if they ever had a seat.
    pub from: Option<Contact>,
    /// When.
    pub at: Timestamp,
}

impl fmt::Debug for SupersededReferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SupersededReferral({})", self.key.id)
    }
}

/// The steps in a case.
///
/// Of the consent it reads that it is recorded and holds: whom it names, and which fields, a handover may withhold. That is for the
/// policy, before anything is said to the agency.
///
/// # Errors
/// `referral-by-keeper` (a keeper tells what happened in the referral's room, and nothing else), `referral-not-a-side`, `referral-id-taken`, `referral-too-many`, `referral-consent-unknown`,
/// `referral-consent-not-in-force`; of a further step `referral-unknown`, `referral-not-referrer`, `referral-over`, `referral-sent`
/// (it is with the agency already), `referral-not-sent`, `referral-how` (by an event or by hand, and one of them),
/// `referral-told-before`, `referral-no-outcome`, `referral-steps-too-many`.
pub(super) fn step(
    asked: &mut Vec<Arc<ReferralState>>,
    event: ReferralEvent<'_>,
    consents: &Consents,
    today: Date,
    step: &Step<'_>,
) -> Result<(), Reason> {
    if step.seat.is_keeper() && !tells_of_its_room(event) {
        return Err(refused("referral-by-keeper", "a person takes the steps of a referral, never a keeper"));
    }
    let own = &step.seat.contact.organization;
    match event {
        ReferralEvent::Asked(event) => {
            if own != step.plan_side && own != step.community_side {
                let text = "one of the two sides of the case refers the member";
                return Err(refused("referral-not-a-side", text));
            }
            ask(asked, event, consents, today, step)
        }
        ReferralEvent::Sent(event) => sent(open(find(asked, &event.referral, step)?)?, event, step),
        ReferralEvent::Told(event) => told(find(asked, &event.referral, step)?, event, step),
        ReferralEvent::Withdrawn(event) => {
            let referral = open(find(asked, &event.referral, step)?)?;
            referral.status = ReferralStatus::Withdrawn;
            note(referral, None, None, None, (&event.why, step.when()), step);
            Ok(())
        }
        _ => Err(refused("referral-unknown", "this stands in a referral's own room")),
    }
}

/// Whether it only says in the case what happened in the referral's room: that a keeper says, too, where nobody else has.
fn tells_of_its_room(event: ReferralEvent<'_>) -> bool {
    match event {
        ReferralEvent::Sent(sent) => sent.room.is_some(),
        ReferralEvent::Told(told) => told.event.is_some(),
        _ => false,
    }
}

fn ask(
    asked: &mut Vec<Arc<ReferralState>>,
    event: &ReferralAsked,
    consents: &Consents,
    today: Date,
    step: &Step<'_>,
) -> Result<(), Reason> {
    if asked.iter().any(|one| one.key == *step.key) {
        return Err(refused("referral-id-taken", "another referral of this case has this id"));
    }
    let own = |one: &&Arc<ReferralState>| one.asked_by.organization == step.seat.contact.organization;
    let open = asked.iter().filter(own).filter(|one| one.is_open()).count();
    if open >= MOST_WAITING || asked.iter().filter(own).count() >= MOST_REFERRALS {
        let text = "very many referrals of this case are open: see some through first";
        return Err(refused("referral-too-many", text));
    }
    let consent = consents.get(event.consent).ok_or_else(|| {
        let text = "no such consent of the member's is recorded in this case: record it, or name another";
        refused("referral-consent-unknown", text)
    })?;
    if consent.standing(today) != ConsentStanding::Active {
        let text = "the consent that it rests on does not hold: have it renewed, or name another";
        return Err(refused("referral-consent-not-in-force", text));
    }
    asked.push(Arc::new(ReferralState {
        key: step.key.clone(),
        service: event.service.clone(),
        organization: event.organization.clone(),
        need: event.need.clone(),
        consent: event.consent,
        fields: event.fields.clone(),
        priority: event.priority,
        due: event.due,
        asked_by: StepTaken::of(step),
        status: event.hold.map_or(ReferralStatus::Asked, ReferralStatus::Held),
        room: None,
        steps: Vec::new(),
    }));
    Ok(())
}

fn sent(referral: &mut ReferralState, event: &ReferralSent, step: &Step<'_>) -> Result<(), Reason> {
    if referral.status == ReferralStatus::Sent {
        return Err(refused("referral-sent", "this referral is with the agency already"));
    }
    if event.room.is_some() == event.by_hand.is_some() {
        return Err(how());
    }
    referral.status = ReferralStatus::Sent;
    referral.room = event.room;
    note(referral, None, None, event.by_hand, (&event.note, step.when()), step);
    Ok(())
}

/// Somebody took it to its agency by hand, as the case's crossings have it: what waits there waits here, too.
pub(super) fn carried(
    asked: &mut [Arc<ReferralState>],
    key: &EventKey,
    event: &CrossingCarried,
    step: &Step<'_>,
) {
    let waits = |one: &&mut Arc<ReferralState>| {
        one.key == *key && matches!(one.status, ReferralStatus::Asked | ReferralStatus::Held(_))
    };
    if let Some(one) = asked.iter_mut().find(waits) {
        let one = Arc::make_mut(one);
        one.status = ReferralStatus::Sent;
        note(one, None, None, Some(event.how), (&event.outcome, step.when()), step);
    }
}

fn told(referral: &mut ReferralState, event: &ReferralTold, step: &Step<'_>) -> Result<(), Reason> {
    // Who told it second, from another account, told nothing new.
    if event.event.is_some() && referral.steps.iter().any(|known| known.event == event.event) {
        return Err(refused("referral-told-before", "this was told of the referral before"));
    }
    // Of one that was withdrawn it is still told that the agency has heard so.
    let hears_the_end = event.step.ends() && referral.is_with_agency();
    if !referral.is_open() && !hears_the_end {
        return Err(over());
    }
    if referral.status != ReferralStatus::Sent && !hears_the_end {
        let text = "this referral is not with the agency yet: send it first";
        return Err(refused("referral-not-sent", text));
    }
    if event.event.is_some() == event.by_hand.is_some() {
        return Err(how());
    }
    let came_to = |step: &ToldStep| {
        use Told::{Declined, NoPlaces, NotProvided, Partly, Provided};
        step.told.is_some_and(|told| matches!(told, Declined | NoPlaces | NotProvided | Partly | Provided))
    };
    let by_hand = event.step == Told::Closed && event.by_hand.is_some();
    if by_hand && referral.is_open() && !referral.steps.iter().any(came_to) {
        let text = "nobody has said yet what came of it: tell that first, or call the referral off";
        return Err(refused("referral-no-outcome", text));
    }
    let ends = match event.step {
        Told::Closed if referral.is_open() => Some(ReferralStatus::Closed),
        Told::Closed | Told::Cancelled => Some(ReferralStatus::Withdrawn),
        _ => None,
    };
    if ends.is_none() && referral.steps.len() >= MOST_STEPS {
        let text = "that referral went back and forth very often: close it, and ask for a new one";
        return Err(refused("referral-steps-too-many", text));
    }
    referral.status = ends.unwrap_or(referral.status);
    // Nobody tells of what is to come.
    let at = event.at.min(step.when());
    note(referral, Some(event.step), event.event.clone(), event.by_hand, (&event.text, at), step);
    Ok(())
}

fn find<'a>(
    asked: &'a mut [Arc<ReferralState>],
    key: &EventKey,
    step: &Step<'_>,
) -> Result<&'a mut ReferralState, Reason> {
    let found = asked.iter_mut().find(|one| one.key == *key);
    let one = found.ok_or_else(|| refused("referral-unknown", "this case has no such referral"))?;
    if one.asked_by.organization != step.seat.contact.organization {
        let text = "the side that refers the member sends the referral, tells of it and ends it";
        return Err(refused("referral-not-referrer", text));
    }
    Ok(Arc::make_mut(one))
}

fn open(referral: &mut ReferralState) -> Result<&mut ReferralState, Reason> {
    if referral.is_open() { Ok(referral) } else { Err(over()) }
}

fn over() -> Reason {
    refused("referral-over", "this referral is over: ask for a new one")
}

fn note(
    referral: &mut ReferralState,
    told: Option<Told>,
    event: Option<EventKey>,
    by_hand: Option<Way>,
    (text, at): (&str, Timestamp),
    step: &Step<'_>,
) {
    let by = StepTaken::of(step);
    referral.steps.push(ToldStep { by, told, at, event, by_hand, text: text.to_owned() });
}

fn how() -> Reason {
    let text = "say in which room it is, or how a person took it there or learned it: one of the two";
    refused("referral-how", text)
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "referral")
}
