//! Whatever others put into a resource survives our edits.

use std::sync::LazyLock;

use caseline::fhir::{Resource, merge};
use proptest::prelude::*;

use crate::flat::{leaves, values};
use crate::touched;

static EXAMPLES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    touched().into_iter().map(|(_, resource)| resource).filter(|one| one.json().len() < 20_000).collect()
});

/// Something that FHIR R4 does not know, or knows only as a sibling.
fn graft() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1.50".to_owned()),
        Just("1E400".to_owned()),
        Just("-0.0".to_owned()),
        Just("123456789012345678901234567890.1234567890".to_owned()),
        Just("\"\\ud83d\\ude00 \\/ \\u00e9 é\"".to_owned()),
        Just("\"2019-03-01T10:00:00.000-00:00\"".to_owned()),
        Just("null".to_owned()),
        Just("[ null,\t1.0 ,[ ] ]".to_owned()),
        Just("{ }".to_owned()),
        Just("{\"x\" :\n{\"status\":7}}".to_owned()),
    ];
    let name = prop_oneof![
        Just("zz".to_owned()),
        Just("_zz".to_owned()),
        Just("z\\u007a".to_owned()),
        Just("Zz é".to_owned()),
        "[x-z]{3,6}".prop_map(String::from),
    ];
    let space = || prop_oneof![Just(""), Just(" "), Just("\n\t "), Just("\r\n")];
    (space(), name, space(), space(), value, space())
        .prop_map(|(a, name, b, c, value, d)| format!("{a}\"{name}\"{b}:{c}{value}{d}"))
}

/// Puts grafts into objects of a text, first or last.
fn grafted(text: &str, grafts: &[(prop::sample::Index, bool, String)]) -> String {
    let mut text = text.to_owned();
    for (place, first, graft) in grafts {
        let all = values(&text);
        let objects: Vec<_> = all.iter().filter(|value| value.raw.starts_with('{')).collect();
        let object = objects[place.index(objects.len())];
        // One name stands once.
        let name: String = serde_json::from_str(graft.split_once(':').unwrap().0.trim()).unwrap();
        let mut path = object.path.clone();
        path.push(crate::flat::Step::Member(name));
        if all.iter().any(|value| value.path == path) {
            continue;
        }
        let comma = if object.size == 0 { "" } else { "," };
        let (at, new) = if *first {
            (object.range.start + 1, format!("{graft}{comma}"))
        } else {
            (object.range.end - 1, format!("{comma}{graft}"))
        };
        text.insert_str(at, &new);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn grafts_survive_edits_and_merges(
        which in any::<prop::sample::Index>(),
        grafts in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), graft()), 1..8),
    ) {
        let example = &EXAMPLES[which.index(EXAMPLES.len())];
        let text = grafted(example.json(), &grafts);
        let resource = Resource::parse(&text).unwrap();
        prop_assert_eq!(resource.json(), text.trim());

        let changed = resource.with("language", "\"en-GB\"").unwrap();
        let mut expected = leaves(&text);
        expected.insert("language".into(), "\"en-GB\"".into());
        prop_assert_eq!(leaves(changed.json()), expected);

        let ours = r#"{"language":"en-GB","meta":{"tag":[{"system":"urn:x","code":"y"}]}}"#;
        let merged = merge(&text, ours).unwrap().unwrap();
        let before = leaves(&text);
        let after = leaves(&merged);
        for (path, raw) in &before {
            // Whom a message goes to is ours alone to say.
            if path != "language" && !path.starts_with("recipient") {
                prop_assert_eq!(after.get(path), Some(raw), "{}", path);
            }
        }
        prop_assert_eq!(&after["language"], "\"en-GB\"");
    }
}
