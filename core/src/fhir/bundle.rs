//! Resources as they come in: a Bundle, one resource, or what a search of a record found.

mod index;
mod resource;
mod roles;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

use index::{Index, Name};
pub use resource::Resource;
use roles::Roles;

use super::check;
use super::json::{self, Node};
use crate::error::{InvalidInput, Result};

/// The most resources that are read from one text.
const MAX_RESOURCES: usize = 50_000;

/// Resources that came in together and refer to each other. Types that we do not know are kept.
#[derive(Debug, Clone, Default)]
pub struct Import {
    resources: Vec<Resource>,
    index: Index,
    /// Read when it is first asked for.
    roles: OnceLock<Roles>,
}

impl Import {
    /// Reads a Bundle of any type, or one resource.
    ///
    /// # Errors
    /// `InvalidInput`: `invalid-json` with the line; `json-too-large`, `json-too-deep`, `too-many-resources`; `not-fhir` with
    /// the path of the field and the line.
    pub fn parse(text: &str) -> Result<Self> {
        let mut import = Self::default();
        import.take(text)?;
        import.index.finish();
        Ok(import)
    }

    /// The same of bytes, which must be UTF-8 (RFC 8259, section 8.1).
    ///
    /// # Errors
    /// As for [`Import::parse`]; `InvalidInput` (`not-utf-8`) with the line.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(json::utf_8(bytes)?)
    }

    /// Takes resources one by one, for example those that a search found.
    ///
    /// # Errors
    /// As for [`Import::parse`].
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self> {
        let mut import = Self::default();
        for text in texts {
            import.take(text)?;
        }
        import.index.finish();
        Ok(import)
    }

    /// Reads a text. Of a Bundle one entry is in memory as a tree at a time.
    fn take(&mut self, text: &str) -> Result<()> {
        let read = json::Text::new(text)?;
        let whole = read.text();
        let top = read.shallow(whole)?;
        if top.str("resourceType").as_deref() != Some("Bundle") {
            let line = json::line_of(whole, json::offset(whole, top.raw()));
            return self.add(read, top.raw(), None, None, line);
        }
        let entries = top.get("entry");
        if top.get("type").is_none() || entries.is_some_and(|entry| !entry.is_array()) {
            let wrong = InvalidInput::new("not-fhir", "a Bundle has a type, and its entry is a list");
            return Err(wrong.field("type").line(1).into());
        }
        // The other members are read too: nothing in them stands twice.
        for (_, member) in top.members().iter().filter(|(name, _)| name != "entry") {
            read.tree(member.raw())?;
        }
        let Some(entries) = entries else { return Ok(()) };
        let mut lines = Lines::new(whole);
        let before = self.resources.len();
        read.items(entries.raw(), |index, entry| {
            let entry = read.shallow(entry)?;
            for (_, member) in entry.members().iter().filter(|(name, _)| name != "resource") {
                read.tree(member.raw())?;
            }
            let Some(resource) = entry.get("resource") else { return Ok(()) };
            let line = lines.of(resource.raw());
            if self.resources.len() - before >= MAX_RESOURCES {
                let detail = "there are more than 50,000 resources in it; split it";
                return Err(InvalidInput::new("too-many-resources", detail).line(line).into());
            }
            self.add(read, resource.raw(), entry.str("fullUrl"), u32::try_from(index).ok(), line)
        })
    }

    fn add<'a>(
        &mut self,
        read: json::Text<'a>,
        part: &'a str,
        full_url: Option<Cow<'_, str>>,
        entry: Option<u32>,
        line: u64,
    ) -> Result<()> {
        let node = match read.tree(part) {
            // Of a large stranger only what names it is read.
            Err(large) if large.code == "json-too-large" => {
                let node = read.shallow(part)?;
                if node.str("resourceType").is_none_or(|kind| check::is_known(&kind)) {
                    return Err(large.into());
                }
                node
            }
            node => node?,
        };
        let resource = Resource::read(&node, read.text(), full_url, entry, line)?;
        let place = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.index.add(place, &resource, &node)?;
        self.resources.push(resource);
        Ok(())
    }

    /// All resources, in their order.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resources of one type.
    pub fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.resources.iter().filter(move |resource| resource.kind() == kind)
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
    /// `Kind?identifier=system|value` (FHIR R4, 2.3.0.1 and 3.1.0.11). A condition can have several parameters, all of which
    /// must hold; with one that is neither `identifier` nor `_id` nothing is found, since a wrong person is worse than none.
    pub fn resolve(&self, reference: &str) -> Option<&Resource> {
        let mut by_url = self.found(Name::Url(reference));
        if let Some(found) = by_url.find(|one| one.full_url() == Some(reference)) {
            return Some(found);
        }
        if let Some((kind, query)) = reference.split_once('?') {
            return self.where_all(kind.rsplit('/').next().unwrap_or(kind), query);
        }
        let path = reference.split("/_history/").next().unwrap_or(reference);
        let mut parts = path.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        self.with_id(kind, id)
    }

    /// The resource of a type that has this identifier: `system|value`, `|value` for one without a system, or the value
    /// alone where only one resource has it (FHIR R4, 3.1.1.4.10 "token").
    pub fn identified(&self, kind: &str, token: &str) -> Option<&Resource> {
        let (system, value) = token.split_once('|').map_or((None, token), |(s, value)| (Some(s), value));
        let mut found = self.found(Name::Identifier(kind, value)).filter(|one| has(one, kind, system, value));
        let first = found.next()?;
        (system.is_some() || found.next().is_none()).then_some(first)
    }

    fn with_id(&self, kind: &str, id: &str) -> Option<&Resource> {
        self.found(Name::Id(kind, id)).find(|one| one.kind() == kind && one.id() == Some(id))
    }

    fn found(&self, name: Name<'_>) -> impl Iterator<Item = &Resource> {
        self.index.places(name).filter_map(|place| self.resources.get(place))
    }

    /// The resource for which every parameter of a condition holds.
    fn where_all(&self, kind: &str, query: &str) -> Option<&Resource> {
        let mut found: Option<&Resource> = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let value = percent_decoded(value);
            let one = match percent_decoded(name).as_str() {
                "identifier" => self.identified(kind, &value)?,
                "_id" => self.with_id(kind, &value)?,
                _ => return None,
            };
            if found.is_some_and(|found| !std::ptr::eq(found, one)) {
                return None;
            }
            found = Some(one);
        }
        found
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
            .filter(|plan| plan.kind() == "CarePlan")
            .ok_or(crate::Error::NotFound { what: "care plan" })?;
        let mut taken = vec![first];
        let mut known: HashSet<*const Resource> = HashSet::from([std::ptr::from_ref(first)]);
        let mut next = 0;
        while let Some(resource) = taken.get(next).copied() {
            next += 1;
            if resource.kind() == "Patient" {
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
                if known.insert(std::ptr::from_ref(target)) {
                    taken.push(target);
                }
            }
        }
        let entries: Vec<String> = taken
            .iter()
            .map(|resource| match resource.full_url().map(Into::into).or_else(|| resource.reference()) {
                Some(url) => format!(r#"{{"fullUrl":{},"resource":{}}}"#, json::quote(&url), resource.json()),
                None => format!(r#"{{"resource":{}}}"#, resource.json()),
            })
            .collect();
        Ok(format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, entries.join(",")))
    }
}

/// Whether a resource has such an identifier; without a system, any will do.
fn has(resource: &Resource, kind: &str, system: Option<&str>, value: &str) -> bool {
    resource.kind() == kind
        && resource.node().is_ok_and(|node| {
            node.list("identifier").iter().any(|identifier| {
                let its = identifier.str("system");
                identifier.str("value").as_deref() == Some(value)
                    && system.is_none_or(|system| its.as_deref().unwrap_or_default() == system)
            })
        })
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
