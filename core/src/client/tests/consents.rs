//! What the member allows to be told, between two sides: labelled, taken back, told in an emergency.

use super::*;
use crate::audit::{Purpose, Why};
use crate::care_plan::SignedHow;
use crate::case::event::EventKey;
use crate::consent::{ConsentRecorded, Redisclosure, Scope};
use crate::engine::InsteadOf;
use crate::label::{Label, STATEMENT};
use crate::policy::Reach;

const PART2: &str =
    "part2: { programs: [{ organization: urn:example:org|cp }], covered: [urn:example:org|aco] }\n";

pub(super) async fn two(world: &World) -> (Caseline, Caseline, Case, Case) {
    let text = AGREEMENT.replace("outreach] }", "outreach, consent] }") + PART2;
    let (jane, joe) = (world.start_with("jane", Record::Embedded).await, world.start("joe").await);
    for one in [&jane, &joe] {
        one.add_agreement(&text.replace("id: harbor-bay\n", "id: harbor-bay-2\n")).unwrap();
    }
    let mut open = opening(&["jane", "joe", "lee"]);
    open.agreement = Some("harbor-bay-2".parse().unwrap());
    let case = jane.open(open).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    (jane, joe, case, joes)
}

fn consent() -> ConsentRecorded {
    ConsentRecorded {
        scope: Scope {
            categories: [Label::Part2].into(),
            disclosers: [organization_id("cp")].into(),
            recipients: [organization_id("aco")].into(),
            covered: false,
            purposes: vec![Purpose::Treatment, Purpose::Payment, Purpose::Operations],
            redisclosure: Redisclosure::Tpo,
            fields: std::collections::BTreeSet::new(),
            explanation: "Synthetic words of scope".into(),
        },
        from: "2019-03-01".parse().unwrap(),
        until: None,
        signed_on: "2019-03-01".parse().unwrap(),
        how: SignedHow::Paper,
        representative: false,
        source: "Synthetic folder".into(),
        document: None,
        renews: None,
    }
}

fn codes(error: &Error) -> Vec<String> {
    match error {
        Error::NotAllowed { reasons } => reasons.iter().map(|reason| reason.code.to_string()).collect(),
        other => vec![other.code().to_owned()],
    }
}

#[tokio::test]
async fn what_a_program_says_goes_under_a_consent_with_its_notice_and_is_audited() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    // The whole organisation is a program: without a word about it, what Jane writes is labelled, and may not go.
    let refused = case.send(None, Message::text("He came")).unwrap_err();
    assert_eq!(codes(&refused), ["consent-missing"]);
    assert_eq!(case.may_tell().unwrap().answer, Reach::Ask);
    let given = case.record_consent(None, consent()).unwrap();
    assert_eq!(case.may_tell().unwrap().answer, Reach::Allowed);
    let sent = case.send(None, Message::text("He came")).unwrap();
    settle(&[&jane, &joe]).await;

    let state = joes.state().unwrap();
    assert_eq!(texts(&joes), ["He came"]);
    let notice = state.messages[0].notice.clone().unwrap();
    assert!(notice.contains(STATEMENT) && notice.contains("Synthetic words of scope"), "{notice}");
    assert_eq!(state.labels_of(&sent), Some(&Label::OF_PART_2.into()));
    // Any client shows it: it is in the body.
    let bodies: Vec<String> =
        world.server.messages(&room(&case)).unwrap().into_iter().map(|(.., c)| c.get().to_owned()).collect();
    assert!(bodies.iter().any(|body| body.contains("He came") && body.contains(STATEMENT)));

    let audited = jane.engine.db.audit().unwrap().2;
    let entry = audited.iter().find(|entry| entry.what.event.as_ref() == Some(&sent)).unwrap();
    assert!(entry.what.labels.contains(&"42CFRPart2".to_owned()));
    assert_eq!((entry.what.consents.clone(), entry.what.why.clone()), (vec![given.id], None));
    assert!(entry.what.reasons.contains(&"consent-covers".to_owned()));

    // Taking the label off is an act with a reason.
    let plain = case.unlabelled("It is about the bus alone").send(None, Message::text("Bus 9")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(joes.state().unwrap().labels_of(&plain), None);
    assert_eq!(joes.state().unwrap().messages[1].notice, None);
    let audited = jane.engine.db.audit().unwrap().2;
    let entry = audited.iter().find(|entry| entry.what.event.as_ref() == Some(&plain)).unwrap();
    assert_eq!(entry.what.why, Some(Why::Unlabelled("It is about the bus alone".into())));
    assert!(entry.what.labels.is_empty());
    assert_eq!(codes(&case.unlabelled(" ").send(None, Message::text("x")).unwrap_err()), ["invalid-reason"]);

    // The recipient answers who told it, and what they say with the label carries the same notice.
    joes.labelled([Label::Part2]).send(None, Message::text("Thanks")).unwrap();
    settle(&[&joe, &jane]).await;
    assert!(case.state().unwrap().messages[2].notice.is_some());
}

#[tokio::test]
async fn a_consent_revoked_while_a_message_waits_stops_it_and_what_follows_goes_on() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    settle(&[&jane, &joe]).await;
    // Jane's device is out of reach while the member calls Joe.
    world.server.offline(&user("jane"), true);
    let first = case.send(None, Message::text("About his treatment")).unwrap();
    let second = case.unlabelled("The time of a meeting").send(None, Message::text("Nine o'clock")).unwrap();
    joes.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&joe]).await;
    world.server.offline(&user("jane"), false);
    settle(&[&jane, &joe]).await;
    assert_eq!(texts(&joes), ["Nine o'clock"]);
    assert_eq!(texts(&case), ["Nine o'clock"]);
    let fate = jane.engine.db.outbox_fate(first.id).unwrap();
    assert!(format!("{fate:?}").contains("consent-revoked"), "{fate:?}");
    assert!(jane.engine.db.outbox_fate(second.id).unwrap().is_some());
    let bodies: Vec<String> =
        world.server.messages(&room(&case)).unwrap().into_iter().map(|(.., c)| c.get().to_owned()).collect();
    assert!(!bodies.iter().any(|body| body.contains("About his treatment")));
}

#[tokio::test]
async fn a_consent_revoked_on_the_same_device_stops_what_waits_there_before_it() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    settle(&[&jane, &joe]).await;
    world.server.offline(&user("jane"), true);
    let first = case.send(None, Message::text("About his treatment")).unwrap();
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    world.server.offline(&user("jane"), false);
    settle(&[&jane, &joe]).await;
    assert!(texts(&joes).is_empty(), "{:?}", texts(&joes));
    let fate = jane.engine.db.outbox_fate(first.id).unwrap();
    assert!(format!("{fate:?}").contains("consent-revoked"), "{fate:?}");
    assert!(joes.state().unwrap().consents.get(given.id).unwrap().revoked.is_some());
}

#[tokio::test]
async fn what_rests_on_many_consents_is_handed_over_in_parts() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let categories = [Label::Part2, Label::MentalHealth, Label::Hiv, Label::Violence, Label::Psychiatry];
    for category in categories {
        let mut one = consent();
        one.scope.categories = [category].into();
        case.record_consent(None, one).unwrap();
    }
    for category in [categories, categories].concat() {
        // Nothing of a program's own, so that each rests on one.
        let case = case.unlabelled("The words of a hospital").labelled([category]);
        case.send(None, Message::text(category.code())).unwrap();
    }
    settle(&[&jane, &joe]).await;
    case.name_seat(None, seat("rao")).unwrap_err();
    joes.name_seat(None, seat("rao")).unwrap();
    settle(&[&joe, &jane]).await;
    let rao = world.start("rao").await;
    let raos = accept(&rao).await;
    settle(&[&rao, &joe, &jane]).await;
    assert_eq!(texts(&raos), texts(&case));
    assert_eq!(raos.state().unwrap().digest(), case.state().unwrap().digest());
    let handovers = raos.state().unwrap().timeline.iter().filter(|entry| entry.kind == "handover").count();
    assert_eq!(handovers, 4, "two parts, at the naming and again once she can read");
}

#[tokio::test]
async fn an_emergency_passes_is_audited_and_owed_a_look() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let urgent = case.in_emergency("Not breathing").send(None, Message::text("He takes 40 mg")).unwrap();
    settle(&[&jane, &joe]).await;
    let notice = joes.state().unwrap().messages[0].notice.clone().unwrap();
    assert!(notice.contains(STATEMENT) && notice.contains("Not breathing"), "{notice}");
    let audited = jane.engine.db.audit().unwrap().2;
    let entry = audited.iter().find(|entry| entry.what.event.as_ref() == Some(&urgent)).unwrap();
    assert_eq!(entry.what.purpose, Purpose::BreakTheGlass);
    assert_eq!(entry.what.why, Some(Why::Emergency("Not breathing".into())));
    assert!(entry.what.recipients.contains(&user("joe")));
    let due = joe.due().unwrap();
    assert_eq!((due.len(), due[0].owed.clock.as_str()), (1, "override-review"));
    let key = EventKey { sender: user("jane"), id: urgent.id };
    let own = case.review_override(None, key.clone(), true, "Mine").unwrap_err();
    assert_eq!(codes(&own), ["override-own"]);
    joes.review_override(None, key, true, "He was not").unwrap();
    settle(&[&joe, &jane]).await;
    assert!(jane.due().unwrap().is_empty());
    let task = jane.resources("Task").await.unwrap();
    assert!(task.is_empty() || task[0].json.contains("completed"));
}

#[tokio::test]
async fn a_newcomer_gets_what_no_consent_lets_be_told_as_a_stub() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    case.send(None, Message::text("About his treatment")).unwrap();
    case.unlabelled("The time of a meeting").send(None, Message::text("Nine o'clock")).unwrap();
    settle(&[&jane, &joe]).await;
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&jane, &joe]).await;
    joes.name_seat(None, seat("rao")).unwrap();
    settle(&[&joe]).await;
    let rao = world.start("rao").await;
    let raos = accept(&rao).await;
    settle(&[&rao, &joe, &jane]).await;
    assert_eq!(texts(&raos), ["Nine o'clock"]);
    assert_eq!(raos.state().unwrap().digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn a_handover_that_waits_while_a_consent_is_taken_back_is_made_anew_without_what_it_covered() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    case.send(None, Message::text("About his treatment")).unwrap();
    settle(&[&jane, &joe]).await;
    world.server.offline(&user("joe"), true);
    let lee = [user("lee")];
    let queued = InsteadOf::Unreached(lee.to_vec());
    assert!(joe.engine.queue_handover(joes.id(), &lee, queued).unwrap());
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&jane]).await;
    world.server.offline(&user("joe"), false);
    settle(&[&joe, &jane]).await;
    let denied = joes.denied().unwrap();
    assert_eq!((denied.len(), &*denied[0].1[0].code), (1, "consent-revoked"));
    let handovers = joes.state().unwrap().timeline.iter().filter(|entry| entry.kind == "handover").count();
    assert_eq!(handovers, 1, "the second one went");
    let sent = world.server.messages(&room(&case)).unwrap();
    let telling = sent.iter().filter(|(.., content)| content.get().contains("About his treatment"));
    assert_eq!(telling.count(), 1, "the message itself, and no handover");
}

#[tokio::test]
async fn a_consent_that_lacks_something_is_refused_by_its_field() {
    let world = World::new();
    let (_jane, _joe, case, _joes) = two(&world).await;
    let code = |change: fn(&mut ConsentRecorded)| {
        let mut consent = consent();
        change(&mut consent);
        let Err(Error::InvalidInput(wrong)) = case.record_consent(None, consent) else { panic!("accepted") };
        (wrong.code, wrong.field.unwrap())
    };
    assert_eq!(code(|c| c.scope.categories.clear()), ("invalid-scope", "scope.categories".into()));
    assert_eq!(code(|c| c.scope.categories = [Label::Restricted].into()).0, "invalid-scope");
    assert_eq!(code(|c| c.scope.recipients.clear()), ("invalid-scope", "scope.recipients".into()));
    assert_eq!(code(|c| c.scope.purposes.clear()), ("invalid-scope", "scope.purposes".into()));
    assert_eq!(code(|c| c.scope.explanation = "a\nb".into()).0, "invalid-explanation");
    assert_eq!(code(|c| c.source = " ".into()).0, "invalid-source");
    let labelled = case.labelled([Label::MentalHealth]).retract(None, EventId::new()).unwrap_err();
    assert_eq!(codes(&labelled), ["nothing-to-label"]);
}

#[tokio::test]
async fn what_follows_something_labelled_is_labelled_too_or_says_nothing_of_it() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    let task = crate::client::Task::new("Secret clinic").owner(seat("joe").contact.id);
    let task = case.assign(None, task.due("2019-03-08".parse::<jiff::civil::Date>().unwrap())).unwrap();
    settle(&[&jane, &joe]).await;
    joes.accept_task(None, task.clone()).unwrap();
    let said = joes.labelled([Label::Part2]).send(None, Message::text("Secret")).unwrap();
    settle(&[&joe, &jane]).await;
    let accepted = |case: &Case| {
        let state = case.state().unwrap();
        let entry = state.timeline.iter().find(|entry| entry.kind == "task.accepted").unwrap().clone();
        entry.text
    };
    assert!(accepted(&case).contains("accepted a task."), "{}", accepted(&case));
    let sent = world.server.messages(&room(&case)).unwrap();
    let told: Vec<_> = sent.iter().map(|(.., c)| c.get()).filter(|c| c.contains("task.accepted")).collect();
    assert!(told.len() == 1 && !told[0].contains("Secret clinic"), "{told:?}");

    let corrected = joes.correct(None, said.id, "Not secret").unwrap();
    let declined = joes.complete_task(None, task.clone(), "He goes to another").unwrap();
    settle(&[&joe, &jane]).await;
    let state = case.state().unwrap();
    assert_eq!(state.labels_of(&corrected), Some(&[Label::Part2].into()));
    assert!(state.labels_of(&declined).unwrap().contains(&Label::Part2));
    // What may not be told without a consent may not be corrected without one.
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "Secret", "a call").unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(codes(&joes.correct(None, corrected.id, "x").unwrap_err()), ["consent-revoked"]);
    assert!(joes.unlabelled("It says only that it is wrong").correct(None, corrected.id, "Wrong").is_ok());
}

#[tokio::test]
async fn a_newcomer_hears_that_a_consent_was_taken_back_and_not_why() {
    let world = World::new();
    let (jane, joe, case, joes) = two(&world).await;
    let given = case.record_consent(None, consent()).unwrap();
    // Said to be passed on to nobody, and of no category that a consent could speak of.
    case.unlabelled("Of a hospital")
        .labelled([Label::NoRedisclosure])
        .send(None, Message::text("For you"))
        .unwrap();
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "Secret", "a call").unwrap();
    settle(&[&jane, &joe]).await;
    joes.name_seat(None, seat("rao")).unwrap();
    settle(&[&joe]).await;
    let rao = world.start("rao").await;
    let raos = accept(&rao).await;
    settle(&[&rao, &joe, &jane]).await;
    let state = raos.state().unwrap();
    let revoked = state.consents.get(given.id).unwrap().revoked.clone().unwrap();
    assert_eq!(revoked.revoked.reason, "");
    assert!(texts(&raos).is_empty(), "{:?}", texts(&raos));
    assert_eq!(state.digest(), case.state().unwrap().digest());
}

#[tokio::test]
async fn who_reaches_out_about_something_labelled_is_told_that_a_consent_is_missing() {
    use crate::outreach::Channel;
    let world = World::new();
    let (_jane, _joe, case, _joes) = two(&world).await;
    let labelled = case.labelled([Label::Part2]);
    let may = |case: &Case| {
        let may = case.may_reach_out(Channel::Message).unwrap();
        (may.answer, may.reasons.last().unwrap().code.to_string())
    };
    assert_eq!(may(&case).0, Reach::Allowed);
    assert_eq!(may(&labelled), (Reach::Ask, "consent-missing".to_owned()));
    let given = case.record_consent(None, consent()).unwrap();
    assert_eq!(may(&labelled).0, Reach::Allowed);
    case.revoke_consent(None, given.id, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    assert_eq!(may(&labelled), (Reach::Ask, "consent-revoked".to_owned()));
}
