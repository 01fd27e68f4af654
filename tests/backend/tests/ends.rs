//! What was started ends: with its value, with its process, and in one clear line where it cannot start.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use caseline_backend::{Error, Homeserver, get};

/// Tells this program that it is the child that gets killed.
const CHILD: &str = "CASELINE_TEST_CHILD";

#[test]
fn nothing_is_left_when_its_process_is_killed() {
    if std::env::var_os(CHILD).is_some() {
        let homeserver = Homeserver::start("cp").unwrap();
        println!("\n{CHILD} {} {}", homeserver.url(), homeserver.folder().display());
        std::thread::sleep(Duration::from_mins(5));
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_is_left_when_its_process_is_killed", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told =
        lines.map(Result::unwrap).find(|line| line.starts_with(CHILD)).expect("the child starts a server");
    let words: Vec<_> = told.split(' ').collect();
    let (url, folder) = (format!("{}/_matrix/client/versions", words[1]), Path::new(words[2]));
    assert_eq!(get(&url).unwrap(), 200);
    assert!(folder.join("homeserver.db").exists());

    child.kill().unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    while folder.exists() || get(&url).is_ok() {
        assert!(killed.elapsed() < Duration::from_secs(30), "something is left");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_port_that_somebody_took_meanwhile_is_named() {
    let homeserver = Homeserver::start("aco").unwrap();
    let port: u16 = homeserver.url().rsplit(':').next().unwrap().parse().unwrap();
    homeserver.stop();
    let other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let error = homeserver.restart().unwrap_err();
    assert!(matches!(error, Error::PortTaken { port: taken, .. } if taken == port), "{error}");
    assert!(!error.to_string().contains('\n'));
    drop(other);
    homeserver.restart().unwrap();
}
