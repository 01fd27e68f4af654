//! One organisation's view of all those that it shares cases with, side by side: rules, contacts, transports, clocks, gaps.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Counts, Pair};
use crate::agreement::{Agreement, Clock, RuleSet, Side};
use crate::contact::{Role, Topic};
use crate::directory::{Callee, Directory, Gap};
use crate::id::OrganizationId;

/// One agreement beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beside {
    /// What the two settled: what each may send, whether one may reach out to members, what is quiet, until when it is in force.
    pub agreement: Agreement,
    /// The other organisation; nothing where one's own is neither.
    pub other: Option<OrganizationId>,
    /// Whether it is in force now.
    pub in_force: bool,
    /// The clocks that count now, by name: the agreement's, else the rule set's.
    pub clocks: BTreeMap<String, ClockBeside>,
    /// Whom to call at the other organisation now, of each topic for which there is somebody; of both, where one's own is neither.
    pub contacts: Vec<ContactBeside>,
    /// For which topics one cannot get a live person.
    pub gaps: Vec<Gap>,
    /// How one reaches the other organisation's people; the lesser, where one's own is neither.
    pub transport: Transport,
    /// The cases that the two share.
    pub counts: Counts,
}

/// A clock, and whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockBeside {
    /// The clock.
    pub clock: Clock,
    /// The rule set that says so; nothing where the agreement does.
    pub of_rules: Option<String>,
}

/// Whom to call about a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactBeside {
    /// At which organisation.
    pub organization: OrganizationId,
    /// About what.
    pub topic: Topic,
    /// Whom to call first.
    pub primary: Callee,
}

/// How one reaches an organisation's people. What is less comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// None of them has a Matrix account: by telephone, fax or folder.
    ByHand,
    /// Through Matrix.
    Matrix,
    /// Through Matrix, with an always-on bot that the agreement lets sit on cases.
    MatrixWithKeeper,
}

impl Transport {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Matrix => "matrix",
            Self::MatrixWithKeeper => "matrix-with-keeper",
        }
    }
}

/// Every agreement beside the others, in the order of the other organisation's name. `own` is the organisation whose device it is.
pub fn side_by_side(
    agreements: Vec<Agreement>,
    rules: &[RuleSet],
    directory: &Directory,
    counts: &BTreeMap<Pair, Counts>,
    own: Option<&OrganizationId>,
    now: Timestamp,
) -> Vec<Beside> {
    let mut all: Vec<Beside> = agreements
        .into_iter()
        .map(|agreement| beside(agreement, rules, directory, counts, own, now))
        .collect();
    let name = |one: &Beside| {
        let side = match &one.other {
            Some(other) if *other == one.agreement.plan_side.id => Side::Plan,
            _ => Side::Community,
        };
        one.agreement.party(side).name.clone()
    };
    all.sort_by_cached_key(|one| (name(one), one.agreement.id.clone()));
    all
}

fn beside(
    agreement: Agreement,
    rules: &[RuleSet],
    directory: &Directory,
    counts: &BTreeMap<Pair, Counts>,
    own: Option<&OrganizationId>,
    now: Timestamp,
) -> Beside {
    let today = now.to_zoned(agreement.zone.clone()).date();
    let other = match own.and_then(|own| agreement.side_of(own)) {
        Some(Side::Plan) => Some(agreement.community_side.id.clone()),
        Some(Side::Community) => Some(agreement.plan_side.id.clone()),
        None => None,
    };
    let pair = Pair {
        plan_side: agreement.plan_side.id.clone(),
        community_side: agreement.community_side.id.clone(),
    };
    let of: Vec<OrganizationId> = match &other {
        Some(other) => vec![other.clone()],
        None => vec![pair.plan_side.clone(), pair.community_side.clone()],
    };
    let mut clocks = BTreeMap::new();
    for set in rules {
        let rows = set.rows.iter().filter(|row| row.period.contains(today));
        clocks.extend(rows.map(|row| {
            (row.name.clone(), ClockBeside { clock: row.clock, of_rules: Some(set.id.to_string()) })
        }));
    }
    let own_clocks = agreement.clocks.iter();
    clocks.extend(
        own_clocks.map(|(name, clock)| (name.clone(), ClockBeside { clock: *clock, of_rules: None })),
    );
    let contacts = of.iter().flat_map(|organization| {
        Topic::ALL.into_iter().filter_map(|topic| {
            let found = directory.who_to_call(organization, topic, now).ok()?;
            Some(ContactBeside { organization: organization.clone(), topic, primary: found.primary })
        })
    });
    let transport = of.iter().map(|organization| transport(&agreement, directory, organization)).min();
    Beside {
        in_force: agreement.in_force_on(today),
        clocks,
        contacts: contacts.collect(),
        gaps: directory.gaps([&pair.plan_side, &pair.community_side], now),
        transport: transport.unwrap_or(Transport::ByHand),
        counts: counts.get(&pair).copied().unwrap_or_default(),
        other,
        agreement,
    }
}

fn transport(agreement: &Agreement, directory: &Directory, organization: &OrganizationId) -> Transport {
    let with_account = || {
        directory
            .contacts
            .iter()
            .filter(|contact| contact.organization == *organization && contact.user.is_some())
    };
    let role_account = directory.organization(organization).is_some_and(|known| known.role_account.is_some());
    let keeper = role_account || with_account().any(|contact| contact.role == Role::Keeper);
    let side = agreement.side_of(organization);
    if keeper && side.is_some_and(|side| agreement.party(side).keeper) {
        Transport::MatrixWithKeeper
    } else if with_account().any(|contact| contact.role != Role::Keeper) {
        Transport::Matrix
    } else {
        Transport::ByHand
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::contact::Contact;
    use crate::organization::{Organization, OrganizationKind};

    fn organization(id: &str, keeper: bool) -> Organization {
        Organization {
            id: format!("urn:example:org|{id}").parse().unwrap(),
            name: id.to_owned(),
            kind: OrganizationKind::AccountableCareOrganization,
            role_account: keeper.then(|| format!("@{id}:example.org").parse().unwrap()),
            phone: None,
        }
    }

    fn agreement(with: &str, more: &str) -> Agreement {
        Agreement::parse(&format!(
            "id: {with}\nversion: \"1\"\ntitle: Synthetic\n\
             plan_side: {{ id: urn:example:org|{with}, name: {with}, keeper: true }}\n\
             community_side: {{ id: urn:example:org|cp, name: cp }}\nin_force: {{ from: 2019-01-01, until: 2020-01-01 }}\n\
             share: {{ both: [message] }}\n{more}ladder:\n  care-plan:\n    - {{ contact: \"urn:example:staff|joe\", name: Joe, \
             organization: \"urn:example:org|{with}\", role: supervisor, phone: \"555-0101\" }}\n"
        ))
        .unwrap()
    }

    #[test]
    fn each_agreement_is_told_beside_the_others() {
        let rules = RuleSet::parse(
            "id: r\nversion: \"1\"\ntitle: S\nclocks:\n  - { clock: plan-return, days: 20, mark: F }\n  - { clock: ed-follow-up, days: 7, until: 2019-02-01, mark: F }\n",
        )
        .unwrap();
        let contact = Contact {
            id: "urn:example:staff|joe".parse().unwrap(),
            name: "Joe".into(),
            role: Role::Supervisor,
            organization: "urn:example:org|alpha".parse().unwrap(),
            user: Some("@joe:example.org".parse().unwrap()),
            phone: Some("1".into()),
            topics: vec![Topic::CarePlan],
        };
        let directory = Directory {
            organizations: vec![
                organization("alpha", true),
                organization("beta", false),
                organization("cp", false),
            ],
            contacts: vec![contact],
            ..Directory::default()
        };
        let agreements =
            vec![agreement("beta", "clocks: { plan-return: { days: 14 } }\n"), agreement("alpha", "")];
        let own: OrganizationId = "urn:example:org|cp".parse().unwrap();
        let now: Timestamp = "2019-03-01T12:00:00Z".parse().unwrap();
        let all = side_by_side(
            agreements.clone(),
            std::slice::from_ref(&rules),
            &directory,
            &BTreeMap::new(),
            Some(&own),
            now,
        );
        let names: Vec<&str> = all.iter().map(|one| one.agreement.plan_side.name.as_str()).collect();
        assert_eq!(names, ["alpha", "beta"]);
        assert!(all[0].in_force);
        assert_eq!((all[0].transport, all[1].transport), (Transport::MatrixWithKeeper, Transport::ByHand));
        assert_eq!(all[0].clocks["plan-return"].of_rules.as_deref(), Some("r"));
        assert_eq!(all[1].clocks["plan-return"].of_rules, None);
        assert!(!all[0].clocks.contains_key("ed-follow-up"), "it no longer holds");
        assert_eq!(all[0].contacts.iter().map(|one| one.topic).collect::<Vec<_>>(), [Topic::CarePlan]);
        assert!(all[1].contacts.is_empty() && all[1].gaps.len() > all[0].gaps.len() - 1);
        let later = side_by_side(
            agreements,
            std::slice::from_ref(&rules),
            &directory,
            &BTreeMap::new(),
            None,
            "2020-06-01T00:00:00Z".parse().unwrap(),
        );
        assert!(!later[0].in_force && later[0].other.is_none());
    }
}
