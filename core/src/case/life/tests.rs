//! The steps of a case and of its roster, as tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::case::event::{EventData, EventKey};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{self, at, id, next, opening, organization, seat, user};
use crate::case::state::{CaseState, Standing};
use crate::contact::Role;

mod reopening;

/// The code of an opening's refusal, or `counted`.
fn opened(sender: &str, change: impl Fn(&mut CaseOpened)) -> String {
    let mut event = opening();
    change(&mut event);
    let mut fold = Fold::new();
    let held = next(0, sender, fold.state(), event);
    fold.insert(held.clone());
    let standing = fold.state().entry(&held.key()).unwrap().standing.clone();
    standing.reason().map_or(standing.code().to_owned(), |reason| reason.code.to_string())
}

#[test]
fn who_may_open_which_case() {
    let fine = |_: &mut CaseOpened| {};
    let cases = [
        ("a lead", opened("jane", fine), "counted"),
        ("the other side's lead", opened("joe", fine), "counted"),
        ("a keeper", opened("cp-bot", fine), "counted"),
        ("neither lead nor keeper", opened("rao", fine), "opener"),
        ("a stranger", opened("mallory", fine), "no-seat"),
        ("another text", opened("jane", |e| e.agreement.text.push(' ')), "carried-changed"),
        ("another version", opened("jane", |e| e.agreement.version = "2".into()), "carried-changed"),
        ("other rules", opened("jane", |e| e.rules.text.push(' ')), "carried-changed"),
        (
            "no agreement",
            opened("jane", |e| {
                e.agreement.text = "id: x".into();
                e.agreement.sha256 = Sha256::of("id: x");
            }),
            "carried-unreadable",
        ),
        ("two plan sides", opened("jane", |e| e.community_side = e.plan_side.clone()), "side-kind"),
        (
            "one organisation twice",
            opened("jane", |e| e.others = vec![e.plan_side.clone()]),
            "organization-twice",
        ),
        (
            "an agreement of others",
            opened("jane", |e| {
                e.plan_side.id = organization("another");
                e.roster.retain(|seat| seat.contact.organization != organization("aco"));
            }),
            "agreement-sides",
        ),
        (
            "a seat of nobody's",
            opened("jane", |e| e.roster[2].contact.organization = organization("another")),
            "seat-organization",
        ),
        (
            "a side without a lead",
            opened("jane", |e| e.roster.retain(|s| !s.lead || s.contact.name == "jane")),
            "side-without-lead",
        ),
        ("a seat twice", opened("jane", |e| e.roster.push(seat("joe"))), "seat-twice"),
        ("an account twice", opened("jane", |e| e.roster[2].contact.user = Some(user("joe"))), "user-twice"),
        (
            "a keeper that leads",
            opened("jane", |e| e.roster.iter_mut().for_each(|s| s.lead |= s.is_keeper())),
            "lead-role",
        ),
        (
            "a keeper that the agreement does not allow",
            opened("jane", |e| {
                e.agreement.text = e.agreement.text.replace("Harbor ACO, keeper: true", "Harbor ACO");
                e.agreement.sha256 = Sha256::of(&e.agreement.text);
            }),
            "keeper-not-agreed",
        ),
    ];
    for (what, seen, expected) in cases {
        assert_eq!(seen, expected, "{what}");
    }
}

/// A case, and what came of each further event.
struct Table {
    fold: Fold,
    n: usize,
}

impl Table {
    fn new() -> Self {
        let mut fold = Fold::new();
        fold.insert(next(0, "jane", &CaseState::default(), opening()));
        Self { fold, n: 0 }
    }

    /// The code of the refusal, or `counted`.
    fn does(&mut self, who: &str, data: impl Into<EventData>) -> String {
        self.n += 1;
        let held = next(self.n, who, self.fold.state(), data);
        self.fold.insert(held.clone());
        let standing = &self.fold.state().entry(&held.key()).unwrap().standing;
        standing.reason().map_or(standing.code().to_owned(), |reason| reason.code.to_string())
    }

    fn text(&self) -> &str {
        &self.fold.state().timeline.last().unwrap().text
    }
}

fn add(name: &str) -> SeatAdded {
    SeatAdded { seat: seat(name) }
}

fn end(name: &str) -> SeatEnded {
    let contact = seat(name).contact;
    SeatEnded { contact: contact.id, organization: contact.organization }
}

#[test]
fn who_names_whom() {
    let mut table = Table::new();
    assert_eq!(table.does("joe", add("kim")), "other-organization");
    assert_eq!(table.does("cp-bot", add("kim")), "not-lead");
    assert_eq!(table.does("kim", add("kim")), "no-seat");
    assert_eq!(table.does("jane", add("kim")), "counted");
    assert_eq!(table.text(), "jane (CP care coordinator) named kim (nurse) for the case.");
    assert_eq!(table.does("jane", add("kim")), "seat-twice");
    let mut other = seat("kim");
    other.contact.id = "urn:example:staff|other".parse().unwrap();
    assert_eq!(table.does("jane", SeatAdded { seat: other }), "user-twice");
    assert_eq!(table.does("kim", add("kim")), "not-lead");
    assert_eq!(table.does("joe", end("kim")), "other-organization");
    assert_eq!(table.does("kim", end("kim")), "counted");
    assert_eq!(table.text(), "kim (nurse) left the case.");
    assert_eq!(table.does("kim", end("kim")), "no-seat");
    assert_eq!(table.does("jane", end("kim")), "no-seat");
    assert_eq!(table.does("jane", add("kim")), "counted", "who left can be named again");
    let roster = table.fold.state().roster();
    assert_eq!(roster.all().iter().filter(|place| place.seat == seat("kim")).count(), 2);
    assert_eq!(roster.seat_of(&user("kim")), Some(&seat("kim")));
}

#[test]
fn a_side_keeps_its_last_lead() {
    let mut table = Table::new();
    assert_eq!(table.does("jane", end("jane")), "last-lead");
    assert_eq!(table.does("lee", end("joe")), "counted");
    assert_eq!(table.does("joe", end("lee")), "no-seat");
    assert_eq!(table.does("lee", end("lee")), "last-lead");
    let roster = table.fold.state().roster();
    assert_eq!(roster.lead(&organization("aco")), Some(&seat("lee")));
    assert!(!roster.contains(&user("joe")) && roster.ever_contained(&user("joe")));
    assert_eq!(roster.keeper_of(&organization("aco")), Some(&seat("aco-bot")));
}

#[test]
fn two_leads_who_end_each_other_leave_one() {
    let base = Table::new().fold;
    let one = next(1, "joe", base.state(), end("lee"));
    let two = next(2, "lee", base.state(), end("joe"));
    let state = |events: [&crate::case::event::Held; 2]| {
        let mut fold = base.clone();
        fold.extend(events.into_iter().cloned());
        fold.state().clone()
    };
    let (a, b) = (state([&one, &two]), state([&two, &one]));
    assert_eq!(a, b);
    assert_eq!(a.roster().leads(&organization("aco")).count(), 1);
}

#[test]
fn a_member_is_on_the_roster_and_never_in_the_room() {
    let mut table = Table::new();
    let mut member = seat("kim");
    member.contact.role = Role::Member;
    assert_eq!(table.does("jane", SeatAdded { seat: member.clone() }), "counted");
    let roster = table.fold.state().roster();
    assert!(roster.contact(&member.contact.id, &member.contact.organization).is_some());
    assert!(!roster.contains(&user("kim")) && !roster.users().contains(&user("kim")));
    assert_eq!(table.does("kim", end("kim")), "no-seat");
}

#[test]
fn accepting_posting_and_closing() {
    let mut table = Table::new();
    let case = opening().case;
    // Where nobody knows who opens it, the first in the order counts.
    let again = next(0, "joe", &CaseState::default(), opening());
    let mut fold = table.fold.clone();
    fold.insert(again.clone());
    let shown = fold.state().entry(&again.key()).unwrap();
    assert_eq!(shown.standing.reason().unwrap().code, "case-already-open");
    assert_eq!(table.does("joe", CaseAccepted { case: CaseId::from_uuid(*id(9).as_uuid()) }), "other-case");
    assert_eq!(table.does("joe", CaseAccepted { case }), "counted");
    assert_eq!(table.does("joe", CaseAccepted { case }), "already-accepted");
    assert_eq!(table.fold.state().roster().accepted(&user("joe")), Some(at(2)));

    let plan = crate::care_plan::PlanSent {
        document: world::document("plan"),
        sign_by: None,
        member_approved: None,
        replaces: None,
        on: None,
    };
    assert_eq!(table.does("jane", plan), "counted");
    let owed = table.fold.state().owed();
    assert_eq!((owed.len(), owed[0].ladder.len()), (1, 2));
    assert_eq!(owed[0].ladder[1].user, Some(user("lee")));
    let rung = |rung| RungPosted {
        owed: owed[0].since,
        clock: owed[0].clock.clone(),
        rung,
        contact: owed[0].ladder[usize::try_from(rung).unwrap().min(1)].contact.clone(),
        organization: organization("aco"),
        due: owed[0].due,
        left: false,
    };
    assert_eq!(table.does("rao", rung(0)), "rung-poster");
    assert_eq!(
        table.does("aco-bot", rung(0)),
        "rung-early",
        "it would keep the reminder from being posted in time"
    );
    table.n = 16 * 24 * 60;
    assert_eq!(
        table.does("aco-bot", RungPosted { contact: seat("rao").contact.id, ..rung(0) }),
        "rung-not-owed"
    );
    assert_eq!(table.does("aco-bot", rung(0)), "counted");
    assert_eq!(table.does("cp-bot", rung(0)), "rung-posted");
    // Where on the ladder somebody is takes no reminder away from them, and gives none a second time.
    assert_eq!(table.does("cp-bot", RungPosted { rung: 1, ..rung(0) }), "rung-posted");
    assert_eq!(table.does("cp-bot", rung(1)), "rung-early");
    table.n = 19 * 24 * 60;
    assert_eq!(table.does("cp-bot", rung(1)), "counted");
    let posted: Vec<_> =
        table.fold.state().owed()[0].ladder.iter().map(|r| r.posted.clone().unwrap().0).collect();
    assert_eq!(posted, [user("aco-bot"), user("cp-bot")]);
    assert_eq!(
        table.text(),
        "Reminder 2 for lee: return the care plan, approved or with changes to make. It is overdue, and theirs to see to since 20 January 2026."
    );

    let close = || CaseClosed { reason: CloseReason::Moved, continued_in: None };
    assert_eq!(table.does("rao", close()), "closer");
    assert_eq!(table.does("aco-bot", close()), "closer");
    assert_eq!(table.does("joe", close()), "counted");
    assert_eq!(table.does("jane", close()), "case-closed");
    assert_eq!(table.does("jane", crate::communication::MessageSent::default()), "case-closed");
    assert_eq!(table.does("jane", add("kim")), "case-closed");
    assert!(table.fold.state().owed().is_empty() && table.fold.state().messages.is_empty());
    let handover = crate::case::handover::Handover {
        to: vec![user("kim")],
        heads: table.fold.state().heads(),
        events: world::document("[]"),
    };
    assert_eq!(table.does("jane", handover), "counted");
    assert_eq!(table.text(), "jane (CP care coordinator) handed over what came before.");
}

#[test]
fn a_ladder_that_changes_takes_nobodys_reminder_away() {
    let mut table = Table::new();
    assert_eq!(table.does("jane", add("kim")), "counted");
    let task = crate::task::TaskAssigned {
        title: "Call".into(),
        detail: None,
        to: crate::task::Assignee::Owner(crate::care_team::Whom {
            contact: seat("kim").contact.id,
            organization: organization("cp"),
        }),
        due: at(10).into(),
        priority: crate::communication::Priority::Routine,
    };
    assert_eq!(table.does("jane", task), "counted");
    table.n = 4 * 24 * 60;
    let posted = |table: &Table| -> Vec<(String, bool)> {
        let owed = table.fold.state().owed();
        owed[0].ladder.iter().map(|rung| (rung.name.clone(), rung.posted.is_some())).collect()
    };
    let post = |table: &mut Table, n: usize| {
        let owed = table.fold.state().owed();
        let rung = RungPosted {
            owed: owed[0].since,
            clock: owed[0].clock.clone(),
            rung: u32::try_from(n).unwrap(),
            contact: owed[0].ladder[n].contact.clone(),
            organization: owed[0].ladder[n].organization.clone(),
            due: owed[0].due,
            left: false,
        };
        table.does("aco-bot", rung)
    };
    assert_eq!((post(&mut table, 0).as_str(), post(&mut table, 1).as_str()), ("counted", "counted"));
    let of = |names: [(&str, bool); 3]| names.map(|(name, posted)| (name.to_owned(), posted));
    assert_eq!(posted(&table), of([("kim", true), ("joe", true), ("lee", false)]));
    // Kim leaves, and Jane stands in: she was not reminded, Joe was.
    assert_eq!(table.does("kim", end("kim")), "counted");
    assert_eq!(posted(&table), of([("jane", false), ("joe", true), ("lee", false)]));
    assert_eq!((post(&mut table, 0).as_str(), post(&mut table, 1).as_str()), ("counted", "rung-posted"));
}

#[test]
fn an_id_that_somebody_reuses_silences_nobodys_reminder() {
    use crate::care_team::Whom;
    use crate::task::{Assignee, TaskAssigned, TaskHandedOver};
    let owner = |who: &str| {
        let contact = seat(who).contact;
        Assignee::Owner(Whom { contact: contact.id, organization: contact.organization })
    };
    let task = |to: &str| TaskAssigned {
        title: "Call".into(),
        detail: None,
        to: owner(to),
        due: at(10).into(),
        priority: crate::communication::Priority::Routine,
    };
    let mut table = Table::new();
    let first = next(1, "jane", table.fold.state(), task("joe"));
    table.fold.insert(first.clone());
    let second = next(2, "lee", table.fold.state(), task("jane"));
    table.fold.insert(second.clone());
    // Lee hands it on under the id of Jane's.
    let over = TaskHandedOver { task: second.key(), to: owner("joe"), reason: None };
    let mut event = world::event(3, table.fold.state().heads(), over);
    event.id = first.id;
    table.fold.insert(world::held("lee", "words", &event, at(3)));
    let owed = table.fold.state().owed();
    assert_eq!(owed.len(), 2);
    assert_ne!(owed[0].since, owed[1].since);
    assert!(owed.iter().all(|owed| ![first.id, second.id].contains(&owed.since)), "no event has this id");
}

#[test]
fn nothing_steps_before_the_case_is_open() {
    let mut fold = Fold::new();
    let held = next(1, "jane", fold.state(), CaseAccepted { case: opening().case });
    fold.insert(held.clone());
    let standing = |fold: &Fold, key: &EventKey| fold.state().entry(key).unwrap().standing.clone();
    let Standing::Superseded { reason } = standing(&fold, &held.key()) else { panic!("it counted") };
    assert_eq!(reason.code, "case-not-open");
    // The opening comes late, with an earlier place than what was written on it.
    fold.insert(next(0, "jane", &CaseState::default(), opening()));
    let after = next(2, "joe", fold.state(), CaseAccepted { case: opening().case });
    fold.insert(after.clone());
    assert_eq!(standing(&fold, &after.key()), Standing::Counted);
}
