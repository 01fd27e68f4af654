//! An embedded record that drains to a server, and keeps what that does not take. Everybody here is synthetic.

use super::watch::PEOPLE;
use super::*;
use crate::fhir::Import;
use crate::ports::{CareRecord, Stored};
use crate::store::{Db, EmbeddedRecord};
use crate::testing::{PlainRecord, RecordEndpoint, RecordLine};

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
    play_about(&patient("1961-04-05"), others).await
}

async fn play_about(member: &str, others: &str) -> Played {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let joe = world.start("joe").await;
    for bundle in [member, PEOPLE, others] {
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
    // Seven that were imported, and the team, the plan, the thread and the message of the case. The Patient was found.
    assert_eq!(
        count(&there, "AuditEvent") as u64 + 11,
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

/// One who has the number of a family's insurance before the member's own.
const INSURED: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient",
  "identifier":[{"system":"urn:example:subscriber","value":"family"},
    {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MA"}]},"system":"urn:example:member","value":"1"}],
  "name":[{"text":"Marty Example"}],"birthDate":"1961-04-05"},"request":{"method":"POST","url":"Patient"}}]}"#;

/// A Patient of the server, who has this number and was born then.
async fn has_patient(server: &dyn CareRecord, system: &str, value: &str, born: &str) -> String {
    let text = format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"{system}","value":"{value}"}}],"birthDate":"{born}"}}"#
    );
    format!("Patient/{}", server.create("Patient", &text, &[]).await.unwrap().stored.id)
}

/// What the server has of this type, in one text.
fn texts_of(server: &PlainRecord, kind: &str) -> String {
    server.all().into_iter().filter(|(of, _)| of == kind).map(|(_, stored)| stored.json).collect()
}

/// What the audit says was written by no case, in its order.
fn moved_by(caseline: &Caseline) -> Vec<crate::audit::ResourceFound> {
    let entries = caseline.engine.db.audit().unwrap().2.into_iter();
    entries.filter(|entry| entry.what.case.is_none()).filter_map(|entry| entry.what.resource).collect()
}

#[tokio::test]
async fn a_sibling_with_the_familys_number_is_not_the_member() {
    let played = play_about(INSURED, PEOPLE).await;
    let (server, _folder) = server();
    let sibling = has_patient(server.as_ref(), "urn:example:subscriber", "family", "1990-01-01").await;
    let jane = played.world.start_with("jane", Record::Other(server.clone())).await;
    settle(&[&jane, &played.joe, &jane]).await;
    let (bound, proposed) = jane.case(played.case).unwrap().patient().unwrap();
    let bound = bound.unwrap();
    assert!(bound != sibling && proposed.is_none(), "{bound}");
    let there = server.read("Patient", bound.strip_prefix("Patient/").unwrap()).await.unwrap();
    assert!(there.json.contains("1961-04-05"));
    assert!(!all(server.as_ref()).await.iter().any(|(_, stored)| stored.json.contains(&sibling)));
}

#[tokio::test]
async fn one_of_another_birth_date_is_put_before_a_person() {
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    server.read_only("Patient");
    let other = has_patient_of(&server).await;
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane, &played.joe, &jane]).await;
    assert_eq!(jane.case(played.case).unwrap().patient().unwrap(), (None, Some(other.clone())));
    assert!(!texts_of(&server, "CareTeam").contains(&other), "nothing goes into the chart of another");
    assert_eq!(jane.kept().unwrap().iter().map(|one| &*one.kind).collect::<Vec<_>>(), ["Patient"]);
}

#[tokio::test]
async fn a_server_that_passes_over_the_date_of_birth_does_not_make_one_of_two() {
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    server.pass_over("birthdate");
    let other = has_patient(&server, "urn:example:member", "1", "1990-01-01").await;
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane, &played.joe, &jane]).await;
    assert_eq!(jane.case(played.case).unwrap().patient().unwrap(), (None, Some(other.clone())));
    assert!(!texts_of(&server, "CareTeam").contains(&other));
    let kept: Vec<String> = jane.kept().unwrap().into_iter().map(|one| one.reason).collect();
    assert_eq!(kept, ["other-person"]);
}

#[tokio::test]
async fn a_proposal_that_does_not_get_there_is_looked_for_anew() {
    let played =
        play_about(&INSURED.replace("1961-04-05", "1990-01-01"), &OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    let theirs = has_patient(&server, "urn:example:member", "1", "1961-04-05").await;
    server.read_only("Patient");
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane, &played.joe, &jane]).await;
    assert_eq!(jane.case(played.case).unwrap().patient().unwrap().1, Some(theirs), "it has no name there");
}

/// The server has another under the member's number.
async fn has_patient_of(server: &PlainRecord) -> String {
    server.writable("Patient");
    let other = has_patient(server, "urn:example:member", "1", "1990-01-01").await;
    server.read_only("Patient");
    other
}

#[tokio::test]
async fn what_may_only_be_found_is_found() {
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    let patient = has_patient(&server, "urn:example:member", "1", "1961-04-05").await;
    let theirs = [
        ("Organization", r#""identifier":[{"system":"urn:example:org","value":"cp"}]"#),
        ("Organization", r#""identifier":[{"system":"urn:example:org","value":"north-east"}]"#),
        (
            "Endpoint",
            r#""identifier":[{"system":"urn:example:endpoint","value":"n"}],"status":"active","address":"https://n.example",
               "connectionType":{"code":"x"},"payloadType":[{"text":"x"}]"#,
        ),
    ];
    for (kind, rest) in theirs {
        server.create(kind, &format!(r#"{{"resourceType":"{kind}",{rest}}}"#), &[]).await.unwrap();
    }
    for kind in ["Patient", "Organization", "Practitioner", "PractitionerRole", "Endpoint"] {
        server.forbid(kind);
    }
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    settle(&[&jane, &played.joe, &jane]).await;
    assert_eq!(jane.case(played.case).unwrap().patient().unwrap().0, Some(patient.clone()));
    for kind in ["CareTeam", "CarePlan", "Communication"] {
        assert!(
            texts_of(&server, kind).contains(&format!(r#""subject":{{"reference":"{patient}""#)),
            "{kind}"
        );
    }
    assert!(texts_of(&server, "Basic").contains("\"reference\":\"Organization/"));
    let mut kept: Vec<(String, String)> =
        jane.kept().unwrap().into_iter().map(|one| (one.kind, one.reason)).collect();
    kept.sort();
    let not_there = ["Endpoint", "Practitioner", "PractitionerRole"];
    assert_eq!(kept, not_there.map(|kind| (kind.to_owned(), "forbidden".to_owned())));
    assert!(!moved_by(&jane).iter().any(|one| one.kind == "Patient"), "it is found, never written");
}

#[tokio::test]
async fn a_write_that_is_tried_again_is_audited_once() {
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    for endpoint in [RecordEndpoint::Create, RecordEndpoint::Create, RecordEndpoint::Transaction] {
        server.fail_next(endpoint, PortError::Unavailable { code: "timeout", retry_after: None });
    }
    let jane = played.world.start_with("jane", Record::Other(Arc::new(server.clone()))).await;
    while jane.engine.is_moving().unwrap() {
        let _ = jane.engine.move_record().await;
    }
    settle(&[&jane, &played.joe, &jane]).await;
    let written = moved_by(&jane);
    let is_once =
        |one: &crate::audit::ResourceFound| written.iter().filter(|other| *other == one).count() == 1;
    assert!(written.iter().all(is_once), "{written:?}");
    assert!(written.iter().any(|one| one.kind == "Patient"));
    let said = serde_json::to_string(&written).unwrap();
    assert!(!said.contains("urn:example:member"), "no member's identifier: {said}");
}

#[tokio::test]
async fn what_changes_here_later_goes_there_and_is_audited() {
    let played = play(OTHERS).await;
    let (server, _folder) = server();
    let record = || Record::Other(server.clone());
    let jane = played.world.start_with("jane", record()).await;
    settle(&[&jane, &played.joe, &jane]).await;
    let before = moved_by(&jane).len();
    // Two that refer to each other, and were moved together.
    let embedded = jane.engine.embedded.clone();
    for (kind, number) in [("Organization", "north, east"), ("Endpoint", "\"n\"")] {
        let found = embedded.search(kind, &[]).await.unwrap();
        let stored = found.into_iter().find(|stored| stored.json.contains(number)).unwrap();
        let text = stored.json.replacen('{', r#"{"name":"Renamed","#, 1);
        embedded.update(kind, &stored.id, &stored.version, &text).await.unwrap();
    }
    jane.shutdown().await;
    drop((jane, embedded));
    let jane = played.world.start_with("jane", record()).await;
    settle(&[&jane]).await;
    assert_eq!(jane.kept().unwrap(), []);
    for (kind, n) in [("Organization", 2), ("Endpoint", 2)] {
        let found = server.search(kind, &[]).await.unwrap();
        let renamed: Vec<&Stored> = found.iter().filter(|stored| stored.json.contains("Renamed")).collect();
        assert!(found.len() == n && renamed.len() == 1 && renamed[0].version == "2", "{found:?}");
    }
    references_resolve(server.as_ref()).await;
    assert_eq!(moved_by(&jane).len(), before + 2);
}

#[tokio::test]
async fn what_was_written_before_goes_over_nothing_newer() {
    let played = play(&OTHERS.replace(", east", "-east")).await;
    let server = PlainRecord::new();
    let record = || Record::Other(Arc::new(server.clone()));
    let jane = played.world.start_with("jane", record()).await;
    settle(&[&jane, &played.joe, &jane]).await;
    let before = moved_by(&jane).len();
    let embedded = jane.engine.embedded.clone();
    let team = embedded.search("CareTeam", &[]).await.unwrap().remove(0);
    let text = team.json.replacen('{', r#"{"name":"Of before","#, 1);
    embedded.update("CareTeam", &team.id, &team.version, &text).await.unwrap();
    // A colleague's device wrote with an event that this one has not seen.
    let (_, there) = server.all().into_iter().find(|(kind, _)| kind == "CareTeam").unwrap();
    let ours = serde_json::to_string(&crate::fhir::heads(&there.json).unwrap()).unwrap();
    let mut heads = crate::fhir::heads(&there.json).unwrap();
    heads[0].key.id = "0190a0b0-0000-7000-8000-00000000ffff".parse().unwrap();
    let (ours, newer) = (serde_json::to_string(&ours).unwrap(), serde_json::to_string(&heads).unwrap());
    let newer = there.json.replace(&ours, &serde_json::to_string(&newer).unwrap());
    assert_ne!(newer, there.json);
    server.change_by_another("CareTeam", &there.id, &newer).unwrap();
    jane.shutdown().await;
    drop((jane, embedded));
    let jane = played.world.start_with("jane", record()).await;
    settle(&[&jane]).await;
    assert_eq!(texts_of(&server, "CareTeam"), newer);
    let kept: Vec<String> = jane.kept().unwrap().into_iter().map(|one| one.reason).collect();
    assert_eq!(kept, ["behind"]);
    assert_eq!(moved_by(&jane).len(), before, "what is not written is not audited");
    // What is there is what this device said last.
    server.change_by_another("CareTeam", &there.id, &there.json).unwrap();
    jane.shutdown().await;
    drop(jane);
    let jane = played.world.start_with("jane", record()).await;
    settle(&[&jane]).await;
    assert!(texts_of(&server, "CareTeam").contains("Of before") && jane.kept().unwrap().is_empty());
    assert_eq!(moved_by(&jane).len(), before + 1);
}
