//! What is to go across to one organisation, as one FHIR Task (R4, 12.5): what it is made of are its inputs, what was tried its notes.
//! Who calls whom, and about what, it says as the due list does.

use std::collections::BTreeSet;

use super::super::write::{
    Object, contact_ref, event_value, heads_extension, identifier, literal, logical, organization_ref,
};
use super::{View, codes, write};
use crate::case::event::EventKey;
use crate::case::state::Resource;
use crate::case::step::Owed;
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
        let to: Vec<_> = to.collect();
        let owed = if to.is_empty() { Vec::new() } else { self.state.owed() };
        to.into_iter().map(|(resource, to)| self.crossing(resource, to, &owed)).collect()
    }

    fn crossing(&self, resource: &Resource, to: &OrganizationId, owed: &[Owed]) -> RecordWrite {
        let of_theirs = |one: &&Crossing| one.to == *to && one.what != What::Referral;
        let all: Vec<&Crossing> =
            self.state.crossings.all().iter().map(AsRef::as_ref).filter(of_theirs).collect();
        let closed = self.state.life.closed.is_some();
        let waits = Waits::of(&all, owed, closed);
        let (status, reason) = waits.standing(&all, closed);
        let first = all.first();
        let authored = first.map_or(self.opening.at, |one| one.by.at);
        let attempts = || all.iter().flat_map(|one| &one.attempts);
        let modified = all.iter().map(|one| one.by.at).chain(attempts().map(|one| one.by.at)).max();
        let agreement = &self.opening.agreement;
        let until = |one: &Crossing| crossing::due(one, agreement, &self.opening.rules);
        // What is due first has the Task's owner: of a thing whoever said it, of a call who owes it.
        let things = waits.things.iter().take(1).map(|one| (until(one), self.who(&one.by)));
        let calls = waits.calls.iter().map(|call| (until(call.one), self.caller(call).1));
        let next = things.chain(calls).filter(|_| !closed).min_by_key(|(until, _)| *until);
        let (ends, owner) =
            next.map(|(until, owner)| (due::last_day(until, &agreement.zone).to_string(), owner)).unzip();
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
        let named = |id: &OrganizationId| {
            self.opening.organizations().find(|one| one.id == *id).map_or("", |one| one.name.as_str())
        };
        let name = named(to);
        // A keeper's reminder gives rise to a call, and asks for nothing by itself: who waits for an answer does.
        let said = all.iter().find(|one| !is_call(one)).map(|one| self.who(&one.by));
        let asks = crossing::calling(to, agreement, self.state.roster());
        let asks = if all.is_empty() { to } else { asks };
        let requester = said.unwrap_or_else(|| organization_ref(asks, named(asks)));
        let (has_things, has_calls) = waits.kinds(&all);
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
            .raw("code", &words(code(has_things, has_calls)))
            .text("description", &self.described(&waits, name, (has_things, has_calls)))
            .raw("for", &literal(&self.own.patient))
            .text("authoredOn", &authored.to_string())
            .text("lastModified", &modified.unwrap_or(authored).max(authored).to_string())
            .raw("requester", &requester)
            .raw("owner", &owner.unwrap_or_default())
            .list("note", &notes)
            .raw("restriction", &restriction)
            .list("input", &inputs)
            .done();
        write("Task", ("identifier", format!("{}|{value}", codes::CROSSING)), json)
    }

    /// Whoever is to call: their name, and the reference to them.
    fn caller(&self, call: &Call<'_>) -> (String, String) {
        let owner = &call.owed.owner;
        // Who owes it is always on the ladder.
        let rung = call.owed.ladder.iter().find(|rung| rung.contact == *owner);
        let mut contacts = self.state.roster().all().iter().rev().map(|place| &place.seat.contact);
        let contact = contacts.find(|contact| {
            contact.id == *owner && rung.is_none_or(|rung| rung.organization == contact.organization)
        });
        if let Some(contact) = contact {
            return (contact.name.clone(), contact_ref(contact));
        }
        let name = rung.map_or("", |rung| rung.name.as_str());
        (name.to_owned(), logical("Practitioner", owner.system(), owner.value(), name))
    }

    /// What is to be done, and by whom where it is a call.
    fn described(&self, waits: &Waits<'_>, name: &str, (things, calls): (bool, bool)) -> String {
        let things = things.then(|| format!("What {name} must hear of and does not read on Matrix"));
        let zone = &self.opening.agreement.zone;
        let mut told: Vec<String> = waits
            .calls
            .iter()
            .map(|call| {
                let (caller, _) = self.caller(call);
                let (what, overdue) = (&call.owed.what, call.overdue);
                let by = due::due_date(overdue, zone);
                format!("{caller} is to {what}. Overdue: {}. It was due by {by}.", overdue.what)
            })
            .collect();
        if calls && told.is_empty() {
            told.push(format!("Telephone calls to people of {name} about what was overdue"));
        }
        // A sentence ends where another one follows.
        match (things, told.join(" ")) {
            (Some(things), told) if told.is_empty() => things,
            (Some(things), told) => format!("{things}. {told}"),
            (None, told) => told,
        }
    }
}

/// A call that is still needed.
struct Call<'a> {
    one: &'a Crossing,
    /// The call, as the due list has it.
    owed: &'a Owed,
    /// What it is about.
    overdue: &'a Owed,
}

/// What waits.
struct Waits<'a> {
    things: Vec<&'a Crossing>,
    calls: Vec<Call<'a>>,
    any: bool,
}

impl<'a> Waits<'a> {
    fn of(all: &[&'a Crossing], owed: &'a [Owed], closed: bool) -> Self {
        let waiting = || all.iter().copied().filter(|one| one.standing == CrossingStanding::Waiting);
        let things: Vec<&Crossing> = waiting().filter(|one| !is_call(one)).collect();
        let find =
            |since: EventId, clock: &str| owed.iter().find(|one| one.since == since && one.clock == clock);
        let calls: Vec<Call<'_>> = waiting()
            .filter_map(|one| {
                let What::Call { owed, clock, .. } = &one.what else { return None };
                // Where what was owed is done, nobody is called about it.
                let (call, overdue) = (find(one.event.owed(), crossing::CALL_CLOCK)?, find(*owed, clock)?);
                Some(Call { one, owed: call, overdue })
            })
            .collect();
        // After the end nothing is owed, and nobody tells any more what was.
        let any = !things.is_empty() || !calls.is_empty() || (closed && waiting().next().is_some());
        Self { things, calls, any }
    }

    /// Whether things are to go across, and whether calls are to be made; of what does not wait any more, whether they were.
    fn kinds(&self, all: &[&Crossing]) -> (bool, bool) {
        if self.things.is_empty() && self.calls.is_empty() {
            let calls = all.iter().any(|one| is_call(one));
            (!calls || !all.iter().all(|one| is_call(one)), calls)
        } else {
            (!self.things.is_empty(), !self.calls.is_empty())
        }
    }

    /// The status, and why.
    fn standing(&self, all: &[&Crossing], closed: bool) -> (&'static str, &'static str) {
        let tried = |one: &Crossing| !one.attempts.is_empty();
        let only_calls = all.iter().all(|one| is_call(one));
        // R4's Task ends with `completed`: as long as the case goes on there can be more.
        match (all.is_empty(), self.any, closed) {
            (true, ..) => ("entered-in-error", "It never took effect in the case"),
            (false, true, true) => ("cancelled", "The case is closed"),
            (false, true, false) if self.things.is_empty() => {
                let tried = self.calls.iter().any(|call| tried(call.one));
                if tried {
                    ("in-progress", "They were not reached yet")
                } else {
                    ("requested", "Somebody is to be called")
                }
            }
            (false, true, false) if all.iter().any(|one| tried(one)) => {
                ("in-progress", "Some of it is still to go across")
            }
            (false, true, false) => ("requested", "To go across by other ways than Matrix"),
            (false, false, true) if only_calls => ("completed", "Nobody is left to be called"),
            (false, false, false) if only_calls => ("on-hold", "Nobody is to be called for now"),
            (false, false, true) => ("completed", "Nothing is left to go across"),
            (false, false, false) => ("on-hold", "Nothing is left to go across for now"),
        }
    }
}

fn is_call(one: &Crossing) -> bool {
    matches!(one.what, What::Call { .. })
}

/// What kind of work it is.
fn code(things: bool, calls: bool) -> &'static str {
    match (things, calls) {
        (true, true) => "Take across by telephone, fax or folder, and call by telephone",
        (false, true) => "Call by telephone",
        (_, false) => "Take across by telephone, fax or folder",
    }
}

fn input(event: &EventKey, code: &str) -> String {
    let kind = Object::new().text("text", code).done();
    Object::new().raw("type", &kind).text("valueString", &event_value(event)).done()
}
