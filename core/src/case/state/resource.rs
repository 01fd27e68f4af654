//! What of a case's state is a resource of a record, and how sensitive it is.

use crate::case::event::EventKey;
use crate::case::state::CaseState;
use crate::id::{EventId, OrganizationId, Sha256};
use crate::label::Labels;

/// What of a case is written into a record as one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Resource {
    /// The Task of the question whether one may reach out, by its `outreach.asked`.
    Ask(EventKey),
    /// The CareTeam: the case and its roster.
    CareTeam,
    /// The Consent that this `consent.recorded` opened.
    Consent(EventKey),
    /// The Encounter or the Communication of a contact with the member, an attempt, or a follow-up after a stay.
    Contact(EventKey),
    /// The Communication of a copy of a care plan that was given to somebody.
    Copy(EventKey),
    /// The Task of what is to go across to this organisation.
    Crossing(OrganizationId),
    /// The EpisodeOfCare: where the member stands with the programme.
    Episode,
    /// The Flag that the member must not be contacted.
    NoContact,
    /// The Task of whoever looks at what this event told in an emergency.
    Override(EventKey),
    /// The CarePlan that this `plan.sent` opened.
    Plan(EventId),
    /// The DocumentReference of the scan that this `plan.signed` brought.
    Scan(EventKey),
    /// The Encounter of a stay, by the stay's id.
    Stay(Sha256),
    /// The Appointment of a joint visit.
    Visit(EventKey),
    /// The Communication of a message.
    Message(EventKey),
    /// The ServiceRequest and the Task of a referral, by its `referral.asked`, or by its room's opening.
    Referral(EventKey),
    /// The Task that this `task.assigned` opened.
    Task(EventKey),
    /// The Communication of a concern.
    Concern(EventKey),
    /// The Communication of an answer, to a concern or to everybody.
    Answer(EventKey),
    /// The DocumentReference of an agreement, by its `agreement.proposed`.
    Agreement(EventKey),
    /// The Appointment of a meeting of a pair.
    Meeting(EventKey),
}

impl CaseState {
    /// How sensitive an event is: what it says itself, and what follows from who said it.
    pub fn labels_of(&self, key: &EventKey) -> Option<&Labels> {
        self.labels.get(key).map(|(labels, _)| labels)
    }

    /// How sensitive a resource is: as sensitive as what shaped it.
    pub fn labels(&self, resource: &Resource) -> Labels {
        let shaping = self.shaping.get(resource).into_iter().flatten();
        shaping.filter_map(|key| self.labels_of(key)).flatten().copied().collect()
    }

    /// Whether something that shaped a resource is known as a stub only: then this device never writes it.
    pub fn holds_stubs_for(&self, resource: &Resource) -> bool {
        self.stubs.contains(resource)
    }
}
