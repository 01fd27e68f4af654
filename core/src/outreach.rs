//! The case's outreach: assigned, outreach, consented, engaged, disenrolled, re-enrolled, moved; each contact or attempt with
//! the member; and what is asked before one reaches out. Maps to FHIR EpisodeOfCare, Encounter and Communication.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::contact::Contact;
use crate::id::{ContactId, EventId, OrganizationId};
use crate::policy::Reason;

mod clocks;
mod life;
mod no_contact;
mod reopening;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use clocks::answer_due;
pub use clocks::{ANSWER, ClockDate, ENGAGEMENT, PLAN_COMPLETED, RE_ENROLMENT_GAP, Term, dates, owed, term};
pub use life::{MOST_CONTACTS, closing, step};
pub use no_contact::{ContactPermitted, ContactProhibited, Lifted, NoContact, NotMade};
pub(crate) use reopening::reopened;
pub use words::{remark, tell};

/// How somebody reaches out to the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// By telephone.
    Phone,
    /// By going there.
    Visit,
    /// By letter.
    Letter,
    /// By a message to their telephone or mailbox.
    Message,
    /// By a video call.
    Video,
    /// By another way, which the outcome tells.
    Other,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 6] =
        [Self::Phone, Self::Visit, Self::Letter, Self::Message, Self::Video, Self::Other];

    /// The code under which the channel travels and is kept, and the word for it in an agreement.
    pub fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Visit => "visit",
            Self::Letter => "letter",
            Self::Message => "message",
            Self::Video => "video",
            Self::Other => "other",
        }
    }

    /// Whether one can be face to face there.
    pub fn may_be_face_to_face(self) -> bool {
        matches!(self, Self::Visit | Self::Video | Self::Other)
    }
}

/// Where a member stands with the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The programme assigned the member to the community side.
    Assigned,
    /// The community side has begun to reach out.
    Outreach,
    /// The member takes part.
    Consented,
    /// The member is engaged, by the programme's rule.
    Engaged,
    /// The member left the programme.
    Disenrolled,
    /// The member came back.
    ReEnrolled,
    /// The member went to another ACO.
    Moved,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 7] = [
        Self::Assigned,
        Self::Outreach,
        Self::Consented,
        Self::Engaged,
        Self::Disenrolled,
        Self::ReEnrolled,
        Self::Moved,
    ];

    /// Whether the member has left: the programme, or this community side's part of it.
    pub fn has_left(self) -> bool {
        matches!(self, Self::Disenrolled | Self::Moved)
    }

    /// The code under which the stage travels and is kept.
    pub fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Outreach => "outreach",
            Self::Consented => "consented",
            Self::Engaged => "engaged",
            Self::Disenrolled => "disenrolled",
            Self::ReEnrolled => "re-enrolled",
            Self::Moved => "moved",
        }
    }
}

/// `outreach.stage`: the member stands elsewhere with the programme. The same stage again corrects what was said of it.
/// `Debug` shows neither since when nor the source.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReached {
    /// Where they stand.
    pub stage: Stage,
    /// Since when, by the programme's own date: clocks count from it, however late the event arrives.
    pub on: Date,
    /// Where that date is from. Empty where a handover withheld it.
    pub source: String,
    /// Of an assignment or a re-enrolment: the day of the enrolment, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<Date>,
    /// Of a re-enrolment: the day on which they had left, where this case does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Date>,
    /// Of a move: the ACO to which they went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_aco: Option<OrganizationId>,
    /// Of a correction: the event that first said what it corrects ([`StageState::first`]). Left out, the present stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<EventKey>,
}

impl std::fmt::Debug for StageReached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StageReached({})", self.stage.code())
    }
}

/// `contact.recorded`: somebody was in contact with the member, or tried to be. `Debug` shows neither when nor the outcome.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecorded {
    /// When it was.
    pub when: Timestamp,
    /// Who it was, of the author's organisation; the author where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
    /// By which channel.
    pub channel: Channel,
    /// Whether it was face to face.
    pub face_to_face: bool,
    /// Whether the member was reached.
    pub reached: bool,
    /// What came of it. Empty where a handover withheld it.
    pub outcome: String,
    /// The event that it follows, an admission for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<EventId>,
    /// Of what was not made because it must not be: why. It is no attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_made: Option<NotMade>,
}

impl std::fmt::Debug for ContactRecorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactRecorded({})", self.channel.code())
    }
}

/// `contact.withdrawn`: a contact, or an attempt, was recorded in error. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactWithdrawn {
    /// The `contact.recorded` that is taken back.
    pub contact: EventKey,
    /// Why. Empty where a handover withheld it.
    pub reason: String,
}

impl std::fmt::Debug for ContactWithdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactWithdrawn({})", self.contact.id)
    }
}

impl ContactWithdrawn {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), ..self.clone() }
    }
}

/// `outreach.asked`: the community side asks whether it may reach out. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutreachAsked {
    /// By which channel.
    pub channel: Channel,
    /// Why. Empty where a handover withheld it.
    pub why: String,
}

impl std::fmt::Debug for OutreachAsked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutreachAsked({})", self.channel.code())
    }
}

/// `outreach.granted`: the plan side lets the community side reach out. `Debug` does not show the reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutreachGranted {
    /// The `outreach.asked` that it answers.
    pub ask: EventKey,
    /// The first day on which it no longer may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What is said with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl std::fmt::Debug for OutreachGranted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutreachGranted({})", self.ask.id)
    }
}

/// `outreach.refused`: the plan side does not let the community side reach out. `Debug` does not show the reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutreachRefused {
    /// The `outreach.asked` that it answers.
    pub ask: EventKey,
    /// Why not. Empty where a handover withheld it.
    pub reason: String,
}

impl std::fmt::Debug for OutreachRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutreachRefused({})", self.ask.id)
    }
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutreachEvent<'a> {
    /// `outreach.stage`.
    Stage(&'a StageReached),
    /// `contact.recorded`.
    Contact(&'a ContactRecorded),
    /// `contact.withdrawn`.
    Withdrawn(&'a ContactWithdrawn),
    /// `contact.prohibited`.
    Prohibited(&'a ContactProhibited),
    /// `contact.permitted`.
    Permitted(&'a ContactPermitted),
    /// `outreach.asked`.
    Asked(&'a OutreachAsked),
    /// `outreach.granted`.
    Granted(&'a OutreachGranted),
    /// `outreach.refused`.
    Refused(&'a OutreachRefused),
}

/// Where the member stands, what was tried, and what was asked before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outreach {
    stages: Vec<StageState>,
    contacts: Vec<ContactState>,
    asks: Vec<AskState>,
    prohibitions: Vec<NoContact>,
    /// How often each organisation said where the member stands.
    said: BTreeMap<OrganizationId, usize>,
}

/// A stage that was reached.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StageState {
    /// The event that first said it: clocks run from it, and corrections name it.
    pub first: EventKey,
    /// What is said of it, by the last who said it.
    pub reached: StageReached,
    /// Who said so, and when.
    pub by: StepTaken,
    /// How often something else was said of it before.
    pub corrected: usize,
}

/// A contact or an attempt.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContactState {
    /// Its `contact.recorded`.
    pub key: EventKey,
    /// What was recorded.
    pub recorded: ContactRecorded,
    /// Who was there, as the roster had them then.
    pub contact: Contact,
    /// Who recorded it, and when. Their organisation is that of whoever was there.
    pub by: StepTaken,
    /// Why the agreement did not allow it, where it did not: what has happened is recorded all the same.
    pub against_terms: Option<Reason>,
    /// Who took it back because it was recorded in error: then it counts for nothing.
    pub withdrawn: Option<Withdrawn>,
}

/// A contact that was recorded in error. `Debug` does not show why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withdrawn {
    /// Why. Empty where a handover withheld it.
    pub reason: String,
    /// Who took it back, and when.
    pub by: StepTaken,
}

impl std::fmt::Debug for Withdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Withdrawn({})", self.by.event.id)
    }
}

/// A question whether the community side may reach out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskState {
    /// Its `outreach.asked`.
    pub asked: EventKey,
    /// By which channel, and why.
    pub ask: OutreachAsked,
    /// Who asks, and when.
    pub by: StepTaken,
    /// What the plan side said.
    pub answer: Option<AskAnswer>,
}

/// A question whose asking took no step. A record has it as entered in error, where it may have counted somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SupersededAsk {
    /// By which channel, and why.
    pub(crate) ask: OutreachAsked,
    /// Who asked, where they ever had a seat.
    pub(crate) from: Option<Contact>,
    /// When.
    pub(crate) at: Timestamp,
}

/// What the plan side said to a question. `Debug` does not show the reason.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskAnswer {
    /// Whether the community side may.
    pub granted: bool,
    /// The first day on which it no longer may.
    pub until: Option<Date>,
    /// Why. Empty where nothing was said, and where a handover withheld it.
    pub reason: String,
    /// Who answered, and when.
    pub by: StepTaken,
}

impl std::fmt::Debug for AskAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskAnswer").field("granted", &self.granted).finish_non_exhaustive()
    }
}

impl Outreach {
    /// The stages, in the order in which they were reached.
    pub fn stages(&self) -> &[StageState] {
        &self.stages
    }

    /// Where the member stands.
    pub fn stage(&self) -> Option<Stage> {
        self.stages.last().map(|stage| stage.reached.stage)
    }

    /// The contacts and attempts, in the order in which they were recorded; those that were taken back, too.
    pub fn contacts(&self) -> &[ContactState] {
        &self.contacts
    }

    /// The contact or attempt that this event recorded.
    pub fn contact(&self, key: &EventKey) -> Option<&ContactState> {
        self.contacts.iter().find(|contact| contact.key == *key)
    }

    /// The questions, in the order in which they were asked.
    pub fn asks(&self) -> &[AskState] {
        &self.asks
    }

    /// How often somebody tried without success since the member was last reached.
    pub fn attempts(&self) -> u32 {
        let stands = |contact: &&ContactState| contact.withdrawn.is_none();
        let all = || self.contacts.iter().filter(stands).map(|contact| &contact.recorded);
        let last = all().filter(|contact| contact.reached).map(|contact| contact.when).max();
        let after = |contact: &&ContactRecorded| {
            !contact.reached && contact.not_made.is_none() && last.is_none_or(|last| contact.when > last)
        };
        u32::try_from(all().filter(after).count()).unwrap_or(u32::MAX)
    }

    /// The first contact in which the member was reached, from one instant on and before another: whether it meets a rule that
    /// asks for one. Where `face_to_face`, only one that was.
    pub fn first_meeting(
        &self,
        from: Timestamp,
        until: Timestamp,
        face_to_face: bool,
    ) -> Option<&ContactState> {
        let meets = |contact: &&ContactState| {
            let of = &contact.recorded;
            contact.withdrawn.is_none()
                && of.reached
                && (of.face_to_face || !face_to_face)
                && from <= of.when
                && of.when < until
        };
        // Of those at one instant the one whose key is lower, so that it is the same in whatever order they were recorded.
        self.contacts.iter().filter(meets).min_by_key(|contact| (contact.recorded.when, &contact.key))
    }
}

impl StageReached {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { source: String::new(), ..self.clone() }
    }
}

impl ContactRecorded {
    /// Whether they met: then it is an Encounter in a record, else a Communication.
    pub(crate) fn is_met(&self) -> bool {
        self.face_to_face && self.reached
    }

    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { outcome: String::new(), ..self.clone() }
    }
}

impl OutreachAsked {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { why: String::new(), ..self.clone() }
    }
}

impl OutreachGranted {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), ..self.clone() }
    }
}

impl OutreachRefused {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { reason: String::new(), ..self.clone() }
    }
}
