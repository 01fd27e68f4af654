//! Scans of signatures.

use super::*;
use crate::care_plan::Scan;

/// A scan of some signatures; of those by word of mouth there can be none.
pub(super) fn scan(n: usize) -> Option<Document> {
    let bytes = format!("%PDF-1.4 synthetic {n}").into_bytes();
    let text = Scan::new("application/pdf", bytes).unwrap().to_fhir_json();
    let (sha256, size) = (Sha256::of(&text), text.len() as u64);
    (n % 7 < 4).then_some(Document { sha256, size, carriage: Carriage::Inline(text) })
}
