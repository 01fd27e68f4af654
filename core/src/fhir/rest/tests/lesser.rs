//! Servers that say less than others, or say it elsewhere.

use super::*;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"2"}}"#;
const SENT: &str = r#"{"resourceType":"Patient"}"#;
const CONDITION: [Param<'static>; 1] = [("identifier", "urn:x|1")];
const CREATE: &str = "POST /fhir/Patient";
const LOOK: &str = "POST /fhir/Patient/_search";
const READ: &str = "GET /fhir/Patient/p";
const NO_LOCATION: PortError = PortError::NotUnderstood { code: "no-location" };

fn list(resource: &str) -> String {
    fhir("200 OK", &format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{resource}}}]}}"#))
}

#[tokio::test]
async fn a_create_that_shows_nothing_is_found_by_its_condition() {
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information"}]}"#;
    for (status, new) in [("200 OK", false), ("201 Created", true)] {
        for silent in [answer(status, "", ""), fhir(status, outcome), fhir(status, "null")] {
            let server = canned(vec![silent.clone(), list(PATIENT)]);
            let made = record(&server).create("Patient", SENT, &CONDITION).await.unwrap();
            assert_eq!((made.created, made.stored.id.as_str()), (new, "p"));
            assert_eq!(server.lines(), [CREATE, LOOK]);
            let server = canned(vec![silent.clone(), fhir("200 OK", r#"{"resourceType":"Bundle"}"#)]);
            assert_eq!(record(&server).create("Patient", SENT, &CONDITION).await, Err(NO_LOCATION));
            let server = canned(vec![silent]);
            assert_eq!(record(&server).create("Patient", SENT, &[]).await, Err(NO_LOCATION));
        }
    }
}

#[tokio::test]
async fn what_a_location_names_is_read_at_the_records_own_address() {
    let elsewhere = canned(vec![fhir("200 OK", PATIENT)]);
    for base in [elsewhere.base.as_str(), "https://inside.example/r4", "", "/fhir", "//elsewhere.example"] {
        for version in ["", "/_history/2"] {
            let location = format!("Location: {base}/Patient/p{version}\r\n");
            let server = canned(vec![answer("201 Created", &location, ""), fhir("200 OK", PATIENT)]);
            let (record, _) = timed(&server, FixedToken::new("secret".into()));
            assert_eq!(record.create("Patient", SENT, &CONDITION).await.unwrap().stored.version, "2");
            assert_eq!(server.lines(), [CREATE, READ]);
        }
    }
    assert_eq!(elsewhere.lines(), [""; 0]);
    for location in ["https://x.example/Group/p", "https://x.example/Patient/p?a=../b", "Patient/"] {
        let location = format!("Location: {location}\r\n");
        let server = canned(vec![answer("201 Created", &location, "")]);
        assert_eq!(record(&server).create("Patient", SENT, &[]).await, Err(NO_LOCATION));
    }
}

#[tokio::test]
async fn a_version_is_the_resources_or_its_etags() {
    let bare = r#"{"resourceType":"Patient","id":"p"}"#;
    let tagged = |etag: &str, body: &str| {
        answer("200 OK", &format!("Content-Type: application/fhir+json\r\nETag: {etag}\r\n"), body)
    };
    for (etag, body, version) in [
        ("W/\"7\"", bare, Some("7")),
        ("\"7\"", bare, Some("7")),
        ("W/\"7-gzip\"", PATIENT, Some("2")),
        ("nonsense", PATIENT, Some("2")),
        ("\"\"", bare, None),
        ("nonsense", bare, None),
    ] {
        let server = canned(vec![tagged(etag, body), tagged(etag, body)]);
        let rest = record(&server);
        let read = rest.read("Patient", "p").await.map(|stored| stored.version);
        let expected = version.map(ToOwned::to_owned).ok_or(PortError::NotUnderstood { code: "no-version" });
        assert_eq!(read, expected, "{etag}");
        let Some(version) = version else { continue };
        assert_eq!(rest.update("Patient", "p", version, SENT).await.unwrap().version, version);
        let asked = server.asked.lock().unwrap();
        assert!(asked[1].contains(&format!("if-match: W/\"{version}\"\r\n")), "weak, as R4 spells it");
    }
    // One that shows no version where it is made, and shows it where it is read.
    let server = canned(vec![fhir("201 Created", bare), fhir("200 OK", PATIENT)]);
    assert_eq!(record(&server).create("Patient", SENT, &[]).await.unwrap().stored.version, "2");
    assert_eq!(server.lines(), [CREATE, READ]);
    // In a history it stands beside the resource.
    let history = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{bare},"response":{{"status":"200","etag":"W/\"9\""}}}}]}}"#
    );
    let server = canned(vec![fhir("200 OK", &history)]);
    assert_eq!(record(&server).history("Patient", "p").await.unwrap()[0].version, "9");
}

#[tokio::test]
async fn an_update_is_read_where_its_answer_is_short_or_tells_of_something_else() {
    let outcome = r#"{"resourceType":"OperationOutcome"}"#;
    for short in [answer("204 No Content", "", ""), answer("200 OK", "", ""), fhir("200 OK", outcome)] {
        let server = canned(vec![short, fhir("200 OK", PATIENT)]);
        assert_eq!(record(&server).update("Patient", "p", "1", SENT).await.unwrap().version, "2");
        assert_eq!(server.lines(), ["PUT /fhir/Patient/p", READ]);
    }
    // A success that holds nothing but an outcome is no resource, no list and no transaction.
    let server = canned((0..3).map(|_| fhir("200 OK", outcome)).collect());
    let rest = record(&server);
    let wrong = |code| PortError::NotUnderstood { code };
    assert_eq!(rest.read("Patient", "p").await, Err(wrong("other-resource")));
    assert_eq!(rest.search("Patient", &[]).await, Err(wrong("not-a-bundle")));
    assert_eq!(rest.transaction(r#"{"resourceType":"Bundle"}"#).await, Err(wrong("not-a-bundle")));
}

#[tokio::test]
async fn a_token_that_ends_between_pages_is_replaced_each_time() {
    let page = |next: &str| {
        let link = format!(r#"[{{"relation":"next","url":"/fhir?page={next}"}}]"#);
        fhir("200 OK", &format!(r#"{{"resourceType":"Bundle","link":{link}}}"#))
    };
    let refused = || fhir("401 Unauthorized", "");
    let last = fhir("200 OK", r#"{"resourceType":"Bundle"}"#);
    let server =
        canned(vec![page("2"), refused(), page("3"), refused(), page("4"), refused(), last, refused()]);
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let tokens = HostToken::new(move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        let token = format!("token-{count}");
        async move { Some(token) }
    });
    let (record, _) = timed(&server, tokens);
    assert_eq!(record.search("Patient", &[]).await.unwrap(), []);
    assert_eq!((*asked.lock().unwrap(), server.lines().len()), (4, 7));
}
