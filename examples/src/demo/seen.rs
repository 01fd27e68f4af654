//! What a story expects somebody to see, and what they do see.

mod agreement;
mod alert;
mod compared;
mod completed;
mod concern;
mod consent;
mod crossing;
mod directory;
mod meeting;
mod message;
mod outreach;
mod pair;
mod referral;

use std::collections::BTreeSet;

use caseline::contact::Role;
use serde_json::{Value, json};

use super::actor::SOON;
use super::play::Labels;
use super::stage::Stage;
use super::table::Table;
use super::transcript::Transcript;
use crate::process::CallError;
mod task;

use crate::story::{DueSeen, Expected, PlanSeen, ReminderSeen, TeamSeen};

/// How one look came out.
pub(super) enum Look {
    /// Everything is as expected: sentences for the transcript, and tables under them.
    True(Vec<(String, Option<Table>)>),
    /// Not (yet): what was expected first that is not so, and what was there instead.
    Not { wanted: String, seen: String },
}

pub(super) use alert::{HOSPITAL, stay_id};

type Part = Result<(String, Option<Table>), (String, String)>;

/// Looks once, with somebody's own eyes. `answer` is what their verb, if any, has answered.
pub(super) fn look(
    stage: &mut Stage<'_>,
    transcript: &Transcript,
    labels: &Labels,
    who: &str,
    case: Option<&str>,
    expected: &Expected,
    answer: &Value,
) -> Result<Look, CallError> {
    let mut told = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    if let Some(contact) = &expected.contact {
        parts.push(directory::contact_seen(stage, answer, contact));
    }
    if let Some(wanted) = &expected.found {
        parts.push(alert::found(stage, answer, who, wanted));
    }
    if let Some(may) = &expected.may {
        parts.push(outreach::may_seen(stage, answer, who, may));
    }
    meeting::parts(stage, who, expected, answer, &mut parts)?;
    if let Some(invitation) = &expected.invitation {
        let answer = ask(stage, who, "invitations", json!({}))?;
        parts.push(directory::invitation_seen(stage, &answer, who, &invitation.from));
    }
    if let Some(wanted) = &expected.answer {
        let answer = ask(stage, who, "answered_concerns", json!({ "query": wanted.query }))?;
        parts.push(concern::answer_seen(stage, &answer, who, wanted));
    }
    if let Some(case) = case {
        let about = json!({ "case": case });
        if let Some(message) = &expected.message {
            let answer = ask(stage, who, "messages", about.clone())?;
            parts.push(message::message_seen(stage, list(&answer, "messages"), who, message));
        }
        if let Some(wanted) = &expected.task {
            let answer = ask(stage, who, "tasks", about.clone())?;
            parts.push(task::task_seen(stage, &answer, labels, who, wanted));
        }
        if let Some(wanted) = &expected.agreement {
            let answer = ask(stage, who, "proposed_agreements", about.clone())?;
            parts.push(agreement::agreement_seen(stage, &answer, labels, who, wanted));
        }
        if let Some(wanted) = &expected.meeting {
            let answer = ask(stage, who, "meetings", about.clone())?;
            parts.push(pair::meeting_seen(stage, &answer, labels, who, wanted));
        }
        if let Some(wanted) = &expected.concern {
            let answer = ask(stage, who, "concerns", about.clone())?;
            parts.push(concern::concern_seen(stage, &answer, labels, who, wanted));
        }
        if let Some(wanted) = &expected.referral {
            let answer = ask(stage, who, "referrals", about.clone())?;
            parts.push(referral::referral_seen(stage, &answer, labels, who, wanted));
        }
        if let Some(reminder) = &expected.reminder {
            let answer = ask(stage, who, "timeline", about.clone())?;
            parts.push(reminder_seen(stage, list(&answer, "events"), who, reminder));
        }
        if let Some(wanted) = &expected.compared {
            parts.push(compared::compared_seen(stage, labels, who, case, wanted)?);
        }
        if let Some(wanted) = &expected.crossings {
            let answer = ask(stage, who, "crossings", about.clone())?;
            parts.push(crossing::crossings_seen(stage, &answer, who, wanted));
        }
        if let Some(wanted) = &expected.outreach {
            let answer = ask(stage, who, "outreach", about.clone())?;
            parts.push(outreach::outreach_seen(stage, &answer, who, wanted));
        }
        if let Some(wanted) = &expected.consents {
            let answer = ask(stage, who, "consents", about.clone())?;
            parts.push(consent::consents_seen(stage, &answer, who, wanted));
        }
        if let Some(wanted) = &expected.denied {
            let answer = ask(stage, who, "denied", about.clone())?;
            parts.push(consent::denied_seen(stage, &answer, labels, who, wanted));
        }
        let known = [
            expected.plan.is_some(),
            expected.roster.is_some(),
            expected.proposals.is_some(),
            expected.phase.is_some(),
            expected.stay.is_some(),
            expected.visit.is_some(),
        ];
        if known.contains(&true) {
            let answer = ask(stage, who, "state", about.clone())?;
            if let Some(phase) = &expected.phase {
                parts.push(phase_seen(stage, &answer, who, phase));
            }
            if let Some(stay) = &expected.stay {
                parts.push(alert::stay(stage, &answer, who, stay));
            }
            if let Some(visit) = &expected.visit {
                parts.push(alert::visit(stage, &answer, labels, who, visit));
            }
            if let Some(plan) = &expected.plan {
                parts.push(plan_seen(stage, &answer, labels, who, plan));
            }
            if let Some(roster) = &expected.roster {
                parts.push(roster_seen(stage, &answer, who, roster));
            }
            if let Some(proposals) = &expected.proposals {
                parts.push(proposals_seen(stage, &answer, who, proposals));
            }
        }
        if let Some(due) = &expected.due {
            let answer = ask(stage, who, "due", about)?;
            parts.push(due_seen(stage, transcript, &answer, who, due));
        }
    } else if expected.message.is_some()
        || expected.reminder.is_some()
        || expected.plan.is_some()
        || expected.task.is_some()
        || expected.concern.is_some()
        || expected.agreement.is_some()
        || expected.meeting.is_some()
        || expected.referral.is_some()
        || expected.roster.is_some()
        || expected.proposals.is_some()
        || expected.outreach.is_some()
        || expected.compared.is_some()
        || expected.crossings.is_some()
        || expected.consents.is_some()
        || expected.denied.is_some()
        || expected.phase.is_some()
        || expected.due.is_some()
        || expected.stay.is_some()
        || expected.visit.is_some()
    {
        parts.push(Err(("a case".into(), "no case is open yet".into())));
    }
    for part in parts {
        match part {
            Ok(line) => told.push(line),
            Err((wanted, seen)) => return Ok(Look::Not { wanted, seen }),
        }
    }
    Ok(Look::True(told))
}

/// Asks; where the client says that there is no such case (yet), the answer is empty.
fn ask(stage: &mut Stage<'_>, who: &str, verb: &str, fields: Value) -> Result<Value, CallError> {
    let actor = stage
        .actor(who)
        .map_err(|_| CallError::NotStarted { who: who.to_owned(), problem: "nobody plays it".into() })?;
    match actor.call(verb, fields, SOON) {
        Err(CallError::Refused(refusal)) if refusal.code == "not-found" => Ok(json!({})),
        other => other,
    }
}

pub(super) fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn name(stage: &Stage<'_>, who: &str) -> String {
    stage.story.name_of(who)
}

/// What a contact is, in words.
fn role(contact: &Value) -> String {
    text(contact, "role").parse::<Role>().map_or_else(|_| String::new(), |role| role.to_string())
}

fn contact_of<'s>(stage: &'s Stage<'_>, who: &str) -> &'s str {
    stage.story.people.get(who).map_or("", |person| person.contact.as_str())
}

fn reminder_seen(stage: &Stage<'_>, events: &[Value], who: &str, wanted: &ReminderSeen) -> Part {
    let keeper = wanted.by.as_ref().map(|by| stage.user(&format!("{by}-keeper")));
    let posted: Vec<&Value> = events
        .iter()
        .filter(|event| text(event, "kind") == "rung.posted" && text(event, "standing") == "counted")
        .collect();
    let to = contact_of(stage, &wanted.to);
    let found: Vec<&&Value> = posted
        .iter()
        .filter(|event| text(event, "contact") == to && keeper.is_none_or(|by| text(event, "sender") == by))
        .collect();
    match found.as_slice() {
        [one] => {
            Ok((format!("{} sees the keeper's reminder: “{}”", name(stage, who), text(one, "body")), None))
        }
        many => {
            let by = wanted.by.as_ref();
            let by = by.map_or(String::new(), |by| format!(" from {}", name(stage, &format!("{by}-keeper"))));
            let shown: Vec<String> = posted
                .iter()
                .map(|event| format!("{}: “{}”", text(event, "sender"), text(event, "body")))
                .collect();
            let seen = match many.len() {
                0 if shown.is_empty() => "no reminder".to_owned(),
                0 => shown.join("; "),
                many => format!("it {many} times"),
            };
            Err((format!("one reminder to {}{by}", name(stage, &wanted.to)), seen))
        }
    }
}

fn plan_seen(stage: &Stage<'_>, is: &Value, labels: &Labels, who: &str, wanted: &PlanSeen) -> Part {
    let id = labels.get(&wanted.name).map_or("", |sent| sent.id.as_str());
    let by = |plan: &Value| {
        let field = if text(plan, "status") == "sent" { "sent_by" } else { "by" };
        text(plan, field).to_owned()
    };
    let person = |contact: &str| {
        let found = stage.story.people.values().find(|person| person.contact.as_str() == contact);
        found.map_or_else(|| contact.to_owned(), |person| person.name.clone())
    };
    let changed_in = |plan: &Value| {
        let of = list(plan, "changed").last().map(|changed| text(changed, "organization").to_owned());
        stage.story.organizations.iter().find(|(_, one)| of.as_deref() == Some(one.id.as_str()))
    };
    let changed = |name: &str| format!(", and was changed in the record of {name}");
    let shown = |plan: &Value| {
        let changed = changed_in(plan).map_or(String::new(), |(_, of)| changed(&of.name));
        format!("the care plan is {} by {}{changed}", text(plan, "status"), person(&by(plan)))
    };
    let of = wanted.changed_in.as_ref().and_then(|of| stage.story.organizations.get(of));
    let signers = |plan: &Value| -> Vec<String> {
        list(plan, "signatures").iter().map(|signature| text(signature, "signer").to_owned()).collect()
    };
    let signed: Option<Vec<String>> = wanted
        .signed_by
        .as_ref()
        .map(|people| people.iter().map(|who| stage.story.signer(who).1.to_owned()).collect());
    let scans = |plan: &Value| -> Vec<String> {
        let scanned = list(plan, "signatures").iter().filter(|signature| signature.get("scan").is_some());
        scanned.map(|signature| text(signature, "signer").to_owned()).collect()
    };
    let scanned: Option<Vec<String>> = wanted
        .scanned
        .as_ref()
        .map(|people| people.iter().map(|who| stage.story.signer(who).1.to_owned()).collect());
    let given_to = |plan: &Value| -> Vec<String> {
        list(plan, "copies").iter().map(|copy| text(copy, "to").to_owned()).collect()
    };
    let copied: Option<Vec<String>> = wanted
        .copies
        .as_ref()
        .map(|people| people.iter().map(|who| stage.story.signer(who).1.to_owned()).collect());
    let copied_to = wanted.copies.as_ref().map_or(String::new(), |people| {
        let names: Vec<&str> = people.iter().map(|who| stage.story.signer(who).0).collect();
        let names = if names.is_empty() { "nobody".to_owned() } else { names.join(" and ") };
        format!(", copied to {names}")
    });
    let signed_by = wanted.signed_by.as_ref().map_or(String::new(), |people| {
        let names: Vec<&str> = people.iter().map(|who| stage.story.signer(who).0).collect();
        let names = if names.is_empty() { "nobody".to_owned() } else { names.join(" and ") };
        format!(", signed elsewhere by {names}")
    });
    let complete = completed::wanted(wanted);
    let wants = format!(
        "the care plan {}{}{}{signed_by}{copied_to}{complete}",
        wanted.is,
        wanted.by.as_ref().map_or(String::new(), |by| format!(" by {}", name(stage, by))),
        of.map_or(String::new(), |of| changed(&of.name)),
    );
    let plan = list(is, "plans").iter().find(|plan| text(plan, "plan") == id);
    match plan {
        Some(plan)
            if text(plan, "status") == wanted.is
                && wanted.by.as_ref().is_none_or(|who| by(plan) == contact_of(stage, who))
                && signed.as_ref().is_none_or(|signed| signers(plan) == *signed)
                && scanned.as_ref().is_none_or(|scanned| scans(plan) == *scanned)
                && copied.as_ref().is_none_or(|copied| given_to(plan) == *copied)
                && completed::is(plan, wanted)
                && wanted
                    .changed_in
                    .as_ref()
                    .is_none_or(|of| changed_in(plan).is_some_and(|(key, _)| key == of)) =>
        {
            Ok((format!("{} sees: {}{signed_by}{copied_to}{complete}.", name(stage, who), shown(plan)), None))
        }
        Some(plan) => Err((wants, shown(plan))),
        None => Err((wants, "no such care plan".into())),
    }
}

fn roster_seen(stage: &Stage<'_>, is: &Value, who: &str, wanted: &[String]) -> Part {
    let mut seated: Vec<String> = Vec::new();
    for seat in list(is, "roster") {
        let found = stage.story.people.iter().find(|(_, person)| person.contact.as_str() == text(seat, "id"));
        seated.extend(found.map(|(key, _)| key.clone()));
    }
    seated.sort();
    let mut wants = wanted.to_vec();
    wants.sort();
    let names = |keys: &[String]| {
        let names: Vec<String> = keys.iter().map(|key| name(stage, key)).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    if seated == wants {
        Ok((format!("{} sees on the roster: {}.", name(stage, who), names(&wants)), None))
    } else {
        Err((format!("on the roster: {}", names(&wants)), names(&seated)))
    }
}

fn phase_seen(stage: &Stage<'_>, is: &Value, who: &str, wanted: &str) -> Part {
    let phase = text(is, "phase");
    if phase == wanted {
        Ok((format!("{} sees: the case is {phase}.", name(stage, who)), None))
    } else {
        Err((format!("the case {wanted}"), format!("the case is {phase}")))
    }
}

/// Whether it is this that a record proposes.
pub(super) fn proposes(stage: &Stage<'_>, proposal: &Value, wanted: &TeamSeen) -> bool {
    let same = |list_of: &str, key: &str, wanted: &[String]| {
        let found: BTreeSet<&str> = list(proposal, list_of).iter().map(|one| text(one, key)).collect();
        found == wanted.iter().map(|who| contact_of(stage, who)).collect()
    };
    let of = wanted.of.as_ref().and_then(|of| stage.story.organizations.get(of));
    of.is_none_or(|of| of.id.as_str() == text(proposal, "organization"))
        && same("add", "id", &wanted.adds)
        && same("end", "contact", &wanted.ends)
}

/// What a record proposes, in words.
pub(super) fn proposal(stage: &Stage<'_>, wanted: &TeamSeen) -> String {
    let names = |people: &[String]| people.iter().map(|who| name(stage, who)).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !wanted.adds.is_empty() {
        parts.push(format!("{} takes part there", names(&wanted.adds)));
    }
    if !wanted.ends.is_empty() {
        parts.push(format!("{} no longer does", names(&wanted.ends)));
    }
    let of = wanted.of.as_ref().and_then(|of| stage.story.organizations.get(of));
    let of = of.map_or("a record", |of| of.name.as_str());
    format!("{of} says of the care team: {}", parts.join("; "))
}

fn proposals_seen(stage: &Stage<'_>, is: &Value, who: &str, wanted: &[TeamSeen]) -> Part {
    let open = list(is, "team_proposals");
    let there = |wanted: &TeamSeen| open.iter().any(|one| proposes(stage, one, wanted));
    let told: Vec<String> = wanted.iter().map(|one| proposal(stage, one)).collect();
    let told = if told.is_empty() { "no proposal that waits".to_owned() } else { told.join("; ") };
    if open.len() == wanted.len() && wanted.iter().all(there) {
        return Ok((format!("{} sees: {told}.", name(stage, who)), None));
    }
    let people = |one: &Value, of: &str, key: &str| {
        list(one, of).iter().map(|one| text(one, key).to_owned()).collect::<Vec<_>>().join(", ")
    };
    let shown = open.iter().map(|one| {
        format!("adds [{}], ends [{}]", people(one, "add", "name"), people(one, "end", "contact"))
    });
    let shown: Vec<String> = shown.collect();
    Err((told, if shown.is_empty() { "no proposal".into() } else { shown.join("; ") }))
}

fn due_seen(stage: &Stage<'_>, transcript: &Transcript, answer: &Value, who: &str, wanted: &DueSeen) -> Part {
    let of_clock = |one: &&Value| wanted.clock.as_ref().is_none_or(|clock| text(one, "clock") == clock);
    let owed: Vec<&Value> = list(answer, "due").iter().filter(of_clock).collect();
    let wants = || {
        let ladder: Vec<String> = wanted
            .ladder
            .iter()
            .map(|rung| match &rung.phone {
                Some(phone) => format!("{} ({phone})", name(stage, &rung.who)),
                None => name(stage, &rung.who),
            })
            .collect();
        let overdue = match wanted.overdue {
            Some(true) => "overdue, ",
            Some(false) => "not overdue, ",
            None => "",
        };
        let by = wanted.by.map_or(String::new(), |by| format!("by {by}, "));
        if ladder.is_empty() {
            "nothing due".into()
        } else {
            format!("due: {overdue}{by}{}", ladder.join(", then "))
        }
    };
    let Some(first) = owed.first() else {
        return if wanted.ladder.is_empty() {
            Ok((format!("{} owes and waits for nothing: the due list is empty.", name(stage, who)), None))
        } else {
            Err((wants(), "nothing is due".into()))
        };
    };
    let ladder = list(first, "ladder");
    let overdue = first.get("overdue").and_then(Value::as_bool).unwrap_or(false);
    let due = text(first, "due").parse::<jiff::Timestamp>().unwrap_or_default();
    // Due is exclusive: the last day on which it is in time is the one before.
    let last = due.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(due);
    let by = transcript.day_of(last).date();
    let is = owed.len() == 1
        && ladder.len() == wanted.ladder.len()
        && wanted.overdue.is_none_or(|wants| wants == overdue)
        && wanted.by.is_none_or(|wants| wants == by)
        && wanted.ladder.iter().zip(ladder).all(|(wants, rung)| {
            text(rung, "contact") == contact_of(stage, &wants.who)
                && wants.phone.as_ref().is_none_or(|phone| text(rung, "phone") == phone)
        });
    if !is {
        let people: Vec<String> =
            ladder.iter().map(|rung| format!("{} ({})", text(rung, "name"), text(rung, "phone"))).collect();
        let how = if overdue { "overdue" } else { "not overdue" };
        let more = if owed.len() > 1 { format!("{} things due; first ", owed.len()) } else { String::new() };
        return Err((wants(), format!("{more}due by {by}, {how}: {}", people.join(", then "))));
    }
    let mut table = Table::new(&["turn", "whom to call", "of", "telephone", "from", "reminded"]);
    for (n, rung) in ladder.iter().enumerate() {
        let at = text(rung, "at")
            .parse()
            .map_or_else(|_| String::new(), |at| transcript.day_of(at).strftime("%-d %b").to_string());
        let organization = stage
            .story
            .organizations
            .values()
            .find(|organization| organization.id.as_str() == text(rung, "organization"))
            .map_or_else(String::new, |organization| organization.name.clone());
        let posted = rung.get("posted").is_some_and(|posted| !posted.is_null());
        table.row([
            (n + 1).to_string(),
            text(rung, "name").to_owned(),
            organization,
            text(rung, "phone").to_owned(),
            at,
            if posted { "yes" } else { "–" }.to_owned(),
        ]);
    }
    let day = by.strftime("%-d %B").to_string();
    let how = if overdue { "overdue" } else { "still in time" };
    Ok((format!("{}'s due list: {}; by {day}, {how}.", name(stage, who), text(first, "what")), Some(table)))
}
