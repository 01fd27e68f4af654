//! What an event discloses.

use crate::agreement::Category;
use crate::audit::Purpose;
use crate::case::event::EventData;
use crate::label::Labels;

/// What an event discloses, and for what purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disclosure {
    /// What kind of thing it is. None for a kind that this release does not know, which no agreement allows.
    pub category: Option<Category>,
    /// Whether it only ends something: a participation, or the case. That may be said at any time, so that nobody is left
    /// in a case, or a case open, because its agreement is over.
    pub ends: bool,
    /// Whether it says something of the member that a label can be about. Who takes part, what is owed, that somebody has seen or
    /// accepted something, and the consents themselves are not of that kind.
    pub content: bool,
    /// Its security labels (v3-Confidentiality, v3-ActCode).
    pub labels: Labels,
    /// Why it is disclosed.
    pub purpose: Purpose,
}

impl EventData {
    /// What the event discloses.
    pub fn disclosure(&self) -> Disclosure {
        let content = self.has_content();
        let (category, ends) = match self {
            Self::CaseOpened(_)
            | Self::ProgrammeOpened(_)
            | Self::PairOpened(_)
            | Self::CaseAccepted(_)
            | Self::CaseReopened(_)
            | Self::SeatAdded(_)
            | Self::TeamProposed(_)
            | Self::TeamDeclined(_) => (Some(Category::Roster), false),
            Self::CaseClosed(_) | Self::SeatEnded(_) => (Some(Category::Roster), true),
            Self::MessageSent(_)
            | Self::MessageCorrected(_)
            | Self::MessageRetracted(_)
            | Self::MessageSeen(_)
            // Arranging to meet says nothing of a member: it is what people write to each other.
            | Self::AgreementProposed(_)
            | Self::AgreementAccepted(_)
            | Self::AgreementDeclined(_)
            | Self::AgreementWithdrawn(_)
            | Self::MeetingSet(_)
            | Self::MeetingPrepared(_)
            | Self::MeetingBrought(_)
            | Self::MeetingAnswered(_)
            | Self::MeetingMoved(_)
            | Self::MeetingCancelled(_)
            | Self::MeetingHeld(_)
            | Self::MeetingDecided(_)
            | Self::MeetingUndone(_)
            | Self::MeetingDropped(_)
            // It tells the own side of what was said to the other.
            | Self::CrossingCarried(_) => (Some(Category::Message), false),
            Self::PlanSent(_)
            | Self::PlanAcknowledged(_)
            | Self::PlanApproved(_)
            | Self::PlanReturned(_)
            | Self::PlanChanged(_)
            | Self::PlanSigned(_)
            | Self::PlanCopied(_)
            | Self::PlanApprovedInHouse(_) => (Some(Category::CarePlan), false),
            Self::AlertRaised(_)
            | Self::VisitProposed(_)
            | Self::VisitAnswered(_)
            | Self::FollowUpDone(_) => (Some(Category::Alert), false),
            Self::TaskAssigned(_)
            | Self::TaskClaimed(_)
            | Self::TaskAccepted(_)
            | Self::TaskDeclined(_)
            | Self::TaskHandedOver(_)
            | Self::TaskCompleted(_)
            | Self::TaskCancelled(_) => (Some(Category::Task), false),
            Self::ContactRecorded(_)
            | Self::ContactWithdrawn(_)
            | Self::ContactProhibited(_)
            | Self::ContactPermitted(_)
            | Self::OutreachAsked(_)
            | Self::OutreachGranted(_)
            | Self::OutreachRefused(_)
            | Self::StageReached(_) => (Some(Category::Outreach), false),
            Self::ConsentRecorded(_) | Self::OverrideReviewed(_) => (Some(Category::Consent), false),
            // What the member takes back is taken back whatever else was settled.
            Self::ConsentRevoked(_) => (Some(Category::Consent), true),
            Self::ConcernRaised(_)
            | Self::ConcernHeard(_)
            | Self::ConcernAnswered(_)
            | Self::ConcernClosed(_)
            | Self::ConcernReopened(_)
            | Self::AnswerPublished(_) => (Some(Category::Concern), false),
            Self::ReferralAsked(_)
            | Self::ReferralSent(_)
            | Self::ReferralTold(_)
            | Self::ReferralWithdrawn(_)
            | Self::ReferralOpened(_)
            | Self::ReferralCapacityAsked(_)
            | Self::ReferralCapacity(_)
            | Self::ReferralAccepted(_)
            | Self::ReferralDeclined(_)
            | Self::ReferralSubReferred(_)
            | Self::ReferralOutcome(_)
            | Self::ReferralClosed(_) => (Some(Category::Referral), false),
            // Whoever is to stop is told so, whatever has ended.
            Self::ReferralCancelled(_) => (Some(Category::Referral), true),
            Self::RungPosted(_) => (Some(Category::Reminder), false),
            Self::Handover(_) => (Some(Category::Handover), false),
            Self::Unknown { .. } => (None, false),
        };
        Disclosure { category, ends, content, labels: Labels::new(), purpose: Purpose::Coordination }
    }

    /// Whether it says something of the member that a label can be about. Of one kind it is always the same, so that whoever
    /// holds the event in part only knows it too.
    pub(crate) fn has_content(&self) -> bool {
        !matches!(
            self,
            Self::CaseOpened(_)
                | Self::ProgrammeOpened(_)
                | Self::PairOpened(_)
                | Self::AgreementProposed(_)
                | Self::AgreementAccepted(_)
                | Self::AgreementDeclined(_)
                | Self::AgreementWithdrawn(_)
                | Self::MeetingSet(_)
                | Self::MeetingPrepared(_)
                | Self::MeetingBrought(_)
                | Self::MeetingAnswered(_)
                | Self::MeetingMoved(_)
                | Self::MeetingCancelled(_)
                | Self::MeetingHeld(_)
                | Self::MeetingDecided(_)
                | Self::MeetingUndone(_)
                | Self::MeetingDropped(_)
                // A concern that says something of a member is refused.
                | Self::ConcernRaised(_)
                | Self::ConcernHeard(_)
                | Self::ConcernAnswered(_)
                | Self::ConcernClosed(_)
                | Self::ConcernReopened(_)
                | Self::AnswerPublished(_)
                // A referral's room stands under one consent as a whole, which is asked before whatever goes into it.
                | Self::ReferralOpened(_)
                | Self::ReferralCapacityAsked(_)
                | Self::ReferralCapacity(_)
                | Self::ReferralAccepted(_)
                | Self::ReferralDeclined(_)
                | Self::ReferralSubReferred(_)
                | Self::ReferralOutcome(_)
                | Self::ReferralClosed(_)
                | Self::ReferralCancelled(_)
                | Self::CaseAccepted(_)
                | Self::CaseClosed(_)
                | Self::SeatAdded(_)
                | Self::SeatEnded(_)
                | Self::TeamProposed(_)
                | Self::TeamDeclined(_)
                | Self::MessageSeen(_)
                | Self::MessageRetracted(_)
                | Self::PlanAcknowledged(_)
                | Self::PlanApproved(_)
                | Self::PlanApprovedInHouse(_)
                | Self::PlanChanged(_)
                | Self::PlanCopied(_)
                | Self::TaskClaimed(_)
                | Self::TaskAccepted(_)
                | Self::ConsentRecorded(_)
                | Self::ConsentRevoked(_)
                | Self::OverrideReviewed(_)
                | Self::RungPosted(_)
                | Self::Handover(_)
        )
    }
}
