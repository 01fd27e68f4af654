//! The member: the one person whose care a case is about.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::MemberId;

/// The member of a case. Maps to FHIR Patient. All of it is member data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The identifier both sides know the member by, for example the Medicaid id.
    pub id: MemberId,
    /// The name, as people say it.
    pub name: String,
    /// The date of birth. Who accepts a case compares it with their own record.
    pub birth_date: Date,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Member(…)")
    }
}
