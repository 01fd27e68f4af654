//! Consents, documents and the audit.

use crate::Result;
use crate::fhir::codes;
use crate::fhir::workflow::{
    Actor, Attachment, AuditAction, AuditAgent, AuditEntity, AuditEvent, AuditOutcome, AuditSource, Coding,
    Consent, ConsentStatus, Content, DocumentContext, DocumentReference, DocumentReferenceStatus, Label,
    Period, Policy, Provision, ProvisionKind, Reference, RelatesTo, Relation, Verification, digest,
};
use crate::id::Sha256;

use super::{aco, at, cp, jane, marty, name, words};

pub(super) fn papers() -> Result<Vec<(&'static str, String)>> {
    let consent = Consent {
        identifier: vec![name("consent")],
        status: ConsentStatus::Draft,
        scope: Consent::privacy(),
        category: vec![Coding::new(codes::LOINC, "59284-0").into()],
        patient: Some(marty()),
        date_time: Some(at("2019-03-01")?),
        performer: vec![marty()],
        organization: vec![cp()],
        source: Some(Reference::identified("DocumentReference", name("form"))),
        policy: vec![Policy {
            authority: Some("https://www.example.org/authority".into()),
            uri: Some("https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2".into()),
        }],
        policy_rule: Some(words("42 CFR Part 2")),
        verification: vec![Verification {
            verified: true,
            verified_with: Some(marty()),
            date: Some(at("2019-03-01")?),
        }],
        provision: Some(Provision {
            kind: Some(ProvisionKind::Permit),
            period: Some(Period::between(at("2019-03-01")?, at("2021-02-28")?)),
            actor: vec![Actor {
                role: Coding::new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
                    .into(),
                reference: aco(),
            }],
            action: vec![
                Coding::new("http://terminology.hl7.org/CodeSystem/consentaction", "disclose").into(),
            ],
            security_label: vec![Label::Part2.coding()],
            purpose: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")],
            class: vec![Coding::new("http://hl7.org/fhir/resource-types", "CarePlan")],
            provision: vec![Provision {
                kind: Some(ProvisionKind::Deny),
                security_label: vec![Label::Psychiatry.coding()],
                ..Provision::default()
            }],
        }),
        ..Consent::default()
    };
    let consent = consent.to_fhir_json()?;
    let given = Consent::step(&consent, ConsentStatus::Active)?;
    let document = DocumentReference {
        identifier: vec![name("form"), digest(&Sha256::of("synthetic"))],
        status: DocumentReferenceStatus::Current,
        kind: Some(Coding::new(codes::LOINC, "18776-5").display("Plan of care note").into()),
        category: vec![DocumentReference::clinical_note()],
        subject: Some(marty()),
        date: Some(at("2019-03-01T10:00:00-05:00")?),
        author: vec![jane()],
        custodian: Some(cp()),
        relates_to: vec![RelatesTo {
            code: Relation::Replaces,
            target: Reference::identified("DocumentReference", name("old-form")),
        }],
        description: Some("Transition of care".into()),
        security_label: vec![Label::Restricted.coding().into()],
        content: vec![Content {
            attachment: Attachment {
                content_type: Some("application/pdf".into()),
                data: Some("c3ludGhldGlj".into()),
                size: Some(9),
                title: Some("Transition of care".into()),
                ..Attachment::default()
            },
            format: Some(Coding::new(
                "http://ihe.net/fhir/ValueSet/IHE.FormatCode.codesystem",
                "urn:ihe:iti:xds:2017:mimeTypeSufficient",
            )),
        }],
        context: Some(DocumentContext {
            encounter: vec![Reference::identified("Encounter", name("stay"))],
            period: Some(Period::since(at("2019-03-01")?)),
            related: vec![Reference::identified("CarePlan", name("plan"))],
        }),
        ..DocumentReference::default()
    };
    let document = document.to_fhir_json()?;
    let mut audit = AuditEvent {
        kind: Coding::new("http://dicom.nema.org/resources/ontology/DCM", "110106").display("Export"),
        subtype: vec![Coding::new("http://hl7.org/fhir/restful-interaction", "read").display("read")],
        action: Some(AuditAction::Read),
        recorded: at("2019-03-01T10:00:00-05:00")?,
        outcome: Some(AuditOutcome::Success),
        purpose: vec![Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT").into()],
        agent: vec![AuditAgent {
            kind: Some(Coding::new("http://dicom.nema.org/resources/ontology/DCM", "110153").into()),
            who: Some(jane()),
            requestor: true,
            policy: vec!["urn:synthetic:agreement".into()],
            purpose: vec![
                Coding::new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "CAREMGT").into(),
            ],
        }],
        source: AuditSource { observer: cp() },
        entity: vec![AuditEntity {
            what: Some(Reference::identified("CarePlan", name("plan"))),
            security_label: vec![Label::Normal.coding()],
        }],
        ..AuditEvent::default()
    };
    audit.meta.tag.push(Coding::new(codes::AUDIT, "synthetic-1"));
    Ok(vec![
        ("consent-revoked", Consent::revoke(&given, &at("2019-09-01")?)?),
        ("consent", consent),
        ("consent-given", given),
        ("document-superseded", DocumentReference::step(&document, DocumentReferenceStatus::Superseded)?),
        ("document", document),
        ("audit", audit.to_fhir_json()?),
    ])
}
