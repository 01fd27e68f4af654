//! An accepted agreement as a FHIR DocumentReference (R4, 2.38): the text, byte for byte, with its hash. It is about no patient, so that
//! US Core's profile, which is about clinical notes of one, is none of its.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::codes;
use super::project::write;
use super::write::{
    Object, account_ref, concept, contact_ref, event_value, heads_extension, identifier, logical,
    organization_ref, period,
};
use crate::agreement::proposal::{Proposal, ProposalStatus};
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::case::life::{Carried, Opening};
use crate::case::state::{CaseState, Resource};
use crate::id::AgreementId;
use crate::ports::RecordWrite;

/// The resources that a pair's room is written as for its agreements: a DocumentReference for each that was accepted. One whose acceptance
/// turned out not to count is `entered-in-error`. Nothing for a room of another kind, nor for what is accepted and not `proven`: whoever
/// opened a room wrote who sits in it, so that a record takes up only what the accounts of both sides agreed on.
pub fn agreements(state: &CaseState, proven: &dyn Fn(&Proposal) -> bool) -> Vec<RecordWrite> {
    let Some(opening) = state.opening().filter(|opening| opening.kind == RoomKind::Pair) else {
        return Vec::new();
    };
    let known = state.shaping.keys().filter(|resource| !state.holds_stubs_for(resource));
    let keys = known.filter_map(|resource| match resource {
        Resource::Agreement(key) => Some(key),
        _ => None,
    });
    keys.filter_map(|key| {
        let counted = state.agreements.get(key);
        let (status, carried) = match counted {
            Some(one) if one.status == ProposalStatus::Accepted => {
                if !proven(one) {
                    return None;
                }
                let replaced = state.agreements.after(one).any(proven);
                (if replaced { "superseded" } else { "current" }, &one.agreement)
            }
            Some(one) => ("entered-in-error", &one.agreement),
            None => ("entered-in-error", state.superseded_agreements.get(key)?.as_ref()),
        };
        Some(document(state, opening, key, status, carried, proven))
    })
    .collect()
}

fn document(
    state: &CaseState,
    opening: &Opening,
    key: &EventKey,
    status: &str,
    carried: &Carried<AgreementId>,
    proven: &dyn Fn(&Proposal) -> bool,
) -> RecordWrite {
    let (value, resource) = (event_value(key), Resource::Agreement(key.clone()));
    let agreement = carried.read().ok();
    let title = agreement.as_ref().map_or_else(|| carried.id.to_string(), |one| one.title.clone());
    let attachment = Object::new()
        .text("contentType", "application/yaml")
        .text("data", &STANDARD.encode(&carried.text))
        .raw("size", &carried.text.len().to_string())
        .text("title", &format!("{title}, version {}", carried.version))
        .done();
    let replaces = state.agreements.all().iter().filter(|one| one.replaced_by.as_ref() == Some(key));
    let replaces: Vec<String> = replaces
        .filter(|one| proven(one))
        .map(|one| {
            let target = logical("DocumentReference", codes::EVENT, &event_value(&one.key), "");
            Object::new().text("code", "replaces").raw("target", &target).done()
        })
        .collect();
    let counted = state.agreements.get(key);
    let seats = || state.roster().all().iter().rev().map(|place| &place.seat.contact);
    let who = |by: &crate::care_plan::StepTaken| seats().find(|one| by.is_by(one)).map(contact_ref);
    let author = counted.and_then(|one| who(&one.by)).unwrap_or_else(|| account_ref(&key.sender));
    let accepted = counted.filter(|one| one.status == ProposalStatus::Accepted);
    let settled = accepted.and_then(|one| one.settled.as_ref());
    let sides = [&opening.plan_side, &opening.community_side];
    let held = agreement.as_ref().map_or(String::new(), |one| {
        // The last day, where the agreement names the first one on which it is over.
        let until =
            one.in_force.until.and_then(|until| until.yesterday().ok()).map(|until| until.to_string());
        let context = period(one.in_force.from.map(|from| from.to_string()), until);
        let related = sides.map(|side| organization_ref(&side.id, &side.name));
        Object::new().raw("period", &context).list("related", &related).done()
    });
    let json = Object::resource("DocumentReference")
        .list("extension", &[heads_extension(&state.shaped_by(&resource))])
        .list(
            "identifier",
            &[
                identifier(codes::EVENT, &value),
                identifier(codes::SHA256, &carried.sha256.to_string()),
                identifier(codes::AGREEMENT, &format!("{}|{}", carried.id, carried.version)),
            ],
        )
        .text("status", status)
        .text("docStatus", if accepted.is_some() { "final" } else { "entered-in-error" })
        .raw("type", &concept("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", ""))
        .list("category", &[concept(codes::KIND, codes::AGREEMENT_DOCUMENT, "")])
        .text("date", &settled.map(|by| by.at.to_string()).unwrap_or_default())
        .list("author", &[author])
        .raw("authenticator", &settled.and_then(who).unwrap_or_default())
        .list("relatesTo", &replaces)
        .text("description", &title)
        .list("content", &[Object::new().raw("attachment", &attachment).done()])
        .raw("context", &held)
        .done();
    write("DocumentReference", ("identifier", format!("{}|{value}", codes::EVENT)), json)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::agreement::proposal::tests::{accepted, version};
    use crate::fhir::check;
    use crate::meeting::room_tests::Room;

    fn last(room: &Room) -> EventKey {
        room.events.last().unwrap().key()
    }

    #[test]
    fn what_was_accepted_is_a_document_with_its_hash_and_what_took_its_place_says_so() {
        let mut room = Room::open();
        room.act("jane", version(2));
        let second = last(&room);
        assert!(agreements(room.fold.state(), &|_| true).is_empty(), "nobody has accepted it");
        room.act("joe", accepted(&second, 2));
        room.act("joe", version(4));
        let fourth = last(&room);
        room.act("jane", accepted(&fourth, 4));
        let written = agreements(room.fold.state(), &|_| true);
        assert_eq!(written.len(), 2);
        for write in &written {
            assert!(check(&write.json).unwrap().is_empty(), "{}", write.json);
        }
        let read = |n: usize| serde_json::from_str::<serde_json::Value>(&written[n].json).unwrap();
        assert!((0..2).map(read).any(|one| one["status"] == "superseded"));
        let current = (0..2).map(read).find(|one| one["status"] == "current").unwrap();
        assert_eq!(current["identifier"][1]["value"], version(4).agreement.sha256.to_string());
        assert_eq!(current["relatesTo"][0]["code"], "replaces");
        assert_eq!(current["authenticator"]["display"], "jane");
        assert_eq!(current["docStatus"], "final");
    }

    #[test]
    fn an_acceptance_that_never_took_effect_is_an_error() {
        let mut room = Room::open();
        room.act("jane", version(2));
        let proposal = last(&room);
        assert_eq!(room.act("rao", accepted(&proposal, 2)), "agreement-not-other-side");
        let written = agreements(room.fold.state(), &|_| true);
        assert_eq!(written.len(), 1);
        assert!(written[0].json.contains(r#""status":"entered-in-error""#), "{}", written[0].json);
        assert!(check(&written[0].json).unwrap().is_empty(), "{}", written[0].json);
    }
}
