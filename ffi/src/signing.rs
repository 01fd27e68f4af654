//! Signatures of a care plan that were given elsewhere.

use std::time::SystemTime;

use caseline::care_plan;
use jiff::civil::Date;

use crate::case::Case;
use crate::error::{CaselineError, Result, parsed};

/// Who signed a plan.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PlanSigner {
    /// The member.
    Member,
    /// The member's representative.
    Representative,
    /// The primary care provider or the provider's designee.
    Contact {
        /// Who, by their seat in the case.
        contact: String,
        /// For which organisation.
        organization: String,
    },
}

/// How a plan was signed elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SignedHow {
    /// On paper.
    Paper,
    /// By fax.
    Fax,
    /// By word of mouth.
    Verbal,
}

/// A signature that somebody attested.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanSignature {
    /// Who signed.
    pub signer: PlanSigner,
    /// How.
    pub how: SignedHow,
    /// On which day (`2019-03-04`).
    pub on: String,
    /// The SHA-256 of its scan, by which [`Case::scan`](crate::Case::scan) gives it. Where there is none, nobody but whoever attests it
    /// has seen it.
    pub scan: Option<String>,
    /// The contact who attests it.
    pub attested_by: String,
    /// When.
    pub attested_at: SystemTime,
}

/// The scan of a signature.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Scan {
    /// What kind of file it is: `application/pdf`, `image/jpeg`, `image/png` or `image/tiff`.
    pub content_type: String,
    /// The file, of 5 MiB at most.
    pub data: Vec<u8>,
}

#[uniffi::export]
impl Case {
    /// The scan of a signature, by the hash that the signature names; nothing where it is withheld, on its way, or no scan.
    ///
    /// # Errors
    /// `NotFound` (`scan`) where no signature of this case names it.
    pub async fn scan(&self, sha256: String) -> Result<Option<Scan>> {
        let sha256 = parsed(&sha256, "sha256")?;
        let found = move |case: &caseline::Case| {
            let scan = case.scan(&sha256)?;
            Ok(scan.map(|scan| Scan {
                content_type: scan.content_type().to_owned(),
                data: scan.bytes().to_vec(),
            }))
        };
        self.local(found).await
    }
}

impl Scan {
    pub(crate) fn known(self) -> Result<care_plan::Scan> {
        Ok(care_plan::Scan::new(&self.content_type, self.data)?)
    }
}

impl PlanSigner {
    pub(crate) fn known(self) -> Result<care_plan::Signer> {
        Ok(match self {
            Self::Member => care_plan::Signer::Member,
            Self::Representative => care_plan::Signer::Representative,
            Self::Contact { contact, organization } => care_plan::Signer::Contact {
                contact: parsed(&contact, "contact")?,
                organization: parsed(&organization, "organization")?,
            },
        })
    }
}

impl From<SignedHow> for care_plan::SignedHow {
    fn from(how: SignedHow) -> Self {
        match how {
            SignedHow::Paper => Self::Paper,
            SignedHow::Fax => Self::Fax,
            SignedHow::Verbal => Self::Verbal,
        }
    }
}

impl From<care_plan::SignedHow> for SignedHow {
    fn from(how: care_plan::SignedHow) -> Self {
        match how {
            care_plan::SignedHow::Paper => Self::Paper,
            care_plan::SignedHow::Fax => Self::Fax,
            care_plan::SignedHow::Verbal => Self::Verbal,
        }
    }
}

impl From<&care_plan::Signature> for PlanSignature {
    fn from(signature: &care_plan::Signature) -> Self {
        use care_plan::Signer as Core;
        let signer = match &signature.signer {
            Core::Member => PlanSigner::Member,
            Core::Representative => PlanSigner::Representative,
            Core::Contact { contact, organization } => {
                PlanSigner::Contact { contact: contact.to_string(), organization: organization.to_string() }
            }
        };
        let how = signature.how.into();
        Self {
            signer,
            how,
            on: signature.on.to_string(),
            scan: signature.scan.as_ref().map(|scan| scan.sha256.to_string()),
            attested_by: signature.attested.contact.to_string(),
            attested_at: signature.attested.at.into(),
        }
    }
}

/// A day of the calendar.
pub(crate) fn day(text: &str, field: &str) -> Result<Date> {
    let wrong = |_| {
        let detail = "a day is written year-month-day: 2019-03-04";
        let wrong = caseline::error::InvalidInput::new("invalid-date", detail).field(field);
        CaselineError::from(caseline::Error::from(wrong))
    };
    text.parse().map_err(wrong)
}
