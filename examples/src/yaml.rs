//! Reading YAML that a person wrote: every mistake is told with its file, its line and its field.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}: {problem}", .file.display(), .line.map(|line| format!(", line {line}")).unwrap_or_default(),
    if .field.is_empty() { String::new() } else { format!(", {}", .field) })]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1, where it is known.
    pub line: Option<u64>,
    /// The field as a path, `steps[3].jane.send`; empty where the file as a whole is meant.
    pub field: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl Mistake {
    /// A mistake somewhere in this file.
    pub fn new(file: &Path, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, field: String::new(), problem: problem.into() }
    }

    /// What is wrong with a paper that the client reads.
    pub fn of(file: &Path, error: caseline::Error) -> Self {
        match error {
            caseline::Error::InvalidInput(wrong) => {
                let field = wrong.field.unwrap_or_default();
                Self::new(file, wrong.detail).at(wrong.line.unwrap_or(0), field)
            }
            other => Self::new(file, other.to_string()),
        }
    }

    /// The same, naming line and field.
    #[must_use]
    pub fn at(mut self, line: u64, field: impl Into<String>) -> Self {
        self.line = Some(line).filter(|line| *line > 0);
        self.field = field.into();
        self
    }
}

/// Reads a whole file as text.
pub fn text(file: &Path) -> Result<String, Mistake> {
    std::fs::read_to_string(file).map_err(|error| Mistake::new(file, format!("cannot be read: {error}")))
}

/// Reads YAML; `file` is only named in mistakes.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Mistake> {
    let mut field = String::new();
    serde_saphyr::with_deserializer_from_str(text, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            field = path(error.path());
            error.into_inner()
        })
    })
    .map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let told = error.without_snippet().to_string();
        // The place stands in front already; the parser adds it to its own words.
        let problem = told.split(" at line ").next().unwrap_or(&told);
        let problem = problem.split("error: ").last().unwrap_or(problem).trim();
        Mistake::new(file, problem).at(line, std::mem::take(&mut field))
    })
}

/// The path as a person writes it. A value that is kept with its place is a pair of value and place to the parser: the
/// segment of that pair is left out.
fn path(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
            Segment::Map { key } if key == "value" => {}
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Unknown => {}
        }
    }
    text
}
