//! Tests against real homeservers, in one binary so that they share one backend.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A `case` is played by a `cast`: both are the words of these tests.
#![allow(clippy::similar_names)]

mod admissions;
mod cast;
mod foreign;
mod keeper;
mod kill;
mod record;
mod rooms;
mod shapes;
mod sign_in;
mod synthea;
mod transport;
