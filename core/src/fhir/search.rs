//! What a resource is found by: the search parameters that an embedded record answers (FHIR R4, 3.1.1 "Search").

use super::bundle::percent_decoded;
use super::json::Node;
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
}

/// The parameters, the elements that they look into, and how those are read.
const PARAMS: &[(&str, &str, Form)] = &[
    ("identifier", "identifier", Form::Identifier),
    ("status", "status", Form::Code),
    ("category", "category", Form::Concept),
    ("type", "type", Form::Concept),
    ("role", "code", Form::Concept),
    ("subject", "subject", Form::Reference),
    ("patient", "subject", Form::Reference),
    ("patient", "patient", Form::Reference),
    ("part-of", "partOf", Form::Reference),
    ("target", "target", Form::Reference),
    ("practitioner", "practitioner", Form::Reference),
    ("organization", "organization", Form::Reference),
];

/// Whether the record answers this parameter (`_id` apart, which is not indexed).
pub(crate) fn param(name: &str) -> Option<&'static str> {
    match name {
        "_tag" => Some("_tag"),
        "subject:identifier" => Some("subject:identifier"),
        "patient:identifier" => Some("patient:identifier"),
        "part-of:identifier" => Some("part-of:identifier"),
        "target:identifier" => Some("target:identifier"),
        name => PARAMS.iter().find(|(param, ..)| *param == name).map(|(param, ..)| *param),
    }
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
        for node in resource.list(element) {
            match form {
                Form::Identifier => add(Some(name), node, "system", "value"),
                Form::Code => add(Some(name), resource, "", element),
                Form::Concept if node.get("coding").is_some() => {
                    node.list("coding").iter().for_each(|coding| add(Some(name), coding, "system", "code"));
                }
                // AuditEvent.type is a Coding.
                Form::Concept => add(Some(name), node, "system", "code"),
                Form::Reference => {
                    add(Some(name), node, "", "reference");
                    if let Some(identifier) = node.get("identifier") {
                        add(param(&format!("{name}:identifier")), identifier, "system", "value");
                    }
                }
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
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
    let mut alternatives = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => alternatives.last_mut().into_iter().for_each(|last| last.extend(chars.next())),
            ',' => alternatives.push(String::new()),
            c => alternatives.last_mut().into_iter().for_each(|last| last.push(c)),
        }
    }
    let read = |text: String| match text.split_once('|') {
        Some((system, "")) => Wanted { system: Some(system.into()), value: None },
        Some((system, value)) => Wanted { system: Some(system.into()), value: Some(value.into()) },
        None if param == "patient" && !text.contains('/') => {
            Wanted { system: None, value: Some(format!("Patient/{text}")) }
        }
        None => Wanted { system: None, value: Some(text) },
    };
    alternatives.into_iter().filter(|text| !text.is_empty()).map(read).collect()
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
        assert_eq!(wanted("patient", "7"), [one(None, Some("Patient/7"))]);
        assert_eq!(query("identifier=urn%3Ax%7C1&status=a").unwrap()[0].1, "urn:x|1");
        assert!(query("x").is_err() && query("").is_err());
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
