//! Whom a care plan is about: it travels in the case of one member, and becomes that member's in every record that takes it.

use crate::error::Result;
use crate::fhir::bundle::{Import, Resource, percent_decoded};
use crate::fhir::json::Node;
use crate::fhir::patient::{has_number, is_member};
use crate::member::Member;

/// What a document says of whom a plan is about.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "store", test)), allow(dead_code))] // Only who sends asks for all of it.
enum Subject {
    /// Nobody is named: there are words at most, and no Patient in the document.
    Unnamed,
    /// The case's member, by number.
    Member {
        /// Whether nothing speaks of another birth date.
        born: bool,
    },
    /// Somebody else.
    Another,
    /// Whoever this reference means where the document comes from; it is empty where there is a number of another system only.
    Elsewhere(String),
}

/// Refuses a document with a plan of another member. `patient` is the Patient of our own record that the case is bound to; in a
/// document that was gathered from that record (`gathered`), a plan of that Patient is the member's, as a person has confirmed.
///
/// A plan that names nobody (neither a reference nor an identifier, and no Patient beside it) is taken for the member's: there
/// is nothing in it that could be another's.
///
/// # Errors
/// `InvalidInput` (`plan-of-another-member`, field `subject`).
#[cfg(any(feature = "store", test))]
pub(crate) fn must_be_of(
    import: &Import,
    member: &Member,
    patient: Option<&str>,
    gathered: bool,
) -> Result<()> {
    for plan in import.care_plans() {
        let node = plan.node()?;
        let reference = node.get("subject").and_then(|subject| subject.str("reference"));
        let bound = reference.as_deref().is_some_and(|reference| Some(unversioned(reference)) == patient);
        let fine = match subject(import, plan, member)? {
            _ if gathered && bound => true,
            Subject::Unnamed | Subject::Member { born: true } => true,
            Subject::Elsewhere(_) => bound,
            Subject::Member { born: false } | Subject::Another => false,
        };
        if !fine {
            let detail = "this care plan is not about the member of the case";
            return Err(crate::error::InvalidInput::new("plan-of-another-member", detail)
                .field("subject")
                .into());
        }
    }
    Ok(())
}

/// Whether the plan of a document is somebody else's than the case's member: no record may take it as the member's.
pub(crate) fn is_of_another(import: &Import, plan: &Resource, member: &Member) -> bool {
    subject(import, plan, member).is_ok_and(|subject| subject == Subject::Another)
}

/// Whether a Patient of a document is the one that its plan is about.
pub(super) fn is_subject(import: &Import, plan: &Resource, patient: &Resource, member: &Member) -> bool {
    let of_plan = plan.node().is_ok_and(|node| {
        node.get("subject").and_then(|one| import.target(one)).is_some_and(|one| std::ptr::eq(one, patient))
    });
    of_plan || is_member(patient, &member.id)
}

fn subject(import: &Import, plan: &Resource, member: &Member) -> Result<Subject> {
    let node = plan.node()?;
    let said = node.get("subject");
    let reference = said.and_then(|said| said.str("reference"));
    if let Some(id) = reference.as_deref().and_then(|reference| reference.strip_prefix('#')) {
        let mut contained = node.list("contained").iter();
        let found = contained.find(|one| one.str("id").as_deref() == Some(id));
        return Ok(found.map_or(Subject::Another, |found| judge(found, member)));
    }
    if let Some(target) = said.and_then(|said| import.target(said)) {
        return Ok(judge(&target.node()?, member));
    }
    // A condition for the server is a number, too.
    let asked = reference.as_deref().and_then(|reference| reference.split_once("?identifier="));
    let asked = asked.and_then(|(_, token)| {
        percent_decoded(token).split_once('|').map(|(system, value)| (system.to_owned(), value.to_owned()))
    });
    let bare = reference.is_none() || asked.is_some();
    let number = asked.or_else(|| {
        let identifier = said?.get("identifier")?;
        Some((identifier.str("system")?.into_owned(), identifier.str("value")?.into_owned()))
    });
    match (reference, number) {
        // A number of the member's own system says who it is.
        (_, Some((system, value))) if system == member.id.system() && value != member.id.value() => {
            Ok(Subject::Another)
        }
        (_, Some((system, _))) if bare && system == member.id.system() => Ok(Subject::Member { born: true }),
        (Some(reference), _) => Ok(Subject::Elsewhere(reference.into_owned())),
        (None, Some(_)) => Ok(Subject::Elsewhere(String::new())),
        (None, None) => {
            let mut patients = import.patients().peekable();
            if patients.peek().is_none() {
                return Ok(Subject::Unnamed);
            }
            let member = patients
                .find(|patient| is_member(patient, &member.id))
                .map(Resource::node)
                .transpose()?
                .map(|node| judge(&node, member));
            Ok(member.unwrap_or(Subject::Another))
        }
    }
}

fn judge(patient: &Node<'_>, member: &Member) -> Subject {
    if patient.str("resourceType").as_deref() != Some("Patient") || !has_number(patient, &member.id) {
        return Subject::Another;
    }
    let born = patient.str("birthDate").and_then(|text| text.parse().ok());
    Subject::Member { born: born == Some(member.birth_date) }
}

#[cfg(any(feature = "store", test))]
fn unversioned(reference: &str) -> &str {
    reference.split("/_history/").next().unwrap_or(reference)
}

#[cfg(test)]
#[path = "subject_tests.rs"]
mod tests;
