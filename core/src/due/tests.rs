#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::id::EventId;

// Synthetic.
static AGREEMENT: LazyLock<Agreement> = LazyLock::new(|| {
    Agreement::parse(
        r#"
id: harbor-bay
version: "1"
title: Synthetic
plan_side: { id: urn:example:org|aco, name: Harbor ACO }
community_side: { id: urn:example:org|cp, name: Bay Community Care }
in_force: { from: 2019-01-01 }
share: { both: [reminder] }
grace: 1 d
ladder:
  care-plan:
    - { contact: urn:example:staff|joe, name: Joe, organization: urn:example:org|aco, role: nurse, phone: "555-0101" }
"#,
    )
    .unwrap()
});

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn organization(value: &str) -> OrganizationId {
    format!("urn:example:org|{value}").parse().unwrap()
}

fn rung(who: &str, of: &str, when: &str) -> Rung {
    Rung {
        contact: format!("urn:example:staff|{who}").parse().unwrap(),
        name: who.to_owned(),
        organization: organization(of),
        user: None,
        phone: (who == "lee").then(|| "+1 617 555 0142".to_owned()),
        at: at(when),
        posted: None,
    }
}

/// Due at the end of the fifteenth of March, in New York.
fn owed() -> Owed {
    Owed {
        since: EventId::new(),
        clock: "plan-return".into(),
        what: "return the care plan".into(),
        owner: "urn:example:staff|joe".parse().unwrap(),
        from: None,
        until: None,
        due: at("2019-03-16T04:00:00Z"),
        ladder: vec![
            rung("joe", "aco", "2019-03-16T04:00:00Z"),
            rung("jane", "cp", "2019-03-17T04:00:00Z"),
            rung("lee", "aco", "2019-03-18T04:00:00Z"),
        ],
    }
}

#[test]
fn an_authors_clock_is_believed_within_five_minutes() {
    let server = at("2019-03-01T15:00:00Z");
    for (author, believed_in_earnest) in [
        ("2019-03-01T15:00:00Z", true),
        ("2019-03-01T15:05:00Z", true),
        ("2019-03-01T14:55:00Z", true),
        ("2019-03-01T15:05:00.000000001Z", false),
        ("2019-03-01T14:54:59Z", false),
        ("-009999-01-02T01:59:59Z", false),
        ("9999-12-30T22:00:00Z", false),
    ] {
        let author = at(author);
        let expected = if believed_in_earnest { author } else { server };
        assert_eq!(believed(author, server, false), expected, "{author}");
        assert_eq!(believed(author, server, true), author, "{author} in a story");
    }
}

#[test]
fn the_turn_goes_down_the_ladder() {
    for (now, overdue, current, next) in [
        ("2019-03-16T03:59:59Z", false, None, Some(0)),
        ("2019-03-16T04:00:00Z", true, Some(0), Some(1)),
        ("2019-03-17T04:00:00Z", true, Some(1), Some(2)),
        ("2019-03-18T04:00:00Z", true, Some(2), None),
        ("2029-03-18T04:00:00Z", true, Some(2), None),
    ] {
        let items = list([(CaseId::new(), owed())], at(now));
        assert_eq!((items[0].overdue, items[0].current, items[0].next), (overdue, current, next), "{now}");
        assert_eq!(
            items[0].current_rung().map(|rung| &rung.name),
            current.map(|n| &items[0].owed.ladder[n].name)
        );
        assert_eq!(items[0].next_rung().is_some(), next.is_some());
    }
}

#[test]
fn what_is_due_first_comes_first() {
    let later = Owed { due: at("2019-04-01T00:00:00Z"), ..owed() };
    let (a, b, c) = (CaseId::new(), CaseId::new(), CaseId::new());
    let items = list([(c, owed()), (b, later), (a, owed())], at("2019-03-20T00:00:00Z"));
    assert_eq!(items.iter().map(|item| item.case).collect::<Vec<_>>(), [a, c, b]);
}

#[test]
fn what_is_past_is_listed_no_more_and_nobody_is_reminded() {
    let ending = Owed { until: Some(at("2019-03-17T12:00:00Z")), ..owed() };
    for (now, listed, posted) in
        [("2019-03-17T11:59:59Z", 1, 1), ("2019-03-17T12:00:00Z", 0, 0), ("2019-04-10T00:00:00Z", 0, 0)]
    {
        assert_eq!(list([(CaseId::new(), ending.clone())], at(now)).len(), listed, "{now}");
        let rungs = rungs_to_post(&ending, &organization("aco"), &AGREEMENT, at(now));
        assert_eq!(rungs.len(), posted, "{now}");
    }
}

#[test]
fn what_begins_later_is_not_listed_yet() {
    let ahead = Owed { from: Some(at("2019-03-10T00:00:00Z")), ..owed() };
    for (now, listed) in
        [("2019-03-09T23:59:59Z", 0), ("2019-03-10T00:00:00Z", 1), ("2019-04-10T00:00:00Z", 1)]
    {
        assert_eq!(list([(CaseId::new(), ahead.clone())], at(now)).len(), listed, "{now}");
    }
    let zone = TimeZone::get("America/New_York").unwrap();
    assert_eq!(
        a_month_before(at("2019-03-16T04:00:00Z"), &zone),
        at("2019-02-14T05:00:00Z"),
        "by the calendar"
    );
    assert_eq!(a_month_before(Timestamp::MIN, &zone), Timestamp::MIN);
    assert!(a_month_before(Timestamp::MAX, &zone) <= Timestamp::MAX);
}

#[test]
fn a_rung_is_posted_by_its_own_sides_keeper_and_by_the_others_after_the_grace() {
    for (now, by_aco, by_cp) in [
        ("2019-03-16T03:59:59Z", vec![], vec![]),
        ("2019-03-16T04:00:00Z", vec![0], vec![]),
        ("2019-03-17T03:59:59Z", vec![0], vec![]),
        ("2019-03-17T04:00:00Z", vec![0], vec![0, 1]),
        ("2019-03-18T04:00:00Z", vec![0, 1, 2], vec![0, 1]),
        ("2019-03-19T04:00:00Z", vec![0, 1, 2], vec![0, 1, 2]),
    ] {
        for (own, expected) in [("aco", by_aco), ("cp", by_cp), ("hospital", vec![])] {
            let posts = rungs_to_post(&owed(), &organization(own), &AGREEMENT, at(now));
            assert_eq!(posts.iter().map(|post| post.rung).collect::<Vec<_>>(), expected, "{own} at {now}");
        }
    }
}

#[test]
fn a_post_says_which_rung_and_is_not_repeated() {
    let mut owed = owed();
    let now = at("2019-03-18T04:00:00Z");
    owed.ladder[0].posted = Some(("@aco:aco.example".parse().unwrap(), now));
    let posts = rungs_to_post(&owed, &organization("aco"), &AGREEMENT, now);
    let expected = |n: usize| RungPosted {
        owed: owed.since,
        clock: "plan-return".into(),
        rung: u32::try_from(n).unwrap(),
        contact: owed.ladder[n].contact.clone(),
        organization: owed.ladder[n].organization.clone(),
        due: owed.ladder[n].at,
        left: false,
    };
    assert_eq!(posts, [expected(1), expected(2)]);
}

#[test]
fn a_reminder_is_told_to_a_person() {
    let owed = owed();
    let zone = &AGREEMENT.zone;
    assert_eq!(
        tell(&owed, &owed.ladder[2], zone),
        "Reminder for lee (+1 617 555 0142): return the care plan. It was due by 2019-03-15."
    );
    assert_eq!(
        tell(&owed, &owed.ladder[0], zone),
        "Reminder for joe: return the care plan. It was due by 2019-03-15."
    );
}

proptest! {
    /// Whatever the two keepers do and whenever they are stopped: once the last grace is over, every rung is posted once.
    #[test]
    fn two_keepers_post_every_rung_once(
        runs in proptest::collection::vec((0i64..120, any::<bool>()), 0..20),
        survivor in any::<bool>(),
    ) {
        let mut owed = owed();
        let mut runs = runs;
        runs.sort_unstable();
        runs.push((24 * 30, survivor));
        let mut posted = Vec::new();
        for (hours, aco) in runs {
            let now = owed.due + SignedDuration::from_hours(hours - 12);
            let own = organization(if aco { "aco" } else { "cp" });
            for post in rungs_to_post(&owed, &own, &AGREEMENT, now) {
                let rung = &mut owed.ladder[post.rung as usize];
                prop_assert!(rung.at <= now && rung.posted.is_none());
                rung.posted = Some(("@keeper:aco.example".parse().unwrap(), now));
                posted.push(post.rung);
            }
        }
        posted.sort_unstable();
        prop_assert_eq!(posted, [0, 1, 2]);
    }
}
