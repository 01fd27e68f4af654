#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::agreement::{Agreement, RuleSet};
use crate::care_plan::CarePlans;
use crate::case::life::CloseReason;
use crate::case::roster::Roster;
use crate::case::state::CaseState;
use crate::case::step::{Rules, Step};
use crate::contact::{Contact, Role, Seat};
use crate::id::UserId;
use crate::policy::{Reach, may_reach_out};

mod no_contact;
mod telling;
mod withdrawing;

fn seat(name: &str) -> Seat {
    let (organization, role, lead) = match name {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "joe" => ("aco", Role::AcoCareManager, true),
        "doc" => ("hospital", Role::Nurse, false),
        _ => ("cp", Role::Keeper, false),
    };
    let contact = Contact {
        id: format!("urn:example:staff|{name}").parse().unwrap(),
        name: name.to_owned(),
        role,
        organization: format!("urn:example:org|{organization}").parse().unwrap(),
        user: Some(user(name)),
        phone: None,
        topics: Vec::new(),
    };
    Seat { contact, lead }
}

fn user(name: &str) -> UserId {
    format!("@{name}:example").parse().unwrap()
}

fn roster() -> Roster {
    let seats: Vec<Seat> = ["jane", "kim", "joe", "doc", "bot"].map(seat).into();
    let since = EventKey { sender: user("jane"), id: EventId::new() };
    Roster::of(&seats, &since).unwrap()
}

fn agreement(outreach: &str) -> Agreement {
    Agreement::parse(&format!(
        r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: {{ id: urn:example:org|aco, name: Harbor ACO }}
community_side: {{ id: urn:example:org|cp, name: Bay Community Care }}
in_force: {{ from: 2019-01-01, until: 2021-01-01 }}
share: {{ both: [outreach] }}
{outreach}
ladder:
  care-plan:
    - {{ contact: urn:example:staff|joe, name: Joe, organization: urn:example:org|aco, role: aco-care-manager }}
    - {{ contact: urn:example:staff|lee, name: Lee, organization: urn:example:org|aco, role: supervisor, phone: "555-0102", after: 2 d }}
"#
    ))
    .unwrap()
}

const TERMS: &str = "outreach: { default: allowed, channels: { visit: { rule: ask-first }, \
    phone: { rule: prohibited, until: 2019-07-01 } }, attempts_before_unreachable: 2 }";

fn rules() -> RuleSet {
    let rows = "{ clock: engagement, days: 90, counts_from: next-month, until: 2020-04-01, mark: F }, \
        { clock: engagement, days: 150, from: 2020-04-01, mark: F }, { clock: plan-completed, days: 122, mark: F }, \
        { clock: re-enrolment-gap, days: 90, mark: F }";
    RuleSet::parse(&format!("id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{rows}]\n")).unwrap()
}

fn nothing() -> EventKey {
    EventKey { sender: user("jane"), id: EventId::new() }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What happens in the tests, one after the other.
struct World {
    outreach: Outreach,
    agreement: Agreement,
    now: Timestamp,
}

impl World {
    fn new(terms: &str) -> Self {
        Self { outreach: Outreach::default(), agreement: agreement(terms), now: at("2019-03-01T15:00:00Z") }
    }

    fn take(&mut self, who: &str, event: OutreachEvent<'_>) -> Result<EventId, String> {
        let (seat, roster, id) = (seat(who), roster(), EventId::new());
        let circumstances = Step {
            key: &EventKey { sender: user(who), id },
            seat: &seat,
            at: self.now,
            server_at: self.now,
            roster: &roster,
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        };
        match step(&self.outreach, event, &self.agreement, &circumstances) {
            Ok(next) => {
                self.outreach = next;
                Ok(id)
            }
            Err(reason) => {
                assert_eq!(reason.source, "outreach");
                Err(reason.code.into_owned())
            }
        }
    }

    fn stage(&mut self, who: &str, stage: Stage, on: &str) -> Result<EventId, String> {
        self.take(who, OutreachEvent::Stage(&reached(stage, on)))
    }

    fn contact(&mut self, channel: Channel, reached: bool, when: &str) -> Result<EventId, String> {
        self.take("jane", OutreachEvent::Contact(&contact(channel, reached, when)))
    }

    fn owed(&self) -> Vec<(String, String, Timestamp)> {
        let (rules, roster) = (rules(), roster());
        let rules = Rules { agreement: &self.agreement, rules: &rules, roster: &roster };
        let owed = owed(&self.outreach, &CarePlans::default(), &rules);
        for item in &owed {
            assert!(item.ladder.last().unwrap().phone.is_some(), "{}", item.clock);
        }
        owed.into_iter().map(|item| (item.clock, item.owner.value().to_owned(), item.due)).collect()
    }

    fn may(&self, channel: Channel, when: &str) -> (Reach, String) {
        let judged = may_reach_out(&self.agreement, &self.outreach, channel, at(when));
        (judged.answer, judged.reasons.last().unwrap().code.clone().into_owned())
    }
}

fn reached(stage: Stage, on: &str) -> StageReached {
    let source = "secret words".to_owned();
    StageReached { stage, on: date(on), source, enrolled: None, left: None, to_aco: None, corrects: None }
}

fn contact(channel: Channel, reached: bool, when: &str) -> ContactRecorded {
    let outcome = "secret words".to_owned();
    ContactRecorded {
        when: at(when),
        by: None,
        channel,
        face_to_face: false,
        reached,
        outcome,
        about: None,
        not_made: None,
    }
}

#[test]
fn stages_come_one_after_the_other() {
    use Stage::{Assigned, Consented, Disenrolled, Engaged, Moved, Outreach, ReEnrolled};
    let after: [(Option<Stage>, &[Stage]); 8] = [
        (None, &[Assigned, ReEnrolled]),
        (Some(Assigned), &[Outreach, Consented, Engaged, Disenrolled, Moved]),
        (Some(Outreach), &[Consented, Engaged, Disenrolled, Moved]),
        (Some(Consented), &[Engaged, Disenrolled, Moved]),
        (Some(Engaged), &[Disenrolled, Moved]),
        (Some(Disenrolled), &[ReEnrolled, Moved]),
        (Some(ReEnrolled), &[Outreach, Consented, Engaged, Disenrolled, Moved]),
        (Some(Moved), &[ReEnrolled]),
    ];
    for (from, to) in after {
        for stage in Stage::ALL {
            let mut world = World::new("");
            let path: &[Stage] = match from {
                None => &[],
                Some(Assigned) => &[Assigned],
                Some(ReEnrolled) => &[ReEnrolled],
                Some(other) => &[Assigned, other],
            };
            for stage in path {
                world.stage("jane", *stage, "2019-02-01").unwrap();
            }
            let done = world.stage("jane", stage, "2019-02-02");
            if from == Some(stage) {
                assert!(done.is_ok(), "the same again corrects");
                assert_eq!(world.outreach.stages().len(), path.len());
            } else {
                assert_eq!(done.is_ok(), to.contains(&stage), "{from:?} {stage:?}");
            }
        }
    }
}

#[test]
fn who_says_where_a_member_stands() {
    let mut world = World::new("");
    assert_eq!(world.stage("bot", Stage::Assigned, "2019-02-01").unwrap_err(), "outreach-by-keeper");
    assert_eq!(world.stage("doc", Stage::Assigned, "2019-02-01").unwrap_err(), "outreach-not-a-side");
    world.stage("joe", Stage::Assigned, "2019-02-01").unwrap();
    assert_eq!(world.stage("joe", Stage::Engaged, "2019-02-02").unwrap_err(), "outreach-not-community-side");
    assert_eq!(world.stage("jane", Stage::Outreach, "2019-01-31").unwrap_err(), "stage-before");
    assert_eq!(world.stage("jane", Stage::Assigned, "2019-02-01").unwrap_err(), "stage-known");
    assert_eq!(world.stage("jane", Stage::Assigned, "1066-10-14").unwrap_err(), "stage-date");
    let wrong = StageReached { left: Some(date("2019-01-01")), ..reached(Stage::Outreach, "2019-02-02") };
    assert_eq!(world.take("jane", OutreachEvent::Stage(&wrong)).unwrap_err(), "stage-fields");
    assert_eq!(world.stage("jane", Stage::ReEnrolled, "2019-03-01").unwrap_err(), "stage-order");
    for n in 0..200 {
        world.stage("jane", Stage::Assigned, if n % 2 == 0 { "2019-02-02" } else { "2019-02-01" }).unwrap();
    }
    assert_eq!(world.stage("jane", Stage::Assigned, "2019-02-07").unwrap_err(), "stages-too-many");
    world.stage("joe", Stage::Assigned, "2019-02-07").unwrap();
}

#[test]
fn clocks_count_from_the_programmes_own_dates() {
    let mut world = World::new("zone: America/New_York");
    let assigned =
        StageReached { enrolled: Some(date("2019-01-15")), ..reached(Stage::Assigned, "2019-02-01") };
    world.take("joe", OutreachEvent::Stage(&assigned)).unwrap();
    let jane = "jane".to_owned();
    // 90 days from the month after the enrolment; 122 days after the assignment, each to its end in Boston.
    let engagement = ("engagement".to_owned(), jane.clone(), at("2019-05-03T04:00:00Z"));
    let planned = ("plan-completed".to_owned(), jane, at("2019-06-04T04:00:00Z"));
    assert_eq!(world.owed(), [engagement, planned.clone()]);
    world.stage("jane", Stage::Consented, "2019-02-20").unwrap();
    world.stage("jane", Stage::Engaged, "2019-03-01").unwrap();
    assert_eq!(world.owed(), std::slice::from_ref(&planned));
    world.now = at("2019-06-20T15:00:00Z");
    world.stage("joe", Stage::Disenrolled, "2019-03-10").unwrap();
    assert_eq!(world.owed(), []);
    // Back within 90 days: the old clocks go on, and what was reached stays so.
    world.stage("joe", Stage::ReEnrolled, "2019-06-08").unwrap();
    assert_eq!(world.owed(), [planned]);
    // One day more, and it counts as new.
    world.stage("joe", Stage::ReEnrolled, "2019-06-09").unwrap();
    let owed = world.owed();
    assert_eq!(owed.len(), 2);
    assert_eq!(owed[1].2, at("2019-10-10T04:00:00Z"));
}

#[test]
fn whether_the_clocks_go_on_counts_from_the_day_of_leaving() {
    let (agreement, rules) = (agreement(""), rules());
    for (left, assigned) in [("2019-01-20", "2018-10-01"), ("2018-11-10", "2019-03-01")] {
        let mut world = World::new("");
        world.stage("joe", Stage::Assigned, "2018-10-01").unwrap();
        world.stage("joe", Stage::Disenrolled, left).unwrap();
        let back = StageReached { left: Some(date(left)), ..reached(Stage::ReEnrolled, "2019-03-01") };
        world.take("joe", OutreachEvent::Stage(&back)).unwrap();
        assert_eq!(term(&world.outreach, &agreement, &rules).unwrap().assigned, date(assigned), "{left}");
    }
}

#[test]
fn whether_one_may_reach_out() {
    let nothing = World::new("");
    assert_eq!(
        nothing.may(Channel::Phone, "2019-03-01T15:00:00Z"),
        (Reach::Allowed, "outreach-not-settled".into())
    );
    let mut world = World::new(TERMS);
    for (channel, when, answer, code) in [
        (Channel::Letter, "2019-03-01T15:00:00Z", Reach::Allowed, "outreach-allowed"),
        (Channel::Phone, "2019-03-01T15:00:00Z", Reach::Denied, "outreach-prohibited"),
        (Channel::Phone, "2019-07-01T03:59:59Z", Reach::Denied, "outreach-prohibited"),
        (Channel::Phone, "2019-07-01T04:00:00Z", Reach::Allowed, "outreach-allowed"),
        (Channel::Visit, "2019-03-01T15:00:00Z", Reach::Ask, "outreach-ask-first"),
        (Channel::Letter, "2018-12-31T15:00:00Z", Reach::Denied, "agreement-not-in-force"),
        (Channel::Letter, "2021-01-01T15:00:00Z", Reach::Denied, "agreement-not-in-force"),
    ] {
        assert_eq!(world.may(channel, when), (answer, code.to_owned()), "{channel:?} {when}");
    }

    let ask = |channel| OutreachAsked { channel, why: "secret words".into() };
    let asked = |world: &mut World, who, channel| world.take(who, OutreachEvent::Asked(&ask(channel)));
    assert_eq!(asked(&mut world, "joe", Channel::Visit).unwrap_err(), "outreach-not-community-side");
    assert_eq!(asked(&mut world, "jane", Channel::Phone).unwrap_err(), "outreach-not-to-ask");
    assert_eq!(asked(&mut world, "jane", Channel::Letter).unwrap_err(), "outreach-not-to-ask");
    let first = asked(&mut world, "jane", Channel::Visit).unwrap();
    assert_eq!(asked(&mut world, "kim", Channel::Visit).unwrap_err(), "outreach-asked-already");
    let later = "2019-03-02T15:00:00Z";
    assert_eq!(world.may(Channel::Visit, later), (Reach::Ask, "outreach-asked".into()));
    assert_eq!(world.owed(), [(ANSWER.to_owned(), "joe".to_owned(), at("2019-03-31T14:00:00Z"))]);

    let refuse = |ask| OutreachRefused {
        ask: EventKey { sender: user("jane"), id: ask },
        reason: "secret words".into(),
    };
    assert_eq!(
        world.take("jane", OutreachEvent::Refused(&refuse(first))).unwrap_err(),
        "outreach-not-plan-side"
    );
    let unknown = refuse(EventId::new());
    assert_eq!(world.take("joe", OutreachEvent::Refused(&unknown)).unwrap_err(), "outreach-ask-unknown");
    world.take("joe", OutreachEvent::Refused(&refuse(first))).unwrap();
    assert_eq!(world.take("joe", OutreachEvent::Refused(&refuse(first))).unwrap_err(), "outreach-answered");
    assert_eq!(world.may(Channel::Visit, later), (Reach::Denied, "outreach-refused".into()));
    assert_eq!(world.owed(), []);

    let second = asked(&mut world, "jane", Channel::Visit).unwrap();
    let grant = OutreachGranted {
        ask: EventKey { sender: user("jane"), id: second },
        until: Some(date("2019-04-01")),
        reason: String::new(),
    };
    world.take("joe", OutreachEvent::Granted(&grant)).unwrap();
    assert_eq!(world.may(Channel::Visit, later), (Reach::Allowed, "outreach-granted".into()));
    assert_eq!(world.may(Channel::Visit, "2019-04-01T15:00:00Z"), (Reach::Ask, "outreach-grant-over".into()));
    assert_eq!(world.may(Channel::Visit, "2019-02-28T15:00:00Z"), (Reach::Ask, "outreach-ask-first".into()));
}

#[test]
fn what_has_happened_is_recorded_and_marked() {
    let mut world = World::new(TERMS);
    world.contact(Channel::Phone, false, "2019-03-01T14:00:00Z").unwrap();
    world.contact(Channel::Letter, false, "2019-03-01T14:00:00Z").unwrap();
    world.contact(Channel::Visit, true, "2019-03-01T14:30:00Z").unwrap();
    let by_joe = contact(Channel::Phone, true, "2019-03-01T14:00:00Z");
    world.take("joe", OutreachEvent::Contact(&by_joe)).unwrap();
    let marks =
        world.outreach.contacts().iter().map(|one| one.against_terms.as_ref().map(|reason| &*reason.code));
    let expected = [Some("outreach-prohibited"), None, Some("outreach-ask-first"), None];
    assert_eq!(marks.collect::<Vec<_>>(), expected, "the plan side's own are no matter of the terms");

    for (change, code) in [
        (contact(Channel::Phone, false, "2019-03-01T14:00:00Z"), "contact-known"),
        (contact(Channel::Phone, false, "2019-03-01T15:06:00Z"), "contact-in-future"),
        (contact(Channel::Phone, false, "1066-10-14T15:00:00Z"), "contact-date"),
        (
            ContactRecorded { face_to_face: true, ..contact(Channel::Phone, true, "2019-03-01T13:00:00Z") },
            "contact-face-to-face",
        ),
        (
            ContactRecorded {
                by: Some(seat("joe").contact.id),
                ..contact(Channel::Letter, true, "2019-03-01T13:00:00Z")
            },
            "contact-by",
        ),
        (
            ContactRecorded {
                by: Some(seat("bot").contact.id),
                ..contact(Channel::Letter, true, "2019-03-01T13:00:00Z")
            },
            "contact-by",
        ),
    ] {
        assert_eq!(world.take("jane", OutreachEvent::Contact(&change)).unwrap_err(), code);
    }
    let of_kim = ContactRecorded {
        by: Some(seat("kim").contact.id),
        ..contact(Channel::Letter, true, "2019-03-01T13:00:00Z")
    };
    world.take("jane", OutreachEvent::Contact(&of_kim)).unwrap();
    assert_eq!(world.outreach.contacts()[4].contact.id.value(), "kim");
    assert_eq!(world.take("bot", OutreachEvent::Contact(&of_kim)).unwrap_err(), "outreach-by-keeper");
}

#[test]
fn an_organisation_that_records_all_the_time_keeps_no_other_from_it() {
    let mut world = World::new("");
    let start = at("2019-01-02T15:00:00Z");
    let of = |n: usize| {
        let when = start + jiff::SignedDuration::from_mins(i64::try_from(n).unwrap());
        ContactRecorded { when, ..contact(Channel::Phone, false, "2019-03-01T14:00:00Z") }
    };
    for n in 0..MOST_CONTACTS {
        // Straight into the list: a step looks at all of them.
        let by = world.outreach.contacts().first().cloned();
        match by {
            None => drop(world.take("jane", OutreachEvent::Contact(&of(n))).unwrap()),
            Some(first) => world.outreach.contacts.push(ContactState { recorded: of(n), ..first }),
        }
    }
    let next = of(MOST_CONTACTS);
    assert_eq!(world.take("jane", OutreachEvent::Contact(&next)).unwrap_err(), "contacts-too-many");
    world.take("joe", OutreachEvent::Contact(&next)).unwrap();
}

#[test]
fn attempts_are_counted_before_a_case_is_closed_as_unreachable() {
    let mut world = World::new(TERMS);
    let may = |world: &World, reason| {
        closing(&world.outreach, reason, &world.agreement).map_err(|reason| reason.code.into_owned())
    };
    let unreachable = |world: &World| may(world, CloseReason::Unreachable);
    let early = Err("unreachable-too-early".to_owned());
    assert_eq!(unreachable(&world), early);
    assert_eq!(may(&world, CloseReason::Declined), Ok(()));
    assert_eq!(unreachable(&World::new("")), Ok(()), "an agreement that says nothing counts nothing");
    world.contact(Channel::Letter, false, "2019-03-01T10:00:00Z").unwrap();
    world.contact(Channel::Letter, false, "2019-03-01T11:00:00Z").unwrap();
    assert_eq!(unreachable(&world), Ok(()));
    // Recorded late: what counts is when it was.
    world.contact(Channel::Phone, true, "2019-03-01T10:30:00Z").unwrap();
    assert_eq!((unreachable(&world), world.outreach.attempts()), (early, 1));
    let reason = closing(&world.outreach, CloseReason::Unreachable, &world.agreement).unwrap_err();
    assert!(
        reason.text.contains("after 2 attempts") && reason.text.contains("; 1 are recorded"),
        "{}",
        reason.text
    );
    world.contact(Channel::Message, false, "2019-03-01T12:00:00Z").unwrap();
    assert_eq!(unreachable(&world), Ok(()));
}

#[test]
fn only_a_contact_that_meets_the_rule_is_a_meeting() {
    let mut world = World::new("");
    let (from, until) = (at("2019-03-01T10:00:00Z"), at("2019-03-01T12:00:00Z"));
    world.contact(Channel::Visit, false, "2019-03-01T10:00:00Z").unwrap();
    world.contact(Channel::Phone, true, "2019-03-01T10:30:00Z").unwrap();
    world.contact(Channel::Visit, true, "2019-03-01T09:59:59Z").unwrap();
    assert!(world.outreach.first_meeting(from, until, true).is_none());
    let by_phone = world.outreach.first_meeting(from, until, false).unwrap();
    assert_eq!(by_phone.recorded.channel, Channel::Phone);
    for when in ["2019-03-01T12:00:00Z", "2019-03-01T11:59:59Z", "2019-03-01T11:00:00Z"] {
        let visit = ContactRecorded { face_to_face: true, ..contact(Channel::Visit, true, when) };
        world.take("kim", OutreachEvent::Contact(&visit)).unwrap();
    }
    let first = world.outreach.first_meeting(from, until, true).unwrap();
    assert_eq!(first.recorded.when, at("2019-03-01T11:00:00Z"));
}

#[test]
fn no_words_of_people_are_shown_or_handed_over_where_they_should_not() {
    let stage = reached(Stage::Assigned, "2019-02-01");
    let recorded = contact(Channel::Phone, false, "2019-03-01T14:00:00Z");
    let asked = OutreachAsked { channel: Channel::Visit, why: "secret words".into() };
    let granted = OutreachGranted { ask: nothing(), until: None, reason: "secret words".into() };
    let refused = OutreachRefused { ask: nothing(), reason: "secret words".into() };
    let shown = format!("{stage:?} {recorded:?} {asked:?} {granted:?} {refused:?}");
    assert!(!shown.contains("secret"), "{shown}");
    for (event, json) in [
        (OutreachEvent::Stage(&stage), serde_json::to_string(&stage.withheld())),
        (OutreachEvent::Contact(&recorded), serde_json::to_string(&recorded.withheld())),
        (OutreachEvent::Asked(&asked), serde_json::to_string(&asked.withheld())),
        (OutreachEvent::Granted(&granted), serde_json::to_string(&granted.withheld())),
        (OutreachEvent::Refused(&refused), serde_json::to_string(&refused.withheld())),
    ] {
        let told = tell(event, &seat("jane"), &CaseState::default());
        assert!(told.starts_with("jane (CP care coordinator)") && told.contains("secret words"), "{told}");
        assert!(!json.unwrap().contains("secret"));
    }
    let mut world = World::new(TERMS);
    world.take("jane", OutreachEvent::Asked(&asked)).unwrap();
    world.take("jane", OutreachEvent::Contact(&recorded)).unwrap();
    world.take("joe", OutreachEvent::Stage(&stage)).unwrap();
    assert!(!format!("{:?}", world.outreach).contains("secret"));
}

#[test]
fn a_date_of_the_programme_does_not_lie_ahead_and_leaving_is_known_once() {
    let mut world = World::new("");
    // The next day has begun somewhere; the day after has nowhere.
    assert_eq!(world.stage("joe", Stage::Assigned, "2019-03-03").unwrap_err(), "stage-date");
    let ahead = StageReached { enrolled: Some(date("2019-03-03")), ..reached(Stage::Assigned, "2019-02-01") };
    assert_eq!(world.take("joe", OutreachEvent::Stage(&ahead)).unwrap_err(), "stage-date");
    world.stage("joe", Stage::Assigned, "2019-02-01").unwrap();
    world.stage("joe", Stage::Disenrolled, "2019-02-10").unwrap();
    let back = |left| StageReached { left: Some(date(left)), ..reached(Stage::ReEnrolled, "2019-03-02") };
    assert_eq!(world.take("joe", OutreachEvent::Stage(&back("2019-02-09"))).unwrap_err(), "stage-left");
    world.take("joe", OutreachEvent::Stage(&back("2019-02-10"))).unwrap();
}

#[test]
fn a_correction_names_the_stage_that_it_corrects() {
    let mut world = World::new("");
    let assigned = world.stage("joe", Stage::Assigned, "2019-02-20").unwrap();
    world.stage("jane", Stage::Outreach, "2019-02-21").unwrap();
    let first = EventKey { sender: user("joe"), id: assigned };
    let fix = |stage, on, corrects: &EventKey| StageReached {
        corrects: Some(corrects.clone()),
        ..reached(stage, on)
    };
    for (event, code) in [
        (fix(Stage::Assigned, "2019-02-22", &first), "stage-after"),
        (fix(Stage::Assigned, "2019-02-20", &first), "stage-known"),
        (fix(Stage::ReEnrolled, "2019-02-19", &first), "stage-order"),
        (
            fix(Stage::Assigned, "2019-02-19", &EventKey { sender: user("jane"), id: assigned }),
            "stage-unknown",
        ),
    ] {
        assert_eq!(world.take("joe", OutreachEvent::Stage(&event)).unwrap_err(), code);
    }
    world.take("joe", OutreachEvent::Stage(&fix(Stage::Assigned, "2019-02-01", &first))).unwrap();
    assert_eq!(world.outreach.stages().len(), 2);
    let term = term(&world.outreach, &world.agreement, &rules()).unwrap();
    assert_eq!(term.assigned, date("2019-02-01"));
    assert_eq!(term.since, first, "what was reminded of stays so");
    let clocks = dates(&world.outreach, &world.agreement, &rules());
    let shown = format!("{term:?} {clocks:?} {:?}", world.outreach.stages()[0].reached);
    assert!(clocks.len() == 2 && !shown.contains("2019"), "{shown}");
}
