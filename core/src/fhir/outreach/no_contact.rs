//! That the member must not be contacted, as a Flag (FHIR R4, 8.13): what an EHR shows above everything else. One for each case; what was
//! said before is in its versions.

use super::super::codes;
use super::super::project::write as of_kind;
use super::super::write::{
    Object, concept, contact_ref, heads_extension, identifier, kind_of, literal, organization_ref, period,
};
use super::{View, prohibited};
use crate::case::state::Resource;
use crate::outreach::NoContact;
use crate::ports::RecordWrite;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/flag-category";

/// The Flag, once somebody said so. Left to others where this device knows it in part.
pub(super) fn write(view: &View<'_>) -> Option<RecordWrite> {
    let state = view.state;
    if !state.shaping.contains_key(&Resource::NoContact) || state.holds_stubs_for(&Resource::NoContact) {
        return None;
    }
    let case = view.opening.case.to_string();
    let said = state.outreach.no_contact().or_else(|| state.outreach.prohibitions().last());
    let lifted = said.and_then(|said| said.lifted.as_ref());
    let status = match said {
        None => "entered-in-error",
        Some(_) if lifted.is_some() => "inactive",
        Some(_) => "active",
    };
    let reason = said.map_or("", |said| said.prohibited.reason.trim());
    let words = "The member must not be contacted";
    let text = if reason.is_empty() { words.to_owned() } else { format!("{words}: {reason}") };
    let code = Object::new().list("coding", &[prohibited()]).text("text", &text).done();
    let end = lifted.map(|lifted| lifted.by.at.to_zoned(view.opening.agreement.zone.clone()).date());
    // It can be lifted on a day before the one that was said, by another zone's clock.
    let from = said.map(|said| end.map_or(said.prohibited.on, |end| said.prohibited.on.min(end)));
    let json = Object::resource("Flag")
        .labelled(&state.labels(&Resource::NoContact))
        .list("extension", &[heads_extension(&state.shaped_by(&Resource::NoContact))])
        .list("identifier", &[identifier(codes::NO_CONTACT, &case)])
        .text("status", status)
        .list("category", &[concept(CATEGORY, "contact", "Subject Contact")])
        .raw("code", &code)
        .raw("subject", &literal(&view.own.patient))
        .raw("period", &period(from.map(|day| day.to_string()), end.map(|day| day.to_string())))
        .raw("author", &said.map_or_else(String::new, |said| author(view, said)))
        .done();
    Some(of_kind("Flag", ("identifier", format!("{}|{case}", codes::NO_CONTACT)), json))
}

/// Who said it: a person where R4 takes one, else their organisation.
fn author(view: &View<'_>, said: &NoContact) -> String {
    let who = view.who(&said.by);
    if let Some(who) = who.filter(|who| matches!(kind_of(&who.role), "Practitioner" | "Organization")) {
        return contact_ref(who);
    }
    let organization = view.opening.organizations().find(|one| one.id == said.by.organization);
    organization_ref(&said.by.organization, organization.map_or("", |one| &one.name))
}
