//! Referrals for social needs: asked in the member's case, done in a room of their own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use caseline::case::name::EventName;
use caseline::error::InvalidInput;
use caseline::id::OrganizationId;
use caseline::referral::{self, Cancellation, Capacity, Field, OutcomeCode, ServiceCode, Told};
use jiff::civil::Date;

use crate::case::Case;
use crate::crossing::CrossingWay;
use crate::error::{Reason, Result, parsed};
use crate::message::MessagePriority;
use crate::models::EventKey;
use crate::signing::day;

/// A referral to ask for.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReferralInput {
    /// The social-service organisation (`system|value`).
    pub organization: String,
    /// `nutrition`, `housing`, `transport`, `utilities`, `employment` or `other`.
    pub service: String,
    /// What the service is called, for example by the programme.
    #[uniffi(default = None)]
    pub called: Option<String>,
    /// What the member needs: the organisation reads it. Member data.
    pub need: String,
    /// The id of the consent that it rests on.
    pub consent: String,
    /// Which fields of the member's go along, of those that the consent names: `name`, `birth-date`, `phone`, `address`, `language`,
    /// `household`.
    #[uniffi(default = [])]
    pub fields: Vec<String>,
    /// Fields as they are given here, in place of what the record has. Member data.
    #[uniffi(default = None)]
    pub values: Option<HashMap<String, String>>,
    /// How urgent it is.
    #[uniffi(default = None)]
    pub priority: Option<MessagePriority>,
    /// The day by which it is needed.
    #[uniffi(default = None)]
    pub due: Option<String>,
}

/// What came of asking for a referral.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Referred {
    /// The event that asked for it.
    pub key: EventKey,
    /// Why it waits, where it does: `referral-no-contact`, `referral-no-account` or `referral-no-agreement`.
    pub held: Option<Reason>,
}

/// A referral of a case.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Referral {
    /// The id of the event that asked for it: what the commands about it take.
    pub referral: String,
    /// The Matrix account that asked.
    pub sender: String,
    /// What kind of service is asked for.
    pub service: String,
    /// What it is called.
    pub called: String,
    /// The organisation; nothing where a handover withheld it.
    pub organization: Option<String>,
    /// What the member needs. Empty where a handover withheld it. Member data.
    pub need: String,
    /// The consent that it rests on.
    pub consent: String,
    /// Which fields go along.
    pub fields: Vec<String>,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// The day by which it is needed.
    pub due: Option<String>,
    /// `asked`, `held`, `sent`, `closed` or `withdrawn`.
    pub status: String,
    /// Why it waits, where it does.
    pub held: Option<Reason>,
    /// The referral's own room, once it is with the organisation there.
    pub room: Option<String>,
    /// The contact who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: SystemTime,
    /// Every step since, in order.
    pub steps: Vec<ReferralStep>,
}

/// One step of a referral.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReferralStep {
    /// The event.
    pub key: EventKey,
    /// The contact who took or told it.
    pub by: String,
    /// When it happened.
    pub at: SystemTime,
    /// What happened with the organisation (`capacity-asked`, `places`, `waitlist`, `no-places`, `accepted`, `declined`, `sub-referred`,
    /// `provided`, `partly`, `not-provided`, `closed`, `cancelled`); nothing for its sending and its withdrawal.
    pub told: Option<String>,
    /// How a person took it there, or learned it, where nothing in a room tells it: `phone`, `fax`, `folder`, `letter`, `in-person`.
    pub by_hand: Option<String>,
    /// The words. Member data.
    pub text: String,
}

/// The referral of a referral's room: all that its organisation is told.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReferralCourse {
    /// What kind of service is asked for.
    pub service: String,
    /// What it is called.
    pub called: String,
    /// What the member needs. Member data.
    pub need: String,
    /// The fields of the member's that the consent names. Member data.
    pub fields: HashMap<String, String>,
    /// What the member allows, in words.
    pub consent: String,
    /// The first day on which the consent holds no longer.
    pub consent_until: Option<String>,
    /// The statement that goes with it, where one must.
    pub notice: Option<String>,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// The day by which it is needed.
    pub due: Option<String>,
    /// `asked`, `capacity-asked`, `places`, `waitlist`, `no-places`, `accepted`, `sub-referred`, `declined`, `provided`, `partly`,
    /// `not-provided`, `closed` or `cancelled`.
    pub status: String,
    /// Every step, in order.
    pub steps: Vec<ReferralStep>,
}

impl From<&referral::ReferralState> for Referral {
    fn from(one: &referral::ReferralState) -> Self {
        Self {
            referral: one.key.id.to_string(),
            sender: one.key.sender.to_string(),
            service: one.service.code.code().to_owned(),
            called: one.service.display.clone(),
            organization: one.organization.as_ref().map(|of| of.id.to_string()),
            need: one.need.clone(),
            consent: one.consent.to_string(),
            fields: one.fields.iter().map(|field| field.code().to_owned()).collect(),
            priority: one.priority.into(),
            due: one.due.map(|day| day.to_string()),
            status: one.status.code().to_owned(),
            held: one.held().as_ref().map(Reason::from),
            room: one.room.map(|room| room.to_string()),
            asked_by: one.asked_by.contact.to_string(),
            asked_at: one.asked_by.at.into(),
            steps: one.steps.iter().map(ReferralStep::from).collect(),
        }
    }
}

impl From<&referral::ToldStep> for ReferralStep {
    fn from(step: &referral::ToldStep) -> Self {
        Self {
            key: EventKey::from(&step.by.event),
            by: step.by.contact.to_string(),
            at: step.at.into(),
            told: step.told.map(|told| told.code().to_owned()),
            by_hand: step.by_hand.map(|way| way.code().to_owned()),
            text: step.text.clone(),
        }
    }
}

impl From<&referral::CourseStep> for ReferralStep {
    fn from(step: &referral::CourseStep) -> Self {
        Self {
            key: EventKey::from(&step.by.event),
            by: step.by.contact.to_string(),
            at: step.by.at.into(),
            told: Some(step.told.code().to_owned()),
            by_hand: None,
            text: step.text.clone(),
        }
    }
}

impl From<&referral::Course> for ReferralCourse {
    fn from(course: &referral::Course) -> Self {
        Self {
            service: course.service.code.code().to_owned(),
            called: course.service.display.clone(),
            need: course.need.clone(),
            fields: course
                .fields
                .iter()
                .map(|(field, value)| (field.code().to_owned(), value.clone()))
                .collect(),
            consent: course.consent.explanation.clone(),
            consent_until: course.consent.until.map(|day| day.to_string()),
            notice: course.consent.notice.clone(),
            priority: course.priority.into(),
            due: course.due.map(|day| day.to_string()),
            status: course.status.code().to_owned(),
            steps: course.steps.iter().map(ReferralStep::from).collect(),
        }
    }
}

fn word<T>(found: Option<T>, field: &str) -> Result<T> {
    found.ok_or_else(|| {
        let wrong =
            InvalidInput::new("unknown-word", "this is none of the words that it can be").field(field);
        caseline::Error::from(wrong).into()
    })
}

pub(crate) fn field(code: &str) -> Result<Field> {
    word(Field::from_code(code), "fields")
}

fn values(given: Option<HashMap<String, String>>) -> Result<BTreeMap<Field, String>> {
    given.unwrap_or_default().into_iter().map(|(code, value)| Ok((field(&code)?, value))).collect()
}

fn day_of(text: Option<String>, field: &str) -> Result<Option<Date>> {
    text.map(|text| day(&text, field)).transpose()
}

impl ReferralInput {
    fn asked(self) -> Result<caseline::Refer> {
        let organization: OrganizationId = parsed(&self.organization, "organization")?;
        let service = word(ServiceCode::from_code(&self.service), "service")?;
        let consent = parsed(&self.consent, "consent")?;
        let mut asked = caseline::Refer::new(organization, service, self.need, consent);
        if let Some(called) = self.called {
            asked = asked.called(called);
        }
        for code in &self.fields {
            asked = asked.field(field(code)?);
        }
        for (field, value) in values(self.values)? {
            asked = asked.field_as(field, value);
        }
        if let Some(priority) = self.priority {
            asked = asked.priority(priority.into());
        }
        if let Some(due) = day_of(self.due, "due")? {
            asked = asked.due(due);
        }
        Ok(asked)
    }
}

#[uniffi::export]
impl Case {
    /// The referrals of a case, in the order in which they were asked, each with every step that was told.
    pub async fn referrals(&self) -> Result<Vec<Referral>> {
        self.local(|case| Ok(case.referrals()?.iter().map(Referral::from).collect())).await
    }

    /// In a referral's room, what was asked and how far it is.
    pub async fn referral(&self) -> Result<Option<ReferralCourse>> {
        self.local(|case| Ok(case.referral()?.as_ref().map(ReferralCourse::from))).await
    }

    /// Refers the member to a social-service organisation, and opens the referral's own room with it. Where nobody there can be
    /// reached so, it is kept in the case, is owed, and says why it waits: `send_referral` or `carry_referral` goes on with it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-need`, `invalid-service`, `invalid-field`), `NotFound` (`organization`), `NotAllowed`
    /// (`referral-not-agency`, `referral-too-many`, those of the consent with it as source), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn refer(&self, referral: ReferralInput, key: Option<String>) -> Result<Referred> {
        let asked = referral.asked()?;
        let (id, marks) = (self.id, self.marks.clone());
        let key = key.map(|key| parsed(&key, "key")).transpose()?;
        let refer = move |caseline: caseline::Caseline| async move {
            let referred = caseline.case(id)?.marked(marks).refer(key, asked).await?;
            Ok(Referred {
                key: EventKey::from(&referred.key),
                held: referred.held.as_ref().map(Reason::from),
            })
        };
        self.client.call(refer).await
    }

    /// Opens the room of a referral that waited, now that somebody there has an account and an agreement is in force. `values` are
    /// fields of the member's that no record has. Repeated, it returns the room.
    ///
    /// # Errors
    /// `NotFound` (`referral`, `rules`), `NotAllowed` (`referral-no-contact`, `referral-no-account`, `referral-no-agreement`,
    /// `referral-over`, those of the consent).
    #[uniffi::method(default(values = None))]
    pub async fn send_referral(
        &self,
        referral: String,
        values: Option<HashMap<String, String>>,
    ) -> Result<Arc<Self>> {
        let referral: EventName = parsed(&referral, "referral")?;
        let values = self::values(values)?;
        let (id, marks) = (self.id, self.marks.clone());
        let send = move |caseline: caseline::Caseline| async move {
            Ok(caseline.case(id)?.marked(marks).send_referral(referral, values).await?.id())
        };
        Ok(Self::new(&self.client, self.client.call(send).await?))
    }

    /// Says that a referral was taken to its organisation by hand, where nobody there has an account.
    #[uniffi::method(default(note = "", key = None))]
    pub async fn carry_referral(
        &self,
        referral: String,
        how: CrossingWay,
        note: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let referral: EventName = parsed(&referral, "referral")?;
        self.command(key, move |case, key| Ok(case.carry_referral(key, referral, how.into(), &note)?)).await
    }

    /// Says what a person learned of a referral by hand: what its organisation did (see [`ReferralStep::told`]), or that its loop is
    /// closed.
    #[uniffi::method(default(text = "", key = None))]
    pub async fn tell_referral(
        &self,
        referral: String,
        told: String,
        how: CrossingWay,
        text: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let referral: EventName = parsed(&referral, "referral")?;
        let told = word(Told::from_code(&told), "told")?;
        self.command(key, move |case, key| {
            Ok(case.tell_referral(key, referral, told, (how.into(), &text))?)
        })
        .await
    }

    /// Does not ask for a referral any more: its organisation, where it has it, is told to stop.
    #[uniffi::method(default(key = None))]
    pub async fn withdraw_referral(
        &self,
        referral: String,
        why: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let referral: EventName = parsed(&referral, "referral")?;
        self.command(key, move |case, key| Ok(case.withdraw_referral(key, referral, &why)?)).await
    }

    /// In a referral's room: asks whether there is a place.
    #[uniffi::method(default(key = None))]
    pub async fn ask_capacity(&self, key: Option<String>) -> Result<EventKey> {
        self.command(key, |case, key| Ok(case.ask_capacity(key)?)).await
    }

    /// In a referral's room: says whether there is a place: `yes`, `waitlist` (until which day) or `no`.
    #[uniffi::method(default(until = None, text = "", key = None))]
    pub async fn tell_capacity(
        &self,
        capacity: String,
        until: Option<String>,
        text: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let capacity = word(Capacity::from_code(&capacity), "capacity")?;
        let until = day_of(until, "until")?;
        self.command(key, move |case, key| Ok(case.tell_capacity(key, capacity, until, &text)?)).await
    }

    /// In a referral's room: accepts it. Whoever does owes the outcome.
    #[uniffi::method(default(key = None))]
    pub async fn accept_referral(&self, key: Option<String>) -> Result<EventKey> {
        self.command(key, |case, key| Ok(case.accept_referral(key)?)).await
    }

    /// In a referral's room: declines it, with the reason.
    #[uniffi::method(default(key = None))]
    pub async fn decline_referral(&self, reason: String, key: Option<String>) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.decline_referral(key, &reason)?)).await
    }

    /// In a referral's room: says that another organisation does it, and how one reaches it.
    #[uniffi::method(default(contact = "", key = None))]
    pub async fn sub_refer(&self, to: String, contact: String, key: Option<String>) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.sub_refer(key, &to, &contact)?)).await
    }

    /// In a referral's room: says what came of it: `provided`, `partly` or `not-provided`.
    #[uniffi::method(default(key = None))]
    pub async fn referral_outcome(
        &self,
        code: String,
        text: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let code = word(OutcomeCode::from_code(&code), "code")?;
        self.command(key, move |case, key| Ok(case.referral_outcome(key, code, &text)?)).await
    }

    /// In a referral's room: takes the outcome over, or that it was declined. The loop is closed, here and in the case.
    #[uniffi::method(default(key = None))]
    pub async fn close_referral(&self, key: Option<String>) -> Result<EventKey> {
        self.command(key, |case, key| Ok(case.close_referral(key)?)).await
    }

    /// In a referral's room: tells the organisation to stop: `not-needed` or `consent-ended`.
    #[uniffi::method(default(key = None))]
    pub async fn cancel_referral(&self, reason: String, key: Option<String>) -> Result<EventKey> {
        let reason = word(Cancellation::from_code(&reason), "reason")?;
        self.command(key, move |case, key| Ok(case.cancel_referral(key, reason)?)).await
    }
}
