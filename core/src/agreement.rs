//! Agreements and rule sets: what two organisations settled, and the programme's dated clocks.
//!
//! Both are YAML texts that a lawyer can read; a case carries both whole, so that every device computes from the same
//! words. A mistake is named by its line and its field. This is all that an agreement can say:
//!
//! ```
//! use caseline::agreement::{Agreement, Category, Side};
//!
//! let agreement = Agreement::parse(r#"
//! id: harbor-bay                          # letters, digits and -._/
//! version: "2019-1"                       # always between quotation marks
//! title: Shared care of members in both programmes
//! plan_side:                              # an ACO, an MCO or an ACCS provider
//!   id: urn:example:org|harbor            # as in its record: system|value
//!   name: Harbor ACO
//!   keeper: true                          # whether its always-on bot may sit on a case; false where left out
//! community_side:                         # a Community Partner or a Community Service Agency
//!   id: urn:example:org|bay
//!   name: Bay Community Care
//!   keeper: true
//! in_force:
//!   from: 2019-01-01                      # the first day
//!   until: 2021-01-01                     # the first day on which it is over; may be left out
//! zone: America/New_York                  # where days begin and end; this one where left out
//! share:                                  # message, care-plan, roster, reminder, handover, task, alert, outreach, consent, concern, referral
//!   both: [message, roster, reminder, handover]
//!   plan_side: [care-plan]                # and, beside that, what one side may send
//!   community_side: [care-plan]
//! quiet: 30 d                             # after so long without any event, a case is quiet; 30 d where left out
//! grace: 1 d                              # how long a keeper leaves a reminder to the other's; 1 d where left out
//! clocks:                                 # in place of the rule set's clock of that name
//!   plan-return: { days: 14 }             # as in a rule set: days or months, business, counts_from
//! ladder:                                 # whom to remind, by topic; care-plan must be there
//!   care-plan:
//!     - contact: urn:example:staff|joe    # as in their record: system|value
//!       name: Joe Alvarez
//!       organization: urn:example:org|harbor
//!       role: aco-care-manager
//!       after: 0 d                        # after the due time: d, h or min; `0 d` where left out
//!     - contact: urn:example:staff|lee
//!       name: Lee Chen
//!       organization: urn:example:org|harbor
//!       role: supervisor
//!       phone: "+1 617 555 0142"          # the last one must have a telephone number
//!       after: 2 d
//! handover:                               # may be left out, with each of its fields
//!   history: all                          # what newcomers read: all, since-naming or none; all where left out
//!   withhold: []                          # what they get only as stubs, as under `share`
//! outreach:                               # may one reach out to the member; left out: nothing was settled, or is counted
//!   default: allowed                      # allowed, ask-first or prohibited
//!   channels:                             # may be left out: phone, visit, letter, message, video, other
//!     visit: { rule: ask-first }
//!     phone:
//!       rule: prohibited
//!       until: 2019-07-01                 # the first day on which the default holds again; may be left out
//!   attempts_before_unreachable: 3        # how often one tries before a case is closed so; 3 where left out
//! part2:                                  # 42 CFR Part 2; left out: nobody of the two sides is a program of it
//!   programs:
//!     - organization: urn:example:org|bay # all of its people, unless some are named:
//!       staff: ["urn:example:staff|ann"]  # these
//!       roles: [behavioral-health-provider]   # or whoever is one of these
//!   covered: ["urn:example:org|harbor"]   # whom HIPAA covers; nobody where left out
//! "#)?;
//! assert!(agreement.in_force_on("2019-03-01".parse()?));
//! assert!(agreement.may_share(Side::Community, Category::CarePlan));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An agreement of an organisation and the programme office is for a room of concerns. It says `kind: programme`, names
//! `programme_office` and `organization` in place of the two sides, there and under `share`, and has a `concern` ladder in place
//! of the one for care plans:
//!
//! ```
//! use caseline::agreement::{Agreement, Category, Side};
//!
//! let agreement = Agreement::parse(r#"
//! id: office-bay
//! version: "2019-1"
//! title: Concerns of Bay Community Care
//! kind: programme
//! programme_office: { id: "urn:example:org|office", name: Programme office, keeper: true }
//! organization: { id: "urn:example:org|bay", name: Bay Community Care, keeper: true }
//! in_force: { from: 2019-01-01 }
//! share: { both: [roster, concern, reminder, handover] }
//! clocks:
//!   concern-heard: { days: 2, business: true }     # this, where left out here and in the rule set
//!   concern-answer: { days: 10, business: true }   # this, where left out
//!   concern-close: { days: 10, business: true }    # this, where left out
//! ladder:
//!   concern:
//!     - { contact: "urn:example:staff|ann", name: Ann Ortiz, organization: "urn:example:org|office", role: supervisor, phone: "+1 617 555 0160" }
//! "#)?;
//! assert!(agreement.may_share(Side::Community, Category::Concern));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An agreement for referrals says `kind: referral`, names `referrer` and `agency`, and has a `referral` ladder:
//!
//! ```
//! use caseline::agreement::{Agreement, Category, Side};
//!
//! let agreement = Agreement::parse(r#"
//! id: bay-pantry
//! version: "2019-1"
//! title: Referrals of Bay Community Care to the pantry
//! kind: referral
//! referrer: { id: "urn:example:org|bay", name: Bay Community Care, keeper: true }
//! agency: { id: "urn:example:org|pantry", name: Harbor Pantry }
//! in_force: { from: 2019-01-01 }
//! share: { both: [roster, referral, reminder, handover] }
//! clocks:
//!   referral-capacity: { days: 2, business: true }   # this, where left out here and in the rule set
//!   referral-answer: { days: 5, business: true }     # this, where left out
//!   referral-outcome: { days: 30 }                   # this, where left out
//!   referral-close: { days: 5, business: true }      # this, where left out
//! ladder:
//!   referral:
//!     - { contact: "urn:example:staff|nora", name: Nora Bell, organization: "urn:example:org|bay", role: supervisor, phone: "+1 617 555 0170" }
//! "#)?;
//! assert!(agreement.may_share(Side::Community, Category::Referral));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A story may say `clock: story`: then the times that people's devices state are believed however far they are from the
//! homeserver's, and whoever opens the case is told so. No other agreement says it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::case::kind::RoomKind;
use crate::case::life::Carried;
use crate::contact::{Role, Topic};
use crate::error::{Error, InvalidInput, Result};
use crate::id::{AgreementId, ContactId, OrganizationId, RuleSetId, Sha256};

mod clocks;
mod completion;
mod outreach;
mod part2;
pub mod proposal;
mod read;
mod rule_set;
mod term;
#[cfg(test)]
mod tests;

pub use completion::{Completion, CompletionRow};
pub use outreach::{ChannelTerm, OutreachRule, OutreachTerms};
pub use part2::{Part2Program, Part2Terms};
pub(crate) use read::default_zone;
pub use rule_set::{ClockRow, Mark, RuleSet};
pub use term::{Clock, CountsFrom, Delay, Length, Period};

/// What two organisations settled; the module's documentation shows its text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// Its version.
    pub version: String,
    /// What it is, for a person.
    pub title: String,
    /// The kind of room that it is for.
    pub room: RoomKind,
    /// The plan side; of a programme room the programme office, of a referral's the referrer.
    pub plan_side: Party,
    /// The community side; of a programme room the organisation of the programme, of a referral's the agency.
    pub community_side: Party,
    /// When it is in force.
    pub in_force: Period,
    /// Where its days begin and end.
    pub zone: TimeZone,
    /// Whether this is a story, where stated times are believed however far they are from the homeserver's.
    pub story_clock: bool,
    /// What the plan side may send.
    pub plan_side_shares: BTreeSet<Category>,
    /// What the community side may send.
    pub community_side_shares: BTreeSet<Category>,
    /// After so long without an event, a case is quiet.
    pub quiet: Delay,
    /// How long a keeper leaves a rung to the keeper of the organisation whose person stands on it.
    pub grace: Delay,
    /// Clocks in place of the rule set's, by name.
    pub clocks: BTreeMap<String, Clock>,
    /// Whom to remind, by topic. None is empty; the last of each has a telephone number.
    pub ladders: BTreeMap<Topic, Vec<LadderRung>>,
    /// What newcomers read.
    pub handover: HandoverTerms,
    /// What holds of reaching out to the member, where the two sides settled it.
    pub outreach: Option<OutreachTerms>,
    /// Who is a program of 42 CFR Part 2, where one of the two sides is, or has one.
    pub part2: Option<Part2Terms>,
}

/// One side of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Party {
    /// The organisation.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether its keeper may sit on a case.
    pub keeper: bool,
}

/// One of the two accountable sides of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// An ACO, an MCO or an ACCS provider; in a programme room the programme office.
    Plan,
    /// A Community Partner or a Community Service Agency; in a programme room the organisation of the programme.
    Community,
}

/// What kind of thing an event discloses, as agreements speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Category {
    /// What people write to each other.
    Message,
    /// Care plans, and what becomes of them.
    CarePlan,
    /// Whose case it is, and who takes part.
    Roster,
    /// Reminders of what is owed.
    Reminder,
    /// What came before, for newcomers.
    Handover,
    /// Who does what.
    Task,
    /// Admissions, discharges, transfers and emergency visits, and who goes there.
    Alert,
    /// Where the case stands, and each contact or attempt with the member.
    Outreach,
    /// What the member allows to be told, and what was told without it in an emergency.
    Consent,
    /// Concerns of an organisation, and the programme office's answers.
    Concern,
    /// Referrals to social-service organisations, and what became of them.
    Referral,
}

impl Category {
    /// All categories.
    pub const ALL: [Self; 11] = [
        Self::Message,
        Self::CarePlan,
        Self::Roster,
        Self::Reminder,
        Self::Handover,
        Self::Task,
        Self::Alert,
        Self::Outreach,
        Self::Consent,
        Self::Concern,
        Self::Referral,
    ];

    /// The word for it in an agreement.
    pub fn code(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::CarePlan => "care-plan",
            Self::Roster => "roster",
            Self::Reminder => "reminder",
            Self::Handover => "handover",
            Self::Task => "task",
            Self::Alert => "alert",
            Self::Outreach => "outreach",
            Self::Consent => "consent",
            Self::Concern => "concern",
            Self::Referral => "referral",
        }
    }
}

/// One person to remind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LadderRung {
    /// Who.
    pub contact: ContactId,
    /// Their name.
    pub name: String,
    /// Their organisation: one of the two sides.
    pub organization: OrganizationId,
    /// What they are.
    pub role: Role,
    /// Their telephone number.
    pub phone: Option<String>,
    /// How long after the due time it is their turn.
    pub after: Delay,
}

/// What newcomers read of what came before them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandoverTerms {
    /// How far back.
    pub history: History,
    /// What they get only as stubs.
    pub withhold: BTreeSet<Category>,
}

/// How far back a newcomer reads. What lies before comes as stubs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum History {
    /// From the case's beginning.
    #[default]
    All,
    /// From the event that named them.
    SinceNaming,
    /// Nothing that came before their invitation.
    Nothing,
}

impl Agreement {
    /// Reads an agreement.
    ///
    /// # Errors
    /// `InvalidInput` with the line and the field: `yaml-syntax`, `field-missing`, `field-unknown`, `field-wrong` (among them a clock's
    /// name that nothing counts, and what is no telephone number), the code of an id, a role or a span of time that has not its form,
    /// `unknown-time-zone`, `same-sides`, `ladder-empty`, `ladder-of-another` (a rung of an organisation that is no side),
    /// `ladder-without-phone`, `ladder-order`, `ladder-twice`, `ladder-without-owner` (nobody of the plan side on the care-plan ladder,
    /// or of the programme office on the one for concerns, of the referrer on the one for referrals), `part2-of-another`.
    pub fn parse(text: &str) -> Result<Self> {
        read::agreement(text, true)
    }

    /// Reads an agreement that was taken before, here or by the other side, perhaps by a newer release: a clock that is not known is kept
    /// and counts nothing, and what only whoever writes one now is told is no mistake. What a case can be opened with does not change with
    /// a release.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn kept(text: &str) -> Result<Self> {
        read::agreement(text, false)
    }

    /// Whether it is in force on a day.
    pub fn in_force_on(&self, day: Date) -> bool {
        self.in_force.contains(day)
    }

    /// The clock that stands in place of the rule set's, where there is one.
    pub fn clock(&self, name: &str) -> Option<Clock> {
        self.clocks.get(name).copied()
    }

    /// Until when something is owed whose clock began at an instant: by the agreement's clock, else by the rule set's row of that day,
    /// else by a default.
    pub(crate) fn due(&self, rules: &RuleSet, clock: &str, since: Timestamp, by_default: Clock) -> Timestamp {
        let day = since.to_zoned(self.zone.clone()).date();
        let named = self.clock(clock).or_else(|| rules.clock(clock, day));
        named.unwrap_or(by_default).due(since, &self.zone)
    }

    /// Whom to remind about a topic, in order. Empty where nobody is named for it.
    pub fn ladder(&self, topic: Topic) -> &[LadderRung] {
        self.ladders.get(&topic).map_or(&[], Vec::as_slice)
    }

    /// Which side an organisation is.
    pub fn side_of(&self, organization: &OrganizationId) -> Option<Side> {
        if *organization == self.plan_side.id {
            Some(Side::Plan)
        } else if *organization == self.community_side.id {
            Some(Side::Community)
        } else {
            None
        }
    }

    /// The party of a side.
    pub fn party(&self, side: Side) -> &Party {
        match side {
            Side::Plan => &self.plan_side,
            Side::Community => &self.community_side,
        }
    }

    /// Whether a side may send such things.
    pub fn may_share(&self, side: Side, category: Category) -> bool {
        match side {
            Side::Plan => &self.plan_side_shares,
            Side::Community => &self.community_side_shares,
        }
        .contains(&category)
    }
}

impl Carried<AgreementId> {
    /// The text of an agreement, as a case carries it.
    ///
    /// # Errors
    /// As [`Agreement::parse`].
    pub fn agreement(text: &str) -> Result<Self> {
        let agreement = Agreement::parse(text)?;
        Ok(Self {
            id: agreement.id,
            version: agreement.version,
            sha256: Sha256::of(text),
            text: text.to_owned(),
        })
    }

    /// Reads the agreement that a case carries.
    ///
    /// # Errors
    /// As [`Agreement::kept`]; `InvalidInput` (`carried-text`) where the text is not the one that is named beside it.
    pub fn read(&self) -> Result<Agreement> {
        let agreement = Agreement::kept(&self.text)?;
        self.is(&agreement.id, &agreement.version)?;
        Ok(agreement)
    }
}

impl Carried<RuleSetId> {
    /// The text of a rule set, as a case carries it.
    ///
    /// # Errors
    /// As [`RuleSet::parse`].
    pub fn rule_set(text: &str) -> Result<Self> {
        let rules = RuleSet::parse(text)?;
        Ok(Self { id: rules.id, version: rules.version, sha256: Sha256::of(text), text: text.to_owned() })
    }

    /// Reads the rule set that a case carries.
    ///
    /// # Errors
    /// As [`RuleSet::kept`]; `InvalidInput` (`carried-text`) where the text is not the one that is named beside it.
    pub fn read(&self) -> Result<RuleSet> {
        let rules = RuleSet::kept(&self.text)?;
        self.is(&rules.id, &rules.version)?;
        Ok(rules)
    }
}

impl<Id: PartialEq> Carried<Id> {
    fn is(&self, id: &Id, version: &str) -> Result<()> {
        if self.id == *id && self.version == version && self.sha256 == Sha256::of(&self.text) {
            Ok(())
        } else {
            Err(Error::from(InvalidInput::new(
                "carried-text",
                "the text is not the one whose id, version and hash stand beside it",
            )))
        }
    }
}
