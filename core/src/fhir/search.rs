//! What a resource is found by: the search parameters that an embedded record answers (FHIR R4, 3.1.1 "Search").

use super::bundle::percent_decoded;
use super::json::Node;
use crate::error::InvalidInput;
use crate::ports::PortError;

/// One thing by which a resource is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The search parameter.
    pub(crate) param: &'static str,
    /// The system of a token; empty where it has none, and for references and codes.
    pub(crate) system: String,
    /// The value.
    pub(crate) value: String,
}

enum Form {
    Identifier,
    Code,
    Concept,
    Reference,
    /// A reference, if it is to a Patient.
    Patient,
}

/// The parameters, the elements that they look into, and how those are read. R4 names them for each type; where an element is
/// not there, nothing is found by it.
const PARAMS: &[(&str, &str, Form)] = &[
    ("identifier", "identifier", Form::Identifier),
    ("status", "status", Form::Code),
    // Of a Patient: a whole date is searched like a code.
    ("birthdate", "birthDate", Form::Code),
    ("lifecycle-status", "lifecycleStatus", Form::Code),
    ("intent", "intent", Form::Code),
    ("category", "category", Form::Concept),
    ("code", "code", Form::Concept),
    ("type", "type", Form::Concept),
    ("role", "code", Form::Concept),
    ("subject", "subject", Form::Reference),
    ("patient", "subject", Form::Reference),
    ("patient", "patient", Form::Reference),
    // Of a Task.
    ("patient", "for", Form::Reference),
    ("owner", "owner", Form::Reference),
    ("requester", "requester", Form::Reference),
    ("focus", "focus", Form::Reference),
    ("based-on", "basedOn", Form::Reference),
    ("replaces", "replaces", Form::Reference),
    ("part-of", "partOf", Form::Reference),
    ("target", "target", Form::Reference),
    ("encounter", "encounter", Form::Reference),
    ("practitioner", "practitioner", Form::Reference),
    ("organization", "organization", Form::Reference),
    // Of a CareTeam; of an Encounter it is the individual.
    ("participant", "participant.member", Form::Reference),
    ("participant", "participant.individual", Form::Reference),
    // Of an Appointment.
    ("actor", "participant.actor", Form::Reference),
    ("patient", "participant.actor", Form::Patient),
    // Of a CarePlan.
    ("care-team", "careTeam", Form::Reference),
    ("goal", "goal", Form::Reference),
    ("activity-reference", "activity.reference", Form::Reference),
    // Of a Communication.
    ("sender", "sender", Form::Reference),
    ("recipient", "recipient", Form::Reference),
];

/// The parameters that references by identifier are found by (R4, 3.1.1.4.12): `name:identifier`.
const BY_IDENTIFIER: &[(&str, &str)] = &[
    ("subject", "subject:identifier"),
    ("patient", "patient:identifier"),
    ("owner", "owner:identifier"),
    ("requester", "requester:identifier"),
    ("focus", "focus:identifier"),
    ("based-on", "based-on:identifier"),
    ("replaces", "replaces:identifier"),
    ("part-of", "part-of:identifier"),
    ("target", "target:identifier"),
    ("encounter", "encounter:identifier"),
    ("practitioner", "practitioner:identifier"),
    ("organization", "organization:identifier"),
    ("participant", "participant:identifier"),
    ("actor", "actor:identifier"),
    ("care-team", "care-team:identifier"),
    ("goal", "goal:identifier"),
    ("activity-reference", "activity-reference:identifier"),
    ("sender", "sender:identifier"),
    ("recipient", "recipient:identifier"),
];

/// Whether the record answers this parameter (`_id` apart, which is not indexed).
pub(crate) fn param(name: &str) -> Option<&'static str> {
    if name == "_tag" {
        return Some("_tag");
    }
    let plain = PARAMS.iter().find(|(param, ..)| *param == name).map(|(param, ..)| *param);
    plain.or_else(|| BY_IDENTIFIER.iter().find(|(_, full)| *full == name).map(|(_, full)| *full))
}

/// Whether a searched date is one day, without a prefix (`ge`) and a time.
pub(crate) fn is_whole_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The nodes at a path: each item of what repeats on the way.
fn at<'n, 'a>(node: &'n Node<'a>, path: &str) -> Vec<&'n Node<'a>> {
    path.split('.')
        .fold(vec![node], |nodes, name| nodes.into_iter().flat_map(|node| node.list(name)).collect())
}

/// Everything by which a resource is found, each once.
pub(crate) fn keys(resource: &Node<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut add = |param: Option<&'static str>, node: &Node<'_>, system: &str, value: &str| {
        if let (Some(param), Some(value)) = (param, node.str(value)) {
            let system = node.str(system).unwrap_or_default().into_owned();
            keys.push(Key { param, system, value: value.into_owned() });
        }
    };
    for tag in resource.get("meta").map_or(&[][..], |meta| meta.list("tag")) {
        add(Some("_tag"), tag, "system", "code");
    }
    for (name, element, form) in PARAMS {
        for node in at(resource, element) {
            match form {
                Form::Patient if !is_patient(node) => {}
                Form::Identifier => add(Some(name), node, "system", "value"),
                Form::Code => add(Some(name), resource, "", element),
                Form::Concept if node.get("coding").is_some() => {
                    node.list("coding").iter().for_each(|coding| add(Some(name), coding, "system", "code"));
                }
                // AuditEvent.type is a Coding.
                Form::Concept => add(Some(name), node, "system", "code"),
                Form::Reference | Form::Patient => {
                    add(Some(name), node, "", "reference");
                    let full = BY_IDENTIFIER.iter().find(|(param, _)| param == name).map(|(_, full)| *full);
                    if let Some(identifier) = node.get("identifier") {
                        add(full, identifier, "system", "value");
                    }
                }
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn is_patient(reference: &Node<'_>) -> bool {
    let literal = |text: &str| text.rsplit('/').nth(1) == Some("Patient");
    reference
        .str("reference")
        .is_some_and(|text| literal(text.split("/_history/").next().unwrap_or_default()))
        || reference.str("type").as_deref() == Some("Patient")
}

/// One alternative of a searched value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The system: `None` where any will do.
    pub(crate) system: Option<String>,
    /// The value: `None` where any will do.
    pub(crate) value: Option<String>,
}

/// Reads a searched value: alternatives between commas, each `value`, `system|value`, `|value` or `system|`
/// (3.1.1.4.10 "token"); a reference is `Kind/id`, or for `patient` the id alone (3.1.1.4.12 "reference").
pub(crate) fn wanted(param: &str, text: &str) -> Vec<Wanted> {
    // Each with what stands before its first bar, if there is one.
    let mut alternatives = vec![(None, String::new())];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let Some((system, last)) = alternatives.last_mut() else { break };
        match c {
            '\\' => last.extend(chars.next()),
            ',' => alternatives.push((None, String::new())),
            '|' if system.is_none() => *system = Some(std::mem::take(last)),
            c => last.push(c),
        }
    }
    let read = |(system, text): (Option<String>, String)| match system {
        Some(system) => Wanted { system: Some(system), value: (!text.is_empty()).then_some(text) },
        None if param == "patient" && !text.contains('/') => {
            Wanted { system: None, value: Some(format!("Patient/{text}")) }
        }
        None => Wanted { system: None, value: Some(text) },
    };
    let said = |(system, text): &(Option<String>, String)| system.is_some() || !text.is_empty();
    alternatives.into_iter().filter(said).map(read).collect()
}

/// The parameters of a query (`identifier=system|value&status=active`).
///
/// # Errors
/// `Refused` where it is no such thing.
pub(crate) fn query(text: &str) -> Result<Vec<(String, String)>, PortError> {
    let pairs: Vec<_> = text
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map(|(name, value)| (percent_decoded(name), percent_decoded(value))))
        .collect::<Option<_>>()
        .ok_or(PortError::Refused { code: "invalid-query" })?;
    if pairs.is_empty() { Err(PortError::Refused { code: "invalid-query" }) } else { Ok(pairs) }
}

/// A value as a search parameter spells it (FHIR R4, 3.1.1.4.0.2 "Escaping search parameters").
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A token as a search parameter spells it: it finds what has this value in this system, and nothing else.
pub(crate) fn token(system: &str, value: &str) -> String {
    format!("{}|{}", escaped(system), escaped(value))
}

/// The token of an identifier as a host writes it, `system|value`.
///
/// # Errors
/// `InvalidInput` (`identifier-form`): a value alone could be anybody's, in any system.
pub(crate) fn written(identifier: &str) -> Result<String, InvalidInput> {
    match identifier.split_once('|') {
        Some((system, value)) if !system.is_empty() && !value.is_empty() => Ok(token(system, value)),
        _ => Err(InvalidInput::new("identifier-form", "an identifier is written as system|value")),
    }
}

/// Why an identifier does not say which resource is meant.
pub(crate) fn several() -> InvalidInput {
    let detail = "several have this identifier: name the one by its type and the record's id (Type/id)";
    InvalidInput::new("identifier-several", detail)
}

/// A value as it stands in a query (RFC 3986, 3.4): percent-encoded where it would end there, or mean something else.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b'&' | b'=' | b'+' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}' => {}
            b'!'..=b'~' => {
                out.push(char::from(byte));
                continue;
            }
            _ => {}
        }
        // Writing to a String does not fail.
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::fhir::json;

    #[test]
    fn values_are_read_as_the_standard_spells_them() {
        let one = |system: Option<&str>, value: Option<&str>| Wanted {
            system: system.map(Into::into),
            value: value.map(Into::into),
        };
        assert_eq!(wanted("identifier", "s|v,w"), [one(Some("s"), Some("v")), one(None, Some("w"))]);
        assert_eq!(wanted("identifier", "|v"), [one(Some(""), Some("v"))]);
        assert_eq!(wanted("identifier", "s|"), [one(Some("s"), None)]);
        assert_eq!(wanted("identifier", "a\\,b"), [one(None, Some("a,b"))]);
        let (system, value) = ("http://s|1.0", "A,B|C\\D$");
        assert_eq!(wanted("identifier", &token(system, value)), [one(Some(system), Some(value))]);
        assert_eq!(wanted("patient", "7"), [one(None, Some("Patient/7"))]);
        assert_eq!(query("identifier=urn%3Ax%7C1&status=a").unwrap()[0].1, "urn:x|1");
        assert!(query("x").is_err() && query("").is_err());
    }

    /// The keys of a synthetic resource, as `param=system|value`.
    fn keys_of(text: &str) -> Vec<String> {
        let node = json::parse(text).unwrap();
        keys(&node).into_iter().map(|key| format!("{}={}|{}", key.param, key.system, key.value)).collect()
    }

    #[test]
    fn a_team_is_found_by_who_takes_part() {
        let keys = keys_of(
            r#"{"resourceType":"CareTeam","status":"active","category":[{"coding":[{"system":"http://loinc.org","code":"LA28865-6"}]}],
            "subject":{"reference":"Patient/1"},"participant":[{"member":{"reference":"Practitioner/2"}},
            {"member":{"type":"Organization","identifier":{"system":"o","value":"3"}}},{"role":[{"text":"r"}]}]}"#,
        );
        let wanted = [
            "category=http://loinc.org|LA28865-6",
            "participant=|Practitioner/2",
            "participant:identifier=o|3",
            "patient=|Patient/1",
            "status=|active",
            "subject=|Patient/1",
        ];
        assert_eq!(keys, wanted);
    }

    #[test]
    fn the_workflow_is_found_by_what_it_is_about() {
        let task = keys_of(
            r#"{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"Patient/1"},
            "focus":{"reference":"ServiceRequest/2"},"owner":{"identifier":{"system":"p","value":"3"}},"code":{"coding":[{"system":"s","code":"fulfill"}]}}"#,
        );
        let wanted = [
            "code=s|fulfill",
            "focus=|ServiceRequest/2",
            "intent=|order",
            "owner:identifier=p|3",
            "patient=|Patient/1",
            // R4 has no `role` of a Task: nobody asks for it.
            "role=s|fulfill",
            "status=|requested",
        ];
        assert_eq!(task, wanted);
        let meeting = keys_of(
            r#"{"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/1"}},{"actor":{"reference":"Practitioner/2"}}]}"#,
        );
        assert_eq!(meeting, ["actor=|Patient/1", "actor=|Practitioner/2", "patient=|Patient/1"]);
        let plan = keys_of(
            r#"{"resourceType":"CarePlan","careTeam":[{"reference":"CareTeam/1"}],"replaces":[{"reference":"CarePlan/1"}],
            "activity":[{"reference":{"reference":"Task/1"}},{"detail":{"status":"scheduled"}}]}"#,
        );
        assert_eq!(plan, ["activity-reference=|Task/1", "care-team=|CareTeam/1", "replaces=|CarePlan/1"]);
        for (_, full) in BY_IDENTIFIER {
            assert_eq!(param(full), Some(*full));
            assert!(param(full.split(':').next().unwrap()).is_some());
        }
        assert!(param("name").is_none() && param("status:identifier").is_none());
    }

    #[test]
    fn a_resource_is_indexed_once_for_each_key() {
        let node = json::parse(
            r#"{"meta":{"tag":[{"system":"t","code":"1"},{"system":"t","code":"1"}]},"status":"active",
            "subject":{"reference":"Patient/1","identifier":{"system":"m","value":"2"}},"type":{"system":"d","code":"x"}}"#,
        )
        .unwrap();
        let keys: Vec<String> = keys(&node)
            .into_iter()
            .map(|key| format!("{}={}|{}", key.param, key.system, key.value))
            .collect();
        assert_eq!(
            keys,
            [
                "_tag=t|1",
                "patient=|Patient/1",
                "patient:identifier=m|2",
                "status=|active",
                "subject=|Patient/1",
                "subject:identifier=m|2",
                "type=d|x"
            ]
        );
    }
}
