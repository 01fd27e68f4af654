//! All cases at a glance, agreements side by side, and meetings.

use caseline::{Caseline, Error};
use serde_json::{Value, json};

use super::pair::Decided;
use super::sent;
use crate::protocol::{Decide, Failure, Verb};
use crate::view;

pub(super) async fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    match verb {
        Verb::Panel(asked) => Ok(view::panel(&caseline.panel(&asked.into())?)),
        Verb::SideBySide {} => {
            let all: Vec<Value> = caseline.side_by_side()?.iter().map(view::beside).collect();
            Ok(json!({ "agreements": all }))
        }
        Verb::Agenda(asked) => {
            let for_both = asked.for_both;
            let agenda = caseline.agenda(asked.order()?)?;
            Ok(view::agenda(&if for_both { agenda.for_both() } else { agenda }))
        }
        Verb::SaveAppointment(asked) => {
            let for_both = asked.for_both;
            let agenda = caseline.agenda(asked.order()?)?;
            let agenda = if for_both { agenda.for_both() } else { agenda };
            let created = caseline.save_appointment(&agenda).await.map_err(Error::from)?;
            Ok(json!({ "id": created.stored.id, "version": created.stored.version }))
        }
        Verb::Decide(decided) => decide(caseline, *decided),
        _ => Err(Failure::Invalid("this verb is not about meetings".into())),
    }
}

fn decide(caseline: &Caseline, decided: Decide) -> Result<Value, Failure> {
    let meeting = decided.meeting();
    let (case, decision) = (decided.case, decided.decision);
    let what = Decided {
        text: decided.text,
        title: decided.title,
        due: decided.due,
        owner: decided.owner,
        pool: decided.pool,
        organization: decided.organization,
        detail: decided.detail,
        priority: decided.priority,
    };
    Ok(sent(&caseline.decide(&meeting, case, decision, what.decision()?)?))
}
