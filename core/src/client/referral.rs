//! Referrals, as the host works with them: asked in the member's case, done in a room of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::name::EventName;
use crate::case::state::CaseState;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::communication::Priority;
use crate::contact::Contact;
use crate::crossing::Way;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{EventId, OrganizationId};
use crate::organization::OrganizationKind;
use crate::policy::Reason;
use crate::referral::{
    Course, Field, ReferralAsked, ReferralSent, ReferralState, ReferralStatus, ReferralTold,
    ReferralWithdrawn, Service, ServiceCode, TEXT_LIMIT, Told,
};

mod room;
mod sending;

/// The longest field of the member's, in bytes.
const FIELD_LIMIT: usize = 512;

/// What to do where an organization is asked for that no directory here has.
const UNKNOWN: &str = "the directory of this device has no such organization: import one that does, or refresh it from the \
    record, and refer the member again";

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
    /// `InvalidInput` (`invalid-need`, `invalid-service`, `invalid-field`; `organization-unknown`: no directory here has it),
    /// `NotAllowed`: `referral-not-agency`; `consent-missing`, `consent-not-for-organization`, `consent-not-for-field`, … with the consent as source;
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
        let agency =
            match known.as_ref().and_then(|one| one.organization.clone()) {
                Some(agency) => agency,
                None => engine.directory().organization(&refer.organization).cloned().ok_or_else(|| {
                    InvalidInput::new("organization-unknown", UNKNOWN).field("organization")
                })?,
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
        if one.status == ReferralStatus::Asked {
            self.send_referral(&key, refer.values).await?;
        }
        Ok(Referred { key, held })
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
        let consent = (&state.consents, refer.consent);
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

    /// Who one is in the case.
    fn own(&self, state: &CaseState) -> Result<Contact> {
        let me = self.caseline().user();
        let seat = state.roster().seat_of(&me).ok_or_else(|| {
            let text = "you are not named for this case, or your participation has ended";
            Error::not_allowed(Reason::new("sender-not-on-roster", text, "roster"))
        })?;
        Ok(seat.contact.clone())
    }
}

impl Caseline {
    /// The rooms of referrals, the oldest first: for an agency, what it was asked.
    pub fn referral_rooms(&self) -> Result<Vec<Case>> {
        self.rooms(RoomKind::Referral)
    }
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
