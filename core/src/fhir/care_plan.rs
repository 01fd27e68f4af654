//! CarePlan: the plan that a document carries, as a record keeps it.

mod subject;

use jiff::civil::Date;

use super::bundle::{Import, Resource};
use super::codes;
use super::directory::token;
use super::json::{self, Node};
use super::labels::with_labels;
use super::write::{concept, identifier, literal, logical};
use crate::error::{InvalidInput, Result};
use crate::id::ContactId;
use crate::label::Labels;
use crate::member::Member;

pub(crate) use subject::is_of_another;
#[cfg(feature = "store")]
pub(crate) use subject::must_be_of;

/// Extension of a CarePlan: the day on which the member approved it (`valueDate`).
pub const MEMBER_APPROVED: &str = "urn:caseline:member-approved";

/// When the member approved a CarePlan, where it says so.
pub fn member_approved(plan: &Resource) -> Option<Date> {
    let node = plan.node().ok()?;
    let mut extensions = node.list("extension").iter();
    extensions.find(|one| one.str("url").as_deref() == Some(MEMBER_APPROVED))?.str("valueDate")?.parse().ok()
}

/// Whether a CarePlan is what a case's state was written as, and not the plan that it was sent from.
pub(crate) fn is_projected_plan(text: &str) -> bool {
    json::parse(text).is_ok_and(|plan| {
        let is_plan = plan.str("resourceType").as_deref() == Some("CarePlan");
        is_plan && plan.list("identifier").iter().any(|one| one.str("system").as_deref() == Some(codes::PLAN))
    })
}

/// The category that US Core asks of a care plan.
pub(crate) fn assess_plan() -> String {
    concept(codes::PLAN_CATEGORY, "assess-plan", "Assessment and Plan of Treatment")
}

/// The CarePlan of a document: all as it was written, but with the Patient of our own record as its subject, and references that
/// hold here. Only the subject's own Patient becomes ours; another person stays another. People and organisations become references
/// by identifier; what else the plan refers to (goals, conditions) is contained in it; what is not in the document loses its address and
/// keeps its words.
///
/// Its identifier is ours alone. That of the plan that was sent stays the plan's: a record that has both, or two sendings of one
/// plan, must not find several where its owner looks for one. It is named as what supports this one. Nor does it carry the tags by
/// which we know the plan itself.
///
/// # Errors
/// `InvalidInput`: `not-fhir`, `invalid-json`, `not-a-plan-document`, `plan-of-another-member`.
pub(crate) fn projected(
    document: &str,
    value: &str,
    (patient, member): (&str, &Member),
    status: Option<&str>,
    heads: &str,
) -> Result<String> {
    let import = Import::parse(document)?;
    let wrong = || {
        InvalidInput::new(
            "not-a-plan-document",
            "a plan's document is a Bundle whose first entry is a CarePlan",
        )
    };
    let plan = import.resources().first().filter(|first| first.kind() == "CarePlan").ok_or_else(wrong)?;
    if is_of_another(&import, plan, member) {
        let detail = "this care plan is not about the member of the case";
        return Err(InvalidInput::new("plan-of-another-member", detail).field("subject").into());
    }
    let mut local = Local { import: &import, plan, patient, member, contained: Vec::new() };
    let text = local.here(plan)?;
    // Contained resources can refer to more of them.
    let mut contained = Vec::new();
    let mut next = 0;
    while let Some(resource) = local.contained.get(next).copied() {
        next += 1;
        let text = local.here(resource)?;
        let node = json::parse(&text)?;
        let text = node.without(&["meta", "text", "contained"]);
        contained.push(json::parse(&text)?.with(&[("id", json::quote(&format!("doc{next}")))]));
    }
    let node = json::parse(&text)?;
    let text = node.without(&["id"]);
    let node = json::parse(&text)?;
    let mut edits = vec![
        ("identifier", format!("[{}]", identifier(codes::PLAN, value))),
        ("extension", appended(&node, "extension", &[heads.to_owned()])),
        ("subject", literal(patient)),
    ];
    if !contained.is_empty() {
        edits.push(("contained", appended(&node, "contained", &contained)));
    }
    let sent: Vec<String> = node
        .list("identifier")
        .iter()
        .filter_map(|one| Some((one.str("system")?, one.str("value")?)))
        .map(|(system, value)| logical("CarePlan", &system, &value, "The care plan that was sent"))
        .collect();
    if !sent.is_empty() {
        edits.push(("supportingInfo", appended(&node, "supportingInfo", &sent)));
    }
    if let Some(meta) = node.get("meta") {
        // Another server's versions and times say nothing here.
        let meta = meta.without(&["versionId", "lastUpdated", "source"]);
        edits.push(("meta", untagged(&json::parse(&meta)?)));
    }
    if let Some(status) = status {
        edits.push(("status", json::quote(status)));
    }
    let assessed = node.list("category").iter().flat_map(|concept| concept.list("coding"));
    let is_assessed = |coding: &Node<'_>| {
        coding.str("code").as_deref() == Some("assess-plan")
            && coding.str("system").as_deref() == Some(codes::PLAN_CATEGORY)
    };
    if !assessed.into_iter().any(is_assessed) {
        edits.push(("category", appended(&node, "category", &[assess_plan()])));
    }
    let text = node.with(&edits);
    let empty = json::parse(&text)?.get("meta").is_some_and(|meta| meta.members().is_empty());
    Ok(if empty { json::parse(&text)?.without(&["meta"]) } else { text })
}

/// The same resource, with these labels too.
pub(super) fn labelled(text: String, labels: &Labels) -> Result<String> {
    if labels.is_empty() {
        return Ok(text);
    }
    let node = json::parse(&text)?;
    let meta = with_labels(node.get("meta").map_or("{}", Node::raw), labels)?;
    Ok(node.with(&[("meta", meta)]))
}

/// A list with more items at its end.
fn appended(node: &Node<'_>, key: &str, more: &[String]) -> String {
    let items = node.list(key).iter().map(|item| item.raw().to_owned());
    format!("[{}]", items.chain(more.iter().cloned()).collect::<Vec<_>>().join(","))
}

/// The metadata without the tags by which we know what was imported or moved.
fn untagged(meta: &Node<'_>) -> String {
    let is_ours = |tag: &&Node<'_>| {
        tag.str("system").is_some_and(|system| [codes::IMPORTED, codes::MOVED].contains(&&*system))
    };
    let tags = meta.list("tag");
    if !tags.iter().any(|tag| is_ours(&tag)) {
        return meta.raw().to_owned();
    }
    let others: Vec<&str> = tags.iter().filter(|tag| !is_ours(tag)).map(Node::raw).collect();
    match others[..] {
        [] => meta.without(&["tag"]),
        _ => meta.with(&[("tag", format!("[{}]", others.join(",")))]),
    }
}

struct Local<'i> {
    import: &'i Import,
    plan: &'i Resource,
    patient: &'i str,
    member: &'i Member,
    contained: Vec<&'i Resource>,
}

impl<'i> Local<'i> {
    /// The text of a resource with its references as they hold in our record.
    fn here(&mut self, resource: &'i Resource) -> Result<String> {
        let node = resource.node()?;
        let text = node.rewrite::<crate::Error>(&mut |_, node| {
            let Some(reference) = node.get("reference").and_then(Node::text) else { return Ok(None) };
            if reference.starts_with('#') {
                return Ok(None);
            }
            self.reference(node, &reference).map(Some)
        })?;
        Ok(text.unwrap_or_else(|| resource.json().to_owned()))
    }

    fn reference(&mut self, node: &Node<'_>, reference: &str) -> Result<String> {
        let Some(target) = self.import.target(node) else {
            let text = node.without(&["reference"]);
            let rest = json::parse(&text)?;
            if let Some((kind, token)) = reference.split_once("?identifier=")
                && let Ok(id) = super::bundle::percent_decoded(token).parse::<ContactId>()
            {
                let found =
                    [("type", json::quote(kind)), ("identifier", identifier(id.system(), id.value()))];
                return Ok(rest.with(&found));
            }
            let words = rest.get("display").is_some() || rest.get("identifier").is_some();
            return Ok(if words {
                text
            } else {
                rest.with(&[("display", json::quote("not in the document"))])
            });
        };
        if std::ptr::eq(target, self.plan) {
            return Ok(node.with(&[("reference", json::quote("#"))]));
        }
        if target.kind() == "Patient" && subject::is_subject(self.import, self.plan, target, self.member) {
            return Ok(node.with(&[("reference", json::quote(self.patient))]));
        }
        let named = matches!(
            target.kind(),
            "Patient"
                | "Practitioner"
                | "PractitionerRole"
                | "Organization"
                | "RelatedPerson"
                | "CareTeam"
                | "Location"
                | "HealthcareService"
                | "Endpoint"
                | "CarePlan"
        );
        let target_node = target.node()?;
        if named && let Some(id) = token::<ContactId>(&target_node) {
            let text = node.without(&["reference", "type", "identifier"]);
            let display = json::parse(&text)?;
            let shown = display.str("display").unwrap_or_default();
            return Ok(logical(target.kind(), id.system(), id.value(), &shown));
        }
        let place = self.contained.iter().position(|one| std::ptr::eq(*one, target)).unwrap_or_else(|| {
            self.contained.push(target);
            self.contained.len() - 1
        });
        Ok(node.with(&[("reference", json::quote(&format!("#doc{}", place + 1)))]))
    }
}
