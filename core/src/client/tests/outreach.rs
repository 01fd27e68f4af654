//! Reaching out, as two sides and a record see it.

use super::*;
use crate::case::life::CloseReason;
use crate::outreach::{Channel, ContactRecorded, Stage, StageReached};
use crate::policy::Reach;
use crate::testing::PlainRecord;

const TERMS: &str = "outreach: { default: allowed, channels: { visit: { rule: ask-first }, phone: { rule: prohibited } }, \
    attempts_before_unreachable: 1 }\n";

fn attempt(channel: Channel, world: &World) -> ContactRecorded {
    let when = crate::ports::Clock::now(&world.clock);
    let outcome = "Nobody was there".to_owned();
    ContactRecorded {
        when,
        by: None,
        channel,
        face_to_face: false,
        reached: false,
        outcome,
        about: None,
        not_made: None,
    }
}

fn assigned() -> StageReached {
    StageReached {
        stage: Stage::Assigned,
        on: "2019-02-20".parse().unwrap(),
        source: "The list of February".into(),
        enrolled: None,
        left: None,
        to_aco: None,
        corrects: None,
    }
}

fn code(error: &Error) -> String {
    match error {
        Error::NotAllowed { reasons } => reasons[0].code.clone().into_owned(),
        Error::InvalidInput(wrong) => wrong.code.to_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_is_asked_and_tried_reaches_the_other_side_and_the_record() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let joe = world.start("joe").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    let agreement = AGREEMENT.replace("id: harbor-bay\n", "id: harbor-bay-outreach\n");
    jane.add_agreement(&format!("{agreement}{TERMS}")).unwrap();
    let mut proposed = opening(&["jane", "joe"]);
    proposed.agreement = Some("harbor-bay-outreach".parse().unwrap());
    let case = jane.open(proposed).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;

    assert_eq!(
        code(&joes.stage(None, StageReached { source: " ".into(), ..assigned() }).unwrap_err()),
        "invalid-source"
    );
    joes.stage(None, assigned()).unwrap();
    assert_eq!(case.may_reach_out(Channel::Phone).unwrap().answer, Reach::Denied);
    assert_eq!(case.may_reach_out(Channel::Visit).unwrap().answer, Reach::Ask);
    let key = EventId::new();
    let ask = case.ask_outreach(Some(key), Channel::Visit, "He does not open letters").unwrap();
    assert_eq!(case.ask_outreach(Some(key), Channel::Visit, "He does not open letters").unwrap(), ask);
    settle(&[&joe, &jane, &joe]).await;
    assert_eq!(code(&case.grant_outreach(None, ask.id, None, "").unwrap_err()), "outreach-not-plan-side");
    joes.grant_outreach(None, ask.id, None, "").unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(case.may_reach_out(Channel::Visit).unwrap().answer, Reach::Allowed);
    assert_eq!(code(&case.close(None, CloseReason::Unreachable).unwrap_err()), "unreachable-too-early");

    let met_nobody = ContactRecorded { face_to_face: true, ..attempt(Channel::Visit, &world) };
    let refused = case.record_contact(None, met_nobody).unwrap_err();
    assert!(
        matches!(&refused, Error::InvalidInput(wrong)
            if wrong.code == "contact-not-met" && wrong.field.as_deref() == Some("face_to_face")),
        "{refused:?}"
    );
    let phone = case.record_contact(None, attempt(Channel::Phone, &world)).unwrap();
    case.record_contact(
        None,
        ContactRecorded { face_to_face: true, reached: true, ..attempt(Channel::Visit, &world) },
    )
    .unwrap();
    settle(&[&jane, &joe]).await;
    let (ours, theirs) = (case.state().unwrap(), joes.state().unwrap());
    assert_eq!(ours.digest(), theirs.digest());
    assert!(theirs.outreach.contact(&phone).unwrap().against_terms.is_some());
    // Any client shows it: it is in the text that was sent.
    let body = &theirs.entry(&phone).unwrap().text;
    assert!(body.contains("This was against the terms") && body.contains("Nobody was there"), "{body}");

    let written: Vec<(String, serde_json::Value)> = record
        .all()
        .into_iter()
        .map(|(kind, stored)| (kind, serde_json::from_str(&stored.json).unwrap()))
        .collect();
    let status = |of: &str| {
        let one = written.iter().find(|(kind, one)| {
            kind == of && one.get("partOf").is_none() && one.get("sent").is_some() == (of == "Communication")
        });
        one.map(|(_, one)| one["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(status("EpisodeOfCare").as_deref(), Some("planned"));
    assert_eq!(status("Encounter").as_deref(), Some("finished"));
    assert_eq!(status("Communication").as_deref(), Some("not-done"));

    world.clock.advance(SignedDuration::from_hours(1));
    case.record_contact(None, attempt(Channel::Letter, &world)).unwrap();
    case.close(None, CloseReason::Unreachable).unwrap();
    settle(&[&jane, &joe]).await;
    assert!(joes.state().unwrap().life.closed.is_some());
    assert_eq!(code(&joes.may_reach_out(Channel::Letter).unwrap_err()), "case-closed");
}
