//! What others change in a record reaches the case. Everybody here is synthetic.

use super::*;
use crate::care_team::TeamProposed;
use crate::commands::Command;
use crate::ports::{CareRecord, Stored};
use crate::store::{Db, EmbeddedRecord};

pub(super) const PEOPLE: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Organization","identifier":[{"system":"urn:example:org","value":"cp"}],"name":"Bay Community Care"},
  "request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=urn:example:org|cp"}},
 {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Practitioner","identifier":[{"system":"urn:example:staff","value":"kim"}],"name":[{"text":"Kim (synthetic)"}]},
  "request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=urn:example:staff|kim"}},
 {"resource":{"resourceType":"PractitionerRole","identifier":[{"system":"urn:example:role","value":"kim"}],"practitioner":{"reference":"urn:uuid:2"},
   "organization":{"reference":"urn:uuid:1"},"code":[{"coding":[{"system":"urn:caseline:role","code":"nurse"}]}],"endpoint":[{"reference":"urn:uuid:3"}]},
  "request":{"method":"POST","url":"PractitionerRole","ifNoneExist":"identifier=urn:example:role|kim"}},
 {"fullUrl":"urn:uuid:3","resource":{"resourceType":"Endpoint","identifier":[{"system":"urn:example:endpoint","value":"kim"}],"status":"active",
   "connectionType":{"code":"matrix"},"payloadType":[{"text":"event"}],"address":"matrix:u/kim:cp.example"},
  "request":{"method":"POST","url":"Endpoint","ifNoneExist":"identifier=urn:example:endpoint|kim"}}]}"#;

const KIM: &str = r#"{"member":{"type":"Practitioner","identifier":{"system":"urn:example:staff","value":"kim"}},
  "onBehalfOf":{"type":"Organization","identifier":{"system":"urn:example:org","value":"cp"}}}"#;

const PLAN: &str = r#"{"resourceType":"CarePlan","identifier":[{"system":"urn:example:plan","value":"1"}],"status":"active","intent":"plan",
  "title":"Walk daily","subject":{"reference":"Patient/PATIENT"}}"#;

struct Played {
    world: World,
    record: Arc<EmbeddedRecord>,
    _records: TempDir,
    jane: Caseline,
    joe: Caseline,
    case: Case,
    joes: Case,
}

async fn play() -> Played {
    let world = World::new();
    let records = TempDir::new().unwrap();
    let db = Db::open(records.path(), &StoreKey::new([7; 32])).unwrap();
    let record = Arc::new(EmbeddedRecord::new(db));
    let jane = world.start_with("jane", Record::Other(record.clone())).await;
    let joe = world.start("joe").await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    jane.import(PEOPLE).await.unwrap();
    let case = jane.open(opening(&["jane", "joe"])).unwrap();
    settle(&[&jane]).await;
    let joes = accept(&joe).await;
    settle(&[&joe, &jane]).await;
    jane.look_at_record().await.unwrap();
    Played { world, record, _records: records, jane, joe, case, joes }
}

impl Played {
    async fn settle(&self) {
        settle(&[&self.jane, &self.joe, &self.jane]).await;
        self.world.clock.advance(SignedDuration::from_secs(60));
    }

    async fn team(&self) -> Stored {
        let all = self.record.search("CareTeam", &[]).await.unwrap();
        let [only] = &all[..] else { panic!("{all:?}") };
        only.clone()
    }

    /// Somebody at the record puts another participant in.
    async fn add_to_team(&self, participant: &str) {
        let team = self.team().await;
        let changed = team.json.replacen("\"participant\":[", &format!("\"participant\":[{participant},"), 1);
        assert_ne!(changed, team.json);
        self.record.update("CareTeam", &team.id, &team.version, &changed).await.unwrap();
    }
}

#[tokio::test]
async fn a_care_team_that_was_changed_over_there_is_a_proposal_to_the_roster() {
    let played = play().await;
    played.settle().await;
    let state = played.case.state().unwrap();
    assert!(state.team_proposals.all().is_empty(), "what we wrote ourselves proposes nothing");

    played.add_to_team(KIM).await;
    played.jane.look_at_record().await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    for case in [&played.case, &played.joes] {
        let state = case.state().unwrap();
        let [proposal] = state.team_proposals.all() else { panic!("it is told once: {state:?}") };
        assert!(proposal.is_open());
        assert_eq!(proposal.add[0].name, "Kim (synthetic)");
        assert!(state.roster().users().iter().all(|one| *one != user("kim")), "a proposal, never an order");
        assert!(state.timeline.last().unwrap().text.contains("Kim (synthetic)"));
    }
    // The roster's lead takes it up: she is named, and invited.
    let proposal = played.case.state().unwrap().team_proposals.all()[0].proposed.id;
    played.case.take_up_team_proposal(proposal).unwrap();
    played.settle().await;
    let state = played.joes.state().unwrap();
    assert!(state.roster().contains(&user("kim")));
    assert_eq!(state.team_proposals.open().count(), 0);
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    assert_eq!(played.joes.state().unwrap().team_proposals.all().len(), 1);
    // Their entry is still in the record, beside ours.
    let team = played.team().await.json;
    assert_eq!(team.matches("\"kim\"").count(), 1, "one participant: {team}");
}

#[tokio::test]
async fn who_is_taken_up_is_seated_as_our_own_directory_has_them() {
    let played = play().await;
    played.settle().await;
    // A record over there, and who reads it, can say anything of anybody.
    let mut rao = seat("rao").contact;
    (rao.user, rao.role) = (Some(user("mallory")), Role::Pcp);
    let proposed = TeamProposed { organization: organization_id("cp"), add: vec![rao], end: Vec::new() };
    let proposal = played.jane.engine.command(played.case.id(), &Command::new(None, proposed)).unwrap().id;
    played.settle().await;
    played.joe.engine.directory.write().unwrap().contacts.clear();
    let unknown = played.joes.take_up_team_proposal(proposal).unwrap_err();
    assert!(matches!(unknown, Error::NotFound { what: "contact" }), "{unknown}");
    assert!(!played.joes.state().unwrap().roster().ever_contained(&user("mallory")));

    played.joe.engine.directory.write().unwrap().contacts = vec![seat("rao").contact];
    played.joes.take_up_team_proposal(proposal).unwrap();
    played.settle().await;
    let state = played.case.state().unwrap();
    assert!(!state.roster().ever_contained(&user("mallory")));
    assert_eq!(state.roster().seat_of(&user("rao")).unwrap().contact.role, Role::PcpDesignee);
    // It has come true, and does not open again.
    let code = |outcome: crate::error::Result<()>| match outcome {
        Err(Error::NotAllowed { reasons }) => reasons[0].code.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(played.joes.take_up_team_proposal(proposal)), "team-proposal-settled");
    let rao = seat("rao").contact;
    played.joes.end_seat(None, rao.id, rao.organization).unwrap();
    played.settle().await;
    for case in [&played.case, &played.joes] {
        assert_eq!(case.state().unwrap().team_proposals.open().count(), 0);
    }
    assert_eq!(code(played.joes.take_up_team_proposal(proposal)), "team-proposal-settled");
}

#[tokio::test]
async fn a_plan_that_was_sent_is_answered_again_whatever_the_record_holds_by_now() {
    let played = play().await;
    let (patient, _) = played.case.patient().unwrap();
    let text = PLAN.replace("Patient/PATIENT", &patient.unwrap());
    let plan = played.record.create("CarePlan", &text, &[]).await.unwrap().stored;
    let id = Some(EventId::new());
    let first = played.case.send_care_plan(id, "urn:example:plan|1").await.unwrap();
    let weekly = text.replace("daily", "weekly");
    let plan = played.record.update("CarePlan", &plan.id, &plan.version, &weekly).await.unwrap();
    assert_eq!(played.case.send_care_plan(id, "urn:example:plan|1").await.unwrap(), first, "before it left");
    played.settle().await;
    assert_eq!(played.case.send_care_plan(id, "urn:example:plan|1").await.unwrap(), first);
    let by_place = format!("CarePlan/{}", plan.id);
    assert_eq!(
        played.case.send_care_plan(id, &by_place).await.unwrap(),
        first,
        "the same plan by another name"
    );
    let other = text.replace(r#""value":"1""#, r#""value":"2""#);
    played.record.create("CarePlan", &other, &[]).await.unwrap();
    let taken = played.case.send_care_plan(id, "urn:example:plan|2").await.unwrap_err();
    assert!(matches!(taken, Error::Conflict { code: "id-taken", .. }), "{taken}");
    assert_eq!(played.case.state().unwrap().plans.all().len(), 1);

    // Another person's plan of the same record.
    let stranger = other.replace(r#""value":"2""#, r#""value":"3""#).replace("Patient/", "Patient/not-");
    played.record.create("CarePlan", &stranger, &[]).await.unwrap();
    let refused = played.case.send_care_plan(None, "urn:example:plan|3").await.unwrap_err();
    assert!(matches!(&refused, Error::InvalidInput(it) if it.code == "plan-of-another-member"), "{refused}");
}

#[tokio::test]
async fn what_was_declined_is_not_asked_again_and_again() {
    let played = play().await;
    played.settle().await;
    played.add_to_team(KIM).await;
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    let proposal = played.joes.state().unwrap().team_proposals.all()[0].proposed.id;
    played.joes.decline_team_proposal(None, proposal).unwrap();
    played.settle().await;
    // The roster changes, so that the record gets another version of the team.
    played
        .case
        .name_seat(
            None,
            Seat { contact: Contact { role: Role::Supervisor, ..seat("rao").contact }, lead: false },
        )
        .unwrap_err();
    played.joes.name_seat(None, seat("rao")).unwrap();
    played.settle().await;
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    let state = played.case.state().unwrap();
    assert_eq!(state.team_proposals.all().len(), 1);
    assert_eq!(state.team_proposals.open().count(), 0);
}

#[tokio::test]
async fn a_care_plan_that_was_changed_over_there_is_told() {
    let played = play().await;
    let (patient, _) = played.case.patient().unwrap();
    let text = PLAN.replace("Patient/PATIENT", &patient.unwrap());
    let plan = played.record.create("CarePlan", &text, &[]).await.unwrap().stored;
    let (sent, _) = played.case.send_care_plan(None, "urn:example:plan|1").await.unwrap();
    played.settle().await;
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    let changed = |case: &Case| case.state().unwrap().plans.get(sent.id).unwrap().changed.len();
    assert_eq!(changed(&played.joes), 0, "nobody changed it");

    let weekly = text.replace("daily", "weekly");
    let plan = played.record.update("CarePlan", &plan.id, &plan.version, &weekly).await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    assert_eq!((changed(&played.case), changed(&played.joes)), (1, 1));
    let state = played.joes.state().unwrap();
    assert!(state.plans.get(sent.id).unwrap().status.is_open());
    assert!(state.timeline.last().unwrap().text.contains("was changed"));
    assert_eq!(state.digest(), played.case.state().unwrap().digest());

    // The case's own form of the plan is as it was written: that says nothing of the changed one.
    let all = played.record.search("CarePlan", &[]).await.unwrap();
    let own = all.into_iter().find(|stored| stored.id != plan.id).unwrap();
    let touched = own.json.replacen("\"status\"", "\"language\":\"en\",\"status\"", 1);
    let again = played.record.update("CarePlan", &own.id, &own.version, &touched).await.unwrap();
    played.record.update("CarePlan", &own.id, &again.version, &own.json).await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    assert_eq!(changed(&played.joes), 1);

    played.record.update("CarePlan", &plan.id, &plan.version, &text).await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.jane.look_at_record().await.unwrap();
    played.settle().await;
    assert_eq!((changed(&played.case), changed(&played.joes)), (2, 2));
    let state = played.joes.state().unwrap();
    assert!(state.timeline.last().unwrap().text.contains("again as it was sent"));
    let record = state.plans.get(sent.id).unwrap();
    assert_eq!(record.changed_in(&organization("cp").id), None);
}

#[tokio::test]
async fn what_a_host_changes_meets_what_others_change() {
    let played = play().await;
    played.settle().await;
    let before = played.jane.audit().unwrap().length;
    let base = played.team().await;
    played.add_to_team(KIM).await;
    let ours =
        base.json.replacen("\"status\":\"active\"", "\"status\":\"active\",\"name\":\"Marty's team\"", 1);
    let Err(crate::fhir::Unsaved::Conflict { conflict, .. }) =
        played.jane.save_resource("CareTeam", &base, &ours).await
    else {
        panic!("nothing of theirs may be written over");
    };
    assert!(conflict.theirs.json.contains("\"kim\"") && conflict.changes.len() == 2);
    let name = |text: &str| {
        Ok(text.replacen("\"status\":\"active\"", "\"status\":\"active\",\"name\":\"Marty's team\"", 1))
    };
    let saved = played.jane.edit_resource("CareTeam", &base.id, name).await.unwrap();
    assert!(saved.json.contains("\"kim\"") && saved.json.contains("Marty's team"));
    assert_eq!(played.jane.audit().unwrap().length, before + 2, "both were entered before they were tried");
}
