//! Whether the names in a story are somebody's or something's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use caseline::agreement::{Agreement, RuleSet};
use caseline::contact::Topic;
use serde_saphyr::Spanned;

use super::agreement::{self, Agree};
use super::meeting;
use super::pair::{self, Meet};
use super::step::{Deed, MEMBER, StepKind, TeamSeen};
use super::{Member, Organization, Person, Story};
use crate::yaml::{self, Mistake};

mod expected;

use expected::check_expected;

/// The words that stand where a person's name could.
const KEYWORDS: [&str; 7] = ["clock", "note", "kill", "start", "offline", "online", "settle"];

/// Where something is wrong (the rest of a field's path), and what.
type Wrong = (String, String);

pub(super) fn organizations(
    file: &Path,
    organizations: &BTreeMap<String, Spanned<Organization>>,
) -> Result<(), Mistake> {
    for (key, organization) in organizations {
        if !matches!(key.as_str(), "aco" | "cp" | "office" | "agency") {
            return Err(Mistake::new(
                file,
                "the servers are those of `aco` and `cp`: name the organization so; the programme office and a social-service organization, on the server of `aco`, are `office` and `agency`",
            )
            .at(organization.referenced.line(), format!("organizations.{key}")));
        }
    }
    if !["aco", "cp"].iter().all(|key| organizations.contains_key(*key)) {
        return Err(
            Mistake::new(file, "a story has two organizations, `aco` and `cp`").at(0, "organizations")
        );
    }
    Ok(())
}

pub(super) fn people(
    file: &Path,
    people: &BTreeMap<String, Spanned<Person>>,
    organizations: &BTreeMap<String, Spanned<Organization>>,
) -> Result<(), Mistake> {
    for (key, person) in people {
        let wrong = |field: &str, problem: String| {
            Err(Mistake::new(file, problem).at(person.referenced.line(), format!("people.{key}{field}")))
        };
        if KEYWORDS.contains(&key.as_str()) || key.ends_with("-keeper") {
            return wrong("", "the name has a meaning of its own in steps; choose another".into());
        }
        if !organizations.contains_key(&person.value.organization) {
            let all = names(organizations.keys());
            return wrong(".organization", format!("there is no such organization; there are: {all}"));
        }
    }
    Ok(())
}

pub(super) fn member(file: &Path, member: Option<&Spanned<Member>>) -> Result<(), Mistake> {
    let Some(member) = member else { return Ok(()) };
    let fields = [
        ("name", !member.value.name.trim().is_empty(), "say what the story's people call them"),
        ("care_team", member.value.care_team.contains('|'), "write its identifier as system|value"),
        ("care_plan", member.value.care_plan.contains('|'), "write its identifier as system|value"),
    ];
    match fields.into_iter().find(|(_, sound, _)| !sound) {
        None => Ok(()),
        Some((field, _, problem)) => {
            Err(Mistake::new(file, problem).at(member.referenced.line(), format!("member.{field}")))
        }
    }
}

/// The files that a story names are there: nothing is started for one whose papers are missing.
pub(super) fn files(story: &Story) -> Result<(), Mistake> {
    let bundles = story.organizations.iter();
    let bundles = bundles.map(|(key, of)| (format!("organizations.{key}.bundle"), &of.bundle));
    let papers = [("agreement".to_owned(), &story.agreement), ("rules".to_owned(), &story.rules)];
    let more = story.programme.iter().map(|path| ("programme".to_owned(), path));
    let known = story.organizations.iter();
    let known = known.flat_map(|(key, of)| {
        of.directory.iter().map(move |path| (format!("organizations.{key}.directory"), path))
    });
    let settled = papers.iter().map(|(_, path)| *path).chain(&story.programme);
    for (file, rules) in settled.filter(|path| path.is_file()).map(|path| (path, *path == story.rules)) {
        read(file, rules)?;
    }
    match papers.into_iter().chain(more).chain(bundles).chain(known).find(|(_, path)| !path.is_file()) {
        None => Ok(()),
        Some((field, path)) => {
            let problem = format!("there is no such file beside the story: {}", path.display());
            Err(Mistake::new(&story.file, problem).at(0, field))
        }
    }
}

/// An agreement or a rule set can be used: whoever plays would only find out once everything runs.
fn read(file: &Path, rules: bool) -> Result<(), Mistake> {
    let text = yaml::text(file)?;
    let read = if rules { RuleSet::parse(&text).map(drop) } else { Agreement::parse(&text).map(drop) };
    read.map_err(|error| Mistake::of(file, error))
}

pub(super) fn steps(story: &Story) -> Result<(), Mistake> {
    let mut named = Named::default();
    let mut clock = story.begins;
    for (index, step) in story.steps.iter().enumerate() {
        let at = format!("steps[{index}]");
        let wrong = |field: String, problem: String| Mistake::new(&story.file, problem).at(step.line, field);
        match &step.kind {
            StepKind::Clock(to) => {
                if *to < clock {
                    return Err(wrong(format!("{at}.clock"), "the clock of a story does not go back".into()));
                }
                clock = *to;
            }
            StepKind::Kill(actor)
            | StepKind::Start(actor)
            | StepKind::Offline(actor)
            | StepKind::Online(actor) => {
                if !story.people.contains_key(actor) && story.keeper(actor).is_none() {
                    let all = story.actors().join(", ");
                    return Err(wrong(at, format!("nobody of that name; there are: {all}")));
                }
            }
            StepKind::Note(_) | StepKind::Settle => {}
            StepKind::Deed { who, deed } => {
                person(story, who).map_err(|problem| wrong(at.clone(), problem))?;
                check_deed(story, deed, &mut named)
                    .map_err(|(field, problem)| wrong(format!("{at}.{who}{field}"), problem))?;
            }
        }
    }
    Ok(())
}

/// What earlier steps have given names to.
#[derive(Default)]
struct Named {
    cases: BTreeSet<String>,
    labels: BTreeSet<String>,
}

impl Named {
    fn case(&self, name: Option<&String>, field: &str) -> Result<(), Wrong> {
        match name {
            Some(name) if !self.cases.contains(name) => {
                let all = names(&self.cases);
                Err((field.into(), format!("no earlier step opens a case of that name; open are: {all}")))
            }
            _ => Ok(()),
        }
    }

    fn label(&self, name: Option<&String>, field: &str) -> Result<(), Wrong> {
        match name {
            Some(name) if !self.labels.contains(name) => {
                let all = names(&self.labels);
                Err((field.into(), format!("no earlier step has `as:` with that name; there are: {all}")))
            }
            _ => Ok(()),
        }
    }
}

fn check_deed(story: &Story, deed: &Deed, named: &mut Named) -> Result<(), Wrong> {
    let wrong = |field: &str, problem: &str| Err((field.to_owned(), problem.to_owned()));
    match deed.verbs().as_slice() {
        [] if deed.sees.is_none() => return wrong("", "says neither what they do nor what they see"),
        [] if deed.refused.is_some() => return wrong(".refused", "only what is done can be refused"),
        [] | [_] => {}
        [_, second, ..] => {
            return wrong(&format!(".{second}"), "a step does one thing; begin another step");
        }
    }
    if deed.sees.is_some() && deed.refused.is_some() {
        return wrong(".sees", "what is refused is not seen; write it as a step of its own");
    }
    let named_event = [
        deed.send.is_some(),
        deed.correct.is_some(),
        deed.send_care_plan.is_some(),
        deed.propose_visit.is_some(),
        deed.assign.is_some(),
        deed.ask_outreach.is_some(),
        deed.record_contact.is_some(),
        deed.decide.is_some(),
        matches!(deed.meet, Some(Meet::Set(_))),
        matches!(deed.agree, Some(Agree::Propose(_))),
        deed.record_consent.is_some(),
        deed.raise_concern.is_some(),
        deed.refer.is_some(),
    ];
    if deed.label.is_some() && !named_event.contains(&true) {
        return wrong(".as", "only what is sent gets a name");
    }
    if let Some(whom) = &deed.who_to_call {
        organization(story, &whom.organization)
            .map_err(|problem| (".who_to_call.organization".into(), problem))?;
        if !Topic::ALL.iter().any(|topic| topic.code() == whom.topic) {
            let codes = Topic::ALL.map(Topic::code).join(", ");
            return wrong(".who_to_call.topic", &format!("there is no such topic; there are: {codes}"));
        }
    }
    named.case(deed.accept.as_ref(), ".accept")?;
    named.case(deed.case.as_ref(), ".case")?;
    named.label(deed.acknowledge_plan.as_ref(), ".acknowledge_plan")?;
    named.label(deed.approve_plan.as_ref(), ".approve_plan")?;
    if let Some(attested) = &deed.attest_signature {
        named.label(Some(&attested.plan), ".attest_signature.plan")?;
        if attested.by != MEMBER {
            person(story, &attested.by).map_err(|problem| (".attest_signature.by".to_owned(), problem))?;
        }
    }
    if let Some(approved) = &deed.approve_plan_in_house {
        named.label(Some(&approved.plan), ".approve_plan_in_house.plan")?;
        if let Some(by) = &approved.by {
            person(story, by).map_err(|problem| (".approve_plan_in_house.by".to_owned(), problem))?;
        }
    }
    if deed.plan_day.is_some() && deed.send_care_plan.is_none() {
        return Err((".plan_day".into(), "only a care plan that is sent has a day".into()));
    }
    if let Some(copied) = &deed.plan_copied {
        named.label(Some(&copied.plan), ".plan_copied.plan")?;
        if copied.to != MEMBER {
            person(story, &copied.to).map_err(|problem| (".plan_copied.to".to_owned(), problem))?;
        }
    }
    named.label(deed.withdraw_contact.as_ref().map(|taken| &taken.contact), ".withdraw_contact.contact")?;
    named.label(deed.return_plan.as_ref().map(|returned| &returned.plan), ".return_plan.plan")?;
    for (answer, field) in
        [(&deed.grant_outreach, ".grant_outreach.ask"), (&deed.refuse_outreach, ".refuse_outreach.ask")]
    {
        named.label(answer.as_ref().map(|answer| &answer.ask), field)?;
    }
    if let Some(by) = deed.record_contact.as_ref().and_then(|contact| contact.by.as_ref()) {
        person(story, by).map_err(|problem| (".record_contact.by".to_owned(), problem))?;
    }
    if let Some(with) = deed.carry.as_ref().and_then(|carry| carry.with.as_ref()) {
        person(story, with).map_err(|problem| (".carry.with".to_owned(), problem))?;
    }
    consents(story, deed, named)?;
    named.label(deed.in_reply_to.as_ref(), ".in_reply_to")?;
    named.label(deed.correct.as_ref().map(|corrected| &corrected.message), ".correct.message")?;
    named.label(deed.retract.as_ref(), ".retract")?;
    named.label(deed.seen.as_ref(), ".seen")?;
    named.label(deed.answer_visit.as_ref().map(|answer| &answer.visit), ".answer_visit.visit")?;
    for who in deed.propose_visit.iter().flat_map(|visit| &visit.with) {
        person(story, who).map_err(|problem| (".propose_visit.with".to_owned(), problem))?;
    }
    tasks(story, deed, named)?;
    meeting::check(story, deed)?;
    pair::check(story, deed)?;
    agreement::check(story, deed)?;
    for (name, field) in pair::labels(deed).chain(agreement::labels(deed)) {
        named.label(Some(name), field)?;
    }
    concerns(story, deed, named)?;
    referrals(story, deed, named)?;
    for (who, field) in [(&deed.name_seat, ".name_seat"), (&deed.end_seat, ".end_seat")] {
        if let Some(who) = who {
            person(story, who).map_err(|problem| (field.to_owned(), problem))?;
        }
    }
    for (team, field) in [(&deed.take_up_team, ".take_up_team"), (&deed.decline_team, ".decline_team")] {
        team.as_ref().map_or(Ok(()), |wanted| team_seen(story, wanted, field))?;
    }
    if let Some(edit) = &deed.edit_record {
        match (&edit.resource, &edit.identifier) {
            (Some(_), None) => {}
            (None, Some(identifier)) if identifier.contains('|') => {}
            _ => {
                return wrong(
                    ".edit_record",
                    "name the resource by `resource`, its id there, or by `identifier` as system|value",
                );
            }
        }
        if edit.set.is_empty() && edit.add.is_empty() && edit.remove.is_empty() {
            return wrong(".edit_record", "changes nothing: give `set`, `add` or `remove`");
        }
    }
    if deed.look_at_record == Some(false) {
        return wrong(".look_at_record", "is `true` where they look");
    }
    if let Some(open) = &deed.open
        && !named.cases.insert(open.case.clone())
    {
        return wrong(".open.case", "an earlier step opens a case of that name");
    }
    if let Some(label) = &deed.label
        && !named.labels.insert(label.clone())
    {
        return wrong(".as", "an earlier step gives the same name");
    }
    deed.sees.as_ref().map_or(Ok(()), |sees| check_expected(story, sees, named))
}

/// Whoever a consent names is somebody, and what is taken back or looked at was there.
fn consents(story: &Story, deed: &Deed, named: &Named) -> Result<(), Wrong> {
    if let Some(said) = &deed.record_consent {
        for (field, keys) in [("disclosers", &said.disclosers), ("recipients", &said.recipients)] {
            for key in keys.iter().filter(|key| !key.contains('|')) {
                organization(story, key).map_err(|problem| (format!(".record_consent.{field}"), problem))?;
            }
        }
        named.label(said.renews.as_ref(), ".record_consent.renews")?;
    }
    named.label(deed.revoke_consent.as_ref().map(|said| &said.consent), ".revoke_consent.consent")?;
    named.label(deed.review_override.as_ref().map(|said| &said.event), ".review_override.event")?;
    if deed.marks.is_some() && deed.send.is_none() && deed.send_care_plan.is_none() && deed.assign.is_none() {
        let problem = "only what is sent or assigned is marked";
        return Err((".marks".into(), problem.into()));
    }
    Ok(())
}

/// Who is named for a programme room is somebody, and a concern that is spoken of was raised.
fn concerns(story: &Story, deed: &Deed, named: &mut Named) -> Result<(), Wrong> {
    let rooms = [("open_programme", &deed.open_programme), ("open_pair", &deed.open_pair)];
    for (verb, open) in rooms.into_iter().filter_map(|(verb, open)| Some((verb, open.as_ref()?))) {
        organization(story, &open.with).map_err(|problem| (format!(".{verb}.with"), problem))?;
        for who in &open.people {
            person(story, who).map_err(|problem| (format!(".{verb}.people"), problem))?;
        }
        if !named.cases.insert(open.case.clone()) {
            let problem = "an earlier step opens a case of that name";
            return Err((format!(".{verb}.case"), problem.into()));
        }
    }
    named.label(deed.hear_concern.as_ref(), ".hear_concern")?;
    named.label(deed.answer_concern.as_ref().map(|one| &one.concern), ".answer_concern.concern")?;
    named.label(deed.close_concern.as_ref(), ".close_concern")?;
    named.label(deed.reopen_concern.as_ref().map(|one| &one.concern), ".reopen_concern.concern")?;
    let Some(seen) = deed.sees.as_ref().and_then(|sees| sees.concern.as_ref()) else { return Ok(()) };
    named.label(Some(&seen.name), ".sees.concern.name")?;
    let all = ["raised", "heard", "answered", "closed"];
    if !all.contains(&seen.is.as_str()) {
        return Err((".sees.concern.is".into(), format!("is one of {}", all.join(", "))));
    }
    Ok(())
}

/// Where a referral goes is somewhere, and one that is spoken of was asked for.
fn referrals(story: &Story, deed: &Deed, named: &mut Named) -> Result<(), Wrong> {
    if let Some(refer) = &deed.refer {
        if !refer.to.contains('|') {
            organization(story, &refer.to).map_err(|problem| (".refer.to".to_owned(), problem))?;
        }
        named.label(Some(&refer.consent), ".refer.consent")?;
        if deed.refused.is_none() && !named.cases.insert(refer.room.clone()) {
            return Err((".refer.room".into(), "an earlier step opens a case of that name".into()));
        }
    }
    let by_hand = [(&deed.carry_referral, ".carry_referral"), (&deed.tell_referral, ".tell_referral")];
    for (said, field) in by_hand {
        named.label(said.as_ref().map(|said| &said.referral), &format!("{field}.referral"))?;
    }
    if deed.carry_referral.as_ref().is_some_and(|said| said.told.is_some())
        || deed.tell_referral.as_ref().is_some_and(|said| said.told.is_none())
    {
        return Err((".tell_referral.told".into(), "what happened there is told, and not carried".into()));
    }
    named.label(deed.send_referral.as_ref().map(|said| &said.referral), ".send_referral.referral")?;
    named.label(deed.withdraw_referral.as_ref().map(|said| &said.referral), ".withdraw_referral.referral")?;
    let seen = deed.sees.as_ref().and_then(|sees| sees.referral.as_ref());
    named.label(seen.and_then(|seen| seen.name.as_ref()), ".sees.referral.name")
}

/// Who is given a task is somebody, and a task that is spoken of was assigned.
fn tasks(story: &Story, deed: &Deed, named: &Named) -> Result<(), Wrong> {
    let assigned = deed.assign.as_ref().map(|one| (".assign", &one.owner, &one.pool));
    let handed = deed.hand_over_task.as_ref().map(|one| (".hand_over_task", &one.owner, &one.pool));
    for (field, owner, pool) in assigned.into_iter().chain(handed) {
        let is = match (owner, pool) {
            (Some(who), None) => person(story, who).map_err(|problem| (format!("{field}.owner"), problem)),
            (None, Some(of)) => organization(story, of).map_err(|problem| (format!("{field}.pool"), problem)),
            _ => Err((field.to_owned(), "give either `owner`, a person, or `pool`, an organization".into())),
        };
        is?;
    }
    named.label(deed.claim_task.as_ref(), ".claim_task")?;
    named.label(deed.accept_task.as_ref(), ".accept_task")?;
    named.label(deed.decline_task.as_ref().map(|one| &one.task), ".decline_task.task")?;
    named.label(deed.hand_over_task.as_ref().map(|one| &one.task), ".hand_over_task.task")?;
    named.label(deed.complete_task.as_ref().map(|one| &one.task), ".complete_task.task")?;
    named.label(deed.cancel_task.as_ref().map(|one| &one.task), ".cancel_task.task")
}

fn team_seen(story: &Story, team: &TeamSeen, field: &str) -> Result<(), Wrong> {
    if team.adds.is_empty() && team.ends.is_empty() {
        return Err((field.to_owned(), "says neither whom it adds nor whose part it ends".into()));
    }
    if let Some(of) = &team.of {
        organization(story, of).map_err(|problem| (format!("{field}.of"), problem))?;
    }
    for (list, people) in [("adds", &team.adds), ("ends", &team.ends)] {
        for (n, who) in people.iter().enumerate() {
            person(story, who).map_err(|problem| (format!("{field}.{list}[{n}]"), problem))?;
        }
    }
    Ok(())
}

fn person(story: &Story, who: &str) -> Result<(), String> {
    if story.people.contains_key(who) {
        Ok(())
    } else {
        Err(format!("nobody of that name; there are: {}", names(story.people.keys())))
    }
}

fn organization(story: &Story, key: &str) -> Result<(), String> {
    if story.organizations.contains_key(key) {
        Ok(())
    } else {
        Err(format!("there is no such organization; there are: {}", names(story.organizations.keys())))
    }
}

fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
