//! The scan of a signature that was given on paper or by fax. Maps to FHIR Binary, and in a record to DocumentReference.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{InvalidInput, Result};

/// The largest scan, in bytes: as text, with what stands around it, it is no longer than the longest document.
const LARGEST: usize = 5 * 1024 * 1024;

/// A scan: what a person sees of the paper. It travels and is kept as the JSON text of a FHIR Binary. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Scan {
    /// What it is: `application/pdf`, `image/jpeg`, `image/png` or `image/tiff`.
    content_type: String,
    bytes: Vec<u8>,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({}, …)", self.content_type)
    }
}

/// A FHIR Binary.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binary {
    resource_type: String,
    content_type: String,
    data: String,
}

impl Scan {
    /// The kinds of files that are taken.
    pub const TYPES: [&'static str; 4] = ["application/pdf", "image/jpeg", "image/png", "image/tiff"];

    /// A scan of this kind.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-scan`, field `scan`): of no kind that is taken, empty, or of more than 5 MiB.
    pub fn new(content_type: &str, bytes: Vec<u8>) -> Result<Self> {
        if !Self::TYPES.contains(&content_type) || bytes.is_empty() || bytes.len() > LARGEST {
            let detail = "a scan is a PDF, JPEG, PNG or TIFF file of 5 MiB at most";
            return Err(InvalidInput::new("invalid-scan", detail).field("scan").into());
        }
        Ok(Self { content_type: content_type.to_owned(), bytes })
    }

    /// What kind of file it is.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The JSON text of a FHIR Binary: what travels, and what its SHA-256 is of.
    pub fn to_fhir_json(&self) -> String {
        let text = serde_json::to_string(&Binary {
            resource_type: "Binary".into(),
            content_type: self.content_type.clone(),
            data: STANDARD.encode(&self.bytes),
        });
        text.unwrap_or_default()
    }

    /// The scan that a text is; nothing where it is none.
    pub fn of(text: &str) -> Option<Self> {
        let binary: Binary = serde_json::from_str(text).ok()?;
        let bytes = STANDARD.decode(binary.data).ok()?;
        Self::new(&binary.content_type, bytes).ok().filter(|_| binary.resource_type == "Binary")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_scan_travels_as_a_binary() {
        let scan = Scan::new("application/pdf", b"%PDF-1.4 synthetic".to_vec()).unwrap();
        assert_eq!(Scan::of(&scan.to_fhir_json()), Some(scan.clone()));
        assert!(!format!("{scan:?}").contains("synthetic"));
        for (kind, bytes) in
            [("text/html", b"<p>".to_vec()), ("image/png", Vec::new()), ("image/png", vec![0; LARGEST + 1])]
        {
            assert_eq!(Scan::new(kind, bytes).unwrap_err().code(), "invalid-scan");
        }
        for text in ["", "{}", r#"{"resourceType":"Binary","contentType":"text/html","data":"AAAA"}"#] {
            assert_eq!(Scan::of(text), None, "{text}");
        }
        // The largest is no longer than the longest document.
        assert!(LARGEST.div_ceil(3) * 4 + 100 < 8 * 1024 * 1024);
    }
}
