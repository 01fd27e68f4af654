//! The project's own small Java programs, built once per user from the sources that lie in this crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::cache::{Cache, fingerprint, hex};
use crate::error::{Doing, Error, Result};
use crate::process::{last_line, run_to_end};
use crate::python;
use crate::synapse::no_network;

const OLDEST_JAVA: u32 = 17;

/// A Java program: its sources, and the hashes of the libraries that it must be built with.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name of its folder in the cache and of its jar.
    pub(crate) name: &'static str,
    /// What a person calls it.
    pub(crate) title: &'static str,
    /// Path and text of each source file.
    pub(crate) sources: &'static [(&'static str, &'static str)],
    /// `sha256sum` of all libraries.
    pub(crate) libraries: &'static str,
}

impl Program {
    /// Builds it into the cache, unless it is there, and returns its jar.
    pub(crate) fn install(&self, cache: &Cache) -> Result<PathBuf> {
        check_java()?;
        let mut parts = vec![self.libraries];
        for (path, text) in self.sources {
            parts.extend([path, text]);
        }
        let name = format!("{}-{}", self.name, fingerprint(&parts));
        let place =
            cache.install(&name, self.title, self.libraries, |folder| self.build(cache, &name, folder))?;
        Ok(place.join(format!("{}.jar", self.name)))
    }

    fn build(&self, cache: &Cache, name: &str, folder: &Path) -> Result<()> {
        let python = python::find()?.program;
        check_maven()?;
        let sources = folder.join("build");
        for (path, text) in self.sources {
            let path = sources.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&sources))
                .and_then(|()| fs::write(&path, text))
                .doing(|| format!("writing {}", path.display()))?;
        }
        let log = cache.log(name);
        let repository = format!("-Dmaven.repo.local={}", cache.root().join("maven").display());
        // Two Mavens must not write to one repository.
        let lock = cache.lock("maven", "Java libraries")?;
        let command = ["mvn", "-B", "-q", "-C", "--no-transfer-progress", &repository, "package"];
        let status = run_to_end(&python, &command, &sources, &log)?;
        drop(lock);
        if !status.success() {
            return Err(self.why(&log));
        }
        let built = sources.join("target");
        self.check(&built.join("lib"), &log)?;
        let jar = format!("{}.jar", self.name);
        fs::rename(built.join(&jar), folder.join(&jar))
            .and_then(|()| fs::rename(built.join("lib"), folder.join("lib")))
            .and_then(|()| fs::remove_dir_all(&sources))
            .doing(|| format!("collecting {}", self.title))
    }

    /// Compares what Maven fetched with what was pinned.
    fn check(&self, libraries: &Path, log: &Path) -> Result<()> {
        let mut found = BTreeMap::new();
        let entries = fs::read_dir(libraries).doing(|| format!("reading {}", libraries.display()))?;
        for entry in entries {
            let path = entry.doing(|| format!("reading {}", libraries.display()))?.path();
            let bytes = fs::read(&path).doing(|| format!("reading {}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name, hex(&Sha256::digest(&bytes)));
        }
        match difference(&pinned(self.libraries), &found) {
            None => Ok(()),
            Some(reason) => Err(self.failed(reason, log)),
        }
    }

    fn failed(&self, reason: String, log: &Path) -> Error {
        Error::Install { what: self.title.to_owned(), reason, log: log.display().to_string() }
    }

    fn why(&self, log: &Path) -> Error {
        let output = fs::read_to_string(log).unwrap_or_default();
        if no_network(&output) {
            return Error::NoNetwork { what: self.title.to_owned(), log: log.display().to_string() };
        }
        let hint = if output.contains("No compiler is provided") {
            "Maven found a Java without a compiler; install a JDK, not a JRE".to_owned()
        } else if output.contains("release version") && output.contains("not supported") {
            format!("Maven runs an older Java; set JAVA_HOME to a JDK {OLDEST_JAVA} or newer")
        } else {
            let error = output.lines().find(|line| line.starts_with("[ERROR]"));
            error.map_or_else(|| last_line(log), |line| line.chars().take(300).collect())
        };
        self.failed(hint, log)
    }
}

fn pinned(list: &str) -> BTreeMap<String, String> {
    let entries = list.lines().filter_map(|line| line.split_once("  "));
    entries.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}

/// The first difference, in words.
fn difference(pinned: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Option<String> {
    for (name, hash) in pinned {
        match found.get(name) {
            None => return Some(format!("the pinned library {name} is missing")),
            Some(other) if other != hash => {
                return Some(format!("the library {name} is not the pinned one (SHA-256 {other})"));
            }
            Some(_) => {}
        }
    }
    let extra = found.keys().find(|name| !pinned.contains_key(*name))?;
    Some(format!("the library {extra} is not among the pinned ones"))
}

/// Fails with one line if there is no Java that is new enough.
pub(crate) fn check_java() -> Result<()> {
    let missing = |found: &str| Error::MissingTool {
        tool: "Java",
        hint: format!(
            "{found}install a JDK {OLDEST_JAVA} or newer (on Debian and Ubuntu: apt install openjdk-{OLDEST_JAVA}-jdk-headless)"
        ),
    };
    let answer =
        Command::new("java").arg("-version").stdin(Stdio::null()).output().map_err(|_| missing(""))?;
    let text = String::from_utf8_lossy(&answer.stderr).into_owned();
    match java_version(&text) {
        Some(version) if version >= OLDEST_JAVA => Ok(()),
        Some(version) => Err(missing(&format!("`java` is version {version}, "))),
        None => Err(missing("`java` does not run, ")),
    }
}

/// The major version in what `java -version` prints.
fn java_version(text: &str) -> Option<u32> {
    let quoted = text.split('"').nth(1)?;
    let mut numbers = quoted.split(['.', '-', '+', '_']).map(str::parse::<u32>);
    match numbers.next()?.ok()? {
        1 => numbers.next()?.ok(),
        major => Some(major),
    }
}

fn check_maven() -> Result<()> {
    let runs = Command::new("mvn")
        .arg("-version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if runs {
        return Ok(());
    }
    Err(Error::MissingTool {
        tool: "Maven",
        hint: "install it so that `mvn` runs (on Debian and Ubuntu: apt install maven)".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_versions_old_and_new_are_understood() {
        assert_eq!(java_version("openjdk version \"17.0.15\" 2025-04-15"), Some(17));
        assert_eq!(java_version("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(java_version("java version \"1.8.0_402\""), Some(8));
        assert_eq!(java_version("nothing"), None);
    }

    #[test]
    fn a_library_that_is_not_the_pinned_one_is_named() {
        let good = pinned("aa  a.jar\nbb  b.jar\n");
        assert_eq!(difference(&good, &good), None);
        let told = |list: &str| difference(&good, &pinned(list)).unwrap_or_default();
        assert!(told("aa  a.jar\n").contains("b.jar is missing"));
        assert!(told("aa  a.jar\ncc  b.jar\n").contains("b.jar is not the pinned one"));
        assert!(told("aa  a.jar\nbb  b.jar\ncc  c.jar\n").contains("c.jar is not among"));
    }
}
