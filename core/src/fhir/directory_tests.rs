#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::Error;

// Synthetic throughout.
pub(crate) const PEOPLE: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"urn:uuid:o","resource":{"resourceType":"Organization","id":"o","identifier":[{"value":"no system"},{"system":"urn:org","value":"aco"}],"name":"Synthetic ACO",
   "type":[{"coding":[{"system":"urn:caseline:organization-kind","code":"accountable-care-organization"}]}],
   "telecom":[{"system":"email","value":"x"},{"system":"phone","value":"555-0100"}],"endpoint":[{"reference":"Endpoint/keeper"}]}},
 {"resource":{"resourceType":"Organization","id":"cp","identifier":[{"system":"urn:org","value":"cp"}],"name":"Synthetic CP",
   "type":[{"coding":[{"system":"urn:caseline:organization-kind","code":"behavioral-health-community-partner"}]}]}},
 {"resource":{"resourceType":"Organization","id":"closed","active":false,"identifier":[{"system":"urn:org","value":"closed"}]}},
 {"resource":{"resourceType":"Practitioner","id":"joe","identifier":[{"system":"urn:old","value":"1"},{"use":"official","system":"urn:staff","value":"joe"}],
   "name":[{"family":"Example","given":["Joe"],"prefix":["Dr."]}]}},
 {"resource":{"resourceType":"Practitioner","id":"jane","identifier":[{"system":"urn:staff","value":"jane"}],"name":[{"text":"Jane Sample"}]}},
 {"resource":{"resourceType":"PractitionerRole","id":"joe-aco","practitioner":{"reference":"Practitioner?identifier=urn:staff|joe"},"organization":{"reference":"urn:uuid:o"},
   "code":[{"coding":[{"system":"urn:caseline:role","code":"aco-care-manager"}]}],"specialty":[{"coding":[{"system":"urn:caseline:topic","code":"care-plan"},{"system":"urn:x","code":"urgent"}]}],
   "telecom":[{"system":"phone","value":"555-0142"}],"endpoint":[{"reference":"Endpoint/mail"},{"reference":"Endpoint/joe"}]}},
 {"resource":{"resourceType":"PractitionerRole","id":"jane-cp","practitioner":{"reference":"Practitioner/jane"},"organization":{"identifier":{"system":"urn:org","value":"cp"}},
   "code":[{"coding":[{"system":"urn:caseline:role","code":"cp-care-coordinator"}]}],"endpoint":[{"reference":"Endpoint/jane"}]}},
 {"resource":{"resourceType":"Endpoint","id":"keeper","status":"active","connectionType":{"code":"m"},"payloadType":[{"text":"m"}],"address":"matrix:u/keeper:aco.example"}},
 {"resource":{"resourceType":"Endpoint","id":"mail","status":"active","connectionType":{"code":"m"},"payloadType":[{"text":"m"}],"address":"mailto:joe@aco.example"}},
 {"resource":{"resourceType":"Endpoint","id":"joe","status":"active","connectionType":{"code":"m"},"payloadType":[{"text":"m"}],"address":"matrix:u/joe%3Aaco.example?action=chat"}},
 {"resource":{"resourceType":"Endpoint","id":"jane","status":"active","connectionType":{"code":"m"},"payloadType":[{"text":"m"}],"address":"@jane:cp.example"}}]}"#;

#[test]
fn people_and_organisations_are_found_with_their_accounts() {
    let directory = directory(&Import::parse(PEOPLE).unwrap()).unwrap();
    let [aco, cp] = &directory.organizations[..] else { panic!("{directory:?}") };
    assert_eq!((aco.id.as_str(), aco.kind), ("urn:org|aco", OrganizationKind::AccountableCareOrganization));
    assert_eq!(aco.role_account.as_ref().unwrap().as_str(), "@keeper:aco.example");
    assert_eq!(aco.phone.as_deref(), Some("555-0100"));
    assert_eq!(
        (cp.kind, cp.role_account.as_ref()),
        (OrganizationKind::BehavioralHealthCommunityPartner, None)
    );
    let [joe, jane] = &directory.contacts[..] else { panic!("{directory:?}") };
    assert_eq!((joe.id.as_str(), joe.name.as_str()), ("urn:staff|joe", "Dr. Joe Example"));
    assert_eq!((&joe.role, &joe.organization), (&Role::AcoCareManager, &aco.id));
    assert_eq!(joe.user.as_ref().unwrap().as_str(), "@joe:aco.example");
    assert_eq!((joe.phone.as_deref(), &joe.topics[..]), (Some("555-0142"), &[Topic::CarePlan][..]));
    assert_eq!((jane.name.as_str(), &jane.organization), ("Jane Sample", &cp.id));
    assert_eq!(jane.user.as_ref().unwrap().as_str(), "@jane:cp.example");
}

#[test]
fn a_wrong_matrix_id_is_named_and_not_repeated() {
    let wrong = PEOPLE.replace("@jane:cp.example", "@Jane Secret:cp.example");
    match directory(&Import::parse(&wrong).unwrap()) {
        Err(Error::InvalidInput(invalid)) => {
            assert_eq!(
                (invalid.code, invalid.field.as_deref()),
                ("invalid-user-id", Some("entry[10].resource.address"))
            );
            assert!(!invalid.to_string().contains("Secret"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn hours_absences_covers_languages_and_confirmation_are_read() {
    use jiff::Timestamp;
    use jiff::civil::Weekday;

    use crate::directory::Availability;

    let more = r#""extension":[{"url":"https://caseline.org/fhir/StructureDefinition/confirmed","valueDate":"2019-02-01"}],
   "period":{"start":"2018","end":"2019-06"},"location":[{"reference":"Location/office"}],
   "notAvailable":[
     {"description":"holiday","during":{"start":"2019-03-01","end":"2019-03-08"},
      "extension":[{"url":"https://caseline.org/fhir/StructureDefinition/cover","valueReference":{"reference":"PractitionerRole/ann-aco"}}]},
     {"description":"nobody says when"}],
   "telecom":[{"system":"phone","value":"555-0142"}]"#;
    let others = r#"{"resource":{"resourceType":"Practitioner","id":"ann","identifier":[{"system":"urn:staff","value":"ann"}],"name":[{"text":"Ann Example"}],
   "communication":[{"coding":[{"system":"urn:ietf:bcp:47","code":"en"}]},{"text":"Haitian Creole"}]}},
 {"resource":{"resourceType":"PractitionerRole","id":"ann-aco","practitioner":{"reference":"Practitioner/ann"},"organization":{"reference":"urn:uuid:o"},
   "healthcareService":[{"reference":"HealthcareService/line"}],
   "availableTime":[{"daysOfWeek":["mon"]}]}},
 {"resource":{"resourceType":"HealthcareService","id":"line","availableTime":[{"allDay":true}]}},
 {"resource":{"resourceType":"Location","id":"office","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/timezone","valueCode":"America/Chicago"}],
   "hoursOfOperation":[{"daysOfWeek":["mon","tue"],"openingTime":"09:00:00","closingTime":"17:00:00"}]}},
 "#;
    let first = r#"{"resource":{"resourceType":"Endpoint","id":"keeper""#;
    let text = PEOPLE
        .replace(r#""telecom":[{"system":"phone","value":"555-0142"}]"#, more)
        .replace(first, &format!("{others}{first}"));
    let directory = directory(&Import::parse(&text).unwrap()).unwrap();
    let of = |who: &str| {
        let contact = directory.contacts.iter().find(|contact| contact.id.value() == who).unwrap();
        directory.availability(contact)
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let joe = of("joe");
    assert_eq!(joe.zone.as_ref().and_then(|zone| zone.iana_name()), Some("America/Chicago"));
    let hours: Vec<_> = joe.hours.iter().map(|hours| (hours.days.clone(), hours.from, hours.until)).collect();
    let (nine, five) = ("09:00".parse().ok(), "17:00".parse().ok());
    assert_eq!(hours, [(vec![Weekday::Monday, Weekday::Tuesday], nine, five)]);
    let absences: Vec<_> = joe
        .absences
        .iter()
        .map(|absence| (absence.from, absence.until, absence.cover.as_ref().map(|id| id.value().to_owned())))
        .collect();
    assert_eq!(
        absences,
        [
            (
                Some(at("2019-03-01T00:00:00-06:00")),
                Some(at("2019-03-09T00:00:00-06:00")),
                Some("ann".to_owned())
            ),
            (None, Some(at("2018-01-01T00:00:00-06:00")), None),
            (Some(at("2019-07-01T00:00:00-05:00")), None, None),
        ]
    );
    assert_eq!(joe.confirmed, "2019-02-01".parse().ok());
    let ann = of("ann");
    assert_eq!(ann.languages, ["en", "Haitian Creole"]);
    // Her own hours say nothing: those of her service count.
    assert_eq!((ann.hours.len(), ann.hours[0].from, ann.hours[0].until), (1, None, None));
    assert_eq!((ann.zone, ann.confirmed), (None, None));
    assert_eq!(of("jane"), Availability::default());
}
