//! What a record says of a case's care team when somebody changes it over there: a proposal to the roster, never an order. Maps
//! to FHIR CareTeam.participant.
//!
//! The device that notices the change puts it into the case. A lead takes it up by naming or ending seats as always, or
//! declines it; what of it has come true once is settled, and does not open again when the roster changes back.

use serde::{Deserialize, Serialize};

use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::roster::{Roster, decides};
use crate::case::step::Step;
use crate::contact::{Contact, Seat};
use crate::id::{ContactId, EventId, OrganizationId};
use crate::policy::Reason;

#[cfg(test)]
mod tests;

/// The most people that one proposal names.
pub const MOST_NAMED: usize = 20;

/// The most proposals of one organisation that wait for a lead at once: a record that changes all the time is told of again when
/// somebody has decided.
pub const MOST_OPEN: usize = 20;

/// `team.proposed`: a CareTeam was changed in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamProposed {
    /// Whose record it is.
    pub organization: OrganizationId,
    /// Who takes part there and has no seat here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Contact>,
    /// Who has a seat here and takes part no longer there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub end: Vec<Whom>,
}

/// Somebody on a roster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Whom {
    /// The person.
    pub contact: ContactId,
    /// Their organisation.
    pub organization: OrganizationId,
}

/// `team.declined`: the roster stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamDeclined {
    /// The `team.proposed`.
    pub proposal: EventId,
}

/// An event of this life cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TeamEvent<'a> {
    /// `team.proposed`.
    Proposed(&'a TeamProposed),
    /// `team.declined`.
    Declined(&'a TeamDeclined),
}

/// What was proposed to a case's roster, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TeamProposals {
    proposals: Vec<TeamProposal>,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TeamProposal {
    /// Its `team.proposed`.
    pub proposed: EventKey,
    /// Who put it into the case, and when.
    pub by: StepTaken,
    /// Whose record it is of.
    pub organization: OrganizationId,
    /// Whom to name, in the proposer's words. A Matrix account or a telephone number is not among them: a proposer can write
    /// any, so who takes it up goes by a directory of their own.
    pub add: Vec<Contact>,
    /// Whose participation to end.
    pub end: Vec<Whom>,
    /// Who declined it, and when.
    pub declined: Option<StepTaken>,
    /// Who of `add` has not been named since.
    to_name: Vec<Whom>,
    /// Whose participation of `end` has not ended since.
    to_end: Vec<Whom>,
}

impl TeamProposals {
    /// Every proposal, in order.
    pub fn all(&self) -> &[TeamProposal] {
        &self.proposals
    }

    /// One proposal.
    pub fn get(&self, id: EventId) -> Option<&TeamProposal> {
        self.proposals.iter().find(|proposal| proposal.proposed.id == id)
    }

    /// What waits for a lead: nobody has declined it, and the roster has not been so since.
    pub fn open(&self) -> impl Iterator<Item = &TeamProposal> {
        self.proposals.iter().filter(|proposal| proposal.is_open())
    }
}

impl TeamProposals {
    /// Whether an organisation may propose no more before a lead has decided.
    pub(crate) fn are_many(&self, organization: &OrganizationId) -> bool {
        self.open().filter(|one| one.organization == *organization).count() >= MOST_OPEN
    }

    /// What of a proposal nobody was asked yet: who waits for a lead already is left out, and where a `no` stands for good, who
    /// was declined and has had their way in no other manner since.
    pub(crate) fn news(&self, proposed: TeamProposed, no_stands: bool) -> Option<TeamProposed> {
        let TeamProposed { organization, mut add, mut end } = proposed;
        let asked = self.of(&organization).filter(|one| one.declined.is_none() || no_stands);
        for known in asked {
            add.retain(|contact| !known.to_name.contains(&Whom::of(contact)));
            end.retain(|whom| !known.to_end.contains(whom));
        }
        (!add.is_empty() || !end.is_empty()).then_some(TeamProposed { organization, add, end })
    }

    /// Takes out what the roster has come to: it does not open again when the roster changes back.
    pub(crate) fn settle(&mut self, roster: &Roster) {
        let named = |whom: &Whom| roster.contact(&whom.contact, &whom.organization).is_some();
        for proposal in &mut self.proposals {
            proposal.to_name.retain(|whom| !named(whom));
            proposal.to_end.retain(named);
        }
    }

    pub(crate) fn of(&self, organization: &OrganizationId) -> impl Iterator<Item = &TeamProposal> {
        self.proposals.iter().filter(move |one| one.organization == *organization)
    }
}

impl TeamProposal {
    /// Whether a lead has something to decide.
    pub fn is_open(&self) -> bool {
        self.undecided().is_ok()
    }

    /// Whom to name that has not been named since.
    pub fn to_name(&self) -> &[Whom] {
        &self.to_name
    }

    /// Whose participation to end that has not ended since.
    pub fn to_end(&self) -> &[Whom] {
        &self.to_end
    }

    /// Why there is nothing to decide any more.
    pub(crate) fn undecided(&self) -> Result<(), Reason> {
        if self.declined.is_some() {
            return Err(refused("team-proposal-declined", "this proposal was declined before"));
        }
        if self.to_name.is_empty() && self.to_end.is_empty() {
            return Err(refused("team-proposal-settled", "the roster has come to what this proposal says"));
        }
        Ok(())
    }
}

impl Whom {
    fn of(contact: &Contact) -> Self {
        Self { contact: contact.id.clone(), organization: contact.organization.clone() }
    }
}

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `care-team`: `team-proposer`, `team-proposal-empty`, `team-proposal-too-long`,
/// `team-proposal-known` (all of it waits already, or its id is another's), `team-proposals-too-many`, `team-decliner`,
/// `team-proposal-unknown`, `team-proposal-declined`, `team-proposal-settled`.
pub fn step(
    proposals: &TeamProposals,
    event: TeamEvent<'_>,
    step: &Step<'_>,
) -> Result<TeamProposals, Reason> {
    let mut next = proposals.clone();
    match event {
        TeamEvent::Proposed(event) => {
            if event.organization != step.seat.contact.organization
                || !(step.seat.is_keeper() || decides(step.seat))
            {
                let text = "a lead or the keeper of an organisation tells what its record says of the team";
                return Err(refused("team-proposer", text));
            }
            match event.add.len() + event.end.len() {
                0 => return Err(refused("team-proposal-empty", "the proposal changes nothing")),
                1..=MOST_NAMED => {}
                _ => return Err(refused("team-proposal-too-long", "a proposal names twenty people at most")),
            }
            // An answer names the id alone: a second proposal under it could never be answered.
            if proposals.get(step.key.id).is_some() {
                return Err(refused("team-proposal-known", "this proposal was made before"));
            }
            if proposals.news(event.clone(), false).is_none() {
                return Err(refused("team-proposal-known", "all that it proposes waits already"));
            }
            if proposals.are_many(&event.organization) {
                let text = "very many proposals of this organisation wait: a lead decides about them first";
                return Err(refused("team-proposals-too-many", text));
            }
            let words = |contact: &Contact| Contact { user: None, phone: None, ..contact.clone() };
            next.proposals.push(TeamProposal {
                proposed: step.key.clone(),
                by: StepTaken::of(step),
                organization: event.organization.clone(),
                add: event.add.iter().map(words).collect(),
                end: event.end.clone(),
                declined: None,
                to_name: event.add.iter().map(Whom::of).collect(),
                to_end: event.end.clone(),
            });
            next.settle(step.roster);
        }
        TeamEvent::Declined(event) => {
            if !decides(step.seat) {
                return Err(refused("team-decliner", "a lead decides who takes part in a case"));
            }
            let proposal = next.proposals.iter_mut().find(|one| one.proposed.id == event.proposal);
            let proposal = proposal
                .ok_or_else(|| refused("team-proposal-unknown", "there is no such proposal in this case"))?;
            proposal.undecided()?;
            proposal.declined = Some(StepTaken::of(step));
        }
    }
    Ok(next)
}

/// The event as a person reads it in any Matrix client. `roster` is the one before the event.
pub fn tell(event: TeamEvent<'_>, by: &Seat, roster: &Roster) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    let TeamEvent::Proposed(event) = event else {
        return format!("{who} leaves the care team of the case as it is.");
    };
    let named = |contact: &Contact| format!("{} ({})", contact.name, contact.role);
    let add: Vec<String> = event.add.iter().map(named).collect();
    let end: Vec<String> = event
        .end
        .iter()
        .map(|whom| {
            let seat = roster.contact(&whom.contact, &whom.organization);
            seat.map_or_else(|| "somebody without a seat".to_owned(), |seat| named(&seat.contact))
        })
        .collect();
    let mut parts = Vec::new();
    if !add.is_empty() {
        parts.push(format!("{} takes part there and not here", add.join(", ")));
    }
    if !end.is_empty() {
        parts.push(format!("{} takes part there no longer", end.join(", ")));
    }
    format!("{who}: the care team was changed in our record: {}. A lead decides.", parts.join("; "))
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "care-team")
}
