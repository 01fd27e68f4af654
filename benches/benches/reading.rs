//! Reading FHIR, changing one thing and writing it: by Caseline, and by `serde_json::Value` for comparison.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use caseline::fhir::{Import, Resource};
use caseline_benches::{KINDS, bundle, bundle_of_size, resource};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::Value;

/// As a user of the SDK does it: read and checked, changed and checked again, written.
fn by_caseline(text: &str) -> String {
    let read = Resource::parse(text).unwrap();
    read.with("language", "\"en\"").unwrap().json().to_owned()
}

fn by_value(text: &str) -> String {
    let mut read: Value = serde_json::from_str(text).unwrap();
    read.as_object_mut().unwrap().insert("language".into(), "en".into());
    serde_json::to_string(&read).unwrap()
}

fn by_import(text: &str) -> Import {
    Import::parse(text).unwrap()
}

fn reading(criterion: &mut Criterion) {
    let mut texts: Vec<(&str, String)> = KINDS.iter().map(|kind| (*kind, resource(kind))).collect();
    let large = bundle_of_size(5_000_000);
    texts.push(("Bundle", large.clone()));
    for (name, text) in &texts {
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("caseline", |bencher| bencher.iter(|| by_caseline(black_box(text))));
        group.bench_function("value", |bencher| bencher.iter(|| by_value(black_box(text))));
        group.finish();
    }
    let mut group = criterion.benchmark_group("import");
    group.bench_function("5MB", |bencher| bencher.iter(|| by_import(black_box(&large))));
    for entries in [1_000, 10_000] {
        let text = bundle(entries);
        group.bench_function(entries.to_string(), |bencher| bencher.iter(|| by_import(black_box(&text))));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = reading
}
criterion_main!(benches);
