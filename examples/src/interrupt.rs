//! Ctrl-C and SIGTERM: whoever waits looks here, so that what was started is ended in order.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// Takes over Ctrl-C and SIGTERM. The second one ends the process at once.
pub fn listen() {
    LISTENING.call_once(|| {
        std::thread::spawn(|| {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async {
                let _ = asked().await;
                ASKED.store(true, Ordering::SeqCst);
                let _ = asked().await;
                std::process::exit(130);
            });
        });
    });
}

/// Whether somebody asked to end.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Waits until somebody asks to end.
///
/// # Errors
/// Where the system does not let us listen.
pub async fn asked() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
