//! Referrals: what is asked of them, and the commands about them.

use caseline::{Caseline, Refer};
use serde_json::{Value, json};

use super::sent;
use crate::protocol::{Failure, Verb, reasons};
use crate::view;

/// Answers what is asked about a referral, and does what is asked.
pub(super) async fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let case = |id| caseline.case(id);
    let key = match verb {
        Verb::Referrals { case } => return Ok(view::referrals(&caseline.case(case)?.state()?)),
        Verb::Refer(asked) => {
            let mut refer = Refer::new(asked.organization, asked.service, asked.need, asked.consent);
            if let Some(called) = asked.called {
                refer = refer.called(called);
            }
            for field in asked.fields {
                refer = refer.field(field);
            }
            for (field, value) in asked.values {
                refer = refer.field_as(field, value);
            }
            if let Some(due) = asked.due {
                refer = refer.due(due);
            }
            let referred = case(asked.case)?.refer(asked.key, refer.priority(asked.priority)).await?;
            let mut told = sent(&referred.key);
            if let (Some(held), Some(fields)) = (referred.held, told.as_object_mut()) {
                fields.insert("held".into(), reasons(&[held]).get(0).cloned().unwrap_or_default());
            }
            return Ok(told);
        }
        Verb::SendReferral(asked) => {
            let room = case(asked.case)?.send_referral(asked.referral, asked.values).await?;
            return Ok(json!({ "case": room.id() }));
        }
        Verb::CarryReferral(asked) => {
            case(asked.case)?.carry_referral(asked.key, asked.referral, asked.how, &asked.note)?
        }
        Verb::TellReferral(asked) => {
            let said = (asked.how, asked.text.as_str());
            case(asked.case)?.tell_referral(asked.key, asked.referral, asked.told, said)?
        }
        Verb::WithdrawReferral(asked) => {
            case(asked.case)?.withdraw_referral(asked.key, asked.referral, &asked.why)?
        }
        Verb::AskCapacity(asked) => case(asked.case)?.ask_capacity(asked.key)?,
        Verb::TellCapacity(asked) => {
            case(asked.case)?.tell_capacity(asked.key, asked.capacity, asked.until, &asked.text)?
        }
        Verb::AcceptReferral(asked) => case(asked.case)?.accept_referral(asked.key)?,
        Verb::DeclineReferral(asked) => case(asked.case)?.decline_referral(asked.key, &asked.reason)?,
        Verb::SubRefer(asked) => case(asked.case)?.sub_refer(asked.key, &asked.to, &asked.contact)?,
        Verb::ReferralOutcome(asked) => {
            case(asked.case)?.referral_outcome(asked.key, asked.code, &asked.text)?
        }
        Verb::CloseReferral(asked) => case(asked.case)?.close_referral(asked.key)?,
        Verb::CancelReferral(asked) => case(asked.case)?.cancel_referral(asked.key, asked.reason)?,
        _ => return Err(Failure::Invalid("this verb is not about a referral".into())),
    };
    Ok(sent(&key))
}
