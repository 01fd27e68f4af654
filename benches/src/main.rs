//! Writes the benchmark's data into a folder, for peers in other languages.

use std::path::PathBuf;
use std::{env, fs, io};

use caseline_benches::{KINDS, bundle_of_size, resource};

fn main() -> io::Result<()> {
    let folder: PathBuf = env::args_os().nth(1).map(Into::into).ok_or(io::ErrorKind::InvalidInput)?;
    for kind in KINDS {
        fs::write(folder.join(format!("{kind}.json")), resource(kind))?;
    }
    fs::write(folder.join("Bundle.json"), bundle_of_size(5_000_000))
}
