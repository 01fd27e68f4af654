//! What others made of a case's resources. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::care_plan::{Carriage, Document, PlanSent};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{id, next, opening, seat};
use crate::fhir::{Own, project};

const ON: &str = "2019-03-10";

fn fold() -> Fold {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    fold
}

fn organization() -> OrganizationId {
    seat("jane").contact.organization
}

/// The directory of the record: Jane and Kim work for its own organisation, Zoe for one that takes no part.
fn people() -> String {
    let named = |id: &str, rest: &str| {
        let (system, value) = id.split_once('|').unwrap();
        format!(r#""identifier":[{{"system":"{system}","value":"{value}"}}]{rest}"#)
    };
    let kim = seat("kim").contact;
    let jane = seat("jane").contact;
    [
        format!(
            r#"{{"resourceType":"Organization","id":"cp",{}}}"#,
            named(organization().as_str(), r#","name":"CP (synthetic)""#)
        ),
        format!(r#"{{"resourceType":"Organization","id":"gym",{}}}"#, named("urn:example:org|gym", "")),
        format!(
            r#"{{"resourceType":"Practitioner","id":"kim",{}}}"#,
            named(kim.id.as_str(), r#","name":[{"text":"Kim (synthetic)"}]"#)
        ),
        format!(r#"{{"resourceType":"Practitioner","id":"jane",{}}}"#, named(jane.id.as_str(), "")),
        format!(r#"{{"resourceType":"Practitioner","id":"zoe",{}}}"#, named("urn:example:staff|zoe", "")),
    ]
    .join("\n")
}

fn looked_at(team: &str, state: &CaseState, seen: Option<&Seen>) -> (Vec<String>, Vec<String>, Seen) {
    let people = people();
    let import = Import::of(people.lines().chain([team])).unwrap();
    let team = *import.care_teams().unwrap().first().unwrap();
    let (proposed, now) =
        team_changes(&import, team, state, &organization(), seen, ON.parse().unwrap()).unwrap();
    let proposed = proposed.map(|one| (one.add, one.end)).unwrap_or_default();
    let add = proposed.0.iter().map(|one| one.id.value().to_owned()).collect();
    (add, proposed.1.iter().map(|one| one.contact.value().to_owned()).collect(), now)
}

fn projection(state: &CaseState) -> String {
    let own = Own { patient: "Patient/marty".into() };
    project(state, &own, &|_| None).into_iter().find(|write| write.kind == "CareTeam").unwrap().json
}

const KIM: &str =
    r#"{"member":{"reference":"Practitioner/kim"},"onBehalfOf":{"reference":"Organization/cp"}}"#;
const ZOE: &str =
    r#"{"member":{"reference":"Practitioner/zoe"},"onBehalfOf":{"reference":"Organization/gym"}}"#;

fn with(team: &str, more: &str) -> String {
    let node = json::parse(team).unwrap();
    let items: Vec<&str> =
        node.list("participant").iter().map(Node::raw).filter(|one| !one.is_empty()).chain([more]).collect();
    node.with(&[("participant", format!("[{}]", items.join(",")))])
}

#[test]
fn a_keeper_whom_no_account_reaches_is_not_proposed() {
    let fold = fold();
    let keeper = format!(
        r#"{{"extension":[{{"url":"{}","valueCode":"named"}}],"member":{{"reference":"Organization/cp"}}}}"#,
        codes::SEAT
    );
    let (add, ..) = looked_at(&with(&projection(fold.state()), &keeper), fold.state(), None);
    assert!(
        add.is_empty(),
        "it was left out when the case was opened, and nobody changed anything since: {add:?}"
    );
}

#[test]
fn the_projection_is_compared_with_the_roster() {
    let fold = fold();
    let team = projection(fold.state());
    let (add, end, _) = looked_at(&team, fold.state(), None);
    assert!(add.is_empty() && end.is_empty(), "what we wrote ourselves proposes nothing");

    let (add, end, _) = looked_at(&with(&with(&team, KIM), ZOE), fold.state(), None);
    assert_eq!((add, end), (vec!["kim".to_owned()], vec![]), "Zoe works for nobody in the case");

    // Somebody entered the end of Joe's time there.
    let joe = seat("joe").contact.id;
    let node = json::parse(&team).unwrap();
    let place = node.list("participant").iter().position(|one| one.raw().contains(joe.value())).unwrap();
    let ended = node.list("participant")[place]
        .with(&[("period", r#"{"start":"2019-01-01","end":"2019-03-10"}"#.into())]);
    let team = node.with(&[("participant", node.get("participant").unwrap().with_items(&[(place, ended)]))]);
    let (add, end, _) = looked_at(&team, fold.state(), None);
    assert_eq!((add, end), (vec![], vec!["joe".to_owned()]));
}

#[test]
fn of_another_team_only_what_changed_is_proposed() {
    let fold = fold();
    let team = |participants: &[&str]| {
        format!(
            r#"{{"resourceType":"CareTeam","id":"other","subject":{{"reference":"Patient/marty"}},"participant":[{}]}}"#,
            participants.join(",")
        )
    };
    let (add, end, seen) = looked_at(&team(&[KIM]), fold.state(), None);
    assert!(add.is_empty() && end.is_empty(), "she was there before anybody looked");
    let (add, _, _) = looked_at(&team(&[KIM]), fold.state(), Some(&seen));
    assert!(add.is_empty());
    let (add, _, _) = looked_at(&team(&[KIM]), fold.state(), Some(&Seen::default()));
    assert_eq!(add, ["kim"]);
    let marked = KIM.replacen('{', r#"{"extension":[{"url":"urn:caseline:seat","valueCode":"named"}],"#, 1);
    let (add, _, _) = looked_at(&team(&[&marked]), fold.state(), None);
    assert_eq!(add, ["kim"], "the mark of a seat says it");

    let jane = r#"{"member":{"reference":"Practitioner/jane"},"onBehalfOf":{"reference":"Organization/cp"}}"#;
    let gone = jane.replacen('{', r#"{"period":{"end":"2019-03-01"},"#, 1);
    let (_, end, seen) = looked_at(&team(&[&gone]), fold.state(), None);
    assert!(end.is_empty() && seen == Seen::default(), "she was never seen there");
    let (_, _, seen) = looked_at(&team(&[jane]), fold.state(), None);
    let (_, end, _) = looked_at(&team(&[&gone]), fold.state(), Some(&seen));
    assert_eq!(end, ["jane"]);
}

#[test]
fn an_end_that_is_to_come_has_its_day() {
    let team = |ends: [&str; 2]| {
        let [one, two] = ends.map(|end| KIM.replacen('{', &format!(r#"{{"period":{{"end":"{end}"}},"#), 1));
        format!(r#"{{"resourceType":"CareTeam","id":"other","participant":[{one},{KIM},{two}]}}"#)
    };
    let next = |ends| {
        let import = Import::parse(&team(ends)).unwrap();
        next_end(&import.resources()[0], ON.parse().unwrap()).map(|day| day.to_string())
    };
    assert_eq!(next(["2019-04-02", "2019-03-11T08:00:00Z"]).as_deref(), Some("2019-03-11"));
    assert_eq!(next([ON, "2019-03"]), None, "who goes today is gone, and a month is no day");
}

#[test]
fn a_plan_that_says_something_else_is_noticed() {
    let document = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":
        {"resourceType":"CarePlan","id":"1","identifier":[{"system":"urn:plans","value":"1"}],"status":"active","intent":"plan","title":"Walk","subject":{"reference":"Patient/marty"}}}]}"#;
    let mut fold = fold();
    let sent = PlanSent {
        document: Document {
            sha256: Sha256::of(document),
            size: 1,
            carriage: Carriage::Inline(document.into()),
        },
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    fold.insert(next(1, "jane", fold.state(), sent));
    let plan = fold.state().plans.get(id(1)).unwrap().clone();
    let own = Own { patient: "Patient/marty".into() };
    let writes = project(fold.state(), &own, &|_| Some(document.to_owned()));
    let written = &writes.iter().find(|write| write.kind == "CarePlan").unwrap().json;
    let source = sent_plan(document).unwrap();
    for (stored, same) in
        [(written.clone(), true), (source.clone(), true), (source.replace("urn:plans", "urn:other"), false)]
    {
        let import = Import::parse(&stored).unwrap();
        assert_eq!(is_of(&import.resources()[0], &plan, document), same);
    }
    // Many a record's plan has no identifier.
    let unnamed = document.replace(r#""identifier":[{"system":"urn:plans","value":"1"}],"#, "");
    for (id, same) in [("1", true), ("2", false)] {
        let stored = sent_plan(&unnamed).unwrap().replace(r#""id":"1""#, &format!(r#""id":"{id}""#));
        let import = Import::parse(&stored).unwrap();
        assert_eq!(is_of(&import.resources()[0], &plan, &unnamed), same);
    }
    for basis in [written, &source] {
        let node = json::parse(basis).unwrap();
        let aside = node.with(&[
            ("meta", r#"{"versionId":"7"}"#.into()),
            ("text", r#"{"status":"generated","div":"x"}"#.into()),
        ]);
        assert_eq!(plan_change(&aside, basis).unwrap(), None, "what a server adds is no change");
        let changed = basis.replace("Walk", "Swim");
        let noticed = plan_change(&changed, basis).unwrap();
        assert!(noticed.is_some());
        let stamped = json::parse(&changed).unwrap().with(&[("meta", r#"{"versionId":"8"}"#.into())]);
        assert_eq!(plan_change(&stamped, basis).unwrap(), noticed, "the same change has the same hash");
        let value: serde_json::Value = serde_json::from_str(&changed).unwrap();
        let indented = serde_json::to_string_pretty(&value).unwrap();
        assert_ne!(indented, changed);
        assert_eq!(plan_change(&indented, basis).unwrap(), noticed, "however it is spelled");
        let narrative = r#"{"status":"generated","div":"anew"}"#.to_owned();
        let narrated = json::parse(&changed).unwrap().with(&[("text", narrative)]);
        assert_eq!(plan_change(&narrated, basis).unwrap(), noticed, "a narrative says nothing else");
        assert_ne!(plan_change(&changed.replace("Swim", "Run"), basis).unwrap(), noticed);
    }
}

#[test]
fn another_copy_of_a_record_has_other_ids_and_the_same_plan() {
    let plan = |patient: &str, goal: &str, title: &str| {
        format!(
            r#"{{"resourceType":"CarePlan","status":"active","intent":"plan","title":"{title}","subject":{{"reference":"Patient/{patient}","display":"Marty"}},"goal":[{{"reference":"Goal/{goal}"}}]}}"#
        )
    };
    let sent = plan("1", "2", "Plan");
    assert_eq!(
        plan_change(&plan("77", "78", "Plan"), &sent).unwrap(),
        None,
        "each device's record has ids of its own"
    );
    assert!(plan_change(&plan("77", "78", "Another plan"), &sent).unwrap().is_some());
    // In the record that it was sent from, another goal is a change.
    assert!(plan_change(&plan("1", "3", "Plan"), &sent).unwrap().is_some());
}
