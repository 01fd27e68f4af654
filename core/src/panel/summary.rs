//! What a panel needs to know of one case.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::turn::TurnKind;
use super::{NamedPair, Pair, instant};
use crate::agreement::Side;
use crate::alert::{StayClass, StayStatus, followed_up};
use crate::care_plan::{PlanState, PlanStatus};
use crate::case::life::Opening;
use crate::case::state::{CaseState, Entry, Standing};
use crate::communication::MessageStanding;
use crate::contact::{Contact, Role, Seat, Topic};
use crate::due::believed;
use crate::id::{CaseId, UserId};
use crate::task::Assignee;

/// How many samples of one kind a case gives at most: the latest.
const MOST_TURNS: usize = 16;

/// How many rows of one topic a case gives at most of what ends by itself.
pub(super) const MOST_ENDING: usize = 4;

/// What a panel needs to know of one case: a function of its events and of whose device it is. The store keeps one of each case,
/// so instants are seconds and texts are read where they lie. `Debug` shows no member data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary<'s> {
    /// The case's id.
    pub(super) case: [u8; 16],
    /// The member's name.
    #[serde(borrow)]
    pub member: Cow<'s, str>,
    /// The time zone of its agreement, by its name in the IANA database.
    #[serde(borrow)]
    pub zone: Cow<'s, str>,
    /// Whether it goes on.
    pub open: bool,
    /// How its care plan stands.
    pub plan: PlanRow,
    /// Of each topic what is owed first, and what this device's person owes first.
    #[serde(borrow)]
    pub owed: Vec<OwedRow<'s>>,
    /// Since when the member is in a hospital.
    pub admitted: Option<i64>,
    /// When the member was last admitted, or came to an emergency department.
    pub last_stay: Option<i64>,
    /// When the member last left a hospital.
    pub discharged: Option<i64>,
    /// When something last happened.
    pub last: i64,
    /// From when on it is quiet, if nothing happens.
    pub quiet: i64,
    /// The messages that this device's person has not seen.
    pub unread: u32,
    /// The tasks that are still to be done.
    pub tasks: u32,
    /// Those of them that are this device's person's.
    pub own_tasks: u32,
    /// How long things took.
    pub turns: Vec<Turn>,
}

impl fmt::Debug for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Summary({})", self.case())
    }
}

/// Something that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OwedRow<'s> {
    topic: u8,
    /// From when on it is shown; nothing where it is shown at once.
    pub from: Option<i64>,
    /// From when on it is not owed any more; nothing where it stays owed until it is done.
    pub until: Option<i64>,
    /// By when.
    pub due: i64,
    /// Whether this device's person owes it.
    pub mine: bool,
    /// The clock's name.
    #[serde(borrow)]
    pub clock: Cow<'s, str>,
    /// The contact who owes it.
    #[serde(borrow)]
    pub owner: Cow<'s, str>,
}

/// How a case's care plan stands: the one that was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PlanRow {
    /// None was sent.
    Missing,
    /// It waits for the plan side.
    Waiting {
        /// Since it was sent.
        since: i64,
    },
    /// It came back with changes, and no new version was sent.
    Returned {
        /// Since then.
        since: i64,
    },
    /// It is signed.
    Signed {
        /// Since then.
        since: i64,
    },
    /// It was approved, and is not signed all the same: a signature is missing, or it was changed since.
    Unsigned {
        /// Since then.
        since: i64,
    },
}

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub(super) kind: u8,
    pub(super) seconds: u32,
}

impl Turn {
    /// What was measured, and how long it took; none where it took less than no time, by clocks that disagree.
    pub fn between(kind: TurnKind, from: Timestamp, to: Timestamp) -> Option<Self> {
        let seconds = u32::try_from(to.as_second() - from.as_second()).ok()?;
        Some(Self { kind: kind.number(), seconds })
    }
}

/// What the clocks are about, by how their names begin: a test finds the one that is not among them.
const TOPICS: [(&str, Topic); 18] = [
    ("plan", Topic::CarePlan),
    ("task", Topic::CarePlan),
    ("carry", Topic::CarePlan),
    ("engagement", Topic::CarePlan),
    ("meeting", Topic::CarePlan),
    ("agreement", Topic::CarePlan),
    ("outreach", Topic::CarePlan),
    ("re-enrolment", Topic::CarePlan),
    ("alert", Topic::Admission),
    ("ed-follow-up", Topic::Admission),
    ("inpatient-follow-up", Topic::Admission),
    ("visit", Topic::Admission),
    ("referral", Topic::Referral),
    ("consent", Topic::Consent),
    ("override", Topic::Consent),
    ("technical", Topic::Technical),
    ("call", Topic::Urgent),
    ("concern", Topic::Concern),
];

/// What a clock is about: the topic on whose ladder its reminders go, where nothing more urgent was said. One of a later release is
/// about the care plan.
pub fn topic_of(clock: &str) -> Topic {
    named(clock).unwrap_or(Topic::CarePlan)
}

fn named(clock: &str) -> Option<Topic> {
    let begins =
        |name: &str| clock.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    TOPICS.iter().find(|(name, _)| begins(name)).map(|(_, topic)| *topic)
}

impl OwedRow<'_> {
    /// What it is about.
    pub fn topic(&self) -> Topic {
        Topic::ALL.get(usize::from(self.topic)).copied().unwrap_or(Topic::CarePlan)
    }

    /// Whether it is shown as due then.
    pub fn is_shown(&self, now: i64) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| until > now)
    }

    pub(super) fn into_owned(self) -> OwedRow<'static> {
        OwedRow {
            topic: self.topic,
            from: self.from,
            until: self.until,
            due: self.due,
            mine: self.mine,
            clock: Cow::Owned(self.clock.into_owned()),
            owner: Cow::Owned(self.owner.into_owned()),
        }
    }
}

impl Summary<'_> {
    /// The summary of a case on the device of this account, and between whom it is. None before its opening is known.
    pub fn of(state: &CaseState, me: &UserId) -> Option<(NamedPair, Summary<'static>)> {
        let opening = state.opening()?;
        let pair = NamedPair {
            pair: Pair {
                plan_side: opening.plan_side.id.clone(),
                community_side: opening.community_side.id.clone(),
            },
            plan_name: opening.plan_side.name.clone(),
            community_name: opening.community_side.name.clone(),
        };
        let seat = state.roster().seat_of(me);
        let last = last(state, opening);
        let stays = || state.alerts.stays().iter().filter(|stay| stay.status() != StayStatus::Cancelled);
        let in_bed = stays()
            .filter(|stay| stay.status() == StayStatus::InProgress && stay.class() == StayClass::Inpatient);
        let own_tasks = state.tasks.open().filter(|task| {
            let Assignee::Owner(whom) = &task.assignee else { return false };
            seat.is_some_and(|seat| is(seat, whom.contact.as_str(), Some(whom.organization.as_str())))
        });
        let summary = Summary {
            case: *opening.case.as_uuid().as_bytes(),
            member: Cow::Owned(opening.member.as_ref()?.name.clone()),
            zone: Cow::Owned(opening.agreement.zone.iana_name().unwrap_or("UTC").to_owned()),
            open: state.life.going_on().is_ok(),
            plan: plan(state.plans.all().last(), opening),
            owed: owed(state, seat),
            admitted: in_bed.filter_map(|stay| stay.began()).min().map(Timestamp::as_second),
            last_stay: stays().filter_map(|stay| stay.began()).max().map(Timestamp::as_second),
            discharged: stays().filter_map(|stay| stay.ended()).max().map(Timestamp::as_second),
            last: last.as_second(),
            quiet: opening.agreement.quiet.after(last, &opening.agreement.zone).as_second(),
            unread: seat.map_or(0, |seat| unread(state, &seat.contact)),
            tasks: count(state.tasks.open().count()),
            own_tasks: count(own_tasks.count()),
            turns: turns(state, opening),
        };
        Some((pair, summary))
    }

    /// The case.
    pub fn case(&self) -> CaseId {
        CaseId::from_uuid(Uuid::from_bytes(self.case))
    }

    /// Whether there is something to talk about at a meeting: see [`crate::meeting::look`], which says what. `since` is the last
    /// meeting.
    pub fn concerns(&self, now: Timestamp, since: Timestamp) -> bool {
        let unsigned = self.plan.unsigned_since().is_some();
        let recently = |at: Option<i64>| at.is_some_and(|at| at >= since.as_second());
        self.open
            && (unsigned
                || self.owed.iter().any(|owed| owed.is_shown(now.as_second()))
                || self.admitted.is_some()
                || self.tasks > 0
                || recently(self.last_stay)
                || self.quiet <= now.as_second())
    }

    /// When something last happened.
    pub fn last(&self) -> Timestamp {
        instant(self.last)
    }

    /// The same with texts of its own.
    pub(crate) fn kept(&self) -> Summary<'static> {
        let one = self.clone();
        Summary {
            member: Cow::Owned(one.member.into_owned()),
            zone: Cow::Owned(one.zone.into_owned()),
            owed: one.owed.into_iter().map(OwedRow::into_owned).collect(),
            case: one.case,
            open: one.open,
            plan: one.plan,
            admitted: one.admitted,
            last_stay: one.last_stay,
            discharged: one.discharged,
            last: one.last,
            quiet: one.quiet,
            unread: one.unread,
            tasks: one.tasks,
            own_tasks: one.own_tasks,
            turns: one.turns,
        }
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

fn is(seat: &Seat, contact: &str, organization: Option<&str>) -> bool {
    seat.contact.id.as_str() == contact
        && organization.is_none_or(|organization| seat.contact.organization.as_str() == organization)
}

/// Of each topic what is owed first, and what this device's person owes first, and the same of what is shown from some day on, so
/// that it hides nothing before; of what ends by itself also what is owed then. So one case holds few of them, however much is owed in it.
fn owed(state: &CaseState, seat: Option<&Seat>) -> Vec<OwedRow<'static>> {
    let mut first: Vec<OwedRow<'static>> = Vec::new();
    let mut ending: Vec<OwedRow<'static>> = Vec::new();
    for owed in state.owed() {
        let topic = topic_of(&owed.clock);
        let row = OwedRow {
            topic: count(Topic::ALL.iter().position(|one| *one == topic).unwrap_or(0))
                .try_into()
                .unwrap_or(0),
            from: owed.from.map(Timestamp::as_second),
            until: owed.until.map(Timestamp::as_second),
            due: owed.due.as_second(),
            mine: seat.is_some_and(|seat| is(seat, owed.owner.as_str(), None)),
            clock: Cow::Owned(owed.clock),
            owner: Cow::Owned(owed.owner.to_string()),
        };
        if row.until.is_some() {
            ending.push(row);
            continue;
        }
        let alike = |known: &OwedRow<'_>| (known.topic, known.mine, known.from.is_some());
        match first.iter_mut().find(|known| alike(known) == alike(&row)) {
            Some(known) if (known.due, &known.clock, &known.owner) <= (row.due, &row.clock, &row.owner) => {}
            Some(known) => *known = row,
            None => first.push(row),
        }
    }
    first.extend(one_after_another(ending));
    first.sort_by_key(|row| (row.topic, row.mine, row.from.is_some(), row.until.is_some()));
    first
}

/// Of each topic, and of one's own, what ends by itself and is due first; then what is due first once that has ended, and so on. Of
/// very many the first few and the last.
fn one_after_another(mut ending: Vec<OwedRow<'static>>) -> Vec<OwedRow<'static>> {
    let of = |row: &OwedRow<'_>| (row.topic, row.mine, row.from.is_some());
    ending.sort_by(|a, b| {
        let key = |row: &OwedRow<'static>| (of(row), row.due, row.until);
        (key(a), &a.clock, &a.owner).cmp(&(key(b), &b.clock, &b.owner))
    });
    let mut kept: Vec<OwedRow<'static>> = Vec::new();
    for row in ending {
        let before = kept.iter().rev().take_while(|known| of(known) == of(&row));
        let many = before.clone().count();
        if before.clone().any(|known| known.until >= row.until) {
            continue;
        }
        if many >= MOST_ENDING {
            kept.pop();
        }
        kept.push(row);
    }
    kept
}

impl PlanRow {
    /// Since when it is not signed; nothing where it is, and where there is none.
    pub fn unsigned_since(self) -> Option<i64> {
        match self {
            Self::Waiting { since } | Self::Returned { since } | Self::Unsigned { since } => Some(since),
            Self::Missing | Self::Signed { .. } => None,
        }
    }
}

fn plan(last: Option<&PlanState>, opening: &Opening) -> PlanRow {
    let Some(plan) = last else { return PlanRow::Missing };
    match &plan.status {
        PlanStatus::Sent | PlanStatus::Acknowledged => {
            PlanRow::Waiting { since: plan.sent_by.at.as_second() }
        }
        PlanStatus::Returned { by, .. } => PlanRow::Returned { since: by.at.as_second() },
        PlanStatus::Approved(by) => match plan.unsigned(&opening.agreement, &opening.rules) {
            Some(unsigned) => PlanRow::Unsigned { since: unsigned.since().as_second() },
            None => PlanRow::Signed { since: by.at.as_second() },
        },
        // What takes a plan's place comes after it.
        PlanStatus::Replaced { .. } => PlanRow::Missing,
    }
}

/// When something last happened, whatever it was and whoever did it.
fn last(state: &CaseState, opening: &Opening) -> Timestamp {
    let happened = state.timeline.iter().filter(|entry| !matches!(entry.standing, Standing::Refused { .. }));
    let at = |entry: &Entry| believed(entry.at, entry.server_at, opening.agreement.story_clock);
    happened.map(at).max().unwrap_or(opening.at)
}

/// The messages of others that stand as they were said, and this person has not seen.
fn unread(state: &CaseState, me: &Contact) -> u32 {
    let unread = state.messages.iter().filter(|message| {
        let mine = message.from.id == me.id && message.from.organization == me.organization;
        !mine && message.standing == MessageStanding::Said && !message.seen.iter().any(|seen| seen.is_by(me))
    });
    count(unread.count())
}

fn turns(state: &CaseState, opening: &Opening) -> Vec<Turn> {
    let returned = state.plans.all().iter().filter_map(|plan| match &plan.status {
        PlanStatus::Approved(by) | PlanStatus::Returned { by, .. } => {
            Turn::between(TurnKind::PlanReturn, plan.sent_by.at, by.at)
        }
        _ => None,
    });
    let followed_up = state.alerts.stays().iter().filter_map(|stay| {
        let (clock, done) = (stay.clock()?, followed_up(stay, &state.outreach)?);
        Turn::between(TurnKind::FollowUp, clock.from, done.at)
    });
    let mut turns = latest(returned);
    turns.extend(latest(followed_up));
    turns.extend(first_answer(state, opening));
    turns
}

fn latest(turns: impl Iterator<Item = Turn>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = turns.collect();
    turns.drain(..turns.len().saturating_sub(MOST_TURNS));
    turns
}

/// From the opening until a person of the other side first writes. Where neither side opened the case: from the first message of
/// one side.
fn first_answer(state: &CaseState, opening: &Opening) -> Option<Turn> {
    let agreement = &opening.agreement;
    let side = |contact: &Contact| agreement.side_of(&contact.organization);
    let mut messages = state.messages.iter().filter(|message| !message.foreign).filter_map(|message| {
        let side = side(&message.from)?;
        (!matches!(message.from.role, Role::Keeper)).then_some((side, message.at))
    });
    let opener = state
        .roster()
        .all()
        .iter()
        .find(|place| place.seat.contact.user.as_ref() == Some(&opening.event.sender));
    let opener: Option<Side> = opener.and_then(|place| side(&place.seat.contact));
    let (asked_by, at) = match opener {
        Some(side) => (side, opening.at),
        None => messages.next()?,
    };
    let (_, answered) = messages.find(|(side, _)| *side != asked_by)?;
    Turn::between(TurnKind::FirstAnswer, at, answered)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;

    /// The names of clocks that the life cycles' own files say.
    fn clocks(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                clocks(&path, found);
                continue;
            }
            let owing = path.file_name().is_some_and(|name| name == "owing.rs" || name == "clocks.rs");
            let text = if owing { std::fs::read_to_string(path).unwrap() } else { String::new() };
            let names = text.lines().filter(|line| line.starts_with("pub") && line.contains("const "));
            let names = names.filter_map(|line| line.split_once(": &str = \"")?.1.split_once('"'));
            found.extend(names.map(|(name, _)| name.to_owned()));
        }
    }

    #[test]
    fn whatever_is_owed_has_its_topic() {
        let mut found = Vec::new();
        clocks(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() >= 18, "{found:?}");
        for clock in &found {
            assert!(named(clock).is_some(), "say in TOPICS what {clock} is about");
        }
        for (clock, topic) in [
            ("plan-return", Topic::CarePlan),
            ("visit-answer-2", Topic::Admission),
            ("consent-renewal", Topic::Consent),
            ("override-review", Topic::Consent),
            ("call", Topic::Urgent),
            ("concern-heard", Topic::Concern),
            ("of a later release", Topic::CarePlan),
            ("planet", Topic::CarePlan),
        ] {
            assert_eq!(topic_of(clock), topic, "{clock}");
        }
        // Every topic that a ladder of a case or a room can have is some clock's.
        for topic in Topic::ALL {
            assert!(TOPICS.iter().any(|(_, of)| *of == topic), "{topic:?}");
        }
    }
}
