//! What the benchmarks read: synthetic resources of nobody, made from a seed; and a whole programme of cases.

pub mod programme;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// The seed of all data.
const SEED: u64 = 4;

/// The kinds of single resources that are measured.
pub const KINDS: [&str; 3] = ["CarePlan", "CareTeam", "Communication"];

/// A resource of one of [`KINDS`], as a server sends it.
pub fn resource(kind: &str) -> String {
    let mut random = StdRng::seed_from_u64(SEED);
    match kind {
        "CarePlan" => care_plan(&mut random, 0),
        "CareTeam" => care_team(&mut random, 0),
        _ => communication(&mut random, 0),
    }
    .to_string()
}

/// A Bundle with so many entries.
pub fn bundle(entries: usize) -> String {
    let mut random = StdRng::seed_from_u64(SEED);
    bundle_of((0..entries).map(|number| entry(&mut random, number)))
}

/// A Bundle of so many bytes, or one entry more.
pub fn bundle_of_size(bytes: usize) -> String {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut entries = Vec::new();
    let mut size = 0;
    while size < bytes {
        let entry = entry(&mut random, entries.len());
        size += entry.len() + 1;
        entries.push(entry);
    }
    bundle_of(entries.into_iter())
}

fn bundle_of(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<String> = entries.collect();
    format!(
        r#"{{"resourceType":"Bundle","id":"synthetic","type":"collection","entry":[{}]}}"#,
        entries.join(",")
    )
}

fn entry(random: &mut StdRng, number: usize) -> String {
    let resource = match number % 5 {
        0 => patient(random, number),
        1 => care_team(random, number),
        2 => practitioner(random, number),
        3 => care_plan(random, number),
        _ => communication(random, number),
    };
    let url = format!("urn:uuid:00000000-0000-4000-8000-{number:012}");
    json!({ "fullUrl": url, "resource": resource }).to_string()
}

fn id(random: &mut StdRng) -> String {
    format!("{:016x}", random.random::<u64>())
}

fn reference(random: &mut StdRng, kind: &str) -> Value {
    json!({ "reference": format!("{kind}/{}", id(random)), "display": format!("{kind} (synthetic)") })
}

fn concept(random: &mut StdRng, text: &str) -> Value {
    json!({
        "coding": [{ "system": "http://snomed.info/sct", "code": random.random_range(1_000_000..99_999_999).to_string(),
            "display": text }],
        "text": text,
    })
}

fn time(random: &mut StdRng) -> String {
    let (month, day) = (random.random_range(1..13), random.random_range(1..29));
    format!(
        "2019-{month:02}-{day:02}T{:02}:{:02}:00.000-05:00",
        random.random_range(0..24),
        random.random_range(0..60)
    )
}

fn resource_head(random: &mut StdRng, kind: &str, number: usize) -> Value {
    json!({
        "resourceType": kind,
        "id": format!("{kind}-{number}"),
        "meta": { "versionId": "1", "lastUpdated": "2019-03-01T14:00:00.000-05:00",
            "tag": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST" }] },
        "identifier": [{ "system": "https://caseline.example/synthetic", "value": id(random) }],
    })
}

/// The head with more members.
fn with(mut head: Value, more: Value) -> Value {
    if let (Value::Object(head), Value::Object(more)) = (&mut head, more) {
        head.extend(more);
    }
    head
}

fn patient(random: &mut StdRng, number: usize) -> Value {
    let head = resource_head(random, "Patient", number);
    with(
        head,
        json!({
            "active": true,
            "name": [{ "use": "official", "family": format!("Synthetic{number}"), "given": ["Test", "T."] }],
            "telecom": [{ "system": "phone", "value": "555-0100", "use": "home", "rank": 1 }],
            "gender": "unknown",
            "birthDate": "1970-01-01",
            "address": [{ "line": ["1 Nowhere Street"], "city": "Boston", "state": "MA", "postalCode": "02101" }],
            "generalPractitioner": [reference(random, "Practitioner")],
            "extension": [{ "url": "https://caseline.example/weight", "valueDecimal": 1.25 }],
        }),
    )
}

fn practitioner(random: &mut StdRng, number: usize) -> Value {
    let head = resource_head(random, "Practitioner", number);
    with(
        head,
        json!({
            "active": true,
            "name": [{ "family": format!("Synthetic{number}"), "given": ["Test"], "prefix": ["Dr."] }],
            "telecom": [{ "system": "email", "value": format!("test{number}@example.org") }],
            "qualification": [{ "code": concept(random, "Synthetic qualification") }],
        }),
    )
}

fn care_team(random: &mut StdRng, number: usize) -> Value {
    let head = resource_head(random, "CareTeam", number);
    let participants: Vec<Value> = (0..6)
        .map(|_| {
            json!({
                "role": [concept(random, "Care coordinator")],
                "member": reference(random, "Practitioner"),
                "onBehalfOf": reference(random, "Organization"),
                "period": { "start": time(random) },
            })
        })
        .collect();
    with(
        head,
        json!({
            "status": "active",
            "category": [concept(random, "Longitudinal care-coordination focused care team")],
            "name": "Synthetic team",
            "subject": reference(random, "Patient"),
            "period": { "start": time(random) },
            "participant": participants,
            "managingOrganization": [reference(random, "Organization")],
        }),
    )
}

fn care_plan(random: &mut StdRng, number: usize) -> Value {
    let head = resource_head(random, "CarePlan", number);
    let activities: Vec<Value> = (0..5)
        .map(|_| {
            json!({
                "outcomeReference": [reference(random, "Observation")],
                "progress": [{ "time": time(random), "text": "Talked it over; \"next week\" suits better." }],
                "detail": {
                    "kind": "ServiceRequest",
                    "code": concept(random, "Visit at home"),
                    "status": "in-progress",
                    "doNotPerform": false,
                    "scheduledPeriod": { "start": time(random), "end": time(random) },
                    "performer": [reference(random, "Practitioner")],
                    "description": "A nurse visits twice a week. Nobody in this text exists.",
                },
            })
        })
        .collect();
    with(
        head,
        json!({
            "status": "active",
            "intent": "plan",
            "category": [concept(random, "assess-plan")],
            "title": "Synthetic plan",
            "description": "Made from a seed, for measuring.",
            "subject": reference(random, "Patient"),
            "period": { "start": "2019-03-01", "end": "2020-03-01" },
            "created": time(random),
            "author": reference(random, "Practitioner"),
            "careTeam": [reference(random, "CareTeam")],
            "addresses": [reference(random, "Condition"), reference(random, "Condition")],
            "goal": [reference(random, "Goal"), reference(random, "Goal"), reference(random, "Goal")],
            "activity": activities,
            "note": [{ "authorString": "Nobody", "time": time(random), "text": "Für später: naïve Zeichen, 3 × täglich." }],
        }),
    )
}

fn communication(random: &mut StdRng, number: usize) -> Value {
    let head = resource_head(random, "Communication", number);
    with(
        head,
        json!({
            "status": "completed",
            "partOf": [reference(random, "Communication")],
            "priority": "routine",
            "subject": reference(random, "Patient"),
            "about": [reference(random, "CarePlan")],
            "sent": time(random),
            "received": time(random),
            "recipient": [reference(random, "Practitioner"), reference(random, "Practitioner")],
            "sender": reference(random, "Practitioner"),
            "payload": [
                { "contentString": "The plan is signed.\nPlease have a look before Friday." },
                { "contentReference": reference(random, "DocumentReference") },
            ],
        }),
    )
}
