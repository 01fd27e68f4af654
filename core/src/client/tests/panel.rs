//! The panel of a device, from its store.

use super::*;
use crate::contact::Topic;
use crate::panel::{Counts, PanelQuery};

fn counts(of: &Caseline) -> Counts {
    of.panel(&PanelQuery::default()).unwrap().counts
}

#[tokio::test]
async fn the_panel_follows_what_comes_and_what_is_seen() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    assert_eq!(counts(&jane), Counts::default());
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    assert_eq!((counts(&jane).open, counts(&joe).open), (1, 1));
    let said = case.send(None, Message::text("Have you seen the plan?")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!((counts(&jane).unread, counts(&joe).unread, counts(&joe).messages), (0, 1, 1));
    joes.seen(&said).unwrap();
    settle(&[&joe, &jane]).await;
    assert_eq!(counts(&joe).unread, 0);
    let due: jiff::civil::Date = "2019-03-08".parse().unwrap();
    case.assign(None, Task::new("Housing form").owner(seat("joe").contact.id).due(due)).unwrap();
    settle(&[&jane, &joe]).await;
    let mine = PanelQuery { mine_only: true, ..PanelQuery::default() };
    let joes_own = joe.panel(&mine).unwrap();
    assert_eq!((joes_own.counts.due, joes_own.cases[0].own_tasks), (1, 1));
    assert_eq!(jane.panel(&mine).unwrap().counts.open, 0);
    world.clock.advance(SignedDuration::from_hours(24 * 40));
    let later = counts(&joe);
    assert_eq!((later.overdue, later.quiet), (1, 1));
    let consent = PanelQuery { topic: Some(Topic::Consent), ..PanelQuery::default() };
    assert_eq!(joe.panel(&consent).unwrap().counts.open, 0);
    case.close(None, crate::case::life::CloseReason::Moved).unwrap();
    settle(&[&jane, &joe]).await;
    let over = joe.panel(&PanelQuery::default()).unwrap();
    assert_eq!((over.counts, over.cases.len(), over.pairs.len()), (Counts::default(), 0, 1));
}

#[tokio::test]
async fn the_panel_is_made_anew_where_another_release_made_it() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    case.send(None, Message::text("Hello")).unwrap();
    settle(&[&jane, &joe]).await;
    let before = joe.panel(&PanelQuery::default()).unwrap();
    assert_eq!(before.counts.unread, 1);
    let db = &joe.engine.db;
    db.set_meta("panel-version", Some("0")).unwrap();
    db.write(|t| {
        t.execute("UPDATE panel SET row = x'00'", []).unwrap();
        Ok(())
    })
    .unwrap();
    assert_eq!(joe.panel(&PanelQuery::default()).unwrap(), before);
    // And after a start, from the events alone.
    joe.shutdown().await;
    drop(joe);
    let joe = world.start("joe").await;
    assert_eq!(joe.panel(&PanelQuery::default()).unwrap(), before);
}

#[tokio::test]
async fn many_cases_are_counted_as_each_of_them_is() {
    let world = World::new();
    let me = user("joe");
    let now: jiff::Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    world.clock.set(now);
    let joe = world.start("joe").await;
    let programme = crate::testing::Programme::new(3, 4, 2, me.clone(), now).unwrap();
    let cases: Vec<_> = (0..120).map(|n| programme.case(n).unwrap()).collect();
    joe.keep_received(&cases).unwrap();
    let panel = joe.panel(&PanelQuery::default()).unwrap();
    let states: Vec<_> = joe.cases().unwrap().iter().map(|case| case.state().unwrap()).collect();
    let count =
        |of: &dyn Fn(&crate::case::state::CaseState) -> bool| states.iter().filter(|one| of(one)).count();
    assert_eq!(panel.counts.open, count(&|state| state.life.closed.is_none()));
    assert_eq!(panel.counts.overdue, count(&|state| state.owed().iter().any(|owed| owed.due <= now)));
    assert_eq!(panel.counts.due + panel.counts.overdue, count(&|state| !state.owed().is_empty()));
    assert_eq!((panel.pairs.len(), panel.cases.len(), panel.more), (8, 100, panel.counts.open - 100));
    assert!(panel.counts.unsigned > 0 && panel.counts.admitted > 0 && panel.counts.unread > 0);
    // Each pair alone comes to the same as all of them together.
    let mut together = 0;
    for pair in &panel.pairs {
        let query = PanelQuery {
            plan_side: Some(pair.of.pair.plan_side.clone()),
            community_side: Some(pair.of.pair.community_side.clone()),
            ..PanelQuery::default()
        };
        let alone = joe.panel(&query).unwrap();
        assert_eq!((alone.counts, &alone.pairs[..]), (pair.counts, std::slice::from_ref(pair)));
        together += alone.counts.open;
    }
    assert_eq!(together, panel.counts.open);
}
