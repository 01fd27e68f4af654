//! What a story says must be seen.

use serde::Deserialize;

use super::{
    AgendaSeen, AgreementSeen, AnswerSeen, BesideSeen, ComparedSeen, ConcernSeen, ConsentsSeen, ContactSeen,
    CrossingsSeen, DeniedSeen, DueSeen, FoundSeen, InvitationSeen, MeetingSeen, MessageSeen, OutreachSeen,
    PanelSeen, PlanSeen, ReachSeen, ReferralSeen, ReminderSeen, StaySeen, TaskSeen, VisitSeen,
};

/// What must be seen. Everything that is named must be so at one and the same time.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// An invitation waits.
    pub invitation: Option<InvitationSeen>,
    /// The directory's answer.
    pub contact: Option<ContactSeen>,
    /// A message, exactly once.
    pub message: Option<MessageSeen>,
    /// How a plan stands.
    pub plan: Option<PlanSeen>,
    /// What a search for the member's cases came to.
    pub found: Option<FoundSeen>,
    /// How a stay stands.
    pub stay: Option<StaySeen>,
    /// How a joint visit stands.
    pub visit: Option<VisitSeen>,
    /// How a task stands.
    pub task: Option<TaskSeen>,
    /// How a concern stands.
    pub concern: Option<ConcernSeen>,
    /// How an agreement that was proposed in a pair's room stands.
    pub agreement: Option<AgreementSeen>,
    /// How a meeting of a pair's room stands.
    pub meeting: Option<MeetingSeen>,
    /// How a referral stands.
    pub referral: Option<ReferralSeen>,
    /// What they find of what was answered.
    pub answer: Option<AnswerSeen>,
    /// What is due, and the ladder.
    pub due: Option<DueSeen>,
    /// A reminder, exactly once.
    pub reminder: Option<ReminderSeen>,
    /// What the member allows, and what is to be looked at.
    pub consents: Option<ConsentsSeen>,
    /// Something of their own that was not sent.
    pub denied: Option<DeniedSeen>,
    /// Whether they may reach out, or tell something, as `may_reach_out` and `may_tell` answer.
    pub may: Option<ReachSeen>,
    /// Where the member stands, and what was tried.
    pub outreach: Option<OutreachSeen>,
    /// What two versions of a care plan say differently.
    pub compared: Option<ComparedSeen>,
    /// What is to go across by other ways than Matrix.
    pub crossings: Option<CrossingsSeen>,
    /// All their cases at a glance.
    pub panel: Option<PanelSeen>,
    /// The agenda that they made.
    pub agenda: Option<AgendaSeen>,
    /// An agreement beside the others.
    pub beside: Option<BesideSeen>,
    /// `opening`, `open` or `closed`: how the case stands.
    pub phase: Option<String>,
    /// The people who are named for the case, no more and no fewer; keepers and people outside the story do not count.
    pub roster: Option<Vec<String>>,
    /// What waits for a lead to decide because a record's care team was changed: these, no more and no fewer.
    pub proposals: Option<Vec<TeamSeen>>,
}

impl Expected {
    /// Whether it looks at what a verb has answered, which stays what it is.
    pub fn is_answered(&self) -> bool {
        self.contact.is_some() || self.may.is_some() || self.agenda.is_some()
    }
}

/// What a record's care team proposes to the roster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSeen {
    /// The organisation whose record it is.
    pub of: Option<String>,
    /// Whom it adds.
    #[serde(default)]
    pub adds: Vec<String>,
    /// Whose participation it ends.
    #[serde(default)]
    pub ends: Vec<String>,
}

/// The error with which something must be refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The error's code.
    pub code: String,
    /// The code of one of its reasons.
    pub reason: Option<String>,
}
