//! A case's care plans, as the host sends, signs and returns them.

use jiff::civil::Date;

use super::CHANGES_LIMIT;
use crate::care_plan::{
    CopiedHow, CopyTo, PlanAcknowledged, PlanApproved, PlanCopied, PlanReturned, PlanSent, PlanSigned,
    SignedHow, Signer,
};
use crate::case::event::{EventData, EventKey};
use crate::client::Case;
use crate::commands::Command;
use crate::documents::document;
use crate::error::{Error, InvalidInput, Result};
use crate::fhir::{Import, member_approved, must_be_of};
use crate::id::{EventId, Sha256};

impl Case {
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
        on.map_or(Ok(()), |on| self.has_come(id, on, "plan-date", "care-plan"))?;
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
        self.has_come(id, on, "plan-signature-date", "care-plan")?;
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
        self.has_come(id, on, "plan-copy-date", "care-plan")?;
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

    pub(super) fn plan_hash(&self, plan: EventId) -> Result<Sha256> {
        let state = self.expected()?;
        let plan = state.plans.get(plan).ok_or(Error::NotFound { what: "plan" })?;
        Ok(plan.document.sha256)
    }
}
