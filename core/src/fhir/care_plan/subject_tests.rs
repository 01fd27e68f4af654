//! Whose plan a document is. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::error::Error;
use crate::fhir::care_plan::projected;
use crate::fhir::json::parse;
use crate::fhir::write::heads_extension;

fn member() -> Member {
    Member {
        id: "urn:example:member|1".parse().unwrap(),
        name: "Marty Example".to_owned(),
        birth_date: "1961-04-05".parse().unwrap(),
    }
}

/// A document whose plan has this subject, with more in the plan and more resources beside it.
fn document(subject: &str, more: &str, beside: &str) -> Import {
    let text = format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"CarePlan","status":"active",
        "intent":"plan"{more}{subject}}}}}{beside}]}}"#
    );
    Import::parse(&text).unwrap()
}

fn patient(number: &str, born: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"p","identifier":[{{"system":"urn:example:mrn","value":"7"}},{{"system":"urn:example:member","value":"{number}"}}],
        "birthDate":"{born}"}}"#
    )
}

fn beside(number: &str, born: &str) -> String {
    format!(r#",{{"resource":{}}}"#, patient(number, born))
}

fn refused(import: &Import, bound: Option<&str>, gathered: bool) -> bool {
    match must_be_of(import, &member(), bound, gathered) {
        Ok(()) => false,
        Err(Error::InvalidInput(invalid)) => {
            assert_eq!((invalid.code, invalid.field.as_deref()), ("plan-of-another-member", Some("subject")));
            true
        }
        Err(error) => panic!("{error}"),
    }
}

const REFERS: &str = r#","subject":{"reference":"Patient/p"}"#;
const WORDS: &str = r#","subject":{"display":"synthetic"}"#;

#[test]
fn a_patient_in_the_document_is_the_cases_member() {
    for (number, born, expected) in [
        ("1", "1961-04-05", false),
        ("1", "1999-09-09", true),
        ("1", "1961", true),
        ("2", "1961-04-05", true),
    ] {
        for subject in
            [REFERS, r#","subject":{"identifier":{"system":"urn:example:mrn","value":"7"}}"#, WORDS]
        {
            let import = document(subject, "", &beside(number, born));
            // Another record's ids say nothing here.
            assert_eq!(refused(&import, Some("Patient/p"), false), expected, "{number} {born} {subject}");
        }
        let contained = format!(r#","contained":[{}]"#, patient(number, born));
        let import = document(r##","subject":{"reference":"#p"}"##, &contained, "");
        assert_eq!(refused(&import, None, false), expected, "contained {number} {born}");
    }
}

#[test]
fn a_plan_of_the_patient_that_a_person_confirmed_is_the_members() {
    let import = document(REFERS, "", &beside("1", "1999-09-09"));
    assert!(refused(&import, Some("Patient/p"), false));
    assert!(!refused(&import, Some("Patient/p"), true));
    assert!(refused(&import, Some("Patient/other"), true));
}

#[test]
fn without_a_patient_the_plan_refers_to_the_bound_one_or_to_nobody() {
    for (subject, expected) in [
        (REFERS, false),
        (r#","subject":{"reference":"Patient/p/_history/2"}"#, false),
        (r#","subject":{"reference":"Patient/q"}"#, true),
        (r#","subject":{"reference":"https://elsewhere.example/Patient/p"}"#, true),
        (r#","subject":{"reference":"Group/p"}"#, true),
        (r##","subject":{"reference":"#p"}"##, true),
        (
            r#","subject":{"reference":"Patient/p","identifier":{"system":"urn:example:member","value":"2"}}"#,
            true,
        ),
        (r#","subject":{"reference":"Patient?identifier=urn:example:member%7C1"}"#, false),
        (r#","subject":{"reference":"Patient?identifier=urn:example:member%7C2"}"#, true),
        (r#","subject":{"identifier":{"system":"urn:example:member","value":"1"}}"#, false),
        (r#","subject":{"identifier":{"system":"urn:example:member","value":"2"}}"#, true),
        (r#","subject":{"identifier":{"system":"urn:example:mrn","value":"7"}}"#, true),
        (WORDS, false),
    ] {
        assert_eq!(refused(&document(subject, "", ""), Some("Patient/p"), false), expected, "{subject}");
    }
    assert!(refused(&document(REFERS, "", ""), None, false), "the case is bound to nobody");
}

#[test]
fn a_record_that_takes_a_plan_cannot_judge_another_records_ids() {
    let another = |import: &Import| {
        let plan = import.care_plans().next().unwrap();
        is_of_another(import, plan, &member())
    };
    assert!(!another(&document(REFERS, "", "")));
    assert!(!another(&document(REFERS, "", &beside("1", "1999-09-09"))), "a person confirmed it over there");
    assert!(another(&document(REFERS, "", &beside("2", "1961-04-05"))));
}

#[test]
fn only_the_subjects_own_patient_becomes_ours() {
    let text = |number: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"resource":{{"resourceType":"CarePlan","status":"active","intent":"plan",{},"contributor":[{{"reference":"Patient/mother"}}]}}}},
            {{"resource":{{"resourceType":"Patient","id":"mother","identifier":[{{"system":"urn:example:member","value":"9"}}]}}}}{}]}}"#,
            REFERS.trim_start_matches(','),
            beside(number, "1961-04-05")
        )
    };
    let written =
        |number| projected(&text(number), "v", ("Patient/marty", &member()), None, &heads_extension(&[]));
    let plan = written("1").unwrap();
    let plan = parse(&plan).unwrap();
    assert_eq!(plan.get("subject").unwrap().str("reference").as_deref(), Some("Patient/marty"));
    let [mother] = plan.list("contributor") else { panic!("{}", plan.raw()) };
    assert_eq!(mother.get("identifier").unwrap().str("value").as_deref(), Some("9"));
    assert!(mother.get("reference").is_none(), "another person stays another");
    let Err(Error::InvalidInput(refused)) = written("2") else { panic!("another member's") };
    assert_eq!(refused.code, "plan-of-another-member");
}
