#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::testing::shapes;

#[test]
fn dump() {
    let Ok(dir) = std::env::var("SHAPES") else { return };
    for (name, text) in shapes().unwrap() {
        std::fs::write(format!("{dir}/{name}.json"), text).unwrap();
    }
}
