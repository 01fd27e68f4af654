//! `cargo xtask up`: the local servers, until somebody stops them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;

use caseline_backend::{Backend, BackendDescription, BackendOptions};
use lexopt::{Arg, Parser};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::Failure;
use crate::run::root;

/// The password of all sample accounts; the servers listen on this machine alone.
const PASSWORD: &str = "caseline-sample";

pub(crate) fn run(parser: &mut Parser) -> Result<ExitCode, Failure> {
    let (mut json, mut fhir) = (false, true);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("json") => json = true,
            Arg::Long("no-fhir") => fhir = false,
            other => return Err(crate::unexpected(other)),
        }
    }
    // From here on a signal is a message: whatever runs by then is stopped in order.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| Failure::Work(format!("listening for signals: {error}")))?;
    let (tell, news) = mpsc::channel();
    let told = tell.clone();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = told.send(News::Stop);
        }
    });
    let options = BackendOptions { fhir, ..BackendOptions::sample(PASSWORD) };
    std::thread::spawn(move || tell.send(News::Started(Box::new(Backend::start(&options)))));
    let backend = match news.recv() {
        Ok(News::Started(backend)) => (*backend)?,
        // What had been started so far ends with this process and removes its own folder.
        Ok(News::Stop) | Err(_) => return Ok(ExitCode::from(130)),
    };
    let description = backend.describe();
    let text = if json {
        serde_json::to_string(&description).map_err(|error| Failure::Work(error.to_string()))?
    } else {
        describe(&description, &copies(&description)?)
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Work(format!("printing: {error}")))?;
    drop(out);
    eprintln!("The servers are ready. Ctrl-C stops them.");
    // The only news left is the signal.
    let _ = news.recv();
    eprintln!("Stopping the servers …");
    drop(backend);
    Ok(ExitCode::SUCCESS)
}

enum News {
    Started(Box<caseline_backend::Result<Backend>>),
    Stop,
}

/// The sample data with these servers' names in the place of the written ones, in the target folder.
fn copies(backend: &BackendDescription) -> Result<Vec<PathBuf>, Failure> {
    let (Some(aco), Some(cp)) = (backend.homeserver("aco"), backend.homeserver("cp")) else {
        return Ok(Vec::new());
    };
    let root = root()?;
    let folder = root.join("target/up");
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Failure::Work(format!("{path}: {error}"))
    };
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let mut copies = Vec::new();
    for bundle in ["cp.json", "aco.json", "office.json", "agency.json"] {
        let written = root.join("examples/data").join(bundle);
        let text = fs::read_to_string(&written).map_err(failed(&written))?;
        let text = text.replace(":aco.example", &format!(":{}", aco.server_name));
        let text = text.replace(":cp.example", &format!(":{}", cp.server_name));
        let copy = folder.join(bundle);
        fs::write(&copy, text).map_err(failed(&copy))?;
        copies.push(Path::new("target/up").join(bundle));
    }
    Ok(copies)
}

fn describe(backend: &BackendDescription, copies: &[PathBuf]) -> String {
    let mut lines = Vec::new();
    for homeserver in &backend.homeservers {
        let name = title(&homeserver.organization);
        lines.push(String::new());
        lines.push(name.to_owned());
        lines.push(format!("  homeserver  {}   ({})", homeserver.url, homeserver.server_name));
        if let Some(record) = backend.record(&homeserver.organization) {
            lines.push(format!("  record      {}", record.url));
        }
        for account in &homeserver.accounts {
            lines.push(format!("  account     {}   password {}", account.user_id, account.password));
        }
        if let Some(log) = &homeserver.log {
            lines.push(format!("  log         {}", log.display()));
        }
    }
    lines.push(String::new());
    lines.push("The sample data, with the accounts of these servers:".into());
    lines.extend(copies.iter().map(|copy| format!("  {}", copy.display())));
    lines.push(String::new());
    lines.push(
        "One account is one store: a second store is a second device, and needs the account's recovery key."
            .into(),
    );
    lines.extend(sample(backend, copies));
    lines.push(String::new());
    lines.push("Ready to paste, for Jane of the Community Partner:".into());
    lines.push(String::new());
    lines.extend(configuration(backend));
    lines.join("\n")
}

fn title(organization: &str) -> &str {
    match organization {
        "aco" => "Accountable Care Organization (aco)",
        "cp" => "Community Partner (cp)",
        other => other,
    }
}

/// The sample program in Python, as it is started for these servers.
fn sample(backend: &BackendDescription, copies: &[PathBuf]) -> Option<String> {
    let homeserver = backend.homeserver("cp")?;
    let jane = homeserver.accounts.iter().find(|account| account.user_id.starts_with("@jane:"))?;
    let copy = copies.first()?.display();
    Some(format!(
        "\nA first program in Python:\n\n    PYTHONPATH=$(cargo xtask bindings) python3 bindings/python/sample.py {} {} {} {copy}",
        homeserver.url, jane.user_id, jane.password
    ))
}

/// The call that signs Jane in, as an app developer would write it.
fn configuration(backend: &BackendDescription) -> Vec<String> {
    let Some(homeserver) = backend.homeserver("cp") else { return Vec::new() };
    let jane = homeserver.accounts.iter().find(|account| account.user_id.starts_with("@jane:"));
    let Some(jane) = jane else { return Vec::new() };
    let mut lines = vec![
        "    let caseline = Caseline::builder()".to_owned(),
        format!("        .homeserver(\"{}\")", homeserver.url),
    ];
    if let Some(record) = backend.record("cp") {
        lines.push(format!("        .record(Record::fhir(\"{}\", None))", record.url));
    }
    lines.push("        .store(path, store_key)".into());
    lines.push(format!("        .sign_in(\"{}\", \"{}\").await?;", jane.user_id, jane.password));
    lines
}
