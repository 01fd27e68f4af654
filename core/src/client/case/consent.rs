//! What the member allows to be told, what is labelled, and what is told in an emergency.

use jiff::civil::Date;

use crate::case::event::EventKey;
use crate::client::case::Case;
use crate::communication::MessageSent;
use crate::consent::{ConsentRecorded, ConsentRevoked, Consents, OverrideReviewed, explains};
use crate::error::{InvalidInput, Result};
use crate::id::EventId;
use crate::label::{Emergency, Label, Marks};
use crate::policy::{MayTell, Reason, may_tell};

/// The longest name of where something is known from, in bytes.
const SOURCE_LIMIT: usize = 512;
/// The longest text of a reason or a finding, in bytes: it travels twice, in the block and in what any client shows.
const TEXT_LIMIT: usize = 8 * 1024;

impl Case {
    /// The same case, in which whatever is said is labelled so. What needs a consent goes only where one in force lets it, with the
    /// statement of 42 CFR 2.32 where Part 2 holds, and with what the consent allows.
    ///
    /// ```no_run
    /// # fn send(case: &caseline::Case) -> caseline::Result<()> {
    /// use caseline::{Message, label::Label};
    ///
    /// case.labelled([Label::MentalHealth]).send(None, Message::text("The synthetic assessment is done"))?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn labelled(&self, labels: impl IntoIterator<Item = Label>) -> Self {
        let mut case = self.clone();
        case.marks.labels.extend(labels);
        case
    }

    /// The same case, in which one of a Part 2 program says something without the labels of its records, and why it says nothing that
    /// they are about. The reason travels with it and is audited.
    #[must_use]
    pub fn unlabelled(&self, reason: impl Into<String>) -> Self {
        let mut case = self.clone();
        case.marks.unlabelled = Some(reason.into());
        case
    }

    /// The same case, in which something is told without consent in a medical emergency, and which one (42 CFR 2.51). Everything else
    /// is judged as ever. The reason travels with it and is audited, and somebody looks at it afterwards: that is owed.
    #[must_use]
    pub fn in_emergency(&self, reason: impl Into<String>) -> Self {
        let mut case = self.clone();
        case.marks.btg = Some(Emergency { reason: reason.into() });
        case
    }

    /// The same case, with these marks on whatever is said.
    #[must_use]
    pub fn marked(&self, marks: Marks) -> Self {
        Self { marks, ..self.clone() }
    }

    /// Whether a message may be told here now, as this handle labels it, with every reason: to be shown before somebody writes it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), `NotAllowed` (`case-not-open`, `case-closed`, `sender-not-on-roster`).
    pub fn may_tell(&self) -> Result<MayTell> {
        self.marks.check()?;
        let state = self.expected()?;
        state.life.going_on().map_err(crate::Error::not_allowed)?;
        let message = MessageSent::default().into();
        self.caseline.engine.asked(&state, &message, &self.marks, None, may_tell)
    }

    /// What of ours was taken out of this case's outbox, in the order in which it was accepted, and why: nothing of it was sent.
    pub fn denied(&self) -> Result<Vec<(EventId, Vec<Reason>)>> {
        self.caseline.engine.db.outbox_denied(self.id)
    }

    /// The day that it is, where the case's agreement begins and ends its days: on which a consent holds or does not.
    ///
    /// # Errors
    /// `NotAllowed` (`case-not-open`).
    pub fn today(&self) -> Result<Date> {
        let state = self.expected()?;
        let opening = state.opening().ok_or_else(|| {
            crate::Error::not_allowed(Reason::new("case-not-open", "the case is not open", "case"))
        })?;
        let now = self.caseline.engine.now();
        Ok(now.to_zoned(opening.agreement.zone.clone()).date())
    }

    /// What the member allows, and what was told without it in an emergency.
    pub fn consents(&self) -> Result<Consents> {
        Ok(self.expected()?.consents)
    }

    /// Records that the member consents, as one attests.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-scope` where it names no category and no field, no recipient or no purpose, or notes that need a consent
    /// of their own beside another category; `invalid-explanation`,
    /// `invalid-source`), besides the errors of every command; the reasons of `NotAllowed` are those of [`crate::consent::step`].
    pub fn record_consent(&self, id: Option<EventId>, consent: ConsentRecorded) -> Result<EventKey> {
        let scope = &consent.scope;
        // One that lets a referral tell who the member is need not speak of any category.
        let none = scope.categories.is_empty() && scope.fields.is_empty();
        let lacks = if none || !scope.categories.iter().all(|one| one.is_sensitive()) {
            Some(("scope.categories", "say which categories may be told: SUD, MH, 42CFRPart2 and others"))
        } else if scope.categories.contains(&Label::Unknown) {
            Some(("scope.categories", "this release knows no such category"))
        } else if scope.combines_notes() {
            let detail =
                "a consent for counselling or psychotherapy notes is for nothing else: record one of its own";
            Some(("scope.categories", detail))
        } else if scope.recipients.is_empty() && !scope.covered {
            Some(("scope.recipients", "say who may be told: organizations, or whoever HIPAA covers"))
        } else if scope.purposes.is_empty() {
            Some(("scope.purposes", "say for what it may be told"))
        } else {
            None
        };
        if let Some((field, detail)) = lacks {
            return Err(InvalidInput::new("invalid-scope", detail).field(field).into());
        }
        if !explains(&scope.explanation) {
            let detail = "say in words what it allows, in 512 bytes at most and without line breaks: it goes with whatever is told";
            return Err(InvalidInput::new("invalid-explanation", detail).field("scope.explanation").into());
        }
        source(&consent.source)?;
        self.has_come(id, consent.signed_on, "consent-date", "consent")?;
        self.say(id, consent)
    }

    /// Records that the member takes a consent back, on which day. What waits to go out under it is not sent.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-source`, `invalid-reason`), besides the errors of every command; `NotAllowed` (`consent-unknown`,
    /// `consent-revoked-before`, `consent-date`).
    pub fn revoke_consent(
        &self,
        id: Option<EventId>,
        consent: EventId,
        on: Date,
        reason: &str,
        known_from: &str,
    ) -> Result<EventKey> {
        source(known_from)?;
        if reason.len() > TEXT_LIMIT {
            let detail = "say why in 8 KiB at most, or nothing";
            return Err(InvalidInput::new("invalid-reason", detail).field("reason").into());
        }
        self.has_come(id, on, "consent-date", "consent")?;
        self.say(id, ConsentRevoked { consent, on, reason: reason.to_owned(), source: known_from.to_owned() })
    }

    /// Says what one found of something that was told without consent in an emergency: whether it was one.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-finding`), besides the errors of every command; `NotAllowed` (`override-unknown`,
    /// `override-reviewed-before`, `override-own`, `override-reviewer`).
    pub fn review_override(
        &self,
        id: Option<EventId>,
        event: EventKey,
        justified: bool,
        finding: &str,
    ) -> Result<EventKey> {
        if finding.trim().is_empty() || finding.len() > TEXT_LIMIT {
            let detail = "say what you found, in 8 KiB at most";
            return Err(InvalidInput::new("invalid-finding", detail).field("finding").into());
        }
        self.say(id, OverrideReviewed { event, justified, finding: finding.to_owned() })
    }
}

fn source(text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > SOURCE_LIMIT {
        let detail = "say where it is known from (the paper's folder, a call), in 512 bytes at most";
        return Err(InvalidInput::new("invalid-source", detail).field("source").into());
    }
    Ok(())
}
