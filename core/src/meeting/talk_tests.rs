//! Points and concerns on an agenda. Everything is synthetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{SignedDuration, Timestamp};

use super::room_tests::{Room, cancelled, entry, held_now, set};
use super::tests::frame;
use super::*;
use crate::case::event::EventKey;
use crate::case::fold::tests::world::{at, organization, user};
use crate::communication::Priority;
use crate::concern::tests::{self as of_concern, answered, raised};
use crate::concern::{ConcernClosed, ConcernHeard, ConcernRaised, ConcernStatus};

fn about_aco(title: &str, priority: Priority) -> ConcernRaised {
    let about = vec![organization("aco")];
    ConcernRaised { title: title.into(), priority, about, ..raised("Since March they come late") }
}

fn brought(meeting: EventId, title: &str) -> MeetingBrought {
    MeetingBrought { meeting, title: title.into(), text: "Both wait for it".into(), member_data: false }
}

/// A programme room with a concern of each kind, and one that is about nobody.
fn office() -> of_concern::Room {
    let mut room = of_concern::Room::open();
    let raise = |room: &mut of_concern::Room, title, priority| {
        assert_eq!(room.act("jane", about_aco(title, priority)), "");
        room.last()
    };
    let answers = raise(&mut room, "Answered one", Priority::Routine);
    raise(&mut room, "New one", Priority::Routine);
    raise(&mut room, "Urgent one", Priority::Urgent);
    let closed = raise(&mut room, "Closed one", Priority::Routine);
    let dropped = raise(&mut room, "Dropped one", Priority::Routine);
    assert_eq!(room.act("jane", raised("About nobody")), "");
    let heard = raise(&mut room, "Heard one", Priority::Routine);
    assert_eq!(room.act("ann", ConcernHeard { concern: heard }), "");
    for concern in [answers, closed] {
        assert_eq!(room.act("ann", answered(concern, "From April on")), "");
    }
    for concern in [closed, dropped] {
        assert_eq!(room.act("jane", ConcernClosed { concern }), "");
    }
    room
}

fn concerns_at(hours: i64) -> Vec<AgendaConcern> {
    let frame = frame(at(0) + SignedDuration::from_hours(hours), 60);
    concerns(office().fold.state(), &organization("aco"), &frame)
}

fn made(minutes: u32, hours: i64) -> Agenda {
    let frame = frame(at(0) + SignedDuration::from_hours(hours), minutes);
    agenda(Frame { concerns: concerns_at(hours), ..frame }, Vec::new())
}

fn titles(all: &[AgendaConcern]) -> Vec<&str> {
    all.iter().map(|one| one.title.as_str()).collect()
}

#[test]
fn what_is_urgent_or_overdue_comes_first_and_what_was_answered_last() {
    let early = made(60, 1);
    assert_eq!(titles(&early.concerns), ["Urgent one", "New one", "Heard one", "Answered one", "Closed one"]);
    assert!(early.concerns.iter().all(|one| !one.overdue));
    // Two business days are over, the five days of an answer are not.
    let later = made(60, 24 * 4);
    assert_eq!(titles(&later.concerns)[..2], ["Urgent one", "New one"]);
    assert!(later.concerns[0].overdue && later.concerns[1].overdue && !later.concerns[2].overdue);
    let told = later.concerns[1].detail.join(" ");
    assert_eq!(
        told,
        "Raised on 5 January, 4 days ago. Since March they come late. Programme office was to say that it was heard by 7 January (2 days over)."
    );
    assert_eq!(later.concerns[0].call[0].phone, "555-0102");
    // Another side's, and the office's own, are not asked for.
    let frame = frame(at(0), 60);
    assert!(concerns(office().fold.state(), &organization("cp"), &frame).is_empty());
    assert!(concerns(Room::open().fold.state(), &organization("aco"), &frame).is_empty());
}

#[test]
fn concerns_are_sized_to_the_time_and_nothing_is_left_out() {
    for minutes in 0..90 {
        let agenda = made(minutes, 24 * 4);
        let given: u32 = agenda.concerns.iter().map(|one| one.minutes).sum();
        assert!(given + agenda.process_minutes <= minutes, "{minutes}");
        assert_eq!(agenda.concerns.len() + agenda.concerns_not_reached.len(), 5, "{minutes}");
    }
    let short = made(5, 24 * 4);
    assert_eq!(titles(&short.concerns), ["Urgent one", "New one"]);
    // A longer meeting keeps minutes for them beside its cases.
    let item = super::tests::written().items[0].clone();
    let frame = frame(at(0) + SignedDuration::from_hours(96), 30);
    let many = (0..20).map(|_| item.clone()).collect();
    let full = agenda(Frame { concerns: concerns_at(96), ..frame }, many);
    assert_eq!((titles(&full.concerns), full.concerns_not_reached.len()), (vec!["Urgent one", "New one"], 3));
}

#[test]
fn the_pages_say_whose_concerns_they_are_and_the_calendar_no_words() {
    let agenda = made(8, 24 * 4);
    let text = markdown(&agenda);
    for part in [
        "## Our concerns about Harbor ACO (8 minutes)",
        "Only Bay Community Care has these on its agenda",
        "- **Urgent one.** It is urgent. Raised on 5 January",
        "  - **To decide:** Who calls the office?",
        "  - **To call:** ",
        "## Our concerns about Harbor ACO, not reached this time (2)",
        "3 concerns of our own for today; 2 not reached this time.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let html = page(&agenda);
    assert!(html.contains("For the people of these cases at Bay Community Care only."), "{html}");
    assert!(html.contains("Urgent one.") && html.contains("class=\"own\""));
    let form = calendar(&agenda).replace("\r\n ", "");
    assert!(!form.contains("concern") && !form.contains("Urgent one"), "it goes to both sides: {form}");
    let both = agenda.for_both();
    for form in [markdown(&both), page(&both), calendar(&both)] {
        assert!(!form.contains("concern") && !form.contains("Urgent one"), "{form}");
    }
}

#[test]
fn a_point_is_brought_to_a_meeting_that_is_to_come() {
    let mut room = Room::open();
    room.act("jane", set(vec![entry(1)]));
    let meeting = room.last();
    assert_eq!(room.act("joe", brought(meeting, "The portal")), "");
    let text = &room.fold.state().timeline.last().unwrap().text;
    assert_eq!(
        text,
        "joe (ACO care manager) brings a point to the meeting of Monday, 19 January at 10:00: “The portal”. Both wait for it"
    );
    assert_eq!(room.act("jane", brought(meeting, "He was born on 4/5/1961")), "meeting-member-data");
    assert!(!room.fold.state().timeline.last().unwrap().text.contains("1961"));
    assert_eq!(room.act("cp-bot", brought(meeting, "Something")), "meeting-by-keeper");
    assert_eq!(room.act("kim", brought(meeting, "Something")), "no-seat");
    assert_eq!(room.act("jane", brought(EventId::new(), "Something")), "meeting-unknown");
    let known = room.fold.state().meetings.all()[0].clone();
    assert_eq!((known.points.len(), known.points[0].title.as_str()), (1, "The portal"));
    assert_eq!(format!("{:?}", known.points[0]), format!("PointBrought({})", known.points[0].key.id));
    for n in 1..MOST_POINTS {
        assert_eq!(room.act("joe", brought(meeting, &format!("More {n}"))), "");
    }
    assert_eq!(room.act("joe", brought(meeting, "One more")), "meeting-points-too-many");
    room.later = super::room_tests::begins().duration_since(at(0)) + SignedDuration::from_hours(1);
    room.act("joe", MeetingHeld { nothing: vec![entry(1).case], ..held_now(meeting) });
    assert_eq!(room.act("joe", brought(meeting, "Late")), "meeting-over");
    room.later = SignedDuration::ZERO;
    room.act("jane", set(Vec::new()));
    let meeting = room.last();
    room.act("jane", cancelled(meeting, "Away"));
    assert_eq!(room.act("joe", brought(meeting, "Late")), "meeting-cancelled");
}

#[test]
fn points_come_before_concerns_and_have_their_own_part() {
    let key = EventKey { sender: user("joe"), id: EventId::new() };
    let by = crate::care_plan::StepTaken {
        event: key.clone(),
        contact: super::room_tests::whom("joe").contact,
        organization: organization("aco"),
        role: crate::contact::Role::AcoCareManager,
        at: Timestamp::UNIX_EPOCH,
    };
    let brought = PointBrought { key, title: "The *portal*".into(), text: "It is down".into(), by };
    let points = vec![Point::of(&brought, "joe (Harbor ACO)".into())];
    let frame = frame(at(0) + SignedDuration::from_hours(1), 6);
    let agenda = agenda(Frame { points, concerns: concerns_at(1), ..frame }, Vec::new());
    assert_eq!((agenda.points[0].minutes, titles(&agenda.concerns)), (3, vec!["Urgent one"]));
    let text = markdown(&agenda);
    let part = "## Brought to the meeting (3 minutes)\n\n- **The \\*portal\\*.** It is down. Brought by joe (Harbor ACO).";
    assert!(text.contains(part), "{text}");
    assert!(agenda.for_both().points.len() == 1 && calendar(&agenda).contains("1 point brought."));
    assert_eq!(concerns_at(1)[0].status, ConcernStatus::Answered, "in the order in which they were raised");
}
