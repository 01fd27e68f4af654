//! Agreements that two organisations propose to each other: what is asked of them, and the commands about them.

use caseline::Caseline;
use serde_json::Value;

use super::sent;
use crate::protocol::{Failure, Verb};
use crate::view;

pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    let case = |id| caseline.case(id);
    let key = match verb {
        Verb::ProposedAgreements(asked) => return Ok(view::agreements(&case(asked.case)?.proposals()?)),
        Verb::ProposeAgreement(asked) => case(asked.case)?.propose_agreement(asked.key, &asked.text)?,
        Verb::AcceptAgreement(asked) => case(asked.case)?.accept_agreement(asked.key, asked.proposal)?,
        Verb::DeclineAgreement(asked) => {
            let confirmed = asked.names_confirmed;
            case(asked.case)?.decline_agreement(asked.key, asked.proposal, &asked.reason, confirmed)?
        }
        Verb::WithdrawAgreement(asked) => case(asked.case)?.withdraw_agreement(asked.key, asked.proposal)?,
        _ => return Err(Failure::Invalid("this verb is not about an agreement".into())),
    };
    Ok(sent(&key))
}
