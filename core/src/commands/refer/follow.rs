//! What happens in a referral's room is told in the member's case, and what ends in the case is told in the room.
//!
//! A room is looked at when it changes, when its case does, and when a time has come that was noted at the last look: a consent ends on
//! its day, and whoever may speak for the referrer waits for their turn. In a minute in which nothing is due none is looked at.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{is_made_by, is_room_of};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::commands::Command;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId, UserId};
use crate::label::Marks;
use crate::referral::{
    Cancellation, Course, ReferralCancelled, ReferralSent, ReferralState, ReferralStatus, ReferralTold,
    TEXT_LIMIT, rooms_of,
};
use crate::store::referrals::{Link, Look, link, look_again};

/// How long the referrer's keeper leaves it to whoever opened a referral's room to tell what happened.
const AFTER_OPENER: SignedDuration = SignedDuration::from_mins(10);
/// How long everybody else of the referrer's leaves it to them and to the keeper.
const AFTER_KEEPER: SignedDuration = SignedDuration::from_mins(20);
/// When what could not be said is tried again, though nothing has changed: an agreement can have come into force.
const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What any client shows of it that a labelled referral is over, and why that is not labelled: it says nothing of the member, and has
/// to be said once no consent holds any more.
const OVER: &str = "A referral in this case is over.";
const OVER_WHY: &str = "It says that a referral is over, and nothing else";

/// What is said of a referral that is in another room than it was to have.
const ELSEWHERE: &str =
    "Somebody else had made a room under the id that was meant for it, so it is in another one";

/// A look at one room: what is to be said now, and when there is more.
struct Looking {
    now: Timestamp,
    /// How long one's own turn comes after whoever is first.
    turn: SignedDuration,
    /// Since when this device has had something to say that has not happened yet by its clock, if it had at the last look.
    seen: Option<Timestamp>,
    /// The same, of this look.
    ahead: Option<Timestamp>,
    /// Whether it needs a consent to say in the case more than that it is over: it is labelled, or all is that one says there, since one
    /// is of a Part 2 program.
    quietly: bool,
    again: Option<Timestamp>,
}

impl Looking {
    /// Whether it is one's turn to say what there is to say since then. If not, one looks again once it is.
    ///
    /// Who is first says it at once. The others wait, and never for a clock: since when it is can be of another organization's server,
    /// which says any. What has not happened yet by this device's clock counts from when this device first had it to say.
    fn is_turn(&mut self, since: Timestamp) -> bool {
        if self.turn.is_zero() {
            return true;
        }
        let since = if since > self.now {
            // In seconds, as it is kept.
            let now = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
            *self.ahead.insert(self.seen.map_or(now, |seen| seen.min(now)))
        } else {
            since
        };
        let from = since.saturating_add(self.turn).unwrap_or(Timestamp::MAX);
        if from > self.now {
            self.look_at(from);
        }
        from <= self.now
    }

    fn look_at(&mut self, at: Timestamp) {
        self.again = Some(self.again.map_or(at, |known| known.min(at)));
    }

    /// When there is more to say.
    fn look(&self, over: bool) -> Look {
        Look { at: to_the_second(self.again), over, seen: self.ahead }
    }

    /// What could not be said is tried again.
    fn said(&mut self, said: bool) {
        if !said {
            self.look_at(self.now.saturating_add(TRY_AGAIN).unwrap_or(Timestamp::MAX));
        }
    }
}

impl Engine {
    /// Does what follows from a change of a case, or of a referral's room, in the other of the two. Each thing has an id that follows
    /// from what it is, so that it comes once, also after a kill.
    pub(crate) fn follow_referrals(&self, changed: CaseId) -> Result<()> {
        match self.db.kind(changed)? {
            RoomKind::Referral => {
                if let Some(link) = self.db.referral_of_room(changed)? {
                    let state = self.with_expected(link.case, |fold| fold.state().clone())?;
                    self.try_to_follow(&link, &state);
                }
                Ok(())
            }
            RoomKind::Case => self.follow_referrals_of(changed),
            _ => Ok(()),
        }
    }

    fn follow_referrals_of(&self, case: CaseId) -> Result<()> {
        let state = self.with_expected(case, |fold| {
            let state = fold.state();
            let any = !state.referrals.all().is_empty() || !state.superseded_referrals.is_empty();
            any.then(|| state.clone())
        })?;
        let Some(state) = state else { return Ok(()) };
        let mut links = self.db.referrals_of_case(case)?;
        let new: Vec<(CaseId, EventKey)> = rooms_in(&state)
            .into_iter()
            .filter(|(room, _)| !links.iter().any(|link| link.room == *room))
            .collect();
        if !new.is_empty() {
            self.db.write(|t| new.iter().try_for_each(|(room, key)| link(t, *room, case, key)))?;
            links = self.db.referrals_of_case(case)?;
        }
        // Of what is over here and there nothing follows any more.
        let open = |link: &Link| {
            let one = state.referrals.get(&link.referral);
            !link.look.over || one.is_some_and(|one| one.is_open() || one.is_with_agency())
        };
        for link in links.iter().filter(|link| link.here && open(link)) {
            self.try_to_follow(link, &state);
        }
        Ok(())
    }

    /// The same for every referral's room that is to be looked at by now, though nothing happened. One case that cannot be read keeps
    /// none of the others from it.
    pub(crate) fn follow_due_referrals(&self) -> Result<()> {
        for link in self.db.referrals_to_look_at(self.now())?.iter().filter(|link| link.here) {
            match self.with_expected(link.case, |fold| fold.state().clone()) {
                Ok(state) => self.try_to_follow(link, &state),
                Err(error) => {
                    tracing::error!(
                        code = error.code(),
                        "the case of a referral that is due could not be read"
                    );
                }
            }
        }
        Ok(())
    }

    /// What one referral's room holds keeps neither the others nor a record from going on: it is looked at again.
    fn try_to_follow(&self, link: &Link, state: &CaseState) {
        let look = self.follow_referral(link, state).unwrap_or_else(|error| {
            tracing::error!(code = error.code(), "what follows for a referral could not be done");
            Look { at: Some(self.now()), over: false, seen: link.look.seen }
        });
        if look != link.look
            && let Err(error) = self.db.write(|t| look_again(t, link.room, look))
        {
            tracing::error!(code = error.code(), "when a referral is to be looked at could not be noted");
        }
    }

    fn follow_referral(&self, link: &Link, state: &CaseState) -> Result<Look> {
        let room = link.room;
        // What has not gone out can still be taken out.
        let there = self.state_in_room(room)?;
        let (Some(opening), Some(course)) = (there.opening(), there.referrals.course()) else {
            return Ok(Look::default());
        };
        let Some(turn) = turn(&there, &self.user()) else { return Ok(Look::default()) };
        let sensitive = state.is_sensitive(&Resource::Referral(link.referral.clone()));
        let quietly = sensitive || says_labelled(state, &self.user());
        let seen = link.look.seen;
        let mut looking = Looking { now: self.now(), turn, seen, ahead: None, quietly, again: None };
        let Some(referral) = state.referrals.get(&link.referral) else {
            self.stop_what_never_counted(link, &there, state, course, &mut looking)?;
            return Ok(looking.look(false));
        };
        if !is_room_of(&there, state, referral) {
            return Ok(Look::default());
        }
        // First, whatever else there is to say: the agency works on until it hears of it.
        if !course.status.is_over() {
            if let Some((reason, since)) = self.ended(state, referral, opening, course) {
                if looking.is_turn(since) {
                    looking.said(self.stop(room, reason)?);
                }
            } else if let Some(ends) =
                state.consents.get(referral.consent).and_then(|one| begins(state, one.ends?))
            {
                // It ends on its day, though nothing happens: not before, whoever says it.
                looking.look_at(ends.saturating_add(turn).unwrap_or(Timestamp::MAX));
            }
        }
        let told = self.tell_the_case(link, referral, course, &mut looking)?;
        let over = told && course.status.is_over();
        Ok(looking.look(over))
    }

    /// Tells the case what it has not been told. Whether that is all.
    fn tell_the_case(
        &self,
        link: &Link,
        referral: &ReferralState,
        course: &Course,
        looking: &mut Looking,
    ) -> Result<bool> {
        let (room, case) = (link.room, link.case);
        if matches!(referral.status, ReferralStatus::Asked | ReferralStatus::Held(_)) {
            if !looking.is_turn(course.opened_by.at) {
                return Ok(false);
            }
            // Not in the one that it was to have.
            let elsewhere = rooms_of(&referral.key).next() != Some(room);
            let note = if elsewhere { ELSEWHERE.to_owned() } else { String::new() };
            let sent = ReferralSent { referral: referral.key.clone(), room: Some(room), by_hand: None, note };
            let id = EventId::derived(&["referral-sent", &room.to_string()]);
            looking.said(self.once(case, &Command::new(Some(id), sent))?);
        }
        for step in &course.steps {
            let event: &EventKey = &step.by.event;
            if referral.steps.iter().any(|known| known.event.as_ref() == Some(event)) {
                continue;
            }
            // In their order.
            if !looking.is_turn(step.by.at) {
                return Ok(false);
            }
            let until = step.until.map_or_else(String::new, |day| format!("until {day}"));
            let text = [until.as_str(), step.text.as_str()];
            let text: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
            // That it is over is said without a word of the member, so that no consent is needed for it.
            let text = if step.told.ends() { String::new() } else { short(&text.join(": ")) };
            let told = ReferralTold {
                referral: referral.key.clone(),
                step: step.told,
                at: step.by.at,
                event: Some(event.clone()),
                by_hand: None,
                text,
            };
            let id = EventId::derived(&["referral-told", event.sender.as_str(), &event.id.to_string()]);
            let mut command = Command::new(Some(id), told);
            if step.told.ends() && looking.quietly {
                // Whoever reads it in any client reads no more than that, so that no consent is asked for it.
                command.marks.unlabelled = Some(OVER_WHY.to_owned());
                command.text = Some(OVER.to_owned());
            }
            looking.said(self.once(case, &command)?);
        }
        Ok(looking.again.is_none())
    }

    /// Why the agency is to stop, and since when.
    fn ended(
        &self,
        state: &CaseState,
        referral: &ReferralState,
        opening: &Opening,
        course: &Course,
    ) -> Option<(Cancellation, Timestamp)> {
        if referral.status == ReferralStatus::Withdrawn {
            let withdrawn = referral.steps.iter().rev().find(|step| step.told.is_none());
            return Some((Cancellation::NotNeeded, withdrawn.map_or(course.opened_by.at, |step| step.by.at)));
        }
        let fields = course.fields.keys().copied().collect();
        self.consent_lets(state, referral, &opening.community_side.id, &fields).err()?;
        let consent = state.consents.get(referral.consent);
        let revoked = consent.and_then(|one| one.revoked.as_ref()).map(|revoked| revoked.by.at);
        let ended = || begins(state, consent?.ends?).filter(|ended| *ended <= self.now());
        Some((Cancellation::ConsentEnded, revoked.or_else(ended).unwrap_or(course.opened_by.at)))
    }

    /// The agency is told to stop where what it was sent counts no more: a consent that was taken back before, or a case that was
    /// closed, came to be known after it had gone out. In a room that somebody else made under its id nothing is said.
    fn stop_what_never_counted(
        &self,
        link: &Link,
        there: &CaseState,
        state: &CaseState,
        course: &Course,
        looking: &mut Looking,
    ) -> Result<()> {
        let one = state.superseded_referrals.iter().find(|one| one.key == link.referral);
        let Some(one) = one.filter(|_| !course.status.is_over()) else { return Ok(()) };
        let agency = one.asked.organization.as_ref().map(|agency| &agency.id);
        if !one.from.as_ref().is_some_and(|from| is_made_by(there, state, &from.organization, agency)) {
            return Ok(());
        }
        if looking.is_turn(one.at) {
            let revoked = state.consents.get(one.asked.consent).is_none_or(|one| one.revoked.is_some());
            let reason = if revoked { Cancellation::ConsentEnded } else { Cancellation::NotNeeded };
            looking.said(self.stop(link.room, reason)?);
        }
        Ok(())
    }

    fn stop(&self, room: CaseId, reason: Cancellation) -> Result<bool> {
        let id = EventId::derived(&["referral-cancelled", &room.to_string()]);
        self.once(room, &Command::new(Some(id), ReferralCancelled { reason }))
    }

    /// Says something once, under an id that follows from what it is. False where it may not be said now.
    fn once(&self, case: CaseId, command: &Command) -> Result<bool> {
        if self.db.outbox_fate(command.id)?.is_some() {
            return Ok(true);
        }
        match self.command(case, command) {
            Ok(_) => Ok(true),
            // What another device has said already, or the case takes no more, is not said again.
            Err(Error::NotAllowed { reasons }) => {
                let before = ["referral-over", "referral-sent", "referral-told-before"];
                Ok(reasons.iter().any(|reason| before.contains(&&*reason.code)))
            }
            Err(error) => Err(error),
        }
    }
}

/// The rooms in which a case's referrals can be, those that count no more among them.
fn rooms_in(state: &CaseState) -> Vec<(CaseId, EventKey)> {
    let mut rooms = Vec::new();
    for one in state.referrals.all() {
        let told = one.room.filter(|room| rooms_of(&one.key).any(|known| known == *room));
        rooms.extend(rooms_of(&one.key).next().into_iter().chain(told).map(|room| (room, one.key.clone())));
    }
    for one in &state.superseded_referrals {
        rooms.extend(rooms_of(&one.key).next().map(|room| (room, one.key.clone())));
    }
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

/// How long whoever may speak for the referrer in a referral's room leaves it to others, so that each thing is said once: who opened it
/// says it at once, then the keeper, who is always there, then everybody else of the referrer's. Nobody of others.
fn turn(room: &CaseState, me: &UserId) -> Option<SignedDuration> {
    let (seat, opening) = (room.roster().seat_of(me)?, room.opening()?);
    if seat.contact.organization != opening.plan_side.id {
        return None;
    }
    Some(match seat.is_keeper() {
        _ if opening.event.sender == *me => SignedDuration::ZERO,
        true => AFTER_OPENER,
        false => AFTER_KEEPER,
    })
}

/// Whether everything that somebody says in the case is labelled, unless they say why it is not.
fn says_labelled(case: &CaseState, me: &UserId) -> bool {
    let said = case.roster().seat_of(me).zip(case.opening());
    said.is_some_and(|(seat, opening)| !Marks::default().labels_of(seat, &opening.agreement).is_empty())
}

/// When a day begins where the case is.
fn begins(case: &CaseState, day: Date) -> Option<Timestamp> {
    let zone = case.opening()?.agreement.zone.clone();
    day.to_zoned(zone).ok().map(|day| day.timestamp())
}

/// Not before.
fn to_the_second(at: Option<Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| {
        at.round(jiff::TimestampRound::new().smallest(jiff::Unit::Second).mode(jiff::RoundMode::Ceil)).ok()
    })
}

/// What the agency says, no longer than it may be said by our own clients: theirs can be any.
fn short(text: &str) -> String {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}
