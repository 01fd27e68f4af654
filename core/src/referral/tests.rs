//! Referrals through the fold, in the case and in their own room. Everything is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub(crate) mod any_order;
mod by_hand;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::audit::Purpose;
use crate::care_plan::SignedHow;
use crate::case::event::Held;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{self, at, held, id, user};
use crate::case::handover;
use crate::case::kind::RoomKind;
use crate::case::life::{CaseClosed, CloseReason, SeatAdded};
use crate::case::state::{CaseState, Resource};
use crate::communication::MessageSent;
use crate::consent::{ConsentRecorded, ConsentRevoked, Redisclosure, Scope};
use crate::contact::{Contact, Role};
use crate::label::Label;
use crate::organization::OrganizationKind;

pub(crate) const PEOPLE: [&str; 6] = ["jane", "kim", "pat", "max", "cp-bot", "pantry-bot"];

pub(crate) fn seat(who: &str) -> Seat {
    let (organization, role, lead) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "cp-bot" => ("cp", Role::Keeper, false),
        "pat" => ("pantry", Role::CaseManager, true),
        "marty" => ("cp", Role::Member, false),
        "pantry-bot" => ("pantry", Role::Keeper, false),
        _ => ("pantry", Role::CaseManager, false),
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
id: bay-pantry
version: "1"
title: Synthetic
kind: referral
referrer: { id: urn:example:org|cp, name: Bay Community Care, keeper: true }
agency: { id: urn:example:org|pantry, name: Harbor Pantry, keeper: true }
in_force: { from: 2019-01-01 }
share: { both: [roster, referral, reminder, handover] }
ladder:
  referral:
    - { contact: "urn:example:staff|jane", name: jane, organization: "urn:example:org|cp", role: cp-care-coordinator }
    - { contact: "urn:example:staff|sue", name: sue, organization: "urn:example:org|cp", role: supervisor, phone: "555-0102", after: 2 d }
"#;
const RULES: &str =
    "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{ clock: referral-answer, days: 4, mark: U }]\n";

pub(crate) fn party(id: &str, name: &str, kind: OrganizationKind) -> Organization {
    Organization {
        id: format!("urn:example:org|{id}").parse().unwrap(),
        name: name.to_owned(),
        kind,
        role_account: None,
        phone: None,
    }
}

pub(crate) fn pantry() -> Organization {
    party("pantry", "Harbor Pantry", OrganizationKind::SocialService)
}

pub(crate) fn opening() -> ReferralOpened {
    ReferralOpened {
        room: world::opening().case,
        referrer: party("cp", "Bay Community Care", OrganizationKind::BehavioralHealthCommunityPartner),
        agency: pantry(),
        roster: PEOPLE.iter().filter(|who| **who != "kim").map(|who| seat(who)).collect(),
        agreement: Carried::agreement(AGREEMENT).unwrap(),
        rules: Carried::rule_set(RULES).unwrap(),
        service: Service { code: ServiceCode::Nutrition, display: "Home-delivered meals".into() },
        need: "Two meals a day, low in salt".into(),
        fields: BTreeMap::from([
            (Field::Name, "Marty Synthetic".into()),
            (Field::Address, "1 Nowhere Street".into()),
        ]),
        consent: ConsentTerms {
            explanation: "The pantry may be told what is needed for meals".into(),
            until: Some("2026-12-31".parse().unwrap()),
            notice: None,
        },
        labels: crate::label::Labels::new(),
        priority: Priority::Routine,
        due: Some("2026-01-20".parse().unwrap()),
    }
}

pub(crate) fn consent() -> ConsentRecorded {
    ConsentRecorded {
        scope: Scope {
            categories: [Label::Part2].into(),
            disclosers: BTreeSet::new(),
            recipients: [pantry().id].into(),
            covered: false,
            purposes: vec![Purpose::Coordination],
            redisclosure: Redisclosure::Named,
            fields: [Field::Name, Field::Address].into(),
            explanation: "The pantry may be told what is needed for meals".into(),
        },
        from: "2026-01-01".parse().unwrap(),
        until: Some("2026-12-31".parse().unwrap()),
        signed_on: "2026-01-01".parse().unwrap(),
        how: SignedHow::Paper,
        representative: false,
        source: "Synthetic".into(),
        document: None,
        renews: None,
    }
}

pub(crate) fn asked(consent: EventId) -> ReferralAsked {
    ReferralAsked {
        service: opening().service,
        organization: Some(pantry()),
        need: opening().need,
        consent,
        fields: [Field::Name].into(),
        priority: Priority::Routine,
        due: None,
        hold: None,
    }
}

pub(crate) fn told(referral: &EventKey, step: Told, event: Option<EventKey>) -> ReferralTold {
    let by_hand = event.is_none().then_some(Way::Phone);
    ReferralTold { referral: referral.clone(), step, at: at(1), event, by_hand, text: "words".into() }
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
    pub(crate) fn open(opening: impl Into<EventData>) -> Self {
        let mut room = Self { fold: Fold::new(), events: Vec::new() };
        assert_eq!(room.act("jane", opening), "");
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

    pub(crate) fn last(&self) -> EventKey {
        self.events.last().unwrap().key()
    }

    fn clocks(&self) -> Vec<(String, String)> {
        let owed = self.fold.state().owed();
        let owed = owed.iter().filter(|one| one.clock.starts_with("referral-"));
        owed.map(|one| (one.clock.clone(), one.owner.value().to_owned())).collect()
    }

    fn status(&self) -> &'static str {
        self.fold.state().referrals.course().unwrap().status.code()
    }

    fn text(&self) -> &str {
        &self.fold.state().timeline.last().unwrap().text
    }
}

fn capacity(capacity: Capacity) -> ReferralCapacity {
    ReferralCapacity { capacity, until: None, text: String::new() }
}

pub(crate) fn outcome(code: OutcomeCode) -> ReferralOutcome {
    ReferralOutcome { code, text: "Twenty meals".into() }
}

pub(crate) fn declined() -> ReferralDeclined {
    ReferralDeclined { reason: "No route there".into() }
}

pub(crate) fn sub_referred() -> ReferralSubReferred {
    ReferralSubReferred { to: "Bay Kitchen".into(), contact: "+1 617 555 0199".into() }
}

fn cancelled(reason: Cancellation) -> ReferralCancelled {
    ReferralCancelled { reason }
}

fn owes(clock: &str, who: &str) -> Vec<(String, String)> {
    vec![(clock.to_owned(), who.to_owned())]
}

#[test]
fn a_referral_goes_through_its_room_and_somebody_owes_each_step() {
    let mut room = Room::open(opening());
    let text = room.text().to_owned();
    assert!(text.contains("Name: Marty Synthetic") && text.contains("until 2026-12-31"), "{text}");
    assert_eq!((room.status(), room.clocks()), ("asked", owes(ANSWER_CLOCK, "pat")));
    assert_eq!(room.act("jane", ReferralCapacityAsked {}), "");
    assert_eq!(room.clocks(), owes(CAPACITY_CLOCK, "pat"));
    let wait = ReferralCapacity {
        capacity: Capacity::Waitlist,
        until: Some("2026-02-02".parse().unwrap()),
        text: "From February".into(),
    };
    assert_eq!(room.act("pat", wait), "");
    let owed = &room.fold.state().owed()[0];
    assert_eq!(owed.clock, ANSWER_CLOCK);
    // Four days from the day on which there is a place, as the rule set has it.
    assert_eq!(owed.due.to_string(), "2026-02-07T05:00:00Z");
    assert_eq!(room.act("pat", capacity(Capacity::Yes)), "");
    assert_eq!(room.act("max", ReferralAccepted {}), "");
    assert_eq!(room.clocks(), owes(OUTCOME_CLOCK, "max"), "who accepted it does it");
    assert_eq!(room.act("max", sub_referred()), "");
    assert_eq!(room.clocks(), owes(OUTCOME_CLOCK, "max"), "the agency still answers for it");
    assert_eq!(room.text(), "max (case manager): Bay Kitchen (+1 617 555 0199) does it.");
    assert_eq!(room.act("pat", outcome(OutcomeCode::Partly)), "");
    assert_eq!(room.clocks(), owes(CLOSE_CLOCK, "jane"));
    assert_eq!(room.act("jane", ReferralClosed {}), "");
    assert_eq!((room.status(), room.clocks()), ("closed", vec![]));
    assert_eq!(room.act("jane", cancelled(Cancellation::NotNeeded)), "referral-over");
}

#[test]
fn a_storys_clock_counts_from_the_opening_on() {
    let text = AGREEMENT.replace("share:", "clock: story\nshare:");
    let opened = ReferralOpened { agreement: Carried::agreement(&text).unwrap(), ..opening() };
    let event = world::event(0, Vec::new(), opened);
    let late = at(0) + jiff::SignedDuration::from_hours(24 * 365);
    let mut fold = Fold::new();
    fold.insert(held("jane", "words", &event, late));
    assert_eq!(fold.state().referrals.course().unwrap().opened_by.at, at(0));
    assert_eq!(fold.state().owed()[0].due.to_string(), "2026-01-10T05:00:00Z");
}

#[test]
fn what_is_refused_in_a_referrals_room() {
    let open = || Room::open(opening());
    let accepted = || {
        let mut room = open();
        assert_eq!(room.act("pat", ReferralAccepted {}), "");
        room
    };
    let table: Vec<(&str, Room, &str, EventData, &str)> = vec![
        ("a keeper", open(), "pantry-bot", ReferralAccepted {}.into(), "referral-by-keeper"),
        ("a keeper closes", open(), "cp-bot", ReferralClosed {}.into(), "referral-by-keeper"),
        (
            "the agency's keeper",
            open(),
            "pantry-bot",
            cancelled(Cancellation::NotNeeded).into(),
            "referral-not-referrer",
        ),
        ("the referrer accepts", open(), "jane", ReferralAccepted {}.into(), "referral-not-agency"),
        ("the agency closes", open(), "pat", ReferralClosed {}.into(), "referral-not-referrer"),
        ("the agency asks itself", open(), "pat", ReferralCapacityAsked {}.into(), "referral-not-referrer"),
        ("before it accepts", open(), "pat", outcome(OutcomeCode::Provided).into(), "referral-not-accepted"),
        ("before it accepts", open(), "pat", sub_referred().into(), "referral-not-accepted"),
        ("twice", accepted(), "max", ReferralAccepted {}.into(), "referral-answered"),
        ("after it accepted", accepted(), "max", declined().into(), "referral-answered"),
        ("no place any more", accepted(), "pat", capacity(Capacity::No).into(), "referral-answered"),
        ("without an outcome", accepted(), "jane", ReferralClosed {}.into(), "referral-no-outcome"),
        ("a message", open(), "jane", MessageSent::default().into(), "room-kind"),
        ("a referral of a case", open(), "jane", asked(id(9)).into(), "room-kind"),
        ("the member", open(), "jane", SeatAdded { seat: seat("marty") }.into(), "room-seat-member"),
        (
            "a case's end",
            open(),
            "jane",
            CaseClosed { reason: CloseReason::Declined, continued_in: None }.into(),
            "room-kind",
        ),
    ];
    for (what, mut room, who, data, code) in table {
        assert_eq!(room.act(who, data), code, "{what}");
    }
    for end in ["declined", "no place"] {
        let mut room = open();
        let data: EventData =
            if end == "declined" { declined().into() } else { capacity(Capacity::No).into() };
        assert_eq!(room.act("pat", data), "");
        assert_eq!(room.clocks(), owes(CLOSE_CLOCK, "jane"), "{end}");
        assert_eq!(room.act("jane", ReferralClosed {}), "", "{end}");
    }
    let mut room = accepted();
    assert_eq!(room.act("jane", cancelled(Cancellation::ConsentEnded)), "");
    assert!(room.text().ends_with("the consent for it has ended."), "{}", room.text());
    assert_eq!((room.status(), room.clocks()), ("cancelled", vec![]));
    let mut room = accepted();
    assert_eq!(room.act("cp-bot", cancelled(Cancellation::ConsentEnded)), "", "its keeper says so, too");
    let mut case = Room::open(world::opening());
    assert_eq!(case.act("jane", ReferralAccepted {}), "room-kind");
    let mut room = open();
    for n in 0..MOST_STEPS {
        let data = if n % 2 == 0 { Capacity::Yes } else { Capacity::No };
        assert_eq!(room.act("pat", capacity(data)), "");
    }
    assert_eq!(room.act("pat", capacity(Capacity::Yes)), "referral-steps-too-many");
    assert_eq!(room.act("jane", cancelled(Cancellation::NotNeeded)), "", "it can always be ended");
}

#[test]
fn a_room_stands_between_a_side_and_an_agency() {
    let refused = |change: fn(&mut ReferralOpened)| {
        let mut opened = opening();
        change(&mut opened);
        let mut room = Room { fold: Fold::new(), events: Vec::new() };
        room.act("jane", opened)
    };
    assert_eq!(refused(|_| {}), "");
    assert_eq!(refused(|opened| opened.agency.kind = OrganizationKind::Hospital), "side-kind");
    assert_eq!(refused(|opened| opened.referrer.kind = OrganizationKind::ProgrammeOffice), "side-kind");
    assert_eq!(refused(|opened| opened.roster.push(seat("marty"))), "room-seat-member");
    assert_eq!(refused(|opened| opened.agreement = world::opening().agreement), "agreement-kind");
    for (who, code) in [("pat", "referral-not-referrer"), ("cp-bot", "referral-by-keeper")] {
        let mut room = Room { fold: Fold::new(), events: Vec::new() };
        assert_eq!(room.act(who, opening()), code);
        assert!(room.fold.state().opening().is_none() && room.fold.state().referrals.course().is_none());
        assert_eq!(room.act("pat", ReferralAccepted {}), "case-not-open");
    }
}

/// A case with a consent.
pub(crate) fn case() -> (Room, EventId) {
    let mut case = Room::open(world::opening());
    assert_eq!(case.act("jane", consent()), "");
    let consent = case.last().id;
    (case, consent)
}

#[test]
fn a_referral_without_a_contact_leaves_its_trace_and_is_owed() {
    let (mut case, consent) = case();
    let held = ReferralAsked { hold: Some(Hold::NoContact), ..asked(consent) };
    assert_eq!(case.act("jane", held), "");
    let key = case.last();
    let one = case.fold.state().referrals.get(&key).unwrap().clone();
    assert_eq!(one.held().unwrap().code, "referral-no-contact");
    assert!(case.text().contains("nobody is known whom one could reach there"), "{}", case.text());
    assert_eq!(case.clocks(), owes(CONTACT_CLOCK, "jane"));
    let owed = case.fold.state().owed();
    let owed = owed.iter().find(|one| one.clock == CONTACT_CLOCK).unwrap();
    assert!(owed.ladder.last().unwrap().phone.is_some());
    assert!(!owed.what.contains("Pantry") && !owed.what.contains("meals"), "{}", owed.what);
    assert_eq!(case.act("jane", told(&key, Told::Accepted, None)), "referral-not-sent");
    let sent =
        ReferralSent { referral: key.clone(), room: Some(room_of(&key)), by_hand: None, note: String::new() };
    assert_eq!(case.act("joe", sent.clone()), "referral-not-referrer");
    let both = ReferralSent { by_hand: Some(Way::Phone), ..sent.clone() };
    assert_eq!(case.act("jane", both), "referral-how");
    assert_eq!(case.act("kim", sent.clone()), "no-seat");
    assert_eq!(case.act("jane", sent.clone()), "");
    assert_eq!(case.act("jane", sent), "referral-sent");
    assert_eq!(case.clocks(), owes(LOOP_CLOCK, "jane"));
    let event = EventKey { sender: user("pat"), id: id(77) };
    assert_eq!(case.act("jane", told(&key, Told::Accepted, Some(event.clone()))), "");
    assert_eq!(case.act("jane", told(&key, Told::Accepted, Some(event.clone()))), "referral-told-before");
    assert_eq!(case.text(), "The referral: Harbor Pantry has accepted: words.");
    assert_eq!(case.act("cp-bot", told(&key, Told::Accepted, Some(event))), "referral-told-before");
    assert_eq!(case.act("cp-bot", told(&key, Told::Provided, None)), "referral-by-keeper");
    assert_eq!(case.act("jane", told(&key, Told::Provided, None)), "");
    assert_eq!(case.clocks(), owes(LOOP_CLOCK, "jane"), "until the loop is closed");
    assert_eq!(case.act("jane", told(&key, Told::Closed, None)), "");
    assert_eq!(case.clocks(), vec![]);
    assert_eq!(case.act("jane", told(&key, Told::Provided, None)), "referral-over");
    let none = EventKey { sender: user("jane"), id: id(99) };
    assert_eq!(case.act("jane", told(&none, Told::Closed, None)), "referral-unknown");
}

#[test]
fn a_referral_rests_on_a_consent_that_holds() {
    let (mut case, consent) = case();
    assert_eq!(case.act("jane", asked(id(99))), "referral-consent-unknown");
    assert_eq!(case.act("cp-bot", asked(consent)), "referral-by-keeper");
    let revoked = ConsentRevoked {
        consent,
        on: at(0).to_zoned(jiff::tz::TimeZone::UTC).date(),
        reason: String::new(),
        source: String::new(),
    };
    assert_eq!(case.act("jane", asked(consent)), "");
    let key = case.last();
    assert_eq!(case.act("joe", revoked), "");
    assert_eq!(case.act("jane", asked(consent)), "referral-consent-not-in-force");
    let superseded = &case.fold.state().superseded_referrals;
    assert_eq!(superseded.len(), 3, "a record may have been told of each");
    let withdrawn = ReferralWithdrawn { referral: key.clone(), why: "Marty cooks again".into() };
    assert_eq!(case.act("jane", withdrawn.clone()), "");
    assert_eq!(case.act("jane", withdrawn), "referral-over");
    assert!(case.fold.state().shaping.contains_key(&Resource::Referral(key)));
    let (mut case, consent) = self::case();
    for _ in 0..MOST_WAITING {
        assert_eq!(case.act("jane", asked(consent)), "");
    }
    assert_eq!(case.act("jane", asked(consent)), "referral-too-many");
    assert_eq!(case.act("joe", asked(consent)), "", "of each side by itself");
}

#[test]
fn debug_and_stubs_show_nothing() {
    let events: Vec<EventData> = vec![
        opening().into(),
        ReferralAsked { hold: Some(Hold::NoAccount), ..asked(id(1)) }.into(),
        told(&EventKey { sender: user("jane"), id: id(1) }, Told::Declined, None).into(),
        ReferralWithdrawn { referral: EventKey { sender: user("jane"), id: id(1) }, why: "words".into() }
            .into(),
        declined().into(),
        sub_referred().into(),
        outcome(OutcomeCode::Provided).into(),
    ];
    let secret = ["Marty", "meals", "salt", "Nowhere", "words", "No route", "Kitchen", "0199", "Pantry may"];
    for data in &events {
        let stub = withheld(data).unwrap().to_value().unwrap().to_string();
        let event = ReferralEvent::of(data).unwrap();
        let shown = format!("{data:?} {event:?}");
        for word in secret {
            assert!(!stub.contains(word), "{word} in {stub}");
            assert!(!shown.contains(word), "{word} in {shown}");
        }
    }
    let room = Room::open(opening());
    let shown = format!("{:?}", room.fold.state().referrals);
    assert!(secret.iter().all(|word| !shown.contains(word)), "{shown}");
    let (mut case, consent) = case();
    case.act("jane", asked(consent));
    let shown = format!("{:?}", case.fold.state().referrals);
    assert!(secret.iter().all(|word| !shown.contains(word)), "{shown}");
}

#[test]
fn words_on_the_wire_are_their_codes() {
    for one in ServiceCode::ALL {
        assert_eq!(serde_json::to_value(one).unwrap(), one.code());
        assert_eq!(ServiceCode::from_code(one.code()), Some(*one));
    }
    for one in Field::ALL {
        assert_eq!(serde_json::to_value(one).unwrap(), one.code());
    }
    for one in Told::ALL {
        assert_eq!(serde_json::to_value(one).unwrap(), one.code());
    }
    for (hold, code) in Hold::ALL.iter().zip(["no-contact", "no-account", "no-agreement"]) {
        assert_eq!((hold.code(), serde_json::to_value(hold).unwrap()), (code, code.into()));
    }
    let later: ServiceCode = serde_json::from_value("later".into()).unwrap();
    assert_eq!(later, ServiceCode::Other);
    let json = serde_json::to_string(&consent()).unwrap();
    let none = ConsentRecorded { scope: Scope { fields: BTreeSet::new(), ..consent().scope }, ..consent() };
    assert!(json.contains("\"fields\":[\"name\",\"address\"]"), "{json}");
    let json = serde_json::to_string(&none).unwrap();
    assert!(!json.contains("fields"), "as it was before there were fields: {json}");
    assert_eq!(serde_json::from_str::<ConsentRecorded>(&json).unwrap(), none);
    assert_eq!(RoomKind::opened_by("referral.opened"), Some(RoomKind::Referral));
}
