//! Requests, as they are read.
#![allow(clippy::unwrap_used, clippy::panic)]
use serde_json::json;

use super::*;

#[test]
fn requests_are_read() {
    let request = Request::parse(
        r#"{"id":7,"do":"send","case":"0190a0b0-0000-7000-8000-000000000000","text":"Hello"}"#,
    );
    let request = request.unwrap();
    assert_eq!(request.id, json!(7));
    assert!(matches!(request.verb, Verb::Send { ref text, key: None, .. } if text == "Hello"));
    assert!(matches!(Request::parse(r#"{"id":"a","do":"cases"}"#).unwrap().verb, Verb::Cases {}));
}

#[test]
fn a_bad_request_is_answered_under_its_id_and_without_its_values() {
    for (line, id, says) in [
        ("Marty", Value::Null, "one JSON object"),
        (r#"{"do":"cases"}"#, Value::Null, "has an `id`"),
        (r#"{"id":1,"do":"sned"}"#, json!(1), "unknown variant"),
        (r#"{"id":2,"do":"recover"}"#, json!(2), "missing field `key`"),
        (r#"{"id":3,"do":"cases","case":1}"#, json!(3), "unknown field"),
        (r#"{"id":4,"do":"state","case":"Marty"}"#, json!(4), "not the form"),
    ] {
        let Err((told, failure)) = Request::parse(line) else { panic!("{line}") };
        assert_eq!(told, id, "{line}");
        let answer = answer(&told, Err(failure)).to_string();
        assert!(answer.contains("invalid-request") && answer.contains(says), "{answer}");
        assert!(!answer.contains("Marty"), "{answer}");
    }
}

#[test]
fn keys_are_64_digits() {
    assert_eq!(key_bytes(&"0a".repeat(32)), Some([10; 32]));
    assert!(key_bytes("0a").is_none() && key_bytes(&"zz".repeat(32)).is_none());
}
