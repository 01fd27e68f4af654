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
    silent: Arc<AtomicBool>,
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
        Self { record, cut: Arc::default(), silent: Arc::default() }
    }

    /// Cuts the line, or mends it.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    /// Takes whatever is asked and never answers, or answers again what is asked from then on.
    pub fn silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    async fn record(&self) -> Result<&dyn CareRecord, PortError> {
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.cut.load(Ordering::SeqCst) {
            return Err(PortError::Unavailable { code: "connect", retry_after: None });
        }
        Ok(self.record.as_ref())
    }
}

#[async_trait]
impl CareRecord for RecordLine {
    async fn read(&self, kind: &str, id: &str) -> Result<Stored, PortError> {
        self.record().await?.read(kind, id).await
    }

    async fn search(&self, kind: &str, params: &[Param<'_>]) -> Result<Vec<Stored>, PortError> {
        self.record().await?.search(kind, params).await
    }

    async fn create(
        &self,
        kind: &str,
        json: &str,
        if_none_exist: &[Param<'_>],
    ) -> Result<Created, PortError> {
        self.record().await?.create(kind, json, if_none_exist).await
    }

    async fn update(&self, kind: &str, id: &str, version: &str, json: &str) -> Result<Stored, PortError> {
        self.record().await?.update(kind, id, version, json).await
    }

    async fn history(&self, kind: &str, id: &str) -> Result<Vec<Stored>, PortError> {
        self.record().await?.history(kind, id).await
    }

    async fn transaction(&self, bundle: &str) -> Result<usize, PortError> {
        self.record().await?.transaction(bundle).await
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        self.record().await?.capabilities().await
    }

    async fn changes(&self, kind: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.record().await?.changes(kind, since).await
    }

    async fn changes_of(&self, kind: &str, patient: &str, since: Option<&str>) -> Result<Changes, PortError> {
        self.record().await?.changes_of(kind, patient, since).await
    }

    fn take_dropped(&self) -> Vec<Dropped> {
        self.record.take_dropped()
    }

    fn forget_sign_in(&self) {
        self.record.forget_sign_in();
    }
}
