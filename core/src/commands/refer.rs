//! What a referral's room and the member's case have to do with each other, on a device that holds both.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::case::event::{EventData, EventKey};
use crate::case::kind::RoomKind;
use crate::case::life::Opening;
use crate::case::roster::{Place, room_user};
use crate::case::state::{CaseState, Resource};
use crate::commands::Command;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, EventId, OrganizationId, RoomId, UserId};
use crate::label::Labels;
use crate::policy::{Reason, UnderConsent, may_refer};
use crate::referral::{
    Cancellation, Course, CourseStatus, Field, ReferralCancelled, ReferralSent, ReferralState,
    ReferralStatus, ReferralTold, TEXT_LIMIT, room_of,
};

/// How long the referrer's keeper leaves it to whoever opened a referral's room to tell what happened.
const AFTER_OPENER: SignedDuration = SignedDuration::from_mins(10);
/// How long everybody else of the referrer's leaves it to them and to the keeper.
const AFTER_KEEPER: SignedDuration = SignedDuration::from_mins(20);

/// A referral as the member's case has it.
pub(crate) struct InCase {
    pub(crate) case: CaseId,
    pub(crate) state: CaseState,
    pub(crate) referral: ReferralState,
}

impl Engine {
    /// The case of a referral's room, where this device holds it: the referrer's side alone does.
    pub(crate) fn case_of_referral(&self, room: CaseId) -> Result<Option<InCase>> {
        for row in self.db.cases()? {
            if self.db.kind(row.case)? != RoomKind::Case {
                continue;
            }
            let found = self.with_expected(row.case, |fold| {
                let state = fold.state();
                let one = state.referrals.all().iter().find(|one| room_of(&one.key) == room)?;
                Some(InCase { case: row.case, state: state.clone(), referral: ReferralState::clone(one) })
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether the member's consent lets the agency be told this, now. It is asked for whatever tells more of the member, or tells it
    /// to more people; that the referral is over may always be said.
    pub(crate) fn under_consent(&self, room: CaseId, data: &EventData) -> Result<UnderConsent> {
        let opened = match data {
            EventData::ReferralOpened(opened) => Some(opened),
            EventData::ReferralCapacityAsked(_) | EventData::Handover(_) | EventData::SeatAdded(_)
                if self.db.kind(room)? == RoomKind::Referral =>
            {
                None
            }
            _ => return Ok(UnderConsent::NotAsked),
        };
        let me = self.user();
        if opened.is_none() {
            let (ended, referrer) = self.with_expected(room, |fold| {
                let state = fold.state();
                let status = state.referrals.course().map(|course| course.status);
                let ended = matches!(status, Some(CourseStatus::Cancelled(Cancellation::ConsentEnded)));
                let seat = state.roster().seat_of(&me);
                let referrer = seat
                    .zip(state.opening())
                    .is_some_and(|(seat, opening)| seat.contact.organization == opening.plan_side.id);
                (ended, referrer)
            })?;
            if ended {
                let text =
                    "the consent for this referral has ended: nothing of it is told to anybody any more";
                return Ok(UnderConsent::Refused(Reason::new("consent-revoked", text, "consent")));
            }
            // The agency passes on in its own house what it was told under the consent.
            if !referrer {
                return Ok(UnderConsent::NotAsked);
            }
        }
        let Some(InCase { state, referral, .. }) = self.case_of_referral(room)? else {
            let text =
                "only who has the member's case here speaks for the referrer: the consent stands there";
            return Ok(UnderConsent::Refused(Reason::new("referral-without-case", text, "referral")));
        };
        let speaks = state.roster().seat_of(&me).map(|seat| seat.contact.organization.clone());
        if speaks.as_ref() != Some(&referral.asked_by.organization) {
            let text = "the side that refers the member sends the referral, tells of it and ends it";
            return Ok(UnderConsent::Refused(Reason::new("referral-not-referrer", text, "referral")));
        }
        if !referral.is_open() {
            let text = "this referral is over: ask for a new one";
            return Ok(UnderConsent::Refused(Reason::new("referral-over", text, "referral")));
        }
        let agency = opened.map(|opened| opened.agency.id.clone());
        let agency = agency.or_else(|| referral.organization.as_ref().map(|agency| agency.id.clone()));
        let Some(agency) = agency else { return Err(Error::internal("referral-agency")) };
        let fields = match opened {
            Some(opened) => opened.fields.keys().copied().collect(),
            None => referral.fields.clone(),
        };
        Ok(match self.consent_lets(&state, &referral, &agency, &fields) {
            Ok(()) => UnderConsent::By(referral.consent),
            Err(reason) => UnderConsent::Refused(reason),
        })
    }

    /// The Matrix room of the case whose consent is asked about an event in a referral's room.
    pub(crate) fn room_of_consent(&self, room: CaseId, data: &EventData) -> Result<Option<RoomId>> {
        let asks = match data {
            EventData::ReferralOpened(_) => true,
            EventData::ReferralCapacityAsked(_) | EventData::Handover(_) | EventData::SeatAdded(_) => {
                self.db.kind(room)? == RoomKind::Referral
            }
            _ => false,
        };
        if !asks {
            return Ok(None);
        }
        let Some(found) = self.case_of_referral(room)? else { return Ok(None) };
        Ok(self.case_row(found.case)?.room)
    }

    /// Whether the consent that a referral rests on lets its agency be told it today.
    pub(crate) fn consent_lets(
        &self,
        state: &CaseState,
        referral: &ReferralState,
        agency: &OrganizationId,
        fields: &std::collections::BTreeSet<Field>,
    ) -> std::result::Result<(), Reason> {
        let labels: Labels = state.labels(&Resource::Referral(referral.key.clone()));
        let zone = state.opening().map(|opening| opening.agreement.zone.clone());
        let day = self.now().to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC)).date();
        may_refer(
            state.consents.get(referral.consent),
            (&referral.asked_by.organization, agency),
            fields,
            &labels,
            day,
        )
    }

    /// Does what follows from a change of a case, or of a referral's room, in the other of the two. Each thing has an id that follows
    /// from what it is, so that it comes once, also after a kill.
    pub(crate) fn follow_referrals(&self, changed: CaseId) -> Result<()> {
        match self.db.kind(changed)? {
            RoomKind::Referral => {
                self.try_to_follow(changed);
                Ok(())
            }
            RoomKind::Case => {
                let rooms = self.with_expected(changed, |fold| {
                    let (state, mut rooms) = (fold.state(), Vec::new());
                    rooms.extend(state.referrals.all().iter().map(|one| room_of(&one.key)));
                    rooms.extend(state.superseded_referrals.iter().map(|one| room_of(&one.key)));
                    rooms
                })?;
                for room in rooms {
                    if self.db.case_row(room)?.is_some() {
                        self.try_to_follow(room);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same for every referral's room: a consent ends on its day, though nothing happens.
    pub(crate) fn follow_all_referrals(&self) -> Result<()> {
        for row in self.db.cases()? {
            if self.db.kind(row.case)? == RoomKind::Referral {
                self.try_to_follow(row.case);
            }
        }
        Ok(())
    }

    /// What one referral's room holds keeps neither the others nor a record from going on.
    fn try_to_follow(&self, room: CaseId) {
        if let Err(error) = self.follow_referral(room) {
            tracing::error!(code = error.code(), "what follows for a referral could not be done");
        }
    }

    fn follow_referral(&self, room: CaseId) -> Result<()> {
        // What has not gone out can still be taken out.
        let there = self.state_in_room(room)?;
        let (Some(opening), Some(course)) = (there.opening(), there.referrals.course()) else {
            return Ok(());
        };
        let Some(turn) = turn(&there, &self.user()) else { return Ok(()) };
        let is_turn = |since: Timestamp| since.saturating_add(turn).is_ok_and(|from| from <= self.now());
        let Some(InCase { case, state, referral }) = self.case_of_referral(room)? else {
            return self.stop_what_never_counted(room, course.status, &is_turn);
        };
        if !is_room_of(&there, &state, &referral) {
            return Ok(());
        }
        let key = &referral.key;
        // First, whatever else there is to say: the agency works on until it hears of it.
        if !course.status.is_over()
            && let Some((reason, since)) = self.ended(&state, &referral, opening, course)
            && is_turn(since)
        {
            self.stop(room, reason)?;
        }
        if matches!(referral.status, ReferralStatus::Asked | ReferralStatus::Held(_)) {
            if !is_turn(course.opened_by.at) {
                return Ok(());
            }
            let sent =
                ReferralSent { referral: key.clone(), room: Some(room), by_hand: None, note: String::new() };
            self.once(case, &["referral-sent", &room.to_string()], sent)?;
        }
        for step in &course.steps {
            let event: &EventKey = &step.by.event;
            if referral.steps.iter().any(|known| known.event.as_ref() == Some(event)) {
                continue;
            }
            // In their order.
            if !is_turn(step.by.at) {
                break;
            }
            let until = step.until.map_or_else(String::new, |day| format!("until {day}"));
            let text = [until.as_str(), step.text.as_str()];
            let text: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
            // That it is over is said without a word of the member, so that no consent is needed for it.
            let text = if step.told.ends() { String::new() } else { short(&text.join(": ")) };
            let told = ReferralTold {
                referral: key.clone(),
                step: step.told,
                at: step.by.at,
                event: Some(event.clone()),
                by_hand: None,
                text,
            };
            self.once(case, &["referral-told", event.sender.as_str(), &event.id.to_string()], told)?;
        }
        Ok(())
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
        let ended = || ends_at(state, consent?.ends?).filter(|ended| *ended <= self.now());
        Some((Cancellation::ConsentEnded, revoked.or_else(ended).unwrap_or(course.opened_by.at)))
    }

    /// The agency is told to stop where what it was sent counts no more: a consent that was taken back before, or a case that was
    /// closed, came to be known after it had gone out.
    fn stop_what_never_counted(
        &self,
        room: CaseId,
        status: CourseStatus,
        is_turn: impl Fn(Timestamp) -> bool,
    ) -> Result<()> {
        if status.is_over() {
            return Ok(());
        }
        for row in self.db.cases()? {
            if self.db.kind(row.case)? != RoomKind::Case {
                continue;
            }
            let found = self.with_expected(row.case, |fold| {
                let state = fold.state();
                let one = state.superseded_referrals.iter().find(|one| room_of(&one.key) == room)?;
                let revoked = state.consents.get(one.asked.consent).is_none_or(|one| one.revoked.is_some());
                let reason = if revoked { Cancellation::ConsentEnded } else { Cancellation::NotNeeded };
                Some((reason, one.at))
            })?;
            if let Some((reason, asked)) = found {
                return if is_turn(asked) { self.stop(room, reason) } else { Ok(()) };
            }
        }
        Ok(())
    }

    fn stop(&self, room: CaseId, reason: Cancellation) -> Result<()> {
        self.once(room, &["referral-cancelled", &room.to_string()], ReferralCancelled { reason })
    }

    /// Says something once, under an id that follows from what it is.
    fn once(&self, case: CaseId, parts: &[&str], data: impl Into<EventData>) -> Result<()> {
        let id = EventId::derived(parts);
        if self.db.outbox_fate(id)?.is_some() {
            return Ok(());
        }
        match self.command(case, &Command::new(Some(id), data)) {
            // What another device has said already, or the case takes no more, is not said again.
            Ok(_) | Err(Error::NotAllowed { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
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

/// When a day begins where the case is.
fn ends_at(case: &CaseState, day: Date) -> Option<Timestamp> {
    let zone = case.opening()?.agreement.zone.clone();
    day.to_zoned(zone).ok().map(|day| day.timestamp())
}

/// Whether a room is the referral's: one of the referrer's in the case made it, for its agency. Everybody in the case can tell which id
/// the room has, and make one under it.
pub(crate) fn is_room_of(room: &CaseState, case: &CaseState, referral: &ReferralState) -> bool {
    let Some(opening) = room.opening() else { return false };
    let referrer = &referral.asked_by.organization;
    let opener = |place: &Place| {
        place.seat.contact.organization == *referrer && room_user(&place.seat) == Some(&opening.event.sender)
    };
    opening.kind == RoomKind::Referral
        && opening.plan_side.id == *referrer
        && referral.organization.as_ref().is_none_or(|agency| agency.id == opening.community_side.id)
        && case.roster().all().iter().any(opener)
}

/// What the agency says, no longer than it may be said by our own clients: theirs can be any.
fn short(text: &str) -> String {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}
