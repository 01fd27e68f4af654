#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::Error;
use crate::fhir::directory::tests::PEOPLE;

const MEMBER: &str = "urn:medicaid|42";

/// A synthetic team with these participants, beside the people of the directory's tests.
fn import(participants: &str) -> Import {
    let added = format!(
        r#"{{"resource":{{"resourceType":"Patient","id":"m","identifier":[{{"system":"urn:mrn","value":"7"}},{{"type":{{"coding":[{{"code":"MA"}}]}},"system":"urn:medicaid","value":"42"}}],
        "name":[{{"given":["Marty"],"family":"Specimen"}}],"birthDate":"1961-03-17"}}}},
        {{"resource":{{"resourceType":"CareTeam","id":"t","status":"active","subject":{{"reference":"Patient/m"}},"participant":[{participants}]}}}},"#
    );
    Import::parse(&PEOPLE.replacen("\"entry\":[", &format!("\"entry\":[{added}"), 1)).unwrap()
}

fn proposal(participants: &str) -> Result<CareTeamProposal> {
    let import = import(participants);
    care_team(&import, import.care_teams()?[0], Some(&MEMBER.parse().unwrap()), "2019-03-01".parse().unwrap())
}

fn code_of(result: Result<CareTeamProposal>) -> (&'static str, Option<String>) {
    match result {
        Err(Error::InvalidInput(invalid)) => (invalid.code, invalid.field),
        other => panic!("{other:?}"),
    }
}

const JANE: &str = r#"{"extension":[{"url":"urn:caseline:seat","valueCode":"lead"}],"member":{"reference":"Practitioner/jane"},"onBehalfOf":{"reference":"Organization/cp"}}"#;
const JOE: &str = r#"{"extension":[{"url":"urn:caseline:seat","valueBoolean":true}],"member":{"reference":"PractitionerRole/joe-aco"}}"#;
const KEEPER: &str = r#"{"role":[{"coding":[{"system":"urn:caseline:role","code":"keeper"}]}],"member":{"reference":"urn:uuid:o"}}"#;

#[test]
fn a_team_becomes_seats() {
    let others = r#"{"member":{"reference":"Patient/m"}},{"member":{"reference":"Organization/cp"}},{"member":{"display":"nobody"}}"#;
    let past = r#"{"member":{"reference":"Practitioner/joe"},"period":{"end":"2019-02-28"}}"#;
    let proposal = proposal(&[JANE, JOE, KEEPER, others, past].join(",")).unwrap();
    assert_eq!(proposal.member.id.as_str(), MEMBER);
    assert_eq!((proposal.member.name.as_str(), proposal.patient.as_str()), ("Marty Specimen", "Patient/m"));
    let [jane, joe, keeper] = &proposal.seats[..] else { panic!("{proposal:?}") };
    assert!(jane.lead && !joe.lead && !keeper.lead);
    assert_eq!(jane.contact.user.as_ref().unwrap().as_str(), "@jane:cp.example");
    assert_eq!(joe.contact.organization.as_str(), "urn:org|aco");
    assert!(keeper.is_keeper());
    assert_eq!(keeper.contact.id.as_str(), "urn:org|aco");
    assert_eq!(keeper.contact.user.as_ref().unwrap().as_str(), "@keeper:aco.example");
    let organizations: Vec<&str> = proposal.organizations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(organizations, ["urn:org|cp", "urn:org|aco"]);
}

#[test]
fn a_seat_needs_a_matrix_id_and_a_participant_does_not() {
    let field = Some("entry[1].resource.participant[0].member".to_owned());
    let aco = r#""onBehalfOf":{"reference":"Organization/o"}"#;
    let seat = format!(
        r#"{{"extension":[{{"url":"urn:caseline:seat","valueCode":"named"}}],"member":{{"reference":"Practitioner/jane"}},{aco}}}"#
    );
    assert_eq!(code_of(proposal(&[&seat, JOE].join(","))), ("seat-without-matrix-id", field.clone()));
    // A side of which nobody has one takes part by telephone and fax, and without a keeper.
    let alone = proposal(&[&seat, r#"{"role":[{"coding":[{"system":"urn:caseline:role","code":"keeper"}]}],"member":{"reference":"Organization/quiet"}}"#].join(","));
    assert_eq!(alone.unwrap().seats.len(), 1);
    let plain = format!(r#"{{"member":{{"reference":"Practitioner/jane"}},{aco}}}"#);
    assert_eq!(proposal(&plain).unwrap().seats[0].contact.user, None);
    let nobody =
        r#"{"extension":[{"url":"urn:caseline:seat","valueCode":"named"}],"member":{"display":"nobody"}}"#;
    assert_eq!(code_of(proposal(nobody)), ("seat-without-organization", field));
}

#[test]
fn a_misspelt_role_of_ours_is_no_seat() {
    let seat = |role: &str, system: &str| {
        format!(
            r#"{{"extension":[{{"url":"urn:caseline:seat","valueCode":"named"}}],"role":[{{"coding":[{{"system":"{system}","code":"{role}"}}]}}],
            "member":{{"reference":"Practitioner/jane"}},"onBehalfOf":{{"reference":"Organization/o"}}}}"#
        )
    };
    let (code, field) = code_of(proposal(&seat("aco-care-manger", "urn:caseline:role")));
    assert_eq!((code, field.as_deref()), ("unknown-role", Some("entry[1].resource.participant[0].role")));
    for (role, system) in [("nurse", "urn:caseline:role"), ("aco-care-manger", "urn:example:role")] {
        assert_eq!(
            code_of(proposal(&[seat(role, system).as_str(), JOE].join(","))).0,
            "seat-without-matrix-id",
            "its role is no matter"
        );
    }
}

#[test]
fn a_team_of_another_member_is_refused() {
    let import = import(JANE);
    let team = import.care_teams().unwrap()[0];
    let on = "2019-03-01".parse().unwrap();
    let other = care_team(&import, team, Some(&"urn:medicaid|43".parse().unwrap()), on);
    assert_eq!(code_of(other).0, "care-team-of-another-member");
    let lost = Import::parse(team.json()).unwrap();
    let none = care_team(&lost, lost.care_teams().unwrap()[0], None, on);
    assert_eq!(code_of(none), ("care-team-without-member", Some("subject".into())));
}

#[test]
fn a_team_of_very_many_in_a_large_directory_is_read_in_good_time() {
    // Every role for each who takes part would be 10^8 roles to read, and everybody by everybody else as many comparisons.
    const MANY: usize = 10_000;
    let mut directory = String::new();
    let mut participants = Vec::new();
    for n in 0..MANY {
        directory.extend([format!(
            r#"{{"resource":{{"resourceType":"Practitioner","id":"p{n}","identifier":[{{"system":"urn:p","value":"{n}"}}]}}}},
            {{"resource":{{"resourceType":"PractitionerRole","id":"r{n}","practitioner":{{"reference":"Practitioner/p{n}"}},"organization":{{"reference":"Organization/many"}}}}}},"#
        )]);
        participants.push(format!(r#"{{"member":{{"reference":"Practitioner/p{n}"}}}}"#));
    }
    // One person with very many roles, who is named again and again.
    directory.push_str(r#"{"resource":{"resourceType":"Practitioner","id":"p","identifier":[{"system":"urn:p","value":"p"}]}},"#);
    for n in 0..MANY {
        directory.extend([format!(
            r#"{{"resource":{{"resourceType":"PractitionerRole","id":"s{n}","practitioner":{{"reference":"Practitioner/p"}},"organization":{{"reference":"Organization/many"}}}}}},"#
        )]);
        participants.push(r#"{"member":{"reference":"Practitioner/p"}}"#.to_owned());
    }
    let text = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{directory}
        {{"resource":{{"resourceType":"Organization","id":"many","identifier":[{{"system":"urn:org","value":"many"}}]}}}},
        {{"resource":{{"resourceType":"Patient","id":"m","identifier":[{{"system":"urn:medicaid","value":"42"}}],"name":[{{"text":"Synthetic"}}],"birthDate":"1961-03-17"}}}},
        {{"resource":{{"resourceType":"CareTeam","id":"t","status":"active","subject":{{"reference":"Patient/m"}},"participant":[{}]}}}}]}}"#,
        participants.join(",")
    );
    let import = Import::parse(&text).unwrap();
    let team = import.care_teams().unwrap()[0];
    let proposal = care_team(&import, team, None, "2019-03-01".parse().unwrap()).unwrap();
    assert_eq!((proposal.seats.len(), proposal.organizations.len()), (MANY + 1, 1));
    assert_eq!(proposal.seats[MANY].contact.id.as_str(), "urn:p|p");
}
