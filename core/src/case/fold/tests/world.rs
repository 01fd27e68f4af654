//! A synthetic case: its people, its papers, and devices that write to each other out of order.

mod consents;

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alert::{
    AlertRaised, Answer, FollowUpDone, Happening, Matched, StayClass, StayKey, VisitAnswered, VisitProposed,
};
use crate::care_plan::{
    Carriage, CopiedHow, CopyTo, Document, PlanAcknowledged, PlanApproved, PlanApprovedInHouse, PlanCopied,
    PlanReturned, PlanSent, PlanSigned, SignedHow, Signer,
};
use crate::care_team::Whom;
use crate::case::event::{
    BLOCK, Content, Event, EventData, EventKey, Head, Held, HeldBody, Receipt, VERSION,
};
use crate::case::fold::Fold;
use crate::case::handover::Handover;
use crate::case::life::{
    Carried, CaseAccepted, CaseClosed, CaseOpened, CloseReason, RungPosted, SeatAdded, SeatEnded,
};
use crate::case::state::CaseState;
use crate::communication::{MessageCorrected, MessageRetracted, MessageSeen, MessageSent, Priority};
use crate::contact::{Contact, Role, Seat};
use crate::crossing::{CrossingCarried, Way};
use crate::id::{CaseId, EventId, OrganizationId, Sha256, UserId};
use crate::label::Marks;
use crate::member::Member;
use crate::organization::{Organization, OrganizationKind};
use crate::outreach::{
    Channel, ContactPermitted, ContactProhibited, ContactRecorded, NotMade, OutreachAsked, OutreachGranted,
    OutreachRefused, Stage, StageReached,
};
use crate::task::{
    Assignee, TaskAccepted, TaskAssigned, TaskCancelled, TaskClaimed, TaskCompleted, TaskDeclined,
    TaskHandedOver,
};

use consents::{consent_deed, marks};

mod lies;
mod outreach;
mod scans;
use outreach::{reopen, withdraw};
use scans::scan;

pub(crate) use lies::lie;

pub(crate) const PEOPLE: [&str; 7] = ["jane", "joe", "rao", "lee", "cp-bot", "aco-bot", "kim"];

pub(crate) fn user(name: &str) -> UserId {
    let server = if ["jane", "kim", "cp-bot"].contains(&name) { "cp" } else { "aco" };
    format!("@{name}:{server}.example").parse().unwrap()
}

pub(crate) fn organization(name: &str) -> OrganizationId {
    format!("urn:example:org|{name}").parse().unwrap()
}

pub(crate) fn seat(name: &str) -> Seat {
    let (org, role, lead) = match name {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "cp-bot" => ("cp", Role::Keeper, false),
        "joe" => ("aco", Role::AcoCareManager, true),
        "rao" => ("aco", Role::PcpDesignee, false),
        "lee" => ("aco", Role::Supervisor, true),
        "aco-bot" => ("aco", Role::Keeper, false),
        _ => ("aco", Role::Nurse, false),
    };
    let contact = Contact {
        id: format!("urn:example:staff|{name}").parse().unwrap(),
        name: name.to_owned(),
        role,
        organization: organization(org),
        user: Some(user(name)),
        phone: None,
        topics: Vec::new(),
    };
    Seat { contact, lead }
}

const AGREEMENT: &str = r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: { id: urn:example:org|aco, name: Harbor ACO, keeper: true }
community_side: { id: urn:example:org|cp, name: Bay Community Care, keeper: true }
in_force: { from: 2019-01-01 }
share: { both: [message, care-plan, roster, reminder, handover, task, alert, outreach, consent] }
clocks: { plan-return: { days: 14 } }
outreach: { default: allowed, channels: { visit: { rule: ask-first }, phone: { rule: prohibited } }, attempts_before_unreachable: 2 }
part2: { programs: [{ organization: urn:example:org|cp, roles: [nurse] }], covered: [urn:example:org|aco] }
ladder:
  care-plan:
    - { contact: "urn:example:staff|joe", name: joe, organization: "urn:example:org|aco", role: aco-care-manager }
    - { contact: "urn:example:staff|lee", name: lee, organization: "urn:example:org|aco", role: supervisor, phone: "555-0102", after: 2 d }
"#;
const RULES: &str = "id: r\nversion: \"1\"\ntitle: Synthetic\nclocks: [{ clock: engagement, days: 90, mark: F }, { clock: plan-completed, days: 122, mark: F }, { clock: re-enrolment-gap, days: 90, mark: F }, { clock: plan-renewal, months: 12, mark: F }]\nplan_complete: [{ when: both-signed, until: 2019-03-01, mark: F }, { when: sent-approved, from: 2019-03-01, mark: F }]\n";

pub(crate) fn opening() -> CaseOpened {
    let side = |id: &str, name: &str, kind| Organization {
        id: organization(id),
        name: name.to_owned(),
        kind,
        role_account: None,
        phone: None,
    };
    CaseOpened {
        case: CaseId::from_uuid(Uuid::from_u128(7)),
        member: Member {
            id: "urn:example:member|synthetic".parse().unwrap(),
            name: "Synthetic".into(),
            birth_date: "1980-01-01".parse().unwrap(),
        },
        plan_side: side("aco", "Harbor ACO", OrganizationKind::AccountableCareOrganization),
        community_side: side("cp", "Bay Community Care", OrganizationKind::BehavioralHealthCommunityPartner),
        others: Vec::new(),
        roster: PEOPLE.iter().filter(|name| **name != "kim").map(|name| seat(name)).collect(),
        agreement: Carried {
            id: "harbor-bay".parse().unwrap(),
            version: "1".into(),
            sha256: Sha256::of(AGREEMENT),
            text: AGREEMENT.into(),
        },
        rules: Carried {
            id: "r".parse().unwrap(),
            version: "1".into(),
            sha256: Sha256::of(RULES),
            text: RULES.into(),
        },
    }
}

pub(crate) fn at(n: usize) -> Timestamp {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(60 * i64::try_from(n).unwrap())
}

pub(crate) fn id(n: usize) -> EventId {
    // Ids in an order of their own, so that they do not happen to agree with the clocks.
    if n == 0 {
        return CaseOpened::event_id(opening().case);
    }
    let mixed = (n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    EventId::from_uuid(Uuid::from_u128(mixed))
}

pub(crate) fn held(sender: &str, body: &str, event: &Event, server_at: Timestamp) -> Held {
    let content = Content::new(body.to_owned(), event, false).unwrap();
    Held {
        sender: user(sender),
        id: event.id,
        server_at,
        receipt: Receipt::FirstHand { proven: true },
        body: HeldBody::Whole(content),
    }
}

pub(crate) fn raw(sender: &str, id: EventId, content: &Value, server_at: Timestamp) -> Held {
    let json = serde_json::value::to_raw_value(content).unwrap();
    Held {
        sender: user(sender),
        id,
        server_at,
        receipt: Receipt::FirstHand { proven: true },
        body: HeldBody::Whole(Content::parse(&json).unwrap()),
    }
}

pub(crate) fn event(n: usize, after: Vec<Head>, data: impl Into<EventData>) -> Event {
    let clock = 1 + after.iter().map(|head| head.clock).max().unwrap_or(0);
    Event {
        v: VERSION,
        id: id(n),
        after,
        clock,
        at: at(n),
        audit: None,
        marks: Marks::default(),
        data: data.into(),
    }
}

/// The event that somebody honest writes next.
pub(crate) fn next(n: usize, sender: &str, state: &CaseState, data: impl Into<EventData>) -> Held {
    held(sender, &format!("words {n}"), &event(n, state.heads(), data), at(n))
}

pub(crate) fn document(text: &str) -> Document {
    // A plan of the case's member, so that it is written into a record.
    let plan = json!({"resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan",
        "title": format!("synthetic {text}"), "subject": {"reference": "urn:uuid:m"}});
    let member = json!({"resourceType": "Patient", "id": "m",
        "identifier": [{"system": "urn:example:member", "value": "synthetic"}]});
    let text = json!({"resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:p", "resource": plan}, {"fullUrl": "urn:uuid:m", "resource": member}]});
    let text = text.to_string();
    Document { sha256: Sha256::of(&text), size: text.len() as u64, carriage: Carriage::Inline(text) }
}

/// What somebody does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Writes an event, on what their device holds.
    Write(usize, u8),
    /// Takes over an event that is there.
    Take(usize, prop::sample::Index),
    /// Takes over all that is there.
    TakeAll(usize),
    /// Lies.
    Lie(usize, u8, prop::sample::Index),
}

pub(crate) fn acts(lies: bool) -> impl Strategy<Value = Vec<Act>> {
    let who = 0..PEOPLE.len();
    let one = prop_oneof![
        6 => (who.clone(), any::<u8>()).prop_map(|(who, kind)| Act::Write(who, kind)),
        3 => (who.clone(), any::<prop::sample::Index>()).prop_map(|(who, which)| Act::Take(who, which)),
        3 => who.clone().prop_map(Act::TakeAll),
        if lies { 2 } else { 0 } => (who, any::<u8>(), any::<prop::sample::Index>())
            .prop_map(|(who, lie, which)| Act::Lie(who, lie, which)),
    ];
    prop::collection::vec(one, 5..45)
}

/// The opening of a case whose plan side has nobody on Matrix.
pub(crate) fn opening_alone() -> CaseOpened {
    let mut opened = opening();
    opened.roster.retain(|seat| seat.contact.id.value() != "aco-bot");
    for seat in opened.roster.iter_mut().filter(|seat| seat.contact.organization == organization("aco")) {
        seat.contact.user = None;
    }
    opened
}

/// Plays what people do. Returns all events, in the order in which they were sent.
pub(crate) fn play(acts: &[Act]) -> Vec<Held> {
    play_from(opening(), acts)
}

/// Plays what people do in a case that is opened so.
pub(crate) fn play_from(opening: CaseOpened, acts: &[Act]) -> Vec<Held> {
    let mut devices = vec![Fold::new(); PEOPLE.len()];
    let first = next(0, "jane", devices[0].state(), opening);
    for device in &mut devices[..2] {
        device.insert(first.clone());
    }
    let mut sent = vec![first];
    for act in acts {
        let n = sent.len();
        match act {
            Act::Write(who, kind) => {
                let state = devices[*who].state();
                let mut written = event(n, state.heads(), deed(*kind, n, PEOPLE[*who], state));
                if kind.is_multiple_of(9) {
                    written.marks = marks(n);
                }
                let held = held(PEOPLE[*who], &format!("words {n}"), &written, at(n));
                devices[*who].insert(held.clone());
                sent.push(held);
            }
            Act::Take(who, which) => {
                devices[*who].insert(sent[which.index(n)].clone());
            }
            Act::TakeAll(who) => {
                devices[*who].extend(sent.iter().cloned());
            }
            Act::Lie(who, lie, which) => {
                sent.push(self::lie(n, PEOPLE[*who], *lie, &sent[which.index(n)], devices[*who].state()));
            }
        }
    }
    sent
}

/// What somebody does of the outreach: whether it is a valid step or not.
fn outreach_deed(kind: u8, n: usize, state: &CaseState) -> EventData {
    let day = at(n).to_zoned(jiff::tz::TimeZone::UTC).date();
    let none = EventKey { sender: user("jane"), id: id(n) };
    let ask = state.outreach.asks().last().map_or(none, |ask| ask.asked.clone());
    match kind % 8 {
        0..=2 => {
            let to = Stage::ALL[(n + usize::from(kind / 8)) % Stage::ALL.len()];
            let on = if n.is_multiple_of(5) { day } else { day - 200.days() };
            // Now and then of a stage that is past, or that is none.
            let stages = state.outreach.stages();
            let corrects = (n % 3 == 1).then(|| EventKey { sender: user("jane"), id: id(n) });
            let corrects = corrects.map(|none| stages.get(n % 4).map_or(none, |stage| stage.first.clone()));
            StageReached {
                stage: to,
                on,
                source: format!("words {n}"),
                enrolled: None,
                left: None,
                to_aco: None,
                corrects,
            }
            .into()
        }
        4 if n.is_multiple_of(3) => {
            let stands = state.outreach.prohibitions().last();
            match (n % 2, stands) {
                (0, Some(one)) => {
                    ContactPermitted { prohibition: one.key.clone(), reason: format!("words {n}") }.into()
                }
                _ => {
                    ContactProhibited { on: day, representative: false, reason: format!("words {n}") }.into()
                }
            }
        }
        3..=4 => ContactRecorded {
            when: at(n - n % 2),
            by: None,
            channel: Channel::ALL[usize::from(kind / 8) % Channel::ALL.len()],
            face_to_face: n.is_multiple_of(3),
            reached: n.is_multiple_of(4),
            outcome: format!("words {n}"),
            about: None,
            not_made: n.is_multiple_of(7).then_some(NotMade::ALL[n % 3]),
        }
        .into(),
        5 => OutreachAsked { channel: Channel::Visit, why: format!("words {n}") }.into(),
        6 if n.is_multiple_of(2) => OutreachGranted { ask, until: None, reason: format!("words {n}") }.into(),
        6 => OutreachRefused { ask, reason: format!("words {n}") }.into(),
        _ if n.is_multiple_of(6) => {
            CaseClosed { reason: CloseReason::Unreachable, continued_in: None }.into()
        }
        _ => withdraw(n, state).into(),
    }
}

/// A copy of the last plan, approved or not.
fn copy(n: usize, somebody: Seat, state: &CaseState) -> PlanCopied {
    let plan = state.plans.all().last().map_or(id(n), |plan| plan.sent.id);
    let to = match n % 2 {
        0 => CopyTo::Member,
        _ => CopyTo::Contact { contact: somebody.contact.id, organization: somebody.contact.organization },
    };
    PlanCopied { plan, to, how: CopiedHow::Portal, on: "2019-03-01".parse().unwrap() }
}

fn deed(kind: u8, n: usize, who: &str, state: &CaseState) -> EventData {
    if (100..150).contains(&kind) {
        return outreach_deed(kind, n, state);
    }
    if (150..176).contains(&kind) {
        return consent_deed(kind, n, state);
    }
    let plan = state.plans.open();
    let waiting = plan.map_or(id(n), |plan| plan.sent.id);
    let somebody = seat(PEOPLE[n % PEOPLE.len()]);
    // The last of one's own, whether it still stands or not.
    let own = state.messages.iter().rev().find(|message| message.key.sender == user(who));
    let own = own.map_or(id(n), |message| message.key.id);
    match kind % 30 {
        0..=4 => MessageSent::default().into(),
        5..=7 => PlanSent {
            document: document(&n.to_string()),
            sign_by: None,
            member_approved: n.is_multiple_of(2).then(|| "2019-02-28".parse().unwrap()),
            replaces: plan.map(|plan| plan.sent.id),
            on: n.is_multiple_of(5).then(|| "2019-02-28".parse().unwrap()),
        }
        .into(),
        8..=9 if n.is_multiple_of(3) => copy(n, somebody, state).into(),
        9 if n.is_multiple_of(2) => PlanApprovedInHouse {
            plan: waiting,
            sha256: plan.map_or(Sha256::of(""), |plan| plan.document.sha256),
            by: n.is_multiple_of(4).then(|| seat("kim").contact.id),
            on: None,
        }
        .into(),
        8..=9 => PlanAcknowledged { plan: waiting }.into(),
        10 => {
            let sha256 = plan.map_or(Sha256::of(""), |plan| plan.document.sha256);
            match n % 3 {
                0 => PlanApproved { plan: waiting, sha256 }.into(),
                _ => PlanSigned {
                    plan: waiting,
                    sha256,
                    signer: match n % 3 {
                        1 => Signer::Member,
                        _ => Signer::Contact {
                            contact: somebody.contact.id,
                            organization: somebody.contact.organization,
                        },
                    },
                    how: if n.is_multiple_of(2) { SignedHow::Paper } else { SignedHow::Verbal },
                    on: "2019-03-01".parse().unwrap(),
                    scan: scan(n),
                }
                .into(),
            }
        }
        11 => PlanReturned { plan: waiting, changes: format!("changes {n}") }.into(),
        12..=13 => SeatAdded { seat: somebody }.into(),
        14 => SeatEnded { contact: somebody.contact.id, organization: somebody.contact.organization }.into(),
        15 => CaseAccepted { case: opening().case }.into(),
        16 => RungPosted {
            owed: plan.map_or(id(n), |plan| plan.sent.owed()),
            clock: "plan-return".into(),
            rung: u32::from(kind / 30 % 2),
            contact: somebody.contact.id,
            organization: somebody.contact.organization,
            due: at(n),
            left: n.is_multiple_of(2),
        }
        .into(),
        23 => alert(kind, n).into(),
        24 => {
            let stay = state.alerts.stays().last().map_or(Sha256::of("none"), |stay| stay.id);
            let with =
                vec![Whom { contact: somebody.contact.id, organization: somebody.contact.organization }];
            // Some in the past.
            let at = at((n + 600).saturating_sub(usize::from(kind / 30) * 100));
            VisitProposed { stay, at, place: Some(format!("place {n}")), with }.into()
        }
        25 => {
            let visit = state.alerts.visits().last();
            let answer = match kind / 30 % 3 {
                0 => Answer::Accept,
                1 => Answer::Decline { reason: format!("reason {n}") },
                _ => Answer::Move { to: at(n + 1000) },
            };
            let none = EventKey { sender: user(who), id: id(n) };
            let (visit, time) = visit.map_or((none, at(n)), |visit| (visit.proposed.clone(), visit.at));
            VisitAnswered { visit, time, answer }.into()
        }
        26 => FollowUpDone {
            stay: state.alerts.stays().first().map_or(Sha256::of("none"), |stay| stay.id),
            at: at(n + usize::from(kind / 30) * 300),
            face_to_face: (kind / 30).is_multiple_of(2),
            outcome: Some(format!("outcome {n}")),
        }
        .into(),
        27..=29 => work(n, who, state, somebody),
        17 => Handover { to: vec![user("kim")], heads: state.heads(), events: document("[]") }.into(),
        18 if kind > 180 && state.life.closed.is_some() => reopen(n, state).into(),
        18 if kind > 180 => CaseClosed { reason: CloseReason::Moved, continued_in: None }.into(),
        18 => opening().into(),
        19 => MessageCorrected { message: own, text: format!("corrected {n}") }.into(),
        20 => MessageRetracted { message: own }.into(),
        21 => {
            let messages = state.messages.iter().rev().take(3).map(|message| message.key.clone());
            MessageSeen { messages: messages.collect() }.into()
        }
        22 => {
            let waiting = state.crossings.waiting().map(|one| one.event.clone());
            let mut events: Vec<EventKey> = waiting.step_by(2).take(3).collect();
            if n.is_multiple_of(7) {
                events.push(EventKey { sender: user(who), id: id(n) });
            }
            let how = Way::ALL[n % Way::ALL.len()];
            let reached = !n.is_multiple_of(4);
            CrossingCarried { events, how, with: None, reached, outcome: format!("words {n}") }.into()
        }
        _ => EventData::Unknown { kind: "meeting.held".into(), data: json!({"meeting": n, "hours": 1.5}) },
    }
}

/// Something of who does what: of a task that is there, whether it still waits or not, or of none.
fn work(n: usize, who: &str, state: &CaseState, somebody: Seat) -> EventData {
    let tasks = state.tasks.all();
    let none = EventKey { sender: user(who), id: id(n) };
    let task = n.checked_rem(tasks.len()).and_then(|which| tasks.get(which));
    let task = task.map_or(none, |task| task.key.clone());
    let Contact { id, organization, .. } = somebody.contact;
    let to = if n.is_multiple_of(4) {
        Assignee::Pool(organization)
    } else {
        Assignee::Owner(Whom { contact: id, organization })
    };
    match n % 9 {
        0..=2 => TaskAssigned {
            title: format!("title {n}"),
            detail: Some(format!("detail {n}")),
            to,
            due: at(n + 1000).into(),
            priority: if n.is_multiple_of(2) { Priority::Routine } else { Priority::Stat },
        }
        .into(),
        3 => TaskClaimed { task }.into(),
        4 => TaskAccepted { task }.into(),
        5 => TaskDeclined { task, reason: format!("reason {n}") }.into(),
        6 => TaskHandedOver { task, to, reason: Some(format!("reason {n}")) }.into(),
        7 => TaskCompleted { task, outcome: format!("outcome {n}") }.into(),
        _ => TaskCancelled { task, reason: format!("reason {n}") }.into(),
    }
}

/// What a bot or a person tells of one of two stays: some of it twice, some of it of a time to come.
fn alert(kind: u8, n: usize) -> AlertRaised {
    let visit = format!("visit {}", n % 2);
    let what = match n / 2 % 5 {
        0 => Happening::EdVisit,
        1 => Happening::Admitted,
        2 => Happening::Transferred,
        3 => Happening::Discharged,
        _ => Happening::Cancelled,
    };
    AlertRaised {
        stay: StayKey::Named { facility: "Synthetic General".into(), visit },
        what,
        cancels: (kind / 30 == 3).then_some(Happening::Discharged),
        at: at(n / 6 * 6 + if kind / 30 == 8 { 5000 } else { 0 }),
        class: if (kind / 30).is_multiple_of(2) { StayClass::Inpatient } else { StayClass::Emergency },
        facility_name: Some(format!("name {n}")),
        source: format!("source {n}"),
        message: None,
        matched: if n.is_multiple_of(3) { Matched::ConfirmedByPerson } else { Matched::ByMemberId },
        priority: crate::communication::Priority::Routine,
    }
}

/// The lies that only show: each is refused wherever it arrives.
pub(crate) const REFUSED_LIES: u8 = 4;
