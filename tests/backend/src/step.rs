//! Steps that tell what they do: a name at the start, the time at the end, a sign of life between.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a step may be silent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// One step of a longer work. It prints to standard error, so that standard output stays the command's own.
///
/// A step that is dropped without [`Step::done`] prints that it failed.
#[derive(Debug)]
pub struct Step {
    name: String,
    started: Instant,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
    finished: bool,
}

impl Step {
    /// Starts a step and prints its name.
    pub fn start(name: impl Into<String>) -> Self {
        let name = name.into();
        let started = Instant::now();
        eprintln!("• {name} …");
        let (stop, stopped) = mpsc::channel::<()>();
        let shown = name.clone();
        let ticker = std::thread::spawn(move || {
            while stopped.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("  {shown}: still at it after {}", seconds(started.elapsed()));
            }
        });
        Self { name, started, ticker: Some((stop, ticker)), finished: false }
    }

    /// Runs `work` as a step of this name.
    pub fn run<T, E>(name: impl Into<String>, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let step = Self::start(name);
        let answer = work()?;
        step.done();
        Ok(answer)
    }

    /// Ends the step, prints and returns how long it took.
    pub fn done(mut self) -> Duration {
        let took = self.end();
        eprintln!("✓ {} ({})", self.name, seconds(took));
        took
    }

    fn end(&mut self) -> Duration {
        self.finished = true;
        if let Some((stop, ticker)) = self.ticker.take() {
            drop(stop);
            // It can only have panicked on a closed standard error, which is no reason to fail here.
            let _ = ticker.join();
        }
        self.started.elapsed()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.finished {
            let took = self.end();
            eprintln!("✗ {} (failed after {})", self.name, seconds(took));
        }
    }
}

/// A duration as a person reads it: `4.2 s`, `3 min 05 s`.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
