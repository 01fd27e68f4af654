//! Signed in as a system, by an authorization server that believes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use caseline::Error;
use caseline::fhir::{BackendServices, RestRecord, Scopes, SigningKeys, TokenSource};
use caseline::ports::{CareRecord, Clock, PortError};
use caseline_record_tests::{
    AuthorizationServer, Fault, Proxy, Right, ec_key, key_set, public_half, rsa_key,
};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::hapi;

const CLIENT: &str = "caseline-keeper";

/// A clock that both sides look at, and that goes when it is told to.
#[derive(Clone)]
pub(crate) struct OneClock(Arc<AtomicI64>);

impl OneClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_900_000_000)))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for OneClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds()).unwrap()
    }
}

/// An authorization server, and in front of a FHIR server a gate that lets in who has its token.
pub(crate) struct World {
    pub(crate) clock: OneClock,
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) gate: Proxy,
}

fn scopes() -> Scopes {
    let few = Scopes::none().with("Communication", "crus").unwrap();
    few.with("CareTeam", "rs").unwrap()
}

pub(crate) fn world(keys: &[Value], fhir: &str) -> World {
    let clock = OneClock::new();
    let public: Vec<Value> = keys.iter().map(public_half).collect();
    let now = clock.clone();
    let server =
        AuthorizationServer::start(CLIENT, &key_set(&public), &scopes().text(), move || now.seconds())
            .unwrap();
    let server = Arc::new(server);
    let auth = server.clone();
    let gate = Proxy::start(fhir, move |request| {
        if request.path().ends_with("/.well-known/smart-configuration") {
            assert_eq!(request.bearer(), None, "nothing secret is needed here");
            return Some(Fault::json(&auth.configuration()));
        }
        auth.refuses(request.bearer(), &Right::of(request)).map(|status| Fault::Refuse(status, None))
    });
    World { clock, server, gate: gate.unwrap() }
}

impl World {
    pub(crate) fn system(&self, keys: SigningKeys) -> Arc<BackendServices> {
        let builder = BackendServices::builder(&self.gate.url(), CLIENT, keys);
        Arc::new(builder.scopes(scopes()).clock(Arc::new(self.clock.clone())).build().unwrap())
    }

    fn grants(&self) -> usize {
        self.server.said().iter().filter(|said| *said == "granted").count()
    }
}

/// Nobody listens there: the token endpoint is all that is asked.
const NOWHERE: &str = "http://127.0.0.1:9/fhir";

fn claims(assertion: &str) -> Value {
    let part = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_reads_and_writes_with_tokens_that_come_and_go() {
    let hapi = hapi().await;
    for key in [rsa_key("r"), ec_key("e")] {
        let world = world(std::slice::from_ref(&key), hapi.url());
        let system = world.system(SigningKeys::text(key_set(&[key])));
        let record = RestRecord::new(&world.gate.url(), system.clone()).unwrap();
        let text = r#"{"resourceType":"Communication","status":"completed"}"#;
        let made = record.create("Communication", text, &[]).await.unwrap().stored;
        for _ in 0..5 {
            assert_eq!(record.read("Communication", &made.id).await.unwrap(), made);
        }
        assert_eq!(world.server.said(), ["granted"], "kept while it is good");

        // Replaced before its end, and never used after it.
        world.clock.pass(239);
        record.read("Communication", &made.id).await.unwrap();
        assert_eq!(world.grants(), 1);
        world.clock.pass(2);
        record.read("Communication", &made.id).await.unwrap();
        assert_eq!(world.grants(), 2, "a minute before its end");

        // Taken back: asked for once, however many find that out.
        world.server.revoke();
        let all = join_all((0..8).map(|_| record.read("Communication", &made.id))).await;
        assert!(all.into_iter().all(|read| read.is_ok()));
        assert_eq!(world.grants(), 3);

        // What was not asked for is not allowed.
        let forbidden = Err(PortError::Refused { code: "forbidden" });
        assert_eq!(record.read("Patient", "p").await, forbidden);
        assert!(record.search("CareTeam", &[("_id", "none")]).await.unwrap().is_empty());
        let team = r#"{"resourceType":"CareTeam"}"#;
        assert_eq!(
            record.create("CareTeam", team, &[]).await.map(|_| ()),
            Err(PortError::Refused { code: "forbidden" })
        );
        let jtis: BTreeSet<String> =
            world.server.assertions().iter().map(|one| claims(one)["jti"].to_string()).collect();
        assert_eq!(jtis.len(), 3);
        for assertion in world.server.assertions() {
            let claims = claims(&assertion);
            let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert!(life > 0 && life <= 300);
            assert_eq!((claims["iss"].as_str(), &claims["sub"]), (Some(CLIENT), &claims["iss"]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_algorithms_are_believed_and_many_ask_once() {
    for (key, algorithm) in [(rsa_key("r"), "RS384"), (ec_key("e"), "ES384")] {
        let world = world(std::slice::from_ref(&key), NOWHERE);
        let system = world.system(SigningKeys::text(key_set(&[key])));
        let tokens = join_all((0..20).map(|_| system.token())).await;
        let first = tokens[0].clone().unwrap().unwrap();
        assert!(tokens.iter().all(|token| token.as_ref().unwrap().as_ref() == Some(&first)));
        assert_eq!(world.server.said(), ["granted"]);
        assert_eq!(world.server.algorithms(), [algorithm]);
        assert_eq!(format!("{system:?}"), "BackendServices(…)");

        // The server does not believe all that it is told: the same again, another's words under our signature.
        let assertion = world.server.assertions().pop().unwrap();
        assert_eq!(world.server.replay(&assertion).unwrap(), "invalid_client: used before");
        let mut parts: Vec<&str> = assertion.split('.').collect();
        let mut claims = claims(&assertion);
        claims["jti"] = json!("another-id-of-good-length");
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        parts[1] = &claims;
        let said = world.server.replay(&parts.join(".")).unwrap();
        assert_eq!(said, "invalid_client: a wrong signature, issuer or audience");
        assert_eq!(world.grants(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_changed_by_changing_their_file() {
    let (old, new) = (rsa_key("old"), ec_key("new"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let put = |keys: &[Value]| std::fs::write(&file, key_set(keys)).unwrap();
    put(std::slice::from_ref(&old));
    let world = world(std::slice::from_ref(&old), NOWHERE);
    let system = world.system(SigningKeys::file(&file));
    let next = async || {
        world.clock.pass(600);
        system.token().await
    };
    next().await.unwrap();

    // The new one is there first, and the server has not read it yet: the old one still opens.
    put(&[new.clone(), old.clone()]);
    next().await.unwrap();
    assert_eq!(world.server.said(), ["granted", "invalid_client: an unknown kid", "granted"]);
    // It has read what we publish.
    world.server.register(&SigningKeys::file(&file).public().unwrap());
    next().await.unwrap();
    assert_eq!(world.server.algorithms(), ["ES384", "RS384"]);
    // The old one is gone, here and there.
    put(std::slice::from_ref(&new));
    world.server.register(&SigningKeys::file(&file).public().unwrap());
    next().await.unwrap();
    // Half written, or away: the last ones are used.
    std::fs::write(&file, "{\"keys\":[{").unwrap();
    next().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    next().await.unwrap();
    assert_eq!(world.grants(), 6);
    // Nobody knows us any more.
    world.server.register(&key_set(&[]));
    assert_eq!(next().await.unwrap_err(), PortError::SignedOut);
    // And again.
    put(std::slice::from_ref(&old));
    world.server.register(&key_set(&[public_half(&old)]));
    next().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_public() {
    let (rsa, ec) = (rsa_key("r"), ec_key("e"));
    let mut other_use = ec_key("enc");
    other_use["use"] = json!("enc");
    let mut nameless = ec_key("x");
    nameless.as_object_mut().unwrap().remove("kid");
    let mut other_curve = ec_key("p256");
    other_curve["crv"] = json!("P-256");
    let mut mixed = ec_key("mixed");
    mixed["x"] = ec_key("other")["x"].clone();
    let mut broken = rsa_key("broken");
    broken["d"] = rsa["d"].clone();
    let keys = [
        other_use,
        nameless,
        other_curve,
        mixed,
        broken,
        public_half(&ec),
        json!({}),
        rsa.clone(),
        ec.clone(),
    ];
    let published = SigningKeys::text(key_set(&keys)).public().unwrap();
    let found: Value = serde_json::from_str(&published).unwrap();
    let kids: Vec<&str> =
        found["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, ["r", "e"], "what cannot sign is passed over");
    for (key, published) in [(&rsa, &found["keys"][0]), (&ec, &found["keys"][1])] {
        for secret in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(published.get(secret).is_none());
        }
        for (name, value) in public_half(key).as_object().unwrap() {
            assert_eq!(&published[name], value, "{name}");
        }
    }
    let text = SigningKeys::text(key_set(&[rsa]));
    assert_eq!(format!("{text:?}"), "SigningKeys(…)");
    for (text, code) in [
        ("", "invalid-signing-keys"),
        ("{}", "invalid-signing-keys"),
        ("[]", "invalid-signing-keys"),
        ("{\"keys\":[]}", "no-signing-key"),
        ("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AA\"}]}", "no-signing-key"),
    ] {
        match SigningKeys::text(text.into()).public() {
            Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.code, code, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let nowhere = SigningKeys::file("/nonexistent/jwks.json").public();
    assert!(matches!(nowhere, Err(Error::InvalidInput(invalid)) if invalid.code == "invalid-signing-keys"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_says_no_is_named() {
    let key = ec_key("e");
    let world = world(std::slice::from_ref(&key), NOWHERE);
    let keys = || SigningKeys::text(key_set(std::slice::from_ref(&key)));
    let system = world.system(keys());
    world.server.fail(&[503, 429, 500]);
    for _ in 0..3 {
        let error = system.token().await.unwrap_err();
        assert_eq!(error, PortError::Unavailable { code: "token-endpoint", retry_after: None });
    }
    let token = system.token().await.unwrap();
    // Near its end, and nobody gives another: it is good until then.
    world.clock.pass(250);
    world.server.fail(&[503]);
    assert_eq!(system.token().await.unwrap(), token);
    world.clock.pass(60);
    world.server.fail(&[503]);
    assert!(matches!(system.token().await, Err(PortError::Unavailable { .. })));

    // All who wait fail together: the first is not answered before all are there.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let configuration = world.server.configuration();
    let slow = Proxy::start(NOWHERE, move |_| {
        wait.recv().unwrap();
        Some(Fault::json(&configuration))
    })
    .unwrap();
    let system = BackendServices::builder(&slow.url(), CLIENT, keys()).build().unwrap();
    let before = world.server.said().len();
    world.server.fail(&[503; 20]);
    let mut all = join_all((0..10).map(|_| system.token()));
    assert!(futures_util::poll!(&mut all).is_pending());
    go.send(()).unwrap();
    assert!(all.await.iter().all(Result::is_err));
    assert_eq!(world.server.said().split_off(before), ["503"]);
    world.server.fail(&[]);

    let greedy = BackendServices::builder(&world.gate.url(), CLIENT, keys())
        .scopes(scopes().with("Patient", "cruds").unwrap())
        .clock(Arc::new(world.clock.clone()))
        .build()
        .unwrap();
    assert_eq!(greedy.token().await.unwrap_err(), PortError::Refused { code: "invalid-scope" });
    let stranger = BackendServices::builder(&world.gate.url(), "stranger", keys());
    let stranger = stranger.clock(Arc::new(world.clock.clone())).build().unwrap();
    assert_eq!(stranger.token().await.unwrap_err(), PortError::SignedOut);
    // A clock that is wrong by more than an assertion lives.
    let slow = OneClock(Arc::new(AtomicI64::new(world.clock.seconds() - 600)));
    let slow =
        BackendServices::builder(&world.gate.url(), CLIENT, keys()).scopes(scopes()).clock(Arc::new(slow));
    assert_eq!(slow.build().unwrap().token().await.unwrap_err(), PortError::SignedOut);
    assert!(world.server.said().last().unwrap().contains("expired"));
    // No such record.
    let nowhere = BackendServices::builder(NOWHERE, CLIENT, keys()).build().unwrap();
    let error = nowhere.token().await.unwrap_err();
    assert_eq!(error, PortError::Unavailable { code: "connect", retry_after: None });
    for (base, client, code) in
        [("http://fhir.example/", CLIENT, "invalid-record-address"), (NOWHERE, "", "invalid-client-id")]
    {
        match BackendServices::builder(base, client, keys()).build() {
            Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.code, code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_leaves_for_where_a_server_points() {
    let key = ec_key("e");
    let keys = || SigningKeys::text(key_set(std::slice::from_ref(&key)));
    // A configuration whose endpoint is not safe, and one that is no JSON.
    for (text, expected) in [
        (
            r#"{"token_endpoint":"http://auth.example/token"}"#,
            PortError::Refused { code: "unsafe-token-endpoint" },
        ),
        ("<html>", PortError::NotUnderstood { code: "smart-configuration" }),
    ] {
        let gate = Proxy::start(NOWHERE, move |_| Some(Fault::json(text))).unwrap();
        let system = BackendServices::builder(&gate.url(), CLIENT, keys()).build().unwrap();
        assert_eq!(system.token().await.unwrap_err(), expected);
        assert_eq!(gate.seen(), ["GET /fhir/.well-known/smart-configuration"]);
    }
    // A token endpoint that answers nonsense.
    for text in [
        r#"{"access_token":"","token_type":"bearer"}"#,
        r#"{"access_token":"a b","token_type":"bearer"}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        r#"{"token_type":"bearer"}"#,
        "[]",
    ] {
        let endpoint = Proxy::start("http://127.0.0.1:9/token", move |_| Some(Fault::json(text))).unwrap();
        let configuration = json!({ "token_endpoint": endpoint.url() }).to_string();
        let gate = Proxy::start(NOWHERE, move |_| Some(Fault::json(&configuration))).unwrap();
        let system = BackendServices::builder(&gate.url(), CLIENT, keys()).build().unwrap();
        assert_eq!(
            system.token().await.unwrap_err(),
            PortError::NotUnderstood { code: "token-answer" },
            "{text}"
        );
    }
}
