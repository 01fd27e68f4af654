//! What becomes of a file before it is told. Everybody in these is made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::*;

fn folders(at: &TempDir) -> Folder {
    let (folder, kept) = (at.path().join("feed"), at.path().join("kept"));
    fs::create_dir(&folder).unwrap();
    let source = "a synthetic feed".into();
    let member_system = "https://caseline.example/masshealth-id".into();
    let (authorities, payers) = (Vec::new(), Vec::new());
    Folder::new(Feed { folder, kept, source, member_system, zone: TimeZone::UTC, authorities, payers })
}

fn ours(folder: &Folder) {
    for within in [TAKING, REFUSED] {
        own_folder(&folder.feed.kept.join(within)).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_that_cannot_be_copied_is_taken_again_and_is_there_once() {
    let at = TempDir::new().unwrap();
    let folder = folders(&at);
    let path = folder.feed.folder.join("night.csv");
    fs::write(&path, "the first").unwrap();
    // There is no place for it, as on a full disk.
    assert_eq!(folder.take(&path).unwrap_err().code(), "admissions-kept");
    // What the feed puts there next has the same name, and is another file.
    fs::write(&path, "the second").unwrap();
    ours(&folder);
    for path in put_there(&folder.feed.folder).unwrap() {
        folder.take(&path).unwrap();
    }
    assert!(names(&folder.feed.folder).is_empty());
    let taken = files(&folder.feed.kept, TAKING).unwrap();
    let mut texts: Vec<String> = taken.iter().map(|(_, path, _)| fs::read_to_string(path).unwrap()).collect();
    texts.sort();
    assert_eq!(texts, ["the first", "the second"]);
}

#[test]
fn what_is_half_written_linked_or_of_no_form_stays() {
    let at = TempDir::new().unwrap();
    let folder = folders(&at);
    let elsewhere = at.path().join("keys.json");
    fs::write(&elsewhere, "{}").unwrap();
    let feed = &folder.feed.folder;
    std::os::unix::fs::symlink(&elsewhere, feed.join("linked.json")).unwrap();
    fs::write(feed.join(".half.csv"), "").unwrap();
    fs::write(feed.join("notes.txt"), "").unwrap();
    fs::create_dir(feed.join("folder.csv")).unwrap();
    assert!(put_there(feed).unwrap().is_empty());
    // Put in the place of a file after that look.
    ours(&folder);
    assert_eq!(folder.take(&feed.join("linked.json")).unwrap_err().code(), "admissions-folder");
    assert!(names(&folder.feed.kept.join(TAKING)).is_empty());
}

#[test]
fn what_is_too_large_is_kept_with_its_reason() {
    let at = TempDir::new().unwrap();
    let folder = folders(&at);
    ours(&folder);
    for _ in 0..2 {
        let path = folder.feed.folder.join("all.csv");
        File::create(&path).unwrap().set_len(MOST_BYTES + 1).unwrap();
        folder.take(&path).unwrap();
    }
    let refused = names(&folder.feed.kept.join(REFUSED));
    let of = |end: &str| refused.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((of(".csv"), of(".txt")), (2, 2), "{refused:?}");
}
