//! The decision: may this be said, here, by them, now?

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::agreement::{Agreement, Category};
use crate::audit::Purpose;
use crate::case::roster::room_user;
use crate::consent::Consents;
use crate::contact::Seat;
use crate::id::{EventId, OrganizationId, UserId};
use crate::policy::consent::{Labelled, Question, judge};
use crate::policy::{Disclosure, Reason};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What would be disclosed.
    pub disclosure: &'a Disclosure,
    /// By whom.
    pub sender: &'a UserId,
    /// Everybody on the roster whose participation has not ended: whoever of them may be in the room would read it.
    pub seats: &'a [&'a Seat],
    /// The agreement that the case carries.
    pub agreement: &'a Agreement,
    /// What of it is labelled, and whose it is.
    pub labelled: &'a [Labelled],
    /// What the member allows.
    pub consents: &'a Consents,
    /// Whether it is told in an emergency: then no consent is needed.
    pub emergency: bool,
    /// When.
    pub at: Timestamp,
    /// The room and the readers' identities, as they are immediately before the sending. None when a command is given:
    /// then only what the case itself says is judged.
    pub send: Option<(&'a RoomFacts, &'a IdentityFacts)>,
}

/// The room immediately before a sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFacts {
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether it is of the make of a case's room.
    pub make_ok: bool,
    /// Everybody who is joined or invited.
    pub members: Vec<UserId>,
}

/// The readers' identities, and our own device, immediately before a sending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityFacts {
    /// Readers whose identity is not the one that was pinned.
    pub changed: Vec<UserId>,
    /// Whether our own device is not verified.
    pub unverified_self: bool,
}

/// What the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It may be said.
    Allowed {
        /// On what grounds.
        basis: Vec<Reason>,
        /// The consents that it rests on, by their `consent.recorded`.
        under: BTreeSet<EventId>,
    },
    /// Not now: it stays first in its case, and what follows waits, until the cause is gone.
    Held {
        /// Every cause.
        reasons: Vec<Reason>,
    },
    /// No: it is taken out, its author told, and what follows goes on.
    Denied {
        /// Every reason.
        reasons: Vec<Reason>,
    },
}

/// Decides.
///
/// Denied, with source `agreement`: `agreement-not-in-force`, `organization-not-party` (the sender's, or a reader's),
/// `category-not-shared`, `keeper-not-allowed`; with source `roster`: `sender-not-on-roster`, `override-by-keeper`; with source
/// `consent`, or `consent <id>` of the one that came nearest, each for a reader's organisation that may not be told what is so
/// labelled: `consent-missing`, `consent-not-for-category`, `consent-not-for-notes`, `consent-not-for-organization`, `consent-not-for-redisclosure`,
/// `consent-not-for-purpose`, `consent-without-explanation`, `consent-recipients-word`, `consent-not-begun`, `consent-expired`, `consent-revoked`,
/// `consent-ambiguous`; and
/// `consents-too-many`. In an emergency nothing of that denies it: its basis is then `emergency-override`.
///
/// Held, with source `room`: `room-not-encrypted`, `room-not-of-make`, `stranger-in-room`; with source `identity`:
/// `device-unverified`, `identity-changed`.
pub fn decide(ask: &Ask<'_>) -> Decision {
    let mut basis = Vec::new();
    let mut denied = Vec::new();
    judge_sender(ask, &mut basis, &mut denied);
    if !ask.disclosure.ends {
        judge_agreement(ask, &mut basis, &mut denied);
    }
    let under = judge_consents(ask, &mut basis, &mut denied);
    if !denied.is_empty() {
        return Decision::Denied { reasons: denied };
    }
    let mut held = Vec::new();
    if let Some((room, identities)) = ask.send {
        judge_room(ask, room, &mut held);
        judge_identities(identities, &mut held);
        if held.is_empty() {
            let text = "the room is encrypted, and nobody is in it who is not on the roster";
            basis.push(Reason::new("room-checked", text, "room"));
            let text = "every reader's identity is the one that was pinned";
            basis.push(Reason::new("identities-checked", text, "identity"));
        }
    }
    if held.is_empty() { Decision::Allowed { basis, under } } else { Decision::Held { reasons: held } }
}

/// The seat of somebody who may be in the room: a member or a representative never is.
fn seat_of<'a>(ask: &Ask<'a>, user: &UserId) -> Option<&'a Seat> {
    ask.seats.iter().find(|seat| room_user(seat) == Some(user)).copied()
}

fn judge_sender(ask: &Ask<'_>, basis: &mut Vec<Reason>, denied: &mut Vec<Reason>) {
    if let Some(seat) = seat_of(ask, ask.sender) {
        let text = format!("{} takes part in the case", seat.contact.name);
        basis.push(Reason::new("sender-on-roster", text, "roster"));
    } else {
        let text = "you are not named for this case, or your participation has ended";
        denied.push(Reason::new("sender-not-on-roster", text, "roster"));
    }
}

fn judge_agreement(ask: &Ask<'_>, basis: &mut Vec<Reason>, denied: &mut Vec<Reason>) {
    let agreement = ask.agreement;
    let named = format!("agreement {} {}", agreement.id, agreement.version);
    let reason = |code, text: String| Reason::new(code, text, format!("agreement {}", agreement.id));

    if agreement.in_force_on(ask.at.to_zoned(agreement.zone.clone()).date()) {
        basis.push(reason("agreement-in-force", format!("{named} is in force")));
    } else {
        denied.push(reason("agreement-not-in-force", format!("{named} is not in force on this day")));
    }

    for seat in ask.seats.iter().filter(|seat| room_user(seat).is_some()) {
        let Some(side) = agreement.side_of(&seat.contact.organization) else {
            let text = format!("{}'s organisation is no party of {named}", seat.contact.name);
            denied.push(reason("organization-not-party", text));
            continue;
        };
        let party = agreement.party(side);
        if seat.is_keeper() && !party.keeper {
            let text = format!("{named} allows no keeper of {} on a case", party.name);
            denied.push(reason("keeper-not-allowed", text));
        }
    }

    let Some(side) = seat_of(ask, ask.sender).and_then(|seat| agreement.side_of(&seat.contact.organization))
    else {
        return;
    };
    let party = &agreement.party(side).name;
    match ask.disclosure.category {
        Some(category) if agreement.may_share(side, category) => {
            let text = format!("{named} lets {party} send this ({})", category.code());
            basis.push(reason("category-shared", text));
        }
        category => {
            let what = category.map_or("a kind that it does not know", Category::code);
            let text = format!("{named} does not let {party} send this ({what})");
            denied.push(reason("category-not-shared", text));
        }
    }
}

/// Whether consents in force let what is labelled be told to all of these.
#[cfg(feature = "store")]
pub(crate) fn consents_let(
    labelled: &[Labelled],
    seats: &[&Seat],
    agreement: &Agreement,
    consents: &Consents,
    at: Timestamp,
) -> bool {
    let answer = judge(&Question {
        labelled,
        readers: &readers(seats, agreement),
        purpose: Purpose::Coordination,
        day: at.to_zoned(agreement.zone.clone()).date(),
        consents,
        part2: agreement.part2.as_ref(),
    });
    answer.denied.is_empty()
}

/// The organisations whose people may be in the room, and what they are called.
fn readers<'a>(seats: &[&'a Seat], agreement: &'a Agreement) -> Vec<(&'a OrganizationId, &'a str)> {
    let mut readers: Vec<(&OrganizationId, &str)> = Vec::new();
    for seat in seats.iter().filter(|seat| room_user(seat).is_some()) {
        let organization = &seat.contact.organization;
        if !readers.iter().any(|(known, _)| *known == organization) {
            let name = agreement.side_of(organization).map_or("others", |side| &agreement.party(side).name);
            readers.push((organization, name));
        }
    }
    readers
}

fn judge_consents(ask: &Ask<'_>, basis: &mut Vec<Reason>, denied: &mut Vec<Reason>) -> BTreeSet<EventId> {
    if ask.emergency && seat_of(ask, ask.sender).is_some_and(Seat::is_keeper) {
        let text = "a person says that there is an emergency, never a keeper";
        denied.push(Reason::new("override-by-keeper", text, "roster"));
    }
    let agreement = ask.agreement;
    let answer = judge(&Question {
        labelled: ask.labelled,
        readers: &readers(ask.seats, agreement),
        // In an emergency a consent for what one would tell anyway is named all the same.
        purpose: if ask.emergency { Purpose::Coordination } else { ask.disclosure.purpose },
        day: ask.at.to_zoned(agreement.zone.clone()).date(),
        consents: ask.consents,
        part2: agreement.part2.as_ref(),
    });
    for id in &answer.under {
        let text = "a consent of the member's lets this be told";
        basis.push(Reason::new("consent-covers", text, format!("consent {id}")));
    }
    if ask.emergency && answer.asked {
        let text = "it is told in an emergency, without waiting for consent; somebody looks at it afterwards";
        basis.push(Reason::new("emergency-override", text, "override"));
        // Of very many none can be explained beside it: the emergency alone is then its ground.
        return if answer.denied.iter().any(|reason| reason.code == "consents-too-many") {
            BTreeSet::new()
        } else {
            answer.under.into_iter().take(crate::label::MOST_CONSENTS).collect()
        };
    }
    denied.extend(answer.denied);
    answer.under
}

fn judge_room(ask: &Ask<'_>, room: &RoomFacts, held: &mut Vec<Reason>) {
    if !room.encrypted {
        held.push(Reason::new("room-not-encrypted", "the room is not encrypted", "room"));
    }
    if !room.make_ok {
        let text = "the room is not of the make that a case's room must be of";
        held.push(Reason::new("room-not-of-make", text, "room"));
    }
    let strangers: Vec<&str> =
        room.members.iter().filter(|user| seat_of(ask, user).is_none()).map(UserId::as_str).collect();
    if !strangers.is_empty() {
        let text = format!("in the room and not on the roster: {}", strangers.join(", "));
        held.push(Reason::new("stranger-in-room", text, "room"));
    }
}

fn judge_identities(identities: &IdentityFacts, held: &mut Vec<Reason>) {
    if identities.unverified_self {
        let text = "this device is not verified: enter the recovery key, or verify it from another device";
        held.push(Reason::new("device-unverified", text, "identity"));
    }
    if !identities.changed.is_empty() {
        let changed: Vec<&str> = identities.changed.iter().map(UserId::as_str).collect();
        let text = format!("their identity is not the one known before: {}", changed.join(", "));
        held.push(Reason::new("identity-changed", text, "identity"));
    }
}
