//! The panel and an agenda, from an encrypted store; beside the same counts from a flat table that is not encrypted, as a host's own
//! reporting would have it, and beside folding every case.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use caseline::meeting::{AgendaOrder, Meeting};
use caseline::panel::PanelQuery;
use caseline_benches::programme::{Device, device};
use criterion::{Criterion, criterion_group, criterion_main};
use rusqlite::Connection;

/// The same counts by SQL alone: a row of each case in a plain table.
fn flat(device: &Device) -> Connection {
    let all = PanelQuery { most: Some(usize::MAX), ..PanelQuery::default() };
    let panel = device.caseline.panel(&all).unwrap();
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(
        "CREATE TABLE cases (id TEXT, member TEXT, plan_side TEXT, community_side TEXT, due INTEGER, unsigned INTEGER, \
         admitted INTEGER, quiet INTEGER, unread INTEGER, tasks INTEGER)",
    )
    .unwrap();
    let mut put = db.prepare("INSERT INTO cases VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)").unwrap();
    for case in &panel.cases {
        put.execute((
            case.case.to_string(),
            &case.member,
            case.pair.plan_side.as_str(),
            case.pair.community_side.as_str(),
            case.next.as_ref().map(|next| next.due.as_second()),
            case.unsigned_since.map(|since| since.as_second()),
            case.admitted_since.map(|since| since.as_second()),
            case.quiet,
            case.unread,
            case.tasks,
        ))
        .unwrap();
    }
    drop(put);
    db
}

fn by_sql(db: &Connection, now: i64) -> usize {
    let mut counts = db
        .prepare_cached(
            "SELECT plan_side, community_side, count(*), sum(due <= ?1), sum(due > ?1), count(unsigned), count(admitted), \
             sum(quiet), sum(unread > 0), sum(unread), sum(tasks) FROM cases GROUP BY plan_side, community_side",
        )
        .unwrap();
    let pairs = counts.query_map([now], |row| row.get::<_, i64>(2)).unwrap().count();
    let mut first = db
        .prepare_cached("SELECT id, member FROM cases ORDER BY due IS NULL, due <= ?1 DESC, admitted IS NULL, due LIMIT 100")
        .unwrap();
    pairs + first.query_map([now], |row| row.get::<_, String>(0)).unwrap().count()
}

fn panel(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("panel");
    for cases in [5_000, 50_000] {
        let folder = tempfile::tempdir().unwrap();
        let device = runtime.block_on(device(folder.path(), cases, false, |_| ())).unwrap();
        let of = &device.caseline;
        let all = PanelQuery::default();
        group.bench_function(format!("{cases}/caseline"), |bencher| {
            bencher.iter(|| of.panel(black_box(&all)).unwrap())
        });
        let pair = device.programme.pair(0).unwrap();
        let one = PanelQuery {
            plan_side: Some(pair.plan_side.clone()),
            community_side: Some(pair.community_side.clone()),
            ..PanelQuery::default()
        };
        group.bench_function(format!("{cases}/pair"), |bencher| {
            bencher.iter(|| of.panel(black_box(&one)).unwrap())
        });
        let order = || AgendaOrder::new(Meeting::of(pair.clone(), jiff::civil::date(2026, 11, 2)), 60);
        group.bench_function(format!("{cases}/agenda"), |bencher| {
            bencher.iter(|| of.agenda(order()).unwrap())
        });
        let (db, now) = (flat(&device), of.panel(&all).unwrap().at.as_second());
        group.bench_function(format!("{cases}/sql"), |bencher| bencher.iter(|| by_sql(black_box(&db), now)));
        if cases == 5_000 {
            group
                .bench_function(format!("{cases}/folds"), |bencher| bencher.iter(|| of.due().unwrap().len()));
        }
        runtime.block_on(of.shutdown());
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    targets = panel
}
criterion_main!(benches);
