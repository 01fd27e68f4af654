//! The place of each event.
//!
//! An event's computed clock is one more than the highest among its predecessors that are held and not refused, or 1; it
//! orders, then the id, then the sender; of one clock an opening comes first, since what follows a gap can have its clock and
//! would be judged before there is a case. An edge counts only towards an event with a lower stated clock, so that no two
//! events can come before each other. What has no clock of its own (another client's message, what is refused) comes
//! right after the last event in that order which the homeserver received no later; several of one place in the order of
//! their timestamps, then ids.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::case::event::{Block, EventData, EventKey, Head, Held, HeldBody, MAX_CLOCK};
use crate::case::fold::choose::Trust;
use crate::case::fold::{Place, choose};
use crate::case::state::{CaseState, Entry, Link};
use crate::id::Sha256;
use crate::label::Marks;
use crate::policy::Reason;

/// An event with a place of its own.
pub(super) struct Event<'a> {
    pub(super) held: &'a Held,
    pub(super) key: EventKey,
    pub(super) sha256: Sha256,
    pub(super) data: Cow<'a, EventData>,
    pub(super) at: Timestamp,
    /// The text of its `body`, without the notice after it; nothing for a stub.
    pub(super) body: Option<&'a str>,
    /// The notice of what its text is told under.
    pub(super) notice: Option<&'a str>,
    /// How sensitive it says it is.
    pub(super) marks: &'a Marks,
    pub(super) proven: bool,
    pub(super) link: Link,
    /// The predecessors that it names and that are not held.
    pub(super) missing: Vec<EventKey>,
}

impl Event<'_> {
    /// Its place in the order.
    pub(super) fn place(&self) -> Place {
        let opens = self.data.opens().is_some();
        (self.link.computed, !opens, self.key.id, self.key.sender.clone())
    }
}

/// What is placed by the homeserver's timestamp.
pub(super) struct Loose<'a> {
    pub(super) held: &'a Held,
    pub(super) key: EventKey,
    pub(super) sha256: Sha256,
    /// [`Entry::FOREIGN`], or what the refused event calls itself.
    pub(super) kind: String,
    pub(super) body: Option<&'a str>,
    pub(super) proven: bool,
    pub(super) refused: Option<Reason>,
}

/// Everything in its place.
pub(super) struct Order<'a> {
    pub(super) events: Vec<Event<'a>>,
    /// With the number of events that come before.
    pub(super) loose: Vec<(Loose<'a>, usize)>,
}

/// What stands in a copy.
#[allow(clippy::large_enum_variant)]
enum Read<'a> {
    Event { data: Cow<'a, EventData>, after: &'a [Head], clock: u64, at: Timestamp, marks: &'a Marks },
    Foreign,
    Refused { kind: String, reason: Reason },
}

/// Puts everything in its place.
pub(super) fn order<'a>(held: &'a BTreeMap<EventKey, Vec<Held>>, trust: &Trust) -> Order<'a> {
    let mut read = Vec::new();
    let mut loose = Vec::new();
    let mut known: BTreeSet<&EventKey> = BTreeSet::new();
    for (key, copies) in held {
        let choice = choose::choose(copies, trust);
        for (copy, reason) in choice.others {
            let kind = match self::read(copy) {
                Read::Event { data, .. } => data.kind().to_owned(),
                Read::Foreign => Entry::FOREIGN.to_owned(),
                Read::Refused { kind, .. } => kind,
            };
            loose.push(at_large(copy, true, kind, Some(reason)));
        }
        let Some(counting) = choice.counting else { continue };
        known.insert(key);
        match self::read(counting.held) {
            Read::Event { data, .. }
                if data.opens().is_some_and(|opened| !trust.opens(copies, counting.held, opened.room)) =>
            {
                let text = "a case is opened by whoever invites to its room, and once";
                let reason = Reason::new("not-the-opener", text, "case");
                let kind = data.kind().to_owned();
                loose.push(at_large(counting.held, counting.proven, kind, Some(reason)));
            }
            Read::Event { data, after, clock, at, marks } => {
                read.push((counting, data, after, clock, at, marks));
            }
            Read::Foreign => {
                loose.push(at_large(counting.held, counting.proven, Entry::FOREIGN.to_owned(), None));
            }
            Read::Refused { kind, reason } => {
                loose.push(at_large(counting.held, counting.proven, kind, Some(reason)));
            }
        }
    }

    // Predecessors have lower stated clocks, so their computed ones are there when they are asked for.
    read.sort_by_key(|(_, _, _, clock, ..)| *clock);
    let stated: BTreeMap<EventKey, u64> =
        read.iter().map(|(c, _, _, clock, ..)| (c.held.key(), *clock)).collect();
    let mut computed: BTreeMap<EventKey, (u64, bool)> = BTreeMap::new();
    let mut events = Vec::new();
    for (counting, data, after, clock, at, marks) in read {
        let held = counting.held;
        let (body, notice) = said(held, marks);
        let (link, missing) = link(
            after,
            clock,
            |key| stated.get(key).copied(),
            |key| computed.get(key).copied(),
            |key| known.contains(key),
        );
        computed.insert(held.key(), (link.computed, link.after_gap));
        events.push(Event {
            held,
            key: held.key(),
            sha256: choose::sha256(&held.body),
            data,
            at,
            body,
            notice,
            marks,
            proven: counting.proven,
            link,
            missing,
        });
    }
    events.sort_by_cached_key(Event::place);

    // The last event received no later than t is found by the earliest reception from each place on, which only rises.
    let mut earliest: Vec<Timestamp> = events.iter().rev().map(|event| event.held.server_at).collect();
    let mut lowest = None;
    for at in &mut earliest {
        let low = lowest.map_or(*at, |low: Timestamp| low.min(*at));
        (*at, lowest) = (low, Some(low));
    }
    earliest.reverse();
    loose.sort_by(|a, b| {
        (a.held.server_at, a.key.id, &a.key.sender, a.sha256).cmp(&(
            b.held.server_at,
            b.key.id,
            &b.key.sender,
            b.sha256,
        ))
    });
    let loose = loose
        .into_iter()
        .map(|one| {
            let before = earliest.partition_point(|at| *at <= one.held.server_at);
            (one, before)
        })
        .collect();
    Order { events, loose }
}

/// One new event after all others that are in `state`; nothing where it has no place of its own.
pub(super) fn alone<'a>(
    held: &'a Held,
    state: &CaseState,
    known: impl Fn(&EventKey) -> bool,
) -> Option<Event<'a>> {
    let Read::Event { data, after, clock, at, marks } = read(held) else { return None };
    let (body, notice) = said(held, marks);
    let (link, missing) = link(
        after,
        clock,
        |key| state.links.get(key).map(|link| link.stated),
        |key| state.links.get(key).map(|link| (link.computed, link.after_gap)),
        known,
    );
    Some(Event {
        held,
        key: held.key(),
        sha256: choose::sha256(&held.body),
        data,
        at,
        body,
        notice,
        marks,
        proven: true,
        link,
        missing,
    })
}

fn link(
    after: &[Head],
    clock: u64,
    stated: impl Fn(&EventKey) -> Option<u64>,
    computed: impl Fn(&EventKey) -> Option<(u64, bool)>,
    known: impl Fn(&EventKey) -> bool,
) -> (Link, Vec<EventKey>) {
    let mut link = Link { stated: clock, computed: 1, after: Vec::new(), after_gap: false };
    let mut missing = Vec::new();
    for Head { key, .. } in after {
        if stated(key).is_some_and(|before| before < clock) {
            let (before, gap) = computed(key).unwrap_or((0, false));
            link.computed = link.computed.max(before.saturating_add(1));
            link.after_gap |= gap;
            if !link.after.contains(key) {
                link.after.push(key.clone());
            }
        } else if !known(key) {
            missing.push(key.clone());
            link.after_gap = true;
        }
    }
    (link, missing)
}

fn at_large(held: &Held, proven: bool, kind: String, refused: Option<Reason>) -> Loose<'_> {
    let (key, sha256) = (held.key(), choose::sha256(&held.body));
    Loose { held, key, sha256, kind, body: body(held), proven, refused }
}

/// What an event says, and the notice after it.
fn said<'a>(held: &'a Held, marks: &Marks) -> (Option<&'a str>, Option<&'a str>) {
    body(held).map_or((None, None), |body| {
        let (said, notice) = marks.split(body);
        (Some(said), notice)
    })
}

fn body(held: &Held) -> Option<&str> {
    match &held.body {
        HeldBody::Whole(content) => Some(&content.body),
        HeldBody::Stub(_) => None,
    }
}

fn read(held: &Held) -> Read<'_> {
    let malformed = |kind: &str| Read::Refused {
        kind: kind.to_owned(),
        reason: Reason::new("malformed", "its block does not have the form of a case event", "case"),
    };
    let (data, after, clock, at, marks) = match &held.body {
        HeldBody::Whole(content) => match &content.block {
            Block::Absent => return Read::Foreign,
            Block::Malformed => return malformed(""),
            // Whoever took it over under another id than the block's took over something else.
            Block::Event(event) if event.id != held.id => return malformed(event.data.kind()),
            Block::Event(event) => {
                (Cow::Borrowed(&event.data), &event.after, event.clock, event.at, &event.marks)
            }
        },
        HeldBody::Stub(stub) if stub.is_foreign() => return Read::Foreign,
        HeldBody::Stub(stub) => match EventData::read(stub.v, &stub.kind, stub.data.clone()) {
            Ok(data) => (Cow::Owned(data), &stub.after, stub.clock, stub.at, &stub.marks),
            Err(_) => return malformed(&stub.kind),
        },
    };
    let highest = after.iter().map(|head| head.clock).max().unwrap_or(0);
    if clock > MAX_CLOCK || highest.checked_add(1) != Some(clock) {
        let kind = data.kind().to_owned();
        let text = "its clock is not one more than the highest that it names";
        return Read::Refused { kind, reason: Reason::new("clock", text, "case") };
    }
    Read::Event { data, after, clock, at, marks }
}
