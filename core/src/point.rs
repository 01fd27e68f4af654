//! Named write points, at which the kill tests end the process.

/// Ends the process at once, as a kill would, where a test asked for this point: `CASELINE_KILL_AT=name`, or `name:n` for
/// its n-th passing. Does nothing, and costs nothing, without feature `testing`.
#[inline]
pub(crate) fn point(name: &str) {
    #[cfg(feature = "testing")]
    wanted::check(name);
    #[cfg(not(feature = "testing"))]
    let _ = name;
}

#[cfg(feature = "testing")]
mod wanted {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub(super) fn check(name: &str) {
        let wanted = WANTED.get_or_init(|| {
            let text = std::env::var("CASELINE_KILL_AT").ok()?;
            Some(match text.split_once(':') {
                Some((name, n)) => (name.to_owned(), n.parse().unwrap_or(1)),
                None => (text, 1),
            })
        });
        if let Some((wanted, n)) = wanted
            && wanted == name
            && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *n
        {
            // Not `exit`: no destructor runs and no buffer is flushed, as in a kill.
            std::process::abort();
        }
    }
}
