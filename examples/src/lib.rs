//! What the demo, the driver and the keeper share: stories, and the processes that play them.
#![recursion_limit = "256"]

pub mod demo;
pub mod interrupt;
pub mod process;
pub mod proxy;
pub mod scan;
pub mod story;
pub mod yaml;
