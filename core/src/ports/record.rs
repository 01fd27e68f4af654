//! The door to a record of FHIR resources.

use async_trait::async_trait;

use super::{Capabilities, PortError};
use crate::id::Sha256;

/// A resource as a record holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record's own id for it.
    pub id: String,
    /// The record's version of it (`meta.versionId`, or the ETag).
    pub version: String,
    /// The JSON text, byte for byte.
    pub json: String,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stored({}, {})", self.id, self.version)
    }
}

/// A search parameter: name and value, as FHIR's search spells them (`identifier`, `system|value`).
pub type Param<'a> = (&'a str, &'a str);

/// A record of FHIR R4 resources: the embedded one, or a server over REST.
///
/// Every call is safe to repeat.
#[async_trait]
pub trait CareRecord: Send + Sync + 'static {
    /// Reads one resource by the record's own id.
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError>;

    /// All resources of a kind that match every parameter, in the order of their ids.
    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError>;

    /// Creates a resource unless one matches `if_none_exist`; then returns that one. `created` tells which. Where several
    /// match, `Conflict`.
    async fn create(&self, kind: &str, json: &str, if_none_exist: &[Param<'_>])
    -> Result<Created, PortError>;

    /// Replaces a resource, if its version is still `version`; else `Conflict`.
    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError>;

    /// Every version of a resource, oldest first.
    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError>;

    /// Carries out a Bundle of type `transaction`, whole or not at all. Returns how many resources were created; what an attempt
    /// created whose answer was lost is not counted. `Conflict` where what it replaces was changed by another.
    async fn transaction(&self, bundle: &str) -> Result<usize, PortError>;

    /// What this record takes, by resource type. What a server says of itself is kept for some hours.
    async fn capabilities(&self) -> Result<Capabilities, PortError>;

    /// What of a type was written since an earlier call, each resource as it now is; everything there is where `since` is
    /// `None`. A resource that was told of before can come again: who asks knows it by its id and version. Where
    /// there is a lot, it comes in several calls: it is all told when a call tells of nothing that is new.
    ///
    /// What was deleted is not told of.
    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError>;

    /// The same of one Patient (`Patient/7`) only, with a cursor of its own. A record that cannot tell what changed tells of
    /// everything there is, each time.
    async fn changes_of(&self, kind: &str, patient: &str, since: Option<&str>) -> Result<Changes, PortError> {
        let _ = since;
        let resources = self.search(kind, &[("patient", patient)]).await?;
        Ok(Changes { resources, cursor: String::new() })
    }

    /// What this record answered that it did not keep, though it was sent to it: told once, then forgotten. A record
    /// that keeps what it is given has nothing to tell.
    fn take_dropped(&self) -> Vec<Dropped> {
        Vec::new()
    }

    /// Forgets by whom it was asked last, where that is a user who signs in to the host: whoever asks next may be another. A record
    /// that knows no users has nothing to forget.
    fn forget_sign_in(&self) {}
}

/// The outcome of [`CareRecord::changes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The resources, oldest change first.
    pub resources: Vec<Stored>,
    /// Where the next call goes on. Only the record that gave it can read it.
    pub cursor: String,
}

/// A write of which a record did not keep everything; see [`CareRecord::take_dropped`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The resource type.
    pub kind: String,
    /// The record's own id for the resource.
    pub id: String,
    /// The elements that are not in it, as FHIR names them (`CareTeam.participant[1].onBehalfOf`): no values.
    pub paths: Vec<String>,
}

/// The outcome of [`CareRecord::create`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The resource as it now is.
    pub stored: Stored,
    /// Whether this call created it.
    pub created: bool,
}

/// A write to the record, as the projection of a case's state asks for it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordWrite {
    /// The resource type.
    pub kind: String,
    /// The search token by which the resource is found: `identifier=system|value`, or `_tag=system|code` for a type that
    /// has no identifier in R4.
    pub find: (String, String),
    /// The resource as the state has it, without `id` and `meta.versionId`. What another has added to the stored one is kept.
    pub json: String,
    /// The SHA-256 of `json`, by which a write that was done already is known.
    pub sha256: Sha256,
}

impl std::fmt::Debug for RecordWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordWrite({}, {})", self.kind, self.sha256)
    }
}
