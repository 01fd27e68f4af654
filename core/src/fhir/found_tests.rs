#![allow(clippy::unwrap_used)]
use super::*;
use crate::fhir::Import;

fn resource(text: &str) -> Resource {
    Import::parse(text).unwrap().resources().first().unwrap().clone()
}

#[test]
fn a_plan_of_somebody_else_is_shown_in_its_own_words() {
    let plan = resource(
        r#"{"resourceType":"CarePlan","id":"p","status":"active","intent":"order","subject":{"reference":"Patient/1"},
        "category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"}]},
        {"text":"Self management (synthetic)"}],"careTeam":[{"reference":"CareTeam/t"}],"activity":[
        {"detail":{"status":"in-progress","code":{"coding":[{"display":"A diet"}],"text":"Diet"}}},
        {"detail":{"status":"in-progress","description":"Walks"}},
        {"reference":{"reference":"ServiceRequest/1","display":"Nurse"}},{"reference":{"reference":"Task/1"}}]}"#,
    );
    let found = care_plan_found(&plan).unwrap().unwrap();
    assert_eq!(found.care_plan, "CarePlan/p");
    assert_eq!(found.title.as_deref(), Some("Self management (synthetic)"));
    assert_eq!(found.status.as_deref(), Some("active"));
    assert_eq!(found.care_teams, ["CareTeam/t"]);
    assert_eq!(found.activities, ["Diet", "Walks", "Nurse"]);
    assert!(!format!("{found:?}").contains("Walks"), "member data is not shown");
}

#[test]
fn what_a_case_wrote_and_what_was_an_error_is_not_offered() {
    let plan = |more: &str| {
        resource(&format!(
            r#"{{"resourceType":"CarePlan","intent":"plan","subject":{{"reference":"Patient/1"}},{more}}}"#
        ))
    };
    let ours = r#""status":"active","identifier":[{"system":"urn:caseline:plan","value":"1"}]"#;
    assert_eq!(care_plan_found(&plan(ours)).unwrap(), None);
    assert_eq!(care_plan_found(&plan(r#""status":"entered-in-error""#)).unwrap(), None);
    let team = |more: &str| resource(&format!(r#"{{"resourceType":"CareTeam",{more}}}"#));
    let ours = r#""status":"active","identifier":[{"system":"urn:caseline:case","value":"1"}]"#;
    assert_eq!(team_head(&team(ours)).unwrap(), None);
    assert_eq!(team_head(&team(r#""status":"entered-in-error""#)).unwrap(), None);
    let head = team_head(&team(r#""status":"inactive","reasonCode":[{"text":"A cold"}]"#)).unwrap().unwrap();
    assert_eq!((head.name.as_deref(), head.status.as_deref()), (Some("A cold"), Some("inactive")));
}
