//! A copy of a care plan that was given to somebody: Communication. US Core has no profile for it.

use super::super::codes;
use super::super::write::{
    Object, concept, contact_ref, event_value, heads_extension, identifier, literal, logical,
};
use super::{View, write};
use crate::care_plan::{CopiedHow, CopyTo, PlanCopied};
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::contact::Role;
use crate::ports::RecordWrite;

impl View<'_> {
    /// The copies that were given, and those of which that does not count.
    pub(super) fn copies(&self) -> Vec<RecordWrite> {
        let copies = self.state.shaping.keys().filter_map(|resource| match resource {
            Resource::Copy(key) if !self.state.holds_stubs_for(resource) => Some(key),
            _ => None,
        });
        copies.filter_map(|key| self.copy(key)).collect()
    }

    fn copy(&self, key: &EventKey) -> Option<RecordWrite> {
        let mut plans = self.state.plans.all().iter();
        let counted = plans.find_map(|plan| {
            let copy = plan.copies.iter().find(|copy| copy.attested.event == *key)?;
            Some(PlanCopied { plan: plan.sent.id, to: copy.to.clone(), how: copy.how, on: copy.on })
        });
        // Another content of its key is written under the same identifier: what counts stands.
        let others = [Resource::Message(key.clone()), Resource::Contact(key.clone())];
        if counted.is_none() && others.iter().any(|other| self.state.shaping.contains_key(other)) {
            return None;
        }
        let status = if counted.is_some() { "completed" } else { "entered-in-error" };
        let said = counted.or_else(|| self.state.superseded_copies.get(key).cloned())?;
        let (value, resource) = (event_value(key), Resource::Copy(key.clone()));
        let plan = self.state.plans.get(said.plan);
        let about = plan.map(|plan| logical("CarePlan", codes::PLAN, &event_value(&plan.sent), ""));
        let sender = self.state.roster().last_place_of(&key.sender);
        let (code, display) = medium(said.how);
        let medium = concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", code, display);
        let json = Object::resource("Communication")
            .labelled(&self.state.labels(&resource))
            .list("extension", &[heads_extension(&self.state.shaped_by(&resource))])
            .list("identifier", &[identifier(codes::EVENT, &value)])
            .text("status", status)
            .list("category", &[Object::new().text("text", "Copy of the care plan").done()])
            .list("medium", &[medium])
            .raw("subject", &literal(&self.own.patient))
            .list("about", &about.into_iter().collect::<Vec<_>>())
            .text("sent", &said.on.to_string())
            .list("recipient", &[self.recipient(&said.to)])
            .raw("sender", &sender.map_or(String::new(), |place| contact_ref(&place.seat.contact)))
            .done();
        Some(write("Communication", ("identifier", format!("{}|{value}", codes::EVENT)), json))
    }

    fn recipient(&self, to: &CopyTo) -> String {
        match to {
            CopyTo::Member => literal(&self.own.patient),
            CopyTo::Representative => {
                let display = Role::MemberRepresentative.to_string();
                Object::new().text("type", "RelatedPerson").text("display", &display).done()
            }
            CopyTo::Contact { contact, organization } => {
                let places = self.state.roster().all().iter().rev().map(|place| &place.seat.contact);
                let known =
                    places.into_iter().find(|one| one.id == *contact && one.organization == *organization);
                known.map_or_else(
                    || logical("Practitioner", contact.system(), contact.value(), ""),
                    contact_ref,
                )
            }
        }
    }
}

/// How a copy was given (v3-ParticipationMode).
fn medium(how: CopiedHow) -> (&'static str, &'static str) {
    match how {
        CopiedHow::Paper => ("WRITTEN", "written"),
        CopiedHow::Fax => ("FAXWRIT", "telefax"),
        CopiedHow::Portal => ("ONLINEWRIT", "online written"),
        CopiedHow::InPerson => ("FACE", "face-to-face"),
    }
}
