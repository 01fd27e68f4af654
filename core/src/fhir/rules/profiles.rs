//! What profiles ask beyond R4: US Core (6.1 and 7.0) for the types that it has, the shape of a thread, and what United States
//! law asks of a consent. A rule is named by its invariant's key, else by its profile.

use super::gravity;
use super::walk::Walk;
use crate::fhir::codes;
use crate::fhir::json::Node;

/// The profiles whose rules are looked at here, of US Core and of Gravity, by the last part of their canonical URL.
const KNOWN: &[(&str, &[&str])] = &[
    ("CarePlan", &["us-core-careplan"]),
    ("CareTeam", &["us-core-careteam"]),
    ("DocumentReference", &["us-core-documentreference"]),
    ("Encounter", &["us-core-encounter"]),
    ("Goal", &["us-core-goal", gravity::GOAL]),
    ("Location", &["us-core-location"]),
    ("Organization", &["us-core-organization"]),
    ("Patient", &["us-core-patient"]),
    ("Practitioner", &["us-core-practitioner"]),
    ("PractitionerRole", &["us-core-practitionerrole"]),
    ("Provenance", &["us-core-provenance"]),
    ("RelatedPerson", &["us-core-relatedperson"]),
    ("ServiceRequest", &["us-core-servicerequest", gravity::SERVICE_REQUEST]),
    ("Task", &[gravity::TASK]),
    ("Consent", &[gravity::CONSENT]),
];
const PUBLISHERS: [&str; 2] = ["http://hl7.org/fhir/us/core/StructureDefinition/", gravity::PROFILES];

pub(super) fn check(walk: &mut Walk, kind: &str, node: &Node<'_>) {
    profile_claims(walk, kind, node);
    gravity::check(walk, kind, node);
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
        "Patient" => patient(walk, node),
        "Practitioner" => {
            identified(walk, node, "us-core-practitioner");
            registered(walk, node);
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
            four_lines(walk, node, "us-core-practitioner");
        }
        "PractitionerRole" => {
            if !any(node, &["practitioner", "organization", "healthcareService", "location"]) {
                walk.broken("us-core-13", "US Core: a role is somebody's, or somewhere");
            }
            if !any(node, &["telecom", "endpoint"]) {
                walk.broken("pd-1", "US Core: a role has a telecom or an endpoint");
            }
            reachable(walk, node, "us-core-practitionerrole");
        }
        "Organization" => {
            registered(walk, node);
            needs(walk, node, "active", "us-core-organization", "US Core: it is said whether it is active");
            needs(walk, node, "name", "us-core-organization", "US Core: an organization has a name");
            four_lines(walk, node, "us-core-organization");
        }
        "RelatedPerson" => {
            needs(walk, node, "active", "us-core-relatedperson", "US Core: it is said whether it is active");
            if !any(node, &["name", "relationship"]) {
                walk.broken("us-core-14", "US Core: a related person has a name or a relationship");
            }
        }
        "Location" => needs(walk, node, "name", "us-core-location", "US Core: a location has a name"),
        "DocumentReference" => document(walk, node),
        "Encounter" => {
            named_within(walk, node, "us-core-encounter");
            needs(walk, node, "type", "us-core-encounter", "US Core: an encounter has a type");
            needs(walk, node, "subject", "us-core-encounter", "US Core: an encounter has a subject");
        }
        "ServiceRequest" => {
            needs(walk, node, "code", "us-core-servicerequest", "US Core: what is asked for has a code");
            about_patient(walk, node, "us-core-servicerequest");
        }
        "Provenance" => provenance(walk, node),
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

pub(super) fn needs(
    walk: &mut Walk,
    node: &Node<'_>,
    member: &str,
    rule: &'static str,
    detail: &'static str,
) {
    if node.get(member).is_none() && node.get(&format!("_{member}")).is_none() {
        walk.broken_at(member, rule, detail);
    }
}

pub(super) fn any(node: &Node<'_>, members: &[&str]) -> bool {
    members.iter().any(|member| node.get(member).is_some())
}

/// A Reference that says what it points at points at one of these types.
pub(super) fn refers(
    walk: &mut Walk,
    node: &Node<'_>,
    member: &str,
    kinds: &[&str],
    rule: &'static str,
    detail: &'static str,
) {
    let kind = node.get(member).and_then(|reference| walk.kind_of(reference));
    if kind.is_some_and(|kind| !kinds.contains(&kind.as_str())) {
        walk.broken_at(member, rule, detail);
    }
}

fn about_patient(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    refers(walk, node, "subject", &["Patient"], rule, "US Core: this is about a Patient");
}

/// Whether a concept has a code of a system.
pub(super) fn coded(concept: &Node<'_>, system: &str, code: &str) -> bool {
    concept.list("coding").iter().any(|coding| {
        coding.str("system").as_deref() == Some(system) && coding.str("code").as_deref() == Some(code)
    })
}

fn identified(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    needs(walk, node, "identifier", rule, "US Core: it has an identifier");
    named_within(walk, node, rule);
}

fn named_within(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    walk.each(node, "identifier", |walk, one| {
        needs(walk, one, "system", rule, "US Core: an identifier has a system");
        needs(walk, one, "value", rule, "US Core: an identifier has a value");
    });
}

/// The numbers under which the United States register providers, laboratories and payers have their form.
fn registered(walk: &mut Walk, node: &Node<'_>) {
    walk.each(node, "identifier", |walk, one| {
        let value = one.str("value").unwrap_or_default();
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        match one.str("system").as_deref() {
            Some("http://hl7.org/fhir/sid/us-npi") => {
                if !digits(&value, 10) {
                    walk.broken("us-core-16", "US Core: an NPI has ten digits");
                } else if !has_check_digit(&value) {
                    walk.broken("us-core-17", "US Core: an NPI ends with its check digit");
                }
            }
            Some("urn:oid:2.16.840.1.113883.4.7")
                if !(value.get(2..3) == Some("D") && digits(&value.replacen('D', "", 1), 9)) =>
            {
                walk.broken(
                    "us-core-18",
                    "US Core: a CLIA number has two digits, a D, and seven digits more",
                );
            }
            Some("urn:oid:2.16.840.1.113883.6.300") if !digits(&value, 5) => {
                walk.broken("us-core-19", "US Core: an NAIC code has five digits");
            }
            _ => {}
        }
    });
}

/// Whether the last digit of an NPI is the one that Luhn's formula asks for. 24 stands for the prefix of the United States.
fn has_check_digit(npi: &str) -> bool {
    let sum: u32 = npi
        .bytes()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit.saturating_sub(b'0'))) {
            (0, digit) if digit < 5 => digit * 2,
            (0, digit) => digit * 2 - 9,
            (_, digit) => digit,
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

fn four_lines(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    walk.each(node, "address", |walk, address| {
        if address.list("line").len() > 4 {
            walk.broken_at("line", rule, "US Core: an address has four lines at most");
        }
    });
}

fn reachable(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    walk.each(node, "telecom", |walk, one| {
        needs(walk, one, "system", rule, "US Core: a telecom says of what system it is");
        needs(walk, one, "value", rule, "US Core: a telecom has a value");
    });
}

fn some_name(walk: &mut Walk, node: &Node<'_>, rule: &'static str) {
    needs(walk, node, "name", rule, "US Core: a person has a name");
}

fn patient(walk: &mut Walk, node: &Node<'_>) {
    identified(walk, node, "us-core-patient");
    some_name(walk, node, "us-core-patient");
    walk.each(node, "name", |walk, name| {
        const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
        let absent = name.list("extension").iter().any(|one| one.str("url").as_deref() == Some(ABSENT));
        if any(name, &["family", "given"]) == absent {
            walk.broken("us-core-6", "US Core: a name has a family or a given name, or says why it has none");
        }
    });
    reachable(walk, node, "us-core-patient");
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
    const RULE: &str = "us-core-careplan";
    let assessed = node.list("category").iter().filter(|one| coded(one, codes::PLAN_CATEGORY, "assess-plan"));
    match assessed.count() {
        0 => walk.broken_at("category", RULE, "US Core: one category is `assess-plan`"),
        1 => {}
        _ => walk.broken_at("category", RULE, "US Core: one category is `assess-plan`, and no more than one"),
    }
    about_patient(walk, node, RULE);
    let status = node.get("text").and_then(|text| text.str("status"));
    if status.is_some_and(|status| !["generated", "additional"].contains(&&*status)) {
        walk.broken_at("text.status", RULE, "US Core: a plan's narrative is `generated` or `additional`");
    }
}

fn provenance(walk: &mut Walk, node: &Node<'_>) {
    const RULE: &str = "us-core-provenance";
    walk.each(node, "agent", |walk, agent| {
        let who = agent.get("who").and_then(|who| walk.kind_of(who));
        let person = who.is_some_and(|kind| kind == "Practitioner" || kind == "Device");
        if person && agent.get("onBehalfOf").is_none() {
            walk.broken("provenance-1", "US Core: a Practitioner or Device acts on behalf of somebody");
        }
        let detail = "US Core: one acts on behalf of an Organization";
        refers(walk, agent, "onBehalfOf", &["Organization"], RULE, detail);
    });
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

fn document(walk: &mut Walk, node: &Node<'_>) {
    const RULE: &str = "us-core-documentreference";
    // An agreement of two organisations is no note about a patient.
    let agreement = |one: &Node<'_>| coded(one, codes::KIND, codes::AGREEMENT_DOCUMENT);
    let of_two = node.get("subject").is_none() && node.list("category").iter().any(agreement);
    needs(walk, node, "type", RULE, "US Core: a document has a type");
    needs(walk, node, "category", RULE, "US Core: a document has a category");
    if let Some(kind) = node.get("type") {
        let loinc = |coding: &Node<'_>| coding.str("system").as_deref() == Some(codes::LOINC);
        let unknown = coded(kind, "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK");
        if !(unknown || kind.list("coding").iter().any(loinc)) {
            walk.broken_at("type", RULE, "US Core: a document's type is one of LOINC's, or `UNK`");
        }
    }
    if !of_two {
        needs(walk, node, "subject", RULE, "US Core: a document has a subject");
        about_patient(walk, node, RULE);
    }
    if let Some(context) = node.get("context") {
        let encounters = context.list("encounter");
        let others = |one: &Node<'_>| walk.kind_of(one).is_some_and(|kind| kind != "Encounter");
        if encounters.len() > 1 || encounters.iter().any(others) {
            walk.broken_at("context.encounter", RULE, "US Core: a document has one Encounter at most");
        }
    }
    walk.each(node, "content", |walk, content| {
        if !content.get("attachment").is_some_and(|attachment| any(attachment, &["url", "data"])) {
            walk.broken_at("attachment", "us-core-6", "US Core: an attachment has a url or data");
        }
    });
}
