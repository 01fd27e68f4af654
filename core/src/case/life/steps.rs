//! The steps of a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::agreement::{Agreement, RuleSet};
use crate::case::event::EventKey;
use crate::case::kind::{Opens, RoomKind};
use crate::case::life::{
    Carried, CaseAccepted, CaseClosed, CaseReopened, CloseReason, RungPosted, SeatAdded, SeatEnded,
};
use crate::case::roster::{self, Roster, RosterEvent, decides};
use crate::case::step::{Owed, Rung, Step};
use crate::contact::Seat;
use crate::id::{AgreementId, CaseId, ContactId, EventId, OrganizationId, RuleSetId, Sha256};
use crate::member::Member;
use crate::organization::Organization;
use crate::policy::Reason;

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LifeEvent<'a> {
    /// `case.opened`, or what opens a room of another kind.
    Opened(Opens<'a>),
    /// `case.accepted`.
    Accepted(&'a CaseAccepted),
    /// `case.closed`.
    Closed(&'a CaseClosed),
    /// `case.reopened`.
    Reopened(&'a CaseReopened),
    /// `seat.added`.
    Added(&'a SeatAdded),
    /// `seat.ended`.
    Ended(&'a SeatEnded),
    /// `rung.posted`.
    Rung(&'a RungPosted),
}

/// A case: what it was opened with, who takes part, and whether it is over.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// What the case was opened with; nothing until a valid `case.opened` is there.
    pub opening: Option<Arc<Opening>>,
    /// Who takes part.
    pub roster: Roster,
    /// How it ended.
    pub closed: Option<Closed>,
    /// Each time it was opened again, in order.
    pub reopened: Vec<Reopened>,
    /// The rungs that were posted.
    pub rungs: BTreeMap<RungKey, PostedRung>,
}

/// What a case was opened with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Opening {
    /// The kind of the room.
    pub kind: RoomKind,
    /// The case, or the room of another kind.
    pub case: CaseId,
    /// Whose care it is about; nobody's in a programme room.
    pub member: Option<Member>,
    /// The plan side; in a programme room the programme office.
    pub plan_side: Organization,
    /// The community side; in a programme room the organisation of the programme.
    pub community_side: Organization,
    /// Others that take part.
    pub others: Vec<Organization>,
    /// What the two sides settled.
    pub agreement: Agreement,
    /// Its text, as the case carries it.
    pub agreement_text: Carried<AgreementId>,
    /// The dated clocks.
    pub rules: RuleSet,
    /// Their text, as the case carries it.
    pub rules_text: Carried<RuleSetId>,
    /// The event that opened it.
    pub event: EventKey,
    /// When, as far as its author's clock is believed.
    pub at: Timestamp,
}

impl Opening {
    /// Every organisation of the case: the plan side, the community side, the others.
    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        [&self.plan_side, &self.community_side].into_iter().chain(&self.others)
    }
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The event that closed it.
    pub event: EventKey,
    /// Why.
    pub reason: CloseReason,
    /// The case that goes on in its place.
    pub continued_in: Option<CaseId>,
    /// When, as far as its author's clock is believed.
    pub at: Timestamp,
}

/// A case that was closed goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reopened {
    /// The event that opened it again.
    pub event: EventKey,
    /// How it had ended.
    pub closed: Closed,
    /// When, as far as its author's clock is believed.
    pub at: Timestamp,
}

/// Whom somebody reminded of what. A person's place on a ladder changes with the roster, so that it is no part of it: who was
/// reminded is not reminded again, and whoever moves up is not taken for reminded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RungKey {
    /// What is owed: [`crate::case::step::Owed::since`].
    pub owed: EventId,
    /// Its clock's name.
    pub clock: String,
    /// Who was reminded.
    pub contact: ContactId,
    /// Of which organisation.
    pub organization: OrganizationId,
}

impl RungKey {
    /// The reminder of this person on the ladder of what is owed.
    pub fn of(owed: EventId, clock: &str, rung: &Rung) -> Self {
        let (contact, organization) = (rung.contact.clone(), rung.organization.clone());
        Self { owed, clock: clock.to_owned(), contact, organization }
    }
}

impl RungPosted {
    /// Whom it reminds of what.
    pub fn key(&self) -> RungKey {
        let (contact, organization) = (self.contact.clone(), self.organization.clone());
        RungKey { owed: self.owed, clock: self.clock.clone(), contact, organization }
    }

    /// Whether it is believed that they have left: their own organisation says so of its people; of others the roster does, and nobody
    /// else has them passed over.
    pub(crate) fn is_left(&self, roster: &Roster, by: &Seat) -> bool {
        self.left
            && (by.contact.organization == self.organization
                || roster.has_left(&self.contact, &self.organization))
    }
}

/// A rung that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostedRung {
    /// The event that posted it.
    pub event: EventKey,
    /// Which rung of the ladder it was then, counted from 0.
    pub rung: u32,
    /// When, as far as its author's clock is believed.
    pub at: Timestamp,
    /// Whether they had left: nobody was reminded.
    pub left: bool,
}

impl Life {
    /// The event by which it last began or ended: opened, closed, or opened again.
    pub(crate) fn turned_by(&self) -> Option<&EventKey> {
        let closed = self.closed.as_ref().map(|closed| &closed.event);
        let again = || self.reopened.last().map(|again| &again.event);
        closed.or_else(again).or_else(|| self.opening.as_ref().map(|opening| &opening.event))
    }

    /// What the case was opened with, if steps can be taken in it.
    ///
    /// # Errors
    /// The reason, with source `case`: `case-not-open`, `case-closed`.
    pub fn going_on(&self) -> Result<&Opening, Reason> {
        if self.closed.is_some() {
            return Err(refused("case-closed", "the case is closed"));
        }
        self.opening.as_deref().ok_or_else(|| refused("case-not-open", "the case is not open"))
    }
}

/// The state after an event, or why the event is no valid step.
///
/// For `case.opened` the step's seat and roster are those that the event itself carries.
///
/// # Errors
/// The reason. Source `case`: `case-not-open`, `case-closed`, `case-already-open`, `other-case`, `side-kind`,
/// `organization-twice`, `opener`, `closer`, `case-not-closed`, `case-continued`, `reopener`, `rung-poster`, `rung-posted`. Source `agreement`: `carried-changed` and
/// `carried-unreadable` (rule set too), `agreement-kind`, `agreement-sides`, `keeper-not-agreed`. Source `roster`: those of
/// [`roster::step`], `seat-organization`, `side-without-lead`. Source `room`: `room-seat-member`.
pub fn step(life: &Life, event: LifeEvent<'_>, step: &Step<'_>) -> Result<Life, Reason> {
    if let LifeEvent::Opened(event) = event {
        if life.opening.is_some() {
            return Err(refused("case-already-open", "the case was opened by an earlier event"));
        }
        return opened(&event, step);
    }
    if let LifeEvent::Reopened(_) = event {
        return reopened(life, step);
    }
    let opening = match event {
        // Whoever owes something after the end is reminded of it: whether it is owed is looked at with the reminder.
        LifeEvent::Rung(_) => {
            life.opening.as_deref().ok_or_else(|| refused("case-not-open", "the case is not open"))?
        }
        _ => life.going_on()?,
    };
    let mut next = life.clone();
    match event {
        LifeEvent::Opened(_) | LifeEvent::Reopened(_) => {}
        LifeEvent::Accepted(event) => {
            if event.case != opening.case {
                return Err(refused("other-case", "the acceptance names another case"));
            }
            next.roster = life.roster.with_acceptance(&step.key.sender, step.when())?;
        }
        LifeEvent::Closed(event) => {
            if !decides(step.seat) {
                return Err(refused("closer", "only a lead closes a case"));
            }
            next.closed = Some(Closed {
                event: step.key.clone(),
                reason: event.reason,
                continued_in: event.continued_in,
                at: step.when(),
            });
        }
        LifeEvent::Added(event) => {
            keeper_agreed(&event.seat, &opening.agreement)?;
            next.roster = roster::step(&life.roster, RosterEvent::Added(event), step)?;
        }
        LifeEvent::Ended(event) => {
            next.roster = roster::step(&life.roster, RosterEvent::Ended(event), step)?;
        }
        LifeEvent::Rung(event) => {
            if !step.seat.is_keeper() && !decides(step.seat) {
                return Err(refused("rung-poster", "only a keeper or a lead posts a reminder"));
            }
            let rung = event.key();
            if next.rungs.contains_key(&rung) {
                return Err(refused("rung-posted", "this reminder was posted before"));
            }
            let left = event.is_left(&life.roster, step.seat);
            let posted = PostedRung { event: step.key.clone(), rung: event.rung, at: step.when(), left };
            next.rungs.insert(rung, posted);
        }
    }
    Ok(next)
}

fn reopened(life: &Life, step: &Step<'_>) -> Result<Life, Reason> {
    let closed = match (&life.opening, &life.closed) {
        (None, _) => return Err(refused("case-not-open", "the case is not open")),
        (_, None) => {
            return Err(refused("case-not-closed", "the case goes on: there is nothing to open again"));
        }
        (Some(_), Some(closed)) => closed,
    };
    if !decides(step.seat) {
        return Err(refused("reopener", "only a lead opens a case again"));
    }
    if closed.reason == CloseReason::Duplicate || closed.continued_in.is_some() {
        return Err(refused("case-continued", "the same case goes on elsewhere: go on there"));
    }
    let mut next = life.clone();
    let again = Reopened { event: step.key.clone(), closed: closed.clone(), at: step.when() };
    next.reopened.push(again);
    next.closed = None;
    Ok(next)
}

fn opened(event: &Opens<'_>, step: &Step<'_>) -> Result<Life, Reason> {
    let (plan, community) = (event.plan_side, event.community_side);
    event.kind.stands_between(plan, community)?;
    let organizations: Vec<&OrganizationId> =
        [plan, community].into_iter().chain(event.others).map(|organization| &organization.id).collect();
    let distinct: std::collections::BTreeSet<_> = organizations.iter().collect();
    if distinct.len() != organizations.len() {
        return Err(refused("organization-twice", "an organisation is named twice"));
    }

    let unchanged = Sha256::of(&event.agreement.text) == event.agreement.sha256
        && Sha256::of(&event.rules.text) == event.rules.sha256;
    if !unchanged {
        let text = "the agreement or the rule set is not the text that its hash names";
        return Err(Reason::new("carried-changed", text, "agreement"));
    }
    let unreadable =
        || Reason::new("carried-unreadable", "the agreement or the rule set cannot be read", "agreement");
    let agreement = Agreement::kept(&event.agreement.text).map_err(|_| unreadable())?;
    let rules = RuleSet::kept(&event.rules.text).map_err(|_| unreadable())?;
    if agreement.id != event.agreement.id
        || agreement.version != event.agreement.version
        || rules.id != event.rules.id
        || rules.version != event.rules.version
    {
        let text = "the agreement or the rule set has another id or version than the one named";
        return Err(Reason::new("carried-changed", text, "agreement"));
    }
    if agreement.room != event.kind.agreed_as() {
        let text = "the agreement is one for rooms of another kind";
        return Err(Reason::new("agreement-kind", text, "agreement"));
    }
    if agreement.plan_side.id != plan.id || agreement.community_side.id != community.id {
        let text = "the agreement is one between other organisations";
        return Err(Reason::new("agreement-sides", text, "agreement"));
    }

    let roster = Roster::of(event.roster, step.key)?;
    for seat in event.roster {
        event.kind.seats(seat)?;
        if !organizations.contains(&&seat.contact.organization) {
            let text = "somebody is named whose organisation takes no part in the case";
            return Err(Reason::new("seat-organization", text, "roster"));
        }
        keeper_agreed(seat, &agreement)?;
    }
    if roster.lead(&plan.id).is_none() || roster.lead(&community.id).is_none() {
        return Err(Reason::new("side-without-lead", "each side of a case needs a lead", "roster"));
    }
    let of_side = [&plan.id, &community.id].contains(&&step.seat.contact.organization);
    if !of_side || !(decides(step.seat) || step.seat.is_keeper()) {
        return Err(refused("opener", "a lead or the keeper of one of the two sides opens a case"));
    }
    let at = crate::due::believed(step.at, step.server_at, agreement.story_clock);
    Ok(Life {
        opening: Some(Arc::new(Opening {
            kind: event.kind,
            case: event.room,
            member: event.member.cloned(),
            plan_side: plan.clone(),
            community_side: community.clone(),
            others: event.others.to_vec(),
            agreement,
            agreement_text: event.agreement.clone(),
            rules,
            rules_text: event.rules.clone(),
            event: step.key.clone(),
            at,
        })),
        roster,
        ..Life::default()
    })
}

/// The agreement says of each side whether its keeper may sit on a case; of others it says nothing.
fn keeper_agreed(seat: &Seat, agreement: &Agreement) -> Result<(), Reason> {
    let mut sides = [&agreement.plan_side, &agreement.community_side].into_iter();
    let barred = sides.any(|side| side.id == seat.contact.organization && !side.keeper);
    if seat.is_keeper() && barred {
        let text = "the agreement gives this organisation's keeper no seat";
        return Err(Reason::new("keeper-not-agreed", text, "agreement"));
    }
    Ok(())
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "case")
}

/// The event as a person reads it in any Matrix client. `roster` is the one before the event.
pub fn tell(event: LifeEvent<'_>, by: &Seat, roster: &Roster) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        LifeEvent::Opened(event) => {
            let what = match event.kind {
                RoomKind::Case => "Case",
                RoomKind::Programme => "Room for concerns",
                RoomKind::Pair => "Room for meetings",
                RoomKind::Referral => "Referral",
            };
            let opened =
                format!("{what} opened between {} and {}.", event.community_side.name, event.plan_side.name);
            // The agreement's module fixes that a moved clock is said to whoever opens the case.
            if event.agreement.read().is_ok_and(|agreement| agreement.story_clock) {
                format!("{opened} It is a story: the times that its devices state are believed as they are.")
            } else {
                opened
            }
        }
        LifeEvent::Accepted(_) => format!("{who} has taken up the case."),
        LifeEvent::Closed(event) if event.reason == CloseReason::Duplicate => {
            format!("{who} closed this case: the same case goes on elsewhere.")
        }
        LifeEvent::Closed(_) => format!("{who} closed the case."),
        LifeEvent::Reopened(event) => {
            let why =
                if event.reason.trim().is_empty() { String::new() } else { format!(": {}", event.reason) };
            let source =
                if event.source.is_empty() { String::new() } else { format!(" (source: {})", event.source) };
            format!("{who} opened the case again, since {}{source}{why}", event.on)
        }
        LifeEvent::Added(SeatAdded { seat }) => {
            let lead = if seat.lead { ", as a lead" } else { "" };
            format!("{who} named {} ({}) for the case{lead}.", seat.contact.name, seat.contact.role)
        }
        LifeEvent::Ended(event) if event.contact == by.contact.id => format!("{who} left the case."),
        LifeEvent::Ended(event) => {
            // Their last seat, active or ended: a repeated command says the same as its first attempt.
            let mut contacts = roster.all().iter().rev().map(|place| &place.seat.contact);
            let contact =
                contacts.find(|one| one.id == event.contact && one.organization == event.organization);
            let name = contact.map_or("somebody's", |contact| contact.name.as_str());
            format!("{who} ended the participation of {name}.")
        }
        LifeEvent::Rung(event) => tell_rung(event, roster, None, &TimeZone::UTC),
    }
}

/// A reminder as the case's history tells of it. `owed` is what it is of, where that is still owed; `zone` is the agreement's.
pub(crate) fn tell_rung(event: &RungPosted, roster: &Roster, owed: Option<&Owed>, zone: &TimeZone) -> String {
    let n = event.rung.saturating_add(1);
    let place = roster.contact(&event.contact, &event.organization);
    let named = |or: &'static str| place.map_or(or, |seat| seat.contact.name.as_str());
    if event.left {
        let name = named("somebody on the ladder");
        let overdue = owed.map_or_else(
            || "What is owed here is overdue.".to_owned(),
            |owed| format!("This is overdue: {}.", owed.what),
        );
        return format!(
            "Reminder {n}: {name} has left, and nobody is reminded by it: whoever comes next on the ladder is, or else somebody has \
             to take their place. {overdue}"
        );
    }
    let name = named("the next person on the ladder");
    // The rung's own time: for the first person it is when the clock ran out, for the next when their turn came.
    let since = event.due.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
    match owed {
        Some(owed) => format!(
            "Reminder {n} for {name}: {}. It is overdue, and theirs to see to since {since}.",
            owed.what
        ),
        None => format!(
            "Reminder {n} for {name}: what is owed here is overdue, and theirs to see to since {since}."
        ),
    }
}
