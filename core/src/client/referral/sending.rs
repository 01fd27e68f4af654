//! How a referral goes to its agency: who of it is reached, under which agreement, with which fields of the member's.

use std::collections::{BTreeMap, BTreeSet};

use super::check_values;
use crate::agreement::{Agreement, Side};
use crate::case::event::EventData;
use crate::case::kind::RoomKind;
use crate::case::life::Carried;
use crate::case::name::EventName;
use crate::case::roster::room_user;
use crate::case::state::{CaseState, Resource};
use crate::client::Case;
use crate::commands::is_room_of;
use crate::consent::Scope;
use crate::contact::{Contact, Role, Seat, Topic};
use crate::error::{Error, Result};
use crate::fhir;
use crate::id::{AgreementId, ContactId, OrganizationId};
use crate::label::{Label, Labels, STATEMENT};
use crate::organization::Organization;
use crate::policy::{Reason, UnderConsent};
use crate::referral::{ConsentTerms, Field, Hold, ReferralOpened, ReferralStatus, rooms_of};
use crate::store::referrals::link;

/// How many people of an agency are named for a referral's room at most.
const MOST_NAMED: usize = 8;
/// How many others of the referrer's are named for it at most.
const MOST_OWN: usize = 3;

impl Case {
    /// Opens the room of a referral that waited, now that somebody at the organisation has an account, and an agreement is in force.
    /// `values` are fields of the member's that no record has. Repeated, it returns the room.
    /// Where somebody else has made a room under the id that it was to have, it gets another, and the case is told so.
    ///
    /// # Errors
    /// `NotFound` (`referral`; `rules`), `Conflict` (`referral-room-taken`), `NotAllowed`: `referral-not-referrer`, `referral-no-contact`, `referral-no-account`, `referral-no-agreement`,
    /// `referral-sent` (somebody else's device has its room), `referral-over`, those of the consent, besides the errors of every command.
    pub async fn send_referral(
        &self,
        referral: impl Into<EventName>,
        values: BTreeMap<Field, String>,
    ) -> Result<Self> {
        check_values(&values)?;
        let engine = &self.caseline().engine;
        let state = self.expected()?;
        let referral = self.referral_key(&referral.into())?;
        let one = state.referrals.get(&referral).cloned().ok_or(Error::NotFound { what: "referral" })?;
        let own = self.own(&state)?;
        if own.organization != one.asked_by.organization {
            let text = "the side that refers the member sends the referral, tells of it and ends it";
            return Err(Error::not_allowed(Reason::new("referral-not-referrer", text, "referral")));
        }
        // Everybody in the case can tell which id the room is to have: what somebody else made under it is not the referral's.
        let mut free = None;
        for room in rooms_of(&referral) {
            if engine.db.case_row(room)?.is_none() {
                free = Some(room);
                break;
            }
            let there = self.caseline().case(room)?;
            if is_room_of(&there.expected()?, &state, &one) {
                return Ok(there);
            }
        }
        let room = free.ok_or(Error::Conflict {
            code: "referral-room-taken",
            detail: "other rooms have all the ids that this referral's could have: leave them, and ask for the referral anew",
        })?;
        if one.status == ReferralStatus::Sent {
            let text = "this referral is with the agency already: ask whoever sent it to name you for its room, or take up their invitation";
            return Err(Error::not_allowed(Reason::new("referral-sent", text, "referral")));
        }
        engine.db.write(|t| link(t, room, self.id(), &referral))?;
        let agency = one.organization.clone().ok_or(Error::NotFound { what: "organization" })?;
        if let Some(hold) = self.hold(&state, &agency.id)? {
            let text = format!("the referral is kept, and waits: {}", hold.words());
            return Err(Error::not_allowed(Reason::new(hold.reason(), text, "referral")));
        }
        let agreement = self.referral_agreement(&own.organization, &agency.id)?;
        let agreement = agreement.ok_or(Error::internal("referral-agreement"))?;
        let settled = agreement.read()?;
        let mut fields = self.fields(&state).await?;
        fields.extend(values);
        fields.retain(|field, value| one.fields.contains(field) && !value.trim().is_empty());
        let referrer = state
            .opening()
            .and_then(|opening| opening.organizations().find(|known| known.id == own.organization))
            .cloned()
            .ok_or(Error::NotFound { what: "organization" })?;
        let directory = engine.directory();
        // As our directory has it now: it may have got an account since.
        let agency = directory.organization(&agency.id).cloned().unwrap_or(agency);
        let also = also_named(&state, &own, &one.asked_by.contact);
        let mut roster = vec![Seat { contact: own, lead: true }];
        roster.extend(also);
        for (n, contact) in reachable(&directory.contacts, &agency.id).into_iter().enumerate() {
            roster.push(Seat { contact, lead: n == 0 });
        }
        let keeper = |side: Side, of: &Organization| {
            let allowed = settled.party(side).keeper && of.role_account.is_some();
            fhir::keeper(of).filter(|_| allowed).map(|contact| Seat { contact, lead: false })
        };
        roster.extend(keeper(Side::Plan, &referrer));
        roster.extend(keeper(Side::Community, &agency));
        let consent = state.consents.get(one.consent);
        let labels = state.labels(&Resource::Referral(one.key.clone()));
        let terms = ConsentTerms {
            explanation: consent
                .map_or_else(String::new, |recorded| allowed(&recorded.recorded.scope, &one.fields, &labels)),
            until: consent.and_then(|one| one.ends),
            notice: labels.contains(&Label::Part2).then(|| STATEMENT.to_owned()),
        };
        let opened = ReferralOpened {
            room,
            referrer,
            agency,
            roster,
            agreement,
            rules: self.caseline().find_rules(state.opening().map(|opening| &opening.rules.id))?,
            service: one.service,
            need: one.need,
            fields,
            consent: terms,
            labels,
            priority: one.priority,
            due: one.due,
        };
        let opened: EventData = opened.into();
        if let UnderConsent::Refused(reason) = engine.under_consent(room, &opened)? {
            return Err(Error::not_allowed(reason));
        }
        self.caseline().open_room(room, opened)
    }

    /// Why a referral cannot go to this organisation yet, if anything.
    pub(super) fn hold(&self, state: &CaseState, agency: &OrganizationId) -> Result<Option<Hold>> {
        let directory = self.caseline().engine.directory();
        if !reachable(&directory.contacts, agency).is_empty() {
            let own = self.own(state)?.organization;
            let agreed = self.referral_agreement(&own, agency)?.is_some();
            return Ok((!agreed).then_some(Hold::NoAgreement));
        }
        let mut of = directory.contacts.iter().filter(|contact| contact.organization == *agency);
        let calls = of.any(|contact| contact.phone.is_some())
            || directory.organization(agency).is_some_and(|agency| agency.phone.is_some());
        Ok(Some(if calls { Hold::NoAccount } else { Hold::NoContact }))
    }

    /// The agreement in force for referrals of one to the other.
    fn referral_agreement(
        &self,
        referrer: &OrganizationId,
        agency: &OrganizationId,
    ) -> Result<Option<Carried<AgreementId>>> {
        let engine = &self.caseline().engine;
        for text in engine.agreements()? {
            let agreement = Agreement::kept(&text)?;
            let today = engine.now().to_zoned(agreement.zone.clone()).date();
            let between = agreement.room == RoomKind::Referral
                && agreement.plan_side.id == *referrer
                && agreement.community_side.id == *agency;
            if between && agreement.in_force_on(today) {
                return Ok(Some(Carried::agreement(&text)?));
            }
        }
        Ok(None)
    }

    /// The member's fields as our own record has them; without one, what the case knows.
    async fn fields(&self, state: &CaseState) -> Result<BTreeMap<Field, String>> {
        let engine = &self.caseline().engine;
        let mut fields = BTreeMap::new();
        if let Some(member) = state.opening().and_then(|opening| opening.member.as_ref()) {
            fields.insert(Field::Name, member.name.clone());
            fields.insert(Field::BirthDate, member.birth_date.to_string());
        }
        let (patient, _) = self.patient()?;
        if let Some(record) = &engine.record
            && let Some(id) = patient.as_deref().and_then(|patient| patient.strip_prefix("Patient/"))
        {
            let stored = record.read("Patient", id).await?;
            fields.extend(fhir::referral_fields(&stored.json)?);
        }
        Ok(fields)
    }
}

/// Who of an agency is named for a referral: those with an account who are designated for referrals; where nobody is, all.
fn reachable(contacts: &[Contact], agency: &OrganizationId) -> Vec<Contact> {
    let of = |contact: &&Contact| {
        contact.organization == *agency
            && contact.user.is_some()
            && !matches!(contact.role, Role::Keeper | Role::Member | Role::MemberRepresentative)
    };
    let all: Vec<&Contact> = contacts.iter().filter(of).collect();
    let designated = all.iter().any(|contact| contact.topics.contains(&Topic::Referral));
    let named = all.into_iter().filter(|contact| !designated || contact.topics.contains(&Topic::Referral));
    named.take(MOST_NAMED).cloned().collect()
}

/// Who else of the referrer's is named for a referral's room, of those named for the case: who asked for it, and its leads; where that is
/// nobody, one other. Then what the agency does is told in the case while whoever sent the referral is away, too.
fn also_named(state: &CaseState, own: &Contact, asked_by: &ContactId) -> Vec<Seat> {
    let theirs = |seat: &&Seat| {
        seat.contact.organization == own.organization
            && seat.contact.id != own.id
            && room_user(seat).is_some()
            && !seat.is_keeper()
    };
    let all: Vec<&Seat> = state.roster().active().filter(theirs).collect();
    let first = |seat: &&&Seat| seat.lead || seat.contact.id == *asked_by;
    let mut named: Vec<Seat> =
        all.iter().filter(first).take(MOST_OWN).map(|seat| Seat::clone(seat)).collect();
    if named.is_empty() {
        named.extend(all.first().map(|seat| Seat::clone(seat)));
    }
    named
}

/// What the member allows, in words for an agency: the consent's own, where it speaks of nothing but what the agency is told. One that
/// speaks of more, or of others, would tell the agency that there is more.
fn allowed(scope: &Scope, fields: &BTreeSet<Field>, labels: &Labels) -> String {
    if scope.categories.iter().all(|category| labels.contains(category)) {
        return scope.explanation.clone();
    }
    let fields: Vec<&str> = fields.iter().map(|field| field.code()).collect();
    match fields.as_slice() {
        [] => "The member allows that this is asked for.".to_owned(),
        fields => {
            format!("The member allows that this is asked for, and that you are told: {}.", fields.join(", "))
        }
    }
}
