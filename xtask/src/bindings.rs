//! The bindings: built into a folder outside git, and tested from there. Nothing is installed for either.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::Failure;
use crate::run::{EVERYTHING, cargo, check, check_build_tools, output, root};

/// `cargo xtask bindings`: builds the Python package and prints its folder, for `PYTHONPATH`.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    check_build_tools()?;
    println!("{}", python()?.display());
    Ok(ExitCode::SUCCESS)
}

/// Tests the bindings of every language that is there.
pub(crate) fn test() -> Result<(), Failure> {
    let library = library()?;
    let package = package(&library)?;
    let tests = root()?.join("bindings/python");
    let mut command = interpreter(&package);
    command.args(["-m", "unittest", "discover", "--start-directory", "tests", "--top-level-directory", "."]);
    // The servers that a test needs are started by the xtask that was built with the library. Not by this very process's
    // file: that build may have put another in its place.
    let xtask = library.with_file_name(format!("xtask{}", std::env::consts::EXE_SUFFIX));
    command.env("CASELINE_XTASK", xtask).current_dir(tests);
    check(command)
}

/// Builds the Python package; returns the folder to put into `PYTHONPATH`.
pub(crate) fn python() -> Result<PathBuf, Failure> {
    package(&library()?)
}

/// The Python package around the built library; returns the folder to put into `PYTHONPATH`.
///
/// It holds what a wheel would hold: the veneer from `bindings/python`, and in its `_ffi` the library with the module that
/// was generated from it.
fn package(library: &Path) -> Result<PathBuf, Failure> {
    let root = root()?;
    let folder = target(library)?.join("bindings/python");
    let package = folder.join("caseline");
    let generated = package.join("_ffi");
    let wrong = |what: &str| {
        let what = format!("{what} {}", generated.display());
        move |error: std::io::Error| Failure::Work(format!("{what}: {error}"))
    };
    if package.exists() {
        fs::remove_dir_all(&package).map_err(wrong("emptying"))?;
    }
    fs::create_dir_all(&generated).map_err(wrong("making"))?;
    // A package of its own, so that its features stay out of the library.
    let mut generate = cargo(&["run", "--quiet", "--package", "caseline-bindgen", "--", "generate"])?;
    generate.args(["--language", "python", "--no-format", "--out-dir"]).arg(&generated).arg(library);
    // Its own words are not for the output, which is a path.
    output(generate)?;
    copy(library, &generated)?;
    fs::write(generated.join("__init__.py"), "").map_err(wrong("writing into"))?;
    let veneer = root.join("bindings/python/python/caseline");
    for entry in fs::read_dir(&veneer).map_err(wrong("reading the veneer for"))? {
        let path = entry.map_err(wrong("reading the veneer for"))?.path();
        if path.is_file() {
            copy(&path, &package)?;
        }
    }
    Ok(folder)
}

/// A Python that finds the package. `CASELINE_PYTHON` says which, as for the demo.
fn interpreter(package: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CASELINE_PYTHON").unwrap_or_else(|| "python3".into()));
    command.env("PYTHONPATH", python_path(package));
    command
}

/// What `PYTHONPATH` becomes: the package, before whatever is there.
pub(crate) fn python_path(package: &Path) -> OsString {
    let mut path = package.as_os_str().to_owned();
    if let Some(earlier) = std::env::var_os("PYTHONPATH").filter(|earlier| !earlier.is_empty()) {
        path.push(":");
        path.push(earlier);
    }
    path
}

/// The shared library, from the same build as everything else.
fn library() -> Result<PathBuf, Failure> {
    let mut command = cargo(&EVERYTHING)?;
    command.arg("--message-format=json-render-diagnostics");
    let found = shared(&output(command)?);
    found.ok_or_else(|| Failure::Work("cargo built no shared library of caseline-ffi".into()))
}

/// Where cargo says that it put the shared library.
fn shared(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message.pointer("/target/name").and_then(Value::as_str) == Some("caseline_ffi"))
        .filter_map(|message| message.get("filenames")?.as_array().cloned())
        .flatten()
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| path.extension().is_some_and(|kind| kind == std::env::consts::DLL_EXTENSION))
}

/// Cargo's target folder: the library lies in the folder of a profile in it.
fn target(library: &Path) -> Result<&Path, Failure> {
    let found = library.parent().and_then(Path::parent);
    found.ok_or_else(|| Failure::Work("cargo put the library of caseline-ffi into no folder".into()))
}

fn copy(file: &Path, folder: &Path) -> Result<(), Failure> {
    let to = folder.join(file.file_name().unwrap_or_default());
    fs::copy(file, &to).map_err(|error| Failure::Work(format!("writing {}: {error}", to.display())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_where_cargo_says() {
        let kind = std::env::consts::DLL_EXTENSION;
        let messages = format!(
            "{}\n{{\"target\":{{\"name\":\"caseline_ffi\"}},\"filenames\":[\"/t/debug/libcaseline_ffi.rlib\",\
             \"/t/debug/libcaseline_ffi.{kind}\"]}}\nnot json",
            r#"{"target":{"name":"caseline"},"filenames":["/t/debug/libcaseline.rlib"]}"#,
        );
        let library = shared(&messages);
        assert_eq!(library, Some(format!("/t/debug/libcaseline_ffi.{kind}").into()));
        assert_eq!(library.as_deref().and_then(|path| target(path).ok()), Some(Path::new("/t")));
        assert_eq!(shared(""), None);
    }
}
