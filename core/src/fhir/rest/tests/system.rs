//! Signed in as a system, to a server that is on this machine. The key is made for each test.

use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;

fn key() -> SigningKeys {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let secret: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
    let (x, y) = pair.public_key().as_ref().split_at(1).1.split_at(48);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({ "kty": "EC", "crv": "P-384", "kid": "k", "x": text(x), "y": text(y), "d": text(secret.as_ref()) });
    SigningKeys::text(json!({ "keys": [key] }).to_string())
}

/// A server that publishes its token endpoint so (`HOST` stands for its own address), grants a token once, and then fails.
fn once(endpoint: &'static str) -> Canned {
    let mut granted = false;
    serve(move |stream, request| {
        let host = request.split("host: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
        let json = |body: Value| answer("200 OK", "Content-Type: application/json\r\n", &body.to_string());
        let answer = if request.starts_with("GET") {
            json(json!({ "token_endpoint": endpoint.replace("HOST", host) }))
        } else if std::mem::replace(&mut granted, true) {
            answer("500 Oops", "", "")
        } else {
            json(json!({ "access_token": "one", "token_type": "bearer", "expires_in": 300 }))
        };
        stream.write_all(answer.as_bytes()).is_ok()
    })
}

#[tokio::test]
async fn all_who_wait_for_another_token_fail_together() {
    let server = once("http://HOST/token");
    let system = BackendServices::builder(&server.base, "synthetic", key()).build().unwrap();
    assert_eq!(system.token().await.unwrap().unwrap().as_str(), "one");
    let failed = join_all((0..10).map(|_| system.refresh("one"))).await;
    let unavailable = Err(PortError::Unavailable { code: "token-endpoint", retry_after: None });
    assert!(failed.iter().all(|one| *one == unavailable), "{failed:?}");
    let asked = server.lines().into_iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(asked, 2, "the one that was granted, and one more");
    // Whoever comes later asks anew.
    assert_eq!(system.refresh("one").await, unavailable);
    assert_eq!(server.lines().into_iter().filter(|line| line.starts_with("POST")).count(), 3);
}

#[tokio::test]
async fn an_assertion_is_for_the_endpoint_as_it_is_published() {
    // Another spelling of the same address, which a server compares letter by letter.
    let server = once("HTTP://HOST/a/../token");
    let system = BackendServices::builder(&server.base, "synthetic", key()).build().unwrap();
    system.token().await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    let (_, form) = asked.last().unwrap().split_once("client_assertion=").unwrap();
    let claims = URL_SAFE_NO_PAD.decode(form.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let host = server.base.trim_start_matches("http://").trim_end_matches("/fhir");
    assert_eq!(claims["aud"], format!("HTTP://{host}/a/../token"));
}

#[tokio::test]
async fn what_a_server_said_is_not_shown() {
    let server = canned(vec![fhir("200 OK", r#"{"resourceType":"Patient","name":"secret"}"#)]);
    let record = record(&server);
    let ask = Ask::new(Method::GET, record.http.at(&["Patient", "p"]).unwrap());
    let answer = record.http.call().again(&ask).await.unwrap();
    assert!(answer.body.contains("secret") && !format!("{answer:?}").contains("secret"));
}
