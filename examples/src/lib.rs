//! What the demo, the driver and the keeper share: stories, and the drivers that play them.
#![recursion_limit = "256"]

pub mod story;
pub mod yaml;
