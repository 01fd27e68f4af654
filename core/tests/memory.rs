//! What reading may take of memory, whatever is read: counted, not measured by time. Synthetic throughout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use caseline::Error;
use caseline::fhir::Import;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const LIMIT: usize = 50 * 1024 * 1024;

/// What is promised, beside the text itself.
const PROMISED: usize = 64 * 1000 * 1000;

/// Reads a text; returns how it ended, and what that took at most.
fn read(text: &str) -> (String, usize) {
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    let told = match Import::parse(text) {
        Ok(import) => format!("read {}", import.resources().len()),
        Err(Error::InvalidInput(invalid)) => invalid.code.to_owned(),
        Err(other) => panic!("{other:?}"),
    };
    (told, ALLOCATED.peak_usage() - before)
}

/// A text of the longest that is read, or a little less: a head, the same part again and again, a tail.
fn filled(head: &str, part: &str, tail: &str) -> String {
    let times = (LIMIT - head.len() - tail.len()) / part.len();
    format!("{head}{}{tail}", part.repeat(times))
}

// One test: the counter is the process's.
#[test]
fn reading_takes_little_more_memory_than_the_text() {
    let over = "x".repeat(100 * 1000 * 1000);
    let (told, taken) = read(&over);
    assert_eq!(told, "json-too-large");
    assert!(taken < 10_000, "{taken} bytes for a text that is not read");
    drop(over);

    let bundle = r#"{"resourceType":"Bundle","type":"collection","entry":["#;
    let note = "x".repeat(900);
    let basic = format!(r#"{{"resource":{{"resourceType":"Basic","id":"x","note":"{note}"}}}},"#);
    let small = format!(
        r#"{{"fullUrl":"urn:uuid:{}","resource":{{"resourceType":"Practitioner","id":"a","identifier":[{{"system":"urn:x","value":"1"}}],"text":{{"status":"empty","div":"{note}"}}}}}},"#,
        "0".repeat(36)
    );
    for (name, head, part, tail, ends) in [
        ("one long string", r#"{"resourceType":"Basic","x":""#, "x", r#""}"#, "read 1"),
        ("numbers", "[", "0,", "0]", "json-too-large"),
        ("numbers in a stranger", r#"{"resourceType":"Basic","x":["#, "0,", "0]}", "read 1"),
        (
            "objects in a care plan",
            r#"{"resourceType":"CarePlan","activity":["#,
            "{},",
            "{}]}",
            "json-too-large",
        ),
        ("a crowd", bundle, r#"{"resource":{"resourceType":"X"}},"#, "{}]}", "too-many-resources"),
        ("larger resources", bundle, &basic, "{}]}", "too-many-resources"),
        ("practitioners", bundle, &small, "{}]}", "read 47"),
        (
            "names",
            r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"X","identifier":["#,
            r#"{"value":""},"#,
            "{}]}}]}",
            "read 1",
        ),
        ("deep", "[", "[", "", "json-too-deep"),
    ] {
        let text = filled(head, part, tail);
        let (told, taken) = read(&text);
        assert!(told.starts_with(ends), "{name}: {told}");
        assert!(taken <= PROMISED, "{name}: {taken} bytes over a text of {}", text.len());
        println!("{name:>24}: {told}, {} kB", taken / 1000);
    }
}
