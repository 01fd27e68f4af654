//! Outreach: where the member stands, each contact or attempt, and what is asked before one reaches out.

use std::time::SystemTime;

use caseline::case::life;
use caseline::case::name::EventName;
use caseline::case::state;
use caseline::error::InvalidInput;
use caseline::id::{ContactId, EventId, OrganizationId};
use caseline::outreach::{self, AskState, ContactRecorded, ContactState, StageReached, StageState};
use caseline::policy;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::case::Case;
use crate::error::{Reason, Result, parsed};
use crate::models::EventKey;
use crate::no_contact::{NoContact, NotMade};

/// An enum of the core's, of the same names.
macro_rules! mirrored {
    ($(#[$doc:meta])* $name:ident of $core:path { $($(#[$about:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum $name {
            $($(#[$about])* $variant,)*
        }

        impl From<$name> for $core {
            fn from(one: $name) -> Self {
                match one {
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}

/// The same, where the core's also becomes the mirror.
macro_rules! mirror_back {
    ($name:ident of $core:path { $($variant:ident,)* }) => {
        impl From<$core> for $name {
            fn from(one: $core) -> Self {
                match one {
                    $(<$core>::$variant => Self::$variant,)*
                }
            }
        }
    };
}

mirrored! {
    /// How somebody reaches out to the member.
    OutreachChannel of outreach::Channel {
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
}
mirror_back!(OutreachChannel of outreach::Channel { Phone, Visit, Letter, Message, Video, Other, });

mirrored! {
    /// Where a member stands with the programme.
    OutreachStage of outreach::Stage {
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
}
mirror_back!(OutreachStage of outreach::Stage {
    Assigned, Outreach, Consented, Engaged, Disenrolled, ReEnrolled, Moved,
});

mirrored! {
    /// Why a case is closed.
    CloseReason of life::CloseReason {
        /// The member declined.
        Declined,
        /// The member could not be reached.
        Unreachable,
        /// The member moved away.
        Moved,
        /// The member no longer needs it.
        Graduated,
        /// The member changed the enrolment.
        EnrolleeChange,
        /// The member changed to another ACO or MCO.
        PlanChange,
        /// A medical exception.
        MedicalException,
        /// Eligibility was lost.
        EligibilityLoss,
        /// The member disengaged.
        Disengaged,
        /// The member died.
        Deceased,
    }
}

/// Where the member stands, what was tried, and what was asked before.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Outreach {
    /// The stages, in the order in which they were reached; the last is the present one.
    pub stages: Vec<StageOf>,
    /// The contacts and attempts, in the order in which they were recorded.
    pub contacts: Vec<MemberContact>,
    /// That the member must not be contacted, as long as that stands.
    pub no_contact: Option<NoContact>,
    /// The questions, in the order in which they were asked.
    pub asks: Vec<OutreachAsk>,
    /// How often somebody tried without success since the member was last reached.
    pub attempts: u32,
    /// The programme's clocks, whether they still run or not.
    pub clocks: Vec<ProgrammeClock>,
}

impl Outreach {
    fn of(state: &state::CaseState) -> Self {
        let of = &state.outreach;
        let clocks = state.opening().map(|opening| outreach::dates(of, &opening.agreement, &opening.rules));
        Self {
            stages: of.stages().iter().map(StageOf::from).collect(),
            contacts: of.contacts().iter().map(MemberContact::from).collect(),
            no_contact: of.no_contact().map(NoContact::from),
            asks: of.asks().iter().map(OutreachAsk::from).collect(),
            attempts: of.attempts(),
            clocks: clocks.iter().flatten().map(ProgrammeClock::from).collect(),
        }
    }
}

/// A stage that was reached.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct StageOf {
    /// The event that first said it: what a correction names.
    pub key: EventKey,
    /// The stage.
    pub stage: OutreachStage,
    /// Since which of the programme's own days, as year-month-day.
    pub on: String,
    /// Where that day is from. Empty where a handover withheld it.
    pub source: String,
    /// The day of the enrolment, where it is another.
    pub enrolled: Option<String>,
    /// Of a re-enrolment: the day on which they had left, where it was said.
    pub left: Option<String>,
    /// Of a move: the ACO to which they went.
    pub to_aco: Option<String>,
    /// The contact who said so.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl From<&StageState> for StageOf {
    fn from(stage: &StageState) -> Self {
        let reached = &stage.reached;
        Self {
            key: EventKey::from(&stage.first),
            stage: reached.stage.into(),
            on: reached.on.to_string(),
            source: reached.source.clone(),
            enrolled: reached.enrolled.map(|day| day.to_string()),
            left: reached.left.map(|day| day.to_string()),
            to_aco: reached.to_aco.as_ref().map(ToString::to_string),
            by: stage.by.contact.to_string(),
            at: stage.by.at.into(),
        }
    }
}

/// A contact with the member, or an attempt.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct MemberContact {
    /// The event that recorded it.
    pub key: EventKey,
    /// When it was.
    pub when: SystemTime,
    /// The contact who was there.
    pub contact: String,
    /// By which channel.
    pub channel: OutreachChannel,
    /// Whether it was face to face.
    pub face_to_face: bool,
    /// Whether the member was reached.
    pub reached: bool,
    /// What came of it. Empty where a handover withheld it.
    pub outcome: String,
    /// The event that it follows, an admission for example.
    pub about: Option<String>,
    /// Why it was not made, where it must not be.
    pub not_made: Option<NotMade>,
    /// The contact who recorded it.
    pub by: String,
    /// Why the agreement did not allow it, where it did not.
    pub against_terms: Option<Reason>,
    /// Who took it back because it was recorded in error: then it counts for nothing.
    pub withdrawn: Option<ContactTakenBack>,
}

/// That a contact was recorded in error.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactTakenBack {
    /// Why. Empty where a handover withheld it.
    pub reason: String,
    /// The contact who took it back.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl From<&ContactState> for MemberContact {
    fn from(contact: &ContactState) -> Self {
        let recorded = &contact.recorded;
        Self {
            key: EventKey::from(&contact.key),
            when: recorded.when.into(),
            contact: contact.contact.id.to_string(),
            channel: recorded.channel.into(),
            face_to_face: recorded.face_to_face,
            reached: recorded.reached,
            outcome: recorded.outcome.clone(),
            about: recorded.about.map(|about| about.to_string()),
            not_made: recorded.not_made.map(NotMade::from),
            by: contact.by.contact.to_string(),
            against_terms: contact.against_terms.as_ref().map(Reason::from),
            withdrawn: contact.withdrawn.as_ref().map(|one| ContactTakenBack {
                reason: one.reason.clone(),
                by: one.by.contact.to_string(),
                at: one.by.at.into(),
            }),
        }
    }
}

/// A question whether the community side may reach out.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutreachAsk {
    /// The event that asks; its id is what `grant_outreach` and `refuse_outreach` take.
    pub key: EventKey,
    /// By which channel.
    pub channel: OutreachChannel,
    /// Why. Empty where a handover withheld it.
    pub why: String,
    /// The contact who asks.
    pub by: String,
    /// When.
    pub at: SystemTime,
    /// What the plan side said.
    pub answer: Option<OutreachAnswer>,
}

/// What the plan side said to a question.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutreachAnswer {
    /// Whether the community side may.
    pub granted: bool,
    /// The first day on which it no longer may.
    pub until: Option<String>,
    /// Why. Empty where nothing was said, and where a handover withheld it.
    pub reason: String,
    /// The contact who answered.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

impl From<&AskState> for OutreachAsk {
    fn from(ask: &AskState) -> Self {
        let answer = ask.answer.as_ref().map(|answer| OutreachAnswer {
            granted: answer.granted,
            until: answer.until.map(|day| day.to_string()),
            reason: answer.reason.clone(),
            by: answer.by.contact.to_string(),
            at: answer.by.at.into(),
        });
        Self {
            key: EventKey::from(&ask.asked),
            channel: ask.ask.channel.into(),
            why: ask.ask.why.clone(),
            by: ask.by.contact.to_string(),
            at: ask.by.at.into(),
            answer,
        }
    }
}

/// A clock of the programme, as it counts in this case. Days are year-month-day.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ProgrammeClock {
    /// Its name: `engagement`, `plan-completed`.
    pub clock: String,
    /// The programme's day from which it counts.
    pub since: String,
    /// The last day on which it is in time.
    pub due: String,
}

impl From<&outreach::ClockDate> for ProgrammeClock {
    fn from(date: &outreach::ClockDate) -> Self {
        Self { clock: date.clock.to_owned(), since: date.from.to_string(), due: date.due.to_string() }
    }
}

/// Whether the community side may reach out: to be shown before somebody does.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MayReachOut {
    /// `allowed`, `ask` (the plan side first, or its answer is waited for) or `denied`.
    pub answer: String,
    /// The first day on which the answer is to be asked for anew, as year-month-day.
    pub until: Option<String>,
    /// Every reason, with its source. The last decided.
    pub reasons: Vec<Reason>,
}

impl From<policy::MayReachOut> for MayReachOut {
    fn from(may: policy::MayReachOut) -> Self {
        Self {
            answer: may.answer.code().to_owned(),
            until: may.until.map(|day| day.to_string()),
            reasons: may.reasons.iter().map(Reason::from).collect(),
        }
    }
}

pub(crate) fn day(text: &str, field: &str) -> Result<Date> {
    let wrong = |_| InvalidInput::new("invalid-date", "a day is year-month-day: 2019-03-01").field(field);
    Ok(text.parse().map_err(wrong)?)
}

pub(crate) fn day_of(text: Option<String>, field: &str) -> Result<Option<Date>> {
    text.map(|text| day(&text, field)).transpose()
}

#[uniffi::export]
impl Case {
    /// Where the member stands, every contact and attempt, and what was asked.
    pub async fn outreach(&self) -> Result<Outreach> {
        self.local(|case| Ok(Outreach::of(&case.state()?))).await
    }

    /// Whether the community side may reach out to the member by this channel now, with every reason.
    ///
    /// # Errors
    /// `NotAllowed` (`case-not-open`, `case-closed`).
    pub async fn may_reach_out(&self, channel: OutreachChannel) -> Result<MayReachOut> {
        self.local(move |case| Ok(case.may_reach_out(channel.into())?.into())).await
    }

    /// Says where the member stands with the programme, since which of its own days (`on`, `enrolled` and `left` are year-month-day),
    /// and where that day is from. The stage that the member is in already, said again, corrects what was said of it; an
    /// earlier one, where `corrects` names the event that first said it.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`, `invalid-source`), `NotFound` (`stage`), besides the errors of every command.
    #[uniffi::method(default(enrolled = None, left = None, to_aco = None, corrects = None, key = None))]
    #[allow(clippy::too_many_arguments, reason = "they have names where they are given")]
    pub async fn stage(
        &self,
        stage: OutreachStage,
        on: String,
        source: String,
        enrolled: Option<String>,
        left: Option<String>,
        to_aco: Option<String>,
        corrects: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let to_aco: Option<OrganizationId> = to_aco.map(|aco| parsed(&aco, "to_aco")).transpose()?;
        let reached = StageReached {
            stage: stage.into(),
            on: day(&on, "on")?,
            source,
            enrolled: day_of(enrolled, "enrolled")?,
            left: day_of(left, "left")?,
            to_aco,
            corrects: None,
        };
        let corrects: Option<EventName> = corrects.map(|id| parsed(&id, "corrects")).transpose()?;
        self.command(key, move |case, key| {
            let corrects = corrects.map(|id| case.stage_key(id)).transpose()?;
            Ok(case.stage(key, StageReached { corrects, ..reached })?)
        })
        .await
    }

    /// Records a contact with the member, or an attempt: of one's own, or of a colleague (`by`). One that the agreement did not
    /// allow is recorded too, and marked. `not_made`: why it was not made, where it must not be; then it is no attempt.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-time`, `invalid-outcome`, `contact-not-met`: face to face, and nobody reached), besides the errors of every command.
    #[uniffi::method(default(by = None, about = None, key = None, not_made = None))]
    #[allow(clippy::too_many_arguments, reason = "they have names where they are given")]
    pub async fn record_contact(
        &self,
        when: SystemTime,
        channel: OutreachChannel,
        face_to_face: bool,
        reached: bool,
        outcome: String,
        by: Option<String>,
        about: Option<String>,
        key: Option<String>,
        not_made: Option<NotMade>,
    ) -> Result<EventKey> {
        let wrong = |_| InvalidInput::new("invalid-time", "no case has such a time").field("when");
        let when = Timestamp::try_from(when).map_err(wrong)?;
        let by: Option<ContactId> = by.map(|by| parsed(&by, "by")).transpose()?;
        let about: Option<EventId> = about.map(|about| parsed(&about, "about")).transpose()?;
        let channel = channel.into();
        let not_made = not_made.map(Into::into);
        let contact = ContactRecorded { when, by, channel, face_to_face, reached, outcome, about, not_made };
        self.command(key, move |case, key| Ok(case.record_contact(key, contact)?)).await
    }

    /// Asks the plan side whether one may reach out by this channel, and why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-why`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn ask_outreach(
        &self,
        channel: OutreachChannel,
        why: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.ask_outreach(key, channel.into(), &why)?)).await
    }

    /// Lets the community side reach out, as it asked, before the day `until` (year-month-day) where there is one.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`, `invalid-reason`), besides the errors of every command.
    #[uniffi::method(default(until = None, reason = "", key = None))]
    pub async fn grant_outreach(
        &self,
        ask: String,
        until: Option<String>,
        reason: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let ask: EventName = parsed(&ask, "ask")?;
        let until = day_of(until, "until")?;
        self.command(key, move |case, key| Ok(case.grant_outreach(key, ask, until, &reason)?)).await
    }

    /// Does not let the community side reach out, and says why.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-reason`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn refuse_outreach(
        &self,
        ask: String,
        reason: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let ask: EventName = parsed(&ask, "ask")?;
        self.command(key, move |case, key| Ok(case.refuse_outreach(key, ask, &reason)?)).await
    }

    /// Closes the case. As `Unreachable` it is closed after as many attempts without success as the agreement says.
    #[uniffi::method(default(key = None))]
    pub async fn close_case(&self, reason: CloseReason, key: Option<String>) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.close(key, reason.into())?)).await
    }
}
