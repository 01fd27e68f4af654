//! The demo: plays a story between two real homeservers, prints what happens, then proves it.

mod actor;
mod alike;
mod fault;
mod options;
mod papers;
mod people;
mod play;
mod proof;
mod random;
mod seen;
mod stage;
mod table;
mod transcript;
mod trouble;

pub use options::{Language, Options, USAGE};
pub use trouble::Trouble;

use crate::interrupt;
use crate::story::Story;
use people::People;
use stage::Stage;
use transcript::Transcript;

/// Plays the story of these options to its end, or to the first line that does not come true. Everything that was started
/// has ended when this returns.
///
/// # Errors
/// [`Trouble`], in one line.
pub fn run(options: &Options) -> Result<(), Trouble> {
    interrupt::listen();
    // Keepers are started beside files of their own: a path that holds from here would lead elsewhere for them.
    let story = Story::read(&std::path::absolute(&options.story).unwrap_or_else(|_| options.story.clone()))?;
    let people = options.people.map(|many| People::choose(&story, many, options.seed)).transpose()?;
    let kill_after = options.kill_after.map(|line| play::step_of_line(&story, line)).transpose()?;
    let mut transcript = Transcript::of(&story);
    let mut stage = Stage::set(options, &story, people)?;
    transcript.title(&story, stage.people.as_ref());
    Transcript::people(stage.people.as_ref(), options.seed);
    let outcome = match options.random {
        Some(seed) => random::drive(&mut stage, seed, options.steps, options.time)
            .and_then(|texts| proof::nothing_said(&mut stage, &texts)),
        None => play::play(&mut stage, &mut transcript, kill_after)
            .and_then(|played| proof::prove(&mut stage, &transcript, &played, options.records.as_deref())),
    };
    if outcome.is_ok() {
        transcript.heading("All of it came true.");
    }
    stage.clear(options.keep || outcome.is_err() && !matches!(outcome, Err(Trouble::Interrupted)));
    outcome
}
