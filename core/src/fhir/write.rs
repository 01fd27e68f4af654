//! Small parts of the resources that we write, as JSON text in FHIR's own order of elements.

use super::codes;
use super::json::quote;
use crate::case::event::{EventKey, Head};
use crate::contact::{Contact, Role};
use crate::id::{OrganizationId, Sha256, UserId};

/// An object, member by member. What is empty is left out, as FHIR asks (2.6.2).
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    pub(crate) fn resource(kind: &str) -> Self {
        Self::new().text("resourceType", kind)
    }

    /// A member that is JSON already.
    pub(crate) fn raw(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            if self.0.len() > 1 {
                self.0.push(',');
            }
            self.0.push_str(&quote(key));
            self.0.push(':');
            self.0.push_str(value);
        }
        self
    }

    pub(crate) fn text(self, key: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.raw(key, &quote(value)) }
    }

    pub(crate) fn list(self, key: &str, items: &[String]) -> Self {
        if items.is_empty() { self } else { self.raw(key, &format!("[{}]", items.join(","))) }
    }

    pub(crate) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// The name of an event in a record: its id with 64 bits of its sender's SHA-256, since the key of an event is both, and
/// nobody must be able to write over what another's event opened by choosing its id.
pub fn event_value(key: &EventKey) -> String {
    let sender = Sha256::of(key.sender.as_str()).to_string();
    format!("{}-{}", key.id, sender.get(..16).unwrap_or_default())
}

pub(crate) fn identifier(system: &str, value: &str) -> String {
    Object::new().text("system", system).text("value", value).done()
}

pub(crate) fn coding(system: &str, code: &str, display: &str) -> String {
    Object::new().text("system", system).text("code", code).text("display", display).done()
}

pub(crate) fn concept(system: &str, code: &str, display: &str) -> String {
    Object::new().list("coding", &[coding(system, code, display)]).done()
}

/// A reference by identifier (R4, 2.3.0.2 "logical references"): it holds on any server, whatever its ids.
pub(crate) fn logical(kind: &str, system: &str, value: &str, display: &str) -> String {
    Object::new()
        .text("type", kind)
        .raw("identifier", &identifier(system, value))
        .text("display", display)
        .done()
}

pub(crate) fn literal(reference: &str) -> String {
    Object::new().text("reference", reference).done()
}

pub(crate) fn organization_ref(id: &OrganizationId, name: &str) -> String {
    logical("Organization", id.system(), id.value(), name)
}

/// What kind of resource somebody on a roster is.
pub(crate) fn kind_of(role: &Role) -> &'static str {
    match role {
        Role::Keeper => "Organization",
        Role::MemberRepresentative => "RelatedPerson",
        _ => "Practitioner",
    }
}

pub(crate) fn contact_ref(contact: &Contact) -> String {
    logical(kind_of(&contact.role), contact.id.system(), contact.id.value(), &contact.name)
}

/// Somebody of whom nothing but the Matrix account is known, by its URI (Matrix specification, "Matrix URI scheme").
pub(crate) fn account_ref(user: &UserId) -> String {
    let uri = format!("matrix:u/{}", user.as_str().trim_start_matches('@'));
    Object::new()
        .raw("identifier", &identifier("urn:ietf:rfc:3986", &uri))
        .text("display", user.as_str())
        .done()
}

/// The extension that tells which events shaped a resource.
pub(crate) fn heads_extension(heads: &[Head]) -> String {
    let heads = serde_json::to_string(heads).unwrap_or_default();
    Object::new().text("url", codes::HEADS).text("valueString", &heads).done()
}

pub(crate) fn period(start: Option<String>, end: Option<String>) -> String {
    let period =
        Object::new().text("start", &start.unwrap_or_default()).text("end", &end.unwrap_or_default()).done();
    if period == "{}" { String::new() } else { period }
}
