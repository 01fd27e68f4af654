//! An organisation's always-on bot, on its role account: it takes up the cases that an agreement covers, writes its
//! organisation's record, removes from rooms whoever has no seat any more, and reminds whom the ladder names.
#![recursion_limit = "256"]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use caseline::{Caseline, Error, Notice};
use caseline_examples::admissions::{Folder, Trouble};
use caseline_examples::desk::{self, StoryClock};
use caseline_examples::importing::until_answered;
use caseline_examples::keeping::Keeping;
use caseline_examples::protocol::{Failure, Request, Verb, answer, reasons};
use caseline_examples::{interrupt, lines, view};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

const USAGE: &str = "\
An organization's always-on bot, on its role account.

    keeper [--check-config] [--story-clock[=TIME]] CONFIG.yaml

    homeserver: https://matrix.cp.example
    user: \"@keeper:cp.example\"
    password_env: CASELINE_PASSWORD         # the environment variable that has it
    store: /var/lib/caseline                # paths are taken as beside this file
    store_key_env: CASELINE_STORE_KEY       # 64 hexadecimal digits
    record: embedded                        # or none, or a FHIR server, as below
    organization: https://example.org/npi|1234567893
    agreements: [agreement.yaml]
    rules: [rules.yaml]
    bundle: directory.json                  # a FHIR transaction for the record; may be left out

A hospital's or the state's feed, whose admissions, discharges and transfers it tells to the cases of the member:

    admissions:
      folder: /srv/adt                      # .hl7 (HL7 v2 ADT), .csv (a table with headings), .json (a Da Vinci notification);
                                            # put a file there under a name that begins with a dot, and rename it
      kept: /var/lib/caseline-admissions    # the keeper's own, for its user alone: what waits, and what is done
      source: the state's notices           # what people read as who says so
      member_system: https://masshealth.example/member-id   # the system of the members' numbers, exactly as in the cases: with
                                            # another one all is put into no-case
      time_zone: America/New_York           # a place: of what the feed says without an offset
      authorities: [MASSHEALTH]             # HL7 v2: PID-3.4 of a number of type MA; left out: whoever gave it out
      payers: [MASSHEALTH]                  # HL7 v2: IN1-3 or IN1-4 whose policy number is the member's; left out: none

    A table needs admit date, class (inpatient or emergency; others are not told) and facility; medicaid id, or name (or first name
    and last name) with date of birth; it may have discharge date and visit number. Days are 2019-03-05 or 03/05/2019, times
    2019-03-05 22:40. All is UTF-8, of 16 MiB at most. A file with another ending stays where it is, silently. The keeper's user must be
    able to rename and remove what is in the folder.

    Every file that was read is in `done` of `kept`, as it came, in plain text. What waits is besides in `to-confirm` (found by name and
    date of birth; the cases are named beside it: a person raises it there), in `no-case`, or, with the reason beside it, in `held` (not
    allowed now) or `refused` (cannot be read: mend it, and put it into the folder again). Nothing in `done`, `no-case` and `refused`
    is removed by itself: do so when you may.

A record on a FHIR server, which it signs in to as a system (SMART Backend Services), or with a token that stays:

    record:
      fhir:
        url: https://fhir.cp.example/r4
        backend_services:
          client_id: caseline-keeper        # as the record's authorization server knows it
          keys_file: keys.json              # a JWK Set with the private keys; nobody else may read it (chmod 600).
                                            # It is read again for each access token: put a new key first, publish it
                                            # beside the old one, remove the old one later
          scopes: [system/CareTeam.crus]    # left out: what SECURITY.md lists
        allow_plain_http: true              # only where the network between is trusted with everything; left out: no

    record: {fhir: {url: https://fhir.cp.example/r4, token_env: CASELINE_TOKEN}}   # or without token_env

It prints a line of JSON for whatever it does, and stops at SIGTERM. With --story-clock it takes the lines of a driver
(tests/DRIVER.md) that ask or move the clock, and stops at the end of its input too; until one moves it, it is TIME
(2019-03-04T14:00:00Z), or the machine's.";

/// How long it waits at its start until the record has taken the bundle; then it goes on with that beside its work.
const FIRST_IMPORT: Duration = Duration::from_secs(30);
/// How soon it is tried again.
const IMPORT_AGAIN: Duration = Duration::from_secs(3);

/// How often it looks whose turn it is, whatever happens.
const LOOK: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    let (mut check, mut story_clock, mut config) = (false, false, None);
    let clock = Arc::new(StoryClock::default());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--check-config" => check = true,
            "--story-clock" => story_clock = true,
            time if time.starts_with("--story-clock=") => {
                let Some(Ok(now)) = time.split_once('=').map(|(_, time)| time.parse()) else {
                    eprintln!("keeper: --story-clock=TIME needs an instant: 2019-03-04T14:00:00Z");
                    return ExitCode::from(2);
                };
                clock.set(now);
                story_clock = true;
            }
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            file if !file.starts_with('-') && config.is_none() => config = Some(argument),
            _ => {
                eprintln!("keeper: unknown argument; see --help");
                return ExitCode::from(2);
            }
        }
    }
    let Some(config) = config else {
        eprintln!("keeper: name its configuration; see --help");
        return ExitCode::from(2);
    };
    let keeping = match Keeping::read(Path::new(&config), |name| std::env::var(name).ok()) {
        Ok(keeping) => keeping,
        Err(mistakes) => {
            for mistake in mistakes {
                eprintln!("keeper: {mistake}");
            }
            return ExitCode::from(2);
        }
    };
    if check {
        println!("{config}: the configuration can be used");
        return ExitCode::SUCCESS;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    else {
        eprintln!("keeper: the system gives no threads");
        return ExitCode::FAILURE;
    };
    match runtime.block_on(run(keeping, story_clock, clock)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keeper: {}: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}

async fn run(keeping: Keeping, story_clock: bool, clock: Arc<StoryClock>) -> Result<(), Error> {
    let asked = interrupt::asked();
    tokio::pin!(asked);
    let started = tokio::select! {
        started = start(&keeping, clock.clone()) => started?,
        _ = &mut asked => return Ok(()),
    };
    let mut importing = JoinSet::new();
    if let Some(bundle) = keeping.bundle.clone() {
        importing.spawn(import(started.clone(), bundle));
        tokio::select! {
            done = importing.join_next() => if let Some(Ok(Err(error))) = done {
                started.shutdown().await;
                return Err(error);
            },
            () = tokio::time::sleep(FIRST_IMPORT) => {}
            _ = &mut asked => return Ok(()),
        }
    }
    let admissions = keeping.admissions.clone().map(Folder::new);
    let mut keeper = Keeper {
        caseline: started,
        clock,
        story_clock,
        admissions,
        tasks: JoinSet::new(),
        trouble: None,
        feed_trouble: None,
    };
    status(&json!({ "kind": "ready", "user": keeper.caseline.user() }));
    let mut notices = keeper.caseline.notices();
    // Its input is only listened to in a story: a service has none.
    let mut input = story_clock.then(lines::of_stdin);
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = &mut asked => break,
            line = next(&mut input) => match line {
                None => break,
                Some(line) => if keeper.answer(&line).await { break },
            },
            notice = notices.recv() => match notice {
                Ok(notice) => keeper.hears(&notice).await,
                Err(broadcast::error::RecvError::Lagged(_)) => keeper.tend().await,
                Err(broadcast::error::RecvError::Closed) => break,
            },
            _ = look.tick() => keeper.tend().await,
            Some(_) = keeper.tasks.join_next() => {}
            // Its work goes on without what the bundle would bring.
            Some(done) = importing.join_next() => if let Ok(Err(error)) = done { trouble(&error) },
        }
    }
    importing.shutdown().await;
    keeper.tasks.shutdown().await;
    keeper.caseline.shutdown().await;
    Ok(())
}

/// The next line of a story; without one, never.
async fn next(input: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match input {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

async fn start(keeping: &Keeping, clock: Arc<StoryClock>) -> Result<Caseline, Error> {
    let (caseline, _) = desk::sign_in(&keeping.sign_in, clock).await?;
    if !caseline.verified().await? {
        caseline.shutdown().await;
        return Err(Error::DeviceUntrusted);
    }
    for text in &keeping.agreements {
        caseline.add_agreement(text)?;
    }
    for text in &keeping.rules {
        caseline.add_rules(text)?;
    }
    Ok(caseline)
}

/// Imports the bundle, once the record answers.
async fn import(caseline: Caseline, bundle: String) -> Result<(), Error> {
    until_answered(|| caseline.import(&bundle), IMPORT_AGAIN, trouble).await.map(drop)
}

/// Says what goes wrong.
fn trouble(error: &Error) {
    status(&json!({ "kind": "trouble", "code": error.code(), "text": error.to_string() }));
}

/// Says what was done.
fn status(event: &Value) {
    lines::put(&json!({ "event": event }));
}

struct Keeper {
    caseline: Caseline,
    clock: Arc<StoryClock>,
    story_clock: bool,
    admissions: Option<Folder>,
    tasks: JoinSet<()>,
    /// The last trouble that was told, so that it is told once.
    trouble: Option<&'static str>,
    /// The same of the folder of the admissions.
    feed_trouble: Option<&'static str>,
}

impl Keeper {
    async fn hears(&mut self, notice: &Notice) {
        lines::put(&view::notice(notice));
        match notice {
            Notice::Event { .. } | Notice::Changed { .. } | Notice::Invitation { .. } => self.tend().await,
            _ => {}
        }
    }

    /// Tells the cases what the feed says.
    fn look_into_folder(&mut self) {
        let Some(folder) = &mut self.admissions else { return };
        let looked = tokio::task::block_in_place(|| folder.look(&self.caseline));
        looked.lines.iter().for_each(status);
        let code = looked.trouble.as_ref().map(Trouble::code);
        if let (Some(trouble), true) = (looked.trouble, code != self.feed_trouble) {
            status(&json!({ "kind": "trouble", "code": trouble.code(), "text": trouble.to_string() }));
        }
        self.feed_trouble = code;
    }

    /// Takes up cases, and reminds whose turn it is.
    async fn tend(&mut self) {
        self.look_into_folder();
        let outcome = async {
            for invitation in self.caseline.invitations().await? {
                match invitation.warning {
                    None => {
                        let caseline = self.caseline.clone();
                        let room = invitation.room;
                        self.tasks.spawn(async move {
                            // Where it takes long, it goes on by itself; where the room is not of the make, it was left,
                            // and a notice says so.
                            let _ = caseline.accept(&room, false).await;
                        });
                    }
                    // Another keeper of this account answered it, or a person has to.
                    Some(_) if invitation.joined => {}
                    Some(warning) => {
                        self.caseline.decline(&invitation.room).await?;
                        status(&json!({
                            "kind": "declined", "room": invitation.room, "by": invitation.by,
                            "reasons": reasons(&[warning]),
                        }));
                    }
                }
            }
            let handed = self.caseline.hand_over_for_absent();
            let posted = self.caseline.post_due_rungs()?;
            Ok::<_, Error>((handed?, posted))
        }
        .await;
        match outcome {
            Ok((handed, posted)) => {
                self.trouble = None;
                if handed > 0 {
                    status(&json!({ "kind": "handed-over", "count": handed }));
                }
                if posted > 0 {
                    status(&json!({ "kind": "reminded", "count": posted }));
                }
            }
            Err(error) if self.trouble == Some(error.code()) => {}
            Err(error) => {
                self.trouble = Some(error.code());
                trouble(&error);
            }
        }
    }

    /// Answers a line. Returns whether it asked to end.
    async fn answer(&mut self, line: &str) -> bool {
        let (id, outcome) = match Request::parse(line) {
            Err((id, failure)) => (id, Err(failure)),
            Ok(Request { id, verb }) => match verb {
                Verb::Shutdown {} => {
                    lines::put(&answer(&id, Ok(json!({}))));
                    return true;
                }
                Verb::Clock { now } if self.story_clock => {
                    self.clock.set(now);
                    self.tend().await;
                    (id, Ok(json!({})))
                }
                Verb::Clock { .. } => (id, Err(Failure::NoStoryClock)),
                verb @ Verb::Settle { .. } => {
                    self.tend().await;
                    let caseline = self.caseline.clone();
                    self.tasks
                        .spawn(async move { lines::put(&answer(&id, desk::ask(&caseline, verb).await)) });
                    return false;
                }
                verb @ (Verb::Cases {}
                | Verb::Rooms { .. }
                | Verb::Concerns { .. }
                | Verb::State { .. }
                | Verb::Timeline { .. }
                | Verb::Due { .. }
                | Verb::Invitations {}
                | Verb::Directory {}
                | Verb::Outbox {}
                | Verb::Audit {}
                | Verb::Record { .. }
                | Verb::LookAtRecord {}
                | Verb::Kept {}
                | Verb::Verified {}
                | Verb::RecoveryKey {}
                | Verb::ConfirmRecoveryKey {}) => (id, desk::ask(&self.caseline, verb).await),
                _ => (id, Err(Failure::Invalid("a keeper takes no commands".into()))),
            },
        };
        lines::put(&answer(&id, outcome));
        false
    }
}
