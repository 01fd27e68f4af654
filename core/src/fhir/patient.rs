//! Patient, read as the member of a case.

use super::bundle::Resource;
use super::directory::{has_type, identifiers, person_name, token};
use super::json::Node;
#[cfg(feature = "store")]
use super::search;
use crate::error::Result;
use crate::id::MemberId;
use crate::member::Member;

/// Reads the member that a Patient is. Of several identifiers the Medicaid number counts (type `MA` of HL7 v2 table 0203),
/// else the member number of a plan (`MB`), else the one called official, else the first.
///
/// A case's two sides, and every room of it, know the member by this number. So a number that opens doors outside of care
/// (social security, driver's licence, passport and the like) is never taken, whatever it is called, nor one that is `old`: a
/// Patient that has nothing else cannot be a case's member.
///
/// # Errors
/// `InvalidInput` (`invalid-member`) with the field, where there is no identifier that may be used, no name or no whole date of
/// birth.
pub fn member(patient: &Resource) -> Result<Member> {
    let node = patient.node()?;
    let id = member_id(&node).ok_or_else(|| {
        let detail = "a member needs an identifier with a system, other than of social security, driver's licence or passport";
        patient.wrong("invalid-member", detail, "identifier")
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

/// The number by which a Patient is known as a member, as [`member`] has it.
pub(crate) fn member_id(patient: &Node<'_>) -> Option<MemberId> {
    let typed = |code: &str| {
        let one = identifiers(patient).find(|one| has_type(one, code))?;
        MemberId::from_parts(&one.str("system")?, &one.str("value")?).ok()
    };
    typed("MA").or_else(|| typed("MB")).or_else(|| token(patient))
}

/// The person that a Patient is: the number by which a case would know them, and the whole date of birth, since some numbers are a
/// family's.
#[cfg(feature = "store")]
pub(crate) fn person(patient: &Node<'_>) -> Option<(MemberId, String)> {
    if patient.str("resourceType").as_deref() != Some("Patient") {
        return None;
    }
    let born = patient.str("birthDate").filter(|born| search::is_whole_date(born))?;
    Some((member_id(patient)?, born.into_owned()))
}

/// Whether one of a Patient's identifiers is this one.
pub fn is_member(patient: &Resource, member: &MemberId) -> bool {
    patient.node().is_ok_and(|node| has_number(&node, member))
}

/// Whether one of the identifiers of a Patient's JSON is this one.
pub(crate) fn has_number(patient: &Node<'_>, member: &MemberId) -> bool {
    patient.list("identifier").iter().any(|one| {
        one.str("system").as_deref() == Some(member.system())
            && one.str("value").as_deref() == Some(member.value())
    })
}

/// The search token of a member's id: whoever is found by it may still be somebody else, where a record searches in its own way.
#[cfg(feature = "store")]
pub(crate) fn member_token(member: &MemberId) -> String {
    search::token(member.system(), member.value())
}

#[cfg(test)]
#[path = "patient_tests.rs"]
mod tests;
