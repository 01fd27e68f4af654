//! The folder: what is new in it, what waits in it, and where each goes. Whatever is moved is told before, so that a kill between
//! the two only tells it again, which is told once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caseline::id::{CaseId, Sha256};
use caseline::{Caseline, Error};
use serde_json::{Value, json};

use super::tell::Members;
use super::{Became, Feed, Form, Record, Unread, tell};

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// How often it is looked whether somebody confirmed what waits for it.
const AGAIN: Duration = Duration::from_secs(60);

const TO_CONFIRM: &str = "to-confirm";
const NO_CASE: &str = "no-case";
const REFUSED: &str = "refused";
const DONE: &str = "done";

/// What hinders the bot in its folder.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The folder, or a file in it.
    #[error("the folder of the admissions: {0}")]
    Folder(#[from] io::Error),
    /// The store, or a case.
    #[error(transparent)]
    Caseline(#[from] Error),
}

impl Trouble {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder(_) => "admissions-folder",
            Self::Caseline(error) => error.code(),
        }
    }
}

/// A feed's folder, and when it was looked into.
pub struct Folder {
    feed: Feed,
    cases: BTreeSet<CaseId>,
    again: Option<Instant>,
}

impl Folder {
    /// Makes the folders within the feed's folder.
    ///
    /// # Errors
    /// Those of making a folder.
    pub fn new(feed: Feed) -> io::Result<Self> {
        for within in [TO_CONFIRM, NO_CASE, REFUSED, DONE] {
            fs::create_dir_all(feed.folder.join(within))?;
        }
        Ok(Self { feed, cases: BTreeSet::new(), again: None })
    }

    /// Takes over what is new, and looks again at what waits. Returns a line for each file of which something became: its SHA-256,
    /// and how many of its records became what.
    ///
    /// # Errors
    /// [`Trouble`]. What was not taken over is where it was.
    pub fn look(&mut self, caseline: &Caseline) -> Result<Vec<Value>, Trouble> {
        let new = files(&self.feed.folder)?;
        let cases: BTreeSet<CaseId> = caseline.cases()?.iter().map(caseline::Case::id).collect();
        let others = cases != self.cases;
        let again = others || self.again.is_none_or(|last| last.elapsed() >= AGAIN);
        let mut waiting = Vec::new();
        if again {
            waiting.extend(files(&self.feed.folder.join(TO_CONFIRM))?);
        }
        if others {
            waiting.extend(files(&self.feed.folder.join(NO_CASE))?);
        }
        if new.is_empty() && waiting.is_empty() {
            self.cases = cases;
            return Ok(Vec::new());
        }
        let members = Members::of(caseline)?;
        let mut told = Vec::new();
        for (path, form) in new {
            told.push(self.take(caseline, &members, &path, form)?);
        }
        for (path, form) in waiting {
            told.extend(self.take_again(caseline, &members, &path, form)?);
        }
        self.cases = cases;
        if again {
            self.again = Some(Instant::now());
        }
        Ok(told)
    }

    fn take(
        &self,
        caseline: &Caseline,
        members: &Members,
        path: &Path,
        form: Form,
    ) -> Result<Value, Trouble> {
        let file = Text::read(path, form, &self.feed)?;
        let mut line = Line::default();
        for record in &file.records {
            let became = tell(caseline, members, record)?;
            if let Some(place) = place(&became) {
                self.put(place, form, record, &became)?;
            }
            line.count(&became);
        }
        fs::rename(path, self.feed.folder.join(DONE).join(format!("{}.{}", file.name, form.end())))?;
        Ok(line.of(&file.name))
    }

    /// Looks at a record again that waited. It says something only where that changes.
    fn take_again(
        &self,
        caseline: &Caseline,
        members: &Members,
        path: &Path,
        form: Form,
    ) -> Result<Option<Value>, Trouble> {
        let file = Text::read(path, form, &self.feed)?;
        let Some(record) = file.records.first() else { return Ok(None) };
        let became = tell(caseline, members, record)?;
        let now = place(&became);
        if now.is_some_and(|place| path.parent() == Some(&self.feed.folder.join(place))) {
            return Ok(None);
        }
        if let Some(place) = now {
            self.put(place, form, record, &became)?;
        }
        // The file that it came in is in `done`.
        fs::remove_file(path)?;
        let mut line = Line::default();
        line.count(&became);
        Ok(Some(line.of(&file.name)))
    }

    /// Puts a record where it waits, under a name that says nothing.
    fn put(&self, place: &str, form: Form, record: &Record, became: &Became) -> io::Result<()> {
        let folder = self.feed.folder.join(place);
        let name = Sha256::of(&record.text);
        if let Became::Refused(code, text) = became {
            whole(&folder.join(format!("{name}.txt")), &format!("{code}: {text}\n"))?;
        }
        whole(&folder.join(format!("{name}.{}", form.end())), &record.text)
    }
}

/// Where a record waits, if it does.
fn place(became: &Became) -> Option<&'static str> {
    match became {
        Became::ToConfirm(_) => Some(TO_CONFIRM),
        Became::NoCase => Some(NO_CASE),
        Became::Refused(..) => Some(REFUSED),
        Became::Nothing | Became::Known | Became::Told => None,
    }
}

/// A file that was read.
struct Text {
    /// The SHA-256 of it.
    name: Sha256,
    records: Vec<Record>,
}

impl Text {
    fn read(path: &Path, form: Form, feed: &Feed) -> io::Result<Self> {
        let refused = |text: String, field, problem| {
            let name = Sha256::of(&text);
            let read = Err(Unread::new(field, problem));
            Self { name, records: vec![Record { text, read }] }
        };
        if fs::metadata(path)?.len() > MOST_BYTES {
            let name = Sha256::of(path.as_os_str().as_encoded_bytes());
            let unread = Unread::new("file", "is larger than 16 MiB: it is in `done`; put it there in parts");
            let records = vec![Record { text: String::new(), read: Err(unread) }];
            return Ok(Self { name, records });
        }
        let bytes = fs::read(path)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                return Ok(refused(text, "file", "is not UTF-8: have the feed send UTF-8"));
            }
        };
        Ok(Self { name: Sha256::of(&text), records: form.read(&text, feed) })
    }
}

/// The files of a folder whose form is known, in the order of their names. What has another name, or is still written under a name that
/// begins with a dot, stays where it is.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, Form)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let end = path.extension().and_then(|end| end.to_str()).map(str::to_lowercase);
        let form = end.as_deref().and_then(Form::of);
        // A link is not followed: it may lead anywhere.
        if let (false, true, Some(form)) = (hidden, entry.file_type()?.is_file(), form) {
            files.push((path, form));
        }
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

/// Writes a file that is there whole or not at all.
fn whole(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let file = fs::File::create(&beside)?;
    io::Write::write_all(&mut &file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// What became of a file.
#[derive(Default)]
struct Line {
    told: u32,
    known: u32,
    nothing: u32,
    no_case: u32,
    to_confirm: BTreeSet<CaseId>,
    refused: BTreeSet<String>,
}

impl Line {
    fn count(&mut self, became: &Became) {
        match became {
            Became::Nothing => self.nothing += 1,
            Became::Known => self.known += 1,
            Became::Told => self.told += 1,
            Became::NoCase => self.no_case += 1,
            Became::ToConfirm(cases) => self.to_confirm.extend(cases),
            Became::Refused(code, _) => {
                self.refused.insert(code.clone());
            }
        }
    }

    fn of(&self, name: &Sha256) -> Value {
        json!({
            "kind": "admissions", "file": name, "told": self.told, "known": self.known, "nothing": self.nothing,
            "no_case": self.no_case, "to_confirm": self.to_confirm, "refused": self.refused,
        })
    }
}
