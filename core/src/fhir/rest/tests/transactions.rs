//! Transactions: whole, once, and read back where the answer is short.

use super::*;

const BASE: &str = r#"{"method":"PUT","url":"CareTeam/t","ifMatch":"W/\"1\""}"#;

/// A team that is changed, and what it then refers to: one that is made with it, and one that is found.
fn bundle() -> String {
    r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","active":true},
         "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn%3Ax%7C1%262"}},
        {"resource":{"resourceType":"CareTeam","subject":{"reference":"urn:uuid:a"},
          "participant":[{"member":{"reference":"Practitioner?identifier=urn:x|d"}}]},"request":BASE}]}"#
        .replace("BASE", BASE)
}

fn team(version: &str, member: &str) -> String {
    fhir(
        "200 OK",
        &format!(
            r#"{{"resourceType":"CareTeam","id":"t","meta":{{"versionId":"{version}"}},"subject":{{"reference":"Patient/p"}},
            "participant":[{{"member":{{"reference":"Practitioner/{member}"}}}}]}}"#
        ),
    )
}

fn one(kind: &str, id: &str) -> String {
    fhir(
        "200 OK",
        &format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"{kind}","id":"{id}","meta":{{"versionId":"1"}}}}}}]}}"#
        ),
    )
}

fn none() -> String {
    fhir("200 OK", r#"{"resourceType":"Bundle"}"#)
}

#[tokio::test]
async fn one_whose_answer_was_lost_is_done() {
    for status in ["409 Conflict", "412 Changed"] {
        let server = canned(vec![
            String::new(),
            fhir(status, ""),
            team("2", "d"),
            one("Patient", "p"),
            one("Practitioner", "d"),
        ]);
        assert_eq!(record(&server).transaction(&bundle()).await, Ok(0), "{status}");
        let (post, get) = ("POST /fhir/", "GET /fhir/CareTeam/t");
        let looks = ["POST /fhir/Patient/_search", "POST /fhir/Practitioner/_search"];
        assert_eq!(server.lines(), [post, post, get, looks[0], looks[1]]);
        let asked = server.asked.lock().unwrap();
        assert!(asked[3].contains("identifier=urn%3Ax%7C1%262&"), "{}", asked[3]);
        assert!(!asked[2].contains("Bundle"));
    }
}

#[tokio::test]
async fn one_that_another_was_before_is_a_conflict() {
    let conflict = || fhir("412 Changed", "");
    for theirs in [
        // They wrote something else.
        vec![team("2", "e"), one("Patient", "p"), one("Practitioner", "d")],
        // What is made with it is not there: theirs is only like ours.
        vec![team("2", "d"), none()],
        vec![team("2", "d"), one("Patient", "p"), none()],
        vec![fhir("410 Gone", "")],
    ] {
        let requests = 1 + theirs.len();
        let server = canned([vec![conflict()], theirs].concat());
        assert_eq!(record(&server).transaction(&bundle()).await, Err(PortError::Conflict));
        assert_eq!(server.lines().len(), requests);
    }
}

#[tokio::test]
async fn one_whose_create_lost_a_race_is_sent_again() {
    let done = r#"{"resourceType":"Bundle","entry":[{"response":{"status":"200"}},{"response":{"status":"200"},
        "resource":{"resourceType":"CareTeam","id":"t","meta":{"versionId":"2"},"subject":{},"participant":[{"member":{"reference":"x"}}]}}]}"#;
    let server = canned(vec![fhir("409 Conflict", ""), team("1", "x"), fhir("200 OK", done)]);
    let record = record(&server);
    assert_eq!(record.transaction(&bundle()).await, Ok(0));
    assert_eq!(server.lines(), ["POST /fhir/", "GET /fhir/CareTeam/t", "POST /fhir/"]);
    assert_eq!(record.take_dropped()[0].paths, ["CareTeam.subject.reference"]);
}

#[tokio::test]
async fn what_a_short_answer_does_not_show_is_read_back() {
    let entry = |text: &str, request: &str| format!(r#"{{"resource":{text},"request":{request}}}"#);
    let patient = r#"{"resourceType":"Patient","active":true,"mood":"Marty"}"#;
    let post = r#"{"method":"POST","url":"Patient","ifNoneExist":"identifier=x"}"#;
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{},{},{}]}}"#,
        entry(patient, post),
        entry(patient, post),
        entry(patient, post),
        entry(r#"{"resourceType":"CareTeam","name":"x","mood":"y"}"#, BASE)
    );
    let response = |status: &str, location: &str| {
        format!(r#"{{"response":{{"status":"{status}","location":"{location}","etag":"W/\"1\""}}}}"#)
    };
    let answers = |created: &str| {
        let done = format!(
            r#"{{"resourceType":"Bundle","type":"transaction-response","entry":[{},{},{},{}]}}"#,
            response("201 Created", "Patient/a/_history/1"),
            response("200 OK", "Patient/b/_history/4"),
            response(created, "https://elsewhere.example/fhir/Patient/c/_history/1"),
            r#"{"response":{"status":"200"}}"#
        );
        fhir("200 OK", &done)
    };
    let resource =
        |kind: &str, id: &str| format!(r#"{{"resourceType":"{kind}","id":"{id}","meta":{{"versionId":"2"}}"#);
    let team = fhir("200 OK", &format!("{},\"name\":\"x\"}}", resource("CareTeam", "t")));
    let kept = |id: &str| format!("{},\"active\":true}}", resource("Patient", id));
    let both = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{}}},{{"resource":{}}}]}}"#,
        kept("c"),
        kept("a")
    );
    let server = canned(vec![answers("201 Created"), team.clone(), fhir("200 OK", &both)]);
    let rest = record(&server);
    assert_eq!(rest.transaction(&bundle).await, Ok(2));
    let told = |dropped: Vec<Dropped>| {
        dropped.iter().map(|one| format!("{} {}", one.id, one.paths.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(told(rest.take_dropped()), ["t CareTeam.mood", "a Patient.mood", "c Patient.mood"]);
    assert_eq!(server.lines(), ["POST /fhir/", "GET /fhir/CareTeam/t", "POST /fhir/Patient/_search"]);
    assert!(server.asked.lock().unwrap()[2].ends_with("_id=a%2Cc&_count=200"), "two by one request");

    // What was there before is another's, and one is read by itself.
    let server = canned(vec![answers("200 OK"), team, fhir("200 OK", &kept("a"))]);
    let rest = record(&server);
    assert_eq!(rest.transaction(&bundle).await, Ok(1));
    assert_eq!(server.lines(), ["POST /fhir/", "GET /fhir/CareTeam/t", "GET /fhir/Patient/a"]);
    assert_eq!(told(rest.take_dropped()), ["t CareTeam.mood", "a Patient.mood"]);

    // It is done, though it cannot be read.
    let server = canned(vec![answers("200 OK"), fhir("403 No", "")]);
    assert_eq!(record(&server).transaction(&bundle).await, Ok(1));
}

#[tokio::test]
async fn a_part_that_was_refused_is_not_a_success() {
    for (status, error) in [
        ("422 Unprocessable", PortError::Refused { code: "http-422" }),
        ("412 Precondition Failed", PortError::Conflict),
        ("429", PortError::Unavailable { code: "http-429", retry_after: None }),
    ] {
        let done = format!(
            r#"{{"resourceType":"Bundle","entry":[{{"response":{{"status":"201 Created"}}}},{{"response":{{"status":"{status}"}}}}]}}"#
        );
        let server = canned(vec![fhir("200 OK", &done)]);
        assert_eq!(record(&server).transaction(&bundle()).await, Err(error));
    }
}

#[tokio::test]
async fn a_transaction_waits_when_it_is_asked_to() {
    let unconditional = bundle().replace("ifNoneExist", "other");
    let done = r#"{"resourceType":"Bundle","entry":[{"response":{"status":"201"}}]}"#;
    for bundle in [bundle(), unconditional] {
        let later = answer("429 Later", "Retry-After: 3\r\n", "");
        let server = canned(vec![later, fhir("200 OK", done)]);
        let (record, waits) = timed(&server, FixedToken::none());
        assert_eq!(record.transaction(&bundle).await, Ok(1));
        assert_eq!((waits.seconds(), server.lines().len()), (vec![3], 2));
    }
}
