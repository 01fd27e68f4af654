//! Playing a story, line by line.

mod agreement;
mod alert;
mod case;
mod common;
mod concern;
mod consent;
mod crossing;
mod meeting;
mod outreach;
mod pair;
mod place;
mod record;
mod referral;
mod refused;
mod task;
mod telling;
mod wait;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::actor::{LATER, SOON};
use super::alike;
use super::fault::{Fault, no_case, told};
use super::seen::{self, Look, text};
use super::stage::Stage;
use super::transcript::Transcript;
use super::trouble::Trouble;
use crate::interrupt;
use crate::process::{CallError, Refusal};
use crate::story::{Deed, Step, StepKind, Story};
use telling::Telling;
pub(super) use telling::{Case, Labels, Played, Sent};

/// How long it may take until something is seen.
const WITHIN: Duration = Duration::from_mins(3);
/// How long between two looks.
const BLINK: Duration = Duration::from_millis(300);

/// The step that stands on this line of the file; a number before the first step counts the steps.
pub(super) fn step_of_line(story: &Story, line: u64) -> Result<usize, Trouble> {
    let first = story.steps.first().map_or(u64::MAX, |step| step.line);
    let index = if line < first {
        usize::try_from(line).ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < story.steps.len())
    } else {
        story.steps.iter().rposition(|step| step.line <= line)
    };
    index.ok_or_else(|| Trouble::Usage(format!("--kill-after {line}: the story has no such line")))
}

/// Plays every line.
pub(super) fn play(
    stage: &mut Stage<'_>,
    transcript: &mut Transcript,
    kill_after: Option<usize>,
) -> Result<Played, Trouble> {
    let tellings = stage.people.as_ref().map_or(1, |people| people.all.len());
    let mut played = Played::default();
    played.tellings.resize_with(tellings, Telling::default);
    let steps = stage.story.steps.clone();
    played.rooms = common::rooms(&steps);
    for (index, step) in steps.iter().enumerate() {
        // What is about a case, or names its member, happens of each, one after the other; everything else once.
        let of_each = match &step.kind {
            StepKind::Deed { deed, .. } => deed.is_about_a_case() && !common::is_in(deed, &played.rooms),
            StepKind::Note(note) => {
                stage.story.member.as_ref().is_some_and(|member| note.contains(&member.name))
            }
            _ => false,
        };
        let times = if of_each { tellings } else { 1 };
        for telling in 0..times {
            if interrupt::is_asked() {
                return Err(Trouble::Interrupted);
            }
            let kill = kill_after == Some(index) && telling + 1 == times;
            let outcome = Line { stage, transcript, played: &mut played, step, kill, telling }.play();
            outcome.map_err(|fault| fault.of(step, stage.story))?;
        }
        if times == 1 {
            played.share(step);
        }
    }
    Ok(played)
}

/// One line, as it is played.
struct Line<'p, 's> {
    stage: &'p mut Stage<'s>,
    transcript: &'p mut Transcript,
    played: &'p mut Played,
    step: &'p Step,
    /// Whether whoever acts is killed and started again after it.
    kill: bool,
    /// In which telling it happens.
    telling: usize,
}

impl Line<'_, '_> {
    fn play(mut self) -> Result<(), Fault> {
        match &self.step.kind {
            StepKind::Clock(now) => {
                self.stage.now = *now;
                self.transcript.clock(*now);
                self.stage.ask_all("clock", &json!({ "now": now.to_string() }))?;
            }
            StepKind::Note(note) => match (&self.stage.story.member, self.person()) {
                (Some(member), Some(person)) if note.contains(&member.name) => {
                    self.tells(&note.replace(&member.name, &person.name));
                }
                _ => self.transcript.happens(note),
            },
            StepKind::Settle => settle(self.stage)?,
            StepKind::Kill(who) => {
                self.stage.kill(who)?;
                self.happens(who, "is killed in the middle of the work.");
            }
            StepKind::Start(who) => {
                self.stage.start(who)?;
                self.happens(who, "is back.");
            }
            StepKind::Offline(who) => {
                self.stage.actor(who)?.proxy.cut();
                self.happens(who, "is offline.");
            }
            StepKind::Online(who) => {
                self.stage.actor(who)?.proxy.restore();
                self.happens(who, "is online again.");
            }
            StepKind::Deed { who, deed } => {
                self.played.last = Some(who.clone());
                match (&self.stage.story.member, self.person().map(|person| person.name.clone())) {
                    (Some(member), Some(name)) => self.deed(who, &deed.about(&member.name, &name))?,
                    _ => self.deed(who, deed)?,
                }
            }
        }
        if self.kill {
            self.kill_the_last()?;
        }
        Ok(())
    }

    /// What was told so far; there is always one of each.
    fn told(&mut self) -> Result<&mut Telling, Fault> {
        self.played.tellings.get_mut(self.telling).ok_or_else(no_case)
    }

    fn label(&self, name: &str) -> Option<&Sent> {
        self.played.tellings.get(self.telling)?.labels.get(name)
    }

    /// Tells it, and of whom where there are several.
    fn tells(&mut self, what: &str) {
        let once = matches!(&self.step.kind, StepKind::Deed { deed, .. }
            if !deed.is_about_a_case() || common::is_in(deed, &self.played.rooms));
        let several = !once && self.stage.people.as_ref().is_some_and(|people| people.all.len() > 1);
        let of = self.person().filter(|_| several).map(|person| format!("[{}] ", person.name));
        self.transcript.happens(&format!("{}{what}", of.unwrap_or_default()));
    }

    fn happens(&mut self, who: &str, what: &str) {
        let name = self.stage.story.name_of(who);
        self.transcript.happens(&format!("{name} {what}"));
    }

    /// Kills whoever acted, and starts them again on their store.
    fn kill_the_last(&mut self) -> Result<(), Fault> {
        self.kill = false;
        let Some(who) = self.played.last.clone() else {
            return Err(Trouble::Usage("--kill-after: nobody has acted by that line".into()).into());
        };
        self.stage.kill(&who)?;
        self.stage.start(&who)?;
        let name = self.stage.story.name_of(&who);
        Transcript::follows(&format!("{name}'s client is killed (-9), and starts again on its store."));
        Ok(())
    }

    fn deed(&mut self, who: &str, deed: &Deed) -> Result<(), Fault> {
        let within = deed.within.map_or(WITHIN, Duration::from_secs);
        let name = self.stage.story.name_of(who);
        let mut answer = Value::Null;
        if let Some(verb) = deed.verbs().first().copied() {
            let outcome = self.act(who, deed, verb, within)?;
            match (outcome, &deed.refused) {
                (Ok(ok), None) => answer = ok,
                (Err(refusal), Some(wanted)) => {
                    self.refused(&name, deed, &refusal, wanted)?;
                    return Ok(());
                }
                (Ok(_), Some(wanted)) => {
                    return Err(Fault::Not { wanted: told(wanted), seen: "it was accepted".into() });
                }
                (Err(refusal), None) => {
                    return Err(Fault::Not { wanted: "it is accepted".into(), seen: refusal.to_string() });
                }
            }
            if self.kill {
                self.kill_the_last()?;
            }
        }
        if let Some(expected) = &deed.sees {
            let case = self.case_of(deed).map(|case| case.id.clone());
            let (until, none) = (Instant::now() + within, Labels::new());
            loop {
                let telling = self.played.tellings.get(self.telling);
                let looked = seen::look(
                    self.stage,
                    self.transcript,
                    telling.map_or(&none, |telling| &telling.labels),
                    who,
                    case.as_deref(),
                    expected,
                    &answer,
                )?;
                match looked {
                    Look::True(told) => {
                        for (text, table) in told {
                            Transcript::follows(&text);
                            if let Some(table) = table {
                                self.transcript.table(&table);
                            }
                        }
                        return Ok(());
                    }
                    // A directory's answer stays what it is.
                    Look::Not { wanted, seen } if Instant::now() >= until || expected.is_answered() => {
                        return Err(Fault::Not { wanted: format!("{name} sees {wanted}"), seen });
                    }
                    Look::Not { .. } => blink()?,
                }
            }
        }
        Ok(())
    }

    /// The case that a deed is about.
    fn case_of(&self, deed: &Deed) -> Option<&Case> {
        let telling = self.played.tellings.get(self.telling)?;
        let name = deed.case.as_ref().or(deed.accept.as_ref()).or(telling.current.as_ref())?;
        telling.cases.get(name)
    }

    /// Does it, and tells of it. The inner error is the client's own.
    fn act(
        &mut self,
        who: &str,
        deed: &Deed,
        verb: &str,
        within: Duration,
    ) -> Result<Result<Value, Refusal>, Fault> {
        let name = self.stage.story.name_of(who);
        let case = self.case_of(deed).cloned();
        if let Some(case) = case.as_ref().filter(|_| verb != "accept") {
            self.until_heard(who, &case.id)?;
        }
        let mut asked = if verb == "carry" { "carried" } else { verb };
        let (fields, says) = match verb {
            "agenda" => {
                let (as_what, fields, says) = self.agenda(who, deed)?;
                asked = as_what;
                (fields, says)
            }
            "decide" => {
                let Some(case) = &case else { return Err(no_case()) };
                let (as_what, fields, says) = self.decide(who, deed, case, within)?;
                asked = as_what;
                (fields, says)
            }
            "agree" => {
                let Some(case) = &case else { return Err(no_case()) };
                let (as_what, fields, says) = self.agree(who, deed, case, within)?;
                asked = as_what;
                (fields, says)
            }
            "meet" => {
                let Some(case) = &case else { return Err(no_case()) };
                let (as_what, fields, says) = self.meet(who, deed, case, within)?;
                asked = as_what;
                (fields, says)
            }
            "who_to_call" => {
                let Some(whom) = &deed.who_to_call else { return Err(no_case()) };
                let organization = self.stage.story.organizations.get(&whom.organization);
                let id = organization.map_or("", |organization| organization.id.as_str());
                let called = organization.map_or("", |organization| organization.name.as_str());
                let about = match whom.topic.as_str() {
                    "care-plan" => "a care plan".to_owned(),
                    "urgent" => "something that cannot wait".to_owned(),
                    "technical" => "a technical matter".to_owned(),
                    "concern" => "concerns".to_owned(),
                    other => format!("{other}s"),
                };
                (
                    json!({ "organization": id, "topic": whom.topic }),
                    format!("{name} asks whom to call at {called} about {about}."),
                )
            }
            "open" => {
                let Some(open) = &deed.open else { return Err(no_case()) };
                (
                    self.care_team(who, open)?,
                    format!("{name} opens the case with the people of the care team."),
                )
            }
            "open_programme" => {
                let Some(open) = &deed.open_programme else { return Err(no_case()) };
                self.programme(who, open, "a room for concerns")
            }
            "open_pair" => {
                let Some(open) = &deed.open_pair else { return Err(no_case()) };
                self.programme(who, open, "a room for meetings")
            }
            "accept" => {
                let Some(case) = &case else { return Err(no_case()) };
                let (room, inviter) = self.invited(who, case, within)?;
                let inviter = self.stage.story.name_of(&inviter);
                (json!({ "room": room }), format!("{name} accepts {inviter}'s invitation."))
            }
            "raise_alert" => {
                let Some(said) = &deed.raise_alert else { return Err(no_case()) };
                self.heard(who, said)?
            }
            "alert" | "propose_visit" | "answer_visit" | "follow_up_done" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.about_stay(who, deed, case, within)?
            }
            "assign" | "claim_task" | "accept_task" | "decline_task" | "hand_over_task" | "complete_task"
            | "cancel_task" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.task(who, deed, verb, case, within)?
            }
            "record_consent" | "revoke_consent" | "review_override" | "may_tell" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.consent(who, deed, case, within)?
            }
            "raise_concern" | "hear_concern" | "answer_concern" | "close_concern" | "reopen_concern" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.concern(who, deed, case, within)?
            }
            "refer" | "send_referral" | "carry_referral" | "tell_referral" | "withdraw_referral"
            | "ask_capacity" | "tell_capacity" | "accept_referral" | "decline_referral" | "sub_refer"
            | "referral_outcome" | "close_referral" | "cancel_referral" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.referral(who, deed, case, within)?
            }
            "edit_record" | "look_at_record" => self.at_record(who, deed)?,
            "stage" | "record_contact" | "prohibit_contact" | "permit_contact" | "ask_outreach"
            | "grant_outreach" | "refuse_outreach" | "may_reach_out" | "withdraw_contact" | "reopen_case"
            | "close_case" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.reach_out(who, deed, case, within)?
            }
            "carry" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.carry(who, deed, case, within)?
            }
            "take_up_team" | "decline_team" => {
                let Some(case) = &case else { return Err(no_case()) };
                self.proposal(who, deed, case, within)?
            }
            _ => {
                let Some(case) = &case else { return Err(no_case()) };
                self.about_case(who, deed, verb, case, within)?
            }
        };
        let mut fields = fields;
        if let (Some(marks), Some(fields)) = (&deed.marks, fields.as_object_mut()) {
            fields.insert("marks".into(), consent::marks(marks));
        }
        let answer = self.stage.actor(who)?.call(asked, fields, LATER);
        let ok = match answer {
            Ok(ok) => ok,
            Err(CallError::Refused(refusal)) => return Ok(Err(refusal)),
            Err(other) => return Err(other.into()),
        };
        self.tells(&says);
        self.stage.write_agenda(&ok)?;
        let about = case.as_ref().map(|case| case.id.clone());
        let sent = Sent { sender: text(&ok, "sender").to_owned(), id: text(&ok, "id").to_owned() };
        let on_its_way = self.stage.actor(who)?.is_reachable() && !sent.id.is_empty();
        let told = self.told()?;
        if let (Some(about), true) = (about, on_its_way) {
            told.last = Some((about, sent));
        }
        let elsewhere = case.as_ref().is_some_and(|case| case.other);
        let other = deed.open_programme.as_ref().or(deed.open_pair.as_ref()).map(|open| &open.case);
        if let Some(name) = deed.open.as_ref().map(|open| &open.case).or(other) {
            let (id, other) = (text(&ok, "case").to_owned(), other.is_some());
            told.cases.insert(name.clone(), Case { id, inviters: vec![who.to_owned()], other });
            told.current = Some(name.clone());
        }
        if let Some(refer) = &deed.refer {
            let room = Case { id: referral::room(&ok), inviters: vec![who.to_owned()], other: true };
            told.cases.insert(refer.room.clone(), room);
        }
        if (deed.name_seat.is_some() || deed.take_up_team.is_some())
            && let Some(case) = case
            && let Some(case) = told.cases.values_mut().find(|known| known.id == case.id)
        {
            case.inviters.push(who.to_owned());
        }
        if let Some(label) = &deed.label {
            let sent = Sent { sender: text(&ok, "sender").to_owned(), id: text(&ok, "id").to_owned() };
            told.labels.insert(label.clone(), sent);
        }
        self.played.texts.extend(alert::said(deed));
        self.played.texts.extend(consent::said(deed));
        self.played.texts.extend(deed.send.clone());
        self.played.texts.extend(deed.correct.as_ref().map(|corrected| corrected.text.clone()));
        // What is written in a room of another kind is in no record.
        let written = (deed.send.is_some() || deed.correct.is_some()) && !elsewhere;
        self.played.messages += usize::from(written);
        self.played.tasks += usize::from(deed.assign.is_some());
        self.played.messages += usize::from(deed.decide.as_ref().is_some_and(|one| one.say.is_some()));
        self.played.tasks += usize::from(deed.decide.as_ref().is_some_and(|one| one.title.is_some()));
        self.played.texts.extend(meeting::said(deed));
        self.played.texts.extend(pair::said(deed));
        self.played.texts.extend(agreement::said(deed));
        self.played.texts.extend(task::said(deed));
        self.played.concerns += usize::from(deed.raise_concern.is_some() || deed.answer_concern.is_some());
        self.played.texts.extend(concern::said(deed));
        self.played.texts.extend(referral::said(deed));
        self.played.plans += usize::from(deed.send_care_plan.is_some());
        self.played.texts.extend(deed.edit_record.as_ref().and_then(record::said));
        self.played.texts.extend(outreach::said(deed));
        self.played.texts.extend(deed.carry.as_ref().map(|carry| carry.outcome.clone()));
        self.played.texts.extend(deed.return_plan.as_ref().map(|returned| returned.changes.clone()));
        Ok(Ok(ok))
    }
}

fn blink() -> Result<(), Fault> {
    if interrupt::is_asked() {
        return Err(Trouble::Interrupted.into());
    }
    std::thread::sleep(BLINK);
    Ok(())
}

/// Everybody who runs and is online has sent, received and recorded what there is. What one sends at last can be news for
/// another, so it takes two rounds.
pub(super) fn settle(stage: &mut Stage<'_>) -> Result<(), Trouble> {
    for _ in 0..2 {
        for (key, answer) in stage.ask_all("settle", &json!({ "timeout_s": SOON.as_secs() }))? {
            if answer.get("settled").and_then(Value::as_bool) != Some(true) {
                return Err(Trouble::Missing(format!(
                    "{key} has still work to do after {} s",
                    SOON.as_secs()
                )));
            }
        }
    }
    alike::wait(stage)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::demo::Options;

    #[test]
    fn a_line_is_a_line_of_the_file_or_the_number_of_a_step() {
        let story = Story::read(&Options::default().story).unwrap();
        let second = story.steps.get(1).unwrap().line;
        assert_eq!(step_of_line(&story, second).unwrap(), 1);
        assert_eq!(step_of_line(&story, second + 2).unwrap(), 1, "a step has several lines");
        assert_eq!(step_of_line(&story, 3).unwrap(), 2);
        assert_eq!(step_of_line(&story, 10_000).unwrap(), story.steps.len() - 1);
    }
}
