//! An embedded record that drains to a server, and keeps what that does not take. Everybody here is synthetic.

use super::watch::PEOPLE;
use super::*;
use crate::fhir::Import;
use crate::ports::{CareRecord, Stored};
use crate::store::{Db, EmbeddedRecord};
use crate::testing::{PlainRecord, RecordLine};

const PLAN: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"CarePlan",
    "status":"active","intent":"plan","title":"Synthetic","subject":{"display":"synthetic"}}}]}"#;

/// Two resources that refer to each other, and one that nothing is known by.
const OTHERS: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Organization","identifier":[{"system":"urn:example:org","value":"north, east"}],
   "endpoint":[{"reference":"urn:uuid:b"}],"extension":[{"url":"urn:x","valueDecimal":1.50}]},"request":{"method":"POST","url":"Organization"}},
 {"fullUrl":"urn:uuid:b","resource":{"resourceType":"Endpoint","identifier":[{"system":"urn:example:endpoint","value":"n"}],"status":"active",
   "connectionType":{"code":"x"},"payloadType":[{"text":"x"}],"address":"https://n.example","managingOrganization":{"reference":"urn:uuid:a"}},
  "request":{"method":"POST","url":"Endpoint"}},
 {"resource":{"resourceType":"Basic","code":{"text":"synthetic"},"author":{"reference":"urn:uuid:a"}},"request":{"method":"POST","url":"Basic"}}]}"#;

const KINDS: [&str; 11] = [
    "Organization",
    "Endpoint",
    "Practitioner",
    "PractitionerRole",
    "Patient",
    "Basic",
    "CareTeam",
    "CarePlan",
    "Communication",
    "Provenance",
    "AuditEvent",
];

fn server() -> (Arc<EmbeddedRecord>, TempDir) {
    let folder = TempDir::new().unwrap();
    let db = Db::open(folder.path(), &StoreKey::new([8; 32])).unwrap();
    (Arc::new(EmbeddedRecord::new(db)), folder)
}

async fn all(record: &dyn CareRecord) -> Vec<(&'static str, Stored)> {
    let mut all = Vec::new();
    for kind in KINDS {
        all.extend(record.search(kind, &[]).await.unwrap().into_iter().map(|stored| (kind, stored)));
    }
    all
}

/// Everything that refers to something refers to what is there.
async fn references_resolve(record: &dyn CareRecord) {
    let all = all(record).await;
    let import = Import::of(all.iter().map(|(_, stored)| stored.json.as_str())).unwrap();
    for (kind, stored) in &all {
        for rest in stored.json.split("\"reference\":\"").skip(1) {
            let reference = rest.split('"').next().unwrap();
            assert!(reference.starts_with('#') || import.resolve(reference).is_some(), "{kind}: {reference}");
        }
    }
}

struct Played {
    world: World,
    joe: Caseline,
    case: CaseId,
}

/// A case that Jane's device wrote into its embedded record.
async fn play(others: &str) -> Played {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start("joe").await;
    for bundle in [&*patient("1961-04-05"), PEOPLE, others] {
        jane.import(bundle).await.unwrap();
    }
    jane.engine.directory.write().unwrap().organizations = vec![organization("aco"), organization("cp")];
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    case.send(None, Message::text("Before there was a server")).unwrap();
    case.send_plan_document(None, PLAN).unwrap();
    settle(&[&jane, &joe]).await;
    let id = case.id();
    jane.shutdown().await;
    Played { world, joe, case: id }
}

#[tokio::test]
async fn what_the_embedded_record_holds_moves_once_in_its_order() {
    let played = play(OTHERS).await;
    let (server, _folder) = server();
    // The server has its own Patient of the member already.
    let known = server
        .create("Patient", r#"{"resourceType":"Patient","identifier":[{"system":"urn:example:member","value":"1"}],"birthDate":"1961-04-05","gender":"male"}"#, &[])
        .await
        .unwrap()
        .stored;
    let line = RecordLine::new(server.clone());
    line.cut(true);
    let jane = played.world.start_with("jane", Record::Other(Arc::new(line.clone()))).await;
    let case = jane.case(played.case).unwrap();
    case.send(None, Message::text("While it is away")).unwrap();
    assert!(!jane.settle(Duration::from_secs(1)).await.unwrap(), "an hour without the server costs time");
    assert!(all(server.as_ref()).await.len() == 1 && jane.kept().unwrap().is_empty());

    line.cut(false);
    settle(&[&jane, &played.joe, &jane]).await;
    assert_eq!(jane.kept().unwrap(), []);
    assert_eq!(case.patient().unwrap().0.unwrap(), format!("Patient/{}", known.id));
    references_resolve(server.as_ref()).await;
    let count = |all: &[(&str, Stored)], kind: &str| all.iter().filter(|(of, _)| *of == kind).count();
    let there = all(server.as_ref()).await;
    let expected = [
        ("Patient", 1),
        ("CareTeam", 1),
        ("CarePlan", 1),
        ("Communication", 3),
        ("Organization", 2),
        ("Endpoint", 2),
        ("Basic", 1),
        ("Practitioner", 1),
    ];
    for (kind, n) in expected {
        assert_eq!(count(&there, kind), n, "{kind}");
    }
    assert!(there.iter().any(|(_, stored)| stored.json.contains("1.50")), "a decimal's digits");
    let patient = &there.iter().find(|(kind, _)| *kind == "Patient").unwrap().1;
    assert!(patient.json.contains("gender") && patient.version == "1", "theirs stays as it is");
    // Eight that were imported, and the team, the plan, the thread and the message of the case.
    assert_eq!(
        count(&there, "AuditEvent") as u64 + 12,
        jane.audit().unwrap().length,
        "what moved is audited in the chain"
    );

    // Again from the beginning: nothing moves twice.
    jane.shutdown().await;
    drop((case, jane));
    let jane = played.world.start_with("jane", Record::Other(Arc::new(line))).await;
    settle(&[&jane]).await;
    assert_eq!(all(server.as_ref()).await, there);
}

#[tokio::test]
async fn what_a_server_does_not_take_is_kept_and_listed() {
    // The fake reads no escapes in a search.
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    for kind in ["CareTeam", "CarePlan"] {
        server.read_only(kind);
    }
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane, &played.joe, &jane]).await;
    let case = jane.case(played.case).unwrap();
    case.send(None, Message::text("Go on")).unwrap();
    settle(&[&jane]).await;
    let kinds: Vec<String> = server.all().into_iter().map(|(kind, _)| kind).collect();
    assert!(!kinds.iter().any(|kind| ["CareTeam", "CarePlan"].contains(&kind.as_str())), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "Communication").count(), 3);
    let mut kept: Vec<String> = jane.kept().unwrap().into_iter().map(|one| one.kind).collect();
    kept.sort();
    assert_eq!(kept, ["CarePlan", "CareTeam"]);
    // A plan and the case in short go as documents.
    assert_eq!(kinds.iter().filter(|kind| *kind == "DocumentReference").count(), 2);
    let team = jane.engine.embedded.search("CareTeam", &[]).await.unwrap();
    assert_eq!(team.len(), 1);

    // It takes them one day.
    for kind in ["CareTeam", "CarePlan"] {
        server.writable(kind);
    }
    jane.shutdown().await;
    drop((case, jane));
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane]).await;
    assert_eq!(jane.kept().unwrap(), []);
    let kinds: Vec<String> = server.all().into_iter().map(|(kind, _)| kind).collect();
    for kind in ["CareTeam", "CarePlan"] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_of_moving_in_unbinds_nobody() {
    let played = play(OTHERS).await;
    let (server, _folder) = server();
    let jane = played.world.start_with("jane", Record::Other(server.clone())).await;
    settle(&[&jane, &played.joe, &jane]).await;
    let case = jane.case(played.case).unwrap();
    let bound = case.patient().unwrap();
    let there = all(server.as_ref()).await;
    // The cases were bound, and that was all.
    jane.engine.db.set_meta("record-home", Some("embedded")).unwrap();
    jane.shutdown().await;
    drop((case, jane));
    let jane = played.world.start_with("jane", Record::Other(server.clone())).await;
    settle(&[&jane]).await;
    assert_eq!(jane.case(played.case).unwrap().patient().unwrap(), bound);
    assert_eq!(all(server.as_ref()).await, there);
}

#[tokio::test]
async fn what_was_permitted_before_the_move_is_written_with_what_holds_there() {
    let played = play(OTHERS).await;
    // A write of the team was permitted, and then the process was killed.
    let jane = played.world.start_with("jane", Record::Embedded).await;
    settle(&[&jane]).await;
    jane.shutdown().await;
    let case = jane.case(played.case).unwrap();
    let own = crate::fhir::Own { patient: case.patient().unwrap().0.unwrap() };
    let writes = crate::fhir::project(&case.state().unwrap(), &own, &|_| None);
    let team = writes.into_iter().find(|write| write.kind == "CareTeam").unwrap();
    let marked = jane.engine.db.write(|t| {
        crate::store::outbox::push_record(t, played.case, &team)?;
        let sql = "UPDATE outbox SET state = 'marked' WHERE what = 'record' AND state = 'queued'";
        t.execute(sql, []).map_err(|_| Error::internal("test"))
    });
    assert_eq!(marked.unwrap(), 1);
    drop((case, jane));
    let (server, _folder) = server();
    let jane = played.world.start_with("jane", Record::Other(server.clone())).await;
    settle(&[&jane, &played.joe, &jane]).await;
    references_resolve(server.as_ref()).await;
    let teams = server.search("CareTeam", &[]).await.unwrap();
    let versions = server.history("CareTeam", &teams[0].id).await.unwrap();
    assert!(versions.iter().all(|version| !version.json.contains(&own.patient)), "at no time");
}
