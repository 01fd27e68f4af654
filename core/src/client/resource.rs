//! Resources of the record that the host changes itself.

use crate::audit::{Audited, ResourceFound};
use crate::client::Caseline;
use crate::error::{Error, Result};
use crate::fhir::{self, Unsaved};
use crate::ports::{Created, PortError, Stored};
use crate::store::audit::append;

/// What a caller does next, where both versions are of no use to it: a conflict is `Conflict` (`changed-meanwhile`).
impl From<Unsaved> for Error {
    fn from(unsaved: Unsaved) -> Self {
        match unsaved {
            Unsaved::Conflict { .. } => PortError::Conflict.into(),
            Unsaved::Invalid(error) => error,
            Unsaved::Record(error) => error.into(),
        }
    }
}

impl Caseline {
    /// One resource of the record, by the record's own id.
    ///
    /// # Errors
    /// `NotFound`, also without a record; `Unavailable` where the record does not answer.
    pub async fn resource(&self, kind: &str, id: &str) -> Result<Stored> {
        Ok(self.engine.record()?.read(kind, id).await?)
    }

    /// The version of a resource that somebody has looked at: what [`save_resource`](Self::save_resource) begins from, so that a change
    /// to a place in a list changes what stood there then.
    ///
    /// # Errors
    /// `NotFound` (`version` where the record has the resource and not that version any more); `Unavailable` where the record does
    /// not answer.
    pub async fn resource_at(&self, kind: &str, id: &str, version: &str) -> Result<Stored> {
        let record = self.engine.record()?;
        let now = record.read(kind, id).await?;
        if now.version == version {
            return Ok(now);
        }
        let mut versions = record.history(kind, id).await?.into_iter();
        versions.find(|one| one.version == version).ok_or(Error::NotFound { what: "version" })
    }

    /// The resources of one type that match every parameter, as FHIR's search spells them:
    /// `[("patient", "Patient/7"), ("participant", "Practitioner/3"), ("status", "active")]`.
    ///
    /// # Errors
    /// `NotFound` without a record; `InvalidInput` for a parameter that the record does not know; `Unavailable` where the record does
    /// not answer.
    pub async fn find_resources(&self, kind: &str, params: &[(&str, &str)]) -> Result<Vec<Stored>> {
        Ok(self.engine.record()?.search(kind, params).await?)
    }

    /// Creates a resource, unless one of its first identifier (or tag, where its type has no identifier) is there already; see
    /// [`fhir::create`]. It is entered in the audit before it is tried.
    ///
    /// # Errors
    /// [`Unsaved::Invalid`] with the rule that it breaks; [`Unsaved::Record`].
    pub async fn create_resource(&self, kind: &str, json: &str) -> Result<Created, Unsaved> {
        let record = self.engine.record().map_err(Unsaved::Invalid)?;
        let (param, token) = fhir::named(kind, json).map_err(Unsaved::Invalid)?;
        self.audit_write(kind, (param, &token))?;
        let created = fhir::create(record.as_ref(), kind, json).await;
        self.engine.tell_dropped();
        created
    }

    /// Writes what became of a version that was read before; see [`fhir::save`]. It is entered in the audit before it is tried.
    ///
    /// # Errors
    /// [`Unsaved::Conflict`], with both versions and who changed which element, where somebody else changed it meanwhile;
    /// [`Unsaved::Invalid`]; [`Unsaved::Record`].
    pub async fn save_resource(&self, kind: &str, base: &Stored, json: &str) -> Result<Stored, Unsaved> {
        let record = self.engine.record().map_err(Unsaved::Invalid)?;
        self.audit_write(kind, ("_id", &base.id))?;
        let saved = fhir::save(record.as_ref(), kind, base, json).await;
        self.engine.tell_dropped();
        saved
    }

    /// Reads a resource, changes it and writes it; where somebody else was first, the change is made anew on theirs. See
    /// [`fhir::edit`]. It is entered in the audit before it is tried.
    ///
    /// # Errors
    /// [`Unsaved::Invalid`] with what `change` fails with; [`Unsaved::Conflict`] where others were first again and again;
    /// [`Unsaved::Record`].
    pub async fn edit_resource(
        &self,
        kind: &str,
        id: &str,
        change: impl Fn(&str) -> Result<String> + Send + Sync,
    ) -> Result<Stored, Unsaved> {
        let record = self.engine.record().map_err(Unsaved::Invalid)?;
        self.audit_write(kind, ("_id", id))?;
        let saved = fhir::edit(record.as_ref(), kind, id, change).await;
        self.engine.tell_dropped();
        saved
    }

    fn audit_write(&self, kind: &str, (param, token): (&str, &str)) -> Result<(), Unsaved> {
        let resource = ResourceFound { kind: kind.to_owned(), find: (param.to_owned(), token.to_owned()) };
        let written = Audited::written(resource);
        let written = self.engine.db.write(|t| append(t, self.engine.now(), written).map(drop));
        written.map_err(|error: Error| match error {
            Error::Internal { code } => PortError::Internal { code }.into(),
            _ => PortError::Internal { code: "record-audit" }.into(),
        })
    }
}
