//! What goes wrong next, and how often each call was made.

use std::collections::{BTreeMap, VecDeque};

use crate::ports::PortError;

/// One thing that goes wrong.
#[derive(Debug, Clone)]
enum Fault {
    /// The call fails and nothing happens.
    Fail(PortError),
    /// It happens, and the caller does not learn of it.
    LoseAnswer,
}

/// Whether the caller learns how a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Arrives,
    IsLost,
}

/// The faults that wait, and the counters, by endpoint.
#[derive(Debug)]
pub(super) struct Faults<E> {
    waiting: BTreeMap<E, VecDeque<Fault>>,
    requests: BTreeMap<E, u64>,
}

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), requests: BTreeMap::new() }
    }
}

impl<E: Ord + Copy> Faults<E> {
    pub(super) fn fail_next(&mut self, endpoint: E, error: PortError) {
        self.waiting.entry(endpoint).or_default().push_back(Fault::Fail(error));
    }

    pub(super) fn lose_answer_next(&mut self, endpoint: E) {
        self.waiting.entry(endpoint).or_default().push_back(Fault::LoseAnswer);
    }

    pub(super) fn requests(&self, endpoint: E) -> u64 {
        self.requests.get(&endpoint).copied().unwrap_or_default()
    }

    /// Counts a call that reaches us.
    pub(super) fn count(&mut self, endpoint: E) {
        *self.requests.entry(endpoint).or_default() += 1;
    }

    /// Takes the fault that waits for this call, if any.
    pub(super) fn take(&mut self, endpoint: E) -> Result<Answer, PortError> {
        match self.waiting.get_mut(&endpoint).and_then(VecDeque::pop_front) {
            None => Ok(Answer::Arrives),
            Some(Fault::LoseAnswer) => Ok(Answer::IsLost),
            Some(Fault::Fail(error)) => Err(error),
        }
    }
}

impl Answer {
    /// The outcome as the caller sees it.
    pub(super) fn to<T>(self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        match self {
            Self::Arrives => outcome,
            Self::IsLost => Err(PortError::Unavailable { code: "timeout", retry_after: None }),
        }
    }
}
