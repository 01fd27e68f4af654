//! The Appointment of a mutual member meeting (FHIR R4, 8.14). It is about many members, and says of none that it is.
//!
//! A meeting of a pair's room is written as its state has it: when it is, who is asked and what they answered, how it stands. Every
//! element that can change is always written, so that none of an earlier state is left over in a record: why it was called off stands in
//! `comment`, since R4 takes a `cancelationReason` beside few statuses only.

use jiff::{SignedDuration, Timestamp};

use super::codes;
use super::project::write;
use super::write::{
    Object, account_ref, contact_ref, event_value, heads_extension, identifier, kind_of, logical,
};
use crate::care_team::Whom;
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::contact::Contact;
use crate::meeting::{Agenda, MeetingAnswer, MeetingSet, MeetingState, MeetingStatus};
use crate::ports::RecordWrite;

/// The resources that a pair's room is written as: an Appointment for each meeting. What this device knows in part only (stubs of a
/// handover) is left to those who know it whole. Nothing for a room of another kind.
pub fn meetings(state: &CaseState) -> Vec<RecordWrite> {
    let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Pair) else {
        return Vec::new();
    };
    let known = state.shaping.keys().filter(|resource| !state.holds_stubs_for(resource));
    let keys = known.filter_map(|resource| match resource {
        Resource::Meeting(key) => Some(key),
        _ => None,
    });
    keys.filter_map(|key| {
        let counted = state.meetings.all().iter().find(|meeting| meeting.key == *key);
        let written = if let Some(meeting) = counted {
            Written::counted(state, opening, meeting)
        } else {
            let (set, from) = state.superseded_meetings.get(key)?;
            Written::superseded(state, key, set, from.as_ref())
        };
        Some(written.write(state, opening))
    })
    .collect()
}

/// A meeting, whether it counts or not.
struct Written<'a> {
    key: &'a EventKey,
    status: &'static str,
    begins: Timestamp,
    minutes: u32,
    cases: usize,
    points: usize,
    off: Option<&'a str>,
    asked: Vec<(String, &'static str)>,
}

impl<'a> Written<'a> {
    fn counted(state: &CaseState, opening: &Opening, meeting: &'a MeetingState) -> Self {
        let status = match meeting.status([&opening.plan_side.id, &opening.community_side.id]) {
            MeetingStatus::Waiting => "pending",
            // Nobody of a side, or another time: it is open again.
            MeetingStatus::Unsettled => "proposed",
            MeetingStatus::Agreed => "booked",
            MeetingStatus::Held | MeetingStatus::Recorded => "fulfilled",
            MeetingStatus::Cancelled => "cancelled",
        };
        let asked = meeting.people.iter().map(|one| {
            let answer = match one.answer.as_ref().map(|(answer, _)| answer) {
                None => "needs-action",
                Some(MeetingAnswer::Accept) => "accepted",
                Some(MeetingAnswer::Decline) => "declined",
                Some(MeetingAnswer::AnotherTime(_)) => "tentative",
            };
            (who(state, &one.whom), answer)
        });
        Self {
            key: &meeting.key,
            status,
            begins: meeting.begins,
            minutes: meeting.minutes,
            cases: meeting.agenda.len(),
            points: meeting.points.len(),
            off: meeting.cancelled.as_ref().map(|(_, why)| why.as_str()),
            asked: asked.collect(),
        }
    }

    fn superseded(state: &CaseState, key: &'a EventKey, set: &'a MeetingSet, from: Option<&Contact>) -> Self {
        // An organisation is no participant of an Appointment, and a keeper sets or is asked in what never counted only.
        let from = match from {
            Some(keeper) if kind_of(&keeper.role) == "Organization" => None,
            Some(person) => Some(contact_ref(person)),
            None => Some(account_ref(&key.sender)),
        };
        let others = set.people.iter().filter(|whom| !is_keeper(state, whom));
        let others = others.map(|whom| (who(state, whom), "needs-action"));
        Self {
            key,
            status: "entered-in-error",
            begins: set.begins,
            // Of what never counted it is not known that it keeps to any bound.
            minutes: set.minutes.clamp(1, crate::meeting::MOST_MINUTES),
            cases: set.agenda.len(),
            points: 0,
            off: None,
            asked: from.map(|from| (from, "accepted")).into_iter().chain(others).collect(),
        }
    }

    fn write(&self, state: &CaseState, opening: &Opening) -> RecordWrite {
        let value = event_value(self.key);
        let heads = state.shaped_by(&Resource::Meeting(self.key.clone()));
        let attendee = |(actor, status): &(String, &str)| {
            Object::new().raw("actor", actor).text("status", status).done()
        };
        let mut participants: Vec<String> = self.asked.iter().map(attendee).collect();
        if participants.is_empty() {
            participants.push(whoever());
        }
        let ends = self.begins.saturating_add(SignedDuration::from_mins(i64::from(self.minutes)));
        let look = crate::meeting::to_look_at(self.cases);
        let off = self.off.map_or_else(String::new, |why| format!(" Called off. {why}"));
        let points = crate::meeting::brought(self.points);
        let comment = format!("{look}{points}{off}");
        let of = [&opening.plan_side.name, &opening.community_side.name].map(String::as_str);
        let json = Object::resource("Appointment")
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .text("status", self.status)
            .list("serviceType", &[Object::new().text("text", "Mutual member meeting").done()])
            .text("description", &described(of))
            .text("start", &self.begins.to_string())
            .text("end", &ends.unwrap_or(self.begins).to_string())
            .raw("minutesDuration", &self.minutes.to_string())
            .text("comment", comment.trim_end())
            .list("participant", &participants)
            .done();
        write("Appointment", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }
}

/// Somebody who is asked, by name as the roster has them.
fn who(state: &CaseState, whom: &Whom) -> String {
    known(state, whom)
        .map_or_else(|| logical("Practitioner", whom.contact.system(), whom.contact.value(), ""), contact_ref)
}

fn is_keeper(state: &CaseState, whom: &Whom) -> bool {
    known(state, whom).is_some_and(|contact| kind_of(&contact.role) == "Organization")
}

fn known<'a>(state: &'a CaseState, whom: &Whom) -> Option<&'a Contact> {
    let mut places = state.roster().all().iter().rev().map(|place| &place.seat.contact);
    places.find(|contact| contact.id == whom.contact && contact.organization == whom.organization)
}

/// R4 asks for somebody: where nobody is named, it says whom one would ask.
fn whoever() -> String {
    let leads = Object::new().text("text", "Who decides for the two sides").done();
    Object::new().list("type", &[leads]).text("status", "needs-action").done()
}

fn described([plan_side, community_side]: [&str; 2]) -> String {
    format!("Mutual member meeting: {plan_side} and {community_side}")
}

/// A meeting that has no room as a FHIR Appointment: when it is, whose, and which leads are asked to come. Nothing in it says who a member is: cases
/// are counted. Its identifier is the meeting's id, so that it is created once.
/// Always of the agenda for both sides, as its calendar: one's own concerns are not counted.
pub fn meeting(agenda: &Agenda) -> String {
    let agenda = &agenda.for_both();
    let attendee = |actor: String| Object::new().raw("actor", &actor).text("status", "needs-action").done();
    let people = agenda.people.iter().filter(|contact| kind_of(&contact.role) == "Practitioner");
    let mut participants: Vec<String> = people.map(|contact| attendee(contact_ref(contact))).collect();
    if participants.is_empty() {
        participants.push(whoever());
    }
    let of = described([&agenda.of.plan_name, &agenda.of.community_name]);
    let words = Object::new().text("text", "Mutual member meeting").done();
    Object::resource("Appointment")
        .list("identifier", &[identifier(codes::MEETING, &agenda.meeting.id.to_string())])
        .text("status", "proposed")
        .list("serviceType", &[words])
        .text("description", &of)
        .text("start", &agenda.begins.to_string())
        .text("end", &agenda.ends().to_string())
        .raw("minutesDuration", &agenda.minutes.max(1).to_string())
        .text("comment", &agenda.cases())
        .list("participant", &participants)
        .done()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;
    use crate::case::fold::Fold;
    use crate::fhir::check;
    use crate::meeting::room_tests::{Room, answered, any_order, begins, cancelled, entry, held_now, set};
    use crate::meeting::tests::written;
    use crate::meeting::{MeetingHeld, MeetingMoved};

    #[test]
    fn an_appointment_keeps_the_records_rules_and_names_no_member() {
        let mut agenda = written();
        let text = meeting(&agenda);
        assert!(text.contains("joe") && text.contains("jane"), "{text}");
        let case = agenda.items.first().unwrap().case.to_string();
        for leak in ["Marty", "Synthetic", "Housing", &case] {
            assert!(!text.contains(leak), "{leak}: {text}");
        }
        agenda.people.clear();
        for text in [text, meeting(&agenda)] {
            assert!(check(&text).unwrap().is_empty(), "{text}");
            assert!(text.contains(&agenda.meeting.id.to_string()));
        }
    }

    /// The only Appointment of the room: its status, what each who is asked answered, and its text.
    fn only(room: &Room) -> (String, Vec<String>, String) {
        let writes = meetings(room.fold.state());
        assert_eq!(writes.len(), 1);
        assert!(check(&writes[0].json).unwrap().is_empty(), "{}", writes[0].json);
        let json: serde_json::Value = serde_json::from_str(&writes[0].json).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let answers = json["participant"].as_array().unwrap().iter().map(|one| text(&one["status"]));
        (text(&json["status"]), answers.collect(), writes[0].json.clone())
    }

    #[test]
    fn a_meeting_of_the_room_is_an_appointment_that_follows_it() {
        let mut room = Room::open();
        assert!(meetings(room.fold.state()).is_empty());
        room.act("jane", set(vec![entry(1), entry(2)]));
        let meeting = room.last();
        let (status, answers, text) = only(&room);
        assert_eq!(
            (status.as_str(), answers.join(" ")),
            ("pending", "accepted needs-action needs-action".into())
        );
        assert!(text.contains("2 cases to look at.") && text.contains(r#""minutesDuration":30"#), "{text}");
        assert!(!text.contains(&entry(1).case.to_string()) && !text.contains("Patient"), "{text}");
        let again = begins() + SignedDuration::from_mins(30);
        room.act("joe", answered(meeting, MeetingAnswer::AnotherTime(again)));
        let (status, answers, _) = only(&room);
        assert_eq!(
            (status.as_str(), answers.join(" ")),
            ("proposed", "accepted tentative needs-action".into())
        );
        room.act("jane", MeetingMoved { meeting, begins: again, minutes: 40 });
        room.act(
            "joe",
            crate::meeting::MeetingAnswered { begins: again, ..answered(meeting, MeetingAnswer::Accept) },
        );
        assert_eq!(only(&room).0, "booked");
        room.later = SignedDuration::from_hours(24 * 30);
        room.act("joe", MeetingHeld { nothing: vec![entry(1).case], ..held_now(meeting) });
        assert_eq!(only(&room).0, "fulfilled");
    }

    #[test]
    fn what_is_called_off_says_why_and_what_never_counted_is_an_error() {
        let mut room = Room::open();
        room.act("jane", set(Vec::new()));
        let meeting = room.last();
        room.act("joe", cancelled(meeting, "Both are away"));
        let (status, _, text) = only(&room);
        assert_eq!(status, "cancelled");
        assert!(text.contains("0 cases to look at. Called off. Both are away"), "{text}");
        let mut room = Room::open();
        assert_eq!(room.act("kim", set(Vec::new())), "no-seat");
        let mut endless = set(vec![entry(1)]);
        endless.minutes = u32::MAX;
        assert_eq!(room.act("jane", endless), "meeting-minutes");
        let errors = meetings(room.fold.state());
        assert_eq!(errors.len(), 2);
        for write in errors {
            assert!(check(&write.json).unwrap().is_empty(), "{}", write.json);
            assert!(write.json.contains("entered-in-error"), "{}", write.json);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_what_is_written_keeps_the_rules_and_names_nobody(acts in any_order::acts()) {
            let mut fold = Fold::new();
            fold.extend(any_order::play(&acts));
            let agreements = crate::fhir::agreements(fold.state(), &|_| true);
            for write in agreements {
                prop_assert!(check(&write.json).unwrap().is_empty(), "{}", write.json);
            }
            for write in meetings(fold.state()) {
                prop_assert!(check(&write.json).unwrap().is_empty(), "{}", write.json);
                prop_assert!(!write.json.contains("Synthetic") && !write.json.contains("1961"), "{}", write.json);
            }
        }
    }
}
