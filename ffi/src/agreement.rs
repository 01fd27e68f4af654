//! Agreements that two organisations propose to each other in their own room.

use caseline::agreement::proposal::Proposal;

use crate::case::Case;
use crate::error::Result;
use crate::models::EventKey;

/// An agreement that was proposed in a pair's room.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AgreementProposal {
    /// The event that proposed it: what the commands about it take.
    pub key: EventKey,
    /// The agreement's id.
    pub agreement: String,
    /// Its version.
    pub version: String,
    /// What it is, where this release can read it.
    pub title: Option<String>,
    /// The first day on which it is in force.
    pub first_day: String,
    /// The SHA-256 of its text.
    pub sha256: String,
    /// Its text (YAML).
    pub text: String,
    /// `proposed`, `accepted`, `declined` or `withdrawn`; or `unproven`: accepted by an account that this device's own directory does not
    /// know as the other side's, so that it counts nowhere here.
    pub status: String,
    /// The contact who proposed it.
    pub by: String,
    /// Their organisation.
    pub organization: String,
    /// The contact who answered it, or took it back.
    pub settled_by: Option<String>,
    /// Why it was declined; empty where a handover withheld it.
    pub reason: Option<String>,
    /// The event that proposed a later version which was accepted since.
    pub replaced_by: Option<EventKey>,
}

impl From<&Proposal> for AgreementProposal {
    fn from(one: &Proposal) -> Self {
        Self {
            key: EventKey::from(&one.key),
            agreement: one.agreement.id.to_string(),
            version: one.agreement.version.clone(),
            title: one.read().map(|agreement| agreement.title),
            first_day: one.from.to_string(),
            sha256: one.agreement.sha256.to_string(),
            text: one.agreement.text.clone(),
            status: one.status.code().to_owned(),
            by: one.by.contact.to_string(),
            organization: one.by.organization.to_string(),
            settled_by: one.settled.as_ref().map(|by| by.contact.to_string()),
            reason: one.reason.clone(),
            replaced_by: one.replaced_by.as_ref().map(EventKey::from),
        }
    }
}

#[uniffi::export]
impl Case {
    /// The agreements that were proposed in a pair's room, in order.
    pub async fn proposed_agreements(&self) -> Result<Vec<AgreementProposal>> {
        self.local(|case| Ok(case.proposals()?.iter().map(AgreementProposal::from).collect())).await
    }

    /// Proposes an agreement (YAML) of the two organisations of this room, or a new version of one. Once a lead of the other side accepts
    /// it, new cases of the two open with it from its first day on; an open case goes on under its own.
    ///
    /// # Errors
    /// `InvalidInput`, naming line and field; `agreement-of-others`, `agreement-story-clock`, `agreement-too-long`. `Conflict`
    /// (`agreement-known`). Besides, the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn propose_agreement(&self, text: String, key: Option<String>) -> Result<EventKey> {
        self.command(key, move |case, key| Ok(case.propose_agreement(key, &text)?)).await
    }

    /// Accepts an agreement that the other side proposes.
    ///
    /// # Errors
    /// `NotFound` (`agreement`), `InvalidInput` (`agreement-unreadable`, `agreement-of-others`), `NotAllowed`
    /// (`agreement-not-other-side`, `agreement-settled`), besides the errors of every command.
    #[uniffi::method(default(key = None))]
    pub async fn accept_agreement(&self, proposal: EventKey, key: Option<String>) -> Result<EventKey> {
        let proposal = proposal.parsed("proposal")?;
        self.command(key, move |case, key| Ok(case.accept_agreement(key, proposal)?)).await
    }

    /// Declines an agreement that the other side proposes.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-text`, `concern-member-data` and `concern-name` as `raise_concern`; besides the errors of every command.
    #[uniffi::method(default(names_confirmed = false, key = None))]
    pub async fn decline_agreement(
        &self,
        proposal: EventKey,
        reason: String,
        names_confirmed: bool,
        key: Option<String>,
    ) -> Result<EventKey> {
        let proposal = proposal.parsed("proposal")?;
        let declined = move |case: &caseline::Case, key| {
            Ok(case.decline_agreement(key, proposal, &reason, names_confirmed)?)
        };
        self.command(key, declined).await
    }

    /// Takes an agreement back that one's own side proposed and that waits for its answer.
    #[uniffi::method(default(key = None))]
    pub async fn withdraw_agreement(&self, proposal: EventKey, key: Option<String>) -> Result<EventKey> {
        let proposal = proposal.parsed("proposal")?;
        self.command(key, move |case, key| Ok(case.withdraw_agreement(key, proposal)?)).await
    }
}
