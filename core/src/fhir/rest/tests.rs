#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::wait::Time;
use super::*;

mod lesser;
mod pages;
mod system;
mod tls;
mod transactions;
mod waits;

/// A server that gives these answers, one for each connection, and keeps what it was asked.
struct Canned {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// What was asked: the first line of each request.
    fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|one| one.split(" HTTP/").next().unwrap_or_default().to_owned()).collect()
    }
}

fn canned(answers: Vec<String>) -> Canned {
    let mut answers = answers.into_iter();
    serve(move |stream, _| answers.next().map(|answer| stream.write_all(answer.as_bytes())).is_some())
}

/// A server that answers each request so, until that is false.
fn serve(mut answer: impl FnMut(&mut TcpStream, &str) -> bool + Send + 'static) -> Canned {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut buffer) = (Vec::new(), vec![0; 65536]);
            loop {
                let n = stream.read(&mut buffer).unwrap_or(0);
                request.extend_from_slice(&buffer[..n]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
                let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
                let head = text.find("\r\n\r\n").map(|at| at + 4);
                if n == 0 || head.is_some_and(|head| request.len() >= head + length) {
                    break;
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            log.lock().unwrap().push(request.clone());
            if !answer(&mut stream, &request) {
                return;
            }
        }
    });
    Canned { base, asked }
}

/// Time that passes by being waited for.
#[derive(Clone)]
struct Waits {
    begun: Instant,
    waited: Arc<Mutex<Vec<Duration>>>,
}

impl Waits {
    fn new() -> Self {
        Self { begun: Instant::now(), waited: Arc::default() }
    }

    fn seconds(&self) -> Vec<u64> {
        self.waited.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

#[async_trait]
impl Time for Waits {
    fn now(&self) -> Instant {
        self.begun + self.waited.lock().unwrap().iter().sum::<Duration>()
    }

    async fn sleep(&self, wait: Duration) {
        self.waited.lock().unwrap().push(wait);
    }
}

/// A record with a time of its own.
fn timed(server: &Canned, tokens: impl TokenSource) -> (RestRecord, Waits) {
    let waits = Waits::new();
    let mut record = RestRecord::new(&server.base, tokens).unwrap();
    record.http = record.http.with_time(waits.clone());
    (record, waits)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn fhir(status: &str, body: &str) -> String {
    answer(status, "Content-Type: application/fhir+json;charset=UTF-8\r\n", body)
}

fn record(server: &Canned) -> RestRecord {
    timed(server, FixedToken::new("synthetic-token".into())).0
}

/// What one answer comes to, where nothing is tried again.
async fn read_of(answer: String) -> PortError {
    let server = canned(vec![answer]);
    let record = RestRecord::builder(&server.base).patience(Duration::ZERO).build().unwrap();
    record.read("Patient", "p").await.unwrap_err()
}

#[tokio::test]
async fn a_failure_says_what_to_do_next_and_nothing_else() {
    let secret = r#"{"resourceType":"OperationOutcome","issue":[{"diagnostics":"Marty Synthetic"}]}"#;
    let wait = |seconds| Some(Duration::from_secs(seconds));
    for (answer, expected) in [
        (fhir("401 Unauthorized", secret), PortError::SignedOut),
        (fhir("403 Forbidden", secret), PortError::Refused { code: "forbidden" }),
        (fhir("404 Not Found", secret), PortError::NotFound),
        (fhir("410 Gone", secret), PortError::NotFound),
        (fhir("409 Conflict", secret), PortError::Conflict),
        (fhir("412 Precondition Failed", secret), PortError::Conflict),
        (fhir("422 Unprocessable", secret), PortError::Refused { code: "http-422" }),
        (
            answer("429 Too Many", "Retry-After: 7\r\n", secret),
            PortError::Unavailable { code: "http-429", retry_after: wait(7) },
        ),
        (
            answer("503 Unavailable", "Retry-After: 99999999\r\n", secret),
            PortError::Unavailable { code: "http-503", retry_after: wait(900) },
        ),
        (fhir("500 Oops", secret), PortError::Unavailable { code: "http-500", retry_after: None }),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"resourceType\":\"Pat".into(),
            PortError::Unavailable { code: "cut-off", retry_after: None },
        ),
        (fhir("501 Never", secret), PortError::Refused { code: "http-501" }),
        (fhir("405 Not Here", secret), PortError::Refused { code: "http-405" }),
        (
            fhir("200 OK", "{\"resourceType\":\"Patient\"}").replace("\"}", ""),
            PortError::Unavailable { code: "cut-off", retry_after: None },
        ),
        (
            answer("200 OK", "Content-Type: text/html\r\n", "<html>Marty Synthetic</html>"),
            PortError::Unavailable { code: "not-fhir", retry_after: None },
        ),
        (
            answer("302 Found", "Location: https://elsewhere.example/\r\n", ""),
            PortError::Refused { code: "redirect" },
        ),
        (fhir("200 OK", "Marty Synthetic"), PortError::NotUnderstood { code: "not-json" }),
        (
            fhir("200 OK", r#"{"resourceType":"Patient","id":"p"}"#),
            PortError::NotUnderstood { code: "no-version" },
        ),
        ("SSH-2.0-Marty\r\n\r\n".into(), PortError::Unavailable { code: "not-http", retry_after: None }),
    ] {
        let error = read_of(answer).await;
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("Marty"));
    }
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let record = RestRecord::builder(&base).patience(Duration::ZERO).build().unwrap();
    let error = record.read("Patient", "p").await.unwrap_err();
    assert_eq!(error, PortError::Unavailable { code: "connect", retry_after: None });
}

#[tokio::test]
async fn a_lost_race_is_looked_up() {
    for status in ["409 Conflict", "412 Precondition Failed"] {
        let none = r#"{"resourceType":"Bundle","type":"searchset"}"#;
        let theirs = r#"{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"a","meta":{"versionId":"3"}}}]}"#;
        let server =
            canned(vec![fhir(status, ""), fhir("200 OK", none), fhir(status, ""), fhir("200 OK", theirs)]);
        let created = record(&server)
            .create("Patient", r#"{"resourceType":"Patient"}"#, &[("identifier", "urn:x|1&2")])
            .await
            .unwrap();
        assert_eq!((created.created, created.stored.version.as_str()), (false, "3"));
        let asked = server.asked.lock().unwrap();
        assert!(asked[0].contains("if-none-exist: identifier=urn%3Ax%7C1%262\r\n"), "{}", asked[0]);
        assert!(
            asked[1].starts_with("POST /fhir/Patient/_search HTTP/1.1\r\n"),
            "no identifier in the address"
        );
        assert!(asked[0].contains("authorization: Bearer synthetic-token"));
    }
}

#[tokio::test]
async fn an_update_names_the_version_that_it_replaces() {
    let server = canned(vec![
        answer("200 OK", "Location: /fhir/Patient/p/_history/5\r\n", ""),
        fhir("200 OK", r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"5"}}"#),
    ]);
    let stored = record(&server).update("Patient", "p", "4", r#"{"resourceType":"Patient"}"#).await.unwrap();
    assert_eq!(stored.version, "5", "read anew where the server keeps its answer short");
    assert!(server.asked.lock().unwrap()[0].contains("if-match: W/\"4\"\r\n"));
}

#[test]
fn addresses_are_checked() {
    for wrong in [
        "",
        "fhir",
        "ftp://x",
        "http://fhir.aco.example/fhir",
        "https://a:b@x/",
        "https://x/?a=b",
        "http://127.0.0.1.example/",
    ] {
        match RestRecord::new(wrong, FixedToken::none()) {
            Err(crate::Error::InvalidInput(invalid)) => assert_eq!(invalid.code, "invalid-record-address"),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    for right in [
        "https://fhir.aco.example/fhir",
        "http://localhost:8080/",
        "http://127.0.0.1:1/fhir",
        "http://[::1]:1",
    ] {
        assert!(RestRecord::new(right, FixedToken::none()).is_ok(), "{right}");
    }
    let plain = "http://fhir.aco.example/fhir";
    assert!(RestRecord::builder(plain).allow_plain_http().build().is_ok(), "where the host says so");
    assert!(RestRecord::builder("ftp://x").allow_plain_http().build().is_err());
}

#[tokio::test]
async fn what_a_server_dropped_is_told_once_and_without_values() {
    let sent = r#"{"resourceType":"CareTeam","name":"Marty Synthetic","secret":"Marty","participant":[{"period":{"start":"2019"}}]}"#;
    let kept = r#"{"resourceType":"CareTeam","id":"a","meta":{"versionId":"1"},"name":"other","participant":[{"x":1}]}"#;
    let server = canned(vec![
        fhir("201 Created", kept),
        fhir("200 OK", kept),
        fhir("200 OK", kept),
        fhir(
            "200 OK",
            &format!(
                r#"{{"resourceType":"Bundle","entry":[{{"resource":{kept},"response":{{"status":"201 Created"}}}},{{"resource":{kept},"response":{{"status":"200 OK"}}}}]}}"#
            ),
        ),
    ]);
    let record = record(&server);
    let lost = |paths: &[&str]| Dropped {
        kind: "CareTeam".into(),
        id: "a".into(),
        paths: paths.iter().map(ToString::to_string).collect(),
    };
    let all = lost(&["CareTeam.secret", "CareTeam.participant[0].period"]);
    record.create("CareTeam", sent, &[]).await.unwrap();
    assert_eq!(record.take_dropped(), std::slice::from_ref(&all));
    assert_eq!(record.take_dropped(), []);
    assert!(!format!("{all:?}").contains("Marty"));
    // What was there already is another's: it need not say what we said.
    let there = record.create("CareTeam", sent, &[("identifier", "urn:x|1")]).await.unwrap();
    assert!(!there.created);
    assert_eq!(record.take_dropped(), []);
    record.update("CareTeam", "a", "1", sent).await.unwrap();
    assert_eq!(record.take_dropped(), std::slice::from_ref(&all));
    let entry = |condition: &str| {
        format!(r#"{{"resource":{sent},"request":{{"method":"POST","url":"CareTeam"{condition}}}}}"#)
    };
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{}]}}"#,
        entry(""),
        entry(r#","ifNoneExist":"identifier=x""#)
    );
    assert_eq!(record.transaction(&bundle).await.unwrap(), 1);
    assert_eq!(record.take_dropped(), [all]);
}
