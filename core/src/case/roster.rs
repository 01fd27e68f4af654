//! The roster: who is named for the case, folded from its events. Maps to `CareTeam.participant`.
//!
//! A seat is active from the event that named it to the event that ended it. A lead changes only their own
//! organisation's people; a keeper names nobody; neither side ever loses its last lead.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::case::event::EventKey;
use crate::case::life::{SeatAdded, SeatEnded};
use crate::case::step::Step;
use crate::contact::{Role, Seat};
use crate::id::{ContactId, OrganizationId, UserId};
use crate::policy::Reason;

/// Everybody named for the case, now and earlier, in the order in which they were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// Shared, since every step is given the roster as it is at its place.
    places: Arc<Vec<Place>>,
    /// Only for one step: a side that speaks for itself though, at this place in the order, nobody of it is in the room.
    speaks: Option<OrganizationId>,
}

/// One seat, with its beginning and end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Who, and as what.
    pub seat: Seat,
    /// The event that named them.
    pub since: EventKey,
    /// When they took the case up.
    pub accepted: Option<Timestamp>,
    /// The event that ended their participation.
    pub ended: Option<EventKey>,
}

/// An event of the roster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RosterEvent<'a> {
    /// `seat.added`.
    Added(&'a SeatAdded),
    /// `seat.ended`.
    Ended(&'a SeatEnded),
}

impl Roster {
    /// The roster that an opening event carries.
    ///
    /// # Errors
    /// The reason, with source `roster`: `seat-twice`, `user-twice`, `lead-role`.
    pub fn of(seats: &[Seat], since: &EventKey) -> Result<Self, Reason> {
        let mut roster = Self::default();
        for seat in seats {
            roster.take(seat, since)?;
        }
        Ok(roster)
    }

    /// Every seat, active or ended.
    pub fn all(&self) -> &[Place] {
        &self.places
    }

    /// The seats that are active.
    pub fn active(&self) -> impl Iterator<Item = &Seat> {
        self.places.iter().filter(|place| place.ended.is_none()).map(|place| &place.seat)
    }

    /// The active seat of somebody who may be in the room.
    pub fn seat_of(&self, user: &UserId) -> Option<&Seat> {
        self.active().find(|seat| room_user(seat) == Some(user))
    }

    /// Whether somebody may be in the room now.
    pub fn contains(&self, user: &UserId) -> bool {
        self.seat_of(user).is_some()
    }

    /// Whether somebody has, or once had, a seat in the room.
    pub fn ever_contained(&self, user: &UserId) -> bool {
        self.places.iter().any(|place| room_user(&place.seat) == Some(user))
    }

    /// The last place of somebody in the room, active or ended.
    pub(crate) fn last_place_of(&self, user: &UserId) -> Option<&Place> {
        let mut places = self.places.iter().rev().filter(|place| room_user(&place.seat) == Some(user));
        let last = places.clone().next();
        places.find(|place| place.ended.is_none()).or(last)
    }

    /// Everybody who may be in the room. A member or a member's representative never is.
    pub fn users(&self) -> BTreeSet<UserId> {
        self.active().filter_map(room_user).cloned().collect()
    }

    /// The active seat of a contact.
    pub fn contact(&self, contact: &ContactId, organization: &OrganizationId) -> Option<&Seat> {
        self.active().find(|seat| seat.contact.id == *contact && seat.contact.organization == *organization)
    }

    /// Whether somebody had a seat, and has none any more.
    pub(crate) fn has_left(&self, contact: &ContactId, organization: &OrganizationId) -> bool {
        let of = |place: &&Place| {
            place.seat.contact.id == *contact && place.seat.contact.organization == *organization
        };
        self.places.iter().any(|place| of(&place)) && self.contact(contact, organization).is_none()
    }

    /// The leads of an organisation, in the order in which they were named.
    pub fn leads<'a>(&'a self, organization: &'a OrganizationId) -> impl Iterator<Item = &'a Seat> {
        self.active().filter(move |seat| decides(seat) && seat.contact.organization == *organization)
    }

    /// The lead of an organisation: the first who was named.
    pub fn lead(&self, organization: &OrganizationId) -> Option<&Seat> {
        self.active().find(|seat| decides(seat) && seat.contact.organization == *organization)
    }

    /// The keeper of an organisation.
    pub fn keeper_of(&self, organization: &OrganizationId) -> Option<&Seat> {
        self.active().find(|seat| seat.is_keeper() && seat.contact.organization == *organization)
    }

    /// Whether an organisation has nobody in the room: what it must hear of goes across by other ways.
    pub fn is_away(&self, organization: &OrganizationId) -> bool {
        !self.active().any(|seat| seat.contact.organization == *organization && room_user(seat).is_some())
    }

    /// The same roster for the step of somebody who could not know that this side had joined, nor it of the step.
    pub(crate) fn where_speaks(&self, side: OrganizationId) -> Self {
        Self { speaks: Some(side), ..self.clone() }
    }

    /// Whether a side speaks for itself though nobody of it is in the room at this place.
    pub(crate) fn speaks_for_itself(&self, side: &OrganizationId) -> bool {
        self.speaks.as_ref() == Some(side)
    }

    /// Whether an organisation had nobody in the room when it was opened by this event.
    pub(crate) fn began_away(&self, organization: &OrganizationId, opened: &EventKey) -> bool {
        let mut first = self.places.iter().filter(|place| place.since == *opened).map(|place| &place.seat);
        !first.any(|seat| seat.contact.organization == *organization && room_user(seat).is_some())
    }

    /// When somebody of the room took the case up.
    pub fn accepted(&self, user: &UserId) -> Option<Timestamp> {
        let mut active = self.places.iter().filter(|place| place.ended.is_none());
        active.find(|place| room_user(&place.seat) == Some(user)).and_then(|place| place.accepted)
    }

    /// The same roster, with somebody's acceptance.
    pub(crate) fn with_acceptance(&self, user: &UserId, at: Timestamp) -> Result<Self, Reason> {
        let mut next = self.clone();
        let mut active = Arc::make_mut(&mut next.places).iter_mut().filter(|place| place.ended.is_none());
        match active.find(|place| room_user(&place.seat) == Some(user)) {
            Some(place) if place.accepted.is_none() => place.accepted = Some(at),
            Some(_) => return Err(refused("already-accepted", "this seat's case was taken up before")),
            None => return Err(refused("no-seat", "the sender has no seat in this case")),
        }
        Ok(next)
    }

    /// Somebody who was named without an account, and has one now: the new seat takes the place of the old one.
    /// True where that one was a lead's: the new one is, too.
    fn has_an_account_now(&mut self, seat: &Seat, since: &EventKey) -> bool {
        if room_user(seat).is_none() {
            return false;
        }
        let mut active = Arc::make_mut(&mut self.places).iter_mut().filter(|place| place.ended.is_none());
        let old = active.find(|place| {
            let contact = &place.seat.contact;
            contact.user.is_none()
                && contact.id == seat.contact.id
                && contact.organization == seat.contact.organization
        });
        let Some(old) = old else { return false };
        old.ended = Some(since.clone());
        decides(&old.seat)
    }

    fn take(&mut self, seat: &Seat, since: &EventKey) -> Result<(), Reason> {
        if self.contact(&seat.contact.id, &seat.contact.organization).is_some() {
            return Err(refused("seat-twice", "this person is named for the case already"));
        }
        if seat.contact.user.is_some() && self.active().any(|other| other.contact.user == seat.contact.user) {
            return Err(refused("user-twice", "this Matrix account has another seat in the case already"));
        }
        if seat.lead && !decides(seat) {
            return Err(refused("lead-role", "a keeper, a member or a representative cannot be a lead"));
        }
        Arc::make_mut(&mut self.places).push(Place {
            seat: seat.clone(),
            since: since.clone(),
            accepted: None,
            ended: None,
        });
        Ok(())
    }
}

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `roster`: `not-lead`, `other-organization`, `seat-twice`, `user-twice`, `lead-role`, `no-seat`,
/// `last-lead`.
pub fn step(roster: &Roster, event: RosterEvent<'_>, step: &Step<'_>) -> Result<Roster, Reason> {
    let mut next = roster.clone();
    match event {
        RosterEvent::Added(SeatAdded { seat }) => {
            must_lead(step, &seat.contact.organization)?;
            let led = next.has_an_account_now(seat, step.key);
            // Whom the other side names first decides for their own: nobody else there could name others.
            let first = step.seat.contact.organization != seat.contact.organization
                && room_user(seat).is_some()
                && !seat.is_keeper();
            next.take(&Seat { lead: seat.lead || led || first, ..seat.clone() }, step.key)?;
        }
        RosterEvent::Ended(ended) => {
            let own =
                step.seat.contact.id == ended.contact && step.seat.contact.organization == ended.organization;
            if !own {
                must_lead(step, &ended.organization)?;
            }
            let seat = roster
                .contact(&ended.contact, &ended.organization)
                .ok_or_else(|| refused("no-seat", "this person has no seat in this case"))?;
            let side = [step.plan_side, step.community_side].contains(&&ended.organization);
            if side && decides(seat) && roster.leads(&ended.organization).count() == 1 {
                return Err(refused(
                    "last-lead",
                    "a side of a case keeps at least one lead: name another first",
                ));
            }
            let mut active = Arc::make_mut(&mut next.places).iter_mut().filter(|place| place.ended.is_none());
            let found = active.find(|place| {
                place.seat.contact.id == ended.contact
                    && place.seat.contact.organization == ended.organization
            });
            if let Some(place) = found {
                place.ended = Some(step.key.clone());
            }
        }
    }
    Ok(next)
}

/// A lead of theirs; while a side has nobody in the room, a lead of the other side, too: nobody else could name who joins.
fn must_lead(step: &Step<'_>, organization: &OrganizationId) -> Result<(), Reason> {
    if !decides(step.seat) {
        return Err(refused("not-lead", "only a lead names people for a case and ends their participation"));
    }
    let sides = [step.plan_side, step.community_side];
    let other_side = sides.contains(&organization) && sides.contains(&&step.seat.contact.organization);
    if step.seat.contact.organization != *organization && !(other_side && step.is_away(organization)) {
        return Err(refused("other-organization", "a lead changes only their own organisation's people"));
    }
    Ok(())
}

/// Whether a seat is that of a lead. A keeper never decides, and a member is not of a side.
pub(crate) fn decides(seat: &Seat) -> bool {
    seat.lead && !seat.is_keeper() && !is_outside(seat)
}

/// Whether a seat's person is on the roster but never in the room.
fn is_outside(seat: &Seat) -> bool {
    matches!(seat.contact.role, Role::Member | Role::MemberRepresentative)
}

/// The account by which a seat's person is in the room.
pub(crate) fn room_user(seat: &Seat) -> Option<&UserId> {
    seat.contact.user.as_ref().filter(|_| !is_outside(seat))
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "roster")
}
