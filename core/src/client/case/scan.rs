//! Signatures that were given elsewhere, with their scans.

use jiff::civil::Date;

use crate::care_plan::{PlanSigned, Scan, SignedHow, Signer};
use crate::case::event::EventKey;
use crate::client::case::Case;
use crate::commands::Command;
use crate::documents::document;
use crate::error::{Error, Result};
use crate::id::{EventId, Sha256};

impl Case {
    /// Attests that a plan was signed on paper or by fax, and sends what one has in hand: as [`Case::attest_signature`], with the scan.
    ///
    /// # Errors
    /// `NotAllowed` (`plan-scan-verbal`), besides those of [`Case::attest_signature`].
    pub fn attest_scanned_signature(
        &self,
        id: Option<EventId>,
        plan: EventId,
        sha256: Option<Sha256>,
        (signer, how, on): (Signer, SignedHow, Date),
        scan: &Scan,
    ) -> Result<EventKey> {
        self.has_come(id, on, "plan-signature-date", "care-plan")?;
        let sha256 = match sha256 {
            Some(sha256) => sha256,
            None => self.plan_hash(plan)?,
        };
        let text = scan.to_fhir_json();
        let (scan, outside) = document(&text);
        let mut command =
            Command::new(id, PlanSigned { plan, sha256, signer, how, on, scan: Some(scan.clone()) });
        command.document = Some((scan, outside, text));
        self.command(&command)
    }

    /// The scan of a signature, by the hash that the signature names; nothing where it is withheld, on its way, or no scan.
    ///
    /// # Errors
    /// `NotFound` (`scan`) where no signature of this case names it.
    pub fn scan(&self, sha256: &Sha256) -> Result<Option<Scan>> {
        let state = self.expected()?;
        let scans =
            state.plans.all().iter().flat_map(|plan| &plan.signatures).filter_map(|one| one.scan.as_ref());
        if !scans.into_iter().any(|scan| scan.sha256 == *sha256) {
            return Err(Error::NotFound { what: "scan" });
        }
        let text = self.caseline.engine.document_text(sha256)?;
        Ok(text.as_deref().and_then(Scan::of))
    }
}
