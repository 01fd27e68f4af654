//! A resource of every type that the workflow writes, before HAPI's validator; and what our rules find that it lets pass.

use std::collections::BTreeMap;
use std::path::PathBuf;

use caseline::fhir::check;
use caseline::testing::shapes;
use caseline_backend::{Severity, Validator};

/// What our own rules refuse and the validator does not: each a resource, and the rule.
const LET_PASS: [(&str, &str, &str); 2] = [
    (
        "consent-patient",
        "Consent",
        r#"{"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
        "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"policyRule":{"text":"synthetic"}}"#,
    ),
    (
        "value-set-as-system",
        "Task",
        r#"{"resourceType":"Task","status":"requested","intent":"order","code":{"coding":[{"system":"http://hl7.org/fhir/ValueSet/task-code","code":"fulfill"}]}}"#,
    ),
];

/// What the validator refuses and R4's text does not: its app-4 asks for a status `no-show` that no Appointment can have. What
/// we write has its reason in `comment`.
const REFUSED: &str = r#"{"resourceType":"Appointment","status":"noshow","cancelationReason":{"text":"synthetic"},
    "start":"2019-03-01T10:00:00Z","end":"2019-03-01T11:00:00Z","participant":[{"actor":{"display":"synthetic"},"status":"accepted"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_the_workflow_is_valid_fhir() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    let passed = LET_PASS.iter().map(|(rule, kind, text)| (format!("{kind}-{rule}"), (*text).to_owned()));
    let ours = shapes().unwrap().into_iter().map(|(name, text)| (name.to_owned(), text));
    for (name, text) in ours.chain(passed).chain([("app-4".to_owned(), REFUSED.to_owned())]) {
        files.push(folder.path().join(format!("{name}.json")));
        std::fs::write(files.last().unwrap(), text).unwrap();
    }
    let validate = move || Validator::install().unwrap().run(&files).unwrap();
    let results = tokio::task::spawn_blocking(validate).await.unwrap();
    let mut errors = BTreeMap::<String, Vec<String>>::new();
    for result in &results {
        for issue in result.issues.iter().filter(|issue| issue.severity >= Severity::Error) {
            let name = result.file.file_stem().unwrap().to_string_lossy().into_owned();
            errors.entry(name).or_default().push(format!("{}: {}", issue.location, issue.message));
        }
    }
    assert!(errors.remove("app-4").is_some_and(|errors| errors.len() == 1 && errors[0].contains("app-4")));
    assert_eq!(check(REFUSED).unwrap(), []);
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(results.len() > 50, "{} resources", results.len());

    for (rule, kind, text) in LET_PASS {
        let broken = check(text).unwrap();
        let rules: Vec<&str> = broken.iter().map(|one| one.rule).collect();
        assert_eq!(rules, [rule], "{kind}");
    }
}
