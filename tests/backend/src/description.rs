//! The backend in words: what `cargo xtask up --json` prints and the demo's `--backend FILE` reads.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The servers of both organisations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendDescription {
    /// One homeserver per organisation.
    pub homeservers: Vec<HomeserverDescription>,
    /// One FHIR server per organisation, or none where the embedded records are used.
    #[serde(default)]
    pub records: Vec<RecordDescription>,
}

/// A homeserver and the accounts on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeserverDescription {
    /// `aco` or `cp`.
    pub organization: String,
    /// Where clients reach it.
    pub url: String,
    /// What stands behind the colon in its users' ids.
    pub server_name: String,
    /// Its SQLite file, if it is on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<PathBuf>,
    /// The folder of its media, if it is on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<PathBuf>,
    /// Its log, if it is on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    /// The accounts that were made on it.
    pub accounts: Vec<Account>,
}

/// An account on a homeserver.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The full Matrix user id.
    pub user_id: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A FHIR server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDescription {
    /// `aco` or `cp`.
    pub organization: String,
    /// Its base URL.
    pub url: String,
}

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not JSON.
    #[error("{}, line {line}, column {column}: not JSON: {problem}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A field is missing, unknown, or holds something else than it should.
    #[error("{}{}, field {field}: {problem}", path.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where it is known.
        line: Option<usize>,
        /// The field, as a path: `homeservers[0].url`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl BackendDescription {
    /// Reads a description from a file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, DescriptionError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| DescriptionError::Unreadable { path: path.to_owned(), source })?;
        Self::from_json(&text, path)
    }

    /// Reads a description from its text; `path` is only named in errors.
    pub fn from_json(text: &str, path: &Path) -> Result<Self, DescriptionError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let parsed: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let description = parsed.map_err(|error| {
            let field = error.path().to_string();
            let inner = error.into_inner();
            let (line, column) = (inner.line(), inner.column());
            // serde_json adds the place to its text; ours stands in front.
            let told = inner.to_string();
            let problem = told.split(" at line ").next().unwrap_or(&told).to_owned();
            let path = path.to_owned();
            if inner.is_data() {
                DescriptionError::Field { path, line: Some(line), field, problem }
            } else {
                DescriptionError::NotJson { path, line, column, problem }
            }
        })?;
        reader.end().map_err(|error| DescriptionError::NotJson {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: "there is more text after the description".into(),
        })?;
        description.check().map_err(|(field, value, problem)| DescriptionError::Field {
            path: path.to_owned(),
            line: line_of(text, &value),
            field,
            problem,
        })?;
        Ok(description)
    }

    /// The homeserver of an organisation.
    pub fn homeserver(&self, organization: &str) -> Option<&HomeserverDescription> {
        self.homeservers.iter().find(|homeserver| homeserver.organization == organization)
    }

    /// The FHIR server of an organisation.
    pub fn record(&self, organization: &str) -> Option<&RecordDescription> {
        self.records.iter().find(|record| record.organization == organization)
    }

    /// Returns the first field that cannot be right, its value, and why.
    fn check(&self) -> Result<(), (String, String, String)> {
        let wrong =
            |field: String, value: &str, problem: &str| Err((field, value.to_owned(), problem.to_owned()));
        let known = |name: &str| matches!(name, "aco" | "cp");
        let web = |url: &str| {
            ["http://", "https://"]
                .iter()
                .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        };
        for (index, homeserver) in self.homeservers.iter().enumerate() {
            let at = format!("homeservers[{index}]");
            let earlier = self.homeservers.iter().take(index);
            if !known(&homeserver.organization) {
                return wrong(
                    format!("{at}.organization"),
                    &homeserver.organization,
                    "must be \"aco\" or \"cp\"",
                );
            }
            if earlier.into_iter().any(|other| other.organization == homeserver.organization) {
                let problem = "this organisation has a homeserver already";
                return wrong(format!("{at}.organization"), &homeserver.organization, problem);
            }
            if !web(&homeserver.url) {
                return wrong(format!("{at}.url"), &homeserver.url, "must begin with http:// or https://");
            }
            if homeserver.server_name.is_empty() || homeserver.server_name.contains(['/', '@', ' ']) {
                return wrong(format!("{at}.server_name"), &homeserver.server_name, "is not a server's name");
            }
            for (index, account) in homeserver.accounts.iter().enumerate() {
                let localpart = account
                    .user_id
                    .strip_prefix('@')
                    .and_then(|id| id.strip_suffix(&homeserver.server_name)?.strip_suffix(':'));
                if localpart.is_none_or(str::is_empty) {
                    let problem = format!("must read @NAME:{}", homeserver.server_name);
                    return wrong(format!("{at}.accounts[{index}].user_id"), &account.user_id, &problem);
                }
            }
        }
        for name in ["aco", "cp"] {
            if self.homeserver(name).is_none() {
                return wrong("homeservers".into(), "homeservers", &format!("there is none for \"{name}\""));
            }
        }
        for (index, record) in self.records.iter().enumerate() {
            let at = format!("records[{index}]");
            if !known(&record.organization) {
                return wrong(
                    format!("{at}.organization"),
                    &record.organization,
                    "must be \"aco\" or \"cp\"",
                );
            }
            if self.records.iter().take(index).any(|other| other.organization == record.organization) {
                let problem = "this organisation has a record already";
                return wrong(format!("{at}.organization"), &record.organization, problem);
            }
            if !web(&record.url) {
                return wrong(format!("{at}.url"), &record.url, "must begin with http:// or https://");
            }
        }
        Ok(())
    }
}

/// The line on which a JSON string of this value first stands.
fn line_of(text: &str, value: &str) -> Option<usize> {
    let quoted = serde_json::to_string(value).ok()?;
    let before = text.get(..text.find(&quoted)?)?;
    Some(before.matches('\n').count() + 1)
}

#[cfg(test)]
#[path = "description_tests.rs"]
mod tests;
