//! One thing is changed, and every other byte stays.

use std::collections::BTreeMap;

use caseline::Error;
use caseline::fhir::{Resource, merge};

use crate::flat::{Step, Value, leaves, values};
use crate::touched;

/// How many values of one resource are changed, one after the other.
const EACH: usize = 40;

/// The text with one range replaced.
fn spliced(text: &str, range: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// At most so many of a list, spread over it.
fn some<'v, 't>(all: &'v [Value<'t>], which: fn(&Value<'t>) -> bool) -> impl Iterator<Item = &'v Value<'t>> {
    let found: Vec<&Value<'_>> = all.iter().filter(|value| which(value)).collect();
    let every = found.len().div_ceil(EACH).max(1);
    found.into_iter().step_by(every)
}

/// Another spelling of a value that says nothing else; another value where there is none.
fn respelled(raw: &str) -> String {
    match raw {
        "true" => "false".into(),
        "false" => "true".into(),
        "null" => "null".into(),
        raw if raw.starts_with('"') => {
            let text: String = serde_json::from_str(raw).unwrap();
            let mut chars = text.chars();
            let first = chars.next().filter(char::is_ascii).map(|c| format!("\\u{:04x}", u32::from(c)));
            match first {
                Some(first) => {
                    let rest = serde_json::to_string(chars.as_str()).unwrap();
                    format!("\"{first}{}", &rest[1..])
                }
                None => raw.to_owned(),
            }
        }
        raw if raw.contains('.') => format!("{raw}0"),
        raw => raw.to_owned(),
    }
}

#[test]
fn one_change_leaves_every_other_byte() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut changes = [0usize; 6];
    for (name, resource) in touched() {
        *counts.entry(resource.kind().to_owned()).or_default() += 1;
        let text = resource.json();
        let all = values(text);
        let done = [
            sets(&name, &resource, &all),
            appends(&name, &resource, &all),
            removes(&name, &resource, &all),
            grows(&name, &resource, &all),
            merges(&name, &resource, &all),
            statuses(&name, &resource, &all),
        ];
        changes.iter_mut().zip(done).for_each(|(sum, more)| *sum += more);
    }
    println!("{} resources: {counts:?}", counts.values().sum::<usize>());
    println!("set, appended, removed, nested, merged, statuses: {changes:?}");
    assert!(counts.len() == 22 && changes.iter().all(|count| *count > 100), "{counts:?} {changes:?}");
}

/// Each value is spelled otherwise.
fn sets(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let text = resource.json();
    let mut done = 0;
    for value in some(all, |value| value.is_leaf() && value.spelled() != "resourceType") {
        let (path, new) = (value.spelled(), respelled(value.raw));
        let changed = resource.with(&path, &new).unwrap_or_else(|error| panic!("{name} {path}: {error}"));
        assert_eq!(changed.json(), spliced(text, value.range.clone(), &new), "{name} {path}");
        done += 1;
    }
    done
}

/// Each list gets its first item once more.
fn appends(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let text = resource.json();
    let mut done = 0;
    for list in some(all, |value| value.is_list() && value.size > 0) {
        let path = list.spelled();
        let of = |index: usize| {
            let mut path = list.path.clone();
            path.push(Step::Item(index));
            all.iter().find(|value| value.path == path).unwrap()
        };
        let (first, last) = (of(0), of(list.size - 1));
        let changed =
            resource.with_item(&path, first.raw).unwrap_or_else(|error| panic!("{name} {path}: {error}"));
        let expected = spliced(text, last.range.end..last.range.end, &format!(",{}", first.raw));
        assert_eq!(changed.json(), expected, "{name} {path}");
        done += 1;
    }
    done
}

/// Each value goes, unless FHIR asks for it; what goes is one stretch of the text.
fn removes(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let text = resource.json();
    let before = leaves(text);
    let mut done = 0;
    for value in some(all, |value| !value.path.is_empty() && value.spelled() != "resourceType") {
        let path = value.spelled();
        // What would be left empty goes too.
        let value = outermost(all, value);
        let gone_path = value.spelled();
        let changed = match resource.without(&path) {
            Ok(changed) => changed,
            Err(Error::InvalidInput(wrong)) if wrong.code == "not-fhir" => continue,
            Err(error) => panic!("{name} {path}: {error}"),
        };
        let new = changed.json();
        let common = text.bytes().zip(new.bytes()).take_while(|(one, two)| one == two).count();
        let rest = text.bytes().rev().zip(new.bytes().rev()).take_while(|(one, two)| one == two).count();
        assert!(new.len() < text.len() && common + rest >= new.len(), "{name} {path}: not one stretch");
        // Everything that did not stand below the path is there, with its bytes; items behind moved up.
        let after = leaves(new);
        let gone: Vec<&String> =
            before.iter().filter(|(one, _)| below(one, &gone_path)).map(|(one, _)| one).collect();
        assert_eq!(before.len(), after.len() + gone.len(), "{name} {path}");
        for (one, raw) in before.iter().filter(|(one, _)| !below(one, &gone_path)) {
            let now = moved(one, value);
            assert_eq!(after.get(&now), Some(raw), "{name} {path}: {one}");
        }
        done += 1;
    }
    done
}

/// The value, or what holds nothing else than it.
fn outermost<'v, 't>(all: &'v [Value<'t>], value: &'v Value<'t>) -> &'v Value<'t> {
    let mut value = value;
    while value.path.len() > 1 {
        let (_, above) = value.path.split_last().unwrap();
        let holder = all.iter().find(|one| one.path == above).unwrap();
        if holder.size > 1 {
            break;
        }
        value = holder;
    }
    value
}

fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path of something else after an item went.
fn moved(path: &str, gone: &Value<'_>) -> String {
    let Some((Step::Item(index), list)) = gone.path.split_last() else { return path.to_owned() };
    let list = Value { path: list.to_vec(), ..gone.clone() }.spelled();
    let moved = path.strip_prefix(&list).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| {
        let (place, rest) = rest.split_once(']')?;
        let place: usize = place.parse().ok()?;
        (place > *index).then(|| format!("{list}[{}]{rest}", place - 1))
    });
    moved.unwrap_or_else(|| path.to_owned())
}

/// What was not there is made: an element in an element.
fn grows(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let text = resource.json();
    let tags = all.iter().find(|value| value.spelled() == "meta.tag");
    let place = tags.map_or(0, |tags| tags.size);
    let path = format!("meta.tag[{place}].code");
    let changed = resource.with(&path, "\"x\"").unwrap_or_else(|error| panic!("{name} {path}: {error}"));
    let (mut before, after) = (leaves(text), leaves(changed.json()));
    before.insert(path, "\"x\"".to_owned());
    assert_eq!(before, after, "{name}");
    // Taking it away gives the text back, byte for byte.
    let back = changed.without(&format!("meta.tag[{place}].code")).unwrap();
    assert_eq!(back.json(), text, "{name}");
    1
}

/// Merging in one more thing, as a record is updated.
fn merges(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let text = resource.json();
    let mut done = 0;
    // Whom a message goes to is ours alone to say: a list that we do not give is taken away.
    if all.iter().any(|value| value.spelled() == "recipient") {
        return 0;
    }
    for value in some(all, |value| value.is_leaf() && value.path.len() == 1) {
        let [Step::Member(member)] = value.path.as_slice() else { continue };
        let ours = format!("{{{}:\"synthetic\"}}", serde_json::to_string(member).unwrap());
        let Some(merged) = merge(text, &ours).unwrap() else { panic!("{name} {member}") };
        assert_eq!(merged, spliced(text, value.range.clone(), "\"synthetic\""), "{name} {member}");
        assert_eq!(merge(&merged, &ours).unwrap(), None, "{name} {member}: twice is once");
        done += 1;
    }
    done
}

/// The status, where there is one, becomes what it can become.
fn statuses(name: &str, resource: &Resource, all: &[Value<'_>]) -> usize {
    let path = if resource.kind() == "Goal" { "lifecycleStatus" } else { "status" };
    let Some(status) = all.iter().find(|value| value.spelled() == path) else { return 0 };
    let new = match resource.kind() {
        "Location" => "\"inactive\"",
        "Consent" => "\"rejected\"",
        _ => "\"entered-in-error\"",
    };
    let changed = resource.with(path, new).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(changed.json(), spliced(resource.json(), status.range.clone(), new), "{name}");
    1
}
