//! Proposals to a roster. Everybody here is synthetic.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;

use super::*;
use crate::contact::Role;
use crate::id::UserId;

fn user(who: &str) -> UserId {
    format!("@{who}:example.org").parse().unwrap()
}

fn seat(who: &str) -> Seat {
    let (organization, role, lead) = match who {
        "jane" => ("cp", Role::CpCareCoordinator, true),
        "kim" => ("cp", Role::Nurse, false),
        "bot" => ("cp", Role::Keeper, false),
        _ => ("aco", Role::AcoCareManager, true),
    };
    let contact = Contact {
        id: format!("urn:example:staff|{who}").parse().unwrap(),
        name: format!("{who} (synthetic)"),
        role,
        organization: format!("urn:example:org|{organization}").parse().unwrap(),
        user: Some(user(who)),
        phone: None,
        topics: Vec::new(),
    };
    Seat { contact, lead }
}

struct World {
    roster: Roster,
    proposals: TeamProposals,
}

impl World {
    fn take(&mut self, who: &str, event: TeamEvent<'_>) -> Result<EventId, String> {
        self.take_as(EventId::new(), who, event)
    }

    /// The roster is another from here on.
    fn seated(&mut self, people: &[&str]) {
        self.roster = world(people).roster;
        self.proposals.settle(&self.roster);
    }

    fn take_as(&mut self, id: EventId, who: &str, event: TeamEvent<'_>) -> Result<EventId, String> {
        let at: Timestamp = "2019-03-01T15:00:00Z".parse().unwrap();
        let key = EventKey { sender: user(who), id };
        let seat = seat(who);
        let context = Step {
            key: &key,
            seat: &seat,
            at,
            server_at: at,
            roster: &self.roster,
            plan_side: &"urn:example:org|aco".parse().unwrap(),
            community_side: &"urn:example:org|cp".parse().unwrap(),
            story_clock: false,
        };
        self.proposals = step(&self.proposals, event, &context).map_err(|reason| {
            assert_eq!(reason.source, "care-team");
            reason.code.into_owned()
        })?;
        Ok(key.id)
    }
}

fn world(people: &[&str]) -> World {
    let seats: Vec<Seat> = people.iter().map(|who| seat(who)).collect();
    let key = EventKey { sender: user("jane"), id: EventId::new() };
    World { roster: Roster::of(&seats, &key).unwrap(), proposals: TeamProposals::default() }
}

fn proposed(add: &[&str], end: &[&str]) -> TeamProposed {
    let whom = |who: &&str| {
        let contact = seat(who).contact;
        Whom { contact: contact.id, organization: contact.organization }
    };
    TeamProposed {
        organization: "urn:example:org|cp".parse().unwrap(),
        add: add.iter().map(|who| seat(who).contact).collect(),
        end: end.iter().map(whom).collect(),
    }
}

#[test]
fn who_may_propose_what() {
    let many: Vec<&str> = std::iter::repeat_n("kim", MOST_NAMED + 1).collect();
    for (who, event, expected) in [
        ("jane", proposed(&["kim"], &[]), ""),
        ("bot", proposed(&[], &["joe"]), ""),
        ("kim", proposed(&["kim"], &[]), "team-proposer"),
        ("joe", proposed(&["kim"], &[]), "team-proposer"),
        ("jane", proposed(&[], &[]), "team-proposal-empty"),
        ("jane", proposed(&many, &[]), "team-proposal-too-long"),
    ] {
        let got = world(&["jane", "joe", "bot"]).take(who, TeamEvent::Proposed(&event));
        assert_eq!(got.err().unwrap_or_default(), expected, "{who}");
    }
}

#[test]
fn a_proposal_waits_until_the_roster_is_so_or_a_lead_declines() {
    let mut world = world(&["jane", "joe"]);
    let event = proposed(&["kim"], &[]);
    let id = world.take("jane", TeamEvent::Proposed(&event)).unwrap();
    assert_eq!(world.proposals.open().count(), 1);
    // A colleague's device noticed the same, and has another number for her.
    let mut again = event.clone();
    again.add[0].phone = Some("555-0100".into());
    assert_eq!(world.take("jane", TeamEvent::Proposed(&again)), Err("team-proposal-known".into()));
    let declined = TeamDeclined { proposal: id };
    assert_eq!(world.take("bot", TeamEvent::Declined(&declined)), Err("team-decliner".into()));
    world.take("joe", TeamEvent::Declined(&declined)).unwrap();
    assert_eq!(world.proposals.open().count(), 0);
    assert_eq!(world.take("jane", TeamEvent::Declined(&declined)), Err("team-proposal-declined".into()));
    let unknown = TeamDeclined { proposal: EventId::new() };
    assert_eq!(world.take("jane", TeamEvent::Declined(&unknown)), Err("team-proposal-unknown".into()));
    // Changed over there again: it is asked again.
    world.take("jane", TeamEvent::Proposed(&event)).unwrap();
}

#[test]
fn what_has_come_true_once_does_not_open_again() {
    let mut world = world(&["jane", "joe"]);
    let ended = world.take("jane", TeamEvent::Proposed(&proposed(&["kim"], &["joe"]))).unwrap();
    world.seated(&["jane", "joe", "kim"]);
    let proposal = world.proposals.get(ended).unwrap();
    assert!(proposal.is_open() && proposal.to_name().is_empty(), "she is named, and he is still there");
    world.seated(&["jane", "kim"]);
    assert!(!world.proposals.get(ended).unwrap().is_open());
    // He is named again, and she leaves.
    world.seated(&["jane", "joe"]);
    assert!(!world.proposals.get(ended).unwrap().is_open());
    let declined = TeamDeclined { proposal: ended };
    assert_eq!(world.take("joe", TeamEvent::Declined(&declined)), Err("team-proposal-settled".into()));
    // The record says so anew: it is asked anew.
    world.take("jane", TeamEvent::Proposed(&proposed(&[], &["joe"]))).unwrap();
    assert_eq!(world.proposals.open().count(), 1);
}

#[test]
fn every_proposal_can_be_answered() {
    let mut world = world(&["jane", "joe", "bot"]);
    let event = proposed(&["kim"], &[]);
    let id = world.take("bot", TeamEvent::Proposed(&event)).unwrap();
    world.take("joe", TeamEvent::Declined(&TeamDeclined { proposal: id })).unwrap();
    // Another account of the organisation derives the same id from the same content.
    assert_eq!(world.take_as(id, "jane", TeamEvent::Proposed(&event)), Err("team-proposal-known".into()));
    assert_eq!(world.proposals.all().len(), 1);
}

#[test]
fn who_was_declined_is_not_asked_about_in_other_company() {
    let mut world = world(&["jane", "joe"]);
    let id = world.take("jane", TeamEvent::Proposed(&proposed(&["kim"], &[]))).unwrap();
    let both = || proposed(&["kim", "bot"], &["joe"]);
    let only = proposed(&["bot"], &["joe"]);
    for no_stands in [true, false] {
        assert_eq!(world.proposals.news(both(), no_stands).as_ref(), Some(&only), "she waits already");
    }
    world.take("joe", TeamEvent::Declined(&TeamDeclined { proposal: id })).unwrap();
    assert_eq!(world.proposals.news(both(), true), Some(only));
    assert_eq!(world.proposals.news(both(), false), Some(both()));
    let mut another_number = proposed(&["kim"], &[]);
    another_number.add[0].phone = Some("555-0100".into());
    assert_eq!(world.proposals.news(another_number, true), None);
    // Named all the same, and ended: what was declined is over.
    world.seated(&["jane", "joe", "kim"]);
    world.seated(&["jane", "joe"]);
    assert_eq!(world.proposals.news(both(), true), Some(both()));
}

#[test]
fn a_proposer_writes_no_account_onto_a_roster() {
    let mut world = world(&["jane", "joe"]);
    let mut event = proposed(&["kim"], &[]);
    event.add[0].user = Some("@mallory:example.org".parse().unwrap());
    event.add[0].phone = Some("555-0100".into());
    let id = world.take("jane", TeamEvent::Proposed(&event)).unwrap();
    let shown = &world.proposals.get(id).unwrap().add[0];
    assert_eq!((&shown.user, &shown.phone), (&None, &None));
    assert_eq!(shown.name, "kim (synthetic)");
}

#[test]
fn proposals_that_nobody_decides_about_come_to_an_end() {
    let mut world = world(&["jane", "joe"]);
    let mut first = None;
    for n in 0..=MOST_OPEN {
        let mut event = proposed(&["kim"], &[]);
        event.add[0].id = format!("urn:example:staff|kim-{n}").parse().unwrap();
        let taken = world.take("jane", TeamEvent::Proposed(&event));
        assert_eq!(taken.is_ok(), n < MOST_OPEN, "{n}: {taken:?}");
        first = first.or(taken.ok());
    }
    world.take("joe", TeamEvent::Declined(&TeamDeclined { proposal: first.unwrap() })).unwrap();
    world.take("jane", TeamEvent::Proposed(&proposed(&["kim"], &[]))).unwrap();
}

#[test]
fn a_person_reads_what_was_changed() {
    let roster = world(&["jane", "joe", "kim"]).roster;
    let event = proposed(&["bot"], &["kim"]);
    let text = tell(TeamEvent::Proposed(&event), &seat("jane"), &roster);
    assert!(
        text.contains("bot (synthetic)")
            && text.contains("kim (synthetic)")
            && text.contains("A lead decides")
    );
}
