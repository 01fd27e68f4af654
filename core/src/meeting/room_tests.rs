//! Meetings in the pair's room, through the fold. Everything is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub(crate) mod any_order;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::care_team::Whom;
use crate::case::event::{EventData, EventKey, Held};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{self, at, held, seat, user};
use crate::case::kind::{PairOpened, RoomKind};
use crate::case::life::{CaseClosed, CloseReason, SeatAdded, SeatEnded};
use crate::case::state::CaseState;
use crate::communication::{MessageCorrected, MessageSent};
use crate::contact::Role;
use crate::due::due_date;
use crate::organization::OrganizationKind;

pub(crate) fn opening() -> PairOpened {
    let case = world::opening();
    PairOpened {
        room: case.case,
        plan_side: case.plan_side,
        community_side: case.community_side,
        roster: case.roster,
        agreement: case.agreement,
        rules: case.rules,
    }
}

/// Two weeks after the room was opened, a Monday, at ten in New York.
pub(crate) fn begins() -> Timestamp {
    "2026-01-19T15:00:00Z".parse().unwrap()
}

pub(crate) fn case(n: u128) -> CaseId {
    CaseId::from_uuid(uuid::Uuid::from_u128(1000 + n))
}

pub(crate) fn entry(n: u128) -> AgendaEntry {
    AgendaEntry { case: case(n), why: vec!["admitted".into(), "quiet".into()], minutes: 6 }
}

pub(crate) fn set(agenda: Vec<AgendaEntry>) -> MeetingSet {
    MeetingSet { begins: begins(), minutes: 30, people: Vec::new(), agenda }
}

pub(crate) fn whom(who: &str) -> Whom {
    let contact = seat(who).contact;
    Whom { contact: contact.id, organization: contact.organization }
}

pub(crate) fn answered(meeting: EventId, answer: MeetingAnswer) -> MeetingAnswered {
    MeetingAnswered { meeting, begins: begins(), answer }
}

pub(crate) fn cancelled(meeting: EventId, reason: &str) -> MeetingCancelled {
    MeetingCancelled { meeting, reason: reason.into(), member_data: false }
}

pub(crate) fn held_now(meeting: EventId) -> MeetingHeld {
    MeetingHeld { meeting, nothing: Vec::new(), not_reached: Vec::new() }
}

fn decision(meeting: EventId, n: u128) -> MeetingDecided {
    let event = EventKey { sender: user("joe"), id: world::id(77) };
    MeetingDecided { meeting, case: case(n), kind: DecisionKind::Task, event, instead: None }
}

/// A room, and what happened in it.
pub(crate) struct Room {
    pub(crate) fold: Fold,
    pub(crate) events: Vec<Held>,
    /// How much later than the world's own clock it is.
    pub(crate) later: SignedDuration,
}

impl Room {
    pub(crate) fn open() -> Self {
        let mut room = Self { fold: Fold::new(), events: Vec::new(), later: SignedDuration::ZERO };
        assert_eq!(room.act("jane", opening()), "");
        room
    }

    /// Somebody does something: the code of why not, empty where it counts.
    pub(crate) fn act(&mut self, who: &str, data: impl Into<EventData>) -> String {
        let n = self.events.len();
        let mut event = world::event(n, self.fold.state().heads(), data);
        event.at = at(n) + self.later;
        let event = held(who, &format!("words {n}"), &event, event.at);
        self.fold.insert(event.clone());
        self.events.push(event.clone());
        let entry = self.fold.state().entry(&event.key()).unwrap();
        entry.standing.reason().map(|reason| reason.code.to_string()).unwrap_or_default()
    }

    pub(crate) fn last(&self) -> EventId {
        self.events.last().unwrap().id
    }

    /// It is after the meeting.
    fn after(&mut self) {
        self.later = begins().duration_since(at(0)) + SignedDuration::from_hours(1);
    }

    fn only(&self) -> &MeetingState {
        &self.fold.state().meetings.all()[0]
    }

    fn status(&self) -> MeetingStatus {
        let opening = self.fold.state().opening().unwrap();
        self.only().status([&opening.plan_side.id, &opening.community_side.id])
    }

    fn text(&self) -> &str {
        &self.fold.state().timeline.last().unwrap().text
    }

    /// Clock, owner and the last day of everything that is owed.
    fn owed(&self) -> Vec<(String, String, String)> {
        let zone = self.fold.state().opening().unwrap().agreement.zone.clone();
        let owed = self.fold.state().owed();
        assert!(owed.iter().all(|owed| owed.ladder.last().unwrap().phone.as_deref() == Some("555-0102")));
        assert!(owed.iter().all(|owed| owed.from.is_none_or(|from| from <= owed.due)));
        let told = |owed: &crate::case::step::Owed| {
            (owed.clock.clone(), owed.owner.value().to_owned(), due_date(owed, &zone).to_string())
        };
        owed.iter().map(told).collect()
    }
}

fn strings(all: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    all.iter().map(|(a, b, c)| ((*a).into(), (*b).into(), (*c).into())).collect()
}

#[test]
fn whoever_set_or_moved_a_meeting_can_decline_it_afterwards() {
    let mut room = Room::open();
    assert_eq!(room.act("jane", set(vec![entry(1)])), "");
    let meeting = room.last();
    assert_eq!(room.act("joe", answered(meeting, MeetingAnswer::Accept)), "");
    assert_eq!(room.status(), MeetingStatus::Agreed);
    assert_eq!(room.act("jane", answered(meeting, MeetingAnswer::Decline)), "");
    assert_eq!(room.status(), MeetingStatus::Unsettled);
    let clocks =
        |room: &Room| room.owed().into_iter().map(|(clock, who, _)| (clock, who)).collect::<Vec<_>>();
    let pair = |clock: &str, who: &str| (clock.to_owned(), who.to_owned());
    let settle = [pair("meeting-answer", "jane"), pair("meeting-record", "jane")];
    assert_eq!(clocks(&room), settle, "who set it moves it or calls it off");
    // A colleague who comes stands for the side.
    assert_eq!(room.act("lee", answered(meeting, MeetingAnswer::Decline)), "");
    assert_eq!(room.status(), MeetingStatus::Unsettled);
    assert_eq!(room.act("jane", answered(meeting, MeetingAnswer::Accept)), "");
    assert_eq!(room.status(), MeetingStatus::Agreed);
    let begins = begins() + SignedDuration::from_hours(24);
    assert_eq!(room.act("joe", MeetingMoved { meeting, begins, minutes: 30 }), "");
    let at_new = |answer| MeetingAnswered { meeting, begins, answer };
    assert_eq!(room.act("jane", at_new(MeetingAnswer::Accept)), "");
    assert_eq!(room.status(), MeetingStatus::Agreed);
    assert_eq!(room.act("joe", at_new(MeetingAnswer::Decline)), "");
    assert_eq!(room.status(), MeetingStatus::Unsettled);
}

#[test]
fn a_meeting_is_set_answered_prepared_held_and_recorded() {
    let mut room = Room::open();
    assert_eq!(room.text(), "Room for meetings opened between Bay Community Care and Harbor ACO.");
    assert_eq!(room.act("jane", set(Vec::new())), "");
    let meeting = room.last();
    assert_eq!(
        room.text(),
        "jane (CP care coordinator) set a meeting for Monday, 19 January at 10:00, 30 min."
    );
    // The leads of both sides are asked; who set it comes.
    let asked: Vec<_> = room.only().people.iter().map(|one| one.whom.contact.value()).collect();
    assert_eq!((asked, room.status()), (vec!["jane", "joe", "lee"], MeetingStatus::Waiting));
    assert_eq!(
        room.owed(),
        strings(&[
            ("meeting-answer", "joe", "2026-01-08"),
            ("meeting-agenda", "jane", "2026-01-15"),
            ("meeting-record", "jane", "2026-01-21"),
        ])
    );
    assert_eq!(room.act("joe", answered(meeting, MeetingAnswer::Accept)), "");
    assert_eq!(room.status(), MeetingStatus::Agreed);
    assert_eq!(room.text(), "joe (ACO care manager) comes to the meeting of Monday, 19 January at 10:00.");
    assert_eq!(room.act("joe", MeetingPrepared { meeting, agenda: vec![entry(1), entry(2), entry(3)] }), "");
    assert_eq!(room.owed(), strings(&[("meeting-record", "jane", "2026-01-21")]));
    assert_eq!(room.act("jane", held_now(meeting)), "meeting-not-begun");
    room.after();
    assert_eq!(room.act("joe", decision(meeting, 1)), "");
    assert_eq!(room.act("joe", decision(meeting, 1)), "meeting-decision-known");
    assert_eq!(
        room.act("joe", MeetingHeld { nothing: vec![case(9)], ..held_now(meeting) }),
        "meeting-case-unknown"
    );
    assert_eq!(room.act("joe", MeetingHeld { nothing: vec![case(2)], ..held_now(meeting) }), "");
    assert_eq!(room.status(), MeetingStatus::Held);
    assert_eq!(room.owed(), strings(&[("meeting-record", "jane", "2026-01-21")]));
    assert_eq!(room.act("jane", MeetingHeld { not_reached: vec![case(3)], ..held_now(meeting) }), "");
    assert_eq!((room.status(), room.owed()), (MeetingStatus::Recorded, Vec::new()));
    assert_eq!(room.only().held.as_ref().unwrap().contact.value(), "joe", "who said it first");
    for (data, code) in [
        (EventData::from(answered(meeting, MeetingAnswer::Accept)), "meeting-over"),
        (cancelled(meeting, "Too late").into(), "meeting-over"),
        (MeetingPrepared { meeting, agenda: Vec::new() }.into(), "meeting-over"),
        (MeetingMoved { meeting, begins: begins(), minutes: 30 }.into(), "meeting-over"),
    ] {
        assert_eq!(room.act("jane", data), code);
    }
    let state = room.fold.state();
    assert_eq!(state.meetings.last_held(Timestamp::MAX).unwrap().key.id, meeting);
    assert!(state.meetings.last_held(begins()).is_none());
}

#[test]
fn who_does_not_come_has_it_moved_and_an_answer_to_the_old_time_says_nothing_of_the_new() {
    let mut room = Room::open();
    assert_eq!(room.act("joe", set(vec![entry(1)])), "");
    let meeting = room.last();
    assert_eq!(room.owed()[0], strings(&[("meeting-answer", "jane", "2026-01-08")])[0]);
    let tuesday = begins() + SignedDuration::from_hours(24);
    assert_eq!(room.act("jane", answered(meeting, MeetingAnswer::AnotherTime(tuesday))), "");
    assert_eq!(
        room.text(),
        "jane (CP care coordinator) would come on Tuesday, 20 January at 10:00 in place of the meeting of Monday, 19 January at 10:00."
    );
    assert_eq!(room.status(), MeetingStatus::Unsettled);
    assert_eq!(room.owed()[0], strings(&[("meeting-answer", "joe", "2026-01-08")])[0]);
    // Lee is of the side that settled the time: what he answers does not unsettle it.
    assert_eq!(room.act("lee", answered(meeting, MeetingAnswer::Decline)), "");
    assert_eq!(room.act("lee", MeetingMoved { meeting, begins: tuesday, minutes: 45 }), "");
    assert_eq!(room.text(), "lee (supervisor) moved a meeting to Tuesday, 20 January at 10:00, 45 min.");
    assert_eq!(room.status(), MeetingStatus::Waiting, "everybody is asked anew");
    assert_eq!(room.act("jane", answered(meeting, MeetingAnswer::Accept)), "meeting-moved");
    let accept = MeetingAnswered { begins: tuesday, ..answered(meeting, MeetingAnswer::Accept) };
    assert_eq!(room.act("jane", accept.clone()), "");
    assert_eq!(room.status(), MeetingStatus::Agreed);
    assert_eq!(room.act("rao", accept), "meeting-not-invited");
    assert_eq!(room.act("jane", cancelled(meeting, "There is nothing to talk about")), "");
    assert_eq!((room.status(), room.owed()), (MeetingStatus::Cancelled, Vec::new()));
    assert!(room.text().ends_with("Because: There is nothing to talk about"), "{}", room.text());
    room.after();
    for data in [EventData::from(held_now(meeting)), decision(meeting, 1).into()] {
        assert_eq!(room.act("joe", data), "meeting-cancelled");
    }
}

#[test]
fn what_is_refused() {
    let mut room = Room::open();
    let with = |change: &dyn Fn(&mut MeetingSet)| {
        let mut one = set(vec![entry(1)]);
        change(&mut one);
        one
    };
    let all: [(MeetingSet, &str); 9] = [
        (with(&|it| it.minutes = 0), "meeting-minutes"),
        (with(&|it| it.minutes = 481), "meeting-minutes"),
        (with(&|it| it.begins = at(0)), "meeting-date"),
        (with(&|it| it.begins = begins() + SignedDuration::from_hours(24 * 500)), "meeting-date"),
        (with(&|it| it.agenda.push(entry(1))), "meeting-agenda"),
        (with(&|it| it.agenda[0].why = vec!["Marty was admitted".into()]), "meeting-agenda"),
        (with(&|it| it.agenda = (0..=MOST_CASES as u128).map(entry).collect()), "meeting-agenda"),
        (with(&|it| it.people = vec![whom("joe"); MOST_PEOPLE + 1]), "meeting-people-too-many"),
        (with(&|it| it.people = vec![whom("rao"), whom("kim"), whom("cp-bot")]), ""),
    ];
    for (set, code) in all {
        assert_eq!(room.act("jane", set), code);
    }
    // Neither who has no seat nor a keeper is asked; who set it comes.
    let asked: Vec<_> = room.only().people.iter().map(|one| one.whom.contact.value()).collect();
    assert_eq!(asked, ["rao", "jane"]);
    assert_eq!(room.act("cp-bot", set(Vec::new())), "meeting-by-keeper");
    assert_eq!(room.act("kim", set(Vec::new())), "no-seat");
    let unknown = world::id(99);
    assert_eq!(room.act("joe", answered(unknown, MeetingAnswer::Accept)), "meeting-unknown");
    let meeting = room.only().key.id;
    assert_eq!(room.act("joe", cancelled(meeting, "Marty, born 4/5/1961")), "meeting-member-data");
    let hidden = "It took no step here, and is not shown: the pair's room holds no member data";
    assert!(room.text().starts_with(hidden), "{}", room.text());
    // What belongs to a case, or to the programme office, is no step here; nor is a meeting one in a case.
    assert_eq!(room.act("jane", crate::concern::tests::raised("Late")), "room-kind");
    let task = crate::task::TaskClaimed { task: EventKey { sender: user("joe"), id: unknown } };
    assert_eq!(room.act("jane", task), "room-kind");
    let moved = CaseClosed { reason: CloseReason::Moved, continued_in: None };
    assert_eq!(room.act("jane", moved), "room-close-reason");
    let mut marty = seat("joe");
    (marty.contact.role, marty.lead) = (Role::Member, false);
    assert_eq!(room.act("jane", SeatAdded { seat: marty }), "room-seat-member");
    let mut fold = Fold::new();
    fold.insert(world::next(0, "jane", &CaseState::default(), world::opening()));
    fold.insert(world::next(1, "jane", fold.state(), set(Vec::new())));
    assert_eq!(fold.state().timeline.last().unwrap().standing.reason().unwrap().code, "room-kind");
}

#[test]
fn technical_matters_are_written_here_and_no_member_data() {
    let mut room = Room::open();
    let said = |room: &mut Room, who: &str, body: &str, data: EventData| {
        let n = room.events.len();
        let event = held(who, body, &world::event(n, room.fold.state().heads(), data), at(n));
        room.fold.insert(event.clone());
        room.events.push(event.clone());
        let entry = room.fold.state().entry(&event.key()).unwrap();
        (entry.standing.reason().map_or("", |reason| reason.code.as_ref()).to_owned(), entry.text.clone())
    };
    let hidden = "It took no step here, and is not shown: a pair's room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates.".to_owned();
    let message = || EventData::from(MessageSent::default());
    assert_eq!(
        said(&mut room, "jane", "Your portal is slow", message()),
        (String::new(), "Your portal is slow".into())
    );
    let first = room.last();
    assert_eq!(
        said(&mut room, "joe", "Marty, born 4/5/1961", message()),
        ("message-member-data".into(), hidden.clone())
    );
    let corrected = MessageCorrected { message: first, text: "Call 617-555-0141".into() };
    assert_eq!(
        said(&mut room, "jane", "x", corrected.into()),
        ("message-member-data".into(), hidden.clone())
    );
    let foreign = json!({"msgtype": "m.text", "body": "Anything"});
    let n = room.events.len();
    room.fold.insert(world::raw("jane", world::id(n), &foreign, at(n)));
    let no_place = "It took no step here, and is not shown: a pair's room takes meetings, agreements and messages, and no member data: use the member's case.";
    assert_eq!(room.text(), no_place, "another client's message was not checked");
    let state = room.fold.state();
    assert_eq!(state.messages.len(), 1);
    assert!(state.superseded_messages.is_empty() && state.crossings.all().is_empty());
    // Whoever is told it in stubs comes to the same.
    let (handed, _) = crate::case::handover::make(&room.fold, |_| true, |held| held.id != room.events[0].id);
    let text = serde_json::to_string(&handed).unwrap();
    assert!(!text.contains("1961") && !text.contains("617") && !text.contains("portal"), "{text}");
    let mut newcomer = Fold::invited(user("eve"), [user("jane")]);
    newcomer.extend(crate::case::handover::unpack(handed, &user("jane")));
    assert_eq!(newcomer.state().digest(), state.digest());
}

#[test]
fn a_pairs_room_opens_between_two_sides_with_the_agreement_of_their_cases() {
    let code = |change: &dyn Fn(&mut PairOpened)| {
        let mut opened = opening();
        change(&mut opened);
        let mut fold = Fold::new();
        fold.insert(world::next(0, "jane", &CaseState::default(), opened));
        let last = fold.state().timeline.last().unwrap();
        last.standing.reason().map(|reason| reason.code.to_string()).unwrap_or_default()
    };
    assert_eq!(code(&|_| {}), "");
    assert_eq!(code(&|it| it.plan_side.kind = OrganizationKind::ProgrammeOffice), "side-kind");
    assert_eq!(code(&|it| it.agreement = crate::concern::tests::opening().agreement), "agreement-kind");
    assert_eq!(RoomKind::from_code("pair"), Some(RoomKind::Pair));
}

#[test]
fn somebody_who_has_gone_owes_nothing() {
    let mut room = Room::open();
    assert_eq!(room.act("joe", set(Vec::new())), "");
    let end = |who: &str| SeatEnded { contact: whom(who).contact, organization: whom(who).organization };
    assert_eq!(room.act("lee", end("joe")), "");
    let owners: Vec<_> = room.owed().into_iter().map(|(_, owner, _)| owner).collect();
    assert_eq!(owners, ["jane", "lee", "lee"]);
}

#[test]
fn there_is_an_end_to_what_one_can_make_the_other_hold() {
    let mut room = Room::open();
    for _ in 0..MOST_OPEN {
        assert_eq!(room.act("jane", set(Vec::new())), "");
    }
    assert_eq!(room.act("jane", set(Vec::new())), "meeting-too-many");
    let meeting = room.only().key.id;
    for _ in 0..MOST_STEPS {
        assert_eq!(room.act("joe", answered(meeting, MeetingAnswer::Decline)), "");
    }
    assert_eq!(room.act("joe", answered(meeting, MeetingAnswer::Accept)), "meeting-steps-too-many");
    assert_eq!(room.act("jane", cancelled(meeting, "")), "", "it can be called off all the same");
    assert_eq!(room.act("jane", set(Vec::new())), "");
}

#[test]
fn what_was_decided_in_vain_is_settled_by_its_own_side_or_by_an_event_of_ones_own() {
    let mut room = Room::open();
    room.act("jane", set(vec![entry(1)]));
    let meeting = room.last();
    room.after();
    assert_eq!(room.act("joe", decision(meeting, 1)), "");
    let event = decision(meeting, 1).event;
    let why = vec!["not-allowed".into()];
    assert_eq!(room.act("joe", MeetingUndone { meeting, case: case(1), event: event.clone(), why }), "");
    let anew = |sender: &str, n: usize| MeetingDecided {
        event: EventKey { sender: user(sender), id: world::id(n) },
        instead: Some(event.clone()),
        ..decision(meeting, 1)
    };
    let drop = || MeetingDropped { meeting, event: event.clone() };
    assert_eq!(room.act("jane", drop()), "meeting-not-decider");
    assert_eq!(room.act("jane", anew("joe", 78)), "meeting-not-decider", "an invented key settles nothing");
    assert!(room.only().decisions[0].waits());
    assert_eq!(room.act("lee", drop()), "", "a colleague drops it");
    assert_eq!(room.act("jane", anew("jane", 79)), "meeting-decision-settled");
}

#[test]
fn one_concern_that_two_colleagues_bring_is_one_point() {
    let mut room = Room::open();
    room.act("jane", set(Vec::new()));
    let meeting = room.last();
    let bring =
        || MeetingBrought { meeting, title: "The portal".into(), text: String::new(), member_data: false };
    let mut as_one = |who: &str| {
        let n = room.events.len();
        let mut event = world::event(n, room.fold.state().heads(), EventData::from(bring()));
        (event.at, event.id) = (at(n), world::id(70));
        let held = held(who, "words", &event, event.at);
        room.fold.insert(held.clone());
        room.events.push(held.clone());
        let entry = room.fold.state().entry(&held.key()).unwrap();
        entry.standing.reason().map(|reason| reason.code.to_string()).unwrap_or_default()
    };
    assert_eq!(as_one("joe"), "");
    assert_eq!(as_one("lee"), "meeting-point-known");
    assert_eq!(as_one("jane"), "", "the other side's is its own");
    assert_eq!(room.only().points.len(), 2);
}

#[test]
fn the_wire_is_what_it_is_and_debug_shows_no_words() {
    let meeting = EventId::new();
    let wire = json!({ "begins": "2026-01-19T15:00:00Z", "minutes": 30,
        "agenda": [{ "case": case(1), "why": ["admitted", "quiet"], "minutes": 6 }] });
    let read: MeetingSet = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!((serde_json::to_value(&read).unwrap(), &read), (wire, &set(vec![entry(1)])));
    let wire = json!({ "meeting": meeting, "begins": "2026-01-19T15:00:00Z", "answer": { "another-time": "2026-01-20T15:00:00Z" } });
    let read: MeetingAnswered = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    let wire = json!({ "meeting": meeting, "case": case(1), "kind": "task",
        "event": { "sender": "@joe:aco.example", "id": world::id(77) } });
    let read: MeetingDecided = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!((serde_json::to_value(&read).unwrap(), read), (wire, decision(meeting, 1)));
    let mut room = Room::open();
    room.act("jane", set(vec![entry(1)]));
    let meeting = room.last();
    room.act("jane", cancelled(meeting, "Secret"));
    let shown = format!("{:?} {:?}", cancelled(meeting, "Secret"), room.fold.state().meetings);
    assert!(!shown.contains("Secret"), "{shown}");
    let later = AgendaEntry { why: vec!["later-on".into(), "quiet".into()], ..entry(1) };
    assert_eq!(later.matters(), [MatterKind::Quiet], "what a later release says is left out");
}
