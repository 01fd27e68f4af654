//! The hints that wait for one client. No runtime needed: a queue and the wakers of who waits.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Poll, Waker};

use super::lock;
use crate::ports::Hint;

#[derive(Debug, Default)]
pub(super) struct Hints(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Hint>,
    wakers: Vec<Waker>,
    suspended: bool,
    shut: bool,
}

impl Hints {
    /// Adds a hint. One that waits already is not added again, except for going online or offline, whose order counts.
    pub(super) fn push(&self, hint: Hint) {
        let mut state = lock(&self.0);
        if state.shut {
            return;
        }
        let counts = matches!(hint, Hint::Online(_));
        if counts || !state.waiting.iter_mut().any(|waiting| waiting.take_up(&hint)) {
            state.waiting.push_back(hint);
            wake(&mut state);
        }
    }

    /// Holds back what comes, or lets it go.
    pub(super) fn suspend(&self, suspended: bool) {
        let mut state = lock(&self.0);
        state.suspended = suspended;
        wake(&mut state);
    }

    pub(super) fn shut(&self) {
        let mut state = lock(&self.0);
        state.shut = true;
        wake(&mut state);
    }

    pub(super) fn is_shut(&self) -> bool {
        lock(&self.0).shut
    }

    /// The next hint; `None` once shut.
    pub(super) async fn next(&self) -> Option<Hint> {
        poll_fn(|context| {
            let mut state = lock(&self.0);
            if state.shut {
                return Poll::Ready(None);
            }
            if !state.suspended
                && let Some(hint) = state.waiting.pop_front()
            {
                return Poll::Ready(Some(hint));
            }
            state.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

fn wake(state: &mut State) {
    state.wakers.drain(..).for_each(Waker::wake);
}
