//! Who has which PractitionerRole, gathered once: a team of very many people in a large directory asks for each of them.

use std::collections::HashMap;

use super::{Import, Resource};

/// The places of the PractitionerRoles by those of their person and their organisation, in their order; and by the person's
/// alone.
pub(super) type Roles = HashMap<(usize, Option<usize>), Vec<usize>>;

impl Import {
    /// The PractitionerRoles of a person, each with its organisation, as far as both are here: all, or those at one organisation.
    pub(crate) fn roles_of<'s>(
        &'s self,
        person: &Resource,
        at: Option<&Resource>,
    ) -> impl Iterator<Item = &'s Resource> {
        let known = self.roles.get_or_init(|| self.read_roles());
        let organization = at.map(|at| self.place(at));
        let key = self.place(person).zip(organization.map_or(Some(None), |place| place.map(Some)));
        let found = key.and_then(|key| known.get(&key)).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|place| self.resources.get(*place))
    }

    fn read_roles(&self) -> Roles {
        let mut roles = Roles::new();
        for (place, role) in self.resources.iter().enumerate() {
            if role.kind() != "PractitionerRole" {
                continue;
            }
            // It was read when it came in.
            let Ok(node) = role.node() else { continue };
            let points = |element: &str| {
                let found = node.get(element).and_then(|reference| self.target(reference));
                found.and_then(|found| self.place(found))
            };
            if let (Some(person), Some(organization)) = (points("practitioner"), points("organization")) {
                roles.entry((person, None)).or_default().push(place);
                roles.entry((person, Some(organization))).or_default().push(place);
            }
        }
        roles
    }

    /// Where one of these resources stands among them.
    fn place(&self, resource: &Resource) -> Option<usize> {
        self.resources.element_offset(resource)
    }
}
