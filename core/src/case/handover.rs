//! The handover: what came before, for a newcomer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::care_plan::Document;
use crate::case::event::{
    BLOCK, Block, Content, EventData, EventKey, Head, Held, HeldBody, MAX_DEPTH, Receipt, deeper,
};
use crate::case::fold::Fold;
use crate::case::roster;
use crate::case::state::Entry;
use crate::concern;
use crate::id::{EventId, Sha256, UserId};
use crate::label::Marks;
use crate::referral;

/// `handover`: the case's events up to named heads, vouched for by its sender. The events themselves are a JSON array of
/// [`HandedEvent`] and travel as a document, since they can be long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// For whom: who was named anew.
    pub to: Vec<UserId>,
    /// Up to which events.
    pub heads: Vec<Head>,
    /// The events, as a document.
    pub events: Document,
}

/// One event of a handover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandedEvent {
    /// Who sent it.
    pub sender: UserId,
    /// The id its author chose.
    pub id: EventId,
    /// The homeserver's timestamp, as the one who hands over saw it.
    pub server_at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub body: HandedBody,
}

/// What a handover tells of one event.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant)]
pub enum HandedBody {
    /// The whole content.
    Content(Value),
    /// Only what `step` reads, since the policy withholds the rest.
    Stub(Stub),
}

impl std::fmt::Debug for HandedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Content(_) => "Content(…)",
            Self::Stub(_) => "Stub(…)",
        })
    }
}

/// What a newcomer learns of an event that the policy withholds: enough to fold, nothing clinical.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Stub {
    /// Its kind.
    pub kind: String,
    /// The version of its block.
    pub v: u32,
    /// The heads it names.
    pub after: Vec<Head>,
    /// Its clock.
    pub clock: u64,
    /// Its author's time.
    pub at: Timestamp,
    /// The SHA-256 of the content.
    pub sha256: Sha256,
    /// That it was told in an emergency, if it was.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
    /// The few fields that `step` reads.
    pub data: Value,
}

impl std::fmt::Debug for Stub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stub({}, {})", self.kind, self.sha256)
    }
}

impl Stub {
    /// Whether it stands for a message without our block: of the kind `m.room.message`, with version and clock 0.
    pub fn is_foreign(&self) -> bool {
        self.v == 0 && self.kind == Entry::FOREIGN
    }

    /// What a handover tells of an event that it withholds; `bare` where its room holds no member data.
    fn of(held: &Held, bare: bool) -> Self {
        let content = match &held.body {
            HeldBody::Stub(stub) => return stub.clone(),
            HeldBody::Whole(content) => content,
        };
        let blank = Self {
            kind: String::new(),
            v: 0,
            after: Vec::new(),
            clock: 0,
            at: held.server_at,
            sha256: content.sha256,
            marks: Marks::default(),
            data: Value::Null,
        };
        match &content.block {
            Block::Absent => Self { kind: Entry::FOREIGN.to_owned(), ..blank },
            // Refused by its clock wherever it arrives, as the content is by its form.
            Block::Malformed => blank,
            Block::Event(event) => Self {
                kind: event.data.kind().to_owned(),
                v: event.v,
                after: event.after.clone(),
                clock: event.clock,
                at: event.at,
                marks: if event.data.has_content() { event.marks.withheld() } else { Marks::default() },
                data: marked(read_by_step(&event.data, event.at), bare && holds(event, &content.body)),
                ..blank
            },
        }
    }
}

/// In the stub of a message in a room without member data: that what was withheld held some, so that it takes no step anywhere.
const MEMBER_DATA: &str = "member_data";

/// Whether a stub says of itself that its message held member data.
pub(crate) fn says_member_data(stub: &Stub) -> bool {
    stub.data.get(MEMBER_DATA) == Some(&Value::Bool(true))
}

fn holds(event: &crate::case::event::Event, body: &str) -> bool {
    let text = match &event.data {
        EventData::MessageSent(_) => body,
        EventData::MessageCorrected(corrected) => &corrected.text,
        _ => return false,
    };
    concern::text_holds_member_data(text, event.at)
}

fn marked(mut data: Value, holds: bool) -> Value {
    if let (Value::Object(fields), true) = (&mut data, holds) {
        fields.insert(MEMBER_DATA.into(), true.into());
    }
    data
}

/// The few fields that `step` reads.
fn read_by_step(data: &EventData, at: Timestamp) -> Value {
    if let Some(withheld) = concern::withheld(data, at) {
        return withheld.to_value().unwrap_or_default();
    }
    if let Some(withheld) = referral::withheld(data) {
        return withheld.to_value().unwrap_or_default();
    }
    let fields = match data {
        EventData::MessageSent(_) => serde_json::to_value(crate::communication::MessageSent::default()),
        EventData::MessageCorrected(corrected) => serde_json::to_value(corrected.withheld()),
        EventData::CaseReopened(reopened) => serde_json::to_value(reopened.withheld()),
        EventData::ContactWithdrawn(withdrawn) => serde_json::to_value(withdrawn.withheld()),
        EventData::ContactProhibited(prohibited) => serde_json::to_value(prohibited.withheld()),
        EventData::ContactPermitted(permitted) => serde_json::to_value(permitted.withheld()),
        EventData::ContactRecorded(recorded) => serde_json::to_value(recorded.withheld()),
        EventData::CrossingCarried(carried) => serde_json::to_value(carried.withheld()),
        EventData::ConsentRecorded(recorded) => serde_json::to_value(recorded.withheld()),
        EventData::ConsentRevoked(revoked) => serde_json::to_value(revoked.withheld()),
        EventData::OverrideReviewed(reviewed) => serde_json::to_value(reviewed.withheld()),
        EventData::OutreachAsked(asked) => serde_json::to_value(asked.withheld()),
        EventData::OutreachGranted(granted) => serde_json::to_value(granted.withheld()),
        EventData::OutreachRefused(refused) => serde_json::to_value(refused.withheld()),
        EventData::StageReached(reached) => serde_json::to_value(reached.withheld()),
        EventData::PlanSent(sent) => serde_json::to_value(sent.withheld()),
        EventData::PlanSigned(signed) => serde_json::to_value(signed.withheld()),
        EventData::PlanReturned(returned) => serde_json::to_value(returned.withheld()),
        EventData::AlertRaised(raised) => serde_json::to_value(raised.withheld()),
        EventData::VisitProposed(proposed) => serde_json::to_value(proposed.withheld()),
        EventData::VisitAnswered(answered) => serde_json::to_value(answered.withheld()),
        EventData::FollowUpDone(done) => serde_json::to_value(done.withheld()),
        EventData::MeetingSet(set) => serde_json::to_value(set.withheld()),
        EventData::MeetingPrepared(prepared) => serde_json::to_value(prepared.withheld()),
        EventData::MeetingUndone(undone) => serde_json::to_value(undone.withheld()),
        EventData::TaskAssigned(assigned) => serde_json::to_value(assigned.withheld()),
        EventData::TaskDeclined(declined) => serde_json::to_value(declined.withheld()),
        EventData::TaskHandedOver(handed) => serde_json::to_value(handed.withheld()),
        EventData::TaskCompleted(completed) => serde_json::to_value(completed.withheld()),
        EventData::TaskCancelled(cancelled) => serde_json::to_value(cancelled.withheld()),
        EventData::Handover(handover) => {
            serde_json::to_value(Handover { events: handover.events.withheld(), ..handover.clone() })
        }
        EventData::Unknown { .. } => Ok(Value::Null),
        other => other.to_value(),
    };
    fields.unwrap_or_default()
}

/// What is handed over to newcomers: the case's events up to its heads, and those heads. `which` says which events.
///
/// What `withhold` names goes as a stub, and so do earlier handovers, whose content would tell what is withheld. What nobody
/// proves is left out: handing over is vouching.
pub fn make(
    fold: &Fold,
    which: impl Fn(&EventKey) -> bool,
    withhold: impl Fn(&Held) -> bool,
) -> (Vec<HandedEvent>, Vec<Head>) {
    let counting = fold.keys().filter(|key| which(key)).filter_map(|key| fold.counting(key));
    let bare = fold.state().opening().is_some_and(|opening| opening.kind.is_without_members());
    let events = counting.map(|held| hand_in(held, withhold(held), bare)).collect();
    (events, fold.state().heads())
}

/// What crossed with somebody's naming: events whose authors did not know of it, so that they sent them without the
/// newcomer, and which no handover told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    /// The newcomer.
    pub user: UserId,
    /// The events.
    pub events: BTreeSet<EventKey>,
}

/// What crossed with the namings that `by` did. Whoever named somebody hands over to them, first what came before and then
/// what arrives late with an older place; nothing is here until that first handover is on its way.
///
/// `ours` tells the handovers that this device sent from those of another device of the same account; `text` gives the text
/// of a document.
pub fn crossed(
    fold: &Fold,
    by: &UserId,
    ours: impl Fn(EventId) -> bool,
    text: impl Fn(&Document) -> Option<String>,
) -> Vec<Crossed> {
    let state = fold.state();
    let named =
        state.roster().all().iter().filter(|place| place.ended.is_none() && place.since.sender == *by);
    let mut found = Vec::new();
    for place in named {
        let Some(user) = roster::room_user(&place.seat).filter(|user| *user != by) else { continue };
        let handed: Vec<(&Held, &Handover)> = state
            .timeline
            .iter()
            .filter(|entry| entry.kind == "handover" && entry.key.sender == *by && ours(entry.key.id))
            .filter_map(|entry| fold.counting(&entry.key))
            .filter_map(|held| match &held.body {
                HeldBody::Whole(Content { block: Block::Event(event), .. }) => match &event.data {
                    EventData::Handover(handover) if handover.to.contains(user) => Some((held, handover)),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let Some(first) = handed.iter().map(|(held, _)| held.server_at).min() else { continue };
        let heads: Vec<&EventKey> =
            handed.iter().flat_map(|(_, handover)| &handover.heads).map(|head| &head.key).collect();
        let told = state.all_before(heads.iter().copied());
        let read = state.and_after(&place.since);
        let mut events: BTreeSet<EventKey> = state
            .links
            .keys()
            .filter(|key| {
                key.sender != *user && !read.contains(key) && !told.contains(key) && !heads.contains(key)
            })
            .cloned()
            .collect();
        // Another client's message names nothing before it: what had left when the first handover did, and is in none.
        let foreign =
            state.timeline.iter().filter(|entry| entry.kind == Entry::FOREIGN && entry.server_at <= first);
        let foreign: Vec<&EventKey> =
            foreign.map(|entry| &entry.key).filter(|key| key.sender != *user).collect();
        if !foreign.is_empty() {
            let texts = handed.iter().filter_map(|(_, handover)| text(&handover.events));
            let told: BTreeSet<EventKey> = texts
                .filter_map(|text| self::read(&text))
                .flat_map(|(events, _)| events)
                .map(|event| EventKey { sender: event.sender, id: event.id })
                .collect();
            events.extend(foreign.into_iter().filter(|key| !told.contains(key)).cloned());
        }
        events.retain(|key| fold.counting(key).is_some());
        if !events.is_empty() {
            found.push(Crossed { user: user.clone(), events });
        }
    }
    found
}

/// One event of a case as it is handed over: for one that arrives late, too.
pub fn hand(held: &Held, withhold: bool) -> HandedEvent {
    hand_in(held, withhold, false)
}

fn hand_in(held: &Held, withhold: bool, bare: bool) -> HandedEvent {
    let whole = match &held.body {
        HeldBody::Whole(content) if !withhold && !is_handover(content) => {
            // What the hash is over, and nothing that could be changed under it.
            let whole =
                serde_json::from_str::<Map<String, Value>>(content.json.get()).ok().map(|mut whole| {
                    whole.retain(|key, _| key == "body" || key == BLOCK);
                    Value::Object(whole)
                });
            // What is nested too deep goes as a stub: whoever reads the handover at once could read none of it.
            whole.filter(|whole| !deeper(whole, MAX_DEPTH))
        }
        _ => None,
    };
    HandedEvent {
        sender: held.sender.clone(),
        id: held.id,
        server_at: held.server_at,
        body: whole.map_or_else(|| HandedBody::Stub(Stub::of(held, bare)), HandedBody::Content),
    }
}

fn is_handover(content: &Content) -> bool {
    matches!(&content.block, Block::Event(event) if matches!(event.data, EventData::Handover(_)))
}

/// The texts that events are handed over as: one, or as many as it takes for none to be longer than `limit`. Nothing where an
/// event has no form as JSON.
#[cfg(any(feature = "store", test))]
pub(crate) fn pack(events: &[HandedEvent], limit: usize) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for event in events {
        let event = serde_json::to_string(event).ok()?;
        match texts.last_mut() {
            Some(text) if text.is_empty() || text.len() + event.len() + 2 <= limit => {
                text.push(if text.is_empty() { '[' } else { ',' });
                text.push_str(&event);
            }
            _ => texts.push(format!("[{event}")),
        }
    }
    Some(texts.into_iter().map(|text| if text.is_empty() { "[]".to_owned() } else { text + "]" }).collect())
}

/// Reads the events of a handover, each by itself, so that one which cannot be read hides no other. Returns how many could
/// not be; nothing where the text is no list.
pub fn read(text: &str) -> Option<(Vec<HandedEvent>, usize)> {
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let events: Vec<HandedEvent> =
        items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
    let unreadable = items.len() - events.len();
    Some((events, unreadable))
}

/// The events of a handover as a device holds them. `by` is the sender of the `handover` event.
///
/// Only a `handover` that came first-hand, from a proven device, is unpacked. What its sender is
/// believed in is the fold's to say: see [`Fold::invited`]. What has not the form of an event's content is left out.
pub fn unpack(events: Vec<HandedEvent>, by: &UserId) -> Vec<Held> {
    let unpacked = events.into_iter().filter_map(|event| {
        let body = match event.body {
            HandedBody::Stub(stub) => HeldBody::Stub(stub),
            HandedBody::Content(content) => {
                let json = serde_json::value::to_raw_value(&content).ok()?;
                HeldBody::Whole(Content::parse(&json).ok()?)
            }
        };
        Some(Held {
            sender: event.sender,
            id: event.id,
            server_at: event.server_at,
            receipt: Receipt::HandedOver { by: by.clone() },
            body,
        })
    });
    unpacked.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_event_that_cannot_be_read_hides_no_other() {
        let good = |body: &str| {
            serde_json::json!({ "sender": "@joe:aco.example", "id": EventId::new(), "server_at": "2019-03-01T14:00:00Z",
                "content": { "body": body } })
            .to_string()
        };
        let deep = format!("{{\"content\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
        let text = format!("[{},{deep},{{}},7,{}]", good("one"), good("two"));
        let (events, unreadable) = read(&text).unwrap();
        assert_eq!((events.len(), unreadable), (2, 3));
        assert!(read("{}").is_none());
    }

    #[test]
    fn a_long_handover_is_packed_into_parts_that_are_read_alike() {
        let event = |n: usize| HandedEvent {
            sender: "@joe:aco.example".parse().unwrap(),
            id: EventId::new(),
            server_at: Timestamp::UNIX_EPOCH,
            body: HandedBody::Content(serde_json::json!({ "body": "x".repeat(n) })),
        };
        let events: Vec<_> = [10, 3000, 20, 900, 30, 700].map(event).into();
        assert_eq!(pack(&events, usize::MAX).unwrap(), [serde_json::to_string(&events).unwrap()]);
        assert_eq!(pack(&[], 1000).unwrap(), ["[]"]);
        let parts = pack(&events, 2000).unwrap();
        assert!(
            parts.len() > 2 && parts.iter().filter(|part| part.len() > 2000).count() == 1,
            "one event is"
        );
        let back: Vec<_> = parts.iter().flat_map(|part| read(part).unwrap().0).collect();
        assert_eq!(back, events);
    }
}
