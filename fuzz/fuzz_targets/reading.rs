//! Whatever is read: nothing panics, what is read keeps its bytes, and an edit leaves all else as it was.
//!
//! An input is a path, a value and a text, each on a line of its own; the text goes on to the end.
#![no_main]

use caseline::fhir::{Import, Resource, merge};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (path, value, text) = (next(), next(), next());
    let read = Import::from_bytes(text);
    let (Ok(path), Ok(value), Ok(text)) =
        (std::str::from_utf8(path), std::str::from_utf8(value), std::str::from_utf8(text))
    else {
        assert!(read.is_err() || std::str::from_utf8(text).is_ok());
        return;
    };
    if let Ok(import) = &read {
        is_json(text.strip_prefix('\u{feff}').unwrap_or(text));
        for resource in import.resources() {
            assert!(text.contains(resource.json()));
            change(resource, path, value);
        }
        let _ =
            import.resolve(path).map(|found| import.plan_document(&found.reference().unwrap_or_default()));
    }
    if let Ok(whole) = Resource::parse(text) {
        change(&whole, path, value);
    }
    if let Ok(Some(merged)) = merge(text, value) {
        is_json(&merged);
    }
});

fn change(resource: &Resource, path: &str, value: &str) {
    let before = resource.json();
    if let Ok(changed) = resource.with(path, value) {
        is_json(changed.json());
        let again = changed.with(path, value).expect("it was set before");
        assert_eq!(again.json(), changed.json(), "twice is once");
    }
    if let Ok(longer) = resource.with_item(path, value) {
        is_json(longer.json());
    }
    if let Ok(less) = resource.without(path) {
        is_json(less.json());
        assert!(less.json().len() < before.len());
    }
    // Something new, put in and taken away again.
    let name = "zzNewThing";
    if !before.contains("zz") && !before.contains("\\u") {
        let with = resource.with(&format!("{name}.a[0].b"), "1.50").expect("a new element can be set");
        assert_eq!(with.json().replace(",\"zzNewThing\":{\"a\":[{\"b\":1.50}]}", ""), before);
        assert_eq!(with.without(&format!("{name}.a[0].b")).expect("it can go").json(), before);
    }
}

fn is_json(text: &str) {
    let read: Result<&RawValue, _> = serde_json::from_str(text);
    assert!(read.is_ok(), "no longer JSON");
}
