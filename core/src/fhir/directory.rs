//! Organization, Practitioner, PractitionerRole and Endpoint, read as a directory.

use super::availability::availability;
use super::bundle::{Import, Resource, percent_decoded};
use super::codes;
use super::json::Node;
use crate::contact::{Contact, Role, Topic};
use crate::directory::Directory;
use crate::error::Result;
use crate::id::{ContactId, OrganizationId, UserId};
use crate::organization::{Organization, OrganizationKind};

/// Reads whom one can reach. In R4 a Practitioner has no endpoint: the Matrix id of a contact is that of an Endpoint of the
/// PractitionerRole that joins the person to the organisation; an organisation's role account is that of its own Endpoint.
///
/// Left out is who cannot be named: an Organization or Practitioner without an identifier, a role without a person or an
/// organisation, what is not active.
///
/// # Errors
/// `InvalidInput`: `invalid-user-id` with the field, where a Matrix address is not a Matrix id; `not-fhir` where what is
/// referred to cannot be read.
pub fn directory(import: &Import) -> Result<Directory> {
    let mut directory = Directory::default();
    for resource in import.of_kind("Organization") {
        if is_active(&resource.node()?) {
            directory.organizations.extend(organization(import, resource)?);
        }
    }
    for resource in import.of_kind("PractitionerRole") {
        let node = resource.node()?;
        if !is_active(&node) {
            continue;
        }
        let Some(contact) = contact(import, resource)? else { continue };
        let person = node.get("practitioner").and_then(|reference| import.target(reference));
        let person = person.map_or_else(|| resource.node(), Resource::node)?;
        let key = (contact.id.clone(), contact.organization.clone());
        // The first role that a person has for an organisation, as for whom one calls.
        directory.availabilities.entry(key).or_insert_with(|| availability(import, &node, &person));
        directory.contacts.push(contact);
    }
    Ok(directory)
}

fn is_active(node: &Node<'_>) -> bool {
    node.get("active").is_none_or(|active| active.raw() != "false")
}

/// An organisation, if it has an identifier.
pub(crate) fn organization(import: &Import, resource: &Resource) -> Result<Option<Organization>> {
    let node = resource.node()?;
    let Some(id) = token::<OrganizationId>(&node) else { return Ok(None) };
    let kind = code(node.list("type"), codes::ORGANIZATION_KIND);
    Ok(Some(Organization {
        id,
        name: node.str("name").unwrap_or_default().into_owned(),
        kind: kind.map_or(OrganizationKind::Other, |code| OrganizationKind::from_code(&code)),
        role_account: account(import, resource, &node)?,
        phone: phone(&node),
    }))
}

/// The contact that a PractitionerRole names, if its person and its organisation have identifiers.
pub(crate) fn contact(import: &Import, resource: &Resource) -> Result<Option<Contact>> {
    let node = resource.node()?;
    let joined = |element: &str| node.get(element).and_then(|reference| import.target(reference));
    let (Some(person), Some(organization)) = (joined("practitioner"), joined("organization")) else {
        return Ok(None);
    };
    let (person, organization) = (person.node()?, organization.node()?);
    let (Some(id), Some(organization)) = (token::<ContactId>(&person), token(&organization)) else {
        return Ok(None);
    };
    let role = code(node.list("code"), codes::ROLE).and_then(|code| code.parse().ok());
    let topics = node
        .list("specialty")
        .iter()
        .flat_map(|concept| concept.list("coding"))
        .filter(|coding| coding.str("system").as_deref() == Some(codes::TOPIC))
        .filter_map(|coding| coding.str("code"))
        .filter_map(|code| Topic::ALL.into_iter().find(|topic| topic.code() == code))
        .collect();
    Ok(Some(Contact {
        id,
        name: person_name(&person),
        role: role.unwrap_or_else(|| Role::Other("contact".into())),
        organization,
        user: account(import, resource, &node)?,
        phone: phone(&node).or_else(|| phone(&person)),
        topics,
    }))
}

/// The first identifier that can name something: the one that the record calls official, else the first.
pub(crate) fn token<Id: std::str::FromStr>(node: &Node<'_>) -> Option<Id> {
    let official = identifiers(node).filter(|one| one.str("use").as_deref() == Some("official"));
    official
        .chain(identifiers(node))
        .find_map(|one| format!("{}|{}", one.str("system")?, one.str("value")?).parse().ok())
}

/// Types of HL7 v2 table 0203 by which a person is known outside of care: social security and other national numbers, licence,
/// passport, what registries of births and marriages wrote, taxes and pension, army and prison, bank and cards.
#[rustfmt::skip]
const OF_A_CITIZEN: [&str; 26] = [
    "SS", "SB", "NI", "CZ", "IND", "DL", "PPN", "DP", "PRC", "NCT", "BCT", "BCFN", "BR", "MCT", "TAX", "PEN", "MI", "PC", "PCN",
    "BA", "BC", "AM", "DI", "DS", "MS", "VS",
];
/// Systems of such numbers, for identifiers that have no type: HL7's URLs, and the OIDs of social security numbers and (each
/// state its own) of driver's licences.
const SYSTEMS_OF_A_CITIZEN: [&str; 4] = [
    "http://hl7.org/fhir/sid/us-ssn",
    "urn:oid:2.16.840.1.113883.4.1",
    "urn:oid:2.16.840.1.113883.4.3.",
    "http://hl7.org/fhir/sid/passport-",
];

/// The identifiers by which somebody may be called between two organisations: none that is `old`, and of a person none of a
/// citizen.
pub(crate) fn identifiers<'n>(node: &'n Node<'n>) -> impl Iterator<Item = &'n Node<'n>> {
    let person = node.str("resourceType").as_deref() != Some("Organization");
    let usable =
        move |one: &&Node<'_>| one.str("use").as_deref() != Some("old") && !(person && is_of_a_citizen(one));
    node.list("identifier").iter().filter(usable)
}

fn is_of_a_citizen(identifier: &Node<'_>) -> bool {
    let system = identifier.str("system").unwrap_or_default();
    let by_system = SYSTEMS_OF_A_CITIZEN.iter().any(|known| match known.chars().last() {
        Some('.' | '-') => system.starts_with(known),
        _ => system == *known,
    });
    // A national number can carry its country in the type: `NNUSA`.
    let is_type = |code: &str| OF_A_CITIZEN.contains(&code) || code.len() == 5 && code.starts_with("NN");
    let types = identifier.get("type").map_or(&[][..], |kind| kind.list("coding"));
    by_system || types.iter().filter_map(|coding| coding.str("code")).any(|code| is_type(&code))
}

/// Whether an identifier is of a type of HL7 v2 table 0203.
pub(crate) fn has_type(identifier: &Node<'_>, code: &str) -> bool {
    identifier.get("type").is_some_and(|kind| {
        kind.list("coding").iter().any(|coding| coding.str("code").as_deref() == Some(code))
    })
}

/// The code of a system among CodeableConcepts.
pub(crate) fn code(concepts: &[Node<'_>], system: &str) -> Option<String> {
    let codings = concepts.iter().flat_map(|concept| concept.list("coding"));
    codings
        .filter(|coding| coding.str("system").as_deref() == Some(system))
        .find_map(|coding| coding.str("code"))
        .map(Into::into)
}

/// A name as people say it.
pub(crate) fn person_name(node: &Node<'_>) -> String {
    let names = node.list("name");
    let official = names.iter().find(|name| name.str("use").as_deref() == Some("official"));
    let Some(name) = official.or_else(|| names.first()) else { return String::new() };
    if let Some(text) = name.str("text") {
        return text.into_owned();
    }
    let given = name.list("prefix").iter().chain(name.list("given")).filter_map(Node::text);
    given.chain(name.str("family")).collect::<Vec<_>>().join(" ")
}

fn phone(node: &Node<'_>) -> Option<String> {
    let mut phones =
        node.list("telecom").iter().filter(|point| point.str("system").as_deref() == Some("phone"));
    phones.find_map(|point| point.str("value")).filter(|value| !value.is_empty()).map(Into::into)
}

/// The Matrix id among the endpoints of an Organization or a PractitionerRole.
fn account(import: &Import, resource: &Resource, node: &Node<'_>) -> Result<Option<UserId>> {
    for reference in node.list("endpoint") {
        let Some(endpoint) = import.target(reference) else { continue };
        let endpoint_node = endpoint.node()?;
        let usable = endpoint_node.str("status").is_none_or(|status| status == "active" || status == "test");
        let Some(address) = endpoint_node.str("address").filter(|_| usable) else { continue };
        let id = match address.strip_prefix("matrix:u/") {
            Some(rest) => format!("@{}", percent_decoded(rest.split(['?', '#']).next().unwrap_or(rest))),
            None if address.starts_with('@') => address.into_owned(),
            None => continue,
        };
        let wrong = || {
            let named = if endpoint.kind() == "Endpoint" { endpoint } else { resource };
            named.wrong("invalid-user-id", "a Matrix id is written `@name:server`, in lower case", "address")
        };
        return Ok(Some(id.parse().map_err(|_| wrong())?));
    }
    Ok(None)
}

#[cfg(test)]
#[path = "directory_tests.rs"]
pub(crate) mod tests;
