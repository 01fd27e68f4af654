#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#[path = "project_tests/alerts.rs"]
mod alerts;
#[path = "project_tests/any_order.rs"]
mod any_order;
#[path = "project_tests/approvals.rs"]
mod approvals;
#[path = "project_tests/crossings.rs"]
mod crossings;
#[path = "project_tests/tasks.rs"]
mod tasks;

use super::*;
use crate::care_plan::{Carriage, PlanApproved, PlanSent};
use crate::case::event::{EventData, Held};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, id, next, opening, raw, seat, user};
use crate::case::life::{CaseAccepted, CaseClosed, CloseReason, SeatAdded, SeatEnded};
use crate::case::state::Standing;
use crate::communication::{MessageCorrected, MessageRetracted, MessageSeen, MessageSent};
use crate::fhir::check::check;
use crate::fhir::json::parse;
use crate::fhir::{Applied, Import, apply};
use crate::member::Member;
use crate::ports::CareRecord;
use crate::testing::PlainRecord;

// Synthetic throughout.
const PLAN: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"CarePlan","id":"theirs","meta":{"versionId":"9","tag":[{"system":"s","code":"t"}]},
  "extension":[{"url":"urn:x","valueDecimal": 1.50}],"identifier":[{"system":"urn:plans","value":"1"}],"status":"active","intent":"plan",
  "subject":{"reference":"urn:uuid:2","display":"Synthetic"},"author":{"reference":"Practitioner?identifier=urn:example:staff%7Cjane","display":"Jane"},
  "goal":[{"reference":"Goal/g"}],"careTeam":[{"reference":"CareTeam/elsewhere"}],"activity":[{"detail":{"status":"scheduled","performer":[{"reference":"Organization/o"}]}}]}},
 {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:example:member","value":"synthetic"}]}},
 {"resource":{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"Walk"},"subject":{"reference":"urn:uuid:2"}}},
 {"resource":{"resourceType":"Organization","id":"o","identifier":[{"system":"urn:orgs","value":"1"}]}}]}"#;

fn projected(document: &str, member: &Member) -> String {
    care_plan::projected(document, "v", ("Patient/marty", member), None, &heads_extension(&[])).unwrap()
}

fn own() -> Own {
    Own { patient: "Patient/marty".into() }
}

fn inline(document: &Document) -> Option<String> {
    match &document.carriage {
        Carriage::Inline(text) => Some(text.clone()),
        Carriage::File(_) => None,
    }
}

/// A whole case: opened, talked about, its people changed, a plan sent and approved, closed.
fn story() -> Vec<Held> {
    let mut fold = Fold::new();
    let mut events = Vec::new();
    let document = Document {
        sha256: Sha256::of(PLAN),
        size: PLAN.len() as u64,
        carriage: Carriage::Inline(PLAN.into()),
    };
    let sent = PlanSent { document, sign_by: None, member_approved: None, replaces: None, on: None };
    let approved = PlanApproved { plan: id(6), sha256: Sha256::of(PLAN) };
    let lee = seat("lee").contact;
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening().into()),
        ("joe", CaseAccepted { case: opening().case }.into()),
        ("jane", MessageSent::default().into()),
        ("jane", SeatAdded { seat: seat("kim") }.into()),
        ("joe", MessageSent { in_reply_to: None, priority: Priority::Urgent }.into()),
        ("joe", SeatEnded { contact: lee.id, organization: lee.organization }.into()),
        ("jane", sent.into()),
        ("rao", approved.into()),
        ("jane", CaseClosed { reason: CloseReason::Graduated, continued_in: None }.into()),
    ];
    for (n, (who, data)) in acts.into_iter().enumerate() {
        let event = next(n, who, fold.state(), data);
        fold.insert(event.clone());
        events.push(event);
    }
    assert!(
        fold.state().timeline.iter().all(|entry| entry.standing == Standing::Counted),
        "{:?}",
        fold.state()
    );
    events
}

/// Jane corrects what she said, takes back what she said after it, and Joe and Rao read all of it.
fn second_thoughts() -> Fold {
    let mut fold = Fold::new();
    let (first, again, third) = (event_key("jane", 1), event_key("jane", 2), event_key("jane", 3));
    let seen = MessageSeen { messages: vec![first.clone(), again, third.clone()] };
    let acts: Vec<(&str, EventData)> = vec![
        ("jane", opening().into()),
        ("jane", MessageSent { in_reply_to: None, priority: Priority::Urgent }.into()),
        ("jane", MessageCorrected { message: first.id, text: "On Thursday".into() }.into()),
        ("jane", MessageSent::default().into()),
        ("jane", MessageRetracted { message: third.id }.into()),
        ("joe", seen.clone().into()),
        ("rao", seen.into()),
    ];
    for (n, (who, data)) in acts.into_iter().enumerate() {
        fold.insert(next(n, who, fold.state(), data));
    }
    fold
}

fn event_key(who: &str, n: usize) -> EventKey {
    EventKey { sender: user(who), id: id(n) }
}

#[test]
fn what_was_corrected_is_entered_in_error_and_what_corrects_it_in_response() {
    let fold = second_thoughts();
    let writes = project(fold.state(), &own(), &inline);
    let message = |n: usize| {
        let value = event_value(&event_key("jane", n));
        let named = |one: &&RecordWrite| one.kind == "Communication" && one.find.1.ends_with(&value);
        serde_json::from_str::<serde_json::Value>(&writes.iter().find(named).unwrap().json).unwrap()
    };
    let (first, again, third) = (message(1), message(2), message(3));
    let status = |message: &serde_json::Value| message["status"].as_str().unwrap().to_owned();
    assert_eq!([&first, &again, &third].map(status), ["entered-in-error", "completed", "entered-in-error"]);
    assert_eq!(first["payload"][0]["contentString"], "words 1", "what was said stays to be read");
    assert_eq!(again["payload"][0]["contentString"], "On Thursday");
    assert_eq!(again["inResponseTo"][0]["identifier"], first["identifier"][0]);
    assert_eq!(again["priority"], "urgent");
    for message in [&first, &again, &third] {
        assert_eq!(message["received"], at(5).to_string(), "when the first of them read it");
        assert!(message["sent"].as_str() < message["received"].as_str());
    }
    for write in &writes {
        assert!(crate::fhir::rules::check(&write.json).unwrap().is_empty(), "{}", write.json);
    }
}

#[test]
fn who_reads_a_message_later_changes_nothing_in_a_record() {
    let fold = second_thoughts();
    let until = |n: usize| {
        let mut before = Fold::new();
        before.extend(
            fold.keys()
                .filter(|key| (0..n).any(|n| id(n) == key.id))
                .flat_map(|key| fold.copies(key).to_vec()),
        );
        project(before.state(), &own(), &inline)
    };
    assert_ne!(until(5), until(6));
    assert_eq!(until(6), until(7));
}

fn folded(events: &[Held]) -> Fold {
    let mut fold = Fold::new();
    fold.extend(events.iter().cloned());
    fold
}

fn of<'w>(writes: &'w [RecordWrite], kind: &str) -> Vec<&'w RecordWrite> {
    writes.iter().filter(|write| write.kind == kind).collect()
}

#[test]
fn a_case_is_written_as_fhir() {
    let writes = project(folded(&story()).state(), &own(), &inline);
    for write in &writes {
        check(&write.kind, &write.json)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", write.kind, write.json));
        assert!(!write.json.contains("/ValueSet/"), "a coding's system is a code system");
        assert!(!write.json.contains("\"profile\""));
    }
    let kinds: Vec<&str> = writes.iter().map(|write| write.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["CareTeam", "Communication", "CarePlan", "Provenance", "Communication", "Communication"]
    );

    let team = parse(&of(&writes, "CareTeam")[0].json).unwrap();
    assert_eq!(team.str("status").as_deref(), Some("inactive"));
    assert_eq!(team.list("participant").len(), 7);
    for participant in team.list("participant") {
        let kind = participant.get("member").unwrap().str("type").unwrap();
        assert_eq!(kind == "Practitioner", participant.get("onBehalfOf").is_some(), "ctm-1");
    }
    let header = parse(&writes[1].json).unwrap();
    assert!(header.get("payload").is_none() && header.get("partOf").is_none());
    let message = parse(&writes[4].json).unwrap();
    assert!(message.get("partOf").is_some());
    assert_eq!(message.list("payload")[0].str("contentString").as_deref(), Some("words 2"));
    assert_eq!(message.str("sent").as_deref(), Some("2026-01-05T09:02:00Z"));
    let provenance = parse(&of(&writes, "Provenance")[0].json).unwrap();
    assert!(
        provenance.raw().contains(&Sha256::of(PLAN).to_string()),
        "an approval names the document's hash"
    );
    assert_eq!(of(&writes, "Provenance")[0].find.0, "_tag");
}

#[test]
fn all_that_a_case_is_written_as_breaks_no_rule() {
    let events = story();
    for known in 0..=events.len() {
        for write in project(folded(&events[..known]).state(), &own(), &inline) {
            let broken = crate::fhir::check(&write.json).unwrap();
            // What the plan's author got wrong is in it, and no more.
            if write.kind == "CarePlan" {
                let document = Import::parse(PLAN).unwrap();
                let theirs = document.care_plans().next().unwrap().json();
                let added = crate::fhir::check_change(theirs, &write.json).unwrap();
                assert_eq!(added, [], "{}", write.json);
            } else {
                assert_eq!(broken, [], "{} {}", write.kind, write.json);
            }
        }
    }
}

#[test]
fn a_message_went_to_those_who_were_named_then() {
    let writes = project(folded(&story()).state(), &own(), &inline);
    let names = |write: &RecordWrite| -> Vec<String> {
        let node = parse(&write.json).unwrap();
        node.list("recipient").iter().map(|one| one.str("display").unwrap().into_owned()).collect()
    };
    let before = names(&writes[4]);
    assert!(
        before.contains(&"lee".into()) && !before.contains(&"kim".into()) && !before.contains(&"jane".into())
    );
    let later = names(&writes[5]);
    assert!(later.contains(&"kim".into()) && later.contains(&"lee".into()) && !later.contains(&"joe".into()));
}

#[test]
fn a_plan_that_was_imported_or_moved_is_not_known_again_by_its_copy() {
    let tagged = |tags: &str| PLAN.replace(r#"[{"system":"s","code":"t"}]"#, &format!("[{tags}]"));
    let member = opening().member;
    let ours = r#"{"system":"urn:caseline:imported","code":"a"},{"system":"urn:caseline:moved","code":"b"}"#;
    for (tags, meta) in [
        (format!(r#"{ours},{{"system":"s","code":"t"}}"#), Some(r#"{"tag":[{"system":"s","code":"t"}]}"#)),
        (ours.to_owned(), None),
    ] {
        let text = projected(&tagged(&tags), &member);
        assert_eq!(parse(&text).unwrap().get("meta").map(|meta| meta.raw().to_owned()).as_deref(), meta);
    }
}

#[test]
fn a_plan_keeps_its_bytes_and_refers_to_what_is_here() {
    let writes = project(folded(&story()).state(), &own(), &inline);
    let write = of(&writes, "CarePlan")[0];
    let plan = parse(&write.json).unwrap();
    assert!(write.json.contains("{\"url\":\"urn:x\",\"valueDecimal\": 1.50}"));
    assert!(plan.get("id").is_none());
    assert_eq!(plan.get("meta").unwrap().raw(), r#"{"tag":[{"system":"s","code":"t"}]}"#);
    assert_eq!(plan.get("subject").unwrap().raw(), r#"{"reference":"Patient/marty"}"#);
    // The plan's own identifier stays the plan's: a record that has both finds one by it.
    let identifiers: Vec<_> = plan.list("identifier").iter().map(|one| one.str("system").unwrap()).collect();
    assert_eq!(identifiers, [codes::PLAN]);
    let sent = plan.list("supportingInfo").last().unwrap().get("identifier").unwrap().raw();
    assert_eq!(sent, r#"{"system":"urn:plans","value":"1"}"#);
    #[cfg(feature = "store")]
    assert!(crate::fhir::is_projected_plan(&write.json), "so that it is not taken for the plan to send");
    assert!(plan.list("category")[0].raw().contains("assess-plan"));
    let author = plan.get("author").unwrap();
    assert_eq!(author.get("identifier").unwrap().str("value").as_deref(), Some("jane"));
    assert_eq!(plan.list("goal")[0].raw(), r##"{"reference":"#doc1"}"##);
    let goal = &plan.list("contained")[0];
    assert_eq!(goal.str("id").as_deref(), Some("doc1"));
    assert_eq!(goal.get("subject").unwrap().str("reference").as_deref(), Some("Patient/marty"));
    assert!(
        plan.list("careTeam")[0].get("reference").is_none(),
        "what is not in the document has no address here"
    );
    let performer = &plan.list("activity")[0].get("detail").unwrap().list("performer")[0];
    assert!(performer.raw().contains("urn:orgs"));
}

#[test]
fn a_plan_that_calls_another_category_by_that_name_gets_us_cores_beside_it() {
    let category = |text: &str| {
        let document =
            PLAN.replacen(r#""intent":"plan","#, &format!(r#""intent":"plan","category":[{text}],"#), 1);
        let plan = projected(&document, &folded(&story()).state().opening().unwrap().member.clone().unwrap());
        (parse(&plan).unwrap().list("category").len(), crate::fhir::check(&plan).unwrap())
    };
    let theirs = r#"{"coding":[{"system":"urn:theirs","code":"assess-plan"}]}"#;
    let ours = care_plan::assess_plan();
    assert_eq!(category(theirs), (2, vec![]));
    assert_eq!(category(&ours), (1, vec![]), "no second one beside it");
}

async fn all(record: &dyn CareRecord) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for kind in ["CareTeam", "Communication", "CarePlan", "DocumentReference", "Provenance"] {
        for stored in record.search(kind, &[]).await.unwrap() {
            all.push((kind.to_owned(), stored.json));
        }
    }
    all.sort();
    all
}

async fn drain(record: &dyn CareRecord, fold: &Fold) -> Vec<Applied> {
    let mut done = Vec::new();
    for write in project(fold.state(), &own(), &inline) {
        let known = |heads: &[Head], key: &EventKey| knows(fold.state(), &write, heads, key);
        done.push(apply(record, &write, &known, &|| Ok(())).await.unwrap());
    }
    done
}

#[tokio::test]
async fn a_device_that_wrote_at_each_step_and_one_that_came_late_write_the_same_bytes() {
    let (steps, late) = (PlainRecord::new(), PlainRecord::new());
    let events = story();
    let mut fold = Fold::new();
    for event in &events {
        fold.insert(event.clone());
        drain(&steps, &fold).await;
    }
    drain(&late, &fold).await;
    assert_eq!(all(&steps).await, all(&late).await);
    // Both drain to one record: nothing new is left to write.
    let again = drain(&steps, &folded(&events)).await;
    assert!(again.iter().all(|one| matches!(one, Applied::Unchanged(_))), "{again:?}");
    let team = steps.search("CareTeam", &[]).await.unwrap().pop().unwrap();
    let versions = steps.history("CareTeam", &team.id).await.unwrap().len();
    assert_eq!(versions, 5, "opened, accepted, one named, one ended, closed");
}

#[tokio::test]
async fn a_device_that_is_behind_does_not_write() {
    let record = PlainRecord::new();
    let events = story();
    drain(&record, &folded(&events)).await;
    let before = all(&record).await;
    let done = drain(&record, &folded(&events[..2])).await;
    assert!(done.iter().all(|one| matches!(one, Applied::Behind(heads) if !heads.is_empty())), "{done:?}");
    assert_eq!(all(&record).await, before);
}

/// A case that one side closes while the other, not knowing, goes on: two messages, a plan, one from another client. The
/// closing comes last.
fn crossed() -> Vec<Held> {
    let mut fold = Fold::new();
    let mut events = story()[..2].to_vec();
    fold.extend(events.iter().cloned());
    let closed = next(9, "joe", fold.state(), CaseClosed { reason: CloseReason::Moved, continued_in: None });
    let size = PLAN.len() as u64;
    let document = Document { sha256: Sha256::of(PLAN), size, carriage: Carriage::Inline(PLAN.into()) };
    let sent = PlanSent { document, sign_by: None, member_approved: None, replaces: None, on: None };
    let answer = |key: EventKey| MessageSent { in_reply_to: Some(key), priority: Priority::Stat };
    let key = EventKey { sender: user("jane"), id: id(10) };
    let acts: [EventData; 3] = [MessageSent::default().into(), answer(key).into(), sent.into()];
    for (n, data) in (10..).zip(acts) {
        let event = next(n, "jane", fold.state(), data);
        fold.insert(event.clone());
        events.push(event);
    }
    events.push(raw("jane", id(14), &serde_json::json!({ "body": "from another client" }), at(14)));
    events.push(closed);
    events
}

#[tokio::test]
async fn what_was_superseded_is_written_alike_whether_it_was_written_before_or_not() {
    let (before, never) = (PlainRecord::new(), PlainRecord::new());
    let events = crossed();
    let (closed, rest) = events.split_last().unwrap();
    let early = folded(rest);
    drain(&before, &early).await;
    let mut fold = early.clone();
    fold.insert(closed.clone());
    drain(&before, &fold).await;
    drain(&never, &fold).await;
    let written = all(&never).await;
    assert_eq!(all(&before).await, written);

    let error = |kind: &str| {
        let ours = written.iter().filter(|(of, _)| of == kind).map(|(_, json)| json);
        ours.filter(|json| json.contains("entered-in-error")).cloned().collect::<Vec<_>>()
    };
    let messages = error("Communication");
    let answer = messages.iter().find(|json| json.contains("words 11")).unwrap();
    let node = parse(answer).unwrap();
    for element in ["sender", "sent", "payload", "recipient", "inResponseTo"] {
        assert!(node.get(element).is_some(), "{element}");
    }
    assert_eq!(node.str("priority").as_deref(), Some("stat"));
    assert!(messages.iter().any(|json| json.contains("from another client")));
    assert!(error("CarePlan")[0].contains("\"contained\""));
    for (kind, json) in &written {
        check(kind, json).unwrap();
    }

    // Who has not heard of the end does not write back what was.
    let done = drain(&never, &early).await;
    assert!(done.iter().any(|one| matches!(one, Applied::Behind(_))));
    assert_eq!(all(&never).await, written);
}

#[tokio::test]
async fn a_write_that_waited_while_its_resource_went_on_changes_nothing() {
    let record = PlainRecord::new();
    let events = story();
    let old = project(folded(&events[..2]).state(), &own(), &inline);
    let fold = folded(&events);
    drain(&record, &fold).await;
    let before = all(&record).await;
    for write in &old {
        let known = |heads: &[Head], key: &EventKey| knows(fold.state(), write, heads, key);
        let done = apply(&record, write, &known, &|| Ok(())).await.unwrap();
        assert!(matches!(done, Applied::Behind(_)), "{done:?}");
    }
    assert_eq!(all(&record).await, before);
}

#[test]
fn a_document_that_is_no_plan_leaves_the_rest_to_be_written() {
    const NONE: &str = r#"{"resourceType":"Bundle","type":"collection"}"#;
    let mut fold = folded(&story()[..2]);
    let document = Document { sha256: Sha256::of(NONE), size: 1, carriage: Carriage::Inline(NONE.into()) };
    let sent = PlanSent { document, sign_by: None, member_approved: None, replaces: None, on: None };
    fold.insert(next(6, "jane", fold.state(), sent));
    assert_eq!(fold.state().plans.all().len(), 1);
    let kinds: Vec<String> =
        project(fold.state(), &own(), &inline).into_iter().map(|write| write.kind).collect();
    assert_eq!(kinds, ["CareTeam", "Communication"]);
}

#[test]
fn nobody_can_take_the_place_of_anothers_event_by_its_id() {
    let key = |who: &str| EventKey { sender: user(who), id: id(1) };
    assert_ne!(event_value(&key("jane")), event_value(&key("joe")));
}

#[test]
fn a_document_that_is_not_there_waits_and_a_changed_one_is_not_written() {
    let fold = folded(&story());
    for text in [None, Some(PLAN.replace("1.50", "1.5"))] {
        let writes = project(fold.state(), &own(), &|_| text.clone());
        assert!(of(&writes, "CarePlan").is_empty());
    }
}

#[test]
fn an_audit_entry_is_written_as_fhir() {
    use crate::audit::{Action, AuditEntry, Audited, Purpose};
    let what = Audited {
        action: Action::Disclosed,
        case: Some(opening().case),
        event: Some(EventKey { sender: user("jane"), id: id(1) }),
        resource: None,
        recipients: vec![user("joe")],
        agreement: Some(("harbor-bay".parse().unwrap(), "1".into())),
        reasons: vec!["agreed".into()],
        purpose: Purpose::Coordination,
        labels: vec!["R".into()],
        consents: Vec::new(),
        why: None,
    };
    let entry = AuditEntry {
        chain: uuid::Uuid::from_u128(1),
        seq: 3,
        at: "2019-03-01T00:00:00Z".parse().unwrap(),
        what,
        mac: Sha256::of(""),
    };
    let write = crate::fhir::audit_event(&entry, &user("jane"));
    assert_eq!(crate::fhir::check(&write.json).unwrap(), []);
    check(&write.kind, &write.json).unwrap();
    assert_eq!(write.find.1, "urn:caseline:audit|00000000-0000-0000-0000-000000000001-3");
}

#[test]
fn the_sample_data_opens_a_case_and_its_plan_travels() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/cp.json")).unwrap();
    let import = Import::parse(&text).unwrap();
    let directory = crate::fhir::directory(&import).unwrap();
    assert!(
        directory
            .contacts
            .iter()
            .any(|contact| contact.name.contains("Rao") && contact.role.may_approve_plan())
    );
    let team = import.care_teams().unwrap()[0];
    let proposal = crate::fhir::care_team(&import, team, None, "2019-03-01".parse().unwrap()).unwrap();
    assert_eq!(proposal.seats.iter().filter(|seat| seat.lead).count(), 2);
    assert_eq!(proposal.seats.iter().filter(|seat| seat.is_keeper()).count(), 2);
    assert!(proposal.seats.iter().all(|seat| seat.contact.user.is_some()));
    let plan = import.care_plans().next().unwrap();
    assert_eq!(crate::fhir::member_approved(plan), Some("2019-03-01".parse().unwrap()));
    let document = import.plan_document(&plan.reference().unwrap()).unwrap();
    let member = crate::fhir::member(import.patients().next().unwrap()).unwrap();
    let projected = projected(&document, &member);
    check("CarePlan", &projected).unwrap();
    assert!(!projected.contains("urn:uuid:"), "no reference is left that holds nowhere");
}
