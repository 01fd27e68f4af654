//! One case, as the host works with it.

use jiff::civil::Date;

use crate::care_team::{TeamDeclined, Whom};
use crate::case::event::{Block, Content, EventData, EventKey, HeldBody};
use crate::case::kind::RoomKind;
use crate::case::life::{CaseClosed, CloseReason, SeatAdded, SeatEnded};
use crate::case::state::CaseState;
use crate::client::Caseline;
use crate::commands::Command;
use crate::communication::{
    MOST_SEEN, MessageCorrected, MessageRetracted, MessageSeen, MessageSent, Priority,
};
use crate::contact::{Contact, Seat};
use crate::directory::ambiguous;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::is_id;
use crate::id::{CaseId, ContactId, EventId, OrganizationId};
use crate::label::{Labels, Marks};
use crate::policy::Reason;
use crate::ports::PortError;
use crate::store::cases::bind;
use crate::store::outbox::Item;

mod comparing;
mod completing;
mod consent;
mod crossing;
mod deciding;
mod meeting;
mod no_contact;
mod outreach;
mod plan;
mod scan;

pub use comparing::{PlanComparison, PlanVersion};

pub use meeting::{BringPoint, RoomAgenda, SetMeeting};

/// The longest text of a message, in bytes, where no character of it needs more than its own in JSON: it travels once.
const TEXT_LIMIT: usize = 32 * 1024;
/// The longest text of what to change, in bytes: it travels twice, in the block and in what any client shows.
const CHANGES_LIMIT: usize = 16 * 1024;

/// A message to send.
#[derive(Clone, Default)]
pub struct Message {
    text: String,
    priority: Priority,
    in_reply_to: Option<EventKey>,
    names_confirmed: bool,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message(…)")
    }
}

impl Message {
    /// A message that says this.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same, with words before what it says. What says nothing goes on saying nothing.
    pub(super) fn after(mut self, said: &str) -> Self {
        if !self.text.trim().is_empty() {
            self.text = format!("{said} {}", self.text);
        }
        self
    }

    /// The same, with a priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// The same, as an answer.
    #[must_use]
    pub fn in_reply_to(mut self, message: EventKey) -> Self {
        self.in_reply_to = Some(message);
        self
    }

    /// The same, once a person has said that no member is meant by a name in it: it is asked in a pair's room only.
    #[must_use]
    pub fn names_confirmed(mut self, confirmed: bool) -> Self {
        self.names_confirmed = confirmed;
        self
    }
}

/// A case, or a room of another kind: what does not belong to its kind is refused (`room-kind`). Every command takes an optional id for its event: the same id with the same content returns the first answer,
/// so that a retry after a crash is safe; with other content it is a `Conflict`. What a command returns is on disk: it goes
/// out in its turn, whatever happens.
///
/// Commands fail with `NotAllowed`, with every reason, where the case's state, its roster or its agreement does not allow
/// them.
#[derive(Debug, Clone)]
pub struct Case {
    caseline: Caseline,
    id: CaseId,
    /// How sensitive whatever is said through this handle is.
    marks: Marks,
}

impl Case {
    pub(super) fn new(caseline: Caseline, id: CaseId) -> Self {
        Self { caseline, id, marks: Marks::default() }
    }

    /// The client that the case belongs to.
    pub fn caseline(&self) -> &Caseline {
        &self.caseline
    }

    /// The case's id.
    pub fn id(&self) -> CaseId {
        self.id
    }

    /// Of what kind the room is.
    pub fn kind(&self) -> Result<RoomKind> {
        self.caseline.engine.db.kind(self.id)
    }

    /// What the case's events have come to.
    pub fn state(&self) -> Result<CaseState> {
        self.caseline.engine.state(self.id)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// `InvalidInput`: `empty-message`, `message-too-long`; in a pair's room `concern-member-data` and `concern-name`, as in
    /// [`raise_concern`](Case::raise_concern). The errors of every command.
    pub fn send(&self, id: Option<EventId>, message: Message) -> Result<EventKey> {
        if message.text.trim().is_empty() {
            return Err(InvalidInput::new("empty-message", "a message needs a text").field("text").into());
        }
        if message.text.len() > TEXT_LIMIT {
            let detail = "a message has 32 KiB at most: send a longer text as a document";
            return Err(InvalidInput::new("message-too-long", detail).field("text").into());
        }
        if self.kind()? == RoomKind::Pair {
            self.without_member_data("text", &message.text, message.names_confirmed)?;
        }
        let sent = MessageSent { priority: message.priority, in_reply_to: message.in_reply_to };
        let mut command = Command::new(id, sent);
        command.text = Some(message.text);
        self.command(&command)
    }

    /// Says a message of one's own anew: the old one stays to be read, as entered in error, and the new one is in response to it.
    pub fn correct(&self, id: Option<EventId>, message: EventId, text: &str) -> Result<EventKey> {
        if text.trim().is_empty() || text.len() > CHANGES_LIMIT {
            let detail = "say what the message should say, in 16 KiB at most";
            return Err(InvalidInput::new("invalid-correction", detail).field("text").into());
        }
        if self.kind()? == RoomKind::Pair {
            // A name is asked about where the message is first said.
            self.without_member_data("text", text, true)?;
        }
        self.command(&Command::new(id, MessageCorrected { message, text: text.to_owned() }))
    }

    /// Takes a message of one's own back: it stays to be read, as entered in error.
    pub fn retract(&self, id: Option<EventId>, message: EventId) -> Result<EventKey> {
        self.command(&Command::new(id, MessageRetracted { message }))
    }

    /// Says that messages of others were read, all up to this one of those that were not yet: what a person has in front of
    /// them. Nothing is said where there is no news; then nothing is returned. What is more than 64 messages is said in several
    /// events, of which the last is returned.
    pub fn seen(&self, up_to: &EventKey) -> Result<Option<EventKey>> {
        let state = self.expected()?;
        let last = state.messages.iter().position(|message| message.key == *up_to);
        let last = last.ok_or(Error::NotFound { what: "message" })?;
        let me = self.caseline.user();
        let Some(seat) = state.roster().seat_of(&me) else { return Ok(None) };
        let unread = |message: &&crate::communication::Message| {
            let mine =
                message.from.id == seat.contact.id && message.from.organization == seat.contact.organization;
            let seen = message.seen.iter().any(|one| one.is_by(&seat.contact));
            !mine && !seen
        };
        let messages = state.messages.iter().take(last + 1).filter(unread);
        let messages: Vec<EventKey> = messages.map(|message| message.key.clone()).collect();
        let mut said = None;
        for messages in messages.chunks(MOST_SEEN) {
            said = Some(self.command(&Command::new(None, MessageSeen { messages: messages.to_vec() }))?);
        }
        Ok(said)
    }

    /// Names somebody for the case: they are invited, and what came before is handed over to them.
    pub fn name_seat(&self, id: Option<EventId>, seat: Seat) -> Result<EventKey> {
        let user = seat.contact.user.clone();
        let mut command = Command::new(id, SeatAdded { seat });
        if let Some(user) = user {
            command.then = vec![Item::Invite(user.clone()), Item::HandOver(user)];
        }
        self.command(&command)
    }

    /// Names a contact of our directory for the case, by their id. Who works for several organisations is named for one of them.
    ///
    /// # Errors
    /// `NotFound` (`contact`), `InvalidInput` (`ambiguous-contact`, field `organization`), besides the errors of every command.
    pub fn name_contact(
        &self,
        id: Option<EventId>,
        contact: &ContactId,
        organization: Option<&OrganizationId>,
        lead: bool,
    ) -> Result<EventKey> {
        // Repeated: whom it named at first, whatever the directory says of them by now.
        if let Some(id) = id
            && let Some(EventData::SeatAdded(SeatAdded { seat })) = self.said_first(id)?
            && (seat.contact.id == *contact && seat.lead == lead)
            && organization.is_none_or(|organization| seat.contact.organization == *organization)
        {
            return self.name_seat(Some(id), seat);
        }
        let contact = self.caseline.directory().contact(contact, organization)?.clone();
        self.name_seat(id, Seat { contact, lead })
    }

    /// Ends somebody's participation, or one's own. Until they are out of the room, nothing is sent. The organisation may be left
    /// out for somebody who has one seat in the case.
    ///
    /// # Errors
    /// `NotFound` (`seat`), `InvalidInput` (`ambiguous-contact`, field `organization`), besides the errors of every command.
    pub fn end_seat(
        &self,
        id: Option<EventId>,
        contact: ContactId,
        organization: impl Into<Option<OrganizationId>>,
    ) -> Result<EventKey> {
        let organization = match organization.into() {
            Some(organization) => organization,
            None => self.organization_of_seat(id, &contact)?,
        };
        self.command(&Command::new(id, SeatEnded { contact, organization }))
    }

    /// Takes up what a record's CareTeam proposes, as far as it is about one's own organisation: names whom it names, ends the
    /// participation of whom it no longer names. Whom it adds of another organisation, a lead of theirs names. Who is named, and
    /// by which Matrix account, is as our own directory has it, never as the proposal says.
    ///
    /// # Errors
    /// `NotFound` (`proposal`; `contact` where our directory does not know somebody, then nobody is named), `NotAllowed`
    /// (`team-proposal-declined`, `team-proposal-settled`), besides the errors of every command.
    pub fn take_up_team_proposal(&self, proposal: EventId) -> Result<()> {
        let state = self.expected()?;
        let found = state.team_proposals.get(proposal).ok_or(Error::NotFound { what: "proposal" })?;
        found.undecided().map_err(Error::not_allowed)?;
        let me = self.caseline.user();
        let own = state.roster().seat_of(&me).map(|seat| &seat.contact.organization);
        let own = |whom: &&Whom| own == Some(&whom.organization);
        let directory = self.caseline.directory();
        let known = |whom: &Whom| directory.contact(&whom.contact, Some(&whom.organization)).cloned();
        let named = found.to_name().iter().filter(own).map(known).collect::<Result<Vec<Contact>>>()?;
        for contact in named {
            self.name_seat(None, Seat { contact, lead: false })?;
        }
        for whom in found.to_end().iter().filter(own) {
            self.end_seat(None, whom.contact.clone(), whom.organization.clone())?;
        }
        Ok(())
    }

    /// Leaves the roster as it is.
    pub fn decline_team_proposal(&self, id: Option<EventId>, proposal: EventId) -> Result<EventKey> {
        self.command(&Command::new(id, TeamDeclined { proposal }))
    }

    /// Closes the case.
    pub fn close(&self, id: Option<EventId>, reason: CloseReason) -> Result<EventKey> {
        self.command(&Command::new(id, CaseClosed { reason, continued_in: None }))
    }

    /// The Patient of our own record that the case is bound to, or the one that a person has to confirm.
    pub fn patient(&self) -> Result<(Option<String>, Option<String>)> {
        let row = self.caseline.engine.case_row(self.id)?;
        Ok((row.patient, row.proposed_patient))
    }

    /// Binds the case to a Patient of our own record (`Patient/id`), as a person has confirmed.
    ///
    /// # Errors
    /// `NotAllowed` (`room-kind`) in a room that is no case; `InvalidInput` (`invalid-patient`, field `patient`); `NotFound` (`patient`) where the record says that it has no such.
    pub async fn confirm_patient(&self, patient: &str) -> Result<()> {
        let id = patient.strip_prefix("Patient/").filter(|id| is_id(id));
        let id = id.ok_or_else(|| {
            let detail = "name a Patient of your own record: Patient/ and its id";
            InvalidInput::new("invalid-patient", detail).field("patient")
        })?;
        let engine = &self.caseline.engine;
        if engine.db.kind(self.id)? != RoomKind::Case {
            let text = "this room is about no member: nothing of a record is bound to it";
            return Err(Error::not_allowed(Reason::new("room-kind", text, "room")));
        }
        // One that does not answer now may be asked for what the case writes later.
        if let Some(record) = &engine.record
            && matches!(record.read("Patient", id).await, Err(PortError::NotFound))
        {
            return Err(Error::NotFound { what: "patient" });
        }
        engine.db.write(|t| bind(t, self.id, Some(patient), None))?;
        engine.case_changed(self.id)
    }

    /// For whom somebody has a seat, where it is the only one of theirs.
    /// Refuses a day that has not come yet, by the agreement's zone, as the fold refuses one that can have come nowhere: it does not know
    /// where its sender is. What was accepted under this id before is not judged anew.
    pub(super) fn has_come(
        &self,
        id: Option<EventId>,
        day: Date,
        code: &'static str,
        source: &'static str,
    ) -> Result<()> {
        if self.is_repeated(id)? {
            return Ok(());
        }
        let state = self.expected()?;
        let zone = state.opening().map_or(jiff::tz::TimeZone::UTC, |opening| opening.agreement.zone.clone());
        if day <= self.caseline.engine.now().to_zoned(zone).date() {
            return Ok(());
        }
        let text = "that day has not come yet: say when it was";
        Err(Error::not_allowed(Reason::new(code, text, source)))
    }

    /// Whether something was accepted under this id before.
    pub(super) fn is_repeated(&self, id: Option<EventId>) -> Result<bool> {
        let fate = id.map(|id| self.caseline.engine.db.outbox_fate(id)).transpose()?;
        Ok(fate.flatten().is_some())
    }

    fn organization_of_seat(&self, id: Option<EventId>, contact: &ContactId) -> Result<OrganizationId> {
        let state = self.expected()?;
        let me = self.caseline.user();
        let places = || state.roster().all().iter().filter(|place| place.seat.contact.id == *contact);
        // Repeated: the seat that its first attempt ended.
        let ended = places().find(|place| {
            place.ended.as_ref().is_some_and(|ended| ended.sender == me && Some(ended.id) == id)
        });
        let active = places().filter(|place| place.ended.is_none());
        let mut seats = ended.into_iter().chain(active.filter(|_| ended.is_none()));
        let seat = seats.next().ok_or(Error::NotFound { what: "seat" })?;
        if seats.next().is_some() {
            return Err(ambiguous().into());
        }
        Ok(seat.seat.contact.organization.clone())
    }

    /// What was said under this id before, by this account: a repeated command is answered as it was then.
    pub(super) fn said_first(&self, id: EventId) -> Result<Option<EventData>> {
        let key = EventKey { sender: self.caseline.user(), id };
        self.caseline.engine.with_expected(self.id, |fold| match &fold.counting(&key)?.body {
            HeldBody::Whole(Content { block: Block::Event(event), .. }) => Some(event.data.clone()),
            _ => None,
        })
    }

    /// How sensitive what is said through this handle will be.
    pub(super) fn labels_said(&self, state: &CaseState) -> Result<Labels> {
        self.marks.check()?;
        let seat = state.roster().seat_of(&self.caseline.user());
        Ok(match (seat, state.opening()) {
            (Some(seat), Some(opening)) => self.marks.labels_of(seat, &opening.agreement),
            _ => self.marks.labels.clone(),
        })
    }

    pub(super) fn expected(&self) -> Result<CaseState> {
        self.caseline.engine.with_expected(self.id, |fold| fold.state().clone())
    }

    fn say(&self, id: Option<EventId>, data: impl Into<EventData>) -> Result<EventKey> {
        self.command(&Command::new(id, data))
    }

    pub(super) fn command(&self, command: &Command) -> Result<EventKey> {
        if self.marks.is_empty() {
            return self.caseline.engine.command(self.id, command);
        }
        let marked = Command { marks: self.marks.clone(), ..command.clone() };
        self.caseline.engine.command(self.id, &marked)
    }
}
