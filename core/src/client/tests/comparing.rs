//! What two versions of a care plan say differently.

use super::*;
use crate::PlanVersion;
use crate::care_plan::{SignedHow, Signer};

// Synthetic throughout.
fn plan(description: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{{"display":"synthetic"}},"description":"{description}"}}}}]}}"#
    )
}

#[tokio::test]
async fn versions_are_compared_by_either_side() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let (first, first_hash) = case.send_plan_document(None, &plan("in the evening")).unwrap();
    let on = "2019-03-01".parse().unwrap();
    case.attest_signature(None, first.id, None, (Signer::Member, SignedHow::Paper, on)).unwrap();
    settle(&[&jane, &joe]).await;
    joes.return_plan(None, first.id, "say in the morning").unwrap();
    settle(&[&joe, &jane]).await;
    let (second, second_hash) = case.send_plan_document(None, &plan("in the morning")).unwrap();
    settle(&[&jane, &joe]).await;

    let (was, is) = (PlanVersion::Sent(first.id), PlanVersion::Document(second_hash));
    let found = joes.compare_plans(was, is).unwrap();
    assert_eq!((found.was, found.is), (first.id, second.id));
    let told: Vec<&str> = found.changes.iter().map(|change| change.text.as_str()).collect();
    assert_eq!(told, ["Care plan, description: in the evening → in the morning"]);
    assert_eq!(found.undone.iter().map(|one| one.signer.clone()).collect::<Vec<_>>(), [Signer::Member]);
    assert!(!format!("{found:?}").contains("morning"));
    assert_eq!(found, case.compare_plans(was, is).unwrap(), "both sides see the same");
    let none = joes.compare_plans(PlanVersion::Document(first_hash), was).unwrap();
    assert!(none.changes.is_empty() && none.undone.is_empty());
    let unknown = joes.compare_plans(was, PlanVersion::Sent(EventId::new())).unwrap_err();
    assert!(matches!(unknown, Error::NotFound { what: "plan" }), "{unknown}");
}
