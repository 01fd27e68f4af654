//! What profiles ask beyond R4: US Core (6.1 and 7.0) for the types that it has, Gravity's referral tasks, the shape of a
//! thread, and what United States law asks of a consent. A rule is named by its invariant's key, else by its profile.

use super::walk::Walk;
use crate::fhir::codes;
use crate::fhir::json::Node;

/// US Core's profiles of the types that we write, and the others that we know, by the last part of their canonical URL.
const KNOWN: &[(&str, &[&str])] = &[
    ("CarePlan", &["us-core-careplan"]),
    ("CareTeam", &["us-core-careteam"]),
    ("DocumentReference", &["us-core-documentreference"]),
    ("Encounter", &["us-core-encounter"]),
    ("Goal", &["us-core-goal", "SDOHCC-Goal"]),
    ("Location", &["us-core-location", "SDOHCC-Location"]),
    ("Organization", &["us-core-organization"]),
    ("Patient", &["us-core-patient"]),
    ("Practitioner", &["us-core-practitioner"]),
    ("PractitionerRole", &["us-core-practitionerrole", "SDOHCC-PractitionerRole"]),
    ("Provenance", &["us-core-provenance"]),
    ("RelatedPerson", &["us-core-relatedperson"]),
    ("ServiceRequest", &["us-core-servicerequest", "SDOHCC-ServiceRequest"]),
    ("Task", &["SDOHCC-TaskForReferralManagement", "SDOHCC-TaskForPatient"]),
    ("Consent", &["SDOHCC-Consent"]),
    ("HealthcareService", &["SDOHCC-HealthcareService"]),
];
const PUBLISHERS: [&str; 2] = [
    "http://hl7.org/fhir/us/core/StructureDefinition/",
    "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/",
];

pub(super) fn check(walk: &mut Walk, kind: &str, node: &Node<'_>) {
    profile_claims(walk, kind, node);
    match kind {
        "CareTeam" => care_team(walk, node),
        "CarePlan" => care_plan(walk, node),
        "Communication" => communication(walk, node),
        "Consent" => {
            // Whose data may be disclosed must be said; ppc-2 to ppc-5 look for that under a code system that is none.
            needs(
                walk,
                node,
                "patient",
                "consent-patient",
                "a consent names the patient whose data it is about",
            );
        }
        "Task" => referral_task(walk, node),
        "Patient" => patient(walk, node),
        "Practitioner" => {
            identified(walk, node, "us-core-practitioner");
            some_name(walk, node, "us-core-practitioner");
            walk.each(node, "name", |walk, name| {
                needs(
                    walk,
                    name,
                    "family",
                    "us-core-practitioner",
                    "US Core: a practitioner has a family name",
                );
            });
        }
        "PractitionerRole" => {
            if !any(node, &["practitioner", "organization", "healthcareService", "location"]) {
                walk.broken("us-core-13", "US Core: a role is somebody's, or somewhere");
            }
            if !any(node, &["telecom", "endpoint"]) {
                walk.broken("pd-1", "US Core: a role has a telecom or an endpoint");
            }
        }
        "Organization" => {
            needs(walk, node, "active", "us-core-organization", "US Core: it is said whether it is active");
            needs(walk, node, "name", "us-core-organization", "US Core: an organization has a name");
        }
        "RelatedPerson" => {
            needs(walk, node, "active", "us-core-relatedperson", "US Core: it is said whether it is active");
            if !any(node, &["name", "relationship"]) {
                walk.broken(
                    "us-core-relatedperson",
                    "US Core: a related person has a name or a relationship",
                );
            }
        }
        "Location" => needs(walk, node, "name", "us-core-location", "US Core: a location has a name"),
        "DocumentReference" => document(walk, node),
        "Encounter" => {
            needs(walk, node, "type", "us-core-encounter", "US Core: an encounter has a type");
            needs(walk, node, "subject", "us-core-encounter", "US Core: an encounter has a subject");
        }
        "ServiceRequest" => {
            needs(walk, node, "code", "us-core-servicerequest", "US Core: what is asked for has a code");
        }
        "Provenance" => walk.each(node, "agent", |walk, agent| {
            let who = agent.get("who").and_then(|who| walk.kind_of(who));
            let person = who.is_some_and(|kind| kind == "Practitioner" || kind == "Device");
            if person && agent.get("onBehalfOf").is_none() {
                walk.broken("provenance-1", "US Core: a Practitioner or Device acts on behalf of somebody");
            }
        }),
        _ => {}
    }
}

/// A validator refuses a profile that it does not know, and who reads it believes the claim.
fn profile_claims(walk: &mut Walk, kind: &str, node: &Node<'_>) {
    let known = KNOWN.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, names)| *names);
    let Some(meta) = node.get("meta") else { return };
    for (place, profile) in meta.list("profile").iter().enumerate() {
        let profile = profile.text().unwrap_or_default();
        let url = profile.split('|').next().unwrap_or_default();
        let base = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/") == Some(kind);
        let published = || {
            PUBLISHERS
                .iter()
                .find_map(|base| url.strip_prefix(base))
                .is_some_and(|name| known.contains(&name))
        };
        if !base && !published() {
            walk.broken_at(
                &format!("meta.profile[{place}]"),
                "unknown-profile",
                "the profile is none that we know for this type",
            );
        }
    }
}

fn needs(walk: &mut Walk, node: &Node<'_>, member: &str, rule: &'static str, detail: &'static str) {
    if node.get(member).is_none() && node.get(&format!("_{member}")).is_none() {
        walk.broken_at(member, rule, detail);
    }
}

fn any(node: &Node<'_>, members: &[&str]) -> bool {
    members.iter().any(|member| node.get(member).is_some())
}

fn identified(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    needs(walk, node, "identifier", rule, "US Core: it has an identifier");
    walk.each(node, "identifier", |walk, one| {
        needs(walk, one, "system", rule, "US Core: an identifier has a system");
        needs(walk, one, "value", rule, "US Core: an identifier has a value");
    });
}

fn some_name(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    needs(walk, node, "name", rule, "US Core: a person has a name");
}

fn patient(walk: &mut Walk, node: &Node<'_>) {
    identified(walk, node, "us-core-patient");
    some_name(walk, node, "us-core-patient");
    walk.each(node, "name", |walk, name| {
        if !any(name, &["family", "given", "extension"]) {
            walk.broken("us-core-6", "US Core: a name has a family or a given name");
        }
    });
    needs(walk, node, "gender", "us-core-patient", "US Core: a patient's gender is given, if as `unknown`");
}

fn care_team(walk: &mut Walk, node: &Node<'_>) {
    const RULE: &str = "us-core-careteam";
    needs(walk, node, "subject", RULE, "US Core: a team is somebody's");
    needs(walk, node, "participant", RULE, "US Core: a team has a participant");
    walk.each(node, "participant", |walk, one| {
        if one.list("role").len() != 1 {
            walk.broken_at("role", RULE, "US Core: a participant has one role");
        }
        needs(walk, one, "member", RULE, "US Core: a participant names who takes part");
    });
}

fn care_plan(walk: &mut Walk, node: &Node<'_>) {
    let codings = node.list("category").iter().flat_map(|one| one.list("coding"));
    let assessed = codings.into_iter().any(|coding| {
        coding.str("code").as_deref() == Some("assess-plan")
            && coding.str("system").as_deref()
                == Some("http://hl7.org/fhir/us/core/CodeSystem/careplan-category")
    });
    if !assessed {
        walk.broken_at("category", "us-core-careplan", "US Core: one category is `assess-plan`");
    }
}

/// A thread is a header without payload and partOf, of which each message is part.
fn communication(walk: &mut Walk, node: &Node<'_>) {
    let heads = node.list("identifier").iter().any(|one| one.str("system").as_deref() == Some(codes::THREAD));
    if heads {
        for member in ["payload", "partOf"] {
            if node.get(member).is_some() {
                walk.broken_at(
                    member,
                    "thread-header",
                    "the header of a thread has no payload and is part of nothing",
                );
            }
        }
    }
}

/// Gravity's SDOHCC-TaskForReferralManagement.
fn referral_task(walk: &mut Walk, node: &Node<'_>) {
    const RULE: &str = "SDOHCC-TaskForReferralManagement";
    let codings = node.get("code").map_or(&[][..], |code| code.list("coding"));
    let fulfill = codings.iter().any(|coding| {
        coding.str("code").as_deref() == Some("fulfill")
            && coding.str("system").as_deref() == Some(codes::TASK_CODE)
    });
    if !fulfill {
        return;
    }
    let status = node.str("status").unwrap_or_default();
    if ["ready", "received"].contains(&&*status) {
        walk.broken_at("status", RULE, "Gravity: a referral's task is never `ready` or `received`");
    }
    if node.str("intent").as_deref() != Some("order") {
        walk.broken_at("intent", RULE, "Gravity: a referral's task is an order");
    }
    let focus = node.get("focus").and_then(|focus| walk.kind_of(focus));
    if focus.as_deref() != Some("ServiceRequest") {
        walk.broken_at("focus", RULE, "Gravity: a referral's task is about a ServiceRequest");
    }
    for member in ["for", "authoredOn", "requester"] {
        needs(walk, node, member, RULE, "Gravity: a referral's task has this element");
    }
    let reason = node.get("statusReason");
    let asked = ["rejected", "cancelled", "on-hold", "failed"].contains(&&*status);
    if (asked || reason.is_some()) && reason.is_none_or(|reason| reason.get("text").is_none()) {
        walk.broken_at("statusReason.text", RULE, "Gravity: the reason is said in words");
    }
}

fn document(walk: &mut Walk, node: &Node<'_>) {
    const RULE: &str = "us-core-documentreference";
    needs(walk, node, "type", RULE, "US Core: a document has a type");
    needs(walk, node, "category", RULE, "US Core: a document has a category");
    needs(walk, node, "subject", RULE, "US Core: a document has a subject");
    walk.each(node, "content", |walk, content| {
        if !content.get("attachment").is_some_and(|attachment| any(attachment, &["url", "data"])) {
            walk.broken_at("attachment", "us-core-6", "US Core: an attachment has a url or data");
        }
    });
}
