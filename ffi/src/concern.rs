//! Programme rooms: what an organisation brings to the programme office, and what is answered.

use std::sync::Arc;
use std::time::SystemTime;

use caseline::concern::{self, ConcernTopic, check};
use caseline::id::OrganizationId;

use crate::case::Case;
use crate::client::Caseline;
use crate::error::{Result, parsed};
use crate::message::MessagePriority;
use crate::models::EventKey;
use crate::proposals::NamedContact;

/// What kind a room is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RoomKind {
    /// One member's case.
    Case,
    /// An organisation and the programme office: concerns, no member data.
    Programme,
    /// A plan side and a community side: their meetings and technical matters, no member data.
    Pair,
    /// A referrer and one social-service organisation: one referral, only the fields that the consent names.
    Referral,
}

impl From<RoomKind> for caseline::case::kind::RoomKind {
    fn from(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Case => Self::Case,
            RoomKind::Programme => Self::Programme,
            RoomKind::Pair => Self::Pair,
            RoomKind::Referral => Self::Referral,
        }
    }
}

/// What a concern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ConcernAbout {
    /// Contracts, and what they ask.
    Contract,
    /// Payment.
    Payment,
    /// Assignment, enrolment and eligibility.
    Enrolment,
    /// Data and reports.
    Data,
    /// How two organisations work together.
    Coordination,
    /// Technical matters.
    Technical,
    /// Something else, or what is newer than these bindings.
    Other,
}

impl From<ConcernTopic> for ConcernAbout {
    fn from(topic: ConcernTopic) -> Self {
        match topic {
            ConcernTopic::Contract => Self::Contract,
            ConcernTopic::Payment => Self::Payment,
            ConcernTopic::Enrolment => Self::Enrolment,
            ConcernTopic::Data => Self::Data,
            ConcernTopic::Coordination => Self::Coordination,
            ConcernTopic::Technical => Self::Technical,
            _ => Self::Other,
        }
    }
}

impl From<ConcernAbout> for ConcernTopic {
    fn from(topic: ConcernAbout) -> Self {
        Self::ALL.into_iter().find(|one| ConcernAbout::from(*one) == topic).unwrap_or_default()
    }
}

/// A concern of a programme room.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Concern {
    /// The id of the event that raised it: what the commands about it take.
    pub concern: String,
    /// The Matrix account that raised it.
    pub sender: String,
    /// What it is, in a few words. Empty where a handover withheld it.
    pub title: String,
    /// What it is.
    pub text: String,
    /// What it is about.
    pub topic: ConcernAbout,
    /// How urgent it is.
    pub priority: MessagePriority,
    /// The organisations that it is about, beside the one that raised it.
    pub about: Vec<String>,
    /// `raised`, `heard`, `answered` or `closed`.
    pub status: String,
    /// The contact who raised it.
    pub raised_by: String,
    /// When.
    pub raised_at: SystemTime,
    /// Every step since, in order.
    pub steps: Vec<ConcernStep>,
}

/// One step of a concern.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConcernStep {
    /// The event.
    pub key: EventKey,
    /// The contact who took the step.
    pub by: String,
    /// Their organisation.
    pub organization: String,
    /// When.
    pub at: SystemTime,
    /// `heard`, `answered`, `closed` or `reopened`.
    pub deed: String,
    /// The answer, or why it was opened again.
    pub text: Option<String>,
    /// Of an answer that every organisation is told: the question, as the office words it.
    pub shared_as: Option<String>,
}

/// What the office told every organisation.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PublishedAnswer {
    /// The event.
    pub key: EventKey,
    /// The question, as the office words it.
    pub question: String,
    /// The answer.
    pub text: String,
    /// What it is about.
    pub topic: ConcernAbout,
    /// The contact who told it.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

/// A question with its answer, found again.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct AnsweredConcern {
    /// The programme room that it stands in.
    pub case: String,
    /// The answer's event.
    pub key: EventKey,
    /// The question: the concern's title, or as the office words it for everybody.
    pub question: String,
    /// More about the question, of a concern of this room.
    pub detail: Option<String>,
    /// The answer.
    pub answer: String,
    /// What it is about.
    pub topic: ConcernAbout,
    /// The concern, where it is one of this room.
    pub concern: Option<String>,
    /// When it was answered.
    pub at: SystemTime,
}

/// Something in a text that looks like member data: what, and where, in characters of the text (Unicode scalar values).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DataFound {
    /// `member-number`, `social-security-number`, `phone`, `date`, `email`: to be taken out; `name`: to be asked about.
    pub kind: String,
    /// Its first character, counted from 0.
    pub start: u64,
    /// The first character after it.
    pub end: u64,
    /// What to do, as a sentence for a person.
    pub advice: String,
}

impl From<&concern::ConcernState> for Concern {
    fn from(concern: &concern::ConcernState) -> Self {
        Self {
            concern: concern.key.id.to_string(),
            sender: concern.key.sender.to_string(),
            title: concern.title.clone(),
            text: concern.text.clone(),
            topic: concern.topic.into(),
            priority: concern.priority.into(),
            about: concern.about.iter().map(OrganizationId::to_string).collect(),
            status: concern.status.code().to_owned(),
            raised_by: concern.raised_by.contact.to_string(),
            raised_at: concern.raised_by.at.into(),
            steps: concern.steps.iter().map(ConcernStep::from).collect(),
        }
    }
}

impl From<&concern::ConcernStep> for ConcernStep {
    fn from(step: &concern::ConcernStep) -> Self {
        Self {
            key: EventKey::from(&step.by.event),
            by: step.by.contact.to_string(),
            organization: step.by.organization.to_string(),
            at: step.by.at.into(),
            deed: step.deed.code().to_owned(),
            text: step.text.clone(),
            shared_as: step.shared_as.clone(),
        }
    }
}

impl From<&concern::PublishedAnswer> for PublishedAnswer {
    fn from(one: &concern::PublishedAnswer) -> Self {
        Self {
            key: EventKey::from(&one.key),
            question: one.question.clone(),
            text: one.text.clone(),
            topic: one.topic.into(),
            by: one.by.contact.to_string(),
            at: one.by.at.into(),
        }
    }
}

impl From<&concern::AnsweredConcern> for AnsweredConcern {
    fn from(one: &concern::AnsweredConcern) -> Self {
        Self {
            case: one.room.to_string(),
            key: EventKey::from(&one.key),
            question: one.question.clone(),
            detail: one.detail.clone(),
            answer: one.answer.clone(),
            topic: one.topic.into(),
            concern: one.concern.as_ref().map(|key| key.id.to_string()),
            at: one.at.into(),
        }
    }
}

impl From<&check::Found> for DataFound {
    fn from(found: &check::Found) -> Self {
        Self {
            kind: found.kind.code().to_owned(),
            start: found.start as u64,
            end: found.end as u64,
            advice: found.kind.advice().to_owned(),
        }
    }
}

#[uniffi::export]
impl Caseline {
    /// Opens a programme room with the programme office (for the office: with an organisation), for `contacts` of the directory of
    /// both. A given `case` is the new room's id: the same id returns the room that was opened with it.
    ///
    /// # Errors
    /// `Conflict` (`programme-room-known`), `NotFound` (`contact`, `organization`, `agreement`, `rules`), `NotAllowed`, with every
    /// reason.
    #[uniffi::method(default(contacts = [], case = None))]
    pub async fn open_programme(
        &self,
        with_organization: String,
        contacts: Vec<NamedContact>,
        case: Option<String>,
    ) -> Result<Arc<Case>> {
        let with: OrganizationId = parsed(&with_organization, "with_organization")?;
        let id = case.map(|case| parsed(&case, "case")).transpose()?;
        let mut named = Vec::new();
        for NamedContact { contact, lead } in contacts {
            named.push(caseline::Named { contact: parsed(&contact, "contacts")?, lead });
        }
        let opened = move |caseline: &caseline::Caseline| {
            let mut open = caseline::OpenProgramme::new(with, named);
            open.id = id;
            Ok(caseline.open_programme(open)?.id())
        };
        Ok(Case::new(&self.client, self.client.local(opened).await?))
    }

    /// The rooms of one kind, the oldest first.
    pub async fn rooms(&self, kind: RoomKind) -> Result<Vec<Arc<Case>>> {
        let ids = move |caseline: &caseline::Caseline| {
            Ok(caseline.rooms(kind.into())?.iter().map(caseline::Case::id).collect::<Vec<_>>())
        };
        Ok(self.client.local(ids).await?.into_iter().map(|id| Case::new(&self.client, id)).collect())
    }

    /// What of a text looks like member data, before it is said in a programme room.
    pub async fn check_concern(&self, text: String) -> Result<Vec<DataFound>> {
        let found = move |caseline: &caseline::Caseline| {
            Ok(caseline.check_concern(&text)?.iter().map(DataFound::from).collect())
        };
        self.client.local(found).await
    }

    /// What was answered in the programme rooms of this account, to its own concerns and to everybody: what has each word of the
    /// query, or everything where there is none. The newest first.
    #[uniffi::method(default(query = ""))]
    pub async fn answered_concerns(&self, query: String) -> Result<Vec<AnsweredConcern>> {
        let found = move |caseline: &caseline::Caseline| {
            Ok(caseline.answered_concerns(&query)?.iter().map(AnsweredConcern::from).collect())
        };
        self.client.local(found).await
    }
}

#[uniffi::export]
impl Case {
    /// The concerns of a programme room, in the order in which they were raised, each with every step that was taken.
    pub async fn concerns(&self) -> Result<Vec<Concern>> {
        self.local(|case| Ok(case.concerns()?.iter().map(Concern::from).collect())).await
    }

    /// What the office told every organisation in this room, in order.
    pub async fn published_answers(&self) -> Result<Vec<PublishedAnswer>> {
        self.local(|case| {
            let state = case.state()?;
            Ok(state.concerns.published().iter().map(|one| PublishedAnswer::from(&**one)).collect())
        })
        .await
    }

    /// Brings something to the programme office. `about` are organisations that it is about: it is then on one's own agenda of a meeting
    /// with them.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-title`, `invalid-text`; `concern-member-data`, its field with the place (`text[12..24]`): take it out;
    /// `concern-name`: show it, and repeat with `names_confirmed` where nobody is meant. Besides, the errors of every command.
    #[uniffi::method(default(topic = None, priority = None, about = [], names_confirmed = false, key = None))]
    #[allow(clippy::too_many_arguments, reason = "named and with defaults in every language that calls it")]
    pub async fn raise_concern(
        &self,
        title: String,
        text: String,
        topic: Option<ConcernAbout>,
        priority: Option<MessagePriority>,
        about: Vec<String>,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let about = about.iter().map(|id| parsed(id, "about")).collect::<Result<Vec<OrganizationId>>>()?;
        let mut concern = caseline::Concern::new(title, text).about(about).names_confirmed(names_confirmed);
        if let Some(topic) = topic {
            concern = concern.topic(topic.into());
        }
        if let Some(priority) = priority {
            concern = concern.priority(priority.into());
        }
        self.command(key, move |case, key| Ok(case.raise_concern(key, concern)?)).await
    }

    /// Says that the office has heard a concern, and will answer.
    #[uniffi::method(default(key = None))]
    pub async fn hear_concern(&self, concern: String, key: Option<String>) -> Result<EventKey> {
        let concern = parsed(&concern, "concern")?;
        self.command(key, move |case, key| Ok(case.hear_concern(key, concern)?)).await
    }

    /// Answers a concern; with `shared_as`, the question as everybody is to read it, every organisation that has a room with the office
    /// is told, and not who asked.
    ///
    /// # Errors
    /// As `raise_concern` for the texts, besides the errors of every command.
    #[uniffi::method(default(shared_as = None, names_confirmed = false, key = None))]
    pub async fn answer_concern(
        &self,
        concern: String,
        text: String,
        shared_as: Option<String>,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let concern = parsed(&concern, "concern")?;
        let mut answer = caseline::Answer::new(text).names_confirmed(names_confirmed);
        if let Some(question) = shared_as {
            answer = answer.shared_as(question);
        }
        self.command(key, move |case, key| Ok(case.answer_concern(key, concern, answer)?)).await
    }

    /// Closes a concern: it was answered, or needs no answer any more.
    #[uniffi::method(default(key = None))]
    pub async fn close_concern(&self, concern: String, key: Option<String>) -> Result<EventKey> {
        let concern = parsed(&concern, "concern")?;
        self.command(key, move |case, key| Ok(case.close_concern(key, concern)?)).await
    }

    /// Opens a concern again that was answered or closed: its clocks run anew.
    ///
    /// # Errors
    /// As `raise_concern` for the text, besides the errors of every command.
    #[uniffi::method(default(names_confirmed = false, key = None))]
    pub async fn reopen_concern(
        &self,
        concern: String,
        why: String,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let concern = parsed(&concern, "concern")?;
        self.command(key, move |case, key| Ok(case.reopen_concern(key, concern, &why, names_confirmed)?))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_of_a_concern_has_its_own() {
        for topic in ConcernTopic::ALL {
            assert_eq!(ConcernTopic::from(ConcernAbout::from(topic)), topic);
        }
    }
}
