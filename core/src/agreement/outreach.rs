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

pub(super) fn outreach(fields: &mut Fields<'_>, first_day: Date) -> Result<Option<OutreachTerms>> {
    let Some(value) = fields.take("outreach") else { return Ok(None) };
    let mut fields = value.fields()?;
    let mut terms = OutreachTerms {
        default: rule(&fields.need("default")?)?,
        channels: BTreeMap::new(),
        attempts_before_unreachable: ATTEMPTS,
    };
    if let Some(attempts) = fields.take("attempts_before_unreachable") {
        terms.attempts_before_unreachable = attempts.whole()?;
        if terms.attempts_before_unreachable == 0 && attempts.is_strict() {
            let detail = "this must be 1 at least: nobody is unreachable whom nobody has tried to reach";
            return Err(attempts.wrong("field-wrong", detail));
        }
    }
    if let Some(value) = fields.take("channels") {
        let mut named = value.fields()?;
        for channel in Channel::ALL {
            if let Some(value) = named.take(channel.code()) {
                terms.channels.insert(channel, term(&value, first_day)?);
            }
        }
        named.end()?;
    }
    fields.end()?;
    Ok(Some(terms))
}

fn term(value: &Value<'_>, first_day: Date) -> Result<ChannelTerm> {
    let mut fields = value.fields()?;
    let rule = rule(&fields.need("rule")?)?;
    let ends = fields.take("until");
    let until = ends.as_ref().map(Value::date).transpose()?;
    let never = until.is_some_and(|until| until <= first_day);
    if let Some(ends) = ends.filter(|ends| never && ends.is_strict()) {
        let detail = "this day must be later than the agreement's first: else it never holds";
        return Err(ends.wrong("field-wrong", detail));
    }
    fields.end()?;
    Ok(ChannelTerm { rule, until })
}

fn rule(value: &Value<'_>) -> Result<OutreachRule> {
    let words = OutreachRule::ALL.map(|rule| (rule.code(), rule));
    value.one_of(&words, "this must be `allowed`, `ask-first` or `prohibited`")
}
