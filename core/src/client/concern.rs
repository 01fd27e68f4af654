//! Concerns, as the host works with them: raised, heard, answered, closed, reopened, and found again.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::agreement::Agreement;
use crate::case::event::{EventData, EventKey};
use crate::case::kind::RoomKind;
use crate::client::{Case, Caseline};
use crate::commands::Command;
use crate::communication::Priority;
use crate::concern::check::{self, DataKind, Found};
use crate::concern::{
    self, AnswerPublished, AnsweredConcern, ConcernAnswered, ConcernClosed, ConcernHeard, ConcernRaised,
    ConcernReopened, ConcernState, ConcernTopic,
};
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::id::{CaseId, EventId, OrganizationId};
use crate::member::Member;
use crate::policy::Reason;

/// The longest title of a concern, in bytes: it is told again with every step.
const TITLE_LIMIT: usize = 512;
/// The longest text, in bytes: it travels twice, in the block and in what any client shows.
const TEXT_LIMIT: usize = 12 * 1024;

/// A concern to raise.
///
/// ```no_run
/// # fn f(room: &caseline::Case) -> caseline::Result<()> {
/// use caseline::Concern;
/// use caseline::concern::ConcernTopic;
///
/// let concern = Concern::new("Assignment lists come late", "Since March they come two weeks after the month began.");
/// room.raise_concern(None, concern.topic(ConcernTopic::Enrolment))?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Concern {
    title: String,
    text: String,
    topic: ConcernTopic,
    priority: Priority,
    about: Vec<OrganizationId>,
    names_confirmed: bool,
}

impl std::fmt::Debug for Concern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Concern(…)")
    }
}

impl Concern {
    /// A concern: what it is in a few words, and what it is.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            topic: ConcernTopic::Other,
            priority: Priority::Routine,
            about: Vec::new(),
            names_confirmed: false,
        }
    }

    /// The same, about this.
    #[must_use]
    pub fn topic(mut self, topic: ConcernTopic) -> Self {
        self.topic = topic;
        self
    }

    /// The same, with a priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// The same, about these organisations of the directory, beside one's own: it is then on one's own agenda of a meeting with them.
    #[must_use]
    pub fn about(mut self, organizations: impl IntoIterator<Item = OrganizationId>) -> Self {
        self.about = organizations.into_iter().collect();
        self
    }

    /// The same, once a person has said that no member is meant by a name in it.
    #[must_use]
    pub fn names_confirmed(mut self, confirmed: bool) -> Self {
        self.names_confirmed = confirmed;
        self
    }
}

/// An answer to a concern.
#[derive(Clone)]
pub struct Answer {
    text: String,
    shared_as: Option<String>,
    names_confirmed: bool,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(…)")
    }
}

impl Answer {
    /// An answer that says this.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), shared_as: None, names_confirmed: false }
    }

    /// The same, told every organisation that has a room with the office, as the answer to this question: it is not said who asked,
    /// so word it for everybody.
    #[must_use]
    pub fn shared_as(mut self, question: impl Into<String>) -> Self {
        self.shared_as = Some(question.into());
        self
    }

    /// The same, once a person has said that no member is meant by a name in it.
    #[must_use]
    pub fn names_confirmed(mut self, confirmed: bool) -> Self {
        self.names_confirmed = confirmed;
        self
    }
}

impl Case {
    /// The concerns of a programme room, in the order in which they were raised, each with every step that was taken.
    pub fn concerns(&self) -> Result<Vec<ConcernState>> {
        Ok(self.state()?.concerns.all().iter().map(|one| ConcernState::clone(one)).collect())
    }

    /// Brings something to the programme office.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-title`, `invalid-text`; `concern-member-data` where something looks like member data, with the field and the
    /// place in it, as in `text[12..24]`: take it out; `concern-name` where a word is the name of a member or of somebody of theirs: show
    /// it, and repeat with [`Concern::names_confirmed`] where nobody is meant. `NotFound` (`organization`: one that it is about is not in
    /// the directory). `NotAllowed` (`concern-not-organization`, `concern-too-many`, `concern-about`, `room-kind` in a room of another
    /// kind), besides the errors of every command.
    pub fn raise_concern(&self, id: Option<EventId>, concern: Concern) -> Result<EventKey> {
        said(&concern.title, TITLE_LIMIT, "invalid-title", "title")?;
        said(&concern.text, TEXT_LIMIT, "invalid-text", "text")?;
        let directory = self.caseline().engine.directory();
        if concern.about.iter().any(|id| directory.organization(id).is_none()) {
            return Err(Error::NotFound { what: "organization" });
        }
        let raised = ConcernRaised {
            title: concern.title,
            text: concern.text,
            topic: concern.topic,
            priority: concern.priority,
            about: concern.about,
            member_data: false,
        };
        self.speak(id, raised, concern.names_confirmed)
    }

    /// Says that the office has heard a concern, and will answer.
    ///
    /// # Errors
    /// `NotAllowed` (`concern-not-office`, `concern-heard`, `concern-closed`, `concern-unknown`), besides the errors of every command.
    pub fn hear_concern(&self, id: Option<EventId>, concern: EventId) -> Result<EventKey> {
        self.command(&Command::new(id, ConcernHeard { concern }))
    }

    /// Answers a concern; repeated under its id, what is told every organisation is told once.
    ///
    /// # Errors
    /// As [`Case::raise_concern`] for the text; `NotAllowed` (`concern-not-office`, `concern-answered` until it is reopened, `concern-closed`,
    /// `concern-unknown`), besides the errors of every command.
    pub fn answer_concern(&self, id: Option<EventId>, concern: EventId, answer: Answer) -> Result<EventKey> {
        said(&answer.text, TEXT_LIMIT, "invalid-text", "text")?;
        if let Some(question) = &answer.shared_as {
            said(question, TITLE_LIMIT, "invalid-title", "shared_as")?;
        }
        let answered =
            ConcernAnswered { concern, text: answer.text, shared_as: answer.shared_as, member_data: false };
        self.speak(id, answered, answer.names_confirmed)
    }

    /// Closes a concern: it was answered, or needs no answer any more.
    ///
    /// # Errors
    /// `NotAllowed` (`concern-not-organization`, `concern-closed`, `concern-unknown`), besides the errors of every command.
    pub fn close_concern(&self, id: Option<EventId>, concern: EventId) -> Result<EventKey> {
        self.command(&Command::new(id, ConcernClosed { concern }))
    }

    /// Opens a concern again that was answered or closed: its clocks run anew.
    ///
    /// # Errors
    /// As [`Case::raise_concern`] for the text (`why`); `NotAllowed` (`concern-not-organization`, `concern-open`,
    /// `concern-unknown`), besides the errors of every command.
    pub fn reopen_concern(
        &self,
        id: Option<EventId>,
        concern: EventId,
        why: &str,
        names_confirmed: bool,
    ) -> Result<EventKey> {
        said(why, TEXT_LIMIT, "invalid-text", "why")?;
        let reopened = ConcernReopened { concern, why: why.to_owned(), member_data: false };
        self.speak(id, reopened, names_confirmed)
    }

    /// Checks what would be said, and says it.
    pub(super) fn speak(
        &self,
        id: Option<EventId>,
        data: impl Into<EventData>,
        names_confirmed: bool,
    ) -> Result<EventKey> {
        let data = data.into();
        // Repeated, it was looked at when it was said first: who has become known since is no reason to refuse it.
        let engine = &self.caseline().engine;
        let repeated = id.map(|id| engine.db.outbox_fate(id)).transpose()?.flatten().is_some();
        if !repeated && self.kind()?.is_without_members() {
            for (field, text) in concern::texts(&data).map(|(texts, _)| texts).unwrap_or_default() {
                self.without_member_data(field, text, names_confirmed)?;
            }
        }
        self.command(&Command::new(id, data))
    }

    /// Refuses a text that has no place in a room without member data.
    pub(super) fn without_member_data(
        &self,
        field: &'static str,
        text: &str,
        names_confirmed: bool,
    ) -> Result<()> {
        let engine = &self.caseline().engine;
        let found = engine.known_people()?.look(text, engine.today(), !names_confirmed);
        found.first().map_or(Ok(()), |first| Err(first.refusal(field).into()))
    }
}

impl Caseline {
    /// What of a text looks like member data, before it is said in a programme room: each with its kind, and its place in
    /// characters. A [`check::DataKind::Name`] is to be asked about; everything else is to be taken out.
    pub fn check_concern(&self, text: &str) -> Result<Vec<Found>> {
        Ok(self.engine.known_people()?.look(text, self.engine.today(), true))
    }

    /// What was answered in the programme rooms of this account, to its own concerns and to everybody: what has each word of the
    /// query, or everything where there is none. The newest first; an answer that came by several rooms once.
    pub fn answered_concerns(&self, query: &str) -> Result<Vec<AnsweredConcern>> {
        let mut found = Vec::new();
        for room in self.rooms(RoomKind::Programme)? {
            found.extend(concern::answered(&room.state()?));
        }
        found.retain(|one| concern::matches(one, query));
        found.sort_by(|a, b| (b.at, &b.key).cmp(&(a.at, &a.key)));
        let mut seen = BTreeSet::new();
        found.retain(|one| seen.insert((one.question.clone(), one.answer.clone())));
        Ok(found)
    }
}

impl Engine {
    /// Refuses an agreement that names a member, before it is proposed: staff and their telephones belong in it, so that of the whole
    /// text only the numbers and whole names of known members are looked for, but for those who are staff of the two; and of its title
    /// and version what has the form of member data, too.
    pub(crate) fn agreement_without_member_data(&self, agreement: &Agreement, text: &str) -> Result<()> {
        let (known, today) = (self.known_people()?, self.today());
        let mut found: Vec<(&str, Found)> =
            check::formats(&agreement.title, today).into_iter().map(|one| ("title", one)).collect();
        // A version may be a day.
        let version = check::formats(&agreement.version, today).into_iter();
        found.extend(version.filter(|one| one.kind != DataKind::Date).map(|one| ("version", one)));
        let directory = self.directory();
        let staff: BTreeSet<&str> = directory.contacts.iter().map(|one| one.name.as_str()).collect();
        let names = known.names.iter().map(String::as_str).filter(|name| !staff.contains(name));
        let whole = check::known_numbers(text, &known.members).into_iter();
        found.extend(whole.chain(check::whole_names(text, names)).map(|one| ("text", one)));
        found.first().map_or(Ok(()), |(field, first)| Err(first.refusal(field).into()))
    }
}

/// The members, and those of theirs, whom this device knows.
pub(crate) struct KnownPeople {
    members: Vec<Member>,
    names: BTreeSet<String>,
}

impl KnownPeople {
    /// What of a text looks like member data; what is to be taken out comes before what is to be asked about.
    fn look(&self, text: &str, today: Date, ask: bool) -> Vec<Found> {
        let mut found = check::formats(text, today);
        found.extend(check::known_numbers(text, &self.members));
        found.sort();
        let mut end = 0;
        found.retain(|one| {
            let free = one.start >= end;
            end = end.max(one.end);
            free
        });
        if ask {
            found.extend(check::names(text, self.names.iter().map(String::as_str)));
        }
        found
    }
}

impl Engine {
    pub(crate) fn today(&self) -> Date {
        self.now().to_zoned(TimeZone::UTC).date()
    }

    /// The members of the cases here, and their representatives.
    pub(crate) fn known_people(&self) -> Result<KnownPeople> {
        let mut known = KnownPeople { members: Vec::new(), names: BTreeSet::new() };
        for people in self.people()? {
            known.names.extend(people.theirs);
            known.names.extend(people.member.as_ref().map(|member| member.name.clone()));
            known.members.extend(people.member);
        }
        Ok(known)
    }

    /// Why an event must not leave: it holds member data, by its form or as the number of a member who is known here by now.
    pub(crate) fn member_data_in(
        &self,
        case: CaseId,
        data: &EventData,
        body: &str,
    ) -> Result<Option<Reason>> {
        let texts = match (concern::texts(data), data) {
            (Some((texts, _)), _) => texts,
            (None, EventData::MessageSent(_) | EventData::MessageCorrected(_))
                if self.db.kind(case)? == RoomKind::Pair =>
            {
                vec![("text", body)]
            }
            _ => return Ok(None),
        };
        let known = self.known_people()?;
        for (field, text) in texts {
            if let Some(first) = known.look(text, self.today(), false).first() {
                let text =
                    format!("{}: {}", first.refusal(field).field.unwrap_or_default(), first.kind.advice());
                return Ok(Some(Reason::new("concern-member-data", text, "concern")));
            }
        }
        Ok(None)
    }

    /// Tells every organisation that has a room with the office what this device has answered for everybody, once in each room:
    /// also in one that was opened since, and after a kill in between. Where an answer has just left, `asked` is the room that it is
    /// in, and where a room has just become known, `into` is that: the others were looked at when it was their turn, and at the start.
    pub(crate) fn publish_answers(&self, asked: Option<CaseId>, into: Option<CaseId>) -> Result<()> {
        let me = self.user();
        let rooms = self.db.of_kind(RoomKind::Programme)?;
        let into: Vec<CaseId> =
            rooms.iter().copied().filter(|room| into.is_none_or(|one| one == *room)).collect();
        let rooms: Vec<CaseId> =
            rooms.into_iter().filter(|room| asked.is_none_or(|one| one == *room)).collect();
        let mut answers: Vec<(CaseId, EventId, AnswerPublished)> = Vec::new();
        for room in &rooms {
            // What has not gone out yet can still be taken out.
            let state = self.state(*room)?;
            for concern in state.concerns.all() {
                for answer in concern.answers().filter(|answer| answer.by.event.sender == me) {
                    let (Some(question), Some(text)) = (&answer.shared_as, &answer.text) else {
                        continue;
                    };
                    let topic = concern.topic;
                    let published = AnswerPublished {
                        question: question.clone(),
                        text: text.clone(),
                        topic,
                        member_data: false,
                    };
                    answers.push((*room, answer.by.event.id, published));
                }
            }
        }
        for (asked_in, answer, published) in answers {
            // Another device of this account tells what it has answered.
            if self.db.outbox_fate(answer)?.is_none() {
                continue;
            }
            for room in into.iter().filter(|room| **room != asked_in) {
                let id = EventId::derived(&["published", &answer.to_string(), &room.to_string()]);
                if self.db.outbox_fate(id)?.is_some() {
                    continue;
                }
                match self.command(*room, &Command::new(Some(id), published.clone())) {
                    // A room that is over, or that is not the office's, is told nothing.
                    Ok(_) | Err(Error::NotAllowed { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

fn said(text: &str, limit: usize, code: &'static str, field: &'static str) -> Result<()> {
    if !text.trim().is_empty() && text.len() <= limit {
        return Ok(());
    }
    let detail = if limit == TITLE_LIMIT {
        "say what it is in a few words, in 512 bytes at most"
    } else {
        "say what it is, in 12 KiB at most"
    };
    Err(InvalidInput::new(code, detail).field(field).into())
}
