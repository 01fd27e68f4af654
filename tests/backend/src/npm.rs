//! FHIR's own examples, fetched once per user from the package that HL7 published them in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::cache::{Cache, fingerprint, hex};
use crate::error::{Doing, Error, Result};
use crate::process::{last_line, run_to_end};
use crate::python;

const NAME: &str = "hl7.fhir.r4.examples";
const VERSION: &str = "4.0.1";
const SHA_256: &str = "dce87f1b5b9341867033f7d1f544fa1b5232503f6d62813887ac6b8a8b6cb682";

fn folder_name() -> String {
    format!("{NAME}-{VERSION}-{}", fingerprint(&[SHA_256]))
}

/// Installs the examples of FHIR R4 into the cache, unless they are there, and returns the folder of their files.
pub fn install_r4_examples(cache: &Cache) -> Result<PathBuf> {
    let name = folder_name();
    let title = format!("{NAME} {VERSION} (about 19 MB, 190 MB on disk)");
    let place = cache.install(&name, &title, SHA_256, |folder| {
        let log = cache.log(&name);
        let fail =
            |reason: String| Error::Install { what: title.clone(), reason, log: log.display().to_string() };
        check_npm()?;
        let python = python::find()?.program;
        let package = format!("{NAME}@{VERSION}");
        let command = ["npm", "pack", "--silent", "--ignore-scripts", &package];
        if !run_to_end(&python, &command, folder, &log)?.success() {
            let output = fs::read_to_string(&log).unwrap_or_default();
            let unreached =
                ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"];
            return Err(if unreached.iter().any(|sign| output.contains(sign)) {
                Error::NoNetwork { what: title.clone(), log: log.display().to_string() }
            } else {
                fail(last_line(&log))
            });
        }
        let archive = folder.join(format!("{NAME}-{VERSION}.tgz"));
        let bytes = fs::read(&archive).doing(|| format!("reading {}", archive.display()))?;
        let hash = hex(&Sha256::digest(&bytes));
        if hash != SHA_256 {
            return Err(fail(format!("the package is not the pinned one (SHA-256 {hash})")));
        }
        unpack(&archive, folder)?;
        fs::remove_file(&archive).doing(|| format!("removing {}", archive.display()))
    })?;
    Ok(place.join("package"))
}

/// The folder of the examples of FHIR R4, which must be there.
///
/// # Errors
/// `MissingTool`, naming the command that fetches them.
pub fn r4_examples() -> Result<PathBuf> {
    let folder = Cache::open()?.root().join(folder_name()).join("package");
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Error::MissingTool {
        tool: "The package of FHIR R4's examples",
        hint: "fetch it with `cargo xtask test examples`".into(),
    })
}

fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let file = File::open(archive).doing(|| format!("opening {}", archive.display()))?;
    tar::Archive::new(flate2::read::GzDecoder::new(file))
        .unpack(folder)
        .doing(|| format!("unpacking {}", archive.display()))
}

fn check_npm() -> Result<()> {
    let runs = Command::new("npm")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if runs {
        return Ok(());
    }
    Err(Error::MissingTool {
        tool: "npm",
        hint: "install it so that `npm` runs (on Debian and Ubuntu: apt install npm)".into(),
    })
}
