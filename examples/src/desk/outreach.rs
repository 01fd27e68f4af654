//! What is asked, and said, of the outreach to a member (`tests/DRIVER.md`).

use caseline::Caseline;
use caseline::case::state::CaseState;
use caseline::outreach::{
    self, AskState, ContactProhibited, ContactRecorded, ContactState, NoContact, StageReached, StageState,
};
use caseline::policy::MayReachOut;
use serde_json::{Map, Value, json};

use super::sent;
use crate::protocol::{Failure, ProhibitContact, Verb, reasons};

/// Answers what is about the outreach.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let answer = match verb {
        Verb::Outreach { case } => caseline.case(case).and_then(|case| Ok(shown(&case.state()?))),
        Verb::MayReachOut { case, channel } => {
            caseline.case(case).and_then(|case| Ok(may(&case.may_reach_out(channel)?)))
        }
        Verb::Stage { case, stage, on, source, enrolled, left, to_aco, corrects, key } => {
            caseline.case(case).and_then(|case| {
                let corrects = corrects.map(|id| case.stage_key(id)).transpose()?;
                let reached = StageReached { stage, on, source, enrolled, left, to_aco, corrects };
                Ok(sent(&case.stage(key, reached)?))
            })
        }
        Verb::RecordContact {
            case,
            when,
            channel,
            face_to_face,
            reached,
            outcome,
            by,
            about,
            not_made,
            key,
        } => {
            let contact =
                ContactRecorded { when, by, channel, face_to_face, reached, outcome, about, not_made };
            caseline.case(case).and_then(|case| Ok(sent(&case.record_contact(key, contact)?)))
        }
        Verb::AskOutreach { case, channel, why, key } => {
            caseline.case(case).and_then(|case| Ok(sent(&case.ask_outreach(key, channel, &why)?)))
        }
        Verb::GrantOutreach { case, ask, until, reason, key } => {
            caseline.case(case).and_then(|case| Ok(sent(&case.grant_outreach(key, ask, until, &reason)?)))
        }
        Verb::RefuseOutreach { case, ask, reason, key } => {
            caseline.case(case).and_then(|case| Ok(sent(&case.refuse_outreach(key, ask, &reason)?)))
        }
        Verb::WithdrawContact(said) => caseline
            .case(said.case)
            .and_then(|case| Ok(sent(&case.withdraw_contact(said.key, said.contact, &said.reason)?))),
        Verb::ProhibitContact(ProhibitContact { case, on, reason, representative, key }) => {
            let prohibited = ContactProhibited { on, representative, reason };
            caseline.case(case).and_then(|case| Ok(sent(&case.prohibit_contact(key, prohibited)?)))
        }
        Verb::PermitContact(said) => {
            caseline.case(said.case).and_then(|case| Ok(sent(&case.permit_contact(said.key, &said.reason)?)))
        }
        Verb::ReopenCase(said) => {
            let key = said.key;
            caseline.case(said.case).and_then(|case| Ok(sent(&case.reopen(key, said.reopened())?)))
        }
        Verb::CloseCase { case, reason, key } => {
            caseline.case(case).and_then(|case| Ok(sent(&case.close(key, reason)?)))
        }
        _ => return Err(Failure::Invalid("this verb is not about the outreach".into())),
    };
    Ok(answer?)
}

/// Whether somebody may reach out.
fn may(may: &MayReachOut) -> Value {
    let mut shown = json!({ "answer": may.answer.code(), "reasons": reasons(&may.reasons) });
    add(&mut shown, [("until", may.until.map(|day| json!(day)))]);
    shown
}

/// Where the member stands, what was tried, and what was asked.
fn shown(state: &CaseState) -> Value {
    let of = &state.outreach;
    let clocks = state.opening().map(|opening| outreach::dates(of, &opening.agreement, &opening.rules));
    let clocks: Vec<Value> = clocks
        .iter()
        .flatten()
        .map(|date| json!({ "clock": date.clock, "from": date.from, "due": date.due }))
        .collect();
    let mut shown = json!({
        "stages": of.stages().iter().map(stage).collect::<Vec<_>>(),
        "contacts": of.contacts().iter().map(contact).collect::<Vec<_>>(),
        "asks": of.asks().iter().map(question).collect::<Vec<_>>(),
        "attempts": of.attempts(), "clocks": clocks,
    });
    add(&mut shown, [("no_contact", of.no_contact().map(no_contact))]);
    shown
}

fn no_contact(one: &NoContact) -> Value {
    let said = &one.prohibited;
    json!({
        "sender": one.key.sender, "id": one.key.id, "on": said.on, "representative": said.representative,
        "reason": said.reason, "by": one.by.contact, "at": one.by.at,
    })
}

fn stage(stage: &StageState) -> Value {
    let reached = &stage.reached;
    let mut shown = json!({
        "id": stage.first.id, "stage": reached.stage, "on": reached.on, "source": reached.source,
        "by": stage.by.contact, "at": stage.by.at,
    });
    let more = [
        ("enrolled", reached.enrolled.map(|day| json!(day))),
        ("left", reached.left.map(|day| json!(day))),
        ("to_aco", reached.to_aco.as_ref().map(|aco| json!(aco))),
    ];
    add(&mut shown, more);
    shown
}

fn contact(contact: &ContactState) -> Value {
    let recorded = &contact.recorded;
    let mut shown = json!({
        "sender": contact.key.sender, "id": contact.key.id, "when": recorded.when, "contact": contact.contact.id,
        "channel": recorded.channel, "face_to_face": recorded.face_to_face, "reached": recorded.reached,
        "outcome": recorded.outcome, "by": contact.by.contact,
    });
    let against = contact.against_terms.as_ref().map(|reason| reasons(std::slice::from_ref(reason)));
    let withdrawn = contact
        .withdrawn
        .as_ref()
        .map(|one| json!({ "reason": one.reason, "by": one.by.contact, "at": one.by.at }));
    let about = recorded.about.map(|about| json!(about));
    let not_made = recorded.not_made.map(|why| json!(why));
    let more =
        [("about", about), ("not_made", not_made), ("against_terms", against), ("withdrawn", withdrawn)];
    add(&mut shown, more);
    shown
}

fn question(ask: &AskState) -> Value {
    let mut shown = json!({
        "sender": ask.asked.sender, "ask": ask.asked.id, "channel": ask.ask.channel, "why": ask.ask.why,
        "by": ask.by.contact, "at": ask.by.at,
    });
    let answer = ask.answer.as_ref().map(|answer| {
        let mut shown = json!({
            "granted": answer.granted, "reason": answer.reason, "by": answer.by.contact, "at": answer.by.at,
        });
        add(&mut shown, [("until", answer.until.map(|day| json!(day)))]);
        shown
    });
    add(&mut shown, [("answer", answer)]);
    shown
}

/// Adds what is there of these.
fn add<const N: usize>(shown: &mut Value, more: [(&str, Option<Value>); N]) {
    if let Some(fields) = shown.as_object_mut() {
        let there = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        fields.extend(there.collect::<Map<String, Value>>());
    }
}
