#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::agreement::Agreement;
use crate::case::event::EventData;
use crate::case::life::{CaseAccepted, CaseClosed, CloseReason, SeatEnded};
use crate::communication::MessageSent;
use crate::consent::Consents;
use crate::contact::{Contact, Role, Seat};
use crate::id::{CaseId, UserId};

// Synthetic.
static AGREEMENT: LazyLock<Agreement> = LazyLock::new(|| {
    Agreement::parse(
        r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: { id: urn:example:org|aco, name: Harbor ACO, keeper: false }
community_side: { id: urn:example:org|cp, name: Bay Community Care, keeper: true }
in_force: { from: 2019-01-01, until: 2020-01-01 }
share: { both: [roster], community_side: [message] }
ladder:
  care-plan:
    - contact: urn:example:staff|joe
      name: Joe
      organization: urn:example:org|aco
      role: aco-care-manager
      phone: "555-0101"
"#,
    )
    .unwrap()
});

fn seat(name: &str, organization: &str, role: Role) -> Seat {
    Seat {
        contact: Contact {
            id: format!("urn:example:staff|{name}").parse().unwrap(),
            name: name.to_owned(),
            role,
            organization: format!("urn:example:org|{organization}").parse().unwrap(),
            user: Some(user(name)),
            phone: None,
            topics: Vec::new(),
        },
        lead: false,
    }
}

fn user(name: &str) -> UserId {
    format!("@{name}:example.org").parse().unwrap()
}

fn message() -> EventData {
    EventData::MessageSent(MessageSent::default())
}

fn sound_room() -> RoomFacts {
    RoomFacts { encrypted: true, make_ok: true, members: vec![user("jane"), user("joe")] }
}

struct Given {
    event: EventData,
    sender: &'static str,
    seats: Vec<Seat>,
    at: &'static str,
    send: Option<(RoomFacts, IdentityFacts)>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            event: message(),
            sender: "jane",
            seats: vec![
                seat("jane", "cp", Role::CpCareCoordinator),
                seat("joe", "aco", Role::AcoCareManager),
            ],
            at: "2019-03-01T12:00:00Z",
            send: Some((sound_room(), IdentityFacts::default())),
        }
    }
}

impl Given {
    fn decision(&self) -> Decision {
        decide(&Ask {
            disclosure: &self.event.disclosure(),
            sender: &user(self.sender),
            seats: &self.seats.iter().collect::<Vec<_>>(),
            agreement: &AGREEMENT,
            labelled: &[],
            consents: &Consents::default(),
            emergency: false,
            at: self.at.parse().unwrap(),
            send: self.send.as_ref().map(|(room, identities)| (room, identities)),
        })
    }
}

fn codes(decision: Decision) -> (&'static str, Vec<String>) {
    let (outcome, reasons) = match decision {
        Decision::Allowed { basis, .. } => ("allowed", basis),
        Decision::Held { reasons } => ("held", reasons),
        Decision::Denied { reasons } => ("denied", reasons),
    };
    (outcome, reasons.into_iter().map(|reason| reason.code.into_owned()).collect())
}

fn room(change: impl FnOnce(&mut RoomFacts)) -> (RoomFacts, IdentityFacts) {
    let mut facts = sound_room();
    change(&mut facts);
    (facts, IdentityFacts::default())
}

#[test]
fn every_branch() {
    let ended = EventData::SeatEnded(SeatEnded {
        contact: "urn:example:staff|jane".parse().unwrap(),
        organization: "urn:example:org|cp".parse().unwrap(),
    });
    let closed = EventData::CaseClosed(CaseClosed { reason: CloseReason::Graduated, continued_in: None });
    let accepted = EventData::CaseAccepted(CaseAccepted { case: CaseId::new() });
    let unknown = EventData::Unknown { kind: "x.y".into(), data: serde_json::Value::Null };
    let both = |extra: Seat| {
        let mut seats = Given::default().seats;
        seats.push(extra);
        seats
    };
    let unverified = IdentityFacts { unverified_self: true, ..IdentityFacts::default() };
    let changed = IdentityFacts { changed: vec![user("joe")], ..IdentityFacts::default() };
    let base = Given::default;

    let table: Vec<(&str, Given, &str, &[&str])> = vec![
        (
            "at the command, without the room",
            Given { send: None, ..base() },
            "allowed",
            &["sender-on-roster", "agreement-in-force", "category-shared"],
        ),
        (
            "at the sending",
            base(),
            "allowed",
            &[
                "sender-on-roster",
                "agreement-in-force",
                "category-shared",
                "room-checked",
                "identities-checked",
            ],
        ),
        (
            "the last day, in the agreement's zone",
            Given { at: "2020-01-01T04:59:59Z", ..base() },
            "allowed",
            &[],
        ),
        (
            "the day after it",
            Given { at: "2020-01-01T05:00:00Z", ..base() },
            "denied",
            &["agreement-not-in-force"],
        ),
        (
            "the day before it",
            Given { at: "2019-01-01T04:59:59Z", ..base() },
            "denied",
            &["agreement-not-in-force"],
        ),
        (
            "a message by the side that may not",
            Given { sender: "joe", ..base() },
            "denied",
            &["category-not-shared"],
        ),
        ("what both sides may", Given { sender: "joe", event: accepted, ..base() }, "allowed", &[]),
        ("a kind that nobody knows", Given { event: unknown, ..base() }, "denied", &["category-not-shared"]),
        (
            "with the member's own account in the room, though the member is on the roster",
            Given {
                seats: both(seat("marty", "cp", Role::Member)),
                send: Some(room(|r| r.members.push(user("marty")))),
                ..base()
            },
            "held",
            &["stranger-in-room"],
        ),
        (
            "by the member",
            Given { sender: "marty", seats: both(seat("marty", "cp", Role::Member)), ..base() },
            "denied",
            &["sender-not-on-roster"],
        ),
        ("by nobody of the case", Given { sender: "mallory", ..base() }, "denied", &["sender-not-on-roster"]),
        (
            "with a reader of a third organisation",
            Given { seats: both(seat("ann", "hospital", Role::Nurse)), ..base() },
            "denied",
            &["organization-not-party"],
        ),
        (
            "by a third organisation",
            Given { sender: "ann", seats: both(seat("ann", "hospital", Role::Nurse)), ..base() },
            "denied",
            &["organization-not-party"],
        ),
        (
            "a third organisation that reads nothing",
            Given {
                seats: both({
                    let mut ann = seat("ann", "hospital", Role::Nurse);
                    ann.contact.user = None;
                    ann
                }),
                ..base()
            },
            "allowed",
            &[],
        ),
        (
            "with a keeper that is not allowed",
            Given { seats: both(seat("bot", "aco", Role::Keeper)), ..base() },
            "denied",
            &["keeper-not-allowed"],
        ),
        (
            "with a keeper that is",
            Given { seats: both(seat("bot", "cp", Role::Keeper)), ..base() },
            "allowed",
            &[],
        ),
        (
            "an end, after the agreement's, with a keeper that was not allowed",
            Given {
                event: ended,
                at: "2021-01-01T00:00:00Z",
                seats: both(seat("bot", "aco", Role::Keeper)),
                ..base()
            },
            "allowed",
            &["sender-on-roster", "room-checked", "identities-checked"],
        ),
        (
            "an end by nobody of the case",
            Given { event: closed, sender: "mallory", ..base() },
            "denied",
            &["sender-not-on-roster"],
        ),
        (
            "in a room that is not encrypted",
            Given { send: Some(room(|r| r.encrypted = false)), ..base() },
            "held",
            &["room-not-encrypted"],
        ),
        (
            "in a room of another make",
            Given { send: Some(room(|r| r.make_ok = false)), ..base() },
            "held",
            &["room-not-of-make"],
        ),
        (
            "with a stranger",
            Given { send: Some(room(|r| r.members.push(user("eve")))), ..base() },
            "held",
            &["stranger-in-room"],
        ),
        (
            "unverified",
            Given { send: Some((sound_room(), unverified)), ..base() },
            "held",
            &["device-unverified"],
        ),
        (
            "with a changed identity",
            Given { send: Some((sound_room(), changed)), ..base() },
            "held",
            &["identity-changed"],
        ),
        (
            "denied comes before held",
            Given { sender: "joe", send: Some(room(|r| r.encrypted = false)), ..base() },
            "denied",
            &["category-not-shared"],
        ),
    ];
    for (what, given, outcome, expected) in table {
        let (found, codes) = codes(given.decision());
        assert_eq!(found, outcome, "{what}: {codes:?}");
        if !expected.is_empty() {
            assert_eq!(codes, expected, "{what}");
        }
    }
}

#[test]
fn a_held_sending_names_the_strangers() {
    let given =
        Given { send: Some(room(|r| r.members.extend([user("eve"), user("ada")]))), ..Given::default() };
    let Decision::Held { reasons } = given.decision() else { panic!("held") };
    assert_eq!(reasons[0].text, "in the room and not on the roster: @eve:example.org, @ada:example.org");
}

proptest! {
    #[test]
    fn nothing_is_allowed_while_a_member_of_the_room_is_off_the_roster(
        seated in proptest::collection::btree_set("[a-e]", 1..5),
        members in proptest::collection::btree_set("[a-h]", 0..8),
        sender in "[a-h]",
        ends in any::<bool>(),
    ) {
        let seats: Vec<Seat> = seated.iter().map(|name| seat(name, "cp", Role::Nurse)).collect();
        let facts = RoomFacts { members: members.iter().map(|name| user(name)).collect(), ..sound_room() };
        let identities = IdentityFacts::default();
        let disclosure = Disclosure { ends, ..message().disclosure() };
        let decision = decide(&Ask {
            disclosure: &disclosure,
            sender: &user(&sender),
            seats: &seats.iter().collect::<Vec<_>>(),
            agreement: &AGREEMENT,
            labelled: &[],
            consents: &Consents::default(),
            emergency: false,
            at: "2019-03-01T12:00:00Z".parse().unwrap(),
            send: Some((&facts, &identities)),
        });
        let all_named = members.is_subset(&seated);
        let allowed = matches!(decision, Decision::Allowed { .. });
        prop_assert_eq!(allowed, all_named && seated.contains(&sender));
    }
}
