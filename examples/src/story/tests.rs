#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use caseline::agreement::{Agreement, RuleSet};

use super::{StepKind, Story};
use crate::yaml::Mistake;

const HEAD: &str = "\
story: A test
begins: 2019-03-04 09:00
organizations:
  cp: {name: CP, id: 'urn:x|cp', bundle: cp.json, server: cp.example, keeper: keeper}
  aco: {name: ACO, id: 'urn:x|aco', bundle: aco.json, server: aco.example}
people:
  jane: {name: Jane, contact: 'urn:x|jane', organization: cp, account: jane}
  joe: {name: Joe, contact: 'urn:x|joe', organization: aco, account: joe}
agreement: agreement.yaml
rules: rules.yaml
steps:
";

/// The line of the first step.
const FIRST: u64 = 12;

fn with_steps(steps: &str) -> Result<Story, Mistake> {
    Story::parse(Path::new("data/test.yaml"), &format!("{HEAD}{steps}"))
}

#[test]
fn the_story_of_marty_is_read() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/marty.yaml");
    let story = Story::read(&file).unwrap();
    assert_eq!(story.local(story.begins).strftime("%F %H:%M").to_string(), "2019-03-04 09:00");
    assert_eq!(story.actors(), ["ann", "jane", "joe", "lee", "pat", "rao", "aco-keeper", "cp-keeper"]);
    let bundles = ["cp", "aco", "office", "agency"].map(|key| &story.organizations[key].bundle);
    let known = &story.organizations["cp"].directory;
    assert_eq!(known.len(), 2);
    for path in bundles.into_iter().chain(known).chain([&story.agreement, &story.rules]) {
        assert!(path.exists(), "{}", path.display());
    }
    let agreement = Agreement::parse(&std::fs::read_to_string(&story.agreement).unwrap()).unwrap();
    assert!(agreement.story_clock, "or no device of another year would be believed");
    assert_eq!(agreement.community_side.id, story.organizations["cp"].id);
    assert_eq!(agreement.plan_side.id, story.organizations["aco"].id);
    RuleSet::parse(&std::fs::read_to_string(&story.rules).unwrap()).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    for step in &story.steps {
        let line = text.lines().nth(usize::try_from(step.line).unwrap() - 1).unwrap();
        assert_eq!(line.trim(), step.source);
        assert!(line.starts_with("  - "), "line {} begins a step: {line}", step.line);
    }
}

#[test]
fn the_story_of_nora_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/nora.yaml")).unwrap();
    let edits = story.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.edit_record.as_ref(),
        _ => None,
    });
    let edits: Vec<_> = edits.collect();
    assert_eq!(edits.len(), 3);
    let team = r#"{"resourceType":"CareTeam","participant":[{"role":[{"text":"x"}]}]}"#;
    assert!(edits[0].of(team).unwrap().contains(r#""value":"nora""#));
    assert!(edits[2].of(team).is_err(), "there is no such participant");
}

#[test]
fn the_story_of_an_admission_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/admission.yaml")).unwrap();
    let verbs = story.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.verbs().first().copied(),
        _ => None,
    });
    let verbs: std::collections::BTreeSet<_> = verbs.collect();
    for verb in ["raise_alert", "alert", "propose_visit", "answer_visit", "follow_up_done"] {
        assert!(verbs.contains(verb), "{verb}");
    }
}

#[test]
fn the_story_of_the_tasks_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tasks.yaml")).unwrap();
    let assigned = story.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.assign.as_ref(),
        _ => None,
    });
    let to: Vec<_> = assigned.map(|task| (task.owner.as_deref(), task.pool.as_deref())).collect();
    let joe = (Some("joe"), None);
    assert_eq!(to, [joe, (None, Some("aco")), (Some("jane"), None), joe, joe]);
    for (steps, field) in [
        ("  - jane: {assign: {title: x, due: 2019-03-08}}\n", "steps[0].jane.assign"),
        ("  - jane: {assign: {title: x, due: 2019-03-08, owner: nobody}}\n", "steps[0].jane.assign.owner"),
        ("  - jane: {claim_task: ride}\n", "steps[0].jane.claim_task"),
    ] {
        assert_eq!(with_steps(steps).unwrap_err().field, field);
    }
}

#[test]
fn the_story_of_a_concern_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/concern.yaml")).unwrap();
    for agreement in &story.programme {
        let agreement = Agreement::parse(&std::fs::read_to_string(agreement).unwrap()).unwrap();
        assert_eq!(agreement.room.code(), "programme");
    }
    assert_eq!(story.keeper("office-keeper").unwrap().1.server, "aco.example");
    let raised = story.steps.iter().filter(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.raise_concern.is_some() && deed.refused.is_none(),
        _ => false,
    });
    assert_eq!(raised.count(), 1, "every other is refused");
    for (steps, field) in [
        ("  - jane: {hear_concern: lists}\n", "steps[0].jane.hear_concern"),
        (
            "  - jane: {open_programme: {case: x, with: nowhere, people: []}}\n",
            "steps[0].jane.open_programme.with",
        ),
    ] {
        assert_eq!(with_steps(steps).unwrap_err().field, field);
    }
}

#[test]
fn the_story_of_two_organizations_is_read_and_a_mistake_in_it_is_named() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/between.yaml")).unwrap();
    let agreed = story.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.agree.as_ref().map(super::Agree::verb),
        _ => None,
    });
    let agreed: std::collections::BTreeSet<_> = agreed.collect();
    assert_eq!(agreed.len(), 3, "{agreed:?}");
    for (steps, field) in [
        ("  - jane: {agree: {propose: nowhere.yaml}}\n", "agree.propose"),
        ("  - jane: {agree: {accept: nothing}}\n", "agree"),
        ("  - jane: {meet: {bring: {meeting: march, title: x}}}\n", "meet"),
    ] {
        let error = with_steps(steps).unwrap_err();
        assert!(error.field.ends_with(field), "{} {field}", error.field);
    }
}

#[test]
fn the_story_of_a_meeting_is_read_and_a_mistake_in_it_is_named() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/meeting.yaml")).unwrap();
    let met = story.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.meet.as_ref().map(super::Meet::verb),
        _ => None,
    });
    let met: std::collections::BTreeSet<_> = met.collect();
    assert_eq!(met.len(), 7, "{met:?}");
    for (steps, field) in [
        ("  - jane: {open_pair: {case: x, with: nowhere, people: []}}\n", "open_pair.with"),
        ("  - jane: {meet: {prepare: march}}\n", "meet"),
        ("  - jane: {meet: {set: {date: 2019-03-21, minutes: 30, people: [nobody]}}}\n", "meet.set.people"),
        ("  - jane: {decide: {say: x}}\n", "decide"),
        ("  - jane: {decide: {room: x, meeting: march, say: x}}\n", "decide.meeting"),
    ] {
        assert_eq!(with_steps(steps).unwrap_err().field, format!("steps[0].jane.{field}"));
    }
}

#[test]
fn the_story_of_the_outreach_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/outreach.yaml")).unwrap();
    let agreement = Agreement::parse(&std::fs::read_to_string(&story.agreement).unwrap()).unwrap();
    assert_eq!(agreement.outreach.unwrap().attempts_before_unreachable, 3);
    let recorded = story.steps.iter().filter(|step| match &step.kind {
        StepKind::Deed { deed, .. } => deed.record_contact.is_some(),
        _ => false,
    });
    assert_eq!(recorded.count(), 9);
}

#[test]
fn the_story_of_the_consent_is_read_and_a_mistake_in_it_is_named() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/consent.yaml")).unwrap();
    let agreement = Agreement::parse(&std::fs::read_to_string(&story.agreement).unwrap()).unwrap();
    assert_eq!(agreement.part2.unwrap().programs.len(), 1);
    for (steps, field) in [
        (
            "  - jane: {revoke_consent: {consent: none, on: 2019-03-04, source: x}}\n",
            "revoke_consent.consent",
        ),
        (
            "  - jane: {review_override: {event: none, justified: true, finding: x}}\n",
            "review_override.event",
        ),
        ("  - jane: {accept: none, marks: {labels: [MH]}}\n", "accept"),
        ("  - jane: {sees: {denied: {name: none, reason: x}}}\n", "sees.denied.name"),
    ] {
        assert_eq!(with_steps(steps).unwrap_err().field, format!("steps[0].jane.{field}"));
    }
}

#[test]
fn steps_know_their_lines_and_files_are_beside_the_story() {
    let story = with_steps("  - jane: {sees: {roster: [jane, joe]}}\n\n  - kill: cp-keeper\n").unwrap();
    assert_eq!(story.steps.iter().map(|step| step.line).collect::<Vec<_>>(), [FIRST, FIRST + 2]);
    assert!(matches!(&story.steps[1].kind, StepKind::Kill(who) if who == "cp-keeper"));
    assert_eq!(story.agreement, Path::new("data/agreement.yaml"));
}

#[test]
fn a_story_whose_papers_are_missing_is_not_begun() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for paper in [
        "marty.yaml",
        "agreement-referral.yaml",
        "agreement-office.yaml",
        "agreement-agency.yaml",
        "rules.yaml",
        "cp.json",
    ] {
        std::fs::copy(data.join(paper), folder.path().join(paper)).unwrap();
    }
    let mistake = Story::read(&folder.path().join("marty.yaml")).unwrap_err();
    // By the order of the keys the aco's comes first, whichever else is missing.
    assert_eq!(mistake.field, "organizations.aco.bundle");
    assert!(mistake.problem.contains("aco.json"), "{mistake}");
}

#[test]
fn a_mistake_names_its_line_and_its_field() {
    let cases: &[(&str, u64, &str, &str)] = &[
        ("  - jane: {sned: hello}\n", FIRST, "steps[0].jane.sned", "sned"),
        ("  - settle: all\n  - jane: {send: [1]}\n", FIRST + 1, "steps[1].jane.send", ""),
        ("  - june: {send: hello}\n", FIRST, "steps[0]", "jane, joe"),
        ("  - kill: aco-keeper\n", FIRST, "steps[0]", "cp-keeper"),
        ("  - jane: {case: x}\n", FIRST, "steps[0].jane", "neither"),
        ("  - jane: {send: a, accept: b}\n", FIRST, "steps[0].jane.send", "one thing"),
        ("  - jane: {accept: marty}\n", FIRST, "steps[0].jane.accept", "opens a case"),
        ("  - jane: {approve_plan: plan}\n", FIRST, "steps[0].jane.approve_plan", "`as:`"),
        ("  - jane: {sees: {plan: {name: p, is: lost}}}\n", FIRST, "steps[0].jane.sees.plan.name", "`as:`"),
        ("  - jane: {sees: {roster: [joe, jo]}}\n", FIRST, "steps[0].jane.sees.roster[1]", "nobody"),
        ("  - jane: {grant_outreach: {ask: p}}\n", FIRST, "steps[0].jane.grant_outreach.ask", "`as:`"),
        (
            "  - jane: {may_reach_out: phone, sees: {may: {answer: yes}}}\n",
            FIRST,
            "steps[0].jane.sees.may.answer",
            "allowed",
        ),
        (
            "  - jane: {who_to_call: {organization: aco, topic: plans}}\n",
            FIRST,
            "steps[0].jane.who_to_call.topic",
            "care-plan",
        ),
        (
            "  - jane: {edit_record: {kind: CareTeam, resource: x}}\n",
            FIRST,
            "steps[0].jane.edit_record",
            "nothing",
        ),
        (
            "  - jane: {edit_record: {kind: CareTeam, remove: [name]}}\n",
            FIRST,
            "steps[0].jane.edit_record",
            "system|value",
        ),
        ("  - joe: {take_up_team: {}}\n", FIRST, "steps[0].joe.take_up_team", "neither"),
        (
            "  - joe: {sees: {proposals: [{adds: [joe], of: x}]}}\n",
            FIRST,
            "steps[0].joe.sees.proposals[0].of",
            "no such organization",
        ),
        ("  - clock: yesterday\n", FIRST, "steps[0].clock", ""),
        ("  - clock: 2019-03-03 09:00\n", FIRST, "steps[0].clock", "go back"),
        ("  - jane: {send: a}\n    joe: {send: b}\n", FIRST, "steps[0]", "one key"),
    ];
    for (steps, line, field, says) in cases {
        let mistake = with_steps(steps).expect_err("a mistake");
        let at = mistake.line.expect("a line");
        // The parser tells of a wrong end of a step on the line where it sees it.
        assert!(at == *line || at == line + 1, "{steps}: {mistake}");
        assert!(mistake.field == *field && mistake.problem.contains(says), "{steps}: {mistake}");
    }
}

#[test]
fn a_mistake_above_the_steps_is_named_too() {
    let wrong = |text: &str| Story::parse(Path::new("t.yaml"), text).unwrap_err();
    let head = HEAD.replace("organization: aco", "organization: acme");
    let mistake = wrong(&format!("{head}  - settle: all\n"));
    assert_eq!((mistake.line, mistake.field.as_str()), (Some(8), "people.joe.organization"));
    let head = HEAD.replace("id: 'urn:x|aco'", "id: aco");
    let mistake = wrong(&format!("{head}  - settle: all\n"));
    assert_eq!((mistake.line, mistake.field.as_str()), (Some(5), "organizations.aco.id"));
    let mistake = wrong("story: [\n");
    assert!(mistake.line.is_some() && mistake.to_string().starts_with("t.yaml, line "), "{mistake}");
    let mistake = Story::read(Path::new("no-such-story.yaml")).unwrap_err();
    assert!(mistake.to_string().starts_with("no-such-story.yaml: cannot be read"), "{mistake}");
}

#[test]
fn the_story_of_referrals_is_read() {
    let story = Story::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/referral.yaml")).unwrap();
    for agreement in &story.programme {
        let agreement = Agreement::parse(&std::fs::read_to_string(agreement).unwrap()).unwrap();
        assert_eq!(agreement.room.code(), "referral");
    }
    for (steps, field) in [
        ("  - jane: {send_referral: {referral: meals}}\n", "steps[0].jane.send_referral.referral"),
        (
            "  - jane: {refer: {to: nowhere, service: housing, need: x, consent: y, room: z}}\n",
            "steps[0].jane.refer.to",
        ),
    ] {
        assert_eq!(with_steps(steps).unwrap_err().field, field);
    }
}
