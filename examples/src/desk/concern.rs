//! Programme rooms and concerns: what is asked of them, and the commands about them.

use caseline::case::event::EventKey;
use caseline::case::kind::RoomKind;
use caseline::{Answer, Caseline, Concern, Named, OpenProgramme};
use serde_json::{Value, json};

use crate::protocol::{Failure, NamedContact, RoomsOf, Verb};
use crate::view;

/// Answers what is asked about programme rooms.
pub(super) fn ask(caseline: &Caseline, verb: Verb) -> Result<Value, Failure> {
    Ok(match verb {
        Verb::OpenProgramme(asked) => {
            let named = |NamedContact { contact, lead }| Named { contact, lead };
            let mut open = OpenProgramme::new(asked.with, asked.contacts.into_iter().map(named));
            open.id = asked.case;
            json!({ "case": caseline.open_programme(open)?.id() })
        }
        Verb::Rooms { kind } => {
            let kind = match kind {
                RoomsOf::Case => RoomKind::Case,
                RoomsOf::Programme => RoomKind::Programme,
                RoomsOf::Pair => RoomKind::Pair,
                RoomsOf::Referral => RoomKind::Referral,
            };
            let rooms = caseline.rooms(kind)?;
            json!({ "rooms": rooms.iter().map(|room| json!({ "case": room.id() })).collect::<Vec<_>>() })
        }
        Verb::Concerns { case } => view::concerns(&caseline.case(case)?.state()?),
        Verb::CheckConcern { text } => view::found(&caseline.check_concern(&text)?),
        Verb::AnsweredConcerns { query } => view::answers(&caseline.answered_concerns(&query)?),
        _ => return Err(Failure::Invalid("this verb is not about a concern".into())),
    })
}

/// Does what is asked about a concern.
pub(super) fn act(caseline: &Caseline, verb: Verb) -> Result<EventKey, Failure> {
    let case = |id| caseline.case(id);
    let done = match verb {
        Verb::RaiseConcern(asked) => {
            let concern = Concern::new(asked.title, asked.text).topic(asked.topic).priority(asked.priority);
            let concern = concern.about(asked.about);
            case(asked.case)?.raise_concern(asked.key, concern.names_confirmed(asked.names_confirmed))
        }
        Verb::HearConcern(asked) => case(asked.case)?.hear_concern(asked.key, asked.concern),
        Verb::AnswerConcern(asked) => {
            let mut answer = Answer::new(asked.text).names_confirmed(asked.names_confirmed);
            if let Some(question) = asked.shared_as {
                answer = answer.shared_as(question);
            }
            case(asked.case)?.answer_concern(asked.key, asked.concern, answer)
        }
        Verb::CloseConcern(asked) => case(asked.case)?.close_concern(asked.key, asked.concern),
        Verb::ReopenConcern(asked) => {
            let confirmed = asked.names_confirmed;
            case(asked.case)?.reopen_concern(asked.key, asked.concern, &asked.why, confirmed)
        }
        _ => return Err(Failure::Invalid("this verb is not about a concern".into())),
    };
    Ok(done?)
}
