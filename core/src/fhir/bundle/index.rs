//! What the resources of an import are found by, gathered once.

use std::hash::{BuildHasher, Hash, RandomState};

use super::Resource;
use crate::error::{InvalidInput, Result};
use crate::fhir::json::Node;

/// The most names that are kept, of all resources together.
const MAX_NAMES: usize = 500_000;

/// A name that a resource can be found by.
#[derive(Hash, Clone, Copy)]
pub(super) enum Name<'n> {
    /// Its `fullUrl` in the Bundle.
    Url(&'n str),
    /// Its type and id.
    Id(&'n str, &'n str),
    /// Its type and the value of one of its identifiers.
    Identifier(&'n str, &'n str),
}

/// Places of resources by the hashes of their names; whoever looks compares the names themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    state: RandomState,
    names: Vec<(u64, u32)>,
}

impl Index {
    /// Takes in a resource; [`Index::finish`] must follow.
    ///
    /// # Errors
    /// `InvalidInput` (`too-many-resources`).
    pub(super) fn add(&mut self, place: u32, resource: &Resource, node: &Node<'_>) -> Result<()> {
        if let Some(url) = resource.full_url() {
            self.name(Name::Url(url), place);
        }
        if let Some(id) = resource.id() {
            self.name(Name::Id(resource.kind(), id), place);
        }
        for identifier in node.list("identifier") {
            if let Some(value) = identifier.str("value") {
                self.name(Name::Identifier(resource.kind(), &value), place);
            }
        }
        if self.names.len() > MAX_NAMES {
            let detail = "there are too many resources in it to be read at once; split it";
            return Err(InvalidInput::new("too-many-resources", detail).into());
        }
        Ok(())
    }

    fn name(&mut self, name: Name<'_>, place: u32) {
        self.names.push((self.state.hash_one(name), place));
    }

    /// Makes ready for finding.
    pub(super) fn finish(&mut self) {
        self.names.sort_unstable();
        self.names.dedup();
        self.names.shrink_to_fit();
    }

    /// The places of the resources that can have this name, in their order.
    pub(super) fn places(&self, name: Name<'_>) -> impl Iterator<Item = usize> + '_ {
        let hash = self.state.hash_one(name);
        let start = self.names.partition_point(|(one, _)| *one < hash);
        let found = self.names.get(start..).unwrap_or_default();
        found.iter().take_while(move |(one, _)| *one == hash).map(|(_, place)| *place as usize)
    }
}
