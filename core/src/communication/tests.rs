//! What follows a message. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::case::event::EventData;
use crate::case::fold::Fold;
use crate::case::fold::tests::world::{at, id, next, opening, seat, user};
use crate::case::life::{CaseClosed, CloseReason};
use crate::case::roster::Roster;
use crate::case::state::Resource;

/// A case in which people do things one after the other.
struct World(Fold);

impl World {
    /// The opening, Jane's message, and Joe's.
    fn new() -> (Self, EventKey, EventKey) {
        let mut world = Self(Fold::new());
        world.take("jane", opening()).unwrap();
        let jane = world.take("jane", MessageSent { priority: Priority::Urgent, in_reply_to: None }).unwrap();
        let joe =
            world.take("joe", MessageSent { in_reply_to: Some(jane.clone()), ..MessageSent::default() });
        (world, jane, joe.unwrap())
    }

    fn take(&mut self, who: &str, data: impl Into<EventData>) -> Result<EventKey, String> {
        let held = next(self.0.keys().count(), who, self.0.state(), data);
        let key = held.key();
        self.0.insert(held);
        let entry = self.0.state().entry(&key).unwrap();
        match entry.standing.reason() {
            None => Ok(key),
            Some(reason) => Err(reason.code.clone().into_owned()),
        }
    }

    fn message(&self, key: &EventKey) -> &Message {
        self.0.state().messages.iter().find(|message| message.key == *key).unwrap()
    }
}

fn corrected(message: &EventKey) -> MessageCorrected {
    MessageCorrected { message: message.id, text: "On Thursday".into() }
}

#[test]
fn a_correction_is_a_message_in_place_of_another() {
    let (mut world, jane, _) = World::new();
    let new = world.take("jane", corrected(&jane)).unwrap();
    let message = world.message(&new);
    assert_eq!(message.text.as_deref(), Some("On Thursday"));
    assert_eq!((message.corrects.as_ref(), message.priority), (Some(&jane), Priority::Urgent));
    assert_eq!(world.message(&jane).standing, MessageStanding::Corrected { by: new.clone() });
    assert_eq!(world.message(&jane).text.as_deref(), Some("words 1"), "what was said stays to be read");
    // It is corrected in its turn; the old one is not.
    assert_eq!(world.take("jane", corrected(&jane)), Err("message-corrected".into()));
    let last = world.take("jane", corrected(&new)).unwrap();
    assert_eq!(world.message(&new).standing, MessageStanding::Corrected { by: last });
}

#[test]
fn only_its_author_corrects_a_message_or_takes_it_back() {
    let (mut world, jane, joe) = World::new();
    for message in [&jane, &EventKey { sender: user("joe"), id: EventId::new() }] {
        assert_eq!(world.take("joe", corrected(message)), Err("message-unknown".into()));
        let retracted = MessageRetracted { message: message.id };
        assert_eq!(world.take("joe", retracted), Err("message-unknown".into()));
    }
    let by = world.take("joe", MessageRetracted { message: joe.id }).unwrap();
    assert_eq!(world.message(&joe).standing, MessageStanding::Retracted { by });
    assert_eq!(world.take("joe", MessageRetracted { message: joe.id }), Err("message-retracted".into()));
    assert_eq!(world.take("joe", corrected(&joe)), Err("message-retracted".into()));
}

#[test]
fn a_message_is_seen_once_by_each_person() {
    let (mut world, jane, joe) = World::new();
    let both = MessageSeen { messages: vec![jane.clone(), joe.clone()] };
    assert_eq!(world.take("aco-bot", both.clone()), Err("message-seen-by".into()));
    let first = world.take("joe", both.clone()).unwrap();
    assert_eq!(world.take("joe", both.clone()), Err("message-seen-before".into()));
    world.take("rao", both).unwrap();
    let seen = &world.message(&jane).seen;
    assert_eq!(seen.iter().map(|seen| seen.contact.value()).collect::<Vec<_>>(), ["joe", "rao"]);
    assert_eq!(world.message(&joe).seen.len(), 1, "one's own message is not seen by oneself");
    // Only the first of them says when a message was received.
    let heads = world.0.state().shaped_by(&Resource::Message(jane));
    assert_eq!(heads.iter().map(|head| &head.key).collect::<Vec<_>>(), [&first]);
    let many = MessageSeen { messages: vec![joe; MOST_SEEN + 1] };
    assert_eq!(world.take("kim", many.clone()), Err("no-seat".into()));
    assert_eq!(world.take("lee", many), Err("message-seen-too-many".into()));
}

#[test]
fn nothing_follows_in_a_case_that_is_over() {
    let (mut world, jane, _) = World::new();
    world.take("jane", CaseClosed { reason: CloseReason::Moved, continued_in: None }).unwrap();
    assert_eq!(world.take("jane", corrected(&jane)), Err("case-closed".into()));
    assert_eq!(world.take("joe", MessageSeen { messages: vec![jane] }), Err("case-closed".into()));
}

#[test]
fn words_for_any_client() {
    let (mut world, jane, joe) = World::new();
    for (who, data, words) in [
        ("jane", EventData::from(corrected(&jane)), "corrects an earlier message: On Thursday"),
        ("joe", MessageSeen { messages: vec![jane] }.into(), "has seen a message."),
        ("joe", MessageRetracted { message: joe.id }.into(), "takes back an earlier message."),
    ] {
        world.take(who, data).unwrap();
        let text = &world.0.state().timeline.last().unwrap().text;
        assert!(text.starts_with(who) && text.ends_with(words), "{text}");
    }
}

#[test]
fn a_long_conversation_is_read_in_good_time() {
    // For each of those who read, every message by every one that they name: 10^10 comparisons.
    const MANY: usize = 100_000;
    let (opening, joe) = (opening(), seat("joe"));
    let first = EventKey { sender: user("jane"), id: id(0) };
    let roster = Roster::of(&opening.roster, &first).unwrap();
    let by = |key| Step {
        key,
        seat: &joe,
        at: at(0),
        server_at: at(0),
        roster: &roster,
        plan_side: &opening.plan_side.id,
        community_side: &opening.community_side.id,
        story_clock: true,
    };
    let keys: Vec<EventKey> = (1..=MANY).map(|n| EventKey { sender: user("jane"), id: id(n) }).collect();
    let mut messages: Vec<Message> =
        keys.iter().map(|key| Message { from: seat("jane").contact, ..step(None, None, &by(key)) }).collect();
    let places: Places = keys.iter().cloned().enumerate().map(|(n, key)| (key, n)).collect();
    let read: Vec<EventKey> = (1..=keys.len().div_ceil(MOST_SEEN))
        .map(|n| EventKey { sender: user("joe"), id: id(MANY + n) })
        .collect();
    for (some, key) in keys.chunks(MOST_SEEN).zip(&read) {
        let seen = MessageSeen { messages: some.to_vec() };
        let followed = follow(&mut messages, &places, MessageEvent::Seen(&seen), true, &by(key));
        assert_eq!(followed, Ok(None));
    }
    assert!(messages.iter().all(|message| message.seen.len() == 1));
}
