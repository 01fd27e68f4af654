//! Over a bad network each resource is there once, and its last state is right.

use std::time::Duration;

use caseline::fhir::{FixedToken, RestRecord};
use caseline::ports::{CareRecord, PortError, Stored};
use caseline_record_tests::{Fault, Proxy, Request};
use futures_util::future::join_all;

use crate::{hapi, unique};

const SYSTEM: &str = "urn:caseline:faults";

/// A dice that rolls the same each time it begins with the same number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Half of all requests meet a fault.
    fn fault(&mut self) -> Option<Fault> {
        Some(match self.roll(20) {
            0 => Fault::LoseRequest,
            // Longer than the first wait, so that it comes after the next attempt.
            1 => Fault::Late(Duration::from_millis(900)),
            2 => Fault::LoseAnswer,
            // Longer than an exchange may take.
            3 => Fault::Slow(Duration::from_millis(2_500)),
            4 => Fault::Truncate,
            5 => Fault::Refuse(429, Some(0)),
            6 => Fault::Refuse(503, Some(1)),
            7 => Fault::Deny(503),
            8 => Fault::Deny(500),
            9 => Fault::Deny(502),
            _ => return None,
        })
    }
}

/// A record behind a proxy, impatient enough for a test.
fn over(proxy: &Proxy) -> RestRecord {
    RestRecord::builder(&proxy.url())
        .timeout(Duration::from_secs(2))
        .patience(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// What the queue above does: asks until there is an outcome that counts.
async fn until<T, F: AsyncFnMut() -> Result<T, PortError>>(mut ask: F) -> Result<T, PortError> {
    for _ in 0..50 {
        match ask().await {
            Err(PortError::Unavailable { .. }) => {}
            outcome => return outcome,
        }
    }
    panic!("no outcome");
}

fn text(value: &str, step: usize) -> String {
    format!(
        r#"{{"resourceType":"Communication","identifier":[{{"system":"{SYSTEM}","value":"{value}"}}],"status":"completed","payload":[{{"contentString":"{step}"}}]}}"#
    )
}

/// Creates a resource and changes it a few times, each change on what is there.
async fn write(record: &RestRecord, value: &str, steps: usize) -> Stored {
    let token = format!("{SYSTEM}|{value}");
    let condition = [("identifier", token.as_str())];
    let made = until(async || record.create("Communication", &text(value, 0), &condition).await).await;
    let mut now = made.unwrap().stored;
    for step in 1..=steps {
        let wanted = text(value, step);
        now = loop {
            let base = now.clone();
            let update = async || record.update("Communication", &base.id, &base.version, &wanted).await;
            match until(update).await {
                Ok(stored) => break stored,
                // An earlier attempt of ours that came late.
                Err(PortError::Conflict) => {
                    now = until(async || record.read("Communication", &base.id).await).await.unwrap();
                }
                Err(error) => panic!("{error:?}"),
            }
        };
    }
    now
}

#[tokio::test(flavor = "multi_thread")]
async fn under_random_faults_each_resource_is_there_once_and_says_the_last() {
    const STEPS: usize = 3;
    let server = hapi().await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        let proxy = Proxy::start(server.url(), move |_: &Request| dice.fault()).unwrap();
        let record = over(&proxy);
        let values: Vec<String> = (0..8).map(|n| unique(&format!("{seed}-{n}"))).collect();
        let written = join_all(values.iter().map(|value| write(&record, value, STEPS))).await;
        proxy.settle();
        let requests = proxy.seen().len();
        assert!(requests > 8 * (STEPS + 1), "{requests} requests: some met a fault");
        for (value, last) in values.iter().zip(written) {
            let token = format!("{SYSTEM}|{value}");
            let found = direct.search("Communication", &[("identifier", &token)]).await.unwrap();
            assert_eq!(found.len(), 1, "seed {seed}: {value}");
            assert_eq!(found[0].id, last.id);
            assert!(found[0].json.contains(&format!("\"{STEPS}\"")), "seed {seed}: {}", found[0].json);
            let history = direct.history("Communication", &last.id).await.unwrap();
            assert_eq!(history.len(), STEPS + 1, "seed {seed}: no change was made twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_over_a_bad_network_makes_each_resource_once() {
    let server = hapi().await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    let mut dice = Dice(7);
    let proxy = Proxy::start(server.url(), move |_: &Request| dice.fault()).unwrap();
    let record = over(&proxy);
    let value = unique("bundle");
    let entry = |n: usize| {
        format!(
            r#"{{"resource":{},"request":{{"method":"POST","url":"Communication","ifNoneExist":"identifier={SYSTEM}|{value}-{n}"}}}}"#,
            text(&format!("{value}-{n}"), n)
        )
    };
    let entries: Vec<String> = (0..5).map(entry).collect();
    let bundle =
        format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","));
    for _ in 0..6 {
        until(async || record.transaction(&bundle).await).await.unwrap();
    }
    proxy.settle();
    for n in 0..5 {
        let token = format!("{SYSTEM}|{value}-{n}");
        assert_eq!(direct.search("Communication", &[("identifier", &token)]).await.unwrap().len(), 1);
    }
}

/// A team that is changed together with a person who is new in it.
fn together(value: &str, id: &str, version: &str, name: &str) -> String {
    let person = format!(
        r#"{{"resourceType":"Practitioner","identifier":[{{"system":"{SYSTEM}","value":"{value}"}}]}}"#
    );
    let member = r#"{"member":{"reference":"urn:uuid:0d6f3f0e-6b3f-4f4e-9f6a-0a4f6d3c2b1a"}}"#;
    let team = format!(
        r#"{{"resourceType":"CareTeam","id":"{id}","status":"active","name":"{name}","participant":[{member}]}}"#
    );
    format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"urn:uuid:0d6f3f0e-6b3f-4f4e-9f6a-0a4f6d3c2b1a","resource":{person},
          "request":{{"method":"POST","url":"Practitioner","ifNoneExist":"identifier={SYSTEM}|{value}"}}}},
        {{"resource":{team},"request":{{"method":"PUT","url":"CareTeam/{id}","ifMatch":"W/\"{version}\""}}}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_changes_something_and_whose_answer_was_lost_is_done() {
    let server = hapi().await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    for fault in [Fault::LoseAnswer, Fault::Truncate, Fault::Deny(500), Fault::Deny(503)] {
        let team = r#"{"resourceType":"CareTeam","status":"active"}"#;
        let team = direct.create("CareTeam", team, &[]).await.unwrap().stored;
        let mut first = Some(fault.clone());
        let proxy = Proxy::start(server.url(), move |_: &Request| first.take()).unwrap();
        let record = over(&proxy);
        let value = unique("together");
        let ours = together(&value, &team.id, &team.version, "ours");
        record.transaction(&ours).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(proxy.seen().len(), 4, "{fault:?}: sent twice, then looked: {:?}", proxy.seen());
        let token = format!("{SYSTEM}|{value}");
        let found = direct.search("Practitioner", &[("identifier", &token)]).await.unwrap();
        assert_eq!(found.len(), 1, "{fault:?}");
        assert_eq!(direct.history("CareTeam", &team.id).await.unwrap().len(), 2, "{fault:?}");

        // Another one's change is not written over, and nothing of this transaction is there.
        let other = unique("together");
        let late = together(&other, &team.id, &team.version, "late");
        assert_eq!(record.transaction(&late).await, Err(PortError::Conflict), "{fault:?}");
        let token = format!("{SYSTEM}|{other}");
        assert_eq!(direct.search("Practitioner", &[("identifier", &token)]).await.unwrap(), []);
        assert!(direct.read("CareTeam", &team.id).await.unwrap().json.contains("ours"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_a_condition_is_never_there_twice() {
    let server = hapi().await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    for (fault, made) in [
        (Fault::LoseRequest, 0),
        (Fault::Late(Duration::from_millis(300)), 1),
        (Fault::LoseAnswer, 1),
        (Fault::Slow(Duration::from_millis(2_500)), 1),
        (Fault::Truncate, 1),
        (Fault::Deny(500), 1),
        (Fault::Deny(503), 1),
        (Fault::Refuse(503, Some(0)), 0),
    ] {
        let fault_of_all = fault.clone();
        let proxy = Proxy::start(server.url(), move |_: &Request| Some(fault_of_all.clone())).unwrap();
        let value = unique("once");
        let error = over(&proxy).create("Communication", &text(&value, 0), &[]).await.unwrap_err();
        assert!(matches!(error, PortError::Unavailable { .. }), "{fault:?}: {error:?}");
        proxy.settle();
        assert_eq!(proxy.seen().len(), 1, "{fault:?}");
        let token = format!("{SYSTEM}|{value}");
        let found = direct.search("Communication", &[("identifier", &token)]).await.unwrap();
        assert_eq!(found.len(), made, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_over_a_bad_network_lose_no_update() {
    let server = hapi().await;
    let direct = RestRecord::new(server.url(), FixedToken::none()).unwrap();
    let team = direct.create("CareTeam", r#"{"resourceType":"CareTeam","status":"active"}"#, &[]).await;
    let team = team.unwrap().stored;
    let mut dice = Dice(11);
    let proxy = Proxy::start(server.url(), move |_: &Request| dice.fault()).unwrap();
    let record = over(&proxy);
    let add = async |n: usize| {
        for _ in 0..200 {
            let now = until(async || record.read("CareTeam", &team.id).await).await.unwrap();
            if now.json.contains(&format!("writer {n}\"")) {
                return;
            }
            let mut json: serde_json::Value = serde_json::from_str(&now.json).unwrap();
            let one = serde_json::json!({ "member": { "display": format!("writer {n}") } });
            match json["participant"].as_array_mut() {
                Some(all) => all.push(one),
                None => json["participant"] = serde_json::json!([one]),
            }
            let text = json.to_string();
            match until(async || record.update("CareTeam", &team.id, &now.version, &text).await).await {
                Ok(_) => return,
                Err(PortError::Conflict) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("writer {n} never had its turn");
    };
    join_all((0..8).map(add)).await;
    proxy.settle();
    let now = direct.read("CareTeam", &team.id).await.unwrap();
    for n in 0..8 {
        assert_eq!(now.json.matches(&format!("writer {n}\"")).count(), 1, "{}", now.json);
    }
    assert_eq!(direct.history("CareTeam", &team.id).await.unwrap().len(), 9);
}
