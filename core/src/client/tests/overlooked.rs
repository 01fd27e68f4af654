//! What a look at the record must not lose, and what must not stop it. Everybody here is synthetic.

use super::watch::PEOPLE;
use super::*;
use crate::ports::{CareRecord, Stored};
use crate::testing::{PlainRecord, RecordEndpoint};

struct Played {
    world: World,
    record: PlainRecord,
    jane: Caseline,
    case: Case,
}

/// Jane, with a case of one member, its plan and one more team of the member in the record; looked at once.
async fn play(names: &[&str]) -> Played {
    let world = World::new();
    let record = PlainRecord::new();
    let jane = world.start_with("jane", Record::Other(Arc::new(record.clone()))).await;
    jane.import(&patient("1961-04-05")).await.unwrap();
    jane.import(PEOPLE).await.unwrap();
    let case = jane.open(opening(names)).unwrap();
    let played = Played { world, record, jane, case };
    settle(&[&played.jane]).await;
    played.create("CareTeam", &team(&played.patient(), "")).await;
    played.create("CarePlan", &plan(&played.patient(), "daily")).await;
    played.look().await.unwrap();
    played
}

fn team(patient: &str, participants: &str) -> String {
    format!(
        r#"{{"resourceType":"CareTeam","identifier":[{{"system":"urn:example:team","value":"{patient}"}}],"status":"active",
        "subject":{{"reference":"{patient}"}},"participant":[{participants}]}}"#
    )
}

fn plan(patient: &str, how: &str) -> String {
    format!(
        r#"{{"resourceType":"CarePlan","identifier":[{{"system":"urn:example:plan","value":"1"}}],"status":"active",
        "intent":"plan","title":"Walk {how}","subject":{{"reference":"{patient}"}}}}"#
    )
}

fn participant(who: &str, rest: &str) -> String {
    format!(
        r#"{{"member":{{"type":"Practitioner","identifier":{{"system":"urn:example:staff","value":"{who}"}}}},
        "onBehalfOf":{{"type":"Organization","identifier":{{"system":"urn:example:org","value":"cp"}}}}{rest}}}"#
    )
}

fn kim() -> String {
    participant("kim", "")
}

/// People of one's own organisation whom no case knows.
fn staff(names: &[(&str, &str)]) -> String {
    let entries: Vec<String> = names
        .iter()
        .map(|(who, name)| {
            PEOPLE
                .replace(r#"[{"text":"Kim (synthetic)"}]"#, &format!(r#"[{{"text":"{name} (synthetic)"}}]"#))
                .replace(r#""value":"kim""#, &format!(r#""value":"{who}""#))
                .replace("|kim", &format!("|{who}"))
                .replace("u/kim", &format!("u/{who}"))
                .replace("urn:uuid:", &format!("urn:uuid:{who}-"))
        })
        .map(|bundle| bundle[bundle.find("\"entry\":[").unwrap() + 9..bundle.len() - 2].to_owned())
        .collect();
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

impl Played {
    fn patient(&self) -> String {
        self.case.patient().unwrap().0.unwrap()
    }

    async fn look(&self) -> Result<()> {
        let looked = self.jane.look_at_record().await;
        settle(&[&self.jane]).await;
        looked
    }

    /// Another member, as the record refers to them.
    async fn person(&self) -> String {
        format!("Patient/{}", self.create("Patient", r#"{"resourceType":"Patient"}"#).await.id)
    }

    async fn create(&self, kind: &str, text: &str) -> Stored {
        self.record.create(kind, text, &[]).await.unwrap().stored
    }

    /// Of the one that no case wrote.
    async fn change(&self, kind: &str, patient: &str, text: &str) {
        let all = self.record.search(kind, &[("patient", patient)]).await.unwrap();
        let tokens = ["urn:example:team", "urn:example:plan"];
        let is_theirs = |one: &&Stored| {
            tokens.iter().any(|token| one.json.contains(token)) && !one.json.contains("urn:caseline:")
        };
        let id = all.iter().find(is_theirs).unwrap().id.clone();
        self.record.change_by_another(kind, &id, text).unwrap();
    }

    async fn change_team(&self, participants: &str) {
        let patient = self.patient();
        self.change("CareTeam", &patient, &team(&patient, participants)).await;
    }

    async fn change_plan(&self, how: &str) {
        let patient = self.patient();
        self.change("CarePlan", &patient, &plan(&patient, how)).await;
    }

    /// Sends the plan as it is in the record.
    fn send_plan(&self) -> EventId {
        let plan = plan(&self.patient(), "daily");
        let document =
            format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{plan}}}]}}"#);
        self.case.send_plan_document(None, &document).unwrap().0.id
    }

    fn changed(&self, sent: EventId) -> usize {
        self.case.state().unwrap().plans.get(sent).unwrap().changed.len()
    }

    fn fail(&self, endpoint: RecordEndpoint, error: PortError) {
        self.record.fail_next(endpoint, error);
    }
}

fn proposed(case: &Case) -> Vec<String> {
    let state = case.state().unwrap();
    let named = state.team_proposals.all().iter().flat_map(|one| &one.add);
    named.map(|contact| contact.id.value().to_owned()).collect()
}

fn not_watched(notices: &mut tokio::sync::broadcast::Receiver<Notice>) -> Vec<String> {
    let mut told = Vec::new();
    while let Ok(notice) = notices.try_recv() {
        if let Notice::RecordNotWatched { kind, code } = notice {
            told.push(format!("{kind} {code}"));
        }
    }
    told
}

const FORBIDDEN: PortError = PortError::Refused { code: "forbidden" };
const BROKEN: PortError = PortError::Unavailable { code: "http-500", retry_after: None };

#[tokio::test]
async fn a_type_that_is_not_given_keeps_no_other_from_being_looked_at() {
    let played = play(&["jane", "joe"]).await;
    let sent = played.send_plan();
    settle(&[&played.jane]).await;
    played.look().await.unwrap();
    for (n, how) in ["weekly", "monthly"].into_iter().enumerate() {
        played.change_plan(how).await;
        played.change_team(&if n == 0 { kim() } else { String::new() }).await;
        if n == 0 {
            played.fail(RecordEndpoint::Changes, BROKEN);
        } else {
            played.fail(RecordEndpoint::Changes, FORBIDDEN);
            played.fail(RecordEndpoint::Search, FORBIDDEN);
        }
        assert!(played.look().await.is_err());
        assert_eq!(played.changed(sent), n + 1);
        played.look().await.unwrap();
        assert_eq!(proposed(&played.case), ["kim"], "what failed is looked at the next time");
    }
}

#[tokio::test]
async fn a_server_that_tells_changes_in_a_way_nobody_understands_is_searched() {
    let played = play(&["jane", "joe"]).await;
    played.change_team(&kim()).await;
    played.fail(RecordEndpoint::Changes, PortError::NotUnderstood { code: "no-last-updated" });
    played.look().await.unwrap();
    assert_eq!(proposed(&played.case), ["kim"]);
}

#[tokio::test]
async fn a_resource_that_is_no_longer_given_ends_no_look() {
    // Where there is a keeper, a lead tells at the next look.
    let played = play(&["jane", "joe", "cp-bot"]).await;
    let sent = played.send_plan();
    settle(&[&played.jane]).await;
    played.look().await.unwrap();
    played.change_team(&kim()).await;
    played.look().await.unwrap();
    assert!(proposed(&played.case).is_empty());
    played.change_plan("weekly").await;
    for error in [FORBIDDEN, PortError::NotUnderstood { code: "not-json" }, BROKEN] {
        played.fail(RecordEndpoint::Read, error);
        assert!(played.look().await.is_err());
    }
    assert_eq!(played.changed(sent), 1);
    played.look().await.unwrap();
    assert_eq!(proposed(&played.case), ["kim"], "it was not forgotten");
}

#[tokio::test]
async fn who_watches_hears_when_nothing_is_watched() {
    let played = play(&["jane", "joe"]).await;
    let mut notices = played.jane.notices();
    for round in 0..2 {
        for _ in 0..5 {
            played.fail(RecordEndpoint::Changes, BROKEN);
            assert!(played.look().await.is_err());
        }
        assert_eq!(not_watched(&mut notices), ["CareTeam unavailable"], "{round}");
        played.look().await.unwrap();
    }
}

#[tokio::test]
async fn a_name_that_no_event_can_carry_stops_nothing() {
    let played = play(&["jane", "joe"]).await;
    played.jane.import(&staff(&[("long", &"x".repeat(40_000))])).await.unwrap();
    let mut notices = played.jane.notices();
    played.change_team(&[participant("long", ""), kim()].join(",")).await;
    played.look().await.unwrap();
    assert_eq!(proposed(&played.case), ["kim"]);
    assert_eq!(not_watched(&mut notices), ["CareTeam event-too-long"]);
    played.look().await.unwrap();
    assert_eq!(not_watched(&mut notices), [""; 0]);
}

#[tokio::test]
async fn many_at_once_are_proposed_in_parts() {
    let played = play(&["jane", "joe"]).await;
    let names: Vec<String> = (0..25).map(|n| format!("n{n:02}")).collect();
    let people: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    played.jane.import(&staff(&people)).await.unwrap();
    let all: Vec<String> = names.iter().map(|who| participant(who, "")).collect();
    played.change_team(&all.join(",")).await;
    played.look().await.unwrap();
    played.look().await.unwrap();
    assert_eq!(proposed(&played.case), names);
    assert_eq!(played.case.state().unwrap().team_proposals.all().len(), 2);
}

#[tokio::test]
async fn a_case_that_comes_later_is_looked_at_from_its_first_day() {
    let played = play(&["jane", "joe"]).await;
    let text = patient("1970-01-02").replace("urn:example:member|1", "urn:example:member|2");
    let text = text.replace(r#""value":"1""#, r#""value":"2""#);
    played.jane.import(&text).await.unwrap();
    let mut other = opening(&["jane", "joe"]);
    other.member.id = "urn:example:member|2".parse().unwrap();
    other.member.birth_date = "1970-01-02".parse().unwrap();
    let later = played.jane.open(other).unwrap();
    settle(&[&played.jane]).await;
    let patient = later.patient().unwrap().0.unwrap();
    assert_ne!(patient, played.patient());
    played.create("CareTeam", &team(&patient, "")).await;
    played.look().await.unwrap();
    played.change("CareTeam", &patient, &team(&patient, &kim())).await;
    played.look().await.unwrap();
    assert_eq!(proposed(&later), ["kim"]);
    assert!(proposed(&played.case).is_empty());
}

#[tokio::test]
async fn a_plan_that_changes_while_it_goes_out_is_told_to_have_changed() {
    let played = play(&["jane", "joe"]).await;
    let server = &played.world.server;
    server.offline(&user("jane"), true);
    let sent = played.send_plan();
    played.change_plan("weekly").await;
    // The plan is not in the room yet: this version of it says nothing to anybody.
    played.jane.look_at_record().await.unwrap();
    server.offline(&user("jane"), false);
    played.jane.engine.db.write(|t| crate::store::outbox::hurry(t, None)).unwrap();
    settle(&[&played.jane]).await;
    assert_eq!(played.changed(sent), 0);
    played.look().await.unwrap();
    assert_eq!(played.changed(sent), 1);
    played.look().await.unwrap();
    assert_eq!(played.changed(sent), 1);
}

#[tokio::test]
async fn an_end_in_the_future_is_noticed_on_its_day() {
    let played = play(&["jane", "joe"]).await;
    played.change_team(&participant("jane", "")).await;
    played.look().await.unwrap();
    played.change_team(&participant("jane", r#","period":{"end":"2019-03-03"}"#)).await;
    for (day, ended) in [(1, 0), (2, 0), (3, 1), (4, 1)] {
        played.look().await.unwrap();
        let state = played.case.state().unwrap();
        assert_eq!(
            state.team_proposals.all().iter().filter(|one| one.end.len() == 1).count(),
            ended,
            "{day}"
        );
        played.world.clock.advance(SignedDuration::from_hours(24));
    }
}

#[tokio::test]
async fn of_very_many_members_the_record_is_asked_at_once() {
    let played = play(&["jane", "joe"]).await;
    let mut cases = Vec::new();
    for n in 2..=38 {
        let mut other = opening(&["jane", "joe"]);
        other.member.id = format!("urn:example:member|{n}").parse().unwrap();
        let case = played.jane.open(other).unwrap();
        let person = played.person().await;
        case.confirm_patient(&person).await.unwrap();
        cases.push((case, person));
    }
    assert!(played.jane.settle(Duration::from_mins(1)).await.unwrap());
    let (case, early) = &cases[0];
    played.create("CareTeam", &team(early, "")).await;
    let asked = || played.record.requests(RecordEndpoint::Changes);
    let before = asked();
    played.look().await.unwrap();
    assert!(asked() - before < 10, "{}", asked() - before);
    played.change("CareTeam", early, &team(early, &kim())).await;
    played.look().await.unwrap();
    assert_eq!(proposed(case), ["kim"]);

    // One more, whose team is there already.
    let late = &played.person().await;
    played.create("CareTeam", &team(late, "")).await;
    played.look().await.unwrap();
    let mut other = opening(&["jane", "joe"]);
    other.member.id = "urn:example:member|39".parse().unwrap();
    let case = played.jane.open(other).unwrap();
    case.confirm_patient(late).await.unwrap();
    settle(&[&played.jane]).await;
    played.look().await.unwrap();
    played.change("CareTeam", late, &team(late, &kim())).await;
    played.look().await.unwrap();
    assert_eq!(proposed(&case), ["kim"]);
}

#[tokio::test]
async fn a_record_that_changes_faster_than_it_is_read_ends_no_look() {
    let played = play(&["jane", "joe"]).await;
    played.record.restless(true);
    let before = played.record.requests(RecordEndpoint::Changes);
    played.look().await.unwrap();
    let asked = played.record.requests(RecordEndpoint::Changes) - before;
    assert!((2..=200).contains(&asked), "{asked}");
    played.record.restless(false);
    played.change_team(&kim()).await;
    played.look().await.unwrap();
    assert_eq!(proposed(&played.case), ["kim"], "the next look goes on");
}

#[tokio::test]
async fn a_ladder_all_of_whose_people_have_left_says_so_and_loses_nothing() {
    let world = World::new();
    let (jane, joe) = (world.start("jane").await, world.start("joe").await);
    let aco = world.start("aco-bot").await;
    let case = jane.open(opening(&["jane", "joe", "rao", "aco-bot"])).unwrap();
    settle(&[&jane]).await;
    accept(&joe).await;
    accept(&aco).await;
    case.send_plan_document(None, r#"{"resourceType":"Bundle","type":"collection"}"#).unwrap();
    settle(&[&jane, &aco]).await;
    // Of their own organisation's directory only Rao is left.
    aco.engine.directory.write().unwrap().contacts.retain(|contact| {
        contact.organization != organization_id("aco") || contact.id == seat("rao").contact.id
    });
    world.clock.advance(SignedDuration::from_hours(24 * 15));
    assert_eq!(aco.post_due_rungs().unwrap(), 2, "nobody waits for the turn of who has left");
    assert_eq!(aco.post_due_rungs().unwrap(), 0);
    settle(&[&aco, &jane]).await;
    let state = case.state().unwrap();
    let told: Vec<&str> = state.timeline.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(told.iter().filter(|text| text.contains("has left")).count(), 2, "{told:?}");
    let clocks: Vec<String> = state.owed().into_iter().map(|owed| owed.clock).collect();
    assert!(clocks.iter().any(|clock| clock == "plan-return"), "{clocks:?}");
    assert!(clocks.iter().any(|clock| clock == "call"), "Jane calls: {clocks:?}");
    let sent = world.server.messages(&room(&case)).unwrap();
    let last = sent.iter().filter(|(.., content)| content.get().contains("settle who takes their place"));
    assert_eq!(last.count(), 1);
}
