//! A command that is repeated under its id is answered as it was first, whatever its own first attempt, and others since, have made
//! of the case.

use super::*;
use crate::case::event::EventKey;
use crate::consent::MOST_OVERRIDES;

#[tokio::test]
async fn nothing_that_came_of_it_speaks_against_it() {
    let world = World::new();
    let (jane, joe, case, joes) = consents::two(&world).await;
    // As many emergencies as may wait for somebody to look at them: the last one is the reason why there is no other.
    let urgent = joes.in_emergency("Synthetic emergency");
    let say = |id| urgent.send(Some(id), Message::text("Synthetic"));
    let ids: Vec<EventId> = (0..MOST_OVERRIDES).map(|_| EventId::new()).collect();
    let first: Vec<EventKey> = ids.iter().map(|id| say(*id).unwrap()).collect();
    assert_eq!(say(EventId::new()).unwrap_err().code(), "not-allowed");
    assert_eq!(say(ids[0]).unwrap(), first[0]);
    assert_eq!(say(ids[MOST_OVERRIDES - 1]).unwrap(), first[MOST_OVERRIDES - 1]);
    assert_eq!(joes.send(Some(ids[0]), Message::text("Synthetic")).unwrap_err().code(), "id-taken");
    settle(&[&joe, &jane]).await;

    // What follows something labelled is labelled; what followed it before is what it was.
    let task = crate::client::Task::new("Ask about the ride").owner(seat("joe").contact.id);
    let task = joes.assign(None, task.due("2019-03-08".parse::<jiff::civil::Date>().unwrap())).unwrap();
    let done = EventId::new();
    let complete = || joes.complete_task(Some(done), task.clone(), "He goes by bus");
    let completed = complete().unwrap();
    let ended = EventId::new();
    let end = || joes.end_seat(Some(ended), seat("joe").contact.id, organization_id("aco"));
    // Their last lead cannot leave: another one first.
    let another = joes.name_seat(None, Seat { lead: true, ..seat("rao") });
    assert!(another.is_ok(), "{another:?}");
    let left = end().unwrap();
    assert_eq!(complete().unwrap(), completed, "who has left is answered as before");
    assert_eq!(end().unwrap(), left);
    assert_eq!(say(ids[0]).unwrap(), first[0]);
    settle(&[&joe, &jane]).await;
    // Jane's end of the case waits until he is out of the room: it is accepted all the same.
    let closed = EventId::new();
    let close = || case.close(Some(closed), crate::case::life::CloseReason::Moved);
    let over = close().unwrap();
    assert_eq!(close().unwrap(), over, "the end of the case is not refused because the case is over");
}

#[tokio::test]
async fn whom_the_directory_has_lost_since_is_named_as_at_first() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    jane.engine.directory.write().unwrap().contacts.push(seat("kim").contact);
    let id = EventId::new();
    let name = |id| case.name_contact(Some(id), &seat("kim").contact.id, None, false);
    let named = name(id).unwrap();
    jane.engine.directory.write().unwrap().contacts.retain(|contact| contact.id != seat("kim").contact.id);
    assert_eq!(name(id).unwrap(), named);
    assert_eq!(name(EventId::new()).unwrap_err().code(), "not-found");
}

#[tokio::test]
async fn a_plan_that_was_replaced_since_is_the_plan_that_was_sent() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let case = jane.open(opening(&["jane", "joe", "rao"])).unwrap();
    settle(&[&jane]).await;
    let (one, two) = (EventId::new(), EventId::new());
    let send = |id, text: &str| case.send_plan_document(Some(id), &plan_text(text));
    let first = send(one, "first").unwrap();
    let second = send(two, "second").unwrap();
    assert_eq!(send(one, "first").unwrap(), first);
    assert_eq!(send(two, "second").unwrap(), second);
}

fn plan_text(title: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"CarePlan","status":"active","intent":"plan","title":"Synthetic {title}","subject":{{"display":"Nobody"}}}}}}]}}"#
    )
}
