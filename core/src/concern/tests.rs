//! What an organisation brings to the programme office, through the fold. Everything is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub(crate) mod any_order;

use serde_json::json;

use super::*;
use crate::case::event::{Event, EventKey, Held, VERSION};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{self, at, held, id, user};
use crate::case::handover;
use crate::case::kind::{ProgrammeOpened, RoomKind};
use crate::case::life::{Carried, CaseClosed, CloseReason, SeatAdded};
use crate::case::state::{CaseState, Resource, Standing};
use crate::communication::MessageSent;
use crate::contact::{Contact, Role, Seat};
use crate::id::{CaseId, EventId};
use crate::label::Marks;
use crate::organization::{Organization, OrganizationKind};

pub(crate) const PEOPLE: [&str; 6] = ["jane", "kim", "ann", "max", "cp-bot", "office-bot"];

pub(crate) fn seat(who: &str) -> Seat {
    let (organization, role, lead) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "cp-bot" => ("cp", Role::Keeper, false),
        "ann" => ("office", Role::Supervisor, true),
        "marty" => ("cp", Role::Member, false),
        "office-bot" => ("office", Role::Keeper, false),
        _ => ("office", Role::CaseManager, false),
    };
    let contact = Contact {
        id: format!("urn:example:staff|{who}").parse().unwrap(),
        name: who.to_owned(),
        role,
        organization: format!("urn:example:org|{organization}").parse().unwrap(),
        user: Some(user(who)),
        phone: None,
        topics: Vec::new(),
    };
    Seat { contact, lead }
}

pub(crate) const AGREEMENT: &str = r#"
id: office-bay
version: "1"
title: Synthetic
kind: programme
programme_office: { id: urn:example:org|office, name: Programme office, keeper: true }
organization: { id: urn:example:org|cp, name: Bay Community Care, keeper: true }
in_force: { from: 2019-01-01 }
zone: America/New_York
share: { both: [roster, concern, reminder, handover] }
ladder:
  concern:
    - { contact: "urn:example:staff|ann", name: ann, organization: "urn:example:org|office", role: supervisor }
    - { contact: "urn:example:staff|eve", name: eve, organization: "urn:example:org|office", role: supervisor, phone: "555-0102", after: 2 d }
"#;
const RULES: &str =
    "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{ clock: concern-answer, days: 5, mark: U }]\n";

pub(crate) fn opening() -> ProgrammeOpened {
    let party = |id: &str, name: &str, kind| Organization {
        id: format!("urn:example:org|{id}").parse().unwrap(),
        name: name.to_owned(),
        kind,
        role_account: None,
        phone: None,
    };
    ProgrammeOpened {
        room: world::opening().case,
        office: party("office", "Programme office", OrganizationKind::ProgrammeOffice),
        organization: party("cp", "Bay Community Care", OrganizationKind::BehavioralHealthCommunityPartner),
        roster: PEOPLE.iter().filter(|who| **who != "kim").map(|who| seat(who)).collect(),
        agreement: Carried::agreement(AGREEMENT).unwrap(),
        rules: Carried::rule_set(RULES).unwrap(),
    }
}

fn next(n: usize, who: &str, state: &CaseState, data: impl Into<EventData>) -> Held {
    held(who, &format!("words {n}"), &world::event(n, state.heads(), data), at(n))
}

/// A room, and what happened in it.
pub(crate) struct Room {
    pub(crate) fold: Fold,
    pub(crate) events: Vec<Held>,
}

impl Room {
    pub(crate) fn open() -> Self {
        let mut room = Self { fold: Fold::new(), events: Vec::new() };
        assert_eq!(room.act("jane", opening()), "");
        room
    }

    /// Somebody does something: the code of why not, empty where it counts.
    pub(crate) fn act(&mut self, who: &str, data: impl Into<EventData>) -> String {
        let event = next(self.events.len(), who, self.fold.state(), data);
        self.fold.insert(event.clone());
        self.events.push(event.clone());
        let entry = self.fold.state().entry(&event.key()).unwrap();
        entry.standing.reason().map(|reason| reason.code.to_string()).unwrap_or_default()
    }

    pub(crate) fn last(&self) -> EventId {
        self.events.last().unwrap().id
    }

    fn only(&self) -> &ConcernState {
        &self.fold.state().concerns.all()[0]
    }

    fn text(&self) -> &str {
        &self.fold.state().timeline.last().unwrap().text
    }
}

pub(crate) fn raised(text: &str) -> ConcernRaised {
    ConcernRaised {
        title: "Late lists".into(),
        text: text.into(),
        topic: ConcernTopic::Enrolment,
        priority: Priority::Routine,
        about: Vec::new(),
        member_data: false,
    }
}

pub(crate) fn answered(concern: EventId, text: &str) -> ConcernAnswered {
    ConcernAnswered { concern, text: text.into(), shared_as: None, member_data: false }
}

pub(crate) fn reopened(concern: EventId, why: &str) -> ConcernReopened {
    ConcernReopened { concern, why: why.into(), member_data: false }
}

fn published(text: &str) -> AnswerPublished {
    AnswerPublished {
        question: "When do lists come?".into(),
        text: text.into(),
        topic: ConcernTopic::Enrolment,
        member_data: false,
    }
}

#[test]
fn a_concern_is_raised_heard_answered_closed_and_reopened() {
    let mut room = Room::open();
    assert_eq!(room.text(), "Room for concerns opened between Bay Community Care and Programme office.");
    assert_eq!(room.act("jane", raised("Since March they come late")), "");
    let concern = room.last();
    assert_eq!(
        room.text(),
        "jane (CP care coordinator) raised a concern: “Late lists”. Since March they come late"
    );
    let owed = |room: &Room| {
        let owed = room.fold.state().owed();
        assert_eq!(owed.len(), 1);
        let zone = &room.fold.state().opening().unwrap().agreement.zone;
        let last = owed[0].ladder.last().unwrap();
        assert_eq!((last.name.as_str(), last.phone.as_deref()), ("eve", Some("555-0102")));
        let day = crate::due::due_date(&owed[0], zone).to_string();
        (owed[0].clock.clone(), owed[0].owner.value().to_owned(), day, owed[0].what.clone())
    };
    let strings = |(a, b, c, d): (&str, &str, &str, &str)| (a.into(), b.into(), c.into(), d.into());
    // A Monday.
    assert_eq!(
        owed(&room),
        strings(("concern-heard", "ann", "2026-01-07", "say that a concern of Bay Community Care was heard"))
    );
    assert_eq!(room.act("ann", ConcernHeard { concern }), "");
    assert_eq!(room.text(), "ann (supervisor) heard the concern “Late lists”.");
    assert_eq!(room.act("max", ConcernHeard { concern }), "concern-heard");
    // The rule set says five days.
    assert_eq!(
        owed(&room),
        strings(("concern-answer", "ann", "2026-01-10", "answer a concern of Bay Community Care"))
    );
    assert_eq!(room.act("jane", reopened(concern, "Why?")), "concern-open");
    assert_eq!(room.act("max", answered(concern, "From April on they come on the first")), "");
    assert_eq!(
        owed(&room),
        strings((
            "concern-close",
            "jane",
            "2026-01-19",
            "close a concern that Programme office has answered, or open it again"
        ))
    );
    assert_eq!(room.act("kim", ConcernClosed { concern }), "no-seat");
    assert_eq!(room.act("jane", ConcernClosed { concern }), "");
    assert!(room.fold.state().owed().is_empty());
    assert_eq!(room.act("jane", ConcernClosed { concern }), "concern-closed");
    assert_eq!(room.act("max", answered(concern, "And so on")), "concern-closed");
    assert_eq!(room.act("jane", reopened(concern, "They are late again")), "");
    let again = room.last();
    assert_eq!(
        (room.only().status, room.only().since),
        (ConcernStatus::Raised, EventKey { sender: user("jane"), id: again }.owed())
    );
    assert_eq!(owed(&room).0, "concern-heard");
    let deeds: Vec<&str> = room.only().steps.iter().map(|step| step.deed.code()).collect();
    assert_eq!(deeds, ["heard", "answered", "closed", "reopened"]);
    // Who raised it has left: their lead answers for it.
    assert_eq!(room.act("max", answered(concern, "We mend it")), "");
    assert_eq!(owed(&room).1, "jane");
}

#[test]
fn who_may_take_which_step() {
    let mut room = Room::open();
    assert_eq!(room.act("ann", raised("Ours")), "concern-not-organization");
    assert_eq!(room.act("cp-bot", raised("Mine")), "concern-by-keeper");
    assert_eq!(room.act("jane", raised("Ours")), "");
    let concern = room.last();
    let all: [(EventData, &str, &str); 5] = [
        (ConcernHeard { concern }.into(), "", "concern-not-office"),
        (answered(concern, "So").into(), "", "concern-not-office"),
        (published("So").into(), "", "concern-not-office"),
        (ConcernClosed { concern }.into(), "concern-not-organization", ""),
        (reopened(concern, "No").into(), "concern-not-organization", ""),
    ];
    for (data, office, organization) in all {
        if organization.is_empty() {
            assert_eq!(room.act("ann", data.clone()), office);
            assert_eq!(room.act("jane", data), organization);
        } else {
            assert_eq!(room.act("jane", data.clone()), organization);
            assert_eq!(room.act("office-bot", data.clone()), "concern-by-keeper");
            assert_eq!(room.act("ann", data), office);
        }
    }
    let unknown = EventId::new();
    assert_eq!(room.act("ann", ConcernHeard { concern: unknown }), "concern-unknown");
    // Of the case's kinds a programme room takes none, and a case none of its own.
    assert_eq!(room.act("jane", MessageSent::default()), "room-kind");
    assert_eq!(
        room.act("jane", CaseClosed { reason: CloseReason::Moved, continued_in: None }),
        "room-close-reason"
    );
    assert_eq!(room.act("jane", SeatAdded { seat: seat("marty") }), "room-seat-member");
    let mut fold = Fold::new();
    fold.insert(world::next(0, "jane", &CaseState::default(), world::opening()));
    fold.insert(world::next(1, "jane", fold.state(), raised("Here?")));
    let last = fold.state().timeline.last().unwrap();
    assert_eq!(last.standing.reason().unwrap().code, "room-kind");
    assert_eq!(fold.state().opening().unwrap().kind, RoomKind::Case);
}

#[test]
fn a_room_opens_between_an_organization_and_the_office_only() {
    let code = |change: &dyn Fn(&mut ProgrammeOpened)| {
        let mut opened = opening();
        change(&mut opened);
        let mut fold = Fold::new();
        fold.insert(next(0, "jane", &CaseState::default(), opened));
        let last = fold.state().timeline.last().unwrap();
        last.standing.reason().map(|reason| reason.code.to_string()).unwrap_or_default()
    };
    assert_eq!(code(&|_| {}), "");
    assert_eq!(code(&|it| it.office.kind = OrganizationKind::Hospital), "side-kind");
    assert_eq!(code(&|it| it.organization.kind = OrganizationKind::ProgrammeOffice), "side-kind");
    assert_eq!(code(&|it| it.roster.push(seat("marty"))), "room-seat-member");
    assert_eq!(code(&|it| it.agreement = world::opening().agreement), "agreement-kind");
    assert_eq!(code(&|it| it.roster.retain(|seat| seat.contact.name != "ann")), "side-without-lead");
}

#[test]
fn member_data_takes_no_step_and_is_shown_nowhere() {
    let mut room = Room::open();
    let told = |room: &Room| {
        let entry = room.fold.state().timeline.last().unwrap();
        (entry.standing.reason().map(|reason| reason.code.to_string()), entry.text.clone())
    };
    let hidden = "It took no step here, and is not shown: a programme room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates.";
    for text in ["Member 100000000001", "born 4/5/1961", "call 617-555-0141"] {
        assert_eq!(room.act("jane", raised(text)), "concern-member-data");
        assert_eq!(told(&room).1, hidden);
    }
    assert_eq!(room.act("jane", raised("Ours")), "");
    let concern = room.last();
    assert_eq!(room.act("ann", answered(concern, "Ask 617-555-0141")), "concern-member-data");
    assert_eq!(room.act("jane", MessageSent::default()), "room-kind");
    let no_place = "It took no step here, and is not shown: a programme room takes concerns and their answers, and no member data: use the member's case.";
    assert_eq!(told(&room).1, no_place);
    // Another client's message is no concern.
    let n = room.events.len();
    let foreign = json!({"msgtype": "m.text", "body": "Marty, born 4/5/1961"});
    let event = world::raw("jane", id(n), &foreign, at(n));
    room.fold.insert(event.clone());
    assert_eq!(told(&room), (Some("room-kind".into()), no_place.into()));
    // Nor is what a later release says, where it looks like member data.
    let later = |n: usize, body: &str| {
        let data = EventData::Unknown { kind: "concern.praised".into(), data: json!({}) };
        held("jane", body, &world::event(n, room.fold.state().heads(), data), at(n))
    };
    let (clean, dirty) = (later(n + 1, "Well done"), later(n + 2, "call 617-555-0141"));
    let mut fold = room.fold.clone();
    fold.extend([clean, dirty]);
    let texts: Vec<&str> =
        fold.state().timeline.iter().rev().take(2).map(|entry| entry.text.as_str()).collect();
    assert!(
        texts.contains(&"Well done") && texts.contains(&"It may hold member data, and is not shown."),
        "{texts:?}"
    );
    // No record hears of it, and no handover tells it.
    let state = room.fold.state();
    assert!(state.superseded_concerns.is_empty() && state.superseded_messages.is_empty());
    assert_eq!(state.concerns.all().len(), 1);
    let concerns = state.shaping.keys().filter(|one| matches!(one, Resource::Concern(_))).count();
    assert_eq!(concerns, 1);
    let (handed, _) = handover::make(&room.fold, |_| true, |held| !counts(state, held));
    let text = serde_json::to_string(&handed).unwrap();
    for secret in ["100000000001", "4/5/1961", "555-0141"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

fn counts(state: &CaseState, held: &Held) -> bool {
    state.entry(&held.key()).is_some_and(|entry| entry.standing == Standing::Counted)
}

#[test]
fn there_is_an_end_to_what_one_can_make_the_other_hold() {
    let mut room = Room::open();
    for _ in 0..MOST_OPEN {
        assert_eq!(room.act("jane", raised("One more")), "");
    }
    assert_eq!(room.act("jane", raised("One more")), "concern-too-many");
    let concern = room.only().key.id;
    for _ in 0..MOST_STEPS / 2 {
        assert_eq!(room.act("ann", answered(concern, "So")), "");
        assert_eq!(room.act("jane", reopened(concern, "Not so")), "");
    }
    assert_eq!(room.act("ann", answered(concern, "So")), "concern-steps-too-many");
    assert_eq!(room.act("jane", ConcernClosed { concern }), "", "it can be closed all the same");
    assert_eq!(room.act("jane", raised("One more")), "");
}

#[test]
fn a_concern_that_stands_answered_takes_no_second_answer_until_it_is_reopened() {
    let mut room = Room::open();
    room.act("jane", raised("Since March they come late"));
    let concern = room.last();
    let found = |room: &Room| -> Vec<String> {
        super::answered(room.fold.state()).into_iter().map(|one| one.answer).collect()
    };
    // Both answer at once, and neither knows of the other.
    let before = room.fold.clone();
    assert_eq!(room.act("ann", answered(concern, "On the first")), "");
    let second = next(900, "max", before.state(), answered(concern, "On the tenth"));
    room.fold.insert(second.clone());
    // Whichever comes first in the room's order counts, and the other one is told that it was second.
    let code = |who: &Held| {
        let entry = room.fold.state().entry(&who.key()).unwrap();
        entry.standing.reason().map(|reason| reason.code.to_string())
    };
    let refused = Some("concern-answered".to_owned());
    let expected = match code(&second) {
        None => (refused, "On the tenth"),
        of_max => {
            assert_eq!(of_max, refused);
            (None, "On the first")
        }
    };
    assert_eq!((code(room.events.last().unwrap()), &*found(&room).join(" ")), expected);
    assert_eq!(room.act("max", answered(concern, "On the tenth")), "concern-answered");
    assert_eq!(room.act("jane", reopened(concern, "Not so")), "");
    assert_eq!(room.act("max", answered(concern, "On the tenth")), "");
    assert_eq!(found(&room), ["On the tenth"]);
}

#[test]
fn what_was_answered_is_found_by_its_words() {
    let mut room = Room::open();
    room.act("jane", raised("Since March they come late"));
    let concern = room.last();
    assert!(super::answered(room.fold.state()).is_empty());
    room.act("ann", answered(concern, "On the first of each month"));
    room.act("ann", published("Send them by the portal"));
    let found = super::answered(room.fold.state());
    let questions: Vec<&str> = found.iter().map(|one| one.question.as_str()).collect();
    assert_eq!(questions, ["When do lists come?", "Late lists"]);
    for (query, hits) in [
        ("", 2),
        ("LIST", 2),
        ("late month", 1),
        ("portal", 1),
        ("enrolment", 2),
        ("ist", 0),
        ("late portal", 0),
    ] {
        assert_eq!(found.iter().filter(|one| matches(one, query)).count(), hits, "{query}");
    }
}

#[test]
fn the_wire_is_what_it_is_and_debug_shows_none_of_it() {
    let wire = json!({"title": "Late lists", "text": "Secret", "topic": "enrolment"});
    let read: ConcernRaised = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    let concern = EventId::new();
    let wire = json!({"concern": concern, "text": "Secret", "shared_as": "When?"});
    let read: ConcernAnswered = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    let mut room = Room::open();
    room.act("jane", raised("Secret"));
    let concern = room.last();
    room.act("ann", answered(concern, "Secret"));
    room.act("ann", published("Secret"));
    let state = room.fold.state();
    let shown = format!(
        "{read:?} {:?} {:?} {:?} {:?} {:?}",
        raised("Secret"),
        published("Secret"),
        state.concerns,
        super::answered(state),
        reopened(concern, "Secret"),
    );
    assert!(!shown.contains("Secret"), "{shown}");
    let event = Event {
        v: VERSION,
        id: id(1),
        after: Vec::new(),
        clock: 1,
        at: at(1),
        audit: None,
        marks: Marks::default(),
        data: opening().into(),
    };
    let kind = serde_json::to_value(&event).unwrap();
    assert_eq!(kind["kind"], "programme.opened");
    assert_eq!(kind["data"]["room"], json!(CaseId::from_uuid(uuid::Uuid::from_u128(7))));
}

#[test]
fn a_reminder_of_a_concern_gives_nothing_to_take_across() {
    let mut room = Room::open();
    assert_eq!(room.act("jane", raised("Here?")), "");
    let owed = room.fold.state().owed().remove(0);
    let last = owed.ladder.last().unwrap().clone();
    let rung = crate::case::life::RungPosted {
        owed: owed.since,
        clock: owed.clock,
        rung: 0,
        contact: last.contact,
        organization: last.organization,
        due: last.at,
        left: false,
    };
    let late = last.at + jiff::SignedDuration::from_mins(1);
    let mut event = world::event(2, room.fold.state().heads(), rung);
    event.at = late;
    room.fold.insert(held("jane", "words", &event, late));
    let state = room.fold.state();
    assert_eq!(state.timeline.last().unwrap().standing, Standing::Counted);
    // Nothing of it could be recorded here: `crossing.carried` is no event of such a room.
    assert!(state.crossings.all().is_empty());
    assert!(!state.shaping.keys().any(|one| matches!(one, Resource::Crossing(_))));
}
