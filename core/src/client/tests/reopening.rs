//! Cases that are opened again, and contacts that are taken back.

use jiff::Timestamp;

use super::*;
use crate::case::life::{CaseReopened, CloseReason};
use crate::outreach::{Channel, ContactRecorded};
use crate::ports::Clock;

#[tokio::test]
async fn a_closed_case_goes_on_in_its_room() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let today = world.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let back = |source: &str| CaseReopened {
        reason: "synthetic".into(),
        on: today,
        source: source.into(),
        enrolled: None,
        left: None,
    };
    let early = joes.reopen(None, back("the list")).unwrap_err();
    assert!(format!("{early:?}").contains("case-not-closed"), "{early:?}");
    case.close(None, CloseReason::Disengaged).unwrap();
    settle(&[&jane, &joe]).await;
    assert!(joes.state().unwrap().life.closed.is_some());
    assert_eq!(joes.reopen(None, back(" ")).unwrap_err().code(), "invalid-source");
    let id = EventId::new();
    let first = joes.reopen(Some(id), back("the list")).unwrap();
    assert_eq!(joes.reopen(Some(id), back("the list")).unwrap(), first, "a repeated command");
    joes.send(None, Message::text("welcome back")).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(case.state().unwrap().life.closed.is_none());
    assert!(texts(&case).iter().any(|text| text == "welcome back"), "{:?}", texts(&case));
    assert_eq!(case.state().unwrap().digest(), joes.state().unwrap().digest());
}

#[tokio::test]
async fn a_contact_recorded_in_error_is_taken_back_on_both_sides() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let when: Timestamp = world.clock.now();
    let recorded = ContactRecorded {
        when,
        by: None,
        channel: Channel::Letter,
        face_to_face: false,
        reached: false,
        outcome: "synthetic".into(),
        about: None,
        not_made: None,
    };
    let sent = case.record_contact(None, recorded).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(joes.outreach().unwrap().attempts(), 1);
    let refused = joes.withdraw_contact(None, sent.id, "not mine").unwrap_err();
    assert!(format!("{refused:?}").contains("contact-not-yours"), "{refused:?}");
    case.withdraw_contact(None, sent.id, "it was another member").unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(joes.outreach().unwrap().attempts(), 0);
    assert!(joes.outreach().unwrap().contact(&sent).unwrap().withdrawn.is_some());
}
