//! What a referral's room and the member's case have to do with each other, on a device that holds both.

use crate::case::event::EventData;
use crate::case::kind::RoomKind;
use crate::case::roster::{Place, room_user};
use crate::case::state::{CaseState, Resource};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::{CaseId, OrganizationId, RoomId};
use crate::label::Labels;
use crate::policy::{Reason, UnderConsent, may_refer};
use crate::referral::{Cancellation, CourseStatus, Field, ReferralState};

mod follow;

/// A referral as the member's case has it.
pub(crate) struct InCase {
    pub(crate) case: CaseId,
    pub(crate) state: CaseState,
    pub(crate) referral: ReferralState,
}

impl Engine {
    /// The case of a referral's room, where this device holds it: the referrer's side alone does.
    pub(crate) fn case_of_referral(&self, room: CaseId) -> Result<Option<InCase>> {
        let Some(link) = self.db.referral_of_room(room)? else { return Ok(None) };
        self.with_expected(link.case, |fold| {
            let state = fold.state();
            let referral = state.referrals.get(&link.referral)?.clone();
            Some(InCase { state: state.clone(), case: link.case, referral })
        })
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
            (&state.consents, referral.consent),
            (&referral.asked_by.organization, agency),
            fields,
            &labels,
            day,
        )
    }
}

/// Whether a room is the referral's: one of the referrer's in the case made it, for its agency. Everybody in the case can tell which id
/// the room has, and make one under it.
pub(crate) fn is_room_of(room: &CaseState, case: &CaseState, referral: &ReferralState) -> bool {
    let agency = referral.organization.as_ref().map(|agency| &agency.id);
    is_made_by(room, case, &referral.asked_by.organization, agency)
}

/// Whether one of the referrer's in the case made a referral's room, for this agency.
fn is_made_by(
    room: &CaseState,
    case: &CaseState,
    referrer: &OrganizationId,
    agency: Option<&OrganizationId>,
) -> bool {
    let Some(opening) = room.opening() else { return false };
    let opener = |place: &Place| {
        place.seat.contact.organization == *referrer && room_user(&place.seat) == Some(&opening.event.sender)
    };
    opening.kind == RoomKind::Referral
        && opening.plan_side.id == *referrer
        && agency.is_none_or(|agency| *agency == opening.community_side.id)
        && case.roster().all().iter().any(opener)
}
