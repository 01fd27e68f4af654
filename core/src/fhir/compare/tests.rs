#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

// Synthetic throughout.
fn document() -> Value {
    json!({
        "resourceType": "Bundle", "type": "collection", "entry": [
            { "fullUrl": "urn:uuid:1", "resource": {
                "resourceType": "CarePlan", "id": "plan", "meta": { "versionId": "1" }, "status": "active", "intent": "plan",
                "description": "Drafted with Marty.", "period": { "start": "2019-03-01", "end": "2020-02-29" },
                "addresses": [{ "reference": "Condition/c1", "display": "Asthma" }],
                "goal": [{ "reference": "Goal/walk" }],
                "activity": [
                    { "detail": { "status": "in-progress", "description": "Visit at home" } },
                    { "detail": { "status": "not-started", "description": "Walking group" } },
                ],
                "note": [{ "text": "Likes mornings." }],
            }},
            { "fullUrl": "urn:uuid:2", "resource": {
                "resourceType": "Goal", "id": "walk", "lifecycleStatus": "active", "description": { "text": "Walks to the shop" },
                "target": [{ "detailQuantity": { "value": 1.50, "unit": "mi" }, "dueDate": "2019-06-01" }],
            }},
        ],
    })
}

fn said(was: &str, is: &str) -> Vec<(PlanPart, Became, String)> {
    compare_plans(was, is).unwrap().into_iter().map(|c| (c.part, c.became, c.text)).collect()
}

/// What is said of one change.
fn changed(edit: impl Fn(&mut Value)) -> Vec<(PlanPart, Became, String)> {
    let mut later = document();
    edit(&mut later);
    said(&document().to_string(), &later.to_string())
}

fn plan(document: &mut Value) -> &mut Value {
    &mut document["entry"][0]["resource"]
}

fn goal(document: &mut Value) -> &mut Value {
    &mut document["entry"][1]["resource"]
}

#[test]
fn the_same_is_nothing_however_it_is_spelled() {
    assert_eq!(changed(|_| {}), []);
    let pretty = serde_json::to_string_pretty(&document()).unwrap();
    assert_eq!(said(&document().to_string(), &pretty), []);
}

#[test]
fn each_change_is_told_in_words() {
    use Became::{Added, Changed, Removed, Reordered};
    use PlanPart::{Activity, Addresses, Goal, Note, Other, Period, Plan, Record};
    type Edit = fn(&mut Value);
    let cases: [(Edit, PlanPart, Became, &str); 13] = [
        (
            |d| plan(d)["description"] = json!("Visits are in the morning."),
            Plan,
            Changed,
            "Care plan, description: Drafted with Marty. → Visits are in the morning.",
        ),
        (
            |d| plan(d)["period"]["end"] = json!("2020-03-31"),
            Period,
            Changed,
            "Care plan, period.end: 2020-02-29 → 2020-03-31",
        ),
        (
            |d| goal(d)["target"][0]["dueDate"] = json!("2019-07-01"),
            Goal,
            Changed,
            "Goal “Walks to the shop”, target[0].dueDate: 2019-06-01 → 2019-07-01",
        ),
        (
            |d| plan(d)["activity"][0]["detail"]["status"] = json!("completed"),
            Activity,
            Changed,
            "Care plan, activity[0].detail.status: in-progress → completed",
        ),
        (
            |d| {
                plan(d)["activity"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({ "detail": { "description": "Food box" } }));
            },
            Activity,
            Added,
            "Care plan, activity[2] added: Food box",
        ),
        (
            |d| {
                plan(d)["activity"].as_array_mut().unwrap().remove(1);
            },
            Activity,
            Removed,
            "Care plan, activity[1] removed: Walking group",
        ),
        (
            |d| plan(d)["activity"].as_array_mut().unwrap().reverse(),
            Activity,
            Reordered,
            "Care plan, activity: the same in another order",
        ),
        (
            |d| plan(d)["addresses"][0]["display"] = json!("Asthma, mild"),
            Addresses,
            Changed,
            "Care plan, addresses[0].display: Asthma → Asthma, mild",
        ),
        (
            |d| plan(d)["note"][0]["text"] = json!("Likes evenings."),
            Note,
            Changed,
            "Care plan, note[0].text: Likes mornings. → Likes evenings.",
        ),
        (|d| plan(d)["goal"] = json!([]), Goal, Removed, "Care plan, goal[0] removed: Walks to the shop"),
        (
            |d| plan(d)["unheardOf"] = json!({ "a": [1] }),
            Other,
            Added,
            "Care plan, unheardOf added: {\"a\":[1]}",
        ),
        (|d| plan(d)["meta"]["versionId"] = json!("2"), Record, Changed, "Care plan, meta.versionId: 1 → 2"),
        (
            |d| d["entry"][1]["fullUrl"] = json!("urn:uuid:3"),
            Record,
            Changed,
            "Document, entry[1].fullUrl: urn:uuid:2 → urn:uuid:3",
        ),
    ];
    for (edit, part, became, text) in cases {
        assert_eq!(changed(edit), [(part, became, text.to_owned())]);
    }
}

#[test]
fn goals_come_and_go() {
    let added = changed(|d| {
        let goal = json!({ "resource": { "resourceType": "Goal", "id": "rest", "description": { "text": "Sleeps well" } } });
        d["entry"].as_array_mut().unwrap().insert(1, goal);
        plan(d)["goal"].as_array_mut().unwrap().push(json!({ "reference": "Goal/rest" }));
        plan(d)["status"] = json!("on-hold");
    });
    let told: Vec<&str> = added.iter().map(|(_, _, text)| text.as_str()).collect();
    // The goal before that the plan names it, and both before what a coordinator asks later.
    let expected = [
        "Goal added: Sleeps well",
        "Care plan, goal[1] added: Sleeps well",
        "Care plan, status: active → on-hold",
    ];
    assert_eq!(told, expected);
    let removed = changed(|d| {
        d["entry"].as_array_mut().unwrap().remove(1);
    });
    assert_eq!(removed, [(PlanPart::Goal, Became::Removed, "Goal removed: Walks to the shop".to_owned())]);
}

#[test]
fn a_resource_under_another_id_is_known_by_its_identifier() {
    let with = |id: &str, status: &str| {
        json!({ "resourceType": "Bundle", "entry": [
            { "resource": { "resourceType": "CarePlan" } },
            { "resource": { "resourceType": "Goal", "id": id, "lifecycleStatus": status,
                "identifier": [{ "system": "urn:example:goal", "value": "1" }] } },
        ]})
        .to_string()
    };
    let found = compare_plans(&with("a", "active"), &with("b", "completed")).unwrap();
    let paths: Vec<&str> = found.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["Goal.lifecycleStatus", "Goal.id"]);
}

#[test]
fn a_decimals_digits_are_something_that_is_said_and_so_is_what_reads_alike() {
    let was = document().to_string();
    let is = was.replace(":1.5}", ":1.50}");
    assert_eq!(said(&was, &is).len(), 1, "{was}");
    let was = r#"{"resourceType":"CarePlan","category":[{"text":"a","coding":[{"code":"1"},{"code":"1"}]}]}"#;
    let is = r#"{"resourceType":"CarePlan","category":[{"text":"a","coding":[{"code":"1"},{"code":"1","display":"x"}]}]}"#;
    let changes = compare_plans(was, is).unwrap();
    assert_eq!(changes.len(), 1);
    assert!(changes[0].text.contains("display"), "{}", changes[0].text);
}

#[test]
fn debug_shows_nothing_of_what_is_said() {
    let mut later = document();
    goal(&mut later)["description"]["text"] = json!("Marty Exampleton");
    let changes = compare_plans(&document().to_string(), &later.to_string()).unwrap();
    let shown = format!("{changes:?}");
    assert!(!changes.is_empty() && !shown.contains("Marty") && !shown.contains("Walks"), "{shown}");
    assert!(matches!(compare_plans("{", "{}"), Err(crate::Error::InvalidInput(_))));
}

/// Any JSON, of few names, so that versions have much in common.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4u8).prop_map(Value::from),
        prop_oneof![Just("Goal"), Just("a"), Just("b:\"c\",d")].prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("resource"),
        Just("entry"),
        Just("resourceType"),
        Just("identifier"),
        Just("goal"),
        Just("value"),
        Just("reference"),
        Just("text"),
        Just("coding"),
        Just("meta"),
        Just("versionId"),
        Just("fullUrl"),
        Just("a:1,b"),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

fn bundle() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![Just("Goal"), Just("Condition")];
    let resource = (kind, 0..3u8, value()).prop_map(|(kind, id, more)| {
        json!({ "resource": { "resourceType": kind, "id": id.to_string(), "identifier": [{ "value": id.to_string() }], "more": more } })
    });
    let entry = prop_oneof![3 => resource, 1 => value()];
    (prop::collection::vec(entry, 0..5), value())
        .prop_map(|(entry, more)| json!({ "resourceType": "Bundle", "entry": entry, "more": more }))
}

proptest! {
    #[test]
    fn nothing_is_said_if_and_only_if_both_say_the_same(
        was in prop_oneof![value(), bundle()], is in prop_oneof![value(), bundle()], pick in any::<bool>(),
    ) {
        let is = if pick { was.clone() } else { is };
        let changes = compare_plans(&was.to_string(), &is.to_string()).unwrap();
        prop_assert_eq!(changes.is_empty(), was == is, "{} {}", was, is);
        for change in &changes {
            prop_assert!(change.was != change.is, "{:?}", change.path);
            prop_assert!(!change.text.is_empty());
        }
    }

    #[test]
    fn one_change_to_a_document_is_never_left_unsaid(was in bundle(), other in value(), place in 0..5usize) {
        let mut is = was.clone();
        let Some(entries) = is["entry"].as_array_mut() else { return Ok(()) };
        if let Some(entry) = entries.get_mut(place) {
            match entry.pointer_mut("/resource/more") {
                Some(more) => *more = other,
                None => *entry = other,
            }
        }
        let changes = compare_plans(&was.to_string(), &is.to_string()).unwrap();
        prop_assert_eq!(changes.is_empty(), was == is, "{} {}", was, is);
    }
}
