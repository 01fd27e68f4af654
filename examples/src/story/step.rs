//! The steps of a story, as they are written.

use caseline::case::life::CloseReason;
use caseline::communication::Priority;
use caseline::outreach::Channel;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::agreement::{Agree, AgreementSeen};
use super::alert::{AlertSaid, AnswerSaid, FollowUpSaid, FoundSeen, StaySeen, VisitSaid, VisitSeen};
use super::compared::ComparedSeen;
use super::consent::{ConsentSaid, ConsentsSeen, DeniedSeen, MarksSaid, ReviewSaid, RevokedSaid};
use super::crossing::{Carry, CrossingsSeen};
use super::meeting::{AgendaSaid, AgendaSeen, BesideSeen, Decided, PanelSeen};
use super::outreach::{
    Answered, Asked, OutreachSeen, Prohibited, ReachSeen, Recorded, Reenrolled, Standing, TakenBack,
};
use super::pair::{Meet, MeetingSeen};
use super::signing::{ApprovedInHouse, Attested, Copied};
use crate::protocol::EditRecord;

mod concern;
mod due;
mod expected;
mod referral;
mod seen;
mod task;
mod written;

pub use concern::{AnswerSeen, AnsweredIn, ConcernSeen, OpenedProgramme, Raised, Reopened};
pub use due::{DueSeen, ReminderSeen};
pub use expected::{Expected, Refused, TeamSeen};
pub use referral::{
    ByHand, CalledOff, CapacitySaid, OutcomeSaid, ReferSaid, ReferralSeen, SentOn, SubReferred, WithdrawnSaid,
};
pub use seen::{ContactSeen, InvitationSeen, MessageSeen, PlanSeen};
pub use task::{Assigned, Completed, HandedOver, ReasonedTask, TaskSeen};
pub(super) use written::Written;

/// One step, and where it stands.
#[derive(Debug, Clone)]
pub struct Step {
    /// The line, counted from 1.
    pub line: u64,
    /// The line's text.
    pub source: String,
    /// What it says.
    pub kind: StepKind,
}

/// What a step says.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum StepKind {
    /// The clock of every driver and keeper moves to this instant.
    Clock(Timestamp),
    /// A sentence for the transcript.
    Note(String),
    /// `kill -9`.
    Kill(String),
    /// The driver or keeper starts, on the store that it had.
    Start(String),
    /// The network between it and its homeserver is cut.
    Offline(String),
    /// The network is back.
    Online(String),
    /// Everybody who runs and is online has sent and received and recorded what there is.
    Settle,
    /// Somebody does something, or sees something.
    Deed {
        /// Who.
        who: String,
        /// What.
        deed: Deed,
    },
}

/// What somebody does, and what is then to be seen. At most one verb; without one, only the expectation counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// Asks the directory whom to call.
    pub who_to_call: Option<WhomToCall>,
    /// Opens a case.
    pub open: Option<Open>,
    /// Opens a programme room.
    pub open_programme: Option<OpenedProgramme>,
    /// Opens a pair's room.
    pub open_pair: Option<OpenedProgramme>,
    /// Accepts the invitation to the case of this name.
    pub accept: Option<String>,
    /// Sends a message.
    pub send: Option<String>,
    /// Says a message of their own anew.
    pub correct: Option<Corrected>,
    /// Takes the message of this name back.
    pub retract: Option<String>,
    /// Says that they have read the messages of others, up to the one of this name.
    pub seen: Option<String>,
    /// Sends a care plan for signature: its identifier, `system|value`.
    pub send_care_plan: Option<String>,
    /// Acknowledges the plan of this name.
    pub acknowledge_plan: Option<String>,
    /// Approves the plan of this name.
    pub approve_plan: Option<String>,
    /// Says that a clinician of the side that sent a plan approved it.
    pub approve_plan_in_house: Option<ApprovedInHouse>,
    /// Attests a signature that was given elsewhere.
    pub attest_signature: Option<Attested>,
    /// Attests that a copy of a plan was given.
    pub plan_copied: Option<Copied>,
    /// Returns a plan with changes to make.
    pub return_plan: Option<Returned>,
    /// Hears of an admission, and looks for the member's cases.
    pub raise_alert: Option<AlertSaid>,
    /// Confirms that it is this case's member, and tells the case.
    pub alert: Option<AlertSaid>,
    /// Proposes to visit the member together.
    pub propose_visit: Option<VisitSaid>,
    /// Answers a proposed visit.
    pub answer_visit: Option<AnswerSaid>,
    /// Says that they followed up after a stay.
    pub follow_up_done: Option<FollowUpSaid>,
    /// Gives somebody a task.
    pub assign: Option<Assigned>,
    /// Takes the task of this name out of their organisation's pool.
    pub claim_task: Option<String>,
    /// Accepts the task of this name.
    pub accept_task: Option<String>,
    /// Declines a task.
    pub decline_task: Option<ReasonedTask>,
    /// Hands a task over.
    pub hand_over_task: Option<HandedOver>,
    /// Has done a task.
    pub complete_task: Option<Completed>,
    /// Calls a task off.
    pub cancel_task: Option<ReasonedTask>,
    /// Records what the member allows.
    pub record_consent: Option<ConsentSaid>,
    /// Records that the member takes a consent back.
    pub revoke_consent: Option<RevokedSaid>,
    /// Looks at what was told without consent in an emergency.
    pub review_override: Option<ReviewSaid>,
    /// Looks whether something may be told, marked so, before they write it.
    pub may_tell: Option<MarksSaid>,
    /// Brings a concern to the programme office.
    pub raise_concern: Option<Raised>,
    /// Says that the office has heard the concern of this name.
    pub hear_concern: Option<String>,
    /// Answers a concern.
    pub answer_concern: Option<AnsweredIn>,
    /// Closes the concern of this name.
    pub close_concern: Option<String>,
    /// Opens a concern again.
    pub reopen_concern: Option<Reopened>,
    /// Refers the member to a social-service organization.
    pub refer: Option<ReferSaid>,
    /// Sends a referral that waited.
    pub send_referral: Option<SentOn>,
    /// Takes a referral to its organization by hand.
    pub carry_referral: Option<ByHand>,
    /// Records what they learned of a referral by hand.
    pub tell_referral: Option<ByHand>,
    /// Does not ask for a referral any more.
    pub withdraw_referral: Option<WithdrawnSaid>,
    /// In a referral's room: asks whether there is a place.
    pub ask_capacity: Option<bool>,
    /// In a referral's room: says whether there is a place.
    pub tell_capacity: Option<CapacitySaid>,
    /// In a referral's room: accepts it.
    pub accept_referral: Option<bool>,
    /// In a referral's room: declines it, with why.
    pub decline_referral: Option<String>,
    /// In a referral's room: has another organization do it.
    pub sub_refer: Option<SubReferred>,
    /// In a referral's room: says what came of it.
    pub referral_outcome: Option<OutcomeSaid>,
    /// In a referral's room: takes the outcome over.
    pub close_referral: Option<bool>,
    /// In a referral's room: tells the organization to stop.
    pub cancel_referral: Option<CalledOff>,
    /// Says where the member stands with the programme.
    pub stage: Option<Standing>,
    /// Records a contact with the member, or an attempt.
    pub record_contact: Option<Recorded>,
    /// Asks whether they may reach out.
    pub ask_outreach: Option<Asked>,
    /// Takes across what is to go to a side without Matrix, or calls who was reminded.
    pub carry: Option<Carry>,
    /// Agrees that the other side reaches out.
    pub grant_outreach: Option<Answered>,
    /// Does not agree that the other side reaches out.
    pub refuse_outreach: Option<Answered>,
    /// Looks whether they may reach out, before they do.
    pub may_reach_out: Option<Channel>,
    /// Says that the member must not be contacted.
    pub prohibit_contact: Option<Prohibited>,
    /// Says that the member may be contacted again, and why.
    pub permit_contact: Option<String>,
    /// Takes a contact back that was recorded in error.
    pub withdraw_contact: Option<TakenBack>,
    /// Opens the closed case again.
    pub reopen_case: Option<Reenrolled>,
    /// Closes the case.
    pub close_case: Option<CloseReason>,
    /// Makes the agenda of a meeting of the two organisations.
    pub agenda: Option<AgendaSaid>,
    /// Writes down what a meeting decided on.
    pub decide: Option<Decided>,
    /// Does something about an agreement that is proposed in a pair's room.
    pub agree: Option<Agree>,
    /// Does something about a meeting of a pair's room.
    pub meet: Option<Meet>,
    /// Names a person for the case.
    pub name_seat: Option<String>,
    /// Ends a person's participation.
    pub end_seat: Option<String>,
    /// Takes up what a record's care team proposes.
    pub take_up_team: Option<TeamSeen>,
    /// Leaves the roster as it is, whatever a record's care team proposes.
    pub decline_team: Option<TeamSeen>,
    /// Somebody else changes a resource of their record, beside their client.
    pub edit_record: Option<EditRecord>,
    /// Looks at what others changed in the record now, and not within a minute.
    pub look_at_record: Option<bool>,

    /// The case it is about, where there are several.
    pub case: Option<String>,
    /// A name for the message, plan or task that is sent, by which later steps call it.
    #[serde(rename = "as")]
    pub label: Option<String>,
    /// How urgent a message is.
    pub priority: Option<Priority>,
    /// The message that it answers, by its name.
    pub in_reply_to: Option<String>,
    /// The own day of a plan that is sent, as the programme counts it.
    pub plan_day: Option<Date>,
    /// How what is sent or assigned is marked.
    pub marks: Option<MarksSaid>,

    /// What they must see, at once or within the time that `within` gives.
    pub sees: Option<Expected>,
    /// With which error it must be refused.
    pub refused: Option<Refused>,
    /// How many seconds of real time it may take until it is seen.
    pub within: Option<u64>,
}

impl Deed {
    /// The names of the verbs that it has.
    pub fn verbs(&self) -> Vec<&'static str> {
        [
            ("who_to_call", self.who_to_call.is_some()),
            ("open", self.open.is_some()),
            ("open_programme", self.open_programme.is_some()),
            ("open_pair", self.open_pair.is_some()),
            ("accept", self.accept.is_some()),
            ("send", self.send.is_some()),
            ("correct", self.correct.is_some()),
            ("retract", self.retract.is_some()),
            ("seen", self.seen.is_some()),
            ("send_care_plan", self.send_care_plan.is_some()),
            ("acknowledge_plan", self.acknowledge_plan.is_some()),
            ("approve_plan", self.approve_plan.is_some()),
            ("approve_plan_in_house", self.approve_plan_in_house.is_some()),
            ("attest_signature", self.attest_signature.is_some()),
            ("plan_copied", self.plan_copied.is_some()),
            ("return_plan", self.return_plan.is_some()),
            ("raise_alert", self.raise_alert.is_some()),
            ("alert", self.alert.is_some()),
            ("propose_visit", self.propose_visit.is_some()),
            ("answer_visit", self.answer_visit.is_some()),
            ("follow_up_done", self.follow_up_done.is_some()),
            ("assign", self.assign.is_some()),
            ("claim_task", self.claim_task.is_some()),
            ("accept_task", self.accept_task.is_some()),
            ("decline_task", self.decline_task.is_some()),
            ("hand_over_task", self.hand_over_task.is_some()),
            ("complete_task", self.complete_task.is_some()),
            ("cancel_task", self.cancel_task.is_some()),
            ("carry", self.carry.is_some()),
            ("record_consent", self.record_consent.is_some()),
            ("revoke_consent", self.revoke_consent.is_some()),
            ("review_override", self.review_override.is_some()),
            ("may_tell", self.may_tell.is_some()),
            ("raise_concern", self.raise_concern.is_some()),
            ("hear_concern", self.hear_concern.is_some()),
            ("answer_concern", self.answer_concern.is_some()),
            ("close_concern", self.close_concern.is_some()),
            ("reopen_concern", self.reopen_concern.is_some()),
            ("refer", self.refer.is_some()),
            ("send_referral", self.send_referral.is_some()),
            ("carry_referral", self.carry_referral.is_some()),
            ("tell_referral", self.tell_referral.is_some()),
            ("withdraw_referral", self.withdraw_referral.is_some()),
            ("ask_capacity", self.ask_capacity.is_some()),
            ("tell_capacity", self.tell_capacity.is_some()),
            ("accept_referral", self.accept_referral.is_some()),
            ("decline_referral", self.decline_referral.is_some()),
            ("sub_refer", self.sub_refer.is_some()),
            ("referral_outcome", self.referral_outcome.is_some()),
            ("close_referral", self.close_referral.is_some()),
            ("cancel_referral", self.cancel_referral.is_some()),
            ("stage", self.stage.is_some()),
            ("record_contact", self.record_contact.is_some()),
            ("ask_outreach", self.ask_outreach.is_some()),
            ("grant_outreach", self.grant_outreach.is_some()),
            ("refuse_outreach", self.refuse_outreach.is_some()),
            ("may_reach_out", self.may_reach_out.is_some()),
            ("prohibit_contact", self.prohibit_contact.is_some()),
            ("permit_contact", self.permit_contact.is_some()),
            ("withdraw_contact", self.withdraw_contact.is_some()),
            ("reopen_case", self.reopen_case.is_some()),
            ("close_case", self.close_case.is_some()),
            ("agenda", self.agenda.is_some()),
            ("decide", self.decide.is_some()),
            ("agree", self.agree.is_some()),
            ("meet", self.meet.is_some()),
            ("name_seat", self.name_seat.is_some()),
            ("end_seat", self.end_seat.is_some()),
            ("take_up_team", self.take_up_team.is_some()),
            ("decline_team", self.decline_team.is_some()),
            ("edit_record", self.edit_record.is_some()),
            ("look_at_record", self.look_at_record.is_some()),
        ]
        .into_iter()
        .filter_map(|(verb, is)| is.then_some(verb))
        .collect()
    }
}

impl Deed {
    /// Whether it is about a case, and not about whom there is to call.
    pub fn is_about_a_case(&self) -> bool {
        self.who_to_call.is_none() && self.agenda.is_none()
    }

    /// The same about somebody else: their name in what is said and seen.
    #[must_use]
    pub fn about(&self, member: &str, other: &str) -> Self {
        let mut deed = self.clone();
        let message =
            deed.sees.as_mut().and_then(|sees| sees.message.as_mut()).map(|message| &mut message.text);
        let changes = deed.return_plan.as_mut().map(|returned| &mut returned.changes);
        let corrected = deed.correct.as_mut().map(|corrected| &mut corrected.text);
        let outcome = deed.record_contact.as_mut().map(|contact| &mut contact.outcome);
        let carried = deed.carry.as_mut().map(|carry| &mut carry.outcome);
        let why = deed.ask_outreach.as_mut().map(|ask| &mut ask.why);
        let granted = deed.grant_outreach.as_mut().map(|answer| &mut answer.reason);
        let refused = deed.refuse_outreach.as_mut().map(|answer| &mut answer.reason);
        let taken = deed.withdraw_contact.as_mut().map(|taken| &mut taken.reason);
        let prohibited = deed.prohibit_contact.as_mut().map(|said| &mut said.reason);
        let permitted = deed.permit_contact.as_mut();
        let texts = [
            prohibited,
            permitted,
            deed.send.as_mut(),
            message,
            changes,
            corrected,
            outcome,
            carried,
            why,
            granted,
            refused,
            taken,
        ];
        for text in texts.into_iter().flatten() {
            *text = text.replace(member, other);
        }
        deed
    }
}

/// Whom to call for this organisation, about this topic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhomToCall {
    /// The organisation, by its name in the story.
    pub organization: String,
    /// The topic's code.
    pub topic: String,
}

/// Opens a case from a CareTeam of one's own record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// The name by which the story calls the case.
    pub case: String,
    /// The CareTeam's identifier, `system|value`.
    pub care_team: String,
}

/// A message that is said anew.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The message, by its name.
    pub message: String,
    /// What it should say.
    pub text: String,
}

/// How a story calls its member where a person can stand, too.
pub(super) const MEMBER: &str = "member";

/// A plan that goes back with changes to make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// The plan, by its name.
    pub plan: String,
    /// What to change.
    pub changes: String,
}
