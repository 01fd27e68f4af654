//! What a record takes, by resource type.

use std::collections::{BTreeMap, BTreeSet};

/// Something that a record can be asked for (FHIR R4, 3.1.0 "RESTful API").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Interaction {
    /// Reading a resource by its id.
    Read,
    /// Searching resources of a type.
    Search,
    /// Creating a resource.
    Create,
    /// Replacing a resource.
    Update,
    /// The versions of a resource.
    History,
    /// Creating a resource unless there is one (`If-None-Exist`).
    ConditionalCreate,
    /// Replacing the resource that a search finds.
    ConditionalUpdate,
    /// Replacing a resource only if it still has a version (`If-Match`): without, another's change can be lost.
    VersionedUpdate,
}

impl Interaction {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Search,
        Self::Create,
        Self::Update,
        Self::History,
        Self::ConditionalCreate,
        Self::ConditionalUpdate,
        Self::VersionedUpdate,
    ];

    /// Whether it writes.
    #[must_use]
    pub fn writes(self) -> bool {
        !matches!(self, Self::Read | Self::Search | Self::History)
    }
}

/// What a record takes for one resource type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    interactions: BTreeSet<Interaction>,
    /// `None`: whatever is asked.
    search_params: Option<BTreeSet<String>>,
}

impl Offer {
    /// Everything, by any search parameter.
    #[must_use]
    pub fn all() -> Self {
        Self { interactions: Interaction::ALL.into(), search_params: None }
    }

    /// These interactions, and these search parameters.
    #[must_use]
    pub fn new(
        interactions: impl IntoIterator<Item = Interaction>,
        search_params: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            interactions: interactions.into_iter().collect(),
            search_params: Some(search_params.into_iter().collect()),
        }
    }

    /// The same, without what writes.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.interactions.retain(|interaction| !interaction.writes());
        self
    }

    /// Whether the record takes this.
    #[must_use]
    pub fn takes(&self, interaction: Interaction) -> bool {
        self.interactions.contains(&interaction)
    }

    /// Whether the record finds resources by this search parameter.
    #[must_use]
    pub fn searches(&self, param: &str) -> bool {
        self.takes(Interaction::Search)
            && self.search_params.as_ref().is_none_or(|known| known.contains(param))
    }
}

/// What a record takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    types: BTreeMap<String, Offer>,
    others: Offer,
    transactions: bool,
}

impl Capabilities {
    /// Everything, for every type: the embedded record.
    #[must_use]
    pub fn all() -> Self {
        Self { types: BTreeMap::new(), others: Offer::all(), transactions: true }
    }

    /// Nothing but what [`Capabilities::with`] adds.
    #[must_use]
    pub fn none() -> Self {
        Self { types: BTreeMap::new(), others: Offer::default(), transactions: false }
    }

    /// The same, with this offer for a type.
    #[must_use]
    pub fn with(mut self, kind: &str, offer: Offer) -> Self {
        self.types.insert(kind.to_owned(), offer);
        self
    }

    /// The same, where transactions are taken or not.
    #[must_use]
    pub fn with_transactions(self, transactions: bool) -> Self {
        Self { transactions, ..self }
    }

    /// What the record takes for this type.
    #[must_use]
    pub fn of(&self, kind: &str) -> &Offer {
        self.types.get(kind).unwrap_or(&self.others)
    }

    /// Whether the record takes this for resources of a type.
    #[must_use]
    pub fn takes(&self, kind: &str, interaction: Interaction) -> bool {
        self.of(kind).takes(interaction)
    }

    /// Whether the record finds resources of a type by this search parameter.
    #[must_use]
    pub fn searches(&self, kind: &str, param: &str) -> bool {
        self.of(kind).searches(param)
    }

    /// Whether what we write of this type can live there: it is created once and never written over (a conditional
    /// create, and an update of a known version).
    #[must_use]
    pub fn keeps(&self, kind: &str) -> bool {
        let offer = self.of(kind);
        [
            Interaction::Read,
            Interaction::Search,
            Interaction::Create,
            Interaction::Update,
            Interaction::ConditionalCreate,
            Interaction::VersionedUpdate,
        ]
        .into_iter()
        .all(|interaction| offer.takes(interaction))
    }

    /// Whether the record takes transactions (3.1.0.11).
    #[must_use]
    pub fn transactions(&self) -> bool {
        self.transactions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_not_named_is_as_the_others_are() {
        let all = Capabilities::all().with("CarePlan", Offer::all().read_only());
        assert!(all.keeps("CareTeam") && all.searches("CareTeam", "anything") && all.transactions());
        assert!(all.takes("CarePlan", Interaction::Read) && all.searches("CarePlan", "identifier"));
        assert!(!all.takes("CarePlan", Interaction::Create) && !all.keeps("CarePlan"));
        let one = Offer::new([Interaction::Read], ["identifier".to_owned()]);
        let few = Capabilities::none().with("Patient", one);
        assert!(
            !few.searches("Patient", "identifier"),
            "what is not searched at all is not searched by that"
        );
        assert!(!few.takes("CareTeam", Interaction::Read) && !few.transactions());
    }

    #[test]
    fn without_one_of_what_a_safe_write_needs_nothing_is_kept() {
        let needed = [0, 1, 2, 3, 5, 7];
        for (n, missing) in Interaction::ALL.into_iter().enumerate() {
            let rest = Interaction::ALL.into_iter().filter(|interaction| *interaction != missing);
            let record = Capabilities::none().with("CareTeam", Offer::new(rest, []));
            assert_eq!(record.keeps("CareTeam"), !needed.contains(&n), "{missing:?}");
        }
    }
}
