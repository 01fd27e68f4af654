//! The threads that calls run on, and a client that is used and dropped there alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;

use crate::error::{CaselineError, Result};

/// How long the end of the threads is waited for.
const END: Duration = Duration::from_secs(5);

// Apart: the handle is needed for as long as the process lives, since a host may let go of objects at any time, on any
// thread.
static HANDLE: OnceLock<Option<Handle>> = OnceLock::new();
static THREADS: Mutex<Option<Runtime>> = Mutex::new(None);

/// The runtime that everything runs on.
pub(crate) fn runtime() -> Result<&'static Handle> {
    let made = HANDLE.get_or_init(|| {
        let made = Builder::new_multi_thread().worker_threads(2).thread_name("caseline").enable_all().build();
        let runtime = made.ok()?;
        let handle = runtime.handle().clone();
        *THREADS.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime);
        Some(handle)
    });
    made.as_ref().ok_or_else(|| CaselineError::internal("runtime"))
}

/// Ends the threads of this library, for a host whose process ends and that no thread may call any more from then on, such
/// as Python's interpreter. It is as if the process had been killed: what was accepted goes on at the next start. Every call
/// after it fails.
#[uniffi::export]
pub fn end_threads() {
    let taken = THREADS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(runtime) = taken {
        runtime.shutdown_timeout(END);
    }
}

/// Runs something to its end there. Whoever drops the future calls it off.
///
/// What it returns may be dropped on any thread: no client of the core is handed out, only a [`Client`].
pub(crate) async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    // A panic ends here: its text may hold member data.
    Task(runtime()?.spawn(work)).await.unwrap_or_else(|| Err(CaselineError::internal("call")))
}

struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Option<T>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(context).map(std::result::Result::ok)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A client of the core, until it is shut down.
pub(crate) struct Client {
    slot: Arc<RwLock<Option<caseline::Caseline>>>,
    closed: watch::Sender<bool>,
}

impl Client {
    pub(crate) fn new(caseline: caseline::Caseline) -> Self {
        Self { slot: Arc::new(RwLock::new(Some(caseline))), closed: watch::Sender::new(false) }
    }

    /// Calls the client. A call that is pending when the client is shut down ends then.
    pub(crate) async fn call<T, F>(
        &self,
        work: impl FnOnce(caseline::Caseline) -> F + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (slot, mut closed) = (Arc::clone(&self.slot), self.closed());
        run(async move {
            // The guard outlives the clone: the shutdown waits for both.
            let open = slot.read().await;
            let caseline = open.as_ref().ok_or_else(CaselineError::shut_down)?.clone();
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => Err(CaselineError::shut_down()),
                outcome = work(caseline) => outcome,
            }
        })
        .await
    }

    /// Calls what reads or writes the disk without waiting for anybody.
    pub(crate) async fn local<T: Send + 'static>(
        &self,
        work: impl FnOnce(&caseline::Caseline) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::clone(&self.slot);
        run(async move {
            let open = slot.read_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                let caseline = open.as_ref().ok_or_else(CaselineError::shut_down)?;
                work(caseline)
            });
            done.await.unwrap_or_else(|_| Err(CaselineError::internal("call")))
        })
        .await
    }

    /// Asks the client for what it has in memory.
    pub(crate) fn peek<T>(&self, look: impl FnOnce(&caseline::Caseline) -> T) -> Result<T> {
        // Only a shutdown holds the other end.
        let open = self.slot.try_read().map_err(|_| CaselineError::shut_down())?;
        open.as_ref().map(look).ok_or_else(CaselineError::shut_down)
    }

    /// Becomes true when the client is shut down.
    pub(crate) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Ends pending calls, then the client; its store is closed when this returns.
    pub(crate) async fn shutdown(&self) -> Result<()> {
        self.closed.send_replace(true);
        let slot = Arc::clone(&self.slot);
        // Not `run`: who stops waiting for it does not stop it.
        let ended = runtime()?.spawn(async move {
            let taken = slot.write().await.take();
            if let Some(caseline) = taken {
                caseline.shutdown().await;
            }
        });
        ended.await.map_err(|_| CaselineError::internal("shutdown"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.closed.send_replace(true);
        let slot = std::mem::take(&mut self.slot);
        if let Ok(runtime) = runtime() {
            let _inside = runtime.enter();
            drop(slot);
        }
    }
}
