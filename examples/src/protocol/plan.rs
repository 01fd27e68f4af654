//! What is asked of care plans: signatures that were given elsewhere, and versions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use caseline::Error;
use caseline::care_plan::{Scan, SignedHow, Signer};
use caseline::error::InvalidInput;
use caseline::id::{CaseId, EventId, OrganizationId, Sha256};
use jiff::civil::Date;
use serde::Deserialize;

/// What the verb `attest_signature` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestSignature {
    /// The case.
    pub case: CaseId,
    /// The `plan.sent` whose plan was signed.
    pub plan: EventId,
    /// Who signed.
    pub signer: String,
    /// Of which organisation, where it is a contact.
    pub organization: Option<OrganizationId>,
    /// How.
    pub how: SignedHow,
    /// On which day.
    pub on: Date,
    /// The document that was signed, where it is another than the one that this device has.
    pub sha256: Option<Sha256>,
    /// The scan of what was signed.
    pub scan: Option<ScanTold>,
    /// The id of the event.
    pub key: Option<EventId>,
}

/// A scan, as it is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanTold {
    /// What kind of file it is.
    pub content_type: String,
    /// The file, in base64.
    pub data: String,
}

impl std::fmt::Debug for ScanTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScanTold(…)")
    }
}

impl ScanTold {
    /// The scan.
    ///
    /// # Errors
    /// `InvalidInput` (`invalid-scan`) where it is none.
    pub fn scan(&self) -> Result<Scan, Error> {
        let wrong = |_| InvalidInput::new("invalid-scan", "a scan travels in base64").field("scan");
        Scan::new(&self.content_type, STANDARD.decode(&self.data).map_err(wrong)?)
    }
}

/// What the verb `scan` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfScan {
    /// The case.
    pub case: CaseId,
    /// The hash that the signature names.
    pub sha256: Sha256,
}

/// What the verb `compare_plans` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparePlans {
    /// The case.
    pub case: CaseId,
    /// The earlier version: the id of its sending, or the hash of its document.
    pub was: String,
    /// The later one.
    pub now: String,
}

/// Who signed a plan: `member`, `representative`, or a contact of an organisation.
///
/// # Errors
/// `InvalidInput` where it is none of these.
pub fn signer(signer: &str, organization: Option<OrganizationId>) -> Result<Signer, Error> {
    Ok(match (signer, organization) {
        ("member", None) => Signer::Member,
        ("representative", None) => Signer::Representative,
        (contact, Some(organization)) => Signer::Contact { contact: contact.parse()?, organization },
        (_, None) => {
            let detail =
                "a signer is `member`, `representative`, or a contact, then with their `organization`";
            return Err(InvalidInput::new("invalid-signer", detail).field("signer").into());
        }
    })
}
