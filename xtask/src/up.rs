//! `cargo xtask up`: the local servers, until somebody stops them.

use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc;

use caseline_backend::{Backend, BackendDescription, BackendOptions};
use lexopt::{Arg, Parser};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::Failure;

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
        describe(&description)
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

fn describe(backend: &BackendDescription) -> String {
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
    if let (Some(aco), Some(cp)) = (backend.homeserver("aco"), backend.homeserver("cp")) {
        lines.push(String::new());
        lines.push("The sample data name accounts at aco.example and cp.example. With these servers' names in their place:".into());
        for bundle in ["aco", "cp"] {
            lines.push(format!(
                "  sed 's/:aco\\.example/:{}/; s/:cp\\.example/:{}/' examples/data/{bundle}.json > {bundle}.json",
                aco.server_name, cp.server_name
            ));
        }
    }
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
