//! `cargo xtask demo --scale`: builds the programme's own size in a device's store and embedded record, and times the panel and an
//! agenda. Everybody in it is made up.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use caseline::meeting::{self, AgendaOrder, Meeting};
use caseline::panel::{self, PanelQuery};
use caseline_benches::programme::{COMMUNITY_SIDES, Device, PLAN_SIDES, device};

const CASES: usize = 50_000;
const WIDTH: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (mut cases, mut pages) = (CASES, PathBuf::from("target/demo"));
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value after it"));
        match argument.as_str() {
            "--scale" => {}
            "--cases" => cases = value()?.parse()?,
            "--pages" => pages = value()?.into(),
            other => {
                return Err(format!("{other} does not go with --scale; there are: --cases, --pages").into());
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(cases, pages))
}

async fn run(cases: usize, pages: PathBuf) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!(
        "{PLAN_SIDES} plan sides, {COMMUNITY_SIDES} community sides, {cases} cases of people who do not exist, in one device's store."
    );
    let begun = Instant::now();
    let bar = |kept| progress(kept, cases, begun.elapsed());
    let Device { caseline, programme } = device(folder.path(), cases, true, bar).await?;
    let size = fs::metadata(folder.path().join("caseline.db"))?.len();
    println!(
        "\nBuilt in {} s: {} pairs, {} MB on disk, all of it encrypted.\n",
        begun.elapsed().as_secs(),
        programme.pairs(),
        size / 1_000_000
    );
    let all = PanelQuery::default();
    let (shown, took) = timed(|| caseline.panel(&all))?;
    println!("The panel over all cases         {}", millis(took));
    let counts = shown.counts;
    println!(
        "    {} open, {} overdue, {} due, {} unsigned, {} in a hospital, {} quiet, {} with unread messages",
        counts.open,
        counts.overdue,
        counts.due,
        counts.unsigned,
        counts.admitted,
        counts.quiet,
        counts.unread
    );
    let pair = programme.pair(0).ok_or("a programme without a pair")?;
    let query = PanelQuery {
        plan_side: Some(pair.plan_side.clone()),
        community_side: Some(pair.community_side.clone()),
        ..PanelQuery::default()
    };
    let (of_pair, took) = timed(|| caseline.panel(&query))?;
    println!("The panel of one pair            {}  ({} cases)", millis(took), of_pair.counts.open);
    let order = || AgendaOrder::new(Meeting::of(pair.clone(), jiff::civil::date(2026, 11, 2)), 60);
    let begun = Instant::now();
    caseline.agenda(order())?;
    println!(
        "An agenda of that pair           {}  (its cases are read for the first time)",
        millis(begun.elapsed())
    );
    let (agenda, took) = timed(|| caseline.agenda(order()))?;
    println!(
        "The same again                   {}  ({} cases for an hour, {} not reached)",
        millis(took),
        agenda.items.len(),
        agenda.not_reached.len()
    );
    let (beside, took) = timed(|| caseline.side_by_side())?;
    println!("All agreements side by side      {}  ({})", millis(took), beside.len());
    fs::create_dir_all(&pages)?;
    for (file, text) in [
        ("scale-panel.html", panel::page(&shown)),
        ("scale-agenda.html", meeting::page(&agenda)),
        ("scale-agenda.md", meeting::markdown(&agenda)),
        ("scale-agenda.ics", meeting::calendar(&agenda)),
    ] {
        fs::write(pages.join(file), text)?;
    }
    println!("\nWritten as pages: {}", pages.display());
    caseline.shutdown().await;
    Ok(())
}

/// What it answers, and the median time of nine.
fn timed<T>(mut work: impl FnMut() -> caseline::Result<T>) -> Result<(T, Duration), Box<dyn Error>> {
    let mut last = None;
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        last = Some(work()?);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok((last.ok_or("nothing was timed")?, times.get(4).copied().unwrap_or_default()))
}

fn millis(of: Duration) -> String {
    format!("{:>9.2} ms", of.as_secs_f64() * 1e3)
}

/// A bar that fills on a terminal, else a line for every tenth.
fn progress(kept: usize, of: usize, since: Duration) {
    let percent = kept * 100 / of.max(1);
    if std::io::stdout().is_terminal() {
        let full = percent * WIDTH / 100;
        print!("\r[{}{}] {kept} of {of}, {} s", "#".repeat(full), " ".repeat(WIDTH - full), since.as_secs());
        let _ = std::io::stdout().flush();
    } else if percent / 10 != kept.saturating_sub(500) * 100 / of.max(1) / 10 {
        println!("{percent:>3} %, {} s", since.as_secs());
    }
}
