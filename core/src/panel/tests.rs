#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::summary::MOST_ENDING;
use super::*;
use crate::alert::{AlertRaised, FollowUpDone, Happening, Matched, StayClass, StayKey, VisitProposed};
use crate::care_plan::{PlanApproved, PlanChanged, PlanReturned, PlanSent, PlanSigned, SignedHow, Signer};
use crate::care_team::Whom;
use crate::case::event::{EventData, Held};
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{
    acts, at, document, event, held, opening, organization, play, seat, user,
};
use crate::communication::{MessageSent, Priority};
use crate::id::Sha256;
use crate::task::{TaskAssigned, TaskDue};

fn hour(n: i64) -> Timestamp {
    at(0) + SignedDuration::from_hours(n)
}

/// Folds what these people do, an event each hour.
fn case(deeds: Vec<(&str, EventData)>) -> Fold {
    let mut fold = Fold::new();
    fold.insert(held("jane", "opened", &event(0, Vec::new(), opening()), at(0)));
    for (n, (sender, data)) in deeds.into_iter().enumerate() {
        let mut one = event(n + 1, fold.state().heads(), data);
        let when = hour(i64::try_from(n).unwrap() + 1);
        one.at = when;
        assert!(fold.insert(held(sender, &format!("words {n}"), &one, when)), "{n}");
    }
    fold
}

fn summary(fold: &Fold, who: &str) -> Summary<'static> {
    Summary::of(fold.state(), &user(who)).unwrap().1
}

fn one(fold: &Fold, who: &str, query: &PanelQuery, now: Timestamp) -> Panel {
    let (pair, summary) = Summary::of(fold.state(), &user(who)).unwrap();
    panel(vec![pair], [(0, summary)], query, now)
}

fn said() -> EventData {
    MessageSent::default().into()
}

fn sent() -> PlanSent {
    PlanSent { document: document("plan"), sign_by: None, member_approved: None, replaces: None, on: None }
}

fn alert(what: Happening, at: Timestamp) -> EventData {
    AlertRaised {
        stay: StayKey::Named { facility: "General".into(), visit: "1".into() },
        what,
        cancels: None,
        at,
        class: StayClass::Inpatient,
        facility_name: None,
        source: "feed".into(),
        message: None,
        matched: Matched::ByMemberId,
        priority: Priority::Routine,
    }
    .into()
}

#[test]
fn a_case_is_counted_as_what_it_is_at_the_time_of_asking() {
    let fold = case(vec![("jane", sent().into()), ("joe", said())]);
    let all = PanelQuery::default();
    let now = hour(3);
    let panel = one(&fold, "jane", &all, now);
    let Counts { open, due, overdue, unsigned, admitted, quiet, unread, messages, tasks } = panel.counts;
    assert_eq!((open, due, overdue, unsigned, admitted, quiet), (1, 1, 0, 1, 0, 0));
    assert_eq!((unread, messages, tasks), (1, 1, 0));
    assert_eq!(panel.cases[0].unsigned_since, Some(hour(1)));
    assert_eq!(panel.topics, [TopicCounts { topic: Topic::CarePlan, due: 1, overdue: 0 }]);
    // The same events, later: overdue after 14 days, quiet after 30.
    let later = one(&fold, "jane", &all, hour(24 * 20));
    assert_eq!((later.counts.due, later.counts.overdue, later.counts.quiet), (0, 1, 0));
    assert!(later.cases[0].next.as_ref().unwrap().overdue);
    assert_eq!(one(&fold, "jane", &all, hour(24 * 40)).counts.quiet, 1);
    // What one wrote oneself is not unread.
    assert_eq!(one(&fold, "joe", &all, now).counts.unread, 0);
    let answers = &panel.pairs[0].turn_rounds;
    assert_eq!(answers.len(), 1, "a plan that waits is no sample");
    assert_eq!((answers[0].kind, answers[0].median), (TurnKind::FirstAnswer, SignedDuration::from_hours(2)));
}

#[test]
fn what_is_asked_for_narrows_what_is_counted() {
    let fold = case(vec![("jane", sent().into()), ("jane", alert(Happening::Admitted, hour(2)))]);
    let ask = |query: PanelQuery| one(&fold, "joe", &query, hour(4)).counts;
    assert_eq!(ask(PanelQuery::default()).admitted, 1);
    assert_eq!(ask(PanelQuery { plan_side: Some(organization("aco")), ..Default::default() }).open, 1);
    assert_eq!(ask(PanelQuery { plan_side: Some(organization("cp")), ..Default::default() }).open, 0);
    assert_eq!(ask(PanelQuery { community_side: Some(organization("cp")), ..Default::default() }).open, 1);
    assert_eq!(ask(PanelQuery { topic: Some(Topic::CarePlan), ..Default::default() }).due, 1);
    let admission = ask(PanelQuery { topic: Some(Topic::Admission), ..Default::default() });
    assert_eq!((admission.open, admission.due), (1, 0), "admitted, and nothing is owed about it yet");
    assert_eq!(ask(PanelQuery { topic: Some(Topic::Consent), ..Default::default() }).open, 0);
    // Joe owes the plan's return; Rao owes nothing.
    let mine = PanelQuery { mine_only: true, ..Default::default() };
    assert_eq!(one(&fold, "joe", &mine, hour(4)).counts.due, 1);
    assert_eq!(one(&fold, "rao", &mine, hour(4)).counts.open, 0);
}

#[test]
fn a_plan_is_unsigned_until_it_is_signed() {
    // Of a day on which both sign.
    let plan = PlanSent { on: Some("2019-02-01".parse().unwrap()), ..sent() };
    let key = |fold: &Fold| fold.state().plans.all()[0].sent.id;
    let mut deeds = vec![("jane", EventData::from(plan.clone()))];
    let waits = case(deeds.clone());
    assert_eq!(summary(&waits, "jane").plan, PlanRow::Waiting { since: hour(1).as_second() });
    let changes = "something about the member".to_owned();
    deeds.push(("rao", PlanReturned { plan: key(&waits), changes }.into()));
    let returned = case(deeds.clone());
    assert_eq!(summary(&returned, "jane").plan, PlanRow::Returned { since: hour(2).as_second() });
    assert_eq!(one(&returned, "jane", &PanelQuery::default(), hour(3)).counts.unsigned, 1);
    deeds.pop();
    deeds.push(("rao", PlanApproved { plan: key(&waits), sha256: plan.document.sha256 }.into()));
    let approved = case(deeds.clone());
    assert_eq!(summary(&approved, "jane").plan, PlanRow::Unsigned { since: hour(2).as_second() });
    let panel = one(&approved, "jane", &PanelQuery::default(), hour(3));
    assert_eq!((panel.counts.unsigned, panel.counts.due), (1, 1), "the member has not signed it");
    let on = crate::due::latest_day(hour(0)).yesterday().unwrap();
    let by_member = PlanSigned {
        plan: key(&waits),
        sha256: plan.document.sha256,
        signer: Signer::Member,
        how: SignedHow::Paper,
        on,
        scan: None,
    };
    deeds.push(("jane", by_member.into()));
    let signed = case(deeds.clone());
    let reasons: Vec<_> =
        signed.state().timeline.iter().filter_map(|entry| entry.standing.reason()).collect();
    assert!(reasons.is_empty(), "{reasons:?}");
    let panel = one(&signed, "jane", &PanelQuery::default(), hour(4));
    assert_eq!((panel.counts.unsigned, panel.counts.due), (0, 0));
    // What was signed is not what a record holds by now, until it does again.
    let other_text = |sha256| PlanChanged { plan: key(&waits), organization: organization("cp"), sha256 };
    deeds.push(("jane", other_text(Some(Sha256::of("another"))).into()));
    let unsigned = case(deeds.clone());
    assert_eq!(summary(&unsigned, "jane").plan, PlanRow::Unsigned { since: hour(4).as_second() });
    deeds.push(("jane", other_text(None).into()));
    assert_eq!(summary(&case(deeds), "jane").plan, PlanRow::Signed { since: hour(2).as_second() });
    assert_eq!(
        panel.pairs[0].turn_rounds.iter().map(|turn| (turn.kind, turn.samples)).collect::<Vec<_>>(),
        [(TurnKind::PlanReturn, 1)]
    );
}

#[test]
fn a_stay_is_counted_while_it_lasts_and_its_follow_up_measured() {
    let admitted = vec![("jane", alert(Happening::Admitted, hour(1)))];
    let fold = case(admitted.clone());
    assert_eq!(summary(&fold, "jane").admitted, Some(hour(1).as_second()));
    let mut deeds = admitted;
    deeds.push(("jane", alert(Happening::Discharged, hour(2))));
    let fold = case(deeds.clone());
    let stay = fold.state().alerts.stays()[0].id;
    let panel = one(&fold, "jane", &PanelQuery::default(), hour(3));
    assert_eq!((panel.counts.admitted, panel.counts.due), (0, 1));
    assert_eq!(panel.topics[0].topic, Topic::Admission);
    let done = FollowUpDone { stay, at: hour(26), face_to_face: true, outcome: None };
    deeds.extend((0..30).map(|_| ("joe", said())));
    deeds.push(("jane", done.into()));
    let panel = one(&case(deeds), "jane", &PanelQuery::default(), hour(40));
    let follow_up = panel.pairs[0].turn_rounds.iter().find(|turn| turn.kind == TurnKind::FollowUp).unwrap();
    assert_eq!((follow_up.median, follow_up.ninetieth), (SignedDuration::from_hours(24), follow_up.median));
}

#[test]
fn tasks_are_counted_and_ones_own() {
    let to = |who: &str| {
        let contact = seat(who).contact;
        let whom = Whom { contact: contact.id, organization: contact.organization };
        EventData::from(TaskAssigned {
            title: "something about the member".into(),
            detail: None,
            to: crate::task::Assignee::Owner(whom),
            due: TaskDue::At(hour(100)),
            priority: Priority::Routine,
        })
    };
    let fold = case(vec![("jane", to("joe")), ("jane", to("jane"))]);
    let summary = summary(&fold, "joe");
    assert_eq!((summary.tasks, summary.own_tasks), (2, 1));
    assert!(!format!("{summary:?}").contains("Synthetic"), "{summary:?}");
    let panel = one(&fold, "joe", &PanelQuery::default(), hour(3));
    assert!(!format!("{panel:?}").contains("Synthetic"), "no member data: {panel:?}");
}

/// A summary of nobody.
fn made(n: u8, owed: Option<i64>, admitted: Option<i64>, plan: PlanRow) -> Summary<'static> {
    let fold = case(Vec::new());
    let mut one = summary(&fold, "jane");
    one.case = [n; 16];
    one.owed = owed.map(|due| OwedRow::made(Topic::CarePlan, due, false)).into_iter().collect();
    (one.admitted, one.plan, one.quiet) = (admitted, plan, i64::MAX);
    one
}

impl OwedRow<'static> {
    fn made(topic: Topic, due: i64, mine: bool) -> Self {
        let clock = if topic == Topic::Admission { "inpatient-follow-up" } else { "plan-return" };
        let json = serde_json::json!({ "topic": u8::from(topic != Topic::CarePlan), "from": null, "due": due, "mine": mine,
            "clock": clock, "owner": "urn:example:staff|joe" });
        serde_json::from_str::<OwedRow<'_>>(&json.to_string()).unwrap().into_owned()
    }
}

#[test]
fn what_matters_comes_first_and_the_list_has_an_end() {
    let pair = Summary::of(case(Vec::new()).state(), &user("jane")).unwrap().0;
    let now = at(0).as_second();
    let rows = || {
        vec![
            (0, made(1, None, None, PlanRow::Missing)),
            (0, made(2, Some(now + 10), None, PlanRow::Missing)),
            (0, made(3, None, None, PlanRow::Waiting { since: now - 5 })),
            (0, made(4, None, Some(now - 5), PlanRow::Missing)),
            (0, made(5, Some(now - 10), None, PlanRow::Missing)),
            (0, made(6, Some(now - 20), None, PlanRow::Missing)),
        ]
    };
    let all = panel(vec![pair.clone()], rows(), &PanelQuery::default(), at(0));
    let order: Vec<u8> = all.cases.iter().map(|case| case.case.as_uuid().as_bytes()[0]).collect();
    assert_eq!((order, all.more), (vec![6, 5, 4, 3, 2, 1], 0));
    let few = panel(vec![pair], rows(), &PanelQuery { most: Some(2), ..Default::default() }, at(0));
    let order: Vec<u8> = few.cases.iter().map(|case| case.case.as_uuid().as_bytes()[0]).collect();
    assert_eq!((order, few.more, few.counts.open), (vec![6, 5], 4, 6));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens, in whatever order it comes: the summary is the same, and small.
    #[test]
    fn a_summary_depends_on_the_events_alone(acts in acts(true), seed in any::<u64>()) {
        let events = play(&acts);
        let mut other: Vec<Held> = events.clone();
        let mut state = seed | 1;
        for n in (1..other.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(n, usize::try_from(state >> 33).unwrap() % (n + 1));
        }
        let (mut one, mut two) = (Fold::new(), Fold::new());
        one.extend(events);
        for held in other {
            two.insert(held);
        }
        for who in ["jane", "joe", "kim", "cp-bot"] {
            let ours = Summary::of(one.state(), &user(who));
            prop_assert_eq!(&ours, &Summary::of(two.state(), &user(who)));
            let Some((pair, summary)) = ours else { continue };
            prop_assert!(summary.owed.len() <= (4 + 4 * MOST_ENDING) * Topic::ALL.len() && summary.turns.len() <= 33);
            let now = at(1000);
            let panel = panel(vec![pair], [(0, summary)], &PanelQuery::default(), now);
            // What is due is what the due list says; of a closed case, where an emergency may still be to be looked at, it says nothing.
            let mut owed = one.state().owed();
            owed.retain(|owed| owed.is_shown(now) && one.state().life.closed.is_none());
            prop_assert_eq!(panel.counts.due + panel.counts.overdue, usize::from(!owed.is_empty()));
            prop_assert_eq!(panel.counts.overdue, usize::from(owed.iter().any(|owed| owed.due.as_second() <= now.as_second())));
        }
    }
}

#[test]
fn a_page_shows_names_as_they_are() {
    let mut panel = one(&case(vec![("jane", sent().into())]), "joe", &PanelQuery::default(), hour(24 * 20));
    panel.cases[0].member = "Marty <Nguyen>".into();
    let page = page(&panel);
    assert!(page.contains("Marty &lt;Nguyen&gt;") && !page.contains("<Nguyen"), "{page}");
    // It is due by the end of that day where the case is, which is the day after by UTC.
    assert!(page.contains("25 January 2026, 04:00 EST"), "{page}");
    assert!(page.contains("overdue: the care plan&#39;s return, by 19 January 2026, by you"), "{page}");
    assert!(
        page.contains("1 open; 1 overdue, 0 due; 1 with an unsigned plan") && !page.contains("http"),
        "{page}"
    );
}

#[test]
fn texts_are_read_where_they_lie() {
    let fold = case(vec![("jane", sent().into())]);
    let summary = summary(&fold, "jane");
    let json = serde_json::to_string(&summary).unwrap();
    let read: Summary<'_> = serde_json::from_str(&json).unwrap();
    assert!(matches!(read.member, Cow::Borrowed(_)) && matches!(read.owed[0].clock, Cow::Borrowed(_)));
    assert_eq!(read, summary);
}

#[test]
fn what_ends_by_itself_gives_way_to_what_is_owed_then() {
    let admitted = alert(Happening::Admitted, hour(1));
    let EventData::AlertRaised(raised) = &admitted else { unreachable!() };
    let joe = Whom { contact: seat("joe").contact.id, organization: seat("joe").contact.organization };
    let stay = raised.stay.id();
    let visit = |at| -> EventData { VisitProposed { stay, at, place: None, with: vec![joe.clone()] }.into() };
    let visits = (1..=6).map(|n| ("jane", visit(hour(24 * n))));
    let fold = case([("jane", admitted.clone())].into_iter().chain(visits).collect());
    let next = |n: i64| one(&fold, "joe", &PanelQuery::default(), hour(n)).cases[0].next.clone();
    for (now, due) in [(12, Some(24)), (24, Some(48)), (50, Some(72)), (73, Some(144)), (143, Some(144))] {
        assert_eq!(next(now).map(|next| next.due), due.map(hour), "{now}");
    }
    assert_eq!(next(144), None);
    let kept = summary(&fold, "joe").owed.iter().filter(|row| row.until.is_some()).count();
    assert_eq!(kept, MOST_ENDING);
}
