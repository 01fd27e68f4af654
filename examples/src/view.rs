//! What a driver's answers show of a case (`tests/DRIVER.md`).

use caseline::care_plan::{
    CopyTo, PlanChanged, PlanCopy, PlanState, PlanStatus, Signature, Signer, StepTaken,
};
use caseline::care_team::{TeamProposal, Whom};
use caseline::case::life::Opening;
use caseline::case::state::{CaseState, Entry};
use caseline::communication::{Message, MessageStanding};
use caseline::contact::{Contact, Seat};
use caseline::directory::{Callee, Gap, Reach};
use caseline::due::DueItem;
use caseline::fhir::{CarePlanFound, codes};
use caseline::id::CaseId;
use caseline::label::Labels;
use caseline::{Invitation, Kept, Notice, ProposedCase};
use serde_json::{Map, Value, json};

use crate::alert;
use crate::protocol::reasons;

mod agreement;
mod comparing;
mod completing;
mod concern;
mod meeting;
mod pair;
mod panel;
mod referral;
mod task;

pub use agreement::agreements;
pub use comparing::comparison;
pub use concern::{answers, concerns, found};
pub use meeting::agenda;
pub use pair::{meetings, room_agenda};
pub use panel::{beside, panel};
pub use referral::referrals;
pub use task::tasks;

/// A contact.
pub fn contact(contact: &Contact) -> Value {
    let topics: Vec<&str> = contact.topics.iter().map(|topic| topic.code()).collect();
    let mut shown = Map::new();
    shown.insert("id".into(), json!(contact.id));
    shown.insert("name".into(), json!(contact.name));
    shown.insert("role".into(), json!(contact.role));
    shown.insert("organization".into(), json!(contact.organization));
    shown.extend(contact.user.as_ref().map(|user| ("user".into(), json!(user))));
    shown.extend(contact.phone.as_ref().map(|phone| ("phone".into(), json!(phone))));
    shown.insert("topics".into(), json!(topics));
    Value::Object(shown)
}

/// Somebody to call: a contact, with when and why.
pub fn callee(callee: &Callee) -> Value {
    let mut shown = contact(&callee.contact);
    let (reach, at, cover) = match &callee.reach {
        Reach::Now => ("now", None, None),
        Reach::Later { at } => ("later", *at, None),
        Reach::Away { back, cover } => ("away", *back, cover.as_ref()),
        _ => ("unknown", None, None),
    };
    let known = &callee.availability;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("reach".into(), json!(reach));
        fields.extend(at.map(|at| ("at".into(), json!(at))));
        fields.extend(cover.map(|cover| ("cover".into(), json!(cover))));
        let zone = known.zone.as_ref().and_then(|zone| zone.iana_name());
        fields.extend(zone.map(|zone| ("zone".into(), json!(zone))));
        fields.insert("languages".into(), json!(known.languages));
        fields.extend(known.confirmed.map(|day| ("confirmed".into(), json!(day))));
        fields.insert("stale".into(), json!(callee.stale));
        fields.insert("why".into(), reasons(&callee.why));
    }
    shown
}

/// A topic for which there is no live person.
pub fn gap(gap: &Gap) -> Value {
    json!({ "organization": gap.organization, "topic": gap.topic.code(), "missing": gap.missing.code() })
}

/// An invitation.
pub fn invitation(invitation: &Invitation) -> Value {
    let mut shown = json!({
        "room": invitation.room, "by": invitation.by, "known": invitation.warning.is_none(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(invitation.contact.as_ref().map(|known| ("contact".into(), contact(known))));
        fields.extend(invitation.organization.as_ref().map(|known| ("organization".into(), json!(known.id))));
        if invitation.joined {
            fields.insert("joined".into(), json!(true));
        }
        let warning = invitation.warning.as_ref();
        fields.extend(warning.map(|warning| ("warning".into(), reasons(std::slice::from_ref(warning)))));
    }
    shown
}

/// A CareTeam of the record, as the case that it proposes.
pub fn care_team(team: &ProposedCase) -> Value {
    let seat = |seat: &Seat| {
        let mut shown = contact(&seat.contact);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("lead".into(), json!(seat.lead));
        }
        shown
    };
    let mut shown = Map::new();
    shown.insert("care_team".into(), json!(team.care_team));
    shown.extend(team.name.as_ref().map(|name| ("name".into(), json!(name))));
    shown.extend(team.status.as_ref().map(|status| ("status".into(), json!(status))));
    shown.insert("contacts".into(), team.seats.iter().map(seat).collect());
    shown.insert("missing".into(), team.missing.iter().map(|missing| json!(missing.code())).collect());
    Value::Object(shown)
}

/// A CarePlan of the record.
pub fn care_plan(plan: &CarePlanFound) -> Value {
    let mut shown = Map::new();
    shown.insert("care_plan".into(), json!(plan.care_plan));
    shown.extend(plan.title.as_ref().map(|title| ("title".into(), json!(title))));
    shown.extend(plan.status.as_ref().map(|status| ("status".into(), json!(status))));
    shown.insert("care_teams".into(), json!(plan.care_teams));
    shown.insert("activities".into(), json!(plan.activities));
    Value::Object(shown)
}

/// Whether a case wrote this resource: it is found by one of our identifiers or tags.
pub fn is_written(resource: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(resource) else { return false };
    let ours = [
        codes::CASE,
        codes::THREAD,
        codes::EPISODE,
        codes::NO_CONTACT,
        codes::OUTREACH_ASK,
        codes::EVENT,
        codes::PLAN,
        codes::SCAN,
        codes::STAY,
        codes::REVIEW,
        codes::CROSSING,
        codes::AUDIT,
    ];
    [value.get("identifier"), value.pointer("/meta/tag")]
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|one| one.get("system")?.as_str())
        .any(|system| ours.contains(&system))
}

/// Whether a resource has this identifier, `system|value`.
pub fn is_identified(resource: &str, identifier: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(resource) else { return false };
    let identifiers = value.get("identifier").and_then(Value::as_array);
    identifiers.into_iter().flatten().any(|one| {
        let part = |name: &str| one.get(name).and_then(Value::as_str);
        part("system").zip(part("value")).is_some_and(|(system, value)| {
            identifier.split_once('|').is_some_and(|wanted| wanted == (system, value))
        })
    })
}

/// What a server does not take.
pub fn kept(kept: &Kept) -> Value {
    json!({ "kind": kept.kind, "id": kept.id, "reason": kept.reason })
}

/// A case's state.
pub fn state(id: CaseId, state: &CaseState) -> Value {
    let phase = match (state.opening(), &state.life.closed) {
        (None, _) => "opening",
        (Some(_), None) => "open",
        (Some(_), Some(_)) => "closed",
    };
    let roster: Vec<Value> = state
        .roster()
        .active()
        .map(|seat| {
            let mut shown = contact(&seat.contact);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("lead".into(), json!(seat.lead));
                let user = seat.contact.user.as_ref();
                let accepted = user.and_then(|user| state.roster().accepted(user));
                fields.insert("accepted".into(), json!(accepted.is_some()));
            }
            shown
        })
        .collect();
    let plans: Vec<Value> = state.plans.all().iter().map(|one| plan(one, state.opening())).collect();
    let gaps: Vec<Value> =
        state.gaps.iter().map(|key| json!({ "sender": key.sender, "id": key.id })).collect();
    let stays: Vec<Value> =
        state.alerts.stays().iter().map(|stay| alert::stay(stay, &state.outreach)).collect();
    let visits: Vec<Value> = state.alerts.visits().iter().map(|visit| alert::visit(visit)).collect();
    let proposals: Vec<Value> = state.team_proposals.open().map(proposal).collect();
    json!({
        "case": id, "phase": phase, "roster": roster, "plans": plans, "team_proposals": proposals, "gaps": gaps,
        "stays": stays, "visits": visits, "digest": state.digest(),
    })
}

/// What a record proposes to the roster.
fn proposal(proposal: &TeamProposal) -> Value {
    let whom = |whom: &Whom| json!({ "contact": whom.contact, "organization": whom.organization });
    json!({
        "sender": proposal.proposed.sender, "proposal": proposal.proposed.id, "organization": proposal.organization,
        "by": proposal.by.contact, "at": proposal.by.at, "add": proposal.add.iter().map(contact).collect::<Vec<_>>(),
        "end": proposal.end.iter().map(whom).collect::<Vec<_>>(),
    })
}

/// What became of a plan in somebody's record.
fn plan_change((changed, by): &(PlanChanged, StepTaken)) -> Value {
    json!({ "organization": changed.organization, "sha256": changed.sha256, "by": by.contact, "at": by.at })
}

fn plan(plan: &PlanState, opening: Option<&Opening>) -> Value {
    let (status, by, changes) = match &plan.status {
        PlanStatus::Sent => ("sent", None, None),
        PlanStatus::Acknowledged => ("acknowledged", plan.acknowledged.as_ref(), None),
        PlanStatus::Approved(by) => ("approved", Some(by), None),
        PlanStatus::Returned { by, changes } => ("returned", Some(by), Some(changes)),
        PlanStatus::Replaced { .. } => ("replaced", None, None),
        _ => ("unknown", None, None),
    };
    let mut shown = json!({
        "plan": plan.sent.id, "sha256": plan.document.sha256, "status": status,
        "sent_by": plan.sent_by.contact, "sent_at": plan.sent_by.at,
        "signatures": plan.signatures.iter().map(signature).collect::<Vec<_>>(),
        "copies": plan.copies.iter().map(copy).collect::<Vec<_>>(),
        "changed": plan.changed.iter().map(plan_change).collect::<Vec<_>>(),
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(by.map(|by| ("by".into(), json!(by.contact))));
        fields.extend(changes.map(|changes| ("changes".into(), json!(changes))));
        fields.extend(opening.into_iter().flat_map(|opening| completing::of(plan, opening)));
    }
    shown
}

pub(crate) fn signature(signature: &Signature) -> Value {
    let (signer, organization) = match &signature.signer {
        Signer::Member => ("member".to_owned(), None),
        Signer::Representative => ("representative".to_owned(), None),
        Signer::Contact { contact, organization } => (contact.to_string(), Some(organization)),
    };
    let mut shown = json!({
        "signer": signer, "how": signature.how.code(), "on": signature.on,
        "by": signature.attested.contact, "at": signature.attested.at,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(organization.map(|organization| ("organization".into(), json!(organization))));
        fields.extend(signature.scan.as_ref().map(|scan| ("scan".into(), json!(scan.sha256))));
    }
    shown
}

fn copy(copy: &PlanCopy) -> Value {
    let (to, organization) = match &copy.to {
        CopyTo::Member => ("member".to_owned(), None),
        CopyTo::Representative => ("representative".to_owned(), None),
        CopyTo::Contact { contact, organization } => (contact.to_string(), Some(organization)),
    };
    let mut shown = json!({
        "to": to, "how": copy.how.code(), "on": copy.on, "by": copy.attested.contact, "at": copy.attested.at,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(organization.map(|organization| ("organization".into(), json!(organization))));
    }
    shown
}

/// A case's history, in the fold's order.
pub fn timeline(state: &CaseState) -> Value {
    let events: Vec<Value> = state.timeline.iter().map(|entry| line(state, entry)).collect();
    json!({ "events": events })
}

fn line(state: &CaseState, entry: &Entry) -> Value {
    let mut shown = json!({
        "sender": entry.key.sender, "id": entry.key.id, "kind": entry.kind, "at": entry.at, "from": entry.from,
        "body": entry.text, "standing": entry.standing.code(), "sha256": entry.sha256,
        "after_gap": entry.after_gap, "withheld": entry.withheld,
    });
    if let Some(fields) = shown.as_object_mut() {
        if let Some(reason) = entry.standing.reason() {
            fields.insert("reason".into(), reasons(std::slice::from_ref(reason)));
        }
        fields.extend(state.labels_of(&entry.key).map(|labels| ("labels".into(), json!(labels))));
        if entry.kind == "rung.posted" {
            let rungs = &state.life.rungs;
            let posted = rungs.iter().find(|(_, posted)| posted.event == entry.key);
            if let Some((key, posted)) = posted {
                fields.insert("owed".into(), json!(key.owed));
                fields.insert("rung".into(), json!(posted.rung));
                fields.insert("contact".into(), json!(key.contact));
            }
        }
    }
    shown
}

/// The messages of a case, and what became of each.
pub fn messages(state: &CaseState) -> Value {
    let shown = |one: &Message| message(one, state.labels_of(&one.key));
    let messages: Vec<Value> = state.messages.iter().map(shown).collect();
    json!({ "messages": messages })
}

fn message(message: &Message, labels: Option<&Labels>) -> Value {
    let (standing, by) = match &message.standing {
        MessageStanding::Said => ("said", None),
        MessageStanding::Corrected { by } => ("corrected", Some(by)),
        MessageStanding::Retracted { by } => ("retracted", Some(by)),
        _ => ("other", None),
    };
    let seen: Vec<Value> =
        message.seen.iter().map(|seen| json!({ "contact": seen.contact, "at": seen.at })).collect();
    let mut shown = json!({
        "sender": message.key.sender, "id": message.key.id, "from": message.from.id, "at": message.at,
        "priority": message.priority, "standing": standing, "seen": seen, "foreign": message.foreign,
    });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(message.text.as_ref().map(|text| ("text".into(), json!(text))));
        fields.extend(message.in_reply_to.as_ref().map(|key| ("in_reply_to".into(), json!(key))));
        fields.extend(message.corrects.as_ref().map(|key| ("corrects".into(), json!(key))));
        fields.extend(by.map(|key| ("by".into(), json!(key))));
        fields.extend(labels.map(|labels| ("labels".into(), json!(labels))));
        fields.extend(message.notice.as_ref().map(|notice| ("notice".into(), json!(notice))));
    }
    shown
}

/// One entry of the due list.
pub fn due(item: &DueItem) -> Value {
    let ladder: Vec<Value> = item
        .owed
        .ladder
        .iter()
        .map(|rung| {
            let posted = rung.posted.as_ref().map(|(by, at)| json!({ "by": by, "at": at }));
            json!({
                "contact": rung.contact, "name": rung.name, "organization": rung.organization,
                "phone": rung.phone, "at": rung.at, "posted": posted,
            })
        })
        .collect();
    json!({
        "case": item.case, "since": item.owed.since, "clock": item.owed.clock, "what": item.owed.what,
        "owner": item.owed.owner, "due": item.owed.due, "overdue": item.overdue, "ladder": ladder,
        "turn": item.current,
    })
}

/// A notice, as an event line.
pub fn notice(notice: &Notice) -> Value {
    let event = match notice {
        Notice::Event { case, key, kind } => {
            json!({ "kind": kind, "case": case, "sender": key.sender, "id": key.id })
        }
        Notice::Changed { case } => json!({ "kind": "changed", "case": case }),
        Notice::Invitation { room, by } => json!({ "kind": "invitation", "room": room, "by": by }),
        Notice::Held { case, id, reasons } => {
            json!({ "kind": "held", "case": case, "id": id, "reasons": self::reasons(reasons) })
        }
        Notice::Refused { case, id, reasons } => {
            json!({ "kind": "refused", "case": case, "id": id, "reasons": self::reasons(reasons) })
        }
        Notice::Superseded { case, id, reasons } => {
            json!({ "kind": "superseded", "case": case, "id": id, "reasons": self::reasons(reasons) })
        }
        Notice::NotReached { case, user } => json!({ "kind": "not_reached", "case": case, "user": user }),
        Notice::RoomLeft { room, reason } => {
            json!({ "kind": "room_left", "room": room, "reasons": reasons(std::slice::from_ref(reason)) })
        }
        Notice::NotEncrypted { room, sender } => {
            json!({ "kind": "not_encrypted", "room": room, "sender": sender })
        }
        Notice::ConfirmPatient { case } => json!({ "kind": "confirm_patient", "case": case }),
        Notice::RecordConflict { case, kind } => {
            json!({ "kind": "record_conflict", "case": case, "resource": kind })
        }
        Notice::RecordDropped { kind, id, paths } => {
            json!({ "kind": "record_dropped", "resource": kind, "resource_id": id, "paths": paths })
        }
        Notice::RecordNotWatched { kind, code } => {
            json!({ "kind": "record_not_watched", "resource": kind, "code": code })
        }
        Notice::RecordSignedOut => json!({ "kind": "record_signed_out" }),
        Notice::RecordUnavailable { code } => json!({ "kind": "record_unavailable", "code": code }),
        Notice::NoRoleAccount { case } => json!({ "kind": "no_role_account", "case": case }),
        Notice::NobodyToCall { case, gaps } => {
            let gaps: Vec<Value> = gaps.iter().map(gap).collect();
            json!({ "kind": "nobody_to_call", "case": case, "gaps": gaps })
        }
        Notice::SignedOut => json!({ "kind": "signed_out" }),
        _ => json!({ "kind": "other" }),
    };
    json!({ "event": event })
}
