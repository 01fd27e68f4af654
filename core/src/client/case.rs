//! One case, as the host works with it.

use jiff::civil::Date;

use crate::care_plan::{
    CopiedHow, CopyTo, PlanAcknowledged, PlanApproved, PlanCopied, PlanReturned, PlanSent, PlanSigned,
    SignedHow, Signer,
};
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
use crate::documents::document;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{Import, is_id, member_approved, must_be_of};
use crate::id::{CaseId, ContactId, EventId, OrganizationId, Sha256};
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

    /// Sends a care plan of our own record for signature, with what it references: one of the case's member, or of the Patient
    /// that a person confirmed as the member. Repeated under its id, it is answered as it was first, whatever the record holds by
    /// now: what went out is what was there then.
    ///
    /// # Errors
    /// `NotFound` (`care-plan`), `InvalidInput` (`plan-of-another-member`, field `subject`), `Conflict` (`id-taken`, where another
    /// plan was sent under the id), besides the errors of every command.
    pub async fn send_care_plan(&self, id: Option<EventId>, care_plan: &str) -> Result<(EventKey, Sha256)> {
        self.send_care_plan_of(id, care_plan, None).await
    }

    /// The same of a plan whose own day, as the programme counts it, is another than that of its sending: the programme's dated rule
    /// is chosen by it.
    ///
    /// # Errors
    /// `NotAllowed` (`plan-date`), besides those of [`send_care_plan`](Self::send_care_plan).
    pub async fn send_care_plan_of(
        &self,
        id: Option<EventId>,
        care_plan: &str,
        on: Option<Date>,
    ) -> Result<(EventKey, Sha256)> {
        if let Some(first) = id.map(|id| self.sent_plan(id, care_plan)).transpose()?.flatten() {
            return Ok(first);
        }
        let text = self.caseline.engine.plan_document(care_plan).await?;
        self.send_plan(id, &text, on, true)
    }

    /// Sends a care plan for signature: a FHIR Bundle of type `collection`, the CarePlan first. It is a plan of the case's member:
    /// a Patient in the document has the member's number and birth date; where there is none, the plan's subject is the Patient
    /// of our own record that the case is bound to, or the member's number. A plan whose subject is words only, with no Patient
    /// in the document, names nobody and is taken for the member's.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-json`, `not-fhir`, `plan-of-another-member` with the field `subject`), besides the errors of every
    /// command.
    pub fn send_plan_document(&self, id: Option<EventId>, text: &str) -> Result<(EventKey, Sha256)> {
        self.send_plan(id, text, None, false)
    }

    fn send_plan(
        &self,
        id: Option<EventId>,
        text: &str,
        on: Option<Date>,
        gathered: bool,
    ) -> Result<(EventKey, Sha256)> {
        let import = Import::parse(text)?;
        let (document, outside) = document(text);
        let sha256 = document.sha256;
        let state = self.expected()?;
        // Repeated: it replaces what its first attempt replaced, and was judged then.
        let first = match id.map(|id| self.said_first(id)).transpose()?.flatten() {
            Some(EventData::PlanSent(sent)) => Some(sent),
            _ => None,
        };
        if let (None, Some(member)) =
            (first.as_ref(), state.opening().and_then(|opening| opening.member.as_ref()))
        {
            let (patient, _) = self.patient()?;
            must_be_of(&import, member, patient.as_deref(), gathered)?;
        }
        let replaces =
            first.map_or_else(|| state.plans.open().map(|plan| plan.sent.id), |first| first.replaces);
        let member_approved = import.care_plans().next().and_then(member_approved);
        let sent = PlanSent { document: document.clone(), sign_by: None, member_approved, replaces, on };
        let mut command = Command::new(id, sent);
        command.document = Some((document, outside, text.to_owned()));
        Ok((self.command(&command)?, sha256))
    }

    /// Acknowledges that the plan is here.
    pub fn acknowledge_plan(&self, id: Option<EventId>, plan: EventId) -> Result<EventKey> {
        self.command(&Command::new(id, PlanAcknowledged { plan }))
    }

    /// Approves a plan. The approval names the hash of the document that is approved: `sha256`, or that of the plan as this
    /// device has it.
    pub fn approve_plan(
        &self,
        id: Option<EventId>,
        plan: EventId,
        sha256: Option<Sha256>,
    ) -> Result<EventKey> {
        let sha256 = match sha256 {
            Some(sha256) => sha256,
            None => self.plan_hash(plan)?,
        };
        self.command(&Command::new(id, PlanApproved { plan, sha256 }))
    }

    /// Attests that a plan was signed elsewhere, on paper, by fax or by word of mouth. The signature is one under the document with
    /// this hash: `sha256`, or that of the plan as this device has it. The provider's or the designee's approves the plan; it takes a
    /// seat in the case, and no account.
    ///
    /// # Errors
    /// `NotAllowed` (`plan-signer`, `plan-approver`, `plan-signed-already`, `plan-signature-date`, …), besides the errors of every
    /// command.
    pub fn attest_signature(
        &self,
        id: Option<EventId>,
        plan: EventId,
        sha256: Option<Sha256>,
        (signer, how, on): (Signer, SignedHow, Date),
    ) -> Result<EventKey> {
        let sha256 = match sha256 {
            Some(sha256) => sha256,
            None => self.plan_hash(plan)?,
        };
        self.command(&Command::new(id, PlanSigned { plan, sha256, signer, how, on, scan: None }))
    }

    /// Attests that a copy of an approved plan was given: to the member, their representative, or somebody of the team by their seat
    /// in the case, which takes no account.
    ///
    /// # Errors
    /// `NotAllowed` (`plan-not-approved`, `plan-copy-known`, `plan-copy-date`, `plan-copy-recipient`, …), besides the errors of every
    /// command.
    pub fn plan_copied(
        &self,
        id: Option<EventId>,
        plan: EventId,
        to: CopyTo,
        (how, on): (CopiedHow, Date),
    ) -> Result<EventKey> {
        self.command(&Command::new(id, PlanCopied { plan, to, how, on }))
    }

    /// Returns a plan with changes to make.
    pub fn return_plan(&self, id: Option<EventId>, plan: EventId, changes: &str) -> Result<EventKey> {
        if changes.trim().is_empty() || changes.len() > CHANGES_LIMIT {
            let detail = "say what to change, in 16 KiB at most";
            return Err(InvalidInput::new("invalid-changes", detail).field("changes").into());
        }
        self.command(&Command::new(id, PlanReturned { plan, changes: changes.to_owned() }))
    }

    /// The text of a plan's document, byte for byte as it was sent; nothing where it is withheld or on its way.
    pub fn plan_text(&self, plan: EventId) -> Result<Option<String>> {
        self.caseline.engine.document_text(&self.plan_hash(plan)?)
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

    /// The answer to a plan that was sent under this id before.
    fn sent_plan(&self, id: EventId, care_plan: &str) -> Result<Option<(EventKey, Sha256)>> {
        let state = self.expected()?;
        let key = EventKey { sender: self.caseline.user(), id };
        let counted = state.plans.get(id).filter(|plan| plan.sent == key).map(|plan| plan.document.sha256);
        let superseded = || state.superseded_plans.iter().find(|(known, _)| *known == key);
        let Some(sha256) = counted.or_else(|| superseded().map(|(_, document)| document.sha256)) else {
            return Ok(None);
        };
        if let Some(text) = self.caseline.engine.document_text(&sha256)? {
            let import = Import::parse(&text)?;
            let first = import.resources().first();
            let named = import.resolve(care_plan).or_else(|| import.identified("CarePlan", care_plan));
            if !first.zip(named).is_some_and(|(first, named)| std::ptr::eq(first, named)) {
                let detail = "another care plan was sent under this id: choose a new one";
                return Err(Error::Conflict { code: "id-taken", detail });
            }
        }
        Ok(Some((key, sha256)))
    }

    /// For whom somebody has a seat, where it is the only one of theirs.
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

    fn plan_hash(&self, plan: EventId) -> Result<Sha256> {
        let state = self.expected()?;
        let plan = state.plans.get(plan).ok_or(Error::NotFound { what: "plan" })?;
        Ok(plan.document.sha256)
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
