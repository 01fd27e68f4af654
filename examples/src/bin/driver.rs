//! A client that is told what to do by lines of JSON (`tests/DRIVER.md`).
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::sync::Arc;

use caseline::Caseline;
use caseline_examples::desk::{self, StoryClock};
use caseline_examples::protocol::{Failure, Request, Verb, answer};
use caseline_examples::{interrupt, lines, view};
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn main() -> ExitCode {
    let mut story_clock = false;
    for argument in std::env::args().skip(1) {
        if argument != "--story-clock" {
            eprintln!(
                "driver: the only argument is --story-clock; the rest comes as lines (tests/DRIVER.md)"
            );
            return ExitCode::from(2);
        }
        story_clock = true;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    else {
        eprintln!("driver: the system gives no threads");
        return ExitCode::FAILURE;
    };
    runtime
        .block_on(Driver { story_clock, clock: Arc::default(), caseline: None, tasks: JoinSet::new() }.run());
    ExitCode::SUCCESS
}

struct Driver {
    story_clock: bool,
    clock: Arc<StoryClock>,
    caseline: Option<Caseline>,
    tasks: JoinSet<()>,
}

impl Driver {
    async fn run(mut self) {
        let mut lines = lines::of_stdin();
        let asked = interrupt::asked();
        tokio::pin!(asked);
        loop {
            let line = tokio::select! {
                line = lines.recv() => line,
                _ = &mut asked => None,
            };
            let Some(line) = line else { break };
            match Request::parse(&line) {
                Err((id, failure)) => lines::put(&answer(&id, Err(failure))),
                Ok(Request { id, verb: Verb::Shutdown {} }) => {
                    self.end().await;
                    lines::put(&answer(&id, Ok(json!({}))));
                    return;
                }
                Ok(request) => self.take(request).await,
            }
        }
        self.end().await;
    }

    async fn take(&mut self, request: Request) {
        let Request { id, verb } = request;
        let outcome = match (verb, &self.caseline) {
            (Verb::Clock { now }, _) => self.set_clock(now),
            (Verb::SignIn(how), None) => self.sign_in(*how).await,
            (_, None) => Err(Failure::SignInFirst),
            // These wait for others: the next request is taken meanwhile.
            (verb @ (Verb::Settle { .. } | Verb::Accept { .. }), Some(caseline)) => {
                let caseline = caseline.clone();
                self.tasks.spawn(async move { lines::put(&answer(&id, desk::ask(&caseline, verb).await)) });
                return;
            }
            (verb, Some(caseline)) => desk::ask(caseline, verb).await,
        };
        lines::put(&answer(&id, outcome));
    }

    fn set_clock(&self, now: jiff::Timestamp) -> Result<Value, Failure> {
        if !self.story_clock {
            return Err(Failure::NoStoryClock);
        }
        self.clock.set(now);
        Ok(json!({}))
    }

    async fn sign_in(&mut self, how: caseline_examples::protocol::SignIn) -> Result<Value, Failure> {
        let (caseline, restored) = desk::sign_in(&how, self.clock.clone()).await?;
        let mut notices = caseline.notices();
        self.tasks.spawn(async move {
            use tokio::sync::broadcast::error::RecvError;
            loop {
                match notices.recv().await {
                    Ok(notice) => lines::put(&view::notice(&notice)),
                    // Hints only: who missed some asks.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
        let verified = caseline.verified().await?;
        let user = caseline.user();
        self.caseline = Some(caseline);
        Ok(json!({ "user": user, "verified": verified, "restored": restored }))
    }

    async fn end(&mut self) {
        self.tasks.shutdown().await;
        if let Some(caseline) = self.caseline.take() {
            caseline.shutdown().await;
        }
    }
}
