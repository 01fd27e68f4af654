//! Where a client keeps resources, and what somebody changes there.

use std::path::PathBuf;

use caseline::fhir::{Resource, Scopes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What somebody changes in the record, as by the record's own screen: exactly these elements.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditRecord {
    /// The resource type.
    pub kind: String,
    /// The record's id for it: this, or one of its identifiers.
    pub resource: Option<String>,
    /// One of its identifiers, `system|value`.
    pub identifier: Option<String>,
    /// Elements to set, by their paths.
    #[serde(default)]
    pub set: Map<String, Value>,
    /// Items to put at the end of lists, by the lists' paths.
    #[serde(default)]
    pub add: Map<String, Value>,
    /// Elements to remove.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl EditRecord {
    /// The resource's text with the changes in it: all that is set, then what is added, then what is removed.
    ///
    /// # Errors
    /// `InvalidInput`, naming the element.
    pub fn of(&self, text: &str) -> caseline::Result<String> {
        let mut resource = Resource::parse(text)?;
        for (path, value) in &self.set {
            resource = resource.with(path, &value.to_string())?;
        }
        for (path, item) in &self.add {
            resource = resource.with_item(path, &item.to_string())?;
        }
        for path in &self.remove {
            resource = resource.without(path)?;
        }
        Ok(resource.json().to_owned())
    }
}

/// Where a client keeps resources: exactly one of them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPlace {
    /// In its own store.
    #[serde(default)]
    pub embedded: bool,
    /// On this FHIR server.
    #[serde(default)]
    pub fhir: Option<String>,
    /// With this bearer token.
    #[serde(default)]
    pub token: Option<String>,
    /// Nowhere.
    #[serde(default)]
    pub none: bool,
    /// Signed in there as a system: a keeper's way, and no driver's.
    #[serde(skip)]
    pub system: Option<System>,
    /// Whether HTTP without TLS to another machine is permitted.
    #[serde(skip)]
    pub plain: bool,
}

/// A system, as the authorization server of its record knows it (SMART Backend Services).
pub struct System {
    /// Its client id.
    pub client_id: String,
    /// The file with its private JWK Set.
    pub keys: PathBuf,
    /// What it asks to be allowed.
    pub scopes: Scopes,
}
