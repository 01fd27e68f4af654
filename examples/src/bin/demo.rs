//! Plays a story between two real homeservers, prints what happens, then proves it. `cargo xtask demo` builds and runs it.

use std::process::ExitCode;

use caseline_examples::demo::{self, Options, Trouble, USAGE};

fn main() -> ExitCode {
    let outcome = Options::parse(std::env::args().skip(1)).and_then(|options| {
        options.map_or_else(
            || {
                println!("{USAGE}");
                Ok(())
            },
            |options| demo::run(&options),
        )
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Interrupted) => ExitCode::from(130),
        Err(trouble @ Trouble::Usage(_)) => {
            eprintln!("demo: {trouble}");
            ExitCode::from(2)
        }
        Err(trouble) => {
            eprintln!("demo: {trouble}");
            ExitCode::FAILURE
        }
    }
}
