//! The programme's clocks, from its own dates; and what is owed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::agreement::{Agreement, Clock, RuleSet};
use crate::care_plan::CarePlans;
use crate::case::event::EventKey;
use crate::case::step::{Owed, Rules};
use crate::contact::{Contact, Topic};
use crate::outreach::{Outreach, Stage};

/// The clock of the engagement, from the enrolment.
pub const ENGAGEMENT: &str = "engagement";
/// The clock of the first care plan, from the assignment.
pub const PLAN_COMPLETED: &str = "plan-completed";
/// How long somebody may have been away for the clocks to go on.
pub const RE_ENROLMENT_GAP: &str = "re-enrolment-gap";
/// The clock of the plan side's answer, from the question.
pub const ANSWER: &str = "outreach-answer";

/// From where the clocks of a member's time with the programme count. `Debug` shows none of its days.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Term {
    /// The event from which they run.
    pub since: EventKey,
    /// The programme's day of the assignment, or of the re-enrolment that counts as new.
    pub assigned: Date,
    /// The programme's day of the enrolment.
    pub enrolled: Date,
    /// Since when the member is engaged.
    pub engaged: Option<Date>,
    /// Since when the member is away.
    pub left: Option<Date>,
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Term({})", self.since.id)
    }
}

/// A clock of the programme, as it counts in this case. `Debug` shows its name only.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockDate {
    /// Its name.
    pub clock: &'static str,
    /// The programme's day from which it counts.
    pub from: Date,
    /// The last day on which it is in time.
    pub due: Date,
}

impl fmt::Debug for ClockDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClockDate({})", self.clock)
    }
}

/// From where the clocks count: the last assignment, or re-enrolment after a gap that is longer than the rule set's for the day of
/// leaving. After a shorter one, or where the rules know none, the old clocks go on.
pub fn term(outreach: &Outreach, agreement: &Agreement, rules: &RuleSet) -> Option<Term> {
    let mut term: Option<Term> = None;
    for stage in outreach.stages() {
        let (event, reached) = (&stage.first, &stage.reached);
        let fresh = Term {
            since: event.clone(),
            assigned: reached.on,
            enrolled: reached.enrolled.unwrap_or(reached.on),
            engaged: None,
            left: None,
        };
        match (&mut term, reached.stage) {
            (None, _) | (_, Stage::Assigned) => term = Some(fresh),
            (Some(old), Stage::ReEnrolled) => {
                let left = old.left.or(reached.left).unwrap_or(reached.on);
                let gap = clock(RE_ENROLMENT_GAP, left, agreement, rules);
                if gap.is_some_and(|gap| gap.due_date(left) < reached.on) {
                    term = Some(fresh);
                } else {
                    old.left = None;
                }
            }
            (Some(old), Stage::Engaged) => old.engaged = Some(reached.on),
            // Who went on to another ACO had left before.
            (Some(old), Stage::Disenrolled | Stage::Moved) => old.left = old.left.or(Some(reached.on)),
            (Some(_), Stage::Outreach | Stage::Consented) => {}
        }
    }
    term
}

/// The clocks of the member's present time with the programme, whether they still run or not.
pub fn dates(outreach: &Outreach, agreement: &Agreement, rules: &RuleSet) -> Vec<ClockDate> {
    let Some(term) = term(outreach, agreement, rules) else { return Vec::new() };
    let clocks = [(ENGAGEMENT, term.enrolled), (PLAN_COMPLETED, term.assigned)];
    let of = |(name, from)| {
        let clock = clock(name, from, agreement, rules)?;
        Some(ClockDate { clock: name, from, due: clock.due_date(from) })
    };
    clocks.into_iter().filter_map(of).collect()
}

fn clock(name: &str, day: Date, agreement: &Agreement, rules: &RuleSet) -> Option<Clock> {
    agreement.clock(name).or_else(|| rules.clock(name, day))
}

/// What is owed: by the community side's first lead the engagement and the first care plan, as long as the member is there, each
/// where the agreement or the rule set has a clock for it; by the first of the plan side on the ladder for care plans the
/// answer to each question, when the agreement's or the rule set's [`ANSWER`] says, else when the case would count as quiet.
pub fn owed(outreach: &Outreach, plans: &CarePlans, rules: &Rules<'_>) -> Vec<Owed> {
    let mut owed = Vec::new();
    if let Some(term) = term(outreach, rules.agreement, rules.rules).filter(|term| term.left.is_none()) {
        owed.extend(programme(&term, plans, rules));
    }
    owed.extend(answers(outreach, rules));
    owed
}

fn programme(term: &Term, plans: &CarePlans, rules: &Rules<'_>) -> Vec<Owed> {
    let (agreement, community) = (rules.agreement, &rules.agreement.community_side.id);
    let zone = &agreement.zone;
    let complete = plans
        .all()
        .iter()
        .filter_map(|plan| plan.completed(agreement, rules.rules))
        .any(|complete| complete.on >= term.assigned);
    // Of somebody's leads who all have left, one of their people; else whoever comes first on the ladder.
    let people =
        || rules.roster.active().filter(|seat| !seat.is_keeper() && seat.contact.organization == *community);
    let first: Option<&Contact> =
        rules.roster.lead(community).or_else(|| people().next()).map(|seat| &seat.contact);
    let Some(owner) = first
        .map(|contact| contact.id.clone())
        .or_else(|| agreement.ladder(Topic::CarePlan).first().map(|rung| rung.contact.clone()))
    else {
        return Vec::new();
    };
    let engaged = (ENGAGEMENT, term.enrolled, "engage the member", term.engaged.is_some());
    let planned = (PLAN_COMPLETED, term.assigned, "have a care plan of the member completed", complete);
    [engaged, planned]
        .into_iter()
        .filter(|(.., done)| !done)
        .filter_map(|(name, from, what, _)| {
            let due = due_on(clock(name, from, agreement, rules.rules)?, from, zone);
            Some(Owed {
                since: term.since.owed(),
                clock: name.to_owned(),
                what: what.to_owned(),
                owner: owner.clone(),
                from: None,
                until: None,
                due,
                ladder: rules.ladder(Topic::CarePlan, first, due),
            })
        })
        .collect()
}

fn answers(outreach: &Outreach, rules: &Rules<'_>) -> Vec<Owed> {
    let agreement = rules.agreement;
    // `Agreement::parse` refuses a care-plan ladder without anybody of the plan side.
    let ladder = agreement.ladder(Topic::CarePlan);
    let Some(owner) = ladder.iter().find(|rung| rung.organization == agreement.plan_side.id) else {
        return Vec::new();
    };
    let open = outreach.asks().iter().filter(|ask| ask.answer.is_none());
    open.map(|ask| {
        let due = answer_due(ask.by.at, agreement, rules.rules);
        Owed {
            since: ask.asked.owed(),
            clock: ANSWER.to_owned(),
            what: "answer whether the community side may reach out to the member".to_owned(),
            owner: owner.contact.clone(),
            from: None,
            until: None,
            due,
            ladder: rules.ladder(Topic::CarePlan, None, due),
        }
    })
    .collect()
}

/// The instant from which an answer is overdue to a question that was asked then.
pub(crate) fn answer_due(asked: Timestamp, agreement: &Agreement, rules: &RuleSet) -> Timestamp {
    let day = asked.to_zoned(agreement.zone.clone()).date();
    match clock(ANSWER, day, agreement, rules) {
        Some(clock) => clock.due(asked, &agreement.zone),
        None => agreement.quiet.after(asked, &agreement.zone),
    }
}

/// The instant from which it is overdue, for the programme's own day.
fn due_on(clock: Clock, day: Date, zone: &TimeZone) -> Timestamp {
    let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone());
    noon.map_or(Timestamp::MAX, |noon| clock.due(noon.timestamp(), zone))
}
