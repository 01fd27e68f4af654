//! One case.

use std::sync::Arc;
use std::time::SystemTime;

use caseline::alert::Matched;
use caseline::case::event;
use caseline::case::name::EventName;
use caseline::id::{CaseId, ContactId, EventId, OrganizationId};
use caseline::label::Marks;

use crate::alert::{Alert, VisitAnswer, instant, whom};
use crate::copying::{CopiedHow, PlanCopyTo};
use crate::error::{Result, parsed};
use crate::message::{Message, MessagePriority};
use crate::models::{Due, EventKey};
use crate::outreach::day_of;
use crate::runtime::Client;
use crate::signing::{PlanSigner, Scan, SignedHow, day};
use crate::state::{CaseState, SentPlan, TimelineEntry, Whom};

/// A case. Every command takes a `key`, the id of its event (a UUIDv7): the same key with the same content returns the first
/// answer, so that a retry is safe; with other content it is a `Conflict`. What a command returns is on disk.
///
/// Commands fail with `NotAllowed`, with every reason, where the case's state, its roster or its agreement does not allow
/// them.
#[derive(uniffi::Object)]
pub struct Case {
    pub(crate) client: Arc<Client>,
    pub(crate) id: CaseId,
    /// How sensitive whatever is said through this object is.
    pub(crate) marks: Marks,
}

impl Case {
    pub(crate) fn new(client: &Arc<Client>, id: CaseId) -> Arc<Self> {
        Arc::new(Self { client: Arc::clone(client), id, marks: Marks::default() })
    }

    pub(crate) fn with_marks(&self, marks: Marks) -> Arc<Self> {
        Arc::new(Self { client: Arc::clone(&self.client), id: self.id, marks })
    }

    pub(crate) async fn local<T: Send + 'static>(
        &self,
        work: impl FnOnce(&caseline::Case) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (id, marks) = (self.id, self.marks.clone());
        self.client.local(move |caseline| work(&caseline.case(id)?.marked(marks))).await
    }

    pub(crate) async fn command(
        &self,
        key: Option<String>,
        work: impl FnOnce(&caseline::Case, Option<EventId>) -> Result<event::EventKey> + Send + 'static,
    ) -> Result<EventKey> {
        let key = id_of(key)?;
        self.local(move |case| Ok(EventKey::from(&work(case, key)?))).await
    }
}

fn organization_of(organization: Option<String>) -> Result<Option<OrganizationId>> {
    organization.map(|organization| parsed(&organization, "organization")).transpose()
}

fn id_of(key: Option<String>) -> Result<Option<EventId>> {
    key.map(|key| parsed(&key, "key")).transpose()
}

#[uniffi::export]
impl Case {
    /// The case's id, a UUID.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// What the case's events have come to.
    pub async fn state(&self) -> Result<CaseState> {
        let id = self.id;
        self.local(move |case| Ok(CaseState::of(id, &case.state()?))).await
    }

    /// The messages, in order.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        let messages = |case: &caseline::Case| {
            let state = case.state()?;
            Ok(state.messages.iter().map(|message| Message::of(&state, message)).collect())
        };
        self.local(messages).await
    }

    /// Everything that came, in order, whether it counted or not.
    pub async fn timeline(&self) -> Result<Vec<TimelineEntry>> {
        let lines = |case: &caseline::Case| {
            let state = case.state()?;
            Ok(state.timeline.iter().map(|entry| TimelineEntry::of(&state, entry)).collect())
        };
        self.local(lines).await
    }

    /// What is owed in this case.
    pub async fn due(&self) -> Result<Vec<Due>> {
        let id = self.id;
        let owed = move |case: &caseline::Case| {
            let due = case.caseline().due()?;
            Ok(due.iter().filter(|item| item.case == id).map(Due::from).collect())
        };
        self.local(owed).await
    }

    /// The text of a plan's document, byte for byte as it was sent; nothing where it is withheld or on its way.
    ///
    /// # Errors
    /// `NotFound` (`plan`).
    pub async fn plan_text(&self, plan: String) -> Result<Option<String>> {
        let plan = parsed(&plan, "plan")?;
        self.local(move |case| Ok(case.plan_text(plan)?)).await
    }

    /// Sends a message. In a pair's room one that looks like member data is refused, as a concern is: `names_confirmed` where nobody is
    /// meant by a name in it.
    #[uniffi::method(default(priority = None, in_reply_to = None, names_confirmed = false, key = None))]
    pub async fn send(
        &self,
        text: String,
        priority: Option<MessagePriority>,
        in_reply_to: Option<EventKey>,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let mut message = caseline::Message::text(text).names_confirmed(names_confirmed);
        if let Some(priority) = priority {
            message = message.priority(priority.into());
        }
        if let Some(earlier) = in_reply_to {
            message = message.in_reply_to(earlier.parsed("in_reply_to")?);
        }
        self.command(key, |case, key| Ok(case.send(key, message)?)).await
    }

    /// Says a message of one's own anew: `message` is its id. The old one stays to be read, as entered in error.
    #[uniffi::method(default(key = None))]
    pub async fn correct(&self, message: String, text: String, key: Option<String>) -> Result<EventKey> {
        let message = parsed(&message, "message")?;
        self.command(key, move |case, key| Ok(case.correct(key, message, &text)?)).await
    }

    /// Takes a message of one's own back: `message` is its id. It stays to be read, as entered in error.
    #[uniffi::method(default(key = None))]
    pub async fn retract(&self, message: String, key: Option<String>) -> Result<EventKey> {
        let message = parsed(&message, "message")?;
        self.command(key, move |case, key| Ok(case.retract(key, message)?)).await
    }

    /// Says that messages of others were read, all up to this one of those that were not yet. Nothing where there is no news.
    ///
    /// # Errors
    /// `NotFound` (`message`), besides the errors of every command.
    pub async fn seen(&self, up_to: EventKey) -> Result<Option<EventKey>> {
        let up_to = up_to.parsed("up_to")?;
        self.local(move |case| Ok(case.seen(&up_to)?.as_ref().map(EventKey::from))).await
    }

    /// Sends a care plan of our own record (`system|value`) for signature, with what it references. The same key is answered as it
    /// was first, whatever the record holds by now. `on`: the plan's own day (`2023-03-30`), as the programme counts it, where that is
    /// not today: its dated rules are chosen by it.
    ///
    /// # Errors
    /// `NotFound` (`care-plan`), `InvalidInput` (`plan-of-another-member`, `invalid-date`), `NotAllowed` (`plan-date`), besides the
    /// errors of every command.
    #[uniffi::method(default(key = None, on = None))]
    pub async fn send_care_plan(
        &self,
        care_plan: String,
        key: Option<String>,
        on: Option<String>,
    ) -> Result<SentPlan> {
        let (id, key, marks, on) = (self.id, id_of(key)?, self.marks.clone(), day_of(on, "on")?);
        let sent = move |caseline: caseline::Caseline| async move {
            let case = caseline.case(id)?.marked(marks);
            let (key, sha256) = case.send_care_plan_of(key, &care_plan, on).await?;
            Ok(SentPlan::of(&key, sha256))
        };
        self.client.call(sent).await
    }

    /// Acknowledges that a plan is here.
    #[uniffi::method(default(key = None))]
    pub async fn acknowledge_plan(&self, plan: String, key: Option<String>) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        self.command(key, move |case, key| Ok(case.acknowledge_plan(key, plan)?)).await
    }

    /// Approves a plan: the document with this hash, or the one that this device has.
    #[uniffi::method(default(sha256 = None, key = None))]
    pub async fn approve_plan(
        &self,
        plan: String,
        sha256: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        let sha256 = sha256.map(|sha256| parsed(&sha256, "sha256")).transpose()?;
        self.command(key, move |case, key| Ok(case.approve_plan(key, plan, sha256)?)).await
    }

    /// Attests that a plan was signed elsewhere on a day (`2019-03-04`): the document with this hash, or the one that this device
    /// has; with the scan of what was signed on paper or came by fax.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`, `invalid-scan`), besides the errors of every command.
    #[uniffi::method(default(sha256 = None, scan = None, key = None))]
    #[allow(clippy::too_many_arguments, reason = "they have names where they are given")]
    pub async fn attest_signature(
        &self,
        plan: String,
        signer: PlanSigner,
        how: SignedHow,
        on: String,
        sha256: Option<String>,
        scan: Option<Scan>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        let sha256 = sha256.map(|sha256| parsed(&sha256, "sha256")).transpose()?;
        let given = (signer.known()?, how.into(), day(&on, "on")?);
        let scan = scan.map(Scan::known).transpose()?;
        let attest = move |case: &caseline::Case, key| match &scan {
            Some(scan) => Ok(case.attest_scanned_signature(key, plan, sha256, given, scan)?),
            None => Ok(case.attest_signature(key, plan, sha256, given)?),
        };
        self.command(key, attest).await
    }

    /// Attests that a copy of an approved plan was given on a day (`2019-03-04`) to the member, their representative, or somebody of
    /// the team.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-date`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn plan_copied(
        &self,
        plan: String,
        to: PlanCopyTo,
        how: CopiedHow,
        on: String,
        key: Option<String>,
    ) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        let (to, given) = (to.known()?, (how.into(), day(&on, "on")?));
        self.command(key, move |case, key| Ok(case.plan_copied(key, plan, to, given)?)).await
    }

    /// Returns a plan with changes to make.
    #[uniffi::method(default(key = None))]
    pub async fn return_plan(&self, plan: String, changes: String, key: Option<String>) -> Result<EventKey> {
        let plan = parsed(&plan, "plan")?;
        self.command(key, move |case, key| Ok(case.return_plan(key, plan, &changes)?)).await
    }

    /// Tells this case of an admission, a discharge, a transfer, an emergency visit, or that one was cancelled. `confirmed`: a person
    /// said that it is this case's member, where it was found by name and date of birth. Without a key, the same again is sent once.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-alert`), `NotAllowed` (`alert-known`, `alert-date`), besides the errors of every command.
    #[uniffi::method(default(confirmed = false, key = None))]
    pub async fn raise_alert(&self, alert: Alert, confirmed: bool, key: Option<String>) -> Result<EventKey> {
        let matched = if confirmed { Matched::ConfirmedByPerson } else { Matched::ByMemberId };
        let alert = alert.raised(matched)?;
        self.command(key, move |case, key| Ok(case.raise_alert(key, alert)?)).await
    }

    /// Proposes to visit the member together, because of a stay: who proposes it comes, and the `others` answer.
    #[uniffi::method(default(place = None, key = None))]
    pub async fn propose_visit(
        &self,
        stay: String,
        at: SystemTime,
        others: Vec<Whom>,
        place: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (stay, at, others) = (parsed(&stay, "stay")?, instant(at, "at")?, whom(others)?);
        self.command(key, move |case, key| Ok(case.propose_visit(key, stay, at, place, others)?)).await
    }

    /// Answers a proposed visit, at the time that it has: comes, does not, or moves it. Who proposed it and does not come calls it off.
    ///
    /// # Errors
    /// `NotFound` (`visit`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn answer_visit(
        &self,
        visit: String,
        answer: VisitAnswer,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (visit, answer): (EventName, _) = (parsed(&visit, "visit")?, answer.known()?);
        self.command(key, move |case, key| Ok(case.answer_visit(key, visit, answer)?)).await
    }

    /// Says that somebody followed up with the member after a stay. It stops the stay's clock where it is what the clock asks for: after
    /// a discharge, a meeting.
    #[uniffi::method(default(outcome = None, key = None))]
    pub async fn follow_up_done(
        &self,
        stay: String,
        at: SystemTime,
        face_to_face: bool,
        outcome: Option<String>,
        key: Option<String>,
    ) -> Result<EventKey> {
        let (stay, at) = (parsed(&stay, "stay")?, instant(at, "at")?);
        self.command(key, move |case, key| Ok(case.follow_up_done(key, stay, at, face_to_face, outcome)?))
            .await
    }

    /// Names a contact of the directory for the case: they are invited, and what came before is handed over to them. Who works for
    /// several organisations is named for `organization`.
    ///
    /// # Errors
    /// `NotFound` (`contact`), `InvalidInput` (`ambiguous-contact`), besides the errors of every command.
    #[uniffi::method(default(lead = false, key = None, organization = None))]
    pub async fn name_seat(
        &self,
        contact: String,
        lead: bool,
        key: Option<String>,
        organization: Option<String>,
    ) -> Result<EventKey> {
        let contact: ContactId = parsed(&contact, "contact")?;
        let organization = organization_of(organization)?;
        let named = move |case: &caseline::Case, key| {
            Ok(case.name_contact(key, &contact, organization.as_ref(), lead)?)
        };
        self.command(key, named).await
    }

    /// Ends somebody's participation, or one's own; of somebody who has several seats, the one for `organization`.
    ///
    /// # Errors
    /// `NotFound` (`seat`), `InvalidInput` (`ambiguous-contact`), besides the errors of every command.
    #[uniffi::method(default(key = None, organization = None))]
    pub async fn end_seat(
        &self,
        contact: String,
        key: Option<String>,
        organization: Option<String>,
    ) -> Result<EventKey> {
        let contact: ContactId = parsed(&contact, "contact")?;
        let organization = organization_of(organization)?;
        self.command(key, move |case, key| Ok(case.end_seat(key, contact, organization)?)).await
    }

    /// Takes up what a record's care team proposes (the id of its event), as far as it is about one's own organisation: names
    /// whom it names, ends the participation of whom it no longer names. Who is named is as our own directory has it.
    ///
    /// # Errors
    /// `NotFound` (`proposal`, `contact`), `NotAllowed` where it was declined or has come true, besides the errors of every
    /// command.
    pub async fn take_up_team_proposal(&self, proposal: String) -> Result<()> {
        let proposal = parsed(&proposal, "proposal")?;
        self.local(move |case| Ok(case.take_up_team_proposal(proposal)?)).await
    }

    /// Leaves the roster as it is, whatever the record's care team says.
    #[uniffi::method(default(key = None))]
    pub async fn decline_team_proposal(&self, proposal: String, key: Option<String>) -> Result<EventKey> {
        let proposal = parsed(&proposal, "proposal")?;
        self.command(key, move |case, key| Ok(case.decline_team_proposal(key, proposal)?)).await
    }
}
