//! What the member allows to be told, and what was told without it in an emergency.

use std::sync::Arc;
use std::time::SystemTime;

use caseline::audit::Purpose;
use caseline::consent::{self, ConsentRecorded, Redisclosure, Scope};
use caseline::error::InvalidInput;
use caseline::id::OrganizationId;
use caseline::label::{Emergency, Label, Labels};
use caseline::policy;
use jiff::civil::Date;

use crate::case::Case;
use crate::error::{Reason, Result, parsed};
use crate::models::EventKey;
use crate::referral::field;
use crate::signing::{SignedHow, day};

/// What the member allows. Member data. Days are year-month-day.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConsentInput {
    /// Which categories may be told: `SUD`, `ETH`, `MH`, `BH`, `PSY`, `HIV`, `SDV`, `42CFRPart2`.
    pub categories: Vec<String>,
    /// The organisations that may tell them (`system|value`); whoever has them, where none is named.
    pub disclosers: Vec<String>,
    /// The organisations that may be told.
    pub recipients: Vec<String>,
    /// Whether everybody may be told whom HIPAA covers.
    pub covered: bool,
    /// For what: `TREAT`, `CAREMGT`, `COC`, `HPAYMT`, `HOPERAT`.
    pub purposes: Vec<String>,
    /// Whether it is one consent for treatment, payment and operations, under which whom HIPAA covers may pass it on.
    pub tpo: bool,
    /// What it allows, in words that go with whatever is told under it.
    pub explanation: String,
    /// The first day on which it holds.
    pub valid_from: String,
    /// The first day on which it holds no longer.
    pub until: Option<String>,
    /// The day on which it was signed.
    pub signed_on: String,
    /// How.
    pub how: SignedHow,
    /// Whether somebody signed who may for the member.
    pub representative: bool,
    /// Where that is known from.
    pub source: String,
    /// The paper, by its SHA-256.
    pub document: Option<String>,
    /// The consent that it takes the place of once that ends.
    pub renews: Option<String>,
    /// Which of the member's fields a referral under it may tell: `name`, `birth-date`, `phone`, `address`, `language`, `household`;
    /// none but what is asked for, where it names none.
    #[uniffi(default = [])]
    pub fields: Vec<String>,
}

/// A consent, and what became of it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Consent {
    /// The id of its event: what `revoke_consent` takes.
    pub consent: String,
    /// The Matrix account that recorded it.
    pub sender: String,
    /// What it says; of one that a handover withheld nothing that it allows.
    pub says: ConsentInput,
    /// `not-begun`, `active`, `expired` or `revoked`, on this day.
    pub standing: String,
    /// The first day on which it holds no longer, by itself or by the case's rules.
    pub ends: Option<String>,
    /// The contact who attests it.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// The day on which the member took it back.
    pub revoked_on: Option<String>,
}

/// Something that was told without consent in an emergency.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct EmergencyTold {
    /// The event that was told so: what `review_override` takes.
    pub key: EventKey,
    /// Its kind.
    pub kind: String,
    /// The contact who told it.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// The emergency. Member data.
    pub reason: String,
    /// Whether it was one, as somebody found; nothing until somebody has looked.
    pub justified: Option<bool>,
    /// What they found. Member data.
    pub finding: Option<String>,
    /// The contact who looked.
    pub reviewed_by: Option<String>,
}

/// What the member allows in a case, and what was told without.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Consents {
    /// The consents, in the order in which they were recorded.
    pub consents: Vec<Consent>,
    /// What was told in emergencies.
    pub overrides: Vec<EmergencyTold>,
}

/// Whether something may be told: to be shown before somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MayTell {
    /// `allowed`, `ask` (nothing but the member's consent is missing) or `denied`.
    pub answer: String,
    /// Every reason, with its source.
    pub reasons: Vec<Reason>,
}

/// An event of ours that was taken out of the outbox: nothing of it was sent.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Denied {
    /// Its id.
    pub id: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl From<policy::MayTell> for MayTell {
    fn from(may: policy::MayTell) -> Self {
        Self { answer: may.answer.code().to_owned(), reasons: may.reasons.iter().map(Reason::from).collect() }
    }
}

/// Labels by their codes.
pub(crate) fn codes(labels: &Labels) -> Vec<String> {
    labels.iter().map(ToString::to_string).collect()
}

fn labels_of(codes: Vec<String>) -> Result<Labels> {
    Ok(codes.into_iter().map(|code| Label::parse(&code)).collect::<caseline::Result<_>>()?)
}

fn organizations(ids: &[String], field: &str) -> Result<std::collections::BTreeSet<OrganizationId>> {
    ids.iter().map(|id| parsed(id, field)).collect()
}

fn purpose(code: &String) -> Result<Purpose> {
    let known = Purpose::OF_CONSENTS.into_iter().find(|purpose| purpose.code() == code);
    Ok(known.ok_or_else(|| {
        let detail = "a purpose is TREAT, CAREMGT, COC, HPAYMT or HOPERAT";
        caseline::Error::from(InvalidInput::new("unknown-purpose", detail).field("purposes"))
    })?)
}

fn day_of(text: Option<String>, field: &str) -> Result<Option<Date>> {
    text.map(|text| day(&text, field)).transpose()
}

impl ConsentInput {
    fn recorded(self) -> Result<ConsentRecorded> {
        Ok(ConsentRecorded {
            scope: Scope {
                categories: labels_of(self.categories)?,
                disclosers: organizations(&self.disclosers, "disclosers")?,
                recipients: organizations(&self.recipients, "recipients")?,
                covered: self.covered,
                purposes: self.purposes.iter().map(purpose).collect::<Result<_>>()?,
                redisclosure: if self.tpo { Redisclosure::Tpo } else { Redisclosure::Named },
                fields: self.fields.iter().map(|code| field(code)).collect::<Result<_>>()?,
                explanation: self.explanation,
            },
            from: day(&self.valid_from, "valid_from")?,
            until: day_of(self.until, "until")?,
            signed_on: day(&self.signed_on, "signed_on")?,
            how: self.how.into(),
            representative: self.representative,
            source: self.source,
            document: self.document.map(|document| parsed(&document, "document")).transpose()?,
            renews: self.renews.map(|renews| parsed(&renews, "renews")).transpose()?,
        })
    }

    fn of(recorded: &ConsentRecorded) -> Self {
        let scope = &recorded.scope;
        Self {
            categories: codes(&scope.categories),
            disclosers: scope.disclosers.iter().map(ToString::to_string).collect(),
            recipients: scope.recipients.iter().map(ToString::to_string).collect(),
            covered: scope.covered,
            purposes: scope.purposes.iter().map(|purpose| purpose.code().to_owned()).collect(),
            tpo: scope.redisclosure == Redisclosure::Tpo,
            explanation: scope.explanation.clone(),
            valid_from: recorded.from.to_string(),
            until: recorded.until.map(|day| day.to_string()),
            signed_on: recorded.signed_on.to_string(),
            how: recorded.how.into(),
            representative: recorded.representative,
            source: recorded.source.clone(),
            document: recorded.document.map(|sha256| sha256.to_string()),
            renews: recorded.renews.map(|id| id.to_string()),
            fields: scope.fields.iter().map(|field| field.code().to_owned()).collect(),
        }
    }
}

impl Consents {
    fn of(consents: &consent::Consents, today: Date) -> Self {
        let consent = |one: &Arc<consent::ConsentState>| Consent {
            consent: one.key.id.to_string(),
            sender: one.key.sender.to_string(),
            says: ConsentInput::of(&one.recorded),
            standing: one.standing(today).code().to_owned(),
            ends: one.ends.map(|day| day.to_string()),
            by: one.by.contact.to_string(),
            at: one.by.at.into(),
            revoked_on: one.revoked.as_ref().map(|revoked| revoked.revoked.on.to_string()),
        };
        let told = |one: &Arc<consent::OverrideState>| EmergencyTold {
            key: EventKey::from(&one.key),
            kind: one.kind.clone(),
            by: one.by.contact.to_string(),
            at: one.by.at.into(),
            reason: one.reason.clone(),
            justified: one.review.as_ref().map(|review| review.justified),
            finding: one.review.as_ref().map(|review| review.finding.clone()),
            reviewed_by: one.review.as_ref().map(|review| review.by.contact.to_string()),
        };
        Self {
            consents: consents.all().iter().map(consent).collect(),
            overrides: consents.overrides().iter().map(told).collect(),
        }
    }
}

#[uniffi::export]
impl Case {
    /// The same case, in which whatever is said is labelled so (codes of v3-Confidentiality and v3-ActCode), is said without the
    /// labels of a Part 2 program with a reason (`unlabelled`), or is told without consent in an `emergency`, with which one. What is
    /// said through this object alone is.
    ///
    /// # Errors
    /// `InvalidInput` (`unknown-label`).
    #[uniffi::method(default(unlabelled = None, emergency = None))]
    pub fn marked(
        &self,
        labels: Vec<String>,
        unlabelled: Option<String>,
        emergency: Option<String>,
    ) -> Result<Arc<Self>> {
        let marks = caseline::label::Marks {
            labels: labels_of(labels)?,
            unlabelled,
            under: None,
            btg: emergency.map(|reason| Emergency { reason }),
        };
        Ok(self.with_marks(marks))
    }

    /// Whether a message may be told here now, as this object marks it, with every reason.
    ///
    /// # Errors
    /// `NotAllowed` (`case-not-open`, `case-closed`).
    pub async fn may_tell(&self) -> Result<MayTell> {
        self.local(|case| Ok(case.may_tell()?.into())).await
    }

    /// What the member allows, and what was told without it in an emergency.
    pub async fn consents(&self) -> Result<Consents> {
        self.local(|case| Ok(Consents::of(&case.consents()?, case.today()?))).await
    }

    /// What of ours was taken out of this case's outbox, and why: nothing of it was sent.
    pub async fn denied(&self) -> Result<Vec<Denied>> {
        let denied = |case: &caseline::Case| {
            let told = case.denied()?;
            let denied = told.iter().map(|(id, reasons)| Denied {
                id: id.to_string(),
                reasons: reasons.iter().map(Reason::from).collect(),
            });
            Ok(denied.collect())
        };
        self.local(denied).await
    }

    /// Records that the member consents, as one attests.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-scope`, `invalid-explanation`, `invalid-source`, `invalid-date`, `unknown-label`, `unknown-purpose`),
    /// besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn record_consent(&self, consent: ConsentInput, key: Option<String>) -> Result<EventKey> {
        let recorded = consent.recorded()?;
        self.command(key, move |case, key| Ok(case.record_consent(key, recorded)?)).await
    }

    /// Records that the member takes a consent back, on which day. What waits to go out under it is not sent.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-source`, `invalid-reason`, `invalid-date`), besides the errors of every command.
    #[uniffi::method(default(reason = None, key = None))]
    pub async fn revoke_consent(
        &self,
        consent: String,
        on: String,
        source: String,
        reason: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (consent, on) = (parsed(&consent, "consent")?, day(&on, "on")?);
        let reason = reason.unwrap_or_default();
        self.command(key, move |case, key| Ok(case.revoke_consent(key, consent, on, &reason, &source)?)).await
    }

    /// Says what one found of something that was told without consent in an emergency.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-finding`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn review_override(
        &self,
        event: EventKey,
        justified: bool,
        finding: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let event = event.parsed("event")?;
        self.command(key, move |case, key| Ok(case.review_override(key, event, justified, &finding)?)).await
    }
}
