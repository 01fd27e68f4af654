//! The Appointment of a mutual member meeting. It is about many members, and says of none that it is.

use super::codes;
use super::write::{Object, contact_ref, identifier, kind_of};
use crate::meeting::Agenda;

/// A meeting as a FHIR Appointment: when it is, whose, and which leads are asked to come. Nothing in it says who a member is: cases
/// are counted. Its identifier is the meeting's id, so that it is created once.
pub fn meeting(agenda: &Agenda) -> String {
    let attendee = |actor: String| Object::new().raw("actor", &actor).text("status", "needs-action").done();
    let people = agenda.people.iter().filter(|contact| kind_of(&contact.role) == "Practitioner");
    let mut participants: Vec<String> = people.map(|contact| attendee(contact_ref(contact))).collect();
    if participants.is_empty() {
        // R4 asks for somebody: where nobody leads, it says whom one would ask.
        let leads = Object::new().text("text", "Who decides for the two sides").done();
        participants.push(Object::new().list("type", &[leads]).text("status", "needs-action").done());
    }
    let of = format!("Mutual member meeting: {} and {}", agenda.of.plan_name, agenda.of.community_name);
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
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fhir::check;
    use crate::meeting::tests::written;

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
}
