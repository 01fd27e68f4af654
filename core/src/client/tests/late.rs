//! What arrives late: an event of another homeserver that is listed far below a room's end, and that no later event names.

use super::*;
use crate::id::MatrixEventId;

/// A room in which Joe's homeserver kept one message of his to itself while so many others came.
async fn one_kept_back(then: usize) -> (World, Caseline, Case, MatrixEventId) {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    settle(&[&joe, &jane]).await;
    joe.shutdown().await;
    let room = room(&case);
    world.server.offline(&user("jane"), true);
    let late = world.server.send_foreign(&room, &user("joe"), "late").unwrap();
    world.server.drop_history_event(&room, &late).unwrap();
    for n in 0..then {
        world.server.send_foreign(&room, &user("joe"), &n.to_string()).unwrap();
    }
    world.server.offline(&user("jane"), false);
    settle(&[&jane]).await;
    assert_eq!(texts(&case).len(), then);
    (world, jane, case, late)
}

async fn comes(case: &Case) {
    let arrival = async {
        while !texts(case).contains(&"late".to_owned()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, arrival).await.unwrap();
}

#[tokio::test]
async fn a_late_event_that_the_hint_names_is_found_however_deep() {
    let (world, _jane, case, late) = one_kept_back(300).await;
    world.server.restore_history_event(&room(&case), &late).unwrap();
    comes(&case).await;
    // What is never found ends the search.
    world.server.drop_history_event(&room(&case), &late).unwrap();
    let ghost = world.server.send_foreign(&room(&case), &user("joe"), "ghost").unwrap();
    world.server.drop_history_event(&room(&case), &ghost).unwrap();
    world.server.send_foreign(&room(&case), &user("joe"), "after").unwrap();
    let after = async {
        while !texts(&case).contains(&"after".to_owned()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, after).await.unwrap();
}

#[tokio::test]
async fn a_late_event_that_came_while_nobody_listened_is_found_at_the_next_start() {
    let (world, jane, case, late) = one_kept_back(150).await;
    let (room, id) = (room(&case), case.id());
    jane.shutdown().await;
    drop((jane, case));
    world.server.restore_history_event(&room, &late).unwrap();
    let jane = world.start("jane").await;
    comes(&jane.case(id).unwrap()).await;
}
