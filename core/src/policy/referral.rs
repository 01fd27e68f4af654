//! Does the member's consent let an agency be told of a referral, and which fields?

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::audit::Purpose;
use crate::consent::{ConsentStanding, ConsentState};
#[cfg(feature = "store")]
use crate::id::EventId;
use crate::id::OrganizationId;
use crate::label::Labels;
use crate::policy::Reason;
use crate::referral::Field;

/// What the member's consent says of an event in a referral's room.
#[cfg(feature = "store")]
#[derive(Debug, Clone)]
pub(crate) enum UnderConsent {
    /// It is nothing that the consent is asked for.
    NotAsked,
    /// It goes under this consent.
    By(EventId),
    /// It must not go.
    Refused(Reason),
}

/// Whether a consent lets this referrer tell this agency of a referral, with these fields of the member's, on this day. A consent names an
/// agency itself: that it is for whomever HIPAA covers is for no food bank. `labels` are those of what is asked for.
///
/// # Errors
/// The reason, with source `consent <id>`: `consent-not-for-organization`, `consent-not-for-redisclosure`, `consent-not-for-field`, `consent-not-for-category`,
/// `consent-not-for-purpose`, `consent-without-explanation`, `consent-not-begun`, `consent-expired`, `consent-revoked`; with source
/// `consent`, where there is none, `consent-missing`.
pub fn may_refer(
    consent: Option<&ConsentState>,
    (referrer, agency): (&OrganizationId, &OrganizationId),
    fields: &BTreeSet<Field>,
    labels: &Labels,
    day: Date,
) -> Result<(), Reason> {
    let Some(consent) = consent else {
        let text = "no consent of the member's is recorded that lets this be told to the organization";
        return Err(Reason::new("consent-missing", text, "consent"));
    };
    let refused = |code, text: String| Err(Reason::new(code, text, format!("consent {}", consent.key.id)));
    let scope = &consent.recorded.scope;
    if !scope.recipients.contains(agency) {
        let text = "the member's consent does not name the organization: have one recorded that does";
        return refused("consent-not-for-organization", text.to_owned());
    }
    if !scope.disclosers.is_empty() && !scope.disclosers.contains(referrer) {
        let text =
            "the member's consent lets others tell this, not your organization: have one recorded that does";
        return refused("consent-not-for-redisclosure", text.to_owned());
    }
    if let Some(field) = fields.difference(&scope.fields).next() {
        let text = format!(
            "the member's consent does not let the organization be told this field: {}",
            field.code()
        );
        return refused("consent-not-for-field", text);
    }
    if labels.iter().any(|label| label.is_sensitive() && !consent.covers(*label)) {
        let text = "the member's consent does not speak of this category";
        return refused("consent-not-for-category", text.to_owned());
    }
    if !scope.purposes.iter().any(|purpose| purpose.includes(Purpose::Coordination)) {
        return refused("consent-not-for-purpose", "the member's consent is for another purpose".to_owned());
    }
    if !consent.explains() {
        let text = "the consent does not say in words what it allows: record it anew";
        return refused("consent-without-explanation", text.to_owned());
    }
    let (code, text) = match consent.standing(day) {
        ConsentStanding::Active => return Ok(()),
        ConsentStanding::NotBegun => ("consent-not-begun", "the member's consent does not hold yet"),
        ConsentStanding::Expired => ("consent-expired", "the member's consent has ended: have it renewed"),
        ConsentStanding::Revoked => ("consent-revoked", "the member took the consent back"),
    };
    refused(code, text.to_owned())
}
