//! Contacts that were recorded in error.

use super::*;

#[test]
fn a_contact_recorded_in_error_counts_for_nothing() {
    let mut world = World::new(TERMS);
    let key = |id: EventId, who: &str| EventKey { sender: user(who), id };
    let met = ContactRecorded { face_to_face: true, ..contact(Channel::Visit, true, "2019-03-01T12:00:00Z") };
    world.contact(Channel::Letter, false, "2019-03-01T10:00:00Z").unwrap();
    world.contact(Channel::Letter, false, "2019-03-01T11:00:00Z").unwrap();
    let wrong = world.take("kim", OutreachEvent::Contact(&met)).unwrap();
    let stands = |world: &World| {
        let meeting =
            world.outreach.first_meeting(at("2019-03-01T00:00:00Z"), at("2019-03-02T00:00:00Z"), true);
        (world.outreach.attempts(), meeting.is_some())
    };
    assert_eq!(stands(&world), (0, true));
    let back =
        |contact: EventKey| ContactWithdrawn { contact, reason: "secret words: another member".into() };
    let event = back(key(wrong, "kim"));
    assert!(!format!("{event:?}").contains("secret") && event.withheld().reason.is_empty());
    for (who, contact, code) in [
        ("joe", key(wrong, "kim"), "contact-not-yours"),
        ("bot", key(wrong, "kim"), "outreach-by-keeper"),
        ("kim", key(EventId::new(), "kim"), "contact-unknown"),
    ] {
        let refused = world.take(who, OutreachEvent::Withdrawn(&back(contact))).unwrap_err();
        assert_eq!(refused, code, "{who}");
    }
    // A lead of whoever recorded it.
    let mut other =
        World { outreach: world.outreach.clone(), agreement: world.agreement.clone(), now: world.now };
    other.take("jane", OutreachEvent::Withdrawn(&event)).unwrap();
    world.take("kim", OutreachEvent::Withdrawn(&event)).unwrap();
    assert_eq!(stands(&world), (2, false), "attempts are counted anew, and the follow-up is owed again");
    assert_eq!(world.take("kim", OutreachEvent::Withdrawn(&event)).unwrap_err(), "contact-withdrawn");
    let shown = world.outreach.contact(&key(wrong, "kim")).unwrap();
    assert!(shown.withdrawn.is_some() && !format!("{shown:?}").contains("secret"));
    // What was meant can be recorded.
    world.take("kim", OutreachEvent::Contact(&met)).unwrap();
    assert_eq!(stands(&world), (0, true));
}
