#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;
use crate::Error;

const SAMPLE: &str =
    "{\n  \"resourceType\" : \"Basic\",\n  \"dose\": 1.50,\n  \"x\" : [ 1e3, {\"y\":null} ]\n}";

fn invalid(text: &str) -> InvalidInput {
    match parse(text) {
        Err(Error::InvalidInput(invalid)) => invalid,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was read"),
    }
}

#[test]
fn an_edit_leaves_every_other_byte() {
    let node = parse(SAMPLE).unwrap();
    assert_eq!(
        node.with(&[("dose", "2.0".into()), ("id", "\"a\"".into()), ("z", "true".into())]),
        "{\n  \"resourceType\" : \"Basic\",\"id\":\"a\",\n  \"dose\": 2.0,\n  \"x\" : [ 1e3, {\"y\":null} ],\"z\":true\n}"
    );
    assert_eq!(parse("{ }").unwrap().with(&[("a", "1".into()), ("b", "2".into())]), "{\"a\":1,\"b\":2 }");
    assert_eq!(node.without(&["dose"]), "{\"resourceType\":\"Basic\",\"x\":[ 1e3, {\"y\":null} ]}");
    assert_eq!(node.get("x").unwrap().with_items(&[(0, "7".into())]), "[ 7, {\"y\":null} ]");
}

#[test]
fn bad_text_is_refused_with_its_line() {
    assert_eq!((invalid("{\n\"a\":1,,}").code, invalid("{\n\"a\":1,,}").line), ("invalid-json", Some(2)));
    let twice = invalid("{\"b\":{\n\"a\":1,\n\"\\u0061\":2}}");
    assert_eq!((twice.code, twice.line), ("invalid-json", Some(3)));
    assert_eq!(invalid("").code, "invalid-json");
    assert_eq!(invalid("{} {}").code, "invalid-json");
    assert_eq!(invalid("{\"\\ud800\":1}").code, "invalid-json");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(invalid(&deep).code, "json-too-deep");
    assert_eq!(invalid(&format!("\"{}\"", "x".repeat(MAX_SIZE))).code, "json-too-large");
}

#[test]
fn sameness_is_of_what_is_said() {
    let same = |one: &str, two: &str| parse(one).unwrap().same(&parse(two).unwrap());
    assert!(same("{\"a\":1,\"b\":\"\\u0041\"}", "{ \"b\":\"A\", \"a\":1 }"));
    assert!(!same("1.50", "1.5"));
    assert!(!same("[1,2]", "[2,1]"));
    assert!(!same("{\"a\":1}", "{\"a\":1,\"b\":1}"));
    assert!(!same("null", "false"));
}

/// JSON text with odd spacing and numbers that no float keeps.
pub(crate) fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,25}(\\.[0-9]{1,25})?",
        "[ -~é€]{0,12}".prop_map(|text| quote(&text)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[ {} ]", items.join(" ,\n"))),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(k, v)| format!("{} : {v}", quote(k))).collect();
                format!("{{\n{} }}", members.join(",\t"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_and_written_back(text in json_text(), new in json_text()) {
        let node = parse(&text).unwrap();
        prop_assert_eq!(node.raw(), text.as_str());
        prop_assert!(node.rewrite::<()>(&mut |_, _| Ok(None)).unwrap().is_none());
        if node.is_object() {
            let edited = node.with(&[("ZZ", new.clone())]);
            let again = parse(&edited).unwrap();
            prop_assert_eq!(again.get("ZZ").unwrap().raw(), new.as_str());
            for (key, value) in node.members() {
                prop_assert_eq!(again.get(key).unwrap().raw(), value.raw());
            }
        }
    }
}
