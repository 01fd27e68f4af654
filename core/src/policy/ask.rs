//! May this be told, and if not, what would let it?

use crate::policy::{Ask, Decision, Reach, Reason, decide};

/// Whether something may be told: to be shown before somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MayTell {
    /// The answer. [`Reach::Ask`] where nothing but the member's consent is missing: ask the member, or where there is no time, tell
    /// it in an emergency, with a reason.
    pub answer: Reach,
    /// Every reason, with its source.
    pub reasons: Vec<Reason>,
}

/// Whether something may be told now.
pub fn may_tell(ask: &Ask<'_>) -> MayTell {
    match decide(&Ask { send: None, ..*ask }) {
        Decision::Allowed { basis, .. } => MayTell { answer: Reach::Allowed, reasons: basis },
        Decision::Held { reasons } => MayTell { answer: Reach::Ask, reasons },
        Decision::Denied { reasons } => {
            let of_consent = reasons.iter().all(Reason::is_of_consent);
            MayTell { answer: if of_consent { Reach::Ask } else { Reach::Denied }, reasons }
        }
    }
}
