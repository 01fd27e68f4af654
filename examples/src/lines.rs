//! Standard input and output, line by line.

use std::io::{BufRead, Write};

use serde_json::Value;
use tokio::sync::mpsc;

/// The lines of standard input; the channel ends with it. A thread of its own reads them: a read cannot be called off, and
/// must not hold up the end of the process.
pub fn of_stdin() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(64);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if !line.trim().is_empty() && send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes one line to standard output, whole.
pub fn put(line: &Value) {
    let mut text = line.to_string();
    text.push('\n');
    let mut out = std::io::stdout().lock();
    // Who no longer reads will close our input next.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
