//! What of a case is sensitive because of what it follows.

use std::borrow::Cow;

use crate::case::event::{EventData, EventKey};
use crate::case::roster::room_user;
use crate::case::state::{CaseState, Resource};
use crate::contact::Seat;
use crate::label::{Labels, are_sensitive};
use crate::referral::referral_of;
use crate::task::Tasks;

impl CaseState {
    /// The labels of what an event follows: the message that it corrects, and the plan, the stay, the visit, the referral or the task that it is a
    /// step of, or takes across. What is said of something labelled tells it again, or could.
    #[cfg_attr(not(feature = "store"), allow(dead_code))]
    pub(crate) fn labels_followed(&self, data: &EventData, by: &Seat) -> Labels {
        if let EventData::CrossingCarried(carried) = data {
            let of = |key: &EventKey| self.labels(&Resource::Referral(key.clone()));
            return carried.referrals(self).flat_map(of).collect();
        }
        let resource = match data {
            EventData::MessageCorrected(corrected) => {
                let Some(sender) = room_user(by).cloned() else { return Labels::new() };
                let key = EventKey { sender, id: corrected.message };
                return self.labels_of(&key).cloned().unwrap_or_default();
            }
            // That a referral is over is said without a word of what it was, and has to be said once no consent holds any more.
            EventData::ReferralTold(told) if told.step.ends() && told.text.is_empty() => {
                return Labels::new();
            }
            EventData::ContactWithdrawn(withdrawn) => Resource::Contact(withdrawn.contact.clone()),
            EventData::PlanReturned(returned) => Resource::Plan(returned.plan),
            EventData::PlanSigned(signed) => Resource::Plan(signed.plan),
            EventData::AlertRaised(raised) => Resource::Stay(raised.stay.id()),
            EventData::VisitProposed(proposed) => Resource::Stay(proposed.stay),
            EventData::FollowUpDone(done) => Resource::Stay(done.stay),
            EventData::VisitAnswered(answered) => Resource::Visit(answered.visit.clone()),
            data => match task_of(data) {
                Some(task) => Resource::Task(task.clone()),
                None => match referral_of(data) {
                    Some(referral) => Resource::Referral(referral.clone()),
                    None => return Labels::new(),
                },
            },
        };
        self.labels(&resource)
    }

    /// The tasks by whose titles an event is told: none where its own is sensitive. Who takes a task says nothing of the member, and
    /// does not repeat what needs a consent.
    pub(crate) fn told_tasks(&self, data: &EventData) -> Cow<'_, Tasks> {
        let sensitive = task_of(data).is_some_and(|task| self.is_sensitive(&Resource::Task(task.clone())));
        if sensitive { Cow::Owned(Tasks::default()) } else { Cow::Borrowed(&self.tasks) }
    }

    /// Whether a resource is of a category that is told only as a consent lets it be.
    pub(crate) fn is_sensitive(&self, resource: &Resource) -> bool {
        are_sensitive(&self.labels(resource))
    }
}

/// The task that an event is a step of.
fn task_of(data: &EventData) -> Option<&EventKey> {
    match data {
        EventData::TaskClaimed(event) => Some(&event.task),
        EventData::TaskAccepted(event) => Some(&event.task),
        EventData::TaskDeclined(event) => Some(&event.task),
        EventData::TaskHandedOver(event) => Some(&event.task),
        EventData::TaskCompleted(event) => Some(&event.task),
        EventData::TaskCancelled(event) => Some(&event.task),
        _ => None,
    }
}
