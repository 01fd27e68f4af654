#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;
use crate::fhir::json::{parse, quote};

// Synthetic throughout.
const SEAT: &str = r#""extension":[{"url":"urn:caseline:seat","valueCode":"contact"}]"#;

fn person(value: &str, rest: &str) -> String {
    format!(r#"{{{SEAT},"member":{{"identifier":{{"system":"urn:x","value":"{value}"}}}}{rest}}}"#)
}

fn team(participants: &[String]) -> String {
    format!(r#"{{"resourceType":"CareTeam","participant":[{}]}}"#, participants.join(","))
}

#[test]
fn what_others_added_stays_byte_for_byte() {
    let stored = "{ \"resourceType\":\"CareTeam\", \"id\":\"7\", \"meta\":{\"tag\":[ {\"system\":\"s\",\"code\":\"theirs\"} ]},\n \
        \"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"1\"},{\"system\":\"urn:caseline:case\",\"value\":\"c\", \"use\":\"usual\"}],\n \
        \"status\" : \"active\", \"_status\":{\"id\":\"x\"}, \"dose\": 1.50 , \"unheardOf\":{\"a\":[1.0,  2]} }";
    let ours = r#"{"resourceType":"CareTeam","identifier":[{"system":"urn:caseline:case","value":"c"}],"status":"inactive"}"#;
    assert_eq!(merge(stored, ours).unwrap().unwrap(), stored.replace("\"active\"", "\"inactive\""));
}

#[test]
fn nothing_new_is_no_version() {
    let ours = team(&[person("jane", ""), person("joe", "")]);
    let stored = r#"{"id":"1","participant":["#.to_owned()
        + person("jane", r#","role":[{"text":"theirs"}]"#).as_str()
        + r#",{"member":{"reference":"RelatedPerson/1"}},"#
        + person("joe", "").as_str()
        + r#"],"resourceType":"CareTeam"}"#;
    assert_eq!(merge(&stored, &ours).unwrap(), None);
    assert_eq!(merge(&ours, &ours).unwrap(), None);
}

#[test]
fn a_participant_that_the_state_no_longer_has_goes_and_others_stay() {
    let foreign = r#"{"member": {"reference":"RelatedPerson/1"}}"#.to_owned();
    let stored = team(&[person("jane", ""), foreign.clone(), person("joe", ""), person("lee", "")]);
    let merged =
        merge(&stored, &team(&[person("jane", ""), person("lee", ""), person("rao", "")])).unwrap().unwrap();
    assert_eq!(merged, team(&[person("jane", ""), foreign, person("lee", ""), person("rao", "")]));
}

#[test]
fn two_paths_to_one_state_end_with_the_same_bytes() {
    let early = team(&[person("jane", ""), person("joe", r#","period":{"start":"2019","end":"2020"}"#)]);
    let late = team(&[person("jane", ""), person("lee", ""), person("joe", r#","period":{"start":"2019"}"#)]);
    assert_eq!(merge(&early, &late).unwrap().unwrap(), late);
}

#[test]
fn a_reference_to_somebody_else_is_replaced_whole() {
    let stored =
        r#"{"sender":{"type":"Practitioner","identifier":{"system":"s","value":"1"},"display":"Joe"}}"#;
    let ours = r#"{"sender":{"identifier":{"system":"s","value":"2"}}}"#;
    assert_eq!(merge(stored, ours).unwrap().unwrap(), ours);
}

#[test]
fn a_participant_has_one_role_by_all_its_codes() {
    let team = |codings: &str| {
        format!(
            r#"{{"participant":[{{"role":[{{"coding":[{codings}]}}],"member":{{"reference":"Practitioner/1"}}}}]}}"#
        )
    };
    let (nurse, lead) = (
        r#"{"system":"urn:caseline:role","code":"nurse"}"#,
        r#"{"system":"urn:caseline:role","code":"pcp"}"#,
    );
    let theirs = r#"{"system":"urn:theirs","code":"RN"}"#;
    let merged = merge(&team(theirs), &team(nurse)).unwrap().unwrap();
    assert_eq!(merged, team(&format!("{theirs},{nurse}")));
    assert_eq!(merge(&merged, &team(lead)).unwrap().unwrap(), team(&format!("{theirs},{lead}")));
}

#[test]
fn a_list_that_is_no_longer_written_loses_what_was_ours() {
    let stored =
        r#"{"recipient":[{"reference":"A/1"}],"extension":[{"url":"urn:x"},{"url":"urn:caseline:x"}],"a":1}"#;
    let merged = merge(stored, r#"{"a":1}"#).unwrap().unwrap();
    assert_eq!(merged, r#"{"extension":[{"url":"urn:x"}],"a":1}"#);
}

#[test]
fn a_recipient_is_known_by_whom_it_names() {
    let stored = r#"{"recipient":[{"reference":"A/1","x":1},{"reference":"A/2","x":2}]}"#;
    let merged = merge(stored, r#"{"recipient":[{"reference":"A/2"}]}"#).unwrap().unwrap();
    assert_eq!(merged, r#"{"recipient":[{"reference":"A/2","x":2}]}"#);
}

#[test]
fn lists_without_names_keep_what_includes_ours() {
    let stored = r#"{"note":[{"text":"theirs"},{"text":"ours","time":"2019"}]}"#;
    assert_eq!(merge(stored, r#"{"note":[{"text":"ours"}]}"#).unwrap(), None);
    assert_eq!(
        merge(r#"{"payload":[{"contentString":"a","x":1}]}"#, r#"{"payload":[{"contentString":"b"}]}"#)
            .unwrap(),
        Some(r#"{"payload":[{"contentString":"b","x":1}]}"#.into())
    );
}

fn graft(text: &str, place: &str, value: &str) -> String {
    parse(text).unwrap().with(&[(place, value.to_owned())])
}

proptest! {
    #[test]
    fn grafts_of_any_kind_survive_an_update(
        foreign in crate::fhir::json::tests::json_text(),
        deep in crate::fhir::json::tests::json_text(),
        one in 0usize..4, two in 0usize..4,
    ) {
        let version = |n: usize| format!(
            r#"{{"resourceType":"CareTeam","status":{},"participant":[{}],"period":{{"start":"2019"}}}}"#,
            quote(["active", "inactive", "proposed", "suspended"][n]),
            (0..=n).map(|n| person(&n.to_string(), "")).collect::<Vec<_>>().join(","),
        );
        let grafted = graft(&version(one), "grafted", &foreign);
        let node = parse(&grafted).unwrap();
        let period = graft(node.get("period").unwrap().raw(), "grafted", &deep);
        let grafted = graft(&grafted, "period", &period);
        let stored = merge(&grafted, &version(two)).unwrap().unwrap_or_else(|| grafted.clone());
        let node = parse(&stored).unwrap();
        prop_assert_eq!(node.get("grafted").unwrap().raw(), foreign.as_str());
        prop_assert_eq!(node.get("period").unwrap().raw(), period.as_str());
        prop_assert_eq!(node.list("participant").len(), two + 1);
        prop_assert_eq!(merge(&stored, &version(two)).unwrap(), None, "once is enough");
        prop_assert_eq!(merge(&stored, &version(one)).unwrap().unwrap_or(stored), grafted, "there and back");
    }
}

#[test]
fn very_long_lists_are_merged_in_good_time() {
    // Each item by every other would be 10^10 comparisons.
    const MANY: usize = 100_000;
    let list = |items: &mut dyn Iterator<Item = String>| -> String { items.collect::<Vec<_>>().join(",") };
    let named = |items: String| format!(r#"{{"identifier":[{items}]}}"#);
    let one = |n: usize| format!(r#"{{"system":"urn:x","value":"{n}"}}"#);
    let (there, ours) = (named(list(&mut (0..MANY).map(one))), named(list(&mut (0..MANY).rev().map(one))));
    let merged = merge(&there, &ours).unwrap().unwrap();
    assert!(parse(&merged).unwrap().same(&parse(&ours).unwrap()), "in our order");
    assert_eq!(merge(&merged, &ours).unwrap(), None);

    // Items that nothing names: somebody put one first, and all differ, and are there in another order.
    let said = |items: String| format!(r#"{{"note":[{items}]}}"#);
    let text = |n: usize| format!(r#"{{"text":"{n}"}}"#);
    let ours = said(list(&mut (0..MANY).map(text)));
    let there = said(list(&mut std::iter::once(text(MANY)).chain((0..MANY).map(text))));
    assert_eq!(merge(&there, &ours).unwrap(), None, "all is said already");
    for there in [said(list(&mut (MANY..2 * MANY).map(text))), said(list(&mut (0..MANY).rev().map(text)))] {
        let merged = merge(&there, &ours).unwrap().unwrap();
        assert!(parse(&merged).unwrap().same(&parse(&ours).unwrap()));
        assert_eq!(merge(&merged, &ours).unwrap(), None, "it is settled");
    }
}

#[test]
fn the_history_of_somebody_elses_episode_stays() {
    let theirs = r#"{"resourceType":"EpisodeOfCare","status":"active","statusHistory":[{"status":"planned","period":{"start":"2014-09-01"}}]}"#;
    let merged = merge(theirs, r#"{"status":"finished"}"#).unwrap().unwrap();
    assert_eq!(merged, theirs.replace("\"active\"", "\"finished\""));
    let named = r#"{"identifier":[{"system":"urn:caseline:episode","value":"7"}],"status":"active"}"#;
    assert!(
        !merge(theirs, named).unwrap().unwrap().contains("statusHistory"),
        "of a case's own it is what the case says"
    );
}
