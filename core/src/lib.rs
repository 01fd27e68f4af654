//! Caseline.
