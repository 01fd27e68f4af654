//! One device's line to a record.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::ports::{Capabilities, CareRecord, Changes, Created, Dropped, Param, PortError, Stored};

/// A device's line to a record that others use too, so that one device can be cut off alone. Clones are the same line.
#[derive(Clone)]
pub struct RecordLine {
    record: Arc<dyn CareRecord>,
    cut: Arc<AtomicBool>,
}

impl fmt::Debug for RecordLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordLine(…)")
    }
}

impl RecordLine {
    /// A line to this record.
    #[must_use]
    pub fn new(record: Arc<dyn CareRecord>) -> Self {
        Self { record, cut: Arc::default() }
    }

    /// Cuts the line, or mends it.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    fn record(&self) -> Result<&dyn CareRecord, PortError> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(PortError::Unavailable { code: "connect", retry_after: None });
        }
        Ok(self.record.as_ref())
    }
}

#[async_trait]
impl CareRecord for RecordLine {
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError> {
        self.record()?.read(kind, id).await
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        self.record()?.search(kind, params).await
    }

    async fn create(
        &self,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        self.record()?.create(kind, json, if_none_exist).await
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        self.record()?.update(kind, id, version, json).await
    }

    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError> {
        self.record()?.history(kind, id).await
    }

    async fn transaction(&self, bundle: &str) -> Result<usize, PortError> {
        self.record()?.transaction(bundle).await
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        self.record()?.capabilities().await
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.record()?.changes(kind, since).await
    }

    fn take_dropped(&self) -> Vec<Dropped> {
        self.record.take_dropped()
    }

    fn forget_sign_in(&self) {
        self.record.forget_sign_in();
    }
}
