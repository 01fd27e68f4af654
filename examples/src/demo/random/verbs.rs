//! What can be asked of a driver (`tests/DRIVER.md`), and of what each request is made.

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
const EVENT: Thing = thing("timeline", "events", "id");
const PLAN: Thing = thing("state", "plans", "plan");
const STAY: Thing = thing("state", "stays", "stay");
const VISIT: Thing = thing("state", "visits", "visit");
const PROPOSAL: Thing = thing("state", "team_proposals", "proposal");
const TASK: Thing = thing("tasks", "tasks", "task");
const CONCERN: Thing = thing("concerns", "concerns", "concern");
const REFERRAL: Thing = thing("referrals", "referrals", "referral");
const CONSENT: Thing = thing("consents", "consents", "consent");
const OVERRIDE: Thing = thing("consents", "overrides", "id");
const STAGE: Thing = thing("outreach", "stages", "id");
const ATTEMPT: Thing = thing("outreach", "contacts", "id");
const ASK: Thing = thing("outreach", "asks", "ask");
const CROSSING: Thing = thing("crossings", "crossings", "id");
const MEETING: Thing = thing("meetings", "meetings", "meeting");

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

const fn f(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, needed: true }
}

const fn maybe(name: &'static str, kind: Kind) -> Field {
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

const fn says(name: &'static str, weight: u64, at: Where, fields: &'static [Field]) -> Verb {
    Verb { name, weight, at, fields, keyed: true }
}

const fn asks(name: &'static str, at: Where, fields: &'static [Field]) -> Verb {
    Verb { name, weight: 1, at, fields, keyed: false }
}

const PRIORITIES: Kind = Kind::Word(&["routine", "urgent", "asap", "stat"]);
const CHANNELS: Kind = Kind::Word(&["phone", "visit", "letter", "message", "video", "other"]);
const WAYS: Kind = Kind::Word(&["phone", "fax", "folder", "letter", "in-person"]);
const TOPICS: Kind =
    Kind::Word(&["care-plan", "admission", "referral", "consent", "technical", "urgent", "concern"]);
const LABELS: Kind = Kind::Words(&["42CFRPart2", "SUD", "PSY", "MH", "BH", "HIV", "SDV", "ETH"]);
const FIELDS: Kind = Kind::Words(&["name", "birth-date", "phone", "address", "language", "household"]);

use Kind::{Contact, Day, DayOrInstant, Id, Instant, Key, Text, Word, Yes};

/// Every verb that a client can be asked once it has signed in, but for those that take the network or the session away for good.
pub(super) const VERBS: &[Verb] = &[
    says(
        "send",
        7,
        Where::Any,
        &[
            f("text", Text),
            maybe("priority", PRIORITIES),
            maybe("in_reply_to", Key(MESSAGE)),
            maybe("marks", Kind::Marks),
            maybe("names_confirmed", Yes),
        ],
    ),
    says("correct", 2, Where::Any, &[f("message", Id(MESSAGE)), f("text", Text)]),
    says("retract", 1, Where::Any, &[f("message", Id(MESSAGE))]),
    Verb { name: "seen", weight: 2, at: Where::Any, fields: &[f("up_to", Key(MESSAGE))], keyed: false },
    says(
        "send_care_plan",
        3,
        Where::Case,
        &[
            f("care_plan", Word(&["https://caseline.example/care-plan|marty-2019"])),
            maybe("marks", Kind::Marks),
        ],
    ),
    says("acknowledge_plan", 2, Where::Case, &[f("plan", Id(PLAN))]),
    says("approve_plan", 2, Where::Case, &[f("plan", Id(PLAN))]),
    says(
        "attest_signature",
        3,
        Where::Case,
        &[
            f("plan", Id(PLAN)),
            f("signer", Kind::Signer),
            f("how", Word(&["paper", "fax", "verbal"])),
            f("on", Day),
            maybe("scan", Kind::Scan),
        ],
    ),
    says(
        "plan_copied",
        2,
        Where::Case,
        &[
            f("plan", Id(PLAN)),
            f("to", Kind::Signer),
            f("how", Word(&["paper", "fax", "portal", "in-person"])),
            f("on", Day),
        ],
    ),
    says("return_plan", 1, Where::Case, &[f("plan", Id(PLAN)), f("changes", Text)]),
    Verb {
        name: "raise_alert",
        weight: 5,
        at: Where::Nowhere,
        fields: &[f("alert", Kind::Alert), f("member", Kind::Known)],
        keyed: false,
    },
    says("alert", 2, Where::Case, &[f("alert", Kind::Alert), maybe("confirmed", Yes)]),
    says(
        "propose_visit",
        3,
        Where::Case,
        &[f("stay", Id(STAY)), f("at", Instant), f("with", Kind::With), maybe("place", Text)],
    ),
    says(
        "answer_visit",
        4,
        Where::Case,
        &[
            f("visit", Id(VISIT)),
            f("answer", Word(&["accept", "decline", "move"])),
            maybe("reason", Text),
            maybe("to", Instant),
        ],
    ),
    says(
        "follow_up_done",
        3,
        Where::Case,
        &[f("stay", Id(STAY)), f("at", Instant), f("face_to_face", Yes), maybe("outcome", Text)],
    ),
    says(
        "assign",
        5,
        Where::Case,
        &[
            f("title", Text),
            f("due", DayOrInstant),
            f("owner", Kind::Owner),
            maybe("detail", Text),
            maybe("priority", PRIORITIES),
            maybe("marks", Kind::Marks),
        ],
    ),
    says("claim_task", 3, Where::Case, &[f("task", Id(TASK))]),
    says("accept_task", 3, Where::Case, &[f("task", Id(TASK))]),
    says("decline_task", 2, Where::Case, &[f("task", Id(TASK)), f("reason", Text)]),
    says("cancel_task", 1, Where::Case, &[f("task", Id(TASK)), f("reason", Text)]),
    says(
        "hand_over_task",
        2,
        Where::Case,
        &[f("task", Id(TASK)), f("owner", Kind::Owner), maybe("reason", Text)],
    ),
    says("complete_task", 3, Where::Case, &[f("task", Id(TASK)), f("outcome", Text)]),
    says(
        "raise_concern",
        12,
        Where::Programme,
        &[
            f("title", Text),
            f("text", Text),
            maybe(
                "topic",
                Word(&["contract", "payment", "enrolment", "data", "coordination", "technical", "other"]),
            ),
            maybe("priority", PRIORITIES),
            maybe("names_confirmed", Yes),
        ],
    ),
    says("hear_concern", 8, Where::Programme, &[f("concern", Id(CONCERN))]),
    says(
        "answer_concern",
        8,
        Where::Programme,
        &[
            f("concern", Id(CONCERN)),
            f("text", Text),
            maybe("shared_as", Text),
            maybe("names_confirmed", Yes),
        ],
    ),
    says("close_concern", 6, Where::Programme, &[f("concern", Id(CONCERN))]),
    says(
        "reopen_concern",
        6,
        Where::Programme,
        &[f("concern", Id(CONCERN)), f("why", Text), maybe("names_confirmed", Yes)],
    ),
    says(
        "refer",
        4,
        Where::Case,
        &[
            f(
                "organization",
                Word(&[
                    "https://caseline.example/organization|harbor-pantry",
                    "https://caseline.example/organization|harbor-pantry",
                    "https://caseline.example/organization|bay-kitchen",
                    "https://caseline.example/organization|nobody",
                ]),
            ),
            f("service", Word(&["nutrition", "housing", "transport", "utilities", "employment", "other"])),
            maybe("called", Text),
            f("need", Text),
            f("consent", Id(CONSENT)),
            maybe("fields", FIELDS),
            maybe("priority", PRIORITIES),
            maybe("due", Day),
        ],
    ),
    Verb {
        name: "send_referral",
        weight: 2,
        at: Where::Case,
        fields: &[f("referral", Id(REFERRAL))],
        keyed: false,
    },
    says(
        "carry_referral",
        2,
        Where::Case,
        &[f("referral", Id(REFERRAL)), f("how", WAYS), maybe("note", Text)],
    ),
    says(
        "tell_referral",
        2,
        Where::Case,
        &[
            f("referral", Id(REFERRAL)),
            f(
                "told",
                Word(&[
                    "places",
                    "waitlist",
                    "no-places",
                    "accepted",
                    "declined",
                    "sub-referred",
                    "provided",
                    "partly",
                    "not-provided",
                    "closed",
                ]),
            ),
            f("how", WAYS),
            maybe("text", Text),
        ],
    ),
    says("withdraw_referral", 1, Where::Case, &[f("referral", Id(REFERRAL)), f("why", Text)]),
    says("ask_capacity", 6, Where::Referral, &[]),
    says("accept_referral", 6, Where::Referral, &[]),
    says("close_referral", 5, Where::Referral, &[]),
    says(
        "tell_capacity",
        6,
        Where::Referral,
        &[f("capacity", Word(&["yes", "waitlist", "no"])), maybe("until", Day), maybe("text", Text)],
    ),
    says("decline_referral", 2, Where::Referral, &[f("reason", Text)]),
    says("sub_refer", 4, Where::Referral, &[f("to", Text), maybe("contact", Text)]),
    says(
        "referral_outcome",
        6,
        Where::Referral,
        &[f("code", Word(&["provided", "partly", "not-provided"])), f("text", Text)],
    ),
    says("cancel_referral", 2, Where::Referral, &[f("reason", Word(&["not-needed", "consent-ended"]))]),
    says(
        "record_consent",
        5,
        Where::Case,
        &[
            f("categories", LABELS),
            maybe(
                "disclosers",
                Kind::Words(&[
                    "https://caseline.example/organization|harbor-bridge",
                    "https://caseline.example/organization|bay-river",
                ]),
            ),
            f(
                "recipients",
                Kind::Words(&[
                    "https://caseline.example/organization|harbor-pantry",
                    "https://caseline.example/organization|bay-kitchen",
                    "https://caseline.example/organization|bay-river",
                ]),
            ),
            f("purposes", Kind::Words(&["TREAT", "COC", "CAREMGT", "HPAYMT", "HOPERAT"])),
            maybe("tpo", Yes),
            f("explanation", Text),
            f("from", Day),
            maybe("until", Day),
            f("signed_on", Day),
            f("how", Word(&["paper", "fax", "verbal"])),
            f("source", Text),
            maybe("renews", Id(CONSENT)),
            maybe("fields", FIELDS),
        ],
    ),
    says(
        "revoke_consent",
        1,
        Where::Case,
        &[f("consent", Id(CONSENT)), f("on", Day), f("source", Text), maybe("reason", Text)],
    ),
    says(
        "review_override",
        2,
        Where::Case,
        &[f("event", Key(OVERRIDE)), f("justified", Yes), f("finding", Text)],
    ),
    says(
        "stage",
        3,
        Where::Case,
        &[
            f(
                "stage",
                Word(&[
                    "assigned",
                    "outreach",
                    "consented",
                    "engaged",
                    "disenrolled",
                    "re-enrolled",
                    "moved",
                ]),
            ),
            f("on", Day),
            f("source", Text),
            maybe("enrolled", Day),
            maybe("left", Day),
            maybe("to_aco", Kind::Organization),
            maybe("corrects", Id(STAGE)),
        ],
    ),
    says(
        "record_contact",
        4,
        Where::Case,
        &[
            f("when", Instant),
            f("channel", CHANNELS),
            f("face_to_face", Yes),
            f("reached", Yes),
            f("outcome", Text),
            maybe("by", Contact),
        ],
    ),
    says("withdraw_contact", 2, Where::Case, &[f("contact", Id(ATTEMPT)), f("reason", Text)]),
    says(
        "carried",
        3,
        Where::Case,
        &[
            f("events", Kind::Ids(CROSSING)),
            f("how", WAYS),
            f("reached", Yes),
            f("outcome", Text),
            maybe("reached_contact", Contact),
        ],
    ),
    says("ask_outreach", 2, Where::Case, &[f("channel", CHANNELS), f("why", Text)]),
    says("grant_outreach", 1, Where::Case, &[f("ask", Id(ASK)), maybe("until", Day), maybe("reason", Text)]),
    says("refuse_outreach", 1, Where::Case, &[f("ask", Id(ASK)), f("reason", Text)]),
    says(
        "close_case",
        1,
        Where::Case,
        &[f(
            "reason",
            Word(&[
                "declined",
                "unreachable",
                "moved",
                "graduated",
                "enrollee-change",
                "plan-change",
                "medical-exception",
                "eligibility-loss",
                "disengaged",
            ]),
        )],
    ),
    says(
        "reopen_case",
        4,
        Where::Case,
        &[f("reason", Text), f("on", Day), f("source", Text), maybe("enrolled", Day), maybe("left", Day)],
    ),
    says(
        "set_meeting",
        8,
        Where::Pair,
        &[f("date", Day), f("minutes", Kind::Minutes), maybe("time", Kind::Hour), maybe("agenda", Yes)],
    ),
    says("prepare_meeting", 5, Where::Pair, &[f("meeting", Id(MEETING))]),
    says(
        "answer_meeting",
        6,
        Where::Pair,
        &[
            f("meeting", Id(MEETING)),
            f("answer", Word(&["accept", "decline", "another-time"])),
            maybe("to", Instant),
        ],
    ),
    says(
        "move_meeting",
        3,
        Where::Pair,
        &[
            f("meeting", Id(MEETING)),
            f("date", Day),
            maybe("time", Kind::Hour),
            maybe("minutes", Kind::Minutes),
        ],
    ),
    says(
        "cancel_meeting",
        2,
        Where::Pair,
        &[f("meeting", Id(MEETING)), f("reason", Text), maybe("names_confirmed", Yes)],
    ),
    says("hold_meeting", 4, Where::Pair, &[f("meeting", Id(MEETING))]),
    Verb {
        name: "decide_at_meeting",
        weight: 4,
        at: Where::Pair,
        fields: &[f("meeting", Id(MEETING)), f("of", Kind::Case), f("text", Text)],
        keyed: false,
    },
    says(
        "name_seat",
        2,
        Where::Any,
        &[f("contact", Contact), maybe("lead", Yes), maybe("organization", Kind::Organization)],
    ),
    says("end_seat", 1, Where::Any, &[f("contact", Contact), maybe("organization", Kind::Organization)]),
    Verb {
        name: "take_up_team",
        weight: 1,
        at: Where::Case,
        fields: &[f("proposal", Id(PROPOSAL))],
        keyed: false,
    },
    says("decline_team", 1, Where::Case, &[f("proposal", Id(PROPOSAL))]),
    asks("may_tell", Where::Any, &[maybe("marks", Kind::Marks)]),
    asks("may_reach_out", Where::Case, &[f("channel", CHANNELS)]),
    asks("compare_plans", Where::Case, &[f("was", Id(PLAN)), f("now", Id(PLAN))]),
    asks("scan", Where::Case, &[f("sha256", Id(STAY))]),
    asks("denied", Where::Any, &[]),
    asks("meeting_agenda", Where::Pair, &[f("meeting", Id(MEETING))]),
    asks("state", Where::Any, &[]),
    asks("timeline", Where::Any, &[]),
    asks("messages", Where::Any, &[]),
    asks("who_to_call", Where::Nowhere, &[f("organization", Kind::Organization), f("topic", TOPICS)]),
    asks("contact_gaps", Where::Nowhere, &[]),
    asks("panel", Where::Nowhere, &[maybe("topic", TOPICS), maybe("mine_only", Yes)]),
    asks("side_by_side", Where::Nowhere, &[]),
    asks(
        "agenda",
        Where::Nowhere,
        &[
            f("plan_side", Word(&["https://caseline.example/organization|bay-river"])),
            f("community_side", Word(&["https://caseline.example/organization|harbor-bridge"])),
            f("date", Day),
            f("minutes", Kind::Minutes),
            maybe("since", Day),
        ],
    ),
    asks("directory", Where::Nowhere, &[]),
    asks("check_concern", Where::Nowhere, &[f("text", Text)]),
    asks("answered_concerns", Where::Nowhere, &[maybe("query", Text)]),
    asks("due", Where::Nowhere, &[]),
    asks("look_at_record", Where::Nowhere, &[]),
    asks("kept", Where::Nowhere, &[]),
    asks("audit", Where::Nowhere, &[]),
    asks("outbox", Where::Nowhere, &[]),
    asks("suspend", Where::Nowhere, &[]),
    asks("resume", Where::Nowhere, &[]),
    asks("verified", Where::Nowhere, &[]),
];

/// What nobody would remember otherwise: that every event of a room can be looked up.
pub(super) const ANY_EVENT: Thing = EVENT;
