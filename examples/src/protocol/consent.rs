//! What is asked about consents, and how what is said is marked.

use std::collections::BTreeSet;

use caseline::Case;
use caseline::audit::Purpose;
use caseline::care_plan::SignedHow;
use caseline::case::event::EventKey;
use caseline::consent::{ConsentRecorded, Redisclosure, Scope};
use caseline::id::{CaseId, EventId, OrganizationId, Sha256};
use caseline::label::{Emergency, Label, Marks};
use caseline::referral::Field;
use jiff::civil::Date;
use serde::Deserialize;

/// What the member allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct RecordConsent {
    pub case: CaseId,
    pub categories: Vec<String>,
    #[serde(default)]
    pub disclosers: Vec<OrganizationId>,
    #[serde(default)]
    pub recipients: Vec<OrganizationId>,
    #[serde(default)]
    pub covered: bool,
    pub purposes: Vec<Purpose>,
    #[serde(default)]
    pub tpo: bool,
    pub explanation: String,
    pub from: Date,
    pub until: Option<Date>,
    pub signed_on: Date,
    pub how: SignedHow,
    #[serde(default)]
    pub representative: bool,
    pub source: String,
    pub document: Option<Sha256>,
    pub renews: Option<EventId>,
    #[serde(default)]
    pub fields: BTreeSet<Field>,
    pub key: Option<EventId>,
}

impl RecordConsent {
    /// The consent.
    ///
    /// # Errors
    /// `InvalidInput` (`unknown-label`).
    pub fn recorded(self) -> caseline::Result<ConsentRecorded> {
        Ok(ConsentRecorded {
            scope: Scope {
                categories: self
                    .categories
                    .iter()
                    .map(|code| Label::parse(code))
                    .collect::<Result<_, _>>()?,
                disclosers: self.disclosers.into_iter().collect(),
                recipients: self.recipients.into_iter().collect(),
                covered: self.covered,
                purposes: self.purposes,
                redisclosure: if self.tpo { Redisclosure::Tpo } else { Redisclosure::Named },
                fields: self.fields,
                explanation: self.explanation,
            },
            from: self.from,
            until: self.until,
            signed_on: self.signed_on,
            how: self.how,
            representative: self.representative,
            source: self.source,
            document: self.document,
            renews: self.renews,
        })
    }
}

/// That the member takes a consent back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct RevokeConsent {
    pub case: CaseId,
    pub consent: EventId,
    pub on: Date,
    pub source: String,
    #[serde(default)]
    pub reason: String,
    pub key: Option<EventId>,
}

/// What somebody found of an emergency.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "tests/DRIVER.md says what each is")]
pub struct ReviewOverride {
    pub case: CaseId,
    pub event: EventKey,
    pub justified: bool,
    pub finding: String,
    pub key: Option<EventId>,
}

/// How sensitive something is, as somebody says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkedAs {
    /// Its labels, by their codes.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Why it has none of those that it would have.
    pub unlabelled: Option<String>,
    /// The emergency.
    pub emergency: Option<String>,
}

impl MarkedAs {
    /// The case, in which whatever is said is marked so.
    ///
    /// # Errors
    /// `InvalidInput` (`unknown-label`).
    pub fn on(self, case: &Case) -> caseline::Result<Case> {
        let labels = self.labels.iter().map(|code| Label::parse(code)).collect::<Result<_, _>>()?;
        let btg = self.emergency.map(|reason| Emergency { reason });
        Ok(case.marked(Marks { labels, unlabelled: self.unlabelled, under: None, btg }))
    }
}
