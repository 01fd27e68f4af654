//! What the member allows to be told, to whom and for what; and what was told without it in an emergency. Maps to FHIR Consent,
//! and for an emergency to the Task of who looks at it.
//!
//! Each consent is recorded by a person who has the paper, or heard the member say it. It holds from a day until another, or as
//! long as the rule set lets a release of information last, and not after it was revoked. What is told under it names it, and
//! carries what it allows in words: 42 CFR 2.32(b).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::audit::Purpose;
use crate::care_plan::{SignedHow, StepTaken};
use crate::case::event::EventKey;
use crate::id::{EventId, OrganizationId, Sha256};
use crate::label::{Label, Labels};
use crate::referral::Field;

mod life;
mod owing;
mod telling;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use life::overridden;
pub use life::{MOST_CONSENTS, MOST_OVERRIDES, step};
pub use owing::{RENEWAL_CLOCK, REVIEW_CLOCK, owed};
pub(crate) use owing::{review_due, reviews_owed};
pub use telling::tell;

/// The clock of a rule set that says how long a release of information lasts, from the day on which it was signed.
pub const RELEASE_CLOCK: &str = "release-of-information";

/// The longest explanation of what a consent allows, in bytes: it goes with whatever is told under it.
pub const EXPLANATION_LIMIT: usize = 512;

/// `consent.recorded`: the member consents, and its sender attests it. `Debug` shows nothing of what is allowed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecorded {
    /// What is allowed.
    pub scope: Scope,
    /// The first day on which it holds.
    pub from: Date,
    /// The first day on which it holds no longer; nothing where it says no such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The day on which it was signed, as the programme counts it.
    pub signed_on: Date,
    /// How.
    pub how: SignedHow,
    /// Whether somebody signed who may for the member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub representative: bool,
    /// Where that is known from: where the paper is.
    pub source: String,
    /// The paper, by its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Sha256>,
    /// The consent that it takes the place of once that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<EventId>,
}

/// What a consent allows. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Which categories may be told.
    pub categories: Labels,
    /// Who may tell them; whoever has them, where nobody is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disclosers: BTreeSet<OrganizationId>,
    /// Who may be told.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub recipients: BTreeSet<OrganizationId>,
    /// Whether everybody may be told whom HIPAA covers: "my treating providers, health plans, third-party payers and those who help
    /// to run this programme".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub covered: bool,
    /// For what.
    pub purposes: Vec<Purpose>,
    /// What whoever is told may do with it.
    pub redisclosure: Redisclosure,
    /// Which of the member's fields a referral under it may tell: none but what is asked for, where it names none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fields: BTreeSet<Field>,
    /// What it allows, in words that go with whatever is told under it: [`EXPLANATION_LIMIT`].
    pub explanation: String,
}

/// What whoever is told something under a consent may do with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Redisclosure {
    /// One consent for treatment, payment and operations: whom HIPAA covers may pass it on as HIPAA allows.
    Tpo,
    /// Whoever is to be told is named.
    #[default]
    Named,
}

impl Redisclosure {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Tpo => "tpo",
            Self::Named => "named",
        }
    }
}

/// `consent.revoked`: the member takes a consent back. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRevoked {
    /// The `consent.recorded`.
    pub consent: EventId,
    /// The day on which the member did.
    pub on: Date,
    /// Why, where the member said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Where that is known from.
    pub source: String,
}

/// `override.reviewed`: somebody looked at what was told without consent in an emergency. `Debug` does not show what they found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideReviewed {
    /// The event that was told so.
    pub event: EventKey,
    /// Whether it was one of the emergencies for which that is.
    pub justified: bool,
    /// What they found.
    pub finding: String,
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ConsentEvent<'a> {
    /// `consent.recorded`.
    Recorded(&'a ConsentRecorded),
    /// `consent.revoked`.
    Revoked(&'a ConsentRevoked),
    /// `override.reviewed`.
    Reviewed(&'a OverrideReviewed),
}

impl ConsentRecorded {
    /// The same with the fields alone that `step` reads: it allows nothing to whoever knows no more of it.
    pub(crate) fn withheld(&self) -> Self {
        let scope = Scope {
            categories: Labels::new(),
            disclosers: BTreeSet::new(),
            recipients: BTreeSet::new(),
            covered: false,
            purposes: Vec::new(),
            redisclosure: Redisclosure::Named,
            fields: BTreeSet::new(),
            explanation: String::new(),
        };
        Self { scope, source: String::new(), document: None, ..self.clone() }
    }
}

impl ConsentRevoked {
    /// The same with the fields alone that `step` reads.
    pub(crate) fn withheld(&self) -> Self {
        Self { reason: String::new(), source: String::new(), ..*self }
    }
}

impl OverrideReviewed {
    /// The same with the fields alone that `step` reads.
    pub(crate) fn withheld(&self) -> Self {
        Self { finding: String::new(), ..self.clone() }
    }
}

impl fmt::Debug for ConsentRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRecorded")
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope(…)")
    }
}

impl fmt::Debug for ConsentRevoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConsentRevoked({}, {})", self.consent, self.on)
    }
}

impl fmt::Debug for OverrideReviewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OverrideReviewed({:?})", self.event)
    }
}

/// The consents of one case, in the order in which they were recorded, and what was told without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consents {
    consents: Vec<Arc<ConsentState>>,
    overrides: Vec<Arc<OverrideState>>,
}

impl Consents {
    /// Every consent.
    pub fn all(&self) -> &[Arc<ConsentState>] {
        &self.consents
    }

    /// The consent that is named so. None where two senders recorded one under the same id: nobody can tell which is meant, so that
    /// nothing is told under either, and nobody takes a consent's place. It is recorded anew.
    pub fn get(&self, id: EventId) -> Option<&ConsentState> {
        let mut named = self.named(id);
        let one = named.next()?;
        named.next().is_none().then_some(one)
    }

    /// Every consent that is named so, each by another sender.
    pub(crate) fn named(&self, id: EventId) -> impl Iterator<Item = &ConsentState> {
        self.consents.iter().filter(move |consent| consent.key.id == id).map(|consent| &**consent)
    }

    /// What was told without consent in an emergency, in order.
    pub fn overrides(&self) -> &[Arc<OverrideState>] {
        &self.overrides
    }

    /// Whether another took, or will take, the place of this consent.
    pub fn is_renewed(&self, id: EventId) -> bool {
        self.consents.iter().any(|other| other.recorded.renews == Some(id) && other.revoked.is_none())
    }

    /// The same with these consents alone: what was permitted once rests on those that it names.
    #[cfg(any(feature = "store", test))]
    #[cfg(feature = "store")]
    pub(crate) fn only(&self, ids: &BTreeSet<EventId>) -> Self {
        let consents = self.consents.iter().filter(|consent| ids.contains(&consent.key.id));
        Self { consents: consents.cloned().collect(), overrides: Vec::new() }
    }
}

#[cfg(feature = "store")]
impl Consents {
    /// The same, with this one taken back by an event that has not gone out yet: what the member took back is told no more from the
    /// moment at which somebody here was told so.
    pub(crate) fn take_back(&mut self, by: &EventKey, revoked: &ConsentRevoked) {
        let named = self.consents.iter_mut().filter(|consent| consent.key.id == revoked.consent);
        for consent in named.filter(|consent| consent.revoked.is_none()) {
            let by = StepTaken { event: by.clone(), ..consent.by.clone() };
            Arc::make_mut(consent).revoked = Some(Revocation { revoked: revoked.clone(), by });
        }
    }
}

/// A consent, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentState {
    /// The `consent.recorded`.
    pub key: EventKey,
    /// What it says.
    pub recorded: ConsentRecorded,
    /// Who attests it.
    pub by: StepTaken,
    /// The first day on which it holds no longer: what it says itself, and no later than the case's rule set lets it last.
    pub ends: Option<Date>,
    /// That the member took it back.
    pub revoked: Option<Revocation>,
}

/// That a member took a consent back. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// What was said of it.
    pub revoked: ConsentRevoked,
    /// Who recorded it.
    pub by: StepTaken,
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revocation({:?})", self.by.event)
    }
}

/// How a consent stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsentStanding {
    /// Its first day lies ahead.
    NotBegun,
    /// It holds.
    Active,
    /// Its time is over.
    Expired,
    /// The member took it back.
    Revoked,
}

impl ConsentStanding {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotBegun => "not-begun",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ConsentState {
    /// How it stands on a day. One that was revoked holds on no day any more, whichever the member did it on.
    pub fn standing(&self, day: Date) -> ConsentStanding {
        if self.revoked.is_some() {
            ConsentStanding::Revoked
        } else if self.ends.is_some_and(|ends| ends <= day) {
            ConsentStanding::Expired
        } else if day < self.recorded.from {
            ConsentStanding::NotBegun
        } else {
            ConsentStanding::Active
        }
    }

    /// Whether it says in words what it allows, as briefly as must be.
    pub(crate) fn explains(&self) -> bool {
        explains(&self.recorded.scope.explanation)
    }

    /// Whether it covers a category. Of what needs a consent of its own, only where it names nothing else.
    pub(crate) fn covers(&self, label: Label) -> bool {
        if label.needs_its_own_consent() && self.recorded.scope.categories.len() != 1 {
            return false;
        }
        self.recorded.scope.categories.iter().any(|category| category.covers(label))
    }
}

impl Scope {
    /// Whether it names notes that need a consent of their own, and something else: then it is none for them.
    #[cfg(feature = "store")]
    pub(crate) fn combines_notes(&self) -> bool {
        self.categories.len() > 1 && self.categories.iter().any(|label| label.needs_its_own_consent())
    }
}

/// Whether these words can go with what is told.
pub(crate) fn explains(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= EXPLANATION_LIMIT && !text.chars().any(char::is_control)
}

/// Something that was told without consent in an emergency. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverrideState {
    /// The event that was told so.
    pub key: EventKey,
    /// Its kind.
    pub kind: String,
    /// Who told it.
    pub by: StepTaken,
    /// The emergency. Empty where a handover withheld it.
    pub reason: String,
    /// What came of looking at it.
    pub review: Option<Review>,
}

impl fmt::Debug for OverrideState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverrideState")
            .field("key", &self.key)
            .field("reviewed", &self.review.is_some())
            .finish_non_exhaustive()
    }
}

/// That somebody looked at what was told in an emergency. `Debug` does not show what they found.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Review {
    /// Whether it was an emergency of that kind.
    pub justified: bool,
    /// What they found.
    pub finding: String,
    /// Who looked.
    pub by: StepTaken,
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Review({:?})", self.by.event)
    }
}
