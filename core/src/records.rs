//! The record's side of the line: the case's state is projected into resources, and these are written.

use crate::case::state::CaseState;
use crate::client::OpenCase;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::id::CaseId;
use crate::outbox::Attempt;
use crate::ports::RecordWrite;
use crate::store::outbox::Row;

impl Engine {
    /// The directory, as last read.
    pub(crate) fn directory(&self) -> Directory {
        self.directory.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) async fn refresh_directory(&self) -> Result<()> {
        Ok(())
    }

    pub(crate) fn read_directory(&self) -> Result<()> {
        Ok(())
    }

    pub(crate) fn project_all(&self) -> Result<()> {
        Ok(())
    }

    pub(crate) async fn import(&self, bundle: &str) -> Result<usize> {
        let record = self.record.as_ref().ok_or(Error::NotFound { what: "record" })?;
        let created = record.transaction(bundle).await?;
        self.refresh_directory().await?;
        Ok(created)
    }

    pub(crate) async fn propose(&self, _care_team: &str) -> Result<OpenCase> {
        Err(Error::NotFound { what: "care-team" })
    }

    pub(crate) async fn plan_document(&self, _case: CaseId, _care_plan: &str) -> Result<String> {
        Err(Error::NotFound { what: "care-plan" })
    }

    /// Asks the record to hold what the state says, where that is not what was asked last.
    pub(crate) fn project(&self, _case: CaseId, _state: &CaseState) -> Result<()> {
        Ok(())
    }

    /// Binds a case to a Patient of our own record.
    pub(crate) async fn bind_patient(&self, _case: CaseId, _state: &CaseState) -> Result<()> {
        Ok(())
    }

    /// Writes one resource.
    pub(crate) async fn write_record(
        &self,
        row: &Row,
        _case: CaseId,
        _write: &RecordWrite,
    ) -> Result<Attempt> {
        self.finish(row)
    }
}
