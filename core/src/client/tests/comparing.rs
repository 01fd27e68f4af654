//! What two versions of a care plan say differently, and scans of signatures.

use super::*;
use crate::PlanVersion;
use crate::care_plan::{Scan, SignedHow, Signer};
use crate::id::Sha256;

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

#[tokio::test]
async fn a_scan_reaches_the_other_side_however_long_it_is() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    let (sent, _) = case.send_plan_document(None, &plan("synthetic")).unwrap();
    let on = "2019-03-01".parse().unwrap();
    for (signer, length) in [(Signer::Member, 20), (Signer::Representative, 200_000)] {
        let scan = Scan::new("application/pdf", vec![7; length]).unwrap();
        let said = (signer.clone(), SignedHow::Paper, on);
        case.attest_scanned_signature(None, sent.id, None, said, &scan).unwrap();
        settle(&[&jane, &joe]).await;
        let state = joes.state().unwrap();
        let signature = state.plans.get(sent.id).unwrap().signatures.last().unwrap();
        assert_eq!(signature.signer, signer);
        let named = signature.scan.as_ref().unwrap().sha256;
        assert_eq!(joes.scan(&named).unwrap().as_ref(), Some(&scan));
        assert_eq!(case.scan(&named).unwrap(), Some(scan));
    }
    let unknown = joes.scan(&Sha256::of("another")).unwrap_err();
    assert!(matches!(unknown, Error::NotFound { what: "scan" }), "{unknown}");
    let verbal = (Signer::Member, SignedHow::Verbal, on);
    let scan = Scan::new("image/png", vec![7]).unwrap();
    let refused = case.attest_scanned_signature(None, sent.id, None, verbal, &scan).unwrap_err();
    assert!(format!("{refused:?}").contains("plan-scan-verbal"), "{refused:?}");
}
