//! What the Gravity project's guide (SDOH Clinical Care) asks: of every task that asks somebody to fulfil a referral, and of
//! what else says that it follows one of its profiles.

use super::profiles::{any, coded, needs, refers};
use super::walk::Walk;
use crate::fhir::codes;
use crate::fhir::json::Node;

pub(super) const PROFILES: &str = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/";
pub(super) const CONSENT: &str = "SDOHCC-Consent";
pub(super) const GOAL: &str = "SDOHCC-Goal";
pub(super) const SERVICE_REQUEST: &str = "SDOHCC-ServiceRequest";
pub(super) const TASK: &str = "SDOHCC-TaskForReferralManagement";

const CATEGORIES: &str =
    "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes";

pub(super) fn check(walk: &mut Walk, kind: &str, node: &Node<'_>) {
    match kind {
        "Task" => {
            let fulfill = node.get("code").is_some_and(|code| coded(code, codes::TASK_CODE, "fulfill"));
            if !fulfill && claims(node, TASK) {
                walk.broken_at("code", TASK, "Gravity: a referral's task has the code `fulfill`");
            }
            if fulfill || claims(node, TASK) {
                referral(walk, node);
            }
        }
        "Consent" if claims(node, CONSENT) => consent(walk, node),
        "ServiceRequest" if claims(node, SERVICE_REQUEST) => {
            let ours = |coding: &Node<'_>| coding.str("system").as_deref() == Some(CATEGORIES);
            if !node.list("category").iter().any(|one| one.list("coding").iter().any(ours)) {
                walk.broken_at("category", SERVICE_REQUEST, "Gravity: one category is one of its own");
            }
            if node.get("code").is_some_and(|code| code.list("coding").is_empty()) {
                walk.broken_at("code", SERVICE_REQUEST, "Gravity: what is asked for is coded");
            }
        }
        "Goal" if claims(node, GOAL) => {
            let kinds = ["Condition", "Observation", "RiskAssessment"];
            walk.each(node, "addresses", |walk, one| {
                if walk.kind_of(one).is_some_and(|kind| !kinds.contains(&kind.as_str())) {
                    walk.broken(
                        GOAL,
                        "Gravity: a goal addresses a Condition, an Observation or a RiskAssessment",
                    );
                }
            });
        }
        _ => {}
    }
}

/// Whether a resource says that it follows one of Gravity's profiles.
fn claims(node: &Node<'_>, name: &str) -> bool {
    node.get("meta").is_some_and(|meta| {
        meta.list("profile")
            .iter()
            .filter_map(Node::text)
            .any(|profile| profile.split('|').next().and_then(|url| url.strip_prefix(PROFILES)) == Some(name))
    })
}

fn referral(walk: &mut Walk, node: &Node<'_>) {
    let status = node.str("status").unwrap_or_default();
    if ["ready", "received"].contains(&&*status) {
        walk.broken_at("status", TASK, "Gravity: a referral's task is never `ready` or `received`");
    }
    if node.str("intent").as_deref() != Some("order") {
        walk.broken_at("intent", TASK, "Gravity: a referral's task is an order");
    }
    let focus = node.get("focus").and_then(|focus| walk.kind_of(focus));
    if focus.as_deref() != Some("ServiceRequest") {
        walk.broken_at("focus", TASK, "Gravity: a referral's task is about a ServiceRequest");
    }
    for member in ["for", "authoredOn", "requester"] {
        needs(walk, node, member, TASK, "Gravity: a referral's task has this element");
    }
    let whom = ["Patient", "RelatedPerson", "Group"];
    refers(walk, node, "for", &whom, TASK, "Gravity: a referral's task is for a Patient, or somebody close");
    let by = ["PractitionerRole", "Organization"];
    refers(walk, node, "requester", &by, TASK, "Gravity: a PractitionerRole or an Organization refers");
    let reason = node.get("statusReason");
    let asked = ["rejected", "cancelled", "on-hold", "failed"].contains(&&*status);
    if (asked || reason.is_some()) && reason.is_none_or(|reason| reason.get("text").is_none()) {
        walk.broken_at("statusReason.text", TASK, "Gravity: the reason is said in words");
    }
}

fn consent(walk: &mut Walk, node: &Node<'_>) {
    const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    if node.list("category").iter().filter(|one| coded(one, ACT_CODE, "IDSCL")).count() != 1 {
        walk.broken_at("category", CONSENT, "Gravity: one category is `IDSCL`");
    }
    needs(walk, node, "dateTime", CONSENT, "Gravity: a consent says when it was given");
    if node.list("organization").len() != 1 {
        walk.broken_at("organization", CONSENT, "Gravity: a consent has one organization");
    }
    if !any(node, &["sourceAttachment", "sourceReference"]) {
        walk.broken_at("source", CONSENT, "Gravity: a consent has its source");
    }
}
