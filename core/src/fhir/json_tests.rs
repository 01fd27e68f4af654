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
    assert_eq!(
        node.without(&["dose"]),
        "{\n  \"resourceType\" : \"Basic\",\n  \"x\" : [ 1e3, {\"y\":null} ]\n}"
    );
    assert_eq!(node.get("x").unwrap().with_items(&[(0, "7".into())]), "[ 7, {\"y\":null} ]");
}

#[test]
fn what_is_removed_takes_one_comma_with_it() {
    let text = "{ \"a\" : 1 , \"b\":2,\n\"c\":3 }";
    for (keys, left) in [
        (&["a"][..], "{ \"b\":2,\n\"c\":3 }"),
        (&["b"], "{ \"a\" : 1,\n\"c\":3 }"),
        (&["c"], "{ \"a\" : 1 , \"b\":2 }"),
        (&["a", "b"], "{ \"c\":3 }"),
        (&["b", "c"], "{ \"a\" : 1 }"),
        (&["a", "c"], "{ \"b\":2 }"),
        (&["a", "b", "c"], "{  }"),
        (&["d"], text),
    ] {
        assert_eq!(parse(text).unwrap().without(keys), left, "{keys:?}");
    }
}

#[test]
fn an_edit_at_a_path_makes_what_it_needs_and_leaves_nothing_empty() {
    let text = "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]} ]} , \"d\":0}";
    let node = parse(text).unwrap();
    for (path, change, new) in [
        ("d", Change::Set(" 1 "), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]} ]} , \"d\":1}"),
        ("a.b[1].c[0]", Change::Set("8"), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[8]} ]} , \"d\":0}"),
        ("a.b", Change::Append("2"), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]},2 ]} , \"d\":0}"),
        ("e", Change::Append("2"), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]} ]} , \"d\":0,\"e\":[2]}"),
        ("e[0].f", Change::Set("2"), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]} ]} , \"d\":0,\"e\":[{\"f\":2}]}"),
        ("a.b[2]", Change::Set("2"), "{\"a\": {\"b\" : [ 1.50 , {\"c\":[7]},2 ]} , \"d\":0}"),
        ("a.b[0]", Change::Remove, "{\"a\": {\"b\" : [ {\"c\":[7]} ]} , \"d\":0}"),
        ("a.b[1].c[0]", Change::Remove, "{\"a\": {\"b\" : [ 1.50 ]} , \"d\":0}"),
        ("a.b", Change::Remove, "{\"d\":0}"),
    ] {
        assert_eq!(node.at(path, change).unwrap(), new, "{path} {change:?}");
    }
    for (path, change, code) in [
        ("", Change::Set("1"), "invalid-path"),
        ("a..b", Change::Set("1"), "invalid-path"),
        ("a.b[x]", Change::Set("1"), "invalid-path"),
        ("a.b[1", Change::Set("1"), "invalid-path"),
        ("a.b[3]", Change::Set("1"), "no-such-element"),
        ("d.e", Change::Set("1"), "no-such-element"),
        ("e[1]", Change::Set("1"), "no-such-element"),
        ("d", Change::Append("1"), "no-such-element"),
        ("a.x", Change::Remove, "no-such-element"),
        ("d", Change::Set("1,"), "invalid-json"),
        ("d", Change::Set("1,\"x\":2"), "invalid-json"),
    ] {
        match node.at(path, change) {
            Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.code, code, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn a_text_as_deep_or_as_crowded_as_can_be_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[[{\"a\":", "}]]")] {
        for closed in [true, false] {
            let end = if closed { close.repeat(100_000) } else { String::new() };
            assert_eq!(invalid(&format!("{}1{end}", open.repeat(100_000))).code, "json-too-deep");
        }
    }
    assert_eq!(invalid(&format!("[{}0]", "0,".repeat(20_000_000))).code, "json-too-large");
    assert_eq!(invalid(&format!("[{}{{}}]", "{},".repeat(16_000_000))).code, "json-too-large");
}

#[test]
fn many_members_are_found_and_told_apart() {
    let members: Vec<String> = (0..2000).map(|n| format!("\"m{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(",\n"));
    let node = parse(&text).unwrap();
    assert_eq!(node.get("m0").unwrap().raw(), "0");
    assert_eq!(node.get("m1999").unwrap().raw(), "1999");
    assert!(node.get("m2000").is_none());
    let twice = invalid(&format!("{{{},\n\"m7\":1}}", members.join(",\n")));
    assert_eq!((twice.code, twice.line), ("invalid-json", Some(2001)));
}

#[test]
fn half_a_character_is_kept_and_says_nothing() {
    let node = parse("{\"a\":\"\\ud800\",\"b\":1}").unwrap();
    assert_eq!((node.str("a"), node.get("a").unwrap().raw()), (None, "\"\\ud800\""));
    assert_eq!(node.with(&[("b", "2".into())]), "{\"a\":\"\\ud800\",\"b\":2}");
}

#[test]
fn bytes_that_are_no_text_are_named_by_their_line() {
    let wrong = utf_8(b"{\n\"a\": \"\xc3\x28\"}").unwrap_err();
    assert_eq!((wrong.code, wrong.line), ("not-utf-8", Some(2)));
    assert!(utf_8("é".as_bytes()).is_ok());
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
    /// serde_json is the judge of what JSON is, whatever stands there.
    #[test]
    fn what_is_no_json_is_refused(text in "[\\[\\]{}\",:\\\\0-9a-eE+.\\-tru \n\u{1}é]{0,40}") {
        let is_json = serde_json::from_str::<&RawValue>(&text).is_ok();
        match parse(&text) {
            Ok(node) => {
                prop_assert!(is_json);
                prop_assert_eq!(node.raw(), text.trim_matches([' ', '\n']));
            }
            Err(Error::InvalidInput(invalid)) => {
                let twice = invalid.detail.contains("twice") || text.contains("\\u");
                prop_assert!(!is_json || twice, "{:?}", text);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }

    /// Removing what was put in gives the text back.
    #[test]
    fn what_was_added_can_be_taken_away(text in json_text(), new in json_text()) {
        let node = parse(&text).unwrap();
        if node.is_object() && !node.members().is_empty() {
            let with = node.with(&[("ZZ", new)]);
            prop_assert_eq!(parse(&with).unwrap().without(&["ZZ"]), text);
        } else if node.is_array() && !node.items().is_empty() {
            let with = node.with_appended(&new);
            let last = node.items().len();
            prop_assert_eq!(parse(&with).unwrap().without_item(last), text);
        }
    }

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
