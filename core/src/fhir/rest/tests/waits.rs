//! What is tried again, after how long, and what never is.

use super::*;

const NO_TOKEN: fn() -> FixedToken = FixedToken::none;
const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"2"},"active":true}"#;
const NONE: &str = r#"{"resourceType":"Bundle","type":"searchset"}"#;
const CONDITION: [Param<'static>; 1] = [("identifier", "urn:x|1")];

fn unavailable(code: &'static str, seconds: Option<u64>) -> PortError {
    PortError::Unavailable { code, retry_after: seconds.map(Duration::from_secs) }
}

fn later(status: &str, seconds: &str) -> String {
    answer(status, &format!("Retry-After: {seconds}\r\n"), "")
}

fn list(patient: &str) -> String {
    fhir("200 OK", &format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{patient}}}]}}"#))
}

/// The connection ends without a word.
fn lost() -> String {
    String::new()
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_waited_for() {
    let dated = answer(
        "429 Later",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:48 GMT\r\n",
        "",
    );
    let server =
        canned(vec![later("503 Later", "7"), dated, later("503 Later", "0"), fhir("200 OK", PATIENT)]);
    let (record, waits) = timed(&server, NO_TOKEN());
    record.read("Patient", "p").await.unwrap();
    assert_eq!(waits.seconds(), [7, 11, 0]);

    // Longer than a call waits: whoever called comes back then.
    let server = canned(vec![later("503 Later", "31")]);
    let (record, waits) = timed(&server, NO_TOKEN());
    let error = record.read("Patient", "p").await.unwrap_err();
    assert_eq!((error, waits.seconds()), (unavailable("http-503", Some(31)), vec![]));
}

#[tokio::test]
async fn a_server_that_fails_is_asked_a_few_times_ever_later() {
    let server = canned((0..9).map(|_| fhir("500 Oops", "")).collect());
    let (record, waits) = timed(&server, NO_TOKEN());
    assert_eq!(record.read("Patient", "p").await.unwrap_err(), unavailable("http-500", None));
    assert_eq!(server.lines().len(), 5);
    let waited = waits.waited.lock().unwrap().clone();
    for (wait, longest) in waited.iter().zip([250, 500, 1_000, 2_000]) {
        let longest = Duration::from_millis(longest);
        assert!(*wait >= longest / 2 && *wait <= longest, "{wait:?}");
    }
    // All that one call may spend is spent.
    let server = canned((0..9).map(|_| later("503 Later", "30")).collect());
    let waits = Waits::new();
    let mut record = RestRecord::builder(&server.base).patience(Duration::from_secs(70)).build().unwrap();
    record.http = record.http.with_time(waits.clone());
    assert_eq!(record.read("Patient", "p").await.unwrap_err(), unavailable("http-503", Some(30)));
    assert_eq!(waits.seconds(), [30, 30]);
}

#[tokio::test]
async fn a_search_a_history_and_the_capabilities_are_asked_again() {
    let statement = r#"{"resourceType":"CapabilityStatement","rest":[{"mode":"server","resource":[{"type":"Patient","interaction":[{"code":"read"}]}]}]}"#;
    let again = |last: String| vec![fhir("502 Oops", ""), lost(), last];
    let server =
        canned([again(list(PATIENT)), again(list(PATIENT)), again(fhir("200 OK", statement))].concat());
    let (record, waits) = timed(&server, NO_TOKEN());
    assert_eq!(record.search("Patient", &[]).await.unwrap().len(), 1);
    assert_eq!(record.history("Patient", "p").await.unwrap().len(), 1);
    let takes = record.capabilities().await.unwrap();
    assert!(takes.takes("Patient", crate::ports::Interaction::Read) && !takes.keeps("Patient"));
    // Believed for some hours, then asked again.
    assert_eq!(record.capabilities().await.unwrap(), takes);
    assert_eq!(server.lines().len(), 9);
    waits.waited.lock().unwrap().push(Duration::from_hours(7));
    assert!(record.capabilities().await.is_err(), "nobody answers any more");
}

#[tokio::test]
async fn a_create_without_a_condition_is_sent_again_only_if_nothing_was_done() {
    for failed in
        [lost(), fhir("500 Oops", ""), fhir("503 Later", ""), fhir("408 Slow", ""), "HTTP/1.1 201".into()]
    {
        let server = canned(vec![failed, fhir("201 Created", PATIENT)]);
        let error = timed(&server, NO_TOKEN()).0.create("Patient", PATIENT, &[]).await.unwrap_err();
        assert!(matches!(error, PortError::Unavailable { .. }), "{error:?}");
        assert_eq!(server.lines().len(), 1);
    }
    let server = canned(vec![later("429 Later", "3"), fhir("201 Created", PATIENT)]);
    assert!(timed(&server, NO_TOKEN()).0.create("Patient", PATIENT, &[]).await.unwrap().created);
}

#[tokio::test]
async fn a_conditional_create_looks_before_it_is_sent_again() {
    let (post, look) = ("POST /fhir/Patient", "POST /fhir/Patient/_search");
    for failed in [lost(), fhir("500 Oops", ""), fhir("503 Later", ""), later("504 Slow", "1")] {
        // It was done.
        let server = canned(vec![failed.clone(), list(PATIENT)]);
        let (record, _) = timed(&server, NO_TOKEN());
        let made = record.create("Patient", PATIENT, &CONDITION).await.unwrap();
        assert_eq!((made.stored.id.as_str(), made.created), ("p", false));
        assert_eq!(server.lines(), [post, look]);
        // It was not.
        let server = canned(vec![failed.clone(), fhir("200 OK", NONE), fhir("201 Created", PATIENT)]);
        let (record, _) = timed(&server, NO_TOKEN());
        assert!(record.create("Patient", PATIENT, &CONDITION).await.unwrap().created);
        assert_eq!(server.lines(), [post, look, post]);
        // Two are there.
        let two = format!(
            r#"{{"resourceType":"Bundle","entry":[{{"resource":{PATIENT}}},{{"resource":{}}}]}}"#,
            PATIENT.replace("\"p\"", "\"q\"")
        );
        let server = canned(vec![failed, fhir("200 OK", &two)]);
        let (record, _) = timed(&server, NO_TOKEN());
        assert_eq!(record.create("Patient", PATIENT, &CONDITION).await, Err(PortError::Conflict));
    }
    let server = canned(vec![later("429 Later", "3"), fhir("201 Created", PATIENT)]);
    let (record, _) = timed(&server, NO_TOKEN());
    assert!(record.create("Patient", PATIENT, &CONDITION).await.unwrap().created);
    assert_eq!(server.lines(), [post, post], "nothing was done: there is nothing to look for");
}

#[tokio::test]
async fn a_race_that_is_lost_for_ever_is_a_conflict() {
    let server = canned((0..5).flat_map(|_| [fhir("409 Conflict", ""), fhir("200 OK", NONE)]).collect());
    let (record, _) = timed(&server, NO_TOKEN());
    assert_eq!(record.create("Patient", PATIENT, &CONDITION).await, Err(PortError::Conflict));
    assert_eq!(server.lines().len(), 10);
}

#[tokio::test]
async fn an_update_whose_change_is_there_already_is_done() {
    let ours = r#"{"active":true,"resourceType":"Patient","meta":{"versionId":"1","lastUpdated":"x"}}"#;
    let theirs = PATIENT.replace("true", "false");
    for failed in [vec![lost()], vec![fhir("500 Oops", ""), fhir("503 Later", "")], vec![]] {
        for status in ["409 Conflict", "412 Changed"] {
            let answers = |now: &str| [failed.clone(), vec![fhir(status, ""), fhir("200 OK", now)]].concat();
            let server = canned(answers(PATIENT));
            let (record, _) = timed(&server, NO_TOKEN());
            assert_eq!(record.update("Patient", "p", "1", ours).await.unwrap().version, "2");
            let asked = server.asked.lock().unwrap().clone();
            let (read, puts) = asked.split_last().unwrap();
            assert!(read.starts_with("GET /fhir/Patient/p "));
            assert!(puts.iter().all(|put| put.contains("if-match: W/\"1\"\r\n")));

            let server = canned(answers(&theirs));
            let (record, _) = timed(&server, NO_TOKEN());
            assert_eq!(record.update("Patient", "p", "1", ours).await, Err(PortError::Conflict));
        }
    }
}

#[tokio::test]
async fn a_transaction_is_sent_again_where_every_entry_names_its_condition() {
    let entry = |request: &str| format!(r#"{{"resource":{PATIENT},"request":{{{request}}}}}"#);
    let bundle = |entries: &[String]| {
        format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
    };
    let safe = [
        entry(r#""method":"POST","url":"Patient","ifNoneExist":"identifier=x""#),
        entry(r#""method":"PUT","url":"Patient/p","ifMatch":"W/\"1\"""#),
    ];
    let done =
        r#"{"resourceType":"Bundle","entry":[{"response":{"status":"201"}},{"response":{"status":"200"}}]}"#;
    let before = fhir("200 OK", &PATIENT.replace("\"2\"", "\"1\""));
    let failed = [lost(), fhir("503 Later", ""), fhir("409 Conflict", ""), before];
    let server = canned([failed.to_vec(), vec![fhir("200 OK", done), fhir("200 OK", PATIENT)]].concat());
    let (record, _) = timed(&server, NO_TOKEN());
    assert_eq!(record.transaction(&bundle(&safe)).await.unwrap(), 1);
    for unsafe_one in [
        r#""method":"POST","url":"Patient""#,
        r#""method":"POST","url":"Patient","ifNoneExist":"""#,
        r#""method":"PUT","url":"Patient/p""#,
        r#""method":"DELETE","url":"Patient/p""#,
    ] {
        let server = canned(vec![lost(), fhir("200 OK", done)]);
        let (record, _) = timed(&server, NO_TOKEN());
        let entries = [safe.to_vec(), vec![entry(unsafe_one)]].concat();
        assert!(matches!(record.transaction(&bundle(&entries)).await, Err(PortError::Unavailable { .. })));
        assert_eq!(server.lines().len(), 1);
    }
}

/// Tokens that the host gives, and how often it was asked.
fn host(tokens: &[&str]) -> (HostToken, Arc<Mutex<usize>>) {
    let asked = Arc::new(Mutex::new(0));
    let (count, tokens) = (asked.clone(), tokens.iter().map(ToString::to_string).collect::<Vec<_>>());
    let ask = move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        let token = tokens.get(*count - 1).cloned();
        async move { token }
    };
    (HostToken::new(ask), asked)
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let refused = || fhir("401 Unauthorized", "");
    let (tokens, asked) = host(&["one", "two"]);
    let server = canned(vec![refused(), fhir("201 Created", PATIENT), fhir("200 OK", PATIENT)]);
    let (record, _) = timed(&server, tokens);
    record.create("Patient", PATIENT, &[]).await.unwrap();
    record.read("Patient", "p").await.unwrap();
    let sent: Vec<String> = {
        let all = server.asked.lock().unwrap();
        all.iter().map(|one| one.split("authorization: ").nth(1).unwrap()[..10].to_owned()).collect()
    };
    assert_eq!(sent, ["Bearer one", "Bearer two", "Bearer two"]);
    assert_eq!(*asked.lock().unwrap(), 2);

    for tokens in [&["one", "two", "three"][..], &["one", "one"], &["one"], &[]] {
        let (tokens, _) = host(tokens);
        let server = canned(vec![refused(), refused(), fhir("200 OK", PATIENT)]);
        let (record, _) = timed(&server, tokens);
        assert_eq!(record.read("Patient", "p").await, Err(PortError::SignedOut));
    }
    let server = canned(vec![refused(), fhir("200 OK", PATIENT)]);
    let (record, _) = timed(&server, FixedToken::new("fixed".into()));
    assert_eq!(record.read("Patient", "p").await, Err(PortError::SignedOut), "there is no other");
}

#[tokio::test]
async fn many_requests_ask_the_host_once() {
    let (tokens, asked) = host(&["one", "two"]);
    let tokens = Arc::new(tokens);
    let first = futures_util::future::join_all((0..9).map(|_| tokens.token())).await;
    assert!(first.iter().all(|token| token.as_ref().unwrap().as_ref().unwrap().as_str() == "one"));
    let next = futures_util::future::join_all((0..9).map(|_| tokens.refresh("one"))).await;
    assert!(next.iter().all(|token| token.as_ref().unwrap().as_ref().unwrap().as_str() == "two"));
    assert_eq!(*asked.lock().unwrap(), 2);
    assert_eq!(format!("{tokens:?} {:?}", FixedToken::new("one".into())), "HostToken(…) FixedToken(…)");
}

#[tokio::test]
async fn a_host_that_waits_for_its_user_is_asked_once_and_holds_up_nobody_for_long() {
    let (answer, user) = tokio::sync::watch::channel(None::<String>);
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let tokens = HostToken::new(move || {
        *count.lock().unwrap() += 1;
        let mut user = user.clone();
        async move { user.wait_for(Option::is_some).await.unwrap().clone() }
    });
    let server = canned(vec![fhir("200 OK", PATIENT)]);
    let record =
        RestRecord::builder(&server.base).tokens(tokens).timeout(Duration::from_millis(50)).build().unwrap();
    let asking = || async { record.read("Patient", "p").await.map(drop) };
    let waited =
        tokio::time::timeout(Duration::from_secs(20), futures_util::future::join(asking(), asking()));
    assert_eq!(waited.await.expect("it gives up"), (Err(PortError::SignedOut), Err(PortError::SignedOut)));
    assert!(server.lines().is_empty());
    answer.send_replace(Some("theirs".into()));
    asking().await.unwrap();
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[tokio::test]
async fn whoever_waits_for_the_capabilities_fails_together() {
    let server = canned((0..99).map(|_| fhir("500 Oops", "")).collect());
    let (record, waits) = timed(&server, NO_TOKEN());
    let all = futures_util::future::join_all((0..8).map(|_| record.capabilities())).await;
    assert!(all.iter().all(|outcome| *outcome == Err(unavailable("http-500", None))), "{all:?}");
    assert_eq!(server.lines().len(), 5, "asked as often as for one");
    waits.waited.lock().unwrap().push(Duration::from_secs(11));
    assert!(record.capabilities().await.is_err());
    assert_eq!(server.lines().len(), 10);
}

#[tokio::test]
async fn a_token_is_forgotten_when_the_host_says_so() {
    let (tokens, asked) = host(&["one", "two", "three"]);
    let server = canned((0..4).map(|_| fhir("200 OK", PATIENT)).collect());
    let (record, _) = timed(&server, Arc::new(tokens));
    for (n, token) in ["one", "one", "two", "two"].into_iter().enumerate() {
        if n == 2 {
            record.forget_sign_in();
        }
        record.read("Patient", "p").await.unwrap();
        let sent = server.asked.lock().unwrap()[n].clone();
        assert!(sent.contains(&format!("Bearer {token}")), "{n}: not the token of who was signed in before");
    }
    assert_eq!(*asked.lock().unwrap(), 2);

    // Forgotten while the host was being asked: what it says then is used for those who asked, and no longer.
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let (told, count) = (Arc::new(Mutex::new(Some(told))), Arc::new(Mutex::new(0)));
    let tokens = HostToken::new(move || {
        *count.lock().unwrap() += 1;
        let (wait, n) = (told.lock().unwrap().take(), *count.lock().unwrap());
        async move {
            if let Some(wait) = wait {
                let _ = wait.await;
            }
            Some(format!("{n}"))
        }
    });
    let mut first = tokens.token();
    assert!(futures_util::poll!(&mut first).is_pending());
    tokens.forget();
    tell.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap().as_str(), "1");
    assert_eq!(tokens.token().await.unwrap().unwrap().as_str(), "2");
}
