//! Signatures that were given elsewhere, their scans, and what two versions of a care plan say differently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use caseline::case::event::EventKey;
use caseline::{Caseline, Error, PlanVersion};
use serde_json::{Value, json};

use crate::protocol::{self, AttestSignature, Failure, Verb};
use crate::view;

/// Answers what is about versions and scans.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    match verb {
        Verb::ComparePlans(asked) => {
            let (was, now) = (version(&asked.was, "was")?, version(&asked.now, "now")?);
            Ok(view::comparison(&caseline.case(asked.case)?.compare_plans(was, now)?))
        }
        Verb::Scan(asked) => {
            let scan = caseline.case(asked.case)?.scan(&asked.sha256)?;
            let shown = |scan: &caseline::care_plan::Scan| json!({ "content_type": scan.content_type(), "data": STANDARD.encode(scan.bytes()) });
            Ok(json!({ "scan": scan.as_ref().map(shown) }))
        }
        _ => Err(Failure::Invalid("this verb is not about versions".into())),
    }
}

/// A version, by the id of its sending or the hash of its document.
fn version(text: &str, field: &str) -> Result<PlanVersion, Error> {
    text.parse().map_err(|error| match error {
        Error::InvalidInput(invalid) => invalid.field(field).into(),
        other => other,
    })
}

/// Attests a signature, with its scan where there is one.
pub(super) fn attest(caseline: &Caseline, said: AttestSignature) -> Result<EventKey, Error> {
    let scan = said.scan.as_ref().map(protocol::ScanTold::scan).transpose()?;
    let signed = (protocol::signer(&said.signer, said.organization)?, said.how, said.on);
    let case = caseline.case(said.case)?;
    match scan {
        Some(scan) => case.attest_scanned_signature(said.key, said.plan, said.sha256, signed, &scan),
        None => case.attest_signature(said.key, said.plan, said.sha256, signed),
    }
}
