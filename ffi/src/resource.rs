//! Resources of the record, and how a host changes them.

use caseline::fhir;

/// A FHIR resource as the record holds it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Resource {
    /// The record's own id for it.
    pub id: String,
    /// The record's version of it.
    pub version: String,
    /// The JSON text, byte for byte.
    pub json: String,
}

impl From<caseline::ports::Stored> for Resource {
    fn from(stored: caseline::ports::Stored) -> Self {
        Self { id: stored.id, version: stored.version, json: stored.json }
    }
}

/// One parameter of a search, as FHIR spells it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchParam {
    /// Its name: `patient`.
    pub name: String,
    /// Its value: `Patient/7`.
    pub value: String,
}

/// One change to a resource. A path is spelled as errors spell it: `participant[1].period.end`; a value is JSON.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ResourceEdit {
    /// Sets an element, and makes what it needs around it.
    Set {
        /// Where.
        path: String,
        /// What it is to be.
        value: String,
    },
    /// Puts another item at the end of a list.
    Add {
        /// The list.
        path: String,
        /// The item.
        value: String,
    },
    /// Removes an element, and whatever would be left empty around it.
    Remove {
        /// Where.
        path: String,
    },
}

impl ResourceEdit {
    /// All of them, one after another.
    pub(crate) fn all(edits: &[Self], text: &str) -> caseline::Result<String> {
        let edited = edits.iter().try_fold(fhir::Resource::parse(text)?, |resource, edit| match edit {
            Self::Set { path, value } => resource.with(path, value),
            Self::Add { path, value } => resource.with_item(path, value),
            Self::Remove { path } => resource.without(path),
        })?;
        Ok(edited.json().to_owned())
    }
}

/// A resource that the organisation's server does not take: it is kept in the embedded record.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Kept {
    /// The resource type.
    pub kind: String,
    /// Its id in the embedded record.
    pub id: String,
    /// Why: `not-offered`, else the code of the server's refusal.
    pub reason: String,
}

impl From<caseline::Kept> for Kept {
    fn from(kept: caseline::Kept) -> Self {
        Self { kind: kept.kind, id: kept.id, reason: kept.reason }
    }
}
