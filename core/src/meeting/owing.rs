//! What is owed for the meetings of a pair: an answer, an agenda, and what became of it.

use jiff::Timestamp;

use crate::agreement::Clock;
use crate::care_plan::StepTaken;
use crate::case::step::{Owed, Rules};
use crate::contact::{Contact, Topic};
use crate::id::{EventId, OrganizationId};
use crate::meeting::{DecisionTaken, MeetingAnswer, MeetingState, Meetings};

/// The clock of an answer to a meeting's time, from its setting or its last move; and of a move or an end, from the answer that
/// nobody comes, or at another time. Three business days, where neither the agreement nor the rule set says otherwise.
pub const ANSWER_CLOCK: &str = "meeting-answer";
/// The clock of the agenda, counted back from the meeting's day: two business days before it, where neither the agreement nor the rule
/// set says otherwise.
pub const AGENDA_CLOCK: &str = "meeting-agenda";
/// The clock of the record of what was decided, from the meeting's end: two business days, where neither the agreement nor the rule
/// set says otherwise.
pub const RECORD_CLOCK: &str = "meeting-record";
/// The clock of a decision that was not carried out, from when that was found, until it is decided anew or dropped: two business
/// days, where neither the agreement nor the rule set says otherwise.
pub const CARRY_CLOCK: &str = "meeting-carry";

/// What is owed: of each meeting that is to come an answer by a lead of each side, and an agenda by who set it; once it is over,
/// what became of each case. Where a side does not come, or at another time, a lead of the one that settled the time moves it, keeps it
/// or calls it off. What was decided and did not come into its case is owed by who recorded it.
pub fn owed(meetings: &Meetings, rules: &Rules<'_>) -> Vec<Owed> {
    meetings.open().flat_map(|meeting| owed_for(meeting, rules)).collect()
}

fn owed_for(meeting: &MeetingState, rules: &Rules<'_>) -> Vec<Owed> {
    let mut owed: Vec<Owed> = meeting.undone().filter_map(|decision| carry(decision, rules)).collect();
    if !meeting.is_to_be_recorded() {
        return owed;
    }
    let agreement = rules.agreement;
    let sides = [&agreement.plan_side, &agreement.community_side];
    if meeting.held.is_none() {
        for (side, other) in sides.into_iter().zip(sides.into_iter().rev()) {
            let due = |since| {
                agreement.due(rules.rules, ANSWER_CLOCK, since, Clock::business_days(3)).min(meeting.begins)
            };
            let timed = &meeting.timed_by;
            owed.extend(match meeting.answer_of(&side.id) {
                None => {
                    let what = format!("answer whether you come to a meeting with {}", other.name);
                    let owner = lead(&side.id, rules);
                    one(timed.event.owed(), ANSWER_CLOCK, what, owner, (None, due(timed.at)), rules)
                }
                Some((MeetingAnswer::Accept, _)) => None,
                Some((_, answered)) => {
                    let what = format!(
                        "move a meeting to which {} does not come at its time, or call it off",
                        side.name
                    );
                    let owner = person(timed, rules).or_else(|| lead(&timed.organization, rules));
                    one(answered.event.owed(), ANSWER_CLOCK, what, owner, (None, due(answered.at)), rules)
                }
            });
        }
        if meeting.prepared.is_none() {
            let what = format!("say what the meeting with {} talks about", other(meeting, rules));
            let due = agenda_due(meeting, rules);
            owed.extend(one(
                meeting.key.owed(),
                AGENDA_CLOCK,
                what,
                owner(meeting, rules),
                (None, due),
                rules,
            ));
        }
    }
    let ends = meeting.ends();
    let due = agreement.due(rules.rules, RECORD_CLOCK, ends, Clock::business_days(2));
    let what = format!("record what was decided at the meeting with {}", other(meeting, rules));
    let from = Some(ends.min(due));
    owed.extend(one(meeting.key.owed(), RECORD_CLOCK, what, owner(meeting, rules), (from, due), rules));
    owed
}

/// What was decided and did not come into its case: by who recorded it, or a lead of their organisation once they are gone.
fn carry(decision: &DecisionTaken, rules: &Rules<'_>) -> Option<Owed> {
    let undone = decision.undone.as_ref()?;
    let due = rules.agreement.due(rules.rules, CARRY_CLOCK, undone.by.at, Clock::business_days(2));
    let what =
        format!("decide anew or drop a {} that a meeting decided on: it did not leave", decision.kind.code());
    let owner = person(&decision.by, rules).or_else(|| lead(&decision.by.organization, rules));
    one(undone.by.event.owed(), CARRY_CLOCK, what, owner, (None, due), rules)
}

/// Before the meeting, and never before the end of the day on which it got its time: nobody owes yesterday.
fn agenda_due(meeting: &MeetingState, rules: &Rules<'_>) -> Timestamp {
    let agreement = rules.agreement;
    let zone = &agreement.zone;
    let day = meeting.begins.to_zoned(zone.clone()).date();
    let named = agreement.clock(AGENDA_CLOCK).or_else(|| rules.rules.clock(AGENDA_CLOCK, day));
    let before = named.unwrap_or(Clock::business_days(2)).due_before(day, zone);
    let at_least = Clock::business_days(0).due(meeting.timed_by.at, zone);
    before.max(at_least).min(meeting.begins)
}

fn one(
    since: EventId,
    clock: &str,
    what: String,
    owner: Option<&Contact>,
    (from, due): (Option<Timestamp>, Timestamp),
    rules: &Rules<'_>,
) -> Option<Owed> {
    // No agreement names people for meetings: who answers for the care plans between the two does for these.
    let ladder = rules.ladder(Topic::CarePlan, owner, due);
    // Somebody answers for everything: who is first on the ladder, where nobody else is left.
    let owner = owner.map(|contact| contact.id.clone()).or_else(|| Some(ladder.first()?.contact.clone()))?;
    Some(Owed { since, clock: clock.to_owned(), what, owner, from, until: None, due, ladder })
}

/// Who set the meeting, or a lead of their organisation once they are gone.
fn owner<'a>(meeting: &MeetingState, rules: &Rules<'a>) -> Option<&'a Contact> {
    person(&meeting.set_by, rules).or_else(|| lead(&meeting.set_by.organization, rules))
}

/// The side that did not set the meeting, by name.
fn other<'a>(meeting: &MeetingState, rules: &Rules<'a>) -> &'a str {
    let agreement = rules.agreement;
    if meeting.set_by.organization == agreement.plan_side.id {
        &agreement.community_side.name
    } else {
        &agreement.plan_side.name
    }
}

fn person<'a>(by: &StepTaken, rules: &Rules<'a>) -> Option<&'a Contact> {
    rules.roster.contact(&by.contact, &by.organization).map(|seat| &seat.contact)
}

fn lead<'a>(organization: &OrganizationId, rules: &Rules<'a>) -> Option<&'a Contact> {
    rules.roster.lead(organization).map(|seat| &seat.contact)
}
