//! One record that several devices of an organisation write to.

use super::*;
use crate::case::state::Resource;
use crate::ports::CareRecord;
use crate::testing::{PlainRecord, RecordLine};

const PLAN: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"CarePlan",
    "status":"active","intent":"plan","title":"Synthetic","subject":{"display":"synthetic"}}}]}"#;

/// What the case is written as, without the audit: that is each device's own.
const PROJECTED: [&str; 4] = ["CareTeam", "Communication", "CarePlan", "Provenance"];

fn projected(record: &PlainRecord) -> Vec<(String, String)> {
    let all = record.all().into_iter().map(|(kind, stored)| (kind, stored.json));
    let mut all: Vec<_> = all.filter(|(kind, _)| PROJECTED.contains(&kind.as_str())).collect();
    all.sort();
    all
}

fn count(record: &PlainRecord, kind: &str) -> usize {
    record.all().iter().filter(|(of, _)| of == kind).count()
}

/// The versions of each resource are no more than the changes of it that the case saw.
async fn no_more_versions_than_changes(record: &PlainRecord, case: &Case) {
    let state = case.state().unwrap();
    for (kind, stored) in record.all() {
        let changes = match kind.as_str() {
            "CareTeam" => state.shaping[&Resource::CareTeam].len(),
            "CarePlan" => {
                let of = |resource: &&Resource| matches!(resource, Resource::Plan(id) if stored.json.contains(&format!("{id}-")));
                state.shaping[state.shaping.keys().find(of).unwrap()].len()
            }
            "Communication" if stored.json.contains("partOf") => {
                let of = |resource: &&Resource| match resource {
                    Resource::Message(key) => stored.json.contains(&crate::fhir::event_value(key)),
                    _ => false,
                };
                state.shaping[state.shaping.keys().find(of).unwrap()].len()
            }
            // The header of the thread changes when the case is closed.
            "Communication" => 2,
            _ => 1,
        };
        let versions = record.history(&kind, &stored.id).await.unwrap();
        let texts: Vec<&String> = versions.iter().map(|stored| &stored.json).collect();
        assert!(versions.len() <= changes, "{kind}: {texts:#?}");
    }
}

#[tokio::test]
async fn two_devices_of_one_organisation_write_one_record_though_one_is_a_day_behind() {
    let world = World::new();
    let (shared, lone) = (PlainRecord::new(), PlainRecord::new());
    let wire = RecordLine::new(Arc::new(shared.clone()));
    let jane = world.start_with("jane", Record::Other(Arc::new(shared.clone()))).await;
    let kim = world.start_with("kim", Record::Other(Arc::new(wire.clone()))).await;
    let joe = world.start_with("joe", Record::Other(Arc::new(lone.clone()))).await;
    let rao = world.start("rao").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    joe.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "kim", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    let (joes, raos, kims) = (accept(&joe).await, accept(&rao).await, accept(&kim).await);
    settle(&[&joe, &kim, &jane]).await;
    assert_eq!(projected(&shared), projected(&lone));

    // What Kim's device has to write waits; then it hears nothing for a day.
    wire.cut(true);
    kims.send(None, Message::text("On my way")).unwrap();
    joes.name_seat(None, seat("lee")).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(!kim.settle(Duration::from_secs(1)).await.unwrap(), "its writes wait");
    settle(&[&joe, &jane]).await;
    world.server.offline(&user("kim"), true);
    world.clock.advance(SignedDuration::from_hours(24));
    let everybody = [&jane, &joe, &rao];
    joes.send(None, Message::text("Here I am")).unwrap();
    settle(&everybody).await;
    case.send(None, Message::text("Good")).unwrap();
    world.server.send_foreign(&room(&case), &user("joe"), "from another client").unwrap();
    settle(&everybody).await;
    let (plan, _) = case.send_plan_document(None, PLAN).unwrap();
    settle(&everybody).await;
    world.clock.advance(SignedDuration::from_secs(60));
    joes.acknowledge_plan(None, plan.id).unwrap();
    settle(&everybody).await;
    raos.approve_plan(None, plan.id, None).unwrap();
    settle(&everybody).await;
    joes.end_seat(None, "urn:example:staff|lee".parse().unwrap(), organization_id("aco")).unwrap();
    settle(&everybody).await;

    // Its record is back before its homeserver is: what it knows is old, and it does not write it.
    let before = projected(&shared);
    wire.cut(false);
    assert!(!kim.settle(Duration::from_secs(1)).await.unwrap(), "it cannot catch up");
    assert_eq!(projected(&shared), before);
    world.server.offline(&user("kim"), false);
    kims.send(None, Message::text("Back again")).unwrap();
    case.send(None, Message::text("Welcome back")).unwrap();
    let (one, other) = tokio::join!(jane.settle(SOON), kim.settle(SOON));
    assert!(one.unwrap() && other.unwrap(), "{:?}", kim.outbox().unwrap());
    settle(&[&joe, &jane, &kim]).await;
    case.close(None, crate::case::life::CloseReason::Graduated).unwrap();
    settle(&[&jane, &kim, &joe]).await;

    assert_eq!(kims.state().unwrap().digest(), case.state().unwrap().digest());
    assert_eq!(projected(&shared), projected(&lone), "as a lone device writes it");
    for record in [&shared, &lone] {
        no_more_versions_than_changes(record, &case).await;
        let messages = case.state().unwrap().messages.len();
        assert_eq!(messages, 6);
        assert_eq!(count(record, "Communication"), messages + 1, "one for each, and the header");
        assert_eq!(count(record, "CareTeam"), 1);
        assert_eq!(count(record, "CarePlan"), 1);
        assert_eq!(count(record, "Provenance"), 1, "one for each approval");
    }
    let entries = jane.audit().unwrap().length + kim.audit().unwrap().length;
    assert_eq!(count(&shared, "AuditEvent") as u64, entries, "one for each device's entry");
}

#[tokio::test]
async fn a_plan_that_travels_beside_its_event_is_written_once_it_is_here() {
    let world = World::new();
    let theirs = PlainRecord::new();
    let jane = world.start("jane").await;
    let joe = world.start_with("joe", Record::Other(Arc::new(theirs.clone()))).await;
    joe.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    case.send_plan_document(None, &PLAN.replace("Synthetic", &"x".repeat(100 * 1024))).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(count(&theirs, "CarePlan"), 1);
}

#[tokio::test]
async fn a_message_that_was_superseded_stands_alike_in_both_records() {
    let world = World::new();
    let (ours, theirs) = (PlainRecord::new(), PlainRecord::new());
    let jane = world.start_with("jane", Record::Other(Arc::new(ours.clone()))).await;
    let joe = world.start_with("joe", Record::Other(Arc::new(theirs.clone()))).await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    joe.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;

    // Joe writes twice before Jane's homeserver has it; she closes the case meanwhile.
    world.server.offline(&user("jane"), true);
    joes.send(None, Message::text("One more thing")).unwrap();
    joes.send(None, Message::text("And another")).unwrap();
    settle(&[&joe]).await;
    let sent = world.server.messages(&room(&case)).unwrap();
    let late: Vec<_> = sent.into_iter().rev().take(2).map(|(id, ..)| id).collect();
    for id in &late {
        world.server.drop_history_event(&room(&case), id).unwrap();
    }
    world.server.offline(&user("jane"), false);
    case.close(None, crate::case::life::CloseReason::Moved).unwrap();
    settle(&[&jane]).await;
    for id in &late {
        world.server.restore_history_event(&room(&case), id).unwrap();
    }
    settle(&[&joe, &jane]).await;

    let state = case.state().unwrap();
    assert!(!state.superseded_messages.is_empty());
    assert_eq!(projected(&ours), projected(&theirs));
    let error = projected(&ours).into_iter().find(|(_, json)| json.contains("entered-in-error")).unwrap();
    assert!(error.1.contains("And another"));
}

#[tokio::test]
async fn what_a_record_refuses_holds_up_nothing_else() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let joe = world.start("joe").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    record.forbid("CareTeam");
    let mut notices = jane.notices();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    let joes = accept(&joe).await;
    joes.send(None, Message::text("Here I am")).unwrap();
    settle(&[&joe]).await;
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    assert_eq!(count(&record, "Communication"), 2, "the header and the message");
    assert_eq!(count(&record, "CareTeam"), 0);
    let notes = jane.outbox().unwrap().notes;
    let conflicts: Vec<_> = notes.iter().filter(|(.., note)| note == "record conflict").collect();
    assert_eq!(conflicts.len(), 1, "{notes:?}");
    let mut told = 0;
    while let Ok(notice) = notices.try_recv() {
        told += usize::from(matches!(notice, Notice::RecordConflict { ref kind, .. } if kind == "CareTeam"));
    }
    assert_eq!(told, 1);

    // Once it is let in, the first write goes, and what waited behind it for the same resource.
    record.writable("CareTeam");
    jane.engine.db.write(|t| crate::store::outbox::hurry(t, None)).unwrap();
    settle(&[&jane]).await;
    let (_, team) = record.all().into_iter().find(|(kind, _)| kind == "CareTeam").unwrap();
    assert_eq!(record.history("CareTeam", &team.id).await.unwrap().len(), 2, "opened, and taken up by Joe");
    no_more_versions_than_changes(&record, &case).await;
}

#[tokio::test]
async fn the_record_holds_nothing_that_was_not_sent() {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    let joe = world.start("joe").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let holds = |text: &str| record.all().iter().any(|(_, stored)| stored.json.contains(text));

    // It is permitted and its outcome is not known; then something else comes; then it is refused.
    let transport = world.server.transport(&user("jane"));
    let hour = Some(Duration::from_hours(1));
    transport.fail_next(Endpoint::Send, PortError::Unavailable { code: "http-503", retry_after: hour });
    transport.fail_next(Endpoint::Send, PortError::Refused { code: "forbidden" });
    case.send(None, Message::text("never sent")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    joes.send(None, Message::text("Here I am")).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(holds("Here I am"));
    assert!(!holds("never sent"));
    assert_eq!(texts(&case), ["Here I am"]);

    // The same where it leaves in the end.
    transport.fail_next(Endpoint::Send, PortError::Unavailable { code: "http-503", retry_after: hour });
    case.send(None, Message::text("late")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap());
    assert!(!holds("late"));
    jane.engine.db.write(|t| crate::store::outbox::hurry(t, None)).unwrap();
    settle(&[&jane]).await;
    assert!(holds("late"));
    settle(&[&joe, &jane]).await;
    assert_eq!(texts(&joes), ["Here I am", "late"]);
    no_more_versions_than_changes(&record, &case).await;
}
