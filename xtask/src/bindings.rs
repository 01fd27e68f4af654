//! The bindings' part of the tests.

use crate::Failure;
use crate::run::root;

/// Tests the bindings of every language that is there.
pub(crate) fn test() -> Result<(), Failure> {
    if !root()?.join("bindings/python").exists() {
        eprintln!("  There are no bindings yet.");
    }
    Ok(())
}
