//! When a care plan is complete, by the programme's dated rule.

use crate::agreement::rule_set::{Mark, mark, period};
use crate::agreement::term::Period;
use crate::error::Result;
use crate::yaml::Value;

/// When a care plan is complete, as the programme counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Completion {
    /// When the member, and the primary care provider or a designee, have signed it. So it is where no rule set says otherwise.
    #[default]
    BothSigned,
    /// When it was sent to the primary care provider, with the clinical approval of the side that sent it.
    SentApproved,
}

impl Completion {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::BothSigned, Self::SentApproved];

    /// A stable code, and the word for it in a rule set.
    pub fn code(self) -> &'static str {
        match self {
            Self::BothSigned => "both-signed",
            Self::SentApproved => "sent-approved",
        }
    }

    /// The rule, in words for a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::BothSigned => {
                "a care plan is complete when the member and the primary care provider or a designee have signed it"
            }
            Self::SentApproved => {
                "a care plan is complete when it was sent to the primary care provider with in-house clinical approval"
            }
        }
    }
}

/// The rule in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompletionRow {
    /// The rule.
    pub when: Completion,
    /// The plans' own days on which it holds.
    pub period: Period,
    /// How well it is known.
    pub mark: Mark,
}

/// `plan_complete`: no two rows hold on one day.
pub(super) fn rows(list: &Value<'_>) -> Result<Vec<CompletionRow>> {
    let mut rows: Vec<CompletionRow> = Vec::new();
    for value in list.list()? {
        let mut fields = value.fields()?;
        let row = CompletionRow {
            when: fields.need("when")?.one_of(
                &Completion::ALL.map(|rule| (rule.code(), rule)),
                "this must be `both-signed` or `sent-approved`",
            )?,
            period: period(&mut fields)?,
            mark: mark(&mut fields)?,
        };
        fields.end()?;
        if rows.iter().any(|other| other.period.overlaps(&row.period)) {
            return Err(
                value.wrong("rows-overlap", "an earlier row says on the same days when a plan is complete")
            );
        }
        rows.push(row);
    }
    Ok(rows)
}
