//! The demo's arguments.

use std::path::PathBuf;
use std::time::Duration;

use super::Trouble;

/// What `--help` prints.
pub const USAGE: &str = "\
Plays a story between two homeservers, prints what happens, then proves it.

    cargo xtask demo [OPTIONS]

    --story FILE      the story; examples/data/marty.yaml where left out (the format: examples/STORIES.md)
    --kill-after N    kill -9 and start again whoever acts on line N of the story, right after it
                      (a number below the first step's line counts the steps)
    --people N        play it on N people who do not exist, each with their own record, side by side
                      (made by Synthea, which needs Java 17 and Maven)
    --seed S          which people; 1 where left out
    --records FOLDER  write into this folder what the cases wrote into both records
    --pages FOLDER    write agendas and the panel into this folder, where the story has them;
                      target/demo where left out
    --fhir            keep both sides' records on FHIR servers, one for each
    --backend FILE    use the servers that FILE describes, as `cargo xtask up --json` prints it
    --joe python      play Joe with the Python driver
    --random SEED     play the story's people at random in the place of its steps, and prove what must hold after it
    --steps N         how many random steps; 120 where left out
    --for SECONDS     no more of them after this time; left out, all
    --keep            leave the stores and logs where they are, and say where";

/// More than these are no play any more.
const MOST_PEOPLE: u32 = 50;

/// The language of a driver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// `examples/src/bin/driver.rs`.
    #[default]
    Rust,
    /// `bindings/python`.
    Python,
}

/// What to play, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The story.
    pub story: PathBuf,
    /// The line after which the acting driver is killed and started again.
    pub kill_after: Option<u64>,
    /// How many people take the place of the story's member.
    pub people: Option<u32>,
    /// Which people.
    pub seed: i64,
    /// Where what the cases wrote into both records is written to.
    pub records: Option<PathBuf>,
    /// Where agendas and the panel are written to.
    pub pages: PathBuf,
    /// Whether the records are kept on FHIR servers.
    pub fhir: bool,
    /// The description of a backend that runs already.
    pub backend: Option<PathBuf>,
    /// The language of Joe's driver.
    pub joe: Language,
    /// The seed of random steps, which are played in the place of the story's.
    pub random: Option<u64>,
    /// How many.
    pub steps: u32,
    /// How long steps are played.
    pub time: Option<Duration>,
    /// Whether stores and logs stay.
    pub keep: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            story: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/marty.yaml"),
            kill_after: None,
            people: None,
            seed: 1,
            records: None,
            pages: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/demo"),
            fhir: false,
            backend: None,
            joe: Language::Rust,
            random: None,
            steps: 120,
            time: None,
            keep: false,
        }
    }
}

impl Options {
    /// Reads the arguments, without the program's name. `None`: only the usage is asked for.
    ///
    /// # Errors
    /// [`Trouble::Usage`].
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Option<Self>, Trouble> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let mut value = |what: &str| {
                inline
                    .clone()
                    .or_else(|| arguments.next())
                    .ok_or_else(|| Trouble::Usage(format!("{name} needs {what} after it")))
            };
            match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--story" => options.story = value("a file")?.into(),
                "--backend" => options.backend = Some(value("a file")?.into()),
                "--kill-after" => {
                    let line = value("a line's number")?;
                    let number = line.parse().ok().filter(|line| *line > 0);
                    options.kill_after = Some(number.ok_or_else(|| {
                        Trouble::Usage("--kill-after needs the number of a line of the story".into())
                    })?);
                }
                "--people" => {
                    let number =
                        value("a number")?.parse().ok().filter(|many| (1..=MOST_PEOPLE).contains(many));
                    options.people = Some(number.ok_or_else(|| {
                        Trouble::Usage(format!("--people needs a number from 1 to {MOST_PEOPLE}"))
                    })?);
                }
                "--seed" => {
                    let seed = value("a number")?.parse().ok();
                    options.seed = seed.ok_or_else(|| Trouble::Usage("--seed needs a number".into()))?;
                }
                "--random" => {
                    let seed = value("a seed")?.parse().ok();
                    options.random =
                        Some(seed.ok_or_else(|| Trouble::Usage("--random needs a seed: a number".into()))?);
                }
                "--steps" => {
                    let number = value("a number")?.parse().ok();
                    options.steps = number.ok_or_else(|| Trouble::Usage("--steps needs a number".into()))?;
                }
                "--for" => {
                    let seconds = value("a number of seconds")?.parse().ok();
                    let seconds =
                        seconds.ok_or_else(|| Trouble::Usage("--for needs a number of seconds".into()))?;
                    options.time = Some(Duration::from_secs(seconds));
                }
                "--pages" => options.pages = value("a folder")?.into(),
                "--records" => options.records = Some(value("a folder")?.into()),
                "--joe" => {
                    options.joe = match value("`python` or `rust`")?.as_str() {
                        "python" => Language::Python,
                        "rust" => Language::Rust,
                        _ => return Err(Trouble::Usage("--joe is `python` or `rust`".into())),
                    }
                }
                "--fhir" => options.fhir = true,
                "--keep" => options.keep = true,
                other => {
                    let known = "--story, --kill-after, --people, --seed, --records, --pages, --fhir, --backend, --joe, --random, --steps, --for, --keep";
                    return Err(Trouble::Usage(format!("{other} is not known; there are: {known}")));
                }
            }
        }
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Options>, Trouble> {
        Options::parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn arguments_are_read_in_both_spellings() {
        let options =
            parse(&["--story=s.yaml", "--kill-after", "7", "--fhir", "--joe", "python"]).unwrap().unwrap();
        assert_eq!((options.story, options.kill_after), ("s.yaml".into(), Some(7)));
        assert!(options.fhir && options.joe == Language::Python && !options.keep);
        let options =
            parse(&["--people", "2", "--seed=-7", "--records", "out", "--pages=p"]).unwrap().unwrap();
        assert_eq!((options.people, options.seed, options.records), (Some(2), -7, Some("out".into())));
        assert_eq!(options.pages, PathBuf::from("p"));
        assert!(parse(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, says) in [
            (&["--stroy", "x"][..], "--stroy is not known"),
            (&["--story"], "--story needs a file"),
            (&["--kill-after", "joe"], "number of a line"),
            (&["--joe", "perl"], "`python` or `rust`"),
            (&["--people", "0"], "from 1 to"),
            (&["--seed", "x"], "--seed needs a number"),
            (&["--random", "x"], "--random needs a seed"),
            (&["--random", "1", "--steps", "-1"], "--steps needs a number"),
        ] {
            let told = parse(arguments).unwrap_err().to_string();
            assert!(told.contains(says), "{told}");
        }
    }
}
