//! Referrals, as the host works with them: asked in the member's case, done in a room of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::agreement::{Agreement, Side};
use crate::case::event::{EventData, EventKey};
use crate::case::kind::RoomKind;
use crate::case::life::Carried;
use crate::case::name::EventName;
use crate::case::state::{CaseState, Resource};
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::communication::Priority;
use crate::consent::Scope;
use crate::contact::{Contact, Role, Seat, Topic};
use crate::crossing::Way;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir;
use crate::id::{AgreementId, EventId, OrganizationId};
use crate::label::{Label, Labels, STATEMENT};
use crate::organization::{Organization, OrganizationKind};
use crate::policy::{Reason, UnderConsent};
use crate::referral::{
    ConsentTerms, Course, Field, Hold, ReferralAsked, ReferralOpened, ReferralSent, ReferralState,
    ReferralTold, ReferralWithdrawn, Service, ServiceCode, TEXT_LIMIT, Told, room_of,
};

mod room;

/// The longest field of the member's, in bytes.
const FIELD_LIMIT: usize = 512;
/// How many people of an agency are named for a referral's room at most.
const MOST_NAMED: usize = 8;

/// A referral to ask for. `Debug` shows none of it.
///
/// ```no_run
/// # async fn f(case: &caseline::Case, consent: caseline::id::EventId) -> caseline::Result<()> {
/// use caseline::Refer;
/// use caseline::referral::{Field, ServiceCode};
///
/// let pantry = "urn:example:org|pantry".parse()?;
/// let refer = Refer::new(pantry, ServiceCode::Nutrition, "Two meals a day, low in salt", consent);
/// let referred = case.refer(None, refer.field(Field::Name).field(Field::Address)).await?;
/// if let Some(reason) = referred.held {
///     println!("{}", reason.text); // it is kept, and somebody owes that it goes on
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Refer {
    organization: OrganizationId,
    service: Service,
    need: String,
    consent: EventId,
    fields: BTreeSet<Field>,
    values: BTreeMap<Field, String>,
    priority: Priority,
    due: Option<Date>,
}

impl std::fmt::Debug for Refer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refer(…)")
    }
}

impl Refer {
    /// A referral to this organisation, for this service, under this consent: what the member needs. No field of the member's goes
    /// along unless it is named.
    pub fn new(
        organization: OrganizationId,
        service: ServiceCode,
        need: impl Into<String>,
        consent: EventId,
    ) -> Self {
        Self {
            organization,
            service: Service { code: service, display: String::new() },
            need: need.into(),
            consent,
            fields: BTreeSet::new(),
            values: BTreeMap::new(),
            priority: Priority::Routine,
            due: None,
        }
    }

    /// The same, with what the service is called, for example by the programme.
    #[must_use]
    pub fn called(mut self, display: impl Into<String>) -> Self {
        self.service.display = display.into();
        self
    }

    /// The same, with a field of the member's, as our own record has it when the referral goes out. What the record does not have
    /// does not go along.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.insert(field);
        self
    }

    /// The same, with a field of the member's as it is given here: what no record has, such as who lives with them.
    #[must_use]
    pub fn field_as(mut self, field: Field, value: impl Into<String>) -> Self {
        self.values.insert(field, value.into());
        self.field(field)
    }

    /// The same, with a priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// The same, needed by a day.
    #[must_use]
    pub fn due(mut self, due: Date) -> Self {
        self.due = Some(due);
        self
    }
}

/// What came of asking for a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Referred {
    /// The `referral.asked`.
    pub key: EventKey,
    /// Why it waits, where it does: `referral-no-contact`, `referral-no-account` or `referral-no-agreement`. It is in the case all the
    /// same, and somebody owes that it goes on.
    pub held: Option<Reason>,
}

impl Case {
    /// The referrals of a case, in the order in which they were asked, each with every step that was told.
    pub fn referrals(&self) -> Result<Vec<ReferralState>> {
        Ok(self.state()?.referrals.all().iter().map(|one| ReferralState::clone(one)).collect())
    }

    /// In a referral's room, what was asked and how far it is.
    pub fn referral(&self) -> Result<Option<Course>> {
        Ok(self.state()?.referrals.course().cloned())
    }

    /// Refers the member to a social-service organisation, and opens the referral's own room with it. Where nobody there can be
    /// reached so, the referral is kept in the case, is owed, and says why it waits: [`Case::send_referral`] goes on with it, or
    /// [`Case::carry_referral`]. Repeated under its id, it goes on where it was cut off.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-need`, `invalid-service`, `invalid-field`), `NotFound` (`organization`), `NotAllowed`:
    /// `referral-not-agency`; `consent-missing`, `consent-not-for-organization`, `consent-not-for-field`, … with the consent as source;
    /// `referral-too-many`; besides the errors of every command.
    pub async fn refer(&self, id: Option<EventId>, refer: Refer) -> Result<Referred> {
        said(&refer.need, TEXT_LIMIT, "invalid-need", "need")?;
        if refer.service.display.len() > FIELD_LIMIT {
            let detail = "say what the service is called in 512 bytes at most";
            return Err(InvalidInput::new("invalid-service", detail).field("service").into());
        }
        check_values(&refer.values)?;
        let engine = &self.caseline().engine;
        let state = self.expected()?;
        let known = id.map(|id| EventKey { sender: engine.user(), id });
        let known = known.and_then(|key| state.referrals.get(&key).cloned());
        let agency = match known.as_ref().and_then(|one| one.organization.clone()) {
            Some(agency) => agency,
            None => engine
                .directory()
                .organization(&refer.organization)
                .cloned()
                .ok_or(Error::NotFound { what: "organization" })?,
        };
        if agency.kind != OrganizationKind::SocialService {
            let text = "a referral goes to a social-service organization";
            return Err(Error::not_allowed(Reason::new("referral-not-agency", text, "referral")));
        }
        if known.as_ref().is_some_and(|known| {
            (&known.need, known.consent, &known.fields) != (&refer.need, refer.consent, &refer.fields)
        }) {
            let detail = "another referral was asked for under this id: choose a new one";
            return Err(Error::Conflict { code: "id-taken", detail });
        }
        // A repeated command is answered as it was first.
        let waits = if known.is_some() {
            None
        } else {
            self.may_be_referred(&state, &agency.id, &refer)?;
            self.hold(&state, &agency.id)?
        };
        let asked = ReferralAsked {
            service: refer.service,
            organization: Some(agency),
            need: refer.need,
            consent: refer.consent,
            fields: refer.fields,
            priority: refer.priority,
            due: refer.due,
            hold: waits,
        };
        let key = match &known {
            Some(known) => known.key.clone(),
            None => self.command(&Command::new(id, asked))?,
        };
        let one = self.expected()?.referrals.get(&key).cloned().ok_or(Error::internal("referral-asked"))?;
        let held = one.held();
        if held.is_none() && one.is_open() {
            self.send_referral(&key, refer.values).await?;
        }
        Ok(Referred { key, held })
    }

    /// Opens the room of a referral that waited, now that somebody at the organisation has an account, and an agreement is in force.
    /// `values` are fields of the member's that no record has. Repeated, it returns the room.
    ///
    /// # Errors
    /// `NotFound` (`referral`; `rules`), `Conflict` (`referral-room-taken`), `NotAllowed`: `referral-not-referrer`, `referral-no-contact`, `referral-no-account`, `referral-no-agreement`,
    /// `referral-over`, those of the consent, besides the errors of every command.
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
        let room = room_of(&referral);
        let own = self.own(&state)?;
        if own.organization != one.asked_by.organization {
            let text = "the side that refers the member sends the referral, tells of it and ends it";
            return Err(Error::not_allowed(Reason::new("referral-not-referrer", text, "referral")));
        }
        if engine.db.case_row(room)?.is_some() {
            // Everybody in the case can tell which id the room has: what somebody else made under it is not the referral's.
            let there = self.caseline().case(room)?;
            let state = there.expected()?;
            let is_it = state.opening().is_some_and(|opening| {
                opening.kind == RoomKind::Referral
                    && opening.plan_side.id == own.organization
                    && one.organization.as_ref().is_some_and(|agency| agency.id == opening.community_side.id)
            });
            let taken = Error::Conflict {
                code: "referral-room-taken",
                detail: "another room has the id that this referral's is to have: leave it, and ask for the referral anew",
            };
            return if is_it { Ok(there) } else { Err(taken) };
        }
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
        let mut roster = vec![Seat { contact: own, lead: true }];
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
            priority: one.priority,
            due: one.due,
        };
        let opened: EventData = opened.into();
        if let UnderConsent::Refused(reason) = engine.under_consent(room, &opened)? {
            return Err(Error::not_allowed(reason));
        }
        self.caseline().open_room(room, opened)
    }

    /// Says that a referral was taken to its organisation by hand: by telephone, where nobody there has an account.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-note`), `NotAllowed` (`referral-sent`, `referral-over`, `referral-not-referrer`, those of the consent),
    /// besides the errors of every command.
    pub fn carry_referral(
        &self,
        id: Option<EventId>,
        referral: impl Into<EventName>,
        how: Way,
        note: &str,
    ) -> Result<EventKey> {
        at_most(note, "invalid-note", "note")?;
        let engine = &self.caseline().engine;
        let repeated = id.is_some_and(|id| engine.db.outbox_fate(id).is_ok_and(|fate| fate.is_some()));
        let state = self.expected()?;
        let referral = self.referral_key(&referral.into())?;
        if let Some(one) = state.referrals.get(&referral)
            && let Some(agency) = &one.organization
            && !repeated
        {
            engine.consent_lets(&state, one, &agency.id, &one.fields).map_err(Error::not_allowed)?;
        }
        let sent = ReferralSent { referral, room: None, by_hand: Some(how), note: note.to_owned() };
        self.command(&Command::new(id, sent))
    }

    /// Says what a person learned of a referral by hand: what its organisation did, or that its loop is closed.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-text`), `NotAllowed` (`referral-not-sent`, `referral-over`, `referral-not-referrer`), besides the errors
    /// of every command.
    pub fn tell_referral(
        &self,
        id: Option<EventId>,
        referral: impl Into<EventName>,
        step: Told,
        (how, text): (Way, &str),
    ) -> Result<EventKey> {
        at_most(text, "invalid-text", "text")?;
        let referral = self.referral_key(&referral.into())?;
        let told = ReferralTold {
            step,
            // Repeated under its id it is the same.
            at: self.first_told(id, &referral)?,
            referral,
            event: None,
            by_hand: Some(how),
            text: text.to_owned(),
        };
        self.command(&Command::new(id, told))
    }

    fn first_told(&self, id: Option<EventId>, referral: &EventKey) -> Result<jiff::Timestamp> {
        let state = self.expected()?;
        let first = state.referrals.get(referral).and_then(|one| {
            let mut steps = one.steps.iter();
            steps.find(|step| Some(step.by.event.id) == id).map(|step| step.at)
        });
        Ok(first.unwrap_or_else(|| self.caseline().engine.now()))
    }

    /// Does not ask for a referral any more: its organisation, where it has it, is told to stop.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotAllowed` (`referral-over`, `referral-not-referrer`), besides the errors of every command.
    pub fn withdraw_referral(
        &self,
        id: Option<EventId>,
        referral: impl Into<EventName>,
        why: &str,
    ) -> Result<EventKey> {
        said(why, TEXT_LIMIT, "invalid-reason", "why")?;
        let referral = self.referral_key(&referral.into())?;
        let key = self.command(&Command::new(id, ReferralWithdrawn { referral, why: why.to_owned() }))?;
        self.caseline().engine.follow_referrals(self.id())?;
        Ok(key)
    }

    /// Whether the consent lets the organisation be told, before anything is said in the case.
    fn may_be_referred(&self, state: &CaseState, agency: &OrganizationId, refer: &Refer) -> Result<()> {
        let zone = state.opening().map(|opening| opening.agreement.zone.clone());
        let day = self.caseline().engine.now().to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC)).date();
        let consent = state.consents.get(refer.consent);
        // As sensitive as it will be, once it is said.
        let labels = self.labels_said(state)?;
        let own = self.own(state)?.organization;
        crate::policy::may_refer(consent, (&own, agency), &refer.fields, &labels, day)
            .map_err(Error::not_allowed)
    }

    fn referral_key(&self, referral: &EventName) -> Result<EventKey> {
        let state = self.expected()?;
        let keys = state.referrals.all().iter().map(|one| &one.key);
        referral.among(keys, "referral", &self.caseline().user())
    }

    /// Why a referral cannot go to this organisation yet, if anything.
    fn hold(&self, state: &CaseState, agency: &OrganizationId) -> Result<Option<Hold>> {
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

    /// Who one is in the case.
    fn own(&self, state: &CaseState) -> Result<Contact> {
        let me = self.caseline().user();
        let seat = state.roster().seat_of(&me).ok_or_else(|| {
            let text = "you are not named for this case, or your participation has ended";
            Error::not_allowed(Reason::new("sender-not-on-roster", text, "roster"))
        })?;
        Ok(seat.contact.clone())
    }

    /// The agreement in force for referrals of one to the other.
    fn referral_agreement(
        &self,
        referrer: &OrganizationId,
        agency: &OrganizationId,
    ) -> Result<Option<Carried<AgreementId>>> {
        let engine = &self.caseline().engine;
        for text in engine.agreements()? {
            let agreement = Agreement::parse(&text)?;
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

impl Caseline {
    /// The rooms of referrals, the oldest first: for an agency, what it was asked.
    pub fn referral_rooms(&self) -> Result<Vec<Case>> {
        self.rooms(RoomKind::Referral)
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

fn check_values(values: &BTreeMap<Field, String>) -> Result<()> {
    match values.iter().find(|(_, value)| value.trim().is_empty() || value.len() > FIELD_LIMIT) {
        None => Ok(()),
        Some((field, _)) => {
            let detail = "say it in 512 bytes at most, or leave the field to the record";
            Err(InvalidInput::new("invalid-field", detail).field(field.code()).into())
        }
    }
}

fn said(text: &str, limit: usize, code: &'static str, field: &'static str) -> Result<()> {
    if !text.trim().is_empty() && text.len() <= limit {
        return Ok(());
    }
    Err(InvalidInput::new(code, "say it in a few words, in 4 KiB at most").field(field).into())
}

fn at_most(text: &str, code: &'static str, field: &'static str) -> Result<()> {
    if text.len() <= TEXT_LIMIT {
        return Ok(());
    }
    Err(InvalidInput::new(code, "say it in 4 KiB at most").field(field).into())
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
