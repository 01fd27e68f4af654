#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

const GOOD: &str = r#"{
  "homeservers": [
    { "organization": "aco", "url": "http://127.0.0.1:1", "server_name": "localhost:2",
      "database": "a.db", "media": "a", "log": "a.log",
      "accounts": [{ "user_id": "@joe:localhost:2", "password": "secret-of-joe" }] },
    { "organization": "cp", "url": "https://cp.example", "server_name": "cp.example",
      "accounts": [] }
  ],
  "records": [{ "organization": "cp", "url": "http://127.0.0.1:3/fhir" }]
}"#;

fn read(text: &str) -> Result<BackendDescription, DescriptionError> {
    BackendDescription::from_json(text, Path::new("backend.json"))
}

fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn what_is_printed_can_be_read() {
    let description = read(GOOD).unwrap();
    let printed = serde_json::to_string(&description).unwrap();
    assert_eq!(read(&printed).unwrap(), description);
    assert_eq!(description.homeserver("aco").unwrap().server_name, "localhost:2");
    assert!(description.record("aco").is_none());
}

#[test]
fn each_mistake_is_named_with_its_line_and_field() {
    let told = [
        (r#""aco", "url""#, r#""acme", "url""#, "line 3, field homeservers[0].organization"),
        (
            r#""organization": "cp", "url": "https"#,
            r#""organization": "aco", "url": "https"#,
            "homeserver already",
        ),
        ("http://127.0.0.1:1", "127.0.0.1:1", "line 3, field homeservers[0].url: must begin with http"),
        ("@joe:localhost:2", "@joe:localhost", "line 5, field homeservers[0].accounts[0].user_id: must read"),
        (
            r#""password": "#,
            r#""pasword": "#,
            "line 5, field homeservers[0].accounts[0].pasword: unknown field",
        ),
        (r#""accounts": []"#, r#""log": null"#, "field homeservers[1]: missing field `accounts`"),
        (r#""http://127.0.0.1:3/fhir""#, "7", "line 9, field records[0].url: invalid type"),
        (r#""records": [{"#, r#""records": [{{"#, "line 9, column 16: not JSON"),
    ];
    for (from, to, expected) in told {
        let text = refusal(from, to);
        assert!(text.starts_with("backend.json, line "), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    let more = read(&format!("{GOOD}\n{{}}")).unwrap_err().to_string();
    assert!(more.contains("more text"), "{more}");
}

#[test]
fn both_organisations_must_be_there() {
    let text = read(r#"{"homeservers":[]}"#).unwrap_err().to_string();
    assert!(text.contains("there is none for \"aco\""), "{text}");
}

#[test]
fn a_missing_file_is_named() {
    let error = BackendDescription::from_file("/nonexistent/backend.json").unwrap_err();
    assert!(matches!(error, DescriptionError::Unreadable { .. }));
    assert!(error.to_string().starts_with("/nonexistent/backend.json: "));
}

#[test]
fn passwords_are_not_in_debug_texts() {
    assert!(!format!("{:?}", read(GOOD).unwrap()).contains("secret-of-joe"));
}
