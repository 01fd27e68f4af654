//! How the record is doing, as far as the host should know.

use std::mem::discriminant;
use std::sync::{Mutex, PoisonError};

use crate::case::state::CaseState;
use crate::engine::Engine;
use crate::fhir::member_token;
use crate::notice::Notice;
use crate::ports::PortError;
use crate::records::REPLACED;

/// So many failures in a row, without any answer between, are more than a moment's.
const IN_A_ROW: u32 = 3;

/// What was heard of the record last.
#[derive(Debug, Default)]
pub(crate) struct Answering(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    /// How often in a row it did not answer.
    failures: u32,
    /// What was told of that.
    told: Option<Notice>,
}

impl Answering {
    fn answers(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Heard::default();
    }

    /// Takes in a failure, and says what to tell of it: each trouble once until the record answers.
    fn fails(&self, trouble: Notice, lasting: bool) -> Option<Notice> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.failures = heard.failures.saturating_add(1);
        // Why it does not answer can be another at each attempt: that is no news.
        let same = |told: &Notice| discriminant(told) == discriminant(&trouble);
        let tell = (lasting || heard.failures >= IN_A_ROW) && !heard.told.as_ref().is_some_and(same);
        tell.then(|| heard.told.insert(trouble).clone())
    }
}

impl Engine {
    /// Takes in how the record answered something, and tells the host where it does not.
    pub(super) fn heard<T>(&self, answer: Result<T, PortError>) -> Result<T, PortError> {
        let told = match &answer {
            // Ours, before anything was asked.
            Err(PortError::Internal { .. } | PortError::Unavailable { code: REPLACED, .. }) => None,
            Err(PortError::SignedOut) => self.answering.fails(Notice::RecordSignedOut, true),
            Err(PortError::Unavailable { code, .. }) => {
                self.answering.fails(Notice::RecordUnavailable { code }, false)
            }
            Ok(_) | Err(_) => {
                self.answering.answers();
                None
            }
        };
        self.tell_of_record(told);
        answer
    }

    /// The same of something without which nothing can be written: a refusal is as bad as no answer.
    pub(super) fn heard_all<T>(&self, answer: Result<T, PortError>) -> Result<T, PortError> {
        let code = match &answer {
            Err(PortError::Refused { code } | PortError::NotUnderstood { code }) => code,
            Err(PortError::NotFound) => "not-found",
            Err(PortError::Conflict) => "conflict",
            _ => return self.heard(answer),
        };
        self.tell_of_record(self.answering.fails(Notice::RecordUnavailable { code }, true));
        answer
    }

    fn tell_of_record(&self, told: Option<Notice>) {
        let Some(notice) = told else { return };
        if let Notice::RecordUnavailable { code } = notice {
            tracing::warn!(code, "the record cannot be written: what is for it waits");
        }
        self.tell(notice);
    }

    /// Whether the record answers what every binding of a case asks; of a room without a member, what the directory asks.
    pub(super) async fn answers_otherwise(&self, state: &CaseState) -> bool {
        let (Some(record), Some(opening)) = (&self.record, state.opening()) else { return false };
        let found = match &opening.member {
            Some(member) => record.search("Patient", &[("identifier", &member_token(&member.id))]).await,
            None => record.search("Organization", &[("identifier", opening.plan_side.id.as_str())]).await,
        };
        !matches!(
            found,
            Err(PortError::Unavailable { .. } | PortError::SignedOut | PortError::Internal { .. })
        )
    }
}
