//! Why one talks about a case.

use jiff::Timestamp;

use super::words::Days;
use super::{Call, Frame, Item, Matter, MatterKind};
use crate::alert::{Answered, Stay, StayClass, StayStatus, VisitStatus, followed_up};
use crate::care_plan::{CHANGED_CLOCK, CLOCK, PlanStatus, REVISION_CLOCK, SIGNATURE_CLOCK, Unsigned};
use crate::case::life::Opening;
use crate::case::state::{CaseState, Resource, Standing};
use crate::case::step::Owed;
use crate::contact::Contact;
use crate::due::believed;
use crate::id::{ContactId, EventId, OrganizationId};
use crate::label::are_sensitive;
use crate::task::{Assignee, TaskState, TaskStatus};

/// How many people one is told to call.
const MOST_CALLS: usize = 3;
/// How many open tasks are told each by itself.
const MOST_TASKS: usize = 4;

/// Why one talks about this case. Nothing of a case that is closed, or in which there is nothing to talk about.
pub fn look(state: &CaseState, frame: &Frame) -> Option<Item> {
    let opening = state.life.going_on().ok()?;
    let days = Days { zone: &frame.zone, now: frame.at, year: frame.order.meeting.date.year() };
    let mut seen = Look {
        state,
        opening,
        days,
        now: frame.at,
        owed: state.owed().into_iter().filter(|owed| owed.is_shown(frame.at)).collect(),
        matters: Vec::new(),
        decide: Vec::new(),
        call: Vec::new(),
    };
    seen.stays(frame.since_instant());
    seen.plan();
    seen.tasks();
    seen.rest();
    seen.quiet();
    seen.item()
}

struct Look<'a> {
    state: &'a CaseState,
    opening: &'a Opening,
    days: Days<'a>,
    now: Timestamp,
    /// What is owed and was not spoken of yet.
    owed: Vec<Owed>,
    matters: Vec<Matter>,
    decide: Vec<(MatterKind, &'static str)>,
    call: Vec<(MatterKind, Call)>,
}

impl Look<'_> {
    /// What is owed of this, which then is spoken of.
    fn take(&mut self, is: impl Fn(&Owed) -> bool) -> Option<Owed> {
        let place = self.owed.iter().position(is)?;
        Some(self.owed.remove(place))
    }

    fn matter(
        &mut self,
        kind: MatterKind,
        since: Timestamp,
        headline: String,
        detail: Vec<String>,
        owed: Option<&Owed>,
        decide: &'static str,
    ) {
        self.matters.push(Matter { kind, since, headline, detail });
        if !decide.is_empty() {
            self.decide.push((kind, decide));
        }
        for rung in owed.map(|owed| owed.ladder.as_slice()).unwrap_or_default() {
            if let Some(phone) = &rung.phone {
                let organization = self.organization(&rung.organization);
                self.call.push((kind, Call { name: rung.name.clone(), organization, phone: phone.clone() }));
            }
        }
    }

    fn organization(&self, id: &OrganizationId) -> String {
        let known = self.opening.organizations().find(|organization| organization.id == *id);
        known.map_or_else(|| id.as_str().to_owned(), |organization| organization.name.clone())
    }

    /// Somebody by name, with their organisation.
    fn named(&self, contact: &ContactId, owed: Option<&Owed>) -> String {
        let seat = self.state.roster().all().iter().rev().find(|place| place.seat.contact.id == *contact);
        if let Some(place) = seat {
            let Contact { name, organization, .. } = &place.seat.contact;
            return format!("{name} ({})", self.organization(organization));
        }
        let rung = owed.and_then(|owed| owed.ladder.iter().find(|rung| rung.contact == *contact));
        rung.map_or_else(
            || "somebody who is not in the case".to_owned(),
            |rung| format!("{} ({})", rung.name, self.organization(&rung.organization)),
        )
    }

    /// `Joe Brennan (Bay River) owes it since 5 March (3 days over).`, or until when it is in time.
    fn owes(&self, owed: &Owed, does: &str) -> String {
        let who = self.named(&owed.owner, Some(owed));
        let by = self.days.last_day(owed.due);
        if owed.due <= self.now {
            format!("{who} was to {does} by {by} ({}).", self.days.over(owed.due))
        } else {
            format!("{who} is to {does} by {by}.")
        }
    }

    fn stays(&mut self, since: Timestamp) {
        let state = self.state;
        for stay in state.alerts.stays() {
            let Some(began) = stay.began().or_else(|| stay.ended()) else { continue };
            let inpatient = stay.class() == StayClass::Inpatient;
            // Which hospital it is can tell what is labelled.
            let facility = stay.facility().filter(|_| !state.is_sensitive(&Resource::Stay(stay.id)));
            let place = facility.map_or_else(|| "a hospital".to_owned(), str::to_owned);
            let follow_up = stay.clock().and_then(|clock| {
                let id = EventId::derived(&["follow-up", &stay.id.to_string(), &clock.from.to_string()]);
                self.take(|owed| owed.since == id && owed.clock == clock.name)
            });
            match stay.status() {
                StayStatus::Cancelled => {}
                StayStatus::InProgress if inpatient => {
                    let (at, long) = (self.days.day(began), self.days.long(began));
                    let headline = format!("In the hospital since {at} ({long}): {place}.");
                    let detail = vec![self.visit(stay)];
                    let answer = EventId::derived(&["alert-answer", &stay.id.to_string()]);
                    let owed = self.take(|owed| owed.since == answer);
                    let decide = "Who goes to see them before they leave, and who plans what follows?";
                    self.matter(MatterKind::Admitted, began, headline, detail, owed.as_ref(), decide);
                }
                _ => self.left(stay, (began, since), &place, follow_up),
            }
        }
    }

    /// A stay that is over, or a visit to an emergency department.
    fn left(&mut self, stay: &Stay, (began, since): (Timestamp, Timestamp), place: &str, owed: Option<Owed>) {
        let inpatient = stay.class() == StayClass::Inpatient;
        let was = if inpatient {
            let left = stay.ended().unwrap_or(began);
            format!("Left the hospital on {}: {place}.", self.days.since(left))
        } else {
            format!("Was in the emergency department on {}: {place}.", self.days.since(began))
        };
        let from = stay.clock().map_or(began, |clock| clock.from);
        if let Some(owed) = owed {
            let does = if inpatient { "meet them face to face" } else { "follow up" };
            let detail = vec!["Nobody has followed up yet.".to_owned(), self.owes(&owed, does)];
            let (kind, decide) = if owed.due <= self.now {
                (MatterKind::FollowUpOverdue, "Who meets them, and on which day?")
            } else {
                (MatterKind::FollowUpDue, "Is the meeting with them arranged?")
            };
            self.matter(kind, from, was, detail, Some(&owed), decide);
        } else if began >= since {
            let followed = followed_up(stay, &self.state.outreach).map_or_else(
                || "No follow-up is owed.".to_owned(),
                |by| format!("{} followed up on {}.", self.named(&by.by, None), self.days.day(by.at)),
            );
            self.matter(
                MatterKind::SinceLast,
                from,
                was,
                vec![followed],
                None,
                "Is anything left to do after it?",
            );
        }
    }

    /// What became of going there together.
    fn visit(&mut self, stay: &Stay) -> String {
        let mut visits = self.state.alerts.visits().iter().filter(|visit| visit.stay == stay.id);
        let Some(visit) = visits.rfind(|visit| visit.status() != VisitStatus::CalledOff) else {
            return "Nobody has proposed to visit them together.".to_owned();
        };
        let at = self.days.hour(visit.at);
        let waits: Vec<String> = visit
            .asked
            .iter()
            .filter(|asked| asked.answer == Answered::Waiting)
            .map(|asked| self.named(&asked.whom.contact, None))
            .collect();
        let since = visit.since.event.owed();
        // It is spoken of here.
        if visit.at > self.now {
            while self.take(|owed| owed.since == since).is_some() {}
        }
        match (waits.is_empty(), visit.at > self.now) {
            (true, false) => format!("A visit together was planned for {at}."),
            (false, false) => {
                let who = waits.join(" and ");
                format!("A visit together was proposed for {at}, which is past; {who} never answered.")
            }
            (true, true) => format!("A visit together is planned for {at}."),
            (false, true) => {
                let have = if waits.len() == 1 { "has" } else { "have" };
                format!("A visit together is proposed for {at}; {} {have} not answered.", waits.join(" and "))
            }
        }
    }

    fn plan(&mut self) {
        let Some(plan) = self.state.plans.all().last() else { return };
        let sent = plan.sent_by.at;
        match &plan.status {
            PlanStatus::Sent | PlanStatus::Acknowledged => {
                let owed = self.take(|owed| owed.clock == CLOCK && owed.since == plan.sent.owed());
                let headline =
                    format!("The care plan has waited for a signature since {}.", self.days.since(sent));
                let mut detail = Vec::new();
                if let Some(owed) = &owed {
                    detail.push(self.owes(owed, "return it"));
                }
                if plan.acknowledged.is_none() {
                    detail.push("Nobody has said that it arrived.".to_owned());
                }
                let decide = "What keeps the signature, and who gives it by when?";
                self.plan_matter(MatterKind::PlanUnsigned, sent, headline, detail, owed.as_ref(), decide);
            }
            PlanStatus::Returned { by, changes } => {
                let who = self.named(&by.contact, None);
                let headline = format!("The care plan came back with changes on {}.", self.days.since(by.at));
                let mut detail = vec![format!("{who} returned it, and no new version was sent.")];
                let owed = self.take(|owed| owed.clock == REVISION_CLOCK);
                detail.extend(owed.as_ref().map(|owed| self.owes(owed, "send the new version")));
                let sensitive = self.state.is_sensitive(&Resource::Plan(plan.sent.id))
                    || self.state.labels_of(&by.event).is_some_and(are_sensitive);
                if sensitive {
                    detail.push("What is to be changed is withheld here.".to_owned());
                } else if !changes.is_empty() {
                    detail.push(format!("To change: {}", short(changes)));
                }
                let decide = "Who makes the changes, and by when?";
                self.plan_matter(MatterKind::PlanReturned, by.at, headline, detail, owed.as_ref(), decide);
            }
            PlanStatus::Approved(_) => {
                let Some(unsigned) = plan.unsigned(&self.opening.agreement, &self.opening.rules) else {
                    return;
                };
                let owed = self.take(|owed| [SIGNATURE_CLOCK, CHANGED_CLOCK].contains(&owed.clock.as_str()));
                let since = self.days.since(unsigned.since());
                let (headline, deed, decide) = match unsigned {
                    Unsigned::Changed { told, .. } => (
                        format!(
                            "The care plan was changed since it was sent for signature: that was told on {}.",
                            self.days.since(told.at)
                        ),
                        "send it anew, or change it back",
                        "Is it sent anew for signature, by whom and by when, or was the change a mistake?",
                    ),
                    Unsigned::InHouse(_) => (
                        format!(
                            "The care plan was approved on {since}, and no clinician of those who sent it has."
                        ),
                        "have a clinician of theirs approve it",
                        "Which clinician approves it, and by when?",
                    ),
                    _ => (
                        format!("The care plan was approved on {since}, and the member has not signed it."),
                        "have the member sign it",
                        "Who goes through it with the member, and by when?",
                    ),
                };
                let detail = owed.iter().map(|owed| self.owes(owed, deed)).collect();
                let kind = MatterKind::PlanUnsigned;
                self.plan_matter(kind, unsigned.since(), headline, detail, owed.as_ref(), decide);
            }
            PlanStatus::Replaced { .. } => {}
        }
    }

    /// What there is about the care plan: an overdue one comes before the others.
    fn plan_matter(
        &mut self,
        kind: MatterKind,
        since: Timestamp,
        headline: String,
        detail: Vec<String>,
        owed: Option<&Owed>,
        decide: &'static str,
    ) {
        let overdue = owed.filter(|owed| owed.due <= self.now).map(|owed| owed.due);
        let (kind, since) = overdue.map_or((kind, since), |due| (MatterKind::PlanOverdue, due));
        self.matter(kind, since, headline, detail, owed, decide);
    }

    fn tasks(&mut self) {
        let state = self.state;
        let mut told = 0;
        for task in state.tasks.open() {
            let owed = self.take(|owed| owed.since == task.since.owed() && owed.clock.starts_with("task"));
            let title = titled(task, state);
            let overdue = owed.as_ref().filter(|owed| owed.due <= self.now).map(|owed| owed.due);
            match (&task.assignee, task.status, &owed) {
                (Assignee::Owner(whom), TaskStatus::Declined, owed) => {
                    let who = self.named(&whom.contact, None);
                    let headline =
                        format!("{who} declined a task on {}: {title}.", self.days.day(task.since_at));
                    let detail =
                        owed.iter().map(|owed| self.owes(owed, "give it to somebody else")).collect();
                    let decide = "Who does it instead?";
                    self.matter(
                        MatterKind::TaskDeclined,
                        task.since_at,
                        headline,
                        detail,
                        owed.as_ref(),
                        decide,
                    );
                }
                (Assignee::Pool(pool), _, owed) => {
                    let (since, of) = (self.days.since(task.since_at), self.organization(pool));
                    let headline = format!("Nobody at {of} has taken a task since {since}: {title}.");
                    let detail = owed.iter().map(|owed| self.owes(owed, "take it")).collect();
                    self.matter(
                        MatterKind::TaskUnclaimed,
                        task.since_at,
                        headline,
                        detail,
                        owed.as_ref(),
                        "Who takes it?",
                    );
                }
                (_, _, Some(owed)) if overdue.is_some() => {
                    let headline = format!("A task is overdue: {title}.");
                    let detail = vec![self.owes(owed, "do it")];
                    let decide = "Can it be done, and by when? Else who takes it over?";
                    self.matter(MatterKind::Overdue, owed.due, headline, detail, Some(owed), decide);
                }
                (_, _, Some(owed)) if told < MOST_TASKS => {
                    told += 1;
                    let headline = format!("A task is open: {title}.");
                    let detail = vec![self.owes(owed, "do it")];
                    self.matter(MatterKind::TaskOpen, owed.due, headline, detail, None, "");
                }
                _ => {}
            }
        }
    }

    /// Whatever else is overdue, whoever's life cycle it is.
    fn rest(&mut self) {
        let overdue: Vec<Owed> = self.owed.iter().filter(|owed| owed.due <= self.now).cloned().collect();
        for owed in overdue {
            let headline = format!("Overdue since {}: {}.", self.days.last_day(owed.due), owed.what);
            let detail = vec![format!("{} owes it.", self.named(&owed.owner, Some(&owed)))];
            self.matter(
                MatterKind::Overdue,
                owed.due,
                headline,
                detail,
                Some(&owed),
                "Who does it, and by when?",
            );
        }
    }

    fn quiet(&mut self) {
        let agreement = &self.opening.agreement;
        let happened = self.state.timeline.iter();
        let happened = happened.filter(|entry| !matches!(entry.standing, Standing::Refused { .. }));
        let last = happened.map(|entry| believed(entry.at, entry.server_at, agreement.story_clock)).max();
        let Some(last) = last.filter(|last| agreement.quiet.after(*last, &agreement.zone) <= self.now) else {
            return;
        };
        let headline = format!("Nothing has happened since {}.", self.days.since(last));
        let decide = "Does the case go on? Who asks the member how they are?";
        self.matter(MatterKind::Quiet, last, headline, Vec::new(), None, decide);
    }

    fn item(mut self) -> Option<Item> {
        self.matters.sort_by_key(|matter| (matter.kind, matter.since));
        let first = self.matters.first()?;
        let more = u32::try_from(self.matters.len() - 1).unwrap_or(0).min(3);
        let minutes = first.kind.minutes() + more;
        let sides = [&self.opening.plan_side.id, &self.opening.community_side.id];
        let leads: Vec<Contact> = sides
            .into_iter()
            .flat_map(|side| self.state.roster().leads(side).filter(|seat| !seat.is_keeper()))
            .map(|seat| seat.contact.clone())
            .collect();
        self.decide.sort_by_key(|(kind, _)| *kind);
        let mut decide: Vec<String> = Vec::new();
        for (kind, text) in &self.decide {
            // Whether a case goes on is asked where nothing else is.
            let asked = *kind != MatterKind::Quiet || first.kind == MatterKind::Quiet;
            if asked && !decide.iter().any(|known| known == text) {
                decide.push((*text).to_owned());
            }
        }
        self.call.sort_by_key(|(kind, _)| *kind);
        let of_leads = leads.iter().filter_map(|contact| {
            let phone = contact.phone.clone()?;
            Some(Call {
                name: contact.name.clone(),
                organization: self.organization(&contact.organization),
                phone,
            })
        });
        let mut call: Vec<Call> = Vec::new();
        for one in self.call.iter().map(|(_, call)| call.clone()).chain(of_leads) {
            if call.len() < MOST_CALLS && !call.iter().any(|known| known.phone == one.phone) {
                call.push(one);
            }
        }
        let member = self.opening.member.as_ref()?;
        Some(Item {
            case: self.opening.case,
            member: member.name.clone(),
            birth_date: member.birth_date,
            matters: self.matters,
            decide,
            call,
            leads,
            minutes,
        })
    }
}

/// What a task is called, where that is known.
fn titled(task: &TaskState, state: &CaseState) -> String {
    if task.title.is_empty() || state.is_sensitive(&Resource::Task(task.key.clone())) {
        "its title was withheld".to_owned()
    } else {
        format!("“{}”", short(&task.title))
    }
}

/// A text of others', cut where it is too long to be said.
fn short(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= 160 {
        return one_line;
    }
    format!("{}…", one_line.chars().take(160).collect::<String>().trim_end())
}
