//! Steps in rooms without member data.

use crate::agreement::proposal::{self, AgreementEvent};
use crate::case::event::HeldBody;
use crate::case::fold::order::Event;
use crate::case::handover;
use crate::case::state::CaseState;
use crate::case::step::Step;
use crate::concern;
use crate::meeting::{self, MeetingEvent};
use crate::policy::Reason;

pub(super) fn meet(state: &mut CaseState, event: MeetingEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.meetings = meeting::step(&state.meetings, event, step)?;
    Ok(())
}

pub(super) fn agree(state: &mut CaseState, event: AgreementEvent<'_>, step: &Step<'_>) -> Result<(), Reason> {
    state.life.going_on()?;
    state.agreements = proposal::step(&state.agreements, event, step)?;
    Ok(())
}

/// Refuses a message that holds member data, as far as its form tells, where it has no place. Of one that is known as a stub, the stub
/// says it.
pub(super) fn without_members(
    state: &CaseState,
    event: &Event<'_>,
    text: Option<&str>,
) -> Result<(), Reason> {
    let opening = state.opening().filter(|opening| opening.kind.is_without_members());
    let holds = match &event.held.body {
        HeldBody::Stub(stub) => handover::says_member_data(stub),
        HeldBody::Whole(_) => text.is_some_and(|text| concern::text_holds_member_data(text, event.at)),
    };
    if opening.is_none() || !holds {
        return Ok(());
    }
    let text = "a pair's room holds no member data: take out member numbers, telephone numbers, e-mail addresses and full dates";
    Err(Reason::new("message-member-data", text, "room"))
}
