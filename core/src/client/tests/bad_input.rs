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
    let value = CARE_TEAM.split_once('|').unwrap().1;
    for bare in [value, "|x", "x|"] {
        let wrong = invalid(jane.propose(bare).await.unwrap_err());
        assert_eq!((wrong.code, wrong.field.as_deref()), ("identifier-form", Some("care_team")), "{bare}");
    }
    let error = jane.propose(CARE_TEAM).await.unwrap_err();
    assert!(
        matches!(error, Error::NotFound { what: "agreement in force between the two sides: add it first" }),
        "{error}"
    );
    jane.add_agreement(agreement).unwrap();
    let mistake = invalid(jane.add_rules(&rules.replace("days: 122", "days: many")).unwrap_err());
    assert!(mistake.line.is_some() && mistake.field.is_some(), "{mistake:?}");
    let error = jane.open(jane.propose(CARE_TEAM).await.unwrap()).unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "rule set: add one first" }), "{error}");
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

#[tokio::test]
async fn a_plan_of_another_member_is_not_sent() {
    let world = World::new();
    let jane = world.start("jane").await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    let plan = |number: &str, subject: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"resource":{{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{subject}}}}},
            {{"resource":{{"resourceType":"Patient","id":"p","birthDate":"1961-04-05",
              "identifier":[{{"system":"urn:example:member","value":"{number}"}}]}}}}]}}"#
        )
    };
    for (number, subject) in [
        ("2", r#"{"reference":"Patient/p"}"#),
        ("2", r#"{"display":"synthetic"}"#),
        ("1", r#"{"reference":"Patient/q"}"#),
    ] {
        let refused = invalid(case.send_plan_document(None, &plan(number, subject)).unwrap_err());
        assert_eq!((refused.code, refused.field.as_deref()), ("plan-of-another-member", Some("subject")));
    }
    assert!(case.state().unwrap().plans.all().is_empty());
    case.send_plan_document(None, &plan("1", r#"{"reference":"Patient/p"}"#)).unwrap();
}

#[tokio::test]
async fn a_patient_that_is_none_is_not_confirmed() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    jane.import(&patient("1999-09-09")).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    for wrong in ["", "marty", "Patient/", "Patient/a/b", "Patient/a b", "Practitioner/1", "Patient/1?x=y"] {
        let refused = invalid(case.confirm_patient(wrong).await.unwrap_err());
        assert_eq!((refused.code, refused.field.as_deref()), ("invalid-patient", Some("patient")), "{wrong}");
    }
    let gone = case.confirm_patient("Patient/nobody").await.unwrap_err();
    assert!(matches!(gone, Error::NotFound { what: "patient" }), "{gone}");
    let (bound, proposed) = case.patient().unwrap();
    assert_eq!(bound, None, "nothing of it was taken");
    case.confirm_patient(&proposed.unwrap()).await.unwrap();
}

#[tokio::test]
async fn who_works_for_two_organisations_is_named_and_ended_for_one() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let at = |name: &str, account: Option<&str>| Contact {
        organization: organization_id(name),
        user: account.map(user),
        ..seat("kim").contact
    };
    let both = vec![at("aco", None), at("cp", Some("kim"))];
    jane.engine.directory.write().unwrap().contacts.clone_from(&both);
    let mut open = opening(&["jane", "joe"]);
    open.roster.push(Seat { contact: at("aco", None), lead: false });
    let case = jane.open(open).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    let (kim, cp) = (seat("kim").contact.id, organization_id("cp"));

    assert_eq!(invalid(case.name_contact(None, &kim, None, false).unwrap_err()).code, "ambiguous-contact");
    case.name_contact(None, &kim, Some(&cp), false).unwrap();
    let unknown = case.name_contact(None, &seat("lee").contact.id, None, false).unwrap_err();
    assert!(matches!(unknown, Error::NotFound { what: "contact" }), "{unknown}");
    settle(&[&jane]).await;
    assert_eq!(case.state().unwrap().roster().contact(&kim, &cp).unwrap().contact.user, Some(user("kim")));

    assert_eq!(invalid(case.end_seat(None, kim.clone(), None).unwrap_err()).code, "ambiguous-contact");
    joes.end_seat(None, kim.clone(), organization_id("aco")).unwrap();
    settle(&[&joe, &jane]).await;
    // The other seat is over: there is one that can be meant, and a retry means the same.
    let id = Some(EventId::new());
    let ended = case.end_seat(id, kim.clone(), None).unwrap();
    assert_eq!(case.end_seat(id, kim.clone(), None).unwrap(), ended);
    settle(&[&jane]).await;
    assert!(case.state().unwrap().roster().active().all(|seat| seat.contact.id != kim));
    let nobody = case.end_seat(None, kim, None).unwrap_err();
    assert!(matches!(nobody, Error::NotFound { what: "seat" }), "{nobody}");
}
