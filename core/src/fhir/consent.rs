//! The Consent of what a member allows (FHIR R4, 6.2), and the Task of whoever looks at what was told without it.

use jiff::ToSpan;
use jiff::civil::Date;

use super::codes;
use super::labels::codings;
use super::project::{Own, write};
use super::write::{
    Object, account_ref, coding, concept, contact_ref, event_value, heads_extension, identifier, kind_of,
    literal, logical, organization_ref, period,
};
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource};
use crate::consent::{ConsentRecorded, OverrideState, review_due};
use crate::id::OrganizationId;
use crate::label::Label;
use crate::ports::RecordWrite;
use crate::referral::Field;

/// The laws that a consent is made under.
const PART_2: &str = "https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2";
const HIPAA: &str = "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164";

/// What the consents of a case are written as. One that was superseded is entered in error; what this device knows in part only is
/// left to those who know it whole.
pub(super) fn writes(state: &CaseState, opening: &Opening, own: &Own) -> Vec<RecordWrite> {
    let view = View { state, opening, own };
    let whole = |resource: &&Resource| !state.holds_stubs_for(resource);
    state
        .shaping
        .keys()
        .filter(whole)
        .filter_map(|resource| match resource {
            Resource::Consent(key) => view.consent(resource, key),
            Resource::Override(key) => view.review(resource, key),
            _ => None,
        })
        .collect()
}

struct View<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
    own: &'a Own,
}

impl View<'_> {
    fn consent(&self, resource: &Resource, key: &EventKey) -> Option<RecordWrite> {
        let all = self.state.consents.all().iter();
        if let Some(consent) = all.into_iter().find(|one| one.key == *key) {
            let recorded = &consent.recorded;
            let revoked = consent.revoked.as_ref().map(|one| one.revoked.on);
            let ends = consent.ends.map(|ends| ends.saturating_sub(1.day()));
            let last = [revoked, ends].into_iter().flatten().min();
            let status = if revoked.is_some() { "inactive" } else { "active" };
            let keeps = consent.by.organization.clone();
            return Some(self.written(resource, key, recorded, (status, last), Some(&keeps)));
        }
        let superseded = self.state.superseded_consents.iter().find(|(known, ..)| known == key);
        let (_, recorded, by) = superseded?;
        let keeps = by.as_ref().map(|by| &by.organization);
        let last = recorded.until.map(|until| until.saturating_sub(1.day()));
        Some(self.written(resource, key, recorded, ("entered-in-error", last), keeps))
    }

    fn written(
        &self,
        resource: &Resource,
        key: &EventKey,
        recorded: &ConsentRecorded,
        (status, last): (&str, Option<Date>),
        keeps: Option<&OrganizationId>,
    ) -> RecordWrite {
        let scope = &recorded.scope;
        let value = event_value(key);
        let hl7 = |system: &str| format!("http://terminology.hl7.org/CodeSystem/{system}");
        let part2 = [Label::Part2, Label::CounsellingNotes].iter().any(|one| scope.categories.contains(one));
        // per-1: a period ends no earlier than it begins.
        let last = last.map(|last| last.max(recorded.from).to_string());
        let actor = |code: &str, reference: &str| {
            let role = concept(&hl7("v3-ParticipationType"), code, "");
            Object::new().raw("role", &role).raw("reference", reference).done()
        };
        let mut actors: Vec<String> =
            scope.disclosers.iter().map(|id| actor("CST", &self.organization(id))).collect();
        actors.extend(scope.recipients.iter().map(|id| actor("IRCP", &self.organization(id))));
        if scope.covered {
            let whoever = Object::new()
                .text("type", "Organization")
                .text("display", "Treating providers, health plans and payers whom HIPAA covers")
                .done();
            actors.push(actor("IRCP", &whoever));
        }
        let purposes: Vec<String> =
            scope.purposes.iter().map(|purpose| coding(&hl7("v3-ActReason"), purpose.code(), "")).collect();
        let provision = Object::new()
            .text("type", "permit")
            .raw("period", &period(Some(recorded.from.to_string()), last))
            .list("actor", &actors)
            .list("action", &[concept(&hl7("consentaction"), "disclose", "")])
            .list("securityLabel", &codings(&scope.categories))
            .list("purpose", &purposes)
            .done();
        let law = Object::new().text("uri", if part2 { PART_2 } else { HIPAA }).done();
        let paper = recorded.document.map(|sha256| identifier(codes::SHA256, &sha256.to_string()));
        let source = Object::new()
            .text("type", "DocumentReference")
            .raw("identifier", &paper.unwrap_or_default())
            .text("display", &recorded.source)
            .done();
        let verification = Object::new()
            .raw("verified", "true")
            .text("verificationDate", &recorded.signed_on.to_string())
            .done();
        let performer = if recorded.representative { String::new() } else { literal(&self.own.patient) };
        let performers: Vec<String> = [performer].into_iter().filter(|one| !one.is_empty()).collect();
        let keeps: Vec<String> = keeps.into_iter().map(|id| self.organization(id)).collect();
        let identifiers = [identifier(codes::EVENT, &value), identifier(codes::CONSENT, &key.id.to_string())];
        let mut extensions = vec![heads_extension(&self.state.shaped_by(resource))];
        if !scope.explanation.is_empty() {
            extensions
                .push(Object::new().text("url", codes::SCOPE).text("valueString", &scope.explanation).done());
        }
        let field =
            |field: &Field| Object::new().text("url", codes::FIELD).text("valueCode", field.code()).done();
        extensions.extend(scope.fields.iter().map(field));
        // That somebody consents to this says something of them.
        let json = Object::resource("Consent")
            .labelled(&[Label::Restricted].into())
            .list("extension", &extensions)
            .list("identifier", &identifiers)
            .text("status", status)
            .raw("scope", &concept(&hl7("consentscope"), "patient-privacy", ""))
            .list("category", &[concept(codes::LOINC, "59284-0", "")])
            .raw("patient", &literal(&self.own.patient))
            .text("dateTime", &recorded.signed_on.to_string())
            .list("performer", &performers)
            .list("organization", &keeps)
            .raw("sourceReference", &source)
            .list("policy", &[law])
            .list("verification", &[verification])
            .raw("provision", &provision)
            .done();
        write("Consent", ("identifier", format!("{}|{value}", codes::EVENT)), json)
    }

    fn review(&self, resource: &Resource, key: &EventKey) -> Option<RecordWrite> {
        let mut all = self.state.consents.overrides().iter();
        let one = all.find(|one| one.key == *key)?;
        let value = event_value(key);
        let due = review_due(one, &self.opening.agreement, &self.opening.rules);
        let words = |text: &str| Object::new().text("text", text).done();
        let (status, reason) = match &one.review {
            None => ("requested", "Told in an emergency"),
            Some(review) if review.justified => ("completed", "Justified"),
            Some(_) => ("completed", "Not justified"),
        };
        let found = one.review.as_ref().filter(|review| !review.finding.is_empty()).map(|review| {
            let kind = concept(codes::TASK_OUTPUT, "outcome", "What came of it");
            Object::new().raw("type", &kind).text("valueString", &review.finding).done()
        });
        let modified = one.review.as_ref().map_or(one.by.at, |review| review.by.at).max(one.by.at);
        let until = Object::new().text("end", &due.to_string()).done();
        let json = Object::resource("Task")
            .labelled(&self.state.labels(resource))
            .list("extension", &[heads_extension(&self.state.shaped_by(resource))])
            .list("identifier", &[identifier(codes::REVIEW, &value)])
            .text("status", status)
            .raw("statusReason", &words(reason))
            .text("intent", "order")
            .text("priority", "urgent")
            .raw("code", &words("Look at what was told without consent in an emergency (42 CFR 2.51)"))
            .text("description", &self.described(one))
            .raw("for", &literal(&self.own.patient))
            .text("authoredOn", &one.by.at.to_string())
            .text("lastModified", &modified.to_string())
            .raw("requester", &self.who(&one.by))
            .raw("owner", &self.organization(&one.by.organization))
            .raw("restriction", &Object::new().raw("period", &until).done())
            .list("output", &found.into_iter().collect::<Vec<_>>())
            .done();
        Some(write("Task", ("identifier", format!("{}|{value}", codes::REVIEW)), json))
    }

    /// What 42 CFR 2.51 has written down: who told it, when, and why. To whom is in the audit.
    fn described(&self, one: &OverrideState) -> String {
        let mut contacts = self.state.roster().all().iter().map(|place| &place.seat.contact);
        let name = contacts.find(|contact| one.by.is_by(contact)).map_or("Somebody", |contact| &contact.name);
        format!("{name} told this ({}) at {}: {}", one.kind, one.by.at, one.reason)
    }

    fn organization(&self, id: &OrganizationId) -> String {
        let known = self.opening.organizations().find(|one| one.id == *id);
        organization_ref(id, known.map_or("", |one| &one.name))
    }

    fn who(&self, by: &StepTaken) -> String {
        let mut contacts = self.state.roster().all().iter().map(|place| &place.seat.contact);
        match contacts.find(|contact| by.is_by(contact)) {
            Some(contact) => contact_ref(contact),
            None if by.contact.value().is_empty() => account_ref(&by.event.sender),
            None => logical(kind_of(&by.role), by.contact.system(), by.contact.value(), ""),
        }
    }
}

#[cfg(all(test, feature = "testing"))]
#[path = "consent_tests.rs"]
mod tests;
