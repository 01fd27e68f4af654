//! The names in what a story says must be seen.

use super::{Named, Wrong, organization, person, team_seen};
use crate::story::Story;
use crate::story::step::{Expected, MEMBER};

pub(super) fn check_expected(story: &Story, sees: &Expected, named: &Named) -> Result<(), Wrong> {
    let mut people: Vec<(String, &str)> = Vec::new();
    if let Some(invitation) = &sees.invitation {
        people.push((".sees.invitation.from".into(), &invitation.from));
    }
    if let Some(contact) = &sees.contact {
        people.push((".sees.contact.who".into(), &contact.who));
    }
    if let Some(from) = sees.message.as_ref().and_then(|message| message.from.as_ref()) {
        people.push((".sees.message.from".into(), from));
    }
    if let Some(message) = &sees.message {
        for (n, who) in message.seen_by.iter().flatten().enumerate() {
            people.push((format!(".sees.message.seen_by[{n}]"), who));
        }
        if message.is.as_ref().is_some_and(|is| !matches!(is.as_str(), "said" | "corrected" | "retracted")) {
            return Err((".sees.message.is".into(), "is one of said, corrected, retracted".into()));
        }
    }
    if let Some(plan) = &sees.plan {
        named.label(Some(&plan.name), ".sees.plan.name")?;
        for who in plan.signed_by.iter().flatten().filter(|who| *who != MEMBER) {
            person(story, who).map_err(|problem| (".sees.plan.signed_by".to_owned(), problem))?;
        }
        for who in plan.scanned.iter().flatten().filter(|who| *who != MEMBER) {
            person(story, who).map_err(|problem| (".sees.plan.scanned".to_owned(), problem))?;
        }
        for who in plan.copies.iter().flatten().filter(|who| *who != MEMBER) {
            person(story, who).map_err(|problem| (".sees.plan.copies".to_owned(), problem))?;
        }
        if plan
            .complete
            .as_ref()
            .is_some_and(|is| !matches!(is.as_str(), "no" | "both-signed" | "sent-approved"))
        {
            return Err((".sees.plan.complete".into(), "is one of no, both-signed, sent-approved".into()));
        }
        if !matches!(plan.is.as_str(), "sent" | "acknowledged" | "approved" | "returned") {
            return Err((".sees.plan.is".into(), "is one of sent, acknowledged, approved, returned".into()));
        }
        if let Some(by) = &plan.by {
            people.push((".sees.plan.by".into(), by));
        }
        if let Some(of) = &plan.changed_in {
            organization(story, of).map_err(|problem| (".sees.plan.changed_in".to_owned(), problem))?;
        }
    }
    if let Some(compared) = &sees.compared {
        named.label(Some(&compared.was), ".sees.compared.was")?;
        named.label(Some(&compared.now), ".sees.compared.now")?;
        for who in compared.undone.iter().filter(|who| *who != MEMBER) {
            person(story, who).map_err(|problem| (".sees.compared.undone".to_owned(), problem))?;
        }
    }
    if let Some(stay) = &sees.stay {
        if !matches!(stay.is.as_str(), "in-progress" | "finished" | "cancelled") {
            return Err((".sees.stay.is".into(), "is one of in-progress, finished, cancelled".into()));
        }
        people
            .extend(stay.followed_up_by.iter().map(|who| (".sees.stay.followed_up_by".into(), who.as_str())));
    }
    if let Some(visit) = &sees.visit {
        named.label(Some(&visit.name), ".sees.visit.name")?;
        if !matches!(visit.is.as_str(), "waiting" | "settled" | "declined" | "called-off") {
            let problem = "is one of waiting, settled, declined, called-off";
            return Err((".sees.visit.is".into(), problem.into()));
        }
        for who in visit.answers.keys() {
            people.push((".sees.visit.answers".into(), who));
        }
    }
    if let Some(task) = &sees.task {
        named.label(Some(&task.name), ".sees.task.name")?;
        let all = ["requested", "accepted", "declined", "completed", "cancelled"];
        if !all.contains(&task.is.as_str()) {
            return Err((".sees.task.is".into(), format!("is one of {}", all.join(", "))));
        }
        people.extend(task.owner.iter().map(|who| (".sees.task.owner".to_owned(), who.as_str())));
        if let Some(of) = &task.pool {
            organization(story, of).map_err(|problem| (".sees.task.pool".to_owned(), problem))?;
        }
    }
    named.label(sees.denied.as_ref().map(|denied| &denied.name), ".sees.denied.name")?;
    if sees.may.as_ref().is_some_and(|may| !matches!(may.answer.as_str(), "allowed" | "ask" | "denied")) {
        return Err((".sees.may.answer".into(), "is one of allowed, ask, denied".into()));
    }
    if sees.phase.as_ref().is_some_and(|phase| !matches!(phase.as_str(), "opening" | "open" | "closed")) {
        return Err((".sees.phase".into(), "is one of opening, open, closed".into()));
    }
    if let Some(due) = &sees.due {
        for (n, rung) in due.ladder.iter().enumerate() {
            people.push((format!(".sees.due.ladder[{n}].who"), &rung.who));
        }
    }
    if let Some(reminder) = &sees.reminder {
        people.push((".sees.reminder.to".into(), &reminder.to));
        if let Some(by) = &reminder.by {
            organization(story, by).map_err(|problem| (".sees.reminder.by".to_owned(), problem))?;
        }
    }
    for (n, who) in sees.roster.iter().flatten().enumerate() {
        people.push((format!(".sees.roster[{n}]"), who));
    }
    for (n, team) in sees.proposals.iter().flatten().enumerate() {
        team_seen(story, team, &format!(".sees.proposals[{n}]"))?;
    }
    for (field, who) in people {
        person(story, who).map_err(|problem| (field, problem))?;
    }
    Ok(())
}
