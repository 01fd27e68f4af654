//! A programme of its real size, in which nobody exists: plan sides, community sides, their pairs, and cases with a history. What
//! tests of scale and benchmarks count.
//!
//! The events are as devices write them, so that whatever takes them in does what it does with real ones. Everything follows from
//! the case's number.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::alert::{AlertRaised, FollowUpDone, Happening, Matched, StayClass, StayKey};
use crate::care_plan::{Carriage, Document, PlanAcknowledged, PlanApproved, PlanReturned, PlanSent};
use crate::care_team::Whom;
use crate::case::event::{Content, Event, EventData, Head, Held, HeldBody, Receipt, VERSION};
use crate::case::life::{Carried, CaseAccepted, CaseClosed, CaseOpened, CloseReason};
use crate::communication::{MessageSent, Priority};
use crate::contact::{Contact, Role, Seat, Topic};
use crate::error::{Error, Result};
use crate::id::{AgreementId, CaseId, EventId, OrganizationId, RoomId, RuleSetId, Sha256, UserId};
use crate::label::Marks;
use crate::member::Member;
use crate::organization::{Organization, OrganizationKind};
use crate::panel::Pair;
use crate::task::{Assignee, TaskAssigned, TaskDue};

/// The programme's rule set, as far as these cases need it.
pub const RULES: &str = "id: synthetic\nversion: \"1\"\ntitle: Synthetic clocks\nclocks:\n  - { clock: inpatient-follow-up, days: 7, mark: F }\n";
const DAY: i64 = 24 * 60;
const FIRST: [&str; 16] = [
    "Ana", "Ben", "Carla", "Dev", "Elsa", "Finn", "Gita", "Hugo", "Ines", "Jon", "Kaya", "Liam", "Mina",
    "Noah", "Olga", "Pia",
];
const LAST: [&str; 16] = [
    "Abel", "Brook", "Castle", "Dale", "Elm", "Field", "Grove", "Hill", "Isle", "Jetty", "Knoll", "Lake",
    "Marsh", "North", "Oak", "Pond",
];

/// A programme in which nobody exists.
#[derive(Debug)]
pub struct Programme {
    pairs: Vec<PairOf>,
    me: UserId,
    now: Timestamp,
}

/// Two of its organisations, and what they settled.
#[derive(Debug)]
struct PairOf {
    plan: Organization,
    community: Organization,
    agreement: Carried<AgreementId>,
    rules: Carried<RuleSetId>,
}

/// One of its cases, as a device has received it.
#[derive(Debug)]
pub struct Received {
    /// The case.
    pub case: CaseId,
    /// Its room.
    pub room: RoomId,
    /// Who opened it, and invited this device.
    pub opener: UserId,
    /// Its member.
    pub member: Member,
    /// Its people.
    pub roster: Vec<Seat>,
    /// Its events.
    pub events: Vec<Held>,
}

impl Programme {
    /// A programme of so many plan sides and community sides, of which each community side shares cases with so many of the plan
    /// sides, seen from a device of this account as of this time.
    ///
    /// # Errors
    /// None but our own mistakes: `Internal`.
    pub fn new(
        plan_sides: usize,
        community_sides: usize,
        each: usize,
        me: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        let mut pairs = Vec::new();
        for c in 0..community_sides {
            for n in 0..each.min(plan_sides) {
                // Neighbours, so that every plan side has its share.
                let p = (c * 5 + n) % plan_sides.max(1);
                let (plan, community) = (organization("aco", p)?, organization("cp", c)?);
                let text = agreement(&plan, &community);
                pairs.push(PairOf {
                    agreement: Carried::agreement(&text)?,
                    rules: Carried::rule_set(RULES)?,
                    plan,
                    community,
                });
            }
        }
        Ok(Self { pairs, me, now })
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// Between whom the cases of this number are.
    pub fn pair(&self, n: usize) -> Option<Pair> {
        let of = self.pair_of(n)?;
        Some(Pair { plan_side: of.plan.id.clone(), community_side: of.community.id.clone() })
    }

    /// The agreements, as a host gives them.
    pub fn agreements(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.agreement.text.as_str())
    }

    /// Its organisations.
    pub fn organizations(&self) -> Vec<Organization> {
        let mut all: Vec<Organization> = Vec::new();
        for one in self.pairs.iter().flat_map(|pair| [&pair.plan, &pair.community]) {
            if !all.iter().any(|known| known.id == one.id) {
                all.push(one.clone());
            }
        }
        all
    }

    fn pair_of(&self, n: usize) -> Option<&PairOf> {
        self.pairs.get(n % self.pairs.len().max(1))
    }

    /// A case, with what happened in it.
    ///
    /// # Errors
    /// None but our own mistakes: `Internal`.
    pub fn case(&self, n: usize) -> Result<Received> {
        let pair = self.pair_of(n).ok_or(Error::internal("programme-pair"))?;
        let mut luck = Luck(u64::try_from(n).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let case = CaseId::from_uuid(uuid(&format!("case/{n}")));
        let roster = self.roster(pair)?;
        let name =
            |of: &[&'static str; 16], luck: &mut Luck| of.get(luck.below(16)).copied().unwrap_or("Nobody");
        let member = Member {
            id: format!("urn:example:member|{n}").parse()?,
            name: format!("{} {} (synthetic {n})", name(&FIRST, &mut luck), name(&LAST, &mut luck)),
            birth_date: jiff::civil::date(1950 + i16::try_from(n % 50).unwrap_or(0), 4, 5),
        };
        let mut told = Told {
            case: n,
            begins: self.now
                - SignedDuration::from_mins(DAY * (30 + i64::try_from(luck.below(90)).unwrap_or(0))),
            now: self.now,
            minutes: 0,
            head: None,
            events: Vec::new(),
        };
        let opened = CaseOpened {
            case,
            member: member.clone(),
            plan_side: pair.plan.clone(),
            community_side: pair.community.clone(),
            others: Vec::new(),
            roster: roster.clone(),
            agreement: pair.agreement.clone(),
            rules: pair.rules.clone(),
        };
        let [jane, joe, rao] = ["jane", "joe", "rao"].map(|who| user(who, pair));
        let (jane, joe, rao) = (jane?, joe?, rao?);
        told.says(&jane, CaseOpened::event_id(case), opened)?;
        told.later(luck.below(3 * 1440));
        told.happens(&joe, CaseAccepted { case })?;
        happens(&mut told, &mut luck, (&jane, &joe, &rao), &roster)?;
        Ok(Received {
            case,
            room: format!("!case-{n}:cp.example").parse()?,
            opener: jane,
            member,
            roster,
            events: told.events,
        })
    }

    fn roster(&self, pair: &PairOf) -> Result<Vec<Seat>> {
        let seat = |who: &str, role: Role, lead: bool| {
            let of = if who == "jane" { &pair.community } else { &pair.plan };
            Ok::<_, Error>(Seat {
                contact: Contact {
                    id: format!("{}-{who}", of.id.as_str().replace("|org-", "|staff-")).parse()?,
                    name: format!("{who} of {}", of.name),
                    role,
                    organization: of.id.clone(),
                    user: Some(user(who, pair)?),
                    phone: Some("+1-617-555-0100".to_owned()),
                    topics: vec![Topic::CarePlan],
                },
                lead,
            })
        };
        let mut me = seat("me", Role::Supervisor, false)?;
        me.contact.user = Some(self.me.clone());
        Ok(vec![
            seat("jane", Role::CpCareCoordinator, true)?,
            seat("joe", Role::AcoCareManager, true)?,
            seat("rao", Role::PcpDesignee, false)?,
            me,
        ])
    }
}

/// What happens in a case: about as often as the programme's people say.
fn happens(
    told: &mut Told,
    luck: &mut Luck,
    (jane, joe, rao): (&UserId, &UserId, &UserId),
    roster: &[Seat],
) -> Result<()> {
    for n in 0..luck.below(4) {
        told.later(60 + luck.below(6 * 1440));
        told.happens(if n % 2 == 0 { joe } else { jane }, MessageSent::default())?;
    }
    if luck.of_100(70) {
        told.later(1440 + luck.below(20 * 1440));
        let document = plan(told.case);
        let sha256 = document.sha256;
        let sent = PlanSent { document, sign_by: None, member_approved: None, replaces: None, on: None };
        let plan = told.happens(jane, sent)?;
        told.later(luck.below(4 * 1440));
        if luck.of_100(50) {
            told.happens(joe, PlanAcknowledged { plan })?;
        }
        told.later(luck.below(16 * 1440));
        if luck.of_100(60) {
            told.happens(rao, PlanApproved { plan, sha256 })?;
        } else if luck.of_100(25) {
            let changes = "Add who drives to the appointments.".to_owned();
            told.happens(rao, PlanReturned { plan, changes })?;
        }
    }
    if luck.of_100(15) {
        told.later(luck.below(10 * 1440));
        let stay = StayKey::Named { facility: "General".to_owned(), visit: told.case.to_string() };
        let id = stay.id();
        told.alert(jane, &stay, Happening::Admitted)?;
        if luck.of_100(70) {
            told.later(1440 + luck.below(8 * 1440));
            told.alert(jane, &stay, Happening::Discharged)?;
            if luck.of_100(60) {
                told.later(600 + luck.below(9 * 1440));
                let at = told.when();
                told.happens(jane, FollowUpDone { stay: id, at, face_to_face: true, outcome: None })?;
            }
        }
    }
    if luck.of_100(20) {
        told.later(luck.below(5 * 1440));
        let owner = roster.get(luck.below(2)).ok_or(Error::internal("programme-roster"))?;
        let whom =
            Whom { contact: owner.contact.id.clone(), organization: owner.contact.organization.clone() };
        let due =
            told.when() + SignedDuration::from_mins(DAY * (1 + i64::try_from(luck.below(14)).unwrap_or(0)));
        told.happens(
            joe,
            TaskAssigned {
                title: "Ask about the ride to the clinic".to_owned(),
                detail: None,
                to: Assignee::Owner(whom),
                due: TaskDue::At(due),
                priority: Priority::Routine,
            },
        )?;
    }
    if luck.of_100(3) {
        told.later(luck.below(1440));
        told.happens(jane, CaseClosed { reason: CloseReason::Graduated, continued_in: None })?;
    }
    Ok(())
}

/// A case as it is told: each event follows the one before.
struct Told {
    case: usize,
    begins: Timestamp,
    now: Timestamp,
    minutes: i64,
    head: Option<Head>,
    events: Vec<Held>,
}

impl Told {
    fn later(&mut self, minutes: usize) {
        self.minutes += i64::try_from(minutes).unwrap_or(0) + 1;
    }

    /// What would come after now has come just now.
    fn when(&self) -> Timestamp {
        (self.begins + SignedDuration::from_mins(self.minutes)).min(self.now)
    }

    fn happens(&mut self, by: &UserId, data: impl Into<EventData>) -> Result<EventId> {
        let id = EventId::from_uuid(uuid(&format!("event/{}/{}", self.case, self.events.len())));
        self.says(by, id, data)
    }

    fn says(&mut self, by: &UserId, id: EventId, data: impl Into<EventData>) -> Result<EventId> {
        let at = self.when();
        let clock = self.head.as_ref().map_or(1, |head| head.clock + 1);
        let after = self.head.take().into_iter().collect();
        let event = Event {
            v: VERSION,
            id,
            after,
            clock,
            at,
            audit: None,
            marks: Marks::default(),
            data: data.into(),
        };
        let body = format!("Synthetic words about a {}.", event.data.kind());
        let held = Held {
            sender: by.clone(),
            id,
            server_at: at,
            receipt: Receipt::FirstHand { proven: true },
            body: HeldBody::Whole(Content::new(body, &event, false)?),
        };
        self.head = Some(Head { key: held.key(), clock });
        self.events.push(held);
        Ok(id)
    }

    fn alert(&mut self, by: &UserId, stay: &StayKey, what: Happening) -> Result<EventId> {
        let at = self.when();
        let raised = AlertRaised {
            stay: stay.clone(),
            what,
            cancels: None,
            at,
            class: StayClass::Inpatient,
            facility_name: Some("Mass General (synthetic)".to_owned()),
            source: "synthetic feed".to_owned(),
            message: None,
            matched: Matched::ByMemberId,
            priority: Priority::Routine,
        };
        self.happens(by, raised)
    }
}

/// Numbers that follow from a seed (SplitMix64).
struct Luck(u64);

impl Luck {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0);
        number % most.max(1)
    }

    fn of_100(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn uuid(name: &str) -> uuid::Uuid {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("urn:example:synthetic:{name}").as_bytes())
}

fn organization(kind: &str, n: usize) -> Result<Organization> {
    let (name, of) = match kind {
        "aco" => ("Synthetic Care Network", OrganizationKind::AccountableCareOrganization),
        _ => ("Synthetic Community Partner", OrganizationKind::BehavioralHealthCommunityPartner),
    };
    let id: OrganizationId = format!("urn:example:org|org-{kind}-{n}").parse()?;
    Ok(Organization { id, name: format!("{name} {}", n + 1), kind: of, role_account: None, phone: None })
}

fn user(who: &str, pair: &PairOf) -> Result<UserId> {
    let of = if who == "jane" { &pair.community.id } else { &pair.plan.id };
    let server = of.as_str().rsplit('|').next().unwrap_or("nowhere");
    format!("@{who}:{server}.example").parse()
}

fn plan(n: usize) -> Document {
    let text = json!({ "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": {
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "title": format!("Synthetic plan {n}"),
        "subject": { "display": "Nobody" } } }] })
    .to_string();
    Document { sha256: Sha256::of(&text), size: text.len() as u64, carriage: Carriage::Inline(text) }
}

fn agreement(plan: &Organization, community: &Organization) -> String {
    let (plan_id, community_id) = (plan.id.as_str(), community.id.as_str());
    let staff = |who: &str| format!("{}-{who}", plan_id.replace("|org-", "|staff-"));
    let id = format!("{plan_id}-{community_id}").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    format!(
        r#"id: {id}
version: "1"
title: Shared care (synthetic)
plan_side: {{ id: "{plan_id}", name: "{}" }}
community_side: {{ id: "{community_id}", name: "{}" }}
in_force: {{ from: 2019-01-01 }}
clock: story
share: {{ both: [message, care-plan, roster, reminder, handover, task, alert, outreach] }}
clocks: {{ plan-return: {{ days: 14 }} }}
ladder:
  care-plan:
    - {{ contact: "{}", name: "joe of {}", organization: "{plan_id}", role: aco-care-manager }}
    - {{ contact: "{}", name: "me of {}", organization: "{plan_id}", role: supervisor, phone: "+1-617-555-0100", after: 2 d }}
"#,
        plan.name,
        community.name,
        staff("joe"),
        plan.name,
        staff("me"),
        plan.name,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::case::fold::Fold;
    use crate::case::state::Standing;

    #[test]
    fn every_event_of_the_programme_counts() {
        let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
        let programme = Programme::new(3, 4, 2, "@me:aco.example".parse().unwrap(), now).unwrap();
        assert_eq!((programme.pairs(), programme.organizations().len()), (8, 7));
        let mut kinds = std::collections::BTreeSet::new();
        for n in 0..200 {
            let mut fold = Fold::new();
            fold.extend(programme.case(n).unwrap().events);
            for entry in &fold.state().timeline {
                assert_eq!(entry.standing, Standing::Counted, "{n} {}", entry.kind);
                kinds.insert(entry.kind.clone());
            }
        }
        assert_eq!(kinds.len(), 11, "{kinds:?}");
    }
}
