//! Input that cannot be used: each its own code, and nothing half done.

use super::*;
use crate::error::InvalidInput;

const BUNDLE: &str = include_str!("../../../../examples/data/cp.json");
const CARE_TEAM: &str = "https://caseline.example/care-team|marty";

fn invalid(error: Error) -> InvalidInput {
    let Error::InvalidInput(invalid) = error else { panic!("{error}") };
    invalid
}

async fn jane(world: &World) -> Caseline {
    let transport = world.server.transport(&user("jane"));
    Caseline::builder()
        .store(world.folder.path().join("new"), StoreKey::new([7; 32]))
        .clock(Arc::new(world.clock.clone()))
        .with_transport(Arc::new(transport))
        .await
        .unwrap()
}

async fn is_empty(caseline: &Caseline) {
    for kind in ["Organization", "Practitioner", "Patient", "CareTeam", "AuditEvent"] {
        assert!(caseline.resources(kind).await.unwrap().is_empty(), "{kind}");
    }
    assert!(caseline.directory().organizations.is_empty());
    assert!(caseline.cases().unwrap().is_empty());
    assert_eq!(caseline.outbox().unwrap().waiting, 0);
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_changes_nothing() {
    let world = World::new();
    let jane = jane(&world).await;
    let collection = BUNDLE.replace("\"type\": \"transaction\"", "\"type\": \"collection\"");
    assert_ne!(collection, BUNDLE);
    let wrong_address = BUNDLE.replace("matrix:u/jane:cp.example", "matrix:u/no body:cp.example");
    let cases = [
        ("not JSON at all".to_owned(), "invalid-json"),
        (BUNDLE[..BUNDLE.len() / 2].to_owned(), "invalid-json"),
        ("{\"hello\": 1}".to_owned(), "not-fhir"),
        ("{\"resourceType\": \"Bundle\", \"type\": \"transaction\", \"entry\": 7}".to_owned(), "not-fhir"),
        (wrong_address, "invalid-user-id"),
    ];
    for (text, code) in cases {
        assert_eq!(invalid(jane.import(&text).await.unwrap_err()).code, code);
        is_empty(&jane).await;
    }
    assert!(jane.import(&collection).await.is_err());
    is_empty(&jane).await;
    assert!(jane.import(BUNDLE).await.unwrap() > 10, "what is right is taken after all of that");
}

#[tokio::test]
async fn a_care_team_that_cannot_be_opened_from_opens_nothing() {
    let world = World::new();
    let jane = jane(&world).await;
    let missing = |error: Error| match error {
        Error::NotFound { what } => what,
        other => panic!("{other}"),
    };
    assert_eq!(missing(jane.propose(CARE_TEAM).await.unwrap_err()), "care-team");
    // Without the Endpoint's address Joe is a seat without a Matrix id.
    jane.import(&BUNDLE.replace("matrix:u/joe:aco.example", "https://joe.example")).await.unwrap();
    let seat = invalid(jane.propose(CARE_TEAM).await.unwrap_err());
    assert_eq!(seat.code, "seat-without-matrix-id");
    assert!(seat.field.is_some_and(|field| field.contains("participant[")));
    assert!(jane.cases().unwrap().is_empty());
    assert_eq!(jane.outbox().unwrap().waiting, 0);
}

#[tokio::test]
async fn who_opens_a_case_without_role_accounts_is_told_what_that_means() {
    let world = World::new();
    let jane = world.start("jane").await;
    for (with, told) in [(true, false), (false, true)] {
        let mut open = opening(&["jane", "joe"]);
        if !with {
            open.plan_side.role_account = None;
            open.community_side.role_account = None;
        }
        let mut notices = jane.notices();
        jane.open(open).unwrap();
        let heard = std::iter::from_fn(|| notices.try_recv().ok())
            .any(|notice| matches!(notice, Notice::NoRoleAccount { .. }));
        assert_eq!(heard, told);
    }
}

#[tokio::test]
async fn an_agreement_or_rule_set_with_a_mistake_is_not_kept() {
    let world = World::new();
    let jane = jane(&world).await;
    jane.import(BUNDLE).await.unwrap();
    let agreement = include_str!("../../../../examples/data/agreement.yaml");
    let rules = include_str!("../../../../examples/data/rules.yaml");
    let mistake =
        invalid(jane.add_agreement(&agreement.replace("grace: 1 d", "grace: one day")).unwrap_err());
    assert!(mistake.line.is_some() && mistake.field.is_some(), "{mistake:?}");
    let error = jane.propose(CARE_TEAM).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "agreement in force between the two sides" }), "{error}");
    jane.add_agreement(agreement).unwrap();
    let mistake = invalid(jane.add_rules(&rules.replace("days: 122", "days: many")).unwrap_err());
    assert!(mistake.line.is_some() && mistake.field.is_some(), "{mistake:?}");
    let error = jane.open(jane.propose(CARE_TEAM).await.unwrap()).unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "rules" }), "{error}");
    jane.add_rules(rules).unwrap();
    jane.open(jane.propose(CARE_TEAM).await.unwrap()).unwrap();
}

#[tokio::test]
async fn a_plan_that_is_not_fhir_is_not_sent() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    assert_eq!(invalid(case.send_plan_document(None, "a plan").unwrap_err()).code, "invalid-json");
    assert_eq!(invalid(case.send_plan_document(None, "{\"hello\":1}").unwrap_err()).code, "not-fhir");
    settle(&[&jane]).await;
    assert!(case.state().unwrap().plans.all().is_empty());
}
