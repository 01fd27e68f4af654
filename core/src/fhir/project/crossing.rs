//! What is to go across to one organisation, as one FHIR Task (R4, 12.5): what it is made of are its inputs, what was tried its notes.

use std::collections::BTreeSet;

use super::super::write::{Object, event_value, heads_extension, identifier, literal, organization_ref};
use super::{View, codes, write};
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::crossing::{self, Crossing, CrossingStanding, What};
use crate::due;
use crate::id::{EventId, OrganizationId};
use crate::ports::RecordWrite;

/// The value of the identifier of a case's Task of what is to go across to an organisation.
pub(super) fn crossing_value(case: crate::id::CaseId, to: &OrganizationId) -> String {
    EventId::derived(&["crossing", &case.to_string(), to.as_str()]).to_string()
}

impl View<'_> {
    /// The Task of each organisation to which something is to go across. Left to others where this device knows it in part.
    pub(super) fn crossings(&self) -> Vec<RecordWrite> {
        let resources = self.state.shaping.keys().filter(|one| !self.state.holds_stubs_for(one));
        let to = resources.filter_map(|resource| match resource {
            Resource::Crossing(to) => Some((resource, to)),
            _ => None,
        });
        to.map(|(resource, to)| self.crossing(resource, to)).collect()
    }

    fn crossing(&self, resource: &Resource, to: &OrganizationId) -> RecordWrite {
        let of_theirs = |one: &&Crossing| one.to == *to && one.what != What::Referral;
        let all: Vec<&Crossing> =
            self.state.crossings.all().iter().map(AsRef::as_ref).filter(of_theirs).collect();
        let closed = self.state.life.closed.is_some();
        let tried = all.iter().any(|one| !one.attempts.is_empty());
        let waits = all.iter().find(|one| one.standing == CrossingStanding::Waiting);
        // R4's Task ends with `completed`: as long as the case goes on there can be more.
        let (status, reason) = match (all.is_empty(), waits.is_some(), closed) {
            (true, ..) => ("entered-in-error", "It never took effect in the case"),
            (false, true, true) => ("cancelled", "The case is closed"),
            (false, true, false) if tried => ("in-progress", "Some of it is still to go across"),
            (false, true, false) => ("requested", "To go across by other ways than Matrix"),
            (false, false, true) => ("completed", "Nothing is left to go across"),
            (false, false, false) => ("on-hold", "Nothing is left to go across for now"),
        };
        let first = all.first();
        let authored = first.map_or(self.opening.at, |one| one.by.at);
        let attempts = || all.iter().flat_map(|one| &one.attempts);
        let modified = all.iter().map(|one| one.by.at).chain(attempts().map(|one| one.by.at)).max();
        let ends = waits.filter(|_| !closed).map(|one| {
            let zone = &self.opening.agreement.zone;
            due::last_day(crossing::due(one, &self.opening.agreement, &self.opening.rules), zone).to_string()
        });
        // Whoever said it; of a call, which a keeper's reminder gave rise to, the due list says who.
        let owner = waits
            .filter(|one| !closed && !matches!(one.what, What::Call { .. }))
            .map(|one| self.who(&one.by));
        let inputs: Vec<String> = all.iter().map(|one| input(&one.event, one.what.code())).collect();
        let (mut told, mut notes) = (BTreeSet::new(), Vec::new());
        for one in attempts() {
            // One record of several things is one note.
            if told.insert(&one.by.event) {
                let arrived = if one.reached { "It arrived" } else { "It did not arrive" };
                let outcome = if one.outcome.is_empty() { "" } else { ": " };
                let text = format!("{arrived} {}{outcome}{}", one.how, one.outcome);
                let note = Object::new()
                    .raw("authorReference", &self.who(&one.by))
                    .text("time", &one.by.at.to_string())
                    .text("text", &text)
                    .done();
                notes.push(note);
            }
        }
        let value = crossing_value(self.opening.case, to);
        let name = self.opening.organizations().find(|one| one.id == *to).map_or("", |one| &one.name);
        let heads = self.state.shaped_by(resource);
        let words = |text: &str| Object::new().text("text", text).done();
        let period = ends.map(|end| Object::new().text("end", &end).done());
        let restriction = period.map_or(String::new(), |period| Object::new().raw("period", &period).done());
        let json = Object::resource("Task")
            .list("extension", &[heads_extension(&heads)])
            .list("identifier", &[identifier(codes::CROSSING, &value)])
            .labelled(&self.state.labels(resource))
            .text("status", status)
            .raw("statusReason", &words(reason))
            .text("intent", "order")
            .text("priority", "routine")
            .raw("code", &words("Take across by telephone, fax or folder"))
            .text("description", &format!("What {name} must hear of and does not read on Matrix"))
            .raw("for", &literal(&self.own.patient))
            .text("authoredOn", &authored.to_string())
            .text("lastModified", &modified.unwrap_or(authored).max(authored).to_string())
            .raw("requester", &first.map_or_else(|| organization_ref(to, name), |one| self.who(&one.by)))
            .raw("owner", &owner.unwrap_or_default())
            .list("note", &notes)
            .raw("restriction", &restriction)
            .list("input", &inputs)
            .done();
        write("Task", ("identifier", format!("{}|{value}", codes::CROSSING)), json)
    }
}

fn input(event: &EventKey, code: &str) -> String {
    let kind = Object::new().text("text", code).done();
    Object::new().raw("type", &kind).text("valueString", &event_value(event)).done()
}
