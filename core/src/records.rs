//! The record's side of the line: the case's state is projected into resources, and these are written.

use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::error::Result;
use crate::id::CaseId;
use crate::outbox::Attempt;
use crate::ports::RecordWrite;
use crate::store::outbox::Row;

impl Engine {
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
