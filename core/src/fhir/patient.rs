//! Patient, read as the member of a case.

use super::bundle::Resource;
use super::directory::{person_name, token};
use super::json::Node;
use crate::error::Result;
use crate::id::MemberId;
use crate::member::Member;

/// Reads the member that a Patient is. Of several identifiers the Medicaid number counts (type `MA` of HL7 v2 table 0203),
/// else the one called official, else the first.
///
/// # Errors
/// `InvalidInput` (`invalid-member`) with the field, where there is no identifier, no name or no whole date of birth.
pub fn member(patient: &Resource) -> Result<Member> {
    let node = patient.node()?;
    let id = medicaid(&node).or_else(|| token(&node)).ok_or_else(|| {
        patient.wrong("invalid-member", "a member needs an identifier with a system", "identifier")
    })?;
    let name = person_name(&node);
    if name.is_empty() {
        return Err(patient.wrong("invalid-member", "a member needs a name", "name").into());
    }
    let birth_date = node.str("birthDate").and_then(|text| text.parse().ok());
    let birth_date = birth_date.ok_or_else(|| {
        patient.wrong("invalid-member", "a member needs a whole date of birth", "birthDate")
    })?;
    Ok(Member { id, name, birth_date })
}

fn medicaid(node: &Node<'_>) -> Option<MemberId> {
    let is_medicaid = |one: &&Node<'_>| {
        one.get("type").is_some_and(|kind| {
            kind.list("coding").iter().any(|coding| coding.str("code").as_deref() == Some("MA"))
        })
    };
    let one = node.list("identifier").iter().find(is_medicaid)?;
    MemberId::from_parts(&one.str("system")?, &one.str("value")?).ok()
}

/// Whether one of a Patient's identifiers is this one.
pub fn is_member(patient: &Resource, member: &MemberId) -> bool {
    patient.node().is_ok_and(|node| {
        node.list("identifier").iter().any(|one| {
            one.str("system").as_deref() == Some(member.system())
                && one.str("value").as_deref() == Some(member.value())
        })
    })
}
