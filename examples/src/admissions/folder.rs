//! The folders: what is new, what waits, and where each goes.
//!
//! Two folders, of two owners. A feed puts its files into the one, in which nothing else of ours is: whoever can write there can change
//! what is there at any moment. The other is the keeper's alone. A file is first given a name that nobody else writes to, then copied into
//! the keeper's folder, then told, and only then counted as done: a kill between any two only does again what is done once.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caseline::id::{CaseId, Sha256};
use caseline::{Caseline, Error};
use serde_json::Value;
use uuid::Uuid;

use super::line::Line;
use super::tell::Members;
use super::{Became, Feed, Form, tell};

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// How often it is looked whether somebody confirmed what waits for it.
const SOON: Duration = Duration::from_mins(1);
/// How often what waits for a case, or was not allowed, is looked at again.
const LATER: Duration = Duration::from_hours(1);
/// How a file in the feed's folder begins that was taken from there.
const TAKEN: &str = ".taken-";

const TAKING: &str = "taking";
const TO_CONFIRM: &str = "to-confirm";
const NO_CASE: &str = "no-case";
const HELD: &str = "held";
const REFUSED: &str = "refused";
const DONE: &str = "done";

/// What hinders the bot in its folders. No name of a file is part of it.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The feed's folder, or a file in it.
    #[error("admissions.folder: {0}")]
    Feed(io::Error),
    /// The keeper's own, or a file in it.
    #[error("admissions.kept: {0}")]
    Kept(#[from] io::Error),
    /// The store, or a case.
    #[error(transparent)]
    Caseline(#[from] Error),
}

impl Trouble {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Feed(_) => "admissions-folder",
            Self::Kept(_) => "admissions-kept",
            Self::Caseline(error) => error.code(),
        }
    }
}

/// What a look into the folders came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// A line for each file of which something became: its SHA-256, and how many of its records became what.
    pub lines: Vec<Value>,
    /// What could not be taken over and is tried again. It does not hinder the others.
    pub trouble: Option<Trouble>,
}

/// A feed's folders, and when what waits in them was looked at.
pub struct Folder {
    feed: Feed,
    cases: BTreeSet<CaseId>,
    soon: Option<Instant>,
    later: Option<Instant>,
}

impl Folder {
    /// The folders of this feed.
    pub fn new(feed: Feed) -> Self {
        Self { feed, cases: BTreeSet::new(), soon: None, later: None }
    }

    /// Takes over what is new, and looks again at what waits.
    pub fn look(&mut self, caseline: &Caseline) -> Looked {
        let mut looked = Looked::default();
        if let Err(trouble) = self.look_at_all(caseline, &mut looked) {
            looked.trouble = Some(trouble);
        }
        looked
    }

    fn look_at_all(&mut self, caseline: &Caseline, looked: &mut Looked) -> Result<(), Trouble> {
        for within in [TAKING, TO_CONFIRM, NO_CASE, HELD, REFUSED, DONE] {
            own_folder(&self.feed.kept.join(within))?;
        }
        // What was taken before is told, whatever is the matter with the feed's folder.
        match put_there(&self.feed.folder) {
            Ok(paths) => {
                for path in paths {
                    if let Err(trouble) = self.take(&path) {
                        looked.trouble = Some(trouble);
                    }
                }
            }
            Err(error) => looked.trouble = Some(Trouble::Feed(error)),
        }
        let cases: BTreeSet<CaseId> = caseline.cases()?.iter().map(caseline::Case::id).collect();
        let others = cases != self.cases;
        let due = |last: Option<Instant>, after| others || last.is_none_or(|last| last.elapsed() >= after);
        let (soon, later) = (due(self.soon, SOON), due(self.later, LATER));
        let mut work = files(&self.feed.kept, TAKING)?;
        if soon {
            work.extend(files(&self.feed.kept, TO_CONFIRM)?);
        }
        if later {
            work.extend(files(&self.feed.kept, NO_CASE)?);
            work.extend(files(&self.feed.kept, HELD)?);
        }
        if !work.is_empty() {
            let members = Members::of(caseline)?;
            for (place, path, form) in work {
                match self.tell_file(caseline, &members, place, &path, form) {
                    Ok(line) => looked.lines.extend(line),
                    Err(trouble) => looked.trouble = Some(trouble),
                }
            }
        }
        let now = Some(Instant::now());
        (self.soon, self.later) = (if soon { now } else { self.soon }, if later { now } else { self.later });
        self.cases = cases;
        Ok(())
    }

    /// Takes a file out of the feed's folder. Under another name it is nobody's but ours, whatever the feed puts there next.
    fn take(&self, path: &Path) -> Result<(), Trouble> {
        let Some(end) = path.extension().and_then(|end| end.to_str()).map(str::to_lowercase) else {
            return Ok(());
        };
        let taken = match path.file_name().and_then(|name| name.to_str()) {
            // It was taken before, by a keeper that did not come further.
            Some(name) if name.starts_with(TAKEN) => path.to_owned(),
            _ => {
                let taken = self.feed.folder.join(format!("{TAKEN}{}.{end}", Uuid::now_v7()));
                fs::rename(path, &taken).map_err(Trouble::Feed)?;
                taken
            }
        };
        let mut file = open(&taken).map_err(Trouble::Feed)?;
        let name = format!("{}.{end}", Uuid::now_v7());
        if file.metadata().map_err(Trouble::Feed)?.len() > MOST_BYTES {
            let place = self.feed.kept.join(REFUSED).join(&name);
            let why = "unread: file: is larger than 16 MiB: put it there in parts\n";
            whole(&place.with_extension("txt"), &mut why.as_bytes())?;
            whole(&place, &mut file)?;
        } else {
            whole(&self.feed.kept.join(TAKING).join(&name), &mut file.take(MOST_BYTES))?;
        }
        fs::remove_file(taken).map_err(Trouble::Feed)
    }

    /// Tells what a file says, and puts each of its records where it waits, if it does. `None` where nothing changed.
    fn tell_file(
        &self,
        caseline: &Caseline,
        members: &Members,
        from: &'static str,
        path: &Path,
        form: Form,
    ) -> Result<Option<Value>, Trouble> {
        let bytes = fs::read(path)?;
        let name = Sha256::of(&bytes);
        let mut line = Line::default();
        let mut stay = false;
        let records = if let Ok(text) = std::str::from_utf8(&bytes) {
            form.read(text, &self.feed)
        } else {
            let why = "is not UTF-8: have the feed send UTF-8";
            let became = Became::Refused("unread".into(), why.into());
            self.put(form, &bytes, &became)?;
            line.count(&became);
            Vec::new()
        };
        let only = records.len() == 1;
        for record in &records {
            let became = tell(caseline, members, record)?;
            // Where it is the only one of a file that waits there already, it stays what it is.
            stay |= only && place(&became) == Some(from) && is_named(path, &record.text);
            if !stay {
                self.put(form, record.text.as_bytes(), &became)?;
            }
            line.count(&became);
        }
        if stay {
            return Ok(None);
        }
        if from == TAKING {
            // Of the same content there is the same, and nothing else, under its name.
            fs::rename(path, self.feed.kept.join(DONE).join(format!("{name}.{}", form.end())))?;
        } else {
            // The file that it came in is in `done`.
            fs::remove_file(path)?;
            remove(&path.with_extension("txt"))?;
        }
        Ok(Some(line.of(&name)))
    }

    /// Puts a record where it waits, under a name that says nothing, with the reason beside it, or the cases that it may be of.
    fn put(&self, form: Form, bytes: &[u8], became: &Became) -> io::Result<()> {
        let Some(place) = place(became) else { return Ok(()) };
        let path = self.feed.kept.join(place).join(format!("{}.{}", Sha256::of(bytes), form.end()));
        let beside = match became {
            Became::Refused(code, text) | Became::Held(code, text) => Some(format!("{code}: {text}\n")),
            Became::ToConfirm(cases) => Some(lines(cases)),
            _ => None,
        };
        if let Some(text) = beside {
            whole(&path.with_extension("txt"), &mut text.as_bytes())?;
        }
        whole(&path, &mut &bytes[..])
    }
}

/// The cases that a record may be of, one on each line.
fn lines(cases: &[CaseId]) -> String {
    cases.iter().map(CaseId::to_string).collect::<Vec<_>>().join("\n") + "\n"
}

/// Where a record waits, if it does.
fn place(became: &Became) -> Option<&'static str> {
    match became {
        Became::ToConfirm(_) => Some(TO_CONFIRM),
        Became::NoCase => Some(NO_CASE),
        Became::Held(..) => Some(HELD),
        Became::Refused(..) => Some(REFUSED),
        Became::Nothing | Became::Known | Became::Told => None,
    }
}

fn is_named(path: &Path, text: &str) -> bool {
    path.file_stem().and_then(|stem| stem.to_str()) == Some(Sha256::of(text).to_string().as_str())
}

/// What a feed put there, in the order of the names; and what was taken before and not brought further. What has another name, or is
/// still written under a name that begins with a dot, stays where it is.
fn put_there(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ready = !name.starts_with('.') || name.starts_with(TAKEN);
        if is_ready && form_of(&path).is_some() && entry.file_type()?.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn form_of(path: &Path) -> Option<Form> {
    Form::of(&path.extension()?.to_str()?.to_lowercase())
}

/// The files in one of our own folders, in the order of their names.
fn files(kept: &Path, place: &'static str) -> io::Result<Vec<(&'static str, PathBuf, Form)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(kept.join(place))? {
        let path = entry?.path();
        if let Some(form) = form_of(&path) {
            found.push((place, path, form));
        }
    }
    found.sort_by(|(_, one, _), (_, other, _)| one.cmp(other));
    Ok(found)
}

/// Opens a file of the feed's folder: never through a link, and never something that is no file and would be waited for.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Makes a folder that only its owner reads.
fn own_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file, for its owner alone, that is there whole or not at all.
fn whole(path: &Path, from: &mut impl io::Read) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    // What a kill left of it.
    remove(Path::new(&beside))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    io::copy(from, &mut file)?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
