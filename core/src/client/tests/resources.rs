//! A host's own resources: made once, found by what it looks for.

use super::*;
use crate::fhir::workflow::*;

fn team(name: &str, status: CareTeamStatus, participants: &[&str]) -> String {
    let participant = |who: &&str| Participant {
        role: vec![Concept::text("synthetic")],
        member: Some(Reference::to(format!("Practitioner/{who}"))),
        ..Participant::default()
    };
    let team = CareTeam {
        identifier: vec![Identifier::new("urn:example:team", name)],
        status: Some(status),
        category: vec![Coding::new("http://loinc.org", "LA28865-6").into()],
        subject: Some(Reference::to("Patient/synthetic")),
        participant: participants.iter().map(participant).collect(),
        ..CareTeam::default()
    };
    team.to_fhir_json().unwrap()
}

#[tokio::test]
async fn care_teams_are_found_by_member_participant_category_and_status() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let one = team("1", CareTeamStatus::Active, &["a", "b"]);
    for text in [&one, &one, &team("2", CareTeamStatus::Inactive, &["b"])] {
        jane.create_resource("CareTeam", text).await.unwrap();
    }
    let longitudinal = "http://loinc.org|LA28865-6";
    for (params, found) in [
        (&[("patient", "Patient/synthetic")][..], 2),
        (&[("participant", "Practitioner/a")], 1),
        (&[("participant", "Practitioner/b"), ("status", "inactive")], 1),
        (&[("category", longitudinal), ("participant", "Practitioner/b")], 2),
        (&[("patient", "Patient/another")], 0),
    ] {
        assert_eq!(jane.find_resources("CareTeam", params).await.unwrap().len(), found, "{params:?}");
    }
    let unknown = jane.find_resources("CareTeam", &[("shoe-size", "9")]).await.unwrap_err();
    assert!(
        matches!(unknown, Error::InvalidInput(_)) && unknown.code() == "unknown-search-parameter",
        "{unknown}"
    );
    assert_eq!(jane.audit().unwrap().length, 3, "each was entered before it was tried");
}

#[tokio::test]
async fn a_change_is_made_to_what_was_looked_at() {
    let world = World::new();
    let jane = world.start_with("jane", Record::Embedded).await;
    let text = team("1", CareTeamStatus::Active, &["a", "b"]);
    let seen = jane.create_resource("CareTeam", &text).await.unwrap().stored;
    let first = |text: &str| {
        let added = r#"{"role":[{"text":"synthetic"}],"member":{"reference":"Practitioner/c"}}"#;
        Ok(text.replacen("\"participant\":[", &format!("\"participant\":[{added},"), 1))
    };
    jane.edit_resource("CareTeam", &seen.id, first).await.unwrap();

    // Who stands at the second place now is another than who stood there when it was looked at.
    let base = jane.resource_at("CareTeam", &seen.id, &seen.version).await.unwrap();
    assert_eq!(base, seen);
    let resource = crate::fhir::Resource::parse(&base.json).unwrap();
    let ours = resource.with("participant[1].period.end", "\"2019-03-01\"").unwrap();
    let unsaved = jane.save_resource("CareTeam", &base, ours.json()).await.unwrap_err();
    assert!(matches!(unsaved, crate::fhir::Unsaved::Conflict { .. }), "{unsaved:?}");
    let error = jane.resource_at("CareTeam", &seen.id, "none").await.unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "version" }), "{error}");
}
