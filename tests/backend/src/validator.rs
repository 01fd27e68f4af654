//! HAPI's instance validator, offline.

mod reviewed;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::cache::Cache;
use crate::error::{Doing, Error, Result};
use crate::maven::Program;

pub use reviewed::{Judged, Reviewed};

const PROGRAM: Program = Program {
    name: "fhir-validator",
    title: "HAPI's FHIR validator 8.8.0",
    sources: &[
        ("pom.xml", include_str!("../fhir-validator/pom.xml")),
        (
            "src/main/java/org/caseline/backend/FhirValidation.java",
            include_str!("../fhir-validator/src/main/java/org/caseline/backend/FhirValidation.java"),
        ),
    ],
    libraries: include_str!("../fhir-validator/libs.sha256"),
};

/// Validates FHIR R4 resources. Give it all files at once: it takes ten seconds to warm up, then a tenth for each.
///
/// A profile that it does not have is a warning; LOINC's and SNOMED's codes are not checked.
#[derive(Debug, Clone)]
pub struct Validator {
    jar: PathBuf,
}

/// What the validator found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileResult {
    /// The file, as it was given.
    pub file: PathBuf,
    /// Everything that it had to say, warnings included.
    pub issues: Vec<Issue>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub message: String,
    /// Where it is: `Patient.gender`.
    pub location: String,
}

/// How bad a finding is, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Information,
    /// Allowed, and unwise.
    Warning,
    /// Against the specification.
    Error,
    /// Not even a resource.
    Fatal,
}

impl FileResult {
    /// What is against the specification.
    pub fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.severity >= Severity::Error)
    }

    /// Whether nothing is against the specification.
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }
}

impl Validator {
    /// Builds the validator into the cache, unless it is there.
    pub fn install() -> Result<Self> {
        Ok(Self { jar: PROGRAM.install(&Cache::open()?)? })
    }

    /// Validates these files, each a resource in JSON or XML, and returns one result for each, in their order.
    pub fn run<P: AsRef<Path>>(&self, files: &[P]) -> Result<Vec<FileResult>> {
        let fail = |reason: String| Error::Start { what: "The FHIR validator".into(), reason };
        let mut names = Vec::new();
        for file in files {
            let name = file.as_ref().to_str().filter(|name| !name.contains(['\n', '\r']));
            names.push(name.ok_or_else(|| fail("a file's name is not plain text".into()))?);
        }
        let mut child = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx768m", "-jar"])
            .arg(&self.jar)
            .env_remove("JAVA_TOOL_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .doing(|| "starting the FHIR validator".into())?;
        let input = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // It answers while it still reads: neither side may wait for the other.
            scope.spawn(move || {
                if let Some(mut input) = input {
                    for name in names {
                        if writeln!(input, "{name}").is_err() {
                            break;
                        }
                    }
                }
            });
            child.wait_with_output()
        });
        let output = output.doing(|| "running the FHIR validator".into())?;
        let answers: std::result::Result<Vec<FileResult>, _> =
            String::from_utf8_lossy(&output.stdout).lines().map(serde_json::from_str).collect();
        let answers = answers.map_err(|error| fail(format!("its answer is not understood: {error}")))?;
        if answers.len() != files.len() {
            return Err(fail(format!("it answered for {} of {} files", answers.len(), files.len())));
        }
        Ok(answers)
    }
}
