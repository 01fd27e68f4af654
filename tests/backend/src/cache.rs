//! The per-user cache: what the package registries gave, installed once and shared by all clones.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Doing, Error, Result};
use crate::step::Step;

/// Lies in every finished installation; its text says what is installed.
const MARKER: &str = "INSTALLED";

/// The folder for everything that is fetched or built once per user.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `$CASELINE_CACHE`, else `caseline` in the XDG cache folder.
    pub fn open() -> Result<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("CASELINE_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("caseline")))
            .or_else(|| set("HOME").map(|home| home.join(".cache/caseline")))
            .ok_or_else(|| Error::MissingTool {
                tool: "A cache folder",
                hint: "set CASELINE_CACHE to a folder that may grow to a gigabyte".into(),
            })?;
        Self::at(root)
    }

    /// A cache at a folder of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).doing(|| format!("creating the cache folder {}", root.display()))?;
        let root = root.canonicalize().doing(|| format!("opening the cache folder {}", root.display()))?;
        Ok(Self { root })
    }

    /// Where the cache is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the output of the installer of `name` goes.
    pub fn log(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.log"))
    }

    /// Whether the installation `name` is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.join(name).join(MARKER).is_file()
    }

    /// Returns the folder of the installation `name`, made by `build` if it is not there.
    ///
    /// `build` fills a folder beside the final place, which is renamed when it is complete; other processes wait
    /// meanwhile. What is built must not mind being moved once. `pinned` says what is in it and is kept beside it:
    /// put the versions' hash into `name`, so that another version is another folder.
    pub fn install(
        &self,
        name: &str,
        title: &str,
        pinned: &str,
        build: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let place = self.root.join(name);
        if place.join(MARKER).is_file() {
            return Ok(place);
        }
        let _lock = self.lock(name, title)?;
        if place.join(MARKER).is_file() {
            return Ok(place);
        }
        let step = Step::start(format!("Installing {title} into the cache"));
        let partial = self.root.join(format!("{name}.partial"));
        // Under the lock nobody else is at work on these: they are what an interrupted installation left.
        remove(&partial)?;
        remove(&place)?;
        fs::create_dir(&partial).doing(|| format!("creating {}", partial.display()))?;
        if let Err(error) = build(&partial) {
            // What cannot be removed now is removed by the next attempt.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
        fs::write(partial.join(MARKER), pinned).doing(|| format!("marking {}", partial.display()))?;
        fs::rename(&partial, &place).doing(|| format!("moving {} to its place", partial.display()))?;
        step.done();
        Ok(place)
    }

    /// Keeps other processes out until the file is dropped.
    pub(crate) fn lock(&self, name: &str, title: &str) -> Result<File> {
        let path = self.root.join(format!("{name}.lock"));
        let file = File::create(&path).doing(|| format!("creating {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                Step::run(format!("Waiting for another process that installs {title}"), || file.lock())
                    .doing(|| format!("locking {}", path.display()))?;
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { what: format!("locking {}", path.display()), source });
            }
        }
        Ok(file)
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The first twelve digits of the SHA-256 over these texts: enough to tell two pinned sets apart.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()).chars().take(12).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_installation_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let mut made = 0;
        for _ in 0..2 {
            let place = cache
                .install("thing-1", "Thing 1", "thing 1", |partial| {
                    made += 1;
                    fs::write(partial.join("thing"), "1").doing(String::new)
                })
                .unwrap();
            assert_eq!(fs::read_to_string(place.join("thing")).unwrap(), "1");
        }
        assert_eq!(made, 1);
    }

    #[test]
    fn an_interrupted_installation_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let failed = cache.install("thing-1", "Thing 1", "thing 1", |partial| {
            fs::write(partial.join("half"), "").doing(String::new)?;
            Err(Error::Start { what: "thing".into(), reason: "cut off".into() })
        });
        assert!(failed.is_err());
        assert!(!folder.path().join("thing-1.partial").exists());
        let place = cache.install("thing-1", "Thing 1", "thing 1", |_| Ok(())).unwrap();
        assert!(!place.join("half").exists());
    }

    #[test]
    fn processes_that_install_at_once_make_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let cache = Cache::at(folder.path()).unwrap();
                    cache
                        .install("thing-1", "Thing 1", "thing 1", |_| {
                            made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            std::thread::sleep(std::time::Duration::from_millis(50));
                            Ok(())
                        })
                        .unwrap();
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn bytes_are_written_in_hexadecimal() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn the_fingerprint_knows_where_a_part_ends() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }
}
