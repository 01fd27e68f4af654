//! May the community side reach out to the member, by this channel, now?

use jiff::Timestamp;
use jiff::civil::Date;

use crate::agreement::{Agreement, OutreachRule};
use crate::outreach::{AskState, Channel, Outreach};
use crate::policy::Reason;

/// Whether the community side may reach out to the member: to be shown before somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MayReachOut {
    /// The answer.
    pub answer: Reach,
    /// The first day on which the answer is to be asked for anew.
    pub until: Option<Date>,
    /// Every reason, with its source. The last decided.
    pub reasons: Vec<Reason>,
}

/// The answer to whether one may reach out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// They may.
    Allowed,
    /// They ask the plan side first, or wait for its answer.
    Ask,
    /// They may not.
    Denied,
}

impl Reach {
    /// A stable code: `allowed`, `ask` or `denied`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Ask => "ask",
            Self::Denied => "denied",
        }
    }
}

/// What the agreement, and what was asked and answered in the case, say of reaching out by this channel at that time.
///
/// What the member said comes last, and decides: who must not be contacted is not, whatever the agreement lets.
///
/// The reasons have source `agreement <id>` (`agreement-in-force`, `agreement-not-in-force`, `outreach-not-settled`,
/// `outreach-allowed`, `outreach-ask-first`, `outreach-prohibited`) or `outreach` (`outreach-asked`, `outreach-granted`,
/// `outreach-grant-over`, `outreach-refused`, `outreach-no-contact`).
pub fn may_reach_out(
    agreement: &Agreement,
    outreach: &Outreach,
    channel: Channel,
    at: Timestamp,
) -> MayReachOut {
    let named = format!("agreement {} {}", agreement.id, agreement.version);
    let by_agreement = |code, text: String| Reason::new(code, text, format!("agreement {}", agreement.id));
    let day = at.to_zoned(agreement.zone.clone()).date();
    let party = &agreement.community_side.name;
    let by = channel.code();
    if !agreement.in_force_on(day) {
        let reason = by_agreement("agreement-not-in-force", format!("{named} is not in force on this day"));
        return MayReachOut { answer: Reach::Denied, until: None, reasons: vec![reason] };
    }
    let mut reasons = vec![by_agreement("agreement-in-force", format!("{named} is in force"))];
    let prohibited = outreach.no_contact_at(at).is_some();
    let Some(terms) = &agreement.outreach else {
        let text = format!("{named} says nothing of reaching out to the member");
        reasons.push(by_agreement("outreach-not-settled", text));
        let answer = if prohibited { Reach::Denied } else { Reach::Allowed };
        reasons.extend(prohibited.then(no_contact));
        return MayReachOut { answer, until: None, reasons };
    };
    let (rule, until) = terms.on(channel, day);
    let (code, text) = match rule {
        OutreachRule::Allowed => {
            ("outreach-allowed", format!("{named} lets {party} reach out to the member ({by})"))
        }
        OutreachRule::AskFirst => {
            let plan_side = &agreement.plan_side.name;
            (
                "outreach-ask-first",
                format!("{named} has {party} ask {plan_side} before it reaches out ({by})"),
            )
        }
        OutreachRule::Prohibited => {
            ("outreach-prohibited", format!("{named} does not let {party} reach out to the member ({by})"))
        }
    };
    reasons.push(by_agreement(code, text));
    let (answer, until) = match rule {
        OutreachRule::Allowed => (Reach::Allowed, until),
        OutreachRule::Prohibited => (Reach::Denied, until),
        OutreachRule::AskFirst => match asked(outreach, channel, day, at) {
            Some((answer, granted_until, reason)) => {
                reasons.push(reason);
                (answer, [until, granted_until].into_iter().flatten().min())
            }
            None => (Reach::Ask, until),
        },
    };
    if prohibited {
        reasons.push(no_contact());
        return MayReachOut { answer: Reach::Denied, until: None, reasons };
    }
    MayReachOut { answer, until, reasons }
}

/// That the member must not be contacted.
pub(crate) fn no_contact() -> Reason {
    let text = "the member must not be contacted: they, or who speaks for them, said so";
    Reason::new("outreach-no-contact", text, "outreach")
}

/// What the last question says: the last that was answered by then, unless a later one waits.
fn asked(
    outreach: &Outreach,
    channel: Channel,
    day: Date,
    at: Timestamp,
) -> Option<(Reach, Option<Date>, Reason)> {
    let reason = |code, text: &'static str| Reason::new(code, text, "outreach");
    let mut asks = outreach.asks().iter().filter(|ask| ask.ask.channel == channel && ask.by.at <= at);
    let answer = |ask: &AskState| ask.answer.clone().filter(|answer| answer.by.at <= at);
    let last = asks.clone().filter_map(answer).next_back();
    let waits = asks.any(|ask| answer(ask).is_none());
    match last {
        Some(answer) if answer.granted && answer.until.is_none_or(|until| day < until) => {
            let said = reason("outreach-granted", "the plan side was asked and has agreed");
            Some((Reach::Allowed, answer.until, said))
        }
        _ if waits => {
            let said =
                reason("outreach-asked", "the plan side was asked and has not answered yet: wait, or call");
            Some((Reach::Ask, None, said))
        }
        Some(answer) if answer.granted => {
            let said =
                reason("outreach-grant-over", "the plan side had agreed until a day that has come: ask anew");
            Some((Reach::Ask, None, said))
        }
        Some(_) => {
            let said = reason(
                "outreach-refused",
                "the plan side was asked and has refused: ask anew, with what is new",
            );
            Some((Reach::Denied, None, said))
        }
        None => None,
    }
}
