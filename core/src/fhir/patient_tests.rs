#![allow(clippy::unwrap_used)]
use super::*;
use crate::fhir::Import;

/// A synthetic Patient with these identifiers.
fn read(identifiers: &str) -> Result<Member> {
    let text = format!(
        r#"{{"resourceType":"Patient","identifier":[{identifiers}],"name":[{{"text":"Pat (synthetic)"}}],"birthDate":"1980-12-11"}}"#
    );
    let import = Import::parse(&text).unwrap();
    member(import.patients().next().unwrap())
}

fn one(kind: &str, system: &str, value: &str) -> String {
    format!(r#"{{"type":{{"coding":[{{"code":"{kind}"}}]}},"system":"{system}","value":"{value}"}}"#)
}

const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";

#[test]
fn the_member_goes_by_the_number_of_the_programme_then_of_the_plan_then_of_care() {
    let bare = r#"{"system":"https://made-up.example","value":"0"}"#;
    let (mr, ssn) = (one("MR", "urn:h", "1"), one("SS", SSN, "999-38-9781"));
    let (ma, mb) = (one("MA", "urn:m", "2"), one("MB", "urn:p", "3"));
    let official = r#"{"use":"official","system":"urn:o","value":"4"}"#;
    for (identifiers, wanted) in [
        // As Synthea writes them.
        (vec![bare, &mr, &ssn], "https://made-up.example|0"),
        (vec![&ssn, &mr], "urn:h|1"),
        (vec![bare, &mr, &mb, official], "urn:p|3"),
        (vec![bare, &mb, &ma, &ssn], "urn:m|2"),
        (vec![bare, official], "urn:o|4"),
        (vec![r#"{"use":"old","system":"urn:x","value":"5"}"#, bare], "https://made-up.example|0"),
    ] {
        assert_eq!(read(&identifiers.join(",")).unwrap().id.as_str(), wanted, "{identifiers:?}");
    }
}

#[test]
fn no_number_of_a_citizen_names_a_member_however_it_is_marked() {
    let official =
        |system: &str| format!(r#"{{"use":"official","system":"{system}","value":"999-38-9781"}}"#);
    for identifiers in [
        one("SS", "urn:anything", "999-38-9781"),
        one("DL", "urn:oid:2.16.840.1.113883.4.3.25", "S99941666"),
        one("PPN", "http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber", "X33724725X"),
        one("NNUSA", "urn:anything", "1"),
        one("TAX", "urn:anything", "1"),
        official(SSN),
        official("urn:oid:2.16.840.1.113883.4.1"),
        official("urn:oid:2.16.840.1.113883.4.3.25"),
        official("http://hl7.org/fhir/sid/passport-USA"),
        one("MA", SSN, "999-38-9781"),
        String::new(),
    ] {
        let error = read(&identifiers).unwrap_err();
        assert_eq!(error.code(), "invalid-member", "{identifiers}");
        assert!(!format!("{error} {error:?}").contains("999-38"), "{error:?}");
    }
}
