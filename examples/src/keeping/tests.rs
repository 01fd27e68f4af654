#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::os::unix::fs::PermissionsExt;

use caseline_record_tests::{ec_key, key_set};

use super::*;

const SOUND: &str = "\
homeserver: https://matrix.cp.example
user: '@keeper:cp.example'
password_env: PASSWORD
store: store
store_key_env: KEY
record: {fhir: {url: 'https://fhir.cp.example/r4', token_env: TOKEN}}
organization: https://caseline.example/organization|harbor-bridge
agreements: [agreement.yaml]
rules: [rules.yaml]
";

fn read(text: &str, without: &str) -> Result<Keeping, Vec<Mistake>> {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for paper in ["agreement.yaml", "rules.yaml"] {
        std::fs::copy(data.join(paper), folder.path().join(paper)).unwrap();
    }
    std::fs::write(folder.path().join("bad.yaml"), "id: x\nversion: 1\n").unwrap();
    let people =
        r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"name":"Synthetic"}}]}"#;
    std::fs::write(folder.path().join("people.json"), people).unwrap();
    let key = key_set(&[ec_key("own")]);
    for (name, mode, text) in
        [("keys.json", 0o600, key.as_str()), ("open.json", 0o640, &key), ("none.json", 0o600, "{}")]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    for (name, mode) in [("feed", 0o770), ("open", 0o755)] {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let file = folder.path().join("keeper.yaml");
    std::fs::write(&file, text).unwrap();
    Keeping::read(&file, |name| match name {
        _ if name == without => None,
        "PASSWORD" => Some("a secret".into()),
        "TOKEN" => Some("a token".into()),
        "KEY" => Some("0a".repeat(32)),
        "SHORT" => Some("0a".into()),
        _ => None,
    })
}

#[test]
fn a_sound_configuration_is_read() {
    let keeping = read(SOUND, "").unwrap();
    assert_eq!(keeping.sign_in.record.token.as_deref(), Some("a token"));
    assert!(keeping.sign_in.store.ends_with("store") && keeping.bundle.is_none());
    assert_eq!((keeping.agreements.len(), keeping.rules.len()), (1, 1));
    let embedded = SOUND.replace("{fhir: {url: 'https://fhir.cp.example/r4', token_env: TOKEN}}", "embedded");
    assert!(read(&embedded, "").unwrap().sign_in.record.embedded);
    assert!(!format!("{keeping:?}").contains("secret"));
    let keeping = read(&format!("{SOUND}bundle: people.json\n"), "").unwrap();
    assert!(keeping.bundle.as_deref().is_some_and(|bundle| bundle.contains("Synthetic")));
    assert!(!format!("{keeping:?}").contains("Synthetic"), "nobody of its Bundle is shown");
}

#[test]
fn a_feed_is_read_and_its_mistakes_are_told() {
    let feed = "\
admissions:
  folder: feed
  kept: kept
  source: a synthetic feed
  member_system: https://caseline.example/masshealth-id
  time_zone: America/New_York
  payers: [MASSHEALTH]
";
    let keeping = read(&format!("{SOUND}{feed}"), "").unwrap();
    assert!(keeping.admissions.is_some_and(|feed| feed.payers.len() == 1 && feed.kept.ends_with("kept")));
    for (from, to, line, field) in [
        ("folder: feed", "folder: nowhere", 11, "admissions.folder"),
        ("kept: kept", "kept: feed/kept", 12, "admissions.kept"),
        ("kept: kept", "kept: kept/../feed", 12, "admissions.kept"),
        ("kept: kept", "kept: .", 12, "admissions.kept"),
        ("kept: kept", "kept: store/kept", 12, "admissions.kept"),
        ("kept: kept", "kept: people.json", 12, "admissions.kept"),
        ("kept: kept", "kept: open", 12, "admissions.kept"),
        ("a synthetic feed", "''", 13, "admissions.source"),
        ("/masshealth-id", "/masshealth id", 14, "admissions.member_system"),
        ("/masshealth-id", "/masshealth-id|1", 14, "admissions.member_system"),
        ("America/New_York", "EST", 15, "admissions.time_zone"),
        ("[MASSHEALTH]", "['']", 16, "admissions.payers[0]"),
    ] {
        let mistakes = read(&format!("{SOUND}{}", feed.replace(from, to)), "").unwrap_err();
        let told: Vec<_> = mistakes.iter().map(|it| (it.line, it.field.as_str())).collect();
        assert_eq!(told, [(Some(line), field)], "{to}");
    }
    let nothing = read(&format!("{SOUND}admissions:\n"), "").unwrap_err();
    assert_eq!(nothing.first().map(|it| it.field.as_str()), Some("admissions"));
}

#[test]
fn a_mistake_names_its_line_and_field() {
    for (from, to, without, line, field, says) in [
        ("https://matrix", "matrix", "", 1, "homeserver", "https://"),
        ("@keeper", "keeper", "", 2, "user", "Matrix id"),
        ("", "", "PASSWORD", 3, "password_env", "not set"),
        ("", "", "KEY", 5, "store_key_env", "not set"),
        ("KEY", "SHORT", "", 5, "store_key_env", "64"),
        ("", "", "TOKEN", 6, "record.fhir.token_env", "not set"),
        ("agreements: [agreement.yaml]", "agreements: []", "", 8, "agreements", "empty"),
        ("rules:", "rulez:", "", 9, "rulez", "unknown field"),
    ] {
        let mistakes = read(&SOUND.replacen(from, to, 1), without).expect_err(field);
        let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
        assert_eq!((mistake.line, mistake.field.as_str()), (Some(line), field), "{mistake}");
        assert!(mistake.problem.contains(says), "{mistake}");
    }
    let mistakes = read(&SOUND.replace("[agreement.yaml]", "[bad.yaml]"), "").unwrap_err();
    let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
    assert!(mistake.file.ends_with("bad.yaml") && mistake.line.is_some(), "{mistake}");
}

/// The sound one, signed in as a system.
fn system(fhir: &str) -> String {
    let (head, tail) = SOUND.split_once("record: ").unwrap();
    let (_, tail) = tail.split_once('\n').unwrap();
    format!("{head}{tail}record:\n  fhir:\n{fhir}")
}

const SYSTEM: &str = "    url: https://fhir.cp.example/r4
    backend_services:
      client_id: caseline-keeper
      keys_file: keys.json
";

#[test]
fn a_system_is_read_with_its_keys_and_scopes() {
    let keeping = read(&system(SYSTEM), "TOKEN").unwrap();
    let record = keeping.sign_in.record;
    let found = record.system.unwrap();
    assert_eq!((found.client_id.as_str(), found.scopes), ("caseline-keeper", Scopes::default()));
    assert!(found.keys.ends_with("keys.json") && !record.plain && record.token.is_none());
    let fewer = format!(
        "{SYSTEM}      scopes: [system/CareTeam.rs, system/Patient.rs]\n    allow_plain_http: true\n"
    );
    let record = read(&system(&fewer.replace("https", "http")), "").unwrap().sign_in.record;
    assert_eq!(record.system.unwrap().scopes.text(), "system/CareTeam.rs system/Patient.rs");
    assert!(record.plain);
}

#[test]
fn a_mistake_about_a_system_names_its_line_and_field_too() {
    // The line of `url`.
    let first = 11;
    for (from, to, line, field, says) in [
        ("https://", "ftp://", 0, "url", "https://"),
        ("https://", "http://", 0, "url", "http only on this machine"),
        ("https://", "https://user@", 0, "url", "without user"),
        ("client_id: caseline-keeper", "client_id: ''", 2, "backend_services.client_id", "client id"),
        ("client_id: caseline-keeper", "client: x", 2, "backend_services.client", "unknown field"),
        ("keys.json", "away.json", 3, "backend_services.keys_file", "cannot be read"),
        ("keys.json", "open.json", 3, "backend_services.keys_file", "chmod 600"),
        ("keys.json", "none.json", 3, "backend_services.keys_file", "JSON Web Key Set"),
        (
            "keys.json",
            "keys.json\n      scopes: [system/*.r]",
            4,
            "backend_services.scopes[0]",
            "one resource type",
        ),
        ("keys.json", "keys.json\n    token_env: TOKEN", 4, "token_env", "not wanted"),
    ] {
        let mistakes = read(&system(&SYSTEM.replacen(from, to, 1)), "").expect_err(field);
        let [mistake] = &mistakes[..] else { panic!("{from} to {to}: {mistakes:?}") };
        let field = format!("record.fhir.{field}");
        assert_eq!((mistake.line, &mistake.field), (Some(first + line), &field), "{mistake}");
        assert!(mistake.problem.contains(says), "{mistake}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = system(&SYSTEM.replace("keys.json", "open.json").replace("https://", "ftp://"));
    let mistakes = read(&text.replace("https://matrix", "matrix"), "PASSWORD").unwrap_err();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    let keys = "record.fhir.backend_services.keys_file";
    assert_eq!(fields, ["homeserver", "password_env", "record.fhir.url", keys]);
}
