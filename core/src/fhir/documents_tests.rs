//! Documents in the place of what a server does not take. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::care_plan::{Carriage, PlanApproved, PlanSent};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{id, next, opening};
use crate::fhir::json;
use crate::ports::Offer;

const PLAN: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"CarePlan",
    "status":"active","intent":"plan","subject":{"display":"synthetic"},"x":1.50}}]}"#;

fn fold(approved: bool) -> Fold {
    let mut fold = Fold::new();
    fold.insert(next(0, "jane", fold.state(), opening()));
    let document = Document { sha256: Sha256::of(PLAN), size: 1, carriage: Carriage::Inline(PLAN.into()) };
    let sent = PlanSent { document, sign_by: None, member_approved: None, replaces: None, on: None };
    fold.insert(next(1, "jane", fold.state(), sent));
    if approved {
        let approved = PlanApproved { plan: id(1), sha256: Sha256::of(PLAN) };
        fold.insert(next(2, "rao", fold.state(), approved));
    }
    fold
}

fn written(fold: &Fold, read_only: &[&str]) -> Vec<RecordWrite> {
    let takes =
        read_only.iter().fold(Capabilities::all(), |all, kind| all.with(kind, Offer::all().read_only()));
    let own = Own { patient: "Patient/marty".into() };
    documents(fold.state(), &own, &|_| Some(PLAN.to_owned()), &takes)
}

fn data(write: &RecordWrite) -> String {
    let node = json::parse(&write.json).unwrap();
    let data = node.list("content")[0].get("attachment").unwrap().str("data").unwrap().into_owned();
    String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
}

#[test]
fn a_document_stands_for_what_is_not_taken_and_for_nothing_else() {
    let fold = fold(false);
    assert!(written(&fold, &[]).is_empty());
    assert!(written(&fold, &["CarePlan", "CareTeam", "DocumentReference"]).is_empty(), "not even those");
    let plans = written(&fold, &["CarePlan"]);
    let [plan] = &plans[..] else { panic!("{plans:?}") };
    assert_eq!(data(plan), PLAN, "byte for byte");
    let both = written(&fold, &["CarePlan", "CareTeam"]);
    assert_eq!(both.len(), 2);
    for write in &both {
        assert_eq!(crate::fhir::check(&write.json).unwrap(), []);
    }
}

#[test]
fn a_summary_follows_the_state() {
    let (before, after) = (written(&fold(false), &["CareTeam"]), written(&fold(true), &["CareTeam"]));
    assert_eq!(before[0].find, after[0].find, "one document");
    assert!(data(&before[0]).contains("sent for signature") && data(&after[0]).contains("approved 20"));
    assert!(data(&after[0]).contains("Bay Community Care"));
    let context = json::parse(&before[0].json).unwrap().get("context").unwrap().raw().to_owned();
    assert!(context.starts_with(r#"{"period":{"start":"20"#) && !context.contains("end"), "{context}");
    // A device that has not heard of the approval does not write its summary over one that tells of it.
    let (known, behind) = (fold(true), fold(false));
    let heads = crate::fhir::apply::heads(&after[0].json).unwrap();
    let ours = crate::fhir::apply::heads(&before[0].json).unwrap();
    let may_write = |fold: &Fold, write, ours: &[Head]| {
        heads.iter().all(|head| crate::fhir::project::knows(fold.state(), write, ours, &head.key))
    };
    assert!(!may_write(&behind, &before[0], &ours) && !may_write(&known, &before[0], &ours));
    assert!(may_write(&known, &after[0], &heads));
}
