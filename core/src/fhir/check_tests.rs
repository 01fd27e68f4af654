#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::fhir::json::parse;

// Synthetic throughout.
fn field(kind: &str, text: &str) -> Option<(String, u64)> {
    let wrong = check_node(kind, &parse(text).unwrap(), text).err()?;
    assert_eq!(wrong.code, "not-fhir");
    Some((wrong.field.unwrap(), wrong.line.unwrap()))
}

#[test]
fn what_r4_has_passes() {
    for (kind, text) in [
        ("CareTeam", r#"{"resourceType":"CareTeam"}"#),
        (
            "CarePlan",
            r#"{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"display":"x"}}"#,
        ),
        // An extension in place of a value.
        (
            "CarePlan",
            r#"{"_status":{"extension":[{"url":"u","valueCode":"unknown"}]},"intent":"plan","subject":{}}"#,
        ),
        (
            "Patient",
            r#"{"name":[{"given":["a",null],"_given":[null,{"id":"x"}]}],"deceasedBoolean":false,"_birthDate":{"id":"b"}}"#,
        ),
        (
            "Patient",
            r#"{"warp":{"status":7},"contained":[{"resourceType":"SpaceShip","status":7}],"active":null}"#,
        ),
        ("SpaceShip", r#"{"resourceType":"SpaceShip","status":7}"#),
        (
            "Goal",
            r#"{"lifecycleStatus":"active","description":{"text":"x"},"subject":{},"target":[{"detailQuantity":{"value":1E400}}]}"#,
        ),
        ("Task", r#"{"status":"draft","intent":"order","input":[{"type":{},"valueAge":{"value":1}}]}"#),
    ] {
        assert_eq!(field(kind, text), None, "{text}");
    }
}

#[test]
fn what_r4_has_not_is_named_by_path_and_line() {
    for (kind, text, path, line) in [
        ("CarePlan", "{\"status\":\n\"open\",\"intent\":\"plan\",\"subject\":{}}", "status", 2),
        ("CarePlan", "{\n\"status\":\"active\",\"intent\":\"plan\"}", "subject", 1),
        ("CarePlan", "{\"status\":\"active\",\"intent\":\"plan\",\"subject\":{},\"goal\":{}}", "goal", 1),
        ("CareTeam", "{\"status\":[\"active\"]}", "status", 1),
        (
            "CareTeam",
            "{\"participant\":[{},\n{\"period\":{\"start\":\"soon\"}}]}",
            "participant[1].period.start",
            2,
        ),
        ("CareTeam", "{\"participant\":[null]}", "participant[0]", 1),
        (
            "CareTeam",
            "{\"extension\":[{\"url\":\"u\",\"valueDecimal\":\"1\"}]}",
            "extension[0].valueDecimal",
            1,
        ),
        ("CareTeam", "{\"extension\":[{}]}", "extension[0].url", 1),
        ("Patient", "{\"deceasedBoolean\":true,\"deceasedDateTime\":\"2019\"}", "deceasedDateTime", 1),
        ("Patient", "{\"_birthDate\":[null]}", "_birthDate", 1),
        ("Patient", "{\"_birthDate\":{\"extension\":{}}}", "_birthDate.extension", 1),
        ("Patient", "{\"contained\":[{}]}", "contained[0].resourceType", 1),
        ("Patient", "{\"contained\":[{\"resourceType\":{\"a\":1}}]}", "contained[0].resourceType", 1),
        ("Patient", "{\"contained\":[{\"resourceType\":\"CarePlan\"}]}", "contained[0].status", 1),
        ("Patient", "{\"active\":\"true\"}", "active", 1),
        (
            "AuditEvent",
            "{\"type\":{},\"recorded\":\"2019-01-01T00:00:00Z\",\"source\":{\"observer\":{}},\"agent\":[]}",
            "agent",
            1,
        ),
        ("Patient", "[]", "", 1),
    ] {
        assert_eq!(field(kind, text), Some((path.to_owned(), line)), "{text}");
    }
}
