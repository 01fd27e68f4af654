//! Outreach: where the member stands, each contact or attempt, and what is asked before one reaches out.

use jiff::civil::Date;

use crate::case::event::EventKey;
use crate::case::life::CaseReopened;
use crate::case::name::EventName;
use crate::client::case::{CHANGES_LIMIT, Case};
use crate::error::{Error, InvalidInput, Result};
use crate::id::EventId;
use crate::outreach::{
    Channel, ContactRecorded, ContactWithdrawn, Outreach, OutreachAsked, OutreachGranted, OutreachRefused,
    StageReached,
};
use crate::policy::{MayReachOut, Reach, Reason, may_reach_out, may_tell};

/// The longest name of where a date of the programme is from, in bytes.
const SOURCE_LIMIT: usize = 512;

impl Case {
    /// Says where the member stands with the programme, since which of the programme's own days, and where that day is from. The
    /// stage that the member is in already, said again, corrects what was said of it; an earlier one, where `corrects` names it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-source`, field `source`), besides the errors of every command; the reasons of `NotAllowed` are those
    /// of [`crate::outreach::step`].
    pub fn stage(&self, id: Option<EventId>, reached: StageReached) -> Result<EventKey> {
        sourced(&reached.source)?;
        self.has_come(id, reached.on, "stage-date", "outreach")?;
        self.say(id, reached)
    }

    /// The key of the event that first said a stage: what a correction names.
    ///
    /// # Errors
    /// `NotFound` (`stage`).
    pub fn stage_key(&self, named: impl Into<EventName>) -> Result<EventKey> {
        let state = self.expected()?;
        let stages = || state.outreach.stages().iter().map(|stage| &stage.first);
        let key = named.into().among(stages(), "corrects", &self.caseline().user())?;
        if stages().any(|first| *first == key) { Ok(key) } else { Err(Error::NotFound { what: "stage" }) }
    }

    /// Records a contact with the member, or an attempt. One that the agreement did not allow is recorded too, and marked. It is face to
    /// face only where the member was reached: going there and finding nobody is an attempt.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-outcome`, field `outcome`; `contact-not-met`, field `face_to_face`: nobody was reached), besides the
    /// errors of every command; the reasons of `NotAllowed` are those of [`crate::outreach::step`].
    pub fn record_contact(&self, id: Option<EventId>, contact: ContactRecorded) -> Result<EventKey> {
        words(&contact.outcome, "invalid-outcome", "outcome")?;
        // What is on its way from others is taken as it is: the fold judges it no harder than it did.
        if contact.face_to_face && !contact.reached && !self.is_repeated(id)? {
            let detail = "nobody was met face to face where the member was not reached: say that they were, or leave this out";
            return Err(InvalidInput::new("contact-not-met", detail).field("face_to_face").into());
        }
        self.say(id, contact)
    }

    /// Takes a contact, or an attempt, back that was recorded in error: one's own, or as a lead one of one's organisation. It counts for
    /// nothing any more, and what it had stopped is owed again.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, field `reason`), besides the errors of every command; `NotAllowed` (`contact-unknown`,
    /// `contact-not-yours`, `contact-withdrawn`).
    pub fn withdraw_contact(
        &self,
        id: Option<EventId>,
        contact: impl Into<EventName>,
        reason: &str,
    ) -> Result<EventKey> {
        words(reason, "invalid-reason", "reason")?;
        let state = self.expected()?;
        let contacts = state.outreach.contacts().iter().map(|contact| &contact.key);
        let contact = contact.into().among(contacts, "contact", &self.caseline().user())?;
        self.say(id, ContactWithdrawn { contact, reason: reason.to_owned() })
    }

    /// Opens the closed case again, since the member is re-enrolled: from which of the programme's own days on, where that day is from,
    /// and why. Whether the clocks begin anew follows from how long they were away.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, field `reason`; `invalid-source`, field `source`), besides the errors of every command;
    /// `NotAllowed` (`case-not-closed`, `case-continued`, `reopener`, and those of a stage, `stage-before` for example).
    pub fn reopen(&self, id: Option<EventId>, reopened: CaseReopened) -> Result<EventKey> {
        words(&reopened.reason, "invalid-reason", "reason")?;
        sourced(&reopened.source)?;
        self.say(id, reopened)
    }

    /// Asks the plan side whether one may reach out by this channel, and why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-why`, field `why`), besides the errors of every command; `NotAllowed` where there is nothing to ask
    /// (`outreach-not-to-ask`, `outreach-asked-already`).
    pub fn ask_outreach(&self, id: Option<EventId>, channel: Channel, why: &str) -> Result<EventKey> {
        words(why, "invalid-why", "why")?;
        self.say(id, OutreachAsked { channel, why: why.to_owned() })
    }

    /// Lets the community side reach out, as it asked, before this day where there is one.
    ///
    /// # Errors
    /// Those of every command; `NotAllowed` (`outreach-ask-unknown`, `outreach-answered`).
    pub fn grant_outreach(
        &self,
        id: Option<EventId>,
        ask: impl Into<EventName>,
        until: Option<Date>,
        reason: &str,
    ) -> Result<EventKey> {
        if !reason.is_empty() {
            words(reason, "invalid-reason", "reason")?;
        }
        let ask = self.ask_key(&ask.into())?;
        self.say(id, OutreachGranted { ask, until, reason: reason.to_owned() })
    }

    /// Does not let the community side reach out, and says why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`, field `reason`), besides the errors of every command; `NotAllowed` (`outreach-ask-unknown`,
    /// `outreach-answered`).
    pub fn refuse_outreach(
        &self,
        id: Option<EventId>,
        ask: impl Into<EventName>,
        reason: &str,
    ) -> Result<EventKey> {
        words(reason, "invalid-reason", "reason")?;
        let ask = self.ask_key(&ask.into())?;
        self.say(id, OutreachRefused { ask, reason: reason.to_owned() })
    }

    /// Which question is meant.
    fn ask_key(&self, ask: &EventName) -> Result<EventKey> {
        let state = self.expected()?;
        ask.among(state.outreach.asks().iter().map(|ask| &ask.asked), "ask", &self.caseline().user())
    }

    /// Whether the community side may reach out to the member by this channel now, with every reason: to be shown before
    /// somebody does. Of a handle that labels what is said ([`Case::labelled`]) the consents are asked too, since what came of it is
    /// told the plan side: where none lets it be told, the answer is to ask first.
    ///
    /// # Errors
    /// `NotAllowed` (`case-not-open`, `case-closed`).
    pub fn may_reach_out(&self, channel: Channel) -> Result<MayReachOut> {
        let state = self.expected()?;
        let opening = state.life.going_on().map_err(|reason: Reason| Error::not_allowed(reason))?;
        let mut may = may_reach_out(&opening.agreement, &state.outreach, channel, self.caseline.engine.now());
        if !self.marks.labels.is_empty() {
            let asked = OutreachAsked { channel, why: String::new() }.into();
            let told = self.caseline.engine.asked(&state, &asked, &self.marks, None, may_tell)?;
            if told.answer != Reach::Allowed && told.reasons.iter().all(Reason::is_of_consent) {
                // The last reason decides.
                if may.answer == Reach::Denied {
                    may.reasons.splice(0..0, told.reasons);
                } else {
                    may.answer = Reach::Ask;
                    may.reasons.extend(told.reasons);
                }
            }
        }
        Ok(may)
    }

    /// Where the member stands, every contact and attempt, and what was asked.
    pub fn outreach(&self) -> Result<Outreach> {
        Ok(self.expected()?.outreach)
    }
}

fn sourced(source: &str) -> Result<()> {
    if source.trim().is_empty() || source.len() > SOURCE_LIMIT {
        let detail = "say where the date is from (the programme's file, a letter), in 512 bytes at most";
        return Err(InvalidInput::new("invalid-source", detail).field("source").into());
    }
    Ok(())
}

pub(super) fn words(text: &str, code: &'static str, field: &'static str) -> Result<()> {
    if text.trim().is_empty() || text.len() > CHANGES_LIMIT {
        return Err(InvalidInput::new(code, "say it in words, in 16 KiB at most").field(field).into());
    }
    Ok(())
}
