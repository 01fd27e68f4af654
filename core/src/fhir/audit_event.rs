//! AuditEvent, after IHE BALP: what was disclosed or written, to whom, and why. Holds ids only.

use super::codes;
use super::write::{Object, account_ref, coding, concept, event_value, identifier, logical};
use crate::audit::{Action, AuditEntry};
use crate::id::{Sha256, UserId};
use crate::label::Label;
use crate::ports::RecordWrite;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";

/// An entry of the audit as a record keeps it. R4's AuditEvent has no identifier: it is found by its tag.
pub fn audit_event(entry: &AuditEntry, by: &UserId) -> RecordWrite {
    let tag = format!("{}-{}", entry.chain, entry.seq);
    let (kind, action) = match entry.what.action {
        // Disclosure: DICOM PS3.16, CID 400.
        Action::Disclosed => (coding(DCM, "110106", "Export"), "R"),
        Action::RecordWritten => (
            coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation"),
            "U",
        ),
    };
    let purpose =
        concept("http://terminology.hl7.org/CodeSystem/v3-ActReason", entry.what.purpose.code(), "");
    let agent = |user: &UserId, code: &str, display: &str, requestor: &str| {
        Object::new()
            .raw("type", &concept(DCM, code, display))
            .raw("who", &account_ref(user))
            .raw("requestor", requestor)
            .done()
    };
    let mut agents = vec![agent(by, "110153", "Source Role ID", "true")];
    agents.extend(entry.what.recipients.iter().map(|to| agent(to, "110152", "Destination Role ID", "false")));
    let labels: Vec<String> = entry
        .what
        .labels
        .iter()
        .map(|label| {
            let label = Label::from(label.clone()).coding();
            coding(&label.system.unwrap_or_default(), &label.code.unwrap_or_default(), "")
        })
        .collect();
    let mut entities = Vec::new();
    if let Some(key) = &entry.what.event {
        let what = Object::new().raw("identifier", &identifier(codes::EVENT, &event_value(key))).done();
        let why = entry.what.why.as_ref().map(|why| {
            let (kind, words) = why.parts();
            Object::new().text("type", kind).text("valueString", words).done()
        });
        entities.push(
            Object::new()
                .raw("what", &what)
                .list("securityLabel", &labels)
                .list("detail", &why.into_iter().collect::<Vec<_>>())
                .done(),
        );
    }
    if let Some(found) = &entry.what.resource
        && let Some((system, value)) = found.find.1.split_once('|')
    {
        let what = logical(&found.kind, system, value, "");
        let labels = if entry.what.event.is_none() { &labels[..] } else { &[] };
        entities.push(Object::new().raw("what", &what).list("securityLabel", labels).done());
    }
    for consent in &entry.what.consents {
        let what = logical("Consent", codes::CONSENT, &consent.to_string(), "");
        entities.push(Object::new().raw("what", &what).done());
    }
    if let Some(case) = &entry.what.case {
        entities
            .push(Object::new().raw("what", &logical("CareTeam", codes::CASE, &case.to_string(), "")).done());
    }
    if let Some((id, version)) = &entry.what.agreement {
        let detail =
            |kind: &str, value: &str| Object::new().text("type", kind).text("valueString", value).done();
        let details = [detail("version", version), detail("reasons", &entry.what.reasons.join(" "))];
        let details = if entry.what.reasons.is_empty() { &details[..1] } else { &details[..] };
        let what = Object::new().raw("identifier", &identifier("urn:caseline:agreement", id.as_str())).done();
        entities.push(Object::new().raw("what", &what).list("detail", details).done());
    }
    let observer = Object::new()
        .raw("identifier", &identifier("urn:caseline:audit-chain", &entry.chain.to_string()))
        .text("display", "Caseline device")
        .done();
    let json = Object::resource("AuditEvent")
        .raw("meta", &Object::new().list("tag", &[coding(codes::AUDIT, &tag, "")]).done())
        .raw("type", &kind)
        .text("action", action)
        .text("recorded", &entry.at.to_string())
        .text("outcome", "0")
        .list("purposeOfEvent", &[purpose])
        .list("agent", &agents)
        .raw("source", &Object::new().raw("observer", &observer).done())
        .list("entity", &entities)
        .done();
    let sha256 = Sha256::of(&json);
    RecordWrite {
        kind: "AuditEvent".into(),
        find: ("_tag".into(), format!("{}|{tag}", codes::AUDIT)),
        json,
        sha256,
    }
}
