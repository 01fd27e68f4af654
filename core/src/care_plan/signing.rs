//! Signatures of a care plan that were given elsewhere: on paper, by fax, by word of mouth. Somebody of the case attests them.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::care_plan::life::{find, may_approve, refused, still_open, waiting};
use crate::care_plan::{CarePlans, Document, PlanStatus, StepTaken};
use crate::case::roster::Roster;
use crate::case::step::Step;
use crate::contact::{Contact, Role, Seat};
use crate::due;
use crate::id::{ContactId, EventId, OrganizationId, Sha256};
use crate::policy::Reason;

/// `plan.signed`: a plan was signed elsewhere, and its sender attests it. Who signs in their own client approves it instead.
/// `Debug` does not show on which day.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanSigned {
    /// The `plan.sent` whose plan it is.
    pub plan: EventId,
    /// The hash of the document that was signed. A signature under another text is no valid step.
    pub sha256: Sha256,
    /// Who signed.
    pub signer: Signer,
    /// How.
    pub how: SignedHow,
    /// On which day.
    pub on: Date,
    /// The scan of it: the text of a FHIR Binary ([`Scan`](crate::care_plan::Scan)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Document>,
}

impl PlanSigned {
    /// The fields that `step` reads, and nothing clinical.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self { scan: self.scan.as_ref().map(Document::withheld), ..self.clone() }
    }
}

impl fmt::Debug for PlanSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanSigned({}, {})", self.plan, self.how.code())
    }
}

/// Who signed a plan, and in what capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The member.
    Member,
    /// The member's representative.
    Representative,
    /// The primary care provider, or the provider's designee, by the seat in the case: it takes no Matrix account.
    Contact {
        /// Who.
        contact: ContactId,
        /// For which organisation.
        organization: OrganizationId,
    },
}

/// How a plan was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedHow {
    /// On paper.
    Paper,
    /// By fax.
    Fax,
    /// By word of mouth.
    Verbal,
}

impl SignedHow {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Paper, Self::Fax, Self::Verbal];

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Fax => "fax",
            Self::Verbal => "verbal",
        }
    }
}

impl fmt::Display for SignedHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paper => "on paper",
            Self::Fax => "by fax",
            Self::Verbal => "by word of mouth",
        })
    }
}

/// A signature that somebody attested. `Debug` shows neither whose nor on which day.
#[derive(Clone, PartialEq)]
pub struct Signature {
    /// Who signed.
    pub signer: Signer,
    /// Who that was by the roster of that time: of several representatives nobody says which.
    pub known: Option<Contact>,
    /// How.
    pub how: SignedHow,
    /// On which day.
    pub on: Date,
    /// The scan of it. Where there is none, nobody but whoever attests it has seen it.
    pub scan: Option<Document>,
    /// Who attests it, and when.
    pub attested: StepTaken,
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}, {})", self.how.code(), self.attested.event.id)
    }
}

/// Takes an attested signature. One of the provider or the designee approves the plan; somebody of their own side attests it, or,
/// while that has nobody on Matrix, somebody of the side that sent it.
pub(super) fn signed(plans: &mut CarePlans, event: &PlanSigned, step: &Step<'_>) -> Result<(), Reason> {
    if event.scan.is_some() && event.how == SignedHow::Verbal {
        return Err(refused("plan-scan-verbal", "of what was said there is no scan: attest it without one"));
    }
    let plan = match event.signer {
        // Whose side has nobody on Matrix signs on paper or by fax, and who asked for it has it: theirs is the only word.
        Signer::Contact { .. }
            if step.seat.contact.organization == *step.community_side && step.is_away(step.plan_side) =>
        {
            still_open(plans, event.plan)?
        }
        Signer::Contact { .. } => waiting(plans, event.plan, step)?,
        Signer::Member | Signer::Representative => find(plans, event.plan)?,
    };
    match plan.status {
        PlanStatus::Sent | PlanStatus::Acknowledged | PlanStatus::Approved(_) => {}
        PlanStatus::Returned { .. } | PlanStatus::Replaced { .. } => {
            let text = "that care plan is not waiting any more: it was returned or replaced";
            return Err(refused("plan-not-open", text));
        }
    }
    if plan.document.sha256 != event.sha256 {
        return Err(refused("plan-other-document", "the signature names another document than the one sent"));
    }
    if plan.signatures.iter().any(|signature| signature.signer == event.signer) {
        return Err(refused("plan-signed-already", "this signature was attested before"));
    }
    if !due::is_a_date(event.on) || event.on > due::latest_day(step.when()) {
        return Err(refused(
            "plan-signature-date",
            "a signature is dated after 1899, and not after the day on which it is attested",
        ));
    }
    let known = known(&event.signer, step.roster).cloned();
    if let Signer::Contact { contact, organization } = &event.signer {
        let seat = step.roster.contact(contact, organization);
        let signer = seat.map(|seat| &seat.contact).filter(|contact| contact.organization == *step.plan_side);
        let signer = signer.ok_or_else(|| {
            refused(
                "plan-signer",
                "who signs for the plan side is named for this case first, with or without an account",
            )
        })?;
        may_approve(signer, step)?;
        let by = StepTaken {
            contact: signer.id.clone(),
            organization: signer.organization.clone(),
            role: signer.role.clone(),
            ..StepTaken::of(step)
        };
        plan.status = PlanStatus::Approved(by);
    }
    plan.signatures.push(Signature {
        signer: event.signer.clone(),
        known,
        how: event.how,
        on: event.on,
        scan: event.scan.clone(),
        attested: StepTaken::of(step),
    });
    Ok(())
}

/// Who signed, where the roster says who that is.
fn known<'a>(signer: &Signer, roster: &'a Roster) -> Option<&'a Contact> {
    match signer {
        Signer::Member => None,
        Signer::Representative => {
            let mut all = roster.active().filter(|seat| seat.contact.role == Role::MemberRepresentative);
            let first = all.next()?;
            all.next().is_none().then_some(&first.contact)
        }
        Signer::Contact { contact, organization } => {
            roster.contact(contact, organization).map(|seat| &seat.contact)
        }
    }
}

/// The event as a person reads it. `signer` is the name of a contact who signed.
pub(super) fn told(event: &PlanSigned, who: &str, signer: Option<&Seat>) -> String {
    let signer = match &event.signer {
        Signer::Member => "the member".to_owned(),
        Signer::Representative => "the member's representative".to_owned(),
        Signer::Contact { .. } => signer.map_or_else(
            || "the primary care provider or the designee".to_owned(),
            |seat| format!("{} ({})", seat.contact.name, seat.contact.role),
        ),
    };
    let scan = match (&event.scan, event.how) {
        (Some(_), _) => " The scan is with it.",
        (None, SignedHow::Verbal) => "",
        (None, _) => " There is no scan of it.",
    };
    format!("{who} attests: {signer} signed the care plan {} on {}.{scan}", event.how, event.on)
}
