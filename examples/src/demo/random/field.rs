//! What requests are made of: fields, and the things of a room that they name.

/// Something of a room that a request can name, and how a driver lists it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thing {
    /// The verb that lists it.
    pub(super) verb: &'static str,
    /// Where its list is in the answer.
    pub(super) list: &'static str,
    /// Its id in an item.
    pub(super) id: &'static str,
}

const fn thing(verb: &'static str, list: &'static str, id: &'static str) -> Thing {
    Thing { verb, list, id }
}

pub(super) const MESSAGE: Thing = thing("messages", "messages", "id");
/// Any event of the room.
pub(super) const EVENT: Thing = thing("timeline", "events", "id");
pub(super) const PLAN: Thing = thing("state", "plans", "plan");
pub(super) const STAY: Thing = thing("state", "stays", "stay");
pub(super) const VISIT: Thing = thing("state", "visits", "visit");
pub(super) const PROPOSAL: Thing = thing("state", "team_proposals", "proposal");
pub(super) const TASK: Thing = thing("tasks", "tasks", "task");
pub(super) const CONCERN: Thing = thing("concerns", "concerns", "concern");
pub(super) const REFERRAL: Thing = thing("referrals", "referrals", "referral");
pub(super) const CONSENT: Thing = thing("consents", "consents", "consent");
pub(super) const OVERRIDE: Thing = thing("consents", "overrides", "id");
pub(super) const STAGE: Thing = thing("outreach", "stages", "id");
pub(super) const ATTEMPT: Thing = thing("outreach", "contacts", "id");
pub(super) const ASK: Thing = thing("outreach", "asks", "ask");
pub(super) const CROSSING: Thing = thing("crossings", "crossings", "id");
pub(super) const MEETING: Thing = thing("meetings", "meetings", "meeting");

/// What stands in a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Words that nothing else has; at times too many, or none.
    Text,
    Word(&'static [&'static str]),
    Words(&'static [&'static str]),
    Day,
    Instant,
    DayOrInstant,
    Hour,
    Yes,
    Minutes,
    Id(Thing),
    Ids(Thing),
    Key(Thing),
    /// Somebody with a seat in this room, or of the directory.
    Contact,
    Organization,
    /// `owner` or `pool`.
    Owner,
    /// Several contacts, with their organizations.
    With,
    /// `member`, `representative`, or a contact with their organization.
    Signer,
    Marks,
    Alert,
    /// A case that this client has.
    Case,
    /// What the directory's member is known by.
    Known,
    Scan,
}

/// A field of a request; one that is not `needed` is left out at times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) needed: bool,
}

pub(super) const fn f(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, needed: true }
}

pub(super) const fn maybe(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, needed: false }
}

/// In which kind of room it makes sense; it is asked elsewhere, too, but seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Nowhere,
    Any,
    Case,
    Programme,
    Pair,
    Referral,
}

impl Where {
    /// The kinds of rooms, as `rooms` names them.
    pub(super) const ROOMS: [(&'static str, Self); 4] = [
        ("case", Self::Case),
        ("programme", Self::Programme),
        ("pair", Self::Pair),
        ("referral", Self::Referral),
    ];
}

/// Something to ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verb {
    pub(super) name: &'static str,
    pub(super) weight: u64,
    pub(super) at: Where,
    pub(super) fields: &'static [Field],
    /// Whether a caller may choose the id of the event.
    pub(super) keyed: bool,
}

pub(super) const fn says(name: &'static str, weight: u64, at: Where, fields: &'static [Field]) -> Verb {
    Verb { name, weight, at, fields, keyed: true }
}

pub(super) const fn asks(name: &'static str, at: Where, fields: &'static [Field]) -> Verb {
    Verb { name, weight: 1, at, fields, keyed: false }
}
