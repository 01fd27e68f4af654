//! CareTeam: read as a proposal to open a case from, written as the projection of a case's roster.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::bundle::{Import, Resource};
use super::directory::{code, contact, organization, person_name, token};
use super::json::Node;
use super::{codes, patient};
use crate::contact::{Contact, Role, Seat};
use crate::error::{InvalidInput, Result};
#[cfg(any(feature = "store", test))]
use crate::id::ContactId;
use crate::id::{MemberId, OrganizationId};
use crate::member::Member;
use crate::organization::Organization;

/// What a CareTeam proposes: a case has a roster of its own, which only begins like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareTeamProposal {
    /// Whose team it is.
    pub member: Member,
    /// How the import refers to the member's Patient.
    pub patient: String,
    /// Who is named, in the team's order.
    pub seats: Vec<Seat>,
    /// The organisations that they work for, in the order in which they come up.
    pub organizations: Vec<Organization>,
}

/// Reads a CareTeam.
///
/// A participant is a Practitioner on behalf of an organisation, a PractitionerRole (read through its `organization`), or
/// an Organization whose role is keeper. The extension [`codes::SEAT`] marks a participant as a Caseline seat, which needs
/// a Matrix id, unless nobody of the organisation has one; others are named without one too. Left out are the member (the case is theirs), organisations that only
/// take part, who cannot be named, and whose time was over `on` that day.
///
/// # Errors
/// `InvalidInput`, with the field: `care-team-without-member`, `care-team-of-another-member` where it is not of `member`,
/// `invalid-member`, `seat-without-organization`, `seat-without-matrix-id`, `invalid-user-id`.
pub fn care_team(
    import: &Import,
    team: &Resource,
    member: Option<&MemberId>,
    on: Date,
) -> Result<CareTeamProposal> {
    let node = team.node()?;
    let patient = patient_of(import, team)?;
    if member.is_some_and(|member| !patient::is_member(patient, member)) {
        let detail = "this CareTeam is another member's";
        return Err(team.wrong("care-team-of-another-member", detail, "subject").into());
    }
    let mut proposal = CareTeamProposal {
        member: patient::member(patient)?,
        patient: patient.reference().unwrap_or_default(),
        seats: Vec::new(),
        organizations: Vec::new(),
    };
    // A team can name very many, and one person again and again.
    let mut known = HashMap::new();
    let mut without: Vec<(OrganizationId, String)> = Vec::new();
    let (mut seats, mut organizations) = (HashSet::new(), HashSet::new());
    for (index, participant) in node.list("participant").iter().enumerate() {
        let field = format!("participant[{index}].member");
        if is_over(participant, on) {
            continue;
        }
        let mark = mark(participant);
        let reference = |name: &str| participant.get(name).map(Node::raw);
        let role = code(participant.list("role"), codes::ROLE);
        if mark.is_some() && role.as_deref().is_some_and(|code| !is_known(code)) {
            let detail = "this is no role that a seat can have";
            return Err(team.wrong("unknown-role", detail, &format!("participant[{index}].role")).into());
        }
        let found = match known.entry((reference("member"), reference("onBehalfOf"), role)) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => place.insert(named(import, participant)?),
        };
        let Some((contact, organization)) = found.clone() else {
            if mark.is_some() {
                let detail = "a seat's person and organization must be here, each with an identifier; an organization's own seat has the role `keeper`";
                return Err(team.wrong("seat-without-organization", detail, &field).into());
            }
            continue;
        };
        if mark.is_some() && contact.user.is_none() {
            without.push((contact.organization.clone(), field));
        }
        if organizations.insert(organization.id.clone()) {
            proposal.organizations.push(organization);
        }
        if seats.insert((contact.id.clone(), contact.organization.clone())) {
            proposal.seats.push(Seat { contact, lead: mark == Some(Mark::Lead) });
        }
    }
    // Who has none beside colleagues who do is a slip. Where nobody has one, their side is not on Matrix: it takes part by
    // telephone and fax, and has no keeper.
    let on_matrix = |organization: &OrganizationId| {
        let mut seats = proposal.seats.iter().map(|seat| &seat.contact);
        seats.any(|contact| contact.organization == *organization && contact.user.is_some())
    };
    if let Some((_, field)) = without.iter().find(|(organization, _)| on_matrix(organization)) {
        return Err(without_matrix_id(team, field).into());
    }
    proposal.seats.retain(|seat| !seat.is_keeper() || seat.contact.user.is_some());
    Ok(proposal)
}

/// Whether a code of ours is a role of this release: another one is a slip, which nobody would notice in an open case.
fn is_known(code: &str) -> bool {
    code.parse::<Role>().is_ok_and(|role| !matches!(role, Role::Other(_)))
}

/// The Patient whose team it is.
fn patient_of<'i>(import: &'i Import, team: &Resource) -> Result<&'i Resource> {
    let node = team.node()?;
    let patient = node.get("subject").and_then(|subject| import.target(subject));
    Ok(patient.filter(|patient| patient.kind() == "Patient").ok_or_else(|| {
        let detail = "the CareTeam does not refer to a Patient that is here";
        team.wrong("care-team-without-member", detail, "subject")
    })?)
}

/// Whose team it is.
///
/// # Errors
/// `InvalidInput`, with the field: `care-team-without-member`, `invalid-member`.
#[cfg(feature = "store")]
pub(crate) fn team_member(import: &Import, team: &Resource) -> Result<Member> {
    patient::member(patient_of(import, team)?)
}

/// Whether somebody's time on the team was over before that day.
fn is_over(participant: &Node<'_>, on: Date) -> bool {
    last_day(participant).is_some_and(|end| end < on)
}

/// The last day on which a participant takes part, where there is one.
pub(super) fn last_day(participant: &Node<'_>) -> Option<Date> {
    participant.get("period")?.str("end")?.get(..10)?.parse().ok()
}

/// Somebody on a team, as a change of it is noticed.
#[cfg(any(feature = "store", test))]
pub(super) struct Participant {
    /// Who, and for which organisation.
    pub(super) key: (ContactId, OrganizationId),
    /// What the directory says of them, if it knows them.
    pub(super) contact: Option<Contact>,
    /// Whether they are marked as a Caseline seat.
    pub(super) marked: bool,
    /// Whether they take part no longer.
    pub(super) ended: bool,
}

/// Reads one participant: by the directory, else by the identifiers that the references themselves give.
#[cfg(any(feature = "store", test))]
pub(super) fn participant(import: &Import, node: &Node<'_>, on: Date) -> Result<Option<Participant>> {
    let marked = mark(node).is_some();
    // Somebody who was entered as ended today is no longer there.
    let ended = is_over(node, on.tomorrow().unwrap_or(on));
    if let Some((contact, _)) = named(import, node)? {
        let key = (contact.id.clone(), contact.organization.clone());
        return Ok(Some(Participant { key, contact: Some(contact), marked, ended }));
    }
    let logical = |reference: &Node<'_>| {
        let identifier = reference.get("identifier")?;
        Some(format!("{}|{}", identifier.str("system")?, identifier.str("value")?))
    };
    let member = node.get("member");
    let of =
        node.get("onBehalfOf").or(member.filter(|one| one.str("type").as_deref() == Some("Organization")));
    let key = member
        .and_then(logical)
        .and_then(|id| id.parse().ok())
        .zip(of.and_then(logical).and_then(|id| id.parse().ok()));
    Ok(key.map(|key| Participant { key, contact: None, marked, ended }))
}

fn without_matrix_id(team: &Resource, field: &str) -> InvalidInput {
    let detail = "a seat needs a Matrix id: give its PractitionerRole, or its Organization, an Endpoint";
    team.wrong("seat-without-matrix-id", detail, field)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Named,
    Lead,
}

fn mark(participant: &Node<'_>) -> Option<Mark> {
    let extension =
        participant.list("extension").iter().find(|one| one.str("url").as_deref() == Some(codes::SEAT))?;
    let value = extension.str("valueCode").or_else(|| extension.str("valueString"));
    match value.as_deref() {
        Some("lead") => Some(Mark::Lead),
        Some(_) => Some(Mark::Named),
        None => extension.get("valueBoolean").filter(|value| value.raw() == "true").map(|_| Mark::Named),
    }
}

/// Whom a participant names, and for whom they are there.
fn named(import: &Import, participant: &Node<'_>) -> Result<Option<(Contact, Organization)>> {
    let role = code(participant.list("role"), codes::ROLE).and_then(|code| code.parse::<Role>().ok());
    let Some(target) = participant.get("member").and_then(|member| import.target(member)) else {
        return Ok(None);
    };
    let behalf = participant.get("onBehalfOf").and_then(|reference| import.target(reference));
    let found = match target.kind() {
        "PractitionerRole" => {
            let node = target.node()?;
            let works_for = node.get("organization").and_then(|reference| import.target(reference));
            contact(import, target)?.zip(works_for)
        }
        "Practitioner" => practitioner(import, target, behalf)?,
        "RelatedPerson" => {
            let node = target.node()?;
            behalf.zip(token(&node)).zip(behalf.and_then(|of| token(&of.node().ok()?))).map(
                |((of, id), organization)| {
                    let role = Role::MemberRepresentative;
                    let name = person_name(&node);
                    (
                        Contact { id, name, role, organization, user: None, phone: None, topics: Vec::new() },
                        of,
                    )
                },
            )
        }
        "Organization" if role == Some(Role::Keeper) => {
            let Some(keeper) = organization(import, target)?.and_then(|of| keeper(&of)) else {
                return Ok(None);
            };
            Some((keeper, target))
        }
        _ => None,
    };
    let Some((mut contact, of)) = found else { return Ok(None) };
    if let Some(role) = role {
        contact.role = role;
    }
    Ok(organization(import, of)?.map(|organization| (contact, organization)))
}

/// The keeper of an organisation: its id is the organisation's own.
pub(crate) fn keeper(of: &Organization) -> Option<Contact> {
    Some(Contact {
        id: of.id.as_str().parse().ok()?,
        name: of.name.clone(),
        role: Role::Keeper,
        organization: of.id.clone(),
        user: of.role_account.clone(),
        phone: of.phone.clone(),
        topics: Vec::new(),
    })
}

/// A Practitioner: with what their PractitionerRole at that organisation says, where there is one. Without `onBehalfOf` the
/// organisation is the only one at which they have a PractitionerRole.
fn practitioner<'i>(
    import: &'i Import,
    person: &Resource,
    behalf: Option<&'i Resource>,
) -> Result<Option<(Contact, &'i Resource)>> {
    let mut roles = Vec::new();
    for role in import.roles_of(person, behalf) {
        let node = role.node()?;
        let of = node.get("organization").and_then(|reference| import.target(reference));
        if let Some(found) = contact(import, role)?.zip(of) {
            roles.push(found);
        }
    }
    let first = roles.first().map(|(_, of)| *of);
    if behalf.is_none() && roles.iter().any(|(_, of)| first.is_some_and(|first| !std::ptr::eq(first, *of))) {
        return Ok(None);
    }
    if !roles.is_empty() {
        // Of several roles at one organisation the one with an account.
        let with_account = roles.iter().position(|(contact, _)| contact.user.is_some());
        return Ok(Some(roles.swap_remove(with_account.unwrap_or(0))));
    }
    let Some(of) = behalf else { return Ok(None) };
    let (node, of_node) = (person.node()?, of.node()?);
    Ok(token(&node).zip(token(&of_node)).map(|(id, organization)| {
        let name = person_name(&node);
        let role = Role::Other("contact".into());
        (Contact { id, name, role, organization, user: None, phone: None, topics: Vec::new() }, of)
    }))
}

#[cfg(test)]
#[path = "care_team_tests.rs"]
mod tests;
