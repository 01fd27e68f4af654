//! What a person reads of the outreach, in any Matrix client.

use crate::agreement::Agreement;
use crate::case::event::{EventData, EventKey};
use crate::case::state::CaseState;
use crate::contact::Seat;
use crate::due;
use crate::id::OrganizationId;
use crate::outreach::life::against_terms;
use crate::outreach::{Channel, ContactRecorded, OutreachEvent, Stage, StageReached};

/// The event as a person reads it in any Matrix client. `state` is the case's: it has the time zone, the organizations' names and
/// the question that an answer is to.
pub fn tell(event: OutreachEvent<'_>, by: &Seat, state: &CaseState) -> String {
    let who = format!("{} ({})", by.contact.name, by.contact.role);
    match event {
        OutreachEvent::Stage(event) => format!("{who}: {}", stage(event, state)),
        OutreachEvent::Contact(event) => contact(&who, event, state),
        OutreachEvent::Withdrawn(event) => {
            format!(
                "{who} takes back a contact with the member that was recorded in error{}",
                said(&event.reason)
            )
        }
        OutreachEvent::Prohibited(event) => {
            let whose = if event.representative { "whoever speaks for the member" } else { "the member" };
            let on = event.on;
            format!(
                "{who}: the member must not be contacted, as {whose} said on {on}{}.",
                said(event.reason.trim_end_matches('.'))
            )
        }
        OutreachEvent::Permitted(event) => {
            format!("{who}: the member may be contacted again{}.", said(event.reason.trim_end_matches('.')))
        }
        OutreachEvent::Asked(event) => {
            format!(
                "{who} asks whether they may reach out to the member {}: {}",
                way(event.channel),
                event.why
            )
        }
        OutreachEvent::Granted(event) => {
            let until = event.until.map_or(String::new(), |until| format!(" before {until}"));
            let (way, reason) = (asked_way(state, &event.ask), said(&event.reason));
            format!("{who} agrees that the community side reaches out to the member{way}{until}{reason}.")
        }
        OutreachEvent::Refused(event) => {
            format!(
                "{who} does not agree that the community side reaches out to the member{}: {}",
                asked_way(state, &event.ask),
                event.reason
            )
        }
    }
}

/// By which way the question asked to reach out, where it is known: an answer does not repeat it.
fn asked_way(state: &CaseState, ask: &EventKey) -> String {
    let asked = state.outreach.asks().iter().find(|one| one.asked == *ask);
    asked.map_or_else(String::new, |one| format!(" {}", way(one.ask.channel)))
}

/// What an organization is called in the case; of one that is not named there its own value, which a person can look up.
fn called<'a>(state: &'a CaseState, id: &'a OrganizationId) -> &'a str {
    let known = state.opening().and_then(|opening| opening.organizations().find(|one| one.id == *id));
    known.map_or_else(|| id.value(), |one| one.name.as_str())
}

fn stage(event: &StageReached, state: &CaseState) -> String {
    let on = event.on;
    let what = match event.stage {
        Stage::Assigned => format!("the member was assigned on {on}"),
        Stage::Outreach => format!("outreach to the member began on {on}"),
        Stage::Consented => format!("the member takes part since {on}"),
        Stage::Engaged => format!("the member is engaged since {on}"),
        Stage::Disenrolled => format!("the member left the programme on {on}"),
        Stage::ReEnrolled => format!("the member came back to the programme on {on}"),
        Stage::Moved => {
            let to = event.to_aco.as_ref().map_or(String::new(), |aco| format!(" ({})", called(state, aco)));
            format!("the member went to another ACO{to} on {on}")
        }
    };
    let enrolled = event.enrolled.map_or(String::new(), |day| format!(", enrolled on {day}"));
    let left = event.left.map_or(String::new(), |day| format!(", after having left on {day}"));
    format!(
        "{what}{enrolled}{left}{}.",
        if event.source.is_empty() { String::new() } else { format!(" (source: {})", event.source) }
    )
}

fn contact(who: &str, event: &ContactRecorded, state: &CaseState) -> String {
    let met = match (event.reached, event.face_to_face) {
        (true, true) => "was in contact with the member, face to face,",
        (true, false) => "was in contact with the member",
        (false, _) => "did not reach the member",
    };
    if let Some(why) = event.not_made {
        let (way, words) = (way(event.channel), why.words());
        let outcome = said(event.outcome.trim_end_matches('.'));
        return format!("{who} did not reach out to the member {way}, because {words}{outcome}.");
    }
    let other = event.by.as_ref().map_or("", |_| "records that a colleague ");
    let when = due::minute(event.when, state.zone());
    format!(
        "{who} {other}{met} {} at {when}{}.",
        way(event.channel),
        said(event.outcome.trim_end_matches('.'))
    )
}

fn said(words: &str) -> String {
    if words.trim().is_empty() { String::new() } else { format!(": {words}") }
}

fn way(channel: Channel) -> &'static str {
    match channel {
        Channel::Phone => "by phone",
        Channel::Visit => "by a visit",
        Channel::Letter => "by letter",
        Channel::Message => "by message",
        Channel::Video => "by video",
        Channel::Other => "by another way",
    }
}

/// What is added to an event's sentence: that a contact was against the terms of the agreement, and why. What has happened is
/// recorded all the same.
pub fn remark(state: &CaseState, data: &EventData, by: &Seat) -> Option<String> {
    let EventData::ContactRecorded(event) = data else { return None };
    let agreement: &Agreement = &state.opening()?.agreement;
    let reason = against_terms(&state.outreach, event, agreement, by)?;
    Some(format!(" This was against the terms: {}.", reason.text))
}
