//! What people of a synthetic case do of its consents.

use jiff::ToSpan;

use super::{at, id, organization, user};
use crate::audit::Purpose;
use crate::care_plan::SignedHow;
use crate::case::event::{EventData, EventKey};
use crate::case::state::CaseState;
use crate::consent::{ConsentRecorded, ConsentRevoked, OverrideReviewed, Redisclosure, Scope};
use crate::label::{Emergency, Label, Marks};

/// What somebody says of how sensitive it is.
pub(super) fn marks(n: usize) -> Marks {
    let emergency = || Emergency { reason: format!("reason {n}") };
    Marks {
        labels: [Label::MentalHealth].into(),
        unlabelled: n.is_multiple_of(3).then(|| format!("reason {n}")),
        under: None,
        btg: n.is_multiple_of(2).then(emergency),
    }
}

/// What somebody does of the consents: whether it is a valid step or not.
pub(super) fn consent_deed(kind: u8, n: usize, state: &CaseState) -> EventData {
    let day = at(n).to_zoned(jiff::tz::TimeZone::UTC).date();
    let all = state.consents.all();
    let known = n.checked_rem(all.len()).and_then(|which| all.get(which)).map_or(id(n), |one| one.key.id);
    match kind % 8 {
        0..=3 => ConsentRecorded {
            scope: Scope {
                categories: [Label::Part2].into(),
                disclosers: [organization("cp")].into(),
                recipients: [organization("aco")].into(),
                covered: false,
                purposes: vec![Purpose::Treatment],
                redisclosure: Redisclosure::Tpo,
                fields: std::collections::BTreeSet::new(),
                explanation: format!("words {n}"),
            },
            from: day,
            until: n.is_multiple_of(2).then(|| day + (i64::try_from(n).unwrap() - 10).days()),
            signed_on: if n.is_multiple_of(5) { day + 30.days() } else { day },
            how: SignedHow::Paper,
            representative: false,
            source: format!("words {n}"),
            document: None,
            renews: n.is_multiple_of(3).then_some(known),
        }
        .into(),
        4..=5 => ConsentRevoked {
            consent: known,
            on: day,
            reason: format!("words {n}"),
            source: format!("words {n}"),
        }
        .into(),
        _ => OverrideReviewed {
            event: state
                .consents
                .overrides()
                .last()
                .map_or(EventKey { sender: user("joe"), id: id(n) }, |one| one.key.clone()),
            justified: n.is_multiple_of(2),
            finding: format!("words {n}"),
        }
        .into(),
    }
}
