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
