//! CareTeam: who cares for somebody, each in a role, on behalf of an organisation, for a time (FHIR R4, 9.5).

use super::edit::{appended, changed, of_kind};
use super::element::{Value, part, resource};
use super::parts::{Concept, Identifier, Period, Reference, Time};
use super::status::{status, step};
use crate::error::{InvalidInput, Result};
use crate::fhir::json::{self, Node};

status! {
    /// How a team stands (R4 CareTeamStatus).
    CareTeamStatus of "CareTeam" in "status" {
        /// It is being put together.
        Proposed = "proposed" => [Active, Inactive, EnteredInError],
        /// It cares.
        Active = "active" => [Suspended, Inactive, EnteredInError],
        /// It rests, and may go on.
        Suspended = "suspended" => [Active, Inactive, EnteredInError],
        /// It is over.
        Inactive = "inactive" => [EnteredInError],
        /// It never was.
        EnteredInError = "entered-in-error" => [],
    }
}

part! {
    /// Somebody who takes part.
    Participant {
        /// As what. US Core asks for one role.
        role: Vec<Concept> = "role",
        /// Who: a Practitioner, PractitionerRole, RelatedPerson, Patient, Organization or CareTeam.
        member: Option<Reference> = "member",
        /// The organisation that a Practitioner is there for. Nobody else is there for one (ctm-1).
        on_behalf_of: Option<Reference> = "onBehalfOf",
        /// From when, until when.
        period: Option<Period> = "period",
    }
}

resource! {
    /// A team: who cares for somebody. People are added, ended and replaced, and never removed, so that the team says who
    /// took part and when.
    ///
    /// ```
    /// use caseline::fhir::codes;
    /// use caseline::fhir::workflow::*;
    ///
    /// let jane = Reference::identified("Practitioner", Identifier::new("urn:npi", "synthetic-jane"));
    /// let kim = Reference::identified("Practitioner", Identifier::new("urn:npi", "synthetic-kim"));
    /// let cp = Reference::identified("Organization", Identifier::new("urn:org", "synthetic-cp"));
    /// let coordinator = |member: &Reference, since: &str| -> caseline::Result<Participant> {
    ///     Ok(Participant {
    ///         role: vec![Coding::new(codes::ROLE, "cp-care-coordinator").into()],
    ///         member: Some(member.clone()),
    ///         on_behalf_of: Some(cp.clone()),
    ///         period: Some(Period::since(since.parse()?)),
    ///     })
    /// };
    /// let team = CareTeam {
    ///     status: Some(CareTeamStatus::Active),
    ///     subject: Some(Reference::to("Patient/synthetic")),
    ///     participant: vec![coordinator(&jane, "2019-03-01")?],
    ///     ..CareTeam::default()
    /// };
    /// let text = team.to_fhir_json()?;
    /// let text = CareTeam::replace(&text, &jane, &"2019-06-30".parse()?, &coordinator(&kim, "2019-07-01")?)?;
    /// let team = CareTeam::read(&text)?;
    /// assert_eq!(team.on("2019-08-01".parse()?).count(), 1);
    /// # Ok::<(), caseline::Error>(())
    /// ```
    CareTeam {
        /// Names of the team that hold on every server.
        identifier: Vec<Identifier> = "identifier",
        /// How it stands.
        status: Option<CareTeamStatus> = "status",
        /// What kind of team it is.
        category: Vec<Concept> = "category",
        /// What it is called.
        name: Option<String> = "name",
        /// Whose team it is. US Core asks for it.
        subject: Option<Reference> = "subject",
        /// From when, until when.
        period: Option<Period> = "period",
        /// Who takes part, and who took part.
        participant: Vec<Participant> = "participant",
        /// The organisations that answer for it.
        managing_organization: Vec<Reference> = "managingOrganization",
    }
}

impl CareTeam {
    /// Who takes part at that time.
    pub fn on(&self, at: Time) -> impl Iterator<Item = &Participant> {
        self.participant.iter().filter(move |one| {
            let period = one.period.clone().unwrap_or_default();
            !period.start.is_some_and(|start| start.is_after(&at))
                && !period.end.is_some_and(|end| at.is_after(&end))
        })
    }

    /// Adds a participant. The same person in the same role for the same organisation, who has not ended, is there already:
    /// then nothing changes.
    ///
    /// # Errors
    /// `InvalidInput` with the rule that the change breaks: `us-core-careteam` without one role or a member, `ctm-1`.
    pub fn add(text: &str, participant: &Participant) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let there = node.list("participant").iter().any(|one| {
            Participant::read(Some(one)).is_ok_and(|known| {
                let lasts = known.period.is_none_or(|period| period.end.is_none());
                let same = |one: &Option<Reference>, two: &Option<Reference>| match (one, two) {
                    (Some(one), Some(two)) => one.is_same(two),
                    (one, two) => one.is_none() && two.is_none(),
                };
                lasts
                    && same(&known.member, &participant.member)
                    && same(&known.on_behalf_of, &participant.on_behalf_of)
                    && known.role == participant.role
            })
        });
        if there {
            return Ok(text.to_owned());
        }
        let list = appended(node.get("participant"), &participant.write());
        changed(text, node.with(&[("participant", list)]))
    }

    /// Ends somebody's part: sets the end of every period of theirs that lasts beyond it. Ending twice changes nothing.
    ///
    /// # Errors
    /// `InvalidInput`: `no-such-participant`; `per-1` where it would end before it starts.
    pub fn end(text: &str, member: &Reference, at: &Time) -> Result<String> {
        let node = of_kind(json::parse(text)?, Self::KIND)?;
        let Some(list) = node.get("participant") else { return Err(no_such_participant().into()) };
        let theirs = |one: &Node<'_>| {
            let known = one.get("member").map(|known| Reference::read(Some(known)));
            known.is_some_and(|known| known.is_ok_and(|known| known.is_same(member)))
        };
        if !list.items().iter().any(theirs) {
            return Err(no_such_participant().into());
        }
        let mut edits = Vec::new();
        for (place, one) in list.items().iter().enumerate().filter(|(_, one)| theirs(one)) {
            let period = one.get("period");
            let end = period.and_then(|period| period.str("end")).and_then(|end| end.parse::<Time>().ok());
            if end.is_none_or(|end| end.is_after(at)) {
                let period = match period {
                    Some(period) => period.with(&[("end", at.write())]),
                    None => Period { start: None, end: Some(at.clone()) }.write(),
                };
                edits.push((place, one.with(&[("period", period)])));
            }
        }
        if edits.is_empty() {
            return Ok(text.to_owned());
        }
        changed(text, node.with(&[("participant", list.with_items(&edits))]))
    }

    /// Ends somebody's part and adds who takes their place.
    ///
    /// # Errors
    /// As for [`CareTeam::end`] and [`CareTeam::add`].
    pub fn replace(text: &str, member: &Reference, at: &Time, by: &Participant) -> Result<String> {
        Self::add(&Self::end(text, member, at)?, by)
    }

    /// Takes a step to another status.
    ///
    /// # Errors
    /// `InvalidInput` (`illegal-status-step`) with the statuses that it could take.
    pub fn step(text: &str, to: CareTeamStatus) -> Result<String> {
        step(text, to, &[])
    }
}

fn no_such_participant() -> InvalidInput {
    InvalidInput::new("no-such-participant", "nobody of the team's participants is that member")
        .field("CareTeam.participant")
}
