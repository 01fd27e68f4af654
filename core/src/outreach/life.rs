//! The steps of the outreach.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::agreement::{Agreement, OutreachRule};
use crate::care_plan::StepTaken;
use crate::case::event::EventKey;
use crate::case::life::CloseReason;
use crate::case::roster::decides;
use crate::case::step::Step;
use crate::due;
use crate::outreach::no_contact::{not_made, permitted, prohibited};
use crate::outreach::{
    AskAnswer, AskState, ContactRecorded, ContactState, ContactWithdrawn, Outreach, OutreachAsked,
    OutreachEvent, Stage, StageReached, StageState, Withdrawn,
};
use crate::policy::{Reach, Reason, may_reach_out, no_contact};

/// How many contacts and attempts are kept of each organisation.
pub const MOST_CONTACTS: usize = 1000;
/// How often one organisation says where the member stands, corrections counted too.
const MOST_STAGES: usize = 200;
/// How many questions.
const MOST_ASKS: usize = 200;

/// The state after an event, or why the event is no valid step.
///
/// # Errors
/// The reason, with source `outreach`: `outreach-by-keeper`, `outreach-not-a-side`, `outreach-not-community-side`,
/// `outreach-not-plan-side`; of a stage `stage-order`, `stage-known`, `stage-before`, `stage-after`, `stage-left`,
/// `stage-unknown`, `stage-date`, `stage-fields`, `stages-too-many`; of a contact `contact-in-future`, `contact-date`, `contact-face-to-face`, `contact-by`,
/// `contact-known`, `contacts-too-many`, `contact-not-made`, `contact-not-prohibited`; of one that is taken back `contact-unknown`, `contact-not-yours`, `contact-withdrawn`; of a member who must not be contacted `no-contact-date`,
/// `no-contact-known`, `no-contact-unknown`, `no-contact-lifted`, `no-contact-too-often`; of a question `outreach-not-to-ask` (the agreement allows or
/// prohibits it, or says nothing), `outreach-asked-already`, `outreach-asks-too-many`; of an answer `outreach-ask-unknown`,
/// `outreach-answered`.
pub fn step(
    outreach: &Outreach,
    event: OutreachEvent<'_>,
    agreement: &Agreement,
    step: &Step<'_>,
) -> Result<Outreach, Reason> {
    if step.seat.is_keeper() {
        return Err(refused("outreach-by-keeper", "a person takes the steps of outreach, never a keeper"));
    }
    let mut next = outreach.clone();
    match event {
        OutreachEvent::Stage(event) => reached(&mut next, event, step)?,
        OutreachEvent::Contact(event) => contact(&mut next, event, agreement, step)?,
        OutreachEvent::Withdrawn(event) => withdrawn(&mut next, event, step)?,
        OutreachEvent::Prohibited(event) => prohibited(&mut next, event, step)?,
        OutreachEvent::Permitted(event) => permitted(&mut next, event, step)?,
        OutreachEvent::Asked(event) => asked(&mut next, event, agreement, step)?,
        OutreachEvent::Granted(event) => {
            answered(&mut next, &event.ask, (true, event.until, &event.reason), step)?;
        }
        OutreachEvent::Refused(event) => answered(&mut next, &event.ask, (false, None, &event.reason), step)?,
    }
    Ok(next)
}

/// Whether the case may be closed for this reason, as far as the outreach says. Where the agreement does not speak of
/// outreach, nothing is counted.
///
/// # Errors
/// The reason, with source `agreement <id>`: `unreachable-too-early`, with how many attempts there were.
pub fn closing(outreach: &Outreach, reason: CloseReason, agreement: &Agreement) -> Result<(), Reason> {
    let Some(terms) = agreement.outreach.as_ref().filter(|_| reason == CloseReason::Unreachable) else {
        return Ok(());
    };
    let (attempts, needed) = (outreach.attempts(), terms.attempts_before_unreachable);
    if attempts >= needed {
        return Ok(());
    }
    let text = format!(
        "a case is closed as unreachable after {needed} attempts without success since the member was last reached; {attempts} \
         are recorded"
    );
    Err(Reason::new("unreachable-too-early", text, format!("agreement {}", agreement.id)))
}

pub(super) fn reached(outreach: &mut Outreach, event: &StageReached, step: &Step<'_>) -> Result<(), Reason> {
    let organization = &step.seat.contact.organization;
    let community = organization == step.community_side;
    if !community && organization != step.plan_side {
        return Err(refused(
            "outreach-not-a-side",
            "one of the two sides of the case says where the member stands",
        ));
    }
    if !community && matches!(event.stage, Stage::Outreach | Stage::Consented | Stage::Engaged) {
        let text =
            "the community side says that it reaches out, and that the member takes part or is engaged";
        return Err(refused("outreach-not-community-side", text));
    }
    let begins = matches!(event.stage, Stage::Assigned | Stage::ReEnrolled);
    if (event.enrolled.is_some() && !begins)
        || (event.left.is_some() && event.stage != Stage::ReEnrolled)
        || (event.to_aco.is_some() && event.stage != Stage::Moved)
    {
        let text =
            "`enrolled` is of an assignment or a re-enrolment, `left` of a re-enrolment, `to_aco` of a move";
        return Err(refused("stage-fields", text));
    }
    let latest = due::latest_day(step.when());
    let dates = [Some(event.on), event.enrolled, event.left];
    if !dates.into_iter().flatten().all(|day| due::is_a_date(day) && day <= latest) {
        return Err(refused("stage-date", "a date of the programme lies after 1899, and not ahead of today"));
    }
    if event.left.is_some_and(|left| left > event.on) {
        return Err(refused("stage-before", "who comes back had left before"));
    }
    let said = outreach.said.entry(organization.clone()).or_default();
    *said += 1;
    if *said > MOST_STAGES {
        return Err(refused(
            "stages-too-many",
            "your organization has said very often where this member stands: open a new case",
        ));
    }
    let by = StepTaken::of(step);
    let place = corrected(outreach, event)?.unwrap_or(outreach.stages.len());
    let (earlier, later) = outreach.stages.split_at_checked(place).unwrap_or_default();
    if earlier.last().is_some_and(|before| event.on < before.reached.on) {
        let text = "the date lies before that of the stage before it: correct that one first";
        return Err(refused("stage-before", text));
    }
    if later.get(1).is_some_and(|after| event.on > after.reached.on) {
        let text = "the date lies after that of the stage after it: correct that one first";
        return Err(refused("stage-after", text));
    }
    let away = earlier.iter().rev().map(|stage| &stage.reached);
    let away = away.take_while(|stage| matches!(stage.stage, Stage::Disenrolled | Stage::Moved)).last();
    if event.left.zip(away).is_some_and(|(left, known)| left != known.on) {
        let text = "this case knows another day on which they had left: correct that stage";
        return Err(refused("stage-left", text));
    }
    let from = earlier.last().map(|last| last.reached.stage);
    if let Some(stage) = outreach.stages.get_mut(place) {
        // What a handover withholds is not looked at: the source alone corrects nothing.
        let said = |one: &StageReached| StageReached { corrects: None, ..one.withheld() };
        if said(&stage.reached) == said(event) {
            return Err(refused("stage-known", "this was said of the member before"));
        }
        let first = stage.first.clone();
        *stage = StageState { first, reached: event.clone(), by, corrected: stage.corrected + 1 };
    } else {
        if !follows(from, event.stage) {
            let text = format!(
                "`{}` does not come after {}",
                event.stage.code(),
                from.map_or("nothing: begin with `assigned` or `re-enrolled`".to_owned(), |from| format!(
                    "`{}`",
                    from.code()
                )),
            );
            return Err(Reason::new("stage-order", text, "outreach"));
        }
        let first = step.key.clone();
        outreach.stages.push(StageState { first, reached: event.clone(), by, corrected: 0 });
    }
    Ok(())
}

/// The place of the stage that is corrected, if one is: the one that is named, or the present one.
fn corrected(outreach: &Outreach, event: &StageReached) -> Result<Option<usize>, Reason> {
    let Some(named) = &event.corrects else {
        let last = outreach.stages.len().checked_sub(1);
        return Ok(last.filter(|_| outreach.stage() == Some(event.stage)));
    };
    let mut stages = outreach.stages.iter().enumerate();
    let (place, stage) = stages.find(|(_, stage)| stage.first == *named).ok_or_else(|| {
        refused("stage-unknown", "this case has no such stage: name the event that first said it")
    })?;
    if stage.reached.stage != event.stage {
        return Err(refused("stage-order", "a correction says the same stage anew, since another day"));
    }
    Ok(Some(place))
}

/// Which stage may follow which.
fn follows(from: Option<Stage>, to: Stage) -> bool {
    use Stage::{Assigned, Consented, Disenrolled, Engaged, Moved, Outreach, ReEnrolled};
    match from {
        None => matches!(to, Assigned | ReEnrolled),
        Some(Assigned | ReEnrolled) => matches!(to, Outreach | Consented | Engaged | Disenrolled | Moved),
        Some(Outreach) => matches!(to, Consented | Engaged | Disenrolled | Moved),
        Some(Consented) => matches!(to, Engaged | Disenrolled | Moved),
        Some(Engaged) => matches!(to, Disenrolled | Moved),
        Some(Disenrolled) => matches!(to, ReEnrolled | Moved),
        Some(Moved) => matches!(to, ReEnrolled),
    }
}

fn contact(
    outreach: &mut Outreach,
    event: &ContactRecorded,
    agreement: &Agreement,
    step: &Step<'_>,
) -> Result<(), Reason> {
    if event.when > step.when().checked_add(due::BELIEVED).unwrap_or(Timestamp::MAX) {
        return Err(refused("contact-in-future", "a contact is recorded when it has happened"));
    }
    if !due::is_a_date(event.when.to_zoned(jiff::tz::TimeZone::UTC).date()) {
        return Err(refused("contact-date", "a contact lies between 1900 and 2199"));
    }
    if event.face_to_face && !event.channel.may_be_face_to_face() {
        return Err(refused("contact-face-to-face", "by this channel nobody is face to face"));
    }
    not_made(outreach, event, agreement)?;
    let author = &step.seat.contact;
    let contact = match &event.by {
        None => author,
        Some(by) => {
            let seat = step.roster.contact(by, &author.organization).filter(|seat| !seat.is_keeper());
            let text = "who was there is a person of your own organisation who is named for the case";
            &seat.ok_or_else(|| refused("contact-by", text))?.contact
        }
    };
    let known = |one: &&ContactState| {
        one.withdrawn.is_none()
            && one.recorded.when == event.when
            && one.recorded.channel == event.channel
            && one.contact.id == contact.id
            && one.by.organization == author.organization
    };
    if outreach.contacts.iter().any(|one| known(&one)) {
        return Err(refused("contact-known", "this contact was recorded before"));
    }
    let own = outreach.contacts.iter().filter(|one| one.by.organization == author.organization);
    if own.count() >= MOST_CONTACTS {
        return Err(refused("contacts-too-many", "this case holds too many contacts: open a new one"));
    }
    outreach.contacts.push(ContactState {
        key: step.key.clone(),
        recorded: event.clone(),
        contact: contact.clone(),
        by: StepTaken::of(step),
        against_terms: against_terms(outreach, event, agreement, step.seat),
        withdrawn: None,
    });
    Ok(())
}

/// Takes a contact back: by whoever recorded it, or a lead of theirs.
fn withdrawn(outreach: &mut Outreach, event: &ContactWithdrawn, step: &Step<'_>) -> Result<(), Reason> {
    let author = &step.seat.contact;
    let contact = outreach.contacts.iter_mut().find(|one| one.key == event.contact);
    let contact = contact.ok_or_else(|| refused("contact-unknown", "this case holds no such contact"))?;
    let lead = decides(step.seat) && author.organization == contact.by.organization;
    if !contact.by.is_by(author) && !lead {
        let text = "who recorded a contact takes it back, or a lead of their organisation";
        return Err(refused("contact-not-yours", text));
    }
    if contact.withdrawn.is_some() {
        return Err(refused("contact-withdrawn", "this contact was taken back before"));
    }
    contact.withdrawn = Some(Withdrawn { reason: event.reason.clone(), by: StepTaken::of(step) });
    Ok(())
}

/// Why a contact was not allowed, where it was not: the member must not be contacted; or by the agreement, which speaks of the community
/// side alone.
pub(super) fn against_terms(
    outreach: &Outreach,
    event: &ContactRecorded,
    agreement: &Agreement,
    by: &crate::contact::Seat,
) -> Option<Reason> {
    if event.not_made.is_some() {
        return None;
    }
    // What the member said holds for everybody.
    if outreach.no_contact_at(event.when).is_some() {
        return Some(no_contact());
    }
    if by.contact.organization != agreement.community_side.id || agreement.outreach.is_none() {
        return None;
    }
    let judged = may_reach_out(agreement, outreach, event.channel, event.when);
    if judged.answer == Reach::Allowed { None } else { judged.reasons.into_iter().next_back() }
}

fn asked(
    outreach: &mut Outreach,
    event: &OutreachAsked,
    agreement: &Agreement,
    step: &Step<'_>,
) -> Result<(), Reason> {
    if step.seat.contact.organization != *step.community_side {
        let text = "the community side asks whether it may reach out";
        return Err(refused("outreach-not-community-side", text));
    }
    let day = step.when().to_zoned(agreement.zone.clone()).date();
    let text = match agreement.outreach.as_ref().map(|terms| terms.on(event.channel, day).0) {
        Some(OutreachRule::AskFirst) => None,
        Some(OutreachRule::Prohibited) => Some(
            "the agreement prohibits this channel: there is nothing to ask; choose another, or change the agreement",
        ),
        Some(OutreachRule::Allowed) | None => {
            Some("the agreement does not ask for a question: you may reach out")
        }
    };
    if let Some(text) = text {
        return Err(refused("outreach-not-to-ask", text));
    }
    if outreach.asks.iter().any(|ask| ask.ask.channel == event.channel && ask.answer.is_none()) {
        return Err(refused(
            "outreach-asked-already",
            "the plan side was asked this and has not answered yet",
        ));
    }
    if outreach.asks.len() >= MOST_ASKS {
        return Err(refused(
            "outreach-asks-too-many",
            "this was asked very often: settle it in the agreement",
        ));
    }
    let (asked, by) = (step.key.clone(), StepTaken::of(step));
    outreach.asks.push(AskState { asked, ask: event.clone(), by, answer: None });
    Ok(())
}

fn answered(
    outreach: &mut Outreach,
    ask: &EventKey,
    (granted, until, reason): (bool, Option<Date>, &str),
    step: &Step<'_>,
) -> Result<(), Reason> {
    if step.seat.contact.organization != *step.plan_side {
        let text = "the plan side answers whether the community side may reach out";
        return Err(refused("outreach-not-plan-side", text));
    }
    let ask = outreach.asks.iter_mut().find(|one| one.asked == *ask);
    let ask = ask.ok_or_else(|| refused("outreach-ask-unknown", "this case has no such question"))?;
    if ask.answer.is_some() {
        return Err(refused("outreach-answered", "that question was answered before"));
    }
    ask.answer = Some(AskAnswer { granted, until, reason: reason.to_owned(), by: StepTaken::of(step) });
    Ok(())
}

pub(super) fn refused(code: &'static str, text: &'static str) -> Reason {
    Reason::new(code, text, "outreach")
}
