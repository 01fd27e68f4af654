//! What an agreement says of reaching out to the member: by which channel, until when, and how often before it counts as
//! impossible.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::error::Result;
use crate::outreach::Channel;
use crate::yaml::{Fields, Value};

/// How often somebody tries, where an agreement that speaks of outreach does not say so.
const ATTEMPTS: u32 = 3;

/// What an agreement says of reaching out to the member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutreachTerms {
    /// For every channel that is not named.
    pub default: OutreachRule,
    /// For these channels.
    pub channels: BTreeMap<Channel, ChannelTerm>,
    /// After how many attempts without success a case may be closed as `Unreachable`.
    pub attempts_before_unreachable: u32,
}

/// Whether the community side may reach out to the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutreachRule {
    /// It may.
    Allowed,
    /// It asks the plan side first.
    AskFirst,
    /// It may not.
    Prohibited,
}

/// What holds for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelTerm {
    /// Whether it may be used.
    pub rule: OutreachRule,
    /// The first day on which the default holds again.
    pub until: Option<Date>,
}

impl OutreachRule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::AskFirst, Self::Prohibited];

    /// The word for it in an agreement.
    pub fn code(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::AskFirst => "ask-first",
            Self::Prohibited => "prohibited",
        }
    }
}

impl OutreachTerms {
    /// What holds for a channel on a day, and, where it will not hold for good, the first day on which it no longer does.
    pub fn on(&self, channel: Channel, day: Date) -> (OutreachRule, Option<Date>) {
        match self.channels.get(&channel) {
            Some(term) if term.until.is_none_or(|until| day < until) => (term.rule, term.until),
            _ => (self.default, None),
        }
    }
}

pub(super) fn outreach(fields: &mut Fields<'_>) -> Result<Option<OutreachTerms>> {
    let Some(value) = fields.take("outreach") else { return Ok(None) };
    let mut fields = value.fields()?;
    let mut terms = OutreachTerms {
        default: rule(&fields.need("default")?)?,
        channels: BTreeMap::new(),
        attempts_before_unreachable: ATTEMPTS,
    };
    if let Some(attempts) = fields.take("attempts_before_unreachable") {
        terms.attempts_before_unreachable = attempts.whole()?;
    }
    if let Some(value) = fields.take("channels") {
        let mut named = value.fields()?;
        for channel in Channel::ALL {
            if let Some(value) = named.take(channel.code()) {
                terms.channels.insert(channel, term(&value)?);
            }
        }
        named.end()?;
    }
    fields.end()?;
    Ok(Some(terms))
}

fn term(value: &Value<'_>) -> Result<ChannelTerm> {
    let mut fields = value.fields()?;
    let term = ChannelTerm {
        rule: rule(&fields.need("rule")?)?,
        until: fields.take("until").map(|until| until.date()).transpose()?,
    };
    fields.end()?;
    Ok(term)
}

fn rule(value: &Value<'_>) -> Result<OutreachRule> {
    let words = OutreachRule::ALL.map(|rule| (rule.code(), rule));
    value.one_of(&words, "this must be `allowed`, `ask-first` or `prohibited`")
}
