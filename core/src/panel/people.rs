//! Whose case it is: who must not be named where no member is spoken of.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::case::state::CaseState;
use crate::contact::Role;
use crate::member::Member;

/// The member of a case and those of theirs, whoever was named for it at any time; nobody of a room that is about no member. `Debug`
/// shows none of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CasePeople {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Member>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) theirs: BTreeSet<String>,
}

impl fmt::Debug for CasePeople {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CasePeople(…)")
    }
}

impl CasePeople {
    pub(crate) fn of(state: &CaseState) -> Self {
        let Some(member) = state.opening().and_then(|opening| opening.member.clone()) else {
            return Self::default();
        };
        let contacts = state.roster().all().iter().map(|place| &place.seat.contact);
        let theirs =
            contacts.filter(|contact| matches!(contact.role, Role::Member | Role::MemberRepresentative));
        Self { theirs: theirs.map(|contact| contact.name.clone()).collect(), member: Some(member) }
    }
}
