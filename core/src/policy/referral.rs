//! Does the member's consent let an agency be told of a referral, and which fields?

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::audit::Purpose;
use crate::consent::{ConsentStanding, Consents};
use crate::id::{EventId, OrganizationId};
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
/// agency itself: that it is for whomever HIPAA covers is for no food bank. The consent is named by its id among those of the case;
/// `labels` are those of what is asked for.
///
/// # Errors
/// The reason, with source `consent <id>`: `consent-not-for-organization`, `consent-not-for-redisclosure`, `consent-not-for-field`, `consent-not-for-category`,
/// `consent-not-for-purpose`, `consent-without-explanation`, `consent-not-begun`, `consent-expired`, `consent-revoked`,
/// `consent-ambiguous` where two people recorded one under this id; with source `consent`, where there is none, `consent-missing`.
pub fn may_refer(
    (consents, consent): (&Consents, EventId),
    (referrer, agency): (&OrganizationId, &OrganizationId),
    fields: &BTreeSet<Field>,
    labels: &Labels,
    day: Date,
) -> Result<(), Reason> {
    let refused = |code, text: String| Err(Reason::new(code, text, format!("consent {consent}")));
    let Some(consent) = consents.get(consent) else {
        if consents.named(consent).next().is_some() {
            let text = "two people recorded a consent under the same id: record it anew";
            return refused("consent-ambiguous", text.to_owned());
        }
        let text = "no consent of the member's is recorded that lets this be told to the organization";
        return Err(Reason::new("consent-missing", text, "consent"));
    };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::ToSpan;

    use super::*;
    use crate::case::fold::Fold;
    use crate::case::fold::tests::world::{at, event, held, id, next, opening, organization};
    use crate::consent::tests::consent;
    use crate::consent::{ConsentRecorded, ConsentRevoked};
    use crate::label::Label;

    fn today() -> Date {
        at(0).to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// One that lets the community side tell the plan side's organisation the member's name.
    fn allows() -> ConsentRecorded {
        let mut one = consent();
        one.scope.fields = [Field::Name].into();
        one
    }

    /// A case in which these recorded a consent, each under the same id.
    fn recorded(by: &[&str], one: &ConsentRecorded) -> Fold {
        let mut fold = Fold::new();
        fold.insert(next(0, "jane", fold.state(), opening()));
        for (n, who) in by.iter().enumerate() {
            let n = n + 1;
            let mut said = event(n, fold.state().heads(), one.clone());
            said.id = id(1);
            fold.insert(held(who, "words", &said, at(n)));
        }
        fold
    }

    fn told(fold: &Fold, fields: &[Field], labels: &Labels, day: Date) -> String {
        let between = (&organization("cp"), &organization("aco"));
        let fields = fields.iter().copied().collect();
        let asked = may_refer((&fold.state().consents, id(1)), between, &fields, labels, day);
        asked.map_or_else(|reason| reason.code.to_string(), |()| "allowed".to_owned())
    }

    #[test]
    fn an_agency_is_told_what_one_consent_names_and_while_it_holds() {
        let change = |change: fn(&mut ConsentRecorded)| {
            let mut one = allows();
            change(&mut one);
            recorded(&["jane"], &one)
        };
        let as_is = change(|_| {});
        let part2: Labels = Label::OF_PART_2.into();
        let (free, name) = (Labels::new(), [Field::Name]);
        assert_eq!(told(&as_is, &name, &free, today()), "allowed");
        assert_eq!(told(&as_is, &name, &part2, today()), "allowed");
        assert_eq!(told(&as_is, &[Field::Name, Field::Address], &free, today()), "consent-not-for-field");
        assert_eq!(told(&as_is, &name, &free, today() - 1.day()), "consent-not-begun");
        assert_eq!(told(&as_is, &name, &free, today() + 31.days()), "consent-expired");
        let elsewhere = change(|one| one.scope.recipients = [organization("cp")].into());
        assert_eq!(told(&elsewhere, &name, &free, today()), "consent-not-for-organization");
        let of_others = change(|one| one.scope.disclosers = [organization("aco")].into());
        assert_eq!(told(&of_others, &name, &free, today()), "consent-not-for-redisclosure");
        let other_category = change(|one| one.scope.categories = [Label::Hiv].into());
        assert_eq!(told(&other_category, &name, &part2, today()), "consent-not-for-category");
        let silent = change(|one| one.scope.explanation = " ".to_owned());
        assert_eq!(told(&silent, &name, &free, today()), "consent-without-explanation");
        let mut taken_back = as_is.clone();
        let revoked =
            ConsentRevoked { consent: id(1), on: today(), reason: String::new(), source: String::new() };
        taken_back.insert(next(2, "joe", taken_back.state(), revoked));
        assert_eq!(told(&taken_back, &name, &free, today()), "consent-revoked");
    }

    #[test]
    fn under_no_consent_and_under_two_of_one_id_nobody_is_told() {
        let free = Labels::new();
        assert_eq!(told(&recorded(&[], &allows()), &[], &free, today()), "consent-missing");
        for both in [["jane", "joe"], ["joe", "jane"]] {
            assert_eq!(told(&recorded(&both, &allows()), &[], &free, today()), "consent-ambiguous");
        }
    }
}
