//! A batch, carried out whole or not at all.

use std::borrow::Cow;

use super::json::{self, Text};
use crate::error::Result;

/// The text of a Bundle, a batch as a transaction (FHIR R4, 3.1.0.11): what is imported is there whole or not at all, and what
/// comes in a batch can refer to each other as well.
///
/// # Errors
/// `InvalidInput`: `invalid-json` and what else reading fails with.
pub(crate) fn as_transaction(bundle: &str) -> Result<Cow<'_, str>> {
    let read = Text::new(bundle)?;
    let top = read.shallow(read.text())?;
    if top.str("type").as_deref() != Some("batch") {
        return Ok(Cow::Borrowed(bundle));
    }
    Ok(Cow::Owned(top.with(&[("type", json::quote("transaction"))])))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_batch_becomes_a_transaction_and_nothing_else_changes() {
        let batch = r#"{ "resourceType" : "Bundle", "type": "batch", "entry":[ {"resource":{"type":"batch","x":1.50}} ] }"#;
        let told = as_transaction(batch).unwrap();
        assert_eq!(told, batch.replacen("\"batch\"", "\"transaction\"", 1));
        assert_eq!(as_transaction(&told).unwrap(), told);
        assert!(as_transaction("{").is_err());
    }
}
