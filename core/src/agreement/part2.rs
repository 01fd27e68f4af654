//! Who of the two sides is a 42 CFR Part 2 program, and who is covered by HIPAA.

use std::collections::BTreeSet;

use crate::contact::{Role, Seat};
use crate::error::Result;
use crate::id::{ContactId, OrganizationId};
use crate::yaml::{Fields, Value};

/// What an agreement says of 42 CFR Part 2.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part2Terms {
    /// The programs: none is empty.
    pub programs: Vec<Part2Program>,
    /// The organisations that HIPAA covers: under one consent for treatment, payment and operations they may be told, and may pass
    /// on what they were told.
    pub covered: BTreeSet<OrganizationId>,
}

/// A Part 2 program: an organisation, or some of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part2Program {
    /// The organisation.
    pub organization: OrganizationId,
    /// These of its people; with no roles either, all of them.
    pub staff: BTreeSet<ContactId>,
    /// Whoever of its people is one of these.
    pub roles: Vec<Role>,
}

impl Part2Terms {
    /// Whether who has this seat is of a Part 2 program.
    pub fn is_of_program(&self, seat: &Seat) -> bool {
        let contact = &seat.contact;
        self.programs.iter().any(|program| {
            program.organization == contact.organization
                && ((program.staff.is_empty() && program.roles.is_empty())
                    || program.staff.contains(&contact.id)
                    || program.roles.contains(&contact.role))
        })
    }
}

pub(super) fn part2(fields: &mut Fields<'_>, sides: [&OrganizationId; 2]) -> Result<Option<Part2Terms>> {
    let Some(value) = fields.take("part2") else { return Ok(None) };
    let mut fields = value.fields()?;
    let programs = fields.need("programs")?;
    let entries = programs.list()?;
    if entries.is_empty() {
        let detail = "say which program it is; leave `part2` out where there is none";
        return Err(programs.wrong("field-missing", detail));
    }
    let programs = entries.iter().map(|value| program(value, sides)).collect::<Result<_>>()?;
    let covered = fields.take("covered").map_or(Ok(BTreeSet::new()), |value| {
        value.list()?.iter().map(|value| side(value, sides)).collect()
    })?;
    fields.end()?;
    Ok(Some(Part2Terms { programs, covered }))
}

fn program(value: &Value<'_>, sides: [&OrganizationId; 2]) -> Result<Part2Program> {
    let mut fields = value.fields()?;
    let program = Part2Program {
        organization: side(&fields.need("organization")?, sides)?,
        staff: fields
            .take("staff")
            .map_or(Ok(BTreeSet::new()), |value| value.list()?.iter().map(Value::parsed).collect())?,
        roles: fields
            .take("roles")
            .map_or(Ok(Vec::new()), |value| value.list()?.iter().map(Value::parsed).collect())?,
    };
    fields.end()?;
    Ok(program)
}

fn side(value: &Value<'_>, sides: [&OrganizationId; 2]) -> Result<OrganizationId> {
    let organization = value.parsed()?;
    if sides.contains(&&organization) {
        return Ok(organization);
    }
    let detail = "this must be one of the agreement's two organisations";
    Err(value.wrong("part2-of-another", detail))
}
