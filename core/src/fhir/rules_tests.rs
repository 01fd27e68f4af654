#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

#[test]
fn calibrate() {
    let Ok(dir) = std::env::var("CALIBRATE") else { return };
    let mut found = std::collections::BTreeMap::<String, (usize, String)>::new();
    let mut n = 0;
    let mut took = std::time::Duration::ZERO;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(node) = json::parse(&text) else { continue };
        let mut all = vec![node.raw().to_owned()];
        if node.str("resourceType").as_deref() == Some("Bundle") {
            all.extend(
                node.list("entry").iter().filter_map(|e| e.get("resource")).map(|r| r.raw().to_owned()),
            );
        }
        for text in all {
            let node = json::parse(&text).unwrap();
            let kind = node.str("resourceType").unwrap_or_default().into_owned();
            if shape_of(&kind).is_none() {
                continue;
            }
            n += 1;
            let at = std::time::Instant::now();
            let broken = check(&text).unwrap();
            took += at.elapsed();
            for broken in broken {
                let key = format!("{} {}", broken.rule, without_places(&broken.path));
                let e = found.entry(key).or_default();
                e.0 += 1;
                e.1 = format!(
                    "{}#{}",
                    path.file_name().unwrap().to_string_lossy(),
                    node.str("id").unwrap_or_default()
                );
            }
        }
    }
    for (key, (n, at)) in found {
        eprintln!("{n:6} {key}   {at}");
    }
    eprintln!("{n} resources in {took:?}");
}
