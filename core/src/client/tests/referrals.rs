//! Referrals, over the loopback homeserver: asked in the case, done in a room of their own, told in the case.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::audit::Purpose;
use crate::care_plan::SignedHow;
use crate::case::event::EventKey;
use crate::case::kind::RoomKind;
use crate::commands::Command;
use crate::consent::{ConsentRecorded, Redisclosure, Scope};
use crate::crossing::Way;
use crate::label::Label;
use crate::referral::tests::{AGREEMENT as WITH_PANTRY, pantry};
use crate::referral::{
    Cancellation, Capacity, CourseStatus, Field, OutcomeCode, ReferralCapacity, ReferralStatus, ServiceCode,
    Told, room_of,
};
use crate::{Refer, Referred};

mod away;
mod hostile;
mod program;
mod quiet;
mod taken;

const MORE: &str = "outreach, consent, referral] }";

fn pat() -> Contact {
    Contact {
        id: "urn:example:staff|pat".parse().unwrap(),
        name: "pat".into(),
        role: Role::CaseManager,
        organization: pantry().id,
        user: Some(user("pat")),
        phone: Some("555-0170".into()),
        topics: Vec::new(),
    }
}

fn know(caseline: &Caseline, contacts: impl IntoIterator<Item = Contact>) {
    let mut directory = caseline.engine.directory.write().unwrap();
    directory.organizations.push(pantry());
    directory.contacts.extend(contacts);
}

fn with_pantry() -> String {
    WITH_PANTRY.replace("share:", "clock: story\nshare:").replace(", keeper: true", "")
}

async fn start_in(world: &World, folder: &str, name: &str) -> Caseline {
    let caseline = world.start_in(folder, name, Record::Embedded).await;
    let text = AGREEMENT.replace("outreach] }", MORE).replace("id: harbor-bay\n", "id: harbor-bay-2\n");
    caseline.add_agreement(&text).unwrap();
    caseline
}

async fn start(world: &World, name: &str) -> Caseline {
    let caseline = start_in(world, name, name).await;
    know(&caseline, [pat()]);
    caseline.add_agreement(&with_pantry()).unwrap();
    caseline
}

async fn open(jane: &Caseline, joe: &Caseline) -> (Case, EventId) {
    let mut open = opening(&["jane", "joe"]);
    open.agreement = Some("harbor-bay-2".parse().unwrap());
    let case = jane.open(open).unwrap();
    settle(&[jane]).await;
    accept(joe).await;
    let given = case.record_consent(None, consent()).unwrap();
    settle(&[joe, jane]).await;
    (case, given.id)
}

fn consent() -> ConsentRecorded {
    ConsentRecorded {
        scope: Scope {
            categories: [Label::Part2].into(),
            disclosers: BTreeSet::new(),
            recipients: [pantry().id].into(),
            covered: false,
            purposes: vec![Purpose::Coordination],
            redisclosure: Redisclosure::Named,
            fields: [Field::Name, Field::Phone, Field::Household].into(),
            explanation: "The pantry may be told what is needed for meals".into(),
        },
        from: "2019-03-01".parse().unwrap(),
        until: Some("2019-06-01".parse().unwrap()),
        signed_on: "2019-03-01".parse().unwrap(),
        how: SignedHow::Paper,
        representative: false,
        source: "Synthetic folder".into(),
        document: None,
        renews: None,
    }
}

fn refer(consent: EventId) -> Refer {
    Refer::new(pantry().id, ServiceCode::Nutrition, "Two meals a day, low in salt", consent)
        .called("Home-delivered meals")
}

fn code(error: &Error) -> String {
    match error {
        Error::NotAllowed { reasons } => reasons[0].code.to_string(),
        other => other.code().to_owned(),
    }
}

fn told(case: &Case, key: &EventKey) -> Vec<Told> {
    let state = case.state().unwrap();
    state.referrals.get(key).unwrap().steps.iter().filter_map(|step| step.told).collect()
}

fn status(case: &Case, key: &EventKey) -> &'static str {
    case.state().unwrap().referrals.get(key).unwrap().status.code()
}

/// What any client shows of a referral's room.
fn shown(world: &World, room: &Case) -> String {
    let sent = world.server.messages(&super::room(room)).unwrap();
    sent.into_iter().map(|(.., content)| content.get().to_owned()).collect()
}

async fn begin(world: &World) -> ([Caseline; 3], Case, Case, Case, EventKey) {
    let (jane, joe, pat) = (start(world, "jane").await, start(world, "joe").await, start(world, "pat").await);
    let (case, given) = open(&jane, &joe).await;
    let asked = refer(given).field(Field::Name).field_as(Field::Household, "Lives alone");
    let referred = case.refer(None, asked).await.unwrap();
    assert_eq!(referred.held, None);
    settle(&[&jane]).await;
    let theirs = accept(&pat).await;
    settle(&[&pat, &jane, &joe]).await;
    let room = jane.case(room_of(&referred.key)).unwrap();
    ([jane, joe, pat], case, room, theirs, referred.key)
}

#[tokio::test]
async fn a_referral_goes_to_its_room_and_comes_back_to_the_case() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    assert_eq!(theirs.kind().unwrap(), RoomKind::Referral);
    assert_eq!((pat.cases().unwrap().len(), pat.referral_rooms().unwrap().len()), (0, 1));
    assert_eq!(status(&case, &key), "sent");

    // Only what was asked for and named is there: nothing of the case, nothing else of the member.
    let course = theirs.referral().unwrap().unwrap();
    let fields: Vec<(Field, &str)> = course.fields.iter().map(|(f, v)| (*f, v.as_str())).collect();
    assert_eq!(fields, [(Field::Name, "Marty Example"), (Field::Household, "Lives alone")]);
    let text = shown(&world, &room);
    assert!(text.contains("Marty Example") && text.contains("low in salt"), "{text}");
    assert!(text.contains("until 2019-06-01") && text.contains("you are told: name, household"), "{text}");
    // The consent speaks of a category, too: its own words would tell that there is something of it.
    for secret in [
        "The pantry may be told",
        "1961-04-05",
        "member|1",
        "Harbor ACO",
        &case.id().to_string(),
        &key.id.to_string(),
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let audited = jane.engine.db.audit().unwrap().2;
    let opened = theirs.state().unwrap().opening().unwrap().event.clone();
    let entry = audited.iter().find(|entry| entry.what.event.as_ref() == Some(&opened)).unwrap();
    let consent = case.state().unwrap().consents.all()[0].key.id;
    assert_eq!(entry.what.consents, [consent], "it is on record under which consent it went");

    let due = pat.due().unwrap();
    assert_eq!((due.len(), due[0].owed.clock.as_str()), (1, "referral-answer"));
    room.ask_capacity(None).unwrap();
    settle(&[&jane, &pat]).await;
    theirs.tell_capacity(None, Capacity::Waitlist, "2019-03-04".parse().ok(), "From Monday").unwrap();
    theirs.accept_referral(None).unwrap();
    theirs.sub_refer(None, "Bay Kitchen", "555-0199").unwrap();
    theirs.referral_outcome(None, OutcomeCode::Provided, "Twenty meals").unwrap();
    assert_eq!(code(&room.send(None, Message::text("Thanks")).unwrap_err()), "room-kind");
    settle(&[&pat, &jane, &joe]).await;
    let joes = joe.case(case.id()).unwrap();
    let all = [Told::CapacityAsked, Told::Waitlist, Told::Accepted, Told::SubReferred, Told::Provided];
    assert_eq!(told(&joes, &key), all);
    assert_eq!(status(&joes, &key), "sent", "the loop is not closed");
    let owed = |one: &Caseline| {
        let due = one.due().unwrap();
        let due = due.iter().filter(|one| one.owed.clock.starts_with("referral"));
        due.map(|one| one.owed.clock.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (owed(&joe), owed(&jane)),
        (vec!["referral-loop".into()], vec!["referral-close".into(), "referral-loop".into()])
    );
    room.close_referral(None).unwrap();
    settle(&[&jane, &joe, &pat]).await;
    assert_eq!((status(&joes, &key), told(&joes, &key).len()), ("closed", 6));
    assert_eq!((owed(&joe), owed(&jane), owed(&pat)), (vec![], vec![], vec![]));
    let lines: Vec<String> = joes.state().unwrap().timeline.iter().map(|entry| entry.text.clone()).collect();
    assert!(lines.iter().any(|line| line.contains("Bay Kitchen (555-0199)")), "{lines:?}");

    // Looked at again, as at every start, nothing is told twice.
    jane.engine.look_at_all().unwrap();
    jane.engine.follow_due_referrals().unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(told(&joes, &key).len(), 6);
    assert_eq!(joes.state().unwrap().digest(), case.state().unwrap().digest());
    assert_eq!(theirs.state().unwrap().digest(), room.state().unwrap().digest());
    for one in [&jane, &joe, &pat] {
        assert_eq!(one.audit().unwrap().fault, None);
    }
}

#[tokio::test]
async fn a_referral_to_an_organization_without_a_contact_is_kept_and_goes_on() {
    let world = World::new();
    let (jane, joe) = (start_in(&world, "jane", "jane").await, start_in(&world, "joe", "joe").await);
    know(&jane, []);
    let (case, given) = open(&jane, &joe).await;
    let id = EventId::new();
    let referred = case.refer(Some(id), refer(given).field(Field::Name)).await.unwrap();
    assert_eq!(referred.held.as_ref().unwrap().code, "referral-no-contact");
    let again = case.refer(Some(id), refer(given).field(Field::Name)).await.unwrap();
    assert_eq!(again, referred, "a retry is answered as it was first");
    let another = case.refer(Some(id), refer(given)).await.unwrap_err();
    assert_eq!(another.code(), "id-taken");
    let Referred { key, .. } = referred;
    assert_eq!(code(&case.send_referral(&key, BTreeMap::new()).await.unwrap_err()), "referral-no-contact");
    settle(&[&jane, &joe]).await;
    let joes = joe.case(case.id()).unwrap();
    assert_eq!(status(&joes, &key), "held", "nothing is lost");
    let others = joes.send_referral(&key, BTreeMap::new()).await.unwrap_err();
    assert_eq!(code(&others), "referral-not-referrer");
    let due = jane.due().unwrap();
    let owed = due.iter().find(|one| one.owed.clock == "referral-contact").unwrap();
    assert_eq!(owed.owed.owner, seat("jane").contact.id);
    assert!(owed.owed.ladder.last().unwrap().phone.is_some());

    // Somebody is found, and the two have an agreement.
    jane.engine.directory.write().unwrap().contacts.push(pat());
    assert_eq!(code(&case.send_referral(&key, BTreeMap::new()).await.unwrap_err()), "referral-no-agreement");
    jane.add_agreement(&with_pantry()).unwrap();
    let pat = start(&world, "pat").await;
    let room = case.send_referral(&key, BTreeMap::new()).await.unwrap();
    assert_eq!(case.send_referral(&key, BTreeMap::new()).await.unwrap().id(), room.id());
    settle(&[&jane]).await;
    let theirs = accept(&pat).await;
    theirs.decline_referral(None, "No driver goes there").unwrap();
    settle(&[&pat, &jane, &joe]).await;
    assert_eq!((status(&joes, &key), told(&joes, &key)), ("sent", vec![Told::Declined]));
    room.close_referral(None).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(status(&joes, &key), "closed");
}

#[tokio::test]
async fn who_has_a_telephone_only_is_called_and_what_they_say_is_told_by_hand() {
    let world = World::new();
    let (jane, joe) = (start_in(&world, "jane", "jane").await, start_in(&world, "joe", "joe").await);
    know(&jane, [Contact { user: None, ..pat() }]);
    let (case, given) = open(&jane, &joe).await;
    let Referred { key, held } = case.refer(None, refer(given)).await.unwrap();
    assert_eq!(held.unwrap().code, "referral-no-account");
    settle(&[&jane]).await;
    assert!(jane.due().unwrap().iter().any(|one| one.owed.clock == "referral-carry"));
    // It waits among what is to go across, and somebody takes it there.
    let waits = || case.crossings().unwrap().into_iter().find(|one| one.event == key).unwrap();
    assert_eq!(
        (waits().what.code(), waits().standing.code(), waits().to),
        ("referral", "waiting", pantry().id)
    );
    case.carried(None, &[key.id], Way::Phone, None, false, "Nobody picked up").unwrap();
    assert_eq!(status(&case, &key), "held");
    case.carried(None, &[key.id], Way::Phone, None, true, "Spoke with pat").unwrap();
    settle(&[&jane]).await;
    assert_eq!((waits().standing.code(), waits().attempts.len()), ("carried", 2));
    let twice = case.carry_referral(None, &key, Way::Phone, "Spoke with pat");
    assert_eq!(code(&twice.unwrap_err()), "referral-sent");
    let closed = case.tell_referral(None, &key, Told::Closed, (Way::Phone, ""));
    assert_eq!(code(&closed.unwrap_err()), "referral-no-outcome");
    case.tell_referral(None, &key, Told::Accepted, (Way::Phone, "")).unwrap();
    case.tell_referral(None, &key, Told::Provided, (Way::Phone, "Ten meals")).unwrap();
    case.tell_referral(None, &key, Told::Closed, (Way::Phone, "")).unwrap();
    settle(&[&jane, &joe]).await;
    assert_eq!(status(&joe.case(case.id()).unwrap(), &key), "closed");
    // Nobody is called about it once the member has taken the consent back.
    let Referred { key, .. } = case.refer(None, refer(given)).await.unwrap();
    case.revoke_consent(None, given, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    let late = case.carried(None, &[key.id], Way::Phone, None, true, "Spoke with pat");
    assert_eq!(code(&late.unwrap_err()), "consent-revoked");
    case.carried(None, &[key.id], Way::Phone, None, false, "Not called").unwrap();
}

#[tokio::test]
async fn that_it_is_to_stop_is_owed_until_an_agency_that_was_called_has_heard_it() {
    let world = World::new();
    let (jane, joe) = (start_in(&world, "jane", "jane").await, start_in(&world, "joe", "joe").await);
    know(&jane, [Contact { user: None, ..pat() }]);
    let (case, given) = open(&jane, &joe).await;
    let [first, second] = [case.refer(None, refer(given)).await, case.refer(None, refer(given)).await];
    let (first, second) = (first.unwrap().key, second.unwrap().key);
    for key in [&first, &second] {
        case.carry_referral(None, key, Way::Phone, "Spoke with pat").unwrap();
    }
    let owed = || {
        let due = jane.due().unwrap().into_iter().map(|one| one.owed);
        let stop = due.filter(|one| one.clock == "referral-carry" && one.what.contains("to stop"));
        stop.inspect(|one| assert!(one.ladder.last().unwrap().phone.is_some())).count()
    };
    assert_eq!(owed(), 0);
    case.withdraw_referral(None, &first, "He cooks again").unwrap();
    settle(&[&jane]).await;
    assert_eq!(owed(), 1);
    case.revoke_consent(None, given, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&jane]).await;
    assert_eq!(owed(), 2, "of the other the consent has ended");
    for key in [&first, &second] {
        case.tell_referral(None, key, Told::Cancelled, (Way::Phone, "")).unwrap();
    }
    settle(&[&jane]).await;
    assert_eq!((status(&case, &first), status(&case, &second)), ("withdrawn", "withdrawn"));
    assert_eq!(owed(), 0);
    let again = case.tell_referral(None, &first, Told::Cancelled, (Way::Phone, ""));
    assert_eq!(code(&again.unwrap_err()), "referral-over");
}

#[tokio::test]
async fn a_long_answer_of_another_client_keeps_nothing_from_being_said() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    let long = ReferralCapacity { capacity: Capacity::Yes, until: None, text: "é".repeat(6_000) };
    pat.engine.command(theirs.id(), &Command::new(None, long)).unwrap();
    settle(&[&pat, &jane, &joe]).await;
    let state = case.state().unwrap();
    let said = state.referrals.get(&key).unwrap().last().unwrap();
    assert!(said.told == Some(Told::Places) && said.text.len() > 4000 && said.text.len() <= 4096);
    let consent = state.consents.all()[0].key.id;
    case.revoke_consent(None, consent, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&jane, &pat]).await;
    let course = room.referral().unwrap().unwrap();
    assert_eq!(course.status, CourseStatus::Cancelled(Cancellation::ConsentEnded));
}

#[tokio::test]
async fn what_the_consent_does_not_name_does_not_go() {
    let world = World::new();
    let (jane, joe) = (start(&world, "jane").await, start(&world, "joe").await);
    let (case, given) = open(&jane, &joe).await;
    let refused = async |refer: Refer| code(&case.refer(None, refer).await.unwrap_err());
    assert_eq!(refused(refer(given).field(Field::Address)).await, "consent-not-for-field");
    assert_eq!(refused(refer(EventId::new())).await, "consent-missing");
    let elsewhere = Refer::new(organization_id("aco"), ServiceCode::Housing, "A room", given);
    assert_eq!(refused(elsewhere).await, "referral-not-agency");
    let nobody = Refer::new(organization_id("nobody"), ServiceCode::Housing, "A room", given);
    assert_eq!(refused(nobody.clone()).await, "organization-unknown");
    let words = case.refer(None, nobody).await.unwrap_err().to_string();
    assert!(words.contains("import") && !words.contains("nobody"), "{words}");
    assert_eq!(refused(Refer::new(pantry().id, ServiceCode::Nutrition, " ", given)).await, "invalid-need");
    let mut other = consent();
    other.scope.recipients = [organization_id("aco")].into();
    let other = case.record_consent(None, other).unwrap();
    assert_eq!(refused(refer(other.id)).await, "consent-not-for-organization");
    let mut theirs = consent();
    theirs.scope.disclosers = [organization_id("aco")].into();
    let theirs = case.record_consent(None, theirs).unwrap();
    assert_eq!(refused(refer(theirs.id)).await, "consent-not-for-redisclosure");
    case.revoke_consent(None, given, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    assert_eq!(refused(refer(given)).await, "consent-revoked");
    assert!(case.referrals().unwrap().is_empty() && jane.referral_rooms().unwrap().is_empty());
}

#[tokio::test]
async fn a_consent_that_is_taken_back_stops_the_agency_and_nothing_more_goes_there() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    theirs.accept_referral(None).unwrap();
    settle(&[&pat, &jane, &joe]).await;
    let consent = case.state().unwrap().consents.all()[0].key.id;
    let joes = joe.case(case.id()).unwrap();
    joes.revoke_consent(
        None,
        consent,
        "2019-03-01".parse().unwrap(),
        "He moved in with his sister",
        "a call",
    )
    .unwrap();
    settle(&[&joe, &jane, &pat]).await;
    let course = theirs.referral().unwrap().unwrap();
    assert_eq!(course.status, CourseStatus::Cancelled(Cancellation::ConsentEnded));
    assert!(!shown(&world, &room).contains("sister"));
    assert_eq!(code(&room.ask_capacity(None).unwrap_err()), "consent-revoked");
    assert!(pat.due().unwrap().is_empty());
    settle(&[&jane, &joe]).await;
    assert_eq!(
        (status(&joes, &key), told(&joes, &key)),
        ("withdrawn", vec![Told::Accepted, Told::Cancelled])
    );
    // Whoever is named there now is told nothing of what came before.
    let max =
        Contact { id: "urn:example:staff|max".parse().unwrap(), user: Some(user("max")), ..self::pat() };
    let named = theirs.name_seat(None, Seat { contact: max, lead: false }).unwrap();
    settle(&[&pat]).await;
    assert!(format!("{:?}", pat.engine.db.outbox_fate(named.id).unwrap()).contains("consent-revoked"));
}

/// What Joe had folded when he wrote it was the consent: it sorts before the referral, though it comes later.
#[tokio::test]
async fn an_agency_hears_of_a_consent_that_was_taken_back_before_as_it_turns_out_later() {
    let world = World::new();
    let ([jane, joe, pat], case, room, theirs, key) = begin(&world).await;
    joe.shutdown().await;
    let state = case.state().unwrap();
    let place = |kind: &str| state.timeline.iter().find(|entry| entry.kind == kind).unwrap().key.clone();
    let given = place("consent.recorded");
    let revoked = serde_json::json!({ "msgtype": "m.text", "body": "taken back", "org.caseline.event": {
        "v": 1, "id": "01800000-0000-7000-8000-000000000001", "kind": "consent.revoked",
        "after": [[given.sender, given.id, 3]], "clock": 4, "at": "2019-03-01T14:00:00Z",
        "data": { "consent": given.id, "on": "2019-03-01", "source": "a call" } } });
    world.server.send_content(&super::room(&case), &user("joe"), &revoked).unwrap();
    settle(&[&jane, &pat]).await;
    let state = case.state().unwrap();
    let course = room.referral().unwrap().unwrap();
    assert!(state.referrals.get(&key).is_none(), "it does not count any more: {:?}", state.timeline);
    assert_eq!(course.status, CourseStatus::Cancelled(Cancellation::ConsentEnded));
    assert_eq!(theirs.referral().unwrap().unwrap().status, course.status);
}

#[tokio::test]
async fn a_consent_taken_back_before_a_referral_leaves_stops_it() {
    let world = World::new();
    let (jane, joe) = (start(&world, "jane").await, start(&world, "joe").await);
    let (case, given) = open(&jane, &joe).await;
    world.server.offline(&user("jane"), true);
    let Referred { key, .. } = case.refer(None, refer(given).field(Field::Name)).await.unwrap();
    let joes = joe.case(case.id()).unwrap();
    joes.revoke_consent(None, given, "2019-03-01".parse().unwrap(), "", "a call").unwrap();
    settle(&[&joe]).await;
    world.server.offline(&user("jane"), false);
    settle(&[&jane, &joe]).await;
    let room = jane.case(room_of(&key)).unwrap();
    assert!(!shown(&world, &room).contains("Marty"));
    assert!(room.referral().unwrap().is_none());
}

#[tokio::test]
async fn a_consent_that_ends_by_itself_and_a_withdrawal_stop_the_agency() {
    for withdrawn in [false, true] {
        let world = World::new();
        let ([jane, joe, pat], case, _, theirs, key) = begin(&world).await;
        let reason = if withdrawn {
            case.withdraw_referral(None, &key, "Marty cooks again").unwrap();
            Cancellation::NotNeeded
        } else {
            world.clock.advance(SignedDuration::from_hours(24 * 100));
            jane.engine.follow_due_referrals().unwrap();
            Cancellation::ConsentEnded
        };
        settle(&[&jane, &pat, &joe]).await;
        assert_eq!(theirs.referral().unwrap().unwrap().status, CourseStatus::Cancelled(reason));
        assert_eq!(status(&case, &key), "withdrawn");
    }
}

#[tokio::test]
async fn two_devices_of_one_account_tell_it_once() {
    let world = World::new();
    let ([jane, joe, pat], case, _, theirs, key) = begin(&world).await;
    let other = start_in(&world, "jane-2", "jane").await;
    know(&other, [self::pat()]);
    other.add_agreement(&with_pantry()).unwrap();
    other.engine.find_own_cases().await.unwrap();
    settle(&[&other]).await;
    theirs.accept_referral(None).unwrap();
    settle(&[&pat]).await;
    settle(&[&other, &jane, &joe]).await;
    settle(&[&jane, &other, &joe]).await;
    let joes = joe.case(case.id()).unwrap();
    assert_eq!(told(&joes, &key), [Told::Accepted]);
    let state = joes.state().unwrap();
    assert_eq!(state.timeline.iter().filter(|entry| entry.kind == "referral.told").count(), 1);
    assert_eq!(state.referrals.get(&key).unwrap().status, ReferralStatus::Sent);
}

#[tokio::test]
async fn an_agencys_record_holds_the_referral_and_no_patient() {
    let world = World::new();
    let ([jane, _, pat], _, _, theirs, _) = begin(&world).await;
    theirs.accept_referral(None).unwrap();
    settle(&[&pat, &jane]).await;
    let count = async |one: &Caseline, kind: &str| one.resources(kind).await.unwrap().len();
    assert_eq!((count(&pat, "ServiceRequest").await, count(&pat, "Task").await), (1, 1));
    assert_eq!((count(&pat, "Patient").await, count(&pat, "CareTeam").await), (0, 0));
    assert_eq!(count(&jane, "ServiceRequest").await, 0, "her case has no Patient yet, and the room none");
}
