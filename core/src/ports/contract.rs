//! What every [`CareRecord`] must do, as a test that each implementation runs: the embedded record, a FHIR server over
//! REST, the fakes. All data in it is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use futures_util::future::join_all;

use super::{CareRecord, Interaction, PortError, Stored};

/// Runs the whole contract against a record. It works beside other data, and leaves its own behind.
///
/// # Panics
/// Where the record breaks the contract.
pub async fn record_contract(record: &dyn CareRecord) {
    // Each run finds only what it made itself.
    let run = uuid::Uuid::now_v7().to_string();
    versions(record, &run).await;
    conditional_creates(record, &run).await;
    tags(record, &run).await;
    searches(record, &run).await;
    transactions(record, &run).await;
    imports(record, &run).await;
    capabilities(record).await;
    changes(record, &run).await;
    eight_writers(record, &run).await;
    refusals(record, &run).await;
}

const SYSTEM: &str = "urn:caseline:contract";

fn communication(value: &str, status: &str, rest: &str) -> String {
    format!(
        r#"{{"resourceType":"Communication","identifier":[{{"system":"{SYSTEM}","value":"{value}"}}],"status":"{status}"{rest}}}"#
    )
}

async fn versions(record: &dyn CareRecord, run: &str) {
    let dose = r#","extension":[{"url":"urn:synthetic:dose","valueDecimal":1.50}],"language":"en""#;
    let value = format!("{run}-versions");
    let first =
        record.create("Communication", &communication(&value, "in-progress", dose), &[]).await.unwrap();
    assert!(first.created);
    let first = first.stored;
    assert!(first.json.contains("1.50"), "the digits of a decimal stay");
    assert_eq!(record.read("Communication", &first.id).await.unwrap(), first);

    let changed = first.json.replace("in-progress", "completed");
    let second = record.update("Communication", &first.id, &first.version, &changed).await.unwrap();
    assert_eq!(second.id, first.id);
    assert_ne!(second.version, first.version);
    assert!(second.json.contains("1.50") && second.json.contains("urn:synthetic:dose"));

    let stale = record.update("Communication", &first.id, &first.version, &first.json).await;
    assert_eq!(stale.unwrap_err(), PortError::Conflict, "a stale version is never written over");
    let same = record.update("Communication", &second.id, &second.version, &second.json).await.unwrap();
    assert_eq!(same.version, second.version, "no change is no version");
    let history: Vec<String> = record
        .history("Communication", &first.id)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.version)
        .collect();
    assert_eq!(history, [first.version, second.version]);
}

async fn conditional_creates(record: &dyn CareRecord, run: &str) {
    let value = format!("{run}-race");
    let token = format!("{SYSTEM}|{value}");
    let condition = [("identifier", token.as_str())];
    let text = communication(&value, "completed", "");
    let all = join_all((0..16).map(|_| record.create("Communication", &text, &condition))).await;
    let all: Vec<_> = all.into_iter().map(|one| one.expect("a race is no failure")).collect();
    assert_eq!(all.iter().filter(|one| one.created).count(), 1, "one of them made it");
    assert!(all.iter().all(|one| one.stored.id == all[0].stored.id));
    assert!(!record.create("Communication", &text, &condition).await.unwrap().created);

    record.create("Communication", &text, &[]).await.unwrap();
    let several = record.create("Communication", &text, &condition).await;
    assert_eq!(several.unwrap_err(), PortError::Conflict, "which of the two is meant?");
    assert_eq!(record.search("Communication", &condition).await.unwrap().len(), 2);
}

async fn tags(record: &dyn CareRecord, run: &str) {
    let tag = |value: &str| format!(r#""meta":{{"tag":[{{"system":"{SYSTEM}","code":"{value}"}}]}}"#);
    let who = r#"{"type":"Practitioner","identifier":{"system":"urn:synthetic","value":"1"}}"#;
    let provenance = format!(
        r#"{{"resourceType":"Provenance",{},"target":[{who}],"recorded":"2019-01-01T00:00:00Z","agent":[{{"who":{who}}}]}}"#,
        tag(&format!("{run}-p"))
    );
    let audit = format!(
        r#"{{"resourceType":"AuditEvent",{},"type":{{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110106"}},
        "recorded":"2019-01-01T00:00:00Z","agent":[{{"who":{who},"requestor":true}}],"source":{{"observer":{who}}}}}"#,
        tag(&format!("{run}-a"))
    );
    for (kind, text, value) in [("Provenance", provenance, "p"), ("AuditEvent", audit, "a")] {
        let token = format!("{SYSTEM}|{run}-{value}");
        let first = record.create(kind, &text, &[("_tag", &token)]).await.unwrap();
        let second = record.create(kind, &text, &[("_tag", &token)]).await.unwrap();
        assert!(first.created && !second.created, "{kind}");
        assert_eq!(record.search(kind, &[("_tag", &token)]).await.unwrap(), [second.stored]);
    }
}

async fn searches(record: &dyn CareRecord, run: &str) {
    let patient = format!(
        r#"{{"resourceType":"Patient","identifier":[{{"system":"{SYSTEM}","value":"{run}-patient"}}]}}"#
    );
    let patient = record.create("Patient", &patient, &[]).await.unwrap().stored;
    let reference = format!("Patient/{}", patient.id);
    let subject = format!(r#","subject":{{"reference":"{reference}"}}"#);
    let category = r#","category":[{"coding":[{"system":"urn:synthetic","code":"note"}]}]"#;
    let one = record
        .create("Communication", &communication(&format!("{run}-s1"), "completed", &subject), &[])
        .await
        .unwrap()
        .stored;
    let rest = format!("{subject}{category},\"partOf\":[{{\"reference\":\"Communication/{}\"}}]", one.id);
    let two = record
        .create("Communication", &communication(&format!("{run}-s2"), "in-progress", &rest), &[])
        .await
        .unwrap()
        .stored;
    let by = async |params: &[(&str, &str)]| -> Vec<String> {
        let found = record.search("Communication", params).await.unwrap();
        found.into_iter().map(|stored| stored.id).collect()
    };
    let mut both = vec![one.id.clone(), two.id.clone()];
    both.sort();
    assert_eq!(by(&[("subject", &reference)]).await, both, "in the order of ids");
    assert_eq!(by(&[("patient", &patient.id)]).await, both);
    assert_eq!(by(&[("subject", &reference), ("status", "completed")]).await, std::slice::from_ref(&one.id));
    assert_eq!(by(&[("subject", &reference), ("status", "completed,in-progress")]).await, both);
    assert_eq!(
        by(&[("subject", &reference), ("category", "urn:synthetic|note")]).await,
        std::slice::from_ref(&two.id)
    );
    assert_eq!(by(&[("part-of", &format!("Communication/{}", one.id))]).await, std::slice::from_ref(&two.id));
    assert_eq!(by(&[("_id", &two.id), ("subject", &reference)]).await, std::slice::from_ref(&two.id));
    assert!(by(&[("identifier", &format!("urn:other|{run}-s1"))]).await.is_empty());

    // What is found follows what is written.
    let moved = one.json.replace("completed", "stopped");
    record.update("Communication", &one.id, &one.version, &moved).await.unwrap();
    assert!(by(&[("subject", &reference), ("status", "completed")]).await.is_empty());
    assert_eq!(by(&[("subject", &reference), ("status", "stopped")]).await, [one.id]);
}

async fn transactions(record: &dyn CareRecord, run: &str) {
    let who = uuid::Uuid::now_v7();
    let entry = |n: usize| {
        let text = communication(
            &format!("{run}-t{n}"),
            "completed",
            &format!(
                r#","meta":{{"tag":[{{"system":"{SYSTEM}","code":"{run}-t"}}]}},"sender":{{"reference":"urn:uuid:{who}"}},
                "recipient":[{{"reference":"Practitioner?identifier={SYSTEM}|{run}-before"}}]"#
            ),
        );
        format!(
            r#"{{"resource":{text},"request":{{"method":"POST","url":"Communication","ifNoneExist":"identifier={SYSTEM}|{run}-t{n}"}}}}"#
        )
    };
    let practitioner = |value: &str| {
        format!(
            r#"{{"resourceType":"Practitioner","identifier":[{{"system":"{SYSTEM}","value":"{run}-{value}"}}]}}"#
        )
    };
    let before = record.create("Practitioner", &practitioner("before"), &[]).await.unwrap().stored;
    let first = format!(
        r#"{{"fullUrl":"urn:uuid:{who}","resource":{},"request":{{"method":"POST","url":"Practitioner","ifNoneExist":"identifier={SYSTEM}|{run}-new"}}}}"#,
        practitioner("new")
    );
    // More than a server puts on one page by itself.
    let entries: Vec<String> = std::iter::once(first.clone()).chain((0..120).map(entry)).collect();
    let bundle = |entries: &[String]| {
        format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
    };
    assert_eq!(record.transaction(&bundle(&entries)).await.unwrap(), 121);
    assert_eq!(record.transaction(&bundle(&entries)).await.unwrap(), 0, "again is nothing new");
    let found = record.search("Communication", &[("_tag", &format!("{SYSTEM}|{run}-t"))]).await.unwrap();
    assert_eq!(found.len(), 120, "all pages");
    let new = record.search("Practitioner", &[("identifier", &format!("{SYSTEM}|{run}-new"))]).await.unwrap();
    for stored in found {
        assert!(stored.json.contains(&format!("Practitioner/{}\"", new[0].id)), "the new sender");
        assert!(
            stored.json.contains(&format!("Practitioner/{}\"", before.id)),
            "the recipient that was there"
        );
    }

    // Whole or not at all.
    let lost = entry(500).replace(&who.to_string(), &uuid::Uuid::now_v7().to_string());
    let broken = bundle(&[first, entry(400), lost]);
    assert!(matches!(
        record.transaction(&broken).await,
        Err(PortError::Refused { .. } | PortError::NotFound)
    ));
    let none =
        record.search("Communication", &[("identifier", &format!("{SYSTEM}|{run}-t400"))]).await.unwrap();
    assert!(none.is_empty());
}

/// What is created on the conditions that an import gives comes once, however often it is sent.
async fn imports(record: &dyn CareRecord, run: &str) {
    let bundle = |born: &str, tag: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[
            {{"fullUrl":"urn:uuid:0c664d64-f24f-4c6f-bf93-b9cf5b8e041b","resource":{{"resourceType":"Patient","birthDate":"{born}",
            "identifier":[{{"system":"{SYSTEM}","value":"{run}-family"}}]}},"request":{{"method":"POST","url":"Patient",
            "ifNoneExist":"identifier={SYSTEM}|{run}-family&birthdate={born}"}}}},
            {{"resource":{{"resourceType":"CarePlan","meta":{{"tag":[{{"system":"{SYSTEM}","code":"{tag}"}}]}},"status":"active","intent":"plan",
            "subject":{{"reference":"urn:uuid:0c664d64-f24f-4c6f-bf93-b9cf5b8e041b"}}}},"request":{{"method":"POST","url":"CarePlan",
            "ifNoneExist":"_tag={SYSTEM}|{tag}"}}}}]}}"#
        )
    };
    let first = bundle("1980-12-11", &format!("{run}-one"));
    assert_eq!(record.transaction(&first).await.unwrap(), 2);
    assert_eq!(record.transaction(&first).await.unwrap(), 0, "again is nothing new");
    let other = bundle("2004-02-29", &format!("{run}-two"));
    assert_eq!(record.transaction(&other).await.unwrap(), 2, "a family's number, and another person");
    assert_eq!(record.transaction(&other).await.unwrap(), 0);
    let number = format!("{SYSTEM}|{run}-family");
    let born =
        record.search("Patient", &[("identifier", &number), ("birthdate", "2004-02-29")]).await.unwrap();
    let plan = record.search("CarePlan", &[("_tag", &format!("{SYSTEM}|{run}-two"))]).await.unwrap();
    assert_eq!((born.len(), plan.len()), (1, 1));
    assert!(plan[0].json.contains(&format!("Patient/{}\"", born[0].id)));
}

async fn capabilities(record: &dyn CareRecord) {
    let found = record.capabilities().await.unwrap();
    for kind in ["CareTeam", "CarePlan", "Communication", "Provenance", "AuditEvent"] {
        for interaction in Interaction::ALL {
            assert!(found.takes(kind, interaction), "{kind}: {interaction:?}");
        }
        assert!(found.keeps(kind) && found.searches(kind, "_id"));
    }
    assert!(found.searches("CareTeam", "identifier") && found.transactions());
    assert_eq!(record.capabilities().await.unwrap(), found);
}

/// A type that nothing else is written of meanwhile: a reader of changes sees everybody's.
const CHANGED: &str = "Basic";

/// What a reader of changes knows after it has asked until there is nothing new.
async fn all_changes(record: &dyn CareRecord, since: Option<&str>, known: &mut Vec<Stored>) -> String {
    let mut cursor = since.map(ToOwned::to_owned);
    loop {
        let changes = record.changes(CHANGED, cursor.as_deref()).await.unwrap();
        let news: Vec<Stored> = changes.resources.into_iter().filter(|one| !known.contains(one)).collect();
        if news.is_empty() {
            return changes.cursor;
        }
        known.extend(news);
        cursor = Some(changes.cursor);
    }
}

async fn changes(record: &dyn CareRecord, run: &str) {
    let team = |name: &str| {
        format!(
            r#"{{"resourceType":"{CHANGED}","identifier":[{{"system":"{SYSTEM}","value":"{run}-{name}"}}],"code":{{"text":"{name}"}}}}"#
        )
    };
    let create = async |name: &str| record.create(CHANGED, &team(name), &[]).await.unwrap().stored;
    let before = create("before").await;
    let mut known = Vec::new();
    let start = all_changes(record, None, &mut known).await;
    assert!(known.contains(&before), "the first call tells of everything");
    let seen = known.len();
    assert_eq!(all_changes(record, Some(&start), &mut known).await, start, "nothing new is no step");
    assert_eq!(known.len(), seen);

    let (one, two) = (create("one").await, create("two").await);
    let text = before.json.replace("\"before\"", "\"after\"");
    let after = record.update(CHANGED, &before.id, &before.version, &text).await.unwrap();
    let again = after.json.replace("\"after\"", "\"again\"");
    let again = record.update(CHANGED, &after.id, &after.version, &again).await.unwrap();
    let next = all_changes(record, Some(&start), &mut known).await;
    let news = known.split_off(seen);
    assert_eq!(news, [one, two, again], "each as it now is, the oldest change first");
    assert_eq!(all_changes(record, Some(&next), &mut news.clone()).await, next);
    // Another reader, which knows nothing but where an earlier one stood.
    let mut other = Vec::new();
    all_changes(record, Some(&start), &mut other).await;
    assert!(news.iter().all(|one| other.contains(one)));
}

/// Each adds one participant to a CareTeam, and reads it again where another was first.
async fn eight_writers(record: &dyn CareRecord, run: &str) {
    let text = format!(
        r#"{{"resourceType":"CareTeam","identifier":[{{"system":"{SYSTEM}","value":"{run}-eight"}}]}}"#
    );
    let team = record.create("CareTeam", &text, &[]).await.unwrap().stored;
    let participant = |n: usize| {
        format!(
            r#"{{"member":{{"type":"Practitioner","identifier":{{"system":"{SYSTEM}","value":"{run}-{n}"}}}}}}"#
        )
    };
    let writer = async |n: usize| {
        // Of eight that write, one is done in each round.
        for _ in 0..64 {
            let now = record.read("CareTeam", &team.id).await.unwrap();
            let added = participant(n);
            let text = match now.json.find("\"participant\"") {
                Some(at) => {
                    let (head, list) = now.json.split_at(at);
                    format!("{head}{}", list.replacen('[', &format!("[{added},"), 1))
                }
                None => now.json.replacen('{', &format!("{{\"participant\":[{added}],"), 1),
            };
            match record.update("CareTeam", &now.id, &now.version, &text).await {
                Ok(_) => return,
                Err(PortError::Conflict) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("writer {n} never had its turn");
    };
    join_all((0..8).map(writer)).await;
    let now = record.read("CareTeam", &team.id).await.unwrap();
    for n in 0..8 {
        assert_eq!(now.json.matches(&format!("{run}-{n}\"")).count(), 1, "writer {n}");
    }
    let versions = record.history("CareTeam", &team.id).await.unwrap();
    assert_eq!(versions.len(), 9, "each of them is a version");
}

async fn refusals(record: &dyn CareRecord, run: &str) {
    assert_eq!(record.read("Communication", run).await.unwrap_err(), PortError::NotFound);
    let search = record.search("Communication", &[("favourite-colour", "blue")]).await;
    assert!(matches!(search.unwrap_err(), PortError::Refused { .. }));
    for text in ["{", "{}", r#"{"resourceType":"Communication","status":"dreamt"}"#] {
        let refused = record.create("Communication", text, &[]).await;
        assert!(matches!(refused.unwrap_err(), PortError::Refused { .. }), "{text}");
    }
    assert!(matches!(record.transaction("{}").await.unwrap_err(), PortError::Refused { .. }));
}
