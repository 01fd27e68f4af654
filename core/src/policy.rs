//! May we? Pure decisions, each with its reasons.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

mod ask;
mod consent;
#[cfg(test)]
mod consent_tests;
mod decide;
mod disclosure;
mod outreach;
mod record;
mod referral;
#[cfg(test)]
mod tests;

pub use ask::{MayTell, may_tell};
#[cfg(any(feature = "store", test))]
pub(crate) use consent::NOTICE_LIMIT;
pub use consent::{Labelled, notice};
#[cfg(feature = "store")]
pub(crate) use decide::consents_let;
pub use decide::{Ask, Decision, IdentityFacts, RoomFacts, decide};
pub use disclosure::Disclosure;
pub(crate) use outreach::no_contact;
pub use outreach::{MayReachOut, Reach, may_reach_out};
pub use record::may_record;
#[cfg(feature = "store")]
pub(crate) use referral::UnderConsent;
pub use referral::may_refer;

/// Why something is allowed, held or refused, and where that is written. Fit to be shown; holds no member data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable code.
    pub code: Cow<'static, str>,
    /// The reason, as a sentence for a person.
    pub text: Cow<'static, str>,
    /// What it follows from: `agreement`, `roster`, `care-plan`, `consent`, `room`, `identity`, with the part that says so (`room.power-above-lead`).
    pub source: Cow<'static, str>,
}

impl Reason {
    /// Whether it is what the member's consents say.
    pub(crate) fn is_of_consent(&self) -> bool {
        self.source == "consent" || self.source.starts_with("consent ")
    }

    /// A reason with fixed words.
    pub fn new(
        code: &'static str,
        text: impl Into<Cow<'static, str>>,
        source: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code: code.into(), text: text.into(), source: source.into() }
    }
}
