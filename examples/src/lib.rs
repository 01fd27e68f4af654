//! What the demo, the driver and the keeper share: stories, and the processes that play them.
#![recursion_limit = "256"]

pub mod admissions;
pub mod alert;
pub mod demo;
pub mod desk;
pub mod importing;
pub mod interrupt;
pub mod keeping;
pub mod lines;
pub mod process;
pub mod protocol;
pub mod proxy;
pub mod scan;
pub mod story;
pub mod view;
pub mod yaml;
