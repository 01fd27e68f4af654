//! Resources as they come in: a Bundle, one resource, or what a search of a record found.

use std::fmt;

use super::check::{check, is_kind};
use super::json::{self, Node};
use crate::error::{InvalidInput, Result};

/// A resource with its JSON text, byte for byte. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Resource {
    kind: String,
    id: Option<String>,
    full_url: Option<String>,
    json: String,
    // Where it stood, for errors that name it.
    path: String,
    line: u64,
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({} …)", self.kind)
    }
}

impl Resource {
    /// The resource type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id, where it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The JSON text, as it came.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// How other resources of the same import refer to it: `Kind/id`, or the Bundle's `fullUrl`.
    pub fn reference(&self) -> Option<String> {
        match (&self.full_url, &self.id) {
            (Some(url), _) if url.starts_with("urn:") => Some(url.clone()),
            (_, Some(id)) => Some(format!("{}/{id}", self.kind)),
            (url, None) => url.clone(),
        }
    }

    pub(crate) fn node(&self) -> Result<Node<'_>> {
        json::parse(&self.json)
    }

    /// An error about one of its fields, named as the import spells it.
    pub(crate) fn wrong(&self, code: &'static str, detail: &'static str, field: &str) -> InvalidInput {
        let path = match (self.path.as_str(), field) {
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        };
        InvalidInput::new(code, detail).field(path).line(self.line)
    }

    fn read(node: &Node<'_>, full_url: Option<String>, path: &str, line: u64) -> Result<Self> {
        let wrong = || InvalidInput::new("not-fhir", "a FHIR resource names its resourceType");
        let at = |field: &str| match path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        };
        let kind = node
            .str("resourceType")
            .filter(|kind| is_kind(kind))
            .ok_or_else(|| wrong().field(at("resourceType")).line(line))?
            .into_owned();
        check(&kind, node.raw()).map_err(|invalid| {
            let field = at(invalid.field.as_deref().unwrap_or_default());
            let within = invalid.line.unwrap_or(1);
            invalid.field(field.trim_end_matches('.')).line(line + within - 1)
        })?;
        Ok(Self {
            kind,
            id: node.str("id").map(Into::into),
            full_url,
            json: node.raw().to_owned(),
            path: path.to_owned(),
            line,
        })
    }
}

/// Resources that came in together and refer to each other. Types that we do not know are kept.
#[derive(Debug, Clone, Default)]
pub struct Import {
    resources: Vec<Resource>,
}

impl Import {
    /// Reads a Bundle of any type, or one resource.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-json` with the line; `not-fhir` with the path of the field and the line.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let node = json::parse(text)?;
        if node.str("resourceType").as_deref() != Some("Bundle") {
            return Ok(Self { resources: vec![Resource::read(&node, None, "", 1)?] });
        }
        if node.get("type").is_none() || node.get("entry").is_some_and(|entry| !entry.is_array()) {
            let wrong = InvalidInput::new("not-fhir", "a Bundle has a type, and its entry is a list");
            return Err(wrong.field("type").line(1).into());
        }
        let mut resources = Vec::new();
        let mut lines = Lines::new(text);
        for (index, entry) in node.list("entry").iter().enumerate() {
            let Some(resource) = entry.get("resource") else { continue };
            let path = format!("entry[{index}].resource");
            let line = lines.of(resource.raw());
            resources.push(Resource::read(resource, entry.str("fullUrl").map(Into::into), &path, line)?);
        }
        Ok(Self { resources })
    }

    /// Takes resources one by one, for example those that a search found.
    ///
    /// # Errors
    /// As for [`Import::parse`].
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self> {
        let mut resources = Vec::new();
        for text in texts {
            resources.extend(Self::parse(text)?.resources);
        }
        Ok(Self { resources })
    }

    /// All resources, in their order.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resources of one type.
    pub fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The CareTeams.
    ///
    /// # Errors
    /// `InvalidInput` (`no-care-team`) where there is none.
    pub fn care_teams(&self) -> Result<Vec<&Resource>> {
        let teams: Vec<&Resource> = self.of_kind("CareTeam").collect();
        if teams.is_empty() {
            return Err(
                InvalidInput::new("no-care-team", "there is no CareTeam in it to open a case from").into()
            );
        }
        Ok(teams)
    }

    /// The Patients.
    pub fn patients(&self) -> impl Iterator<Item = &Resource> {
        self.of_kind("Patient")
    }

    /// The CarePlans.
    pub fn care_plans(&self) -> impl Iterator<Item = &Resource> {
        self.of_kind("CarePlan")
    }

    /// What a reference points at: a `fullUrl`, `Kind/id` (of any server, with or without a version), or
    /// `Kind?identifier=system|value` (FHIR R4, 2.3.0.1 and 3.1.0.11).
    pub fn resolve(&self, reference: &str) -> Option<&Resource> {
        if let Some(found) = self.resources.iter().find(|one| one.full_url.as_deref() == Some(reference)) {
            return Some(found);
        }
        if let Some((kind, query)) = reference.split_once('?') {
            let token = query.strip_prefix("identifier=")?;
            return self.identified(kind, &percent_decoded(token));
        }
        let path = reference.split("/_history/").next().unwrap_or(reference);
        let mut parts = path.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        self.resources.iter().find(|one| one.kind == kind && one.id.as_deref() == Some(id))
    }

    /// The resource of a type that has this identifier.
    pub fn identified(&self, kind: &str, token: &str) -> Option<&Resource> {
        let (system, value) = token.split_once('|')?;
        self.resources.iter().filter(|one| one.kind == kind).find(|resource| {
            resource.node().is_ok_and(|node| {
                node.list("identifier").iter().any(|identifier| {
                    identifier.str("value").as_deref() == Some(value)
                        && identifier.str("system").as_deref() == Some(system)
                })
            })
        })
    }

    /// What a Reference element points at: by its `reference`, else by its `identifier`.
    pub(crate) fn target(&self, reference: &Node<'_>) -> Option<&Resource> {
        if let Some(found) = reference.str("reference").and_then(|text| self.resolve(&text)) {
            return Some(found);
        }
        let identifier = reference.get("identifier")?;
        let token = format!("{}|{}", identifier.str("system")?, identifier.str("value")?);
        if let Some(kind) = reference.str("type") {
            return self.identified(&kind, &token);
        }
        let kinds = ["Practitioner", "Organization", "PractitionerRole", "Patient"];
        kinds.into_iter().find_map(|kind| self.identified(kind, &token))
    }

    /// The document of a care plan: a Bundle of type `collection` with the CarePlan first, then everything that it
    /// refers to, directly or through others, as far as it is here. Each resource keeps its bytes. The member's Patient is
    /// in it, but not what only the Patient refers to.
    ///
    /// # Errors
    /// `NotFound` where there is no such CarePlan.
    pub fn plan_document(&self, care_plan: &str) -> Result<String> {
        let first = self
            .resolve(care_plan)
            .or_else(|| self.care_plans().find(|plan| plan.id() == Some(care_plan)))
            .filter(|plan| plan.kind == "CarePlan")
            .ok_or(crate::Error::NotFound { what: "care plan" })?;
        let mut taken = vec![first];
        let mut next = 0;
        while let Some(resource) = taken.get(next).copied() {
            next += 1;
            if resource.kind == "Patient" {
                continue;
            }
            let mut found: Vec<&Resource> = Vec::new();
            let node = resource.node()?;
            let _: Option<String> = node.rewrite::<crate::Error>(&mut |key, node| {
                if key == "reference"
                    && let Some(target) = node.text().and_then(|text| self.resolve(&text))
                {
                    found.push(target);
                }
                Ok(None)
            })?;
            for target in found {
                if !taken.iter().any(|one| std::ptr::eq(*one, target)) {
                    taken.push(target);
                }
            }
        }
        let entries: Vec<String> = taken
            .iter()
            .map(|resource| match resource.full_url.clone().or_else(|| resource.reference()) {
                Some(url) => format!(r#"{{"fullUrl":{},"resource":{}}}"#, json::quote(&url), resource.json),
                None => format!(r#"{{"resource":{}}}"#, resource.json),
            })
            .collect();
        Ok(format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, entries.join(",")))
    }
}

/// Counts lines once, for slices that come in their order.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    fn of(&mut self, part: &str) -> u64 {
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.line += json::line_of(self.text.get(self.at..at).unwrap_or_default(), usize::MAX) - 1;
        self.at = at;
        self.line
    }
}

/// Undoes percent-encoding (RFC 3986, 2.1); what is not such an encoding stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                let byte = hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0);
                out.push(u8::try_from(byte).unwrap_or(b'?'));
                tail
            }
            _ => {
                out.push(*first);
                tail
            }
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
