//! What must hold of everything that we write: R4's elements, cardinalities, forms, required bindings and invariants, and
//! the profiles that we follow.
//!
//! A validator runs in tests and not where resources are written, and there are mistakes that it lets pass. These rules are
//! ours, run in microseconds, and say where and which, but never a value.

mod bindings;
mod care;
mod data;
mod gravity;
mod invariants;
mod people;
mod profiles;
mod shape;
mod trail;
mod value;
mod walk;
mod work;

use std::collections::BTreeMap;
use std::fmt;

use super::care_plan::is_projected_plan;
use super::json;
use crate::error::{InvalidInput, Result};
use crate::ports::PortError;
use shape::Shape;
pub(crate) use value::{is_after, is_date_time};
use walk::Walk;

/// A rule that a resource breaks. Holds no value of the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule: an invariant's key (`ctm-1`), a profile's id (`us-core-careteam`), or one of our names
    /// (`value-set-as-system`).
    pub rule: &'static str,
    /// The path of the element: `CareTeam.participant[2].onBehalfOf`.
    pub path: String,
    /// What the rule asks for.
    pub detail: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.path, self.rule, self.detail)
    }
}

impl From<Broken> for InvalidInput {
    /// With the rule as its code, and the path as its field.
    fn from(broken: Broken) -> Self {
        Self::new(broken.rule, broken.detail).field(broken.path)
    }
}

/// Every rule that a resource breaks; none where it may be written. Of a type that we do not write (a contained Condition),
/// only what holds everywhere is looked at.
///
/// ```
/// let consent = r#"{"resourceType":"Consent","status":"active","scope":{"text":"synthetic"},"category":[{"text":"synthetic"}],
///     "policyRule":{"text":"synthetic"}}"#;
/// let broken = caseline::fhir::check(consent)?;
/// assert_eq!((broken[0].rule, broken[0].path.as_str()), ("consent-patient", "Consent.patient"));
/// # Ok::<(), caseline::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` where the text is not JSON.
pub fn check(text: &str) -> Result<Vec<Broken>> {
    Ok(Walk::of(&json::parse(text)?))
}

/// The rules that a change breaks: those that `after` breaks more often than `before`. What somebody else got wrong is
/// theirs to mend, and does not keep us from changing what is ours.
///
/// # Errors
/// `InvalidInput` where either is not JSON.
pub fn check_change(before: &str, after: &str) -> Result<Vec<Broken>> {
    let mut known = BTreeMap::<(&str, String), usize>::new();
    for broken in check(before)? {
        *known.entry((broken.rule, without_places(&broken.path))).or_default() += 1;
    }
    let mut added = check(after)?;
    added.retain(|broken| match known.get_mut(&(broken.rule, without_places(&broken.path))) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    Ok(added)
}

/// A resource that may be written, or the first rule that it breaks.
///
/// # Errors
/// `InvalidInput` with the rule as its code and the element's path as its field.
pub(crate) fn sound(text: String) -> Result<String> {
    match check(&text)?.into_iter().next() {
        Some(broken) => Err(InvalidInput::from(broken).into()),
        None => Ok(text),
    }
}

/// A changed resource that may be written in the place of what was there, or the first rule that the change breaks.
///
/// # Errors
/// As for [`sound`].
pub(crate) fn sound_change(before: &str, after: String) -> Result<String> {
    match check_change(before, &after)?.into_iter().next() {
        Some(broken) => Err(InvalidInput::from(broken).into()),
        None => Ok(after),
    }
}

/// Whether a record may be written: nothing of ours breaks a rule, or one more than what is stored there. The plan that a
/// case was sent is its author's text: with what its author got wrong it is kept, as any record keeps it.
///
/// # Errors
/// `Refused` with the rule; `NotUnderstood` where a text is not JSON.
pub(crate) fn permit(stored: Option<&str>, text: &str) -> Result<(), PortError> {
    let broken = match stored {
        Some(stored) => check_change(stored, text),
        None if is_projected_plan(text) => return Ok(()),
        None => check(text),
    };
    match broken.map_err(|_| PortError::NotUnderstood { code: "stored-resource" })?.into_iter().next() {
        Some(broken) => {
            tracing::error!(
                rule = broken.rule,
                path = broken.path,
                "a resource that breaks a rule is not written"
            );
            Err(PortError::Refused { code: broken.rule })
        }
        None => Ok(()),
    }
}

fn without_places(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|c| {
            inside = (inside || *c == '[') && *c != ']';
            !inside && *c != ']'
        })
        .collect()
}

/// The elements of a type that we write.
fn shape_of(kind: &str) -> Option<&'static Shape> {
    Some(match kind {
        "CareTeam" => &care::CARE_TEAM,
        "CarePlan" => &care::CARE_PLAN,
        "Communication" => &care::COMMUNICATION,
        "Goal" => &care::GOAL,
        "EpisodeOfCare" => &care::EPISODE_OF_CARE,
        "Flag" => &care::FLAG,
        "Consent" => &care::CONSENT,
        "Task" => &work::TASK,
        "ServiceRequest" => &work::SERVICE_REQUEST,
        "Appointment" => &work::APPOINTMENT,
        "Encounter" => &work::ENCOUNTER,
        "DocumentReference" => &work::DOCUMENT_REFERENCE,
        "Patient" => &people::PATIENT,
        "RelatedPerson" => &people::RELATED_PERSON,
        "Practitioner" => &people::PRACTITIONER,
        "PractitionerRole" => &people::PRACTITIONER_ROLE,
        "Organization" => &people::ORGANIZATION,
        "Endpoint" => &people::ENDPOINT,
        "HealthcareService" => &people::HEALTHCARE_SERVICE,
        "Location" => &people::LOCATION,
        "Provenance" => &trail::PROVENANCE,
        "AuditEvent" => &trail::AUDIT_EVENT,
        _ => return None,
    })
}

/// The codes that R4 takes for an element of a type.
#[cfg(all(test, feature = "testing"))]
pub(crate) fn codes_of(kind: &str, element: &str) -> Option<&'static [&'static str]> {
    let element = shape_of(kind)?.elements.iter().find(|one| one.name == element)?;
    if let shape::Type::Bound(codes) = element.of { Some(codes) } else { None }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod profiles_tests;
