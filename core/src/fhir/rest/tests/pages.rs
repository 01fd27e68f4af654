//! Servers that lie: about what they answer, where it goes on, and how much of it there is.

use super::*;

fn patient(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","meta":{{"versionId":"1"}}}}"#)
}

fn page(next: &str, entries: &str) -> String {
    let link = if next.is_empty() {
        String::new()
    } else {
        format!(r#""link":[{{"relation":"self","url":"x"}},{{"relation":"next","url":"{next}"}}],"#)
    };
    fhir("200 OK", &format!(r#"{{"resourceType":"Bundle",{link}"entry":[{entries}]}}"#))
}

fn entry(resource: &str) -> String {
    format!(r#"{{"resource":{resource}}}"#)
}

fn not_understood<T>(code: &'static str) -> Result<T, PortError> {
    Err(PortError::NotUnderstood { code })
}

#[tokio::test]
async fn pages_are_followed_below_the_records_address_only() {
    let beside = r#"{"resource":{"resourceType":"Observation"},"search":{"mode":"include"}},{"resource":{"resourceType":"OperationOutcome"}},{"fullUrl":"x"}"#;
    let server = canned(vec![
        page("/fhir?_getpages=1", &format!("{},{beside}", entry(&patient("b")))),
        page("?_getpages=2", &entry(&patient("a"))),
        page("Patient?page=3", &entry(&patient("b"))),
        fhir("200 OK", r#"{"resourceType":"Bundle"}"#),
    ]);
    let found = record(&server).search("Patient", &[]).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        server.lines(),
        [
            "POST /fhir/Patient/_search",
            "GET /fhir?_getpages=1",
            "GET /fhir/?_getpages=2",
            "GET /fhir/Patient?page=3"
        ]
    );

    // Another server stands ready, and hears nothing.
    let elsewhere = canned(vec![page("", "")]);
    let other = elsewhere.base.replace("/fhir", "");
    let (host, port) = other.rsplit_once(':').unwrap();
    for next in [
        format!("{other}/fhir?page=2"),
        format!("//{}/fhir?page=2", other.trim_start_matches("http://")),
        format!("{}:{port}/fhir?page=2", host.replace("127.0.0.1", "localhost")),
        "https://elsewhere.example/fhir?page=2".into(),
        "/other/fhir?page=2".into(),
        "/fhirs?page=2".into(),
        "/fhir/../other?page=2".into(),
        "file:///etc/hostname".into(),
        "http://a:b@127.0.0.1:1/fhir".into(),
    ] {
        let server = canned(vec![page(&next, &entry(&patient("b"))), page("", "")]);
        assert_eq!(record(&server).search("Patient", &[]).await, not_understood("next-link"), "{next}");
        assert_eq!(server.lines().len(), 1);
    }
    assert_eq!(elsewhere.lines(), [""; 0]);
    let server = canned(vec![answer("302 Found", &format!("Location: {other}/fhir\r\n"), "")]);
    assert_eq!(record(&server).read("Patient", "p").await, Err(PortError::Refused { code: "redirect" }));
    assert_eq!(elsewhere.lines(), [""; 0]);
}

#[tokio::test]
async fn pages_that_never_end_do() {
    // Itself as its next page.
    let server =
        serve(|stream, _| stream.write_all(page("/fhir?again", &entry(&patient("b"))).as_bytes()).is_ok());
    assert_eq!(record(&server).search("Patient", &[]).await, not_understood("paging-loop"));
    assert_eq!(server.lines().len(), 2);
    // Two in a circle.
    let server = serve(|stream, request| {
        let next = if request.contains("?a ") { "/fhir?b" } else { "/fhir?a" };
        stream.write_all(page(next, "").as_bytes()).is_ok()
    });
    assert_eq!(record(&server).search("Patient", &[]).await, not_understood("paging-loop"));
    // Always another one.
    let mut n = 0;
    let server = serve(move |stream, _| {
        n += 1;
        stream.write_all(page(&format!("/fhir?page={n}"), "").as_bytes()).is_ok()
    });
    assert_eq!(record(&server).search("Patient", &[]).await, not_understood("too-many-pages"));
    assert_eq!(server.lines().len(), 500);
    // More than is kept.
    let mut n = 0;
    let server = serve(move |stream, _| {
        n += 1;
        let big = format!(
            r#"{{"resourceType":"Patient","id":"p{n}","meta":{{"versionId":"1"}},"x":"{}"}}"#,
            "x".repeat(16 << 20)
        );
        stream.write_all(page(&format!("/fhir?page={n}"), &entry(&big)).as_bytes()).is_ok()
    });
    assert_eq!(record(&server).search("Patient", &[]).await, not_understood("too-much"));
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    // Its length is said.
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n";
    let server = canned(vec![format!("{head}Content-Length: 99999999999\r\n\r\n{{")]);
    assert_eq!(record(&server).read("Patient", "p").await, not_understood("answer-too-large"));
    // It is not said, and there is no end.
    let sent = Arc::new(Mutex::new(0usize));
    let count = sent.clone();
    let server = serve(move |stream, _| {
        let chunk = vec![b' '; 1 << 20];
        let _ =
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"Connection: close\r\n\r\n"));
        while stream.write_all(&chunk).is_ok() {
            *count.lock().unwrap() += chunk.len();
        }
        false
    });
    assert_eq!(record(&server).read("Patient", "p").await, not_understood("answer-too-large"));
    // What the system holds between the two ends is not ours.
    assert!(*sent.lock().unwrap() < 64 << 20);
    // Of a failure that never ends, nothing but its status is of use.
    let server = serve(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 403 No\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 12]).is_ok() {}
        false
    });
    assert_eq!(record(&server).read("Patient", "p").await, Err(PortError::Refused { code: "forbidden" }));
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_taken() {
    const OTHER: &str = "other-resource";
    let group = patient("p").replace("Patient", "Group");
    for wrong in [&group, &patient("q"), "{}", "[]", "7"] {
        let server = canned(vec![fhir("200 OK", wrong)]);
        assert_eq!(record(&server).read("Patient", "p").await, not_understood(OTHER), "{wrong}");
    }
    let typed = |mode: &str| format!(r#"{{"resource":{group},"search":{{"mode":"{mode}"}}}}"#);
    for wrong in [entry(&group), typed("match"), entry("{}"), entry("[]")] {
        let server = canned(vec![page("", &wrong)]);
        assert_eq!(record(&server).search("Patient", &[]).await, not_understood(OTHER), "{wrong}");
        let server = canned(vec![page("", &wrong)]);
        assert_eq!(record(&server).changes("Patient", None).await, not_understood(OTHER));
    }
    let server = canned(vec![page("", &entry(&patient("q")))]);
    assert_eq!(record(&server).history("Patient", "p").await, not_understood(OTHER));
    let server = canned(vec![fhir("200 OK", &patient("q"))]);
    assert_eq!(record(&server).update("Patient", "p", "1", &patient("p")).await, not_understood(OTHER));
    for (wrong, code) in [(patient("p"), "not-a-bundle"), ("{\"a\":1,\"a\":2}".into(), "not-json")] {
        let server = canned(vec![fhir("200 OK", &wrong), fhir("200 OK", &wrong)]);
        let record = record(&server);
        assert_eq!(record.search("Patient", &[]).await, not_understood(code));
        let bundle = r#"{"resourceType":"Bundle","type":"transaction"}"#;
        assert_eq!(record.transaction(bundle).await, not_understood(code));
    }
    let server = canned(vec![fhir("200 OK", "{}")]);
    assert_eq!(record(&server).capabilities().await, not_understood("no-capabilities"));
    let mut cut = fhir("200 OK", "x").into_bytes();
    *cut.last_mut().unwrap() = 0xff;
    let server = serve(move |stream, _| stream.write_all(&cut).is_ok());
    assert_eq!(record(&server).read("Patient", "p").await, not_understood("not-utf-8"));
    let deep = fhir("200 OK", &"[".repeat(100_000));
    let server = canned(vec![deep]);
    assert_eq!(record(&server).read("Patient", "p").await, not_understood("not-json"));
}

/// A patient as a server stamps it.
fn at(id: &str, time: &str) -> String {
    entry(&format!(
        r#"{{"resourceType":"Patient","id":"{id}","meta":{{"versionId":"1","lastUpdated":"{time}"}}}}"#
    ))
}

#[tokio::test]
async fn changes_are_asked_for_by_the_servers_clock() {
    let all = [at("a", "2019-03-01T10:00:00.000+01:00"), at("b", "2019-03-01T09:30:00.123Z")].join(",");
    let server = canned(vec![page("", &all), page("", ""), page("", ""), page("", "")]);
    let record = record(&server);
    let first = record.changes("Patient", None).await.unwrap();
    assert_eq!(first.cursor, "2019-03-01T09:30:00.123Z");
    assert_eq!(first.resources.len(), 2);
    let next = record.changes("Patient", Some(&first.cursor)).await.unwrap();
    let first = first.cursor;
    assert_eq!((next.cursor, next.resources.len()), (first.clone(), 0));
    let nothing = record.changes("Patient", None).await.unwrap();
    record.changes("Patient", Some(&nothing.cursor)).await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    let form = |n: usize| asked[n].rsplit("\r\n").next().unwrap().to_owned();
    assert_eq!(form(0), "_sort=_lastUpdated&_count=200");
    assert_eq!(form(1), "_sort=_lastUpdated&_lastUpdated=ge2019-03-01T09%3A29%3A00.123Z&_count=200");
    assert_eq!(form(3), form(0), "nothing was seen yet");

    let server = canned(vec![page("", ""), page("", "")]);
    let other = super::record(&server);
    other.changes_of("Patient", "Patient/7", None).await.unwrap();
    other.changes_of("Patient", "Patient/7", Some(&first)).await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    let form = |n: usize| asked[n].rsplit("\r\n").next().unwrap().to_owned();
    assert_eq!(form(0), "_sort=_lastUpdated&patient=Patient%2F7&_count=200");
    assert!(form(1).starts_with("_sort=_lastUpdated&patient=Patient%2F7&_lastUpdated=ge2019-03-01T09%3A29"));

    let wrong = record.changes("Patient", Some("yesterday")).await;
    assert_eq!(wrong, Err(PortError::Refused { code: "invalid-cursor" }));
    for unstamped in [entry(&patient("a")), at("a", "yesterday")] {
        let server = canned(vec![page("", &unstamped)]);
        let changes = super::record(&server).changes("Patient", None).await;
        assert_eq!(changes, not_understood("no-last-updated"));
    }
}

#[tokio::test]
async fn what_is_too_much_for_one_call_comes_in_parts() {
    // A minute of changes that is longer than one call tells of: sixty pages, one second apart.
    let pages = |order: fn(u32) -> u32| {
        move |stream: &mut TcpStream, request: &str| {
            let n: u32 = request
                .split("page=")
                .nth(1)
                .map_or(0, |rest| rest.split(' ').next().unwrap().parse().unwrap());
            let n = if request.contains("ge2019-03-01T10%3A00%3A49") { 49 } else { n };
            let next = if n < 59 { format!("/fhir?page={}", n + 1) } else { String::new() };
            let text = page(&next, &at(&format!("p{n}"), &format!("2019-03-01T10:00:{:02}Z", order(n))));
            stream.write_all(text.as_bytes()).is_ok()
        }
    };
    let server = serve(pages(|n| n));
    let record = record(&server);
    let first = record.changes("Patient", None).await.unwrap();
    assert_eq!((first.resources.len(), first.cursor.as_str()), (50, "2019-03-01T10:00:49.000Z+"));
    let rest = record.changes("Patient", Some(&first.cursor)).await.unwrap();
    assert_eq!((rest.resources.len(), rest.cursor.as_str()), (11, "2019-03-01T10:00:59.000Z"));
    // The overlap alone can be more than a part: it goes on behind the part.
    let within = record.changes("Patient", Some("2019-03-01T10:00:59.000Z")).await.unwrap();
    assert_eq!((within.resources.len(), within.cursor.as_str()), (50, "2019-03-01T10:00:49.000Z+"));
    // Without an order, a part could leave out what is older.
    let server = serve(pages(|n| 59 - n));
    let record = super::record(&server);
    let since = Some("2019-03-01T10:00:00.000Z");
    assert_eq!(record.changes("Patient", since).await, not_understood("too-many-pages"));
    // Where all is of one moment, no part can be behind another.
    let server = serve(pages(|_| 0));
    let record = super::record(&server);
    let part = record.changes("Patient", since).await.unwrap();
    assert_eq!(part.cursor, "2019-03-01T10:00:00.000Z+");
    assert_eq!(record.changes("Patient", Some(&part.cursor)).await, not_understood("too-many-pages"));
}

#[tokio::test]
async fn what_is_too_large_for_one_call_comes_in_parts() {
    // Eight pages of 16 MiB: more than is kept of one answer.
    let server = serve(|stream, request| {
        let n: u32 =
            request.split("page=").nth(1).map_or(0, |rest| rest.split(' ').next().unwrap().parse().unwrap());
        let since = request.split("_lastUpdated=ge2019-03-01T10%3A00%3A0").nth(1);
        let n = since.map_or(n, |rest| rest[..1].parse().unwrap());
        let next = if n < 7 { format!("/fhir?page={}", n + 1) } else { String::new() };
        let big = at(&format!("p{n}"), &format!("2019-03-01T10:00:0{n}Z")).replacen(
            "\"meta\"",
            &format!("\"x\":\"{}\",\"meta\"", "x".repeat(16 << 20)),
            1,
        );
        stream.write_all(page(&next, &big).as_bytes()).is_ok()
    });
    let record = record(&server);
    let (mut cursor, mut found) = (None, std::collections::BTreeSet::new());
    for _ in 0..8 {
        let part = record.changes("Patient", cursor.as_deref()).await.unwrap();
        found.extend(part.resources.into_iter().map(|one| one.id));
        let is_last = !part.cursor.ends_with('+');
        cursor = Some(part.cursor);
        if is_last {
            break;
        }
    }
    assert_eq!((found.len(), cursor.as_deref()), (8, Some("2019-03-01T10:00:07.000Z")));
}
