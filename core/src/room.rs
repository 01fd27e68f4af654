//! The make of a case's room, and who belongs in it. Pure.

use crate::case::state::CaseState;
use crate::id::{OrganizationId, UserId};
use crate::ports::RoomView;

/// The room version that every room has. In version 12 the creator could never be removed.
pub(crate) const VERSION: &str = "11";
/// The power of a lead, and what membership changes need.
pub(crate) const LEAD_POWER: i64 = 50;

/// What of a room is not of the make that a case's room must be of: version 11, encrypted, by invitation only, without
/// guests, readable from one's invitation on, without words that the homeserver could read; nobody but the role accounts of
/// the case's organisations above the power of a lead (its creator too, where no organisation has a role account).
pub(crate) fn not_of_make(view: &RoomView, state: &CaseState) -> Option<&'static str> {
    let Some(opening) = state.opening() else { return Some("room.opening") };
    let role_accounts: Vec<&UserId> =
        opening.organizations().filter_map(|organization| organization.role_account.as_ref()).collect();
    // People who were named at the opening: later ones never get power, and a room keeps the power of those who left.
    let may_rule =
        |user: &UserId| role_accounts.contains(&user) || (role_accounts.is_empty() && *user == view.creator);
    let above =
        |(user, power): &(UserId, i64)| *power > LEAD_POWER && !may_rule(user) && *user != view.creator;
    let strange = |(user, power): &(UserId, i64)| {
        *power >= LEAD_POWER && !state.roster().ever_contained(user) && !may_rule(user)
    };
    not_private(view)
        .or_else(|| view.power.iter().any(above).then_some("room.power-above-lead"))
        .or_else(|| view.power.iter().any(strange).then_some("room.power-of-somebody-not-named"))
}

/// What keeps a room from being one in which only those who were invited read what is said.
pub(crate) fn not_private(view: &RoomView) -> Option<&'static str> {
    let must = [
        (view.version == VERSION, "room.version"),
        (view.encrypted, "room.encryption"),
        (view.invite_only, "room.join-rule"),
        (view.guests_forbidden, "room.guest-access"),
        (view.history_from_invitation, "room.history-visibility"),
        (!view.has_public_words, "room.public-words"),
        (view.membership_power >= LEAD_POWER, "room.membership-power"),
        (view.state_power >= LEAD_POWER, "room.state-power"),
    ];
    must.into_iter().find(|(holds, _)| !holds).map(|(_, part)| part)
}

/// Whether a user is the role account of one of these organisations.
pub(crate) fn role_account_of<'s>(state: &'s CaseState, user: &UserId) -> Option<&'s OrganizationId> {
    let opening = state.opening()?;
    opening
        .organizations()
        .find(|organization| organization.role_account.as_ref() == Some(user))
        .map(|organization| &organization.id)
}
