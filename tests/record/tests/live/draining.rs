//! An embedded record drains to HAPI over a line that fails in its middle, and the case goes on there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use caseline::fhir::{FixedToken, RestRecord};
use caseline::ports::{CareRecord, Stored};
use caseline::{Message, Record};
use caseline_backend::FhirOptions;
use caseline_record_tests::{Fault, Proxy};
use jiff::SignedDuration;
use serde_json::Value;

use crate::alone;
use crate::case::{CP_DATA, PLAN, World, accept};

/// What else was imported: two that refer to each other, one with something contained, one that nothing is known by, and one that
/// is told apart by its decimal's digits.
const OTHERS: &str = r##"{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:6a6f1f9e-0001-4c9e-8f0a-000000000001","resource":{"resourceType":"Organization","name":"Synthetic North",
   "identifier":[{"system":"urn:example:org","value":"north, east"}],
   "endpoint":[{"reference":"urn:uuid:6a6f1f9e-0001-4c9e-8f0a-000000000002"}],
   "extension":[{"url":"urn:example:digits","valueDecimal":1.50}]},"request":{"method":"POST","url":"Organization"}},
 {"fullUrl":"urn:uuid:6a6f1f9e-0001-4c9e-8f0a-000000000002","resource":{"resourceType":"Endpoint",
   "identifier":[{"system":"urn:example:endpoint","value":"n"}],"status":"active",
   "connectionType":{"system":"http://terminology.hl7.org/CodeSystem/endpoint-connection-type","code":"hl7-fhir-rest"},
   "payloadType":[{"text":"any"}],"address":"https://n.example",
   "managingOrganization":{"reference":"urn:uuid:6a6f1f9e-0001-4c9e-8f0a-000000000001"}},"request":{"method":"POST","url":"Endpoint"}},
 {"resource":{"resourceType":"Basic","code":{"text":"synthetic"},"contained":[{"resourceType":"Practitioner","id":"doc","active":true}],
   "extension":[{"url":"urn:example:by","valueReference":{"reference":"#doc"}}],
   "author":{"reference":"urn:uuid:6a6f1f9e-0001-4c9e-8f0a-000000000001"}},"request":{"method":"POST","url":"Basic"}}]}"##;

const KINDS: [&str; 12] = [
    "Organization",
    "Endpoint",
    "Practitioner",
    "PractitionerRole",
    "Patient",
    "Goal",
    "Basic",
    "CareTeam",
    "CarePlan",
    "Communication",
    "Provenance",
    "AuditEvent",
];

/// How the line is: whole, down, or whole for so many requests, of which the last has its answer lost, and down after them.
const WHOLE: usize = usize::MAX;
const DOWN: usize = 0;

async fn all(record: &dyn CareRecord) -> BTreeMap<String, Stored> {
    let mut all = BTreeMap::new();
    for kind in KINDS {
        let found = record.search(kind, &[]).await.unwrap().into_iter();
        all.extend(found.map(|stored| (format!("{kind}/{}", stored.id), stored)));
    }
    all
}

/// How many there are of each type.
fn counts(all: &BTreeMap<String, Stored>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for name in all.keys() {
        *counts.entry(name.split('/').next().unwrap()).or_default() += 1;
    }
    counts
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("reference").and_then(Value::as_str).map(Into::into));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Each is there once, and refers to what is there.
fn whole(all: &BTreeMap<String, Stored>) {
    let mut known = BTreeSet::new();
    for (name, stored) in all {
        let json: Value = serde_json::from_str(&stored.json).unwrap();
        let kind = name.split('/').next().unwrap();
        let mut tags = json["meta"]["tag"].as_array().into_iter().flatten().map(|tag| &tag["code"]);
        let mut identifiers = json["identifier"].as_array().into_iter().flatten().map(|one| &one["value"]);
        // What a case writes of a plan carries the plan's identifier beside its own.
        let own = if ["Provenance", "AuditEvent", "Basic"].contains(&kind) {
            tags.next_back()
        } else {
            identifiers.next_back()
        };
        assert!(
            own.is_none_or(|own| known.insert(format!("{kind} {own}"))),
            "{name} is there twice: {own:?}"
        );
        let mut found = Vec::new();
        references(&json, &mut found);
        for reference in found {
            let there = reference.starts_with('#') || all.contains_key(&reference);
            assert!(there, "{name} refers to {reference}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_record_drains_over_a_line_that_fails_and_goes_on_there() {
    let server = alone(FhirOptions::default()).await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    let left = Arc::new(AtomicUsize::new(DOWN));
    let line = left.clone();
    let proxy = Proxy::start(server.url(), move |_| match line.load(Ordering::SeqCst) {
        WHOLE => None,
        DOWN => Some(Fault::LoseRequest),
        left => {
            line.store(left - 1, Ordering::SeqCst);
            (left == 1).then_some(Fault::LoseAnswer)
        }
    })
    .unwrap();
    let over = || {
        let record = RestRecord::builder(&proxy.url());
        let record = record.timeout(Duration::from_secs(20)).patience(Duration::ZERO).build().unwrap();
        Record::Other(Arc::new(record))
    };

    let world = World::new();
    let jane = world.start("jane", Record::Embedded).await;
    let joe = world.start("joe", Record::None).await;
    for bundle in [CP_DATA, OTHERS] {
        jane.import(bundle).await.unwrap();
    }
    joe.import(crate::case::ACO_DATA).await.unwrap();
    let case = world.open(&jane).await;
    accept(&joe).await;
    world.settle(&[&joe, &jane]).await;
    case.send(None, Message::text("Before there was a server")).unwrap();
    let (plan, _) = case.send_care_plan(None, PLAN).await.unwrap();
    world.settle(&[&jane, &joe]).await;
    let id = case.id();
    jane.shutdown().await;
    drop((case, jane));

    // An hour without the server costs nothing but time.
    let jane = world.start("jane", over()).await;
    let case = jane.case(id).unwrap();
    case.send(None, Message::text("While it is away")).unwrap();
    world.clock.advance(SignedDuration::from_hours(1));
    assert!(!jane.settle(Duration::from_secs(2)).await.unwrap(), "what it has to write waits");
    joe.settle(Duration::from_secs(20)).await.unwrap();
    assert!(
        joe.case(id).unwrap().state().unwrap().timeline.len() >= 4,
        "the room goes on without the record"
    );
    assert_eq!(all(&direct).await, BTreeMap::new());
    jane.shutdown().await;
    drop((case, jane));

    // It comes and goes, each time with an answer lost; between two of these the client is started anew.
    for requests in [1, 2, 3, 7, 12] {
        left.store(requests, Ordering::SeqCst);
        let jane = world.start("jane", over()).await;
        assert!(!jane.settle(Duration::from_secs(2)).await.unwrap(), "{requests} requests are not enough");
        assert_eq!(left.load(Ordering::SeqCst), DOWN, "{requests}");
        jane.shutdown().await;
        proxy.settle();
    }
    left.store(WHOLE, Ordering::SeqCst);
    let before = proxy.seen().len();
    let jane = world.start("jane", over()).await;
    world.settle(&[&jane, &joe, &jane]).await;
    assert_eq!(jane.kept().unwrap(), []);
    let there = all(&direct).await;
    whole(&there);
    let counted = counts(&there);
    // The data, the others, and what the case wrote: its team, its plan, its thread and two messages.
    for (kind, n) in [
        ("Organization", 3),
        ("Endpoint", 8),
        ("Practitioner", 6),
        ("PractitionerRole", 6),
        ("Patient", 1),
        ("Goal", 3),
        ("Basic", 1),
        ("Communication", 3),
    ] {
        assert_eq!(counted.get(kind), Some(&n), "{kind}: {counted:?}");
    }
    let text = |kind: &str, part: &str| {
        let mut all = there.iter().filter(|(name, _)| name.starts_with(kind));
        all.any(|(_, stored)| stored.json.contains(part))
    };
    assert!(text("Organization/", "1.50"), "a decimal's digits");
    assert!(text("Basic/", "\"id\": \"doc\"") || text("Basic/", "\"id\":\"doc\""), "what is contained");
    println!("{} resources by {} requests at the end", there.len(), proxy.seen().len() - before);

    // The case goes on there, and nothing moves again.
    let case = jane.case(id).unwrap();
    case.send(None, Message::text("Now it is here")).unwrap();
    joe.case(id).unwrap().acknowledge_plan(None, plan.id).unwrap();
    world.settle(&[&jane, &joe, &jane]).await;
    let after = all(&direct).await;
    whole(&after);
    assert_eq!(counts(&after).get("Communication"), Some(&4));
    jane.shutdown().await;
    drop((case, jane));
    let jane = world.start("jane", over()).await;
    world.settle(&[&jane]).await;
    assert_eq!(all(&direct).await, after, "each once, however often it begins");
    jane.shutdown().await;
    joe.shutdown().await;
}
