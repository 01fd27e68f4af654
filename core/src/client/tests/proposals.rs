//! Care teams that another system wrote, as cases. The Bundles are of the shape that Synthea gives them; nobody in them exists.

use super::*;
use crate::fhir::Import;

const FIRST: &str = r#"{"resourceType":"Bundle","type":"batch","entry":[
{"fullUrl":"urn:uuid:74ab949d-17ac-3309-83a0-13b4405c66aa","resource":{"resourceType":"Organization",
 "id":"74ab949d-17ac-3309-83a0-13b4405c66aa","identifier":[{"system":"urn:s","value":"o"}],"name":"A clinic (synthetic)"},
 "request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=urn:s|o"}},
{"fullUrl":"urn:uuid:27a3bed7-1403-3fac-af4c-0cd712f7d17e","resource":{"resourceType":"Practitioner",
 "identifier":[{"system":"urn:npi","value":"9"}],"name":[{"family":"Erdman","given":["Glennis"],"prefix":["Dr."]}]},
 "request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=urn:npi|9"}},
{"resource":{"resourceType":"PractitionerRole","practitioner":{"identifier":{"system":"urn:npi","value":"9"}},
 "organization":{"identifier":{"system":"urn:s","value":"o"}},
 "telecom":[{"system":"phone","value":"555-0100"}]},"request":{"method":"POST","url":"PractitionerRole"}}]}"#;

/// Two teams, of which one is over, with a plan each; the member has a number of a citizen beside the clinic's.
fn person() -> String {
    let team = |id: &str, status: &str, plan: &str| {
        format!(
            r#"{{"fullUrl":"urn:uuid:{id}","resource":{{"resourceType":"CareTeam","id":"{id}","status":"{status}",
            "subject":{{"reference":"urn:uuid:0c664d64-f24f-fc6f-3f93-b9cf5b8e041b"}},"reasonCode":[{{"text":"A reason"}}],
            "participant":[
            {{"role":[{{"coding":[{{"system":"http://snomed.info/sct","code":"116154003"}}]}}],
             "member":{{"reference":"urn:uuid:0c664d64-f24f-fc6f-3f93-b9cf5b8e041b"}}}},
            {{"role":[{{"coding":[{{"system":"http://snomed.info/sct","code":"223366009"}}]}}],
             "member":{{"reference":"Practitioner?identifier=urn:npi|9"}}}},
            {{"member":{{"reference":"Organization?identifier=urn:s|o"}}}}]}},
            "request":{{"method":"POST","url":"CareTeam"}}}},
            {{"resource":{{"resourceType":"CarePlan","status":"{plan}","intent":"order",
            "category":[{{"text":"A plan"}}],"careTeam":[{{"reference":"urn:uuid:{id}"}}],
            "subject":{{"reference":"urn:uuid:0c664d64-f24f-fc6f-3f93-b9cf5b8e041b"}},
            "activity":[{{"detail":{{"status":"in-progress","code":{{"text":"A diet"}},"dailyAmount":{{"value":1.50}}}}}}]}},
            "request":{{"method":"POST","url":"CarePlan"}}}}"#
        )
    };
    format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"urn:uuid:0c664d64-f24f-fc6f-3f93-b9cf5b8e041b","resource":{{"resourceType":"Patient",
        "identifier":[{{"system":"urn:clinic","value":"1"}},
        {{"type":{{"coding":[{{"code":"SS"}}]}},"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-38-9781"}}],
        "name":[{{"family":"Schneider","given":["Chester"]}}],"birthDate":"1980-12-11"}},
        "request":{{"method":"POST","url":"Patient"}}}},{},{}]}}"#,
        team("e8f0f37b-bc8b-45d4-ca85-71e118d060ff", "inactive", "completed"),
        team("bba6f529-5456-f4d9-2fac-32b46d4263f9", "active", "active")
    )
}

/// Jane, with the record of her organisation, its directory as it always is in these tests, and that person in it.
async fn jane(world: &World) -> Caseline {
    let jane = world.start_with("jane", Record::Embedded).await;
    let known = jane.directory();
    assert_eq!(jane.import(FIRST).await.unwrap(), 3);
    assert_eq!(jane.import(FIRST).await.unwrap(), 0, "the role is not doubled, though it has no condition");
    assert_eq!(jane.import(&person()).await.unwrap(), 5);
    assert_eq!(jane.import(&person()).await.unwrap(), 0);
    jane.engine.directory.write().unwrap().merge(known);
    jane
}

fn chester() -> crate::id::MemberId {
    "urn:clinic|1".parse().unwrap()
}

#[tokio::test]
async fn a_care_team_of_another_system_says_what_it_lacks_and_is_completed_from_the_directory() {
    let world = World::new();
    let jane = jane(&world).await;
    let teams = jane.care_teams(&chester()).await.unwrap();
    let [active, over] = teams.as_slice() else { panic!("{teams:?}") };
    assert_eq!(
        (active.missing.as_slice(), active.name.as_deref()),
        (&[Missing::Sides][..], Some("A reason"))
    );
    assert_eq!(over.missing, [Missing::Ended, Missing::Sides]);
    assert_eq!(
        (active.member.id.as_str(), active.member.name.as_str()),
        ("urn:clinic|1", "Chester Schneider")
    );
    let seats: Vec<_> =
        active.seats.iter().map(|seat| (seat.contact.name.as_str(), seat.contact.phone.as_deref())).collect();
    assert_eq!(seats, [("Dr. Glennis Erdman", Some("555-0100"))], "the member and the clinic are no seats");
    assert!(!format!("{teams:?}").contains("reason"), "why a team came together is member data");
    let refused = jane.propose(&active.care_team).await.unwrap_err();
    assert_eq!(refused.to_string(), "not found: agreement in force between the two sides: add it first");

    let contact = |name: &str| seat(name).contact.id;
    let named = [Named::lead(contact("jane")), Named::lead(contact("joe")), Named::contact(contact("rao"))];
    let open = jane.complete(active.clone(), &named).unwrap();
    let roster: Vec<_> = open.roster.iter().map(|seat| (seat.contact.name.as_str(), seat.lead)).collect();
    assert_eq!(
        roster,
        [
            ("Dr. Glennis Erdman", false),
            (seat("jane").contact.name.as_str(), true),
            (seat("joe").contact.name.as_str(), true),
            (seat("rao").contact.name.as_str(), false),
            ("Harbor ACO", false),
            ("Bay Community Care", false),
        ]
    );
    assert_eq!((open.plan_side.id, open.community_side.id), (organization_id("aco"), organization_id("cp")));
    assert_eq!(open.others.len(), 1);

    let case = jane.open(jane.complete(active.clone(), &named).unwrap()).unwrap();
    assert_eq!(jane.cases().unwrap().iter().map(Case::id).collect::<Vec<_>>(), [case.id()]);
    for (named, what) in [
        (vec![Named::lead(contact("jane")), Named::contact("urn:x|nobody".parse().unwrap())], "contact"),
        (
            vec![Named::lead("urn:npi|9".parse().unwrap())],
            "agreement in force between the two sides: add it first",
        ),
    ] {
        let refused = jane.complete(active.clone(), &named).unwrap_err();
        assert!(matches!(refused, Error::NotFound { what: told } if told == what), "{refused}");
    }
    assert!(matches!(
        jane.care_teams(&"urn:clinic|2".parse().unwrap()).await,
        Err(Error::NotFound { what: "member" })
    ));
    jane.shutdown().await;
}

#[tokio::test]
async fn nobody_elses_care_is_shown_for_a_member() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    jane.import(FIRST).await.unwrap();
    for (system, value) in [("urn:clinic", "1,2"), ("urn:other", "2")] {
        let person =
            person().replace(r#""urn:clinic","value":"1""#, &format!(r#""{system}","value":"{value}""#));
        assert_eq!(
            jane.import(&person).await.unwrap(),
            5,
            "what it calls them is what the other Bundle calls another"
        );
    }
    // A search that is not spelled as R4 spells it finds `2` of any system beside this one.
    let member = "urn:clinic|1,2".parse().unwrap();
    assert_eq!(jane.care_teams(&member).await.unwrap().len(), 2);
    assert_eq!(jane.care_plans(&member).await.unwrap().len(), 2);
    jane.shutdown().await;
}

#[tokio::test]
async fn a_care_plan_without_an_identifier_is_found_and_sent_as_it_was_written() {
    let world = World::new();
    let jane = jane(&world).await;
    let active = jane.care_teams(&chester()).await.unwrap().remove(0);
    let plans = jane.care_plans(&chester()).await.unwrap();
    let [plan, over] = plans.as_slice() else { panic!("{plans:?}") };
    assert_eq!((plan.status.as_deref(), over.status.as_deref()), (Some("active"), Some("completed")));
    assert_eq!(
        (plan.title.as_deref(), plan.activities.as_slice()),
        (Some("A plan"), &["A diet".to_owned()][..])
    );
    assert_eq!(plan.care_teams, std::slice::from_ref(&active.care_team));
    let named = [Named::lead(seat("jane").contact.id), Named::lead(seat("joe").contact.id)];
    let case = jane.open(jane.complete(active, &named).unwrap()).unwrap();
    let (sent, _) = case.send_care_plan(None, &plan.care_plan).await.unwrap();
    let text = case.plan_text(sent.id).unwrap().unwrap();
    let document = Import::parse(&text).unwrap();
    let whole = document.care_plans().next().unwrap().json();
    assert!(whole.contains("\"dailyAmount\":{\"value\":1.50}"), "{whole}");
    assert!(document.patients().count() == 1 && document.of_kind("Organization").count() == 1);
    assert!(matches!(
        case.send_care_plan(None, "CarePlan/nobodys").await.unwrap_err(),
        Error::NotFound { .. }
    ));
    jane.shutdown().await;
}
