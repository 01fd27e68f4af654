//! The steps of a concern.

use std::sync::Arc;

use crate::care_plan::StepTaken;
use crate::case::event::EventData;
use crate::case::step::Step;
use crate::concern::{
    AnswerPublished, ConcernAnswered, ConcernDeed, ConcernEvent, ConcernRaised, ConcernReopened,
    ConcernState, ConcernStatus, ConcernStep, Concerns, PublishedAnswer, holds_member_data,
};
use crate::id::EventId;
use crate::policy::Reason;

/// How many concerns are open at once in one room at most: nobody buries the office under them.
pub const MOST_OPEN: usize = 100;
/// How many concerns are raised in one room at most, those that are closed among them.
pub const MOST_CONCERNS: usize = 2000;
/// How many answers the office tells everybody in one room at most.
pub const MOST_PUBLISHED: usize = 2000;
/// How many steps of one concern are kept before it can only be closed.
pub const MOST_STEPS: usize = 100;
/// How many organisations a concern is about at most.
pub const MOST_ABOUT: usize = 20;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `concern`: `concern-by-keeper`, `concern-member-data`, `concern-not-organization` (the organisation
/// raises, closes and reopens), `concern-not-office` (the office hears, answers and publishes), `concern-id-taken`,
/// `concern-too-many`, `concern-about` (about too many organisations), `concern-unknown`, `concern-heard`, `concern-answered` (until it is reopened), `concern-closed`, `concern-open` (what was not answered is not reopened),
/// `concern-steps-too-many`, `answer-id-taken`, `answers-too-many`.
pub fn step(concerns: &Concerns, event: ConcernEvent<'_>, step: &Step<'_>) -> Result<Concerns, Reason> {
    if step.seat.is_keeper() {
        return Err(refused("concern-by-keeper", "a person takes the steps of a concern, never a keeper"));
    }
    // By the author's own time, which a stub carries too: its own word about itself was made with it.
    if holds(event, step) {
        let text = "a programme room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates";
        return Err(refused("concern-member-data", text));
    }
    let mut next = concerns.clone();
    match event {
        ConcernEvent::Raised(event) => {
            of_organization(step)?;
            raised(&mut next, event, step)?;
        }
        ConcernEvent::Heard(event) => {
            of_office(step)?;
            let concern = find(&mut next, event.concern)?;
            match concern.status {
                ConcernStatus::Raised => {}
                ConcernStatus::Closed => return Err(closed()),
                _ => return Err(refused("concern-heard", "the office has heard that concern already")),
            }
            room_for_more(concern)?;
            concern.status = ConcernStatus::Heard;
            note(concern, step, ConcernDeed::Heard, None, None);
        }
        ConcernEvent::Answered(event) => {
            of_office(step)?;
            let concern = find(&mut next, event.concern)?;
            match concern.status {
                ConcernStatus::Raised | ConcernStatus::Heard => {}
                ConcernStatus::Closed => return Err(closed()),
                // Two answers would both be told everybody, and whoever asked would not know which one holds.
                ConcernStatus::Answered => {
                    let text = "it was answered before: reopen it to have another answer";
                    return Err(refused("concern-answered", text));
                }
            }
            room_for_more(concern)?;
            concern.status = ConcernStatus::Answered;
            note(concern, step, ConcernDeed::Answered, Some(&event.text), event.shared_as.as_deref());
        }
        ConcernEvent::Closed(event) => {
            of_organization(step)?;
            let concern = find(&mut next, event.concern)?;
            if concern.status == ConcernStatus::Closed {
                return Err(closed());
            }
            concern.status = ConcernStatus::Closed;
            note(concern, step, ConcernDeed::Closed, None, None);
        }
        ConcernEvent::Reopened(event) => {
            of_organization(step)?;
            let open = next.open().count();
            let concern = find(&mut next, event.concern)?;
            match concern.status {
                ConcernStatus::Closed if open >= MOST_OPEN => return Err(too_many()),
                ConcernStatus::Closed | ConcernStatus::Answered => {}
                _ => {
                    let text = "that concern waits for its answer: it is open already";
                    return Err(refused("concern-open", text));
                }
            }
            room_for_more(concern)?;
            concern.status = ConcernStatus::Raised;
            concern.since = step.key.owed();
            concern.since_at = step.when();
            note(concern, step, ConcernDeed::Reopened, Some(&event.why), None);
        }
        ConcernEvent::Published(event) => {
            of_office(step)?;
            published(&mut next, event, step)?;
        }
    }
    Ok(next)
}

fn holds(event: ConcernEvent<'_>, step: &Step<'_>) -> bool {
    let data: EventData = match event {
        ConcernEvent::Raised(event) => ConcernRaised::clone(event).into(),
        ConcernEvent::Answered(event) => ConcernAnswered::clone(event).into(),
        ConcernEvent::Reopened(event) => ConcernReopened::clone(event).into(),
        ConcernEvent::Published(event) => AnswerPublished::clone(event).into(),
        ConcernEvent::Heard(_) | ConcernEvent::Closed(_) => return false,
    };
    holds_member_data(&data, step.at)
}

fn raised(concerns: &mut Concerns, event: &ConcernRaised, step: &Step<'_>) -> Result<(), Reason> {
    if concerns.get(step.key.id).is_some() {
        return Err(refused("concern-id-taken", "another concern of this room has this id"));
    }
    if concerns.open().count() >= MOST_OPEN || concerns.all().len() >= MOST_CONCERNS {
        return Err(too_many());
    }
    if event.about.len() > MOST_ABOUT {
        let text =
            "a concern is about twenty organizations at most: leave them out where it is about all of them";
        return Err(refused("concern-about", text));
    }
    let mut about = event.about.clone();
    about.sort();
    about.dedup();
    concerns.concerns.push(Arc::new(ConcernState {
        key: step.key.clone(),
        title: event.title.clone(),
        text: event.text.clone(),
        topic: event.topic,
        priority: event.priority,
        about,
        raised_by: StepTaken::of(step),
        since: step.key.owed(),
        since_at: step.when(),
        status: ConcernStatus::Raised,
        steps: Vec::new(),
    }));
    Ok(())
}

fn published(concerns: &mut Concerns, event: &AnswerPublished, step: &Step<'_>) -> Result<(), Reason> {
    if concerns.published.iter().any(|one| one.key == *step.key) {
        return Err(refused("answer-id-taken", "this answer was told here already"));
    }
    if concerns.published.len() >= MOST_PUBLISHED {
        let text = "the office has told very many answers in this room";
        return Err(refused("answers-too-many", text));
    }
    concerns.published.push(Arc::new(PublishedAnswer {
        key: step.key.clone(),
        question: event.question.clone(),
        text: event.text.clone(),
        topic: event.topic,
        by: StepTaken::of(step),
    }));
    Ok(())
}

fn of_organization(step: &Step<'_>) -> Result<(), Reason> {
    if step.seat.contact.organization == *step.community_side {
        return Ok(());
    }
    let text = "the organization raises its concerns, closes them and opens them again; the office hears and answers";
    Err(refused("concern-not-organization", text))
}

fn of_office(step: &Step<'_>) -> Result<(), Reason> {
    if step.seat.contact.organization == *step.plan_side {
        return Ok(());
    }
    let text =
        "the programme office hears and answers concerns; the organization closes them or opens them again";
    Err(refused("concern-not-office", text))
}

fn find(concerns: &mut Concerns, id: EventId) -> Result<&mut ConcernState, Reason> {
    let found = concerns.concerns.iter_mut().find(|concern| concern.key.id == id);
    let concern = found.ok_or_else(|| refused("concern-unknown", "this room has no such concern"))?;
    Ok(Arc::make_mut(concern))
}

fn room_for_more(concern: &ConcernState) -> Result<(), Reason> {
    if concern.steps.len() < MOST_STEPS {
        return Ok(());
    }
    let text = "that concern went back and forth very often: close it, and raise a new one";
    Err(refused("concern-steps-too-many", text))
}

fn note(
    concern: &mut ConcernState,
    step: &Step<'_>,
    deed: ConcernDeed,
    text: Option<&str>,
    shared: Option<&str>,
) {
    let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    concern.steps.push(ConcernStep {
        by: StepTaken::of(step),
        deed,
        text: some(text),
        shared_as: some(shared),
    });
}

fn closed() -> Reason {
    refused("concern-closed", "that concern is closed: its organization opens it again")
}

fn too_many() -> Reason {
    let text = "very many concerns wait in this room: close some first";
    refused("concern-too-many", text)
}

fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "concern")
}
