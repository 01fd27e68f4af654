#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
//! All that stands here is synthetic.

use super::*;
use crate::fhir::Import;

const PATIENT: &str = r#"{ "resourceType" : "Patient", "id":"p", "identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-00-0000"},{"system":"urn:s","value":"1"}], "birthDate":"1980-12-11"}"#;
const PLAN: &str = r#"{"resourceType":"CarePlan","meta":{"tag":[{"system":"urn:x","code":"theirs"}]},"status":"active","intent":"order","subject":{"reference":"urn:uuid:p"},"activity":[{"detail":{"status":"scheduled","dailyAmount":{"value":1.50}}}]}"#;

fn entry(url: &str, resource: &str) -> String {
    let kind = Import::parse(resource).unwrap().resources()[0].kind().to_owned();
    let url = if url.is_empty() { String::new() } else { format!("\"fullUrl\":\"{url}\",") };
    format!(r#"{{{url} "resource":{resource},"request":{{"method":"POST","url":"{kind}"}} }}"#)
}

fn bundle(entries: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"transaction", "entry":[ {} ] }}"#, entries.join(" , "))
}

/// The conditions of all entries.
fn conditions(bundle: &str) -> Vec<Option<String>> {
    let told = importable(bundle).unwrap();
    let node = json::parse(&told).unwrap();
    let condition = |entry: &Node<'_>| entry.get("request")?.str("ifNoneExist").map(Cow::into_owned);
    node.list("entry").iter().map(condition).collect()
}

fn condition(url: &str, resource: &str, beside: &str) -> String {
    let all = conditions(&bundle(&[entry("urn:uuid:p", beside), entry(url, resource)]));
    all.into_iter().last().unwrap().unwrap()
}

#[test]
fn a_batch_becomes_a_transaction_and_nothing_else_changes() {
    let entries = r#""entry":[ {"resource":{"type":"batch","x":1.50}} ]"#;
    for batch in [
        format!(r#" {{ "resourceType" : "Bundle", "type": "batch", {entries} }} "#),
        format!(r#"{{ {entries}, "type": "batch","resourceType" : "Bundle" }}"#),
        r#"{"resourceType":"Bundle","type":"batch"}"#.to_owned(),
    ] {
        let told = importable(&batch).unwrap();
        let place = batch.rfind("\"type\": \"batch\"").or(batch.rfind("\"type\":\"batch\"")).unwrap();
        let (head, rest) = batch.split_at(place);
        assert_eq!(told, format!("{head}{}", rest.replacen("\"batch\"", "\"transaction\"", 1)));
        assert_eq!(importable(&told).unwrap(), told);
    }
    assert!(importable("{").is_err());
}

#[test]
fn what_has_no_condition_gets_a_tag_and_nothing_else_changes() {
    let whole = bundle(&[entry("urn:uuid:a", PLAN)]);
    let told = importable(&whole).unwrap();
    let code = told.split("_tag=urn:caseline:imported|").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(code.len(), 64);
    let tag = format!(r#",{{"system":"urn:caseline:imported","code":"{code}"}}"#);
    let condition = format!(r#","ifNoneExist":"_tag=urn:caseline:imported|{code}""#);
    assert_eq!(told.replacen(&tag, "", 1).replacen(&condition, "", 1), whole);
    assert_eq!(importable(&told).unwrap(), told, "what has one keeps it");
    // What is no such create is not touched.
    for request in [
        r#"{"method":"PUT","url":"CarePlan/1"}"#,
        r#"{"method":"POST","url":"CarePlan","ifNoneExist":"identifier=a|1"}"#,
        r#"{"method":"POST","url":"Goal"}"#,
    ] {
        let whole =
            bundle(&[entry("urn:uuid:a", PLAN).replace(r#"{"method":"POST","url":"CarePlan"}"#, request)]);
        assert_eq!(importable(&whole).unwrap(), whole);
    }
}

#[test]
fn a_patient_is_the_person_of_that_number_and_birthday() {
    let whole = bundle(&[entry("urn:uuid:p", PATIENT)]);
    let told = importable(&whole).unwrap();
    let condition = r#","ifNoneExist":"identifier=urn:s|1&birthdate=1980-12-11""#;
    assert_eq!(told.replacen(condition, "", 1), whole, "never by a social security number");
    let odd = PATIENT.replace("\"urn:s\",\"value\":\"1\"", "\"urn:s\",\"value\":\"1,2&a=b+\u{e9}\"");
    let [Some(found)] = &conditions(&bundle(&[entry("", &odd)]))[..] else { panic!() };
    assert_eq!(found, r"identifier=urn:s|1%5C,2%26a%3Db%2B%C3%A9&birthdate=1980-12-11");
    let query = crate::fhir::search::query(found).unwrap();
    let wanted = crate::fhir::search::wanted("identifier", &query[0].1);
    assert_eq!(wanted[0].value.as_deref(), Some("1,2&a=b+\u{e9}"));
    // Who has no such number, or no whole birthday, is known by all that is said of them.
    for (from, to) in [("-12-11", ""), ("urn:s", "http://hl7.org/fhir/sid/us-ssn")] {
        let unnamed = PATIENT.replace(from, to);
        let [Some(found)] = &conditions(&bundle(&[entry("urn:uuid:p", &unnamed)]))[..] else { panic!() };
        assert!(found.starts_with("_tag="), "{found}");
        let other =
            conditions(&bundle(&[entry("urn:uuid:p", &unnamed.replace("999-00-0000", "999-00-0001"))]));
        assert_ne!(Some(found), other[0].as_ref());
    }
}

#[test]
fn a_later_export_is_known_again_and_another_persons_is_not() {
    let first = condition("urn:uuid:a", PLAN, PATIENT);
    let later = PLAN.replace("\"active\"", "\"completed\"");
    let moved = PATIENT.replace("\"id\":\"p\"", "\"id\":\"p\", \"gender\":\"male\"");
    assert_eq!(condition("urn:uuid:a", &later, &moved), first, "the same plan of the same person");
    assert_ne!(condition("urn:uuid:b", PLAN, PATIENT), first, "another plan");
    for (from, to) in [("\"value\":\"1\"", "\"value\":\"2\""), ("1980-12-11", "1980-12-12")] {
        assert_ne!(condition("urn:uuid:a", PLAN, &PATIENT.replace(from, to)), first, "another person's");
    }
    let elsewhere = PLAN.replace("urn:uuid:p", "Patient?identifier=urn:s|1");
    let another = PLAN.replace("urn:uuid:p", "Patient?identifier=urn:s|2");
    assert_ne!(condition("urn:uuid:a", &elsewhere, PATIENT), condition("urn:uuid:a", &another, PATIENT));
    let goal = PLAN.replace("CarePlan", "Goal").replace("\"intent\":\"order\",", "");
    let goal = goal.replace("\"status\":\"active\"", "\"lifecycleStatus\":\"active\",\"description\":{}");
    let goal = &goal[..goal.find(",\"activity\"").unwrap()];
    assert_ne!(condition("urn:uuid:a", &format!("{goal}}}"), PATIENT), first, "another type");
}

#[test]
fn what_is_about_nobody_is_known_by_whom_it_names() {
    let role = r#"{"resourceType":"PractitionerRole","practitioner":{"identifier":{"system":"urn:npi","value":"9"}}}"#;
    let first = condition("urn:uuid:r", role, PATIENT);
    let with_phone = role.replace("}}}", "}},\"telecom\":[{\"system\":\"phone\",\"value\":\"555-0100\"}]}");
    assert_eq!(condition("urn:uuid:r", &with_phone, PATIENT), first);
    assert_ne!(condition("urn:uuid:r", &role.replace("\"9\"", "\"8\""), PATIENT), first);
    let nothing = r#"{"resourceType":"Medication","code":{"text":"A"}}"#;
    let other = nothing.replace("\"A\"", "\"B\"");
    assert_ne!(condition("urn:uuid:r", nothing, PATIENT), condition("urn:uuid:r", &other, PATIENT));
}

#[test]
fn what_is_the_same_twice_is_two() {
    let same = entry("", PLAN);
    let all = conditions(&bundle(&[same.clone(), same.clone(), entry("urn:uuid:p", PATIENT)]));
    assert!(all[0].is_some() && all[1].is_some() && all[0] != all[1]);
    assert_eq!(all, conditions(&bundle(&[same.clone(), same, entry("urn:uuid:p", PATIENT)])));
}
