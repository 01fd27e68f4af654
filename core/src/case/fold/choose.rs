//! Which of the contents that came under one key counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::event::{EventKey, Held, HeldBody, Receipt};
use crate::case::life::CaseOpened;
use crate::id::{CaseId, Sha256, UserId};
use crate::policy::Reason;

/// What came under one key.
pub(super) struct Choice<'a> {
    /// The copy that counts.
    pub(super) counting: Option<Counting<'a>>,
    /// The other contents, one copy of each, with why they do not count.
    pub(super) others: Vec<(&'a Held, Reason)>,
}

/// The copy that counts.
pub(super) struct Counting<'a> {
    pub(super) held: &'a Held,
    /// Whether its author is proven, or somebody else vouches for its hash.
    pub(super) proven: bool,
}

/// How much a copy counts: less is more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Came first-hand, and its author is proven or another participant vouches for its hash.
    FirstHand,
    /// Came in a handover whose sender's word is enough.
    HandedOver,
    /// Came first-hand, and nobody proves it.
    Unproven,
    /// Came in a handover whose sender's word is not enough.
    Unheard,
}

/// Whose handovers are believed, and in what.
///
/// Whoever has, or had, a seat vouches for the hash of what came first-hand, and says anew what they said themselves. What
/// others said and what did not come first-hand is believed of nobody but who invited this user, and of them only where the
/// event was not for this user to read: else a handover could hold what nobody ever said.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    /// Those with a seat, now or once, and the inviters.
    pub(super) vouchers: BTreeSet<UserId>,
    /// Who invited this device's user: several where they were named again.
    pub(super) inviters: BTreeSet<UserId>,
    /// Of the events that were handed over, those that this user was to read first-hand.
    pub(super) addressed: BTreeSet<EventKey>,
    /// Whose opening of the case is believed; anybody's, where that is not known.
    pub(super) openers: Option<BTreeSet<UserId>>,
    /// The case that the room is known to be of.
    pub(super) case: Option<CaseId>,
}

impl Trust {
    /// Whether an opening is one that this device believes: an opening brings its own roster, so that whoever could send
    /// another one would name themselves.
    ///
    /// Several may have handed it over; it is enough if one of them is believed.
    pub(super) fn opens(&self, copies: &[Held], held: &Held, room: CaseId) -> bool {
        let told = copies
            .iter()
            .filter(|copy| sha256(&copy.body) == sha256(&held.body))
            .any(|copy| matches!(&copy.receipt, Receipt::HandedOver { by } if self.inviters.contains(by)));
        let believed = self.openers.as_ref().is_none_or(|openers| told || openers.contains(&held.sender));
        believed && held.id == CaseOpened::event_id(room) && self.case.is_none_or(|case| case == room)
    }

    /// Whether somebody's word is enough for what did not come first-hand.
    fn tells(&self, by: &UserId, copy: &Held) -> bool {
        *by == copy.sender || (self.inviters.contains(by) && !self.addressed.contains(&copy.key()))
    }
}

/// Chooses among the copies of one key.
///
/// First-hand comes before handed-over; then the lower hash; of one hash, a whole content before a stub. Who hands over
/// their own event proves nothing that they could not have sent anew.
pub(super) fn choose<'a>(copies: &'a [Held], trust: &Trust) -> Choice<'a> {
    let came_first_hand = copies.iter().any(|copy| matches!(copy.receipt, Receipt::FirstHand { .. }));
    let heard = |copy: &Held| match &copy.receipt {
        Receipt::HandedOver { by } => trust.vouchers.contains(by) && !(came_first_hand && *by == copy.sender),
        Receipt::FirstHand { .. } => false,
    };
    let told = |copy: &Held| match &copy.receipt {
        Receipt::HandedOver { by } => heard(copy) && trust.tells(by, copy),
        Receipt::FirstHand { .. } => false,
    };
    let vouched: BTreeSet<Sha256> =
        copies.iter().filter(|copy| heard(copy)).map(|c| sha256(&c.body)).collect();
    let rank = |copy: &Held| match copy.receipt {
        Receipt::FirstHand { proven } if proven || vouched.contains(&sha256(&copy.body)) => Rank::FirstHand,
        Receipt::FirstHand { .. } => Rank::Unproven,
        Receipt::HandedOver { .. } if told(copy) => Rank::HandedOver,
        Receipt::HandedOver { .. } => Rank::Unheard,
    };
    let mut ranked: Vec<_> = copies
        .iter()
        .map(|copy| ((rank(copy), sha256(&copy.body), tie(&copy.body), copy.server_at, by(copy)), copy))
        .collect();
    ranked.sort_by(|(a, _), (b, _)| a.cmp(b));

    let best = ranked.first().filter(|((rank, ..), _)| *rank != Rank::Unheard);
    let counting = best.map(|((rank, ..), held)| Counting { held, proven: *rank != Rank::Unproven });
    let counting_hash = counting.as_ref().map(|counting| sha256(&counting.held.body));
    let mut others: BTreeMap<Sha256, (&Held, Reason)> = BTreeMap::new();
    for ((rank, sha256, ..), copy) in ranked {
        if Some(sha256) != counting_hash {
            let reason = if rank == Rank::Unheard {
                let text = "it was handed over by somebody whose word is not enough for it";
                Reason::new("voucher", text, "roster")
            } else {
                Reason::new("two-contents", "another content of the same event counts", "case")
            };
            others.entry(sha256).or_insert((copy, reason));
        }
    }
    Choice { counting, others: others.into_values().collect() }
}

/// Whether two bodies say the same: one content, or one stub of it.
pub(super) fn same(a: &HeldBody, b: &HeldBody) -> bool {
    match (a, b) {
        (HeldBody::Whole(a), HeldBody::Whole(b)) => a.sha256 == b.sha256,
        (HeldBody::Stub(a), HeldBody::Stub(b)) => a == b,
        _ => false,
    }
}

/// The hash of a content; for a stub the one that the handover names.
pub(super) fn sha256(body: &HeldBody) -> Sha256 {
    match body {
        HeldBody::Whole(content) => content.sha256,
        HeldBody::Stub(stub) => stub.sha256,
    }
}

/// Orders what has one hash: whole contents first, then stubs by what they say.
fn tie(body: &HeldBody) -> Option<String> {
    match body {
        HeldBody::Whole(_) => None,
        HeldBody::Stub(stub) => Some(serde_json::to_string(stub).unwrap_or_default()),
    }
}

fn by(held: &Held) -> Option<&UserId> {
    match &held.receipt {
        Receipt::FirstHand { .. } => None,
        Receipt::HandedOver { by } => Some(by),
    }
}
