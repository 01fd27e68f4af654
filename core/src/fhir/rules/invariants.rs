//! R4's own invariants, by their keys, as far as one resource can be judged by itself.
//!
//! Some are not what R4 published. `app-4` names a status `no-show`, which no Appointment can have: here a reason for
//! cancelling is let stand beside `noshow`, as the text of the element has it. `ppc-2` to `ppc-5` look for a code system
//! that does not exist and let a Consent without a patient pass: the rule `consent-patient` of the profiles does not.

use std::cmp::Ordering;

use super::value::is_after;
use super::walk::Walk;
use crate::fhir::json::Node;

/// Judges an element of this shape.
pub(super) fn check(walk: &mut Walk, shape: &str, node: &Node<'_>) {
    let has = |name: &str| node.get(name).is_some();
    let is = |name: &str, value: &str| node.str(name).as_deref() == Some(value);
    match shape {
        "Period" => {
            let (start, end) = (node.str("start"), node.str("end"));
            if start.zip(end).is_some_and(|(start, end)| is_after(&start, &end)) {
                walk.broken("per-1", "a period does not end before it starts");
            }
        }
        "Reference" => walk.reference_form(node),
        "Extension" => {
            let value =
                node.members().iter().any(|(name, _)| name.trim_start_matches('_').starts_with("value"));
            if value == has("extension") {
                walk.broken("ext-1", "an extension has either a value or extensions");
            }
        }
        "Coding" => coding(walk, node),
        "Attachment" if has("data") && !has("contentType") => {
            walk.broken("att-1", "an attachment with data has a contentType");
        }
        "ContactPoint" if has("value") && !has("system") => {
            walk.broken("cpt-2", "a contact point with a value has a system");
        }
        "Quantity" | "Age" | "Duration" => quantity(walk, shape, node),
        "Range" => {
            let value = |name: &str| node.get(name).and_then(|one| one.get("value")).map(Node::raw);
            if compared(value("low"), value("high")) == Some(Ordering::Greater) {
                walk.broken("rng-2", "the low end of a range is not above its high end");
            }
        }
        "Ratio" if has("numerator") != has("denominator") || !(has("numerator") || has("extension")) => {
            walk.broken("rat-1", "a ratio has both its numbers, or neither and an extension");
        }
        "Timing.repeat" => repeat(walk, node),
        "CareTeam.participant" => {
            let member = node.get("member").and_then(|member| walk.kind_of(member));
            if has("onBehalfOf") && member.is_some_and(|kind| kind != "Practitioner") {
                walk.broken("ctm-1", "only a Practitioner takes part on behalf of an Organization");
            }
        }
        "CarePlan.activity" if has("detail") && has("reference") => {
            walk.broken("cpl-3", "an activity has a detail or a reference, not both");
        }
        "Goal.target" => {
            let detail = node.members().iter().any(|(name, _)| name.starts_with("detail"));
            if detail && !has("measure") {
                walk.broken("gol-1", "a target with a detail has a measure");
            }
        }
        "Task" => {
            let times = node.str("authoredOn").zip(node.str("lastModified"));
            if times.is_some_and(|(authored, modified)| is_after(&authored, &modified)) {
                walk.broken("inv-1", "lastModified is not before authoredOn");
            }
        }
        "ServiceRequest" if has("orderDetail") && !has("code") => {
            walk.broken("prr-1", "orderDetail is there only beside a code");
        }
        "Appointment" => {
            if has("start") != has("end") {
                walk.broken("app-2", "an appointment has both start and end, or neither");
            }
            let open = ["proposed", "cancelled", "waitlist"].iter().any(|status| is("status", status));
            if !(open || has("start") && has("end")) {
                walk.broken(
                    "app-3",
                    "only a proposed, cancelled or waitlisted appointment has no start and end",
                );
            }
            if has("cancelationReason") && !is("status", "cancelled") && !is("status", "noshow") {
                walk.broken("app-4", "a cancelationReason stands only beside `cancelled` or `noshow`");
            }
        }
        "Appointment.participant" if !has("type") && !has("actor") => {
            walk.broken("app-1", "a participant has a type or an actor");
        }
        "Consent" if !has("policy") && !has("policyRule") => {
            walk.broken("ppc-1", "a consent names its policy or its policyRule");
        }
        "Organization" => {
            if !has("identifier") && !has("name") {
                walk.broken("org-1", "an organization has an identifier or a name");
            }
            for (member, rule) in [("telecom", "org-3"), ("address", "org-2")] {
                walk.each(node, member, |walk, one| {
                    if one.str("use").as_deref() == Some("home") {
                        walk.broken(rule, "an organization has no home");
                    }
                });
            }
        }
        "Patient.contact" if !["name", "telecom", "address", "organization"].iter().any(|name| has(name)) => {
            walk.broken("pat-1", "a contact has a name, a telecom, an address or an organization");
        }
        "AuditEvent.entity" if has("name") && has("query") => {
            walk.broken("sev-1", "an entity has a name or a query, not both");
        }
        _ => {}
    }
}

/// A Coding's system is a code system (2.24.0.7). Validators let a value set pass with a warning.
fn coding(walk: &mut Walk, node: &Node<'_>) {
    let Some(system) = node.str("system") else { return };
    if is_value_set(&system) {
        walk.broken_at(
            "system",
            "value-set-as-system",
            "a Coding's system is a code system, not a value set",
        );
    } else if system.contains('|') {
        walk.broken_at("system", "coding-system-form", "the version of a code system stands in `version`");
    }
}

fn is_value_set(system: &str) -> bool {
    let lower = system.to_ascii_lowercase();
    // The roots under which VSAC and HL7 v3 number value sets.
    let oids = [
        "urn:oid:2.16.840.1.113762.",
        "urn:oid:2.16.840.1.113883.1.11.",
        "urn:oid:2.16.840.1.113883.3.526.3.",
    ];
    // IHE's code system of document formats bears the wrong name.
    if system == "http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem" {
        return false;
    }
    lower.contains("/valueset/")
        || lower.ends_with("/valueset")
        || lower.contains("/fhir/vs/")
        || oids.iter().any(|root| lower.starts_with(root))
}

fn quantity(walk: &mut Walk, shape: &str, node: &Node<'_>) {
    let has = |name: &str| node.get(name).is_some();
    let ucum = node.str("system").as_deref() == Some("http://unitsofmeasure.org");
    if has("code") && !has("system") {
        walk.broken("qty-3", "a quantity with a code has a system");
    }
    if node.str("system").is_some_and(|system| is_value_set(&system)) {
        walk.broken_at(
            "system",
            "value-set-as-system",
            "a Quantity's system is a code system, not a value set",
        );
    }
    let positive = || compared(node.get("value").map(Node::raw), Some("0")) != Some(Ordering::Greater);
    if shape == "Age" && (has("value") && (!has("code") || positive()) || has("system") && !ucum) {
        walk.broken("age-1", "an age is positive, and its unit is one of UCUM");
    }
    if shape == "Duration" && has("code") && !(ucum && has("value")) {
        walk.broken("drt-1", "a duration with a code has a value, and its unit is one of UCUM");
    }
}

fn repeat(walk: &mut Walk, node: &Node<'_>) {
    let has = |name: &str| node.get(name).is_some();
    let below_zero = |name: &str| {
        node.get(name).is_some_and(|value| value.raw().starts_with('-') && !is_zero(value.raw()))
    };
    let meal = |one: &Node<'_>| one.text().is_some_and(|code| ["C", "CM", "CD", "CV"].contains(&&*code));
    let rules = [
        (has("duration") && !has("durationUnit"), "tim-1", "a duration has a unit"),
        (has("period") && !has("periodUnit"), "tim-2", "a period has a unit"),
        (below_zero("duration"), "tim-4", "a duration is not negative"),
        (below_zero("period"), "tim-5", "a period is not negative"),
        (has("periodMax") && !has("period"), "tim-6", "periodMax stands beside a period"),
        (has("durationMax") && !has("duration"), "tim-7", "durationMax stands beside a duration"),
        (has("countMax") && !has("count"), "tim-8", "countMax stands beside a count"),
        (
            has("offset") && (!has("when") || node.list("when").iter().any(meal)),
            "tim-9",
            "an offset stands beside a `when` that is no meal itself",
        ),
        (has("timeOfDay") && has("when"), "tim-10", "timeOfDay or when, not both"),
    ];
    for (_, rule, detail) in rules.into_iter().filter(|(broken, ..)| *broken) {
        walk.broken(rule, detail);
    }
}

fn is_zero(number: &str) -> bool {
    number
        .split(['e', 'E'])
        .next()
        .is_some_and(|digits| digits.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')))
}

/// Two decimals. That a float rounds them is no matter here: only what is certainly greater counts.
fn compared(one: Option<&str>, other: Option<&str>) -> Option<Ordering> {
    one?.parse::<f64>().ok()?.partial_cmp(&other?.parse::<f64>().ok()?)
}
