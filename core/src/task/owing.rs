//! What is owed for tasks: that each is done, claimed, or given to somebody else.

use jiff::Timestamp;

use crate::agreement::Clock;
use crate::care_team::Whom;
use crate::case::roster::decides;
use crate::case::step::{Owed, Rules};
use crate::communication::Priority;
use crate::contact::{Contact, Topic};
use crate::id::{ContactId, OrganizationId};
use crate::task::{Assignee, TaskState, TaskStatus, Tasks, does_tasks};

/// The clock of a task: until it is done. It ends when the task is due.
pub const CLOCK: &str = "task";
/// The clock of a task in a pool, until somebody claims it: one business day, where neither the agreement nor the rule set
/// says otherwise, and never longer than the task itself.
pub const CLAIM_CLOCK: &str = "task-claim";
/// The clock of a declined task, until it has a new owner: one business day, where neither the agreement nor the rule set
/// says otherwise.
pub const REASSIGN_CLOCK: &str = "task-reassign";

const ONE_BUSINESS_DAY: Clock = Clock::business_days(1);

/// What is owed: of each open task the next thing, by one named person. Who does a task owes it; where they are no longer in
/// the case, a lead of their organisation; a pool's claim is owed by the first of its people on the ladder, else by its lead;
/// a new owner by whoever assigned the task.
pub fn owed(tasks: &Tasks, rules: &Rules<'_>) -> Vec<Owed> {
    tasks.open().filter_map(|task| owed_for(task, rules)).collect()
}

fn owed_for(task: &TaskState, rules: &Rules<'_>) -> Option<Owed> {
    let zone = &rules.agreement.zone;
    let topic = if task.priority == Priority::Routine { Topic::CarePlan } else { Topic::Urgent };
    let from = name(rules, &task.assigned_by.contact, &task.assigned_by.organization);
    let (clock, due, owner, what) = match (&task.assignee, task.status) {
        (_, TaskStatus::Declined) => {
            let assigner = Whom {
                contact: task.assigned_by.contact.clone(),
                organization: task.assigned_by.organization.clone(),
            };
            let (owner, gone) = answers_for(&assigner, rules);
            let what = if gone {
                format!("give a declined task to somebody else, since {from} is no longer in the case")
            } else {
                "give a declined task to somebody else".to_owned()
            };
            (REASSIGN_CLOCK, limit(REASSIGN_CLOCK, task.since_at, rules), owner, what)
        }
        (Assignee::Pool(pool), _) => {
            let due = limit(CLAIM_CLOCK, task.since_at, rules).min(task.due.instant(zone));
            let what = format!("claim a task that {from} gave to the team");
            (CLAIM_CLOCK, due, of_pool(pool, topic, rules), what)
        }
        (Assignee::Owner(whom), _) => {
            let (owner, gone) = answers_for(whom, rules);
            let what = if gone {
                let had = name(rules, &whom.contact, &whom.organization);
                format!("do or hand over a task that {had} had, who is no longer in the case")
            } else {
                format!("do a task that {from} assigned")
            };
            (CLOCK, task.due.instant(zone), owner, what)
        }
    };
    let ladder = rules.ladder(topic, owner, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    Some(Owed {
        since: task.since.owed(),
        clock: clock.to_owned(),
        what,
        owner,
        from: None,
        until: None,
        due,
        ladder,
    })
}

/// Somebody of the roster, or who stands in for them: a lead of their organisation, else of the plan side. And whether they
/// are gone.
fn answers_for<'a>(whom: &Whom, rules: &Rules<'a>) -> (Option<&'a Contact>, bool) {
    match rules.roster.contact(&whom.contact, &whom.organization) {
        Some(seat) => (Some(&seat.contact), false),
        None => (lead(&whom.organization, rules), true),
    }
}

fn of_pool<'a>(pool: &OrganizationId, topic: Topic, rules: &Rules<'a>) -> Option<&'a Contact> {
    let ladder = rules.ladder(topic, None, Timestamp::MIN);
    let named = ladder.iter().filter(|rung| rung.organization == *pool);
    let seated = named.filter_map(|rung| rules.roster.contact(&rung.contact, &rung.organization));
    let seat = seated.into_iter().find(|seat| does_tasks(seat));
    seat.map(|seat| &seat.contact).or_else(|| lead(pool, rules))
}

fn lead<'a>(organization: &OrganizationId, rules: &Rules<'a>) -> Option<&'a Contact> {
    let leads = |id: &OrganizationId| {
        rules.roster.active().find(|seat| decides(seat) && seat.contact.organization == *id)
    };
    let seat = leads(organization).or_else(|| leads(&rules.agreement.plan_side.id));
    seat.map(|seat| &seat.contact)
}

/// The name of somebody who is, or was, in the case.
fn name<'a>(rules: &Rules<'a>, contact: &ContactId, organization: &OrganizationId) -> &'a str {
    let mut places = rules.roster.all().iter().rev().map(|place| &place.seat.contact);
    let found = places.find(|one| one.id == *contact && one.organization == *organization);
    found.map_or("somebody", |contact| &contact.name)
}

fn limit(clock: &str, since: Timestamp, rules: &Rules<'_>) -> Timestamp {
    rules.agreement.due(rules.rules, clock, since, ONE_BUSINESS_DAY)
}
