//! The data types that the workflow's resources are made of (FHIR R4, 2.24). A `String` that is empty says nothing, and is
//! not written.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::element::{Value, missing, part, wrong_form};
use super::status::codes;
use crate::error::{Error, InvalidInput};
use crate::fhir::json::Node;
use crate::fhir::rules::is_date_time;

/// A point in time as FHIR writes it: a year, a month, a day, or an instant with its zone, kept as it was written (R4,
/// 2.24.0.1 "dateTime").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Time(String);

impl Time {
    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is certainly after another. Dates are compared as far as both go.
    pub fn is_after(&self, other: &Self) -> bool {
        crate::fhir::rules::is_after(&self.0, &other.0)
    }
}

impl FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if is_date_time(text) {
            return Ok(Self(text.to_owned()));
        }
        let detail = "a time is a year, a month, a day, or an instant with seconds and a zone";
        Err(InvalidInput::new("invalid-time", detail).into())
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at.to_string())
    }
}

impl From<Date> for Time {
    fn from(day: Date) -> Self {
        Self(day.to_string())
    }
}

impl Value for Time {
    fn write(&self) -> String {
        self.0.write()
    }

    fn read(node: Option<&Node<'_>>) -> Result<Self, InvalidInput> {
        let text = node.ok_or_else(missing)?.text().ok_or_else(wrong_form)?;
        if is_date_time(&text) { Ok(Self(text.into())) } else { Err(wrong_form()) }
    }
}

part! {
    /// What a record says of a resource, beside it.
    Meta {
        /// Profiles that it is said to meet.
        profile: Vec<String> = "profile",
        /// Security labels: how confidential, and why.
        security: Vec<Coding> = "security",
        /// Tags. A Provenance or AuditEvent, which has no identifier in R4, is found by one.
        tag: Vec<Coding> = "tag",
    }
}

part! {
    /// A name that holds on every server.
    Identifier {
        /// Who gives such names.
        system: Option<String> = "system",
        /// The name.
        value: Option<String> = "value",
    }
}

impl Identifier {
    /// The identifier of this system and value.
    pub fn new(system: impl Into<String>, value: impl Into<String>) -> Self {
        Self { system: Some(system.into()), value: Some(value.into()) }
    }
}

part! {
    /// A code of a code system.
    Coding {
        /// The code system. Never a value set: that breaks the rule `value-set-as-system`.
        system: Option<String> = "system",
        /// The code.
        code: Option<String> = "code",
        /// What the code system says for it.
        display: Option<String> = "display",
    }
}

impl Coding {
    /// A code of this system.
    pub fn new(system: impl Into<String>, code: impl Into<String>) -> Self {
        Self { system: Some(system.into()), code: Some(code.into()), display: None }
    }

    /// The same, with what the code system says for it.
    #[must_use]
    pub fn display(mut self, display: impl Into<String>) -> Self {
        self.display = Some(display.into());
        self
    }

    /// Whether it is this code of this system.
    pub fn is(&self, system: &str, code: &str) -> bool {
        self.system.as_deref() == Some(system) && self.code.as_deref() == Some(code)
    }
}

part! {
    /// A CodeableConcept: codes for one thing, or words for it.
    Concept {
        /// The codes.
        coding: Vec<Coding> = "coding",
        /// The words.
        text: Option<String> = "text",
    }
}

impl Concept {
    /// A concept in words alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { coding: Vec::new(), text: Some(text.into()) }
    }

    /// Whether this code of this system is among its codes.
    pub fn is(&self, system: &str, code: &str) -> bool {
        self.coding.iter().any(|coding| coding.is(system, code))
    }
}

impl From<Coding> for Concept {
    fn from(coding: Coding) -> Self {
        Self { coding: vec![coding], text: None }
    }
}

part! {
    /// A reference to another resource: by where it is, or by an identifier, which holds on any server.
    Reference {
        /// `Type/id`, `Type/id/_history/version`, an absolute URL, or `#id`.
        reference: Option<String> = "reference",
        /// The type of what it refers to.
        kind: Option<String> = "type",
        /// An identifier of what it refers to.
        identifier: Option<Identifier> = "identifier",
        /// Words for what it refers to.
        display: Option<String> = "display",
    }
}

impl Reference {
    /// A reference to where a resource is.
    pub fn to(reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..Self::default() }
    }

    /// A reference to the resource of this type that has this identifier.
    pub fn identified(kind: &str, identifier: Identifier) -> Self {
        Self { kind: Some(kind.into()), identifier: Some(identifier), ..Self::default() }
    }

    /// The same, with words for what it refers to.
    #[must_use]
    pub fn display(mut self, display: impl Into<String>) -> Self {
        self.display = Some(display.into());
        self
    }

    /// Whether both point at the same: the same place, whatever the version, or the same identifier.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |one: &Self| {
            one.reference.as_deref().map(|text| text.split("/_history/").next().unwrap_or(text).to_owned())
        };
        match (place(self), place(other)) {
            (Some(one), Some(two)) => one == two,
            _ => self.identifier.is_some() && self.identifier == other.identifier,
        }
    }

    /// Whether it points at a resource with this id, or with one of these identifiers.
    pub(crate) fn points_at(&self, kind: &str, id: Option<&str>, identifiers: &[Identifier]) -> bool {
        let literal = self.reference.as_deref().zip(id).is_some_and(|(text, id)| {
            let path = text.split("/_history/").next().unwrap_or(text);
            path.strip_suffix(id)
                .and_then(|rest| rest.strip_suffix('/'))
                .is_some_and(|rest| rest == kind || rest.ends_with(&format!("/{kind}")))
        });
        literal || self.identifier.as_ref().is_some_and(|identifier| identifiers.contains(identifier))
    }
}

part! {
    /// From when, until when.
    Period {
        /// From when.
        start: Option<Time> = "start",
        /// Until when; nothing while it lasts.
        end: Option<Time> = "end",
    }
}

impl Period {
    /// What begins then and has no end yet.
    pub fn since(start: Time) -> Self {
        Self { start: Some(start), end: None }
    }

    /// What begins and ends.
    pub fn between(start: Time, end: Time) -> Self {
        Self { start: Some(start), end: Some(end) }
    }
}

part! {
    /// A file, in the resource or elsewhere.
    Attachment {
        /// Its media type. Asked for where there is `data` (att-1).
        content_type: Option<String> = "contentType",
        /// Its bytes, in base64.
        data: Option<String> = "data",
        /// Where it is.
        url: Option<String> = "url",
        /// Its length in bytes.
        size: Option<u32> = "size",
        /// Its SHA-1, in base64 (R4 takes no other here).
        hash: Option<String> = "hash",
        /// What it is called.
        title: Option<String> = "title",
        /// When it was made.
        creation: Option<Time> = "creation",
    }
}

part! {
    /// Words that somebody added.
    Note {
        /// Who.
        author: Option<Reference> = "authorReference",
        /// When.
        time: Option<Time> = "time",
        /// The words.
        text: String = "text",
    }
}

part! {
    /// A person's name.
    HumanName {
        /// The name as one says it.
        text: Option<String> = "text",
        /// The family's.
        family: Option<String> = "family",
        /// The given ones.
        given: Vec<String> = "given",
    }
}

codes! {
    /// What a contact point is (R4 ContactPointSystem).
    ContactSystem {
        /// A telephone.
        Phone = "phone",
        /// A fax.
        Fax = "fax",
        /// An e-mail address.
        Email = "email",
        /// A pager.
        Pager = "pager",
        /// A URL.
        Url = "url",
        /// Text messages.
        Sms = "sms",
        /// Something else.
        Other = "other",
    }
}

part! {
    /// A telephone number, an address of mail, and the like.
    ContactPoint {
        /// What it is.
        system: Option<ContactSystem> = "system",
        /// The number or the address.
        value: Option<String> = "value",
        /// `home`, `work`, `temp`, `old` or `mobile`.
        usage: Option<String> = "use",
    }
}

part! {
    /// A postal address.
    Address {
        /// The address as one writes it.
        text: Option<String> = "text",
        /// Street and number.
        line: Vec<String> = "line",
        /// The town.
        city: Option<String> = "city",
        /// The state.
        state: Option<String> = "state",
        /// The post code.
        postal_code: Option<String> = "postalCode",
    }
}

codes! {
    /// A person's administrative gender (R4 AdministrativeGender).
    Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Other.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

codes! {
    /// How far a request goes (R4 RequestIntent; each type takes those of its own binding).
    Intent {
        /// Proposed by somebody who cannot order it.
        Proposal = "proposal",
        /// Meant to be done, not yet ordered.
        Plan = "plan",
        /// Directed, as by a patient in advance.
        Directive = "directive",
        /// Ordered.
        Order = "order",
        /// The order that others follow from.
        OriginalOrder = "original-order",
        /// Ordered by a rule.
        ReflexOrder = "reflex-order",
        /// As who fulfils an order sees it.
        FillerOrder = "filler-order",
        /// One of an order's several doings.
        InstanceOrder = "instance-order",
        /// One of several ways.
        Option = "option",
        /// Not known.
        Unknown = "unknown",
    }
}

pub use crate::label::Label;

impl Label {
    /// The label as a resource carries it. One that this release does not know is at least restricted.
    pub fn coding(self) -> Coding {
        let (system, code) = match self {
            Self::Normal | Self::Restricted | Self::VeryRestricted => ("v3-Confidentiality", self.code()),
            Self::Unknown => ("v3-Confidentiality", Self::Restricted.code()),
            Self::CounsellingNotes => return Coding::new(crate::fhir::codes::LABEL, self.code()),
            _ => ("v3-ActCode", self.code()),
        };
        Coding::new(format!("http://terminology.hl7.org/CodeSystem/{system}"), code)
    }

    /// The label that a coding is, if it is one of ours.
    pub fn of(coding: &Coding) -> Option<Self> {
        Self::ALL.into_iter().find(|label| {
            let known = label.coding();
            known.system == coding.system && known.code == coding.code
        })
    }
}

/// A SHA-256 as an identifier: a document, by what is in it.
pub fn digest(sha256: &crate::id::Sha256) -> Identifier {
    Identifier::new(crate::fhir::codes::SHA256, sha256.to_string())
}
