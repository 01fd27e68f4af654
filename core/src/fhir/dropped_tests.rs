//! All resources here are synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SENT: &str = r##"{"resourceType":"CareTeam","id":"a","meta":{"versionId":"1","tag":[{"system":"urn:x","code":"t"}]},
  "text":{"status":"generated","div":"<div>a</div>"},"contained":[{"resourceType":"Basic","id":"doc1"}],
  "status":"active","_status":{"extension":[{"url":"urn:x","valueDecimal":1.50}]},
  "name":"a","note":[{"text":"one"},{"text":"two"}],
  "participant":[{"role":[{"text":"lead"}],"member":{"reference":"#doc1"}},
                 {"member":{"reference":"urn:uuid:1"},"onBehalfOf":{"display":"b"}}]}"##;

#[test]
fn what_a_server_makes_of_a_resource_is_no_loss() {
    for (from, to) in [
        (r#""id":"a","#, r#""id":"b","#),
        (r#""versionId":"1""#, r#""versionId":"7","lastUpdated":"2019-01-01T00:00:00Z","source":"urn:y""#),
        (r#""tag":["#, r#""tag":[{"code":"theirs"},"#),
        ("<div>a</div>", "<div>theirs</div>"),
        ("#doc1", "#1"),
        (r#""id":"doc1""#, r#""id":"1""#),
        ("urn:uuid:1", "Practitioner/7"),
        (r#"[{"text":"one"},{"text":"two"}]"#, r#"[{"text":"two"},{"text":"one"}]"#),
        (r#""name":"a","#, r#""name":"a","more":[1,2],"#),
        ("1.50", "1.5"),
    ] {
        assert!(SENT.contains(from), "{from}");
        let stored = SENT.replace(from, to);
        assert_eq!(dropped(SENT, &stored).unwrap(), [""; 0], "{to}");
    }
}

#[test]
fn what_is_missing_is_named_by_its_path() {
    for (from, to, expected) in [
        (r#""name":"a","#, "", &["CareTeam.name"][..]),
        (
            r#","_status":{"extension":[{"url":"urn:x","valueDecimal":1.50}]}"#,
            "",
            &["CareTeam.status.extension"],
        ),
        (r#","valueDecimal":1.50"#, "", &["CareTeam.status.extension[0].valueDecimal"]),
        (r#","onBehalfOf":{"display":"b"}"#, "", &["CareTeam.participant[1].onBehalfOf"]),
        (r#"{"display":"b"}"#, r#""b""#, &["CareTeam.participant[1].onBehalfOf"]),
        (r#"{"text":"one"},"#, "", &["CareTeam.note[0]"]),
        (r#"{"role":[{"text":"lead"}],"#, "{", &["CareTeam.participant[0].role"]),
        (r#"{"system":"urn:x","code":"t"}"#, r#"{"code":"t"}"#, &["CareTeam.meta.tag[0].system"]),
        (r#","tag":[{"system":"urn:x","code":"t"}]"#, "", &["CareTeam.meta.tag"]),
        (r#""text":{"status":"generated","div":"<div>a</div>"},"#, "", &["CareTeam.text"]),
        (r#""contained":[{"resourceType":"Basic","id":"doc1"}],"#, "", &["CareTeam.contained"]),
    ] {
        // Line breaks of the fixture stand between members.
        let sent = SENT.replace('\n', "").replace("  ", "");
        assert!(sent.contains(from), "{from}");
        assert_eq!(dropped(&sent, &sent.replace(from, to)).unwrap(), expected, "{from}");
    }
    assert_eq!(dropped(SENT, "{}").unwrap().len(), 9);
    assert_eq!(dropped(SENT, "[]").unwrap().len(), 9);
}

#[test]
fn what_says_nothing_and_what_no_element_is_called() {
    let sent = r#"{"resourceType":"Basic","a":{},"b":[],"c":null,"d":[null,{}],"_given":[null,{"id":"x"}],"Marty McFly":1}"#;
    assert_eq!(dropped(sent, "{}").unwrap(), ["Basic.resourceType", "Basic.given[1].id", "Basic.?"]);
    assert!(dropped("{", "{}").is_err() && dropped("{}", "{").is_err());
}

#[test]
fn a_change_that_is_there_already_is_known() {
    let stored =
        r#"{"id":"a","resourceType":"Basic","meta":{"versionId":"2","lastUpdated":"x","tag":[1]},"n":1.50}"#;
    for (sent, same) in [
        (r#"{"resourceType":"Basic","n":1.50,"meta":{"tag":[1]}}"#, true),
        (r#"{"resourceType":"Basic","meta":{"tag":[1],"versionId":"1"},"n":1.50,"id":"b"}"#, true),
        (r#"{"resourceType":"Basic","n":1.50}"#, false),
        (r#"{"resourceType":"Basic","n":1.50,"meta":{"tag":[1]},"more":1}"#, false),
        (r#"{"resourceType":"Basic","n":1.51,"meta":{"tag":[1]}}"#, false),
    ] {
        assert_eq!(says_the_same(sent, stored).unwrap(), same, "{sent}");
    }
    let bare = r#"{"resourceType":"Basic","meta":{"versionId":"1"}}"#;
    assert!(says_the_same(bare, r#"{"resourceType":"Basic"}"#).unwrap());
}

fn value_of(depth: u32) -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(json!(true)), "[a-z]{1,3}".prop_map(Value::from), (0..9i64).prop_map(Value::from)];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[a-e]", inner, 1..4).prop_map(|all| all.into_iter().collect()),
        ]
    })
}

/// Removes one member somewhere; tells whether there was one.
fn prune(value: &mut Value, picks: &mut impl Iterator<Item = usize>) -> bool {
    let pick = picks.next().unwrap_or(0);
    match value {
        Value::Object(members) => {
            let key = members.keys().nth(pick % members.len()).cloned().unwrap();
            if picks.next().unwrap_or(0).is_multiple_of(2) && prune(&mut members[&key], picks) {
                return true;
            }
            members.remove(&key).is_some()
        }
        Value::Array(items) => {
            let at = pick % items.len();
            prune(&mut items[at], picks)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_in_the_same_and_something_where_a_member_is_gone(
        body in prop::collection::btree_map("[a-e]", value_of(4), 1..5),
        picks in prop::collection::vec(0..64usize, 16),
    ) {
        let whole: Value = body.into_iter().collect();
        let mut more = whole.clone();
        more["id"] = json!("server");
        more["z"] = json!([1]);
        prop_assert_eq!(dropped(&whole.to_string(), &more.to_string()).unwrap().len(), 0);
        let mut less = whole.clone();
        prop_assert!(prune(&mut less, &mut picks.into_iter()));
        prop_assert!(!dropped(&whole.to_string(), &less.to_string()).unwrap().is_empty());
        prop_assert!(!says_the_same(&whole.to_string(), &less.to_string()).unwrap());
    }
}
