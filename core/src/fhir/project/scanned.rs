//! The scan of a signature that was given on paper or by fax: DocumentReference.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::codes;
use super::super::write::{
    Object, concept, contact_ref, event_value, heads_extension, identifier, literal, logical, period,
};
use super::{View, write};
use crate::care_plan::{Document, PlanState, Scan, Signature, SignedHow};
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::ports::RecordWrite;

/// What is said of a scan.
struct Said<'a> {
    key: &'a EventKey,
    status: &'static str,
    how: SignedHow,
    on: String,
    document: &'a Document,
    /// The plan that was signed, where it is there.
    plan: Option<&'a EventKey>,
}

impl View<'_> {
    /// The scans of signatures, and those of such as do not count. One whose text is not here is left out until it is; one that
    /// is no scan, for good.
    pub(super) fn scans(&self, text: &dyn Fn(&Document) -> Option<String>) -> Vec<RecordWrite> {
        let scans = self.state.shaping.keys().filter_map(|resource| match resource {
            Resource::Scan(key) if !self.state.holds_stubs_for(resource) => Some(key),
            _ => None,
        });
        scans.filter_map(|key| self.scan(&self.scan_said(key)?, text)).collect()
    }

    fn scan_said<'s>(&'s self, key: &'s EventKey) -> Option<Said<'s>> {
        let plans = self.state.plans.all().iter();
        let mut signatures = plans.flat_map(|plan| plan.signatures.iter().map(move |one| (plan, one)));
        let counted = |(_, one): &(&PlanState, &Signature)| one.attested.event == *key && one.scan.is_some();
        if let Some((plan, signature)) = signatures.find(counted) {
            return Some(Said {
                key,
                status: "current",
                how: signature.how,
                on: signature.on.to_string(),
                document: signature.scan.as_ref()?,
                plan: Some(&plan.sent),
            });
        }
        let signed = self.state.superseded_scans.get(key)?;
        Some(Said {
            key,
            status: "entered-in-error",
            how: signed.how,
            on: signed.on.to_string(),
            document: signed.scan.as_ref()?,
            plan: self.state.plans.get(signed.plan).map(|plan| &plan.sent),
        })
    }

    fn scan(&self, said: &Said<'_>, text: &dyn Fn(&Document) -> Option<String>) -> Option<RecordWrite> {
        let scan = Scan::of(&text(said.document)?)?;
        let (value, resource) = (event_value(said.key), Resource::Scan(said.key.clone()));
        let attachment = Object::new()
            .text("contentType", scan.content_type())
            .text("data", &STANDARD.encode(scan.bytes()))
            .raw("size", &scan.bytes().len().to_string())
            .text("title", &format!("The signature of the care plan, {}", said.how))
            .done();
        let related = said.plan.map(|sent| logical("CarePlan", codes::PLAN, &event_value(sent), ""));
        let context = Object::new()
            .raw("period", &period(Some(said.on.clone()), Some(said.on.clone())))
            .list("related", &related.into_iter().collect::<Vec<_>>())
            .done();
        let author = self.state.roster().last_place_of(&said.key.sender);
        let author: Vec<String> = author.map(|place| contact_ref(&place.seat.contact)).into_iter().collect();
        let note = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
        let json = Object::resource("DocumentReference")
            .labelled(&self.state.labels(&resource))
            .list("extension", &[heads_extension(&self.state.shaped_by(&resource))])
            .list(
                "identifier",
                &[
                    identifier(codes::SCAN, &value),
                    identifier(codes::SHA256, &said.document.sha256.to_string()),
                ],
            )
            .text("status", said.status)
            .raw("type", &concept(codes::LOINC, "18776-5", "Plan of care note"))
            .list("category", &[concept(note, "clinical-note", "Clinical Note")])
            .raw("subject", &literal(&self.own.patient))
            .text("date", &self.at(said.key).unwrap_or_default())
            .list("author", &author)
            .list("content", &[Object::new().raw("attachment", &attachment).done()])
            .raw("context", &context)
            .done();
        Some(write("DocumentReference", ("identifier", format!("{}|{value}", codes::SCAN)), json))
    }
}
