//! What servers do differently.

use caseline::fhir::{FixedToken, RestRecord};
use caseline::ports::contract::record_contract;
use caseline::ports::{CareRecord, Interaction, PortError};
use caseline_backend::{FhirOptions, FhirServer};

use crate::{alone, hapi, unique};

fn open(server: &FhirServer) -> RestRecord {
    RestRecord::new(server.url(), FixedToken::none()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn hapi_keeps_the_records_contract() {
    record_contract(&open(hapi().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lenient_server_drops_is_noticed() {
    let record = open(hapi().await);
    let value = unique("dropped");
    let team = |more: &str| {
        format!(
            r##"{{"resourceType":"CareTeam","identifier":[{{"system":"urn:caseline:test","value":"{value}"}}],
            "text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">synthetic</div>"}},
            "contained":[{{"resourceType":"Practitioner","id":"doc1","active":true}}],
            "meta":{{"tag":[{{"system":"urn:caseline:test","code":"t"}}]}},
            "_status":{{"extension":[{{"url":"urn:caseline:test","valueDecimal":1.50}}]}},"status":"active",
            "period":{{"start":"2019-01-01"}},
            "participant":[{{"member":{{"reference":"#doc1"}}{more}}}]}}"##
        )
    };
    let token = format!("urn:caseline:test|{value}");
    let whole = record.create("CareTeam", &team(""), &[("identifier", &token)]).await.unwrap();
    assert!(whole.created);
    assert_eq!(record.take_dropped(), [], "{}", whole.stored.json);

    let more = r#","mood":"hopeful","period":{"start":"2019-01-01","phase":"new"}"#;
    let stored = whole.stored;
    let updated = record.update("CareTeam", &stored.id, &stored.version, &team(more)).await.unwrap();
    let lost = record.take_dropped();
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].kind.as_str(), lost[0].id.as_str()), ("CareTeam", stored.id.as_str()));
    assert_eq!(lost[0].paths, ["CareTeam.participant[0].mood", "CareTeam.participant[0].period.phase"]);
    assert!(updated.json.contains("1.50") && !updated.json.contains("hopeful"));

    let entry = format!(
        r#"{{"resource":{},"request":{{"method":"POST","url":"CareTeam","ifNoneExist":"identifier=urn:caseline:test|{value}-t"}}}}"#,
        team(more).replace(&value, &format!("{value}-t"))
    );
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#);
    assert_eq!(record.transaction(&bundle).await.unwrap(), 1);
    assert_eq!(record.take_dropped()[0].paths, lost[0].paths);
    assert_eq!(record.transaction(&bundle).await.unwrap(), 0);
    assert_eq!(record.take_dropped(), [], "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_server_with_some_types_read_only_says_so() {
    let read_only = vec!["CarePlan".to_owned(), "CareTeam".to_owned()];
    let server = alone(FhirOptions { strict: true, read_only, ..FhirOptions::default() }).await;
    let record = open(&server);
    let takes = record.capabilities().await.unwrap();
    for kind in ["CarePlan", "CareTeam"] {
        for interaction in Interaction::ALL {
            assert_eq!(takes.takes(kind, interaction), !interaction.writes(), "{kind} {interaction:?}");
        }
        assert!(!takes.keeps(kind) && takes.searches(kind, "identifier"));
    }
    assert!(takes.keeps("DocumentReference") && takes.keeps("Communication") && takes.transactions());

    let team = r#"{"resourceType":"CareTeam","status":"active"}"#;
    let forbidden = PortError::Refused { code: "forbidden" };
    assert_eq!(record.create("CareTeam", team, &[]).await.unwrap_err(), forbidden);
    let condition = [("identifier", "urn:caseline:test|none")];
    assert_eq!(record.create("CareTeam", team, &condition).await.unwrap_err(), forbidden);
    let entry = |resource: &str, kind: &str| {
        format!(r#"{{"resource":{resource},"request":{{"method":"POST","url":"{kind}"}}}}"#)
    };
    let patient = r#"{"resourceType":"Patient","active":true}"#;
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{}]}}"#,
        entry(patient, "Patient"),
        entry(team, "CareTeam")
    );
    assert_eq!(record.transaction(&bundle).await.unwrap_err(), forbidden);
    assert!(record.search("Patient", &[]).await.unwrap().is_empty(), "whole or not at all");
    assert!(record.search("CareTeam", &[]).await.unwrap().is_empty());

    // It refuses what it does not know, instead of dropping it.
    let unknown = r#"{"resourceType":"Communication","status":"completed","mood":"hopeful"}"#;
    let refused = record.create("Communication", unknown, &[]).await.unwrap_err();
    assert!(matches!(refused, PortError::Refused { .. }), "{refused:?}");
    record.create("Communication", &unknown.replace(r#","mood":"hopeful""#, ""), &[]).await.unwrap();
    assert_eq!(record.take_dropped(), []);
}
