//! The make of a case's room, and who belongs in it. Pure.

use crate::case::state::CaseState;
use crate::id::{OrganizationId, UserId};
use crate::ports::RoomView;

/// The room version that every room has. In version 12 the creator could never be removed.
pub(crate) const VERSION: &str = "11";
/// The power of a lead, and what membership changes need.
pub(crate) const LEAD_POWER: i64 = 50;

/// Whether a room is of the make that a case's room must be of: version 11, encrypted, by invitation only, without guests,
/// readable from one's invitation on, without words that the homeserver could read; nobody but the role accounts of the
/// case's organisations above the power of a lead (its creator too, where no organisation has a role account).
pub(crate) fn is_of_make(view: &RoomView, state: &CaseState) -> bool {
    let Some(opening) = state.opening() else { return false };
    let role_accounts: Vec<&UserId> =
        opening.organizations().filter_map(|organization| organization.role_account.as_ref()).collect();
    // People who were named at the opening: later ones never get power, and a room keeps the power of those who left.
    let may_rule =
        |user: &UserId| role_accounts.contains(&user) || (role_accounts.is_empty() && *user == view.creator);
    is_private(view)
        && view
            .power
            .iter()
            .all(|(user, power)| *power <= LEAD_POWER || may_rule(user) || *user == view.creator)
        && view
            .power
            .iter()
            .all(|(user, power)| *power < LEAD_POWER || state.roster().ever_contained(user) || may_rule(user))
}

/// Whether a room keeps what is said in it to those who were invited.
pub(crate) fn is_private(view: &RoomView) -> bool {
    view.version == VERSION
        && view.encrypted
        && view.invite_only
        && view.guests_forbidden
        && view.history_from_invitation
        && !view.has_public_words
        && view.membership_power >= LEAD_POWER
        && view.state_power >= LEAD_POWER
}

/// Whether a user is the role account of one of these organisations.
pub(crate) fn role_account_of<'s>(state: &'s CaseState, user: &UserId) -> Option<&'s OrganizationId> {
    let opening = state.opening()?;
    opening
        .organizations()
        .find(|organization| organization.role_account.as_ref() == Some(user))
        .map(|organization| &organization.id)
}
