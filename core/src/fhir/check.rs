//! Is it FHIR R4? The R4B types of fhir-sdk decide; what they drop or round is never written back.

use fhir_sdk::r4b::resources as r4b;
use serde::de::DeserializeOwned;

use crate::error::InvalidInput;

/// Refuses a resource of a type that we read if one of its fields does not have the form that FHIR gives it. A type that
/// we do not read is taken as it is: a record keeps what it does not know.
///
/// # Errors
/// `InvalidInput` (`not-fhir`) with the path of the field and its line.
pub(crate) fn check(kind: &str, text: &str) -> Result<(), InvalidInput> {
    match kind {
        "Patient" => typed::<r4b::Patient>(text),
        "RelatedPerson" => typed::<r4b::RelatedPerson>(text),
        "Practitioner" => typed::<r4b::Practitioner>(text),
        "PractitionerRole" => typed::<r4b::PractitionerRole>(text),
        "Organization" => typed::<r4b::Organization>(text),
        "Endpoint" => typed::<r4b::Endpoint>(text),
        "CareTeam" => typed::<r4b::CareTeam>(text),
        "CarePlan" => typed::<r4b::CarePlan>(text),
        "Communication" => typed::<r4b::Communication>(text),
        "Provenance" => typed::<r4b::Provenance>(text),
        "AuditEvent" => typed::<r4b::AuditEvent>(text),
        _ => Ok(()),
    }
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<(), InvalidInput> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        return Ok(());
    };
    let mut path = match error.path().to_string() {
        whole if whole == "." => String::new(),
        path => path,
    };
    let line = error.inner().line().max(1) as u64;
    // The text of the error can hold the value; of it only the name of a missing field is used, which is FHIR's.
    let message = error.inner().to_string();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(field) = missing {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(field);
    }
    let detail = if missing.is_some() {
        "FHIR R4 asks for this field"
    } else {
        "this does not have the form that FHIR R4 gives it"
    };
    Err(InvalidInput::new("not-fhir", detail).field(path).line(line))
}

/// Whether this can be the name of a resource type (FHIR R4, 2.1.27.1: letters, the first upper-case).
pub(crate) fn is_kind(kind: &str) -> bool {
    kind.len() <= 64
        && kind.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
        && kind.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether this can be a resource's id (FHIR R4, 2.24.0.1 "id").
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
