//! Looking for a member's words where none may stand: in databases, media and logs, byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The words to look for.
#[derive(Debug, Clone, Default)]
pub struct Words {
    words: BTreeSet<String>,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
    /// The files in which a word stands, each with how many different ones.
    pub found: Vec<(PathBuf, usize)>,
}

impl Words {
    /// The member's own data in a Bundle: what each Patient says of names, identifiers, birth date, telephone and
    /// address; and the texts of care plans and goals.
    pub fn of_bundle(bundle: &Value) -> Self {
        let mut words = Self::default();
        let entries = bundle.get("entry").and_then(Value::as_array);
        for resource in entries.into_iter().flatten().filter_map(|entry| entry.get("resource")) {
            match resource.get("resourceType").and_then(Value::as_str) {
                Some("Patient") => {
                    for path in [
                        "name/given",
                        "name/family",
                        "identifier/value",
                        "birthDate",
                        "telecom/value",
                        "address/line",
                    ] {
                        collect(resource, path, &mut words);
                    }
                }
                Some("CarePlan") => {
                    for path in [
                        "title",
                        "description",
                        "category/text",
                        "activity/detail/description",
                        "activity/detail/code/text",
                    ] {
                        collect(resource, path, &mut words);
                    }
                }
                Some("Goal") => collect(resource, "description/text", &mut words),
                _ => {}
            }
        }
        words
    }

    /// Adds a text that nobody but its readers may see.
    pub fn add(&mut self, text: &str) {
        // Three letters stand in any file by chance.
        if text.trim().len() > 3 {
            self.words.insert(text.trim().to_owned());
        }
    }

    /// Adds all words of another set.
    pub fn extend(&mut self, other: Self) {
        self.words.extend(other.words);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Looks into these files, and into all files of folders among them. What is not there is not looked into.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn scan<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) -> io::Result<Scan> {
        let mut scan = Scan::default();
        let patterns = Patterns::of(&self.words);
        let mut waiting: Vec<PathBuf> = paths.into_iter().map(Path::to_owned).collect();
        while let Some(path) = waiting.pop() {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() {
                for entry in fs::read_dir(&path)? {
                    waiting.push(entry?.path());
                }
            } else if metadata.is_file() {
                let bytes = match fs::read(&path) {
                    // A database's journal comes and goes while it is in use.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    other => other?,
                };
                scan.files += 1;
                scan.bytes += bytes.len() as u64;
                let found = patterns.found_in(&bytes);
                if found > 0 {
                    scan.found.push((path, found));
                }
            }
        }
        Ok(scan)
    }
}

/// A database, with the files that SQLite keeps beside it.
pub fn database(path: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm", "-journal"]
        .into_iter()
        .map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        })
        .collect()
}

fn collect(value: &Value, path: &str, words: &mut Words) {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some(next) = value.get(first) else { return };
    let many = next.as_array().map_or(std::slice::from_ref(next), Vec::as_slice);
    for one in many {
        match rest {
            Some(rest) => collect(one, rest, words),
            None => words.add(one.as_str().unwrap_or_default()),
        }
    }
}

/// The words as they are and as JSON would escape them, by their first two bytes, so that many are looked for in one pass.
struct Patterns(Vec<Vec<(usize, Vec<u8>)>>);

impl Patterns {
    fn of(words: &BTreeSet<String>) -> Self {
        let mut patterns = Self(vec![Vec::new(); 1 << 16]);
        for (index, word) in words.iter().enumerate() {
            let escaped = Value::from(word.as_str()).to_string();
            let spellings = BTreeSet::from([word.as_str(), escaped.trim_matches('"')]);
            for spelling in spellings {
                let place = Self::place(spelling.as_bytes()).and_then(|place| patterns.0.get_mut(place));
                if let Some(place) = place {
                    place.push((index, spelling.as_bytes().to_owned()));
                }
            }
        }
        patterns
    }

    fn place(bytes: &[u8]) -> Option<usize> {
        let pair: [u8; 2] = bytes.get(..2)?.try_into().ok()?;
        Some(usize::from(u16::from_le_bytes(pair)))
    }

    /// How many of the words stand there. A short word inside a run of Base64 is chance, not a leak.
    fn found_in(&self, bytes: &[u8]) -> usize {
        let mut found = BTreeSet::new();
        for (at, pair) in bytes.windows(2).enumerate() {
            let Some(candidates) = Self::place(pair).and_then(|place| self.0.get(place)) else { continue };
            for (index, word) in candidates {
                let there = bytes.get(at..).is_some_and(|rest| rest.starts_with(word));
                if there && (word.len() >= 8 || !in_base64(bytes, at, word.len())) {
                    found.insert(*index);
                }
            }
        }
        found.len()
    }
}

fn in_base64(bytes: &[u8], at: usize, length: usize) -> bool {
    let base64 = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || b"+/-_".contains(b))
    };
    base64(at.checked_sub(1)) && base64(at.checked_add(length))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_words_of_the_story_are_known() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let bundle = serde_json::from_str(&fs::read_to_string(data.join("cp.json")).unwrap()).unwrap();
        let words = Words::of_bundle(&bundle);
        for word in ["Marty", "Exampleton", "100044071903", "1961-03-17", "12 Specimen Street"] {
            assert!(words.words.contains(word), "{word}");
        }
        let scan = words.scan([data.as_path()]).unwrap();
        assert!(scan.found.iter().any(|(path, _)| path.ends_with("aco.json")), "{scan:?}");
    }

    #[test]
    fn words_are_found_as_they_are_and_as_json_escapes_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut words = Words::default();
        words.add("Marty");
        words.add("He said \"no\".\nTwice.");
        let found = |text: &str| {
            fs::write(folder.path().join("f"), text).unwrap();
            !words.scan([folder.path()]).unwrap().found.is_empty()
        };
        assert!(found("… Marty's …"));
        assert!(found("{\"body\":\"a\\nMarty\"}"));
        assert!(found("{\"body\":\"He said \\\"no\\\".\\nTwice.\"}"));
        assert!(!found("b64 AAMartyAA"));
        assert!(!found("marty"));
    }

    #[test]
    fn a_database_has_its_journal_beside_it() {
        assert!(database(Path::new("/x/homeserver.db")).contains(&PathBuf::from("/x/homeserver.db-wal")));
    }
}
